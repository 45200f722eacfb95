"""The joins under the rules, against slow and obvious ones."""

from __future__ import annotations

import pytest
from scenario import BROADCAST, B, Lan, X, Y
from stories import BROKER, CLIENT, HEALTHY, case_of

from synack.addresses import NO_MAC, parse_ip, parse_mac
from synack.diagnosis.evidence import alike
from synack.handshake.matched import UNWITNESSED
from synack.handshake.states import Event


@pytest.fixture
def net():
    net = Lan()
    net.broker.knows(net.client, X)
    return net


@pytest.fixture
def case(net, tmp_path):
    net.dump(net.broker, 5)
    net.play()
    return case_of(net, tmp_path)


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


# ---- sendings -----------------------------------------------------------------------------


def test_sendings_are_what_each_host_sent(case):
    s = case.sendings
    hosts = [case.hosts[host] for host in s["host"]]
    legs = set(zip(hosts, s["leg"].tolist(), strict=True))
    assert legs == {("broker-1", Event.SYN_ACK), ("producer-7", Event.SYN)}
    to_client = case.sent_to(case.hosts.index("broker-1"), parse_ip(CLIENT))
    assert set(s["mac"][to_client].tolist()) == {parse_mac(X)}
    assert set(s["peer_mac"][to_client].tolist()) == {parse_mac(Y)}
    assert set(s["home_mac"][to_client].tolist()) == {parse_mac(Y)}
    assert not case.came_through[to_client].any()


def test_unwitnessed_sendings_of_completed_attempts_came_through(case):
    rows = case.sent_to(case.hosts.index("broker-1"), parse_ip(HEALTHY))
    assert (case.sendings["fate"][rows] == UNWITNESSED).all()
    assert case.came_through[rows].all()
    assert (case.sendings["home_mac"][rows] == NO_MAC).all()


# ---- what a MAC stands for -----------------------------------------------------------------


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
