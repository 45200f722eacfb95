"""Where each piece of a case can be looked up, and whose it is."""

from __future__ import annotations

import numpy as np
import pytest
from scenario import B, Lan, X, Y
from stories import BROKER, CLIENT, case_of

from synack.addresses import parse_ip, parse_mac


@pytest.fixture
def case(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5)
    net.play()
    return case_of(net, tmp_path)


def test_a_row_is_found_in_its_file(case):
    segments = case.matched.segments
    source = case.frame(3)
    assert source.frame == segments["frame"][3]
    assert source.file == case.files[segments["file"][3]].path
    assert case.entry(0).line == case.entries["line"][0]


def test_of_many_frames_the_first_and_the_last_are_named(case):
    shown = case.frames(range(10), most=3)
    assert shown == tuple(case.frame(row) for row in (0, 1, 2, 9))
    assert len(case.frames(range(4), most=3)) == 4


def test_hosts_by_their_captures(case):
    hosts = [case.hosts.index(name) for name in ("broker-1", "producer-7")]
    assert [case.own_macs[host] for host in hosts] == [{parse_mac(B)}, {parse_mac(Y)}]
    assert parse_ip(BROKER) in case.own_addresses[hosts[0]]
    assert parse_ip(CLIENT) in case.own_addresses[hosts[1]]
    assert case.comparable(hosts[0], np.array(hosts)).all()
