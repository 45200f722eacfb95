"""A story in TOML, read into what the generator plays. The README of this package is its
reference; whatever a story gets wrong is an error with file, line and key.
"""

from __future__ import annotations

import ipaddress
import math
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from synack.addresses import format_mac, parse_mac
from synack.errors import InputError

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

T = TypeVar("T")
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


def read(path: str) -> Story:
    """The story in a file. Raises :class:`~synack.errors.InputError`."""
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(path, reason or str(error)) from None
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise InputError(
            path, f"not valid TOML: {error}", line=int(line[1]) if line else None
        ) from None
    return parse(data, path, text)


def parse(data: dict[str, Any], path: str, text: str = "") -> Story:
    """The story in a table; ``text`` is what it was read from, for the lines of errors."""
    top = _Table(data, (), _Lines(path, text))
    story = Story(
        path,
        top.text("title", "An incident"),
        top.integer("seed", 1, 0),
        top.moment("start"),
        top.number("duration", 60.0, 0.001, LONGEST),
    )
    for name, table in top.named("links"):
        story.links[name] = _link(name, table)
    if not story.links:
        top.fail("links", "a story needs at least one link")
    for name, table in top.named("hosts"):
        story.hosts[name] = _host(name, table, story)
    story.neighbors = [_neighbor(t, story) for t in top.tables("neighbors")]
    story.connections = [_connect(t, story) for t in top.tables("connections")]
    story.losses = [_loss(t, story) for t in top.tables("losses")]
    story.announcements = [_announce(t, story) for t in top.tables("announcements")]
    story.records = [_record(t, story) for t in top.tables("captures")]
    story.dumps = [_dump(t, story) for t in top.tables("dumps")]
    if sum(len(c.at) for c in story.connections) > MOST_ATTEMPTS:
        top.fail("connections", f"more than {MOST_ATTEMPTS} attempts")
    top.done()
    return story


def _link(name: str, t: _Table) -> Link:
    link = Link(
        name,
        t.each("prefixes", t.prefix, "prefix"),
        t.choice("kind", LINK_KINDS),
        [t.check("vlans", v, 0 < v < 4095, "1 to 4094") for v in t.integers("vlans")],
        t.number("delay", 0.0002, 0.000_001, 10.0),
        t.each("mute", t.address),
        t.integers("tracked"),
    )
    if not link.prefixes:
        t.fail("prefixes", "a link needs a prefix such as 10.0.1.0/24")
    t.done()
    return link


def _host(name: str, t: _Table, story: Story) -> Host:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", name):
        t.fail("", f"{name!r} is no host name")
    tables = t.tables("interfaces")
    interfaces = [_interface(i, f"eth{n}", story) for n, i in enumerate(tables)]
    if not interfaces:
        interfaces = [_interface(t, "eth0", story, alone=True)]
    services = {
        t.check("services", int(port) if port.isdecimal() else 0, port.isdecimal(), "a port"): (
            t.one_of("services", what, SERVICES)
        )
        for port, what in t.strings("services").items()
    }
    clock = t.table("clock")
    host = Host(
        name,
        interfaces,
        t.each("gateways", t.address, "gateway"),
        services,
        clock.number("offset", 0.0, -1e9, 1e9),
        clock.number("drift_ppm", 0.0, -1e5, 1e5),
        t.span("up", (-math.inf, math.inf)),
        t.flag("forwards"),
        {t.address("balances", k): t.mac("balances", v) for k, v in t.strings("balances").items()},
        t.each("silently", t.address),
        {t.one_of("nat", k, story.links): t.address("nat", v) for k, v in t.strings("nat").items()},
        t.flag("timestamps", True),
        clock.number("set_at", math.inf),
        clock.number("set_by", 0.0, -1e9, 1e9),
    )
    clock.done()
    t.done()
    return host


def _interface(t: _Table, name: str, story: Story, alone: bool = False) -> Interface:
    interface = Interface(
        name if alone else t.text("name", name),
        t.one_of("link", t.text("link", next(iter(story.links))), story.links),
        t.mac("mac", t.text("mac")),
        t.each("addresses", t.address, "address"),
        {t.address("virtual", k): t.mac("virtual", v) for k, v in t.strings("virtual").items()},
        t.each("proxies", t.address),
    )
    if not alone:
        t.done()
    return interface


