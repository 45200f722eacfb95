"""Routes of ip, route and netstat."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from rows import rows

from synack.addresses import format_ip
from synack.context.routes import destination, read_netstat_routes, read_routes, read_routes_json
from synack.text import decode

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"
ROUTE = ("to_ip", "prefix", "via_ip", "interface", "type", "metric")


def sample(name: str) -> str:
    return decode((SAMPLES / name).read_bytes())


def test_on_link() -> None:
    """No gateway; text and JSON agree."""
    text = rows(read_routes("x", sample("ip-route.txt")), *ROUTE)
    assert text == [
        ("10.0.0.0", 24, "", "eth0", "unicast", -1), ("10.1.0.0", 24, "", "eth1", "unicast", -1),
        ("172.17.0.0", 16, "", "br0", "unicast", -1),
    ]  # fmt: skip
    assert rows(read_routes_json("x", sample("ip-j-route.json")), *ROUTE) == text


def test_kinds() -> None:
    """Default routes of both families, a gateway of the other family, what drops; ip-route(8)."""
    text = """default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 100
10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 metric 100
10.9.0.0/16 via 10.0.1.2 dev eth0
192.0.2.7 dev tun0 scope link
blackhole 10.66.0.0/16
10.4.0.0/16 via inet6 fe80::1 dev eth0
unreachable 10.67.0.0/16 dev lo metric 4294967295 error -113
default via fe80::1 dev eth0 proto ra metric 100 pref medium
fe80::/64 dev eth0 proto kernel metric 256 pref medium
local 10.0.1.10 dev eth0 table local proto kernel scope host src 10.0.1.10
"""
    assert rows(read_routes("x", text), *ROUTE, "line") == [
        ("0.0.0.0", 0, "10.0.1.1", "eth0", "unicast", 100, 1),
        ("10.0.1.0", 24, "", "eth0", "unicast", 100, 2),
        ("10.9.0.0", 16, "10.0.1.2", "eth0", "unicast", -1, 3),
        ("192.0.2.7", 32, "", "tun0", "unicast", -1, 4),
        ("10.66.0.0", 16, "", "", "blackhole", -1, 5),
        ("10.4.0.0", 16, "fe80::1", "eth0", "unicast", -1, 6),
        ("10.67.0.0", 16, "", "lo", "unreachable", 4294967295, 7),
        ("", 0, "fe80::1", "eth0", "unicast", 100, 8),
        ("fe80::", 64, "", "eth0", "unicast", 256, 9),
        ("10.0.1.10", 32, "", "eth0", "local", -1, 10),
    ]


def test_an_answer() -> None:
    """``ip route get`` says the way to one address."""
    reading = read_routes("x", sample("ip-route-get.txt"))
    assert rows(reading, *ROUTE) == [("10.0.0.2", 32, "", "eth0", "get", -1)]
    assert reading is not None
    assert reading.kind == "ip route get"


@pytest.mark.parametrize("name", sorted(p.name for p in SAMPLES.glob("*neigh*")))
def test_neighbors_are_no_routes(name: str) -> None:
    """Rows of neighbor tables begin alike."""
    assert read_routes("x", sample(name)) is None
    assert read_routes_json("x", sample(name)) is None


NET_TOOLS = """Kernel IP routing table
Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface
0.0.0.0         10.0.1.1        0.0.0.0         UG        0 0          0 eth0
10.0.1.0        0.0.0.0         255.255.255.0   U         0 0          0 eth0
10.0.9.0        *               255.255.255.0   U         0 0          0 eth1
10.66.0.0       -               255.255.0.0     !         0 -          0 -
10.7.0.0        10.0.1.2        255.x.0.0       UG        0 0          0 eth0
"""
MACOS = """Routing tables

Internet:
Destination        Gateway            Flags           Netif Expire
default            10.0.1.1           UGScg             en0
10.0.1/24          link#6             UCS               en0      !
10.0.1.1/32        link#6             UCS               en0      !
10.0.1.10          a:1f:3c:90:5e:a1   UHLWIi            en0   1163
127                127.0.0.1          UCS               lo0

Internet6:
Destination                             Gateway                         Flags         Netif Expire
default                                 fe80::1%en0                     UGcg            en0
fe80::%en0/64                           link#6                          UCI             en0
"""


def test_netstat() -> None:
    """Linux net-tools."""
    reading = read_netstat_routes("f", NET_TOOLS)
    assert rows(reading, *ROUTE) == [
        ("0.0.0.0", 0, "10.0.1.1", "eth0", "unicast", 0),
        ("10.0.1.0", 24, "", "eth0", "unicast", 0),
        ("10.0.9.0", 24, "", "eth1", "unicast", 0),
        ("10.66.0.0", 16, "", "-", "unreachable", 0),
    ]
    assert reading is not None
    assert [str(damage) for damage in reading.unread] == ["f, line 7: not a netmask"]


def test_netstat_of_macos() -> None:
    """Networks are abbreviated; neighbor entries among them are left out. netstat(1)."""
    assert rows(read_netstat_routes("x", MACOS), *ROUTE) == [
        ("0.0.0.0", 0, "10.0.1.1", "en0", "unicast", -1),
        ("10.0.1.0", 24, "", "en0", "unicast", -1),
        ("10.0.1.1", 32, "", "en0", "unicast", -1),
        ("127.0.0.0", 8, "", "lo0", "unicast", -1),
        ("", 0, "fe80::1", "en0", "unicast", -1),
        ("fe80::", 64, "", "en0", "unicast", -1),
    ]


@pytest.mark.parametrize(
    ("text", "six", "to"),
    [("default", False, ("0.0.0.0", 0)), ("default", True, ("", 0)), ("10", False, ("10.0.0.0", 8)),
     ("10.1/16", False, ("10.1.0.0", 16)), ("10.1.2.3", False, ("10.1.2.3", 32)),
     ("fd00::/8", False, ("fd00::", 8)), ("10.0.0.0/33", False, None), ("x", False, None),
     ("fd00::/129", True, None), ("10.0.0.0/x", False, None), ("", False, None)],
)  # fmt: skip
def test_destination(text: str, six: bool, to: tuple[str, int] | None) -> None:
    found = destination(text, six)
    assert (found and (format_ip(*found[0]), found[1])) == to


@pytest.mark.parametrize(
    "text",
    ["", "go via the dev server", "a via b dev c", '[{"dst":1,"dev":2}]', "10.0.0.1 dev eth0",
     '[{"dst":"10.0.0.1","dev":"eth0","state":["FAILED"]}]', "Destination Gateway"],
)  # fmt: skip
def test_others(text: str) -> None:
    assert read_routes("x", text) is None
    assert read_routes_json("x", text) is None
    assert read_netstat_routes("x", text) is None


def test_this_machine() -> None:
    """ip's text and JSON, and netstat, name the same networks."""
    commands = [["ip", "route"], ["ip", "-j", "route"]]
    printed = [decode(subprocess.run(c, capture_output=True, check=True).stdout) for c in commands]
    readers = read_routes, read_routes_json
    text, as_json = (
        rows(reader("x", one), *ROUTE) if one.strip("[] \n") else []
        for reader, one in zip(readers, printed, strict=True)
    )
    assert text == as_json
    netstat = decode(subprocess.run(["netstat", "-rn"], capture_output=True, check=True).stdout)
    reading = read_netstat_routes("x", netstat)
    shown = rows(reading, "to_ip", "prefix", "via_ip") if reading else []
    assert sorted(shown) == sorted(row[:3] for row in text)
