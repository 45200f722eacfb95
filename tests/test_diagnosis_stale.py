"""Who is accused of a stale entry, how surely, and what is advised.

Each story plays an incident into files, and names every finding that must come out.
"""

from __future__ import annotations

import pytest
from scenario import B, Lan, X, Y, lose
from stories import (
    BROKER,
    CLIENT,
    HEALTHY,
    Stories,
    Z,
    a_permanent_entry_though_the_peer_asks,
    answers_with_the_old_mac_keep_it,
    beside,
    case_of,
    diagnose,
    findings,
    healed_in_mid_capture,
    ids,
    other,
    stale,
    two_captures_and_a_table,
)

import synack
from synack.addresses import parse_ip, parse_mac
from synack.diagnosis import stale as rule
from synack.diagnosis.mismatch import mismatches

guilty, innocent = Stories(), Stories()
guilty(two_captures_and_a_table)


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


def _cooked_and_healed(net, times, keep):
    """The entry is right from 6 s on, one table was written before. The client's capture ends
    before what is sent to it late comes, which it resets."""
    net.broker.record(end=60, link="sll", keep=keep)
    net.client.record(end=7.4)
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=6)
    net.play(times)
    net.dump(net.broker, 5)
    return [stale("possible")]


@guilty
def cooked_and_healed_before_a_last_answer_that_was_reset(net):
    """It came to the client after the handshake that shows the entry right again."""
    return _cooked_and_healed(net, (0.5, 6.5), lambda _, __: True)


@guilty
def cooked_and_healed_before_a_last_answer_of_unknown_fate(net):
    return _cooked_and_healed(net, (0.5, 6.5), lambda at, way: way == "out" or not 7.5 < at < 7.6)


@guilty
def cooked_and_healed_in_a_handshake_whose_good_answer_was_not_recorded(net):
    """The first answer went astray, the one that the client acknowledged after a second is
    missing in the capture: it was reached by that one only."""
    expected = _cooked_and_healed(
        net, (0.5, 5.5), lambda at, way: not (6.4 < at < 6.5003 or (way == "in" and 7.5 < at < 7.6))
    )
    net.client.tape = None
    return expected


def _cooked_and_healed_with_losses(net, missing):
    """The entry is right from 6 s on. Some of what comes to the client later is not in its
    capture: those whose times are in ``missing``."""
    net.broker.record(end=60, link="sll")
    net.client.record(
        end=60, keep=lambda at, way: not any(low < at < high for low, high in missing)
    )
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=6)
    net.play((0.5, 1, 1.5, 2, 6.5, 7, 20))
    net.dump(net.broker, 5)


@guilty
def cooked_and_healed_before_one_more_loss(net):
    """Of the many that are lost one is later than handshakes that completed."""
    _cooked_and_healed_with_losses(net, [(7.8, 8.1)])
    return [stale("possible")]


@innocent
def cooked_and_lossy_all_the_while(net):
    """As many are lost after handshakes that completed as before: the way is bad, and
    that the table has another MAC is not all there is to it."""
    _cooked_and_healed_with_losses(net, [(7.1, 19.9)])
    return [other("syn-ack-lost")]


VIP, OLD, NEW = "10.0.1.110", "0a:aa:aa:aa:aa:aa", "0a:bb:bb:bb:bb:bb"


def _a_service_that_went_over(net, begin):
    """A service's address goes to another balancer, which did not capture. A client whose cooked
    capture begins at ``begin`` keeps the old one's MAC; another one knows the new one."""
    net.host("balancer-a", VIP, OLD, up=(0, 20))
    net.host("balancer-b", VIP, NEW, up=(20, 100))
    net.client.knows(VIP, OLD)
    net.client.record(begin, 60, link="sll")
    net.healthy.knows(VIP, OLD, at=0)
    net.healthy.knows(VIP, NEW, at=20)
    net.healthy.record(end=60)
    net.every(net.client, VIP, (2, 9, 27, 39, 50))
    net.every(net.healthy, VIP, (4, 12, 24, 34, 44, 54))
    net.every(net.client, net.broker, (1, 24, 55))
    net.every(net.healthy, net.broker, range(0, 60, 4))
    net.dump(net.client, 30)
    net.dump(net.client, 58)
    return [stale("possible", VIP, OLD, NEW, "producer-7", "syn")]


@guilty
def cooked_at_a_client_of_a_service_that_went_over(net):
    return _a_service_that_went_over(net, begin=0)


@guilty
def cooked_at_a_client_that_never_heard_either_owner(net):
    return _a_service_that_went_over(net, begin=22)


