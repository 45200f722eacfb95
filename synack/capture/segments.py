"""A capture to tables: the segments that matter to handshakes, and the ARP/ND claims.

Everything else is only counted; the counts and times prove when the capture was
alive. The scan takes the common records, the general path (container reader and
decoder) what it leaves. Rows collect in chunks, so memory grows with what is kept and
not with the size of the capture.
"""

from __future__ import annotations

from synack.capture.decode import LINK_TYPES, Claim, Frame, Quote, Tcp, decode
from synack.capture.pcap import PcapReader
from synack.capture.pcapng import PcapngReader
from synack.capture.reader import CaptureReader, Record
from synack.capture.scan import FULL, INCOMPLETE, Scanner
from synack.errors import Damage
from synack.model import CaptureFile, Progress
from synack.tables import (
    ACK,
    CLAIMS,
    NO_TIME,
    QUOTE,
    RST,
    SEGMENTS,
    SYN,
    SYN_ACK,
    TUNNELS,
    UNKNOWN,
    Table,
)

_SYN, _RST, _ACK = 2, 4, 16
_NAMED_DAMAGE = 5


class Collector:
    """Keeps the rows of one capture, over all its files in order of time.

    With ``fast`` False every record goes the general way: the same result, slowly.
    """

    def __init__(
        self,
        capture: int,
        *,
        fast: bool = True,
        scanner: Scanner | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._capture = capture
        self._progress = progress
        self._fast = fast
        self._scanner = scanner or Scanner(capture)
        self._segments: list[Table] = []
        self._claims: list[Table] = []
        self._tunnels: list[Table] = []
        self._outer: list[tuple[int | str, ...]] = []

    def read(self, file: int, reader: CaptureReader) -> CaptureFile:
        """Read one file to its end or to its damage; ``file`` marks its rows."""
        info = CaptureFile(reader.path, reader.container, reader.compression)
        self._scanner.begin(file)
        while True:
            if self._fast:
                self._walk(reader)
            record = next(reader, None)
            if record is None:
                break
            self._add(record, info)
            if self._progress is not None and not self._scanner.packets & 0x3FF:
                self._tell(reader)
        self._finish(info, reader)
        return info

    def tables(self) -> tuple[Table, Table]:
        """(segments, claims) of everything read so far."""
        self._take()
        self._segments = [Table.concat(SEGMENTS, self._segments)]
        self._claims = [Table.concat(CLAIMS, self._claims)]
        return self._segments[0], self._claims[0]

    def tunnels(self) -> Table:
        """The outer of those segments that came through a tunnel, in the same order."""
        self._take()
        self._tunnels = [Table.concat(TUNNELS, self._tunnels)]
        return self._tunnels[0]

    def _take(self) -> None:
        for chunks, rows in zip((self._segments, self._claims), self._scanner.take(), strict=True):
            if len(rows):
                chunks.append(rows)
        if self._outer:
            self._tunnels.append(Table.from_rows(TUNNELS, self._outer))
            self._outer = []

    def _walk(self, reader: CaptureReader) -> None:
        """Let the scan consume common records, until one that is not."""
        scanner, window = self._scanner, reader.window
        if not _describe(scanner, reader):
            return
        while True:
            before = scanner.frames = reader.frames
            data, begin, end = window.ahead()
            at = scanner.walk(data, begin, end)
            window.advance(at - begin)
            reader.frames = scanner.frames
            reader.records += scanner.frames - before
            if self._progress is not None:
                self._tell(reader)
            if scanner.stopped == FULL:
                self._take()
            elif scanner.stopped != INCOMPLETE or not window.more():
                return

    def _tell(self, reader: CaptureReader) -> None:
        window, packets = reader.window, self._scanner.packets
        assert self._progress is not None
        self._progress.update(reader.path, window.done, window.size, packets)

    def _add(self, record: Record, info: CaptureFile) -> None:
        """One record the general way."""
        scanner = self._scanner
        scanner.note_time(record.time)
        scanner.frames = record.frame
        if record.link_type not in LINK_TYPES:
            info.counts["not-understood"] += 1
            return
        frame = decode(record.link_type, record.data)
        if frame.damage is not None:
            info.counts["damaged"] += 1
            if len(info.bad) < _NAMED_DAMAGE:
                info.bad.append(
                    Damage(info.path, f"frame {record.frame}: {frame.damage}", record.offset)
                )
        if scanner.rows >= scanner.space or scanner.claim_rows >= scanner.space:
            self._take()
        payload = frame.payload
        if isinstance(payload, Tcp):
            self._add_tcp(record, frame, payload)
        elif isinstance(payload, Claim):
            self._add_claim(record, frame, payload, info)
        elif isinstance(payload, Quote):
            info.counts["icmp-error"] += 1
            q = payload
            quoted = Tcp(
                q.src, q.dst, q.src_port, q.dst_port, q.seq, q.ack, q.flags, 0, 0, 0, -1, -1
            )
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
        if scanner.pending.wants(kind, *tcp.src, tcp.src_port, *tcp.dst, tcp.dst_port):
            self._add_segment(record, frame, tcp, kind, -1)

    def _add_segment(self, record: Record, frame: Frame, tcp: Tcp, kind: int, icmp: int) -> None:
        link = frame.link
        self._scanner.put_segment(
            record.time, kind, *tcp.src, *tcp.dst, tcp.src_port, tcp.dst_port, tcp.seq, tcp.ack,
            tcp.flags, tcp.window, tcp.payload, tcp.ttl, tcp.tsval, tcp.tsecr,
            link.src_mac, link.dst_mac, _direction(record, frame),
            record.interface or link.interface, link.vlan, icmp,
        )  # fmt: skip
        if frame.tunnel is not None:
            tunnel = frame.tunnel
            self._outer.append((
                self._capture, self._scanner.file, record.frame, tunnel.kind, tunnel.id,
                *tunnel.src, *tunnel.dst,
            ))  # fmt: skip

    def _add_claim(self, record: Record, frame: Frame, claim: Claim, info: CaptureFile) -> None:
        if claim.op < 100:
            self._scanner.arp += 1
        else:
            info.counts["nd"] += 1
        link = frame.link
        self._scanner.put_claim(
            record.time, claim.op, *claim.ip, claim.mac, *claim.asked,
            link.src_mac, link.dst_mac, _direction(record, frame),
        )  # fmt: skip

    def _finish(self, info: CaptureFile, reader: CaptureReader) -> None:
        s = self._scanner
        info.packets = s.packets
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
