"""One address, or one MAC, that is in everything."""

from __future__ import annotations

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
