"""Who had an address when: each kind of source, conflicts, order of files, clocks."""

from __future__ import annotations

import json

import pytest
from scenario import T0, B, Lan, Network, X, Y
from stories import BROKER, CLIENT, case_of, inventory, ip_addr, leases, moment

from synack.addresses import format_ip, format_mac
from synack.diagnosis.ownership import KINDS, ownership
from synack.pipeline import load, run
from synack.tables import NO_TIME

W = "0a:0c:0c:0c:0c:0c"


def seconds(time):
    return None if time == NO_TIME else round(time / 1e9 - T0, 3)


def told(table, ip=CLIENT, kinds=KINDS):
    """(kind, MAC, first, last, until), in seconds after the beginning."""
    return [
        (KINDS[row["kind"]], format_mac(row["mac"]), *map(seconds, (row["first"], row["last"],
                                                                     row["until"])))
        for row in table.rows()
        if format_ip(row["ip_hi"], row["ip_lo"]) == ip and KINDS[row["kind"]] in kinds
    ]  # fmt: skip


def of_files(folder, **files):
    """Ownership by text files alone; NAME_EXT becomes NAME.EXT."""
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text)
    return run(load([str(folder)])).ownership


# ---- kinds of sources ---------------------------------------------------------------------


def test_frames_at_home_and_at_the_peer(tmp_path):
    net = Lan()
    net.play((1,))
    case = case_of(net, tmp_path)
    own, seen = told(ownership(case), kinds=("own-frames", "frames"))
    assert own[:2] == ("own-frames", Y)
    assert seen[:2] == ("frames", Y)
    assert (own[2], own[4]) == (0.5, None)
    assert seen[2] == 1.0


def test_what_passed_a_router_is_nobodys_own(tmp_path):
    net = Lan()
    net.off_link(net.healthy)
    net.play((1,))
    case = case_of(net, tmp_path)
    assert told(ownership(case), "10.0.1.71") == []


def test_a_mac_of_many_addresses_is_a_routers(tmp_path):
    """A cloud's router does not lower the TTL."""
    net = Lan()
    for number in range(5):
        far = net.host(f"far-{number}", f"10.0.9.{number}", "0a:00:5e:11:00:01")
        net.connect(far, net.broker, 2 + number)
    net.play((1,))
    case = case_of(net, tmp_path)
    assert told(ownership(case), "10.0.9.1") == []
    assert told(ownership(case), "10.0.1.71")


OWN = ("own-addresses", Y, 5.0, 5.0, None)
INVENTORY = ("inventory", Y, -100.0, 50.0, None)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"p7_ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=5)}, [OWN]),
        ({"p7_ip-addr.txt": ip_addr("eth0", CLIENT, Y)}, [("own-addresses", Y, None, None, None)]),
        ({"ip-10-0-1-77_ip-link.txt": moment(5) + "\n2: eth0: <BROADCAST,UP> mtu 9001\n"
          f"    link/ether {Y} brd ff:ff:ff:ff:ff:ff\n"}, [OWN]),
        ({"p7_ifconfig.txt": moment(5) + "\neth0: flags=4163<UP,BROADCAST> mtu 9001\n"
          f"        inet {CLIENT}  netmask 255.255.255.0\n        ether {Y}\n"}, [OWN]),
        ({"r1_arp.txt": moment(5) + "\nProtocol  Address  Age (min)  Hardware Addr  Type"
          "  Interface\n"
          f"Internet  {CLIENT}   -   0ae6.f1c2.6b30  ARPA   Vlan10\n"}, [OWN]),
        ({"enis_json": inventory((CLIENT, Y, -100), asked=50)}, [INVENTORY]),
        ({"enis_json": inventory((CLIENT, Y, -100))}, [("inventory", Y, -100.0, -100.0, None)]),
        ({"dhcpd_leases": leases((CLIENT, Y, -100, 500))}, [("lease", Y, -100.0, 500.0, None)]),
        ({"b1_neigh.txt": moment(5) + f"\n{CLIENT} dev eth0 lladdr {X} STALE\n"},
         [("table", X, 5.0, 5.0, None)]),
        ({"b1_neigh.txt": moment(5) + f"\n{CLIENT} dev eth0 lladdr {X} FAILED\n"}, []),
        ({"b1_neigh.txt": moment(5) + f"\n{CLIENT} dev eth0 FAILED\n"}, []),
    ],
)  # fmt: skip
def test_each_source(files, expected, tmp_path):
    assert told(of_files(tmp_path, **files)) == expected


