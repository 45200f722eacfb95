"""A cause is what is said, and the signature with its sources is evidence."""

from __future__ import annotations

from synack.diagnosis import cause
from synack.model import Evidence, Source


def test_the_signature_is_evidence():
    sources = (Source("b.neigh.txt", line=3),)
    found = cause.Cause(cause.FIXED, "the entry is fixed", "it is PERMANENT", sources)
    assert found.evidence == Evidence("survived-fixed", "it is PERMANENT", sources)
