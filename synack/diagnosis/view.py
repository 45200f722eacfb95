"""One finding and what was seen of its attempts, for the alternatives to be judged by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synack.addresses import NO_MAC, Address, parse_ip, parse_mac
from synack.diagnosis.evidence import Case, text_of
from synack.diagnosis.flow_records import Fact, Flows
from synack.diagnosis.flow_records import logged as in_flow_logs
from synack.diagnosis.link import on_link
from synack.grouping import among, distinct, distinct_rows, firsts, ids_of
from synack.handshake.matched import LOST, MISDELIVERED
from synack.handshake.states import Event
from synack.model import Capture, Finding, Source
from synack.tables import NO_TIME, Array
from synack.wording import count

_NOUNS = {Event.SYN: "SYN", Event.SYN_ACK: "SYN-ACK"}
_NAMED = 3
"""So many hosts or addresses of one kind are named."""
_LOG_NS = 60 * 1_000_000_000
"""The kernel limits the rate of such messages: one of a minute before tells as well."""


Judged = tuple[str, Fact]
"""A verdict of :data:`~synack.model.VERDICTS`, and by what (or what would have shown it)."""


def excluded(says: str, sources: tuple[Source, ...] = ()) -> Judged:
    return "excluded", Fact(says, sources)


def supported(says: str, sources: tuple[Source, ...] = ()) -> Judged:
    return "supported", Fact(says, sources)


def open_(says: str, sources: tuple[Source, ...] = ()) -> Judged:
    """Not excluded; ``says`` what would tell."""
    return "open", Fact(says, sources)


def by(fact: Fact | None) -> Judged | None:
    """Excluded by a fact, if it is one."""
    return None if fact is None else ("excluded", fact)


@dataclass
class View:
    """A finding of what was lost or not answered, with the transmissions in question: of a stale
    entry those to the wrong MAC, else all of the leg."""

    case: Case
    finding: Finding

    # ---- who and what ---------------------------------------------------------------

    @cached_property
    def attempts(self) -> Array:
        """Rows of attempts, ascending."""
        return np.sort(np.array(self.finding.rows, np.int64))

    @cached_property
    def leg(self) -> Event:
        return Event.SYN if "syn" in (self.finding.leg, self._kind_leg) else Event.SYN_ACK

    @property
    def _kind_leg(self) -> str:
        return self.finding.kind.removesuffix("-lost")

    @cached_property
    def noun(self) -> str:
        return _NOUNS[self.leg]

    @cached_property
    def clients(self) -> list[int]:
        """Rows of hosts that captured as a client of these attempts."""
        return self._hosts("client_host")

    @cached_property
    def servers(self) -> list[int]:
        return self._hosts("server_host")

    def _hosts(self, end: str) -> list[int]:
        return [h for h in distinct(self.case.attempts[end][self.attempts]).tolist() if h >= 0]

    @cached_property
    def senders(self) -> list[int]:
        """Of a stale entry the host that has it, which may only pass on what an end sent."""
        if self.finding.kind == "stale-neighbor" and self.finding.host in self.case.hosts:
            return [self.case.hosts.index(self.finding.host)]
        return self.clients if self.leg == Event.SYN else self.servers

    @cached_property
    def receivers(self) -> list[int]:
        return self.servers if self.leg == Event.SYN else self.clients

    def named(self, hosts: list[int], otherwise: str) -> str:
        """The names of hosts; ``otherwise`` without any."""
        names = [self.case.hosts[host] or otherwise for host in hosts]
        if len(names) > _NAMED:
            return f"{names[0]} and {len(names) - 1} others"
        return " and ".join(names) or otherwise

    @property
    def sender(self) -> str:
        return self.named(self.senders, "the client" if self.leg == Event.SYN else "the server")

    @property
    def receiver(self) -> str:
        return self.named(self.receivers, "the server" if self.leg == Event.SYN else "the client")

    @property
    def server(self) -> str:
        return self.named(self.servers, "the server")

    def files(self, hosts: Iterable[int]) -> tuple[Source, ...]:
        """The first capture file of each host: for what is nowhere in them."""
        m, found = self.case.matched, []
        for host in hosts:
            numbers = np.flatnonzero(m.host_of_capture == host).tolist()
            found += [Source(m.captures[n].files[0].path) for n in numbers if m.captures[n].files]
        return tuple(found[:_NAMED])

    # ---- what was sent --------------------------------------------------------------

    @cached_property
    def rows(self) -> Array:
        """Rows of sendings."""
        s = self.case.sendings
        rows = self.case.sendings_of(self.attempts)
        by_senders = among([(host,) for host in self.senders], s["host"][rows])
        rows = rows[(s["leg"][rows] == self.leg) & by_senders]
        if self.finding.kind == "stale-neighbor":
            wrong = parse_mac(self.finding.stale_mac)
            rows = rows[(s["mac"][rows] == wrong) | (s["mac"][rows] == NO_MAC)]
        return rows

    @cached_property
    def peers(self) -> list[Address]:
        """Addresses that these were sent to."""
        s = self.case.sendings
        ends = distinct_rows(s["peer_hi"][self.rows], s["peer_lo"][self.rows])
        return [(high, low) for high, low in ends]

    @cached_property
    def ports(self) -> list[int]:
        """The client ports of the attempts, of which each takes its own way over a bundle."""
        return distinct(self.case.attempts["client_port"][self.attempts]).tolist()

    def frames(self, rows: Array, most: int = 2) -> tuple[Source, ...]:
        """The first frames of rows of sendings."""
        return tuple(self.case.frame(r) for r in self.case.sendings["row"][rows[:most]].tolist())

    # ---- facts ----------------------------------------------------------------------

    @cached_property
    def arrived(self) -> Fact:
        """Of a SYN-ACK: that the server got the SYN and answered."""
        says = f"the SYNs came to {self.server}, and the SYN-ACKs left it"
        return Fact(says, self.syns() + self.frames(self.rows, 1))

    def syns(self) -> tuple[Source, ...]:
        """The first SYN in the server's capture."""
        m = self.case.matched
        at = m.server[self.attempts]
        rows = m.sightings["syn_row"][at[at >= 0]]
        return tuple(self.case.frame(row) for row in rows[rows >= 0][:1].tolist())

    @cached_property
    def lost(self) -> Array:
        """Rows of sendings that were witnessed not to arrive."""
        return self.rows[self.case.sendings["fate"][self.rows] == LOST]

    @cached_property
    def astray(self) -> Array:
        """Rows that came to the peer's wire, addressed to a foreign MAC."""
        return self.rows[self.case.sendings["fate"][self.rows] == MISDELIVERED]

    @cached_property
    def former(self) -> Array:
        """Rows that came to a machine which has their address no more."""
        return self.rows[self.case.at_former_owner[self.rows]]

    @cached_property
    def gone(self) -> Fact | None:
        """That nothing of it came to where a host's own filters and checks would see it; None
        where nobody watched."""
        if len(self.astray):
            says = f"they came to {self.receiver}'s wire addressed to another MAC: its kernel drops"
            return Fact(f"{says} such frames before any filter or check", self._astray_frames())
        if len(self.former):
            says = f"they came to {self.receiver}, which has {self.finding.ip} no more: there"
            return Fact(f"{says} nothing is to answer them", self.files(self.receivers))
        if not len(self.lost):
            return None
        says = f"none of these {self.noun}s is in {self.receiver}'s capture, which sees packets"
        return Fact(f"{says} before any filter or check does", self.files(self.receivers))

    def _astray_frames(self) -> tuple[Source, ...]:
        arrived = self.case.sendings["arrived"][self.astray[:2]]
        return tuple(self.case.frame(row) for row in arrived.tolist())

    @cached_property
    def other_answers(self) -> tuple[Source, ...]:
        """SYN-ACKs at the receivers that acknowledge these SYNs between other addresses."""
        a, m, found = self.case.attempts, self.case.matched, []
        wanted = (a["client_isn"][self.attempts] + np.uint32(1)).astype(np.uint32)
        names = ("client_hi", "client_lo", "server_hi", "server_lo")
        for host in self.receivers:
            acks, rows = self.case.answers_at(host)
            at = np.minimum(np.searchsorted(acks, wanted), max(len(acks) - 1, 0))
            hit = np.flatnonzero(acks[at] == wanted) if len(acks) else at[:0]
            rows, mine = rows[at[hit]], self.attempts[hit]
            sides = ("dst_hi", "dst_lo", "src_hi", "src_lo")
            same = [m.segments[s][rows] == a[n][mine] for s, n in zip(sides, names, strict=True)]
            found += [self.case.frame(row) for row in rows[~np.all(same, axis=0)].tolist()]
        return tuple(found[:_NAMED])

    @cached_property
    def misaddressed(self) -> Fact | None:
        """That the destination MAC is not the one of the peer."""
        f = self.finding
        if f.kind != "stale-neighbor" or not f.stale_mac:
            return None
        known = self.rows[self.case.sendings["mac"][self.rows] != NO_MAC]
        if not len(known):
            return None
        says = f"{self.sender} addressed them to {f.stale_mac}, not to {f.actual_mac}"
        return Fact(says, self.frames(known))

    @cached_property
    def well_addressed(self) -> Fact | None:
        """That all of them went to the MAC that the peer's frames come from."""
        s, rows = self.case.sendings, self.rows
        if self.misaddressed:
            return None
        mac, peer, home = (s[name][rows] for name in ("mac", "peer_mac", "home_mac"))
        owner = np.where(peer != NO_MAC, peer, home)
        if not len(rows) or (mac == NO_MAC).any() or (mac != owner).any():
            return None
        says = f"the {self.noun}s went to the MAC that the peer's own frames come from"
        return Fact(says, self.frames(rows))

    @cached_property
    def addressed(self) -> bool:
        """Whether any destination MAC was recorded."""
        return bool((self.case.sendings["mac"][self.rows] != NO_MAC).any())

    @cached_property
    def by_route(self) -> Fact | None:
        """That the sender's own routing table sends to these peers by a gateway."""
        for host in self.senders:
            for ip in self.peers[:_NAMED]:
                route = self.case.context.route(self.case.hosts[host], ip)
                if route is not None and route[0] is not None:
                    says = f"{self.case.hosts[host]}'s route to {text_of(ip)} goes by"
                    return Fact(f"{says} {text_of(route[0])}", (route[1],))
        return None

    @cached_property
    def same_way(self) -> Fact | None:
        """That the SYNs came from the gateway that the server's routing table has for the
        clients: there and back it is one way."""
        f, m, s = self.finding, self.case.matched, self.case.sendings
        if f.next_hop != "gateway" or self.leg != Event.SYN_ACK or self.by_route is None:
            return None
        macs = distinct(s["peer_mac"][self.rows]).tolist()
        ways = [
            self.case.context.route(self.case.hosts[host], ip)
            for host in self.senders
            for ip in self.peers[:_NAMED]
        ]
        syn = m.sightings["syn_row"][m.sighting[s["row"][self.rows]]]
        if (
            macs != [parse_mac(f.actual_mac)]
            or any(way is None or way[0] != parse_ip(f.ip) for way in ways)
            or not (syn >= 0).all()
        ):
            return None
        says = f"{self.by_route.says}, and the SYNs came from its right MAC"
        return Fact(says, (*self.by_route.sources, self.case.frame(int(syn[0]))))

    @cached_property
    def near(self) -> Fact | None:
        """That the peers are on the sender's own link, so that no router is between."""
        for evidence in self.finding.evidence:
            if evidence.id == "on-link" and self.finding.next_hop == "host":
                return Fact(evidence.says, evidence.sources)
        s, found = self.case.sendings, None
        for ip in self.peers[: _NAMED + 1]:
            rows = self.rows[
                (s["peer_hi"][self.rows] == ip[0]) & (s["peer_lo"][self.rows] == ip[1])
            ]
            macs = s["mac"][rows][:1].tolist() + s["peer_mac"][rows][:1].tolist()
            link = on_link(self.case, int(s["host"][rows[0]]), ip, *macs)
            if link is None:
                return None
            found = found or Fact(link.says, link.sources)
        return found if len(self.peers) <= _NAMED + 1 else None

    @cached_property
    def control(self) -> Fact | None:
        """That others completed with the same server ports meanwhile, and how many."""
        a, rows = self.case.attempts, self._completed_meanwhile(others=True)
        if not len(rows):
            return None
        others = len(firsts(a["client_hi"][rows], a["client_lo"][rows]))
        says = f"{count(len(rows), 'attempt')} of {count(others, 'other client')} completed"
        return Fact(f"{says} meanwhile", self._first_frames(rows))

    @cached_property
    def completed_alike(self) -> Fact | None:
        """That attempts of the same clients to the same server ports completed meanwhile."""
        rows = self._completed_meanwhile(others=False)
        if not len(rows):
            return None
        says = f"{count(len(rows), 'attempt')} of the same clients completed meanwhile"
        return Fact(says, self._first_frames(rows))

    def _completed_meanwhile(self, *, others: bool) -> Array:
        a, case = self.case.attempts, self.case
        ports = distinct(a["server_port"][self.attempts]).tolist()
        span = a["first"][self.attempts].min(), a["first"][self.attempts].max()
        done = [case.completed(host, port) for host in self.servers for port in ports]
        done = [rows[slice(*np.searchsorted(a["first"][rows], span))] for rows in done]
        rows = np.concatenate([np.empty(0, np.int64), *done])
        return rows[among(self.ends, a["client_hi"][rows], a["client_lo"][rows]) != others]

    def _first_frames(self, attempts: Array) -> tuple[Source, ...]:
        m, attempts = self.case.matched, attempts[:2]
        places = np.maximum(m.server[attempts], m.client[attempts])
        rows = m.sightings["row"][places[places >= 0]]
        return tuple(self.case.frame(row) for row in rows.tolist())

    @cached_property
    def ends(self) -> list[Address]:
        """The addresses of the clients."""
        a = self.case.attempts
        ends = distinct_rows(a["client_hi"][self.attempts], a["client_lo"][self.attempts])
        return [(high, low) for high, low in ends]

    @cached_property
    def tags(self) -> tuple[set[int], set[int]]:
        """VLANs of the sent, and of what the peer's own segments came with at the sender."""
        case, m = self.case, self.case.matched
        out = set(distinct(m.segments["vlan"][case.sendings["row"][self.rows]]).tolist())
        at = (m.client if self.leg == Event.SYN else m.server)[self.attempts]
        first = "syn_ack_row" if self.leg == Event.SYN else "syn_row"
        rows = m.sightings[first][at[at >= 0]]
        return out, set(distinct(m.segments["vlan"][rows[rows >= 0]]).tolist())

    # ---- the captures and what else is given ------------------------------------------

    def captures(self, hosts: list[int]) -> list[Capture]:
        m = self.case.matched
        return [c for c, h in zip(m.captures, m.host_of_capture, strict=True) if h in hosts]

    @property
    def dropped(self) -> int | None:
        """Packets that the capturing tool lost at the receivers; None where none says."""
        known = [c.dropped for c in self.captures(self.receivers) if c.dropped is not None]
        return sum(known) if known else None

    def arp_frames(self, hosts: list[int]) -> int:
        """ARP and ND frames in the captures of ``hosts``."""
        files = [file for capture in self.captures(hosts) for file in capture.files]
        return sum(file.counts["arp"] + file.counts["nd"] for file in files)

    @cached_property
    def flows(self) -> Flows:
        """What VPC flow logs have of these attempts."""
        return in_flow_logs(self.case, self.attempts)

    def sockets(self, state: str, end: str = "server") -> Fact | None:
        """Sockets in ``state`` that are of these attempts, on the ``server`` or the ``client``;
        of addresses as their host has them."""
        s, m = self.case.context.sockets, self.case.matched
        hosts = {self.case.hosts[h] for h in (self.servers if end == "server" else self.clients)}
        rows = self.case.context.sockets_in(state)
        rows = rows[np.isin(s["host"][rows], list(hosts))]
        if not len(rows):
            return None
        at = (m.server if end == "server" else m.client)[self.attempts]
        seen = m.sightings.take(at[at >= 0])
        ends = ("client", "server") if end == "server" else ("server", "client")
        columns = [
            np.concatenate([s[f"{mine}_{part}"][rows].astype(np.uint64),
                            seen[f"{its}_{part}"].astype(np.uint64)])
            for mine, its in zip(("peer", "local"), ends, strict=True)
            for part in ("hi", "lo", "port")
        ]  # fmt: skip
        ids = ids_of(*columns)
        rows = rows[np.isin(ids[: len(rows)], ids[len(rows) :])]
        if not len(rows):
            return None
        shown = tuple(self.case.context.where(s, row) for row in rows[:_NAMED].tolist())
        return Fact(f"{count(len(rows), 'socket')} of these attempts in {state}", shown)

    def logged(self, kind: str, *, of_clients: bool = False) -> Fact | None:
        """Events of ``kind`` in the server's kernel log at the time of the attempts, or at a
        time that is not known. ``of_clients``: those that name a client of the attempts."""
        e, a = self.case.context.events, self.case.attempts
        begin, end = a["first"][self.attempts].min(), a["last"][self.attempts].max()
        then = (e["at"] == NO_TIME) | ((e["at"] >= begin - _LOG_NS) & (e["at"] <= end + _LOG_NS))
        rows = np.flatnonzero((e["kind"] == kind) & (e["host"] == self.server) & then)
        if of_clients:
            ends = distinct_rows(*(a[f"client_{part}"][self.attempts] for part in ("hi", "lo")))
            rows = rows[among(list(ends), e["ip_hi"][rows], e["ip_lo"][rows])]
        if not len(rows):
            return None
        shown = tuple(self.case.context.where(e, row) for row in rows[:_NAMED].tolist())
        return Fact(f"{self.server}'s kernel logged it: {e['text'][rows[0]]}", shown)

    @property
    def without_timestamps(self) -> bool:
        """Whether no SYN at the server carries the timestamp option (RFC 7323)."""
        m = self.case.matched
        at = m.server[self.attempts]
        rows = m.sightings["syn_row"][at[at >= 0]]
        return bool((m.segments["tsval"][rows[rows >= 0]] < 0).all())
