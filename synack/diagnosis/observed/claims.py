"""What ARP and ND messages claim and ask."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from synack.addresses import NO_MAC, Address, is_group_mac
from synack.diagnosis.observed.by_address import ByAddress
from synack.diagnosis.observed.records import Records
from synack.handshake.clock import on_reference
from synack.tables import ARP_REQUEST, ND_SOLICIT, Array


class Claims(Records):
    """The claims, by address and by who asks."""

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
