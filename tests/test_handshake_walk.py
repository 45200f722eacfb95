"""The walk: compiled and interpreted alike, whatever the numbers and however many."""

from __future__ import annotations

import gc
import weakref
from types import ModuleType
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources import as_written, must_be_compiled

from synack.handshake import walk
from synack.handshake.states import TRANSITIONS, Event, State
from synack.handshake.walk import Walk
from synack.tables import NO_TIME, SEGMENTS, Table

plain = as_written(walk)
TABLE = bytes(TRANSITIONS[state].get(event, state) for state in State for event in Event)
COLUMNS = (
    "isn", "state", "seen", "first", "last", "syn_payload", "answer", "challenge", "row",
    "syn_row", "syn_ack_row", "several_macs", "connection", "from_high",
)  # fmt: skip


def test_compiled() -> None:
    """In CI the fast one is what is tested."""
    must_be_compiled(walk)


def test_words_are_those_of_the_tracker() -> None:
    """The numbers that are written into the loop."""
    names = {f"_E_{event.name}": event.value for event in Event if event}
    assert {name: getattr(plain, name) for name in names} == names
    assert len(Event) == plain._EVENTS


def segments(rows: list[tuple[int, ...]]) -> Table:
    """From (capture, kind, source, destination, seq, ack, payload, time, MAC); ends are
    (upper half, lower half, port)."""
    columns = {name: np.zeros(len(rows), dtype) for name, dtype in SEGMENTS.dtypes.items()}
    names = ("capture", "kind", "seq", "ack", "payload", "time", "src_mac")
    for at, (capture, kind, source, destination, *numbers) in enumerate(rows):
        for end, (high, low, port) in (("src", source), ("dst", destination)):
            columns[f"{end}_hi"][at] = high
            columns[f"{end}_lo"][at] = low
            columns[f"{end}_port"][at] = port
        for name, value in zip(names, (capture, kind, *numbers), strict=True):
            columns[name][at] = value
    return Table(SEGMENTS, columns)


def everything(module: ModuleType, table: Table) -> dict[str, list[object]]:
    """All that a walk shows."""
    return shown(module.Walk(TABLE, table))


def in_parts(module: ModuleType, table: Table, cut: int, room: int = 0) -> Walk:
    """The first ``cut`` rows walked apart from the others, and these added."""
    size = len(table)
    into = np.empty(size, np.int64), np.empty(size, np.uint8)
    first, second = ((into[0][part], into[1][part]) for part in (slice(cut), slice(cut, size)))
    made = module.Walk(TABLE, table, range(cut), room, first)
    made.append(module.Walk(TABLE, table, range(cut, size), into=second))
    made.attempt, made.event = into
    return cast(Walk, made)


def shown(made: Walk) -> dict[str, list[object]]:
    """All that it shows."""
    says = {name: made.column(name).tolist() for name in COLUMNS}
    says |= {"attempt": made.attempt.tolist(), "event": made.event.tolist()}
    return says | {"counts": made.counts().tolist(), "firsts": made.firsts().tolist()}


END = st.tuples(
    st.sampled_from([0, 1, 2**64 - 1]), st.sampled_from([7, 2**63]), st.sampled_from([0, 65535])
)
NUMBER = st.sampled_from([0, 1, 100, 101, 102, 900, 901, 2**31, 2**32 - 1])
SEGMENT = st.tuples(
    st.integers(0, 1), st.integers(1, 6), END, END, NUMBER, NUMBER,
    st.sampled_from([0, 0, 5, 2**31 - 1, -3]),
    st.sampled_from([NO_TIME, NO_TIME + 1, -5, 0, 1, 10**8, 10**8 + 1, 2**63 - 1]),
    st.sampled_from([-1, 1, 2, 2**48 - 1]),
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(SEGMENT, max_size=60))
def test_same_as_its_source(rows: list[tuple[int, ...]]) -> None:
    """Any segments at all: few ends, few numbers, so that everything meets."""
    table = segments(rows)
    assert everything(walk, table) == everything(plain, table)


BOTH = pytest.mark.parametrize("module", [walk, plain], ids=["installed", "source"])


@BOTH
@settings(max_examples=100)
@given(st.lists(SEGMENT, max_size=60), st.integers(0, 200))
def test_parts(module: ModuleType, rows: list[tuple[int, ...]], room: int) -> None:
    """The captures walked apart, and then one added to the other."""
    rows.sort(key=lambda row: row[0])
    table, cut = segments(rows), sum(row[0] == 0 for row in rows)
    assert shown(in_parts(module, table, cut, room)) == everything(module, table)


