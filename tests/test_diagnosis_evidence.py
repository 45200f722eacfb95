"""What the rules ask of a case."""

from __future__ import annotations

import pytest
from scenario import BROADCAST, B, Lan, X, Y
from stories import BROKER, CLIENT, case_of

from synack.addresses import parse_ip, parse_mac
from synack.diagnosis.evidence import alike


@pytest.fixture
def net():
    net = Lan()
    net.broker.knows(net.client, X)
    return net


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", True),
        ("10.0.0.1", "fd00::1", False),
        ("fd00::1", "fd00::2", True),
        ("fd00::1", "fe80::2", False),
        ("fe80::1", "fd00::2", False),
    ],
)
def test_alike(one, other, same):
    assert alike(parse_ip(one), parse_ip(other)) == same


def test_what_a_mac_stands_for(net, tmp_path):
    net.arp(1, 2, X, "10.0.1.99", BROKER, heard=[net.broker], to=B)
    net.dump(net.broker, 5, {CLIENT: X, "10.0.1.98": X, "10.0.1.97": ""})
    net.dump(net.client, 5, {"10.0.1.96": X})
    net.play()
    case = case_of(net, tmp_path)
    told, seen = case.behind(case.hosts.index("broker-1"), parse_mac(X))
    assert told == {parse_ip(ip) for ip in (CLIENT, "10.0.1.98", "10.0.1.99")}
    assert seen == set()
    assert case.behind(case.hosts.index("broker-1"), parse_mac(Y))[1] == {parse_ip(CLIENT)}
    assert case.behind(case.hosts.index("broker-1"), parse_mac(BROADCAST)) == (set(), set())
