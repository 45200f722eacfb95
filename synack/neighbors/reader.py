"""Neighbor tables of any system, recognised by their content and read line by line.

:func:`read_neighbors` takes what people collect: one table, a polling loop with date
lines, a monitor's log, a pasted terminal session with several commands. Each line is
a row, a date, a heading that announces rows, known noise, or named as unread.
"""

from __future__ import annotations

import re

from synack.addresses import Address
from synack.errors import Damage
from synack.neighbors import bsd, cisco, gear, iproute2, nettools, windows
from synack.neighbors.entry import MOST_UNREAD, Entry, Named, NeighborDump, Said, ip_of
from synack.neighbors.format import Format, Parser, Row, in_vrf
from synack.stamps import DAY, find_stamp, parse_clock, parse_stamp
from synack.text import decode, pieces

_NOISE_PER_ENTRY = 4
"""A text that only quotes rows (notes, a log, a manual) is no dump: unless a command
at a prompt announces them, at most this many lines per row or header may be strange."""

_PATIENCE = 100_000
"""So many strange lines without a row or an announcement: this is something else."""

LINUX = (
    Format("ip neigh", iproute2.parse_row),
    Format("/proc/net/arp", nettools.parse_proc, header=nettools.PROC_HEADER),
    Format("arp -n", nettools.parse_table, header=nettools.TABLE_HEADER, empty=nettools.NOISE),
    Format("arp -an", nettools.parse_list),
    Format("ip -br neigh", iproute2.parse_brief),
)
ELSEWHERE = (*bsd.FORMATS, *windows.FORMATS, *cisco.FORMATS, *gear.FORMATS)

_HEADINGS = re.compile(
    "|".join(
        re.sub(r"\(\?P<\w+>", "(?:", pattern.pattern)
        for format_ in (*LINUX, *ELSEWHERE)
        for pattern in (format_.header, format_.section, format_.empty, format_.noise)
        if pattern is not None
    )
)
"""Whatever is a heading of any: one search for the many lines that are none."""

_LONGEST_ROW = 1024
"""Characters of a row of other systems than Linux."""
_LIKELY = re.compile(
    r"[0-9A-Fa-f]{0,4}[.:][0-9A-Fa-f.:]{1,44}+[%\s]|\d{1,6}\s.{0,220}?\baddress="
    r"|\S{1,255}+\s++(?:\(?\d{1,3}\.\d|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]|\(incomplete\)|\S{1,255}+\s++2[45])"
)
"""Each of their rows that is known without a header begins so; few other lines do: address
or MAC in the first column or the second, a netmask in the third (Solaris)."""

_BRACKET = re.compile(r"\[([^\[\]]{2,64}+)\] *+")
_MOST_BRACKETS = 3
"""Stamp, ``[nsid N]`` and label: iproute2 ipmonitor.c:print_headers."""
_LABEL = re.compile(r"[A-Z]{3,12}|nsid \S++")
_PROMPT = re.compile(
    r"(?:\[[^\]]{1,120}+\]|/ |[^\s#$%>]{0,120}+(?: [~/][^\s#$%>]{0,120}+)?)[#$%>](?: |$)|\+{1,4} "
)
_DEVICE_PROMPT = re.compile(
    r"(?:PS )?[<\[]?[^\s<>#\[\]]{0,80}(?: [^\s<>#\[\]]{1,40}){0,2}[\]) ]{0,2}[>#$%\]] ?"
    r"(?=(?:do |run |sudo )?(?:sh\w{0,2}|dis\w{0,4}|get|diag\w*|print|/?ip|/ipv6|arp|ndp|netsh"
    r"|Get-\w+|term\w*|clear|ping|exit)\b)"
)
"""``switch#show ip arp``, ``<HUAWEI>display arp``, ``[admin@MikroTik] > /ip arp print``,
``C:\\>arp -a``: often without a blank before the command."""
_LONGEST_PROMPT = 250
_ASKED = re.compile(
    r"\bip\b.{0,60} n(?:eigh\w*)?\b|\barp(?: +-\w+|\W*$)|/proc/net/arp"
    r"|\b(?:sh\w{0,2}|dis\w{0,4}) (?:.{0,40} )?(?:arp|ipv6 nei\w*)\b|\bget system arp"
    r"|\bip(?:v6)?[ /](?:arp|nei\w*)[ /]pr|\bndp +-|\bnetsh\b.{0,60} nei|\bGet-NetNeighbor"
)
_RULED = re.compile(r"(?:([=*~<>-])\1+|#{2,}) *(?:sudo |cat )*")
_QUIET = re.compile(
    r"\*\*\* (?:Round|Flush)\b.*|Nothing to flush\.|[-=+| ]{3,}"
    r"|(?:Flags: )?[A-Z*+#]{1,2} +- [A-Z].{0,80}|\{\w+(?::\w+)?\}(?:\[edit[^\]]{0,80}\])?"
)
"""Rounds of ``ip neigh flush``, rulers, the legends of flags, what Junos adds to a prompt."""
_NO_ROW = "an address without its row"
_NO_YEAR = re.compile(r"(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} +\d\d? \d\d:\d\d:\d\d[.\d]* [A-Z]{2,5}$")
"""IOS XR stamps every output so."""
_RULERS = frozenset("=#*-<>~|")
_NAME_AND_ADDRESS = re.compile(r"([A-Za-z0-9][\w.-]{0,252}+) \(([\d.]{7,15}+)\) at ")