@BOTH
def test_more_attempts_than_likely(module: ModuleType) -> None:
    """Every row opens one, in both parts: room is made for them meanwhile."""
    size = 6_000
    rows = [(n // size, 1, (0, 10, n % size), (0, 5, 9092), n, 0, n, n, 1) for n in range(2 * size)]
    table = segments(rows)
    made = in_parts(module, table, size)
    assert made.attempt.tolist() == list(range(2 * size))
    assert made.column("isn").tolist() == list(range(2 * size))
    assert made.column("syn_payload").tolist() == list(range(2 * size))
    assert (made.counts()[:, Event.SYN] == 1).all()
    assert made.firsts()[:, Event.SYN].tolist() == list(range(2 * size))


def test_what_was_walked_leaves_no_cycle() -> None:
    """It is large: it must go when it is no longer needed, not when the collector comes."""
    size = 1_000
    table = segments(
        [(n // size, 1, (0, 10, n), (0, 5, 9092), n, 0, 0, n, 1) for n in range(2 * size)]
    )
    gc.collect()
    gc.disable()
    try:
        made = in_parts(walk, table, size)
        attempts = weakref.ref(made.attempt)
        del made
        assert attempts() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("ports", [1, 30_000])
def test_many(ports: int) -> None:
    """More rows than one block, more connections and reused ports than the first tables hold:
    each SYN is answered, in the same order, long after."""
    size = 70_000
    client = [(0, 10, 1000 + n % ports) for n in range(size)]
    server = (0, 5, 9092)
    calls = [(0, 1, client[n], server, n, 0, 0, n, 1) for n in range(size)]
    replies = [(0, 2, server, client[n], 7, n + 1, 0, size + n, 2) for n in range(size)]
    made = walk.Walk(TABLE, segments(calls + replies))
    assert made.attempt.tolist() == [*range(size), *range(size)]
    assert made.event.tolist() == [Event.SYN] * size + [Event.SYN_ACK] * size
    assert made.connections == ports
    assert (made.counts()[:, [Event.SYN, Event.SYN_ACK]] == 1).all()
    assert (made.column("row") == np.arange(size)).all()
    assert (made.column("syn_ack_row") == np.arange(size, 2 * size)).all()


def test_several_macs() -> None:
    """One end's frames from two MACs; what the other end uses does not matter."""
    a, b = (0, 1, 1), (0, 2, 2)
    for macs, expected in (((5, 5), 0), ((5, 6), 1), ((5, -1), 0)):
        rows = [(0, 1, a, b, 100, 0, 0, n, mac) for n, mac in enumerate(macs)]
        rows.append((0, 2, b, a, 900, 101, 0, 9, 99))
        made = walk.Walk(TABLE, segments(rows))
        assert made.column("several_macs").tolist() == [expected]


SYN = (0, 1, (0, 1, 1), (0, 2, 2), 100, 0, 0)


@pytest.mark.parametrize(
    ("second", "bits"),
    [
        ((*SYN, 10_005, 1), walk.TWIN | walk.ELSEWHERE),
        ((*SYN, 10_006, 1), walk.TWIN),
        ((*SYN, 100_000_005, 9), walk.TWIN | walk.ELSEWHERE),
        ((*SYN, 100_000_006, 1), 0),
        ((*SYN[:6], 1, 5, 1), 0),
        ((*SYN, NO_TIME, 1), 0),
        ((0, 1, (0, 2, 2), (0, 1, 1), 100, 0, 0, 5, 1), 0),
        ((1, *SYN[1:], 5, 1), 0),
    ],
    ids=[
        "at once",
        "soon",
        "just soon",
        "too late",
        "more data",
        "no time",
        "other way",
        "elsewhere",
    ],
)
def test_twins(second: tuple[int, ...], bits: int) -> None:
    """The same segment soon again is marked; a repetition is not."""
    made = walk.Walk(TABLE, segments([(*SYN, 5, 1), second]))
    assert made.event.tolist() == [Event.SYN, Event.SYN | bits]
    assert made.counts()[:, Event.SYN].sum() == 2
    assert made.counts()[:, Event.COPY].sum() == (bits > 0)
