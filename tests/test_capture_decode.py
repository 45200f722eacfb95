"""Frames of every layer, written by hand, truncated anywhere, and compared with tshark."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import build
from synack.addresses import NO_IP, NO_MAC, format_mac, parse_ip, parse_mac
from synack.capture.decode import (
    Address,
    Claim,
    Frame,
    Link,
    Quote,
    Tcp,
    decode,
)
from synack.capture.links import LINK_TYPES
from synack.tables import INBOUND, OTHER_HOST, OUTBOUND, UNKNOWN

A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"
C, S = "10.0.0.1", "10.0.0.2"
C6, S6 = "fd00::1", "fd00::2"
SYN = build.tcp(40000, 9092, seq=7, flags="S", mss=1460, timestamps=(11, 12))
V4, V6 = build.ip(C, S, build.TCP, SYN), build.ip(C6, S6, build.TCP, SYN)
ETHERNET, SLL, SLL2, RAW = build.ETHERNET, build.SLL, build.SLL2, build.RAW


def ip(text: str) -> Address:
    packed = parse_ip(text)
    assert packed is not None
    return packed


def mac(text: str) -> int:
    packed = parse_mac(text)
    assert packed is not None
    return packed


def wanted(src: str = C, dst: str = S, **other: int) -> Tcp:
    """The SYN of these tests."""
    syn = Tcp(ip(src), ip(dst), 40000, 9092, 7, 0, 2, 64240, 0, 64, 0, 11, 12)
    return syn._replace(**other)


MACS = Link(mac(A), mac(B))
MPLS = struct.pack(">IIHH", 16 << 12 | 64, 17 << 12 | 1 << 8 | 64, 0, 0)[:8]
PPPOE4 = struct.pack(">BBHHH", 0x11, 0, 1, len(V4) + 2, 0x0021)
PPPOE6 = struct.pack(">BBHHH", 0x11, 0, 1, len(V6) + 2, 0x0057)
SNAP = b"\xaa\xaa\x03\0\0\0\x08\0"

LINKS = {
    "ethernet": (ETHERNET, build.ethernet(A, B, V4), MACS, C),
    "ethernet, IPv6": (ETHERNET, build.ethernet(A, B, V6), MACS, C6),
    "802.1Q": (ETHERNET, build.ethernet(A, B, V4, [0x2064]), MACS._replace(vlan=100), C),
    "QinQ": (
        ETHERNET,
        build.ethernet(A, B, V6, [5, 6], tpids=[0x88A8]),
        MACS._replace(vlan=6),
        C6,
    ),
    "QinQ, 0x9100": (
        ETHERNET,
        build.ethernet(A, B, V4, [5, 7], tpids=[0x9100]),
        MACS._replace(vlan=7),
        C,
    ),
    "LLC/SNAP": (
        ETHERNET,
        build.ethernet(A, B, SNAP + V4, ethertype=len(SNAP + V4)),
        MACS,
        C,
    ),
    "PPPoE": (ETHERNET, build.ethernet(A, B, PPPOE4 + V4, ethertype=0x8864), MACS, C),
    "PPPoE, IPv6, in a VLAN": (
        ETHERNET,
        build.ethernet(A, B, PPPOE6 + V6, [9], ethertype=0x8864),
        MACS._replace(vlan=9),
        C6,
    ),
    "MPLS": (ETHERNET, build.ethernet(A, B, MPLS + V4, ethertype=0x8847), MACS, C),
    "MPLS, IPv6": (ETHERNET, build.ethernet(A, B, MPLS + V6, ethertype=0x8848), MACS, C6),
    "SLL, to us": (SLL, build.sll(A, V4), Link(mac(A), NO_MAC, INBOUND), C),
    "SLL, broadcast": (SLL, build.sll(A, V4, packet_type=1), Link(mac(A)), C),
    "SLL, multicast": (SLL, build.sll(A, V6, packet_type=2), Link(mac(A)), C6),
    "SLL, others'": (SLL, build.sll(A, V4, packet_type=3), Link(mac(A), NO_MAC, OTHER_HOST), C),
    "SLL, from us": (SLL, build.sll(A, V6, packet_type=4), Link(mac(A), NO_MAC, OUTBOUND), C6),
    "SLL, a type of no kernel": (SLL, build.sll(A, V4, packet_type=9), Link(mac(A)), C),
    "SLL, VLAN": (
        SLL,
        build.sll(A, struct.pack(">HH", 42, 0x0800) + V4, ethertype=0x8100),
        Link(mac(A), NO_MAC, INBOUND, 42),
        C,
    ),
    "SLL, no Ethernet address": (
        SLL,
        struct.pack(">HHH8sH", 0, 772, 0, bytes(8), 0x0800) + V4,
        Link(direction=INBOUND),
        C,
    ),
    "SLL2": (SLL2, build.sll2(A, V4, ifindex=3), Link(mac(A), NO_MAC, INBOUND, -1, 3), C),
    "SLL2, others'": (
        SLL2,
        build.sll2(A, V6, packet_type=3, ifindex=70000),
        Link(mac(A), NO_MAC, OTHER_HOST, -1, 70000),
        C6,
    ),
    "SLL2, from us, VLAN": (
        SLL2,
        build.sll2(A, struct.pack(">HH", 42, 0x0800) + V4, packet_type=4, ethertype=0x8100),
        Link(mac(A), NO_MAC, OUTBOUND, 42, 2),
        C,
    ),
    "SLL2, QinQ": (
        SLL2,
        build.sll2(A, struct.pack(">HHHH", 42, 0x8100, 43, 0x0800) + V4, ethertype=0x88A8),
        Link(mac(A), NO_MAC, INBOUND, 43, 2),
        C,
    ),
    "SLL2, an interface beyond the table's range": (
        SLL2,
        build.sll2(A, V4, ifindex=0xFFFFFFFF),
        Link(mac(A), NO_MAC, INBOUND, -1, 0x7FFFFFFF),
        C,
    ),
    "raw": (RAW, V4, Link(), C),
    "raw, IPv6": (RAW, V6, Link(), C6),
    "raw of BSD": (12, V4, Link(), C),
    "raw of OpenBSD": (14, V6, Link(), C6),
    "IPV4": (228, V4, Link(), C),
    "IPV6": (229, V6, Link(), C6),
    "NULL, little-endian": (build.NULL, build.null(V4), Link(), C),
    "NULL, big-endian": (build.NULL, build.null(V4, order=">"), Link(), C),
    "LOOP": (build.LOOP, build.null(V4, order=">"), Link(), C),
} | {
    f"NULL, IPv6 family {family} {order}": (
        build.NULL,
        build.null(V6, order=order, family=family),
        Link(),
        C6,
    )
    for family in (10, 24, 28, 30)
    for order in "<>"
}


@pytest.mark.parametrize("name", LINKS)
def test_links(name: str) -> None:
    """One SYN in every link layer: the same segment, and what the link header says."""
    link_type, data, link, src = LINKS[name]
    expected = wanted(src, S if src == C else S6)
    assert decode(link_type, data) == Frame(link, expected)
    if link_type == ETHERNET:
        assert decode(link_type, data + bytes(20)) == Frame(link, expected), "padding"


@pytest.mark.parametrize(
    ("link_type", "data"),
    [
        (ETHERNET, build.ethernet(A, B, bytes(46), ethertype=0x88CC)),
        (ETHERNET, build.ethernet(A, B, b"\x42\x42\x03" + bytes(43), ethertype=38)),
        (ETHERNET, build.ethernet(A, B, MPLS + bytes(20), ethertype=0x8847)),
        (ETHERNET, build.ethernet(A, B, PPPOE4[:6] + b"\xc0\x21" + V4, ethertype=0x8864)),
        (SLL, build.sll(A, bytes(40), ethertype=0x0004)),
        (build.NULL, build.null(V4, family=7)),
        (RAW, b"\x70" + V4[1:]),
        (ETHERNET, build.ethernet(A, B, build.ip(C, S, build.UDP, build.udp(53, 53)))),
        (ETHERNET, build.ethernet(A, B, build.ip(C6, S6, build.UDP, build.udp(53, 53)))),
        (ETHERNET, build.ethernet(A, B, build.ip(C6, S6, 59, b""))),
    ],
)
def test_not_for_us(link_type: int, data: bytes) -> None:
    """Other protocols are neither facts nor damage."""
    frame = decode(link_type, data)
    assert (frame.payload, frame.damage) == (None, None)


# ---- IP ---------------------------------------------------------------------------------


def test_ipv4_options_and_fragments() -> None:
    """Options are skipped; the first fragment counts with its own length, others do not."""
    options = build.ipv4(C, S, build.TCP, SYN, opts=b"\x94\x04\0\0" + bytes(20))
    assert decode(RAW, options) == Frame(Link(), wanted())
    data = build.tcp(40000, 9092, seq=7, flags="S", timestamps=(11, 12), payload=bytes(480))
    first = build.ipv4(C, S, build.TCP, data, flags=1)
    assert decode(RAW, first).payload == wanted(payload=480)
    later = build.ipv4(C, S, build.TCP, data, flags=0, fragment=64)
    assert decode(RAW, later) == Frame(Link())
    tiny = build.ipv4(C, S, build.TCP, SYN[:8], flags=1)
    assert decode(RAW, tiny) == Frame(Link(), None, "TCP header cut: 8 of 20 bytes")


EXTENSIONS = {
    "hop by hop": [(0, bytes(6))],
    "long destination options": [(60, bytes(70))],
    "routing, destination options": [(43, bytes(22)), (60, bytes(6))],
    "first fragment": [(44, struct.pack(">HI", 1, 99))],
    "first fragment, then destination options": [(44, struct.pack(">HI", 1, 99)), (60, bytes(6))],
    "mobility": [(135, bytes(6))],
}


@pytest.mark.parametrize("name", EXTENSIONS)
def test_ipv6_extension_headers(name: str) -> None:
    """Headers before TCP are walked, in any order."""
    data = build.ipv6(C6, S6, build.TCP, SYN, extensions=EXTENSIONS[name])
    assert decode(RAW, data) == Frame(Link(), wanted(C6, S6))
    assert decode(RAW, data + b"padding") == Frame(Link(), wanted(C6, S6))


def test_ipv6_authentication_header() -> None:
    """The one header that counts in units of four bytes."""
    header = bytes([6, 4]) + bytes(22)
    data = build.ipv6(C6, S6, 51, header + SYN)
    assert decode(RAW, data) == Frame(Link(), wanted(C6, S6))


def test_ipv6_later_fragment() -> None:
    """Whatever stands before its fragment header."""
    fragment = (44, struct.pack(">HI", 8 << 3, 99))
    for extensions in ([fragment], [(0, bytes(6)), fragment], [fragment, (60, bytes(6))]):
        data = build.ipv6(C6, S6, build.TCP, SYN, extensions=extensions)
        assert decode(RAW, data) == Frame(Link())


def test_headers_in_headers_without_end() -> None:
    """Thousands of tunnels in one frame are not followed, and do not exhaust the stack."""
    data = V4
    for _ in range(3000):
        data = build.ipv4(C, S, 4, data, length=0)
    assert decode(RAW, data) == Frame(Link())
    data = V6
    for _ in range(1500):
        data = build.ipv6(C6, S6, 41, data[:60000])
    assert decode(RAW, data) == Frame(Link())


@pytest.mark.parametrize("address", [C, C6])
def test_payload_length(address: str) -> None:
    """By the IP header, whatever was captured; by the frame where the length is 0 (TSO)."""
    peer = S if address == C else S6
    segment = build.tcp(1, 2, seq=9, ack=8, flags="A", payload=bytes(1000))
    data = build.ip(address, peer, build.TCP, segment)
    expected = Tcp(ip(address), ip(peer), 1, 2, 9, 8, 16, 64240, 1000, 64, 0, -1, -1)
    assert decode(RAW, data) == Frame(Link(), expected)
    assert decode(RAW, data[:100]) == Frame(Link(), expected)
    if address == C:
        offloaded = build.ipv4(C, S, build.TCP, segment, length=0)
    else:
        offloaded = data[:4] + bytes(2) + data[6:]
    assert decode(RAW, offloaded) == Frame(Link(), expected)


# ---- TCP --------------------------------------------------------------------------------

STAMPS = b"\x08\x0a" + struct.pack(">II", 11, 12)


@pytest.mark.parametrize(
    ("options", "tsval", "tsecr"),
    [
        (b"", -1, -1),
        (STAMPS, 11, 12),
        (b"\x01\x01" + STAMPS, 11, 12),
        (b"\x02\x04\x05\xb4\x04\x02" + STAMPS + b"\x01\x03\x03\x07", 11, 12),
        (b"\x08\x0a" + b"\xff" * 8, 0xFFFFFFFF, 0xFFFFFFFF),
        (b"\xfe\x06abcd" + STAMPS, 11, 12),  # unknown, skipped by its length
        (b"\0" + b"\x01" + STAMPS, -1, -1),  # after the end of the list
        (b"\x08\x08" + bytes(6), -1, -1),  # of the wrong length
        (b"\x02\0" + STAMPS, -1, -1),  # zero length
        (b"\x02\x01" + STAMPS, -1, -1),
        (b"\x05\x30" + STAMPS, -1, -1),  # longer than the header
        (b"\x08\x0a\0\0", -1, -1),  # timestamps beyond the header
        (b"\x01\x01\x01\x08", -1, -1),  # no room for a length
    ],
)
def test_tcp_options(options: bytes, tsval: int, tsecr: int) -> None:
    """Timestamps are found past any other option, and never invented."""
    segment = build.tcp(40000, 9092, seq=7, opts=options)
    frame = decode(RAW, build.ip(C, S, build.TCP, segment))
    assert frame == Frame(Link(), wanted(tsval=tsval, tsecr=tsecr))


def test_tcp_fields() -> None:
    """Every flag, and the acknowledgment number only with the ACK flag."""
    for letters in ("S", "SA", "A", "R", "RA", "FA", "PAUEC", "FSRPAUEC", ""):
        segment = build.tcp(1, 65535, seq=0xFFFFFFFF, ack=0xFFFFFFFE, flags=letters, window=1)
        tcp = decode(RAW, build.ip(C, S, build.TCP, segment)).payload
        assert isinstance(tcp, Tcp)
        assert (tcp.src_port, tcp.dst_port, tcp.seq, tcp.window) == (1, 65535, 0xFFFFFFFF, 1)
        assert tcp.flags == sum(1 << "FSRPAUEC".index(letter) for letter in letters)
        assert tcp.ack == (0xFFFFFFFE if "A" in letters else 0)
    assert decode(RAW, build.ipv4(C, S, build.TCP, SYN, ttl=255)).payload == wanted(ttl=255)
    hops = build.ipv6(C6, S6, build.TCP, SYN, ttl=1)
    assert decode(RAW, hops).payload == wanted(C6, S6, ttl=1)


def test_options_beyond_the_capture() -> None:
    """tcpdump -s 68, its default for years, cuts the timestamps: the rest is true."""
    frame = decode(ETHERNET, build.ethernet(A, B, V4)[:64])
    assert frame.payload == wanted(tsval=-1, tsecr=-1)
    assert frame.damage == "TCP options cut: 10 of 16 bytes"


def test_a_header_beyond_the_capture() -> None:
    """Of IPv6 the same 68 bytes hold all up to the flags; the window is not among them."""
    frame = decode(ETHERNET, build.ethernet(A, B, V6)[:68])
    assert frame.payload == wanted(C6, S6, window=0, tsval=-1, tsecr=-1)
    assert frame.damage == "TCP header cut: 14 of 20 bytes"
    assert decode(ETHERNET, build.ethernet(A, B, V6)[:67]).payload is None


# ---- ARP, neighbor discovery -----------------------------------------------------------


@pytest.mark.parametrize("op", [1, 2])
def test_arp(op: int) -> None:
    """Requests and replies, tagged or not, padded or not."""
    packet = build.arp(op, A, C, B, S)
    expected = Claim(op, ip(C), mac(A), ip(S))
    for frame in (build.ethernet(A, B, packet), build.ethernet(A, B, packet) + bytes(18)):
        assert decode(ETHERNET, frame) == Frame(MACS, expected)
    assert decode(ETHERNET, build.ethernet(A, B, packet, [3])).payload == expected
    assert decode(SLL, build.sll(A, packet)).payload == expected
    assert decode(SLL2, build.sll2(A, packet)).payload == expected
    ieee802 = b"\0\x06" + packet[2:]
    assert decode(ETHERNET, build.ethernet(A, B, ieee802, ethertype=0x0806)).payload == expected


@pytest.mark.parametrize("op", [0, 3, 4, 8, 9, 24, 25, 108, 135, 136, 65535])
def test_arp_of_other_operations(op: int) -> None:
    """No kernel learns from them, and 135 and 136 are not neighbor discovery."""
    frame = decode(ETHERNET, build.ethernet(A, B, build.arp(op, A, C, B, S)))
    assert frame == Frame(MACS)


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, b"\0\x07"), (0, b"\x88\x01"), (2, b"\x86\xdd"), (4, b"\x08"), (5, b"\x10")],
)
def test_arp_of_other_kinds(at: int, value: bytes) -> None:
    """Wrong hardware or protocol type or length: nobody's Ethernet address."""
    packet = build.arp(2, A, C, B, S)
    packet = packet[:at] + value + packet[at + len(value) :]
    assert decode(ETHERNET, build.ethernet(A, B, packet, ethertype=0x0806)).payload is None


