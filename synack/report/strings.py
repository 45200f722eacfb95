"""Many short texts without an object for each: UTF-8 one after the other, and lengths."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from synack.tables import Array

Bytes = NDArray[np.uint8]

FILL = 0xFF
"""Stands in matrices of text where there is none: no byte of UTF-8."""
SPACE = ord(" ")

_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Surrogates other than those for the bytes of a file name that is not UTF-8 (PEP 383)."""


class Strings:
    """Texts by number. A file name's bytes that are not UTF-8 are kept as surrogates, three
    bytes each (``surrogatepass``), so that no text holds a :data:`FILL`."""

    __slots__ = ("_begins", "_flat", "lengths")

    def __init__(self, flat: Bytes, lengths: Array) -> None:
        self._flat = flat
        self._begins = np.cumsum(lengths) - lengths
        self.lengths = lengths

    @classmethod
    def of(cls, texts: Iterable[str]) -> Strings:
        """Of Python strings; a lone surrogate that stands for no byte is spelled out."""
        raw = [_NO_BYTE.sub(_spelled, text).encode("utf-8", "surrogatepass") for text in texts]
        lengths = np.fromiter(map(len, raw), np.int64, len(raw))
        return cls(np.frombuffer(b"".join(raw), np.uint8), lengths)

    @classmethod
    def squeezed(cls, matrix: Bytes) -> Strings:
        """Of the rows of a matrix, :data:`FILL` left out."""
        kept = matrix != FILL
        return cls(matrix[kept], np.count_nonzero(kept, axis=1))

    def __len__(self) -> int:
        return len(self.lengths)

    def tolist(self) -> list[str]:
        raw = self._flat.tobytes()
        places = zip(self._begins.tolist(), (self._begins + self.lengths).tolist(), strict=True)
        return [raw[begin:end].decode("utf-8", "surrogatepass") for begin, end in places]

    def buffers(self) -> tuple[Bytes, NDArray[np.int64]]:
        """All bytes, and where each text begins and the last one ends: the layout
        of Arrow's ``large_string``."""
        return self._flat, np.append(self._begins, len(self._flat))

    def take(self, numbers: Array) -> Strings:
        """The texts with these numbers, in this order."""
        lengths = self.lengths[numbers]
        shift = np.repeat(self._begins[numbers] - (np.cumsum(lengths) - lengths), lengths)
        return Strings(self._flat[shift + np.arange(len(shift))], lengths)

    def concat(self, other: Strings) -> Strings:
        return Strings(
            np.concatenate([self._flat, other._flat]), np.concatenate([self.lengths, other.lengths])
        )

    def is_plain(self, but: bytes = b"") -> bool:
        """Whether all is printable ASCII, and none of it in ``but``."""
        flat = self._flat
        plain = not len(flat) or bool(flat.min() >= 0x20 and flat.max() < 0x7F)
        return plain and not any((flat == byte).any() for byte in but)

    def map(self, change: Callable[[str], str]) -> Strings:
        return Strings.of(map(change, self.tolist()))

    def is_unicode(self) -> bool:
        """Whether no text holds bytes that are not UTF-8."""
        try:
            self._flat.tobytes().decode()
        except UnicodeDecodeError:
            return False
        return True

    def characters(self) -> Array:
        """The length of each text in characters."""
        begun = np.concatenate([[0], np.cumsum(self._flat & 0xC0 != 0x80)])
        return begun[self._begins + self.lengths] - begun[self._begins]

    def spaced(self, characters: int) -> Array:
        """The length of each text when spaces fill it up to ``characters`` characters."""
        return self.lengths + np.maximum(characters - self.characters(), 0)

    def padded(self, width: int, characters: int = 0) -> Bytes:
        """One text per row, spaces up to ``characters`` characters, and :data:`FILL` up to
        ``width`` bytes, which no text may exceed."""
        matrix = np.full((len(self), width), FILL, np.uint8)
        place = np.arange(width)
        if characters:
            matrix[place < self.spaced(characters)[:, None]] = SPACE
        matrix[place < self.lengths[:, None]] = self._flat
        return matrix


def _spelled(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def distinct(texts: Sequence[str]) -> tuple[list[str], Array]:
    """The distinct texts in order of appearance, and the number of each text."""
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return list(numbers), np.fromiter(map(numbers.__getitem__, texts), np.int32, len(texts))
