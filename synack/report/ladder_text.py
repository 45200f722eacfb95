"""The ladder of one attempt in plain characters: the client at the left, the server at the right.

An arrow ends with ``>`` or ``<`` where the segment arrived, ``x`` where it was lost, ``!`` where
it arrived addressed to another MAC, ``?`` where nobody can say; and begins with ``?`` where the
sender's capture does not have it. MACs are shown where they are not those of the arrow before
in the same direction, and with ``there`` those at the receiver, if other. Addresses are never cut.
"""

from __future__ import annotations

from synack.report.plain import printable, wrapped
from synack.report.rungs import Ladder, Rung, Seen
from synack.wording import iso_time

WIDTH = 80
_NARROWEST = 40
"""Between the lines of client and server: two MACs fit."""
_ENDS = {"delivered": ">", "lost": "x lost", "misdelivered": ">!", "unwitnessed": "?"}


def lines(ladder: Ladder, indent: str = "", shown: int = 12) -> list[str]:
    """The ladder in lines of at most 80 characters (of longer host names more), all printable.

    ``shown``: how many transmissions at most, the first ones and the last.
    """
    begin, decimals = ladder.begin or 0, 6
    room = WIDTH - len(indent) - 4 - _NARROWEST
    while decimals and _side(ladder, begin, decimals) * 2 > room:
        decimals -= 3
    side = _side(ladder, begin, decimals)
    sketch = _Sketch(begin, decimals, side, max(WIDTH - len(indent) - 4 - 2 * side, _NARROWEST))
    room = WIDTH - len(indent)
    result = [part for line in head(ladder) for part in wrapped(line, room, rest="  ")]
    left_out = len(ladder.rungs) - max(shown, 2)
    for place, rung in enumerate(ladder.rungs):
        if left_out <= 0 or place < shown - 1 or rung is ladder.rungs[-1]:
            result += sketch.rung(rung)
        elif place == shown - 1:
            result.append(sketch.row("", f"... {left_out} more ...", ""))
    return [printable(indent + line).rstrip() for line in result]


def head(ladder: Ladder) -> list[str]:
    """Who the ends are, and what the times mean."""
    ends = [
        f"{address} ({host})" if host else f"{address} (not captured)"
        for address, host in ((ladder.client, ladder.client_host),
                              (ladder.server, ladder.server_host))
    ]  # fmt: skip
    result = [f"client {ends[0]}", f"server {ends[1]}"]
    if ladder.translated:
        result[1] += f", there {ladder.translated}"
    if ladder.begin is not None:
        clock = f" by the clock of {ladder.clock}" if ladder.clock else ""
        zero = f"0 s is {iso_time(ladder.begin)[11:26]} UTC{clock}"
        doubt = ladder.doubt_ns
        result.append(zero if doubt is None else f"{zero}; give or take {doubt / 1e6:.3f} ms")
    return result


def _side(ladder: Ladder, begin: int, decimals: int) -> int:
    texts = [_when(seen, begin, decimals) for rung in ladder.rungs for seen in rung.seen]
    return max(map(len, texts), default=0)


def _when(seen: Seen | None, begin: int, decimals: int) -> str:
    """``1.012345 #17``: seconds since the ladder began, and the frame."""
    if seen is None:
        return ""
    time = "" if seen.at is None else f"{(seen.at - begin) / 1e9:.{decimals}f} "
    return f"{time}#{seen.frame}"


class _Sketch:
    """Rows of one ladder. ``side``: width of what stands beside the two lines."""

    def __init__(self, begin: int, decimals: int, side: int, middle: int) -> None:
        self.begin, self.decimals, self.side, self.middle = begin, decimals, side, middle
        self.told: dict[bool, list[str]] = {True: [], False: []}

    def rung(self, rung: Rung) -> list[str]:
        ends = [_when(seen, self.begin, self.decimals) for seen in (rung.sent, rung.arrived)]
        left, right = ends if rung.from_client else ends[::-1]
        rows = [self.row(left, _arrow(rung, self.middle), right)]
        for note in self._notes(rung):
            rows += [self.row("", line, "") for line in wrapped(note, self.middle, "  ", "  ")]
        return rows

    def row(self, left: str, middle: str, right: str) -> str:
        return f"{left:>{self.side}} |{middle:<{self.middle}}| {right}"

    def _notes(self, rung: Rung) -> list[str]:
        """What the arrow does not say; not again what the one before in this direction had."""
        macs = list(dict.fromkeys(filter(None, (_macs(rung.sent), _macs(rung.arrived)))))
        notes = [*macs[:1], *(f"there {pair}" for pair in macs[1:])]
        if rung.vanished and not rung.between_ends:
            notes.append(f"vanished {rung.vanished}")
        before, self.told[rung.from_client] = self.told[rung.from_client], notes
        passed = [f"{s.place} {_when(s, self.begin, self.decimals)}" for s in rung.passed]
        return [note for note in notes if note not in before] + passed


def _macs(seen: Seen | None) -> str:
    """``0a:e6:f1:c2:6b:30 > 0a:1f:3c:90:5e:a1``; what the link type has of it."""
    if seen is None or not seen.src_mac:
        return ""
    return f"{seen.src_mac} > {seen.dst_mac}" if seen.dst_mac else f"from {seen.src_mac}"


def _arrow(rung: Rung, width: int) -> str:
    """What the client sends drawn from left to right, what the server sends turned round."""
    sure = rung.sent is not None and rung.fate != "unwitnessed"
    begin, end = ("--" if rung.sent else "?"), _ENDS[rung.fate]
    room = width if rung.arrived else width * 3 // 4
    room = max(room - len(f"{begin} {rung.title} {end}"), 0)
    shaft = ("-" if sure else "- ") * room
    if rung.from_client:
        return f"{begin} {rung.title} {shaft[:room]}{end}"
    end = " ".join(reversed(end.split())) if " " in end else end[::-1].replace(">", "<")
    return f"{end}{shaft[:room][::-1]} {rung.title} {begin}".rjust(width)
