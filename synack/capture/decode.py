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

from synack.addresses import NO_IP, NO_MAC, pack_ip
from synack.tables import INBOUND, ND_ADVERT, ND_SOLICIT, OTHER_HOST, OUTBOUND, UNKNOWN

# https://www.tcpdump.org/linktypes.html
NULL, ETHERNET, RAW_BSD, RAW_OPENBSD, RAW, LOOP = 0, 1, 12, 14, 101, 108
SLL, IPV4, IPV6, SLL2 = 113, 228, 229, 276
LINK_TYPES = {
    NULL: "NULL",
    ETHERNET: "EN10MB",
    RAW_BSD: "RAW",
    RAW_OPENBSD: "RAW",
    RAW: "RAW",
    LOOP: "LOOP",
    SLL: "LINUX_SLL",
    IPV4: "IPV4",
    IPV6: "IPV6",
    SLL2: "LINUX_SLL2",
}
"""Link types that are understood, with tcpdump's names."""

Address = tuple[int, int]


class Link(NamedTuple):
    """What the link header says; MACs NO_MAC and VLAN -1 where it has none."""

    src_mac: int = NO_MAC
    dst_mac: int = NO_MAC
    direction: int = UNKNOWN
    vlan: int = -1
    interface: int = 0


class Tcp(NamedTuple):
    """A TCP header and its ends; ``payload`` in bytes by the IP length, ``tsval`` -1 without."""

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
    """What could be decoded; ``damage`` says what stopped it, if anything did."""

    link: Link
    payload: Tcp | Quote | Claim | None = None
    damage: str | None = None


class _Damaged(Exception):
    """A header contradicts the bytes that are there; ``payload`` is what is true all the same."""

    def __init__(self, reason: str, payload: Tcp | Claim | None = None) -> None:
        super().__init__(reason)
        self.payload = payload


# What dpkt may raise on hostile bytes (found by fuzzing it).
_BAD_FRAME = (dpkt.Error, ValueError, struct.error, IndexError, UnicodeDecodeError)


def decode(link_type: int, data: bytes) -> Frame:
    """Decode ``data`` of an understood ``link_type`` (a key of :data:`LINK_TYPES`)."""
    frame = Frame(Link())
    try:
        frame.link, protocol, at = _link(link_type, data)
        frame.payload = _network(protocol, data, at)
    except _Damaged as error:
        frame.damage, frame.payload = str(error), error.payload
    except _BAD_FRAME as error:
        frame.damage = str(error) or type(error).__name__
    return frame


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


def _network(protocol: int, data: bytes, at: int) -> Tcp | Quote | Claim | None:
    if protocol == _IP4:
        return _ipv4(data[at:])
    if protocol == _IP6:
        return _ipv6(data[at:])
    return _arp(data[at:]) if protocol == _ARP else None


def _ipv4(raw: bytes) -> Tcp | Quote | Claim | None:
    ip = dpkt.ip.IP(raw)
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
    if ip.p == dpkt.ip.IP_PROTO_TCP:
        return _tcp(src, dst, raw[header : header + length], length, ip.ttl)
    if ip.p == dpkt.ip.IP_PROTO_ICMP:
        return _icmp4(raw[header : header + length], length)
    return None


def _ipv6(raw: bytes) -> Tcp | Quote | Claim | None:
    ip = dpkt.ip6.IP6(raw)
    if ip.v != 6:
        raise _Damaged(f"IP version {ip.v} under an IPv6 EtherType")
    headers = ip.all_extension_headers
    if any(isinstance(h, dpkt.ip6.IP6FragmentHeader) and h.frag_off for h in headers):
        return None
    start = 40 + sum(header.length for header in headers)
    length = (ip.plen + 40 if ip.plen else len(raw)) - start
    protocol = getattr(ip, "p", None)
    payload = raw[start : start + max(length, 0)]
    if protocol == dpkt.ip.IP_PROTO_TCP:
        return _tcp(pack_ip(ip.src), pack_ip(ip.dst), payload, length, ip.hlim)
    if protocol == dpkt.ip.IP_PROTO_ICMP6:
        return _icmp6(pack_ip(ip.src), payload, length)
    return None


def _tcp(src: Address, dst: Address, raw: bytes, length: int, ttl: int) -> Tcp:
    if len(raw) < 20:
        raise _Damaged(f"TCP header cut: {len(raw)} of 20 bytes")
    tcp = dpkt.tcp.TCP(raw)
    header = tcp.off * 4
    if header < 20 or header > length:
        raise _Damaged(f"TCP data offset {header} in a segment of {length} bytes")
    tsval, tsecr = _timestamps(raw[20:header])
    ack = tcp.ack if tcp.flags & dpkt.tcp.TH_ACK else 0
    segment = Tcp(
        src, dst, tcp.sport, tcp.dport, tcp.seq, ack, tcp.flags, tcp.win, length - header,
        ttl, tsval, tsecr,
    )  # fmt: skip
    if len(raw) < header:
        raise _Damaged(f"TCP options cut: {len(raw) - 20} of {header - 20} bytes", segment)
    return segment


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


def _icmp4(raw: bytes) -> Quote | None:
    if len(raw) < 8 or raw[0] not in _ICMP4_ERRORS or (raw[0], raw[1]) == (3, 4):
        return None
    quoted = raw[8:]
    if len(quoted) < 20 or quoted[0] >> 4 != 4 or quoted[9] != dpkt.ip.IP_PROTO_TCP:
        return None
    header = (quoted[0] & 15) * 4
    if header < 20 or int.from_bytes(quoted[6:8], "big") & 0x1FFF:
        return None
    src, dst = pack_ip(quoted[12:16]), pack_ip(quoted[16:20])
    return _quote(raw[0] << 8 | raw[1], src, dst, quoted[header:])


def _icmp6(src: Address, raw: bytes) -> Quote | Claim | None:
    if len(raw) < 8:
        return None
    if raw[0] in (ND_SOLICIT, ND_ADVERT):
        return _neighbor_discovery(src, raw)
    quoted = raw[8:]
    if raw[0] not in _ICMP6_ERRORS or len(quoted) < 40 or quoted[6] != dpkt.ip.IP_PROTO_TCP:
        return None
    icmp = _ICMP6_BASE | raw[0] << 8 | raw[1]
    return _quote(icmp, pack_ip(quoted[8:24]), pack_ip(quoted[24:40]), quoted[40:])


def _quote(icmp: int, src: Address, dst: Address, tcp: bytes) -> Quote | None:
    if len(tcp) < 8:
        return None
    src_port, dst_port, seq = struct.unpack_from(">HHI", tcp)
    flags = tcp[13] if len(tcp) >= 14 else 0
    ack = int.from_bytes(tcp[8:12], "big") if flags & dpkt.tcp.TH_ACK else 0
    return Quote(icmp, src, dst, src_port, dst_port, seq, ack, flags)


def _neighbor_discovery(src: Address, raw: bytes) -> Claim | None:
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
    if raw[0] == ND_SOLICIT:
        return Claim(ND_SOLICIT, src, mac, target)
    return Claim(ND_ADVERT, target, mac, NO_IP)


def _arp(raw: bytes) -> Claim | None:
    arp = dpkt.arp.ARP(raw)
    if (arp.hrd, arp.pro, arp.hln, arp.pln) != (1, _IP4, 6, 4):
        return None
    mac = int.from_bytes(arp.sha, "big")
    return Claim(arp.op, pack_ip(arp.spa), mac, pack_ip(arp.tpa))
