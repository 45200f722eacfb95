"""What a host's name tells of its place."""

from __future__ import annotations

import pytest
from traces import ip

from synack.handshake.vantage import CLIENT, NEITHER, SERVER, named_addresses

C, S, N = CLIENT, SERVER, NEITHER


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("10.0.1.77", "client"),
        ("10-0-1-77", "client"),
        ("ip-10-0-1-77", "client"),
        ("ip-10-0-1-77.eu-west-1.compute.internal", "client"),
        ("broker-1", None),
        ("10-0-1", None),
        ("", None),
    ],
)
def test_named_addresses(host: str, address: str | None) -> None:
    """The address that a name spells."""
    assert named_addresses(host) == (frozenset([ip(address)]) if address else frozenset())