def nd_frame(kind: str, src: str, target: str, lladdr: str | None) -> bytes:
    message = build.nd(kind, target, lladdr)
    return build.ethernet(A, B, build.ipv6(src, S6, build.ICMPV6, message, ttl=255))


@pytest.mark.parametrize(
    ("frame", "claim"),
    [
        (nd_frame("NS", C6, "fd00::9", A), Claim(135, ip(C6), mac(A), ip("fd00::9"))),
        (nd_frame("NS", C6, "fd00::9", None), Claim(135, ip(C6), NO_MAC, ip("fd00::9"))),
        (nd_frame("NS", "::", "fd00::9", None), Claim(135, NO_IP, NO_MAC, ip("fd00::9"))),
        (nd_frame("NA", C6, "fd00::9", B), Claim(136, ip("fd00::9"), mac(B), NO_IP)),
        (nd_frame("NA", C6, "fd00::9", None), Claim(136, ip("fd00::9"), NO_MAC, NO_IP)),
        (nd_frame("RS", C6, "::", A), None),
        (nd_frame("RA", C6, "::", A), None),
    ],
)
def test_neighbor_discovery(frame: bytes, claim: Claim | None) -> None:
    """A solicitation claims its source, an advertisement its target."""
    assert decode(ETHERNET, frame) == Frame(MACS, claim)


