"""Outcomes, as a table of traces; and the columns that go with them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest
from line import Place, Try, every, found, healthy, text
from traces import mac, ns, read

from synack.addresses import NO_MAC
from synack.handshake.outcome import _IN_VAIN, REASONS, judge
from synack.model import OUTCOMES
from synack.tables import ATTEMPTS, Table

MS = 10**6
CLIENT_END, TAP, SERVER_END = Place("client", 0), Place("tap-1", 2, 3600.0), Place("server", 4)


class Case(NamedTuple):
    """Captures, and the outcome of their one attempt; after a colon, words of the reason."""

    shows: str
    outcome: str
    trace: str


def attempts(trace: str, *, known: bool = True) -> Table:
    scene = read(trace)
    clocks = dict.fromkeys((c.host for c in scene.captures), 0) if known else {}
    return judge(scene.match(known=clocks))


def client(*lines: str, end: str = "20 alive") -> str:
    return "\n".join(("at client", "-5 alive", *lines, end, ""))


def server(*lines: str, end: str = "20 alive") -> str:
    return "\n".join(("at server", "-5 alive", *lines, end, ""))


SYN, SYN_1 = "0.000 client > server S 100", "1.000 client > server S 100"
SYN_ACK, ACK = "0.020 server > client SA 900/101", "0.021 client > server A 101/901"
S_SYN, S_SYN_1 = "0.010 client > server S 100", "1.010 client > server S 100"
S_SYN_ACK, S_ACK = "0.011 server > client SA 900/101", "0.031 client > server A 101/901"
S_SYN_ACK_1 = "1.011 server > client SA 900/101"
S_OTHER = "-2.0 second > server S 7\n-1.9 server > second SA 8/8"

SYN_ACK_1, ACK_1 = "1.020 server > client SA 900/101", "1.021 client > server A 101/901"
S_OTHERS = "\n".join(f"{n} client:{42000 + n} > server S {n}" for n in (7, 8))
FROM_BETWEEN = "0.005 server > client SA 333/101", "0.006 client > server A 101/334"

TWO_ENDS = [
    Case(
        "something between answers, and passes on what the client sends",
        "completed",
        client(SYN, *FROM_BETWEEN) + server(S_SYN, S_SYN_ACK, S_ACK),
    ),
    Case(
        "something between answers, and the server's answer has no answer",
        "inconclusive: something between",
        client(SYN, *FROM_BETWEEN) + server(S_SYN, S_SYN_ACK, S_SYN_ACK_1),
    ),
    Case(
        "a repetition has another number, and the first is lost",
        "completed",
        client(SYN, "1.020 server > client SA 700/101", "1.021 client > server A 101/701")
        + server(S_SYN, S_SYN_ACK, "1.011 server > client SA 700/101",
                 "1.031 client > server A 101/701"),
    ),
    Case(
        "all three legs",
        "completed",
        client(SYN, SYN_ACK, ACK) + server(S_SYN, S_SYN_ACK, S_ACK),
    ),
    Case(
        "after a retransmission",
        "completed",
        client(SYN, SYN_1, "1.020 server > client SA 900/101", "1.021 client > server A 101/901")
        + server(S_SYN_1, S_SYN_ACK_1, "1.031 client > server A 101/901"),
    ),
    Case(
        "the server went on, its ACK unseen",
        "completed",
        client(SYN, SYN_ACK, "0.060 server > client A 901/101 len=9")
        + server(S_SYN, S_SYN_ACK, "0.050 server > client A 901/101 len=9"),
    ),
    Case(
        "the client's ACK, and the server's capture had ended: nothing speaks against it",
        "completed",
        client(SYN, SYN_ACK, ACK) + server(S_SYN, S_SYN_ACK, end="0.050 alive"),
    ),
    Case(
        "the client's ACK, which the server's capture may have dropped, and the SYN-ACK again",
        "inconclusive: after an ACK had left",
        client(SYN, SYN_ACK, ACK, SYN_ACK_1, ACK_1)
        + server(S_SYN, S_SYN_ACK, S_SYN_ACK_1).replace("at server", "at server drops=9"),
    ),
    Case(
        "likewise, and the client's capture had ended",
        "inconclusive: after an ACK had left",
        client(SYN, SYN_ACK, ACK, end="0.5 alive")
        + server(S_SYN, S_SYN_ACK, S_SYN_ACK_1).replace("at server", "at server drops=9"),
    ),
    Case(
        "the SYN-ACK again before the ACK can have arrived, on a slow path",
        "completed",
        client(SYN, SYN_1, "2.0 server > client SA 900/101", "2.001 client > server A 101/901",
               "3.0 server > client SA 900/101")
        + server(S_SYN, S_SYN_ACK, end="0.5 alive"),
    ),
    Case(
        "the server's capture has nothing of what it answered: it may be translated in between",
        "completed",
        client(SYN_ACK, ACK) + server(S_OTHER),
    ),
    Case("the SYN is nowhere at the server", "syn-lost", client(SYN, SYN_1) + server(S_OTHER)),
    Case(
        "the server's capture shows another port alone",
        "inconclusive: could not have shown",
        (client(SYN, SYN_1) + server(S_OTHER)).replace("> server S 100", "> server:9093 S 100"),
    ),
    Case(
        "the server's capture shows this port and others",
        "syn-lost",
        (client(SYN, SYN_1) + server(S_OTHER, "-1.0 second > server:9093 S 8"))
        .replace("> server S 100", "> server:9093 S 100"),
    ),
    Case(
        "one SYN that nothing answers, in a capture of ARP as well",
        "no-reply",
        client(SYN) + server(S_SYN),
    ),
    Case(
        "one SYN that nothing answers and nobody repeats, in a capture of TCP alone",
        "inconclusive: the SYN was not repeated",
        client(SYN) + "at server\n" + S_SYN + "\n" + S_OTHERS,
    ),
    Case(
        "one SYN in a capture of TCP alone, which its client repeats",
        "no-reply",
        client(SYN, SYN_1) + "at server\n" + S_SYN + "\n" + S_OTHERS,
    ),
    Case(
        "the SYN is at the server, for another MAC",
        "syn-lost",
        client(SYN + " to=stale") + server(S_OTHER, S_SYN + " to=stale"),
    ),
    Case("the server says nothing", "no-reply", client(SYN, SYN_1) + server(S_SYN, S_SYN_1)),
    Case(
        "the SYN-ACK left and did not arrive",
        "syn-ack-lost",
        client(SYN, SYN_1) + server(S_SYN, S_SYN_ACK, S_SYN_1, S_SYN_ACK_1),
    ),
    Case(
        "the SYN-ACK arrived for another MAC",
        "syn-ack-lost",
        client(SYN, SYN_ACK + " to=stale") + server(S_SYN, S_SYN_ACK + " to=stale"),
    ),
    Case(
        "one SYN-ACK witnessed as lost is enough, whatever came after the end of the capture",
        "syn-ack-lost",
        client(SYN, end="0.9 alive") + server(S_SYN, S_SYN_ACK, S_SYN_1, S_SYN_ACK_1),
    ),
    Case(
        "the ACK left and did not arrive",
        "ack-lost",
        client(SYN, SYN_ACK, ACK) + server(S_SYN, S_SYN_ACK),
    ),
    Case(
        "the ACK did not arrive, and the captures end before it would be repeated",
        "inconclusive: before a reply or a repetition",
        client(SYN, SYN_ACK, ACK, end="0.5 alive") + server(S_SYN, S_SYN_ACK, end="0.5 alive"),
    ),
    Case(
        "RST for the SYN",
        "refused",
        client(SYN, "0.020 server > client RA 0/101")
        + server(S_SYN, "0.011 server > client RA 0/101"),
    ),
    Case(
        "RST for the SYN, by something between the two",
        "refused",
        client(SYN, "0.005 server > client RA 0/101") + server(S_OTHER),
    ),
    Case(
        "RST for the SYN, lost on its way",
        "refused",
        client(SYN) + server(S_SYN, "0.011 server > client RA 0/101"),
    ),
    Case(
        "RST for the SYN-ACK that another machine got: the client sent none and goes on",
        "syn-ack-lost",
        client(SYN, SYN_1)
        + server(S_SYN, S_SYN_ACK, "0.012 client > server R 101", S_SYN_1, S_SYN_ACK_1),
    ),
    Case(
        "RST for the SYN-ACK from another MAC than the SYN",
        "syn-ack-lost",
        client(SYN) + server(S_SYN, S_SYN_ACK, "0.012 client > server R 101 from=stale"),
    ),
    Case(
        "RST for the SYN-ACK by a machine with the client's address, whose capture is there",
        "inconclusive: could not have shown",
        client(SYN_ACK + " to=stale", "0.021 client > server R 101 from=stale")
        + server(S_SYN, S_SYN_ACK + " to=stale", "0.031 client > server R 101 from=stale",
                 S_SYN_1, S_SYN_ACK_1 + " to=stale"),
    ),
    Case(
        "RST for the SYN-ACK",
        "rejected",
        client(SYN, SYN_ACK, "0.021 client > server R 101")
        + server(S_SYN, S_SYN_ACK, "0.031 client > server R 101"),
    ),
    Case(
        "RST for the SYN-ACK, seen at the server only: the client's capture had ended",
        "rejected",
        client(SYN, end="0.015 alive")
        + server(S_SYN, S_SYN_ACK, "0.031 client > server R 101"),
    ),
    Case(
        "RST for the SYN-ACK, which overtook a repeated SYN on the way",
        "rejected",
        client(SYN, SYN_1, SYN_ACK.replace("0.020", "1.020"), end="1.025 alive")
        + server(S_SYN, S_SYN_ACK, "1.031 client > server R 101", "1.090 client > server S 100"),
    ),
    Case(
        "RST for the SYN-ACK, of which the client's capture has neither",
        "rejected",
        client(SYN) + server(S_SYN, S_SYN_ACK, "0.031 client > server R 101"),
    ),
    Case(
        "RST for the SYN-ACK in a capture at the client's address that has no SYN",
        "inconclusive: is not in the capture",
        client(SYN_ACK, "0.021 client > server R 101")
        + server(S_SYN, "0.012 second > server S 7", S_SYN_1),
    ),
    Case(
        "RST for the SYN-ACK by another machine: the client never had it",
        "syn-ack-lost",
        client(SYN) + server(S_SYN, S_SYN_ACK, "0.031 client > server R 101 from=stale"),
    ),
    Case(
        "ICMP for the SYN",
        "unreachable",
        client(SYN, "0.010 client > server QS 100") + server(S_OTHER),
    ),
    Case(
        "ICMP for the SYN-ACK, where nobody can say whether it was lost",
        "unreachable",
        client(SYN, end="0.012 alive")
        + server(S_SYN, S_SYN_ACK, "3.0 server > client QSA 900/101"),
    ),
    Case(
        "an ACK of other numbers",
        "challenged",
        client(SYN, "0.020 server > client A 500000/600000")
        + server(S_SYN, "0.011 server > client A 500000/600000"),
    ),
    Case(
        "the server's capture ends before it had to answer",
        "inconclusive: ends before a reply",
        client(SYN) + server(S_SYN, end="0.500 alive"),
    ),
    Case(
        "the server's capture was not on",
        "inconclusive: could not have shown",
        client(SYN) + server(S_OTHER, end="-1.000 alive"),
    ),
    Case(
        "the client's capture had ended when the SYN-ACK left",
        "inconclusive: could not have shown",
        client(SYN, end="0.005 alive") + server(S_SYN, S_SYN_ACK, S_SYN_ACK_1),
    ),
    Case(
        "the client's capture dropped as many as are missing",
        "inconclusive: could not have shown",
        client(SYN).replace("at client", "at client drops=2")
        + server(S_SYN, S_SYN_ACK, S_SYN_ACK_1),
    ),
    Case(
        "the SYN-ACK arrived, and nothing more",
        "inconclusive: did not go on",
        client(SYN, SYN_ACK) + server(S_SYN, S_SYN_ACK),
    ),
]  # fmt: skip

CLIENT_ONLY = [
    Case("nothing came", "unanswered", client(SYN, SYN_1)),
    Case("refused", "refused", client(SYN, "0.020 server > client RA 0/101")),
    Case("rejected", "rejected", client(SYN, SYN_ACK, "0.021 client > server R 101")),
    Case("completed", "completed", client(SYN, SYN_ACK, ACK)),
    Case("completed at last", "completed",
         client(SYN, SYN_ACK, ACK, SYN_ACK_1, ACK_1, "1.060 server > client A 901/101 len=9")),
    Case("the SYN-ACK again after the ACK", "inconclusive: after an ACK had left",
         client(SYN, SYN_ACK, ACK, SYN_ACK_1, ACK_1)),
    Case("unreachable", "unreachable", client(SYN, "0.010 client > server QS 100")),
    Case("challenged", "challenged", client(SYN, "0.020 server > client A 500000/600000")),
    Case("too early", "inconclusive: ends before a reply", client(SYN, end="0.999 alive")),
    Case("just due", "unanswered", client(SYN, end="1.000 alive")),
    Case("not acknowledged", "inconclusive: did not go on", client(SYN, SYN_ACK)),
    Case("rejected, what nobody asked for", "inconclusive: is not in the capture",
         client(SYN_ACK, "0.021 client > server R 101")),
    Case("a flooded SYN-ACK", "syn-ack-lost",
         client(SYN, SYN_ACK + " to=stale", SYN_1, "1.020 server > client SA 900/101 to=stale")),
]  # fmt: skip

SERVER_ONLY = [
    Case("nothing was said", "no-reply", server(S_SYN, S_SYN_1)),
    Case("refused", "refused", server(S_SYN, "0.011 server > client RA 0/101")),
    Case("rejected", "rejected", server(S_SYN, S_SYN_ACK, "0.031 client > server R 101")),
    Case("rejected, and the SYN is not there", "inconclusive: is not in the capture",
         server(S_SYN_ACK, "0.031 client > server R 101")),
    Case("RST by another machine", "unacknowledged",
         server(S_SYN, S_SYN_ACK, "0.031 client > server R 101 from=stale", S_SYN_1)),
    Case("one SYN, in a capture of ARP as well", "no-reply", server(S_SYN)),
    Case("one SYN, in a capture of TCP alone", "inconclusive: the SYN was not repeated",
         "at server\n" + S_SYN + "\n" + S_OTHERS),
    Case("a flooded SYN", "syn-lost",
         server(S_OTHER, S_SYN + " to=stale", S_SYN_1 + " to=stale")),
    Case("a MAC that it answers by in other attempts", "no-reply",
         server("-2.0 second > server S 7 to=stale", "-1.9 server > second SA 8/8",
                S_SYN + " to=stale", S_SYN_1 + " to=stale")),
    Case("completed", "completed", server(S_SYN, S_SYN_ACK, S_ACK)),
    Case("no SYN, but the rest", "completed", server(S_SYN_ACK, S_ACK)),
    Case("the SYN repeated", "unacknowledged", server(S_SYN, S_SYN_ACK, S_SYN_1)),
    Case("the SYN-ACK repeated", "unacknowledged", server(S_SYN, S_SYN_ACK, S_SYN_ACK_1)),
    Case("nothing repeated: the ACK was not captured", "inconclusive: nothing was repeated",
         server(S_SYN, S_SYN_ACK)),
    Case("too early", "inconclusive: ends before a reply",
         server(S_SYN, S_SYN_ACK, end="0.9 alive")),
]  # fmt: skip

TAP_ONLY = [
    Case("nothing came", "unanswered", "at x\n" + SYN + "\n" + SYN_1 + "\n5 alive"),
    Case("no ACK", "unacknowledged", "at x\n" + "\n".join([SYN, SYN_ACK, SYN_1]) + "\n5 alive"),
    Case("completed", "completed", "at x\n" + "\n".join([SYN, SYN_ACK, ACK]) + "\n5 alive"),
]


def says(case: Case) -> None:
    table = attempts(case.trace)
    (row,) = [r for r in table.rows() if r["client_isn"] == 100]
    outcome, _, reason = case.outcome.partition(": ")
    assert OUTCOMES[row["outcome"]] == outcome
    assert reason in REASONS[row["reason"]]
    assert bool(reason) == bool(row["reason"])


@pytest.mark.parametrize("case", TWO_ENDS, ids=lambda case: case.shows)
def test_two_ends(case: Case) -> None:
    """With both ends captured the fates speak."""
    says(case)


@pytest.mark.parametrize("case", CLIENT_ONLY, ids=lambda case: case.shows)
def test_client_only(case: Case) -> None:
    """Only the client captured."""
    says(case)


@pytest.mark.parametrize("case", SERVER_ONLY, ids=lambda case: case.shows)
def test_server_only(case: Case) -> None:
    """Only the server captured."""
    says(case)


@pytest.mark.parametrize("case", TAP_ONLY, ids=lambda case: case.shows)
def test_tap_only(case: Case) -> None:
    """Neither end captured, but something between."""
    says(case)


@pytest.mark.parametrize(
    ("places", "lost", "outcome", "received"),
    [
        ((SERVER_END, TAP), {"syn-ack": every(4)}, "syn-ack-lost", 0),
        ((SERVER_END, TAP), {"syn-ack": every(2)}, "unacknowledged", -1),
        ((SERVER_END, TAP), {"syn-ack": (4, 4, 4, 4, 2)}, "unacknowledged", -1),
        ((CLIENT_END, TAP), {"syn-ack": every(2)}, "syn-ack-lost", 0),
        ((CLIENT_END, TAP), {"syn-ack": every(4)}, "unanswered", -1),
        ((CLIENT_END, TAP), {"syn": every(0)}, "syn-lost", 0),
        ((CLIENT_END, TAP), {"syn": every(2)}, "unanswered", -1),
        ((SERVER_END, replace(CLIENT_END, end=4.0), TAP), {"syn-ack": every(4)}, "syn-ack-lost", 0),
        ((SERVER_END, replace(TAP, shows=("syn",))), {"syn-ack": every(4)}, "unacknowledged", -1),
    ],
    ids=["before the tap", "after the tap", "all but one before it", "between tap and client",
         "the tap has none", "SYNs before the tap", "SYNs after it", "the client's had ended",
         "a tap of SYNs"],
)  # fmt: skip
def test_a_tap_as_witness(
    places: tuple[Place, ...], lost: dict[str, tuple[int | None, ...]], outcome: str, received: int
) -> None:
    """Where the receiver was not captured, and all of a leg vanished before it."""
    matched, said = found(read(text(list(places), [*healthy(), Try(5.0, 42000, lost)])))
    (row,) = [r for r in judge(matched, said.vanished).rows() if r["client_port"] == 42000]
    assert OUTCOMES[row["outcome"]] == outcome
    assert row["syn_received" if "syn" in lost else "syn_ack_received"] == received


def test_clocks_that_nothing_compares_do_not_tell_which_syn_ack_an_ack_answered() -> None:
    """One was repeated: before the ACK, or because that was lost."""
    ends = "at server clock=3600 drops=9\n" + "\n".join(
        [S_SYN, S_SYN_ACK, S_SYN_ACK_1, "1.5 alive", ""]
    )
    ends += client(SYN_ACK_1, ACK_1, end="1.5 alive")
    (row,) = attempts(ends, known=False).rows()
    assert (OUTCOMES[row["outcome"]], row["reason"]) == ("inconclusive", _IN_VAIN)


def test_a_server_that_another_machine_answers_for() -> None:
    """A balancer has the address and passes the SYNs on; the answers go by it (direct return)."""
    balancer = server(S_SYN, S_SYN_1).replace("at server", "at server role=server")
    backend = "\n".join(["at b", "-5 alive", S_SYN, S_SYN_ACK, S_SYN_1, S_SYN_ACK_1, "20 alive"])
    (row,) = attempts(balancer + backend).rows()
    assert OUTCOMES[row["outcome"]] == "unacknowledged"


def test_a_tap_of_unknown_time_tells_none() -> None:
    """An end's capture says when, if nothing is known of the tap's clock."""
    trace = "at client\n0 client > server S 100\n5 alive\nat tap-1 clock=-7200\n"
    matched, said = found(read(trace + "0 client > server S 100\n1 client > server S 100"))
    assert {clock.grade for clock in matched.clocks} == {"accurate", "absent"}
    (row,) = judge(matched, said.vanished).rows()
    assert row["first"] == row["last"] == ns(0)


def one(trace: str, *columns: str) -> dict[str, int]:
    (row,) = [r for r in attempts(trace).rows() if r["client_isn"] == 100]
    return {name: row[name] for name in columns}


SENT = ("syn_sent", "syn_ack_sent", "ack_sent")
RECEIVED = ("syn_received", "syn_ack_received", "ack_received")


class TestCounts:
    """Null (-1) where nobody could see, zero where somebody would have seen."""

    @pytest.mark.parametrize(
        ("trace", "sent", "received"),
        [
            (client(SYN, SYN_ACK, ACK) + server(S_SYN, S_SYN_ACK, S_ACK), (1, 1, 1), (1, 1, 1)),
            (client(SYN, SYN_ACK, ACK), (1, -1, 1), (-1, 1, -1)),
            (server(S_SYN, S_SYN_ACK, S_ACK), (-1, 1, -1), (1, -1, 1)),
            (client(SYN, SYN_1) + server(S_SYN, S_SYN_ACK, S_SYN_1, S_SYN_ACK_1),
             (2, 2, 0), (2, 0, 0)),
            (client(SYN, SYN_1) + server(S_OTHER), (2, 0, 0), (0, 0, 0)),
            (client(SYN) + server(S_OTHER, end="-1 alive"), (1, -1, 0), (-1, -1, -1)),
            (client(SYN), (1, -1, 0), (-1, -1, -1)),
            (client(SYN, SYN_ACK, ACK) + server(S_SYN, S_SYN_ACK), (1, 1, 1), (1, 1, 0)),
            (client(SYN, SYN_ACK + " to=stale") + server(S_SYN, S_SYN_ACK + " to=stale"),
             (1, 1, 0), (1, 0, 0)),
        ],
        ids=["both", "client only", "server only", "SYN-ACKs lost", "SYNs lost", "blind server",
             "no server", "ACK lost", "misdelivered"],
    )  # fmt: skip
    def test_null_and_zero(
        self, trace: str, sent: tuple[int, ...], received: tuple[int, ...]
    ) -> None:
        """SYN, SYN-ACK and ACK: sent, and received."""
        row = one(trace, *SENT, *RECEIVED)
        assert tuple(row[name] for name in SENT) == sent
        assert tuple(row[name] for name in RECEIVED) == received

    @pytest.mark.parametrize(
        ("trace", "count"),
        [
            (client(SYN, SYN_ACK, ACK), 0),
            (client(SYN, SYN_1, "3.0 client > server S 100"), 2),
            (server(S_SYN, S_SYN_ACK, S_SYN_ACK_1), 1),
            (client(SYN, SYN_1) + server(S_SYN, S_SYN_ACK, S_SYN_1, S_SYN_ACK_1), 2),
            (client(SYN, SYN_1) + server(S_SYN), 1),
            ("at x\n" + "\n".join([SYN, SYN_ACK, SYN_1]) + "\n5 alive", 1),
        ],
        ids=["none", "SYNs", "SYN-ACKs", "both", "at the sender", "at a tap"],
    )
    def test_retransmissions(self, trace: str, count: int) -> None:
        """Repeated SYNs and SYN-ACKs, at the side that sent them."""
        assert one(trace, "retransmissions") == {"retransmissions": count}


class TestRoundTrip:
    """By Karn's rule only where nothing was repeated."""

    @pytest.mark.parametrize(
        ("trace", "rtt"),
        [
            (client(SYN, SYN_ACK, ACK), 20 * MS),
            (server(S_SYN, S_SYN_ACK, S_ACK), 20 * MS),
            (client(SYN, SYN_ACK, ACK)
             + server(S_SYN, S_SYN_ACK, "0.099 client > server A 101/901"), 20 * MS),
            (client(SYN, SYN_1, "1.020 server > client SA 900/101"), -1),
            (client(SYN, SYN_1, "1.020 server > client SA 900/101")
             + server(S_SYN_1, S_SYN_ACK_1, "1.031 client > server A 101/901"), 20 * MS),
            (server(S_SYN, S_SYN_ACK, S_SYN_ACK_1, "1.031 client > server A 101/901"), -1),
            (client(SYN), -1),
        ],
        ids=["client", "server", "the client's first", "repeated at the client",
             "repeated at the client, not at the server", "repeated at the server", "no answer"],
    )  # fmt: skip
    def test_rtt(self, trace: str, rtt: int) -> None:
        """SYN to SYN-ACK at the client, else SYN-ACK to ACK at the server."""
        assert one(trace, "rtt_ns") == {"rtt_ns": rtt}


