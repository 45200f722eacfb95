"""Where a MAC is not the neighbor's, and every innocent reason for it."""

from __future__ import annotations

import numpy as np
import pytest
from scenario import BROADCAST, R1, T0, B, Lan, X, Y, lose
from stories import (
    BROKER,
    CLIENT,
    Stories,
    Z,
    an_address_reused_in_mid_capture,
    case_of,
    diagnose,
    findings,
    other,
    stale,
    two_captures_and_a_table,
)

from synack.addresses import parse_ip, parse_mac
from synack.diagnosis import mismatch as rule
from synack.diagnosis.mismatch import mismatches
from synack.handshake.matched import DELIVERED, LOST, MISDELIVERED, UNWITNESSED

guilty, innocent = Stories(), Stories()
guilty(an_address_reused_in_mid_capture)


def only(case):
    (found,) = mismatches(case)
    return found


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


@guilty
def all_addresses_of_one_dead_machine(net):
    """The MAC stands for four addresses in the table, and each is known to be elsewhere."""
    expected = [stale("confirmed")]
    for end in (72, 73, 74):
        peer = net.host(f"producer-{end}", f"10.0.1.{end}", f"0a:00:00:00:00:{end}")
        peer.record(end=60)
        net.broker.knows(peer, X)
        net.every(peer, net.broker, (2, 14))
        net.connect(peer, net.metrics, 50)
        expected.append(stale("confirmed", f"10.0.1.{end}", X, f"0a:00:00:00:00:{end}"))
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [expected[0], *expected[1:]]


def _went_elsewhere(net, state):
    """The client's entry had the broker's own MAC and worked; then another one does not. Nobody
    but a table of unknown age has the old one."""
    net.broker.tape = None
    net.client.knows(net.broker, X, at=20)
    net.every(net.client, net.broker, (1, 9, 27, 39, 50))
    net.every(net.client, net.metrics, (2, 55))
    net.dump(net.client, 30, state=state)
    net.dump(net.healthy, 40, {BROKER: B})


@guilty
def an_entry_that_somebody_set(net):
    _went_elsewhere(net, "PERMANENT")
    return [stale("probable", BROKER, X, B, "producer-7", "syn")]


@innocent
def a_new_owner_that_does_not_answer(net):
    _went_elsewhere(net, "REACHABLE")
    return [other("capture-gap", "possible", "", "")]


VIP, OLD, NEW = "10.0.1.110", "0a:aa:aa:aa:aa:aa", "0a:bb:bb:bb:bb:bb"


def _a_service_that_went_over(net):
    """A service's address goes to another balancer, which did not capture. The client keeps the
    old one's MAC; the healthy one knows the new one."""
    net.host("balancer-a", VIP, OLD, up=(0, 20))
    net.host("balancer-b", VIP, NEW, up=(20, 100))
    net.client.knows(VIP, OLD)
    net.healthy.knows(VIP, NEW, at=20)
    net.healthy.knows(VIP, OLD, at=0)
    net.healthy.record(end=60)
    net.every(net.client, VIP, (2, 9, 27, 39, 50))
    net.every(net.healthy, VIP, (4, 12, 24, 34, 44, 54))
    net.every(net.client, net.broker, (1, 55))
    net.every(net.healthy, net.broker, range(0, 60, 4))


@guilty
def the_new_owner_speaks_to_others_alone(net):
    _a_service_that_went_over(net)
    net.dump(net.client, 30)
    return [stale("possible", VIP, OLD, NEW, "producer-7", "syn")]


@innocent
def the_old_owner_still_speaks_to_others(net):
    """Both answer, each its own clients: a service on two machines. One of them is down."""
    _a_service_that_went_over(net)
    net.dump(net.client, 30)
    third = net.host("producer-72", "10.0.1.72", "0a:72:72:72:72:72")
    third.knows(VIP, OLD)
    third.record(end=60)
    net.every(third, net.broker, (1, 50))
    for at in (30, 52):
        net.inject(at, third, "syn-ack", (VIP, OLD, 9092), (third.ip, third.mac, 40000), 7, 8)
    return [other("capture-gap", "possible", "", "")]


