"""Addresses in sentences are found, and nothing of the sentence is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.report.plain import printable
from synack.report.prose import pieces


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("10.0.1.77 is at 0a:de:ad:00:00:01.", ["10.0.1.77", "0a:de:ad:00:00:01"]),
        ("entry for fd00::1: it is", ["fd00::1"]),
        ("fe80::, ::1", ["fe80::", "::1"]),
        ("since 14:58:48 version 1.2.3", []),
        ("ip-10.0.1.77x x10.0.1.77 10.0.1.77_1", []),
        ("deadbeef", []),
        ("", []),
    ],
)
def test_addresses(text, addresses):
    assert [piece.text for piece in pieces(text) if piece.is_address] == addresses


@given(st.text() | st.text("0a:. fd1_x\u202e\n", max_size=30))
def test_the_whole_text_is_there_and_printable(text):
    assert "".join(piece.text for piece in pieces(text)) == printable(text)
