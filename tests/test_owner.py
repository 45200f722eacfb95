"""Whose a capture is by its packets alone."""

from __future__ import annotations

import numpy as np
import pytest
from traces import crowd, ip, mac, read

from synack.owner import Owner, owners

CLIENTS = """at client
    0.0000 client > server S 1
    0.0200 server > client SA 9/2
    0.0201 client > server A 2/10
    1.0000 client:7 > other S 1
    1.0200 other > client:7 SA 9/2
    1.0201 client:7 > other A 2/10"""


@pytest.mark.parametrize(
    ("text", "address", "own"),
    [
        (CLIENTS, "client", "client"),
        (f"at server\n{crowd('server', range(1, 9))}", "server", "server"),
        ("at server\n0.0 alive", "", ""),
    ],
)
def test_owner(text: str, address: str, own: str) -> None:
    (found,) = owners([np.array([True])], read(text).segments)
    assert found.addresses == (frozenset([ip(address)]) if address else frozenset())
    assert found.macs == (frozenset([mac(own)]) if own else frozenset())


def test_each_group_for_itself() -> None:
    """Both ends of the same connections, each by its own times."""
    scene = read(f"{CLIENTS}\nat server\n{crowd('server', range(1, 9))}")
    one, two = owners([np.array([True, False]), np.array([False, True])], scene.segments)
    assert one == Owner(frozenset([ip("client")]), frozenset([mac("client")]))
    assert two == Owner(frozenset([ip("server")]), frozenset([mac("server")]))
