"""Kernel network counters, as ``nstat`` and ``/proc/net/{netstat,snmp}`` print them, and
how counters of any kind rose.

Only differences mean anything: two dumps of one host, earlier and later. The names are
the kernel's (net/ipv4/proc.c), prefixed as nstat does: ``TcpExtListenOverflows``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from synack.context.reading import Reading, Rows, numbered, whole
from synack.tables import COUNTERS, NO_TIME, RISES, Table

Counters = dict[str, int]

_NSTAT = re.compile(r"([A-Z][A-Za-z0-9]{2,60}) {1,60}(\d{1,20})(?: {1,60}[\d.]{1,20})?\s*$")
_PROC = re.compile(r"^(?:Ip|Icmp|Tcp|Udp|TcpExt|IpExt): \w", re.M)
_GROUP = re.compile(r"[A-Z][A-Za-z0-9]{1,20}")
_NAME = re.compile(r"(?!\d+$)\w{1,60}")
_VALUE = re.compile(r"-?\d{1,19}")
_LONGEST = 1 << 16
"""Characters of a line of ``/proc/net/netstat``, which holds all names."""
_FEWEST = 3
"""Fewer matching lines are a coincidence, not a dump."""
_LARGEST = 2**63

_MARKS = {"TcpInSegs": False, "IpExtInOctets": True}
"""What tells the age of a dump (nstat may leave out a zero), by whether it is one of the
extended counters, those of ``/proc/net/netstat``; the others are in ``/proc/net/snmp``."""


def read_counters(path: str, text: str) -> Reading | None:
    """The counters of ``nstat``, ``nstat -j`` and ``/proc/net/{netstat,snmp}``; None when
    there are none."""
    rows, kinds = Rows(path, COUNTERS), list[str]()
    if text.lstrip().startswith("{") and '"kernel"' in text[:_LONGEST]:
        kinds.append("nstat -j")
        _nstat_json(rows, text)
    if "#kernel" in text:
        kinds.append("nstat")
        _nstat(rows, text)
    if _PROC.search(text):
        kinds.append("/proc/net/netstat")
        _proc(rows, text)
    return rows.reading(", ".join(kinds)) if len(rows) >= _FEWEST else None


def as_counters(table: Table) -> Counters:
    """The counters of the whole host by name; the last dump of a series."""
    rows = zip(table["scope"], table["name"], table["value"].tolist(), strict=True)
    return {name: value for scope, name, value in rows if not scope}


def _nstat(rows: Rows, text: str) -> None:
    inside = False
    for number, line in numbered(text):
        row = _NSTAT.match(line) if inside else None
        if row is not None and (value := whole(row[2])) is not None:
            rows.add(number, "", row[1], value)
        elif line.startswith("#kernel"):
            inside = True
            rows.lines += 1
        else:
            rows.date(line)


def _nstat_json(rows: Rows, text: str) -> None:
    try:
        kernel = json.loads(text)["kernel"]
        counters = [(str(name), int(value)) for name, value in kernel.items()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return
    # One name is one place in the text, so its line can be counted on the way.
    line, at = 1, 0
    for name, value in counters:
        found = text.find(json.dumps(name), at)
        if found >= 0:
            line, at = line + text.count("\n", at, found), found
        if abs(value) < _LARGEST:
            rows.add(line, "", name, value)


def _proc(rows: Rows, text: str) -> None:
    """Pairs of lines: ``TcpExt: NAME NAME ...`` and ``TcpExt: VALUE VALUE ...``."""
    head, names = "", list[str]()
    for number, line in enumerate(text.split("\n"), 1):
        before, _, rest = line[:_LONGEST].partition(": ")
        words = rest.split()
        if names and before == head:
            for name, value in zip(names, words, strict=False):
                if _VALUE.fullmatch(value) and abs(int(value)) < _LARGEST:
                    rows.add(number, "", head + name, int(value), lines=0)
            rows.lines += 2
            names = []
        elif words and _GROUP.fullmatch(before) and all(map(_NAME.fullmatch, words)):
            head, names = before, words
        else:
            names = []
            rows.date(line)


class Rise(NamedTuple):
    """How counters of one host rose between two dumps."""

    rises: Mapping[str, int]
    earlier: str
    later: str

    @property
    def role(self) -> int:
        """1: the host only opened connections in between, -1: it only accepted them, else 0."""
        opened, accepted = (self.rises.get(f"Tcp{kind}Opens", 0) for kind in ("Active", "Passive"))
        return (opened > 0) - (accepted > 0)


def rise(dumps: Sequence[tuple[str, Counters]]) -> Rise | None:
    """The rise from the first to the last dump of one host, None with fewer than two.

    Counters only grow until a reboot, so what was received puts the dumps in order,
    whatever their names and times say. ``/proc/net/snmp`` and ``/proc/net/netstat`` hold
    different counters: each is compared with its like.
    """
    rises: dict[str, int] = {}
    ends: list[tuple[str, str]] = []
    for mark, extended in _MARKS.items():
        like = [d for d in dumps if any(is_extended(name) == extended for name in d[1])]
        ordered = sorted(like, key=lambda dump: dump[1].get(mark, 0))
        if len(ordered) < 2:
            continue
        (earlier, before), (later, after) = ordered[0], ordered[-1]
        ends.append((earlier, later))
        rises |= {
            name: value - before.get(name, 0)
            for name, value in after.items()
            if is_extended(name) == extended and value > before.get(name, 0)
        }
    return Rise(rises, *ends[-1]) if ends else None


def is_extended(name: str) -> bool:
    """Whether it is one of ``/proc/net/netstat``, not of ``/proc/net/snmp``."""
    return name.startswith(("TcpExt", "IpExt", "MPTcpExt"))


_GAUGES = frozenset(
    "TcpCurrEstab TcpMaxConn TcpRtoAlgorithm TcpRtoMin TcpRtoMax IpForwarding IpDefaultTTL"
    " entries".split()
)
"""What is no counter, though printed among them."""

_AGES = ("TcpInSegs", "IpExtInOctets", "rx_bytes", "lookups")
"""Of each family the counter that rises most: it puts dumps without times in order."""


class _Dump(NamedTuple):
    at: int
    file: str
    values: dict[str, tuple[int, int]]
    """Value and line by name."""

    @property
    def age(self) -> int:
        return next((self.values[name][0] for name in _AGES if name in self.values), 0)


def rises(counters: Table) -> Table:
    """What rose from the first to the last dump of each host and scope, as :data:`RISES`.

    ``counters`` are rows of :data:`COUNTERS` of any dumps; their times put them in order,
    else what was received. Dumps of which these two disagree have a reboot in between,
    and tell nothing. Counters of ``/proc/net/snmp`` and ``/proc/net/netstat`` are
    compared each with their like.
    """
    # What ss -s counts falls as well.
    counters = counters.take(counters["scope"] != "ss -s")
    families: dict[tuple[str, str, bool], dict[tuple[str, int], _Dump]] = {}
    for row in counters.rows():
        family = row["host"], row["scope"], is_extended(row["name"])
        dump = _Dump(row["at"], row["file"], {})
        dumps = families.setdefault(family, {})
        dump = dumps.setdefault((row["file"], row["at"]), dump)
        dump.values[row["name"]] = row["value"], row["line"]
    rows = []
    for (host, scope, _), dumps in families.items():
        first, last = _ends(list(dumps.values()))
        for name, (value, line) in last.values.items():
            before, earlier_line = first.values.get(name, (0, -1))
            if value > before and name not in _GAUGES:
                rows.append((host, scope, name, value - before, first.at, first.file,
                             earlier_line, last.at, last.file, line))  # fmt: skip
    return Table.from_rows(RISES, rows)


def _ends(dumps: list[_Dump]) -> tuple[_Dump, _Dump]:
    """The first and the last dump; the same one twice when nothing puts them in order."""
    by_age = sorted(dumps, key=lambda dump: (dump.age, dump.at))
    first, last = by_age[0], by_age[-1]
    timed = NO_TIME not in (first.at, last.at)
    return (first, first) if timed and last.at < first.at else (first, last)
