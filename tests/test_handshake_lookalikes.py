"""Which segments at two ends may be one packet."""

from __future__ import annotations

import numpy as np
from ends import AFTER, BEFORE, LOST_TWICE, SYN_AT_CLIENT
from traces import read

from synack.handshake.lookalikes import lookalikes
from synack.handshake.states import Event


def test_the_only_ones_of_their_kind_are_each_others() -> None:
    """One SYN at each end; of two like SYN-ACKs at one and one at the other any may be it."""
    client = f"{BEFORE}\n{SYN_AT_CLIENT}\n0.020 server > client SA 900/101\n{AFTER}"
    scene = read(f"at client\n{client}\nat server\n{LOST_TWICE}\n{AFTER}")
    m = scene.match()
    rows = np.arange(len(m.segments))
    attempt = m.identity[m.sighting[rows]]
    at_client = m.segments["capture"][rows] == 0
    arrival = at_client == (m.leg == Event.SYN_ACK)
    found = lookalikes(m, rows, attempt, arrival, np.zeros(len(rows), np.uint16))
    assert not found.sure.any()
    assert m.leg[found.out].tolist() == m.leg[found.back].tolist() == [Event.SYN]
    assert m.leg[found.rows].tolist() == [Event.SYN_ACK] * 3
    assert sorted(found.arrival.tolist()) == [False, False, True]
    assert len(set(found.group.tolist())) == 1


def test_timestamps_tell_repetitions_apart() -> None:
    client = f"{BEFORE}\n{SYN_AT_CLIENT} ts=1\n1.0 client > server S 100 ts=2\n{AFTER}"
    server = "0.010 client > server S 100 ts=1\n1.010 client > server S 100 ts=2\n20 alive"
    m = read(f"at client\n{client}\nat server\n{server}").match()
    rows = np.arange(len(m.segments))
    arrival, ip_id = m.segments["capture"] == 1, np.zeros(len(rows), np.uint16)
    found = lookalikes(m, rows, m.identity[m.sighting[rows]], arrival, ip_id)
    pairs = zip(m.segments["tsval"][found.out], m.segments["tsval"][found.back], strict=True)
    assert [tuple(pair) for pair in pairs] == [(1, 1), (2, 2)]
    assert found.sure.all()
    assert not len(found.rows)


def test_identifications_tell_repetitions_apart() -> None:
    """Where there are no timestamps; a SYN-ACK of Linux has none, and may be any like it."""
    client = f"{BEFORE}\n{SYN_AT_CLIENT} id=8\n1.0 client > server S 100 id=9\n{AFTER}"
    server = "1.010 client > server S 100 id=9\n20 alive"
    m = read(f"at client\n{client}\nat server\n{server}").match()
    rows = np.arange(len(m.segments))
    arrival, attempt = m.segments["capture"] == 1, m.identity[m.sighting[rows]]
    found = lookalikes(m, rows, attempt, arrival, m.segments["ip_id"])
    assert (
        m.segments["ip_id"][found.out].tolist() == m.segments["ip_id"][found.back].tolist() == [9]
    )
    assert found.sure.all()
    assert not len(found.rows)
