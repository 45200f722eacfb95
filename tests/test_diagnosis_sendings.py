"""Every SYN and SYN-ACK as its sender has it."""

from __future__ import annotations

import numpy as np
import pytest
from scenario import Lan, X, Y
from stories import CLIENT, case_of

from synack.addresses import parse_ip, parse_mac
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


def test_sendings_are_what_each_host_sent(case):
    s = case.sendings
    hosts = [case.hosts[host] for host in s["host"]]
    legs = set(zip(hosts, s["leg"].tolist(), strict=True))
    assert legs == {("broker-1", Event.SYN_ACK), ("producer-7", Event.SYN)}
    to_client = case.sent_to(case.hosts.index("broker-1"), parse_ip(CLIENT))
    assert set(s["mac"][to_client].tolist()) == {parse_mac(X)}
    assert set(s["peer_mac"][to_client].tolist()) == {parse_mac(Y)}
    assert set(s["home_mac"][to_client].tolist()) == {parse_mac(Y)}


def test_sendings_of_attempts(case):
    """In the order of the attempts, all of each."""
    s, wanted = case.sendings, np.array([3, 0, 1])
    rows = case.sendings_of(wanted)
    expected = [row for at in wanted for row in np.flatnonzero(s["attempt"] == at)]
    assert rows.tolist() == expected


def test_what_went_to_the_right_mac(case):
    """The others' attempts, and none of the client whose entry is wrong."""
    broker = case.hosts.index("broker-1")
    rightly = case.rightly_sent[broker]
    s = case.sendings
    wrong = s["attempt"][(s["host"] == broker) & (s["mac"] == parse_mac(X))]
    assert len(rightly)
    assert not np.isin(rightly, wrong).any()
    assert case.rightly_completed[broker] == len(rightly)
