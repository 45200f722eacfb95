"""Date lines and stamps in file names, in every spelling that tools print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.neighbors.stamps import find_stamp, parse_clock, parse_stamp, stamp_in_name

AT = 1795420121 * 10**9  # 2026-11-23T07:48:41Z


@pytest.mark.parametrize(
    ("text", "ns", "zone"),
    [
        ("2026-11-23T07:48:41Z", AT, True),
        ("2026-11-23T07:48:41+00:00", AT, True),
        ("2026-11-23T08:48:41.5+01:00", AT + 500_000_000, True),
        ("2026-11-23 03:48:41 -0400", AT, True),
        ("2026-11-23 13:18:41+05:30", AT, True),
        ("2026-11-23 07:48:41", AT, False),
        ("2026-11-23 07:48", AT - 41 * 10**9, False),
        ("2026-11-23T07:48:41,123456789+00", AT + 123_456_789, True),
        ("[2026-11-23T07:48:41.353491]", AT + 353_491_000, False),
        ("20261123T074841Z", AT, True),
        ("### 2026-11-23T07:48:41Z ###", AT, True),
        ("== 1795420121.053", AT + 53_000_000, True),
        ("1795420121", AT, True),
        ("1795420121.123456789", AT + 123_456_789, True),
        ("1795420121123", AT + 123_000_000, True),
        ("1795420121123456", AT + 123_456_000, True),
        ("1795420121123456789", AT + 123_456_789, True),
        ("T0 1795420121.001309351", AT + 1_309_351, True),
        ("Mon Nov 23 07:48:41 UTC 2026", AT, True),
        ("Mon Nov 23 07:48:41 AM UTC 2026", AT, True),
        ("Mon Nov 23 07:48:41 PM GMT 2026", AT + 12 * 3600 * 10**9, True),
        ("Mon Nov 23 07:48:41 CST 2026", AT, False),
        ("Mon Nov 23 07:48:41 2026", AT, False),
        ("--- Mon Nov 23 07:48:41 UTC 2026 ---", AT, True),
        ("Mon 23 Nov 2026 07:48:41 AM UTC", AT, True),
        ("Mon, 23 Nov 2026 07:48:41 +0000", AT, True),
        ("Monday, 23 November 2026 07:48:41 GMT", AT, True),
        ("Timestamp: Mon Nov 23 07:48:41 2026 353879 usec", AT + 353_879_000, False),
        ("date: 2026-11-23T07:48:41Z", AT, True),
        ("*07:48:41.500 UTC Mon Nov 23 2026", AT + 500_000_000, True),
        ("07:48:41.500 CET Mon Nov 23 2026", AT + 500_000_000, False),
        ("Monday, November 23, 2026 7:48:41 AM", AT, False),
        ("2026-11-23T07:48:60Z", AT + 19 * 10**9, True),
    ],
)
def test_spellings(text: str, ns: int, zone: bool) -> None:
    """Exact nanoseconds, and whether the spelling says which zone it is in."""
    assert parse_stamp(text) == (ns, zone)
    assert parse_stamp(f"  {text}\t") == (ns, zone)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "==",
        "10.0.0.2 dev eth0 lladdr 0a:1b:2c:00:00:02 STALE",
        "2026-11-23",
        "2026-13-23T07:48:41Z",
        "2026-02-30T07:48:41Z",
        "2026-11-23T24:00:00Z",
        "9999-11-23T07:48:41Z",
        "2026112307",
        "12345",
        "2795420121",
        "1795420121 seconds ago",
        "Mon Nov 23 13:48:41 PM UTC 2026",
        "2026-11-23T07:48:41Z and more",
        "0a:1b:2c:00:00:02",
        "07:48:41",
        "-10.652",
        "2026-11-23T07:48:41Z" + " " * 1000 + "x",
    ],
)
def test_no_stamp(text: str) -> None:
    """What is not wholly a date is not one."""
    assert parse_stamp(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("start 2026-11-23T07:48:41.5 gc_thresh1=128", (AT + 500_000_000, False)),
        ("Every 2.0s: ip neigh    b1: Mon Nov 23 07:48:41 2026", (AT, False)),
        ("collected 2026-11-23T07:48:41Z on broker-1", (AT, True)),
        ("1795420121.053 DROP", None),
        ("no date", None),
    ],
)
def test_find_stamp(text: str, expected: tuple[int, bool] | None) -> None:
    """A full date inside a heading counts, a bare number inside text does not."""
    assert find_stamp(text) == expected


def test_time_of_day() -> None:
    """A clock alone is the time since midnight."""
    assert parse_clock("== 07:45:06.052") == (7 * 3600 + 45 * 60 + 6) * 10**9 + 52_000_000
    assert parse_clock("07:45") is None
    assert parse_clock("27:45:00") is None


@pytest.mark.parametrize(
    ("name", "ns"),
    [
        ("neigh-20261123T074841Z.txt", AT),
        ("b1/arp.2026-11-23_07-48-41.txt", AT),
        ("20261123074841-arp.txt", AT),
        ("arp_2026-11-23T07:48:41.353Z.txt", AT + 353_000_000),
        ("arp-20261123-074841+0100.txt", AT - 3600 * 10**9),
        ("x-1795420121.txt", AT),
        ("x-1795420121.7z", AT),
        ("x-1795420121.25.txt", AT + 250_000_000),
        ("x-1795420121123.json", AT + 123_000_000),
        ("2026-11-23/arp.txt", None),
        ("arp-2026-11-23.txt", None),
        ("host-10.0.1.77.neigh.txt", None),
        ("20261399999999.txt", None),
        ("017954201210.txt", None),
        ("", None),
    ],
)
def test_stamp_in_name(name: str, ns: int | None) -> None:
    """Dates with a time, and epochs; a day alone is too coarse."""
    assert stamp_in_name(name) == ns


@given(st.text(alphabet="0123456789-:TZ .,+JanMonUTC=[]#", max_size=60))
def test_any_text(text: str) -> None:
    """Nothing raises, and what is read is a moment that fits 64 bits."""
    for result in (parse_stamp(text), find_stamp(text)):
        assert result is None or -(2**62) < result[0] < 2**63
    name = stamp_in_name(text)
    assert name is None or name < 2**63
