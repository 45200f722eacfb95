"""The report for people: the verdict first, 80 columns, no address cut, nothing interpreted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import synack
from synack.report import text

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="module")
def report() -> str:
    return synack.diagnose(FIXTURES / "stale-arp").to_text()


def test_the_verdict_comes_first_and_says_what_to_type(report):
    lines = report.splitlines()
    assert lines[0] == "1 finding: stale neighbor entry"
    assert "STALE NEIGHBOR ENTRY on broker-1 (confirmed)" in lines[:3]
    assert "ip neigh del 10.0.1.77 dev eth0   # on broker-1" in report
    assert report.index("Do now") < report.index("Evidence")


@pytest.mark.parametrize("name", sorted(p.parent.name for p in FIXTURES.glob("*/case.toml")))
def test_lines_fit_80_columns_unless_a_path_is_longer(name):
    for line in synack.diagnose(FIXTURES / name).to_text().splitlines():
        assert len(line) <= 80 or len(max(line.split(), key=len)) > 60


def test_no_address_is_cut(report):
    for mac in ("0a:de:ad:00:00:01", "0a:e6:f1:c2:6b:30"):
        parts = [mac[:n] for n in range(5, len(mac), 3)]
        assert mac in report
        assert not [line for line in report.splitlines() if line.endswith(tuple(parts))]


def test_a_healthy_incident_is_told_in_one_line():
    report = synack.diagnose(FIXTURES / "healthy").to_text()
    assert report.splitlines()[0] == "No fault found: all 16 attempts completed."


def test_names_of_files_cannot_steer_the_terminal(tmp_path):
    hostile = "broker-1\x1b[31m\x07-eth0.pcap"
    shutil.copy(FIXTURES / "stale-arp" / "broker-1-eth0.pcap", tmp_path / hostile)
    report = synack.diagnose(tmp_path).to_text()
    assert "\x1b" not in report
    assert "\x07" not in report
    assert "\\x1b[31m" in report


def test_a_finding_for_formats_that_wrap_lines_themselves():
    (finding,) = synack.diagnose(FIXTURES / "stale-arp").findings
    lines = text.told(finding)
    assert lines[0] == finding.summary
    assert [line for line in lines if line.startswith("do: ")] == [
        f"do: {remedy}" for remedy in finding.remedy
    ]
    assert sum(line.startswith("- ") for line in lines) == len(finding.evidence)
    assert any(line.endswith("broker-1.neigh.txt: line 77") for line in lines)
