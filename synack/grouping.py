# cython: language_level=3, annotation_typing=False, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""Equal rows found by hash, and sums over groups: what sorting would do, in linear time.

One source: plain Python, compiled by the package's build with the C types of grouping.pxd
when a compiler is there, importable as it is without.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from synack.tables import Array

try:
    import cython
except ImportError:
    from synack import uncompiled as cython

COMPILED: bool = cython.compiled

_ALL_ONES, _LOW = (1 << 64) - 1, (1 << 32) - 1
_FEW = 4
"""So many rows are compared faster than found by hash."""
_MANY = 32
"""So many distinct rows of one cell are gone through; of more they are found by hash."""
_BLOCK = 1 << 13
"""Rows numbered at once: as many distinct ones more must fit before."""


def ids_of(*columns: Array) -> Array:
    """Number the distinct rows of ``columns`` (integers): equal rows get equal ids (int64),
    from 0 in order of first appearance."""
    words, rows = _Words(columns), len(columns[0])
    return _Numbers(words.width).of(words, rows) if words.width else np.zeros(rows, np.int64)


def group_ids(*columns: Array) -> Array:
    """:func:`ids_of`, but ids follow the sorted order of the rows, the first column
    deciding first."""
    ids = ids_of(*columns)
    some = representatives(ids)
    rank = np.empty(len(some), np.int64)
    rank[np.lexsort([column[some] for column in reversed(columns)])] = np.arange(len(some))
    return rank[ids]


def ids_within(cell: Array, cells: int, *columns: Array) -> Array:
    """:func:`ids_of` of ``cell`` and ``columns``, where ``cell`` (int64) is a number below
    ``cells``: found by that, with no hash, when no cell has many distinct rows."""
    words = _Words(columns)
    ids = _Within(cells, len(cell), words.width).of(cell, words)
    return ids_of(cell, *columns) if ids is None else ids


def representatives(ids: Array) -> Array:
    """The first row of each id (int64)."""
    some = np.full(int(ids.max(initial=-1)) + 1, -1, np.int64)
    _first_rows(ids, some)
    return some


def firsts(*columns: Array) -> Array:
    """The first of all rows that are equal, for each distinct row, in order (int64). Of many rows
    with few distinct ones it takes no memory for each."""
    words, rows = _Words(columns), len(columns[0])
    return _Numbers(words.width).firsts(words, rows) if words.width else np.arange(min(rows, 1))


def _first_rows(ids: Any, some: Any) -> int:
    with cython.nogil:
        for row in range(len(ids)):
            if some[ids[row]] < 0:
                some[ids[row]] = row
    return 0


def distinct(values: Array) -> Array:
    """The distinct integers of ``values``, sorted."""
    return np.sort(values[firsts(values)])


def present(numbers: Array) -> list[int]:
    """Which small numbers from 0 there are in ``numbers``, ascending."""
    return np.flatnonzero(np.bincount(numbers)).tolist()


def distinct_rows(*columns: Array) -> list[tuple[int, ...]]:
    """The distinct rows of ``columns``, sorted."""
    some = firsts(*columns)
    return sorted(zip(*(column[some].tolist() for column in columns), strict=True))


def among(wanted: Collection[tuple[int, ...]], *columns: Array) -> Array:
    """Whether each row of ``columns`` is one of ``wanted`` (bool)."""
    if len(wanted) <= _FEW:
        found = np.zeros(len(columns[0]), bool)
        for row in wanted:
            same = [column == value for column, value in zip(columns, row, strict=True)]
            found |= np.logical_and.reduce(same)
        return found
    heads = np.array(list(wanted), columns[0].dtype).T
    ids = ids_of(*(np.concatenate(pair) for pair in zip(heads, columns, strict=True)))
    return ids[len(wanted) :] <= ids[: len(wanted)].max()


def ordered(values: Array) -> Array:
    """The positions that sort ``values`` (integers that fit into 32 bits), equal ones in order
    (int64). Sorting values is much faster than sorting positions by them."""
    key = values.astype(np.uint64 if values.dtype.kind == "u" else np.int64)
    key <<= 32
    key |= np.arange(len(values), dtype=key.dtype)
    key.sort()
    key &= key.dtype.type(_LOW)
    return key.view(np.int64)


