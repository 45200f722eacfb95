"""The kernel's log: ``dmesg`` in all its time formats, the journal, ``/var/log/messages``.

Only what bears on handshakes is kept: full tables, floods, duplicate and moved addresses,
links that went up or down, martian sources. A log without any of it is an empty table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from synack.addresses import NO_IP, NO_MAC, parse_ip, parse_mac
from synack.context.endpoints import parse_end
from synack.context.reading import LONGEST, Reading, Rows
from synack.stamps import SECOND, find_stamp
from synack.tables import KERNEL_EVENTS, NO_TIME, Table

KINDS = (
    "neighbor-table-overflow",
    "syn-flood",
    "conntrack-full",
    "duplicate-address",
    "address-moved",
    "link-up",
    "link-down",
    "martian-source",
)

_MAC = r"(?P<mac>[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5})"
_MESSAGES = (
    # net/core/neighbour.c: neigh_alloc; until Linux 4.3 "Neighbour table overflow."
    ("neighbor-table-overflow", r"neighbou?r table overflow"),
    # net/ipv4/tcp_input.c: tcp_syn_flood_action; address:port since Linux 6.3
    ("syn-flood", r"possible SYN flooding on port (?P<end>[\[\]0-9a-f.:]{1,60}\b)"),
    # net/netfilter/nf_conntrack_core.c: __nf_conntrack_alloc
    ("conntrack-full", r"(?:nf|ip)_conntrack: table full"),
    # net/ipv6/addrconf.c: addrconf_dad_failure
    ("duplicate-address", r"(?P<dev>[\w.@-]{1,32}): IPv6 duplicate address"
                          rf" (?P<ip>[0-9a-f:.]{{2,46}})(?: used by {_MAC})? detected"),
    # sys/netinet/if_ether.c of FreeBSD, and bsd/netinet/in_arp.c of macOS
    ("duplicate-address", rf"arp: {_MAC} is using my IP address (?P<ip>[\d.]{{7,15}})"
                          r" on (?P<dev>\w{1,32})"),
    ("duplicate-address", rf"duplicate IP address (?P<ip>[\d.]{{7,15}}) sent from address {_MAC}"),
    ("address-moved", rf"arp: (?P<ip>[\d.]{{7,15}}) moved from \S{{11,17}} to {_MAC}"
                      r" on (?P<dev>\w{1,32})"),
    # drivers of network cards; net/ipv6/addrconf.c; drivers/net/bonding/bond_main.c
    ("link-up", r"(?P<dev>\b[\w.@-]{1,32}):? (?:NIC )?link (?:is )?up\b"),
    ("link-down", r"(?P<dev>\b[\w.@-]{1,32}):? (?:NIC )?link (?:is )?down\b"),
    ("link-up", r"(?P<dev>\b[\w.@-]{1,32}): link becomes ready"),
    ("link-up", r"link status (?:definitely )?up for interface (?P<dev>[\w.@-]{1,32})"),
    ("link-down", r"link status (?:definitely )?down for interface (?P<dev>[\w.@-]{1,32})"),
    # net/ipv4/route.c: ip_handle_martian_source; the address is that of the sender
    ("martian-source", r"martian source [\d.]{7,15} from (?P<ip>[\d.]{7,15}), on dev"
                       r" (?P<dev>[\w.@-]{1,32})"),
)  # fmt: skip
_EVENTS = [(kind, re.compile(pattern, re.I)) for kind, pattern in _MESSAGES]
_CLUES = (
    "table overflow", "syn flooding", "conntrack: table full", "duplicate ip", "ipv6 duplicate",
    "is using my ip", " moved from ", "link is ", "link up", "link down", "becomes ready",
    "link status ", "martian source",
)  # fmt: skip
_BOOT = re.compile(r"(?:^|<\d{1,3}>|\bkernel: )\[ {0,8}(\d{1,10})\.(\d{6})\]")
_BTIME = re.compile(r"^btime (\d{9,10})$", re.M)
_LOGGED = re.compile(
    r"^(?:<\d{1,3}>)?\[ {0,8}\d{1,10}\.\d{6}\]|^\[[A-Z][a-z]{2} [A-Z]"
    r"|^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{6}[+-]\d\d:\d\d ",
    re.M,
)
_LL_HEADER = re.compile(r"ll header: 0{8}: (?:[0-9a-f]{2} ){6}((?:[0-9a-f]{2} ){6})")
_STAMP_WITHIN = 64
_TEXT = 200


def read_kernel_log(path: str, text: str, boot: int | None = None) -> Reading | None:
    """The events in ``text``, None when it is no kernel log.

    Seconds since boot become times with ``boot`` (ns since 1970 UTC) or a ``btime`` line of
    ``/proc/stat`` in the text; else ``at`` is NO_TIME and ``since_boot_ns`` tells the order.
    Times without a year, as syslog writes them, are NO_TIME. ``dmesg -T`` is local time.
    """
    logged = sum(1 for _ in _LOGGED.finditer(text)) + text.count(" kernel: ")
    rows = Rows(path, KERNEL_EVENTS)
    if boot is None and (found := _BTIME.search(text)) is not None:
        boot = int(found[1]) * SECOND
    if logged:
        _events(rows, text, boot)
    rows.lines = max(logged, rows.lines)
    return rows.reading("kernel log", sure=logged >= _FEWEST)


_FEWEST = 3


def _events(rows: Rows, text: str, boot: int | None) -> None:
    """One search per clue; only the lines that hold one are looked at."""
    lower = text.lower()
    begins: set[int] = set()
    for clue in _CLUES:
        at = lower.find(clue)
        while at >= 0:
            begins.add(lower.rfind("\n", 0, at) + 1)
            end = lower.find("\n", at)
            at = lower.find(clue, end) if end >= 0 else -1
    number, counted = 1, 0
    for begin in sorted(begins):
        number += text.count("\n", counted, begin)
        counted = begin
        end = text.find("\n", begin)
        end = len(text) if end < 0 else end
        if end - begin <= LONGEST:
            _event(rows, number, text[begin:end], text[end + 1 : end + 1 + _TEXT], boot)


def _event(rows: Rows, number: int, line: str, below: str, boot: int | None) -> None:
    for kind, pattern in _EVENTS:
        found = pattern.search(line)
        if found is None:
            continue
        part = {"dev": "", "ip": "", "mac": "", "end": ""} | {
            name: value for name, value in found.groupdict().items() if value
        }
        mac = parse_mac(part["mac"])
        if kind == "martian-source" and (header := _LL_HEADER.search(below)) is not None:
            mac = parse_mac(":".join(header[1].split()))
        ip, port = _end_of(part["end"]) if part["end"] else (parse_ip(part["ip"]), -1)
        at, since_boot = _time(rows, line, boot)
        rows.add(number, kind, part["dev"], *(ip or NO_IP), NO_MAC if mac is None else mac, port,
                 since_boot, line.strip()[:_TEXT], at=at)  # fmt: skip
        return


def _end_of(text: str) -> tuple[tuple[int, int] | None, int]:
    text = text.rstrip(".")
    if text.isdecimal():
        text = f"*:{text}"
    end = parse_end(text)
    return (end[0], end[1]) if end else (None, -1)


def _time(rows: Rows, line: str, boot: int | None) -> tuple[int, int]:
    """(ns since 1970, ns since boot) of a line; NO_TIME and -1 for what it does not say."""
    since_boot = -1
    if (found := _BOOT.search(line[: 2 * _STAMP_WITHIN])) is not None:
        since_boot = int(found[1]) * SECOND + int(found[2]) * 1000
    stamp = find_stamp(line[:_STAMP_WITHIN])
    if stamp is not None:
        if not stamp[1]:
            rows.local()
        return stamp[0], since_boot
    return (NO_TIME if boot is None or since_boot < 0 else boot + since_boot), since_boot


def dated(events: Table, boots: Mapping[str, int]) -> Table:
    """Rows of :data:`KERNEL_EVENTS` with a time where only that since boot was logged:
    ``boots`` has the time of boot by host, ns since 1970 UTC."""
    boot = np.array([boots.get(host, NO_TIME) for host in events["host"]], np.int64)
    known = (events["at"] == NO_TIME) & (events["since_boot_ns"] >= 0) & (boot != NO_TIME)
    columns = dict(events.columns)
    columns["at"] = np.where(known, boot + events["since_boot_ns"], events["at"])
    return Table(events.schema, columns)
