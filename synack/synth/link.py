"""The links of a story, and the interfaces that hosts have at them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from synack.synth import story as told
from synack.synth.frames import OUT, Arp, Frame, Packet, ip_bytes, is_group
from synack.synth.truth import STALE, Sent, Wrong

if TYPE_CHECKING:
    from synack.synth.machine import Machine
    from synack.synth.network import Network


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
        self._of_ip: dict[str, list[Port]] = {}
        self._of_mac: dict[str, list[Port]] = {}
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

    def plug(self, port: Port) -> None:
        """An interface is there from the start, whether its host is up or not."""
        self.ports.append(port)
        for ip in {*port.addresses, *port.virtual, *port.proxies}:
            self._of_ip.setdefault(ip, []).append(port)
        for mac in port.macs:
            self._of_mac.setdefault(mac, []).append(port)

    def owners(self, ip: str) -> list[Port]:
        """Who is there now and answers for the address."""
        return [p for p in self._of_ip.get(ip, ()) if p.host.is_up()]

    def carry(self, port: Port, frame: Frame, wrong: Wrong | None = None) -> None:
        """What a host put on the wire goes where its MAC says, if nothing loses it."""
        port.record(frame, OUT)
        tag = tag_of(frame)
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
        return any(p.host.is_up() and p.host.forwards for p in self._of_mac.get(mac, ()))

    def _is_tracked(self, frame: Frame) -> bool:
        segment = frame.content.segment if isinstance(frame.content, Packet) else None
        return segment is not None and bool({segment.sport, segment.dport} & self.tracked)

    def _receivers(self, port: Port, frame: Frame) -> Iterator[Port]:
        def others(ports: Iterable[Port]) -> list[Port]:
            return [p for p in ports if p is not port and p.host.is_up()]

        if is_group(frame.dmac):
            yield from (others(self.ports) if self.kind != "cloud" else ())
            return
        if self._is_tracked(frame):
            assert isinstance(frame.content, Packet)
            to = frame.content.dst
            owners = [p for p in others(self._of_ip.get(to, ())) if p.has(to)]
            if owners:
                yield owners[0]
                return
        known = others(self._of_mac.get(frame.dmac, ()))
        yield from known or (others(self.ports) if self.kind == "flooding" else ())

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


def tag_of_packet(packet: Packet) -> Sent | None:
    segment = packet.segment
    return segment.tag if segment is not None else None


def tag_of(frame: Frame) -> Sent | None:
    return tag_of_packet(frame.content) if isinstance(frame.content, Packet) else None
