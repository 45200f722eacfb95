"""TCP Fast Open (RFC 7413): a SYN with data, of which a capture may have the answer alone."""

from __future__ import annotations

import numpy as np

from synack.grouping import ids_of
from synack.tables import IDENTITY, Array, Table

_TURN = 1 << 32


def with_isn_of_syn(segments: Table, sightings: Table) -> Table:
    """``sightings``, where those without a SYN have the client ISN of the SYN that it was. A
    SYN-ACK acknowledges the data of the SYN as well (RFC 7413 section 3), so by itself it tells
    too high a number: the right one is that of a SYN in another capture with the same ends,
    whose data go up to there."""
    isn, syn = sightings["client_isn"], sightings["syn_row"]
    without = np.flatnonzero(syn < 0)
    opening = np.flatnonzero(syn >= 0) if len(without) else without
    opening = opening[segments["payload"][syn[opening]] > 0]
    if not len(opening):
        return sightings
    rows = np.concatenate([opening, without])
    ids = ids_of(*(sightings[name][rows] for name in IDENTITY[:-1])) * (2 * _TURN)
    order = np.argsort(ids[: len(opening)] + isn[opening])
    opening, of_opening = opening[order], ids[: len(opening)][order]
    numbers, wanted = of_opening + isn[opening], ids[len(opening) :] + isn[without]
    corrected: Array = isn.copy()
    for turns in (0, _TURN):  # sequence numbers go on at 0
        place = np.searchsorted(numbers, wanted + turns) - 1
        data = wanted + turns - numbers[place]
        fits = (place >= 0) & (data <= segments["payload"][syn[opening[place]]])
        fits &= sightings["capture"][opening[place]] != sightings["capture"][without]
        corrected[without[fits]] = isn[opening[place[fits]]]
    return Table(sightings.schema, {**sightings.columns, "client_isn": corrected})
