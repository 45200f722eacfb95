"""One table, five formats, the same content in each."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from synack.errors import UsageError
from synack.report.edges import Shown
from synack.report.table import frame, render
from synack.tables import NO_TIME

TIME = 1_795_445_928_123_456_789


def _column(name, kind, values, null):
    dtype = object if kind == "str" else np.int64
    return Shown(name, kind, np.array(values, dtype), np.array(null))


COLUMNS = [
    _column("host", "str", ['a,"b"', "\x1b[1m", ""], [False, False, True]),
    _column("count", "int", [0, 7, -1], [False, False, True]),
    _column("at", "time", [TIME, TIME + 1, NO_TIME], [False, False, True]),
]
WHEN = ["2026-11-23T14:58:48.123456789Z", "2026-11-23T14:58:48.123456790Z"]


def test_csv():
    rows = list(csv.reader(io.StringIO(render(COLUMNS, "csv"))))
    assert rows == [
        ["host", "count", "at"],
        ['a,"b"', "0", WHEN[0]],
        ["\x1b[1m", "7", WHEN[1]],
        ["", "", ""],
    ]


def test_json_and_ndjson_hold_the_same():
    rows = json.loads(render(COLUMNS, "json"))
    assert rows[0] == {"host": 'a,"b"', "count": 0, "at": WHEN[0]}
    assert rows[2] == {"host": None, "count": None, "at": None}
    assert [json.loads(line) for line in render(COLUMNS, "ndjson").splitlines()] == rows


def test_parquet_keeps_nanoseconds_and_nulls():
    table = pq.read_table(io.BytesIO(render(COLUMNS, "parquet")))
    assert str(table.schema.field("at").type) == "timestamp[ns, tz=UTC]"
    assert table["at"].cast("int64").to_pylist() == [TIME, TIME + 1, None]
    assert table["count"].to_pylist() == [0, 7, None]


def test_text_is_aligned_uncut_and_tame():
    lines = render(COLUMNS, "text").splitlines()
    assert lines[0] == "host     count  at"
    assert lines[1] == f'a,"b"    0      {WHEN[0]}'
    assert lines[2] == f"\\x1b[1m  7      {WHEN[1]}"
    assert lines[3] == "-        -      -"


def test_a_frame_has_the_promised_dtypes():
    shown = frame(COLUMNS)
    assert str(shown["at"].dtype) == "datetime64[ns, UTC]"
    assert str(shown["count"].dtype) == "Int64"
    assert shown["at"][0] == pd.Timestamp(TIME, tz="UTC")
    assert shown["count"].isna().tolist() == [False, False, True]
    assert shown["host"].isna().tolist() == [False, False, True]


def test_an_empty_table_has_its_header():
    empty = [_column(c.name, c.kind, [], np.array([], bool)) for c in COLUMNS]
    assert render(empty, "csv") == "host,count,at\n"
    assert json.loads(render(empty, "json")) == []
    assert len(frame(empty)) == 0


def test_an_unknown_format_is_a_usage_error():
    with pytest.raises(UsageError, match="one of text, csv"):
        render(COLUMNS, "yaml")
