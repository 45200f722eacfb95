"""What garbage collection will do, for people (80 columns) and for programs."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from synack.forecast import Forecast, Scenario, seconds
from synack.neighbors.collection import Fate, Snapshot
from synack.neighbors.kernel import NEVER
from synack.report.plain import printable
from synack.report.text import wrap
from synack.stamps import SECOND
from synack.wording import iso_time

SCHEMA = "synack.gc/1"
SHOWN = 20
"""Entries of one table that the text lists; JSON has all."""

_MOST = 36
"""Characters of settings that stand side by side."""

_WHY = {
    "below-threshold": "never, the table is smaller than gc_thresh1",
    "permanent": "never, PERMANENT",
    "externally-learned": "never, extern_learn, its owner deletes it",
    "managed": "never, managed, the kernel probes it itself",
    "offloaded": "not while the hardware holds it",
    "renewed": "not while something confirms it",
    "probed": "if nobody answers its probes",
    "state-unknown": "its state is not in this dump",
    "proxy": "never, a proxy entry",
}


def to_text(forecasts: list[Forecast]) -> str:
    """The whole report."""
    lines: list[str] = []
    for forecast in forecasts:
        lines += [*_table(forecast), ""]
    return "\n".join(printable(line) for line in lines).rstrip() + "\n"


def _table(forecast: Forecast) -> list[str]:
    size = len(forecast.entries)
    name = forecast.host or "unnamed host"
    entries = f"{size} {forecast.family} {'entry' if size == 1 else 'entries'}"
    lines = wrap(f"{name}: {entries}. {_verdict(forecast)}")
    at = "" if forecast.at is None else f", {iso_time(forecast.at)[:19].replace('T', ' ')} UTC"
    lines += ["", *wrap(f"{forecast.file}{at}", "  Table     ", " " * 12)]
    files = list(dict.fromkeys(source.file for source in forecast.settings))
    lines += wrap(", ".join(files) or "none in the files", "  Settings  ", " " * 12)
    lines += wrap(forecast.release or "not known", "  Kernel    ", " " * 12)
    lines += ["", *_legend(forecast.scenarios), *_comparison(forecast.scenarios)]
    if forecast.scenarios[0].collisions is not None:
        lines += ["", *wrap(_arrivals(forecast), "  ")]
    lines += ["", *_entries(forecast)]
    for text in forecast.assumed:
        lines += wrap(f"Assumed: {text}.", "  ", "    ")
    for text in forecast.notes:
        lines += wrap(f"Note: {text}.", "  ", "    ")
    return lines


def _arrivals(forecast: Forecast) -> str:
    says = (
        "A collision: a new machine gets an address whose old MAC this host still has. Until"
        f" the entry fails, {seconds(forecast.outage):g} s after the first packet with no"
        " answer and no confirmation, everything goes to the old MAC."
    )
    if any(0 < life.filling < NEVER for s in forecast.scenarios for life in s.lives):
        says += (
            " A table below gc_thresh1 keeps dead entries until so many of them have come"
            " together that it runs; how long that takes is a mean, for machines at random."
        )
    return says


def _verdict(forecast: Forecast) -> str:
    now = forecast.scenarios[0]
    limit = now.thresholds.gc_thresh1
    if now.runs is None:
        return "Whether this kernel ever deletes idle ones is not known."
    if not now.runs:
        return (
            f"Periodic garbage collection deletes none of them: fewer than gc_thresh1 = {limit}."
            " A stale entry stays until it is used."
        )
    more = now.perhaps()
    perhaps = f", {more} more may be" if more else ""
    return (
        f"Periodic garbage collection runs; left alone, {now.deleted()} will be deleted{perhaps}."
    )


def _comparison(scenarios: list[Scenario]) -> list[str]:
    """One column for each set of settings."""
    rows: list[list[str]] = [["", *_titles(scenarios)]]
    rows.append(["periodic collection", *map(_pace, scenarios)])
    rows.append(["will be deleted", *(str(s.deleted()) for s in scenarios)])
    rows.append(["may be deleted", *(str(s.perhaps()) for s in scenarios)])
    rows.append(["stay", *(str(sum(not f.possible for f in s.fates)) for s in scenarios)])
    if any(s.deleted() for s in scenarios):
        rows.append(["the last one after", *map(_last, scenarios)])
    if scenarios[0].collisions is not None:
        rows.append(["a dead entry stays", *map(_life, scenarios)])
        rows.append(["collisions, a machine", *map(_chance, scenarios)])
        rows.append(["collisions, a day", *map(_number, scenarios)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _titles(scenarios: list[Scenario]) -> list[str]:
    """Numbers, where the settings themselves would make the columns too wide."""
    titles = [s.title for s in scenarios]
    if sum(map(len, titles)) <= _MOST:
        return titles
    return ["now", *(f"[{number}]" for number in range(1, len(titles)))]


def _legend(scenarios: list[Scenario]) -> list[str]:
    lines = []
    for title, scenario in zip(_titles(scenarios), scenarios, strict=True):
        if title != scenario.title:
            lines += wrap(f"{title} {scenario.title.replace(',', ', ')}", "  ", "      ")
    return [*lines, ""] if lines else []


def _pace(scenario: Scenario) -> str:
    if scenario.runs is None:
        return "not known"
    return f"every {scenario.thresholds.period() / SECOND:g} s" if scenario.runs else "never"


def _last(scenario: Scenario) -> str:
    last = max((f.latest for f in scenario.fates if f.certain), default=None)
    return "-" if last is None else f"{_rounded(last)} s"


def _life(scenario: Scenario) -> str:
    low, high = life(scenario)
    if low >= NEVER:
        return "for ever"
    return f"{_duration(low)} to {'for ever' if high >= NEVER else _duration(high)}"


def life(scenario: Scenario) -> tuple[int, int]:
    """How long the entry of a dead machine stays, at the least and at the most."""
    least = min(NEVER if x.filling >= NEVER else x.least for x in scenario.lives)
    return least, min(max(x.most + x.filling for x in scenario.lives), NEVER)


def _chance(scenario: Scenario) -> str:
    assert scenario.collisions is not None
    return _range(100 * scenario.collisions.least, 100 * scenario.collisions.most, " %")


def _number(scenario: Scenario) -> str:
    assert scenario.collisions is not None
    return _range(scenario.collisions.least_per_day, scenario.collisions.most_per_day, "")


def _range(low: float, high: float, unit: str) -> str:
    first, last = f"{low:.3g}", f"{high:.3g}"
    return f"{last}{unit}" if first == last else f"{first} to {last}{unit}"


def _duration(time: int) -> str:
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if time >= 3 * size * SECOND:
            return f"{time / SECOND / size:.3g} {unit}"
    return f"{_rounded(time)} s"


def _rounded(time: int) -> int:
    """Up: a latest time is never said too early."""
    return -(-time // SECOND)


def _entries(forecast: Forecast) -> list[str]:
    """A line for each entry, those that go first on top; all fates under it."""
    order = sorted(
        range(len(forecast.entries)),
        key=lambda row: [(not s.fates[row].certain, s.fates[row].latest)
                         for s in reversed(forecast.scenarios)],
    )  # fmt: skip
    rows = [_cells(forecast, row) for row in order[:SHOWN]]
    titles = ["address", "interface", "state", "idle", *_titles(forecast.scenarios), "why"]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    lines = [
        "  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in (titles, *rows)
    ]
    left = len(order) - len(rows)
    if left:
        lines.append(f"  and {left} more (--format json has all)")
    reasons = Counter(
        s.fates[row].reason for s in forecast.scenarios for row in order
    )  # fmt: skip
    said = [f"{key}: {text}" for key, text in _WHY.items() if reasons[key]]
    for text in said:
        lines += wrap(text, "  ", "    ")
    return [*lines, ""]


def _cells(forecast: Forecast, row: int) -> list[str]:
    entry = forecast.entries[row]
    fates = [scenario.fates[row] for scenario in forecast.scenarios]
    why = dict.fromkeys(f.reason for f in fates if f.reason in _WHY)
    return [
        entry.ip, entry.interface or "-", entry.state or "-", _idle(entry), *map(_fate, fates),
        ", ".join(why),
    ]  # fmt: skip


def _idle(entry: Snapshot) -> str:
    if entry.used_s < 0 or entry.confirmed_s < 0:
        return "-"
    return f"{min(entry.used_s, entry.confirmed_s)} s"


def _fate(fate: Fate) -> str:
    if not fate.possible:
        return "stays"
    first = fate.earliest // SECOND
    if fate.certain:
        return f"{first}-{_rounded(fate.latest)} s"
    if fate.latest >= NEVER:
        return f"{first} s or later"
    return f"{first}-{_rounded(fate.latest)} s, or not"


def to_json(forecasts: list[Forecast], warnings: list[str]) -> str:
    """``synack gc --format json``. Times in seconds after the dump, null for never."""
    document = {
        "schema": SCHEMA,
        "tables": [_document(forecast) for forecast in forecasts],
        "warnings": warnings,
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _document(forecast: Forecast) -> dict[str, Any]:
    return {
        "host": forecast.host,
        "family": forecast.family,
        "file": forecast.file,
        "at": None if forecast.at is None else iso_time(forecast.at),
        "kernel": forecast.release or None,
        "settings": [{"file": s.file, "line": s.line} for s in forecast.settings],
        "outage_s": seconds(forecast.outage),
        "scenarios": [_scenario(scenario) for scenario in forecast.scenarios],
        "entries": [_entry(forecast, row) for row in range(len(forecast.entries))],
        "assumed": forecast.assumed,
        "notes": forecast.notes,
    }


def _scenario(scenario: Scenario) -> dict[str, Any]:
    met = scenario.collisions
    return {
        "name": scenario.title,
        "changes": dict(scenario.changes),
        "gc_thresh1": scenario.thresholds.gc_thresh1,
        "gc_thresh2": scenario.thresholds.gc_thresh2,
        "gc_thresh3": scenario.thresholds.gc_thresh3,
        "period_s": seconds(scenario.thresholds.period()),
        "runs": scenario.runs,
        "deleted": scenario.deleted(),
        "may_be_deleted": scenario.perhaps(),
        "dead_entry_stays_s": None if met is None else [seconds(t) for t in life(scenario)],
        "collisions": None if met is None else {
            "probability": [met.least, met.most],
            "per_day": [met.least_per_day, met.most_per_day],
        },
    }  # fmt: skip


def _entry(forecast: Forecast, row: int) -> dict[str, Any]:
    entry = forecast.entries[row]
    return {
        "ip": entry.ip,
        "interface": entry.interface,
        "mac": entry.mac or None,
        "state": entry.state,
        "flags": entry.flags,
        "used_s": _age(entry.used_s),
        "confirmed_s": _age(entry.confirmed_s),
        "updated_s": _age(entry.updated_s),
        "line": entry.line,
        "fates": [_fate_document(s, s.fates[row]) for s in forecast.scenarios],
    }


def _age(age: int) -> int | None:
    return age if age >= 0 else None


def _fate_document(scenario: Scenario, fate: Fate) -> dict[str, Any]:
    verdict = "deleted" if fate.certain else "may-be-deleted" if fate.possible else "stays"
    return {
        "scenario": scenario.title,
        "verdict": verdict,
        "earliest_s": seconds(fate.earliest),
        "latest_s": seconds(fate.latest),
        "reason": fate.reason,
    }
