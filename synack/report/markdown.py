"""Markdown as GitHub shows it: a postmortem to build on, or the judged cases for a job's summary.

Names come from files. Addresses and names stand in code, where nothing is interpreted (a MAC
outside of it may hold an emoji: ``:de:``); in prose, all that has a meaning is escaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from synack.report import checks, ladder_text, text
from synack.report.considered import Considered, considered
from synack.report.facts import facts, title
from synack.report.plain import printable
from synack.report.prose import pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from synack.api import Diagnosis
    from synack.check.run import Result
    from synack.model import Evidence, Finding
    from synack.report.rungs import Ladder

_BREAK = "<!-- -->"
"""Ends a word for GitHub's mentions, issue numbers, emoji and links, and is not shown."""


def prose(content: str) -> str:
    """Plain text, with the addresses in it as code, that no character of it can leave."""
    said = "".join(
        code(piece.text) if piece.is_address else _escaped(piece.text)
        for piece in pieces(printable(content).strip())
    )
    # At the start of a line a list, a heading or a rule could begin.
    return re.sub(r"^(\d+)([.)])|^([-+=#])", r"\1\\\2\3", said)


def _escaped(content: str) -> str:
    content = re.sub(r"([\\`*_\[\]<>|~&])", r"\\\1", content)
    content = content.replace("$", "<span>$</span>")
    content = re.sub(r"([@#])(?=\S)", rf"\1{_BREAK}", content)
    content = re.sub(r"(?i)\bwww(?=\.)", rf"www{_BREAK}", content)
    # A time of day may stay as it is.
    return re.sub(r"(?<!\d\d):(?=\S)|:(?!\d\d)(?=\S)", f":{_BREAK}", content)


def code(content: str) -> str:
    """A code span, whatever is in it."""
    content = printable(content)
    if not content:
        return ""
    ticks = "`" * (_longest_run(content) + 1)
    pad = " " if content[0] in "` " or content[-1] in "` " else ""
    return f"{ticks}{pad}{content}{pad}{ticks}"


def block(lines: Iterable[str], language: str = "text") -> list[str]:
    """A code block, whatever is in it."""
    content = [printable(line) for line in lines]
    fence = "`" * max(3, 1 + max(map(_longest_run, content), default=0))
    return [f"{fence}{language}", *content, fence, ""]


def _longest_run(content: str) -> int:
    return max(map(len, re.findall("`+", content)), default=0)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return [*(f"| {' | '.join(map(_cell, line))} |" for line in lines), ""]


def _cell(content: str) -> str:
    """A bar ends a cell even in code (GFM, "Tables"). One that is escaped stays so."""
    return re.sub(r"(?<!\\)((?:\\\\)*)\|", r"\1\\|", content)


# ---- a diagnosis --------------------------------------------------------------------------


def render(diagnosis: Diagnosis) -> str:
    """The postmortem."""
    title = diagnosis.diagnosed.loaded.incident.title
    lines = [f"# Postmortem: {prose(title) or 'TCP handshakes'}", ""]
    lines += [f"**{prose(text.verdict(diagnosis))}**", ""]
    attempts = text.attempts(diagnosis)
    lines += [prose(attempts), ""] if attempts else []
    lines += _times(diagnosis.findings)
    drawn = text.typical_ladders(diagnosis)
    for number, finding in enumerate(diagnosis.findings, 1):
        more = text.more(diagnosis, finding, number)
        lines += _finding(finding, number, drawn.get(number), more)
    lines += _list("Captures", text.captures(diagnosis))
    lines += _list("Clocks", text.clocks(diagnosis))
    lines += _list("Tables compared", diagnosis.diagnosed.audit)
    lines += _list("Warnings", diagnosis.warnings)
    lines += _list("For its author to add", _MISSING if diagnosis.findings else ())
    return "\n".join(lines).rstrip() + "\n"


_MISSING = (
    "What users noticed, since when, and how many of them",
    "How it was detected, and when",
    "What was done, by whom, and what helped",
    "What will be changed, by whom, until when",
)
"""What a postmortem needs besides, and nobody but its author knows."""


