"""Which packets, seen at two places, bound the clocks of the hosts against each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synack.handshake.clock import Clock, estimate
from synack.handshake.lookalikes import Lookalikes
from synack.handshake.matched import Matched
from synack.handshake.passing import passages
from synack.handshake.rhythm import agreed, in_step
from synack.tables import NO_TIME, Array

REPEATED_NS = 3_000_000_000
"""A handshake's segment is repeated after 1 s, then after 2 s (RFC 6298)."""
SOONEST_REPEATED_NS = 1_000_000_000
_NEVER = np.iinfo(np.int64).max // 2


def clocks(m: Matched, found: Lookalikes, known_offsets: Mapping[str, int]) -> list[Clock]:
    """Only transmissions that cannot be mistaken for another bound a clock."""
    time, capture = m.segments["time"], m.segments["capture"]
    watching = _watching(m)
    passed = passages(m, watching[m.host_of_capture])
    tsval = m.segments["tsval"]
    stamped = (tsval[passed[0]] >= 0) & (tsval[passed[1]] >= 0)
    pairs = zip((found.out, found.back, found.sure), (*passed, stamped), strict=True)
    out, back, sure = (np.concatenate(pair) for pair in pairs)
    timed = (time[out] != NO_TIME) & (time[back] != NO_TIME)
    out, back, sure = out[timed], back[timed], sure[timed]
    way = _ways(m, out, back)
    kept = _unmistakable(m, out, back, way, sure)
    out, back = out[kept], back[kept]
    repeated = _repeated_in_step(m, found, way[kept])
    out, back = (np.concatenate(pair) for pair in zip((out, back), repeated, strict=True))
    known = {m.hosts.index(name): offset for name, offset in known_offsets.items()
             if name in m.hosts}  # fmt: skip
    sender, receiver = (m.host_of_capture[capture[rows]] for rows in (out, back))
    return estimate(len(m.hosts), sender, receiver, time[out], time[back], known, watching)


def _watching(m: Matched) -> Array:
    """Hosts that are neither end of anything they saw (bool): taps, or of unknown place."""
    result = np.ones(len(m.hosts), bool)
    for end in (m.client_host, m.server_host):
        result[end[end >= 0]] = False
    return result


def _unmistakable(m: Matched, out: Array, back: Array, way: Array, certain: Array) -> Array:
    """Whether it is sure that a segment and its only like at the peer, on its ``way``, are one
    (bool): ``certain`` by what they carry, or likely by when they were sent.

    Without TSval or identification a repetition looks the same: the sender's capture must have
    been on when there would have been one. Where a direction has nothing better, and the
    other has anything, doubtful ones will do: wrong ones would contradict those of the other,
    by coming too early; or seem to take so long, there and back, that one is a repetition.
    """
    if certain.all():
        return certain
    time, capture = m.segments["time"], m.segments["capture"][out]
    first, last = (moments[capture] for moments in spans(m))
    likely = (time[out] - REPEATED_NS >= first) & (time[out] + REPEATED_NS <= last)
    sure, size = certain | likely, len(m.hosts)
    has_sure, has_certain, has_any = (
        np.bincount(mine, minlength=size * size) > 0 for mine in (way[sure], way[certain], way)
    )
    took = time[back] - time[out]
    shortest, best = np.full(size * size, _NEVER), certain | ~has_certain[way]
    np.minimum.at(shortest, way[best], took[best])
    answered = _turned(has_any, size)
    soon = took + _turned(shortest, size)[way] < SOONEST_REPEATED_NS
    return certain | ((sure | (~has_sure & answered)[way]) & (soon | ~answered[way]))


def _repeated_in_step(m: Matched, found: Lookalikes, way: Array) -> tuple[Array, Array]:
    """Rows of repetitions at their senders and receivers that are the same by their rhythm, of
    hosts that nothing else compares, on whose ``way`` it is. Of one attempt at least the sender's
    capture must have been on when there would have been one before the first, or after the
    last."""
    time, capture, size = m.segments["time"], m.segments["capture"], len(m.hosts)
    compared = np.bincount(way, minlength=size * size) > 0
    compared |= _turned(compared, size)
    ends = m.client_host[found.attempt] * size + m.server_host[found.attempt]
    wanted = np.flatnonzero(~compared[ends] & (time[found.rows] != NO_TIME))
    rows, group = found.rows[wanted], found.group[wanted]
    one, other = in_step(group, found.arrival[wanted], time[rows])
    group, one, other = group[one], rows[one], rows[other]
    first, last = (moments[capture[one]] for moments in spans(m))
    beside = (time[one] - REPEATED_NS < first) | (time[one] + REPEATED_NS > last)
    way = _ways(m, one, other)
    kept = agreed(way, group, time[other] - time[one])
    kept &= np.isin(way, way[~np.isin(group, group[beside])])
    return one[kept], other[kept]


def _ways(m: Matched, out: Array, back: Array) -> Array:
    """A number for the two hosts that recorded rows of segments, sender and receiver."""
    sender, receiver = (m.host_of_capture[m.segments["capture"][rows]] for rows in (out, back))
    return sender * len(m.hosts) + receiver


def _turned(by_way: Array, hosts: int) -> Array:
    """What there is by way, by the way back."""
    return by_way.reshape(hosts, hosts).T.ravel()


def spans(m: Matched) -> tuple[Array, Array]:
    """When each capture began and ended, by its first and last packet (ns)."""
    first = np.array([0 if c.first is None else c.first for c in m.captures], np.int64)
    last = np.array([0 if c.last is None else c.last for c in m.captures], np.int64)
    return first, last
