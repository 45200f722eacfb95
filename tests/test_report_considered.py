"""Other causes in few lines: what could not be excluded first, one line for one reason."""

from __future__ import annotations

from synack.model import Alternative, Finding, Source
from synack.report.considered import considered


def test_by_verdict_and_reason():
    source = (Source("b.pcap", frame=3),)
    finding = Finding(
        "stale-neighbor", "confirmed", "b",
        alternatives=[
            Alternative(2, "two", "excluded", "it left", source),
            Alternative(7, "seven", "open", "flow logs would tell"),
            Alternative(9, "nine", "excluded", "it is not there"),
            Alternative(12, "twelve", "excluded", "it left", source),
            Alternative(28, "flood", "supported", "seen"),
        ],
    )  # fmt: skip
    assert [(g.verdict, g.causes, g.says, g.sources) for g in considered(finding)] == [
        ("supported", ("flood",), "seen", ()),
        ("open", ("seven",), "flow logs would tell", ()),
        ("excluded", ("two", "twelve"), "it left", source),
        ("excluded", ("nine",), "it is not there", ()),
    ]


def test_nothing_considered():
    assert considered(Finding("refused", "probable", "b")) == []
