"""Numbers for what sightings and segments share: the addresses of ends, pairs of MACs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from synack.addresses import Address
from synack.grouping import among, ids_of, representatives
from synack.tables import Array, Table


@dataclass(frozen=True)
class Addresses:
    """All end addresses, numbered; and for each sighting the number of its client's and
    server's."""

    high: Array
    low: Array
    client: Array
    server: Array

    @classmethod
    def of(cls, sightings: Table) -> Addresses:
        s = sightings
        high = np.concatenate([s["client_hi"], s["server_hi"]])
        low = np.concatenate([s["client_lo"], s["server_lo"]])
        ids = ids_of(high, low)
        some = representatives(ids)
        return cls(high[some], low[some], ids[: len(s)], ids[len(s) :])

    def named_in(self, wanted: Collection[Address]) -> Array:
        """Which of them are in ``wanted`` (bool)."""
        return among(wanted, self.high, self.low)

    def named(self, wanted: Array) -> set[Address]:
        """Those for which ``wanted`` is True."""
        return set(self.pairs(wanted))

    def pairs(self, wanted: Array) -> list[Address]:
        """Those of these numbers, or of a mask, in order."""
        return list(zip(self.high[wanted].tolist(), self.low[wanted].tolist(), strict=True))


@dataclass(frozen=True)
class Links:
    """Each pair of MACs (source, destination) in a capture, numbered: ``of_row`` is its number
    for each row of segments."""

    capture: Array
    source: Array
    destination: Array
    of_row: Array

    @classmethod
    def of(cls, segments: Table) -> Links:
        s = segments
        ids = ids_of(s["capture"], s["src_mac"], s["dst_mac"])
        some = representatives(ids)
        return cls(s["capture"][some], s["src_mac"][some], s["dst_mac"][some], ids)

    def frames(self, rows: Array) -> Array:
        """How many of ``rows`` (a mask of segments) each pair has."""
        return np.bincount(self.of_row[rows], minlength=len(self.capture))
