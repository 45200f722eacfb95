"""The generator's bytes against those of another writer, `build.py`, which tshark has checked."""

from __future__ import annotations

import pytest

import build
from synack.synth.frames import (
    BROADCAST,
    UNKNOWN_MAC,
    Arp,
    Error,
    Frame,
    Packet,
    Segment,
    ethernet,
    group_mac,
    mirrored,
    solicited_node,
)

B, P = "0a:1f:3c:90:5e:a1", "0a:e6:f1:c2:6b:30"


@pytest.mark.parametrize("ends", [("10.0.1.10", "10.0.1.77"), ("fd00::10", "fd00::77")])
@pytest.mark.parametrize(
    ("flags", "data"), [("S", b""), ("SA", b""), ("A", b""), ("PA", b"produce"), ("R", b"")]
)
def test_a_segment(ends, flags, data):
    segment = Segment(9092, 40001, 7, 9, flags, 502, (11, 12), data)
    frame = Frame(B, P, Packet(*ends, segment, 61, 77))
    options = b""
    if "S" in flags:
        mss = 1440 if ":" in ends[0] else 1460
        stamps = b"\x08\x0a" + (11).to_bytes(4) + (12).to_bytes(4)
        options = b"\x02\x04" + mss.to_bytes(2) + b"\x04\x02" + stamps + b"\x01\x03\x03\x07"
    elif flags != "R":
        options = b"\x01\x01\x08\x0a" + (11).to_bytes(4) + (12).to_bytes(4)
    tcp = build.tcp(9092, 40001, seq=7, ack=9, flags=flags, window=502, opts=options, payload=data)
    pack = build.ipv6 if ":" in ends[0] else lambda *a, ttl: build.ipv4(*a, ttl=ttl, ident=77)
    assert ethernet(frame) == build.ethernet(B, P, pack(*ends, build.TCP, tcp, ttl=61))


def test_arp():
    asks = Frame(B, BROADCAST, Arp(1, B, "10.0.1.10", UNKNOWN_MAC, "10.0.1.77"))
    wanted = build.ethernet(B, BROADCAST, build.arp(1, B, "10.0.1.10", UNKNOWN_MAC, "10.0.1.77"))
    assert ethernet(asks) == wanted
    assert ethernet(asks, received=True) == wanted.ljust(60, b"\0")


@pytest.mark.parametrize(
    ("arp", "kind", "target", "dst", "flags"),
    [
        (Arp(1, B, "fd00::10", UNKNOWN_MAC, "fd00::77"), "NS", "fd00::77", "ff02::1:ff00:77", 0),
        (Arp(1, B, "fd00::10", P, "fd00::77"), "NS", "fd00::77", "fd00::77", 0),
        (Arp(2, B, "fd00::10", P, "fd00::77"), "NA", "fd00::10", "fd00::77", 3),
        (Arp(2, B, "fd00::10", UNKNOWN_MAC, "fd00::10"), "NA", "fd00::10", "ff02::1", 1),
    ],
)
def test_neighbor_discovery(arp, kind, target, dst, flags):
    body = build.nd(kind, target, B, flags=flags)
    packet = build.ipv6("fd00::10", dst, build.ICMPV6, body, ttl=255)
    assert ethernet(Frame(B, P, arp)) == build.ethernet(B, P, packet)


def test_an_error_quotes_its_packet():
    syn = Packet("10.0.1.77", "10.0.1.10", Segment(40001, 9092, 7, 0, "S"))
    frame = ethernet(Frame(B, P, Packet("10.0.1.1", "10.0.1.77", Error(13, syn))))
    assert frame[34:36] == b"\x03\x0d"
    assert frame[42:] == ethernet(Frame(B, P, syn))[14:]
    assert build.checksum(frame[34:]) == 0
    assert build.checksum(frame[14:34]) == 0


def test_tags_are_outside_in():
    frame = Frame(B, P, Packet("10.0.1.77", "10.0.1.10", Segment(1, 2, 3, 0, "S")))
    assert ethernet(frame, [300, 120])[12:22].hex() == "88a8012c810000780800"


@pytest.mark.parametrize(
    ("kind", "port", "head"),
    [
        ("vxlan", 4789, build.vxlan(71, b"")),
        ("geneve", 6081, build.geneve(71, b"")),
        ("gre", None, build.gre(b"", protocol=0x6558)),
    ],
)
def test_a_mirror_wraps_the_whole_frame(kind, port, head):
    inner = bytes(range(60))
    outer = mirrored(inner, kind, "10.255.0.1", "10.255.0.2", 71, 50000)
    payload = head + inner
    if port is not None:
        payload = build.udp(50000, port, payload)
    proto = build.UDP if port else 47
    assert outer == build.ipv4("10.255.0.1", "10.255.0.2", proto, payload)


def test_groups():
    assert solicited_node("fd00:10:0:1::77") == "ff02::1:ff00:77"
    assert group_mac("ff02::1:ff00:77") == "33:33:ff:00:00:77"
