"""Content decides what a file is, never its name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import build
from synack.context.counters import as_counters
from synack.context.hosts import Hosts
from synack.context.reading import Reading
from synack.context.tcpdump import TcpdumpLog
from synack.errors import InputError, UnknownInput
from synack.neighbors.entry import NeighborDump
from synack.recognize import FoundCapture, Several, recognize
from synack.tables import NO_TIME

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"
ROW = "10.0.0.20 dev eth0 lladdr 02:00:00:00:00:20 REACHABLE\n"
FRAME = build.ethernet(
    "02:00:00:00:00:01",
    "02:00:00:00:00:02",
    build.ip("10.0.0.1", "10.0.0.2", build.TCP, build.tcp(1, 2)),
)
PCAP = build.pcap([(5_000, FRAME), (6_000, FRAME)])
PCAPNG = build.shb() + build.idb() + build.epb(7, FRAME)

NAMES = ("x.pcap", "neigh.txt", "x.gz", "nstat.json", "README", "core")


@pytest.fixture(params=NAMES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Any name, right or misleading."""
    return tmp_path / str(request.param)


@pytest.mark.parametrize("compression", [None, *build.COMPRESSIONS])
def test_captures(path: Path, compression: str | None) -> None:
    """Either container, compressed or not; the first packet's time puts files in order."""
    for content, first in ((PCAP, 5_000), (PCAPNG, 7_000), (build.pcap(), NO_TIME)):
        path.write_bytes(build.compress(compression, content) if compression else content)
        assert recognize(str(path)) == FoundCapture(first)


@pytest.mark.parametrize(
    ("sample", "entries"), [("ip-neigh.txt", 22), ("arp-an.txt", None), ("ip-j-neigh.json", None)]
)
def test_tables(path: Path, sample: str, entries: int | None) -> None:
    """Three spellings of one table."""
    shutil.copy(SAMPLES / sample, path)
    found = recognize(str(path))
    assert isinstance(found, NeighborDump)
    assert found.entries
    assert entries in (None, len(found.entries))


@pytest.mark.parametrize(
    "sample", ["nstat-az-broker.txt", "nstat-aj-broker.json", "proc-net-snmp-broker.txt"]
)
def test_counters(path: Path, sample: str) -> None:
    shutil.copy(SAMPLES / sample, path)
    found = recognize(str(path))
    assert isinstance(found, Reading)
    assert as_counters(found.table)["TcpInSegs"] == 12


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """PowerShell's ``>`` writes UTF-16 with a mark."""
    path = tmp_path / "neigh.txt"
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    path.write_bytes(mark + (ROW * 3).encode(encoding))
    found = recognize(str(path))
    assert isinstance(found, NeighborDump)
    assert len(found.entries) == 3


def test_hosts_file(path: Path) -> None:
    path.write_text("127.0.0.1 localhost\n10.0.0.20 producer-1\n")
    found = recognize(str(path))
    assert isinstance(found, Hosts)
    assert set(found) == {"producer-1"}


