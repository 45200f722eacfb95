"""pcapng: every block in three ways, times exact, damage survived or named."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import build
from synack.capture.pcap import NO_TIME, Record
from synack.capture.pcapng import (
    MAX_BLOCK_LENGTH,
    PcapngReader,
    parse_names,
    parse_options,
    parse_tsresol,
)
from synack.capture.reader import CaptureReader, open_capture
from synack.capture.scan import Scanner
from synack.errors import InputError

BASE = build.shb() + build.idb()
PACKET = build.epb(7, b"packet")


def ways(content: bytes) -> Iterator[tuple[list[Record], CaptureReader]]:
    """The same content read whole, dripping from a pipe, and compressed."""
    for stream in (
        io.BytesIO(content),
        build.Trickle(content),
        io.BytesIO(build.compress("zstd", content)),
    ):
        reader = open_capture("x.pcapng", stream)  # type: ignore[arg-type]
        yield list(reader), reader


def read(content: bytes) -> tuple[list[Record], CaptureReader]:
    return next(ways(content))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("length", [-1, 1000])
def test_packet_blocks(order: str, length: int) -> None:
    """Enhanced, simple and obsolete packets, in both byte orders, section length told or not."""
    section = build.shb(order=order, length=length) + build.idb(113, order=order, snaplen=4)
    first = build.epb(1 << 33, b"abcde", original=99, order=order)
    content = (
        section
        + first
        + build.spb(b"wxyz", original=60, order=order)
        + build.pb(5, b"old", order=order, drops=3)
    )
    for records, reader in ways(content):
        at = len(section)
        assert records[0] == Record(1, (1 << 33) * 1000, 113, b"abcde", 99, 0, 0, at)
        assert records[1] == Record(2, NO_TIME, 113, b"wxyz", 60, 0, 0, at + len(first))
        assert records[2][:5] == (3, 5000, 113, b"old", 3)
        assert reader.damage is None
        assert (reader.bad_records, reader.records, reader.frames) == (0, 3, 3)
        assert reader.byte_order == ("little" if order == "<" else "big")
        assert reader.interfaces[0].dropped_between == 3


def test_sections() -> None:
    """A new section may change byte order and version 1.0 to 1.2, and starts its interfaces
    anew."""
    content = (
        BASE
        + build.idb(113, name="two", tsresol=9)
        + PACKET
        + build.epb(7, b"b", interface=1)
        + build.shb(order=">", version=(1, 2))
        + build.idb(276, name="three", order=">")
        + build.epb(8, b"c", order=">")
    )
    for records, reader in ways(content):
        assert [(r.link_type, r.interface, r.time) for r in records] == [
            (1, 0, 7000),
            (113, 1, 7),
            (276, 2, 8000),
        ]
        assert [i.name for i in reader.interfaces] == ["", "two", "three"]
        assert reader.byte_order == "little"
        assert reader.nanoseconds


@pytest.mark.parametrize(
    ("tsresol", "tsoffset", "ticks", "time"),
    [
        (6, 0, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
        (9, 0, 1_700_000_000_123_456_789, 1_700_000_000_123_456_789),
        (0, 0, 1_700_000_000, 1_700_000_000_000_000_000),
        (12, 0, 1_700_000_000_123_456_789, 1_700_000_000_123_456),
        (3, -5, 10_000, 5_000_000_000),
        (6, 1_700_000_000, 1, 1_700_000_000_000_001_000),
        (0x80 | 10, 0, 1024 + 1, 1_000_976_562),
        (0x80 | 32, 0, (1_700_000_000 << 32) + (1 << 31), 1_700_000_000_500_000_000),
        (0x80 | 127, 0, 2**64 - 1, 0),
        (127, 0, 2**64 - 1, 0),
        (9, 0, 2**63 - 1, 2**63 - 1),
    ],
)
def test_times(tsresol: int, tsoffset: int, ticks: int, time: int) -> None:
    """Powers of 10 and of 2, offsets in seconds; exact, rounded down."""
    content = build.shb() + build.idb(tsresol=tsresol, tsoffset=tsoffset)
    for records, reader in ways(content + build.epb(ticks, b"x")):
        assert records[0].time == time
        assert reader.interfaces[0].tsoffset == tsoffset
        assert reader.bad_records == 0


def test_time_out_of_range() -> None:
    """A time that 64 bits cannot hold is no time, and counted."""
    for tsresol, tsoffset in ((0, 0), (9, -(2**62))):
        content = build.shb() + build.idb(tsresol=tsresol, tsoffset=tsoffset)
        (record,), reader = read(content + build.epb(2**64 - 1, b"x"))
        assert record.time == NO_TIME
        assert reader.bad_records == 1


def test_tsresol() -> None:
    """The top bit chooses the base."""
    assert parse_tsresol(6) == 1000
    assert parse_tsresol(0x80 | 1) == Fraction(10**9, 2)


def test_descriptions() -> None:
    """Strings of sections and interfaces, names, drop counters; the last statistics count."""
    content = (
        build.shb([(1, b"caf\xe9"), (2, b"x86"), (3, b"Linux"), (4, b"dumpcap"), (1, b"two")])
        + build.idb(
            1,
            [(3, b"uplink"), (11, b"\0tcp port 80"), (12, b"Linux 6\0"), (13, b"\4")],
            name="eth0",
            snaplen=96,
        )
        + build.nrb([("10.0.0.1", ["a", "b"]), ("fd00::1", ["six"])])
        + build.isb([(4, struct.pack("<Q", 5))])
        + build.isb(
            [
                (4, struct.pack("<Q", 9)),
                (5, struct.pack("<Q", 1)),
                (7, struct.pack("<Q", 2**40)),
                (6, bytes(8)),
            ]
        )
    )
    for records, reader in ways(content):
        assert records == []
        assert reader.comments == [
            ("comment", "caf\ufffd"),
            ("hardware", "x86"),
            ("os", "Linux"),
            ("application", "dumpcap"),
            ("comment", "two"),
        ]
        (interface,) = reader.interfaces
        assert (interface.name, interface.description) == ("eth0", "uplink")
        assert (interface.filter, interface.os) == ("tcp port 80", "Linux 6")
        assert (interface.snaplen, interface.fcs_length) == (96, 4)
        assert (interface.received, interface.dropped_interface) == (9, 1)
        assert (interface.dropped_os, interface.dropped_between) == (2**40, None)
        assert reader.names == [("10.0.0.1", ("a", "b")), ("fd00::1", ("six",))]
        assert reader.bad_records == 0


def test_packet_options() -> None:
    """Direction and drops of single packets; a comment need not be UTF-8."""
    content = BASE + b"".join(
        build.epb(0, b"abc", [(1, b"\xff\xfe"), (2, struct.pack("<I", flags))])
        for flags in (0, 1, 2, 3, 0x1_0002)
    )
    content += build.epb(0, b"", [(4, struct.pack("<Q", 4))]) * 2
    for records, reader in ways(content):
        assert [r.direction for r in records] == [0, 1, 2, 0, 2, 0, 0]
        assert reader.interfaces[0].dropped_between == 8
        assert reader.bad_records == 0


def test_frames_without_packet() -> None:
    """Custom, journal and sysdig blocks have a frame number in Wireshark; others have none."""
    counted = [
        build.custom(b"data"),
        build.block(0x4000_0BAD, bytes(4)),
        build.block(9, b"J" * 30),
        build.block(0x204, bytes(40)),
        build.block(0x216, bytes(40)),
        build.block(0x221, bytes(40)),
    ]
    passed_over = [build.block(kind, bytes(20)) for kind in (7, 8, 10, 0x208, 0x1234, 0x8000_0001)]
    content = BASE + PACKET + b"".join(counted + passed_over) + PACKET
    for records, reader in ways(content):
        assert [r.frame for r in records] == [1, 8]
        assert (reader.records, reader.frames, reader.bad_records) == (2, 8, 0)
        assert reader.damage is None


ODD_LENGTH = struct.pack("<II", 0x1234, 15) + b"abc\0" + struct.pack("<I", 15)
SHORT = struct.pack("<HH", 2, 500)  # an option that claims 500 bytes


@pytest.mark.parametrize(
    ("middle", "frames", "reason"),
    [
        (build.epb(0, b"x", interface=1), [1, 3], "packet of interface 1, which is not described"),
        (build.epb(0, b"x", captured=5), [1, 3], "packet of 5 bytes in 4"),
        (build.epb(0, b"x", captured=0xFFFF_FFFF), [1, 3], "packet of 4294967295 bytes in 4"),
        (build.epb(0, bytes(262145)), [1, 3], "packet of 262145 bytes in 262148"),
        (build.block(6, bytes(16)), [1, 3], "packet block of 16 bytes"),
        (build.block(3), [1, 3], "packet block of 0 bytes"),
        (build.spb(b"x", original=9), [1, 3], "packet of 9 bytes in 4"),
        (build.epb(0, b"x" * 4 + SHORT, captured=4), [1, 2, 3], "malformed options"),
        (build.epb(0, b"x", [(2, b"abc")]), [1, 2, 3], "packet option 2 of 3 bytes"),
        (build.block(1, bytes(8) + SHORT), [1, 2], "interface description with malformed options"),
        (build.idb(opts=[(9, b"12")]), [1, 2], "interface description with malformed options"),
        (build.idb(opts=[(13, b"")]), [1, 2], "interface description with malformed options"),
        (build.idb(opts=[(14, b"")]), [1, 2], "interface description with malformed options"),
        (build.isb(interface=4), [1, 2], "statistics of interface 4, which is not described"),
        (build.block(5, bytes(8)), [1, 2], "interface statistics of 8 bytes"),
        (build.isb([(4, b"1234")]), [1, 2], "drop counter of 4 bytes"),
        (build.block(4, SHORT), [1, 2], "name resolution block with a malformed record"),
        (build.block(4, struct.pack("<HHH", 1, 2, 0)), [1, 2], "name resolution block with a malf"),
        (ODD_LENGTH, [1, 2], "block length 15 is not a multiple of 4"),
    ],
)
def test_survivable(middle: bytes, frames: list[int], reason: str) -> None:
    """What is wrong within a well-framed block is counted; reading goes on behind it."""
    for records, reader in ways(BASE + PACKET + middle + PACKET):
        assert [r.frame for r in records] == frames
        assert records[-1].data == b"packet"
        assert reader.damage is None
        assert reader.bad_records == 1
        assert reader.bad[0].reason.startswith(reason)
        assert reader.bad[0].offset == len(BASE + PACKET)


def test_simple_packet_without_interface() -> None:
    """A packet of a section that describes no interface cannot be read."""
    for records, reader in ways(build.shb() + build.spb(b"x") + build.idb() + PACKET):
        assert [r.frame for r in records] == [2]
        assert reader.bad_records == 1


def test_section_options_malformed() -> None:
    """The strings before the bad option are kept."""
    fixed = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    section = build.block(0x0A0D0D0A, fixed + struct.pack("<HH4s", 1, 4, b"kept") + SHORT)
    records, reader = read(section + build.idb() + PACKET)
    assert len(records) == 1
    assert reader.comments == [("comment", "kept")]
    assert reader.bad_records == 1


def test_bad_records_are_bounded() -> None:
    """Every one is counted, the first few are kept."""
    _, reader = read(BASE + build.epb(0, b"", interface=9) * 100)
    assert reader.bad_records == reader.frames == 100
    assert len(reader.bad) == 20


def with_lengths(before: int, after: int) -> bytes:
    return struct.pack("<II", 6, before) + bytes(24) + struct.pack("<I", after)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (with_lengths(36, 40), "block of type 0x6 says length 36 before and 40 after"),
        (with_lengths(0, 0), "block of type 0x6 with impossible length 0"),
        (with_lengths(11, 11), "block of type 0x6 with impossible length 11"),
        (with_lengths(0xFFFF_FFFC, 36), "block of type 0x6 with impossible length 4294967292"),
        (with_lengths(MAX_BLOCK_LENGTH, 0), "cut in record 2: "),
        (build.shb(version=(2, 0)), "pcapng version 2.0 is not supported"),
        (
            build.shb()[:8] + b"abcd" + bytes(16),
            "section header with unknown byte order magic 616263",
        ),
        (build.shb()[:10], "cut in a section header: 10 bytes present"),
        (build.shb()[:20], "cut in a block of type 0xa0d0d0a: 20 of 28 bytes present"),
        (build.idb()[:12], "cut in a block of type 0x1: 12 of 20 bytes present"),
        (build.block(1, bytes(4)), "interface description of 4 bytes"),
        (build.custom(b"0123")[:16], "cut in record 2: 16 of 20 bytes present"),
        (PACKET[:-1], "cut in record 2: 39 of 40 bytes present"),
        (PACKET[:5], "cut in a block header: 5 of 8 bytes present"),
    ],
)
def test_end_of_reading(end: bytes, reason: str) -> None:
    """Where the next block cannot be found reading ends, with all records before it."""
    for records, reader in ways(BASE + PACKET + end):
        assert [r.data for r in records] == [b"packet"]
        assert reader.damage is not None
        assert reader.damage.reason.startswith(reason)
        assert reader.damage.offset == len(BASE + PACKET)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (build.shb(version=(0, 1)), "pcapng version 0.1 is not supported"),
        (build.shb()[:20], "cut in a block of type 0xa0d0d0a: 20 of 28 bytes present"),
        (build.shb()[:9], "a pcapng file with a damaged or cut first block"),
        (build.shb()[:4] + bytes(4) + build.shb()[8:], "impossible length 0"),
        (build.shb()[:-4] + bytes(4), "says length 28 before and 0 after"),
    ],
)
def test_unusable_first_block(content: bytes, reason: str) -> None:
    """Without a section header nothing can be read."""
    with pytest.raises(InputError) as caught:
        open_capture("x.pcapng", io.BytesIO(content))
    assert reason in caught.value.damage.reason


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ([], True)),
        (b"\1\0\2\0ab\0\0", ([(1, b"ab")], True)),
        (b"\1\0\2\0ab\0\0\0\0\0\0junk", ([(1, b"ab")], True)),
        (b"\1\0\2\0ab", ([(1, b"ab")], True)),  # the padding of the last one is forgiven
        (b"\1\0\3\0ab", ([], False)),
        (b"\1\0\0\0\1\0", ([(1, b"")], False)),
        (b"\0\0\1\0", ([], False)),
    ],
)
def test_parse_options(data: bytes, expected: tuple[list[tuple[int, bytes]], bool]) -> None:
    """What is readable is kept, what is not is told."""
    assert parse_options(data, "<") == expected


def test_parse_names_skips_other_records() -> None:
    """Records of unknown kinds, and a missing end mark, do no harm."""
    body = struct.pack("<HH4s", 9, 4, b"abcd") + struct.pack(
        "<HH4s4s", 1, 6, b"\n\0\0\1", b"x\0\0\0"
    )
    assert parse_names(body, "<") == ([("10.0.0.1", ("x",))], True)


SAMPLE = (
    build.shb([(3, b"Linux")], order=">")
    + build.idb(1, name="eth0", tsresol=9, order=">")
    + build.epb(10**18, b"0123456", [(2, bytes(4))], order=">")
    + build.spb(b"abc", order=">")
    + build.custom(b"z", order=">")
    + build.shb()
    + build.idb(113)
    + build.nrb([("10.0.0.1", ["a"])])
    + build.pb(4, b"old", [(2, bytes(4))], drops=1)
    + build.isb([(4, bytes(8))])
    + PACKET
)


def test_cut_anywhere() -> None:
    """Every cut delivers a prefix of the records, and names the damage unless between blocks."""
    whole, reader = read(SAMPLE)
    assert reader.damage is None
    assert reader.bad_records == 0
    boundaries, at = set(), 0
    while at < len(SAMPLE):
        boundaries.add(at)
        order = ">" if at < SAMPLE.index(build.shb()) else "<"
        at += struct.unpack_from(order + "I", SAMPLE, at + 4)[0]
    for end in range(len(build.shb([(3, b"Linux")])), len(SAMPLE)):
        records, reader = read(SAMPLE[:end])
        assert records == whole[: len(records)]
        assert sum(r.offset < end for r in whole) - len(records) in (0, 1)
        assert (reader.damage is None) == (end in boundaries)


def outcome(stream: object) -> object:
    """All a reader says of a stream, as one comparable value."""
    try:
        reader = open_capture("x", stream)  # type: ignore[arg-type]
    except InputError as error:
        return str(error)
    records = list(reader)
    return records, reader.damage, reader.bad, reader.interfaces, reader.names, reader.frames


@settings(max_examples=250)
@given(
    st.lists(
        st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(1, 255)), min_size=1, max_size=6
    )
)
def test_flipped_bytes(flips: list[tuple[int, int]]) -> None:
    """Whatever the bytes, only InputError comes out, and dripping changes nothing."""
    content = bytearray(SAMPLE)
    for at, value in flips:
        content[at] ^= value
    assert outcome(io.BytesIO(content)) == outcome(build.Trickle(bytes(content)))


@settings(max_examples=250)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 2, 3, 4, 5, 6, 9, 0xBAD, 0x0A0D0D0A]), st.binary(max_size=60)
        ),
        max_size=8,
    ),
    st.sampled_from("<>"),
)
def test_random_bodies(blocks: list[tuple[int, bytes]], order: str) -> None:
    """Well-framed blocks of noise are survived as well."""
    content = build.shb(order=order) + build.idb(order=order)
    content += b"".join(build.block(kind, body, order=order) for kind, body in blocks)
    assert outcome(io.BytesIO(content)) == outcome(build.Trickle(content))


def test_the_scan_is_told_of_an_interface_once() -> None:
    """A file of many interfaces and uncommon packets must not be slow."""
    content = build.shb() + build.idb(1) + build.spb(b"x" * 60)
    reader = open_capture("x", io.BytesIO(content))
    scanner = Scanner(0)
    assert isinstance(reader, PcapngReader)
    list(reader)
    assert reader.describe(scanner)
    assert scanner.ticks[0] == 1000
    scanner.ticks[0] = 7
    assert reader.describe(scanner)
    assert scanner.ticks[0] == 7
