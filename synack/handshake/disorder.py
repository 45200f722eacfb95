"""Packets that were recorded out of order: with several receive queues the kernel may hand the
later of two to the capture first, each with its right time."""

from __future__ import annotations

import numpy as np

from synack.grouping import ids_of
from synack.handshake.legs import Legs
from synack.handshake.states import TRANSITIONS, Event, State
from synack.tables import NO_TIME, RST, Array, Table

_SOON_NS = 100_000_000
"""What is recorded out of order was so close; a clock that is set back goes further (ntpd steps
by 128 ms and more, and slews below)."""
_ACK_FLAG = 0x10
_SEQUENCE = 1 << 32
_AFTER_RESET = np.array(
    [TRANSITIONS[state].get(Event.RST_SERVER, state) for state in State], np.uint8
)


def take_early_resets(
    segments: Table, sightings: Table, sighting: Array, leg: Array, legs: Legs
) -> None:
    """Give a server's reset of a SYN to the attempt, where the reset stands before the SYN
    in the capture though it came after it; everything is changed in place. (Any other segment
    makes its own attempt or belongs to one whose SYN is long past.) One is enough: of an
    attempt that has one already it may be a copy of that, as a second such one may be."""
    s = segments
    rows = np.flatnonzero((s["kind"] == RST) & (sighting < 0) & (s["flags"] & _ACK_FLAG > 0))
    if not len(rows):
        return
    of = np.flatnonzero(sightings["syn_row"] > rows.min())
    names = ("capture", "client_hi", "client_lo", "server_hi", "server_lo", "client_port",
             "server_port", "client_isn")  # fmt: skip
    theirs = ("capture", "dst_hi", "dst_lo", "src_hi", "src_lo", "dst_port", "src_port")
    answered = (s["ack"][rows].astype(np.int64) - 1) % _SEQUENCE
    columns = [*(s[name][rows] for name in theirs), answered.astype(np.uint32)]
    ids = ids_of(
        *(
            np.concatenate([sightings[name][of], column])
            for name, column in zip(names, columns, strict=True)
        )
    )
    place = np.full(len(ids), -1, np.int64)
    place[ids[: len(of)]] = of
    found = place[ids[len(of) :]]
    rows, found = rows[found >= 0], found[found >= 0]
    syn = sightings["syn_row"][found]
    later = s["time"][rows] - s["time"][syn]
    early = (syn > rows) & (later >= 0) & (later <= _SOON_NS)
    early &= (s["time"][rows] != NO_TIME) & (s["time"][syn] != NO_TIME)
    count, first = legs.counts[:, Event.RST_SERVER], legs.first[:, Event.RST_SERVER]
    early &= count[found] == 0
    found, place = np.unique(found[early], return_index=True)
    rows = rows[early][place]
    sighting[rows], leg[rows] = found, Event.RST_SERVER
    count[found] = 1
    first[found] = s["time"][rows]
    sightings["last"][found] = np.maximum(sightings["last"][found], s["time"][rows])
    sightings["row"][found] = np.minimum(sightings["row"][found], rows)
    sightings["state"][found] = _AFTER_RESET[sightings["state"][found]]
    sightings["seen"][found] |= np.uint16(1 << Event.RST_SERVER)
