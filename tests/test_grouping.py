"""Equal rows get equal numbers, however many and whatever their values."""

from __future__ import annotations

from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources import as_written, must_be_compiled

from synack import grouping
from synack.grouping import (
    among,
    distinct,
    distinct_rows,
    firsts,
    group_ids,
    grouped,
    ids_of,
    least,
    ordered,
    present,
    representatives,
)

plain = as_written(grouping)
BOTH = pytest.mark.parametrize("module", [grouping, plain], ids=["installed", "source"])
VALUES = st.lists(st.tuples(st.integers(-2, 2), st.sampled_from([0, 1, -(2**63), 2**63 - 1])))


@BOTH
@given(VALUES)
def test_ids(module: ModuleType, values: list[tuple[int, int]]) -> None:
    """In order of first appearance, without holes."""
    columns = [np.array([v[i] for v in values], np.int64) for i in (0, 1)]
    seen: dict[tuple[int, int], int] = {}
    assert module.ids_of(*columns).tolist() == [seen.setdefault(v, len(seen)) for v in values]


@BOTH
def test_many(module: ModuleType) -> None:
    """More distinct rows than fit into one block and the first table."""
    values = np.random.default_rng(1).integers(0, 30_000, 60_000)
    ids = module.ids_of(values, np.zeros(len(values), np.uint8))
    some = representatives(ids)
    assert (values[some][ids] == values).all()
    assert len(some) == len(set(values.tolist()))


@BOTH
@given(VALUES, st.integers(1, 4))
def test_firsts(module: ModuleType, values: list[tuple[int, int]], block: int) -> None:
    """Each distinct row once, where it first appears, also over several blocks."""
    columns = [np.array([v[i] for v in values], np.int64) for i in (0, 1)]
    with pytest.MonkeyPatch.context() as patch:
        if module is plain:
            patch.setattr(module, "_BLOCK", block)
        found = module.firsts(*columns)
    assert found.tolist() == sorted(values.index(value) for value in set(values))


def test_firsts_of_many() -> None:
    """More than one block, nearly all distinct, and all the same."""
    values = np.random.default_rng(1).integers(0, 30_000, 60_000)
    assert firsts(values).tolist() == np.sort(np.unique(values, return_index=True)[1]).tolist()
    assert firsts(values * 0).tolist() == [0]


@BOTH
@given(VALUES, st.integers(0, 3))
def test_ids_within(module: ModuleType, values: list[tuple[int, int]], many: int) -> None:
    """The same as by hash, whether or not a cell has many distinct rows."""
    columns = [np.array([v[i] for v in values], np.int64) for i in (0, 1)]
    cell = columns[0] + 2
    with pytest.MonkeyPatch.context() as patch:
        if module is plain:
            patch.setattr(module, "_MANY", many)
        found = module.ids_within(cell, 5, *columns)
    assert found.tolist() == ids_of(cell, *columns).tolist()


@BOTH
@pytest.mark.parametrize("spread", [1, 40, 5_000])
def test_ids_within_many_rows(module: ModuleType, spread: int) -> None:
    """More than one block; cells of few and of too many distinct rows."""
    rng = np.random.default_rng(2)
    cell, value = rng.integers(0, 300, 6_000), rng.integers(0, spread, 6_000)
    ids = module.ids_within(cell, 300, value.astype(np.uint32))
    assert ids.tolist() == ids_of(cell, value).tolist()


def test_columns_of_any_integer() -> None:
    """Mixed widths and signs; 2^64 - 1 is not -1 of another column's row."""
    unsigned = np.array([2**64 - 1, 0, 2**64 - 1], np.uint64)
    assert ids_of(unsigned, np.array([1, 1, 1], np.int8)).tolist() == [0, 1, 0]


@given(VALUES)
def test_group_ids(values: list[tuple[int, int]]) -> None:
    """Equal rows, equal ids; ids follow the order of the rows, from 0, without holes."""
    columns = [np.array([v[i] for v in values], np.int64) for i in (0, 1)]
    distinct = sorted(set(values))
    assert group_ids(*columns).tolist() == [distinct.index(v) for v in values]


@given(st.lists(st.sampled_from([-(2**31), -1, 0, 1, 2**31 - 1])), st.booleans())
def test_ordered(values: list[int], signed: bool) -> None:
    """Sorted, and equal values as they stood."""
    column = np.array(values, np.int32) if signed else np.array(values, np.int64).astype(np.uint32)
    assert ordered(column).tolist() == np.argsort(column, kind="stable").tolist()


@BOTH
@given(st.lists(st.integers(0, 5)), st.integers(0, 8))
def test_by_id(module: ModuleType, ids: list[int], size: int) -> None:
    """The rows of each id as they stood, also of ids that no row has."""
    order, starts = module.by_id(np.array(ids, np.int32), size)
    parts = [order[a:b].tolist() for a, b in pairwise(starts.tolist())]
    assert parts == [
        [row for row, one in enumerate(ids) if one == n]
        for n in range(max(size, max(ids, default=-1) + 1))
    ]


@given(VALUES)
def test_grouped(values: list[tuple[int, int]]) -> None:
    """Every combination once, sorted, with its rows in order."""
    columns = [np.array([v[i] for v in values], np.int64) for i in (0, 1)]
    rows = np.arange(len(values)) * 10
    found = {key: part.tolist() for key, part in grouped(rows, *columns)}
    assert list(found) == sorted(set(values))
    assert found == {
        key: [10 * n for n, value in enumerate(values) if value == key] for key in found
    }


@given(VALUES)
def test_distinct(values: list[tuple[int, int]]) -> None:
    """Values once, rows once, both sorted; the representative is the first."""
    columns = [np.array([v[i] for v in values], np.int64) for i in (0, 1)]
    assert distinct(columns[1]).tolist() == sorted({v[1] for v in values})
    assert distinct_rows(*columns) == sorted(set(values))
    some = representatives(ids_of(*columns)).tolist()
    assert some == sorted(values.index(value) for value in set(values))


@pytest.mark.parametrize("numbers", [[], [3], [2, 0, 2]])
def test_present(numbers: list[int]) -> None:
    assert present(np.array(numbers, np.int32)) == sorted(set(numbers))


@given(VALUES, VALUES)
def test_among(values: list[tuple[int, int]], wanted: list[tuple[int, int]]) -> None:
    """Few wanted rows are compared, many are found by hash: the same answer."""
    columns = [np.array([v[i] for v in values], np.int64) for i in (0, 1)]
    assert among(wanted, *columns).tolist() == [value in wanted for value in values]


def test_least() -> None:
    """The smallest per id; the largest integer where there is none."""
    values, ids = np.array([5, -3, 7]), np.array([0, 0, 2])
    assert least(values, ids).tolist() == [-3, 2**63 - 1, 7]
    assert least(values[:0], ids[:0]).tolist() == []


def test_compiled() -> None:
    """In CI the fast one is what is tested."""
    must_be_compiled(grouping)
