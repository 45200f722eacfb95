"""Several captures of one host, of its several interfaces: what belongs together over them, and
which of them would show what.

A packet may come in by one interface and the answer leave by another (asymmetric routing, a
bond whose members were captured): one attempt, in two captures. A host that passes packets
on has the same packet in two captures, and these stay what they are: two places on its way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synack.addresses import Address
from synack.grouping import among, distinct_rows, ids_of
from synack.handshake.track import Tracked, track
from synack.handshake.vantage import Vantage
from synack.model import Capture
from synack.tables import NO_TIME, OUTBOUND, QUOTE, Array, Table

_SOON_NS = 100_000_000
"""One packet passes through a host sooner, and is repeated later (RFC 6298)."""
_PACKET = ("src_hi", "src_lo", "dst_hi", "dst_lo", "src_port", "dst_port",
           "kind", "seq", "ack", "flags", "tsval", "tsecr")  # fmt: skip
_ROWS = ("row", "syn_row", "syn_ack_row")


def machines(captures: Sequence[Capture]) -> Array:
    """A number for each capture, the same for those of one host. Of nobody's captures each may
    be of another."""
    numbers: dict[str | int, int] = {}
    return np.array([numbers.setdefault(c.host or n, len(numbers)) for n, c in enumerate(captures)],
                    np.int64)  # fmt: skip


def track_by_host(segments: Table, machine: Array) -> Tracked:
    """:func:`~synack.handshake.track.track`, where a connection that is in several captures of
    one host, no packet of it in two, is tracked as one, in order of time. Its sightings are
    of the first of these captures."""
    capture = _one_capture(segments, machine)
    moved = np.flatnonzero(capture != segments["capture"])
    if not len(moved):
        return track(segments)
    merged = np.zeros(int(capture.max()) + 1, bool)
    merged[capture[moved]] = True
    # What nothing was added to keeps the order in which it was recorded.
    time = np.where(merged[capture], segments["time"], 0)
    own = segments["capture"]
    for number in np.flatnonzero(merged).tolist():
        for part in np.unique(own[capture == number]).tolist():
            mine = np.flatnonzero((capture == number) & (own == part))
            # A clock that was set back leaves the order of its own capture as it is.
            time[mine] = np.maximum.accumulate(time[mine])
    order = np.lexsort((time, capture))
    found = track(Table(segments.schema, {**segments.columns, "capture": capture}).take(order))
    sighting, leg = np.empty_like(found.sighting), np.empty_like(found.leg)
    sighting[order], leg[order] = found.sighting, found.leg
    columns = dict(found.sightings.columns)
    for name in _ROWS:
        columns[name] = np.where(columns[name] < 0, -1, order[columns[name]])
    return Tracked(Table(found.sightings.schema, columns), sighting, leg, found.legs)


def _one_capture(segments: Table, machine: Array) -> Array:
    """For each segment the capture that it is tracked in: its own, or the first one of its host
    that has some of its connection (int)."""
    s, own = segments, segments["capture"]
    several = np.bincount(machine)[machine] > 1
    rows = np.flatnonzero(several[own])
    if not len(rows):
        return own
    forward = s["src_hi"][rows] < s["dst_hi"][rows]
    forward |= (s["src_hi"][rows] == s["dst_hi"][rows]) & (s["src_lo"][rows] <= s["dst_lo"][rows])
    ends = []
    for part in ("hi", "lo", "port"):
        pair = s[f"src_{part}"][rows], s[f"dst_{part}"][rows]
        ends += [np.where(forward, *pair), np.where(forward, *pair[::-1])]
    connection = ids_of(machine[own[rows]], *ends)
    low = np.full(int(connection.max()) + 1, len(machine))
    np.minimum.at(low, connection, own[rows])
    passed = np.zeros(len(low), bool)
    passed[connection[_in_two(s, rows, connection)]] = True
    result = own.copy()
    result[rows] = np.where(passed[connection], own[rows], low[connection])
    return result


def _in_two(s: Table, rows: Array, connection: Array) -> Array:
    """Places in ``rows`` of packets that another capture of the connection has as well."""
    time, capture = s["time"][rows], s["capture"][rows]
    packet = ids_of(connection, *(s[name][rows] for name in _PACKET))
    order = np.lexsort((time, packet))
    same = packet[order][1:] == packet[order][:-1]
    same &= capture[order][1:] != capture[order][:-1]
    # Without a time nobody can tell whether it is a repetition.
    same &= (time[order][1:] - time[order][:-1] <= _SOON_NS) | (time[order][:-1] == NO_TIME)
    return order[1:][same]


def arrivals(vantages: Sequence[Vantage], machine: Array, segments: Table) -> list[set[Address]]:
    """For each capture the addresses of its host whose packets it shows when they arrive.

    Of a host with one capture all its own. Of one with several those that a packet came in
    to, there; an address that none came in to may be behind any of those that claim it.
    """
    result = [set(vantage.addresses) for vantage in vantages]
    shared = np.bincount(machine)[machine] > 1
    if not shared.any():
        return result
    s = segments
    rows = np.flatnonzero(
        shared[s["capture"]] & (s["kind"] != QUOTE) & (s["direction"] != OUTBOUND)
    )
    for one in np.unique(machine[shared]).tolist():
        own: set[Address] = set()
        own.update(*(result[n] for n in np.flatnonzero(machine == one).tolist()))
        mine = rows[machine[s["capture"][rows]] == one]
        came = among(own, s["dst_hi"][mine], s["dst_lo"][mine])
        came &= ~among(own, s["src_hi"][mine], s["src_lo"][mine])
        mine = mine[came]
        at: dict[int, set[Address]] = {}
        for capture, high, low in distinct_rows(
            s["capture"][mine], s["dst_hi"][mine], s["dst_lo"][mine]
        ):
            at.setdefault(capture, set()).add((high, low))
        known: set[Address] = set()
        known.update(*at.values())
        for capture in np.flatnonzero(machine == one).tolist():
            result[capture] = at.get(capture, set()) | (result[capture] - known)
    return result


def spans(
    captures: Sequence[Capture], vantages: Sequence[Vantage], segments: Table
) -> tuple[Array, Array]:
    """For each capture from when to when a reply to what it shows would have been recorded, if
    there was one (ns): while those of its host that were on beside it, and have packets from or
    to its addresses, were on too."""
    machine = machines(captures)
    begin = np.full(len(captures), NO_TIME)
    end = np.array([0 if c.last is None else c.last for c in captures], np.int64)
    several = np.bincount(machine)[machine] > 1
    for number in np.flatnonzero(several).tolist():
        own, rows = vantages[number].addresses, machine[segments["capture"]] == machine[number]
        touched = among(own, segments["src_hi"], segments["src_lo"])
        touched |= among(own, segments["dst_hi"], segments["dst_lo"])
        until = captures[number].last
        for other in np.unique(segments["capture"][rows & touched]).tolist():
            first, last = captures[other].first, captures[other].last
            if other == number or first is None or last is None or until is None:
                continue
            # One that was begun later, or ended before, is of another time.
            if first <= until and last >= (captures[number].first or until):
                begin[number] = max(begin[number], first)
                end[number] = min(end[number], last)
    return begin, end
