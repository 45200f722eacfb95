"""A capture to tables: the segments that matter to handshakes, and the ARP/ND claims.

Everything else is only counted; the counts and times prove when the capture was
alive. The scan takes the common records, the general path (container reader and
decoder) what it leaves. Memory grows with what is kept and not with the size of the
capture.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from synack.capture.links import LINK_TYPES
from synack.capture.parts import Part, begin_parts
from synack.capture.pcap import PcapReader
from synack.capture.pcapng import PcapngReader
from synack.capture.reader import CaptureReader, Record
from synack.capture.scan import FULL, INCOMPLETE, Scanner
from synack.capture.window import Window
from synack.errors import Damage
from synack.model import CaptureFile, Progress
from synack.tables import ACK, NO_TIME, QUOTE, RST, SYN, SYN_ACK, TUNNELS, UNKNOWN, Table

if TYPE_CHECKING:
    from synack.capture.decode import Claim, Frame, Tcp

_SYN, _RST, _ACK = 2, 4, 16
_NAMED_DAMAGE = 5
_CHUNK = 1 << 15
"""Tunnels that are collected before they become rows, which are smaller."""
_PATIENCE_S = 0.1


class Collector:
    """Keeps the rows of one capture, over all its files in order of time.

    With ``counts_only`` none, and large plain files are read in up to ``parts`` parts side by
    side, none of less than ``smallest`` bytes; what is counted is the same. With ``fast``
    False every record goes the general way: also the same, slowly.
    """

    def __init__(
        self,
        capture: int,
        *,
        counts_only: bool = False,
        parts: int = 1,
        smallest: int = 1 << 23,
        fast: bool = True,
        scanner: Scanner | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._capture = capture
        self._progress = progress
        self._fast = fast
        self._split = parts, smallest
        self._parts: list[Part] = []
        self._scanner = scanner or Scanner(capture, counts_only=counts_only)
        self._rows_before = 0
        self._tunnels: list[Table] = []
        self._outer: list[tuple[int | str, ...]] = []
        # Of the file that is being read: counts, and the first damaged frames.
        self._counts: Counter[str] = Counter()
        self._bad: list[tuple[int, str, int]] = []
        self.halted = False
        """Set by whoever needs no more of it."""

    def read(self, file: int, reader: CaptureReader) -> CaptureFile:
        """Read one file to its end or to its damage; ``file`` marks its rows."""
        self._scanner.begin(file)
        self._counts, self._bad = Counter(), []
        self._rows_before = self._scanner.rows
        reader.settle()
        if self._fast and self._scanner.counts_only:
            self._parts = begin_parts(self, reader, *self._split)
        if not self._parts:
            reader.window.read_ahead()
        try:
            while self._parts and self.read_to(self._parts[0].begin, reader):
                self._join(self._parts[0], reader)
                del self._parts[0]
            if not self._parts:
                self.read_to(None, reader)
        finally:
            while self._parts:
                self._parts.pop().give_up()
        return self._finished(reader)

    def elsewhere(self) -> Collector:
        """One that reads on somewhere else in the same file, for :meth:`_join`."""
        return Collector(
            self._capture, scanner=type(self._scanner)(self._capture, counts_only=True)
        )

    def read_to(self, limit: int | None, reader: CaptureReader, part: Part | None = None) -> bool:
        """Read up to the offset ``limit`` or, where no record begins there, past it. False
        where the records end before, and for a ``part`` where it must not go on."""
        window = reader.window
        while not self.halted and (limit is None or window.offset < limit):
            if part is None:
                reader.settle()
            if self._fast:
                self._walk(reader, limit)
                if self.halted or window.offset == limit:
                    break
            record = next(reader, None) if part is None else part.next()
            if record is None:
                return False
            self._add(record)
            if not self._scanner.packets & 0x3FF:
                self._tell(reader)
        return True

    def tables(self) -> tuple[Table, Table]:
        """(segments, claims) of everything read since the last call."""
        return self._scanner.take()

    def tunnels(self) -> Table:
        """The outer of those segments that came through a tunnel, in the same order."""
        self._take_outer()
        self._tunnels = [Table.concat(TUNNELS, self._tunnels)]
        return self._tunnels[0]

    def _take_outer(self) -> None:
        if self._outer:
            self._tunnels.append(Table.from_rows(TUNNELS, self._outer))
            self._outer = []

    def _join(self, part: Part, reader: CaptureReader) -> None:
        """Take what a part has read, if it begins here and knew what is known here."""
        if reader.window.offset != part.begin or reader.revision != part.revision:
            part.give_up()
            return
        while not part.wait(_PATIENCE_S):
            self._tell(reader)
        other = part.collector
        if not self._scanner.joins(other._scanner):
            return
        self._scanner.join(other._scanner)
        self._counts += other._counts
        bad = [(reader.frames + frame, reason, offset) for frame, reason, offset in other._bad]
        self._bad = (self._bad + bad)[:_NAMED_DAMAGE]
        reader.frames += part.reader.frames
        reader.records += part.reader.records
        reader.window.go_to(part.end)

    def _walk(self, reader: CaptureReader, limit: int | None) -> None:
        """Let the scan consume common records up to ``limit``, until one that is not."""
        scanner, window = self._scanner, reader.window
        if not _describe(scanner, reader):
            return
        while True:
            before = scanner.frames = reader.frames
            data, begin, there = window.ahead()
            end = there if limit is None else min(there, begin + limit - window.offset)
            at = scanner.walk(data, begin, end)
            window.advance(at - begin)
            reader.frames = scanner.frames
            reader.records += scanner.frames - before
            self._tell(reader)
            if self.halted:
                return
            if scanner.stopped == FULL:
                self._make_room(window)
            elif scanner.stopped != INCOMPLETE or end < there or not window.more():
                return

    def _make_room(self, window: Window) -> None:
        """For as many rows as the file will have, by what was kept of it up to here."""
        rows = self._scanner.rows - self._rows_before
        share = window.share
        expected = rows / share if share else 0
        self._scanner.make_room(self._rows_before + int(1.1 * expected))

    def _tell(self, reader: CaptureReader) -> None:
        if self._progress is None:
            return
        window = reader.window
        done, packets = window.done, self._scanner.packets
        for part in self._parts:
            done += part.reader.window.offset - part.begin
            packets += part.collector._scanner.packets
        self._progress.update(reader.path, done, window.size, packets)

    def _add(self, record: Record) -> None:
        """One record the general way."""
        # dpkt takes its time to be imported, and most captures never need it.
        from synack.capture.decode import Claim, Quote, Tcp, decode

        scanner = self._scanner
        scanner.note_time(record.time)
        scanner.frames = record.frame
        if record.link_type not in LINK_TYPES:
            self._counts["not-understood"] += 1
            return
        frame = decode(record.link_type, record.data)
        if frame.damage is not None:
            self._counts["damaged"] += 1
            if len(self._bad) < _NAMED_DAMAGE:
                self._bad.append((record.frame, frame.damage, record.offset))
        if scanner.rows >= scanner.space or scanner.claim_rows >= scanner.claim_space:
            scanner.make_room()
        payload = frame.payload
        if isinstance(payload, Tcp):
            self._add_tcp(record, frame, payload)
        elif isinstance(payload, Claim):
            self._add_claim(record, frame, payload)
        elif isinstance(payload, Quote):
            self._counts["icmp-error"] += 1
            q = payload
            quoted = Tcp(
                q.src, q.dst, q.src_port, q.dst_port, q.seq, q.ack, q.flags, 0, 0, 0, 0, -1, -1
            )
            if not scanner.counts_only:
                self._add_segment(record, frame, quoted, QUOTE, q.icmp)

    def _add_tcp(self, record: Record, frame: Frame, tcp: Tcp) -> None:
        scanner = self._scanner
        scanner.tcp += 1
        if tcp.flags & _SYN:
            if tcp.flags & _ACK:
                scanner.syn_ack += 1
            else:
                scanner.syn += 1
        if tcp.flags & _RST:
            scanner.rst += 1
        kind = segment_kind(tcp.flags)
        if not scanner.counts_only and scanner.pending.wants(
            kind, *tcp.src, tcp.src_port, *tcp.dst, tcp.dst_port
        ):
            self._add_segment(record, frame, tcp, kind, -1)

    def _add_segment(self, record: Record, frame: Frame, tcp: Tcp, kind: int, icmp: int) -> None:
        link = frame.link
        self._scanner.put_segment(
            record.time, kind, *tcp.src, *tcp.dst, tcp.src_port, tcp.dst_port, tcp.seq, tcp.ack,
            tcp.flags, tcp.window, tcp.payload, tcp.ttl, tcp.ip_id, tcp.tsval, tcp.tsecr,
            link.src_mac, link.dst_mac, _direction(record, frame),
            record.interface or link.interface, link.vlan, icmp,
        )  # fmt: skip
        if frame.tunnel is not None:
            tunnel = frame.tunnel
            self._outer.append((
                self._capture, self._scanner.file, record.frame, tunnel.kind, tunnel.id,
                *tunnel.src, *tunnel.dst,
            ))  # fmt: skip
            if len(self._outer) >= _CHUNK:
                self._take_outer()

    def _add_claim(self, record: Record, frame: Frame, claim: Claim) -> None:
        scanner, link = self._scanner, frame.link
        if claim.op < 100:
            scanner.arp += 1
        else:
            self._counts["nd"] += 1
        if not scanner.counts_only:
            scanner.put_claim(
                record.time, claim.op, *claim.ip, claim.mac, *claim.asked,
                link.src_mac, link.dst_mac, _direction(record, frame),
            )  # fmt: skip

    def _finished(self, reader: CaptureReader) -> CaptureFile:
        """What there is to say of the file now that it is read."""
        s = self._scanner
        info = CaptureFile(reader.path, reader.container, reader.compression)
        info.packets = s.packets
        info.counts = self._counts
        info.counts.update(
            {"tcp": s.tcp, "syn": s.syn, "syn-ack": s.syn_ack, "rst": s.rst, "arp": s.arp}
        )
        if s.first != NO_TIME:
            info.first, info.last = s.first, s.last
        info.largest_gap = s.largest_gap
        info.gap_from = None if s.gap_from == NO_TIME else s.gap_from
        info.backwards, info.backwards_by = s.backwards, s.backwards_by
        info.damage = reader.damage
        info.counts["damaged"] += reader.bad_records
        info.bad = [
            Damage(info.path, f"frame {frame}: {reason}", offset)
            for frame, reason, offset in self._bad
        ]
        info.bad.extend(reader.bad[: _NAMED_DAMAGE - len(info.bad)])
        seen = dict.fromkeys(i.link_type for i in reader.interfaces)
        info.link_types = [LINK_TYPES.get(t, f"link type {t}") for t in seen]
        info.interfaces = [i.name for i in reader.interfaces if i.name]
        drops = [
            d
            for i in reader.interfaces
            for d in (i.dropped_interface, i.dropped_os)
            if d is not None
        ]
        info.dropped = sum(drops) if drops else None
        return info


def segment_kind(flags: int) -> int:
    """RST before SYN: a listener drops a segment with RST whatever else it
    carries (RFC 9293 section 3.10.7.2)."""
    if flags & _RST:
        return RST
    if flags & _SYN:
        return SYN_ACK if flags & _ACK else SYN
    return ACK


def _direction(record: Record, frame: Frame) -> int:
    """Noted by the kernel for what it captured, so for the outer of a tunnel: whether the
    packet inside was sent or received where it was mirrored, nobody says."""
    return UNKNOWN if frame.tunnel else record.direction or frame.link.direction


def _describe(scanner: Scanner, reader: CaptureReader) -> bool:
    """Tell the scan what the next records are; False: nothing that it walks."""
    if isinstance(reader, PcapReader):
        reader.describe(scanner)
        return True
    if isinstance(reader, PcapngReader):
        return reader.describe(scanner)
    return False
