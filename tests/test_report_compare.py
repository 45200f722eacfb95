"""Our reading beside Wireshark's: where both are the same, and where one is wrong."""

from __future__ import annotations

import pytest

from synack.report import compare
from synack.report.dissect import Field, Layer
from synack.tables import NO_TIME


def layer(name: str, **fields: str) -> Layer:
    """``eth_src="..."`` is the field ``eth.src``."""
    found = (
        Field(key.replace("__", "\0").replace("_", ".").replace("\0", "_"), value, value, False)
        for key, value in fields.items()
    )
    return Layer(name, tuple(found))


FRAME = layer(
    "frame", frame_time__epoch="1795445928.649377108", frame_len="74", frame_cap__len="60"
)
ETH = layer("eth", eth_src="0a:e6:f1:c2:6b:30", eth_dst="0a:1f:3c:90:5e:a1")
IP = layer("ip", ip_src="10.0.1.77", ip_dst="10.0.1.10", ip_ttl="64")
TCP = layer(
    "tcp", tcp_srcport="59380", tcp_dstport="9092", tcp_seq__raw="7", tcp_ack__raw="9",
    tcp_flags="0x0012", tcp_window__size__value="64240", tcp_len="0",
    tcp_options_timestamp_tsval="5", tcp_options_timestamp_tsecr="6",
)  # fmt: skip
SEGMENT = {
    "kind": 2, "src_hi": 0, "src_lo": 0xFFFF0A00014D, "dst_hi": 0, "dst_lo": 0xFFFF0A00010A,
    "src_port": 59380, "dst_port": 9092, "seq": 7, "ack": 9, "flags": 0x12, "window": 64240,
    "payload": 0, "ttl": 64, "tsval": 5, "tsecr": 6, "src_mac": 0x0AE6F1C26B30,
    "dst_mac": 0x0A1F3C905EA1, "vlan": -1, "icmp": -1,
}  # fmt: skip


def different(packet, **changed: int) -> list[tuple[str, str, str]]:
    return [tuple(c) for c in compare.segment(packet, SEGMENT | changed) if c.differs]


def test_all_the_same():
    compared = list(compare.segment([FRAME, ETH, IP, TCP], SEGMENT))
    assert len(compared) == 14
    assert not any(field.differs for field in compared)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("src_lo", 0xFFFF0A00014E, ("source", "10.0.1.77", "10.0.1.78")),
        ("dst_port", 9093, ("destination port", "9092", "9093")),
        ("seq", 8, ("sequence number", "7", "8")),
        ("ack", 8, ("acknowledgment number", "9", "8")),
        ("flags", 0x10, ("flags", "0x012", "0x010")),
        ("window", 1, ("window", "64240", "1")),
        ("payload", 1, ("payload", "0", "1")),
        ("ttl", 63, ("TTL", "64", "63")),
        ("tsval", -1, ("TSval", "5", "")),
        ("tsecr", 7, ("TSecr", "6", "7")),
        ("src_mac", -1, ("source MAC", "0a:e6:f1:c2:6b:30", "")),
        ("dst_mac", 1, ("destination MAC", "0a:1f:3c:90:5e:a1", "00:00:00:00:00:01")),
        ("vlan", 5, ("VLAN", "", "5")),
    ],
)
def test_every_field_can_differ(column, value, says):
    assert different([FRAME, ETH, IP, TCP], **{column: value}) == [says]


def test_a_packet_that_wireshark_reads_otherwise():
    """Without a TCP layer, say: all that we read in it stands against nothing."""
    found = different([FRAME, ETH, layer("data", data_data="00")])
    assert ("source port", "", "59380") in found
    assert ("source", "", "10.0.1.77") in found


def test_the_innermost_counts():
    """What is around a tunnel is not its packet's."""
    outer = layer("ip", ip_src="192.0.2.1", ip_dst="192.0.2.2", ip_ttl="9")
    tagged = layer("vlan", vlan_id="9")
    udp, vxlan = layer("udp"), layer("vxlan")
    other = layer("eth", eth_src="02:00:00:00:00:01", eth_dst="02:00:00:00:00:02")
    assert different([FRAME, other, tagged, outer, udp, vxlan, ETH, IP, TCP]) == []
    in_ip = [FRAME, other, tagged, outer, IP, TCP]
    assert different(in_ip, src_mac=-1, dst_mac=-1) == []


def test_an_icmp_error_is_compared_by_what_it_quotes():
    """On the link of the error itself."""
    outer = layer("ip", ip_src="10.0.1.1", ip_dst="10.0.1.77", ip_ttl="255")
    short = layer("tcp", tcp_srcport="59380", tcp_dstport="9092", tcp_seq__raw="7")
    quote = SEGMENT | {"kind": 5, "flags": 0, "ack": 0, "window": 0, "ttl": 0}
    packet = [FRAME, ETH, outer, layer("icmp"), IP, short]
    compared = list(compare.segment(packet, quote))
    assert [field.field for field in compared if field.differs] == []
    assert ("source", "10.0.1.77", "10.0.1.77") in compared


@pytest.mark.parametrize(
    ("theirs", "differs"),
    [
        ("1795445928.649377108", False),
        ("2026-11-23T14:58:48.649377108Z", False),
        ("1795445928.649377000", True),
        ("", True),
        ("yesterday", True),
    ],
)
def test_times_of_old_and_new_tshark(theirs, differs):
    frame = layer("frame", frame_time__epoch=theirs, frame_len="74", frame_cap__len="60")
    fields = list(compare.record([frame], 1_795_445_928_649_377_108, 74, 60))
    assert [f.differs for f in fields] == [differs, False, False]


def test_a_time_that_nobody_recorded():
    assert [f.field for f in compare.record([FRAME], NO_TIME, 74, 60)] == [
        "length", "captured length",
    ]  # fmt: skip


ARP = layer(
    "arp", arp_opcode="2", arp_src_hw__mac="0a:e6:f1:c2:6b:30", arp_src_proto__ipv4="10.0.1.77",
    arp_dst_proto__ipv4="10.0.1.10",
)  # fmt: skip
CLAIM = {
    "op": 2, "ip_hi": 0, "ip_lo": 0xFFFF0A00014D, "mac": 0x0AE6F1C26B30, "asked_hi": 0,
    "asked_lo": 0xFFFF0A00010A, "src_mac": 0x0AE6F1C26B30, "dst_mac": 0x0A1F3C905EA1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({}, []),
        ({"op": 1}, ["operation"]),
        ({"mac": 1}, ["claimed MAC"]),
        ({"ip_lo": 0xFFFF0A000101}, ["claimed address"]),
        ({"asked_lo": 0xFFFF0A000101}, ["asked for"]),
        ({"dst_mac": -1}, ["destination MAC"]),
    ],
)
def test_arp(changed, fields):
    compared = compare.claim([FRAME, ETH, ARP], CLAIM | changed)
    assert [field.field for field in compared if field.differs] == fields
