"""What hosts, clouds and applications say beside the captures and neighbor tables."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from synack.addresses import NO_IP, Address, is_ipv4
from synack.context.counters import is_extended, rises
from synack.context.settings import kernel_version
from synack.model import Source
from synack.tables import (
    APPLICATION_EVENTS,
    COUNTERS,
    FLOWS,
    KERNEL_EVENTS,
    OWN,
    OWNERS,
    ROUTES,
    SETTINGS,
    SOCKETS,
    Array,
    Table,
)

KINDS = (
    SOCKETS, COUNTERS, KERNEL_EVENTS, SETTINGS, OWN, ROUTES, OWNERS, FLOWS, APPLICATION_EVENTS,
)  # fmt: skip


_WHOLE = 50
"""So many counters of one family are no choice of somebody's."""


class Setting(NamedTuple):
    """A value as printed, and where."""

    value: str
    source: Source

    @property
    def number(self) -> int | None:
        """None for what is no number of at most 18 digits."""
        digits = self.value.strip()
        usable = digits.isascii() and digits.isdecimal() and len(digits) <= 18
        return int(digits) if usable else None


class Context:
    """The tables of :mod:`synack.context`, with each host by the name of its captures. Of
    :data:`KINDS` those that are not among ``tables`` are empty."""

    def __init__(self, tables: Iterable[Table] = ()) -> None:
        given = {table.schema: table for table in tables}
        of_kind = (given.get(schema, Table.empty(schema)) for schema in KINDS)
        (
            self.sockets, self.counters, self.events, self.settings, self.own, self.routes,
            self.owners, self.flows, self.application,
        ) = of_kind  # fmt: skip

    # ---- settings -------------------------------------------------------------------

    @cached_property
    def _settings(self) -> dict[tuple[str, str], Setting]:
        in_time = self.settings.take(np.argsort(self.settings["at"], kind="stable"))
        columns = (in_time[n].tolist() for n in ("host", "name", "value", "file", "line"))
        return {
            (host, name): Setting(value, Source(file, line=line))
            for host, name, value, file, line in zip(*columns, strict=True)
        }

    def setting(self, host: str, *names: str) -> Setting | None:
        """The first of ``names`` that is given for ``host``; of several dumps the last."""
        found = (self._settings.get((host, name)) for name in names)
        return next((setting for setting in found if setting is not None), None)

    def neighbor_setting(self, host: str, family: str, interface: str, key: str) -> Setting | None:
        """Of the neighbor table of ``interface``, else of ``default``. ``family``: ipv4, ipv6."""
        places = [interface.replace(".", "/")] if interface else []
        names = (f"net.{family}.neigh.{place}.{key}" for place in (*places, "default"))
        return self.setting(host, *names)

    def kernel(self, host: str) -> tuple[str, tuple[int, int, int], Source] | None:
        """(release, version, where) of the kernel, if ``uname -a`` or its like is given."""
        found = self.setting(host, "kernel.osrelease")
        version = kernel_version(found.value) if found is not None else None
        return (found.value, version, found.source) if found and version else None

    # ---- counters -------------------------------------------------------------------

    @cached_property
    def rises(self) -> Table:
        """How much each counter rose, as :data:`~synack.tables.RISES`."""
        return rises(self.counters)

    @cached_property
    def _rises(self) -> dict[tuple[str, str], list[int]]:
        found: dict[tuple[str, str], list[int]] = {}
        columns = (self.rises[name].tolist() for name in ("host", "name"))
        for row, key in enumerate(zip(*columns, strict=True)):
            found.setdefault(key, []).append(row)
        return found

    @cached_property
    def _dumps(self) -> dict[tuple[str, bool], dict[tuple[str, int], dict[str, int]]]:
        """By host, and by whether the counters are the extended ones: of each dump (file and
        time) the line of each counter."""
        found: dict[tuple[str, bool], dict[tuple[str, int], dict[str, int]]] = {}
        columns = (self.counters[n].tolist() for n in ("host", "name", "file", "at", "line"))
        for host, name, file, at, line in zip(*columns, strict=True):
            dumps = found.setdefault((host, is_extended(name)), {})
            dumps.setdefault((file, at), {})[name] = line
        return found

    def rose(self, host: str, name: str) -> tuple[int, tuple[Source, ...]] | None:
        """By how much a counter of ``host`` rose over all its dumps (of all interfaces), and
        where to see that; None with fewer than two dumps. What whole dumps leave out is zero
        (``nstat`` without ``-z``), or unknown to that kernel; a few lines may be a choice."""
        dumps = self._dumps.get((host, is_extended(name)), {})
        whole = all(len(found) >= _WHOLE for found in dumps.values())
        if len(dumps) < 2 or not (whole or any(name in found for found in dumps.values())):
            return None
        rows = self._rises.get((host, name), [])
        if not rows:
            lines = ((file, found.get(name)) for (file, _), found in dumps.items())
            return 0, tuple(dict.fromkeys(Source(file, line=line) for file, line in lines))
        sources = []
        for row in rows:
            for end in ("earlier", "later"):
                line = int(self.rises[f"{end}_line"][row])
                at = line if line > 0 else None
                sources.append(Source(self.rises[f"{end}_file"][row], line=at))
        return int(self.rises["rise"][rows].sum()), tuple(dict.fromkeys(sources))

    # ---- sockets --------------------------------------------------------------------

    @cached_property
    def _by_state(self) -> dict[str, Array]:
        states = self.sockets["state"]
        return {state: np.flatnonzero(states == state) for state in set(states.tolist())}

    def sockets_in(self, state: str) -> Array:
        """Rows of sockets of all hosts in ``state``."""
        return self._by_state.get(state, np.empty(0, np.int64))

    def sockets_to(self, host: str, ip: Address) -> Array:
        """Rows of sockets of ``host`` whose peer is ``ip``."""
        s = self.sockets
        mine = (s["peer_hi"] == np.uint64(ip[0])) & (s["peer_lo"] == np.uint64(ip[1]))
        rows = np.flatnonzero(mine)
        return rows[s["host"][rows] == host]

    # ---- routes ---------------------------------------------------------------------

    def route(self, host: str, ip: Address) -> tuple[Address | None, Source] | None:
        """By the routing table of ``host``: (gateway to ``ip``, None: on-link, where it says so);
        None where no route of that host is given that fits. The longest prefix decides."""
        r = self.routes
        rows = np.flatnonzero((r["host"] == host) & (r["prefix"] >= 0))
        if not len(rows):
            return None
        rows = rows[_within(ip, r["to_hi"][rows], r["to_lo"][rows], r["prefix"][rows])]
        if not len(rows):
            return None
        row = int(rows[np.argmax(r["prefix"][rows])])
        via = int(r["via_hi"][row]), int(r["via_lo"][row])
        return (None if via == NO_IP else via), self.where(r, row)

    # ---- sources --------------------------------------------------------------------

    @staticmethod
    def where(table: Table, row: int) -> Source:
        """Where a row of any of these tables can be looked up."""
        return Source(table["file"][row], line=int(table["line"][row]))


def _within(ip: Address, high: Array, low: Array, prefix: Array) -> Array:
    """Whether ``ip`` is in the networks; ``prefix`` of IPv4 counts as of 32 (bool)."""
    v4 = (high == 0) & (low >> np.uint64(32) == 0xFFFF)
    bits = np.where(v4, prefix + 96, prefix)
    differ = high ^ np.uint64(ip[0]), low ^ np.uint64(ip[1])
    parts = np.clip(bits, 0, 64), np.clip(bits - 64, 0, 64)
    same = [
        (number == 0) | (part >> (64 - np.maximum(number, 1)).astype(np.uint64) == 0)
        for part, number in zip(differ, parts, strict=True)
    ]
    return same[0] & same[1] & (v4 == is_ipv4(*ip))
