"""Curves between two sets of points, against slow and obvious searches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synack.handshake.hulls import (
    MAX_DRIFT,
    Points,
    band_of_curves,
    band_of_lines,
    hull,
    jump,
    reachable,
    separating,
    tightest,
)
from synack.tables import Array

SLACK = 1e-3


def points(rows: list[tuple[int, int]]) -> Points:
    x, y = np.array(rows, float).reshape(-1, 2).T
    return Points(x, y)


def noise(seed: int, size: int, span: float = 1e11, height: float = 1e6) -> Points:
    rng = np.random.default_rng(seed)
    return Points(np.rint(rng.uniform(0, span, size)), np.rint(rng.exponential(height, size)))


# Near to each other and far apart, so that the greatest drift sometimes decides.
ROWS = st.lists(
    st.tuples(st.one_of(st.integers(0, 50), st.integers(0, 10**11)), st.integers(-(10**7), 10**7)),
    min_size=1,
    max_size=25,
)
SLOPES = np.linspace(-MAX_DRIFT, MAX_DRIFT, 41)


@settings(max_examples=300)
@given(ROWS)
def test_what_is_left_out_bounds_nothing(rows: list[tuple[int, int]]) -> None:
    """The lowest point in every direction up to the greatest drift is among the tightest
    and, of those, a corner of the hull; each tightest one is needed."""
    given_points = points(rows)
    tight = tightest(given_points)
    corners = hull(tight)
    assert set(zip(*tight, strict=True)) <= set(zip(*given_points, strict=True))
    assert (np.diff(tight.x) > 0).all()
    assert (np.abs(np.diff(tight.y)) <= MAX_DRIFT * np.diff(tight.x) + SLACK).all()
    for slope in SLOPES:
        lowest = [(p.y - slope * p.x).min() for p in (given_points, tight, corners)]
        assert lowest == pytest.approx([lowest[0]] * 3, abs=SLACK)
    slopes = np.diff(corners.y) / np.diff(corners.x)
    assert (np.diff(slopes) > 0).all()


@pytest.mark.parametrize("height", [1e4, 1e6, 1e9])
def test_many_points(height: float) -> None:
    """The same where most of them are dropped before they are sorted."""
    many = noise(1, 200_000, height=height)
    tight = tightest(many)
    for slope in SLOPES:
        lowest = (many.y - slope * many.x).min()
        assert (tight.y - slope * tight.x).min() == pytest.approx(lowest, abs=SLACK)
        corners = hull(tight)
        assert (corners.y - slope * corners.x).min() == pytest.approx(lowest, abs=SLACK)
    order = np.argsort(many.x)
    assert tightest(Points(many.x[order], many.y[order])).x.tolist() == tight.x.tolist()


def test_many_points_at_one_time() -> None:
    """One of them is the tightest."""
    tight = tightest(Points(np.zeros(100_000), np.arange(100_000.0)[::-1]))
    assert (tight.x.tolist(), tight.y.tolist()) == ([0.0], [0.0])


def test_a_hull_of_many_corners() -> None:
    """A parabola is all corners; with a point far below its end, none but the ends."""
    x = np.arange(20_000.0) * 1e6
    y = (x - x.mean()) ** 2 * 1e-14
    assert len(hull(Points(x, y)).x) == 20_000
    y[-1] = -1e12
    assert hull(Points(x, y)).x.tolist() == [0.0, x[-1]]


@settings(max_examples=300)
@given(ROWS, ROWS)
def test_separating_lines(above: list[tuple[int, int]], below: list[tuple[int, int]]) -> None:
    """Found when a search over slopes finds one, with the same least and greatest slope; the
    one to go by keeps all bounds, and no other one is outside the band."""
    upper, lower = points(above), points([(x, -y) for x, y in below])
    corners = hull(tightest(upper)), hull(tightest(lower))
    lines = separating(*corners, SLACK)

    def room(slope: float) -> tuple[float, float]:
        return (
            float((lower.y + slope * lower.x).min()) * -1,
            float((upper.y - slope * upper.x).min()),
        )

    found = [slope for slope in [*SLOPES, lines.low, lines.high] if np.subtract(*room(slope)) <= 0]
    if lines.lacking:
        assert not found
        return
    assert min(found, default=lines.low) >= lines.low - 1e-12
    assert max(found, default=lines.high) <= lines.high + 1e-12
    assert lines.low <= lines.slope <= lines.high
    assert lines.slope == 0 or not lines.low <= 0 <= lines.high
    least, most = room(lines.slope)
    assert least - SLACK <= lines.middle <= most + SLACK
    band = band_of_lines(*corners, lines)
    for slope in found:
        for value in room(slope):
            for x in (-1e10, 0.0, 3.0, 5e10, 2e11):
                off = abs(value + slope * x - lines.middle - lines.slope * x)
                assert off <= at(band.knots, band.doubts, band.growth, x) + 0.1


def at(knots: Array, doubts: Array, growth: float, x: float) -> float:
    outside = max(knots[0] - x, x - knots[-1], 0.0)
    return float(np.interp(x, knots, doubts)) + growth * outside


def test_the_middle_of_the_possible() -> None:
    """Slope 0 where it is possible, else the middle of the slopes; the middle of the gap."""
    upper, lower = points([(0, 10), (1_000_000, 10)]), points([(0, 10), (1_000_000, 10)])
    lines = separating(hull(upper), hull(lower), SLACK)
    assert (lines.slope, lines.middle, lines.lacking) == (0.0, 0.0, 0.0)
    assert (lines.low, lines.high) == pytest.approx((-20e-6, 20e-6), abs=1e-8)
    # Tilted by 100 ppm.
    upper, lower = points([(0, 10), (1_000_000, 110)]), points([(0, 10), (1_000_000, -90)])
    lines = separating(hull(upper), hull(lower), SLACK)
    assert (lines.slope, lines.middle) == pytest.approx((100e-6, 0.0), abs=1e-6)
    # By 1,000 ppm: no clock does.
    upper, lower = points([(0, 10), (1_000_000, 1010)]), points([(0, 10), (1_000_000, -990)])
    lines = separating(hull(upper), hull(lower), SLACK)
    assert lines.lacking == pytest.approx(480, abs=1)
    assert lines.slope == MAX_DRIFT


@settings(max_examples=300)
@given(ROWS, ROWS)
def test_curves(above: list[tuple[int, int]], below: list[tuple[int, int]]) -> None:
    """A curve keeps all bounds unless two contradict each other; where one does, the highest
    and the lowest are within the band, and no jump is needed."""
    upper, lower = points(above), points([(x, -y) for x, y in below])
    apart = MAX_DRIFT * np.abs(upper.x[:, None] - lower.x[None, :])
    contradicted = bool((upper.y[:, None] + apart + lower.y[None, :] < -SLACK).any())
    tight = tightest(upper), tightest(lower)
    assert reachable(*tight, SLACK) == (not contradicted)
    if contradicted:
        return
    lines = separating(hull(tight[0]), hull(tight[1]), SLACK)
    band = band_of_curves(*tight, lines)
    for x in (-1e10, 0.0, 3.0, 5e10, 2e11, *upper.x, *lower.x):
        highest = (upper.y + MAX_DRIFT * np.abs(upper.x - x)).min()
        lowest = -(lower.y + MAX_DRIFT * np.abs(lower.x - x)).min()
        line = lines.middle + lines.slope * x
        off = max(highest - line, line - lowest)
        assert off <= at(band.knots, band.doubts, band.growth, x) + SLACK


def test_a_band_of_few_of_many_bounds() -> None:
    """It is wider than that of all, never narrower."""
    x = np.arange(0, 1e12, 1e8)
    curve = 1e6 * np.sin(x / 1e11)
    upper, lower = Points(x, curve + 100), Points(x, 100 - curve)
    lines = separating(hull(upper), hull(lower), SLACK)
    assert lines.lacking > 1e5
    assert reachable(upper, lower, SLACK)
    band = band_of_curves(upper, lower, lines)
    off = np.abs(curve - lines.middle - lines.slope * x)
    assert len(band.knots) < len(x) / 2
    assert (np.interp(x, band.knots, band.doubts) >= off).all()
    assert (np.interp(x, band.knots, band.doubts) <= off + 600_000).all()


class TestJump:
    """One jump explains bounds that contradict each other, or none does."""

    x = np.arange(0, 1e10, 1e8)

    def bounds(self, curve: Array) -> tuple[Points, Points]:
        return Points(self.x, curve + 1000), Points(self.x, 2000 - curve)

    @pytest.mark.parametrize("size", [1e6, -1e6, 1e15])
    def test_found(self, size: float) -> None:
        """Between the last point before it and the first after it that tell."""
        found = jump(*self.bounds(np.where(self.x > 4.05e9, size, 0.0)), SLACK)
        assert found is not None
        assert (found.begin, found.end) == (4e9, 4.1e9)
        assert found.least <= size <= found.most
        assert found.most - found.least < 10_000 + 4 * MAX_DRIFT * 1e8

    def test_several(self) -> None:
        """There and back is not one jump."""
        curve = np.where((self.x > 3.05e9) & (self.x < 6.05e9), 1e6, 0.0)
        assert jump(*self.bounds(curve), SLACK) is None

    def test_open_sides(self) -> None:
        """Upper bounds before and lower bounds after: how far it went is open."""
        upper, lower = points([(0, 10), (10, 10)]), points([(20, -1000), (30, -1000)])
        found = jump(upper, lower, SLACK)
        assert found is not None
        assert (found.begin, found.end) == (10, 20)
        assert found.least == pytest.approx(990, abs=1)
        assert found.most == np.inf
