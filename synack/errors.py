"""What can go wrong with an input, said once and in one form.

A damaged frame is a value and a count, never an exception. A file that ends
badly is a :class:`Damage` beside the part that could be read. Exceptions are
only for inputs of which nothing could be read, and for wrong usage.
"""

from __future__ import annotations

from typing import NamedTuple


class Damage(NamedTuple):
    """Where reading a file had to stop, or what could not be read in it.

    ``offset`` is in bytes of the decompressed content, ``line`` counts from 1;
    whichever does not apply is None.
    """

    path: str
    reason: str
    offset: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        where = self.path
        if self.line is not None:
            where += f", line {self.line}"
        if self.offset is not None:
            where += f", byte {self.offset}"
        return f"{where}: {self.reason}"


class SynackError(Exception):
    """The base; only its children are raised."""


class InputError(SynackError):
    """Nothing could be read from this input: missing, empty, or not of a known kind."""

    def __init__(
        self, path: str, reason: str, *, offset: int | None = None, line: int | None = None
    ) -> None:
        self.damage = Damage(path, reason, offset, line)
        super().__init__(str(self.damage))


class UnknownInput(InputError):
    """The input can be read, but is of no kind that synack knows."""


class UsageError(SynackError):
    """The caller asked for something that does not exist or does not go together."""
