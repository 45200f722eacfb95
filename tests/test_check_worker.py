"""The process that diagnoses: one answer for each request, and nothing else on its output."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from synack.check.worker import answer

FIXTURES = Path(__file__).parents[1] / "fixtures"
STALE = str(FIXTURES / "stale-arp")


def asked(*requests: list[str], before: str = "") -> tuple[list[dict], str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{before}\nfrom synack.check.worker import main; main()"],
        input="".join(json.dumps(r) + "\n" for r in requests),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_one_answer_for_each_request():
    answers, said = asked([STALE], [STALE, "missing"], ["missing"], [])
    assert answers[0]["unreadable"] == []
    assert answers[0]["document"]["findings"][0]["kind"] == "stale-neighbor"
    assert answers[1]["document"]["findings"] == answers[0]["document"]["findings"]
    assert answers[1]["unreadable"] == ["missing: no such file or folder"]
    assert answers[2]["unreadable"] == ["missing: no such file or folder"]
    assert answers[3] == {
        "document": None,
        "unreadable": ["name at least one capture, table dump or folder"],
    }
    assert said == ""


def test_nothing_else_gets_into_the_answers():
    before = (
        "import synack.pipeline as p; run = p.run\n"
        "def loud(loaded):\n    print('hello', flush=True); return run(loaded)\n"
        "p.run = loud"
    )
    answers, said = asked([STALE], before=before)
    assert len(answers) == 1
    assert said == "hello\n"


def test_an_internal_error_is_an_answer_and_the_next_case_goes_on():
    before = (
        "import synack.pipeline as p; run = p.run; runs = []\n"
        "def once(loaded):\n"
        "    runs.append(1)\n"
        "    if len(runs) == 1: raise RuntimeError('boom')\n"
        "    return run(loaded)\n"
        "p.run = once"
    )
    answers, _ = asked([STALE], [STALE], before=before)
    assert answers[0] == {"internal": "RuntimeError: boom"}
    assert answers[1] == answer([STALE])
