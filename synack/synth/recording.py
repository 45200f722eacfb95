"""What a host's capture keeps of what its interface saw, and the files that it becomes."""

from __future__ import annotations

import gzip
import heapq
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from synack.synth.frames import (
    IN,
    IPV4,
    IPV6,
    OTHER,
    OUT,
    Arp,
    Error,
    Frame,
    Packet,
    ethernet,
    is_group,
    mac_bytes,
    mirrored,
    network,
)
from synack.synth.link import Port
from synack.synth.network import Network
from synack.synth.story import ANY, Host, Record, Story

NUMBERS = {"NULL": 0, "EN10MB": 1, "RAW": 101, "LOOP": 108, "LINUX_SLL": 113, "LINUX_SLL2": 276}
NAMES = {"EN10MB": "Ethernet", "LINUX_SLL": "Linux cooked v1", "LINUX_SLL2": "Linux cooked v2"}
COLLECTOR = ("10.255.0.1", "10.255.0.2")
COLLECTOR_MACS = "0a:ff:00:00:00:01", "0a:ff:00:00:00:02"


@dataclass
class Recorded:
    """One capture: frames by true time, and how many were lost of those that it wanted."""

    record: Record
    ports: list[Port]
    frames: list[tuple[float, Frame, str]]
    dropped: int

    @property
    def addresses(self) -> list[str]:
        """Of the interfaces that it listens on."""
        return [address for port in self.ports for address in port.addresses]

    def on_link(self, ip: str) -> bool:
        """Whether an address is on any link that it listens to."""
        return any(port.on_link(ip) for port in self.ports)


def recorded(story: Story, net: Network) -> list[Recorded]:
    """What each capture of the story kept."""
    dice = random.Random(story.seed + 1)  # noqa: S311 - a story, not a secret
    return [_keep(record, net, dice) for record in story.records]


def ports_of(record: Record, net: Network) -> list[Port]:
    """The interfaces that a capture listens on: one, or all of them."""
    ports = net.hosts[record.host].ports
    return [p for p in ports if record.interface in (p.name, ANY)]


def _keep(record: Record, net: Network, dice: random.Random) -> Recorded:
    ports = ports_of(record, net)
    tapes = [port.tape or [] for port in ports]
    begin, end = record.window
    kept, dropped = [], 0
    for at, frame, way in heapq.merge(*tapes, key=lambda seen: seen[0]):
        if not begin <= at < end - record.unflushed or not _wanted(record, frame, way):
            continue
        lossy = record.drop_between[0] <= at < record.drop_between[1]
        if record.drop and lossy and dice.random() < record.drop:
            dropped += 1
        else:
            kept.append((at, frame, way))
    return Recorded(record, ports, kept, dropped)


def _wanted(record: Record, frame: Frame, way: str) -> bool:
    """What the capture filter lets through."""
    if record.direction != "both" and (way == OUT) != (record.direction == "out"):
        return False
    content = frame.content
    kind = "arp" if isinstance(content, Arp) else "tcp"
    if isinstance(content, Packet) and isinstance(content.content, Error):
        kind = "icmp"
    if record.only and kind not in record.only:
        return False
    if isinstance(content, Arp) and record.link_type in ("RAW", "NULL", "LOOP"):
        return ":" in content.target
    segment = content.segment if isinstance(content, Packet) else None
    if segment is None:
        return True
    if segment.leg in record.hide:
        return False
    return not record.ports or bool({segment.sport, segment.dport} & set(record.ports))


# ---- files --------------------------------------------------------------------------------


def write(captures: list[Recorded], story: Story, folder: Path) -> list[str]:
    """Write the files of every capture; gives their names."""
    names = []
    for capture in captures:
        for name, content in _files(capture, story):
            (folder / name).write_bytes(content)
            names.append(name)
    return names


def _files(capture: Recorded, story: Story) -> Iterator[tuple[str, bytes]]:
    record, host = capture.record, story.hosts[capture.record.host]
    stamped = [
        (stamp(story, host, at), *_bytes(capture, frame, way, number))
        for number, (at, frame, way) in enumerate(capture.frames)
    ]
    stem = record.name or f"{record.host}-{record.interface}"
    ending = record.container + ("." + record.compression if record.compression else "")
    for suffix, part in _parts(stamped, record, story):
        content = _pcap(part, record)
        if record.container == "pcapng":
            content = _pcapng(part, record, capture.dropped)
        content = content[: len(content) - record.cut]
        if record.compression == "gz":
            content = gzip.compress(content, 6, mtime=0)
        elif record.compression == "zst":
            import zstandard

            content = zstandard.ZstdCompressor(level=10).compress(content)
        yield f"{stem}{suffix}.{ending}", content
    if record.reports and record.container == "pcap":
        yield f"{stem}.tcpdump.log", _log(capture).encode()


Stamped = tuple[int, bytes, int]
"""Time (ns), what was kept of the frame, its length on the wire."""


