"""Packets that passed a tap, and the clock that they give it."""

from __future__ import annotations

import numpy as np
import pytest
from line import LEGS, SERVER_AT, Place, found, healthy, text
from traces import read

from synack.handshake.passing import passages
from synack.tables import Array

CLIENT, SERVER = Place("client", 0), Place("server", SERVER_AT)


def pairs(*places: Place) -> tuple[list[tuple[str, str]], Array]:
    matched, _ = found(read(text(list(places), healthy(1))))
    watching = np.array(["tap" in c.host for c in matched.captures])
    earlier, later = passages(matched, watching)
    capture, time = matched.segments["capture"], matched.segments["time"]
    names = [c.host for c in matched.captures]
    ways = sorted(
        (names[a], names[b])
        for a, b in zip(capture[earlier].tolist(), capture[later].tolist(), strict=True)
    )
    return ways, time[later] - time[earlier]


def test_between_the_ends() -> None:
    """Every packet passes it after it was sent and before it arrives."""
    ways, apart = pairs(CLIENT, Place("tap-1", 1), SERVER)
    one_each = [("client", "tap-1"), ("server", "tap-1"), ("tap-1", "client"), ("tap-1", "server")]
    # SYN and ACK one way, the SYN-ACK the other.
    assert ways == sorted([*one_each, ("client", "tap-1"), ("tap-1", "server")])
    assert (apart > 0).all()


def test_two_taps() -> None:
    """Neither end was captured: the answers tell which is nearer to the client."""
    ways, apart = pairs(Place("tap-1", 3), Place("tap-2", 1))
    assert ways == [("tap-1", "tap-2"), ("tap-2", "tap-1"), ("tap-2", "tap-1")]
    assert (apart > 0).all()


@pytest.mark.parametrize(
    "taps",
    [
        (Place("tap-1", 2), Place("tap-2", 2)),
        (Place("tap-1", 3, shows=("syn-ack",)), Place("tap-2", 1)),
    ],
    ids=["at one place", "answers only"],
)
def test_two_taps_in_unknown_order(taps: tuple[Place, ...]) -> None:
    """Then neither bounds the other."""
    assert pairs(*taps)[0] == []


def test_repetitions_are_not_taken() -> None:
    """Two equal segments may be any of the two at the other place."""
    syns = "0 client > server S 100\n1 client > server S 100"
    matched, _ = found(read(f"at client\n{syns}\nat tap-1\n0.5 client > server S 100"))
    assert not len(passages(matched, np.array([False, True]))[0])


@pytest.mark.parametrize("shows", [LEGS, ("syn-ack",), ("syn",)], ids=["both", "answers", "SYNs"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_clock_of_a_tap(shows: tuple[str, ...], at: int) -> None:
    """Hours off; a tap of one direction too is bounded from both sides, by the two ends."""
    places = [CLIENT, Place("tap-1", at, clock=7200.0, shows=shows), SERVER]
    matched, _ = found(read(text(places, healthy())))
    clock = matched.clocks[matched.hosts.index("tap-1")]
    reference = places[0 if matched.hosts[clock.reference] == "client" else 2]
    assert (reference.clock, clock.grade) == (0.0, "accurate")
    assert abs(clock.offset - 7200 * 10**9) <= clock.uncertainty < 20_000_000
    rows = np.flatnonzero(matched.segments["capture"] == 1)
    true = matched.segments["time"][rows] - 7200 * 10**9
    assert np.abs(matched.aligned(rows) - true).max() < 10_000_000


def test_ends_are_as_without_taps() -> None:
    """Two ends that share packets get no other clock by a tap, however near it is."""
    ends = [CLIENT, Place("server", SERVER_AT, clock=-0.5)]
    alone, _ = found(read(text(ends, healthy())))
    taps = [Place("tap-1", 1, clock=50.0), Place("tap-2", 3, clock=-3.0)]
    watched, _ = found(read(text([*ends, *taps], healthy())))
    assert watched.clocks[: len(alone.clocks)] == alone.clocks


def test_a_tap_joins_ends_that_share_nothing() -> None:
    """The client's capture ended before the server's began; the tap saw both."""
    from line import Try

    places = [
        Place("client", 0, clock=100.0, end=10.0), Place("tap-1", 2),
        Place("server", SERVER_AT, clock=-100.0, begin=20.0),
    ]  # fmt: skip
    tries = [*healthy(), *(Try(30.0 + n, 42000 + n) for n in range(3))]
    matched, _ = found(read(text(places, tries)))
    assert {clock.grade for clock in matched.clocks} == {"accurate"}
    clocks = dict(zip(matched.hosts, matched.clocks, strict=True))
    apart = clocks["server"].offset - clocks["client"].offset
    assert abs(apart + 200 * 10**9) < 20_000_000
