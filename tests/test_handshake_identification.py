"""When identifications of IPv4 tell which packet is which."""

from __future__ import annotations

import numpy as np
import pytest
from traces import fates, read

from synack.handshake.identification import identified, telling

# Of a way and a leg: what left, what came.
CASES = {
    "one of three came": ([((1, 2, 3), (2,))], [True]),
    "numbered anew": ([((1, 2, 3), (7, 8, 9))], [False]),
    "one by chance among many numbered anew": (
        [((1, 2), (7,)), ((3, 4), (8,)), ((5, 6), (6,))], [False, False, False],
    ),
    "captures that were on in turn beside one that tells": (
        [((1, 2), (3,)), ((5, 6), (6,))], [True, True],
    ),
    "all alike": ([((5,), (5,)), ((5,), (5,))], [False, False]),
    "two alike in one leg": ([((4, 4), (4,)), ((1, 2), (1,))], [False, True]),
    "nothing came": ([((1, 2), ())], [False]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_telling(name: str) -> None:
    """Per leg, of one way."""
    legs, expected = CASES[name]
    rows = [
        (cell, number, arrival)
        for cell, both in enumerate(legs)
        for arrival, numbers in enumerate(both)
        for number in numbers
    ]
    cell, number, arrival = (np.array(column) for column in zip(*rows, strict=True))
    way = np.zeros(len(cell), np.int64)
    tells = telling(way, cell, number.astype(np.uint16), arrival.astype(bool))
    assert {(c, bool(t)) for c, t in zip(cell, tells, strict=True)} == set(enumerate(expected))


def test_ways_are_judged_by_themselves() -> None:
    way, cell = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    number = np.array([1, 2, 1, 2, 1, 2, 3, 4], np.uint16)
    arrival = np.array([0, 0, 1, 1, 0, 0, 1, 1], bool)
    assert telling(way, cell, number, arrival).tolist() == [True] * 4 + [False] * 4


SERVER = "at server\n-9 alive\n3.010 client > server S 100 {}\n9 alive"
CLIENT = """at client
-9 alive
0.000 client > server S 100 {0}
1.000 client > server S 100 {1}
3.000 client > server S 100 {2}
9 alive
"""


@pytest.mark.parametrize(
    ("sent", "came", "lost"),
    [
        (("id=1", "id=2", "id=3"), "id=3", [True, True, False]),
        (("id=1", "id=2", "id=3"), "id=1", [False, True, True]),
    ],
)
def test_which_of_three_came(sent: tuple[str, ...], came: str, lost: list[bool]) -> None:
    """Whatever the clocks say."""
    m = read(CLIENT.format(*sent) + SERVER.format(came)).match()
    assert [fate == "syn lost" for fate in fates(m)] == lost


def test_segments_with_timestamps_need_none() -> None:
    m = read(CLIENT.format(*(f"ts={n} id={n}" for n in (1, 2, 3))) + SERVER.format("ts=3 id=3"))
    matched = m.match()
    rows = np.arange(len(matched.segments))
    attempt, arrival = np.zeros(len(rows), np.int64), matched.segments["capture"] == 1
    assert not identified(matched, rows, attempt, arrival).any()
