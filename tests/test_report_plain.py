"""Untrusted text is spelled out before it reaches a terminal."""

import pytest

from synack.report.plain import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("broker-1", "broker-1"),
        ("zürich-é", "zürich-é"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\r", "a\\nb\\r"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\udcff", "\\udcff"),
        ("", ""),
    ],
)
def test_printable(text, shown):
    assert printable(text) == shown
