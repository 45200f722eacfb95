"""A client and a server in one line with captures at any place of it, and what must be found.

Places are numbers: the client is at 0, the server at :data:`SERVER_AT`, with a router between
every two. :func:`text` writes what each capture shows as a trace (:mod:`traces`);
:func:`expected` says, slowly and from the truth alone, what vanished between whom.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hypothesis import strategies as st
from traces import HOSTS, Scene, ip, read

from synack.handshake.match import match
from synack.handshake.matched import Matched
from synack.handshake.path import Paths, paths
from synack.handshake.states import Event
from synack.handshake.vantage import Vantage

SERVER_AT = 4
HOP = 0.001
"""Seconds from one place to the next."""
RETRIES = (0.0, 1.0, 3.0)
LEGS = ("syn", "syn-ack", "ack")


@dataclass(frozen=True)
class Place:
    """A capture: where, its clock (s), from when to when it was on, and what it shows."""

    name: str
    at: int
    clock: float = 0.0
    begin: float = -10.0
    end: float = 60.0
    shows: tuple[str, ...] = LEGS
    drops: int | None = None
    skips: tuple[int, ...] = ()
    """Ports of attempts that go another way."""


@dataclass(frozen=True)
class Try:
    """An attempt: ``lost[leg]`` are the places after which its transmissions are lost, one
    after the other, None for one that arrives; those beyond arrive."""

    start: float
    port: int
    lost: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    stamps: bool = True
    client: str = "client"


class Packet(NamedTuple):
    """One transmission: when it left, and after which place it was lost."""

    leg: str
    port: int
    client: str
    sent: float
    lost: int | None
    stamps: bool

    def at(self, place: int) -> float | None:
        """When it passed a place, None if it did not."""
        if self.leg == "syn-ack":
            passed, way = self.lost is None or place >= self.lost, SERVER_AT - place
        else:
            passed, way = self.lost is None or place <= self.lost, place
        return self.sent + way * HOP if passed else None


def packets(tries: list[Try]) -> list[Packet]:
    """What happens: SYNs are repeated until an answer comes, SYN-ACKs by the server's own clock
    until the ACK does, and in answer to every SYN."""
    return sorted((p for t in tries for p in _played(t)), key=lambda p: p.sent)


def _played(t: Try) -> list[Packet]:
    lost = {leg: iter(t.lost.get(leg, ())) for leg in LEGS}
    found: list[Packet] = []
    events = [(t.start + wait, "syn") for wait in RETRIES]
    answered = acknowledged = open_ = False
    while events:
        events.sort(reverse=True)
        now, what = events.pop()
        if (what == "syn" and not answered) or (what == "syn-ack" and not acknowledged):
            packet = Packet(what, t.port, t.client, now, next(lost[what], None), t.stamps)
            found.append(packet)
            landed = packet.at(SERVER_AT if what == "syn" else 0)
            if landed is not None:
                events.append((landed + 0.000_01, f"{what} landed"))
        elif what == "syn landed":
            waits = [0.0] if open_ else RETRIES
            events += [(now + wait * 1.01, "syn-ack") for wait in waits]
            open_ = True
        elif what == "syn-ack landed":
            answered = True
            packet = Packet("ack", t.port, t.client, now, next(lost["ack"], None), t.stamps)
            found.append(packet)
            landed = packet.at(SERVER_AT)
            acknowledged |= landed is not None
    return found


def shown(place: Place, packet: Packet) -> float | None:
    """When ``packet`` is in the capture at ``place``, None if it is not."""
    at = packet.at(place.at)
    on = at is not None and place.begin <= at <= place.end
    return at if on and packet.leg in place.shows and packet.port not in place.skips else None


def text(places: list[Place], tries: list[Try], routed: bool = True) -> str:
    """The captures as a trace."""
    lines = []
    for place in places:
        drops = "" if place.drops is None else f" drops={place.drops}"
        lines += [f"at {place.name} clock={place.clock}{drops}", f"{place.begin} alive"]
        rows = [(at, p) for p in packets(tries) if (at := shown(place, p)) is not None]
        for at, p in sorted(rows, key=lambda row: row[0]):
            client, isn = f"{p.client}:{p.port}", 1000 + p.port
            ends, numbers = {
                "syn": (f"{client} > server S", f"{isn}"),
                "syn-ack": (f"server > {client} SA", f"{9 + p.port}/{isn + 1}"),
                "ack": (f"{client} > server A", f"{isn + 1}/{10 + p.port}"),
            }[p.leg]
            way = SERVER_AT - place.at if p.leg == "syn-ack" else place.at
            stamp = f" ts={round(p.sent * 1000) + 100_000}" if p.stamps else ""
            lines.append(f"{at:.6f} {ends} {numbers} ttl={64 - way if routed else 64}{stamp}")
        lines.append(f"{place.end} alive")
    return "\n".join(lines)


def found(scene: Scene) -> tuple[Matched, Paths]:
    """What is said of a scene whose captures of neither end are declared taps."""
    vantages = [
        Vantage(c.host, frozenset([ip(c.host)]) if c.host in HOSTS else frozenset(),
                tap=c.host not in HOSTS)
        for c in scene.captures
    ]  # fmt: skip
    matched = match(scene.captures, vantages, scene.segments, {})
    return matched, paths(matched)


def told(places: list[Place], tries: list[Try], routed: bool = True) -> dict[int, tuple[str, str]]:
    """By port of each attempt its path and what vanished, as ``--wide`` has them."""
    matched, said = found(read(text(places, tries, routed)))
    ports = {}
    for attempt, port in zip(matched.identity, matched.sightings["client_port"], strict=True):
        path, loss = int(said.path[attempt]), int(said.loss[attempt])
        ports[int(port)] = (
            said.names[path] if path >= 0 else "", said.losses[loss] if loss >= 0 else "",
        )  # fmt: skip
    return ports


def claims(
    places: list[Place], tries: list[Try], routed: bool = True
) -> list[tuple[int, str, str, str]]:
    """Port, leg, after, before of everything that is said to have vanished, sorted."""
    matched, said = found(read(text(places, tries, routed)))
    port = dict(
        zip(matched.identity.tolist(), matched.sightings["client_port"].tolist(), strict=True)
    )
    gone = said.vanished
    return sorted(
        (port[attempt], Event(leg).name.lower().replace("_", "-"),
         said.places[after], said.places[before])
        for attempt, leg, after, before in zip(
            *(gone[name].tolist() for name in ("attempt", "leg", "after", "before")), strict=True
        )
    )  # fmt: skip


def expected(places: list[Place], tries: list[Try]) -> list[tuple[int, str, str, str]]:
    """The same from the truth, where every capture was on and shows everything."""
    result = []
    for packet in packets(tries):
        if packet.lost is None:
            continue
        up = packet.leg == "syn-ack"
        passed = [p for p in places if packet.at(p.at) is not None]
        missed = [p for p in places if packet.at(p.at) is None]
        if passed and missed:
            last = (min if up else max)(p.at for p in passed)
            first = (max if up else min)(p.at for p in missed)
            after = " or ".join(sorted(p.name for p in passed if p.at == last))
            before = " or ".join(sorted(p.name for p in missed if p.at == first))
            result.append((packet.port, packet.leg, after, before))
    return sorted(result)


def path_of(places: list[Place], tries: list[Try], port: int) -> str:
    """The captures that saw an attempt, in order, from the truth; at one place in braces."""
    seen = {
        p for p in places
        if any(packet.port == port and shown(p, packet) is not None for packet in packets(tries))
    }  # fmt: skip
    groups = [sorted(p.name for p in seen if p.at == at) for at in range(SERVER_AT + 1)]
    texts = [g[0] if len(g) == 1 else f"{{{', '.join(g)}}}" for g in groups if g]
    return " > ".join(texts) if len(seen) > 1 else ""


def healthy(count: int = 8, first: int = 41000, client: str = "client") -> list[Try]:
    """Attempts that complete, before all others."""
    return [Try(-9 + n * 0.5, first + n, client=client) for n in range(count)]


def every(place: int) -> tuple[int, ...]:
    """Whatever is sent is lost there."""
    return (place,) * 9


_LOST = st.lists(st.one_of(st.none(), st.integers(0, SERVER_AT - 1)), max_size=5)


@st.composite
def tries(draw: st.DrawFn) -> list[Try]:
    """A few attempts, of which some lose something somewhere."""
    result = []
    for number in range(draw(st.integers(1, 4))):
        lost: dict[str, tuple[int | None, ...]] = {}
        for leg in LEGS:
            hops = draw(_LOST)
            # After place h of a SYN-ACK: it is lost before it reaches place h - 1.
            lost[leg] = tuple(None if h is None else h + (leg == "syn-ack") for h in hops)
        result.append(Try(number * 6.0, 42000 + number, lost, draw(st.booleans())))
    return healthy() + result


@st.composite
def whole(draw: st.DrawFn) -> list[Place]:
    """1 to 3 taps, with or without the ends; all on for the whole time, clocks set anyhow."""
    clocks = st.sampled_from([0.0, 0.25, -7200.0, 3600.0])
    places = [
        Place(f"tap-{n}", draw(st.integers(1, SERVER_AT - 1)), draw(clocks))
        for n in range(1, 1 + draw(st.integers(1, 3)))
    ]
    for name, at in (("client", 0), ("server", SERVER_AT)):
        if draw(st.booleans()):
            places.append(Place(name, at, draw(clocks)))
    return draw(st.permutations(places))


@st.composite
def poor(draw: st.DrawFn) -> list[Place]:
    """The same, of which some begin late, end early, show less, or are on another way."""
    ways = [LEGS, LEGS, ("syn", "ack"), ("syn-ack",), ("syn",), ("syn", "syn-ack")]
    result = []
    for place in draw(whole()):
        begin, end = draw(
            st.sampled_from([(-10, 60), (-10, 60), (-8.2, 60), (0.5, 60), (-10, 6.5)])
        )
        # One of several ways shows itself: it is not that of all that completed, either.
        skips = (41007, 42000, 42001) if "tap" in place.name and draw(st.booleans()) else ()
        result.append(
            replace(
                place,
                begin=begin,
                end=end,
                skips=skips,
                shows=draw(st.sampled_from(ways)) if "tap" in place.name else LEGS,
            )
        )
    return result
