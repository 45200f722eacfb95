"""The captures of one path put in order, and where between them a packet vanished.

Which captures are on a path says :mod:`~synack.handshake.stations`, what puts them in order
:mod:`~synack.handshake.order`, which segments vanished and between whom
:mod:`~synack.handshake.vanish`. Captures that nothing orders are one group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synack.grouping import ids_of, representatives
from synack.handshake.match import Matched
from synack.handshake.order import Order, closed
from synack.handshake.states import Event
from synack.handshake.stations import Stations, labels
from synack.handshake.vanish import follow
from synack.tables import Array, Table


@dataclass
class Paths:
    """The way of every attempt, and what vanished on it."""

    names: list[str]
    """``producer-7 > tap-1 > broker-1``: captures from client to server; in braces those whose
    order is unknown."""
    path: Array
    """Per attempt its place in ``names``, -1 if fewer than two captures saw it."""
    places: list[str]
    """One capture or several, as in a sentence."""
    losses: list[str]
    """``syn-ack: between broker-1 and tap-1``, with numbers where several vanished."""
    loss: Array
    """Per attempt its place in ``losses``, -1 if it is not known to have lost anything."""
    vanished: Table
    """:data:`~synack.tables.VANISHED`, in order of attempt, leg and row."""
    doubts: list[str]
    """What contradicts itself, and taps that see only a part."""


def paths(m: Matched) -> Paths:
    """Order the captures of each path, and follow each SYN, SYN-ACK and ACK along it."""
    stations = Stations.of(m)
    order = Order.of(m, stations)
    names, path = _named_paths(m, stations, order)
    places, vanished, partial = follow(m, stations, order)
    losses, loss = _named_losses(m, places, vanished)
    doubts = [*order.doubts, *partial]
    return Paths(names, path, places, losses, loss, vanished, doubts)


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
    hop = ids_of(*(vanished[name] for name in ("attempt", "leg", "after", "before")))
    some = representatives(hop)
    number = np.bincount(hop, minlength=len(some))
    attempt = vanished["attempt"][some]
    kind = ids_of(*(vanished[name][some] for name in ("leg", "after", "before")), number)
    said = [
        _loss(Event(leg), places[after], places[before], count)
        for leg, after, before, count in zip(
            *(vanished[name][some[representatives(kind)]].tolist()
              for name in ("leg", "after", "before")),
            number[representatives(kind)].tolist(), strict=True,
        )
    ]  # fmt: skip
    texts = [""]
    of_attempt = np.zeros(m.attempts, np.int64)
    # One hop of every attempt at a time, joined to what is said of it so far.
    while len(attempt):
        first = representatives(ids_of(attempt))
        both = ids_of(of_attempt[attempt[first]], kind[first])
        joined = []
        for row in first[representatives(both)].tolist():
            so_far = texts[of_attempt[attempt[row]]]
            joined.append(f"{so_far}; {said[kind[row]]}".removeprefix("; "))
        of_attempt[attempt[first]] = len(texts) + both
        texts += joined
        rest = np.ones(len(attempt), bool)
        rest[first] = False
        attempt, kind = attempt[rest], kind[rest]
    return texts, np.where(of_attempt > 0, of_attempt, -1)


def _loss(leg: Event, after: str, before: str, number: int) -> str:
    name = leg.name.lower().replace("_", "-")
    return f"{name}: {f'{number} ' if number > 1 else ''}between {after} and {before}"