@guilty
def a_balancer_hands_on_and_another_table_knows_the_owner(net):
    """The client's address speaks from two MACs in turn, its own and a balancer's."""
    net.client.tape = None
    net.broker.knows(net.client, X)
    net.play((1, 13, 25))
    for isn in (3_000, 17_000):
        at, vip = isn / 1_000, ("10.0.1.100", B, 9092)
        net.inject(at, net.broker, "syn", (CLIENT, Z, isn), vip, seq=isn)
        net.inject(at + 0.001, net.broker, "syn-ack", vip, (CLIENT, X, isn), 99, isn + 1)
    net.dump(net.broker, 5)
    net.dump(net.metrics, 5, {CLIENT: Y})
    return [stale("probable")]


def _flooded_to_a_capture_without_macs(net, ttl):
    """The client's capture has no MACs; what is not for the client is in it as well."""
    net.client.record(end=60, link="raw")
    net.broker.knows(net.client, X)
    net.floods = True
    net.play()
    net.run()
    net.client.tape.frames = [
        (at, data if way == "out" else data[:22] + bytes([ttl]) + data[23:], way)
        for at, data, way in net.client.tape.frames
    ]
    net.dump(net.broker, 5)


@guilty
def flooded_to_a_client_that_captured_without_macs(net):
    _flooded_to_a_capture_without_macs(net, 64)
    return [stale("probable")]


@innocent
def relayed_to_a_client_that_captured_without_macs(net):
    """A router lowered the TTL: so it was handed on, and the client's firewall drops it."""
    _flooded_to_a_capture_without_macs(net, 63)
    return []


@guilty
def what_goes_astray_was_captured_by_the_old_machine_alone(net):
    """Its cooked capture calls the answers its own; but whoever asked asks again after each."""
    net.client.tape = None
    net.host("batch-3", CLIENT, X, up=(0, 0)).record(end=60, link="sll")
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [stale("probable")]


@guilty
def what_goes_astray_was_captured_too(net):
    """The old MAC's machine has another address now, and a cooked capture that calls the
    answers its own: so they are by MAC. The repeated SYNs compare the clocks by their rhythm."""
    astray = net.host("batch-3", "10.0.1.33", X)
    astray.record(end=60, link="sll")
    net.broker.knows(net.client, X)
    net.floods = True
    net.every(net.healthy, net.broker, range(0, 60, 4))
    net.every(net.client, net.metrics, (0.5, 58))
    for isn in (3_000, 17_000):
        for wait in (0, 1, 3):
            at = isn / 1_000 + wait
            syn = "syn", (CLIENT, Y, isn), (BROKER, B, 9092), isn
            syn_ack = "syn-ack", (BROKER, B, 9092), (CLIENT, X, isn), 99, isn + 1
            for host, later in ((net.client, 0), (net.broker, 0.0002)):
                net.inject(at + later, host, *syn)
            for host, later in ((net.broker, 0.0003), (net.client, 0.0005), (astray, 0.0005)):
                net.inject(at + later, host, *syn_ack)
    net.dump(net.broker, 5)
    return [stale("confirmed")]


@guilty
def the_client_was_asked_for_its_mac(net):
    """All that it sent went to one MAC, but a question for its own came to it."""
    net.client.knows(net.broker, X)
    net.every(net.client, net.broker, (1, 13, 25))
    net.every(net.healthy, net.broker, range(0, 60, 4))
    net.arp(3, 1, net.metrics.mac, net.metrics.ip, CLIENT, heard=[net.client], to=Y)
    net.arp(40, 1, Y, CLIENT, BROKER, heard=[net.client, net.broker])
    return [stale("possible", BROKER, X, B, "producer-7", "syn")]


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
def at_a_client_that_captured_only_what_it_sent(net):
    """What goes to the broker's own MAC is not flooded: it was taken where it left."""
    net.client.record(end=60, keep=lambda _, way: way == "out")
    net.client.knows(net.broker, X)
    net.client.knows(net.broker, B, at=30)
    net.every(net.client, net.broker, (1, 13, 35))
    net.every(net.healthy, net.broker, range(0, 60, 4))
    return [stale("probable", BROKER, X, B, "producer-7", "syn")]


@guilty
def flooded_to_the_client(net):
    net.floods = True
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [stale("confirmed")]


@guilty
def flooded_to_a_broker_whose_clock_nothing_compares(net):
    """What is in its capture needs no clock to be known for lost."""
    net.floods, net.broker.clock = True, 1.5
    net.broker.record(13.5, 30)
    for host in net.hosts:
        host.stamps = False
    net.client.knows(net.broker, B)
    net.client.knows(net.broker, X, at=10)
    net.arp(0.5, 1, Y, CLIENT, BROKER, heard=[net.client])
    net.play()
    return [stale("probable", BROKER, X, B, "producer-7", "syn")]


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


