"""What came of each sending: whether it reached its peer, by what else the captures show."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from synack.addresses import NO_MAC, Address
from synack.diagnosis.forwarded import varied
from synack.diagnosis.observed.by_address import ByAddress
from synack.diagnosis.sendings import Sendings
from synack.grouping import among, ids_of
from synack.handshake.clock import ASSUMED_AGREEMENT_NS, on_reference
from synack.handshake.legs import NEVER
from synack.handshake.matched import DELIVERED, UNWITNESSED
from synack.handshake.outcome import INITIAL_RTO_NS, UNASKED
from synack.handshake.states import SERVER_LEGS, Event
from synack.model import Outcome
from synack.tables import NO_TIME, Array


class Arrivals(Sendings):
    """What came of what was sent."""

    @cached_property
    def came_through(self) -> Array:
        """Per sending whether it reached the peer: it was seen there, or the handshake went on
        after it and nothing of this leg went to any other MAC (bool)."""
        s = self.sendings
        went_on = (Outcome.COMPLETED, Outcome.REJECTED)
        done = np.isin(self.attempts["outcome"][s["attempt"]], went_on)
        done |= (self.attempts["reason"][s["attempt"]] == UNASKED) | self._reset_by_peer
        done &= self._alike & (s["fate"] == UNWITNESSED) & ~self.in_vain & self._soon
        there = (s["fate"] == DELIVERED) & ~self.at_former_owner
        return there | done | (self._alike & (self._answered | self._answered_here))

    @cached_property
    def _resets(self) -> Array:
        """Rows of transmissions that are a client's resets."""
        return np.flatnonzero(self.matched.transmissions["leg"] == Event.RST_CLIENT)

    def fates_of_resets(self, attempts: Array) -> Array:
        """What became of each reset that the clients of these attempts sent."""
        t = self.matched.transmissions
        return t["fate"][self._resets[np.isin(t["attempt"][self._resets], attempts)]]

    @cached_property
    def at_former_owner(self) -> Array:
        """Per sending of a SYN whether it came to a machine that did not answer, addressed to its
        MAC, while another one had the address: it was not for that machine any more (bool)."""
        m, s = self.matched, self.sendings
        result = (s["leg"] == Event.SYN) & (s["fate"] == DELIVERED)
        result &= (s["home_mac"] != NO_MAC) & (s["mac"] != NO_MAC) & (s["mac"] != s["home_mac"])
        result &= self.attempts["outcome"][s["attempt"]] == Outcome.NO_REPLY
        result[result] = m.segments["dst_mac"][s["arrived"][result]] == s["mac"][result]
        return result

    @cached_property
    def _alike(self) -> Array:
        """Per sending whether nothing of this leg of its attempt is known to have gone to any
        other MAC on the same link (bool)."""
        s = self.sendings
        return ~varied(s["mac"], s["attempt"], s["leg"], s["host"])

    @cached_property
    def one_mac(self) -> Array:
        """Per sending whether all of this leg of its attempt went to its MAC (bool)."""
        return self._alike & (self.sendings["mac"] != NO_MAC)

    @cached_property
    def _answered(self) -> Array:
        """Per sending of a SYN that the server's capture lacks whether the server answered its
        attempt all the same, and not another SYN of it that came before the answer: it came,
        though its arrival was not recorded (bool)."""
        m, s = self.matched, self.sendings
        server = m.server[s["attempt"]]
        replied = m.legs.has(*SERVER_LEGS) & (m.legs.gap(Event.SYN, *SERVER_LEGS) < 0)
        asked = (s["leg"] == Event.SYN) & (s["fate"] == UNWITNESSED)
        return asked & (server != m.client[s["attempt"]]) & np.append(replied, False)[server]

    @cached_property
    def _answered_here(self) -> Array:
        """Per sending of a SYN whether the SYN-ACK to it came to its sender's capture before a
        repetition was due: it was received, also if the host then ignored the answer (bool)."""
        m, s = self.matched, self.sendings
        asked = (s["leg"] == Event.SYN) & (s["fate"] == UNWITNESSED) & self._soon
        return asked & (self._until_answered >= 0) & m.legs.has(Event.SYN_ACK)[m.sighting[s["row"]]]

    @cached_property
    def _soon(self) -> Array:
        """Per sending whether an answer to it came before a repetition of it was due: later
        ones answer a repetition, which the capture may have missed (bool)."""
        return self._until_answered <= INITIAL_RTO_NS

    @cached_property
    def _until_answered(self) -> Array:
        """Per sending ns until its attempt was first answered, by its sender's capture; NEVER."""
        return self._first_answer(self.sendings["row"])

    @cached_property
    def reached(self) -> Array:
        """Per sending when its peer was reached (ns on the reference clock): by it, or where its
        attempt completed after so long that it answers a repetition, which was not recorded,
        by that. NO_TIME: neither is known."""
        s, late = self.sendings, self._until_answered
        done = self.attempts["outcome"][s["attempt"]] == Outcome.COMPLETED
        done &= ~self.in_vain & (s["fate"] == UNWITNESSED) & ~self.came_through
        when = s["time"] + np.where(done & (late > 0) & (late < NEVER), late, 0)
        return np.where(done | self.came_through, when, NO_TIME)

    def received(self, host: int, address: Address, mac: int, ports: Array) -> tuple[Array, Array]:
        """Times (ns on the reference clock) at which what ``host`` sent had come to ``address``, by
        captures of the machine that has it and ``mac``, in attempts to these server ports that
        ``host`` itself did not record; and what they may be wrong by."""
        index, (high, low, port, attempt, at, when) = self._received
        rows = index.rows(address)
        rows = rows[~np.isin(attempt[rows], self.sendings["attempt"][self.sent_to(host, address)])]
        rows = rows[among(self.own_addresses.get(host, set()), high[rows], low[rows])]
        rows = rows[np.isin(at[rows], self.hosts_with(mac)) & np.isin(port[rows], ports)]
        known = self.comparable(host, at[rows])
        times = on_reference(self.clocks, at[rows], when[rows])
        times = np.where(known, times, self.clocks[host].to_reference(when[rows]))
        return times, np.where(known, 0, ASSUMED_AGREEMENT_NS)

    @cached_property
    def _received(self) -> tuple[ByAddress, list[Array]]:
        """Of attempts that completed, by the end that had received something when it answered:
        [upper half, lower half of who had sent it, server port, attempt, host of the capture, when
        by its clock (ns)]."""
        m, parts = self.matched, []
        done = np.flatnonzero(self.attempts["outcome"] == Outcome.COMPLETED)
        ends = (
            (m.client, "client", "server", Event.ACK),
            (m.server, "server", "client", Event.SYN_ACK),
        )
        for sighting, mine, other, answer in ends:
            rows = done[sighting[done] >= 0]
            rows = rows[m.legs.counts[sighting[rows], answer] > 0]
            seen = sighting[rows]
            at = m.host_of_capture[m.sightings["capture"][seen]]
            names = [f"{end}_{half}" for end in (mine, other) for half in ("hi", "lo")]
            columns = (m.sightings[name][seen] for name in (*names, "server_port"))
            parts.append([*columns, rows, at, m.legs.first[seen, answer]])
        high, low, *rest = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return ByAddress(high, low), rest

    @cached_property
    def asker_answered(self) -> Array:
        """Per sending of a SYN-ACK whether the MAC that it went to completed the handshake, in the
        sender's own capture: it is who asked (bool)."""
        return self._answered_from(Event.ACK, self.sendings["mac"])

    @cached_property
    def _reset_by_peer(self) -> Array:
        """Per sending of a SYN-ACK whether the peer, by its MAC, reset the attempt after it, and
        nothing before: what it resets has come (bool)."""
        m, s = self.matched, self.sendings
        reset = m.legs.first[m.sighting[s["row"]], Event.RST_CLIENT]
        after = reset > m.segments["time"][s["row"]]
        return after & self._answered_from(Event.RST_CLIENT, s["peer_mac"])

    def _answered_from(self, leg: Event, macs: Array) -> Array:
        """Per sending of a SYN-ACK whether the client's ``leg`` of its attempt came to the sender
        from the MAC of ``macs`` (bool)."""
        m, s = self.matched, self.sendings
        answers = np.flatnonzero((m.leg == leg) & (m.segments["src_mac"] >= 0))
        rows, size = np.flatnonzero(s["leg"] == Event.SYN_ACK), len(answers)
        rows = rows[m.legs.counts[m.sighting[s["row"][rows]], leg] > 0]
        ids = ids_of(
            np.concatenate([m.sighting[answers], m.sighting[s["row"][rows]]]),
            np.concatenate([m.segments["src_mac"][answers], macs[rows]]),
        )
        result = np.zeros(len(s), bool)
        result[rows[np.isin(ids[size:], ids[:size])]] = True
        return result

    @cached_property
    def in_vain(self) -> Array:
        """Per sending whether the sender's own capture shows that nothing came of it: the SYN
        or SYN-ACK of its attempt was transmitted again after it (bool)."""
        m, s = self.matched, self.sendings
        # A host's packets may be in several captures, each with rows of its own.
        time = m.segments["time"]
        last = np.full((2, len(m.sightings)), NO_TIME)
        for again, leg in ((last[0], Event.SYN), (last[1], Event.SYN_ACK)):
            rows = np.flatnonzero(m.leg == leg)
            np.maximum.at(again, m.sighting[rows], time[rows])
        # A SYN-ACK after a SYN is its answer; a SYN after a SYN-ACK misses it.
        sighting = m.sighting[s["row"]]
        repeated = np.where(s["leg"] == Event.SYN, last[0][sighting], last.max(axis=0)[sighting])
        return repeated > time[s["row"]]
