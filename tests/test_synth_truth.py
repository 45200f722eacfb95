"""What happened to every transmission adds up to what became of the attempt."""

from __future__ import annotations

import pytest
from tales import KNOWS, STALE, P, played, tale

from synack.synth.truth import Attempt, Sent, Wrong


def attempt(*sent, marks=()):
    """A reset by ``c`` is the client's, all else of another host; what is "unsent" never left."""
    made = Attempt(0, "c", "10.0.1.77", 40001, "10.0.1.10", 9092, 7, 1.0)
    for leg, fate, *host in sent:
        wire = None if fate == "unsent" else 1.0
        made.sent.append(Sent(made, leg, *host or ["x"], 1.0, wire=wire, fate=fate))
    made.marks |= set(marks)
    return made


OWN_RESET = ("rst", "delivered", "c")


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (attempt(("syn", "lost")), "syn-lost"),
        (attempt(("syn", "lost"), ("syn", "delivered")), "no-reply"),
        (attempt(("syn", "delivered"), ("syn-ack", "lost")), "syn-ack-lost"),
        (attempt(("syn", "delivered"), ("syn-ack", "misdelivered")), "syn-ack-lost"),
        (attempt(("syn", "delivered"), ("syn-ack", "delivered")), "inconclusive"),
        (attempt(("ack", "lost"), marks=["connected"]), "ack-lost"),
        (attempt(marks=["connected", "established"]), "completed"),
        (attempt(("rst", "lost"), marks=["refused"]), "refused"),
        (attempt(("syn", "delivered"), ("rst", "unsent"), marks=["refused"]), "no-reply"),
        (attempt(OWN_RESET, marks=["reset"]), "rejected"),
        (attempt(("ack", "delivered"), marks=["challenged"]), "challenged"),
        (attempt(("syn", "delivered"), ("ack", "unsent"), marks=["challenged"]), "no-reply"),
        (attempt(marks=["unreachable"]), "unreachable"),
    ],
)
def test_outcomes(made, outcome):
    assert made.outcome == outcome


@pytest.mark.parametrize(
    ("made", "also"),
    [
        (attempt(("syn-ack", "delivered"), OWN_RESET, marks=["reset"]), []),
        (attempt(("syn-ack", "lost"), ("syn-ack", "delivered"), OWN_RESET, marks=["reset"]),
         ["syn-ack-lost"]),
        (attempt(("ack", "lost", "c"), OWN_RESET, marks=["connected", "reset"]), ["rejected"]),
        (attempt(("ack", "lost", "c"), marks=["connected"]), []),
        (attempt(("syn-ack", "lost"), ("rst", "delivered")), []),
    ],
    ids=["at once", "at last", "after its ACKs", "no reset", "another machine's reset"],
)  # fmt: skip
def test_two_names_that_are_both_right(made, also):
    assert made.also == also


def test_a_fate_is_final():
    sent = Sent(attempt(), "syn", "x", 1.0)
    sent.lost("firewall")
    sent.delivered(2.0)
    sent.lost("other")
    assert (sent.fate, sent.cause, sent.arrived) == ("lost", "firewall", None)


def test_who_had_which_entry_wrong():
    _, (made,) = played(tale(neighbors=[{**STALE, "kept": True}, KNOWS]))
    wrong = {s.wrong for s in made.sent if s.leg == "syn-ack"}
    assert wrong == {Wrong("broker-1", "10.0.1.77", STALE["mac"], P)}
    assert made.cause == "stale-neighbor"
    assert {mac for s in made.sent if s.leg == "syn-ack" for _, mac in s.macs} == {STALE["mac"]}


def test_a_wrong_mac_whose_owner_forwards_is_no_cause():
    relay = {"relay-2": {"address": "10.0.1.20", "mac": "0a:60:7d:28:b5:19", "forwards": True}}
    wrong = {**STALE, "mac": "0a:60:7d:28:b5:19", "state": "PERMANENT"}
    _, (made,) = played(tale(hosts=relay, neighbors=[wrong, KNOWS]))
    assert (made.outcome, made.cause) == ("completed", "")
