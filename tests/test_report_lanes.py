"""Lanes of one address: who had it, what entries said, what became of the attempts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_report_matrix import DONE, LOST, texts
from test_report_rungs import FIXTURES, diagnosed
from test_svg import HOSTILE, parsed

import synack
from synack.errors import UsageError
from synack.model import OUTCOMES
from synack.pipeline import load, run
from synack.report.lanes import Lane, Lanes, Spell, draw, lanes
from synack.report.svg import Box, Drawing, Line, Text

SECOND = 10**9
T = 1_795_446_000 * SECOND
X, Y = "0a:de:ad:00:00:01", "0a:e6:f1:c2:6b:30"
ORANGE, BLUE, GREY = "#d55e00", "#0072b2", "#9aa0a6"


def spell(mac: str, first: float, last: float, until: float | None = None) -> Spell:
    at = [T + round(s * SECOND) for s in (first, last)]
    return Spell(mac, at[0], at[1], None if until is None else T + round(until * SECOND), True, "x")


def made(*entries: Spell, owners: tuple[Spell, ...] = ()) -> Lanes:
    lane = [Lane("broker-1 eth0", entries)] if entries else []
    had = [Lane("own frames producer-7", owners)] if owners else []
    nothing = np.empty(0, np.int64)
    return Lanes("10.0.1.77", had, lane, X, Y, nothing, nothing)


def bars(drawing: Drawing) -> list[Box]:
    return [s for s in drawing.shapes if isinstance(s, Box) and s.hint]


def test_the_mission() -> None:
    """The owner is one all the time, the entry another until it healed, and the attempts fail
    until then."""
    x = lanes(diagnosed("stale-arp"))
    assert (x.ip, x.stale, x.actual) == ("10.0.1.77", X, Y)
    assert {s.mac for lane in x.owners for s in lane.spells} == {Y}
    assert [s.mac for s in x.entries[0].spells] == [X, Y]
    assert [lane.label for lane in x.entries] == ["broker-1 eth0"]
    assert x.owners[0].label == "own frames producer-7"
    failed = x.first[x.outcome == LOST]
    healed = x.entries[0].spells[1].first
    assert healed is not None
    assert len(failed) == 6
    assert failed.max() < healed < x.first[x.outcome == DONE].min()
    drawing = draw(x)
    assert {"Who had 10.0.1.77", "stale", "actual", "6 syn-ack-lost", "4 completed"} <= set(
        texts(drawing)
    )
    assert len(drawing.svg()) < 26_000


def test_the_drawing_in_the_readme(golden, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(FIXTURES.parent)
    golden("../../docs/ownership.svg", draw(lanes(run(load(["fixtures/stale-arp"])))).svg())


def test_a_duplicate_is_not_called_stale() -> None:
    """Its two MACs are each somebody's."""
    x = lanes(diagnosed("duplicate-address"))
    assert (x.stale, x.actual) == ("", "")
    assert "stale" not in texts(draw(x))
    assert len({s.mac for lane in x.owners for s in lane.spells}) == 2


def test_of_a_gateway_the_attempts_that_the_finding_explains() -> None:
    x = lanes(diagnosed("stale-gateway"))
    assert x.ip == "10.0.1.1"
    assert len(x.first) == 4
    assert set(x.outcome.tolist()) == {LOST}


def test_another_address() -> None:
    d = diagnosed("stale-arp")
    x = lanes(d, "10.0.1.71")
    assert (x.ip, x.stale, len(x.first)) == ("10.0.1.71", "", 22)
    unknown = draw(lanes(d, "192.0.2.1"))
    assert texts(unknown) == ["Who had 192.0.2.1", "nothing is known of it"]
    with pytest.raises(UsageError, match=r"300\.1\.1\.1 is no IP address"):
        lanes(d, "300.1.1.1")


def test_without_a_finding_the_address_that_changed_most() -> None:
    assert lanes(diagnosed("healthy")).ip


def test_nothing_is_known(tmp_path: Path) -> None:
    drawing = synack.diagnose(tmp_path / "missing").plot_ownership()
    assert texts(drawing) == ["No address of which anything is known"]


