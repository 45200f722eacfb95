"""Retransmissions are told apart."""

from __future__ import annotations

import pytest
from ends import AFTER, BEFORE, LOST_TWICE, SYN_AT_CLIENT, known


class TestPaired:
    """Retransmissions are told apart."""

    def test_by_timestamp(self) -> None:
        """TSval says which of the two arrived, against order and time."""
        client = f"""{BEFORE}\n0.000 client > server S 100 ts=1
            1.500 server > client SA 900/101 ts=51\n{AFTER}"""
        server = """0.010 client > server S 100 ts=1
            0.011 server > client SA 900/101 ts=51
            1.011 server > client SA 900/101 ts=52
            20 alive"""
        assert known(client, server) == ["syn delivered", "syn-ack delivered", "syn-ack lost"]

    def test_by_order(self) -> None:
        """Without it the arrival is of the latest that had left."""
        client = f"{BEFORE}\n{SYN_AT_CLIENT}\n1.500 server > client SA 900/101\n{AFTER}"
        assert known(client, LOST_TWICE) == ["syn delivered", "syn-ack lost", "syn-ack delivered"]

    def test_two_syn_acks_of_other_numbers(self) -> None:
        """A SYN-ACK with a new ISN is another transmission, not a repetition."""
        server = """0.010 client > server S 100
            0.011 server > client SA 900/101
            9.000 server > client SA 7000/101
            20 alive"""
        client = f"{BEFORE}\n{SYN_AT_CLIENT}\n0.020 server > client SA 900/101\n{AFTER}"
        assert known(client, server) == ["syn delivered", "syn-ack delivered", "syn-ack lost"]


@pytest.mark.parametrize(
    ("came", "until", "stamps", "fate"),
    [
        ("8.020", 0.9, "", "lost"),
        ("8.020", 20, "", "lost"),
        ("1.020", 0.3, "", "lost"),
        ("1.020", 0.9, "", "delivered"),
        ("0.420", 0.3, "", "delivered"),
        ("1.020", 20, "", "delivered"),
        ("8.020", 0.9, "ts=7", "delivered"),
    ],
    ids=[
        "too late for it", "too late on the whole", "due again, after the capture's end",
            "too soon after its end",
        "not due again", "not repeated", "known by its timestamp",
    ],
)  # fmt: skip
def test_what_comes_long_after_is_a_repetition(came, until, stamps, fate) -> None:
    """The server's capture ended before the SYN-ACK was repeated; the client got a repetition."""
    client = f"-5.0 alive\n{SYN_AT_CLIENT}\n{came} server > client SA 900/101 {stamps}\n20 alive"
    server = f"0.010 client > server S 100\n0.011 server > client SA 900/101 {stamps}"
    assert known(client, f"{server}\n{until} alive") == ["syn delivered", f"syn-ack {fate}"]


def test_what_was_sent_after_the_end_is_not_paired() -> None:
    """The client did not get the first; the server's capture ended before the last."""
    client = f"""{BEFORE}\n{SYN_AT_CLIENT}\n1.012 server > client SA 900/101
        3.012 server > client SA 900/101\n{AFTER}"""
    server = f"""{BEFORE}\n0.010 client > server S 100\n0.011 server > client SA 900/101
        1.011 server > client SA 900/101\n1.1 alive"""
    found = [one for one in known(client, server) if one.startswith("syn-ack")]
    assert found == ["syn-ack lost", "syn-ack delivered"]


@pytest.mark.parametrize(("began", "fate"), [(0.5, "lost"), (-5, "delivered")])
def test_what_comes_long_before_is_not_it(began: float, fate: str) -> None:
    """The server's capture began after the first of the SYN-ACKs; the client got that one. One
    that was on all the time has all: the clocks are less sure than they seem."""
    client = f"-5.0 alive\n{SYN_AT_CLIENT}\n0.012 server > client SA 900/101\n20 alive"
    server = f"{began} alive\n1.011 server > client SA 900/101\n20 alive"
    assert f"syn-ack {fate}" in known(client, server)
