"""Routers that captured: what they hand on to a MAC that is not its owner's, and look-alikes."""

from __future__ import annotations

import pytest
from tales import OLD, B, P, tale, written

import synack

LAN, FAR = "0a:01:00:00:00:01", "0a:01:00:00:00:02"
NEXT = "0a:02:00:00:00:02"
REMOTE = "10.0.2.31"
WRONG_SERVER = {"host": "gw-1", "address": "10.0.1.10", "mac": OLD, "kept": True, "deleted": 28}
"""Once it is gone the server's frames reach the router, with the MAC that they leave with."""
WRONG_CLIENT = {"host": "gw-1", "address": REMOTE, "mac": OLD, "kept": True, "deleted": 28}
VIRTUAL = "00:00:5e:00:01:07"


def routed(*captures, wrong=None, kind="cloud", **more):
    """A client behind a router; one beside it that does well with another server, and one that
    does well without the router."""
    hosts = {
        "producer-71": {"address": "10.0.1.71", "mac": "0a:47:b2:0d:93:c4"},
        "producer-7": {"address": REMOTE, "mac": P, "link": "far", "gateway": "10.0.2.1"},
        "producer-8": {"address": "10.0.2.32", "mac": "0a:08:00:00:00:08", "link": "far",
                       "gateway": "10.0.2.1"},
        "broker-2": {"address": "10.0.1.11", "mac": "0a:0b:00:00:00:0b", "gateway": "10.0.1.1",
                     "services": {"9092": "accept"}},
        "gw-1": {
            "forwards": True,
            "interfaces": [
                {"link": "lan", "mac": LAN, "address": "10.0.1.1"},
                {"link": "far", "mac": FAR, "address": "10.0.2.1"},
            ],
        },
    }  # fmt: skip
    story = tale(
        at=(1, 8, 15, 22, 31), kind=kind, broker={"gateway": "10.0.1.1"}, hosts=hosts, **more
    )
    story["links"]["far"] = {"prefix": "10.0.2.0/24", "kind": kind}
    often = {"from": 0.5, "to": 36, "every": 4}
    story["connections"] += [
        {"client": "producer-8", "server": "broker-2", "at": often},
        {"client": "producer-71", "server": "broker-1", "at": often},
    ]
    story["neighbors"] = [wrong] if wrong else []
    story["captures"] = list(captures)
    return story


ENDS = ({"host": "broker-1"}, {"host": "producer-7"})


def syns():
    return routed(*ENDS, {"host": "gw-1"}, wrong=WRONG_SERVER)


def answers():
    return routed(*ENDS, {"host": "gw-1", "interface": "eth1"}, wrong=WRONG_CLIENT)


def only_the_router_and_the_server():
    return routed({"host": "broker-1"}, {"host": "gw-1"}, wrong=WRONG_SERVER)


def behind_a_virtual_routers_mac():
    """It is sent to, and not sent from."""
    story = syns()
    story["hosts"]["gw-1"]["interfaces"][0] |= {
        "address": "10.0.1.2", "virtual": {"10.0.1.1": VIRTUAL},
    }  # fmt: skip
    return story


def the_router_lists_its_interfaces():
    """Two MACs alone are in its capture: nothing but the list tells whose it is."""
    story = syns()
    story["connections"].pop(1)
    story["dumps"] = [{"host": "gw-1", "kind": "ip addr", "at": [20]}]
    return story


@pytest.mark.parametrize("table", [False, True])
@pytest.mark.parametrize(
    ("story", "ip", "right", "leg"),
    [
        (syns, "10.0.1.10", B, "syn"),
        (answers, REMOTE, P, "syn-ack"),
        (only_the_router_and_the_server, "10.0.1.10", B, "syn"),
        (behind_a_virtual_routers_mac, "10.0.1.10", B, "syn"),
        (the_router_lists_its_interfaces, "10.0.1.10", B, "syn"),
    ],
)
def test_a_routers_own_entry_is_found(story, ip, right, leg, table, tmp_path):
    story = story()
    if table:
        story.setdefault("dumps", []).append({"host": "gw-1", "at": [5, 20]})
    written(story, tmp_path)
    found = synack.diagnose(str(tmp_path))
    stale = [f for f in found.findings if f.kind == "stale-neighbor"]
    assert [(f.host, f.ip, f.stale_mac, f.actual_mac, f.leg) for f in stale] == [
        ("gw-1", ip, OLD, right, leg)
    ]
    assert stale[0].confidence in (("confirmed", "probable") if table else ("probable", "possible"))
    assert stale[0].attempts == 4
    assert {e.id for e in stale[0].evidence} >= {"mac-mismatch-on-wire", "lost-at-peer"}


def a_firewall_behind_it():
    return syns() | {
        "neighbors": [],
        "losses": [{"segments": ["syn"], "via": "gw-1", "to": "10.0.1.10"}],
    }


def what_it_hands_on_is_handed_on_again():
    """The MAC is a machine's that forwards; what comes to the server comes from there, and a third
    of it is lost."""
    story = syns()
    relay = "0a:5c:0e:77:d1:42"
    story["hosts"]["relay-2"] = {"address": "10.0.1.20", "mac": relay, "forwards": True}
    story["neighbors"] = [{**WRONG_SERVER, "mac": relay, "state": "PERMANENT"}]
    story["losses"] = [{"segments": ["syn"], "to": "10.0.1.10", "probability": 0.3}]
    return story


def another_router_is_next():
    """The server is on a network beyond a second router, whose firewall drops it all."""
    story = syns()
    story["neighbors"] = []
    story["links"]["deep"] = {"prefix": "10.0.3.0/24"}
    story["hosts"]["broker-1"] |= {"address": "10.0.3.10", "link": "deep", "gateway": "10.0.3.1"}
    story["hosts"]["gw-1"]["gateway"] = "10.0.1.2"
    story["hosts"]["gw-2"] = {
        "forwards": True, "gateway": "10.0.1.1",
        "interfaces": [
            {"link": "lan", "mac": NEXT, "address": "10.0.1.2"},
            {"link": "deep", "mac": "0a:02:00:00:00:03", "address": "10.0.3.1"},
        ],
    }  # fmt: skip
    story["losses"] = [{"segments": ["syn"], "to": "10.0.3.10", "via": "gw-2"}]
    return story


def seen_by_a_bystander_on_a_network_that_floods():
    """What a router sends to nobody's MAC is in every capture of the link: whose entry is wrong is
    not the bystander's to answer for."""
    story = routed(*ENDS, {"host": "producer-71"}, wrong=WRONG_SERVER, kind="flooding")
    story["connections"].pop()
    story["neighbors"].append({**WRONG_SERVER, "address": "10.0.1.11", "mac": "0a:de:ad:00:00:02"})
    return story


@pytest.mark.parametrize(
    "story",
    [
        a_firewall_behind_it, what_it_hands_on_is_handed_on_again, another_router_is_next,
        seen_by_a_bystander_on_a_network_that_floods,
    ],
)  # fmt: skip
def test_nobody_is_accused(story, tmp_path):
    written(story(), tmp_path)
    found = synack.diagnose(str(tmp_path))
    assert "stale-neighbor" not in {f.kind for f in found.findings}
    assert len(found.attempts)
