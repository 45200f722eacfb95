"""Outcomes over time as a drawing, with the findings below: from when to when each held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synack.model import OUTCOMES, Finding
from synack.report.axis import Axis, day
from synack.report.palette import COLOURS, FAILED_FIRST
from synack.report.svg import (
    ALARM,
    FAINT,
    GREY,
    INK,
    Box,
    Drawing,
    Line,
    Shape,
    Text,
    fitted,
    legend,
)
from synack.tables import NO_TIME, Array
from synack.wording import clock_time, count

if TYPE_CHECKING:
    from synack.pipeline import Diagnosed

WIDTH = 860
_LEFT, _RIGHT = 64, 20
_TOP, _HIGH = 66, 150
_LANE = 24
_BINS = 96
_SHOWN = 12
"""Findings that are drawn at most."""


@dataclass(frozen=True)
class Timeline:
    """``counts[bin, outcome]`` of attempts by the time at which they began (int64), in bins of
    equal length from ``begin`` to ``end`` (ns since 1970 UTC, on the reference clock)."""

    begin: int
    end: int
    counts: Array
    untimed: int
    """Attempts without a time."""
    findings: Sequence[Finding]


def timeline(d: Diagnosed, bins: int = _BINS) -> Timeline:
    """Of all attempts of ``d``."""
    first, outcome = d.attempts["first"], d.attempts["outcome"]
    timed = first != NO_TIME
    first, outcome = first[timed], outcome[timed]
    begin, end = (int(first.min()), int(d.attempts["last"][timed].max())) if len(first) else (0, 0)
    for finding in d.findings:
        end = max(end, finding.last or end, finding.healed or end)
    end = max(end, begin + bins)
    # By integers: a double has not the digits for nanoseconds since 1970.
    at = np.minimum((first - begin) // -(-(end - begin) // bins), bins - 1)
    size = bins * len(OUTCOMES)
    counts = np.bincount(at * len(OUTCOMES) + outcome, minlength=size).reshape(bins, -1)
    return Timeline(begin, end, counts, int((~timed).sum()), d.findings)


def draw(t: Timeline) -> Drawing:
    """Failures stand on the ground line, what completed above them."""
    total = int(t.counts.sum())
    axis = Axis.around(t.begin, t.end, _LEFT, WIDTH - _LEFT - _RIGHT)
    drawing = Drawing(WIDTH, 0, f"{count(total + t.untimed, 'attempt')} over time")
    ground = _TOP + _HIGH
    drawing.add(Text(20, 28, f"{count(total, 'attempt')} over time", size=14, bold=True))
    findings = [f for f in t.findings if f.first is not None and f.last is not None]
    bottom = ground + 34 + min(len(findings), _SHOWN) * _LANE if findings else ground
    drawing.add(*axis.draw(_TOP, bottom))
    drawing.add(*_scale(t, ground), *_bars(t, axis, ground))
    drawing.add(Line(_LEFT, ground, WIDTH - _RIGHT, ground, GREY))
    for place, finding in enumerate(findings[:_SHOWN]):
        drawing.add(*_lane(finding, axis, ground + 34 + place * _LANE))
    note = f"{day(t.begin)} UTC" if total else "nothing has a time"
    note += f"; {count(t.untimed, 'attempt')} without a time" if t.untimed else ""
    if len(findings) > _SHOWN:
        note += f"; {len(findings) - _SHOWN} more findings"
    drawing.add(Text(WIDTH - _RIGHT, 28, note, GREY, 11, "end"))
    present = t.counts.sum(axis=0)
    used = [(n, COLOURS[n]) for n in FAILED_FIRST if present[OUTCOMES.index(n)]]
    shapes, _ = legend(used, _LEFT, 50, WIDTH - _LEFT - _RIGHT)
    drawing.add(*shapes)
    drawing.height = bottom + 30
    return drawing


def _scale(t: Timeline, ground: float) -> list[Shape]:
    most = int(t.counts.sum(axis=1).max(initial=0))
    return [
        shape
        for value in sorted({0, most // 2, most})
        for y in (ground - _HIGH * value / max(most, 1),)
        for shape in (Line(_LEFT, y, WIDTH - _RIGHT, y, FAINT),
                      Text(_LEFT - 8, y + 4, f"{value:,}", GREY, 11, "end"))
    ]  # fmt: skip


def _bars(t: Timeline, axis: Axis, ground: float) -> list[Shape]:
    shapes: list[Shape] = []
    step = -(-(t.end - t.begin) // len(t.counts))
    most = max(int(t.counts.sum(axis=1).max(initial=0)), 1)
    for number in np.flatnonzero(t.counts.sum(axis=1)).tolist():
        begin = t.begin + number * step
        left, right = axis.x(begin), axis.x(begin + step)
        counts = dict(zip(OUTCOMES, t.counts[number].tolist(), strict=True))
        told = ", ".join(f"{counts[name]} {name}" for name in FAILED_FIRST if counts[name])
        y = float(ground)
        for name in FAILED_FIRST:
            if not counts[name]:
                continue
            high = _HIGH * counts[name] / most
            y -= high
            width = max(right - left - 0.8, 1.0)
            hint = f"{clock_time(begin)}: {told}"
            shapes.append(Box(left, y, width, high, COLOURS[name], hint=hint))
    return shapes


def _lane(finding: Finding, axis: Axis, y: float) -> list[Shape]:
    """From its first to its last sign, and a mark where it healed."""
    assert finding.first is not None
    assert finding.last is not None
    left, right = axis.x(finding.first), axis.x(finding.last)
    # A host's name may be of any length; an address is never cut.
    who = " ".join(filter(None, (finding.kind, fitted(finding.host, 200, 11), finding.ip)))
    shapes: list[Shape] = [Box(left, y, max(right - left, 3), 8, ALARM, radius=2,
                               hint=finding.summary)]  # fmt: skip
    if finding.healed is not None:
        x = axis.x(finding.healed)
        shapes += [Line(right, y + 4, x, y + 4, GREY, 1, "2 3"),
                   Line(x, y - 3, x, y + 11, "#1a7f37", 2, hint="healed by then"),
                   ]  # fmt: skip
    says = f"{who} ({finding.confidence})" + (", healed" if finding.healed is not None else "")
    room = axis.left + axis.width - left
    anchor, at = ("start", left) if room > 420 else ("end", axis.left + axis.width)
    return [*shapes, Text(at, y + 20, says, INK, 11, anchor, hint=finding.host)]
