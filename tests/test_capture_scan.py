"""The compiled scan against the general path: whatever a capture holds, the same result.

``Collector(fast=False)`` sends every record through the container's reader and the decoder;
the scan has to agree with it on rows, counts, times and damage, for every capture there is
and for every lie a header can tell. :data:`BUILT` is also what tests/fuzz mutates.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import build
from synack.capture.reader import open_capture
from synack.capture.segments import Collector
from synack.errors import InputError
from synack.tables import Table

FIXTURES = Path(__file__).parents[1] / "fixtures"
A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"
C, S = "10.0.0.1", "10.0.0.2"
C6, S6 = "fd00::1", "fd00::2"
SECOND = 10**9
T0 = 1_700_000_000 * SECOND

Result = dict[str, Any]


def columns(table: Table) -> dict[str, list[Any]]:
    return {name: column.tolist() for name, column in table.columns.items()}


def read(
    content: bytes,
    *,
    fast: bool = True,
    stream: Callable[[bytes], Any] = io.BytesIO,
    scanner: Any = None,
) -> Result:
    """Everything that reading ``content`` says, or why it cannot be read."""
    collector = Collector(0, fast=fast, scanner=scanner)
    try:
        reader = open_capture("x", stream(content))
    except InputError as error:
        return {"error": str(error)}
    with reader:
        info = collector.read(0, reader)
    segments, claims = collector.tables()
    return {
        "segments": columns(segments),
        "claims": columns(claims),
        "info": vars(info) | {"counts": {k: n for k, n in info.counts.items() if n}},
        "records": (reader.records, reader.frames, reader.bad_records),
        "interfaces": [vars(interface) for interface in reader.interfaces],
    }


def agree(content: bytes, **options: Any) -> Result:
    """Fast equals slow; the common result."""
    fast, slow = read(content, **options), read(content, fast=False, **options)
    assert fast == slow
    return fast


# ---- what there is to read ----------------------------------------------------------------


def packets(c: str, s: str, port: int = 40000) -> list[bytes]:
    """A connection from SYN to reset, every kind of segment in it."""
    stamps = {"timestamps": (11, 12)}
    there = [
        build.tcp(port, 9092, seq=100, flags="S", mss=1460, sack_ok=True, wscale=7, **stamps),
        build.tcp(port, 9092, seq=101, ack=501, flags="A", **stamps),
        build.tcp(port, 9092, seq=101, ack=501, flags="PA", payload=b"hello", **stamps),
        build.tcp(port, 9092, seq=106, ack=506, flags="A", sack=[(600, 700)]),
        build.tcp(port, 9092, seq=106, flags="R"),
    ]
    back = [
        build.tcp(9092, port, seq=500, ack=101, flags="SA", mss=1460, **stamps),
        build.tcp(9092, port, seq=501, ack=106, flags="PA", payload=b"world"),
        build.tcp(9092, port, seq=506, ack=106, flags="FA"),
        build.tcp(9092, port, seq=506, ack=106, flags="RA"),
    ]
    sent = [build.ip(c, s, build.TCP, segment) for segment in there]
    answered = [build.ip(s, c, build.TCP, segment) for segment in back]
    order = [sent[0], answered[0], *sent[1:3], answered[1], sent[3], *answered[2:], sent[4]]
    return order


def others() -> list[bytes]:
    """What is not TCP, and TCP that is unusual, as IP packets."""
    syn = build.tcp(40001, 9092, seq=7, flags="S", timestamps=(1, 2))
    quoted = build.ip(C, S, build.TCP, syn)
    quoted6 = build.ip(C6, S6, build.TCP, syn)
    frame = build.ethernet(A, B, quoted)
    echo = bytes([8, 0, 0, 0, 0, 1, 0, 1]) + bytes(24)
    return [
        build.ip(C, S, build.UDP, build.udp(53, 5353, bytes(30))),
        build.ip(C, S, build.UDP, build.udp(5000, 4789, build.vxlan(7, frame))),
        build.ip(C6, S6, build.UDP, build.udp(53, 5353, bytes(30))),
        build.ip(C, S, 47, bytes([0, 0, 8, 0]) + quoted),
        build.ip(C, S, 4, quoted),
        build.ip(C, S, 41, quoted6),
        build.ip(C, S, 132, bytes(20)),
        build.ip(C, S, build.ICMP, echo),
        build.ip("10.0.0.254", C, build.ICMP, build.icmp_error(quoted)),
        build.ip("10.0.0.254", C, build.ICMP, build.icmp_error(quoted, code=4)),
        build.ip("10.0.0.254", C, build.ICMP, build.icmp_error(quoted, kind=11, code=0, keep=60)),
        build.ip("fd00::9", C6, build.ICMPV6, build.icmpv6_error(quoted6)),
        build.ip(C6, S6, build.ICMPV6, bytes([128]) + echo[1:]),
        build.ip(C6, "ff02::1:ff00:2", build.ICMPV6, build.nd("NS", S6, A)),
        build.ip(S6, C6, build.ICMPV6, build.nd("NA", S6, B, flags=3)),
        build.ipv4(C, S, build.TCP, syn, opts=b"\x94\x04\0\0"),
        build.ipv4(C, S, build.TCP, syn, flags=1),
        build.ipv4(C, S, build.TCP, syn[8:], flags=0, fragment=1),
        build.ipv4(C, S, build.TCP, syn, flags=4),
        build.ipv4(C, S, build.TCP, syn, length=0),
        build.ipv6(C6, S6, build.TCP, syn, extensions=[(0, bytes(6)), (60, bytes(14))]),
        build.ipv6(C6, S6, build.TCP, syn, extensions=[(44, bytes(6))]),
        build.ipv6(C6, S6, build.TCP, syn, extensions=[(44, b"\0\x08" + bytes(4))]),
    ]


ALL_PACKETS = [*packets(C, S), *packets(C6, S6), *others()]
ARPS = [
    build.arp(1, A, C, "00:00:00:00:00:00", S),
    build.arp(2, B, S, A, C),
    build.arp(3, B, S, A, C),
    b"\0\x06" + build.arp(2, B, S, A, C)[2:],
    b"\0\x01\x86\xdd" + build.arp(2, B, S, A, C)[4:],
    build.arp(2, B, S, A, C) + bytes(18),
]
LINKS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "ethernet": (build.ETHERNET, lambda p: build.ethernet(A, B, p)),
    "padded": (build.ETHERNET, lambda p: build.ethernet(A, B, p).ljust(60, b"\0")),
    "vlan": (build.ETHERNET, lambda p: build.ethernet(A, B, p, [7])),
    "qinq": (build.ETHERNET, lambda p: build.ethernet(A, B, p, [7, 9], tpids=[0x88A8])),
    "deep": (build.ETHERNET, lambda p: build.ethernet(A, B, p, [1, 2, 3, 4, 0x5FFF])),
    "sll": (build.SLL, lambda p: build.sll(A, p, packet_type=len(p) % 5)),
    "sll2": (build.SLL2, lambda p: build.sll2(A, p, packet_type=len(p) % 5, ifindex=len(p))),
    "sll2-ifindex": (build.SLL2, lambda p: build.sll2(A, p, ifindex=0xFFFFFFFE)),
    "raw": (build.RAW, lambda p: p),
    "raw-bsd": (12, lambda p: p),
    "raw-openbsd": (14, lambda p: p),
    "ipv4": (228, lambda p: p),
    "ipv6": (229, lambda p: p),
    "null": (build.NULL, build.null),
    "null-big": (build.NULL, lambda p: build.null(p, order=">")),
    "loop": (build.LOOP, lambda p: build.null(p, order=">")),
    "wlan": (105, lambda p: p),
    "usb": (220, lambda p: p),
}
STRANGE = [  # Ethernet frames that are not plain IP or ARP
    build.ethernet(A, B, bytes(40), ethertype=0x88CC),
    build.ethernet(A, B, bytes(40), ethertype=38),
    build.ethernet(A, B, bytes(40), ethertype=1501),
    build.ethernet(A, B, b"\xaa\xaa\x03\0\0\0\x08\0" + ALL_PACKETS[0], ethertype=48),
    build.ethernet(A, B, b"\xaa\xaa\x03\0\0\0\x08\x06" + ARPS[0], ethertype=36),
    build.ethernet(A, B, b"\0\x01\x01\x40" + ALL_PACKETS[0], ethertype=0x8847),
    build.ethernet(A, B, b"\0\x01\0\x40\0\x01\x01\x40" + ALL_PACKETS[0], ethertype=0x8848),
    build.ethernet(A, B, b"\x11\0\0\x01\0\x40\0\x21" + ALL_PACKETS[0], ethertype=0x8864),
    build.ethernet(A, B, ALL_PACKETS[0], ethertype=0x86DD),
    build.ethernet(A, B, ALL_PACKETS[9], ethertype=0x0800),
    build.ethernet(A, B, b"", ethertype=0x0800),
    build.ethernet(A, B, b"", ethertype=0x8100),
    build.sll(A, ALL_PACKETS[0], ethertype=0x8100),
    b"",
    b"\x02",
]


def frames(link: str) -> list[bytes]:
    """Every packet under a link header."""
    wrap = LINKS[link][1]
    arps = [wrap(arp) for arp in ARPS] if LINKS[link][0] not in (0, 108) else []
    return [wrap(packet) for packet in ALL_PACKETS] + arps


def timed(data: list[bytes]) -> list[tuple[int, bytes]]:
    """One record a millisecond, now and then one that goes back."""
    return [(T0 + (n - 3 * (n % 7 == 6)) * 1_000_001, frame) for n, frame in enumerate(data)]


def blocks(link: str, **options: Any) -> bytes:
    """Enhanced Packet Blocks of every frame of a link type, on interface 0."""
    order, tick = options.get("order", "<"), options.pop("tick", 1000)
    content = build.shb(order=order) + build.idb(LINKS[link][0], **options)
    for time, data in timed(frames(link)):
        content += build.epb(time // tick, data, order=order)
    return content


def u32(value: int, order: str = "<") -> bytes:
    return struct.pack(order + "I", value)


def direction_of(bits: int, order: str) -> list[build.Option]:
    return [(2, u32(bits, order))]


def every_block(order: str) -> bytes:
    """One section with several interfaces and every kind of block."""
    first, second = frames("ethernet"), frames("sll2")
    o: dict[str, Any] = {"order": order}
    content = build.shb([(1, b"comment"), (3, b"os")], **o)
    content += build.idb(build.ETHERNET, name="eth0", snaplen=96, tsresol=9, **o)
    content += build.epb(T0, first[0], **o) + build.custom(b"own", **o)
    content += build.idb(build.SLL2, tsresol=6, tsoffset=100, **o)
    content += build.idb(105, name="wlan0", **o)
    for n, (one, two) in enumerate(zip(first, second, strict=True)):
        content += build.epb(T0 + n, one, **o)
        content += build.epb(T0 // 1000 + n, two, interface=1, **o)
        if n % 5 == 0:
            content += build.epb(T0 + n, one, direction_of(n % 4, order), **o)
            content += build.epb(T0 + n, one, [(4, bytes(7) + b"\1")], **o)
            content += build.epb(T0 + n, one, [(1, b"said")], **o)
            content += build.spb(one[:96], original=len(one), **o)
            content += build.pb(T0 + n, one, drops=n, **o)
            content += build.epb(5, one, interface=2, **o) + build.epb(6, one, interface=3, **o)
            content += build.custom(b"x" * n, **o) + build.nrb([(C, ["client"])], **o)
            content += build.epb(T0 + n, one[:60], original=len(one), **o)
            content += build.block(0x77777777, b"unknown", **o)
    return content + build.isb([(5, (3).to_bytes(8, "little"))], interface=1, **o)


def _built() -> Iterator[tuple[str, bytes]]:
    for link, (link_type, _) in LINKS.items():
        yield f"pcap-{link}", build.pcap(timed(frames(link)), link_type=link_type)
        yield f"pcapng-{link}", blocks(link)
    data = timed(frames("ethernet") + STRANGE)
    for order in "<>":
        big = "big" if order == ">" else "little"
        for nano in (False, True):
            for modified in (False, True) if not nano else (False,):
                name = f"{'nano' if nano else 'micro'}-{big}{'-modified' * modified}"
                yield name, build.pcap(data, order=order, nanoseconds=nano, modified=modified)
        for version in [(2, 0), (2, 2), (2, 3), (543, 0)]:
            for swapped in (False, True):
                cut = [(t, frame[:50], len(frame)) for t, frame in data]
                yield (
                    f"version-{version[0]}.{version[1]}-{big}{'-swapped' * swapped}",
                    build.pcap(cut, order=order, version=version, swapped=swapped),
                )
        yield f"every-block-{big}", every_block(order)
        for resol in (0, 3, 6, 9, 10, 12, 19, 20, 0x80, 0x83, 0x8A, 0xBF, 0xFF):
            yield (
                f"tsresol-{resol:#x}-{big}",
                blocks("ethernet", order=order, tsresol=resol, tick=10**6),
            )
        for offset in (1, -1, 86400, -(1 << 40), 1 << 33, (1 << 63) - 1, -(1 << 63)):
            yield f"tsoffset-{offset}-{big}", blocks("ethernet", order=order, tsoffset=offset)
    yield "sections", every_block("<") + every_block(">") + blocks("sll") + every_block("<")
    yield "interfaces", many_interfaces(300)
    for snaplen in (*range(54, 70), 74, 82, 96, 128):
        cut = [(t, frame[:snaplen], len(frame)) for t, frame in data]
        yield f"snaplen-{snaplen}", build.pcap(cut, snaplen=snaplen)


def many_interfaces(count: int) -> bytes:
    """Packets of the first and last interfaces, and of one that is not there."""
    content = build.shb() + build.idb() * count
    for interface in (0, 1, 254, 255, 256, count - 1, count, 0xFFFFFFFF):
        for data in frames("ethernet")[:4]:
            content += build.epb(T0 // 1000, data, interface=interface)
    return content


BUILT = dict(_built())
