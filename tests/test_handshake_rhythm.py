"""Repetitions that are the same by their rhythm, and those that only look so."""

from __future__ import annotations

import numpy as np
import pytest
from traces import read

from synack.handshake.rhythm import JITTER_NS, agreed, in_step

MS = 1_000_000
DOUBLING, LINEAR = (0, 1_000, 3_000, 7_000), (0, 1_000, 2_000, 3_000)


@pytest.mark.parametrize(
    ("left", "came", "paired", "shows"),
    [
        (DOUBLING, (20, 1_020, 3_020, 7_020), DOUBLING, "the k-th is the k-th"),
        (DOUBLING, (20, 1_040, 3_010, 7_020), DOUBLING, "the way takes now longer and now less"),
        (DOUBLING, (5, 1_005, 3_005), DOUBLING[:3], "the last is missing: pauses double"),
        (DOUBLING, (3_005, 7_005), DOUBLING[2:], "the first two are missing"),
        (DOUBLING[::3], (5, 1_005, 3_005, 7_005), DOUBLING[::3], "two of four were recorded"),
        (DOUBLING[1:], (20, 1_020, 3_020), (), "the first is missing here and the last there"),
        (DOUBLING[:1], (20,), (), "one alone has no rhythm"),
        ((), (20, 1_020), (), "nothing was seen to leave"),
        (LINEAR[1:], (20, 1_020, 2_020), LINEAR[1:], "equal pauses hide what is missing"),
        (LINEAR, (20, 1_020, 2_020), (), "by equal pauses it may be the first or the last"),
        ((*LINEAR, 7_000), (20, 1_020, 7_020), (0, 1_000, 7_000), "one pause is another"),
        ((*DOUBLING, 7_030), (20, 1_020, 3_020, 7_020), (), "one is there twice"),
        (range(0, 40_000, 1_000), range(20, 40_000, 1_000), (), "too many for one attempt"),
    ],
)
def test_one_attempt(left, came, paired, shows) -> None:
    """See ``shows``; ``paired`` of those that left. The arrivals are an hour ahead by their
    clock."""
    time = np.array([*left, *(3_600_000 + t for t in came)], np.int64) * MS
    arrival = np.arange(len(time)) >= len(left)
    order = np.argsort(-time)  # any order
    out, back = in_step(np.zeros(len(time), np.int64), arrival[order], time[order])
    found = [(time[order][rows] // MS).tolist() for rows in (out, back)]
    assert found[0] == [*paired], shows
    assert {*found[1]} <= {3_600_000 + t for t in came}, shows
    took = [b - a for a, b in zip(*found, strict=True)]
    assert max(took, default=0) - min(took, default=0) <= JITTER_NS // MS, shows


def test_attempts_keep_apart() -> None:
    """Each by its own rhythm; the one of which one came alone does not spoil the other."""
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
        (scene([100, 300], lost=[0]), "one-sided"),
        (scene([100, 300], lost=[0, 1, 2]), "absent"),
        (scene([100, 300, 500], lost=[0, 1, 2]), "one-sided"),
        (scene([100, 300], began=9.0), "one-sided"),
        (scene([100, 110], began=9.0), "absent"),
    ],
    ids=[
        "two attempts",
        "one",
        "two, one less a SYN",
        "two, of one a single SYN",
        "three, of one a single SYN",
        "began too late for one",
        "began too late for both",
    ],
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
