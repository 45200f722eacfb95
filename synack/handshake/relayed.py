"""Sightings of what a capturing host passes on."""

from __future__ import annotations

import numpy as np

from synack.addresses import NO_MAC
from synack.grouping import distinct, ids_of
from synack.handshake.numbering import Links
from synack.tables import INBOUND, OTHER_HOST, OUTBOUND, UNKNOWN, Array, Table


def forwarded(segments: Table, links: Links, sightings: Table, sighting: Array) -> Array:
    """Sightings that hold one segment twice, the second time from the MAC that it first was
    sent to, or with a lower TTL and from a MAC that is more than any other in this capture:
    its host passes it on (bool)."""
    result = np.zeros(len(sightings), bool)
    candidates = sightings["several_macs"]
    if not candidates.any():
        return result
    rows = np.flatnonzero((sighting >= 0) & (segments["src_mac"] >= 0))
    rows = rows[candidates[sighting[rows]]]
    what = (segments[name][rows] for name in ("kind", "seq", "ack", "tsval"))
    same = ids_of(sighting[rows], *what)
    order = np.lexsort((segments["ttl"][rows], same))
    rows, same = rows[order], same[order]
    earlier, later = rows[:-1], rows[1:]
    alike = (same[1:] == same[:-1]) & (segments["src_mac"][later] != segments["src_mac"][earlier])
    ttl = segments["ttl"]
    lowered = alike & (ttl[later] > ttl[earlier])
    came, went = np.where(lowered, later, earlier), np.where(lowered, earlier, later)
    # Who hands it on does so from the MAC that it came to; a balancer without lowering the TTL.
    # Nothing of it passes by its own MAC then; what others see of it does.
    handed = alike & (segments["dst_mac"][came] == segments["src_mac"][went])
    way = segments["direction"]
    # On a bridge of its own the first sight is of a port, whose MAC nobody sends to.
    handed |= alike & np.isin(way[came], (INBOUND, OTHER_HOST)) & (way[went] == OUTBOUND)
    hands = np.full(len(result), NO_MAC)
    hands[sighting[went[handed]]] = segments["src_mac"][went[handed]]
    mine = rows[hands[sighting[rows]] != NO_MAC]
    it = hands[sighting[mine]]
    by_it = (segments["src_mac"][mine] == it) | (segments["dst_mac"][mine] == it)
    by_it |= way[mine] != UNKNOWN
    result[sighting[mine]] = True
    result[sighting[mine[~by_it]]] = False
    passed = earlier[lowered & ~handed]
    counts = links.frames(segments["src_mac"] >= 0)
    for capture in distinct(segments["capture"][passed]).tolist():
        own = links.capture == capture
        ends = np.concatenate([links.source[own], links.destination[own]])
        macs, place = np.unique(ends, return_inverse=True)
        most = macs[np.argmax(np.bincount(place, np.tile(counts[own], 2)))]
        mine = passed[segments["capture"][passed] == capture]
        result[sighting[mine[segments["src_mac"][mine] == most]]] = True
    return result
