"""Sightings of several captures to attempts, with the fate of every transmission.

An attempt is the same attempt everywhere by addresses, ports and client ISN; where they are
translated on the way, by its numbers alone (:mod:`~synack.handshake.nat`). What its
sender transmitted is paired with what its receiver recorded; what is left over was
lost only if the receiver's capture is a witness: it was on (:func:`_coverage`), and what it
is known to have missed is less than what is missing. Else nobody knows: `unwitnessed`, and
:data:`CAUSES` says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from synack.addresses import BROADCAST_MAC
from synack.grouping import among, ids_of, ids_within, least, ordered
from synack.handshake.clock import Clock, across, estimate, on_reference
from synack.handshake.coincidence import by_chance
from synack.handshake.fast_open import with_isn_of_syn
from synack.handshake.interfaces import arrivals, machines, track_by_host
from synack.handshake.legs import Legs
from synack.handshake.nat import Alike, connections, ends
from synack.handshake.pairing import common, meant, once, pair, repeated
from synack.handshake.passing import passages
from synack.handshake.resets import resumed, without_impostors
from synack.handshake.rhythm import agreed, in_step
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS, Event, State
from synack.handshake.vantage import CLIENT, NEITHER, SERVER, Vantage, locate
from synack.handshake.witness import SETTLE_NS, of_another_port
from synack.model import FATES, Capture
from synack.tables import IDENTITY, NO_TIME, OTHER_HOST, TRANSMISSIONS, Array, Table
from synack.together import together

SENDER = np.full(len(Event), NEITHER, np.int8)
"""By leg the end that sends it; NEITHER of those that either may send."""
SENDER[[*CLIENT_LEGS]], SENDER[[*SERVER_LEGS]] = CLIENT, SERVER
UNWITNESSED, DELIVERED, LOST, MISDELIVERED = range(len(FATES))

CAUSES = (
    "",
    "the receiver was not captured",
    "sender and receiver are one host",
    "when it was sent is not recorded",
    "the receiver's capture has nothing of what the receiver itself sent",
    "the receiver's capture began later, or may have",
    "the receiver's capture had ended, or may have",
    "the receiver's capture ended too soon afterwards",
    "a file of the receiver's capture is missing, or it was stopped and started again",
    "the receiver's capture leaves such packets out, or may: it shows one port alone, another",
    "the receiver's capture dropped as many packets as are missing",
    "the receiver's capture proved to miss packets",
    "one arrived unrecorded: the receiver went on",
    "it may have arrived under other addresses: another attempt there has the same ISN",
    "something between answers in the server's place",
)
"""Why a transmission is unwitnessed: the further down, the nearer its receiver's capture is
to a witness. Of several captures that it may have arrived in the furthest from it counts."""
(
    _, UNCAPTURED, ONE_HOST, _UNTIMED, _ELSEWHERE, _BEGAN, _ENDED, _ENDS, _GAP, _FILTERED,
    _DROPPED, _MISSED, UNRECORDED, _AMBIGUOUS,
    _BETWEEN,
) = range(len(CAUSES))  # fmt: skip
_ON = _FILTERED
"""A capture that was on: of what may still hide a packet from it, its filter comes first."""
_ABLE = len(CAUSES)
"""A capture whose filter hides nothing either."""


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


def match(
    captures: Sequence[Capture],
    vantages: Sequence[Vantage],
    segments: Table,
    known_offsets: Mapping[str, int],
) -> Matched:
    """Track, locate, align and pair. ``vantages`` (one per capture) are filled in.

    ``known_offsets``: clock offsets of hosts (ns) that the user is sure of.
    """
    sightings, sighting, leg, legs = track_by_host(segments, machines(captures))
    sightings = with_isn_of_syn(segments, sightings)
    # By name, so that the order of the files decides nothing.
    hosts = sorted({capture.host for capture in captures})
    host_of_capture = np.array([hosts.index(c.host) for c in captures], np.int64)
    by_address = _identity(sightings)
    side = locate(vantages, segments, sightings, sighting, leg, legs, by_address)
    found = connections(segments, sightings, sighting, leg, side, by_address)
    identity = by_address
    if found.translated:
        identity = _ranked(ids_of(found.of_attempt[by_address]), sightings)
        side = locate(vantages, segments, sightings, sighting, leg, legs, identity)
    side, near, far = ends(side, sightings, segments, identity, by_address)
    gone_on = resumed(segments, sightings, sighting, leg, legs)
    side = without_impostors(side, legs, identity, gone_on)
    attempts = int(identity.max(initial=-1)) + 1
    size = legs.counts.sum(axis=1)
    client, server = (_fullest(identity, size, side == end, attempts) for end in (CLIENT, SERVER))
    matched = Matched(
        captures=captures,
        vantages=vantages,
        hosts=hosts,
        host_of_capture=host_of_capture,
        segments=segments,
        sightings=sightings,
        sighting=sighting,
        leg=leg,
        legs=legs,
        side=side,
        identity=identity,
        attempts=attempts,
        client=client,
        server=server,
        elsewhere=_fullest(identity, size, (side != CLIENT) & (side != SERVER), attempts),
        near=np.where(client >= 0, client, near),
        far=np.where(server >= 0, server, far),
        resumed=gone_on,
        client_host=np.full(attempts, -1, np.int64),
        server_host=np.full(attempts, -1, np.int64),
        clocks=[],
        transmissions=Table.empty(TRANSMISSIONS),
        foreign=np.zeros(len(segments), bool),
        missed=np.zeros((len(captures), len(Event)), np.int64),
        answered_between=_answered_between(segments, sightings, leg, sighting, client, server),
        ambiguous=np.bincount(identity, found.ambiguous[by_address], attempts) > 0,
    )
    _place_hosts(matched)
    attempt_of = np.empty(len(found.of_attempt), np.int64)
    attempt_of[by_address] = identity
    alike = Alike(attempt_of[found.alike.one], attempt_of[found.alike.other], found.alike.strange)
    _pair_transmissions(matched, known_offsets, alike)
    return matched


def _identity(sightings: Table) -> Array:
    """The attempt of each sighting, by addresses, ports and client ISN."""
    # A tracker does not give one attempt twice.
    alone = not np.ptp(sightings["capture"]) if len(sightings) else True
    ids = np.arange(len(sightings)) if alone else ids_of(*(sightings[name] for name in IDENTITY))
    return _ranked(ids, sightings)


def _ranked(ids: Array, sightings: Table) -> Array:
    """``ids`` of the attempt of each sighting, numbered in order of their first sighting, by the
    clock of whoever saw them first; of several at one time by what they are."""
    start = least(sightings["first"], ids)
    some = np.empty(len(start), np.int64)
    some[ids] = np.arange(len(ids))
    order = np.argsort(start, kind="stable")
    ordered = start[order]
    tied = np.zeros(len(order), bool)
    tied[1:] = ordered[1:] == ordered[:-1]
    tied[:-1] |= tied[1:]
    if tied.any():
        among = order[tied]
        key = [sightings[name][some[among]] for name in IDENTITY]
        order[tied] = among[np.lexsort([*key, start[among]])]
    rank = np.empty(len(start), np.int64)
    rank[order] = np.arange(len(start))
    return rank[ids]


def _answered_between(
    segments: Table, sightings: Table, leg: Array, sighting: Array, client: Array, server: Array
) -> Array:
    """See :attr:`Matched.answered_between`. ``client`` and ``server``: sightings by attempt."""
    result = (client >= 0) & (server >= 0)
    ends = client[result], server[result]
    first = [sightings["syn_ack_row"][end] for end in ends]
    apart = (first[0] >= 0) & (first[1] >= 0)
    apart &= segments["seq"][first[0]] != segments["seq"][first[1]]
    result[result] = apart
    # Where one was repeated with another number, one end alone may have the first.
    mine = np.full(len(sightings) + 1, -1, np.int64)
    for end in (client, server):
        mine[end[result]] = np.flatnonzero(result)
    if not result.any():
        return result
    rows = np.flatnonzero((leg == Event.SYN_ACK) & (mine[sighting] >= 0))
    attempt = mine[sighting[rows]]
    group = ids_of(attempt, segments["seq"][rows])
    size = int(group.max(initial=-1)) + 1
    seen = [np.bincount(group[sighting[rows] == end[attempt]], minlength=size) > 0
            for end in (client, server)]  # fmt: skip
    result[attempt[(seen[0] & seen[1])[group]]] = False
    return result


def _fullest(identity: Array, size: Array, wanted: Array, attempts: int) -> Array:
    """Per attempt the wanted sighting with the most segments, -1 without one."""
    rows = np.flatnonzero(wanted)
    if np.bincount(identity[rows]).max(initial=0) > 1:
        rows = rows[ordered(size[rows])]
    result = np.full(attempts, -1, np.int64)
    result[identity[rows]] = rows
    return result


def _ends(m: Matched, end: str) -> tuple[Array, Array]:
    """Upper and lower address halves of the clients or servers, per attempt, as at that end."""
    row = m.near if end == "client" else m.far
    return m.sightings[f"{end}_hi"][row], m.sightings[f"{end}_lo"][row]


def _place_hosts(m: Matched) -> None:
    """Which host each end is, whether or not its capture saw the attempt."""
    for end, place, seen in (
        ("client", m.client_host, m.client),
        ("server", m.server_host, m.server),
    ):
        high, low = _ends(m, end)
        for capture, vantage in enumerate(m.vantages):
            place[among(vantage.addresses, high, low)] = m.host_of_capture[capture]
        here = seen >= 0
        place[here] = m.host_of_capture[m.sightings["capture"][seen[here]]]


class _Lookalikes(NamedTuple):
    """Segments at both ends that cannot be told apart, or are each other's only like."""

    out: Array
    """Rows of departures that are the only ones of their kind, and of their arrivals."""
    back: Array
    rows: Array
    """Rows of all others that have both departures and arrivals."""
    attempt: Array
    arrival: Array
    """Whether each of these is an arrival (bool)."""
    group: Array
    """A number for each kind of these."""


