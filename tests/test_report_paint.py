"""Colour: only ours, only around what is plain text without it."""

from __future__ import annotations

import re

import pytest

from synack.model import CONFIDENCES, OUTCOMES
from synack.report import paint

SGR = re.compile(r"\x1b\[[\d;]+m")
HOSTILE = "\x1b[2J\x9b31m\x07\u202e\udcff refused"


@pytest.mark.parametrize(
    "how",
    [
        paint.bold, paint.dim, paint.good, paint.bad, paint.label(6), paint.outcomes, paint.ladder,
        *map(paint.finding, CONFIDENCES),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["", "Do now ip neigh", "lost x--- !< refused, completed", "a"])
def test_the_text_stays_the_same(how, text):
    painted = how(text)
    assert SGR.sub("", painted) == text
    assert painted.count("\x1b[0m") * 2 == painted.count("\x1b")


def test_plain_without_colour():
    lines = [paint.Line("a", paint.bold), "b", paint.Line("refused", paint.outcomes), "", ""]
    assert paint.shown(lines, color=False) == "a\nb\nrefused\n"
    assert paint.shown(lines, color=True) == "\x1b[1ma\x1b[0m\nb\n\x1b[31mrefused\x1b[0m\n"


@pytest.mark.parametrize("color", [False, True])
def test_what_files_say_steers_nothing(color):
    """Made printable before it is painted, so every escape is one of ours."""
    shown = paint.shown([HOSTILE, paint.Line(HOSTILE, paint.outcomes)], color)
    assert "\\x1b[2J\\x9b31m\\x07\\u202e\\udcff" in shown
    assert SGR.sub("", shown).replace("\n", "").isprintable()


def test_every_outcome_has_a_colour():
    for outcome in OUTCOMES:
        (colour,) = re.findall(r"\x1b\[(\d+)m" + outcome, paint.outcomes(f"3 {outcome}, x"))
        assert colour == {"completed": "32", "inconclusive": "33"}.get(outcome, "31")
    assert paint.outcomes("syn-ack-lost-x completedly") == "syn-ack-lost-x completedly"