def read_neighbors(path: str, data: bytes, others: int = 0) -> NeighborDump | None:
    """The entries of one file, None when it is no neighbor dump.

    ``path`` only names the file in the damages. A table that was printed empty (its
    header alone, ``-- no entry``) is a dump without entries. ``arp -a`` and ``arp -an``
    differ in nothing unless a name was found, ``ip monitor neigh`` and ``ip neigh``
    in nothing unless something was deleted or missed. ``others``: lines of the file that
    are known to be something else, the output of other commands.
    """
    reader = _Reader(path, others)
    for number, piece in pieces(decode(data)):
        reader.feed(number, piece)
        if reader.hopeless():
            return None
    return reader.finish()


class _Reader:
    """The dump so far, and the moment that the last date line gave."""

    def __init__(self, path: str, others: int) -> None:
        self.path = path
        self.others = others
        self.entries: list[Entry] = []
        self.named: list[Named] = []
        self.names: dict[str, set[Address]] = {}
        self.unread: list[Damage] = []
        self.strange = 0
        self.formats: dict[str, int] = {}
        self.announced = False
        self.headers = 0
        self.resolved = False
        self.at: int | None = None
        self.zoned = False
        self.stamp_line = False
        self.zones: set[bool] = set()
        self.other_object = False
        self.linux = [(format_, format_.alone) for format_ in LINUX if format_.alone]
        self.elsewhere = [(format_, format_.alone) for format_ in ELSEWHERE if format_.alone]
        # The table that a header opened, and its rows' parser.
        self.table: Format | None = None
        self.below: Parser | None = None
        self.vrf: tuple[str, ...] = ()
        # An address that stands alone above its row.
        self.held: tuple[int, str, Format, Parser] | None = None
        self.last: Format | None = None

    def feed(self, number: int, piece: str) -> None:
        if self.held is not None and self._wrapped(*self.held, piece):
            return
        first = piece[0]
        if first == "{" and '"' in piece:
            self._take("ip -j neigh", iproute2.parse_object(piece, self.at, number), number, piece)
        elif "\n" in piece:
            self._take("Get-NetNeighbor", windows.parse_list(piece, self.at, number), number, piece)
        elif first == "[":
            self._bracketed(number, piece)
        elif first in _RULERS:
            self._heading(number, piece)
        else:
            self._row(number, piece)

    def _row(self, number: int, line: str) -> None:
        table, below = self.table, self.below
        if table is not None and below is not None and table.wraps and ip_of(line) is not None:
            self.held = number, line, table, below
            return
        found = self._parsed(number, line)
        if found is None:
            self._heading(number, line)
            return
        format_, result = found
        self.last = format_
        self._take(format_.name, result, number, line)

    def _parsed(self, number: int, line: str) -> tuple[Format, Row] | None:
        """What the line is by the first format that knows it. Tables come in one piece: the
        header's format is asked first, then the one that read the last row."""
        short = len(line) <= _LONGEST_ROW
        if self.table is not None and self.below is not None and short:
            result = self.below(line, self.at, number)
            if result is not None:
                return self.table, result
        for formats in (self.linux, self.elsewhere):
            for place, (format_, parse) in enumerate(formats):
                result = parse(line, self.at, number)
                if result is not None:
                    if place:
                        formats.insert(0, formats.pop(place))
                    return format_, result
            if not short or _LIKELY.match(line) is None:
                return None
        return None

    def _wrapped(self, number: int, address: str, table: Format, below: Parser, rest: str) -> bool:
        """Whether ``rest`` is that of the row whose address stands on the line above."""
        self.held = None
        result = below(f"{address} {rest}", self.at, number)
        if isinstance(result, Entry):
            self._take(table.name, result, number, rest)
            return True
        self._skip(number, _NO_ROW)
        return False

    def _take(self, name: str, result: Row, number: int, line: str) -> None:
        if result is None or isinstance(result, str):
            self._skip(number, result or "not a neighbor entry")
            return
        entry = result.entry if isinstance(result, Named) else result
        if name == "ip neigh":
            name = self._ip_format(entry)
        elif name == "ip -j neigh":
            name = self._json_format(entry)
        elif name.startswith("arp -a") and (pair := _NAME_AND_ADDRESS.match(line)) is not None:
            self.resolved |= name == "arp -an"
            if (ip := ip_of(pair[2])) is not None and ip_of(pair[1]) is None:
                self.names.setdefault(pair[1].lower(), set()).add(ip)
        if self.vrf:
            entry = entry._replace(flags=" ".join(sorted([*entry.flags.split(), *self.vrf])))
        if isinstance(result, Named):
            self.formats.setdefault(name, 0)
            self.named.append(Named(result.name, entry))
        else:
            # A time that is not the last date line's is the row's own: seconds since 1970.
            self._keep(name, entry, self.zoned or entry.at != self.at)

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

    @staticmethod
    def _json_format(entry: Entry) -> str:
        if not {"deleted", "miss"}.isdisjoint(entry.flags.split()):
            return "ip -j monitor neigh"
        return "ip -j neigh" if entry.used_s is None else "ip -j -s neigh"

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
        if (at is not None and not rest) or self._prompt(line):
            self._heading(number, line)
            return
        if any(label != "NEIGH" and not label.startswith("nsid") for label in labels):
            self.other_object = True
            return
        if at is None and not labels:
            self._heading(number, line)
            return
        if not rest:
            return  # the label of a JSON object
        result = iproute2.parse_row(rest, self.at if at is None else at, number)
        what = "all" if "NEIGH" in labels else "neigh"
        name = f"ip {'' if at is None else '-ts '}monitor {what}"
        if isinstance(result, Entry):
            self._keep(name, result, zoned)
        elif isinstance(result, Named):
            self._take(name, result, number, rest)
        else:
            self._skip(number, result or "not a neighbor event")

    def _heading(self, number: int, line: str) -> None:
        """Whatever is no row: a date, an announcement, noise, or strange."""
        if self._opens_table(line):
            return
        stamp = parse_stamp(line)
        if stamp is None and (prompt := self._prompt(line)) is not None:
            self.announced |= _ASKED.search(line, prompt.end()) is not None
            self.table, self.below, self.vrf = None, None, ()
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
        elif not (self.other_object or self._amends(line) or _QUIET.fullmatch(line)):
            year = _NO_YEAR.match(line) is not None
            self._skip(number, "a date without a year" if year else "not a neighbor row")

    @staticmethod
    def _prompt(line: str) -> re.Match[str] | None:
        found = _PROMPT.match(line)
        if found is None and len(line) <= _LONGEST_PROMPT:
            found = _DEVICE_PROMPT.match(line)
        return found

    def _opens_table(self, line: str) -> bool:
        """A table's header, a line that says of what table the rows are, or its noise."""
        if len(line) > _LONGEST_ROW or _HEADINGS.fullmatch(line) is None:
            return False
        for format_ in (*LINUX, *ELSEWHERE):
            header = format_.header.fullmatch(line) if format_.header else None
            if header is not None:
                self._announce(format_.name)
                self._open(format_, header)
                return True
            section = format_.section.fullmatch(line) if format_.section else None
            if section is not None:
                if (vrf := section.groupdict().get("vrf")) is not None:
                    self.vrf = in_vrf(Said(), vrf).flags
                else:
                    self._open(format_, section)
                return True
            if format_.empty is not None and format_.empty.fullmatch(line):
                self._announce(format_.name)
                return True
        return True  # noise

    def _open(self, format_: Format, header: re.Match[str]) -> None:
        self.table = format_
        self.below = format_.alone if format_.below is None else format_.below(header)

    def _amends(self, line: str) -> bool:
        """The second line of the row before."""
        if self.last is None or self.last.amend is None or not self.entries:
            return False
        if len(line) > _LONGEST_ROW:
            return False
        amended = self.last.amend(self.entries[-1], line)
        if amended is not None:
            self.entries[-1] = amended
        return amended is not None

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
        return self.strange > _PATIENCE + self.others and not (self.formats or self.announced)

    def finish(self) -> NeighborDump | None:
        if self.held is not None:
            self._skip(self.held[0], _NO_ROW)
        tolerated = _NOISE_PER_ENTRY * (len(self.entries) + len(self.named) + self.headers)
        self.strange = max(self.strange - self.others, 0)
        if self.strange > tolerated and not self.announced:
            return None
        if not self.strange:
            self.unread = []
        name = self._format()
        if not name:
            return None
        dump = NeighborDump(name, self.entries, self.unread, False in self.zones)
        dump.named, dump.names = self.named, self.names
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
        # Only its deletions tell an unstamped monitor from a table.
        for dash in ("", "-j "):
            if f"ip {dash}monitor neigh" in names:
                tables = (f"ip {dash}neigh", f"ip {dash}-s neigh")
                names = [name for name in names if name not in tables]
        if len(names) > 1 and not self.entries:
            names = names[:1]
        if self.formats.get("ip -br neigh") and not _has_mac(self.entries):
            # Nothing but two columns of words: it may as well be /etc/hosts.
            names.remove("ip -br neigh")
        if self.resolved:
            names[names.index("arp -an")] = "arp -a"
        return ", ".join(names)


def _has_mac(entries: list[Entry]) -> bool:
    return any(entry.mac >= 0 for entry in entries)
