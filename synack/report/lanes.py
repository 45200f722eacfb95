"""Who had one address, beside what each host's neighbor entry said of it and what became of the
attempts meanwhile: lanes over one time, a colour for each MAC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from synack.addresses import format_ip, format_mac, parse_ip
from synack.diagnosis.ownership import KINDS
from synack.errors import UsageError
from synack.model import OUTCOMES, Finding
from synack.report.axis import Axis, day
from synack.report.palette import COLOURS, FAILED_FIRST
from synack.report.svg import (
    FAINT,
    GREY,
    GROUND,
    INK,
    MONO_COLUMN,
    Box,
    Drawing,
    Line,
    Shape,
    Text,
    fitted,
)
from synack.tables import NO_TIME, Array, Table
from synack.wording import count, iso_time

if TYPE_CHECKING:
    from synack.pipeline import Diagnosed

WIDTH = 860
_LEFT, _RIGHT, _LANE, _BAR = 210, 20, 24, 15
_STALE, _ACTUAL, _OTHERS, _NONE = (
    "#d55e00", "#0072b2", ("#009e73", "#8b7fd1", "#b8860b", "#56b4e9", "#8c6d31"), "#9aa0a6",
)  # fmt: skip
_SPELLS = 400
"""Of one lane that are drawn at most."""
_SAYS = {
    "own-frames": "own frames", "frames": "frames at", "own-addresses": "own addresses",
    "inventory": "inventory", "event": "cloud event", "lease": "DHCP lease",
    "announced": "announced at", "answered": "answered at",
}  # fmt: skip
"""What says who had the address; what tables say has lanes of its own."""


@dataclass(frozen=True)
class Spell:
    """One MAC from ``first`` to ``last`` (ns on the reference clock, None: not known when), and
    maybe on, but not beyond ``until``. ``mac`` is "" where there was no entry."""

    mac: str
    first: int | None
    last: int | None
    until: int | None
    sure: bool
    says: str


@dataclass(frozen=True)
class Lane:
    """What one source says."""

    label: str
    spells: Sequence[Spell]


@dataclass(frozen=True)
class Lanes:
    """All that is known of one address over time."""

    ip: str
    owners: Sequence[Lane]
    entries: Sequence[Lane]
    stale: str
    """MAC that a finding names as stale, "" without one."""
    actual: str
    first: Array = field(repr=False)
    """When each attempt of it began (int64, ns on the reference clock)."""
    outcome: Array = field(repr=False)
    """Of these, as numbers in model.OUTCOMES."""


def lanes(d: Diagnosed, ip: str | None = None) -> Lanes:
    """Of ``ip``, or else of the address of the first finding that names one, or else of that with
    most changes of its MAC. Raises :class:`UsageError` for what is no IP address."""
    finding = next((f for f in d.findings if f.ip and ip in (None, f.ip)), None)
    text = ip or (finding.ip if finding else _most_changed(d.ownership, d.history))
    address = parse_ip(text) if text else None
    if text and address is None:
        raise UsageError(f"{text} is no IP address")
    high, low = address or (0, 0)
    owners = _rows_of(d.ownership, high, low)
    entries = _rows_of(d.history, high, low)
    mine = _attempts_of(d, high, low, finding)
    return Lanes(
        ip=format_ip(high, low),
        owners=_owner_lanes(owners),
        entries=_entry_lanes(entries),
        stale=finding.stale_mac if finding and finding.kind == "stale-neighbor" else "",
        actual=finding.actual_mac if finding and finding.kind == "stale-neighbor" else "",
        first=d.attempts["first"][mine],
        outcome=d.attempts["outcome"][mine],
    )


def draw(x: Lanes) -> Drawing:
    """Dark where it is known to have been so, pale where it may have been."""
    axis = Axis.around(*_span(x), _LEFT, WIDTH - _LEFT - _RIGHT)
    colours = _colours(x)
    drawing = Drawing(
        WIDTH, 0, f"Who had {x.ip}, and what was sent to it" if x.ip else "No address"
    )
    title = f"Who had {x.ip}" if x.ip else "No address of which anything is known"
    drawing.add(Text(20, 28, title, size=14, bold=True))
    drawing.add(*_legend(x, colours))
    y, shapes = 84.0, list[Shape]()
    for name, group in (("who had it", x.owners), ("neighbor entries", x.entries)):
        if not group:
            continue
        shapes.append(Text(20, y, name, GREY, 11, bold=True))
        y += 8
        for lane in group:
            shapes += _lane(lane, axis, y, colours)
            y += _LANE
        y += 18
    if len(x.first):
        shapes.append(Text(20, y, "attempts", GREY, 11, bold=True))
        y += 8
        for name, times in _by_outcome(x):
            shapes += _ticks(name, times, axis, y)
            y += _LANE
        y += 6
    if shapes:
        drawing.add(*axis.draw(70, y), *shapes)
        drawing.add(Text(WIDTH - _RIGHT, 28, f"{day(axis.begin)} UTC", GREY, 11, "end"))
    elif x.ip:
        drawing.add(Text(20, 50, "nothing is known of it", GREY, 11))
    drawing.height = y + 30
    return drawing


# ---- what is known ------------------------------------------------------------------------


def _most_changed(*tables: Table) -> str:
    """The address with most different MACs, "" without any."""
    macs: dict[tuple[int, int], set[int]] = {}
    for t in tables:
        for high, low, mac in zip(*(t[n].tolist() for n in ("ip_hi", "ip_lo", "mac")), strict=True):
            macs.setdefault((high, low), set()).add(mac)
    return format_ip(*max(macs, key=lambda ip: (len(macs[ip]), ip))) if macs else ""


def _rows_of(t: Table, high: int, low: int) -> list[dict[str, Any]]:
    return list(t.take((t["ip_hi"] == high) & (t["ip_lo"] == low)).rows())


def _attempts_of(d: Diagnosed, high: int, low: int, finding: Finding | None) -> Array:
    """Attempts from or to it (bool); of a gateway, to which there are none, those that the
    finding explains."""
    a = d.attempts
    mine = np.zeros(len(a), bool)
    for end in ("client", "server"):
        mine |= (a[f"{end}_hi"] == high) & (a[f"{end}_lo"] == low)
    if finding is not None and not mine.any():
        mine[finding.rows] = True
    return mine & (a["first"] != NO_TIME)


def _owner_lanes(rows: Iterable[dict[str, Any]]) -> list[Lane]:
    found: dict[tuple[int, str], list[Spell]] = {}
    for row in rows:
        kind = KINDS[row["kind"]]
        if kind in _SAYS:
            who = row["name"] or row["host"]
            says = f"{_SAYS[kind]} {row['host']}" + (f" ({who})" if who != row["host"] else "")
            found.setdefault((row["kind"], row["host"] or row["name"]), []).append(
                _spell(row, True, says)
            )
    return [Lane(f"{_SAYS[KINDS[kind]]} {who}", found[kind, who]) for kind, who in sorted(found)]


def _entry_lanes(rows: Iterable[dict[str, Any]]) -> list[Lane]:
    found: dict[str, list[Spell]] = {}
    for row in rows:
        label = " ".join(filter(None, (row["host"] or "some host", row["interface"])))
        says = f"{label} {row['state']}".strip()
        found.setdefault(label, []).append(_spell(row, bool(row["certain"]), says))
    return [Lane(label, found[label]) for label in sorted(found)]


def _spell(row: dict[str, Any], sure: bool, says: str) -> Spell:
    first, last, until = (None if row[n] == NO_TIME else row[n] for n in ("first", "last", "until"))
    place = f"frame {row['frame']}" if row["frame"] >= 0 else f"line {row['line']}"
    where = f"{says}: {row['file']} {place} ({count(row['records'], 'record')})"
    return Spell(format_mac(row["mac"]), first, last, until, sure, where)


def _span(x: Lanes) -> tuple[int, int]:
    """Of entries and attempts, or else of all; inventories may reach years back."""
    times = x.first.tolist() + list(_times(x.entries))
    times = times or list(_times(x.owners)) or [0]
    return min(times), max(times)


def _times(group: Iterable[Lane]) -> Iterator[int]:
    for lane in group:
        for spell in lane.spells:
            yield from (t for t in (spell.first, spell.last, spell.until) if t is not None)


def _by_outcome(x: Lanes) -> Iterator[tuple[str, Array]]:
    for name in FAILED_FIRST:
        times = x.first[x.outcome == OUTCOMES.index(name)]
        if len(times):
            yield name, times


# ---- how it looks -------------------------------------------------------------------------


def _colours(x: Lanes) -> dict[str, str]:
    """By MAC: of a stale one orange, of the right one blue, others in order of appearance."""
    colours = {x.stale: _STALE, x.actual: _ACTUAL, "": _NONE}
    free = iter([*([] if x.actual else [_ACTUAL]), *_OTHERS])
    for lane in (*x.owners, *x.entries):
        for spell in lane.spells:
            if spell.mac not in colours:
                colours[spell.mac] = next(free, _NONE)
    return colours | {"": _NONE}


def _legend(x: Lanes, colours: dict[str, str]) -> list[Shape]:
    """MACs, the wrong and the right one named so; no more than fit."""
    shapes: list[Shape] = []
    used = dict.fromkeys(s.mac for lane in (*x.owners, *x.entries) for s in lane.spells)
    notes = {x.stale: "stale", x.actual: "actual", "": "no entry"}
    at = 20.0
    for mac in used:
        note = notes.get(mac, "")
        room = 15 + len(mac) * 11 * MONO_COLUMN + len(note) * 6.5 + 28
        if at + room > WIDTH - _RIGHT:
            break
        shapes += [
            Box(at, 42, 10, 10, colours[mac]),
            Text(at + 15, 51, mac, INK, 11, mono=True),
            Text(at + 21 + len(mac) * 11 * MONO_COLUMN, 51, note, GREY, 11),
        ]
        at += room
    return shapes


def _lane(lane: Lane, axis: Axis, y: float, colours: dict[str, str]) -> list[Shape]:
    label = fitted(lane.label, _LEFT - 34, 11)
    shapes: list[Shape] = [Text(28, y + 12, label, INK, 11, hint=lane.label)]
    for spell in lane.spells[:_SPELLS]:
        shapes += _bar(spell, axis, y, colours[spell.mac])
    return shapes


def _bar(spell: Spell, axis: Axis, y: float, colour: str) -> list[Shape]:
    told = f"{spell.mac or 'no entry'}, {spell.says}"
    if spell.first is None or spell.last is None:
        hint = f"{told}; when is not known"
        return [Box(axis.left, y, axis.width, _BAR, _pale(colour), hint=hint)]
    left, right = axis.x(spell.first), axis.x(spell.last)
    if spell.last < axis.begin or spell.first > axis.end:
        return [_elsewhere(spell, axis, y, colour, told)]
    hint = f"{told}; {iso_time(spell.first)} to {iso_time(spell.last)}"
    shapes: list[Shape] = []
    if spell.until is not None:
        gone = f"{told}; changed by {iso_time(spell.until)}"
        shapes.append(Box(right, y, max(axis.x(spell.until) - right, 0), _BAR, _pale(colour),
                          hint=gone))  # fmt: skip
    width = max(right - left, 3.0)
    shapes.append(Box(left, y, width, _BAR, colour if spell.sure else _pale(colour), hint=hint))
    if width > 17 * 10 * MONO_COLUMN + 10 and spell.mac:
        ink = GROUND if spell.sure else INK
        shapes.append(Text(left + 6, y + 11, spell.mac, ink, 10, mono=True))
    return shapes


def _elsewhere(spell: Spell, axis: Axis, y: float, colour: str, told: str) -> Text:
    """The last time before what is drawn, or the first time after it, at that end."""
    assert spell.last is not None
    assert spell.first is not None
    if spell.last < axis.begin:
        when = f"\u25c2 {_moment(spell.last)}"
        return Text(axis.left, y + 12, when, colour, 11, bold=True, hint=told)
    when = f"{_moment(spell.first)} \u25b8"
    return Text(axis.left + axis.width, y + 12, when, colour, 11, "end", bold=True, hint=told)


def _moment(time: int) -> str:
    return iso_time(time)[:19].replace("T", " ")


def _ticks(name: str, times: Array, axis: Axis, y: float) -> list[Shape]:
    """One for each pixel at which any began."""
    places = sorted({round(axis.x(time)) for time in np.unique(times).tolist()})
    shapes: list[Shape] = [
        Text(28, y + 12, f"{len(times):,} {name}", INK, 11),
        Line(axis.left, y + 16, axis.left + axis.width, y + 16, FAINT),
    ]
    return [*shapes, *(Line(x, y, x, y + _BAR, COLOURS[name], 2) for x in places)]


def _pale(colour: str) -> str:
    """A third of ``colour`` on white."""
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{255 - (255 - part) // 3:02x}" for part in parts)
