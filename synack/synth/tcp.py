"""TCP of the hosts, as far as handshakes need it: Linux's retries, resets and challenges.

SYNs at 0, 1, 3, 7, 15, 31 s (or, ``linear``, as Linux 6.5 and later: the first four a second
apart); SYN-ACKs by a timer of their own that every repeated SYN sets anew (tcp_check_req,
reqsk_timer_handler).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from synack.synth.frames import Error, Packet, Segment
from synack.synth.machine import Machine
from synack.synth.network import Network
from synack.synth.story import Connect, Story
from synack.synth.truth import Attempt, Sent

EXPONENTIAL = (1.02, 3.07, 7.17, 15.36, 31.49)
LINEAR = (1.01, 2.03, 3.06, 4.08, 5.11, 7.12, 11.28, 19.47, 35.6)
SYN_ACK_RETRIES = 5
RTO = 0.2
DATA_RETRIES = 6
CHALLENGE_EVERY = 0.5
"""Seconds between answers to segments out of place (tcp_invalid_ratelimit)."""
REQUEST = b"produce"

Key = tuple[str, int, str, int]
_MOD = 1 << 32


@dataclass(eq=False)
class Socket:
    """One end of a connection. States: syn-sent, syn-received, established, closing, closed."""

    host: Machine
    key: Key
    attempt: Attempt
    state: str
    sent_next: int
    got_next: int = 0
    client: Connect | None = None
    stamps: bool = True
    heard: int = 0
    """The last TSval of the peer."""
    timeouts: int = 0
    turn: int = 0
    tries: int = 0
    unacked: tuple[str, bytes] | None = None
    challenged: float = -1e9
    answered: bool = False


class Tcp:
    """The sockets of all hosts."""

    def __init__(self, net: Network, story: Story) -> None:
        self.net = net
        self.random = net.random
        self.attempts: list[Attempt] = []
        self.sockets: dict[str, dict[Key, Socket]] = {name: {} for name in net.hosts}
        self._offsets: dict[tuple[str, str], int] = {}
        for host in net.hosts.values():
            host.local = partial(self._receive, host)
        for connect in story.connections:
            for at in connect.at:
                net.at(at, self._connect, connect)

    # ---- the client ---------------------------------------------------------------------

    def _connect(self, told: Connect) -> None:
        host = self.net.hosts[told.client]
        way = host.route(told.server)
        local = way[0].source(told.server) if way else ""
        if not local or not host.is_up():
            return
        sport = told.source_port
        mine = self.sockets[host.name]
        while not sport or (local, sport, told.server, told.port) in mine:
            if told.source_port:
                return
            sport = self.random.randrange(32768, 60999, 2)
        isn = self.random.randrange(_MOD)
        key = (local, sport, told.server, told.port)
        attempt = Attempt(
            len(self.attempts), host.name, local, sport, told.server, told.port, isn, self.net.now
        )
        self.attempts.append(attempt)
        socket = Socket(host, key, attempt, "syn-sent", isn, client=told)
        socket.stamps = host.told.stamps
        mine[key] = socket
        if told.forgotten:
            self._forget(told, key, attempt)
        self._emit(socket, "S", seq=isn)
        socket.sent_next = (isn + 1) % _MOD
        for wait in LINEAR if told.linear else EXPONENTIAL:
            if wait < told.timeout:
                self.net.at(self.net.now + wait, self._syn_again, socket, isn)
        self.net.at(self.net.now + told.timeout, self._give_up, socket)

    def _forget(self, told: Connect, key: Key, attempt: Attempt) -> None:
        """The server holds an established connection of these ports."""
        for host in self.net.hosts.values():
            if host.owns(told.server):
                local = (key[2], key[3], key[0], key[1])
                old = Socket(host, local, attempt, "established", self.random.randrange(_MOD))
                old.got_next = (attempt.isn - self.random.randrange(1 << 20, 1 << 28)) % _MOD
                self.sockets[host.name][local] = old

    def _syn_again(self, socket: Socket, isn: int) -> None:
        if socket.state == "syn-sent":
            self._emit(socket, "S", seq=isn)

    def _give_up(self, socket: Socket) -> None:
        if socket.state == "syn-sent":
            self._drop(socket)

    def _drop(self, socket: Socket) -> None:
        socket.state = "closed"
        socket.turn += 1
        self.sockets[socket.host.name].pop(socket.key, None)

    # ---- segments -----------------------------------------------------------------------

    def _emit(
        self, socket: Socket, flags: str, *, seq: int | None = None, data: bytes = b""
    ) -> None:
        local, lport, remote, rport = socket.key
        first = flags == "S"
        self._send(
            socket.host, socket.attempt, (local, lport, remote, rport), flags,
            socket.sent_next if seq is None else seq, 0 if first else socket.got_next,
            data, socket.heard if socket.stamps else None,
        )  # fmt: skip

    def _send(
        self, host: Machine, attempt: Attempt | None, key: Key, flags: str, seq: int, ack: int,
        data: bytes = b"", heard: int | None = None,
    ) -> None:  # fmt: skip
        local, lport, remote, rport = key
        stamps = None
        if heard is not None and "R" not in flags:
            base = self._offsets.get((local, remote))
            if base is None:
                base = self._offsets[local, remote] = self.random.randrange(1 << 31)
            stamps = (base + round((self.net.now + 60) * 1000)) % _MOD, heard
        window = {"S": 64240, "SA": 65160}.get(flags, 0 if "R" in flags else 502)
        segment = Segment(lport, rport, seq, ack, flags, window, stamps, data)
        tag = None
        if attempt is not None:
            tag = Sent(attempt, segment.leg, host.name, self.net.now)
            attempt.sent.append(tag)
            segment = Segment(lport, rport, seq, ack, flags, window, stamps, data, tag=tag)
        ident = 0 if flags == "SA" or "R" in flags else self.net.ident()
        host.send(Packet(local, remote, segment, 64, ident))

    def _receive(self, host: Machine, packet: Packet) -> None:
        if isinstance(packet.content, Error):
            self._unreachable(host, packet.content, from_wire=packet.src != packet.dst)
            return
        segment = packet.content
        key = (packet.dst, segment.dport, packet.src, segment.sport)
        socket = self.sockets[host.name].get(key)
        if socket is None:
            self._unexpected(host, key, segment)
            return
        if segment.stamps is not None:
            socket.heard = segment.stamps[0]
        take = {
            "syn-sent": self._in_syn_sent,
            "syn-received": self._in_syn_received,
        }.get(socket.state, self._in_established)
        take(socket, segment)

    def _unexpected(self, host: Machine, key: Key, segment: Segment) -> None:
        """Without a socket: a new connection, or a reset (tcp_v4_send_reset)."""
        if segment.leg == "rst":
            return
        tag = segment.tag
        attempt: Attempt | None = tag.attempt if tag is not None else None
        service = host.told.services.get(segment.dport, "refuse")
        if segment.leg == "syn" and service != "refuse":
            self._listen(host, key, segment, attempt, service)
            return
        if segment.leg == "syn-ack" and attempt is not None and attempt.client == host.name:
            attempt.marks.add("reset")
        if "A" in segment.flags:
            self._send(host, attempt, key, "R", segment.ack, 0)
            return
        if attempt is not None:
            attempt.marks.add("refused")
        self._send(host, attempt, key, "RA", 0, (segment.seq + 1) % _MOD)

    # ---- the server ---------------------------------------------------------------------

    def _listen(
        self, host: Machine, key: Key, segment: Segment, attempt: Attempt | None, service: str
    ) -> None:
        if service == "prohibit":
            host.complain(Packet(key[2], key[0], segment), 13)
        if service == "overflow":
            host.count("TcpExtListenOverflows")
            host.count("TcpExtListenDrops")
        if service != "accept" or attempt is None:
            return
        socket = Socket(host, key, attempt, "syn-received", self.random.randrange(_MOD))
        socket.got_next = (segment.seq + 1) % _MOD
        socket.stamps = segment.stamps is not None and host.told.stamps
        socket.heard = segment.stamps[0] if segment.stamps else 0
        self.sockets[host.name][key] = socket
        self._answer(socket)

    def _answer(self, socket: Socket) -> None:
        """A SYN-ACK; its timer begins anew."""
        socket.turn += 1
        wait = float(1 << socket.timeouts)
        self.net.at(self.net.now + wait, self._answer_again, socket, socket.turn)
        self._emit(socket, "SA")

    def _answer_again(self, socket: Socket, turn: int) -> None:
        if socket.state != "syn-received" or socket.turn != turn:
            return
        socket.timeouts += 1
        if socket.timeouts > SYN_ACK_RETRIES:
            self._drop(socket)
        else:
            self._answer(socket)

    def _in_syn_received(self, socket: Socket, segment: Segment) -> None:
        leg = segment.leg
        if leg == "rst":
            self._drop(socket)
        elif leg == "syn":
            if segment.seq == (socket.got_next - 1) % _MOD:
                self._answer(socket)
            else:
                self._emit(socket, "A", seq=(socket.sent_next + 1) % _MOD)
        elif "A" in segment.flags and segment.ack == (socket.sent_next + 1) % _MOD:
            socket.state = "established"
            socket.turn += 1
            socket.sent_next = segment.ack
            socket.attempt.marks.add("established")
            self._in_established(socket, segment)
        elif "A" in segment.flags:
            self._send(socket.host, socket.attempt, socket.key, "R", segment.ack, 0)

    # ---- either end ---------------------------------------------------------------------

    def _in_syn_sent(self, socket: Socket, segment: Segment) -> None:
        attempt, told = socket.attempt, socket.client
        assert told is not None
        if "A" in segment.flags and segment.ack != socket.sent_next:
            if segment.leg != "rst":  # an old connection of the same ports
                attempt.marks.add("challenged")
                self._send(socket.host, attempt, socket.key, "R", segment.ack, 0)
                self.net.at(self.net.now + 0.01, self._syn_again, socket, attempt.isn)
            return
        if segment.leg == "rst":
            attempt.marks.add("refused")
            self._drop(socket)
        elif segment.leg == "syn-ack":
            socket.got_next = (segment.seq + 1) % _MOD
            if told.scan:
                attempt.marks.add("reset")
                self._send(socket.host, attempt, socket.key, "R", segment.ack, 0)
                self._drop(socket)
                return
            socket.state = "established"
            attempt.marks.add("connected")
            socket.stamps = segment.stamps is not None
            self._emit(socket, "A")
            if told.exchange:
                self.net.at(self.net.now + 0.000_3, self._transfer, socket, "PA", REQUEST)
            else:
                self.net.at(self.net.now + told.hold, self._transfer, socket, "FA", b"")

    def _in_established(self, socket: Socket, segment: Segment) -> None:
        leg = segment.leg
        if leg == "rst":
            if segment.seq == socket.got_next:
                self._drop(socket)
            return
        if leg in ("syn", "syn-ack"):
            if self.net.now - socket.challenged >= CHALLENGE_EVERY:
                socket.challenged = self.net.now
                if leg == "syn":
                    socket.attempt.marks.add("challenged")
                self._emit(socket, "A")
            return
        if socket.unacked is not None:
            flags, data = socket.unacked
            length = len(data) + ("F" in flags)
            if segment.ack == (socket.sent_next + length) % _MOD:
                socket.unacked = None
                socket.sent_next = segment.ack
                socket.turn += 1
                socket.host.confirm(socket.key[2])
        length = len(segment.data) + (leg == "fin")
        if not length:
            return
        if segment.seq == socket.got_next:
            socket.got_next = (segment.seq + length) % _MOD
            self._react(socket, segment)
        else:
            self._emit(socket, "A")

    def _react(self, socket: Socket, segment: Segment) -> None:
        """What the program does with what arrived."""
        told = socket.client
        if segment.leg == "fin":
            if told is None and socket.unacked is None:
                self._transfer(socket, "FA", b"")
            else:
                self._emit(socket, "A")
            return
        if told is None and socket.unacked is None:
            self._transfer(socket, "PA", segment.data)
            return
        self._emit(socket, "A")
        if told is not None and not socket.answered:
            socket.answered = True
            self.net.at(self.net.now + told.hold, self._transfer, socket, "FA", b"")

    def _transfer(self, socket: Socket, flags: str, data: bytes) -> None:
        if socket.state == "established" and socket.unacked is None:
            socket.unacked = (flags, data)
            socket.tries = 0
            self._push(socket, socket.turn)

    def _push(self, socket: Socket, turn: int) -> None:
        """Send what is not acknowledged, again and again."""
        if socket.unacked is None or socket.turn != turn or socket.state != "established":
            return
        if socket.tries > DATA_RETRIES:
            self._drop(socket)
            return
        flags, data = socket.unacked
        wait = RTO * (1 << socket.tries)
        socket.tries += 1
        self._emit(socket, flags, data=data)
        self.net.at(self.net.now + wait, self._push, socket, turn)

    def _unreachable(self, host: Machine, error: Error, from_wire: bool) -> None:
        """tcp_v4_err: what waits for the handshake gives up."""
        packet = error.quoted
        segment = packet.segment
        if segment is None:
            return
        key = (packet.src, segment.sport, packet.dst, segment.dport)
        socket = self.sockets[host.name].get(key)
        if socket is not None and socket.state in ("syn-sent", "syn-received"):
            if from_wire:
                socket.attempt.marks.add("unreachable")
            self._drop(socket)
