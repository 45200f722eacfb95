"""How lines stand out where there is colour; plain text is the same without.

A line of a report is a str; a :class:`Line` knows its paint as well. What is painted has been
made printable before: escape sequences are only ours (ECMA-48 SGR).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from synack.model import OUTCOMES
from synack.report.plain import printable

_BOLD, _DIM, _RED, _GREEN, _YELLOW = "1", "2", "31", "32", "33"

Paint = Callable[[str], str]


class Line(str):
    """A line, and how it is painted."""

    __slots__ = ("paint",)

    def __new__(cls, text: str, paint: Paint) -> Line:
        line = super().__new__(cls, text)
        line.paint = paint
        return line

    paint: Paint


def shown(lines: Iterable[str], color: bool) -> str:
    """All lines, printable, painted if ``color``, without empty ones at the end."""
    texts = [(printable(line), line) for line in lines]
    if color:
        parts = [line.paint(text) if isinstance(line, Line) else text for text, line in texts]
    else:
        parts = [text for text, _ in texts]
    return "\n".join(parts).rstrip() + "\n"


def _sgr(codes: str, text: str) -> str:
    return f"\x1b[{codes}m{text}\x1b[0m" if text else ""


def bold(text: str) -> str:
    return _sgr(_BOLD, text)


def dim(text: str) -> str:
    return _sgr(_DIM, text)


def good(text: str) -> str:
    return _sgr(f"{_BOLD};{_GREEN}", text)


def bad(text: str) -> str:
    return _sgr(f"{_BOLD};{_RED}", text)


_BY_CONFIDENCE = {"confirmed": _RED, "probable": _YELLOW, "possible": _YELLOW}


def finding(confidence: str) -> Paint:
    """The headline of a finding: the surer, the redder."""
    return lambda text: _sgr(f"{_BOLD};{_BY_CONFIDENCE[confidence]}", text)


def label(width: int) -> Paint:
    """The first ``width`` characters are the label of the rest."""
    return lambda text: bold(text[:width].rstrip()) + text[len(text[:width].rstrip()) :]


_OUTCOME = re.compile(rf"(?<![\w-])(?:{'|'.join(OUTCOMES)})(?![\w-])")


def outcomes(text: str) -> str:
    """Words for outcomes: what completed, what nobody knows, and what failed."""
    codes = {"completed": _GREEN, "inconclusive": _YELLOW}
    return _OUTCOME.sub(lambda found: _sgr(codes.get(found[0], _RED), found[0]), text)


_LOST = re.compile(r"lost x|x lost|!<|>!")


def ladder(text: str) -> str:
    """Where arrows end without having arrived."""
    return _LOST.sub(lambda found: _sgr(_RED, found[0]), text)
