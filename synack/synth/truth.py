"""What really happened, as only the generator knows it: the fate of every transmission and its
cause, the outcome of every attempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

STALE = "stale-neighbor"
DUPLICATE = "duplicate-address"
UNRESOLVED = "unresolved-neighbor"


_ENDINGS = {
    "reset": ("rejected", "rst", True),
    "refused": ("refused", "rst", False),
    "unreachable": ("unreachable", "", False),
    "challenged": ("challenged", "ack", False),
}
"""By mark: the outcome, and the leg that must have left for it, by the client or not; "" of ICMP
errors, which are marked when they arrive."""


class Wrong(NamedTuple):
    """A neighbor entry that was not its owner's: ``host`` had ``address`` at ``mac``, while
    its owner was at ``right``."""

    host: str
    address: str
    mac: str
    right: str


@dataclass(eq=False)
class Sent:
    """One transmission of one segment. ``wire``: when it left its sender, None if it never did;
    ``macs``: per hop who sent it to which MAC."""

    attempt: Attempt
    leg: str
    host: str
    time: float
    wire: float | None = None
    arrived: float | None = None
    fate: str = "under way"
    cause: str = ""
    wrong: Wrong | None = None
    macs: list[tuple[str, str]] = field(default_factory=list)

    def delivered(self, at: float) -> None:
        if self.fate not in ("delivered", "lost", "misdelivered"):
            self.fate, self.arrived = "delivered", at

    def lost(self, cause: str, wrong: Wrong | None = None) -> None:
        if self.fate not in ("delivered", "lost", "misdelivered"):
            self.fate, self.cause, self.wrong = "lost", cause, wrong


@dataclass(eq=False)
class Attempt:
    """One connection attempt. ``marks``: what its ends did (established, refused, reset,
    challenged, unreachable)."""

    number: int
    client: str
    client_address: str
    client_port: int
    server: str
    server_port: int
    isn: int
    start: float
    sent: list[Sent] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)

    def arrived(self, leg: str) -> bool:
        return any(s.leg == leg and s.fate == "delivered" for s in self.sent)

    def on_wire(self, leg: str, by_client: bool) -> bool:
        return any(
            s.leg == leg and s.wire is not None and (s.host == self.client) == by_client
            for s in self.sent
        )

    @property
    def outcome(self) -> str:
        """In the words of synack's outcomes, with both ends known."""
        if "established" in self.marks:
            return "completed"
        if "connected" in self.marks:
            return "ack-lost"
        # What its sender could not send, for it could not resolve the next hop, is no answer.
        for mark, (outcome, leg, by_client) in _ENDINGS.items():
            if mark in self.marks and (not leg or self.on_wire(leg, by_client)):
                return outcome
        if self.on_wire("syn-ack", by_client=False):
            return "inconclusive" if self.arrived("syn-ack") else "syn-ack-lost"
        return "no-reply" if self.arrived("syn") else "syn-lost"

    @property
    def also(self) -> list[str]:
        """Other outcomes that are as true. A client that gave up resets what comes too late: it
        did reject, after SYN-ACKs, or its own ACKs, were lost; who saw the one or the other
        says so, and neither is wrong."""
        if "reset" not in self.marks or not self.on_wire("rst", by_client=True):
            return []
        if self.outcome == "rejected":
            fates = {s.fate for s in self.sent if s.leg == "syn-ack" and s.wire is not None}
            return ["syn-ack-lost"] if fates & {"lost", "misdelivered"} else []
        return ["rejected"] if self.outcome == "ack-lost" else []

    @property
    def cause(self) -> str:
        """Of its losses the one that came most often; "" for what completed without any."""
        causes = [s.cause for s in self.sent if s.cause]
        return max(sorted(set(causes)), key=causes.count) if causes else ""


def as_table(attempt: Attempt, moment: Any) -> dict[str, Any]:
    """For ``truth.json``; ``moment`` turns story seconds into a time of the true clock."""
    return {
        "client": attempt.client_address,
        "client_port": attempt.client_port,
        "server": attempt.server,
        "server_port": attempt.server_port,
        "client_isn": attempt.isn,
        "first": moment(attempt.start),
        "outcome": attempt.outcome,
        **({"also": attempt.also} if attempt.also else {}),
        "cause": attempt.cause,
        "sent": [
            {
                "leg": s.leg,
                "host": s.host,
                "time": moment(s.time),
                "on_wire": s.wire is not None,
                "fate": s.fate,
                **({"arrived": moment(s.arrived)} if s.arrived is not None else {}),
                **({"cause": s.cause} if s.cause else {}),
                "to": [mac for _, mac in s.macs],
            }
            for s in attempt.sent
        ],
    }
