"""Fates, reasons and delays of each attempt, as a table of traces."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
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
from traces import Scene, crowd, read

from synack.handshake.clock import ASSUMED_AGREEMENT_NS
from synack.handshake.coverage import CAUSES
from synack.handshake.details import WHY, details
from synack.handshake.matched import Matched
from synack.handshake.outcome import judge
from synack.handshake.path import paths
from synack.handshake.states import Event, State
from synack.model import FATES
from synack.tables import NO_TIME, Table

LEGS = ("syn", "syn_ack", "ack")
BOTH = client(SYN, SYN_ACK, ACK) + server(S_SYN, S_SYN_ACK, S_ACK)
MS = 10**6


def of(scene: Scene, *, known: bool = True) -> tuple[Matched, Table]:
    clocks = dict.fromkeys((c.host for c in scene.captures), 0) if known else {}
    matched = scene.match(known=clocks)
    return matched, details(matched, judge(matched), paths(matched))


def one(trace: str, *, known: bool = True) -> dict[str, int]:
    """The attempt with ISN 100."""
    matched, table = of(read(trace), known=known)
    attempt = matched.identity[matched.sightings["client_isn"] == 100][0]
    return list(table.rows())[attempt]


class Case(NamedTuple):
    """Captures; lost, misdelivered and unwitnessed of each leg (- where its sender was not
    captured); and words of the reason."""

    shows: str
    fates: str
    reason: str
    trace: str


BLIND_CLIENT = server(S_SYN, S_SYN_ACK, S_SYN_ACK_1)
WITHOUT_SYN_ACKS = "\n".join(
    line for line in crowd("client", range(41000, 41003)).splitlines() if " SA " not in line
)
CASES = [
    Case("all arrived", "000 000 000", "", BOTH),
    Case("SYNs lost", "200 000 000", "", client(SYN, SYN_1) + server(S_OTHER)),
    Case("SYN-ACKs lost", "000 200 000", "",
         client(SYN, SYN_1) + server(S_SYN, S_SYN_ACK, S_SYN_1, S_SYN_ACK_1)),
    Case("ACK lost", "000 000 100", "", client(SYN, SYN_ACK, ACK) + server(S_SYN, S_SYN_ACK)),
    Case("SYN-ACK for another MAC", "000 010 000", "",
         client(SYN, SYN_ACK + " to=stale") + server(S_SYN, S_SYN_ACK + " to=stale")),
    Case("SYN for another MAC", "010 000 000", "",
         client(SYN + " to=stale") + server(S_OTHER, S_SYN + " to=stale")),
    Case("the client alone", "001 --- 001", "receiver was not captured",
         client(SYN, SYN_ACK, ACK)),
    Case("the server alone", "--- 001 ---", "receiver was not captured",
         server(S_SYN, S_SYN_ACK, S_ACK)),
    Case("an inconclusive outcome has its own reason", "001 --- 000", "ends before a reply",
         client(SYN, end="0.5 alive")),
    Case("one host", "--- 001 ---", "one host",
         server("0.010 other:5 > server S 100", "0.011 server > other:5 SA 900/101",
                "0.031 other:5 > server A 101/901")
         + server("-1.8 other:7 > third S 3 dir=out", "-1.7 third > other:7 SA 4/4 dir=in")),
    Case("it began later", "--- 002 ---", "began later",
         f"at client\n3.0 alive\n20 alive\n{BLIND_CLIENT}".replace(
             "3.0 alive", "3.0 second > client S 5\n3.1 client > second SA 6/6")),
    Case("it had ended", "000 002 000", "had ended", client(SYN, end="0.005 alive") + BLIND_CLIENT),
    Case("it ended too soon", "000 101 000", "ended too soon",
         client(SYN, end="1.050 alive") + BLIND_CLIENT),
    Case("a file is missing", "000 101 000", "a file of the receiver's capture is missing",
         client(SYN).replace("at client", "at client gap=0.9..1.2") + BLIND_CLIENT),
    Case("it dropped as many", "000 002 000", "dropped as many",
         client(SYN).replace("at client", "at client drops=2") + BLIND_CLIENT),
    Case("it dropped fewer", "000 200 000", "",
         client(SYN).replace("at client", "at client drops=1") + BLIND_CLIENT),
    Case("the receiver went on", "000 001 000", "one arrived unrecorded",
         client(SYN, ACK) + server(S_SYN, S_SYN_ACK, S_ACK)),
    Case("its own SYN is not there", "--- 002 ---", "nothing of what the receiver itself sent",
         client("0.0 client:5 > second S 7", "0.1 second > client:5 SA 8/8") + BLIND_CLIENT),
    Case("its filter", "000 002 000", "leaves such packets out",
         f"at client\n-5 alive\n{WITHOUT_SYN_ACKS}\n{SYN}\n{SYN_1}\n20 alive\nat server\n-5 alive\n"
         + crowd("server", range(41000, 41003))
         + f"\n{S_SYN}\n{S_SYN_ACK}\n{S_SYN_1}\n{S_SYN_ACK_1}\n20 alive"),
    Case("something between answers", "000 002 001", "something between answers",
         client(SYN, "0.005 server > client SA 333/101", "0.006 client > server A 101/334")
         + server(S_SYN, S_SYN_ACK, S_SYN_ACK_1)),
    Case("it missed another", "000 002 000", "proved to miss",
         "at client\n-5 alive\n" + crowd("client", range(41000, 41004)).replace(
             "-3.9700 client:41003 > server S 5000\n-3.9500 server > client:41003 SA 7000/5001\n",
             "-3.9700 client:41003 > server S 5000\n").replace(
             "-3.9800 client:41002 > server S 5000\n-3.9600 server > client:41002 SA 7000/5001\n",
             "-3.9800 client:41002 > server S 5000\n")
         + f"\n{SYN}\n{SYN_1}\n20 alive\nat server\n-5 alive\n"
         + crowd("server", range(41000, 41004))
         + f"\n{S_SYN}\n{S_SYN_ACK}\n{S_SYN_1}\n{S_SYN_ACK_1}\n20 alive"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.shows)
def test_fates_and_reason(case: Case) -> None:
    row = one(case.trace)
    fates = [
        "".join("-" if row[f"{leg}_{fate}"] < 0 else str(row[f"{leg}_{fate}"])
                for fate in ("lost", "misdelivered", "unwitnessed"))
        for leg in LEGS
    ]  # fmt: skip
    reason = WHY[row["reason"]]
    assert " ".join(fates) == case.fates
    assert case.reason in reason
    assert bool(case.reason) == bool(reason)


def test_a_time_that_is_missing_is_the_reason() -> None:
    scene = read(client(SYN) + server(S_SYN, S_SYN_ACK))
    rows = [list(row) for row in scene.rows]
    rows[-1][3] = NO_TIME
    scene.rows = [tuple(row) for row in rows]
    _, table = of(scene)
    assert WHY[table["reason"][0]] == "when it was sent is not recorded"


def test_states_copies_and_where_to_look() -> None:
    row = one(client(SYN, SYN, SYN_1) + server(S_OTHER, S_SYN, S_SYN_ACK))
    assert (row["client_state"], row["server_state"]) == (State.SYN_SENT, State.SYN_RECEIVED)
    assert (row["client_file"], row["client_frame"]) == (0, 2)
    assert (row["server_file"], row["server_frame"]) == (1, 4)
    alone = one(server(S_SYN, S_SYN_ACK))
    assert (alone["client_state"], alone["client_file"], alone["client_frame"]) == (-1, -1, -1)
    assert alone["clock_doubt_ns"] == -1


def test_copies_are_counted_in_all_captures() -> None:
    """A mirror shows every packet twice."""
    twice = [SYN, SYN, SYN_ACK, SYN_ACK, ACK]
    assert one(client(*twice) + server(S_SYN, S_SYN_ACK, S_ACK))["copies"] == 2
    assert one(BOTH)["copies"] == 0


class TestDelay:
    """Bounds of the time on the way, only where they are sure."""

    def test_given_clocks(self) -> None:
        """Clocks that the user is sure of leave no doubt."""
        row = one(BOTH)
        assert row["syn_delay_min_ns"] == row["syn_delay_max_ns"] == 10 * MS
        assert row["syn_ack_delay_min_ns"] == row["syn_ack_delay_max_ns"] == 9 * MS
        assert row["clock_doubt_ns"] == 0

    def test_estimated_clocks_bound_it(self) -> None:
        """The truth is between the bounds, which are as far apart as the clocks may be."""
        trace = BOTH.replace("at server", "at server clock=+3600")
        row = one(trace, known=False)
        assert 0 < row["clock_doubt_ns"] < 20 * MS
        for leg, true in (("syn", 10 * MS), ("syn_ack", 9 * MS)):
            least, most = row[f"{leg}_delay_min_ns"], row[f"{leg}_delay_max_ns"]
            assert 0 <= least <= true <= most
            assert most - least <= 2 * row["clock_doubt_ns"] + 1000

    def test_not_of_what_was_repeated(self) -> None:
        """Karn's rule."""
        row = one(
            client(SYN, SYN_1, "1.02 server > client SA 900/101") + server(S_SYN_1, S_SYN_ACK_1)
        )
        assert (row["syn_delay_min_ns"], row["syn_delay_max_ns"]) == (-1, -1)
        assert row["syn_ack_delay_max_ns"] > 0

    def test_not_of_what_was_lost(self) -> None:
        row = one(client(SYN) + server(S_SYN, S_SYN_ACK))
        assert (row["syn_ack_delay_min_ns"], row["syn_ack_delay_max_ns"]) == (-1, -1)

    def test_not_without_a_common_packet(self) -> None:
        """Clocks that are only assumed to agree bound nothing."""
        row = one(client(SYN) + server(S_OTHER), known=False)
        assert row["clock_doubt_ns"] >= ASSUMED_AGREEMENT_NS
        assert row["syn_delay_max_ns"] == -1