@pytest.mark.parametrize("again", [False, True])
def test_who_heard_an_address_go_over_tells_so_by_its_own_clock(again, tmp_path):
    """An hour ahead; the order of what it heard is that of its own clock."""
    net = Lan()
    _a_service_that_went_over(net)
    net.healthy.clock = 3600
    if again:
        net.inject(
            40,
            net.healthy,
            "syn-ack",
            (VIP, OLD, 9092),
            (net.healthy.ip, net.healthy.mac, 40000),
            7,
            8,
        )
    case = case_of(net, tmp_path)
    host, ip = case.hosts.index("producer-7"), parse_ip(VIP)
    wrong, right = parse_mac(OLD), parse_mac(NEW)
    sent = case.sent_to(host, ip)
    found = rule.Mismatch(host, ip, wrong, right, sent, sent, None)
    assert rule.serves_others(case, found) == again


@guilty
def the_new_owner_had_only_announced_itself(net):
    """Both balancers captured; no attempt reached the new one before the entry was right."""
    old = net.host("balancer-a", VIP, OLD, up=(0, 20))
    new = net.host("balancer-b", VIP, NEW, up=(20, 100))
    old.record(end=20)
    new.record(begin=20, end=60)
    net.broker.tape = None
    net.client.knows(VIP, OLD)
    net.client.knows(VIP, NEW, at=45)
    net.arp(21, 1, NEW, VIP, VIP, heard=[new])
    net.every(net.client, VIP, (2, 9, 27, 37, 50))
    return [stale("probable", VIP, OLD, NEW, "producer-7", "syn")]


# Captures that share no packet: their clocks are taken to agree, and it is said.


def _goes_astray_while_nothing_is_shared(net, clock):
    """The client's entry had the broker's own MAC and worked; then another one does not. The
    broker captured only then, and has none of it."""
    net.broker.record(24, 60)
    net.broker.clock = clock
    net.client.record(end=50)
    net.client.knows(net.broker, B)
    net.client.knows(net.broker, X, at=20)
    net.arp(0.5, 1, Y, CLIENT, BROKER, heard=[net.client])
    net.every(net.client, net.broker, (1, 9, 32, 39))
    net.every(net.healthy, net.broker, range(2, 60, 4))


@guilty
def the_owner_speaks_on(net):
    _goes_astray_while_nothing_is_shared(net, 0.0)
    return [stale("possible", BROKER, X, B, "producer-7", "syn")]


@innocent
def the_owner_spoke_an_hour_before_and_may_have_gone(net):
    _goes_astray_while_nothing_is_shared(net, -3600.0)
    return [other("capture-gap", "possible", "", "")]


def _only_others_hear_the_owner(net, clock=0.0):
    """By the client's table the broker is at a MAC that does not answer. The broker did not
    capture; two that did reach it at another one."""
    net.healthy.clock = net.metrics.clock = clock
    net.broker.tape = None
    net.client.knows(net.broker, X)
    net.every(net.client, net.broker, (2, 9, 27, 39, 50))
    net.dump(net.client, 30)
    for host, times in ((net.healthy, (1, 14, 36)), (net.metrics, (3, 24, 44))):
        host.record(end=60)
        net.every(host, net.broker, times)


@guilty
def whoever_else_captured_hears_one_owner(net):
    _only_others_hear_the_owner(net)
    return [stale("possible", BROKER, X, B, "producer-7", "syn")]


@innocent
def others_heard_an_owner_an_hour_before(net):
    _only_others_hear_the_owner(net, -3600.0)
    return [other("capture-gap", "possible", "", "")]


@innocent
def others_hear_two_owners_and_no_clock_tells_which_came_first(net):
    _only_others_hear_the_owner(net)
    net.metrics.knows(net.broker, Z)
    net.broker.accepts.add(Z)
    net.broker.sends_as = lambda at: Z if int(at) in (3, 24, 44) else B
    return [other("capture-gap", "possible", "", "")]


