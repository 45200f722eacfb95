"""What the page says, as plain data for the template: words and numbers, no markup."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synack.model import OUTCOMES, VERDICTS, ControlGroup, Finding, Outcome, Source
from synack.report import filters, text
from synack.report.considered import considered
from synack.report.facts import Fact, facts, title
from synack.report.matrix import Place, matrix
from synack.report.rungs import typical
from synack.wording import first_upper, iso_time

if TYPE_CHECKING:
    from synack.api import Diagnosis
    from synack.report.svg import Drawing

OF_OWNERS = ("stale-neighbor", "duplicate-address", "unresolved-neighbor")
"""Findings that say who has an address, or that nobody has it."""
EXCLUDED = VERDICTS[-1]


@dataclass(frozen=True)
class Lookup:
    """Where a statement can be looked up: a file, in words where in it, and a filter for
    Wireshark, "" if it is no capture."""

    file: str
    where: str
    filter: str


@dataclass(frozen=True)
class Statement:
    """One piece of evidence."""

    says: str
    places: list[Lookup]


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
    control: list[tuple[str, Share]]
    """Attempts with the right MAC and with the wrong one, and how many of them completed."""
    facts: list[Fact]
    remedies: list[Remedy]
    survived_by: list[str]
    evidence: list[Statement]
    others: list[tuple[str, list[Others]]]
    """Other causes that were considered, by what stands in their heading."""
    attempts: int
    typical: int | None
    """Row of the attempt to show, and its ladder as SVG, "" without one."""
    ladder: str
    lanes: str
    """Who had its address when, as SVG; "" if it is not about one."""
    filter: str
    """All that went to the wrong MAC, in Wireshark; "" if it is not about one."""


@dataclass(frozen=True)
class Share:
    """How many attempts had an outcome, of how many, and how many of a hundred that is."""

    outcome: str
    number: int
    total: int

    @property
    def percent(self) -> float:
        return 100 * self.number / max(self.total, 1)


@dataclass(frozen=True)
class Cell:
    """Attempts of one client with one server, and what to ask the table for to see them."""

    completed: int
    total: int
    ask: str


@dataclass(frozen=True)
class Grid:
    """As it is drawn: names of the servers; of each client its name and cells."""

    servers: list[str]
    clients: list[tuple[str, list[Cell]]]


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
    grid: Grid
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
        grid=_grid(diagnosis),
        matrix=_svg(diagnosis.plot_matrix()) if len(d.attempts) else "",
        timeline=_svg(diagnosis.plot_timeline()) if len(d.attempts) else "",
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
    counted = Counter(dict(zip(OUTCOMES, numbers.tolist(), strict=True)))
    return [Share(name, many, counted.total()) for name, many in counted.most_common() if many]


def _grid(diagnosis: Diagnosis) -> Grid:
    m = matrix(diagnosis.diagnosed)
    total, completed = m.counts.sum(axis=2), m.counts[:, :, Outcome.COMPLETED]
    return Grid(
        [_named(place) for place in m.servers],
        [
            (
                _named(client),
                [
                    Cell(int(done), int(every), _asked(client, server))
                    for server, done, every in zip(
                        m.servers, completed[row], total[row], strict=True
                    )
                ],
            )
            for row, client in enumerate(m.clients)
        ],
    )


def _named(place: Place) -> str:
    return f"{place.address} {place.host}".strip()


def _asked(client: Place, server: Place) -> str:
    """What is typed to see the attempts between these."""
    address, _, port = server.address.rpartition(":")
    return f"client:{client.address} server:{address.strip('[]')} port:{port}"


def _cause(diagnosis: Diagnosis, finding: Finding, number: int) -> Cause:
    shown = typical(diagnosis.diagnosed, finding)
    return Cause(
        number=number,
        title=title(finding.kind),
        host=finding.host,
        confidence=finding.confidence,
        summary=finding.summary,
        control=_control(finding.control),
        facts=facts(finding),
        remedies=[_remedy(remedy) for remedy in finding.remedy],
        survived_by=finding.survived_by,
        evidence=[_statement(e.says, e.sources) for e in finding.evidence],
        others=_others(finding),
        attempts=len(finding.rows),
        typical=shown,
        ladder="" if shown is None else diagnosis.attempt(shown).plot_ladder().svg(fluid=False),
        lanes=diagnosis.plot_ownership(finding.ip).svg(fluid=False)
        if finding.kind in OF_OWNERS
        else "",
        filter=filters.of_finding(finding),
    )


def _control(group: ControlGroup | None) -> list[tuple[str, Share]]:
    shares = {} if group is None else group._asdict()
    return [
        (f"{first_upper(name)} MAC", Share("completed", share.completed, share.attempts))
        for name, share in shares.items()
    ]


def _others(finding: Finding) -> list[tuple[str, list[Others]]]:
    """What could not be excluded, then what was: many, which few will read."""
    found = [
        Others(group.verdict, ", ".join(group.causes), _statement(group.says, group.sources))
        for group in considered(finding)
    ]
    parts = [
        ("Other causes that could not be excluded", [o for o in found if o.verdict != EXCLUDED]),
        ("Other causes that were excluded", [o for o in found if o.verdict == EXCLUDED]),
    ]
    return [(heading, others) for heading, others in parts if others]


def _svg(drawing: Drawing) -> str:
    return drawing.svg(fluid=False)


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
            Lookup(file, where[file],
                  filters.of_frames(s.frame for s in found if s.frame is not None))
            for file, found in by_file.items()
        ],
    )  # fmt: skip
