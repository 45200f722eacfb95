"""The generator's tables in the spelling of the tools: every format says the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tales import KNOWS, STALE, P, tale, written

import synack
from synack.addresses import parse_mac
from synack.context.counters import as_counters, read_counters
from synack.context.interfaces import read_interfaces
from synack.neighbors.reader import read_neighbors

KINDS = ["ip -s neigh", "ip neigh", "ip -j -s neigh", "arp -an", "arp -n", "/proc/net/arp"]


def dumped(tmp_path, kind, **more):
    """The files of one dump at second 20: an entry that is wrong, one that failed, one right."""
    entries = [
        {**STALE, "state": "PERMANENT"},
        {"host": "broker-1", "address": "10.0.1.5", "mac": P, "kept": True},
        KNOWS,
    ]
    story = tale(neighbors=entries, dumps=[{"host": "broker-1", "at": [20], "kind": kind, **more}])
    hosts = story["hosts"]
    hosts["gone"] = {"address": "10.0.1.6", "mac": "0a:06:06:06:06:06", "up": [90, 99]}
    story["connections"].append({"client": "broker-1", "server": "10.0.1.6", "at": [18]})
    written(story, tmp_path)
    return next(p for p in tmp_path.iterdir() if "broker-1." in p.name and "pcap" not in p.name)


@pytest.mark.parametrize("kind", KINDS)
def test_each_format_is_read_back(kind, tmp_path):
    path = dumped(tmp_path, kind)
    found = read_neighbors(str(path), path.read_bytes())
    assert found.unread == []
    rows = {}
    for e in found.entries:
        ip = synack.addresses.format_ip(*e.ip)
        rows[ip] = synack.addresses.format_mac(e.mac) if e.mac >= 0 else ""
    assert rows.pop("10.0.1.77") == STALE["mac"]
    assert rows.pop("10.0.1.5") == P
    assert rows.pop("10.0.1.6") in ("", "00:00:00:00:00:00")
    assert rows == {}


def test_the_spelling_is_that_of_iproute2(tmp_path):
    lines = dumped(tmp_path, "ip -s neigh").read_text().splitlines()
    assert lines[0] == "2026-03-02T14:00:20.000000000Z"
    assert lines[1].startswith(f"10.0.1.5 dev eth0 lladdr {P}  ref 1 used ")
    assert lines[1].endswith("probes 4 REACHABLE ")
    assert lines[2] == "10.0.1.6 dev eth0  ref 1 used 2/62/2probes 5 INCOMPLETE "
    assert lines[3].startswith(f"10.0.1.77 dev eth0 lladdr {STALE['mac']}  used ")
    assert lines[3].endswith("probes 4 PERMANENT ")
    plain = dumped(tmp_path / "2", "ip neigh").read_text().splitlines()
    assert plain[2] == "10.0.1.6 dev eth0 INCOMPLETE "


def test_columns_are_where_net_tools_has_them(tmp_path):
    sample = "10.0.0.50                ether   0a:ff:ee:00:00:50   CM                    eth0"
    line = dumped(tmp_path, "arp -n").read_text().splitlines()[4]
    places = [sample.index(w) for w in ("ether", "0a:", "CM", "eth0")]
    assert [line.index(w) for w in ("ether", "0a:", "CM", "eth0")] == places


def test_stamps(tmp_path):
    named = dumped(tmp_path, "ip neigh", stamp="name")
    assert named.name == "broker-1.neigh.20260302T140020Z.txt"
    assert not named.read_text().startswith("2026")
    bare = dumped(tmp_path / "2", "ip neigh", stamp="none", name="table.broker-1.txt")
    assert bare.name == "table.broker-1.txt"
    assert bare.read_text().startswith("10.0.1.5")
    late = dumped(tmp_path / "3", "ip neigh", off=3600)
    assert late.read_text().startswith("2026-03-02T15:00:20")
    assert json.loads(dumped(tmp_path / "4", "ip -j -s neigh").read_text())[0]["dst"] == "10.0.1.5"


def test_addresses_and_counters(tmp_path):
    text = dumped(tmp_path, "ip addr").read_text()
    assert "link/ether 0a:1f:3c:90:5e:a1 brd ff:ff:ff:ff:ff:ff" in text
    assert "inet 10.0.1.10/24 scope global eth0" in text
    story = tale(broker={"services": {"9092": "overflow"}})
    story["dumps"] = [
        {"host": "broker-1", "kind": "nstat", "at": at, "name": f"{at}.txt"} for at in (0, 30)
    ]
    written(story, tmp_path / "n")
    found = []
    for at in (0, 30):
        reading = read_counters("n", Path(tmp_path / "n" / f"{at}.txt").read_text())
        assert reading is not None
        found.append(as_counters(reading.table))
    before, after = found
    assert before["TcpExtListenOverflows"] == 0
    assert after["TcpExtListenOverflows"] == 3
    assert after["TcpInSegs"] > before["TcpInSegs"]


def test_a_virtual_routers_address_is_on_an_interface_of_its_own(tmp_path):
    virtual, router = "00:00:5e:00:01:07", "0a:01:00:00:00:01"
    port = {"link": "lan", "mac": router, "address": "10.0.1.2", "virtual": {"10.0.1.1": virtual}}
    story = tale(hosts={"gw-1": {"forwards": True, "interfaces": [port]}})
    story["dumps"] = [{"host": "gw-1", "kind": "ip addr", "at": [20]}]
    written(story, tmp_path)
    path = tmp_path / "gw-1.ip-addr.txt"
    own = read_interfaces(str(path), path.read_text()).table
    listed = dict(zip(own["interface"].tolist(), own["mac"].tolist(), strict=True))
    assert listed["eth0"] == parse_mac(router)
    assert listed["vrrp.1"] == parse_mac(virtual)
