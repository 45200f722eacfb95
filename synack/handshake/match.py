"""Sightings of several captures to attempts, with the fate of every transmission.

An attempt is the same attempt everywhere by addresses, ports and client ISN; where they are
translated on the way, by its numbers alone (:mod:`~synack.handshake.nat`). What its
sender transmitted is paired with what its receiver recorded
(:mod:`~synack.handshake.transmissions`); what is left over was lost only if the receiver's
capture is a witness (:mod:`~synack.handshake.fates`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from synack.grouping import among, ids_of, least, ordered
from synack.handshake.fast_open import with_isn_of_syn
from synack.handshake.interfaces import machines, track_by_host
from synack.handshake.locate import locate
from synack.handshake.matched import Matched, ends_of
from synack.handshake.nat import Alike, connections, ends
from synack.handshake.resets import resumed, without_impostors
from synack.handshake.states import Event
from synack.handshake.transmissions import pair_transmissions
from synack.handshake.vantage import CLIENT, SERVER, Vantage
from synack.model import Capture
from synack.tables import IDENTITY, TRANSMISSIONS, Array, Table


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
    pair_transmissions(matched, known_offsets, alike)
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
    """See :attr:`~synack.handshake.matched.Matched.answered_between`. ``client`` and ``server``:
    sightings by attempt."""
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


def _place_hosts(m: Matched) -> None:
    """Which host each end is, whether or not its capture saw the attempt."""
    for end, place, seen in (
        ("client", m.client_host, m.client),
        ("server", m.server_host, m.server),
    ):
        high, low = ends_of(m, end)
        for capture, vantage in enumerate(m.vantages):
            place[among(vantage.addresses, high, low)] = m.host_of_capture[capture]
        here = seen >= 0
        place[here] = m.host_of_capture[m.sightings["capture"][seen[here]]]
