"""How far apart two hosts' clocks are over time, from packets that both recorded.

A packet never arrives before it was sent. With x the time on the host's clock and y its
clock minus the other one, each packet to the host bounds y from above at x, each packet
from it bounds y from below. Steady clocks differ by a straight line (offset and drift),
so that line separates the two sets of points, and only their convex hulls matter (Duda
and others 1987; Poirier, Roy and Dagenais 2010). Of all lines that do, one is the
estimate; how far the others are from it at any time is what it may be wrong by then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from synack.handshake.hulls import (
    MAX_DRIFT,
    Band,
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
from synack.together import together

ONE_SIDED_NS = 50_000_000
"""What a one-sided bound may be off by at least: the delay is in it, and half of a
round trip on anything but a satellite link is below this."""


class Bounds(NamedTuple):
    """The difference of two clocks is at most (or at least) ``value`` at ``time`` on the
    host's clock: int64 ns, in any order."""

    time: Array
    value: Array


@dataclass(frozen=True)
class Step:
    """One of two clocks was set: between ``begin`` and ``end`` (ns, on the clock of host
    row ``clock``) their difference changed by ``least`` to ``most`` ns; None where
    packets of one direction only leave that open. Which of the two was set, two hosts
    alone cannot tell."""

    clock: int
    begin: int
    end: int
    least: int | None
    most: int | None

    def negated(self) -> Step:
        """The same for the difference the other way round."""
        least, most = self.least, self.most
        return replace(
            self,
            least=None if most is None else -most,
            most=None if least is None else -least,
        )


@dataclass(frozen=True, eq=False)
class Skew:
    """Clock of ``host`` minus clock of ``near`` (rows of the hosts) by the time on the
    clock of ``host``: ``offset`` at ``at``, changing by ``rate`` ns per ns.

    ``band`` is what that may be wrong by (ns, by ns after ``at``), ``begin`` and ``end``
    the first and last common packet.

    ``grade``: accurate (a line separates the bounds), approximate (no line does, but a
    clock that never drifts by more than :data:`MAX_DRIFT`: it was slewed), one-sided
    (``bound`` says which: at most, at least), inconsistent (no such clock does: one was
    set, or worse; the doubt covers all bounds).
    """

    host: int
    near: int
    at: int
    offset: int
    rate: float
    band: Band
    grade: str
    begin: int
    end: int
    bound: str = ""
    step: Step | None = None

    def value(self, times: Array) -> Array:
        """The difference of the clocks at ``times`` (int64 ns)."""
        if not self.rate:
            return np.broadcast_to(np.int64(self.offset), times.shape)
        return self.offset + np.rint((times - self.at) * self.rate).astype(np.int64)

    def doubt(self, times: Array) -> Array:
        """What :meth:`value` may be wrong by at ``times`` (float64 ns)."""
        knots, doubts, growth = self.band
        x = (times - self.at).astype(np.float64)
        outside = np.maximum(np.maximum(knots[0] - x, x - knots[-1]), 0.0)
        return np.interp(x, knots, doubts) + growth * outside

    def worst(self, begin: int, end: int) -> float:
        """The greatest doubt between two times."""
        knots, doubts, _ = self.band
        inside = doubts[(knots > begin - self.at) & (knots < end - self.at)]
        ends = self.doubt(np.array([begin, end], np.int64))
        return float(max(ends.max(), inside.max(initial=0.0)))

    def turned(self) -> Skew:
        """The same from the other end: ``near`` minus ``host`` by the clock of ``near``."""
        # The time there is x - y: a shear, in which lines stay lines. An error of the
        # difference is one of the time, too, at which difference and doubt are looked up.
        scale = 1.0 - self.rate
        knots, doubts, growth = self.band
        steepness = scale - growth
        begin, end = (t - int(self.value(np.array([t]))[0]) for t in (self.begin, self.end))
        return Skew(
            host=self.near,
            near=self.host,
            at=self.at - self.offset,
            offset=-self.offset,
            rate=-self.rate / scale,
            band=Band(knots * scale, doubts / steepness + 1.0, growth / steepness),
            grade=self.grade,
            begin=begin,
            end=end,
            bound={"at most": "at least", "at least": "at most"}.get(self.bound, ""),
            step=self.step and self.step.negated(),
        )


