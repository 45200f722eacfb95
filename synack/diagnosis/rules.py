"""The order of the rules: what is explained by one is not explained again by the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from synack.diagnosis import others
from synack.diagnosis.alternatives import considered
from synack.diagnosis.corroboration import corroboration
from synack.diagnosis.duplicate import duplicate, lists, speaks_as
from synack.diagnosis.evidence import Case
from synack.diagnosis.gateway import gateway_mismatches, unrecorded_gateways
from synack.diagnosis.mismatch import mismatches
from synack.diagnosis.stale import stale, unrecorded
from synack.diagnosis.table_overflow import table_overflow
from synack.diagnosis.view import View
from synack.model import CONFIDENCES, FINDING_KINDS, Finding
from synack.tables import Array

_THEN: tuple[Callable[[Case, Array], Iterator[Finding]], ...] = (
    others.unresolved,
    table_overflow,
    others.overflow,
    others.asymmetric,
    others.plain,
    others.gaps,
)


def findings(case: Case) -> list[Finding]:
    """All findings, the gravest first. Fills in ``case.attempts["finding"]``."""
    found = list(_neighbors(case))
    free = np.ones(len(case.attempts), bool)
    _explain(free, found)
    for rule in _THEN:
        more = list(rule(case, free))
        _explain(free, more)
        found += more
    found.sort(key=_gravity)
    for place, finding in reversed(list(enumerate(found))):
        view = View(case, finding)
        case.attempts["finding"][view.attempts] = place
        finding.evidence += corroboration(view)
        finding.alternatives = considered(view)
    return found


def _neighbors(case: Case) -> Iterator[Finding]:
    """What wrong MACs explain. A MAC whose owner speaks as the address is no stale entry."""
    for mismatch in (*mismatches(case), *unrecorded(case)):
        spoken = speaks_as(case, mismatch)
        listed = lists(case, mismatch)
        twice = spoken or listed
        finding = duplicate(case, mismatch, spoken, listed) if twice else stale(case, mismatch)
        if finding is not None:
            yield finding
    for mismatch in (*gateway_mismatches(case), *unrecorded_gateways(case)):
        finding = stale(case, mismatch)
        if finding is not None:
            yield finding


def _explain(free: Array, found: list[Finding]) -> None:
    for finding in found:
        free[finding.rows] = False


def _gravity(finding: Finding) -> tuple[int, int, int, str, str]:
    return (
        FINDING_KINDS.index(finding.kind),
        -CONFIDENCES.index(finding.confidence),
        -finding.attempts,
        finding.host,
        finding.ip,
    )
