"""Who sent what to which MAC: every SYN and SYN-ACK, as its sender's own capture has it."""

from __future__ import annotations

from functools import cached_property, partial

import numpy as np

from synack.addresses import NO_MAC, Address
from synack.diagnosis.forwarded import fates_of, forwarded
from synack.diagnosis.observed.by_address import ByAddress
from synack.diagnosis.observed.everything import Observed
from synack.diagnosis.observed.homes import looked_up
from synack.grouping import by_id, distinct, grouped, ids_of
from synack.handshake.legs import NEVER
from synack.handshake.matched import DELIVERED, UNWITNESSED
from synack.handshake.outcome import INITIAL_RTO_NS
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS, Event
from synack.model import Outcome
from synack.tables import OUTBOUND, UNKNOWN, Array, Schema, Table
from synack.together import together

SENDINGS = Schema(
    "sendings",
    ("attempt", "i4", "row of `attempts`"),
    ("leg", "u1", "Event.SYN or Event.SYN_ACK"),
    ("row", "i4", "row of `segments`, in the sender's own capture"),
    ("arrived", "i4", "row of `segments` at the peer, -1 none"),
    ("fate", "u1", "index into model.FATES"),
    ("host", "i4", "row of the sender's host"),
    ("peer_hi", "u8", "address of the peer, upper half"),
    ("peer_lo", "u8", "address of the peer, lower half"),
    ("mac", "i8", "destination MAC on the wire at the sender; NO_MAC not recorded"),
    ("peer_mac", "i8", "source MAC of the peer's frames at the sender, as of then; or NO_MAC"),
    ("home_mac", "i8", "source MAC of the peer's frames in its own capture; or NO_MAC"),
    ("time", "i8", "ns on the reference clock"),
)

_ANSWERS = {
    Event.SYN: SERVER_LEGS,
    Event.SYN_ACK: tuple(leg for leg in CLIENT_LEGS if leg != Event.SYN),
}
"""By leg what shows that it came."""


