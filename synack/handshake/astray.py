"""Answers that came to a machine that had not asked, by somebody else's wrong neighbor entry.

Where a capture has destination MACs they tell. One without (SLL, SLL2) says of such an answer
only that it was addressed to the capturing host, as it says of one to the host's own question.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synack.handshake.legs import Legs
from synack.handshake.states import CLIENT_LEGS, Event
from synack.tables import NO_TIME, Array, Table


def unheeded(
    segments: Table, sightings: Table, sighting: Array, leg: Array, legs: Legs, identity: Array,
    client: Array, hosts: Sequence[str], speaks: Array,
) -> Array:  # fmt: skip
    """Addresses (``client``: their number by sighting) to which answers came in a capture without
    destination MACs while whoever asked went on as if none had (captures x addresses, bool): by
    the server's capture the SYN is repeated after the answer, in more attempts than are
    acknowledged. A client that gets an answer in SYN-SENT does not repeat its SYN (RFC 9293,
    3.10.7.3). Not where the address speaks in any capture of the same host (``hosts`` by
    capture, ``speaks``: captures x addresses)."""
    result = np.zeros(speaks.shape, bool)
    mute = legs.has(Event.SYN_ACK) & ~legs.has(*CLIENT_LEGS)
    mute[mute] = segments["dst_mac"][sightings["syn_ack_row"][mute]] < 0
    if not mute.any():
        return result
    last = np.full(len(sightings), NO_TIME)
    syns = np.flatnonzero((leg == Event.SYN) & (sighting >= 0))
    np.maximum.at(last, sighting[syns], segments["time"][syns])
    again = legs.has(Event.SYN_ACK) & (last > legs.first[:, Event.SYN_ACK])
    size = int(identity.max()) + 1
    repeated, acknowledged = (
        np.bincount(identity[some], minlength=size)[identity] > 0
        for some in (again, legs.has(Event.ACK))
    )
    # One answer may be the one to the last SYN.
    in_vain = mute & repeated & (legs.counts[:, Event.SYN_ACK] > 1)
    balance = np.zeros(speaks.shape, np.int64)
    for some, vote in ((in_vain, 1), (mute & acknowledged & ~repeated, -1)):
        np.add.at(balance, (sightings["capture"][some], client[some]), vote)
    names = np.array(hosts)
    for number, host in enumerate(hosts):
        result[number] = (balance[number] > 0) & ~speaks[names == host].any(axis=0)
    return result
