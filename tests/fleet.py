"""Fleets to try things on: hosts that connect to each other, simulated packet by packet, so that
the truth is known, what arrived, whatever the captures show.

A capture may also have its packets twice (a mirror port, a bridge and its ports), slightly out
of order, with a hole (stopped and started again), or in two that overlap.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hypothesis import strategies as st

SECOND = 10**9
MS = 10**6
EPOCH = 1_700_000_000 * SECOND

Key = tuple[str, int, str, int, int]
"""Client, port, server, port, ISN of the client."""


class Packet(NamedTuple):
    """One packet as one host saw it: ``time`` by its own clock, ``serial`` of the transmission."""

    time: int
    src: str
    sport: int
    dst: str
    dport: int
    flags: str
    seq: int
    ack: int
    payload: int
    tsval: int
    serial: int
    spot: int = 0
    """Where the host recorded it, if it did so in several places."""
    ip_id: int = 0


@dataclass
class Host:
    """A machine, its clock's true offset, and its capture from ``begin`` to ``end`` (true time)."""

    name: str
    address: str
    offset: int = 0
    begin: int = EPOCH - 10 * SECOND
    end: int = EPOCH + 60 * SECOND
    captures: bool = True
    packets: list[Packet] = field(default_factory=list)
    """In the order in which they were recorded."""
    hole: tuple[int, int] | None = None
    """From when to when its capture was stopped (true time)."""
    second: tuple[int, int] | None = None
    """When a second capture was begun, and when the first one was ended (true time)."""
    missed: tuple[bool, ...] = ()
    """Whether the n-th packet that both could have is missing in one of them."""
    copies: str = ""
    """mirror: every packet twice; bond: some of them; bridge: at a second place too."""
    disorder: bool = False
    numbers: str = ""
    """How it fills in the identification of what it sends: each another one, each but SYN-ACKs,
    or alike; else not at all."""
    renumbered: bool = False
    """Whether something in front of it does so anew."""

    def ip_id(self, leg: str, serial: int) -> int:
        if not self.numbers or (self.numbers == "each but SYN-ACKs" and leg == "syn-ack"):
            return 0
        return 54321 if self.numbers == "alike" else 1 + serial * 7919 % 65535

    def on(self, time: int) -> bool:
        """Whether it recorded at a true time."""
        stopped = self.hole is not None and self.hole[0] < time < self.hole[1]
        return self.begin <= time <= self.end and not stopped

    @property
    def first(self) -> int:
        return self.begin + self.offset

    @property
    def last(self) -> int:
        return self.end + self.offset

    def _twins(self, place: int) -> bool:
        """Whether there is another like it soon before or after, which it might be taken for."""
        mine = self.packets[place]
        alike = [p for p in self.packets
                 if p._replace(time=0, serial=0, spot=0) == mine._replace(time=0, serial=0, spot=0)
                 and abs(p.time - mine.time) <= 200 * MS]  # fmt: skip
        return len(alike) > 1

    def tapes(self) -> list[tuple[int, int, list[int]]]:
        """What there is in files: (begin, end, places of its packets), by its own clock. Two of
        them have each packet of their common time, but for those that one missed: the first
        one and every second one of those the second, the others the first."""
        everything = list(range(len(self.packets)))
        if self.hole is not None:
            parts = [(self.begin, self.hole[0]), (self.hole[1], self.end)]
        elif self.second is not None:
            parts = [(self.begin, self.second[1]), (self.second[0], self.end)]
        else:
            return [(self.first, self.last, everything)]
        times = [p.time - self.offset for p in self.packets]
        found = [[n for n in everything if a <= times[n] <= b] for a, b in parts]
        both = sorted(set(found[0]) & set(found[1]))
        if self.second is not None and not both:
            # Nothing shows that they are one.
            return [(self.first, self.last, everything)]
        for number, place in enumerate(both[1:]):
            if number < len(self.missed) and self.missed[number] and not self._twins(place):
                found[number % 2].remove(place)
        return [(a + self.offset, b + self.offset, mine)
                for (a, b), mine in zip(parts, found, strict=True)]  # fmt: skip


CLIENT_LEGS = ("syn", "ack", "rst-client")
SERVER_LEGS = ("syn-ack", "progress", "rst-server")


@dataclass
class Plan:
    """One attempt before it is simulated."""

    client: int
    server: int
    start: int
    port: int
    isn: int
    server_isn: int
    behaviour: str
    """accept, reply (accept, and send data), refuse, silent or abandon (RST by the client)."""
    stamps: bool
    tries: int
    losses: list[bool]
    """Whether the n-th packet of the attempt gets lost; the rest arrive."""
    hole: str
    """A leg of which nothing arrives."""
    delays: list[int]

    def key(self, hosts: list[Host]) -> Key:
        client, server = hosts[self.client].address, hosts[self.server].address
        return client, self.port, server, 9092, self.isn


@dataclass
class Truth:
    """What really happened to one attempt."""

    arrived: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """By leg (true time, serial) of what arrived."""
    lost: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    connected: bool = False
    """The client got the SYN-ACK and sent its ACK."""
    done: bool = False
    """That ACK arrived."""