def by_id(ids: Array, size: int = 0) -> tuple[Array, Array]:
    """(order, starts): the rows of id ``n``, ascending, are ``order[starts[n] : starts[n + 1]]``
    (int64). ``size``: so many ids at least."""
    counts = np.bincount(ids, minlength=size)
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    order = np.empty(len(ids), np.int64)
    _put(ids.astype(np.int64, copy=False), starts[:-1].copy(), order)
    return order, starts


def _put(ids: Any, places: Any, order: Any) -> int:
    with cython.nogil:
        for row in range(len(ids)):
            order[places[ids[row]]] = row
            places[ids[row]] += 1
    return 0


def grouped(rows: Array, *columns: Array) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Each distinct combination of ``columns`` (one value per row), with its rows."""
    order, starts = by_id(group_ids(*columns))
    for part in np.split(order, starts[1:-1]) if len(rows) else ():
        yield tuple(int(column[part[0]]) for column in columns), rows[part]


def least(values: Array, ids: Array) -> Array:
    """The least of ``values`` by id (int64; the largest int64 where an id has none)."""
    result = np.full(int(ids.max(initial=-1)) + 1, np.iinfo(np.int64).max, np.int64)
    np.minimum.at(result, ids, values)
    return result


class _Words:
    """Columns side by side in as few words of 64 bits as their values need: of each column the
    bits in which they differ."""

    def __init__(self, columns: Sequence[Array]) -> None:
        self.width = free = 0
        self._parts: list[tuple[int, Array, np.uint64, np.uint64]] = []
        for column in columns:
            least, most = (int(column.min()), int(column.max())) if len(column) else (0, 0)
            bits = (most - least).bit_length()
            if not bits:
                continue
            if bits > free:
                self.width, free = self.width + 1, 64
            free -= bits
            part = self.width - 1, column, np.uint64(least & _ALL_ONES), np.uint64(free)
            self._parts.append(part)

    def put(self, block: Array, begin: int) -> None:
        """The rows from ``begin`` into ``block`` (row, word; uint64)."""
        block[:] = 0
        for word, column, least, shift in self._parts:
            values = column[begin : begin + len(block)].astype(np.uint64)
            values -= least
            values <<= shift
            block[:, word] |= values


class _Numbers:
    """The distinct rows so far, found by hash. It is keyed at random, because a capture may
    have been made to collide. Memory grows with the distinct rows alone."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.found = 0
        self.keys = array("Q", os.urandom(8 * (width + 1)))
        self.known = _zeros("Q", width)
        self.slots = _zeros("Q", 2)
        self.hashes = _zeros("Q", _BLOCK)
        self.touched = 0

    def of(self, words: _Words, rows: int) -> Array:
        """Ids of rows, also of later ones."""
        ids = np.empty(rows, np.int64)
        for begin in range(0, rows, _BLOCK):
            self._next(words, begin, ids[begin : begin + _BLOCK])
        return ids

    def firsts(self, words: _Words, rows: int) -> Array:
        """Of each distinct one the first row."""
        found = [np.empty(0, np.int64)]
        ids = np.empty(min(rows, _BLOCK), np.int64)
        for begin in range(0, rows, _BLOCK):
            known, part = self.found, ids[: rows - begin]
            self._next(words, begin, part)
            if self.found > known:
                # The first one has a higher number than all before.
                before = np.maximum.accumulate(np.append(known - 1, part[:-1]))
                found.append(begin + np.flatnonzero(part > before))
        return np.concatenate(found)

    def _next(self, words: _Words, begin: int, ids: Array) -> None:
        """Put those of the rows from ``begin`` into ``ids``: a block at most."""
        block = np.empty((len(ids), self.width), np.uint64)
        words.put(block, begin)
        self._reserve(len(ids))
        cells: Any = block.reshape(-1)
        self._number(cells if COMPILED else cells.tolist(), ids, len(ids))

    def _reserve(self, rows: int) -> None:
        """Make room for as many distinct rows more."""
        wanted = (self.found + rows) * self.width
        if wanted > len(self.known):
            larger = _zeros("Q", 2 * wanted)
            np.asarray(larger)[: len(self.known)] = self.known
            self.known = larger
        if 2 * (self.found + rows) > len(self.slots):
            self.slots = _zeros("Q", 1 << (2 * (self.found + rows)).bit_length())
            self._enter_all()

    def _enter_all(self) -> int:
        mask = len(self.slots) - 1
        for known in range(self.found):
            mixed = self._hash(self.known, known * self.width)
            place = mixed & mask
            while self.slots[place]:
                place = (place + 1) & mask
            self.slots[place] = (mixed >> 32) << 32 | (known + 1)
        return 0

    def _hash(self, cells: Any, start: int) -> int:
        mixed = 0
        for at in range(self.width):
            mixed = (mixed ^ cells[start + at]) * (self.keys[at] | 1) & _ALL_ONES
            mixed = mixed ^ mixed >> 32
        mixed = mixed * (self.keys[self.width] | 1) & _ALL_ONES
        return mixed ^ mixed >> 32

    def _number(self, cells: Any, ids: Any, rows: int) -> int:
        with cython.nogil:
            mask = len(self.slots) - 1
            width = self.width
            for row in range(rows):
                self.hashes[row] = self._hash(cells, row * width)
            # Loops of nothing but reading: then many reads from memory are under way at a time.
            touched = 0
            for row in range(rows):
                touched ^= self.slots[self.hashes[row] & mask]
            for row in range(rows):
                known = self.slots[self.hashes[row] & mask] & _LOW
                if known:
                    touched ^= self.known[(known - 1) * width]
            self.touched = touched
            for row in range(rows):
                start = row * width
                mixed = self.hashes[row]
                place = mixed & mask
                while True:
                    slot = self.slots[place]
                    if not slot:
                        known = self.found
                        self.slots[place] = (mixed >> 32) << 32 | (known + 1)
                        for at in range(width):
                            self.known[known * width + at] = cells[start + at]
                        self.found = known + 1
                        break
                    known = (slot & _LOW) - 1
                    same = slot >> 32 == mixed >> 32
                    for at in range(width):
                        if same and self.known[known * width + at] != cells[start + at]:
                            same = False
                    if same:
                        break
                    place = (place + 1) & mask
                ids[row] = known
        return 0


