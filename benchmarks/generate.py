"""Make large captures quickly: valid frames, the same bytes for the same seed.

    python benchmarks/generate.py mixed synonly             full size, all formats
    python benchmarks/generate.py mixed --packets 5000 --folder /tmp/small
    python benchmarks/generate.py pair                      what two hosts saw of one traffic

Beside the captures lies NAME.json: what was asked for, and the number of attempts in them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from isal import igzip
from traffic import (
    ACK,
    DATA,
    EPOCH,
    SYN,
    SYN_ACK,
    Array,
    Connections,
    Packets,
    Traffic,
    mixed,
    syn_only,
    view,
)

VERSION = 2
"""Of the bytes: files of another version are made anew."""
SNAPLEN = 128
FORMATS = ("pcap", "pcapng", "gz", "zst")
SIZES = {"mixed": 10_000_000, "synonly": 5_000_000, "pair": 5_000_000}
CLOCK_OFFSET = 2_500_000_000
"""Of a pair: the server's clock is ahead by this, ns."""
_CHUNK = 1 << 16

_FRAME = np.dtype(
    [
        ("dst_oui", ">u2"), ("dst_nic", ">u4"), ("src_oui", ">u2"), ("src_nic", ">u4"),
        ("ethertype", ">u2"),
        ("version", ">u2"), ("total", ">u2"), ("ident", ">u2"), ("fragment", ">u2"),
        ("ttl", "u1"), ("protocol", "u1"), ("ip_sum", "u2"), ("src", ">u4"), ("dst", ">u4"),
        ("src_port", ">u2"), ("dst_port", ">u2"), ("seq", ">u4"), ("ack", ">u4"),
        ("offset", "u1"), ("flags", "u1"), ("window", ">u2"), ("tcp_sum", "u2"), ("urgent", ">u2"),
        ("options", ">u4", 5), ("rest", "u1", 54),
    ]
)  # fmt: skip
# By kind of packet: SYN, SYN_ACK, ACK, RST, REFUSAL, DATA.
_FLAGS = np.array([0x02, 0x12, 0x10, 0x04, 0x14, 0x18], np.uint8)
_OPTIONS = np.array([20, 20, 12, 0, 0, 12], np.uint16)
_WINDOW = np.array([64240, 65160, 502, 0, 0, 501], np.uint16)


# ---- frames -------------------------------------------------------------------------------


def frames(ends: Connections, packets: Packets, payloads: Array) -> tuple[Array, Array, Array]:
    """(rows of 128 bytes, captured lengths, original lengths); unused bytes are zero.

    Bytes beyond the snap length are zero too, as far as the checksum goes.
    """
    rows = np.zeros(len(packets), _FRAME)
    content = rows.view(np.uint8).reshape(len(rows), SNAPLEN)
    original = 54 + _OPTIONS[packets.kind] + packets.payload
    _addresses(rows, ends, packets)
    _numbers(rows, packets, original)
    _options(rows, ends, packets)
    _payload(content, packets, payloads)
    _checksums(rows, content, original)
    return content, np.minimum(original, SNAPLEN), original


def _addresses(rows: Array, ends: Connections, packets: Packets) -> None:
    at = packets.connection
    for source, destination, values in (
        ("src", "dst", (ends.client[at], ends.server[at])),
        ("src_port", "dst_port", (ends.client_port[at], ends.server_port[at])),
    ):
        rows[source] = np.where(packets.by_client, *values)
        rows[destination] = np.where(packets.by_client, *reversed(values))
    rows["src_oui"] = rows["dst_oui"] = 0x0200
    rows["src_nic"], rows["dst_nic"] = rows["src"], rows["dst"]