BACKOFF = (0, 1, 3, 7)
"""Seconds after the first transmission (RFC 6298, doubling)."""


def simulate(hosts: list[Host], plans: list[Plan]) -> dict[Key, Truth]:
    """Play the plans; fill in ``packets`` of the hosts that capture; return the truth."""
    seen: dict[str, list[tuple[int, int, Packet]]] = {h.name: [] for h in hosts}
    truths = {}
    serials = iter(range(10**6))
    for plan in plans:
        truths[plan.key(hosts)] = _play(plan, hosts, seen, serials)
    several = any(host.hole or host.second for host in hosts)
    for host in hosts:
        if host.captures:
            packets = [packet for _, _, packet in sorted(seen[host.name])]
            host.packets = recorded(host, awaited(packets) if several else packets)
    return truths


def recorded(host: Host, packets: list[Packet]) -> list[Packet]:
    """What its capture makes of ``packets``. Of plain ones it keeps no copy (as the scan)."""
    result = []
    for number, packet in enumerate(packets):
        result.append(packet)
        if packet.flags == "A" or (host.copies == "bond" and number % 3):
            continue
        if host.copies == "bridge":
            result.append(packet._replace(time=packet.time + 3_000, spot=1 + number % 3))
        elif host.copies:
            result.append(packet._replace(time=packet.time + 2_000))
    result.sort(key=lambda p: p.time)
    if host.disorder:
        for n in range(1, len(result), 2):
            if result[n].time - result[n - 1].time < MS:
                result[n - 1], result[n] = result[n], result[n - 1]
    return result


def _play(plan: Plan, hosts: list[Host], seen, serials) -> Truth:  # type: ignore[no-untyped-def]
    client, server = hosts[plan.client], hosts[plan.server]
    truth = Truth()
    queue: list[tuple[int, int, str, int]] = []
    order = iter(range(10**6))
    losses, delays = iter(plan.losses), iter(plan.delays * 100)
    flags = {"syn": "S", "syn-ack": "SA", "ack": "A", "progress": "A",
             "rst-server": "RA", "rst-client": "R"}  # fmt: skip
    next_client, next_server = (plan.isn + 1) % 2**32, (plan.server_isn + 1) % 2**32
    numbers = {
        "syn": (plan.isn, 0), "syn-ack": (plan.server_isn, next_client),
        "ack": (next_client, next_server), "progress": (next_server, next_client),
        "rst-server": (0, next_client), "rst-client": (next_client, 0),
    }  # fmt: skip

    def record(host: Host, time: int, packet: Packet) -> None:
        if host.on(time):
            seen[host.name].append((time, packet.serial, packet._replace(time=time + host.offset)))

    def send(leg: str, now: int) -> None:
        forward = leg in CLIENT_LEGS
        sender, receiver = (client, server) if forward else (server, client)
        ports = (plan.port, 9092) if forward else (9092, plan.port)
        stamp = now // MS % 2**32 if plan.stamps and "rst" not in leg else -1
        packet = Packet(
            now, sender.address, ports[0], receiver.address, ports[1], flags[leg],
            *numbers[leg], 10 if leg == "progress" else 0, stamp, next(serials),
        )  # fmt: skip
        packet = packet._replace(ip_id=sender.ip_id(leg, packet.serial))
        record(sender, now, packet)
        if next(losses, False) or leg == plan.hole:
            truth.lost.setdefault(leg, []).append((now, packet.serial))
            return
        landing = now + next(delays)
        if receiver.renumbered:
            packet = packet._replace(ip_id=65535 - packet.serial)
        record(receiver, landing, packet)
        truth.arrived.setdefault(leg, []).append((landing, packet.serial))
        heapq.heappush(queue, (landing, next(order), leg, 0))

    for wait in BACKOFF[: plan.tries]:
        heapq.heappush(queue, (plan.start + wait * SECOND, next(order), "send syn", 0))
    answered = finished = replied = accepted = False
    while queue:
        now, _, what, _ = heapq.heappop(queue)
        if what == "send syn" and not answered:
            send("syn", now)
        elif what == "send syn-ack" and not finished:
            send("syn-ack", now)
        elif what == "syn" and plan.behaviour == "refuse":
            send("rst-server", now)
        elif what == "syn" and plan.behaviour != "silent" and not finished:
            send("syn-ack", now)
            if not accepted:
                accepted = True
                for wait in BACKOFF[1 : plan.tries]:
                    heapq.heappush(queue, (now + wait * SECOND, next(order), "send syn-ack", 0))
        elif what == "syn-ack":
            answered = True
            truth.connected |= plan.behaviour != "abandon"
            send("rst-client" if plan.behaviour == "abandon" else "ack", now)
        elif what in {"ack", "rst-client"}:
            finished = True
            truth.done |= what == "ack"
            if plan.behaviour == "reply" and not replied:
                replied = True
                send("progress", now)
        elif what == "rst-server":
            answered = True
    return truth


