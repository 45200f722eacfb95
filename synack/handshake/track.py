"""The handshake tracker: one capture's segments to attempts, by a transition table.

Theory of operation. Segments are walked in the order in which they were captured. A SYN
with a new initial sequence number (ISN) opens an attempt, so port reuse separates itself
and a retransmitted SYN does not. A SYN-ACK belongs to the attempt whose ISN it
acknowledges; without one (the SYN was not captured) it opens an attempt of its own, whose
ISN is known all the same. Every other segment is first turned into an event of one
attempt by its numbers, and is nobody's when they fit none
(:mod:`~synack.handshake.walk`); the transition table of
:mod:`~synack.handshake.states` then says what the event means.

Simultaneous open (RFC 9293 figure 8) is two attempts, one a direction; the
SYN-ACK of each side is at once the answer to one and the ACK of the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synack.handshake.legs import Legs
from synack.handshake.states import TRANSITIONS, Event, State
from synack.handshake.walk import Walk
from synack.tables import IDENTITY, SIGHTINGS, SYN_ACK, Array, Table

_TABLE = bytes(TRANSITIONS[state].get(event, state) for state in State for event in Event)


_OF_ENDS = ("capture", *IDENTITY)


class Tracked(NamedTuple):
    """What :func:`track` makes of segments."""

    sightings: Table
    """The attempts as each capture saw them, in order of their first segment."""
    sighting: Array
    """For every segment the row of its sighting (int64, -1: part of no handshake)."""
    leg: Array
    """For every segment its :class:`Event` (uint8)."""
    legs: Legs


def track(segments: Table) -> Tracked:
    """Attempts as each capture saw them; its segments are rows in order of capture (its
    clock may be set back meanwhile), those of several captures in any order."""
    walk = Walk(_TABLE, room=int(np.count_nonzero(segments["kind"] <= SYN_ACK)))
    sighting, leg = walk.feed(segments)
    reverse = walk.column("from_high") == 1
    low_hi, low_lo, high_hi, high_lo, place = walk.ends()[walk.column("connection")].T
    columns = {name: walk.column(name) for name in SIGHTINGS.dtypes if name not in _OF_ENDS}
    columns["capture"] = place >> 32
    columns["client_isn"] = walk.column("isn")
    for part, low, high in (
        ("hi", low_hi, high_hi),
        ("lo", low_lo, high_lo),
        ("port", place >> 16 & 0xFFFF, place & 0xFFFF),
    ):
        columns[f"client_{part}"] = np.where(reverse, high, low)
        columns[f"server_{part}"] = np.where(reverse, low, high)
    legs = Legs(walk.counts(), walk.firsts())
    return Tracked(Table(SIGHTINGS, columns), sighting, leg, legs)
