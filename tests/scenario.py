"""Incidents as files: a small network of hosts, played event by event into captures.

Nothing here knows synack. Hosts sit on a link; what they send goes to the MAC of their
neighbor entry, and whoever owns that MAC gets it; routers join links. Times are seconds
after :data:`T0`; every host's capture and dumps carry its own clock::

    net = Network()
    broker = net.host("broker-1", "10.0.1.10", B)
    client = net.host("producer-7", "10.0.1.77", Y)
    broker.knows(client, X)
    broker.record(); client.record()
    net.connect(client, broker, 1.0)
    net.dump(broker, 3.0)
    net.write(folder)

Retries are those of Linux: a SYN at 0, 1, 3 and 7 s, the SYN-ACK again 1, 3 and 7 s after
the first one and in answer to every repeated SYN, until somebody gives up.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import build

T0 = 1_790_000_000
"""2026-09-21T14:13:20Z, when every scenario begins."""
SECOND = 1_000_000_000
RETRIES = (0.0, 1.0, 3.0, 7.0)
DELAY = 0.000_2
BROADCAST = "ff:ff:ff:ff:ff:ff"

Drop = Callable[["Packet"], bool]


@dataclass(frozen=True)
class Packet:
    """One TCP segment on its way; ``kind``: syn, syn-ack, ack, rst."""

    kind: str
    src: str
    dst: str
    sport: int
    dport: int
    seq: int
    ack: int
    sent: float
    tsval: int
    tsecr: int

    def frame(self, smac: str, dmac: str, ttl: int, stamps: bool) -> bytes:
        flags = {"syn": "S", "syn-ack": "SA", "ack": "A", "rst": "RA" if self.ack else "R"}
        segment = build.tcp(
            self.sport, self.dport, seq=self.seq, ack=self.ack, flags=flags[self.kind],
            timestamps=(self.tsval, self.tsecr) if stamps and self.kind != "rst" else None,
        )  # fmt: skip
        pack = build.ipv6 if ":" in self.src else build.ipv4
        return build.ethernet(smac, dmac, pack(self.src, self.dst, build.TCP, segment, ttl=ttl))


@dataclass
class Tape:
    """What one host records: from, to (true seconds), link type, and what it keeps."""

    begin: float
    end: float
    link: str
    keep: Callable[[float, str], bool]
    dropped: int | None
    frames: list[tuple[float, bytes, str]] = field(default_factory=list)
    """True time, Ethernet frame, ``out`` or ``in``."""


@dataclass
class Host:
    net: Network
    name: str
    ip: str
    mac: str
    link: str = "lan"
    gateway: str = ""
    """MAC that it sends to what is on another link."""
    clock: float = 0.0
    server: str = "answer"
    """answer, refuse, ignore."""
    up: tuple[float, float] = (0.0, 1e9)
    stamps: bool = True
    sends_as: Callable[[float], str] | None = None
    """Source MAC at a time, for hosts with more than one."""
    accepts: set[str] = field(default_factory=set)
    """Further MACs it takes for its own."""
    tape: Tape | None = None
    entries: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    half_open: dict[tuple[str, int, int], int] = field(default_factory=dict)
    done: set[tuple[str, int, int]] = field(default_factory=set)

    def record(
        self,
        begin: float = 0.0,
        end: float = 1e6,
        link: str = "ethernet",
        keep: Callable[[float, str], bool] = lambda _, __: True,
        dropped: int | None = None,
    ) -> None:
        """Capture; ``keep`` gets the time and ``in`` or ``out`` of each frame."""
        self.tape = Tape(begin, end, link, keep, dropped)

    def knows(self, peer: Host | str, mac: str, at: float = -1e6) -> None:
        """From ``at`` on, its neighbor entry for ``peer`` is ``mac``."""
        ip = peer if isinstance(peer, str) else peer.ip
        self.entries.setdefault(ip, []).append((at, mac))
        self.entries[ip].sort()

    def entry(self, ip: str, at: float) -> str | None:
        known = [mac for since, mac in self.entries.get(ip, ()) if since <= at]
        return known[-1] if known else None

    def source(self, at: float) -> str:
        return self.sends_as(at) if self.sends_as else self.mac

    def alive(self, at: float) -> bool:
        return self.up[0] <= at < self.up[1]


class Network:
    """Hosts, what the network does to their frames, and the attempts between them."""

    def __init__(self) -> None:
        self.hosts: list[Host] = []
        self.routers: dict[str, str] = {}
        """MAC that frames from other links come from, by link."""
        self.router_macs: set[str] = set()
        """MACs at which a router takes frames to other links."""
        self.relays: set[str] = set()
        """MACs whose owners forward what is not theirs."""
        self.tracks: Drop = lambda _: False
        """Segments that the network delivers whatever MAC they are sent to."""
        self.drops: list[Drop] = []
        self.floods = False
        self.taps: list[tuple[Host, float, Drop]] = []
        """Mirror ports: how far from the client (0 to 1), and what is lost before it."""
        self.dumps: dict[str, list[str]] = {}
        self.files: dict[str, str] = {}
        """Other texts beside them, by name."""
        self._isn = itertools.count(1_000_003, 7_654_321)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.now = 0.0

    def host(self, name: str, ip: str, mac: str, **more: object) -> Host:
        host = Host(self, name, ip, mac, **more)  # type: ignore[arg-type]
        self.hosts.append(host)
        return host

    def tap(self, name: str, at: float, loses: Drop = lambda _: False, clock: float = 0.0) -> Host:
        """A mirror port between all clients and servers, which does not see what ``loses``."""
        tap = Host(self, name, "", "", clock=clock)
        tap.record(end=60)
        self.taps.append((tap, at, loses))
        return tap

    # ---- attempts -------------------------------------------------------------------

    def connect(
        self,
        client: Host,
        server: Host | str,
        at: float,
        port: int = 9092,
        source: int | None = None,
        give_up: float = 5.0,
        retries: Iterable[float] = RETRIES,
        scan: bool = False,
    ) -> None:
        """One attempt at ``at``; ``scan``: the client answers the SYN-ACK with a reset."""
        isn = next(self._isn) % 2**32
        sport = 40_000 + isn % 20_000 if source is None else source
        ip = server if isinstance(server, str) else server.ip
        key = (ip, port, sport)
        client.half_open[key] = -1 if scan else isn
        for wait in retries:
            if wait < give_up:
                self._at(at + wait, lambda: self._syn(client, key, isn, scan))
        self._at(at + give_up, lambda: client.half_open.pop(key, None))

    def every(self, client: Host, server: Host, times: Iterable[float], **more: object) -> None:
        for at in times:
            self.connect(client, server, at, **more)  # type: ignore[arg-type]

    def _syn(self, client: Host, key: tuple[str, int, int], isn: int, scan: bool) -> None:
        if key in client.half_open and key not in client.done and client.alive(self.now):
            ip, port, sport = key
            self._send(client, self._packet("syn", client.ip, ip, sport, port, isn, 0))

    def _packet(
        self, kind: str, src: str, dst: str, sport: int, dport: int, seq: int, ack: int
    ) -> Packet:
        tick = round(self.now * 1000)
        return Packet(kind, src, dst, sport, dport, seq % 2**32, ack % 2**32, self.now, tick, 1)

    def _receive(self, host: Host, p: Packet) -> None:
        if not host.alive(self.now):
            return
        if p.kind == "syn":
            self._serve(host, p)
        elif p.kind == "syn-ack":
            key = (p.src, p.sport, p.dport)
            waiting = host.half_open.get(key)
            good = (waiting is not None and waiting != -1) or key in host.done
            if good:
                host.done.add(key)
            reply = ("ack", p.ack, p.seq + 1) if good else ("rst", p.ack, 0)
            self._send(host, self._packet(reply[0], p.dst, p.src, p.dport, p.sport, *reply[1:]))
        else:
            host.half_open.pop((p.src, p.sport, p.dport), None)

    def _serve(self, host: Host, p: Packet) -> None:
        key = (p.src, p.sport, p.dport)
        if host.server == "ignore":
            return
        if host.server == "refuse":
            self._send(host, self._packet("rst", p.dst, p.src, p.dport, p.sport, 0, p.seq + 1))
            return
        fresh = key not in host.half_open
        isn = host.half_open.setdefault(key, (p.seq * 31 + 5) % 2**32)

        def answer() -> None:
            if key in host.half_open:
                packet = self._packet("syn-ack", p.dst, p.src, p.dport, p.sport, isn, p.seq + 1)
                self._send(host, packet)

        answer()
        for wait in RETRIES[1:] if fresh else ():
            self._at(self.now + wait + 0.01, answer)
        if fresh:
            self._at(self.now + 15, lambda: host.half_open.pop(key, None))

    # ---- frames ---------------------------------------------------------------------

    def _send(self, sender: Host, p: Packet, mac: str | None = None) -> None:
        """``mac``: the destination instead of what the neighbor table says."""
        peers = [h for h in self.hosts if h.ip == p.dst]
        near = any(h.link == sender.link for h in peers) or not peers
        to = mac or sender.entry(p.dst, self.now)
        to = to or (self._resolve(sender, p.dst) if near else sender.gateway)
        source = sender.source(self.now)
        self._tape(sender, self.now, p.frame(source, to, 64, sender.stamps), "out")
        for tap, way, loses in self.taps:
            passed = (1 - way if p.kind == "syn-ack" else way) * DELAY
            if not loses(p):
                frame = p.frame(source, to, 64, sender.stamps)
                self._tape(tap, self.now + passed, frame, "in")
        if any(drop(p) for drop in self.drops):
            return
        at = self.now + DELAY
        for host in self.hosts:
            if host is sender:
                continue
            own = to == host.mac or to in host.accepts
            if host.link == sender.link and own and host.ip == p.dst:
                self._arrive(host, p, p.frame(source, to, 64, sender.stamps), at)
            elif host.link == sender.link and host.ip == p.dst and self.tracks(p):
                self._arrive(host, p, p.frame(source, host.mac, 64, sender.stamps), at)
            elif host.link == sender.link and self.floods and host.ip == p.dst:
                self._tape(host, at, p.frame(source, to, 64, sender.stamps), "in")
            elif host.link == sender.link and to in self.relays and host.ip == p.dst:
                self._arrive(host, p, p.frame(to, host.mac, 63, sender.stamps), at + DELAY)
            elif host.link != sender.link and host.ip == p.dst and to in self.router_macs:
                router = self.routers[host.link]
                self._arrive(host, p, p.frame(router, host.mac, 63, sender.stamps), at + DELAY)

    def _resolve(self, sender: Host, ip: str) -> str:
        alive = [h for h in self.hosts if h.ip == ip and h.link == sender.link]
        alive = [h for h in alive if h.alive(self.now)] or alive
        return alive[0].mac if alive else "0a:00:00:00:00:00"

    def _arrive(self, host: Host, p: Packet, frame: bytes, at: float) -> None:
        self._tape(host, at, frame, "in")
        self._at(at, lambda: self._receive(host, p))

    def inject(
        self, at: float, host: Host, kind: str, src: tuple[str, str, int],
        dst: tuple[str, str, int], seq: int = 0, ack: int = 0, ttl: int = 64,
    ) -> None:  # fmt: skip
        """A foreign segment in ``host``'s capture: (ip, mac, port) of both ends."""
        packet = Packet(kind, src[0], dst[0], src[2], dst[2], seq, ack, at, 1, 1)
        self._at(at, lambda: self._tape(host, at, packet.frame(src[1], dst[1], ttl, True), "in"))

    def arp(
        self, at: float, op: int, mac: str, ip: str, asked: str, *,
        heard: Iterable[Host], to: str = BROADCAST, frame_mac: str | None = None,
    ) -> None:  # fmt: skip
        """An ARP or ND frame that says ``ip`` is at ``mac``, in the captures ``heard``."""
        frame_mac = frame_mac or mac
        if ":" in ip:
            body = build.nd(
                "NS" if op == 1 else "NA", asked if op == 1 else ip, mac, flags=0 if op == 1 else 3
            )
            target = "ff02::1" if to == BROADCAST else asked
            payload = build.ipv6(ip, target, build.ICMPV6, body, ttl=255)
            to = "33:33:00:00:00:01" if to == BROADCAST else to
        else:
            far = "00:00:00:00:00:00" if op == 1 else to
            payload = build.arp(op, mac, ip, far, asked)
        frame = build.ethernet(frame_mac, to, payload)
        for host in heard:
            self._tape(host, at, frame, "out" if frame_mac == host.mac else "in")

    def _tape(self, host: Host, at: float, frame: bytes, way: str) -> None:
        tape = host.tape
        if tape and tape.begin <= at < tape.end and tape.keep(at, way):
            tape.frames.append((at, frame, way))

    def _at(self, at: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), what))

    # ---- files ----------------------------------------------------------------------

    def dump(
        self, host: Host | str, at: float, entries: dict[str, str] | None = None,
        state: str = "STALE", detail: str = "",
    ) -> None:  # fmt: skip
        """``ip -s neigh`` of ``host``; by default its true entries at that time. A MAC ``""``
        is an entry without one."""
        name = host if isinstance(host, str) else host.name
        clock = 0.0 if isinstance(host, str) else host.clock
        if entries is None:
            assert isinstance(host, Host)
            entries = {ip: host.entry(ip, at) or "" for ip in host.entries}
        lines = self.dumps.setdefault(name, [])
        lines.append(_iso(at + clock))
        for ip, mac in entries.items():
            address = f"lladdr {mac} {detail}" if mac else detail
            lines.append(f"{ip} dev eth0 {address} {state if mac else 'FAILED'} ")

    def run(self) -> None:
        while self._events:
            self.now, _, what = heapq.heappop(self._events)
            what()

    def write(self, folder: Path) -> Path:
        """Play everything and write HOST-eth0.pcap, HOST.neigh.txt and the other files."""
        self.run()
        for host in (*self.hosts, *(tap for tap, _, _ in self.taps)):
            if host.tape:
                (folder / f"{host.name}-eth0.pcap").write_bytes(_capture(host, host.tape))
        for name, lines in self.dumps.items():
            (folder / f"{name}.neigh.txt").write_text("\n".join(lines) + "\n")
        for name, text in self.files.items():
            (folder / name).write_text(text)
        return folder