def awaited(packets: list[Packet]) -> list[Packet]:
    """Without plain segments beyond the next one of either side, or after the handshake: the
    scan keeps none, nor do several captures together."""
    waits: dict[tuple[tuple[str, int], tuple[str, int]], set[str]] = {}
    answered: dict[tuple[tuple[str, int], tuple[str, int]], set[str]] = {}
    result = []
    for p in packets:
        ends = (p.src, p.sport), (p.dst, p.dport)
        key = min(ends), max(ends)
        if p.flags != "A":
            waits[key] = {p.src, p.dst}
            answered.setdefault(key, set()).update({p.src} if p.flags == "SA" else set())
        elif p.src not in waits.get(key, set()):
            continue
        elif p.dst in answered[key]:
            waits[key] = set()
        else:
            waits[key].discard(p.src)
        result.append(p)
    return result


_ISN = st.one_of(st.sampled_from([0, 1, 2**31, 2**32 - 1]), st.integers(0, 2**32 - 1))
_ISNS = st.lists(_ISN, min_size=8, max_size=8, unique=True)
"""Attempts with one ISN may be one behind a translator (NAT), which is another matter."""
_LOSS = st.sampled_from([False, False, True])
_QUARTER = SECOND // 4


@st.composite
def fleets(draw: st.DrawFn) -> tuple[list[Host], list[Plan]]:
    """2 to 4 hosts, most of them capturing for a while, and 1 to 8 attempts between them."""
    hosts = []
    for number in range(draw(st.integers(2, 4))):
        # An eighth of a second off the attempts' raster: no capture ends on a packet.
        begin = draw(st.one_of(st.just(-40), st.integers(-4, 40)))
        length = draw(st.one_of(st.just(200), st.integers(1, 60)))
        hosts.append(
            Host(
                f"h{number}",
                f"10.0.0.{number + 1}",
                draw(st.one_of(st.just(0), st.integers(-3600 * SECOND, 3600 * SECOND))),
                EPOCH + begin * _QUARTER + _QUARTER // 2,
                EPOCH + (begin + length) * _QUARTER + _QUARTER // 2,
                draw(st.sampled_from([True, True, True, False])),
                numbers=draw(st.sampled_from(["", "each", "each but SYN-ACKs", "alike"])),
                renumbered=draw(st.sampled_from([False, False, False, True])),
            )
        )
    if not any(h.captures for h in hosts):
        hosts[0].captures = True
    plans = []
    isns = draw(_ISNS)
    for number in range(draw(st.integers(1, 8))):
        client, server = draw(st.permutations(range(len(hosts))))[:2]
        plans.append(
            Plan(
                client=client,
                server=server,
                start=EPOCH + draw(st.integers(0, 32)) * _QUARTER,
                port=40000 + number,
                isn=isns[number],
                server_isn=draw(_ISN),
                behaviour=draw(
                    st.sampled_from(["accept", "accept", "reply", "refuse", "silent", "abandon"])
                ),
                stamps=draw(st.booleans()),
                tries=draw(st.integers(1, 4)),
                hole=draw(st.sampled_from(["", "", "", "syn", "syn-ack", "syn-ack", "ack"])),
                losses=draw(st.one_of(st.just([]), st.lists(_LOSS, max_size=10))),
                delays=draw(st.lists(st.sampled_from([50_000, 200_000, 5 * MS]), min_size=1,
                                     max_size=4)),
            )
        )  # fmt: skip
    return hosts, plans


@st.composite
def richer_fleets(draw: st.DrawFn) -> tuple[list[Host], list[Plan]]:
    """:func:`fleets` whose captures are of more than one file or show more than there was, with
    packets that overtake others."""
    hosts, plans = draw(fleets())
    for plan in plans:
        plan.delays = draw(st.lists(st.sampled_from([50_000, 5 * MS, 90 * MS]), min_size=1,
                                    max_size=4))  # fmt: skip
    for host in hosts:
        host.copies = draw(st.sampled_from(["", "", "mirror", "bond", "bridge"]))
        kind = draw(st.sampled_from(["", "disorder", "hole", "second"]))
        # Off the raster, as begin and end are.
        quarters = (host.end - host.begin) // _QUARTER
        if kind == "disorder":
            host.disorder = True
        elif kind and quarters >= 3:
            begin = draw(st.integers(1, min(quarters - 2, 80)))
            end = draw(st.integers(begin + 1, min(quarters - 1, 90)))
            span = host.begin + begin * _QUARTER, host.begin + end * _QUARTER
            if kind == "hole":
                host.hole = span
            else:
                host.second = span
                host.missed = tuple(draw(st.lists(st.booleans(), max_size=6)))
    return hosts, plans


def shifted(hosts: list[Host], by: dict[str, int]) -> list[Host]:
    """The same fleet with some clocks set otherwise."""
    return [
        replace(
            h,
            offset=h.offset + by.get(h.name, 0),
            packets=[p._replace(time=p.time + by.get(h.name, 0)) for p in h.packets],
        )
        for h in hosts
    ]
