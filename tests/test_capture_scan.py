"""The compiled scan against the general path: whatever a capture holds, the same result.

``Collector(fast=False)`` sends every record through the container's reader and the decoder;
the scan has to agree with it on rows, counts, times and damage, for every capture there is
and for every lie a header can tell. :data:`BUILT` is also what tests/fuzz mutates.
"""

from __future__ import annotations

import functools
import io
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reader import CORPUS, SHARED, manifest

import build
from synack.capture import scan
from synack.capture.reader import open_capture
from synack.capture.segments import Collector
from synack.errors import InputError
from synack.pipeline import load, run
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
    return [sent[0], answered[0], *sent[1:3], answered[1], sent[3], *answered[2:], sent[4]]


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
        build.ip(C, S, build.UDP, build.udp(5000, 8472, build.vxlan(7, frame))),
        build.ip(C, S, build.UDP, build.udp(4789, 5000, build.vxlan(7, frame))),
        build.ip(C, S, build.UDP, build.udp(5000, 6081, b"\0\0\x65\x58\0\0\x07\0" + frame)),
        build.ip(C6, S6, build.UDP, build.udp(5000, 4789, build.vxlan(7, frame))),
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


def tagged(packet: bytes) -> bytes:
    """What follows a VLAN EtherType: tag, the packet's own EtherType, packet."""
    return b"\0\x07" + build.ethernet(A, B, packet)[12:]