def _pair_transmissions(m: Matched, known_offsets: Mapping[str, int], alike: Alike) -> None:
    rows, attempt, arrival = _both_ends(m)

    def lookalikes_of(mine: Array) -> _Lookalikes:
        return _lookalikes(m, rows[mine], attempt[mine], arrival[mine])

    half = m.attempts // 2
    one, other = together(
        len(rows), lambda: lookalikes_of(attempt < half), lambda: lookalikes_of(attempt >= half)
    )
    other = other._replace(group=other.group + one.group.max(initial=-1) + 1)
    found = _Lookalikes(*(np.concatenate(pair) for pair in zip(one, other, strict=True)))
    del one, other
    m.clocks = _clocks(m, found, known_offsets)
    open_ = ~by_chance(m, alike)
    m.ambiguous[alike.one[open_]] = m.ambiguous[alike.other[open_]] = True
    arrived = np.full(len(m.segments), -1, np.int32)
    arrived[found.out] = found.back
    partner = pair(found.group, found.arrival, _sent_by(m, found))
    paired = np.flatnonzero(~found.arrival & (partner >= 0))
    arrived[found.rows[paired]] = found.rows[partner[paired]]
    m.foreign[:] = _foreign(m)
    sent = rows[~arrival]
    attempt, arrived = attempt[~arrival], arrived[sent]
    arrived[_of_another(m, sent, arrived)] = -1
    fate, cause = _fates(m, sent, attempt, arrived)
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


