"""Who is accused of a stale entry, how surely, and above all who is not.

Each case plays an incident into files, and names every finding that must come out.
"""

from __future__ import annotations

import pytest
from scenario import BROADCAST, R1, R2, B, Lan, X, Y, lose

import synack

Z = "0a:77:77:77:77:77"
BROKER, CLIENT, HEALTHY = "10.0.1.10", "10.0.1.77", "10.0.1.71"


def stale(confidence, ip=CLIENT, wrong=X, right=Y, host="broker-1", leg="syn-ack", hop="host"):
    return ("stale-neighbor", confidence, host, ip, wrong, right, leg, hop)


def other(kind, confidence="confirmed", host="broker-1", ip=CLIENT):
    return (kind, confidence, host, ip, "", "", "", "")


def findings(diagnosis):
    return [
        (f.kind, f.confidence, f.host, f.ip, f.stale_mac, f.actual_mac, f.leg, f.next_hop)
        for f in diagnosis.findings
    ]


def ids(finding):
    return {evidence.id for evidence in finding.evidence}


def sound(diagnosis):
    """What must hold of every finding: sources that exist, numbers that agree."""
    loaded = diagnosis.diagnosed.loaded
    packets = {file.path: file.packets for file in loaded.files}
    attempts = diagnosis.diagnosed.attempts
    for place, finding in enumerate(diagnosis.findings):
        assert finding.evidence
        assert finding.summary.endswith(".")
        assert finding.remedy
        assert finding.attempts == len(finding.rows) == len(set(finding.rows)) > 0
        assert finding.first <= finding.last
        assert finding.received is None or 0 <= finding.received <= finding.sent
        assert finding.healed is None or finding.healed > finding.last
        for evidence in finding.evidence:
            for source in evidence.sources:
                if source.frame is not None:
                    assert 1 <= source.frame <= packets[source.file]
                if source.line is not None:
                    with open(source.file, encoding="utf-8") as lines:
                        assert 1 <= source.line <= len(lines.readlines())
        assert all(attempts["finding"][row] <= place for row in finding.rows)
    for row, place in enumerate(attempts["finding"].tolist()):
        assert place == -1 or row in diagnosis.findings[place].rows


def diagnose(net, folder):
    diagnosis = synack.diagnose(net.write(folder))
    sound(diagnosis)
    return diagnosis


class Cases:
    """Cases by the name of their function."""

    def __init__(self):
        self.all = []

    def __call__(self, function):
        self.all.append(pytest.param(function, id=function.__name__))
        return function


guilty, innocent, doubtful = Cases(), Cases(), Cases()


@pytest.mark.parametrize("case", guilty.all)
def test_a_stale_entry_is_found(case, tmp_path):
    net = Lan()
    expected = case(net)
    net = expected.pop() if not isinstance(expected[-1], tuple) else net
    assert findings(diagnose(net, tmp_path)) == expected


@pytest.mark.parametrize("case", innocent.all)
def test_nobody_is_accused(case, tmp_path):
    net = Lan()
    expected = case(net)
    assert findings(diagnose(net, tmp_path)) == expected


@pytest.mark.parametrize("case", doubtful.all)
def test_a_contradiction_is_named_and_costs_confidence(case, tmp_path):
    net = Lan()
    expected, evidence = case(net)
    diagnosis = diagnose(net, tmp_path)
    assert findings(diagnosis) == expected
    named = {i for f in diagnosis.findings for i in ids(f) if i.startswith("contradiction")}
    assert named == evidence


# ---- guilty -------------------------------------------------------------------------------


@guilty
def two_captures_and_a_table(net):
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [stale("confirmed")]


@guilty
def two_captures_without_a_table(net):
    net.broker.knows(net.client, X)
    net.play()
    return [stale("probable")]


@guilty
def a_table_without_the_clients_capture(net):
    net.client.tape = None
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [stale("probable")]


@guilty
def the_servers_capture_alone_with_its_arp(net):
    net.client.tape = None
    net.broker.knows(net.client, X)
    net.arp(0.1, 1, B, BROKER, CLIENT, heard=[net.broker])
    net.play()
    return [stale("possible")]


@guilty
def cooked_at_the_server_with_a_table(net):
    net.broker.record(end=60, link="sll")
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [stale("possible")]


@guilty
def cooked_at_the_client(net):
    net.client.record(end=60, link="sll")
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [stale("confirmed")]


@guilty
def at_the_client(net):
    net.client.knows(net.broker, X)
    net.play()
    net.dump(net.client, 5)
    # Nothing of the client reached the broker's capture, so their clocks are not compared.
    return [stale("probable", BROKER, X, B, "producer-7", "syn")]


