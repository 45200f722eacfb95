"""Progress: one line, on a terminal only, and never a wrong number."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from synack import progress
from synack.progress import Line, describe

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ("b.pcap", 500_000_000, 1_000_000_000, 4_200_000, 0.5),
            "b.pcap: 50 % of 1.0 GB, 4.2 M packets, 1.0 GB/s, 0 s left",
        ),
        (("-", 5_000, None, 10, 2.0), "-: 5.0 kB, 0.0 M packets, 2.5 kB/s"),
        (("a", 0, 10, 0, 0.0), "a: 0 % of 10 B, 0.0 M packets, 0 B/s"),
        (("a\x1b[1m", 1, None, 0, 1.0), "a\\x1b[1m: 1 B, 0.0 M packets, 1 B/s"),
    ],
)
def test_describe(arguments, text):
    assert describe(*arguments) == text


def test_a_long_path_keeps_its_end():
    text = describe("x" * 200 + "-eth0.pcap", 10, 100, 5, 1.0)
    assert len(text) <= 80
    assert "-eth0.pcap: 10 %" in text


def test_short_work_shows_nothing():
    stream = io.StringIO()
    line = Line(stream)
    line.update("a", 1, 2, 3)
    line.close()
    assert stream.getvalue() == ""


def test_a_line_is_rewritten_and_erased(monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(progress, "_EVERY_S", 0.0)
    stream = io.StringIO()
    line = Line(stream)
    line.update("abc", 1, 2, 3)
    line.update("abc", 2, 2, 3)
    line.close()
    shown = stream.getvalue().split("\r")
    assert shown[1].startswith("abc: 50 %")
    assert shown[2].startswith("abc: 100 %")
    assert shown[3].strip() == ""
    assert shown[4] == ""


def test_on_a_terminal_reading_reports_itself():
    """With no patience every file is reported, through the real command."""
    code = (
        "import sys, synack.progress as p\n"
        "p._PATIENCE_S = p._EVERY_S = 0\n"
        "sys.argv = ['synack', 'inspect', 'fixtures/stale-arp/broker-1-eth0.pcap']\n"
        "from synack.cli import main; main()"
    )
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=follower, check=True
    )
    os.close(follower)
    said = os.read(leader, 4096).decode()
    os.close(leader)
    assert "broker-1-eth0.pcap: 100 % of 68.2 kB" in said
    assert b"%" not in done.stdout


def test_without_a_terminal_there_is_none(synack):
    assert synack("inspect", "fixtures/stale-arp")[2] == ""