@pytest.mark.parametrize(
    ("kind", "options", "found"),
    [
        (
            "NA",
            b"\x01\x01" + bytes.fromhex("020000000001"),
            NO_MAC,
        ),  # the source's, not the target's
        ("NS", b"\x02\x01" + bytes.fromhex("020000000001"), NO_MAC),
        ("NS", b"\x0e\x01nonce!" + b"\x01\x01" + bytes.fromhex("020000000001"), mac(A)),
        ("NA", b"\x02\x02" + bytes(14), NO_MAC),  # an address of 14 bytes: not Ethernet
    ],
)
def test_neighbor_discovery_options(kind: str, options: bytes, found: int) -> None:
    """The right option, after others, of the right length."""
    packet = build.ipv6(C6, S6, build.ICMPV6, build.nd(kind, "fd00::9") + options, ttl=255)
    frame = decode(RAW, packet)
    assert isinstance(frame.payload, Claim)
    assert (frame.payload.mac, frame.damage) == (found, None)


@pytest.mark.parametrize("options", [b"\x02\0" + bytes(6), b"\x02\x02" + bytes(6), b"\x02\x01\0"])
def test_neighbor_discovery_bad_option(options: bytes) -> None:
    """RFC 4861 section 6.1.1 throws such messages away, so nobody learned from them."""
    packet = build.ipv6(C6, S6, build.ICMPV6, build.nd("NA", "fd00::9") + options, ttl=255)
    frame = decode(RAW, packet)
    assert frame.payload is None
    assert frame.damage is not None


