"""What came of what was sent."""

from __future__ import annotations

import numpy as np
import pytest
from scenario import B, Lan, X
from stories import BROKER, CLIENT, HEALTHY, case_of
from tales import tale, written

from synack.addresses import NO_MAC, parse_ip
from synack.handshake.matched import UNWITNESSED
from synack.handshake.states import Event
from synack.pipeline import load, run


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


def test_unwitnessed_sendings_of_completed_attempts_came_through(case):
    rows = case.sent_to(case.hosts.index("broker-1"), parse_ip(HEALTHY))
    assert (case.sendings["fate"][rows] == UNWITNESSED).all()
    assert case.came_through[rows].all()
    assert (case.sendings["home_mac"][rows] == NO_MAC).all()


def test_what_went_to_a_wrong_mac_did_not_come_and_was_repeated(case):
    broker = case.hosts.index("broker-1")
    rows = case.sent_to(broker, parse_ip(CLIENT))
    assert not case.came_through[rows].any()
    assert case.one_mac[rows].all()
    last = [rows[case.sendings["attempt"][rows] == n].max() for n in
            set(case.sendings["attempt"][rows].tolist())]  # fmt: skip
    again = [row for row in rows.tolist() if row not in last]
    assert again
    assert case.in_vain[again].all()


@pytest.mark.parametrize("seen", [True, False])
def test_an_answer_is_to_the_syn_that_came_before_it(seen, tmp_path):
    """The first SYN goes astray before the server's capture begins, its repetition comes; where
    that is not recorded either, but answered, any of the two may have come."""
    net = Lan()
    net.client.record(end=60, link="sll")
    net.broker.record(2.5, 60, keep=lambda at, way: seen or way == "out" or at > 10)
    net.client.knows(net.broker, X)
    net.client.knows(net.broker, B, at=2.5)
    net.every(net.client, net.broker, (2, 20))
    case = case_of(net, tmp_path)
    rows = case.sent_to(case.hosts.index("producer-7"), parse_ip(BROKER))
    assert case.came_through[rows].tolist() == [not seen, True, True]


@pytest.mark.parametrize("ignored", [True, False])
def test_a_syn_whose_answer_the_host_ignores_did_come(ignored, tmp_path):
    """The host's own firewall drops what its capture still shows; or one before the server all."""
    loss = {"segments": ["syn-ack"] if ignored else ["syn"], "cause": "firewall"}
    loss |= {"at_receiver": True} if ignored else {}
    record = {"host": "producer-7", "link_type": "LINUX_SLL"}
    story = tale(at=(1, 9), captures=[record], losses=[loss])
    written(story, tmp_path)
    case = run(load([str(tmp_path)])).case
    rows = case.sent_to(0, parse_ip(BROKER))
    first = np.append(True, np.diff(case.sendings["attempt"][rows]) > 0)
    assert case.in_vain[rows[first]].all()
    assert (case.came_through[rows[first]] == ignored).all()


def test_who_acknowledged_is_who_asked(case):
    rows = case.sent_to(case.hosts.index("broker-1"), parse_ip(HEALTHY))
    answers = rows[case.sendings["leg"][rows] == Event.SYN_ACK]
    assert case.asker_answered[answers].all()
    wrong = case.sent_to(case.hosts.index("broker-1"), parse_ip(CLIENT))
    assert not case.asker_answered[wrong].any()