class _Within:
    """The distinct rows so far of each cell, one linked to the next."""

    def __init__(self, cells: int, rows: int, width: int) -> None:
        self.width = width
        self.found = 0
        self.first = _zeros("I", max(cells, 1))
        # Memory that is not used costs nothing.
        self.next = _plain_zeros("I", rows)
        self.known = _plain_zeros("Q", rows * width)

    def of(self, cell: Array, words: _Words) -> Array | None:
        """Ids of rows; None where a cell has too many distinct ones to go through."""
        rows = len(cell)
        ids = np.empty(rows, np.int64)
        block = np.empty((min(rows, _BLOCK), self.width), np.uint64)
        for begin in range(0, rows, _BLOCK):
            part = min(_BLOCK, rows - begin)
            words.put(block[:part], begin)
            cells: Any = block.reshape(-1)
            numbers: Any = cell[begin : begin + part]
            if not COMPILED:
                cells, numbers = cells.tolist(), numbers.tolist()
            if not self._number(numbers, cells, ids[begin : begin + part], part):
                return None
        return ids

    def _number(self, cell: Any, cells: Any, ids: Any, rows: int) -> bool:
        with cython.nogil:
            width = self.width
            for row in range(rows):
                start = row * width
                before = 0
                known = self.first[cell[row]]
                steps = 0
                while known:
                    same = True
                    for at in range(width):
                        if self.known[(known - 1) * width + at] != cells[start + at]:
                            same = False
                    if same:
                        break
                    steps += 1
                    if steps > _MANY:
                        return False
                    before = known
                    known = self.next[known - 1]
                if not known:
                    for at in range(width):
                        self.known[self.found * width + at] = cells[start + at]
                    self.found += 1
                    known = self.found
                    if before:
                        self.next[before - 1] = known
                    else:
                        self.first[cell[row]] = known
                ids[row] = known - 1
        return True


def _plain_zeros(code: str, size: int) -> Any:
    """Zeros that take no memory before they are changed."""
    return np.zeros(size, code) if COMPILED else array(code, bytes(array(code).itemsize * size))


def _zeros(code: str, size: int) -> Any:
    """An array whose items are plain integers when not compiled: numpy's would overflow."""
    if not COMPILED:
        return array(code, bytes(array(code).itemsize * size))
    zeros = np.empty(size, code)  # in large pages, unlike np.zeros
    zeros.fill(0)
    return zeros
