"""What is only assumed of where a capture was taken: said, because a tap may look like an end."""

from __future__ import annotations

import numpy as np

from synack.handshake.matched import Matched
from synack.handshake.states import Event
from synack.handshake.vantage import CLIENT, SERVER, SURE

_AT_ONCE_NS = 200_000
"""A kernel answers a SYN, and a SYN-ACK, sooner."""
_SEVERAL = 3
"""Attempts, so that a machine that was busy once is not taken for a tap."""


def assumed(matched: Matched, capture: int) -> list[str]:
    """A capture that is taken for one of an end's own, and answers as late as one in between."""
    vantage, legs = matched.vantages[capture], matched.legs
    if vantage.tap or vantage.basis in SURE:
        return []
    mine = matched.sightings["capture"] == capture
    for leg in (Event.SYN, Event.SYN_ACK, Event.ACK):
        mine &= legs.counts[:, leg] == 1
    waits = legs.gap(Event.SYN, Event.SYN_ACK), legs.gap(Event.SYN_ACK, Event.ACK)
    for side, (own, others) in ((SERVER, waits), (CLIENT, waits[::-1])):
        rows = np.flatnonzero(mine & (matched.side == side) & (own >= 0) & (others >= 0))
        if len(rows) < _SEVERAL:
            continue
        soonest, trip = int(own[rows].min()), int(others[rows].min())
        if soonest >= _AT_ONCE_NS and 2 * soonest >= trip:
            return [
                f"{vantage.host or 'one capture'}: taken for the"
                f" {'server' if side == SERVER else 'client'}'s own, though answers take at least"
                f" {soonest / 1e6:.3f} ms there, and the other end's {trip / 1e6:.3f} ms: if it is"
                " a tap in between, say so (tap = true in incident.toml)"
            ]
    return []
