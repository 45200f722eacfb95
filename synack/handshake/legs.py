"""Per sighting and leg: how many segments, and when the first came."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from synack.handshake.states import Event
from synack.tables import Array


@dataclass(frozen=True)
class Legs:
    """``counts[sighting, leg]`` (int32) and ``first[sighting, leg]`` (ns, int64, 0 when there
    is none), both stored leg by leg; a leg is an :class:`Event`."""

    counts: Array
    first: Array
    _gaps: dict[tuple[Event, ...], Array] = field(default_factory=dict, repr=False)

    def has(self, *events: Event) -> Array:
        """Whether there is any segment of ``events``, by sighting (bool)."""
        # By column: they are stored so, and rows are short.
        found = self.counts[:, events[0]] > 0
        for event in events[1:]:
            found |= self.counts[:, event] > 0
        return np.asarray(found)

    def gap(self, earlier: Event, *later: Event) -> Array:
        """ns from the first ``earlier`` to the first of ``later``; -1 where one is missing. It is
        asked for again and again, and kept: not to be changed."""
        if (earlier, *later) not in self._gaps:
            self._gaps[earlier, *later] = self._gap(earlier, *later)
        return self._gaps[earlier, *later]

    def _gap(self, earlier: Event, *later: Event) -> Array:
        start, end = self.first[:, earlier], np.full(len(self.first), NEVER)
        for leg in later:
            np.minimum(end, np.where(self.counts[:, leg] > 0, self.first[:, leg], NEVER), out=end)
        known = (self.counts[:, earlier] > 0) & (end != NEVER) & (end >= start)
        end -= start
        end[~known] = -1
        end.flags.writeable = False
        return end


NEVER = np.iinfo(np.int64).max
