"""From files to tables: rotated sets, damage, and whose table and counters are whose."""

from __future__ import annotations

import random
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest

import build
from synack.errors import InputError, UsageError
from synack.model import OUTCOMES
from synack.pipeline import Diagnosed, load, run
from synack.tables import Table

FIXTURES = Path(__file__).parents[1] / "fixtures"
STALE = FIXTURES / "stale-arp"
BROKER, PRODUCER = STALE / "broker-1-eth0.pcap", STALE / "producer-7-eth0.pcap"
SECOND = 10**9
T0 = 1_700_000_000 * SECOND


def split(content: bytes, parts: int) -> list[bytes]:
    """A little-endian capture of microseconds cut at record boundaries, each with its head."""
    records, at = [], 24
    while at < len(content):
        length = 16 + struct.unpack_from("<I", content, at + 8)[0]
        records.append(content[at : at + length])
        at += length
    step = -(-len(records) // parts)
    return [
        content[:24] + b"".join(records[first : first + step])
        for first in range(0, len(records), step)
    ]


def rotated(folder: Path, parts: int, *, mixed: bool = False, first: int = 0) -> list[Path]:
    """The broker's capture as ``.pcap`` (without a number, as tcpdump begins) to ``.pcapN``."""
    paths = []
    for place, content in enumerate(split(BROKER.read_bytes(), parts)):
        number = place + first
        name = f"broker-1-eth0.pcap{number or ''}"
        kind = (None, "gzip", "zstd")[place % 3] if mixed else None
        suffix = {"gzip": ".gz", "zstd": ".zst", None: ""}[kind]
        path = folder / f"{name}{suffix}"
        path.write_bytes(build.compress(kind, content) if kind else content)
        paths.append(path)
    return paths


def diagnosed(*paths: Path | str) -> Diagnosed:
    return run(load([str(path) for path in paths]))


def rows(table: Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.tolist() for column in table.columns.values()), strict=True))


def test_whole() -> None:
    """What the split captures are compared with."""
    whole = diagnosed(STALE)
    kinds = [finding.kind for finding in whole.findings]
    assert kinds == ["stale-neighbor"]
    assert len(whole.attempts) == 76


@pytest.mark.parametrize("parts", [2, 5, 12])
@pytest.mark.parametrize("mixed", [False, True])
def test_rotated_set_is_one_capture(tmp_path: Path, parts: int, mixed: bool) -> None:
    """In any order of the arguments, whatever the compression: the same attempts."""
    paths = rotated(tmp_path, parts, mixed=mixed)
    random.Random(parts).shuffle(paths)
    others = [PRODUCER, STALE / "producer-71-eth0.pcap"]
    whole, set_of = diagnosed(BROKER, *others), diagnosed(*paths, *others)
    (capture,) = [c for c in set_of.loaded.captures if c.host == "broker-1"]
    assert len(capture.files) == parts
    assert capture.gaps == []
    assert capture.warnings == []
    assert capture.interface == "eth0"
    firsts = [file.first for file in capture.files]
    assert firsts == sorted(firsts, key=lambda first: first or 0)
    assert rows(set_of.attempts) == rows(whole.attempts)
    assert [f.summary for f in set_of.findings] == [f.summary for f in whole.findings]


def test_ring_begins_anywhere(tmp_path: Path) -> None:
    """``-W 10``: the oldest file is not number 0, and time, not number, puts them in order."""
    for place, content in enumerate(split(BROKER.read_bytes(), 4)):
        (tmp_path / f"broker-1-eth0.pcap{(place + 8) % 10}").write_bytes(content)
    (capture,) = load([str(tmp_path)]).captures
    assert [Path(f.path).name[-1] for f in capture.files] == ["8", "9", "0", "1"]
    assert capture.gaps == []


def test_missing_number(tmp_path: Path) -> None:
    """A file of the set that is not there is a gap of known length, said aloud."""
    paths = rotated(tmp_path, 5)
    paths[2].unlink()
    loaded = load([str(tmp_path)])
    (capture,) = loaded.captures
    before, after = capture.files[1], capture.files[2]
    assert capture.gaps == [(before.last, after.first)]
    assert not capture.complete
    assert len([w for w in capture.warnings if "a rotated file is missing" in w]) == 1


def test_losses_in_a_gap_are_not_witnessed(tmp_path: Path) -> None:
    """What falls into the missing file is not lost."""
    whole = diagnosed(BROKER, PRODUCER)
    lost = OUTCOMES.index("syn-ack-lost")
    assert (whole.attempts["outcome"] == lost).sum() == 6
    parts = split(PRODUCER.read_bytes(), 40)
    for number in (0, 1, len(parts) - 1):
        (tmp_path / f"producer-7-eth0.pcap{number}").write_bytes(parts[number])
    gapped = diagnosed(BROKER, *tmp_path.iterdir())
    (capture,) = [c for c in gapped.loaded.captures if c.host == "producer-7"]
    assert len(capture.gaps) == 1
    assert (gapped.attempts["outcome"] == lost).sum() == 0
    assert not [f for f in gapped.findings if f.confidence == "confirmed"]


