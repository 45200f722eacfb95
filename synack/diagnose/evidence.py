"""What the rules reason about: who sent what to which MAC, and who owns an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synack.addresses import NO_MAC, format_ip
from synack.context.counters import Rise
from synack.handshake.clock import Clock, offsets
from synack.handshake.match import UNWITNESSED, Matched
from synack.handshake.track import Event
from synack.model import CaptureFile, Source
from synack.tables import (
    ARP_REQUEST,
    ND_SOLICIT,
    NO_TIME,
    SYN,
    SYN_ACK,
    Array,
    Schema,
    Table,
    group_ids,
)

Address = tuple[int, int]

SENDINGS = Schema(
    "sendings",
    ("attempt", "i4", "row of `attempts`"),
    ("leg", "u1", "Event.SYN or Event.SYN_ACK"),
    ("row", "i8", "row of `segments`, in the sender's own capture"),
    ("arrived", "i8", "row of `segments` at the peer, -1 none"),
    ("fate", "u1", "index into model.FATES"),
    ("host", "i4", "row of the sender's host"),
    ("peer_hi", "u8", "address of the peer, upper half"),
    ("peer_lo", "u8", "address of the peer, lower half"),
    ("mac", "i8", "destination MAC on the wire at the sender; NO_MAC not recorded"),
    ("peer_mac", "i8", "source MAC of the peer's frames at the sender, as of then; or NO_MAC"),
    ("time", "i8", "ns on the reference clock"),
)


@dataclass
class Case:
    """Everything that is known of an incident, for the rules to read."""

    matched: Matched
    attempts: Table
    claims: Table
    entries: Table
    files: Sequence[CaptureFile]
    rises: Mapping[str, Rise]
    """Counter rises by host."""

    @property
    def hosts(self) -> list[str]:
        return self.matched.hosts

    @property
    def clocks(self) -> list[Clock]:
        return self.matched.clocks

    def frame(self, row: int) -> Source:
        """Where a row of segments can be looked up."""
        segments = self.matched.segments
        return Source(self.files[segments["file"][row]].path, frame=int(segments["frame"][row]))

    def frames(self, rows: Iterable[int], most: int = 8) -> tuple[Source, ...]:
        """The first ``most`` of ``rows``, and the last one."""
        rows = list(rows)
        shown = rows if len(rows) <= most + 1 else [*rows[:most], rows[-1]]
        return tuple(self.frame(row) for row in shown)

    def claim(self, row: int) -> Source:
        claims = self.claims
        return Source(self.files[claims["file"][row]].path, frame=int(claims["frame"][row]))

    def entry(self, row: int) -> Source:
        return Source(self.entries["file"][row], line=int(self.entries["line"][row]))

    def host_clock(self, host: int, time: int) -> int:
        """A time of a host's own clock (a dump's, say) on the reference clock, ns."""
        return time - self.clocks[host].offset

    @cached_property
    def claim_time(self) -> Array:
        """Times of the claims on the reference clock, ns."""
        offset, _ = offsets(self.clocks)
        time = self.claims["time"]
        host = self.matched.host_of_capture[self.claims["capture"]]
        return np.where(time == NO_TIME, NO_TIME, time - offset[host])

    @cached_property
    def claim_host(self) -> Array:
        return self.matched.host_of_capture[self.claims["capture"]]

    @cached_property
    def own_macs(self) -> dict[int, set[int]]:
        """MACs of each host (by row), from its own captures."""
        macs: dict[int, set[int]] = {}
        for capture, vantage in enumerate(self.matched.vantages):
            host = int(self.matched.host_of_capture[capture])
            macs.setdefault(host, set()).update(vantage.macs)
        return macs

    def mac_at_home(self, address: Address) -> tuple[int, int] | None:
        """(MAC, row of segments) that the capture of ``address``'s own host shows it to
        send with; None when that host did not capture."""
        m = self.matched
        for capture, vantage in enumerate(m.vantages):
            if address in vantage.addresses and vantage.macs:
                (mac,) = vantage.macs
                s = m.segments
                mine = (s["capture"] == capture) & (s["src_mac"] == mac)
                mine &= (s["src_hi"] == address[0]) & (s["src_lo"] == address[1])
                rows = np.flatnonzero(mine)
                if len(rows):
                    return mac, int(rows[0])
        return None

    @cached_property
    def sendings(self) -> Table:
        """Every SYN and SYN-ACK in the capture of the host that sent it."""
        m = self.matched
        rows = np.flatnonzero(m.sighting >= 0)
        sighting, attempt = m.sighting[rows], m.identity[m.sighting[rows]]
        leg = m.leg[rows]
        at_client = (leg == Event.SYN) & (sighting == m.client[attempt])
        at_server = (leg == Event.SYN_ACK) & (sighting == m.server[attempt])
        keep = at_client | at_server
        rows, attempt, leg, at_client = rows[keep], attempt[keep], leg[keep], at_client[keep]
        s = m.segments
        fate, arrived = self._fates(rows)
        return Table(
            SENDINGS,
            {
                "attempt": attempt,
                "leg": leg,
                "row": rows,
                "arrived": arrived,
                "fate": fate,
                "host": m.host_of_capture[s["capture"][rows]],
                "peer_hi": s["dst_hi"][rows],
                "peer_lo": s["dst_lo"][rows],
                "mac": s["dst_mac"][rows],
                "peer_mac": self._peer_mac(rows),
                "time": m.aligned(rows),
            },
        )

    def _fates(self, rows: Array) -> tuple[Array, Array]:
        t, size = self.matched.transmissions, len(self.matched.segments)
        fate = np.full(size, UNWITNESSED, np.uint8)
        arrived = np.full(size, -1, np.int64)
        fate[t["sent"]], arrived[t["sent"]] = t["fate"], t["arrived"]
        return fate[rows], arrived[rows]

    def _peer_mac(self, rows: Array) -> Array:
        """As-of join: the source MAC of the peer's last SYN or SYN-ACK before each row in
        the same capture, else of its first one after."""
        s = self.matched.segments
        own = np.flatnonzero(((s["kind"] == SYN) | (s["kind"] == SYN_ACK)) & (s["src_mac"] >= 0))
        result = np.full(len(rows), NO_MAC, np.int64)
        keys = [
            np.concatenate([s[a][own], s[b][rows]])
            for a, b in (("capture", "capture"), ("src_hi", "dst_hi"), ("src_lo", "dst_lo"))
        ]
        ids = group_ids(*keys)
        order = np.lexsort((own, ids[: len(own)]))
        peer, place = ids[: len(own)][order], own[order]
        wanted = ids[len(own) :]
        # Rows are in order of capture, so "before" is a smaller row.
        combined = peer * (len(s) + 1) + place
        at = np.searchsorted(combined, wanted * (len(s) + 1) + rows) - 1
        before = (at >= 0) & (peer[np.maximum(at, 0)] == wanted)
        after = ~before & (at + 1 < len(peer))
        after[after] = peer[at[after] + 1] == wanted[after]
        result[before] = s["src_mac"][place[at[before]]]
        result[after] = s["src_mac"][place[at[after] + 1]]
        return result

    def claims_of(self, address: Address) -> Array:
        """Rows of claims that give a MAC for ``address``."""
        c = self.claims
        mine = (c["ip_hi"] == address[0]) & (c["ip_lo"] == address[1]) & (c["mac"] != NO_MAC)
        return np.flatnonzero(mine)

    def asked_by(self, host: int, address: Address) -> Array:
        """Rows of claims in which ``host`` itself asks for the MAC of ``address``."""
        c = self.claims
        mine = (c["asked_hi"] == address[0]) & (c["asked_lo"] == address[1])
        mine &= np.isin(c["op"], (ARP_REQUEST, ND_SOLICIT)) & (self.claim_host == host)
        own = self.own_macs.get(host, set())
        # A probe for one's own address (RFC 5227) asks nobody else.
        mine &= ~((c["ip_hi"] == c["asked_hi"]) & (c["ip_lo"] == c["asked_lo"]))
        return np.flatnonzero(mine & np.isin(c["src_mac"], list(own)))

    def addresses_of_mac(self, host: int, mac: int) -> set[Address]:
        """Addresses that ``host`` sees behind ``mac``: in frames, claims and its own table."""
        m, s, c, e = self.matched, self.matched.segments, self.claims, self.entries
        rows = (m.host_of_capture[s["capture"]] == host) & (s["src_mac"] == mac)
        found = set(zip(s["src_hi"][rows].tolist(), s["src_lo"][rows].tolist(), strict=True))
        rows = (self.claim_host == host) & (c["mac"] == mac)
        found |= set(zip(c["ip_hi"][rows].tolist(), c["ip_lo"][rows].tolist(), strict=True))
        rows = (e["host"] == self.hosts[host]) & (e["mac"] == mac)
        found |= set(zip(e["ip_hi"][rows].tolist(), e["ip_lo"][rows].tolist(), strict=True))
        return found


def text_of(address: Address) -> str:
    return format_ip(*address)
