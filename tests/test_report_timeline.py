"""Outcomes over time: every attempt in its bin, and the findings below."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_report_matrix import DONE, LOST, table, texts
from test_report_rungs import FIXTURES, diagnosed
from test_svg import HOSTILE, parsed

from synack.model import Finding
from synack.pipeline import load, run
from synack.report import timeline
from synack.report.palette import COLOURS
from synack.report.svg import ALARM, Box
from synack.tables import NO_TIME

SECOND = 10**9
T = 1_795_446_000 * SECOND


def at(*rows: tuple[float, int], findings: tuple[Finding, ...] = ()) -> Any:
    """Attempts as (seconds, outcome); none: without a time."""
    d = table(*((1, 9, outcome) for _, outcome in rows))
    times = [NO_TIME if s < 0 else T + round(s * SECOND) for s, _ in rows]
    d.attempts.columns["first"] = d.attempts.columns["last"] = np.array(times, np.int64)
    d.findings = list(findings)
    return d


def test_the_mission() -> None:
    drawing = timeline.draw(timeline.timeline(diagnosed("stale-arp")))
    said = texts(drawing)
    assert {"76 attempts over time", "2026-11-23 UTC", "14:59:00", "syn-ack-lost"} <= set(said)
    assert "stale-neighbor broker-1 10.0.1.77 (confirmed), healed" in said
    assert len(drawing.svg()) < 26_000


def test_bins() -> None:
    """The last moment is in the last bin; what has no time is only counted."""
    t = timeline.timeline(at((0, DONE), (0.9, LOST), (5, DONE), (10, LOST), (-1, LOST)), bins=10)
    assert t.counts.sum(axis=1).tolist() == [2, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert (t.begin, t.end, t.untimed) == (T, T + 10 * SECOND, 1)
    assert t.counts[:, LOST].sum() == 2
    assert "2026-11-23 UTC; 1 attempt without a time" in texts(timeline.draw(t))


def test_failures_stand_on_the_ground() -> None:
    drawing = timeline.draw(timeline.timeline(at((0, DONE), (0, LOST), (9, DONE))))
    bars = [s for s in drawing.shapes if isinstance(s, Box) and s.hint]
    lost = next(b for b in bars if b.colour == COLOURS["syn-ack-lost"])
    done = next(b for b in bars if b.colour == COLOURS["completed"])
    assert lost.y + lost.height > done.y + done.height - 0.1
    assert lost.hint == "15:00:00: 1 syn-ack-lost, 1 completed"


def test_findings_below() -> None:
    one = Finding("stale-neighbor", "confirmed", "b", ip="10.0.0.1", first=T, last=T + SECOND)
    healed = replace(one, healed=T + 5 * SECOND)
    untimed = replace(one, first=None)
    d = at((0, LOST), (9, DONE), findings=(one, healed, untimed))
    drawing = timeline.draw(timeline.timeline(d))
    lanes = [s for s in drawing.shapes if isinstance(s, Box) and s.colour == ALARM]
    assert len(lanes) == 2
    assert sum(t.endswith(", healed") for t in texts(drawing)) == 1
    many = timeline.draw(timeline.timeline(at((0, LOST), findings=(one,) * 40)))
    assert any("28 more findings" in t for t in texts(many))


def test_a_long_name_is_cut_and_no_address() -> None:
    ip = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"
    one = Finding("stale-neighbor", "confirmed", "host-" * 40, ip=ip, first=T, last=T)
    (says,) = [t for t in texts(timeline.draw(timeline.timeline(at((0, LOST), findings=(one,)))))
               if ip in t]  # fmt: skip
    assert len(says) < 120


def test_nothing() -> None:
    drawing = timeline.draw(timeline.timeline(at()))
    assert "nothing has a time" in texts(drawing)
    only = timeline.draw(timeline.timeline(at((-1, LOST))))
    assert "nothing has a time; 1 attempt without a time" in texts(only)


def test_all_at_one_moment() -> None:
    assert timeline.timeline(at((3, DONE), (3, DONE))).counts.sum() == 2


def test_hostile_names_are_text() -> None:
    evil = Finding("refused", "possible", HOSTILE, summary=HOSTILE, first=T, last=T)
    drawing = timeline.draw(timeline.timeline(at((0, LOST), findings=(evil,))))
    assert {e.tag.rpartition("}")[2] for e in parsed(drawing).iter()} <= {
        "svg", "title", "rect", "text", "line"}  # fmt: skip


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/case.toml")), ids=lambda p: p.parent.name)
def test_every_attempt_is_counted_once(path: Path) -> None:
    d = run(load([str(path.parent)]))
    t = timeline.timeline(d)
    assert t.counts.sum() + t.untimed == len(d.attempts)
    drawing = timeline.draw(t)
    assert parsed(drawing) is not None
    boxes = [s for s in drawing.shapes if isinstance(s, Box)]
    assert all(s.x >= 0 and s.x + s.width <= timeline.WIDTH for s in boxes)
