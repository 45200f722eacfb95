"""What travels: TCP segments, ARP and ND messages, ICMP errors, and the bytes they are.

The bytes are those of Linux: the order of TCP options (tcp_options_write), DF set, the IP
identification of a SYN-ACK zero, checksums right.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86DD
TCP, UDP, ICMP, ICMPV6, GRE = 6, 17, 1, 58, 47
BROADCAST = "ff:ff:ff:ff:ff:ff"
UNKNOWN_MAC = "00:00:00:00:00:00"

IN, OUT, OTHER = "in", "out", "other"
"""Ways of a frame at an interface; OTHER is one for somebody else's MAC."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One TCP segment. ``flags`` are letters of ``FSRPA``; ``stamps`` is (TSval, TSecr)."""

    sport: int
    dport: int
    seq: int
    ack: int
    flags: str
    window: int = 502
    stamps: tuple[int, int] | None = None
    data: bytes = b""
    mss: int = 1460
    tag: Any = field(default=None, compare=False)
    """The transmission of the truth that this is."""

    @property
    def leg(self) -> str:
        """syn, syn-ack, ack, data, fin or rst."""
        if "R" in self.flags:
            return "rst"
        if "S" in self.flags:
            return "syn-ack" if "A" in self.flags else "syn"
        if "F" in self.flags:
            return "fin"
        return "data" if self.data else "ack"


@dataclass(frozen=True, slots=True)
class Arp:
    """An ARP message for IPv4; for IPv6 the neighbor solicitation or advertisement that says
    the same. ``op``: 1 asks, 2 answers."""

    op: int
    sender_mac: str
    sender: str
    target_mac: str
    target: str


@dataclass(frozen=True, slots=True)
class Error:
    """An ICMP error about a packet; ``kind`` and ``code`` are those of ICMP for IPv4."""

    code: int
    quoted: Packet


Content = Segment | Error


