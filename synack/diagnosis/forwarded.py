"""What captured routers hand on, so that their own entries are judged as those of ends are.

A router's capture shows the SYN or SYN-ACK of somebody else leave with the router's MAC, for an
address on its next link. The rules for what a host sends hold for that just as well: it went to
a MAC, and its owner's capture has it or not. Only whose frames these are must be plain: the
MAC is one of the interfaces that the capturing host lists, or, where it lists none, takes part
in every frame of the capture; and the segment has passed a router.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property

import numpy as np

from synack.addresses import special_mac
from synack.diagnosis.evidence import Case
from synack.grouping import distinct_rows, grouped
from synack.handshake.match import DELIVERED, LOST, MISDELIVERED, UNWITNESSED
from synack.handshake.states import Event
from synack.handshake.vantage import FIRST_TTLS
from synack.tables import Array

_LEGS = (Event.SYN, Event.SYN_ACK)


class Forwarded(Case):
    """A case whose sendings are what routers sent that somebody else had sent before."""

    @classmethod
    def of(cls, case: Case) -> Forwarded:
        return cls(*(getattr(case, field.name) for field in fields(case)))

    def _sent(self) -> Array:
        m, s = self.matched, self.matched.segments
        rows = np.flatnonzero(np.isin(m.leg, _LEGS) & (m.sighting >= 0) & (s["dst_mac"] >= 0))
        rows = rows[~np.isin(s["ttl"][rows], FIRST_TTLS)]
        parts = [rows[:0]]
        for (capture,), mine in grouped(rows, s["capture"][rows]):
            parts.append(mine[np.isin(s["src_mac"][mine], self._hop_macs(capture))])
        return np.setdiff1d(np.concatenate(parts), super()._sent())

    @cached_property
    def own_macs(self) -> dict[int, set[int]]:
        macs = {host: set(mine) for host, mine in super().own_macs.items()}
        s, sent = self.matched.segments, self._sent()
        for host, mac in distinct_rows(self.hosts_of(sent), s["src_mac"][sent]):
            macs.setdefault(host, set()).add(mac)
        return macs

    def _hop_macs(self, capture: int) -> list[int]:
        """MACs of the interfaces of a router that captured. What comes to a virtual router's MAC
        comes to it too; what comes to nobody's may be flooded, and seen anywhere."""
        s, listed = self.matched.segments, self.matched.vantages[capture].interfaces
        if listed:
            return [*listed]
        mine = (s["capture"] == capture) & (s["src_mac"] >= 0) & (s["dst_mac"] >= 0)
        rows = np.flatnonzero(mine)
        pairs = distinct_rows(s["src_mac"][rows], s["dst_mac"][rows])
        own = [pair for pair in pairs if not special_mac(pair[1])]
        sources, targets = ({pair[end] for pair in pairs} for end in (0, 1))
        answered = sources & targets if len(own) == len(pairs) else sources
        central = [mac for mac in answered if all(mac in pair for pair in own)]
        return central if len(sources | targets) > 2 else []

    def _fates(self, rows: Array) -> tuple[Array, Array]:
        """By what vanished after the router, and by how many its receiver has."""
        m, events = self.matched, len(Event)
        gone = np.zeros(len(m.segments), bool)
        gone[self.paths.vanished["row"]] = True
        sighting, leg = m.sighting[rows], m.leg[rows]
        attempt = m.identity[sighting]
        receiver = np.where(leg == Event.SYN, m.server[attempt], m.client[attempt])
        counts = np.vstack([m.legs.counts, np.zeros(events, m.legs.counts.dtype)])
        there, here = counts[receiver, leg], counts[sighting, leg]
        foreign = np.flatnonzero(m.foreign & (m.sighting >= 0))
        cell = m.identity[m.sighting[foreign]] * events + m.leg[foreign]
        astray = np.bincount(cell, minlength=m.attempts * events)[attempt * events + leg]
        fate = np.full(len(rows), UNWITNESSED, np.uint8)
        fate[(receiver >= 0) & (there - astray >= here)] = DELIVERED
        fate[(receiver >= 0) & (astray >= here)] = MISDELIVERED
        fate[gone[rows]] = LOST
        return fate, np.full(len(rows), -1, np.int32)