# ---- ICMP -------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [28, 34, None, 20 + len(SYN)])
@pytest.mark.parametrize(("kind", "code"), [(3, 0), (3, 1), (3, 3), (3, 10), (3, 13), (11, 0)])
def test_icmp_errors(kind: int, code: int, keep: int | None) -> None:
    """Eight bytes of the quoted segment are enough; flags only where they are quoted."""
    quoted = build.ip(C, S, build.TCP, build.tcp(40000, 9092, seq=7, ack=5, flags="SA"))
    message = build.icmp_error(quoted, kind=kind, code=code, keep=keep)
    frame = decode(RAW, build.ip(S, C, build.ICMP, message))
    whole = keep is not None and keep >= 34
    expected = Quote(kind << 8 | code, ip(C), ip(S), 40000, 9092, 7, 0, 0)
    expected = expected._replace(ack=5, flags=0x12) if whole else expected
    assert frame == Frame(Link(), expected)


@pytest.mark.parametrize(("kind", "code"), [(1, 0), (1, 1), (1, 3), (1, 4), (3, 0)])
@pytest.mark.parametrize("keep", [48, 1232])
def test_icmpv6_errors(kind: int, code: int, keep: int) -> None:
    message = build.icmpv6_error(V6, kind=kind, code=code, keep=keep)
    frame = decode(RAW, build.ip(S6, C6, build.ICMPV6, message))
    flags = 2 if keep > 48 else 0
    icmp = 65536 | kind << 8 | code
    assert frame == Frame(Link(), Quote(icmp, ip(C6), ip(S6), 40000, 9092, 7, 0, flags))


