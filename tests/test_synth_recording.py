"""Captures of the generator, as tshark reads them: nothing is wrong with any frame."""

from __future__ import annotations

import gzip
import subprocess

import pytest
import zstandard
from tales import KNOWS, STALE, tale, written

from synack.synth.recording import NUMBERS


def tshark(path, *options):
    command = ["tshark", "-n", "-r", str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


WRONG = " || ".join(
    [
        "_ws.malformed",
        "_ws.expert.severity >= 0x800000",
        "ip.checksum.status == 0",
        "tcp.checksum.status == 0",
        "udp.checksum.status == 0",
        "icmp.checksum.status == 0",
        "icmpv6.checksum.status == 0",
    ]
)
CHECKED = [
    word for layer in ("ip", "tcp", "udp") for word in ("-o", f"{layer}.check_checksum:TRUE")
]


def all_kinds(v6, kind):
    """One story with nearly everything that can be on a wire."""
    services = {"9092": "accept", "9093": "refuse", "9094": "prohibit"}
    net = "fd00:10:0:1::" if v6 else "10.0.1."
    more = [
        {"client": "producer-7", "server": "broker-1", "port": p, "at": [2, 3], "linear": True}
        for p in (9093, 9094)
    ]
    more.append({"client": "producer-7", "server": "broker-1", "at": [15], "forgotten": True})
    story = tale(at=(1, 6), v6=v6, kind=kind, broker={"services": services})
    story["connections"] += more
    wrong = {"host": "broker-1", "address": f"{net}77", "mac": STALE["mac"]}
    story["neighbors"] = [{**wrong, "state": "STALE"}]
    story["announcements"] = [{"host": "producer-7", "at": 20}]
    story["losses"] = [{"segments": ["syn-ack"], "first": 1}]
    return story


@pytest.mark.parametrize("v6", [False, True])
@pytest.mark.parametrize("record", [
    {}, {"kind": "cloud"}, {"kind": "flooding"}, {"format": "pcapng"},
    {"link_type": "LINUX_SLL"}, {"link_type": "LINUX_SLL2"},
    {"link_type": "RAW"}, {"link_type": "NULL"}, {"link_type": "LOOP"},
    {"mirror": "vxlan"}, {"mirror": "geneve"}, {"mirror": "gre"},
])  # fmt: skip
def test_tshark_finds_nothing_wrong(record, v6, tmp_path):
    record = dict(record)
    story = all_kinds(v6, record.pop("kind", "plain"))
    story["captures"] = [{"host": "broker-1", **record}]
    written(story, tmp_path)
    (path,) = tmp_path.glob("broker-1-eth0.*")
    assert tshark(path, *CHECKED, "-Y", WRONG) == ""
    syns = tshark(
        path, "-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0 && !icmp && !icmpv6"
    ).splitlines()
    truth = [
        s
        for a in written(story, tmp_path)["attempts"]
        for s in a["sent"]
        if s["leg"] == "syn" and s["fate"] == "delivered"
    ]
    assert len(syns) == len(truth) >= 7


@pytest.mark.parametrize("link_type", NUMBERS)
def test_link_types_are_the_registered_ones(link_type, tmp_path):
    story = tale(captures=[{"host": "broker-1", "link_type": link_type}])
    written(story, tmp_path)
    names = {"EN10MB": "1", "NULL": "15", "RAW": "7", "LOOP": "174"}
    wanted = {"LINUX_SLL": "25", "LINUX_SLL2": "210"} | names
    seen = tshark(tmp_path / "broker-1-eth0.pcap", "-T", "fields", "-e", "frame.encap_type")
    assert set(seen.split()) == {wanted[link_type]}


@pytest.mark.parametrize(
    ("record", "compressed"),
    [({"compression": "gz"}, gzip.decompress),
     ({"compression": "zst"}, lambda d: zstandard.ZstdDecompressor().decompress(d, 1 << 20))],
)  # fmt: skip
def test_compression_changes_nothing(record, compressed, tmp_path):
    written(tale(), tmp_path)
    plain = (tmp_path / "broker-1-eth0.pcap").read_bytes()
    written(tale(captures=[{"host": "broker-1", **record}]), tmp_path)
    packed = (tmp_path / f"broker-1-eth0.pcap.{record['compression']}").read_bytes()
    assert compressed(packed) == plain


def frames(record, folder, **more):
    """(frames of the broker's capture as tshark lists them, all names in the folder)."""
    written(tale(at=range(1, 30, 3), captures=[{"host": "broker-1", **record}], **more), folder)
    lines = []
    for path in sorted(folder.glob("*.pcap*")):
        lines += tshark(path, "-t", "e").splitlines()
    return lines, sorted(p.name for p in folder.iterdir())


def test_a_window_a_filter_and_a_direction(tmp_path):
    every, _ = frames({}, tmp_path)
    assert len(frames({"window": [0, 15]}, tmp_path)[0]) < len(every)
    assert not any(" ARP " in line for line in frames({"only": ["tcp"]}, tmp_path)[0])
    assert not any("[SYN, ACK]" in line for line in frames({"hide": ["syn-ack"]}, tmp_path)[0])
    there = [frames({"direction": way}, tmp_path)[0] for way in ("in", "out")]
    assert sum(map(len, there)) == len(every)
    assert not any("[SYN, ACK]" in line for line in there[0])
    assert frames({"ports": [1], "only": ["tcp"]}, tmp_path)[0] == []
    late = frames({"unflushed": 20}, tmp_path)[0]
    assert late == every[: len(late)]
    assert len(late) < len(every)


def test_what_is_dropped_is_reported_where_the_tool_would(tmp_path):
    every, _ = frames({}, tmp_path)
    lossy = {"drop": 0.5, "reports": True}
    kept, names = frames(lossy, tmp_path)
    missing = len(every) - len(kept)
    assert missing > 10
    assert "broker-1-eth0.tcpdump.log" in names
    log = (tmp_path / "broker-1-eth0.tcpdump.log").read_text()
    assert f"{len(kept)} packets captured" in log
    assert f"{missing} packets dropped by kernel" in log
    frames({**lossy, "format": "pcapng"}, tmp_path / "ng")
    data = (tmp_path / "ng" / "broker-1-eth0.pcapng").read_bytes()
    assert b"\x05\x00\x08\x00" + missing.to_bytes(8, "little") in data


def test_rotated_files_hold_it_all_once(tmp_path):
    every, _ = frames({}, tmp_path / "one")
    parts, names = frames({"rotate": 10}, tmp_path / "many")
    assert len(names) == 4  # three captures and the truth
    assert "broker-1-eth0-20260302140010.pcap" in names
    assert [line.split()[1] for line in parts] == [line.split()[1] for line in every]


def test_a_cut_file_lacks_its_last_record(tmp_path):
    frames({}, tmp_path / "whole")
    (tmp_path / "cut").mkdir()
    written(tale(at=range(1, 30, 3), captures=[{"host": "broker-1", "cut": 10}]), tmp_path / "cut")
    whole, cut = ((tmp_path / d / "broker-1-eth0.pcap").read_bytes() for d in ("whole", "cut"))
    assert cut == whole[:-10]


def test_a_clock_that_is_set(tmp_path):
    clock = {"offset": 100.0, "set_at": 20, "set_by": -98.5}
    written(tale(at=(1, 31), client={"clock": clock}, neighbors=[KNOWS]), tmp_path)
    fields = ("-T", "fields", "-e", "frame.time_epoch", "-Y", "tcp.flags == 2")
    broker, client = (
        [float(t) for t in tshark(tmp_path / f"{host}-eth0.pcap", *fields).split()]
        for host in ("broker-1", "producer-7")
    )
    apart = [c - b for b, c in zip(broker, client, strict=True)]
    assert apart == pytest.approx([100.0, 1.5], abs=0.0005)


def test_every_clock_stamps_its_own_frames(tmp_path):
    clock = {"offset": 100.0, "drift_ppm": 1000}
    written(tale(at=(1, 31), client={"clock": clock}, neighbors=[KNOWS]), tmp_path)
    at = {}
    for host in ("broker-1", "producer-7"):
        fields = ("-T", "fields", "-e", "frame.time_epoch", "-Y", "tcp.flags == 2")
        at[host] = [float(t) for t in tshark(tmp_path / f"{host}-eth0.pcap", *fields).split()]
    apart = [c - b for b, c in zip(at["broker-1"], at["producer-7"], strict=True)]
    assert apart == pytest.approx([100.001, 100.031], abs=0.0005)
