"""What there is to say of a finding in a word or number, for reports that show it as a table."""

from __future__ import annotations

from typing import NamedTuple

from synack.model import Finding
from synack.report import text
from synack.wording import first_upper


class Fact(NamedTuple):
    """``is_name``: a name, address or MAC, to be shown as it is spelled."""

    label: str
    value: str
    is_name: bool


def facts(finding: Finding) -> list[Fact]:
    """All that are known, in the order of telling."""
    sent, received = (
        "not observable" if n is None else str(n) for n in (finding.sent, finding.received)
    )
    leg = finding.leg.upper()
    every = [
        Fact("Host", finding.host, True),
        Fact("Interface", finding.interface, True),
        Fact("Address", finding.ip, True),
        Fact("Cached MAC", finding.stale_mac, True),
        Fact("Actual MAC", finding.actual_mac, True),
        Fact("Next hop", finding.next_hop, False),
        Fact(f"{leg}s sent", sent if leg else "", False),
        Fact(f"{leg}s received", received if leg else "", False),
        Fact("Attempts affected", str(finding.attempts or "none was captured"), False),
        Fact("When", text.when(finding), False),
    ]
    return [fact for fact in every if fact.value]


_ACRONYMS = {"SYN", "SYN-ACK", "ACK"}


def title(kind: str) -> str:
    """``Stale neighbor entry``, ``SYN-ACK lost``."""
    words = text.TITLES[kind].split()
    return first_upper(" ".join(w if w in _ACRONYMS else w.lower() for w in words))
