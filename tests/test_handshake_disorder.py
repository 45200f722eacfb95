"""Resets that stand before the SYN that they answer."""

from __future__ import annotations

import pytest
from traces import read

from synack.handshake.outcome import judge
from synack.model import OUTCOMES

SYN = "0.000000 client > server S 100"
RESET = "server > client RA 0/101"


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (f"0.000100 {RESET}\n{SYN}", "refused"),
        (f"0.000100 {RESET}\n0.000150 {RESET}\n{SYN}", "refused"),
        (f"{SYN}\n0.000100 {RESET}", "refused"),
        # Before the SYN by its time as well: of an older attempt.
        (f"-0.000100 {RESET}\n{SYN}", "unanswered"),
        # The clock was set back in between.
        (f"0.200000 {RESET}\n{SYN}", "unanswered"),
        (f"0.000100 server > client RA 0/102\n{SYN}", "unanswered"),
        (f"0.000100 server > client R 101\n{SYN}", "unanswered"),
    ],
    ids=["out of order", "twice", "in order", "before", "long before", "another SYN's", "no ACK"],
)
def test_a_reset_before_its_syn(lines: str, outcome: str) -> None:
    """How the attempt ended, as the client's capture tells."""
    found = judge(read(f"at client\n-5 alive\n{lines}\n20 alive").match())
    assert [OUTCOMES[code] for code in found["outcome"]] == [outcome]


def test_its_own_capture_has_what_the_server_sent() -> None:
    """So that it is not lost."""
    client = f"at client\n-5 alive\n0.000100 {RESET}\n{SYN}\n20 alive\n"
    server = f"at server\n-5 alive\n0.000050 client > server S 100\n0.000060 {RESET}\n20 alive"
    assert (read(client + server).match().transmissions["arrived"] >= 0).all()


def test_a_copy_of_a_reset_is_no_second_one() -> None:
    """A bridge shows it before the SYN and after it: the client got it, and none is lost."""
    client = f"at client\n-5 alive\n{SYN}\n0.000100 {RESET}\n20 alive\n"
    server = (
        f"at server\n-5 alive\n0.000050 {RESET}\n0.000050 client > server S 100\n"
        f"0.000053 {RESET}\n20 alive"
    )
    m = read(client + server).match()
    assert (m.transmissions["arrived"] >= 0).all()
