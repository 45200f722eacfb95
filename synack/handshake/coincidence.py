"""Attempts under other addresses with one ISN that are two connections all the same.

ISNs are alike by chance: among a million attempts there are a hundred such pairs. What a
translator (:mod:`~synack.handshake.nat`) makes of an attempt goes on at once, one way, and it
treats the next one of the same addresses alike. Two are no translation of each other if

- each has a SYN that the capture of the other does not have, though it was on: what is
  translated has been seen before; or
- their SYNs have TSvals of different clocks, and none was sent when one of the other was; or
- another attempt of the same addresses and server port got through as it was; or
- their four ends are four hosts that were captured, which would be two translators in a row.

What is none of these stays ambiguous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synack.grouping import ids_of
from synack.handshake.clock import across
from synack.handshake.pairing import counted
from synack.handshake.states import Event
from synack.handshake.witness import SETTLE_NS, certainly_on
from synack.tables import Array

if TYPE_CHECKING:
    from synack.handshake.matched import Matched
    from synack.handshake.nat import Alike


def by_chance(m: Matched, pairs: Alike) -> Array:
    """Whether each two attempts are certainly not one connection (bool). The clocks must have
    been compared."""
    one, other, strange = pairs
    if not len(one):
        return np.zeros(0, bool)
    direct = _gets_through(m)
    missing, near = _compared(m, one, other)
    lacking, close = _compared(m, other, one)
    apart = (missing & lacking) | (strange & ~(near | close))
    return np.asarray(apart | direct[one] | direct[other] | _four_hosts(m, one, other))


def _compared(m: Matched, attempt: Array, at: Array) -> tuple[Array, Array]:
    """Whether any SYN of each ``attempt`` is not among those of the attempt ``at``, in whose
    capture it would have been; and whether any may be one of those by its time."""
    place = np.where(m.client >= 0, m.client, np.where(m.server >= 0, m.server, m.elsewhere))
    wanted = np.zeros(len(m.sightings) + 1, bool)  # the last: of no sighting
    wanted[place[attempt]] = wanted[place[at]] = True
    rows = np.flatnonzero((m.leg == Event.SYN) & wanted[m.sighting])
    rows = rows[np.argsort(m.identity[m.sighting[rows]], kind="stable")]
    begin = np.searchsorted(m.identity[m.sighting[rows]], np.arange(m.attempts + 1))
    pair, mine = _spread(begin, rows, attempt)
    owner, theirs = _spread(begin, rows, at)
    time, capture = m.segments["time"], m.sightings["capture"][place[at[pair]]]
    hosts = m.host_of_capture[m.segments["capture"][mine]], m.host_of_capture[capture]
    moment, doubt = across(m.clocks, *hosts, time[mine])
    reach = doubt + SETTLE_NS
    near = counted(owner, time[theirs], pair, moment - reach, moment + reach) > 0
    dropped = np.array([bool(c.dropped) for c in m.captures], bool)
    missing = ~near & ~dropped[capture]
    missing &= certainly_on(m, m.segments["capture"][mine], time[mine], capture)
    lacking, close = (np.bincount(pair[some], minlength=len(at)) > 0 for some in (missing, near))
    return lacking, close


def _spread(begin: Array, rows: Array, attempt: Array) -> tuple[Array, Array]:
    """For each of ``attempt`` its place and each of its rows: those from ``begin`` of its number
    up to that of the next."""
    count = begin[attempt + 1] - begin[attempt]
    place = np.repeat(np.arange(len(attempt)), count)
    step = np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count)
    return place, rows[begin[attempt][place] + step]


def _gets_through(m: Matched) -> Array:
    """Attempts of addresses and a server port of which any was seen at both ends with these
    (bool)."""
    names = ("client_hi", "client_lo", "server_hi", "server_lo", "server_port")
    way = ids_of(*(m.sightings[name][m.near] for name in names))
    both = (m.client >= 0) & (m.server >= 0)
    for name in names:
        both &= m.sightings[name][m.near] == m.sightings[name][m.far]
    return np.asarray(np.bincount(way[both], minlength=len(way))[way] > 0)


def _four_hosts(m: Matched, one: Array, other: Array) -> Array:
    """Whether the ends of both are hosts that were captured, and no host is an end of both."""
    ends = [host[attempt] for attempt in (one, other) for host in (m.client_host, m.server_host)]
    captured = np.logical_and.reduce([end >= 0 for end in ends])
    apart = [ends[a] != ends[b] for a in (0, 1) for b in (2, 3)]
    return np.asarray(captured & np.logical_and.reduce(apart))
