"""A hosts file (hosts(5)): the names that the incident's own hosts give to addresses."""

from __future__ import annotations

import re

from synack.addresses import Address, is_ipv4, parse_ip

_LARGEST = 1 << 20
_LOOPBACK = (0, 1)
_NAME = re.compile(r"[A-Za-z0-9_](?:[\w.-]{0,252}[\w.])?")


class Hosts(dict[str, set[Address]]):
    """Name, in lower case, to its addresses."""


def read_hosts(data: bytes) -> Hosts | None:
    """The names in one file, None when it is none: a line of another kind, or no localhost
    (routes and other lists begin with addresses, too).

    Loopback addresses are left out: Debian gives one to the host's own name.
    """
    if len(data) > _LARGEST:
        return None
    hosts, local = Hosts(), False
    for line in data.decode("utf-8-sig", "replace").splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        address = parse_ip(words[0]) if len(words) > 1 and len(words[0]) <= 64 else None
        if address is None or not all(map(_NAME.fullmatch, words[1:])):
            return None
        names = [name.lower() for name in words[1:]]
        if address == _LOOPBACK or (is_ipv4(*address) and address[1] >> 24 & 0xFF == 127):
            local |= "localhost" in names
            continue
        for name in names:
            hosts.setdefault(name, set()).add(address)
    return hosts if local else None
