"""The attempts that captures hold, each with its ends, and the fate of what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synack.grouping import present
from synack.handshake.clock import Clock, on_reference
from synack.handshake.legs import Legs
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS, Event
from synack.handshake.vantage import CLIENT, NEITHER, SERVER, Vantage
from synack.model import FATES, Capture
from synack.tables import Array, Table

SENDER = np.full(len(Event), NEITHER, np.int8)
"""By leg the end that sends it; NEITHER of those that either may send."""
SENDER[[*CLIENT_LEGS]], SENDER[[*SERVER_LEGS]] = CLIENT, SERVER
UNWITNESSED, DELIVERED, LOST, MISDELIVERED = range(len(FATES))


@dataclass
class Matched:
    """Everything about the attempts that the captures hold, before it is judged."""

    captures: Sequence[Capture]
    vantages: Sequence[Vantage]
    hosts: list[str]
    host_of_capture: Array
    segments: Table
    sightings: Table
    sighting: Array
    """Row of its sighting for each row of segments, -1 none."""
    leg: Array
    """:class:`Event` of each row of segments."""
    legs: Legs
    side: Array
    """CLIENT, SERVER or NEITHER for each sighting."""
    identity: Array
    """Attempt of each sighting."""
    attempts: int
    client: Array
    """Per attempt the sighting at the client, at the server, and elsewhere; -1 none."""
    server: Array
    elsewhere: Array
    near: Array
    """Per attempt a sighting with the addresses that it has at the client's side, and one with
    those at the server's: others where they are translated on the way."""
    far: Array
    resumed: Array
    """Sightings with a reset in the client's name that is another machine's (bool)."""
    client_host: Array
    """Per attempt the host row of its client and server, if that host captured; -1 none."""
    server_host: Array
    clocks: list[Clock]
    transmissions: Table
    foreign: Array
    """Rows of segments that reached a host but were addressed to another MAC (bool)."""
    missed: Array
    """missed[capture, leg]: segments that must have arrived there and are not in it."""
    answered_between: Array
    """Per attempt whether the client got SYN-ACKs of another ISN than the server sent: a firewall
    answers first and calls the server then (a SYN proxy, TCP intercept) (bool)."""
    ambiguous: Array
    """Per attempt whether it may be one connection with another, translated in between, and
    nothing tells with which: each counts for itself (bool)."""

    def aligned(self, rows: Array) -> Array:
        """Times of ``rows`` of segments on the reference clock, ns."""
        host = self.host_of_capture[self.segments["capture"][rows]]
        return on_reference(self.clocks, host, self.segments["time"][rows])


def ends_of(m: Matched, end: str) -> tuple[Array, Array]:
    """Upper and lower address halves of the clients or servers, per attempt, as at that end."""
    row = m.near if end == "client" else m.far
    return m.sightings[f"{end}_hi"][row], m.sightings[f"{end}_lo"][row]


def count_of(m: Matched, sighting: Array, *events: Event) -> Array:
    """Segments of ``events`` in the given sighting of each attempt, 0 without one."""
    counts = np.zeros(len(m.sightings) + 1, np.int32)  # the last: of no sighting
    for event in events:
        counts[:-1] += m.legs.counts[:, event]
    return counts[sighting]


def fate_counts(m: Matched) -> Array:
    """counts[leg, fate, attempt] of the SYNs, SYN-ACKs and ACKs transmitted (int32)."""
    t, legs, fates = m.transmissions, Event.ACK + 1, len(FATES)
    # What never happens takes no memory.
    result = np.zeros((legs, fates, m.attempts), np.int32)
    kinds = t["leg"] * np.uint8(fates) + t["fate"]
    for kind in present(kinds):
        leg, fate = divmod(kind, fates)
        if leg < legs:
            result[leg, fate] = np.bincount(t["attempt"][kinds == kind], minlength=m.attempts)
    return result


def addressed(m: Matched, sighting: Array, event: Event) -> Array:
    """Segments of ``event`` in the given sighting of each attempt that were addressed
    to the host that recorded them."""
    counts = count_of(m, sighting, event)
    rows = np.flatnonzero(m.foreign)
    rows = rows[m.leg[rows] == event]
    if not len(rows):
        return counts
    foreign = np.bincount(m.sighting[rows], minlength=len(m.sightings))
    return counts - np.where(sighting >= 0, foreign[sighting], 0)
