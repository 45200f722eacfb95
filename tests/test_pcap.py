"""Classic captures: every variant in three ways, cuts and corruption anywhere."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import build
from synack.capture.pcap import FileHeader, Record, max_snaplen, parse_file_header
from synack.capture.reader import CaptureReader, open_capture
from synack.errors import InputError

T0 = 1_700_000_000_123_456_789
FRAMES = [bytes([n]) * (40 + n) for n in range(4)]
RECORDS = [(T0 + n * 10**9, frame, 100 + n) for n, frame in enumerate(FRAMES)]


def ways(content: bytes) -> Iterator[CaptureReader]:
    """The same content whole, dripping from a pipe, and compressed."""
    yield open_capture("x.pcap", io.BytesIO(content))
    yield open_capture("x.pcap", build.Trickle(content))  # type: ignore[arg-type]
    yield open_capture("x.pcap", io.BytesIO(build.compress("gzip", content)))


def read(content: bytes) -> tuple[list[Record], CaptureReader]:
    reader = open_capture("x.pcap", io.BytesIO(content))
    return list(reader), reader


VARIANTS = [
    {},
    {"order": ">"},
    {"nanoseconds": True},
    {"nanoseconds": True, "order": ">"},
    {"modified": True},
    {"modified": True, "order": ">"},
    {"version": (2, 3)},
    {"version": (2, 3), "swapped": True},
    {"version": (2, 2), "swapped": True},
    {"version": (2, 0), "swapped": True, "order": ">"},
    {"version": (543, 0), "swapped": True},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_variants(variant: dict[str, object]) -> None:
    """Times are exact integers, lengths the right way round, offsets those of the headers."""
    content = build.pcap(RECORDS, snaplen=99, **variant)  # type: ignore[arg-type]
    tick = 1 if "nanoseconds" in variant else 1000
    for reader in ways(content):
        with reader:
            records = list(reader)
        assert [r.data for r in records] == FRAMES
        assert [r.time for r in records] == [time // tick * tick for time, _, _ in RECORDS]
        assert [r.original_length for r in records] == [100, 101, 102, 103]
        assert [r.frame for r in records] == [1, 2, 3, 4]
        assert {(r.link_type, r.interface, r.direction) for r in records} == {(1, 0, 0)}
        length = 24 if "modified" in variant else 16
        assert [r.offset for r in records[:2]] == [24, 24 + length + 40]
        assert reader.damage is None
        assert (reader.records, reader.frames, reader.bad_records) == (4, 4, 0)
        assert reader.container == "pcap"
        assert reader.byte_order == ("big" if variant.get("order") == ">" else "little")
        assert reader.nanoseconds == ("nanoseconds" in variant)
        (interface,) = reader.interfaces
        assert (interface.snaplen, interface.tsresol) == (99, Fraction(tick))


def test_file_header() -> None:
    """FCS bits beside the link type are told apart from it."""
    header = parse_file_header("x", build.pcap_header(link_type=0x2400_0001, snaplen=5))
    assert header == FileHeader("<", False, 16, 2, 4, 5, 1, 4)
    records, reader = read(build.pcap(RECORDS, link_type=0x2400_0001))
    assert records[0].link_type == 1
    assert reader.interfaces[0].fcs_length == 4


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (build.pcap_header(version=(1, 4)), "pcap version 1.4 is not supported"),
        (build.pcap_header(version=(2, 5)), "pcap version 2.5 is not supported"),
        (build.pcap_header(version=(543, 1)), "pcap version 543.1 is not supported"),
        (build.pcap_header(link_type=0x0001_0001), "link type field 0x00010001 has reserved bits"),
        (build.pcap_header()[:23], "cut in the file header: 23 of 24 bytes"),
        (build.pcap_header()[:4], "cut in the file header: 4 of 24 bytes"),
    ],
)
def test_unusable_header(content: bytes, reason: str) -> None:
    """What libpcap refuses is refused with its reason."""
    with pytest.raises(InputError) as caught:
        open_capture("x.pcap", io.BytesIO(content))
    assert reason in caught.value.damage.reason
    assert caught.value.damage.offset is not None


def test_not_pcap() -> None:
    """The header parser alone names the mistake too."""
    with pytest.raises(InputError, match="not a pcap file"):
        parse_file_header("x", bytes(24))


def test_no_records() -> None:
    """A capture that recorded nothing is whole."""
    records, reader = read(build.pcap())
    assert records == []
    assert reader.damage is None


@pytest.mark.parametrize("modified", [False, True])
def test_cut_anywhere(modified: bool) -> None:
    """Every cut delivers the records before it, and says where unless between two records."""
    content = build.pcap(RECORDS, modified=modified)
    whole, _ = read(content)
    head = 24 if modified else 16
    ends = [r.offset + head + len(r.data) for r in whole]
    for end in range(24, len(content)):
        records, reader = read(content[:end])
        complete = sum(e <= end for e in ends)
        assert records == whole[:complete]
        start = whole[complete].offset
        present = end - start
        if present == 0:
            assert reader.damage is None
            continue
        expected = f"{present} of {head} header bytes present"
        if present >= head:
            expected = f"{present - head} of {40 + complete} bytes present"
        assert reader.damage is not None
        assert reader.damage.reason == f"cut in record {complete + 1}: {expected}"
        assert reader.damage.offset == start


def test_cut_compression() -> None:
    """A cut inside the compression says so, whether or not it falls between records."""
    content = build.pcap(RECORDS)
    for end, reason in [(24, "gzip data is cut"), (90, "2: 10 of 16 header bytes present (gz")]:
        packed = build.compress("gzip", content[:end])[:-1]
        _, reader = read(packed)
        assert reader.damage is not None
        assert reason in reader.damage.reason


def test_corrupt_length() -> None:
    """A record longer than any packet can be ends the reading there, keeping what came before."""
    content = build.pcap(RECORDS[:2])
    for length in (262145, 0x7FFF_FFFF, 0xFFFF_FFFF):
        bad = struct.pack("<IIII", 1, 2, length, length) + bytes(1000)
        records, reader = read(content + bad + content)
        assert len(records) == 2
        assert reader.damage is not None
        assert reader.damage.offset == len(content)
        assert reader.damage.reason == f"record 3 claims {length} bytes, more than 262144"


@pytest.mark.parametrize(("link_type", "limit"), [(1, 262144), (249, 128 << 20), (279, 32 << 20)])
def test_longest_packet(link_type: int, limit: int) -> None:
    """A few link types have larger packets."""
    assert max_snaplen(link_type) == limit
    data = bytes(min(limit, 1 << 20))
    (record,), reader = read(build.pcap([(0, data)], link_type=link_type))
    assert record.data == data
    assert reader.damage is None


def test_beyond_snaplen() -> None:
    """Packets beyond the file's own snaplen are common and kept whole."""
    (record,), _ = read(build.pcap([(0, bytes(100))], snaplen=10))
    assert len(record.data) == 100


