"""While an entry is known to be the wrong one, its peer receives nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scenario import T0, Lan, X, Y
from stories import CLIENT, case_of, diagnose, findings, stale

from synack.diagnosis import held as rule
from synack.diagnosis.mismatch import mismatches

_NS = 10**9


def spans(net, folder):
    """Begins and ends in seconds."""
    case = case_of(net, folder)
    (mismatch,) = mismatches(case)
    return [
        tuple(round((float(at) - T0 * _NS) / _NS, 1) for at in pair)
        for pair in zip(*rule.held(case, mismatch), strict=True)
    ]


@pytest.mark.parametrize(
    ("dumps", "age", "held"),
    [
        ({}, 0, [(1, 20)]),
        ({24: X}, 0, [(1, 24)]),
        ({10: Y}, 0, [(1, 8), (13, 20)]),  # another one meanwhile
        ({0.7: X}, 9, [(0.5, 20)]),  # its age, since the client is heard
        ({-200: X}, 0, [(-200, 20)]),
        ({-400: X}, 0, [(1, 20)]),  # too long before
        ({-400: X, -390: X}, 0, [(-400, -390), (1, 20)]),
        ({30: X}, 0, [(1, 20)]),  # what went to the right MAC is between
    ],
)
def test_the_spans_of_an_entry(dumps, age, held, tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=25)
    net.play((1, 13, 27))
    for at, mac in dumps.items():
        net.dump(net.broker, at, {CLIENT: mac}, detail=f"used {age}/{age}/{age} probes 0")
    assert spans(net, tmp_path) == held


def test_spans_that_meet_are_one():
    begins, ends = np.array([30, 0, 5, 12, 60]), np.array([40, 9, 7, 12, 50])
    merged = rule._merged(begins, ends)
    assert [column.tolist() for column in merged] == [[0, 12, 30], [9, 12, 40]]
    assert [len(column) for column in rule._merged(begins[:0], ends[:0])] == [0, 0]


def recorded_in_part(net, dumps=(9, 40), port=9092):
    """The broker's capture has one attempt alone, which failed; by the client's others before and
    after came through, handed on by whoever has the MAC of the entry."""
    net.tracks = lambda p: p.kind == "syn-ack" and not 13 <= p.sent < 24
    net.broker.record(13, 24)
    net.broker.knows(net.client, X)
    net.every(net.client, net.broker, (1, 13))
    net.every(net.client, net.broker, (25, 31), port=port)
    net.every(net.healthy, net.broker, range(0, 60, 4))
    net.connect(net.client, net.metrics, 0.5)
    net.connect(net.client, net.metrics, 58)
    for at in dumps:
        net.dump(net.broker, at)


@pytest.mark.parametrize(
    ("more", "accused"),
    [
        ({}, False),
        ({"dumps": (9, 30)}, False),
        ({"dumps": (9, 20)}, True),  # the entry may have gone right after
        ({"port": 9093}, True),  # a flow that the network delivers regardless
    ],
)
def test_what_the_peer_received_meanwhile_was_handed_on(more, accused, tmp_path):
    net = Lan()
    recorded_in_part(net, **more)
    said = [f for f in findings(diagnose(net, tmp_path)) if f[0] == "stale-neighbor"]
    assert said == [stale("confirmed")] * accused
