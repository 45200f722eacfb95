"""Ladders as drawings: what is shown of a rung, and that nothing of it is markup."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_report_ladder_text import SECOND, A, B, X, answer, ladder, rung, seen
from test_report_rungs import FIXTURES, shown
from test_svg import HOSTILE
from test_taps import TWO, incident

from synack.pipeline import load, run
from synack.report.ladder import WIDTH, draw
from synack.report.rungs import Ladder, Rung, ladders, typical
from synack.report.svg import ALARM, Area, Drawing, Line, Text


def texts(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Text)]


def arrows(drawing: Drawing) -> list[Line]:
    """Their shafts, which have a hint."""
    return [shape for shape in drawing.shapes if isinstance(shape, Line) and shape.hint]


def heads(drawing: Drawing) -> list[Area]:
    return [shape for shape in drawing.shapes if isinstance(shape, Area)]


def test_the_mission() -> None:
    drawing = draw(shown("stale-arp"), {X})
    assert drawing.title == "10.0.1.77:59380 to 10.0.1.10:9092: syn-ack-lost"
    said = texts(drawing)
    assert {"producer-7", "broker-1", "SYN 1/5", "SYN-ACK 10/10, lost"} <= set(said)
    assert {"0.000000 s", "frame 38"} <= set(said)
    stale = [s for s in drawing.shapes if isinstance(s, Text) and s.text == X]
    assert len(stale) == 10
    assert {(s.colour, s.bold) for s in stale} == {(ALARM, True)}
    assert len(heads(drawing)) == 5
    assert 3000 < len(drawing.svg()) < 26_000


@pytest.mark.parametrize(
    ("one", "right", "head", "dashed", "says"),
    [
        (rung(), True, True, False, "SYN"),
        (answer(), False, True, False, "SYN-ACK"),
        (rung(arrived=None, fate="lost"), True, False, False, "SYN, lost"),
        (rung(arrived=None, fate="unwitnessed"), True, False, True, "SYN, unwitnessed"),
        (answer(fate="misdelivered"), False, True, False, "SYN-ACK, arrived, for another MAC"),
        (answer(sent=None), False, True, True, "SYN-ACK"),
    ],
)
def test_arrows(one: Rung, right: bool, head: bool, dashed: bool, says: str) -> None:
    """From the sender's line towards the other; only what arrived has a head."""
    drawing = draw(ladder(one))
    (shaft,) = arrows(drawing)
    assert (shaft.x2 > shaft.x1) == right
    assert bool(heads(drawing)) == head
    assert bool(shaft.dash) == dashed
    assert says in texts(drawing)
    assert ("?" in texts(drawing)) == (one.fate == "unwitnessed" or one.sent is None)


def test_macs_at_both_ends_where_a_router_changed_them() -> None:
    routed = rung(arrived=seen("server", SECOND, 9, X, B))
    said = texts(draw(ladder(routed)))
    assert [said.count(f"{mac} \u2192") for mac in (A, X)] == [1, 1]
    assert said.count(B) == 2
    same = texts(draw(ladder(rung())))
    assert (same.count(f"{A} \u2192"), same.count(B)) == (1, 1)


def test_without_macs_and_times() -> None:
    bare = seen("client", SECOND, 1, "", "")._replace(at=None)
    said = texts(draw(ladder(rung(sent=bare, arrived=None, fate="lost"))))
    assert "no time" in said
    assert not any("\u2192" in text for text in said)
    half = seen("client", SECOND, 1, A, "")
    assert f"from {A}" in texts(draw(ladder(rung(sent=half, arrived=None, fate="lost"))))


def test_taps_stand_between_the_ends_in_their_order(tmp_path: Path) -> None:
    """And the cross stands between those where it vanished."""
    d = incident(tmp_path, "client broker", TWO).diagnosed
    attempt = typical(d, d.findings[0])
    assert attempt is not None
    drawing = draw(ladders(d, [attempt])[0])
    at = {s.text: s.x for s in drawing.shapes if isinstance(s, Text)}
    assert at["producer-7"] < at["span-1"] < at["span-2"] < at["broker-1"]
    lost = [line for line in arrows(drawing) if "lost" in line.hint]
    assert len(lost) == 6
    assert all(at["span-1"] < line.x2 < at["span-2"] for line in lost)


def test_of_many_the_first_and_the_last() -> None:
    many = [rung(number=n, of=90) for n in range(1, 91)]
    said = texts(draw(ladder(*many), shown=5))
    assert [t for t in said if t.startswith("SYN")] == [f"SYN {n}/90" for n in (1, 2, 3, 4, 90)]
    assert any("85 more" in text for text in said)
    assert draw(ladder(*many), shown=5).height < draw(ladder(*many)).height


def test_nothing_at_all() -> None:
    assert draw(ladder()).height > 100


def test_hostile_names_are_text() -> None:
    tap = (seen(HOSTILE, SECOND, 3)._replace(file=HOSTILE),)
    one = ladder(
        rung(passed=tap, vanished=HOSTILE, reason=HOSTILE), client_host=HOSTILE,
        server_host=HOSTILE, clock=HOSTILE, translated=HOSTILE, reason=HOSTILE, client=HOSTILE,
    )  # fmt: skip
    svg = draw(one, {HOSTILE}).svg()
    root = ElementTree.fromstring(svg)
    assert {e.tag.rpartition("}")[2] for e in root.iter()} == {
        "svg", "title", "line", "rect", "polygon", "text"}  # fmt: skip


def inside(one: Ladder) -> bool:
    drawing = draw(one)
    ys = [s.y for s in drawing.shapes if isinstance(s, Text)]
    return all(0 < y < drawing.height for y in ys) and drawing.width == WIDTH


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/case.toml")), ids=lambda p: p.parent.name)
def test_every_ladder_is_small_and_inside_its_drawing(path: Path) -> None:
    d = run(load([str(path.parent)]))
    for one in ladders(d, range(min(len(d.attempts), 20))):
        assert inside(one)
        assert len(draw(one).svg()) < 40_000
