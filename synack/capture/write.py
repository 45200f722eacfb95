"""pcapng out (draft-ietf-opsawg-pcapng): one section, several interfaces, comments.

As libpcap and wiretap read it: little-endian, times in nanoseconds (``if_tsresol`` 9), one
snaplen for all interfaces (libpcap refuses different ones, and different link types, which
wiretap does not). Whatever a text holds, it stays within its option's 64 KiB.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from synack import __version__
from synack.addresses import Address, is_ipv4
from synack.capture.pcap import MAX_SNAPLEN
from synack.capture.pcapng import (
    ENHANCED_PACKET,
    INTERFACE_DESCRIPTION,
    NAME_RESOLUTION,
    SECTION_HEADER,
    Option,
)

LONGEST = 0xFFFF
"""Bytes of an option's value or of a name record, by its 16-bit length."""
_CUT = " [cut]"
_COMMENT, _NAME, _DESCRIPTION, _APPLICATION = 1, 2, 3, 4
_FLAGS, _RESOLUTION, _FCS_LENGTH = 2, 9, 13
_WRITER = "synack annotate "
_UNKNOWN_LENGTH = -1
_IPV4, _IPV6 = 1, 2
_EARLIEST, _LATEST = 0, (1 << 63) - 1


class Interface(NamedTuple):
    """An interface to be described."""

    name: str
    link_type: int
    description: str = ""
    comment: str = ""
    fcs_length: int = 0
    """Bytes of frame check sequence at the end of each packet, if known."""


class Packet(NamedTuple):
    """A packet to be written."""

    interface: int
    """Its place among the interfaces."""
    time: int
    """ns since 1970 UTC; what is before that is written as that, for the format has no sign."""
    data: bytes
    original_length: int
    direction: int = 0
    """0 unknown, 1 inbound, 2 outbound."""
    comments: Sequence[str] = ()


def pcapng(
    interfaces: Iterable[Interface],
    packets: Iterable[Packet],
    *,
    comments: Sequence[str] = (),
    names: Mapping[Address, Sequence[str]] | None = None,
) -> Iterator[bytes]:
    """The file, block by block. ``comments`` are the section's; ``names`` what addresses are
    called."""
    yield _section(comments)
    yield from map(_interface, interfaces)
    if names:
        yield _names(names)
    yield from map(_packet, packets)


def is_annotated(comments: Iterable[tuple[str, str]]) -> bool:
    """Whether a section with these ``comments`` (as a reader has them) was written here."""
    return any(kind == "application" and says.startswith(_WRITER) for kind, says in comments)


def _section(comments: Sequence[str]) -> bytes:
    body = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, _UNKNOWN_LENGTH)
    options = [(_COMMENT, _text(comment)) for comment in comments]
    options.append((_APPLICATION, _text(_WRITER + __version__)))
    return _block(SECTION_HEADER, body + _options(options))


def _interface(interface: Interface) -> bytes:
    body = struct.pack("<HHI", interface.link_type, 0, MAX_SNAPLEN)
    texts = (
        (_COMMENT, interface.comment),
        (_NAME, interface.name),
        (_DESCRIPTION, interface.description),
    )
    options = [(code, _text(text)) for code, text in texts if text]
    options.append((_RESOLUTION, b"\x09"))
    if interface.fcs_length:
        options.append((_FCS_LENGTH, bytes([interface.fcs_length])))
    return _block(INTERFACE_DESCRIPTION, body + _options(options))


def _names(names: Mapping[Address, Sequence[str]]) -> bytes:
    body = b""
    for (high, low), called in names.items():
        kind, raw = _IPV6, high.to_bytes(8, "big") + low.to_bytes(8, "big")
        if is_ipv4(high, low):
            kind, raw = _IPV4, raw[12:]
        for name in called:
            value = raw + _text(name.replace("\0", ""), LONGEST - len(raw) - 1) + b"\0"
            body += struct.pack("<HH", kind, len(value)) + _padded(value)
    return _block(NAME_RESOLUTION, body + bytes(4))


def _packet(packet: Packet) -> bytes:
    time = min(max(packet.time, _EARLIEST), _LATEST)
    head = struct.pack(
        "<IIIII", packet.interface, time >> 32, time & 0xFFFF_FFFF,
        len(packet.data), packet.original_length,
    )  # fmt: skip
    options: list[Option] = [(_COMMENT, _text(comment)) for comment in packet.comments]
    if packet.direction:
        options.append((_FLAGS, packet.direction.to_bytes(4, "little")))
    return _block(ENHANCED_PACKET, head + _padded(packet.data) + _options(options))


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _options(options: Sequence[Option]) -> bytes:
    """With their end mark; nothing for none."""
    content = b"".join(
        struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options
    )
    return content + bytes(4) if options else b""


def _padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)


def _text(text: str, longest: int = LONGEST) -> bytes:
    """UTF-8 of at most ``longest`` bytes, no character cut."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= longest:
        return raw
    return raw[: longest - len(_CUT)].decode("utf-8", "ignore").encode() + _CUT.encode()
