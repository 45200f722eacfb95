"""Which captures are on a path, and what they are called."""

from __future__ import annotations

import numpy as np
import pytest
from line import Place, Try, found, healthy, text
from traces import Scene, read

from synack.handshake.stations import Stations, labels
from synack.handshake.vantage import CLIENT, NEITHER, SERVER
from synack.model import Capture

CAPTURES = [Place("tap-1", 2), Place("server", 4), Place("client", 0)]


def scene(*places: Place) -> Scene:
    return read(text(list(places or CAPTURES), healthy(2)))


def test_sides_and_slots() -> None:
    """One path, its captures by their names, whatever the order of the files."""
    matched, _ = found(scene())
    stations = Stations.of(matched)
    names = [matched.captures[number].host for number in stations.capture[0]]
    assert names == ["client", "server", "tap-1"]
    assert stations.side.tolist() == [[CLIENT, SERVER, NEITHER]]
    assert stations.open.tolist() == [True]
    assert stations.of_attempt.tolist() == [0, 0]
    assert [names[slot] for slot in stations.of_sighting] == [
        matched.captures[c].host for c in matched.sightings["capture"]
    ]


def test_an_end_that_saw_nothing_is_on_its_path() -> None:
    places = [Place("client", 0), Place("server", 4)]
    lost = Try(5.0, 42000, {"syn": (0,) * 9}, client="client")
    matched, _ = found(read(text(places, [lost])))
    matched.vantages[1].addresses.add(next(iter(matched.vantages[1].named)))
    stations = Stations.of(matched)
    assert stations.side.tolist() == [[CLIENT, SERVER]]
    assert stations.open.tolist() == [False]


def test_paths_of_two_clients() -> None:
    """Each pair of addresses is a path; one with fewer captures has -1."""
    places = [Place("client", 0, skips=(42000,)), Place("tap-1", 2), Place("server", 4)]
    matched, _ = found(read(text(places, [*healthy(1), Try(5.0, 42000, client="second")])))
    stations = Stations.of(matched)
    assert sorted((row >= 0).sum() for row in stations.capture) == [2, 3]
    assert len(np.unique(stations.networks())) == 1


@pytest.mark.parametrize(
    ("hosts", "says"),
    [
        ([("a", "eth0"), ("b", "eth0")], ["a", "b"]),
        ([("r", "eth0"), ("r", "eth1"), ("b", "")], ["r eth0", "r eth1", "b"]),
        ([("", "")], ["unnamed"]),
    ],
)
def test_labels(hosts: list[tuple[str, str]], says: list[str]) -> None:
    assert labels([Capture(host, interface, []) for host, interface in hosts]) == says
