"""Who was given which address: the lease files of ISC dhcpd and of dnsmasq.

dhcpd.leases(5): times are UTC, ``4 2026/11/19 14:05:00;`` with the day of the week before
them, or ``epoch SECONDS``; the last declaration of a lease is the one that holds. dnsmasq
(src/lease.c, lease_update_file) writes when a lease ends, not when it began.
"""

from __future__ import annotations

import re

from synack.addresses import NO_MAC, parse_ip, parse_mac
from synack.context.reading import Reading, Rows, numbered
from synack.stamps import SECOND, parse_stamp
from synack.tables import NO_TIME, OWNERS

_LEASE = re.compile(r"\s*lease (\S{2,46}) \{\s*")
_STATEMENT = re.compile(r"\s*([a-z][a-z-]{2,30})\s+([^;]{1,200});.*")
_TIME = re.compile(r"\d (\d{4})/(\d\d?)/(\d\d?) (\d\d?):(\d\d?):(\d\d?)")
_DNSMASQ = re.compile(
    r"^(\d{1,10}) (?:\d{1,2}-)?([0-9a-f]{2}(?::[0-9a-f]{2}){5}) ([\d.]{7,15})"
    r" (\S{1,255}) (\S{1,800})",
    re.M,
)


def read_dhcpd(path: str, text: str) -> Reading | None:
    """The leases of ``dhcpd.leases``, None when there are none."""
    if "lease " not in text:
        return None
    rows, begun, said = Rows(path, OWNERS), 0, dict[str, str]()
    for number, line in numbered(text):
        if (lease := _LEASE.fullmatch(line)) is not None:
            if begun:
                rows.unreadable(begun, "a lease without an end")
            begun, said = number, {"lease": lease[1]}
        elif begun and line.strip() == "}":
            _lease(rows, begun, said)
            rows.lines += number - begun
            begun = 0
        elif begun and (statement := _STATEMENT.fullmatch(line)) is not None:
            said.setdefault(statement[1], statement[2].strip())
    if begun:
        rows.unreadable(begun, "a lease without an end")
    return rows.reading("dhcpd.leases")


def _lease(rows: Rows, number: int, said: dict[str, str]) -> None:
    ip = parse_ip(said["lease"])
    if ip is None or not {"starts", "ends", "binding", "hardware"} & said.keys():
        rows.unreadable(number, "not a lease of an address")
        return
    mac = parse_mac(said.get("hardware", "").removeprefix("ethernet "))
    name = said.get("client-hostname", "").strip('"')
    state = said.get("binding", "").removeprefix("state ")
    rows.add(number, "lease", *ip, NO_MAC if mac is None else mac, name,
             lease_time(said.get("starts", "")), lease_time(said.get("ends", "")),
             f"lease {state}".strip())  # fmt: skip


def lease_time(text: str) -> int:
    """ns since 1970 UTC; NO_TIME for ``never`` and for what is no time."""
    if text.startswith("epoch "):
        digits = text[6:].split(" ", maxsplit=1)[0]
        return int(digits) * SECOND if digits.isdecimal() and len(digits) <= 10 else NO_TIME
    found = _TIME.fullmatch(text)
    if found is None:
        return NO_TIME
    year, month, day, hour, minute, second = found.groups()
    stamp = parse_stamp(f"{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute:0>2}:{second:0>2}Z")
    return NO_TIME if stamp is None else stamp[0]


def read_dnsmasq(path: str, text: str) -> Reading | None:
    """The IPv4 leases of dnsmasq, None when there are none."""
    rows = Rows(path, OWNERS)
    for number, line in numbered(text) if _DNSMASQ.search(text) else ():
        found = _DNSMASQ.fullmatch(line.strip())
        ip = parse_ip(found[3]) if found else None
        if found is not None and ip is not None:
            until, mac = int(found[1]), parse_mac(found[2])
            name = "" if found[4] == "*" else found[4]
            rows.add(number, "lease", *ip, NO_MAC if mac is None else mac, name, NO_TIME,
                     until * SECOND if until else NO_TIME, "lease")  # fmt: skip
        elif line.startswith("duid "):
            rows.lines += 1
    return rows.reading("dnsmasq.leases")
