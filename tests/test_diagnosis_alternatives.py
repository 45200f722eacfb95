"""Every other cause of the same picture: excluded by what was seen, or open."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario import R1, T0, B, Lan, X, Y, lose
from stories import beside, diagnose

import build
import synack
from synack.diagnosis.alternatives import CAUSES

FIXTURES = Path(__file__).parents[1] / "fixtures"


def verdicts(finding):
    return {a.row: a.verdict for a in finding.alternatives}


def stale_case(folder, **more):
    net = Lan()
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5)
    for name, value in more.items():
        setattr(net, name, value)
    net.play()
    (finding,) = [f for f in diagnose(net, folder).findings if f.kind == "stale-neighbor"]
    return finding


def test_every_row_has_a_name_and_is_considered_for_a_stale_entry(tmp_path):
    assert sorted(CAUSES) == list(range(1, 34))
    finding = stale_case(tmp_path)
    assert set(verdicts(finding)) == set(CAUSES) - {1}  # that is the finding itself
    for alternative in finding.alternatives:
        assert alternative.cause == CAUSES[alternative.row]
        assert alternative.says
        # What is excluded is excluded by something that can be looked up.
        assert alternative.sources or alternative.verdict == "open"


def test_whole_evidence_leaves_little_open(tmp_path):
    beside(tmp_path, "broker-1", "sysctl", "net.ipv4.neigh.default.gc_thresh1 = 128\n")
    finding = stale_case(tmp_path)
    # No frame of ARP is in these captures, and nothing tells of eBPF.
    assert {row for row, verdict in verdicts(finding).items() if verdict != "excluded"} == {29, 32}


def test_without_the_client_what_it_would_show_is_open(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.client.tape = None
    net.dump(net.broker, 5)
    net.play()
    (finding,) = diagnose(net, tmp_path).findings
    found = {row for row, verdict in verdicts(finding).items() if verdict == "open"}
    assert {9, 10, 11, 20, 21, 25, 26} <= found
    assert not {12, 14, 19, 22, 23} & found


def test_a_flooding_network_is_supported(tmp_path):
    finding = stale_case(tmp_path, floods=True)
    assert verdicts(finding)[28] == "supported"
    assert verdicts(finding)[10] == "excluded"
    assert verdicts(finding)[25] == "excluded"


@pytest.mark.parametrize(
    ("fixture", "kind", "expected"),
    [
        ("firewall-syn-ack", "syn-ack-lost",
         {1: "excluded", 3: "excluded", 7: "open", 10: "excluded", 12: "excluded", 23: "open"}),
        ("firewall-syn", "syn-lost",
         {2: "excluded", 7: "open", 9: "excluded", 12: "excluded", 19: None, 21: None}),
        ("silent-server", "no-reply", {7: "excluded", 10: "open", 12: "open", 19: "excluded"}),
        ("stale-client", "stale-neighbor",
         {1: "excluded", 2: None, 12: "excluded", 22: "excluded"}),
        ("stale-gateway", "stale-neighbor", {3: "excluded", 4: None, 5: "excluded"}),
        ("cooked-v1", "stale-neighbor", {27: "open", 22: "open"}),
        ("vlan", "stale-neighbor", {24: "excluded"}),
        ("refused", "refused", {}),
    ],
)  # fmt: skip
def test_verdicts_of_stories(fixture, kind, expected):
    (finding,) = [f for f in synack.diagnose(FIXTURES / fixture).findings if f.kind == kind]
    found = verdicts(finding)
    assert {row: found.get(row) for row in expected} == expected
    assert bool(found) == bool(expected)


@pytest.mark.parametrize(
    ("routes", "verdict"),
    [
        ("default via 10.0.1.1 dev eth0\n", "excluded"),
        ("default via 10.0.1.2 dev eth0\n", "supported"),
        ("default via 10.9.9.9 dev eth1\n", "supported"),
    ],
    ids=["by the gateway of the SYNs", "by another", "by another interface"],
)
def test_the_way_back_of_a_wrong_gateway_by_the_routing_table(routes, verdict, tmp_path):
    net = Lan()
    net.off_link(net.client, gateway=X)
    net.broker.knows("10.0.1.1", X)
    net.play()
    net.dump(net.broker, 5, state="PERMANENT")
    net.arp(0.2, 1, R1, "10.0.1.1", "10.0.1.50", heard=[net.broker])
    beside(tmp_path, "broker-1", "ip-route", routes)
    (finding,) = [f for f in diagnose(net, tmp_path).findings if f.kind == "stale-neighbor"]
    assert (finding.next_hop, verdicts(finding)[8]) == ("gateway", verdict)


@pytest.mark.parametrize(("tag", "verdict"), [(20, "supported"), (10, "excluded")])
def test_another_vlan_on_the_way_back_is_supported(tag, verdict, tmp_path):
    broker, client = [], []
    for again in range(5):
        syn = build.tcp(40000, 9092, seq=1, timestamps=(again, 0))
        reply = build.tcp(9092, 40000, seq=5, ack=2, flags="SA", timestamps=(again, again))
        there = build.ipv4("10.0.1.77", "10.0.1.10", build.TCP, syn)
        back = build.ipv4("10.0.1.10", "10.0.1.77", build.TCP, reply)
        at = (T0 + 2 * again) * 10**9
        client.append((at, build.ethernet(Y, B, there)))
        broker.append((at + 10**5, build.ethernet(Y, B, there, [10])))
        broker.append((at + 2 * 10**5, build.ethernet(B, Y, back, [tag])))
    (tmp_path / "broker-1-eth0.pcap").write_bytes(build.pcap(broker))
    (tmp_path / "producer-7-eth0.pcap").write_bytes(build.pcap(client))
    (finding,) = synack.diagnose(tmp_path).findings
    tags = next(a for a in finding.alternatives if a.row == 24)
    assert (finding.kind, tags.verdict) == ("syn-ack-lost", verdict)
    assert verdict == "excluded" or "left in VLAN 20, and the peer's came in VLAN 10" in tags.says


def test_a_lost_syn_ack_by_the_ports_that_work(tmp_path):
    """Some ports of one client fail while others do well: one bad path fits."""
    net = Lan()
    bad = {40_001, 40_003}
    net.drops.append(lambda p: p.kind == "syn-ack" and p.dport in bad)
    for n in range(6):
        net.connect(net.client, net.broker, 1 + n, source=40_000 + n)
    net.connect(net.client, net.metrics, 0.5)
    net.connect(net.client, net.metrics, 58)
    (finding,) = diagnose(net, tmp_path).findings
    bundle = next(a for a in finding.alternatives if a.row == 22)
    assert (finding.kind, bundle.verdict) == ("syn-ack-lost", "open")
    assert "1 attempt of the same clients completed meanwhile" in bundle.says


def test_many_ports_exclude_one_bad_path(tmp_path):
    net = Lan()
    net.drops.append(lose("syn-ack"))
    net.every(net.client, net.broker, range(1, 20, 2), retries=(0.0,), give_up=1.5)
    net.connect(net.client, net.metrics, 0.5)
    net.connect(net.client, net.metrics, 58)
    (finding,) = diagnose(net, tmp_path).findings
    bundle = next(a for a in finding.alternatives if a.row == 22)
    assert (bundle.verdict, bundle.says[:18]) == ("excluded", "all 10 client port")


FLOWS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start"
    " end action log-status tcp-flags\n"
)


def flow(interface, src, dst, sport, dport, action, flags):
    return (
        f"3 123456789012 {interface} {src} {dst} {sport} {dport} 6 4 240 {T0} {T0 + 60} {action}"
        f" OK {flags}\n"
    )


BROKER_ENI, CLIENT_ENI = "eni-0aaaaaaa1", "eni-0bbbbbbb2"
SYNS = [flow(i, "10.0.1.77", "10.0.1.10", 41000, 9092, "ACCEPT", 2)
        for i in (BROKER_ENI, CLIENT_ENI)]  # fmt: skip
ANSWER = flow(BROKER_ENI, "10.0.1.10", "10.0.1.77", 9092, 41000, "ACCEPT", 18)


@pytest.mark.parametrize(
    ("records", "verdict", "words"),
    [
        ([*SYNS, ANSWER], "excluded", f"{CLIENT_ENI} has none of them"),
        ([SYNS[0], flow(CLIENT_ENI, "10.0.1.10", "10.0.1.77", 9092, 41000, "REJECT", 18)],
         "supported", f"flow logs have REJECT: 1 record of interface {CLIENT_ENI}"),
        ([ANSWER], "open", "flow logs (REJECT), would tell"),
        ([*SYNS], "open", ""),
    ],
)  # fmt: skip
def test_flow_logs_decide_of_network_filters(records, verdict, words, tmp_path):
    (tmp_path / "flows.log").write_text(FLOWS + "".join(records))
    net = Lan()
    net.drops.append(lose("syn-ack"))
    net.play()
    (finding,) = diagnose(net, tmp_path).findings
    found = next(a for a in finding.alternatives if a.row == 7)
    assert (finding.kind, found.verdict) == ("syn-ack-lost", verdict)
    assert words in found.says
    assert verdict == "open" or {s.file.rpartition("/")[2] for s in found.sources} == {"flows.log"}
