"""Clock offsets from packets that two hosts recorded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synack.handshake.clock import ASSUMED_AGREEMENT_NS, Clock, doubts, estimate, offsets

SECOND, MS = 10**9, 10**6
EPOCH = 1_700_000_000 * SECOND

Packet = tuple[int, int, int, int]
"""Sender, receiver, true time of departure, delay."""


def clocks(
    hosts: int, true: list[int], packets: list[Packet], known: dict[int, int] | None = None
) -> list[Clock]:
    """The estimate from ``packets`` between hosts whose clocks are off by ``true``."""
    column = [np.array(values, np.int64) for values in zip(*packets, strict=True)] or [
        np.empty(0, np.int64)
    ] * 4
    offset = np.array(true, np.int64)
    departure = column[2] + offset[column[0]]
    arrival = column[2] + column[3] + offset[column[1]]
    return estimate(hosts, column[0], column[1], departure, arrival, known or {})


def test_both_directions() -> None:
    """The offset is the middle of the two tightest bounds, and half their distance the doubt."""
    packets = [
        (0, 1, EPOCH, 3 * MS), (0, 1, EPOCH, 1 * MS), (1, 0, EPOCH, 2 * MS), (1, 0, EPOCH, 5 * MS),
    ]  # fmt: skip
    found = clocks(2, [0, 3600 * SECOND], packets)
    assert found[0] == Clock(0, 0, 0, 0, "accurate")
    assert found[1] == Clock(1, 0, 3600 * SECOND - MS // 2, 3 * MS // 2, "accurate")


def test_one_direction() -> None:
    """Only a bound: the shortest delay is counted in, and at least 50 ms of doubt."""
    found = clocks(2, [0, SECOND], [(0, 1, EPOCH, 20 * MS), (0, 1, EPOCH, 30 * MS)])[1]
    assert (found.offset, found.uncertainty, found.grade) == (
        SECOND + 20 * MS, 50 * MS, "one-sided",
    )  # fmt: skip
    found = clocks(2, [0, SECOND], [(1, 0, EPOCH, 20 * MS), (1, 0, EPOCH, 30 * MS)])[1]
    assert (found.offset, found.grade) == (SECOND - 20 * MS, "one-sided")
    found = clocks(2, [0, SECOND], [(0, 1, EPOCH, 20 * MS), (0, 1, EPOCH, 3020 * MS)])[1]
    assert found.uncertainty == 3 * SECOND


def test_no_packet() -> None:
    """Nothing in common: taken to agree, and said so."""
    found = clocks(2, [0, SECOND], [])
    assert found[1] == Clock(1, 0, 0, ASSUMED_AGREEMENT_NS, "absent")
    assert clocks(0, [], []) == []


def test_a_clock_that_was_set() -> None:
    """Bounds that exclude each other are no estimate: the doubt covers all of them."""
    packets = [(0, 1, EPOCH, MS), (1, 0, EPOCH, MS), (0, 1, EPOCH + SECOND, MS - 2 * SECOND)]
    found = clocks(2, [0, 0], packets)[1]
    assert found.grade == "inconsistent"
    for bound in (MS, -MS, MS - 2 * SECOND):
        assert abs(found.offset - bound) <= found.uncertainty


@pytest.mark.parametrize(
    ("known", "offset"),
    [({0: 0, 1: 7 * SECOND}, 7 * SECOND), ({0: 5 * SECOND, 1: 7 * SECOND}, 2 * SECOND),
     ({1: 7 * SECOND}, 7 * SECOND)],
)  # fmt: skip
def test_known(known: dict[int, int], offset: int) -> None:
    """What the user is sure of stands, whatever the packets say."""
    found = clocks(2, [0, SECOND], [(0, 1, EPOCH, MS), (1, 0, EPOCH, MS)], known)
    assert found[1] == Clock(1, 0, offset, 0, "approximate")


def test_three_hosts() -> None:
    """Over the best edges: the one that two hosts share worse packets on is not used."""
    packets = [
        (0, 1, EPOCH, MS), (1, 0, EPOCH, MS),
        (1, 2, EPOCH, MS), (2, 1, EPOCH, MS),
        (0, 2, EPOCH, 40 * MS), (2, 0, EPOCH, 400 * MS),
    ]  # fmt: skip
    found = clocks(3, [0, SECOND, -SECOND], packets)
    assert [c.offset for c in found] == [0, SECOND, -SECOND]
    assert [c.uncertainty for c in found] == [0, MS, 2 * MS]
    assert [c.grade for c in found] == ["accurate", "accurate", "approximate"]


def test_reference_is_in_the_middle() -> None:
    """The host that shares packets with most others, the first of equals."""
    packets = [(2, n, EPOCH, MS) for n in (0, 1, 3)] + [(n, 2, EPOCH, MS) for n in (0, 1, 3)]
    found = clocks(4, [1, 2, 3, 4], packets)
    assert [c.reference for c in found] == [2, 2, 2, 2]
    assert [c.offset for c in found] == [-2, -1, 0, 1]


def test_two_groups() -> None:
    """Hosts 2 and 3 share packets with each other and with nobody else: how they stand to
    the rest is assumed, how they stand to each other is known."""
    packets = [(a, b, EPOCH, MS) for a, b in ((0, 1), (1, 0), (2, 3), (3, 2))]
    found = clocks(4, [0, SECOND, 5 * SECOND, 3605 * SECOND], packets)
    assert found[1] == Clock(1, 0, SECOND, MS, "accurate")
    assert found[2] == Clock(2, 0, 0, ASSUMED_AGREEMENT_NS, "absent")
    assert found[3] == Clock(3, 2, 3600 * SECOND, MS, "accurate")
    assert doubts(found).tolist() == [
        [0, MS, ASSUMED_AGREEMENT_NS, MS + ASSUMED_AGREEMENT_NS],
        [MS, 0, MS + ASSUMED_AGREEMENT_NS, 2 * MS + ASSUMED_AGREEMENT_NS],
        [ASSUMED_AGREEMENT_NS, MS + ASSUMED_AGREEMENT_NS, 0, MS],
        [MS + ASSUMED_AGREEMENT_NS, 2 * MS + ASSUMED_AGREEMENT_NS, MS, 0],
    ]


def test_offsets() -> None:
    """As arrays, in order of the hosts."""
    offset, uncertainty = offsets([Clock(0, 0, 0, 0, "accurate"), Clock(1, 0, -5, 3, "accurate")])
    assert offset.tolist() == [0, -5]
    assert uncertainty.tolist() == [0, 3]


DELAY = st.integers(1, 300 * MS)
PACKETS = st.lists(
    st.tuples(
        st.sampled_from([(a, b) for a in range(4) for b in range(4) if a != b]),
        st.integers(EPOCH, EPOCH + 600 * SECOND),
        DELAY,
    ).map(lambda p: (*p[0], p[1], p[2])),
    max_size=30,
)
OFFSETS = st.lists(st.integers(-3600 * SECOND, 3600 * SECOND), min_size=4, max_size=4)


@settings(max_examples=200, deadline=None)
@given(OFFSETS, PACKETS)
def test_bounds_hold_the_truth(true: list[int], packets: list[Packet]) -> None:
    """Steady clocks: an accurate offset is never off by more than it says, directly or over
    several hosts, and never called inconsistent."""
    found = clocks(4, true, packets)
    doubt = doubts(found)
    for one in found:
        assert one.grade != "inconsistent"
        # One-sided bounds are off by a delay that nobody knows.
        path = {one.host, one.reference}
        if {found[h].grade for h in path} <= {"accurate"}:
            off = one.offset - found[one.reference].offset
            assert abs(off - (true[one.host] - true[one.reference])) <= one.uncertainty
            assert doubt[one.host, one.reference] == one.uncertainty


@settings(max_examples=200, deadline=None)
@given(OFFSETS, PACKETS)
def test_setting_a_clock_only_shifts_its_offset(true: list[int], packets: list[Packet]) -> None:
    """Uncertainty and grade depend on the packets alone."""
    plain, shifted = clocks(4, [0] * 4, packets), clocks(4, true, packets)
    for a, b in zip(plain, shifted, strict=True):
        assert (a.uncertainty, a.grade, a.reference) == (b.uncertainty, b.grade, b.reference)
        if a.grade != "absent" and plain[a.reference].grade != "absent":
            assert b.offset - a.offset == true[a.host] - true[a.reference]
