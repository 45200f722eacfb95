"""What became of each attempt: from fates and states to one of the outcomes.

Rules are ordered; the first that holds decides. With both ends captured the fates
speak; with one end the last state of that capture does, and where the other end
could not have shown what is missing, the answer is `inconclusive` with its reason.
"""

from __future__ import annotations

from collections import Counter
from functools import partial

import numpy as np

from synack.addresses import NO_MAC
from synack.grouping import ids_of, least
from synack.handshake.clock import ASSUMED_AGREEMENT_NS, across, on_reference
from synack.handshake.interfaces import spans
from synack.handshake.legs import NEVER
from synack.handshake.matched import (
    LOST,
    MISDELIVERED,
    UNWITNESSED,
    Matched,
    addressed,
    count_of,
    fate_counts,
)
from synack.handshake.states import SERVER_LEGS, Event, State
from synack.handshake.vantage import NEITHER, SERVER
from synack.handshake.witness import SETTLE_NS
from synack.model import Outcome
from synack.tables import ATTEMPTS, IDENTITY, NO_TIME, VANISHED, Array, Table
from synack.together import together

INITIAL_RTO_NS = 1_000_000_000
"""A reply or repetition is due within this time (RFC 6298 section 2.1)."""

REASONS = (
    "",
    "the capture ends before a reply or a repetition was due",
    "the peer's capture could not have shown what is missing",
    "the SYN-ACK arrived and the client's host did not go on",
    "no ACK was captured, and nothing was repeated as without one it would have been",
    "something between answers in the server's place, and what became of the server's own answer"
    " cannot be seen",
    "the server's capture leaves its answers out",
    "the server sent its SYN-ACK again after an ACK had left, as far as clocks tell, and nothing"
    " shows that an ACK arrived",
    "the SYN of what was reset is not in the capture: its client may have given up, or be another"
    " machine",
    "no answer was captured, and the SYN was not repeated as without one it would have been",
)
(
    _NONE, ENDS, BLIND, _IGNORED, _QUIET, _BETWEEN, HIDDEN, _IN_VAIN, UNASKED, _UNREPEATED,
) = range(len(REASONS))  # fmt: skip


def judge(m: Matched, vanished: Table | None = None) -> Table:
    """One row of :data:`~synack.tables.ATTEMPTS` per attempt, in order of its first segment.

    ``vanished``: what taps show to have been lost where the receiver's capture cannot
    (:class:`~synack.handshake.path.Paths`).
    """
    view = _View(m, Table.empty(VANISHED) if vanished is None else vanished)
    (outcome, reason), columns = together(m.attempts, view.decide, view.columns)
    return Table(ATTEMPTS, columns | {"outcome": outcome, "reason": reason})


def _mute(m: Matched) -> Array:
    """Sightings at the server in captures that have no answer of it at all, although clients went
    on as after one, or though there are SYNs alone and most were not repeated, as without an
    answer they would have been: that nothing is there says nothing (bool)."""
    if not len(m.sightings):
        return np.zeros(0, bool)
    capture, counts = m.sightings["capture"], m.legs.counts
    at_server = m.side == SERVER
    answered = at_server & (counts[:, Event.SYN_ACK] > 0)
    # A server's own answer came between these two.
    went_on = at_server & m.legs.has(Event.SYN) & m.legs.has(Event.ACK) & ~answered
    some = np.bincount(capture[answered], minlength=len(m.captures)) > 0
    hidden = np.bincount(capture[went_on], minlength=len(m.captures)) > 0
    return at_server & ((hidden & ~some) | _syns_alone(m, at_server))[capture]


def _syns_alone(m: Matched, at_server: Array) -> Array:
    """Captures in which nothing but SYNs came to a server, most of them once only though they were
    on when a repetition was due (``tcp[13] == 2``) (bool)."""
    capture, size = m.sightings["capture"], len(m.captures)
    total = np.bincount(capture[at_server], minlength=size)
    more = np.bincount(capture[m.legs.has(*(e for e in Event if e != Event.SYN))], minlength=size)
    end = np.array([c.last or NO_TIME for c in m.captures], np.int64)
    due = m.sightings["last"] + INITIAL_RTO_NS + SETTLE_NS <= end[capture]
    once = np.flatnonzero(at_server & due & (m.legs.counts[:, Event.SYN] == 1))
    # Several clients of one port: a scan asks each of many ports, and each once.
    service = [m.sightings[name][once] for name in ("server_hi", "server_lo", "server_port")]
    ids = ids_of(capture[once], *service)
    content = np.bincount(capture[once[np.bincount(ids)[ids] > 1]], minlength=size)
    return np.asarray((more == 0) & (2 * content > total))


