"""Rows of cells as lines of bytes, in blocks, so that memory stays flat however long a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from synack.report.cells import Cells
from synack.report.strings import FILL, Bytes

_ROWS = 1 << 12
_BYTES = 1 << 22
"""A block is cut at this many rows, and below them until it is no larger than this: one
cell of a megabyte must not widen thousands of rows."""

_TRAILING = re.compile(rb"(?<! ) +\n")


def packed(cells: Sequence[Cells], gaps: Sequence[bytes], rows: int) -> Iterator[bytes]:
    """Each row's cells without filling, ``gaps`` before, between and after them."""
    for block in _blocks(cells, gaps, rows):
        yield block[block != FILL].tobytes()


def aligned(cells: Sequence[Cells], gaps: Sequence[bytes], rows: int) -> Iterator[bytes]:
    """Likewise as lines of text, without the spaces at their ends. No text holds a NUL."""
    for block in _blocks(cells, gaps, rows):
        lines = block.reshape(-1).view(f"S{block.shape[1]}")
        text = b"\n".join(np.char.rstrip(lines, b" ").tolist()) + b"\n"
        if bytes([FILL]) in text:
            text = _TRAILING.sub(b"\n", text.translate(None, bytes([FILL])))
        yield text


def _blocks(cells: Sequence[Cells], gaps: Sequence[bytes], rows: int) -> Iterator[Bytes]:
    pending = [slice(a, min(a + _ROWS, rows)) for a in range(0, rows, _ROWS)][::-1]
    while pending:
        block = pending.pop()
        widths = [column.width(block) for column in cells]
        length = block.stop - block.start
        if length > 1 and length * (sum(widths) + sum(map(len, gaps))) > _BYTES:
            middle = block.start + length // 2
            pending += [slice(middle, block.stop), slice(block.start, middle)]
        else:
            yield _block(cells, gaps, block, widths)


def _block(
    cells: Sequence[Cells], gaps: Sequence[bytes], rows: slice, widths: Sequence[int]
) -> Bytes:
    names = [str(place) for place in range(len(cells))]
    offsets, line = [], b""
    for gap, width in zip(gaps, [*widths, 0], strict=True):
        line += gap
        offsets.append(len(line))
        line += bytes(width)
    lines = np.full(rows.stop - rows.start, np.void(line))
    fields = lines.view(
        {"names": names, "formats": [f"V{width}" for width in widths],
         "offsets": offsets[:-1], "itemsize": len(line)}
    )  # fmt: skip
    for name, column, width in zip(names, cells, widths, strict=True):
        fields[name] = column.write(rows, width)
    return lines.view(np.uint8).reshape(len(lines), -1)
