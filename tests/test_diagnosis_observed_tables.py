"""What the hosts' own tables say, and when."""

from __future__ import annotations

import pytest
from scenario import B, Lan, X, Y
from stories import BROKER, CLIENT, case_of

from synack.addresses import parse_ip, parse_mac
from synack.tables import NO_TIME


@pytest.fixture
def net():
    net = Lan()
    net.broker.knows(net.client, X)
    return net


def test_a_table_with_the_hosts_own_address_elsewhere_is_not_its_own(net, tmp_path):
    net.dump(net.broker, 5, {CLIENT: X, BROKER: Y})
    net.play()
    case = case_of(net, tmp_path)
    assert len(case.table_of(0, parse_ip(CLIENT))) == 0


def test_a_table_with_the_hosts_own_address_at_its_own_mac_is(net, tmp_path):
    """BSD lists the host itself."""
    net.dump(net.broker, 5, {CLIENT: X, BROKER: B})
    net.play()
    case = case_of(net, tmp_path)
    assert len(case.table_of(0, parse_ip(CLIENT))) == 1


def test_entries_are_on_the_reference_clock(net, tmp_path):
    net.client.clock, net.broker.clock = 100.0, -50.0
    net.broker.knows(net.client, Y, at=20)
    net.play((1, 30))
    net.dump(net.broker, 5)
    case = case_of(net, tmp_path)
    (row,) = case.table_of(0, parse_ip(CLIENT)).tolist()
    first = case.time(case.spoken(parse_ip(CLIENT), parse_mac(Y))).min()
    assert abs(case.entry_time[row] - first - 4_500_000_000) < 10**6
    assert case.entry_certain.all()
    assert (case.entry_time != NO_TIME).all()
