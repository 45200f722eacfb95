"""The slow, obvious way: a tracker, a matcher and a judge in loops and dicts.

Written from the rules (outcomes, matching) and not from the code under test; only the
vocabulary is shared. What it is tried on is in :mod:`fleet`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from fleet import CLIENT_LEGS, MS, SECOND, SERVER_LEGS, Host, Key, Packet

SETTLE = 100 * MS
"""How long a capture must go on after a loss to witness it."""
DELAYED, REPEATED = 500 * MS, 3_000 * MS
"""What comes later than that may be a repetition; and is one."""


# ---- pairing ------------------------------------------------------------------------------


def pairs(rows: list[tuple[int, bool, int]]) -> list[int]:
    """Partners of rows (group, whether it is an arrival, time), -1 for none."""
    partner = [-1] * len(rows)
    for group in {row[0] for row in rows}:
        mine = [n for n, row in enumerate(rows) if row[0] == group]
        out = sorted((n for n in mine if not rows[n][1]), key=lambda n: rows[n][2])
        back = sorted((n for n in mine if rows[n][1]), key=lambda n: rows[n][2])
        if len(out) == len(back):
            for a, b in zip(out, back, strict=True):
                partner[a], partner[b] = b, a
            continue
        for ahead in (True, False):
            free: list[int] = []
            events = [n for n in mine if partner[n] < 0]
            sign = 1 if ahead else -1
            events.sort(key=lambda n: (sign * rows[n][2], sign * rows[n][1]))
            for n in events:
                if not rows[n][1]:
                    free.append(n)
                elif free:
                    other = free.pop()
                    partner[n], partner[other] = other, n
    return partner


# ---- tracking -----------------------------------------------------------------------------


class Sight:
    """One attempt in one capture."""

    def __init__(self) -> None:
        self.state = "new"
        self.answer: int | None = None
        self.legs: dict[str, list[Packet]] = {}

    def add(self, leg: str, packet: Packet) -> None:
        self.legs.setdefault(leg, []).append(packet)
        if self.state == "established":
            return
        if leg == "syn" and self.state == "new":
            self.state = "syn-sent"
        elif leg == "syn-ack":
            self.state = "syn-received"
        elif leg == "ack" and self.state in {"syn-sent", "syn-received", "refused"}:
            self.state = "established"
        elif leg == "rst-server" and self.state == "syn-sent":
            self.state = "refused"
        elif leg == "progress" and self.state in {"syn-sent", "syn-received"}:
            self.state = "established"
        elif leg == "rst-client" and self.state == "syn-received":
            self.state = "rejected"

    def count(self, leg: str) -> int:
        return len(self.legs.get(leg, []))

    @property
    def first(self) -> int:
        return min(p.time for packets in self.legs.values() for p in packets)

    @property
    def last(self) -> int:
        return max(p.time for packets in self.legs.values() for p in packets)


def follow(packets: list[Packet]) -> dict[Key, Sight]:
    """The attempts of one capture. No two share their ports, so ports find the attempt."""
    sights: dict[Key, Sight] = {}
    by_ports: dict[tuple[str, int, str, int], Key] = {}
    for p in packets:
        out, back = (p.src, p.sport, p.dst, p.dport), (p.dst, p.dport, p.src, p.sport)
        if p.flags == "S":
            key = (*out, p.seq)
            sights.setdefault(key, Sight()).add("syn", p)
            by_ports[out] = key
        elif p.flags == "SA":
            key = (*back, (p.ack - 1) % 2**32)
            sight = sights.setdefault(key, Sight())
            sight.answer = p.seq
            sight.add("syn-ack", p)
            by_ports[back] = key
        elif out in by_ports:
            key = by_ports[out]
            sight = sights[key]
            onward = p.seq == (key[4] + 1) % 2**32
            if p.flags == "A" and onward:
                if sight.answer is None or p.ack == (sight.answer + 1) % 2**32:
                    sight.add("ack", p)
            elif p.flags == "R" and onward and sight.answer is not None:
                sight.add("rst-client", p)
        elif back in by_ports:
            key = by_ports[back]
            if p.ack == (key[4] + 1) % 2**32:
                sights[key].add("progress" if p.flags == "A" else "rst-server", p)
    drop_copies(list(sights.values()))
    take_early_resets(packets, sights)
    return sights


def take_early_resets(packets: list[Packet], sights: dict[Key, Sight]) -> None:
    """A server's reset that stands before the SYN that it answers, and was stamped after it; if
    the attempt has one, it may be a copy of that."""
    for place, p in enumerate(packets):
        sight = sights.get((p.dst, p.dport, p.src, p.sport, (p.ack - 1) % 2**32))
        if (
            p.flags != "RA"
            or sight is None
            or sight.count("rst-server")
            or any(other is p for found in sight.legs.values() for other in found)
        ):
            continue
        ends, isn = (p.dst, p.dport, p.src, p.sport), (p.ack - 1) % 2**32
        syns = [
            n
            for n, o in enumerate(packets)
            if o.flags == "S" and o.seq == isn and (o.src, o.sport, o.dst, o.dport) == ends
        ]
        first = packets[syns[0]] if syns else p
        if syns and syns[0] > place and 0 <= p.time - first.time <= SOON:
            sight.add("rst-server", p)


SOON = 100 * MS
"""No timer repeats a segment so soon."""
AT_ONCE = 10_000
"""Nothing sends the same segment twice so fast."""
NEVER_LEFT_OUT = ("syn", "syn-ack", "rst-server", "rst-client")


def drop_copies(sights: list[Sight]) -> None:
    """Leave one of each packet that a capture has twice: at two places or at one moment, or
    because it has all of the attempt twice, or most attempts."""
    again: dict[int, list[tuple[str, Packet, bool]]] = {}
    doubled, several = 0, 0
    whole: set[int] = set()
    for number, sight in enumerate(sights):
        found = again.setdefault(number, [])
        for leg, packets in sight.legs.items():
            for one, other in pairwise(packets):
                same = other._replace(time=one.time, serial=one.serial, spot=one.spot) == one
                if same and abs(other.time - one.time) <= SOON:
                    sure = one.spot != other.spot or abs(other.time - one.time) <= AT_ONCE
                    found.append((leg, other, sure))
        twice = sum(leg in NEVER_LEFT_OUT for leg, *_ in found)
        once = sum(sight.count(leg) for leg in NEVER_LEFT_OUT) - twice
        if once > 1:
            several += 1
            if twice >= once:
                doubled += 1
                whole.add(number)
    for number, found in again.items():
        for leg, packet, sure in found:
            if sure or number in whole or doubled * 2 > several:
                packets = sights[number].legs[leg]
                packets[:] = [p for p in packets if p is not packet]


# ---- matching -----------------------------------------------------------------------------


def place_of(host: Host, packet: Packet) -> int:
    """Where in its packets: a copy may be equal."""
    return next(n for n, p in enumerate(host.packets) if p is packet)


@dataclass
class Verdict:
    """What the oracle says of one attempt."""

    outcome: str
    fates: dict[tuple[str, int], str]
    """By host and place of the transmission in its packets; only with two captures."""
    counts: dict[str, int]


class Fleet:
    """Hosts with their captures; clocks are those that ``offsets`` says."""

    def __init__(self, hosts: list[Host]) -> None:
        self.hosts = [h for h in hosts if h.captures]
        self.by_address = {h.address: h for h in self.hosts}
        self.sights = {h.name: follow(h.packets) for h in self.hosts}
        self.keys = sorted({key for sights in self.sights.values() for key in sights})
        self.numbered = self._numbered()
        self.arrivals = {key: self._pair(key) for key in self.keys}
        self.missed = self._missed()

    def verdicts(self) -> dict[Key, Verdict]:
        return {key: self._verdict(key) for key in self.keys}

    def ends(self, key: Key) -> tuple[Host | None, Host | None]:
        return self.by_address.get(key[0]), self.by_address.get(key[2])

    def sight(self, host: Host | None, key: Key) -> Sight:
        return self.sights[host.name].get(key, Sight()) if host is not None else Sight()

    def _sent(self, key: Key) -> list[tuple[str, Packet, Host, Host]]:
        """(leg, packet, sender, receiver) of all that is in its sender's capture."""
        client, server = self.ends(key)
        if client is None or server is None:
            return []
        found = []
        for legs, sender, receiver in (
            (CLIENT_LEGS, client, server),
            (SERVER_LEGS, server, client),
        ):
            for leg in legs:
                sent = self.sight(sender, key).legs.get(leg, [])
                found += [(leg, p, sender, receiver) for p in sent]
        return found

    def _pair(self, key: Key) -> dict[tuple[str, int], bool]:
        """By (sender, place) of each transmission whether an arrival is paired with it."""
        rows: list[tuple[int, bool, int]] = []
        names: list[tuple[str, int]] = []
        groups: dict[tuple[object, ...], int] = {}
        for leg, p, sender, _ in self._sent(key):
            group = groups.setdefault((leg, p.seq, p.tsval, self._number(key, leg, p)), len(groups))
            rows.append((group, False, p.time - sender.offset))
            names.append((sender.name, place_of(sender, p)))
        client, server = self.ends(key)
        if client is not None and server is not None:
            for legs, sender, receiver in (
                (CLIENT_LEGS, client, server),
                (SERVER_LEGS, server, client),
            ):
                for leg in legs:
                    for p in self.sight(receiver, key).legs.get(leg, []):
                        kind = (leg, p.seq, p.tsval, self._number(key, leg, p))
                        on = sender.begin <= p.time - receiver.offset <= sender.end + DELAYED
                        if p.tsval < 0 and not kind[3] and not on:
                            continue  # A repetition that its sender's capture does not have.
                        group = groups.setdefault(kind, len(groups))
                        rows.append((group, True, p.time - receiver.offset))
        partner = pairs(rows)
        bare = {group for kind, group in groups.items() if kind[2] == -1 and not kind[3]}
        arrived = {}
        for n, name in enumerate(names):
            group, _, left = rows[n]
            # Without a timestamp what comes so late is a repetition, unseen where it left.
            late = group in bare and abs(rows[partner[n]][2] - left) > REPEATED
            arrived[name] = partner[n] >= 0 and not late
        return arrived

    def _both(self, key: Key, leg: str) -> tuple[list[Packet], list[Packet]]:
        """What the captures of sender and receiver have of a leg."""
        client, server = self.ends(key)
        sender, receiver = (client, server) if leg in CLIENT_LEGS else (server, client)
        if sender is None or receiver is None:
            return [], []
        sent, came = (self.sight(host, key).legs.get(leg, []) for host in (sender, receiver))
        return sent, came

    def _numbered(self) -> set[tuple[str, str]]:
        """(source, destination) where identifications of IPv4 come as they left: of most legs that
        both captures have numbers of they have one in common, and the source uses several."""
        shares: dict[tuple[str, str], list[bool]] = {}
        used: dict[tuple[str, str], set[int]] = {}
        for key in self.keys:
            for leg in (*CLIENT_LEGS, *SERVER_LEGS):
                both = self._both(key, leg)
                if all(p.tsval >= 0 for packets in both for p in packets):
                    continue
                way = (key[0], key[2]) if leg in CLIENT_LEGS else (key[2], key[0])
                sent, came = ({p.ip_id for p in packets} - {0} for packets in both)
                used.setdefault(way, set()).update(sent | came)
                if sent and came:
                    shares.setdefault(way, []).append(bool(sent & came))
        return {
            way for way, each in shares.items() if 2 * sum(each) >= len(each) and len(used[way]) > 1
        }

    def _number(self, key: Key, leg: str, packet: Packet) -> int:
        """Its identification, 0 if that tells nothing."""
        if packet.tsval >= 0 or (packet.src, packet.dst) not in self.numbered:
            return 0
        for packets in self._both(key, leg):
            numbers = Counter(p.ip_id for p in packets if p.ip_id)
            if max(numbers.values(), default=0) > 1:
                return 0
        return packet.ip_id

    def _must_have_arrived(self, key: Key, leg: str) -> bool:
        client, server = (self.sight(host, key) for host in self.ends(key))
        either = Counter({name: client.count(name) + server.count(name)
                          for name in (*CLIENT_LEGS, *SERVER_LEGS)})  # fmt: skip
        if leg == "syn":
            return any(either[name] for name in SERVER_LEGS)
        if leg == "syn-ack":
            once = server.state == "rejected" and server.count("syn-ack") == 1
            return once or either["ack"] + either["progress"] > 0
        return leg == "ack" and either["progress"] > 0

    def _on(self, leg: str, p: Packet, sender: Host, receiver: Host, key: Key) -> bool:
        """Whether the receiver's capture was on when ``p`` would have arrived."""
        moment = p.time - sender.offset + receiver.offset
        if receiver.hole is not None:
            stopped, again = (at + receiver.offset for at in receiver.hole)
            if stopped <= moment + SETTLE and moment <= again:
                return False
        sight = self.sight(receiver, key)
        begun = moment >= receiver.first
        begun |= leg in SERVER_LEGS and sight.count("syn") > 0
        begun |= leg in CLIENT_LEGS and leg != "syn" and sight.count("syn-ack") > 0
        if leg not in ("syn", "syn-ack") and key not in self.sights[receiver.name]:
            return False  # What it has of them would not be known for that.
        if leg in SERVER_LEGS and key not in self.sights[receiver.name]:
            calls = self.sight(sender, key).legs.get("syn", [])
            if calls:
                called = min(c.time for c in calls) - sender.offset + receiver.offset
                # The receiver sent this SYN before, and its capture does not have it.
                begun &= called - SETTLE < receiver.first
        return begun and moment + SETTLE <= receiver.last

    def _missed(self) -> Counter[tuple[str, str]]:
        """By (host, leg) how often its capture was on and does not have what arrived."""
        missed: Counter[tuple[str, str]] = Counter()
        for key in self.keys:
            client, server = self.ends(key)
            for leg, receiver in (("syn", server), ("syn-ack", client), ("ack", server)):
                sight = self.sight(receiver, key)
                if receiver is None or sight.count(leg) or not self._must_have_arrived(key, leg):
                    continue
                sent = [row for row in self._sent(key) if row[0] == leg]
                if sent:
                    on = all(self._on(*row, key) for row in sent)
                else:
                    on = key in self.sights[receiver.name] and (
                        receiver.first <= sight.first - SETTLE
                        and sight.last + SETTLE <= receiver.last
                    )
                missed[receiver.name, leg] += on
        return missed

    def _excludes(self, host: Host, leg: str) -> bool:
        """Whether the capture of ``host`` never has this leg, though it arrived."""
        seen = sum(
            sight.count(leg)
            for key, sight in self.sights[host.name].items()
            if (key[2] if leg in CLIENT_LEGS else key[0]) == host.address
        )
        return self.missed[host.name, leg] > 0 and seen == 0

    def _fates(self, key: Key) -> dict[tuple[str, int], tuple[str, str]]:
        sent = self._sent(key)
        arrived = self.arrivals[key]
        missing = Counter(
            leg for leg, p, sender, _ in sent
            if not arrived[sender.name, place_of(sender, p)]
        )  # fmt: skip
        fates = {}
        for leg, p, sender, receiver in sent:
            name = (sender.name, place_of(sender, p))
            total = sum(n for (host, _), n in self.missed.items() if host == receiver.name)
            seen = self.sight(receiver, key).count(leg)
            blind = not self._on(leg, p, sender, receiver, key) or self._excludes(receiver, leg)
            if arrived[name]:
                fate = "delivered"
            elif blind or missing[leg] <= total:
                fate = "unwitnessed"
            elif self._must_have_arrived(key, leg) and not seen:
                # One of them did arrive, and nobody knows which.
                fate = "unwitnessed"
            else:
                fate = "lost"
            fates[name] = (leg, fate)
        return fates

    # ---- judging --------------------------------------------------------------------------

    def _verdict(self, key: Key) -> Verdict:
        client, server = self.ends(key)
        fates = self._fates(key)
        if client is not None and server is not None:
            outcome = self._two_ends(key, client, server, Counter(fates.values()))
        else:
            outcome = None
        if outcome is None:
            outcome = self._one_end(key)
        counts = {
            "syn_sent": self.sight(client, key).count("syn"),
            "syn_ack_sent": self.sight(server, key).count("syn-ack"),
            "ack_sent": self.sight(client, key).count("ack"),
        }
        return Verdict(outcome, {name: fate for name, (_, fate) in fates.items()}, counts)

    def _two_ends(
        self, key: Key, client: Host, server: Host, fates: Counter[tuple[str, str]]
    ) -> str | None:
        at_client, at_server = self.sight(client, key), self.sight(server, key)
        if at_server.count("ack") or at_server.count("progress") or at_client.count("progress"):
            return "completed"
        if at_client.count("ack"):
            # The client is connected; only a witness can tell that the server is not.
            if fates["ack", "unwitnessed"] and fates["ack", "lost"] + fates["ack", "misdelivered"]:
                return "inconclusive"
            if fates["ack", "unwitnessed"]:
                return "inconclusive" if self._in_vain((client, server), key) else "completed"
            lasted = bool(at_server.legs) and self._patient(server, at_server)
            return "ack-lost" if lasted else "inconclusive"
        if at_client.state == "rejected" and at_client.count("syn"):
            return "rejected"
        if at_client.state == "refused":
            return "refused"
        if at_server.count("syn-ack") and not at_client.count("syn-ack"):
            if fates["syn-ack", "lost"]:
                return "syn-ack-lost"
            return "rejected" if at_server.state == "rejected" else "inconclusive"
        if at_server.state == "rejected":
            return "rejected"
        if at_client.count("syn-ack"):
            return "inconclusive"
        if at_server.state == "refused":
            return "refused"
        if at_server.count("syn"):
            if self._syns_alone(server) or (
                at_client.count("syn") < 2 and self._may_hide_an_answer(server, at_server)
            ):
                return "inconclusive"
            return "no-reply" if self._patient(server, at_server) else "inconclusive"
        if fates["syn", "lost"]:
            return "syn-lost"
        if fates["syn", "unwitnessed"]:
            return "inconclusive"
        return None

    def _one_end(self, key: Key) -> str:
        client, server = self.ends(key)
        host = client if key in self.sights.get(client.name if client else "", {}) else server
        assert host is not None
        sight = self.sight(host, key)
        if sight.state == "rejected" and not sight.count("syn"):
            return "inconclusive"
        if sight.state in {"refused", "rejected"}:
            return sight.state
        if sight.state == "established":
            denied = host is client and not sight.count("progress") and sight.count("ack")
            return "inconclusive" if denied and self._in_vain((client,), key) else "completed"
        if not self._patient(host, sight):
            return "inconclusive"
        if sight.state == "syn-sent":
            if host is server and self._may_hide_an_answer(server, sight):
                return "inconclusive"
            return "unanswered" if host is client else "no-reply"
        if host is server and max(sight.count("syn"), sight.count("syn-ack")) > 1:
            return "unacknowledged"
        return "inconclusive"

    def _may_hide_an_answer(self, server: Host, sight: Sight) -> bool:
        """Whether a SYN was not repeated, in a capture that proved to miss packets; or the capture
        has SYNs alone, and most were not repeated though it was on."""
        return self._syns_alone(server) or (
            sight.count("syn") == 1
            and any(n for (host, _), n in self.missed.items() if host == server.name)
        )

    def _syns_alone(self, server: Host) -> bool:
        if server.copies or any(leg != "syn" for s in self.sights[server.name].values()
                                for leg, found in s.legs.items() if found):  # fmt: skip
            return False
        mine = {k: s for k, s in self.sights[server.name].items() if k[2] == server.address}
        once = [k[2:4] for k, s in mine.items()
                if s.count("syn") == 1 and s.last + SECOND + SETTLE <= server.last]  # fmt: skip
        content = sum(once.count(service) > 1 for service in once)
        return 2 * content > len(mine)

    def _in_vain(self, ends: tuple[Host, ...], key: Key) -> bool:
        """Whether the server went on with its SYN-ACKs when it must have had the client's ACK."""
        client = ends[0]
        at_client = self.sight(client, key)
        first = {
            leg: min(p.time for p in packets) for leg, packets in at_client.legs.items() if packets
        }
        takes = max(first["syn-ack"] - first["syn"], 0) if {"syn", "syn-ack"} <= first.keys() else 0
        return any(
            p.time - host.offset > first["ack"] - client.offset + takes + SETTLE
            for host in ends
            for p in self.sight(host, key).legs.get("syn-ack", [])
        )

    def _patient(self, host: Host, sight: Sight) -> bool:
        return host.last - sight.first >= SECOND