def _lookalikes(m: Matched, rows: Array, attempt: Array, arrival: Array) -> _Lookalikes:
    """Which of ``rows`` of segments, all there are of some attempts, may be one packet."""
    cell = (attempt - attempt.min(initial=m.attempts)) * len(Event) + m.leg[rows]
    seq, tsval = m.segments["seq"][rows], common(m.segments["tsval"][rows], cell, arrival)
    group = ids_within(cell, int(cell.max(initial=-1)) + 1, seq, tsval)
    bare = np.flatnonzero(tsval < 0)
    bare = bare[repeated(cell, bare[~arrival[bare]])[cell[bare]]]
    if len(bare):
        # Without timestamps only the MAC tells a repetition from what it repeats.
        target, source = (m.segments[name][rows[bare]] for name in ("dst_mac", "src_mac"))
        mac = meant(target, source, ids_of(cell[bare]), arrival[bare])
        group[bare] = group.max() + 1 + ids_of(group[bare], mac)
    out, back, others = once(group, arrival)
    return _Lookalikes(
        rows[out], rows[back], rows[others], attempt[others], arrival[others], group[others]
    )


def _sent_by(m: Matched, of: _Lookalikes) -> Array:
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


def _clocks(m: Matched, found: _Lookalikes, known_offsets: Mapping[str, int]) -> list[Clock]:
    """Only transmissions that cannot be mistaken for another bound a clock."""
    time, capture = m.segments["time"], m.segments["capture"]
    watching = _watching(m)
    passed = passages(m, watching[m.host_of_capture])
    out, back = _timed(
        m, *(np.concatenate(pair) for pair in zip((found.out, found.back), passed, strict=True))
    )
    kept = _unmistakable(m, out, back)
    out, back = out[kept], back[kept]
    repeated = _repeated_in_step(m, found, out, back)
    out, back = (np.concatenate(pair) for pair in zip((out, back), repeated, strict=True))
    known = {m.hosts.index(name): offset for name, offset in known_offsets.items()
             if name in m.hosts}  # fmt: skip
    sender, receiver = (m.host_of_capture[capture[rows]] for rows in (out, back))
    return estimate(len(m.hosts), sender, receiver, time[out], time[back], known, watching)


