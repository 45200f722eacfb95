"""Which packets bound clocks, and which must not."""

from __future__ import annotations

from collections import Counter

from traces import fates, read


def test_two_pairs_of_hosts() -> None:
    """Two pairs that share no packet with each other: each pair's clocks are compared by
    what it shares, or a loss in it could not be witnessed, nor an arrival be paired."""
    scene = read("""
        at client
        -20.0 alive
        0.000 client > server S 100 ts=1
        0.020 server > client SA 900/101 ts=2
        0.021 client > server A 101/901 ts=3
        20.0 alive
        at server clock=-1800
        -20.0 alive
        0.010 client > server S 100 ts=1
        0.011 server > client SA 900/101 ts=2
        0.031 client > server A 101/901 ts=3
        20.0 alive
        at second clock=900
        -1.0 alive
        0.000 second > other S 100 ts=1
        0.020 other > second SA 900/101 ts=2
        0.021 second > other A 101/901 ts=3
        1.000 second:7 > other S 50 ts=4
        2.000 second:7 > other S 50 ts=5
        3.0 alive
        at other clock=3600
        -1.0 alive
        0.010 second > other S 100 ts=1
        0.011 other > second SA 900/101 ts=2
        0.031 second > other A 101/901 ts=3
        2.010 second:7 > other S 50 ts=5
        2.011 other > second:7 SA 60/51 ts=6
        3.0 alive""")
    found = scene.match()
    assert Counter(fates(found)) == {
        "syn delivered": 3, "syn-ack delivered": 2, "ack delivered": 2,
        "syn lost": 1, "syn-ack lost": 1,
    }  # fmt: skip
    assert sorted(c.grade for c in found.clocks) == [
        "absent", "accurate", "accurate", "accurate",
    ]  # fmt: skip


def test_a_repetition_bounds_no_clock() -> None:
    """The client's capture ends after its first SYN, which was lost; the server has only the
    second one, without TSval: taken for one packet they would set the clocks a second
    apart. With TSval they differ, and with the capture going on both are in it."""
    client, ends = "0.0 client > server S 100 {}", "0.3 alive"
    server = "-9.0 alive\n1.0 client > server S 100 {}\n9.0 alive"
    for stamps in (("", ""), ("ts=7", "ts=8")):
        scene = read(
            f"at client\n-9.0 alive\n{client.format(stamps[0])}\n{ends}\n"
            f"at server\n{server.format(stamps[1])}"
        )
        matched = scene.match()
        assert [clock.grade for clock in matched.clocks] == ["accurate", "absent"]
        assert [clock.offset for clock in matched.clocks] == [0, 0]


def test_a_late_repetition_bounds_no_clock() -> None:
    """Of the SYN-ACK each end has one that the other has not, sixteen seconds apart; the SYNs tell
    how the clocks stand."""
    scene = read("""
        at client
        -9.0 alive
        0.000 client > server S 100 id=5
        1.000 client > server S 100 id=6
        31.1 server > client SA 900/101
        40.0 alive
        at server
        -0.1 alive
        0.010 client > server S 100 id=5
        1.010 client > server S 100 id=6
        15.1 server > client SA 900/101
        19.0 alive""")
    (clock,) = [c for c in scene.match().clocks if c.reference != c.host]
    assert clock.grade == "one-sided"
    assert abs(clock.offset) == 10_000_000
