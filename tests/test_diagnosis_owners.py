"""Who the owner is, from texts where no frame shows it, and how far such a finding goes."""

from __future__ import annotations

import json

import pytest
from scenario import R1, B, Lan, X, Y
from stories import (
    BROKER,
    CLIENT,
    HEALTHY,
    Stories,
    Z,
    case_of,
    diagnose,
    findings,
    ids,
    inventory,
    ip_addr,
    leases,
    moment,
    stale,
)

from synack.addresses import parse_mac
from synack.diagnosis.mismatch import mismatches
from synack.diagnosis.owners import ages, by_others, contradicted, old_owner

guilty, innocent = Stories(), Stories()

PEERS = [(BROKER, B, -9000), (HEALTHY, "0a:47:b2:0d:93:c4", -9000), (CLIENT, Y, -100)]
AT_CLIENT = (BROKER, X, B, "producer-7", "syn")


@pytest.mark.parametrize("story", guilty.all)
def test_a_stale_entry_is_found(story, tmp_path):
    net = Lan()
    expected, evidence = story(net)
    diagnosis = diagnose(net, tmp_path)
    assert findings(diagnosis) == [expected]
    assert evidence <= ids(diagnosis.findings[0])


@pytest.mark.parametrize("story", innocent.all)
def test_nobody_is_accused(story, tmp_path):
    net = Lan()
    story(net)
    assert not {f.kind for f in diagnose(net, tmp_path).findings} & {"stale-neighbor"}


def client_alone(net):
    """Its SYNs for the broker go to X, and nothing else of the broker is captured."""
    net.broker.tape = None
    net.client.knows(net.broker, X)


def server_alone(net):
    net.client.tape = None
    net.broker.knows(net.client, X)


# ---- guilty -------------------------------------------------------------------------------


@guilty
def an_inventory_in_place_of_a_table(net):
    net.broker.knows(net.client, X)
    net.files["enis.json"] = inventory(*PEERS, asked=50)
    net.play()
    return stale("confirmed"), {"owner-by-own-capture", "owner-by-inventory", "old-mac-unknown"}


@guilty
def the_servers_capture_and_an_inventory(net):
    """One thing is missing: nobody saw that it did not arrive."""
    server_alone(net)
    net.files["enis.json"] = inventory(*PEERS, asked=50)
    net.play()
    return stale("probable"), {"owner-by-source-mac", "owner-by-inventory", "on-link"}


@guilty
def the_servers_capture_and_its_own_addresses(net):
    """Nothing but its prefix says that the client is near, and no table agrees."""
    server_alone(net)
    net.files["broker-1.ip-addr.txt"] = ip_addr("eth0", BROKER, B, at=50)
    net.play()
    return stale("possible"), {"owner-by-source-mac", "on-link"}


@guilty
def the_clients_capture_and_an_inventory(net):
    client_alone(net)
    net.files["enis.json"] = inventory(*PEERS, asked=50)
    net.play()
    return stale("possible", *AT_CLIENT), {"owner-by-inventory", "old-mac-unknown"}


@guilty
def the_clients_capture_and_table_and_the_servers_addresses(net):
    client_alone(net)
    net.dump(net.client, 5)
    net.files["broker-1.ip-addr.txt"] = ip_addr("eth0", BROKER, B, at=50)
    net.play()
    return stale("possible", *AT_CLIENT), {"owner-by-own-addresses", "table-agrees"}


@guilty
def the_clients_capture_and_table_and_a_question_of_the_server(net):
    """A machine that asks speaks for itself."""
    client_alone(net)
    net.dump(net.client, 5)
    net.arp(6, 1, B, BROKER, "10.0.1.20", heard=[net.client])
    net.play()
    return stale("possible", *AT_CLIENT), {"owner-by-arp", "table-agrees"}


@guilty
def the_clients_capture_and_table_and_a_lease(net):
    client_alone(net)
    net.dump(net.client, 5)
    net.files["dhcpd.leases"] = leases((BROKER, B, -100, 9000))
    net.play()
    return stale("possible", *AT_CLIENT), {"owner-by-lease", "table-agrees"}