@dataclass(frozen=True, slots=True)
class Packet:
    """An IP packet."""

    src: str
    dst: str
    content: Content
    ttl: int = 64
    ident: int = 0

    @property
    def segment(self) -> Segment | None:
        return self.content if isinstance(self.content, Segment) else None

    def hop(self) -> Packet:
        """The same, as a router passes it on."""
        return replace(self, ttl=self.ttl - 1)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame on a link, without what the link adds (VLAN tags, padding)."""

    smac: str
    dmac: str
    content: Packet | Arp

    @property
    def ethertype(self) -> int:
        if isinstance(self.content, Arp):
            return IPV6 if ":" in self.content.target else ARP
        return IPV6 if ":" in self.content.dst else IPV4


def is_group(mac: str) -> bool:
    return int(mac[:2], 16) & 1 == 1


@lru_cache(maxsize=1 << 12)
def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


@lru_cache(maxsize=1 << 12)
def ip_bytes(ip: str) -> bytes:
    return ipaddress.ip_address(ip).packed


def solicited_node(ip: str) -> str:
    """The group that a neighbor solicitation for ``ip`` is sent to (RFC 4291 section 2.7.1)."""
    low = int.from_bytes(ip_bytes(ip)[-3:], "big")
    return str(ipaddress.IPv6Address((0xFF02 << 112) | (0x1FF << 24) | low))


def group_mac(ip: str) -> str:
    """The MAC of an IPv6 group (RFC 2464 section 7)."""
    return "33:33:" + ip_bytes(ip)[-4:].hex(":")


# ---- bytes --------------------------------------------------------------------------------


def ethernet(frame: Frame, vlans: Sequence[int] = (), *, received: bool = False) -> bytes:
    """The bytes of a frame; one that was received has the minimal length of Ethernet."""
    head = mac_bytes(frame.dmac) + mac_bytes(frame.smac)
    for place, vlan in enumerate(vlans):
        outer = len(vlans) > 1 and place == 0
        head += struct.pack(">HH", 0x88A8 if outer else 0x8100, vlan)
    data = head + struct.pack(">H", frame.ethertype) + network(frame.content)
    return data.ljust(60, b"\0") if received else data


def network(content: Packet | Arp) -> bytes:
    """The bytes above the link layer."""
    if isinstance(content, Arp):
        return _discovery(content) if ":" in content.target else _arp(content)
    if isinstance(content.content, Segment):
        segment = content.content
        return ip(content.src, content.dst, TCP, _tcp(content, segment), content.ttl, content.ident)
    error = content.content
    quoted = network(error.quoted)
    if ":" in content.src:
        body = struct.pack(">BBHI", 1, _V6_CODE.get(error.code, 3), 0, 0) + quoted[:1232]
        return ip(content.src, content.dst, ICMPV6, body, content.ttl, 0)
    body = struct.pack(">BBHI", 3, error.code, 0, 0) + quoted[:548]
    return ip(content.src, content.dst, ICMP, body, content.ttl, content.ident)


_V6_CODE = {0: 0, 1: 3, 3: 4, 13: 1}
"""ICMPv6 codes of "destination unreachable" for those of ICMP (RFC 4443 section 3.1)."""


def ip(src: str, dst: str, proto: int, body: bytes, ttl: int = 64, ident: int = 0) -> bytes:
    """An IPv4 or IPv6 packet; fills in the checksum of ``body``."""
    source, target = ip_bytes(src), ip_bytes(dst)
    at = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}.get(proto)
    if at is not None:
        pseudo = b"" if proto == ICMP else source + target + struct.pack(">II", len(body), proto)
        value = checksum(pseudo + body) or (0xFFFF if proto == UDP else 0)
        body = body[:at] + struct.pack(">H", value) + body[at + 2 :]
    if len(source) == 16:
        return struct.pack(">IHBB", 6 << 28, len(body), proto, ttl) + source + target + body
    total = 20 + len(body)
    # An error carries the type of service of internetwork control (icmp_send).
    words = (0x45, 0xC0 if proto == ICMP else 0, total, ident, 0 if proto == ICMP else 0x4000)
    head = struct.pack(">BBHHHBBH", *words, ttl, proto, 0) + source + target
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + body


def _tcp(packet: Packet, segment: Segment) -> bytes:
    options = b""
    stamps = b"" if segment.stamps is None else struct.pack(">BBII", 8, 10, *segment.stamps)
    if "S" in segment.flags:
        mss = segment.mss - (20 if ":" in packet.src else 0)
        permitted = b"\x04\x02" if stamps else b"\x01\x01\x04\x02"
        options = struct.pack(">BBH", 2, 4, mss) + permitted + stamps + b"\x01\x03\x03\x07"
    elif stamps and "R" not in segment.flags:
        options = b"\x01\x01" + stamps
    bits = sum(1 << "FSRPA".index(letter) for letter in segment.flags)
    words = (segment.sport, segment.dport, segment.seq, segment.ack)
    offset = (5 + len(options) // 4) << 4
    head = struct.pack(">HHIIBBHHH", *words, offset, bits, segment.window, 0, 0)
    return head + options + segment.data


def _arp(arp: Arp) -> bytes:
    head = struct.pack(">HHBBH", 1, IPV4, 6, 4, arp.op)
    sender = mac_bytes(arp.sender_mac) + ip_bytes(arp.sender)
    return head + sender + mac_bytes(arp.target_mac) + ip_bytes(arp.target)


def _discovery(arp: Arp) -> bytes:
    """RFC 4861 sections 4.3 and 4.4; an announcement goes to all nodes."""
    announces = arp.sender == arp.target
    if arp.op == 1 and not announces:
        unicast = arp.target_mac != UNKNOWN_MAC
        dst = arp.target if unicast else solicited_node(arp.target)
        body = struct.pack(">BBHI", 135, 0, 0, 0) + ip_bytes(arp.target)
        body += b"\x01\x01" + mac_bytes(arp.sender_mac)
    else:
        flags = 0x20000000 if announces else 0x60000000
        dst = "ff02::1" if announces else arp.target
        body = struct.pack(">BBHI", 136, 0, 0, flags) + ip_bytes(arp.sender)
        body += b"\x02\x01" + mac_bytes(arp.sender_mac)
    return ip(arp.sender, dst, ICMPV6, body, 255)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


# ---- what carries a copy to a collector ---------------------------------------------------


def mirrored(inner: bytes, kind: str, src: str, dst: str, session: int, port: int) -> bytes:
    """A frame inside what a mirror sends to its collector: ``vxlan``, ``geneve`` or ``gre``
    (transparent Ethernet bridging). Without the outer Ethernet header."""
    if kind == "gre":
        return ip(src, dst, GRE, struct.pack(">HH", 0, 0x6558) + inner)
    if kind == "geneve":
        head, to = struct.pack(">BBHI", 0, 0, 0x6558, session << 8), 6081
    else:
        head, to = struct.pack(">II", 0x08000000, session << 8), 4789
    length = 8 + len(head) + len(inner)
    return ip(src, dst, UDP, struct.pack(">HHHH", port, to, length, 0) + head + inner)
