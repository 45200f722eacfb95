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

from synack.tables import CLAIMS, SEGMENTS, Schema, Table, uniform

try:
    import cython
except ImportError:
    from synack import uncompiled as cython

COMPILED: bool = cython.compiled

# Why a walk stopped: the next record is not all there, it is not a common one, or
# there is no room for another row.
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

    ``marks`` says of each slot whether it is used (0x80), by what connection (0xFF00: some
    bits of its hash, so that most others need no look at its ends), and: 1, 2: the lower or
    higher end's next plain segment is wanted; 4, 8: the lower or higher end has sent a
    SYN-ACK. The ends are side by side in ``keys``, five numbers a slot.
    """

    def __init__(self, slots: int = 1 << 17) -> None:
        self.mask = slots - 1
        self.limit = slots // 2
        self.used = 0
        self.young = 0
        self.marks = _zeros("H", 2 * slots)
        self.keys = _zeros("Q", 5 * 2 * slots)
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
        start = _hash(a_hi, a_lo, b_hi, b_lo, ports)
        if kind == _ACK_KIND:
            slot = self._find(start, a_hi, a_lo, b_hi, b_lo, ports)
            if slot < 0:
                return False
            mark = self.marks[slot]
            if not mark & mine:
                return False
            mark &= ~mine
            # The other side's SYN-ACK was seen, and this answers it: the handshake is over.
            if mark & 4 * other or not mark & 3:
                mark &= 0xFF80
                self.armed[(a_lo ^ b_lo ^ ports ^ ports >> 16) & 0xFFFF] -= 1
            self.marks[slot] = mark
            return True
        self._arm(start, a_hi, a_lo, b_hi, b_lo, ports, 4 * mine if kind == _SYN_ACK_KIND else 0)
        return True

    def waits(
        self, src_hi: int, src_lo: int, src_port: int, dst_hi: int, dst_lo: int, dst_port: int
    ) -> bool:
        """Whether a plain segment from there to there would be kept; notes nothing."""
        forward = src_hi < dst_hi or (
            src_hi == dst_hi and (src_lo < dst_lo or (src_lo == dst_lo and src_port <= dst_port))
        )
        if forward:
            mine, ports = 1, src_port << 16 | dst_port
            a_hi, a_lo, b_hi, b_lo = src_hi, src_lo, dst_hi, dst_lo
        else:
            mine, ports = 2, dst_port << 16 | src_port
            a_hi, a_lo, b_hi, b_lo = dst_hi, dst_lo, src_hi, src_lo
        slot = self._find(_hash(a_hi, a_lo, b_hi, b_lo, ports), a_hi, a_lo, b_hi, b_lo, ports)
        return slot >= 0 and self.marks[slot] & mine != 0

    def _find(self, start: int, a_hi: int, a_lo: int, b_hi: int, b_lo: int, ports: int) -> int:
        """The slot of a connection, in the younger generation first; -1 without one."""
        slots = self.mask + 1
        base = self.young * slots
        tag = (start >> 16 & 0xFF00) | 0x80
        for _ in range(2):
            at = base + (start & self.mask)
            for _ in range(_PROBES):
                mark = self.marks[at]
                if not mark:
                    break
                if mark & 0xFF80 == tag:
                    key = 5 * at
                    if (
                        self.keys[key] == a_lo
                        and self.keys[key + 1] == b_lo
                        and self.keys[key + 2] == ports
                        and self.keys[key + 3] == a_hi
                        and self.keys[key + 4] == b_hi
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
        tag = (start >> 16 & 0xFF00) | 0x80
        before = 0
        bucket = (a_lo ^ b_lo ^ ports ^ ports >> 16) & 0xFFFF
        if slot < 0 or not self.marks[slot] & 3:
            self.armed[bucket] += 1
        if slot >= 0:
            before = self.marks[slot] & 12
            if (slot >= slots) == (self.young == 1):
                self.marks[slot] = tag | before | 3 | more
                return 0
            self.marks[slot] = tag
        if self.used >= self.limit:
            self._age()
        base = self.young * slots
        at = base + (start & self.mask)
        for _ in range(_PROBES):
            if not self.marks[at]:
                break
            at = base + ((at + 1) & self.mask)
        else:
            # Too many of one hash, by chance or by intent: start afresh.
            self._age()
            at = self.young * slots + (start & self.mask)
        self.used += 1
        key = 5 * at
        self.keys[key] = a_lo
        self.keys[key + 1] = b_lo
        self.keys[key + 2] = ports
        self.keys[key + 3] = a_hi
        self.keys[key + 4] = b_hi
        self.marks[at] = tag | before | 3 | more
        return 0

    def _age(self) -> int:
        """The older generation is forgotten and becomes the younger."""
        self.young = 1 - self.young
        self.used = 0
        base = self.young * (self.mask + 1)
        for at in range(base, base + self.mask + 1):
            if self.marks[at] & 3:
                key = 5 * at
                ports = self.keys[key + 2]
                bucket = (self.keys[key] ^ self.keys[key + 1] ^ ports ^ ports >> 16) & 0xFFFF
                self.armed[bucket] -= 1
            self.marks[at] = 0
        return 0


_PROBES = 64


def _hash(a_hi: int, a_lo: int, b_hi: int, b_lo: int, ports: int) -> int:
    """32 bits of a connection."""
    mixed = (
        a_lo * _MIX_A ^ b_lo * _MIX_B ^ (a_hi + ports) * _MIX_C ^ b_hi * _MIX_D
    ) & _ALL_ONES  # fmt: skip
    mixed = (mixed ^ mixed >> 29) * _MIX_E & _ALL_ONES
    return mixed >> 32


def _zeros(code: str, size: int) -> Any:
    """Zeros; when not compiled, items that are plain integers: numpy's would overflow."""
    if cython.compiled:
        return np.zeros(size, code)
    return array(code, bytes(array(code).itemsize * size))


