"""What chance may have lost accuses nobody."""

from __future__ import annotations

import pytest
from scenario import Lan, X, Y
from stories import CLIENT, HEALTHY, diagnose, findings, other, stale

from synack.diagnosis import chance


def unlucky(net, lossy):
    """One attempt of five loses all answers, in a capture without destination MACs, while a table
    has another MAC. ``lossy``: the others lose their first one, and come through by the next."""

    def lost(p):
        first = lossy and (p.sent - 1) % 8 < 0.5
        return p.kind == "syn-ack" and p.dst == CLIENT and (first or 17 <= p.sent < 25)

    net.broker.record(end=60, link="sll")
    net.relays.add(X)
    net.broker.knows(net.client, X)
    net.drops.append(lost)
    net.play((1, 9, 17, 25, 33))
    net.dump(net.broker, 18)


@pytest.mark.parametrize("lossy", [False, True])
def test_the_unluckiest_of_a_path_that_loses_anyway(lossy, tmp_path):
    net = Lan()
    unlucky(net, lossy)
    (found,) = findings(diagnose(net, tmp_path))
    assert found == (other("syn-ack-lost") if lossy else stale("possible"))


@pytest.mark.parametrize(
    ("attempts", "lost", "dumped", "accused"),
    [
        (15, 0, False, True),
        (15, 1, False, False),
        (15, 1, True, True),
        (2_500, 1, False, True),
        (400, 8, False, False),
    ],
)
def test_one_segment_alone(attempts, lost, dumped, accused, tmp_path):
    """A healthy client loses a share of its answers too, all sent to the right MAC; the table of
    then has the wrong one or was not ``dumped``."""
    net = Lan()
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=1.5)
    net.every(net.client, net.broker, (1, 13, 25))
    net.every(net.healthy, net.broker, [2 + 50 * n / attempts for n in range(attempts)])
    unlucky_ones = {2 + 50 * n / attempts for n in range(lost)}
    net.drops.append(
        lambda p: (
            p.kind == "syn-ack"
            and p.dst == HEALTHY
            and any(0 <= p.sent - at < 0.01 for at in unlucky_ones)
        )
    )
    net.healthy.record(end=60)
    net.connect(net.client, net.metrics, 0.5)
    net.connect(net.client, net.metrics, 58)
    if dumped:
        net.dump(net.broker, 1.2)
    kinds = {f[0] for f in findings(diagnose(net, tmp_path))}
    assert ("stale-neighbor" in kinds) == accused


@pytest.mark.parametrize(
    ("number", "came", "lost", "likely"),
    [
        (1, 9, 0, 0),  # nothing shows that the path loses any
        (1, 0, 1, 2 / 3),
        (1, 8, 1, 2 / 11),
        (2, 2, 2, 3 / 6 * 4 / 7),
        (100_000, 1_000, 10, 0),
    ],
)
def test_how_likely_all_are_lost(number, came, lost, likely):
    assert chance.all_lost(number, came, lost) == pytest.approx(likely)
