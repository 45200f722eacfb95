"""A router's own entry is as wrong as an end's: with its capture it is named, without not."""

from __future__ import annotations

import pytest
from tales import OLD, B, P, tale, written

import synack

INNER = "0a:01:00:00:00:02"
FAR = "10.0.2.31"
TABLE = [{"host": "gw-1", "at": [5, 20]}]
CLIENT, SERVER, OTHER = ({"host": h} for h in ("producer-7", "broker-1", "producer-71"))
OUTSIDE, INSIDE = {"host": "gw-1", "interface": "eth0"}, {"host": "gw-1", "interface": "eth1"}
ANY = {"host": "gw-1", "interface": "any", "link_type": "LINUX_SLL"}


def beyond(captures, dumps=TABLE, wrong=True, losses=()):
    """A client behind a router, which has another one there that does well."""
    story = tale(at=(1, 8, 15, 22), broker={"gateway": "10.0.1.1"}, connect={})
    story["links"]["far"] = {"prefix": "10.0.2.0/24", "kind": "cloud"}
    for name, address, mac in (
        ("producer-7", FAR, P),
        ("producer-71", "10.0.2.71", "0a:47:b2:0d:93:c4"),
    ):
        story["hosts"][name] = {"address": address, "mac": mac, "link": "far"}
        story["hosts"][name]["gateway"] = "10.0.2.1"
    story["hosts"]["gw-1"] = {
        "forwards": True,
        "interfaces": [
            {"name": "eth0", "link": "lan", "mac": "0a:01:00:00:00:01", "address": "10.0.1.1"},
            {"name": "eth1", "link": "far", "mac": INNER, "address": "10.0.2.1"},
        ],
    }
    story["connections"].append(
        {"client": "producer-71", "server": "broker-1", "at": [0.5, 5, 10, 20, 30, 36]}
    )
    if wrong:
        story["neighbors"] = [{"host": "gw-1", "address": FAR, "mac": OLD, "kept": True}]
    return story | {"captures": captures, "dumps": dumps, "losses": list(losses)}


@pytest.mark.parametrize(
    ("captures", "dumps", "confidence"),
    [
        ([SERVER, CLIENT, OTHER, INSIDE], TABLE, "confirmed"),
        ([SERVER, CLIENT, OUTSIDE, INSIDE], TABLE, "confirmed"),
        ([SERVER, CLIENT, OUTSIDE, INSIDE], [], "probable"),
        ([SERVER, INSIDE], TABLE, "probable"),  # nobody saw it missing
        ([SERVER, CLIENT, OTHER, INSIDE], [], "possible"),  # may be a switch's mirror port
        ([SERVER, CLIENT, OUTSIDE], TABLE, None),  # not the side of the entry
        ([SERVER, CLIENT], TABLE, None),
    ],
)
def test_who_passes_it_on_is_named_if_its_capture_shows_it(captures, dumps, confidence, tmp_path):
    written(beyond(captures, dumps), tmp_path)
    diagnosis = synack.diagnose(tmp_path)
    stale = [f for f in diagnosis.findings if f.kind == "stale-neighbor"]
    assert [f.confidence for f in stale] == [confidence] * (confidence is not None)
    for finding in stale:
        assert (finding.host, finding.ip) == ("gw-1", FAR)
        assert (finding.stale_mac, finding.actual_mac) == (OLD, P)
        assert finding.attempts == 4
        assert finding.control is not None
        assert finding.control.right.completed == 6
    assert {f.kind for f in diagnosis.findings} == {"stale-neighbor" if stale else "syn-ack-lost"}


def test_what_is_lost_beyond_a_right_entry_accuses_nobody(tmp_path):
    lost = {"segments": ["syn-ack"], "to": FAR, "cause": "firewall"}
    written(beyond([SERVER, CLIENT, OUTSIDE, INSIDE], wrong=False, losses=[lost]), tmp_path)
    assert [f.kind for f in synack.diagnose(tmp_path).findings] == ["syn-ack-lost"]


@pytest.mark.parametrize("captures", [[SERVER, CLIENT, ANY], [SERVER, ANY], [ANY]])
def test_a_router_captured_on_all_interfaces_is_named_by_its_table(captures, tmp_path):
    """Its capture has no destination MAC, but what came to it and that it went on."""
    written(beyond(captures), tmp_path)
    (finding,) = synack.diagnose(tmp_path).findings
    assert (finding.kind, finding.confidence) == ("stale-neighbor", "possible")
    assert (finding.host, finding.ip, finding.attempts) == ("gw-1", FAR, 4)
    assert (finding.stale_mac, finding.actual_mac) == (OLD, P)


@pytest.mark.parametrize("router", [ANY, OUTSIDE])
def test_an_owner_that_the_router_never_hears_is_near_by_its_table(router, tmp_path):
    """All that went to the broker went astray; the broker's own capture tells its MAC."""
    story = beyond([SERVER, CLIENT, router])
    story["neighbors"] = [{"host": "gw-1", "address": "10.0.1.10", "mac": OLD, "kept": True}]
    near = {"address": "10.0.1.72", "mac": "0a:48:00:00:00:72", "link": "lan"}
    story["hosts"]["producer-72"] = near
    story["connections"].append({**story["connections"][-1], "client": "producer-72"})
    written(story, tmp_path)
    (finding,) = synack.diagnose(tmp_path).findings
    assert (finding.kind, finding.host, finding.ip) == ("stale-neighbor", "gw-1", "10.0.1.10")
    assert (finding.stale_mac, finding.actual_mac, finding.leg) == (OLD, B, "syn")


