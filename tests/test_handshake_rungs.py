"""Rungs: every segment once, what was followed, what one end or a tap alone has, and its order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from line import Place, Try, poor, text, tries
from test_handshake_details import BLIND_CLIENT, BOTH
from test_handshake_match import FLEETS, SEARCH, Fleet, judged
from test_handshake_outcome import (
    ACK,
    S_ACK,
    S_OTHER,
    S_SYN,
    S_SYN_1,
    S_SYN_ACK,
    S_SYN_ACK_1,
    SYN,
    SYN_1,
    SYN_ACK,
    client,
    server,
)
from traces import EPOCH, Scene, read

from synack.handshake.coverage import CAUSES
from synack.handshake.details import details
from synack.handshake.matched import Matched
from synack.handshake.outcome import judge
from synack.handshake.path import paths
from synack.handshake.rungs import rungs
from synack.handshake.states import Event
from synack.handshake.vantage import CLIENT
from synack.model import FATES
from synack.tables import NO_TIME, PASSED, RUNGS, Table

MS = 10**6


def of(scene: Scene) -> tuple[Matched, Table, Table]:
    matched = scene.match(known=dict.fromkeys((c.host for c in scene.captures), 0))
    attempt = matched.identity[matched.sightings["client_isn"] == 100][:1]
    return matched, *rungs(matched, paths(matched), attempt)


def said(trace: str) -> list[str]:
    """Each rung of the attempt with ISN 100: what, times in ms after the epoch, fate."""
    _, table, passed = of(read(trace))
    lines = []
    for number, row in enumerate(table.rows()):
        ends = [
            "-" if at == NO_TIME else f"{(at - EPOCH) // MS}"
            for at in (row["sent_at"], row["arrived_at"])
        ]
        ends[1:1] = [f"{(p['at'] - EPOCH) // MS}" for p in passed.rows() if p["rung"] == number]
        way = ">" if row["side"] == CLIENT else "<"
        name = Event(row["leg"]).name
        lines.append(
            f"{name} {row['number']}/{row['of']} {way} {' '.join(ends)} {FATES[row['fate']]}"
        )
    return lines


class Case(NamedTuple):
    shows: str
    trace: str
    rungs: list[str]


TAP = "at tap\n-5 alive\n0.005 client > server S 100\n0.015 server > client SA 900/101\n20 alive\n"
QUOTE = "0.300 client > server Q 100"
CASES = [
    Case("all of it", BOTH,
         ["SYN 1/1 > 0 10 delivered", "SYN_ACK 1/1 < 11 20 delivered",
          "ACK 1/1 > 21 31 delivered"]),
    Case("SYN-ACKs lost", client(SYN, SYN_1) + server(S_SYN, S_SYN_ACK, S_SYN_1, S_SYN_ACK_1),
         ["SYN 1/2 > 0 10 delivered", "SYN_ACK 1/2 < 11 - lost",
          "SYN 2/2 > 1000 1010 delivered", "SYN_ACK 2/2 < 1011 - lost"]),
    Case("SYNs lost", client(SYN, SYN_1) + server(S_OTHER),
         ["SYN 1/2 > 0 - lost", "SYN 2/2 > 1000 - lost"]),
    Case("the client alone", client(SYN, SYN_ACK, ACK),
         ["SYN 1/1 > 0 - unwitnessed", "SYN_ACK 1/1 < - 20 delivered",
          "ACK 1/1 > 21 - unwitnessed"]),
    Case("for another MAC",
         client(SYN, SYN_ACK + " to=stale") + server(S_SYN, S_SYN_ACK + " to=stale"),
         ["SYN 1/1 > 0 10 delivered", "SYN_ACK 1/1 < 11 20 misdelivered"]),
    Case("a departure that is not recorded",
         client(SYN_1, SYN_ACK.replace("0.0", "1.0"))
         + server(S_SYN, S_SYN_ACK, S_SYN_1, S_SYN_ACK_1),
         ["SYN 1/2 > - 10 delivered", "SYN_ACK 1/2 < 11 - lost",
          "SYN 2/2 > 1000 1010 delivered", "SYN_ACK 2/2 < 1011 1020 delivered"]),
    Case("a tap between", client(SYN) + TAP + server(S_SYN, S_SYN_ACK),
         ["SYN 1/1 > 0 5 10 delivered", "SYN_ACK 1/1 < 11 15 - lost"]),
    Case("a tap alone", TAP,
         ["SYN 1/1 > - 5 - unwitnessed", "SYN_ACK 1/1 < - 15 - unwitnessed"]),
    Case("an ICMP error that both ends have",
         client(SYN, "0.320 client > server Q 100") + server(S_SYN, QUOTE),
         ["SYN 1/1 > 0 10 delivered", "ICMP 1/1 < 300 320 delivered"]),
    Case("an ICMP error from between", client(SYN, QUOTE) + server(S_OTHER),
         ["SYN 1/1 > 0 - lost", "ICMP 1/1 < - 300 delivered"]),
    Case("an ICMP error to the server", server(S_SYN, S_SYN_ACK, "0.4 server > client Q 900"),
         ["SYN 1/1 > - 10 delivered", "SYN_ACK 1/1 < 11 - unwitnessed",
          "ICMP 1/1 > - 400 delivered"]),
    Case("what answers at one end comes after what it answers, though the clocks say otherwise",
         client(SYN, SYN_ACK.replace("0.020", "0.001"))
         + server(S_SYN, S_SYN_ACK),
         ["SYN 1/1 > 0 10 delivered", "SYN_ACK 1/1 < 11 1 delivered"]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.shows)
def test_rungs(case: Case) -> None:
    assert said(case.trace) == case.rungs


def test_why_nothing_tells() -> None:
    """The reasons of match, and of one end alone that the other was not captured."""
    causes = of(read(client(SYN, end="0.005 alive") + BLIND_CLIENT))[1]["cause"]
    assert [CAUSES[cause] for cause in causes.tolist()] == [
        "", *["the receiver's capture had ended, or may have"] * 2]  # fmt: skip
    alone = of(read(client(SYN)))[1]["cause"]
    assert [CAUSES[cause] for cause in alone.tolist()] == ["the receiver was not captured"]


def test_where_it_vanished_and_who_is_its_witness() -> None:
    """The tap has the SYN-ACK, and the client's capture, which could tell nothing, has not."""
    scene = read(client(SYN) + TAP + server(S_SYN, S_SYN_ACK))
    matched, table, _ = of(scene)
    places = paths(matched).places
    syn_ack = table.take(table["leg"] == Event.SYN_ACK)
    assert [places[syn_ack[end][0]] for end in ("after", "before")] == ["tap", "client"]
    assert syn_ack["by_tap"].all()
    syn = table.take(table["leg"] == Event.SYN)
    assert syn["after"].tolist() == syn["before"].tolist() == [-1]


