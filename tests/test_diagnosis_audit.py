"""Tables and inventories alone: what is wrong, what only looks so, and what cannot be told."""

from __future__ import annotations

import json

import pytest
from scenario import T0, B, X, Y
from stories import BROKER, CLIENT, inventory, ip_addr, leases, moment

import synack

Z = "0a:47:b2:0d:93:c4"
VRRP = "00:00:5e:00:01:0a"
DAY = 86_400


def table(*rows, at=5, dev="eth0"):
    """``ip -s neigh`` of (address, MAC, state and what is before it), below a date."""
    lines = [f"{ip} dev {dev} lladdr {mac}  {rest} " for ip, mac, rest in rows]
    return "\n".join([*([] if at is None else [moment(at)]), *lines]) + "\n"


def audited(folder, files):
    for name, text in files.items():
        (folder / name).write_text(text)
    return synack.diagnose(folder)


def found(diagnosis):
    return [(f.kind, f.host, f.ip, f.stale_mac, f.actual_mac) for f in diagnosis.findings]


STALE = ("stale-neighbor", "b1", CLIENT, X, Y)
OLD = table((CLIENT, X, "STALE"))
ENIS = inventory((BROKER, B, -9000), (CLIENT, Y, -100), asked=50)
GUILTY = {
    "an inventory": ({"b1.neigh.txt": OLD, "enis.json": ENIS},
                     {"table-entry", "owner-by-inventory", "old-mac-unknown"}),
    "an inventory without a date": (
        {"b1.neigh.txt": OLD, "enis.json": inventory((CLIENT, Y, -100))}, {"owner-by-inventory"}),
    "the machine's own addresses": (
        {"b1.neigh.txt": OLD, "p7.ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=60)},
        {"owner-by-own-addresses"}),
    "a lease": ({"b1.neigh.txt": OLD, "dhcpd.leases": leases((CLIENT, Y, -100, 500))},
                {"owner-by-lease"}),
    "own addresses beat a lease": (
        {"b1.neigh.txt": OLD, "dhcpd.leases": leases((CLIENT, X, -900, 500)),
         "p7.ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=60)}, {"owner-by-own-addresses"}),
    "the last of two leases": (
        {"b1.neigh.txt": OLD,
         "dhcpd.leases": leases((CLIENT, X, -900, 500), (CLIENT, Y, -100, 500))},
        {"owner-by-lease"}),
    "the old machine lives on with another address": (
        {"b1.neigh.txt": OLD,
         "enis.json": inventory((CLIENT, Y, -100), ("10.0.1.90", X, -50), asked=50)},
        {"old-mac-elsewhere"}),
    "ages": (
        {"b1.neigh.txt": table((CLIENT, X, "used 9/400/300 probes 1 STALE")), "enis.json": ENIS},
        {"entry-older-than-owner", "entry-unconfirmed-since-owner"}),
    "first seen after the owner's addresses, but older by its age": (
        {"b1.neigh.txt": table((CLIENT, X, "used 90/99/90 probes 1 STALE"), at=60),
         "p7.ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=10)}, {"owner-by-own-addresses"}),
    "a permanent entry": (
        {"b1.neigh.txt": table((CLIENT, X, "PERMANENT")), "enis.json": ENIS}, {"table-entry"}),
    "a table without a date": (
        {"b1.neigh.txt": table((CLIENT, X, "STALE"), at=None), "enis.json": inventory(
            (CLIENT, Y, -100))}, {"table-entry"}),
    "confirmed for another host, long unconfirmed here": (
        {"b1.neigh.txt": table((CLIENT, X, "used 300/400/300 probes 1 STALE")),
         "p9.neigh.txt": table((CLIENT, Y, "used 9/2/9 probes 1 REACHABLE"))},
        {"confirmed-later", "table-entry"}),
}  # fmt: skip


@pytest.mark.parametrize(("files", "evidence"), GUILTY.values(), ids=GUILTY)
def test_a_wrong_entry_is_possible(files, evidence, tmp_path):
    diagnosis = audited(tmp_path, files)
    assert found(diagnosis) == [STALE]
    (finding,) = diagnosis.findings
    assert finding.confidence == "possible"
    assert (finding.attempts, finding.sent, finding.rows) == (0, None, [])
    assert evidence | {"no-handshake-seen"} <= {one.id for one in finding.evidence}
    assert finding.remedy[0].startswith(f"ip neigh del {CLIENT} dev eth0")
    for one in finding.evidence:
        for source in one.sources:
            assert source.line is None or source.line >= 1
    document = json.loads(diagnosis.to_json())
    assert document["findings"][0]["attempts"] == 0
    assert document["audit"] == diagnosis.diagnosed.audit
    for report in (diagnosis.to_text(), diagnosis.to_markdown()):
        assert "no attempt was captured" in report or "none was captured" in report
        assert "Tables compared" in report


MANY = [(f"10.0.1.{n}", X, "STALE") for n in (77, 80, 81, 82)]
BOND = "1: bond0: <UP> mtu 1500\n    link/ether {a} brd ff:ff:ff:ff:ff:ff\n    inet {ip}/24\n" \
       "2: eth1: <UP> mtu 1500\n    link/ether {b} brd ff:ff:ff:ff:ff:ff\n"  # fmt: skip
INNOCENT = {
    "right": {"b1.neigh.txt": table((CLIENT, Y, "STALE")), "enis.json": ENIS},
    "nothing else": {"b1.neigh.txt": OLD},
    "another address": {"b1.neigh.txt": table(("10.0.1.99", X, "STALE")), "enis.json": ENIS},
    "failed": {"b1.neigh.txt": table((CLIENT, X, "FAILED")), "enis.json": ENIS},
    "incomplete": {"b1.neigh.txt": f"{moment(5)}\n{CLIENT} dev eth0 INCOMPLETE\n",
                   "enis.json": ENIS},
    "a proxy entry": {"b1.neigh.txt": f"{moment(5)}\n{CLIENT} dev eth0 proxy\n",
                      "enis.json": ENIS},
    "a virtual router": {"b1.neigh.txt": table((CLIENT, VRRP, "STALE")), "enis.json": ENIS},
    "a virtual router that owns it": {"b1.neigh.txt": OLD,
                                      "enis.json": inventory((CLIENT, VRRP, -100), asked=50)},
    "set for good, maybe by intent": {
        "b1.neigh.txt": table((CLIENT, X, "PERMANENT")),
        "p7.ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=10)},
    "one MAC for many": {"b1.neigh.txt": table(*MANY), "enis.json": ENIS},
    "a bond": {"b1.neigh.txt": table((CLIENT, X, "STALE")),
               "p7.ip-addr.txt": moment(5) + "\n" + BOND.format(a=Y, b=X, ip=CLIENT)},
    "attached after the table was taken": {
        "b1.neigh.txt": OLD, "enis.json": inventory((CLIENT, Y, 30), asked=50)},
    "an inventory of yesterday": {
        "b1.neigh.txt": OLD, "enis.json": inventory((CLIENT, Y, -3 * DAY), asked=-DAY)},
    "own addresses of tomorrow": {
        "b1.neigh.txt": OLD, "p7.ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=DAY)},
    "a lease that ended": {
        "b1.neigh.txt": OLD, "dhcpd.leases": leases((CLIENT, Y, -3 * DAY, -DAY))},
    "used again between two dumps": {
        "b1.neigh.txt": OLD + table((CLIENT, Y, "REACHABLE"), at=100),
        "p7.ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=120)},
    "a bridge of containers": {
        "b1.neigh.txt": table(("172.17.0.2", X, "REACHABLE"), dev="docker0"),
        "c9.ip-addr.txt": ip_addr("eth0", "172.17.0.2", Y, at=5)},
    "link-local": {
        "b1.neigh.txt": table(("fe80::1", X, "STALE")),
        "r1.ip-addr.txt": ip_addr("eth0", "fe80::1", Y, at=5)},
    "its own address, as BSD lists it": {
        "b1.arp.txt": moment(5) + f"\n? ({BROKER}) at {X} on em0 permanent [ethernet]\n",
        "b1.ip-addr.txt": ip_addr("em0", BROKER, X, at=5), "enis.json": ENIS},
    "two tables, and no ages": {
        "b1.neigh.txt": OLD, "p9.neigh.txt": table((CLIENT, Y, "REACHABLE"))},
    "two tables, both confirmed": {
        "b1.neigh.txt": table((CLIENT, X, "used 9/1/9 probes 1 REACHABLE")),
        "p9.neigh.txt": table((CLIENT, Y, "used 9/2/9 probes 1 REACHABLE"))},
    "two tables of a bond": {
        "b1.neigh.txt": table((CLIENT, Y[:-2] + "31", "used 300/400/300 probes 1 STALE")),
        "p9.neigh.txt": table((CLIENT, Y, "used 9/2/9 probes 1 REACHABLE"))},
    "two tables of two days": {
        "b1.neigh.txt": table((CLIENT, X, "used 300/400/300 probes 1 STALE"), at=-DAY),
        "p9.neigh.txt": table((CLIENT, Y, "used 9/2/9 probes 1 REACHABLE"))},
    "two machines in turn": {
        "b1.neigh.txt": table((CLIENT, Y, "REACHABLE")) + table((CLIENT, X, "REACHABLE"), at=30),
        "p7.ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=40)},
    "two machines in turn, and back": {
        "b1.neigh.txt": OLD + table((CLIENT, Y, "REACHABLE"), at=20)
        + table((CLIENT, X, "REACHABLE"), at=30),
        "p7.ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=10)},
    "corrected since": {
        "b1.neigh.txt": table((CLIENT, X, "used 11/3/11probes 4 REACHABLE"), at=12)
        + table((CLIENT, Y, "used 0/4/1probes 4 DELAY"), at=57),
        "p7.ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=40)},
    "first seen after the owner's addresses": {
        "b1.neigh.txt": table((CLIENT, X, "used 9/1/9 probes 4 REACHABLE"), at=60),
        "p7.ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=10)},
    "an interface that is attached to nothing": {
        "b1.neigh.txt": OLD,
        "enis.json": json.dumps({"NetworkInterfaces": [{
            "NetworkInterfaceId": "eni-1", "Status": "available", "MacAddress": Y,
            "PrivateIpAddress": CLIENT, "PrivateIpAddresses": []}]}, indent=1)},
}  # fmt: skip


@pytest.mark.parametrize("files", INNOCENT.values(), ids=INNOCENT)
def test_what_only_looks_wrong(files, tmp_path):
    diagnosis = audited(tmp_path, files)
    assert found(diagnosis) == []
    assert diagnosis.to_text().startswith("No finding: there is no handshake")


def test_two_machines_have_the_address_themselves(tmp_path):
    files = {
        "b1.neigh.txt": OLD,
        "p7.ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=6),
        "old7.ip-addr.txt": ip_addr("eth0", CLIENT, X, at=7),
    }
    diagnosis = audited(tmp_path, files)
    assert found(diagnosis) == [("duplicate-address", "b1", CLIENT, X, Y)]
    assert [one.id for one in diagnosis.findings[0].evidence] == [
        "table-entry", "owner-by-own-addresses", "owner-by-own-addresses", "no-handshake-seen",
    ]  # fmt: skip


def test_a_gateway_is_named_as_one(tmp_path):
    files = {
        "b1.neigh.txt": OLD,
        "b1.ip-route.txt": f"{moment(5)}\ndefault via {CLIENT} dev eth0 \n",
        "enis.json": ENIS,
    }
    (finding,) = audited(tmp_path, files).findings
    assert finding.next_hop == "gateway"
    assert f"the gateway {CLIENT}" in finding.summary


def test_a_healed_entry_says_so(tmp_path):
    """It was wrong from the first to the last dump that had it; the next has the right MAC."""
    text = OLD + table((CLIENT, X, "PROBE"), at=20) + table((CLIENT, Y, "REACHABLE"), at=30)
    (finding,) = audited(tmp_path, {"b1.neigh.txt": text, "enis.json": ENIS}).findings
    times = (finding.first, finding.last, finding.healed)
    assert [time // 10**9 - T0 for time in times] == [5, 20, 30]


def test_what_was_compared_is_said(tmp_path):
    rows = [(CLIENT, X, "STALE"), (BROKER, B, "STALE"), ("10.0.1.99", Z, "STALE")]
    diagnosis = audited(tmp_path, {"b1.neigh.txt": table(*rows), "enis.json": ENIS})
    (note,) = [text for text in diagnosis.diagnosed.audit if "compared" in text]
    assert "3 entries" in note
    assert "1 in agreement with what is known of the owner" in note
    assert "1 in contradiction to it" in note
    assert "1 of an address that nothing else knows" in note


def test_undecided_contradictions_are_said(tmp_path):
    files = {"b1.neigh.txt": OLD, "p9.neigh.txt": table((CLIENT, Y, "REACHABLE"))}
    (note,) = [text for text in audited(tmp_path, files).diagnosed.audit if "here tells" in text]
    assert f"{CLIENT} is at {X} for b1" in note
    assert f"at {Y} for p9" in note


def test_shuffled_files_and_names_give_the_same(tmp_path):
    texts = [("b1", OLD), ("p9", table((CLIENT, Y, "REACHABLE"))),
             ("p7", ip_addr("eth0", CLIENT, Y, at=60)), ("x", ENIS)]  # fmt: skip
    results = []
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]):
        folder = tmp_path / "".join(map(str, order))
        folder.mkdir()
        paths = []
        for place, number in enumerate(order):
            host, text = texts[number]
            (folder / f"{place}.txt").write_text(text)
            paths.append(f"{host}={folder}/{place}.txt")
        diagnosis = synack.diagnose(*paths)
        results.append((found(diagnosis), [f.summary for f in diagnosis.findings]))
    assert results[0][0] == [STALE]
    assert results[0] == results[1] == results[2]


def test_with_handshakes_the_tables_are_not_audited():
    """The rules for handshakes say then what an entry did."""
    from pathlib import Path

    fixtures = Path(__file__).parents[1] / "fixtures"
    diagnosis = synack.diagnose(fixtures / "stale-arp")
    assert diagnosis.diagnosed.audit == []
