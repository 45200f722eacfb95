"""The page's view: what it says is what the diagnosis found."""

from __future__ import annotations

from pathlib import Path

import pytest

import synack
from synack.report.html.view import Remedy, page
from synack.report.html.view import _remedy as remedy

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def stale():
    return page(synack.diagnose(ROOT / "fixtures" / "stale-arp"), 76)


def test_the_verdict_and_the_outcomes_come_first(stale):
    assert stale.verdict == "1 finding: stale neighbor entry"
    assert stale.span == "2026-11-23 14:58:44 to 15:00:08 UTC"
    assert [(share.outcome, share.number) for share in stale.shares] == [
        ("completed", 70), ("syn-ack-lost", 6),
    ]  # fmt: skip
    assert sum(share.percent for share in stale.shares) == pytest.approx(100)


def test_a_finding_has_its_parts(stale):
    (cause,) = stale.causes
    assert (cause.title, cause.host) == ("Stale neighbor entry", "broker-1")
    assert cause.control == ["with the right MAC 70 of 70 attempts completed, with the wrong one"
                             " 0 of 6"]  # fmt: skip
    assert cause.remedies[0] == Remedy("ip neigh del 10.0.1.77 dev eth0", "on broker-1")
    assert (cause.attempts, cause.typical) == (6, 3)
    (place,) = cause.evidence[0].places
    assert place.file.endswith("broker-1-eth0.pcap")
    assert place.where.startswith("frames 38, 69")
    assert place.filter.startswith("frame.number in {38, 69, 71, ")
    lines = [p for s in cause.evidence for p in s.places if p.file.endswith(".txt")]
    assert lines
    assert all(place.filter == "" for place in lines)


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("ip neigh del 10.0.1.77 dev eth0   # on b",
         Remedy("ip neigh del 10.0.1.77 dev eth0", "on b")),
        ("sysctl -w a.b=0: idle entries go", Remedy("sysctl -w a.b=0", "idle entries go")),
        ("find the program: it holds", Remedy("", "find the program: it holds")),
    ],
)  # fmt: skip
def test_commands_are_told_from_sentences(said, parts):
    assert remedy(said) == parts


def test_without_captures_there_is_no_span_and_no_share():
    diagnosis = synack.diagnose(ROOT / "fixtures" / "stale-arp" / "broker-1.neigh.txt")
    view = page(diagnosis, 0)
    assert (view.attempts, view.span, view.shares) == (0, "", [])
