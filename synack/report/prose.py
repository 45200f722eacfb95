"""Sentences about findings, with the addresses in them apart: reports set these in code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from synack.addresses import parse_ip, parse_mac
from synack.report.plain import printable

_ADDRESS = re.compile(r"[0-9A-Fa-f:.]*(?:[0-9A-Fa-f]|::)")


class Piece(NamedTuple):
    """A part of a sentence, printable."""

    text: str
    is_address: bool


def pieces(content: str) -> Iterator[Piece]:
    """``content`` in order, its MACs and IP addresses each alone; nothing is left out."""
    content, at = printable(content), 0
    for found in _ADDRESS.finditer(content):
        if _is_address(content, found):
            yield Piece(content[at : found.start()], False)
            yield Piece(found[0], True)
            at = found.end()
    yield Piece(content[at:], False)


def _is_address(content: str, found: re.Match[str]) -> bool:
    before, after = content[: found.start()][-1:], content[found.end() :][:1]
    if not re.search("[:.]", found[0]):
        return False
    if before.isalnum() or after.isalnum() or before == "_" or after == "_":
        return False
    return parse_mac(found[0]) is not None or parse_ip(found[0]) is not None
