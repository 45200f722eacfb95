from __future__ import annotations

import pytest

from synack.wording import clock_time, count, first_upper, iso_time


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (0, "SYN", "0 SYNs"),
        (1, "SYN", "1 SYN"),
        (2, "attempt", "2 attempts"),
        (1, "of them", "1 of them"),
        (3, "of them", "3 of them"),
    ],
)
def test_count(number, noun, text):
    assert count(number, noun) == text


@pytest.mark.parametrize(("text", "upper"), [("", ""), ("10.0.0.1", "10.0.0.1"), ("ab C", "Ab C")])
def test_first_upper(text, upper):
    assert first_upper(text) == upper


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (1_790_000_000_123_456_789, "2026-09-21T14:13:20.123456789Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
        (10**21, "1000000000000.000000000"),
    ],
)
def test_iso_time(time, text):
    assert iso_time(time) == text


def test_clock_time():
    assert clock_time(1_790_000_000_123_456_789) == "14:13:20"
