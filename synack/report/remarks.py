"""What happened to each segment and ARP or ND message, in a sentence for who looks at the packet.

``SYN-ACK 3 of 6, sent to 0a:de:ad:00:00:01 (stale: 10.0.1.77 is at 0a:e6:f1:c2:6b:30), never
seen at producer-7``. Only what is known to be lost was "never seen".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from synack.addresses import NO_MAC, format_ip, format_mac
from synack.handshake.match import CAUSES, DELIVERED, LOST, MISDELIVERED
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS, Event
from synack.handshake.vantage import CLIENT, SERVER
from synack.model import Finding
from synack.tables import ARP_REPLY, ARP_REQUEST, ND_SOLICIT, Array

if TYPE_CHECKING:
    from synack.pipeline import Diagnosed

_LEGS = {
    Event.SYN: "SYN",
    Event.SYN_ACK: "SYN-ACK",
    Event.ACK: "ACK",
    Event.PROGRESS: "ACK from the server",
    Event.RST_SERVER: "RST from the server",
    Event.RST_CLIENT: "RST from the client",
    Event.CHALLENGE: "challenge ACK (with the numbers of another connection)",
    Event.ICMP: "ICMP error about it",
}
_COPY = "the same packet, recorded once more"
_KINDS = ("", "SYN", "SYN-ACK", "ACK", "RST", "ICMP error")


class Remarks:
    """Says it of rows of segments and of claims."""

    def __init__(
        self, diagnosed: Diagnosed, attempts: Array, findings: Mapping[int, Finding]
    ) -> None:
        """``attempts`` (rows) are those whose segments will be asked for; ``findings``, by
        attempt, those that are looked at."""
        m = self._m = diagnosed.matched
        self._diagnosed, self._findings = diagnosed, findings
        self.rows = rows = rows_of(diagnosed, attempts)
        """All their segments, ascending."""
        self._k, self._n = _numbered(m.sighting[rows], m.leg[rows], m.segments["time"][rows])
        t, gone = m.transmissions, diagnosed.paths.vanished
        self._sent = _places(t["sent"], rows)
        self._arrived = _places(t["arrived"], rows)
        self._vanished = _places(gone["row"], rows)
        self._macs: dict[tuple[str, str], str] = {}
        for finding in findings.values():
            if finding.kind == "stale-neighbor":
                self._macs[finding.ip, finding.stale_mac] = ", the stale MAC"
                self._macs[finding.ip, finding.actual_mac] = ", the actual MAC"

    def segment(self, row: int) -> str:
        """Of a row of segments."""
        m = self._m
        sighting, event = int(m.sighting[row]), Event(m.leg[row])
        if sighting < 0 or event == Event.NONE:
            kind = _KINDS[m.segments["kind"][row]]
            return f"{kind} of no attempt that is known here"
        if event == Event.COPY:
            return _COPY
        at = self._at(row)
        if (arrived := int(self._arrived[at])) >= 0:
            return self._arrival(row, event, arrived)
        side = int(m.side[sighting])
        sender = CLIENT if event in CLIENT_LEGS else SERVER if event in SERVER_LEGS else None
        parts = [self._counted(at, event)]
        if sender == side:
            parts += [self._addressed(row), self._fate(row, event, at)]
        elif side in (CLIENT, SERVER) and sender is not None:
            parts.append("received" + self._foreign(row))
        elif side not in (CLIENT, SERVER):
            parts += ["passing by", self._beyond(at)]
        return ", ".join(part for part in parts if part)

    def claim(self, row: int) -> str:
        """Of a row of claims."""
        c = self._diagnosed.loaded.claims
        op, mac = int(c["op"][row]), int(c["mac"][row])
        ip = format_ip(int(c["ip_hi"][row]), int(c["ip_lo"][row]))
        asked = format_ip(int(c["asked_hi"][row]), int(c["asked_lo"][row]))
        mark = self._macs.get((ip, format_mac(mac)), "")
        at = f"{ip} is at {format_mac(mac)}{mark}" if ip and mac != NO_MAC else ""
        if at and ip == asked and op in (ARP_REQUEST, ARP_REPLY):
            return f"gratuitous ARP: {at}"
        if op == ARP_REPLY:
            return f"ARP reply: {at}"
        if op in (ARP_REQUEST, ND_SOLICIT):
            name = "ARP request" if op == ARP_REQUEST else "neighbor solicitation"
            return f"{name}: who has {asked}?{f' ({at})' if at else ''}"
        return f"neighbor advertisement: {at or f'{ip or asked} answers'}"

    def _at(self, row: int) -> int:
        return int(np.searchsorted(self.rows, row))

    def _counted(self, at: int, event: Event) -> str:
        k, n = self._k[at], self._n[at]
        return f"{_LEGS[event]} {k} of {n}" if n > 1 or event <= Event.ACK else _LEGS[event]

    def _addressed(self, row: int) -> str:
        """Where it was sent, and whether the finding says that this is wrong."""
        mac = format_mac(int(self._m.segments["dst_mac"][row]))
        if not mac:
            return "sent (its destination MAC is not recorded)"
        finding = self._findings.get(int(self._m.identity[self._m.sighting[row]]))
        if finding is not None and finding.stale_mac == mac and finding.actual_mac:
            stale = "stale: " if finding.kind == "stale-neighbor" else ""
            return f"sent to {mac} ({stale}{finding.ip} is at {finding.actual_mac})"
        return f"sent to {mac}"

    def _fate(self, row: int, event: Event, at: int) -> str:
        m, place = self._m, int(self._sent[at])
        beyond = self._beyond(at)
        if place < 0:
            return beyond or "the other end was not captured"
        fate = int(m.transmissions["fate"][place])
        peer = self._peer(row, event)
        if fate == LOST:
            return f"never seen at {peer}"
        if fate in (DELIVERED, MISDELIVERED):
            there = self._frame(int(m.transmissions["arrived"][place]))
            if fate == DELIVERED:
                return f"arrived at {peer} ({there})"
            return f"reached the wire of {peer} ({there}), whose kernel ignores it: another's MAC"
        cause = CAUSES[m.transmissions["cause"][place]]
        return beyond or f"nobody can say whether it arrived: {cause}"

    def _arrival(self, row: int, event: Event, place: int) -> str:
        sent = int(self._m.transmissions["sent"][place])
        counted = self._counted(self._at(sent), event)
        return f"{counted}, received{self._foreign(row)} ({self._frame(sent)})"

    def _foreign(self, row: int) -> str:
        if not self._m.foreign[row]:
            return ""
        return (
            f" for {format_mac(int(self._m.segments['dst_mac'][row]))}, which is another's MAC:"
            " the kernel ignores it"
        )

    def _beyond(self, at: int) -> str:
        """Where it should have come next, if it is known to have vanished before."""
        place = int(self._vanished[at])
        if place < 0:
            return ""
        paths = self._diagnosed.paths
        return f"never seen at {paths.places[paths.vanished['before'][place]]}"

    def _peer(self, row: int, event: Event) -> str:
        m = self._m
        attempt = m.identity[m.sighting[row]]
        end = m.server_host if event in CLIENT_LEGS else m.client_host
        host = int(end[attempt])
        return m.hosts[host] if host >= 0 and m.hosts[host] else "the other end"

    def _frame(self, row: int) -> str:
        """``frame 5 at producer-7``: where the same segment is at the other end."""
        s = self._m.segments
        host = self._m.hosts[self._m.host_of_capture[s["capture"][row]]]
        return f"its frame {s['frame'][row]}" if not host else f"{host}'s frame {s['frame'][row]}"


def rows_of(diagnosed: Diagnosed, attempts: Array) -> Array:
    """Rows of all segments of ``attempts`` (rows), ascending."""
    m = diagnosed.matched
    mine = np.zeros(m.attempts, bool)
    mine[attempts] = True
    known = np.append(mine[m.identity], False)  # the last: of no sighting
    return np.flatnonzero(known[m.sighting])


def _places(column: Array, rows: Array) -> Array:
    """Where in ``column``, which has no row twice, each of ``rows`` is; -1 where it is not."""
    result = np.full(len(rows), -1, np.int64)
    if not len(rows):
        return result
    at = np.minimum(np.searchsorted(rows, column), len(rows) - 1)
    there = np.flatnonzero(rows[at] == column)
    result[at[there]] = there
    return result


def _numbered(sighting: Array, leg: Array, time: Array) -> tuple[Array, Array]:
    """(k, n) of each segment: it is the k-th of n of its leg in its capture."""
    order = np.lexsort((time, leg, sighting))
    cell = sighting[order] * np.int64(len(Event)) + leg[order]
    first = np.append(0, np.flatnonzero(np.diff(cell)) + 1)[: len(cell)]
    size = np.diff(np.append(first, len(cell)))
    k, n = np.empty(len(cell), np.int64), np.empty(len(cell), np.int64)
    k[order] = np.arange(len(cell)) - np.repeat(first, size) + 1
    n[order] = np.repeat(size, size)
    return k, n