def _grown(columns: dict[str, Any], schema: Schema, rows: int, space: int) -> dict[str, Any]:
    """The columns with room for ``space`` rows, of which the first ``rows`` are kept. One by
    one, so that never more than one is in memory twice."""
    grown = {}
    for name, dtype in schema.dtypes.items():
        grown[name] = np.zeros(space, dtype)
        if rows:
            grown[name][:rows] = columns.pop(name)[:rows]
    return grown


_USUAL = {
    "file": 0, "src_hi": 0, "dst_hi": 0, "payload": 0, "direction": 0, "interface": 0,
    "vlan": -1, "icmp": -1,
}  # fmt: skip
"""What nearly all rows have; the bits of ``unusual`` say, in this order, where some do not."""


class Scanner:
    """Rows and counts of one capture; ``file`` is set for each of its files.

    After ``pcap`` or ``pcapng`` said what the records are, ``walk`` consumes common ones
    from the front of a buffer; ``stopped`` says why it went no further.
    """

    def __init__(
        self, capture: int, rows: int = 1 << 15, slots: int = 1 << 17, *, counts_only: bool = False
    ) -> None:
        """There is room for ``rows`` before :meth:`make_room` must make more; ``slots``: see
        Pending. With ``counts_only`` no row is kept."""
        self.capture = capture
        self.counts_only = counts_only
        self.space = self.claim_space = rows
        self.pending = Pending(2 if counts_only else slots)
        self.link_types = _zeros("i", _INTERFACES)
        self.ticks = _zeros("q", _INTERFACES)
        self.shifts = _zeros("q", _INTERFACES)
        self.limits = _zeros("q", _INTERFACES)
        self._segments = _grown({}, SEGMENTS, 0, rows)
        self._claims = _grown({}, CLAIMS, 0, rows)
        self._bind()
        self.rows = 0
        self.claim_rows = 0
        self.unusual = 0
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
        self.start = _NO_TIME
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
        self.s_file, self.s_frame = s["file"], s["frame"]
        self.s_time, self.s_kind = s["time"], s["kind"]
        self.s_src_hi, self.s_src_lo = s["src_hi"], s["src_lo"]
        self.s_dst_hi, self.s_dst_lo = s["dst_hi"], s["dst_lo"]
        self.s_src_port, self.s_dst_port = s["src_port"], s["dst_port"]
        self.s_seq, self.s_ack, self.s_flags = s["seq"], s["ack"], s["flags"]
        self.s_window, self.s_payload, self.s_ttl = s["window"], s["payload"], s["ttl"]
        self.s_ip_id = s["ip_id"]
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

    def make_room(self, expected: int = 0) -> None:
        """For another frame, at least. Room that is not used costs no memory, so there will
        be enough for the ``expected`` segments in all, if that is not beyond reason; and twice
        what there was, so that copying stays rare."""
        segments, claims = self._segments, self._claims
        self._segments, self._claims = _grown({}, SEGMENTS, 0, 1), _grown({}, CLAIMS, 0, 1)
        self._bind()  # nothing else holds the columns: each is freed once it is copied
        if self.rows >= self.space:
            self.space = max(2 * self.space, min(expected, 16 * self.space))
            segments = _grown(segments, SEGMENTS, self.rows, self.space)
        if self.claim_rows >= self.claim_space:
            self.claim_space *= 2
            claims = _grown(claims, CLAIMS, self.claim_rows, self.claim_space)
        self._segments, self._claims = segments, claims
        self._bind()

    def take(self) -> tuple[Table, Table]:
        """(segments, claims) kept so far: the columns themselves, of which this has no more."""
        segments, claims = self._segments, self._claims
        rows, claim_rows = self.rows, self.claim_rows
        columns = {name: column[:rows] for name, column in segments.items()}
        columns["capture"] = uniform(self.capture, "i4", rows)
        for place, (name, usual) in enumerate(_USUAL.items()):
            if not self.unusual >> place & 1:
                columns[name] = uniform(usual, segments[name].dtype, rows)
            elif usual:
                columns[name] += usual
        self._segments = _grown({}, SEGMENTS, 0, 1)
        self._claims = _grown({}, CLAIMS, 0, 1)
        self.rows = self.claim_rows = self.unusual = 0
        self.space = self.claim_space = 1
        self._bind()
        return (
            Table(SEGMENTS, columns),
            Table(CLAIMS, {n: c[:claim_rows] for n, c in claims.items()}),
        )

    def joins(self, later: Scanner) -> bool:
        """Whether :meth:`join` can tell the largest gap of the records of both: not where
        ``later`` begins in the past and its own largest gap begins there too."""
        if self.last == _NO_TIME or later.start >= self.last or later.last <= self.last:
            return True
        return later.gap_from >= self.last and later.largest_gap < _LONGEST

    def join(self, later: Scanner) -> None:
        """Count on as if this had walked what ``later`` walked, the records right behind."""
        self.packets += later.packets
        self.tcp += later.tcp
        self.syn += later.syn
        self.syn_ack += later.syn_ack
        self.rst += later.rst
        self.arp += later.arp
        if later.start == _NO_TIME:
            return
        self.packets -= 1  # counted again now
        self.note_time(later.start)
        self.first = min(self.first, later.first)
        self.previous = later.previous
        self.backwards += later.backwards
        self.backwards_by = max(self.backwards_by, later.backwards_by)
        if later.last > self.last:
            self.last = later.last
            if later.largest_gap > self.largest_gap:
                self.largest_gap = later.largest_gap
                self.gap_from = later.gap_from

    def note_time(self, time: int) -> int:
        """Count one packet and its time."""
        self.packets += 1
        if time == _NO_TIME:
            return 0
        if self.first == _NO_TIME:
            self.start = self.first = self.last = self.previous = time
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

    def _count(self, flags: int) -> int:
        if flags & 2:
            if flags & 16:
                self.syn_ack += 1
            else:
                self.syn += 1
        if flags & 4:
            self.rst += 1
        return 0

    def put_segment(
        self, time: int, kind: int, src_hi: int, src_lo: int, dst_hi: int, dst_lo: int,
        src_port: int, dst_port: int, seq: int, ack: int, flags: int, window: int,
        payload: int, ttl: int, ip_id: int, tsval: int, tsecr: int, src_mac: int, dst_mac: int,
        direction: int, interface: int, vlan: int, icmp: int,
    ) -> int:  # fmt: skip
        """Keep one segment of the current frame. Columns are 0 from the start, and memory
        that nobody writes to is not needed: the columns of :data:`_USUAL` are less their usual
        value, which is not written there."""
        row = self.rows
        self.s_frame[row] = self.frames
        self.s_time[row] = time
        self.s_kind[row] = kind
        self.s_src_lo[row] = src_lo
        self.s_dst_lo[row] = dst_lo
        self.s_src_port[row] = src_port
        self.s_dst_port[row] = dst_port
        self.s_seq[row] = seq
        self.s_ack[row] = ack
        self.s_flags[row] = flags
        self.s_window[row] = window
        self.s_ttl[row] = ttl
        self.s_ip_id[row] = ip_id
        self.s_tsval[row] = tsval
        self.s_tsecr[row] = tsecr
        self.s_src_mac[row] = src_mac
        self.s_dst_mac[row] = dst_mac
        if self.file:
            self.s_file[row] = self.file
            self.unusual |= 1
        if src_hi:
            self.s_src_hi[row] = src_hi
            self.unusual |= 2
        if dst_hi:
            self.s_dst_hi[row] = dst_hi
            self.unusual |= 4
        if payload:
            self.s_payload[row] = payload
            self.unusual |= 8
        if direction:
            self.s_direction[row] = direction
            self.unusual |= 16
        if interface:
            self.s_interface[row] = interface
            self.unusual |= 32
        if vlan >= 0:
            self.s_vlan[row] = vlan + 1
            self.unusual |= 64
        if icmp >= 0:
            self.s_icmp[row] = icmp + 1
            self.unusual |= 128
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
            return self._walk(begin, end)

    def _walk(self, begin: int, end: int) -> int:
        at = begin
        blocks = self.blocks
        big = self.big
        counts_only = self.counts_only
        interface = 0
        local = 0
        known = 0
        link = self.link_types[0]
        limit = self.limits[0]
        tick = self.ticks[0]
        shift = self.shifts[0]
        # What every packet changes; the rest is told in time to whoever looks at it.
        frames = self.frames
        data = 0
        last = self.last
        previous = self.previous
        largest = self.largest_gap
        while True:
            if blocks:
                if end - at < 32:
                    self.stopped = _INCOMPLETE
                    break
                self.stopped = _SPECIAL
                p = self._bytes(at, 28)
                length = _word(p, 4, big)
                if _word(p, 0, big) != 6 or length & 3 or length < 32 or length > _LARGE:
                    break
                if end - at < length:
                    self.stopped = _INCOMPLETE
                    break
                local = _word(p, 8, big)
                captured = _word(p, 20, big)
                left = length - 32 - ((captured + 3) & ~3)
                frame = at + 28
                after = at + length
                tail = self._bytes(after - 8, 8)
                if local >= self.interfaces or _word(tail, 4, big) != length:
                    break
                # Options may tell the direction or drops: only their absence is common.
                if left != 0 and (left != 4 or _word(tail, 0, big) != 0):
                    break
                if local != known:
                    known = local
                    link = self.link_types[local]
                    limit = self.limits[local]
                    tick = self.ticks[local]
                    shift = self.shifts[local]
                time = _word(p, 12, big)
                if time > _LATEST >> 32:
                    break
                time = time << 32 | _word(p, 16, big)
                if tick == 0 or time > _LATEST // tick:
                    break
                time = time * tick + shift
                interface = self.first_interface + local
            else:
                frame = at + self.header
                if end < frame:
                    self.stopped = _INCOMPLETE
                    break
                p = self._bytes(at, 16)
                captured = _word(p, 8, big)
                if self.swap:
                    original = _word(p, 12, big)
                    if self.swap == 1 or captured > original:
                        captured = original
                time = _word(p, 0, big)
                time = time * 1000000000 + _word(p, 4, big) * tick
                after = frame + captured
            if captured > limit or captured > _LARGE:
                self.stopped = _SPECIAL
                break
            if end < after:
                self.stopped = _INCOMPLETE
                break
            common = False
            if link == 1 and captured >= 54:
                p = self._bytes(frame, 54)
                header = p[46] >> 2 & 60
                if (
                    _half(p, 12) == 0x0800
                    and p[14] == 0x45
                    and p[23] == 6
                    and not _half(p, 20) & 0x3FFF
                    and header >= 20
                    and _half(p, 16) >= 20 + header
                ):
                    if counts_only:
                        common = not p[47] & 2 or captured >= 34 + header
                    elif not p[47] & 6:
                        common = not self.pending.armed[
                            _half(p, 28) ^ _half(p, 32) ^ _half(p, 34) ^ _half(p, 36)
                        ] or not self.pending.waits(
                            0, _V4 | _word(p, 26, True), _half(p, 34),
                            0, _V4 | _word(p, 30, True), _half(p, 36),
                        )  # fmt: skip
            if common:
                # Most packets of most captures: data of a connection that is long open.
                frames += 1
                data += 1
                if p[47] & 6:
                    self._count(p[47])
            else:
                if self.rows >= self.space or self.claim_rows >= self.claim_space:
                    self.stopped = _FULL
                    break
                self.frames = frames + 1
                if self._frame(frame, frame + captured, link, time, interface, 0):
                    self.stopped = _SPECIAL
                    break
                frames += 1
            if time >= previous and last != _NO_TIME:
                if time > last:
                    if _apart(time, last) > largest:
                        largest = _apart(time, last)
                        self.gap_from = last
                    last = time
                previous = time
                self.packets += 1
            else:
                self.last = last
                self.previous = previous
                self.largest_gap = largest
                self.note_time(time)
                last = self.last
                previous = self.previous
                largest = self.largest_gap
            at = after
        self.frames = frames
        self.tcp += data
        self.last = last
        self.previous = previous
        self.largest_gap = largest
        return at

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
            protocol = _half(self._bytes(at, 14), 12)
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
            if end - network < 20:
                return 1
            p = self._bytes(network, 20)
            header = (p[0] & 15) * 4
            total = _half(p, 2)
            if p[0] >> 4 != 4 or header < 20 or (total and total < header) or _half(p, 6) & 0x3FFF:
                return 1
            length = (total if total else end - network) - header
            carried = p[9]
        elif protocol == 0x86DD:
            if end - network < 40:
                return 1
            p = self._bytes(network, 40)
            if p[0] >> 4 != 6:
                return 1
            header = 40
            length = _half(p, 4)
            if not length:
                length = end - network - 40
            carried = p[6]
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
        p = self._bytes(segment, 20)
        header = (p[12] >> 4) * 4
        if header < 20 or header > length:
            return 1
        flags = p[13] | (p[12] & 1) << 8
        if flags & 2 and limit - segment < header:
            return 1
        if flags & 4:
            kind = _RST_KIND
        elif flags & 2:
            kind = _SYN_ACK_KIND if flags & 16 else _SYN_KIND
        else:
            kind = _ACK_KIND
        ip = self._bytes(network, 20)
        if ip[0] >> 4 == 4:
            src_hi = dst_hi = 0
            src_lo = _V4 | _word(ip, 12, True)
            dst_lo = _V4 | _word(ip, 16, True)
            ttl = ip[8]
            ip_id = _half(ip, 4)
        else:
            src_hi = self._be64(network + 8)
            src_lo = self._be64(network + 16)
            dst_hi = self._be64(network + 24)
            dst_lo = self._be64(network + 32)
            ttl = ip[7]
            ip_id = 0
        src_port = _half(p, 0)
        dst_port = _half(p, 2)
        self.tcp += 1
        self._count(flags)
        if self.counts_only or not self.pending.wants(
            kind, src_hi, src_lo, src_port, dst_hi, dst_lo, dst_port
        ):
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
            _word(p, 4, True),
            _word(p, 8, True) if flags & 16 else 0,
            flags, _half(p, 14), length - header, ttl, ip_id, tsval, tsecr,
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
        if self.counts_only:
            return 0
        self.put_claim(
            time, self._be16(at + 6),
            0, _V4 | self._u32(at + 14, True), self._be48(at + 8),
            0, _V4 | self._u32(at + 24, True),
            self._source_mac(frame, macs), self._be48(frame) if macs == 1 else -1, direction,
        )  # fmt: skip
        return 0

    # ---- bytes ----------------------------------------------------------------------------

    def _bytes(self, at: int, length: int) -> Any:
        """``length`` bytes, one at least, all of them there: else IndexError.

        The one place where compiled code gets a pointer into the data. What indexes it is a
        number below ``length``, to be seen beside the call: so a record takes two checks of
        bounds, and not one for each of its bytes.
        """
        self.data[at + length - 1]
        if cython.compiled:
            return cython.address(self.data[at])
        return self.data[at : at + length]

    def _u32(self, at: int, big: bool) -> int:
        return _word(self._bytes(at, 4), 0, big)

    def _be16(self, at: int) -> int:
        return _half(self._bytes(at, 2), 0)

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


def _word(p: Any, at: int, big: bool) -> int:
    """Four bytes in either order; compilers make one load of it."""
    if big:
        top = p[at]
        return top << 24 | p[at + 1] << 16 | p[at + 2] << 8 | p[at + 3]
    top = p[at + 3]
    return top << 24 | p[at + 2] << 16 | p[at + 1] << 8 | p[at]


def _half(p: Any, at: int) -> int:
    return p[at] << 8 | p[at + 1]


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
