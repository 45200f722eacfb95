"""Judged cases as text and JSON: as reviewed, by the schema, the same twice."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import judged
import pytest

from synack.check.run import Status, check, find
from synack.check.update import update
from synack.report import checks, github, junit, markdown

RENDERERS = {
    "text": checks.text,
    "json": checks.document,
    "junit": junit.render_checks,
    "github": github.render_checks,
    "markdown": markdown.render_checks,
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("cases")
        patch.chdir(place)
        yield judged.judged(place)


@pytest.mark.parametrize("form", RENDERERS)
def test_a_report_is_as_reviewed(results, golden, form):
    """SYNACK_GOLDEN=write, then read the difference."""
    golden(f"check.{form}", RENDERERS[form](results))


@pytest.mark.parametrize("form", RENDERERS)
def test_two_runs_give_the_same_bytes(results, form):
    again = check(find(["."]), jobs=1)
    assert RENDERERS[form](again) == RENDERERS[form](results)


def test_json_is_valid_by_its_schema(results):
    schema = json.loads((files("synack.report") / "check.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    document = json.loads(checks.document(results))
    validator.validate(document)
    assert document["total"] == len(document["cases"]) == sum(document["statuses"].values())
    assert set(schema["$defs"]["status"]["enum"]) == {str(status) for status in Status}
    document["cases"][0]["status"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(document)


def test_a_verdict_counts(results):
    assert checks.verdict(results) == "6 cases: 1 as expected, 2 different, 3 unreadable"
    assert checks.verdict(results[1:2]) == "1 case: all as expected"


def test_nothing_steers_the_terminal(results):
    for line in checks.text(results).splitlines():
        assert line.isprintable()


def test_what_was_written_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    judged.folder_of_cases(tmp_path)
    (result,) = check(find(["a-different"]))
    assert update(result)
    said = checks.text([result])
    assert said.startswith("a-different: updated\n")
    assert "60 completed" in said
    assert "accept:" not in said
    assert json.loads(checks.document([result]))["cases"][0]["updated"] is True
    assert "::notice file=a-different/case.toml" in github.render_checks([result])
    assert 'failures="0" errors="0"' in junit.render_checks([result])
    assert "| updated |" in markdown.render_checks([result])
