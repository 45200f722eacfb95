"""``/proc/net/tcp`` and ``/proc/net/tcp6``: the kernel's own list of sockets.

Addresses are words of 32 bits in the byte order of the machine, printed as numbers
(net/ipv4/tcp_ipv4.c, tcp4_seq_show: ``%08X`` of a big-endian word): 10.77.0.10 is
``0A004D0A`` on x86 and arm64, ``0A4D000A`` on a big-endian machine. Ports are plain. Only
loopback tells the two apart for sure; without it the words are read as little-endian.
"""

from __future__ import annotations

import re

from synack.addresses import Address, pack_ip
from synack.context.reading import Reading, Rows, numbered
from synack.tables import SOCKETS

_STATES = (
    "", "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT",
    "CLOSED", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING", "SYN-RECEIVED",
)  # fmt: skip
"""By number: include/net/tcp_states.h; 12 is NEW_SYN_RECV."""

_TIMERS = ("off", "on", "keepalive", "timewait", "persist")
"""By number, as in tcp_ipv4.c: get_tcp4_sock; 2 is any other timer of the socket."""

_TICK = 10_000_000
"""ns of a tick as /proc prints it: USER_HZ is 100."""

_HEAD = re.compile(r" *sl +local_address +rem(?:ote)?_address +st ")
_ROW = re.compile(
    r" *\d{1,9}: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})"
    r" ([0-9A-F]{2}) ([0-9A-F]{8}):([0-9A-F]{8}) ([0-9A-F]{2}):([0-9A-F]{8}) ([0-9A-F]{8})\b"
)
_BEGUN = re.compile(r" *\d{1,9}: [0-9A-F]{8}")
_LOOPBACK_BIG = re.compile(r"\d: (?:7F[0-9A-F]{4}01|0{24}00000001):")
_LOOPBACK_LITTLE = re.compile(r"\d: (?:01[0-9A-F]{4}7F|0{24}01000000):")


def read_proc_tcp(path: str, text: str) -> Reading | None:
    """The sockets in ``text``, None when there are none."""
    if "local_address" not in text:
        return None
    rows = Rows(path, SOCKETS)
    order, inside = "big" if _big_endian(text) else "little", False
    for number, line in numbered(text):
        if _HEAD.match(line):
            inside = True
            rows.lines += 1
        elif inside and (found := _ROW.match(line)):
            _row(rows, number, found, order)
        elif inside and _BEGUN.match(line):
            rows.unreadable(number, "cut, or not a socket")
        else:
            rows.date(line)
    return rows.reading("/proc/net/tcp", sure=inside)


def _big_endian(text: str) -> bool:
    return bool(_LOOPBACK_BIG.search(text)) and not _LOOPBACK_LITTLE.search(text)


def _row(rows: Rows, number: int, found: re.Match[str], order: str) -> None:
    local, peer = (address(found[group], order) for group in (1, 3))
    local_port, peer_port, state, sent, received, timer, when, retrans = (
        int(found[group], 16) for group in (2, 4, 5, 6, 7, 8, 9, 10)
    )
    if not 0 < state < len(_STATES) or timer >= len(_TIMERS):
        rows.unreadable(number, "no such state or timer")
        return
    name = _STATES[state]
    rows.add(number, "", *local, local_port, *peer, peer_port, name, received,
             -1 if name == "LISTEN" else sent, -1, _TIMERS[timer], when * _TICK if timer else -1,
             retrans)  # fmt: skip


def address(digits: str, order: str) -> Address:
    """The address of 8 or 32 hexadecimal digits; ``order``: "little" or "big"."""
    words = [bytes.fromhex(digits[at : at + 8]) for at in range(0, len(digits), 8)]
    return pack_ip(b"".join(word[::-1] if order == "little" else word for word in words))
