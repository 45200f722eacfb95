"""The handshake tracker: one capture's segments to attempts, by a transition table.

Theory of operation. Segments are walked connection by connection in the order they
were captured. A SYN with a new initial sequence number (ISN) opens an attempt, so
port reuse separates itself and a retransmitted SYN does not. A SYN-ACK belongs to
the attempt whose ISN it acknowledges; without one (the SYN was not captured) it
opens an attempt of its own, whose ISN is known all the same. Every other segment is
first turned into an :class:`Event` of one attempt by its numbers, and is nobody's
when the numbers fit none; :data:`TRANSITIONS` then says what the event means.

Simultaneous open (RFC 9293 figure 8) is two attempts, one a direction; the
SYN-ACK of each side is at once the answer to one and the ACK of the other.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from synack.seq import MODULUS, ahead
from synack.tables import ACK, QUOTE, RST, SIGHTINGS, SYN, SYN_ACK, Array, Table, group_ids


class State(IntEnum):
    """How far an attempt got, as one capture saw it (names after RFC 9293 where it has one)."""

    NEW = 0
    SYN_SENT = 1
    SYN_RECEIVED = 2
    ESTABLISHED = 3
    REFUSED = 4
    REJECTED = 5
    CHALLENGED = 6
    UNREACHABLE = 7


class Event(IntEnum):
    """What a segment is to its attempt; also the ``leg`` of a tracked segment."""

    NONE = 0
    SYN = 1
    SYN_ACK = 2
    ACK = 3
    """From the client, with the numbers of a completed handshake."""
    PROGRESS = 4
    """From the server, plain, acknowledging the SYN: it is past SYN-RECEIVED."""
    RST_SERVER = 5
    RST_CLIENT = 6
    CHALLENGE = 7
    """From the server, plain, acknowledging something else: RFC 5961 section 4."""
    ICMP = 8


_S, _E = State, Event
TRANSITIONS: dict[State, dict[Event, State]] = {
    _S.NEW: {_E.SYN: _S.SYN_SENT, _E.SYN_ACK: _S.SYN_RECEIVED},
    _S.SYN_SENT: {
        _E.SYN_ACK: _S.SYN_RECEIVED,
        _E.ACK: _S.ESTABLISHED,
        _E.PROGRESS: _S.ESTABLISHED,
        _E.RST_SERVER: _S.REFUSED,
        _E.CHALLENGE: _S.CHALLENGED,
        _E.ICMP: _S.UNREACHABLE,
    },
    # A reset by the server here is its own change of mind, not an answer to the SYN.
    _S.SYN_RECEIVED: {
        _E.ACK: _S.ESTABLISHED,
        _E.PROGRESS: _S.ESTABLISHED,
        _E.RST_CLIENT: _S.REJECTED,
        _E.ICMP: _S.UNREACHABLE,
    },
    _S.ESTABLISHED: {},
    # A client may try on after a refusal, an error or a challenge, and may succeed.
    _S.REFUSED: {_E.SYN_ACK: _S.SYN_RECEIVED, _E.ACK: _S.ESTABLISHED},
    _S.REJECTED: {_E.SYN_ACK: _S.SYN_RECEIVED},
    _S.CHALLENGED: {
        _E.SYN_ACK: _S.SYN_RECEIVED,
        _E.ACK: _S.ESTABLISHED,
        _E.RST_SERVER: _S.REFUSED,
    },
    _S.UNREACHABLE: {
        _E.SYN_ACK: _S.SYN_RECEIVED,
        _E.ACK: _S.ESTABLISHED,
        _E.RST_SERVER: _S.REFUSED,
    },
}
"""What each event changes; an event that is not listed leaves the state as it is."""

_TABLE = [[TRANSITIONS[state].get(event, state).value for event in Event] for state in State]


def track(segments: Table) -> tuple[Table, Array, Array]:
    """Attempts as each capture saw them.

    Returns ``(sightings, attempt, leg)``: a table of :data:`~synack.tables.SIGHTINGS`
    in order of first appearance by connection, and for every row of ``segments`` the
    row of its sighting (int64, -1: part of no handshake) and its :class:`Event` (uint8).
    """
    # In the order of capture inside a connection, not of its clock, which may be set back.
    connection = _connections(segments)
    order = np.argsort(connection, kind="stable")
    walk = _Walk(len(segments))
    columns = (
        "capture", "kind", "src_hi", "src_lo", "dst_hi", "dst_lo", "src_port", "dst_port",
        "seq", "ack", "payload", "time",
    )  # fmt: skip
    rows = zip(
        order.tolist(),
        connection[order].tolist(),
        *(segments[name][order].tolist() for name in columns),
        strict=True,
    )
    for row, connection, capture, kind, *rest in rows:
        walk.step(row, connection, capture, kind, *rest)
    return walk.sightings(), np.array(walk.attempt, np.int64), np.array(walk.leg, np.uint8)


def _connections(segments: Table) -> Array:
    """An id per (capture, connection), the same for both directions."""
    s = segments
    source = (s["src_hi"], s["src_lo"], s["src_port"])
    destination = (s["dst_hi"], s["dst_lo"], s["dst_port"])
    forward = _not_after(source, destination)
    ends = [np.where(forward, a, b) for a, b in zip(source, destination, strict=True)]
    ends += [np.where(forward, b, a) for a, b in zip(source, destination, strict=True)]
    return group_ids(s["capture"], *ends)


def _not_after(left: tuple[Array, ...], right: tuple[Array, ...]) -> Array:
    result = np.ones(len(left[0]), bool)
    for a, b in zip(reversed(left), reversed(right), strict=True):
        result = (a < b) | ((a == b) & result)
    return result


class _Attempt:
    __slots__ = (
        "answer",
        "capture",
        "challenge_ack",
        "client",
        "first",
        "isn",
        "last",
        "number",
        "seen",
        "server",
        "state",
        "syn_payload",
    )  # fmt: skip

    def __init__(self, number: int, capture: int, client: _End, server: _End, isn: int) -> None:
        self.number = number
        self.capture = capture
        self.client = client
        self.server = server
        self.isn = isn
        self.state = int(State.NEW)
        self.seen = 0
        self.first = 0
        self.last = 0
        self.syn_payload = 0
        self.answer: int | None = None
        """Sequence number of the last SYN-ACK."""
        self.challenge_ack: int | None = None

    def acknowledged_by(self, ack: int) -> bool:
        """Whether ``ack`` covers the SYN, and no more than the SYN and its data (RFC 7413)."""
        return 1 <= (ack - self.isn) % MODULUS <= 1 + self.syn_payload

    def happen(self, event: int, time: int) -> None:
        self.state = _TABLE[self.state][event]
        if not self.seen:
            self.first = self.last = time
        self.seen |= 1 << event
        self.first, self.last = min(self.first, time), max(self.last, time)


_End = tuple[int, int, int]


class _Walk:
    """The state of the walk: the attempts of the connection at hand."""

    def __init__(self, rows: int) -> None:
        self.attempt = [-1] * rows
        self.leg = [0] * rows
        self._all: list[_Attempt] = []
        self._connection = -1
        self._by_isn: dict[tuple[_End, int], _Attempt] = {}
        self._latest: dict[_End, _Attempt] = {}

    def step(
        self, row: int, connection: int, capture: int, kind: int,
        src_hi: int, src_lo: int, dst_hi: int, dst_lo: int, src_port: int, dst_port: int,
        seq: int, ack: int, payload: int, time: int,
    ) -> None:  # fmt: skip
        if connection != self._connection:
            self._connection = connection
            self._by_isn.clear()
            self._latest.clear()
        source, destination = (src_hi, src_lo, src_port), (dst_hi, dst_lo, dst_port)
        found: _Attempt | None = None
        event = int(Event.NONE)
        if kind == SYN:
            found, event = self._syn(capture, source, destination, seq, payload), Event.SYN
        elif kind == SYN_ACK:
            found, event = self._syn_ack(capture, source, destination, seq, ack), Event.SYN_ACK
            self._simultaneous(source, seq, ack, time)
        elif kind == ACK:
            found, event = self._plain(source, destination, seq, ack)
        elif kind == RST:
            found, event = self._reset(source, destination, seq, ack)
        elif kind == QUOTE:
            found, event = self._quoted(source, destination, seq), Event.ICMP
        if found is not None:
            found.happen(event, time)
            self.attempt[row], self.leg[row] = found.number, event

    def sightings(self) -> Table:
        return Table.from_rows(
            SIGHTINGS,
            (
                (
                    a.capture, a.client[0], a.client[1], a.server[0], a.server[1],
                    a.client[2], a.server[2], a.isn, a.state, a.seen, a.first, a.last,
                )
                for a in self._all
            ),
        )  # fmt: skip

    def _open(self, capture: int, client: _End, server: _End, isn: int) -> _Attempt:
        new = _Attempt(len(self._all), capture, client, server, isn)
        self._all.append(new)
        self._by_isn[client, isn] = self._latest[client] = new
        return new

    def _syn(self, capture: int, client: _End, server: _End, isn: int, payload: int) -> _Attempt:
        found = self._by_isn.get((client, isn)) or self._open(capture, client, server, isn)
        found.syn_payload = max(found.syn_payload, payload)
        self._latest[client] = found
        return found

    def _syn_ack(self, capture: int, server: _End, client: _End, seq: int, ack: int) -> _Attempt:
        isn = (ack - 1) % MODULUS
        found = self._by_isn.get((client, isn))
        if found is None:
            latest = self._latest.get(client)
            if latest is not None and latest.acknowledged_by(ack):
                found = latest
            else:
                found = self._open(capture, client, server, isn)
        found.answer = seq
        return found

    def _simultaneous(self, source: _End, seq: int, ack: int, time: int) -> None:
        """A SYN-ACK whose sequence number is the sender's own SYN: its ACK of the peer's."""
        own = self._by_isn.get((source, seq))
        if own is None:
            return
        peer = self._latest.get(own.server)
        if peer is not None and peer.acknowledged_by(ack):
            own.happen(Event.ACK, time)

    def _plain(
        self, source: _End, destination: _End, seq: int, ack: int
    ) -> tuple[_Attempt | None, int]:
        own = self._latest.get(source)
        if own is not None and self._completes(own, seq, ack):
            return own, Event.ACK
        peers = self._latest.get(destination)
        if peers is None or peers.server != source:
            return None, Event.NONE
        beyond = ahead(ack, peers.isn)
        if not self._continues(peers, seq, beyond):
            unanswered = peers.answer is None and not peers.seen & 1 << Event.PROGRESS
            peers.challenge_ack = ack
            return (peers, Event.CHALLENGE) if unanswered else (None, Event.NONE)
        # With TCP Fast Open a server may send before the handshake is over.
        early = peers.syn_payload and beyond <= 1 + peers.syn_payload
        return (None, Event.NONE) if early else (peers, Event.PROGRESS)

    def _continues(self, peers: _Attempt, seq: int, beyond: int) -> bool:
        """A plain segment of the server goes on from its SYN-ACK, or, if this capture has
        none, acknowledges no more than a client can have sent by then. Otherwise it is of
        an older connection, whose numbers are anywhere."""
        if peers.answer is None:
            return 1 <= beyond <= 1 + peers.syn_payload + _FIRST_FLIGHT
        return 1 <= beyond <= _WINDOW and 1 <= ahead(seq, peers.answer) <= _WINDOW

    def _completes(self, own: _Attempt, seq: int, ack: int) -> bool:
        """A plain segment of the client continues its SYN and acknowledges the SYN-ACK,
        which this capture may not have seen."""
        beyond = ahead(seq, own.isn)
        if own.answer is None:
            # Numbers of an older connection on the same ports answer a challenge.
            flight = 0 if own.challenge_ack is not None else _FIRST_FLIGHT
            return 1 <= beyond <= 1 + own.syn_payload + flight
        return 1 <= beyond <= _WINDOW and 1 <= ahead(ack, own.answer) <= _WINDOW

    def _reset(
        self, source: _End, destination: _End, seq: int, ack: int
    ) -> tuple[_Attempt | None, int]:
        peers = self._latest.get(destination)
        if peers is not None and peers.server == source:
            # In SYN-SENT only a reset that acknowledges the SYN counts (RFC 9293 3.10.7.3).
            if peers.acknowledged_by(ack):
                return peers, Event.RST_SERVER
            if peers.answer is not None and 0 <= ahead(seq, peers.answer) <= 1:
                return peers, Event.RST_SERVER
        own = self._latest.get(source)
        if own is not None:
            answers = 1 <= ahead(seq, own.isn) <= 1 + own.syn_payload
            if own.answer is not None and answers:
                return own, Event.RST_CLIENT
            if own.challenge_ack is not None and seq == own.challenge_ack:
                return own, Event.RST_CLIENT
        return None, Event.NONE

    def _quoted(self, source: _End, destination: _End, seq: int) -> _Attempt | None:
        own = self._by_isn.get((source, seq))
        if own is not None:
            return own
        peers = self._latest.get(destination)
        return peers if peers is not None and peers.answer == seq else None


_FIRST_FLIGHT = 0xFFFF
"""The most a client can send before it has more than the SYN-ACK, whose window is never
scaled (RFC 7323 section 2.2)."""

_WINDOW = 1 << 30
"""The largest window that scaling allows (RFC 7323 section 2.3)."""
