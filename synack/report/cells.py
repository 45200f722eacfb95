"""The cells of a column as bytes, many rows at once: one void (``V``) value per row, all of
one width, filled up where a text is shorter. No Python object is made for a row."""

from __future__ import annotations

from functools import cache
from typing import Protocol

import numpy as np

from synack.report.strings import SPACE, Strings
from synack.tables import Array

_POOL_BYTES = 1 << 25
"""Texts that need more than this when padded to one width are padded block by block."""

_DAY = 86400 * 10**9

_GROUP = 4
"""Digits that are looked up at once."""


class Cells(Protocol):
    """What can be written into lines."""

    characters: int
    """The widest cell in characters."""

    def width(self, rows: slice) -> int:
        """Bytes of the widest cell of these rows, or more."""

    def write(self, rows: slice, width: int) -> Array:
        """The cells of these rows, each ``width`` bytes."""


class Texts:
    """Texts by number, ``missing`` where null; ``fill`` is a space to align them."""

    def __init__(
        self, strings: Strings, numbers: Array, null: Array, missing: str, fill: int
    ) -> None:
        self._strings = strings.concat(Strings.of([missing]))
        self._numbers = numbers
        self._null = null
        self.characters = int(self._strings.characters().max())
        self._spaced = self.characters if fill == SPACE else 0
        self._lengths = np.maximum(self._strings.spaced(self._spaced), 1)
        widest = int(self._lengths.max())
        self._pool: Array | None = None
        if widest * len(self._strings) <= _POOL_BYTES:
            self._pool = _voids(self._strings.padded(widest, self._spaced))

    def width(self, rows: slice) -> int:
        if self._pool is not None:
            return self._pool.itemsize
        return int(self._lengths[self._places(rows)].max())

    def write(self, rows: slice, width: int) -> Array:
        places = self._places(rows)
        if self._pool is not None:
            return self._pool[places]
        used, places = np.unique(places, return_inverse=True)
        return _voids(self._strings.take(used).padded(width, self._spaced))[places]

    def _places(self, rows: slice) -> Array:
        return np.where(self._null[rows], len(self._strings) - 1, self._numbers[rows])


class Numbers:
    """Integers from 0 in decimal, ``missing`` where null, then ``fill``."""

    def __init__(self, values: Array, null: Array, missing: str, fill: int) -> None:
        self._values = values
        self._null = null
        self._missing = missing
        self._fill = fill
        most = int(np.where(null, 0, values).max(initial=0))
        self.characters = max(len(str(most)), len(missing) if null.any() else 0)

    def width(self, rows: slice) -> int:  # noqa: ARG002
        return self.characters

    def write(self, rows: slice, width: int) -> Array:
        null = self._null[rows]
        values = np.where(null, 0, self._values[rows]).astype(np.uint64)
        return _without(_decimal(values, width, self._fill), null, self._missing, self._fill)


class Times:
    """Times (ns since 1970) in ISO 8601, UTC, with nanoseconds, between ``quote``;
    ``missing`` where null, then ``fill``."""

    def __init__(self, values: Array, null: Array, missing: str, fill: int, quote: str) -> None:
        self._values = values
        self._null = null
        self._missing = missing
        self._fill = fill
        self._quote = quote
        shown = values[~null]
        # Stands where null: its date is in the table.
        self._some = shown[:1]
        days = shown // _DAY
        whole = len("1970-01-01T00:00:00.000000000Z") + 2 * len(quote)
        self.characters = whole if len(days) else max(len(missing), 1)
        self._first_day = int(days.min()) if len(days) else 0
        every = np.arange(self._first_day, days.max() + 1 if len(days) else 0)
        self._dates = np.datetime_as_string(every.astype("M8[D]")).astype("S10").view("V10")

    def width(self, rows: slice) -> int:  # noqa: ARG002
        return self.characters

    def write(self, rows: slice, width: int) -> Array:
        null = self._null[rows]
        if len(self._some):
            cells = self._iso(np.where(null, self._some, self._values[rows]))
        else:
            cells = np.empty(len(null), f"V{width}")
        return _without(cells, null, self._missing, self._fill)

    def _iso(self, times: Array) -> Array:
        days, nanos = np.divmod(times, _DAY)
        date = self._dates[days - self._first_day]
        seconds, nanos = np.divmod(nanos, 10**9)
        three = _all_digits(3)
        fraction = three[nanos // 10**6], three[nanos // 1000 % 1000], three[nanos % 1000]
        quote = self._quote
        return _joined(quote, date, "T", _clock()[seconds], ".", *fraction, f"Z{quote}")


def _without(cells: Array, null: Array, missing: str, fill: int) -> Array:
    """``cells`` with ``missing`` where null."""
    cells[null] = np.void(missing.encode().ljust(cells.itemsize, bytes([fill])))
    return cells


def _voids(matrix: Array) -> Array:
    """Each row of a matrix of bytes as one value."""
    return np.ascontiguousarray(matrix).reshape(-1).view(f"V{matrix.shape[1]}")


def _joined(*parts: Array | str) -> Array:
    """Values side by side; a str is the same in every row."""
    values: list[Array] = [
        np.array(p.encode()) if isinstance(p, str) else p for p in parts if len(p)
    ]
    names = [str(place) for place in range(len(values))]
    fields = np.dtype([(n, f"V{v.itemsize}") for n, v in zip(names, values, strict=True)])
    cells: Array = np.empty(max(map(np.size, values)), fields)
    for name, value in zip(names, values, strict=True):
        cells[name] = value.view(f"V{value.itemsize}")
    return cells.view(f"V{fields.itemsize}")


def _decimal(values: Array, width: int, fill: int) -> Array:
    """Digits from the left, then ``fill``; ``width`` up to 19."""
    digits = np.ones(len(values), np.int64)
    for power in range(1, width):
        digits += values >= 10**power
    # With as many digits as the column is wide, all numbers are cut at the same places.
    values = values * np.array([10**p for p in range(width + 1)], np.uint64)[width - digits]
    parts = []
    for begin in range(0, width, _GROUP):
        size = min(_GROUP, width - begin)
        part, values = np.divmod(values, np.uint64(10 ** (width - begin - size)))
        shown = np.clip(digits - begin, 0, size)
        parts.append(_first_digits(size, fill)[shown * 10**size + part.astype(np.int64)])
    return _joined(*parts)


@cache
def _first_digits(size: int, fill: int) -> Array:
    """At ``shown * 10**size + number``: the first ``shown`` digits of a number of ``size``."""
    whole = _all_digits(size).view(np.uint8).reshape(-1, size)
    table = np.full((size + 1, *whole.shape), fill, np.uint8)
    for shown in range(1, size + 1):
        table[shown, :, :shown] = whole[:, :shown]
    return _voids(table.reshape(-1, size))


@cache
def _all_digits(size: int) -> Array:
    """Every number of ``size`` digits, with leading zeros."""
    numbers = np.arange(10**size)[:, None]
    powers = 10 ** np.arange(size - 1, -1, -1)
    return _voids((numbers // powers % 10 + ord("0")).astype(np.uint8))


@cache
def _clock() -> Array:
    """``HH:MM:SS`` of each second of a day."""
    two = _all_digits(2)
    second = np.arange(86400)
    return _joined(two[second // 3600], ":", two[second // 60 % 60], ":", two[second % 60])
