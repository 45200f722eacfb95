"""TCP sockets as ``ss`` prints them, in all its forms (``-tan``, ``-o``, ``-e``, ``-i``, ``-H``).

Columns vary in width and may be missing: the state with a ``state`` filter, the head with
``-H``; options add words behind the peer, and ``-i`` a line below. Of ``ss -a`` only TCP is
read. Recv-Q and Send-Q of a listening socket are its accept queue and its backlog (iproute2
misc/ss.c, inet_show_sock; kernel tcp_diag_get_info).
"""

from __future__ import annotations

import re

from synack.context.endpoints import parse_end
from synack.context.reading import Reading, Rows, command, numbered, whole
from synack.tables import COUNTERS, SOCKETS

STATES = {
    "LISTEN": "LISTEN",
    "SYN-SENT": "SYN-SENT",
    "SYN-RECV": "SYN-RECEIVED",
    "ESTAB": "ESTABLISHED",
    "FIN-WAIT-1": "FIN-WAIT-1",
    "FIN-WAIT-2": "FIN-WAIT-2",
    "CLOSE-WAIT": "CLOSE-WAIT",
    "CLOSING": "CLOSING",
    "LAST-ACK": "LAST-ACK",
    "TIME-WAIT": "TIME-WAIT",
    "UNCONN": "CLOSED",
}
"""ss's words (misc/ss.c, sstate_name) for the states of RFC 9293 section 3.3.2."""

SUMMARY = "ss -s"
_FILTERS = {
    **{word.lower(): name for word, name in STATES.items()},
    "established": "ESTABLISHED",
    "listening": "LISTEN",
    "closed": "CLOSED",
}
_OTHERS = frozenset(
    "udp raw icmp6 nl p_raw p_dgr u_str u_seq u_dgr unix sctp dccp v_str v_dgr xdp ??? ti".split()
)
_HEAD = re.compile(r"(?:Netid +)?(?:State +)?Recv-Q +Send-Q +Local Address:Port")
_FILTER = re.compile(r"\bss\b.*\bstate +([a-z0-9-]+)")
_TIMER = re.compile(r"timer:\((\w+),([^,()]{1,20}),(\d{1,9})\)")
_EXPIRES = re.compile(r"(?:(\d{1,9})min)?(?:(\d{1,9})(?:sec|\.))?(?:(\d{1,9})ms)?")
_TIMERS = {"on": "on", "keepalive": "keepalive", "timewait": "timewait", "persist": "persist"}
_ROW = re.compile(r"(?:tcp +)?(?:[A-Z][A-Z0-9-]{3,11} +)?\d{1,19} +\d{1,19} +\S+[:.*]\S* +\S+[:.*]")
_MILLISECOND = 1_000_000


def read_ss(path: str, text: str) -> Reading | None:
    """The sockets in ``text``, none below a head that nothing follows (nothing listens); None
    when it is no such output. Several dumps under date lines are
    read as a series; ``retrans`` is what the timer says, as with ``-o``."""
    if not (
        any(word in text for word in ("Recv-Q", "LISTEN", "ESTAB", "SYN-", "-WAIT"))
        or _ROW.match(text.lstrip()[:_HEADLESS])
        or (" state " in text and _FILTER.search(text))
    ):
        return None
    rows, asked, details, headed = Rows(path, SOCKETS), "", False, False
    bare = _ROW.match(text.lstrip()[:_HEADLESS]) is not None
    for number, line in numbered(text):
        if line[0] in "\t " and details and not _ROW.match(line.lstrip()):
            rows.lines += 1  # what -i says of the socket above
            continue
        words = line.split()
        details = False
        if len(words) >= 4 and (words[words[0] == "tcp"] in STATES or (
            bare and words[0].isdecimal()
        )):  # fmt: skip
            details = _row(rows, number, words, line, asked)
        elif _HEAD.match(line):
            rows.lines += 1
            headed, bare = True, words[0] == "Recv-Q"
        elif words[0] in _OTHERS:
            rows.lines += len(rows) > 0
        elif not rows.date(line) and (typed := command(line)):
            found = _FILTER.search(typed)
            bare, asked = bool(found), _FILTERS.get(found[1], "") if found else ""
    return rows.reading("ss", sure=headed)


_HEADLESS = 400
"""Characters at the beginning of a dump without head and states that must be a row."""


def _row(rows: Rows, number: int, words: list[str], line: str, asked: str) -> bool:
    """Add the row, if it is one of ``ss``; whether it is. ``asked``: its state, where a filter
    made ss leave the column out."""
    place = int(words[0] == "tcp")
    state = asked
    if words[place] in STATES:
        state = STATES[words[place]]
        place += 1
    if len(words) < place + 4:
        return False
    received, sent = whole(words[place]), whole(words[place + 1])
    local, peer = (parse_end(word) for word in words[place + 2 : place + 4])
    if received is None or sent is None or not _ROW.match(line.lstrip()):
        return False
    if local is None or peer is None:
        rows.unreadable(number, "a name or a cut address instead of address:port")
        return True
    timer, expires, retrans = _timer(line)
    backlog = -1
    if state == "LISTEN":
        sent, backlog = -1, sent
    (local_ip, local_port, interface), (peer_ip, peer_port, _) = local, peer
    rows.add(number, interface, *local_ip, local_port, *peer_ip, peer_port, state, received,
             sent, backlog, timer, expires, retrans)  # fmt: skip
    return True


def _timer(line: str) -> tuple[str, int, int]:
    found = _TIMER.search(line)
    if found is None:
        return "", -1, -1
    return _TIMERS.get(found[1], found[1]), expires(found[2]), int(found[3])


def expires(text: str) -> int:
    """ns of ``880ms``, ``10sec``, ``1min30sec``, ``119min`` and of ``1.064ms``, which means
    1.064 s (misc/ss.c, print_ms_timer); -1 when it is nothing such."""
    found = _EXPIRES.fullmatch(text)
    if found is None or not text:
        return -1
    minutes, seconds, milliseconds = (int(part or 0) for part in found.groups())
    return ((minutes * 60 + seconds) * 1000 + milliseconds) * _MILLISECOND


_SUMMARY = re.compile(r"TCP: +(\d{1,12}) \((.{1,200})\)")
_COUNT = re.compile(r"(estab|closed|orphaned|synrecv|timewait) (\d{1,12})")


def read_ss_summary(path: str, text: str) -> Reading | None:
    """How many TCP sockets ``ss -s`` counted, in all and by state, under the scope ``ss -s``;
    None when it is no such output. These are no counters: they fall as well as rise."""
    if "TCP: " not in text or "estab" not in text:
        return None
    rows, inside = Rows(path, COUNTERS), False
    for number, line in numbered(text):
        if (found := _SUMMARY.match(line)) is not None:
            inside = True
            rows.add(number, SUMMARY, "tcp", int(found[1]))
            for name, count in _COUNT.findall(found[2]):
                rows.add(number, SUMMARY, name, int(count), lines=0)
        elif line.startswith(("Total: ", "Transport ")) or (inside and "\t" in line):
            rows.lines += 1
        elif rows.date(line):
            inside = False
    return rows.reading("ss -s")
