"""The plugin in real runs of pytest, as a project with its own cases sees it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import judged
import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(pytester, monkeypatch):
    """Three cases, the middle one different; warnings are errors."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    for name in ("a-good", "c-good"):
        shutil.copytree(ROOT / "fixtures" / "refused", pytester.path / "cases" / name)
    shutil.copytree(ROOT / "fixtures" / "stale-arp", pytester.path / "cases" / "b-different")
    (pytester.path / "cases" / "b-different" / "case.toml").write_text(judged.CASES["a-different"])
    return pytester


def run(project, *arguments: str):
    own = ("-W", "error", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    return project.runpytest_subprocess(*own, *arguments)


def test_every_case_is_a_test_with_a_readable_failure(project):
    result = run(project, "-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "cases/a-good/case.toml::a-good PASSED*",
            "cases/b-different/case.toml::b-different FAILED*",
            "cases/c-good/case.toml::c-good PASSED*",
            "*synack case b-different*",
            "cases/b-different: different",
            "  Half of it is wrong",
            "  expect.findings[[]0[]].confidence (cases/b-different/case.toml, line 4)",
            "    expected  confidence probable",
            "    found     confidence confirmed",
            "  look:   synack diagnose cases/b-different",
            "  accept: synack check --update cases/b-different",
            "FAILED cases/b-different/case.toml::b-different - cases/b-different: different",
        ]
    )
    assert "Traceback" not in result.stdout.str()


def test_side_by_side_and_as_junit(project):
    result = run(project, "-n", "2", "--junitxml=out.xml")
    result.assert_outcomes(passed=2, failed=1)
    root = ElementTree.parse(project.path / "out.xml").getroot()
    cases = {case.attrib["name"]: case for case in root.iter("testcase")}
    assert set(cases) == {"a-good", "b-different", "c-good"}
    failure = cases["b-different"].find("failure")
    assert failure.attrib["message"].startswith("cases/b-different: different")
    assert "expected  confidence probable" in failure.text


@pytest.mark.parametrize("more", [(), ("-n", "2")])
def test_update_writes_and_says_so(project, more):
    result = run(project, "--synack-update", *more)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*synack: written for review*", "cases/b-different/case.toml"])
    result = run(project, *more)
    result.assert_outcomes(passed=3)
    assert "written for review" not in result.stdout.str()


def test_a_wrong_case_fails_alone(project):
    (project.path / "cases" / "b-different" / "case.toml").write_text('titel = "x"\n')
    result = run(project)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*case.toml, line 1: titel: unknown key*"])


def test_one_that_hangs_is_ended(project):
    folder = project.path / "cases" / "b-different"
    os.mkfifo(folder / "more.pcap")
    (folder / "case.toml").write_text('inputs = ["more.pcap"]\n[expect]\n')
    result = run(project, "--synack-timeout", "5")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["cases/b-different: timed out", "*not done within 5 s, and ended"])


def test_a_case_is_chosen_by_name_or_path(project):
    run(project, "-k", "good").assert_outcomes(passed=2, deselected=1)
    run(project, "cases/a-good/case.toml").assert_outcomes(passed=1)
    run(project, "-p", "no:synack").assert_outcomes()


def test_help_tells(project):
    text = run(project, "--help").stdout.str()
    for said in ("synack: every case.toml is a test", "--synack-update", "--synack-timeout"):
        assert said in text


def test_nothing_heavy_is_loaded(project):
    """Neither to start pytest where no case is, nor to judge cases."""
    (project.path / "empty").mkdir()
    for folder, code in (("empty", 5), ("cases/a-good", 0)):
        script = (
            "import sys, pytest\n"
            f"code = pytest.main(['-q', '-p', 'no:cacheprovider', {folder!r}])\n"
            "print('loaded', sorted({'numpy', 'pandas', 'pyarrow', 'dpkt'} & set(sys.modules)))\n"
            "print('tomlkit' in sys.modules)\n"
            "sys.exit(code)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=project.path, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert "loaded []" in done.stdout
        assert done.stdout.endswith(f"{folder != 'empty'}\n")


def test_this_projects_own_tests_are_not_in_fixtures():
    """fixtures/ is judged by tests/test_fixtures.py; `pytest fixtures` judges it as a user's."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--co", "-q", "-p", "no:cacheprovider", "fixtures"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.findall(r"^fixtures/.*case\.toml::(.*)$", done.stdout, re.M)
    assert sorted(found) == sorted(p.parent.name for p in ROOT.glob("fixtures/*/case.toml"))
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'testpaths = ["tests", "notebooks"]' in settings
