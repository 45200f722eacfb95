"""What is typed: formats, lists of words, colour."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[1]
STALE = "fixtures/stale-arp"


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("synack diagnose x --format ", ["text", "json", "markdown", "html", "github", "junit"]),
        ("synack check x --format j", ["json", "junit"]),
        ("synack diagnose x --fail-on un", ["unresolved-neighbor", "unreachable"]),
        ("synack diagnose x --fail-on an", ["any"]),
        ("synack diagnose x --fail-on any,stale", ["any,stale-neighbor"]),
        ("synack handshakes x --only refused,syn", ["refused,syn-lost", "refused,syn-ack-lost"]),
        ("synack handshakes x --only comp", ["completed"]),
        ("synack ch", ["check"]),
    ],
)
def test_words_are_completed(words, completed):
    """As the shell asks for them."""
    count = len(words.split()) - (not words.endswith(" "))
    done = subprocess.run(
        [Path(sys.executable).with_name("synack")], cwd=ROOT, capture_output=True, text=True,
        check=True, env=os.environ | {
            "_SYNACK_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(count),
        },
    )  # fmt: skip
    assert done.stdout.split() == completed


@pytest.mark.parametrize("form", ["text", "csv", "json", "ndjson"])
@pytest.mark.parametrize(("command", "rows"), [("handshakes", 76), ("neighbors", 70)])
def test_tables(synack, command, rows, form):
    code, out, err = synack(command, STALE, "--format", form)
    assert (code, err) == (0, "")
    if form == "json":
        assert len(json.loads(out)) == rows
    elif form == "csv":
        assert len(list(csv.DictReader(io.StringIO(out)))) == rows
    else:
        assert len(out.splitlines()) == rows + (form == "text")


def test_the_name_after_o_gives_the_format(synack, tmp_path):
    target = tmp_path / "x.parquet"
    assert synack("handshakes", STALE, "-o", str(target))[:2] == (0, "")
    assert pq.read_table(target).num_rows == 76
    assert synack("handshakes", STALE, "-o", str(tmp_path / "x.csv"))[0] == 0
    assert (tmp_path / "x.csv").read_text().startswith("client,client_port,")


@pytest.mark.parametrize(
    ("arguments", "environment", "terminal", "colored"),
    [
        ([], {}, False, False),
        ([], {}, True, True),
        ([], {"NO_COLOR": "1"}, True, False),
        ([], {"NO_COLOR": ""}, True, True),
        ([], {"TERM": "dumb"}, True, False),
        (["--color", "never"], {}, True, False),
        (["--color", "always"], {"NO_COLOR": "1"}, False, True),
    ],
)
def test_colour_is_for_terminals(arguments, environment, terminal, colored):
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "synack.cli", "diagnose", "fixtures/refused", *arguments],
        cwd=ROOT, stdout=follower if terminal else subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "TERM": "xterm"} | environment,
    )  # fmt: skip
    os.close(follower)
    out = b""
    if terminal:
        with contextlib.suppress(OSError):  # the end of a terminal
            while piece := os.read(leader, 1 << 16):
                out += piece
    else:
        out = process.communicate()[0]
    os.close(leader)
    assert process.wait() == 0
    assert b"REFUSED" in out
    assert (b"\x1b[" in out) == colored


def test_a_file_has_no_colour(synack, tmp_path):
    synack("diagnose", STALE, "-o", str(tmp_path / "x.txt"))
    assert "\x1b" not in (tmp_path / "x.txt").read_text()
