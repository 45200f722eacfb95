"""Captures for tests, written byte by byte and independent of the readers under test.

Layers nest from the inside out; addresses are strings, times integers in nanoseconds::

    syn = ip("10.0.0.1", "10.0.0.2", TCP, tcp(40000, 9092, seq=1, flags="S"))
    frame = ethernet("02:00:00:00:00:01", "02:00:00:00:00:02", syn)
    content = pcap([(1_700_000_000_000_000_000, frame)])

``ipv4``/``ipv6`` fill in the checksum of a TCP, UDP or ICMPv6 payload that has none.
"""

from __future__ import annotations

import bz2
import gzip
import io
import ipaddress
import lzma
import struct
from collections.abc import Iterable, Sequence

import lz4.frame
import zstandard

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58

ETHERNET, NULL, RAW, LOOP, SLL, SLL2 = 1, 0, 101, 108, 113, 276
"""Link types."""

COMPRESSIONS = ("gzip", "zstd", "xz", "bzip2", "lz4")

Option = tuple[int, bytes]


class Trickle(io.RawIOBase):
    """A stream that hands out at most one byte at a time, like a slow pipe."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._content.read(min(size, 1) if size >= 0 else 1)


def compress(name: str, content: bytes) -> bytes:
    """One member or frame of compression ``name`` (of :data:`COMPRESSIONS`)."""
    if name == "zstd":
        return zstandard.ZstdCompressor(write_checksum=True).compress(content)
    if name == "lz4":
        return bytes(lz4.frame.compress(content, content_checksum=True))
    if name == "gzip":  # the same bytes at any time: names of tests hold them
        return gzip.compress(content, mtime=0)
    return {"xz": lzma.compress, "bzip2": bz2.compress}[name](content)


# --- pcap --------------------------------------------------------------------------------


def pcap(
    records: Iterable[tuple[int, bytes] | tuple[int, bytes, int]] = (),
    *,
    link_type: int = ETHERNET,
    order: str = "<",
    nanoseconds: bool = False,
    modified: bool = False,
    version: tuple[int, int] = (2, 4),
    snaplen: int = 262144,
    swapped: bool = False,
) -> bytes:
    """A classic capture; records are (ns, data) or (ns, data, original length).

    ``modified`` is Kuznetzov's; ``swapped`` exchanges the lengths like versions before 2.3.
    """
    content = pcap_header(
        link_type=link_type,
        order=order,
        nanoseconds=nanoseconds,
        modified=modified,
        version=version,
        snaplen=snaplen,
    )
    for time, data, *rest in records:
        seconds, fraction = divmod(time, 10**9)
        lengths = [len(data), rest[0] if rest else len(data)]
        if swapped:
            lengths.reverse()
        tick = 1 if nanoseconds else 1000
        content += struct.pack(order + "IIII", seconds, fraction // tick, *lengths)
        content += bytes(8) if modified else b""
        content += data
    return content


def pcap_header(
    *,
    link_type: int = ETHERNET,
    order: str = "<",
    nanoseconds: bool = False,
    modified: bool = False,
    version: tuple[int, int] = (2, 4),
    snaplen: int = 262144,
) -> bytes:
    """The 24 bytes before the first record."""
    magic = 0xA1B2CD34 if modified else 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    return struct.pack(order + "IHHiIII", magic, *version, 0, 0, snaplen, link_type)


# --- pcapng ------------------------------------------------------------------------------


def block(kind: int, body: bytes = b"", *, order: str = "<") -> bytes:
    """Any block; the body is padded to 4 bytes."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def options(pairs: Sequence[Option], order: str = "<") -> bytes:
    """Options with their end mark; nothing at all for none."""
    content = b""
    for code, value in pairs:
        content += struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)
    return content + bytes(4) if pairs else b""


def shb(
    opts: Sequence[Option] = (),
    *,
    order: str = "<",
    version: tuple[int, int] = (1, 0),
    length: int = -1,
) -> bytes:
    """Section Header Block."""
    body = struct.pack(order + "IHHq", 0x1A2B3C4D, *version, length)
    return block(0x0A0D0D0A, body + options(opts, order), order=order)


