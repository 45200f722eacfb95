"""Neighbor tables of Linux, recognised by their content and read line by line.

:func:`read_neighbors` takes what people collect: one table, a polling loop with date
lines, a monitor's log, a pasted terminal session with several commands. Each line is
a row, a date, a heading that announces rows, known noise, or named as unread.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from synack.errors import Damage
from synack.neighbors import iproute2, nettools
from synack.neighbors.entry import Entry, NeighborDump
from synack.stamps import DAY, find_stamp, parse_clock, parse_stamp
from synack.text import decode, pieces

MOST_UNREAD = 1000
"""More unread lines than this are counted, not listed."""

_NOISE_PER_ENTRY = 4
"""A text that only quotes rows (notes, a log, a manual) is no dump: unless a command
at a prompt announces them, at most this many lines per row or header may be strange."""

_PATIENCE = 100_000
"""So many strange lines without a row or an announcement: this is something else."""

_PARSERS: tuple[tuple[str, Callable[[str, int | None, int], Entry | str | None]], ...] = (
    ("ip neigh", iproute2.parse_row),
    ("/proc/net/arp", nettools.parse_proc),
    ("arp -n", nettools.parse_table),
    ("arp -an", nettools.parse_list),
    ("ip -br neigh", iproute2.parse_brief),
)

_BRACKET = re.compile(r"\[([^\[\]]{2,64}+)\] *+")
_MOST_BRACKETS = 3
"""Stamp, ``[nsid N]`` and label: iproute2 ipmonitor.c:print_headers."""
_LABEL = re.compile(r"[A-Z]{3,12}|nsid \S++")
_PROMPT = re.compile(
    r"(?:\[[^\]]{1,120}+\]|/ |[^\s#$%>]{0,120}+(?: [~/][^\s#$%>]{0,120}+)?)[#$%>](?: |$)|\+{1,4} "
)
_ASKED = re.compile(r"\bip\b.{0,60} n(?:eigh\w*)?\b|\barp(?: +-\w+|\W*$)|/proc/net/arp")
_RULED = re.compile(r"(?:([=*~<>-])\1+|#{2,}) *(?:sudo |cat )*")
_QUIET = re.compile(r"\*\*\* (?:Round|Flush)\b.*|Nothing to flush\.")
_RULERS = frozenset("=#*-<>~|")


def read_neighbors(path: str, data: bytes) -> NeighborDump | None:
    """The entries of one file, None when it is no Linux neighbor dump.

    ``path`` only names the file in the damages. A table that was printed empty (its
    header alone, ``-- no entry``) is a dump without entries. ``arp -a`` and ``arp -an``
    differ in nothing unless a name was found, ``ip monitor neigh`` and ``ip neigh``
    in nothing unless something was deleted or missed.
    """
    reader = _Reader(path)
    for number, piece in pieces(decode(data)):
        reader.feed(number, piece)
        if reader.hopeless():
            return None
    return reader.finish()


class _Reader:
    """The dump so far, and the moment that the last date line gave."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self.unread: list[Damage] = []
        self.strange = 0
        self.formats: dict[str, int] = {}
        self.announced = False
        self.headers = 0
        self.named = False
        self.at: int | None = None
        self.zoned = False
        self.stamp_line = False
        self.zones: set[bool] = set()
        self.other_object = False
        self.parsers = list(_PARSERS)

    def feed(self, number: int, piece: str) -> None:
        first = piece[0]
        if first == "{":
            self._take("ip -j neigh", iproute2.parse_object(piece, self.at, number), number, piece)
        elif first == "[":
            self._bracketed(number, piece)
        elif first in _RULERS:
            self._heading(number, piece)
        else:
            self._row(number, piece)

    def _row(self, number: int, line: str) -> None:
        # Tables come in one piece: the parser that read the last row is asked first.
        parsers = self.parsers
        for place, (name, parse) in enumerate(parsers):
            result = parse(line, self.at, number)
            if result is not None:
                if place:
                    parsers.insert(0, parsers.pop(place))
                self._take(name, result, number, line)
                return
        self._heading(number, line)

    def _take(self, name: str, result: Entry | str | None, number: int, line: str) -> None:
        if result is None or isinstance(result, str):
            self._skip(number, result or "not a neighbor entry")
            return
        if name == "ip neigh":
            name = self._ip_format(result)
        elif name == "ip -j neigh" and result.used_s is not None:
            name = "ip -j -s neigh"
        elif name == "arp -an" and not line.startswith("? "):
            self.named = True
        self._keep(name, result, self.zoned)

    def _keep(self, name: str, entry: Entry, zoned: bool) -> None:
        self.formats[name] = self.formats.get(name, 0) + 1
        if entry.at is not None:
            self.zones.add(zoned)
        self.other_object = False
        self.entries.append(entry)

    def _ip_format(self, entry: Entry) -> str:
        if self.stamp_line:
            return "ip -t monitor neigh"
        if entry.flags and not {"deleted", "miss"}.isdisjoint(entry.flags.split()):
            return "ip monitor neigh"
        return "ip neigh" if entry.used_s is None else "ip -s neigh"

    def _bracketed(self, number: int, line: str) -> None:
        """``[stamp] [LABEL]row`` of ``ip -ts monitor``; or a date line, or a prompt."""
        rest, at, zoned, labels = line, None, self.zoned, []
        for _ in range(_MOST_BRACKETS):
            found = _BRACKET.match(rest)
            if found is None:
                break
            stamp = parse_stamp(found[1])
            if stamp is not None:
                at, zoned = stamp
            elif _LABEL.fullmatch(found[1]):
                labels.append(found[1])
            else:
                break
            rest = rest[found.end() :]
        if at is not None and not rest:
            self._heading(number, line)
            return
        if any(label != "NEIGH" and not label.startswith("nsid") for label in labels):
            self.other_object = True
            return
        if at is None and not labels:
            self._heading(number, line)
            return
        result = iproute2.parse_row(rest, self.at if at is None else at, number)
        if not isinstance(result, Entry):
            self._skip(number, result or "not a neighbor event")
            return
        what = "all" if "NEIGH" in labels else "neigh"
        self._keep(f"ip {'' if at is None else '-ts '}monitor {what}", result, zoned)

    def _heading(self, number: int, line: str) -> None:
        """Whatever is no row: a date, an announcement, noise, or strange."""
        stamp = parse_stamp(line)
        if stamp is None and (prompt := _PROMPT.match(line)) is not None:
            self.announced |= _ASKED.search(line, prompt.end()) is not None
            stamp = find_stamp(line)
            if stamp is None:
                return
        if stamp is None:
            stamp = self._time_of_day(line) or find_stamp(line)
        if stamp is not None:
            self.at, self.zoned = stamp
            self.stamp_line = line.startswith("Timestamp:")
        elif (ruled := _RULED.match(line)) is not None and _ASKED.match(line, ruled.end()):
            self.announced = True
        elif nettools.PROC_HEADER.fullmatch(line):
            self._announce("/proc/net/arp")
        elif nettools.TABLE_HEADER.fullmatch(line) or nettools.NOISE.fullmatch(line):
            self._announce("arp -n")
        elif not self.other_object and not _QUIET.fullmatch(line):
            self._skip(number, "not a neighbor row")

    def _time_of_day(self, line: str) -> tuple[int, bool] | None:
        """A clock line belongs to the day of the date before it, or to the next."""
        clock = parse_clock(line)
        if clock is None or self.at is None:
            return None
        moment = self.at - self.at % DAY + clock
        if moment < self.at - DAY // 2:
            moment += DAY
        return moment, self.zoned

    def _announce(self, name: str) -> None:
        self.headers += 1
        self.formats.setdefault(name, 0)

    def _skip(self, number: int, reason: str) -> None:
        self.strange += 1
        if len(self.unread) < MOST_UNREAD:
            self.unread.append(Damage(self.path, reason, line=number))

    def hopeless(self) -> bool:
        return self.strange > _PATIENCE and not (self.formats or self.announced)

    def finish(self) -> NeighborDump | None:
        tolerated = _NOISE_PER_ENTRY * (len(self.entries) + self.headers)
        if self.strange > tolerated and not self.announced:
            return None
        name = self._format()
        if not name:
            return None
        dump = NeighborDump(name, self.entries, self.unread, False in self.zones)
        if self.strange > len(self.unread):
            dump.warnings.append(
                f"{self.strange} lines could not be read, the first {len(self.unread)} are listed"
            )
        if len(self.zones) > 1:
            dump.warnings.append(
                "some stamps name a zone and some are local time: all were read as UTC"
            )
        return dump

    def _format(self) -> str:
        names = list(self.formats)
        if "ip monitor neigh" in names:
            # Only its deletions tell an unstamped monitor from a table.
            names = [name for name in names if name not in ("ip neigh", "ip -s neigh")]
        if len(names) > 1 and not self.entries:
            names = names[:1]
        if self.formats.get("ip -br neigh") and not _has_mac(self.entries):
            # Nothing but two columns of words: it may as well be /etc/hosts.
            names.remove("ip -br neigh")
        if self.named:
            names[names.index("arp -an")] = "arp -a"
        return ", ".join(names)


def _has_mac(entries: list[Entry]) -> bool:
    return any(entry.mac >= 0 for entry in entries)
