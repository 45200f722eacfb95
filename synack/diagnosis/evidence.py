"""What the rules reason about: what was observed, what was sent to which MAC, what came of it, and
who owns an address."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from synack.addresses import Address, format_ip, is_ipv4
from synack.diagnosis.arrivals import Arrivals
from synack.diagnosis.documents import documents
from synack.diagnosis.entries import history
from synack.diagnosis.observed.by_address import ByAddress, by_mac
from synack.grouping import distinct_rows, grouped, ordered
from synack.model import Outcome
from synack.tables import SYN_ACK, Array, Table


class Case(Arrivals):
    """Everything that is known of an incident, for the rules to read."""

    # ---- answers and attempts -------------------------------------------------------

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

    # ---- neighbor tables ------------------------------------------------------------

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
        return by_mac(self.claims["mac"])

    @cached_property
    def _by_entry_mac(self) -> ByAddress:
        return by_mac(self.entries["mac"])

    @cached_property
    def _by_document_mac(self) -> ByAddress:
        return by_mac(self.documents["mac"])


def alike(one: Address, other: Address) -> bool:
    """Whether two addresses are of one family and both more than link-local: a machine has
    one of each kind without being a router."""
    local = 0xFE80 << 48
    return is_ipv4(*one) == is_ipv4(*other) and local not in (one[0], other[0])


def text_of(address: Address) -> str:
    return format_ip(*address)
