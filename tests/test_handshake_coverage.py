"""`lost` needs a capture that would have shown it."""

from __future__ import annotations

import pytest
from ends import AFTER, ALIVE, BEFORE, LOST_TWICE, SYN_AT_CLIENT, known
from traces import fates, read

from synack.tables import NO_TIME


class TestWitness:
    """`lost` needs a capture that would have shown it."""

    def test_alive_before_and_after(self) -> None:
        """The client's capture was on all the time and has no SYN-ACK."""
        assert known(ALIVE, LOST_TWICE) == ["syn delivered", "syn-ack lost", "syn-ack lost"]

    def test_ended_between(self) -> None:
        """It ended between the first and the second."""
        client = f"{BEFORE}\n{SYN_AT_CLIENT}\n0.900 alive"
        assert known(client, LOST_TWICE) == [
            "syn delivered", "syn-ack lost", "syn-ack unwitnessed",
        ]  # fmt: skip

    def test_the_last_moment_may_be_unflushed(self) -> None:
        """What came just before the end says nothing."""
        client = f"{BEFORE}\n{SYN_AT_CLIENT}\n1.050 alive"
        assert known(client, LOST_TWICE)[-1] == "syn-ack unwitnessed"

    def test_its_own_syn_shows_that_it_was_on(self) -> None:
        """The SYN in the capture comes before any SYN-ACK, whatever the clocks say."""
        assert known(f"{SYN_AT_CLIENT}\n{AFTER}", LOST_TWICE)[1] == "syn-ack lost"

    def test_began_later(self) -> None:
        """A server's capture that began after the first SYN witnesses only the second."""
        client = f"{SYN_AT_CLIENT}\n1.000 client > server S 100\n{AFTER}"
        assert known(client, "0.5 alive\n20 alive") == ["syn unwitnessed", "syn lost"]

    @pytest.mark.parametrize(
        ("gap", "fate"),
        [("0.005..0.5", "unwitnessed"), ("-3..-1", "lost"), ("0.050..0.5", "unwitnessed"),
         ("0.2..0.5", "lost"), ("2..3", "lost")],
        ids=["over it", "before it", "just after it", "after it settled", "long after"],
    )  # fmt: skip
    def test_a_missing_rotated_file(self, gap: str, fate: str) -> None:
        """Nobody knows what was in a file that is missing."""
        assert known(ALIVE, LOST_TWICE, at_client=f"gap={gap}")[1] == f"syn-ack {fate}"

    @pytest.mark.parametrize(
        ("drops", "fate"), [(0, "lost"), (1, "lost"), (2, "unwitnessed"), (9, "unwitnessed")]
    )
    def test_drops(self, drops: int, fate: str) -> None:
        """Two are missing: as many drops could be them, fewer not."""
        assert known(ALIVE, LOST_TWICE, at_client=f"drops={drops}")[1:] == [f"syn-ack {fate}"] * 2

    def test_drops_of_the_other_capture(self) -> None:
        """What the sender's capture dropped is another matter."""
        assert known(ALIVE, LOST_TWICE, at_server="drops=9")[1] == "syn-ack lost"

    def test_no_packet(self) -> None:
        """A capture that recorded nothing witnesses nothing."""
        scene = read(f"at client\nat server\n{LOST_TWICE}\n{AFTER}")
        assert fates(scene.match()) == ["syn-ack unwitnessed"] * 2

    def test_no_times(self) -> None:
        """A transmission without a time could have been at any."""
        scene = read(f"at client\n{ALIVE}\nat server\n{LOST_TWICE}\n{AFTER}")
        scene.rows = [
            tuple(NO_TIME if n == 3 and row[0] else v for n, v in enumerate(row))
            for row in scene.rows
        ]
        for known_clocks in ({}, {"client": 0, "server": 0}):
            assert fates(scene.match(known=known_clocks)) == [
                "syn delivered", "syn-ack unwitnessed", "syn-ack unwitnessed",
            ]  # fmt: skip

    def test_uncertain_clocks(self) -> None:
        """Without a common packet two clocks may be 5 s apart."""
        client = f"{SYN_AT_CLIENT}\n{AFTER}"
        for begin, fate in ((-4.0, "unwitnessed"), (-6.0, "lost")):
            scene = read(f"at client\n{client}\nat server\n{begin} alive\n{AFTER}")
            assert fates(scene.match()) == [f"syn {fate}"]

    def test_the_capture_lacks_the_own_syn(self) -> None:
        """The client's capture was on, and does not even have the SYN that arrived: it looks
        elsewhere, or the SYN is not the client's."""
        assert known(f"{BEFORE}\n{AFTER}", LOST_TWICE) == ["syn-ack unwitnessed"] * 2

    def test_the_capture_began_after_the_syn(self) -> None:
        """Here it could not have the SYN, and is a witness for what came later."""
        server = LOST_TWICE + "\n3.011 server > client SA 900/101"
        assert known(f"0.5 alive\n{AFTER}", server) == [
            "syn-ack unwitnessed", "syn-ack lost", "syn-ack lost",
        ]  # fmt: skip
