"""Who captured: which addresses and MACs are the capturing host's own.

A capture file does not say where it was taken. What tells, in order of weight:

1. addresses that the user names, or that the host's name spells;
2. the direction that the kernel noted (SLL, SLL2, pcapng ``epb_flags``);
3. another capture of the same handshakes: the nearer to the server, the sooner the
   answer follows the SYN, a segment lost on the way is missing on the far side, and
   every router lowers the TTL;
4. the host's own counters, if it only opened or only accepted connections;
5. in one capture alone: at the client the SYN-ACK takes a round trip and the ACK
   follows at once, at the server it is the other way round;
6. one MAC, and one address, takes part in everything that goes both ways: what goes one way
   only may have been flooded, as a switch does with frames to a MAC that nobody has;
7. the end that is left when every other end is another capture's.

Each gives a score per sighting, positive towards the client. The scores are averaged
per address, because roles belong to attempts and addresses to hosts. Without any evidence
the side stays unknown.

A tap is at neither end, and 3 to 7 say nothing of one: another host's capture is nearer to
the client and one is nearer to the server, or the addresses that it would have send from
several MACs, while an interface has one. Or it has no side, and is on the way of others, or what
both ends send has passed a router before.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from synack.addresses import NO_MAC, Address
from synack.grouping import among, distinct, ids_of
from synack.handshake.astray import unheeded
from synack.handshake.barred import denied_by, foreign_to, routed_to, silent
from synack.handshake.centre import by_address_centre, by_mac_centre, how_many, mac_centre
from synack.handshake.comparison import by_comparison
from synack.handshake.contests import eliminate, settle_contests
from synack.handshake.legs import Legs
from synack.handshake.numbering import Addresses, Links
from synack.handshake.own_macs import own_macs
from synack.handshake.relayed import forwarded
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS
from synack.handshake.vantage import CLIENT, NEITHER, SERVER, SURE, Vantage
from synack.handshake.votes import by_direction, by_name, by_reply_gap, by_role
from synack.tables import OTHER_HOST, Array, Table
from synack.together import together

_NEARER = 10.0
_WEIGHTS = {
    "named addresses": 10_000.0,
    "direction noted by the kernel": 1_000.0,
    "comparison of captures": _NEARER,
    "counters of the host": 5.0,
    "reply times": 3.0,
    "one address in everything": 1.0,
    "one MAC in everything": 1.0,
}
_LISTED = 5.0
"""Weight of a neighbor table against its own host's having an address."""


