"""What happened to each segment and ARP or ND message, in a sentence for who looks at the packet.

``SYN-ACK 3 of 6, sent to 0a:de:ad:00:00:01 (stale: 10.0.1.77 is at 0a:e6:f1:c2:6b:30), never
seen at producer-7``. Only what is known to be lost was "never seen".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from synack.addresses import NO_MAC, format_ip, format_mac
from synack.handshake.coverage import CAUSES
from synack.handshake.matched import DELIVERED, LOST, MISDELIVERED
from synack.handshake.rungs import rungs
from synack.handshake.states import Event
from synack.handshake.vantage import CLIENT
from synack.model import Finding
from synack.report.rungs import NAMES, NOTHING_TELLS
from synack.tables import ARP_REPLY, ARP_REQUEST, ND_SOLICIT, Array

if TYPE_CHECKING:
    from synack.pipeline import Diagnosed

_SENT, _ARRIVED, _PASSED = range(3)
_KINDS = ("", "SYN", "SYN-ACK", "ACK", "RST", "ICMP error")


class Remarks:
    """Says it of rows of segments and of claims."""

    def __init__(
        self, diagnosed: Diagnosed, attempts: Array, findings: Mapping[int, Finding]
    ) -> None:
        """``attempts`` (rows) are those whose segments will be asked for; ``findings``, by
        attempt, those that are looked at."""
        self._diagnosed, self._findings = diagnosed, findings
        self._m = diagnosed.matched
        self._rungs, passed = rungs(self._m, diagnosed.paths, attempts)
        places = np.arange(len(self._rungs))
        seen = (self._rungs["sent"], self._rungs["arrived"], passed["row"])
        rows = np.concatenate(seen)
        order = np.argsort(rows, kind="stable")
        self._rows = rows[order].astype(np.int64)  # else each search would convert them
        self._rung = np.concatenate([places, places, passed["rung"]])[order]
        self._role = np.repeat([_SENT, _ARRIVED, _PASSED], [len(part) for part in seen])[order]
        self._macs: dict[tuple[str, str], str] = {}
        for finding in findings.values():
            if finding.kind == "stale-neighbor":
                self._macs[finding.ip, finding.stale_mac] = ", the stale MAC"
                self._macs[finding.ip, finding.actual_mac] = ", the actual MAC"

    def segment(self, row: int) -> str:
        """Of a row of segments."""
        at = int(np.searchsorted(self._rows, row))
        if at < len(self._rows) and self._rows[at] == row:
            rung, role = int(self._rung[at]), int(self._role[at])
            parts = [self._counted(rung)]
            if role == _SENT:
                parts += [self._addressed(row), self._fate(rung)]
            elif role == _ARRIVED:
                parts.append(f"received{self._foreign(row)}{self._origin(rung)}")
            else:
                parts += ["passing by", self._lost(rung)]
            return ", ".join(filter(None, parts))
        if self._m.leg[row] == Event.COPY:
            return "the same packet, recorded once more"
        return f"{_KINDS[self._m.segments['kind'][row]]} of no attempt that is known here"

    def claim(self, row: int) -> str:
        """Of a row of claims."""
        c = self._diagnosed.loaded.claims
        op, mac = int(c["op"][row]), format_mac(int(c["mac"][row]))
        ip = format_ip(int(c["ip_hi"][row]), int(c["ip_lo"][row]))
        asked = format_ip(int(c["asked_hi"][row]), int(c["asked_lo"][row]))
        at = f"{ip} is at {mac}{self._macs.get((ip, mac), '')}" if ip and mac else ""
        if at and ip == asked and op in (ARP_REQUEST, ARP_REPLY):
            return f"gratuitous ARP: {at}"
        if op == ARP_REPLY:
            return f"ARP reply: {at}"
        if op in (ARP_REQUEST, ND_SOLICIT):
            name = "ARP request" if op == ARP_REQUEST else "neighbor solicitation"
            return f"{name}: who has {asked}?{f' ({at})' if at else ''}"
        return f"neighbor advertisement: {at or f'{ip or asked} answers'}"

    def _counted(self, rung: int) -> str:
        r = self._rungs
        return f"{NAMES[r['leg'][rung]]} {r['number'][rung]} of {r['of'][rung]}"

    def _addressed(self, row: int) -> str:
        """Where it was sent, and whether the finding says that this is wrong."""
        mac = int(self._m.segments["dst_mac"][row])
        if mac == NO_MAC:
            return "sent (its destination MAC is not recorded)"
        finding = self._findings.get(int(self._m.identity[self._m.sighting[row]]))
        text = format_mac(mac)
        if finding is not None and finding.stale_mac == text and finding.actual_mac:
            stale = "stale: " if finding.kind == "stale-neighbor" else ""
            return f"sent to {text} ({stale}{finding.ip} is at {finding.actual_mac})"
        return f"sent to {text}"

    def _fate(self, rung: int) -> str:
        r, fate = self._rungs, int(self._rungs["fate"][rung])
        peer, arrived = self._peer(rung), int(r["arrived"][rung])
        if fate == DELIVERED:
            return f"arrived at {peer} ({self._frame(arrived)})"
        if fate == MISDELIVERED:
            return (
                f"reached the wire of {peer} ({self._frame(arrived)}),"
                " whose kernel ignores it: another's MAC"
            )
        return self._lost(rung) or CAUSES[r["cause"][rung]] or NOTHING_TELLS

    def _lost(self, rung: int) -> str:
        """Where it should have come next, if it is known to be lost."""
        r = self._rungs
        if r["fate"][rung] != LOST:
            return ""
        before = int(r["before"][rung])
        known = before >= 0 and r["by_tap"][rung]
        place = self._diagnosed.paths.places[before] if known else self._peer(rung)
        return f"never seen at {place}"

    def _foreign(self, row: int) -> str:
        if not self._m.foreign[row]:
            return ""
        mac = format_mac(int(self._m.segments["dst_mac"][row]))
        return f" for {mac}, which is another's MAC: the kernel ignores it"

    def _origin(self, rung: int) -> str:
        sent = int(self._rungs["sent"][rung])
        return f" ({self._frame(sent)})" if sent >= 0 else ""

    def _peer(self, rung: int) -> str:
        m, r = self._m, self._rungs
        end = m.server_host if r["side"][rung] == CLIENT else m.client_host
        host = int(end[r["attempt"][rung]])
        return (m.hosts[host] if host >= 0 else "") or "the other end"

    def _frame(self, row: int) -> str:
        """``broker-1's frame 5``: the same segment at the other end."""
        s = self._m.segments
        host = self._m.hosts[self._m.host_of_capture[s["capture"][row]]]
        return f"{host}'s frame {s['frame'][row]}" if host else f"frame {s['frame'][row]}"


def rows_of(diagnosed: Diagnosed, attempts: Array) -> Array:
    """Rows of all segments of ``attempts`` (rows), ascending."""
    m = diagnosed.matched
    mine = np.zeros(m.attempts, bool)
    mine[attempts] = True
    known = np.append(mine[m.identity], False)  # the last: of no sighting
    return np.flatnonzero(known[m.sighting])