def _times(findings: Sequence[Finding]) -> list[str]:
    """What began and ended when."""
    events = []
    for number, finding in enumerate(findings, 1):
        name = f"finding {number}, {title(finding.kind).lower()}"
        for at, says in (
            (finding.first, f"first seen: {name}"),
            (finding.last, f"last seen: {name}"),
            (finding.healed, f"healed by then: {name}"),
        ):
            events += [] if at is None else [(at, says)]
    rows = [(f"{text.to_the_second(at)} UTC", prose(says)) for at, says in sorted(events)]
    return ["## Times", "", *table(("When", "What"), rows)] if rows else []


def _finding(finding: Finding, number: int, drawn: Ladder | None, more: Sequence[str]) -> list[str]:
    where = f" on {code(finding.host)}" if finding.host else ""
    lines = [f"## {number}. {title(finding.kind)}{where} ({finding.confidence})", ""]
    lines += [prose(finding.summary), ""]
    known = [(f.label, code(f.value) if f.is_name else prose(f.value)) for f in facts(finding)]
    if finding.survived_by:
        known.append(("Why it stayed", "<br>".join(map(prose, finding.survived_by))))
    lines += table(("Fact", "Value"), [*known, ("Confidence", finding.confidence)])
    if finding.control is not None:
        shares = finding.control._asdict().items()
        rows = [(f"{name} MAC", str(one.attempts), str(one.completed)) for name, one in shares]
        lines += ["### Control group", "", *table(("", "Attempts", "Completed"), rows)]
    if drawn is not None:
        lines += [f"### One of these attempts ({drawn.outcome})", ""]
        lines += block(ladder_text.lines(drawn, shown=text.RUNGS))
    if finding.remedy:
        lines += ["### What to do", ""]
        lines += _tasks(finding.remedy)
    lines += ["### Evidence", ""]
    for place, evidence in enumerate(finding.evidence, 1):
        lines += _evidence(evidence, place)
    lines += ["", *_others(finding)]
    return [*lines, "### To see more", "", *block(more, "sh")] if more else lines


def _tasks(remedy: Sequence[str]) -> list[str]:
    """Commands to type, then what else there is to do, to be ticked off."""
    lines = []
    for line in remedy:
        lines += block([line], "sh") if "   # " in line else [f"- [ ] {prose(line)}"]
    return [*lines, ""]


def _others(finding: Finding) -> list[str]:
    rows = [
        (group.verdict, prose(", ".join(group.causes)), _reason(group))
        for group in considered(finding)
    ]
    return ["### Other causes considered", "", *table(("", "Cause", "Why"), rows)] if rows else []


def _reason(group: Considered) -> str:
    places = text.places_by_file(group.sources).items()
    return "<br>".join([prose(group.says), *(f"{code(file)}: {found}" for file, found in places)])


def _evidence(evidence: Evidence, place: int) -> list[str]:
    lines = [f"{place}. {prose(evidence.says)}"]
    # Below the text of the item, wherever that begins.
    indent = " " * (len(str(place)) + 2)
    for file, places in text.places_by_file(evidence.sources).items():
        lines.append(f"{indent}- {code(file)}: {places}")
    return lines


def _list(title: str, items: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {prose(item)}" for item in items), ""] if items else []


# ---- judged cases -------------------------------------------------------------------------


def render_checks(results: Sequence[Result]) -> str:
    """A table of all cases, and what differs below it."""
    lines = ["# synack check", "", f"**{prose(checks.verdict(results))}**", ""]
    lines += table(
        ("Case", "Result", "Title"),
        (
            (code(r.case.name), checks.headline(r).rpartition(": ")[2], prose(r.case.title))
            for r in results
        ),
    )
    for result in results:
        said = checks.details(result)
        if said:
            lines += [f"## {code(result.case.name)}", ""]
            lines += [f"- {prose(str(reason))}" for reason in result.reasons]
            lines += [""] if result.reasons else []
            for difference in result.differences:
                lines += [code(checks.where(result, difference.key)), ""]
                lines += block([f"- {difference.expected}", f"+ {difference.found}"], "diff")
            if not result.case.problems:
                lines += block([result.command], "sh")
    return "\n".join(lines).rstrip() + "\n"
