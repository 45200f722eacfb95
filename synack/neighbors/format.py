"""How one tool prints its table: what the reader must know of it.

A format is a pattern for a row and a function from its columns to what they say. Some rows
are so peculiar that they are known wherever they stand; others are only read below
the header of their own table, because another table's rows look the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from synack.neighbors.entry import INVALID, STATES, Entry, Named, Said, entry_of

Row = Entry | Named | str | None
"""An entry; a string that says why a row of this format is none; None: not this format."""

Parser = Callable[[str, int | None, int], Row]
"""A stripped line, the moment it is of (ns, if known) and its number, to what it is."""

Says = Callable[[re.Match[str]], Said]

IPV4 = r"\d{1,3}+(?:\.\d{1,3}+){3}"
IPV6 = r"(?=[0-9A-Fa-f]*:)[0-9A-Fa-f:.]{2,45}+(?:%[\w./-]{1,32}+)?"
IP = rf"(?:{IPV4}|{IPV6})"
PAIRS = r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}(?![0-9A-Fa-f:])"
OCTETS = r"[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5}(?![0-9A-Fa-f:])"
"""As ether_ntoa(3) prints it: without leading zeros."""
DASHES = r"[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}(?![\w-])"
DOTS = r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![\w.])"
QUADS = r"[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}(?![\w-])"
NAME = r"[A-Za-z0-9_?][\w.-]{0,252}+"
CLOCK = r"(?:\d{1,4}:\d\d:\d\d|(?:\d{1,5}[ywdhms]){1,6})"

UNRESOLVED = Said(INVALID, ("incomplete",))
"""Asked for and not answered. The tools say so of first requests (NUD INCOMPLETE) and of
vain ones (FAILED) alike; where RFC 4861's states are printed, they are taken instead."""

STATIC = Said("PERMANENT", ("static",))
"""Set by the administrator, not changed by ARP and not aged: NUD PERMANENT."""

OWN = Said("", ("own",))


@dataclass(frozen=True, slots=True)
class Format:
    """One tool's table. All patterns are for whole stripped lines.

    ``alone`` reads a row wherever it stands, ``below`` makes the parser for the rows that
    follow a ``header`` (without it ``alone`` reads them). A ``section`` opens a table, too,
    but proves none: others print such lines; its group ``vrf`` is the routing table of
    the rows that follow. ``empty`` is what it says instead of a table, ``noise`` what it
    prints besides. ``amend`` reads the second line of a row. ``wraps``: an address that is
    too long for its column stands alone, above its row.
    """

    name: str
    alone: Parser | None = None
    header: re.Pattern[str] | None = None
    below: Callable[[re.Match[str]], Parser] | None = None
    section: re.Pattern[str] | None = None
    empty: re.Pattern[str] | None = None
    noise: re.Pattern[str] | None = None
    amend: Callable[[Entry, str], Entry | None] | None = None
    wraps: bool = False


def columns(pattern: str, says: Says) -> Parser:
    """A parser for rows with the groups ``ip`` and, where there are such columns, ``mac``,
    ``dev`` and ``vrf``; ``says`` reads the others."""
    row = re.compile(pattern)

    def parse(line: str, at: int | None, number: int) -> Row:
        found = row.fullmatch(line)
        if found is None:
            return None
        part = found.groupdict()
        said = in_vrf(says(found), part.get("vrf"))
        return entry_of(part["ip"], part.get("mac"), part.get("dev") or "", said, at, number)

    return parse


def in_vrf(said: Said, vrf: str | None) -> Said:
    """The routing table, unless it is the one that all have."""
    if not vrf or vrf in ("default", "main", "-"):
        return said
    return said._replace(flags=(*said.flags, f"vrf={vrf}"))


def on(interface: str, parser: Parser) -> Parser:
    """The rows of one interface, which the line above them names."""

    def parse(line: str, at: int | None, number: int) -> Row:
        row = parser(line, at, number)
        if isinstance(row, Entry):
            return row._replace(interface=row.interface or interface)
        return row

    return parse


def says_nothing(_found: re.Match[str]) -> Said:
    """A row that is there, and no more."""
    return Said()


_RFC_4861 = {"REACH": "REACHABLE", "INCMP": "INCOMPLETE"}
_NOT_USABLE = ("UNREACHABLE", "INVALID")


def nud(word: str) -> Said:
    """The state that ``word`` names in RFC 4861 (as Linux: FAILED, PERMANENT, NOARP too).

    "Unreachable" is no state of RFC 4861: the address is not usable, that is all. An
    unknown word becomes a flag.
    """
    state = word.upper()
    state = _RFC_4861.get(state, state)
    if state in STATES:
        return Said(state)
    if state in _NOT_USABLE:
        return Said(INVALID, (word.lower(),))
    return Said("", (word.lower(),) if word.isalpha() else ())


_UNITS = {"y": 365 * 86_400, "w": 7 * 86_400, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"(\d{1,8})([ywdhms])")


def seconds(text: str | None, unit: int | None = None) -> int | None:
    """``00:18:21``, ``3w0d``, ``23h59m58s``, or a bare number of ``unit`` seconds; None for
    anything else. Cut to what is printed, so an age is at least that."""
    if text is None or len(text) > 24:
        return None
    if text.isascii() and text.isdigit():
        return None if unit is None else _bounded(int(text) * unit)
    if text.count(":") == 2:
        hours, minutes, rest = text.split(":")
        if all(part.isascii() and part.isdigit() for part in (hours, minutes, rest)):
            return _bounded(int(hours) * 3600 + int(minutes) * 60 + int(rest))
    parts = _PART.findall(text)
    if parts and "".join(map("".join, parts)) == text:
        return _bounded(sum(int(number) * _UNITS[letter] for number, letter in parts))
    return None


def _bounded(age: int) -> int | None:
    return age if age < 1 << 32 else None
