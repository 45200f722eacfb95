"""Ladders as plain objects: what was sent in one attempt, and what each end saw of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from synack.addresses import format_ip, format_mac
from synack.model import FATES, OUTCOMES, Finding
from synack.tables import NO_TIME, Table

if TYPE_CHECKING:
    from synack.pipeline import Diagnosed

NAMES = ("", "SYN", "SYN-ACK", "ACK", "ACK", "RST", "RST", "challenge ACK", "ICMP")
"""By :class:`~synack.handshake.states.Event`. The fourth is the server's."""

_ICMP = {
    3 << 8: "net unreachable", 3 << 8 | 1: "host unreachable", 3 << 8 | 2: "protocol unreachable",
    3 << 8 | 3: "port unreachable", 3 << 8 | 4: "fragmentation needed", 3 << 8 | 9: "prohibited",
    3 << 8 | 10: "prohibited", 3 << 8 | 13: "prohibited", 11 << 8: "TTL exceeded",
    1 << 16 | 1 << 8: "no route", 1 << 16 | 1 << 8 | 1: "prohibited",
    1 << 16 | 1 << 8 | 3: "address unreachable", 1 << 16 | 1 << 8 | 4: "port unreachable",
    1 << 16 | 2 << 8: "packet too big", 1 << 16 | 3 << 8: "hop limit exceeded",
}  # fmt: skip
"""ICMP type * 256 + code (RFC 792, RFC 1812), + 65536 for ICMPv6 (RFC 4443)."""

NOTHING_TELLS = "nothing tells whether it arrived"


class Seen(NamedTuple):
    """One segment in one capture. ``at`` is ns since 1970 UTC on the reference clock, None where
    no time was recorded; MACs are "" where the link type has none."""

    place: str
    at: int | None
    src_mac: str
    dst_mac: str
    file: str
    frame: int


@dataclass(frozen=True)
class Rung:
    """One transmission, the ``number``-th of ``of`` that the attempt has of its kind."""

    name: str
    """SYN, SYN-ACK, ACK, RST, challenge ACK, or the ICMP error."""
    number: int
    of: int
    from_client: bool
    """An ICMP error: whether it travels that way, whoever sent it."""
    sent: Seen | None
    arrived: Seen | None
    passed: tuple[Seen, ...]
    """At taps, in order of time."""
    fate: str
    reason: str
    """Why it is unwitnessed, else ""."""
    doubt_ns: int | None
    """What the times of both ends may be apart beyond what they show; None: not two hosts."""
    vanished: str
    """``between broker-1 and tap-1``, else ""."""
    between_ends: bool
    """Whether these two are its ends, so that no tap tells more than they do."""

    @property
    def title(self) -> str:
        """``SYN-ACK 3/6``; without a number where there is but one."""
        return f"{self.name} {self.number}/{self.of}" if self.of > 1 else self.name

    @property
    def seen(self) -> tuple[Seen, ...]:
        """All of it, from the end that sent it to the other."""
        ends = [[part] if part else [] for part in (self.sent, self.arrived)]
        return (*ends[0], *self.passed, *ends[1])

    @property
    def at(self) -> int | None:
        """When it was first seen."""
        return next((seen.at for seen in self.seen if seen.at is not None), None)


@dataclass(frozen=True)
class Ladder:
    """One attempt with all that was sent in it, in order of time on the reference clock."""

    attempt: int
    """Row of the attempts."""
    client: str
    """Address and port, ``10.0.1.77:40002`` or ``[2001:db8::1]:40002``."""
    server: str
    translated: str
    """``10.9.0.1:1024 to 10.0.1.10:9092``: what the server's side sees, if anything else."""
    client_host: str
    """Name of the host that captured at this end, "" without one."""
    server_host: str
    clock: str
    """Name of the host whose clock all times are on, "" if it captured under no name."""
    outcome: str
    reason: str
    """Why it is inconclusive, else ""."""
    rungs: tuple[Rung, ...]

    @property
    def begin(self) -> int | None:
        """When the first of it was seen, ns since 1970 UTC."""
        return min((rung.at for rung in self.rungs if rung.at is not None), default=None)

    @property
    def doubt_ns(self) -> int | None:
        """The largest doubt about the clocks in it."""
        return max((r.doubt_ns for r in self.rungs if r.doubt_ns is not None), default=None)


def ladders(d: Diagnosed, attempts: Sequence[int]) -> list[Ladder]:
    """One for each of ``attempts`` (rows of the attempts), in their order."""
    from synack.handshake.rungs import rungs

    table, passed = rungs(d.matched, d.paths, np.array(attempts, np.int64))
    return _Builder(d, table, passed).ladders(attempts)


