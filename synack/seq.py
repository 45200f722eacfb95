"""Sequence numbers: arithmetic modulo 2^32 (RFC 9293 section 3.4)."""

from __future__ import annotations

MODULUS = 1 << 32


def ahead(later: int, earlier: int) -> int:
    """How far ``later`` is after ``earlier``, from -2^31 to 2^31 - 1."""
    return ((later - earlier + (1 << 31)) % MODULUS) - (1 << 31)
