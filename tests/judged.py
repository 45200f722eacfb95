"""Cases that went wrong in every way, for the tests of their reports."""

from __future__ import annotations

import shutil
from pathlib import Path

from synack.check.run import Result, check, find

FIXTURES = Path(__file__).parents[1] / "fixtures"
HOSTILE = "e::error::%0A`x`|<b>@me [y](z)\n# h\x1b[31m\udcff"

CASES = {
    "a-different": """title = "Half of it is wrong"
[expect]
findings = [
    {kind = "stale-neighbor", ip = "10.0.1.78", sent = 60, confidence = "probable"},
    {kind = "refused", host = "broker-1"},
]
absent = ["stale-neighbor"]
outcomes = {completed = 60, "syn-ack-lost" = 6}
exact = true
""",
    "b-as-expected": """title = "As it should be"
[expect]
outcomes = {completed = 70, "syn-ack-lost" = 6}
""",
    "c-wrong-keys": """titel = "x"
inputs = ["no.pcap"]
[expect]
findings = [{kind = "refused",
             confidence = "sure"}]
""",
    "d-nothing-expected": 'title = "To be written"\n',
    HOSTILE: """title = "::error::<img src=x>|`a` \\u0000\\uFFFE $x$ www.a.b :de: #1"
[expect]
exact = true
""",
}


def folder_of_cases(root: Path) -> Path:
    """Copies of one fixture, each with one of the :data:`CASES`."""
    for name, text in CASES.items():
        shutil.copytree(FIXTURES / "stale-arp", root / name)
        (root / name / "case.toml").write_text(text, "utf-8")
    shutil.copytree(FIXTURES / "stale-arp", root / "f-unreadable")
    (root / "f-unreadable" / "more.pcap").write_bytes(b"")
    return root


def judged(root: Path) -> list[Result]:
    """All of them, judged; the current folder should be ``root``."""
    folder_of_cases(root)
    return check(find(["."]))
