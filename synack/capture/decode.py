"""One frame's bytes to the few facts that matter: the only module that imports dpkt.

Link headers are read here, because the facts in them (MACs, direction, VLAN) are
what synack lives on; dpkt decodes what is above. A frame that lies about its lengths
yields what was true before the lie and ``damage``; nothing is raised.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

import dpkt

from synack.addresses import NO_IP, NO_MAC, Address, pack_ip
from synack.capture.links import ETHERNET, LOOP, NULL, SLL, SLL2
from synack.capture.tunnels import BRIDGED, Inside, Tunnel, inside
from synack.tables import (
    ARP_REPLY,
    ARP_REQUEST,
    INBOUND,
    ND_ADVERT,
    ND_SOLICIT,
    OTHER_HOST,
    OUTBOUND,
    UNKNOWN,
)


class Link(NamedTuple):
    """What the link header says; MACs NO_MAC and VLAN -1 where it has none.

    Of a packet in a tunnel: the Ethernet header inside, if there is one. The outer header
    is another link's, between the tunnel's ends: its MACs say nothing of the hosts inside.
    ``interface`` is always that of the capture.
    """

    src_mac: int = NO_MAC
    dst_mac: int = NO_MAC
    direction: int = UNKNOWN
    vlan: int = -1
    interface: int = 0


class Tcp(NamedTuple):
    """A TCP header and its ends; ``payload`` in bytes by the IP length, ``tsval`` -1 without,
    ``ip_id`` 0 outside of IPv4."""

    src: Address
    dst: Address
    src_port: int
    dst_port: int
    seq: int
    ack: int
    flags: int
    window: int
    payload: int
    ttl: int
    ip_id: int
    tsval: int
    tsecr: int


class Quote(NamedTuple):
    """An ICMP error and the TCP segment that it quotes (RFC 792, RFC 4443)."""

    icmp: int
    src: Address
    dst: Address
    src_port: int
    dst_port: int
    seq: int
    ack: int
    flags: int


class Claim(NamedTuple):
    """An ARP packet (RFC 826) or a neighbor solicitation or advertisement (RFC 4861)."""

    op: int
    ip: Address
    mac: int
    asked: Address


@dataclass(slots=True)
class Frame:
    """What could be decoded; ``damage`` says what stopped it, if anything did.

    ``tunnel`` is the innermost that ``payload`` came through: where a mirrored packet is
    sent on through more of them, the outer ones say nothing of where it was mirrored.
    """

    link: Link
    payload: Tcp | Quote | Claim | None = None
    damage: str | None = None
    tunnel: Tunnel | None = None


_Found = Tcp | Quote | Claim | Inside | None


class _Damaged(Exception):
    """A header contradicts the bytes that are there; ``payload`` is what is true all the same."""

    def __init__(self, reason: str, payload: Tcp | Quote | Claim | None = None) -> None:
        super().__init__(reason)
        self.payload = payload


# What dpkt may raise on hostile bytes (found by fuzzing it).
_BAD_FRAME = (dpkt.Error, ValueError, struct.error, IndexError)


_DEEPEST = 8
"""Tunnels in tunnels that are followed; more are nobody's traffic."""


def decode(link_type: int, data: bytes) -> Frame:
    """Decode ``data`` of an understood ``link_type`` (a key of ``links.LINK_TYPES``)."""
    frame = Frame(Link())
    try:
        frame.link, protocol, at = _link(link_type, data)
        found = _network(protocol, data, at)
        depth = 0
        while isinstance(found, Inside) and depth < _DEEPEST:
            found = _enter(frame, found)
            depth += 1
        frame.payload = None if isinstance(found, Inside) else found
    except _Damaged as error:
        frame.damage, frame.payload = str(error), error.payload
    except _BAD_FRAME as error:
        frame.damage = str(error) or type(error).__name__
    if frame.damage and frame.tunnel:
        frame.damage += f" (inside {frame.tunnel.kind})"
    if frame.payload is None:
        frame.tunnel = None
    return frame


