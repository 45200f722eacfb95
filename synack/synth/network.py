"""The network of a story: links, hosts with neighbor tables, routers; event by event.

Times are seconds after the story's start, on the true clock. A host behaves as Linux does
(net/core/neighbour.c, net/ipv4/arp.c); what happens to a segment is written into its tag.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from synack.synth import story as told
from synack.synth.frames import (
    BROADCAST,
    IN,
    OTHER,
    OUT,
    UNKNOWN_MAC,
    Arp,
    Error,
    Frame,
    Packet,
    group_mac,
    ip_bytes,
    is_group,
    solicited_node,
)
from synack.synth.truth import DUPLICATE, STALE, UNRESOLVED, Sent, Wrong

DELAY_FIRST_PROBE = 5.0
RETRANS = 1.02
"""Between probes: 1 s and the slack of the timer wheel, as measured."""
LOCKTIME = 1.0
SOLICITATIONS = 3

NUD = ("INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "PERMANENT")


@dataclass(eq=False)
class Entry:
    """A neighbor entry. ``turn`` changes with every state: a timer of an old one is void."""

    mac: str
    state: str
    used: float
    confirmed: float
    updated: float
    probes: int = 0
    kept: bool = False
    answered: float = -math.inf
    turn: int = 0
    queue: list[Packet] = field(default_factory=list)

    def become(self, state: str, now: float) -> None:
        self.state, self.updated, self.turn = state, now, self.turn + 1


class Port:
    """An interface: where a host meets a link."""

    def __init__(self, host: Machine, told_: told.Interface, link: Link) -> None:
        self.host = host
        self.link = link
        self.name = told_.name
        self.mac = told_.mac
        self.addresses = list(told_.addresses)
        self.virtual = told_.virtual
        self.proxies = set(told_.proxies)
        self.macs = {self.mac, *self.virtual.values()}
        self.table: dict[str, Entry] = {}
        self.tape: list[tuple[float, Frame, str]] | None = None

    def has(self, ip: str) -> bool:
        return ip in self.addresses or ip in self.virtual

    def speaks_for(self, ip: str) -> str:
        """The MAC at which it answers for an address; "" if it does not."""
        if ip in self.virtual:
            return self.virtual[ip]
        return self.mac if ip in self.addresses or ip in self.proxies else ""

    def on_link(self, ip: str) -> bool:
        return self.link.holds(ip)

    def source(self, dst: str) -> str:
        """Its address of the family of ``dst``."""
        return next((a for a in self.addresses if (":" in a) == (":" in dst)), "")

    def record(self, frame: Frame, way: str) -> None:
        if self.tape is not None:
            self.tape.append((self.host.net.now, frame, way))


class Link:
    """A layer 2 network and what is plugged into it."""

    def __init__(self, net: Network, link: told.Link) -> None:
        self.net = net
        self.name = link.name
        self.kind = link.kind
        self.vlans = link.vlans
        self.delay = link.delay
        self.mute = set(link.mute)
        self.tracked = set(link.tracked)
        self.prefixes = link.prefixes
        self.ports: list[Port] = []
        self._held: dict[str, bool] = {}

    def holds(self, ip: str) -> bool:
        if ip not in self._held:
            size, value = len(ip_bytes(ip)), int.from_bytes(ip_bytes(ip), "big")
            self._held[ip] = any(
                p.max_prefixlen == size * 8
                and value >> (p.max_prefixlen - p.prefixlen)
                == int(p.network_address) >> (p.max_prefixlen - p.prefixlen)
                for p in self.prefixes
            ) or ip.startswith("fe80:")
        return self._held[ip]

    def owners(self, ip: str) -> list[Port]:
        """Who is there now and answers for the address."""
        return [p for p in self.ports if p.host.is_up() and p.speaks_for(ip)]

    def carry(self, port: Port, frame: Frame, wrong: Wrong | None = None) -> None:
        """What a host put on the wire goes where its MAC says, if nothing loses it."""
        port.record(frame, OUT)
        tag = _tag(frame)
        if tag is not None:
            tag.wire = self.net.now if tag.wire is None else tag.wire
            tag.macs.append((port.host.name, frame.dmac))
        loss = self.net.loss(frame, port)
        if self.kind == "cloud" and isinstance(frame.content, Arp):
            if loss is None:
                self._cloud_arp(port, frame.dmac, frame.content)
            return
        astray = wrong is not None and not self._relayed(frame.dmac)
        if tag is not None and astray and not self._is_tracked(frame):
            tag.lost(STALE, wrong)
        elif loss is not None:
            self._lose(port, frame, loss, tag)
            return
        at = self.net.now + self.delay * self.net.random.uniform(0.8, 1.3)
        heard = False
        for other in self._receivers(port, frame):
            heard = True
            self.net.at(at, other.host.receive, other, frame)
        if not heard and tag is not None:
            tag.lost("nobody-has-the-mac")

    def _lose(self, port: Port, frame: Frame, loss: told.Loss, tag: Sent | None) -> None:
        if tag is not None:
            tag.lost(loss.cause)
        if loss.answer and isinstance(frame.content, Packet):
            teller = self.net.hosts[loss.via] if loss.via else port.host
            teller.complain(frame.content, 13)

    def _relayed(self, mac: str) -> bool:
        """Whether who has this MAC hands on what is not its own."""
        return any(p.host.is_up() and mac in p.macs and p.host.forwards for p in self.ports)

    def _is_tracked(self, frame: Frame) -> bool:
        segment = frame.content.segment if isinstance(frame.content, Packet) else None
        return segment is not None and bool({segment.sport, segment.dport} & self.tracked)

    def _receivers(self, port: Port, frame: Frame) -> Iterator[Port]:
        others = [p for p in self.ports if p is not port and p.host.is_up()]
        if is_group(frame.dmac):
            yield from (others if self.kind != "cloud" else ())
            return
        if self._is_tracked(frame):
            assert isinstance(frame.content, Packet)
            owners = [p for p in others if p.has(frame.content.dst)]
            if owners:
                yield owners[0]
                return
        known = [p for p in others if frame.dmac in p.macs]
        yield from known or (others if self.kind == "flooding" else ())

    def _cloud_arp(self, port: Port, asked: str, arp: Arp) -> None:
        """A cloud network answers ARP itself, and carries none."""
        if arp.op != 1 or arp.sender == arp.target or arp.target in self.mute:
            return
        owners = [p for p in self.owners(arp.target) if p is not port]
        mac = owners[0].speaks_for(arp.target) if owners else ""
        if not is_group(asked) and asked != mac:
            entry = port.table.get(arp.target)
            mac = asked if entry is not None and self.net.now < entry.answered else ""
        if mac:
            answer = Arp(2, mac, arp.target, arp.sender_mac, arp.sender)
            frame = Frame(mac, arp.sender_mac, answer)
            self.net.at(self.net.now + self.delay, port.host.receive, port, frame)


class Machine:
    """A host: interfaces, neighbor tables, routes, and TCP above them."""

    def __init__(self, net: Network, host: told.Host) -> None:
        self.net = net
        self.told = host
        self.name = host.name
        self.forwards = host.forwards or bool(host.nat) or bool(host.balances)
        self.ports = [Port(self, i, net.links[i.link]) for i in host.interfaces]
        self.counters: dict[str, int] = {}
        self.local: Callable[[Packet], None] = lambda _: None
        """TCP, which takes what is for this host."""
        self.masked: dict[tuple[str, int, str, int], tuple[str, int]] = {}
        """NAT: how the far end sees a flow, to the inner address and port."""
        self.reachable_time = net.random.uniform(15, 45)
        self.reaction = net.random.uniform(0.000_01, 0.000_06)
        """From the interface to the answer, in seconds."""

    def is_up(self) -> bool:
        begin, end = self.told.up
        return begin <= self.net.now < end

    def owns(self, ip: str) -> bool:
        return any(p.has(ip) for p in self.ports) or ip in self.told.silently

    def count(self, counter: str) -> None:
        self.counters[counter] = self.counters.get(counter, 0) + 1

    # ---- sending --------------------------------------------------------------------

    def route(self, dst: str) -> tuple[Port, str] | None:
        """(interface, next hop)."""
        for port in self.ports:
            if port.on_link(dst):
                return port, dst
        for gateway in self.told.gateway:
            if (":" in gateway) == (":" in dst):
                for port in self.ports:
                    if port.on_link(gateway):
                        return port, gateway
        return None

    def send(self, packet: Packet) -> None:
        """Resolve the next hop and put the packet on its link (ip_finish_output2)."""
        if self.owns(packet.dst):
            return  # to itself: by the loopback, which is not recorded
        tag = _tag_of(packet)
        way = self.route(packet.dst)
        if way is None or not self.is_up():
            if tag is not None:
                tag.lost("no-route" if way is None else "host-down")
            return
        port, hop = way
        now, entry = self.net.now, port.table.get(hop)
        if entry is None or entry.state == "FAILED":
            entry = port.table[hop] = Entry("", "INCOMPLETE", now, now - 60, now, SOLICITATIONS)
            entry.queue.append(packet)
            self._solicit(port, hop, entry)
            return
        if entry.state == "INCOMPLETE":
            entry.queue.append(packet)
            return
        trusted = entry.kept or now <= entry.confirmed + self.reachable_time
        if entry.state == "REACHABLE" and not trusted:
            entry.become("STALE", now)
        if entry.state == "STALE" and not entry.kept:
            entry.become("DELAY", now)
            self.net.at(now + DELAY_FIRST_PROBE, self._delayed, port, hop, entry, entry.turn)
        if entry.state in ("DELAY", "PROBE"):
            entry.used = now
        self._emit(port, hop, entry.mac, packet)

    def _emit(self, port: Port, hop: str, mac: str, packet: Packet) -> None:
        owners = port.link.owners(hop)
        right = [p.speaks_for(hop) for p in owners]
        known = any(mac in p.macs for p in owners)
        wrong = Wrong(self.name, hop, mac, right[0]) if owners and not known else None
        port.link.carry(port, Frame(port.mac, mac, packet), wrong)

    def _solicit(self, port: Port, hop: str, entry: Entry) -> None:
        """Ask for a next hop: to all without a known MAC, else to that one."""
        turn = entry.turn
        entry.probes += 1
        mac = entry.mac if entry.state == "PROBE" else ""
        to = mac or (group_mac(solicited_node(hop)) if ":" in hop else BROADCAST)
        # Only a solicitation shows whom it asks: the target of an ARP request stays empty.
        asked = mac if ":" in hop and mac else UNKNOWN_MAC
        asks = Arp(1, port.mac, port.source(hop), asked, hop)
        port.link.carry(port, Frame(port.mac, to, asks))
        self.net.at(self.net.now + RETRANS, self._unanswered, port, hop, entry, turn)

    def _unanswered(self, port: Port, hop: str, entry: Entry, turn: int) -> None:
        if entry.turn != turn:
            return
        limit = SOLICITATIONS if entry.state == "PROBE" else 2 * SOLICITATIONS
        if entry.probes < limit:
            self._solicit(port, hop, entry)
            return
        entry.become("FAILED", self.net.now)
        dropped, entry.queue = entry.queue, []
        for packet in dropped:
            tag = _tag_of(packet)
            if tag is not None:
                tag.lost(UNRESOLVED)
            if self.owns(packet.src):
                self.count("TcpExtListenDrops")
                self.local(Packet(packet.src, packet.src, Error(1, packet)))
            else:
                self.complain(packet, 1)

    def _delayed(self, port: Port, hop: str, entry: Entry, turn: int) -> None:
        """The timer of DELAY (neigh_timer_handler)."""
        if entry.turn != turn:
            return
        now = self.net.now
        if now <= entry.confirmed + DELAY_FIRST_PROBE:
            entry.become("REACHABLE", now)
            return
        entry.become("PROBE", now)
        entry.probes = 0
        self._solicit(port, hop, entry)

    def confirm(self, peer: str) -> None:
        """Progress on an established connection confirms its neighbor (tcp_ack)."""
        way = self.route(peer)
        if way is not None and way[1] in way[0].table:
            way[0].table[way[1]].confirmed = self.net.now

    def complain(self, packet: Packet, code: int) -> None:
        """Send an ICMP error about a packet to its sender."""
        if packet.segment is None:
            return
        way = self.route(packet.src)
        src = way[0].source(packet.src) if way else ""
        if src:
            self.send(Packet(src, packet.src, Error(code, packet), ident=self.net.ident()))

    def announce(self, ip: str) -> None:
        """A gratuitous ARP request, an unsolicited advertisement for IPv6."""
        for port in self.ports:
            mac = port.speaks_for(ip)
            if mac and self.is_up():
                to = group_mac("ff02::1") if ":" in ip else BROADCAST
                says = Arp(2 if ":" in ip else 1, mac, ip, UNKNOWN_MAC, ip)
                port.link.carry(port, Frame(mac, to, says))

    # ---- receiving ------------------------------------------------------------------

    def receive(self, port: Port, frame: Frame) -> None:
        if not self.is_up():
            tag = _tag(frame)
            if tag is not None:
                tag.lost("host-down")
            return
        mine = frame.dmac in port.macs or is_group(frame.dmac)
        tracked = port.link._is_tracked(frame)
        if tracked and not mine:
            frame, mine = replace(frame, dmac=port.mac), True
        if is_group(frame.dmac) and isinstance(frame.content, Arp) and not _hears(port, frame):
            return
        port.record(frame, IN if mine else OTHER)
        tag = _tag(frame)
        if mine:
            self.net.at(self.net.now + self.reaction, self._process, port, frame.content, tag)
        elif tag is not None and tag.cause == STALE and self.owns(_destination(frame)):
            tag.fate, tag.arrived = "misdelivered", self.net.now

    def _process(self, port: Port, content: Packet | Arp, tag: Sent | None) -> None:
        if isinstance(content, Arp):
            self._discover(port, content)
        else:
            self._take(port, content, tag)

    def _take(self, port: Port, packet: Packet, tag: Sent | None) -> None:
        segment = packet.segment
        if segment is not None:
            inner = self.masked.get((packet.src, segment.sport, packet.dst, segment.dport))
            if inner is not None:
                changed = replace(segment, dport=inner[1])
                self.send(replace(packet.hop(), dst=inner[0], content=changed))
                return
        if packet.dst in self.told.balances:
            mac = self.told.balances[packet.dst]
            port.link.carry(port, Frame(port.mac, mac, packet))
        elif self.owns(packet.dst):
            loss = self.net.loss_at(self, packet)
            if loss is None:
                self._deliver(packet, tag)
            elif tag is not None:
                tag.delivered(self.net.now)
                tag.cause = loss.cause
        elif self.forwards and packet.ttl > 1:
            self._forward(port, packet)
        else:
            self.count("IpInAddrErrors")
            if tag is not None:
                tag.lost("not-its-address")

    def _deliver(self, packet: Packet, tag: Sent | None) -> None:
        if tag is not None:
            meant = tag.attempt.client
            if packet.dst == tag.attempt.client_address and meant != self.name:
                tag.lost(DUPLICATE)
            tag.delivered(self.net.now)
        self.local(packet)

    def _forward(self, port: Port, packet: Packet) -> None:
        segment = packet.segment
        outer = self.told.nat.get(port.link.name)
        if outer is not None and segment is not None and not port.on_link(packet.dst):
            key = (packet.dst, segment.dport, outer, segment.sport)
            inner = (packet.src, segment.sport)
            while self.masked.setdefault(key, inner) != inner:
                key = (*key[:3], 1024 + (key[3] * 7 + 13) % 60000)
            packet = replace(packet, src=outer, content=replace(segment, sport=key[3]))
        loss = self.net.loss_at(self, packet, forwarding=True)
        if loss is None:
            self.send(packet.hop())
            return
        tag = _tag_of(packet)
        if tag is not None:
            tag.lost(loss.cause)
        if loss.answer:
            self.complain(packet, 13)

    def _discover(self, port: Port, arp: Arp) -> None:
        """arp_process; ndisc_recv_ns and ndisc_recv_na do the same for IPv6."""
        gratuitous = arp.sender == arp.target
        mac = "" if gratuitous else port.speaks_for(arp.target)
        if arp.op == 1 and mac:
            self._learn(port, arp.sender, arp.sender_mac, "STALE", create=True)
            answer = Arp(2, mac, arp.target, arp.sender_mac, arp.sender)
            port.link.carry(port, Frame(mac, arp.sender_mac, answer))
        elif gratuitous or arp.op == 1:
            self._learn(port, arp.sender, arp.sender_mac, "STALE")
        else:
            self._learn(port, arp.sender, arp.sender_mac, "REACHABLE")

    def _learn(self, port: Port, ip: str, mac: str, state: str, create: bool = False) -> None:
        """neigh_update."""
        now, entry = self.net.now, port.table.get(ip)
        if entry is None:
            if create:
                port.table[ip] = Entry(mac, state, now, now - 60, now)
            return
        if entry.state == "PERMANENT":
            return
        unresolved = entry.state in ("INCOMPLETE", "FAILED")
        if state == "REACHABLE":
            entry.confirmed = now
            if entry.mac != mac and not unresolved and now - entry.updated < LOCKTIME:
                return
        elif entry.mac == mac and not unresolved:
            return
        if entry.mac != mac:
            entry.kept = False
        entry.mac = mac
        entry.become(state, now)
        waiting, entry.queue = entry.queue, []
        for packet in waiting:
            self.send(packet)


class Network:
    """Everything of a story that lives, and its clock."""

    def __init__(self, story: told.Story) -> None:
        self.story = story
        self.now = -10.0
        self.random = random.Random(story.seed)  # noqa: S311 - a story, not a secret
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = itertools.count()
        self._dropped = [0] * len(story.losses)
        self.links = {name: Link(self, link) for name, link in story.links.items()}
        self.hosts = {name: Machine(self, host) for name, host in story.hosts.items()}
        for host in self.hosts.values():
            for port in host.ports:
                port.link.ports.append(port)
        for entry in story.neighbors:
            self.at(entry.at, self._set, entry)
            if entry.deleted < math.inf:
                self.at(entry.deleted, self._delete, entry)
        for said in story.announcements:
            for at in said.at:
                self.at(at, self.hosts[said.host].announce, said.address)

    def at(self, time: float, what: Callable[..., None], *arguments: Any) -> None:
        heapq.heappush(self._events, (time, next(self._order), what, arguments))

    def run(self) -> None:
        """Play until the story's end."""
        while self._events and self._events[0][0] <= self.story.duration:
            self.now, _, what, arguments = heapq.heappop(self._events)
            what(*arguments)
        self.now = self.story.duration

    def ident(self) -> int:
        """An IP identification."""
        return self.random.randrange(1, 0xFFFF)

    def _set(self, told_: told.Neighbor) -> None:
        port = self._port_of(told_)
        now, age = self.now, self.random.uniform(20, 400)
        fresh = told_.state == "REACHABLE" and not told_.kept
        old = 1.0 if fresh else 80.0 if told_.kept else age
        if told_.at > 0:
            old = age = 0.0  # set while the story goes
        port.table[told_.address] = Entry(
            told_.mac, told_.state, now - old, now if told_.kept or fresh else now - age,
            now - old, 4, told_.kept, told_.answered,
        )  # fmt: skip

    def _delete(self, told_: told.Neighbor) -> None:
        entry = self._port_of(told_).table.pop(told_.address, None)
        if entry is not None:
            entry.turn += 1

    def _port_of(self, told_: told.Neighbor) -> Port:
        ports = self.hosts[told_.host].ports
        return next((p for p in ports if p.on_link(told_.address)), ports[0])

    # ---- losses ---------------------------------------------------------------------

    def loss(self, frame: Frame, port: Port) -> told.Loss | None:
        """Whether a rule loses this frame as it leaves its source."""
        if isinstance(frame.content, Arp):
            return self._matching(
                "arp", frame.content.sender, frame.content.target, 0, 0, "", False
            )
        packet, segment = frame.content, frame.content.segment
        if segment is None or not port.host.owns(packet.src):
            return None
        ports = segment.sport, segment.dport
        return self._matching(segment.leg, packet.src, packet.dst, *ports, "", False)

    def loss_at(self, host: Machine, packet: Packet, forwarding: bool = False) -> told.Loss | None:
        """Likewise by a router that forwards it, or inside the host that received it."""
        segment = packet.segment
        if segment is None:
            return None
        via = host.name if forwarding else ""
        ports = segment.sport, segment.dport
        return self._matching(segment.leg, packet.src, packet.dst, *ports, via, not forwarding)

    def _matching(
        self, leg: str, src: str, dst: str, sport: int, dport: int, via: str, received: bool
    ) -> told.Loss | None:
        for place, rule in enumerate(self.story.losses):
            if rule.via != via or rule.at_receiver != received:
                continue
            if leg == "arp" and leg not in rule.segments:
                continue
            if (
                (not rule.segments or leg in rule.segments)
                and (not rule.src or src in rule.src)
                and (not rule.dst or dst in rule.dst)
                and (not rule.port or rule.port in (sport, dport))
                and rule.between[0] <= self.now < rule.between[1]
                and (not rule.first or self._dropped[place] < rule.first)
                and self.random.random() < rule.probability
            ):
                self._dropped[place] += 1
                return rule
        return None


def _tag_of(packet: Packet) -> Sent | None:
    segment = packet.segment
    return segment.tag if segment is not None else None


def _tag(frame: Frame) -> Sent | None:
    return _tag_of(frame.content) if isinstance(frame.content, Packet) else None


def _destination(frame: Frame) -> str:
    return frame.content.dst if isinstance(frame.content, Packet) else ""


def _hears(port: Port, frame: Frame) -> bool:
    """Whether a group is one that this interface listens to."""
    if not frame.dmac.startswith("33:33:ff"):
        return True
    every = (*port.addresses, *port.virtual, *port.proxies)
    return any(group_mac(solicited_node(a)) == frame.dmac for a in every if ":" in a)
