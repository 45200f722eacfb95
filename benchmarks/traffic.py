"""Made-up traffic as columns: who sends what and when, packet by packet, nothing of bytes.

Attempts follow stories (:data:`MIXED`, :data:`SYN_ONLY`): lists of legs with their times.
All is drawn from one seed, so the same arguments make the same packets.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SECOND = 1_000_000_000
EPOCH = 1_760_000_000 * SECOND
"""When the first capture begins, ns since 1970."""

SYN, SYN_ACK, ACK, RST, REFUSAL, DATA = range(6)
"""What a packet is. RST: the client rejects a SYN-ACK; REFUSAL: the server refuses a SYN."""
BY_CLIENT = np.array([True, False, True, True, False, False])

FIRST_PORT, CLIENT_PORTS = 32768, 28232
"""Linux' range of ephemeral ports."""
SERVICE_PORT = 18090
"""From here on; tshark takes it for no protocol, so random payloads are just data."""


class Leg(NamedTuple):
    """One transmission: after the attempt's begin by seconds and round trips."""

    kind: int
    seconds: float
    round_trips: float
    delivered: bool = True


class Story(NamedTuple):
    """How an attempt goes, and how often of a hundred."""

    name: str
    percent: float
    legs: tuple[Leg, ...]


_SHAKE = (Leg(SYN, 0, 0), Leg(SYN_ACK, 0, 0.5))
_LATE = (Leg(SYN, 0, 0, False), Leg(SYN, 1, 0), Leg(SYN_ACK, 1, 0.5))
_REFUSED = (Leg(SYN, 0, 0), Leg(REFUSAL, 0, 0.5))


def _unheard(*seconds: float) -> tuple[Leg, ...]:
    return tuple(Leg(SYN, at, 0, False) for at in seconds)


def _unanswerable(*seconds: float) -> tuple[Leg, ...]:
    """Each SYN is answered, the server repeats itself too, and no SYN-ACK arrives."""
    answered = [(Leg(SYN, at, 0), Leg(SYN_ACK, at, 0.5, False)) for at in seconds]
    repeated = [Leg(SYN_ACK, at, 0.9, False) for at in seconds[1:]]
    return (*(leg for pair in answered for leg in pair), *repeated)


MIXED = (
    Story("completed", 93, (*_SHAKE, Leg(ACK, 0, 1))),
    Story("syn-resent", 3, (*_LATE, Leg(ACK, 1, 1))),
    Story("refused", 2, _REFUSED),
    Story("syn-lost", 1, _unheard(0, 1, 3, 7)),
    Story("syn-ack-lost", 1, _unanswerable(0, 1, 3)),
)
SYN_ONLY = (
    Story("answered", 45, _SHAKE),
    Story("syn-resent", 10, _LATE),
    Story("refused", 10, _REFUSED),
    Story("rejected", 5, (*_SHAKE, Leg(RST, 0, 1))),
    Story("syn-lost", 15, _unheard(0, 1, 3, 7, 15, 31)),
    Story("syn-ack-lost", 15, _unanswerable(0, 1, 3, 7)),
)


@dataclass
class Connections:
    """The two ends of every connection, one row each."""

    client: Array
    """IPv4 addresses as integers."""
    server: Array
    client_port: Array
    server_port: Array
    client_isn: Array
    server_isn: Array
    clocks: Array
    """What is added to the milliseconds of the time for TSval; the server's is 7 times it."""


@dataclass
class Packets:
    """Columns of packets. ``time`` in ns; ``connection`` is a row of the connections; ``late``:
    what ``time`` is more than when it was sent, for it was on its way or the clock is wrong."""

    connection: Array
    time: Array
    kind: Array
    by_client: Array
    seq: Array
    ack: Array
    payload: Array
    delivered: Array
    late: Array

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: Array | slice) -> Packets:
        return Packets(*(getattr(self, f.name)[rows] for f in fields(self)))

    def sorted(self) -> Packets:
        """In the order of time; equal times stay as they are, on every machine."""
        return self.take(np.argsort(self.time, kind="stable"))

    @classmethod
    def concat(cls, *parts: Packets) -> Packets:
        return cls(
            *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls))
        )


@dataclass
class Traffic:
    """Packets in the order of time, and how many attempts are among them."""

    connections: Connections
    packets: Packets
    attempts: int
    span: int
    """Begin of this traffic to begin of its next repetition, ns."""


