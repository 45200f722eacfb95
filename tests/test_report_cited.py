"""Frames that findings refer to."""

from __future__ import annotations

from pathlib import Path

import pytest

import synack
from synack.errors import UsageError
from synack.report.cited import chosen, cited, rows_at

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="module")
def two():
    return synack.diagnose(FIXTURES / "two-causes")


def test_choice(two):
    assert [*chosen(two, [])] == [1, 2]
    assert [*chosen(two, [2, 2])] == [2]
    assert chosen(two, [2])[2] is two.findings[1]


@pytest.mark.parametrize("number", [0, 3, -1])
def test_no_such_finding(two, number):
    with pytest.raises(UsageError, match=f"no finding {number}; there are 2 findings"):
        chosen(two, [number])


def test_nothing_to_choose_from():
    healthy = synack.diagnose(FIXTURES / "healthy")
    with pytest.raises(UsageError, match="--all"):
        chosen(healthy, [])
    assert chosen(healthy, [], everything=True) == {}


def test_every_frame_of_the_evidence_is_a_row(two):
    """Each as often as it is cited, by finding and evidence."""
    found = cited(two, chosen(two, []))
    sources = [
        (number, place)
        for number, finding in enumerate(two.findings, 1)
        for place, evidence in enumerate(finding.evidence, 1)
        for source in evidence.sources
        if source.frame is not None
    ]
    told = [(c.finding, c.evidence) for all_of_one in found.values() for c in all_of_one]
    assert sorted(told) == sorted(sources)
    d = two.diagnosed
    rows = [*rows_at(d.matched.segments, found), *rows_at(d.loaded.claims, found)]
    assert len(rows) == len(found)