def locate(
    vantages: Sequence[Vantage],
    segments: Table,
    sightings: Table,
    sighting: Array,
    leg: Array,
    legs: Legs,
    identity: Array,
) -> Array:
    """Fill in ``vantages`` (one per capture) and return the side of each sighting.

    ``sighting`` and ``leg`` are those of :func:`~synack.handshake.track.track`,
    ``identity`` numbers the attempts across captures. The result is int8: CLIENT,
    SERVER or NEITHER.
    """
    names = [vantage.host for vantage in vantages]
    hosts = np.array([names.index(name) for name in names], np.int64)

    def by_address() -> tuple[Addresses, Array]:
        addresses = Addresses.of(sightings)
        return addresses, by_address_centre(segments, sightings, legs, addresses)

    def by_mac() -> tuple[Links, Array]:
        links = Links.of(segments)
        return links, by_mac_centre(links, sightings, sighting, leg, legs)

    (nearer, between), (addresses, address_centre), (links, mac_centre), replies = together(
        len(segments),
        lambda: by_comparison(segments, sightings, legs, identity, hosts),
        by_address,
        by_mac,
        lambda: by_reply_gap(legs),
    )
    told = np.array([vantage.tap for vantage in vantages], bool)
    surest = by_name(vantages, sightings), by_direction(segments, sighting, leg, legs)
    others = nearer, by_role(vantages, sightings), replies, address_centre, mac_centre
    evidence = _evidence((*surest, *others), sightings["capture"], told, between)
    client, server = addresses.client, addresses.server
    passing = forwarded(segments, links, sightings, sighting)
    votes = sum(evidence.values(), np.zeros(len(sightings)))
    votes[passing] = 0.0
    score = _address_scores(votes, sightings, addresses, len(vantages))
    surely = sum((evidence[name] for name in SURE if name in evidence), np.zeros(len(sightings)))
    sure = np.bincount(sightings["capture"][surely != 0], minlength=len(vantages)) > 0
    denied = denied_by(vantages, addresses) & ~sure[:, None]
    score[denied] = np.maximum(score[denied] - _LISTED, 0.0)
    between |= told | _several_machines(score, segments, addresses, sure)
    score[between & ~sure] = 0.0
    passed = routed_to(segments, sightings, addresses, len(vantages))
    routed = passed & ~sure[:, None]
    score[routed] = np.maximum(score[routed] - _NEARER, 0.0)
    speaks = _speaking(legs, sightings, client, server, score.shape)
    certain = _address_scores(surely, sightings, addresses, len(vantages))
    foreign = foreign_to(vantages, segments, links, sightings, addresses) & (certain <= 0)
    score[foreign] = 0.0
    # Somebody else's wrong entry sends a machine what is not for it; but it does not speak as the
    # address, nor lists it among its own.
    named = np.array([addresses.named_in(v.named) for v in vantages], bool)
    strange = ~named & (silent(vantages, speaks) | unheeded(
        segments, sightings, sighting, leg, legs, identity, client, names, speaks
    ))  # fmt: skip
    score[strange] = 0.0
    sure_of = (certain > 0) & (speaks | named)
    settle_contests(
        score, vantages, segments, links, sightings, identity, addresses, speaks, sure_of,
        passed & ~named,
    )  # fmt: skip
    settled = passing | (votes != 0) | between[sightings["capture"]]
    barred = denied | routed | foreign | strange
    eliminate(
        score, vantages, segments, links, sightings, identity, settled, addresses, barred
    )  # fmt: skip
    local = score[sightings["capture"], client], score[sightings["capture"], server]
    side = np.zeros(len(sightings), np.int8)
    side[(local[0] > 0) & (local[0] > local[1])] = CLIENT
    side[(local[1] > 0) & (local[1] > local[0])] = SERVER
    side[passing] = NEITHER
    for capture, vantage in enumerate(vantages):
        vantage.addresses = addresses.named(score[capture] > 0) | vantage.named
        mine = sightings["capture"] == capture
        vantage.tap = bool(told[capture] or passing[mine].any()) or (
            bool(mine.any())
            and not side[mine].any()
            and (
                bool(between[capture])
                or _at_neither(capture, names, score, barred, client[mine], server[mine])
                or _is_tap(capture, segments, links, sightings, identity, mine)
            )
        )
        vantage.basis = _basis(evidence, mine)
    owns = [vantage.addresses or _of_its_host(vantage, vantages) for vantage in vantages]
    macs = together(
        len(segments),
        *(partial(own_macs, capture, own, segments, links) for capture, own in enumerate(owns)),
    )
    for vantage, found in zip(vantages, macs, strict=True):
        vantage.macs = found
    return side


def _evidence(
    votes: Sequence[Array], capture: Array, tap: Array, between: Array
) -> dict[str, Array]:
    """What says anything, weighed, in the order of the weights. Of a tap nothing does, and of a
    capture ``between`` others only what is sure (bool by capture)."""
    evidence = {}
    for (name, weight), vote in zip(_WEIGHTS.items(), votes, strict=True):
        if vote.any():
            mute = tap if name in SURE else tap | between
            evidence[name] = vote * np.where(mute, 0.0, weight)[capture]
    return evidence


