"""A table of shown columns as Parquet, one row group at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synack.report.edges import Shown
from synack.report.strings import Strings

_ROWS = 1 << 17
"""Of a row group."""


class _Pieces(io.RawIOBase):
    """A file whose contents are taken away while it is written."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._size += len(piece)
        return len(piece)

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def render(columns: Sequence[Shown]) -> Iterator[bytes]:
    """Text is ``string``, integers ``int64``, times ``timestamp[ns, UTC]``."""
    file = _Pieces()
    texts = {c.name: _texts(c.strings) for c in columns if c.kind == "str"}
    kinds = {"time": pa.timestamp("ns", tz="UTC"), "int": pa.int64(),
             "str": pa.dictionary(pa.int32(), pa.large_string())}  # fmt: skip
    schema = pa.schema([(c.name, kinds[c.kind]) for c in columns])
    # Without Arrow's own schema a reader sees strings, not how they were handed over.
    with pq.ParquetWriter(
        file, schema, compression="zstd", compression_level=1, store_schema=False
    ) as writer:
        for begin in range(0, len(columns[0].values), _ROWS):
            rows = slice(begin, begin + _ROWS)
            arrays = [_array(c, rows, texts.get(c.name)) for c in columns]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield file.take()
    yield file.take()


def _texts(strings: Strings) -> pa.Array:
    if not strings.is_unicode():
        strings = strings.map(lambda text: text.encode("utf-8", "backslashreplace").decode())
    flat, places = strings.buffers()
    return pa.LargeStringArray.from_buffers(len(strings), pa.py_buffer(places), pa.py_buffer(flat))


def _array(c: Shown, rows: slice, texts: pa.Array | None) -> pa.Array:
    values, null = c.values[rows], c.null[rows]
    if texts is not None:
        if len(texts) > len(values):
            # Each row group writes its dictionary whole.
            used, values = np.unique(values, return_inverse=True)
            texts = texts.take(pa.array(used))
        numbers = pa.array(values.astype(np.int32), mask=null)
        return pa.DictionaryArray.from_arrays(numbers, texts)
    kind = pa.int64() if c.kind == "int" else pa.timestamp("ns", tz="UTC")
    return pa.array(values.astype(np.int64), kind, mask=null)
