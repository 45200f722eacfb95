"""Open a capture of either container, told by magic."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from synack.capture.pcap import NO_TIME, CaptureReader, Interface, PcapReader, Record, is_pcap
from synack.capture.pcapng import PcapngReader, is_pcapng
from synack.capture.window import Window, open_window
from synack.errors import InputError

__all__ = [
    "NO_TIME",
    "CaptureReader",
    "Interface",
    "Record",
    "describe",
    "open_capture",
    "reader_over",
]

_HEAD_LENGTH = 512

_OTHER_FORMATS = (
    (b"snoop\0\0\0", "a snoop (Solaris) capture"),
    (b"btsnoop\0", "a btsnoop (Bluetooth) capture"),
    (b"RTSS", "a NetMon 1.x capture"),
    (b"GMBU", "a NetMon 2.x capture"),
    (b"\x7fver", "an EtherPeek/OmniPeek capture"),
    (b"TRSNIFF data    \x1a", "a Sniffer capture"),
    (b"XCP\0", "a NetXray/Sniffer capture"),
    (b"iptrace 1.0", "an AIX iptrace capture"),
    (b"iptrace 2.0", "an AIX iptrace capture"),
    (b"\x00\x00\x02\x00\x12\x05\x10\x10", "a K12 (Tektronix) capture"),
    (b"\x1c\x00\x01\xac", "an Ixia capture"),
    (b"\x1c\x00\x01\xab", "an Ixia capture"),
    (b"\xac\x01\x00\x1c", "an Ixia capture"),
    (b"\xab\x01\x00\x1c", "an Ixia capture"),
    (b"\x0a\x0d\x0d\x0a", "a pcapng file with a damaged or cut first block"),
    (b"\x1f\x8b", "compressed twice"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x7fELF", "an executable"),
    (b"<?xml", "XML"),
)
_TAR_MAGIC = slice(257, 262)
_ERF_HEADER_LENGTH = 16
_ERF_TYPES = range(1, 49)


def open_capture(
    path: str | Path, stream: BinaryIO | None = None, *, name: str | None = None
) -> CaptureReader:
    """A reader for the capture at ``path`` (see :func:`~synack.capture.window.open_window`).

    Raises :class:`InputError` when it cannot be opened or is no pcap or pcapng file; the
    reason names the format where its first bytes give it away.
    """
    window = open_window(path, stream, name=name)
    try:
        return reader_over(window)
    except InputError:
        window.close()
        raise


def reader_over(window: Window) -> CaptureReader:
    """:func:`open_capture` for content that is already open."""
    head = window.peek(12)
    if is_pcapng(head):
        return PcapngReader(window)
    if is_pcap(head):
        return PcapReader(window)
    head = window.peek(_HEAD_LENGTH)
    if not head:
        broken = window.damage
        reason = broken.reason if broken else f"empty inside its {window.compression} compression"
        raise InputError(window.path, reason)
    raise InputError(window.path, f"not a pcap or pcapng file: {describe(head)}")


def describe(head: bytes) -> str:
    """A name for content that is no capture, from its first bytes."""
    for magic, name in _OTHER_FORMATS:
        if head.startswith(magic):
            return name
    if head[_TAR_MAGIC] == b"ustar":
        return "a tar archive"
    if _is_text(head):
        first_line = head.decode("utf-8", errors="replace").lstrip().split("\n")[0]
        return f"text, beginning {first_line[:40].rstrip()!r}"
    if _is_erf(head):
        return "probably an ERF (Endace) capture"
    return f"unknown format, beginning {head[:8].hex(' ')}"


def _is_erf(head: bytes) -> bool:
    """Whether the first record header looks right, and the second where it is in reach.

    ERF has no magic. Bytes 8 to 15 of a record are type, flags, record length, loss
    counter, wire length; the record contains at least its own header.
    """
    for _ in range(2):
        if len(head) < _ERF_HEADER_LENGTH:
            return False
        length = int.from_bytes(head[10:12], "big")
        if head[8] & 0x7F not in _ERF_TYPES or length < _ERF_HEADER_LENGTH:
            return False
        if head[9] & 0xC0:  # reserved flags; direction
            return False
        if length >= len(head):
            break
        head = head[length:]
    return True


def _is_text(head: bytes) -> bool:
    # The last character may be cut by the end of the head.
    text = head.decode("utf-8", errors="replace").rstrip("\ufffd")
    return "\ufffd" not in text and all(c.isprintable() or c in "\t\r\n" for c in text)
