"""Handshakes written down the way captures show them, one segment a line.

::

    at client                       # a capture, and the host that took it
    -5.000 alive                    # any other packet: the capture was on
    0.000 client > server S 100     # time in seconds, flags, sequence number
    0.020 server > client SA 900/101
    0.021 client > server A 101/901 len=5 ts=7
    at server clock=+3600           # its clock is an hour ahead; times here are true times

Flags are letters of ``FSRPA``; ``Q`` is an ICMP error that quotes such a segment. An
end is a name of :data:`HOSTS`, with ``:port`` for another port. A capture may say
``clock=``, ``gap=FROM..TO``, ``drops=N`` and ``role=client|server``; a segment ``len=``,
``ts=``, ``tsecr=``, ``ttl=``, ``id=``, ``from=`` and ``to=`` (whose MACs), ``dir=in|out|other`` and
``nomac``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import build
from synack.addresses import NO_MAC, parse_ip, parse_mac
from synack.handshake.match import match
from synack.handshake.matched import Matched
from synack.handshake.outcome import judge
from synack.handshake.states import Event
from synack.handshake.vantage import CLIENT, SERVER, Vantage
from synack.model import FATES, OUTCOMES, Capture, CaptureFile
from synack.tables import ACK, QUOTE, RST, SEGMENTS, SYN, SYN_ACK, Table

HOSTS = {
    "client": ("10.0.1.77", 40000, "0a:00:00:00:00:77"),
    "second": ("10.0.1.78", 40000, "0a:00:00:00:00:78"),
    "third": ("10.0.1.79", 40000, "0a:00:00:00:00:79"),
    "server": ("10.0.1.10", 9092, "0a:00:00:00:00:10"),
    "other": ("10.0.1.11", 9092, "0a:00:00:00:00:11"),
    "router": ("10.0.1.1", 0, "0a:00:00:00:00:01"),
    "stale": ("10.0.1.66", 0, "0a:de:ad:00:00:01"),
    "vip": ("10.0.1.99", 9092, "00:00:5e:00:01:07"),
    "nat": ("203.0.113.1", 50000, "0a:00:00:00:00:01"),
}
"""Address, usual port and MAC by name."""

EPOCH = 1_700_000_000 * 10**9
SECOND = 10**9
_DIRECTIONS = {"in": 1, "out": 2, "other": 3}


@dataclass
class Scene:
    """What :func:`~synack.handshake.match.match` is given."""

    captures: list[Capture] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    rows: list[tuple[int, ...]] = field(default_factory=list)
    frames: list[list[tuple[int, bytes]]] = field(default_factory=list)
    """Each capture as (ns, Ethernet frame), for :func:`build.pcap`; quotes left out."""

    @property
    def segments(self) -> Table:
        return Table.from_rows(SEGMENTS, self.rows)

    def vantages(self, named: bool) -> list[Vantage]:
        return [
            Vantage(c.host, frozenset([ip(c.host)] if named and c.host in HOSTS else []), role)
            for c, role in zip(self.captures, self.roles, strict=True)
        ]

    def match(self, *, named: bool = True, known: dict[str, int] | None = None) -> Matched:
        return match(self.captures, self.vantages(named), self.segments, known or {})


def ip(name: str) -> tuple[int, int]:
    found = parse_ip(HOSTS[name][0])
    assert found is not None
    return found


def mac(name: str) -> int:
    found = parse_mac(HOSTS[name][2])
    assert found is not None
    return found


def ns(seconds: str | float) -> int:
    return EPOCH + round(float(seconds) * SECOND)


def read(text: str) -> Scene:
    """The scene that ``text`` describes; lines before the first ``at`` are one at ``tap``."""
    scene = Scene()
    clock = 0
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "at" or not scene.captures:
            options = dict(w.split("=") for w in words[2:]) if words[0] == "at" else {}
            clock = round(float(options.get("clock", 0)) * SECOND)
            _capture(scene, words[1] if words[0] == "at" else "tap", options, clock)
        if words[0] != "at":
            _packet(scene, ns(words[0]) + clock, words[1:])
    return scene


def _capture(scene: Scene, host: str, options: dict[str, str], clock: int) -> None:
    dropped = int(options["drops"]) if "drops" in options else None
    file = CaptureFile(f"{host}.pcap", dropped=dropped)
    gaps = []
    if "gap" in options:
        begin, until = options["gap"].split("..")
        gaps.append((ns(begin) + clock, ns(until) + clock))
    scene.captures.append(Capture(host, "eth0", [file], gaps))
    scene.roles.append({"client": CLIENT, "server": SERVER}.get(options.get("role", ""), 0))
    scene.frames.append([])


def _packet(scene: Scene, time: int, words: list[str]) -> None:
    number = len(scene.captures) - 1
    file = scene.captures[number].files[0]
    file.packets += 1
    file.first = time if file.first is None else min(time, file.first)
    file.last = time if file.last is None else max(time, file.last)
    if words == ["alive"]:
        arp = build.arp(1, HOSTS["router"][2], "10.0.1.1", "00:00:00:00:00:00", "10.0.1.2")
        scene.frames[number].append(
            (time, build.ethernet(HOSTS["router"][2], "ff:ff:ff:ff:ff:ff", arp))
        )
        return
    file.counts["tcp"] += 1
    source, _, destination, flags, numbers, *rest = words
    options = dict(w.split("=") for w in rest if "=" in w)
    (src, sport), (dst, dport) = _end(source), _end(destination)
    seq, ack = (int(n, 0) % 2**32 for n in (numbers + "/0").split("/")[:2])
    kind, bits = segment_kind(flags), sum(1 << "FSRPA".index(letter) for letter in flags.strip("Q"))
    size, tsval = int(options.get("len", 0)), int(options.get("ts", -1))
    tsecr = int(options.get("tsecr", 0 if tsval >= 0 else -1))
    ttl, ip_id = int(options.get("ttl", 64)), int(options.get("id", 0))
    direction = _DIRECTIONS.get(options.get("dir", ""), 0)
    macs = NO_MAC, NO_MAC
    if "nomac" not in rest:
        macs = mac(options.get("from", src)), mac(options.get("to", dst))
    scene.rows.append((
        number, number, file.packets, time, kind, *ip(src), *ip(dst), sport, dport, seq, ack,
        bits, 64240, size, ttl, ip_id, tsval, tsecr, *macs, direction, 0, -1,
        256 * 3 + 1 if kind == QUOTE else -1,
    ))  # fmt: skip
    if kind != QUOTE:
        stamps = None if tsval < 0 else (tsval, tsecr)
        tcp = build.tcp(
            sport, dport, seq=seq, ack=ack, flags=flags, timestamps=stamps, payload=bytes(size)
        )
        packet = build.ipv4(HOSTS[src][0], HOSTS[dst][0], build.TCP, tcp, ttl=ttl)
        names = options.get("from", src), options.get("to", dst)
        frame = build.ethernet(HOSTS[names[0]][2], HOSTS[names[1]][2], packet)
        scene.frames[number].append((time, frame))


def _end(text: str) -> tuple[str, int]:
    name, _, port = text.partition(":")
    return name, int(port) if port else HOSTS[name][1]


def segment_kind(flags: str) -> int:
    if "Q" in flags:
        return QUOTE
    if "R" in flags:
        return RST
    if "S" in flags:
        return SYN_ACK if "A" in flags else SYN
    return ACK


def judged(text: str, *, named: bool = True, known: dict[str, int] | None = None) -> list[str]:
    """The outcome of every attempt, in order of client and port."""
    return [OUTCOMES[o] for o in judge(read(text).match(named=named, known=known))["outcome"]]


def fates(matched: Matched) -> list[str]:
    """The fate of every transmission, like ``syn-ack lost``, in order of attempt and leg."""
    t = matched.transmissions
    order = sorted(range(len(t)), key=lambda i: (t["attempt"][i], t["leg"][i], t["sent"][i]))
    return [
        f"{Event(int(t['leg'][i])).name.lower().replace('_', '-')} {FATES[t['fate'][i]]}"
        for i in order
    ]


def crowd(name: str, ports: range) -> str:
    """Completed handshakes of ``client`` as the capture at ``name`` has them, from -4 s on."""
    lines = []
    for port in ports:
        start = -4 + (port - ports.start) * 0.01
        late = {"client": (0.0, 0.02, 0.021), "server": (0.01, 0.0101, 0.031)}[name]
        c, s = f"client:{port}", "server"
        lines += [
            f"{start + late[0]:.4f} {c} > {s} S 5000",
            f"{start + late[1]:.4f} {s} > {c} SA 7000/5001",
            f"{start + late[2]:.4f} {c} > {s} A 5001/7001",
        ]
    return "\n".join(lines)


def sides(scene: Scene, named: bool = False) -> tuple[list[int], list[Vantage]]:
    """The side of each sighting, and what was found of each capture."""
    matched = scene.match(named=named)
    return matched.side.tolist(), list(matched.vantages)
