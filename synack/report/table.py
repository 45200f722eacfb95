"""A table of shown columns as text, CSV, JSON, NDJSON or Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from synack.errors import UsageError
from synack.report.edges import Shown
from synack.report.plain import printable
from synack.tables import NO_TIME

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("text", "csv", "json", "ndjson", "parquet")


def render(columns: Sequence[Shown], form: str) -> str | bytes:
    """The whole table in one of :data:`FORMATS`; Parquet is bytes."""
    if form == "text":
        return as_text(columns)
    if form == "csv":
        return _csv(columns)
    if form == "json":
        return json.dumps(_objects(columns), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    if form == "ndjson":
        lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in _objects(columns))
        return "".join(line + "\n" for line in lines)
    if form == "parquet":
        return _parquet(columns)
    raise UsageError(f"unknown format {form!r}: one of {', '.join(FORMATS)}")


def as_text(columns: Sequence[Shown]) -> str:
    """Aligned columns, nothing cut; empty values as ``-``."""
    cells = [[c.name, *(printable(text) or "-" for text in c.texts())] for c in columns]
    widths = [max(len(cell) for cell in column) for column in cells]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*cells, strict=True)
    )
    return "".join(line + "\n" for line in lines)


def frame(columns: Sequence[Shown]) -> pd.DataFrame:
    """A DataFrame: times ``datetime64[ns, UTC]``, integers ``Int64``, text ``str`` or None."""
    import pandas as pd

    data: dict[str, pd.Series] = {}
    for c in columns:
        if c.kind == "time":
            times = np.where(c.null, NO_TIME, c.values).astype("M8[ns]")
            data[c.name] = pd.Series(times).dt.tz_localize("UTC")
        elif c.kind == "int":
            data[c.name] = pd.Series(pd.arrays.IntegerArray(c.values.astype(np.int64), c.null))
        else:
            data[c.name] = pd.Series(c.objects(), dtype="str")
    return pd.DataFrame(data)


def _objects(columns: Sequence[Shown]) -> list[dict[str, str | int | None]]:
    names = [c.name for c in columns]
    rows = zip(*(c.objects() for c in columns), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _csv(columns: Sequence[Shown]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(c.name for c in columns)
    writer.writerows(zip(*(c.texts() for c in columns), strict=True))
    return out.getvalue()


def _parquet(columns: Sequence[Shown]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"time": pa.timestamp("ns", tz="UTC"), "int": pa.int64(), "str": pa.string()}
    arrays = {
        c.name: pa.array(c.values if c.kind != "str" else c.objects(), kinds[c.kind], mask=c.null)
        if c.kind != "str"
        else pa.array(c.objects(), kinds[c.kind])
        for c in columns
    }
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays), sink, compression="zstd")
    return sink.getvalue()
