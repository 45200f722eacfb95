"""Tables of a story's TOML, and where each key stands: a table gives out its values checked."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

from synack.addresses import format_mac, parse_mac
from synack.errors import InputError
from synack.synth.story import LONGEST, MOST_ATTEMPTS, Span, Story

T = TypeVar("T")
Where = tuple[str | int, ...]


class Lines:
    """Where in the text of a story each table and key is."""

    _HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.sections: dict[Where, int] = {(): 0}
        counts: dict[Where, int] = {}
        for number, line in enumerate(self.lines, 1):
            header = self._HEADER.match(line)
            if header is None:
                continue
            where: Where = ()
            names = [name.strip().strip("\"'") for name in re.split(r"\.", header[2])]
            for place, name in enumerate(names):
                where = (*where, name)
                if header[1] == "[[" and place == len(names) - 1:
                    counts[where] = counts.get(where, -1) + 1
                if where in counts:
                    where = (*where, counts[where])
            self.sections[where] = number

    def of(self, where: Where, key: str) -> int | None:
        """The line of a key; of the table's heading if it is nowhere to be seen."""
        if not self.lines:
            return None
        path: Where = (*where, key) if key else where
        for depth in range(len(path), -1, -1):
            if path[:depth] not in self.sections:
                continue
            begin = self.sections[path[:depth]]
            for wanted in [part for part in reversed(path[depth:]) if isinstance(part, str)]:
                for number in range(begin + 1, len(self.lines) + 1):
                    line = self.lines[number - 1]
                    if self._HEADER.match(line):
                        break
                    if re.search(rf"(^|[\s{{,\"']){re.escape(wanted)}[\"']?\s*=", line):
                        return number
            return begin or 1
        return 1


