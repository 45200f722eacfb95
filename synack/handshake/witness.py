"""When a capture is a witness of what it does not have: it was on, and would have shown it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synack.handshake.clock import ASSUMED_AGREEMENT_NS, across
from synack.tables import NO_TIME, Array

if TYPE_CHECKING:
    from synack.handshake.matched import Matched

SETTLE_NS = 100_000_000
"""How long after a transmission the receiver's capture must go on to be a witness
of its loss: more than any one-way delay inside one network."""


def certainly_on(m: Matched, capture: Array, time: Array, at: Array) -> Array:
    """Whether capture ``at`` was certainly on at ``time`` of the clock of ``capture`` (bool)."""
    moment, doubt = across(m.clocks, m.host_of_capture[capture], m.host_of_capture[at], time)
    first = np.array([NO_TIME if c.first is None else c.first for c in m.captures], np.int64)
    last = np.array([NO_TIME if c.last is None else c.last for c in m.captures], np.int64)
    on = (time != NO_TIME) & (doubt < ASSUMED_AGREEMENT_NS) & (moment - doubt >= first[at])
    on &= moment + doubt + SETTLE_NS <= last[at]
    for number, where in enumerate(m.captures):
        for begin, until in where.gaps:
            missing = (moment + doubt + SETTLE_NS >= begin) & (moment - doubt <= until)
            on &= ~((at == number) & missing)
    return np.asarray(on)


def of_another_port(m: Matched, capture: Array, attempt: Array) -> Array:
    """Whether all that ``capture`` shows is of one server's port, and ``attempt`` of another, at
    either of its ends: the filter may ask for that port alone (bool; the arrays broadcast)."""
    s = m.sightings
    if not len(s):
        return np.zeros(np.broadcast_shapes(capture.shape, attempt.shape), bool)
    port = np.full(len(m.captures), _SEVERAL)
    port[s["capture"]] = s["server_port"]
    differs = s["capture"][s["server_port"] != port[s["capture"]]]
    port[differs] = _SEVERAL
    if (port == _SEVERAL).all():
        return np.zeros(np.broadcast_shapes(capture.shape, attempt.shape), bool)
    near, far = (s["server_port"][end][attempt] for end in (m.near, m.far))
    lone = port[capture]
    return np.asarray((lone != _SEVERAL) & (lone != near) & (lone != far))


_SEVERAL = -1
