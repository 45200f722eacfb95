"""The slow, obvious way: a tracker, a matcher and a judge in loops and dicts, and fleets to
try them on.

Written from the rules (outcomes, matching) and not from the code under test; only the
vocabulary is shared. A fleet is simulated packet by packet, so the truth is known as
well: what arrived, whatever the captures show.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hypothesis import strategies as st

SECOND = 10**9
MS = 10**6
SETTLE = 100 * MS
"""How long a capture must go on after a loss to witness it."""
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

    @property
    def first(self) -> int:
        return self.begin + self.offset

    @property
    def last(self) -> int:
        return self.end + self.offset


# ---- pairing ------------------------------------------------------------------------------


def pairs(rows: list[tuple[int, bool, int]]) -> list[int]:
    """Partners of rows (group, whether it is an arrival, time), -1 for none."""
    partner = [-1] * len(rows)
    for group in {row[0] for row in rows}:
        mine = [n for n, row in enumerate(rows) if row[0] == group]
        out = sorted((n for n in mine if not rows[n][1]), key=lambda n: rows[n][2])
        back = sorted((n for n in mine if rows[n][1]), key=lambda n: rows[n][2])
        if len(out) == len(back):
            for a, b in zip(out, back, strict=True):
                partner[a], partner[b] = b, a
            continue
        for ahead in (True, False):
            free: list[int] = []
            events = [n for n in mine if partner[n] < 0]
            sign = 1 if ahead else -1
            events.sort(key=lambda n: (sign * rows[n][2], sign * rows[n][1]))
            for n in events:
                if not rows[n][1]:
                    free.append(n)
                elif free:
                    other = free.pop()
                    partner[n], partner[other] = other, n
    return partner


# ---- tracking -----------------------------------------------------------------------------

CLIENT_LEGS = ("syn", "ack", "rst-client")
SERVER_LEGS = ("syn-ack", "progress", "rst-server")


class Sight:
    """One attempt in one capture."""

    def __init__(self) -> None:
        self.state = "new"
        self.answer: int | None = None
        self.legs: dict[str, list[Packet]] = {}

    def add(self, leg: str, packet: Packet) -> None:
        self.legs.setdefault(leg, []).append(packet)
        if self.state == "established":
            return
        if leg == "syn" and self.state == "new":
            self.state = "syn-sent"
        elif leg == "syn-ack":
            self.state = "syn-received"
        elif leg == "ack" and self.state in {"syn-sent", "syn-received", "refused"}:
            self.state = "established"
        elif leg == "rst-server" and self.state == "syn-sent":
            self.state = "refused"
        elif leg == "progress" and self.state in {"syn-sent", "syn-received"}:
            self.state = "established"
        elif leg == "rst-client" and self.state == "syn-received":
            self.state = "rejected"

    def count(self, leg: str) -> int:
        return len(self.legs.get(leg, []))

    @property
    def first(self) -> int:
        return min(p.time for packets in self.legs.values() for p in packets)

    @property
    def last(self) -> int:
        return max(p.time for packets in self.legs.values() for p in packets)


def follow(packets: list[Packet]) -> dict[Key, Sight]:
    """The attempts of one capture. No two share their ports, so ports find the attempt."""
    sights: dict[Key, Sight] = {}
    by_ports: dict[tuple[str, int, str, int], Key] = {}
    for p in packets:
        out, back = (p.src, p.sport, p.dst, p.dport), (p.dst, p.dport, p.src, p.sport)
        if p.flags == "S":
            key = (*out, p.seq)
            sights.setdefault(key, Sight()).add("syn", p)
            by_ports[out] = key
        elif p.flags == "SA":
            key = (*back, (p.ack - 1) % 2**32)
            sight = sights.setdefault(key, Sight())
            sight.answer = p.seq
            sight.add("syn-ack", p)
            by_ports[back] = key
        elif out in by_ports:
            key = by_ports[out]
            sight = sights[key]
            onward = p.seq == (key[4] + 1) % 2**32
            if p.flags == "A" and onward:
                if sight.answer is None or p.ack == (sight.answer + 1) % 2**32:
                    sight.add("ack", p)
            elif p.flags == "R" and onward and sight.answer is not None:
                sight.add("rst-client", p)
        elif back in by_ports:
            key = by_ports[back]
            if p.ack == (key[4] + 1) % 2**32:
                sights[key].add("progress" if p.flags == "A" else "rst-server", p)
    return sights


# ---- matching -----------------------------------------------------------------------------


@dataclass
class Verdict:
    """What the oracle says of one attempt."""

    outcome: str
    fates: dict[tuple[str, int], str]
    """By host and place of the transmission in its packets; only with two captures."""
    counts: dict[str, int]


class Fleet:
    """Hosts with their captures; clocks are those that ``offsets`` says."""

    def __init__(self, hosts: list[Host]) -> None:
        self.hosts = [h for h in hosts if h.captures]
        self.by_address = {h.address: h for h in self.hosts}
        self.sights = {h.name: follow(h.packets) for h in self.hosts}
        self.keys = sorted({key for sights in self.sights.values() for key in sights})
        self.arrivals = {key: self._pair(key) for key in self.keys}
        self.missed = self._missed()

    def verdicts(self) -> dict[Key, Verdict]:
        return {key: self._verdict(key) for key in self.keys}

    def ends(self, key: Key) -> tuple[Host | None, Host | None]:
        return self.by_address.get(key[0]), self.by_address.get(key[2])

    def sight(self, host: Host | None, key: Key) -> Sight:
        return self.sights[host.name].get(key, Sight()) if host is not None else Sight()

    def _sent(self, key: Key) -> list[tuple[str, Packet, Host, Host]]:
        """(leg, packet, sender, receiver) of all that is in its sender's capture."""
        client, server = self.ends(key)
        if client is None or server is None:
            return []
        found = []
        for legs, sender, receiver in (
            (CLIENT_LEGS, client, server),
            (SERVER_LEGS, server, client),
        ):
            for leg in legs:
                sent = self.sight(sender, key).legs.get(leg, [])
                found += [(leg, p, sender, receiver) for p in sent]
        return found

    def _pair(self, key: Key) -> dict[tuple[str, int], bool]:
        """By (sender, place) of each transmission whether an arrival is paired with it."""
        rows: list[tuple[int, bool, int]] = []
        names: list[tuple[str, int]] = []
        groups: dict[tuple[object, ...], int] = {}
        for leg, p, sender, _ in self._sent(key):
            group = groups.setdefault((leg, p.seq, p.tsval), len(groups))
            rows.append((group, False, p.time - sender.offset))
            names.append((sender.name, sender.packets.index(p)))
        client, server = self.ends(key)
        if client is not None and server is not None:
            for legs, receiver in ((CLIENT_LEGS, server), (SERVER_LEGS, client)):
                for leg in legs:
                    for p in self.sight(receiver, key).legs.get(leg, []):
                        group = groups.setdefault((leg, p.seq, p.tsval), len(groups))
                        rows.append((group, True, p.time - receiver.offset))
        partner = pairs(rows)
        return {name: partner[n] >= 0 for n, name in enumerate(names)}

    def _must_have_arrived(self, key: Key, leg: str) -> bool:
        client, server = (self.sight(host, key) for host in self.ends(key))
        either = Counter({name: client.count(name) + server.count(name)
                          for name in (*CLIENT_LEGS, *SERVER_LEGS)})  # fmt: skip
        if leg == "syn":
            return any(either[name] for name in SERVER_LEGS)
        if leg == "syn-ack":
            return either["ack"] + either["progress"] > 0
        return leg == "ack" and either["progress"] > 0

    def _on(self, leg: str, p: Packet, sender: Host, receiver: Host, key: Key) -> bool:
        """Whether the receiver's capture was on when ``p`` would have arrived."""
        moment = p.time - sender.offset + receiver.offset
        sight = self.sight(receiver, key)
        begun = moment >= receiver.first
        begun |= leg in SERVER_LEGS and sight.count("syn") > 0
        begun |= leg in CLIENT_LEGS and leg != "syn" and sight.count("syn-ack") > 0
        if leg in SERVER_LEGS and key not in self.sights[receiver.name]:
            calls = self.sight(sender, key).legs.get("syn", [])
            if calls:
                called = min(c.time for c in calls) - sender.offset + receiver.offset
                # The receiver sent this SYN before, and its capture does not have it.
                begun &= called - SETTLE < receiver.first
        return begun and moment + SETTLE <= receiver.last

    def _missed(self) -> Counter[tuple[str, str]]:
        """By (host, leg) how often its capture was on and does not have what arrived."""
        missed: Counter[tuple[str, str]] = Counter()
        for key in self.keys:
            client, server = self.ends(key)
            for leg, receiver in (("syn", server), ("syn-ack", client), ("ack", server)):
                sight = self.sight(receiver, key)
                if receiver is None or sight.count(leg) or not self._must_have_arrived(key, leg):
                    continue
                sent = [row for row in self._sent(key) if row[0] == leg]
                if sent:
                    on = all(self._on(*row, key) for row in sent)
                else:
                    on = key in self.sights[receiver.name] and (
                        receiver.first <= sight.first - SETTLE
                        and sight.last + SETTLE <= receiver.last
                    )
                missed[receiver.name, leg] += on
        return missed

    def _excludes(self, host: Host, leg: str) -> bool:
        """Whether the capture of ``host`` never has this leg, though it arrived."""
        seen = sum(
            sight.count(leg)
            for key, sight in self.sights[host.name].items()
            if (key[2] if leg in CLIENT_LEGS else key[0]) == host.address
        )
        return self.missed[host.name, leg] > 0 and seen == 0

    def _fates(self, key: Key) -> dict[tuple[str, int], tuple[str, str]]:
        sent = self._sent(key)
        arrived = self.arrivals[key]
        missing = Counter(
            leg for leg, p, sender, _ in sent
            if not arrived[sender.name, sender.packets.index(p)]
        )  # fmt: skip
        fates = {}
        for leg, p, sender, receiver in sent:
            name = (sender.name, sender.packets.index(p))
            total = sum(n for (host, _), n in self.missed.items() if host == receiver.name)
            seen = self.sight(receiver, key).count(leg)
            blind = not self._on(leg, p, sender, receiver, key) or self._excludes(receiver, leg)
            if arrived[name]:
                fate = "delivered"
            elif blind or missing[leg] <= total:
                fate = "unwitnessed"
            elif self._must_have_arrived(key, leg) and not seen:
                # One of them did arrive, and nobody knows which.
                fate = "unwitnessed"
            else:
                fate = "lost"
            fates[name] = (leg, fate)
        return fates

    # ---- judging --------------------------------------------------------------------------

    def _verdict(self, key: Key) -> Verdict:
        client, server = self.ends(key)
        fates = self._fates(key)
        if client is not None and server is not None:
            outcome = self._two_ends(key, client, server, Counter(fates.values()))
        else:
            outcome = None
        if outcome is None:
            outcome = self._one_end(key)
        counts = {
            "syn_sent": self.sight(client, key).count("syn"),
            "syn_ack_sent": self.sight(server, key).count("syn-ack"),
            "ack_sent": self.sight(client, key).count("ack"),
        }
        return Verdict(outcome, {name: fate for name, (_, fate) in fates.items()}, counts)

    def _two_ends(
        self, key: Key, client: Host, server: Host, fates: Counter[tuple[str, str]]
    ) -> str | None:
        at_client, at_server = self.sight(client, key), self.sight(server, key)
        if at_server.count("ack") or at_server.count("progress") or at_client.count("progress"):
            return "completed"
        if at_client.count("ack"):
            # The client is connected; only a witness can tell that the server is not.
            return "completed" if fates["ack", "unwitnessed"] else "ack-lost"
        if at_client.state == "rejected":
            return "rejected"
        if at_client.state == "refused":
            return "refused"
        if at_server.count("syn-ack") and not at_client.count("syn-ack"):
            if fates["syn-ack", "lost"]:
                return "syn-ack-lost"
            return "rejected" if at_server.state == "rejected" else "inconclusive"
        if at_server.state == "rejected":
            return "rejected"
        if at_client.count("syn-ack"):
            return "inconclusive"
        if at_server.state == "refused":
            return "refused"
        if at_server.count("syn"):
            return "no-reply" if self._patient(server, at_server) else "inconclusive"
        if fates["syn", "lost"]:
            return "syn-lost"
        if fates["syn", "unwitnessed"]:
            return "inconclusive"
        return None

    def _one_end(self, key: Key) -> str:
        client, server = self.ends(key)
        host = client if key in self.sights.get(client.name if client else "", {}) else server
        assert host is not None
        sight = self.sight(host, key)
        if sight.state in {"refused", "rejected"}:
            return sight.state
        if sight.state == "established":
            return "completed"
        if not self._patient(host, sight):
            return "inconclusive"
        if sight.state == "syn-sent":
            return "unanswered" if host is client else "no-reply"
        if host is server and max(sight.count("syn"), sight.count("syn-ack")) > 1:
            return "unacknowledged"
        return "inconclusive"

    def _patient(self, host: Host, sight: Sight) -> bool:
        return host.last - sight.first >= SECOND


# ---- fleets -------------------------------------------------------------------------------


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
    for host in hosts:
        if host.captures:
            host.packets = [packet for _, _, packet in sorted(seen[host.name])]
    return truths


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
        if host.begin <= time <= host.end:
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
        record(sender, now, packet)
        if next(losses, False) or leg == plan.hole:
            truth.lost.setdefault(leg, []).append((now, packet.serial))
            return
        landing = now + next(delays)
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


_ISN = st.one_of(st.sampled_from([0, 1, 2**31, 2**32 - 1]), st.integers(0, 2**32 - 1))
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
            )
        )
    if not any(h.captures for h in hosts):
        hosts[0].captures = True
    plans = []
    # Attempts with the same numbers are one connection behind NAT.
    for number, isn in enumerate(draw(st.lists(_ISN, min_size=1, max_size=8, unique=True))):
        client, server = draw(st.permutations(range(len(hosts))))[:2]
        plans.append(
            Plan(
                client=client,
                server=server,
                start=EPOCH + draw(st.integers(0, 32)) * _QUARTER,
                port=40000 + number,
                isn=isn,
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
