"""Record on this machine's own kernel, in namespaces made for it, and diagnose that.

All recordings run side by side: each waits most of its time.
"""

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

FIXTURES = (
    "refused", "duplicate-address", "healed-by-probe", "behind-nat", "forwarding-owner",
    "pods-behind-node-any",
)  # fmt: skip

LOOKALIKES = {
    "shared-mac": (set(), {}),
    "input-drop": ({"no-reply"}, {10: "open", 12: "excluded", 14: "excluded"}),
    "output-drop": ({"no-reply"}, {10: "supported", 12: "excluded"}),
    "client-drop": (set(), {}),
    "reverse-path": ({"no-reply"}, {9: "supported", 12: "excluded"}),
    "misrouted": ({"asymmetric-path"}, {}),
    "one-bad-path": ({"syn-ack-lost"}, {1: "excluded", 10: "excluded", 22: "open"}),
}
"""By story: the kinds of finding that may be named, and what must be said of other causes."""


@needs_root
def test_fresh_recordings_get_the_verdicts_of_their_stories(tmp_path):
    record([*FIXTURES, *LOOKALIKES], tmp_path)
    for story in FIXTURES:
        as_in_its_case(story, tmp_path / story)
    for story, (kinds, verdicts) in LOOKALIKES.items():
        looks_like_it_and_is_not(tmp_path / story, kinds, verdicts)


def record(stories, folder):
    running = [
        subprocess.Popen([sys.executable, RECORD, story, "--out", folder / story],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for story in stories
    ]  # fmt: skip
    said = [process.communicate(timeout=600)[1] for process in running]
    failed = [(s, text) for s, p, text in zip(stories, running, said, strict=True) if p.returncode]
    assert failed == []


def as_in_its_case(story, folder):
    """Counts depend on the kernel's timing; kinds, hosts and addresses do not."""
    case = tomllib.loads((ROOT / "fixtures" / story / "case.toml").read_text("utf-8"))
    diagnosis = synack.diagnose(folder)
    expected = [
        {k: v for k, v in finding.items() if k != "confidence"}
        for finding in case["expect"].get("findings", [])
    ]
    found = [
        {k: getattr(f, k) for k in e} for e, f in zip(expected, diagnosis.findings, strict=True)
    ]
    assert found == expected
    assert not {f.kind for f in diagnosis.findings} & set(case["expect"]["absent"])


def looks_like_it_and_is_not(folder, kinds, verdicts):
    """With all evidence, and with the captures alone: nobody's table is accused."""
    diagnosis = synack.diagnose(folder)
    assert {f.kind for f in diagnosis.findings} <= kinds, folder.name
    assert bool(diagnosis.findings) == bool(kinds), folder.name
    assert (diagnosis.attempts["outcome"] == "completed").sum() >= 6, folder.name
    found = {a.row: a.verdict for f in diagnosis.findings[:1] for a in f.alternatives}
    assert {row: found.get(row) for row in verdicts} == verdicts, folder.name
    captures = synack.diagnose(*sorted(folder.glob("*.pcap")))
    assert "stale-neighbor" not in {f.kind for f in captures.findings}, folder.name
