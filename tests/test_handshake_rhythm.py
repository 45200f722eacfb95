"""Repetitions that are the same by their rhythm, and those that only look so."""

from __future__ import annotations

import numpy as np
import pytest
from traces import read

from synack.handshake.rhythm import agreed, in_step

MS = 1_000_000
DOUBLING, LINEAR = (0, 1_000, 3_000, 7_000), (0, 1_000, 2_000, 3_000)


@pytest.mark.parametrize(
    ("left", "came", "pairs", "shows"),
    [
        (DOUBLING, (20, 1_020, 3_020, 7_020), 4, "the k-th is the k-th"),
        (DOUBLING, (20, 1_040, 3_010, 7_020), 4, "the way takes now longer and now less"),
        (DOUBLING, (5, 1_005, 3_005), 0, "one is missing: nobody knows which"),
        (DOUBLING[1:], (20, 1_020, 3_020), 0, "the first is missing here and the last there"),
        (DOUBLING[:1], (20,), 0, "one alone has no rhythm"),
        ((), (20, 1_020), 0, "nothing was seen to leave"),
        (LINEAR[1:], (20, 1_020, 2_020), 3, "equal pauses hide what is missing"),
    ],
)
def test_one_attempt(left, came, pairs, shows) -> None:
    """See ``shows``; the arrivals are an hour ahead by their clock."""
    time = np.array([*left, *(3_600_000 + t for t in came)], np.int64) * MS
    arrival = np.arange(len(time)) >= len(left)
    order = np.argsort(-time)  # any order
    out, back = in_step(np.zeros(len(time), np.int64), arrival[order], time[order])
    found = [(time[order][rows] // MS).tolist() for rows in (out, back)]
    assert found == ([[*left], [3_600_000 + t for t in came]] if pairs else [[], []]), shows


def test_attempts_keep_apart() -> None:
    """Each by its own rhythm; the one that lacks a segment does not spoil the other."""
    group = np.array([1, 1, 1, 1, 0, 0, 0])
    arrival = np.array([False, False, True, True, False, False, True])
    time = np.array([0, 1_000, 5, 1_005, 10, 1_010, 15]) * MS
    out, back = in_step(group, arrival, time)
    assert (out.tolist(), back.tolist()) == ([0, 1], [2, 3])


@pytest.mark.parametrize(
    ("way", "group", "took", "kept"),
    [
        ([], [], [], []),
        ([7, 7], [0, 0], [5, 5], [False, False]),
        ([7, 7], [0, 1], [5, 25], [True, True]),
        ([7, 7], [0, 1], [5, 1_005], [False, False]),
        ([7, 8, 7, 8], [0, 1, 2, 1], [5, 5, 5, 5], [True, False, True, False]),
    ],
    ids=["nothing", "one attempt", "two that agree", "a pause between them", "each way"],
)
def test_several_attempts_agree(way, group, took, kept) -> None:
    """Equal pauses could be off by one; two attempts would hardly be so alike."""
    columns = (np.array(values, np.int64) for values in (way, group))
    assert agreed(*columns, np.array(took, np.int64) * MS).tolist() == kept


def scene(attempts, clock=3600, began=-5.0, lost=()):
    """SYNs without timestamps that nobody answers; ``lost`` of the first attempt on the way."""
    sent = [(isn, isn / 10 + t / 1_000) for isn in attempts for t in DOUBLING]
    lines = [f"{at:.3f} client > server S {isn}" for isn, at in sent]
    came = [
        f"{at + 0.02:.3f} server > client SA 9/{isn + 1}\n{at + 0.019:.3f} client > server S {isn}"
        for number, (isn, at) in enumerate(sent)
        if number not in lost
    ]
    return read("\n".join([
        "at client", f"{began} alive", *lines, "200 alive",
        f"at server clock={clock} role=server", "-5.0 alive", *came, "200 alive",
    ]))  # fmt: skip


@pytest.mark.parametrize(
    ("story", "grade"),
    [
        (scene([100, 300]), "one-sided"),
        (scene([100]), "absent"),
        (scene([100, 300], lost=[0]), "absent"),
        (scene([100, 300, 500], lost=[0]), "one-sided"),
        (scene([100, 300], began=9.0), "absent"),
    ],
    ids=["two attempts", "one", "two, one less a SYN", "three, one less", "began too late"],
)
def test_what_bounds_a_clock(story, grade) -> None:
    """Where hosts share nothing better than repetitions, their rhythm compares the clocks."""
    matched = story.match()
    server = matched.clocks[matched.hosts.index("server")]
    client = matched.clocks[matched.hosts.index("client")]
    assert {client.grade, server.grade} == {"accurate", grade}
    if grade != "absent":
        apart = server.offset - client.offset
        assert abs(apart - 3600 * 1_000 * MS) <= server.uncertainty + client.uncertainty
