"""Kernel network counters, as ``nstat`` and ``/proc/net/{netstat,snmp}`` print them.

Only differences mean anything: two dumps of one host, earlier and later. The names are
the kernel's (net/ipv4/proc.c), prefixed as nstat does: ``TcpExtListenOverflows``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

Counters = dict[str, int]

_NSTAT = re.compile(r"([A-Z][A-Za-z0-9]{2,60}) {1,60}(\d{1,20})(?: {1,60}[\d.]{1,20})?\s*$")
_MARKS = {"TcpInSegs": False, "IpExtInOctets": True}
"""What tells the age of a dump (nstat may leave out a zero), by whether it is one of the
extended counters, those of ``/proc/net/netstat``; the others are in ``/proc/net/snmp``."""
_LARGEST = 1 << 20


def read_counters(data: bytes) -> Counters | None:
    """The counters in one file, None when it is no such dump."""
    text = data[:_LARGEST].decode("utf-8", "replace")
    counters = _nstat_json(text) if text.lstrip().startswith("{") else _nstat(text) or _proc(text)
    return counters if counters and len(counters) >= _FEWEST else None


_FEWEST = 3
"""Fewer matching lines are a coincidence, not a dump."""


def _nstat(text: str) -> Counters:
    if "#kernel" not in text[:1000]:
        return {}
    rows = (_NSTAT.match(line) for line in text.splitlines())
    return {row[1]: int(row[2]) for row in rows if row}


def _nstat_json(text: str) -> Counters:
    try:
        kernel = json.loads(text)["kernel"]
        return {str(name): int(value) for name, value in kernel.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _proc(text: str) -> Counters:
    """Pairs of lines: ``TcpExt: NAME NAME ...`` and ``TcpExt: VALUE VALUE ...``."""
    counters: Counters = {}
    lines = text.splitlines()
    for names, values in pairwise(lines):
        head, _, rest = names.partition(": ")
        if not values.startswith(head + ": ") or not re.fullmatch(r"[A-Z][A-Za-z0-9]+", head):
            continue
        pairs = zip(rest.split(), values.partition(": ")[2].split(), strict=False)
        for name, value in pairs:
            if re.fullmatch(r"-?\d{1,20}", value) and not re.fullmatch(r"-?\d+", name):
                counters[head + name] = int(value)
    return counters


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
        like = [d for d in dumps if any(_is_extended(name) == extended for name in d[1])]
        ordered = sorted(like, key=lambda dump: dump[1].get(mark, 0))
        if len(ordered) < 2:
            continue
        (earlier, before), (later, after) = ordered[0], ordered[-1]
        ends.append((earlier, later))
        rises |= {
            name: value - before.get(name, 0)
            for name, value in after.items()
            if _is_extended(name) == extended and value > before.get(name, 0)
        }
    return Rise(rises, *ends[-1]) if ends else None


def _is_extended(name: str) -> bool:
    return name.startswith(("TcpExt", "IpExt", "MPTcpExt"))
