"""What is told of the attempts."""

from __future__ import annotations

import numpy as np
from ends import AFTER, ALIVE, LOST_TWICE
from traces import ns, read

from synack.handshake.matched import DELIVERED, LOST, addressed, count_of, fate_counts
from synack.handshake.states import Event
from synack.tables import NO_TIME


def test_aligned() -> None:
    """Times on the reference clock; a missing time stays missing."""
    scene = read(f"at client\n{ALIVE}\nat server clock=3600\n0.010 client > server S 100")
    matched = scene.match(known={"client": 0, "server": 3600 * 10**9})
    assert matched.aligned(np.array([0, 1])).tolist() == [ns(0), ns(0.010)]
    matched.segments["time"][0] = NO_TIME
    assert matched.aligned(np.array([0])).tolist() == [NO_TIME]


def test_counts() -> None:
    """By leg and fate, and of what a sighting holds."""
    scene = read(f"at client\n{ALIVE}\nat server\n{LOST_TWICE}\n{AFTER}")
    m = scene.match(known={"client": 0, "server": 0})
    assert fate_counts(m)[Event.SYN, DELIVERED].tolist() == [1]
    assert fate_counts(m)[Event.SYN_ACK, LOST].tolist() == [2]
    assert count_of(m, m.server, Event.SYN, Event.SYN_ACK).tolist() == [3]
    assert count_of(m, m.client, Event.SYN_ACK).tolist() == [0]


def test_what_is_addressed_to_another_mac_is_not_counted() -> None:
    scene = read(f"at client\n{ALIVE}\n0.020 server > client SA 900/101 to=stale")
    m = scene.match()
    assert count_of(m, m.client, Event.SYN_ACK).tolist() == [1]
    assert addressed(m, m.client, Event.SYN_ACK).tolist() == [0]
