"""``python -m synack.synth`` as a user calls it."""

from __future__ import annotations

import subprocess
import sys

from synack.synth.__main__ import main

STORY = """
[links.lan]
prefix = "10.0.1.0/24"
[hosts.a]
address = "10.0.1.1"
mac = "0a:00:00:00:00:01"
services = {9092 = "accept"}
[hosts.b]
address = "10.0.1.2"
mac = "0a:00:00:00:00:02"
[[connections]]
client = "b"
server = "a"
at = 1
[[captures]]
host = "a"
"""


def test_a_story_is_played(tmp_path):
    (tmp_path / "story.toml").write_text(STORY)
    command = [sys.executable, "-m", "synack.synth", "story.toml", "-o", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "out: 1 files; 1 completed\n"
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"a-eth0.pcap", "truth.json"}


def test_errors(tmp_path, capsys):
    story = tmp_path / "story.toml"
    story.write_text(STORY.replace('client = "b"', 'client = "c"'))
    assert main([str(story), "-o", str(tmp_path / "out")]) == 3
    error = capsys.readouterr().err
    assert error == f"error: {story}, line 12: connections[0].client: 'c' is none of 'a', 'b'\n"
    assert not (tmp_path / "out").exists()
    story.write_text(STORY)
    assert main([str(story), "-o", str(story)]) == 2
    assert "cannot write" in capsys.readouterr().err
