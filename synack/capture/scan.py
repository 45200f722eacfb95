# cython: language_level=3, annotation_typing=False, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""Walk the records of a capture and decode the common frames, at the speed of memory.

One source: plain Python, compiled by the package's build with the C types of scan.pxd
when a compiler is there, importable as it is without. It handles what nearly every
packet is (Ethernet with VLANs, SLL, SLL2, raw IP; IPv4 without fragments, IPv6; TCP;
ARP) and keeps only what matters to handshakes. Whatever is unusual, cut or contradicts
itself it leaves alone: it stops in front of it, and the general path (the container's
reader and :mod:`synack.capture.decode`) takes that one record. So both paths agree, and
this one stays small.

Bounds checks stay on when compiled: captures are hostile input.
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from synack.tables import CLAIMS, SEGMENTS, Schema, Table

try:
    import cython
except ImportError:
    from synack.capture import uncompiled as cython

COMPILED: bool = cython.compiled

# Why a walk stopped: the next record is not all there, it is not a common one, or
# the rows are full and must be taken away.
_INCOMPLETE, _SPECIAL, _FULL = 0, 1, 2
INCOMPLETE, SPECIAL, FULL = _INCOMPLETE, _SPECIAL, _FULL

_INTERFACES = 256
"""Interfaces of a pcapng file that are walked here; packets of more go the general way."""

_LARGE = 1 << 19
"""Bytes. Larger records go the general way: waiting for the end of one copies it again and
again, and no link type that is walked here has them."""

_SYN_KIND, _SYN_ACK_KIND, _ACK_KIND, _RST_KIND = 1, 2, 3, 4
_ALL_ONES = (1 << 64) - 1
_NO_TIME = -(2**63)
_LONGEST = 2**63 - 1
# Odd numbers without pattern, as in xxHash and splitmix64.
_MIX_A, _MIX_B, _MIX_C = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_MIX_D, _MIX_E = 0x27D4EB2F165667C5, 0xBF58476D1CE4E5B9
_V4 = 0xFFFF << 32
"""The upper part of an IPv4-mapped address, see addresses.py."""