def given(host: int, near: int, offset: int, doubt: int = 0) -> Skew:
    """An offset that is not from packets."""
    band = Band(np.zeros(1), np.full(1, float(doubt)), 0.0)
    return Skew(host, near, 0, offset, 0.0, band, "approximate", 0, 0)


def skew(host: int, near: int, above: Bounds, below: Bounds) -> Skew:
    """How the clock of ``host`` stands to that of ``near``, from at least one bound.

    The rate is 0 unless the packets exclude that.
    """
    times = np.concatenate([above.time, below.time])
    begin, end = int(times.min()), int(times.max())
    at = begin + (end - begin) // 2
    origin = int((above.value if len(above.value) else below.value)[0])
    upper = Points((above.time - at).astype(float), (above.value - origin).astype(float))
    lower = Points((below.time - at).astype(float), (origin - below.value).astype(float))
    found = _fit(upper, lower)
    step = None
    if found.grade == "inconsistent":
        step = _step(host, at, upper, lower)
        # Set back it is at two places on its own clock, and at one on the other.
        step = step or _step(near, at - origin, *_by_the_other_clock(upper, lower))
    return Skew(
        host=host,
        near=near,
        at=at,
        offset=origin + int(found.middle),
        rate=found.rate,
        band=found.band,
        grade=found.grade,
        begin=begin,
        end=end,
        bound=found.bound,
        step=step,
    )


class _Fit(NamedTuple):
    grade: str
    middle: float
    rate: float
    band: Band
    bound: str = ""


def _fit(upper: Points, lower: Points) -> _Fit:
    if not len(upper.x) or not len(lower.x):
        return _one_sided(upper, lower)
    slack = _rounding(upper, lower)
    points = len(upper.x) + len(lower.x)
    above, below = together(points, lambda: tightest(upper), lambda: tightest(lower))
    corners = hull(above), hull(below)
    lines = separating(*corners, slack)
    lines = lines._replace(middle=float(math.floor(lines.middle)))
    if not lines.lacking:
        grade, band = "accurate", band_of_lines(*corners, lines)
    elif reachable(above, below, slack):
        grade, band = "approximate", band_of_curves(above, below, lines)
    else:
        return _inconsistent(upper, lower)
    if lines.slope:
        slack += 1.0  # values come in whole ns
    return _Fit(grade, lines.middle, lines.slope, band._replace(doubts=band.doubts + slack))


def _rounding(upper: Points, lower: Points) -> float:
    """More than what computing in float64 may be off by, ns."""
    largest = max(float(np.abs(p.y).max() + MAX_DRIFT * np.abs(p.x).max()) for p in (upper, lower))
    return 1e-3 + largest * 2.0**-46


def _one_sided(upper: Points, lower: Points) -> _Fit:
    at_most = len(upper.x) > 0
    bounds = upper if at_most else lower
    tight = float(bounds.y.min())
    doubt = max(float(np.ptp(bounds.y)), float(ONE_SIDED_NS))
    return _Fit(
        "one-sided",
        tight if at_most else -tight,
        0.0,
        _even(bounds.x, doubt),
        "at most" if at_most else "at least",
    )


def _inconsistent(upper: Points, lower: Points) -> _Fit:
    """The middle of all bounds, give or take all of them."""
    values = np.concatenate([upper.y, -lower.y])
    high, low = float(values.max()), float(values.min())
    middle = float(math.floor((high + low) / 2))
    band = _even(np.concatenate([upper.x, lower.x]), high - middle)
    return _Fit("inconsistent", middle, 0.0, band)


def _even(x: Array, doubt: float) -> Band:
    """The same doubt at all of ``x``, more outside."""
    return Band(np.array([x.min(), x.max()]), np.full(2, doubt), MAX_DRIFT)


def _by_the_other_clock(upper: Points, lower: Points) -> tuple[Points, Points]:
    return Points(upper.x - upper.y, upper.y), Points(lower.x + lower.y, lower.y)


def _step(clock: int, at: int, upper: Points, lower: Points) -> Step | None:
    found = jump(upper, lower, _rounding(upper, lower))
    if found is None:
        return None
    return Step(
        clock,
        at + int(found.begin),
        at + int(found.end),
        math.floor(found.least) if math.isfinite(found.least) else None,
        math.ceil(found.most) if math.isfinite(found.most) else None,
    )
