"""A diagnosis in plain words, the verdict first; 80 columns, no address ever cut."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from synack.grouping import firsts, present
from synack.handshake.outcome import ENDS, REASONS
from synack.model import OUTCOMES, ControlGroup, Evidence, Finding, Outcome, Source
from synack.report import ladder_text, paint
from synack.report.considered import considered
from synack.report.plain import wrapped
from synack.report.rungs import Ladder, ladders, typical
from synack.wording import count, iso_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from synack.api import Diagnosis
    from synack.handshake.clock import Clock

WIDTH = 80
RUNGS = 8
"""Transmissions that a ladder shows."""
SHOWN = 8
"""Frames or lines of one file that a statement shows; JSON has more of them."""

TITLES = {
    "stale-neighbor": "STALE NEIGHBOR ENTRY",
    "duplicate-address": "DUPLICATE ADDRESS",
    "unresolved-neighbor": "UNRESOLVED NEIGHBOR",
    "syn-ack-lost": "SYN-ACK LOST",
    "syn-lost": "SYN LOST",
    "ack-lost": "ACK LOST",
    "no-reply": "NO REPLY",
    "listen-overflow": "ACCEPT QUEUE OVERFLOW",
    "refused": "REFUSED",
    "rejected": "REJECTED BY THE CLIENT",
    "unreachable": "UNREACHABLE",
    "challenged": "OLD CONNECTION IN THE WAY",
    "asymmetric-path": "ASYMMETRIC PATH",
    "capture-gap": "NOT ENOUGH CAPTURED",
}


def render(diagnosis: Diagnosis, color: bool = False) -> str:
    """The whole report; with ``color`` for a terminal that has it."""
    fine = paint.good if diagnosis.diagnosed.concluded and not diagnosis.findings else paint.bold
    lines = [*painted(fine, wrap(verdict(diagnosis))), ""]
    drawn = typical_ladders(diagnosis)
    for number, finding in enumerate(diagnosis.findings, 1):
        lines += [*_finding(finding, number, len(diagnosis.findings), drawn.get(number))]
        lines += [*_more(diagnosis, finding, number), ""]
    lines += _attempts(diagnosis)
    lines += _list("Captures", captures(diagnosis))
    lines += _list("Clocks", clocks(diagnosis))
    lines += _list("Tables compared", diagnosis.diagnosed.audit)
    lines += _list("Warnings", diagnosis.warnings)
    return paint.shown(lines, color)


def painted(how: paint.Paint, lines: Iterable[str]) -> list[str]:
    return [paint.Line(line, how) for line in lines]


def verdict(diagnosis: Diagnosis) -> str:
    """All of it in one sentence."""
    total = len(diagnosis.diagnosed.attempts)
    if diagnosis.findings:
        causes = Counter(TITLES[f.kind].lower() for f in diagnosis.findings)
        named = ", ".join(f"{n} x {c}" if n > 1 else c for c, n in causes.items())
        return f"{count(len(diagnosis.findings), 'finding')}: {named}"
    if not total and len(diagnosis.diagnosed.entries):
        return (
            "No finding: there is no handshake in what could be read, and no neighbor entry is"
            " known to be wrong."
        )
    if not total:
        return "No finding: there is no handshake in what could be read."
    completed = _outcomes(diagnosis)["completed"]
    if completed == total:
        return f"No fault found: all {count(total, 'attempt')} completed."
    done = f"No finding: {completed} of {count(total, 'attempt')} completed"
    return f"{done}, {_others_ended(diagnosis)}."


def _others_ended(diagnosis: Diagnosis) -> str:
    """Why the others could not be judged."""
    attempts = diagnosis.diagnosed.attempts
    reasons = attempts["reason"][attempts["outcome"] != Outcome.COMPLETED]
    why = {REASONS[reason] for reason in np.unique(reasons).tolist()}
    if why <= {"", REASONS[ENDS]}:
        return "the others ended too near the end of a capture to be judged"
    said = "; ".join(sorted(why - {""}))
    return f"of the others nothing more is certain: {said}"


def headline(finding: Finding) -> str:
    """``STALE NEIGHBOR ENTRY on broker-1 (confirmed)``."""
    where = f" on {finding.host}" if finding.host else ""
    return f"{TITLES[finding.kind]}{where} ({finding.confidence})"


def affected(finding: Finding) -> str:
    """How many attempts it explains."""
    return count(finding.attempts, "attempt") if finding.attempts else "no attempt was captured"


def _finding(finding: Finding, number: int, of: int, drawn: Ladder | None) -> list[str]:
    ordinal = f"[{number}/{of}] " if of > 1 else ""
    lines = painted(paint.finding(finding.confidence), wrap(ordinal + headline(finding)))
    lines += ["", *wrap(finding.summary, "  "), ""]
    lines += _labelled("When", when(finding))
    lines += _labelled("Affected", affected(finding))
    for reason in finding.survived_by:
        lines += _labelled("Why it stayed", reason)
    lines += _control(finding.control)
    if drawn is not None:
        lines += ["", *_heading(f"One of these attempts ({drawn.outcome})"), ""]
        lines += painted(paint.ladder, ladder_text.lines(drawn, "    ", RUNGS))
    if finding.remedy:
        lines += ["", *_labelled("Do now", finding.remedy[0])]
        for line in finding.remedy[1:]:
            lines += _labelled("Then", line)
    lines += ["", *_heading("Evidence")]
    for place, evidence in enumerate(finding.evidence, 1):
        lines += _evidence(evidence, place)
    return lines + _others(finding)


def _control(group: ControlGroup | None) -> list[str]:
    """What became of the others of the host, whose MAC was right."""
    if group is None:
        return []
    lines = ["", *_heading("Control group   attempts  completed")]
    for name, share in group._asdict().items():
        row = f"    {name + ' MAC':<14}{share.attempts:>8}{share.completed:>11}"
        lines.append(row)
    return lines


def typical_ladders(diagnosis: Diagnosis) -> dict[int, Ladder]:
    """A typical attempt of each finding that has any, by the finding's number."""
    d = diagnosis.diagnosed
    rows = {number: typical(d, finding) for number, finding in enumerate(d.findings, 1)}
    some = {number: row for number, row in rows.items() if row is not None}
    return dict(zip(some, ladders(d, [*some.values()]), strict=True))


