"""Cases are found, judged side by side in processes, and ended when they take too long."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import judged
import pytest

from synack.check.case import read
from synack.check.run import Status, Worker, check, find, judge, processors
from synack.errors import UsageError

FIXTURES = Path(__file__).parents[1] / "fixtures"


def case_at(folder: Path, text: str = "[expect]\nexact = false\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "case.toml").write_text(text)
    return folder


def names(cases) -> list[str]:
    return [case.name for case in cases]


def test_every_case_below_is_found_once_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b/2", "b/10", "a", "a/deeper", ".git/x", "b/.venv/y"):
        case_at(tmp_path / name)
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "empty").mkdir()
    assert names(find(["."])) == ["a", "a/deeper", "b/10", "b/2"]
    assert names(find(["b", "a/case.toml", "b", "./a/", "link"])) == [
        "a", "a/deeper", "b/10", "b/2",
    ]  # fmt: skip
    assert names(find([str(tmp_path / "b")])) == [str(tmp_path / "b" / n) for n in ("10", "2")]


@pytest.mark.parametrize(
    ("pattern", "fitting"),
    [
        ("stale", ["net/stale-arp", "stale/x"]),
        ("stale*", ["net/stale-arp", "stale/x"]),
        ("*/x", ["net/x", "stale/x"]),
        ("x", ["net/x", "stale/x"]),
        ("[n]et/?", ["net/x"]),
    ],
)
def test_a_pattern_chooses(tmp_path, monkeypatch, pattern, fitting):
    monkeypatch.chdir(tmp_path)
    for name in ("net/stale-arp", "net/x", "stale/x"):
        case_at(tmp_path / name)
    assert names(find(["."], pattern)) == fitting


@pytest.mark.parametrize(
    ("places", "pattern", "says"),
    [
        (["missing"], None, "missing: no such folder"),
        (["empty"], None, "empty: no case.toml in it"),
        (["a", "empty"], None, "empty: no case.toml in it"),
        (["a/x.pcap"], None, "neither a folder nor a case.toml"),
        (["a"], "b", "no case fits 'b'"),
    ],
)
def test_no_case_is_wrong_usage(tmp_path, monkeypatch, places, pattern, says):
    monkeypatch.chdir(tmp_path)
    case_at(tmp_path / "a")
    (tmp_path / "a" / "x.pcap").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=says):
        find(places, pattern)


def test_a_folder_like_an_option_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(FIXTURES / "refused", tmp_path / "-x")
    (result,) = check(find(["."]))
    assert result.status == Status.AS_EXPECTED
    assert result.command == "synack diagnose ./-x"
    assert result.accept == "synack check --update ./-x"


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_the_fixtures_are_as_expected_in_order(jobs):
    results = check(find([str(FIXTURES)]), jobs)
    assert {r.status for r in results} == {Status.AS_EXPECTED}
    assert names(r.case for r in results) == [
        str(p.parent) for p in sorted(FIXTURES.glob("*/case.toml"), key=str)
    ]


def test_what_goes_wrong(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    by_name = {r.case.name: r for r in judged.judged(tmp_path)}
    assert {name: str(r.status) for name, r in by_name.items()} == {
        "a-different": "different",
        "b-as-expected": "as-expected",
        "c-wrong-keys": "unreadable",
        "d-nothing-expected": "unreadable",
        judged.HOSTILE: "different",
        "f-unreadable": "unreadable",
    }
    assert by_name["c-wrong-keys"].document is None
    assert str(by_name["f-unreadable"].reasons[0]) == (
        "f-unreadable/case.toml: f-unreadable/more.pcap: empty file"
    )


def test_nothing_to_judge_is_no_success(tmp_path):
    """As in a checkout without the large files."""
    folder = case_at(tmp_path / "a", "[expect]\nfindings = []\nexact = true\n")
    (folder / "note.txt").write_text("version 1\n")
    (result,) = check(find([str(folder)]))
    assert result.status == Status.UNREADABLE
    assert "nothing could be concluded" in result.reasons[0].reason


def test_an_incident_toml_that_is_wrong_is_unreadable(tmp_path):
    shutil.copytree(FIXTURES / "refused", tmp_path / "a")
    (tmp_path / "a" / "incident.toml").write_text("[hosts.a]\nadresses = []\n")
    (result,) = check(find([str(tmp_path)]))
    assert result.status == Status.UNREADABLE
    assert "unknown key 'adresses'" in result.reasons[0].reason


@pytest.fixture
def hanging(tmp_path):
    """A pipe that nobody writes to, between two good cases."""
    for name in ("a", "c"):
        shutil.copytree(FIXTURES / "refused", tmp_path / name)
    case_at(tmp_path / "b", 'inputs = ["b.pcap"]\n[expect]\n')
    os.mkfifo(tmp_path / "b" / "b.pcap")
    return tmp_path


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_hangs_is_ended_and_the_others_go_on(hanging, jobs, monkeypatch):
    diagnose = Worker.diagnose

    def patient(worker, inputs, timeout):
        """On a busy machine the good ones may take longer than the bad one is given."""
        return diagnose(worker, inputs, timeout if "b.pcap" in inputs[0] else 600)

    monkeypatch.setattr(Worker, "diagnose", patient)
    results = check(find([str(hanging)]), jobs, timeout=2)
    assert [str(r.status) for r in results] == ["as-expected", "timed-out", "as-expected"]
    assert results[1].reasons[0].reason == "not done within 2 s, and ended"


def test_a_process_that_dies_takes_only_its_case_along(hanging):
    worker = Worker()
    try:
        bad, good = (read(str(hanging / name / "case.toml")) for name in "ba")

        def kill():
            while worker.pid is None:
                time.sleep(0.01)
            os.kill(worker.pid, signal.SIGSEGV)

        thread = threading.Thread(target=kill)
        thread.start()
        result = judge(bad, worker, timeout=60)
        thread.join()
        assert result.status == Status.CRASHED
        assert result.reasons[0].reason == "the process that diagnosed it died (signal 11)"
        assert judge(good, worker).status == Status.AS_EXPECTED
        os.kill(worker.pid, signal.SIGKILL)
        assert judge(good, worker).status in (Status.AS_EXPECTED, Status.CRASHED)
        assert judge(good, worker).status == Status.AS_EXPECTED
    finally:
        worker.close()
    assert worker.pid is None


def test_a_file_in_the_folder_is_no_module_of_ours(tmp_path, monkeypatch):
    shutil.copytree(FIXTURES / "refused", tmp_path / "a")
    for name in ("json", "numpy", "synack"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken over')\n")
    monkeypatch.chdir(tmp_path)
    assert [r.status for r in check(find(["."]))] == [Status.AS_EXPECTED]


def test_processors():
    assert processors() == len(os.sched_getaffinity(0))
