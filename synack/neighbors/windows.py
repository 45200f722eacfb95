"""Neighbor tables of Windows: ``arp -a``, ``netsh interface ip show neighbors`` and PowerShell's
``Get-NetNeighbor``.

The states of netsh and PowerShell are those of NL_NEIGHBOR_STATE (nldef.h), which are RFC
4861's, and Permanent; ``arp -a`` shows Permanent as ``static`` and the others as ``dynamic``.
None prints an age. An interface is named by its alias where that is printed, else by its
index, in decimal everywhere (``arp -a`` prints it in hexadecimal). ``arp`` and netsh speak
the language of the system: addresses are read in all, states in English.
"""

from __future__ import annotations

import csv
import re

from synack.neighbors.entry import INVALID, Said, entry_of
from synack.neighbors.format import (
    DASHES,
    IP,
    IPV4,
    STATIC,
    UNRESOLVED,
    Format,
    Parser,
    Row,
    columns,
    nud,
    on,
)

_STATES = "Unreachable|Incomplete|Probe|Delay|Stale|Reachable|Permanent"
_NUMBERS = dict(enumerate(_STATES.split("|")))
"""NL_NEIGHBOR_STATE, as exports print it that do not name it."""


def _arp(found: re.Match[str]) -> Said:
    word = found["type"].lower()
    if set(found["mac"]) <= set("0-") or word.startswith(("invalid", "ung")):
        return UNRESOLVED._replace(flags=("invalid",)) if word == "invalid" else UNRESOLVED
    if word.startswith(("stat", "est", "stát")):
        return STATIC
    return Said("", ("dynamic",) if word.startswith(("d", "\u52d5", "\u52a8")) else ())


_ARP = columns(rf"(?P<ip>{IPV4})\s+(?P<mac>{DASHES})\s+(?P<type>dynamic|static|invalid)", _arp)
_ARP_TRANSLATED = columns(
    rf"(?P<ip>{IPV4})\s+(?P<mac>{DASHES})\s+(?P<type>[^\s\d:,;]{{2,24}})", _arp
)


def _netsh(found: re.Match[str]) -> Said:
    said = nud(found["state"])
    return said._replace(flags=(*said.flags, "router")) if found["router"] else said


def _netsh_translated(found: re.Match[str]) -> Said:
    said = Said() if found["mac"] and not set(found["mac"]) <= set("0-") else Said(INVALID)
    return said._replace(flags=(*said.flags, "router")) if found["router"] else said


_NETSH = (
    rf"(?P<ip>{IP})\s{{2,}}+(?:(?P<mac>{DASHES})|Unreachable|Incomplete)?"
    rf"\s{{2,}}+(?P<state>{_STATES})(?P<router> \(Router\))?"
)
_WORDS = r"[^\s\d:][^\d:()]{2,30}?"
_NETSH_TRANSLATED = (
    rf"(?P<ip>{IP})\s{{2,}}+(?:(?P<mac>{DASHES})\s{{2,}}+(?P<state>{_WORDS})"
    rf"|(?P<nothing>{_WORDS})\s{{2,}}+(?P=nothing))(?P<router> \(\w{{4,12}}\))?"
)
"""The word for "unreachable" stands in both columns."""


def _net_neighbor(found: re.Match[str]) -> Said:
    return nud(found["state"])


_NET_NEIGHBOR = (
    rf"(?:(?P<dev>\S{{1,48}}(?: \S{{1,48}}){{0,5}}?)\s+)?(?P<ip>{IP})(?:\s+(?P<mac>{DASHES}))?"
    rf"\s+(?P<state>{_STATES})"
)


_CELL = re.compile(rf"{IP}|{DASHES}")


def _csv(header: re.Match[str]) -> Parser:
    """``Get-NetNeighbor | Export-Csv``: any of its columns, in any order."""
    mark = header["mark"]
    names = next(csv.reader([header[0]], delimiter=mark))

    def parse(line: str, at: int | None, number: int) -> Row:
        try:
            cells = next(csv.reader([line], delimiter=mark, strict=True))
        except (csv.Error, StopIteration):
            return "a damaged CSV row"
        if len(cells) != len(names):
            return "a CSV row with missing cells" if any(map(_CELL.fullmatch, cells)) else None
        return _record(dict(zip(names, cells, strict=True)), at, number)

    return parse


_FIELD = re.compile(r"\s*(\w{2,40}) *: ?(.*)")


def parse_list(record: str, at: int | None, number: int) -> Row:
    """``Get-NetNeighbor | Format-List``: one entry, its lines ``NAME : VALUE``."""
    fields = [found.groups() for line in record.split("\n") if (found := _FIELD.match(line))]
    return _record({name: value.strip() for name, value in fields}, at, number)


def _record(fields: dict[str, str], at: int | None, number: int) -> Row:
    if not fields.get("IPAddress") or "LinkLayerAddress" not in fields:
        return "a cut record: no address"
    if not fields.get("State"):
        return "a cut record: no state"
    word = fields["State"]
    if word.isascii() and word.isdigit():
        word = _NUMBERS.get(int(word[:3]), "")
    names = ("InterfaceAlias", "ifIndex", "InterfaceIndex")
    interface = next((fields[name] for name in names if fields.get(name)), "")
    mac = fields["LinkLayerAddress"]
    return entry_of(fields["IPAddress"], mac, interface, nud(word), at, number)


_NETSH_ROW = columns(_NETSH, _netsh)
_NETSH_TRANSLATED_ROW = columns(_NETSH_TRANSLATED, _netsh_translated)


def _parse_netsh(line: str, at: int | None, number: int) -> Row:
    return _NETSH_ROW(line, at, number) or _NETSH_TRANSLATED_ROW(line, at, number)


FORMATS = (
    Format(
        "arp -a (Windows)",
        _ARP,
        # Rows of the type in any language, but only below the line of their interface.
        header=re.compile(
            rf"[^\d:]{{2,40}}: {IPV4} (?:---|on Interface) 0x(?P<index>[0-9a-fA-F]{{1,8}})"
        ),
        below=lambda header: on(str(int(header["index"], 16)), _ARP_TRANSLATED),
        empty=re.compile(r"No ARP Entries Found\.?"),
        noise=re.compile(r"Internet Address\s+Physical Address\s+Type"),
    ),
    Format(
        "netsh show neighbors",
        _NETSH_ROW,
        section=re.compile(r"[^\d:]{4,30} \d{1,8}: (?P<dev>\S.{0,100})"),
        below=lambda section: on(section["dev"], _parse_netsh),
    ),
    Format(
        "Get-NetNeighbor",
        columns(
            rf"(?P<dev>\d{{1,8}})\s+(?P<ip>{IP})(?:\s+(?P<mac>{DASHES}))?"
            rf"\s+(?P<state>{_STATES})\s+(?:Active|Persistent)Store",
            _net_neighbor,
        ),
        header=re.compile(r"(?:\w+\s+)?IPAddress\s+LinkLayerAddress\s+State(?:\s+\w+)*"),
        below=lambda _header: columns(_NET_NEIGHBOR + r"(?:\s+\w{2,24}){0,4}", _net_neighbor),
    ),
    Format(
        "Get-NetNeighbor",
        header=re.compile(
            r'(?="?\w{2,40}"?[,;\t])'
            r"(?=.{0,900}\bIPAddress\b)(?=.{0,900}\bLinkLayerAddress\b)"
            r'"?\w{2,40}"?(?P<mark>[,;\t])"?\w[^ ]{10,2000}'
        ),
        below=_csv,
        noise=re.compile(r"#TYPE \S+"),
    ),
)
