"""Classic capture files (draft-ietf-opsawg-pcap), and what every container yields.

Read like libpcap's ``sf-pcap.c``: micro- and nanoseconds, both byte orders, Kuznetzov's
"modified" records, files older than version 2.3 with the two lengths exchanged.
:func:`parse_file_header` knows the format; :class:`PcapReader` only walks.
"""

from __future__ import annotations

import copy
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np

from synack.capture.scan import Scanner
from synack.capture.window import Window
from synack.errors import Damage, InputError

NO_TIME = -(2**63)
"""``Record.time`` of a record whose container gives none."""

FILE_HEADER_LENGTH = 24

MAX_SNAPLEN = 262144
_MAX_SNAPLEN_OF = {
    189: 128 << 20,  # USB_LINUX
    220: 128 << 20,  # USB_LINUX_MMAPPED
    231: 128 << 20,  # DBUS
    249: 128 << 20,  # USBPCAP
    266: 128 << 20,  # USB_DARWIN
    279: 32 << 20,  # EBHSCR: 8 MiB in libpcap, 32 MiB in Wireshark
}

_KEPT_BAD_RECORDS = 20

_CHAIN, _GUESSES, _NEAR_S = 4, 10_000, 86400
"""Headers in a row that look like those of records, at most a day apart, show where one
begins; of so many places that look like one."""

_MAGICS = {
    0xA1B2C3D4: (False, 16),
    0xA1B23C4D: (True, 16),
    0xA1B2CD34: (False, 24),
}
"""Magic to (nanoseconds, bytes of a record header)."""


class Record(NamedTuple):
    """One captured packet."""

    frame: int
    """The number Wireshark shows for it in this file, from 1."""
    time: int
    """Nanoseconds since 1970 UTC, or :data:`NO_TIME`."""
    link_type: int
    """LINKTYPE_ value of the packet's interface."""
    data: bytes
    original_length: int
    """Bytes the packet had on the wire, as the file says."""
    interface: int
    """Index in the reader's ``interfaces``, across sections."""
    direction: int
    """0 unknown, 1 inbound, 2 outbound."""
    offset: int
    """Of the record's header, in bytes of the decompressed file."""


@dataclass
class Interface:
    """What the file says of one capturing interface; drop counters as last told, or None."""

    link_type: int
    snaplen: int = 0
    """0 is unlimited."""
    tsresol: Fraction = Fraction(1000)
    """Nanoseconds of one tick."""
    tsoffset: int = 0
    """Seconds to add to every time."""
    name: str = ""
    description: str = ""
    filter: str = ""
    os: str = ""
    fcs_length: int = 0
    """Bytes of frame check sequence at the end of each packet, where the file says so."""
    received: int | None = None
    dropped_interface: int | None = None
    dropped_os: int | None = None
    dropped_between: int | None = None
    """Sum of the drops that single packets report to have happened before them."""


