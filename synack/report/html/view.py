"""What the page says, as plain data for the template: words and numbers, no markup."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synack.model import OUTCOMES, Finding, Source
from synack.report import filters, text
from synack.report.considered import considered
from synack.report.facts import Fact, facts, title
from synack.report.rungs import typical
from synack.wording import iso_time

if TYPE_CHECKING:
    from synack.api import Diagnosis

CONTROL_GROUP = "control-group"


@dataclass(frozen=True)
class Place:
    """Where a statement can be looked up: a file, in words where in it, and a filter for
    Wireshark, "" if it is no capture."""

    file: str
    where: str
    filter: str


@dataclass(frozen=True)
class Statement:
    """One piece of evidence."""

    says: str
    places: list[Place]


@dataclass(frozen=True)
class Others:
    """Other causes of one verdict, and by what."""

    verdict: str
    causes: str
    reason: Statement


@dataclass(frozen=True)
class Remedy:
    """What to do: a command and on which host, or a sentence (no command)."""

    command: str
    says: str


@dataclass(frozen=True)
class Cause:
    """One finding."""

    number: int
    title: str
    host: str
    confidence: str
    summary: str
    control: list[str]
    facts: list[Fact]
    remedies: list[Remedy]
    survived_by: list[str]
    evidence: list[Statement]
    others: list[Others]
    attempts: int
    typical: int | None
    """Row of the attempt to show, and its ladder as SVG, "" without one."""
    ladder: str
    filter: str
    """All that went to the wrong MAC, in Wireshark; "" if it is not about one."""


@dataclass(frozen=True)
class Share:
    """How many attempts had an outcome, and how many of a hundred that is."""

    outcome: str
    number: int
    percent: float


@dataclass(frozen=True)
class Page:
    """Everything but the attempts, which the script shows."""

    title: str
    verdict: str
    attempts: int
    embedded: int
    span: str
    shares: list[Share]
    causes: list[Cause]
    matrix: str
    timeline: str
    """Drawings as SVG; "" without attempts."""
    captures: list[str]
    clocks: list[str]
    audit: list[str]
    warnings: list[str]


def page(diagnosis: Diagnosis, embedded: int) -> Page:
    """``embedded``: how many of the attempts the page holds."""
    d = diagnosis.diagnosed
    return Page(
        title=d.loaded.incident.title,
        verdict=text.verdict(diagnosis),
        attempts=len(d.attempts),
        embedded=embedded,
        span=_span(diagnosis),
        shares=_shares(diagnosis),
        causes=[_cause(diagnosis, f, n) for n, f in enumerate(d.findings, 1)],
        matrix=diagnosis.plot_matrix().svg() if len(d.attempts) else "",
        timeline=diagnosis.plot_timeline().svg() if len(d.attempts) else "",
        captures=text.captures(diagnosis),
        clocks=text.clocks(diagnosis),
        audit=d.audit,
        warnings=diagnosis.warnings,
    )


def _span(diagnosis: Diagnosis) -> str:
    """From when to when anything was captured."""
    captures = diagnosis.diagnosed.loaded.captures
    first = min((c.first for c in captures if c.first is not None), default=None)
    last = max((c.last for c in captures if c.last is not None), default=None)
    if first is None or last is None:
        return ""
    begin, end = (iso_time(time)[:19].replace("T", " ") for time in (first, last))
    return f"{begin} to {end[11:] if begin[:10] == end[:10] else end} UTC"


def _shares(diagnosis: Diagnosis) -> list[Share]:
    """The most common first."""
    numbers = np.bincount(diagnosis.diagnosed.attempts["outcome"], minlength=len(OUTCOMES))
    total = max(int(numbers.sum()), 1)
    counted = Counter(dict(zip(OUTCOMES, numbers.tolist(), strict=True))).most_common()
    return [Share(name, many, 100 * many / total) for name, many in counted if many]


def _cause(diagnosis: Diagnosis, finding: Finding, number: int) -> Cause:
    control = [e for e in finding.evidence if e.id == CONTROL_GROUP]
    shown = typical(diagnosis.diagnosed, finding)
    return Cause(
        number=number,
        title=title(finding.kind),
        host=finding.host,
        confidence=finding.confidence,
        summary=finding.summary,
        control=[evidence.says for evidence in control],
        facts=facts(finding),
        remedies=[_remedy(remedy) for remedy in finding.remedy],
        survived_by=finding.survived_by,
        evidence=[_statement(e.says, e.sources) for e in finding.evidence],
        others=[
            Others(group.verdict, ", ".join(group.causes), _statement(group.says, group.sources))
            for group in considered(finding)
        ],
        attempts=len(finding.rows),
        typical=shown,
        ladder="" if shown is None else diagnosis.attempt(shown).plot_ladder().svg(),
        filter=filters.of_finding(finding),
    )


def _remedy(remedy: str) -> Remedy:
    """``ip neigh del ... # on broker-1`` is a command, and so is what ``sysctl -w`` begins."""
    command, mark, host = remedy.partition("   # ")
    if mark:
        return Remedy(command, host)
    command, mark, says = remedy.partition(": ")
    if mark and command.startswith("sysctl "):
        return Remedy(command, says)
    return Remedy("", remedy)


def _statement(says: str, sources: tuple[Source, ...]) -> Statement:
    by_file: dict[str, list[Source]] = {}
    for source in sources:
        by_file.setdefault(source.file, []).append(source)
    where = text.places_by_file(sources)
    return Statement(
        says,
        [
            Place(file, where[file],
                  filters.of_frames(s.frame for s in found if s.frame is not None))
            for file, found in by_file.items()
        ],
    )  # fmt: skip
