"""What a host did shows what it received."""

from __future__ import annotations

from ends import AFTER, BEFORE, SYN_AT_CLIENT, known


class TestProof:
    """What a host did shows what it received."""

    def test_the_ack_proves_the_syn_ack(self) -> None:
        """The client's capture lacks it and has the ACK: it was not lost."""
        client = f"{BEFORE}\n{SYN_AT_CLIENT}\n0.021 client > server A 101/901\n{AFTER}"
        server = "0.010 client > server S 100\n0.011 server > client SA 900/101\n20 alive"
        assert known(client, server)[1] == "syn-ack unwitnessed"

    def test_the_syn_ack_proves_the_syn(self) -> None:
        """The server's capture lacks the SYN that it answered."""
        client = f"{SYN_AT_CLIENT}\n0.020 server > client SA 900/101\n{AFTER}"
        server = f"{BEFORE}\n0.011 server > client SA 900/101\n{AFTER}"
        assert known(client, server) == ["syn unwitnessed", "syn-ack delivered"]

    def test_an_answer_proves_it_though_the_capture_has_nothing(self) -> None:
        """The client has the SYN-ACK and the server's capture nothing of the attempt."""
        client = f"""{SYN_AT_CLIENT}\n0.020 server > client SA 900/101
            0.021 client > server A 101/901\n{AFTER}"""
        assert known(client, f"{BEFORE}\n{AFTER}") == ["syn unwitnessed", "ack unwitnessed"]

    def test_data_proves_the_ack(self) -> None:
        """The server went on, so the ACK that its capture lacks arrived."""
        client = (
            f"{SYN_AT_CLIENT}\n0.020 server > client SA 900/101\n"
            + f"0.021 client > server A 101/901\n{AFTER}"
        )
        server = """-5 alive\n0.010 client > server S 100\n0.011 server > client SA 900/101
            0.040 server > client A 901/101 len=9\n20 alive"""
        assert "ack unwitnessed" in known(client, server)

    def test_a_filter_that_leaves_a_leg_out(self) -> None:
        """The client's capture has no SYN-ACK of a handshake that completed: no witness for
        the SYN-ACKs of the others, however many are missing."""
        client = f"""{BEFORE}
            0.000 client:1 > server S 5
            0.021 client:1 > server A 6/71
            1.000 client > server S 100
            {AFTER}"""
        server = """-5 alive
            0.010 client:1 > server S 5
            0.011 server > client:1 SA 70/6
            0.031 client:1 > server A 6/71
            1.010 client > server S 100
            1.011 server > client SA 900/101
            2.011 server > client SA 900/101
            4.011 server > client SA 900/101
            20 alive"""
        assert known(client, server).count("syn-ack unwitnessed") == 4
        assert "syn-ack lost" not in known(client, server)

    def test_what_a_capture_is_known_to_have_missed(self) -> None:
        """It has one SYN-ACK and lacks another that arrived: one missing proves nothing."""
        client = f"""{BEFORE}
            0.000 client:1 > server S 5
            0.020 server > client:1 SA 70/6
            0.021 client:1 > server A 6/71
            0.100 client:2 > server S 5
            0.121 client:2 > server A 6/71
            1.000 client > server S 100
            {AFTER}"""
        both = """
            0.010 client:1 > server S 5
            0.011 server > client:1 SA 70/6
            0.031 client:1 > server A 6/71
            0.110 client:2 > server S 5
            0.111 server > client:2 SA 70/6
            0.131 client:2 > server A 6/71
            1.010 client > server S 100
            1.011 server > client SA 900/101\n"""
        once, twice = both + "20 alive", both + "2.011 server > client SA 900/101\n20 alive"
        assert "syn-ack lost" not in known(client, once)
        assert known(client, twice).count("syn-ack lost") == 2