def _a_new_owner_that_only_its_own_capture_knows(net, clock):
    """The client reached the service at one balancer, and then nobody there; the other one's
    capture has attempts of others alone."""
    net.host("balancer-a", VIP, OLD, up=(0, 20))
    new = net.host("balancer-b", VIP, NEW, up=(20, 100), clock=clock)
    new.record(end=60)
    net.broker.tape = None
    net.client.record(end=50)
    net.client.knows(VIP, OLD)
    net.healthy.knows(VIP, NEW)
    net.arp(1, 1, Y, CLIENT, VIP, heard=[net.client])
    net.arp(21, 1, NEW, VIP, VIP, heard=[new])
    net.every(net.client, VIP, (2, 9, 27, 37))
    net.every(net.healthy, VIP, range(22, 60, 4))


@guilty
def the_service_went_over(net):
    _a_new_owner_that_only_its_own_capture_knows(net, 0.0)
    return [stale("possible", VIP, OLD, NEW, "producer-7", "syn")]


@innocent
def the_service_was_elsewhere_an_hour_before(net):
    _a_new_owner_that_only_its_own_capture_knows(net, -3600.0)
    return [other("capture-gap", "possible", "", "")]


@guilty
def the_old_owners_capture_is_there(net):
    """The broker captured only later, and never heard the old owner; but its entry is of it."""
    old = net.host("old-7", CLIENT, X, up=(0, 20))
    old.record(end=20)
    net.client.up, net.client.tape = (22, 1e9), None
    net.broker.record(30, 60)
    net.metrics.record(end=60)
    net.broker.knows(CLIENT, X)
    net.every(old, net.broker, (1, 5, 9))
    net.every(old, net.metrics, (2, 6))
    net.every(net.metrics, net.broker, (3, 33, 53))
    net.every(net.client, net.broker, (31, 43))
    net.dump(net.broker, 40)
    return [stale("probable")]


@innocent
def the_owners_capture_ended_and_a_balancer_hands_on(net):
    """The same, but what the broker hears the address from was heard beside the owner."""
    net.client.record(end=20)
    net.metrics.record(end=60)
    net.broker.knows(CLIENT, Y)
    net.every(net.client, net.metrics, (2, 6))
    net.every(net.metrics, net.broker, (3, 33, 53))
    net.every(net.healthy, net.broker, range(0, 60, 4))
    for isn in range(3_000, 53_000, 10_000):
        at = isn / 1_000
        net.inject(at, net.broker, "syn", (CLIENT, Z, isn), (BROKER, B, 9092), seq=isn)
        net.inject(at + 1, net.broker, "syn", (CLIENT, Z, isn), (BROKER, B, 9092), seq=isn)
        for wait in (0.001, 1.001):
            net.inject(at + wait, net.broker, "syn-ack", (BROKER, B, 9092), (CLIENT, Y, isn),
                       seq=99, ack=isn + 1)  # fmt: skip
    net.dump(net.broker, 40)
    return [other("capture-gap", "possible", "", "")]


@guilty
def a_server_that_others_reach_and_that_is_behind_a_balancer_too(net):
    """The client's entry for the broker is wrong, that for a service whose balancer hands it on
    to the broker is not; the broker answers by itself."""
    net.client.knows(net.broker, X)
    net.play()
    for isn in (3_000, 17_000, 41_000):
        vip, at = "10.0.1.100", isn / 1_000
        net.inject(at, net.client, "syn", (CLIENT, Y, isn), (vip, Z, 9092), seq=isn)
        net.inject(at + 0.001, net.client, "syn-ack", (vip, B, 9092), (CLIENT, Y, isn), 99, isn + 1)
        net.inject(at + 0.002, net.client, "ack", (CLIENT, Y, isn), (vip, Z, 9092), isn + 1, 100)
    net.dump(net.client, 5)
    return [stale("probable", BROKER, X, B, "producer-7", "syn")]