@pytest.mark.parametrize("virtual", ["", "00:00:5e:00:01:07", "00:1c:73:00:09:99"])
def test_a_router_between_the_server_and_whom_nobody_captured(virtual, tmp_path):
    """What it passes on has come by a router, and the server's own capture is there: it is at
    neither end. The answers may come to a virtual MAC, which an operator may have chosen."""
    story = beyond([SERVER, OUTSIDE], [])
    if virtual:
        story["hosts"]["broker-1"]["gateway"] = "10.0.1.254"
        story["hosts"]["gw-1"]["interfaces"][0]["virtual"] = {"10.0.1.254": virtual}
    wrong = {"host": "gw-1", "address": "10.0.1.10", "mac": OLD, "kept": True, "deleted": 30}
    near = {"address": "10.0.1.72", "mac": "0a:48:00:00:00:72", "link": "lan"}
    story["hosts"]["producer-72"] = near
    story["connections"].append({**story["connections"][-1], "client": "producer-72"})
    written(story | {"neighbors": [wrong]}, tmp_path)
    (finding,) = synack.diagnose(tmp_path).findings
    assert (finding.kind, finding.host, finding.ip) == ("stale-neighbor", "gw-1", "10.0.1.10")
    assert (finding.stale_mac, finding.actual_mac, finding.leg) == (OLD, B, "syn")
    assert finding.confidence == "possible"  # may be a switch's mirror port


@pytest.mark.parametrize("listed", [True, False])
def test_a_router_without_either_end_by_its_own_addresses(listed, tmp_path):
    """Who sent it, its list of interfaces tells: what is flooded is not in question. Another
    client tells whose the address is."""
    dump = {"host": "gw-1", "kind": "ip addr", "at": [5]}
    story = beyond([OUTSIDE, {"host": "producer-72"}], [dump] if listed else [])
    wrong = {"host": "gw-1", "address": "10.0.1.10", "mac": OLD, "kept": True, "deleted": 30}
    near = {"address": "10.0.1.72", "mac": "0a:48:00:00:00:72", "link": "lan"}
    story["hosts"]["producer-72"] = near
    story["connections"].append({**story["connections"][-1], "client": "producer-72"})
    written(story | {"neighbors": [wrong]}, tmp_path)
    clocks = [f"[hosts.{name}]\nclock_offset_s = 0.0\n" for name in ("gw-1", "producer-72")]
    (tmp_path / "incident.toml").write_text("".join(clocks))
    stale = [f for f in synack.diagnose(tmp_path).findings if f.kind == "stale-neighbor"]
    assert [(f.host, f.ip, f.confidence) for f in stale] == [
        ("gw-1", "10.0.1.10", "possible")
    ] * listed


@pytest.mark.parametrize(
    ("captures", "dumps", "wrong"),
    [([SERVER, CLIENT, ANY], [], True), ([SERVER, CLIENT, ANY], TABLE, False)],
)
def test_a_router_captured_on_all_interfaces_without_a_wrong_table(
    captures, dumps, wrong, tmp_path
):
    lost = {"segments": ["syn-ack"], "to": FAR, "cause": "firewall"}
    written(beyond(captures, dumps, wrong, [] if wrong else [lost]), tmp_path)
    assert [f.kind for f in synack.diagnose(tmp_path).findings] == ["syn-ack-lost"]


def handed_on_again(captures=(SERVER, CLIENT, INSIDE)):
    """The MAC is a machine's that forwards, and some of it is lost by chance."""
    story = beyond(list(captures))
    relay = {"address": "10.0.2.20", "mac": OLD, "link": "far", "forwards": True}
    story["hosts"]["relay-2"] = relay
    story["losses"] = [{"segments": ["syn-ack"], "to": FAR, "probability": 0.3}]
    return story


def handed_on_again_and_captured_on_all_interfaces():
    return handed_on_again((SERVER, CLIENT, ANY))


def flooded_to_a_bystander():
    """What a router sends to nobody's MAC is in every capture of the link."""
    story = beyond([SERVER, CLIENT, OTHER], [{"host": "producer-71", "at": [5, 20]}])
    story["links"]["far"]["kind"] = "flooding"
    return story


@pytest.mark.parametrize(
    "story",
    [handed_on_again, handed_on_again_and_captured_on_all_interfaces, flooded_to_a_bystander],
)
def test_who_does_not_pass_it_on_wrongly_is_not_named(story, tmp_path):
    written(story(), tmp_path)
    assert "stale-neighbor" not in {f.kind for f in synack.diagnose(tmp_path).findings}


def test_a_mirror_port_shows_the_same_and_the_finding_says_so(tmp_path):
    written(beyond([SERVER, CLIENT, OTHER, INSIDE], []), tmp_path)
    (finding,) = synack.diagnose(tmp_path).findings
    (doubt,) = (e for e in finding.evidence if e.id == "sender-uncertain")
    assert INNER in doubt.says
    assert "mirror port" in doubt.says


def test_a_port_that_may_be_mirrored_without_a_witness_accuses_nobody(tmp_path):
    written(beyond([SERVER, INSIDE], []), tmp_path)
    assert "stale-neighbor" not in {f.kind for f in synack.diagnose(tmp_path).findings}


@pytest.mark.parametrize("captures", [[SERVER, CLIENT, OTHER], [SERVER, OTHER]])
def test_whoever_sees_it_flooded_has_no_entry(captures, tmp_path):
    """All that the other client records goes to or comes from the router's MAC, too."""
    story = beyond(captures, [])
    story["links"]["far"]["kind"] = "flooding"
    story["neighbors"][0] = {"host": "gw-1", "address": FAR, "mac": OLD, "state": "PERMANENT"}
    written(story, tmp_path)
    assert "stale-neighbor" not in {f.kind for f in synack.diagnose(tmp_path).findings}