def _at_neither(
    capture: int, names: Sequence[str], score: Array, barred: Array, client: Array, server: Array
) -> bool:
    """Whether both ends of all that a capture saw are elsewhere: they cannot be its own
    (``barred``, captures x addresses), or another host captured there (by its ``score``,
    likewise)."""
    others = np.array(names) != names[capture]
    away = barred[capture] | (score[others] > 0).any(axis=0)
    return bool((away[client] & away[server]).all())


def _of_its_host(vantage: Vantage, vantages: Sequence[Vantage]) -> set[Address]:
    """Addresses that other captures of the same host show to be its own: it may answer by this
    interface what came in by another."""
    if not vantage.host:
        return set()
    return set().union(*(other.addresses for other in vantages if other.host == vantage.host))


def _several_machines(score: Array, segments: Table, addresses: Addresses, sure: Array) -> Array:
    """Captures that would be at several addresses, each of which sends from a MAC of its own
    (bool): one interface has one. Not those of which something surer tells (``sure``)."""
    result = np.zeros(len(score), bool)
    for capture in np.flatnonzero(((score > 0).sum(axis=1) > 1) & ~sure).tolist():
        rows = (segments["capture"] == capture) & (segments["src_mac"] >= 0)
        rows = np.flatnonzero(rows & (segments["icmp"] < 0))
        own = addresses.named(score[capture] > 0)
        rows = rows[among(own, segments["src_hi"][rows], segments["src_lo"][rows])]
        # The most frequent of each address: somebody else may use it now and then.
        pair = ids_of(*(segments[name][rows] for name in ("src_hi", "src_lo", "src_mac")))
        address = ids_of(segments["src_hi"][rows], segments["src_lo"][rows])
        order = np.argsort(np.bincount(pair)[pair], kind="stable")
        usual = np.full(int(address.max(initial=-1)) + 1, NO_MAC)
        usual[address[order]] = segments["src_mac"][rows[order]]
        result[capture] = len(distinct(usual)) > 1
    return result


def _address_scores(votes: Array, sightings: Table, addresses: Addresses, captures: int) -> Array:
    """Mean score of each address in each capture (captures x addresses); positive: local."""
    size = len(addresses.high)
    if not votes.any():
        return np.zeros((captures, size))
    total = np.zeros(captures * size)
    count = np.zeros(captures * size)
    for end, sign in ((addresses.client, 1.0), (addresses.server, -1.0)):
        cell = sightings["capture"].astype(np.int64) * size + end
        total += np.bincount(cell, sign * votes, captures * size)
        count += np.bincount(cell, minlength=captures * size)
    return (total / np.maximum(count, 1.0)).reshape(captures, size)


def _speaking(
    legs: Legs, sightings: Table, client: Array, server: Array, shape: tuple[int, ...]
) -> Array:
    """Whether each address sends anything in each capture (bool, captures x addresses)."""
    speaks = np.zeros(shape, bool)
    for end, theirs in ((client, CLIENT_LEGS), (server, SERVER_LEGS)):
        some = legs.has(*theirs)
        speaks[sightings["capture"][some], end[some]] = True
    return speaks


def _is_tap(
    capture: int, segments: Table, links: Links, sightings: Table, identity: Array, mine: Array
) -> bool:
    """A capture on no side is a tap if another capture is nearer to an end of what it
    saw, if the kernel called its frames somebody else's, or if its frames share no MAC."""
    seen = np.zeros(int(identity.max(initial=-1)) + 1, bool)
    seen[identity[mine]] = True
    others = seen[identity[~mine]]
    if others.any() and len(distinct(sightings["capture"][~mine][others])) > 1:
        return True
    own = segments["capture"] == capture
    if (segments["direction"][own] == OTHER_HOST).any():
        return True
    frames = links.frames(own & (segments["dst_mac"] >= 0))
    held = frames > 0
    source, destination, frames = links.source[held], links.destination[held], frames[held]
    return how_many(source, destination) > 3 and mac_centre(source, destination, frames) is None


def _basis(evidence: dict[str, Array], mine: Array) -> str:
    for name, votes in evidence.items():
        if votes[mine].any():
            return name
    return ""
