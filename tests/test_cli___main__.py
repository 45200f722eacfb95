"""``python -m synack.cli`` is the command ``synack``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_module_is_the_command():
    command = [Path(sys.executable).with_name("synack"), "--version"]
    module = [sys.executable, "-m", "synack.cli", "--version"]
    said = [subprocess.run(it, capture_output=True, check=True) for it in (command, module)]
    assert said[0].stdout == said[1].stdout != b""
