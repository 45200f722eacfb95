"""From which MACs an address sends: at its own host, and as each capture saw it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from synack.addresses import NO_MAC, Address
from synack.diagnosis.observed.segments import Segments
from synack.grouping import among, distinct, firsts, ids_of, representatives
from synack.handshake.states import Event
from synack.handshake.vantage import SERVER
from synack.tables import OUTBOUND, SYN, SYN_ACK, Array, Schema, Table, uniform

_ENDS = Schema(
    "ends",
    ("capture", "i4", "row of the capture in `captures`"),
    ("high", "u8", "an address in it, upper half"),
    ("low", "u8", "lower half of it"),
)


class Homes(Segments):
    """The MACs of addresses, as their frames show them."""

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

    def serves_at(self, address: Address, mac: int) -> bool:
        """Whether clients reach ``address`` at ``mac`` and nothing is between, by its own capture:
        their SYNs come from the MACs that it sends the answers to. Where a balancer hands them
        on, and the server answers by itself, they come from the balancer's."""
        m, s, mine = self.matched, self.matched.segments, self.matched.sightings
        home = [capture for capture, vantage in enumerate(m.vantages) if mac in vantage.macs]
        rows = (m.side == SERVER) & np.isin(mine["capture"], home)
        for half, value in zip(("server_hi", "server_lo"), address, strict=True):
            rows &= mine[half] == np.uint64(value)
        rows &= (mine["syn_row"] >= 0) & (mine["syn_ack_row"] >= 0)
        asked, answered = mine["syn_row"][rows], mine["syn_ack_row"][rows]
        direct = (s["src_mac"][asked] == s["dst_mac"][answered]) & (s["dst_mac"][asked] == mac)
        return bool(direct.any())

    @cached_property
    def _homes(self) -> dict[Address, dict[int, int]]:
        """By address the MACs of its homes, with a row of segments each."""
        s = self.speakers
        found: dict[Address, dict[int, int]] = {}
        for capture, vantage in enumerate(self.matched.vantages):
            # What has passed a router did not begin at home.
            mine = s["near"] & (s["capture"] == capture) & np.isin(s["src_mac"], [*vantage.macs])
            mine = np.flatnonzero(mine & among(vantage.addresses, s["src_hi"], s["src_lo"]))
            mine = mine[firsts(s["src_hi"][mine], s["src_lo"][mine])]
            ends = zip(s["src_hi"][mine].tolist(), s["src_lo"][mine].tolist(), strict=True)
            for ip, mac, row in zip(
                ends, s["src_mac"][mine].tolist(), s["row"][mine].tolist(), strict=True
            ):
                found.setdefault(ip, {}).setdefault(mac, row)
        return found

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

    # ---- as of a frame --------------------------------------------------------------

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
        """As-of join of rows of segments with the SYNs and SYN-ACKs of their destinations, without
        those that the capturing host itself passes on."""
        s = self.matched.segments
        result = np.full(len(rows), NO_MAC, np.int64)
        own = ((s["kind"] == SYN) | (s["kind"] == SYN_ACK)) & (s["src_mac"] >= 0)
        own = np.flatnonzero(own & (s["direction"] != OUTBOUND))
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
        """Where several machines had one address, that of the one whose capture has the attempt,
        else of the last one that spoke before."""
        ends, _, _ = self._ends
        known = np.array(list(self.homes), np.uint64).reshape(-1, 2).T
        ids = ids_of(
            np.concatenate([known[0], ends["high"]]), np.concatenate([known[1], ends["low"]])
        )
        mac = np.full(int(ids.max(initial=-1)) + 1, NO_MAC, np.int64)
        mac[ids[: len(self.homes)]] = [mac for mac, _ in self.homes.values()]
        result = looked_up(mac[ids[len(self.homes) :]], peer)
        if self._moved:
            result = result.copy()  # it may be one value for all
        for (high, low), spells in self._moved.items():
            moved = (ends["high"] == high) & (ends["low"] == low)
            mine = np.flatnonzero(moved[peer])
            at = self.time(rows[mine])
            for home, begin in spells:
                result[mine[at >= begin]] = home
            own = self._mac_in_attempt(rows[mine])
            known_home = np.isin(own, [home for home, _ in spells if home != NO_MAC])
            result[mine[known_home]] = own[known_home]
        return result

    def _mac_in_attempt(self, rows: Array) -> Array:
        """The source MAC of the SYN or SYN-ACK of the other end, by its own capture, in the attempt
        of each of ``rows``; NO_MAC none."""
        m = self.matched
        attempt, asks = m.identity[m.sighting[rows]], m.leg[rows] == Event.SYN
        place = np.where(asks, m.server[attempt], m.client[attempt])
        first = np.where(asks, m.sightings["syn_ack_row"][place], m.sightings["syn_row"][place])
        found = (place >= 0) & (first >= 0)
        return np.where(found, m.segments["src_mac"][first], NO_MAC)


def looked_up(values: Array, at: Array) -> Array:
    """``values[at]``, in the memory of one if all of them are the same."""
    if len(values) and (values == values[0]).all():
        return uniform(values[0], values.dtype, len(at))
    return values[at]
