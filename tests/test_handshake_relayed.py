"""What a host passes on."""

from __future__ import annotations

from traces import read, sides

from synack.handshake.vantage import CLIENT, NEITHER, SERVER

C, S, N = CLIENT, SERVER, NEITHER


def test_forwarding() -> None:
    """Every segment twice, the second time with a lower TTL and from the router's MAC."""
    scene = read("""
        at x
        0.0000 client > server S 100 to=router
        0.0001 client > server S 100 from=router ttl=63
        0.0100 server > client SA 900/101 to=router
        0.0101 server > client SA 900/101 from=router ttl=63""")
    found, (vantage,) = sides(scene)
    assert found == [N]
    assert vantage.tap
    assert not vantage.addresses
