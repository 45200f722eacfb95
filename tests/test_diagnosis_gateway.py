"""A stale entry for a gateway, and the many ways back that only look like one."""

from __future__ import annotations

import pytest
from scenario import R1, R2, B, Lan, X, Y, lose
from stories import (
    BROKER,
    CLIENT,
    Stories,
    Z,
    case_of,
    diagnose,
    findings,
    other,
    stale,
)

from synack.addresses import parse_ip, parse_mac
from synack.diagnosis.gateway import gateway_mismatches
from synack.diagnosis.mismatch import mismatches

guilty, innocent = Stories(), Stories()


@pytest.mark.parametrize("story", guilty.all)
def test_a_stale_entry_is_found(story, tmp_path):
    net = Lan()
    expected = story(net)
    assert findings(diagnose(net, tmp_path)) == expected


@pytest.mark.parametrize("story", innocent.all)
def test_nobody_is_accused(story, tmp_path):
    net = Lan()
    expected = story(net)
    assert findings(diagnose(net, tmp_path)) == expected


# ---- guilty -------------------------------------------------------------------------------


def _beyond_a_gateway(net):
    """Everybody beyond the router fails; the table has the gateway at the MAC of an old one."""
    far = net.host("far-8", "10.9.0.8", "0a:08:08:08:08:08")
    for host in (net.client, far, net.metrics):
        net.off_link(host, gateway=Z)
    far.record(end=60)
    net.broker.knows("10.0.1.1", Z)
    net.every(far, net.broker, (2, 14))
    net.connect(far, net.metrics, 58)
    net.play()


@guilty
def a_gateway_that_was_replaced(net):
    _beyond_a_gateway(net)
    net.dump(net.broker, 5, state="PERMANENT")
    net.arp(0.2, 1, R1, "10.0.1.1", "10.0.1.50", heard=[net.broker])
    return [stale("confirmed", "10.0.1.1", Z, R1, hop="gateway")]


@guilty
def a_gateway_that_another_host_knows_better(net):
    _beyond_a_gateway(net)
    net.dump(net.broker, 5)
    net.dump(net.healthy, 5, {"10.0.1.1": R1})
    return [stale("probable", "10.0.1.1", Z, R1, hop="gateway")]


VRRP = "00:00:5e:00:01:07"
ANYCAST = "0a:99:99:99:99:99"


@guilty
def a_gateway_with_a_virtual_mac(net):
    """The router hands on frames with its own MAC, and is asked at its virtual one (VRRP)."""
    _beyond_a_gateway(net)
    net.dump(net.broker, 5, state="PERMANENT")
    net.arp(0.2, 2, VRRP, "10.0.1.1", BROKER, heard=[net.broker], to=B)
    return [stale("confirmed", "10.0.1.1", Z, VRRP, hop="gateway")]


@guilty
def a_gateway_with_an_anycast_mac(net):
    """The MAC is no protocol's, an operator chose it; but it took frames to those beyond before."""
    net.off_link(net.client, gateway=ANYCAST)
    net.router_macs.add(ANYCAST)
    net.arp(0.2, 2, ANYCAST, "10.0.1.1", BROKER, heard=[net.broker], to=B)
    net.every(net.healthy, net.broker, range(0, 60, 4))
    net.connect(net.client, net.broker, 2)
    net.run()
    net.broker.gateway = Z
    net.broker.knows("10.0.1.1", Z)
    net.every(net.client, net.broker, (14, 26, 50))
    net.dump(net.broker, 15)
    return [stale("confirmed", "10.0.1.1", Z, ANYCAST, hop="gateway")]


# ---- innocent -----------------------------------------------------------------------------


@innocent
def a_claim_that_nobody_is_reached_by(net):
    """Another MAC claims the gateway's address, but nothing shows that it is a router's."""
    _beyond_a_gateway(net)
    net.dump(net.broker, 5)
    net.arp(0.2, 2, ANYCAST, "10.0.1.1", BROKER, heard=[net.broker], to=B)
    return [other("asymmetric-path", "possible", ip="")]


@innocent
def an_anycast_gateway(net):
    """Frames from beyond carry a router's own MAC, replies go to the shared one."""
    net.off_link(net.client, gateway=R2)
    net.broker.knows("10.0.1.1", R2)
    net.play()
    net.dump(net.broker, 5)
    return []


@innocent
def an_anycast_gateway_and_a_firewall_beyond(net):
    net.off_link(net.client, gateway=R2)
    net.broker.knows("10.0.1.1", R2)
    net.drops.append(lose("syn-ack"))
    net.play()
    net.dump(net.broker, 5)
    return [other("asymmetric-path", "possible")]


