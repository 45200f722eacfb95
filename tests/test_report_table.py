"""One table, five formats, the same content in each."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synack.errors import UsageError
from synack.report import cells, lines, table
from synack.report.edges import Shown
from synack.report.plain import printable
from synack.report.strings import Strings, distinct
from synack.report.table import frame
from synack.tables import NO_TIME

TIME = 1_795_445_928_123_456_789


def _column(name, kind, values, null):
    if kind == "str":
        texts, numbers = distinct(values)
        return Shown(name, kind, numbers, np.array(null), Strings.of(texts))
    return Shown(name, kind, np.array(values, np.int64), np.array(null))


def render(columns, form):
    raw = b"".join(table.render(columns, form))
    return raw if form == "parquet" else raw.decode("utf-8", "surrogateescape")


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


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1+2", "@SUM(A1)", "\tx", "\r=1"])
def test_a_name_is_no_formula_to_a_spreadsheet(name):
    column = _column("host", "str", [name, f"x{name}"], [False, False])
    rows = list(csv.reader(io.StringIO(render([column], "csv"), newline="")))
    assert rows == [["host"], [f"'{name}"], [f"x{name}"]]
    assert json.loads(render([column], "json"))[0] == {"host": name}


def test_json_and_ndjson_hold_the_same():
    rows = json.loads(render(COLUMNS, "json"))
    assert rows[0] == {"host": 'a,"b"', "count": 0, "at": WHEN[0]}
    assert rows[2] == {"host": None, "count": None, "at": None}
    assert [json.loads(line) for line in render(COLUMNS, "ndjson").splitlines()] == rows


def test_parquet_keeps_nanoseconds_and_nulls():
    read = pq.read_table(io.BytesIO(render(COLUMNS, "parquet")))
    assert str(read.schema.field("at").type) == "timestamp[ns, tz=UTC]"
    assert read["at"].cast("int64").to_pylist() == [TIME, TIME + 1, None]
    assert read["count"].to_pylist() == [0, 7, None]


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


# ---- against a renderer that is slow and obvious ------------------------------------------

TEXTS = st.text(
    st.sampled_from("ab,\"\\ '\n\r\t\0\x1b\x7fé漢\u2028\U0001f600\udcff\udc80") | st.characters(
        exclude_categories=["Cs"]), max_size=12
)  # fmt: skip
INTEGERS = st.integers(0, 12) | st.integers(-(2**63), 2**63 - 1) | st.sampled_from(
    [sign * 10**power + add for power in range(19) for add in (-1, 0) for sign in (1, -1)]
)  # fmt: skip
TIMES = st.integers(TIME, TIME + 10**15) | st.integers(NO_TIME + 1, 2**63 - 1)
VALUES = {"str": TEXTS, "int": INTEGERS, "time": TIMES}


@st.composite
def tables(draw):
    """(name, kind, values with None for null) of each column."""
    rows = draw(st.integers(0, 20))
    # Names of columns are our own: any characters, but no bytes of file names.
    own = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
    names = draw(st.lists(own, min_size=2, max_size=5))
    columns = []
    for name in names:
        kind = draw(st.sampled_from(sorted(VALUES)))
        value = VALUES[kind] if draw(st.booleans()) else st.none() | VALUES[kind]
        columns.append((name, kind, draw(st.lists(value, min_size=rows, max_size=rows))))
    return columns


def _shown(columns):
    nothing = {"str": "", "int": -1, "time": NO_TIME}
    return [
        _column(
            name,
            kind,
            [nothing[kind] if value is None else value for value in values],
            np.array([value is None for value in values], bool),
        )
        for name, kind, values in columns
    ]


def _text_of(value, kind):
    if value is None:
        return ""
    return f"{np.datetime64(value, 'ns')}Z" if kind == "time" else str(value)


def _slowly(columns, form):
    """What ``render`` has to give."""
    names = [name for name, _, _ in columns]
    texts = [[_text_of(value, kind) for value in values] for _, kind, values in columns]
    if form == "text":
        shown = [[name, *(printable(t) or "-" for t in column)]
                 for name, column in zip(names, texts, strict=True)]  # fmt: skip
        widths = [max(map(len, column)) for column in shown]
        rows = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            for row in zip(*shown, strict=True)
        ]
        return "".join(row.rstrip(" ") + "\n" for row in rows)
    if form == "csv":
        told = [
            [f"'{t}" if kind == "str" and t[:1] in {*"=+-@\t\r"} else t for t in column]
            for (_, kind, _), column in zip(columns, texts, strict=True)
        ]
        return "".join(map(_csv_line, [names, *zip(*told, strict=True)]))
    plain = [
        [None if value is None else text if kind == "time" else value
         for text, value in zip(column, values, strict=True)]
        for column, (_, kind, values) in zip(texts, columns, strict=True)
    ]  # fmt: skip
    rows = [dict(zip(names, row, strict=True)) for row in zip(*plain, strict=True)]
    if form == "json":
        return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv_line(cells):
    out = io.StringIO()
    # With this end of line a bare CR is quoted too; the first cell, that an empty row is not.
    csv.writer(out, lineterminator="\r\n").writerow(("", *cells))
    return out.getvalue()[1:-2] + "\n"


def _unique_names(columns):
    return [(f"{place}{name}", *rest) for place, (name, *rest) in enumerate(columns)]


@pytest.mark.parametrize("form", ["text", "csv", "json", "ndjson"])
@settings(deadline=None, max_examples=50)
@given(columns=tables().map(_unique_names), block=st.sampled_from([1, 3, 100]))
def test_every_format_is_as_the_slow_renderer_gives_it(form, columns, block):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_ROWS", block)
        assert render(_shown(columns), form) == _slowly(columns, form)


@pytest.mark.parametrize("form", ["text", "csv", "json", "ndjson"])
@settings(deadline=None, max_examples=50)
@given(columns=tables().map(_unique_names))
def test_long_texts_are_written_block_by_block(form, columns):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_BYTES", 100)
        patch.setattr(cells, "_POOL_BYTES", 8)
        assert render(_shown(columns), form) == _slowly(columns, form)


@settings(deadline=None, max_examples=50)
@given(tables().map(_unique_names))
def test_parquet_and_frame_hold_every_value(columns):
    read = pq.read_table(io.BytesIO(render(_shown(columns), "parquet")))
    shown = frame(_shown(columns))
    for place, (_, kind, values) in enumerate(columns):
        if kind == "str":
            expected = [
                None if v is None else v.encode("utf-8", "backslashreplace").decode()
                for v in values
            ]
            assert read.schema.types[place] == pa.string()
        else:
            expected = values
        column = read.column(place)
        assert (column.cast("int64") if kind == "time" else column).to_pylist() == expected
        kept = shown.iloc[:, place]
        kept = kept.astype("int64") if kind == "time" else kept
        missing = NO_TIME if kind == "time" else None
        assert kept.astype(object).where(kept.notna(), missing).tolist() == [
            missing if value is None else value for value in expected
        ]
