"""A file of an incident: when it was taken, and which of its names says most."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from synack.incident.sources import Source, one_host_only, taken_at, told_best
from synack.tables import NO_TIME

STAMPED = "b.neigh.2026-09-16T14:05:00Z.txt"
MOMENT = 1_789_567_500 * 10**9


def test_the_surest_time_counts(tmp_path: Path) -> None:
    """incident.toml, the name, the archive, and only then the file's own time of change."""
    plain, stamped = tmp_path / "b.neigh.txt", tmp_path / STAMPED
    plain.touch()
    os.utime(plain, ns=(5, 7))
    assert taken_at(Source(str(stamped), at=1, recorded=2)) == (1, False)
    assert taken_at(Source(str(stamped), recorded=2)) == (MOMENT, False)
    assert taken_at(Source(str(plain), recorded=2)) == (2, False)
    assert taken_at(Source(str(plain))) == (7, True)
    assert taken_at(Source("-")) == (NO_TIME, True)


@pytest.mark.parametrize(
    ("source", "must"),
    [
        (Source("b-eth0.pcap"), True),
        (Source("b-eth0.PCAP12.gz"), True),
        (Source("notes.txt"), False),
        (Source("notes.txt", explicit=True), True),
    ],
)
def test_what_must_be_read(source: Source, must: bool) -> None:
    assert source.must_be_read == must


GIVEN = Source("x", host="web", host_given=True)
NAMED = Source("web-eth0.pcap", host="web", interface="eth0")
SHORT = Source("web.pcap", host="web")
FOLDER = Source("a/x.pcap", host="a", host_from_folder=True)


def test_the_surest_name_is_first() -> None:
    assert sorted([FOLDER, SHORT, NAMED, GIVEN], key=told_best) == [GIVEN, NAMED, SHORT, FOLDER]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Source("db.pcap", host="db"), ", as web's: db's it cannot be as well"),
        (Source("w.pcap", host="web"), ""),
        (Source("x.pcap"), ""),
        (FOLDER, ""),
    ],
)
def test_one_content_is_of_one_host(other: Source, said: str) -> None:
    assert one_host_only(SHORT, other) == said
    assert one_host_only(GIVEN, other) == ""
