"""From which MAC a capturing host sends."""

from __future__ import annotations

from traces import mac, read, sides

from synack.handshake.vantage import CLIENT, NEITHER, SERVER

C, S, N = CLIENT, SERVER, NEITHER


class TestOwnMacs:
    """The source MAC of what a host sends."""

    def test_own(self) -> None:
        """Of its own segments only."""
        scene = read("at client\n0.0 client > server S 100\n0.1 server > client SA 900/101")
        assert sides(scene, named=True)[1][0].macs == {mac("client")}

    def test_somebody_else_uses_the_address(self) -> None:
        """The most frequent is the host's; the other is an impostor's."""
        scene = read("""
            at client
            0.0 client > server S 100
            1.0 client > server S 100
            2.0 client > server R 101 from=stale""")
        assert sides(scene, named=True)[1][0].macs == {mac("client")}

    def test_incoming_is_not_own(self) -> None:
        """A frame with the host's own source address that came in is not its own."""
        scene = read("""
            at client
            0.0 client > server S 100 dir=out
            1.0 client > server S 200 dir=in from=stale
            2.0 client > server S 200 dir=in from=stale""")
        assert sides(scene, named=True)[1][0].macs == {mac("client")}