@guilty
def the_clients_capture_and_table_and_another_hosts_table(net):
    client_alone(net)
    net.dump(net.client, 5)
    net.dump(net.healthy, 5, {BROKER: B})
    net.play()
    return stale("possible", *AT_CLIENT), {"owner-by-other-table", "table-agrees"}


def cloudtrail(*events):
    return json.dumps({"Records": [
        {"eventSource": "ec2.amazonaws.com", "eventName": name, "eventTime": moment(at), **more}
        for name, at, more in events
    ]})  # fmt: skip


def started(instance, mac):
    items = [{"networkInterfaceId": f"eni-{instance}", "macAddress": mac,
              "privateIpAddress": CLIENT}]  # fmt: skip
    answer = {"items": [{"instanceId": instance, "networkInterfaceSet": {"items": items}}]}
    return {"responseElements": {"instancesSet": answer}}


@guilty
def an_audit_log_that_knows_both(net):
    net.broker.knows(net.client, X)
    ended = {"requestParameters": {"instancesSet": {"items": [{"instanceId": "i-old"}]}}}
    net.files["trail.json"] = cloudtrail(
        ("RunInstances", -9000, started("i-old", X)),
        ("TerminateInstances", -900, ended),
        ("RunInstances", -600, started("i-new", Y)),
    )
    net.play()
    return stale("confirmed"), {"owner-by-event", "old-owner-gone"}


@guilty
def the_old_mac_has_another_address(net):
    net.broker.knows(net.client, X)
    net.files["enis.json"] = inventory(*PEERS, ("10.0.1.90", X, -50), asked=50)
    net.play()
    return stale("confirmed"), {"old-mac-elsewhere"}


@guilty
def an_inventory_that_has_the_old_mac(net):
    """It should be so, but it was not: the frames say otherwise, and it costs a step."""
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5)
    net.files["enis.json"] = inventory(*PEERS[:2], (CLIENT, X, -9000), asked=50)
    net.play()
    return stale("probable"), {"contradiction-owner"}


@guilty
def an_inventory_of_before(net):
    """It was asked before the address was used again: no contradiction, and no agreement."""
    net.broker.knows(net.client, X)
    net.files["enis.json"] = inventory(*PEERS[:2], (CLIENT, X, -9000), asked=-500)
    net.play()
    return stale("probable"), {"owner-by-own-capture"}


@guilty
def an_inventory_of_other_machines(net):
    """It knows neither MAC: that it does not know the old one tells nothing."""
    net.broker.knows(net.client, X)
    net.files["enis.json"] = inventory(("10.9.0.1", Z, -9000), asked=50)
    net.play()
    return stale("probable"), {"owner-by-own-capture"}


# ---- innocent -----------------------------------------------------------------------------


@innocent
def the_clients_capture_and_table_and_an_answer_that_may_be_a_proxys(net):
    client_alone(net)
    net.dump(net.client, 5)
    net.arp(6, 2, B, BROKER, CLIENT, heard=[net.client], to=Y)
    net.play()


@innocent
def another_subnet(net):
    """To a router, which is not in the inventory, as it must be; and the SYNs are lost."""
    client_alone(net)
    net.client.knows(net.broker, R1)
    apart = [(BROKER, B, -9000, "subnet-aa"), (CLIENT, Y, -100, "subnet-bb")]
    net.files["enis.json"] = inventory(*apart, asked=50)
    net.play()


@innocent
def another_network_by_its_routes(net):
    client_alone(net)
    net.client.knows(net.broker, R1)
    net.files["enis.json"] = inventory(*PEERS, asked=50)
    net.files["producer-7.ip-route.txt"] = f"{moment(50)}\ndefault via 10.0.1.1 dev eth0 \n"
    net.play()


@innocent
def an_owner_that_came_later(net):
    client_alone(net)
    net.files["enis.json"] = inventory((CLIENT, Y, -100), (BROKER, B, 55), asked=59)
    net.play()


@innocent
def the_right_mac_and_no_answer(net):
    client_alone(net)
    net.client.knows(net.broker, B, at=-1e5)
    net.broker.server = "ignore"
    net.files["enis.json"] = inventory(*PEERS, asked=50)
    net.play()


