"""Time from left to right: where a moment is, and round moments to write below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from synack.report.svg import FAINT, GREY, Line, Shape, Text
from synack.wording import iso_time

_SECOND = 10**9
_STEPS = (
    *(unit * 10**power for power in range(9) for unit in (1, 2, 5)),
    *(s * _SECOND for s in (1, 2, 5, 10, 15, 30)),
    *(m * 60 * _SECOND for m in (1, 2, 5, 10, 15, 30)),
    *(h * 3600 * _SECOND for h in (1, 2, 3, 6, 12)),
    *(d * 86_400 * _SECOND for d in (1, 2, 7, 14, 28, 91, 182, 364, 3640, 36_400)),
)


@dataclass(frozen=True)
class Axis:
    """Times ``begin`` to ``end`` (ns since 1970 UTC) over ``width`` px from ``left`` on."""

    begin: int
    end: int
    left: float
    width: float

    @classmethod
    def around(cls, begin: int, end: int, left: float, width: float) -> Axis:
        """With a little room at both ends; at least a millisecond in all."""
        room = max((end - begin) // 40, 500_000)
        return cls(begin - room, end + room, left, width)

    def x(self, time: int) -> float:
        """Where ``time`` is; what lies outside is at the nearer end."""
        inside = min(max(time, self.begin), self.end)
        return self.left + (inside - self.begin) / (self.end - self.begin) * self.width

    def ticks(self, room: float = 90) -> Iterator[tuple[int, str]]:
        """Round times, ``room`` px or more apart, each as it is written."""
        least = (self.end - self.begin) * room / self.width
        step = next((step for step in _STEPS if step >= least), _STEPS[-1])
        days = day(self.begin) != day(self.end)
        for time in range(-(-self.begin // step) * step, self.end + 1, step):
            yield time, _written(time, step, days)

    def draw(self, top: float, bottom: float) -> list[Shape]:
        """Faint lines from ``top`` to ``bottom``, and the times below, in UTC."""
        shapes: list[Shape] = []
        for time, written in self.ticks():
            x = self.x(time)
            anchor = "end" if x > self.left + self.width - 24 else "middle"
            shapes += [Line(x, top, x, bottom, FAINT),
                       Text(x, bottom + 16, written, GREY, 11, anchor)]  # fmt: skip
        return shapes


def day(time: int) -> str:
    """``2026-11-23``."""
    return iso_time(time).partition("T")[0]


def _written(time: int, step: int, days: bool) -> str:
    """To the digit that the step needs; ``days``: with month and day before it."""
    date, _, clock = iso_time(time).partition("T")
    if step >= 86_400 * _SECOND or not clock:
        return date
    before = f"{date[5:]} " if days else ""
    if step >= 60 * _SECOND:
        return before + clock[:5]
    if step >= _SECOND:
        return before + clock[:8]
    decimals = 9 - (len(str(step)) - 1)
    return before + clock[: 9 + decimals]
