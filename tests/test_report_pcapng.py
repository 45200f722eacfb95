"""The evidence as one capture: what tshark, capinfos and tcpdump make of it."""

from __future__ import annotations

import csv
import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from judged import HOSTILE

import build
import synack
from synack.errors import InputError, UsageError
from synack.handshake.matched import LOST
from synack.handshake.rungs import rungs as all_rungs

FIXTURES = Path(__file__).parents[1] / "fixtures"
STORIES = [
    "stale-nd", "stale-client", "behind-nat", "qinq", "vxlan-mirror", "gre-mirror", "rotated",
    "compressed", "cut-file", "cooked-v2", "bsd-null", "prohibited", "two-causes", "flooded",
]  # fmt: skip


def frames(path, *fields: str, where: str = "") -> list[dict[str, str]]:
    """What tshark says of each frame."""
    wanted = [part for field in fields for part in ("-e", field)]
    shown = ["-Y", where] if where else []
    done = subprocess.run(
        ["tshark", "-n", "-r", path, *shown, "-T", "fields", "-E", "quote=d", "-E",
         "separator=,", *wanted],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    lines = io.StringIO(done.stdout.decode(), newline="")
    return [dict(zip(fields, row, strict=True)) for row in csv.reader(lines)]


@pytest.mark.parametrize("everything", [False, True], ids=["findings", "all"])
@pytest.mark.parametrize("story", STORIES)
def test_wireshark_finds_nothing_wrong(tmp_path, story, everything):
    """Nothing malformed, in order of time, and exactly the lost ones were never seen."""
    diagnosis, out = synack.diagnose(FIXTURES / story), tmp_path / "out.pcapng"
    diagnosis.annotate(out, everything=everything)
    fields = "frame.time_epoch", "_ws.malformed", "frame.comment", "frame.len", "frame.cap_len"
    shown = frames(out, *fields)
    times = [float(one["frame.time_epoch"]) for one in shown]
    assert shown
    assert times == sorted(times)
    assert not [one for one in shown if one["_ws.malformed"] or not one["frame.comment"]]
    d = diagnosis.diagnosed
    rows = [row for f in diagnosis.findings for row in f.rows]
    attempts = np.arange(len(d.attempts)) if everything else np.unique(np.array(rows, int))
    rungs, _ = all_rungs(d.matched, d.paths, attempts)
    lost = (rungs["fate"] == LOST) & (rungs["sent"] >= 0)
    assert sum("never" in one["frame.comment"] for one in shown) == lost.sum()


@pytest.fixture(scope="module")
def stale():
    return synack.diagnose(FIXTURES / "stale-arp")


def test_as_it_was_recorded(tmp_path, stale):
    """Bytes and lengths are those of the captures, frame by frame; times differ by the clock."""
    out = tmp_path / "out.pcapng"
    stale.annotate(out)
    fields = (
        "frame.interface_name",
        "frame.comment",
        "frame.len",
        "frame.cap_len",
        "ip.id",
        "tcp.seq_raw",
    )
    original = {
        host: frames(FIXTURES / "stale-arp" / f"{host}-eth0.pcap", *fields)
        for host in ("broker-1", "producer-7")
    }
    for one in frames(out, *fields):
        host = one["frame.interface_name"].removesuffix(":eth0")
        number = int(one["frame.comment"].rpartition("frame ")[2].split()[0])
        for field in fields[2:]:
            assert one[field] == original[host][number - 1][field]


def test_the_clock_is_one(tmp_path):
    """Clocks hours apart: what arrived comes just after it was sent."""
    out = tmp_path / "out.pcapng"
    diagnosis = synack.diagnose(FIXTURES / "clocks-hours-apart")
    diagnosis.annotate(out, everything=True)
    shown = frames(out, "frame.time_epoch", "tcp.seq_raw", "tcp.options.timestamp.tsval",
                   "tcp.flags", "frame.interface_name")  # fmt: skip
    seen: dict[tuple[str, ...], list[float]] = {}
    for one in shown:
        key = one["tcp.seq_raw"], one["tcp.options.timestamp.tsval"], one["tcp.flags"]
        if one["tcp.seq_raw"]:
            seen.setdefault(key, []).append(float(one["frame.time_epoch"]))
    twice = [times for times in seen.values() if len(times) == 2]
    assert len(twice) > 10
    assert all(times[1] - times[0] < 0.1 for times in twice)


def test_section_and_interfaces(tmp_path, stale):
    out = tmp_path / "out.pcapng"
    assert stale.annotate(out) == [f"{out}: 122 frames of 6 attempts, 2 interfaces"]
    told = subprocess.run(["capinfos", out], capture_output=True, text=True, check=True).stdout
    assert "1 finding: stale neighbor entry" in told
    assert "10.0.1.77 is cached as 0a:de:ad:00:00:01" in told
    assert "Capture application: synack annotate" in told
    assert "Comment = clock: producer-7 is -0.006 ms from broker-1" in told
    assert "Number of resolved IPv4 addresses in file: 3" in told
    read = subprocess.run(["tcpdump", "-nr", out], capture_output=True, check=True)
    assert len(read.stdout.splitlines()) == 122
    assert len(frames(out, "frame.number", where='frame.comment contains "never"')) == 60
    on_broker = frames(out, "frame.number", where='frame.interface_name == "broker-1:eth0"')
    assert len(on_broker) == 92


def test_one_finding_or_all(tmp_path):
    diagnosis, out = synack.diagnose(FIXTURES / "two-causes"), tmp_path / "out.pcapng"
    sizes = []
    for numbers in ([1], [2], []):
        diagnosis.annotate(out, *numbers)
        sizes.append(len(frames(out, "frame.number")))
        for number in (1, 2):
            named = frames(out, "frame.number", where=f'frame.comment contains "finding {number}"')
            assert bool(named) == (not numbers or number in numbers)
    assert sizes[0] + sizes[1] >= sizes[2] > max(sizes[:2])


def test_mixed_link_types(tmp_path):
    """One file for Wireshark, or one each for tcpdump; nothing is left out."""
    diagnosis, out = synack.diagnose(FIXTURES / "cooked-v2"), tmp_path / "out.pcapng"
    says = diagnosis.annotate(out)
    assert "EN10MB, LINUX_SLL2" in says[1]
    whole = len(frames(out, "frame.number"))
    assert len(diagnosis.annotate(out, split=True)) == 2
    parts = [out, tmp_path / "out-LINUX_SLL2.pcapng"]
    for part in parts:
        subprocess.run(["tcpdump", "-nr", part], capture_output=True, check=True)
    assert sum(len(frames(part, "frame.number")) for part in parts) == whole


def test_a_folder_that_it_was_written_to_is_still_the_same_incident(tmp_path):
    for file in (FIXTURES / "refused").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    before = synack.diagnose(tmp_path)
    before.annotate(tmp_path / "evidence.pcapng")
    after = synack.diagnose(tmp_path)
    assert after.to_json() == before.to_json()
    assert any("synack annotate" in str(damage) for damage in after.diagnosed.loaded.unknown)
    assert len(synack.diagnose(tmp_path / "evidence.pcapng").segments)


def test_inputs_are_not_overwritten(tmp_path):
    capture = tmp_path / "b1.pcap"
    capture.write_bytes((FIXTURES / "stale-arp/broker-1-eth0.pcap").read_bytes())
    diagnosis = synack.diagnose(capture)
    with pytest.raises(UsageError, match="one of the files to read"):
        diagnosis.annotate(capture, everything=True)
    (tmp_path / "link.pcapng").hardlink_to(capture)
    with pytest.raises(UsageError, match="one of the files to read"):
        diagnosis.annotate(tmp_path / "link.pcapng", everything=True)


def test_a_capture_that_changed_leaves_the_old_result(tmp_path):
    capture, out = tmp_path / "b1.pcap", tmp_path / "out.pcapng"
    content = (FIXTURES / "stale-arp/broker-1-eth0.pcap").read_bytes()
    capture.write_bytes(content)
    out.write_bytes(b"old")
    diagnosis = synack.diagnose(capture)
    second = bytearray(content)
    second[24] ^= 1  # the first time
    for changed in (content[:2000], bytes(second)):
        capture.write_bytes(changed)
        with pytest.raises(InputError, match=r"b1.pcap: has changed"):
            diagnosis.annotate(out, everything=True)
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b1.pcap", "out.pcapng"]


def test_names_from_files_steer_nothing(tmp_path):
    """Host and interface names with escapes, line ends and bytes that are not UTF-8."""
    names = [HOSTILE, "\x1b]0;owned\x07\u202e", "x" * 200]
    for number, name in enumerate(names):
        host = f"{name}".replace("/", "_")[:200]
        src, dst = f"10.0.0.{number + 1}", "10.0.0.9"
        syn = build.ip(src, dst, build.TCP, build.tcp(40000, 9092, seq=5, flags="S"))
        frame = build.ethernet(f"02:00:00:00:00:0{number + 1}", "02:00:00:00:00:09", syn)
        content = build.shb() + build.idb(name=name.encode("utf-8", "replace").decode())
        content += b"".join(
            build.epb(1_700_000_000_000_000_000 + t * 10**9, frame) for t in range(3)
        )
        (tmp_path / f"{host}.pcapng").write_bytes(content)
    out = tmp_path / "out"
    synack.diagnose(tmp_path).annotate(out, everything=True)
    content = out.read_bytes()
    for bad in (b"\x1b", b"\x07", "\u202e".encode()):
        assert bad not in content
    shown = frames(out, "frame.interface_name", "frame.comment")
    assert len(shown) == 9
    assert not any("\n" in one["frame.interface_name"] for one in shown)


def test_times_that_were_not_recorded(tmp_path):
    """Simple packets have none: said, not invented."""
    syn = build.ip("10.0.0.1", "10.0.0.9", build.TCP, build.tcp(40000, 9092, seq=5, flags="S"))
    frame = build.ethernet("02:00:00:00:00:01", "02:00:00:00:00:09", syn)
    (tmp_path / "a.pcapng").write_bytes(build.shb() + build.idb() + build.spb(frame))
    out = tmp_path / "out"
    synack.diagnose(tmp_path).annotate(out, everything=True)
    (shown,) = frames(out, "frame.time_epoch", "frame.comment")
    assert float(shown["frame.time_epoch"]) == 0
    assert "its time was not recorded" in shown["frame.comment"]


def test_tables_alone_have_no_frame(tmp_path):
    diagnosis = synack.diagnose(FIXTURES / "audit-inventory")
    with pytest.raises(UsageError, match="no capture shows a frame of it"):
        diagnosis.annotate(tmp_path / "out")
    assert not (tmp_path / "out").exists()
