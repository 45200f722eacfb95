"""Per sighting and leg: how many segments, and when the first came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synack.handshake.track import Event
from synack.tables import Array, Table

_LEGS = len(Event)
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Legs:
    """``counts[sighting, leg]`` (int64) and ``first[sighting, leg]`` (ns, int64,
    the largest int64 when there is none); a leg is an :class:`Event`."""

    counts: Array
    first: Array

    @classmethod
    def of(cls, segments: Table, sighting: Array, leg: Array, sightings: int) -> Legs:
        mine = sighting >= 0
        cell = sighting[mine] * _LEGS + leg[mine]
        counts = np.bincount(cell, minlength=sightings * _LEGS).reshape(sightings, _LEGS)
        first = np.full(sightings * _LEGS, _NEVER, np.int64)
        np.minimum.at(first, cell, segments["time"][mine])
        return cls(counts, first.reshape(sightings, _LEGS))

    def gap(self, earlier: Event, *later: Event) -> Array:
        """ns from the first ``earlier`` to the first of ``later``; -1 where one is missing."""
        start = self.first[:, earlier]
        end = self.first[:, list(later)].min(axis=1)
        known = (start != _NEVER) & (end != _NEVER) & (end >= start)
        return np.where(known, end - np.where(known, start, 0), -1)
