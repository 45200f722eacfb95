"""What the rules reason about: who sent what to which MAC, and who owns an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from synack.addresses import NO_MAC, Address, format_ip, is_group_mac, is_ipv4
from synack.context.counters import Rise
from synack.diagnosis.context import Context
from synack.diagnosis.documents import documents
from synack.diagnosis.entries import history
from synack.diagnosis.forwarded import fates_of, forwarded, varied
from synack.grouping import (
    among,
    by_id,
    distinct,
    distinct_rows,
    group_ids,
    grouped,
    ids_of,
    ordered,
    representatives,
)
from synack.handshake.clock import Clock, on_reference
from synack.handshake.match import DELIVERED, UNWITNESSED, Matched
from synack.handshake.outcome import INITIAL_RTO_NS, UNASKED
from synack.handshake.path import Paths
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS, Event
from synack.handshake.vantage import FIRST_TTLS
from synack.model import CaptureFile, Evidence, Outcome, Source
from synack.neighbors.timeline import in_force
from synack.tables import (
    ARP_REQUEST,
    ND_SOLICIT,
    NO_TIME,
    OUTBOUND,
    SYN,
    SYN_ACK,
    UNKNOWN,
    Array,
    Schema,
    Table,
    uniform,
)
from synack.wording import count

SENDINGS = Schema(
    "sendings",
    ("attempt", "i4", "row of `attempts`"),
    ("leg", "u1", "Event.SYN or Event.SYN_ACK"),
    ("row", "i4", "row of `segments`, in the sender's own capture"),
    ("arrived", "i4", "row of `segments` at the peer, -1 none"),
    ("fate", "u1", "index into model.FATES"),
    ("host", "i4", "row of the sender's host"),
    ("peer_hi", "u8", "address of the peer, upper half"),
    ("peer_lo", "u8", "address of the peer, lower half"),
    ("mac", "i8", "destination MAC on the wire at the sender; NO_MAC not recorded"),
    ("peer_mac", "i8", "source MAC of the peer's frames at the sender, as of then; or NO_MAC"),
    ("home_mac", "i8", "source MAC of the peer's frames in its own capture; or NO_MAC"),
    ("time", "i8", "ns on the reference clock"),
)

_ENDS = Schema(
    "ends",
    ("capture", "i4", "row of the capture in `captures`"),
    ("high", "u8", "an address in it, upper half"),
    ("low", "u8", "lower half of it"),
)

_SPEAKERS = Schema(
    "speakers",
    ("capture", "i4", "row of the capture in `captures`"),
    ("src_hi", "u8", "an address that sends in it, upper half"),
    ("src_lo", "u8", "lower half of it"),
    ("src_mac", "i8", "the MAC that it sends from"),
    ("near", "?", "by its TTL it has passed no router"),
    ("row", "i8", "row of `segments`: the first such"),
)


_BETWEEN = "vanished-between"


class ByAddress:
    """Rows of a table by an address."""

    def __init__(self, high: Array, low: Array) -> None:
        ids = group_ids(high, low)
        some = representatives(ids)
        self._high, self._low = high[some], low[some]
        self._order, self._starts = by_id(ids)

    def rows(self, address: Address) -> Array:
        """Rows with that address, ascending."""
        # A plain int would turn the comparison into one of floats.
        high, low = np.uint64(address[0]), np.uint64(address[1])
        begin, end = (int(np.searchsorted(self._high, high, side)) for side in ("left", "right"))
        at = begin + int(np.searchsorted(self._low[begin:end], low))
        if at == end or self._low[at] != low:
            return self._order[:0]
        return self._order[self._starts[at] : self._starts[at + 1]]


@dataclass
class Case:
    """Everything that is known of an incident, for the rules to read."""

    matched: Matched
    paths: Paths
    attempts: Table
    claims: Table
    entries: Table
    files: Sequence[CaptureFile]
    rises: Mapping[str, Rise]
    """Counter rises by host."""
    context: Context = field(default_factory=Context)

    @property
    def hosts(self) -> list[str]:
        return self.matched.hosts

    @property
    def clocks(self) -> list[Clock]:
        return self.matched.clocks

    # ---- sources --------------------------------------------------------------------

    def frame(self, row: int) -> Source:
        """Where a row of segments can be looked up."""
        segments = self.matched.segments
        return Source(self.files[segments["file"][row]].path, frame=int(segments["frame"][row]))

    def frames(self, rows: Iterable[int], most: int = 100) -> tuple[Source, ...]:
        """The first ``most`` of ``rows``, and the last one."""
        rows = list(rows)
        shown = rows if len(rows) <= most + 1 else [*rows[:most], rows[-1]]
        return tuple(self.frame(row) for row in shown)

    def claim(self, row: int) -> Source:
        claims = self.claims
        return Source(self.files[claims["file"][row]].path, frame=int(claims["frame"][row]))

    def entry(self, row: int) -> Source:
        return Source(self.entries["file"][row], line=int(self.entries["line"][row]))

    def vanished(self, attempts: Array, *legs: Event) -> list[Evidence]:
        """Where what was lost of ``legs`` of these attempts vanished, as far as a tap tells; with
        the frames of the last place that has it."""
        gone, rows = self.paths.told_by_taps, self._by_taps
        if not len(rows):
            return []
        places = self.paths.places
        rows = rows[np.isin(gone["leg"][rows], legs)]
        rows = rows[np.isin(gone["attempt"][rows], attempts)]
        columns = [gone[name][rows] for name in ("leg", "after", "before")]
        found = []
        for (leg, after, before), mine in grouped(rows, *columns):
            what = count(len(mine), Event(leg).name.replace("_", "-"))
            says = f"{what} vanished between {places[after]} and {places[before]}"
            found.append(Evidence(_BETWEEN, says, self.frames(gone["row"][mine].tolist())))
        return sorted(found, key=lambda evidence: evidence.says)

    @cached_property
    def _by_taps(self) -> Array:
        """Rows of what vanished next to a tap."""
        return np.flatnonzero(self.paths.told_by_taps["by_tap"])

    # ---- segments -------------------------------------------------------------------

    def time(self, rows: Array) -> Array:
        """Times of rows of segments on the reference clock, ns."""
        return self.matched.aligned(rows)

    def hosts_of(self, rows: Array) -> Array:
        """Rows of the hosts that captured rows of segments."""
        return self.matched.host_of_capture[self.matched.segments["capture"][rows]]

    @cached_property
    def _by_source(self) -> ByAddress:
        s = self.matched.segments
        return ByAddress(s["src_hi"], s["src_lo"])

    def spoken(self, address: Address, mac: int) -> Array:
        """Rows of segments that ``address`` sent from ``mac``, in whatever capture."""
        s, rows = self.matched.segments, self._by_source.rows(address)
        return rows[(s["src_mac"][rows] == mac) & (s["icmp"][rows] < 0)]

    @cached_property
    def speakers(self) -> Table:
        """The first segment of each address from each MAC in each capture, in order: rows of
        segments that have passed no router apart from those that may have."""
        s = self.matched.segments
        own, near = s["icmp"] < 0, np.isin(np.arange(256), FIRST_TTLS)[s["ttl"]]
        ids = ids_of(s["src_hi"], s["src_lo"], s["src_mac"], s["capture"], own, near)
        rows = representatives(ids)
        rows = rows[own[rows]]
        columns = {name: s[name][rows] for name in ("src_hi", "src_lo", "src_mac", "capture")}
        return Table(_SPEAKERS, {**columns, "row": rows, "near": near[rows]})

    @cached_property
    def near_speakers(self) -> tuple[Array, Array, Array]:
        """(upper half, lower half, MAC) of addresses that send from a MAC that is no router's by
        what it sends, each once."""
        s = self.speakers
        near = np.flatnonzero(s["near"] & (s["src_mac"] != NO_MAC))
        columns = [s[name][near] for name in ("src_hi", "src_lo", "src_mac")]
        some = representatives(ids_of(*columns))
        return columns[0][some], columns[1][some], columns[2][some]

    @cached_property
    def several_near(self) -> list[tuple[int, ...]]:
        """Those of :attr:`near_speakers` that have their address with another one."""
        high, low, mac = self.near_speakers
        address = ids_of(high, low)
        several = np.bincount(address)[address] > 1
        return distinct_rows(high[several], low[several], mac[several])

    def spoken_near(self, address: Address) -> Array:
        """Rows of segments that ``address`` sent, from a MAC, that have passed no router."""
        s, rows = self.matched.segments, self._by_source.rows(address)
        near = np.isin(s["ttl"][rows], FIRST_TTLS) & (s["src_mac"][rows] != NO_MAC)
        return rows[near & (s["icmp"][rows] < 0)]

    @cached_property
    def _first_spoken(self) -> dict[tuple[Address, int], dict[int, int]]:
        s, found = self.speakers, dict[tuple[Address, int], dict[int, int]]()
        host = self.matched.host_of_capture[s["capture"]].tolist()
        for high, low, mac, at, row in zip(
            *(s[name].tolist() for name in ("src_hi", "src_lo", "src_mac")), host,
            s["row"].tolist(), strict=True,
        ):  # fmt: skip
            found.setdefault(((high, low), mac), {}).setdefault(at, row)
        return found

    def first_spoken(self, address: Address, mac: int) -> dict[int, int]:
        """By host (row) that captured it the first of :meth:`spoken`."""
        return self._first_spoken.get((address, mac), {})

    def heard(self, host: int, address: Address) -> Array:
        """Rows of segments that ``address`` sent, in captures of ``host``."""
        rows = self._by_source.rows(address)
        rows = rows[self.matched.segments["icmp"][rows] < 0]
        return rows[self.hosts_of(rows) == host]

    def comparable(self, host: int, others: Array) -> Array:
        """Whether the times of ``others`` (rows of hosts) can be held against those of ``host``:
        one clock, or clocks that common packets tie together (bool)."""
        roots = np.array([clock.root for clock in self.clocks], np.int64)
        return np.asarray(roots[others] == roots[host])

    def times_for(self, host: int, rows: Array, claims: Array) -> Array:
        """Times of rows of segments and of claims on the reference clock (ns), of those that can
        be held against the times of ``host``."""
        rows = rows[self.comparable(host, self.hosts_of(rows))]
        claims = claims[self.comparable(host, self.claim_host[claims])]
        times = np.concatenate([self.time(rows), self.claim_time[claims]])
        return times[times != NO_TIME]

    # ---- hosts ----------------------------------------------------------------------

    @cached_property
    def own_macs(self) -> dict[int, set[int]]:
        """MACs of each host (by row), from its own captures."""
        macs: dict[int, set[int]] = {}
        for capture, vantage in enumerate(self.matched.vantages):
            host = int(self.matched.host_of_capture[capture])
            macs.setdefault(host, set()).update(vantage.macs)
        return macs

    @cached_property
    def own_addresses(self) -> dict[int, set[Address]]:
        """Addresses of each host (by row), from its own captures."""
        addresses: dict[int, set[Address]] = {}
        for capture, vantage in enumerate(self.matched.vantages):
            host = int(self.matched.host_of_capture[capture])
            addresses.setdefault(host, set()).update(vantage.addresses)
        return addresses

    @cached_property
    def homes(self) -> dict[Address, tuple[int, int]]:
        """(MAC, row of segments) that the capture of an address's own host shows it to
        send with, for the addresses of hosts that captured; the first one found."""
        return {ip: next(iter(homes.items())) for ip, homes in self._homes.items()}

    def homes_of(self, address: Address) -> dict[int, int]:
        """All such MACs of an address, with a row each: several if it moved. None any more if
        it moved to a machine that did not capture."""
        spells = self._moved.get(address, [])
        away = any(home == NO_MAC for home, _ in spells)
        return {} if away else self._homes.get(address, {})

    @cached_property
    def _homes(self) -> dict[Address, dict[int, int]]:
        """By address the MACs of its homes, with a row of segments each."""
        s = self.speakers
        found: dict[Address, dict[int, int]] = {}
        for capture, vantage in enumerate(self.matched.vantages):
            # What has passed a router did not begin at home.
            mine = s["near"] & (s["capture"] == capture) & np.isin(s["src_mac"], [*vantage.macs])
            mine = np.flatnonzero(mine & among(vantage.addresses, s["src_hi"], s["src_lo"]))
            mine = mine[representatives(ids_of(s["src_hi"][mine], s["src_lo"][mine]))]
            ends = zip(s["src_hi"][mine].tolist(), s["src_lo"][mine].tolist(), strict=True)
            for ip, mac, row in zip(
                ends, s["src_mac"][mine].tolist(), s["row"][mine].tolist(), strict=True
            ):
                found.setdefault(ip, {}).setdefault(mac, row)
        return found

    # ---- what was sent --------------------------------------------------------------

    @cached_property
    def sendings(self) -> Table:
        """Every SYN and SYN-ACK in the capture of the host that sent it, from its own MAC, and of a
        host that passes it on to a neighbor."""
        m = self.matched
        place = np.arange(len(m.sightings))
        leg = np.zeros(len(m.sightings) + 1, np.uint8)  # the last: of no sighting
        leg[:-1][m.client[m.identity] == place] = Event.SYN
        leg[:-1][m.server[m.identity] == place] = Event.SYN_ACK
        rows = np.flatnonzero((m.leg == leg[m.sighting]) & (m.leg != Event.NONE))
        rows = np.concatenate([rows[self._own(rows)], self.forwarded])
        if not len(rows):
            return Table.empty(SENDINGS)
        leg, attempt = m.leg[rows], m.identity[m.sighting[rows]]
        s = m.segments
        fate, arrived = self._fates(rows)
        ends, client, server = self._ends
        peer = _of_end(leg == Event.SYN, server, client, m.sighting[rows])
        peer_mac = self._peer_mac(rows, peer)
        astray = np.flatnonzero((fate == DELIVERED) & (s["dst_mac"][rows] != peer_mac))
        astray = astray[peer_mac[astray] != NO_MAC]
        fate[astray[self._passed_by(rows[astray], arrived[astray], attempt[astray])]] = UNWITNESSED
        return Table(
            SENDINGS,
            {
                "attempt": attempt,
                "leg": leg,
                "row": rows,
                "arrived": arrived,
                "fate": fate,
                "host": self.hosts_of(rows),
                "peer_hi": _looked_up(ends["high"], peer),
                "peer_lo": _looked_up(ends["low"], peer),
                "mac": s["dst_mac"][rows],
                "peer_mac": peer_mac,
                "home_mac": self._home_mac(rows, peer),
                "time": self.time(rows),
            },
        )

    def _passed_by(self, rows: Array, arrived: Array, attempt: Array) -> Array:
        """Whether ``rows`` that were sent to another MAC than the peer's were recorded there by a
        capture that has no MACs, came by no router, and nothing followed: a network that
        floods shows a machine what is not for it (bool)."""
        s = self.matched.segments
        known, blind = s["dst_mac"][rows] != NO_MAC, s["dst_mac"][arrived] == NO_MAC
        blind &= known & (s["direction"][arrived] == UNKNOWN) & (arrived >= 0)
        went_on = (Outcome.COMPLETED, Outcome.REJECTED, Outcome.ACK_LOST)
        silent = ~np.isin(self.attempts["outcome"][attempt], went_on)
        return blind & silent & (s["ttl"][arrived] == s["ttl"][rows])

    @cached_property
    def _by_attempt(self) -> tuple[Array, Array]:
        return by_id(self.sendings["attempt"], len(self.attempts))

    def sendings_of(self, attempts: Array) -> Array:
        """Rows of sendings of these attempts, in the order of the attempts."""
        order, starts = self._by_attempt
        begins, sizes = starts[attempts], starts[attempts + 1] - starts[attempts]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return order[np.repeat(begins, sizes) + within]

    @cached_property
    def _answers(self) -> dict[int, tuple[Array, Array]]:
        return {}

    def answers_at(self, host: int) -> tuple[Array, Array]:
        """What the SYN-ACKs in the captures of ``host`` acknowledge, ascending, and their rows of
        segments."""
        if host not in self._answers:
            s = self.matched.segments
            rows = np.flatnonzero(s["kind"] == SYN_ACK)
            rows = rows[self.hosts_of(rows) == host]
            rows = rows[ordered(s["ack"][rows])]
            self._answers[host] = s["ack"][rows], rows
        return self._answers[host]

    @cached_property
    def _completed(self) -> dict[tuple[int, int], Array]:
        a = self.attempts
        done = np.flatnonzero((a["outcome"] == Outcome.COMPLETED) & (a["server_host"] >= 0))
        done = done[np.argsort(a["first"][done], kind="stable")]
        columns = a["server_host"][done], a["server_port"][done]
        return {(host, port): rows for (host, port), rows in grouped(done, *columns)}

    def completed(self, host: int, port: int) -> Array:
        """Rows of attempts that completed at a port of ``host``, in order of their begin."""
        return self._completed.get((host, port), np.empty(0, np.int64))

    def _own(self, rows: Array) -> Array:
        """Whether the capturing host itself sent these: on a network that floods it also sees
        what others send, and a machine whose MAC is in a wrong entry sees the answers that go
        astray to it, but not the SYNs that they answer (bool)."""
        m, s = self.matched, self.matched.segments
        capture, source = s["capture"][rows], s["src_mac"][rows]
        own = np.array([min(vantage.macs, default=NO_MAC) for vantage in m.vantages], np.int64)
        ours = (source == NO_MAC) | (source == own[capture])
        answers = np.flatnonzero(ours & (m.leg[rows] == Event.SYN_ACK))
        several = self._to_several(rows[ours])
        ours[answers] = self._asked_here(rows[answers], several)
        return (s["direction"][rows] == OUTBOUND) | ours

    def _to_several(self, rows: Array) -> Array:
        """By capture whether ``rows`` of segments go to several MACs (bool)."""
        s, captures = self.matched.segments, len(self.matched.vantages)
        low, high = np.full(captures, np.iinfo(np.int64).max), np.full(captures, NO_MAC)
        np.minimum.at(low, s["capture"][rows], s["dst_mac"][rows])
        np.maximum.at(high, s["capture"][rows], s["dst_mac"][rows])
        return low < high

    def _asked_here(self, answers: Array, several: Array) -> Array:
        """Whether the SYNs that a server's answers are to are here too: any of those that it
        answers to the same MAC, or of the same client. Where there is no SYN of it at all whether
        the capture has ``several`` MACs: what goes astray all comes to one (bool)."""
        m, (ends, client, server) = self.matched, self._ends
        asked = np.zeros(len(ends), bool)
        asked[server[m.sightings["syn_row"] >= 0]] = True
        sighting = m.sighting[answers]
        has_syn = m.sightings["syn_row"][sighting] >= 0
        here = np.zeros(len(answers), bool)
        for other in (m.segments["dst_mac"][answers], client[sighting]):
            ids = ids_of(server[sighting], other)
            here |= np.bincount(ids, has_syn)[ids] > 0
        capture = m.segments["capture"][answers]
        return np.where(asked[server[sighting]], here, several[capture])

    @cached_property
    def forwarded(self) -> Array:
        """Rows of segments that hosts at neither end passed on to a neighbor."""
        return forwarded(self)

    def _fates(self, rows: Array) -> tuple[Array, Array]:
        t, size = self.matched.transmissions, len(self.matched.segments)
        fate = np.full(size, UNWITNESSED, np.uint8)
        arrived = np.full(size, -1, np.int32)
        fate[t["sent"]], arrived[t["sent"]] = t["fate"], t["arrived"]
        if len(self.forwarded):
            passed = np.zeros(size, bool)
            passed[self.forwarded] = True
            passed[t["sent"]] = False
            passed = np.flatnonzero(passed)
            fate[passed], arrived[passed] = fates_of(self, passed)
        return fate[rows], arrived[rows]

    @cached_property
    def _ends(self) -> tuple[Table, Array, Array]:
        """The addresses in each capture, numbered; by sighting that of the client and that of
        the server. Who sent a SYN or SYN-ACK, and to whom, is so a matter of looking up."""
        s = self.matched.sightings
        columns = {
            "capture": np.concatenate([s["capture"], s["capture"]]),
            "high": np.concatenate([s["client_hi"], s["server_hi"]]),
            "low": np.concatenate([s["client_lo"], s["server_lo"]]),
        }
        ids = ids_of(*columns.values())
        ends = Table(_ENDS, columns).take(representatives(ids))
        ids = ids.astype(np.int32)
        return ends, ids[: len(s)], ids[len(s) :]

    def _peer_mac(self, rows: Array, peer: Array) -> Array:
        """The source MAC of the last SYN or SYN-ACK of ``peer`` (rows of ends) before each row
        in the same capture, else of its first one after."""
        known = self._only_macs
        return self._mac_as_of(rows) if known is None else known[peer]

    @cached_property
    def _only_macs(self) -> Array | None:
        """The one MAC that each end speaks with all the time, as most do; None where some end
        has another at times, or none, or the packets of a sighting are in several captures."""
        m = self.matched
        if np.bincount(m.host_of_capture).max(initial=0) > 1:
            return None
        ends, client, server = self._ends
        known = np.full(len(ends), NO_MAC, np.int64)
        told = []
        for end, first in ((client, "syn_row"), (server, "syn_ack_row")):
            spoke = np.flatnonzero(m.sightings[first] >= 0)
            macs = m.segments["src_mac"][m.sightings[first][spoke]]
            known[end[spoke]] = macs
            told.append((end[spoke], macs, m.sightings["several_macs"][spoke]))
        for end, macs, several in told:
            if (several | (macs < 0) | (macs != known[end])).any():
                return None
        return known

    def _mac_as_of(self, rows: Array) -> Array:
        """As-of join of rows of segments with the SYNs and SYN-ACKs of their destinations."""
        s = self.matched.segments
        result = np.full(len(rows), NO_MAC, np.int64)
        own = np.flatnonzero(((s["kind"] == SYN) | (s["kind"] == SYN_ACK)) & (s["src_mac"] >= 0))
        if not len(own):
            return result
        keys = [
            np.concatenate([s[a][own], s[b][rows]])
            for a, b in (("capture", "capture"), ("src_hi", "dst_hi"), ("src_lo", "dst_lo"))
        ]
        ids = ids_of(*keys)
        speaker, wanted = ids[: len(own)], ids[len(own) :]
        macs = s["src_mac"][own]
        known = np.full(int(ids.max()) + 1, NO_MAC, np.int64)
        known[speaker] = macs
        changes = np.zeros(len(known), bool)
        changes[speaker[macs != known[speaker]]] = True
        result = known[wanted]
        some = np.flatnonzero(changes[wanted])
        own, speaker = own[changes[speaker]], speaker[changes[speaker]]
        order = np.lexsort((own, speaker))
        speaker, place = speaker[order], own[order]
        # Rows are in order of capture, so "before" is a smaller row.
        span = len(s) + 1
        at = np.searchsorted(speaker * span + place, wanted[some] * span + rows[some]) - 1
        before = (at >= 0) & (speaker[np.maximum(at, 0)] == wanted[some])
        result[some] = s["src_mac"][place[np.where(before, at, at + 1)]]
        return result

    def _home_mac(self, rows: Array, peer: Array) -> Array:
        """Where several machines had one address, that of the last one that spoke before."""
        ends, _, _ = self._ends
        known = np.array(list(self.homes), np.uint64).reshape(-1, 2).T
        ids = ids_of(
            np.concatenate([known[0], ends["high"]]), np.concatenate([known[1], ends["low"]])
        )
        mac = np.full(int(ids.max(initial=-1)) + 1, NO_MAC, np.int64)
        mac[ids[: len(self.homes)]] = [mac for mac, _ in self.homes.values()]
        result = _looked_up(mac[ids[len(self.homes) :]], peer)
        if self._moved:
            result = result.copy()  # it may be one value for all
        for (high, low), spells in self._moved.items():
            moved = (ends["high"] == high) & (ends["low"] == low)
            mine = np.flatnonzero(moved[peer])
            at = self.time(rows[mine])
            for home, begin in spells:
                result[mine[at >= begin]] = home
        return result

    @cached_property
    def _moved(self) -> dict[Address, list[tuple[int, int]]]:
        """Of addresses that went from one machine to another: (MAC, since when), in order of
        time. One whose capture ended is no home any more once a host that had known it there,
        heard it or has it in its entry, hears the address from elsewhere: NO_MAC."""
        s, moved = self.matched.segments, {}
        (ends, _, _), known = self._ends, self._only_macs
        for ip, homes in self._homes.items():
            if known is not None and len(homes) < 2:
                spoke = (ends["high"] == ip[0]) & (ends["low"] == ip[1]) & (known != NO_MAC)
                if len(distinct(known[spoke])) < 2:
                    continue
            every = self._by_source.rows(ip)
            every = every[(s["src_mac"][every] >= 0) & (s["icmp"][every] < 0)]
            mac = s["src_mac"][every]
            if (mac == mac[0]).all():
                continue
            at = self.time(every)
            spells = sorted((int(at[mac == home].min()), home) for home in homes)
            last = at[np.isin(mac, list(homes))].max()
            # A balancer's or router's MAC was heard beside the home all the time.
            strange = every[(at > last) & ~np.isin(mac, mac[at <= last])]
            knew = every[np.isin(mac, list(homes))]
            knew = distinct(self.hosts_of(np.concatenate([knew, self._sent_at(ip, list(homes))])))
            strange = strange[np.isin(self.hosts_of(strange), knew)]
            if len(strange):
                spells.append((int(self.time(strange).min()), NO_MAC))
            if len(spells) > 1:
                moved[ip] = [(home, begin) for begin, home in spells]
        return moved

    def _sent_at(self, address: Address, macs: list[int]) -> Array:
        """Rows of segments that hosts sent to ``address`` at one of ``macs``."""
        s, rows = self.matched.segments, self._by_target.rows(address)
        rows = rows[np.isin(s["dst_mac"][rows], macs)]
        own = [list(self.own_macs.get(host, set())) for host in range(len(self.hosts))]
        host = self.hosts_of(rows)
        sent = [np.isin(s["src_mac"][rows], macs) & (host == n) for n, macs in enumerate(own)]
        return rows[np.any(sent, axis=0)]

    @cached_property
    def _by_target(self) -> ByAddress:
        s = self.matched.segments
        return ByAddress(s["dst_hi"], s["dst_lo"])

    @cached_property
    def came_through(self) -> Array:
        """Per sending whether it reached the peer: it was seen there, or the handshake went on
        after it and nothing of this leg went to any other MAC (bool)."""
        s = self.sendings
        went_on = (Outcome.COMPLETED, Outcome.REJECTED)
        done = np.isin(self.attempts["outcome"][s["attempt"]], went_on)
        done |= self.attempts["reason"][s["attempt"]] == UNASKED
        done = (done & self._soon) | self._reset
        done &= self._alike & (s["fate"] == UNWITNESSED) & ~self.in_vain
        there = (s["fate"] == DELIVERED) & ~self.at_former_owner
        return there | done | (self._alike & self._answered)

    @cached_property
    def at_former_owner(self) -> Array:
        """Per sending of a SYN whether it came to a machine that did not answer, addressed to its
        MAC, while another one had the address: it was not for that machine any more (bool)."""
        m, s = self.matched, self.sendings
        result = (s["leg"] == Event.SYN) & (s["fate"] == DELIVERED)
        result &= (s["home_mac"] != NO_MAC) & (s["mac"] != NO_MAC) & (s["mac"] != s["home_mac"])
        result &= self.attempts["outcome"][s["attempt"]] == Outcome.NO_REPLY
        result[result] = m.segments["dst_mac"][s["arrived"][result]] == s["mac"][result]
        return result

    @cached_property
    def _alike(self) -> Array:
        """Per sending whether nothing of this leg of its attempt is known to have gone to any
        other MAC on the same link (bool)."""
        s = self.sendings
        return ~varied(s["mac"], s["attempt"], s["leg"], s["host"])

    @cached_property
    def one_mac(self) -> Array:
        """Per sending whether all of this leg of its attempt went to its MAC (bool)."""
        return self._alike & (self.sendings["mac"] != NO_MAC)

    @cached_property
    def _answered(self) -> Array:
        """Per sending of a SYN that the server's capture lacks whether the server answered its
        attempt all the same: it came, though its arrival was not recorded (bool)."""
        m, s = self.matched, self.sendings
        server = m.server[s["attempt"]]
        replies = np.append(m.legs.counts[:, [*SERVER_LEGS]].sum(axis=1), 0)[server]
        asked = (s["leg"] == Event.SYN) & (s["fate"] == UNWITNESSED)
        return asked & (server >= 0) & (server != m.client[s["attempt"]]) & (replies > 0)

    @cached_property
    def _soon(self) -> Array:
        """Per sending whether an answer to it came before a repetition of it was due: later
        ones answer a repetition, which the capture may have missed (bool)."""
        m, s = self.matched, self.sendings
        sighting, time = m.sighting[s["row"]], m.segments["time"][s["row"]]
        result = np.zeros(len(s), bool)
        answers = {Event.SYN: SERVER_LEGS, Event.SYN_ACK: CLIENT_LEGS}
        for leg, theirs in answers.items():
            for answer in theirs:
                if answer == Event.SYN:
                    continue
                first = m.legs.first[sighting, answer]
                known = (m.legs.counts[sighting, answer] > 0) & (s["leg"] == leg)
                result |= known & (first - time <= INITIAL_RTO_NS)
        return result

    @cached_property
    def _reset(self) -> Array:
        """Per sending of a SYN-ACK whether the client's reset followed before a repetition was
        due: whatever became of those before, this one came (bool)."""
        m, s = self.matched, self.sendings
        sighting, time = m.sighting[s["row"]], m.segments["time"][s["row"]]
        known = (s["leg"] == Event.SYN_ACK) & (m.legs.counts[sighting, Event.RST_CLIENT] > 0)
        after = m.legs.first[sighting, Event.RST_CLIENT] - time
        return known & (after >= 0) & (after <= INITIAL_RTO_NS)

    @cached_property
    def asker_answered(self) -> Array:
        """Per sending of a SYN-ACK whether the MAC that it went to completed the handshake, in the
        sender's own capture: it is who asked (bool)."""
        m, s = self.matched, self.sendings
        acks = np.flatnonzero((m.leg == Event.ACK) & (m.segments["src_mac"] >= 0))
        rows, size = np.flatnonzero(s["leg"] == Event.SYN_ACK), len(acks)
        rows = rows[m.legs.counts[m.sighting[s["row"][rows]], Event.ACK] > 0]
        ids = ids_of(
            np.concatenate([m.sighting[acks], m.sighting[s["row"][rows]]]),
            np.concatenate([m.segments["src_mac"][acks], s["mac"][rows]]),
        )
        result = np.zeros(len(s), bool)
        result[rows[np.isin(ids[size:], ids[:size])]] = True
        return result

    @cached_property
    def in_vain(self) -> Array:
        """Per sending whether the sender's own capture shows that nothing came of it: the SYN
        or SYN-ACK of its attempt was transmitted again after it (bool)."""
        m, s = self.matched, self.sendings
        # A host's packets may be in several captures, each with rows of its own.
        time = m.segments["time"]
        last = np.full((2, len(m.sightings)), NO_TIME)
        for again, leg in ((last[0], Event.SYN), (last[1], Event.SYN_ACK)):
            rows = np.flatnonzero(m.leg == leg)
            np.maximum.at(again, m.sighting[rows], time[rows])
        # A SYN-ACK after a SYN is its answer; a SYN after a SYN-ACK misses it.
        sighting = m.sighting[s["row"]]
        repeated = np.where(s["leg"] == Event.SYN, last[0][sighting], last.max(axis=0)[sighting])
        return repeated > time[s["row"]]

    @cached_property
    def rightly_sent(self) -> dict[int, Array]:
        """Per host (row) the attempts in which it sent something to the right MAC."""
        s = self.sendings
        right = np.flatnonzero((s["mac"] != NO_MAC) & (s["mac"] == s["peer_mac"]))
        hosts = grouped(right, s["host"][right])
        return {host: distinct(s["attempt"][rows]) for (host,), rows in hosts}

    @cached_property
    def _by_peer(self) -> ByAddress:
        return ByAddress(self.sendings["peer_hi"], self.sendings["peer_lo"])

    def sent_to(self, host: int, address: Address) -> Array:
        """Rows of sendings of ``host`` to ``address``."""
        rows = self._by_peer.rows(address)
        return rows[self.sendings["host"][rows] == host]

    # ---- ARP and ND -----------------------------------------------------------------

    @cached_property
    def claim_time(self) -> Array:
        """Times of the claims on the reference clock, ns."""
        return on_reference(self.clocks, self.claim_host, self.claims["time"])

    @cached_property
    def claim_host(self) -> Array:
        return self.matched.host_of_capture[self.claims["capture"]]

    @cached_property
    def _by_claimed(self) -> ByAddress:
        return ByAddress(self.claims["ip_hi"], self.claims["ip_lo"])

    @cached_property
    def _by_asked(self) -> ByAddress:
        return ByAddress(self.claims["asked_hi"], self.claims["asked_lo"])

    def claims_of(self, address: Address) -> Array:
        """Rows of claims that give a MAC for ``address``."""
        rows = self._by_claimed.rows(address)
        return rows[self.claims["mac"][rows] != NO_MAC]

    def claimed(self, address: Address, mac: int) -> Array:
        """Rows of claims that ``address`` is at ``mac``."""
        rows = self._by_claimed.rows(address)
        return rows[self.claims["mac"][rows] == mac]

    def to_all(self, claims: Array) -> Array:
        """Of rows of claims whether they went to a group address (bool)."""
        return np.array([is_group_mac(m) for m in self.claims["dst_mac"][claims].tolist()], bool)

    def asked_at(self, host: int, address: Address) -> Array:
        """Rows of claims in captures of ``host`` in which anybody asks for the MAC of
        ``address``."""
        c, rows = self.claims, self._by_asked.rows(address)
        mine = np.isin(c["op"][rows], (ARP_REQUEST, ND_SOLICIT)) & (self.claim_host[rows] == host)
        # A probe for one's own address (RFC 5227) asks nobody else.
        mine &= ~((c["ip_hi"][rows] == address[0]) & (c["ip_lo"][rows] == address[1]))
        return rows[mine]

    def asked_by(self, host: int, address: Address) -> Array:
        """Those in which ``host`` itself asks."""
        rows = self.asked_at(host, address)
        return rows[np.isin(self.claims["src_mac"][rows], list(self.own_macs.get(host, set())))]

    # ---- neighbor tables ------------------------------------------------------------

    @cached_property
    def usable(self) -> Array:
        """Rows of entries whose MAC their host sends to (bool)."""
        return in_force(self.entries)

    @cached_property
    def _misplaced(self) -> set[tuple[str, str]]:
        """(host, file) of tables that cannot be that host's: they have the host's own
        address at somebody else's MAC. (BSD and routers do list their own, at their own.)"""
        found = set()
        e, number = self.entries, {name: row for row, name in enumerate(self.hosts)}
        for host, high, low, mac, file in zip(
            *(e[name].tolist() for name in ("host", "ip_hi", "ip_lo", "mac", "file")), strict=True
        ):
            row = number.get(host)
            if row is not None and (high, low) in self.own_addresses.get(row, set()):
                own = self.own_macs.get(row, set())
                if own and mac != NO_MAC and mac not in own:
                    found.add((host, file))
        return found

    @cached_property
    def misplaced(self) -> Array:
        """Rows of entries in tables that cannot be of the host that they are said to be (bool)."""
        e = self.entries
        pairs = zip(e["host"].tolist(), e["file"].tolist(), strict=True)
        return np.array([pair in self._misplaced for pair in pairs], bool)

    @cached_property
    def _entries_by(self) -> dict[tuple[str, int, int], list[int]]:
        e = self.entries
        late = np.where(e["at"] == NO_TIME, np.iinfo(np.int64).max, e["at"])
        found: dict[tuple[str, int, int], list[int]] = {}
        hosts, misplaced = e["host"].tolist(), self.misplaced.tolist()
        high, low = e["ip_hi"].tolist(), e["ip_lo"].tolist()
        for row in np.argsort(late, kind="stable").tolist():
            if not misplaced[row]:
                found.setdefault((hosts[row], high[row], low[row]), []).append(row)
        return found

    def table_of(self, host: int, address: Address) -> Array:
        """Rows of entries in the tables of ``host`` about ``address``, in order of time,
        those without a time last."""
        return self.table_at(self.hosts[host], address)

    def table_at(self, name: str, address: Address) -> Array:
        """:meth:`table_of` of a host by its name, whether it captured or not."""
        return np.array(self._entries_by.get((name, *address), []), np.int64)

    @cached_property
    def entry_time(self) -> Array:
        """Times of the entries on the reference clock, ns; hosts that did not capture are
        taken to agree with it."""
        row = {name: row for row, name in enumerate(self.hosts)}
        host = np.array([row.get(host, -1) for host in self.entries["host"]], np.int64)
        return on_reference(self.clocks, host, self.entries["at"])

    @cached_property
    def entry_certain(self) -> Array:
        """Whether more than a file's time of change tells when an entry held (bool)."""
        return (self.entries["at"] != NO_TIME) & ~self.entries["at_weak"]

    @cached_property
    def history(self) -> Table:
        """What each host's entries said when: :data:`~synack.tables.HISTORY`."""
        return history(self)

    def spells(self, host: int, address: Address) -> Table:
        """Rows of :attr:`history` of ``host`` about ``address``, in order of time."""
        h = self.history
        mine = (h["ip_hi"] == np.uint64(address[0])) & (h["ip_lo"] == np.uint64(address[1]))
        rows = np.flatnonzero(mine)
        rows = rows[h["host"][rows] == self.hosts[host]]
        return h.take(rows[np.argsort(h["first"][rows], kind="stable")])

    def other_tables_say(self, host: int, address: Address, mac: int) -> Array:
        """Rows of entries in which other hosts than ``host`` have ``address`` at ``mac``."""
        e = self.entries
        mine = (e["ip_hi"] == address[0]) & (e["ip_lo"] == address[1]) & (e["mac"] == mac)
        rows = np.flatnonzero(mine & self.usable)
        return rows[e["host"][rows] != self.hosts[host]]

    # ---- what texts say of owners ---------------------------------------------------

    @cached_property
    def documents(self) -> Table:
        """Who had which address when, by texts: :data:`~synack.tables.OWNERSHIP`."""
        return documents(self)

    @cached_property
    def _by_documented(self) -> ByAddress:
        return ByAddress(self.documents["ip_hi"], self.documents["ip_lo"])

    def documented(self, address: Address) -> Array:
        """Rows of documents about ``address``."""
        return self._by_documented.rows(address)

    # ---- flow logs ------------------------------------------------------------------

    @cached_property
    def _flows_by_source(self) -> list[ByAddress]:
        f = self.context.flows
        return [ByAddress(f[f"{end}_hi"], f[f"{end}_lo"]) for end in ("src", "pkt_src")]

    def flows_from(self, address: Address) -> Array:
        """Rows of flows from ``address``, as the interface has it or as the packets had."""
        return np.union1d(*(index.rows(address) for index in self._flows_by_source))

    # ---- what a MAC stands for ------------------------------------------------------

    @cached_property
    def _behind(self) -> dict[tuple[int, int], tuple[set[Address], set[Address]]]:
        return {}

    def behind(self, host: int, mac: int) -> tuple[set[Address], set[Address]]:
        """Addresses that ``host`` finds at ``mac``: (by ARP, ND and its table, by frames)."""
        known = self._behind.get((host, mac))
        if known is None:
            known = self._behind[host, mac] = self._told(host, mac), self._seen(host, mac)
        return known

    def known_at(self, mac: int) -> set[Address]:
        """Addresses that any host finds at ``mac`` by ARP, ND or its table, or that other texts
        have there."""
        c, d = self.claims, self.documents
        told = self._by_claim_mac.rows((0, mac)), self._by_document_mac.rows((0, mac))
        return {
            (high, low)
            for table, rows in zip((c, d), told, strict=True)
            for high, low in distinct_rows(table["ip_hi"][rows], table["ip_lo"][rows])
        }

    def _told(self, host: int, mac: int) -> set[Address]:
        c, e = self.claims, self.entries
        rows = self._by_claim_mac.rows((0, mac))
        rows = rows[self.claim_host[rows] == host]
        found = set(zip(c["ip_hi"][rows].tolist(), c["ip_lo"][rows].tolist(), strict=True))
        rows = self._by_entry_mac.rows((0, mac))
        rows = rows[self.usable[rows]]
        rows = rows[e["host"][rows] == self.hosts[host]]
        return found | set(zip(e["ip_hi"][rows].tolist(), e["ip_lo"][rows].tolist(), strict=True))

    def _seen(self, host: int, mac: int) -> set[Address]:
        s, rows = self.matched.segments, self._by_source_mac.rows((0, mac))
        rows = rows[(self.hosts_of(rows) == host) & (s["icmp"][rows] < 0)]
        return {(high, low) for high, low in distinct_rows(s["src_hi"][rows], s["src_lo"][rows])}

    @cached_property
    def _by_claim_mac(self) -> ByAddress:
        return _by_mac(self.claims["mac"])

    @cached_property
    def _by_entry_mac(self) -> ByAddress:
        return _by_mac(self.entries["mac"])

    @cached_property
    def _by_document_mac(self) -> ByAddress:
        return _by_mac(self.documents["mac"])

    @cached_property
    def _by_source_mac(self) -> ByAddress:
        return _by_mac(self.matched.segments["src_mac"])


def _of_end(first: Array, one: Array, other: Array, sighting: Array) -> Array:
    """By sighting the value in ``one`` where ``first``, else that in ``other``."""
    return np.where(first, one[sighting], other[sighting])


def _looked_up(values: Array, at: Array) -> Array:
    """``values[at]``, in the memory of one if all of them are the same."""
    if len(values) and (values == values[0]).all():
        return uniform(values[0], values.dtype, len(at))
    return values[at]


def _by_mac(macs: Array) -> ByAddress:
    return ByAddress(np.zeros(len(macs), np.uint64), macs.astype(np.uint64))


def alike(one: Address, other: Address) -> bool:
    """Whether two addresses are of one family and both more than link-local: a machine has
    one of each kind without being a router."""
    local = 0xFE80 << 48
    return is_ipv4(*one) == is_ipv4(*other) and local not in (one[0], other[0])


def text_of(address: Address) -> str:
    return format_ip(*address)