def _timed(m: Matched, out: Array, back: Array) -> tuple[Array, Array]:
    """Those of these pairs of rows of segments that both have a time."""
    time = m.segments["time"]
    timed = (time[out] != NO_TIME) & (time[back] != NO_TIME)
    return out[timed], back[timed]


def _repeated_in_step(
    m: Matched, found: _Lookalikes, out: Array, back: Array
) -> tuple[Array, Array]:
    """Rows of repetitions at their senders and receivers that are the same by their rhythm, of
    hosts that nothing else (``out``, ``back``) compares. The sender's capture must have been
    on when there would have been one before the first, or after the last."""
    time, capture = m.segments["time"], m.segments["capture"]
    timed = np.flatnonzero(time[found.rows] != NO_TIME)
    rows, group = found.rows[timed], found.group[timed]
    one, other = in_step(group, found.arrival[timed], time[rows])
    group, one, other = group[one], rows[one], rows[other]
    first, last = (moments[capture[one]] for moments in _spans(m))
    beside = (time[one] - _REPEATED_NS < first) | (time[one] + _REPEATED_NS > last)
    compared = _ways(m, np.concatenate([out, back]), np.concatenate([back, out]))
    way = _ways(m, one, other)
    kept = np.flatnonzero(~np.isin(group, group[beside]) & ~np.isin(way, compared))
    kept = kept[agreed(way[kept], group[kept], (time[other] - time[one])[kept])]
    return one[kept], other[kept]


def _ways(m: Matched, out: Array, back: Array) -> Array:
    """A number for the two hosts that recorded rows of segments, sender and receiver."""
    sender, receiver = (m.host_of_capture[m.segments["capture"][rows]] for rows in (out, back))
    return sender * len(m.hosts) + receiver


