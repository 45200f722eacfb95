"""Counting in parts against counting in order: whatever a file holds and wherever it is cut,
the same result."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_capture_scan import (
    BUILT,
    FIXTURES,
    SEGMENT,
    A,
    B,
    C,
    S,
    Segment,
    capture_of,
    captures,
    columns,
    frames,
    long_pcap,
    packets,
    timed,
)
from test_reader import CORPUS, manifest
from test_uncompiled import plain

import build
from synack.capture import pcap, pcapng, scan
from synack.capture.ahead import Stretch
from synack.capture.parts import Part
from synack.capture.reader import CaptureReader, reader_over
from synack.capture.segments import Collector
from synack.capture.window import Window
from synack.errors import InputError

Result = dict[str, Any]


def window_over(content: bytes) -> Window:
    """A large plain file, however small it is."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(content)
    file.flush()
    window = Window("x", iter(()), None, len(content), stretch=Stretch(file.fileno(), 0))
    window._on_close.append(file.close)
    return window


def read(
    content: bytes,
    begins: list[int] | None = None,
    *,
    parts: int = 1,
    counts_only: bool = True,
    module: Any = scan,
) -> Result:
    """Everything that reading ``content`` says, in parts that begin at ``begins``, right or
    wrong, or where they are found."""
    scanner = module.Scanner(0, rows=16, slots=1024, counts_only=counts_only)
    collector = Collector(0, scanner=scanner, parts=parts, smallest=1)
    with window_over(content) as window:
        try:
            reader = reader_over(window)
        except InputError as error:
            return {"error": str(error)}
        if begins is not None:
            left = iter(sorted(begin for begin in begins if begin > window.offset))
            collector._split = len(begins) + 1, 1
            reader.find_record = lambda *_: next(left, None)  # type: ignore[method-assign]
        info = collector.read(0, reader)
    segments, claims = collector.tables()
    return {
        "segments": columns(segments),
        "claims": columns(claims),
        "tunnels": columns(collector.tunnels()),
        "info": vars(info) | {"counts": {k: n for k, n in info.counts.items() if n}},
        "records": (reader.records, reader.frames, reader.bad_records),
        "bad": reader.bad,
        "interfaces": [vars(interface) for interface in reader.interfaces],
        "offset": window.offset,
    }


def records_of(content: bytes) -> list[int]:
    """Where the records begin that can be read in order."""
    with window_over(content) as window:
        try:
            return [record.offset for record in reader_over(window)]
        except InputError:
            return []


def joined(content: bytes, begins: list[int]) -> int:
    """How many of these parts are taken; the result is that of reading in order."""
    taken = []
    original = Window.go_to
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Window, "go_to", lambda self, at: (taken.append(at), original(self, at)))
        assert read(content, begins) == read(content)
    return len(taken)


@pytest.mark.parametrize("name", BUILT)
def test_built(name: str) -> None:
    """Every link type, container variant and kind of block, cut where records begin and
    anywhere."""
    content = BUILT[name]
    rng = random.Random(name)
    offsets = records_of(content)
    for _ in range(3):
        begins = rng.sample(offsets, min(len(offsets), rng.choice([1, 1, 2, 5])))
        begins += rng.sample(range(30, len(content)), rng.choice([0, 0, 1]))
        joined(content, begins)


@pytest.mark.parametrize("name", BUILT)
def test_only_counting(name: str) -> None:
    """The same but for the rows."""
    kept, counted = read(BUILT[name], counts_only=False), read(BUILT[name])
    for table in ("segments", "claims", "tunnels"):
        assert not any(counted.pop(table).values())
        del kept[table]
    assert counted == kept


@pytest.mark.parametrize("name", ["pcap-ethernet", "nano-big", "version-2.2-little"])
def test_parts_are_taken(name: str) -> None:
    """Where all is well no part is read twice: else all of this compares nothing."""
    content = BUILT[name]
    offsets = records_of(content)
    assert joined(content, offsets[9:49:10]) == 4
    assert joined(content, [offset + 1 for offset in offsets[9:49:10]]) == 0


def test_parts_of_blocks_are_taken() -> None:
    content = BUILT["pcapng-ethernet"]
    assert joined(content, records_of(content)[9:49:10]) == 4


def test_each_file_of_the_corpus() -> None:
    """Damage of all kinds, cut at a few places."""
    rng = random.Random(1)
    for name in manifest():
        content = (CORPUS / name).read_bytes()
        offsets = records_of(content)
        if len(content) < 2_000_000 and len(offsets) > 1:
            begins = rng.sample(offsets, min(len(offsets), 3))
            assert read(content, begins) == read(content), (name, begins)


def test_recorded() -> None:
    """What real kernels did, cut where a record is found, in any number of parts."""
    for path in captures(FIXTURES):
        content = path.read_bytes()
        whole = read(content)
        for parts in (2, 3, 7):
            assert read(content, parts=parts) == whole