class Sendings(Observed):
    """What was sent."""

    @cached_property
    def sendings(self) -> Table:
        """Every SYN and SYN-ACK in the capture of the host that sent it, from its own MAC, and of a
        host that passes it on to a neighbor."""
        m = self.matched
        place = np.arange(len(m.sightings))
        leg = np.zeros(len(m.sightings) + 1, np.uint8)  # the last: of no sighting
        leg[:-1][m.client[m.identity] == place] = Event.SYN
        leg[:-1][m.server[m.identity] == place] = Event.SYN_ACK
        rows = np.flatnonzero((m.leg == leg[m.sighting]) & (m.leg != Event.NONE))
        rows = np.concatenate([rows[self._own(rows)], self.forwarded])
        if not len(rows):
            return Table.empty(SENDINGS)
        leg, attempt = m.leg[rows], m.identity[m.sighting[rows]]
        s = m.segments
        fate, arrived = self._fates(rows)
        ends, client, server = self._ends
        peer = _of_end(leg == Event.SYN, server, client, m.sighting[rows])
        peer_mac, home_mac, time = together(
            len(rows),
            partial(self._peer_mac, rows, peer),
            partial(self._home_mac, rows, peer),
            partial(self.time, rows),
        )
        astray = np.flatnonzero((fate == DELIVERED) & (s["dst_mac"][rows] != peer_mac))
        astray = astray[peer_mac[astray] != NO_MAC]
        fate[astray[self._passed_by(rows[astray], arrived[astray], attempt[astray])]] = UNWITNESSED
        return Table(
            SENDINGS,
            {
                "attempt": attempt,
                "leg": leg,
                "row": rows,
                "arrived": arrived,
                "fate": fate,
                "host": self.hosts_of(rows),
                "peer_hi": looked_up(ends["high"], peer),
                "peer_lo": looked_up(ends["low"], peer),
                "mac": s["dst_mac"][rows],
                "peer_mac": peer_mac,
                "home_mac": home_mac,
                "time": time,
            },
        )

    def _passed_by(self, rows: Array, arrived: Array, attempt: Array) -> Array:
        """Whether ``rows`` that were sent to another MAC than the peer's were recorded there by a
        capture that has no MACs, or nothing of its host's own, came by no router, and nothing
        followed, or not before they were due again: a network that floods shows a machine
        what is not for it (bool)."""
        s = self.matched.segments
        known, blind = s["dst_mac"][rows] != NO_MAC, s["dst_mac"][arrived] == NO_MAC
        blind |= np.array([not v.macs for v in self.matched.vantages])[s["capture"][arrived]]
        blind &= known & (s["direction"][arrived] == UNKNOWN) & (arrived >= 0)
        went_on = (Outcome.COMPLETED, Outcome.REJECTED, Outcome.ACK_LOST)
        silent = ~np.isin(self.attempts["outcome"][attempt], went_on)
        answered = self._first_answer(arrived)
        silent |= (answered > INITIAL_RTO_NS) & (answered < NEVER)
        return blind & silent & (s["ttl"][arrived] == s["ttl"][rows])

    @cached_property
    def _by_attempt(self) -> tuple[Array, Array]:
        return by_id(self.sendings["attempt"], len(self.attempts))

    def sendings_of(self, attempts: Array) -> Array:
        """Rows of sendings of these attempts, in the order of the attempts."""
        order, starts = self._by_attempt
        begins, sizes = starts[attempts], starts[attempts + 1] - starts[attempts]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return order[np.repeat(begins, sizes) + within]

    def _own(self, rows: Array) -> Array:
        """Whether the capturing host itself sent these: on a network that floods it also sees
        what others send, and a machine whose MAC is in a wrong entry sees the answers that go
        astray to it, but not the SYNs that they answer (bool)."""
        m, s = self.matched, self.matched.segments
        capture, source = s["capture"][rows], s["src_mac"][rows]
        own = np.array([min(vantage.macs, default=NO_MAC) for vantage in m.vantages], np.int64)
        ours = (source == NO_MAC) | (source == own[capture])
        answers = np.flatnonzero(ours & (m.leg[rows] == Event.SYN_ACK))
        several = self._to_several(rows[ours])
        ours[answers] = self._asked_here(rows[answers], several)
        return (s["direction"][rows] == OUTBOUND) | ours

    def _to_several(self, rows: Array) -> Array:
        """By capture whether ``rows`` of segments go to several MACs (bool)."""
        s, captures = self.matched.segments, len(self.matched.vantages)
        low, high = np.full(captures, np.iinfo(np.int64).max), np.full(captures, NO_MAC)
        np.minimum.at(low, s["capture"][rows], s["dst_mac"][rows])
        np.maximum.at(high, s["capture"][rows], s["dst_mac"][rows])
        return low < high

    def _asked_here(self, answers: Array, several: Array) -> Array:
        """Whether the SYNs that a server's answers are to are here too: any of those that it
        answers to the same MAC, or of the same client. Where there is no SYN of it at all whether
        the capture has ``several`` MACs: what goes astray all comes to one (bool)."""
        m, (ends, client, server) = self.matched, self._ends
        asked = np.zeros(len(ends), bool)
        asked[server[m.sightings["syn_row"] >= 0]] = True
        sighting = m.sighting[answers]
        has_syn = m.sightings["syn_row"][sighting] >= 0
        here = np.zeros(len(answers), bool)
        for other in (m.segments["dst_mac"][answers], client[sighting]):
            ids = ids_of(server[sighting], other)
            here |= np.bincount(ids, has_syn)[ids] > 0
        capture = m.segments["capture"][answers]
        return np.where(asked[server[sighting]], here, several[capture])

    @property
    def forwarded(self) -> Array:
        """Rows of segments that hosts at neither end passed on to a neighbor."""
        return self._forwarded[0]

    @property
    def surely_forwarded(self) -> Array:
        """Those of them that the host which captured them surely sent itself."""
        rows, sure = self._forwarded
        return rows[sure]

    @cached_property
    def _forwarded(self) -> tuple[Array, Array]:
        return forwarded(self)

    def _fates(self, rows: Array) -> tuple[Array, Array]:
        t, size = self.matched.transmissions, len(self.matched.segments)
        fate = np.full(size, UNWITNESSED, np.uint8)
        arrived = np.full(size, -1, np.int32)
        fate[t["sent"]], arrived[t["sent"]] = t["fate"], t["arrived"]
        if len(self.forwarded):
            passed = np.zeros(size, bool)
            passed[self.forwarded] = True
            passed[t["sent"]] = False
            passed = np.flatnonzero(passed)
            fate[passed], arrived[passed] = fates_of(self, passed)
        return fate[rows], arrived[rows]

    @cached_property
    def rightly_sent(self) -> dict[int, Array]:
        """Per host (row) the attempts in which it sent something to the right MAC."""
        s = self.sendings
        right = np.flatnonzero((s["mac"] != NO_MAC) & (s["mac"] == s["peer_mac"]))
        hosts = grouped(right, s["host"][right])
        return {host: distinct(s["attempt"][rows]) for (host,), rows in hosts}

    @cached_property
    def rightly_completed(self) -> dict[int, int]:
        """Of these so many completed."""
        outcome = self.attempts["outcome"]
        return {
            host: int((outcome[attempts] == Outcome.COMPLETED).sum())
            for host, attempts in self.rightly_sent.items()
        }

    @cached_property
    def _by_peer(self) -> ByAddress:
        return ByAddress(self.sendings["peer_hi"], self.sendings["peer_lo"])

    def sent_to(self, host: int, address: Address) -> Array:
        """Rows of sendings of ``host`` to ``address``."""
        rows = self._by_peer.rows(address)
        return rows[self.sendings["host"][rows] == host]

    def _first_answer(self, rows: Array) -> Array:
        """From rows of SYNs and SYN-ACKs to the first answer to their like in the same capture
        (ns; negative if that came before), NEVER without one."""
        m, result = self.matched, np.full(len(rows), NEVER)
        sighting, time = m.sighting[rows], m.segments["time"][rows]
        for leg, theirs in _ANSWERS.items():
            for answer in theirs:
                known = (m.legs.counts[sighting, answer] > 0) & (m.leg[rows] == leg)
                after = m.legs.first[sighting, answer] - time
                np.minimum(result, np.where(known, after, NEVER), out=result)
        return result


def _of_end(first: Array, one: Array, other: Array, sighting: Array) -> Array:
    """By sighting the value in ``one`` where ``first``, else that in ``other``."""
    return np.where(first, one[sighting], other[sighting])