def _spans(m: Matched) -> tuple[Array, Array]:
    """When each capture began and ended, by its first and last packet (ns)."""
    first = np.array([0 if c.first is None else c.first for c in m.captures], np.int64)
    last = np.array([0 if c.last is None else c.last for c in m.captures], np.int64)
    return first, last


def _watching(m: Matched) -> Array:
    """Hosts that are neither end of anything they saw (bool): taps, or of unknown place."""
    result = np.ones(len(m.hosts), bool)
    for end in (m.client_host, m.server_host):
        result[end[end >= 0]] = False
    return result


_REPEATED_NS = 3_000_000_000
"""A handshake's segment is repeated after 1 s, then after 2 s (RFC 6298)."""


def _unmistakable(m: Matched, out: Array, back: Array) -> Array:
    """Whether it is sure that a segment and its only like at the peer are one (bool).

    Without TSval a repetition looks the same: the sender's capture must have been on when
    there would have been one. Where a direction has nothing better, and the other has
    anything, doubtful ones will do: wrong ones would contradict those of the other.
    """
    s = m.segments
    first, last = _spans(m)
    capture, time = s["capture"][out], s["time"][out]
    sure = (s["tsval"][out] >= 0) & (s["tsval"][back] >= 0)
    sure |= (time - _REPEATED_NS >= first[capture]) & (time + _REPEATED_NS <= last[capture])
    one, other = m.host_of_capture[capture], m.host_of_capture[s["capture"][back]]
    size, way = len(m.hosts), _ways(m, out, back)
    has_sure = np.bincount(way[sure], minlength=size * size) > 0
    has_any = np.bincount(way, minlength=size * size) > 0
    return sure | (~has_sure[way] & has_any[other * size + one])


def _of_another(m: Matched, sent: Array, arrived: Array) -> Array:
    """Rows of pairs (``sent``, ``arrived``; -1 none) that nothing but their looks makes one packet,
    and of which the second came at such a time that it was a repetition of the first, which
    the sender's capture does not have: where clocks can be compared."""
    s = m.segments
    pairs = np.flatnonzero((arrived >= 0) & ((s["tsval"][sent] < 0) | (s["tsval"][arrived] < 0)))
    sent, arrived = sent[pairs], arrived[pairs]
    sender, receiver = (m.host_of_capture[s["capture"][rows]] for rows in (sent, arrived))
    moment, doubt = across(m.clocks, sender, receiver, s["time"][sent])
    roots = np.array([clock.root for clock in m.clocks], np.int64)
    apart = np.abs(s["time"][arrived] - moment) - doubt
    late = (roots[sender] == roots[receiver]) & (apart > _REPEATED_NS)
    return pairs[late & (s["time"][sent] != NO_TIME) & (s["time"][arrived] != NO_TIME)]


def _foreign(m: Matched) -> Array:
    """Arrivals that were addressed to a MAC that is not the host's, unless the host went on with
    a handshake after one to it, although nothing else of that leg arrived, nor was sent to its
    own MAC: a virtual router's MAC is foreign by number and its own in truth."""
    receiver = np.where(SENDER == NEITHER, 2 * CLIENT, -SENDER)  # the first is no side
    rows = np.flatnonzero(np.append(m.side, NEITHER)[m.sighting] == receiver[m.leg])
    attempt = m.identity[m.sighting[rows]]
    destination = m.segments["dst_mac"][rows]
    capture = m.segments["capture"][rows]
    foreign = m.segments["direction"][rows] == OTHER_HOST
    own: set[int] = set()
    for number, vantage in enumerate(m.vantages):
        if vantage.macs:
            own |= vantage.macs
            elsewhere = ~np.isin(destination, [*vantage.macs, BROADCAST_MAC])
            foreign |= (capture == number) & (destination >= 0) & elsewhere
    result = np.zeros(len(m.segments), bool)
    if not foreign.any():
        return result
    cell = attempt * len(Event) + m.leg[rows]
    sent = np.flatnonzero(np.append(m.side, NEITHER)[m.sighting] == SENDER[m.leg])
    sent = sent[np.isin(m.segments["dst_mac"][sent], list(own))]
    well = m.identity[m.sighting[sent]] * len(Event) + m.leg[sent]
    proper = np.bincount(np.append(cell[~foreign], well), minlength=m.attempts * len(Event))
    proper = proper[cell] > 0
    foreign &= ~_own(capture, destination, foreign & ~proper & _answered(m, m.leg[rows], attempt))
    result[rows[foreign]] = True
    return result


