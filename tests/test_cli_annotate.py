"""``synack annotate`` as a user types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STALE = "fixtures/stale-arp"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([STALE, "-n", "2"], 2, "no finding 2; there is 1 finding"),
        (["fixtures/healthy"], 2, "--all is for all handshakes"),
        (["b1=-"], 2, "standard input cannot be: save it to a file"),
        (["fixtures/cooked-v2", "--split"], 2, "--split needs -o FILE"),
        ([STALE, "fixtures/no-such", "-o", "/dev/null"], 3, "no such file or folder"),
        ([STALE, "--finding", "0"], 2, "0 is not in the range"),
    ],
)
def test_annotate_says_what_it_cannot(synack, arguments, code, says):
    done = synack("annotate", *arguments)
    assert done[0] == code
    assert says in done[2]


def test_annotate_writes_to_a_pipe_or_file(synack, tmp_path):
    """The same bytes; what it says goes to standard error."""
    code, _, err = synack("annotate", STALE, "-n", "1", "-o", str(tmp_path / "x.pcapng"))
    assert code == 0
    assert err.endswith("x.pcapng: 122 frames of 6 attempts, 2 interfaces\n")
    piped = subprocess.run(
        [sys.executable, "-m", "synack.cli", "annotate", STALE],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    assert piped.stdout == (tmp_path / "x.pcapng").read_bytes()