UDP4 = build.ip(C, S, build.UDP, build.udp(53, 53, bytes(20)))
UDP6 = build.ip(C6, S6, build.UDP, build.udp(53, 53, bytes(20)))
LATER = build.ipv4(C, S, build.TCP, SYN, fragment=64)


@pytest.mark.parametrize(
    "packet",
    [
        build.ip(S, C, build.ICMP, build.icmp_error(V4, code=4)),  # fragmentation needed
        build.ip(S6, C6, build.ICMPV6, build.icmpv6_error(V6, kind=2, code=0)),  # too big
        build.ip(S, C, build.ICMP, build.icmp_error(V4, kind=5)),  # redirect
        build.ip(S, C, build.ICMP, build.icmp_error(V4, kind=8)),  # echo
        build.ip(S6, C6, build.ICMPV6, build.icmpv6_error(V6, kind=128)),
        build.ip(S, C, build.ICMP, build.icmp_error(UDP4)),
        build.ip(S6, C6, build.ICMPV6, build.icmpv6_error(UDP6)),
        build.ip(S, C, build.ICMP, build.icmp_error(LATER)),
        build.ip(S, C, build.ICMP, b"\x08\0\0\0"),  # shorter than ICMP, by the IP header's word
        build.ip(S6, C6, build.ICMPV6, b"\x80\0\0\0"),
    ],
)
def test_icmp_that_says_nothing_of_tcp(packet: bytes) -> None:
    assert decode(RAW, packet) == Frame(Link())