def _neighbor(t: _Table, story: Story) -> Neighbor:
    entry = Neighbor(
        t.host("host", story),
        t.address("address", t.text("address")),
        t.mac("mac", t.text("mac")),
        t.choice("state", STATES),
        t.number("at", -1.0),
        t.flag("kept"),
        t.number("deleted", math.inf),
        t.number("answered", -math.inf),
    )
    t.done()
    return entry


def _connect(t: _Table, story: Story) -> Connect:
    server = t.text("server")
    if server in story.hosts:
        addresses = [a for i in story.hosts[server].interfaces for a in (*i.addresses, *i.virtual)]
        if not addresses:
            t.fail("server", f"{server} has no address")
        server = addresses[0]
    connect = Connect(
        t.host("client", story),
        t.address("server", server),
        t.integer("port", 9092, 1, 65535),
        t.moments("at"),
        t.integer("source_port", 0, 0, 65535),
        t.number("timeout", 5.0, 0.001, LONGEST),
        t.flag("linear"),
        t.number("hold", 0.05, 0.0, LONGEST),
        t.flag("forgotten"),
        t.flag("scan"),
        t.flag("exchange", True),
    )
    t.done()
    return connect


def _loss(t: _Table, story: Story) -> Loss:
    loss = Loss(
        [t.one_of("segments", s, (*LEGS, "arp")) for s in t.each("segments", t.string)],
        t.each("from", t.address),
        t.each("to", t.address),
        t.integer("port", 0, 0, 65535),
        t.span("between", (-math.inf, math.inf)),
        t.number("probability", 1.0, 0.0, 1.0),
        t.integer("first", 0, 0),
        t.text("via", ""),
        t.flag("at_receiver"),
        t.flag("answer"),
        t.text("cause", "loss"),
    )
    if loss.via:
        t.one_of("via", loss.via, story.hosts)
    t.done()
    return loss


def _announce(t: _Table, story: Story) -> Announce:
    host = t.host("host", story)
    mine = story.hosts[host].interfaces[0]
    given = t.text("address", (mine.addresses or [""])[0])
    announce = Announce(host, t.address("address", given), t.moments("at"))
    t.done()
    return announce


def _record(t: _Table, story: Story) -> Record:
    host = t.host("host", story)
    record = Record(
        host,
        t.one_of(
            "interface",
            t.text("interface", story.hosts[host].interfaces[0].name),
            [*(i.name for i in story.hosts[host].interfaces), ANY],
        ),
        t.span("window", (0.0, story.duration)),
        t.choice("format", CONTAINERS),
        t.choice("compression", COMPRESSIONS),
        t.choice("link_type", LINK_TYPES),
        t.integer("snaplen", 262_144, 14, 262_144),
        t.flag("nanoseconds", True),
        [t.one_of("only", s, ("tcp", "arp", "icmp")) for s in t.each("only", t.string)],
        t.integers("ports"),
        t.choice("direction", DIRECTIONS),
        [t.one_of("hide", s, LEGS) for s in t.each("hide", t.string)],
        t.number("drop", 0.0, 0.0, 1.0),
        t.span("drop_between", (-math.inf, math.inf)),
        t.flag("reports"),
        t.number("rotate", 0.0, 0.0),
        t.integer("cut", 0, 0),
        t.number("unflushed", 0.0, 0.0),
        t.one_of("mirror", t.text("mirror", ""), ("", *MIRRORS)),
        t.integer("session", 1, 0, (1 << 24) - 1),
        t.each("mirror_ends", t.address),
        t.text("name", ""),
    )
    if record.mirror and (record.link_type != "EN10MB" or len(record.mirror_ends) not in (0, 2)):
        t.fail("mirror", "a mirror is recorded as EN10MB, between two mirror_ends")
    if record.interface == ANY and record.link_type != "LINUX_SLL":
        t.fail("link_type", "a capture of any interface is LINUX_SLL")
    if not re.fullmatch(r"[\w.@-]*", record.name):
        t.fail("name", f"{record.name!r} is no file name")
    t.done()
    return record


