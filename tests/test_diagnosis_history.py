"""A wrong entry over time: what tables, ARP and ND say for it, against it, and of its end."""

from __future__ import annotations

import pytest
from scenario import T0, B, Lan, X, Y, lose
from stories import (
    BROKER,
    CLIENT,
    HEALTHY,
    Stories,
    a_permanent_entry_though_the_peer_asks,
    answers_with_the_old_mac_keep_it,
    case_of,
    diagnose,
    findings,
    healed_in_mid_capture,
    ids,
    inventory,
    other,
    sound,
    stale,
    two_captures_and_a_table,
)

import synack
from synack.diagnosis import history
from synack.diagnosis.mismatch import mismatches

guilty, innocent, doubtful = Stories(), Stories(), Stories()
guilty(healed_in_mid_capture)
guilty(a_permanent_entry_though_the_peer_asks)
guilty(answers_with_the_old_mac_keep_it)


def only(case):
    """The one mismatch, with its sendings."""
    (found,) = mismatches(case)
    return found, case.sendings.take(found.rows)


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


@pytest.mark.parametrize("story", doubtful.all)
def test_a_contradiction_is_named_and_costs_confidence(story, tmp_path):
    net = Lan()
    expected, evidence = story(net)
    diagnosis = diagnose(net, tmp_path)
    assert findings(diagnosis) == expected
    named = {i for f in diagnosis.findings for i in ids(f) if i.startswith("contradiction")}
    assert named == evidence


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
def the_peer_announced_but_the_old_owner_was_in_the_entry(net):
    """The old owner did well before: what goes to its MAC goes by that entry, whatever keeps it."""
    old = net.host("old-7", CLIENT, X, up=(0, 5))
    net.client.up = (5.5, 1e9)
    net.broker.knows(CLIENT, X)
    net.every(old, net.broker, (1, 3))
    net.every(net.client, net.broker, (7, 19, 31))
    net.connect(net.client, net.metrics, 58)
    net.every(net.healthy, net.broker, range(0, 60, 4))
    net.arp(6, 1, Y, CLIENT, CLIENT, heard=[net.broker, net.client])
    net.dump(net.broker, 20)
    return [stale("confirmed")], set()


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


def _behind_a_firewall(net, times):
    """It drops what goes to either MAC."""
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=20)
    net.drops.append(lose("syn-ack"))
    net.dump(net.broker, 5)
    net.play(times)


@doubtful
def the_right_mac_was_in_vain_too(net):
    _behind_a_firewall(net, (1, 13, 25, 37))
    return [stale("probable"), other("syn-ack-lost")], {"contradiction-right-in-vain"}


@doubtful
def the_right_mac_was_in_vain_once(net):
    """One attempt alone may have failed for whatever reason."""
    _behind_a_firewall(net, (1, 13, 25))
    return [stale("confirmed"), other("syn-ack-lost")], set()


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


# ---- agreement ----------------------------------------------------------------------------


@innocent
def a_table_from_before_that_was_corrected(net):
    net.broker.knows(net.client, Y)
    net.drops.append(lose("syn-ack"))
    net.dump(net.broker, -600, {CLIENT: X})
    net.play()
    return [other("syn-ack-lost")]


def _healed_and_no_reset_comes(net):
    """The client resets an answer that comes late, and its resets are lost."""
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=7)
    net.drops.append(lose("rst"))
    net.play((1, 13, 25))


@innocent
def a_second_owner_would_reset_as_much_in_vain(net):
    _healed_and_no_reset_comes(net)
    return [other("rejected", host="producer-7")]


@guilty
def resets_are_lost_and_an_inventory_knows_one_owner(net):
    _healed_and_no_reset_comes(net)
    net.files["enis.json"] = inventory((CLIENT, Y, -100), asked=50)
    return [stale("confirmed")]


@guilty
def resets_are_lost_and_the_old_machine_captured(net):
    _healed_and_no_reset_comes(net)
    old = net.host("batch-3", "10.0.1.33", X)
    old.record(end=60)
    net.every(old, net.metrics, (3, 30))
    return [stale("probable")]


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