LINKS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "ethernet": (build.ETHERNET, lambda p: build.ethernet(A, B, p)),
    "padded": (build.ETHERNET, lambda p: build.ethernet(A, B, p).ljust(60, b"\0")),
    "vlan": (build.ETHERNET, lambda p: build.ethernet(A, B, p, [7])),
    "qinq": (build.ETHERNET, lambda p: build.ethernet(A, B, p, [7, 9], tpids=[0x88A8])),
    "deep": (build.ETHERNET, lambda p: build.ethernet(A, B, p, [1, 2, 3, 4, 0x5FFF])),
    "tpids": (build.ETHERNET, lambda p: build.ethernet(A, B, p, [1, 2], tpids=[0x9100, 0x9200])),
    "sll": (build.SLL, lambda p: build.sll(A, p, packet_type=len(p) % 5)),
    "sll2": (build.SLL2, lambda p: build.sll2(A, p, packet_type=len(p) % 5, ifindex=len(p))),
    "sll-vlan": (build.SLL, lambda p: build.sll(A, tagged(p), ethertype=0x8100)),
    "sll2-vlan": (build.SLL2, lambda p: build.sll2(A, tagged(p), ethertype=0x9200)),
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
    build.ethernet(A, B, b"\xaa\xaa\x03\0\0\0\x08\0" + ALL_PACKETS[0], ethertype=1500),
    build.ethernet(A, B, b"\xaa\xaa\x03\0\0\0\x08\0" + ALL_PACKETS[0], ethertype=1501),
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
        cut = [(t, frame[:70], len(frame)) for t, frame in data]
        for version in [(2, 0), (2, 2), (2, 3), (543, 0)]:
            name = f"version-{version[0]}.{version[1]}-{big}"
            yield name, build.pcap(cut, order=order, version=version, swapped=version != (2, 3))
        yield (
            f"version-2.3-{big}-swapped",
            build.pcap(cut, order=order, version=(2, 3), swapped=True),
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


@pytest.mark.parametrize("name", BUILT)
def test_built(name: str) -> None:
    """Every link type, container variant and kind of block."""
    result = agree(BUILT[name])
    assert result["info"]["packets"] > 40 or name == "interfaces"


@pytest.mark.parametrize("name", ["pcap-vlan", "nano-big", "version-2.2-little", "every-block-big"])
def test_drips(name: str) -> None:
    """Byte by byte as whole: no record is looked at before it is there."""
    whole, drips = read(BUILT[name]), agree(BUILT[name], stream=build.Trickle)
    assert drips == whole


def walked(content: bytes) -> int:
    """Records that never went the general way."""
    scanner = scan.Scanner(0)
    collector = Collector(0, scanner=scanner)
    general = []
    collector._add = general.append  # type: ignore[method-assign]
    with open_capture("x", io.BytesIO(content)) as reader:
        collector.read(0, reader)
        return reader.records - len(general)


@pytest.mark.parametrize(
    "name", ["ethernet", "padded", "vlan", "qinq", "sll", "sll2", "raw", "raw-bsd"]
)
@pytest.mark.parametrize("container", ["pcap", "pcapng"])
def test_common_records_are_walked(name: str, container: str) -> None:
    """The scan itself takes TCP, UDP and ARP: else all of this compares nothing."""
    assert walked(BUILT[f"{container}-{name}"]) >= len(packets(C, S)) * 2 + 3


@pytest.mark.parametrize(
    ("name", "unusual"),
    [
        ("pcap-ethernet", {"src_hi", "dst_hi"}),
        ("pcap-vlan", {"src_hi", "dst_hi", "vlan"}),
        ("pcap-sll", {"src_hi", "dst_hi", "direction"}),
    ],
)
def test_what_no_row_differs_in_takes_no_memory(name: str, unusual: set[str]) -> None:
    scanner = scan.Scanner(2)
    with open_capture("x", io.BytesIO(BUILT[name])) as reader:
        Collector(2, scanner=scanner).read(0, reader)
    segments, _ = scanner.take()
    assert len(segments) > 10
    usual = {n for n, column in segments.columns.items() if column.strides == (0,)}
    may = {"capture", "file", "src_hi", "dst_hi", "direction", "interface", "vlan"}
    assert usual & may == may - unusual
    assert set(segments["capture"].tolist()) == {2}


# ---- captures of the world ----------------------------------------------------------------


def captures(*folders: Path) -> list[Path]:
    return sorted(p for f in folders for p in f.rglob("*") if p.suffix in (".pcap", ".pcapng"))


@pytest.mark.parametrize("folder", sorted({Path(name).parent.name for name in manifest()}))
def test_corpus(folder: str) -> None:
    """Every file of the shared corpus, those that are refused too."""
    names = [name for name in manifest() if Path(name).parent.name == folder]
    for name in names:
        same((CORPUS / name).read_bytes(), name)


@pytest.mark.parametrize("root", [SHARED / "domain" / "lab", FIXTURES], ids=["lab", "fixtures"])
def test_recorded(root: Path) -> None:
    """What real kernels did."""
    found = captures(root)
    assert found
    for path in found:
        agree(path.read_bytes())


# ---- lies ---------------------------------------------------------------------------------

VALUES = [0x00, 0x01, 0x04, 0x05, 0x0F, 0x40, 0x44, 0x45, 0x4F, 0x50, 0x60, 0x7F, 0x80, 0xF0, 0xFF]
LYING = ["ethernet", "vlan", "sll", "sll2", "raw", "null", "ipv6"]


def small() -> Any:
    """A scanner that costs little to make."""
    return scan.Scanner(0, rows=64, slots=1024)


def same(content: bytes, about: object = "") -> Result:
    """:func:`agree` with small scanners, for thousands of captures."""
    fast, slow = read(content, scanner=small()), read(content, fast=False, scanner=small())
    assert fast == slow, about
    return fast


def long_pcap(records: list[tuple[int, bytes]], **options: Any) -> bytes:
    """:func:`build.pcap` of many records."""
    parts = [build.pcap([record], **options)[24:] for record in records]
    return build.pcap_header(**options) + b"".join(parts)


def lies(frame: bytes) -> Iterator[bytes]:
    """The frame with each byte of its first 100 changed, to extremes and by one bit."""
    for at in range(min(len(frame), 100)):
        for value in {*VALUES, frame[at] ^ 1, frame[at] ^ 2, frame[at] ^ 0x10, frame[at] ^ 0x80}:
            yield frame[:at] + bytes([value]) + frame[at + 1 :]


@pytest.mark.parametrize("link", LYING)
def test_frame_lies(link: str) -> None:
    """Each header byte of each kind of packet at every extreme; of some under other links."""
    for frame in frames(link)[:: 1 if link == "ethernet" else 4]:
        records = timed(list(lies(frame)))
        same(long_pcap(records, link_type=LINKS[link][0]), frame.hex())


@pytest.mark.parametrize("link", LYING)
def test_cut_frames(link: str) -> None:
    """Every packet cut at every byte, and with bytes behind its end."""
    cut = [f[:n] for f in frames(link) for n in range(len(f) + 1)]
    cut += [frame + bytes(extra) for frame in frames(link) for extra in (1, 2, 7)]
    same(long_pcap(timed(cut), link_type=LINKS[link][0]))


def test_cut_ping() -> None:
    """An ICMP message is damaged by the cut whatever its type says."""
    echo = build.ip(C, S, build.ICMP, bytes([8, 0, 0, 0, 0, 1, 0, 1]) + bytes(24))
    result = same(build.pcap([(T0, build.ethernet(A, B, echo)[:38])]))
    assert result["info"]["counts"] == {"damaged": 1}


LENGTHS = [
    0, 1, 4, 15, 16, 28, 31, 32, 33, 36, 54, 58, 0xFFFC, 0xFFFF, 0x10000, 262144, 262145, 1 << 19,
    (1 << 19) + 1, 1 << 24, 1 << 27, 0x7FFFFFFF, 0x80000000, 0xFFFFFFDC, 0xFFFFFFFC, 0xFFFFFFFF,
]  # fmt: skip


def three(order: str, **options: Any) -> tuple[bytes, int]:
    """A pcap of three packets and where the record header of the second is."""
    head = frames("ethernet")[0]
    content = build.pcap(timed(frames("ethernet")[:3]), order=order, **options)
    return content, 24 + len(head) + (24 if options.get("modified") else 16)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    "options",
    [{}, {"nanoseconds": True}, {"modified": True}, {"version": (2, 3)}, {"version": (2, 2)},
     {"link_type": 220}, {"link_type": 0}],
)  # fmt: skip
def test_pcap_lies(order: str, options: dict[str, Any]) -> None:
    """Each field of a record header at every extreme: times, lengths, both lengths."""
    content, at = three(order, **options)
    for field in range(4):
        for value in LENGTHS:
            place = at + 4 * field
            lie = content[:place] + u32(value, order) + content[place + 4 :]
            same(lie, (field, value))
    for one in LENGTHS:
        for other in LENGTHS[::3]:
            lie = content[: at + 8] + u32(one, order) + u32(other, order) + content[at + 16 :]
            same(lie, (one, other))


