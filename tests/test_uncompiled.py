"""The scan's one source, run as it is: without a compiler the same, only slower.

scan.py is loaded from source beside the compiled module, and both read the same captures and
walk the same buffers.
"""

from __future__ import annotations

import random
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources import as_written, must_be_compiled
from test_capture_scan import BUILT, FIXTURES, Result, captures, columns, frames, lies, read, timed

import build
from synack import uncompiled
from synack.capture import scan
from synack.tables import NO_TIME

plain = as_written(scan)
compiled = pytest.mark.skipif(not scan.COMPILED, reason="nothing compiled to compare with")


def test_compiled() -> None:
    """In CI the fast one is what is tested."""
    must_be_compiled(scan)


def test_without_cython(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without Cython imports the source by itself."""
    monkeypatch.setitem(sys.modules, "cython", None)
    alone = as_written(scan)
    assert alone.cython is uncompiled
    assert not alone.COMPILED
    content = BUILT["pcap-ethernet"]
    assert both(content, alone, rows=64, slots=1024)[0]["info"]["packets"] > 40


def both(content: bytes, module: Any = plain, **size: int) -> tuple[Result, Result]:
    one, other = (read(content, scanner=m.Scanner(0, **size)) for m in (module, scan))
    assert one == other
    return one, other


@compiled
@pytest.mark.parametrize("name", BUILT)
def test_captures(name: str) -> None:
    """Every built capture, with much room and with little."""
    both(BUILT[name], rows=64, slots=1024)
    both(BUILT[name], rows=2, slots=8)


@compiled
def test_fixtures() -> None:
    """Recorded captures; the full size of tables once."""
    small, large = sorted(captures(FIXTURES), key=lambda path: path.stat().st_size)[:2]
    both(small.read_bytes())
    both(large.read_bytes(), rows=16, slots=64)


@compiled
@pytest.mark.parametrize("link", ["ethernet", "sll2"])
def test_lies(link: str) -> None:
    """Header bytes at every extreme."""
    rng = random.Random(link)
    lying = [lie for frame in frames(link) for lie in lies(frame)]
    records = timed(rng.sample(lying, 3000))
    parts = [build.pcap([record])[24:] for record in records]
    both(build.pcap_header(link_type=276 if link == "sll2" else 1) + b"".join(parts), slots=1024)


COUNTS = (
    "rows", "claim_rows", "stopped", "frames", "packets", "tcp", "syn", "syn_ack", "rst", "arp",
    "first", "last", "previous", "gap_from", "largest_gap", "backwards", "backwards_by",
)  # fmt: skip


def walk(module: Any, data: bytes, begin: int, describe: dict[str, int]) -> list[Any]:
    """All that a scanner shows after one walk, whatever nonsense it was told."""
    scanner = module.Scanner(3, rows=8, slots=16)
    scanner.begin(5)
    for local in range(2):
        scanner.link_types[local] = describe["link"]
        scanner.limits[local] = describe["limit"]
        scanner.ticks[local] = describe["tick"]
        scanner.shifts[local] = describe["shift"]
    if describe["blocks"]:
        scanner.pcapng(bool(describe["big"]), 7, 2)
    else:
        scanner.pcap(bool(describe["big"]), describe["header"], 1000, describe["swap"])
    stopped_at = scanner.walk(data, begin, len(data))
    counts = [getattr(scanner, name) for name in COUNTS]
    return [stopped_at, *counts, *map(columns, scanner.take())]


DESCRIBE = st.fixed_dictionaries({
    "link": st.sampled_from([0, 1, 12, 101, 108, 113, 228, 276, 105]),
    "limit": st.sampled_from([262144, 128 << 20]),
    "tick": st.sampled_from([0, 1, 1000, 10**9]),
    "shift": st.sampled_from([0, 10**9, -(2**60)]),
    "blocks": st.integers(0, 1),
    "big": st.integers(0, 1),
    "header": st.sampled_from([16, 24]),
    "swap": st.integers(0, 2),
})  # fmt: skip


@compiled
@settings(max_examples=300)
@given(
    st.sampled_from(sorted(BUILT)),
    st.integers(0, 1 << 12),
    st.lists(st.tuples(st.integers(0, 1 << 12), st.integers(0, 255)), max_size=8),
    DESCRIBE,
)
def test_walks(
    name: str, begin: int, changes: list[tuple[int, int]], describe: dict[str, int]
) -> None:
    """Both stop at the same byte for the same reason, even told a wrong description."""
    data = bytearray(BUILT[name][: begin + 3000])
    for at, value in changes:
        data[at % len(data)] = value
    begin %= len(data)
    one, other = (walk(module, bytes(data), begin, describe) for module in (plain, scan))
    assert one == other


@compiled
@settings(max_examples=200)
@given(st.binary(max_size=400), DESCRIBE)
def test_noise(data: bytes, describe: dict[str, int]) -> None:
    """Bytes of no sense at all."""
    one, other = (walk(module, data, 0, describe) for module in (plain, scan))
    assert one == other


TIMES = st.integers(-(2**63), 2**63 - 1)


@compiled
@given(st.lists(TIMES, max_size=8))
def test_times(times: list[int]) -> None:
    """Any times in any order: no difference overflows."""
    shown = []
    for module in (plain, scan):
        scanner = module.Scanner(0, rows=1, slots=8)
        for time in times:
            scanner.note_time(time)
        shown.append([getattr(scanner, name) for name in COUNTS])
    assert shown[0] == shown[1]
    known = [time for time in times if time != NO_TIME]
    assert shown[0][COUNTS.index("first")] == min(known, default=NO_TIME)
    assert shown[0][COUNTS.index("last")] == max(known, default=NO_TIME)


ADDRESS = st.sampled_from([0, 1, 0xFFFF_0A00_0001, 0xFFFF_0A00_0002, 1 << 63, (1 << 64) - 1])
PORT = st.sampled_from([0, 1, 9092, 65535])


@compiled
@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), ADDRESS, ADDRESS, PORT, ADDRESS, ADDRESS, PORT), max_size=80
    ),
    st.sampled_from([2, 8, 256]),
)
def test_pending(asked: list[tuple[int, ...]], slots: int) -> None:
    """The table of connections wants the same segments, also while it forgets."""
    tables = [module.Pending(slots) for module in (plain, scan)]
    for question in asked:
        one, other = (bool(table.wants(*question)) for table in tables)
        assert one == other
