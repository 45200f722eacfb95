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

from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from synack.handshake.disorder import take_early_resets
from synack.handshake.legs import Legs
from synack.handshake.states import TRANSITIONS, Event, State
from synack.handshake.walk import COMPILED, ELSEWHERE, TWIN, Walk, attempts_likely
from synack.tables import SIGHTINGS, Array, Table
from synack.together import LONG, processors, together

_TABLE = bytes(TRANSITIONS[state].get(event, state) for state in State for event in Event)


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
    walk, attempt, event = _walked(segments)
    columns = {name: walk.column(name) for name in SIGHTINGS.dtypes if name != "client_isn"}
    columns["client_isn"] = walk.column("isn")
    legs = Legs(walk.counts(), walk.firsts())
    leg = _without_copies(columns["capture"], attempt, event, legs.counts)
    sightings = Table(SIGHTINGS, columns)
    take_early_resets(segments, sightings, attempt, leg, legs)
    return Tracked(sightings, attempt, leg, legs)


def _walked(segments: Table) -> tuple[Walk, Array, Array]:
    """A walk over all rows, with the attempt and the event of each: over those of each capture
    side by side, if there are many, and those of each capture are in one piece."""
    into = np.empty(len(segments), np.int64), np.empty(len(segments), np.uint8)
    if not COMPILED or processors() < 2 or len(segments) < LONG:
        return Walk(_TABLE, segments, into=into), *into
    capture = segments["capture"]
    begins = np.flatnonzero(capture[1:] != capture[:-1]) + 1
    bounds = [0, *begins.tolist(), len(segments)]
    captures = capture[bounds[:-1]].tolist()
    if len(set(captures)) < max(len(captures), 2):
        return Walk(_TABLE, segments, into=into), *into
    room = attempts_likely(segments, range(len(segments)))
    # The first has room for the attempts of all.
    first, *others = together(
        len(segments),
        *(
            partial(
                Walk, _TABLE, segments, range(begin, end), 0 if begin else room,
                (into[0][begin:end], into[1][begin:end]),
            )
            for begin, end in pairwise(bounds)
        ),
    )  # fmt: skip
    for walk in others:
        first.append(walk)
    return first, *into


_ALWAYS_KEPT = (Event.SYN, Event.SYN_ACK, Event.RST_SERVER, Event.RST_CLIENT)
"""Of the others the scan keeps the first alone, so that their copies are not there."""


def _without_copies(capture: Array, sighting: Array, event: Array, counts: Array) -> Array:
    """The leg of each row; a packet that is in a capture twice counts once.

    Two equal segments at nearly one time are one packet when they were recorded at two
    places or at the same moment, or when the capture has every packet of the attempt, or of
    most attempts, twice (a mirror port). Otherwise they may be two transmissions: a server
    answers a repeated SYN at the moment when its own timer repeats the SYN-ACK. ``capture`` is
    that of each sighting; ``counts`` are put right.
    """
    leg = event & ~np.uint8(TWIN | ELSEWHERE)
    twins = np.flatnonzero(event & TWIN)
    if not len(twins):
        return leg
    kept = twins[np.isin(leg[twins], _ALWAYS_KEPT)]
    again = np.bincount(sighting[kept], minlength=len(counts))
    packets = sum(counts[:, leg] for leg in _ALWAYS_KEPT) - again  # stored leg by leg
    several = packets > 1
    doubled = several & (again >= packets)
    captures = int(capture.max()) + 1
    all_of = np.bincount(capture[several], minlength=captures)
    mirrored = np.bincount(capture[doubled], minlength=captures) > _MOST * all_of
    sure = (doubled | mirrored[capture])[sighting[twins]]
    copies = twins[(event[twins] & ELSEWHERE > 0) | sure]
    np.subtract.at(counts, (sighting[copies], leg[copies]), 1)
    counts[:, Event.COPY] = np.bincount(sighting[copies], minlength=len(counts))
    leg[copies] = Event.COPY
    return leg


_MOST = 0.5
