"""Time axes: round moments, far enough apart, whatever the span."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.report.axis import Axis, day
from synack.report.svg import Text

SECOND = 10**9
T = 1_795_446_000 * SECOND


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (60 * SECOND, ["15:00:00", "15:00:10", "15:00:20"]),
        (3 * 3600 * SECOND, ["15:00", "15:30", "16:00"]),
        (20 * 86_400 * SECOND, ["2026-11-26", "2026-12-03"]),
        (36 * 3600 * SECOND, ["11-23 18:00", "11-24 00:00", "11-24 06:00"]),
        (50_000_000, ["15:00:00.00", "15:00:00.01"]),
        (2000, ["15:00:00.0000000", "15:00:00.0000005"]),
    ],
)
def test_labels_have_the_digits_that_tell_them_apart(span: int, labels: list[str]) -> None:
    axis = Axis(T, T + span, 0, 800)
    assert [label for _, label in axis.ticks()][: len(labels)] == labels


@given(st.integers(0, 4 * 10**18), st.integers(1, 10**18))
def test_ticks_are_inside_apart_and_different(begin: int, span: int) -> None:
    axis = Axis(begin, begin + span, 10, 800)
    ticks = list(axis.ticks())
    places = [axis.x(time) for time, _ in ticks]
    assert all(10 <= x <= 810 for x in places)
    assert all(b - a >= 89 for a, b in pairwise(places))
    assert len(ticks) <= 10
    if span < 40 * 365 * 86_400 * SECOND:
        labels = [label for _, label in ticks]
        assert len(set(labels)) == len(labels)


def test_what_lies_outside_is_at_the_edge() -> None:
    axis = Axis(100, 200, 10, 100)
    assert [axis.x(t) for t in (0, 100, 150, 200, 300)] == [10, 10, 60, 110, 110]


def test_around_leaves_room() -> None:
    axis = Axis.around(T, T, 0, 100)
    assert axis.begin < T < axis.end
    wide = Axis.around(T, T + 40 * SECOND, 0, 100)
    assert (wide.begin, wide.end) == (T - SECOND, T + 41 * SECOND)


def test_drawn_with_times_below() -> None:
    shapes = Axis(T, T + 60 * SECOND, 0, 800).draw(10, 50)
    texts = [shape for shape in shapes if isinstance(shape, Text)]
    assert all(text.y > 50 for text in texts)
    assert len(shapes) == 2 * len(texts)


def test_day() -> None:
    assert day(T) == "2026-11-23"
    assert day(-(2**62))
