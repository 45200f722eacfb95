"""What a file is, by its content: a capture, a table, counters, a log, or nothing known."""

from __future__ import annotations

from dataclasses import dataclass

from synack.capture.pcap import is_pcap
from synack.capture.pcapng import is_pcapng
from synack.capture.reader import NO_TIME, CaptureReader, describe, reader_over
from synack.capture.window import EMPTY, Window, open_window
from synack.context.counters import Counters, read_counters
from synack.context.hosts import Hosts, read_hosts
from synack.context.tcpdump import TcpdumpLog, read_tcpdump_log
from synack.errors import InputError, UnknownInput
from synack.neighbors.entry import NeighborDump

LARGEST_DUMP = 256 << 20
"""Bytes of text that are read of one dump at most; what is beyond is named."""

_SNIFF = 4096


@dataclass
class FoundCapture:
    """A capture, not yet read. ``first`` is the time of its first packet (ns), for putting
    rotated files in order; ``reader`` is open only for standard input."""

    first: int
    reader: CaptureReader | None = None


Dump = NeighborDump | TcpdumpLog | Hosts | Counters
Content = FoundCapture | Dump


def recognize(path: str, place: str | None = None) -> Content:
    """Say what ``path`` (``-``: standard input) holds; ``place`` is where it lies, if that is
    somewhere else (unpacked from an archive).

    Raises :class:`~synack.errors.InputError` for what cannot be opened, is empty or is a
    capture with a wrong header, :class:`UnknownInput` for what synack does not know.
    """
    window = open_window(place or path, name=path)
    keep = False
    try:
        head = window.peek(_SNIFF)
        if not head and not window.damage:
            raise InputError(path, EMPTY)  # inside its compression
        if is_pcap(head) or is_pcapng(head) or not head:
            reader = reader_over(window)
            keep = path == "-"
            return FoundCapture(NO_TIME, reader) if keep else FoundCapture(_first_time(reader))
        if not _binary(head):
            dump = _dump(path, window.read(LARGEST_DUMP))
            if isinstance(dump, NeighborDump) and window.peek(1):
                dump.warnings.append(f"only the first {LARGEST_DUMP >> 20} MiB were read")
            if dump is not None:
                return dump
        raise UnknownInput(path, f"neither a capture nor a known dump: {describe(head)}")
    finally:
        if not keep:
            window.close()


def is_archive(path: str) -> bool:
    """Whether ``path`` is a tar, compressed or not, or a zip, by its content."""
    try:
        with open_window(path) as window:
            head = window.peek(_TAR_MAGIC.stop)
            return head[_TAR_MAGIC] == b"ustar" or is_zip(window)
    except InputError:
        return False


_TAR_MAGIC = slice(257, 262)


def is_zip(window: Window) -> bool:
    """Of an archive: whether it is a zip, whose times have no zone."""
    return window.peek(4) == b"PK\x03\x04"


def _first_time(reader: CaptureReader) -> int:
    for record in reader:
        return record.time
    return NO_TIME


def _dump(path: str, data: bytes) -> Dump | None:
    from synack.neighbors.reader import read_neighbors  # slow to import: captures need none

    for found in (
        read_neighbors(path, data),
        read_tcpdump_log(data),
        read_hosts(data),
        read_counters(data),
    ):
        if found is not None:
            return found
    return None


def _binary(head: bytes) -> bool:
    """Neither text nor UTF-16: tables hold few control characters but white space."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    strange = sum(byte < 32 and byte not in b"\0\a\b\t\n\f\r\x1b" for byte in head)
    return strange > len(head) // 20
