"""Resets in a client's name by another machine."""

from __future__ import annotations

import pytest
from traces import read

from synack.handshake.vantage import CLIENT, NEITHER, SERVER

SEEN = "0.010 client > server S 100\n0.011 server > client SA 900/101\n"
RESET = "0.031 client > server R 101"
AGAIN = "1.010 client > server S 100\n"


@pytest.mark.parametrize(
    ("lines", "resumed"),
    [
        (SEEN + RESET, False),
        (SEEN + RESET + " from=stale", True),
        (SEEN + RESET + " from=stale ttl=63", False),
        (SEEN + RESET + " nomac", False),
        (SEEN + RESET + "\n" + AGAIN, True),
        (SEEN + RESET + "\n0.090 client > server S 100", False),
        (SEEN + AGAIN + "1.011 server > client SA 900/101\n1.031 client > server R 101", False),
        ("0.011 server > client SA 900/101\n" + RESET + " from=stale", False),
        (SEEN, False),
    ],
    ids=["its own", "another MAC", "past a router", "no MAC", "the SYN again", "overtook a SYN",
         "its own at last", "no SYN", "none"],
)  # fmt: skip
def test_resumed(lines: str, resumed: bool) -> None:
    """Whether the client went on, as the server's capture tells."""
    assert read(f"at server\n{lines}\n20 alive").match().resumed.tolist() == [resumed]


@pytest.mark.parametrize(
    ("at_client", "reset", "side"),
    [
        ("0.020 server > client SA 900/101", " from=stale", NEITHER),
        ("0.020 server > client SA 900/101", "", CLIENT),
        ("0.0 client > server S 100\n0.020 server > client SA 900/101", " from=stale", CLIENT),
    ],
    ids=["has the address as well", "the client's own", "has the SYN"],
)
def test_an_impostor_is_not_the_client(at_client: str, reset: str, side: int) -> None:
    """Where its capture has the reset and none of the SYNs."""
    client = f"at client\n-5 alive\n{at_client}\n0.021 client > server R 101{reset}\n20 alive\n"
    server = f"at server\n-5 alive\n{SEEN}{RESET}{reset}\n20 alive"
    assert read(client + server).match().side.tolist() == [side, SERVER]