@guilty
def a_balancer_hands_on_beside_both_owners(net):
    """Behind a balancer the client's address speaks from a third MAC too, before and after."""
    old = net.host("old-7", CLIENT, X, up=(0, 20))
    net.client.up, net.client.tape = (22, 1e9), None
    net.broker.knows(CLIENT, X)
    net.every(old, net.broker, (1, 5, 9))
    net.every(net.client, net.broker, (25, 37))
    net.every(net.healthy, net.broker, range(0, 60, 4))
    for isn in (3_000, 7_000, 29_000, 41_000):
        vip, at = ("10.0.1.100", B, 9092), isn / 1_000
        net.inject(at, net.broker, "syn", (CLIENT, Z, isn), vip, seq=isn)
        net.inject(at + 0.001, net.broker, "syn-ack", vip, (CLIENT, X, isn), 99, isn + 1)
        if at < 20:
            net.inject(at + 0.002, net.broker, "ack", (CLIENT, Z, isn), vip, isn + 1, 100)
    net.dump(net.broker, 5)
    net.dump(net.broker, 30)
    return [stale("probable")]


def test_only_the_new_owners_attempts_count(tmp_path):
    net = Lan()
    an_address_reused_in_mid_capture(net)
    (finding,) = diagnose(net, tmp_path).findings
    assert finding.attempts == 2
    assert finding.first >= (1_790_000_000 + 25) * 10**9


# ---- innocent: its owner forwards ---------------------------------------------------------


@innocent
def the_old_owner_forwards(net):
    net.relays.add(X)
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return []


@innocent
def the_old_owner_forwards_without_the_clients_capture(net):
    net.client.tape = None
    net.relays.add(X)
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return []


@innocent
def the_old_owner_forwards_but_a_firewall_drops(net):
    """Three of six arrive: the wrong MAC is not what loses the others."""
    net.relays.add(X)
    net.broker.knows(net.client, X)
    net.drops.append(lose("syn-ack", after=20))
    net.play((1, 5, 9, 25, 37, 45))
    net.dump(net.broker, 5)
    return [other("syn-ack-lost")]


@innocent
def the_old_owner_forwards_and_a_firewall_drops_nearly_all(net):
    """One that was forwarded tells more than any number that was lost."""
    net.relays.add(X)
    net.broker.knows(net.client, X)
    net.drops.append(lose("syn-ack", after=2))
    net.play((1, 9, 17, 25, 37, 45))
    net.dump(net.broker, 5)
    return [other("syn-ack-lost")]


@innocent
def the_old_owner_forwards_and_the_client_captured_only_what_it_sent(net):
    net.relays.add(X)
    net.client.record(end=60, keep=lambda _, way: way == "out")
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return []


@innocent
def the_captures_end_early(net):
    net.relays.add(X)
    net.broker.record(end=13.1)
    net.client.record(end=1.0001)
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return []


# ---- innocent: right by intent ------------------------------------------------------------


def _virtual(mac):
    def case(net):
        net.broker.knows(net.client, mac)
        net.client.accepts.add(mac)
        net.drops.append(lose("syn-ack"))
        net.play()
        net.dump(net.broker, 5)
        return [other("syn-ack-lost")]

    case.__name__ = f"virtual_mac_{mac}"
    return case


for _mac in ("00:00:5e:00:01:07", "00:00:0c:07:ac:01", "00:00:0c:9f:f0:01", "00:07:b4:00:01:01",
             "01:00:5e:00:00:09", BROADCAST):  # fmt: skip
    innocent(_virtual(_mac))


@innocent
def a_cluster_that_names_a_shared_mac_itself(net):
    """Frames carry the machine's own MAC, its ARP names the shared one."""
    net.broker.knows(net.client, X)
    net.arp(0.1, 2, X, CLIENT, BROKER, heard=[net.broker], to=B, frame_mac=Y)
    net.drops.append(lose("syn-ack"))
    net.play()
    net.dump(net.broker, 5)
    return [other("syn-ack-lost")]


