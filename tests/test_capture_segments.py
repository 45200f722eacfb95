"""Which segments of a capture are kept, and what is counted of the rest."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import pytest

import build
from synack.addresses import NO_MAC, parse_mac
from synack.capture.reader import open_capture
from synack.capture.scan import Scanner
from synack.capture.segments import Collector, segment_kind
from synack.model import CaptureFile
from synack.tables import ACK, NO_TIME, QUOTE, RST, SYN, SYN_ACK, Table

A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"
C, S = "10.0.0.1", "10.0.0.2"
SECOND = 10**9
T0 = 1_700_000_000 * SECOND


def frame(flags: str, *, back: bool = False, port: int = 40000, **fields: int | bytes) -> bytes:
    """A segment from the client's ``port`` to 9092, or ``back``."""
    ports, ends = ((9092, port), (S, C)) if back else ((port, 9092), (C, S))
    segment = build.tcp(*ports, flags=flags, **fields)  # type: ignore[arg-type]
    return build.ethernet(*((B, A) if back else (A, B)), build.ip(*ends, build.TCP, segment))


SYN_1 = frame("S", seq=100)
SYN_ACK_1 = frame("SA", back=True, seq=500, ack=101)
ACK_1 = frame("A", seq=101, ack=501)
DATA = frame("PA", seq=101, ack=501, payload=b"hello")
REPLY = frame("PA", back=True, seq=501, ack=106, payload=b"world")


def collect(
    frames: Iterable[bytes], collector: Collector | None = None, **options: int
) -> tuple[Table, Table, CaptureFile]:
    records = [(T0 + number * SECOND, data) for number, data in enumerate(frames)]
    collector = collector or Collector(3)
    info = collector.read(7, open_capture("x.pcap", io.BytesIO(build.pcap(records, **options))))
    return *collector.tables(), info


def kept(frames: Sequence[bytes]) -> list[int]:
    """Frame numbers of what is kept."""
    return [int(number) for number in collect(frames)[0]["frame"]]


@pytest.mark.parametrize(
    ("frames", "numbers"),
    [
        ([SYN_1, SYN_ACK_1, ACK_1], [1, 2, 3]),
        # Of the data, what completes the handshake for either side and no more.
        ([SYN_1, SYN_ACK_1, ACK_1, DATA, DATA, DATA], [1, 2, 3]),
        ([SYN_1, SYN_ACK_1, DATA, REPLY, ACK_1], [1, 2, 3]),
        # The SYN-ACK was not captured: the first segment of each direction.
        ([SYN_1, ACK_1, REPLY, DATA, REPLY], [1, 2, 3]),
        # A challenge ACK answers the SYN, a later SYN-ACK is a new beginning.
        ([SYN_1, REPLY, REPLY], [1, 2]),
        ([SYN_1, REPLY, SYN_1, REPLY], [1, 2, 3, 4]),
        # The capture begins with the SYN-ACK.
        ([SYN_ACK_1, ACK_1, DATA], [1, 2]),
        # Retransmitted, both are waited for again: the ACK was lost.
        ([SYN_1, SYN_ACK_1, ACK_1, SYN_ACK_1, ACK_1, DATA], [1, 2, 3, 4, 5]),
        ([SYN_1, SYN_1, SYN_ACK_1, SYN_ACK_1, ACK_1], [1, 2, 3, 4, 5]),
        # A connection from before the capture.
        ([DATA, REPLY, ACK_1], []),
        ([frame("FA", seq=9), frame("", seq=9)], []),
        # Resets always, whoever sends them.
        ([DATA, frame("R", seq=9), frame("RA", back=True, seq=9, ack=3)], [2, 3]),
    ],
)
def test_plain_segments(frames: list[bytes], numbers: list[int]) -> None:
    """A plain segment is kept while its handshake waits for one from that side."""
    assert kept(frames) == numbers


def test_connections_do_not_mix() -> None:
    """Each by its two ends: the ACK of another port completes nothing."""
    other = frame("A", seq=101, ack=501, port=40001)
    assert kept([SYN_1, SYN_ACK_1, other, ACK_1, other]) == [1, 2, 4]


def test_long_connections_cost_nothing() -> None:
    """A thousand data segments after the handshake leave three rows."""
    table, _, info = collect([SYN_1, SYN_ACK_1, ACK_1, *[DATA, REPLY] * 500])
    assert len(table) == 3
    assert info.counts["tcp"] == info.packets == 1003