@guilty
def at_the_client_healed(net):
    net.client.knows(net.broker, X)
    net.client.knows(net.broker, B, at=30)
    net.play((1, 13, 35))
    net.dump(net.client, 5)
    return [stale("confirmed", BROKER, X, B, "producer-7", "syn")]


@guilty
def at_the_client_without_a_table_but_healed(net):
    net.client.knows(net.broker, X)
    net.client.knows(net.broker, B, at=30)
    net.play((1, 13, 35))
    return [stale("probable", BROKER, X, B, "producer-7", "syn")]


@guilty
def over_ipv6(net):
    net = Lan(v6=True)
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [stale("confirmed", "fd00:10:0:1::77"), net]


@guilty
def healed_in_mid_capture(net):
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=28)
    net.dump(net.broker, 5)
    net.dump(net.broker, 32)
    net.play((1, 13, 35, 45))
    return [stale("confirmed")]


@guilty
def healed_inside_an_attempt(net):
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=15.5)
    net.dump(net.broker, 5)
    net.every(net.client, net.broker, (1, 13), give_up=10)
    net.play((25,))
    return [stale("confirmed")]


@guilty
def flooded_to_the_client(net):
    net.floods = True
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [stale("confirmed")]


@guilty
def several_peers_at_one_broker(net):
    for end in (72, 73):
        peer = net.host(f"producer-{end}", f"10.0.1.{end}", f"0a:00:00:00:00:{end}")
        peer.record(end=60)
        net.broker.knows(peer, f"0a:de:ad:00:00:{end}")
        net.every(peer, net.broker, (2, 14))
        net.connect(peer, net.metrics, 50)
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [
        stale("confirmed"),
        stale("confirmed", "10.0.1.72", "0a:de:ad:00:00:72", "0a:00:00:00:00:72"),
        stale("confirmed", "10.0.1.73", "0a:de:ad:00:00:73", "0a:00:00:00:00:73"),
    ]


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


@guilty
def one_client_at_two_brokers(net):
    second = net.host("broker-2", "10.0.1.11", "0a:1f:3c:90:5e:a2")
    second.record(end=60)
    for broker in (net.broker, second):
        broker.knows(net.client, X)
        net.dump(broker, 5)
    net.every(net.client, second, (2, 15))
    net.every(net.healthy, second, range(1, 60, 5))
    net.play()
    return [stale("confirmed"), stale("confirmed", host="broker-2")]


@guilty
def clocks_an_hour_apart(net):
    net.client.clock = 3600.25
    net.broker.clock = -17.0
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=30)
    net.play((1, 13, 35, 40))
    net.dump(net.broker, 5)
    return [stale("confirmed")]


@guilty
def the_clients_capture_begins_too_late(net):
    net.client.record(40, 60)
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [stale("probable")]


@guilty
def a_permanent_entry_though_the_peer_asks(net):
    net.broker.knows(net.client, X)
    net.arp(3, 1, Y, CLIENT, BROKER, heard=[net.broker, net.client])
    net.arp(12, 1, Y, CLIENT, CLIENT, heard=[net.broker, net.client])
    net.dump(net.broker, 5, state="PERMANENT")
    net.play()
    return [stale("confirmed")]


@guilty
def answers_with_the_old_mac_keep_it(net):
    net.broker.knows(net.client, X)
    for at in (2, 14, 26):
        net.arp(at, 1, B, BROKER, CLIENT, heard=[net.broker], to=X)
        net.arp(at + 0.001, 2, X, CLIENT, BROKER, heard=[net.broker], to=B)
    net.dump(net.broker, 5)
    net.play()
    return [stale("confirmed")]


@guilty
def an_address_reused_in_mid_capture(net):
    """The old owner did well with the old MAC: only the new owner's attempts count."""
    old = net.host("old-7", CLIENT, X, up=(0, 20))
    net.client.up = (22, 1e9)
    net.client.record(22, 60)
    net.broker.knows(CLIENT, X)
    net.every(old, net.broker, (1, 5, 9))
    net.every(net.client, net.broker, (25, 37))
    net.every(net.healthy, net.broker, range(0, 60, 4))
    net.connect(net.client, net.metrics, 58)
    net.dump(net.broker, 5)
    net.dump(net.broker, 30)
    return [stale("confirmed")]


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