class Pending:
    """Which ordinary segments still matter, by connection.

    After a SYN or SYN-ACK the next plain segment of each direction is kept: the ACK
    that completes, a challenge ACK, or data that proves the handshake went on unseen.
    Two generations of an open hash table bound the memory: when the younger is half
    full the older is forgotten, so a connection is remembered while at least
    ``slots / 2`` newer ones open.

    ``armed`` counts the connections of which something is wanted by the low bits of
    their ends, so that most segments need no look at the table.

    Bits of a connection: 1, 2: the lower or higher end's next plain segment is wanted;
    4, 8: the lower or higher end has sent a SYN-ACK.
    """

    def __init__(self, slots: int = 1 << 17) -> None:
        self.mask = slots - 1
        self.limit = slots // 2
        self.used = 0
        self.young = 0
        self.bits = _zeros("B", 2 * slots)
        self.low_hi = _zeros("Q", 2 * slots)
        self.low_lo = _zeros("Q", 2 * slots)
        self.high_hi = _zeros("Q", 2 * slots)
        self.high_lo = _zeros("Q", 2 * slots)
        self.ports = _zeros("I", 2 * slots)
        self.armed = _zeros("I", 1 << 16)

    def wants(
        self, kind: int, src_hi: int, src_lo: int, src_port: int,
        dst_hi: int, dst_lo: int, dst_port: int,
    ) -> bool:  # fmt: skip
        """Whether to keep this segment; notes what is wanted next."""
        if kind == _RST_KIND:
            return True
        forward = src_hi < dst_hi or (
            src_hi == dst_hi and (src_lo < dst_lo or (src_lo == dst_lo and src_port <= dst_port))
        )
        if kind == _ACK_KIND and not self.armed[(src_lo ^ dst_lo ^ src_port ^ dst_port) & 0xFFFF]:
            return False
        if forward:
            mine, other = 1, 2
            ports = src_port << 16 | dst_port
            a_hi, a_lo, b_hi, b_lo = src_hi, src_lo, dst_hi, dst_lo
        else:
            mine, other = 2, 1
            ports = dst_port << 16 | src_port
            a_hi, a_lo, b_hi, b_lo = dst_hi, dst_lo, src_hi, src_lo
        mixed = (
            a_lo * _MIX_A ^ b_lo * _MIX_B ^ (a_hi + ports) * _MIX_C ^ b_hi * _MIX_D
        ) & _ALL_ONES
        mixed = (mixed ^ mixed >> 29) * _MIX_E & _ALL_ONES
        start = mixed >> 32
        if kind == _ACK_KIND:
            slot = self._find(start, a_hi, a_lo, b_hi, b_lo, ports)
            if slot < 0:
                return False
            bits = self.bits[slot]
            if not bits & mine:
                return False
            bits &= ~mine
            # The other side's SYN-ACK was seen, and this answers it: the handshake is over.
            if bits & 4 * other or not bits & 3:
                bits = 0x80
                self.armed[(a_lo ^ b_lo ^ ports ^ ports >> 16) & 0xFFFF] -= 1
            self.bits[slot] = bits
            return True
        self._arm(start, a_hi, a_lo, b_hi, b_lo, ports, 4 * mine if kind == _SYN_ACK_KIND else 0)
        return True

    def _find(self, start: int, a_hi: int, a_lo: int, b_hi: int, b_lo: int, ports: int) -> int:
        """The slot of a connection, in the younger generation first; -1 without one."""
        slots = self.mask + 1
        base = self.young * slots
        for _ in range(2):
            at = base + (start & self.mask)
            for _ in range(_PROBES):
                if not self.bits[at]:
                    break
                if (
                    self.low_lo[at] == a_lo
                    and self.ports[at] == ports
                    and self.high_lo[at] == b_lo
                    and self.low_hi[at] == a_hi
                    and self.high_hi[at] == b_hi
                ):
                    return at
                at = base + ((at + 1) & self.mask)
            base = slots - base
        return -1

    def _arm(
        self, start: int, a_hi: int, a_lo: int, b_hi: int, b_lo: int, ports: int, more: int
    ) -> int:
        slots = self.mask + 1
        slot = self._find(start, a_hi, a_lo, b_hi, b_lo, ports)
        before = 0
        bucket = (a_lo ^ b_lo ^ ports ^ ports >> 16) & 0xFFFF
        if slot < 0 or not self.bits[slot] & 3:
            self.armed[bucket] += 1
        if slot >= 0:
            before = self.bits[slot] & 12
            if (slot >= slots) == (self.young == 1):
                self.bits[slot] = 0x80 | before | 3 | more
                return 0
            self.bits[slot] = 0x80
        if self.used >= self.limit:
            self._age()
        base = self.young * slots
        at = base + (start & self.mask)
        for _ in range(_PROBES):
            if not self.bits[at]:
                break
            at = base + ((at + 1) & self.mask)
        else:
            # Too many of one hash, by chance or by intent: start afresh.
            self._age()
            at = self.young * slots + (start & self.mask)
        self.used += 1
        self.low_hi[at] = a_hi
        self.low_lo[at] = a_lo
        self.high_hi[at] = b_hi
        self.high_lo[at] = b_lo
        self.ports[at] = ports
        self.bits[at] = 0x80 | before | 3 | more
        return 0

    def _age(self) -> int:
        """The older generation is forgotten and becomes the younger."""
        self.young = 1 - self.young
        self.used = 0
        base = self.young * (self.mask + 1)
        for at in range(base, base + self.mask + 1):
            if self.bits[at] & 3:
                ports = self.ports[at]
                bucket = (self.low_lo[at] ^ self.high_lo[at] ^ ports ^ ports >> 16) & 0xFFFF
                self.armed[bucket] -= 1
            self.bits[at] = 0
        return 0


_PROBES = 64


