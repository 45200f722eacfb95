"""Packets in packets: what is inside counts, what is around is remembered, nothing raises."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reader import CORPUS

import build
from synack.addresses import NO_IP, NO_MAC, Address, parse_ip, parse_mac
from synack.capture.decode import Claim, Frame, Link, Quote, Tcp, decode
from synack.capture.reader import open_capture
from synack.capture.scan import Scanner
from synack.capture.segments import Collector
from synack.capture.tunnels import Tunnel
from synack.model import CaptureFile
from synack.pipeline import load
from synack.tables import OUTBOUND, UNKNOWN, Table

ETHERNET, SLL, RAW = build.ETHERNET, build.SLL, build.RAW
A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"
X, Y = "02:00:00:00:00:0e", "02:00:00:00:00:0f"
C, S, C6, S6 = "10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2"
OUT, IN = "192.0.2.1", "192.0.2.2"
OUT6, IN6 = "2001:db8::1", "2001:db8::2"
IPIP, IP6IP, GRE = 4, 41, 47


def ip(text: str) -> Address:
    packed = parse_ip(text)
    assert packed is not None
    return packed


def mac(text: str) -> int:
    packed = parse_mac(text)
    assert packed is not None
    return packed


SYN = build.tcp(40000, 9092, seq=7, flags="S", mss=1460, timestamps=(11, 12))
V4, V6 = build.ip(C, S, build.TCP, SYN), build.ip(C6, S6, build.TCP, SYN)
FRAME = build.ethernet(A, B, V4)
TAGGED = build.ethernet(A, B, V6, [5, 42])
WANTED = Tcp(ip(C), ip(S), 40000, 9092, 7, 0, 2, 64240, 0, 64, 0, 11, 12)
WANTED6 = WANTED._replace(src=ip(C6), dst=ip(S6))
MACS, NO_LINK = Link(mac(A), mac(B)), Link(NO_MAC, NO_MAC)


def outer(protocol: int, content: bytes) -> bytes:
    return build.ethernet(X, Y, build.ip(OUT, IN, protocol, content), [9])


def outer6(protocol: int, content: bytes) -> bytes:
    return build.ethernet(X, Y, build.ip(OUT6, IN6, protocol, content))


def udp(port: int, content: bytes) -> bytes:
    return outer(build.UDP, build.udp(50000, port, content))


def around(kind: str, number: int = -1) -> Tunnel:
    return Tunnel(kind, number, ip(OUT), ip(IN))


def around6(kind: str, number: int = -1) -> Tunnel:
    return Tunnel(kind, number, ip(OUT6), ip(IN6))


OPTIONS = struct.pack(">HBBI", 0x0108, 1, 1, 99) + struct.pack(">HBB", 0x0108, 2, 0)
MIRRORED = build.vxlan(0xABCDEF, FRAME)
CHOPPED = build.erspan(FRAME, kind=3)
LONGER = build.erspan(FRAME, kind=3, subheader=bytes(range(8)))
PACKET6 = build.ipv6(OUT6, IN6, IPIP, V4, extensions=[(60, bytes([4, 1, 4, 0, 1, 0]))])

TUNNELS: dict[str, tuple[bytes, Link, Tcp, Tunnel]] = {
    "VXLAN": (udp(4789, MIRRORED), MACS, WANTED, around("vxlan", 0xABCDEF)),
    "VXLAN, VLANs and IPv6 inside": (
        udp(4789, build.vxlan(0, TAGGED)),
        MACS._replace(vlan=42),
        WANTED6,
        around("vxlan", 0),
    ),
    "VXLAN over IPv6": (
        outer6(build.UDP, build.udp(1, 4789, MIRRORED)),
        MACS,
        WANTED,
        around6("vxlan", 0xABCDEF),
    ),
    "VXLAN with a group policy": (
        udp(4789, b"\x88\0\0\x07" + MIRRORED[4:]),
        MACS,
        WANTED,
        around("vxlan", 0xABCDEF),
    ),
    "VXLAN, Linux' old port": (udp(8472, MIRRORED), MACS, WANTED, around("vxlan", 0xABCDEF)),
    "GENEVE": (udp(6081, build.geneve(7, FRAME)), MACS, WANTED, around("geneve", 7)),
    "GENEVE with options": (
        udp(6081, build.geneve(7, FRAME, opts=OPTIONS)),
        MACS,
        WANTED,
        around("geneve", 7),
    ),
    "GENEVE, IP at once": (
        udp(6081, build.geneve(7, V4, protocol=0x0800, opts=OPTIONS)),
        NO_LINK,
        WANTED,
        around("geneve", 7),
    ),
    "GENEVE, IPv6 at once": (
        udp(6081, build.geneve(7, V6, protocol=0x86DD)),
        NO_LINK,
        WANTED6,
        around("geneve", 7),
    ),
    "GRE": (outer(GRE, build.gre(V4)), NO_LINK, WANTED, around("gre")),
    "GRE, IPv6": (outer(GRE, build.gre(V6)), NO_LINK, WANTED6, around("gre")),
    "GRE over IPv6": (outer6(GRE, build.gre(V4)), NO_LINK, WANTED, around6("gre")),
    "GRE with all its fields": (
        outer(GRE, build.gre(V4, key=2**32 - 1, sequence=5, checksummed=True)),
        NO_LINK,
        WANTED,
        around("gre", 2**32 - 1),
    ),
    "GRE with a checksum": (outer(GRE, build.gre(V4, checksummed=True)), NO_LINK, WANTED,
                            around("gre")),
    "GRE with a number": (outer(GRE, build.gre(V4, sequence=5)), NO_LINK, WANTED, around("gre")),
    "GRE, Ethernet": (
        outer(GRE, build.gre(FRAME, protocol=0x6558, key=0x00BEEF00)),
        MACS,
        WANTED,
        around("gre", 0x00BEEF00),
    ),
    "ERSPAN I": (outer(GRE, build.gre(FRAME, protocol=0x88BE)), MACS, WANTED, around("gre")),
    "ERSPAN II": (
        outer(GRE, build.gre(build.erspan(TAGGED), protocol=0x88BE, sequence=1)),
        MACS._replace(vlan=42),
        WANTED6,
        around("gre"),
    ),
    "ERSPAN III": (
        outer(GRE, build.gre(CHOPPED, protocol=0x22EB, sequence=1)),
        MACS,
        WANTED,
        around("gre"),
    ),
    "ERSPAN III, longer": (
        outer(GRE, build.gre(LONGER, protocol=0x22EB, sequence=1)),
        MACS,
        WANTED,
        around("gre"),
    ),
    "IP in IP": (outer(IPIP, V4), NO_LINK, WANTED, around("ipip")),
    "IPv6 in IP": (outer(IP6IP, V6), NO_LINK, WANTED6, around("ipip")),
    "IP in IPv6": (outer6(IPIP, V4), NO_LINK, WANTED, around6("ipip")),
    "IPv6 in IPv6": (outer6(IP6IP, V6), NO_LINK, WANTED6, around6("ipip")),
    "IP in IPv6, after an option": (
        build.ethernet(X, Y, PACKET6),
        NO_LINK,
        WANTED,
        around6("ipip"),
    ),
    "VXLAN in GENEVE": (
        udp(
            6081,
            build.geneve(
                1,
                build.ip(OUT6, IN6, build.UDP, build.udp(1, 4789, MIRRORED)),
                protocol=0x86DD,
            ),
        ),
        MACS,
        WANTED,
        around6("vxlan", 0xABCDEF),
    ),
    "IP in IP in VXLAN": (
        udp(4789, build.vxlan(3, build.ethernet(A, B, build.ip(OUT6, IN6, IPIP, V4)))),
        NO_LINK,
        WANTED,
        around6("ipip"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TUNNELS)
def test_tunnels(name: str) -> None:
    """One SYN in every tunnel: link and segment are the inner ones; padding is not inside."""
    data, link, tcp, tunnel = TUNNELS[name]
    assert decode(ETHERNET, data) == Frame(link, tcp, None, tunnel)
    assert decode(ETHERNET, data + bytes(20)) == Frame(link, tcp, None, tunnel)


def test_depth() -> None:
    """Eight tunnels in one another are followed; of nine, nothing is said."""
    packet = V4
    for _ in range(8):
        packet = build.ip(OUT, IN, IPIP, packet)
    assert decode(RAW, packet) == Frame(Link(), WANTED, None, around("ipip"))
    assert decode(RAW, build.ip(OUT, IN, IPIP, packet)) == Frame(Link())


def test_interface_is_the_captures() -> None:
    """Of SLL2 the interface stays: the inner frame was captured there. The rest is inner."""
    data = build.sll2(X, build.ip(OUT, IN, GRE, build.gre(FRAME, protocol=0x6558)), packet_type=4)
    assert decode(build.SLL2, data).link == MACS._replace(interface=2)
    data = build.sll2(X, build.ip(OUT, IN, IPIP, V4), packet_type=4)
    assert decode(build.SLL2, data).link == Link(interface=2)


def with_bits(content: bytes, value: int) -> bytes:
    """GRE with other flags and version."""
    return struct.pack(">H", value) + content[2:]


NOT_TUNNELS = {
    "VXLAN without the I flag": udp(4789, b"\0" + MIRRORED[1:]),
    "another protocol on the old port": udp(8472, b"\x08\0\0\x01" + MIRRORED[4:]),
    "the old port, a reserved byte": udp(8472, MIRRORED[:7] + b"\1" + MIRRORED[8:]),
    "from the port": outer(build.UDP, build.udp(4789, 50000, MIRRORED)),
    "VXLAN-GPE": udp(4790, MIRRORED),
    "GTP-U": udp(2152, bytes([0x30, 255]) + struct.pack(">HI", len(V4), 1) + V4),
    "GENEVE of another version": udp(6081, b"\x40" + build.geneve(7, FRAME)[1:]),
    "GENEVE control": udp(6081, b"\0\x80" + build.geneve(7, FRAME)[2:]),
    "GENEVE, another protocol": udp(6081, build.geneve(7, FRAME, protocol=0x8847)),
    "GRE 1 (PPTP)": outer(GRE, with_bits(build.gre(V4), 0x2001)),
    "GRE with source routes": outer(GRE, with_bits(build.gre(V4), 0x4000)),
    "GRE, another protocol": outer(GRE, build.gre(V4, protocol=0x880B)),
    "ERSPAN II of another version": outer(
        GRE, build.gre(b"\x20" + build.erspan(FRAME)[1:], protocol=0x88BE, sequence=1)
    ),
    "ERSPAN III of another version": outer(
        GRE, build.gre(b"\x10" + CHOPPED[1:], protocol=0x22EB, sequence=1)
    ),
    "ERSPAN III, no Ethernet": outer(
        GRE, build.gre(CHOPPED[:10] + b"\x08\0" + CHOPPED[12:], protocol=0x22EB, sequence=1)
    ),
    "nothing in VXLAN": udp(4789, MIRRORED[:8]),
    "half a VXLAN header": udp(4789, MIRRORED[:4]),
    "nothing in GENEVE": udp(6081, build.geneve(7, b"", opts=OPTIONS)),
    "no GENEVE options": udp(6081, build.geneve(7, b"", opts=OPTIONS)[:-4]),
    "nothing in UDP": udp(6081, b""),
    "less than UDP": outer(build.UDP, b"\x12"),
    "nothing in GRE": outer(GRE, build.gre(b"", protocol=0x0800)),
    "no GRE key": outer(GRE, build.gre(b"", protocol=0x0800, key=1)[:-1]),
    "no ERSPAN header": outer(GRE, build.gre(bytes(7), protocol=0x88BE, sequence=1)),
    "no ERSPAN subheader": outer(GRE, build.gre(LONGER[:16], protocol=0x22EB, sequence=1)),
    "later fragment": build.ethernet(
        X, Y, build.ipv4(OUT, IN, build.UDP, build.udp(1, 4789, MIRRORED), fragment=3)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_TUNNELS)
def test_not_tunnels(name: str) -> None:
    """What is no tunnel, or none that is understood, is neither fact nor damage."""
    frame = decode(ETHERNET, NOT_TUNNELS[name])
    assert (frame.payload, frame.damage, frame.tunnel) == (None, None, None)


def test_first_fragment() -> None:
    """An outer packet in fragments: the first holds the inner headers."""
    datagram = build.udp(1, 4789, build.vxlan(7, FRAME))
    packet = build.ipv4(OUT, IN, build.UDP, datagram, flags=1)
    assert decode(RAW, packet).payload == WANTED


def test_mirrored_and_cut() -> None:
    """The mirror cuts what its own MTU cannot carry: the payload is what was sent."""
    data = build.tcp(40000, 9092, seq=7, ack=1, flags="A", payload=bytes(1460))
    frame = build.ethernet(A, B, build.ip(C, S, build.TCP, data))
    found = decode(ETHERNET, udp(4789, build.vxlan(7, frame[:1000])))
    assert found.damage is None
    assert isinstance(found.payload, Tcp)
    assert found.payload.payload == 1460


def test_damage_inside() -> None:
    """Named with the tunnel; what is true all the same is kept, and where it came from."""
    found = decode(ETHERNET, udp(4789, build.vxlan(7, FRAME[:58])))
    assert found.damage == "TCP options cut: 4 of 16 bytes (inside vxlan)"
    assert (found.payload, found.tunnel) == (
        WANTED._replace(tsval=-1, tsecr=-1),
        around("vxlan", 7),
    )
    found = decode(ETHERNET, udp(4789, build.vxlan(7, FRAME[:40])))
    assert found.damage == "TCP header cut: 6 of 20 bytes (inside vxlan)"
    assert (found.payload, found.tunnel) == (None, None)
    assert decode(ETHERNET, udp(4789, b"")[:40]).damage == "UDP header cut: 2 of 4 bytes"


# ---- claims and errors ------------------------------------------------------------------

ARP = build.ethernet(A, B, build.arp(2, A, C, B, S))
NA = build.ethernet(A, B, build.ipv6(C6, S6, build.ICMPV6, build.nd("NA", C6, A), ttl=255))
ERROR = build.ethernet(B, A, build.ip(S, C, build.ICMP, build.icmp_error(V4)))


@pytest.mark.parametrize(
    ("inner", "payload"),
    [
        (ARP, Claim(2, ip(C), mac(A), ip(S))),
        (NA, Claim(136, ip(C6), mac(A), NO_IP)),
        (ERROR, Quote(3 << 8 | 1, ip(C), ip(S), 40000, 9092, 7, 0, 0)),
    ],
)
def test_claims_and_errors(inner: bytes, payload: Claim | Quote) -> None:
    """ARP, neighbor discovery and ICMP errors inside."""
    for data in (
        udp(4789, build.vxlan(7, inner)),
        udp(6081, build.geneve(7, inner)),
        outer(GRE, build.gre(build.erspan(inner), protocol=0x88BE, sequence=1)),
    ):
        frame = decode(ETHERNET, data)
        assert (frame.payload, frame.damage) == (payload, None)
        assert frame.tunnel is not None
        assert {frame.link.src_mac, frame.link.dst_mac} == {mac(A), mac(B)}


# ---- hostile bytes ----------------------------------------------------------------------


@pytest.mark.parametrize("name", TUNNELS)
def test_cut_anywhere(name: str) -> None:
    """Cut at every byte: the same facts, or damage; never other facts in silence."""
    data = TUNNELS[name][0]
    whole = decode(ETHERNET, data)
    for end in range(len(data)):
        frame = decode(ETHERNET, data[:end])
        assert frame.damage or frame == whole, end
        inner = whole.payload
        assert isinstance(inner, Tcp)
        # Without its last options, or its window, the same segment from the same tunnel.
        bare = inner._replace(tsval=-1, tsecr=-1)
        assert frame.payload in (None, inner, bare, bare._replace(window=0))
        assert frame.tunnel == (whole.tunnel if frame.payload else None)


HEADERS = {
    "VXLAN": udp(4789, bytes([8, 0, 0, 0, 0, 0, 9, 0])),
    "VXLAN, old port": udp(8472, bytes([8, 0, 0, 0, 0, 0, 9, 0])),
    "GENEVE": udp(6081, build.geneve(7, b"")),
    "GENEVE, IP": udp(6081, build.geneve(7, b"", protocol=0x0800, opts=OPTIONS)),
    "nothing of GENEVE": udp(6081, b""),
    "GRE": outer(GRE, b""),
    "GRE, IP": outer(GRE, build.gre(b"", protocol=0x0800)),
    "GRE, Ethernet": outer(GRE, build.gre(b"", protocol=0x6558, key=1)),
    "ERSPAN II": outer(GRE, build.gre(b"", protocol=0x88BE, sequence=1)),
    "ERSPAN II, frame": outer(GRE, build.gre(build.erspan(b""), protocol=0x88BE, sequence=1)),
    "ERSPAN III": outer(GRE, build.gre(b"", protocol=0x22EB, sequence=1)),
    "IP in IP": outer(IPIP, b""),
    "IPv6 in IPv6": outer6(IP6IP, b""),
}


def lengthened(data: bytes, tail: bytes) -> bytes:
    """``data`` with ``tail`` after it, the outer IP length of 0: all that is there."""
    at = 16 if data[12:14] == b"\x08\0" else 20 if data[12:14] == b"\x81\0" else 18
    return data[:at] + b"\0\0" + data[at + 2 :] + tail


@given(st.sampled_from(sorted(HEADERS)), st.binary(max_size=160), st.booleans())
@settings(max_examples=1500)
def test_any_bytes_inside(name: str, tail: bytes, inner: bool) -> None:
    """Nothing raises, and what comes out fits the tables."""
    frame = decode(ETHERNET, lengthened(HEADERS[name], (FRAME[:14] if inner else b"") + tail))
    assert isinstance(frame, Frame)
    assert (frame.tunnel is not None) == (frame.payload is not None)
    assert -1 <= frame.link.vlan < 4096


@given(
    st.sampled_from(sorted(TUNNELS)),
    st.lists(st.tuples(st.integers(0, 250), st.integers(0, 255)), min_size=1, max_size=6),
    st.binary(max_size=40),
)
@settings(max_examples=500)
def test_bytes_flipped(name: str, flips: list[tuple[int, int]], tail: bytes) -> None:
    """A good frame with wrong bytes: the two ways through it agree, and the rows hold it."""
    content = bytearray(TUNNELS[name][0] + tail)
    for at, value in flips:
        content[at % len(content)] = value
    frame = decode(ETHERNET, bytes(content))
    if isinstance(frame.payload, Tcp):
        assert 0 <= frame.payload.payload < 1 << 16
    if frame.tunnel:
        assert -1 <= frame.tunnel.id < 1 << 32
    assert results([bytes(content)], fast=True) == results([bytes(content)], fast=False)


# ---- tables -----------------------------------------------------------------------------


def collect(
    frames: list[bytes], *, fast: bool = True, link_type: int = ETHERNET, rows: int = 512
) -> tuple[Table, Table, Table, CaptureFile]:
    content = build.pcap([(10**18, data) for data in frames], link_type=link_type)
    collector = Collector(3, fast=fast, scanner=Scanner(3, rows=rows, slots=512))
    info = collector.read(7, open_capture("x", io.BytesIO(content)))
    return *collector.tables(), collector.tunnels(), info


def results(frames: list[bytes], *, fast: bool) -> list[object]:
    segments, claims, tunnels, info = collect(frames, fast=fast)
    tables: list[object] = [list(table.rows()) for table in (segments, claims, tunnels)]
    return [*tables, {k: n for k, n in info.counts.items() if n}, info.bad, info.packets]


def test_rows() -> None:
    """A row of the outer per kept segment that came through a tunnel, and only for those."""
    frames = [FRAME, udp(4789, MIRRORED), udp(53, bytes(30)), outer(GRE, build.gre(V6, key=8))]
    frames += [udp(6081, build.geneve(2, ERROR)), udp(4789, build.vxlan(4, ARP)), outer(IPIP, V4)]
    segments, claims, tunnels, info = collect(frames)
    assert segments["frame"].tolist() == [1, 2, 4, 5, 7]
    assert claims["frame"].tolist() == [6]
    assert (info.counts["tcp"], info.counts["syn"], info.counts["arp"]) == (4, 4, 1)
    assert tunnels["frame"].tolist() == [2, 4, 5, 7]
    assert tunnels["kind"].tolist() == ["vxlan", "gre", "geneve", "ipip"]
    assert tunnels["id"].tolist() == [0xABCDEF, 8, 2, -1]
    first = next(tunnels.rows())
    assert first == {
        "capture": 3, "file": 7, "frame": 2, "kind": "vxlan", "id": 0xABCDEF,
        "outer_src_hi": ip(OUT)[0], "outer_src_lo": ip(OUT)[1],
        "outer_dst_hi": ip(IN)[0], "outer_dst_lo": ip(IN)[1],
    }  # fmt: skip
    assert segments["src_mac"].tolist() == [mac(A), mac(A), NO_MAC, mac(B), NO_MAC]
    assert segments["vlan"].tolist() == [-1] * 5, "the outer frames were tagged"


def test_both_ways_agree() -> None:
    """The scan leaves every tunnel to the decoder, whatever the link and IP version."""
    frames = [case[0] for case in TUNNELS.values()] + list(NOT_TUNNELS.values())
    assert results(frames, fast=True) == results(frames, fast=False)
    cut = [data[:end] for data in frames for end in range(30, len(data), 7)]
    assert results(cut, fast=True) == results(cut, fast=False)


def test_plain_udp_is_counted_by_the_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the destination port decides what goes the slow way."""
    slow: list[int] = []
    monkeypatch.setattr(Collector, "_add", lambda _, record: slow.append(record.frame))
    frames = [udp(port, bytes(30)) for port in (53, 4789, 4790, 443, 8472, 6081)]
    frames += [outer(build.UDP, build.udp(4789, 50000, MIRRORED))]
    frames += [outer6(build.UDP, build.udp(50000, port, bytes(30))) for port in (53, 6081)]
    collect(frames)
    assert slow == [2, 5, 6, 9]