def _more(diagnosis: Diagnosis, finding: Finding, number: int) -> list[str]:
    commands = more(diagnosis, finding, number)
    lines = ["", *_heading("To see more")] if commands else []
    return [*lines, *(f"    {command}" for command in commands)]


def more(diagnosis: Diagnosis, finding: Finding, number: int) -> list[str]:
    """Commands that show more of a finding, by its number from 1."""
    arguments = diagnosis.diagnosed.loaded.incident.arguments
    if any(argument.rpartition("=")[2] == "-" for argument in arguments):
        return []  # standard input is gone
    outcome = diagnosis.diagnosed.attempts["outcome"][finding.rows]
    some = ",".join(OUTCOMES[one] for one in np.unique(outcome).tolist())
    commands = [f"handshakes {{}} --wide --only {some}"] if some else []
    if any(source.frame for evidence in finding.evidence for source in evidence.sources):
        commands[:0] = [
            f"explain {{}} --finding {number}",
            f"annotate {{}} --finding {number} -o evidence.pcapng",
        ]
    paths = " ".join(map(shlex.quote, arguments))
    longest = max(map(len, commands), default=0) + len(paths)
    shown = paths if paths and longest < WIDTH - len("    synack ") else _PATHS
    return [f"synack {command.format(shown)}" for command in commands]


_PATHS = "PATH..."
"""For paths that are too long to be repeated."""


def _others(finding: Finding) -> list[str]:
    groups = considered(finding)
    lines = ["", *_heading("Other causes considered")] if groups else []
    for group in groups:
        causes = ", ".join(group.causes)
        lines += wrap(f"{group.verdict:<9} {causes}: {group.says}", "    ", " " * 14)
    return lines


def when(finding: Finding) -> str:
    """From when to when, and whether it healed."""
    if finding.first is None or finding.last is None:
        return "unknown"
    first, last = to_the_second(finding.first), to_the_second(finding.last)
    last = last[11:] if first[:10] == last[:10] else last
    text = f"{first} to {last} UTC"
    if finding.healed is not None:
        return f"{text}, healed by {to_the_second(finding.healed)[11:]}"
    return text + (", not seen to heal" if finding.kind == "stale-neighbor" else "")


def to_the_second(time: int) -> str:
    """``2026-09-16 14:02:11``, UTC."""
    return iso_time(time)[:19].replace("T", " ")


def _evidence(evidence: Evidence, place: int) -> list[str]:
    lines = wrap(f"{place}. {evidence.says}", "    ", "       ")
    for file, places in places_by_file(evidence.sources).items():
        lines += painted(paint.dim, wrap(f"{file}: {places}", "       ", "         "))
    return lines