def test_pending_table_is_bounded() -> None:
    """A flood of SYNs forgets the oldest handshakes, not the newest, and not the memory."""
    collector = Collector(0, scanner=Scanner(0, slots=32))
    flood = [frame("S", seq=1, port=port) for port in range(1000, 1100)]
    acks = [frame("A", seq=2, ack=1, port=port) for port in (1000, 1060, 1084, 1099)]
    content = build.pcap([(T0, data) for data in [*flood, *acks]])
    collector.read(0, open_capture("x", io.BytesIO(content)))
    table, _ = collector.tables()
    plain = table["src_port"][table["kind"] == ACK].tolist()
    assert plain == [1084, 1099]


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        (0x02, SYN), (0x12, SYN_ACK), (0x10, ACK), (0x18, ACK), (0x04, RST), (0x14, RST),
        (0x16, RST), (0x06, RST), (0x03, SYN), (0xC2, SYN), (0x52, SYN_ACK), (0x00, ACK),
        (0x11, ACK),
    ],
)  # fmt: skip
def test_segment_kind(flags: int, kind: int) -> None:
    """A reset is one whatever else it says; ECN bits do not matter."""
    assert segment_kind(flags) == kind


def test_rows() -> None:
    """Every column of a row, from link, IP and TCP."""
    segment = build.tcp(40000, 9092, seq=9, flags="S", timestamps=(11, 12))
    packet = build.ipv4(C, S, build.TCP, segment, ttl=61, ident=54321)
    table, _, _ = collect([build.ethernet(A, B, packet, [5])])
    (row,) = table.rows()
    assert row == {
        "capture": 3, "file": 7, "frame": 1, "time": T0, "kind": SYN,
        "src_hi": 0, "src_lo": 0xFFFF_0A00_0001, "dst_hi": 0, "dst_lo": 0xFFFF_0A00_0002,
        "src_port": 40000, "dst_port": 9092, "seq": 9, "ack": 0, "flags": 2, "window": 64240,
        "payload": 0, "ttl": 61, "ip_id": 54321, "tsval": 11, "tsecr": 12,
        "src_mac": parse_mac(A), "dst_mac": parse_mac(B),
        "direction": 0, "interface": 0, "vlan": 5, "icmp": -1,
    }  # fmt: skip


def test_quotes_and_claims() -> None:
    """An ICMP error becomes the segment that it quotes; ARP and ND become claims."""
    quoted = build.ip(C, S, build.TCP, build.tcp(40000, 9092, seq=9, flags="S"))
    error = build.ip("10.0.0.254", C, build.ICMP, build.icmp_error(quoted, code=3))
    na = build.ipv6("fd00::1", "ff02::1", build.ICMPV6, build.nd("NA", "fd00::1", A), ttl=255)
    table, claims, info = collect([
        build.ethernet(B, A, error),
        build.ethernet(A, B, build.arp(1, A, C, "00:00:00:00:00:00", S)),
        build.ethernet(A, B, na),
    ])  # fmt: skip
    (quote,) = table.rows()
    assert (quote["kind"], quote["icmp"], quote["seq"]) == (QUOTE, 3 << 8 | 3, 9)
    assert (quote["src_port"], quote["dst_port"], quote["tsval"]) == (40000, 9092, -1)
    assert quote["src_mac"] == parse_mac(B)
    assert claims["op"].tolist() == [1, 136]
    assert claims["mac"].tolist() == [parse_mac(A)] * 2
    assert claims["frame"].tolist() == [2, 3]
    assert {k: n for k, n in info.counts.items() if n} == {"icmp-error": 1, "arp": 1, "nd": 1}


def test_counts() -> None:
    """Packets by kind; a SYN or reset is also TCP."""
    frames = [SYN_1, SYN_1, SYN_ACK_1, ACK_1, frame("R"), frame("RA", back=True), frame("FA")]
    frames += [build.ethernet(A, B, bytes(40), ethertype=0x88CC), SYN_1[:40]]
    _, _, info = collect(frames)
    assert {k: n for k, n in info.counts.items() if n} == {
        "tcp": 7, "syn": 2, "syn-ack": 1, "rst": 2, "damaged": 1,
    }  # fmt: skip
    assert info.packets == 9
    assert [str(damage) for damage in info.bad] == [
        f"x.pcap, byte {24 + sum(16 + len(f) for f in frames[:8])}:"
        " frame 9: TCP header cut: 6 of 20 bytes"
    ]


def test_first_damaged_frames_are_named() -> None:
    """The count is whole, the list is short."""
    _, _, info = collect([SYN_1[:30]] * 20)
    assert info.counts["damaged"] == 20
    assert len(info.bad) == 5


def test_cut_options_are_named_and_kept() -> None:
    """A capture of 68 bytes a packet: the SYN stays, its timestamps are called cut."""
    syn = frame("S", seq=9, timestamps=(1, 2), mss=1460, sack_ok=True)
    table, _, info = collect([syn[:68]])
    assert table["tsval"].tolist() == [-1]
    assert info.counts["damaged"] == 1
    assert "options cut" in info.bad[0].reason


def times(*seconds: float) -> CaptureFile:
    records = [(T0 + round(second * SECOND), SYN_1) for second in seconds]
    content = build.pcap(records, nanoseconds=True)
    return Collector(0).read(0, open_capture("x", io.BytesIO(content)))