def _zeros(code: str, size: int) -> Any:
    """An array whose items are plain integers when not compiled: numpy's would overflow."""
    return array(code, bytes(array(code).itemsize * size))


def _space(schema: Schema, rows: int) -> dict[str, Any]:
    return {name: np.zeros(rows, dtype) for name, dtype in schema.dtypes.items()}


class Scanner:
    """Rows and counts of one capture; ``file`` is set for each of its files.

    After ``pcap`` or ``pcapng`` said what the records are, ``walk`` consumes common ones
    from the front of a buffer; ``stopped`` says why it went no further.
    """

    def __init__(self, capture: int, rows: int = 1 << 15, slots: int = 1 << 17) -> None:
        """``rows`` are kept before they must be taken away; ``slots``: see Pending."""
        self.capture = capture
        self.space = rows
        self.pending = Pending(slots)
        self.link_types = _zeros("i", _INTERFACES)
        self.ticks = _zeros("q", _INTERFACES)
        self.shifts = _zeros("q", _INTERFACES)
        self.limits = _zeros("q", _INTERFACES)
        self._segments = _space(SEGMENTS, rows)
        self._claims = _space(CLAIMS, rows)
        self._bind()
        self.rows = 0
        self.claim_rows = 0
        self.first_interface = 0
        self.interfaces = 1
        self.blocks = self.big = False
        self.header = 16
        self.swap = 0
        self.data: Any = b""
        self.begin(0)

    def begin(self, file: int) -> None:
        """The next records are of another file: counts begin at zero."""
        self.file = file
        self.stopped = _INCOMPLETE
        self.frames = 0
        self.packets = 0
        self.tcp = 0
        self.syn = 0
        self.syn_ack = 0
        self.rst = 0
        self.arp = 0
        self.first = _NO_TIME
        self.last = _NO_TIME
        self.previous = _NO_TIME
        self.gap_from = _NO_TIME
        self.largest_gap = 0
        self.backwards = 0
        self.backwards_by = 0

    def _bind(self) -> None:
        """Name the columns, so that compiled code reaches them without a dictionary."""
        s, c = self._segments, self._claims
        self.s_capture, self.s_file, self.s_frame = s["capture"], s["file"], s["frame"]
        self.s_time, self.s_kind = s["time"], s["kind"]
        self.s_src_hi, self.s_src_lo = s["src_hi"], s["src_lo"]
        self.s_dst_hi, self.s_dst_lo = s["dst_hi"], s["dst_lo"]
        self.s_src_port, self.s_dst_port = s["src_port"], s["dst_port"]
        self.s_seq, self.s_ack, self.s_flags = s["seq"], s["ack"], s["flags"]
        self.s_window, self.s_payload, self.s_ttl = s["window"], s["payload"], s["ttl"]
        self.s_tsval, self.s_tsecr = s["tsval"], s["tsecr"]
        self.s_src_mac, self.s_dst_mac = s["src_mac"], s["dst_mac"]
        self.s_direction, self.s_interface = s["direction"], s["interface"]
        self.s_vlan, self.s_icmp = s["vlan"], s["icmp"]
        self.c_capture, self.c_file, self.c_frame = c["capture"], c["file"], c["frame"]
        self.c_time, self.c_op, self.c_mac = c["time"], c["op"], c["mac"]
        self.c_ip_hi, self.c_ip_lo = c["ip_hi"], c["ip_lo"]
        self.c_asked_hi, self.c_asked_lo = c["asked_hi"], c["asked_lo"]
        self.c_src_mac, self.c_dst_mac = c["src_mac"], c["dst_mac"]
        self.c_direction = c["direction"]

    def take(self) -> tuple[Table, Table]:
        """(segments, claims) kept since the last call; the space is used again."""
        rows, claims = self.rows, self.claim_rows
        self.rows = self.claim_rows = 0
        return (
            Table(SEGMENTS, {n: c[:rows].copy() for n, c in self._segments.items()}),
            Table(CLAIMS, {n: c[:claims].copy() for n, c in self._claims.items()}),
        )

    def note_time(self, time: int) -> int:
        """Count one packet and its time."""
        self.packets += 1
        if time == _NO_TIME:
            return 0
        if self.first == _NO_TIME:
            self.first = self.last = self.previous = time
            return 0
        if time < self.previous:
            self.backwards += 1
            self.backwards_by = max(self.backwards_by, _apart(self.previous, time))
            self.first = min(self.first, time)
        elif time > self.last:
            if _apart(time, self.last) > self.largest_gap:
                self.largest_gap = _apart(time, self.last)
                self.gap_from = self.last
            self.last = time
        self.previous = time
        return 0

    def put_segment(
        self, time: int, kind: int, src_hi: int, src_lo: int, dst_hi: int, dst_lo: int,
        src_port: int, dst_port: int, seq: int, ack: int, flags: int, window: int,
        payload: int, ttl: int, tsval: int, tsecr: int, src_mac: int, dst_mac: int,
        direction: int, interface: int, vlan: int, icmp: int,
    ) -> int:  # fmt: skip
        """Keep one segment of the current frame."""
        row = self.rows
        self.s_capture[row] = self.capture
        self.s_file[row] = self.file
        self.s_frame[row] = self.frames
        self.s_time[row] = time
        self.s_kind[row] = kind
        self.s_src_hi[row] = src_hi
        self.s_src_lo[row] = src_lo
        self.s_dst_hi[row] = dst_hi
        self.s_dst_lo[row] = dst_lo
        self.s_src_port[row] = src_port
        self.s_dst_port[row] = dst_port
        self.s_seq[row] = seq
        self.s_ack[row] = ack
        self.s_flags[row] = flags
        self.s_window[row] = window
        self.s_payload[row] = payload
        self.s_ttl[row] = ttl
        self.s_tsval[row] = tsval
        self.s_tsecr[row] = tsecr
        self.s_src_mac[row] = src_mac
        self.s_dst_mac[row] = dst_mac
        self.s_direction[row] = direction
        self.s_interface[row] = interface
        self.s_vlan[row] = vlan
        self.s_icmp[row] = icmp
        self.rows = row + 1
        return 0

    def put_claim(
        self, time: int, op: int, ip_hi: int, ip_lo: int, mac: int, asked_hi: int, asked_lo: int,
        src_mac: int, dst_mac: int, direction: int,
    ) -> int:  # fmt: skip
        """Keep one ARP or ND claim of the current frame."""
        row = self.claim_rows
        self.c_capture[row] = self.capture
        self.c_file[row] = self.file
        self.c_frame[row] = self.frames
        self.c_time[row] = time
        self.c_op[row] = op
        self.c_ip_hi[row] = ip_hi
        self.c_ip_lo[row] = ip_lo
        self.c_mac[row] = mac
        self.c_asked_hi[row] = asked_hi
        self.c_asked_lo[row] = asked_lo
        self.c_src_mac[row] = src_mac
        self.c_dst_mac[row] = dst_mac
        self.c_direction[row] = direction
        self.claim_rows = row + 1
        return 0

    # ---- containers -----------------------------------------------------------------------

    def pcap(self, big: bool, header: int, tick: int, swap: int) -> None:
        """What follows are pcap records: ``header`` bytes before each, ``tick`` ns a unit.

        ``swap``: 0 lengths in order, 1 swapped, 2 swapped where captured exceeds original.
        """
        self.blocks = False
        self.big = big
        self.header = header
        self.ticks[0] = tick
        self.swap = swap

    def pcapng(self, big: bool, first: int, interfaces: int) -> None:
        """What follows are blocks of a section with ``interfaces`` interfaces, the first of
        which has the number ``first``. ``ticks`` is 0 for those that count in a way that
        is left to the general path."""
        self.blocks = True
        self.big = big
        self.first_interface = first
        self.interfaces = min(interfaces, _INTERFACES)

    def walk(self, data: Any, begin: int, end: int) -> int:
        """Consume common records of ``data[begin:end]``; returns where it stopped."""
        self.data = data
        with cython.nogil:
            return self._walk(data, begin, end)

    def _walk(self, data: Any, begin: int, end: int) -> int:
        at = begin
        big = self.big
        interface = 0
        local = 0
        while True:
            self.stopped = _INCOMPLETE
            if self.blocks:
                if end - at < 32:
                    return at
                self.stopped = _SPECIAL
                length = self._u32(at + 4, big)
                if self._u32(at, big) != 6 or length & 3 or length < 32 or length > _LARGE:
                    return at
                if end - at < length:
                    self.stopped = _INCOMPLETE
                    return at
                local = self._u32(at + 8, big)
                if local >= self.interfaces or self._u32(at + length - 4, big) != length:
                    return at
                captured = self._u32(at + 20, big)
                left = length - 32 - ((captured + 3) & ~3)
                frame = at + 28
                # Options may tell the direction or drops: only their absence is common.
                if left != 0 and (left != 4 or self._u32(at + length - 8, big) != 0):
                    return at
                after = at + length
                time = self._u32(at + 12, big)
                if time > _LATEST >> 32:
                    return at
                time = time << 32 | self._u32(at + 16, big)
                tick = self.ticks[local]
                if tick == 0 or time > _LATEST // tick:
                    return at
                time = time * tick + self.shifts[local]
                interface = self.first_interface + local
            else:
                frame = at + self.header
                if end < frame:
                    return at
                if big:
                    time = self._u32(at, True)
                    fraction = self._u32(at + 4, True)
                    captured = self._u32(at + 8, True)
                else:
                    top = data[at + 3]
                    time = top << 24 | data[at + 2] << 16 | data[at + 1] << 8 | data[at]
                    top = data[at + 7]
                    fraction = top << 24 | data[at + 6] << 16 | data[at + 5] << 8 | data[at + 4]
                    top = data[at + 11]
                    captured = top << 24 | data[at + 10] << 16 | data[at + 9] << 8 | data[at + 8]
                if self.swap:
                    original = self._u32(at + 12, big)
                    if self.swap == 1 or captured > original:
                        captured = original
                time = time * 1000000000 + fraction * self.ticks[0]
                after = frame + captured
            if captured > self.limits[local] or captured > _LARGE:
                self.stopped = _SPECIAL
                return at
            if end < after:
                self.stopped = _INCOMPLETE
                return at
            link = self.link_types[local]
            if (
                link == 1
                and captured >= 54
                and data[frame + 12] == 8
                and data[frame + 13] == 0
                and data[frame + 14] == 0x45
                and data[frame + 23] == 6
                and not data[frame + 47] & 6
                and not (data[frame + 20] & 0x3F or data[frame + 21])
                and data[frame + 46] >= 0x50
                and (data[frame + 16] << 8 | data[frame + 17]) >= 20 + (data[frame + 46] >> 4) * 4
                and not self.pending.armed[
                    (data[frame + 28] ^ data[frame + 32] ^ data[frame + 34] ^ data[frame + 36]) << 8
                    | (data[frame + 29] ^ data[frame + 33] ^ data[frame + 35] ^ data[frame + 37])
                ]
            ):
                # Most packets of most captures: data of a connection that is long open.
                self.tcp += 1
                self.frames += 1
            else:
                if self.rows >= self.space or self.claim_rows >= self.space:
                    self.stopped = _FULL
                    return at
                self.frames += 1
                if self._frame(frame, frame + captured, link, time, interface, 0):
                    self.frames -= 1
                    self.stopped = _SPECIAL
                    return at
            self.note_time(time)
            at = after

    # ---- frames ---------------------------------------------------------------------------

    def _frame(
        self, at: int, end: int, link: int, time: int, interface: int, direction: int
    ) -> int:
        """Count one frame and keep what matters of it: 0; 1 leaves it to the general path,
        with nothing changed."""
        vlan = -1
        macs = 0
        if link == 1:
            if end - at < 14:
                return 1
            protocol = self._be16(at + 12)
            network = at + 14
            macs = 1
            while (
                protocol == 0x8100 or protocol == 0x88A8 or protocol == 0x9100 or protocol == 0x9200
            ):
                if end - network < 4:
                    return 1
                vlan = self._be16(network) & 0xFFF
                protocol = self._be16(network + 2)
                network += 4
        elif link == 113:
            if end - at < 16:
                return 1
            protocol = self._be16(at + 14)
            network = at + 16
            direction = _direction(self._be16(at))
            macs = 2 if self._be16(at + 4) == 6 else 0
        elif link == 276:
            if end - at < 20 or self.data[at + 4] & 0x80:
                return 1
            protocol = self._be16(at)
            network = at + 20
            direction = _direction(self.data[at + 10])
            interface = interface or self._u32(at + 4, True)
            macs = 3 if self.data[at + 11] == 6 else 0
        elif link == 101 or link == 12 or link == 14 or link == 228 or link == 229:
            if end <= at:
                return 1
            protocol = (
                0x0800 if self.data[at] >> 4 == 4 else 0x86DD if self.data[at] >> 4 == 6 else 0
            )
            network = at
        else:
            return 1
        if protocol == 0x0800:
            if end - network < 20 or self.data[network] >> 4 != 4:
                return 1
            header = (self.data[network] & 15) * 4
            total = self._be16(network + 2)
            if header < 20 or (total and total < header) or self._be16(network + 6) & 0x3FFF:
                return 1
            length = (total if total else end - network) - header
            carried = self.data[network + 9]
        elif protocol == 0x86DD:
            if end - network < 40 or self.data[network] >> 4 != 6:
                return 1
            header = 40
            length = self._be16(network + 4)
            if not length:
                length = end - network - 40
            carried = self.data[network + 6]
        elif protocol == 0x0806:
            return self._arp(at, network, end, macs, time, direction)
        else:
            # LLC, MPLS and PPPoE may hold IP; the rest is nothing for us.
            return (
                link != 1 and link != 113 and link != 276 and protocol != 0
                or (link == 1 or link == 113 or link == 276)
                and (protocol <= 1500 or protocol == 0x8847 or protocol == 0x8848
                     or protocol == 0x8864 or _is_vlan(protocol))
            )  # fmt: skip
        segment = network + header
        if carried == 6:
            return self._tcp(
                at, network, segment, end, length, macs, time, interface, direction, vlan
            )
        if end - segment < 8:
            return 1
        if carried == 17:
            # VXLAN and GENEVE hold packets, see tunnels.py.
            port = self._be16(segment + 2)
            return port == 4789 or port == 8472 or port == 6081
        if carried == 1 and protocol == 0x0800:
            return self.data[segment] == 3 or self.data[segment] == 11
        if carried == 58 and protocol == 0x86DD:
            kind = self.data[segment]
            return kind == 1 or kind == 3 or kind == 135 or kind == 136
        return 1

    def _tcp(
        self, frame: int, network: int, segment: int, end: int, length: int,
        macs: int, time: int, interface: int, direction: int, vlan: int,
    ) -> int:  # fmt: skip
        limit = end if end - segment < length else segment + length
        if limit - segment < 20:
            return 1
        header = (self.data[segment + 12] >> 4) * 4
        if header < 20 or header > length:
            return 1
        flags = self.data[segment + 13] | (self.data[segment + 12] & 1) << 8
        if flags & 2 and limit - segment < header:
            return 1
        if flags & 4:
            kind = _RST_KIND
        elif flags & 2:
            kind = _SYN_ACK_KIND if flags & 16 else _SYN_KIND
        else:
            kind = _ACK_KIND
        if self.data[network] >> 4 == 4:
            src_hi = dst_hi = 0
            src_lo = _V4 | self._u32(network + 12, True)
            dst_lo = _V4 | self._u32(network + 16, True)
            ttl = self.data[network + 8]
        else:
            src_hi = self._be64(network + 8)
            src_lo = self._be64(network + 16)
            dst_hi = self._be64(network + 24)
            dst_lo = self._be64(network + 32)
            ttl = self.data[network + 7]
        src_port = self._be16(segment)
        dst_port = self._be16(segment + 2)
        self.tcp += 1
        if flags & 2:
            if flags & 16:
                self.syn_ack += 1
            else:
                self.syn += 1
        if flags & 4:
            self.rst += 1
        if not self.pending.wants(kind, src_hi, src_lo, src_port, dst_hi, dst_lo, dst_port):
            return 0
        # TSval and TSecr (RFC 7323), -1 each without the option or where it is cut off.
        tsval = tsecr = -1
        at = segment + 20
        stop = segment + header if segment + header < limit else limit
        while at < stop and self.data[at] != 0:
            if self.data[at] == 1:
                at += 1
                continue
            if at + 1 >= stop or self.data[at + 1] < 2:
                break
            if self.data[at] == 8 and self.data[at + 1] == 10 and at + 10 <= stop:
                tsval = self._u32(at + 2, True)
                tsecr = self._u32(at + 6, True)
                break
            at += self.data[at + 1]
        self.put_segment(
            time, kind, src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port,
            self._u32(segment + 4, True),
            self._u32(segment + 8, True) if flags & 16 else 0,
            flags, self._be16(segment + 14), length - header, ttl, tsval, tsecr,
            self._source_mac(frame, macs), self._be48(frame) if macs == 1 else -1,
            direction, interface, vlan, -1,
        )  # fmt: skip
        return 0

    def _arp(self, frame: int, at: int, end: int, macs: int, time: int, direction: int) -> int:
        if end - at < 28:
            return 1
        if self._be16(at) != 1 or self._be16(at + 2) != 0x0800 or self._be16(at + 4) != 0x0604:
            return 1
        # Kernels heed requests and replies alone.
        if self._be16(at + 6) != 1 and self._be16(at + 6) != 2:
            return 0
        self.arp += 1
        self.put_claim(
            time, self._be16(at + 6),
            0, _V4 | self._u32(at + 14, True), self._be48(at + 8),
            0, _V4 | self._u32(at + 24, True),
            self._source_mac(frame, macs), self._be48(frame) if macs == 1 else -1, direction,
        )  # fmt: skip
        return 0

    # ---- bytes ----------------------------------------------------------------------------

    def _u32(self, at: int, big: bool) -> int:
        a = self.data[at]
        b = self.data[at + 1]
        c = self.data[at + 2]
        d = self.data[at + 3]
        return a << 24 | b << 16 | c << 8 | d if big else d << 24 | c << 16 | b << 8 | a

    def _be16(self, at: int) -> int:
        return self.data[at] << 8 | self.data[at + 1]

    def _be48(self, at: int) -> int:
        upper = self._be16(at)
        return upper << 32 | self._u32(at + 2, True)

    def _be64(self, at: int) -> int:
        upper = self._u32(at, True)
        return upper << 32 | self._u32(at + 4, True)

    def _source_mac(self, frame: int, macs: int) -> int:
        """``macs``: 0 no MAC, 1 Ethernet, 2 SLL, 3 SLL2."""
        if macs == 0:
            return -1
        return self._be48(frame + (6 if macs < 3 else 12))


_LATEST = (1 << 62) - 1
"""Times beyond are left to the general path, which checks the range exactly."""


def _apart(later: int, earlier: int) -> int:
    """Nanoseconds between; at most what a time can hold, where it is up to twice that."""
    return min(later - earlier, _LONGEST)


def _direction(packet_type: int) -> int:
    """sll_pkttype to INBOUND, OUTBOUND, OTHER_HOST, else UNKNOWN."""
    if packet_type == 0:
        return 1
    if packet_type == 4:
        return 2
    return 3 if packet_type == 3 else 0


def _is_vlan(protocol: int) -> bool:
    return protocol == 0x8100 or protocol == 0x88A8 or protocol == 0x9100 or protocol == 0x9200
