"""What several test files share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytest.register_assert_rewrite("stories", "traces")


@pytest.fixture
def synack():
    """Run the real command in the project's root: (exit code, stdout, stderr)."""

    def run(*arguments: str, stdin: bytes = b"", **environment: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "synack.cli", *arguments],
            cwd=ROOT,
            input=stdin,
            capture_output=True,
            timeout=60,
            env=os.environ | {"NO_COLOR": "1", "COLUMNS": "80", "TERM": "dumb"} | environment,
            check=False,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run
