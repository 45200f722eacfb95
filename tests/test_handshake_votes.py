"""What a sighting tells by itself of the side that it was captured on."""

from __future__ import annotations

import pytest
from traces import ip, read, sides

from synack.handshake.vantage import CLIENT, NEITHER, SERVER

C, S, N = CLIENT, SERVER, NEITHER

ONE_SYN = "0.0 client > server S 100"


@pytest.mark.parametrize(("host", "side"), [("client", C), ("server", S), ("other", N)])
def test_name(host: str, side: int) -> None:
    """The user, or the name, says whose addresses they are."""
    found, (vantage,) = sides(read(f"at {host}\n{ONE_SYN}"), named=True)
    assert found == [side]
    assert ip(host) in vantage.addresses
    assert vantage.basis == ("named addresses" if side else "")


@pytest.mark.parametrize(
    ("line", "side"),
    [
        ("0.0 client > server S 100 dir=out nomac", C),
        ("0.0 client > server S 100 dir=in nomac", S),
        ("0.0 server > client SA 900/101 dir=in nomac", C),
        ("0.0 server > client SA 900/101 dir=out nomac", S),
        ("0.0 client > server S 100 nomac", N),
    ],
)
def test_direction(line: str, side: int) -> None:
    """The kernel noted whether a frame came in or went out."""
    found, (vantage,) = sides(read(f"at x\n{line}"))
    assert found == [side]
    assert vantage.basis == ("direction noted by the kernel" if side else "")


@pytest.mark.parametrize(("role", "side"), [("client", C), ("server", S)])
def test_counters(role: str, side: int) -> None:
    """A host that only opened connections, or only accepted, by its own counters."""
    found, (vantage,) = sides(read(f"at x role={role}\n{ONE_SYN}"))
    assert found == [side]
    assert vantage.basis == "counters of the host"


@pytest.mark.parametrize(
    ("answer", "acknowledgment", "side"),
    [(0.020, 0.0201, C), (0.0001, 0.0201, S), (0.010, 0.018, N), (0.00001, 0.00002, N)],
    ids=["at the client", "at the server", "half way", "too near to tell"],
)
def test_reply_gap(answer: float, acknowledgment: float, side: int) -> None:
    """At the client the SYN-ACK takes a round trip, at the server the ACK does."""
    scene = read(f"""
        at x
        0.000 client > server S 100 nomac
        {answer} server > client SA 900/101 nomac
        {acknowledgment} client > server A 101/901 nomac""")
    found, (vantage,) = sides(scene)
    assert found == [side]
    assert vantage.basis == ("reply times" if side else "")
