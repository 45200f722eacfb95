"""What is left: the result, notes on standard error, the exit code."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import build

ROOT = Path(__file__).parents[1]
STALE = "fixtures/stale-arp"


def test_what_cannot_be_read_is_3_whatever_was_found(synack):
    assert synack("diagnose", STALE, "missing", "--fail-on", "any")[0] == 3


def test_nothing_to_conclude_is_3(synack, tmp_path):
    (tmp_path / "a.pcap").write_bytes(build.pcap([]))
    code, out, err = synack("diagnose", str(tmp_path))
    assert code == 3
    assert "nothing could be concluded" in err
    assert "no handshake" in out


def test_an_impossible_output_is_2_and_leaves_nothing(synack, tmp_path):
    code, _, err = synack("handshakes", STALE, "-o", str(tmp_path / "no" / "x.csv"))
    assert code == 2
    assert "cannot write" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("form", "arguments"),
    [("parquet", ["handshakes", STALE, "-f", "parquet"]), ("pcapng", ["annotate", STALE])],
)
def test_binary_is_not_written_to_a_terminal(form, arguments):
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "synack.cli", *arguments],
        cwd=ROOT, stdout=follower, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(follower)
    os.close(leader)
    assert done.returncode == 2
    assert f"{form} is binary" in done.stderr.decode()


def test_without_a_compiler_it_works_and_says_so_once():
    """The sources, loaded as they stand, in place of the compiled modules."""
    code = (
        "import importlib.util, pathlib, sys, synack\n"
        "root = pathlib.Path(synack.__file__).parent\n"
        "for name in ('grouping', 'capture.scan', 'handshake.walk'):\n"
        "    path = root.joinpath(*name.split('.')).with_suffix('.py')\n"
        "    spec = importlib.util.spec_from_file_location('synack.' + name, path)\n"
        "    module = importlib.util.module_from_spec(spec)\n"
        "    sys.modules['synack.' + name] = module\n"
        "    spec.loader.exec_module(module)\n"
        "    assert not module.COMPILED\n"
        "sys.argv = ['synack', 'demo']\n"
        "from synack.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "STALE NEIGHBOR ENTRY on broker-1 (confirmed)" in done.stdout
    assert done.stderr.count("not compiled") == 1
