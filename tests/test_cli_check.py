"""``synack check`` as a user types it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import judged
import pytest

ROOT = Path(__file__).parents[1]


def test_check_is_0_when_all_is_as_expected(synack):
    code, out, err = synack("check", "fixtures")
    assert (code, err) == (0, "")
    assert out.endswith(f"{len(list(ROOT.glob('fixtures/*/case.toml')))} cases: all as expected\n")
    assert synack("check", "fixtures", "-j", "1")[1] == out


@pytest.fixture
def cases(tmp_path):
    return judged.folder_of_cases(tmp_path / "cases")


@pytest.mark.parametrize(
    ("pattern", "form", "code"),
    [
        ("b-as", "text", 0),
        ("a-diff", "json", 1),
        ("a-diff", "markdown", 1),
        ("c-wrong", "github", 3),
        ("d-nothing", "junit", 3),
        ("f-un", "text", 3),
        ("*", "text", 3),
    ],
)
def test_check_exit_codes(synack, cases, pattern, code, form):
    found, out, err = synack("check", str(cases), "-k", pattern, "--format", form)
    assert (found, err) == (code, "")
    assert out


def test_check_without_a_case_is_2(synack, tmp_path):
    for arguments in ((str(tmp_path),), (str(tmp_path / "no"),), ("fixtures", "-k", "nothing")):
        code, out, err = synack("check", *arguments)
        assert (code, out) == (2, "")
        assert err.startswith("synack: ")


def test_check_of_what_crashes_is_4(cases, tmp_path):
    """In the process that diagnoses: it reads sitecustomize when it starts."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'synack.check.worker' in sys.orig_argv:\n"
        "    import synack.pipeline\n"
        "    def fail(*_, **__): raise RuntimeError('boom')\n"
        "    synack.pipeline.run = fail\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "synack.cli", "check", str(cases)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert "internal error: RuntimeError: boom" in done.stdout
    assert "Traceback" not in done.stderr


def test_check_ends_what_hangs(synack, cases):
    folder = cases / "d-nothing-expected"
    os.mkfifo(folder / "more.pcap")
    (folder / "case.toml").write_text('inputs = ["more.pcap"]\n[expect]\n')
    code, out, _ = synack("check", str(cases), "-k", "[bd]-*", "--timeout", "2")
    assert code == 3
    assert out.endswith("2 cases: 1 as expected, 1 timed out\n")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_check_that_is_stopped_leaves_no_process(tmp_path, sent, code):
    pipe = tmp_path / "a.pcap"
    os.mkfifo(pipe)
    (tmp_path / "case.toml").write_text('inputs = ["a.pcap"]\n[expect]\n')
    command = [sys.executable, "-m", "synack.cli", "check", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        # It opens once somebody reads; whoever reads then waits for a byte.
        writer = os.open(pipe, os.O_WRONLY)
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (code, b"", b"")
    with pytest.raises(BrokenPipeError):
        os.write(writer, b"x")
    os.close(writer)


def test_check_update_writes_and_is_0(synack, cases):
    code, out, _ = synack("check", str(cases), "-k", "[ad]-*", "--update")
    assert code == 0
    assert out.endswith("2 cases: all updated\n")
    assert "exact = true" in (cases / "d-nothing-expected" / "case.toml").read_text()
    code, out, _ = synack("check", str(cases), "-k", "[ad]-*")
    assert code == 0
    assert out.endswith("2 cases: all as expected\n")


def test_check_into_a_file_says_the_verdict(synack, cases, tmp_path):
    target = tmp_path / "synack.xml"
    code, out, err = synack("check", str(cases), "-k", "a-", "-f", "junit", "-o", str(target))
    assert (code, out, err) == (1, "", "synack: 1 case: all different\n")
    assert target.read_text().startswith("<?xml")