def test_doubt_is_that_of_both_clocks() -> None:
    scene = read(BOTH)
    matched = scene.match()
    table, _ = rungs(matched, paths(matched), np.array([0]))
    assert (table["doubt_ns"] > 0).all()
    assert (of(scene)[1]["doubt_ns"] == 0).all()
    assert (of(read(client(SYN)))[1]["doubt_ns"] == -1).all()


def test_nothing_has_no_rungs() -> None:
    matched = Scene().match()
    table, passed = rungs(matched, paths(matched), np.empty(0, np.int64))
    assert (table.schema, len(table)) == (RUNGS, 0)
    assert (passed.schema, len(passed)) == (PASSED, 0)


@SEARCH
@given(FLEETS)
def test_every_segment_is_on_one_rung(fleet: Fleet) -> None:
    """And they are as many, with the fates, as the attempt's own counts say."""
    matched = judged(fleet[0]).matched
    found = paths(matched)
    attempts = judge(matched, found.vanished)
    every = np.arange(matched.attempts)
    table, passed = rungs(matched, found, every)
    rows = np.concatenate([table["sent"], table["arrived"], passed["row"]])
    tracked = np.flatnonzero((matched.sighting >= 0) & (matched.leg != Event.COPY))
    assert sorted(rows[rows >= 0].tolist()) == tracked.tolist()
    told = details(matched, attempts, found)
    for leg, event in (("syn", Event.SYN), ("syn_ack", Event.SYN_ACK), ("ack", Event.ACK)):
        mine = (table["leg"] == event) & (table["sent"] >= 0)
        sent = np.bincount(table["attempt"][mine], minlength=matched.attempts)
        here = attempts[f"{leg}_sent"] >= 0
        assert (sent == attempts[f"{leg}_sent"])[here].all()
        for fate in ("lost", "misdelivered", "unwitnessed"):
            those = mine & (table["fate"] == FATES.index(fate))
            number = np.bincount(table["attempt"][those], minlength=matched.attempts)
            assert (number == told[f"{leg}_{fate}"])[here].all(), (leg, fate)


@settings(max_examples=80)
@given(poor(), tries())
def test_with_taps_too(places: list[Place], all_tries: list[Try]) -> None:
    """Every segment on one rung, no place twice on one, and all that vanished, where it did."""
    scene = read(text(places, all_tries))
    matched = scene.match()
    found = paths(matched)
    table, passed = rungs(matched, found, np.arange(matched.attempts))
    rows = np.concatenate([table["sent"], table["arrived"], passed["row"]])
    tracked = np.flatnonzero((matched.sighting >= 0) & (matched.leg != Event.COPY))
    assert sorted(rows[rows >= 0].tolist()) == tracked.tolist()
    capture = matched.segments["capture"][passed["row"]]
    at = list(zip(passed["rung"].tolist(), capture.tolist(), strict=True))
    assert len(set(at)) == len(at)
    gone = table.take(table["after"] >= 0)
    assert (gone["fate"] != FATES.index("delivered")).all()
    names = ("attempt", "leg", "after", "before")
    told, known = (
        sorted(zip(*(t[name].tolist() for name in names), strict=True))
        for t in (gone, found.vanished)
    )
    assert told == known


@SEARCH
@given(FLEETS)
def test_some_attempts_are_as_among_all(fleet: Fleet) -> None:
    """In the order that was asked for, each in order of time."""
    matched = judged(fleet[0]).matched
    found = paths(matched)
    every, _ = rungs(matched, found, np.arange(matched.attempts))
    wanted = np.arange(matched.attempts)[::-2]
    some, _ = rungs(matched, found, wanted)
    assert list(dict.fromkeys(some["attempt"].tolist())) == wanted.tolist()
    for attempt in wanted.tolist():
        mine, theirs = (t.take(t["attempt"] == attempt) for t in (some, every))
        for name, column in mine.columns.items():
            assert column.tolist() == theirs[name].tolist(), name


def test_each_leg_is_counted_for_itself() -> None:
    _, table, _ = of(read(client(SYN, SYN_1) + server(S_SYN, S_SYN_ACK, S_ACK)))
    syns = table.take(table["leg"] == Event.SYN)
    assert list(zip(syns["number"].tolist(), syns["of"].tolist(), strict=True)) == [(1, 2), (2, 2)]
