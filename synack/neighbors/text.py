"""From the bytes of a pasted, redirected or mailed command output to clean lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-9;:?]*+[@-~]|\][^\x07\x1b\n]*+(?:\x07|\x1b\\)?|[()][0-9A-B]|[=>78cDEHM])"
)
"""Colours and cursor moves (ECMA-48 CSI), window titles (xterm OSC), character sets."""

_JSON_OBJECT = re.compile(r"\{[^{}]*+\}")
"""A flat object. Neighbor rows are flat, and taking them one by one reads a cut or
concatenated document as far as it goes."""

_PAGER = re.compile(
    r"(?:<?-{2,5} ?\(?[Mm]ore(?: \d{1,3}%)?\)? ?-{2,5}>?|-- \[Q quit[^\]\n]{0,80}\]"
    r"|^lines \d{1,9}-\d{1,9}(?: \(END\))?(?=[ \b\r]|$))[ \b]*+(?:\r[ \b]*+(?!\n)){0,4}",
    re.M,
)
"""What a pager asks, and the blanks and backspaces that wipe it out again."""

_FIELD = r"[ \t]*+[A-Za-z]\w{1,39} +:(?: [^\n]*+)?+"
_LISTED = re.compile(r"\bLinkLayerAddress +:")
_RECORD = re.compile(rf"^{_FIELD}(?:\n{_FIELD}){{1,60}}+", re.M)
"""Lines ``NAME : VALUE`` without an empty one between them (PowerShell Format-List)."""

_JSON_GLUE = frozenset("[], \t")


def decode(data: bytes) -> str:
    """Text with ``\\n`` line ends and without byte order mark, NULs and escape sequences.

    UTF-16 (a redirected PowerShell session) is recognised by its mark or its zeros;
    what is not UTF-8 becomes U+FFFD, which no row contains.
    """
    text = data.decode(_encoding(data), "replace").removeprefix("\ufeff")
    # Zeros are left by a log truncated while it was written; they belong to no row.
    text = text.replace("\0", "")
    if "\x1b" in text:
        text = _ESCAPE.sub("", text)
    if "-" in text or "lines " in text:
        text = _PAGER.sub("", text)
    if "\b" in text:
        text = text.replace("\b", "")
    if "\r" in text:
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    return text


def _encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # ASCII as UTF-16 has a zero in every other byte, and none in between.
    even, odd = data[:512:2], data[1:512:2]
    if len(odd) >= 4 and odd.count(0) > 0.9 * len(odd) and not even.count(0):
        return "utf-16-le"
    if len(odd) >= 4 and even.count(0) > 0.9 * len(even) and not odd.count(0):
        return "utf-16-be"
    return "utf-8"


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """(line number, piece) in order: stripped lines, and JSON objects wherever they begin.

    Empty lines and the punctuation between JSON objects are left out. So that they can be
    read as one, the lines of a PowerShell list are one piece too.
    """
    if '"dst"' in text:
        whole = _JSON_OBJECT
    elif _LISTED.search(text) is not None:
        whole = _RECORD
    else:
        for number, line in enumerate(map(str.strip, text.split("\n")), 1):
            if line:
                yield number, line
        return
    number, end = 1, 0
    for found in whole.finditer(text):
        yield from _between(text[end : found.start()], number)
        number += text.count("\n", end, found.start())
        if whole is _JSON_OBJECT or "IPAddress" in found[0]:
            yield number, found[0]
        else:
            yield from _between(found[0], number)
        number += text.count("\n", found.start(), found.end())
        end = found.end()
    yield from _between(text[end:], number)


def _between(text: str, number: int) -> Iterator[tuple[int, str]]:
    for line in map(str.strip, text.split("\n")):
        if line and not _JSON_GLUE.issuperset(line):
            yield number, line
        number += 1
