"""Whether chance may have lost what went to a wrong MAC, on a path that loses anyway.

Who has that MAC may well hand on what it gets (a relay, a proxy), and its path lose packets as
any other does. What else the host sent shows how many: of attempts that came through in
the end, so that nothing but chance lost them.
"""

from __future__ import annotations

import numpy as np

from synack.addresses import NO_MAC
from synack.diagnosis.evidence import Case
from synack.diagnosis.history import wrong_rows
from synack.diagnosis.mismatch import Mismatch, failed, is_lost
from synack.grouping import distinct
from synack.tables import Array

LIKELY = 0.001
"""What is at least so likely may be chance."""


def by_chance(case: Case, mismatch: Mismatch) -> bool:
    """Whether what was lost is no more than chance may have taken.

    Without destination MACs nothing but its failure tells which attempt went to the wrong MAC.
    Where others to the same peer lost some as well, before it was reached last and after it
    was reached again, one that lost all may be the unluckiest of them. With destination MACs
    chance may explain one segment alone, of an attempt that completed, while no dated table
    has the wrong MAC.
    """
    s, rows = case.sendings, mismatch.rows
    if (s["mac"][rows] == NO_MAC).all():
        tries = len(distinct(s["attempt"][mismatch.scope]))
        return tries * all_lost(len(rows), *_came_and_lost(case, _apart(case, mismatch))) > LIKELY
    if len(rows) > 1 or failed(case, s.take(rows)).any():
        return False
    if case.entry_certain[wrong_rows(case, mismatch)].any():
        return False
    right = (s["host"] == mismatch.host) & (s["mac"] != NO_MAC) & (s["mac"] == s["peer_mac"])
    return all_lost(1, *_came_and_lost(case, np.flatnonzero(right))) > LIKELY


def _apart(case: Case, mismatch: Mismatch) -> Array:
    """Rows of what went to the same peer until it was reached last before the loss, and from when
    it was reached first after it."""
    s, scope = case.sendings, mismatch.scope
    time, begin, end = s["time"][scope], *np.sort(s["time"][mismatch.rows])[[0, -1]]
    reached = time[case.came_through[scope]]
    last = reached[reached < begin].max(initial=np.iinfo(np.int64).min)
    first = reached[reached > end].min(initial=np.iinfo(np.int64).max)
    return scope[(time <= last) | (time >= first)]


def _came_and_lost(case: Case, rows: Array) -> tuple[int, int]:
    """Of ``rows`` of sendings how many came through, and how many were lost although their attempt
    completed."""
    s, came = case.sendings, case.came_through[rows]
    lost = ~came & (is_lost(s["fate"][rows]) | case.in_vain[rows])
    return int(came.sum()), int((lost & ~failed(case, s.take(rows))).sum())


def all_lost(number: int, came: int, lost: int) -> float:
    """How likely ``number`` more are all lost where so many ``came`` and were ``lost`` (Laplace's
    rule of succession); 0 where none was: nothing shows that the path loses any."""
    if not lost:
        return 0.0
    before = np.arange(number)
    return float(np.prod((lost + 1 + before) / (came + lost + 2 + before)))
