"""Annotations of GitHub Actions: workflow commands that show in the changed files.

Nothing but commands is printed, and every text in them is escaped as the runner's own
toolkit does it (``escapeData``, ``escapeProperty``), so that no name starts another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synack.report import checks, text
from synack.report.plain import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from synack.api import Diagnosis
    from synack.check.run import Result
    from synack.model import Finding


def annotation(
    level: str, lines: list[str], *, title: str, file: str = "", line: int | None = None
) -> str:
    """One command of ``level`` error, warning or notice."""
    properties = {"file": file, "line": str(line or "") if file else "", "title": title}
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{level} {given}::{_data(lines)}\n"


def _data(lines: list[str]) -> str:
    return "%0A".join(_escaped(line) for line in lines)


def _property(value: str) -> str:
    return _escaped(value).replace(":", "%3A").replace(",", "%2C")


def _escaped(value: str) -> str:
    return printable(value).replace("%", "%25")


def render(diagnosis: Diagnosis, failing: Collection[str]) -> str:
    """Findings of the ``failing`` kinds as errors, the others as warnings."""
    said = [_finding(finding, failing) for finding in diagnosis.findings]
    said += [
        annotation("error", [reason], title="synack could not read this")
        for reason in diagnosis.unreadable
    ]
    said += [
        annotation("warning", [warning], title="synack")
        for warning in diagnosis.warnings
        if warning not in diagnosis.unreadable
    ]
    said.append(
        annotation(
            "notice",
            [line for line in (text.verdict(diagnosis), text.attempts(diagnosis)) if line],
            title="synack",
        )
    )
    return "".join(said)


def _finding(finding: Finding, failing: Collection[str]) -> str:
    sources = [source for evidence in finding.evidence for source in evidence.sources]
    # A line of a table can be shown; of a capture the file alone.
    source = next((s for s in sources if s.line is not None), sources[0] if sources else None)
    return annotation(
        "error" if finding.kind in failing else "warning",
        text.told(finding),
        title=text.headline(finding),
        file=source.file if source else "",
        line=source.line if source else None,
    )


def render_checks(results: Sequence[Result]) -> str:
    """An error at the line of each expectation that was not met."""
    said = [_checked(result) for result in results]
    said.append(annotation("notice", [checks.verdict(results)], title="synack check"))
    return "".join(said)


def _checked(result: Result) -> str:
    title = checks.headline(result)
    reasons = [
        annotation("error", [reason.reason], title=title, file=reason.path, line=reason.line)
        for reason in result.reasons
    ]
    differences = [
        annotation(
            "notice" if result.updated else "error",
            [
                checks.where(result, difference.key),
                f"expected {difference.expected}",
                f"found {difference.found}",
                f"look: {result.command}",
            ],
            title=title,
            file=result.case.path,
            line=result.case.line(difference.key),
        )
        for difference in result.differences
    ]
    return "".join([*reasons, *differences])