@pytest.mark.parametrize("many", [500])
def test_five_hundred_attempts(many, tmp_path):
    net = Lan()
    net.broker.record(end=600)
    net.client.record(end=600)
    net.broker.knows(net.client, X)
    net.every(net.client, net.broker, [1 + i for i in range(many)], give_up=3)
    net.every(net.healthy, net.broker, range(0, 600, 4))
    net.connect(net.client, net.metrics, 590)
    net.dump(net.broker, 5)
    diagnosis = diagnose(net, tmp_path)
    assert findings(diagnosis) == [stale("confirmed")]
    (finding,) = diagnosis.findings
    assert finding.attempts == many
    assert finding.received == 0
    assert "control-group" in ids(finding)


def test_only_the_new_owners_attempts_count(tmp_path):
    net = Lan()
    an_address_reused_in_mid_capture(net)
    (finding,) = diagnose(net, tmp_path).findings
    assert finding.attempts == 2
    assert finding.first >= (1_790_000_000 + 25) * 10**9


def test_an_attempt_that_heals_counts_and_completes(tmp_path):
    net = Lan()
    healed_inside_an_attempt(net)
    diagnosis = diagnose(net, tmp_path)
    (finding,) = diagnosis.findings
    assert finding.healed is not None
    assert finding.attempts == 2
    assert (diagnosis.attempts["outcome"] == "completed").sum() == len(diagnosis.attempts) - 1


# ---- innocent -----------------------------------------------------------------------------


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
def a_server_behind_a_router(net):
    net.off_link(net.broker)
    net.client.gateway = R1
    net.drops.append(lose("syn"))
    net.play((9, 21, 33))
    net.dump(net.client, 5, {"10.0.1.1": R1})
    return [other("syn-lost", host="producer-7")]


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
def proxy_arp(net):
    """The router answers for everybody; the client itself is on the link."""
    for end in range(70, 78):
        net.broker.knows(f"10.0.1.{end}", R1)
    net.relays.add(R1)
    net.drops.append(lose("syn-ack"))
    net.play()
    net.dump(net.broker, 5)
    return [other("syn-ack-lost")]


@innocent
def a_bond_with_two_macs(net):
    """Frames leave by either interface, and what is sent to either arrives."""
    second = "0a:e6:f1:c2:6b:31"
    net.client.accepts.add(second)
    net.client.sends_as = lambda at: second if int(at) % 8 >= 4 else Y
    net.drops.append(lose("syn-ack", after=30))
    net.broker.knows(net.client, Y)
    net.play((1, 5, 9, 13, 17, 21, 35, 47))
    net.dump(net.broker, 5)
    return [other("syn-ack-lost")]


def _duplicate(net):
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [("duplicate-address", "confirmed", "broker-1", CLIENT, X, Y, "syn-ack", "host")]


@innocent
def a_duplicate_that_resets(net):
    # The broker's SYN-ACK meets a machine that knows nothing of it.
    net.connect(net.client, net.broker, 0.9, source=50_000, retries=(0,))
    net.inject(0.95, net.broker, "rst", (CLIENT, X, 50_000), (BROKER, B, 9092), seq=1_000_004)
    return _duplicate(net)


@innocent
def a_duplicate_that_only_announces(net):
    net.arp(0.95, 1, Y, CLIENT, BROKER, heard=[net.broker])
    net.arp(1.5, 1, X, CLIENT, CLIENT, heard=[net.broker, net.client])
    return _duplicate(net)


@innocent
def a_duplicate_that_announces_before_the_first_attempt(net):
    net.arp(0.2, 1, Y, CLIENT, CLIENT, heard=[net.broker, net.client])
    net.arp(0.6, 1, X, CLIENT, CLIENT, heard=[net.broker, net.client])
    return _duplicate(net)


@innocent
def the_client_captured_with_losses(net):
    """No SYN-ACK in the client's capture, yet it went on: it lost frames, not the network."""
    net.client.record(end=60, keep=lambda _, way: way == "out", dropped=40)
    net.play()
    return []


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
def a_failover_with_announcement(net):
    """Down from 10 to 30 s, then another machine announces the address: until then the entry
    was right, after it everything completes."""
    net.broker.up = (0, 10)
    net.broker.tape = None
    standby = net.host("broker-2", BROKER, Z, up=(30, 1e9))
    standby.record(0, 60)
    net.client.knows(net.broker, B)
    net.client.knows(net.broker, Z, at=30)
    net.arp(30, 1, Z, BROKER, BROKER, heard=[net.client, standby])
    for at in range(60):
        net.arp(at, 1, net.healthy.mac, HEALTHY, "10.0.1.1", heard=[standby])
    net.play((1, 13, 20, 35, 45))
    net.dump(net.client, 5)
    return [other("syn-lost", host="producer-7")]


