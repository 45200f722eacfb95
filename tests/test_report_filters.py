"""Display filters: tshark takes them, and they match those frames and no others."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import synack
from synack.model import Finding
from synack.report.filters import of_finding, of_frames

STALE = Path(__file__).parents[1] / "fixtures" / "stale-arp"


def matching(name: str, display: str) -> list[int]:
    """Frames of a capture of the incident that tshark shows with this filter."""
    command = ["tshark", "-n", "-r", str(STALE / name), "-Y", display, "-T", "fields"]
    done = subprocess.run(
        [*command, "-e", "frame.number"], check=True, capture_output=True, text=True, timeout=60
    )
    return [int(line) for line in done.stdout.split()]


@pytest.mark.parametrize(
    ("frames", "display"),
    [
        ([], ""),
        ([7], "frame.number in {7}"),
        ([3, 1, 2, 2], "frame.number in {1..3}"),
        ([38, 69, 70, 606], "frame.number in {38, 69..70, 606}"),
    ],
)
def test_frames(frames, display):
    assert of_frames(frames) == display


def test_tshark_shows_these_frames():
    frames = [38, 69, 70, 71, 606]
    assert matching("broker-1-eth0.pcap", of_frames(frames)) == frames


def test_what_went_to_the_wrong_mac():
    """As many as the finding counts."""
    (finding,) = synack.diagnose(STALE).findings
    display = of_finding(finding)
    assert display == "eth.dst == 0a:de:ad:00:00:01 && ip.dst == 10.0.1.77"
    assert len(matching("broker-1-eth0.pcap", f"{display} && tcp.flags == 0x012")) == finding.sent


@pytest.mark.parametrize(
    ("finding", "display"),
    [
        (Finding("refused", "confirmed", "b"), ""),
        (Finding("stale-neighbor", "possible", "b", ip="10.0.1.7", stale_mac="x || true"), ""),
        (Finding("stale-neighbor", "possible", "b", ip="x", stale_mac="0a:00:00:00:00:01"), ""),
        (
            Finding("stale-neighbor", "possible", "b", ip="fd00::7", stale_mac="0a:00:00:00:00:01"),
            "eth.dst == 0a:00:00:00:00:01 && ipv6.dst == fd00::7",
        ),
        (
            Finding("stale-neighbor", "possible", "b", ip="10.0.1.1",
                    stale_mac="0a:00:00:00:00:01", next_hop="gateway"),
            "eth.dst == 0a:00:00:00:00:01",
        ),
    ],
)  # fmt: skip
def test_filters_of_findings(finding, display):
    assert of_finding(finding) == display
