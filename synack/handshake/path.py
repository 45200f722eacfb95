"""The captures of one path put in order, and where between them a packet vanished.

Which captures are on a path says :mod:`~synack.handshake.stations`, what puts them in order
:mod:`~synack.handshake.order`, which segments vanished and between whom
:mod:`~synack.handshake.vanish`. Captures that nothing orders are one group.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synack.grouping import firsts, ids_of, representatives
from synack.handshake.matched import Matched
from synack.handshake.order import Order, closed
from synack.handshake.states import Event
from synack.handshake.stations import Stations, labels
from synack.handshake.vanish import follow
from synack.tables import VANISHED, Array, Table


@dataclass
class Paths:
    """The way of every attempt, and what vanished on it. Both are followed when asked for."""

    matched: Matched
    stations: Stations
    order: Order

    @property
    def places(self) -> list[str]:
        """One capture or several, as in a sentence; first the names of all captures."""
        return self._followed[0] if self._between else labels(self.matched.captures)

    @property
    def vanished(self) -> Table:
        """:data:`~synack.tables.VANISHED`, in order of attempt, leg and place on the way."""
        return self._followed[1]

    def vanished_of(self, wanted: Array) -> Table:
        """:attr:`vanished` of attempts that are ``wanted`` (bool)."""
        if self._between:
            return self.vanished.take(np.flatnonzero(wanted[self.vanished["attempt"]]))
        return follow(self.matched, self.stations, self.order, wanted)[1]

    @property
    def told_by_taps(self) -> Table:
        """:attr:`vanished`, where captures between the ends (or several at one) tell more than
        the fates of transmissions do (:func:`~synack.handshake.match.match`); else empty."""
        return self.vanished if self._between else Table.empty(VANISHED)

    @property
    def doubts(self) -> list[str]:
        """What contradicts itself, and taps that see only a part."""
        return [*self.order.doubts, *(self._followed[2] if self._between else ())]

    @property
    def _between(self) -> bool:
        return bool(self.stations.open.any())

    @cached_property
    def _followed(self) -> tuple[list[str], Table, list[str]]:
        return follow(self.matched, self.stations, self.order)

    @property
    def names(self) -> list[str]:
        """``producer-7 > tap-1 > broker-1``: captures from client to server; in braces those whose
        order is unknown."""
        return self._named_paths[0]

    @property
    def path(self) -> Array:
        """Per attempt its place in ``names``, -1 if fewer than two captures saw it."""
        return self._named_paths[1]

    @property
    def losses(self) -> list[str]:
        """``syn-ack: between broker-1 and tap-1``, with a number where several vanished."""
        return self._named_losses[0]

    @property
    def loss(self) -> Array:
        """Per attempt its place in ``losses``, -1 if it is not known to have lost anything."""
        return self._named_losses[1]

    @cached_property
    def _named_paths(self) -> tuple[list[str], Array]:
        return _named_paths(self.matched, self.stations, self.order)

    @cached_property
    def _named_losses(self) -> tuple[list[str], Array]:
        return _named_losses(self.matched, self.places, self.vanished)


def paths(m: Matched) -> Paths:
    """Order the captures of each path, along which each SYN, SYN-ACK and ACK can be followed."""
    stations = Stations.of(m)
    return Paths(m, stations, Order.of(m, stations))


def _named_paths(m: Matched, stations: Stations, order: Order) -> tuple[list[str], Array]:
    """The captures that saw each attempt, from client to server."""
    slots = stations.slots
    seen = np.zeros((m.attempts, slots), bool)
    seen[m.identity, stations.of_sighting] = True
    several = np.flatnonzero(seen.sum(axis=1) > 1)
    path = np.full(m.attempts, -1, np.int64)
    if not len(several):
        return [], path
    unit = ids_of(stations.of_attempt[several], *(seen[several, slot] for slot in range(slots)))
    some = several[representatives(unit)]
    capture = np.where(seen[some], stations.capture[stations.of_attempt[some]], -1)
    group = _groups(order.both[stations.of_attempt[some]], seen[some])
    columns = [part[:, slot] for part in (capture, np.where(capture >= 0, group, -1))
               for slot in range(slots)]  # fmt: skip
    kind = ids_of(*columns)
    names = labels(m.captures)
    texts = []
    for row in representatives(kind).tolist():
        places: dict[int, list[str]] = {}
        for number, place in zip(capture[row].tolist(), group[row].tolist(), strict=True):
            if number >= 0:
                places.setdefault(place, []).append(names[number])
        texts.append(" > ".join(_braced(sorted(places[place])) for place in sorted(places)))
    distinct = list(dict.fromkeys(texts))
    number_of = np.array([distinct.index(text) for text in texts], np.int64)
    path[several] = number_of[kind[unit]]
    return distinct, path


def _braced(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{{{', '.join(names)}}}"


def _groups(nearer: Array, present: Array) -> Array:
    """Place of each slot (row, slot), from 0 at the client; equal for those that nothing, also
    not by way of a third, puts in order."""
    here = present[:, :, None] & present[:, None, :]
    tied = closed(here & ~nearer & ~nearer.transpose(0, 2, 1))
    return (nearer & here & ~tied).sum(axis=1)


def _named_losses(m: Matched, places: list[str], vanished: Table) -> tuple[list[str], Array]:
    """What vanished of each attempt, by leg and place."""
    names = ("leg", "after", "before")
    hop = ids_of(vanished["attempt"], *(vanished[name] for name in names))
    some = representatives(hop)
    number = np.bincount(hop, minlength=len(some))
    attempt, columns = vanished["attempt"][some], [vanished[name][some] for name in names]
    kind = ids_of(*columns, number)
    one = representatives(kind)
    said = [
        (leg, f"{f'{many} ' if many > 1 else ''}between {places[after]} and {places[before]}")
        for leg, after, before, many in zip(
            *(column[one].tolist() for column in (*columns, number)), strict=True
        )
    ]
    texts, last_leg = [""], [-1]
    of_attempt = np.zeros(m.attempts, np.int64)
    # One hop of every attempt at a time, joined to what is said of it so far.
    while len(attempt):
        first = firsts(attempt)
        joined = ids_of(of_attempt[attempt[first]], kind[first])
        new = []
        for row in first[representatives(joined)].tolist():
            so_far, (leg, text) = int(of_attempt[attempt[row]]), said[kind[row]]
            name = Event(leg).name.lower().replace("_", "-")
            start = f"{texts[so_far]}; {name}: ".removeprefix("; ")
            new.append(f"{texts[so_far]}, {text}" if leg == last_leg[so_far] else start + text)
            last_leg.append(leg)
        of_attempt[attempt[first]] = len(texts) + joined
        texts += new
        rest = np.ones(len(attempt), bool)
        rest[first] = False
        attempt, kind = attempt[rest], kind[rest]
    return texts, np.where(of_attempt > 0, of_attempt, -1)
