"""What the neighbor tables of the hosts hold."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from synack.addresses import NO_MAC, Address
from synack.diagnosis.observed.records import Records
from synack.grouping import ids_of
from synack.handshake.clock import on_reference
from synack.neighbors.timeline import in_force
from synack.tables import NO_TIME, Array


class Tables(Records):
    """The entries, by host and address."""

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

    def dump_size(self, row: int) -> int:
        """Entries of its family in the dump that ``row`` of the entries is of."""
        number, sizes = self._dump_sizes
        return int(sizes[number[row]])

    @cached_property
    def _dump_sizes(self) -> tuple[Array, Array]:
        """A number for the dump and family of each entry; for each number, how many there are."""
        e = self.entries
        files = {name: number for number, name in enumerate(dict.fromkeys(e["file"].tolist()))}
        file = np.array([files[name] for name in e["file"].tolist()], np.int64)
        v4 = (e["ip_hi"] == 0) & (e["ip_lo"] >> np.uint64(32) == 0xFFFF)
        number = ids_of(file, e["at"], v4)
        return number, np.bincount(number, ~e["event"])

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

    def other_tables_say(self, host: int, address: Address, mac: int) -> Array:
        """Rows of entries in which other hosts than ``host`` have ``address`` at ``mac``."""
        e = self.entries
        mine = (e["ip_hi"] == address[0]) & (e["ip_lo"] == address[1]) & (e["mac"] == mac)
        rows = np.flatnonzero(mine & self.usable)
        return rows[e["host"][rows] != self.hosts[host]]
