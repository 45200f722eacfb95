"""How far apart the hosts' clocks are, from packets that both ends recorded.

A packet never arrives before it was sent. So each packet from A to B bounds
clock(B) - clock(A) from above by (arrival - departure), each one from B to A from
below; the offset lies between the tightest two, and half their distance is what it
may be wrong by. That orders events to within half the shortest round trip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synack.tables import Array

ASSUMED_AGREEMENT_NS = 5_000_000_000
"""Without any common packet the hosts' clocks are taken to agree this well (NTP);
whatever rests on it is marked so."""


@dataclass(frozen=True)
class Clock:
    """Clock of ``host`` minus clock of ``reference`` (both rows of the hosts), ns.

    Hosts that share no packet with the reference, but with each other, have one of their
    own as reference, whose own grade is absent.

    ``grade``: accurate (bounded from both sides), approximate (the offset was given,
    or goes over several hosts), one-sided (packets of one direction only: the offset
    is a bound and the delay is counted in), absent (no common packets), inconsistent
    (the bounds exclude each other: a clock drifts or was set).
    """

    host: int
    reference: int
    offset: int
    uncertainty: int
    grade: str


@dataclass(frozen=True)
class _Edge:
    uncertainty: int
    grade: str
    one: int
    other: int
    offset: int
    """Clock of ``other`` minus clock of ``one``."""


def estimate(
    hosts: int,
    sender: Array,
    receiver: Array,
    departure: Array,
    arrival: Array,
    known: Mapping[int, int],
) -> list[Clock]:
    """A clock for every host, from packets seen at both ends.

    ``sender`` and ``receiver`` are host rows, ``departure`` and ``arrival`` ns on the
    clock of each. ``known`` gives offsets (ns) that the user is sure of. The reference
    is the host that shares packets with most others; times on the reference clock
    are ``time - offset``.
    """
    edges = _edges(sender, receiver, departure, arrival)
    degree = [0] * hosts
    for edge in edges:
        degree[edge.one] += 1
        degree[edge.other] += 1
    reference = max(range(hosts), key=lambda h: (degree[h], -h)) if hosts else 0
    clocks = {reference: Clock(reference, reference, 0, 0, "accurate")}
    base = known.get(reference, 0)
    for host, offset in known.items():
        clocks.setdefault(host, Clock(host, reference, offset - base, 0, "approximate"))
    edges.sort(key=lambda e: (_RANK[e.grade], e.uncertainty))
    _span(clocks, edges, reference)
    for host in sorted(range(hosts), key=lambda h: (-degree[h], h)):
        if host not in clocks:
            clocks[host] = Clock(host, reference, 0, ASSUMED_AGREEMENT_NS, "absent")
            _span(clocks, edges, host)
    return [clocks[host] for host in range(hosts)]


_RANK = {"accurate": 0, "approximate": 1, "one-sided": 2, "inconsistent": 3}


def _edges(sender: Array, receiver: Array, departure: Array, arrival: Array) -> list[_Edge]:
    one, other = np.minimum(sender, receiver), np.maximum(sender, receiver)
    edges = []
    for a, b in np.unique(np.stack([one, other], axis=1), axis=0).tolist():
        pair = (one == a) & (other == b)
        outward = pair & (sender == a)
        above = (arrival - departure)[outward]
        below = (departure - arrival)[pair & ~outward]
        edges.append(_edge(a, b, above, below))
    return edges


def _edge(one: int, other: int, above: Array, below: Array) -> _Edge:
    if not len(above) or not len(below):
        bound = int(above.min()) if len(above) else int(below.max())
        spread = int(np.ptp(above if len(above) else below))
        return _Edge(max(spread, _ONE_SIDED_NS), "one-sided", one, other, bound)
    high, low = int(above.min()), int(below.max())
    if low <= high:
        return _Edge((high - low + 1) // 2, "accurate", one, other, (high + low) // 2)
    # No single offset explains both: take the middle of all, and say how far it is off.
    middle = (int(np.median(above)) + int(np.median(below))) // 2
    return _Edge(max(high - middle, middle - low, low - high), "inconsistent", one, other, middle)


_ONE_SIDED_NS = 50_000_000
"""What a one-sided bound may be off by at least: the delay is in it, and half of a
round trip on anything but a satellite link is below this."""


def _span(clocks: dict[int, Clock], edges: Sequence[_Edge], reference: int) -> None:
    """Prim's tree from the hosts already placed, best edges first."""
    while True:
        for edge in edges:
            if (edge.one in clocks) != (edge.other in clocks):
                break
        else:
            return
        forward = edge.one in clocks
        near = clocks[edge.one if forward else edge.other]
        far = edge.other if forward else edge.one
        offset = near.offset + (edge.offset if forward else -edge.offset)
        if near.host == reference:
            clocks[far] = Clock(far, reference, offset, edge.uncertainty, edge.grade)
            continue
        worse = max(edge.grade, near.grade, "approximate", key=lambda g: _RANK[g])
        clocks[far] = Clock(far, reference, offset, near.uncertainty + edge.uncertainty, worse)


def offsets(clocks: Sequence[Clock]) -> tuple[Array, Array]:
    """Offset and uncertainty per host as int64 arrays (ns)."""
    return (
        np.array([c.offset for c in clocks], np.int64),
        np.array([c.uncertainty for c in clocks], np.int64),
    )


def doubts(clocks: Sequence[Clock]) -> Array:
    """What the difference of every two hosts' clocks may be wrong by (hosts x hosts, ns)."""
    root = np.array([c.host if c.grade == "absent" else c.reference for c in clocks], np.int64)
    own = np.array([0 if c.grade == "absent" else c.uncertainty for c in clocks], np.int64)
    apart = root[:, None] != root[None, :]
    result = own[:, None] + own[None, :] + np.where(apart, ASSUMED_AGREEMENT_NS, 0)
    np.fill_diagonal(result, 0)
    return result