def test_colours_follow_macs() -> None:
    """Of the stale one, the right one, others, and none at all; pale where it changed."""
    other = "02:00:00:00:00:09"
    spells = (spell(X, 0, 10, 15), spell(Y, 15, 20), spell(other, 20, 25), spell("", 25, 30))
    drawing = draw(made(*spells, owners=(spell(Y, 0, 30),)))
    found = bars(drawing)
    colours = [b.colour for b in found]
    assert colours[0] == BLUE
    assert [ORANGE in colours, GREY in colours] == [True, True]
    assert len(set(colours)) == 5
    pale = next(b for b in found if "changed by" in b.hint)
    solid = next(b for b in found if b.colour == ORANGE)
    assert pale.x == pytest.approx(solid.x + solid.width, abs=0.1)
    assert "no entry" in texts(drawing)


def test_what_is_not_sure_is_pale() -> None:
    sure, weak = (draw(made(replace(spell(X, 0, 10), sure=s))) for s in (True, False))
    assert bars(sure)[0].colour == ORANGE
    assert bars(weak)[0].colour == "#f1caaa"


def test_a_time_that_is_not_known_reaches_from_end_to_end() -> None:
    untimed = Spell(X, None, None, None, False, "arp -an")
    (bar,) = bars(draw(made(untimed)))
    assert bar.hint.endswith("when is not known")
    assert bar.width > 600


def test_one_record_can_be_seen() -> None:
    (bar,) = bars(draw(made(spell(X, 5, 5))))
    assert bar.width >= 3


def test_inventories_do_not_stretch_the_time() -> None:
    """One that reaches years back leaves the entries readable."""
    x = made(spell(X, 0, 10), owners=(spell(Y, -1e8, 5),))
    drawing = draw(x)
    owner, entry = bars(drawing)
    assert entry.width > 500
    assert owner.x >= 210


@pytest.mark.parametrize(
    ("first", "says", "anchor"),
    [(-4000, "\u25c2 2026-11-23 13:53:20", "start"), (4000, "2026-11-23 16:06:40 \u25b8", "end")],
)
def test_what_is_of_another_time_is_said_not_drawn(first: float, says: str, anchor: str) -> None:
    """A bar at the end of the lane would be one of a wrong time."""
    x = made(spell(X, 0, 10), owners=(spell(Y, first, first),))
    drawing = draw(x)
    (entry,) = bars(drawing)
    assert entry.colour == ORANGE
    (text,) = [s for s in drawing.shapes if isinstance(s, Text) and s.text == says]
    assert (text.anchor, text.colour) == (anchor, BLUE)


def test_many_attempts_are_as_many_lines_as_there_are_pixels() -> None:
    x = made(spell(X, 0, 10))
    first = T + np.arange(200_000) * 50_000
    many = replace(x, first=first, outcome=np.full(len(first), LOST))
    drawing = draw(many)
    assert sum(isinstance(s, Line) and s.width == 2 for s in drawing.shapes) <= 700
    assert "200,000 syn-ack-lost" in texts(drawing)


def test_many_spells_are_cut() -> None:
    flapping = [spell(X if n % 2 else Y, n, n) for n in range(5000)]
    assert len(bars(draw(made(*flapping)))) <= 400


def test_hostile_texts_are_text() -> None:
    evil = replace(spell(X, 0, 1), says=HOSTILE)
    x = replace(made(evil), entries=[Lane(HOSTILE, [evil])], owners=[Lane(HOSTILE, [evil])])
    assert {e.tag.rpartition("}")[2] for e in parsed(draw(x)).iter()} <= {
        "svg", "title", "rect", "text", "line"}  # fmt: skip


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/case.toml")), ids=lambda p: p.parent.name)
def test_every_fixture_has_its_lanes(path: Path) -> None:
    """Every attempt of the address is counted, and nothing lies outside."""
    d = run(load([str(path.parent)]))
    x = lanes(d)
    assert set(x.outcome.tolist()) <= set(range(len(OUTCOMES)))
    drawing = draw(x)
    assert parsed(drawing) is not None
    assert all(b.x >= 0 and b.x + b.width <= drawing.width for b in bars(drawing))
    assert len(drawing.svg()) < 40_000
