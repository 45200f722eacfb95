"""Rows by an address, against a slow search."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synack.diagnosis.observed.by_address import ByAddress, by_mac

HALF = st.sampled_from([0, 1, 5, 2**63, 2**64 - 1])


@given(st.lists(st.tuples(HALF, HALF)), st.tuples(HALF, HALF))
def test_rows_by_address(pairs, wanted):
    high = np.array([a for a, _ in pairs], np.uint64)
    low = np.array([b for _, b in pairs], np.uint64)
    expected = [row for row, pair in enumerate(pairs) if pair == wanted]
    assert ByAddress(high, low).rows(wanted).tolist() == expected


def test_rows_by_mac():
    index = by_mac(np.array([7, -1, 7, 3], np.int64))
    assert [index.rows((0, mac)).tolist() for mac in (7, 3, 5)] == [[0, 2], [3], []]