@innocent
def proxy_arp(net):
    """The router answers for everybody; the client itself is on the link."""
    for end in range(70, 78):
        net.broker.knows(f"10.0.1.{end}", R1)
    net.relays.add(R1)
    net.drops.append(lose("syn-ack"))
    net.play()
    net.dump(net.broker, 5)
    return [other("syn-ack-lost")]


# ---- innocent: rewritten or routed --------------------------------------------------------


@innocent
def macs_rewritten_on_the_way(net):
    """The client's capture is inside a virtual machine; outside it has another MAC, to which
    the broker rightly answers."""
    net.client.mac, net.client.sends_as = "52:54:00:00:00:07", None
    net.client.link = "inside"
    net.client.gateway = "52:54:00:00:00:01"
    net.routers.update(lan=Y, inside="52:54:00:00:00:01")
    net.router_macs.update((Y, "52:54:00:00:00:01"))
    net.broker.gateway = Y
    net.metrics.gateway = Y
    net.broker.knows(net.client, Y)
    net.drops.append(lose("syn-ack"))
    net.play()
    net.dump(net.broker, 5)
    return [other("syn-ack-lost")]


@innocent
def direct_server_return(net):
    """The SYNs come through a balancer, the replies go straight to the client's true MAC."""
    net.client.sends_as = lambda _: Y
    net.host("balancer", "10.0.1.5", Z)
    net.broker.knows(net.client, Y)
    net.broker.knows("10.0.1.5", Z)
    net.client.tape = None
    net.drops.append(lose("syn-ack"))
    net.client.sends_as = lambda _: Z
    net.play()
    net.dump(net.broker, 5)
    return [other("capture-gap", "possible", host="", ip="")]


@innocent
def direct_server_return_with_the_clients_capture(net):
    net.broker.knows(net.client, Y)
    net.drops.append(lose("syn-ack"))
    net.play(())
    for at in (1, 2, 4, 13, 14, 16):
        isn = 5_000 if at < 10 else 6_000
        net.inject(at, net.broker, "syn", (CLIENT, Z, isn), (BROKER, B, 9092), seq=isn)
        net.inject(at + 0.001, net.broker, "syn-ack", (BROKER, B, 9092), (CLIENT, Y, isn),
                   seq=99, ack=isn + 1)  # fmt: skip
        net.inject(at, net.client, "syn", (CLIENT, Y, isn), (BROKER, Z, 9092), seq=isn)
    net.dump(net.broker, 5)
    return [other("syn-ack-lost")]


@innocent
def through_a_router_although_on_the_link(net):
    """The client's netmask is wrong: its SYNs come through the router, the replies go straight
    to it. Without its capture nothing says which of the two MACs is its own."""
    net.off_link(net.client)
    net.client.tape = None
    net.broker.knows(net.client, Y)
    net.play()
    net.dump(net.broker, 5)
    return [other("capture-gap", "possible", host="", ip="")]


# ---- innocent: nothing wrong with a MAC ---------------------------------------------------


@innocent
def a_firewall_drops_syn_acks(net):
    net.broker.knows(net.client, Y)
    net.drops.append(lose("syn-ack"))
    net.play()
    net.dump(net.broker, 5)
    return [other("syn-ack-lost")]


@innocent
def a_security_group_drops_syns(net):
    net.drops.append(lose("syn"))
    net.play((9, 21, 33))
    net.dump(net.client, 5, {BROKER: B})
    return [other("syn-lost", host="producer-7")]


@innocent
def the_client_captured_with_losses(net):
    """No SYN-ACK in the client's capture, yet it went on: it lost frames, not the network."""
    net.client.record(end=60, keep=lambda _, way: way == "out", dropped=40)
    net.play()
    return []


@innocent
def the_client_gives_up_with_a_reset(net):
    """The application's timeout is shorter than the server's delay."""
    net.drops.append(lambda p: p.kind == "syn-ack" and p.dst == CLIENT and p.sent % 12 < 3)
    net.every(net.client, net.broker, (1, 13), give_up=2)
    net.play(())
    return [other("rejected", host="producer-7")]


