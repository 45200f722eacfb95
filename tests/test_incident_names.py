"""What names of files and folders spell, and whose a table is."""

from __future__ import annotations

import pytest

from synack.addresses import Address, parse_ip
from synack.incident.names import folder_host, host_and_interface, rotation, whose

NAMES = {
    # name: host, interface, name of the rotated set, number in it
    "broker-1.pcap": ("broker-1", "", "broker-1.pcap", 0),
    "broker-1-eth0.pcap": ("broker-1", "eth0", "broker-1-eth0.pcap", 0),
    "broker-1-eth0.pcap12.gz": ("broker-1", "eth0", "broker-1-eth0.pcap", 12),
    "broker-1-eth0.pcap.3": ("broker-1", "eth0", "broker-1-eth0.pcap", 3),
    "broker-1-eth0.pcap003.zst": ("broker-1", "eth0", "broker-1-eth0.pcap", 3),
    "broker-1-eth0.pcapng": ("broker-1", "eth0", "broker-1-eth0.pcapng", 0),
    "broker-1-eth0_00007_20260916140500.pcapng": ("broker-1", "eth0", "broker-1-eth0.pcapng", 7),
    "broker-1-eth0_20260916140500.pcap": ("broker-1", "eth0", "broker-1-eth0.pcap", None),
    "broker-1-eth0-2026-09-16_14-05-00.pcap.gz": ("broker-1", "eth0", "broker-1-eth0.pcap", None),
    "broker-1-20260916-140500.pcap": ("broker-1", "", "broker-1.pcap", None),
    "broker-1-eth0.100.pcap": ("broker-1", "eth0.100", "broker-1-eth0.100.pcap", 0),
    "kafka-3_bond0.100.cap": ("kafka-3", "bond0.100", "kafka-3_bond0.100.cap", 0),
    "web-1-enp0s31f6.pcap": ("web-1", "enp0s31f6", "web-1-enp0s31f6.pcap", 0),
    "node-7-cali1234abcd.pcap": ("node-7", "cali1234abcd", "node-7-cali1234abcd.pcap", 0),
    "broker-1-any.pcap": ("broker-1", "any", "broker-1-any.pcap", 0),
    "eth0.pcap": ("", "eth0", "eth0.pcap", 0),
    "eth0.100.pcap": ("", "eth0.100", "eth0.100.pcap", 0),
    "capture.pcap": ("", "", "capture.pcap", 0),
    "tcpdump-broker-1-eth0.pcap": ("broker-1", "eth0", "tcpdump-broker-1-eth0.pcap", 0),
    "ip-10-0-1-7-eth0.pcap": ("ip-10-0-1-7", "eth0", "ip-10-0-1-7-eth0.pcap", 0),
    "ip-10-0-1-7.ec2.internal.pcap": (
        "ip-10-0-1-7.ec2.internal", "", "ip-10-0-1-7.ec2.internal.pcap", 0,
    ),
    "10.0.1.7.pcap": ("10.0.1.7", "", "10.0.1.7.pcap", 0),
    "10.0.1.7-eth0.pcap": ("10.0.1.7", "eth0", "10.0.1.7-eth0.pcap", 0),
    "db.example.com.pcap": ("db.example.com", "", "db.example.com.pcap", 0),
    "-": ("", "", "-", None),
    ".pcap": ("", "", ".pcap", 0),
}  # fmt: skip

