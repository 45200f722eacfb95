"""Numbers, times and texts as cells of one width."""

from __future__ import annotations

import numpy as np
import pytest

from synack.report.cells import Numbers, Texts, Times
from synack.report.strings import FILL, SPACE, Strings

ALL = slice(None)


def _written(cells, rows=ALL):
    return [bytes(cell).replace(b"\xff", b"") for cell in cells.write(rows, cells.width(rows))]


@pytest.mark.parametrize("width", range(1, 20))
def test_numbers_of_every_width(width):
    largest = min(10**width - 1, 2**63 - 1)
    values = [largest, 10 ** (width - 1), *(10**power for power in range(width)), 0, 7]
    null = np.zeros(len(values), bool)
    cells = Numbers(np.array(values, np.int64), null, "", FILL)
    assert cells.width(ALL) == width
    assert _written(cells) == [str(value).encode() for value in values]


def test_missing_numbers_are_aligned():
    cells = Numbers(np.array([-1, 5000]), np.array([True, False]), "-", SPACE)
    assert _written(cells) == [b"-   ", b"5000"]


@pytest.mark.parametrize(
    "time", [0, -1, 1, -(2**63) + 1, 2**63 - 1, 951_782_400 * 10**9, 4_107_542_399_999_999_999]
)
def test_times_are_those_of_numpy(time):
    cells = Times(np.array([time]), np.array([False]), "null", FILL, '"')
    assert _written(cells) == [f'"{np.datetime64(time, "ns")}Z"'.encode()]


def test_no_time_at_all_takes_no_more_than_its_sign():
    cells = Times(np.array([5, 6]), np.array([True, True]), "-", SPACE, "")
    assert _written(cells) == [b"-", b"-"]


@pytest.mark.parametrize("limit", [0, 1 << 25])
def test_texts_are_the_same_however_they_are_padded(monkeypatch, limit):
    monkeypatch.setattr("synack.report.cells._POOL_BYTES", limit)
    strings = Strings.of(["a", "é", "bcd"])
    numbers, null = np.array([2, 0, 1, 0]), np.array([False, True, False, False])
    assert _written(Texts(strings, numbers, null, "", FILL)) == [b"bcd", b"", "é".encode(), b"a"]
    aligned = Texts(strings, numbers, null, "-", SPACE)
    assert aligned.characters == 3
    assert _written(aligned) == [b"bcd", b"-  ", "é  ".encode(), b"a  "]
