"""Rows of ``/proc/net/arp`` and of the net-tools and busybox ``arp`` commands.

The kernel prints its table in arp.c:arp_format_neigh_entry (NOARP entries are left out)
and says of the state only ATF_COM (0x2: valid), ATF_PERM (0x4) and ATF_PUBL (0x8: a
proxy entry, arp.c:arp_format_pneigh_entry). net-tools arp.c prints that file again, in
a table (``arp``, ``-n``, ``-e``) or in BSD style (``arp -a``, ``-an``).
"""

from __future__ import annotations

import re

from synack.addresses import NO_IP, NO_MAC
from synack.neighbors.entry import INVALID, Entry, Named, ip_of, is_name, mac_of
from synack.neighbors.format import Row

PROC_HEADER = re.compile(r"IP address +HW type +Flags +HW address\b.*")
TABLE_HEADER = re.compile(r"Address +HWtype +HWaddress\b.*")
NOISE = re.compile(
    r"Entries: *\d+\s+Skipped: *\d+\s+Found: *\d+|\S+ \(\S+\) -- no entry(?: on \S+)?"
    r"|arp: in \d+ entries no match found\."
)
"""What the arp commands print besides rows: they were asked, and had nothing to show."""

_COM, _PERM, _PUBL = 2, 4, 8

_PROC = re.compile(
    r"(\S{1,64}+)\s++0x[0-9a-fA-F]{1,8}+\s++0x([0-9a-fA-F]{1,8}+)"
    r"(?:\s++([0-9a-fA-F:]{2,64}+))?\s++(?:\*|\d[\d.]{6,14}+)\s++(\S++)"
)
_TABLE = re.compile(
    r"(\S{1,64}+)\s++(?:(\(incomplete\))|\*\s++<from_interface>(?:\s++([CMPU!A]{1,6}+))?"
    r"|(?!\d)[\w()/.-]{2,24}+(?:\s++(?:<incomplete>()|([0-9a-fA-F:.]{11,20})([CMPU!A]{0,6}+)))?"
    r"(?:\s++([CMPU!A]{1,6}+))?)"
    r"(?:\s++(?:\*|\d[\d.]{6,14}+))?\s++(\S++)"
)
_LIST = re.compile(
    r"(\S{1,255}+) \(([^\s()]{2,64}+)\) at"
    r"(?: ++(?:(<incomplete>|<from_interface>)(?: ++\[\w++\])?|([0-9a-fA-F:.]{2,64}+) ++\[\w++\])"
    r"| ++\[\w++\])((?: ++(?:PERM|PUB|TRAIL|DONTPUB|PUP))*+)(?: ++netmask ++[\d.]++)?"
    r" ++on ++(\S++)"
)


def parse_proc(line: str, at: int | None, number: int) -> Row:
    """One line of ``/proc/net/arp``; the address column of a short lladdr is empty."""
    found = _PROC.fullmatch(line)
    if found is None:
        return None
    name, bits, mac, dev = found.groups()
    return _entry(name, mac, int(bits, 16), dev, at, number)


def parse_table(line: str, at: int | None, number: int) -> Row:
    """One line of ``arp -n``.

    Column three is cut at 20 characters and then touches the flags (an 8-byte address
    looks like ``02:00:5e:10:00:00:00CM``); it is empty for addresses that /proc left out.
    """
    found = _TABLE.fullmatch(line)
    if found is None:
        return None
    name, none, published, old_none, mac, glued, apart, dev = found.groups()
    if mac is not None and ip_of(name) is None and mac_of(mac) == NO_MAC:
        return None
    if none or old_none is not None:
        return _entry(name, None, 0, dev, at, number)
    flags = glued or apart or published or ""
    if mac is None and (not flags or ip_of(name) is None):
        return None
    bits = (_COM if "C" in flags else 0) | (_PERM if "M" in flags else 0)
    return _entry(name, mac, bits | (_PUBL if "P" in flags else 0), dev, at, number)


def parse_list(line: str, at: int | None, number: int) -> Row:
    """One line of ``arp -a``: ``NAME (IP) at MAC [ether] PERM PUB on IF``.

    Anything after the interface, or an address without its type, is BSD's or macOS's.
    """
    found = _LIST.fullmatch(line)
    if found is None:
        return None
    _name, ip, no_mac, mac, words, dev = found.groups()
    if no_mac == "<incomplete>":
        return _entry(ip, None, 0, dev, at, number)
    bits = (_PERM if "PERM" in words else 0) | (_PUBL if "PUB" in words.split() else 0)
    if no_mac == "<from_interface>":
        return _entry(ip, None, bits | _PUBL, dev, at, number)
    return _entry(ip, mac, bits | _COM, dev, at, number)


_NAME_WIDTH = 23
"""``arp`` without ``-n`` cuts what is longer: another name may be cut to the same."""


def _entry(
    name: str, mac: str | None, bits: int, dev: str, at: int | None, number: int
) -> Entry | Named | str:
    ip = ip_of(name)
    if ip is None and (len(name) == _NAME_WIDTH or not is_name(name)):
        return "a name or a cut address instead of an IP address"
    state, flags = "", ""
    if bits & _PUBL:
        # The kernel sets PERM on every proxy entry, where it is no NUD state.
        flags = "proxy"
    elif not bits & (_COM | _PERM):
        state = INVALID
    elif bits & _PERM:
        state = "PERMANENT"
    address = mac_of(mac) if mac else NO_MAC
    # An entry that is not complete prints zeros when it never had an address.
    if address == 0 and not bits & _COM:
        address = NO_MAC
    entry = Entry(dev, ip or NO_IP, address, state, flags, None, None, None, None, at, number)
    return Named(name, entry) if ip is None else entry