@innocent
def the_server_ignores(net):
    net.broker.server = "ignore"
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [other("no-reply", "probable", ip="")]


@innocent
def the_server_refuses(net):
    net.broker.server = "refuse"
    net.play()
    net.dump(net.broker, 5, {CLIENT: Y})
    return [other("refused", "probable", ip="")]


@innocent
def the_peer_is_off(net):
    """Right MAC, nobody there: the old owner is down, and no other came."""
    net.broker.up = (60, 61)
    net.client.knows(net.broker, B)
    net.broker.tape = None
    net.play()
    net.dump(net.client, 5)
    return [other("capture-gap", "possible", host="", ip="")]


@innocent
def a_scan(net):
    net.every(net.client, net.broker, (1, 2, 3), scan=True)
    net.play(())
    return [other("rejected", host="producer-7")]


# ---- innocent: not enough was recorded ----------------------------------------------------


@innocent
def only_a_tap(net):
    tap = net.host("tap", "10.0.1.200", "0a:0a:0a:0a:0a:0a")
    tap.record(0, 60)
    for host in (net.broker, net.client):
        host.tape = tap.tape
    net.broker.knows(net.client, X)
    net.play()
    return [other("capture-gap", "possible", host="", ip="")]


@innocent
def an_innocent_servers_capture_alone(net):
    net.client.tape = None
    net.broker.knows(net.client, Y)
    net.drops.append(lose("syn-ack"))
    net.play()
    net.dump(net.broker, 5)
    return [other("capture-gap", "possible", host="", ip="")]


@innocent
def a_mismatch_whose_every_answer_was_the_only_one(net):
    """Nothing was repeated after it, so nothing says that it was sent in vain."""
    net.client.tape = None
    net.broker.knows(net.client, X)
    net.broker.record(end=60, keep=lambda at, _: at % 12 < 1.5)
    net.every(net.client, net.broker, (1, 13, 25), give_up=0.5, retries=(0,))
    net.play(())
    net.dump(net.broker, 5)
    return []


@innocent
def a_mismatch_of_which_only_one_try_was_recorded(net):
    net.client.tape = None
    net.broker.knows(net.client, X)
    net.broker.record(end=1.5)
    net.play((1,))
    net.dump(net.broker, 5)
    return []


# ---- the mismatch itself ------------------------------------------------------------------


def test_a_mismatch_names_both_macs_and_all_that_went_by_either(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=20)
    net.play()
    net.dump(net.broker, 5)
    case = case_of(net, tmp_path)
    found = only(case)
    assert case.hosts[found.host] == "broker-1"
    assert (found.ip, found.next_hop) == (parse_ip(CLIENT), "host")
    assert (found.wrong, found.right) == (parse_mac(X), parse_mac(Y))
    macs = case.sendings["mac"]
    assert set(macs[found.rows].tolist()) == {found.wrong}
    assert set(macs[found.scope].tolist()) == {found.wrong, found.right}
    assert set(found.rows.tolist()) <= set(found.scope.tolist())
    assert rule.leg_of(case.sendings.take(found.rows)) == "syn-ack"


def test_what_is_right_is_no_mismatch(tmp_path):
    net = Lan()
    a_firewall_drops_syn_acks(net)
    assert list(mismatches(case_of(net, tmp_path))) == []


# ---- what is right by intent --------------------------------------------------------------


@pytest.mark.parametrize(
    ("others", "lost", "many"),
    [
        (["10.0.1.98", "10.0.1.99"], [], False),
        (["10.0.1.97", "10.0.1.98", "10.0.1.99"], [], True),
        (["10.0.1.97", "10.0.1.98", "10.0.1.99"], ["10.0.1.98"], False),
        (["10.0.1.98", "10.0.1.99", "fe80::1", "fd00::1"], [], False),
    ],
)
def test_a_mac_that_stands_for_many(others, lost, many, tmp_path):
    net = Lan()
    net.play()
    net.dump(net.broker, 5, dict.fromkeys([CLIENT, *others], X))
    case = case_of(net, tmp_path)
    host, known = case.hosts.index("broker-1"), {parse_ip(ip) for ip in lost}
    assert rule.stands_for_many(case, host, parse_mac(X), parse_ip(CLIENT), known) == many


