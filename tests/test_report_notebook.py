"""What notebooks show: complete, well-formed, without scripts, and nothing of it markup."""

from __future__ import annotations

import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from test_svg import HOSTILE

import synack
from synack.model import Alternative, Evidence, Finding, Source
from synack.report import notebook

FIXTURES = Path(__file__).parents[1] / "fixtures"
ALONE = {"br", "rect", "line", "polygon"}


class Reader(HTMLParser):
    """Tags and text; each tag that is opened is closed, in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "br":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def diagnosis() -> synack.Diagnosis:
    return synack.diagnose(FIXTURES / "stale-arp")


def test_a_diagnosis(diagnosis: synack.Diagnosis) -> None:
    page = Reader(diagnosis._repr_html_())
    said = " ".join(page.text)
    for part in ("1 finding: stale neighbor entry", "STALE NEIGHBOR ENTRY on broker-1 (confirmed)",
                 "ip neigh del 10.0.1.77 dev eth0", "healed by 14:59:59", "76 attempts over time",
                 "broker-1-eth0.pcap: frames 38", "Clocks", "Captures"):  # fmt: skip
        assert part in said
    assert "svg" in page.tags
    assert "script" not in page.tags
    assert not {name for name in page.attributes if name.startswith("on")}


def test_a_finding(diagnosis: synack.Diagnosis) -> None:
    html = diagnosis.findings[0]._repr_html_()
    assert html in diagnosis._repr_html_()
    said = " ".join(Reader(html).text)
    assert (
        "6 attempts; completed: 70 of 70 with the right MAC and 0 of 6 with the wrong MAC" in said
    )
    assert "Other causes considered" in said
    assert "excluded: " in said
    bare = replace(diagnosis.findings[0], control=None, alternatives=[], attempts=0)
    said = " ".join(Reader(bare._repr_html_()).text)
    assert "no attempt was captured" in said
    assert "Other causes" not in said


def test_an_attempt(diagnosis: synack.Diagnosis) -> None:
    """With the finding that explains it, and its ladder."""
    said = " ".join(Reader(diagnosis.attempt(3)._repr_html_()).text)
    assert "syn-ack-lost" in said
    assert "is cached as 0a:de:ad:00:00:01" in said
    assert "SYN-ACK 10/10, lost" in said
    plain = " ".join(Reader(diagnosis.attempt(0)._repr_html_()).text)
    assert "STALE" not in plain


def test_of_many_only_some(diagnosis: synack.Diagnosis) -> None:
    many = synack.Diagnosis(diagnosis.diagnosed)
    many.findings = diagnosis.findings * 30
    html = notebook.diagnosis(many)
    assert "10 more findings" in html
    assert html.count("<ol>") == 20


def test_nothing_was_read(tmp_path: Path) -> None:
    said = " ".join(Reader(synack.diagnose(tmp_path / "missing")._repr_html_()).text)
    assert "No finding" in said
    assert "no such file" in said


def test_hostile_texts_are_text(tmp_path: Path) -> None:
    """In a finding, and in names of hosts and files that a diagnosis shows."""
    source = Source(HOSTILE, frame=1)
    evil = Finding("refused", "possible", HOSTILE, ip=HOSTILE, summary=HOSTILE, remedy=[HOSTILE],
                   survived_by=[HOSTILE], evidence=[Evidence("x", HOSTILE, (source,))],
                   alternatives=[Alternative(1, HOSTILE, "open", HOSTILE, (source,))])  # fmt: skip
    assert Reader(evil._repr_html_()).tags <= {
        "div", "b", "p", "table", "tr", "th", "td", "details", "summary", "ol", "ul", "li", "br",
        "small",
    }  # fmt: skip
    host = "<img src=x onerror=alert(1)>"
    for name in ("broker-1", "producer-7"):
        shutil.copy(FIXTURES / "stale-arp" / f"{name}-eth0.pcap",
                    tmp_path / f"{host}{name}-eth0.pcap")  # fmt: skip
    found = synack.diagnose(tmp_path)
    assert any(host in name for name in found.captures["host"])
    for shown in (found, found.attempt(0), found.attempt(3), *found.findings):
        page = Reader(shown._repr_html_())
        assert "img" not in page.tags
        assert not {name for name in page.attributes if name.startswith("on")}
    for drawing in (found.plot_ladder(), found.plot_matrix(), found.plot_timeline(),
                    found.plot_ownership()):  # fmt: skip
        assert "<img" not in drawing.svg()
