"""Rows of ``ip neigh`` and ``ip monitor neigh``, as text and as JSON.

The grammar is that of iproute2 ipneigh.c:print_neigh, wider where versions differ:

    [Deleted |miss ]DST [dev IF ][lladdr LL ][FLAG...][ ref N][ used A/B/C][probes P ]
    [STATE...][proto NAME ]

No version up to 6.18 separates C from ``probes``; older ones print a space there, and
two before a state that follows no lladdr. Very old ones say ``nud stale``. Unknown
words make it no row: host routes (``10.0.0.5 dev eth0 scope link``) look alike.
"""

from __future__ import annotations

import json
import re
from typing import Any

from synack.addresses import NO_IP, NO_MAC
from synack.neighbors.entry import STATES, Entry, Named, ip_of, is_name, mac_of
from synack.neighbors.format import Row

_FLAG = "router|proxy|managed|extern_learn|extern_valid|offload"
_WORDS = "|".join(sorted(STATES))
_ROW = re.compile(
    r"(Deleted |miss )? *+([^\s\[]{1,255}+)"
    r"(?: ++dev ++(\S++))?"
    r"(?: ++lladdr ++(\S++))?"
    rf"((?: ++(?:{_FLAG})\b)*+)"
    r"(?: ++ref ++\d++)?"
    r"(?: ++used ++(\d{1,10})/(\d{1,10})/(\d{1,10}))?"
    r"(?: *+probes ++(\d{1,10}))?"
    rf"((?: ++(?:{_WORDS})\b)*+)"
    r"(?: ++nud ++([a-z|,]{4,80}+))?"
    r"(?: ++proto ++(\S++))? *+"
)
_EVENTS = {"Deleted ": "deleted", "miss ": "miss"}

_BRIEF_WIDTHS = (40, 57)
"""Columns where ``ip -br neigh`` starts the interface and the link address."""


def parse_row(line: str, at: int | None, number: int) -> Row:
    """One line of ``ip [-s] neigh`` or of the monitor, its stamp and label removed.

    A string says why a line that has the grammar is no entry; None: not this format.
    """
    found = _ROW.fullmatch(line)
    if found is None:
        return None
    event, dst, dev, lladdr, flags, used, confirmed, updated, probes, words, nud, proto = (
        found.groups()
    )
    state = "|".join(words.split()) if words else ""
    if nud:
        state = _old_state(nud)
    if event or flags or proto:
        flags = _join_flags(flags.split(), _EVENTS.get(event or ""), proto)
    if not state and not event and "proxy" not in flags:
        return "no state: the row is cut" if dev and ip_of(dst) else None
    ip = ip_of(dst)
    if ip is None and not (is_name(dst) and (dev or lladdr)):
        return "a name or a cut address instead of an IP address"
    entry = Entry(
        dev or "",
        NO_IP if ip is None else ip,
        NO_MAC if lladdr is None else mac_of(lladdr),
        state,
        flags,
        None if used is None else int(used),
        None if confirmed is None else int(confirmed),
        None if updated is None else int(updated),
        None if probes is None else int(probes),
        at,
        number,
    )
    return Named(dst, entry) if ip is None else entry


def parse_brief(line: str, at: int | None, number: int) -> Entry | None:
    """One line of ``ip -br neigh``: address, interface and link address in columns.

    Nothing but the columns tells it from ``/etc/hosts``, so they are insisted on.
    """
    if len(line) > 255 or line[_BRIEF_WIDTHS[0] - 1 : _BRIEF_WIDTHS[0]] != " ":
        return None
    words = line.split()
    if not 2 <= len(words) <= 3 or line.find(words[1], len(words[0])) != _BRIEF_WIDTHS[0]:
        return None
    ip = ip_of(words[0])
    if ip is None or (len(words) == 3 and line.rfind(words[2]) != _BRIEF_WIDTHS[1]):
        return None
    mac = mac_of(words[2]) if len(words) == 3 else NO_MAC
    return Entry(words[1], ip, mac, "", "", None, None, None, None, at, number)


def parse_object(text: str, at: int | None, number: int) -> Row:
    """One object of ``ip -j [-s] neigh``: flags are keys whose value is null.

    ``lladdr``, ``dev``, ``refcnt`` and ``state`` may be absent; without state and
    ``proxy`` it is a route. A monitor that speaks JSON adds ``"deleted": true`` or
    ``"miss": null``.
    """
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return "damaged JSON object"
    if not isinstance(row, dict) or not isinstance(row.get("dst"), str):
        return None
    words = row.get("state", [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return "damaged JSON object"
    flags = [key for key, value in row.items() if value is None and key.isidentifier()]
    event = "deleted" if row.get("deleted") is True else None
    if not STATES.issuperset(words) or not (words or event or "proxy" in flags):
        return None
    ip = ip_of(row["dst"])
    if ip is None and not is_name(row["dst"]):
        return "a cut address"
    lladdr = row.get("lladdr")
    entry = Entry(
        _text(row.get("dev")) or "",
        NO_IP if ip is None else ip,
        mac_of(lladdr) if isinstance(lladdr, str) else NO_MAC,
        "|".join(words),
        _join_flags(flags, event, _text(row.get("protocol"))),
        _count(row.get("used")),
        _count(row.get("confirmed")),
        _count(row.get("updated")),
        _count(row.get("probes")),
        at,
        number,
    )
    return Named(row["dst"], entry) if ip is None else entry


def _old_state(nud: str) -> str:
    words = re.split(r"[|,]", nud.upper())
    return "|".join(words) if STATES.issuperset(words) else ""


def _join_flags(flags: list[str], event: str | None, proto: str | None) -> str:
    more = [event] if event else []
    if proto:
        more.append(f"proto={proto}")
    return " ".join(sorted([*flags, *more]))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: Any) -> int | None:
    # The kernel's fields have 32 bits; more would not fit the tables.
    return value if type(value) is int and 0 <= value < 1 << 32 else None
