"""Where a capture was taken: its host, and which addresses and MACs are that host's own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from synack.addresses import Address, parse_ip

CLIENT, SERVER, NEITHER = 1, -1, 0
SURE = ("named addresses", "direction noted by the kernel")
FIRST_TTLS = (30, 32, 60, 64, 128, 255)
"""What hosts send with; anything else has passed a router."""


@dataclass
class Vantage:
    """What is known of the place of one capture."""

    host: str
    named: frozenset[Address] = frozenset()
    """Addresses that the user or the name gives to the host."""
    role: int = 0
    """CLIENT or SERVER if its counters show that it was only one of them."""
    addresses: set[Address] = field(default_factory=set)
    """The host's own addresses."""
    macs: set[int] = field(default_factory=set)
    """Source MACs of what the host itself sends."""
    tap: bool = False
    """The capturing host is neither end of what it saw; so from the start if the user says so."""
    denied: frozenset[Address] = frozenset()
    """Addresses that its own neighbor tables list: those of others."""
    interfaces: frozenset[int] = frozenset()
    """MACs of all interfaces that the host lists (``ip addr``); none if it lists none."""
    basis: str = ""
    """The strongest kind of evidence behind it."""


def named_addresses(host: str) -> frozenset[Address]:
    """The address that a host name spells (``10.0.1.7``, ``ip-10-0-1-7``), if any."""
    text = re.sub(r"^ip-", "", host.split(".", maxsplit=1)[0] if host.startswith("ip-") else host)
    found = parse_ip(re.sub(r"^(\d+)-(\d+)-(\d+)-(\d+)$", r"\1.\2.\3.\4", text))
    return frozenset([found] if found else [])
