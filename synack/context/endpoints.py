"""Ends of a connection as the tools print them: address, port, and the interface after ``%``."""

from __future__ import annotations

from functools import lru_cache

from synack.addresses import NO_IP, Address, parse_ip
from synack.context.services import PORTS

End = tuple[Address, int, str]
"""Address, port (0 for any) and interface ("" for none)."""

_LONGEST = 100


@lru_cache(maxsize=1 << 16)
def parse_end(text: str, separator: str = ":") -> End | None:
    """``10.0.0.1:9092``, ``[::1]:22``, ``*:80``, ``[fe80::1]%eth0:22``, ``*%eth0:*``, ``:::22``;
    with ``separator`` ".", BSD's ``10.0.0.1.9092`` and ``*.*``. None for names of hosts, cut
    addresses and unknown names of ports.
    """
    address, found, port = text.rpartition(separator)
    if not found or len(text) > _LONGEST:
        return None
    number = 0 if port == "*" else _port(port)
    address, _, interface = address.partition("%")
    if address.startswith("["):
        inside, closed, after = address[1:].partition("]")
        if after or not (closed or interface.endswith("]")):
            return None
        address, interface = inside, interface.removesuffix("]")
    ip = NO_IP if address == "*" else parse_ip(address)
    if ip is None or number is None:
        return None
    return ip, number, interface


def _port(text: str) -> int | None:
    if text.isdecimal() and text.isascii() and len(text) <= 5 and int(text) <= 0xFFFF:
        return int(text)
    return PORTS.get(text.lower())
