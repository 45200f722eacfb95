"""Repetitions that cannot be told apart, but came in the rhythm in which they left.

Without timestamps (RFC 7323), which a short snaplen cuts off, the repetitions of a SYN are all
alike. As many at the one end as at the other, with the same pauses between them, are the
same ones all the same: one that is missing shifts the pauses, as they double (RFC 6298).
Only the equal pauses of ``tcp_syn_linear_timeouts`` would hide that, if the first is missing
at one end and the last at the other; so several attempts must agree.
"""

from __future__ import annotations

import numpy as np

from synack.tables import Array

JITTER_NS = 50_000_000
"""What a pause may differ by between the two ends: the way takes not always the same time."""
APART_NS = 500_000_000
"""What the ways of several attempts may differ by: half the shortest pause."""


def in_step(group: Array, arrival: Array, time: Array) -> tuple[Array, Array]:
    """(departures, arrivals): rows of all groups of like transmissions (numbered by ``group``,
    ``arrival`` False for departures) that have several of each, as many of the one as of the
    other, in the same rhythm; the k-th with the k-th, groups one after the other. ``time``
    (ns) is that of the clock at each end."""
    size = int(group.max(initial=-1)) + 1
    departures, arrivals = (np.bincount(group[arrival == way], minlength=size) for way in (0, 1))
    rows = np.flatnonzero(((departures == arrivals) & (departures > 1))[group])
    rows = rows[np.lexsort((time[rows], group[rows]))]
    out, back = rows[~arrival[rows]], rows[arrival[rows]]
    if not len(out):
        return out, back
    took, starts = time[back] - time[out], np.flatnonzero(begins(group[out]))
    spread = np.maximum.reduceat(took, starts) - np.minimum.reduceat(took, starts)
    kept = np.repeat(spread <= JITTER_NS, np.diff(np.append(starts, len(out))))
    return out[kept], back[kept]


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