def _enter(frame: Frame, found: Inside) -> _Found:
    """Go on inside a tunnel: its Ethernet header, if any, takes the place of the outer one."""
    interface = frame.link.interface
    frame.tunnel, frame.link = found.tunnel, Link(interface=interface)
    protocol, at = found.protocol, 0
    if protocol == BRIDGED:
        link, protocol, at = _ethernet(found.data)
        frame.link = link._replace(interface=interface)
    return _network(protocol, found.data, at)


_ARP, _IP4, _IP6 = 0x0806, 0x0800, 0x86DD
_VLAN_TYPES = (0x8100, 0x88A8, 0x9100, 0x9200)
_MPLS_TYPES = (0x8847, 0x8848)
_PPPOE = 0x8864


def _link(link_type: int, data: bytes) -> tuple[Link, int, int]:
    """Link facts, the EtherType above (0: nothing for us), and where it begins."""
    if link_type == ETHERNET:
        return _ethernet(data)
    if link_type == SLL:
        return _sll(data)
    if link_type == SLL2:
        return _sll2(data)
    if link_type in (NULL, LOOP):
        return Link(), _family(data, link_type), 4
    if not data:
        raise _Damaged("empty frame")
    version = data[0] >> 4
    return Link(), _IP4 if version == 4 else _IP6 if version == 6 else 0, 0


def _ethernet(data: bytes) -> tuple[Link, int, int]:
    if len(data) < 14:
        raise _Damaged(f"Ethernet header cut: {len(data)} of 14 bytes")
    protocol, at, vlan = _tags(data, 12)
    dst, src = int.from_bytes(data[:6], "big"), int.from_bytes(data[6:12], "big")
    return Link(src, dst, UNKNOWN, vlan), protocol, at


def _tags(data: bytes, at: int) -> tuple[int, int, int]:
    """Walk 802.1Q/QinQ tags, MPLS labels and PPPoE: (EtherType, offset after it, VLAN)."""
    vlan = -1
    protocol = int.from_bytes(data[at : at + 2], "big")
    at += 2
    while protocol in _VLAN_TYPES:
        if len(data) < at + 4:
            raise _Damaged("802.1Q tag cut")
        vlan = int.from_bytes(data[at : at + 2], "big") & 0xFFF
        protocol = int.from_bytes(data[at + 2 : at + 4], "big")
        at += 4
    if protocol in _MPLS_TYPES:
        while len(data) >= at + 4 and not data[at + 2] & 1:
            at += 4
        at += 4
        if len(data) <= at:
            raise _Damaged("MPLS label stack cut")
        version = data[at] >> 4
        protocol = {4: _IP4, 6: _IP6}.get(version, 0)
    elif protocol == _PPPOE:
        if len(data) < at + 8:
            raise _Damaged("PPPoE header cut")
        protocol = {0x0021: _IP4, 0x0057: _IP6}.get(int.from_bytes(data[at + 6 : at + 8], "big"), 0)
        at += 8
    elif protocol <= 1500 and data[at : at + 6] == b"\xaa\xaa\x03\0\0\0"[: len(data) - at]:
        if len(data) < at + 8:  # LLC/SNAP, RFC 1042
            raise _Damaged("LLC/SNAP header cut")
        protocol = int.from_bytes(data[at + 6 : at + 8], "big")
        at += 8
    return protocol, at, vlan


# sll_pkttype (pcap-linktype SLL): to us, broadcast, multicast, to another host, from us
_PACKET_TYPES = {0: INBOUND, 3: OTHER_HOST, 4: OUTBOUND}


def _sll(data: bytes) -> tuple[Link, int, int]:
    if len(data) < 16:
        raise _Damaged(f"SLL header cut: {len(data)} of 16 bytes")
    packet_type, _, length = struct.unpack_from(">HHH", data)
    protocol, at, vlan = _tags(data, 14)
    return Link(_sll_mac(data, 6, length), NO_MAC, _direction(packet_type), vlan), protocol, at