# ---- damage -----------------------------------------------------------------------------

SAMPLES = {name: (case[0], case[1]) for name, case in LINKS.items()} | {
    "options": (RAW, build.ipv4(C, S, build.TCP, SYN, opts=bytes(8))),
    "extensions": (
        RAW,
        build.ipv6(C6, S6, build.TCP, SYN, extensions=[(0, bytes(6)), (60, bytes(14))]),
    ),
    "arp": (ETHERNET, build.ethernet(A, B, build.arp(1, A, C, B, S))),
    "NS": (ETHERNET, nd_frame("NS", C6, "fd00::9", A)),
    "NA": (ETHERNET, nd_frame("NA", C6, "fd00::9", B)),
    "icmp": (RAW, build.ip(S, C, build.ICMP, build.icmp_error(V4))),
    "icmp, whole header": (RAW, build.ip(S, C, build.ICMP, build.icmp_error(V4, keep=99))),
    "icmpv6": (RAW, build.ip(S6, C6, build.ICMPV6, build.icmpv6_error(V6))),
    "data": (RAW, build.ip(C, S, build.TCP, build.tcp(1, 2, flags="A", payload=bytes(9)))),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_cut_anywhere(name: str) -> None:
    """Cut at every byte: the same facts, or damage; never other facts in silence."""
    link_type, data = SAMPLES[name]
    whole = decode(link_type, data)
    assert whole.payload is not None
    assert whole.damage is None
    for end in range(len(data)):
        frame = decode(link_type, data[:end])
        assert frame.damage or frame == whole, end


IHL, OFFSET = 0, 32
"""Of an IPv4 packet with TCP: where the lengths of the two headers stand."""


def patched(packet: bytes, at: int, *values: int) -> bytes:
    return packet[:at] + bytes(values) + packet[at + len(values) :]


@pytest.mark.parametrize(
    ("packet", "says"),
    [
        (patched(V4, IHL, 0x44), "invalid header length"),
        (patched(V4, IHL, 0x4F), "total length 56 below the header's 60"),
        (patched(V4, 2, 0, 19), "total length 19 below the header's 20"),
        (patched(V4, 2, 0, 30), "TCP header cut: 10 of 20 bytes"),
        (patched(V4, OFFSET, 0x40), "invalid header length"),
        (patched(V4, OFFSET, 0xF0), "TCP data offset 60 in a segment of 36 bytes"),
        (patched(V6, 4, 0, 10), "TCP header cut: 10 of 20 bytes"),
        (patched(V6, 4, 0, 30), "TCP data offset 36 in a segment of 30 bytes"),
        (build.ipv6(C6, S6, 60, bytes([6, 200]) + bytes(6) + SYN), "TCP header cut: 0"),
        (build.ip(S, C, build.ICMP, build.icmp_error(V4, keep=27)), "7 of 8 bytes"),
        (build.ip(S, C, build.ICMP, build.icmp_error(V4, keep=19)), "19 of 20 bytes"),
        (build.ip(S6, C6, build.ICMPV6, build.icmpv6_error(V6, keep=47)), "7 of 8 bytes"),
        (b"", "empty frame"),
    ],
)
def test_lies(packet: bytes, says: str) -> None:
    """Lengths that contradict one another or the packet are damage, with the reason."""
    frame = decode(RAW, packet)
    assert frame.payload is None
    assert frame.damage is not None
    assert says in frame.damage


@pytest.mark.parametrize("ethertype", [0x0800, 0x86DD])
def test_version_lies(ethertype: int) -> None:
    """The EtherType says one version of IP, the packet another."""
    frame = decode(ETHERNET, build.ethernet(A, B, b"\x55" + V4[1:], ethertype=ethertype))
    assert frame == Frame(
        MACS, None, f"IP version 5 under an IPv{4 if ethertype == 0x0800 else 6} EtherType"
    )


@given(st.sampled_from(sorted(LINK_TYPES)), st.binary(max_size=120))
@settings(max_examples=300)
def test_any_bytes(link_type: int, data: bytes) -> None:
    """Nothing raises."""
    assert isinstance(decode(link_type, data), Frame)


@given(
    st.sampled_from(sorted(SAMPLES)),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=6),
    st.binary(max_size=40),
)
@settings(max_examples=500)
def test_bytes_flipped(name: str, flips: list[tuple[int, int]], tail: bytes) -> None:
    """A good frame with wrong bytes: what comes out fits the tables."""
    link_type, data = SAMPLES[name]
    content = bytearray(data + tail)
    for at, value in flips:
        content[at % len(content)] = value
    frame = decode(link_type, bytes(content))
    if isinstance(frame.payload, Tcp):
        assert 0 <= frame.payload.payload < 1 << 16
        assert 0 <= frame.payload.src_port < 1 << 16
    assert -1 <= frame.link.vlan < 4096


