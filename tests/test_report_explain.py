"""The evidence as Wireshark reads it, beside our own reading."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from judged import HOSTILE

import build
import synack
from synack.errors import UsageError
from synack.report.cited import Cited
from synack.report.explain import Explained, Explanation, _chosen_frames

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.mark.parametrize(
    "story",
    [
        "stale-arp", "stale-nd", "qinq", "vxlan-mirror", "gre-mirror", "cooked-v1", "cooked-v2",
        "raw-ip", "bsd-null", "prohibited", "duplicate-address", "unresolved", "healed-by-probe",
    ],
)  # fmt: skip
def test_both_read_the_same(story):
    """In every kind of frame; and each frame of the evidence is one that was compared."""
    explanation = synack.diagnose(FIXTURES / story).explain()
    assert explanation.frames
    assert explanation.warning == ""
    for one in explanation.frames:
        assert one.different == []
        assert len(one.compared) >= 8
        assert one.packet[0].name == "frame"
        assert one.remark


@pytest.fixture(scope="module")
def stale():
    return synack.diagnose(FIXTURES / "stale-arp")


def test_text(stale):
    text = stale.explain(1, most=5).to_text()
    shown = text.replace(str(FIXTURES), "fixtures")
    assert shown.startswith("5 frames of the evidence: Wireshark and synack agree in every field\n")
    assert "Frame Number" not in shown
    assert shown.count("Finding 1, evidence 1: ") == 1
    assert "  destination MAC        0a:de:ad:00:00:01               0a:de:ad:00:00:01\n" in shown
    assert "    Destination: 0a:de:ad:00:00:01\n" in shown
    assert "    TCP Option - Timestamps: TSval 2574314378, TSecr 2450996992\n" in shown


def test_json(stale):
    document = json.loads(stale.explain(most=50).to_json())
    assert document["schema"] == "synack.explanation/1"
    assert len(document["frames"]) == 50
    every = {s[:2] for e in stale.findings[0].evidence for s in e.sources if s.frame}
    assert document["left_out"] == len(every) - 50
    assert document["warnings"] == []
    first = document["frames"][0]
    assert first["frame"] == 38
    assert first["time"] == "2026-11-23T14:58:48.649733630Z"
    assert [e["evidence"] for e in first["evidence"]] == [1, 2]
    port = {"field": "source port", "wireshark": "9092", "synack": "9092", "differs": False}
    assert port in first["compared"]
    assert {"name": "tcp.srcport", "value": "9092", "line": "Source Port: 9092"} in (
        first["layers"][3]["fields"]
    )


def test_of_each_statement_as_many():
    """In the order of the statements, whichever frames are chosen."""
    every = {(0, n): [Cited(1, 1, "")] for n in range(9)}
    every |= {(1, n): [Cited(1, 2, "")] for n in range(2)}
    every |= {(0, 99): [Cited(2, 1, ""), Cited(2, 2, "")]}
    assert _chosen_frames(every, 4) == [(0, 0), (0, 1), (1, 0), (0, 99)]
    assert _chosen_frames(every, 50) == [*every]
    assert _chosen_frames({}, 50) == []


def test_inside_of_a_running_loop(stale):
    async def cell():
        return stale.explain(most=2)

    assert len(asyncio.run(cell()).frames) == 2


def test_a_difference_is_seen(stale):
    """What we would have read wrong is marked, counted and named."""
    m = stale.diagnosed.matched
    column = m.segments["seq"]
    before = column.copy()
    try:
        column[:] = before + 1
        explanation = stale.explain(most=1)
    finally:
        column[:] = before
    assert [field.field for field in explanation.frames[0].different] == ["sequence number"]
    text = explanation.to_text()
    assert "Wireshark and synack differ in 1 field\n" in text
    assert text.count("<- differs") == 1
    (differs,) = (
        f for f in json.loads(explanation.to_json())["frames"][0]["compared"] if f["differs"]
    )
    assert differs["field"] == "sequence number"


def test_a_finding_without_frames():
    """A table alone has lines, which are nothing to dissect."""
    explanation = synack.diagnose(FIXTURES / "audit-inventory").explain()
    assert explanation.frames == []
    assert explanation.to_text().startswith("No frame is among the evidence")


def test_under_pseudonyms(stale):
    """Nothing of the original: not in what is said, nor in what Wireshark dissects."""
    explanation = stale.anonymized(bytes(range(32))).explain(most=4)
    assert [one.different for one in explanation.frames] == [[]] * 4
    told = explanation.to_text() + explanation.to_json()
    for name in ("10.0.1.77", "0a:de:ad:00:00:01", "0ade", "broker-1", "producer-7", "stale-arp"):
        assert name not in told


@pytest.mark.parametrize("numbers", [[2], [0]])
def test_no_such_finding(stale, numbers):
    with pytest.raises(UsageError, match="no finding"):
        stale.explain(*numbers)


def test_names_steer_nothing():
    frame = Explained(HOSTILE, 1, 0, [Cited(1, 1, "\x1b[2J" + HOSTILE)], "\x9b31m", [], [])
    text = Explanation({}, [frame], 0, "\x1b]0;x\x07").to_text()
    assert all(line.isprintable() for line in text.split("\n"))


def test_hostile_packets(tmp_path):
    """SYNs with options that lie, and lengths beyond the packet."""
    for end, host in enumerate(("a1", "b1")):
        frames = []
        for number, options in enumerate(
            (
                b"\x08\x0a\0\0\0\1\0\0",
                b"\x08\xff\0\0",
                b"\x02\x00\x02\x00",
                bytes(range(40)),
                b"\xfe" * 40,
            )
        ):
            segment = bytearray(build.tcp(40000 + number, 9092, seq=5, flags="S"))
            segment[12] = (5 + len(options) // 4) << 4
            packet = build.ip("10.0.0.1", "10.0.0.9", build.TCP, bytes(segment[:20]) + options)
            frame = build.ethernet("02:00:00:00:00:01", "02:00:00:00:00:09", packet)
            frames += [
                (1_700_000_000_000_000_000 + number * 10**9 + end + k * 10**8, frame)
                for k in range(3)
            ]
        (tmp_path / f"{host}.pcap").write_bytes(build.pcap(frames, nanoseconds=True))
    diagnosis = synack.diagnose(tmp_path)
    explanation = diagnosis.explain()
    assert explanation.warning == ""
    assert [one.different for one in explanation.frames] == [[]] * 4
    diagnosis.annotate(tmp_path / "out", everything=True)
