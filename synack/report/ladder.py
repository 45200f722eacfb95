"""The ladder of one attempt as a drawing: a line for each place that captured, client at the
left, server at the right, and an arrow for each transmission.

The rungs are in order of time, not to scale: seconds and frames stand beside them. What was
lost ends in a cross where it vanished, what nobody can say ends in a question mark.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from synack.report.palette import COLOURS
from synack.report.rungs import Ladder, Rung, Seen
from synack.report.svg import (
    ALARM,
    FAINT,
    GREY,
    GROUND,
    INK,
    MONO_COLUMN,
    Box,
    Drawing,
    Line,
    Shape,
    Text,
    arrow,
    fitted,
    width_of,
)
from synack.wording import iso_time

WIDTH = 860
_LEFT, _RIGHT = 170.0, 690.0
_TOP, _ROW = 122, 40
_SMALL = 10.5


def draw(ladder: Ladder, wrong: Collection[str] = (), shown: int = 40) -> Drawing:
    """``wrong``: MACs to mark, as those of a stale entry. Of more rungs than ``shown`` the first
    ones and the last are drawn."""
    rungs = list(ladder.rungs)
    left_out = max(len(rungs) - max(shown, 2), 0)
    if left_out:
        rungs[max(shown, 2) - 1 : -1] = []
    height = _TOP + _ROW * (len(rungs) + bool(left_out)) + 26
    title = f"{ladder.client} to {ladder.server}: {ladder.outcome}"
    drawing = Drawing(WIDTH, height, title)
    drawing.add(*_head(ladder))
    stations = _Stations(ladder)
    drawing.add(*stations.lines(_TOP - 8, height - 18))
    y = _TOP + 14.0
    for place, rung in enumerate(rungs):
        if left_out and place == len(rungs) - 1:
            more = f"\u22ee  {left_out} more  \u22ee"
            drawing.add(Text((_LEFT + _RIGHT) / 2, y, more, GREY, 11, "middle"))
            y += _ROW
        drawing.add(*_Drawn(ladder, stations, rung, y, wrong).shapes())
        y += _ROW
    return drawing


def _head(ladder: Ladder) -> list[Shape]:
    colour = COLOURS[ladder.outcome]
    says = ladder.outcome + (f": {ladder.reason}" if ladder.reason else "")
    shapes: list[Shape] = [
        Box(20, 17, 11, 11, colour),
        Text(38, 27, fitted(says, WIDTH - 60, 14), size=14, bold=True, hint=says),
    ]
    when = ""
    if ladder.begin is not None:
        clock = f" by the clock of {ladder.clock}" if ladder.clock else ""
        when = f"0 s is {iso_time(ladder.begin)[:26].replace('T', ' ')} UTC{clock}"
        if ladder.doubt_ns is not None:
            when += f"; times at the two ends are comparable within {ladder.doubt_ns / 1e6:.3f} ms"
    if ladder.translated:
        shapes.append(Text(20, 64, f"at the server's side: {ladder.translated}", GREY, 11))
    shapes.append(Text(20, 47, fitted(when, WIDTH - 40, 11), GREY, 11, hint=when))
    return shapes


class _Stations:
    """Where the line of each place is: taps between the ends, in the order of their times."""

    def __init__(self, ladder: Ladder) -> None:
        self.ladder = ladder
        self.taps = _in_order(ladder.rungs)
        step = (_RIGHT - _LEFT) / (len(self.taps) + 1)
        self.at = {tap: _LEFT + step * (n + 1) for n, tap in enumerate(self.taps)}

    def lines(self, top: float, bottom: float) -> list[Shape]:
        shapes: list[Shape] = []
        for x, host, address in (
            (_LEFT, self.ladder.client_host, self.ladder.client),
            (_RIGHT, self.ladder.server_host, self.ladder.server),
        ):
            seen = bool(host)
            name = fitted(host or "not captured", 300)
            shapes += [
                Line(x, top, x, bottom, INK if seen else GREY, 1.5, "" if seen else "2 4"),
                Text(x, top - 22, name, INK if seen else GREY, anchor="middle", bold=seen,
                     hint=host),
                Text(x, top - 8, address, GREY, _SMALL, "middle", mono=True),
            ]  # fmt: skip
        for tap, x in self.at.items():
            room = (_RIGHT - _LEFT) / (len(self.taps) + 1) - 8
            shapes += [
                Line(x, top, x, bottom, FAINT, 1.5),
                Text(x, top - 8, fitted(tap, room, 11), GREY, 11, "middle", hint=tap),
            ]
        return shapes

    def of(self, rung: Rung, seen: Seen) -> float:
        if seen in rung.passed:
            return self.at[seen.place]
        return _LEFT if (seen is rung.sent) == rung.from_client else _RIGHT


def _in_order(rungs: Sequence[Rung]) -> list[str]:
    """Taps from client to server, by the times at which they saw what passed them."""
    places: dict[str, list[float]] = {}
    for rung in rungs:
        for place, seen in enumerate(rung.passed):
            part = (place + 1) / (len(rung.passed) + 1)
            places.setdefault(seen.place, []).append(part if rung.from_client else 1 - part)
    return sorted(places, key=lambda tap: (sum(places[tap]) / len(places[tap]), tap))


class _Drawn:
    """One rung at height ``y``."""

    def __init__(
        self, ladder: Ladder, stations: _Stations, rung: Rung, y: float, wrong: Collection[str]
    ) -> None:
        self.begin = ladder.begin or 0
        self.stations, self.rung, self.y, self.wrong = stations, rung, y, wrong
        ends = (_LEFT, _RIGHT) if rung.from_client else (_RIGHT, _LEFT)
        self.start, self.end = map(float, ends)
        self.way = 1 if rung.from_client else -1

    def shapes(self) -> list[Shape]:
        r = self.rung
        colour = {"lost": ALARM, "misdelivered": ALARM, "unwitnessed": GREY}.get(r.fate, INK)
        dash = "6 4" if r.fate == "unwitnessed" or not r.sent else ""
        tip = self.end if r.arrived else self._vanishes()
        shapes: list[Shape] = [
            Line(self.start, self.y, tip - self.way * 3, self.y, colour, 1.5, dash, self._hint())
        ]
        if r.arrived:
            shapes.append(arrow(self.start, self.y, tip, self.y, colour))
        else:
            shapes += self._ending(tip, colour)
        if not r.sent:
            shapes.append(Text(self.start + self.way * 8, self.y - 4, "?", GREY, 11, "middle"))
        for seen in r.passed:
            x = self.stations.of(r, seen)
            shapes.append(Box(x - 3, self.y - 3, 6, 6, colour, radius=3, hint=self._where(seen)))
        return shapes + self._label(colour) + self._sides()

    def _vanishes(self) -> float:
        """Between the last place that has it and the next one on its way."""
        seen = [self.stations.of(self.rung, part) for part in self.rung.seen] or [self.start]
        last = max(seen, key=lambda x: x * self.way)
        further = [*self.stations.at.values(), self.end]
        following = min((x for x in further if (x - last) * self.way > 0),
                        key=lambda x: x * self.way, default=self.end)  # fmt: skip
        return last + (following - last) * (0.5 if self.stations.taps else 0.8)

    def _ending(self, x: float, colour: str) -> list[Shape]:
        if self.rung.fate != "lost":
            return [Text(x + self.way * 4, self.y + 4, "?", colour, 13, "middle", bold=True)]
        y = self.y
        return [
            Line(x - 5, y - 5, x + 5, y + 5, colour, 2.2),
            Line(x - 5, y + 5, x + 5, y - 5, colour, 2.2),
            Line(x + self.way * 10, y, self.end - self.way * 4, y, FAINT, 1, "1 4"),
        ]

    def _label(self, colour: str) -> list[Shape]:
        """What it is above the arrow, from which MAC to which below: in the middle, or at both
        ends where a router put others in."""
        r = self.rung
        fate = {"misdelivered": "arrived, for another MAC"}.get(r.fate, r.fate)
        says = r.title if r.fate == "delivered" else f"{r.title}, {fate}"
        near, far = (self.start + self.way * (_RIGHT - _LEFT) * part for part in (0.25, 0.75))
        centre = near if self.stations.taps else (_LEFT + _RIGHT) / 2
        shapes = self._over(Text(centre, self.y - 5, says, colour, 12, "middle", bold=True))
        first = r.seen[0] if r.seen else None
        if first is None or not first.src_mac:
            return shapes
        if r.sent and r.arrived and r.sent[2:4] != r.arrived[2:4] and r.arrived.src_mac:
            return shapes + self._macs(r.sent, near) + self._macs(r.arrived, far)
        return shapes + self._macs(first, centre)

    def _macs(self, seen: Seen, middle: float) -> list[Shape]:
        """The two MACs, the one that it was sent to in alarm where it is a wrong one."""
        y = self.y + 13
        if not seen.dst_mac:
            return self._over(Text(middle, y, f"from {seen.src_mac}", GREY, _SMALL, "middle", True))
        head, column = f"{seen.src_mac} \u2192", _SMALL * MONO_COLUMN
        left = middle - (len(head) + 1 + len(seen.dst_mac)) * column / 2
        wrong = seen.dst_mac in self.wrong
        return self._over(
            Text(left, y, head, GREY, _SMALL, mono=True),
            Text(left + (len(head) + 1) * column, y, seen.dst_mac, ALARM if wrong else GREY,
                 _SMALL, mono=True, bold=wrong),
        )  # fmt: skip

    def _over(self, *texts: Text) -> list[Shape]:
        """``texts``, on ground of their own where lines of taps would go through."""
        if not self.stations.taps:
            return list(texts)
        shapes: list[Shape] = []
        for text in texts:
            width = width_of(text.text, text.size, text.mono)
            left = text.x - (width / 2 if text.anchor == "middle" else 0)
            shapes += [Box(left, text.y - 9, width, 11, GROUND), text]
        return shapes

    def _sides(self) -> list[Shape]:
        """Seconds and frame beside each end that has it."""
        shapes: list[Shape] = []
        for seen in (self.rung.sent, self.rung.arrived):
            if seen is None:
                continue
            left = self.stations.of(self.rung, seen) == _LEFT
            x, anchor = (_LEFT - 10, "end") if left else (_RIGHT + 10, "start")
            time = "no time" if seen.at is None else f"{(seen.at - self.begin) / 1e9:.6f} s"
            hint = self._where(seen)
            shapes += [
                Text(x, self.y + 1, time, INK, 11, anchor, mono=True, hint=hint),
                Text(x, self.y + 14, f"frame {seen.frame}", GREY, _SMALL, anchor),
            ]
        return shapes

    def _where(self, seen: Seen) -> str:
        time = "" if seen.at is None else f" at {iso_time(seen.at)}"
        return f"{seen.place}{time}: {seen.file} frame {seen.frame}"

    def _hint(self) -> str:
        r = self.rung
        reason = f": {r.reason}" if r.reason else ""
        gone = f", vanished {r.vanished}" if r.vanished else ""
        return f"{r.title} {r.fate}{reason}{gone}"