def test_direction_is_not_the_outer_ones() -> None:
    """The capturing host sent the outer packet on; who sent the inner one, it cannot say."""
    packets = [V4, build.ip(OUT, IN, IPIP, V4), build.ip(OUT, IN, build.UDP,
                build.udp(1, 4789, build.vxlan(1, ARP)))]  # fmt: skip
    frames = [build.sll(X, packet, packet_type=4) for packet in packets]
    segments, claims, _, _ = collect(frames, link_type=SLL)
    assert segments["direction"].tolist() == [OUTBOUND, UNKNOWN]
    assert claims["direction"].tolist() == [UNKNOWN]


def test_rows_are_taken_away() -> None:
    """More segments than fit at once, in tunnels and bare: every outer in its order."""
    frames = [udp(4789, build.vxlan(n, FRAME)) if n % 2 else FRAME for n in range(100)]
    segments, _, tunnels, _ = collect(frames, rows=8)
    assert len(segments) == 100
    assert tunnels["id"].tolist() == list(range(1, 100, 2))
    assert tunnels["frame"].tolist() == list(range(2, 101, 2))


def test_loaded(tmp_path: Path) -> None:
    """The pipeline carries the outer of every capture, by the same numbers as the segments."""
    for name, vni in (("a.pcap", 5), ("b.pcap", 6)):
        data = udp(4789, build.vxlan(vni, FRAME))
        (tmp_path / name).write_bytes(build.pcap([(10**18, data)]))
    loaded = load([str(tmp_path)])
    rows = zip(
        *(loaded.tunnels[c].tolist() for c in ("capture", "file", "frame", "id")), strict=True
    )
    assert list(rows) == [(0, 0, 1, 5), (1, 1, 1, 6)]
    assert loaded.segments["capture"].tolist() == [0, 1]