def test_nothing_is_a_table_too() -> None:
    _, table = of(Scene())
    assert len(table) == 0


@SEARCH
@given(FLEETS)
def test_the_fates_of_all_that_was_sent(fleet: Fleet) -> None:
    """Lost, misdelivered, unwitnessed and delivered are what was sent, and there is a reason
    where anything is unwitnessed."""
    matched = judged(fleet[0]).matched
    attempts = judge(matched)
    table = details(matched, attempts, paths(matched))
    t = matched.transmissions
    blind = np.zeros(len(table), bool)
    for leg, event in zip(LEGS, (Event.SYN, Event.SYN_ACK, Event.ACK), strict=True):
        mine = (t["leg"] == event) & (t["fate"] == FATES.index("delivered"))
        total = np.bincount(t["attempt"][mine], minlength=len(table))
        for fate in ("lost", "misdelivered", "unwitnessed"):
            total = total + table[f"{leg}_{fate}"]
        sent = attempts[f"{leg}_sent"]
        assert (total == sent)[sent >= 0].all()
        assert (table[f"{leg}_lost"][sent < 0] == -1).all()
        assert ((table[f"{leg}_unwitnessed"] >= 0) == (sent >= 0)).all()
        blind |= table[f"{leg}_unwitnessed"] > 0
    assert (table["reason"][blind] > 0).all()
    assert ((t["cause"] > 0) == (t["fate"] == FATES.index("unwitnessed"))).all()
    assert (t["cause"] < len(CAUSES)).all()


@SEARCH
@given(FLEETS)
def test_delays_hold_the_truth(fleet: Fleet) -> None:
    """The least is no more than the most, and neither is below zero."""
    matched = judged(fleet[0]).matched
    table = details(matched, judge(matched), paths(matched))
    for leg in ("syn", "syn_ack"):
        least, most = table[f"{leg}_delay_min_ns"], table[f"{leg}_delay_max_ns"]
        assert ((least < 0) == (most < 0)).all()
        assert (least <= most).all()
