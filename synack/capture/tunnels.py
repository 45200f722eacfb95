"""Tunnel headers: which packet is inside, and the outer to remember.

VXLAN (RFC 7348; AWS Traffic Mirroring), GENEVE (RFC 8926; Gateway Load Balancers), GRE
(RFC 2784, RFC 2890) with ERSPAN (draft-foschiano-erspan), IP in IP (RFC 2003, RFC 2473,
RFC 4213). Only the header is read here: :mod:`synack.capture.decode` goes on with what is
inside, one tunnel after the other. A header that the capture cut raises ValueError; one
that is not a tunnel's, or has nothing inside, is None.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from synack.addresses import Address

VXLAN_PORT, LINUX_VXLAN_PORT, GENEVE_PORT = 4789, 8472, 6081
"""Destination ports, in both directions; 8472 is what Linux used before there was a number.

The scan knows these numbers too: it leaves such datagrams to the general path."""

BRIDGED = 0x6558
"""EtherType of a whole Ethernet frame (transparent Ethernet bridging, RFC 1701)."""

_UDP, _GRE, _IP4_IN_IP, _IP6_IN_IP = 17, 47, 4, 41
_ERSPAN, _ERSPAN_3 = 0x88BE, 0x22EB


class Tunnel(NamedTuple):
    """One outer: ``kind`` vxlan, geneve, gre or ipip; ``id`` its VNI or GRE key, -1 without."""

    kind: str
    id: int
    src: Address
    dst: Address


class Inside(NamedTuple):
    """What a tunnel holds: an EtherType, :data:`BRIDGED` before an Ethernet header, and bytes."""

    tunnel: Tunnel
    protocol: int
    data: bytes


def inside(protocol: int, src: Address, dst: Address, data: bytes, length: int) -> Inside | None:
    """What an IP packet of this ``protocol`` tunnels; it had ``length`` bytes after its IP
    header, of which ``data`` was captured."""
    if protocol == _UDP:
        return _udp(src, dst, data, length)
    if protocol == _GRE:
        return _gre(src, dst, data, length)
    if protocol == _IP4_IN_IP:
        return Inside(Tunnel("ipip", -1, src, dst), 0x0800, data)
    if protocol == _IP6_IN_IP:
        return Inside(Tunnel("ipip", -1, src, dst), 0x86DD, data)
    return None


def _udp(src: Address, dst: Address, data: bytes, length: int) -> Inside | None:
    if not _follows("UDP header", data, length, 4):  # the ports, which decide
        return None
    port = int.from_bytes(data[2:4], "big")
    if port in (VXLAN_PORT, LINUX_VXLAN_PORT):
        return _vxlan(src, dst, data, length, port)
    return _geneve(src, dst, data, length) if port == GENEVE_PORT else None


def _vxlan(src: Address, dst: Address, data: bytes, length: int, port: int) -> Inside | None:
    """RFC 7348 section 5: the I flag must be set; the rest is reserved, and to be ignored
    (Linux keeps a group policy there). On the old port, which is assigned to another
    protocol (OTV), only a header without any of that is believed."""
    if not _follows("VXLAN header", data, length, 16):
        return None
    flags, vni = struct.unpack_from(">II", data, 8)
    if not flags & 0x08000000:
        return None
    if port == LINUX_VXLAN_PORT and (flags != 0x08000000 or vni & 0xFF):
        return None
    return Inside(Tunnel("vxlan", vni >> 8, src, dst), BRIDGED, data[16:])


def _geneve(src: Address, dst: Address, data: bytes, length: int) -> Inside | None:
    """RFC 8926 section 3.4: version 0, options of 4 * Opt Len bytes. What a control packet
    (O) holds is for the tunnel's ends alone."""
    if not _follows("GENEVE header", data, length, 16):
        return None
    first, flags, protocol, vni = struct.unpack_from(">BBHI", data, 8)
    size = 16 + (first & 0x3F) * 4
    if first >> 6 or flags & 0x80 or not _follows("GENEVE options", data, length, size):
        return None
    return Inside(Tunnel("geneve", vni >> 8, src, dst), protocol, data[size:])


_CHECKSUM, _KEY, _SEQUENCE = 0x8000, 0x2000, 0x1000
_NOT_THIS_GRE = 0x4C07
"""Source routes and recursion (RFC 1701, gone with RFC 2784), and any version but 0: version
1 is PPTP's (RFC 2637), with PPP inside."""


def _gre(src: Address, dst: Address, data: bytes, length: int) -> Inside | None:
    if not _follows("GRE header", data, length, 4):
        return None
    bits, protocol = struct.unpack_from(">HH", data)
    if bits & _NOT_THIS_GRE:
        return None
    key_at = 8 if bits & _CHECKSUM else 4
    size = key_at + (4 if bits & _KEY else 0) + (4 if bits & _SEQUENCE else 0)
    if not _follows("GRE header", data, length, size):
        return None
    key = int.from_bytes(data[key_at : key_at + 4], "big") if bits & _KEY else -1
    # ERSPAN type I is a mere frame: without a sequence number there is no header of its own.
    if protocol == _ERSPAN_3 or (protocol == _ERSPAN and bits & _SEQUENCE):
        size = _erspan(protocol, data, length, size)
        if not size:
            return None
    if protocol in (_ERSPAN, _ERSPAN_3):
        protocol = BRIDGED
    return Inside(Tunnel("gre", key, src, dst), protocol, data[size:])


def _erspan(protocol: int, data: bytes, length: int, at: int) -> int:
    """Where the mirrored frame begins, 0 without one: 8 bytes (type II, version 1), or 12
    and 8 more by the last bit (type III, version 2)."""
    size, version = (8, 1) if protocol == _ERSPAN else (12, 2)
    if not _follows("ERSPAN header", data, length, at + size) or data[at] >> 4 != version:
        return 0
    if protocol == _ERSPAN:
        return at + size
    if data[at + 10] >> 2 & 0x1F:  # no Ethernet frame
        return 0
    size += 8 * (data[at + 11] & 1)
    return at + size if _follows("ERSPAN header", data, length, at + size) else 0


def _follows(name: str, data: bytes, length: int, size: int) -> bool:
    """Whether something follows the first ``size`` bytes; ValueError when they were cut."""
    if len(data) < min(length, size):
        raise ValueError(f"{name} cut: {len(data)} of {size} bytes")
    return length > size