# ---- tshark -----------------------------------------------------------------------------

FIELDS = (
    "eth.src", "eth.dst", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport",
    "tcp.dstport", "tcp.seq_raw", "tcp.len", "tcp.flags", "vlan.id",
)  # fmt: skip
IDS = ("vxlan.vni", "geneve.vni", "gre.key")


def dissected(path: Path) -> list[dict[str, list[str]]]:
    """Of every frame, all occurrences of each field, from the outside in."""
    options = [part for field in FIELDS + IDS for part in ("-e", field)]
    command = ["tshark", "-n", "-r", str(path), "-o", "ip.defragment:FALSE"]
    command += ["-o", "ipv6.defragment:FALSE", "-T", "fields", "-E", "aggregator=;", *options]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [
        {name: cell.split(";") for name, cell in zip(FIELDS + IDS, line.split("\t"), strict=True)}
        for line in output.split("\n")[:-1]
    ]


def compare(frame: Frame, theirs: dict[str, list[str]]) -> None:
    tcp = frame.payload
    assert isinstance(tcp, Tcp)
    assert frame.tunnel is not None
    version = "ipv6" if tcp.src[0] else "ip"
    assert (tcp.src, tcp.dst) == tuple(ip(theirs[f"{version}.{e}"][-1]) for e in ("src", "dst"))
    assert [tcp.src_port, tcp.dst_port, tcp.seq, tcp.payload] == [
        int(theirs[field][-1]) for field in ("tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.len")
    ]
    assert tcp.flags == int(theirs["tcp.flags"][-1], 16)
    if frame.link.src_mac != NO_MAC:
        macs = frame.link.src_mac, frame.link.dst_mac
        assert macs == tuple(mac(theirs[f"eth.{e}"][-1]) for e in ("src", "dst"))
    assert frame.link.vlan == -1 or frame.link.vlan == int(theirs["vlan.id"][-1])
    for end, outside in (("src", frame.tunnel.src), ("dst", frame.tunnel.dst)):
        assert outside in {ip(text) for text in theirs[f"ip.{end}"] + theirs[f"ipv6.{end}"] if text}
    numbers = [text for name in IDS for text in theirs[name] if text]
    assert frame.tunnel.id == (int(numbers[0], 0) if numbers else -1)