def _dump(t: _Table, story: Story) -> Dump:
    dump = Dump(
        t.host("host", story),
        t.choice("kind", DUMPS),
        t.moments("at"),
        t.choice("stamp", ("line", "name", "none")),
        t.number("off", 0.0, -1e9, 1e9),
        t.text("name", ""),
    )
    if not re.fullmatch(r"[\w.@-]*", dump.name):
        t.fail("name", f"{dump.name!r} is no file name")
    t.done()
    return dump


# ---- tables with places -------------------------------------------------------------------


Where = tuple[str | int, ...]


class _Lines:
    """Where in the text of a story each table and key is."""

    _HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.sections: dict[Where, int] = {(): 0}
        counts: dict[Where, int] = {}
        for number, line in enumerate(self.lines, 1):
            header = self._HEADER.match(line)
            if header is None:
                continue
            where: Where = ()
            names = [name.strip().strip("\"'") for name in re.split(r"\.", header[2])]
            for place, name in enumerate(names):
                where = (*where, name)
                if header[1] == "[[" and place == len(names) - 1:
                    counts[where] = counts.get(where, -1) + 1
                if where in counts:
                    where = (*where, counts[where])
            self.sections[where] = number

    def of(self, where: Where, key: str) -> int | None:
        """The line of a key; of the table's heading if it is nowhere to be seen."""
        if not self.lines:
            return None
        path: Where = (*where, key) if key else where
        for depth in range(len(path), -1, -1):
            if path[:depth] not in self.sections:
                continue
            begin = self.sections[path[:depth]]
            for wanted in [part for part in reversed(path[depth:]) if isinstance(part, str)]:
                for number in range(begin + 1, len(self.lines) + 1):
                    line = self.lines[number - 1]
                    if self._HEADER.match(line):
                        break
                    if re.search(rf"(^|[\s{{,\"']){re.escape(wanted)}[\"']?\s*=", line):
                        return number
            return begin or 1
        return 1


