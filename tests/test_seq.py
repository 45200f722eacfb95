"""Sequence numbers wrap around 2^32."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.seq import MODULUS, ahead

NUMBERS = st.integers(0, MODULUS - 1)


@pytest.mark.parametrize(
    ("later", "earlier", "distance"),
    [
        (1, 1, 0),
        (2, 1, 1),
        (1, 2, -1),
        (0, 0xFFFF_FFFF, 1),
        (0xFFFF_FFFF, 0, -1),
        (0x8000_0000, 0, -0x8000_0000),
        (0x7FFF_FFFF, 0, 0x7FFF_FFFF),
        (0, 0x8000_0000, -0x8000_0000),
    ],
)
def test_ahead(later: int, earlier: int, distance: int) -> None:
    """The shorter way round, signed."""
    assert ahead(later, earlier) == distance


@given(earlier=NUMBERS, distance=st.integers(-(2**31), 2**31 - 1), shift=NUMBERS)
def test_only_the_distance_counts(earlier: int, distance: int, shift: int) -> None:
    """What is added comes out again, wherever on the circle it begins."""
    assert ahead((earlier + distance) % MODULUS, earlier) == distance
    assert ahead((earlier + distance + shift) % MODULUS, (earlier + shift) % MODULUS) == distance
