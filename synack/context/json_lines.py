"""JSON objects of a document with the lines they begin at, whatever is around them.

Objects are taken one by one where a list of them begins, so that a document that is cut,
pasted below a prompt or followed by another is read as far as it goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def elements(
    text: str, holding: str, within: str = "", *, alone: bool = False
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, object) of each list of objects that have ``holding``, in order.

    ``within``: the key of the lists, ``Instances``; without, lists that begin a line are
    meant, as ``ip -j`` prints them; ``alone``: objects that begin a line. Ends where nesting
    is too deep for the decoder, and where very many objects are cut.
    """
    opening = _BRACE if alone else _key(within) if within else _BRACKET
    line, counted, at, cut = 1, 0, 0, 0
    while cut < _MOST_CUT and (begin := opening.search(text, at)) is not None:
        at = _after_space(text, begin.end())
        while text.startswith("{", at):
            line += text.count("\n", counted, at)
            counted = at
            try:
                value, at = _DECODER.raw_decode(text, at)
            except json.JSONDecodeError as error:
                at, cut = max(error.pos, at + 1), cut + 1
                break
            except (ValueError, RecursionError):  # a number of thousands of digits; too deep
                return
            if holding in value:
                yield line, value
            after = _after_space(text, at)
            if alone or not text.startswith(",", after):
                break
            at = _after_space(text, after + 1)


_MOST_CUT = 100
"""An error of the decoder counts all lines before it."""

_BRACKET = re.compile(r"^[ \t]{0,40}\[", re.M)
_BRACE = re.compile(r"^[ \t]{0,40}(?=\{)", re.M)


def _key(name: str) -> re.Pattern[str]:
    return re.compile(rf'"{name}"\s{{0,100}}:\s{{0,100}}\[')


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def whole_number(value: object) -> int | None:
    """``value`` when it is an integer of at most 63 bits and not negative."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    return int(value) if fits else None  # type: ignore[call-overload]
