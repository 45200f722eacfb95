"""In a host's capture, and for another MAC than its own."""

from __future__ import annotations

import pytest
from ends import AFTER, ALIVE_SERVER, BEFORE, SYN_AT_CLIENT, known
from traces import fates, mac, read


class TestMisdelivered:
    """In the client's capture, but for another MAC: stronger proof, not delivery."""

    SERVER = """0.010 client > server S 100
        0.011 server > client SA 900/101 to=stale
        1.010 client > server S 100
        1.011 server > client SA 900/101 to=stale
        20 alive"""

    def client(self, *lines: str) -> str:
        own = ("-5 alive", SYN_AT_CLIENT, "1.000 client > server S 100")
        return "\n".join((*own, *lines, "20 alive"))

    FLOODED = (
        "0.020 server > client SA 900/101 to=stale",
        "1.020 server > client SA 900/101 to=stale",
    )

    def test_foreign_mac(self) -> None:
        """The switch flooded them; the host did not take them."""
        found = known(self.client(*self.FLOODED), self.SERVER)
        assert found[2:] == ["syn-ack misdelivered"] * 2

    def test_by_the_kernels_word(self) -> None:
        """A cooked capture has no destination MAC, but says that it was for somebody else."""
        lines = [f"{line.split(' to=')[0]} nomac dir=other" for line in self.FLOODED]
        assert known(self.client(*lines), self.SERVER)[2:] == ["syn-ack misdelivered"] * 2

    def test_the_host_answered(self) -> None:
        """It answered, and nothing else arrived: a virtual MAC, its own in truth."""
        client = self.client(self.FLOODED[0], "0.021 client > server A 101/901 from=client")
        assert known(client, self.SERVER)[2:4] == ["syn-ack delivered", "syn-ack lost"]

    @pytest.mark.parametrize(("at", "fate"), [("0.9", "delivered"), ("1.5", "misdelivered")])
    def test_the_host_answered_a_repetition(self, at: str, fate: str) -> None:
        """Before its SYN is due again, or when it has repeated that."""
        client = self.client(self.FLOODED[0], f"{at} client > server A 101/901 from=client")
        assert known(client, self.SERVER)[2] == f"syn-ack {fate}"

    def test_answered_something_proper(self) -> None:
        """It answered the one that was for it; the flooded one stays misdelivered."""
        server = self.SERVER.replace("1.011 server > client SA 900/101 to=stale",
                                     "1.011 server > client SA 900/101")  # fmt: skip
        client = self.client(
            self.FLOODED[0], "1.020 server > client SA 900/101", "1.021 client > server A 101/901"
        )
        assert known(client, server)[2:4] == ["syn-ack misdelivered", "syn-ack delivered"]

    def test_a_syn(self) -> None:
        """A stale entry at the client: its SYNs reach the server's port and not the server."""
        client = f"{BEFORE}\n0.0 client > server S 100 to=stale\n{AFTER}"
        server = f"{BEFORE}\n{ALIVE_SERVER}\n0.010 client > server S 100 to=stale\n{AFTER}"
        assert "syn misdelivered" in known(client, server)

    @pytest.mark.parametrize(("wait", "fate"), [(0.001, "delivered"), (1.1, "misdelivered")])
    def test_the_server_answered(self, wait: float, fate: str) -> None:
        """At once: a virtual MAC, its own in truth. Later: another SYN, which was not recorded."""
        syns = "\n".join(f"{at} client > server S 100 nomac" for at in (0.0, 1.0))
        client = f"{BEFORE}\n{syns}\n{AFTER}"
        server = f"""{BEFORE}
            0.010 client > server S 100 to=stale
            {0.010 + wait} server > client SA 900/101
            {AFTER}"""
        assert known(client, server)[0] == f"syn {fate}"

    def test_broadcast(self) -> None:
        """To everybody is to this host too."""
        scene = read(f"at client\n{self.client(*self.FLOODED)}\nat server\n{self.SERVER}")
        broadcast = 0xFFFF_FFFF_FFFF
        scene.rows = [tuple(broadcast if v == mac("stale") else v for v in row)
                      for row in scene.rows]  # fmt: skip
        found = fates(scene.match(known={"client": 0, "server": 0}))
        assert found[2:] == ["syn-ack delivered"] * 2


@pytest.mark.parametrize(
    ("at", "later", "fates"),
    [
        (0.2, "", ["delivered"]),
        (0.2, "0.1 server > client SA 900/101", ["misdelivered", "unwitnessed"]),
        (3.1, "", ["misdelivered"]),
    ],
    ids=["all of them", "not the last", "too late for it"],
)
def test_whose_mac_a_reset_answers(at: float, later: str, fates: list[str]) -> None:
    """A client that resets has got a SYN-ACK: of a MAC that is foreign by number alone, unless
    one was sent to its own, which its capture missed; or it came so late that neither end
    recorded what it answers."""
    client = f"""{BEFORE}
        -4.0 client > server:7 S 50
        -3.9 server:7 > client SA 60/51
        {SYN_AT_CLIENT}
        0.012 server > client SA 900/101 to=stale
        {at} client > server R 101
        {AFTER}"""
    server = f"""-3.95 server:7 > client SA 60/51
        0.010 client > server S 100
        0.011 server > client SA 900/101 to=stale
        {later}
        20 alive"""
    found = [one.split()[1] for one in known(client, server, at_client="drops=9")
             if one.startswith("syn-ack")]  # fmt: skip
    assert found[-len(fates) :] == fates
