"""Counts and first times per leg."""

from __future__ import annotations

import pytest
from traces import ns, read

from synack.handshake.legs import Legs
from synack.handshake.states import Event
from synack.handshake.track import track
from synack.tables import SEGMENTS, Table

TRACE = """
    0.000 client > server S 100
    1.000 client > server S 100
    1.002 server > client SA 900/101
    1.003 client > server A 101/901
    2.000 second > server S 300
"""


def legs(trace: str) -> Legs:
    return track(read(trace).segments).legs


def test_counts_and_first() -> None:
    """How many of each leg, and when the first one came."""
    found = legs(TRACE)
    assert found.counts[:, Event.SYN].tolist() == [2, 1]
    assert found.counts[:, Event.SYN_ACK].tolist() == [1, 0]
    assert found.counts.sum() == 5
    assert found.first[:, Event.SYN].tolist() == [ns(0), ns(2)]


@pytest.mark.parametrize(
    ("earlier", "later", "gaps"),
    [
        (Event.SYN, [Event.SYN_ACK], [1_002_000_000, -1]),
        (Event.SYN_ACK, [Event.ACK], [1_000_000, -1]),
        (Event.SYN, [Event.RST_SERVER, Event.SYN_ACK], [1_002_000_000, -1]),
        (Event.SYN, [Event.RST_SERVER], [-1, -1]),
        (Event.ACK, [Event.SYN], [-1, -1]),
    ],
    ids=["from the first SYN", "to the ACK", "to the first of several", "missing", "backwards"],
)
def test_gap(earlier: Event, later: list[Event], gaps: list[int]) -> None:
    """Between first ones; -1 where there is none or it would be negative."""
    assert legs(TRACE).gap(earlier, *later).tolist() == gaps


def test_first_is_by_time() -> None:
    """Rows may be out of order: the first is the earliest."""
    found = legs("1.0 client > server S 100\n0.5 client > server S 100")
    assert found.first[0, Event.SYN] == ns(0.5)


def test_rows_of_no_attempt_do_not_count() -> None:
    """What the tracker gave to nobody is in no leg."""
    assert legs(TRACE + "\n3.0 second > server A 7/7").counts.sum() == 5


def test_empty() -> None:
    """No sightings."""
    none = track(Table.empty(SEGMENTS)).legs
    assert none.counts.shape == (0, len(Event))
    assert none.gap(Event.SYN, Event.SYN_ACK).tolist() == []


@pytest.mark.parametrize(
    ("events", "has"),
    [
        ([Event.SYN], [True, True]),
        ([Event.ACK], [True, False]),
        ([Event.PROGRESS, Event.SYN_ACK], [True, False]),
        ([Event.RST_SERVER, Event.PROGRESS], [False, False]),
    ],
)
def test_has(events: list[Event], has: list[bool]) -> None:
    assert legs(TRACE).has(*events).tolist() == has