def test_empty_file_of_a_set_is_no_gap(tmp_path: Path) -> None:
    """A file without packets has no place in time, and is not missing."""
    paths = rotated(tmp_path, 4)
    paths[3].rename(tmp_path / "broker-1-eth0.pcap4")
    (tmp_path / "broker-1-eth0.pcap3").write_bytes(build.pcap())
    (capture,) = load([str(tmp_path)]).captures
    assert len(capture.files) == 5
    assert capture.gaps == []
    assert any("holds no packet" in warning for warning in capture.warnings)


def test_damaged_member(tmp_path: Path) -> None:
    """A cut file keeps what came before the cut, and the others."""
    paths = rotated(tmp_path, 4)
    content = paths[1].read_bytes()
    paths[1].write_bytes(content[:-5])
    paths[2].write_bytes(b"\xd4\xc3\xb2\xa1")
    loaded = load([str(tmp_path)])
    (capture,) = loaded.captures
    assert len(capture.files) == 3
    assert capture.files[1].damage is not None
    assert capture.files[1].packets == len(split(content, 10**6)) - 1
    assert not capture.complete
    assert any("cut in record" in warning for warning in capture.warnings)
    (error,) = loaded.errors
    assert error.path == str(paths[2])
    assert len(capture.gaps) == 1, "the unreadable file is missing"


def test_sets_do_not_mix(tmp_path: Path) -> None:
    """Two interfaces, two hosts, two folders: each its own capture."""
    content = split(BROKER.read_bytes(), 2)
    for name in ("a-eth0", "a-eth1", "b-eth0", "x/a-eth0"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.pcap").write_bytes(content[0])
        (tmp_path / f"{name}.pcap1").write_bytes(content[1])
    captures = load([str(tmp_path)]).captures
    assert [len(c.files) for c in captures] == [2] * 4


# ---- inputs that are none ----------------------------------------------------------------


def test_heap(tmp_path: Path) -> None:
    """A folder may hold anything; what the user names must be readable."""
    shutil.copy(BROKER, tmp_path)
    (tmp_path / "notes.md").write_text("what we saw")
    (tmp_path / "empty.log").write_bytes(b"")
    (tmp_path / "empty.log.gz").write_bytes(build.compress("gzip", b""))
    loaded = load([str(tmp_path)])
    assert len(loaded.captures) == 1
    assert loaded.errors == []
    assert {Path(d.path).name for d in loaded.unknown} == {"notes.md", "empty.log", "empty.log.gz"}
    loaded = load([str(tmp_path), str(tmp_path / "notes.md"), str(tmp_path / "no.pcap")])
    named = load([str(tmp_path / "notes.md"), str(tmp_path / "no.pcap")])
    assert {Path(d.path).name for d in named.errors} == {"notes.md", "no.pcap"}


def test_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        load([])
    (tmp_path / "incident.toml").write_text("x = 1")
    with pytest.raises(InputError, match="unknown key 'x'"):
        load([str(tmp_path)])


@pytest.mark.parametrize("link_type", [build.ETHERNET, 105])
def test_nothing_to_analyse(tmp_path: Path, link_type: int) -> None:
    """Captures without a handshake, or of an unknown link type, give empty tables and a word."""
    (tmp_path / "a.pcap").write_bytes(build.pcap([(T0, bytes(60))], link_type=link_type))
    (tmp_path / "b.pcap").write_bytes(build.pcap())
    found = diagnosed(tmp_path)
    assert len(found.attempts) == 0
    assert found.findings == []
    warnings = [w for c in found.loaded.captures for w in c.warnings]
    assert any("holds no packet" in w for w in warnings)
    assert any("link type 105 is not understood: 1 of 1" in w for w in warnings) == (
        link_type == 105
    )


# ---- whose ------------------------------------------------------------------------------


def incident(folder: Path, *tables: tuple[str, str]) -> list[tuple[str, str]]:
    """(host, IP) of the entries, with the stale-arp captures beside."""
    for path in (BROKER, PRODUCER, STALE / "producer-71-eth0.pcap"):
        shutil.copy(path, folder)
    for name, text in tables:
        (folder / name).write_text(text)
    entries = diagnosed(folder).entries
    return list(zip(entries["host"].tolist(), entries["ip_lo"].tolist(), strict=True))


def neighbor(ip: str) -> str:
    return f"{ip} dev eth0 lladdr 0a:00:00:00:00:01 REACHABLE\n"


@pytest.mark.parametrize(
    ("name", "ip", "host"),
    [
        ("broker-1.neigh.txt", "10.0.1.77", "broker-1"),  # by name
        ("broker-1.neigh.txt", "192.168.0.1", "broker-1"),
        ("b.neigh.txt", "10.0.1.77", "broker-1"),  # by the beginning of its name
        ("producer.neigh.txt", "10.0.1.10", "producer"),  # of two hosts: left alone
        ("neigh.txt", "10.0.1.99", ""),  # an address that nobody talks to
        ("neigh.txt", "10.0.1.77", "broker-1"),  # only the broker talks to it
        ("neigh.txt", "10.0.1.10", ""),  # both producers do
        ("web-9.neigh.txt", "10.0.1.77", "web-9"),  # a name of its own stays
    ],
)
def test_whose_table(tmp_path: Path, name: str, ip: str, host: str) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    assert [h for h, _ in incident(folder, (name, neighbor(ip)))] == [host]


def test_time_of_a_table(tmp_path: Path) -> None:
    """incident.toml, else the name, else the file's own time, which is weak."""
    folder = tmp_path / "captures"
    folder.mkdir()
    (folder / "incident.toml").write_text(
        '[files."a.neigh.txt"]\nat = 2023-11-14T22:13:20Z\nhost = "a"\n'
    )
    names = ("a.neigh.txt", "b_20231114T221321Z.neigh.txt", "web.neigh.txt")
    for name in names:
        (folder / name).write_text(neighbor("10.0.0.1"))
    entries = diagnosed(folder).entries
    by_host = {row["host"]: row for row in entries.rows()}
    assert (by_host["a"]["at"], by_host["a"]["at_weak"]) == (T0, False)
    assert (by_host["b"]["at"], by_host["b"]["at_weak"]) == (T0 + SECOND, False)
    assert by_host["web"]["at_weak"]


NSTAT = "#kernel\nTcpInSegs {0} 0.0\nTcpExtListenOverflows {0} 0.0\nIpExtInOctets {0} 0.0\n"


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("broker-1.nstat-before.txt", "broker-1.nstat-after.txt", True),
        ("nstat_b_before.txt", "nstat_b_after.txt", True),
        ("broker-1.nstat-before.txt", "web-9.nstat-after.txt", False),
        ("producer-7.nstat-1.txt", "producer-7.nstat-2.txt", False),
        ("n1.txt", "n2.txt", False),  # three hosts: nobody's
    ],
)
def test_whose_counters(tmp_path: Path, before: str, after: str, found: bool) -> None:
    """Counters explain only their own host's silence."""
    folder = tmp_path / "captures"
    folder.mkdir()
    for path in ("broker-1-eth0.pcap", "producer-7-eth0.pcap"):
        shutil.copy(FIXTURES / "overflow" / path, folder)
    shutil.copy(STALE / "producer-71-eth0.pcap", folder)
    (folder / before).write_text(NSTAT.format(5))
    (folder / after).write_text(NSTAT.format(9))
    kinds = {finding.kind for finding in diagnosed(folder).findings}
    assert ("listen-overflow" in kinds) is found
    assert ("no-reply" in kinds) is not found


