"""Tables keep to their schema."""

from __future__ import annotations

import numpy as np
import pytest

from synack.tables import (
    APPLICATION_EVENTS,
    ATTEMPTS,
    CLAIMS,
    COUNTERS,
    DETAILS,
    ENTRIES,
    FLOWS,
    HISTORY,
    KERNEL_EVENTS,
    OWN,
    OWNERS,
    OWNERSHIP,
    RISES,
    ROUTES,
    SEGMENTS,
    SETTINGS,
    SIGHTINGS,
    SOCKETS,
    TRANSMISSIONS,
    TUNNELS,
    Schema,
    Table,
    end_to_end,
    uniform,
)

PAIRS = Schema("pairs", ("low", "i8", "an integer"), ("name", "O", "a text"))


def rows(table: Table) -> list[tuple[int, str]]:
    return [(row["low"], row["name"]) for row in table.rows()]


def test_from_rows_and_back() -> None:
    """Rows go in as tuples and come out as dicts of Python values."""
    table = Table.from_rows(PAIRS, [(1, "a"), (2, "b")])
    assert list(table.rows()) == [{"low": 1, "name": "a"}, {"low": 2, "name": "b"}]
    assert len(table) == 2
    assert repr(table) == "<pairs: 2 rows x 2 columns>"


def test_empty() -> None:
    """No rows is a table too, however it was made."""
    for table in (Table.empty(PAIRS), Table.from_rows(PAIRS, []), Table.concat(PAIRS, [])):
        assert len(table) == 0
        assert table["low"].dtype == np.int64
        assert list(table.rows()) == []


def test_columns_are_not_copied() -> None:
    """``table[name]`` is the column itself."""
    column = np.array([3, 1], np.int64)
    table = Table(PAIRS, {"low": column, "name": ["a", "b"]})
    assert table["low"] is column


@pytest.mark.parametrize(
    "columns",
    [{"low": [1], "name": ["a", "b"]}, {"low": [1], "name": ["a"], "more": [1]}],
    ids=["of two lengths", "of no schema"],
)
def test_wrong_columns(columns: dict[str, list[object]]) -> None:
    """Columns of different length, or of another schema, are refused by the schema's name."""
    with pytest.raises(ValueError, match="pairs"):
        Table(PAIRS, columns)  # type: ignore[arg-type]


def test_a_missing_column() -> None:
    """Every column must be given."""
    with pytest.raises(KeyError, match="name"):
        Table(PAIRS, {"low": np.array([1])})


def test_take_and_concat() -> None:
    """By mask, by position, and joined again; a single part is handed on as it is."""
    table = Table.from_rows(PAIRS, [(1, "a"), (2, "b"), (3, "c")])
    assert rows(table.take(np.array([True, False, True]))) == [(1, "a"), (3, "c")]
    assert rows(table.take(np.array([2, 0]))) == [(3, "c"), (1, "a")]
    assert rows(Table.concat(PAIRS, [table, table.take(np.array([0]))]))[-1] == (1, "a")
    assert Table.concat(PAIRS, [table]) is table


@pytest.mark.parametrize(
    "schema",
    [
        SEGMENTS,
        CLAIMS,
        SIGHTINGS,
        ATTEMPTS,
        DETAILS,
        ENTRIES,
        TRANSMISSIONS,
        TUNNELS,
        SOCKETS,
        COUNTERS,
        RISES,
        KERNEL_EVENTS,
        SETTINGS,
        OWN,
        ROUTES,
        OWNERS,
        OWNERSHIP,
        HISTORY,
        FLOWS,
        APPLICATION_EVENTS,
    ],
)
def test_schemas_say_what_they_hold(schema: Schema) -> None:
    """Every column has a dtype that numpy knows and a meaning."""
    assert len(schema.dtypes) == len(schema.columns)
    assert all(column.meaning for column in schema.columns)


@pytest.mark.parametrize(
    ("parts", "shared"),
    [
        ([uniform(7, "i4", 3)], True),
        ([uniform(7, "i4", 3), uniform(7, "i4", 2)], True),
        ([uniform(7, "i4", 3), np.empty(0, "i4")], True),
        ([uniform(7, "i4", 0), uniform(8, "i4", 2)], True),
        ([uniform(7, "i4", 3), uniform(8, "i4", 2)], False),
        ([uniform(7, "i4", 3), np.array([7, 7], "i4")], False),
        ([uniform(7, "i4", 0), uniform(8, "i4", 0)], False),
    ],
)
def test_columns_of_one_value_stay_so_end_to_end(parts, shared):
    column = end_to_end(parts)
    assert column.tolist() == [value for part in parts for value in part.tolist()]
    assert column.dtype == np.dtype("i4")
    assert not len(column) or (column.strides == (0,)) == shared
