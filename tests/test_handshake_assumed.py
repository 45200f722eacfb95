"""Captures that look like those of an end: what is said of them."""

from __future__ import annotations

import pytest
from traces import read

from synack.handshake.assumed import assumed


def attempts(at: str, ahead: float, trip: float, number: int = 3) -> str:
    """What a capture at a place has: ``ahead`` seconds of ``trip`` before the server."""
    lines = [f"at {at}", "-5 alive"]
    for n in range(number):
        syn, port = n + (trip - ahead) / 2, 41000 + n
        lines += [
            f"{syn:.6f} client:{port} > server S {n + 1}00",
            f"{syn + ahead + 0.00002:.6f} server > client:{port} SA 9/{n + 1}01",
            f"{syn + trip + 0.00004:.6f} client:{port} > server A {n + 1}01/10",
        ]
    return "\n".join([*lines, "30 alive", ""])


@pytest.mark.parametrize("ahead", [0.0, 0.0001, 0.001, 0.0019, 0.002])
def test_one_capture(ahead: float) -> None:
    """Round trips of two milliseconds: an end is one, and halfway nothing is assumed."""
    matched = read(attempts("capture", ahead, 0.002)).match(named=False)
    assert assumed(matched, 0) == []


def test_too_few() -> None:
    """A machine may be slow twice."""
    text = attempts("client", 0.002, 0.002, 2) + attempts("span-1", 0.001, 0.002, 2)
    assert assumed(read(text).match(), 1) == []


def test_beside_the_server() -> None:
    text = attempts("server", 0.0, 0.002) + attempts("span-1", 0.001, 0.002)
    (told,) = assumed(read(text).match(), 1)
    assert told.startswith("span-1: taken for the client's own")


@pytest.mark.parametrize("named", [True, False])
def test_beside_the_client(named: bool) -> None:
    """A mirror's port halfway, where the server was not captured."""
    text = attempts("client", 0.002, 0.002) + attempts("span-1", 0.001, 0.002)
    matched = read(text).match(named=named)
    assert assumed(matched, 0) == []
    (told,) = assumed(matched, 1)
    assert told == (
        "span-1: taken for the server's own, though answers take at least 1.020 ms there, and the"
        " other end's 1.020 ms: if it is a tap in between, say so (tap = true in incident.toml)"
    )
    matched.vantages[1].tap = True
    assert assumed(matched, 1) == []
