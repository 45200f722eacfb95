"""What the sender of each leg transmitted, paired with what its receiver recorded."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from synack.grouping import ids_of, representatives
from synack.handshake.bounds import REPEATED_NS, clocks, spans
from synack.handshake.clock import across
from synack.handshake.coincidence import by_chance
from synack.handshake.fates import fates
from synack.handshake.foreign import foreign
from synack.handshake.identification import identified
from synack.handshake.lookalikes import Lookalikes, lookalikes
from synack.handshake.matched import SENDER, Matched
from synack.handshake.nat import Alike
from synack.handshake.pairing import pair
from synack.handshake.rhythm import APART_NS
from synack.handshake.vantage import CLIENT, NEITHER, SERVER
from synack.tables import NO_TIME, TRANSMISSIONS, Array, Table
from synack.together import together


def pair_transmissions(m: Matched, known_offsets: Mapping[str, int], alike: Alike) -> None:
    rows, attempt, arrival = _both_ends(m)
    ip_id = identified(m, rows, attempt, arrival)

    def lookalikes_of(mine: Array) -> Lookalikes:
        return lookalikes(m, rows[mine], attempt[mine], arrival[mine], ip_id[mine])

    half = m.attempts // 2
    one, other = together(
        len(rows), lambda: lookalikes_of(attempt < half), lambda: lookalikes_of(attempt >= half)
    )
    other = other._replace(group=other.group + one.group.max(initial=-1) + 1)
    found = Lookalikes(*(np.concatenate(pair) for pair in zip(one, other, strict=True)))
    del one, other
    m.clocks, m.foreign = together(
        len(rows), partial(clocks, m, found, known_offsets), partial(foreign, m)
    )
    open_ = ~by_chance(m, alike)
    m.ambiguous[alike.one[open_]] = m.ambiguous[alike.other[open_]] = True
    arrived = np.full(len(m.segments), -1, np.int32)
    found = _recorded_at_both(m, found)
    arrived[found.out] = found.back
    partner = pair(found.group, found.arrival, _sent_by(m, found))
    paired = np.flatnonzero(~found.arrival & (partner >= 0))
    arrived[found.rows[paired]] = found.rows[partner[paired]]
    sent = rows[~arrival]
    attempt, arrived = attempt[~arrival], arrived[sent]
    arrived[_of_another(m, sent, arrived, ip_id[~arrival] != 0)] = -1
    fate, cause = fates(m, sent, attempt, arrived)
    m.transmissions = Table(
        TRANSMISSIONS,
        {
            "attempt": attempt,
            "leg": m.leg[sent],
            "sent": sent,
            "arrived": arrived,
            "fate": fate,
            "cause": cause,
        },
    )


def _sent_by(m: Matched, of: Lookalikes) -> Array:
    """Times of the rows that are not alone on the reference clock (ns), those of arrivals as late
    as they may be: inside the uncertainty one may seem to come before its departure."""
    time = m.aligned(of.rows)
    landed = np.flatnonzero(of.arrival)
    rows, attempt = of.rows[landed], of.attempt[landed]
    host = m.host_of_capture[m.segments["capture"][rows]]
    peer = m.client_host[attempt] + m.server_host[attempt] - host
    time[landed] += across(m.clocks, host, peer, m.segments["time"][rows])[1]
    return time


def _both_ends(m: Matched) -> tuple[Array, Array, Array]:
    """Segment rows at the ends of attempts whose two hosts both captured:
    (rows, attempt of each, whether it is an arrival)."""
    two = (m.client_host >= 0) & (m.server_host >= 0) & (m.client_host != m.server_host)
    end = np.zeros(len(m.sightings) + 1, np.int8)  # the last: of no sighting
    for sighting, side in ((m.client, CLIENT), (m.server, SERVER)):
        end[sighting[two & (sighting >= 0)]] = side
    at, sender = end[m.sighting], SENDER[m.leg]
    rows = np.flatnonzero((at != NEITHER) & (sender != NEITHER))
    return rows, m.identity[m.sighting[rows]], at[rows] != sender[rows]


def _of_another(m: Matched, sent: Array, arrived: Array, identified: Array) -> Array:
    """Rows of pairs (``sent``, ``arrived``; -1 none) that nothing but their looks makes one packet,
    and of which the second came at such a time that it was a repetition of the first, which
    the sender's capture does not have: where clocks can be compared."""
    s = m.segments
    bare = ~identified & ((s["tsval"][sent] < 0) | (s["tsval"][arrived] < 0))
    pairs = np.flatnonzero((arrived >= 0) & bare)
    sent, arrived = sent[pairs], arrived[pairs]
    sender, receiver = (m.host_of_capture[s["capture"][rows]] for rows in (sent, arrived))
    moment, doubt = across(m.clocks, sender, receiver, s["time"][sent])
    roots = np.array([clock.root for clock in m.clocks], np.int64)
    late = np.abs(s["time"][arrived] - moment) > doubt + REPEATED_NS
    late &= (roots[sender] == roots[receiver]) & (s["time"][sent] != NO_TIME)
    return pairs[late & (s["time"][arrived] != NO_TIME)]


def _recorded_at_both(m: Matched, found: Lookalikes) -> Lookalikes:
    """``found`` without the arrivals, known by their looks alone, that came when the capture of
    their sender was not on: they are repetitions that it does not have."""
    back = np.flatnonzero(~found.sure)
    back = back[_unrecorded(m, found.back[back])]
    bare = np.bincount(found.group, m.segments["tsval"][found.rows] < 0)[found.group] > 0
    came = np.flatnonzero(found.arrival & bare)
    came = came[_unrecorded(m, found.rows[came])]
    if not len(back) and not len(came):
        return found
    pairs = (np.delete(column, back) for column in found[:3])
    return Lookalikes(*pairs, *(np.delete(column, came) for column in found[3:]))


def _unrecorded(m: Matched, rows: Array) -> Array:
    """Which of ``rows`` of arrivals came before the capture of their sender began, or well after
    it ended, where clocks can be compared (bool)."""
    s, attempt = m.segments, m.identity[m.sighting[rows]]
    sighting = np.where(SENDER[m.leg[rows]] == CLIENT, m.client[attempt], m.server[attempt])
    capture, receiver = m.sightings["capture"][sighting], m.host_of_capture[s["capture"][rows]]
    ids = ids_of(capture, receiver)
    some = representatives(ids)
    hosts = m.host_of_capture[capture[some]], receiver[some]
    (begin, early), (end, late) = (across(m.clocks, *hosts, t[capture[some]]) for t in spans(m))
    roots = np.array([clock.root for clock in m.clocks], np.int64)
    comparable = (roots[hosts[0]] == roots[hosts[1]])[ids]
    came = s["time"][rows]
    outside = (came < (begin - early)[ids]) | (came > (end + late + APART_NS)[ids])
    return outside & comparable & (came != NO_TIME)