# ---- innocent -----------------------------------------------------------------------------


@innocent
def a_corrected_table_and_a_cooked_capture(net):
    """It worked after the dump: the entry was another one when it failed."""
    net.broker.record(end=60, link="sll")
    net.drops.append(lose("syn-ack", after=20))
    net.dump(net.broker, -600, {CLIENT: X})
    net.play((1, 13, 25, 37))
    return [other("syn-ack-lost")]


@innocent
def a_table_as_before_though_it_worked_before_a_last_answer_of_unknown_fate(net):
    """Losses, then a handshake that completes, then an answer of which nothing tells: the table
    has the same MAC before and after, so that one does no harm (it forwards)."""
    net.relays.add(X)
    net.broker.knows(net.client, X)
    net.broker.record(end=60, link="sll", keep=lambda at, way: way == "out" or not 7.5 < at < 7.6)
    net.client.record(end=7.4)
    net.drops.append(lambda p: lose("syn-ack")(p) and p.sent < 6)
    net.play((0.5, 6.5))
    net.dump(net.broker, 5)
    net.dump(net.broker, 50)
    return [other("syn-ack-lost")]


@innocent
def the_table_of_another_host(net):
    net.broker.record(end=60, link="sll")
    net.drops.append(lose("syn-ack"))
    net.dump(net.broker, 5, {CLIENT: X, BROKER: Z})
    net.play()
    return [other("syn-ack-lost")]


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


# ---- what a finding tells -----------------------------------------------------------------


def test_over_ipv6(tmp_path):
    net = Lan(v6=True)
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    diagnosis = diagnose(net, tmp_path)
    assert findings(diagnosis) == [stale("confirmed", "fd00:10:0:1::77")]
    assert "net.ipv6.neigh.default.gc_thresh1=0" in diagnosis.findings[0].remedy[-1]


def test_the_whole_story_of_a_finding(tmp_path):
    net = Lan()
    healed_in_mid_capture(net)
    (finding,) = diagnose(net, tmp_path).findings
    assert ids(finding) == {
        "mac-mismatch-on-wire", "lost-at-peer", "owner-by-own-capture", "table-agrees",
        "on-link", "control-group", "garbage-collection", "healed",
    }  # fmt: skip
    assert finding.interface == "eth0"
    assert finding.remedy[0] == "ip neigh del 10.0.1.77 dev eth0   # on broker-1"
    assert finding.received == 0


def test_the_summary_claims_a_loss_only_with_a_witness(tmp_path):
    net = Lan()
    two_captures_and_a_table(net)
    (finding,) = diagnose(net, tmp_path).findings
    n = finding.sent
    begin = f"broker-1 eth0: 10.0.1.77 is cached as {X}, but it is {Y}. "
    assert finding.summary == f"{begin}{n} of {n} SYN-ACKs since 14:13:21 were lost."
    (tmp_path / "producer-7-eth0.pcap").unlink()
    (finding,) = synack.diagnose(tmp_path).findings
    assert finding.summary == (
        f"{begin}{n} SYN-ACKs since 14:13:21 went there and no handshake completed."
    )


@pytest.mark.parametrize("flood", [False, True])
def test_the_witness_tells_what_it_saw(flood, tmp_path):
    net = Lan()
    net.floods = flood
    two_captures_and_a_table(net)
    (finding,) = diagnose(net, tmp_path).findings
    assert ("seen-addressed-to-another" in ids(finding)) == flood
    assert ("lost-at-peer" in ids(finding)) != flood


# ---- remedies -----------------------------------------------------------------------------


def confirmed_by_other_traffic(net):
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5, state="REACHABLE", detail="ref 1 used 98/0/98probes 0")


def removed_by_probes(net):
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=10)
    net.arp(6, 1, B, BROKER, CLIENT, heard=[net.broker], to=X)
    net.play((1, 13))


def fixed_and_answered(net):
    answers_with_the_old_mac_keep_it(net)
    net.dump(net.broker, 7, state="PERMANENT")


FIXED = "find what set the entry"
ANSWERED = "find who answers with the old MAC (arping -I eth0 10.0.1.77)"
CONFIRMED = "find the connection or program that confirms it (ss -tnoi dst 10.0.1.77)"
GC = "sysctl -w net.ipv4.neigh.default.gc_thresh1=0"


