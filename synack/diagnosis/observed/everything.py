"""All that was observed: what the captures and the tables show by themselves."""

from __future__ import annotations

import numpy as np

from synack.diagnosis.observed.claims import Claims
from synack.diagnosis.observed.homes import Homes
from synack.diagnosis.observed.tables import Tables
from synack.tables import NO_TIME, Array


class Observed(Homes, Claims, Tables):
    """Segments, claims and entries together."""

    def times_for(self, host: int, rows: Array, claims: Array) -> Array:
        """Times of rows of segments and of claims on the reference clock (ns), of those that can
        be held against the times of ``host``."""
        rows = rows[self.comparable(host, self.hosts_of(rows))]
        claims = claims[self.comparable(host, self.claim_host[claims])]
        times = np.concatenate([self.time(rows), self.claim_time[claims]])
        return times[times != NO_TIME]

    def assumed_times(self, host: int, rows: Array, claims: Array) -> Array:
        """Times of the others of them (:meth:`times_for`), as if their clocks and that of ``host``
        agreed: to :data:`~synack.handshake.clock.ASSUMED_AGREEMENT_NS` they are taken to."""
        rows = rows[~self.comparable(host, self.hosts_of(rows))]
        claims = claims[~self.comparable(host, self.claim_host[claims])]
        times = np.concatenate([self.matched.segments["time"][rows], self.claims["time"][claims]])
        return self.clocks[host].to_reference(times[times != NO_TIME])
