"""What clients and servers log when a connection fails: Kafka, Cassandra and whatever speaks
like them.

Messages: Apache Kafka clients (NetworkClient.java, Sender.java), librdkafka
(rdkafka_broker.c, rdkafka_transport.c), the DataStax drivers for Java (3 and 4) and Python,
Netty. Logs may have gigabytes: the bytes are searched for a few clues, and only the lines
that hold one are looked at.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from synack.addresses import NO_IP, parse_ip
from synack.context.endpoints import parse_end
from synack.context.reading import Reading, Rows
from synack.stamps import SECOND, find_stamp
from synack.tables import APPLICATION_EVENTS, NO_TIME

FAILED, TIMED_OUT, DISCONNECTED, EXPIRED = (
    "connect-failed", "timed-out", "disconnected", "records-expired",
)  # fmt: skip

MOST_EVENTS = 1_000_000
"""Events that are kept of one file; what is beyond is counted."""

_END = r"(?P<end>\[?[\w.:%*-]{0,250}\]?:\d{1,5})"
_NAMED_END = rf"(?P<name>[\w.-]{{0,250}})/{_END}"
_BROKER = r"(?<![\w.-])(?P<name>[\w.-]{1,250}):(?P<port>\d{1,5})/(?:\d{1,10}|bootstrap)"
_BARE = r"(?P<bare>[0-9a-fA-F.:]{2,52}?|None)"
_MESSAGES = (
    # Kafka clients: NetworkClient
    ("could not be established", FAILED,
     rf"Connection to node -?\d+ (?:\((?:{_NAMED_END}|[^)]{{0,300}})\) )?could not be"),
    ("terminated during auth", DISCONNECTED, rf"Connection to node -?\d+ \({_NAMED_END}\)"),
    ("disconnected", DISCONNECTED,
     r"Bootstrap broker (?P<name>[\w.-]{1,250}):(?P<port>\d{1,5}) .{0,80}disconnected"),
    ("disconnected", DISCONNECTED, r"\bNode -?\d+ disconnected"),
    ("disconnected", DISCONNECTED, r"Connection to -?\d+ was disconnected before the response"),
    ("Disconnecting from node", TIMED_OUT,
     r"Disconnecting from node -?\d+ due to (?:socket connection setup|request) timeout"),
    # Kafka producer: Sender, and before 1.0 RecordBatch
    (" record(s) for ", EXPIRED,
     r"Expiring (?P<records>\d{1,15}) record\(s\) for \S{1,300} ?\d* ?ms has passed"),
    # librdkafka
    ("Connect to ipv", FAILED,
     r"Connect to ipv[46]#(?P<end>\[?[0-9a-fA-F.:]{2,46}\]?:\d{1,5}) failed"),
    ("Connection setup timed out", FAILED, rf"{_BROKER}: Connection setup timed out"),
    ("Failed to connect to broker", FAILED,
     r"Failed to connect to broker at \[?(?P<name>[\w.:-]{1,250}?)\]?:(?P<port>\d{1,5}):"),
    ("request(s) timed out", TIMED_OUT,
     rf"{_BROKER}: (?P<records>\d{{1,15}}) request\(s\) timed out"),
    (": Disconnected", DISCONNECTED, rf"{_BROKER}: Disconnected(?: \(after|$)"),
    # DataStax drivers for Java, 4 and 3; Netty
    ("Error connecting to Node(", FAILED,
     rf"Error connecting to Node\(endPoint={_NAMED_END}"),
    ("onnection timed out", FAILED,
     rf"onnection timed out(?: after \d+ ms)?(?:: no further information)?: {_NAMED_END}"),
    ("Cannot connect", FAILED, rf"TransportException: \[{_NAMED_END}\] Cannot connect"),
    ("Timed out waiting for", TIMED_OUT, rf"\[{_NAMED_END}\] Timed out waiting for"),
    ("Operation timed out", TIMED_OUT, rf"\[{_NAMED_END}\] Operation timed out"),
    # DataStax driver for Python
    ("Unable to connect to any servers", FAILED,
     r"Unable to connect to any servers(?:', \{'(?P<end>[0-9a-fA-F.:\[\]]{2,46}:\d{1,5})')?"),
    ("Error connecting to ", FAILED, rf"Error connecting to {_BARE}:?(?:\s|$)"),
    ("Failed to create connection pool", FAILED,
     rf"Failed to create connection pool for new host {_BARE}:?(?:\s|$)"),
    ("OperationTimedOut: ", TIMED_OUT,
     rf"OperationTimedOut: .{{0,300}}last_host={_BARE}(?![\w.:])"),
    ("Heartbeat failed", TIMED_OUT,
     rf"Heartbeat failed for connection \(\d+\) to {_BARE}(?![\w.:])"),
)  # fmt: skip
"""What every such line holds, what it means, and where it says who."""
_EVENTS = [(clue, kind, re.compile(pattern)) for clue, kind, pattern in _MESSAGES]
_CLUES = (
    b"could not be est", b"terminated during", b"isconnect", b"record(s) for ", b"onnect to ",
    b"imed out", b"rror connecting to", b"Cannot connect", b"create connection pool",
    b"OperationTimedOut", b"Heartbeat failed",
)  # fmt: skip
"""Parts of those, as few as cover all: each is a search through the whole log."""
_LONGEST = 1 << 13
"""Bytes of a line that are looked at."""
_BLOCK = 1 << 20
_ABOVE = 1 << 13
"""Bytes above a line without a time (a stack trace) in which one is looked for."""
_RDKAFKA = re.compile(r"%\d\|(\d{10})\.(\d{3})\||(\d{10})\.(\d{3}) RDKAFKA")
_EPOCH = re.compile(r"\[?(1\d{9})\.(\d{3,9})\b")
_CLOCK = re.compile(r"\d\d:\d\d:\d\d")
_STAMP_WITHIN = 120
_TEXT = 200
_LEVEL = re.compile(
    rb"\d\d:\d\d:\d\d.*\b(?:TRACE|DEBUG|INFO|WARN|WARNI|WARNING|ERROR|FATAL|SEVERE)\b"
    rb"|^%\d\|1\d{9}\.\d{3}\||\b1\d{9}\.\d{3} RDKAFKA"
)
_FEWEST = 3


def is_application_log(head: bytes) -> bool:
    """Whether a file that begins so is a log with levels, the kind that applications write."""
    leveled = sum(bool(_LEVEL.search(line[: 2 * _STAMP_WITHIN])) for line in head.split(b"\n"))
    return leveled >= _FEWEST


def read_application_log(
    path: str, pieces: Iterable[bytes], *, sure: bool = False
) -> Reading | None:
    """The events in the content that ``pieces`` make up; None without any, unless it is
    ``sure`` that it is such a log.

    A time without zone is local: read as UTC, ``zoned`` is false, and the reading says so. A
    line without time has that of the line above that has one. No line of the events with
    even a time of day: then they are quoted somewhere, and are no log.
    """
    rows, timed, beyond = Rows(path, APPLICATION_EVENTS), False, 0
    for block, first_line in _blocks(pieces):
        for number, begin, end in _lines_with_clues(block):
            if len(rows) >= MOST_EVENTS:
                beyond += 1
                continue
            timed |= _event(rows, first_line + number, block, begin, end)
    if not (timed or sure):
        return None
    reading = rows.reading("application log", sure=sure)
    if reading is not None and beyond:
        reading.warnings.append(f"{path}: only the first {MOST_EVENTS} events were read, of"
                                f" {MOST_EVENTS + beyond} lines")  # fmt: skip
    return reading


def _blocks(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """(whole lines, number of the first of them from 1); of endless lines the beginning."""
    rest, number = b"", 1
    for piece in _utf8(pieces):
        for at in range(0, len(piece), _BLOCK):
            block = rest + piece[at : at + _BLOCK]
            end = block.rfind(b"\n") + 1
            if end:
                yield block[:end], number
                number += block.count(b"\n", 0, end)
            rest = block[end : end + _LONGEST] if len(block) - end > _LONGEST else block[end:]
    if rest:
        yield rest, number


def _utf8(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, of UTF-16 (with its mark) decoded."""
    decoder = None
    for place, piece in enumerate(pieces):
        if place == 0 and piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            decoder = codecs.getincrementaldecoder("utf-16")("replace")
        yield decoder.decode(piece).encode("utf-8", "replace") if decoder else piece


