"""Every diagnosis is valid by the schema that the package ships."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

import build
import synack
from synack.model import CONFIDENCES, FINDING_KINDS, OUTCOMES

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
SCHEMA = json.loads((files("synack.report") / "diagnosis.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def _inputs() -> list[Path]:
    stories = sorted(path.parent for path in ROOT.glob("fixtures/*/case.toml"))
    lab = sorted(p for p in (SHARED / "domain" / "lab").iterdir() if p.is_dir())
    assert lab, f"{SHARED} is missing: the lab runs lie beside the project"
    return stories + [p for p in lab if p.name != "scripts"]


def test_the_schema_is_a_schema_and_knows_the_vocabulary():
    VALIDATOR.check_schema(SCHEMA)
    defs = SCHEMA["$defs"]
    assert tuple(defs["outcome"]["enum"]) == OUTCOMES
    assert tuple(defs["finding"]["properties"]["kind"]["enum"]) == FINDING_KINDS
    assert set(defs["finding"]["properties"]["confidence"]["enum"]) == set(CONFIDENCES)


@pytest.mark.parametrize("path", _inputs(), ids=lambda path: path.name)
def test_a_diagnosis_is_valid(path):
    document = json.loads(synack.diagnose(path).to_json())
    VALIDATOR.validate(document)
    assert sum(document["attempts"]["outcomes"].values()) == document["attempts"]["total"]


def test_nothing_readable_is_valid_too(tmp_path):
    (tmp_path / "a.pcap").write_bytes(b"")
    (tmp_path / "b.pcap").write_bytes(build.pcap([]))
    document = json.loads(synack.diagnose(tmp_path, tmp_path / "missing").to_json())
    VALIDATOR.validate(document)
    assert any("empty file" in text for text in document["warnings"])


def test_a_wrong_document_is_not_valid():
    document = json.loads(synack.diagnose(ROOT / "fixtures" / "stale-arp").to_json())
    document["findings"][0]["stale_mac"] = "0A-DE-AD-00-00-01"
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(document)


def test_times_are_iso_with_nanoseconds():
    finding = json.loads(synack.diagnose(ROOT / "fixtures" / "stale-arp").to_json())["findings"][0]
    assert finding["first"].endswith("Z")
    assert len(finding["first"]) == len("2026-11-23T14:58:48.123456789Z")
