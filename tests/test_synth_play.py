"""A story becomes the same files every time, and synack finds in them what is true."""

from __future__ import annotations

import json

import pytest
from tales import KNOWS, STALE, tale, written

import synack
from synack.errors import UsageError


def files(folder):
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def incident(**more):
    return tale(
        at=(1, 9, 17), neighbors=[{**STALE, "kept": True}, KNOWS],
        dumps=[{"host": "broker-1", "at": [5, 20]}], **more,
    )  # fmt: skip


def test_the_same_story_makes_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        written(incident(), tmp_path / name)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    written(incident(seed=2), tmp_path / "other")
    assert files(tmp_path / "other") != files(tmp_path / "one")


def test_the_truth_lies_beside(tmp_path):
    truth = written(incident(), tmp_path)
    assert json.loads((tmp_path / "truth.json").read_text()) == truth
    assert truth["schema"] == "synack.truth/1"
    assert truth["files"] == ["broker-1-eth0.pcap", "broker-1.neigh.txt", "producer-7-eth0.pcap"]
    assert truth["hosts"]["broker-1"]["addresses"] == ["10.0.1.10"]
    assert [a["outcome"] for a in truth["attempts"]] == ["syn-ack-lost"] * 3


def test_synack_finds_it_and_reads_neither_story_nor_truth(tmp_path):
    truth = written(incident(), tmp_path)
    (tmp_path / "story.toml").write_text("title = 'x'")
    diagnosis = synack.diagnose(str(tmp_path))
    (finding,) = diagnosis.findings
    (true,) = truth["findings"]
    assert finding.kind == "stale-neighbor"
    assert (finding.host, finding.ip) == (true["host"], true["ip"])
    assert (finding.stale_mac, finding.actual_mac) == (true["stale_mac"], true["actual_mac"])
    assert finding.sent == true["lost"]
    assert diagnosis.warnings == []
    assert diagnosis.errors == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="cannot write"):
        written(tale(), tmp_path / "taken")
