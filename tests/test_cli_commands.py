"""All commands together: help, completion, and what becomes of errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import synack as package
from synack.capture.scan import COMPILED

ROOT = Path(__file__).parents[1]
STALE = "fixtures/stale-arp"


def test_version(synack):
    """It says which scan is in use."""
    kind = "compiled" if COMPILED else "uncompiled"
    assert synack("--version") == (0, f"synack {package.__version__} ({kind} scan)\n", "")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "diagnose",
        "check",
        "handshakes",
        "neighbors",
        "gc",
        "inspect",
        "annotate",
        "explain",
        "demo",
    ],
)
def test_help_teaches(synack, command):
    code, out, _ = synack(*command.split(), "--help")
    assert code == 0
    assert command in ("", "demo") or "Examples:" in out
    assert "Traceback" not in out


def test_help_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['synack', '--help']\n"
        "from synack.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numpy', 'pandas', 'dpkt', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.endswith("[]\n")


def test_completion_is_there(synack):
    code, out, _ = synack(
        "--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"
    )
    assert code == 0
    assert "complete" in out


@pytest.mark.parametrize(
    "arguments", [("diagnose",), ("nonsense",), ("diagnose", STALE, "--format", "yaml")]
)
def test_wrong_usage_is_2(synack, arguments):
    code, _, err = synack(*arguments)
    assert code == 2
    assert err


def test_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m synack.cli handshakes {STALE} -f ndjson | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stderr == b""
    assert done.stdout.count(b"\n") == 1


@pytest.mark.parametrize("command", ["handshakes", "neighbors", "inspect", "diagnose"])
def test_text_needs_neither_pandas_nor_arrow(command):
    code = (
        f"import sys; sys.argv = ['synack', {command!r}, {STALE!r}]\n"
        "from synack.cli import app\n"
        "app(standalone_mode=False)\n"
        "print(sorted({'pandas', 'pyarrow'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_an_internal_error_is_4_and_says_how_to_report_it():
    code = (
        "import sys; sys.argv = ['synack', 'inspect', 'x']\n"
        "import synack.loading\n"
        "def fail(*_, **__): raise RuntimeError('boom')\n"
        "synack.loading.load = fail\n"
        "from synack.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "internal error: RuntimeError: boom" in done.stderr
    assert "report it" in done.stderr
    assert "Traceback" not in done.stderr
