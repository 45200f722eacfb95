"""What several test files share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden"

pytest.register_assert_rewrite("stories", "traces")

# What takes long on a busy machine has not failed.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


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


@pytest.fixture
def golden():
    """Compare with a reviewed file of tests/golden; SYNACK_GOLDEN=write writes it first."""

    def compare(name: str, content: str) -> None:
        path = GOLDEN / name
        if os.environ.get("SYNACK_GOLDEN") == "write":
            path.write_text(content, "utf-8")
        assert content == path.read_text("utf-8")

    return compare