def idb(
    link_type: int = ETHERNET,
    opts: Sequence[Option] = (),
    *,
    snaplen: int = 0,
    name: str | None = None,
    tsresol: int | None = None,
    tsoffset: int | None = None,
    order: str = "<",
) -> bytes:
    """Interface Description Block."""
    pairs = list(opts)
    if name is not None:
        pairs.append((2, name.encode()))
    if tsresol is not None:
        pairs.append((9, bytes([tsresol])))
    if tsoffset is not None:
        pairs.append((14, struct.pack(order + "q", tsoffset)))
    body = struct.pack(order + "HHI", link_type, 0, snaplen)
    return block(1, body + options(pairs, order), order=order)


def epb(
    ticks: int,
    data: bytes,
    opts: Sequence[Option] = (),
    *,
    interface: int = 0,
    captured: int | None = None,
    original: int | None = None,
    order: str = "<",
) -> bytes:
    """Enhanced Packet Block; ``ticks`` in the interface's resolution (default 1 us)."""
    lengths = (
        len(data) if captured is None else captured,
        len(data) if original is None else original,
    )
    body = struct.pack(order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, *lengths)
    return block(6, body + data + bytes(-len(data) % 4) + options(opts, order), order=order)


def spb(data: bytes, *, original: int | None = None, order: str = "<") -> bytes:
    """Simple Packet Block."""
    length = struct.pack(order + "I", len(data) if original is None else original)
    return block(3, length + data, order=order)


def pb(
    ticks: int,
    data: bytes,
    opts: Sequence[Option] = (),
    *,
    interface: int = 0,
    drops: int = 0xFFFF,
    order: str = "<",
) -> bytes:
    """The obsolete Packet Block."""
    words = (ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data))
    body = struct.pack(order + "HHIIII", interface, drops, *words)
    return block(2, body + data + bytes(-len(data) % 4) + options(opts, order), order=order)


def isb(opts: Sequence[Option] = (), *, interface: int = 0, order: str = "<") -> bytes:
    """Interface Statistics Block."""
    body = struct.pack(order + "III", interface, 0, 0) + options(opts, order)
    return block(5, body, order=order)


def nrb(names: Sequence[tuple[str, Sequence[str]]], *, order: str = "<") -> bytes:
    """Name Resolution Block of (address, names)."""
    body = b""
    for address, spelled in names:
        packed = _ip(address)
        value = packed + b"".join(name.encode() + b"\0" for name in spelled)
        kind = 1 if len(packed) == 4 else 2
        body += struct.pack(order + "HH", kind, len(value)) + value + bytes(-len(value) % 4)
    return block(4, body + bytes(4), order=order)


def custom(data: bytes = b"", *, pen: int = 32473, order: str = "<") -> bytes:
    """Custom Block; the default enterprise number is the one for documentation."""
    return block(0xBAD, struct.pack(order + "I", pen) + data, order=order)


# --- link layers -------------------------------------------------------------------------


def ethernet(
    src: str,
    dst: str,
    payload: bytes,
    vlans: Sequence[int] = (),
    *,
    ethertype: int | None = None,
    tpids: Sequence[int] = (),
) -> bytes:
    """Ethernet II, unpadded; ``vlans`` from the outside in, ``tpids`` (default 0x8100) likewise."""
    content = _mac(dst) + _mac(src)
    for index, vlan in enumerate(vlans):
        content += struct.pack(">HH", tpids[index] if index < len(tpids) else 0x8100, vlan)
    return content + struct.pack(">H", _ethertype(payload, ethertype)) + payload


def sll(src: str, payload: bytes, *, packet_type: int = 0, ethertype: int | None = None) -> bytes:
    """Linux cooked v1; packet type 0 to us, 1 broadcast, 3 to others, 4 from us."""
    head = struct.pack(">HHH8sH", packet_type, 1, 6, _mac(src), _ethertype(payload, ethertype))
    return head + payload


def sll2(
    src: str,
    payload: bytes,
    *,
    packet_type: int = 0,
    ifindex: int = 2,
    ethertype: int | None = None,
) -> bytes:
    """Linux cooked v2; packet types as in :func:`sll`."""
    words = (_ethertype(payload, ethertype), 0, ifindex, 1, packet_type, 6, _mac(src))
    return struct.pack(">HHIHBB8s", *words) + payload


