"""What reached a host and was addressed to another machine."""

from __future__ import annotations

import numpy as np

from synack.addresses import BROADCAST_MAC
from synack.grouping import ids_of
from synack.handshake.legs import NEVER
from synack.handshake.matched import SENDER, Matched, count_of
from synack.handshake.outcome import INITIAL_RTO_NS
from synack.handshake.states import Event
from synack.handshake.vantage import CLIENT, NEITHER
from synack.tables import NO_TIME, OTHER_HOST, Array


def foreign(m: Matched) -> Array:
    """Arrivals that were addressed to a MAC that is not the host's, unless the host went on with
    a handshake after one to it, although nothing else of that leg arrived, nor was sent to its
    own MAC: a virtual router's MAC is foreign by number and its own in truth. A client that
    repeats its SYN after one, or an end that answers so late that a SYN was due again, did not
    take that one but another, which its capture missed."""
    receiver = np.where(SENDER == NEITHER, 2 * CLIENT, -SENDER)  # the first is no side
    rows = np.flatnonzero(np.append(m.side, NEITHER)[m.sighting] == receiver[m.leg])
    attempt = m.identity[m.sighting[rows]]
    destination = m.segments["dst_mac"][rows]
    capture = m.segments["capture"][rows]
    foreign = m.segments["direction"][rows] == OTHER_HOST
    own: set[int] = set()
    for number, vantage in enumerate(m.vantages):
        if vantage.macs:
            own |= vantage.macs
            elsewhere = ~np.isin(destination, [*vantage.macs, BROADCAST_MAC])
            foreign |= (capture == number) & (destination >= 0) & elsewhere
    result = np.zeros(len(m.segments), bool)
    if not foreign.any():
        return result
    cell = attempt * len(Event) + m.leg[rows]
    sent = np.flatnonzero(np.append(m.side, NEITHER)[m.sighting] == SENDER[m.leg])
    sent = sent[np.isin(m.segments["dst_mac"][sent], list(own))]
    well = m.identity[m.sighting[sent]] * len(Event) + m.leg[sent]
    proper = np.bincount(np.append(cell[~foreign], well), minlength=m.attempts * len(Event))
    proper = proper[cell] > 0
    answered = _answered(m, m.leg[rows], attempt) & ~_unheeded(m, rows) & ~_tardy(m, rows)
    foreign &= ~_own(capture, destination, foreign & ~proper & answered)
    result[rows[foreign]] = True
    return result


def _own(capture: Array, destination: Array, accepted: Array) -> Array:
    """Whether the host of a capture takes what is for that MAC: one such is ``accepted``."""
    result = accepted.copy()
    rows = np.flatnonzero(destination >= 0)
    pair = ids_of(capture[rows], destination[rows])
    result[rows] |= np.bincount(pair, accepted[rows])[pair] > 0
    return result


def _unheeded(m: Matched, rows: Array) -> Array:
    """Whether each of ``rows`` of arrivals is a SYN-ACK that the client did not answer at once, in
    the same capture: it repeated its SYN before it answered any, or was to do so (bool)."""
    answered = np.full(len(m.sightings), NEVER)
    for leg in (Event.ACK, Event.RST_CLIENT):
        some = m.legs.counts[:, leg] > 0
        np.minimum(answered, np.where(some, m.legs.first[:, leg], NEVER), out=answered)
    asked = np.flatnonzero(m.leg == Event.SYN)
    asked = asked[m.segments["time"][asked] < answered[m.sighting[asked]]]
    last = np.full(len(m.sightings), NO_TIME)
    np.maximum.at(last, m.sighting[asked], m.segments["time"][asked])
    time = m.segments["time"][rows]
    again = last[m.sighting[rows]] > time
    again |= answered[m.sighting[rows]] > time + INITIAL_RTO_NS
    return np.asarray(again & (m.leg[rows] == Event.SYN_ACK))


def _tardy(m: Matched, rows: Array) -> Array:
    """Whether each of ``rows`` of arrivals is a SYN that the same capture shows to have been
    answered only when a repetition of it was due (bool)."""
    sighting = m.sighting[rows]
    answered = m.legs.counts[sighting, Event.SYN_ACK] > 0
    wait = m.legs.first[sighting, Event.SYN_ACK] - m.segments["time"][rows]
    return np.asarray(answered & (wait >= INITIAL_RTO_NS) & (m.leg[rows] == Event.SYN))


def _answered(m: Matched, leg: Array, attempt: Array) -> Array:
    """Whether the receiver of ``leg`` itself went on with the handshake."""
    by_client = count_of(m, m.client, Event.ACK, Event.RST_CLIENT)
    by_server = count_of(m, m.server, Event.SYN_ACK, Event.RST_SERVER, Event.CHALLENGE)
    onward = count_of(m, m.server, Event.PROGRESS)
    return np.select(
        [leg == Event.SYN, leg == Event.SYN_ACK, leg == Event.ACK],
        [by_server[attempt] > 0, by_client[attempt] > 0, onward[attempt] > 0],
        False,
    )