@innocent
def a_failover_of_which_the_beginning_is_missing(net):
    """The old owner was down all along, so nothing but the announcement tells that it was one."""
    standby = net.host("broker-2", BROKER, Z, up=(30, 1e9))
    standby.record(0, 60)
    net.broker.up, net.broker.tape = (0, 0), None
    net.client.knows(net.broker, B)
    net.client.knows(net.broker, Z, at=30)
    net.arp(30, 1, Z, BROKER, BROKER, heard=[net.client, standby])
    for at in range(60):
        net.arp(at, 1, net.healthy.mac, HEALTHY, "10.0.1.1", heard=[standby])
    net.every(net.client, net.broker, (9, 20, 35, 45))
    net.connect(net.client, net.metrics, 58)
    net.dump(net.client, 5)
    return [other("syn-lost", host="producer-7")]


@innocent
def a_failover_without_arp_and_without_a_table(net):
    standby = net.host("broker-2", BROKER, Z, up=(30, 1e9))
    standby.record(0, 60)
    net.broker.up, net.broker.tape = (0, 0), None
    net.client.knows(net.broker, B)
    net.client.knows(net.broker, Z, at=30)
    for at in range(60):
        net.arp(at, 1, net.healthy.mac, HEALTHY, "10.0.1.1", heard=[standby])
    net.every(net.client, net.broker, (9, 20, 35, 45))
    net.connect(net.client, net.metrics, 58)
    return [other("syn-lost", host="producer-7")]


@innocent
def a_failover_where_all_completes(net):
    net.broker.up = (0, 20)
    standby = net.host("broker-2", BROKER, Z, up=(20, 1e9))
    standby.record(0, 60)
    net.client.knows(net.broker, B)
    net.client.knows(net.broker, Z, at=20)
    net.play((1, 13, 25, 35))
    net.dump(net.client, 5)
    return []


@innocent
def a_table_from_before_that_was_corrected(net):
    net.broker.knows(net.client, Y)
    net.drops.append(lose("syn-ack"))
    net.dump(net.broker, -600, {CLIENT: X})
    net.play()
    return [other("syn-ack-lost")]


@innocent
def a_corrected_table_and_a_cooked_capture(net):
    """It worked after the dump: the entry was another one when it failed."""
    net.broker.record(end=60, link="sll")
    net.drops.append(lose("syn-ack", after=20))
    net.dump(net.broker, -600, {CLIENT: X})
    net.play((1, 13, 25, 37))
    return [other("syn-ack-lost")]


@innocent
def the_table_of_another_host(net):
    net.broker.record(end=60, link="sll")
    net.drops.append(lose("syn-ack"))
    net.dump(net.broker, 5, {CLIENT: X, BROKER: Z})
    net.play()
    return [other("syn-ack-lost")]


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
def a_scan(net):
    net.every(net.client, net.broker, (1, 2, 3), scan=True)
    net.play(())
    return [other("rejected", host="producer-7")]


@innocent
def an_innocent_servers_capture_alone(net):
    net.client.tape = None
    net.broker.knows(net.client, Y)
    net.drops.append(lose("syn-ack"))
    net.play()
    net.dump(net.broker, 5)
    return [other("capture-gap", "possible", host="", ip="")]


@innocent
def a_mismatch_of_which_only_one_try_was_recorded(net):
    net.client.tape = None
    net.broker.knows(net.client, X)
    net.broker.record(end=1.5)
    net.play((1,))
    net.dump(net.broker, 5)
    return []


# ---- doubtful -----------------------------------------------------------------------------


@doubtful
def the_peer_asked_in_between(net):
    net.broker.knows(net.client, X)
    net.arp(6, 1, Y, CLIENT, BROKER, heard=[net.broker, net.client])
    net.dump(net.broker, 5)
    net.play()
    return [stale("probable")], {"contradiction-told-better"}


@doubtful
def the_peer_announced_in_between(net):
    net.broker.knows(net.client, X)
    net.arp(6, 1, Y, CLIENT, CLIENT, heard=[net.broker, net.client])
    net.dump(net.broker, 5)
    net.play()
    return [stale("probable")], {"contradiction-told-better"}


@doubtful
def the_peer_told_somebody_else(net):
    """An answer to another host, seen by a promiscuous capture, tells the broker nothing."""
    net.broker.knows(net.client, X)
    net.arp(6, 2, Y, CLIENT, "10.0.1.20", heard=[net.broker], to="0a:20:20:20:20:20")
    net.dump(net.broker, 5)
    net.play()
    return [stale("confirmed")], set()


