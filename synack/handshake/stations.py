"""Which captures are on the path between a client and a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synack.grouping import among, ids_of, representatives
from synack.handshake.matched import Matched
from synack.handshake.vantage import CLIENT, NEITHER, SERVER
from synack.model import Capture
from synack.tables import Array


def labels(captures: Sequence[Capture]) -> list[str]:
    """What each capture is called: its host, with the interface where a host has several."""
    hosts = [capture.host for capture in captures]
    return [
        f"{c.host or 'unnamed'} {c.interface}".strip()
        if hosts.count(c.host) > 1
        else c.host or "unnamed"
        for c in captures
    ]


@dataclass(frozen=True)
class Stations:
    """The captures of each path (a client and a server address), in ``slots`` by their names.

    ``capture[path, slot]`` is -1 where a path has fewer; ``side`` is CLIENT, NEITHER or SERVER;
    ``open`` marks paths with a capture of neither end, or two of one.
    """

    of_attempt: Array
    ends: tuple[Array, Array, Array, Array]
    """Address halves of client and server, per path."""
    capture: Array
    side: Array
    of_sighting: Array
    """Slot of each sighting."""
    open: Array

    @property
    def slots(self) -> int:
        return int(self.capture.shape[1])

    @classmethod
    def of(cls, m: Matched) -> Stations:
        # Each end by the addresses that it has on its own side of a translation.
        near = [m.sightings[name][m.near] for name in ("client_hi", "client_lo")]
        columns = [*near, *(m.sightings[name][m.far] for name in ("server_hi", "server_lo"))]
        of_attempt = ids_of(*columns)
        first = representatives(of_attempt)
        high, low, server_high, server_low = (column[first] for column in columns)
        captures = len(m.captures)
        rank = _ranks(m.captures)
        back = np.argsort(rank)
        path = of_attempt[m.identity]
        seen = path * captures + rank[m.sightings["capture"]]
        codes = [seen]
        for number, vantage in enumerate(m.vantages):
            at_client = among(vantage.addresses, high, low)
            here = at_client != among(vantage.addresses, server_high, server_low)
            codes.append(np.flatnonzero(here) * captures + rank[number])
        entries = np.unique(np.concatenate(codes))
        owner, capture = entries // max(captures, 1), back[entries % max(captures, 1)]
        start = np.searchsorted(owner, np.arange(len(first)))
        slot = np.arange(len(entries)) - start[owner]
        shape = len(first), int(slot.max(initial=-1)) + 1
        of_slot = np.full(shape, -1, np.int64)
        of_slot[owner, slot] = capture
        entry = np.searchsorted(entries, seen)
        side = np.sign(np.bincount(entry, m.side, len(entries))).astype(np.int64)
        unseen = np.bincount(entry, minlength=len(entries)) == 0
        for number, vantage in enumerate(m.vantages):
            mine = np.flatnonzero(unseen & (capture == number))
            at = owner[mine]
            side[mine] = np.where(among(vantage.addresses, high[at], low[at]), CLIENT, SERVER)
        sides = np.zeros(shape, np.int64)
        sides[owner, slot] = side
        many = ((sides == NEITHER) & (of_slot >= 0)).any(axis=1)
        for end in (CLIENT, SERVER):
            many |= (sides == end).sum(axis=1) > 1
        return cls(
            of_attempt, (high, low, server_high, server_low), of_slot, sides, slot[entry], many
        )

    def networks(self) -> Array:
        """A number for each pair of networks, per path."""
        parts = []
        for high, low in (self.ends[:2], self.ends[2:]):
            four = (high == 0) & (low >> np.uint64(32) == 0xFFFF)
            parts += [high, np.where(four, low >> np.uint64(8), np.uint64(0))]
        return ids_of(*parts)


def _ranks(captures: Sequence[Capture]) -> Array:
    """The place of each capture by name, so that the order of files decides nothing."""
    keys = [(c.host, c.interface, [f.path for f in c.files]) for c in captures]
    rank = np.empty(len(captures), np.int64)
    rank[sorted(range(len(captures)), key=lambda n: keys[n])] = np.arange(len(captures))
    return rank
