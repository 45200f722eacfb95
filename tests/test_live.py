"""Record on this machine's own kernel, in namespaces made for it, and diagnose that."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import synack

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "fixtures" / "record" / "record.py"

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 and not os.environ.get("CI"), reason="namespaces need root"
)


@needs_root
@pytest.mark.parametrize("story", ["refused", "duplicate-address", "healed-by-probe", "behind-nat"])
def test_a_fresh_recording_gets_the_verdict_of_its_story(story, tmp_path):
    """Counts depend on the kernel's timing; kinds, hosts and addresses do not."""
    subprocess.run(
        [sys.executable, RECORD, story, "--out", tmp_path],
        check=True,
        timeout=120,
        capture_output=True,
    )
    case = tomllib.loads((ROOT / "fixtures" / story / "case.toml").read_text("utf-8"))
    diagnosis = synack.diagnose(tmp_path)
    expected = [
        {k: v for k, v in finding.items() if k != "confidence"}
        for finding in case["expect"]["findings"]
    ]
    found = [
        {k: getattr(f, k) for k in e} for e, f in zip(expected, diagnosis.findings, strict=True)
    ]
    assert found == expected
    assert not {f.kind for f in diagnosis.findings} & set(case["expect"]["absent"])