class _Table:
    """One table of the story: gives out its values checked, and knows what was not asked for."""

    def __init__(self, values: dict[str, Any], where: Where, lines: _Lines) -> None:
        self.values = values
        self.where = where
        self.lines = lines
        self.asked: set[str] = set()

    def fail(self, key: str, reason: str) -> NoReturn:
        shown = ""
        for part in (*self.where, key) if key else self.where:
            shown += f"[{part}]" if isinstance(part, int) else f".{part}"
        line = self.lines.of(self.where, key)
        raise InputError(self.lines.path, f"{shown.lstrip('.')}: {reason}", line=line)

    def done(self) -> None:
        for key in self.values:
            if key not in self.asked:
                known = ", ".join(sorted(self.asked))
                self.fail(key, f"no such key; there are {known}")

    def get(self, key: str) -> Any:
        self.asked.add(key)
        return self.values.get(key)

    def check(self, key: str, value: T, good: bool, wanted: str) -> T:
        if not good:
            self.fail(key, f"{value!r} is not {wanted}")
        return value

    def one_of(self, key: str, value: str, known: Sequence[str] | dict[str, Any]) -> str:
        if value not in known:
            self.fail(key, f"{value!r} is none of {', '.join(repr(k) for k in known)}")
        return value

    def string(self, key: str, value: Any) -> str:
        good = isinstance(value, str)
        return str(self.check(key, value, good, "text"))

    def text(self, key: str, default: str | None = None) -> str:
        value = self.get(key)
        if value is None:
            if default is None:
                self.fail(key, "is missing")
            return default
        return self.string(key, value)

    def choice(self, key: str, known: Sequence[str]) -> str:
        return self.one_of(key, self.text(key, known[0]), known)

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.get(key)
        good = value is None or isinstance(value, bool)
        return bool(self.check(key, default if value is None else value, good, "true or false"))

    def number(
        self, key: str, default: float, low: float = -LONGEST, high: float = math.inf
    ) -> float:
        value = self.get(key)
        return default if value is None else self._number(key, value, low, high)

    def _number(self, key: str, value: Any, low: float, high: float) -> float:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        good = good and math.isfinite(value) and low <= value <= high
        return float(self.check(key, value, good, f"a number from {low:g} to {high:g}"))

    def integer(self, key: str, default: int, low: int = 0, high: int = 2**63) -> int:
        value = self.get(key)
        value = default if value is None else value
        good = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return int(self.check(key, value, good, f"a whole number from {low} to {high}"))

    def integers(self, key: str) -> list[int]:
        good = [isinstance(v, int) and not isinstance(v, bool) for v in self._list(key)]
        return list(self.check(key, self._list(key), all(good), "a list of whole numbers"))

    def _list(self, key: str) -> list[Any]:
        value = self.get(key)
        value = [] if value is None else value
        return value if isinstance(value, list) else [value]

    def each(self, key: str, take: Callable[[str, Any], T], single: str = "") -> list[T]:
        """The values of ``key``, or the one of ``single``."""
        found = [take(key, value) for value in self._list(key)]
        return found + [take(single, value) for value in self._list(single)] if single else found

    def strings(self, key: str) -> dict[str, str]:
        value = self.get(key)
        value = {} if value is None else value
        self.check(key, value, isinstance(value, dict), "a table")
        return {k: self.string(key, v) for k, v in value.items()}

    def address(self, key: str, value: Any) -> str:
        try:
            return str(ipaddress.ip_address(self.string(key, value)))
        except ValueError:
            self.fail(key, f"{value!r} is no IP address")

    def prefix(self, key: str, value: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        try:
            return ipaddress.ip_network(self.string(key, value))
        except ValueError as error:
            self.fail(key, str(error))

    def mac(self, key: str, value: Any) -> str:
        parsed = parse_mac(self.string(key, value))
        if parsed is None:
            self.fail(key, f"{value!r} is no MAC address")
        return format_mac(parsed)

    def host(self, key: str, story: Story) -> str:
        return self.one_of(key, self.text(key), story.hosts)

    def moment(self, key: str) -> int:
        value = self.get(key)
        if value is None:
            value = datetime(2026, 3, 2, 14, tzinfo=UTC)
        good = isinstance(value, datetime) and value.tzinfo is not None
        self.check(key, value, good, "a date and time with a zone, such as 2026-03-02T14:00:00Z")
        seconds = int(value.timestamp())
        self.check(key, value, 0 <= seconds < 4_000_000_000, "between 1970 and 2096")
        return seconds * 1_000_000_000

    def span(self, key: str, default: Span) -> Span:
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, list) or len(value) != 2:
            self.fail(key, f"{value!r} is not [from, to]")
        begin, end = (self._number(key, v, -LONGEST, LONGEST) for v in value)
        self.check(key, value, begin <= end, "in order")
        return begin, end

    def moments(self, key: str) -> list[float]:
        """A number, a list of them, or ``{from = 1, to = 60, every = 4}``."""
        value = self.get(key)
        if not isinstance(value, dict):
            found = [self._number(key, v, -LONGEST, LONGEST) for v in self._list(key)]
            self.check(key, value, bool(found), "a time or a list of times, in seconds")
            return found
        series = _Table(value, (*self.where, key), self.lines)
        begin, step = series.number("from", 0.0), series.number("every", 1.0, 0.000_1)
        end = series.number("to", begin)
        series.done()
        count = max(0, int((end - begin) / step + 1e-9) + 1)
        self.check(key, count, count <= MOST_ATTEMPTS, f"at most {MOST_ATTEMPTS} times")
        return [round(begin + n * step, 6) for n in range(count)]

    def table(self, key: str) -> _Table:
        value = self.get(key)
        value = {} if value is None else value
        self.check(key, value, isinstance(value, dict), "a table")
        return _Table(value, (*self.where, key), self.lines)

    def tables(self, key: str) -> list[_Table]:
        value = self.get(key)
        value = [] if value is None else value
        good = isinstance(value, list) and all(isinstance(v, dict) for v in value)
        self.check(key, value, good, "an array of tables")
        return [_Table(v, (*self.where, key, n), self.lines) for n, v in enumerate(value)]

    def named(self, key: str) -> list[tuple[str, _Table]]:
        value = self.get(key)
        value = {} if value is None else value
        good = isinstance(value, dict) and all(isinstance(v, dict) for v in value.values())
        self.check(key, value, good, "a table of tables")
        return [(k, _Table(v, (*self.where, key, k), self.lines)) for k, v in value.items()]
