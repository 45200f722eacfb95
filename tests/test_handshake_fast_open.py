"""SYNs with data, of which one capture has the answer alone."""

from __future__ import annotations

import pytest
from traces import read

from synack.handshake.outcome import judge
from synack.model import OUTCOMES

SYN = "at client\n-5 alive\n0.000 client > server S {isn} len=20\n"
ANSWERED = SYN + "0.020 server > client SA 900/{ack}\n0.021 client > server A {ack}/901\n20 alive\n"
SERVER = "at server\n-40 alive\n0.010 server > client SA 900/{ack}\n20 alive"
DATA = "0.011 server > client A {next}/{ack} len=5"


@pytest.mark.parametrize(
    ("at_client", "isn", "ack", "attempts"),
    [
        (ANSWERED, 100, 121, {100: "completed"}),
        (ANSWERED, 100, 101, {100: "completed"}),
        (ANSWERED, 2**32 - 10, 11, {2**32 - 10: "completed"}),
        (SYN + "20 alive\n", 100, 121, {100: "syn-ack-lost"}),
        (SYN + "20 alive\n", 100, 122, {100: "inconclusive", 121: "syn-ack-lost"}),
    ],
    ids=["with its data", "without", "past 2^32", "lost", "more than its data"],
)  # fmt: skip
def test_an_answer_to_a_syn_elsewhere(
    at_client: str, isn: int, ack: int, attempts: dict[int, str]
) -> None:
    """Which attempts there are, by ISN, and how each ended."""
    trace = (at_client + SERVER).format(isn=isn, ack=ack)
    found = judge(read(trace).match())
    outcomes = [OUTCOMES[code] for code in found["outcome"]]
    assert dict(zip(found["client_isn"].tolist(), outcomes, strict=True)) == attempts


def test_what_the_server_sends_before_the_handshake_is_over() -> None:
    """It completes nothing, also where a third capture has the answers alone."""
    trace = SYN + "20 alive\nat server\n-5 alive\n0.010 client > server S {isn} len=20\n"
    answers = "0.010 server > client SA 900/{ack}\n" + DATA + "\n20 alive\n"
    trace += answers + "at other\n-5 alive\n" + answers
    found = judge(read(trace.format(isn=100, ack=121, next=901)).match())
    assert [OUTCOMES[code] for code in found["outcome"]] == ["syn-ack-lost"]
