"""The report for people: the verdict first, 80 columns, no address cut, nothing interpreted."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import build
import synack as package
from synack.report import text

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture(scope="module")
def report() -> str:
    return package.diagnose(FIXTURES / "stale-arp").to_text()


def test_the_verdict_comes_first_and_says_what_to_type(report):
    lines = report.splitlines()
    assert lines[0] == "1 finding: stale neighbor entry"
    assert "STALE NEIGHBOR ENTRY on broker-1 (confirmed)" in lines[:3]
    assert "ip neigh del 10.0.1.77 dev eth0   # on broker-1" in report
    parts = ("  When", "Control group", "One of these", "Do now", "Evidence", "To see more")
    places = [report.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize("name", sorted(p.parent.name for p in FIXTURES.glob("*/case.toml")))
def test_lines_fit_80_columns_unless_a_path_is_longer(name):
    for line in package.diagnose(FIXTURES / name).to_text().splitlines():
        assert len(line) <= 80 or len(max(line.split(), key=len)) > 60


def test_no_address_is_cut(report):
    for mac in ("0a:de:ad:00:00:01", "0a:e6:f1:c2:6b:30"):
        parts = [mac[:n] for n in range(5, len(mac), 3)]
        assert mac in report
        assert not [line for line in report.splitlines() if line.endswith(tuple(parts))]


def test_a_healthy_incident_is_told_in_one_line():
    report = package.diagnose(FIXTURES / "healthy").to_text()
    assert report.splitlines()[0] == "No fault found: all 16 attempts completed."


def test_names_of_files_cannot_steer_the_terminal(tmp_path):
    hostile = "broker-1\x1b[31m\x07-eth0.pcap"
    shutil.copy(FIXTURES / "stale-arp" / "broker-1-eth0.pcap", tmp_path / hostile)
    report = package.diagnose(tmp_path).to_text()
    assert "\x1b" not in report
    assert "\x07" not in report
    assert "\\x1b[31m" in report


def test_a_finding_for_formats_that_wrap_lines_themselves():
    (finding,) = package.diagnose(FIXTURES / "stale-arp").findings
    lines = text.told(finding)
    assert lines[0] == finding.summary
    assert [line for line in lines if line.startswith("do: ")] == [
        f"do: {remedy}" for remedy in finding.remedy
    ]
    assert sum(line.startswith("- ") for line in lines) == len(finding.evidence)
    assert any("broker-1.neigh.txt: line" in line for line in lines)


def test_the_control_group_is_a_table(report):
    assert (
        "  Control group   attempts  completed\n    right MAC           70         70\n" in report
    )
    assert "    wrong MAC            6          0\n" in report


def test_the_ladder_shows_both_ends(report):
    assert "client 10.0.1.77:59380 (producer-7)" in report
    assert "lost x----------- SYN-ACK 1/10 --| 0.000357 #38" in report


MORE = "  To see more\n"


@pytest.mark.parametrize(
    ("story", "commands"),
    [
        ("stale-arp", ["explain fixtures/stale-arp --finding 1",
                       "annotate fixtures/stale-arp --finding 1 -o evidence.pcapng",
                       "handshakes fixtures/stale-arp --wide --only syn-ack-lost"]),
        ("two-causes", ["explain fixtures/two-causes --finding 2",
                        "annotate fixtures/two-causes --finding 2 -o evidence.pcapng",
                        "handshakes fixtures/two-causes --wide --only refused"]),
    ],
)  # fmt: skip
def test_what_to_type_to_see_more(story, commands, synack, monkeypatch):
    """Of the last finding; and these commands exist."""
    monkeypatch.chdir(FIXTURES.parent)
    report = package.diagnose(f"fixtures/{story}").to_text()
    assert report.rpartition(MORE)[2].splitlines()[:3] == [f"    synack {c}" for c in commands]
    assert synack(*commands[2].split())[0] == 0


def test_paths_that_are_long_or_hostile(tmp_path):
    """Quoted for a shell; what does not fit is not repeated."""
    folder = tmp_path / "a b; rm"
    shutil.copytree(FIXTURES / "refused", folder)
    assert "synack explain PATH... --finding 1" in package.diagnose(folder).to_text()
    relative = package.diagnose(folder)
    relative.diagnosed.loaded.incident.arguments = ("a b; rm",)
    assert "synack explain 'a b; rm' --finding 1" in relative.to_text()
    relative.diagnosed.loaded.incident.arguments = ("-",)
    assert "To see more" not in relative.to_text()


def test_tables_alone_have_nothing_to_dissect(tmp_path):
    (tmp_path / "b1.neigh.txt").write_text("10.0.1.77 dev eth0 lladdr 0a:de:ad:00:00:01 STALE\n")
    assert "synack explain" not in package.diagnose(tmp_path).to_text()


def test_colour_changes_nothing_but_colour(monkeypatch):
    diagnosis = package.diagnose(FIXTURES / "two-causes")
    colored = diagnosis.to_text(color=True)
    assert "\x1b[1;31m[1/2] STALE NEIGHBOR ENTRY on broker-1 (confirmed)\x1b[0m" in colored
    assert re.sub(r"\x1b\[[\d;]+m", "", colored) == diagnosis.to_text()


def test_what_is_inconclusive_says_why(tmp_path):
    """The client's own filter drops the SYN-ACK behind its capture: no end of a capture."""
    frames = []
    for again in range(4):
        syn = build.tcp(40000, 9092, seq=1, timestamps=(again, 0))
        reply = build.tcp(9092, 40000, seq=5, ack=2, flags="SA", timestamps=(again, again))
        there = build.ipv4("10.0.1.77", "10.0.1.10", build.TCP, syn)
        back = build.ipv4("10.0.1.10", "10.0.1.77", build.TCP, reply)
        at = (1_790_000_000 + 2 * again) * 10**9
        frames.append((at, build.ethernet("0a:00:00:00:00:77", "0a:00:00:00:00:10", there)))
        frames.append((at + 1000, build.ethernet("0a:00:00:00:00:10", "0a:00:00:00:00:77", back)))
    for name in ("broker-1", "producer-7"):
        (tmp_path / f"{name}-eth0.pcap").write_bytes(build.pcap(frames))
    diagnosis = package.diagnose(tmp_path)
    assert "too near the end" not in text.verdict(diagnosis)
