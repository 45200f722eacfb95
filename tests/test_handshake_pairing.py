"""Pairing against an obvious matcher of brackets, and the cases that matter by name."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synack.handshake.pairing import common, meant, once, pair, ranked, repeated


def paired(events: str) -> str:
    """Pair ``events`` in order of time: ``(`` departs, ``)`` arrives; say who got whom."""
    arrival = np.array([e == ")" for e in events])
    size = len(events)
    partner = pair(np.zeros(size, np.int64), arrival, np.arange(size, dtype=np.int64))
    return " ".join("." if p < 0 else str(p) for p in partner.tolist())


@pytest.mark.parametrize(
    ("events", "partners", "shows"),
    [
        ("", "", "nothing"),
        ("(", ".", "sent and gone"),
        (")", ".", "arrived, its departure unseen"),
        ("()", "1 0", "delivered"),
        (")(", "1 0", "as many as were sent: the k-th with the k-th, whatever the clock says"),
        ("()()", "1 0 3 2", "two, one after the other"),
        ("(())", "2 3 0 1", "two in flight: first out, first in"),
        ("(()", ". 2 1", "one of two: the later one, which an earlier arrival could not be"),
        ("()(", "1 0 .", "one of two: the earlier one, for the later had not left yet"),
        ("((()", ". . 3 2", "one arrival never hides two losses"),
        ("()(()", "1 0 . 4 3", "two of three"),
        (")((", "1 0 .", "only later departures are left: the first of them"),
        ("())", "1 0 .", "arrived twice, sent once: the network doubles, or a departure is unseen"),
    ],
)  # fmt: skip
def test_one_leg(events: str, partners: str, shows: str) -> None:
    """See ``shows``."""
    assert paired(events) == partners, shows


def test_at_one_moment() -> None:
    """A departure and an arrival with the same time: it left before it arrived."""
    arrival = np.array([True, False, False])
    time = np.array([5, 5, 0])
    assert pair(np.zeros(3, np.int64), arrival, time).tolist() == [1, 0, -1]


ROWS = st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 12)), max_size=24)


@settings(max_examples=1500)
@given(ROWS)
def test_brackets(rows: list[tuple[int, bool, int]]) -> None:
    """The same pairs as the naive matcher, many groups at once, in any order of rows."""
    group = np.array([r[0] for r in rows], np.int64)
    arrival = np.array([r[1] for r in rows], bool)
    time = np.array([r[2] for r in rows], np.int64)
    assert pair(group, arrival, time).tolist() == naive.pairs(rows)


@settings(max_examples=300)
@given(ROWS)
def test_multiset(rows: list[tuple[int, bool, int]]) -> None:
    """A pair is one departure and one arrival of one group, each used once, and as many
    pairs as the rarer of the two allows."""
    group = np.array([r[0] for r in rows], np.int64)
    arrival = np.array([r[1] for r in rows], bool)
    partner = pair(group, arrival, np.array([r[2] for r in rows], np.int64))
    for row, other in enumerate(partner.tolist()):
        if other >= 0:
            assert partner[other] == row
            assert group[row] == group[other]
            assert arrival[row] != arrival[other]
    for name in set(group.tolist()):
        here = group == name
        wanted = min((here & arrival).sum(), (here & ~arrival).sum())
        assert (partner[here & arrival] >= 0).sum() == wanted


@given(ROWS)
def test_the_only_ones_need_no_time(rows: list[tuple[int, bool, int]]) -> None:
    """What is paired without looking at times, and the rest with, is what all is with."""
    group = np.array([r[0] for r in rows], np.int64)
    arrival = np.array([r[1] for r in rows], bool)
    time = np.array([r[2] for r in rows], np.int64)
    out, back, others = once(group, arrival)
    partner = np.full(len(rows), -1)
    partner[out], partner[back] = back, out
    found = pair(group[others], arrival[others], time[others])
    partner[others] = np.where(found >= 0, others[found] if len(others) else -1, -1)
    assert partner.tolist() == pair(group, arrival, time).tolist()
    assert (np.diff(group[out]) > 0).all()


X, Y, S = 1, 2, 7


@pytest.mark.parametrize(
    ("shows", "rows", "expected"),
    [
        ("a repetition went to another MAC", [(0, X, S), (0, Y, S), (1, Y, S)], [X, Y, Y]),
        ("one departure: the network may rewrite it", [(0, X, S), (1, Y, S)], [-1, -1]),
        ("a router between rewrites both", [(0, X, S), (0, X, S), (1, Y, 8)], [-1, -1, -1]),
        ("one end records no MACs", [(0, X, S), (0, X, S), (1, -1, -1)], [-1, -1, -1]),
    ],
)
def test_the_mac_tells_repetitions_apart(shows, rows, expected) -> None:
    """``rows``: whether it is an arrival, target MAC, source MAC; of one leg of an attempt."""
    arrival, target, source = np.array(rows, np.int64).T
    cell = np.zeros(len(rows), np.int64)
    assert meant(target, source, cell, arrival == 1).tolist() == expected, shows


@pytest.mark.parametrize(
    ("shows", "rows", "expected"),
    [
        ("both ends have all", [(0, 5), (0, 6), (1, 5)], [5, 6, 5]),
        ("one end has none", [(0, 5), (0, 6), (1, -1)], [-1, -1, -1]),
        ("both have some", [(0, 5), (0, -1), (1, 5)], [5, -1, 5]),
        ("nothing arrived", [(0, 5), (0, 6)], [5, 6]),
        ("nothing arrived, and one is not known", [(0, 5), (0, -1)], [-1, -1]),
    ],
)
def test_what_one_end_lacks_tells_nothing_apart(shows, rows, expected) -> None:
    """``rows``: whether it is an arrival, and its value; beside a cell that has all."""
    arrival, values = np.array([*rows, (0, 9)], np.int64).T
    cell = np.array([1] * len(rows) + [0], np.int64)
    assert common(values, cell, arrival == 1).tolist() == [*expected, 9], shows


def test_repeated() -> None:
    cell = np.array([0, 1, 1, 2, 2, 4], np.int64)
    assert repeated(cell, np.array([0, 1, 2, 3])).tolist() == [False, True, False, False, False]
    assert repeated(cell[:0], np.empty(0, np.int64)).tolist() == []


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-3, 3))))
def test_ranked(rows: list[tuple[int, int]]) -> None:
    """By value within the group; of equal ones in order."""
    group, value = (np.array([row[n] for row in rows], np.int64) for n in (0, 1))
    expected = [
        sorted((v, at) for at, (g, v) in enumerate(rows) if g == mine).index((own, place))
        for place, (mine, own) in enumerate(rows)
    ]
    assert ranked(group, value).tolist() == expected
