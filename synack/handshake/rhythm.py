"""Repetitions that cannot be told apart, but came in the rhythm in which they left.

Without timestamps (RFC 7323), which a short snaplen cuts off, the repetitions of a SYN are all
alike. Where those that the one end has lie among those of the other with the same pauses
between them, and in one way only, they are the same ones all the same: pauses double (RFC 6298),
so that none fits elsewhere. Only the equal pauses of ``tcp_syn_linear_timeouts`` may hide
what is missing, if the first is missing at one end and the last at the other; so several attempts
must agree.
"""

from __future__ import annotations

import numpy as np

from synack.tables import Array

JITTER_NS = 50_000_000
"""What a pause may differ by between the two ends: the way takes not always the same time."""
APART_NS = 500_000_000
"""What the ways of several attempts may differ by: half the shortest pause."""
MOST = 32
"""Nobody repeats a SYN more often than so (``tcp_syn_retries`` is 6): it is no one attempt."""


def in_step(group: Array, arrival: Array, time: Array) -> tuple[Array, Array]:
    """(departures, arrivals): rows of all groups of like transmissions (numbered by ``group``,
    ``arrival`` False for departures) that have several of each, of which the fewer lie in the
    rhythm of the others in exactly one way; in order of time, groups one after the other.
    ``time`` (ns) is that of the clock at each end."""
    out, back, fewer = _each_with_each(group, arrival, time)
    if not len(out):
        return out, back
    took = time[back] - time[out]
    order = np.lexsort((took, group[out]))
    out, back, took, fewer = out[order], back[order], took[order], fewer[order]
    begin = np.flatnonzero(begins(group[out]))
    size = np.diff(np.append(begin, len(out)))
    # As many as there are of the fewer, one after the other, that took nearly as long.
    last = np.arange(len(out)) + fewer - 1
    first = np.flatnonzero(last < np.repeat(begin + size, size))
    first = first[took[last[first]] - took[first] <= JITTER_NS]
    ways = np.bincount(group[out[first]], minlength=int(group.max()) + 1)
    first = first[ways[group[out[first]]] == 1]
    kept = _up_to(first, fewer[first])
    kept = kept[np.lexsort((time[out[kept]], group[out[kept]]))]
    return out[kept], back[kept]


def _each_with_each(group: Array, arrival: Array, time: Array) -> tuple[Array, Array, Array]:
    """(departures, arrivals, size of the smaller side): every departure with every arrival of its
    group, of the groups that have several of each, not too many, and with pauses between."""
    size = int(group.max(initial=-1)) + 1
    count = np.array([np.bincount(group[arrival == way], minlength=size) for way in (False, True)])
    wanted = (count.min(axis=0) > 1) & (count.max(axis=0) <= MOST)
    rows = np.lexsort((time, arrival, group))
    one, other = rows[:-1], rows[1:]
    close = (group[one] == group[other]) & (arrival[one] == arrival[other])
    wanted[group[one[close & (time[other] - time[one] <= 2 * JITTER_NS)]]] = False
    rows = rows[wanted[group[rows]]]
    out, back = rows[~arrival[rows]], rows[arrival[rows]]
    partners = count[1][group[out]]
    back = back[_up_to(np.searchsorted(group[back], group[out]), partners)]
    out = np.repeat(out, partners)
    return out, back, count.min(axis=0)[group[out]]


def _up_to(first: Array, count: Array) -> Array:
    """So many numbers (``count``) from each of ``first`` on."""
    return np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())


def agreed(way: Array, group: Array, took: Array) -> Array:
    """Whether each row is of a ``way`` (sender and receiver) of which several groups are known,
    and that took all of them nearly as long (``took``: ns, with the clocks in it) (bool)."""
    if not len(way):
        return np.zeros(0, bool)
    order = np.lexsort((group, way))
    starts = np.flatnonzero(begins(way[order]))
    several = np.add.reduceat(begins(group[order]).astype(np.int64), starts) > 1
    spread = np.maximum.reduceat(took[order], starts) - np.minimum.reduceat(took[order], starts)
    result = np.zeros(len(way), bool)
    kept = several & (spread <= APART_NS)
    result[order] = np.repeat(kept, np.diff(np.append(starts, len(way))))
    return result


def begins(sorted_ids: Array) -> Array:
    """Where another number begins (bool)."""
    return np.diff(sorted_ids, prepend=sorted_ids[:1] - 1) != 0
