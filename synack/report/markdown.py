"""Markdown as GitHub shows it: a postmortem to build on, or the judged cases for a job's summary.

Names come from files. Addresses and names stand in code, where nothing is interpreted (a MAC
outside of it may hold an emoji: ``:de:``); in prose, all that has a meaning is escaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from synack.addresses import parse_ip, parse_mac
from synack.report import checks, text
from synack.report.considered import Considered, considered
from synack.report.plain import printable
from synack.wording import first_upper

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from synack.api import Diagnosis
    from synack.check.run import Result
    from synack.model import Evidence, Finding

_ADDRESS = re.compile(r"[0-9A-Fa-f:.]*(?:[0-9A-Fa-f]|::)")
_BREAK = "<!-- -->"
"""Ends a word for GitHub's mentions, issue numbers, emoji and links, and is not shown."""


def prose(content: str) -> str:
    """Plain text, with the addresses in it as code, that no character of it can leave."""
    content = printable(content).strip()
    parts, at = [], 0
    for found in _ADDRESS.finditer(content):
        if _is_address(content, found):
            parts += [_escaped(content[at : found.start()]), code(found[0])]
            at = found.end()
    said = "".join([*parts, _escaped(content[at:])])
    # At the start of a line a list, a heading or a rule could begin.
    return re.sub(r"^(\d+)([.)])|^([-+=#])", r"\1\\\2\3", said)


def _is_address(content: str, found: re.Match[str]) -> bool:
    before, after = content[: found.start()][-1:], content[found.end() :][:1]
    if not re.search("[:.]", found[0]):
        return False
    if before.isalnum() or after.isalnum() or before == "_" or after == "_":
        return False
    return parse_mac(found[0]) is not None or parse_ip(found[0]) is not None


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
    for number, finding in enumerate(diagnosis.findings, 1):
        lines += _finding(finding, number)
    lines += _list("Captures", text.captures(diagnosis))
    lines += _list("Clocks", text.clocks(diagnosis))
    lines += _list("Warnings", diagnosis.warnings)
    return "\n".join(lines).rstrip() + "\n"


def _finding(finding: Finding, number: int) -> list[str]:
    where = f" on {code(finding.host)}" if finding.host else ""
    kind = first_upper(text.TITLES[finding.kind].lower()).replace("Syn", "SYN")
    lines = [f"## {number}. {kind}{where} ({finding.confidence})", ""]
    lines += [prose(finding.summary), ""]
    lines += table(("Fact", "Value"), ((label, value) for label, value in _facts(finding) if value))
    if finding.remedy:
        lines += ["### What to do", ""]
        for remedy in finding.remedy:
            command = "   # " in remedy
            lines += block([remedy], "sh") if command else [f"- {prose(remedy)}", ""]
    lines += ["### Evidence", ""]
    for place, evidence in enumerate(finding.evidence, 1):
        lines += _evidence(evidence, place)
    return [*lines, "", *_others(finding)]


def _others(finding: Finding) -> list[str]:
    rows = [
        (group.verdict, prose(", ".join(group.causes)), _reason(group))
        for group in considered(finding)
    ]
    return ["### Other causes considered", "", *table(("", "Cause", "Why"), rows)] if rows else []


def _reason(group: Considered) -> str:
    places = text.places_by_file(group.sources).items()
    return "<br>".join([prose(group.says), *(f"{code(file)}: {found}" for file, found in places)])


def _facts(finding: Finding) -> list[tuple[str, str]]:
    numbers = (finding.sent, finding.received)
    sent, received = ("not observable" if n is None else str(n) for n in numbers)
    leg = finding.leg.upper()
    return [
        ("Host", code(finding.host)),
        ("Interface", code(finding.interface)),
        ("Address", code(finding.ip)),
        ("Cached MAC", code(finding.stale_mac)),
        ("Actual MAC", code(finding.actual_mac)),
        ("Next hop", prose(finding.next_hop)),
        (f"{leg}s sent", sent if leg else ""),
        (f"{leg}s received", received if leg else ""),
        ("Attempts affected", str(finding.attempts)),
        ("When", prose(text.when(finding))),
        ("Why it stayed", "<br>".join(prose(reason) for reason in finding.survived_by)),
        ("Confidence", finding.confidence),
    ]


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