@innocent
def hsrp_and_a_firewall_beyond(net):
    net.off_link(net.client, gateway="00:00:0c:07:ac:01")
    net.router_macs.add("00:00:0c:07:ac:01")
    net.drops.append(lose("syn-ack"))
    net.play()
    return [other("syn-ack-lost")]


@innocent
def lost_beyond_the_router(net):
    net.off_link(net.client)
    net.broker.knows("10.0.1.1", R1)
    net.drops.append(lose("syn-ack"))
    net.play()
    net.dump(net.broker, 5)
    return [other("syn-ack-lost")]


@innocent
def two_routers(net):
    net.off_link(net.client, gateway=R2)
    net.broker.knows("10.0.1.1", R1)
    net.broker.knows("10.0.1.2", R2)
    net.arp(0.1, 1, R1, "10.0.1.1", BROKER, heard=[net.broker])
    net.arp(0.2, 1, R2, "10.0.1.2", BROKER, heard=[net.broker])
    net.drops.append(lose("syn-ack"))
    net.play()
    net.dump(net.broker, 5)
    return [other("asymmetric-path", "possible")]


@innocent
def two_routers_and_the_table_of_another_host(net):
    """A dump from the client's own link under the broker's name proves no on-link peer."""
    two_routers(net)
    net.dump(net.broker, 6, {CLIENT: Y})
    return [other("asymmetric-path", "possible")]


@innocent
def two_routers_and_no_capture_beyond(net):
    net.client.tape = None
    net.off_link(net.client, gateway=R2)
    net.broker.knows("10.0.1.1", R2)
    net.drops.append(lose("syn-ack"))
    net.play()
    net.dump(net.broker, 5)
    return [other("capture-gap", "possible", host="", ip="")]


@innocent
def two_gateways_that_both_speak(net):
    """The table has one, the requests come from the other, and both announce the address."""
    _beyond_a_gateway(net)
    net.dump(net.broker, 5)
    net.arp(0.2, 1, R1, "10.0.1.1", "10.0.1.50", heard=[net.broker])
    for at in (0.3, 8):
        net.arp(at, 1, Z, "10.0.1.1", "10.0.1.1", heard=[net.broker])
    return [other("asymmetric-path", "possible", ip="")]


@innocent
def another_way_back_without_a_table(net):
    """Nothing says that the MAC stands for a gateway's address."""
    _beyond_a_gateway(net)
    net.arp(0.2, 1, R1, "10.0.1.1", "10.0.1.50", heard=[net.broker])
    return [other("asymmetric-path", "possible", ip="")]


@innocent
def a_gateway_that_nobody_knows_elsewhere(net):
    _beyond_a_gateway(net)
    net.dump(net.broker, 5)
    return [other("asymmetric-path", "possible", ip="")]


@innocent
def a_server_behind_a_router(net):
    net.off_link(net.broker)
    net.client.gateway = R1
    net.drops.append(lose("syn"))
    net.play((9, 21, 33))
    net.dump(net.client, 5, {"10.0.1.1": R1})
    return [other("syn-lost", host="producer-7")]


# ---- the mismatch itself ------------------------------------------------------------------


def test_the_mismatch_is_that_of_the_gateway(tmp_path):
    net = Lan()
    a_gateway_that_was_replaced(net)
    case = case_of(net, tmp_path)
    (found,) = gateway_mismatches(case)
    assert case.hosts[found.host] == "broker-1"
    assert found.next_hop == "gateway"
    assert found.ip == parse_ip("10.0.1.1")
    assert (found.wrong, found.right) == (parse_mac(Z), parse_mac(R1))
    assert found.near.id == "on-link"
    assert "an entry for 10.0.1.1, a gateway" in found.near.says
    peers = {parse_ip(CLIENT)[1], parse_ip("10.9.0.8")[1]}
    assert set(case.sendings["peer_lo"][found.rows].tolist()) == peers
    assert set(found.rows.tolist()) <= set(found.scope.tolist())
    assert (case.sendings["mac"][found.rows] == found.wrong).all()
    assert list(mismatches(case)) == []


def test_a_neighbor_on_the_link_is_no_matter_of_the_gateway(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.arp(0.2, 1, Y, "10.0.1.1", "10.0.1.50", heard=[net.broker])
    net.play()
    net.dump(net.broker, 5, {CLIENT: X, "10.0.1.1": X})
    case = case_of(net, tmp_path)
    assert list(gateway_mismatches(case)) == []
    assert len(list(mismatches(case))) == 1
