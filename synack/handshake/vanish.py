"""Where on its path each segment vanished.

A segment that one capture has and the next one on its way has not has vanished between the
two, if the second is a witness: it was on, dropped fewer than are missing, lacks none like
it that went on, and would have shown this one. It would, unless all that it shows is of another
server's port, if

- it has others of this attempt that travel the same way, and such segments at all (its filter
  does not leave them out); or
- it has what travels the other way, and shows such segments of this path, or of the same
  client, or of the same server, none of which passed it unseen; or
- it shows those of many other attempts of this path, and lacks none (nor of what travels the
  other way, if it shows that), and this one was lost for sure: it was repeated, or its
  receiver's own capture does not have it; or
- it is the receiver's own.

So a tap of one direction, or on one of several parallel paths, never makes a loss. Of the
receiver's own capture stands what :mod:`~synack.handshake.match` says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synack.grouping import firsts, ids_of, representatives
from synack.handshake.clock import ASSUMED_AGREEMENT_NS, across
from synack.handshake.coverage import UNRECORDED
from synack.handshake.matched import DELIVERED, LOST, MISDELIVERED, Matched
from synack.handshake.order import TOWARDS_CLIENT, Order
from synack.handshake.pairing import common, counted, pair
from synack.handshake.rhythm import APART_NS
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS, Event
from synack.handshake.stations import Stations, labels
from synack.handshake.vantage import CLIENT, NEITHER, SERVER
from synack.handshake.witness import certainly_on, of_another_port
from synack.tables import VANISHED, Array, Table
from synack.wording import count

LEGS = (Event.SYN, Event.SYN_ACK, Event.ACK)
"""What is looked for along the path."""


@dataclass
class _Sent:
    """What was sent, as the first place on its way has it: one row per transmission."""

    row: Array
    attempt: Array
    leg: Array
    fate: Array
    cause: Array
    arrived: Array
    slot: Array
    """Of the capture that ``row`` is in."""
    path: Array


_UNPAIRED = 255
"""Instead of a fate: its sender or its receiver was not captured."""
_LIKE_ALL = 8
"""So many attempts that pass a capture, and none that does not, tell that all do: one of two
parallel paths would carry as many in one of 256 cases."""
_REPEATED_NS = 3_000_000_000
"""What got no answer is repeated by then (RFC 6298: after 1 s; 3 s in older systems)."""


def follow(
    m: Matched, stations: Stations, order: Order, wanted: Array | None = None
) -> tuple[list[str], Table, list[str]]:
    """Names of places (first the :func:`~synack.handshake.stations.labels` of all captures),
    :data:`~synack.tables.VANISHED` by attempt, leg and place on the way, and sentences about
    taps that see only a part.

    ``wanted``: attempts (bool) to look at alone. What taps show is judged by all others, so it
    must be all where any path is open.
    """
    nothing: tuple[list[str], Table, list[str]] = labels(m.captures), Table.empty(VANISHED), []
    if stations.slots < 2:
        return nothing
    sent = _sent(m, stations, order, wanted)
    if not len(sent.row):
        return nothing
    has = _has(m, stations, sent)
    witness, partial = _witnesses(m, stations, order, sent, has)
    some = np.flatnonzero(witness.any(axis=1))
    # Most rows are alike: what follows is the same for all of a kind.
    path, leg, here, witness = sent.path[some], sent.leg[some], (has >= 0)[some], witness[some]
    kind = ids_of(path, leg, *here.T, *witness.T)
    one = representatives(kind)
    path, here, witness = path[one], here[one], witness[one]
    ahead = order.ahead(path, leg[one])
    last = here & ~_before_any(ahead, here)
    # After every one of the last places that have it, and before any other that lacks it.
    witness &= ~_after_any(~ahead, last)
    first = witness & ~_after_any(ahead, witness)
    beyond = first | _after_any(ahead, first)
    places, (after, before) = _named_places(m, stations.capture[path], last, first)
    by_tap = np.asarray(((last | first) & (stations.side[path] == NEITHER)).any(axis=1))
    at = np.argmax(last, axis=1)
    depth = np.take_along_axis(ahead, at[:, None, None], axis=2).sum(axis=(1, 2))
    rows = np.flatnonzero(np.asarray(first.any(axis=1))[kind])
    gone, kind = some[rows], kind[rows]
    cell, time = sent.attempt[gone] * len(Event) + sent.leg[gone], m.aligned(sent.row[gone])
    ordered = np.lexsort((time, depth[kind], cell))
    gone, kind = gone[ordered], kind[ordered]
    attempt, leg = sent.attempt[gone], sent.leg[gone]
    columns = {
        "attempt": attempt,
        "leg": leg,
        "row": has[gone, at[kind]],
        "after": after[kind],
        "before": before[kind],
        "by_tap": by_tap[kind],
        "whole": ~(beyond[kind] & _leg_of(m, stations, attempt, leg)).any(axis=1),
    }
    return places, Table(VANISHED, columns), partial


def _witnesses(
    m: Matched, stations: Stations, order: Order, sent: _Sent, has: Array
) -> tuple[Array, list[str]]:
    """Where each is missing that would have shown it (row, slot; bool), and of taps that see only
    a part."""
    capture = stations.capture[sent.path]
    here = has >= 0
    lacking = (capture >= 0) & (has == _NOT_THERE)
    at_end = np.where(TOWARDS_CLIENT[sent.leg], CLIENT, SERVER)
    side = stations.side[sent.path]
    receiver = side == at_end[:, None]
    over = np.isin(sent.fate, (DELIVERED, MISDELIVERED)) | (sent.cause == UNRECORDED)
    over |= (here & receiver).any(axis=1) | m.ambiguous[sent.attempt]
    over |= m.answered_between[sent.attempt] & (sent.leg != Event.SYN)
    # What match says of the receiver's own capture stands.
    paired = receiver & (sent.fate != _UNPAIRED)[:, None]
    witness, partial = paired & lacking & (sent.fate == LOST)[:, None], []
    if stations.open.any():
        ahead = order.ahead(sent.path, sent.leg)
        at_home = side[np.arange(len(side)), sent.slot] == -at_end
        on = _on(m, sent, lacking, capture)
        missed = lacking & on & _went_on(m, sent, here, ahead, at_home)
        failing = _by_slot(stations, sent, missed)
        able, like_all = _shown(m, stations, sent, failing, receiver)
        sees = lacking & on & ~paired & _more_than_dropped(m, sent, lacking, capture)
        sees &= ~of_another_port(m, capture, sent.attempt[:, None])
        witness |= sees & able
        # What was repeated, or is not at its receiver's, is lost for sure, though not where.
        lost = (witness & receiver).any(axis=1) | _repeated(sent)
        witness |= sees & like_all & lost[:, None]
        partial = _partial(m, stations, failing, _by_slot(stations, sent, lacking & ~over[:, None]))
    return witness & ~over[:, None], partial


def _sent(m: Matched, stations: Stations, order: Order, wanted: Array | None) -> _Sent:
    """What match followed from end to end, and of legs whose sender's own capture has nothing,
    or whose receiver was not captured, what the first capture on the way has."""
    t, opened = m.transmissions, stations.open[stations.of_attempt]
    asked = np.isin(t["leg"], LEGS) & (opened[t["attempt"]] | (t["fate"] == LOST))
    if wanted is not None:
        asked &= wanted[t["attempt"]]
    rows = np.flatnonzero(asked)
    parts = [(t["sent"][rows], t["fate"][rows], t["cause"][rows], t["arrived"][rows])]
    paired = np.zeros((m.attempts, len(Event)), bool)
    paired[t["attempt"], t["leg"]] = True
    slot, counts = stations.of_sighting, m.legs.counts
    path = stations.of_attempt[m.identity]
    for leg in LEGS if opened.any() else ():
        seen = opened[m.identity] & (counts[:, leg] > 0) & ~paired[m.identity, leg]
        mine = np.flatnonzero(seen)
        ahead = order.ahead(path[mine], np.full(len(mine), leg))
        before = ahead[np.arange(len(mine)), :, slot[mine]].sum(axis=1)
        fullest = -counts[mine].sum(axis=1), -counts[mine, leg]
        mine = mine[np.lexsort((slot[mine], *fullest, before, m.identity[mine]))]
        chosen = np.zeros(len(m.sightings) + 1, bool)
        chosen[mine[firsts(m.identity[mine])]] = True
        rows = np.flatnonzero((m.leg == leg) & chosen[m.sighting] & (m.sighting >= 0))
        none = np.full(len(rows), -1)
        parts.append((rows, np.full(len(rows), _UNPAIRED), np.zeros(len(rows), np.int64), none))
    row, fate, cause, arrived = (
        np.concatenate([part[n] for part in parts]).astype(np.int64) for n in range(4)
    )
    sighting = m.sighting[row]
    attempt = m.identity[sighting]
    return _Sent(
        row, attempt, m.leg[row], fate, cause, arrived, slot[sighting], stations.of_attempt[attempt]
    )


_NOT_THERE, _UNSURE = -1, -2


def _has(m: Matched, stations: Stations, sent: _Sent) -> Array:
    """has[sent, slot]: the row of segments that is it there, _NOT_THERE, or _UNSURE where it may
    be one of several and the clocks do not tell."""
    has = np.full((len(sent.row), stations.slots), _NOT_THERE, np.int64)
    has[np.arange(len(sent.row)), sent.slot] = sent.row
    if stations.open.any():
        _look_along(m, stations, sent, has)
    receiver = np.where(TOWARDS_CLIENT[sent.leg], m.client[sent.attempt], m.server[sent.attempt])
    paired = np.flatnonzero((sent.fate != _UNPAIRED) & (receiver >= 0))
    end = paired, stations.of_sighting[receiver[paired]]
    untold = np.zeros(len(has), bool)
    untold[paired] = has[end] == _UNSURE
    has[end] = sent.arrived[paired]
    if untold.any():
        # Nobody knows which of them arrived, nor how far each of the others came.
        cell = ids_of(sent.attempt, sent.leg)
        there = np.stack([np.bincount(cell, some) for some in (has >= 0).T], axis=1)[cell]
        partly = (there > 0) & (there < np.bincount(cell)[cell][:, None])
        partly[end] = False
        has[untold[:, None] & partly] = _UNSURE
    return has


def _look_along(m: Matched, stations: Stations, sent: _Sent, has: Array) -> None:
    """Fill in :func:`_has` of the other slots of open paths."""
    slots, events = stations.slots, len(Event)
    cell = sent.attempt * events + sent.leg
    source = np.full(m.attempts * events, -1, np.int64)
    source[cell] = sent.slot
    source[~np.repeat(stations.open[stations.of_attempt], events)] = -1
    rows = np.flatnonzero((m.sighting >= 0) & np.isin(m.leg, LEGS))
    sighting = m.sighting[rows]
    their_cell = m.identity[sighting] * events + m.leg[rows]
    their_slot = stations.of_sighting[sighting]
    kept = (source[their_cell] >= 0) & (source[their_cell] != their_slot)
    rows, there = rows[kept], (their_cell * slots + their_slot)[kept]
    filled = np.zeros(m.attempts * events * slots, bool)
    filled[there] = True
    copy, slot = np.nonzero(filled.reshape(-1, slots)[cell])
    has[copy, slot] = _paired(m, sent.row[copy], cell[copy] * slots + slot, rows, there)


def _paired(m: Matched, out: Array, out_cell: Array, back: Array, back_cell: Array) -> Array:
    """For each departure (rows ``out``) the row of ``back`` that is its arrival, _NOT_THERE or
    _UNSURE; cells are attempt, leg and slot."""
    rows, arrival = np.concatenate([out, back]), np.arange(len(out) + len(back)) >= len(out)
    cell = ids_of(np.concatenate([out_cell, back_cell]))
    tsval = common(m.segments["tsval"][rows], cell, arrival)
    group = ids_of(cell, m.segments["seq"][rows], tsval)
    time, host = m.aligned(rows), m.host_of_capture[m.segments["capture"][rows]]
    source = np.full(int(group.max(initial=-1)) + 1, -1, np.int64)
    source[group[~arrival]] = host[~arrival]
    landed = np.flatnonzero(arrival & (source[group] >= 0))
    doubt = np.zeros(len(rows), np.int64)
    doubt[landed] = across(
        m.clocks, host[landed], source[group[landed]], m.segments["time"][rows[landed]]
    )[1]
    # Inside the doubt one may seem to come before its departure.
    partner = pair(group, arrival, time + doubt)[: len(out)]
    result = np.where(partner >= 0, rows[partner], _NOT_THERE)
    # Without a timestamp what comes so late may be a repetition, unseen where it left.
    apart = np.abs(time[partner] - time[: len(out)]) - doubt[partner]
    result[(partner >= 0) & (tsval[: len(out)] < 0) & (apart > APART_NS)] = _UNSURE
    result[_of_several(group, arrival, time, doubt)[group[: len(out)]]] = _UNSURE
    return result


def _of_several(group: Array, arrival: Array, time: Array, doubt: Array) -> Array:
    """Groups with fewer arrivals than departures, of which one may be that of several by the
    clocks (bool)."""
    size = int(group.max(initial=-1)) + 1
    departures, arrivals = (
        np.bincount(group[mine], minlength=size) for mine in (~arrival, arrival)
    )
    several = (departures > arrivals) & (arrivals > 0)
    out, back = (np.flatnonzero(several[group] & mine) for mine in (~arrival, arrival))
    low, high = (time[back] + sign * doubt[back] for sign in (-1, 1))
    choice = counted(group[out], time[out], group[back], low, high)
    # Clocks that nothing compares may be off by more than they are taken to be.
    open_ = (choice > 1) | (doubt[back] >= ASSUMED_AGREEMENT_NS)
    return np.asarray(np.bincount(group[back[open_]], minlength=size) > 0)


def _went_on(m: Matched, sent: _Sent, here: Array, ahead: Array, at_home: Array) -> Array:
    """Whether it, or one like it of which a capture has none, passed each slot unseen.
    ``at_home``: what is in its sender's own capture (bool)."""
    on = np.isin(sent.fate, (DELIVERED, MISDELIVERED))[:, None] | _before_any(ahead, here)
    seen = np.zeros((m.attempts, len(Event)), bool)
    np.logical_or.at(seen, m.identity, m.legs.counts > 0)
    proven = np.zeros((m.attempts, len(Event)), bool)
    proven[:, Event.SYN] = seen[:, list(SERVER_LEGS)].any(axis=1)
    proven[:, Event.SYN_ACK] = seen[:, Event.ACK] | seen[:, Event.PROGRESS]
    proven[:, Event.ACK] = seen[:, Event.PROGRESS]
    cell = ids_of(sent.attempt, sent.leg)
    # What was sent once, and not again while its sender's capture was on, was answered.
    last = np.array([c.last or 0 for c in m.captures], np.int64)[m.segments["capture"][sent.row]]
    kept_quiet = m.segments["time"][sent.row] + _REPEATED_NS <= last
    answered = kept_quiet & (np.bincount(cell)[cell] == 1) & (sent.leg != Event.ACK)
    syns = np.zeros(m.attempts, np.int64)
    np.maximum.at(syns, m.identity, m.legs.counts[:, Event.SYN])
    answered &= (sent.fate != LOST) & (syns[sent.attempt] < 2) & at_home
    on |= answered[:, None]
    some = np.stack([np.bincount(cell, part) for part in here.T], axis=1) > 0
    return np.asarray(on | (proven[sent.attempt, sent.leg][:, None] & ~some[cell]))


