"""What every reader of this wing hands on: rows with their lines, and what it could not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from synack.context.json_lines import elements
from synack.errors import Damage
from synack.stamps import find_stamp, parse_stamp
from synack.tables import NO_TIME, Schema, Table

MOST_UNREAD = 1000
"""More unread lines than this are counted, not listed."""

LONGEST = 4096
"""Characters. No row of any command is longer; a longer line is none."""

_LARGEST = 2**63
_PROMPT = re.compile(
    r"(?:\[[^\]]{1,120}+\]|/ |[^\s#$%>]{0,120}+(?: [~/][^\s#$%>]{0,120}+)?)[#$%>](?: |$)|\+{1,4} "
)
_RULED = re.compile(r"(?:([=*~<>-])\1+|#{2,}) *(?=\S)")


@dataclass(slots=True)
class Reading:
    """What one file holds of one kind. ``kind`` names the command or the log.

    In ``table`` the column ``host`` is empty and ``at`` is NO_TIME where the file itself
    does not say. ``local_time``: stamps without a zone are among those of the rows; they
    were read as if UTC. ``lines``: how many lines are rows, heads or details of them.
    """

    kind: str
    table: Table
    unread: list[Damage] = field(default_factory=list)
    local_time: bool = False
    lines: int = 0
    warnings: list[str] = field(default_factory=list)


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """(number, line) of the lines that may be rows: not empty, and not endless."""
    for number, line in enumerate(text.split("\n"), 1):
        if 0 < len(line) <= LONGEST and not line.isspace():
            yield number, line


def whole(text: str) -> int | None:
    """The integer that ``text`` is, None when it is none or has more than 63 bits."""
    if not (text.isdecimal() and text.isascii() and len(text) <= 19):
        return None
    value = int(text)
    return value if value < _LARGEST else None


def command(line: str) -> str:
    """What was typed, if ``line`` begins with a prompt or a ruler (``== ss -tan ==``); or ""."""
    found = _PROMPT.match(line) or _RULED.match(line)
    return line[found.end() :].strip(" =*~<>-#") if found else ""


class Rows:
    """Rows of one schema as they are found, under the date line above them."""

    def __init__(self, path: str, schema: Schema) -> None:
        self.path = path
        self.schema = schema
        self.at = NO_TIME
        self.lines = 0
        self._zoned = True
        self._local = False
        self._rows: list[tuple[Any, ...]] = []
        self._unread: list[Damage] = []
        self._strange = 0
        self._hosted = "host" in schema.dtypes

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, line: int, *values: Any, at: int | None = None, lines: int = 1) -> None:
        """A row at ``line``: ``values`` are the columns between ``host`` and ``at``."""
        self.lines += lines
        if at is None:
            at, self._local = self.at, self._local or not self._zoned
        self._rows.append((*("",) * self._hosted, *values, at, self.path, line))

    def unreadable(self, line: int, reason: str) -> None:
        """A row, by its beginning, that says something else then."""
        self.lines += 1
        self._strange += 1
        if len(self._unread) < MOST_UNREAD:
            self._unread.append(Damage(self.path, reason, line=line))

    def local(self) -> None:
        """A row's own time has no zone."""
        self._local = True

    def date(self, line: str) -> bool:
        """Whether ``line`` is a date, which holds for what comes below."""
        stamp = parse_stamp(line)
        if stamp is None and command(line):
            stamp = find_stamp(line)
        if stamp is None:
            return False
        self.at, self._zoned = stamp
        self.lines += 1
        return True

    def reading(self, kind: str, *, sure: bool = False) -> Reading | None:
        """What was found; None without any row, unless it is ``sure`` that the file is such."""
        if not (self._rows or sure):
            return None
        table = Table.from_rows(self.schema, self._rows)
        reading = Reading(kind, table, self._unread, self._local, self.lines)
        if self._strange > len(self._unread):
            reading.warnings.append(
                f"{self.path}: {self._strange} lines could not be read,"
                f" the first {len(self._unread)} are listed"
            )
        return reading


def objects(
    rows: Rows, text: str, holding: str, within: str = ""
) -> Iterator[tuple[int, dict[str, Any]]]:
    """:func:`elements` of ``text``, with the date line above each noted in ``rows``."""
    plain = ((n, line) for n, line in numbered(text) if line[0] not in _JSON)
    number, line = next(plain, (0, ""))
    for place, value in elements(text, holding, within):
        while line and number < place:
            rows.date(line)
            number, line = next(plain, (0, ""))
        yield place, value


_JSON = frozenset(' \t[]{},"')
"""What lines of a document begin with."""