class TestMacs:
    """MACs as near to the server as they were recorded."""

    def test_at_the_server(self) -> None:
        """Behind a router the client's own MAC is not what the server sees."""
        trace = client(SYN + " to=router", SYN_ACK + " from=router") + server(
            S_SYN + " from=router", S_SYN_ACK + " to=router"
        )
        assert one(trace, "syn_src_mac", "syn_ack_dst_mac") == {
            "syn_src_mac": mac("router"),
            "syn_ack_dst_mac": mac("router"),
        }

    def test_at_the_client(self) -> None:
        """With only its capture there is no better."""
        assert one(client(SYN, SYN_ACK), "syn_src_mac")["syn_src_mac"] == mac("client")

    def test_not_recorded(self) -> None:
        """A cooked capture has none; the client's is taken then."""
        trace = server(S_SYN + " nomac", S_SYN_ACK + " nomac")
        assert one(trace, "syn_ack_dst_mac") == {"syn_ack_dst_mac": NO_MAC}
        assert one(client(SYN) + trace, "syn_src_mac") == {"syn_src_mac": mac("client")}


def test_hosts() -> None:
    """Rows of the hosts, -1 where an end did not capture."""
    trace = client(SYN) + server(S_SYN)
    assert one(trace, "client_host", "server_host") == {"client_host": 0, "server_host": 1}
    assert one(client(SYN), "client_host", "server_host") == {"client_host": 0, "server_host": -1}


