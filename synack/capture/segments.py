"""A capture to tables: the segments that matter to handshakes, and the ARP/ND claims.

Everything else is only counted; the counts and times prove when the capture was
alive. Rows collect in chunks, so memory grows with what is kept and not with the
size of the capture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from synack.capture.decode import LINK_TYPES, Claim, Frame, Quote, Tcp, decode
from synack.capture.reader import CaptureReader, Record
from synack.errors import Damage
from synack.model import CaptureFile
from synack.tables import ACK, CLAIMS, NO_TIME, QUOTE, RST, SEGMENTS, SYN, SYN_ACK, Table

_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
_CHUNK = 1 << 16
_NAMED_DAMAGE = 5


class Collector:
    """Keeps the rows of one capture, over all its files in order of time."""

    def __init__(self, capture: int) -> None:
        self.capture = capture
        self._pending = _Pending()
        self._segments = _Rows(SEGMENTS)
        self._claims = _Rows(CLAIMS)

    def read(self, file: int, reader: CaptureReader) -> CaptureFile:
        """Read one file to its end or to its damage; ``file`` marks its rows."""
        info = CaptureFile(reader.path, reader.container, reader.compression)
        unknown: Counter[int] = Counter()
        for record in reader:
            _note_time(info, record)
            if record.link_type in LINK_TYPES:
                self._add(file, record, decode(record.link_type, record.data), info)
            else:
                unknown[record.link_type] += 1
        _finish(info, reader, unknown)
        return info

    def tables(self) -> tuple[Table, Table]:
        """(segments, claims) of everything read so far."""
        return self._segments.table(), self._claims.table()

    def _add(self, file: int, record: Record, frame: Frame, info: CaptureFile) -> None:
        payload = frame.payload
        if frame.damage is not None:
            info.counts["damaged"] += 1
            if len(info.bad) < _NAMED_DAMAGE:
                info.bad.append(
                    Damage(info.path, f"frame {record.frame}: {frame.damage}", record.offset)
                )
        if isinstance(payload, Tcp):
            self._add_tcp(file, record, frame, payload, info.counts)
        elif isinstance(payload, Claim):
            info.counts["arp" if payload.op < 100 else "nd"] += 1
            self._add_claim(file, record, frame, payload)
        elif isinstance(payload, Quote):
            info.counts["icmp-error"] += 1
            q = payload
            quoted = Tcp(
                q.src, q.dst, q.src_port, q.dst_port, q.seq, q.ack, q.flags, 0, 0, 0, -1, -1
            )
            self._add_segment(file, record, frame, quoted, QUOTE, q.icmp)

    def _add_tcp(
        self, file: int, record: Record, frame: Frame, tcp: Tcp, counts: Counter[str]
    ) -> None:
        counts["tcp"] += 1
        kind = segment_kind(tcp.flags)
        if tcp.flags & _SYN:
            counts["syn-ack" if tcp.flags & _ACK else "syn"] += 1
        if tcp.flags & _RST:
            counts["rst"] += 1
        if self._pending.wants(kind, tcp):
            self._add_segment(file, record, frame, tcp, kind, -1)

    def _add_segment(
        self, file: int, record: Record, frame: Frame, tcp: Tcp, kind: int, icmp: int
    ) -> None:
        link = frame.link
        self._segments.add((
            self.capture, file, record.frame, record.time, kind, *tcp.src, *tcp.dst,
            tcp.src_port, tcp.dst_port, tcp.seq, tcp.ack, tcp.flags, tcp.window, tcp.payload,
            tcp.ttl, tcp.tsval, tcp.tsecr, link.src_mac, link.dst_mac,
            record.direction or link.direction, record.interface or link.interface, link.vlan, icmp,
        ))  # fmt: skip

    def _add_claim(self, file: int, record: Record, frame: Frame, claim: Claim) -> None:
        link = frame.link
        self._claims.add((
            self.capture, file, record.frame, record.time, claim.op, *claim.ip, claim.mac,
            *claim.asked, link.src_mac, link.dst_mac, record.direction or link.direction,
        ))  # fmt: skip


def segment_kind(flags: int) -> int:
    """RST before SYN: a listener drops a segment with RST whatever else it
    carries (RFC 9293 section 3.10.7.2)."""
    if flags & _RST:
        return RST
    if flags & _SYN:
        return SYN_ACK if flags & _ACK else SYN
    return ACK


class _Pending:
    """Which ordinary segments still matter, by connection.

    After a SYN or SYN-ACK the next plain segment of each direction is kept: the ACK
    that completes, a challenge ACK, or data that proves the handshake went on unseen.
    Connections are forgotten, oldest first, beyond ``limit``, so a flood of SYNs
    costs bounded memory and only the ACKs of the oldest ones.
    """

    def __init__(self, limit: int = 1 << 18) -> None:
        self._waiting: dict[tuple[Any, ...], int] = {}
        self._limit = limit

    def wants(self, kind: int, tcp: Tcp) -> bool:
        if kind == RST:
            return True
        source, destination = (tcp.src, tcp.src_port), (tcp.dst, tcp.dst_port)
        forward = source <= destination
        key = (source, destination) if forward else (destination, source)
        mine, other = (1, 2) if forward else (2, 1)
        if kind != ACK:
            synack_from = 4 * mine if kind == SYN_ACK else 0
            before = self._waiting.pop(key, 0)
            self._waiting[key] = before & 12 | 3 | synack_from
            if len(self._waiting) > self._limit:
                del self._waiting[next(iter(self._waiting))]
            return True
        waiting = self._waiting.get(key, 0)
        if not waiting & mine:
            return False
        waiting &= ~mine
        # The other side's SYN-ACK was seen, and this answers it: the handshake is over.
        if waiting & 4 * other or not waiting & 3:
            del self._waiting[key]
        else:
            self._waiting[key] = waiting
        return True


class _Rows:
    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._rows: list[tuple[Any, ...]] = []
        self._chunks: list[Table] = []

    def add(self, row: tuple[Any, ...]) -> None:
        self._rows.append(row)
        if len(self._rows) == _CHUNK:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._chunks.append(Table.from_rows(self._schema, self._rows))
            self._rows = []

    def table(self) -> Table:
        self._flush()
        return Table.concat(self._schema, self._chunks)


def _note_time(info: CaptureFile, record: Record) -> None:
    info.packets += 1
    if record.time == NO_TIME:
        return
    if info.first is None or info.last is None:
        info.first = info.last = record.time
        return
    gap = record.time - info.last
    if gap < 0:
        info.backwards += 1
        info.first = min(info.first, record.time)
    else:
        if gap > info.largest_gap:
            info.largest_gap, info.gap_from = gap, info.last
        info.last = record.time


def _finish(info: CaptureFile, reader: CaptureReader, unknown: Iterable[int]) -> None:
    info.damage = reader.damage
    info.counts["damaged"] += reader.bad_records
    info.bad.extend(reader.bad[: _NAMED_DAMAGE - len(info.bad)])
    seen = dict.fromkeys(i.link_type for i in reader.interfaces)
    info.link_types = [LINK_TYPES.get(t, f"link type {t}") for t in seen]
    info.interfaces = [i.name for i in reader.interfaces if i.name]
    drops = [
        d for i in reader.interfaces for d in (i.dropped_interface, i.dropped_os) if d is not None
    ]
    info.dropped = sum(drops) if drops else None
    if isinstance(unknown, Counter):
        info.counts["not-understood"] = unknown.total()
