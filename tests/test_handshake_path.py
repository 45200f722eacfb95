"""Captures of one path in order, and where packets vanished: scenes, an oracle, properties."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from line import (
    SERVER_AT,
    Place,
    Try,
    claims,
    every,
    expected,
    found,
    healthy,
    packets,
    path_of,
    poor,
    shown,
    text,
    told,
    tries,
    whole,
)
from traces import read

SEARCH = settings(max_examples=40)
CLOSE = 0.1
"""Seconds."""
CLIENT, SERVER = Place("client", 0), Place("server", SERVER_AT)


def taps(*at: int) -> list[Place]:
    return [Place(f"tap-{n}", place, 3600.0 * n) for n, place in enumerate(at, 1)]


@pytest.mark.parametrize("routed", [True, False], ids=["routed", "bridged"])
@pytest.mark.parametrize("leg", ["syn", "syn-ack"])
@pytest.mark.parametrize("hop", range(SERVER_AT))
@pytest.mark.parametrize(
    "at", [(1,), (2,), (3,), (1, 3), (3, 1), (2, 2), (1, 2, 3), (3, 1, 2)], ids=str
)
@pytest.mark.parametrize("ends", [(CLIENT, SERVER), (CLIENT,), (SERVER,), ()],
                         ids=["both", "client", "server", "none"])  # fmt: skip
def test_every_hop(
    at: tuple[int, ...], ends: tuple[Place, ...], leg: str, hop: int, routed: bool
) -> None:
    """One to three taps, whose clocks are hours off, and every hop where all is lost."""
    after = hop if leg == "syn" else hop + 1
    all_tries = [*healthy(), Try(5.0, 42000, {leg: every(after)})]
    places = [*taps(*at), *ends]
    assert claims(places, all_tries, routed) == expected(places, all_tries)
    said = told(places, all_tries, routed)
    assert {port: path for port, (path, _) in said.items()} == {
        port: path_of(places, all_tries, port) for port in said
    }


def test_words() -> None:
    """As ``handshakes --wide`` has it."""
    places = [CLIENT, *taps(2), SERVER]
    lost = Try(5.0, 42000, {"syn": (0, None, None), "syn-ack": (4, 2)})
    assert told(places, [*healthy(), lost])[42000] == (
        "client > tap-1 > server",
        "syn: between client and tap-1;"
        " syn-ack: between server and tap-1, between tap-1 and client",
    )
    twice = Try(5.0, 42000, {"syn-ack": every(4)})
    assert told(places, [*healthy(), twice])[42000][1] == "syn-ack: 5 between server and tap-1"
    assert told(places, healthy())[41000] == ("client > tap-1 > server", "")
    assert told([SERVER], healthy())[41000] == ("", "")


def test_nothing_at_all() -> None:
    matched, said = found(read("at x\n0 alive"))
    assert (matched.attempts, len(said.vanished), said.names, said.doubts) == (0, 0, [], [])


# ---- what must not become a loss --------------------------------------------------------

LOST = Try(5.0, 42000, {"syn-ack": every(4)})


@pytest.mark.parametrize(
    "tap",
    [
        Place("tap-1", 2, begin=20.0),
        Place("tap-1", 2, end=4.0),
        Place("tap-1", 2, shows=("syn", "ack")),
        Place("tap-1", 2, shows=("syn",)),
        Place("tap-1", 2, drops=5),
    ],
    ids=["began late", "ended early", "one direction", "SYNs only", "dropped as many"],
)
def test_no_witness(tap: Place) -> None:
    """A tap that would not have shown it says nothing; nor do both ends suffer from it."""
    assert claims([tap, SERVER], [*healthy(), LOST]) == []
    both = [(42000, "syn-ack", "server", "client")] * 5
    assert claims([CLIENT, tap, SERVER], [*healthy(), LOST]) == both


def test_late_but_in_time() -> None:
    """What was sent before it began is not its to tell, what was sent after is."""
    tap = Place("tap-1", 2, begin=5.5)
    later = [Try(20.0 + n, 41100 + n) for n in range(3)]
    assert claims([tap, SERVER], [LOST, *later]) == [(42000, "syn-ack", "server", "tap-1")] * 4


def test_fewer_dropped_than_missing() -> None:
    tap = Place("tap-1", 2, drops=4)
    assert len(claims([tap, SERVER], [*healthy(), LOST])) == 5


def test_one_of_several_ways() -> None:
    """It misses some of what completed: what it does not have of others is not lost there."""
    tap = Place("tap-1", 2, skips=(41001, 42000))
    all_tries = [*healthy(), Try(5.0, 42000, {"syn": every(0)})]
    assert claims([tap, SERVER], all_tries) == []
    both = [(42000, "syn", "client", "server")] * 3
    assert claims([CLIENT, tap, SERVER], all_tries) == both
    _, said = found(read(text([CLIENT, tap, SERVER], all_tries)))
    (doubt,) = said.doubts
    assert doubt.startswith("tap-1: 1 SYN that went on did not pass it, or it missed them")


def test_too_few_others() -> None:
    """A SYN that a tap does not have may go another way, unless several others all pass it."""
    lost = Try(5.0, 42000, {"syn": every(0)})
    for count, said in ((7, []), (8, [(42000, "syn", "client", "tap-1")] * 3)):
        assert claims([CLIENT, Place("tap-1", 2)], [*healthy(count), lost]) == said


def test_another_client_tells_the_way_back() -> None:
    """The tap has this client's SYN and other clients' SYN-ACKs of the same server."""
    lost = replace(LOST, client="second")
    assert (
        claims([Place("tap-1", 2), SERVER], [*healthy(1), lost])
        == [(42000, "syn-ack", "server", "tap-1")] * 5
    )
    # It has nothing of this client at all: it may be on no way of it.
    tap = Place("tap-1", 2, skips=(42000,))
    assert claims([tap, SERVER], [*healthy(1), lost]) == []


def test_the_receiver_went_on() -> None:
    """The client's ACK proves that a SYN-ACK arrived, though the tap has none."""
    tap = Place("tap-1", 2, shows=("syn", "ack"))
    assert claims([tap, SERVER], [*healthy(), Try(5.0, 42000)]) == []


