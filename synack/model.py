"""The vocabulary that other programs rely on: outcomes, fates, findings, confidence.

The spellings are a contract; the README says what each word means ("What the words
mean").
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple, Protocol

from synack.errors import Damage


class Outcome(IntEnum):
    """What became of an attempt; ``attempts["outcome"]`` holds the number."""

    COMPLETED = 0
    SYN_LOST = 1
    NO_REPLY = 2
    SYN_ACK_LOST = 3
    ACK_LOST = 4
    REFUSED = 5
    REJECTED = 6
    UNREACHABLE = 7
    CHALLENGED = 8
    UNANSWERED = 9
    UNACKNOWLEDGED = 10
    INCONCLUSIVE = 11


OUTCOMES = tuple(outcome.name.lower().replace("_", "-") for outcome in Outcome)
"""The spellings, in the order of the numbers."""

FATES = ("unwitnessed", "delivered", "lost", "misdelivered")

FINDING_KINDS = (
    "stale-neighbor",
    "duplicate-address",
    "unresolved-neighbor",
    "syn-ack-lost",
    "syn-lost",
    "ack-lost",
    "no-reply",
    "listen-overflow",
    "refused",
    "rejected",
    "unreachable",
    "challenged",
    "asymmetric-path",
    "capture-gap",
)

CONFIDENCES = ("possible", "probable", "confirmed")


class Source(NamedTuple):
    """Where a claim can be looked up: a frame of a capture or a line of a text file."""

    file: str
    frame: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        if self.frame is not None:
            return f"{self.file} frame {self.frame}"
        return f"{self.file} line {self.line}" if self.line is not None else self.file


class Evidence(NamedTuple):
    """One checked statement: ``id`` names the rule, ``says`` the fact, with its sources."""

    id: str
    says: str
    sources: tuple[Source, ...] = ()


VERDICTS = ("supported", "open", "excluded")


class Alternative(NamedTuple):
    """Another cause of the same picture: ``row`` of the README's table, whether it is excluded,
    supported by something or open, and by what (or what would have shown it)."""

    row: int
    cause: str
    verdict: str
    says: str
    sources: tuple[Source, ...] = ()


class Share(NamedTuple):
    """How many of some attempts completed."""

    completed: int
    attempts: int


class ControlGroup(NamedTuple):
    """All attempts of a host by whether what it sent was addressed rightly."""

    right: Share
    wrong: Share


@dataclass
class Finding:
    """One cause that explains a group of attempts. Times are ns since 1970 UTC."""

    kind: str
    confidence: str
    host: str
    interface: str = ""
    ip: str = ""
    stale_mac: str = ""
    actual_mac: str = ""
    next_hop: str = ""
    leg: str = ""
    attempts: int = 0
    sent: int | None = None
    received: int | None = None
    first: int | None = None
    last: int | None = None
    healed: int | None = None
    survived_by: list[str] = field(default_factory=list)
    control: ControlGroup | None = None
    """Those with the wrong MAC beside those with the right one; None without any of these."""
    summary: str = ""
    evidence: list[Evidence] = field(default_factory=list)
    remedy: list[str] = field(default_factory=list)
    alternatives: list[Alternative] = field(default_factory=list)
    """Other causes that were considered, by row."""
    rows: list[int] = field(default_factory=list)
    """Rows of the attempts that it explains."""

    def _repr_html_(self) -> str:
        """As notebooks show it."""
        from synack.report import notebook

        return notebook.finding(self)


@dataclass
class CaptureFile:
    """What one capture file is. Times in ns since 1970 UTC, None without packets."""

    path: str
    container: str = ""
    compression: str | None = None
    link_types: list[str] = field(default_factory=list)
    interfaces: list[str] = field(default_factory=list)
    packets: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """Packets by kind: tcp, syn, syn-ack, rst, arp, nd, icmp-error, damaged, not-understood."""
    first: int | None = None
    last: int | None = None
    largest_gap: int = 0
    gap_from: int | None = None
    backwards: int = 0
    """Packets that are older than the one before them."""
    backwards_by: int = 0
    """The largest such step, ns."""
    dropped: int | None = None
    """Packets the capturing tool lost, by the file's own counters; None when it has none."""
    damage: Damage | None = None
    """Where reading had to stop before the end."""
    bad: list[Damage] = field(default_factory=list)
    """The first damaged frames, by name; ``counts["damaged"]`` says how many."""

    @property
    def complete(self) -> bool:
        return self.damage is None and not self.dropped

    @property
    def understood(self) -> bool:
        """Whether any packet is of a link type that is read."""
        return self.packets > self.counts["not-understood"]


@dataclass
class Capture:
    """What one host recorded on one interface: one file, or a rotated set in order of time."""

    host: str
    interface: str
    files: list[CaptureFile]
    gaps: list[tuple[int, int]] = field(default_factory=list)
    """Times (ns) from which to which it was not on: a rotated file is missing, or it was
    stopped and started again."""
    warnings: list[str] = field(default_factory=list)

    @property
    def packets(self) -> int:
        return sum(file.packets for file in self.files)

    @property
    def first(self) -> int | None:
        return min((f.first for f in self.files if f.first is not None), default=None)

    @property
    def last(self) -> int | None:
        return max((f.last for f in self.files if f.last is not None), default=None)

    @property
    def dropped(self) -> int | None:
        known = [file.dropped for file in self.files if file.dropped is not None]
        return sum(known) if known else None

    @property
    def complete(self) -> bool:
        return not self.gaps and all(file.complete for file in self.files)


class Progress(Protocol):
    """What reading reports: bytes of the file that are done, of how many (None: unknown,
    a pipe), and packets so far."""

    def update(self, path: str, done: int, size: int | None, packets: int) -> None: ...