def test_the_table_is_asked_as_of_the_sendings(tmp_path):
    """The last dump before them, those in between, the first one after; every other line of
    the file is a time."""
    net = Lan()
    net.broker.knows(net.client, X)
    net.play()
    for at in (-600, -300, 5, 8, 100, 200):
        net.dump(net.broker, at)
    case = case_of(net, tmp_path)
    mismatch, sendings = only(case)
    agree = history.agreeing(case, mismatch, sendings)
    assert case.entries["line"][agree].tolist() == [4, 6, 8, 10]
    evidence = history.table_agrees(case, mismatch, sendings)
    assert [source.line for source in evidence.sources] == [4, 6, 8, 10]
    assert evidence.says == f"broker-1's neighbor table says {CLIENT} is at {X} (STALE)"


def test_a_table_that_has_another_mac_does_not_agree(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5, {CLIENT: Y})
    case = case_of(net, tmp_path)
    assert history.table_agrees(case, *only(case)) is None


@pytest.mark.parametrize(
    ("rename", "table", "interface"),
    [
        ("broker-1-eth0.pcap", f"{CLIENT} dev bond0 lladdr {X} STALE ", "bond0"),
        ("broker-1-eth0.pcap", f"{CLIENT} lladdr {X} STALE ", "eth0"),
        ("broker-1.pcap", f"{CLIENT} dev bond0 lladdr {X} STALE ", "bond0"),
        ("broker-1.pcap", f"{CLIENT} lladdr {X} STALE ", ""),
    ],
)
def test_the_interface_is_the_tables_or_the_captures(rename, table, interface, tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.play()
    net.write(tmp_path)
    (tmp_path / "broker-1-eth0.pcap").rename(tmp_path / rename)
    (tmp_path / "broker-1.neigh.txt").write_text(f"2026-09-21T14:13:25Z\n{table}\n")
    (finding,) = synack.diagnose(tmp_path).findings
    assert finding.interface == interface


# ---- delivered all the same ---------------------------------------------------------------


def astray(net):
    """Two dozen segments to the wrong MAC."""
    net.broker.knows(net.client, X)
    net.play((1, 13, 25, 37))
    net.dump(net.broker, 5)
    return [stale("confirmed")]


@guilty
def a_service_that_the_network_delivers_regardless(net):
    """All of another port arrives, as in a network that tracks flows."""
    net.tracks = lambda p: p.sport == 9093
    net.connect(net.client, net.broker, 8, port=9093)
    return astray(net)


@doubtful
def some_of_the_same_service_arrive(net):
    net.tracks = lambda p: p.kind == "syn-ack" and 8 < p.sent < 9
    net.connect(net.client, net.broker, 8)
    astray(net)
    return [stale("probable")], {"contradiction-some-arrived"}


@doubtful
def some_of_a_service_arrive_and_others_do_not(net):
    """The port that delivers has losses as well: no service is delivered as a whole."""
    net.tracks = lambda p: p.sport == 9093 and p.sent < 9
    net.every(net.client, net.broker, (8, 20), port=9093)
    astray(net)
    return [stale("probable")], {"contradiction-some-arrived"}


@pytest.mark.parametrize(
    ("story", "named"),
    [
        (a_service_that_the_network_delivers_regardless, ["9093"]),
        (some_of_the_same_service_arrive, []),
        (some_of_a_service_arrive_and_others_do_not, []),
        (astray, []),
    ],
)
def test_services_that_are_delivered_regardless_are_named(story, named, tmp_path):
    net = Lan()
    story(net)
    (finding,) = diagnose(net, tmp_path).findings
    told = [e.says for e in finding.evidence if e.id == "delivered-regardless"]
    assert [says.partition(" arrived")[0] for says in told] == [
        f"1 segment of port {port}" for port in named
    ]


def test_what_is_delivered_regardless_is_not_lost(tmp_path):
    net = Lan()
    a_service_that_the_network_delivers_regardless(net)
    diagnosis = diagnose(net, tmp_path)
    (finding,) = diagnosis.findings
    assert finding.attempts == 4
    assert finding.received == 1


def test_nothing_speaks_against_a_plain_stale_entry(tmp_path):
    net = Lan()
    two_captures_and_a_table(net)
    case = case_of(net, tmp_path)
    mismatch, sendings = only(case)
    assert history.contradictions(case, mismatch, sendings) == []
    assert history.delivered_regardless(case, mismatch) == []
    assert history.healed(case, mismatch, sendings) == (None, [])


# ---- recovery -----------------------------------------------------------------------------


@guilty
def healed_inside_an_attempt(net):
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=15.5)
    net.dump(net.broker, 5)
    net.every(net.client, net.broker, (1, 13), give_up=10)
    net.play((25,))
    return [stale("confirmed")]


