"""The addresses of entries: what is too short, too long or no address at all."""

from __future__ import annotations

import pytest

from synack.addresses import NO_MAC, parse_ip
from synack.neighbors.entry import ip_of, mac_of


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("0a:de:ad:00:00:01", 0x0ADEAD000001),
        ("0A:DE:AD:00:00:01", 0x0ADEAD000001),
        ("00:00:00:00:00:00", 0),
        ("192.0.2.1", NO_MAC),
        ("c0:00:02:01", NO_MAC),
        ("08", NO_MAC),
        ("02:00:5e:10:00:00:00:01", NO_MAC),
        ("ffff:ffff:ffff::", NO_MAC),
        ("80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:11:22:33", NO_MAC),
        ("", NO_MAC),
    ],
)
def test_mac_of(text: str, mac: int) -> None:
    """Only six bytes are a MAC; tunnels and InfiniBand print other lengths."""
    assert mac_of(text) == mac


def test_ip_of() -> None:
    """Either family, a zone dropped; names and overlong text are none."""
    assert ip_of("10.0.0.2") == parse_ip("10.0.0.2")
    assert ip_of("fe80::1%eth0") == parse_ip("fe80::1")
    assert ip_of("broker-1") is None
    assert ip_of("1" * 10_000) is None
