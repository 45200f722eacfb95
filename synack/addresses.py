"""MAC and IP addresses: every spelling in, one spelling out, integers inside.

Inside the tables a MAC is an ``int64`` (48 bits, :data:`NO_MAC` where the frame or
the dump has none) and an IP two ``uint64`` halves, IPv4 as the IPv4-mapped IPv6
address of RFC 4291 section 2.5.5.2, so that one pair of columns sorts and joins both.
Text appears only at the edges, canonical: MACs lower case with colons, IPs as
RFC 5952 and dotted quads.
"""

from __future__ import annotations

import ipaddress
import re

Address = tuple[int, int]
"""An IP as (high, low) halves."""

NO_MAC = -1
BROADCAST_MAC = 0xFFFF_FFFF_FFFF
NO_IP = (0, 0)
"""``::``, the unspecified address: never a peer, so it marks absence."""

_V4_MAPPED = 0xFFFF << 32
_PAIRS = re.compile(r"^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}$")
_QUADS = re.compile(r"^[0-9a-f]{4}([.:-][0-9a-f]{4}){2}$")
_BARE = re.compile(r"^[0-9a-f]{12}$")


def parse_mac(text: str) -> int | None:
    """The 48-bit address in ``text``, or None when it is not one.

    Reads ``aa:bb:cc:dd:ee:ff``, dashes, octets without leading zero (macOS, AIX),
    ``aabb.ccdd.eeff`` (Cisco), ``aabb-ccdd-eeff`` (Huawei) and twelve bare digits.
    """
    text = text.strip().lower()
    if _PAIRS.match(text):
        value = 0
        for octet in re.split("[:-]", text):
            value = value << 8 | int(octet, 16)
        return value
    if _QUADS.match(text) or _BARE.match(text):
        return int(re.sub("[.:-]", "", text), 16)
    return None


def format_mac(mac: int) -> str:
    """``0a:de:ad:00:00:01``; the empty string for :data:`NO_MAC`."""
    if mac < 0:
        return ""
    return bytes.fromhex(f"{mac:012x}").hex(":")


def is_group_mac(mac: int) -> bool:
    """Broadcast or multicast: the I/G bit of the first octet (IEEE 802)."""
    return mac >= 0 and bool(mac >> 40 & 1)


def pack_ip(raw: bytes) -> Address:
    """Four or sixteen address bytes as (high, low) halves."""
    if len(raw) == 4:
        return 0, _V4_MAPPED | int.from_bytes(raw, "big")
    return int.from_bytes(raw[:8], "big"), int.from_bytes(raw[8:16], "big")


def is_ipv4(high: int, low: int) -> bool:
    """Whether the halves are those of an IPv4 address."""
    return high == 0 and low >> 32 == 0xFFFF


def parse_ip(text: str) -> Address | None:
    """The address in ``text`` as halves, a ``%zone`` dropped; None when it is not one."""
    try:
        return pack_ip(ipaddress.ip_address(text.strip().split("%")[0]).packed)
    except ValueError:
        return None


def format_ip(high: int, low: int) -> str:
    """Canonical text (RFC 5952); the empty string for :data:`NO_IP`."""
    if is_ipv4(high, low):
        return str(ipaddress.IPv4Address(low & 0xFFFF_FFFF))
    return str(ipaddress.IPv6Address(high << 64 | low)) if high or low else ""


_SPECIAL = (
    (0x00005E000100, 0xFFFFFFFFFF00, "VRRP"),
    (0x00005E000200, 0xFFFFFFFFFF00, "VRRP (IPv6)"),
    (0x00000C07AC00, 0xFFFFFFFFFF00, "HSRP"),
    (0x00000C9FF000, 0xFFFFFFFFF000, "HSRPv2"),
    (0x0005 << 32 | 0x73A00000, 0xFFFFFFFFF000, "HSRPv2 (IPv6)"),
    (0x0007B4000000, 0xFFFFFF000000, "GLBP"),
    (0x02BF00000000, 0xFFFF00000000, "Windows Network Load Balancing"),
    (0x123456789ABC, 0xFFFFFFFFFFFF, "Azure's network"),
    (0xEEEEEEEEEEEE, 0xFFFFFFFFFFFF, "Calico's proxy ARP"),
)
"""MACs that several machines answer for, or that a network answers every question with: RFC
9568 section 7.3 (VRRP); Cisco's manuals for HSRP versions 1 and 2 and GLBP; Microsoft's for NLB
(in unicast mode its hosts send with other MACs than the cluster's, 02-BF and its address);
Azure's virtual networks; Calico's documentation of host interfaces."""


def special_mac(mac: int) -> str | None:
    """The redundancy protocol or network that a MAC belongs to, None for an ordinary one."""
    for value, mask, name in _SPECIAL:
        if mac >= 0 and mac & mask == value:
            return name
    return None
