"""Rows of a table by an address or a MAC."""

from __future__ import annotations

import numpy as np

from synack.addresses import Address
from synack.grouping import by_id, group_ids, representatives
from synack.tables import Array


class ByAddress:
    """Rows of a table by an address."""

    def __init__(self, high: Array, low: Array) -> None:
        ids = group_ids(high, low)
        some = representatives(ids)
        self._high, self._low = high[some], low[some]
        self._order, self._starts = by_id(ids)

    def rows(self, address: Address) -> Array:
        """Rows with that address, ascending."""
        # A plain int would turn the comparison into one of floats.
        high, low = np.uint64(address[0]), np.uint64(address[1])
        begin, end = (int(np.searchsorted(self._high, high, side)) for side in ("left", "right"))
        at = begin + int(np.searchsorted(self._low[begin:end], low))
        if at == end or self._low[at] != low:
            return self._order[:0]
        return self._order[self._starts[at] : self._starts[at + 1]]


def by_mac(macs: Array) -> ByAddress:
    return ByAddress(np.zeros(len(macs), np.uint64), macs.astype(np.uint64))