class CaptureReader:
    """Records of one capture, once, in file order; its attributes grow while it is read.

    Iteration never raises on what the file holds: it ends, and ``damage`` says where and
    why it ended too early. ``bad_records`` counts what was passed over and survived
    (``bad`` keeps the first of them).
    """

    container = ""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.path = window.path
        self.compression = window.compression
        self.byte_order = "little"
        self.interfaces: list[Interface] = []
        self.comments: list[tuple[str, str]] = []
        """Of sections: ("comment" | "hardware" | "os" | "application", text)."""
        self.names: list[tuple[str, tuple[str, ...]]] = []
        """Name resolution of the file: (address, its names)."""
        self.damage: Damage | None = None
        self.bad_records = 0
        self.bad: list[Damage] = []
        self.records = 0
        """Records delivered so far."""
        self.frames = 0
        """Frames Wireshark would have numbered so far; more than records when some hold
        no packet."""
        self.revision = 0
        """Grows with whatever is learned from the file but its packets, and with each bad
        record."""
        self._iterator = self._walk()

    def __iter__(self) -> Iterator[Record]:
        return self._iterator

    def __next__(self) -> Record:
        return next(self._iterator)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def nanoseconds(self) -> bool:
        """Whether any interface counts in less than microseconds."""
        return any(interface.tsresol < 1000 for interface in self.interfaces)

    def close(self) -> None:
        """Close the file; records read so far stay valid."""
        self.window.close()

    def settle(self) -> None:
        """Read what is in front of the next packet, if that is no packet."""

    def elsewhere(self, window: Window) -> Self:
        """A reader of the same state for other records of the file, with counts and findings
        of its own: so this one would read them, as long as its ``revision`` stays."""
        other = copy.copy(self)
        other.window = window
        other.interfaces = [replace(interface) for interface in self.interfaces]
        other.comments, other.names, other.bad = [], [], []
        other.bad_records = other.records = other.frames = 0
        other._iterator = other._walk()
        return other

    def find_record(self, data: bytes, offset: int) -> int | None:
        """The offset in the file where a record seems to begin in ``data``, which lies at
        ``offset``; None when it does not show. A guess."""
        raise NotImplementedError

    def _walk(self) -> Iterator[Record]:
        raise NotImplementedError

    def _stop(self, reason: str, offset: int) -> None:
        """Reading ends here: remember why."""
        self.damage = Damage(self.path, reason, offset=offset)

    def _stop_cut(self, what: str, offset: int) -> None:
        """Reading ends inside ``what``: the compression may know why."""
        broken = self.window.damage
        self._stop(f"cut in {what}" + (f" ({broken.reason})" if broken else ""), offset)

    def _count_bad(self, reason: str, offset: int) -> None:
        self.bad_records += 1
        self.revision += 1
        if len(self.bad) < _KEPT_BAD_RECORDS:
            self.bad.append(Damage(self.path, reason, offset=offset))


def max_snaplen(link_type: int) -> int:
    """Bytes of packet beyond which a record is corrupt.

    As libpcap's ``max_snaplen_for_dlt`` and wiretap's ``wtap_max_snaplen_for_encap``;
    where they differ, the larger. The file's own snaplen is no such limit: many files
    have packets beyond it.
    """
    return _MAX_SNAPLEN_OF.get(link_type, MAX_SNAPLEN)


@dataclass(frozen=True)
class FileHeader:
    """The first 24 bytes of a classic capture file."""

    order: str
    """``<`` or ``>``, as :mod:`struct` wants it."""
    nanoseconds: bool
    record_header_length: int
    """16, or 24 in "modified" files."""
    major: int
    minor: int
    snaplen: int
    link_type: int
    fcs_length: int
    """Bytes of frame check sequence at the end of each packet, 0 when not told."""

    def lengths_swapped(self, captured: int, original: int) -> bool:
        """Whether this record holds its lengths in the other order.

        So did version 2.2 and DG/UX's 543.0 always, and some writers of 2.3
        (``swap_hdr`` in libpcap's ``sf-pcap.c``).
        """
        if self.major == 543 or self.minor < 3:
            return True
        return self.minor == 3 and captured > original


def is_pcap(head: bytes) -> bool:
    """Whether these first bytes are those of a classic capture file."""
    return any(int.from_bytes(head[:4], order) in _MAGICS for order in ("little", "big"))


def parse_file_header(path: str, head: bytes) -> FileHeader:
    """The file header in ``head``; ``path`` is for messages.

    Raises :class:`InputError` for what libpcap's ``pcap_check_header`` refuses too: a
    header cut short, versions other than 2.0 to 2.4 and 543.0, reserved bits set in the
    link type.
    """
    if not is_pcap(head):
        raise InputError(path, "not a pcap file")
    if len(head) < FILE_HEADER_LENGTH:
        reason = f"pcap file cut in the file header: {len(head)} of {FILE_HEADER_LENGTH} bytes"
        raise InputError(path, reason, offset=len(head))
    order = "<" if int.from_bytes(head[:4], "little") in _MAGICS else ">"
    magic, major, minor, _, _, snaplen, link = struct.unpack_from(order + "IHHIIII", head)
    nanoseconds, record_header_length = _MAGICS[magic]
    if not (major == 2 and minor <= 4) and (major, minor) != (543, 0):
        raise InputError(path, f"pcap version {major}.{minor} is not supported", offset=4)
    if link & 0x03FF0000:
        reason = f"pcap link type field 0x{link:08x} has reserved bits set"
        raise InputError(path, reason, offset=20)
    fcs_length = (link >> 28) * 2 if link & 0x04000000 else 0
    return FileHeader(
        order,
        nanoseconds,
        record_header_length,
        major,
        minor,
        snaplen,
        link & 0xFFFF,
        fcs_length,
    )


