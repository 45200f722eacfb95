"""From which MAC a capturing host sends."""

from __future__ import annotations

import numpy as np

from synack.addresses import Address
from synack.grouping import among, distinct
from synack.handshake.numbering import Links
from synack.handshake.vantage import FIRST_TTLS
from synack.tables import INBOUND, Array, Table


def own_macs(capture: int, addresses: set[Address], segments: Table, links: Links) -> set[int]:
    """The MAC that most of the host's own segments leave with. One capture is of one
    interface, so there is one; a second is somebody else's use of the address, or on a network
    that floods another host's: what is sent to the host comes to its own. Of what was received
    alone it is the one that others hear it from."""
    if not addresses:
        return set()
    rows = np.flatnonzero((segments["capture"] == capture) & (segments["src_mac"] >= 0))
    to_host = among(addresses, segments["dst_hi"][rows], segments["dst_lo"][rows])
    reached = distinct(links.destination[links.frames(rows[to_host]) > 0])
    rows = rows[segments["direction"][rows] != INBOUND]
    from_host = among(addresses, segments["src_hi"][rows], segments["src_lo"][rows])
    frames = links.frames(rows[from_host])
    macs, place = np.unique(links.source[frames > 0], return_inverse=True)
    if not len(macs):
        return _spoken_from(reached, addresses, segments)
    count = np.bincount(place, frames[frames > 0])
    own = np.isin(macs, reached)
    return {int(macs[np.argmax(np.where(own, count, 0) if own.any() else count)])}


def _spoken_from(reached: Array, addresses: set[Address], segments: Table) -> set[int]:
    """Of the MACs at which frames ``reached`` a host that recorded nothing of its own the one
    from which other captures have its addresses speak."""
    rows = np.flatnonzero(np.isin(segments["src_mac"], reached[reached >= 0]))
    rows = rows[(segments["icmp"][rows] < 0) & np.isin(segments["ttl"][rows], FIRST_TTLS)]
    rows = rows[among(addresses, segments["src_hi"][rows], segments["src_lo"][rows])]
    known = distinct(segments["src_mac"][rows])
    return {int(known[0])} if len(known) == 1 else set()
