"""Every fixture gets the verdict of its case.toml, and its report is as it was reviewed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import synack
from synack.check.case import read
from synack.check.compare import differences
from synack.report.json import document

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


def test_a_fixture_says_nothing_that_needs_a_warning(story):
    _, _, diagnosis = story
    assert diagnosis.warnings == []


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