class Table:
    """One table of the story: gives out its values checked, and knows what was not asked for."""

    def __init__(self, values: dict[str, Any], where: Where, lines: Lines) -> None:
        self.values = values
        self.where = where
        self.lines = lines
        self.asked: set[str] = set()

    def fail(self, key: str, reason: str) -> NoReturn:
        shown = ""
        for part in (*self.where, key) if key else self.where:
            shown += f"[{part}]" if isinstance(part, int) else f".{part}"
        line = self.lines.of(self.where, key)
        raise InputError(self.lines.path, f"{shown.lstrip('.')}: {reason}", line=line)

    def done(self) -> None:
        for key in self.values:
            if key not in self.asked:
                known = ", ".join(sorted(self.asked))
                self.fail(key, f"no such key; there are {known}")

    def get(self, key: str) -> Any:
        self.asked.add(key)
        return self.values.get(key)

    def check(self, key: str, value: T, good: bool, wanted: str) -> T:
        if not good:
            self.fail(key, f"{value!r} is not {wanted}")
        return value

    def one_of(self, key: str, value: str, known: Sequence[str] | dict[str, Any]) -> str:
        if value not in known:
            self.fail(key, f"{value!r} is none of {', '.join(repr(k) for k in known)}")
        return value

    def string(self, key: str, value: Any) -> str:
        good = isinstance(value, str)
        return str(self.check(key, value, good, "text"))

    def text(self, key: str, default: str | None = None) -> str:
        value = self.get(key)
        if value is None:
            if default is None:
                self.fail(key, "is missing")
            return default
        return self.string(key, value)

    def choice(self, key: str, known: Sequence[str]) -> str:
        return self.one_of(key, self.text(key, known[0]), known)

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.get(key)
        good = value is None or isinstance(value, bool)
        return bool(self.check(key, default if value is None else value, good, "true or false"))

    def number(
        self, key: str, default: float, low: float = -LONGEST, high: float = math.inf
    ) -> float:
        value = self.get(key)
        return default if value is None else self._number(key, value, low, high)

    def _number(self, key: str, value: Any, low: float, high: float) -> float:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        good = good and math.isfinite(value) and low <= value <= high
        return float(self.check(key, value, good, f"a number from {low:g} to {high:g}"))

    def integer(self, key: str, default: int, low: int = 0, high: int = 2**63) -> int:
        value = self.get(key)
        value = default if value is None else value
        good = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return int(self.check(key, value, good, f"a whole number from {low} to {high}"))

    def integers(self, key: str) -> list[int]:
        good = [isinstance(v, int) and not isinstance(v, bool) for v in self._list(key)]
        return list(self.check(key, self._list(key), all(good), "a list of whole numbers"))

    def _list(self, key: str) -> list[Any]:
        value = self.get(key)
        value = [] if value is None else value
        return value if isinstance(value, list) else [value]

    def each(self, key: str, take: Callable[[str, Any], T], single: str = "") -> list[T]:
        """The values of ``key``, or the one of ``single``."""
        found = [take(key, value) for value in self._list(key)]
        return found + [take(single, value) for value in self._list(single)] if single else found

    def strings(self, key: str) -> dict[str, str]:
        value = self.get(key)
        value = {} if value is None else value
        self.check(key, value, isinstance(value, dict), "a table")
        return {k: self.string(key, v) for k, v in value.items()}

    def address(self, key: str, value: Any) -> str:
        try:
            return str(ipaddress.ip_address(self.string(key, value)))
        except ValueError:
            self.fail(key, f"{value!r} is no IP address")

    def prefix(self, key: str, value: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        try:
            return ipaddress.ip_network(self.string(key, value))
        except ValueError as error:
            self.fail(key, str(error))

    def mac(self, key: str, value: Any) -> str:
        parsed = parse_mac(self.string(key, value))
        if parsed is None:
            self.fail(key, f"{value!r} is no MAC address")
        return format_mac(parsed)

    def host(self, key: str, story: Story) -> str:
        return self.one_of(key, self.text(key), story.hosts)

    def moment(self, key: str) -> int:
        value = self.get(key)
        if value is None:
            value = datetime(2026, 3, 2, 14, tzinfo=UTC)
        good = isinstance(value, datetime) and value.tzinfo is not None
        self.check(key, value, good, "a date and time with a zone, such as 2026-03-02T14:00:00Z")
        seconds = int(value.timestamp())
        self.check(key, value, 0 <= seconds < 4_000_000_000, "between 1970 and 2096")
        return seconds * 1_000_000_000

    def span(self, key: str, default: Span) -> Span:
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, list) or len(value) != 2:
            self.fail(key, f"{value!r} is not [from, to]")
        begin, end = (self._number(key, v, -LONGEST, LONGEST) for v in value)
        self.check(key, value, begin <= end, "in order")
        return begin, end

    def moments(self, key: str) -> list[float]:
        """A number, a list of them, or ``{from = 1, to = 60, every = 4}``."""
        value = self.get(key)
        if not isinstance(value, dict):
            found = [self._number(key, v, -LONGEST, LONGEST) for v in self._list(key)]
            self.check(key, value, bool(found), "a time or a list of times, in seconds")
            return found
        series = Table(value, (*self.where, key), self.lines)
        begin, step = series.number("from", 0.0), series.number("every", 1.0, 0.000_1)
        end = series.number("to", begin)
        series.done()
        count = max(0, int((end - begin) / step + 1e-9) + 1)
        self.check(key, count, count <= MOST_ATTEMPTS, f"at most {MOST_ATTEMPTS} times")
        return [round(begin + n * step, 6) for n in range(count)]

    def table(self, key: str) -> Table:
        value = self.get(key)
        value = {} if value is None else value
        self.check(key, value, isinstance(value, dict), "a table")
        return Table(value, (*self.where, key), self.lines)

    def tables(self, key: str) -> list[Table]:
        value = self.get(key)
        value = [] if value is None else value
        good = isinstance(value, list) and all(isinstance(v, dict) for v in value)
        self.check(key, value, good, "an array of tables")
        return [Table(v, (*self.where, key, n), self.lines) for n, v in enumerate(value)]

    def named(self, key: str) -> list[tuple[str, Table]]:
        value = self.get(key)
        value = {} if value is None else value
        good = isinstance(value, dict) and all(isinstance(v, dict) for v in value.values())
        self.check(key, value, good, "a table of tables")
        return [(k, Table(v, (*self.where, key, k), self.lines)) for k, v in value.items()]
