"""Every spelling of an address in, one out."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synack.addresses import (
    BROADCAST_MAC,
    NO_IP,
    NO_MAC,
    format_ip,
    format_mac,
    is_group_mac,
    is_ipv4,
    pack_ip,
    parse_ip,
    parse_mac,
    special_mac,
)


@pytest.mark.parametrize(
    "text",
    [
        "0a:de:ad:00:00:01", "0A:DE:AD:00:00:01", "a:de:ad:0:0:1", "0a-de-ad-00-00-01",
        "0ade.ad00.0001", "0ade-ad00-0001", "0ade:ad00:0001", "0adead000001", "0ADEAD000001",
        "  0a:de:ad:00:00:01\n",
    ],
)  # fmt: skip
def test_mac_spellings(text: str) -> None:
    """Linux, macOS, Windows, Cisco, Huawei and bare."""
    assert parse_mac(text) == 0x0ADEAD000001


@pytest.mark.parametrize(
    "text",
    [
        "", "10.0.0.1", "fd00::1", "0a:de:ad:00:00", "0a:de:ad:00:00:01:02", "0a:de:ad:00:00:g1",
        "00a:de:ad:00:00:1", "0ade.ad00", "ade.ad00.0001", "0adead00000", "0adead00000x",
        "(incomplete)", "0a:de:ad:00:00:01 x", "0a::de:ad:00:00:01", "\u0660a:de:ad:00:00:01",
    ],
)  # fmt: skip
def test_no_mac(text: str) -> None:
    assert parse_mac(text) is None


@given(st.integers(0, BROADCAST_MAC))
@settings(max_examples=50)
def test_mac_round_trip(mac: int) -> None:
    text = format_mac(mac)
    assert len(text) == 17
    assert text == text.lower()
    assert parse_mac(text) == mac


def test_no_mac_is_empty() -> None:
    assert format_mac(NO_MAC) == ""
    assert not is_group_mac(NO_MAC)
    assert special_mac(NO_MAC) is None


@pytest.mark.parametrize(
    ("mac", "group"),
    [
        ("ff:ff:ff:ff:ff:ff", True), ("01:00:5e:00:00:01", True), ("33:33:00:00:00:01", True),
        ("02:00:00:00:00:01", False), ("fe:ff:ff:ff:ff:ff", False), ("00:00:00:00:00:00", False),
    ],
)  # fmt: skip
def test_group_macs(mac: str, group: bool) -> None:
    parsed = parse_mac(mac)
    assert parsed is not None
    assert is_group_mac(parsed) is group


@pytest.mark.parametrize(
    ("mac", "name"),
    [
        ("00:00:5e:00:01:00", "VRRP"), ("00:00:5e:00:01:ff", "VRRP"),
        ("00:00:5e:00:02:07", "VRRP (IPv6)"), ("00:00:5e:00:03:00", None),
        ("00:00:0c:07:ac:0a", "HSRP"), ("00:00:0c:07:ad:00", None),
        ("00:00:0c:9f:f0:01", "HSRPv2"), ("00:00:0c:9f:ff:ff", "HSRPv2"),
        ("00:00:0c:9f:e0:01", None), ("00:05:73:a0:0f:ff", "HSRPv2 (IPv6)"),
        ("00:05:73:a0:10:00", None), ("00:07:b4:00:01:02", "GLBP"), ("00:07:b5:00:01:02", None),
        ("02:bf:0a:00:01:6e", "Windows Network Load Balancing"), ("02:be:0a:00:01:6e", None),
        ("12:34:56:78:9a:bc", "Azure's network"), ("12:34:56:78:9a:bd", None),
        ("ee:ee:ee:ee:ee:ee", "Calico's proxy ARP"), ("0a:de:ad:00:00:01", None),
    ],
)  # fmt: skip
def test_special_macs(mac: str, name: str | None) -> None:
    """The first and last of each range, and their neighbors."""
    parsed = parse_mac(mac)
    assert parsed is not None
    assert special_mac(parsed) == name


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("10.0.1.77", "10.0.1.77"), (" 10.0.1.77\n", "10.0.1.77"),
        ("FD00:0:0:0:0:0:0:1", "fd00::1"), ("fe80::1%eth0", "fe80::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("0.0.0.0", "0.0.0.0"),
        ("255.255.255.255", "255.255.255.255"), ("::1", "::1"),
        ("::ffff:10.0.1.77", "10.0.1.77"), ("::", ""),
    ],
)  # fmt: skip
def test_ip_spellings(text: str, canonical: str) -> None:
    """RFC 5952 out; a mapped IPv4 address is that IPv4 address; ``::`` is nobody."""
    parsed = parse_ip(text)
    assert parsed is not None
    assert format_ip(*parsed) == canonical
    assert is_ipv4(*parsed) is ("." in canonical)


@pytest.mark.parametrize("text", ["", "10.0.1", "10.0.1.777", "10.0.01.7", "host", "fd00:::1", "1"])
def test_no_ip(text: str) -> None:
    assert parse_ip(text) is None


@given(st.ip_addresses())
@settings(max_examples=100)
def test_ip_round_trip(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    packed = pack_ip(address.packed)
    assert parse_ip(str(address)) == packed
    if packed != NO_IP:
        assert parse_ip(format_ip(*packed)) == packed


def test_ip_order() -> None:
    """The halves sort as the addresses do, IPv4 among itself."""
    texts = ["10.0.0.1", "10.0.0.2", "10.0.1.0", "192.168.0.1", "fd00::1", "fd00:0:0:1::"]
    packed = [parse_ip(text) for text in texts]
    assert packed == sorted(packed, key=lambda p: p or NO_IP)
