"""The words that other programs rely on, and what a capture of several files adds up to."""

from __future__ import annotations

import pytest

from synack.errors import Damage
from synack.model import (
    CONFIDENCES,
    FATES,
    FINDING_KINDS,
    OUTCOMES,
    Capture,
    CaptureFile,
    Outcome,
    Source,
)

CONTRACT_OUTCOMES = (
    "completed", "syn-lost", "no-reply", "syn-ack-lost", "ack-lost", "refused", "rejected",
    "unreachable", "challenged", "unanswered", "unacknowledged", "inconclusive",
)  # fmt: skip
CONTRACT_KINDS = {
    "stale-neighbor", "duplicate-address", "unresolved-neighbor", "syn-ack-lost", "syn-lost",
    "ack-lost", "no-reply", "listen-overflow", "refused", "rejected", "unreachable", "challenged",
    "asymmetric-path", "capture-gap",
}  # fmt: skip


def test_spellings() -> None:
    """A contract: a changed word breaks somebody's script."""
    assert OUTCOMES == CONTRACT_OUTCOMES
    assert set(FINDING_KINDS) == CONTRACT_KINDS
    assert len(FINDING_KINDS) == len(CONTRACT_KINDS)
    assert set(FATES) == {"delivered", "lost", "misdelivered", "unwitnessed"}
    assert CONFIDENCES == ("possible", "probable", "confirmed")
    assert OUTCOMES[Outcome.SYN_ACK_LOST] == "syn-ack-lost"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (Source("a.pcap", frame=12), "a.pcap frame 12"),
        (Source("a.txt", line=3), "a.txt line 3"),
        (Source("a.txt"), "a.txt"),
    ],
)
def test_source_in_words(source: Source, text: str) -> None:
    assert str(source) == text


def test_capture_of_files() -> None:
    """Sums and spans over a rotated set, files without packets left out."""
    files = [
        CaptureFile("0", packets=3, first=20, last=30),
        CaptureFile("1"),
        CaptureFile("2", packets=2, first=5, last=25, dropped=0),
    ]
    capture = Capture("h", "eth0", files)
    assert (capture.packets, capture.first, capture.last, capture.dropped) == (5, 5, 30, 0)
    assert capture.complete
    files[2].dropped = 4
    assert capture.dropped == 4
    assert not capture.complete


def test_capture_without_packets() -> None:
    """Absence is None, not zero."""
    capture = Capture("h", "", [CaptureFile("0")])
    assert (capture.packets, capture.first, capture.last, capture.dropped) == (0, None, None, None)


@pytest.mark.parametrize(
    ("file", "gaps", "complete"),
    [
        (CaptureFile("0"), [], True),
        (CaptureFile("0", dropped=0), [], True),
        (CaptureFile("0", dropped=1), [], False),
        (CaptureFile("0", damage=Damage("0", "cut")), [], False),
        (CaptureFile("0"), [(1, 2)], False),
    ],
)
def test_complete(file: CaptureFile, gaps: list[tuple[int, int]], complete: bool) -> None:
    """Drops, damage and a missing file each make a capture incomplete."""
    assert Capture("h", "", [file], gaps).complete is complete


def test_understood() -> None:
    """A file of which every packet is of an unknown link type is not understood."""
    file = CaptureFile("0", packets=2)
    assert file.understood
    file.counts["not-understood"] = 1
    assert file.understood
    file.counts["not-understood"] = 2
    assert not file.understood
