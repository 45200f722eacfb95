"""What every reader of neighbor tables hands on: entries, and what it could not read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from synack.addresses import NO_IP, NO_MAC, Address, parse_ip, parse_mac
from synack.errors import Damage

INVALID = "INVALID"
"""The state of a row of which only "not usable" is known: INCOMPLETE, FAILED or NONE.

``/proc/net/arp`` prints flags 0x0 for all three (kernel arp.c:arp_state_to_flags) and
net-tools ``(incomplete)``. Such a row may still carry the MAC of better days (that of
a FAILED entry): it is kept as a trace, but no packet is sent to it.
"""

STATES = frozenset(
    ("NONE", "INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "NOARP", "PERMANENT")
)
"""The NUD words of the kernel's include/uapi/linux/neighbour.h."""


MOST_UNREAD = 1000
"""More unread lines of a file than this are counted, not listed."""


class Entry(NamedTuple):
    """One row of one dump, or one event of a monitor.

    ``interface`` is "" when the dump does not say (``ip neigh show dev X``). ``mac`` is
    NO_MAC when there is none or it has not six bytes. ``state`` is a word of
    :data:`STATES` (several joined by ``|``), :data:`INVALID`, or "" when the format has
    none or the entry is a proxy entry. ``flags`` are sorted and joined by spaces: the
    tool's own words in lower case. Beside the kernel's there are ``deleted`` and ``miss``
    for monitor events, ``own`` for an address of the device itself, ``heard`` for what was
    seen on the wire and is in nobody's table, and ``proto=NAME``, ``vrf=NAME`` and
    ``name=NAME`` (the row had a name where others have an address). Ages are whole seconds.
    ``at`` is ns since 1970 from a stamp in the file. ``line`` counts from 1.
    """

    interface: str
    ip: Address
    mac: int
    state: str
    flags: str
    used_s: int | None
    confirmed_s: int | None
    updated_s: int | None
    probes: int | None
    at: int | None
    line: int


class Named(NamedTuple):
    """A row with a name in place of the address; the ``ip`` of its ``entry`` is NO_IP."""

    name: str
    entry: Entry


class Said(NamedTuple):
    """What a row says besides address, MAC and interface; see :class:`Entry`."""

    state: str = ""
    flags: tuple[str, ...] = ()
    used_s: int | None = None
    confirmed_s: int | None = None
    updated_s: int | None = None
    probes: int | None = None


@dataclass(slots=True)
class NeighborDump:
    """One file: ``format`` names the command, several joined by ", " when it holds several.

    ``local_time``: stamps without a zone are among those of the entries; they were
    read as if UTC. ``unread`` holds the lines that are no rows, the first of them when
    there are very many (``warnings`` says so then).
    """

    format: str
    entries: list[Entry] = field(default_factory=list)
    unread: list[Damage] = field(default_factory=list)
    local_time: bool = False
    warnings: list[str] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    names: dict[str, set[Address]] = field(default_factory=dict)


@lru_cache(maxsize=1 << 16)
def ip_of(text: str) -> Address | None:
    """:func:`parse_ip` remembered: a polling loop repeats a few addresses for hours."""
    return parse_ip(text) if len(text) <= 64 else None


@lru_cache(maxsize=1 << 16)
def mac_of(text: str) -> int:
    """The MAC in ``text``; NO_MAC for link addresses of 4, 8, 16 or 20 bytes."""
    mac = parse_mac(text) if len(text) <= 17 else None
    return NO_MAC if mac is None else mac


_HOST_NAME = re.compile(r"(?=[\d.-]*+[A-Za-z_])[\w][\w.-]{0,252}+")


def is_name(text: str) -> bool:
    """Whether ``text`` can be a host's name: not what is left of a cut address."""
    return _HOST_NAME.fullmatch(text) is not None


def entry_of(
    address: str, mac: str | None, interface: str, said: Said, at: int | None, number: int
) -> Entry | Named | str:
    """The entry that a row describes; a string when its address is neither one nor a name.

    Zeros are no MAC: tools print them for entries that never had one.
    """
    ip = ip_of(address)
    entry = Entry(
        interface,
        NO_IP if ip is None else ip,
        (mac_of(mac) or NO_MAC) if mac else NO_MAC,
        said.state,
        " ".join(sorted(said.flags)),
        *said[2:],
        at,
        number,
    )
    if ip is not None:
        return entry
    return Named(address, entry) if is_name(address) else "a cut address"
