"""Who speaks in which capture, from which MAC, and how near."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from synack.addresses import NO_MAC, Address
from synack.diagnosis.observed.by_address import ByAddress, by_mac
from synack.diagnosis.observed.records import Records
from synack.grouping import distinct_rows, firsts, ids_of
from synack.handshake.vantage import FIRST_TTLS
from synack.tables import Array, Schema, Table

_SPEAKERS = Schema(
    "speakers",
    ("capture", "i4", "row of the capture in `captures`"),
    ("src_hi", "u8", "an address that sends in it, upper half"),
    ("src_lo", "u8", "lower half of it"),
    ("src_mac", "i8", "the MAC that it sends from"),
    ("near", "?", "by its TTL it has passed no router"),
    ("row", "i8", "row of `segments`: the first such"),
)

_MANY = 10_000
"""So many rows of an address are not gone through for each MAC."""


class Segments(Records):
    """What the segments say of their senders."""

    @cached_property
    def _by_source(self) -> ByAddress:
        s = self.matched.segments
        return ByAddress(s["src_hi"], s["src_lo"])

    @cached_property
    def _by_target(self) -> ByAddress:
        s = self.matched.segments
        return ByAddress(s["dst_hi"], s["dst_lo"])

    @cached_property
    def _by_source_mac(self) -> ByAddress:
        return by_mac(self.matched.segments["src_mac"])

    def spoken(self, address: Address, mac: int) -> Array:
        """Rows of segments that ``address`` sent from ``mac``, in whatever capture."""
        s, rows = self.matched.segments, self._by_source.rows(address)
        if mac >= 0 and len(rows) > _MANY:
            # A server is asked about with the MACs of many others, which say little.
            rows = self._by_source_mac.rows((0, mac))
            rows = rows[(s["src_lo"][rows] == np.uint64(address[1]))]
            rows = rows[(s["src_hi"][rows] == np.uint64(address[0]))]
        return rows[(s["src_mac"][rows] == mac) & (s["icmp"][rows] < 0)]

    @cached_property
    def exchanges(self) -> dict[int, set[tuple[int, int]]]:
        """Per host that captured, (from, to) MACs of the frames in its captures."""
        m, s = self.matched, self.matched.segments
        rows = np.flatnonzero(s["dst_mac"] >= 0)
        host = m.host_of_capture[s["capture"][rows]]
        result: dict[int, set[tuple[int, int]]] = {}
        for name, source, target in distinct_rows(host, s["src_mac"][rows], s["dst_mac"][rows]):
            result.setdefault(name, set()).add((source, target))
        return result

    @cached_property
    def speakers(self) -> Table:
        """The first segment of each address from each MAC in each capture, in order: rows of
        segments that have passed no router apart from those that may have."""
        s = self.matched.segments
        own, near = s["icmp"] < 0, np.isin(np.arange(256), FIRST_TTLS)[s["ttl"]]
        rows = firsts(s["src_hi"], s["src_lo"], s["src_mac"], s["capture"], own, near)
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
        some = firsts(*columns)
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
