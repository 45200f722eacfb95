"""A host of a story: what it sends and receives, and its neighbor tables, as Linux does it
(net/core/neighbour.c, net/ipv4/arp.c)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from synack.synth import story as told
from synack.synth.frames import (
    BROADCAST,
    IN,
    OTHER,
    UNKNOWN_MAC,
    Arp,
    Error,
    Frame,
    Packet,
    group_mac,
    is_group,
    solicited_node,
)
from synack.synth.link import Entry, Port, tag_of, tag_of_packet
from synack.synth.truth import DUPLICATE, STALE, UNRESOLVED, Sent, Wrong

if TYPE_CHECKING:
    from synack.synth.network import Network

DELAY_FIRST_PROBE = 5.0
RETRANS = 1.02
"""Between probes: 1 s and the slack of the timer wheel, as measured."""
LOCKTIME = 1.0
SOLICITATIONS = 3


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
        tag = tag_of_packet(packet)
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
            tag = tag_of_packet(packet)
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
            tag = tag_of(frame)
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
        tag = tag_of(frame)
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
        tag = tag_of_packet(packet)
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


def _destination(frame: Frame) -> str:
    return frame.content.dst if isinstance(frame.content, Packet) else ""


def _hears(port: Port, frame: Frame) -> bool:
    """Whether a group is one that this interface listens to."""
    if not frame.dmac.startswith("33:33:ff"):
        return True
    every = (*port.addresses, *port.virtual, *port.proxies)
    return any(group_mac(solicited_node(a)) == frame.dmac for a in every if ":" in a)