def _sll2(data: bytes) -> tuple[Link, int, int]:
    if len(data) < 20:
        raise _Damaged(f"SLL2 header cut: {len(data)} of 20 bytes")
    protocol, interface = struct.unpack_from(">HxxI", data)
    mac = _sll_mac(data, 12, data[11])
    direction = _direction(data[10])
    vlan, at = -1, 20
    if protocol in _VLAN_TYPES:
        if len(data) < 24:
            raise _Damaged("802.1Q tag cut")
        vlan = int.from_bytes(data[20:22], "big") & 0xFFF
        protocol, at, inner = _tags(data, 22)
        vlan = inner if inner >= 0 else vlan
    return Link(mac, NO_MAC, direction, vlan, min(interface, 0x7FFFFFFF)), protocol, at


def _sll_mac(data: bytes, at: int, length: int) -> int:
    return int.from_bytes(data[at : at + 6], "big") if length == 6 else NO_MAC


def _direction(packet_type: int) -> int:
    return _PACKET_TYPES.get(packet_type, UNKNOWN)


def _family(data: bytes, link_type: int) -> int:
    """AF_INET is 2 everywhere; AF_INET6 is 10, 24, 28 or 30 by the system that captured."""
    if len(data) < 4:
        raise _Damaged("NULL/LOOP header cut")
    family = int.from_bytes(data[:4], "big")
    if link_type == NULL and family > 0xFFFF:
        family = int.from_bytes(data[:4], "little")
    return _IP4 if family == 2 else _IP6 if family in (10, 24, 28, 30) else 0


def _network(protocol: int, data: bytes, at: int) -> _Found:
    if protocol == _IP4:
        return _ipv4(data[at:])
    if protocol == _IP6:
        return _ipv6(data[at:])
    return _arp(data[at:]) if protocol == _ARP else None


def _ipv4(raw: bytes) -> _Found:
    # The header alone: dpkt decodes all that is inside too, headers in headers without limit.
    ip = dpkt.ip.IP(raw[: max(20, (raw[0] & 15) * 4)] if raw else raw)
    if ip.v != 4:
        raise _Damaged(f"IP version {ip.v} under an IPv4 EtherType")
    header = ip.hl * 4
    if ip.len and ip.len < header:
        raise _Damaged(f"IPv4 total length {ip.len} below the header's {header}")
    if ip.offset:
        return None
    src, dst = pack_ip(ip.src), pack_ip(ip.dst)
    # Total length 0: the segmentation offload had not filled it in yet.
    length = (ip.len or len(raw)) - header
    payload = raw[header : header + length]
    if ip.p == dpkt.ip.IP_PROTO_TCP:
        return _tcp(src, dst, payload, length, ip.ttl, ip.id)
    if ip.p == dpkt.ip.IP_PROTO_ICMP:
        return _icmp4(payload, length)
    return inside(ip.p, src, dst, payload, length)


# Hop-by-hop, routing, destination options, mobility, HIP, shim6: RFC 8200 section 4, RFC 6564.
_EXTENSIONS = (0, 43, 60, 135, 139, 140)
_FRAGMENT, _AUTHENTICATION = 44, 51


