"""When a capture was certainly on."""

from __future__ import annotations

import numpy as np
from line import Place, found, healthy, text
from traces import ns, read

from synack.handshake.clock import ASSUMED_AGREEMENT_NS
from synack.handshake.witness import certainly_on


def test_certainly_on() -> None:
    """Something before, something well after, no missing file, and clocks that are known."""
    trace = text([Place("tap-1", 2, clock=3600.0), Place("server", 4)], healthy())
    matched, _ = found(read(trace.replace("at tap-1 ", "at tap-1 gap=20..30 ")))
    times = [-11.0, -9.5, 0.0, 15.0, 25.0, 35.0, 59.8, 59.95, 61.0]
    rows = np.array([ns(t) for t in times])
    server, tap = np.ones(len(rows), np.int64), np.zeros(len(rows), np.int64)
    on = certainly_on(matched, server, rows, tap)
    assert dict(zip(times, on.tolist(), strict=True)) == {
        -11.0: False, -9.5: True, 0.0: True, 15.0: True, 25.0: False, 35.0: True, 59.8: True,
        59.95: False, 61.0: False,
    }  # fmt: skip


def test_clocks_in_the_dark() -> None:
    """Without a packet in common nobody knows when it was on."""
    places = [Place("tap-1", 2, shows=()), Place("server", 4)]
    matched, _ = found(read(text(places, healthy())))
    assert max(clock.uncertainty for clock in matched.clocks) == ASSUMED_AGREEMENT_NS
    one = np.ones(1, np.int64)
    assert not certainly_on(matched, one, np.array([ns(0.0)]), 0 * one).any()
