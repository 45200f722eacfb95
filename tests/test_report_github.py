"""Workflow commands: one a line, escaped as the runner reads them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import synack
from synack.model import FINDING_KINDS
from synack.report import github
from synack.report.plain import printable

ROOT = Path(__file__).parents[1]
COMMAND = re.compile(r"::(error|warning|notice) ([^:\r\n]+)::([^\r\n]*)")


def read(line: str) -> tuple[str, dict[str, str], list[str]]:
    """As the runner does (actions/runner, ActionCommand): level, properties, lines."""
    found = COMMAND.fullmatch(line)
    assert found is not None, line
    level, given, data = found.groups()
    properties = {}
    for part in given.split(","):
        key, equals, value = part.partition("=")
        assert equals
        for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
            value = value.replace(code, character)
        properties[key] = value.replace("%25", "%")
    text = data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    return level, properties, text.split("\n")


def test_a_diagnosis_is_as_reviewed(golden, monkeypatch):
    monkeypatch.chdir(ROOT)
    golden("stale-arp.github", github.render(synack.diagnose("fixtures/stale-arp"), FINDING_KINDS))


def test_levels(monkeypatch):
    """An error only for what should fail; the place is a line of a table where there is one."""
    monkeypatch.chdir(ROOT)
    diagnosis = synack.diagnose("fixtures/stale-arp", "missing")
    for failing, level in ((FINDING_KINDS, "error"), (["refused"], "warning")):
        commands = [read(line) for line in github.render(diagnosis, failing).splitlines()]
        assert [c[0] for c in commands] == [level, "error", "notice"]
        assert commands[0][1] == {
            "file": "fixtures/stale-arp/broker-1.neigh.txt",
            "line": "2",
            "title": "STALE NEIGHBOR ENTRY on broker-1 (confirmed)",
        }
        assert commands[0][2][:2] == [
            diagnosis.findings[0].summary,
            "do: ip neigh del 10.0.1.77 dev eth0   # on broker-1",
        ]
        assert commands[1][2] == ["missing: no such file or folder"]


def test_warnings_are_warnings(tmp_path):
    broker = ROOT / "fixtures" / "stale-arp" / "broker-1-eth0.pcap"
    (tmp_path / "broker-1-eth0.pcap").write_bytes(broker.read_bytes()[:5000])
    commands = [read(line) for line in github.render(synack.diagnose(tmp_path), ()).splitlines()]
    assert any(level == "warning" and "cut in record" in lines[0] for level, _, lines in commands)


def test_a_hostile_name_starts_no_command(tmp_path):
    name = "broker-1\n::error::x%0A::set-output name=a,b::c\r-eth0.pcap"
    shutil.copy(ROOT / "fixtures" / "stale-arp" / "broker-1-eth0.pcap", tmp_path / name)
    text = github.render(synack.diagnose(tmp_path), FINDING_KINDS)
    for line in text.splitlines():
        read(line)
    assert "\\n::error::x%250A::set-output" in text


@given(
    st.lists(st.text(), min_size=1, max_size=3), st.text(min_size=1), st.text(),
    st.none() | st.integers(1, 9),
)  # fmt: skip
def test_any_text_comes_back(lines, title, file, line):
    text = github.annotation("error", lines, title=title, file=file, line=line)
    assert text.endswith("\n")
    assert text.count("\n") == 1
    level, properties, back = read(text[:-1])
    assert level == "error"
    assert properties.pop("title") == printable(title)
    assert properties.pop("file", "") == printable(file)
    assert properties.pop("line", None) == (str(line) if line and file else None)
    assert not properties
    assert back == [printable(given) for given in lines]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("a::b", "a%3A%3Ab"), ("100%", "100%25"), ("%0A", "%250A"), ("a,b\n", "a%2Cb\\n")],
)
def test_properties_are_escaped(text, escaped):
    assert f"title={escaped}::" in github.annotation("notice", ["x"], title=text)