def test_compressed_table(tmp_path: Path) -> None:
    path = tmp_path / "neigh.gz"
    path.write_bytes(build.compress("gzip", ROW.encode()))
    assert isinstance(recognize(str(path)), NeighborDump)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"Dear diary\n", "text, beginning 'Dear diary'"),
        (b"{}", "text"),
        (b"\n\n\n", "neither a capture nor a known dump"),
        (bytes(range(255, -1, -1)) * 20, "unknown format"),
        (b"\x7fELF" + bytes(60), "an executable"),
        (b"PK\3\4" + bytes(60), "a zip archive"),
        (b"snoop\0\0\0" + bytes(60), "a snoop (Solaris) capture"),
        (b"x" * 3_000_000, "text"),
        (b"10.0.0.1 " * 300_000, "text"),
        (ROW.encode()[:30], "text"),
    ],
)
def test_unknown(path: Path, content: bytes, says: str) -> None:
    """Named by what its first bytes tell; a line of megabytes is soon done with."""
    path.write_bytes(content)
    with pytest.raises(UnknownInput) as caught:
        recognize(str(path))
    assert caught.value.damage.path == str(path)
    assert says in caught.value.damage.reason


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (build.compress("gzip", b""), "empty"),
        (PCAP[:20], "pcap file cut in the file header: 20 of 24 bytes"),
        (build.pcap(version=(9, 9)), "pcap version 9.9 is not supported"),
        (b"\xfd7zXZ\0", "cut"),
    ],
)
def test_unreadable(path: Path, content: bytes, says: str) -> None:
    """Nothing could be read: an input error, and not of an unknown kind."""
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        recognize(str(path))
    assert not isinstance(caught.value, UnknownInput)
    assert says in caught.value.damage.reason


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        recognize(str(tmp_path / "no"))
    assert caught.value.damage.path == str(tmp_path / "no")


def test_row_after_a_long_line(tmp_path: Path) -> None:
    """A terminal's noise before the table does not hide it."""
    path = tmp_path / "x.log"
    path.write_text("$ ip neigh show\n" + ROW)
    assert isinstance(recognize(str(path)), NeighborDump)


def test_logs_are_streamed(path: Path) -> None:
    """A log of an application, without an event too; and one with other text in front."""
    line = b"2026-11-25 02:44:00,123 INFO started\n"
    failed = (
        b"2026-11-25T02:44:00Z WARN Connection to node 1 (/10.0.1.10:9092) could not be"
        b" established.\n"
    )
    for content, events in ((line * 5, 0), (line * 5 + failed, 1), (b"begin\n" + failed, 1)):
        path.write_bytes(content)
        found = recognize(str(path))
        assert isinstance(found, Reading)
        assert (found.kind, len(found.table)) == ("application log", events)


def test_several_kinds(path: Path) -> None:
    """One file of a script: a neighbor table, sockets and settings."""
    sockets = (SAMPLES / "ss-tan-broker-synrecv.txt").read_text()
    path.write_text(f"$ ip neigh\n{ROW}$ ss -tan\n{sockets}$ sysctl net\nnet.ipv4.x = 1\n")
    found = recognize(str(path))
    assert isinstance(found, Several)
    kinds = [part.format if isinstance(part, NeighborDump) else part.kind
             for part in found.parts if not isinstance(part, TcpdumpLog)]  # fmt: skip
    assert kinds == ["ip neigh", "ss", "sysctl"]


def test_several_kinds_with_nothing_between_them(path: Path) -> None:
    """``(ip neigh; ip addr; ip route; nstat) > file``: each line is somebody's."""
    others = "default via 10.0.1.1 dev eth0 \n10.0.1.0/24 dev eth0 proto kernel scope link\n"
    others += "#kernel\n" + "".join(f"TcpExtCounter{n} {n} 0.0\n" for n in range(300))
    for text in (ROW + others, others + ROW):
        path.write_text(text)
        found = recognize(str(path))
        assert isinstance(found, Several)
        (table,) = (part for part in found.parts if isinstance(part, NeighborDump))
        assert len(table.entries) == 1
        assert table.unread == []
        assert table.warnings == []
        assert {"nstat", "ip route"} <= {p.kind for p in found.parts if isinstance(p, Reading)}


def test_cut_compression_is_said(tmp_path: Path) -> None:
    """A settings dump whose compression is cut keeps what there is, and says so."""
    path = tmp_path / "x.gz"
    text = "".join(f"net.ipv4.conf.eth{n}.rp_filter = {n % 3}\n" for n in range(5000)).encode()
    path.write_bytes(build.compress("gzip", text)[:-2000])
    found = recognize(str(path))
    assert isinstance(found, Reading)
    assert 0 < len(found.table) < 5000
    assert any("cut" in warning for warning in found.warnings)
