"""What a file is, by its content: a capture, a neighbor table, what a host says of itself, a
log, or nothing known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from synack.capture.pcap import is_pcap
from synack.capture.pcapng import is_pcapng
from synack.capture.reader import NO_TIME, CaptureReader, describe, reader_over
from synack.capture.window import EMPTY, Window, open_window
from synack.capture.write import is_annotated
from synack.context.hosts import Hosts, read_hosts
from synack.context.reading import Reading
from synack.context.tcpdump import TcpdumpLog, read_tcpdump_log
from synack.errors import InputError, UnknownInput
from synack.neighbors.entry import NeighborDump
from synack.text import decode

LARGEST_DUMP = 256 << 20
"""Bytes of text that are read of one dump at most; what is beyond is named."""

_SNIFF = 4096
_SNIFF_LOG = 1 << 16
_PIECE = 1 << 20


@dataclass
class FoundCapture:
    """A capture, not yet read. ``first`` is the time of its first packet (ns), for putting
    rotated files in order; ``reader`` is open only for standard input. ``annotated``: it is
    what ``synack annotate`` wrote, frames of other captures."""

    first: int
    reader: CaptureReader | None = None
    annotated: bool = False


Dump = NeighborDump | TcpdumpLog | Hosts | Reading


@dataclass
class Several:
    """A text that holds more than one kind of thing, as collected by a script."""

    parts: list[Dump]


Content = FoundCapture | Dump | Several


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
            if keep:
                return FoundCapture(NO_TIME, reader)
            return FoundCapture(_first_time(reader), annotated=is_annotated(reader.comments))
        found = _described(path, place or path, window, head)
        if found is not None:
            if window.damage is not None:
                _note(found, str(window.damage))
            return found
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


def _described(path: str, place: str, window: Window, head: bytes) -> Dump | Several | None:
    """What a file that is no capture says of hosts and connections."""
    # Slow to import: captures need none of them.
    from synack.context import flow_logs

    if flow_logs.is_parquet(head):
        plain = window.compression is None and path != "-"
        return flow_logs.read_flow_parquet(path, place) if plain else None
    if flow_logs.is_flow_log(head):
        return flow_logs.read_flow_log(path, window.read, head)
    return None if _binary(head) else _text(path, window)


def _text(path: str, window: Window) -> Dump | Several | None:
    from synack.context.application import is_application_log, read_application_log

    # A log may have gigabytes; a dump is read into memory.
    if is_application_log(window.peek(_SNIFF_LOG)):
        return read_application_log(path, _pieces(window), sure=True)
    data = window.read(LARGEST_DUMP)
    parts = _parts(path, data)
    if not parts:
        return read_application_log(path, chain([data], _pieces(window)))
    found = parts[0] if len(parts) == 1 else Several(parts)
    if window.peek(1):
        _note(found, f"{path}: only the first {LARGEST_DUMP >> 20} MiB were read")
    return found


def _note(found: Dump | Several, warning: str) -> None:
    """Said once, with whatever was found first and can say it."""
    parts = found.parts if isinstance(found, Several) else [found]
    for part in parts:
        if not isinstance(part, TcpdumpLog | Hosts):
            part.warnings.append(warning)
            return


def _pieces(window: Window) -> Iterator[bytes]:
    while piece := window.read(_PIECE):
        yield piece


def _parts(path: str, data: bytes) -> list[Dump]:
    """Everything that is found in a text."""
    from synack.context.readers import candidates, not_quoted
    from synack.neighbors.reader import read_neighbors

    text = decode(data)
    others = candidates(path, text)
    neighbors = read_neighbors(path, data, sum(reading.lines for reading in others))
    log = read_tcpdump_log(data)
    parts: list[Dump] = [part for part in (neighbors, log) if part is not None]
    known = len(neighbors.entries) if neighbors is not None else 0
    others = not_quoted(others, text, known)
    parts += others
    if neighbors is not None and neighbors.unread:
        tables = [reading.table for reading in others if "line" in reading.table.columns]
        rows = {number for table in tables for number in table["line"].tolist()}
        neighbors.unread = [lost for lost in neighbors.unread if lost.line not in rows]
    hosts = None if parts else read_hosts(data)
    return parts if hosts is None else [hosts]


def _binary(head: bytes) -> bool:
    """Neither text nor UTF-16: tables hold few control characters but white space."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    strange = sum(byte < 32 and byte not in b"\0\a\b\t\n\f\r\x1b" for byte in head)
    return strange > len(head) // 20