@innocent
def answered_all_the_same(net):
    """X is a machine that forwards."""
    net.broker.tape = None
    net.relays.add(X)
    net.client.knows(net.broker, X)
    net.files["enis.json"] = inventory(*PEERS, asked=50)
    net.play()


@innocent
def another_table_alone(net):
    """Two tables contradict each other, and no frame of the broker decides: too little."""
    client_alone(net)
    net.dump(net.healthy, 5, {BROKER: B})
    net.play()


# ---- each statement -----------------------------------------------------------------------


def only(net, folder):
    case = case_of(net, folder)
    (found,) = mismatches(case)
    return case, found, case.sendings.take(found.rows)


def test_others_are_named_by_strength(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.dump(net.healthy, 5, {CLIENT: Y})
    net.arp(2, 2, Y, CLIENT, BROKER, heard=[net.client], to=B)
    net.files["producer-7.ip-addr.txt"] = ip_addr("eth0", CLIENT, Y, at=50)
    net.files["enis.json"] = inventory(*PEERS, asked=50)
    net.files["dhcpd.leases"] = leases((CLIENT, Y, -100, 9000))
    net.play()
    case, found, sendings = only(net, tmp_path)
    told = [evidence.id for evidence in by_others(case, found, sendings, False)]
    assert told == ["owner-by-own-addresses", "owner-by-inventory", "owner-by-lease",
                    "owner-by-claim", "owner-by-other-table"]  # fmt: skip
    told = [evidence.id for evidence in by_others(case, found, sendings, True)]
    assert told == ["owner-by-own-addresses", "owner-by-inventory", "owner-by-lease"]
    assert contradicted(case, found, sendings) == []


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"dhcpd.leases": leases((CLIENT, X, -9000, 9000))}, "was leased to"),
        ({"dhcpd.leases": leases((CLIENT, X, -9000, -500))}, None),
        ({"dhcpd.leases": leases((CLIENT, X, -9000, 9000), (CLIENT, Y, -100, 9000))}, None),
        ({"old-7.ip-addr.txt": ip_addr("eth0", CLIENT, X, at=20)}, "own interface"),
        ({"old-7.ip-addr.txt": ip_addr("eth0", CLIENT, X, at=-20)}, None),
        ({"enis.json": inventory((CLIENT, X, -9000))}, "the inventory has"),
        ({"enis.json": inventory((CLIENT, X, -9000), (CLIENT, Y, -100))}, None),
    ],
)
def test_who_says_otherwise(files, says, tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.files.update(files)
    net.play()
    found = contradicted(*only(net, tmp_path))
    assert [says in evidence.says for evidence in found] == ([] if says is None else [True])


@pytest.mark.parametrize(
    ("attached", "detail", "told"),
    [
        # The dump is of 5 s: not changed for 200 s, confirmed 300 s ago; owner since 100 s.
        (-100, "used 20/300/200 probes 1", {"entry-older-than-owner",
                                            "entry-unconfirmed-since-owner"}),
        (-100, "used 20/20/200 probes 1", {"entry-older-than-owner"}),
        (-100, "used 20/300/3 probes 1", {"entry-unconfirmed-since-owner"}),
        (-100, "used 20/20/3 probes 1", {"entry-age-tells-nothing"}),
        (-100, "used 20/103/103 probes 1", {"entry-age-tells-nothing"}),  # clocks within 5 s
        (-100, "", set()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("clock", [0.0, 3.0])
def test_ages_beside_the_owners_time(attached, detail, told, clock, tmp_path):
    net = Lan()
    net.broker.clock = clock
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5, detail=detail)
    net.files["enis.json"] = inventory((CLIENT, Y, attached), asked=50)
    net.play()
    case, found, _ = only(net, tmp_path)
    assert {evidence.id for evidence in ages(case, found)} == told


def test_an_owner_that_was_attached_anew_has_no_such_time(tmp_path):
    """It spoke as the address before it was attached: that time tells nothing."""
    net = Lan()
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5, detail="used 20/300/200 probes 1")
    net.files["enis.json"] = inventory((CLIENT, Y, 20), asked=50)
    net.play()
    case, found, _ = only(net, tmp_path)
    assert ages(case, found) == []
    assert old_owner(case, found.ip, found.wrong, found.right)[0].id == "old-mac-unknown"
    assert found.right == parse_mac(Y)
