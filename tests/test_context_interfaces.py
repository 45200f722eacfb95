"""Own addresses and MACs, by every command that prints them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from rows import rows

from synack.context.interfaces import (
    read_ifconfig,
    read_interfaces,
    read_interfaces_brief,
    read_interfaces_json,
)
from synack.text import decode

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"
OWN = ("interface", "ip", "prefix", "mac", "up")


def sample(name: str) -> str:
    return decode((SAMPLES / name).read_bytes())


def test_addr() -> None:
    """One row for each address, at its line; loopback has no MAC."""
    assert rows(read_interfaces("x", sample("ip-addr.txt")), *OWN, "line") == [
        ("lo", "127.0.0.1", 8, "", 1, 3),
        ("lo", "::1", 128, "", 1, 5),
        ("eth0", "10.0.0.1", 24, "0a:1b:2c:00:00:01", 1, 9),
        ("eth0", "fd00::1", 64, "0a:1b:2c:00:00:01", 1, 11),
        ("eth0", "fe80::81b:2cff:fe00:1", 64, "0a:1b:2c:00:00:01", 1, 13),
        ("eth1", "10.1.0.1", 24, "be:c6:44:e7:97:8b", 1, 17),
        ("eth1", "fe80::bcc6:44ff:fee7:978b", 64, "be:c6:44:e7:97:8b", 1, 19),
        ("br0", "172.17.0.1", 16, "5a:ee:d6:01:f3:b3", 1, 23),
        ("br0", "fe80::58ee:d6ff:fe01:f3b3", 64, "5a:ee:d6:01:f3:b3", 1, 25),
    ]


def test_json_agrees() -> None:
    text = rows(read_interfaces("x", sample("ip-addr.txt")), *OWN)
    assert rows(read_interfaces_json("x", sample("ip-j-d-addr.json")), *OWN) == text


def test_link() -> None:
    """Without addresses one row for each interface; a tunnel's address of 4 bytes is no MAC."""
    found = rows(read_interfaces("x", sample("ip-d-link.txt")), *OWN)
    assert found[1:3] == [("eth0", "", -1, "0a:1b:2c:00:00:01", 1),
                          ("eth1", "", -1, "be:c6:44:e7:97:8b", 1)]  # fmt: skip
    odd = rows(read_interfaces("x", sample("odd-lladdr-tap-types.txt")), "interface", "mac")
    assert ("gre1", "") in odd


BRIEF = """lo               UNKNOWN        127.0.0.1/8 ::1/128
eth0@if2         UP             10.0.0.1/24 fe80::81b:2cff:fe00:1/64
eth1             DOWN
"""
ONE_LINE = r"""1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever
2: eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0\       valid_lft forever
2: eth0    inet6 fe80::81b:2cff:fe00:1/64 scope link \       valid_lft forever
"""


def test_brief_and_one_line() -> None:
    """``ip -br addr``, ``ip -br link``, ``ip -o addr``: forms of iproute2 6.1."""
    assert rows(read_interfaces_brief("x", BRIEF), *OWN, "line") == [
        ("lo", "127.0.0.1", 8, "", 0, 1), ("lo", "::1", 128, "", 0, 1),
        ("eth0", "10.0.0.1", 24, "", 1, 2), ("eth0", "fe80::81b:2cff:fe00:1", 64, "", 1, 2),
        ("eth1", "", -1, "", 0, 3),
    ]  # fmt: skip
    link = "eth0@if2  UP   0a:1b:2c:00:00:01 <BROADCAST,MULTICAST,UP,LOWER_UP> \n"
    assert rows(read_interfaces_brief("x", link), *OWN) == [
        ("eth0", "", -1, "0a:1b:2c:00:00:01", 1)
    ]
    assert rows(read_interfaces("x", ONE_LINE), *OWN) == [
        ("lo", "127.0.0.1", 8, "", -1), ("eth0", "10.0.0.1", 24, "", -1),
        ("eth0", "fe80::81b:2cff:fe00:1", 64, "", -1),
    ]  # fmt: skip