def told(finding: Finding) -> list[str]:
    """Summary, remedies and evidence, a line each, for formats that wrap lines themselves."""
    lines = [finding.summary, *(f"do: {remedy}" for remedy in finding.remedy)]
    for evidence in finding.evidence:
        lines.append(f"- {evidence.says}")
        lines += [
            f"  {file}: {places}" for file, places in places_by_file(evidence.sources).items()
        ]
    return lines


def places_by_file(sources: tuple[Source, ...]) -> dict[str, str]:
    """``frames 2, 4, 5`` or ``line 7`` by file."""
    places: dict[str, list[Source]] = {}
    for source in sources:
        places.setdefault(source.file, []).append(source)
    return {file: _numbers(found) for file, found in places.items()}


def _numbers(sources: list[Source]) -> str:
    for word in ("frame", "line"):
        numbers = [str(n) for s in sources if (n := getattr(s, word)) is not None]
        if len(numbers) > SHOWN:
            few = ", ".join(numbers[: SHOWN - 1])
            return f"{word}s {few} ... {numbers[-1]} ({len(numbers)} in all)"
        if numbers:
            return f"{word}{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
    return "the whole file"


def _outcomes(diagnosis: Diagnosis) -> Counter[str]:
    """How many attempts had each, in the order in which they first came."""
    outcomes = diagnosis.diagnosed.attempts["outcome"]
    numbers = np.bincount(outcomes)
    first = outcomes[firsts(outcomes)]
    return Counter({OUTCOMES[outcome]: int(numbers[outcome]) for outcome in first.tolist()})


def attempts(diagnosis: Diagnosis) -> str:
    """``76 attempts: 70 completed, 6 syn-ack-lost``; "" without any."""
    outcomes = _outcomes(diagnosis)
    if not outcomes:
        return ""
    parts = ", ".join(f"{number} {name}" for name, number in outcomes.most_common())
    return f"{count(outcomes.total(), 'attempt')}: {parts}"


def _attempts(diagnosis: Diagnosis) -> list[str]:
    says = attempts(diagnosis)
    return [*painted(paint.outcomes, wrap(says)), ""] if says else []


def captures(diagnosis: Diagnosis) -> list[str]:
    """Each with its host, addresses, packets and span."""
    lines = []
    for capture, vantage in zip(
        diagnosis.diagnosed.loaded.captures, diagnosis.diagnosed.matched.vantages, strict=True
    ):
        place = "a tap" if vantage.tap else diagnosis.addresses_of(vantage) or "place unknown"
        interface = f" {capture.interface}" if capture.interface else ""
        span = (
            f"{to_the_second(capture.first)} to {to_the_second(capture.last)[11:]}"
            if capture.first is not None and capture.last is not None
            else "no time"
        )
        lines.append(
            f"{capture.host or 'unnamed'}{interface} ({place}):"
            f" {count(capture.packets, 'packet')}, {span}"
        )
    return lines


def clocks(diagnosis: Diagnosis) -> list[str]:
    """How far the clocks of the hosts that have handshakes are apart."""
    m = diagnosis.diagnosed.matched
    busy = set(m.host_of_capture[present(m.sightings["capture"])].tolist())
    lines = [clock(one, m.hosts) for one in m.clocks if one.host in busy]
    return [line for line in lines if line]


def clock(clock: Clock, hosts: Sequence[str]) -> str:
    """How far a clock is from the reference, and how sure that is; "" of the reference."""
    host, reference = hosts[clock.host], hosts[clock.reference]
    if clock.host == clock.reference:
        return ""
    if clock.grade == "absent":
        return f"{host} and {reference} share no packet; taken to agree within 5 s"
    drift = "" if clock.drift_ppm is None else f", drifting {clock.drift_ppm:+.3f} ppm"
    return (
        f"{host} is {clock.bound and clock.bound + ' '}{clock.offset / 1e6:+.3f} ms from"
        f" {reference}{drift}, give or take {clock.uncertainty / 1e6:.3f} ms ({clock.grade})"
    )


def _list(title: str, items: list[str]) -> list[str]:
    if not items:
        return []
    lines = painted(paint.bold, [title])
    for item in items:
        lines += wrap(item, "  ", "    ")
    return [*lines, ""]


def _heading(title: str) -> list[str]:
    return painted(paint.bold, [f"  {title}"])


def _labelled(label: str, text: str) -> list[str]:
    first, *rest = wrap(text, f"  {label:<14}", " " * 16)
    return [*painted(paint.label(16), [first]), *rest]


def wrap(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """``text`` in lines of :data:`WIDTH`; no word is cut."""
    return wrapped(text, WIDTH, first, first if rest is None else rest) or [""]
