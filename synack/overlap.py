"""Captures of one host that show the same packets are one capture.

tcpdump started twice, ``-i any`` beside ``-i eth0``, a second one begun before the first was
ended: each may lack a part of what the other has. Together they are one witness, with every
packet once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synack.addresses import NO_MAC
from synack.grouping import distinct_rows, ids_of
from synack.model import Capture
from synack.tables import UNKNOWN, Array, Table
from synack.wording import count

_SOON_NS = 100_000_000
"""One packet is stamped so nearly alike in all captures of a host, by one clock."""

_SEGMENT = (
    "kind", "src_hi", "src_lo", "dst_hi", "dst_lo", "src_port", "dst_port",
    "seq", "ack", "flags", "window", "payload", "ttl", "icmp",
)  # fmt: skip
_CLAIM = ("op", "ip_hi", "ip_lo", "mac", "asked_hi", "asked_lo")
_UNSEEN = {
    "tsval": -1, "tsecr": -1, "src_mac": NO_MAC, "dst_mac": NO_MAC, "direction": UNKNOWN,
}  # fmt: skip
"""What one capture may have of a packet and another not: by link type, by snaplen."""
_NOWHERE = ("", "any")
"""Interfaces that name none."""


class United(NamedTuple):
    """What :func:`unite` makes of the captures, and their tables with its rows."""

    captures: list[Capture]
    segments: Table
    claims: Table
    tunnels: Table


def unite(captures: Sequence[Capture], segments: Table, claims: Table, tunnels: Table) -> United:
    """One capture of those of a host that share packets of handshakes, with a warning that
    says how many. The tables are those of all ``captures``, whose rows they refer to."""
    host = _overlapping(captures)
    if (host < 0).all():
        return United(list(captures), segments, claims, tunnels)
    first = _first_of_each(host, segments, _SEGMENT)
    again = np.flatnonzero(first != np.arange(len(first)))
    capture = segments["capture"]
    joined = np.arange(len(captures))
    for one, other in distinct_rows(capture[first[again]], capture[again]):
        low, high = sorted((joined[one], joined[other]))
        joined[joined == high] = low
    if not len(again):
        return United(list(captures), segments, claims, tunnels)
    host = np.where(np.bincount(joined, minlength=len(captures))[joined] > 1, joined, -1)
    heads, place = np.unique(joined, return_inverse=True)
    united = []
    for head in heads.tolist():
        members = [captures[number] for number in np.flatnonzero(joined == head).tolist()]
        united.append(_one(members, int((joined[capture[again]] == head).sum())))
    return United(
        united,
        _merged(segments, first, place),
        _merged(claims, _first_of_each(host, claims, _CLAIM), place),
        _renumbered(tunnels, place),
    )


def _overlapping(captures: Sequence[Capture]) -> Array:
    """A number for each capture, the same for those of one host if any two of these were on
    at one time; else -1."""
    host = np.full(len(captures), -1, np.int64)
    by_host: dict[str, list[tuple[int, int, int]]] = {}
    for number, c in enumerate(captures):
        # Of nobody's captures each may be of another host.
        if c.host and c.first is not None and c.last is not None:
            by_host.setdefault(c.host, []).append((c.first, c.last, number))
    for spans in by_host.values():
        spans.sort()
        ends = np.maximum.accumulate([last for _, last, _ in spans])
        begins = np.array([first for first, _, _ in spans])
        if (begins[1:] <= ends[:-1] + _SOON_NS).any():
            numbers = [number for _, _, number in spans]
            host[numbers] = min(numbers)
    return host


def _first_of_each(host: Array, table: Table, what: Sequence[str]) -> Array:
    """For each row the row that is kept for its packet, maybe itself (int64).

    Equal rows of captures with one ``host`` (by capture; -1: alone) are one packet if their
    times are near: in each such burst the k-th of one capture is the k-th of another, so
    that a real repetition stays. Kept is one with MACs, of those the first.
    """
    first = np.arange(len(table))
    rows = np.flatnonzero(host[table["capture"]] >= 0)
    capture, time = table["capture"][rows], table["time"][rows]
    equal = ids_of(host[capture], *(table[name][rows] for name in what))
    order = np.lexsort((time, equal))
    later = np.diff(equal[order], prepend=-1) != 0
    later[1:] |= time[order][1:] > time[order][:-1] + _SOON_NS
    burst = np.empty(len(rows), np.int64)
    burst[order] = np.cumsum(later)
    order = np.lexsort((time, capture, burst))
    begins = np.diff(burst[order], prepend=-1) != 0
    begins[1:] |= capture[order][1:] != capture[order][:-1]
    at = np.arange(len(rows))
    rank = np.empty(len(rows), np.int64)
    rank[order] = at - np.maximum.accumulate(np.where(begins, at, 0))
    mac = table["dst_mac"][rows]
    order = np.lexsort((capture, time, mac < 0, rank, burst))
    begins = np.diff(burst[order], prepend=-1) != 0
    begins[1:] |= rank[order][1:] != rank[order][:-1]
    head = order[np.maximum.accumulate(np.where(begins, at, 0))]
    # To another MAC it is on its way to another machine.
    same = (mac[order] < 0) | (mac[order] == mac[head])
    first[rows[order]] = rows[np.where(same, head, order)]
    return first


def _merged(table: Table, first: Array, place: Array) -> Table:
    """The rows that are kept, in the order of their new captures and there of time."""
    again = np.flatnonzero(first != np.arange(len(first)))
    columns = dict(table.columns)
    for name, unseen in _UNSEEN.items():
        if name in columns:
            known = again[(columns[name][again] != unseen)]
            known = known[columns[name][first[known]] == unseen]
            columns[name] = columns[name].copy()
            columns[name][first[known]] = table[name][known]
    time = table["time"].copy()
    for number in range(len(place)):
        # A clock that is set back leaves the order of its own capture as it is.
        mine = np.flatnonzero(table["capture"] == number)
        if np.count_nonzero(place == place[number]) > 1:
            time[mine] = np.maximum.accumulate(time[mine])
        else:
            time[mine] = 0
    capture = place[table["capture"]]
    order = np.lexsort((time, capture))
    order = order[first[order] == order]
    return _renumbered(Table(table.schema, columns), place).take(order)


def _renumbered(table: Table, place: Array) -> Table:
    return Table(table.schema, {**table.columns, "capture": place[table["capture"]]})


def _one(members: list[Capture], shared: int) -> Capture:
    if len(members) == 1:
        return members[0]
    named = [c.interface for c in members if c.interface not in _NOWHERE]
    interface = named[0] if named else members[0].interface
    files = sorted((f for c in members for f in c.files), key=lambda f: (f.first or 0, f.path))
    names = " and ".join(c.files[0].path for c in members)
    text = f"{count(shared, 'packet')} in both {names}: taken as one capture"
    return Capture(members[0].host, interface, files, _holes(members), [text])


def _holes(members: list[Capture]) -> list[tuple[int, int]]:
    """Times at which none was on."""
    spans = []
    for capture in members:
        begin = capture.first
        if begin is None or capture.last is None:
            continue
        for end, again in sorted(capture.gaps):
            spans.append((begin, end))
            begin = again
        spans.append((begin, capture.last))
    spans.sort()
    holes = []
    until = spans[0][1]
    for begin, end in spans[1:]:
        if begin > until:
            holes.append((until, begin))
        until = max(until, end)
    return holes
