"""Which of two captures of one attempt is nearer to whom."""

from __future__ import annotations

from traces import ip, read, sides

from synack.handshake.vantage import CLIENT, NEITHER, SERVER

C, S, N = CLIENT, SERVER, NEITHER


def test_comparison_by_time() -> None:
    """The nearer to the server, the sooner the answer follows the SYN."""
    scene = read("""
        at far
        0.000 client > server S 100 nomac
        0.020 server > client SA 900/101 nomac
        at near
        0.010 client > server S 100 nomac
        0.0101 server > client SA 900/101 nomac""")
    found, vantages = sides(scene)
    assert found == [C, S]
    assert vantages[0].addresses == {ip("client")}
    assert vantages[1].addresses == {ip("server")}
    assert vantages[0].basis == "comparison of captures"


def test_comparison_by_loss() -> None:
    """A SYN-ACK that one capture lacks was lost on the way to it."""
    scene = read("""
        at far
        0.000 client > server S 100 nomac
        1.000 client > server S 100 nomac
        at near clock=100
        0.010 client > server S 100 nomac
        0.0101 server > client SA 900/101 nomac
        1.010 client > server S 100 nomac
        1.0101 server > client SA 900/101 nomac""")
    assert sides(scene)[0] == [C, S]


def test_one_host_under_two_names() -> None:
    """Two captures of one place: neither is nearer."""
    place = """0.000 client > server S 100 nomac
               0.020 server > client SA 900/101 nomac"""
    assert sides(read(f"at a\n{place}\nat b\n{place}"))[0] == [N, N]
