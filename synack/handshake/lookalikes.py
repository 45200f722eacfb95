"""Segments at both ends of attempts that may be one packet, by their looks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synack.grouping import ids_of, ids_within, present
from synack.handshake.matched import Matched
from synack.handshake.pairing import common, meant, once, repeated
from synack.handshake.states import Event
from synack.tables import Array


class Lookalikes(NamedTuple):
    """Segments at both ends that cannot be told apart, or are each other's only like."""

    out: Array
    """Rows of departures that are the only ones of their kind, and of their arrivals."""
    back: Array
    sure: Array
    """Whether timestamps or identifications make each of these pairs one packet (bool)."""
    rows: Array
    """Rows of all others that have both departures and arrivals."""
    attempt: Array
    arrival: Array
    """Whether each of these is an arrival (bool)."""
    group: Array
    """A number for each kind of these."""


def lookalikes(m: Matched, rows: Array, attempt: Array, arrival: Array, ip_id: Array) -> Lookalikes:
    """Which of ``rows`` of segments, all there are of some attempts, may be one packet.
    ``ip_id``: as of :func:`~synack.handshake.identification.identified`."""
    legs = present(m.leg[rows])
    place = np.zeros(len(Event), np.int64)
    place[legs] = np.arange(len(legs))
    cell = (attempt - attempt.min(initial=m.attempts)) * len(legs) + place[m.leg[rows]]
    seq, tsval = m.segments["seq"][rows], common(m.segments["tsval"][rows], cell, arrival)
    group = ids_within(cell, int(cell.max(initial=-1)) + 1, seq, tsval)
    bare = np.flatnonzero(tsval < 0)
    if ip_id[bare].any():
        group[bare] = group.max() + 1 + ids_of(group[bare], ip_id[bare])
    bare = bare[repeated(cell, bare[~arrival[bare]])[cell[bare]]]
    if len(bare):
        # Without either only the MAC tells a repetition from what it repeats.
        target, source = (m.segments[name][rows[bare]] for name in ("dst_mac", "src_mac"))
        mac = meant(target, source, ids_of(cell[bare]), arrival[bare])
        group[bare] = group.max() + 1 + ids_of(group[bare], mac)
    out, back, others = once(group, arrival)
    sure = ((tsval[out] >= 0) & (tsval[back] >= 0)) | (ip_id[out] != 0)
    return Lookalikes(
        rows[out], rows[back], sure, rows[others], attempt[others], arrival[others], group[others]
    )