def _by_slot(stations: Stations, sent: _Sent, marked: Array) -> Array:
    """How many transmissions are marked (row, slot), by [path * slots + slot, leg]."""
    count, slots = stations.capture.shape
    row, slot = np.nonzero(marked)
    cell = (sent.path[row] * slots + slot) * len(LEGS) + np.searchsorted(LEGS, sent.leg[row])
    return np.bincount(cell, minlength=count * slots * len(LEGS)).reshape(-1, len(LEGS))


def _shown(
    m: Matched, stations: Stations, sent: _Sent, failing: Array, receiver: Array
) -> tuple[Array, Array]:
    """Whether each slot would have shown each transmission (row, slot), by what else it shows and
    what it is ``failing`` to show, by slot; and whether it would by all others of its path."""
    count, slots = stations.capture.shape
    entry = stations.of_attempt[m.identity] * slots + stations.of_sighting
    showing = _sums(entry, m.legs.counts[:, list(LEGS)] > 0, count * slots)
    leg = np.searchsorted(LEGS, sent.leg)[:, None]
    at = sent.path[:, None] * slots + np.arange(slots)
    capture, path = stations.capture.ravel(), np.repeat(np.arange(count), slots)
    client, server = ids_of(*stations.ends[:2]), ids_of(*stations.ends[2:])
    clean = showing * (failing == 0)
    for end in (client, server):
        group = ids_of(end[path], capture)
        shown, lacked = (_sums(group, part)[group] for part in (showing, failing))
        clean = np.maximum(clean, (lacked == 0) & (shown > 0))
    shows, lacks = (_sums(capture + 1, part)[capture + 1] > 0 for part in (showing, failing))
    none_missed = (failing == 0)[at, leg]
    up = TOWARDS_CLIENT[sent.leg]
    able = _has_of(m, stations, sent, up) & none_missed & shows[at, leg]
    able |= _has_of(m, stations, sent, ~up) & (clean > 0)[at, leg]
    # An end is on its own path; only its filter may leave such packets out.
    # Of ACKs, which a common filter for SYNs leaves out, it must show some.
    shows |= ~lacks.any(axis=1)[:, None] & (np.array(LEGS) != Event.ACK)
    able |= receiver & none_missed & shows[at, leg]
    # One that misses some the other way, and does show such, is on one of several ways.
    only_way = ((failing == 0) | (showing == 0)).all(axis=1)[at]
    return np.asarray(able), none_missed & only_way & (showing >= _LIKE_ALL)[at, leg]