def test_counters_of_the_only_host(tmp_path: Path) -> None:
    """With one captured host, counters that name nobody are its own."""
    folder = tmp_path / "captures"
    folder.mkdir()
    shutil.copy(FIXTURES / "overflow" / "broker-1-eth0.pcap", folder)
    for name, value in (("n1.txt", 5), ("n2.txt", 9)):
        text = NSTAT.format(value) + f"TcpPassiveOpens {value} 0.0\n"
        (folder / name).write_text(text)
    assert "listen-overflow" in {finding.kind for finding in diagnosed(folder).findings}


def test_captures_of_one_host_are_one_host(tmp_path: Path) -> None:
    """Two interfaces of a host are two captures and one row of the hosts."""
    shutil.copy(BROKER, tmp_path / "broker-1-eth0.pcap")
    shutil.copy(STALE / "producer-71-eth0.pcap", tmp_path / "broker-1-eth1.pcap")
    found = diagnosed(tmp_path)
    assert len(found.loaded.captures) == 2
    assert found.matched.hosts == ["broker-1"]


def test_given_clock_offset(tmp_path: Path) -> None:
    """What the user is sure of is taken where packets cannot tell."""
    for name, shift in (("a", 0), ("b", 100)):
        segment = build.tcp(1 + shift, 2, seq=7)
        frame = build.ethernet(
            "02:00:00:00:00:01",
            "02:00:00:00:00:02",
            build.ip("10.0.0.1", "10.0.0.2", build.TCP, segment),
        )
        (tmp_path / f"{name}.pcap").write_bytes(build.pcap([(T0 + shift * SECOND, frame)]))
    (tmp_path / "incident.toml").write_text("[hosts.b]\nclock_offset_s = 100\n")
    clocks = {clock.host: clock for clock in diagnosed(tmp_path).matched.clocks}
    assert (clocks[1].offset, clocks[1].grade) == (100 * SECOND, "approximate")