@pytest.mark.parametrize(
    ("seconds", "first", "last", "gap", "gap_from", "backwards", "by"),
    [
        ([5], 5, 5, 0, None, 0, 0),
        ([1, 2, 2, 4.5], 1, 4.5, 2.5, 2, 0, 0),
        ([1, 5, 6, 20, 21], 1, 21, 14, 6, 0, 0),
        # One step back, whatever follows it.
        ([10, 11, 5, 6, 7, 12], 5, 12, 1, 10, 1, 6),
        ([10, 5, 10, 9], 5, 10, 0, None, 2, 5),
    ],
)
def test_times(
    seconds: list[float], first: float, last: float, gap: float, gap_from: float | None,
    backwards: int, by: float,
) -> None:  # fmt: skip
    """First and last by time, not by place; the largest silence; steps back."""
    info = times(*seconds)
    assert (info.first, info.last) == (T0 + first * SECOND, T0 + last * SECOND)
    assert info.largest_gap == gap * SECOND
    assert info.gap_from == (None if gap_from is None else T0 + gap_from * SECOND)
    assert (info.backwards, info.backwards_by) == (backwards, by * SECOND)


def test_packets_without_time() -> None:
    """Simple Packet Blocks have none: counted, and no time is made up."""
    content = build.shb() + build.idb() + build.spb(SYN_1) + build.epb(5, SYN_1) + build.spb(SYN_1)
    collector = Collector(0)
    info = collector.read(0, open_capture("x", io.BytesIO(content)))
    assert (info.packets, info.first, info.last, info.backwards) == (3, 5000, 5000, 0)
    assert collector.tables()[0]["time"].tolist() == [NO_TIME, 5000, NO_TIME]


def test_no_packets() -> None:
    table, claims, info = collect([])
    assert (len(table), len(claims)) == (0, 0)
    assert (info.packets, info.first, info.last, info.gap_from) == (0, None, None, None)
    assert info.link_types == ["EN10MB"]


def test_unknown_link_types() -> None:
    """Counted and named, beside interfaces that are understood."""
    content = build.shb() + build.idb(build.ETHERNET, name="eth0") + build.idb(105, name="wlan0")
    content += build.epb(1, SYN_1) + build.epb(2, SYN_1, interface=1) * 2
    content += build.isb([(5, (4).to_bytes(8, "little"))], interface=1)
    collector = Collector(0)
    info = collector.read(0, open_capture("x", io.BytesIO(content)))
    assert info.link_types == ["EN10MB", "link type 105"]
    assert info.interfaces == ["eth0", "wlan0"]
    assert (info.packets, info.counts["not-understood"], info.counts["syn"]) == (3, 2, 1)
    assert info.understood
    assert info.dropped == 4
    assert len(collector.tables()[0]) == 1


def test_direction_and_interface_of_the_container() -> None:
    """What pcapng says of a packet wins over what its link header cannot say."""
    flags = [(2, (2).to_bytes(4, "little"))]
    content = build.shb() + build.idb() + build.idb() + build.epb(1, SYN_1, flags, interface=1)
    collector = Collector(0)
    collector.read(0, open_capture("x", io.BytesIO(content)))
    (row,) = collector.tables()[0].rows()
    assert (row["direction"], row["interface"]) == (2, 1)


def test_cooked_capture() -> None:
    """No destination MAC, but direction and interface."""
    packet = build.ip(C, S, build.TCP, build.tcp(1, 2, flags="S"))
    data = build.sll2(A, packet, packet_type=4, ifindex=6)
    table, _, _ = collect([data], link_type=build.SLL2)
    (row,) = table.rows()
    assert (row["src_mac"], row["dst_mac"]) == (parse_mac(A), NO_MAC)
    assert (row["direction"], row["interface"]) == (2, 6)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_chunks(size: int) -> None:
    """Where one chunk of rows ends and the next begins changes nothing."""
    arp = build.ethernet(A, B, build.arp(2, A, C, B, S))
    frames = [SYN_1, arp, SYN_ACK_1, ACK_1, arp, arp, SYN_1, arp, frame("R"), arp]
    whole = collect(frames)
    parts = collect(frames, collector=Collector(0, scanner=Scanner(3, rows=size)))
    for one, other in zip(whole[:2], parts[:2], strict=True):
        assert len(one) == 5
        assert {n: c.tolist() for n, c in one.columns.items()} == {
            n: c.tolist() for n, c in other.columns.items()
        }


def test_handshake_across_files() -> None:
    """A rotated set is one capture: the ACK may be in the next file."""
    collector = Collector(0)
    for number, frames in enumerate([[SYN_1, SYN_ACK_1], [ACK_1, DATA]]):
        content = build.pcap([(T0 + number, data) for data in frames])
        collector.read(number, open_capture("x", io.BytesIO(content)))
    table, _ = collector.tables()
    assert table["file"].tolist() == [0, 0, 1]
    assert table["frame"].tolist() == [1, 2, 1]
    assert table["kind"].tolist() == [SYN, SYN_ACK, ACK]
