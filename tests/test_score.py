"""The scoreboard itself, on a few stories: nobody is wrongly accused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def score(*arguments):
    command = [sys.executable, str(BENCHMARKS / "score.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_thirty_stories(tmp_path):
    numbers = tmp_path / "numbers.json"
    done = score("--stories", 30, "--first", 101, "--peers", 3, "--json", numbers)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(numbers.read_text())
    assert found["stories"] == 30
    assert found["errors"] == []
    assert (found["accused"] > 5, found["wrong"]) == (True, 0)
    assert found["found"] >= 0.9 * found["sufficient"] > 3
    assert found["outcomes"]["completed/completed"] > 500
    for peer in ("synack", "tshark", "Zeek (emulated)", "packet diff", "MAC compare"):
        assert f"| {peer} |" in done.stdout


def test_one_story_again_is_the_same(tmp_path):
    texts = [score("--only", 13, "--keep", tmp_path / name).stdout for name in ("one", "two")]
    assert texts[0] == texts[1]
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in ("one", "two"))
    assert one == two


def test_the_verdict_counts(tmp_path):
    """A wrong accusation fails the run: the judge is not always content."""
    program = (
        "import score, sys; r = score.Result(1, []); r.accused = [('possible', False)];"
        "r.notes = ['wrong: x']; score.judge = lambda *_: r;"
        "sys.argv = ['score.py', '--only', '1']; sys.exit(score.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=BENCHMARKS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "precision | 0.000 (0 of 1)" in done.stdout
