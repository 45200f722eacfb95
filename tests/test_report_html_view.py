"""The page's view: what it says is what the diagnosis found."""

from __future__ import annotations

from pathlib import Path

import pytest

import synack
from synack.report.html.view import Cell, Remedy, Share, page
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
    assert cause.control == [
        ("Right MAC", Share("completed", 70, 70)), ("Wrong MAC", Share("completed", 0, 6)),
    ]  # fmt: skip
    assert [share.percent for _, share in cause.control] == [100, 0]
    assert cause.remedies[0] == Remedy("ip neigh del 10.0.1.77 dev eth0", "on broker-1")
    assert (cause.attempts, cause.typical) == (6, 3)
    (place,) = cause.evidence[0].places
    assert place.file.endswith("broker-1-eth0.pcap")
    assert place.where.startswith("frames 38, 69")
    assert place.filter.startswith("frame.number in {38, 69, 71, ")
    lines = [p for s in cause.evidence for p in s.places if p.file.endswith(".txt")]
    assert lines
    assert all(place.filter == "" for place in lines)


def test_the_grid_asks_for_what_it_counts(stale):
    assert stale.grid.servers == ["10.0.1.10:9092 broker-1"]
    name, (cell,) = stale.grid.clients[0]
    assert name == "10.0.1.77 producer-7"
    assert cell == Cell(4, 10, "client:10.0.1.77 server:10.0.1.10 port:9092")
    assert sum(cell.total for _, cells in stale.grid.clients for cell in cells) == 76


def test_addresses_of_ipv6_are_asked_for_without_brackets():
    view = page(synack.diagnose(ROOT / "fixtures" / "stale-nd"), 17)
    (cell,) = view.grid.clients[0][1]
    assert cell.ask == "client:fd00:10:0:1::77 server:fd00:10:0:1::10 port:9092"


def test_other_causes_are_apart_if_they_were_excluded(stale):
    """Together they are all that were considered."""
    diagnosis = synack.diagnose(ROOT / "fixtures" / "server-and-table")
    causes = ""
    for heading, others in page(diagnosis, 13).causes[0].others:
        verdicts = {other.verdict for other in others}
        assert (verdicts == {"excluded"}) == (heading == "Other causes that were excluded")
        causes += "\n".join(other.causes for other in others)
    alternatives = diagnosis.findings[0].alternatives
    assert len(alternatives) > 20
    assert all(alternative.cause in causes for alternative in alternatives)
    assert [heading for heading, _ in stale.causes[0].others] == ["Other causes that were excluded"]


def test_drawings_are_there_where_there_is_something_to_draw(stale):
    (cause,) = stale.causes
    drawn = [stale.matrix, stale.timeline, cause.ladder, cause.lanes]
    assert all(svg.startswith("<svg") for svg in drawn)
    assert not any("style=" in svg for svg in drawn), "the page's policy refuses it"
    refused = page(synack.diagnose(ROOT / "fixtures" / "refused"), 6).causes[0]
    assert (refused.lanes, refused.filter) == ("", "")


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
