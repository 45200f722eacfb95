"""Curves between two sets of points: upper bounds of a clock difference, and lower ones.

All is in float64 ns from an origin that the caller chose near the data: x is a time, y
the bound there. A :class:`Points` holds upper bounds; lower bounds are given upside down
(-y), so that one code serves both. Slopes never exceed :data:`MAX_DRIFT`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synack.tables import Array

MAX_DRIFT = 500e-6
"""No clock in use gains or loses more: quartz stays below 100 ppm, NTP slews by 500."""

_THINNED = 1000
"""Bounds of each side that a band of cones is made of. Leaving some out only widens it."""


class Points(NamedTuple):
    """Upper bounds: ``y`` at ``x``."""

    x: Array
    y: Array


class Lines(NamedTuple):
    """The lines that separate the bounds, and the one to go by."""

    low: float
    high: float
    """Least and greatest slope of them all."""
    slope: float
    middle: float
    """Value at x = 0 of the one to go by."""
    lacking: float
    """By how much no line separates the bounds, 0 if one does."""


class Band(NamedTuple):
    """How far off a line the truth may be: ``doubts`` at ``knots``, linear between them,
    ``growth`` more per unit of x outside."""

    knots: Array
    doubts: Array
    growth: float


def tightest(points: Points) -> Points:
    """In order of x those that are not implied by another one and the greatest drift.

    What is left out bounds no curve that the others do not bound as tightly.
    """
    points = _likely(points)
    order = np.argsort(points.x, kind="stable")
    x, y = points.x[order], points.y[order]
    falling, rising = y - MAX_DRIFT * x, y + MAX_DRIFT * x
    keep = np.ones(len(x), bool)
    keep[1:] = falling[1:] < np.minimum.accumulate(falling)[:-1]
    keep[:-1] &= rising[:-1] <= np.minimum.accumulate(rising[::-1])[::-1][1:]
    keep[np.argmin(y)] = True
    return Points(x[keep], y[keep])


def _likely(points: Points) -> Points:
    """Without those that a bound in another one of many equal parts of the time implies:
    most of them, and cheaper than to sort them all."""
    parts = len(points.x) // 32
    x, y = points.x - points.x.min(), points.y
    if parts < 1000 or not x.any():
        return points
    part = (x * ((parts - 1) / x.max())).astype(np.int64)
    falling, rising = y - MAX_DRIFT * x, y + MAX_DRIFT * x
    before, after = np.full(parts + 1, np.inf), np.full(parts + 1, np.inf)
    np.minimum.at(before, part + 1, falling)
    np.minimum.at(after, part, rising)
    before = np.minimum.accumulate(before)
    after = np.minimum.accumulate(after[::-1])[::-1]
    keep = (falling < before[part]) & (rising <= after[part + 1])
    keep[np.argmin(y)] = True
    return Points(points.x[keep], y[keep])


def hull(points: Points) -> Points:
    """The lower convex hull of points in order of x."""
    x, y = points
    # What lies above the line between its neighbors is no corner, whatever becomes of
    # them. Each round leaves a half or less of points at random; the rest goes one by one.
    for _ in range(16):
        if len(x) < 64:
            break
        above = (y[1:-1] - y[:-2]) * (x[2:] - x[:-2]) >= (y[2:] - y[:-2]) * (x[1:-1] - x[:-2])
        keep = np.concatenate([[True], ~above, [True]])
        x, y = x[keep], y[keep]
    corners: list[tuple[float, float]] = []
    for cx, cy in zip(x.tolist(), y.tolist(), strict=True):
        while len(corners) > 1:
            (ax, ay), (bx, by) = corners[-2:]
            if (by - ay) * (cx - ax) < (cy - ay) * (bx - ax):
                break
            corners.pop()
        corners.append((cx, cy))
    return Points(*np.array(corners, np.float64).T)


def separating(upper: Points, lower: Points, slack: float) -> Lines:
    """The lines between two hulls, give or take ``slack``.

    The one to go by has slope 0 where that is possible, else the middle of the possible
    slopes, and then runs in the middle between the hulls. If no line separates them, it
    is the one that comes nearest to it.
    """
    slopes = np.concatenate([_slopes(upper), -_slopes(lower), [-MAX_DRIFT, 0.0, MAX_DRIFT]])
    slopes = _unique(np.clip(slopes, -MAX_DRIFT, MAX_DRIFT))
    gap = _support(upper, slopes) + _support(lower, -slopes) + slack
    best = int(np.argmax(gap))
    if gap[best] < 0:
        low = high = slope = float(slopes[best])
    else:
        possible = np.flatnonzero(gap >= 0)
        low = _zero(slopes, gap, possible[0] - 1, possible[0])
        high = _zero(slopes, gap, possible[-1], possible[-1] + 1)
        slope = 0.0 if low <= 0 <= high else (low + high) / 2
    at = np.array([slope])
    middle = float((_support(upper, at) - _support(lower, -at))[0]) / 2
    return Lines(low, high, slope, middle, max(-float(gap[best]), 0.0))


def _slopes(corners: Points) -> Array:
    return np.diff(corners.y) / np.diff(corners.x)


def _support(corners: Points, slopes: Array) -> Array:
    """Where the highest line of each slope below a hull is at x = 0."""
    corner = np.searchsorted(_slopes(corners), slopes)
    return corners.y[corner] - slopes * corners.x[corner]


def _zero(slopes: Array, gap: Array, i: int, j: int) -> float:
    """The slope between two where the gap closes; the end of all slopes if it never does."""
    if i < 0 or j == len(slopes):
        return float(slopes[max(i, 0)] if j == len(slopes) else slopes[j])
    part = gap[i] / (gap[i] - gap[j])
    return float(slopes[i] + (slopes[j] - slopes[i]) * part)


def band_of_lines(upper: Points, lower: Points, lines: Lines) -> Band:
    """How far the separating lines of two hulls are from the one to go by."""
    top, bottom = _touched(upper, lines.low, lines.high), _touched(lower, -lines.high, -lines.low)
    knots = _unique(np.concatenate([top.x, bottom.x]))
    line = lines.middle + lines.slope * knots
    highest = _along(top, lines.low, lines.high, knots)
    lowest = -_along(bottom, -lines.high, -lines.low, knots)
    growth = max(lines.slope - lines.low, lines.high - lines.slope)
    return Band(knots, np.maximum(highest - line, line - lowest), growth)


def _touched(corners: Points, low: float, high: float) -> Points:
    """Corners that a line of a slope from ``low`` to ``high`` can touch."""
    first, last = np.searchsorted(_slopes(corners), [low, high])
    return Points(corners.x[first : last + 1], corners.y[first : last + 1])


def _along(corners: Points, low: float, high: float, x: Array) -> Array:
    """Height of a hull that goes on with slope ``low`` before it and ``high`` after it."""
    before, after = np.minimum(x - corners.x[0], 0), np.maximum(x - corners.x[-1], 0)
    return np.interp(x, corners.x, corners.y) + low * before + high * after


def reachable(upper: Points, lower: Points, slack: float) -> bool:
    """Whether any curve that never drifts by more than :data:`MAX_DRIFT` keeps all the
    (tightest) bounds, give or take ``slack``."""
    return bool((_cones(upper, lower.x) + lower.y >= -slack).all())


def band_of_curves(upper: Points, lower: Points, lines: Lines) -> Band:
    """How far any curve between the (tightest) bounds may be from the line to go by."""
    upper, lower = _thinned(upper), _thinned(lower)
    knots = _unique(np.concatenate([upper.x, lower.x, _crossings(upper), _crossings(lower)]))
    line = lines.middle + lines.slope * knots
    doubts = np.maximum(_cones(upper, knots) - line, _cones(lower, knots) + line)
    return Band(knots, doubts, MAX_DRIFT + abs(lines.slope))


def _thinned(points: Points) -> Points:
    kept = _unique(np.linspace(0, len(points.x) - 1, _THINNED).astype(np.int64))
    return Points(points.x[kept], points.y[kept])


def _cones(points: Points, x: Array) -> Array:
    """The highest that a curve can be at ``x`` by the nearest bound on either side."""
    after = np.searchsorted(points.x, x, side="right")
    rising = points.y[after - 1] + MAX_DRIFT * (x - points.x[after - 1])
    nearest = np.minimum(after, len(points.x) - 1)
    falling = points.y[nearest] + MAX_DRIFT * np.abs(points.x[nearest] - x)
    return np.where(after > 0, np.minimum(rising, falling), falling)


def _crossings(points: Points) -> Array:
    """Where the cones of each two neighbors cross."""
    x, y = points
    return (x[1:] + x[:-1]) / 2 + np.diff(y) / (2 * MAX_DRIFT)


class Jump(NamedTuple):
    """A curve that jumps once, between ``begin`` and ``end``, by ``least`` to ``most``
    (infinite where open)."""

    begin: float
    end: float
    least: float
    most: float


def jump(upper: Points, lower: Points, slack: float) -> Jump | None:
    """The one jump that a curve needs to keep all the bounds, None if one is not enough."""
    x = np.concatenate([upper.x, lower.x])
    order = np.argsort(x, kind="stable")
    nothing = np.full(len(lower.x), np.inf)
    x, most = x[order], np.concatenate([upper.y, nothing])[order]
    least = -np.concatenate([np.full(len(upper.x), np.inf), lower.y])[order]
    after = _first_conflict(x, most, least, slack)
    before = len(x) - 1 - _first_conflict(-x[::-1], most[::-1], least[::-1], slack)
    if before >= after:
        return None
    middle = (x[before] + x[after]) / 2
    drift = MAX_DRIFT * np.abs(x - middle)
    first, then = slice(before + 1), slice(after, None)
    return Jump(
        float(x[before]),
        float(x[after]),
        float((least - drift)[then].max() - (most + drift)[first].min()),
        float((most + drift)[then].min() - (least - drift)[first].max()),
    )


def _first_conflict(x: Array, most: Array, least: Array, slack: float) -> int:
    """The first bound that contradicts one before it; their number if none does."""
    drift = MAX_DRIFT * x
    highest = np.minimum.accumulate(most - drift) + drift
    lowest = np.maximum.accumulate(least + drift) - drift
    conflicts = lowest > highest + slack
    return int(np.argmax(conflicts)) if conflicts.any() else len(x)


def _unique(values: Array) -> Array:
    """The distinct values, sorted. (``np.unique`` first imports a seventh of numpy.)"""
    ordered = np.sort(values)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
