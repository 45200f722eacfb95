"""Which entry was in force when: dumps and monitor events of all hosts on one time line."""

from __future__ import annotations

import numpy as np

from synack.addresses import NO_MAC, Address
from synack.neighbors.entry import INVALID, NeighborDump
from synack.tables import ENTRIES, NO_TIME, Array, Table

NOT_IN_FORCE = frozenset(("INCOMPLETE", "FAILED", "NONE", INVALID))
"""States in which no packet is sent to the entry's MAC (kernel: not in NUD_VALID)."""

NOT_USED = frozenset(("proxy", "published", "deleted", "own", "heard", "disabled"))
"""Flags of rows by which the host addresses no packet: what it answers for, what it is
itself, what is gone, and what an observer noted."""

ITS_OWN = frozenset(("own", "permanent", "heard"))
"""Flags of rows whose address may be the host's own; BSD marks its own only ``permanent``."""


def entries_of(
    dump: NeighborDump, host: str, interface: str, file: str, at: int, at_weak: bool
) -> Table:
    """The rows of one dump as a table; ``at`` (ns) holds where the dump has no time."""
    monitor = "monitor" in dump.format
    return Table.from_rows(
        ENTRIES,
        (
            (
                host, e.interface or interface, *e.ip, e.mac, e.state, e.flags,
                _known(e.used_s), _known(e.confirmed_s), _known(e.updated_s), _known(e.probes),
                at if e.at is None else e.at, at_weak and e.at is None, dump.format, monitor,
                file, e.line,
            )
            for e in dump.entries
        ),
    )  # fmt: skip


def peers_in(dump: NeighborDump) -> set[Address]:
    """The addresses of others in a dump."""
    return {entry.ip for entry in dump.entries if ITS_OWN.isdisjoint(entry.flags.split())}


def _known(value: int | None) -> int:
    return -1 if value is None else value


def in_force(entries: Table) -> Array:
    """Rows whose MAC the host sends to: a MAC, a usable state, and none of :data:`NOT_USED`."""
    usable = np.array(
        [
            not (set(state.split("|")) & NOT_IN_FORCE) and NOT_USED.isdisjoint(f.split())
            for state, f in zip(entries["state"], entries["flags"], strict=True)
        ],
        bool,
    )
    return usable & (entries["mac"] != NO_MAC)


def of_address(entries: Table, host: str, ip: Address) -> Array:
    """Rows of ``host`` about ``ip``, in order of time, those without a time last."""
    mine = np.flatnonzero(
        (entries["host"] == host) & (entries["ip_hi"] == ip[0]) & (entries["ip_lo"] == ip[1])
    )
    time = entries["at"][mine]
    late = np.where(time == NO_TIME, np.iinfo(np.int64).max, time)
    return mine[np.argsort(late, kind="stable")]