def _ipv6(raw: bytes) -> _Found:
    """Walked here and not by dpkt, which fails where a header follows the fragment header."""
    if len(raw) < 40:
        raise _Damaged(f"IPv6 header cut: {len(raw)} of 40 bytes")
    if raw[0] >> 4 != 6:
        raise _Damaged(f"IP version {raw[0] >> 4} under an IPv6 EtherType")
    protocol, start = raw[6], 40
    while protocol in (*_EXTENSIONS, _FRAGMENT, _AUTHENTICATION):
        if len(raw) < start + 8:
            raise _Damaged("IPv6 extension header cut")
        following, units = raw[start], raw[start + 1]
        if protocol == _FRAGMENT and int.from_bytes(raw[start + 2 : start + 4], "big") >> 3:
            return None
        if protocol == _FRAGMENT:
            start += 8
        else:
            start += (units + 2) * 4 if protocol == _AUTHENTICATION else (units + 1) * 8
        protocol = following
    plen = int.from_bytes(raw[4:6], "big")
    length = (plen + 40 if plen else len(raw)) - start
    payload = raw[start : start + max(length, 0)]
    src, dst = pack_ip(raw[8:24]), pack_ip(raw[24:40])
    if protocol == dpkt.ip.IP_PROTO_TCP:
        return _tcp(src, dst, payload, length, raw[7], 0)
    if protocol == dpkt.ip.IP_PROTO_ICMP6:
        return _icmp6(src, payload, length)
    return inside(protocol, src, dst, payload, length)


def _tcp(src: Address, dst: Address, raw: bytes, length: int, ttl: int, ip_id: int) -> Tcp:
    cut = f"TCP header cut: {len(raw)} of 20 bytes" if len(raw) < 20 else ""
    if len(raw) < _UP_TO_FLAGS:
        raise _Damaged(cut)
    tcp = dpkt.tcp.TCP(raw.ljust(20, b"\0"))
    header = tcp.off * 4
    if header < 20 or header > length:
        raise _Damaged(f"TCP data offset {header} in a segment of {length} bytes")
    tsval, tsecr = _timestamps(raw[20:header])
    ack = tcp.ack if tcp.flags & dpkt.tcp.TH_ACK else 0
    segment = Tcp(
        src, dst, tcp.sport, tcp.dport, tcp.seq, ack, tcp.flags,
        tcp.win if len(raw) >= _UP_TO_WINDOW else 0, length - header, ttl, ip_id, tsval, tsecr,
    )  # fmt: skip
    if cut:
        raise _Damaged(cut, segment)
    # Nobody asks for the options of data, which a short snaplen cuts in every packet.
    if len(raw) < header and tcp.flags & dpkt.tcp.TH_SYN:
        raise _Damaged(f"TCP options cut: {len(raw) - 20} of {header - 20} bytes", segment)
    return segment


_UP_TO_FLAGS, _UP_TO_WINDOW = 14, 16
"""So many bytes of a TCP header tell all but the window: a capture of 68 bytes a packet, as was
once usual, has just these of IPv6."""


def _timestamps(options: bytes) -> tuple[int, int]:
    """TSval and TSecr (RFC 7323), -1 each without the option or where it is cut off."""
    at = 0
    while at < len(options) and options[at] != 0:
        if options[at] == 1:
            at += 1
            continue
        if at + 1 >= len(options) or options[at + 1] < 2:
            break
        if options[at] == 8 and options[at + 1] == 10 and at + 10 <= len(options):
            return struct.unpack_from(">II", options, at + 2)
        at += options[at + 1]
    return -1, -1


# Errors that mean "not delivered": unreachable but for "fragmentation needed", time exceeded.
_ICMP4_ERRORS, _ICMP6_ERRORS = (3, 11), (1, 3)
_ICMP6_BASE = 0x10000


def _icmp4(raw: bytes, length: int) -> Quote | None:
    if len(raw) < min(length, 8):
        raise _Damaged(f"ICMP message cut: {len(raw)} of {length} bytes")
    if len(raw) < 8 or raw[0] not in _ICMP4_ERRORS or (raw[0], raw[1]) == (3, 4):
        return None
    quoted = raw[8:]
    if len(quoted) < 20:
        raise _Damaged(f"IPv4 header quoted by ICMP cut: {len(quoted)} of 20 bytes")
    if quoted[0] >> 4 != 4 or quoted[9] != dpkt.ip.IP_PROTO_TCP:
        return None
    header = (quoted[0] & 15) * 4
    if header < 20 or int.from_bytes(quoted[6:8], "big") & 0x1FFF:
        return None
    src, dst = pack_ip(quoted[12:16]), pack_ip(quoted[16:20])
    return _quote(raw[0] << 8 | raw[1], src, dst, quoted[header:], length - 8 - header)


