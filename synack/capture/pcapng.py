"""pcapng captures (draft-ietf-opsawg-pcapng): sections, interfaces, packets of three kinds.

The parse functions know the format and never raise on content; :class:`PcapngReader`
only walks the blocks. What makes the walk lose its footing (a block length that
cannot be) ends it; what is wrong inside one well-framed block (options, an interface that
does not exist) is counted and passed over, although Wireshark would end there too.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple, Self

import numpy as np

from synack.capture.pcap import NO_TIME, CaptureReader, Interface, Record, max_snaplen
from synack.capture.scan import Scanner
from synack.capture.window import Window
from synack.errors import InputError

SECTION_HEADER = 0x0A0D0D0A
INTERFACE_DESCRIPTION = 1
PACKET = 2
SIMPLE_PACKET = 3
NAME_RESOLUTION = 4
INTERFACE_STATISTICS = 5
ENHANCED_PACKET = 6

FRAMES_WITHOUT_PACKET = {
    9: "systemd journal entry",
    0x0BAD: "custom block",
    0x4000_0BAD: "custom block",
    0x204: "sysdig event",
    0x216: "sysdig event",
    0x221: "sysdig event",
}
"""Blocks that Wireshark numbers like packets (``get_block_type_internal`` in wiretap's
``pcapng.c``; so does 4.0.17) though they hold none."""

_PACKETS = (PACKET, SIMPLE_PACKET, ENHANCED_PACKET)

MAX_BLOCK_LENGTH = 32 + (128 << 20) + 131072
"""Bytes. Wiretap's limit: the largest packet of any link type, and room for options."""

_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_MIN_BLOCK_LENGTH = 12
_MIN_SECTION_LENGTH = 28
_TIME_LIMIT = 2**63
_CHAIN, _GUESSES = 4, 1000
"""Packet blocks in a row show where one begins; of so many places that look like one."""

Option = tuple[int, bytes]


def is_pcapng(head: bytes) -> bool:
    """Whether these first bytes are those of a section header block."""
    return head[:4] == b"\x0a\x0d\x0d\x0a" and head[8:12] in _BYTE_ORDERS


def parse_options(data: bytes, order: str) -> tuple[list[Option], bool]:
    """Options up to the end mark, and whether all of them were well formed.

    What follows a bad length is unreadable; what came before it is kept.
    """
    options: list[Option] = []
    at = 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from(order + "HH", data, at)
        if code == 0:
            return options, length == 0
        at += 4
        if at + length > len(data):
            return options, False
        options.append((code, data[at : at + length]))
        at += length + (-length % 4)
    return options, at >= len(data)


def parse_tsresol(value: int) -> Fraction:
    """Nanoseconds of one tick for an ``if_tsresol`` byte: 10^-n, or 2^-n with the top bit."""
    base = 2 if value & 0x80 else 10
    return Fraction(10**9, base ** (value & 0x7F))


def parse_interface(body: bytes, order: str) -> tuple[Interface, bool]:
    """The interface of an Interface Description Block of at least 8 bytes, and whether its
    options were well formed."""
    link_type, _, snaplen = struct.unpack_from(order + "HHI", body)
    interface = Interface(link_type, snaplen)
    options, sound = parse_options(body[8:], order)
    for code, value in options:
        sound &= _set_interface_option(interface, code, value, order)
    return interface, sound


def _set_interface_option(interface: Interface, code: int, value: bytes, order: str) -> bool:
    """Whether the value had the length its code demands."""
    if code == 2:
        interface.name = _text(value)
    elif code == 3:
        interface.description = _text(value)
    elif code == 12:
        interface.os = _text(value)
    elif code == 11 and value[:1] == b"\0":  # other first bytes announce BPF bytecode
        interface.filter = _text(value[1:])
    elif code == 9:
        if len(value) != 1:
            return False
        interface.tsresol = parse_tsresol(value[0])
    elif code == 13:
        if len(value) != 1:
            return False
        interface.fcs_length = value[0]
    elif code == 14:
        if len(value) != 8:
            return False
        (interface.tsoffset,) = struct.unpack(order + "q", value)
    return True


