"""A story in TOML, read into what the generator plays. The README of this package is its
reference; whatever a story gets wrong is an error with file, line and key.
"""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import Any

from synack.errors import InputError
from synack.synth.story import (
    ANY,
    COMPRESSIONS,
    CONTAINERS,
    DIRECTIONS,
    DUMPS,
    LEGS,
    LINK_KINDS,
    LINK_TYPES,
    LONGEST,
    MIRRORS,
    MOST_ATTEMPTS,
    SERVICES,
    STATES,
    Announce,
    Connect,
    Dump,
    Host,
    Interface,
    Link,
    Loss,
    Neighbor,
    Record,
    Story,
)
from synack.synth.toml import Lines, Table


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
    top = Table(data, (), Lines(path, text))
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


def _link(name: str, t: Table) -> Link:
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


def _host(name: str, t: Table, story: Story) -> Host:
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


def _interface(t: Table, name: str, story: Story, alone: bool = False) -> Interface:
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


def _neighbor(t: Table, story: Story) -> Neighbor:
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


def _connect(t: Table, story: Story) -> Connect:
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


def _loss(t: Table, story: Story) -> Loss:
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


def _announce(t: Table, story: Story) -> Announce:
    host = t.host("host", story)
    mine = story.hosts[host].interfaces[0]
    given = t.text("address", (mine.addresses or [""])[0])
    announce = Announce(host, t.address("address", given), t.moments("at"))
    t.done()
    return announce


def _record(t: Table, story: Story) -> Record:
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


def _dump(t: Table, story: Story) -> Dump:
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
