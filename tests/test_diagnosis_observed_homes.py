"""From which MACs an address sends, by a join and by looking it up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scenario import B, Lan, X, Y
from stories import BROKER, CLIENT, case_of

from synack.addresses import parse_ip, parse_mac
from synack.pipeline import load, run


@pytest.fixture
def net():
    net = Lan()
    net.broker.knows(net.client, X)
    return net


def test_the_peers_mac_is_that_of_its_last_frame_before(net, tmp_path):
    changes = lambda at: "0a:00:00:00:00:02" if at > 20 else Y  # noqa: E731
    net.client.sends_as = changes
    net.client.tape = None
    net.play((1, 30))
    case = case_of(net, tmp_path)
    rows = case.sent_to(0, parse_ip(CLIENT))
    late = case.time(case.sendings["row"][rows]) > (1_790_000_000 + 20) * 10**9
    expected = np.where(late, parse_mac("0a:00:00:00:00:02"), parse_mac(Y))
    assert case.sendings["peer_mac"][rows].tolist() == expected.tolist()


@pytest.mark.parametrize("asked", ["by the clients", "by a balancer", "in another capture"])
def test_clients_that_reach_an_address_by_its_own_mac(asked, net, tmp_path):
    """A balancer hands on what servers answer by themselves: it comes from the balancer's MAC."""
    if asked == "by a balancer":
        net.client.sends_as = net.healthy.sends_as = lambda _: "0a:00:00:00:00:02"
    if asked == "in another capture":
        net.broker.record(end=60, keep=lambda _, way: way == "out")
    net.play()
    direct = case_of(net, tmp_path).serves_at(parse_ip(BROKER), parse_mac(B))
    assert direct == (asked == "by the clients")


FIXTURES = sorted((Path(__file__).parents[1] / "fixtures").iterdir())


@pytest.mark.parametrize("folder", [f for f in FIXTURES if f.is_dir()], ids=lambda f: f.name)
def test_the_only_macs_are_those_of_the_join(folder):
    """Where every end has one MAC all the time, looking it up says what the join says."""
    case = run(load([str(folder)])).case
    joined = case._mac_as_of(case.sendings["row"])
    assert case.sendings["peer_mac"].tolist() == joined.tolist()


def test_the_mac_in_one_capture_says_nothing_of_another(net, tmp_path):
    """What goes out by another interface of the host goes to another MAC, and rightly so."""
    net.dump(net.broker, 5)
    net.play()
    case = case_of(net, tmp_path)
    m = case.matched
    assert case._only_macs is not None
    assert len(m.captures) > 1
    one_host = replace(m, host_of_capture=np.zeros_like(m.host_of_capture))
    assert replace(case, matched=one_host)._only_macs is None
