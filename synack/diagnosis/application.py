"""Which lines of application logs the failed attempts explain: by client, address and time.

A line belongs to the last failed attempt of its client, to the address and port that it
names, that had begun before and had not long ended. A line without address (``Expiring 12
record(s)``) belongs to an attempt of the same host only. What fits none stays unexplained.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from synack.addresses import NO_IP, format_ip
from synack.context.application import DISCONNECTED, EXPIRED, FAILED, TIMED_OUT
from synack.context.services import named
from synack.diagnosis.evidence import Case
from synack.grouping import distinct, grouped
from synack.handshake.clock import on_reference
from synack.model import Evidence, Finding, Outcome
from synack.tables import NO_TIME, Array
from synack.wording import clock_time, count

_SEC = 1_000_000_000
_GRACE_NS = 35 * _SEC
"""So long after its last segment a client may give up: 30 s is the longest default of Kafka's
socket.connection.setup.timeout.max.ms; a kernel's own waits double each time."""
_EXPIRED = re.compile(r": ?(\d{1,9}) ?ms has passed")
_WORDS = {
    FAILED: "connection failure",
    TIMED_OUT: "timeout",
    DISCONNECTED: "disconnect",
    EXPIRED: "expiry",
}
_ANY_HOST = -1
_NONE = -1


def explain(case: Case, findings: Sequence[Finding]) -> list[str]:
    """Add to each finding which lines of logs it explains; returns what of each log stays
    unexplained, a sentence per file."""
    events = case.context.application
    if not len(events) or not findings:
        return []
    at = _times(case)
    attempt = _attempts_of(case, at)
    finding = np.where(attempt == _NONE, _NONE, case.attempts["finding"][attempt])
    for (number,), rows in grouped(np.flatnonzero(finding >= 0), finding[finding >= 0]):
        findings[number].evidence += _evidence(case, rows, at)
    return _left(case, finding)


def _times(case: Case) -> Array:
    """Times of the events on the reference clock; of hosts that did not capture as logged."""
    events, number = case.context.application, {n: row for row, n in enumerate(case.hosts)}
    host = np.array([number.get(name, _ANY_HOST) for name in events["host"]], np.int64)
    return on_reference(case.clocks, host, events["at"])


def _attempts_of(case: Case, at: Array) -> Array:
    """The failed attempt that each event is of, or _NONE."""
    e, a = case.context.application, case.attempts
    number = {name: row for row, name in enumerate(case.hosts)}
    host = np.array([number.get(name, _ANY_HOST) for name in e["host"]], np.int64)
    failed = np.flatnonzero((a["outcome"] != Outcome.COMPLETED) & (a["finding"] >= 0))
    failed = failed[np.argsort(a["first"][failed], kind="stable")]
    begins = _begins(case, at)
    result = np.full(len(e), _NONE, np.int64)
    timed = np.flatnonzero(at != NO_TIME)
    server = np.array(
        [
            number.get(name.partition(".")[0], _ANY_HOST) if name else _ANY_HOST
            for name in e["name"]
        ],
        np.int64,
    )
    columns = host[timed], server[timed], e["ip_hi"][timed], e["ip_lo"][timed], e["port"][timed]
    for (client, at_server, high, low, port), rows in grouped(timed, *columns):
        named = (high, low) != NO_IP
        if not named and client == _ANY_HOST:
            continue
        mine = np.ones(len(failed), bool)
        if client != _ANY_HOST:
            mine &= a["client_host"][failed] == client
        if named:
            mine &= a["server_hi"][failed] == np.uint64(high)
            mine &= a["server_lo"][failed] == np.uint64(low)
        elif at_server != _ANY_HOST:
            mine &= a["server_host"][failed] == at_server
        if port >= 0:
            mine &= a["server_port"][failed] == port
        result[rows] = _nearest(case, failed[mine], begins[rows], at[rows])
    return result