@pytest.mark.parametrize(
    ("story", "advice"),
    [
        (a_permanent_entry_though_the_peer_asks, [FIXED]),
        (answers_with_the_old_mac_keep_it, [ANSWERED]),
        (fixed_and_answered, [FIXED, ANSWERED]),
        (confirmed_by_other_traffic, [CONFIRMED, GC]),
        (removed_by_probes, [GC]),
        (two_captures_and_a_table, [GC]),
    ],
)
def test_the_remedy_is_that_of_what_kept_it_alive(story, advice, tmp_path):
    net = Lan()
    story(net)
    (finding,) = diagnose(net, tmp_path).findings
    now, *later = finding.remedy
    assert now == "ip neigh del 10.0.1.77 dev eth0   # on broker-1"
    assert len(later) == len(advice)
    for text, begin in zip(later, advice, strict=True):
        assert text.startswith(begin)


@pytest.mark.parametrize(
    ("state", "now"),
    [
        ("STALE", "ip neigh flush to 10.0.1.77   # on broker-1"),
        ("PERMANENT", "ip neigh flush to 10.0.1.77 nud permanent   # on broker-1"),
    ],
)
def test_the_remedy_without_a_known_interface(state, now, tmp_path):
    """`ip neigh flush` leaves PERMANENT entries alone unless told otherwise."""
    net = Lan()
    net.broker.knows(net.client, X)
    net.play()
    net.write(tmp_path)
    (tmp_path / "broker-1-eth0.pcap").rename(tmp_path / "broker-1.pcap")
    table = f"2026-09-21T14:13:25Z\n{CLIENT} lladdr {X} {state} \n"
    (tmp_path / "broker-1.neigh.txt").write_text(table)
    (finding,) = synack.diagnose(tmp_path).findings
    assert finding.remedy[0] == now


# ---- cooked captures, and no finding ------------------------------------------------------


def cooked(net):
    net.broker.record(end=60, link="sll")
    net.broker.knows(net.client, X)
    net.play()


def test_a_cooked_captures_mismatch_is_its_tables(tmp_path):
    net = Lan()
    cooked(net)
    net.dump(net.broker, 5)
    case = case_of(net, tmp_path)
    assert list(mismatches(case)) == []
    (found,) = rule.unrecorded(case)
    assert (found.ip, found.wrong, found.right) == (parse_ip(CLIENT), parse_mac(X), parse_mac(Y))
    finding = rule.stale(case, found)
    assert finding.confidence == "possible"
    assert finding.evidence[0].id == "no-destination-mac"


@pytest.mark.parametrize("table", [None, {CLIENT: Y}, {CLIENT: ""}, {HEALTHY: X}])
def test_a_cooked_capture_without_such_a_table_says_nothing(table, tmp_path):
    net = Lan()
    cooked(net)
    if table is not None:
        net.dump(net.broker, 5, table)
    assert list(rule.unrecorded(case_of(net, tmp_path))) == []


@pytest.mark.parametrize("forwards", [False, True])
def test_without_harm_there_is_no_finding(forwards, tmp_path):
    net = Lan()
    if forwards:
        net.relays.add(X)
    two_captures_and_a_table(net)
    case = case_of(net, tmp_path)
    (mismatch,) = mismatches(case)
    assert (rule.stale(case, mismatch) is None) == forwards


# ---- the route ----------------------------------------------------------------------------


def answered_by_way_of_another(folder, *, asked=True, routes="", table=False):
    """SYN-ACKs go to the MAC of 10.0.1.20, which the broker asked for just before."""
    net = Lan()
    net.broker.knows(net.client, X)
    if asked:
        net.arp(0.5, 1, B, BROKER, "10.0.1.20", heard=[net.broker])
        net.arp(0.501, 2, X, "10.0.1.20", BROKER, heard=[net.broker], to=B)
    if table:
        net.dump(net.broker, 5)
    if routes:
        beside(folder, "broker-1", "ip-route", routes)
    net.play()
    return findings(diagnose(net, folder))


ON_LINK = "10.0.1.0/24 dev eth0 scope link\n"
BY_IT = f"{ON_LINK}10.0.1.77 via 10.0.1.20 dev eth0\n"


@pytest.mark.parametrize(
    ("given", "kind", "confidence"),
    [
        ({"asked": False}, "stale-neighbor", "probable"),
        # It may be a route: without table and routes nobody knows.
        ({}, "stale-neighbor", "possible"),
        ({"routes": ON_LINK}, "stale-neighbor", "probable"),
        ({"table": True}, "stale-neighbor", "confirmed"),
        # It is one, whatever else.
        ({"routes": BY_IT}, "asymmetric-path", "possible"),
        ({"routes": BY_IT, "table": True}, "asymmetric-path", "possible"),
    ],
)
def test_a_route_by_another_host_is_no_stale_entry(given, kind, confidence, tmp_path):
    (finding,) = answered_by_way_of_another(tmp_path, **given)
    assert finding[:2] == (kind, confidence)