def null(payload: bytes, *, order: str = "<", family: int | None = None) -> bytes:
    """BSD loopback; with ``order=">"`` also OpenBSD's LOOP. The default IPv6 family is 30."""
    if family is None:
        family = 2 if payload[0] >> 4 == 4 else 30
    return struct.pack(order + "I", family) + payload


# --- network layers ----------------------------------------------------------------------


def ip(src: str, dst: str, proto: int, payload: bytes) -> bytes:
    """:func:`ipv4` or :func:`ipv6`, as the addresses say."""
    return ipv6(src, dst, proto, payload) if ":" in src else ipv4(src, dst, proto, payload)


def ipv4(
    src: str,
    dst: str,
    proto: int,
    payload: bytes,
    *,
    ttl: int = 64,
    ident: int = 0,
    flags: int = 2,
    fragment: int = 0,
    tos: int = 0,
    opts: bytes = b"",
    length: int | None = None,
    checksums: bool = True,
) -> bytes:
    """IPv4; ``fragment`` in units of 8 bytes, ``flags`` 2 is DF and 1 MF."""
    opts += bytes(-len(opts) % 4)
    if checksums and fragment == 0:
        payload = _checksummed(_ip(src), _ip(dst), proto, payload)
    head_length = 20 + len(opts)
    total = head_length + len(payload) if length is None else length
    words = (0x40 | head_length // 4, tos, total, ident, flags << 13 | fragment, ttl, proto)
    head = struct.pack(">BBHHHBBH", *words, 0) + _ip(src) + _ip(dst) + opts
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return head + payload


def ipv6(
    src: str,
    dst: str,
    proto: int,
    payload: bytes,
    *,
    ttl: int = 64,
    extensions: Sequence[tuple[int, bytes]] = (),
    checksums: bool = True,
) -> bytes:
    """IPv6; ``extensions`` are (protocol, content from its third byte on), outside first."""
    if checksums:
        payload = _checksummed(_ip(src), _ip(dst), proto, payload)
    following = proto
    for kind, content in reversed(extensions):
        padded = content + bytes(-(len(content) + 2) % 8)
        units = 0 if kind == 44 else (len(padded) + 2) // 8 - 1
        payload = bytes([following, units]) + padded + payload
        following = kind
    head = struct.pack(">IHBB", 6 << 28, len(payload), following, ttl)
    return head + _ip(src) + _ip(dst) + payload


def arp(op: int, sha: str, spa: str, tha: str, tpa: str) -> bytes:
    """ARP for IPv4 over Ethernet; op 1 asks, 2 answers."""
    return struct.pack(">HHBBH", 1, 0x0800, 6, 4, op) + _mac(sha) + _ip(spa) + _mac(tha) + _ip(tpa)


def nd(kind: str, target: str = "::", lladdr: str | None = None, *, flags: int = 0) -> bytes:
    """ICMPv6 neighbor discovery ``RS``, ``RA``, ``NS`` or ``NA``, for :func:`ipv6` with ttl 255.

    ``lladdr`` becomes the source (RS, RA, NS) or target (NA) link-layer address option;
    ``flags`` of an NA: 4 router, 2 solicited, 1 override. RS and RA have no target.
    """
    number = {"RS": 133, "RA": 134, "NS": 135, "NA": 136}[kind]
    body = bytes([number, 0, 0, 0])
    if kind == "RA":
        body += struct.pack(">BBHII", 64, 0, 1800, 0, 0)
    elif kind == "RS":
        body += bytes(4)
    else:
        body += struct.pack(">I", flags << 29) + _ip(target)
    if lladdr is not None:
        body += bytes([2 if kind == "NA" else 1, 1]) + _mac(lladdr)
    return body


def icmp_error(quoted: bytes, *, kind: int = 3, code: int = 1, keep: int | None = None) -> bytes:
    """ICMP error (default host unreachable) quoting ``keep`` bytes (default header + 8)."""
    keep = (quoted[0] & 15) * 4 + 8 if keep is None else keep
    body = bytes([kind, code, 0, 0, 0, 0, 0, 0]) + quoted[:keep]
    return body[:2] + struct.pack(">H", checksum(body)) + body[4:]


def icmpv6_error(quoted: bytes, *, kind: int = 1, code: int = 3, keep: int = 1232) -> bytes:
    """ICMPv6 error (default address unreachable); :func:`ipv6` fills in the checksum."""
    return bytes([kind, code, 0, 0, 0, 0, 0, 0]) + quoted[:keep]


# --- transport ---------------------------------------------------------------------------


def tcp(
    sport: int,
    dport: int,
    *,
    seq: int = 0,
    ack: int = 0,
    flags: str = "S",
    window: int = 64240,
    mss: int | None = None,
    wscale: int | None = None,
    sack_ok: bool = False,
    timestamps: tuple[int, int] | None = None,
    sack: Sequence[tuple[int, int]] = (),
    opts: bytes = b"",
    payload: bytes = b"",
) -> bytes:
    """TCP; ``flags`` are letters of ``FSRPAUEC``, ``timestamps`` (TSval, TSecr)."""
    if mss is not None:
        opts += struct.pack(">BBH", 2, 4, mss)
    if sack_ok:
        opts += b"\x04\x02"
    if timestamps is not None:
        opts += struct.pack(">BBII", 8, 10, *timestamps)
    if wscale is not None:
        opts += struct.pack(">BBB", 3, 3, wscale)
    if sack:
        opts += bytes([5, 2 + 8 * len(sack)])
        opts += b"".join(struct.pack(">II", *edges) for edges in sack)
    opts += b"\x01" * (-len(opts) % 4)
    bits = sum(1 << "FSRPAUEC".index(letter) for letter in flags)
    words = (sport, dport, seq, ack, (5 + len(opts) // 4) << 4, bits, window, 0, 0)
    return struct.pack(">HHIIBBHHH", *words) + opts + payload


def udp(sport: int, dport: int, payload: bytes = b"") -> bytes:
    """UDP."""
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def vxlan(vni: int, inner: bytes) -> bytes:
    """VXLAN, for :func:`udp` to port 4789."""
    return struct.pack(">II", 0x08000000, vni << 8) + inner


def geneve(vni: int, inner: bytes, *, protocol: int = 0x6558, opts: bytes = b"") -> bytes:
    """GENEVE, for :func:`udp` to port 6081; ``opts`` of a length that is a multiple of 4."""
    return struct.pack(">BBHI", len(opts) // 4, 0, protocol, vni << 8) + opts + inner


def gre(
    inner: bytes,
    *,
    protocol: int | None = None,
    key: int | None = None,
    sequence: int | None = None,
    checksummed: bool = False,
) -> bytes:
    """GRE for :func:`ip` with protocol 47; ``protocol`` 0x6558 is Ethernet, 0x88BE ERSPAN."""
    flags = checksummed << 15 | (key is not None) << 13 | (sequence is not None) << 12
    head = struct.pack(">HH", flags, _ethertype(inner, protocol))
    words = [0] * checksummed + [word for word in (key, sequence) if word is not None]
    content = head + struct.pack(f">{len(words)}I", *words) + inner
    if checksummed:
        content = content[:4] + struct.pack(">H", checksum(content)) + content[6:]
    return content


def erspan(inner: bytes, *, session: int = 1, kind: int = 2, subheader: bytes = b"") -> bytes:
    """ERSPAN type II (for :func:`gre` with a sequence number) or III, with 8 more bytes or none."""
    if kind == 2:
        return struct.pack(">HHI", 1 << 12, session, 0) + inner
    head = struct.pack(">HHIHH", 2 << 12, session, 0, 0, bool(subheader))
    return head + subheader + inner


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


_CHECKSUM_AT = {TCP: 16, UDP: 6, ICMPV6: 2}


def _checksummed(src: bytes, dst: bytes, proto: int, payload: bytes) -> bytes:
    at = _CHECKSUM_AT.get(proto, len(payload))
    if len(payload) < at + 2 or payload[at : at + 2] != b"\0\0":
        return payload
    pseudo = src + dst + struct.pack(">II", len(payload), proto)
    value = checksum(pseudo + payload)
    if proto == UDP and value == 0:
        value = 0xFFFF
    return payload[:at] + struct.pack(">H", value) + payload[at + 2 :]


def _ethertype(payload: bytes, given: int | None) -> int:
    if given is not None:
        return given
    return {4: 0x0800, 6: 0x86DD, 0: 0x0806}[payload[0] >> 4]


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _ip(text: str) -> bytes:
    return ipaddress.ip_address(text).packed