@doubtful
def an_answer_within_locktime(net):
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=6.5)
    net.arp(5.9, 2, Y, CLIENT, BROKER, heard=[net.broker], to=B)
    net.dump(net.broker, 5)
    net.play()
    return [stale("confirmed")], set()


@doubtful
def the_table_was_right_in_between(net):
    net.broker.knows(net.client, X)
    net.dump(net.broker, 0.5)
    net.dump(net.broker, 11, {CLIENT: Y})
    net.play()
    return [stale("probable")], {"contradiction-table"}


@doubtful
def the_table_was_right_before(net):
    net.broker.knows(net.client, X)
    net.dump(net.broker, 0.5, {CLIENT: Y})
    net.play()
    return [stale("possible")], {"contradiction-table"}


@doubtful
def both_macs_in_between(net):
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=12)
    net.broker.knows(net.client, X, at=18)
    net.dump(net.broker, 5)
    net.play((1, 13, 25))
    return [stale("probable")], {"contradiction-both-macs"}


@doubtful
def the_new_owner_is_seen_only_afterwards(net):
    """Nothing of the broker before the entry healed: a failover would look the same."""
    net.client.knows(net.broker, X)
    net.client.knows(net.broker, B, at=30)
    for at in range(60):
        net.arp(at, 1, net.healthy.mac, HEALTHY, "10.0.1.1", heard=[net.broker])
    net.every(net.client, net.broker, (9, 20, 35))
    net.connect(net.client, net.metrics, 58)
    net.dump(net.client, 12)
    return [stale("possible", BROKER, X, B, "producer-7", "syn")], set()


@doubtful
def too_much_speaks_against_it(net):
    """Told better, both MACs in use, no table: something else decides where frames go."""
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=12)
    net.broker.knows(net.client, X, at=18)
    net.arp(6, 1, Y, CLIENT, BROKER, heard=[net.broker, net.client])
    net.play((1, 13, 25))
    return [other("syn-ack-lost")], set()


# ---- what a finding tells -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (a_permanent_entry_though_the_peer_asks, "the entry is fixed"),
        (answers_with_the_old_mac_keep_it, "somebody still answers"),
        (two_captures_and_a_table, "unknown"),
        (an_address_reused_in_mid_capture, "unknown"),
    ],
)
def test_why_it_survived(case, reason, tmp_path):
    net = Lan()
    case(net)
    (finding,) = diagnose(net, tmp_path).findings
    assert [text[: len(reason)] for text in finding.survived_by] == [reason]


def test_traffic_that_confirms_is_named(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5, state="REACHABLE", detail="ref 1 used 98/0/98probes 0")
    (finding,) = diagnose(net, tmp_path).findings
    assert "freshly confirmed" in finding.survived_by[0]


def test_probes_that_remove_it_are_named(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=10)
    net.arp(6, 1, B, BROKER, CLIENT, heard=[net.broker], to=X)
    net.play((1, 13))
    (finding,) = diagnose(net, tmp_path).findings
    assert finding.survived_by[0].startswith("nothing")


def test_the_whole_story_of_a_finding(tmp_path):
    net = Lan()
    healed_in_mid_capture(net)
    (finding,) = diagnose(net, tmp_path).findings
    assert ids(finding) == {
        "mac-mismatch-on-wire", "lost-at-peer", "owner-by-own-capture", "table-agrees",
        "on-link", "control-group", "healed",
    }  # fmt: skip
    assert finding.interface == "eth0"
    assert finding.remedy[0] == "ip neigh del 10.0.1.77 dev eth0   # on broker-1"
    assert finding.received == 0


def test_a_table_of_unknown_time_says_so(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.play()
    net.write(tmp_path)
    entry = f"{CLIENT} dev eth0 lladdr {X} STALE \n"
    (tmp_path / "broker-1.neigh.txt").write_text(entry)
    diagnosis = synack.diagnose(tmp_path)
    sound(diagnosis)
    (finding,) = diagnosis.findings
    (table,) = [e for e in finding.evidence if e.id == "table-agrees"]
    assert "only by the file's own time" in table.says


def test_hosts_without_a_common_packet_cost_a_step(tmp_path):
    """The client's capture holds only its talk with another host that captured as well."""
    net = Lan()
    net.broker.knows(net.client, X)
    net.client.record(end=60, keep=lambda at, _: not 0.9 < at < 40)
    net.play()
    net.dump(net.broker, 5)
    diagnosis = diagnose(net, tmp_path)
    assert findings(diagnosis) == [stale("probable")]
    assert "clock-assumed" in ids(diagnosis.findings[0])