def test_time_range() -> None:
    """Seconds are unsigned; a fraction beyond one second counts as it stands."""
    content = build.pcap_header() + struct.pack("<IIII", 0xFFFF_FFFF, 0xFFFF_FFFF, 0, 0)
    (record,), _ = read(content)
    assert record.time == 0xFFFF_FFFF * 10**9 + 0xFFFF_FFFF * 1000


def test_growing_capture() -> None:
    """Iteration goes record by record: next() works, and records counts along."""
    reader = open_capture("-", build.Trickle(build.pcap(RECORDS)))  # type: ignore[arg-type]
    assert next(reader).frame == 1
    assert reader.records == 1
    assert [r.frame for r in reader] == [2, 3, 4]
    assert list(reader) == []


@settings(max_examples=150)
@given(
    flips=st.lists(st.tuples(st.integers(0, 247), st.integers(1, 255)), min_size=1, max_size=6),
    variant=st.sampled_from(VARIANTS),
)
def test_flipped_bytes(flips: list[tuple[int, int]], variant: dict[str, object]) -> None:
    """Whatever the bytes, only InputError comes out, and dripping changes nothing."""
    content = bytearray(build.pcap(RECORDS, **variant))  # type: ignore[arg-type]
    for at, value in flips:
        content[at] ^= value
    results = []
    for stream in (io.BytesIO(content), build.Trickle(bytes(content))):
        try:
            reader = open_capture("x", stream)  # type: ignore[arg-type]
        except InputError as error:
            results.append(str(error))
        else:
            results.append((list(reader), reader.damage, reader.interfaces))
    assert results[0] == results[1]


@settings(max_examples=100)
@given(st.binary(max_size=300), st.sampled_from(VARIANTS))
def test_random_records(noise: bytes, variant: dict[str, object]) -> None:
    """Noise behind a good header is read to some end without an exception."""
    content = build.pcap(**variant) + noise  # type: ignore[arg-type]
    records, _ = read(content)
    assert sum(len(r.data) for r in records) <= len(noise)
