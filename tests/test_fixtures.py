"""Every fixture gets the verdict of its case.toml, and its report is as it was reviewed."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

import synack
from synack.check.case import read
from synack.check.compare import differences
from synack.model import FINDING_KINDS, OUTCOMES
from synack.report.json import document
from synack.synth.play import play
from synack.synth.reading import read as read_story

ROOT = Path(__file__).parents[1]
CASES = sorted(path.parent.name for path in (ROOT / "fixtures").glob("*/case.toml"))
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(params=CASES)
def story(request, monkeypatch):
    """(name, case, diagnosis), with paths relative to the project's root."""
    monkeypatch.chdir(ROOT)
    case = read(f"fixtures/{request.param}/case.toml")
    assert case.problems == []
    return request.param, case, synack.diagnose(*case.inputs)


def test_a_fixture_gets_its_verdict(story):
    """As ``synack check`` judges it; and nothing is left open."""
    _, case, diagnosis = story
    assert differences(case, document(diagnosis)) == []
    assert case.expect.findings is not None
    assert case.expect.outcomes is not None
    assert case.expect.exact


WARNED = {
    "clock-set": "one was set between 2026-04-14T09:00:16",
    "cut-file": "cut in record",
    "dropped": "packets were dropped while capturing",
    "dropped-stale": "packets were dropped while capturing",
    "pods-behind-node-any": "packets recorded twice, and counted once",
    "wrong-incident": "db-9: none of its 5 attempts is in any other host's capture",
}


def test_a_fixture_says_nothing_that_needs_a_warning(story):
    name, _, diagnosis = story
    assert [WARNED.get(name, "no warning") in said for said in diagnosis.warnings] == [True] * (
        name in WARNED
    )


MADE = sorted(path.parent.name for path in (ROOT / "fixtures").glob("*/story.toml"))


def test_the_library_covers_every_kind_and_outcome():
    cases = [
        tomllib.loads(path.read_text("utf-8"))["expect"]
        for path in (ROOT / "fixtures").glob("*/case.toml")
    ]
    assert len(cases) >= 40
    assert {f["kind"] for case in cases for f in case["findings"]} == set(FINDING_KINDS)
    assert {name for case in cases for name in case["outcomes"]} == set(OUTCOMES)


@pytest.mark.parametrize("name", MADE)
def test_a_made_fixture_is_made_again_byte_for_byte(name, tmp_path):
    folder = ROOT / "fixtures" / name
    play(read_story(str(folder / "story.toml")), tmp_path)
    ours = {"story.toml", "case.toml", "README.md"}
    assert {f.name for f in folder.iterdir()} - ours == {f.name for f in tmp_path.iterdir()}
    for made in tmp_path.iterdir():
        assert made.read_bytes() == (folder / made.name).read_bytes(), made.name
    assert sum(f.stat().st_size for f in folder.iterdir()) < 200_000


def test_every_source_of_a_finding_exists(story):
    _, _, diagnosis = story
    packets = {f.path: f.packets for f in diagnosis.diagnosed.loaded.files}
    for finding in diagnosis.findings:
        for evidence in finding.evidence:
            for source in evidence.sources:
                if source.frame is not None:
                    assert 1 <= source.frame <= packets[source.file]
                elif source.line is not None:
                    lines = (ROOT / source.file).read_text("utf-8").splitlines()
                    assert lines[source.line - 1].strip()
                else:
                    assert (ROOT / source.file).is_file()


def test_a_report_is_as_reviewed(story):
    """After a wanted change: SYNACK_GOLDEN=write pytest tests/test_fixtures.py, then read
    the difference before committing it."""
    name, _, diagnosis = story
    for suffix, content in (("txt", diagnosis.to_text()), ("json", diagnosis.to_json())):
        path = GOLDEN / f"{name}.{suffix}"
        if os.environ.get("SYNACK_GOLDEN") == "write":
            path.write_text(content, "utf-8")
        assert content == path.read_text("utf-8")


def test_two_runs_are_the_same(story):
    name, _, diagnosis = story
    again = synack.diagnose(f"fixtures/{name}")
    assert json.loads(again.to_json()) == json.loads(diagnosis.to_json())