def parse_names(body: bytes, order: str) -> tuple[list[tuple[str, tuple[str, ...]]], bool]:
    """Records of a Name Resolution Block: (address, names), and whether all were well formed."""
    names: list[tuple[str, tuple[str, ...]]] = []
    at = 0
    while at + 4 <= len(body):
        kind, length = struct.unpack_from(order + "HH", body, at)
        at += 4
        if kind == 0:
            return names, True
        value = body[at : at + length]
        width = {1: 4, 2: 16}.get(kind)
        if len(value) < length or (width and length < width):
            return names, False
        if width:
            address = str(ipaddress.ip_address(value[:width]))
            spelled = tuple(_text(name) for name in value[width:].split(b"\0") if name)
            names.append((address, spelled))
        at += length + (-length % 4)
    return names, at >= len(body)


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", errors="replace")


class _Packet(NamedTuple):
    """The fixed part of a packet block, whichever kind, and where its data lies."""

    interface: int
    ticks: int | None
    captured: int
    original: int
    data_at: int
    drops: int = 0


class _Clock(NamedTuple):
    """Exact integer arithmetic of one interface: ns = ticks * num // den + shift."""

    num: int
    den: int
    shift: int


class PcapngReader(CaptureReader):
    """A pcapng capture. Raises :class:`InputError` when its first block is unusable."""

    container = "pcapng"

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._order = "<"
        self._first = 0  # global index of the section's interface 0
        self._clocks: list[_Clock] = []
        self._told: tuple[str, int, int] | None = None
        """What the scan knows of this section."""
        if not is_pcapng(window.peek(12)):
            raise InputError(window.path, "not a pcapng file")
        block = self._next_block()
        if block is not None:
            self._begin_section(block[1], 0)
        if self.damage is not None:
            raise InputError(self.path, self.damage.reason, offset=self.damage.offset)
        self.byte_order = "little" if self._order == "<" else "big"

    def describe(self, scanner: Scanner) -> bool:
        """Tell the scan about this section; False when reading must not go on."""
        # Packets that are not common come one after the other: say nothing twice.
        told = (self._order, self._first, min(len(self._clocks), len(scanner.ticks)))
        if told == self._told:
            return self.damage is None
        self._told = told
        for local, clock in enumerate(self._clocks[: len(scanner.ticks)]):
            interface = self.interfaces[self._first + local]
            scanner.link_types[local] = interface.link_type
            scanner.limits[local] = max_snaplen(interface.link_type)
            # Counting in anything but whole nanoseconds is left to exact arithmetic here.
            whole = clock.den == 1 and clock.num < 10**10 and abs(clock.shift) < _TIME_LIMIT // 4
            scanner.ticks[local] = clock.num if whole else 0
            scanner.shifts[local] = clock.shift if whole else 0
        scanner.pcapng(self._order == ">", self._first, len(self._clocks))
        return self.damage is None

    def settle(self) -> None:
        while self.damage is None:
            head = self.window.peek(4)
            if len(head) < 4:
                return
            (kind,) = struct.unpack(self._order + "I", head)
            if kind in _PACKETS or kind in FRAMES_WITHOUT_PACKET or not self._step():
                return

    def elsewhere(self, window: Window) -> Self:
        other = super().elsewhere(window)
        other._clocks = list(self._clocks)
        other._told = None
        return other

    def find_record(self, data: bytes, offset: int) -> int | None:
        skipped = -offset % 4
        words = np.frombuffer(data, self._order + "u4", (len(data) - skipped) // 4, skipped)
        for start in np.flatnonzero(words == ENHANCED_PACKET)[:_GUESSES].tolist():
            at = start
            for _ in range(_CHAIN):
                length = int(words[at + 1]) if at + 1 < len(words) else 0
                end = at + length // 4
                if length % 4 or length < 32 or end >= len(words) or words[end - 1] != length:
                    break
                at = end
            else:
                return offset + skipped + 4 * start
        return None

    def _walk(self) -> Iterator[Record]:
        while self.damage is None and (found := self._step()):
            if isinstance(found, Record):
                yield found

    def _step(self) -> Record | bool:
        """Read one block: its packet, else whether there was one at all."""
        offset = self.window.offset
        block = self._next_block()
        if block is None:
            return False
        kind, body = block
        if kind in _PACKETS:
            self.frames += 1
            record = self._record(kind, body, offset)
            if record is not None:
                self.records += 1
                return record
        elif kind in _READ:
            self.revision += 1
            _READ[kind](self, body, offset)
        elif kind in FRAMES_WITHOUT_PACKET:
            self.frames += 1
        return True

    def _next_block(self) -> tuple[int, bytes] | None:
        """Type and body; None at the end, and at damage. Bodies nobody reads stay empty."""
        offset = self.window.offset
        head = self.window.read(8)
        if len(head) < 8:
            if head:
                self._stop_cut(f"a block header: {len(head)} of 8 bytes present", offset)
            else:
                self.damage = self.window.damage
            return None
        if head[:4] == b"\x0a\x0d\x0d\x0a" and not self._set_order(offset):
            return None
        kind, length = struct.unpack(self._order + "II", head)
        minimum = _MIN_SECTION_LENGTH if kind == SECTION_HEADER else _MIN_BLOCK_LENGTH
        if not minimum <= length <= MAX_BLOCK_LENGTH:
            self._stop(f"block of type 0x{kind:x} with impossible length {length}", offset)
            return None
        body = self._body(kind, length, offset)
        return None if body is None else (kind, body)

    def _set_order(self, offset: int) -> bool:
        magic = self.window.peek(4)
        if magic in _BYTE_ORDERS:
            self._order = _BYTE_ORDERS[magic]
            return True
        if len(magic) < 4:
            self._stop_cut(f"a section header: {8 + len(magic)} bytes present", offset)
        else:
            self._stop(f"section header with unknown byte order magic {magic.hex()}", offset)
        return False

    def _body(self, kind: int, length: int, offset: int) -> bytes | None:
        # The draft wants multiples of 4; wiretap rounds up where a writer forgot.
        padded = length + (-length % 4)
        wanted = padded - _MIN_BLOCK_LENGTH
        body = b""
        if kind in _PACKETS or kind in _READ:
            body = self.window.read(wanted)
            present = len(body)
        else:
            present = self.window.skip(wanted)
        trailer = self.window.read(4) if present == wanted else b""
        if len(trailer) < 4:
            is_frame = kind in _PACKETS or kind in FRAMES_WITHOUT_PACKET
            what = f"record {self.frames + 1}" if is_frame else f"a block of type 0x{kind:x}"
            present += 8 + len(trailer)
            self._stop_cut(f"{what}: {present} of {padded} bytes present", offset)
            return None
        (again,) = struct.unpack(self._order + "I", trailer)
        if again not in (length, padded):
            reason = f"block of type 0x{kind:x} says length {length} before and {again} after"
            self._stop(reason, offset)
            return None
        if length != padded:
            self._count_bad(f"block length {length} is not a multiple of 4", offset)
        return body

    def _begin_section(self, body: bytes, offset: int) -> None:
        major, minor = struct.unpack_from(self._order + "HH", body, 4)
        if major != 1 or minor not in (0, 2):  # 1.2 is 1.0, see the draft
            self._stop(f"pcapng version {major}.{minor} is not supported", offset)
            return
        self._first = len(self.interfaces)
        self._clocks.clear()
        kinds = {1: "comment", 2: "hardware", 3: "os", 4: "application"}
        for code, value in self._options(body[16:], offset):
            if code in kinds:
                self.comments.append((kinds[code], _text(value)))

    def _add_interface(self, body: bytes, offset: int) -> None:
        if len(body) < 8:
            # Later blocks count interfaces: one missing would shift their link types.
            self._stop(f"interface description of {len(body)} bytes", offset)
            return
        interface, sound = parse_interface(body, self._order)
        if not sound:
            self._count_bad("interface description with malformed options", offset)
        self.interfaces.append(interface)
        tick, shift = interface.tsresol, interface.tsoffset * 10**9
        self._clocks.append(_Clock(tick.numerator, tick.denominator, shift))

    def _add_names(self, body: bytes, offset: int) -> None:
        names, sound = parse_names(body, self._order)
        self.names.extend(names)
        if not sound:
            self._count_bad("name resolution block with a malformed record", offset)

    def _add_statistics(self, body: bytes, offset: int) -> None:
        if len(body) < 12:
            self._count_bad(f"interface statistics of {len(body)} bytes", offset)
            return
        (local,) = struct.unpack_from(self._order + "I", body)
        if local >= len(self._clocks):
            self._count_bad(f"statistics of interface {local}, which is not described", offset)
            return
        interface = self.interfaces[self._first + local]
        fields = {4: "received", 5: "dropped_interface", 7: "dropped_os"}
        for code, value in self._options(body[12:], offset):
            if code in fields and len(value) == 8:
                setattr(interface, fields[code], struct.unpack(self._order + "Q", value)[0])
            elif code in fields:
                self._count_bad(f"drop counter of {len(value)} bytes", offset)

    def _options(self, data: bytes, offset: int) -> list[Option]:
        options, sound = parse_options(data, self._order)
        if not sound:
            self._count_bad("malformed options", offset)
        return options

    def _record(self, kind: int, body: bytes, offset: int) -> Record | None:
        """The packet of a block, or None when the block contradicts itself."""
        packet = self._packet(kind, body)
        if packet is None:
            self._count_bad(f"packet block of {len(body)} bytes", offset)
            return None
        local, ticks, captured, original, at, drops = packet
        if local >= len(self._clocks):
            self._count_bad(f"packet of interface {local}, which is not described", offset)
            return None
        index = self._first + local
        interface = self.interfaces[index]
        if captured > len(body) - at or captured > max_snaplen(interface.link_type):
            self._count_bad(f"packet of {captured} bytes in {len(body) - at}", offset)
            return None
        time = NO_TIME if ticks is None else self._time(local, ticks, offset)
        direction = 0
        rest = at + captured + (-captured % 4)
        if rest < len(body) and kind != SIMPLE_PACKET:
            direction, more = self._packet_options(body[rest:], offset)
            drops += more
        if drops:
            self.revision += 1
            interface.dropped_between = (interface.dropped_between or 0) + drops
        data = body[at : at + captured]
        link_type = interface.link_type
        return Record(self.frames, time, link_type, data, original, index, direction, offset)

    def _packet(self, kind: int, body: bytes) -> _Packet | None:
        order = self._order
        if kind == SIMPLE_PACKET:
            if len(body) < 4:
                return None
            (original,) = struct.unpack_from(order + "I", body)
            snaplen = self.interfaces[self._first].snaplen if self._clocks else 0
            return _Packet(0, None, min(original, snaplen or original), original, 4)
        if len(body) < 20:
            return None
        if kind == ENHANCED_PACKET:
            local, high, low, captured, original = struct.unpack_from(order + "IIIII", body)
            return _Packet(local, high << 32 | low, captured, original, 20)
        local, drops, high, low, captured, original = struct.unpack_from(order + "HHIIII", body)
        drops = 0 if drops == 0xFFFF else drops  # 0xffff is "unknown"
        return _Packet(local, high << 32 | low, captured, original, 20, drops)

    def _time(self, local: int, ticks: int, offset: int) -> int:
        num, den, shift = self._clocks[local]
        time = ticks * num // den + shift
        if -_TIME_LIMIT < time < _TIME_LIMIT:
            return time
        self._count_bad("packet time beyond 64 bits of nanoseconds", offset)
        return NO_TIME

    def _packet_options(self, data: bytes, offset: int) -> tuple[int, int]:
        """Direction and drop count of an Enhanced Packet Block or Packet Block."""
        direction = drops = 0
        for code, value in self._options(data, offset):
            if code == 2 and len(value) == 4:
                bits = struct.unpack(self._order + "I", value)[0] & 3
                direction = bits if bits < 3 else 0
            elif code == 4 and len(value) == 8:
                (drops,) = struct.unpack(self._order + "Q", value)
            elif code in (2, 4):
                self._count_bad(f"packet option {code} of {len(value)} bytes", offset)
        return direction, drops


_READ: dict[int, Callable[[PcapngReader, bytes, int], None]] = {
    SECTION_HEADER: PcapngReader._begin_section,
    INTERFACE_DESCRIPTION: PcapngReader._add_interface,
    NAME_RESOLUTION: PcapngReader._add_names,
    INTERFACE_STATISTICS: PcapngReader._add_statistics,
}
"""What is read of blocks that hold no packet."""