def syn_only(packets: int, seed: int, *, pair: bool = False) -> Traffic:
    """SYN, SYN-ACK and RST only, as a mirror port sees them; ``pair``: of two hosts only."""
    rng = np.random.default_rng([seed, 1])
    span = _span(packets, rate=16_000)
    # One more, for attempts are cut at the end.
    told = _draw(rng, SYN_ONLY, packets)
    ends = _connections(rng, len(told), (1, 1, 64) if pair else (2_000, 4, 2))
    begins = rng.integers(0, span, len(told))
    events = _tell(rng, SYN_ONLY, told, begins, ends).sorted().take(slice(packets))
    return Traffic(ends, events, len(np.unique(events.connection)), _repeat_after(events, span))


def mixed(packets: int, seed: int) -> Traffic:
    """Two percent handshakes; else data and ACKs of connections that they or others opened."""
    rng = np.random.default_rng([seed, 2])
    span = _span(packets, rate=50_000)
    told = _draw(rng, MIXED, max(packets // 50, 1))
    older = 8 + packets // 20_000
    ends = _connections(rng, len(told) + older, (2_000, 4, 2))
    begins = rng.integers(0, span, len(told))
    events = _tell(rng, MIXED, told, begins, ends)
    opened = _opened(events, ends, older)
    data = _converse(rng, ends, opened, max(packets - len(events), 0), span)
    both = Packets.concat(events, data).sorted()
    return Traffic(ends, both, len(told), _repeat_after(both, span))


def view(traffic: Traffic, client: bool, clock_offset: int) -> Packets:
    """What one end records: what it sends, and what arrives; on a clock of its own."""
    packets = traffic.packets
    own = packets.by_client == client
    seen = packets.take(own | packets.delivered)
    # Under way for less than half of the shortest round trip, so causes come first.
    way = 20_000 + seen.connection.astype(np.int64) % 64 * 400
    seen.late = np.where(seen.by_client == client, 0, way) + clock_offset
    seen.time = seen.time + seen.late
    return seen.sorted()


def _span(packets: int, rate: int) -> int:
    return max(packets * SECOND // rate, SECOND // 10)


def _repeat_after(packets: Packets, span: int) -> int:
    return max(int(packets.time[-1]) + 1_000_000, span)


def _draw(rng: np.random.Generator, stories: tuple[Story, ...], packets: int) -> Array:
    """Stories, as many as it takes for that many packets."""
    weights = np.array([story.percent for story in stories]) / 100
    shortest = min(len(story.legs) for story in stories)
    told = rng.choice(len(stories), packets // shortest + 1, p=weights)
    total = np.cumsum(np.array([len(story.legs) for story in stories])[told])
    return told[: int(np.searchsorted(total, packets)) + 1]


def _connections(rng: np.random.Generator, count: int, hosts: tuple[int, int, int]) -> Connections:
    """``hosts``: how many clients, servers and ports of each; no two connections are equal."""
    clients, servers, ports = hosts
    clients = max(clients, -(-count // CLIENT_PORTS)) if servers > 1 else clients
    # Every row its own (client, client port, service); the order is shuffled.
    mixed_up = rng.permutation(count)
    client, rest = mixed_up % clients, mixed_up // clients
    service = (rest // CLIENT_PORTS + mixed_up) % (servers * ports)
    isns = rng.integers(0, 1 << 32, (2, count), dtype=np.uint32)
    return Connections(
        (0x0A010000 + 10 + client).astype(np.uint32),
        (0x0A020000 + 10 + service % servers).astype(np.uint32),
        (FIRST_PORT + (rest + client * 4999) % CLIENT_PORTS).astype(np.uint16),
        (SERVICE_PORT + service // servers).astype(np.uint16),
        isns[0],
        isns[1],
        (client * 7919 + 100_000).astype(np.uint32),
    )


def _tell(
    rng: np.random.Generator,
    stories: tuple[Story, ...],
    told: Array,
    begins: Array,
    ends: Connections,
) -> Packets:
    """The packets of attempts, in the order of attempts; attempt n is connection n."""
    legs = [leg for story in stories for leg in story.legs]
    lengths = np.array([len(story.legs) for story in stories])
    attempt, leg = _spread(lengths[told], (np.cumsum(lengths) - lengths)[told])
    kind = np.array([leg.kind for leg in legs], np.uint8)[leg]
    waits = np.array([leg.seconds * SECOND for leg in legs])[leg]
    trips = np.array([leg.round_trips for leg in legs])[leg]
    round_trip = 120_000 + rng.exponential(400_000, len(told))
    time = begins[attempt] + (waits + trips * round_trip[attempt]).astype(np.int64)
    client, server = ends.client_isn[attempt] + np.uint32(1), ends.server_isn[attempt]
    one = np.uint32(1)
    zero = np.zeros(len(attempt), np.uint32)
    seq = np.choose(kind, [client - one, server, client, client, zero])
    ack = np.choose(kind, [zero, client, server + one, zero, client])
    delivered = np.array([leg.delivered for leg in legs])[leg]
    nothing = np.zeros(len(attempt), np.uint16)
    return Packets(
        attempt.astype(np.int32), time, kind, BY_CLIENT[kind], seq, ack, nothing, delivered,
        np.zeros(len(attempt), np.int64),
    )  # fmt: skip


def _spread(lengths: Array, starts: Array) -> tuple[Array, Array]:
    """For groups of these lengths: the group of each member, and start + its place in it."""
    group = np.repeat(np.arange(len(lengths)), lengths)
    before = np.cumsum(lengths) - lengths
    return group, np.arange(len(group)) + (starts - before)[group]


def _opened(events: Packets, ends: Connections, older: int) -> tuple[Array, Array]:
    """(connections that carry data, since when): completed ones, and ``older`` ones."""
    done = events.kind == ACK
    before = np.arange(len(ends.client) - older, len(ends.client))
    since = np.concatenate([events.time[done] + 1_000, np.zeros(older, np.int64)])
    return np.concatenate([events.connection[done], before]), since


def _converse(
    rng: np.random.Generator,
    ends: Connections,
    opened: tuple[Array, Array],
    packets: int,
    span: int,
) -> Packets:
    """Data and ACKs, half of them on few old connections, in the order of connections."""
    connections, since = opened
    older = int(np.count_nonzero(since == 0))
    weight = np.ones(len(connections))
    weight[len(connections) - older :] = max((len(connections) - older) / older, 1)
    counts = rng.multinomial(packets, weight / weight.sum())
    group, _ = _spread(counts, counts)
    size = _sizes(rng, packets)
    by_client = rng.random(packets) < 0.5
    sent = [_sent_before(np.where(by_client == who, size, 0), counts) for who in (True, False)]
    rows = connections[group]
    client = ends.client_isn[rows] + np.uint32(1) + sent[0]
    server = ends.server_isn[rows] + np.uint32(1) + sent[1]
    return Packets(
        rows.astype(np.int32),
        _times(rng, counts, group, since, span),
        np.where(size > 0, DATA, ACK).astype(np.uint8),
        by_client,
        np.where(by_client, client, server),
        np.where(by_client, server, client),
        size,
        np.ones(packets, bool),
        np.zeros(packets, np.int64),
    )


def _sizes(rng: np.random.Generator, packets: int) -> Array:
    """Payloads: 45 percent bare ACKs, 35 full segments, the rest shorter; even when short
    enough to be captured whole (see generate.py)."""
    draw = rng.random(packets, np.float32)
    size = np.zeros(packets, np.uint16)
    size[draw >= 0.45] = 1448
    other = np.flatnonzero(draw >= 0.80)
    size[other] = rng.integers(100, 1448, len(other))
    short = np.flatnonzero(draw >= 0.90)
    size[short] = rng.integers(1, 31, len(short)) * 2
    return size


def _sent_before(size: Array, counts: Array) -> Array:
    """Bytes sent before each packet of its connection, modulo 2^32."""
    before = np.cumsum(size, dtype=np.int64) - size
    starts = np.cumsum(counts) - counts
    used = counts > 0
    return (before - np.repeat(before[starts[used]], counts[used])).astype(np.uint32)


def _times(rng: np.random.Generator, counts: Array, group: Array, since: Array, span: int) -> Array:
    """Random times that grow within each connection, from its opening to the end."""
    elapsed = np.cumsum(rng.exponential(size=len(group)))
    if not len(group):
        return elapsed.astype(np.int64)
    used = counts > 0
    ends = (np.cumsum(counts) - 1)[used]
    begins = np.concatenate([[0.0], elapsed[ends[:-1]]])
    scale = np.maximum(span - since[used], SECOND // 100) / (elapsed[ends] - begins + 1)
    place = np.repeat(np.arange(len(ends)), counts[used])
    return since[group] + ((elapsed - begins[place]) * scale[place]).astype(np.int64)