def test_as_tshark(tmp_path: Path) -> None:
    """Every tunnel of these tests but the nested ones, field by field what tshark reads."""
    names = [name for name in TUNNELS if not name.endswith(("in VXLAN", "in GENEVE"))]
    # tshark takes the old port for OTV and does not know ERSPAN I.
    frames = [TUNNELS[name][0] for name in names if "old port" not in name]
    path = tmp_path / "x.pcap"
    path.write_bytes(build.pcap([(10**18, data) for data in frames]))
    theirs = dissected(path)
    assert len(theirs) == len(frames)
    for data, fields in zip(frames, theirs, strict=True):
        compare(decode(ETHERNET, data), fields)


@pytest.mark.parametrize(
    "name",
    [
        "libpcap-filter-geneve", "tcpdump-geneve", "tcpdump-gso-ipv4-geneve-ipv6",
        "tcpdump-gso-ipv4-vxlan-ipv6", "sv-vxlan-decoder-03-vxlan", "sv-bug-5437-02-input",
        "sv-bug-2576-01-ips-temp6", "sv-bug-5633-gre-02-gre-sample", "pcpp-IPv4-encapsulated-IPv6",
        "snabb-lwaftr-ndp_without_dst_eth_compound", "wireshark-ipoipoip",
    ],
)  # fmt: skip
def test_corpus_as_tshark(name: str) -> None:
    """The inner fields of real captures."""
    path = CORPUS / "tunnels" / f"{name}.pcap"
    theirs, compared = dissected(path), 0
    with open_capture(path) as reader:
        for record in reader:
            frame = decode(record.link_type, record.data)
            if isinstance(frame.payload, Tcp) and frame.tunnel:
                compare(frame, theirs[record.frame - 1])
                compared += 1
    assert compared
