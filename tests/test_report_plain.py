"""Untrusted text is spelled out before it reaches a terminal."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.report.plain import printable, wrapped


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


@given(st.text("ab-  \t\n\x1c\u00a0", max_size=30), st.integers(5, 20), st.sampled_from(["", "  "]))
def test_wrapped(text, width, first):
    """As the standard library has it, whether or not it fits into a line."""
    options = {"break_long_words": False, "break_on_hyphens": False}
    indents = {"initial_indent": first, "subsequent_indent": "    "}
    assert wrapped(text, width, first, "    ") == textwrap.wrap(text, width, **indents, **options)
