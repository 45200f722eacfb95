"""What a story tells: links, hosts, entries, connections, losses, captures, dumps."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

LINK_KINDS = ("plain", "flooding", "cloud")
SERVICES = ("accept", "refuse", "overflow", "ignore", "prohibit")
LEGS = ("syn", "syn-ack", "ack", "data", "fin", "rst")
LINK_TYPES = ("EN10MB", "LINUX_SLL", "LINUX_SLL2", "RAW", "NULL", "LOOP")
CONTAINERS = ("pcap", "pcapng")
COMPRESSIONS = ("", "gz", "zst")
DUMPS = (
    "ip -s neigh", "ip neigh", "ip -j -s neigh", "arp -an", "arp -n", "/proc/net/arp",
    "ip addr", "nstat",
)  # fmt: skip
STATES = ("REACHABLE", "STALE", "PERMANENT")
MIRRORS = ("vxlan", "geneve", "gre")
DIRECTIONS = ("both", "in", "out")
ANY = "any"
"""A capture of all interfaces, which is cooked."""

MOST_ATTEMPTS = 100_000
LONGEST = 86_400.0
"""Seconds of a story at most: a slip of the keyboard must not run for ever."""

Span = tuple[float, float]


@dataclass
class Link:
    """A layer 2 network."""

    name: str
    prefixes: list[ipaddress.IPv4Network | ipaddress.IPv6Network]
    kind: str
    vlans: list[int]
    delay: float
    mute: list[str]
    """Addresses for which a cloud network answers no ARP."""
    tracked: list[int]
    """Ports whose segments reach the owner of the IP, whatever the MAC."""


@dataclass
class Interface:
    """Where a host meets a link. ``virtual``: addresses that answer with another MAC."""

    name: str
    link: str
    mac: str
    addresses: list[str]
    virtual: dict[str, str]
    proxies: list[str]


@dataclass
class Host:
    """A machine. ``service``: what a port does with a SYN (see :data:`SERVICES`)."""

    name: str
    interfaces: list[Interface]
    gateway: list[str]
    services: dict[int, str]
    offset: float
    drift_ppm: float
    up: Span
    forwards: bool
    balances: dict[str, str]
    """Address: MAC of the server that gets its packets, unchanged (direct server return)."""
    silently: list[str]
    """Addresses that it takes for its own and never answers ARP for."""
    nat: dict[str, str]
    """Link: address that what comes from this link is sent on with."""
    stamps: bool
    set_at: float
    """When its clock is set, by ``set_by`` seconds."""
    set_by: float


@dataclass
class Neighbor:
    """An entry that a host has from the beginning, or from ``at`` on.

    ``kept``: other traffic confirms it again and again. ``deleted``: when an operator
    removes it. ``answered``: probes of it are answered with the old MAC until then.
    """

    host: str
    address: str
    mac: str
    state: str
    at: float
    kept: bool
    deleted: float
    answered: float


@dataclass
class Connect:
    """Attempts of one client. ``forgotten``: the server still has a connection of the same
    ports. ``scan``: the client resets whatever is answered."""

    client: str
    server: str
    port: int
    at: list[float]
    source_port: int
    timeout: float
    linear: bool
    hold: float
    forgotten: bool
    scan: bool
    exchange: bool


@dataclass
class Loss:
    """What the network, or a firewall in it, does not let through."""

    segments: list[str]
    src: list[str]
    dst: list[str]
    port: int
    between: Span
    probability: float
    first: int
    via: str
    at_receiver: bool
    answer: bool
    cause: str


@dataclass
class Announce:
    """Gratuitous ARP of a host: ``mac`` is its own unless it says another's."""

    host: str
    address: str
    at: list[float]


@dataclass
class Record:
    """What one host captures, and how it is written."""

    host: str
    interface: str
    window: Span
    container: str
    compression: str
    link_type: str
    snaplen: int
    nanoseconds: bool
    only: list[str]
    ports: list[int]
    direction: str
    hide: list[str]
    drop: float
    drop_between: Span
    reports: bool
    rotate: float
    cut: int
    unflushed: float
    mirror: str
    session: int
    mirror_ends: list[str]
    name: str


@dataclass
class Dump:
    """When a host's table, addresses or counters are written down. ``off``: seconds that the
    stamp is wrong by, beside the host's own clock."""

    host: str
    kind: str
    at: list[float]
    stamp: str
    off: float
    name: str


@dataclass
class Story:
    """All of it. Times are seconds after ``start`` (ns since 1970)."""

    path: str
    title: str
    seed: int
    start: int
    duration: float
    links: dict[str, Link] = field(default_factory=dict)
    hosts: dict[str, Host] = field(default_factory=dict)
    neighbors: list[Neighbor] = field(default_factory=list)
    connections: list[Connect] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    announcements: list[Announce] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    dumps: list[Dump] = field(default_factory=list)
