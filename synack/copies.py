"""Captures that were given twice: a copy under another name, maybe compressed.

What one machine recorded is one witness, however many files hold it. Copies are files of
equal content, byte for byte once unpacked; those that merely begin alike are none.
"""

from __future__ import annotations

from collections.abc import Sequence

from synack.capture.window import open_window
from synack.errors import InputError
from synack.incident.sources import Source, one_host_only, told_best
from synack.recognize import FoundCapture
from synack.tables import NO_TIME

_HEAD, _STEP = 1 << 14, 1 << 20
_DIFFERENT = 8
"""A file is compared with so many at most that begin alike and go on differently: each with
each of many would take for ever."""

Found = tuple[Source, FoundCapture]


def without_copies(found: Sequence[Found]) -> tuple[list[Found], list[str]]:
    """``found`` without those that are a copy of another, and a warning for each of these."""
    alike: dict[int, list[Found]] = {}
    for member in found:
        alike.setdefault(member[1].first, []).append(member)
    copies: dict[str, str] = {}
    for first, members in alike.items():
        # Without a packet, or from a pipe, there is nothing to tell by.
        if first != NO_TIME and len(members) > 1:
            copies |= _copies([source for source, _ in members])
    kept = [member for member in found if member[0].path not in copies]
    return kept, [copies[path] for path in sorted(copies)]


def _copies(sources: list[Source]) -> dict[str, str]:
    """What to say of each copy, by its path. All ``sources`` begin at one time."""
    copies = {}
    by_head: dict[bytes, list[Source]] = {}
    for source in sorted(sources, key=told_best):
        try:
            with open_window(source.place or source.path) as window:
                others = by_head.setdefault(window.read(_HEAD), [])
            original = next((other for other in others if _equal(source, other)), None)
        except InputError:  # It was there a moment ago.
            continue
        if original is not None:
            copies[source.path] = (
                f"{source.path}: the same capture as {original.path}, read once"
                + one_host_only(original, source)
            )
        elif len(others) < _DIFFERENT:
            others.append(source)
    return copies


def _equal(one: Source, other: Source) -> bool:
    """Whether two files hold the same bytes once they are unpacked."""
    with (
        open_window(one.place or one.path) as mine,
        open_window(other.place or other.path) as theirs,
    ):
        if mine.compression is theirs.compression is None and mine.size != theirs.size:
            return False
        while (data := mine.read(_STEP)) == theirs.read(_STEP):
            if not data:
                return True
    return False
