"""On which side of a sighting its capture is, as the sighting by itself tells: above 0 the
client's, below 0 the server's, 0 unknown. :mod:`~synack.handshake.locate` weighs them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synack.handshake.legs import Legs
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS, Event
from synack.handshake.vantage import Vantage
from synack.tables import INBOUND, OUTBOUND, UNKNOWN, Array, Table

TOWARDS = np.zeros(len(Event))
"""By leg: 1 from the client, -1 from the server."""
TOWARDS[[*CLIENT_LEGS]], TOWARDS[[*SERVER_LEGS]] = 1, -1
_SENT = np.zeros(4)
"""By direction of a frame: 1 sent by the capturing host, -1 received."""
_SENT[OUTBOUND], _SENT[INBOUND] = 1, -1


def by_name(vantages: Sequence[Vantage], sightings: Table) -> Array:
    """By the addresses that the user, or the host's name, gives to its host."""
    result = np.zeros(len(sightings))
    for capture, vantage in enumerate(vantages):
        mine = sightings["capture"] == capture
        for high, low in vantage.named:
            for end, sign in (("client", 1), ("server", -1)):
                hit = (sightings[f"{end}_hi"] == high) & (sightings[f"{end}_lo"] == low)
                result[mine & hit] += sign
    return np.sign(result) if any(vantage.named for vantage in vantages) else result


def by_role(vantages: Sequence[Vantage], sightings: Table) -> Array:
    """By the host's counters, where it was only client or only server."""
    roles = np.array([vantage.role for vantage in vantages], float)
    return roles[sightings["capture"]] if roles.any() else np.zeros(len(sightings))


def by_direction(segments: Table, sighting: Array, leg: Array, legs: Legs) -> Array:
    """By the direction that the kernel noted. A forwarding host notes each segment coming in and
    going out: the two cancel."""
    mine = np.flatnonzero((sighting >= 0) & (segments["direction"] != UNKNOWN))
    if not len(mine):
        return np.zeros(len(legs.counts))
    sent = _SENT[segments["direction"][mine]] * TOWARDS[leg[mine]]
    return np.sign(np.bincount(sighting[mine], sent, len(legs.counts)))


def by_reply_gap(legs: Legs) -> Array:
    """By how soon it was answered. Of a repeated segment nobody knows which one was."""
    answer, acknowledgment = legs.gap(Event.SYN, Event.SYN_ACK), legs.gap(Event.SYN_ACK, Event.ACK)
    known = (answer >= 0) & (acknowledgment >= 0)
    for leg in (Event.SYN, Event.SYN_ACK):
        known &= legs.counts[:, leg] == 1
    clear = np.abs(answer - acknowledgment) > 20_000
    at_client = known & clear & (answer > 2 * acknowledgment)
    at_server = known & clear & (acknowledgment > 2 * answer)
    return at_client * 1.0 - at_server * 1.0
