"""What all readers share: numbered lines, dates above rows, prompts, what is not read."""

from __future__ import annotations

import pytest

from synack.context.reading import LONGEST, MOST_UNREAD, Rows, command, numbered, objects, whole
from synack.tables import COUNTERS, NO_TIME, OWNERS


def test_numbered() -> None:
    """Empty lines count, and are left out; so are lines without end."""
    text = "a\n\n  \nb\n" + "x" * (LONGEST + 1) + "\nc"
    assert list(numbered(text)) == [(1, "a"), (4, "b"), (6, "c")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("9" * 5000, None),
        ("-1", None),
        ("1.5", None),
        ("", None),
        ("\u0663", None),
        ("\u00b2", None),
    ],
)
def test_whole(text: str, value: int | None) -> None:
    """Only what 63 bits hold; digits of other scripts are none."""
    assert whole(text) == value


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("$ ss -tan", "ss -tan"),
        ("root@broker-1:~# ss -tan", "ss -tan"),
        ("[ec2-user@ip-10-0-1-10 ~]$ netstat -s", "netstat -s"),
        ("== ss -tan ==", "ss -tan"),
        ("### sysctl -a", "sysctl -a"),
        ("+ ip addr", "ip addr"),
        ("LISTEN 0 128 *:22 *:*", ""),
        ("text", ""),
    ],
)
def test_command(line: str, typed: str) -> None:
    """Behind prompts of several shells, between rulers, in a trace of ``set -x``."""
    assert command(line) == typed


def test_dates() -> None:
    """A date line holds for the rows below it, until the next."""
    rows = Rows("x", COUNTERS)
    rows.add(1, "", "a", 1)
    assert rows.date("2026-11-25T02:44:00Z")
    rows.add(3, "", "b", 2)
    assert not rows.date("b 2")
    assert rows.date("$ date; ss  # Wed Nov 25 02:45:00 UTC 2026")
    rows.add(6, "", "c", 3)
    reading = rows.reading("test")
    assert reading is not None
    second = 1_000_000_000
    first = 1795574640 * second
    assert reading.table["at"].tolist() == [NO_TIME, first, first + 60 * second]
    assert reading.table["line"].tolist() == [1, 3, 6]
    assert set(reading.table["file"]) == {"x"}
    assert set(reading.table["host"]) == {""}
    assert reading.lines == 5
    assert not reading.local_time


def test_local_dates() -> None:
    """A date without zone is said, if it is the time of a row."""
    rows = Rows("x", COUNTERS)
    rows.date("2026-11-25 02:44:00")
    rows.date("2026-11-25 02:44:00Z")
    rows.add(3, "", "a", 1)
    zoned = rows.reading("test")
    rows.date("2026-11-25 02:44:00")
    rows.add(5, "", "a", 1)
    local = rows.reading("test")
    assert zoned is not None
    assert local is not None
    assert (zoned.local_time, local.local_time) == (False, True)


def test_nothing() -> None:
    """No row is no reading, unless it is sure what the file is."""
    assert Rows("x", COUNTERS).reading("test") is None
    empty = Rows("x", COUNTERS).reading("test", sure=True)
    assert empty is not None
    assert len(empty.table) == 0


def test_tables_without_host() -> None:
    """What an inventory says is of no host."""
    rows = Rows("x", OWNERS)
    rows.add(1, "lease", 0, 1, 2, "name", 3, 4, "says")
    reading = rows.reading("test")
    assert reading is not None
    assert "host" not in reading.table.columns


def test_many_unread_lines() -> None:
    """Named by line, and the rest counted."""
    rows = Rows("x", COUNTERS)
    for line in range(1, MOST_UNREAD + 11):
        rows.unreadable(line, "why")
    rows.add(5000, "", "a", 1)
    reading = rows.reading("test")
    assert reading is not None
    assert [str(damage) for damage in reading.unread[:2]] == ["x, line 1: why", "x, line 2: why"]
    assert len(reading.unread) == MOST_UNREAD
    assert reading.warnings == ["x: 1010 lines could not be read, the first 1000 are listed"]


def test_dates_above_documents() -> None:
    """``date; ip -j ...`` in a loop: each object as of the date above it."""
    text = (
        '[{"x": 0}]\n2026-11-25T02:44:00Z\n[{"x": 1},\n {"x": 2}]\n'
        '2026-11-25T02:44:05Z\n[ {\n"x": 3}]'
    )
    rows = Rows("x", COUNTERS)
    for line, value in objects(rows, text, "x"):
        rows.add(line, "", "x", value["x"])
    reading = rows.reading("test")
    assert reading is not None
    first = 1795574640 * 10**9
    assert reading.table["at"].tolist() == [NO_TIME, first, first, first + 5 * 10**9]
    assert reading.table["line"].tolist() == [1, 3, 4, 6]