# ---- against the oracle -----------------------------------------------------------------

# ACKs a hundredth of a second apart, without timestamps, of which one is lost: which of them
# one capture has, and which another, must not be told from clocks that do not know it.
ONE_ACK = [*healthy(), Try(0.0, 42000, {"ack": (0,)}, stamps=False)]
TWO_SYN_ACKS = [
    *healthy(), Try(0.0, 42000, {"syn-ack": (1,), "ack": (1,)}, stamps=False),
]  # fmt: skip
ONE_SYN_ACK = [*healthy(), Try(0.0, 42000, {"syn-ack": (1,)}, stamps=False)]
ONE_WAY = Place("tap-2", 1, shows=("syn", "ack"))


@SEARCH
@given(whole(), tries())
@example([*taps(1, 2), SERVER], TWO_SYN_ACKS)
def test_as_the_oracle_says(places: list[Place], all_tries: list[Try]) -> None:
    """Captures that show everything: every loss between two of them is found, and its place."""
    said, true = (Counter(of(places, all_tries)) for of in (claims, expected))
    wide = {loss for loss in said | true if too_close(all_tries, *loss[:2])}
    assert all(loss in wide for loss in said - true)
    assert all(loss in wide or once(places, all_tries, *loss[:2]) for loss in true - said)


def too_close(all_tries: list[Try], port: int, leg: str) -> bool:
    """Whether nothing tells two of such segments apart but times nearer to each other than
    clocks may agree: the place may be told less exactly then."""
    of_leg = [p for p in packets(all_tries) if (p.port, p.leg, p.stamps) == (port, leg, False)]
    return any(later.sent - p.sent < CLOSE for p, later in pairwise(of_leg))


def once(places: list[Place], all_tries: list[Try], port: int, leg: str) -> bool:
    """Whether only one such segment is in any capture, and none is of its receiver: then a tap
    that has nothing of the attempt may be on another way."""
    of_leg = [p for p in packets(all_tries) if (p.port, p.leg) == (port, leg)]
    end = "client" if leg == "syn-ack" else "server"
    seen = [p for p in of_leg if any(shown(place, p) is not None for place in places)]
    return len(seen) == 1 and end not in {place.name for place in places}


@SEARCH
@given(whole(), tries())
def test_all_of_it_is_true(places: list[Place], all_tries: list[Try]) -> None:
    """Also where the place is told less exactly."""
    assert invented(places, all_tries) == []


@SEARCH
@given(poor(), tries())
@example([Place("tap-1", 1), CLIENT, ONE_WAY, SERVER], ONE_ACK)
@example([Place("client", 0, 3600.0), SERVER, Place("tap-1", 1, begin=0.5)], ONE_ACK)
@example(
    [
        Place("tap-3", 2, begin=-8.2),
        Place("tap-1", 1, skips=(41007, 42000, 42001)),
        Place("tap-2", 2, shows=("syn", "syn-ack")),
    ],
    [*healthy(), Try(0.0, 42000, {"syn": (None, 2), "syn-ack": (1, None, 1)}, stamps=False)],
)
@example(
    [Place("client", 0, end=6.5), Place("server", SERVER_AT, end=6.5), Place("tap-1", 1)],
    [*healthy(), Try(6.0, 42001, {"ack": (0,)}, stamps=False)],
)
def test_nothing_is_invented(places: list[Place], all_tries: list[Try]) -> None:
    """Whatever the captures lack: of each attempt and leg no more is said to have vanished
    between two places than was really lost there."""
    assert invented(places, all_tries) == []


