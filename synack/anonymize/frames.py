"""Frames that can be shared: headers with other addresses, nothing of what they carried.

Only what is understood is kept. A frame ends where its TCP payload would begin, or where a
header begins that may hold anything; its original length stays on record beside it. Checksums
that were right stay right, wrong ones wrong (RFC 1624), so that the dissection tells the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synack.addresses import pack_ip
from synack.anonymize.pseudonyms import Pseudonyms
from synack.capture.links import (
    ETHERNET,
    IPV4,
    IPV6,
    LOOP,
    NULL,
    RAW,
    RAW_BSD,
    RAW_OPENBSD,
    SLL,
    SLL2,
)
from synack.capture.tunnels import BRIDGED, inside
from synack.frames import Frames, Recorded
from synack.tables import Array

if TYPE_CHECKING:
    from synack.loading import Loaded

_IP4, _ARP, _IP6 = 0x0800, 0x0806, 0x86DD
_TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)
_ICMP, _TCP, _UDP, _ICMP6 = 1, 6, 17, 58
_TUNNELS = (4, 17, 41, 47)
_DEEPEST = 8


class Disguised(Recorded):
    """Frames under pseudonyms, to the result under the same ones."""

    def __init__(self, loaded: Loaded, by: Pseudonyms) -> None:
        super().__init__(loaded)
        self._by = by

    def frames(self, file: Array, frame: Array) -> Frames:
        frames = self._read(file, frame, lambda data, link_type: rewrite(data, link_type, self._by))
        for interface in frames.interfaces:
            interface.name = self._by.text(interface.name)
            interface.fcs_length = 0  # it was at the end, which is cut
        return frames


def rewrite(frame: bytes, link_type: int, by: Pseudonyms) -> bytes:
    """``frame`` with all addresses replaced, cut where its payload begins; empty when nothing
    of it can be told. ``link_type``: as in :mod:`synack.capture.links`."""
    walk = _Walk(frame, by)
    return bytes(walk.new[: walk.link(link_type)])


class _Walk:
    """Goes through the headers of one frame. Each method takes where its header begins, and
    returns how much of the frame may be kept."""

    def __init__(self, frame: bytes, by: Pseudonyms) -> None:
        self.old = frame
        self.new = bytearray(frame)
        self.by = by
        self.depth = 0

    # ---- link layer --------------------------------------------------------------------

    def link(self, link_type: int) -> int:
        if link_type == ETHERNET:
            return self.ethernet(0)
        if link_type == SLL and self.has(0, 16):
            if self.word(4) == 6:
                self.mac(6)
            return self.tagged(14)
        if link_type == SLL2 and self.has(0, 20):
            if self.old[11] == 6:
                self.mac(12)
            return self.network(20, self.word(0))
        if link_type in (NULL, LOOP) and self.has(0, 5):
            return self.by_version(4)
        if link_type in (RAW, RAW_BSD, RAW_OPENBSD, IPV4, IPV6) and self.has(0, 1):
            return self.by_version(0)
        return 0

    def ethernet(self, at: int) -> int:
        if not self.has(at, 14):
            return at
        self.mac(at)
        self.mac(at + 6)
        return self.tagged(at + 12)

    def tagged(self, at: int) -> int:
        """From an EtherType on, by way of VLAN tags."""
        while self.word(at) in _TAGS and self.has(at, 6):
            at += 4
        return self.network(at + 2, self.word(at))

    # ---- network layer -----------------------------------------------------------------

    def by_version(self, at: int) -> int:
        return self.network(at, {4: _IP4, 6: _IP6}.get(self.old[at] >> 4, 0))

    def network(self, at: int, protocol: int) -> int:
        self.depth += 1
        if self.depth > _DEEPEST:
            return at
        if protocol == _IP4 and self.has(at, 20) and self.old[at] >> 4 == 4:
            return self.ipv4(at)
        if protocol == _IP6 and self.has(at, 40) and self.old[at] >> 4 == 6:
            return self.ipv6(at)
        if protocol == _ARP and self.old[at : at + 6] == b"\0\1\x08\0\6\4" and self.has(at, 28):
            self.mac(at + 8)
            self.ip(at + 14, 4)
            self.mac(at + 18)
            self.ip(at + 24, 4)
            return at + 28
        return self.ethernet(at) if protocol == BRIDGED else at

    def ipv4(self, at: int) -> int:
        size = max(20, (self.old[at] & 15) * 4)
        if not self.has(at, size):
            self.blank(at + 20, len(self.old), 0)
            size = len(self.old) - at
        self.ip(at + 12, 4)
        self.ip(at + 16, 4)
        self.blank(at + 20, at + size, 1)  # options hold routes: No Operation instead
        self.mend(at + 10, at, at + size)
        total = self.word(at + 2) or len(self.old) - at
        first = not self.word(at + 6) & 0x1FFF
        ends = (at + 12, at + 20)
        return self.above(at + size, self.old[at + 9], ends, total - size) if first else at + size

    def ipv6(self, at: int) -> int:
        self.ip(at + 8, 16)
        self.ip(at + 24, 16)
        protocol, start, length = self.old[at + 6], at + 40, self.word(at + 4)
        while protocol in (0, 43, 44, 60) and self.has(start, 8):
            size = 8 if protocol == 44 else 8 + self.old[start + 1] * 8
            if not self.has(start, size) or (protocol == 44 and self.word(start + 2) & 0xFFF8):
                return start
            if protocol != 44:  # a routing header has addresses, options may hold anything
                self.blank(start + 2, start + size, 0)
            protocol, start, length = self.old[start], start + size, length - size
        return self.above(start, protocol, (at + 8, at + 40), length)

    # ---- above IP ----------------------------------------------------------------------

    def above(self, at: int, protocol: int, ends: tuple[int, int], length: int) -> int:
        if protocol == _TCP:
            return self.tcp(at, ends)
        if protocol == _ICMP and self.has(at, 8):
            return self.icmp(at)
        if protocol == _ICMP6 and self.has(at, 8):
            return self.icmpv6(at, ends)
        if protocol not in _TUNNELS:
            return at
        return self.tunnel(at, protocol, ends, length)

    def tcp(self, at: int, ends: tuple[int, int]) -> int:
        if not self.has(at, 20):
            # Of an ICMP quote; ports and numbers are kept, options would follow.
            return min(len(self.old), at + 20)
        size = max(20, (self.old[at + 12] >> 4) * 4)
        end = min(at + size, len(self.old))
        self.options(at + 20, end)
        self.mend(at + 16, *ends, at, end)
        return end

    def options(self, at: int, end: int) -> None:
        """Others than those of RFC 9293, 7323 and 2018 may name addresses (MPTCP) or be
        derived from them (Fast Open): No Operation instead."""
        while at < end and self.old[at]:
            kind, size = self.old[at], 1
            if kind != 1:
                size = max(2, self.old[at + 1]) if at + 1 < end else 1
                if kind not in (2, 3, 4, 5, 8):
                    self.blank(at, min(at + size, end), 1)
            at += size
        self.blank(at, end, 0)

    def icmp(self, at: int) -> int:
        end = at + 8
        if self.old[at] == 5:
            self.ip(at + 4, 4)
        if self.old[at] in (3, 4, 5, 11, 12):
            end = self.network(at + 8, _IP4)
        self.mend(at + 2, at, len(self.old))
        return end

    def icmpv6(self, at: int, ends: tuple[int, int]) -> int:
        kind, end = self.old[at], at + 8
        if kind in (1, 2, 3, 4):
            end = self.network(at + 8, _IP6)
        elif kind in (135, 136, 137):
            end = self.discovery(at + 8, 2 if kind == 137 else 1)
        self.mend(at + 2, *ends, at, len(self.old))
        return end

    def discovery(self, at: int, addresses: int) -> int:
        """RFC 4861: addresses, then options; only link-layer addresses are kept."""
        for _ in range(addresses):
            if not self.has(at, 16):
                return at
            self.ip(at, 16)
            at += 16
        while self.has(at, 8) and self.old[at] in (1, 2) and self.old[at + 1] == 1:
            self.mac(at + 2)
            at += 8
        return at

    def tunnel(self, at: int, protocol: int, ends: tuple[int, int], length: int) -> int:
        """The header of the tunnel with its options left out, then what is inside."""
        header = min(at + (8 if protocol == _UDP else 4 if protocol == 47 else 0), len(self.old))
        try:
            found = inside(protocol, (0, 0), (0, 0), self.old[at : at + max(length, 0)], length)
        except ValueError:
            found = None
        if protocol == _UDP:
            self.mend(at + 6, *ends)
        if found is None:
            return header
        start = min(at + length, len(self.old)) - len(found.data)
        if protocol == _UDP:
            self.blank(at + 16, start, 0)
            self.blank(at + 6, at + 8, 0)  # no checksum: it would cover what is left out
        return self.network(start, found.protocol)

    # ---- bytes -------------------------------------------------------------------------

    def has(self, at: int, size: int) -> bool:
        return at + size <= len(self.old)

    def word(self, at: int) -> int:
        return int.from_bytes(self.old[at : at + 2], "big")

    def mac(self, at: int) -> None:
        value = int.from_bytes(self.old[at : at + 6], "big")
        self.new[at : at + 6] = self.by.mac(value).to_bytes(6, "big")

    def ip(self, at: int, size: int) -> None:
        if self.has(at, size):
            high, low = self.by.ip(pack_ip(self.old[at : at + size]))
            self.new[at : at + size] = (high << 64 | low).to_bytes(16, "big")[-size:]

    def blank(self, begin: int, end: int, value: int) -> None:
        if end > begin:
            self.new[begin:end] = bytes([value]) * (end - begin)

    def mend(self, at: int, *ranges: int) -> None:
        """Change the checksum at ``at`` by what changed in ``ranges`` (begin, end, begin, end...)
        that it covers (RFC 1624, equation 3). Zero means that there is none."""
        if not self.has(at, 2) or not self.word(at):
            return
        total = ~self.word(at) & 0xFFFF
        for begin, end in zip(ranges[::2], ranges[1::2], strict=True):
            for place in range(begin, end, 2):
                if not at <= place < at + 2:
                    total += ~_word(self.old, place, end) & 0xFFFF
                    total += _word(self.new, place, end)
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        self.new[at : at + 2] = (~total & 0xFFFF).to_bytes(2, "big")


def _word(data: bytes | bytearray, at: int, end: int) -> int:
    return int.from_bytes(data[at : min(at + 2, end)].ljust(2, b"\0"), "big")