def test_the_address_is_its_owners_own(tmp_path):
    net = Lan()
    two_captures_and_a_table(net)
    net.arp(0.1, 2, Z, CLIENT, BROKER, heard=[net.broker], to=B, frame_mac=Y)
    case = case_of(net, tmp_path)
    host, ip = case.hosts.index("broker-1"), parse_ip(CLIENT)
    assert rule.owned(case, host, ip, parse_mac(X), parse_mac(Y))
    assert not rule.owned(case, host, ip, parse_mac(Z), parse_mac(Y))


# ---- takeover -----------------------------------------------------------------------------


def test_the_first_sign_is_a_segment_or_a_claim(tmp_path):
    net = Lan()
    net.play()
    net.arp(0.25, 1, X, CLIENT, BROKER, heard=[net.broker])
    case = case_of(net, tmp_path)
    ip = parse_ip(CLIENT)
    assert (
        rule.first_sign(case, case.hosts.index("broker-1"), ip, parse_mac(X))
        == (T0 * 4 + 1) * 250_000_000
    )
    assert (
        rule.first_sign(case, case.hosts.index("broker-1"), ip, parse_mac(Y))
        == (T0 * 2 + 1) * 500_000_000
    )
    assert rule.first_sign(case, case.hosts.index("broker-1"), ip, parse_mac(Z)) is None


def test_as_long_as_the_old_owner_spoke_it_was_the_owner(tmp_path):
    net = Lan()
    an_address_reused_in_mid_capture(net)
    case = case_of(net, tmp_path)
    ip, rows = parse_ip(CLIENT), case.sent_to(case.hosts.index("broker-1"), parse_ip(CLIENT))
    late = rule.since_takeover(
        case, case.hosts.index("broker-1"), ip, parse_mac(X), parse_mac(Y), rows
    )
    expected = rows[case.sendings["time"][rows] > (T0 + 20) * 10**9]
    assert late.tolist() == expected.tolist()
    assert 0 < len(late) < len(rows)
    unseen = rule.since_takeover(
        case, case.hosts.index("broker-1"), ip, parse_mac(X), parse_mac(Z), rows
    )
    assert unseen.tolist() == rows.tolist()


