"""Drawings: well-formed whatever the text, the same each time, and saved whole."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.errors import UsageError
from synack.report.svg import (
    Area,
    Box,
    Drawing,
    Line,
    Text,
    arrow,
    columns,
    fitted,
    legend,
    number,
    quoted,
    width_of,
)

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '"><script>alert(1)</script>&\x00\x1b[31m\u202e\ud800'
SHAPES = [Line(0, 0, 10, 5), Box(1, 1, 5, 5, "#fff"), Area(((0, 0), (1, 1), (0, 1)), "#000"),
          Text(3, 9, "a")]  # fmt: skip


def drawing(*shapes: object, title: str = "t") -> Drawing:
    made = Drawing(100, 50, title)
    made.add(*shapes)  # type: ignore[arg-type]
    return made


def parsed(made: Drawing) -> ElementTree.Element:
    return ElementTree.fromstring(made.svg())


def test_each_shape_is_an_element() -> None:
    root = parsed(drawing(*SHAPES))
    names = [child.tag.removeprefix(SVG) for child in root]
    assert names == ["title", "rect", "line", "rect", "polygon", "text"]
    assert root.attrib["viewBox"] == "0 0 100 50"
    assert root.attrib["role"] == "img"


def test_plain_attributes_are_left_out() -> None:
    """Of text in the usual size and colour, at the usual end."""
    assert '<text x="3" y="9">a</text>' in drawing(SHAPES[-1]).svg()
    big = Text(3, 9, "a", "#fff", 14, "end", mono=True, bold=True)
    (_, _, text) = list(parsed(drawing(big)))
    assert text.attrib["font-size"] == "14"
    assert text.attrib["text-anchor"] == "end"
    assert text.attrib["font-weight"] == "bold"
    assert "monospace" in text.attrib["font-family"]
    assert "stroke-dasharray" not in drawing(SHAPES[0]).svg()
    assert 'stroke-dasharray="2 4"' in drawing(Line(0, 0, 1, 1, dash="2 4")).svg()


@given(st.text(), st.text())
def test_nothing_in_a_text_is_markup(text: str, hint: str) -> None:
    """Whatever it is: it is read back as what was written, with what cannot be shown spelled
    out, and there is no element that was not drawn."""
    root = parsed(drawing(Text(0, 0, text, hint=hint), Box(0, 0, 1, 1, "#fff", hint=hint),
                          title=text))  # fmt: skip
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "rect", "text"}  # fmt: skip


def test_hostile_text() -> None:
    svg = drawing(Text(0, 0, HOSTILE, hint=HOSTILE), title=HOSTILE).svg()
    assert "<script" not in svg
    assert svg.count("&lt;script&gt;") == 3
    assert all(c.isprintable() or c == "\n" for c in svg)
    assert svg.encode()


def test_numbers_are_short_and_never_minus_nothing() -> None:
    assert [number(v) for v in (1.0, 1.25, -0.01, 10, 0.96)] == ["1", "1.2", "0", "10", "1"]


def test_the_same_each_time() -> None:
    assert drawing(*SHAPES).svg() == drawing(*SHAPES).svg() == drawing(*SHAPES)._repr_svg_()


@pytest.mark.parametrize(("text", "wide"), [("abc", 3), ("\u65e5\u672c", 4), ("\x1b", 4), ("", 0)])
def test_columns(text: str, wide: int) -> None:
    assert columns(text) == wide


@given(st.text(max_size=60), st.integers(20, 300))
def test_what_does_not_fit_loses_its_middle(text: str, width: int) -> None:
    """It keeps head and tail, and is no wider; a few characters are always shown."""
    short = fitted(text, width)
    assert width_of(short) <= max(width, 4 * width_of("\u65e5"))
    if "\u2026" not in short:
        assert columns(short) <= max(width / 12 / 0.56, 3)


def test_what_fits_stays() -> None:
    assert fitted("producer-7", 200) == "producer-7"
    assert fitted("a" * 50 + "z", 60) == "aaa\u2026aaaz"


def test_the_head_of_an_arrow_ends_at_its_tip() -> None:
    head = arrow(0, 0, 10, 0, "#000")
    assert head.points[0] == (10, 0)
    assert {x for x, _ in head.points[1:]} == {2.0}
    assert arrow(3, 3, 3, 3, "#000").points[0] == (3, 3)


def test_a_legend_breaks_its_lines() -> None:
    items = [(f"outcome-{n}", "#000") for n in range(8)]
    shapes, last = legend(items, 20, 50, 300)
    assert last > 50
    right = max(s.x + width_of(s.text, 11) for s in shapes if isinstance(s, Text))
    assert right <= 320
    assert legend([], 20, 50, 300) == ([], 50)


def test_quoted() -> None:
    assert quoted("<a&\"'\n>") == "&lt;a&amp;&quot;&#x27;\\n&gt;"


def test_saving(tmp_path: Path) -> None:
    """By the name; another ending, or a folder that is not there, is said."""
    made = drawing(*SHAPES)
    made.save(tmp_path / "a.SVG")
    assert (tmp_path / "a.SVG").read_text() == made.svg()
    made.save(str(tmp_path / "a.png"))
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"saved as \.svg or \.png"):
        made.save(tmp_path / "a.gif")
    with pytest.raises(UsageError, match="cannot write"):
        made.save(tmp_path / "missing" / "a.svg")
