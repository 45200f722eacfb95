"""Our reading of a packet beside Wireshark's, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from synack.addresses import format_ip, format_mac, parse_ip, parse_mac
from synack.report.dissect import Layer, Packet
from synack.tables import ARP_REPLY, ARP_REQUEST, ND_SOLICIT, NO_TIME, QUOTE
from synack.wording import iso_time

_IPS, _LINKS = ("ip", "ipv6"), ("eth", "sll")
_ACK = 16
_FLAGS = 0xFFF


class Compared(NamedTuple):
    """One field; "" where a side has none."""

    field: str
    wireshark: str
    synack: str

    @property
    def differs(self) -> bool:
        return self.wireshark != self.synack


def record(packet: Packet, time: int, length: int, captured: int) -> Iterator[Compared]:
    """``time`` (ns, NO_TIME none) and ``length`` (bytes) of a frame, ``captured`` of them."""
    frame = packet[0]
    if time != NO_TIME:
        yield Compared("time", _time(frame.get("frame.time_epoch") or ""), iso_time(time))
    yield Compared("length", frame.get("frame.len") or "", str(length))
    yield Compared("captured length", frame.get("frame.cap_len") or "", str(captured))


def segment(packet: Packet, row: dict[str, int]) -> Iterator[Compared]:
    """``row`` of segments; of an ICMP error, what it quotes."""
    tcp, network, link, tag = _around(packet, "tcp")
    quote = row["kind"] == QUOTE
    if quote:
        # The quoted headers are the innermost; the link is that of the error.
        link, tag = _around(packet, "icmp", "icmpv6")[2:]
    yield from _of_link(link, tag, row)
    for end, short in (("source", "src"), ("destination", "dst")):
        ours = format_ip(row[f"{short}_hi"], row[f"{short}_lo"])
        yield Compared(end, _ip(network.get(f"ip.{short}", f"ipv6.{short}")), ours)
    if not quote:
        yield from _number("TTL", network.get("ip.ttl", "ipv6.hlim"), row["ttl"])
    yield from _number("source port", tcp.get("tcp.srcport"), row["src_port"])
    yield from _number("destination port", tcp.get("tcp.dstport"), row["dst_port"])
    yield from _number("sequence number", tcp.get("tcp.seq_raw"), row["seq"])
    flags = tcp.get("tcp.flags")
    if not quote or (flags is not None and row["flags"]):
        theirs = None if flags is None else f"0x{int(flags, 16) & _FLAGS:03x}"
        yield Compared("flags", theirs or "", f"0x{row['flags'] & _FLAGS:03x}")
    if quote:
        return
    if row["flags"] & _ACK:
        yield from _number("acknowledgment number", tcp.get("tcp.ack_raw"), row["ack"])
    yield from _number("window", tcp.get("tcp.window_size_value"), row["window"])
    yield from _number("payload", tcp.get("tcp.len"), row["payload"])
    yield from _number("TSval", tcp.get("tcp.options.timestamp.tsval"), row["tsval"])
    yield from _number("TSecr", tcp.get("tcp.options.timestamp.tsecr"), row["tsecr"])


def claim(packet: Packet, row: dict[str, int]) -> Iterator[Compared]:
    """``row`` of claims: ARP or neighbor discovery."""
    arp = row["op"] in (ARP_REQUEST, ARP_REPLY)
    message, network, link, tag = _around(packet, "arp" if arp else "icmpv6")
    yield from _of_link(link, tag, row)
    yield from _number("operation", message.get("arp.opcode", "icmpv6.type"), row["op"])
    target = "icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address"
    mac = message.get("arp.src.hw_mac", "icmpv6.opt.linkaddr")
    sender, asked = message.get("arp.src.proto_ipv4"), message.get("arp.dst.proto_ipv4")
    if not arp:
        solicits = row["op"] == ND_SOLICIT
        sender = network.get("ipv6.src") if solicits else message.get(*target)
        asked = message.get(*target) if solicits else None
    yield from _both("claimed MAC", _mac(mac), format_mac(row["mac"]))
    yield from _both("claimed address", _ip(sender), format_ip(row["ip_hi"], row["ip_lo"]))
    yield from _both("asked for", _ip(asked), format_ip(row["asked_hi"], row["asked_lo"]))


_NOTHING = Layer("", ())


def _around(packet: Packet, *names: str) -> tuple[Layer, Layer, Layer, Layer]:
    """The innermost layer of these names, and what carries it: network, link and VLAN tag;
    those of a tunnel around it are not its own."""
    places = [place for place, layer in enumerate(packet) if layer.name in names]
    if not places:
        return (_NOTHING,) * 4
    network = link = tag = _NOTHING
    for layer in reversed(packet[: places[-1]]):
        if layer.name in _IPS:
            if network is not _NOTHING:
                break
            network = layer
        elif layer.name in ("vlan", "ieee8021ad"):
            tag = layer if tag is _NOTHING else tag
        elif layer.name in _LINKS:
            link = layer
            break
    return packet[places[-1]], network, link, tag if link is not _NOTHING else _NOTHING


def _of_link(link: Layer, tag: Layer, row: dict[str, int]) -> Iterator[Compared]:
    source, target = link.get("eth.src", "sll.src.eth"), link.get("eth.dst")
    yield from _both("source MAC", _mac(source), format_mac(row["src_mac"]))
    yield from _both("destination MAC", _mac(target), format_mac(row["dst_mac"]))
    if "vlan" in row:
        yield from _number("VLAN", tag.get("vlan.id", "ieee8021ad.id"), row["vlan"])


def _number(field: str, theirs: str | None, ours: int) -> Iterator[Compared]:
    """Nothing where neither side has one; ours is -1 then."""
    return _both(field, theirs or "", "" if ours < 0 else str(ours))


def _both(field: str, theirs: str, ours: str) -> Iterator[Compared]:
    if theirs or ours:
        yield Compared(field, theirs, ours)


def _mac(text: str | None) -> str:
    """In our spelling."""
    mac = parse_mac(text or "")
    return text or "" if mac is None else format_mac(mac)


def _ip(text: str | None) -> str:
    address = parse_ip(text or "")
    return text or "" if address is None else format_ip(*address)


_EPOCH = re.compile(r"(-?\d+)\.(\d{9})")
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z")


def _time(text: str) -> str:
    """``frame.time_epoch`` in our spelling: seconds, or ISO 8601 from tshark 4.6 on."""
    if (found := _EPOCH.fullmatch(text)) is not None:
        return iso_time(int(found[1]) * 10**9 + int(found[2]))
    if (found := _ISO.fullmatch(text)) is not None:
        begin = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
        return iso_time(int(begin.timestamp()) * 10**9 + int(found[2]))
    return text