IFCONFIG = """eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 9001
        inet 10.0.1.10  netmask 255.255.255.0  broadcast 10.0.1.255
        inet6 fe80::81f:3cff:fe90:5ea1  prefixlen 64  scopeid 0x20<link>
        ether 0a:1f:3c:90:5e:a1  txqueuelen 1000  (Ethernet)
        RX packets 19446  bytes 798328247 (761.3 MiB)

lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536
        inet 127.0.0.1  netmask 255.0.0.0
"""
OLD_IFCONFIG = """eth0      Link encap:Ethernet  HWaddr 0A:1F:3C:90:5E:A1
          inet addr:10.0.1.10  Bcast:10.0.1.255  Mask:255.255.255.0
          inet6 addr: fe80::81f:3cff:fe90:5ea1/64 Scope:Link
          UP BROADCAST RUNNING MULTICAST  MTU:9001  Metric:1
"""
MACOS = """lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\toptions=1203<RXCSUM,TXCSUM,TXSTATUS,SW_TIMESTAMP>
\tinet 127.0.0.1 netmask 0xff000000
\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tether a:1f:3c:90:5e:a1
\tinet 10.0.1.77 netmask 0xffffff00 broadcast 10.0.1.255
\tstatus: active
"""


def test_ifconfig() -> None:
    """net-tools 2 and 1.60; macOS and BSD with masks in hexadecimal and a zone. ifconfig(8)."""
    mac = "0a:1f:3c:90:5e:a1"
    assert rows(read_ifconfig("x", IFCONFIG), *OWN, "line") == [
        ("eth0", "10.0.1.10", 24, mac, 1, 2),
        ("eth0", "fe80::81f:3cff:fe90:5ea1", 64, mac, 1, 3),
        ("lo", "127.0.0.1", 8, "", 1, 8),
    ]
    assert rows(read_ifconfig("x", OLD_IFCONFIG), *OWN) == [
        ("eth0", "10.0.1.10", 24, mac, 1), ("eth0", "fe80::81f:3cff:fe90:5ea1", 64, mac, 1),
    ]  # fmt: skip
    assert rows(read_ifconfig("x", MACOS), *OWN) == [
        ("lo0", "127.0.0.1", 8, "", 1), ("lo0", "fe80::1", 64, "", 1),
        ("en0", "10.0.1.77", 24, mac, 1),
    ]  # fmt: skip


def test_dates_above() -> None:
    """A loop of ``date; ip addr``: each interface as of its time."""
    text = "2026-11-25T02:44:00Z\n" + ONE_LINE + "2026-11-25T02:44:05Z\n" + ONE_LINE
    reading = read_interfaces("x", text)
    assert reading is not None
    assert len(reading.table) == 6
    assert len(set(reading.table["at"].tolist())) == 2


@pytest.mark.parametrize(
    "text",
    ["", "eth0 UP", "service UP 1/2", ' "ifname"', '[{"ifname":1,"flags":[]}]', "1: eth0: <",
     " inet 10.0.0.1/24 scope global eth0", "flags=", '[{"ifname":"a","flags":{}}]'],
)  # fmt: skip
def test_others(text: str) -> None:
    readers = read_interfaces, read_interfaces_json, read_interfaces_brief, read_ifconfig
    assert [reader("x", text) for reader in readers] == [None] * 4


def test_this_machine() -> None:
    """ip's text, JSON and ifconfig name the same addresses."""
    commands = [["ip", "addr"], ["ip", "-j", "addr"], ["ip", "-br", "addr"]]
    printed = [decode(subprocess.run(c, capture_output=True, check=True).stdout) for c in commands]
    readers = read_interfaces, read_interfaces_json, read_interfaces_brief
    text, as_json, brief = (
        rows(reader("x", one), "interface", "ip")
        for reader, one in zip(readers, printed, strict=True)
    )
    assert ("lo", "127.0.0.1") in text
    assert text == as_json
    assert sorted(brief) == sorted(text)