def _begins(case: Case, at: Array) -> Array:
    """Since when each event has been in the making: records wait before they expire."""
    events, begins = case.context.application, at.copy()
    for row in np.flatnonzero((events["kind"] == EXPIRED) & (at != NO_TIME)).tolist():
        found = _EXPIRED.search(events["text"][row])
        if found is not None:
            begins[row] -= int(found[1]) * 1_000_000
    return begins


def _nearest(case: Case, attempts: Array, begins: Array, at: Array) -> Array:
    """Of ``attempts``, in order of their begin, for each event the last that began before ``at``
    and that a client may not have given up before ``begins``."""
    if not len(attempts):
        return np.full(len(at), _NONE)
    first, last = (case.attempts[name][attempts] for name in ("first", "last"))
    place = np.searchsorted(first, at, side="right") - 1
    near = attempts[np.maximum(place, 0)]
    lasted = last[np.maximum(place, 0)] - first[np.maximum(place, 0)]
    until = last[np.maximum(place, 0)] + np.maximum(_GRACE_NS, lasted)
    return np.where((place >= 0) & (begins <= until), near, _NONE)


def _evidence(case: Case, rows: Array, at: Array) -> list[Evidence]:
    """One statement per log: how many lines of each kind, first and last."""
    e, found = case.context.application, []
    for file in dict.fromkeys(e["file"][rows].tolist()):
        mine = rows[e["file"][rows] == file]
        mine = mine[np.argsort(at[mine], kind="stable")]
        kinds = e["kind"][mine].tolist()
        parts = [
            _counted(word, kinds.count(kind)) for kind, word in _WORDS.items() if kind in kinds
        ]
        expired = mine[e["kind"][mine] == EXPIRED]
        records = int(np.maximum(e["records"][expired], 0).sum())
        lost = f" ({count(records, 'record')})" if records else ""
        first, last = clock_time(int(at[mine[0]])), clock_time(int(at[mine[-1]]))
        when = f"from {first} to {last}" if len(mine) > 1 else f"at {first}"
        whose = f"{e['host'][mine[0]]}'s log" if e["host"][mine[0]] else "the log"
        zone = "" if e["zoned"][mine].all() else ", its times taken as UTC"
        says = f"explains {', '.join(parts)}{lost} in {whose}{_named(case, mine)}, {when}{zone}"
        sources = [case.context.where(e, int(row)) for row in (mine[0], mine[-1])]
        found.append(Evidence("application-log", says, tuple(dict.fromkeys(sources))))
    return found


def _counted(word: str, number: int) -> str:
    if number == 1:
        return f"1 {word}"
    return f"{number} {word[:-1]}ies" if word.endswith("y") else count(number, word)


def _named(case: Case, rows: Array) -> str:
    """The first address that the lines name."""
    e = case.context.application
    spelled = rows[(e["ip_hi"][rows] != NO_IP[0]) | (e["ip_lo"][rows] != NO_IP[1])]
    if not len(spelled):
        return ""
    row = spelled[0]
    port = int(e["port"][row])
    ip = format_ip(int(e["ip_hi"][row]), int(e["ip_lo"][row]))
    return f" of {ip}{f' port {named(port)}' if port >= 0 else ''}"


def _left(case: Case, finding: Array) -> list[str]:
    """What no failed attempt explains, per file."""
    e, says = case.context.application, []
    for file in dict.fromkeys(e["file"].tolist()):
        mine = e["file"] == file
        left = np.flatnonzero(mine & (finding < 0))
        if not len(left):
            continue
        kinds = distinct(np.array([*map(list(_WORDS).index, e["kind"][left])]))
        what = " or ".join(_WORDS[list(_WORDS)[kind]] for kind in kinds.tolist())
        lines = f"line {e['line'][left[0]]}"
        if len(left) > 1:
            lines = f"lines {e['line'][left[0]]} to {e['line'][left[-1]]}"
        says.append(
            f"{file}: {len(left)} of {int(mine.sum())} failures it logs ({what}; {lines}) fit no"
            " failed attempt in the captures"
        )
    return says
