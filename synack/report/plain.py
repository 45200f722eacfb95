"""Text from files is never trusted: nothing in it may steer a terminal. And text in lines."""

from __future__ import annotations

import textwrap


def printable(text: str) -> str:
    """``text`` with control, format and unassigned characters spelled out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """``text`` in lines of ``width`` that begin with ``first`` and ``rest``; no word is cut."""
    if text and len(first) + len(text) <= width and " ".join(text.split()) == text:
        return [first + text]  # most is short, and taking it apart takes longer than the rest
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