def invented(places: list[Place], all_tries: list[Try]) -> list[tuple[int, str, str, str]]:
    """What is said to have vanished, if no real loss can be found for each of it. Where clocks
    are only taken to agree, and do not, it may be wrong."""
    at = {place.name: place.at for place in places}
    truly = [p for p in packets(all_tries) if p.lost is not None]
    known, fits = comparable(places, all_tries), []
    said = [claim for claim in claims(places, all_tries) if claim[0] in known]
    for port, leg, after, before in said:
        near, far = ([at[name] for name in text.split(" or ")] for text in (after, before))
        fits.append({
            n for n, p in enumerate(truly)
            if (p.port, p.leg) == (port, leg) and all(p.at(n) is not None for n in near)
            and all(p.at(n) is None for n in far)
        })  # fmt: skip
    return [] if one_each(fits) else said


def one_each(choices: list[set[int]], taken: frozenset[int] = frozenset()) -> bool:
    """Whether each can have one of its own."""
    if not choices:
        return True
    fewest = min(range(len(choices)), key=lambda n: len(choices[n] - taken))
    rest = choices[:fewest] + choices[fewest + 1 :]
    return any(one_each(rest, taken | {one}) for one in choices[fewest] - taken)


def comparable(places: list[Place], all_tries: list[Try]) -> set[int]:
    """Ports of the attempts of which all captures, and those of the ends, share packets: where
    two share none, their clocks are taken to agree."""
    matched, _ = found(read(text(places, all_tries)))
    port = dict(
        zip(matched.identity.tolist(), matched.sightings["client_port"].tolist(), strict=True)
    )
    hosts: dict[int, set[int]] = {attempt: set() for attempt in port}
    seen = matched.host_of_capture[matched.sightings["capture"]]
    for attempt, host in zip(matched.identity.tolist(), seen.tolist(), strict=True):
        hosts[attempt].add(host)
    for ends in (matched.client_host.tolist(), matched.server_host.tolist()):
        for attempt, host in enumerate(ends):
            hosts[attempt] |= {host} - {-1}
    roots = [clock.root for clock in matched.clocks]
    return {port[n] for n, there in hosts.items() if len({roots[host] for host in there}) == 1}


@SEARCH
@given(
    poor(), tries(), st.integers(0, 9), st.lists(st.sampled_from([-86400, 0, 5, 7200]), min_size=5)
)
@example(
    [SERVER, Place("client", 0, begin=0.5), Place("tap-1", 1)],
    ONE_SYN_ACK,
    0,
    [0, -86400, -86400, 0, 0],
)
def test_what_changes_nothing(
    places: list[Place], all_tries: list[Try], seed: int, clocks: list[int]
) -> None:
    """The order of the files, how the clocks are set, and how taps are called."""
    said = told(places, all_tries)
    shuffled = random.Random(seed).sample(places, len(places))
    assert told(shuffled, all_tries) == said
    set_otherwise = [replace(p, clock=c) for p, c in zip(places, clocks, strict=False)]
    kept = comparable(places, all_tries)
    moved = told(set_otherwise, all_tries)
    assert {port: moved[port] for port in kept} == {port: said[port] for port in kept}
    names = {f"tap-{n}": f"a{9 - n}" for n in (1, 2, 3)}
    renamed = [replace(p, name=names.get(p.name, p.name)) for p in places]

    def words(text: str) -> list[str]:
        for old, new in names.items():
            text = text.replace(old, new)
        return [",".join(sorted(part.strip("{}").split(", "))) for part in text.split(" > ")]

    assert {k: words(path) for k, (path, _) in told(renamed, all_tries).items()} == {
        k: words(path) for k, (path, _) in said.items()
    }
    assert by_place(renamed, all_tries) == by_place(places, all_tries)


def by_place(places: list[Place], all_tries: list[Try]) -> Counter[tuple[int, str, str, str]]:
    """What is claimed, with taps by where they are: two of one place are one."""
    at = {place.name: str(place.at) for place in places}

    def where(text: str) -> str:
        return " or ".join(sorted(at[name] for name in text.split(" or ")))

    return Counter(
        (port, leg, where(after), where(before))
        for port, leg, after, before in claims(places, all_tries)
    )
