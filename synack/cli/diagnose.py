"""``synack diagnose``, and the same on the built-in incident: ``synack demo``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synack.cli.options import Anonymize, Color, Colored, Output, Paths, colored, completed, named
from synack.cli.reading import diagnosed
from synack.cli.telling import DIFFERENT, finish, show
from synack.model import FINDING_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synack.api import Diagnosis


class ReportFormat(StrEnum):
    """Formats of a diagnosis."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    GITHUB = "github"
    JUNIT = "junit"


ReportForm = Annotated[
    ReportFormat,
    typer.Option(
        "--format", "-f", help="Report for people or programs; -o x.html, x.json, x.md say it too."
    ),
]
_REPORT_SUFFIXES = {
    ".html": ReportFormat.HTML,
    ".json": ReportFormat.JSON,
    ".md": ReportFormat.MARKDOWN,
}


ANY = "any"
"""``--fail-on any``: whatever is found."""


def _complete_kinds(incomplete: str) -> list[str]:
    return completed([ANY, *FINDING_KINDS], incomplete)


def diagnose(
    paths: Paths,
    form: ReportForm = ReportFormat.TEXT,
    output: Output = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="KIND,...",
            help="Exit with 1 if there is a finding of one of these kinds; 'any' is all of them.",
            autocompletion=_complete_kinds,
        ),
    ] = None,
    anonymize: Anonymize = None,
    color: Colored = Color.AUTO,
) -> None:
    """Say what went wrong: findings, their evidence, and what to do now.

    \b
    Formats:
      text      for people (default)
      json      for programs: schema synack.diagnosis/1
      markdown  a postmortem to build on
      html      a page to look into: ladders, every attempt; one file that loads nothing
      github    annotations, in a GitHub Actions job
      junit     XML for CI servers: a test for each kind of finding
    With --fail-on only findings of these kinds are errors in github and junit.
    \b
    Kinds of findings:
      stale-neighbor, duplicate-address, unresolved-neighbor, syn-ack-lost, syn-lost,
      ack-lost, no-reply, listen-overflow, refused, rejected, unreachable, challenged,
      asymmetric-path, capture-gap
    \b
    Exit codes:
      0 done, findings or not    1 only with --fail-on: such a finding is there
      2 wrong usage              3 an input could not be read, or nothing concluded
      4 internal error
    \b
    Examples:
      synack diagnose incident/
      synack diagnose broker-1=a.pcap producer-7=b.pcap broker-1=arp.txt
      synack diagnose incident/ --format json | jq '.findings[].summary'
      synack diagnose incident/ -o postmortem.html
      synack diagnose nightly/ --fail-on stale-neighbor,duplicate-address
    """
    failing = FINDING_KINDS if fail_on is None else _kinds(fail_on)
    found = _diagnose(paths, form, output, failing, anonymize, color)
    if fail_on is not None and not found.isdisjoint(failing):
        raise typer.Exit(DIFFERENT)


def demo(
    form: ReportForm = ReportFormat.TEXT,
    output: Output = None,
    anonymize: Anonymize = None,
    color: Colored = Color.AUTO,
) -> None:
    """Diagnose the built-in incident: a broker that still has a terminated producer's MAC."""
    package = Path(__file__).parents[1]
    # An installed package carries the fixture; a checkout has it beside the package.
    places = package / "incident_stale_arp", package.parent / "fixtures" / "stale-arp"
    folder = next(place for place in places if place.is_dir())
    _diagnose([str(folder)], form, output, FINDING_KINDS, anonymize, color)


def _kinds(text: str) -> Sequence[str]:
    """The kinds of findings that are separated by commas."""
    names = named("--fail-on", "kind", text, (ANY, *FINDING_KINDS))
    return FINDING_KINDS if ANY in names else names


def _diagnose(
    paths: list[str],
    form: ReportFormat,
    output: Path | None,
    failing: Sequence[str],
    anonymize: Path | None,
    color: Color,
) -> set[str]:
    """Show the diagnosis; the kinds of what was found."""
    form = _report_form(form, output)
    page = ("jinja2", "synack.report.html.page") if form == ReportFormat.HTML else ()
    diagnosis = diagnosed(paths, anonymize, *page)
    show(_rendered(diagnosis, form, failing, colored(color, output)), output, binary=False)
    finish(diagnosis.diagnosed.loaded, diagnosis.diagnosed.concluded, warn=False)
    return {finding.kind for finding in diagnosis.findings}


def _rendered(diagnosis: Diagnosis, form: ReportFormat, failing: Sequence[str], color: bool) -> str:
    if form == ReportFormat.GITHUB:
        from synack.report import github

        return github.render(diagnosis, failing)
    if form == ReportFormat.JUNIT:
        from synack.report import junit

        return junit.render(diagnosis, failing)
    if form == ReportFormat.MARKDOWN:
        return diagnosis.to_markdown()
    if form == ReportFormat.HTML:
        return diagnosis.to_html()
    return diagnosis.to_json() if form == ReportFormat.JSON else diagnosis.to_text(color)


def _report_form(form: ReportFormat, output: Path | None) -> ReportFormat:
    """``-o x.html`` needs no ``--format html``."""
    if form == ReportFormat.TEXT and output is not None:
        return _REPORT_SUFFIXES.get(output.suffix.lower(), form)
    return form