def _capture(host: Host, tape: Tape) -> bytes:
    frames = sorted(tape.frames, key=lambda f: f[0])
    stamped = [(_ns(at + host.clock), data, way) for at, data, way in frames]
    if tape.link == "sll":
        cooked = [(t, _sll(data, way == "out")) for t, data, way in stamped]
        return build.pcap(cooked, link_type=build.SLL)
    if tape.link == "raw":
        return build.pcap([(t, data[14:]) for t, data, _ in stamped], link_type=build.RAW)
    if tape.dropped is None:
        return build.pcap([(t, data) for t, data, _ in stamped])
    blocks = [build.shb(), build.idb(name="eth0")]
    blocks += [build.epb(t // 1000, data) for t, data, _ in stamped]
    return b"".join([*blocks, build.isb([(5, tape.dropped.to_bytes(8, "little"))])])


def _sll(frame: bytes, out: bool) -> bytes:
    kind = 4 if out else 1 if frame[:6] == b"\xff" * 6 else 0
    ethertype = int.from_bytes(frame[12:14], "big")
    return build.sll(frame[6:12].hex(":"), frame[14:], packet_type=kind, ethertype=ethertype)


def _ns(at: float) -> int:
    return T0 * SECOND + round(at * 1e6) * 1000


def _iso(at: float) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(T0 + at, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


# ---- one incident to vary -----------------------------------------------------------------

X = "0a:de:ad:00:00:01"
"""MAC of a machine that is gone."""
Y = "0a:e6:f1:c2:6b:30"
B = "0a:1f:3c:90:5e:a1"
R1, R2 = "0a:00:5e:11:00:01", "0a:00:5e:11:00:02"
"""MACs of two routers."""


class Lan(Network):
    """A broker with a client that has trouble and one that has none, and a third host that
    keeps the client's capture alive. Both ends capture for a minute."""

    def __init__(self, v6: bool = False) -> None:
        super().__init__()
        net = "fd00:10:0:1::" if v6 else "10.0.1."
        self.broker = self.host("broker-1", f"{net}10", B)
        self.client = self.host("producer-7", f"{net}77", Y)
        self.healthy = self.host("producer-71", f"{net}71", "0a:47:b2:0d:93:c4")
        self.metrics = self.host("metrics-1", f"{net}20", "0a:20:20:20:20:20")
        self.broker.record(end=60)
        self.client.record(end=60)

    def play(self, times: Iterable[float] = (1, 13, 25)) -> None:
        """The client tries at ``times``; the others do well for a minute."""
        self.every(self.client, self.broker, times)
        self.every(self.healthy, self.broker, range(0, 60, 4))
        self.connect(self.client, self.metrics, 0.5)
        self.connect(self.client, self.metrics, 58)

    def off_link(self, host: Host, gateway: str = R1) -> None:
        """Move ``host`` behind a router (R1, on this link) that takes frames at R1 and R2."""
        host.link, host.gateway = "far", "0a:00:5e:22:00:01"
        self.routers.update(lan=R1, far="0a:00:5e:22:00:01")
        self.router_macs.update((R1, R2, "0a:00:5e:22:00:01"))
        for other in self.hosts:
            if other.link == "lan":
                other.gateway = gateway
            elif other is not host:
                other.gateway = host.gateway


def lose(kind: str, after: float = 0.0) -> Drop:
    """Drop segments of ``kind`` between the broker and the client of :class:`Lan`."""
    ends = {"10.0.1.10", "10.0.1.77"}
    return lambda p: p.kind == kind and {p.src, p.dst} == ends and p.sent >= after