def _terse(m: Matched) -> Array:
    """Captures that may leave out an answer: they have nothing but TCP, so that their filter may
    drop ICMP errors; or frames were damaged, dropped, or proved to be missing (bool)."""
    result = m.missed.sum(axis=1) > 0
    for number, capture in enumerate(m.captures):
        counts = sum((file.counts for file in capture.files), Counter[str]())
        bare = 0 < capture.packets <= counts["tcp"]
        result[number] |= bare or counts["damaged"] > 0 or bool(capture.dropped)
    return result


class _View:
    """Per attempt: counts of each leg at each end, fates, states."""

    def __init__(self, m: Matched, vanished: Table) -> None:
        self.m = m
        self.vanished = np.zeros((m.attempts, len(Event)), bool)
        whole = vanished["whole"]
        self.vanished[vanished["attempt"][whole], vanished["leg"][whole]] = True
        self.at_client = m.client >= 0
        self.at_server = m.server >= 0
        self.both = (m.client_host >= 0) & (m.server_host >= 0)
        self.both &= m.client_host != m.server_host
        self.client_state = self._state(m.client)
        self.server_state = self._state(m.server)
        self.other_state = self._state(m.elsewhere)
        self.spans = spans(m.captures, m.vantages, m.segments)
        self.terse = _terse(m)
        resumed = m.identity[m.resumed]
        self.resumed = np.zeros(m.attempts, bool)
        self.resumed[resumed] = True
        self.fates, self.mute, self.in_vain = together(
            m.attempts, partial(fate_counts, m), partial(_mute, m), self._in_vain
        )
        seen = m.identity[m.legs.has(*SERVER_LEGS)]
        self.answered = np.zeros(m.attempts, bool)
        self.answered[seen] = True

    def _state(self, sighting: Array) -> Array:
        if not len(self.m.sightings):
            return np.zeros(len(sighting), np.uint8)
        return np.where(sighting >= 0, self.m.sightings["state"][sighting], State.NEW)

    def count(self, sighting: Array, *events: Event) -> Array:
        return count_of(self.m, sighting, *events)

    def fate(self, event: Event, *fates: int) -> Array:
        return sum(self.fates[event, fate] for fate in fates)

    def decide(self) -> tuple[Array, Array]:
        # Outcome and reason are told together, the one in the upper byte.
        said = np.full(self.m.attempts, Outcome.INCONCLUSIVE << 8, np.uint16)
        rules = (*self._both_rules(), *self._single_rules())
        for condition, value, why in reversed(rules):
            np.copyto(said, np.uint16(value << 8 | why), where=condition)
        return (said >> 8).astype(np.uint8), said.astype(np.uint8)

    def _both_rules(self) -> list[tuple[Array, int, int]]:
        m, both = self.m, self.both
        if not both.any():
            return []
        client, server = self.client_state, self.server_state
        syn_acks = self.count(m.server, Event.SYN_ACK)
        received = addressed(m, m.client, Event.SYN_ACK)
        acks, asked = self.count(m.client, Event.ACK), self.count(m.client, Event.SYN) > 0
        done = self.count(m.server, Event.ACK, Event.PROGRESS) > 0
        done |= self.count(m.client, Event.PROGRESS) > 0
        unreachable = (client == State.UNREACHABLE) | (server == State.UNREACHABLE)
        challenged = (client == State.CHALLENGED) | (server == State.CHALLENGED)
        ack_gone = self.fate(Event.ACK, LOST, MISDELIVERED) > 0
        ack_unseen = self.fate(Event.ACK, UNWITNESSED) > 0
        syn_ack_gone = self.fate(Event.SYN_ACK, LOST, MISDELIVERED) > 0
        syn_ack_gone |= self.vanished[:, Event.SYN_ACK]
        syn_gone = self.fate(Event.SYN, LOST, MISDELIVERED) > 0
        syn_gone |= self.vanished[:, Event.SYN]
        silent = self.at_server & (syn_acks == 0) & (received == 0)
        silent &= (addressed(m, m.server, Event.SYN) > 0) & ~self.answered
        foreign_syn = self.at_server & (self.fate(Event.SYN, MISDELIVERED) > 0)
        return [
            (both & done, Outcome.COMPLETED, _NONE),
            (both & m.answered_between, Outcome.INCONCLUSIVE, _BETWEEN),
            # One known to be lost, another that nobody could have seen: either may be.
            (both & (acks > 0) & ack_gone & ack_unseen, Outcome.INCONCLUSIVE, BLIND),
            (both & (acks > 0) & ack_unseen & self.in_vain, Outcome.INCONCLUSIVE, _IN_VAIN),
            (both & (acks > 0) & ack_unseen, Outcome.COMPLETED, _NONE),
            # Without it the SYN-ACK is repeated, and so is the ACK.
            (both & (acks > 0) & ack_gone & ~self._outlived(m.server), Outcome.INCONCLUSIVE, ENDS),
            (both & (acks > 0) & ack_gone, Outcome.ACK_LOST, _NONE),
            (both & (client == State.REJECTED) & (received > 0) & asked, Outcome.REJECTED, _NONE),
            # Whoever sent the reset, the client took it for the answer to its SYN.
            (both & (client == State.REFUSED), Outcome.REFUSED, _NONE),
            (both & (syn_acks > 0) & (received == 0) & syn_ack_gone,
             Outcome.SYN_ACK_LOST, _NONE),
            (both & (server == State.REJECTED) & ~self.resumed, Outcome.REJECTED, _NONE),
            (both & (server == State.REFUSED) & (syn_acks == 0), Outcome.REFUSED, _NONE),
            (both & challenged & (received == 0), Outcome.CHALLENGED, _NONE),
            (both & unreachable, Outcome.UNREACHABLE, _NONE),
            (both & foreign_syn & silent, Outcome.SYN_LOST, _NONE),
            (both & silent & self._at(self.mute, m.server), Outcome.INCONCLUSIVE, HIDDEN),
            (both & silent & self._unrepeated(m.server), Outcome.INCONCLUSIVE, _UNREPEATED),
            (both & silent & self._outlived(m.server), Outcome.NO_REPLY, _NONE),
            (both & silent, Outcome.INCONCLUSIVE, ENDS),
            (both & (syn_acks == 0) & (received == 0) & syn_gone, Outcome.SYN_LOST, _NONE),
            (both & (syn_acks > 0) & (received == 0) & self._blind(Event.SYN_ACK),
             Outcome.INCONCLUSIVE, BLIND),
            (both & (client == State.REJECTED), Outcome.INCONCLUSIVE, UNASKED),
            (both & (received > 0), Outcome.INCONCLUSIVE, _IGNORED),
            (both & self.at_client & self.at_server, Outcome.INCONCLUSIVE, BLIND),
            (both & self.at_client & self._blind(Event.SYN), Outcome.INCONCLUSIVE, BLIND),
        ]  # fmt: skip

    def _at(self, marked: Array, sighting: Array) -> Array:
        """What is marked by sighting, by attempt; False without one."""
        return (sighting >= 0) & np.append(marked, False)[sighting]

    def _blind(self, event: Event) -> Array:
        return self.fate(event, UNWITNESSED) > 0

    def _single_rules(self) -> list[tuple[Array, int, int]]:
        m = self.m
        rules: list[tuple[Array, int, int]] = []
        gone = self.vanished[:, Event.SYN_ACK], self.vanished[:, Event.SYN]
        for sighting, state, silent, answered in (
            (m.client, self.client_state, Outcome.UNANSWERED, None),
            (m.server, self.server_state, Outcome.NO_REPLY, Outcome.UNACKNOWLEDGED),
            (m.elsewhere, self.other_state, Outcome.UNANSWERED, Outcome.UNACKNOWLEDGED),
        ):
            here = sighting >= 0
            if not here.any():
                continue
            due = self._outlived(sighting)
            if silent == Outcome.NO_REPLY:
                # The server may answer by another machine (direct return), whose capture tells.
                here = here & ~(self.answered & (state == State.SYN_SENT))
            astray = here & (addressed(m, sighting, Event.SYN_ACK) == 0)
            astray &= self.count(sighting, Event.SYN_ACK) > 0
            passed_by = here & (addressed(m, sighting, Event.SYN) == 0)
            passed_by &= self.count(sighting, Event.SYN) > 0
            rules += [
                (here & passed_by & (state == State.SYN_SENT), Outcome.SYN_LOST, _NONE),
                (here & astray & (state == State.SYN_RECEIVED), Outcome.SYN_ACK_LOST, _NONE),
                (here & gone[0] & (state <= State.SYN_RECEIVED), Outcome.SYN_ACK_LOST, _NONE),
                (here & gone[1] & (state == State.SYN_SENT), Outcome.SYN_LOST, _NONE),
                (
                    here
                    & (state == State.ESTABLISHED)
                    & self.in_vain
                    & (self.count(sighting, Event.PROGRESS) == 0),
                    Outcome.INCONCLUSIVE,
                    _IN_VAIN,
                ),
                (here & (state == State.ESTABLISHED), Outcome.COMPLETED, _NONE),
                (here & (state == State.REFUSED), Outcome.REFUSED, _NONE),
                (
                    here & (state == State.REJECTED) & (self.count(sighting, Event.SYN) == 0),
                    Outcome.INCONCLUSIVE,
                    UNASKED,
                ),
                (here & (state == State.REJECTED) & ~self.resumed, Outcome.REJECTED, _NONE),
                (here & (state == State.CHALLENGED), Outcome.CHALLENGED, _NONE),
                (here & (state == State.UNREACHABLE), Outcome.UNREACHABLE, _NONE),
                (
                    here & (state == State.SYN_SENT) & self._at(self.mute, sighting),
                    Outcome.INCONCLUSIVE,
                    HIDDEN,
                ),
                (
                    here
                    & (state == State.SYN_SENT)
                    & (silent == Outcome.NO_REPLY)
                    & self._unrepeated(sighting),
                    Outcome.INCONCLUSIVE,
                    _UNREPEATED,
                ),
                (here & (state == State.SYN_SENT) & due, silent, _NONE),
                (here & ~due, Outcome.INCONCLUSIVE, ENDS),
            ]
            if answered is None:
                rules.append((here, Outcome.INCONCLUSIVE, _IGNORED))
                continue
            repeated = self.count(sighting, Event.SYN) > 1
            repeated |= self.count(sighting, Event.SYN_ACK) > 1
            rules += [
                (here & repeated, answered, _NONE),
                (here, Outcome.INCONCLUSIVE, _QUIET),
            ]
        return rules

    def _outlived(self, sighting: Array) -> Array:
        """Whether the capture went on long enough after the first segment for a reply
        or a repetition to be due."""
        if not len(self.m.sightings):
            return np.zeros(len(sighting), bool)
        s = self.m.sightings
        capture, first = s["capture"][sighting], s["first"][sighting]
        begin, end = self.spans
        long = (begin[capture] <= first) & (end[capture] - first >= INITIAL_RTO_NS)
        return np.asarray((sighting >= 0) & long)

    def _unrepeated(self, sighting: Array) -> Array:
        """Whether a SYN was not repeated though it was due, and the given capture of it may leave
        out what answered it: an ICMP error, or what it dropped."""
        m = self.m
        if not len(m.sightings):
            return np.zeros(len(sighting), bool)
        once = (self.count(sighting, Event.SYN) == 1) & (self.count(m.client, Event.SYN) < 2)
        return np.asarray(once & self._outlived(sighting) & self.terse[self._capture(sighting)])

    def _capture(self, sighting: Array) -> Array:
        return self.m.sightings["capture"][sighting]

    def _in_vain(self) -> Array:
        """Whether the server sent its SYN-ACK again, longer after the client's first ACK than an
        answer takes: it had not accepted that."""
        m, first = self.m, self.m.legs.first
        result = np.zeros(m.attempts, bool)
        if not len(m.sightings):
            return result
        some = np.flatnonzero(self.at_client & (self.count(m.client, Event.ACK) > 0))
        mine = m.client[some]
        takes = np.maximum(m.legs.gap(Event.SYN, Event.SYN_ACK)[mine], 0) + SETTLE_NS
        deadline = np.full(len(m.sightings) + 1, NEVER)  # the last: of no sighting
        deadline[mine] = first[mine, Event.ACK] + takes
        two = self.both[some] & (m.server[some] >= 0)
        some, mine, takes = some[two], mine[two], takes[two]
        then, doubt = across(
            m.clocks, m.client_host[some], m.server_host[some], first[mine, Event.ACK]
        )
        answered = first[m.server[some], Event.SYN_ACK]
        # Clocks that nothing compares do not tell which of several came before the ACK.
        deadline[m.server[some]] = np.where(
            doubt < ASSUMED_AGREEMENT_NS, then + doubt + takes, answered
        )
        rows = np.flatnonzero((m.leg == Event.SYN_ACK) & (deadline[m.sighting] != NEVER))
        late = rows[m.segments["time"][rows] > deadline[m.sighting[rows]]]
        result[m.identity[m.sighting[late]]] = True
        return result

    def columns(self) -> dict[str, Array]:
        m, s = self.m, self.m.sightings
        columns = {name: s[name][m.near] for name in IDENTITY}
        columns["first"], columns["last"] = self._span()
        columns["client_host"] = np.where(self.at_client | (m.client_host >= 0), m.client_host, -1)
        columns["server_host"] = np.where(self.at_server | (m.server_host >= 0), m.server_host, -1)
        columns |= self._counts()
        columns["syn_src_mac"] = self._mac("src_mac", "syn_row")
        columns["syn_ack_dst_mac"] = self._mac("dst_mac", "syn_ack_row")
        columns["rtt_ns"] = self._rtt()
        columns["finding"] = np.full(m.attempts, -1)
        return columns

    def _span(self) -> tuple[Array, Array]:
        m, s = self.m, self.m.sightings
        host = m.host_of_capture[s["capture"]]
        # Where an end's capture tells the time, a tap's clock of which nothing is known does not.
        lost = np.array([clock.grade == "absent" for clock in m.clocks], bool)[host]
        lost &= (m.side == NEITHER) & (self.at_client | self.at_server)[m.identity]
        rows = np.flatnonzero(~lost)
        first, last = (
            on_reference(m.clocks, host[rows], s[name][rows]) for name in ("first", "last")
        )
        latest = np.full(m.attempts, NO_TIME)
        np.maximum.at(latest, m.identity[rows], last)
        return least(first, m.identity[rows]), latest

    def _counts(self) -> dict[str, Array]:
        """Null (-1) where nobody could see; zero only where somebody would have seen."""
        m = self.m
        counts = {}
        for leg, event in (("syn", Event.SYN), ("syn_ack", Event.SYN_ACK), ("ack", Event.ACK)):
            sender, receiver = (m.server, m.client) if leg == "syn_ack" else (m.client, m.server)
            sent = np.where(sender >= 0, self.count(sender, event), -1)
            arrived = addressed(m, receiver, event)
            denied = self.fate(event, LOST, MISDELIVERED) > 0
            denied |= self.vanished[:, event]
            nothing_sent = (self.fates[event].sum(axis=0) == 0) & (sent == 0)
            certain = (arrived > 0) | denied | nothing_sent
            counts[f"{leg}_sent"] = sent
            counts[f"{leg}_received"] = np.where(certain & ((receiver >= 0) | denied), arrived, -1)
        never_came = (counts["syn_received"] == 0) & (m.server < 0)
        for name in ("syn_ack_sent", "syn_ack_received", "ack_received"):
            counts[name] = np.where(never_came, 0, counts[name])
        syns = np.where(self.at_client, counts["syn_sent"], self.count(m.server, Event.SYN))
        replies = np.where(
            self.at_server, counts["syn_ack_sent"], self.count(m.client, Event.SYN_ACK)
        )
        neither = ~self.at_client & ~self.at_server
        syns = np.where(neither, self.count(m.elsewhere, Event.SYN), syns)
        replies = np.where(neither, self.count(m.elsewhere, Event.SYN_ACK), replies)
        counts["retransmissions"] = np.maximum(syns - 1, 0) + np.maximum(replies - 1, 0)
        return counts

    def _mac(self, column: str, first_row: str) -> Array:
        """From the first such segment, at the server if it captured."""
        m = self.m
        result = np.full(m.attempts, NO_MAC, np.int64)
        for sighting in (m.elsewhere, m.client, m.server):
            here = np.flatnonzero(sighting >= 0)
            rows = m.sightings[first_row][sighting[here]]
            here, rows = here[rows >= 0], rows[rows >= 0]
            macs = m.segments[column][rows]
            result[here[macs >= 0]] = macs[macs >= 0]
        return result

    def _rtt(self) -> Array:
        """By Karn's rule only where nothing was repeated."""
        m = self.m
        result = np.full(m.attempts, -1, np.int64)
        for sighting, start, end in (
            (m.server, Event.SYN_ACK, Event.ACK),
            (m.client, Event.SYN, Event.SYN_ACK),
        ):
            if len(m.legs.counts):
                once = (sighting >= 0) & (self.count(sighting, start) == 1)
                gap = m.legs.gap(start, end)[sighting]
                result = np.where(once & (gap >= 0), gap, result)
        return result
