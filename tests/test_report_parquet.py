"""Parquet in pieces: one file, a row group each."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synack.report import parquet
from synack.report.edges import Shown
from synack.report.strings import Strings


def test_row_groups_come_one_by_one(monkeypatch):
    monkeypatch.setattr(parquet, "_ROWS", 2)
    null = np.array([False, False, True, False, False])
    columns = [
        Shown("name", "str", np.array([0, 1, 0, 1, 1]), null, Strings.of(["a", "\udcff"])),
        Shown("count", "int", np.arange(5, dtype=np.int32), null),
    ]
    pieces = list(parquet.render(columns))
    assert len(pieces) == 4
    file = pq.ParquetFile(io.BytesIO(b"".join(pieces)))
    assert file.num_row_groups == 3
    assert file.schema_arrow.field("name").type == pa.string()
    assert file.read().to_pydict() == {
        "name": ["a", "\\udcff", None, "\\udcff", "\\udcff"],
        "count": [0, 1, None, 3, 4],
    }
