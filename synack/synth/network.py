"""The network of a story: its links and hosts, event by event, and what loses which frame.

Times are seconds after the story's start, on the true clock. What happens to a segment is
written into its tag.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Callable
from typing import Any

from synack.synth import story as told
from synack.synth.frames import Arp, Frame, Packet
from synack.synth.link import Entry, Link, Port
from synack.synth.machine import Machine


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
                port.link.plug(port)
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
