"""What was sent in an attempt, as its ends and the taps between them saw it: the rungs of its
ladder.

A rung is one transmission. Where both ends captured, it is what
:mod:`~synack.handshake.match` followed from one to the other; the rest is what one end alone
has, or a tap alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synack.grouping import distinct, ids_of
from synack.handshake.clock import across
from synack.handshake.coverage import ONE_HOST, UNCAPTURED
from synack.handshake.matched import DELIVERED, LOST, MISDELIVERED, SENDER, UNWITNESSED, Matched
from synack.handshake.pairing import common, pair, ranked
from synack.handshake.path import Paths
from synack.handshake.states import Event
from synack.handshake.vantage import CLIENT, NEITHER, SERVER
from synack.tables import NO_TIME, PASSED, RUNGS, Array, Table

_NEVER = np.iinfo(np.int64).max


@dataclass
class _Seen:
    """Rows of segments of the wanted attempts, and what each is."""

    row: Array
    attempt: Array
    leg: Array
    side: Array
    """The end that it comes from."""
    at: Array
    """The end whose capture it is in; NEITHER for taps."""

    def take(self, rows: Array) -> _Seen:
        return _Seen(*(column[rows] for column in vars(self).values()))


@dataclass
class _Rungs:
    """Columns of :data:`~synack.tables.RUNGS`, in no order; ``passed``: of a rung that neither
    end has, its row at the first tap."""

    attempt: Array
    leg: Array
    side: Array
    sent: Array
    arrived: Array
    passed: Array
    fate: Array
    cause: Array

    @classmethod
    def concat(cls, parts: Sequence[_Rungs]) -> _Rungs:
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return cls(*(np.concatenate(column).astype(np.int64) for column in columns))

    @property
    def row(self) -> Array:
        """Where it was seen first, by its way."""
        return np.where(self.sent >= 0, self.sent, np.where(self.passed >= 0, self.passed,
                                                            self.arrived))  # fmt: skip

    def __len__(self) -> int:
        return len(self.attempt)


def rungs(m: Matched, paths: Paths, attempts: Array) -> tuple[Table, Table]:
    """:data:`~synack.tables.RUNGS` of ``attempts`` (rows of attempts, int), in their order and
    that of time, and :data:`~synack.tables.PASSED` in the order of these.

    What a tap shows to have vanished is lost also where the receiver's own capture cannot tell.
    """
    wanted = np.zeros(m.attempts, bool)
    wanted[attempts] = True
    seen = _seen(m, wanted)
    followed = _followed(m, wanted)
    found = _Rungs.concat([followed, *_one_sided(m, seen, followed)])
    found, (rung, row) = _with_taps(m, found, seen.take(seen.at == NEITHER))
    vanished = _vanished(paths, wanted, found, rung, row)
    gone = (vanished["after"] >= 0) & (found.fate == UNWITNESSED)
    found.fate[gone], found.cause[gone] = LOST, 0
    at = np.minimum(
        *(
            np.where(time == NO_TIME, _NEVER, time)
            for time in (
                _aligned(m, np.where(found.passed >= 0, found.passed, found.sent)),
                _aligned(m, found.arrived),
            )
        )
    )
    place = np.full(m.attempts, -1, np.int64)
    place[attempts] = np.arange(len(attempts))
    # By the earlier of both ends, because what answers it came later at each, whatever the clocks.
    order = np.lexsort((found.row, found.leg, at, place[found.attempt]))
    number, of = _numbered(found.attempt[order] * len(Event) + found.leg[order])
    columns = {name: column[order] for name, column in vars(found).items() if name != "passed"}
    columns |= {name: column[order] for name, column in vanished.items()}
    columns |= {"number": number, "of": of}
    columns["sent_at"], columns["arrived_at"] = (
        _aligned(m, columns[name]) for name in ("sent", "arrived")
    )
    columns["doubt_ns"] = _doubt(m, found)[order]
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    passed = Table(PASSED, {"rung": rank[rung], "row": row, "at": _aligned(m, row)})
    return Table(RUNGS, columns), passed.take(
        np.lexsort((passed["row"], passed["at"], passed["rung"]))
    )


def _seen(m: Matched, wanted: Array) -> _Seen:
    mine = np.zeros(len(m.sightings) + 1, bool)  # the last: of no sighting
    mine[:-1] = wanted[m.identity]
    rows = np.flatnonzero(mine[m.sighting] & (m.leg != Event.NONE) & (m.leg != Event.COPY))
    sighting, leg = m.sighting[rows], m.leg[rows]
    attempt = m.identity[sighting]
    at = np.full(len(rows), NEITHER, np.int64)
    for end, theirs in ((CLIENT, m.client), (SERVER, m.server)):
        at[theirs[attempt] == sighting] = end
    side = SENDER[leg].astype(np.int64)
    # An ICMP error goes to whoever sent what it quotes.
    quoted = np.flatnonzero(leg == Event.ICMP)
    same = [
        m.segments[f"src_{part}"][rows[quoted]] == m.sightings[f"client_{part}"][sighting[quoted]]
        for part in ("hi", "lo", "port")
    ]
    side[quoted] = np.where(np.logical_and.reduce(same), SERVER, CLIENT)
    return _Seen(rows, attempt, leg, side, at)


def _followed(m: Matched, wanted: Array) -> _Rungs:
    """What was followed from one end to the other."""
    t = m.transmissions.take(np.flatnonzero(wanted[m.transmissions["attempt"]]))
    nothing = np.full(len(t), -1)
    return _Rungs(t["attempt"], t["leg"], SENDER[t["leg"]], t["sent"], t["arrived"], nothing,
                  t["fate"], t["cause"])  # fmt: skip


def _one_sided(m: Matched, seen: _Seen, followed: _Rungs) -> list[_Rungs]:
    """What one end has and the other has not, or was not followed to: ICMP errors, which are
    paired here."""
    taken = np.zeros(len(m.segments) + 1, bool)
    taken[followed.sent] = taken[followed.arrived] = True
    rest = seen.take((seen.at != NEITHER) & ~taken[seen.row])
    arrival = rest.at != rest.side
    quote = np.where(rest.leg == Event.ICMP, m.segments["icmp"][rest.row], -1 - rest.row)
    group = ids_of(rest.attempt, rest.side, quote, m.segments["seq"][rest.row])
    partner = pair(group, arrival, _aligned(m, rest.row))
    landed = np.where(partner >= 0, rest.row[partner], -1)
    out, back = rest.take(~arrival), rest.take(arrival & (partner < 0))
    landed = landed[~arrival]
    fate = np.where(landed >= 0, _received(m, landed), UNWITNESSED)
    cause = np.where(landed >= 0, 0, _blind(m, out))
    nothing, none = np.full(len(out.row), -1), np.full(len(back.row), -1)
    return [
        _Rungs(out.attempt, out.leg, out.side, out.row, landed, nothing, fate, cause),
        _Rungs(back.attempt, back.leg, back.side, none, back.row, none,
               _received(m, back.row), np.zeros(len(none), np.int64)),
    ]  # fmt: skip


def _received(m: Matched, row: Array) -> Array:
    return np.where(m.foreign[row], MISDELIVERED, DELIVERED)


def _blind(m: Matched, seen: _Seen) -> Array:
    """Why nothing tells whether it arrived, as a place in coverage.CAUSES."""
    ends = m.client_host[seen.attempt], m.server_host[seen.attempt]
    receiver = np.where(seen.side == CLIENT, *ends[::-1])
    same = (ends[0] == ends[1]) & (ends[0] >= 0)
    return np.select([same, receiver < 0], [ONE_HOST, UNCAPTURED], 0)


def _with_taps(m: Matched, found: _Rungs, taps: _Seen) -> tuple[_Rungs, tuple[Array, Array]]:
    """All rungs, and for each row of a tap its rung: (places of rungs, rows of segments)."""
    parts: list[tuple[Array, Array]] = []
    capture = m.segments["capture"][taps.row]
    for number in distinct(capture).tolist():
        mine = taps.take(capture == number)
        partner = _paired(m, found, mine)
        new = mine.take(partner < 0)
        partner[partner < 0] = len(found) + np.arange(len(new.row))
        parts.append((partner, mine.row))
        none = np.full(len(new.row), -1)
        unseen = np.full(len(none), UNWITNESSED)
        further = _Rungs(
            new.attempt, new.leg, new.side, none, none, new.row, unseen, _blind(m, new)
        )
        found = _Rungs.concat([found, further])
    rung, row = (np.concatenate([p[n] for p in parts] or [np.empty(0, np.int64)]) for n in (0, 1))
    return found, (rung, row)


def _paired(m: Matched, found: _Rungs, tap: _Seen) -> Array:
    """For each row of a tap the place of its rung, -1 none."""
    size = len(found)
    row = np.concatenate([found.row, tap.row])
    arrival = np.arange(len(row)) >= size
    attempt, leg, side = (
        np.concatenate([getattr(part, name) for part in (found, tap)])
        for name in ("attempt", "leg", "side")
    )
    cell = ids_of(attempt, leg, side)
    tsval = common(m.segments["tsval"][row], cell, arrival)
    group = ids_of(cell, m.segments["seq"][row], m.segments["icmp"][row], tsval)
    return pair(group, arrival, _aligned(m, row))[size:]


def _vanished(
    paths: Paths, wanted: Array, found: _Rungs, rung: Array, row: Array
) -> dict[str, Array]:
    """Where each rung vanished: ``after``, ``before`` and ``by_tap``."""
    columns = {name: np.full(len(found), -1, np.int64) for name in ("after", "before")}
    columns["by_tap"] = np.zeros(len(found), bool)
    v = paths.vanished_of(wanted)
    of_row = np.concatenate([np.arange(len(found)), rung])
    rows = np.concatenate([found.row, row])
    order = np.argsort(rows, kind="stable")
    if len(order):
        at = np.minimum(np.searchsorted(rows[order], v["row"]), len(order) - 1)
        known = np.flatnonzero(rows[order[at]] == v["row"])
        place = _apart(found, of_row[order[at[known]]])
        known, place = known[place >= 0], place[place >= 0]
        for name, column in columns.items():
            column[place] = v[name][known]
    return columns


def _apart(found: _Rungs, place: Array) -> Array:
    """``place`` (rungs of what vanished), each rung once and none that arrived. Of like segments
    nothing tells which of them a tap has, so that it was another one of the leg; -1: none."""
    ours = np.zeros(len(place), bool)
    ours[np.unique(place, return_index=True)[1]] = True
    ours &= found.arrived[place] < 0
    taken = found.arrived >= 0
    taken[place[ours]] = True
    cell = ids_of(found.attempt, found.leg)
    wrong, other = np.flatnonzero(~ours), np.flatnonzero(~taken)
    turns = [_numbered(cell[rungs])[0] for rungs in (place[wrong], other)]
    pairs = ids_of(np.concatenate([cell[place[wrong]], cell[other]]), np.concatenate(turns))
    _, a, b = np.intersect1d(pairs[: len(wrong)], pairs[len(wrong) :], return_indices=True)
    place = np.where(ours, place, -1)
    place[wrong[a]] = other[b]
    return place


def _numbered(cell: Array) -> tuple[Array, Array]:
    """Which row of its cell each is, from 1, and how many rows its cell has."""
    ids = ids_of(cell)
    return ranked(ids, np.arange(len(ids))) + 1, np.bincount(ids)[ids]


def _aligned(m: Matched, rows: Array) -> Array:
    """Times of rows of segments on the reference clock, ns; NO_TIME for -1."""
    result = np.full(len(rows), NO_TIME)
    known = rows >= 0
    result[known] = m.aligned(rows[known])
    return result


def _doubt(m: Matched, found: _Rungs) -> Array:
    """See ``doubt_ns`` of :data:`~synack.tables.RUNGS`."""
    ends = m.client_host[found.attempt], m.server_host[found.attempt]
    here = np.where(found.sent >= 0, found.side, -found.side)
    known = (ends[0] >= 0) & (ends[1] >= 0) & (ends[0] != ends[1])
    known &= (found.sent >= 0) | (found.arrived >= 0)
    host, other = np.where(here == CLIENT, ends, ends[::-1])
    row = np.where(found.sent >= 0, found.sent, found.arrived)[known]
    doubt = np.full(len(found), -1, np.int64)
    doubt[known] = across(m.clocks, host[known], other[known], m.segments["time"][row])[1]
    return doubt
