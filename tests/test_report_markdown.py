"""Markdown: a real parser finds the structure that was meant, and nothing that a name added."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import judged
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import synack
from synack.report.markdown import block, code, prose, render_checks, table
from synack.report.plain import printable

ROOT = Path(__file__).parents[1]
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARMLESS = {"text", "code_inline", "html_inline", "softbreak"}


def inlines(text: str) -> list:
    """Every inline token of a document."""
    found = []
    for token in PARSER.parse(text):
        found += token.children or []
    return found


def shown(text: str) -> str:
    """What a reader sees of one paragraph."""
    tokens = PARSER.parse(text)
    assert [t.type for t in tokens] == ["paragraph_open", "inline", "paragraph_close"], text
    says = ""
    for token in tokens[1].children:
        assert token.type in HARMLESS, token
        if token.type == "html_inline":
            assert token.content in ("<!-- -->", "<span>", "</span>")
        else:
            says += "\n" if token.type == "softbreak" else token.content
    return says


def test_a_postmortem_is_as_reviewed(golden, monkeypatch):
    monkeypatch.chdir(ROOT)
    golden("stale-arp.md", synack.diagnose("fixtures/stale-arp").to_markdown())


@pytest.mark.parametrize("name", sorted(p.parent.name for p in ROOT.glob("fixtures/*/case.toml")))
def test_a_postmortem_has_all_parts(monkeypatch, name):
    monkeypatch.chdir(ROOT)
    diagnosis = synack.diagnose(f"fixtures/{name}")
    text = diagnosis.to_markdown()
    tokens = PARSER.parse(text)
    heads = [
        tokens[place + 1].content
        for place, token in enumerate(tokens)
        if token.type == "heading_open"
    ]
    assert heads[0] == "Postmortem: TCP handshakes"
    considered = sum(bool(finding.alternatives) for finding in diagnosis.findings)
    controlled = sum(finding.control is not None for finding in diagnosis.findings)
    tables = len(diagnosis.findings) + considered + controlled + bool(diagnosis.findings)
    assert sum(t.type == "table_open" for t in tokens) == tables
    assert heads.count("Control group") == controlled
    fences = [t.content for t in tokens if t.type == "fence"]
    drawn = sum("client " in fence and "server " in fence for fence in fences)
    assert drawn == sum(bool(finding.rows) for finding in diagnosis.findings)
    assert heads.count("Other causes considered") == considered
    assert heads.count("Evidence") == len(diagnosis.findings)
    assert ("Captures" in heads) == bool(diagnosis.diagnosed.loaded.captures)
    codes = {t.content for t in inlines(text) if t.type == "code_inline"}
    for finding in diagnosis.findings:
        assert {finding.host, finding.ip, finding.stale_mac, finding.actual_mac} <= codes | {""}
        assert {s.file for e in finding.evidence for s in e.sources} <= codes
    # Every item is one of its list: nothing that a reader would see as text.
    assert not any(t.type in ("image", "link_open") for t in inlines(text))


def test_the_title_is_the_incidents(tmp_path):
    shutil.copytree(ROOT / "fixtures" / "refused", tmp_path / "a")
    (tmp_path / "a" / "incident.toml").write_text('title = "Producers <b> fail @all"\n')
    text = synack.diagnose(tmp_path / "a").to_markdown()
    assert text.startswith("# Postmortem: Producers \\<b\\> fail @<!-- -->all\n")


def test_a_hostile_name_stays_a_name(tmp_path):
    name = "broker-1`|<img src=x>[a](b)\n# h\n-eth0.pcap"
    shutil.copy(
        ROOT / "fixtures" / "stale-arp" / "broker-1-eth0.pcap", tmp_path / name.replace("/", "")
    )
    text = synack.diagnose(tmp_path).to_markdown()
    tokens = PARSER.parse(text)
    assert "html_block" not in {t.type for t in tokens}
    assert not {t.type for t in inlines(text)} & {"image", "link_open"}
    assert not any("img" in t.content for t in inlines(text) if t.type == "html_inline")
    assert "h" not in {t.content.strip("\\n -") for t in tokens if t.type == "inline"}
    assert any("<img src=x>" in t.content for t in inlines(text) if t.type == "code_inline")


def test_a_hostile_host_stays_in_its_ladder(tmp_path):
    """A name that would end the block, or begin another."""
    files = ["broker-1-eth0.pcap", "producer-7-eth0.pcap"]
    for file in files:
        shutil.copy(ROOT / "fixtures" / "stale-arp" / file, tmp_path)
    name = "```~~~ <b> | `x`"
    (tmp_path / "incident.toml").write_text(
        f'[hosts."{name}"]\npaths = ["{files[0]}"]\n[hosts.p7]\npaths = ["{files[1]}"]\n'
    )
    tokens = PARSER.parse(synack.diagnose(tmp_path).to_markdown())
    (ladder,) = [t for t in tokens if t.type == "fence" and t.content.startswith("client ")]
    assert f"server 10.0.1.10:9092 ({name})" in ladder.content
    assert "html_block" not in {t.type for t in tokens}


def test_judged_cases_stay_in_their_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = judged.judged(tmp_path)
    text = render_checks(results)
    tokens = PARSER.parse(text)
    assert sum(t.type == "tr_open" for t in tokens) == len(results) + 1
    assert sum(t.type == "td_open" for t in tokens) == 3 * len(results)
    assert "html_block" not in {t.type for t in tokens}
    assert not {t.type for t in inlines(text)} & {"image", "link_open"}
    for token in inlines(text):
        assert token.type != "html_inline" or token.content in ("<!-- -->", "<span>", "</span>")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("10.0.1.77 is at 0a:de:ad:00:00:01.", "`10.0.1.77` is at `0a:de:ad:00:00:01`."),
        ("entry for 10.0.1.77: it is", "entry for `10.0.1.77`: it is"),
        ("fd00::1, fe80::, ::1", "`fd00::1`, `fe80::`, `::1`"),
        ("since 14:58:48 60 SYN-ACKs", "since 14:58:48 60 SYN-ACKs"),
        ("version 1.2.3", "version 1.2.3"),
        ("a@b #12 :de: x:y", "a@<!-- -->b #<!-- -->12 :<!-- -->de: x:<!-- -->y"),
        ("1. not a list", "1\\. not a list"),
        ("- not a list", "\\- not a list"),
        ("http://x www.y", "http:<!-- -->//x www<!-- -->.y"),
        ("$x$", "<span>$</span>x<span>$</span>"),
        ("a_b*c*", "a\\_b\\*c\\*"),
        ("ip-10.0.1.77x", "ip-10.0.1.77x"),
    ],
)
def test_prose(text, written):
    assert prose(text) == written


@given(st.text(min_size=1) | st.text("#*_-+=`~[]()<>!|\\&:@$.1 aw", min_size=1, max_size=20))
def test_prose_shows_the_text_and_nothing_else(text):
    wanted = printable(text).strip()
    if wanted:
        assert shown(prose(text)) == wanted


@given(st.text(min_size=1) | st.text("` |\\a", min_size=1, max_size=12))
def test_code_shows_the_text_and_nothing_else(text):
    wanted = printable(text)
    if wanted.strip():
        assert shown(f"x {code(text)} y") == f"x {wanted} y"


@given(st.lists(st.text() | st.text("`~ \\", max_size=8), min_size=1, max_size=3))
def test_a_block_shows_its_lines(lines):
    (token,) = PARSER.parse("\n".join(block(lines, "sh")))
    assert (token.type, token.info) == ("fence", "sh")
    assert token.content == "".join(printable(line) + "\n" for line in lines)


@given(
    st.lists(st.tuples(st.text("`|\\a<", max_size=8), st.text("`|\\a<", max_size=8)), max_size=3)
)
def test_a_table_keeps_its_cells(rows):
    text = "\n".join(table(("a", "b"), [(code(one), prose(two)) for one, two in rows]))
    tokens = PARSER.parse(text)
    assert sum(t.type == "td_open" for t in tokens) == 2 * len(rows)
    cells = [t for t in tokens if t.type == "inline"][2:]
    for (one, two), first, second in zip(rows, cells[::2], cells[1::2], strict=True):
        says = "".join(t.content for t in first.children if t.type != "html_inline")
        # A bar in code comes back; whether with a backslash of its own, the parser decides.
        assert re.sub(r"\\+\|", "|", says) == re.sub(r"\\+\|", "|", one)
        assert "".join(t.content for t in second.children) == two
