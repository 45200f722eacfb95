"""While an entry is known to be the wrong one, nothing that its host sends comes to its peer.

What did all the same was handed on by the owner of that MAC (a relay, a proxy, a second
interface of the peer): the entry does no harm.
"""

from __future__ import annotations

import numpy as np

from synack.diagnosis.evidence import Case
from synack.diagnosis.mismatch import Mismatch, first_sign
from synack.grouping import distinct
from synack.tables import NO_TIME, Array

_SEC = 1_000_000_000
NEAR_NS = 300 * _SEC
"""A dump so long before or after a sending tells nothing of it: its stamp may be of another clock
or time zone, and the kernel keeps no entry that long unused and unconfirmed."""


def handed_on(case: Case, mismatch: Mismatch) -> bool:
    """Whether the peer received something by its own capture while the entry was the wrong one,
    which the sender's own lacks: what that one has was counted. (Of the ports that lost
    something: a cloud network delivers flows that it tracks whatever the MAC says, domain
    facts 1.7, mechanism c.)"""
    lost = mismatch.rows[~case.came_through[mismatch.rows]]
    ports = distinct(case.attempts["server_port"][case.sendings["attempt"][lost]])
    times, slack = case.received(mismatch.host, mismatch.ip, mismatch.right, ports)
    begins, ends = held(case, mismatch)
    at = np.searchsorted(begins, times - slack, "right")
    return bool((np.concatenate([[NO_TIME], ends])[at] >= times + slack).any())


def held(case: Case, mismatch: Mismatch) -> tuple[Array, Array]:
    """(begins, ends) of when the entry was the wrong one (ns, ascending, apart): from
    one sign of it to the next, be it a dated dump or a sending, if none of another entry is
    between; and back from a dump by the age of the entry, since the right MAC is known."""
    s, scope = case.sendings, mismatch.scope
    rows = case.table_of(mismatch.host, mismatch.ip)
    rows = rows[case.entry_certain[rows]]
    dumped = case.usable[rows] & (case.entries["mac"][rows] == mismatch.wrong)
    sent = scope[(s["mac"][scope] >= 0) | np.isin(scope, mismatch.rows)]
    went = (s["mac"][sent] == mismatch.wrong) | np.isin(sent, mismatch.rows)
    times = np.concatenate([case.entry_time[rows], s["time"][sent]])
    wrong = np.concatenate([dumped, went])
    order = np.lexsort((wrong, times))
    times, wrong = times[order], wrong[order]
    dump = order < len(rows)
    near = (dump[:-1] == dump[1:]) | (np.diff(times) <= NEAR_NS)
    kept = np.flatnonzero(wrong[:-1] & wrong[1:] & near)
    age = case.entries["updated_s"][rows]
    aged = np.flatnonzero(dumped & (age > 0))
    known = first_sign(case, mismatch.host, mismatch.ip, mismatch.right) or 0
    until = case.entry_time[rows[aged]]
    since = np.maximum(until - (age[aged] - 1) * _SEC, known)  # the ages are of whole seconds
    return _merged(np.concatenate([times[kept], since]), np.concatenate([times[kept + 1], until]))


def _merged(begins: Array, ends: Array) -> tuple[Array, Array]:
    """Spans (begins, ends), those that meet as one; without those that end before they begin."""
    real = begins <= ends
    order = np.argsort(begins[real], kind="stable")
    begins, ends = begins[real][order], np.maximum.accumulate(ends[real][order])
    if not len(begins):
        return begins, ends
    first = np.concatenate([[True], begins[1:] > ends[:-1]])
    return begins[first], ends[np.concatenate([np.flatnonzero(first)[1:] - 1, [len(ends) - 1]])]
