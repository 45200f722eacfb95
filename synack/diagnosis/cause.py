"""What may keep a wrong entry alive, by name."""

from __future__ import annotations

from typing import NamedTuple

from synack.model import Evidence, Source

FIXED, ANSWERED, CONNECTED, SHARED, CONFIRMED, DATAGRAMS, BYPASSED, TRUSTED, OVERDUE, DORMANT = (
    "fixed", "answered", "connected", "shared-route", "confirmed", "datagrams", "bypassed",
    "trusted", "overdue", "dormant",
)  # fmt: skip
"""Names of the mechanisms of domain facts 1.7: g, e and f, c, b, one of b c d, d, h, k, j, a."""


class Cause(NamedTuple):
    """``says`` the cause, ``seen`` the signature by which it was recognised."""

    name: str
    says: str
    seen: str
    sources: tuple[Source, ...]

    @property
    def evidence(self) -> Evidence:
        return Evidence(f"survived-{self.name}", self.seen, self.sources)
