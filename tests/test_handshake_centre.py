"""One address, or one MAC, that is in everything."""

from __future__ import annotations

import pytest
from traces import ip, read, sides

from synack.handshake.vantage import CLIENT, SERVER

C, S = CLIENT, SERVER


def test_address_centre() -> None:
    """One address is an end of everything, others vary."""
    scene = read("""
        at x
        0.0 client > server S 100 nomac
        1.0 second > server S 200 nomac
        2.0 server > third:22 S 300 nomac""")
    found, (vantage,) = sides(scene)
    assert sorted(found) == [S, S, C]
    assert vantage.addresses == {ip("server")}
    assert vantage.basis == "one address in everything"


def test_mac_centre() -> None:
    """One MAC is in every frame, others vary: its own, behind whatever addresses."""
    scene = read("""
        at x
        0.0 client > server S 100 to=router
        1.0 second > server S 200 to=router
        2.0 client > other S 300 from=client to=router
        3.0 second > other S 400 to=router""")
    found, (vantage,) = sides(scene)
    assert found == [S, S, S, S]
    assert vantage.basis == "one MAC in everything"


ANSWERS = """
    at x
    0.0 server > client SA 900/101
    0.1 server > client A 901/106
    1.0 server > second SA 800/201"""


@pytest.mark.parametrize(
    ("more", "side", "shows"),
    [
        ("1.1 server > second A 801/206", S, "handshakes with two MACs went on"),
        ("2.0 server > second SA 800/201", 0, "one did: the others' frames may have been flooded"),
        ("1.1 server > second A 801/206 to=client", 0, "both by one MAC"),
        ("1.1 server > second A 801/206\n 1.2 other > third SA 700/301", 0, "others speak as well"),
    ],
)
def test_answers_alone(more: str, side: int, shows: str) -> None:
    """What one MAC sends, and nothing that comes to it: see ``shows``."""
    found, _ = sides(read(f"{ANSWERS}\n {more}"))
    assert set(found) == {side}, shows
