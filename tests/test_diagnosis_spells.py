"""Spells against an obvious implementation."""

from __future__ import annotations

import numpy as np
import pytest

from synack.diagnosis.spells import next_other, spells
from synack.tables import NO_TIME


def naive(time, value, line):
    """(line, value, first, last, records) of each spell."""
    found = []
    for known in (False, True):
        for one in sorted(set(line)):
            records = sorted(
                (t, v)
                for t, v, at in zip(time, value, line, strict=True)
                if at == one and (t != NO_TIME) == known
            )
            run = []
            for t, v in records:
                if run and run[-1][1] != v:
                    found.append((one, run[0][1], run[0][0], run[-1][0], len(run)))
                    run = []
                run.append((t, v))
            if run:
                found.append((one, run[0][1], run[0][0], run[-1][0], len(run)))
    return sorted(found)


def shown(time, value, line):
    s = spells(time, value, line)
    rows = zip(line[s.begin], value[s.begin], time[s.begin], time[s.end], s.records, strict=True)
    return [tuple(int(x) for x in row) for row in rows]


@pytest.mark.parametrize("seed", range(60))
def test_spells_are_runs_of_one_value(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(0, 30))
    time = rng.choice([NO_TIME, *range(20)], size).astype(np.int64)
    value, line = rng.integers(0, 3, size), rng.integers(0, 3, size)
    found = shown(time, value, line)
    assert sorted(found) == naive(time.tolist(), value.tolist(), line.tolist())
    rng.shuffle(order := np.arange(size))
    assert sorted(shown(time[order], value[order], line[order])) == sorted(found)


@pytest.mark.parametrize("seed", range(60))
def test_the_next_other_begins_after_the_last_record(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(0, 14))
    first = rng.integers(0, 20, size)
    last = first + rng.integers(0, 6, size)
    unknown = rng.random(size) < 0.2
    first, last = np.where(unknown, NO_TIME, first), np.where(unknown, NO_TIME, last)
    value, line = rng.integers(0, 3, size), rng.integers(0, 2, size)
    ends = rng.random(size) < 0.7
    found = next_other(first, last, value, ends, line)
    for row in range(size):
        others = [
            int(first[o])
            for o in range(size)
            if ends[o] and line[o] == line[row] and value[o] != value[row]
            and first[o] != NO_TIME and first[o] > last[row]
        ]  # fmt: skip
        expected = NO_TIME if last[row] == NO_TIME else min(others, default=NO_TIME)
        assert found[row] == expected


def test_many_lines_take_no_sort_of_each():
    """A million addresses with one MAC each: one spell a line, in order."""
    size = 200_000
    line = np.arange(size)
    found = spells(np.arange(size), np.zeros(size, np.int64), line)
    assert len(found.begin) == size
    assert (found.records == 1).all()
