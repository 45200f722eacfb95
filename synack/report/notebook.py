"""Results as notebooks show them: small pieces of HTML without scripts or styles of their own,
in the colours of the page around them. All text is untrusted and escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synack.model import Finding, Source
from synack.report import text, timeline
from synack.report.considered import considered
from synack.report.svg import quoted
from synack.wording import count

if TYPE_CHECKING:
    from synack.api import Diagnosis
    from synack.attempt import Attempt

_BOX = 'style="border-left:4px solid {};padding:2px 0 2px 12px;margin:10px 0"'
_LABEL = "text-align:left;vertical-align:top;white-space:nowrap;padding-right:1em"
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
    """What is wrong, what to do, and the evidence and other causes folded below."""
    rows = [("Do now", line) for line in f.remedy[:1]] + [("Then", line) for line in f.remedy[1:]]
    rows += [("When", text.when(f)), ("Affected", _affected(f))]
    rows += [("Why it stayed", line) for line in f.survived_by]
    facts = "".join(
        f'<tr><th style="{_LABEL}">{name}</th><td style="text-align:left">{quoted(value)}</td></tr>'
        for name, value in rows
    )
    return (
        f"<div {_BOX.format(_COLOURS[f.confidence])}><b>{quoted(text.headline(f))}</b>"
        f"<p>{quoted(f.summary)}</p><table>{facts}</table>{_evidence(f)}{_others(f)}</div>"
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


def _affected(f: Finding) -> str:
    if not f.attempts:
        return "no attempt was captured"
    if f.control is None:
        return count(f.attempts, "attempt")
    shares = " and ".join(
        f"{share.completed} of {share.attempts} with the {name} MAC"
        for name, share in f.control._asdict().items()
    )
    return f"{count(f.attempts, 'attempt')}; completed: {shares}"


def _evidence(f: Finding) -> str:
    items = [f"<li>{quoted(e.says)}{_places(e.sources)}</li>" for e in f.evidence]
    return f"<details><summary>Evidence</summary><ol>{''.join(items)}</ol></details>"


def _others(f: Finding) -> str:
    items = [
        f"<li>{c.verdict}: {quoted(', '.join(c.causes))}: {quoted(c.says)}{_places(c.sources)}</li>"
        for c in considered(f)
    ]
    title = "<summary>Other causes considered</summary>"
    return f"<details>{title}<ul>{''.join(items)}</ul></details>" if items else ""


def _places(sources: tuple[Source, ...]) -> str:
    """Files with frames or lines, a line each."""
    places = text.places_by_file(sources).items()
    return "".join(f"<br><small>{quoted(f'{file}: {place}')}</small>" for file, place in places)


def _folded(title: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    items = "".join(f"<li>{quoted(line)}</li>" for line in lines[:_SHOWN])
    more = f"<li>{len(lines) - _SHOWN} more</li>" if len(lines) > _SHOWN else ""
    return [f"<details><summary>{title}</summary><ul>{items}{more}</ul></details>"]
