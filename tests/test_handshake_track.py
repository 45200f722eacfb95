"""The tracker, as a table of traces: what one capture shows, and what synack makes of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traces import HOSTS, ip, ns, read

from synack.handshake.states import TRANSITIONS, Event, State
from synack.handshake.track import track
from synack.tables import SEGMENTS, SIGHTINGS, Table


class Case(NamedTuple):
    """A trace; the legs in order of its lines, with the attempt of each (``syn/0``); and
    per attempt the port of the client, its ISN and its last state."""

    shows: str
    trace: str
    legs: str
    attempts: list[tuple[int, int, State]]


C = 40000
CASES = [
    Case(
        "plain",
        """0.000 client > server S 100
           0.020 server > client SA 900/101
           0.021 client > server A 101/901""",
        "syn/0 syn_ack/0 ack/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "a retransmitted SYN is the same attempt",
        """0.0 client > server S 100
           1.0 client > server S 100
           3.0 client > server S 100""",
        "syn/0 syn/0 syn/0",
        [(C, 100, State.SYN_SENT)],
    ),
    Case(
        "a retransmitted SYN-ACK is the same attempt",
        """0.0 client > server S 100
           0.1 server > client SA 900/101
           1.1 server > client SA 900/101
           1.2 client > server A 101/901""",
        "syn/0 syn_ack/0 syn_ack/0 ack/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "a SYN-ACK with a new ISN, after the request socket expired, is answered by its own ACK",
        """0.0 client > server S 100
           0.1 server > client SA 900/101
           63.0 client > server S 100
           63.1 server > client SA 7000/101
           63.2 client > server A 101/7001""",
        "syn/0 syn_ack/0 syn/0 syn_ack/0 ack/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "simultaneous open is an attempt a direction, and each SYN-ACK completes the other",
        """0.000 client > server S 100
           0.001 server > client S 900
           0.002 client > server SA 100/901
           0.003 server > client SA 900/101""",
        "syn/0 syn/1 syn_ack/1 syn_ack/0",
        [(C, 100, State.ESTABLISHED), (9092, 900, State.ESTABLISHED)],
    ),
    Case(
        "TCP Fast Open: data in the SYN, the server's data before the client's ACK",
        """0.000 client > server S 100 len=20
           0.001 server > client SA 900/121
           0.002 server > client A 901/121 len=50
           0.003 client > server A 121/951""",
        "syn/0 syn_ack/0 none ack/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "TCP Fast Open: a server that takes only the SYN and not its data",
        """0.000 client > server S 100 len=20
           0.001 server > client SA 900/101
           0.002 client > server A 101/901 len=20""",
        "syn/0 syn_ack/0 ack/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "TCP Fast Open: a SYN-ACK for part of the data is still for this SYN",
        """0.000 client > server S 100 len=20
           0.001 server > client SA 900/111""",
        "syn/0 syn_ack/0",
        [(C, 100, State.SYN_RECEIVED)],
    ),
    Case(
        "the same port with a new ISN is a new attempt; late segments stay with the old one",
        """0.000 client > server S 100
           1.000 client > server S 5000
           1.001 server > client SA 900/101
           1.002 server > client SA 800/5001
           1.003 client > server A 5001/801""",
        "syn/0 syn/1 syn_ack/0 syn_ack/1 ack/1",
        [(C, 100, State.SYN_RECEIVED), (C, 5000, State.ESTABLISHED)],
    ),
    Case(
        "refused: RST acknowledges the SYN",
        """0.0 client > server S 100
           0.1 server > client RA 0/101""",
        "syn/0 rst_server/0",
        [(C, 100, State.REFUSED)],
    ),
    Case(
        "refused: RST acknowledges the data of a Fast Open SYN too",
        """0.0 client > server S 100 len=20
           0.1 server > client RA 0/121""",
        "syn/0 rst_server/0",
        [(C, 100, State.REFUSED)],
    ),
    Case(
        "a RST that does not acknowledge the SYN is ignored (RFC 9293 3.10.7.3)",
        """0.0 client > server S 100
           0.1 server > client RA 0/99
           0.2 server > client R 5""",
        "syn/0 none none",
        [(C, 100, State.SYN_SENT)],
    ),
    Case(
        "rejected: the client answers the SYN-ACK with RST",
        """0.0 client > server S 100
           0.1 server > client SA 900/101
           0.2 client > server R 101""",
        "syn/0 syn_ack/0 rst_client/0",
        [(C, 100, State.REJECTED)],
    ),
    Case(
        "a RST of the server after its SYN-ACK is no answer to the SYN",
        """0.0 client > server S 100
           0.1 server > client SA 900/101
           0.2 server > client R 901""",
        "syn/0 syn_ack/0 rst_server/0",
        [(C, 100, State.SYN_RECEIVED)],
    ),
    Case(
        "a RST of the server after the ACK came too late: the handshake was done",
        """0.0 client > server S 100
           0.1 server > client SA 900/101
           0.2 client > server A 101/901
           0.3 server > client R 901""",
        "syn/0 syn_ack/0 ack/0 rst_server/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "a RST of the client after its ACK came too late",
        """0.0 client > server S 100
           0.1 server > client SA 900/101
           0.2 client > server A 101/901
           0.3 client > server RA 101/901""",
        "syn/0 syn_ack/0 ack/0 rst_client/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "challenge ACK of an old connection, the client resets it, and the retry completes",
        """0.000 client > server S 100
           0.001 server > client A 500000/600000
           0.002 client > server R 600000
           1.000 client > server S 100
           1.001 server > client SA 900/101
           1.002 client > server A 101/901""",
        "syn/0 challenge/0 rst_client/0 syn/0 syn_ack/0 ack/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "a challenge's old numbers may be ahead of the SYN by chance, or behind it",
        """0.000 client > server S 100
           0.001 server > client A 500000/0x3fffffff
           0.002 second > server S 100
           0.003 server > second A 500000/0xf0000000""",
        "syn/0 challenge/0 syn/1 challenge/1",
        [(C, 100, State.CHALLENGED), (C, 100, State.CHALLENGED)],
    ),
    Case(
        "challenged, and nothing more",
        """0.000 client > server S 100
           0.001 server > client A 500000/600000
           1.000 client > server S 100
           1.001 server > client A 500000/600000""",
        "syn/0 challenge/0 syn/0 challenge/0",
        [(C, 100, State.CHALLENGED)],
    ),
    Case(
        "challenged; an ACK with the old connection's numbers does not complete the new one",
        """0.000 client > server S 100
           0.001 server > client A 500000/600000
           0.002 client > server A 600000/500000""",
        "syn/0 challenge/0 none",
        [(C, 100, State.CHALLENGED)],
    ),
    Case(
        "challenged, then refused",
        """0.000 client > server S 100
           0.001 server > client A 500000/600000
           0.002 client > server R 600000
           1.000 client > server S 100
           1.001 server > client RA 0/101""",
        "syn/0 challenge/0 rst_client/0 syn/0 rst_server/0",
        [(C, 100, State.REFUSED)],
    ),
    Case(
        "a bare ACK after the SYN-ACK is no challenge",
        """0.000 client > server S 100
           0.001 server > client SA 900/101
           0.002 server > client A 0xf0000000/600000""",
        "syn/0 syn_ack/0 none",
        [(C, 100, State.SYN_RECEIVED)],
    ),
    Case(
        "ICMP quoting the SYN",
        """0.000 client > server S 100
           0.001 client > server QS 100""",
        "syn/0 icmp/0",
        [(C, 100, State.UNREACHABLE)],
    ),
    Case(
        "ICMP quoting the SYN-ACK",
        """0.000 client > server S 100
           0.001 server > client SA 900/101
           3.000 server > client QSA 900/101""",
        "syn/0 syn_ack/0 icmp/0",
        [(C, 100, State.UNREACHABLE)],
    ),
    Case(
        "ICMP quoting something else is nobody's",
        """0.000 client > server S 100
           0.001 client > server QS 99""",
        "syn/0 none",
        [(C, 100, State.SYN_SENT)],
    ),
    Case(
        "unreachable at first, and then it works",
        """0.000 client > server S 100
           0.001 client > server QS 100
           1.000 client > server S 100
           1.001 server > client SA 900/101
           1.002 client > server A 101/901""",
        "syn/0 icmp/0 syn/0 syn_ack/0 ack/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "the client's ACK with the SYN-ACK unseen: asymmetric routing, or a dropped frame",
        """0.000 client > server S 100
           0.021 client > server A 101/901""",
        "syn/0 ack/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "an ACK that does not acknowledge the SYN-ACK does not complete",
        """0.000 client > server S 100
           0.020 server > client SA 900/101
           0.021 client > server A 101/900""",
        "syn/0 syn_ack/0 none",
        [(C, 100, State.SYN_RECEIVED)],
    ),
    Case(
        "the server goes on, so the unseen ACK arrived",
        """0.000 client > server S 100
           0.020 server > client SA 900/101
           0.060 server > client A 901/181""",
        "syn/0 syn_ack/0 progress/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "the ACK that completes may carry data, or come with later data first",
        """0.000 client > server S 100
           0.020 server > client SA 900/101
           0.021 client > server A 111/901 len=10""",
        "syn/0 syn_ack/0 ack/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "a late segment of an older connection on these ports completes nothing",
        """0.000 client > server S 100
           0.001 client > server A 500000/600000""",
        "syn/0 none",
        [(C, 100, State.SYN_SENT)],
    ),
    Case(
        "the server's first data with the SYN-ACK unseen acknowledges the client's first flight",
        """0.000 client > server S 100
           0.060 server > client A 901/14701 len=100""",
        "syn/0 progress/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "an orphan SYN-ACK opens an attempt: its acknowledgment tells the ISN",
        """0.020 server > client SA 900/101
           0.021 client > server A 101/901""",
        "syn_ack/0 ack/0",
        [(C, 100, State.ESTABLISHED)],
    ),
    Case(
        "a SYN after the SYN-ACK it caused (one capture, two queues) joins it",
        """0.020 server > client SA 900/101
           0.021 client > server S 100""",
        "syn_ack/0 syn/0",
        [(C, 100, State.SYN_RECEIVED)],
    ),
    Case(
        "sequence numbers wrap: ISN 0xffffffff at both ends",
        """0.000 client > server S 0xffffffff
           0.020 server > client SA 0xffffffff/0
           0.021 client > server A 0/0""",
        "syn/0 syn_ack/0 ack/0",
        [(C, 0xFFFF_FFFF, State.ESTABLISHED)],
    ),
    Case(
        "a refusal wraps as well",
        """0.000 client > server S 0xffffffff
           0.020 server > client RA 0/0""",
        "syn/0 rst_server/0",
        [(C, 0xFFFF_FFFF, State.REFUSED)],
    ),
    Case(
        "ISN 0: the SYN-ACK's acknowledgment is 1",
        """0.000 client > server S 0
           0.020 server > client SA 0/1
           0.021 client > server A 1/1""",
        "syn/0 syn_ack/0 ack/0",
        [(C, 0, State.ESTABLISHED)],
    ),
    Case(
        "two captures are two sightings, though the numbers are the same",
        """at client
           0.000 client > server S 100
           0.020 server > client SA 900/101
           at server
           0.010 client > server S 100
           0.011 server > client SA 900/101""",
        "syn/0 syn_ack/0 syn/1 syn_ack/1",
        [(C, 100, State.SYN_RECEIVED), (C, 100, State.SYN_RECEIVED)],
    ),
    Case(
        "other ports, other addresses: other attempts",
        """0.000 client:1 > server S 100
           0.001 client:2 > server S 100
           0.002 second:1 > server S 100
           0.003 server > client:2 SA 900/101""",
        "syn/0 syn/1 syn/2 syn_ack/1",
        [(1, 100, State.SYN_SENT), (2, 100, State.SYN_RECEIVED), (1, 100, State.SYN_SENT)],
    ),
    Case(
        "the two ends may use the same port",
        """0.000 client:9092 > server S 100
           0.001 server > client:9092 SA 900/101
           0.002 client:9092 > server A 101/901""",
        "syn/0 syn_ack/0 ack/0",
        [(9092, 100, State.ESTABLISHED)],
    ),
    Case(
        "segments of no handshake are nobody's",
        """0.000 client > server A 101/901
           0.001 server > client A 901/101
           0.002 client > server R 101
           0.003 client > server QA 101""",
        "none none none none",
        [],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.shows)
def test_trace(case: Case) -> None:
    """Legs and last states are those of the case."""
    sightings, attempt, leg, _ = track(read(case.trace).segments)
    named = zip(leg.tolist(), attempt.tolist(), strict=True)
    places = dict(zip(_order(attempt), range(len(sightings)), strict=True))
    found = [f"{Event(e).name.lower()}/{places[a]}" if a >= 0 else "none" for e, a in named]
    assert " ".join(found) == case.legs
    rows = list(sightings.rows())
    assert [
        (rows[a]["client_port"], rows[a]["client_isn"], State(rows[a]["state"])) for a in places
    ] == case.attempts


def _order(attempt: np.ndarray) -> list[int]:
    """Attempts in order of their first segment."""
    return list(dict.fromkeys(a for a in attempt.tolist() if a >= 0))


def test_columns_of_a_sighting() -> None:
    """Who, from when to when, and what was seen."""
    trace = """at client
        0.0 client > server S 100
        1.0 client > server S 100
        1.5 server > client RA 0/101"""
    sightings = track(read(trace).segments).sightings
    assert list(sightings.rows()) == [
        {
            "capture": 0,
            "client_hi": ip("client")[0],
            "client_lo": ip("client")[1],
            "server_hi": ip("server")[0],
            "server_lo": ip("server")[1],
            "client_port": HOSTS["client"][1],
            "server_port": HOSTS["server"][1],
            "client_isn": 100,
            "state": State.REFUSED,
            "seen": 1 << Event.SYN | 1 << Event.RST_SERVER,
            "first": ns(0),
            "last": ns(1.5),
            "row": 0,
            "syn_row": 0,
            "syn_ack_row": -1,
            "several_macs": False,
        }
    ]


def test_order_is_that_of_the_capture() -> None:
    """A clock set back in the middle of a handshake changes its times and nothing else."""
    trace = """0.000 client > server S 100
        -3600.0 server > client SA 900/101
        -3599.9 client > server A 101/901"""
    sightings, _, leg, _ = track(read(trace).segments)
    assert leg.tolist() == [Event.SYN, Event.SYN_ACK, Event.ACK]
    assert sightings["state"].tolist() == [State.ESTABLISHED]
    assert sightings["first"].tolist() == [ns(-3600)]
    assert sightings["last"].tolist() == [ns(0)]


def test_nothing() -> None:
    """No segments, no sightings."""
    sightings, attempt, leg, _ = track(Table.empty(SEGMENTS))
    assert (len(sightings), len(attempt), len(leg)) == (0, 0, 0)
    assert sightings.schema is SIGHTINGS


SEGMENT = st.tuples(
    st.sampled_from(["client > server", "server > client"]),
    st.sampled_from(["S", "SA", "A", "R", "RA", "QS", "QSA"]),
    st.sampled_from([0, 1, 100, 101, 900, 901, 0xFFFF_FFFF]),
    st.sampled_from([0, 1, 100, 101, 900, 901, 0xFFFF_FFFF]),
    st.sampled_from([0, 5]),
)


@settings(max_examples=200)
@given(st.lists(SEGMENT, max_size=12))
def test_any_segments(segments: list[tuple[str, str, int, int, int]]) -> None:
    """Whatever comes, in any order: every tracked row points at a sighting of its own
    connection, `seen` is what was seen, and the state is what the table makes of it."""
    lines = [
        f"{n} {ends} {flags} {seq}/{ack} len={size}"
        for n, (ends, flags, seq, ack, size) in enumerate(segments)
    ]
    table = read("\n".join(lines)).segments
    sightings, attempt, leg, _ = track(table)
    assert ((attempt < 0) == (leg == Event.NONE)).all()
    for number, row in enumerate(sightings.rows()):
        events = [Event(e) for e, a in zip(leg.tolist(), attempt.tolist(), strict=True)
                  if a == number]  # fmt: skip
        assert events[0] in {Event.SYN, Event.SYN_ACK}
        assert row["seen"] & sum(1 << e for e in set(events)) == sum(1 << e for e in set(events))
        if row["seen"] == sum(1 << e for e in set(events)):
            state = State.NEW
            for event in events:
                state = TRANSITIONS[state].get(event, state)
            assert row["state"] == state or Event.ACK in events


COPIES = [
    ("every packet twice", "c1 c2 sa sa a a", "syn copy syn_ack copy ack copy"),
    ("every packet twice, the ACK was kept once", "c1 c2 sa sa a", "syn copy syn_ack copy ack"),
    ("a mirror of one attempt's start", "c1 c1 sa sa", "syn copy syn_ack copy"),
    ("nothing but a pair", "sa sa", "syn_ack syn_ack"),
    ("an answer beside a timer's", "c1 sa sa", "syn syn_ack syn_ack"),
    (
        "a mirror, of which only one shows it",
        "c1 c1 sa sa alone alone",
        "syn copy syn_ack copy syn copy",
    ),
    ("three times", "c1 c1 c1 sa sa sa", "syn copy copy syn_ack copy copy"),
    ("at two places", "c1 routed sa", "syn copy syn_ack"),
    ("to another MAC", "c1 sa stale", "syn syn_ack syn_ack"),
    ("coming and going, twice", "in out in out", "syn_ack copy syn_ack copy"),
]
LINES = {
    "c1": "client > server S 100",
    "c2": "client > server S 100",
    "alone": "second > server S 7",
    "routed": "client > server S 100 ttl=63 from=router",
    "sa": "server > client SA 900/101",
    "stale": "server > client SA 900/101 to=stale",
    "a": "client > server A 101/901",
    "in": "server > client SA 900/101 dir=in",
    "out": "server > client SA 900/101 dir=out ttl=63 from=router",
}


@pytest.mark.parametrize(("shows", "rows", "expected"), COPIES, ids=[c[0] for c in COPIES])
def test_copies(shows: str, rows: str, expected: str) -> None:
    """One packet recorded twice counts once; two transmissions at one moment are two."""
    trace = "at client\n" + "\n".join(
        f"{n / 1000:.3f} {LINES[r]}" for n, r in enumerate(rows.split())
    )
    _, _, leg, legs = track(read(trace).segments)
    assert [Event(event).name.lower() for event in leg.tolist()] == expected.split()
    for event in set(leg.tolist()):
        assert legs.counts[:, event].sum() == leg.tolist().count(event)