def test_span_is_on_the_reference_clock() -> None:
    """First and last of an attempt over all captures, aligned."""
    plain = client(SYN, SYN_ACK, ACK) + server(S_SYN, S_SYN_ACK, S_ACK)
    hour = plain.replace("at server", "at server clock=3600")
    both = [judge(read(t).match(known=k)) for t, k in (
        (plain, {"client": 0, "server": 0}), (hour, {"client": 0, "server": 3600 * 10**9}),
    )]  # fmt: skip
    for name in ("first", "last"):
        assert both[0][name].tolist() == both[1][name].tolist()
    assert (both[0]["last"] - both[0]["first"]).tolist() == [31 * MS]


def test_nothing() -> None:
    """No attempts."""
    table = attempts("at client\n0 alive")
    assert len(table) == 0
    assert table.schema is ATTEMPTS


def test_a_capture_that_leaves_the_answers_out_does_not_tell_that_there_were_none() -> None:
    """One client went on as after an answer, and none is recorded: of the other nobody knows."""
    others = "2.0 second > server S 7", "3.0 second > server S 7"
    found = attempts(server(S_SYN, S_ACK, *others))
    assert [OUTCOMES[o] for o in found["outcome"].tolist()] == ["completed", "inconclusive"]
    assert REASONS[found["reason"][1]] == "the server's capture leaves its answers out"
    answered = attempts(server(S_SYN, S_SYN_ACK, S_ACK, *others))
    assert [OUTCOMES[o] for o in answered["outcome"].tolist()] == ["completed", "no-reply"]


def test_syns_alone_of_which_most_are_not_repeated_were_filtered() -> None:
    """``tcp[13] == 2``: two clients were content, so the third may have been answered as well."""
    once = ["1.0 second > server S 7", "2.0 client:42001 > server S 8"]
    again = [f"{t} client:42002 > server S 9" for t in (3.0, 4.0, 6.0)]
    late = "9.0 client:42003 > server S 10"
    for lines, outcome in (
        ((*once, *again, late), "inconclusive"),
        ((once[0], *again), "no-reply"),  # one client gave up
        (
            (*once, *again, late, "9.1 server > client:42003 RA 0/11"),
            "no-reply",
        ),  # answers are there
    ):
        found = attempts(server(*lines))
        fourth = found["client_isn"] == 9
        assert [OUTCOMES[o] for o in found["outcome"][fourth].tolist()] == [outcome], lines