def _lines_with_clues(block: bytes) -> Iterator[tuple[int, int, int]]:
    """(line from 0, begin, end) of the lines that hold a clue, each once."""
    begins: dict[int, int] = {}
    for clue in _CLUES:
        at = block.find(clue)
        while at >= 0:
            end = block.find(b"\n", at)
            end = len(block) if end < 0 else end
            begins[block.rfind(b"\n", 0, at) + 1] = end
            at = block.find(clue, end)
    number = counted = 0
    for begin, end in sorted(begins.items()):
        number += block.count(b"\n", counted, begin)
        counted = begin
        yield number, begin, end


def _event(rows: Rows, number: int, block: bytes, begin: int, end: int) -> bool:
    """Add the event of a line, if it is one; whether it has at least a time of day."""
    line = block[begin : min(end, begin + _LONGEST)].decode("utf-8", "replace").strip()
    for clue, kind, pattern in _EVENTS:
        found = pattern.search(line) if clue in line else None
        if found is None:
            continue
        part = {name: value for name, value in found.groupdict().items() if value}
        ip, name, port = _peer(part)
        at, zoned = _time(line)
        above = ""
        if at == NO_TIME and not _CLOCK.search(line[:_STAMP_WITHIN]):
            above, at, zoned = _time_above(block, begin)
        if at != NO_TIME and not zoned:
            rows.local()
        rows.add(number, kind, *ip, name, port, int(part.get("records", -1)), line[:_TEXT],
                 zoned, at=at)  # fmt: skip
        return at != NO_TIME or bool(_CLOCK.search(line[:_STAMP_WITHIN] or above))
    return False