def _repeated(sent: _Sent) -> Array:
    """Whether it was sent again (bool). An ACK is repeated by nobody who misses it."""
    cell = ids_of(sent.attempt, sent.leg)
    return np.asarray((np.bincount(cell)[cell] > 1) & (sent.leg != Event.ACK))


def _sums(group: Array, values: Array, size: int = 0) -> Array:
    """Sums of the columns of ``values`` by group."""
    columns = [np.bincount(group, column, size) for column in values.T]
    return np.stack(columns, axis=1).astype(np.int64)


def _has_of(m: Matched, stations: Stations, sent: _Sent, up: Array) -> Array:
    """Whether each slot has anything of the same attempt that travels ``up``, towards the
    client, or not (row, slot)."""
    seen = np.zeros((2, m.attempts, stations.slots), bool)
    directed = m.legs.has(*CLIENT_LEGS), m.legs.has(*SERVER_LEGS)
    for way, some in enumerate(directed):
        seen[way, m.identity[some], stations.of_sighting[some]] = True
    return np.asarray(seen[up.astype(np.int64), sent.attempt])


def _leg_of(m: Matched, stations: Stations, attempt: Array, leg: Array) -> Array:
    """Whether each slot has anything of the same attempt and leg (row, slot)."""
    seen = np.zeros((m.attempts * len(LEGS), stations.slots), bool)
    wanted = np.zeros(m.attempts, bool)
    wanted[attempt] = True
    wanted = wanted[m.identity]
    for number, of in enumerate(LEGS):
        some = np.flatnonzero(wanted & (m.legs.counts[:, of] > 0))
        seen[m.identity[some] * len(LEGS) + number, stations.of_sighting[some]] = True
    return np.asarray(seen[attempt * len(LEGS) + np.searchsorted(LEGS, leg)])


