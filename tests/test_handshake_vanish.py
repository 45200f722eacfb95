"""Where segments vanished: rows, places and tables; the rest is in test_handshake_path.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from line import SERVER_AT, Place, Try, claims, every, found, healthy, text
from traces import read

from synack.handshake.order import Order
from synack.handshake.outcome import judge
from synack.handshake.states import Event
from synack.handshake.stations import Stations
from synack.handshake.vanish import LEGS, follow
from synack.model import OUTCOMES
from synack.tables import VANISHED

CLIENT, TAP, SERVER = Place("client", 0), Place("tap-1", 2, clock=500.0), Place("server", SERVER_AT)


def test_the_row_is_at_the_last_place_that_has_it() -> None:
    matched, said = found(
        read(text([SERVER, TAP, CLIENT], [*healthy(), Try(5.0, 42000, {"syn-ack": (2,)})]))
    )
    gone = said.vanished
    assert gone.schema is VANISHED
    assert len(gone) == 1
    (row,) = gone["row"].tolist()
    assert matched.captures[matched.segments["capture"][row]].host == "tap-1"
    assert matched.segments["src_port"][row] == 9092
    assert (gone["leg"][0], gone["by_tap"][0]) == (Event.SYN_ACK, True)
    assert said.places[gone["after"][0]] == "tap-1"
    assert said.places[gone["before"][0]] == "client"


def test_two_ends_alone() -> None:
    """As match says, and not by a tap."""
    _, said = found(read(text([SERVER, CLIENT], [*healthy(), Try(5.0, 42000, {"syn": (0,)})])))
    gone = said.vanished
    assert gone["by_tap"].tolist() == [False]
    assert [said.places[gone[end][0]] for end in ("after", "before")] == ["client", "server"]
    assert not len(said.told_by_taps)
    lost = np.zeros(said.matched.attempts, bool)
    assert not len(said.vanished_of(lost))
    lost[gone["attempt"]] = True
    alone = said.vanished_of(lost)
    assert {name: c.tolist() for name, c in alone.columns.items()} == {
        name: c.tolist() for name, c in gone.columns.items()
    }


@pytest.mark.parametrize(
    ("hops", "end", "whole"),
    [((3, 3, 3), 60.0, True), ((3, 3, 3), 8.0, True), ((3, 1, 1), 60.0, False),
     ((3, None), 60.0, False)],
    ids=["all", "all but those after its end", "one went on", "one arrived"],
)  # fmt: skip
def test_whether_any_of_its_leg_came_further(
    hops: tuple[int | None, ...], end: float, whole: bool
) -> None:
    lost = Try(5.0, 42000, {"syn-ack": (*hops, *every(hops[-1]))} if hops[-1] else
               {"syn-ack": hops})  # fmt: skip
    tap = replace(TAP, end=end)
    matched, said = found(read(text([SERVER, tap], [*healthy(), lost])))
    gone = said.vanished
    assert len(gone) > 0
    assert set(gone["whole"].tolist()) == {whole}
    outcomes = [OUTCOMES[n] for n in judge(matched, gone)["outcome"]]
    assert ("syn-ack-lost" in outcomes) == whole


def test_in_order_of_attempts_legs_and_the_way() -> None:
    lost = [
        Try(5.0 + 8 * n, 42000 + n, {"syn": (0, 3), "syn-ack": (1, 4), "ack": (3,)})
        for n in range(2)
    ]
    _, said = found(read(text([CLIENT, TAP, SERVER], [*healthy(), *lost])))
    gone = said.vanished
    order = list(zip(gone["attempt"].tolist(), gone["leg"].tolist(), strict=True))
    assert order == sorted(order)
    assert set(gone["leg"].tolist()) == set(LEGS)


@pytest.mark.parametrize("leg", ["syn", "syn-ack"])
def test_of_several_like_ones_the_clocks_tell_which(leg: str) -> None:
    """Without timestamps: the second of them was lost, after the tap."""
    after = 2
    all_tries = [*healthy(), Try(5.0, 42000, {leg: (None, after)}, stamps=False)]
    if leg == "syn":
        all_tries[-1] = Try(5.0, 42000, {leg: (after, None)}, stamps=False)
    matched, said = found(read(text([CLIENT, TAP, SERVER], all_tries)))
    times = matched.aligned(said.vanished["row"])
    first = min(
        int(t) for t, port in zip(
            matched.aligned(np.arange(len(matched.segments))),
            matched.segments["src_port"], strict=True,
        ) if port == 42000
    )  # fmt: skip
    assert [round((int(t) - first) / 1e9) for t in times] == ([0] if leg == "syn" else [])


def test_nothing_sent_nothing_followed() -> None:
    matched, _ = found(read("at client\n0 alive\nat tap-1\n0 alive"))
    stations = Stations.of(matched)
    places, gone, says = follow(matched, stations, Order.of(matched, stations))
    assert (places, len(gone), says) == (["client", "tap-1"], 0, [])


def test_the_filter_of_an_end() -> None:
    """A server's capture of SYNs alone proves no lost ACK."""
    server = Place("server", SERVER_AT, shows=("syn", "syn-ack"))
    assert claims([TAP, server], healthy()) == []


def test_a_tap_that_is_one_of_two_is_told_of() -> None:
    """What it tells nothing of is said once per tap, with numbers."""
    tap = Place("tap-1", 2, shows=("syn", "ack"))
    _, said = found(
        read(text([CLIENT, tap, SERVER], [*healthy(), Try(5.0, 42000, {"syn-ack": every(4)})]))
    )
    assert said.doubts == [
        "tap-1: 8 SYN-ACKs that went on did not pass it, or it missed them (it sees one"
        " direction, or one of several ways): it tells no loss there"
    ]
    _, said = found(read(text([CLIENT, tap, SERVER], healthy())))
    assert said.doubts == []
