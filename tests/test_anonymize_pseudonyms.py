"""Pseudonyms: one to one, of the same kind, the same for the same key, found in sentences."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synack.addresses import BROADCAST_MAC, format_ip, format_mac, pack_ip, parse_ip, parse_mac
from synack.anonymize.pseudonyms import Pseudonyms

KEY = bytes(range(32))
NAMES = ["broker-1", "producer-7", "ip-10-0-1-77.ec2.internal", "b", "table"]
PATHS = {
    "/home/acme/broker-1-eth0.pcap.gz": "broker-1",
    "notes/b1.neigh.txt": "broker-1",
    "other/b1.neigh.txt": "broker-1",
    "broker-1-eth0.pcap": "producer-7",
}
V4 = st.integers(0, 2**32 - 1).map(lambda n: pack_ip(n.to_bytes(4, "big")))
V6 = st.integers(0, 2**128 - 1).map(lambda n: pack_ip(n.to_bytes(16, "big")))


def by(key=KEY):
    return Pseudonyms(key, NAMES, PATHS)


def ip(text, key=KEY):
    return format_ip(*by(key).ip(parse_ip(text)))


def mac(text):
    return format_mac(by().mac(parse_mac(text)))


# ---- addresses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "127.0.0.1", "224.0.0.5", "239.1.2.3", "255.255.255.255", "::1", "ff02::1",
        "ff02::fb",
    ],
)  # fmt: skip
def test_what_names_no_machine_stays(address):
    assert ip(address) == address


@pytest.mark.parametrize(
    "network",
    [
        "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "fe80::/64", "fc00::/7",
    ],
)  # fmt: skip
def test_a_range_with_a_meaning_is_kept(network):
    network = ipaddress.ip_network(network)
    some = [network[1], network[77], network[-2]]
    others = [ipaddress.ip_address(ip(str(address))) for address in some]
    assert all(other in network for other in others)
    assert set(others).isdisjoint(some)
    assert len(set(others)) == len(some)


@pytest.mark.parametrize("address", ["8.8.8.8", "203.0.113.9", "2001:db8::1", "2600:1f18::77"])
def test_public_addresses_stay_public(address):
    other = ipaddress.ip_address(ip(address))
    assert str(other) != address
    assert not any((other.is_multicast, other.is_loopback, other.is_link_local))
    assert other not in ipaddress.ip_network("10.0.0.0/8" if other.version == 4 else "fc00::/7")


@settings(max_examples=60)
@given(st.one_of(st.tuples(V4, V4), st.tuples(V6, V6)))
def test_different_addresses_stay_different_and_of_their_family(pair):
    names = by()
    one, two = names.ip(pair[0]), names.ip(pair[1])
    assert (one == two) == (pair[0] == pair[1])
    family = [":" in (format_ip(*address) or "::") for address in (one, two, *pair)]
    assert family[:2] == family[2:]


@settings(max_examples=60)
@given(st.integers(10 << 24, (11 << 24) - 1), st.integers(1, 24))
def test_a_common_prefix_stays_as_long(value, bits):
    """Two addresses that differ first in one bit do so afterwards."""
    names = by()
    other = value ^ (1 << (24 - bits))
    one, two = (names.ip(pack_ip(n.to_bytes(4, "big")))[1] for n in (value, other))
    assert (one ^ two).bit_length() == (value ^ other).bit_length()


def test_the_multicast_of_a_solicited_node_hides_the_node():
    assert ip("ff02::1:ffc2:6b30").startswith("ff02::1:ff")
    assert ip("ff02::1:ffc2:6b30") != "ff02::1:ffc2:6b30"
    # its Ethernet address has the same 24 bits
    tail = ip("ff02::1:ffc2:6b30").replace(":", "")[-6:]
    assert mac("33:33:ff:c2:6b:30").replace(":", "")[-6:] == tail


@pytest.mark.parametrize(
    "kept",
    [
        "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01",
        "00:00:5e:00:01:07", "00:00:0c:07:ac:01",
    ],
)  # fmt: skip
def test_group_and_virtual_macs_stay(kept):
    assert mac(kept) == kept


def test_the_vendor_is_kept_and_what_has_none_keeps_its_first_octet():
    assert mac("00:1b:21:c2:6b:30")[:8] == "00:1b:21"
    assert mac("00:1b:21:c2:6b:30") != "00:1b:21:c2:6b:30"
    assert mac("0a:e6:f1:c2:6b:30")[:2] == "0a"
    assert mac("0a:e6:f1:c2:6b:30")[3:8] != "e6:f1"


def test_no_two_macs_of_a_vendor_become_one():
    names, vendor = by(), 0x001B21 << 24
    assert len({names.mac(vendor | n) for n in range(1, 20_000)}) == 19_999
    assert all(names.mac(vendor | n) >> 24 == 0x001B21 for n in range(100))
    assert names.mac(-1) == -1
    assert names.mac(BROADCAST_MAC) == BROADCAST_MAC


def test_the_key_decides():
    assert ip("10.0.1.77") == ip("10.0.1.77")
    assert ip("10.0.1.77") != ip("10.0.1.77", key=bytes(32))
    assert by().name("broker-1") != by(bytes(32)).name("broker-1")
    assert by().mac(0x0AE6F1C26B30) != by(bytes(32)).mac(0x0AE6F1C26B30)


# ---- names and sentences ------------------------------------------------------------------


def test_a_name_becomes_a_digest_and_an_address_in_its_place_an_address():
    assert by().name("broker-1").startswith("host-")
    assert by().name("") == ""
    assert by().name("10.0.1.77") == ip("10.0.1.77")
    assert by().name("0a:e6:f1:c2:6b:30") == mac("0a:e6:f1:c2:6b:30")


def test_a_path_shows_its_host_and_kind_alone():
    names = by()
    shown = names.path("/home/acme/broker-1-eth0.pcap.gz")
    assert shown.startswith(names.name("broker-1") + "/")
    assert shown.endswith(".pcap.gz")
    assert "acme" not in shown
    assert "eth0" not in shown
    elsewhere = Pseudonyms(KEY, NAMES, {"x/broker-1-eth0.pcap.gz": "broker-1"})
    assert elsewhere.path("x/broker-1-eth0.pcap.gz") == shown
    assert names.path("notes/b1.neigh.txt") != names.path("other/b1.neigh.txt")
    assert "Acme" not in names.path("a/Customer.Acme")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("broker-1 eth0: 10.0.1.77 is cached", ["broker-1", "10.0.1.77"]),
        ("broker-1's table", ["broker-1"]),
        ("ip neigh del 10.0.1.77 dev eth0   # on broker-1", ["broker-1", "10.0.1.77"]),
        ("[fd00::1:77]:9092, fd00::1:78.", ["fd00::1:77", "fd00::1:78"]),
        ("at fe80::8e6:f1ff:fec2:6b30%eth0: gone", ["8e6:f1ff:fec2:6b30"]),
        ("at 0a:e6:f1:c2:6b:30.", ["e6:f1:c2:6b:30"]),
        ("from 0a:e6:f1:c2:6b:30: if it is", ["e6:f1:c2:6b:30"]),
        ("at 0A-E6-F1-C2-6B-30,", ["E6-F1-C2-6B-30"]),
        ("at 0ae6.f1c2.6b30 and 0ae6-f1c2-6b30", ["f1c2"]),
        ("at a:e6:f1:c2:6b:30 (macOS)", ["e6:f1:c2:6b:30"]),
        ("node ip-10-0-1-78.eu-west-1.compute.internal", ["10-0-1-78"]),
        ("node ip-10-0-1-77.ec2.internal", ["10-0-1-77", "ec2.internal"]),
        ("10_0_1_77.log", ["10_0_1_77"]),
        ("/home/acme/broker-1-eth0.pcap.gz: frame 3", ["acme", "broker-1"]),
        ("i-0abc1234 with eni-0123456789abcdef0", ["0abc1234", "0123456789"]),
        ("in vpc-11223344", ["11223344"]),
        ("arn:aws:ec2:eu-west-1:123456789012:instance/x is it", ["123456789012"]),
        ("http://10.0.1.77:8080/x?y=10.0.1.78", ["10.0.1.77", "10.0.1.78"]),
    ],
)  # fmt: skip
def test_found_in_a_sentence(text, secret):
    other = by().text(text)
    assert not [word for word in secret if word.lower() in other.lower()]


@pytest.mark.parametrize(
    "text",
    [
        "", "60 of 60 SYN-ACKs since 14:58:48 were lost", "2026-11-23 14:58:48 to 14:59:51 UTC",
        "frames 38, 69, 71 ... 606 (60 in all)", "kernel 6.18.44-fc-v445", "3.10.0-514.el7",
        "a segment to the right MAC", "tcp 127.0.0.1:9092", "12:34", "::", "Linux 5.10.0",
        "net.ipv4.neigh.default.gc_thresh1=0", "tabled", "at 12:30:45.123456",
    ],
)  # fmt: skip
def test_the_rest_of_a_sentence_stays(text):
    assert by().text(text) == text


def test_one_meaning_in_every_spelling():
    names = by()
    for spelled in ("0a:e6:f1:c2:6b:30", "0AE6.F1C2.6B30", "0a-e6-f1-c2-6b-30", "a:e6:f1:c2:6b:30"):
        assert names.text(f"at {spelled}") == "at " + mac("0a:e6:f1:c2:6b:30")
    assert names.text("ip-10-0-1-9") == "ip-" + ip("10.0.1.9").replace(".", "-")


@settings(max_examples=200)
@given(st.text())
def test_any_text_is_taken(text):
    assert isinstance(by().text(text), str)