def event(name, at, **more):
    return {"eventSource": "ec2.amazonaws.com", "eventName": name, "eventTime": moment(at), **more}


def run_instance(at, instance, mac):
    answer = {"instancesSet": {"items": [{"instanceId": instance, "networkInterfaceSet": {
        "items": [{"networkInterfaceId": f"eni-{instance}", "macAddress": mac,
                   "privateIpAddress": CLIENT}]}}]}}  # fmt: skip
    return event("RunInstances", at, responseElements=answer)


TRAIL = json.dumps(
    {
        "Records": [
            run_instance(-5000, "i-old", X),
            event("TerminateInstances", -900,
                  requestParameters={"instancesSet": {"items": [{"instanceId": "i-old"}]}}),
            run_instance(-600, "i-new", Y),
        ]
    }
)  # fmt: skip


def test_an_audit_log_keeps_who_is_gone(tmp_path):
    """It went between its end and the next one's begin."""
    assert told(of_files(tmp_path, trail_json=TRAIL)) == [
        ("event", X, -5000.0, -900.0, -600.0),
        ("event", Y, -600.0, -600.0, None),
    ]


def test_arp_of_the_machine_itself_and_answers(tmp_path):
    net = Lan()
    net.arp(2, 1, Y, CLIENT, CLIENT, heard=[net.broker])
    net.arp(3, 2, Y, CLIENT, BROKER, heard=[net.broker], to=B)
    net.arp(4, 2, X, CLIENT, BROKER, heard=[net.broker], to=B, frame_mac=W)
    net.play((30,))
    case = case_of(net, tmp_path)
    assert told(ownership(case), kinds=("announced", "answered")) == [
        ("announced", Y, 2.0, 2.0, None),
        ("answered", Y, 3.0, 3.0, None),
        ("answered", X, 4.0, 4.0, 30.0),
    ]


# ---- conflicts ----------------------------------------------------------------------------


def test_a_stale_table_ends_nothing(tmp_path):
    """The new owner by inventory; the old MAC in a table later does not take the address back."""
    files = {
        "enis_json": inventory((CLIENT, Y, -100), asked=50),
        "b1_neigh.txt": moment(60) + f"\n{CLIENT} dev eth0 lladdr {X} STALE\n",
    }
    assert told(of_files(tmp_path, **files)) == [INVENTORY, ("table", X, 60.0, 60.0, None)]


def test_between_two_owners_nobody_knows(tmp_path):
    net = Network()
    broker = net.host("broker-1", BROKER, B)
    old = net.host("old-7", CLIENT, X, up=(0, 20))
    new = net.host("new-7", CLIENT, Y, up=(22, 1e9))
    broker.record(end=60)
    net.every(old, broker, (1, 5, 9))
    net.every(new, broker, (30, 37))
    case = case_of(net, tmp_path)
    (before, after) = told(ownership(case), kinds=("frames",))
    assert before[1] == X
    assert before[2:] == pytest.approx((1.0, 9.0, 30.0), abs=0.01)
    assert after[1] == Y
    assert after[4] is None


def test_order_of_files_and_the_clock_decide_nothing(tmp_path):
    """The broker's clock is 40 s off and its files are named first or last."""
    found = []
    for name, clock in (("broker-1", 0.0), ("zz-broker", 0.0), ("broker-1", 40.0)):
        net = Lan()
        net.broker.name, net.broker.clock = name, clock
        net.broker.knows(net.client, X)
        net.broker.knows(net.client, Y, at=28)
        net.dump(net.broker, 5)
        net.dump(net.broker, 32)
        net.play((1, 13, 35))
        folder = tmp_path / f"{name}{clock}"
        folder.mkdir()
        table = ownership(case_of(net, folder))
        rows = told(table)
        shift = min(row[2] for row in rows)
        found.append([(kind, mac, pytest.approx(first - shift, abs=0.05))
                      for kind, mac, first, _, _ in rows])  # fmt: skip
    assert found[0] == [(kind, mac, first.expected) for kind, mac, first in found[1]]
    assert found[0] == [(kind, mac, first.expected) for kind, mac, first in found[2]]
