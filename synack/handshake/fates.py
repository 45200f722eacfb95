"""What became of each transmission: arrived, lost, or nobody knows.

What did not arrive was lost only if the receiver's capture is a witness: it was on
(:mod:`~synack.handshake.coverage`), and what it is known to have missed is less than what is
missing. Else nobody knows: `unwitnessed`, and :data:`~synack.handshake.coverage.CAUSES` says why.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from synack.handshake.coverage import (
    ABLE,
    AMBIGUOUS,
    BETWEEN,
    DROPPED,
    MISSED,
    ON,
    UNCAPTURED,
    UNRECORDED,
    coverage_of,
    excluded,
)
from synack.handshake.matched import (
    DELIVERED,
    LOST,
    MISDELIVERED,
    UNWITNESSED,
    Matched,
    addressed,
    count_of,
)
from synack.handshake.states import SERVER_LEGS, Event, State
from synack.handshake.witness import SETTLE_NS, of_another_port
from synack.tables import Array
from synack.together import together

_Proven = dict[Event, tuple[Array, Array, Array]]


def fates(m: Matched, sent: Array, attempt: Array, arrived: Array) -> tuple[Array, Array]:
    """The fate of each transmission, and the cause of those that are unwitnessed."""
    fate = np.full(len(sent), UNWITNESSED, np.uint8)
    landed = arrived >= 0
    fate[landed] = DELIVERED
    if m.foreign.any():
        fate[np.flatnonzero(landed)[m.foreign[arrived[landed]]]] = MISDELIVERED
    leg, proven_arrivals = m.leg[sent], _proven_arrivals(m)
    # What was delivered needs no witness.
    open_ = np.flatnonzero(fate != DELIVERED)
    half = len(open_) // 2
    coverage = np.concatenate(
        together(
            len(open_),
            *(
                partial(coverage_of, m, sent[part], attempt[part], leg[part])
                for part in (open_[:half], open_[half:])
            ),
        ),
        axis=1,
    )
    unasked = of_another_port(m, np.arange(len(m.captures))[:, None], attempt[open_])
    covered = (coverage == ON) & ~unasked
    m.missed[:] = _missed(m, proven_arrivals, attempt[open_], leg[open_], covered)
    lacking = np.flatnonzero(~landed[open_])
    away = open_[lacking]
    leg, attempt = leg[away], attempt[away]
    cell = attempt * len(Event) + leg
    missing = np.bincount(cell, minlength=m.attempts * len(Event))[cell]
    # It may have come in by any interface that such packets come in by: the capture of each
    # must have been on, and what all of them miss must not hide it.
    why = np.full(len(away), ABLE, np.uint8)
    captured = np.zeros(len(away), bool)
    dropped, missed = np.zeros((2, len(away)), np.int64)
    for number, capture in enumerate(m.captures):
        cover = coverage[number][lacking]
        cover[covered[number][lacking] & ~excluded(m, number)[leg]] = ABLE
        of_receiver = cover != UNCAPTURED
        captured |= of_receiver
        np.minimum(why, cover, out=why, where=of_receiver)
        for hidden, packets in ((dropped, capture.dropped), (missed, m.missed[number].sum())):
            if packets:
                hidden[of_receiver] += packets
    why[~captured] = UNCAPTURED
    able = why == ABLE
    why[able] = np.where(missing[able] <= dropped[able], DROPPED, MISSED)
    lost = able & (missing > dropped + missed)
    for event, (proven, _, recorded) in proven_arrivals.items():
        # One of them did arrive, unrecorded; nobody can say which.
        unknown = (leg == event) & (proven & (recorded == 0))[attempt]
        lost[unknown] = False
        why[unknown & (why >= ON)] = UNRECORDED
    replies = m.answered_between[attempt] & (leg != Event.SYN)
    for unknown, because in ((m.ambiguous[attempt], AMBIGUOUS), (replies, BETWEEN)):
        lost[unknown], why[unknown] = False, because
    why[lost] = 0
    fate[away[lost]] = LOST
    cause = np.zeros(len(sent), np.uint8)
    cause[away] = why
    return fate, cause


def _proven_arrivals(m: Matched) -> _Proven:
    """Per leg: attempts in which one must have arrived, because its receiver went on;
    the receiver's sighting; and how many the receiver's capture has."""
    client_went_on = (count_of(m, m.client, Event.ACK) > 0) | (count_of(m, m.server, Event.ACK) > 0)
    client_went_on |= count_of(m, m.client, Event.PROGRESS) > 0
    client_went_on |= count_of(m, m.server, Event.PROGRESS) > 0
    # Its reset answers the one SYN-ACK; of several it may be the last that came.
    gone_on = np.zeros(m.attempts, bool)
    gone_on[m.identity[m.resumed]] = True
    reset = np.append(m.sightings["state"] == State.REJECTED, False)[m.server]
    client_went_on |= reset & ~gone_on & (count_of(m, m.server, Event.SYN_ACK) == 1)
    server_went_on = count_of(m, m.server, *SERVER_LEGS) + count_of(m, m.client, *SERVER_LEGS) > 0
    server_done = count_of(m, m.server, Event.PROGRESS) + count_of(m, m.client, Event.PROGRESS) > 0
    return {
        Event.SYN: (server_went_on, m.server, addressed(m, m.server, Event.SYN)),
        Event.SYN_ACK: (client_went_on, m.client, addressed(m, m.client, Event.SYN_ACK)),
        Event.ACK: (server_done, m.server, addressed(m, m.server, Event.ACK)),
    }


def _missed(
    m: Matched, proven_arrivals: _Proven, attempt: Array, leg: Array, covered: Array
) -> Array:
    """missed[capture, leg]: attempts of which one certainly arrived while the capture was
    on, and none is in it. The columns are of transmissions that were not delivered."""
    missed = np.zeros((len(m.captures), len(Event)), np.int64)
    for event, (proven, sighting, recorded) in proven_arrivals.items():
        gone = proven & (recorded == 0)
        mine = np.flatnonzero((leg == event) & gone[attempt])
        sent = np.bincount(attempt[mine], minlength=m.attempts)
        # Without its departure: the capture was on around all that it has of the attempt.
        blind = sighting[np.flatnonzero(gone & (sent == 0) & (sighting >= 0))]
        captures = m.sightings["capture"][blind[_inside(m, blind)]]
        missed[:, event] = np.bincount(captures, minlength=len(m.captures))
        for number in range(len(m.captures)):
            on = np.bincount(attempt[mine], covered[number, mine], minlength=m.attempts)
            missed[number, event] += ((sent > 0) & (on == sent)).sum()
    return missed


def _inside(m: Matched, sighting: Array) -> Array:
    """Whether the capture of each sighting (rows of them) began well before it and ended well
    after it."""
    begin = np.array([c.first if c.first is not None else 0 for c in m.captures], np.int64)
    end = np.array([c.last if c.last is not None else 0 for c in m.captures], np.int64)
    capture, first, last = (m.sightings[name][sighting] for name in ("capture", "first", "last"))
    return np.asarray((first - SETTLE_NS >= begin[capture]) & (last + SETTLE_NS <= end[capture]))
