"""From files to tables: rotated sets in any order, damage, and what is nothing known."""

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


def test_names_are_resolved_by_the_other_files(tmp_path: Path) -> None:
    """A hosts file and a dump that prints both; the rest is said by line."""
    texts = {
        "b.neigh.txt": "broker-1 dev eth0 lladdr 0a:00:00:00:00:01 STALE\n"
        "gateway dev eth0 lladdr 0a:00:00:00:00:02 STALE\n"
        "nobody dev eth0 lladdr 0a:00:00:00:00:03 STALE\n",
        "mac-arp.txt": "gateway (10.0.0.1) at 0:1c:42:0:0:8 on en0 ifscope [ethernet]\n",
        "b-hosts": "127.0.0.1 localhost\n10.0.0.10 broker-1\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    loaded = load([str(tmp_path)])
    by_name = {Path(source.path).name: dump for source, dump in loaded.dumps}
    dump = by_name["b.neigh.txt"]
    assert [(e.line, e.flags) for e in dump.entries] == [(1, "name=broker-1"), (2, "name=gateway")]
    assert [damage.line for damage in dump.unread] == [3]
    assert [Path(source.path).name for source, _ in loaded.hosts_files] == ["b-hosts"]
    assert loaded.unknown == []


def test_only_counting() -> None:
    """Everything that is said of captures and files, and no rows."""
    whole, counted = load([str(STALE)]), load([str(STALE)], counts_only=True)
    assert counted.files == whole.files
    assert counted.captures == whole.captures
    assert len(whole.segments) > 100
    assert [len(t) for t in (counted.segments, counted.claims, counted.tunnels)] == [0, 0, 0]


def test_rows_of_several_captures_follow_each_other() -> None:
    """In order of capture, each as if it were alone."""
    alone = [load([str(path)]).segments for path in (BROKER, PRODUCER)]
    both = load([str(BROKER), str(PRODUCER)]).segments
    assert both["capture"].tolist() == [0] * len(alone[0]) + [1] * len(alone[1])
    assert both["frame"].tolist() == [n for table in alone for n in table["frame"].tolist()]


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
    """What falls into the missing file is not lost; the attempt that begins before it is."""
    whole = diagnosed(BROKER, PRODUCER)
    lost = OUTCOMES.index("syn-ack-lost")
    assert (whole.attempts["outcome"] == lost).sum() == 6
    parts = split(PRODUCER.read_bytes(), 40)
    for number in (0, 1, len(parts) - 1):
        (tmp_path / f"producer-7-eth0.pcap{number}").write_bytes(parts[number])
    gapped = diagnosed(BROKER, *tmp_path.iterdir())
    (capture,) = [c for c in gapped.loaded.captures if c.host == "producer-7"]
    assert len(capture.gaps) == 1
    found = gapped.attempts["first"][gapped.attempts["outcome"] == lost]
    assert len(found) == 1
    assert found[0] < capture.gaps[0][0]
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
    others = [BROKER.with_name(f"{name}-eth0.pcap") for name in ("producer-7", "producer-71")]
    content = iter(split(BROKER.read_bytes(), 4))
    for name in ("a-eth0", "a-eth1", "b-eth0", "x/a-eth0"):
        if name[0] != "a":
            content = iter(split(others.pop().read_bytes(), 2))
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.pcap").write_bytes(next(content))
        (tmp_path / f"{name}.pcap1").write_bytes(next(content))
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