def _icmp6(src: Address, raw: bytes, length: int) -> Quote | Claim | None:
    if len(raw) < min(length, 8):
        raise _Damaged(f"ICMPv6 message cut: {len(raw)} of {length} bytes")
    if len(raw) < 8:
        return None
    if raw[0] in (ND_SOLICIT, ND_ADVERT):
        return _neighbor_discovery(src, raw, length)
    quoted = raw[8:]
    if raw[0] not in _ICMP6_ERRORS:
        return None
    if len(quoted) < 40:
        raise _Damaged(f"IPv6 header quoted by ICMPv6 cut: {len(quoted)} of 40 bytes")
    if quoted[6] != dpkt.ip.IP_PROTO_TCP:
        return None
    icmp = _ICMP6_BASE | raw[0] << 8 | raw[1]
    return _quote(icmp, pack_ip(quoted[8:24]), pack_ip(quoted[24:40]), quoted[40:], length - 48)


def _quote(icmp: int, src: Address, dst: Address, tcp: bytes, length: int) -> Quote:
    """The quoted segment from ``tcp``, the first bytes of it; the message holds ``length``,
    at least 8 by RFC 792."""
    if len(tcp) < 8:
        raise _Damaged(f"TCP header quoted by ICMP cut: {len(tcp)} of 8 bytes")
    src_port, dst_port, seq = struct.unpack_from(">HHI", tcp)
    flags = tcp[13] if len(tcp) >= 14 else 0
    ack = int.from_bytes(tcp[8:12], "big") if flags & dpkt.tcp.TH_ACK else 0
    quote = Quote(icmp, src, dst, src_port, dst_port, seq, ack, flags)
    if len(tcp) < min(length, 14):
        raise _Damaged(f"TCP header quoted by ICMP cut: {len(tcp)} of {length} bytes", quote)
    return quote


def _neighbor_discovery(src: Address, raw: bytes, length: int) -> Claim | None:
    """Who claims what: a solicitation claims its source by option 1, an advertisement its
    target by option 2 (RFC 4861 sections 4.3, 4.4, 4.6.1)."""
    if len(raw) < 24:
        raise _Damaged(f"neighbor discovery message cut: {len(raw)} of 24 bytes")
    target = pack_ip(raw[8:24])
    wanted = 1 if raw[0] == ND_SOLICIT else 2
    mac, at = NO_MAC, 24
    while at + 8 <= len(raw) and raw[at + 1]:
        if raw[at] == wanted and raw[at + 1] == 1:
            mac = int.from_bytes(raw[at + 2 : at + 8], "big")
        at += raw[at + 1] * 8
    solicits = raw[0] == ND_SOLICIT
    claim = (
        Claim(ND_SOLICIT, src, mac, target) if solicits else Claim(ND_ADVERT, target, mac, NO_IP)
    )
    if len(raw) < length:
        raise _Damaged(f"neighbor discovery options cut: {len(raw)} of {length} bytes", claim)
    if at != length:  # RFC 4861 section 6.1.1: such a message is discarded whole
        raise _Damaged("neighbor discovery option of a length that cannot be")
    return claim


def _arp(raw: bytes) -> Claim | None:
    """A request or reply for IPv4; no kernel heeds others (Linux arp_process), which also
    takes hardware type 6 (IEEE 802) for Ethernet's."""
    arp = dpkt.arp.ARP(raw)
    if arp.hrd not in (1, 6) or (arp.pro, arp.hln, arp.pln) != (_IP4, 6, 4):
        return None
    if arp.op not in (ARP_REQUEST, ARP_REPLY):
        return None
    mac = int.from_bytes(arp.sha, "big")
    return Claim(arp.op, pack_ip(arp.spa), mac, pack_ip(arp.tpa))
