"""Whether a peer is a neighbor: by what a host does, is set to, and its frames show."""

from __future__ import annotations

import pytest
from scenario import B, Lan, X, Y
from stories import BROKER, CLIENT, Z, case_of, inventory, ip_addr

from synack.addresses import parse_ip, parse_mac
from synack.diagnosis.link import on_link

V6 = "fd00:10:0:1::77"


def by_table(net):
    net.dump(net.broker, 5)


def by_question(net):
    net.arp(0.1, 1, B, BROKER, CLIENT, heard=[net.broker])


def by_announcement(net):
    net.arp(0.1, 1, Y, CLIENT, "10.0.1.50", heard=[net.broker])


def by_a_table_with_a_third_mac(net):
    net.dump(net.broker, 5, {CLIENT: Z})


def file(name, text):
    def tell(net):
        net.files[name] = text

    return tell


def route(text):
    return file("broker-1.ip-route.txt", text)


DIRECT = "10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 \n"
DEFAULT = "default via 10.0.1.1 dev eth0 \n"
BOTH = [(BROKER, B, -9000), (CLIENT, Y, -100)]
APART = [(BROKER, B, -9000, "subnet-aa"), (CLIENT, Y, -100, "subnet-bb")]


@pytest.mark.parametrize(
    ("tell", "recorded", "says"),
    [
        (by_table, False, "neighbor table has an entry for 10.0.1.77"),
        (by_question, False, "itself asks who has 10.0.1.77"),
        (by_announcement, False, f"10.0.1.77 announces {Y}"),
        (lambda net: None, True, "with the MAC they left with"),
        (by_a_table_with_a_third_mac, True, "with the MAC they left with"),
        (by_a_table_with_a_third_mac, False, None),
        (lambda net: None, False, None),
        (route(DEFAULT + DIRECT), False, "a route to 10.0.1.77 without a gateway"),
        (route(DEFAULT), False, None),
        (route(DEFAULT), True, None),
        (route(DIRECT + "10.0.1.64/26 via 10.0.1.1 dev eth0 \n"), False, None),
        (route(DIRECT + f"{CLIENT} dev eth0 scope link \n"), False, "without a gateway"),
        (route("blackhole 10.0.1.77 \n"), False, None),
        (route(f"{CLIENT} via 10.0.1.1 dev eth0 src {BROKER} uid 0 \n    cache \n"), True, None),
        (route("10.0.2.0/24 dev eth0 proto kernel scope link \n"), False, None),
        (
            file("broker-1.ip-addr.txt", ip_addr("eth0", BROKER, B)),
            False,
            "10.0.1.77 is in the network of broker-1's 10.0.1.10/24",
        ),
        (file("broker-1.ip-addr.txt", ip_addr("eth0", BROKER, B, prefix=32)), False, None),
        (file("enis.json", inventory(*BOTH)), False, "in one subnet, subnet-b61f49f0"),
        (file("enis.json", inventory(*APART)), False, None),
        (file("enis.json", inventory(*APART)), True, None),
        (file("enis.json", inventory(BOTH[0])), False, None),
    ],
)
def test_why_it_is_on_the_link(tell, recorded, says, tmp_path):
    net = Lan()
    if not recorded:
        net.client.tape = None
    net.broker.knows(net.client, X)
    tell(net)
    net.play()
    case = case_of(net, tmp_path)
    host = case.hosts.index("broker-1")
    near = on_link(case, host, parse_ip(CLIENT), parse_mac(X), parse_mac(Y))
    if says is None:
        assert near is None
    else:
        assert near.id == "on-link"
        assert says in near.says
        assert len(near.sources) == 1


@pytest.mark.parametrize(
    ("text", "direct"),
    [
        ("fd00:10:0:1::/64 dev eth0 proto kernel metric 256 pref medium\n", True),
        ("fd00:10:0:2::/64 dev eth0 proto kernel metric 256 pref medium\n", False),
        ("default via fe80::1 dev eth0 proto ra metric 1024 pref medium\n", False),
        ("default dev eth0 scope link \n", False),
    ],
)
def test_routes_of_ipv6(text, direct, tmp_path):
    """A default route of IPv4 is none for IPv6."""
    net = Lan(v6=True)
    net.client.tape = None
    net.broker.knows(net.client, X)
    net.files["broker-1.ip-route.txt"] = text
    net.play()
    case = case_of(net, tmp_path)
    host = case.hosts.index("broker-1")
    near = on_link(case, host, parse_ip(V6), parse_mac(X), parse_mac(Y))
    assert (near is not None) == direct
