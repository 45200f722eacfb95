"""Many records of one thing over time as spells: how long it is known to have had one value.

A record says that on a line (an address, as one host knows it) a value (a MAC) held at a
time. Records in a row with the same value are one spell. Between the last record of a spell
and the first of the next nobody knows when it changed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synack.grouping import ids_of, representatives
from synack.tables import NO_TIME, Array

_NEVER = np.iinfo(np.int64).max


class Spells(NamedTuple):
    """Spells in order of their lines and times: rows of their first and last records, and how
    many records there are (int64 each)."""

    begin: Array
    end: Array
    records: Array


def spells(time: Array, value: Array, *line: Array) -> Spells:
    """The spells of records at ``time`` (ns, NO_TIME unknown) that give ``value`` to the line
    that the integer columns ``line`` name. Records without a time are spells of their own."""
    ids = ids_of(time == NO_TIME, *line)
    pairs = ids_of(ids, value)
    some = representatives(pairs)
    changes = (np.bincount(ids[some]) > 1)[ids]
    # Most lines have one value all the time: first and last are found without a sort.
    runs = np.where(changes, -1, pairs)
    rows = np.flatnonzero(changes)
    rows = rows[np.lexsort((value[rows], time[rows], ids[rows]))]
    new = np.diff(pairs[rows], prepend=-1) != 0
    runs[rows] = len(some) + np.cumsum(new) - 1
    runs = ids_of(runs)
    begin, end = _extremes(time, runs)
    order = np.lexsort((time[begin], ids[begin]))
    return Spells(begin[order], end[order], np.bincount(runs, minlength=len(begin))[order])


def _extremes(time: Array, runs: Array) -> tuple[Array, Array]:
    """By run the row of its least time and that of its greatest."""
    found = []
    for values in (time, -1 - time):
        least = np.full(int(runs.max(initial=-1)) + 1, _NEVER, np.int64)
        np.minimum.at(least, runs, values)
        hit = np.flatnonzero(values == least[runs])
        row = np.empty(len(least), np.int64)
        row[runs[hit[::-1]]] = hit[::-1]
        found.append(row)
    return found[0], found[1]


def next_other(first: Array, last: Array, value: Array, ends: Array, *line: Array) -> Array:
    """By spell the ``first`` of the next one of its line with another value (ns; NO_TIME none):
    it begins after ``last``. Only spells that ``ends`` (bool) count as next ones."""
    result = np.full(len(first), NO_TIME, np.int64)
    ids = ids_of(*line)
    rows = np.flatnonzero(ends & (first != NO_TIME))
    rows = rows[np.lexsort((value[rows], first[rows], ids[rows]))]
    if not len(rows):
        return result
    line_of, value_of, begin = ids[rows], value[rows], first[rows]
    change = np.flatnonzero((np.diff(line_of) != 0) | (np.diff(value_of) != 0)) + 1
    run_end = np.append(change, len(rows))[np.searchsorted(change, np.arange(len(rows)), "right")]
    at = _after(line_of, begin, ids, last)
    here = np.minimum(at, len(rows) - 1)
    same = (at < len(rows)) & (line_of[here] == ids) & (value_of[here] == value)
    at = np.where(same, run_end[here], at)  # what follows a run has another value
    here = np.minimum(at, len(rows) - 1)
    good = (at < len(rows)) & (line_of[here] == ids) & (last != NO_TIME)
    result[good] = begin[here[good]]
    return result


def _after(line_of: Array, begin: Array, ids: Array, last: Array) -> Array:
    """By spell the place of the first row, in order of line and begin, of its line that begins
    after ``last``."""
    lines = np.concatenate([line_of, ids])
    times = np.concatenate([begin, last])
    asks = np.concatenate([np.zeros(len(begin), np.int8), np.ones(len(last), np.int8)])
    order = np.lexsort((asks, times, lines))
    before = np.cumsum(asks[order] == 0)
    place = np.empty(len(order), np.int64)
    place[order] = before
    return place[len(begin) :]