@settings(max_examples=100)
@given(
    st.lists(SEGMENT, max_size=60),
    st.sampled_from(["pcap", "pcapng"]),
    st.lists(st.integers(0, 59), max_size=4),
)
def test_interleaved(segments: list[Segment], container: str, cuts: list[int]) -> None:
    """Segments of any kind in any disorder, also uncompiled."""
    content = capture_of(segments, container)
    offsets = records_of(content)
    begins = sorted({offsets[cut] for cut in cuts if cut < len(offsets)})
    whole = read(content)
    assert read(content, begins) == whole
    assert read(content, begins, module=plain) == whole
    kept = read(content, counts_only=False)
    assert (kept["info"], kept["records"]) == (whole["info"], whole["records"])


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([*range(12), -5, 2**31, 2**32 - 1]), min_size=2, max_size=14),
    st.lists(st.integers(0, 13), max_size=4),
)
def test_times(seconds: list[int], cuts: list[int]) -> None:
    """First and last, the largest silence and the steps back, in any disorder."""
    syn = frames("ethernet")[0]
    content = build.pcap([((second % 2**32) * 10**9, syn) for second in seconds])
    offsets = records_of(content)
    begins = sorted({offsets[cut] for cut in cuts if cut < len(offsets)})
    assert read(content, begins) == read(content)


@settings(max_examples=200)
@given(
    st.sampled_from(sorted(BUILT)),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(1, 255)), max_size=12),
    st.integers(0, 1 << 16),
    st.lists(st.integers(0, 1 << 16), min_size=1, max_size=3),
    st.booleans(),
)
def test_bytes_flipped(
    name: str, flips: list[tuple[int, int]], length: int, cuts: list[int], whole: bool
) -> None:
    """Bytes changed and the end cut; parts begin at records and between them."""
    content = bytearray(BUILT[name][: 200 + length % 4000])
    for at, mask in flips:
        content[at % len(content)] ^= mask
    offsets = records_of(bytes(content)) if whole else []
    begins = [offsets[cut % len(offsets)] if offsets else cut % len(content) for cut in cuts]
    assert read(bytes(content), begins) == read(bytes(content))


@settings(max_examples=100)
@given(st.binary(max_size=600), st.lists(st.integers(24, 600), min_size=1, max_size=3))
def test_noise(noise: bytes, begins: list[int]) -> None:
    for head in (build.pcap([]), build.shb() + build.idb()):
        assert read(head + noise, begins) == read(head + noise)


@pytest.mark.parametrize("name", ["pcap-ethernet", "pcapng-ethernet"])
def test_nothing_is_read_behind_damage(name: str) -> None:
    """Whatever a part has found there."""
    content = bytearray(BUILT[name])
    offsets = records_of(content)
    content[offsets[5] + 4 : offsets[5] + 12] = b"\xff" * 8
    whole = read(bytes(content))
    assert whole["info"]["packets"] == 5
    assert whole["info"]["damage"] is not None
    for begins in ([offsets[9]], [offsets[9], offsets[12]], [offsets[3], offsets[9]]):
        assert read(bytes(content), begins) == whole


def test_rows_are_kept_in_order() -> None:
    """What is kept depends on all before: such reading is not split."""
    content = BUILT["pcap-ethernet"]
    begins = records_of(content)[9:49:10]
    whole = read(content, counts_only=False)
    assert whole["segments"]["frame"]
    assert read(content, begins, counts_only=False) == whole


def test_what_reading_a_part_raises_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """To whoever reads the file; the other parts are ended first."""
    content = BUILT["pcap-ethernet"]

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Part, "next", fail)
    with pytest.raises(MemoryError):
        read(content, records_of(content)[9:49:10])


def test_an_interface_added_in_the_middle() -> None:
    """Found by the part itself, or by whoever comes to where it began: both end it."""
    head, syn = build.shb() + build.idb(tsresol=9), frames("ethernet")
    blocks = [build.epb(n, data) for n, data in enumerate(syn[:20])]
    late = build.idb(tsresol=6) + build.epb(5, syn[0], interface=1)
    for place in (3, 15):
        content = head + b"".join(blocks[:place]) + late + b"".join(blocks[place:])
        begin = records_of(content)[9]
        assert joined(content, [begin]) == (place > 9)


# ---- where a record begins ---------------------------------------------------------------


def found(content: bytes, offset: int) -> int | None:
    reader: CaptureReader
    with reader_over(window_over(content)) as reader:
        return reader.find_record(content[offset : offset + (1 << 18)], offset)


@pytest.mark.parametrize(
    "name",
    ["pcap-ethernet", "micro-big", "nano-little", "micro-little-modified", "version-2.2-big",
     "pcap-sll", "pcapng-ethernet", "pcapng-raw"],
)  # fmt: skip
def test_a_record_is_found_from_anywhere(name: str) -> None:
    """The next one, by its headers and those behind it."""
    content = BUILT[name]
    offsets = records_of(content)
    places = range(offsets[3], offsets[20], 7)
    right = [found(content, at) == next(o for o in offsets if o >= at) for at in places]
    assert sum(right) > len(right) * 0.8


def test_no_record_is_found_in_zeros() -> None:
    for head in (build.pcap([]), build.shb() + build.idb()):
        content = head + bytes(100_000)
        assert found(content, 1000) is None
        assert found(content, len(content) - 3) is None


def test_guessing_takes_little_time() -> None:
    """Not even where every place looks like a record but none is followed by others."""
    lying = (b"\0\0\0\0" * 2 + b"\1\0\0\0" * 2) * 16_000
    found(build.pcap([]) + lying, 1000)
    found(build.shb() + build.idb() + b"\6\0\0\0" * 64_000, 1000)
    assert pcap._GUESSES * pcap._CHAIN < 100_000
    assert pcapng._GUESSES * pcapng._CHAIN < 100_000


def test_large_files_are_split(tmp_path: Path) -> None:
    """The real way, with the sizes that hold for everybody."""
    data = [build.ethernet(A, B, packet) for packet in packets(C, S)]
    records = timed(data * 24_000)
    content = long_pcap(records)
    assert len(content) > 16 << 20
    assert read(content, parts=2) == read(content)
