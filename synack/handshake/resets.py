"""Resets in a client's name that another machine sent: one that has its address as well, or
got what was meant for it."""

from __future__ import annotations

import numpy as np

from synack.handshake.legs import Legs
from synack.handshake.states import Event
from synack.handshake.vantage import CLIENT, FIRST_TTLS, NEITHER
from synack.handshake.witness import SETTLE_NS
from synack.tables import Array, Table


def resumed(segments: Table, sightings: Table, sighting: Array, leg: Array, legs: Legs) -> Array:
    """Sightings with a reset in the client's name that is another machine's: the client's SYN
    comes again after it, and a client is done with an attempt whose answer it resets; or it
    comes from another MAC than the SYN, neither past a router. (What resets the answer to an
    old connection of the same ports does go on: no such case.) (bool)"""
    s, counts = segments, legs.counts
    result = np.zeros(len(sightings) + 1, bool)  # the last: of no sighting
    if not len(sightings):
        return result[:-1]
    reset = np.append(counts[:, Event.RST_CLIENT] > 0, False)
    reset[:-1] &= (counts[:, Event.CHALLENGE] == 0) & (counts[:, Event.SYN] > 0)
    rows = np.flatnonzero((leg == Event.SYN) & reset[sighting])
    first = legs.first[sighting[rows], Event.RST_CLIENT]
    # What the reset overtook on the way is no resumption.
    result[sighting[rows[s["time"][rows] > first + SETTLE_NS]]] = True
    rows = np.flatnonzero((leg == Event.RST_CLIENT) & reset[sighting] & (s["src_mac"] >= 0))
    asked = sightings["syn_row"][sighting[rows]]
    other = (s["src_mac"][asked] >= 0) & (s["src_mac"][asked] != s["src_mac"][rows])
    other &= np.isin(s["ttl"][asked], FIRST_TTLS) & np.isin(s["ttl"][rows], FIRST_TTLS)
    result[sighting[rows[other]]] = True
    return result[:-1]


def without_impostors(side: Array, legs: Legs, identity: Array, resumed: Array) -> Array:
    """``side`` of each sighting, where those at the client's address that reset an attempt which
    its client went on with are of NEITHER end: they have none of its SYNs, for it is not theirs.

    ``identity`` is the attempt of each sighting, ``resumed`` as :func:`resumed` gives it.
    """
    if not resumed.any():
        return side
    gone_on = np.bincount(identity, resumed) > 0
    counts = legs.counts
    impostor = (side == CLIENT) & gone_on[identity]
    impostor &= (counts[:, Event.RST_CLIENT] > 0) & (counts[:, Event.SYN] == 0)
    return np.where(impostor, NEITHER, side).astype(side.dtype)
