"""Lines from cells: nothing of the filling is left, and no block is large."""

from __future__ import annotations

import numpy as np

from synack.report import lines
from synack.report.cells import Texts
from synack.report.strings import FILL, SPACE, Strings


def _texts(texts, fill):
    numbers = np.arange(len(texts))
    return Texts(Strings.of(texts), numbers, np.zeros(len(texts), bool), "-", fill)


def test_packed_lines_have_only_their_texts():
    cells = [_texts(["a", "bcd"], FILL), _texts(["é", ""], FILL)]
    assert b"".join(lines.packed(cells, [b"<", b",", b">"], 2)) == "<a,é><bcd,>".encode()


def test_aligned_lines_end_where_their_text_ends():
    cells = [_texts(["a", "bcd"], SPACE), _texts(["é", "  "], SPACE)]
    assert b"".join(lines.aligned(cells, [b"", b"  ", b" "], 2)) == "a    é\nbcd\n".encode()


def test_no_rows_no_bytes():
    assert list(lines.packed([_texts([], FILL)], [b"", b"\n"], 0)) == []


def test_one_long_text_does_not_widen_the_others(monkeypatch):
    monkeypatch.setattr("synack.report.cells._POOL_BYTES", 0)
    monkeypatch.setattr(lines, "_BYTES", 1000)
    texts = ["a"] * 400 + ["b" * 5000] + ["c"] * 400
    sizes, whole = [], lines._block

    def measured(*arguments):
        block = whole(*arguments)
        sizes.append(block.size)
        return block

    monkeypatch.setattr(lines, "_block", measured)
    pieces = list(lines.packed([_texts(texts, FILL)], [b"", b"\n"], len(texts)))
    assert b"".join(pieces).decode().split() == texts
    assert sorted(sizes)[-2:] == [max(n for n in sizes if n <= 1000), 5001]