def stamp(story: Story, host: Host, at: float, off: float = 0.0) -> int:
    """What the clock of ``host`` shows at a moment of the story, in ns since 1970; ``off``: how
    wrong it is beside (s)."""
    offset = host.offset + off + (host.set_by if at >= host.set_at else 0.0)
    return story.start + round((at + offset) * 1e9 + at * host.drift_ppm * 1e3)


def _parts(
    stamped: list[Stamped], record: Record, story: Story
) -> Iterator[tuple[str, list[Stamped]]]:
    """The files of a rotated capture, named by their beginning (tcpdump -G)."""
    if not record.rotate or not stamped:
        yield "", stamped
        return
    step = round(record.rotate * 1e9)
    parts: dict[int, list[Stamped]] = {}
    for item in stamped:
        parts.setdefault((item[0] - story.start) // step, []).append(item)
    for number, part in sorted(parts.items()):
        begin = datetime.fromtimestamp((story.start + number * step) // 10**9, UTC)
        yield f"-{begin:%Y%m%d%H%M%S}", part


def _bytes(capture: Recorded, frame: Frame, way: str, number: int) -> tuple[bytes, int]:
    record = capture.record
    if record.link_type == "EN10MB":
        data = ethernet(frame, capture.ports[0].link.vlans, received=way != OUT)
        if record.mirror:
            src, dst = record.mirror_ends or COLLECTOR
            port = 49152 + number * 7919 % 16384
            outer = mirrored(data, record.mirror, src, dst, record.session, port)
            ethertype = IPV6 if ":" in src else IPV4
            macs = mac_bytes(COLLECTOR_MACS[1]) + mac_bytes(COLLECTOR_MACS[0])
            data = macs + struct.pack(">H", ethertype) + outer
    else:
        data = _other(record.link_type, frame, way)
    return data[: record.snaplen], len(data)


def _other(link_type: str, frame: Frame, way: str) -> bytes:
    """The headers of the link types that are not Ethernet."""
    body = network(frame.content)
    if link_type == "RAW":
        return body
    if link_type in ("NULL", "LOOP"):
        family = 2 if frame.ethertype == IPV4 else 30 if link_type == "NULL" else 24
        return struct.pack("<I" if link_type == "NULL" else ">I", family) + body
    kind = {IN: 0, OTHER: 3, OUT: 4}[way]
    if way == IN and is_group(frame.dmac):
        kind = 1 if frame.dmac == "ff:ff:ff:ff:ff:ff" else 2
    mac = mac_bytes(frame.smac)
    if link_type == "LINUX_SLL":
        return struct.pack(">HHH8sH", kind, 1, 6, mac, frame.ethertype) + body
    return struct.pack(">HHIHBB8s", frame.ethertype, 0, 2, 1, kind, 6, mac) + body


def _pcap(stamped: list[Stamped], record: Record) -> bytes:
    magic, unit = (0xA1B23C4D, 1) if record.nanoseconds else (0xA1B2C3D4, 1000)
    number = NUMBERS[record.link_type]
    pieces = [struct.pack("<IHHiIII", magic, 2, 4, 0, 0, record.snaplen, number)]
    for at, data, length in stamped:
        second, rest = divmod(at, 10**9)
        pieces += [struct.pack("<IIII", second, rest // unit, len(data), length), data]
    return b"".join(pieces)


def _pcapng(stamped: list[Stamped], record: Record, dropped: int) -> bytes:
    number, unit = NUMBERS[record.link_type], 1 if record.nanoseconds else 1000
    name = record.interface.encode()
    described = _option(2, name) + _option(9, bytes([9 if record.nanoseconds else 6]))
    pieces = [
        _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
        _block(1, struct.pack("<HHI", number, 0, record.snaplen) + described + bytes(4)),
    ]
    for at, data, length in stamped:
        ticks = at // unit
        head = struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(data), length)
        pieces.append(_block(6, head + data + bytes(-len(data) % 4)))
    if record.reports and stamped:
        ticks = stamped[-1][0] // unit
        head = struct.pack("<III", 0, ticks >> 32, ticks & 0xFFFFFFFF)
        received = _option(4, struct.pack("<Q", len(stamped) + dropped))
        counts = received + _option(5, struct.pack("<Q", dropped)) + bytes(4)
        pieces.append(_block(5, head + counts))
    return b"".join(pieces)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _block(kind: int, body: bytes) -> bytes:
    total = 12 + len(body)
    return struct.pack("<II", kind, total) + body + struct.pack("<I", total)


def _log(capture: Recorded) -> str:
    """What tcpdump says on standard error when it ends."""
    record, kept = capture.record, len(capture.frames)
    described = NAMES.get(record.link_type, record.link_type)
    return (
        f"tcpdump: listening on {record.interface}, link-type {record.link_type} ({described}),"
        f" snapshot length {record.snaplen} bytes\n"
        f"{kept} packets captured\n{kept + capture.dropped} packets received by filter\n"
        f"{capture.dropped} packets dropped by kernel\n"
    )
