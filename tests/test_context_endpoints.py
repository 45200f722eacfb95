"""Ends of connections in the spellings of ss, netstat and BSD."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.addresses import format_ip
from synack.context.endpoints import parse_end


@pytest.mark.parametrize(
    ("text", "separator", "ip", "port", "interface"),
    [
        ("10.77.0.10:9092", ":", "10.77.0.10", 9092, ""),
        ("0.0.0.0:*", ":", "0.0.0.0", 0, ""),
        ("*:*", ":", "", 0, ""),
        ("*:9092", ":", "", 9092, ""),
        ("[::]:22", ":", "", 22, ""),
        (":::22", ":", "", 22, ""),
        ("::1:631", ":", "::1", 631, ""),
        ("[::ffff:10.0.0.1]:9092", ":", "10.0.0.1", 9092, ""),
        ("[fe80::1]%eth0:22", ":", "fe80::1", 22, "eth0"),
        ("[fe80::1%eth0]:22", ":", "fe80::1", 22, "eth0"),
        ("10.0.0.1%eth0:68", ":", "10.0.0.1", 68, "eth0"),
        ("*%eth0.100:*", ":", "", 0, "eth0.100"),
        ("10.0.0.1:ssh", ":", "10.0.0.1", 22, ""),
        ("10.0.0.1:XmlIpcRegSvc", ":", "10.0.0.1", 9092, ""),
        ("10.0.0.1.9092", ".", "10.0.0.1", 9092, ""),
        ("*.*", ".", "", 0, ""),
        ("fe80::1%lo0.123", ".", "fe80::1", 123, "lo0"),
        ("127.0.0.1.postgresql", ".", "127.0.0.1", 5432, ""),
    ],
)
def test_ends(text: str, separator: str, ip: str, port: int, interface: str) -> None:
    """Address, port and interface; any address and any port are zero."""
    found = parse_end(text, separator)
    assert found is not None
    assert (format_ip(*found[0]), *found[1:]) == (ip, port, interface)


@pytest.mark.parametrize(
    "text",
    ["", ":", "broker-1:9092", "10.0.0.1", "10.0.0:1", "10.0.0.1:65536", "10.0.0.1:no-such",
     "[::1:22", "[::1]x:22", "10.0.0.1:-1", "1" * 200 + ":1"],
)  # fmt: skip
def test_no_ends(text: str) -> None:
    """Names of hosts, cut addresses, ports that cannot be."""
    assert parse_end(text) is None


@given(st.text(max_size=120), st.sampled_from(":."))
def test_anything(text: str, separator: str) -> None:
    """Whatever the text: an end with a port that exists, or none."""
    found = parse_end(text, separator)
    assert found is None or 0 <= found[1] <= 0xFFFF
