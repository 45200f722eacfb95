"""What passed a tap: packets that an end and a capture between recorded, which bound the
tap's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synack.grouping import ids_of
from synack.handshake.pairing import common
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS, Event
from synack.tables import NO_TIME, Array

if TYPE_CHECKING:
    from synack.handshake.match import Matched

_FROM_CLIENT = np.isin(np.arange(len(Event)), CLIENT_LEGS)
_FROM_SERVER = np.isin(np.arange(len(Event)), SERVER_LEGS)


def passages(m: Matched, watching: Array) -> tuple[Array, Array]:
    """Rows of segments (earlier, later) that are one packet at two places: at its sender and
    at a tap (``watching``: captures, bool), or there and at its receiver.

    Wherever it was taken, a capture of neither end records a packet after the sender sent
    it, and a copy that a mirror port delays by no more than the packet itself takes from
    there on before the receiver gets it. Only where both have one of the kind, by attempt,
    leg, sequence number and TSval.
    """
    earlier, later = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    capture, attempt = m.sightings["capture"], m.identity
    place = np.arange(len(attempt))
    at_client, at_server = m.client[attempt] == place, m.server[attempt] == place
    for tap in np.flatnonzero(watching & (np.bincount(capture, minlength=len(watching)) > 0)):
        seen = np.zeros(m.attempts, bool)
        seen[attempt[capture == tap]] = True
        wanted = (capture == tap) | (seen[attempt] & (at_client | at_server))
        rows = np.flatnonzero((m.sighting >= 0) & np.append(wanted, False)[m.sighting])
        rows = rows[(m.segments["time"][rows] != NO_TIME)]
        leg, sighting = m.leg[rows], m.sighting[rows]
        here = capture[sighting] == tap
        sent = (_FROM_CLIENT[leg] & at_client[sighting]) | (_FROM_SERVER[leg] & at_server[sighting])
        landed = (_FROM_CLIENT[leg] & at_server[sighting]) | (
            _FROM_SERVER[leg] & at_client[sighting]
        )
        directed = _FROM_CLIENT[leg] | _FROM_SERVER[leg]
        for end, first, second in ((sent, earlier, later), (landed, later, earlier)):
            at_end, at_tap = _alike(m, rows[end], rows[here & directed])
            first.append(at_end)
            second.append(at_tap)
    return np.concatenate(earlier), np.concatenate(later)


def _alike(m: Matched, one: Array, other: Array) -> tuple[Array, Array]:
    """Pairs of rows, the only ones of their kind on both sides."""
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
