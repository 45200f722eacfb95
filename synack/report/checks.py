"""Judged cases as text and as JSON by the schema ``synack.check/1`` (``check.schema.json``)."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from synack.report.plain import printable
from synack.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synack.check.run import Result

SCHEMA = "synack.check/1"


def text(results: Sequence[Result]) -> str:
    """A line for each case, what differs below it, and a last line that sums up."""
    return "\n".join([*map(told, results), "", verdict(results)]) + "\n"


def told(result: Result) -> str:
    """One case: a line, and what differs below it."""
    said = details(result)
    if said and result.case.title:
        said.insert(0, printable(result.case.title))
    return "\n".join([headline(result), *(f"  {line}" for line in said)])


def verdict(results: Sequence[Result]) -> str:
    """``11 cases: 10 as expected, 1 different``."""
    statuses = Counter(_word(result) for result in results)
    if len(statuses) == 1:
        return f"{count(len(results), 'case')}: all {next(iter(statuses))}"
    parts = ", ".join(f"{number} {word}" for word, number in sorted(statuses.items()))
    return f"{count(len(results), 'case')}: {parts}"


def headline(result: Result) -> str:
    """``fixtures/stale-arp: different``."""
    return f"{printable(result.case.name)}: {_word(result)}"


def _word(result: Result) -> str:
    return "updated" if result.updated else result.status.replace("-", " ")


def details(result: Result) -> list[str]:
    """What differs or went wrong, and the command to look at it; none if all is well."""
    lines = [str(reason) for reason in result.reasons]
    for difference in result.differences:
        lines += [
            where(result, difference.key),
            f"  expected  {difference.expected}",
            f"  found     {difference.found}",
        ]
    if lines and not result.case.problems:
        lines.append(f"look:   {result.command}")
        if result.differences and not result.updated:
            lines.append(f"accept: {result.accept}")
    return [printable(line) for line in lines]


def where(result: Result, key: tuple[str | int, ...]) -> str:
    """``expect.findings[0].ip (fixtures/stale-arp/case.toml, line 6)``."""
    from synack.check.case import spelled

    line = result.case.line(key)
    return f"{spelled(key)} ({result.case.path}{f', line {line}' if line else ''})"


def document(results: Sequence[Result]) -> str:
    """One JSON document, the same for the same cases."""
    from synack.check.case import spelled

    content = {
        "schema": SCHEMA,
        "total": len(results),
        "statuses": dict(sorted(Counter(str(result.status) for result in results).items())),
        "cases": [
            {
                "case": result.case.name,
                "file": result.case.path,
                "title": result.case.title,
                "status": str(result.status),
                "updated": result.updated,
                "differences": [
                    {
                        "key": spelled(difference.key),
                        "line": result.case.line(difference.key),
                        "expected": difference.expected,
                        "found": difference.found,
                    }
                    for difference in result.differences
                ],
                "reasons": [
                    {"file": reason.path, "line": reason.line, "says": reason.reason}
                    for reason in result.reasons
                ],
                "command": result.command,
            }
            for result in results
        ],
    }
    return json.dumps(content, ensure_ascii=True, indent=2) + "\n"
