"""Text from files is never trusted: nothing in it may steer a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """``text`` with control, format and unassigned characters spelled out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