def _numbers(rows: Array, packets: Packets, original: Array) -> None:
    rows["ethertype"] = 0x0800
    rows["version"] = 0x4500
    rows["total"] = original - 14
    # Linux answers with IP ID 0; others count.
    ident = (packets.time - packets.late) // 1000 * 25173 & 0xFFFF
    rows["ident"] = np.where(packets.kind == SYN_ACK, 0, ident)
    rows["fragment"] = 0x4000
    rows["ttl"] = 64
    rows["protocol"] = 6
    rows["seq"], rows["ack"] = packets.seq, packets.ack
    rows["offset"] = (5 + _OPTIONS[packets.kind] // 4) << 4
    rows["flags"] = _FLAGS[packets.kind]
    rows["window"] = _WINDOW[packets.kind]


def _options(rows: Array, ends: Connections, packets: Packets) -> None:
    """As Linux orders them; TSecr is what the other side's clock showed a little before."""
    milliseconds = ((packets.time - packets.late) // 1_000_000).astype(np.uint32)
    client = ends.clocks[packets.connection] + milliseconds
    server = ends.clocks[packets.connection] * np.uint32(7) + milliseconds
    own, other = (
        np.where(packets.by_client, *pair) for pair in ((client, server), (server, client))
    )
    options = rows["options"]
    opening = packets.kind <= SYN_ACK
    stamped = opening | (packets.kind == ACK) | (packets.kind == DATA)
    plain = stamped & ~opening
    options[plain, 0] = 0x0101080A
    options[plain, 1], options[plain, 2] = own[plain], other[plain] - np.uint32(1)
    options[opening, 0], options[opening, 1] = 0x020405B4, 0x0402080A
    options[opening, 2] = own[opening]
    options[opening, 3] = np.where(packets.kind == SYN, 0, other)[opening]
    options[opening, 4] = 0x01030307


def _payloads() -> Array:
    """What is captured of payloads: random, but nothing that tshark guesses a protocol from."""
    payloads = np.random.default_rng(3).integers(0, 256, (4096, SNAPLEN - 66), np.uint8)
    payloads[:, :4] = 0xEE
    return payloads


def _payload(content: Array, packets: Packets, payloads: Array) -> None:
    full = packets.payload > 0
    pick = (packets.seq[full] ^ packets.ack[full]) % np.uint32(len(payloads))
    content[full, 66:] = payloads[pick]
    short = np.flatnonzero(full & (packets.payload < SNAPLEN - 66))
    beyond = np.arange(SNAPLEN - 66) >= packets.payload[short, None]
    content[short, 66:] = np.where(beyond, 0, content[short, 66:])


def _checksums(rows: Array, content: Array, original: Array) -> None:
    """RFC 1071: the sum works in the machine's own byte order, if all of it does."""
    words = content.view(np.uint16)
    rows["ip_sum"] = _fold(words[:, 7:17].sum(axis=1, dtype=np.uint32))
    pseudo = words[:, 13:17].sum(axis=1, dtype=np.uint32)
    length = (original - 34).astype(">u2").view(np.uint16)
    protocol = np.array([6], ">u2").view(np.uint16)
    total = words[:, 17:].sum(axis=1, dtype=np.uint32) + pseudo + length + protocol
    rows["tcp_sum"] = _fold(total)


def _fold(total: Array) -> Array:
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).astype(np.uint16)


# ---- containers ---------------------------------------------------------------------------


def pcap_header() -> bytes:
    """Little-endian, microseconds, Ethernet."""
    return np.array([0xA1B2C3D4, 4 << 16 | 2, 0, 0, SNAPLEN, 1], "<u4").tobytes()


def pcap_records(content: Array, captured: Array, original: Array, times: Array) -> Array:
    """All records one after the other, as 16-bit words: every captured length is even."""
    records = np.empty((len(content), 16 + SNAPLEN), np.uint8)
    head = records[:, :16].view("<u4")
    head[:, 0], head[:, 1] = times // 1_000_000, times % 1_000_000
    head[:, 2], head[:, 3] = captured, original
    records[:, 16:] = content
    return _packed(records, 16 + captured)


def pcapng_header() -> bytes:
    """A section and one Ethernet interface, without options: microseconds."""
    section = np.array([0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0xFFFFFFFF, 0xFFFFFFFF, 28], "<u4")
    return section.tobytes() + np.array([1, 20, 1, SNAPLEN, 20], "<u4").tobytes()


def pcapng_records(content: Array, captured: Array, original: Array, times: Array) -> Array:
    """Enhanced Packet Blocks without options, likewise."""
    padded = (captured + 3) // 4 * 4
    blocks = np.zeros((len(content), 28 + SNAPLEN + 4), np.uint8)
    words = blocks.view("<u4")
    words[:, 0], words[:, 1] = 6, 32 + padded
    words[:, 3], words[:, 4] = times >> 32, times & 0xFFFFFFFF
    words[:, 5], words[:, 6] = captured, original
    blocks[:, 28 : 28 + SNAPLEN] = content
    words[np.arange(len(blocks)), 7 + padded // 4] = 32 + padded
    return _packed(blocks, 32 + padded)


def _packed(rows: Array, lengths: Array) -> Array:
    words = rows.view(np.uint16)
    return words[np.arange(words.shape[1]) < lengths[:, None] // 2]


def write(
    path: Path, suffixes: tuple[str, ...], ends: Connections, packets: Packets, shifts: list[int]
) -> None:
    """Write ``path`` with each suffix (pcap, pcapng); the packets once per shift of time."""
    payloads = _payloads()
    makers = {"pcap": (pcap_header, pcap_records), "pcapng": (pcapng_header, pcapng_records)}
    with ExitStack() as stack:
        files = [stack.enter_context(path.with_suffix(f".{s}").open("wb")) for s in suffixes]
        for suffix, file in zip(suffixes, files, strict=True):
            file.write(makers[suffix][0]())
        for part in _chunks(packets, shifts):
            encoded = *frames(ends, part, payloads), (EPOCH + part.time) // 1000
            for suffix, file in zip(suffixes, files, strict=True):
                file.write(makers[suffix][1](*encoded).data)


def _chunks(packets: Packets, shifts: list[int]) -> Iterator[Packets]:
    for shift in shifts:
        for at in range(0, len(packets), _CHUNK):
            part = packets.take(slice(at, at + _CHUNK))
            part.time = part.time + shift
            yield part


def compress(path: Path, formats: tuple[str, ...]) -> None:
    """``path`` (a pcap) beside itself as .gz and .zst, as ``formats`` ask, at once."""
    jobs: dict[str, Callable[[Path], None]] = {"gz": _gzip, "zst": _zstd}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: jobs[name](path), [f for f in formats if f in jobs]))


def _gzip(path: Path) -> None:
    with (
        path.open("rb") as source,
        path.with_suffix(".pcap.gz").open("wb") as raw,
        igzip.IGzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as target,
    ):
        while piece := source.read(1 << 20):
            target.write(piece)


def _zstd(path: Path) -> None:
    with path.open("rb") as source, path.with_suffix(".pcap.zst").open("wb") as target:
        zstandard.ZstdCompressor(level=1).copy_stream(source, target)


# ---- what is asked for --------------------------------------------------------------------


def recipe(
    what: str, packets: int, seed: int, repeat: int, formats: tuple[str, ...]
) -> dict[str, Any]:
    """What decides the bytes; kept beside them."""
    return {
        "version": VERSION,
        "what": what,
        "packets": packets,
        "seed": seed,
        "repeat": repeat,
        "formats": sorted(formats),
    }


def make(
    what: str,
    folder: Path,
    *,
    name: str = "",
    packets: int = 0,
    seed: int = 1,
    repeat: int = 1,
    formats: tuple[str, ...] = FORMATS,
    keep: bool = False,
) -> dict[str, Any]:
    """Write the captures of ``what`` and the manifest, which is returned.

    ``keep``: not when they are there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or what)
    manifest = path.with_suffix(".json")
    packets = packets or SIZES[what]
    formats = ("pcap",) if what == "pair" else formats
    asked = recipe(what, packets, seed, repeat, formats)
    if keep and (found := _present(manifest, asked)):
        return found
    manifest.unlink(missing_ok=True)
    traffic = _traffic(what, packets, seed)
    if what == "pair":
        facts = _write_pair(path, traffic)
    else:
        facts = _write_one(path, traffic, repeat, formats)
    done = asked | {"attempts": traffic.attempts} | facts
    manifest.write_text(json.dumps(done, indent=1) + "\n")
    return done


def _present(manifest: Path, asked: dict[str, Any]) -> dict[str, Any] | None:
    """The manifest, if the files are those that are asked for."""
    if not manifest.exists():
        return None
    found: dict[str, Any] = json.loads(manifest.read_text())
    return found if asked.items() <= found.items() else None


def _traffic(what: str, packets: int, seed: int) -> Traffic:
    return mixed(packets, seed) if what == "mixed" else syn_only(packets, seed, pair=what == "pair")


def _write_one(
    path: Path, traffic: Traffic, repeat: int, formats: tuple[str, ...]
) -> dict[str, Any]:
    compressed = {"gz", "zst"} & set(formats)
    plain = {"pcap", "pcapng"} & set(formats) | ({"pcap"} if compressed else set())
    shifts = [turn * traffic.span for turn in range(repeat)]
    write(path, tuple(sorted(plain)), traffic.connections, traffic.packets, shifts)
    compress(path.with_suffix(".pcap"), formats)
    return {"records": repeat * len(traffic.packets)}


def _write_pair(folder: Path, traffic: Traffic) -> dict[str, Any]:
    """The client's and the server's capture, each on its own clock."""
    folder.mkdir(exist_ok=True)
    records = {}
    for host, is_client, offset in (("client", True, 0), ("server", False, CLOCK_OFFSET)):
        seen = view(traffic, is_client, offset)
        write(folder / f"{host}-eth0", ("pcap",), traffic.connections, seen, [0])
        records[host] = len(seen)
    both = traffic.packets
    arrived = np.unique(both.connection[both.by_client & both.delivered])
    return {"records": records, "attempts_at_server": len(arrived)}


def main() -> None:
    """Make what the command line asks for and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", nargs="+", choices=sorted(SIZES))
    parser.add_argument("--packets", type=int, default=0, help="default: full size")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    parser.add_argument("--name", default="", help="of the files, if not what they are")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1, help="the packets so often, times shifted")
    parser.add_argument("--formats", default=",".join(FORMATS), help="default: %(default)s")
    parser.add_argument("--keep", action="store_true", help="files that are there as asked")
    asked = parser.parse_args()
    formats = tuple(asked.formats.split(","))
    if unknown := set(formats) - set(FORMATS):
        parser.error(f"no such format: {', '.join(sorted(unknown))}")
    for what in asked.what:
        begin = time.perf_counter()
        done = make(
            what,
            asked.folder,
            name=asked.name,
            packets=asked.packets,
            seed=asked.seed,
            repeat=asked.repeat,
            formats=formats,
            keep=asked.keep,
        )
        took = time.perf_counter() - begin
        print(f"{asked.name or what}: {done['attempts']} attempts, {took:.1f} s")


if __name__ == "__main__":
    main()