def _own(capture: Array, destination: Array, accepted: Array) -> Array:
    """Whether the host of a capture takes what is for that MAC: one such is ``accepted``."""
    result = accepted.copy()
    rows = np.flatnonzero(destination >= 0)
    pair = ids_of(capture[rows], destination[rows])
    result[rows] |= np.bincount(pair, accepted[rows])[pair] > 0
    return result


def _answered(m: Matched, leg: Array, attempt: Array) -> Array:
    """Whether the receiver of ``leg`` itself went on with the handshake."""
    by_client = count_of(m, m.client, Event.ACK, Event.RST_CLIENT)
    by_server = count_of(m, m.server, Event.SYN_ACK, Event.RST_SERVER, Event.CHALLENGE)
    onward = count_of(m, m.server, Event.PROGRESS)
    return np.select(
        [leg == Event.SYN, leg == Event.SYN_ACK, leg == Event.ACK],
        [by_server[attempt] > 0, by_client[attempt] > 0, onward[attempt] > 0],
        False,
    )


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
    kind = t["leg"] * np.uint8(fates) + t["fate"]
    for leg in range(legs):
        for fate in range(fates):
            mine = t["attempt"][kind == leg * fates + fate]
            if len(mine):
                result[leg, fate] = np.bincount(mine, minlength=m.attempts)
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


_Proven = dict[Event, tuple[Array, Array, Array]]


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


def _fates(m: Matched, sent: Array, attempt: Array, arrived: Array) -> tuple[Array, Array]:
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
                partial(_coverage, m, sent[part], attempt[part], leg[part])
                for part in (open_[:half], open_[half:])
            ),
        ),
        axis=1,
    )
    unasked = of_another_port(m, np.arange(len(m.captures))[:, None], attempt[open_])
    covered = (coverage == _ON) & ~unasked
    m.missed[:] = _missed(m, proven_arrivals, attempt[open_], leg[open_], covered)
    lacking = ~landed[open_]
    away, coverage, covered = open_[lacking], coverage[:, lacking], covered[:, lacking]
    leg, attempt = leg[away], attempt[away]
    cell = attempt * len(Event) + leg
    missing = np.bincount(cell, minlength=m.attempts * len(Event))[cell]
    # It may have come in by any interface that such packets come in by: the capture of each
    # must have been on, and what all of them miss must not hide it.
    why = np.full(len(away), _ABLE, np.uint8)
    hidden = np.zeros((2, len(away)), np.int64)
    for number, capture in enumerate(m.captures):
        cover = coverage[number]
        cover[covered[number] & ~_excluded(m, number)[leg]] = _ABLE
        of_receiver = cover != UNCAPTURED
        np.minimum(why, cover, out=why, where=of_receiver)
        hidden[0, of_receiver] += capture.dropped or 0
        hidden[1, of_receiver] += m.missed[number].sum()
    why[(coverage == UNCAPTURED).all(axis=0)] = UNCAPTURED
    able = why == _ABLE
    why[able] = np.where(missing[able] <= hidden[0, able], _DROPPED, _MISSED)
    lost = able & (missing > hidden.sum(axis=0))
    for event, (proven, _, recorded) in proven_arrivals.items():
        # One of them did arrive, unrecorded; nobody can say which.
        unknown = (leg == event) & (proven & (recorded == 0))[attempt]
        lost[unknown] = False
        why[unknown & (why >= _ON)] = UNRECORDED
    replies = m.answered_between[attempt] & (leg != Event.SYN)
    for unknown, because in ((m.ambiguous[attempt], _AMBIGUOUS), (replies, _BETWEEN)):
        lost[unknown], why[unknown] = False, because
    why[lost] = 0
    fate[away[lost]] = LOST
    cause = np.zeros(len(sent), np.uint8)
    cause[away] = why
    return fate, cause


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


