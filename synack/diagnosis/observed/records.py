"""What a case is given, and where each piece of it can be looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from synack.addresses import Address
from synack.context.counters import Rise
from synack.diagnosis.context import Context
from synack.grouping import grouped
from synack.handshake.clock import Clock
from synack.handshake.matched import Matched
from synack.handshake.path import Paths
from synack.handshake.states import Event
from synack.model import CaptureFile, Evidence, Source
from synack.tables import Array, Table
from synack.wording import count

_BETWEEN = "vanished-between"


@dataclass
class Records:
    """The tables of an incident, as they were read and matched."""

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

    # ---- times and hosts ------------------------------------------------------------

    def time(self, rows: Array) -> Array:
        """Times of rows of segments on the reference clock, ns."""
        return self.matched.aligned(rows)

    def hosts_of(self, rows: Array) -> Array:
        """Rows of the hosts that captured rows of segments."""
        return self.matched.host_of_capture[self.matched.segments["capture"][rows]]

    def comparable(self, host: int, others: Array) -> Array:
        """Whether the times of ``others`` (rows of hosts) can be held against those of ``host``:
        one clock, or clocks that common packets tie together (bool)."""
        roots = np.array([clock.root for clock in self.clocks], np.int64)
        return np.asarray(roots[others] == roots[host])

    @cached_property
    def own_macs(self) -> dict[int, set[int]]:
        """MACs of each host (by row), from its own captures."""
        macs: dict[int, set[int]] = {}
        for capture, vantage in enumerate(self.matched.vantages):
            host = int(self.matched.host_of_capture[capture])
            macs.setdefault(host, set()).update(vantage.macs)
        return macs

    def hosts_with(self, mac: int) -> list[int]:
        """Hosts (rows) that have ``mac`` by their own captures."""
        return [host for host, macs in self.own_macs.items() if mac in macs]

    @cached_property
    def own_addresses(self) -> dict[int, set[Address]]:
        """Addresses of each host (by row), from its own captures."""
        addresses: dict[int, set[Address]] = {}
        for capture, vantage in enumerate(self.matched.vantages):
            host = int(self.matched.host_of_capture[capture])
            addresses.setdefault(host, set()).update(vantage.addresses)
        return addresses
