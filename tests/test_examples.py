"""What the README offers for CI is run as it is written: the workflow's steps, the hook.

Without the network: this tree stands for the package index, and the libraries of the
interpreter that runs the tests are there already.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from xml.etree import ElementTree

import judged
import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / "examples" / "github-workflow.yml"


def run(*command: str | Path, cwd: Path, env: dict[str, str], code: int = 0) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == code, done.stdout
    return done.stdout


@pytest.fixture
def offline(tmp_path):
    """An environment in which pip finds every library but synack, and no index."""
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    for kind in ("purelib", "platlib"):
        for entry in Path(sysconfig.get_path(kind)).iterdir():
            ours = entry.name.lower().startswith(("synack", "__editable__"))
            # Without Cython nothing is compiled: faster, and works all the same.
            skipped = entry.name.lower().startswith(("cython", "pip", "_virtualenv"))
            if not (ours or skipped or entry.suffix == ".pth" or (libraries / entry.name).exists()):
                (libraries / entry.name).symlink_to(entry)
    keep = ("LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR")
    return {key: os.environ[key] for key in keep if key in os.environ} | {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(libraries),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's way to say: without isolation
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "VIRTUALENV_OVERRIDE_APP_DATA": str(tmp_path / "virtualenv"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{f"GIT_{who}_NAME": "t" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "t@example.org" for who in ("AUTHOR", "COMMITTER")},
    }


@pytest.fixture
def tree(tmp_path):
    """This project as it stands, in a repository of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    place = tmp_path / "synack-tree"
    for name in listed:
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    return place


def commit(place: Path, env: dict[str, str]) -> str:
    run("git", "init", "-q", cwd=place, env=env)
    run("git", "add", "-A", cwd=place, env=env)
    run("git", "commit", "-qm", "All", cwd=place, env=env)
    return run("git", "rev-parse", "HEAD", cwd=place, env=env).strip()


def project(place: Path) -> Path:
    """Somebody's repository with two recorded incidents."""
    for name in ("stale-arp", "healthy"):
        shutil.copytree(ROOT / "fixtures" / name, place / "incidents" / name)
    return place


def break_one(place: Path) -> None:
    (place / "incidents" / "stale-arp" / "case.toml").write_text(judged.CASES["a-different"])


def test_the_workflow_runs_as_it_is_written(tmp_path, offline, tree):
    """Every `run:` step, by the shell that GitHub takes, in a checkout of a project."""
    steps = {
        step["name"]: step["run"]
        for step in yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]["check"]["steps"]
        if "run" in step
    }
    assert list(steps) == [
        "Install", "Check every case", "Summary of the job", "Results for other tools",
    ]  # fmt: skip
    wheels = tmp_path / "wheels"
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path, env=offline)
    pip = tmp_path / "venv" / "bin" / "pip"
    run(pip, "wheel", "-q", "--no-deps", "-w", wheels, tree, cwd=tmp_path, env=offline)
    checkout = project(tmp_path / "checkout")
    summary = tmp_path / "summary.md"
    env = offline | {
        "PATH": f"{tmp_path / 'venv' / 'bin'}:{os.environ['PATH']}",
        "PIP_FIND_LINKS": str(wheels),
        "GITHUB_STEP_SUMMARY": str(summary),
    }

    def step(name: str, code: int = 0) -> str:
        return run("bash", "-e", "-c", steps[name], cwd=checkout, env=env, code=code)

    step("Install")
    where = run("bash", "-c", "command -v synack", cwd=checkout, env=env).strip()
    assert where == str(tmp_path / "venv" / "bin" / "synack")
    assert step("Check every case") == ("::notice title=synack check::2 cases: all as expected\n")
    step("Summary of the job")
    assert "| `incidents/stale-arp` | as expected |" in summary.read_text("utf-8")
    step("Results for other tools")
    root = ElementTree.parse(checkout / "synack.xml").getroot()
    assert (root.attrib["tests"], root.attrib["failures"]) == ("2", "0")
    # The wheel brings the plugin along.
    plugin = run("python", "-W", "error", "-m", "pytest", "-v", cwd=checkout, env=env)
    assert "incidents/stale-arp/case.toml::stale-arp PASSED" in plugin

    break_one(checkout)
    said = step("Check every case", code=1)
    assert said.startswith("::error file=incidents/stale-arp/case.toml,line=4,title=")
    step("Summary of the job", code=1)
    assert "| `incidents/stale-arp` | different |" in summary.read_text("utf-8")
    step("Results for other tools", code=1)
    root = ElementTree.parse(checkout / "synack.xml").getroot()
    assert root.attrib["failures"] == "1"


def test_the_hook_runs_in_pre_commit(tmp_path, offline, tree):
    """The real pre-commit, with the snippet of the README; only its repository is this one."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (snippet,) = [
        part for part in readme.split("```yaml\n")[1:] if "synack-check" in part.split("```")[0]
    ]
    config = yaml.safe_load(snippet.split("```")[0])
    (repository,) = config["repos"]
    repository["repo"], repository["rev"] = str(tree), commit(tree, offline)
    place = project(tmp_path / "project")
    (place / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    commit(place, offline)
    hook = (sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never")
    said = run(*hook, cwd=place, env=offline)
    assert "recorded incidents get their verdicts" in said
    assert "Passed" in said

    break_one(place)
    said = run(*hook, cwd=place, env=offline, code=1)
    assert "Failed" in said
    assert "incidents/stale-arp: different" in said


def test_the_readme_shows_the_workflow():
    assert "examples/github-workflow.yml" in (ROOT / "README.md").read_text("utf-8")
