"""Which of the captures of a path is nearer to the client.

Told, for every two captures and each direction on its own, by

1. the TTL or hop limit of the same segment: every router takes at least one off (RFC 791
   section 3.1, RFC 8200 section 3). Only the difference counts; equal ones say nothing;
2. MACs: a frame for a MAC, and at the other capture the same segment from that MAC, is
   before and after one router (RFC 1812 section 5.2: a router sends on with its own address).
   What still has the sender's MAC, or has the receiver's already, is on their link;
3. the time from SYN to answer, by each capture's own clock: it shrinks towards the server.
   Both directions are in it;
4. what is missing: of SYNs fewer are left towards the server, of SYN-ACKs towards the client.

The ends themselves are known (:mod:`~synack.handshake.vantage`). Votes are taken per path
(client and server address), and where these say nothing per pair of networks (/24, /64).
Where votes of one kind, or kinds, contradict each other, the order is unknown, and this is
said. What only one direction tells holds for the other, unless that says otherwise.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from synack.grouping import ids_of, representatives
from synack.handshake.clock import split
from synack.handshake.hulls import MAX_DRIFT
from synack.handshake.matched import Matched
from synack.handshake.states import SERVER_LEGS, Event
from synack.handshake.stations import Stations, labels
from synack.handshake.witness import certainly_on
from synack.tables import Array
from synack.wording import count

JITTER_NS = 10_000
"""Software stamps jitter by some microseconds: what differs by less is at one place."""
_AGREED = 0.9
"""The share of votes that decides."""

TOWARDS_CLIENT = np.isin(np.arange(len(Event)), SERVER_LEGS)
"""By leg whether it travels towards the client."""

_TTL, _MAC, _GAP, _MISSING = range(4)
_KINDS = 4


@dataclass(frozen=True)
class Order:
    """``nearer[path, way, a, b]``: slot a is nearer to the client than b on the way of what the
    client (0) or the server (1) sends; ``both``: on a path as a whole (path, a, b)."""

    nearer: Array
    both: Array
    doubts: list[str]
    """What contradicts itself."""

    @classmethod
    def of(cls, m: Matched, stations: Stations) -> Order:
        slots, side, there = stations.slots, stations.side, stations.capture >= 0
        known = side[:, :, None] > side[:, None, :]
        known &= there[:, :, None] & there[:, None, :]
        nearer = np.repeat(known[:, None], 2, axis=1)
        doubts: list[str] = []
        if stations.open.any() and slots > 1:
            votes, unclear = _decided(m, stations)
            votes[np.repeat((known | known.transpose(0, 2, 1))[:, None], 2, axis=1)] = 0
            nearer |= (votes > 0) | (votes.transpose(0, 1, 3, 2) < 0)
            for kinds, mark in zip(_KINDS_TORN, unclear, strict=True):
                doubts += _told(m, stations, mark, f"{kinds} contradict each other about the order"
                                " of {} on {}: it is taken as unknown")  # fmt: skip
        nearer = _acyclic(closed(nearer))
        circular = nearer[:, 0] & nearer[:, 1].transpose(0, 2, 1)
        doubts += _told(m, stations, circular | circular.transpose(0, 2, 1),
                        "{} are passed in one order by what clients send, and in another by the"
                        " answers, on {}")  # fmt: skip
        return cls(nearer, _acyclic(closed(nearer[:, 0] | nearer[:, 1])), doubts)

    def ahead(self, path: Array, leg: Array) -> Array:
        """ahead[row, a, b]: what is of ``leg`` passes slot a of ``path`` before slot b."""
        up = TOWARDS_CLIENT[leg]
        nearer = self.nearer[path, up.astype(np.int64)]
        return np.where(up[:, None, None], nearer.transpose(0, 2, 1), nearer)


def closed(relation: Array) -> Array:
    """The transitive closure of relations (one per row of the first axis)."""
    steps = 1
    while steps < relation.shape[-1]:
        relation = relation | np.matmul(relation, relation)
        steps *= 2
    return relation


def _acyclic(relation: Array) -> Array:
    return relation & ~np.swapaxes(relation, -1, -2)


def _decided(m: Matched, stations: Stations) -> tuple[Array, list[Array]]:
    """votes[path, way, a, b] for slots a < b: 1 if a is nearer to the client, -1 if b is; and
    what contradicts itself, as in _KINDS_TORN: (path, a, b), bool."""
    slots = stations.slots
    shape = len(stations.capture), slots, slots
    one, other, path = _pairs(m, stations)
    cast = _votes(m, one, other)
    capture = m.sightings["capture"]
    cell = ids_of(path, capture[one], capture[other])
    wide = ids_of(stations.networks()[path], capture[one], capture[other])
    result, unclear = _verdict(*_tally(cast, cell))
    wider, _ = _verdict(*_tally(cast, wide))
    some = representatives(cell)
    blank = (result == 0).all(axis=1) & ~np.any(unclear, axis=0)
    result[blank] = wider[wide[some[blank]]]
    votes = np.zeros((shape[0], 2, slots, slots), np.int8)
    place = path[some], stations.of_sighting[one[some]], stations.of_sighting[other[some]]
    votes[place[0], :, place[1], place[2]] = result
    marks = np.zeros((len(unclear), *shape), bool)
    for mark, torn in zip(marks, unclear, strict=True):
        mark[place] = torn
    return votes, list(marks)


def _pairs(m: Matched, stations: Stations) -> tuple[Array, Array, Array]:
    """Every two sightings of one attempt on an open path, the lower slot first; the path."""
    path = stations.of_attempt[m.identity]
    rows = np.flatnonzero(stations.open[path])
    rows = rows[np.lexsort((stations.of_sighting[rows], m.identity[rows]))]
    ones, others = [rows[:0]], [rows[:0]]
    for apart in range(1, stations.slots):
        one, other = rows[:-apart], rows[apart:]
        same = m.identity[one] == m.identity[other]
        ones.append(one[same])
        others.append(other[same])
    one, other = np.concatenate(ones), np.concatenate(others)
    return one, other, path[one]


def _votes(m: Matched, one: Array, other: Array) -> Array:
    """votes[pair, way, kind]: 1 if ``one`` is nearer to the client, -1 if ``other`` is, 0 if they
    are at one place by it, 9 if it says nothing."""
    votes = np.full((len(one), 2, _KINDS), _SILENT, np.int8)
    ttl = _steady_ttl(m)
    for way, legs, row in ((0, (Event.SYN, Event.ACK), "syn_row"),
                           (1, (Event.SYN_ACK, Event.PROGRESS), "syn_ack_row")):  # fmt: skip
        sign = 1 - 2 * way
        for leg in legs:
            a, b = ttl[one, leg], ttl[other, leg]
            told = (a > 0) & (b > 0) & (a != b) & (votes[:, way, _TTL] == _SILENT)
            votes[told, way, _TTL] = sign * np.sign(a[told] - b[told])
        order = sign * _by_mac(m, way, m.sightings[row][one], m.sightings[row][other], one)
        votes[order != 0, way, _MAC] = order[order != 0]
    gap = _by_gap(m, one, other)
    votes[:, :, _GAP] = gap[:, None]
    votes[:, 0, _MISSING] = _by_missing(m, one, other, Event.SYN)
    less = _by_missing(m, one, other, Event.SYN_ACK)
    votes[:, 1, _MISSING] = np.where(less == _SILENT, less, -less)
    return votes


_SILENT = 9


def _steady_ttl(m: Matched) -> Array:
    """ttl[sighting, leg] where all segments of the leg have the same one, else 0."""
    size = len(m.sightings) * len(Event)
    rows = np.flatnonzero((m.sighting >= 0) & (m.leg != Event.NONE))
    cell = m.sighting[rows] * len(Event) + m.leg[rows]
    ttl = m.segments["ttl"][rows].astype(np.int64)
    low, high = np.full(size, 256), np.zeros(size, np.int64)
    np.minimum.at(low, cell, ttl)
    np.maximum.at(high, cell, ttl)
    return np.where(low == high, high, 0).reshape(-1, len(Event))


def _by_mac(m: Matched, way: int, one: Array, other: Array, sighting: Array) -> Array:
    """1 where row ``one`` was passed before row ``other`` by their MACs, -1 after it, else 0."""
    source, target = m.segments["src_mac"], m.segments["dst_mac"]
    known = (one >= 0) & (other >= 0)
    a, b = (np.where(known, rows, 0) for rows in (one, other))
    if not len(source):
        return np.zeros(len(one), np.int64)
    known &= (np.minimum(source[a], source[b]) >= 0) & (np.minimum(target[a], target[b]) >= 0)
    before = (target[a] == source[b]).astype(np.int64) - (target[b] == source[a])
    row = "syn_row" if way == 0 else "syn_ack_row"
    attempt = m.identity[sighting]
    ends = (m.client, m.server) if way == 0 else (m.server, m.client)
    for end, macs, sign in ((ends[0], source, 1), (ends[1], target, -1)):
        place = end[attempt]
        home = np.where(place >= 0, m.sightings[row][place], -1)
        own = np.where(home >= 0, macs[home], -1)
        before += sign * ((own >= 0) & (macs[a] == own)).astype(np.int64)
        before -= sign * ((own >= 0) & (macs[b] == own))
    return np.where(known, np.sign(before), 0)


_ANSWERS = (Event.SYN_ACK, Event.RST_SERVER, Event.CHALLENGE)


def _by_gap(m: Matched, one: Array, other: Array) -> Array:
    """By the time from SYN to answer, where both have equally many of both."""
    gap = m.legs.gap(Event.SYN, *_ANSWERS).copy()
    for capture in range(len(m.captures)):
        mine = np.flatnonzero((m.sightings["capture"] == capture) & (m.sightings["syn_row"] >= 0))
        mine = mine[m.sightings["syn_ack_row"][mine] >= 0]
        rows = (m.sightings[name][mine] for name in ("syn_row", "syn_ack_row"))
        if split(*(m.segments["time"][part] for part in rows)) is not None:
            gap[m.sightings["capture"] == capture] = -1
    counts = m.legs.counts
    alike = counts[one, Event.SYN] == counts[other, Event.SYN]
    answers = counts[:, list(_ANSWERS)].sum(axis=1)
    alike &= answers[one] == answers[other]
    known = alike & (gap[one] >= 0) & (gap[other] >= 0)
    apart = gap[one] - gap[other]
    slack = JITTER_NS + MAX_DRIFT * np.maximum(gap[one], gap[other])
    sign = np.where(np.abs(apart) > slack, np.sign(apart), 0)
    return np.where(known, sign, _SILENT)


def _by_missing(m: Matched, one: Array, other: Array, leg: Event) -> Array:
    """1 where ``one`` has more of ``leg`` than ``other``, which was on and dropped nothing."""
    s, counts = m.sightings, m.legs.counts[:, leg].astype(np.int64)
    more = np.sign(counts[one] - counts[other])
    result = np.full(len(one), _SILENT, np.int64)
    for sign, has, lacks in ((1, one, other), (-1, other, one)):
        rows = np.flatnonzero((more == sign) & (counts[lacks] > 0))
        capture = s["capture"][lacks[rows]]
        on = np.ones(len(rows), bool)
        for name in ("first", "last"):
            on &= certainly_on(m, s["capture"][has[rows]], s[name][has[rows]], capture)
        dropped = np.array([bool(c.dropped) for c in m.captures], bool)
        result[rows[on & ~dropped[capture]]] = sign
    return result


def _tally(votes: Array, cell: Array) -> tuple[Array, Array, Array]:
    """Votes for, against and all, by [cell, way, kind] (float64)."""
    size = int(cell.max(initial=-1)) + 1
    flat = votes.reshape(len(votes), 2 * _KINDS)
    pro, con, cast = (
        np.stack([np.bincount(cell, mark, size) for mark in marks.T], axis=1).reshape(
            size, 2, _KINDS
        )
        for marks in (flat == 1, flat == -1, flat != _SILENT)
    )
    return pro, con, cast


_KINDS_TORN = ("TTLs", "MACs", "TTLs and MACs", "reply times and TTLs or MACs")


def _verdict(pro: Array, con: Array, cast: Array) -> tuple[Array, list[Array]]:
    """The sign per cell and way, and cells that contradict themselves, as in _KINDS_TORN."""
    sign = np.where((pro > 0) & (pro >= _AGREED * cast), 1, 0)
    sign -= np.where((con > 0) & (con >= _AGREED * cast), 1, 0)
    torn = (np.minimum(pro, con) > (1 - _AGREED) * cast) & (sign == 0)
    ttl, mac, gap = sign[:, :, _TTL], sign[:, :, _MAC], sign[:, 0, _GAP]
    hard = np.where(ttl != 0, ttl, mac)
    crossed = (ttl * mac < 0).any(axis=1)
    least, most = hard.min(axis=1, initial=1), hard.max(axis=1, initial=-1)
    outvoted = ((gap > 0) & (least < 0) & (most <= 0)) | ((gap < 0) & (most > 0) & (least >= 0))
    unclear = [torn[:, :, _TTL].any(axis=1), torn[:, :, _MAC].any(axis=1), crossed, outvoted]
    result = np.where(hard != 0, hard, gap[:, None])
    result = np.where(result != 0, result, sign[:, :, _MISSING])
    # What is known of one direction only holds for the other: most ways back are the same.
    result = np.where(result != 0, result, result[:, ::-1])
    result[np.any(unclear, axis=0)] = 0
    return result, unclear


def _told(m: Matched, stations: Stations, mark: Array, text: str) -> list[str]:
    """One sentence for every two captures that are marked (path, a, b), of how many paths."""
    names = labels(m.captures)
    path, a, b = np.nonzero(np.triu(mark, 1))
    pairs = zip(*(stations.capture[path, slot].tolist() for slot in (a, b)), strict=True)
    found = Counter(" and ".join(sorted((names[one], names[other]))) for one, other in pairs)
    return [text.format(both, count(number, "path")) for both, number in sorted(found.items())]
