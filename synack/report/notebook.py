"""Results as notebooks show them: small pieces of HTML without scripts or styles of their own,
in the colours of the page around them. All text is untrusted and escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synack.model import Finding
from synack.report import text, timeline
from synack.report.svg import quoted
from synack.wording import count

if TYPE_CHECKING:
    from synack.api import Diagnosis
    from synack.attempt import Attempt

_BOX = 'style="border-left:4px solid {};padding:2px 0 2px 12px;margin:10px 0"'
_COLOURS = {"confirmed": "#b3261e", "probable": "#d55e00", "possible": "#9aa0a6"}
_SHOWN = 20
"""Findings and warnings that are shown at most."""


def diagnosis(d: Diagnosis) -> str:
    """The verdict, each finding, outcomes over time, and what makes the evidence thinner."""
    parts = [f"<div><h3>{quoted(text.verdict(d))}</h3>"]
    parts += [finding(f) for f in d.findings[:_SHOWN]]
    if len(d.findings) > _SHOWN:
        parts.append(f"<p>{len(d.findings) - _SHOWN} more findings</p>")
    attempts = text.attempts(d)
    if attempts:
        parts.append(f"<p>{quoted(attempts)}</p>")
        parts.append(timeline.draw(timeline.timeline(d.diagnosed)).svg())
    parts += _folded("Captures", text.captures(d)) + _folded("Clocks", text.clocks(d))
    parts += _folded("Warnings", d.warnings)
    return "\n".join([*parts, "</div>"])


def finding(f: Finding) -> str:
    """What is wrong, what to do, and the evidence folded below."""
    rows = [("Do now", *f.remedy[:1])] if f.remedy else []
    rows += [("Then", line) for line in f.remedy[1:]]
    rows += [("When", text.when(f)), ("Affected", count(f.attempts, "attempt"))]
    rows += [("Why it stayed", line) for line in f.survived_by]
    facts = "".join(
        f'<tr><th style="text-align:left;vertical-align:top;white-space:nowrap">{name}</th>'
        f'<td style="text-align:left">{quoted(value)}</td></tr>'
        for name, value in rows
        if value
    )
    return (
        f"<div {_BOX.format(_COLOURS[f.confidence])}><b>{quoted(text.headline(f))}</b>"
        f"<p>{quoted(f.summary)}</p><table>{facts}</table>{_evidence(f)}</div>"
    )


def attempt(a: Attempt) -> str:
    """What it became, which finding explains it, and its ladder."""
    parts = [f"<div><h4>{quoted(f'{a.client} to {a.server}: {a.outcome}')}</h4>"]
    if a.reason:
        parts.append(f"<p>{quoted(a.reason)}</p>")
    if a.finding is not None:
        parts.append(
            f"<p><b>{quoted(text.headline(a.finding))}</b>: {quoted(a.finding.summary)}</p>"
        )
    return "\n".join([*parts, a.plot_ladder().svg(), "</div>"])


def _evidence(f: Finding) -> str:
    items = []
    for evidence in f.evidence:
        places = text.places_by_file(evidence.sources).items()
        where = "".join(
            f"<br><small>{quoted(f'{file}: {place}')}</small>" for file, place in places
        )
        items.append(f"<li>{quoted(evidence.says)}{where}</li>")
    return f"<details><summary>Evidence</summary><ol>{''.join(items)}</ol></details>"


def _folded(title: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    items = "".join(f"<li>{quoted(line)}</li>" for line in lines[:_SHOWN])
    more = f"<li>{len(lines) - _SHOWN} more</li>" if len(lines) > _SHOWN else ""
    return [f"<details><summary>{title}</summary><ul>{items}{more}</ul></details>"]
