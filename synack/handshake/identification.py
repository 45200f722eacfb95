"""Identifications of IPv4 tell repetitions apart where timestamps do not.

A sender numbers its packets, and what it repeats gets a number of its own (RFC 6864; Linux
counts on per connection, and gives a SYN-ACK none): what two captures have under one number
is one packet. Not if something on the way numbers anew (``random-id`` of pf), nor of a sender
that numbers all alike, as scanners do. An attempt is never known by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synack.grouping import ids_of
from synack.handshake.matched import SENDER
from synack.handshake.states import Event
from synack.handshake.vantage import CLIENT
from synack.tables import Array

if TYPE_CHECKING:
    from synack.handshake.matched import Matched


def identified(m: Matched, rows: Array, attempt: Array, arrival: Array) -> Array:
    """The identification of each of ``rows`` of segments at the ends of attempts that lack
    timestamps, 0 where it tells nothing (uint16). ``arrival``: whether it is one (bool)."""
    numbers, result = m.segments["ip_id"][rows], np.zeros(len(rows), np.uint16)
    cell = attempt * len(Event) + m.leg[rows]
    bare = np.zeros(m.attempts * len(Event), bool)
    bare[cell[m.segments["tsval"][rows] < 0]] = True
    mine = np.flatnonzero(bare[cell] & (numbers != 0))
    if not len(mine):
        return result
    by_client = SENDER[m.leg[rows[mine]]] == CLIENT
    ends = m.client_host[attempt[mine]], m.server_host[attempt[mine]]
    way = ids_of(np.where(by_client, *ends), np.where(by_client, *ends[::-1]))
    mine = mine[telling(way, ids_of(cell[mine]), numbers[mine], arrival[mine])]
    result[mine] = numbers[mine]
    return result


def telling(way: Array, cell: Array, number: Array, arrival: Array) -> Array:
    """Whether each ``number`` tells its packet from others of the ``cell`` (leg of an attempt) that
    took the same ``way`` (bool). On most legs that have some at both ends one of them must be
    at both; the sender must have used several, and none twice in the cell."""
    size, packet = int(cell.max(initial=-1)) + 1, ids_of(cell, number)
    seen = [np.bincount(packet[arrival == side], minlength=len(packet)) for side in (0, 1)]
    common = (seen[0] > 0) & (seen[1] > 0)
    repeated = (seen[0] > 1) | (seen[1] > 1)
    sharing, alike = (
        np.bincount(cell[some[packet]], minlength=size) > 0 for some in (common, repeated)
    )
    both = np.logical_and(
        *(np.bincount(cell[arrival == side], minlength=size) > 0 for side in (0, 1))
    )
    way_of = np.zeros(size, np.int64)
    way_of[cell] = way
    ways = int(way.max(initial=-1)) + 1
    shares, of = (np.bincount(way_of[some], minlength=ways) for some in (sharing, both))
    low, high = np.full(ways, 1 << 16), np.zeros(ways, np.int64)
    np.minimum.at(low, way, number.astype(np.int64))
    np.maximum.at(high, way, number.astype(np.int64))
    kept = (2 * shares >= of) & (of > 0) & (low < high)
    return np.asarray(kept[way] & ~alike[cell])
