"""The words of the tracker, and its transition table: what each event does to an attempt."""

from __future__ import annotations

from enum import IntEnum


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
    COPY = 9
    """The same packet once more: the capture is of several places on its way (a mirror of
    both directions, a bridge and its ports, the outside and inside of a tunnel)."""


CLIENT_LEGS = (Event.SYN, Event.ACK, Event.RST_CLIENT)
SERVER_LEGS = (Event.SYN_ACK, Event.PROGRESS, Event.RST_SERVER, Event.CHALLENGE)
"""What only the client or only the server sends."""

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
