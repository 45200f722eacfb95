"""Pair what was sent with what arrived, as multisets: one arrival never hides two losses."""

from __future__ import annotations

import numpy as np

from synack.tables import Array


def once(group: Array, arrival: Array) -> tuple[Array, Array, Array]:
    """(departures, arrivals, others): rows that are each the only one in their group, and so a
    pair whatever the clocks say, in order of their groups; and the rows of all other groups
    that have both, which are for :func:`pair`."""
    out, back = np.flatnonzero(~arrival), np.flatnonzero(arrival)
    size = int(group.max(initial=-1)) + 1
    departures = np.bincount(group[out], minlength=size)
    arrivals = np.bincount(group[back], minlength=size)
    only = (departures == 1) & (arrivals == 1)
    others = (departures > 0) & (arrivals > 0) & ~only
    last = np.empty(size, np.int64)
    last[group[out]] = out
    departures = last[only]
    last[group[back]] = back
    return departures, last[only], np.flatnonzero(others[group])


def pair(group: Array, arrival: Array, time: Array) -> Array:
    """For each row the row it is paired with, -1 for none (int64).

    ``group`` numbers identical transmissions (same attempt, leg, sequence number and
    TSval), ``arrival`` is False where the row is a departure, ``time`` orders them on
    one clock (ns). With as many arrivals as departures the k-th goes with the k-th.
    With fewer, each arrival goes with the latest departure before it that is still
    free, as closing brackets go with opening ones.
    """
    partner = np.full(len(group), -1, np.int64)
    if not len(group):
        return partner
    departures = np.bincount(group[~arrival], minlength=int(group.max()) + 1)
    arrivals = np.bincount(group[arrival], minlength=len(departures))
    even = (departures == arrivals)[group]
    _pair_in_order(np.flatnonzero(even), group, arrival, time, partner)
    uneven = np.flatnonzero(~even & (departures > 0)[group] & (arrivals > 0)[group])
    _pair_as_brackets(uneven, group, arrival, time, partner)
    return partner


def ranked(group: Array, value: Array) -> Array:
    """The place of each row in its group by ``value``, from 0 (int64)."""
    order = np.lexsort((value, group))
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - np.searchsorted(group[order], group[order])
    return rank


def counted(group: Array, time: Array, asked: Array, low: Array, high: Array) -> Array:
    """How many of the rows ``group``, ``time`` are of the group ``asked``, after ``low`` and not
    after ``high`` (int64)."""
    owner = np.concatenate([group, asked, asked])
    own = np.arange(len(owner)) < len(group)
    order = np.lexsort((~own, np.concatenate([time, low, high]), owner))
    before = np.empty(len(owner), np.int64)
    before[order] = np.cumsum(own[order])
    soonest, latest = np.split(before[len(group) :], 2)
    return latest - soonest


def common(values: Array, cell: Array, arrival: Array) -> Array:
    """``values``; of a cell that lacks some (-1) only if both its departures and its arrivals
    have some, else -1: a short snaplen cuts options off at one end, and would tell equal
    segments apart.

    ``cell`` numbers the legs of attempts, one number per row.
    """
    lacking = np.flatnonzero(values < 0)
    if not len(lacking):
        return values
    size = int(cell.max()) + 1
    partly = np.zeros(size, bool)
    partly[cell[lacking]] = True
    rows = np.flatnonzero(partly[cell] & (values >= 0))
    result = values.copy()
    if not len(rows):
        return result
    both = np.ones(size, bool)
    for side in (True, False):
        here = np.zeros(size, bool)
        here[cell[rows[arrival[rows] == side]]] = True
        both &= here
    result[rows[~both[cell[rows]]]] = -1
    return result


def repeated(cell: Array, rows: Array) -> Array:
    """By cell whether several of ``rows`` are in it (bool)."""
    size, mine, place = int(cell.max(initial=-1)) + 1, cell[rows], np.arange(len(rows))
    last = np.empty(size, np.int64)  # what is not written is not read
    last[mine] = place
    result = np.zeros(size, bool)
    result[mine[last[mine] != place]] = True
    return result


def meant(target: Array, source: Array, cell: Array, arrival: Array) -> Array:
    """``target`` MACs of the rows of cells that have several departures, and one source MAC at
    both ends, so that nothing on the way rewrites them: repetitions that went to two MACs
    cannot be taken for each other. -1 elsewhere; a network that delivers what it tracks
    rewrites a target, but of one departure nothing is mistaken."""
    size = int(cell.max(initial=-1)) + 1
    low, high = np.full(size, np.iinfo(np.int64).max), np.full(size, -1, np.int64)
    np.minimum.at(low, cell, np.minimum(source, target))
    np.maximum.at(high, cell, source)
    least = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(least, cell, source)
    several = np.bincount(cell[~arrival], minlength=size) > 1
    return np.where((several & (low >= 0) & (least == high))[cell], target, -1)


def _pair_in_order(rows: Array, group: Array, arrival: Array, time: Array, partner: Array) -> None:
    out, back = rows[~arrival[rows]], rows[arrival[rows]]
    out = out[np.lexsort((time[out], group[out]))]
    back = back[np.lexsort((time[back], group[back]))]
    partner[out], partner[back] = back, out


def _pair_as_brackets(
    rows: Array, group: Array, arrival: Array, time: Array, partner: Array
) -> None:
    """Twice: an arrival with no free departure before it by the clock takes, in the second
    round, one after it, since a clock may be off by more than its uncertainty says."""
    for direction in (1, -1):
        free = rows[partner[rows] < 0]
        order = free[np.lexsort((arrival[free] * direction, time[free] * direction, group[free]))]
        opens = ~arrival[order]
        level, kept = _levels(group[order], opens)
        order, opens = order[kept], opens[kept]
        # Inside one level an opening bracket is followed by its own closing one.
        nested = np.lexsort((np.arange(len(order)), level, group[order]))
        order, opens, level = order[nested], opens[nested], level[nested]
        same = (group[order][1:] == group[order][:-1]) & (level[1:] == level[:-1])
        match = np.flatnonzero(same & opens[:-1] & ~opens[1:])
        left, right = order[match], order[match + 1]
        partner[left], partner[right] = right, left


def _levels(group: Array, opens: Array) -> tuple[Array, Array]:
    """Bracket level per row (of the kept rows), and which rows are kept: closing
    brackets that nothing before them in their group opens are left out."""
    step = np.where(opens, 1, -1)
    depth = _cumsum_by_group(group, step)
    lowest = _running_minimum_by_group(group, depth)
    before = np.roll(lowest, 1)
    before[_begins(group)] = 0
    kept = opens | (depth >= np.minimum(before, 0))
    depth = _cumsum_by_group(group[kept], step[kept])
    return depth + ~opens[kept], kept


def _cumsum_by_group(group: Array, values: Array) -> Array:
    total = np.cumsum(values)
    starts = np.flatnonzero(_begins(group))
    base = (total - values)[starts]
    return total - np.repeat(base, np.diff(np.append(starts, len(group))))


def _running_minimum_by_group(group: Array, values: Array) -> Array:
    """Shift each group far below the one before it, so one running minimum serves all."""
    span = int(np.ptp(values)) + 1 if len(values) else 1
    rank = np.cumsum(_begins(group))
    shifted = values - rank * span
    return np.minimum.accumulate(shifted) + rank * span


def _begins(group: Array) -> Array:
    """Where a new group begins, in sorted ids (bool)."""
    return np.diff(group, prepend=group[:1] - 1) != 0