@pytest.mark.parametrize("order", "<>")
def test_block_lies(order: str) -> None:
    """Each word of an Enhanced Packet Block and of its surroundings at every extreme."""
    frame = frames("ethernet")[0] + b"12"  # with 2 bytes of padding
    for opts in ([], direction_of(1, order), [(1, b"abc")]):
        before = build.shb(order=order) + build.idb(order=order) + build.idb(12, order=order)
        one = build.epb(T0 // 1000, frame, opts, order=order)
        for place in range(0, len(one), 4):
            if 32 <= place < len(one) - 32:
                continue
            for value in LENGTHS:
                lie = one[:place] + u32(value, order) + one[place + 4 :]
                same(before + one + lie + one, (place, value))
        for length in range(0, 48, 1):
            short = build.block(6, one[8 : 8 + length], order=order)
            same(before + one + short + one, length)
        for captured in range(len(frame) - 4, len(one) - 20):
            lie = build.epb(T0 // 1000, frame, opts, captured=captured, order=order)
            same(before + one + lie + one, captured)


@pytest.mark.parametrize("order", "<>")
def test_option_lies(order: str) -> None:
    """What follows a packet: ends with a length, codes without, lengths beyond the block."""
    frame = frames("ethernet")[0]
    before = build.shb(order=order) + build.idb(order=order)
    for tail in (
        [bytes(4), bytes(8), bytes(2) + b"\1\1", b"\0\0\0\1", b"\1\0\0\0", b"\xff" * 4]
        + [struct.pack(order + "HH", code, n) for code in (0, 1, 2, 4) for n in (0, 1, 4, 8, 65535)]
        + [struct.pack(order + "HHI", 2, 4, n) for n in (0, 1, 2, 3, 1 << 31)]
        + [struct.pack(order + "HHII", 2, 4, 1, 0), struct.pack(order + "HHQ", 4, 8, 1 << 63)]
    ):
        body = struct.pack(order + "IIIII", 0, 0, 5, len(frame), len(frame))
        block = build.block(6, body + frame + bytes(-len(frame) % 4) + tail, order=order)
        same(before + block * 2, tail.hex())


@pytest.mark.parametrize(
    "name", ["pcap-ethernet", "micro-big-modified", "pcapng-vlan", "every-block-big"]
)
def test_cut_files(name: str) -> None:
    """A file that ends anywhere: the same rows, and the same words for the cut."""
    content = BUILT[name]
    for length in (*range(700), *range(700, len(content), 997)):
        same(content[:length], length)


EXTREME_TIMES = [
    0, 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 62) // 1000, (1 << 62) // 1000 + 1, (1 << 62) - 1,
    1 << 62, (1 << 63) // 1000, (1 << 63) - 1, 1 << 63, (1 << 64) - 1,
]  # fmt: skip


@pytest.mark.parametrize("resol", [0, 3, 6, 9, 10, 0x80, 0x9E, 0xBF])
@pytest.mark.parametrize(
    "offset", [0, 1, -1, 1 << 30, -(1 << 30), 2**62 // SECOND, -9_223_372_036, 1 << 62, -(1 << 63)]
)
def test_extreme_times(resol: int, offset: int) -> None:
    """Around every limit of what a time can be, in steps forward and back."""
    content = build.shb() + build.idb(tsresol=resol, tsoffset=offset)
    for ticks in EXTREME_TIMES + EXTREME_TIMES[::-1]:
        content += build.epb(ticks, frames("ethernet")[0])
    same(content)


def test_longest_silence() -> None:
    """Times 500 years apart: the difference takes 64 bits, the report says what fits in 63."""
    content = build.shb() + build.idb(tsresol=9, tsoffset=-9_223_372_036)
    content += build.idb(tsresol=9, tsoffset=9_223_372_036)
    for interface in (0, 1, 0):
        content += build.epb(0, frames("ethernet")[0], interface=interface)
    info = same(content)["info"]
    assert info["largest_gap"] == info["backwards_by"] == 2**63 - 1
    assert info["backwards"] == 1


@pytest.mark.parametrize("order", "<>")
def test_large_records_are_not_waited_for(order: str) -> None:
    """Waiting joins pieces: a packet of 100 MB is left to the general path at once."""
    scanner = scan.Scanner(0, rows=2, slots=8)
    scanner.link_types[0], scanner.limits[0] = 220, 128 << 20
    scanner.pcap(order == ">", 16, 1000, 0)
    record = bytes(8) + u32(100 << 20, order) * 2
    assert scanner.walk(record, 0, len(record)) == 0
    assert scanner.stopped == scan.SPECIAL
    scanner.pcapng(order == ">", 0, 1)
    assert scanner.walk(u32(6, order) + u32(1 << 24, order) + bytes(24), 0, 32) == 0
    assert scanner.stopped == scan.SPECIAL


@pytest.mark.parametrize("size", [262144, 262145, (1 << 19) - 32, 1 << 19, (1 << 19) + 1])
@pytest.mark.parametrize("link", ["ethernet", "sll", "usb"])
def test_largest_packets(size: int, link: str) -> None:
    """All there: the container's limit decides, by link type, not what the scan likes."""
    link_type, wrap = LINKS[link]
    frame = wrap(build.ip(C, S, build.TCP, build.tcp(40000, 9092))).ljust(size, b"\0")
    after = wrap(build.ip(C, S, build.TCP, build.tcp(40000, 9092)))
    same(build.pcap([(T0, frame), (T0, after)], link_type=link_type))
    head = build.shb() + build.idb(link_type)
    same(head + build.epb(5, frame) + build.epb(6, after))


@pytest.mark.parametrize("compression", [None, *build.COMPRESSIONS])
def test_large_files(tmp_path: Path, compression: str | None) -> None:
    """Above the size that is read ahead, with records across all edges of what is read."""
    data = build.ip(C, S, build.TCP, build.tcp(40000, 9092, flags="PA", payload=bytes(9000)))
    pattern = [*frames("ethernet"), *[build.ethernet(A, B, data)] * 50]
    records = timed(pattern * 11)
    records[500:500] = [(T0, bytes([n]) * 262144) for n in range(5)]
    content = long_pcap(records)
    assert len(content) > 5 << 20
    path = tmp_path / "x"
    path.write_bytes(build.compress(compression, content) if compression else content)
    results = []
    for fast in (True, False):
        collector = Collector(0, fast=fast)
        with open_capture(path) as reader:
            info = collector.read(0, reader)
        results.append((vars(info), *map(columns, collector.tables())))
    assert results[0] == results[1]
    assert results[0][0]["packets"] == len(records)


# ---- chance -------------------------------------------------------------------------------

ENDS = [(C, S), (S, C), (C, "10.0.0.3"), (C6, S6), (S6, C6), ("::1", "::1"), ("127.0.0.1",) * 2]
SEGMENT = st.tuples(
    st.sampled_from(ENDS),
    st.sampled_from([(40000, 9092), (9092, 40000), (40001, 9092), (1, 1), (65535, 0)]),
    st.sampled_from(["S", "SA", "A", "A", "PA", "FA", "R", "RA", "SR", "SF", "SAEC", ""]),
    st.sampled_from([(), (5,), (5, 6)]),
    st.integers(0, 3),
)
Segment = tuple[tuple[str, str], tuple[int, int], str, tuple[int, ...], int]


def capture_of(segments: list[Segment], container: str) -> bytes:
    data = []
    for ends, ports, flags, vlans, extra in segments:
        stamps = (extra, extra + 1) if extra & 1 else None
        segment = build.tcp(
            *ports, seq=9, ack=8, flags=flags, timestamps=stamps, payload=b"x" * extra
        )
        data.append(build.ethernet(A, B, build.ip(*ends, build.TCP, segment), vlans))
    if container == "pcap":
        return build.pcap(timed(data))
    return build.shb() + build.idb() + b"".join(build.epb(t // 1000, d) for t, d in timed(data))


@settings(max_examples=150)
@given(st.lists(SEGMENT, max_size=60), st.sampled_from(["pcap", "pcapng"]))
def test_interleaved(segments: list[Segment], container: str) -> None:
    """Connections in any disorder, with room for everything and for next to nothing."""
    content = capture_of(segments, container)
    whole = same(content)
    assert whole["info"]["packets"] == len(segments)
    fast, slow = (
        read(content, fast=fast, scanner=scan.Scanner(0, rows=2, slots=8)) for fast in (True, False)
    )
    assert fast == slow
    assert fast["info"] == whole["info"]
    assert read(content, fast=False, scanner=scan.Scanner(0, rows=1, slots=1024)) == whole
    assert read(content, scanner=small(), stream=build.Trickle) == whole


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(BUILT)),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(1, 255)), max_size=12),
    st.integers(0, 1 << 16),
    st.integers(0, 1 << 16),
    st.booleans(),
)
def test_bytes_flipped(
    name: str, flips: list[tuple[int, int]], begin: int, length: int, drips: bool
) -> None:
    """Bytes changed and the end cut, from any place of any built capture."""
    content = bytearray(BUILT[name][: 200 + length % 2000])
    for at, mask in flips:
        content[(begin + at % 400) % len(content)] ^= mask
    whole = same(bytes(content))
    if drips:
        assert read(bytes(content), scanner=small(), stream=build.Trickle) == whole