_NOUNS = ("SYN", "SYN-ACK", "ACK")


def _partial(m: Matched, stations: Stations, failing: Array, wanted: Array) -> list[str]:
    """Taps that do not show what went on, where they could have shown a loss (``wanted``)."""
    says, names = [], labels(m.captures)
    capture, slots = stations.capture.ravel(), stations.side.ravel() == NEITHER
    in_vain = failing * (wanted > 0) * (slots & (capture >= 0))[:, None]
    lacking = _sums(capture + 1, in_vain, len(m.captures) + 1)[1:]
    for name, numbers in zip(names, lacking.tolist(), strict=True):
        told = [count(n, noun) for n, noun in zip(numbers, _NOUNS, strict=True) if n]
        if told:
            says.append(
                f"{name}: {' and '.join(told)} that went on did not pass it, or it missed them (it"
                " sees one direction, or one of several ways): it tells no loss there"
            )
    return sorted(says)


def _more_than_dropped(m: Matched, sent: _Sent, lacking: Array, capture: Array) -> Array:
    """Whether more of a leg of an attempt are missing than the capture is known to have dropped."""
    cell = ids_of(sent.attempt, sent.leg)
    missing = np.stack([np.bincount(cell, part) for part in lacking.T], axis=1)[cell]
    dropped = np.array([c.dropped or 0 for c in m.captures] + [0], np.int64)
    return np.asarray(missing > dropped[capture])