def test_an_announcement_tells_when_it_took_over(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.arp(14, 1, Z, CLIENT, CLIENT, heard=[net.broker])
    net.play((1, 13, 25))
    case = case_of(net, tmp_path)
    ip, rows = parse_ip(CLIENT), case.sent_to(case.hosts.index("broker-1"), parse_ip(CLIENT))
    late = rule.since_takeover(
        case, case.hosts.index("broker-1"), ip, parse_mac(X), parse_mac(Z), rows
    )
    expected = rows[case.sendings["time"][rows] > (T0 + 14) * 10**9]
    assert late.tolist() == expected.tolist()
    assert 0 < len(late) < len(rows)


def test_who_announces(tmp_path):
    """Requests, and whatever goes to all; an answer to one asker may be a proxy's."""
    net = Lan()
    net.play()
    net.arp(1, 1, Y, CLIENT, BROKER, heard=[net.broker], to=B)
    net.arp(2, 2, Y, CLIENT, CLIENT, heard=[net.broker])
    net.arp(3, 2, Y, CLIENT, BROKER, heard=[net.broker], to=B)
    case = case_of(net, tmp_path)
    claims = case.claimed(parse_ip(CLIENT), parse_mac(Y))
    claims = claims[np.argsort(case.claim_time[claims])]
    assert rule.announces(case, claims).tolist() == [True, True, False]


# ---- numbers and harm ---------------------------------------------------------------------


def test_lost_is_what_never_came_or_came_for_another():
    fates = np.array([UNWITNESSED, DELIVERED, LOST, MISDELIVERED])
    assert rule.is_lost(fates).tolist() == [False, False, True, True]


def test_numbers_with_a_witness(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=15.5)
    net.play((1, 13))
    case = case_of(net, tmp_path)
    found = only(case)
    wrong = rule.numbers(case.sendings.take(found.rows))
    assert (wrong["sent"], wrong["received"]) == (len(found.rows), 0)
    both = rule.numbers(case.sendings.take(found.scope))
    assert both["received"] == len(found.scope) - len(found.rows) > 0
    assert wrong["first"] == both["first"] <= wrong["last"] <= both["last"]


def test_numbers_without_a_witness_count_no_arrival(tmp_path):
    net = Lan()
    net.client.tape = None
    two_captures_and_a_table(net)
    case = case_of(net, tmp_path)
    sendings = case.sendings.take(only(case).rows)
    assert rule.numbers(sendings)["received"] is None
    assert rule.failed(case, sendings).all()


def test_harm_with_a_witness(tmp_path):
    """Most were lost; one in ten may have arrived."""
    net = Lan()
    two_captures_and_a_table(net)
    case = case_of(net, tmp_path)
    rows = only(case).rows
    fine = np.flatnonzero(case.came_through)
    assert rule.harmful(case, rows)
    assert rule.harmful(case, rows[:1])
    assert rule.harmful(case, np.append(rows[:10], fine[:1]))
    assert not rule.harmful(case, np.append(rows[:9], fine[:1]))
    assert not rule.harmful(case, fine)
    assert not rule.harmful(case, rows[:0])


def test_harm_without_a_witness_is_what_was_sent_in_vain(tmp_path):
    """Only a repetition shows that nothing came of a sending, and one sending is too few."""
    net = Lan()
    net.client.tape = None
    two_captures_and_a_table(net)
    case = case_of(net, tmp_path)
    rows = only(case).rows
    vain, last = rows[case.in_vain[rows]], rows[~case.in_vain[rows]]
    fine = np.flatnonzero(case.came_through)
    assert len(last) == 3, "the last of each attempt"
    assert rule.harmful(case, rows)
    assert rule.harmful(case, np.append(vain[:1], last[:1]))
    assert not rule.harmful(case, vain[:1])
    assert not rule.harmful(case, last)
    assert rule.harmful(case, np.append(vain[:10], fine[:1]))
    assert not rule.harmful(case, np.append(vain[:9], fine[:1]))


def test_of_an_attempt_that_completed_one_came(tmp_path):
    """Of two the first answer was lost, and the second is missing in the capture: each of them
    speaks against the harm that a third one shows."""
    net = Lan()
    net.client.tape = None
    again = (1.9, 2.5)
    net.tracks = lambda p: p.kind == "syn-ack" and p.sent < 24 and again[0] < p.sent % 12 < again[1]
    net.broker.record(end=60, keep=lambda at, way: way == "in" or not again[0] < at % 12 < again[1])
    net.broker.knows(net.client, X)
    net.play((1, 13, 25))
    case = case_of(net, tmp_path)
    rows = case.sent_to(case.hosts.index("broker-1"), parse_ip(CLIENT))
    failed = rule.failed(case, case.sendings.take(rows))
    assert not case.came_through[rows].any()
    assert 0 < (~failed).sum() < failed.sum()
    assert rule.harmful(case, rows[failed])
    assert not rule.harmful(case, rows)


def test_what_is_forwarded_does_no_harm(tmp_path):
    net = Lan()
    the_old_owner_forwards_but_a_firewall_drops(net)
    case = case_of(net, tmp_path)
    rows = case.sent_to(case.hosts.index("broker-1"), parse_ip(CLIENT))
    landed = case.sendings["arrived"][rows] >= 0
    assert rule.relayed(case, rows)
    assert rule.relayed(case, rows[~landed]), "it hands on others of the same peer"
    assert not rule.harmful(case, rows)
