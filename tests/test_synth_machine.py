"""The generator's hosts resolve and forget their neighbors as a Linux kernel does; the times
are those measured on one (healed-by-probe and the notes of the domain)."""

from __future__ import annotations

import pytest
from tales import KNOWS, OLD, STALE, B, P, entry, played, tale

from synack.synth.frames import BROADCAST, Arp


def arps(net, host="broker-1"):
    """(time, operation, sender's MAC, destination MAC) of ARP in a host's capture."""
    return [
        (round(at, 1), f.content.op, f.content.sender_mac, f.dmac)
        for at, f, _ in net.hosts[host].ports[0].tape
        if isinstance(f.content, Arp)
    ]


def test_a_first_packet_asks_and_the_answer_releases_it():
    net, (attempt,) = played(tale())
    assert arps(net)[:2] == [(1.0, 1, P, BROADCAST), (1.0, 2, B, P)]
    assert attempt.outcome == "completed"
    assert entry(net).mac == P
    assert entry(net, "10.0.1.10", "producer-7").mac == B


def test_a_dormant_wrong_entry_is_probed_and_then_replaced():
    """DELAY for 5 s, three unicast probes 1.02 s apart, FAILED, then the next packet asks all."""
    net, attempts = played(tale(at=(1, 12), neighbors=[{**STALE, "state": "STALE"}, KNOWS]))
    asked = [(at, to) for at, op, mac, to in arps(net) if (op, mac) == (1, B)]
    assert asked == [(6.0, OLD), (7.0, OLD), (8.0, OLD), (12.0, BROADCAST)]
    assert [a.outcome for a in attempts] == ["rejected", "completed"]
    assert entry(net).mac == P


@pytest.mark.parametrize("how", [{"state": "PERMANENT"}, {"state": "REACHABLE", "kept": True}])
def test_what_keeps_an_entry(how):
    net, attempts = played(tale(at=(1, 10, 20), neighbors=[{**STALE, **how}, KNOWS]))
    assert {a.outcome for a in attempts} == {"syn-ack-lost"}
    assert entry(net).mac == OLD
    assert arps(net) == []


def test_a_reachable_entry_is_trusted_for_a_while():
    times = range(1, 58, 7)
    story = tale(at=times, neighbors=[{**STALE, "state": "REACHABLE"}, KNOWS], duration=80)
    net, attempts = played(story)
    probes = [at for at, op, mac, to in arps(net) if (op, mac, to) == (1, B, OLD)]
    assert len(probes) == 3
    assert 15 + 5 <= probes[0] <= 45 + 5 + 7
    assert attempts[-1].outcome == "completed"


def test_nobody_answers():
    lan = {"mute": ["10.0.1.77"]}
    net, attempts = played(tale(kind="cloud", lan=lan))
    asked = [at for at, op, mac, to in arps(net) if (op, mac, to) == (1, B, BROADCAST)]
    assert asked[:4] == [1.0, 2.0, 3.0, 4.1]  # the fourth for the third SYN
    assert entry(net).state == "FAILED"
    assert attempts[0].outcome == "no-reply"
    assert net.hosts["broker-1"].counters["TcpExtListenDrops"] >= 1


def router(**more):
    return {
        "forwards": True,
        "interfaces": [
            {"link": "lan", "mac": "0a:01:00:00:00:01", "address": "10.0.1.1", **more},
            {"link": "far", "mac": "0a:01:00:00:00:02", "address": "10.0.2.1"},
        ],
    }


def beyond(**more):
    links = {"lan": {"prefix": "10.0.1.0/24"}, "far": {"prefix": "10.0.2.0/24"}}
    client = {"address": "10.0.2.31", "mac": P, "link": "far", "gateway": "10.0.2.1"}
    gateway = more.pop("gateway", {})
    return {
        **tale(broker={"gateway": "10.0.1.1"}),
        "links": links,
        "hosts": {
            "broker-1": tale(broker={"gateway": "10.0.1.1"})["hosts"]["broker-1"],
            "producer-7": client,
            "gw-1": router(**gateway),
        },
        **more,
    }


def test_a_router_lowers_the_ttl_and_sends_with_its_own_mac():
    net, (attempt,) = played(beyond())
    assert attempt.outcome == "completed"
    tape = net.hosts["broker-1"].ports[0].tape
    syn = next(f for _, f, _ in tape if not isinstance(f.content, Arp))
    assert (syn.smac, syn.content.ttl) == ("0a:01:00:00:00:01", 63)


def test_a_virtual_router_answers_with_its_shared_mac_and_sends_with_its_own():
    shared = "00:00:5e:00:01:07"
    story = beyond(gateway={"address": "10.0.1.2", "virtual": {"10.0.1.1": shared}})
    net, (attempt,) = played(story)
    assert attempt.outcome == "completed"
    assert entry(net, "10.0.1.1").mac == shared


def test_a_router_that_cannot_resolve_says_so():
    story = beyond()
    story["hosts"]["broker-1"]["up"] = [90, 99]
    _, (attempt,) = played(story)
    assert attempt.outcome == "unreachable"


def test_nobody_asks_for_the_mac_of_his_own_address():
    """What a server's own firewall tells it goes by no link."""
    told = {"segments": ["syn-ack"], "from": "10.0.1.10", "cause": "firewall", "answer": True}
    net, _ = played(tale(losses=[told]))
    assert entry(net, "10.0.1.10") is None


def test_a_translated_client():
    story = beyond()
    story["hosts"]["gw-1"]["nat"] = {"far": "10.0.1.1"}
    net, (attempt,) = played(story)
    assert attempt.outcome == "completed"
    sources = {
        f.content.src
        for _, f, way in net.hosts["broker-1"].ports[0].tape
        if way == "in" and not isinstance(f.content, Arp)
    }
    assert sources == {"10.0.1.1"}


def test_a_balancer_hands_on_and_the_server_answers_by_itself():
    vip = "10.0.1.100"
    hosts = {"lb": {"address": vip, "mac": "0a:0b:0b:0b:0b:0b", "balances": {vip: B}}}
    story = tale(hosts=hosts, broker={"silently": [vip]}, connect={"server": vip})
    net, (attempt,) = played(story)
    assert attempt.outcome == "completed"
    answers = [f.smac for _, f, w in net.hosts["producer-7"].ports[0].tape if w == "in"]
    assert B in answers
