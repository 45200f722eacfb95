"""Captures of one host that are one: of the same packets, or of one interface in turn.

tcpdump started twice, ``-i any`` beside ``-i eth0``, a second one begun before the first was
ended: each may lack a part of what the other has. Together they are one witness, with every
packet once. One that was stopped and started again under another name goes on after a hole.
Captures of different interfaces stay apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from synack.addresses import NO_MAC
from synack.grouping import distinct_rows, ids_of, least
from synack.model import Capture
from synack.owner import Owner, owners
from synack.tables import ACK, QUOTE, SYN_ACK, UNKNOWN, Array, Table
from synack.wording import count

_SOON_NS = 100_000_000
"""One packet is stamped so nearly alike in all captures of a host, by one clock."""

_SEGMENT = (
    "kind", "src_hi", "src_lo", "dst_hi", "dst_lo", "src_port", "dst_port",
    "seq", "ack", "flags", "window", "payload", "ttl", "ip_id", "icmp",
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
    joined = np.arange(len(captures))
    shared = np.zeros(len(captures), np.int64)
    if (host >= 0).any():
        first = _first_of_each(host, segments, _SEGMENT)
        again = np.flatnonzero(first != np.arange(len(first)))
        capture = segments["capture"]
        for one, other in distinct_rows(capture[first[again]], capture[again]):
            low, high = sorted((joined[one], joined[other]))
            joined[joined == high] = low
        shared = np.bincount(joined[capture[again]], minlength=len(captures))
    for one, other in _in_turn(captures, joined, segments):
        low, high = sorted((joined[one], joined[other]))
        joined[joined == high] = low
    if (joined == np.arange(len(captures))).all():
        return United(list(captures), segments, claims, tunnels)
    host = np.where(np.bincount(joined, minlength=len(captures))[joined] > 1, joined, -1)
    heads, place = np.unique(joined, return_inverse=True)
    united = []
    for head in heads.tolist():
        numbers = np.flatnonzero(joined == head)
        members = [captures[number] for number in numbers.tolist()]
        united.append(_one(members, int(shared[numbers].sum())))
    first = _first_of_each(host, segments, _SEGMENT)
    merged = _merged(segments, first, place)
    return United(
        united,
        merged.take(_wanted(merged, np.bincount(place)[merged["capture"]] > 1)),
        _merged(claims, _first_of_each(host, claims, _CLAIM), place),
        _renumbered(tunnels, place),
    )


def _in_turn(captures: Sequence[Capture], joined: Array, segments: Table) -> list[tuple[int, int]]:
    """Each two captures of one interface, as far as is known, of which one was begun after the
    other was ended. ``joined``: the first of those that each is one with already."""
    found = []
    by_host: dict[str, list[int]] = {}
    for number in np.unique(joined).tolist():
        if captures[number].host:
            by_host.setdefault(captures[number].host, []).append(number)
    for numbers in by_host.values():
        if len(numbers) < 2:
            continue
        members = [
            [captures[n] for n in np.flatnonzero(joined == number).tolist()] for number in numbers
        ]
        timed = [
            (min(firsts), max(c.last for c in group if c.last is not None), group, number)
            for group, number in zip(members, numbers, strict=True)
            if (firsts := [c.first for c in group if c.first is not None])
        ]
        timed.sort(key=lambda span: span[:2])
        if all(begin <= end for (_, end, *_), (begin, *_) in pairwise(timed)):
            continue
        places = owners([joined == number for *_, number in timed], segments)
        taken = [False] * len(timed)
        for later, (begin, _, group, number) in enumerate(timed):
            for earlier in reversed(range(later)):
                _, end, others, other = timed[earlier]
                if taken[earlier] or end >= begin:
                    continue
                if _one_interface(others, group, places[earlier], places[later]):
                    found.append((other, number))
                    taken[earlier] = True
                    break
    return found


def _one_interface(
    ones: Sequence[Capture], others: Sequence[Capture], one: Owner, other: Owner
) -> bool:
    """Whether two captures are of one interface: of that name, and no other MAC; or where a name
    is missing, of the same addresses and MACs."""
    names = [{_interface(c) for c in captures} - {""} for captures in (ones, others)]
    if names[0] and names[1]:
        return bool(names[0] & names[1]) and not (
            one.macs and other.macs and one.macs != other.macs
        )
    return bool(one.addresses) and one == other


def _interface(capture: Capture) -> str:
    """The interface by the name of the file, else the only one that the files name."""
    inside = {name for file in capture.files for name in file.interfaces if name}
    return capture.interface or (inside.pop() if len(inside) == 1 else "")


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
    for name in ("tsval", "tsecr"):
        if name in table.columns:
            # Where every capture has it, it tells two segments apart.
            stamp = table[name][rows]
            equal = ids_of(equal, np.where((least(stamp, equal) >= 0)[equal], stamp, -1))
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
    """The rows that are kept, in the order of their new captures and there of time; what is
    stamped alike in that of a handshake."""
    again = np.flatnonzero(first != np.arange(len(first)))
    columns = dict(table.columns)
    for name, unseen in _UNSEEN.items():
        if name in columns:
            known = again[(columns[name][again] != unseen)]
            known = known[columns[name][first[known]] == unseen]
            columns[name] = columns[name].copy()
            columns[name][first[known]] = table[name][known]
    time, rank = table["time"].copy(), np.zeros(len(table), np.uint8)
    for number in range(len(place)):
        # A clock that is set back leaves the order of its own capture as it is.
        mine = np.flatnonzero(table["capture"] == number)
        if np.count_nonzero(place == place[number]) > 1:
            time[mine] = np.maximum.accumulate(time[mine])
            if "kind" in columns:
                rank[mine] = columns["kind"][mine]
        else:
            time[mine] = 0
    capture = place[table["capture"]]
    order = np.lexsort((rank, time, capture))
    order = order[first[order] == order]
    return _renumbered(Table(table.schema, columns), place).take(order)


def _renumbered(table: Table, place: Array) -> Table:
    return Table(table.schema, {**table.columns, "capture": place[table["capture"]]})


def _wanted(segments: Table, united: Array) -> Array:
    """Which rows one capture of all that the ``united`` ones have would hold (bool).

    Of plain segments the scan keeps those that a handshake waits for, so one that missed the
    ACK kept the next one in its place.
    """
    s, wanted = segments, np.ones(len(segments), bool)
    rows = np.flatnonzero(united & (s["kind"] != QUOTE))
    if not len(rows) or not (s["kind"][rows] == ACK).any():
        return wanted
    mine = s["src_hi"][rows] < s["dst_hi"][rows]
    mine |= (s["src_hi"][rows] == s["dst_hi"][rows]) & (
        (s["src_lo"][rows] < s["dst_lo"][rows])
        | ((s["src_lo"][rows] == s["dst_lo"][rows]) & (s["src_port"][rows] <= s["dst_port"][rows]))
    )
    ends = []
    for part in ("hi", "lo", "port"):
        pair = s[f"src_{part}"][rows], s[f"dst_{part}"][rows]
        ends += [np.where(mine, *pair), np.where(mine, *pair[::-1])]
    connection = ids_of(s["capture"][rows], *ends)
    order = np.argsort(connection, kind="stable")
    rows, connection, mine = rows[order], connection[order], mine[order]
    kind = s["kind"][rows]
    # A round begins with whatever makes the scan wait for the next segment of either side.
    plain = kind == ACK
    begins = ~plain
    begins[1:] |= connection[1:] != connection[:-1]
    begins[:1] = True
    turn = np.cumsum(begins)
    at = np.arange(len(rows))
    first = np.full((2, int(turn.max()) + 1), len(rows))
    for side in (0, 1):
        of_side = plain & (mine == side)
        np.minimum.at(first[side], turn[of_side], at[of_side])
    keep = ~plain | (at == first[mine.astype(np.int64), turn])
    # The answer to a SYN-ACK ends it.
    for side in (0, 1):
        replied = np.zeros(int(connection.max()) + 1, bool)
        replied[connection[(kind == SYN_ACK) & (mine == side)]] = True
        keep &= ~(plain & replied[connection] & (at > first[1 - side, turn]))
    wanted[rows[~keep]] = False
    return wanted


def _one(members: list[Capture], shared: int) -> Capture:
    if len(members) == 1:
        return members[0]
    named = [c.interface for c in members if c.interface not in _NOWHERE]
    interface = named[0] if named else members[0].interface
    files = sorted((f for c in members for f in c.files), key=lambda f: (f.first or 0, f.path))
    paths = [c.files[0].path for c in sorted(members, key=lambda c: c.first or 0)]
    names = f"{', '.join(paths[:-1])} and {paths[-1]}"
    holes = _holes(members)
    says = [warning for c in members for warning in c.warnings]
    if shared:
        names = " and ".join(c.files[0].path for c in members)
        says.append(f"{count(shared, 'packet')} in both {names}: taken as one capture")
    missing = {gap for c in members for gap in c.gaps}
    stopped = [gap for gap in holes if gap not in missing]
    if stopped:
        long = ", ".join(f"{(end - begin) / 1e9:.3f} s" for begin, end in stopped)
        says.append(f"{members[0].host}: {names} are of one interface, one after the other: taken"
                    f" as one capture that was stopped for {long}")  # fmt: skip
    return Capture(members[0].host, interface, files, holes, says)


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