def test_an_attempt_that_heals_counts_and_completes(tmp_path):
    net = Lan()
    healed_inside_an_attempt(net)
    diagnosis = diagnose(net, tmp_path)
    (finding,) = diagnosis.findings
    assert finding.healed is not None
    assert finding.attempts == 2
    assert (diagnosis.attempts["outcome"] == "completed").sum() == len(diagnosis.attempts) - 1


@pytest.mark.parametrize(
    ("attempts", "dumps", "at", "sign"),
    [
        ((1, 35), (32,), 32, "the table has the right MAC"),
        ((1, 35), (40,), 35, "a segment to the right MAC"),
        ((1, 35), (), 35, "a segment to the right MAC"),
        ((1,), (32, 40), 32, "the table has the right MAC"),
        ((1,), (), None, ""),
    ],
)
def test_the_first_sign_that_it_healed(attempts, dumps, at, sign, tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=28)
    net.play(attempts)
    for dump in dumps:
        net.dump(net.broker, dump)
    case = case_of(net, tmp_path)
    when, evidence = history.healed(case, *only(case))
    if at is None:
        assert (when, evidence) == (None, [])
    else:
        assert abs(when - (T0 + at) * 10**9) < 10**7
        assert [(e.id, e.says.partition(": ")[2]) for e in evidence] == [("healed", sign)]


@pytest.mark.parametrize(
    ("frames", "at", "sign"),
    [
        ([(30, 1, Y, CLIENT, BROKER, "ff:ff:ff:ff:ff:ff")], 30, "by ARP or ND"),
        # An answer that nobody asked for changes nothing that is certain.
        ([(30, 2, Y, CLIENT, BROKER, B)], 35, "a segment to the right MAC"),
    ],
)
def test_what_arp_teaches_heals(frames, at, sign, tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=28)
    for time, op, mac, ip, asked, to in frames:
        net.arp(time, op, mac, ip, asked, heard=[net.broker], to=to)
    net.play((1, 35))
    case = case_of(net, tmp_path)
    when, (evidence,) = history.healed(case, *only(case))
    assert abs(when - (T0 + at) * 10**9) < 10**7
    assert sign in evidence.says


@pytest.mark.parametrize(
    ("told", "heard", "state", "dumps", "held"),
    [
        (5, "healthy", "REACHABLE", [0.5], False),
        (5, "broker", "REACHABLE", [0.5], False),  # by the sender itself
        (5, "client", "REACHABLE", [0.5], True),  # on record at its sender alone
        (5, "healthy", "PERMANENT", [0.5], True),
        (5, "healthy", "REACHABLE", [0.5, 20], True),
        (40, "healthy", "REACHABLE", [0.5], True),
    ],
)
def test_an_announcement_that_others_heard_corrects_the_entry(
    told, heard, state, dumps, held, tmp_path
):
    """Without destination MACs a table from before it does not tell where segments went."""
    net = Lan()
    net.broker.record(end=60, link="sll")
    net.healthy.record(end=60)
    net.broker.knows(net.client, X)
    net.arp(told, 1, Y, CLIENT, CLIENT, heard=[getattr(net, heard)])
    net.play()
    for at in dumps:
        net.dump(net.broker, at, state=state)
    (found,) = findings(diagnose(net, tmp_path))
    assert found == (stale("possible") if held else other("syn-ack-lost"))