class PcapReader(CaptureReader):
    """A classic capture. Raises :class:`InputError` when the file header is unusable."""

    container = "pcap"

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.header = parse_file_header(window.path, window.read(FILE_HEADER_LENGTH))
        self.byte_order = "little" if self.header.order == "<" else "big"
        self.interfaces.append(
            Interface(
                self.header.link_type,
                self.header.snaplen,
                Fraction(1 if self.header.nanoseconds else 1000),
                fcs_length=self.header.fcs_length,
            )
        )

    def describe(self, scanner: Scanner) -> None:
        """Tell the scan what the records look like."""
        header = self.header
        scanner.link_types[0] = header.link_type
        scanner.limits[0] = max_snaplen(header.link_type)
        swapped = 1 if header.lengths_swapped(0, 0) else 2 if header.minor == 3 else 0
        tick = 1 if header.nanoseconds else 1000
        scanner.pcap(header.order == ">", header.record_header_length, tick, swapped)

    def find_record(self, data: bytes, offset: int) -> int | None:
        header, length = self.header, self.header.record_header_length
        if len(data) < length:
            return None
        seconds, fraction, captured, original = (
            np.ndarray(len(data) - 15, header.order + "u4", data, 4 * field, (1,))
            for field in range(4)
        )
        if header.lengths_swapped(0, 0):
            captured, original = original, captured
        likely = (captured > 0) & (captured <= max_snaplen(header.link_type))
        likely &= fraction < (10**9 if header.nanoseconds else 10**6)
        likely &= captured <= original
        for start in np.flatnonzero(likely)[:_GUESSES].tolist():
            at, records = start, 0
            while at < len(likely) and likely[at] and records < _CHAIN:
                after = at + length + int(captured[at])
                if after < len(likely) and abs(int(seconds[after]) - int(seconds[at])) > _NEAR_S:
                    break
                at = after
                records += 1
            if records == _CHAIN:
                return offset + start
        return None

    def _walk(self) -> Iterator[Record]:
        window, header = self.window, self.header
        unpack = struct.Struct(header.order + "IIII").unpack_from
        tick = 1 if header.nanoseconds else 1000
        limit = max_snaplen(header.link_type)
        length = header.record_header_length
        while True:
            offset = window.offset
            head = window.read(length)
            if len(head) < length:
                self._end(head, offset)
                return
            seconds, fraction, captured, original = unpack(head)
            if header.lengths_swapped(captured, original):
                captured, original = original, captured
            if captured > limit:
                reason = f"record {self.frames + 1} claims {captured} bytes, more than {limit}"
                self._stop(reason, offset)
                return
            data = window.read(captured)
            if len(data) < captured:
                what = f"record {self.frames + 1}: {len(data)} of {captured} bytes present"
                self._stop_cut(what, offset)
                return
            self.records = self.frames = self.frames + 1
            time = seconds * 1_000_000_000 + fraction * tick
            yield Record(self.frames, time, header.link_type, data, original, 0, 0, offset)

    def _end(self, head: bytes, offset: int) -> None:
        if head:
            length = self.header.record_header_length
            what = f"record {self.frames + 1}: {len(head)} of {length} header bytes present"
            self._stop_cut(what, offset)
        else:
            self.damage = self.window.damage