# ---- rotation -----------------------------------------------------------------------------

SUFFIXES = {"": None, ".gz": "gzip", ".zst": "zstd", ".xz": "xz", ".bz2": "bzip2", ".lz4": "lz4"}
BROKER = FIXTURES / "stale-arp" / "broker-1-eth0.pcap"


@functools.cache
def broker() -> tuple[bytes, tuple[bytes, ...]]:
    """The file header and the records of the fixture's broker."""
    content, records, at = BROKER.read_bytes(), [], 24
    while at < len(content):
        length = 16 + struct.unpack_from("<I", content, at + 8)[0]
        records.append(content[at : at + length])
        at += length
    return content[:24], tuple(records)


def analysed(paths: list[str]) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """Segments without what names their file, and attempts."""
    loaded = load(paths)
    assert not loaded.errors
    assert len(loaded.captures) == 1
    segments = columns(loaded.segments)
    del segments["file"], segments["frame"]
    return segments, columns(run(loaded).attempts)


@pytest.mark.parametrize("seed", range(12))
def test_rotation(tmp_path: Path, seed: int) -> None:
    """Cut anywhere between records, in files of any compression named in any order: as whole."""
    rng = random.Random(seed)
    head, records = broker()
    cuts = sorted(rng.sample(range(1, len(records)), rng.choice([1, 2, 5, 20])))
    paths = []
    # A ring begins anywhere: the numbers do not tell the order of time.
    first = rng.choice([0, 1, 3])
    for place, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(records)], strict=True)):
        number = (place + first) % (len(cuts) + 1)
        suffix = rng.choice(list(SUFFIXES))
        content = head + b"".join(records[begin:end])
        path = tmp_path / f"broker-1-eth0.pcap{number}{suffix}"
        path.write_bytes(build.compress(kind, content) if (kind := SUFFIXES[suffix]) else content)
        paths.append(str(path))
    rng.shuffle(paths)
    assert analysed(paths) == analysed([str(BROKER)])
