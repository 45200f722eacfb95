"""What the rules reason about: who sent what to which MAC, and who owns an address."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from synack.addresses import NO_MAC, Address, format_ip, is_ipv4
from synack.diagnosis.documents import documents
from synack.diagnosis.entries import history
from synack.diagnosis.forwarded import fates_of, forwarded, varied
from synack.diagnosis.observed.by_address import ByAddress, by_mac
from synack.diagnosis.observed.claims import Claims
from synack.diagnosis.observed.homes import Homes, looked_up
from synack.diagnosis.observed.tables import Tables
from synack.grouping import (
    by_id,
    distinct,
    distinct_rows,
    grouped,
    ids_of,
    ordered,
)
from synack.handshake.legs import NEVER
from synack.handshake.matched import DELIVERED, UNWITNESSED
from synack.handshake.outcome import INITIAL_RTO_NS, UNASKED
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS, Event
from synack.model import Outcome
from synack.tables import (
    NO_TIME,
    OUTBOUND,
    SYN_ACK,
    UNKNOWN,
    Array,
    Schema,
    Table,
)

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


class Case(Homes, Claims, Tables):
    """Everything that is known of an incident, for the rules to read."""

    def times_for(self, host: int, rows: Array, claims: Array) -> Array:
        """Times of rows of segments and of claims on the reference clock (ns), of those that can
        be held against the times of ``host``."""
        rows = rows[self.comparable(host, self.hosts_of(rows))]
        claims = claims[self.comparable(host, self.claim_host[claims])]
        times = np.concatenate([self.time(rows), self.claim_time[claims]])
        return times[times != NO_TIME]

    # ---- what was sent --------------------------------------------------------------

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
        peer_mac = self._peer_mac(rows, peer)
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
                "home_mac": self._home_mac(rows, peer),
                "time": self.time(rows),
            },
        )

    def _passed_by(self, rows: Array, arrived: Array, attempt: Array) -> Array:
        """Whether ``rows`` that were sent to another MAC than the peer's were recorded there by a
        capture that has no MACs, came by no router, and nothing followed, or not before they
        were due again: a network that floods shows a machine what is not for it (bool)."""
        s = self.matched.segments
        known, blind = s["dst_mac"][rows] != NO_MAC, s["dst_mac"][arrived] == NO_MAC
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

    @cached_property
    def _answers(self) -> dict[int, tuple[Array, Array]]:
        return {}

    def answers_at(self, host: int) -> tuple[Array, Array]:
        """What the SYN-ACKs in the captures of ``host`` acknowledge, ascending, and their rows of
        segments."""
        if host not in self._answers:
            s = self.matched.segments
            rows = np.flatnonzero(s["kind"] == SYN_ACK)
            rows = rows[self.hosts_of(rows) == host]
            rows = rows[ordered(s["ack"][rows])]
            self._answers[host] = s["ack"][rows], rows
        return self._answers[host]

    @cached_property
    def _completed(self) -> dict[tuple[int, int], Array]:
        a = self.attempts
        done = np.flatnonzero((a["outcome"] == Outcome.COMPLETED) & (a["server_host"] >= 0))
        done = done[np.argsort(a["first"][done], kind="stable")]
        columns = a["server_host"][done], a["server_port"][done]
        return {(host, port): rows for (host, port), rows in grouped(done, *columns)}

    def completed(self, host: int, port: int) -> Array:
        """Rows of attempts that completed at a port of ``host``, in order of their begin."""
        return self._completed.get((host, port), np.empty(0, np.int64))

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
    def came_through(self) -> Array:
        """Per sending whether it reached the peer: it was seen there, or the handshake went on
        after it and nothing of this leg went to any other MAC (bool)."""
        s = self.sendings
        went_on = (Outcome.COMPLETED, Outcome.REJECTED)
        done = np.isin(self.attempts["outcome"][s["attempt"]], went_on)
        done |= (self.attempts["reason"][s["attempt"]] == UNASKED) | self._reset_by_peer
        done &= self._alike & (s["fate"] == UNWITNESSED) & ~self.in_vain & self._soon
        there = (s["fate"] == DELIVERED) & ~self.at_former_owner
        return there | done | (self._alike & self._answered)

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
        attempt all the same: it came, though its arrival was not recorded (bool)."""
        m, s = self.matched, self.sendings
        server = m.server[s["attempt"]]
        replies = np.append(m.legs.counts[:, [*SERVER_LEGS]].sum(axis=1), 0)[server]
        asked = (s["leg"] == Event.SYN) & (s["fate"] == UNWITNESSED)
        return asked & (server >= 0) & (server != m.client[s["attempt"]]) & (replies > 0)

    @cached_property
    def _soon(self) -> Array:
        """Per sending whether an answer to it came before a repetition of it was due: later
        ones answer a repetition, which the capture may have missed (bool)."""
        return self._until_answered <= INITIAL_RTO_NS

    @cached_property
    def _until_answered(self) -> Array:
        """Per sending ns until its attempt was first answered, by its sender's capture; NEVER."""
        return self._first_answer(self.sendings["row"])

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

    # ---- ARP and ND -----------------------------------------------------------------

    # ---- neighbor tables ------------------------------------------------------------

    @cached_property
    def history(self) -> Table:
        """What each host's entries said when: :data:`~synack.tables.HISTORY`."""
        return history(self)

    def spells(self, host: int, address: Address) -> Table:
        """Rows of :attr:`history` of ``host`` about ``address``, in order of time."""
        h = self.history
        mine = (h["ip_hi"] == np.uint64(address[0])) & (h["ip_lo"] == np.uint64(address[1]))
        rows = np.flatnonzero(mine)
        rows = rows[h["host"][rows] == self.hosts[host]]
        return h.take(rows[np.argsort(h["first"][rows], kind="stable")])

    # ---- what texts say of owners ---------------------------------------------------

    @cached_property
    def documents(self) -> Table:
        """Who had which address when, by texts: :data:`~synack.tables.OWNERSHIP`."""
        return documents(self)

    @cached_property
    def _by_documented(self) -> ByAddress:
        return ByAddress(self.documents["ip_hi"], self.documents["ip_lo"])

    def documented(self, address: Address) -> Array:
        """Rows of documents about ``address``."""
        return self._by_documented.rows(address)

    # ---- flow logs ------------------------------------------------------------------

    @cached_property
    def _flows_by_source(self) -> list[ByAddress]:
        f = self.context.flows
        return [ByAddress(f[f"{end}_hi"], f[f"{end}_lo"]) for end in ("src", "pkt_src")]

    def flows_from(self, address: Address) -> Array:
        """Rows of flows from ``address``, as the interface has it or as the packets had."""
        return np.union1d(*(index.rows(address) for index in self._flows_by_source))

    # ---- what a MAC stands for ------------------------------------------------------

    @cached_property
    def _behind(self) -> dict[tuple[int, int], tuple[set[Address], set[Address]]]:
        return {}

    def behind(self, host: int, mac: int) -> tuple[set[Address], set[Address]]:
        """Addresses that ``host`` finds at ``mac``: (by ARP, ND and its table, by frames)."""
        known = self._behind.get((host, mac))
        if known is None:
            known = self._behind[host, mac] = self._told(host, mac), self._seen(host, mac)
        return known

    def known_at(self, mac: int) -> set[Address]:
        """Addresses that any host finds at ``mac`` by ARP, ND or its table, or that other texts
        have there."""
        c, d = self.claims, self.documents
        told = self._by_claim_mac.rows((0, mac)), self._by_document_mac.rows((0, mac))
        return {
            (high, low)
            for table, rows in zip((c, d), told, strict=True)
            for high, low in distinct_rows(table["ip_hi"][rows], table["ip_lo"][rows])
        }

    def _told(self, host: int, mac: int) -> set[Address]:
        c, e = self.claims, self.entries
        rows = self._by_claim_mac.rows((0, mac))
        rows = rows[self.claim_host[rows] == host]
        found = set(zip(c["ip_hi"][rows].tolist(), c["ip_lo"][rows].tolist(), strict=True))
        rows = self._by_entry_mac.rows((0, mac))
        rows = rows[self.usable[rows]]
        rows = rows[e["host"][rows] == self.hosts[host]]
        return found | set(zip(e["ip_hi"][rows].tolist(), e["ip_lo"][rows].tolist(), strict=True))

    def _seen(self, host: int, mac: int) -> set[Address]:
        s, rows = self.matched.segments, self._by_source_mac.rows((0, mac))
        rows = rows[(self.hosts_of(rows) == host) & (s["icmp"][rows] < 0)]
        return {(high, low) for high, low in distinct_rows(s["src_hi"][rows], s["src_lo"][rows])}

    @cached_property
    def _by_claim_mac(self) -> ByAddress:
        return by_mac(self.claims["mac"])

    @cached_property
    def _by_entry_mac(self) -> ByAddress:
        return by_mac(self.entries["mac"])

    @cached_property
    def _by_document_mac(self) -> ByAddress:
        return by_mac(self.documents["mac"])


def _of_end(first: Array, one: Array, other: Array, sighting: Array) -> Array:
    """By sighting the value in ``one`` where ``first``, else that in ``other``."""
    return np.where(first, one[sighting], other[sighting])


def alike(one: Address, other: Address) -> bool:
    """Whether two addresses are of one family and both more than link-local: a machine has
    one of each kind without being a router."""
    local = 0xFE80 << 48
    return is_ipv4(*one) == is_ipv4(*other) and local not in (one[0], other[0])


def text_of(address: Address) -> str:
    return format_ip(*address)