def _excluded(m: Matched, number: int) -> Array:
    """By leg whether a capture never shows it arriving though it did: its filter leaves it out."""
    mine = m.sightings["capture"] == number
    result = np.zeros(len(Event), bool)
    for leg in np.flatnonzero(m.missed[number]).tolist():
        here = mine & (m.side == -SENDER[leg])
        result[leg] = not m.legs.has(Event(leg))[here].any()
    return result


def _coverage(m: Matched, sent: Array, attempt: Array, leg: Array) -> Array:
    """coverage[capture, transmission]: ``_ON`` if that capture is of the receiver and was on
    when the transmission would have arrived, else the place in :data:`CAUSES` of what it lacks.

    It must have recorded something before and after the moment, mapped to its clock and
    give or take the uncertainty, with no missing file between. What the segment answers
    came before it whatever the clocks say. A client's capture that was on and does not
    have the client's own SYN looks elsewhere, as does a server's that has nothing of an
    attempt that the server answered (it may be there under other addresses).
    """
    from_client = SENDER[leg] == CLIENT
    ends = m.client_host[attempt], m.server_host[attempt]
    sender, receiver = np.where(from_client, *ends), np.where(from_client, *ends[::-1])
    moment, doubt = across(m.clocks, sender, receiver, m.segments["time"][sent])
    timed = m.segments["time"][sent] != NO_TIME
    sighting = np.where(from_client, m.server[attempt], m.client[attempt])
    client, server = _ends(m, "client"), _ends(m, "server")
    begun = count_of(m, m.client, Event.SYN)[attempt] > 0
    begun = np.where(from_client, count_of(m, m.server, Event.SYN_ACK)[attempt] > 0, begun)
    begun &= leg != Event.SYN
    spoke = np.where(
        from_client & (leg != Event.SYN),
        count_of(m, m.client, Event.SYN_ACK)[attempt],
        np.where(from_client, 0, count_of(m, m.server, Event.SYN)[attempt]),
    )
    late = np.flatnonzero((sighting < 0) & (spoke > 0))
    ahead = from_client[late], attempt[late]
    first = np.where(
        ahead[0],
        m.legs.first[m.client[ahead[1]], Event.SYN_ACK],
        m.legs.first[m.server[ahead[1]], Event.SYN],
    )
    called = across(m.clocks, sender[late], receiver[late], first)[0] - doubt[late]
    soonest, latest = moment - doubt, moment + doubt
    result = np.full((len(m.captures), len(sent)), UNCAPTURED, np.uint8)
    reached = arrivals(m.vantages, machines(m.captures), m.segments)
    for number, capture in enumerate(m.captures):
        if capture.first is None or capture.last is None:
            continue
        own = among(reached[number], *client), among(reached[number], *server)
        mine = np.where(from_client, own[1][attempt], own[0][attempt])
        seen_here = (sighting >= 0) & (m.sightings["capture"][sighting] == number)
        coverage = np.full(len(sent), _ON, np.uint8)
        for begin, until in capture.gaps:
            missing = (latest + SETTLE_NS >= begin) & (soonest <= until)
            coverage[missing] = _GAP
        coverage[latest + SETTLE_NS > capture.last] = _ENDS
        coverage[latest > capture.last] = _ENDED
        coverage[(soonest < capture.first) & ~(seen_here & begun)] = _BEGAN
        coverage[late[called - SETTLE_NS >= capture.first]] = _ELSEWHERE
        coverage[~timed] = _UNTIMED
        coverage[(receiver != m.host_of_capture[number]) | ~(mine | seen_here)] = UNCAPTURED
        result[number] = coverage
    return result
