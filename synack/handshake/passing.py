"""What passed a tap: packets that it and an end, or another tap, recorded, which bound its
clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synack.grouping import ids_of
from synack.handshake.pairing import common
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS, Event
from synack.tables import NO_TIME, Array

if TYPE_CHECKING:
    from synack.handshake.matched import Matched

_FROM_CLIENT = np.isin(np.arange(len(Event)), CLIENT_LEGS)
_FROM_SERVER = np.isin(np.arange(len(Event)), SERVER_LEGS)


def passages(m: Matched, watching: Array) -> tuple[Array, Array]:
    """Rows of segments (earlier, later) that are one packet at two places: at its sender and
    at a tap (``watching``: captures, bool), there and at its receiver, or at two taps.

    Wherever it was taken, a capture of neither end records a packet after the sender sent
    it, and before the receiver gets it, if a mirror port delays its copy by less than the
    rest of the way takes. Only where both have one of the kind, by attempt, leg, sequence
    number and TSval.
    """
    earlier, later = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    capture, attempt = m.sightings["capture"], m.identity
    place = np.arange(len(attempt))
    at_client, at_server = m.client[attempt] == place, m.server[attempt] == place
    taps = np.flatnonzero(watching & (np.bincount(capture, minlength=len(watching)) > 0)).tolist()
    for tap in taps:
        here = _rows(m, capture == tap)
        for mine, sent in ((at_client, _FROM_CLIENT), (at_server, _FROM_SERVER)):
            there = _rows(m, mine & _any_of(attempt, capture == tap))
            for end, first, second in (
                (there[sent[m.leg[there]]], earlier, later),
                (there[~sent[m.leg[there]]], later, earlier),
            ):
                at_end, at_tap = _alike(m, end, here)
                first.append(at_end)
                second.append(at_tap)
        for other in taps:
            if m.host_of_capture[other] > m.host_of_capture[tap]:
                one, two = _alike(m, here, _rows(m, capture == other))
                nearer = _nearer(m, one, two)
                if not nearer:
                    continue
                swapped = _FROM_CLIENT[m.leg[one]] != (nearer > 0)
                earlier.append(np.where(swapped, two, one))
                later.append(np.where(swapped, one, two))
    return np.concatenate(earlier), np.concatenate(later)


def _any_of(attempt: Array, marked: Array) -> Array:
    """Whether any sighting of the same attempt is marked."""
    seen = np.zeros(int(attempt.max(initial=-1)) + 1, bool)
    seen[attempt[marked]] = True
    return seen[attempt]


def _rows(m: Matched, wanted: Array) -> Array:
    """Timed rows of segments of the wanted sightings that travel one way or the other."""
    rows = np.flatnonzero(np.append(wanted, False)[m.sighting] & (m.sighting >= 0))
    directed = (_FROM_CLIENT | _FROM_SERVER)[m.leg[rows]]
    return rows[directed & (m.segments["time"][rows] != NO_TIME)]


def _nearer(m: Matched, one: Array, two: Array) -> int:
    """Positive if the first of two taps is nearer to the client, negative if the second is: by
    the clocks of the two, what comes from the client passes later at the farther one, compared
    with the answers. 0 where nothing tells, or they are at one place."""
    apart = m.segments["time"][two] - m.segments["time"][one]
    attempt = m.identity[m.sighting[one]]
    out, back = m.leg[one] == Event.SYN, m.leg[one] == Event.SYN_ACK
    _, i, j = np.intersect1d(attempt[out], attempt[back], return_indices=True)
    return int(np.sign(apart[out][i] - apart[back][j]).sum())


def _alike(m: Matched, one: Array, other: Array) -> tuple[Array, Array]:
    """Pairs of rows, the only ones of their kind on both sides."""
    if not len(one) or not len(other):
        return one[:0], other[:0]
    rows = np.concatenate([one, other])
    second = np.arange(len(rows)) >= len(one)
    cell = ids_of(m.identity[m.sighting[rows]], m.leg[rows])
    group = ids_of(cell, m.segments["seq"][rows], common(m.segments["tsval"][rows], cell, second))
    size = int(group.max(initial=-1)) + 1
    place = np.full((2, size), -1, np.int64)
    for side, mine in ((0, ~second), (1, second)):
        place[side, group[mine]] = rows[mine]
        place[side, np.bincount(group[mine], minlength=size) > 1] = -1
    both = (place >= 0).all(axis=0)
    return place[0, both], place[1, both]
