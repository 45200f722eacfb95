"""A client's and a server's capture, line by line, whose clocks agree."""

from __future__ import annotations

from traces import fates, read

BEFORE, AFTER = "-5.0 alive", "20.0 alive"
LOST_TWICE = """
    0.010 client > server S 100
    0.011 server > client SA 900/101
    1.011 server > client SA 900/101"""


def known(client: str, server: str, *, at_client: str = "", at_server: str = "") -> list[str]:
    """Fates of the transmissions between two captures whose clocks are known to agree."""
    scene = read(f"at client {at_client}\n{client}\nat server {at_server}\n{server}")
    return fates(scene.match(known={"client": 0, "server": 0}))


SYN_AT_CLIENT = "0.000 client > server S 100"
ALIVE = f"{BEFORE}\n{SYN_AT_CLIENT}\n{AFTER}"
ALIVE_SERVER = """-1.0 second > server S 7
    -0.9 server > second SA 8/8"""