def _on(m: Matched, sent: _Sent, lacking: Array, capture: Array) -> Array:
    """Whether the capture of each slot that lacks it was certainly on then (row, slot)."""
    on = np.zeros(lacking.shape, bool)
    for slot in range(lacking.shape[1]):
        rows = np.flatnonzero(lacking[:, slot])
        source = capture[rows, sent.slot[rows]]
        on[rows, slot] = certainly_on(
            m, source, m.segments["time"][sent.row[rows]], capture[rows, slot]
        )
    return on


def _before_any(ahead: Array, marked: Array) -> Array:
    """Whether it passes each slot before any that is marked (row, slot)."""
    return _after_any(ahead.transpose(0, 2, 1), marked)


def _after_any(ahead: Array, marked: Array) -> Array:
    """Whether it passes each slot after any that is marked (row, slot)."""
    result = np.zeros(marked.shape, bool)
    # There are many rows and few slots: np.matmul would go through tiny matrices one by one.
    for slot in range(marked.shape[1]):
        result |= ahead[:, slot] & marked[:, slot, None]
    return result


def _named_places(m: Matched, capture: Array, *marks: Array) -> tuple[list[str], list[Array]]:
    """Texts, and per mark (row, slot) the place of each row's marked captures in these."""
    names, columns = labels(m.captures), []
    places = list(names)
    for mark in marks:
        shown = np.where(mark, capture, -1)
        kind = ids_of(*shown.T)
        numbers = []
        for row in representatives(kind).tolist():
            text = " or ".join(sorted(names[n] for n in shown[row].tolist() if n >= 0))
            if text not in places:
                places.append(text)
            numbers.append(places.index(text))
        columns.append(np.array(numbers, np.int64)[kind])
    return places, columns