def typical(d: Diagnosed, finding: Finding) -> int | None:
    """The attempt (row) of ``finding`` to show: of those that most captures saw, and of the most
    common outcome among these, the first."""
    rows = np.array(finding.rows, np.int64)
    if not len(rows):
        return None
    m = d.matched
    ends = (m.client[rows] >= 0).astype(np.int64) + (m.server[rows] >= 0)
    rows = rows[ends == ends.max()]
    outcome = d.attempts["outcome"][rows]
    return int(rows[outcome == np.argmax(np.bincount(outcome))][0])


class _Builder:
    def __init__(self, d: Diagnosed, table: Table, passed: Table) -> None:
        from synack.handshake.coverage import CAUSES
        from synack.handshake.outcome import REASONS
        from synack.handshake.stations import labels

        self.d = d
        self.m = d.matched
        self.causes, self.reasons = CAUSES, REASONS
        self.labels = labels(d.matched.captures)
        self.passed: dict[int, list[Seen]] = {}
        for row in passed.rows():
            seen = self._seen(row["row"], row["at"])
            if seen:
                self.passed.setdefault(row["rung"], []).append(seen)
        self.by_attempt: dict[int, list[Rung]] = {}
        for number, row in enumerate(table.rows()):
            self.by_attempt.setdefault(row["attempt"], []).append(self._rung(number, row))

    def ladders(self, attempts: Sequence[int]) -> list[Ladder]:
        return [self._ladder(attempt) for attempt in attempts]

    def _ladder(self, attempt: int) -> Ladder:
        m, a = self.m, self.d.attempts
        near, far = (self._ends(int(side[attempt])) for side in (m.near, m.far))
        hosts = [*m.hosts, ""]
        return Ladder(
            attempt=attempt,
            client=near[0],
            server=near[1],
            translated="" if near == far else f"{far[0]} to {far[1]}",
            client_host=hosts[int(m.client_host[attempt])],
            server_host=hosts[int(m.server_host[attempt])],
            clock=self._clock(attempt),
            outcome=OUTCOMES[int(a["outcome"][attempt])],
            reason=self.reasons[int(a["reason"][attempt])],
            rungs=tuple(self.by_attempt.get(attempt, ())),
        )

    def _clock(self, attempt: int) -> str:
        m = self.m
        host = m.host_of_capture[m.sightings["capture"][m.near[attempt]]]
        return m.hosts[m.clocks[int(host)].reference]

    def _ends(self, sighting: int) -> tuple[str, str]:
        s = self.m.sightings
        client, server = (
            endpoint(
                format_ip(int(s[f"{end}_hi"][sighting]), int(s[f"{end}_lo"][sighting])),
                int(s[f"{end}_port"][sighting]),
            )
            for end in ("client", "server")
        )
        return client, server

    def _rung(self, number: int, row: dict[str, int]) -> Rung:
        from synack.handshake.vantage import CLIENT

        sent, arrived = (self._seen(row[end], row[f"{end}_at"]) for end in ("sent", "arrived"))
        fate = FATES[row["fate"]]
        unknown = self.causes[row["cause"]] or NOTHING_TELLS
        passed = tuple(self.passed.get(number, ()))
        some = max(row["sent"], row["arrived"])
        icmp = int(self.m.segments["icmp"][some]) if some >= 0 else -1
        places = self.d.paths.places
        gone = row["after"] >= 0
        return Rung(
            name=segment_name(row["leg"], icmp),
            number=row["number"],
            of=row["of"],
            from_client=row["side"] == CLIENT,
            sent=sent,
            arrived=arrived,
            passed=passed,
            fate=fate,
            reason=unknown if fate == "unwitnessed" else "",
            doubt_ns=None if row["doubt_ns"] < 0 else row["doubt_ns"],
            vanished=f"between {places[row['after']]} and {places[row['before']]}" if gone else "",
            between_ends=gone and not row["by_tap"],
        )

    def _seen(self, row: int, at: int) -> Seen | None:
        if row < 0:
            return None
        s = self.m.segments
        return Seen(
            place=self.labels[int(s["capture"][row])],
            at=None if at == NO_TIME else at,
            src_mac=format_mac(int(s["src_mac"][row])),
            dst_mac=format_mac(int(s["dst_mac"][row])),
            file=self.d.loaded.files[int(s["file"][row])].path,
            frame=int(s["frame"][row]),
        )


def segment_name(leg: int, icmp: int) -> str:
    """``SYN-ACK``; of an ICMP error (``icmp`` as in the segments, -1 for others) what it says."""
    return f"ICMP {_ICMP[icmp]}" if icmp in _ICMP else NAMES[leg]


def endpoint(ip: str, port: int) -> str:
    """``10.0.1.77:40002``, ``[2001:db8::1]:40002`` (RFC 3986)."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
