"""TCP sockets as ``netstat -an`` prints them: Linux, BSD and macOS, Windows.

Told apart by the first word: ``tcp`` and ``tcp6`` with ``address:port`` (Linux net-tools
netstat.c, tcp_do_one), ``tcp4``/``tcp6``/``tcp46`` with ``address.port`` (BSD inet.c,
protopr), ``TCP`` without queues (Windows). Of other protocols nothing is read.
"""

from __future__ import annotations

import re

from synack.context.endpoints import parse_end
from synack.context.reading import Reading, Rows, numbered, whole
from synack.tables import SOCKETS

STATES = {
    "LISTEN": "LISTEN",
    "LISTENING": "LISTEN",
    "SYN_SENT": "SYN-SENT",
    "SYN_RECV": "SYN-RECEIVED",
    "SYN_RCVD": "SYN-RECEIVED",
    "SYN_RECEIVED": "SYN-RECEIVED",
    "ESTABLISHED": "ESTABLISHED",
    "FIN_WAIT1": "FIN-WAIT-1",
    "FIN_WAIT2": "FIN-WAIT-2",
    "FIN_WAIT_1": "FIN-WAIT-1",
    "FIN_WAIT_2": "FIN-WAIT-2",
    "CLOSE_WAIT": "CLOSE-WAIT",
    "CLOSING": "CLOSING",
    "LAST_ACK": "LAST-ACK",
    "TIME_WAIT": "TIME-WAIT",
    "CLOSE": "CLOSED",
    "CLOSED": "CLOSED",
}
"""The words of the three for the states of RFC 9293 section 3.3.2."""

_HEADS = ("Active Internet connections", "Active Connections", "Proto ", "Active UNIX domain",
          "Active LOCAL (UNIX) domain")  # fmt: skip
_OTHERS = ("udp", "UDP", "raw", "icm", "unix", "sctp", "kctl", "kevt")
_TIMER = re.compile(r" (on|keepalive|timewait|probe|off|unkn-\d+) \((\d{1,9})\.(\d\d)/(\d{1,9})/")
_TIMERS = {"probe": "persist"}
_CENTISECOND = 10_000_000


def read_netstat(path: str, text: str) -> Reading | None:
    """The sockets in ``text``, None when there are none. Linux prints the accept queue of a
    listening socket as Recv-Q and no backlog; Windows and BSD neither timer nor repetition."""
    if not any(word in text for word in ("tcp ", "tcp4", "tcp6", "TCP ", "Active Internet")):
        return None
    rows, headed = Rows(path, SOCKETS), False
    for number, line in numbered(text):
        words = line.split()
        if words[0] in ("tcp", "tcp4", "tcp6", "tcp46") and len(words) >= 5:
            _row(rows, number, words, line)
        elif words[0] == "TCP" and len(words) in (4, 5):
            _windows(rows, number, words)
        elif line.lstrip().startswith(_HEADS):
            rows.lines += 1
            headed |= line.startswith("Active Internet")
        elif words[0].startswith(_OTHERS):
            rows.lines += len(rows) > 0
        else:
            rows.date(line)
    return rows.reading("netstat -an", sure=headed)


def _row(rows: Rows, number: int, words: list[str], line: str) -> None:
    received, sent = whole(words[1]), whole(words[2])
    if received is None or sent is None:
        return  # not netstat's: ss begins a row with a state
    state = STATES.get(words[5]) if len(words) > 5 else ""
    if state is None:
        rows.unreadable(number, "not a TCP state")
        return
    ends = [parse_end(word) or parse_end(word, ".") for word in words[3:5]]
    if ends[0] is None or ends[1] is None:
        rows.unreadable(number, "a name or a cut address instead of address and port")
        return
    timer, expires, retrans = "", -1, -1
    if (found := _TIMER.search(line)) is not None:
        timer = _TIMERS.get(found[1], found[1])
        expires = (int(found[2]) * 100 + int(found[3])) * _CENTISECOND
        retrans = int(found[4])
    (local_ip, local_port, interface), (peer_ip, peer_port, _) = ends[0], ends[1]
    rows.add(number, interface, *local_ip, local_port, *peer_ip, peer_port, state, received,
             -1 if state == "LISTEN" else sent, -1, timer, expires, retrans)  # fmt: skip


def _windows(rows: Rows, number: int, words: list[str]) -> None:
    local, peer = parse_end(words[1]), parse_end(words[2])
    state = STATES.get(words[3])
    if state is None:
        return
    if local is None or peer is None:
        rows.unreadable(number, "a name instead of address and port")
        return
    (local_ip, local_port, interface), (peer_ip, peer_port, _) = local, peer
    rows.add(number, interface, *local_ip, local_port, *peer_ip, peer_port, state, -1, -1, -1,
             "", -1, -1)  # fmt: skip