def _peer(part: dict[str, str]) -> tuple[tuple[int, int], str, int]:
    name, port = part.get("name", ""), int(part.get("port", -1))
    if port > 0xFFFF:
        port = -1
    if "end" in part and (end := parse_end(part["end"])) is not None:
        return end[0], name, end[1]
    if "bare" in part:
        end = parse_end(part["bare"]) if part["bare"].count(":") == 1 else None
        return (end[0], "", end[1]) if end else (parse_ip(part["bare"]) or NO_IP, "", -1)
    ip = parse_ip(name)  # where a name may stand, an address may too
    return (ip, "", port) if ip else (NO_IP, name, port)


def _time(line: str) -> tuple[int, bool]:
    """(ns since 1970 UTC, whether its zone is known) of a line; NO_TIME without a time."""
    found = _RDKAFKA.search(line[:_STAMP_WITHIN]) or _EPOCH.match(line)
    if found is not None:
        seconds, fraction = [part for part in found.groups() if part]
        return int(seconds) * SECOND + int(fraction.ljust(9, "0")), True
    return find_stamp(line[:_STAMP_WITHIN]) or (NO_TIME, True)


def _time_above(block: bytes, begin: int) -> tuple[str, int, bool]:
    """(line, time, zoned) of the nearest line above with a time."""
    lines = block[max(begin - _ABOVE, 0) : begin].decode("utf-8", "replace").split("\n")
    for line in reversed(lines):
        at, zoned = _time(line)
        if at != NO_TIME:
            return line, at, zoned
    return "", NO_TIME, True