# ---- tshark -----------------------------------------------------------------------------

FIELDS = (
    "eth.src", "eth.dst", "vlan.id", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.ttl",
    "ip.id", "ipv6.hlim", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags",
    "tcp.window_size_value", "tcp.len", "tcp.options.timestamp.tsval",
    "tcp.options.timestamp.tsecr",
)  # fmt: skip

SEGMENTS = [
    build.tcp(40000, 9092, seq=1, flags="S", mss=1460, sack_ok=True, timestamps=(5, 0), wscale=7),
    build.tcp(9092, 40000, seq=4294967295, ack=2, flags="SA", mss=1400, timestamps=(6, 5)),
    build.tcp(40000, 9092, seq=2, ack=0, flags="A", timestamps=(2**32 - 1, 6)),
    build.tcp(40000, 9092, seq=2, ack=0, flags="PA", payload=b"hello"),
    build.tcp(1, 65535, seq=3, ack=9, flags="RA", window=0),
    build.tcp(1, 65535, seq=3, flags="R"),
    build.tcp(7, 8, seq=3, ack=1, flags="A", sack=[(5, 6), (9, 10)]),
]


def test_as_tshark(tmp_path: Path) -> None:
    """Field by field what tshark reads from the same frames."""
    frames = []
    for number, segment in enumerate(SEGMENTS):
        v4 = build.ipv4(C, S, build.TCP, segment, ttl=60 + number, ident=number * 9999,
                        opts=bytes(4 * (number % 3)))  # fmt: skip
        v6 = build.ipv6("2001:db8::1:0:0:1", S6, build.TCP, segment, extensions=[(60, bytes(6))])
        frames += [
            build.ethernet(A, B, v4),
            build.ethernet(A, B, v4, [4000]) + bytes(8),
            build.ethernet(B, A, v6, [5, 6]),
        ]
    path = tmp_path / "x.pcap"
    path.write_bytes(build.pcap([(10**18, frame) for frame in frames]))
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=l"]
    command += [part for field in FIELDS for part in ("-e", field)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in output.splitlines()]
    assert len(rows) == len(frames)
    for frame, row in zip(frames, rows, strict=True):
        decoded = decode(ETHERNET, frame)
        theirs = dict(zip(FIELDS, row, strict=True))
        tcp, link = decoded.payload, decoded.link
        assert isinstance(tcp, Tcp)
        assert (format_mac(link.src_mac), format_mac(link.dst_mac)) == (row[0], row[1])
        assert link.vlan == int(theirs["vlan.id"] or -1)
        assert tcp.src == ip(theirs["ip.src"] or theirs["ipv6.src"])
        assert tcp.dst == ip(theirs["ip.dst"] or theirs["ipv6.dst"])
        assert tcp.ttl == int(theirs["ip.ttl"] or theirs["ipv6.hlim"])
        assert tcp.ip_id == int(theirs["ip.id"] or "0", 16)
        assert [tcp.src_port, tcp.dst_port, tcp.seq] == [int(text) for text in row[10:13]]
        assert tcp.flags == int(theirs["tcp.flags"], 16)
        assert tcp.ack == (int(theirs["tcp.ack_raw"]) if tcp.flags & 16 else 0)
        assert [tcp.window, tcp.payload] == [int(text) for text in row[15:17]]
        assert [tcp.tsval, tcp.tsecr] == [int(text or -1) for text in row[17:]]
    assert decoded.link.direction == UNKNOWN
