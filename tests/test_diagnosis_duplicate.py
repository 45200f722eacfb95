"""Two machines with one address, and one machine, or one at a time, that is none such."""

from __future__ import annotations

import pytest
from scenario import B, Lan, X, Y, lose
from stories import (
    BROKER,
    CLIENT,
    HEALTHY,
    Stories,
    Z,
    beside,
    case_of,
    diagnose,
    findings,
    ids,
    ip_addr,
    other,
)

from synack.diagnosis.duplicate import duplicate, speaks_as
from synack.diagnosis.mismatch import mismatches

twice, innocent = Stories(), Stories()


@pytest.mark.parametrize("story", twice.all)
def test_a_duplicate_is_found(story, tmp_path):
    net = Lan()
    expected = story(net)
    assert findings(diagnose(net, tmp_path)) == expected


@pytest.mark.parametrize("story", innocent.all)
def test_nobody_is_accused(story, tmp_path):
    net = Lan()
    expected = story(net)
    assert findings(diagnose(net, tmp_path)) == expected


# ---- two machines -------------------------------------------------------------------------


def _duplicate(net):
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [("duplicate-address", "confirmed", "broker-1", CLIENT, X, Y, "syn-ack", "host")]


@twice
def a_duplicate_that_resets(net):
    # The broker's SYN-ACK meets a machine that knows nothing of it.
    net.connect(net.client, net.broker, 0.9, source=50_000, retries=(0,))
    net.inject(0.95, net.broker, "rst", (CLIENT, X, 50_000), (BROKER, B, 9092), seq=1_000_004)
    return _duplicate(net)


@twice
def a_duplicate_that_only_announces(net):
    net.arp(0.95, 1, Y, CLIENT, BROKER, heard=[net.broker])
    net.arp(1.5, 1, X, CLIENT, CLIENT, heard=[net.broker, net.client])
    return _duplicate(net)


@twice
def a_duplicate_that_announces_before_the_first_attempt(net):
    net.arp(0.2, 1, Y, CLIENT, CLIENT, heard=[net.broker, net.client])
    net.arp(0.6, 1, X, CLIENT, CLIENT, heard=[net.broker, net.client])
    return _duplicate(net)


# ---- innocent -----------------------------------------------------------------------------


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


@innocent
def a_bond_with_two_macs_that_did_not_capture(net):
    """What went to either MAC arrived, until a firewall dropped everything."""
    a_bond_with_two_macs(net)
    net.client.tape = None
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


# ---- what a finding tells -----------------------------------------------------------------


def test_the_whole_story_of_a_finding(tmp_path):
    net = Lan()
    a_duplicate_that_resets(net)
    (finding,) = diagnose(net, tmp_path).findings
    assert ids(finding) == {
        "two-owners", "mac-mismatch-on-wire", "on-link", "owner-by-own-capture",
    }  # fmt: skip
    assert finding.interface == "eth0"
    assert finding.attempts == 4
    assert finding.summary == (
        f"10.0.1.77 is used by two machines at once, {Y} and {X}: broker-1 answers the second,"
        " and 4 attempts of the first failed."
    )
    assert finding.remedy == [
        f"find the machine with MAC {X} and take 10.0.1.77 from it (or from {Y})",
        "arping -D -I eth0 10.0.1.77   # on broker-1: any answer is an owner",
    ]


def test_without_the_owners_capture_it_is_probable(tmp_path):
    net = Lan()
    net.client.tape = None
    net.arp(1.5, 1, X, CLIENT, CLIENT, heard=[net.broker])
    _duplicate(net)
    (finding,) = diagnose(net, tmp_path).findings
    assert (finding.kind, finding.confidence) == ("duplicate-address", "probable")
    assert "owner-by-own-capture" not in ids(finding)


@pytest.mark.parametrize(
    ("host", "mac", "at", "kind"),
    [
        ("printer-4", X, 9, "duplicate-address"),
        ("printer-4", X, 0.5, "stale-neighbor"),
        ("printer-4", Y, 9, "stale-neighbor"),
    ],
    ids=["has the address meanwhile", "had it before", "another name of the client"],
)
def test_by_an_own_list_of_interfaces(host, mac, at, kind, tmp_path):
    """Of a machine that was not captured, whatever else it says."""
    net = Lan()
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    beside(tmp_path, host, "ip-addr", ip_addr("eth0", CLIENT, mac, at=at))
    (finding,) = diagnose(net, tmp_path).findings
    assert finding.kind == kind
    if kind == "duplicate-address":
        assert finding.confidence == "probable"
        (owners,) = [e for e in finding.evidence if e.id == "two-owners"]
        assert [source.file.rpartition("/")[2] for source in owners.sources] == [
            "printer-4.ip-addr.txt"
        ]


# ---- who speaks as the address ------------------------------------------------------------


def asks(net):
    net.arp(1.5, 1, X, CLIENT, BROKER, heard=[net.broker])


def announces(net):
    net.arp(1.5, 2, X, CLIENT, CLIENT, heard=[net.broker])


def answers(net):
    net.arp(1.5, 2, X, CLIENT, BROKER, heard=[net.broker], to=B)


def asks_before_the_other_began(net):
    net.arp(0.2, 1, X, CLIENT, BROKER, heard=[net.broker])


def resets(net, ttl=64):
    net.inject(1.5, net.broker, "rst", (CLIENT, X, 50_000), (BROKER, B, 9092), ttl=ttl)


def forwards_a_reset(net):
    resets(net, ttl=63)


@pytest.mark.parametrize(
    ("does", "frames"),
    [
        (lambda net: None, 0),
        (asks, 1),
        (announces, 1),
        (answers, 0),
        (asks_before_the_other_began, 0),
        (resets, 1),
        (forwards_a_reset, 0),
    ],
)
def test_who_speaks_of_its_own_accord(does, frames, tmp_path):
    net = Lan()
    _duplicate(net)
    does(net)
    case = case_of(net, tmp_path)
    (mismatch,) = mismatches(case)
    spoken = speaks_as(case, mismatch)
    assert len(spoken) == frames
    assert all(source.file.endswith("broker-1-eth0.pcap") for source in spoken)


def test_no_failed_attempt_no_finding(tmp_path):
    """Every handshake completed in the end: the first SYN-ACK of each was lost."""
    net = Lan()
    for at in (1, 13, 25):
        net.broker.knows(net.client, X, at=at - 0.1)
        net.broker.knows(net.client, Y, at=at + 0.5)
    asks(net)
    net.play()
    case = case_of(net, tmp_path)
    (mismatch,) = mismatches(case)
    spoken = speaks_as(case, mismatch)
    assert spoken
    assert duplicate(case, mismatch, spoken, []) is None


@pytest.mark.parametrize(
    ("ip", "stamp", "kind"),
    [
        (CLIENT, "2026-09-21T14:13:30+00:00", "duplicate-address"),
        (HEALTHY, "2026-09-21T14:13:30+00:00", "stale-neighbor"),
        (CLIENT, "2026-09-21T13:13:30+00:00", "stale-neighbor"),
    ],
)
def test_a_kernel_that_logs_the_second_owner_is_believed(ip, stamp, kind, tmp_path):
    """The wrong MAC spoke as the address after the right one, by FreeBSD's own log."""
    line = f"{stamp} broker-1 kernel: arp: {ip} moved from {Y} to {X} on eth0\n"
    (tmp_path / "broker-1.messages.txt").write_text(line * 4)
    net = Lan()
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5)
    net.play()
    assert [f.kind for f in diagnose(net, tmp_path).findings] == [kind]
