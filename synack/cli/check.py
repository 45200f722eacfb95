"""``synack check``."""

from __future__ import annotations

import signal
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from synack.check import TIMEOUT_S
from synack.cli.options import Output
from synack.cli.telling import DIFFERENT, DONE, INTERNAL, UNREADABLE, say, show

if TYPE_CHECKING:
    from synack.check.run import Result


class CheckFormat(StrEnum):
    """Formats of judged cases."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    GITHUB = "github"
    MARKDOWN = "markdown"


def check(
    places: Annotated[
        list[str],
        typer.Argument(metavar="DIR...", help="Folders with case.toml files anywhere below."),
    ],
    form: Annotated[
        CheckFormat, typer.Option("--format", "-f", help="Report for people or programs.")
    ] = CheckFormat.TEXT,
    output: Output = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            "-k",
            metavar="PATTERN",
            help="Only cases whose folder's path contains this, or fits it with * ? [].",
        ),
    ] = None,
    update: Annotated[
        bool,
        typer.Option("--update", help="Write what was found as what is expected, for review."),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="So many at a time.  [default: processors]"),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(
            min=0.1, max=86_400, metavar="SECONDS", help="A case that takes longer is ended."
        ),
    ] = TIMEOUT_S,
) -> None:
    """Diagnose every case below folders and compare with what its case.toml expects.

    \b
    A case.toml beside captures and tables:
      title = "Broker keeps the MAC of a terminated producer"
      inputs = ["."]
      [expect]
      findings = [{kind = "stale-neighbor", host = "broker-1", confidence = ">=probable"}]
      absent = ["duplicate-address"]
      outcomes = {completed = 20, "syn-ack-lost" = 6}
      exact = true                     # no other findings
    inputs: paths from its folder, as diagnose takes them. Of a finding any key of diagnose
    --format json can be given; confidence may be a bound (>= or <=), a time may end
    early (2026-09-16T14:02), of evidence the ids. An outcome that is not named must not
    occur. What is left out is not compared.
    \b
    Formats: text, json (schema synack.check/1), junit, github (annotations at the line of
    what differs), markdown (for a job's summary). Two runs give the same bytes.
    \b
    Exit codes:
      0 all as expected, or updated     1 something differs
      2 wrong usage, or no case found   3 a case or an input could not be read (in time)
      4 internal error
    \b
    Examples:
      synack check fixtures/
      synack check fixtures/ -k stale --format junit -o synack.xml
      synack check fixtures/stale-arp --update && git diff fixtures/
    """
    from synack.check import run
    from synack.check.update import update as write_expected

    # A job that is cancelled leaves no process behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    results = run.check(run.find(places, pattern), jobs, timeout)
    if update:
        for result in results:
            write_expected(result)
    show(_rendered(results, form), output, binary=False)
    if output is not None:
        from synack.report import checks

        say(checks.verdict(results))
    raise typer.Exit(_code(results))


def _rendered(results: list[Result], form: CheckFormat) -> str:
    from synack.report import checks, github, junit, markdown

    renderers = {
        CheckFormat.TEXT: checks.text,
        CheckFormat.JSON: checks.document,
        CheckFormat.JUNIT: junit.render_checks,
        CheckFormat.GITHUB: github.render_checks,
        CheckFormat.MARKDOWN: markdown.render_checks,
    }
    return renderers[form](results)


def _code(results: list[Result]) -> int:
    """The worst that happened."""
    from synack.check.run import Status

    left = {result.status for result in results if not result.updated}
    if Status.CRASHED in left:
        return INTERNAL
    if left & {Status.UNREADABLE, Status.TIMED_OUT}:
        return UNREADABLE
    return DIFFERENT if Status.DIFFERENT in left else DONE