TABLE_NAMES = {
    "broker-1.neigh.txt": "broker-1",
    "broker-1_arp.txt": "broker-1",
    "arp-broker-1.txt": "broker-1",
    "ip-s-neigh-broker-1.txt": "broker-1",
    "broker-1.neigh.txt.1": "broker-1",
    "broker-1.neigh.2026-09-16T14:05:00Z.txt": "broker-1",
    "broker-1_2026-09-16.neigh.txt": "broker-1",
    "ip-10-0-1-7_arp.txt": "ip-10-0-1-7",
    "10.0.1.7_arp.txt": "10.0.1.7",
    "broker-1.nstat-before.txt": "broker-1",
    "broker-1.ip-addr.txt": "broker-1",
    "nstat_b_after.txt": "b",
    "poll_b.txt": "b",
    "broker-1_ip_neigh_2.txt": "broker-1",
    "broker-1.arp.30.txt": "broker-1",
    "broker-1-neigh-t30s.txt": "broker-1",
    "broker-1.neigh2.json": "broker-1",
    "broker-1.tcpdump3.log": "broker-1",
    "broker-1-cache2.txt": "broker-1-cache2",
    "arp-2.txt": "2",
    "web-2-30.txt": "web-2-30",
    "show-arp-switch1.txt": "switch1",
    "arp.txt": "",
    "arp-an.txt": "",
    "ip-s-neigh.txt": "",
    "ip_neigh_show.txt": "",
    "neigh.txt": "",
    "dump.txt": "",
    "monitor.log": "",
}


@pytest.mark.parametrize("name", NAMES)
def test_capture_names(name: str) -> None:
    """Host, interface, rotated set and number in it."""
    host, interface, together, number = NAMES[name]
    assert host_and_interface(name) == (host, interface)
    assert rotation(name) == (together, number)


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_table_names(name: str) -> None:
    assert host_and_interface(name) == (TABLE_NAMES[name], "")


def test_everyday_folders_name_nobody() -> None:
    assert [folder_host(n) for n in ("captures", "Logs", "tmp", "", "broker-1")] == [
        "", "", "", "", "broker-1",
    ]  # fmt: skip


def ips(*texts: str) -> set[Address]:
    return {packed for text in texts if (packed := parse_ip(text)) is not None}


OWN = {"broker": ips("10.0.0.10"), "producer": ips("10.0.0.20")}
PEERS = {"broker": ips("10.0.0.20", "10.0.0.30"), "producer": ips("10.0.0.10")}


@pytest.mark.parametrize(
    ("hint", "from_folder", "addresses", "host"),
    [
        ("broker", False, ips("10.0.0.10"), "broker"),  # the name decides
        ("BROKER", False, set(), "broker"),
        ("broker_ip_neigh_healed", False, ips("10.0.0.20"), "broker"),
        ("broker.arp.healed", False, ips("10.0.0.10"), "broker.arp.healed"),  # its own address
        ("broker-old", False, ips("10.0.0.20"), "broker-old"),  # another machine's name
        ("b", False, ips("10.0.0.20"), "broker"),
        ("b", False, set(), "broker"),
        ("b", False, ips("10.0.0.10"), "b"),  # lists broker's own address: not broker's
        ("p", False, ips("10.0.0.10"), "producer"),
        ("web", False, ips("10.0.0.20"), "web"),  # a name of its own stays
        ("run-3", True, ips("10.0.0.20"), "broker"),  # a folder's name gives way
        ("run-3", True, ips("192.168.0.1"), "run-3"),
        ("b", True, set(), "b"),  # a folder is no abbreviation
        ("", False, ips("10.0.0.20"), "broker"),
        ("", False, ips("10.0.0.10"), "producer"),
        ("", False, ips("10.0.0.30"), "broker"),
        ("", False, ips("10.0.0.10", "10.0.0.20"), ""),  # both hosts' own: nobody's
        ("", False, ips("192.168.0.1"), ""),
        ("", False, set(), ""),
    ],
)
def test_whose(hint: str, from_folder: bool, addresses: set[Address], host: str) -> None:
    """By name, by an abbreviation that fits, by addresses, else left alone."""
    assert whose(hint, from_folder, addresses, OWN, PEERS) == host


def test_whose_is_not_guessed() -> None:
    """Two hosts that fit are none."""
    twins = {"broker-1": ips("10.0.0.10"), "broker-2": ips("10.0.0.11")}
    peers = {"broker-1": ips("10.0.0.20"), "broker-2": ips("10.0.0.20")}
    assert whose("b", False, ips("10.0.0.20"), twins, peers) == "b"
    assert whose("", False, ips("10.0.0.20"), twins, peers) == ""
    assert whose("broker", False, ips("10.0.0.10"), twins, peers) == "broker"
    assert whose("broker", False, ips("10.0.0.10", "10.0.0.20"), twins, peers) == "broker-2"
