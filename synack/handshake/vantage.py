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

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from synack.addresses import NO_MAC, Address, parse_ip
from synack.grouping import among, distinct, ids_of
from synack.handshake.astray import unheeded
from synack.handshake.centre import by_address_centre, by_mac_centre, how_many, mac_centre
from synack.handshake.comparison import by_comparison
from synack.handshake.legs import Legs
from synack.handshake.numbering import Addresses, Links
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS
from synack.handshake.votes import by_direction, by_name, by_reply_gap, by_role
from synack.tables import INBOUND, OTHER_HOST, OUTBOUND, Array, Table
from synack.together import together

CLIENT, SERVER, NEITHER = 1, -1, 0

SURE = ("named addresses", "direction noted by the kernel")
_NAMED, _DIRECTION, _NEARER, _COUNTERS, _REPLY_GAP, _CENTRE = 10_000.0, 1_000.0, 10.0, 5.0, 3.0, 1.0
_LISTED = 5.0
"""Weight of a neighbor table against its own host's having an address."""


@dataclass
class Vantage:
    """What is known of the place of one capture."""

    host: str
    named: frozenset[Address] = frozenset()
    """Addresses that the user or the name gives to the host."""
    role: int = 0
    """CLIENT or SERVER if its counters show that it was only one of them."""
    addresses: set[Address] = field(default_factory=set)
    """The host's own addresses."""
    macs: set[int] = field(default_factory=set)
    """Source MACs of what the host itself sends."""
    tap: bool = False
    """The capturing host is neither end of what it saw; so from the start if the user says so."""
    denied: frozenset[Address] = frozenset()
    """Addresses that its own neighbor tables list: those of others."""
    interfaces: frozenset[int] = frozenset()
    """MACs of all interfaces that the host lists (``ip addr``); none if it lists none."""
    basis: str = ""
    """The strongest kind of evidence behind it."""


def named_addresses(host: str) -> frozenset[Address]:
    """The address that a host name spells (``10.0.1.7``, ``ip-10-0-1-7``), if any."""
    text = re.sub(r"^ip-", "", host.split(".", maxsplit=1)[0] if host.startswith("ip-") else host)
    found = parse_ip(re.sub(r"^(\d+)-(\d+)-(\d+)-(\d+)$", r"\1.\2.\3.\4", text))
    return frozenset([found] if found else [])


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
    evidence = {
        "named addresses": _NAMED * by_name(vantages, sightings),
        "direction noted by the kernel": _DIRECTION * by_direction(segments, sighting, leg, legs),
        "comparison of captures": _NEARER * nearer,
        "counters of the host": _COUNTERS * by_role(vantages, sightings),
        "reply times": _REPLY_GAP * replies,
        "one address in everything": _CENTRE * address_centre,
        "one MAC in everything": _CENTRE * mac_centre,
    }
    client, server = addresses.client, addresses.server
    passing = _forwarded(segments, links, sightings, sighting)
    told = np.array([vantage.tap for vantage in vantages], bool)
    for name, votes in evidence.items():
        votes[told[sightings["capture"]]] = 0.0
        if name not in SURE:
            votes[between[sightings["capture"]]] = 0.0
    votes = np.where(passing, 0.0, sum(evidence.values()))
    score = _address_scores(votes, sightings, addresses, len(vantages))
    sure = np.any([evidence[name] != 0 for name in SURE], axis=0)
    denied = _denied(vantages, addresses) & ~_has(sure, sightings, len(vantages))[:, None]
    score[denied] = np.maximum(score[denied] - _LISTED, 0.0)
    between |= told | _several_machines(score, segments, addresses, sightings, sure)
    score[between & ~_has(sure, sightings, len(vantages))] = 0.0
    passed = _routed(segments, sightings, addresses, len(vantages))
    routed = passed & ~_has(sure, sightings, len(vantages))[:, None]
    score[routed] = np.maximum(score[routed] - _NEARER, 0.0)
    speaks = _speaking(legs, sightings, client, server, score.shape)
    told_surely = np.sum([evidence[name] for name in SURE], axis=0)
    certain = _address_scores(told_surely, sightings, addresses, len(vantages))
    foreign = _foreign(vantages, segments, links, sightings, addresses) & (certain <= 0)
    score[foreign] = 0.0
    # Somebody else's wrong entry sends a machine what is not for it; but it does not speak.
    named = np.array([addresses.named_in(v.named) for v in vantages], bool)
    strange = unheeded(
        segments, sightings, sighting, leg, legs, identity, client, names, speaks
    ) & ~named  # fmt: skip
    score[strange] = 0.0
    sure_of = (certain > 0) & (speaks | named)
    _settle_contests(
        score, vantages, sightings, identity, addresses, speaks, sure_of, passed & ~named
    )
    settled = passing | (votes != 0) | between[sightings["capture"]]
    barred = denied | routed | foreign | strange
    _eliminate(score, vantages, segments, links, sightings, settled, addresses, barred)
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
                or bool((routed[capture, client] & routed[capture, server])[mine].all())
                or _is_tap(capture, segments, links, sightings, identity, mine)
            )
        )
        vantage.basis = _basis(evidence, mine)
    owns = [vantage.addresses or _of_its_host(vantage, vantages) for vantage in vantages]
    macs = together(
        len(segments),
        *(partial(_own_macs, capture, own, segments, links) for capture, own in enumerate(owns)),
    )
    for vantage, found in zip(vantages, macs, strict=True):
        vantage.macs = found
    return side


def _of_its_host(vantage: Vantage, vantages: Sequence[Vantage]) -> set[Address]:
    """Addresses that other captures of the same host show to be its own: it may answer by this
    interface what came in by another."""
    if not vantage.host:
        return set()
    return set().union(*(other.addresses for other in vantages if other.host == vantage.host))


def _several_machines(
    score: Array, segments: Table, addresses: Addresses, sightings: Table, sure: Array
) -> Array:
    """Captures that would be at several addresses, each of which sends from a MAC of its own
    (bool): one interface has one. Not those of which something surer tells (``sure``)."""
    result = np.zeros(len(score), bool)
    named = _has(sure, sightings, len(score))
    for capture in np.flatnonzero(((score > 0).sum(axis=1) > 1) & ~named).tolist():
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


def _has(marked: Array, sightings: Table, captures: int) -> Array:
    """Whether any sighting of each capture is marked (bool)."""
    return np.bincount(sightings["capture"][marked], minlength=captures) > 0


def _forwarded(segments: Table, links: Links, sightings: Table, sighting: Array) -> Array:
    """Sightings that hold one segment twice, the second time from the MAC that it first was
    sent to, or with a lower TTL and from a MAC that is more than any other in this capture:
    its host passes it on (bool)."""
    result = np.zeros(len(sightings), bool)
    candidates = sightings["several_macs"]
    if not candidates.any():
        return result
    rows = np.flatnonzero((sighting >= 0) & (segments["src_mac"] >= 0))
    rows = rows[candidates[sighting[rows]]]
    what = (segments[name][rows] for name in ("kind", "seq", "ack", "tsval"))
    same = ids_of(sighting[rows], *what)
    order = np.lexsort((segments["ttl"][rows], same))
    rows, same = rows[order], same[order]
    earlier, later = rows[:-1], rows[1:]
    alike = (same[1:] == same[:-1]) & (segments["src_mac"][later] != segments["src_mac"][earlier])
    ttl = segments["ttl"]
    lowered = alike & (ttl[later] > ttl[earlier])
    came, went = np.where(lowered, later, earlier), np.where(lowered, earlier, later)
    # Who hands it on does so from the MAC that it came to; a balancer without lowering the TTL.
    # Nothing of it passes by its own MAC then; what others see of it does.
    handed = alike & (segments["dst_mac"][came] == segments["src_mac"][went])
    way = segments["direction"]
    handed |= alike & (way[came] == INBOUND) & (way[went] == OUTBOUND)
    hands = np.full(len(result), NO_MAC)
    hands[sighting[went[handed]]] = segments["src_mac"][went[handed]]
    mine = rows[hands[sighting[rows]] != NO_MAC]
    it = hands[sighting[mine]]
    by_it = (segments["src_mac"][mine] == it) | (segments["dst_mac"][mine] == it)
    by_it |= np.isin(way[mine], (INBOUND, OUTBOUND))
    result[sighting[mine]] = True
    result[sighting[mine[~by_it]]] = False
    passed = earlier[lowered & ~handed]
    counts = links.frames(segments["src_mac"] >= 0)
    for capture in distinct(segments["capture"][passed]).tolist():
        own = links.capture == capture
        ends = np.concatenate([links.source[own], links.destination[own]])
        macs, place = np.unique(ends, return_inverse=True)
        most = macs[np.argmax(np.bincount(place, np.tile(counts[own], 2)))]
        mine = passed[segments["capture"][passed] == capture]
        result[sighting[mine[segments["src_mac"][mine] == most]]] = True
    return result


FIRST_TTLS = (30, 32, 60, 64, 128, 255)
"""What hosts send with; anything else has passed a router."""


def _address_scores(votes: Array, sightings: Table, addresses: Addresses, captures: int) -> Array:
    """Mean score of each address in each capture (captures x addresses); positive: local."""
    size = len(addresses.high)
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


def _settle_contests(
    score: Array,
    vantages: Sequence[Vantage],
    sightings: Table,
    identity: Array,
    addresses: Addresses,
    speaks: Array,
    certain: Array,
    passed: Array,
) -> None:
    """Where captures of two hosts claim one address, and saw the same attempts of it, the
    better claim stands; equal ones stand both (the same host under two names). A claim to an
    address that never speaks in that capture falls before one to which it does: a router
    before which everything is lost is as near to the silent server as can be. What is
    ``certain`` (bool, captures x addresses) stands before that; and one to which the address
    itself speaks before those that have only what a router ``passed`` on (likewise), and that
    a router's kernel notes to go out."""
    client, server = addresses.client, addresses.server
    for address in np.flatnonzero((score > 0).sum(axis=0) > 1):
        of_address = (client == address) | (server == address)
        claimants = np.flatnonzero(score[:, address] > 0)
        order = [which[claimants, address] for which in (score, speaks, certain, ~passed)]
        rank = np.lexsort(order)
        best = int(claimants[rank[-1]])
        attempts = identity[of_address & (sightings["capture"] == best)]
        for other in claimants.tolist():
            mine = identity[of_address & (sightings["capture"] == other)]
            rival = vantages[other].host != vantages[best].host
            weaker = score[other, address] < score[best, address]
            mute = speaks[best, address] and not speaks[other, address]
            mute = mute and not certain[other, address]
            weaker |= passed[other, address] and not passed[best, address]
            if rival and (mute or (weaker and len(np.intersect1d(mine, attempts)))):
                score[other, address] = 0


def _eliminate(
    score: Array,
    vantages: Sequence[Vantage],
    segments: Table,
    links: Links,
    sightings: Table,
    judged: Array,
    addresses: Addresses,
    denied: Array,
) -> None:
    """A capture without any evidence of its own (``judged``: sightings that have some) is at
    the one address of all its sightings whose other ends are other hosts' own, if that is
    not one that it is ``denied`` (bool, captures x addresses). An end that is at another
    machine here than where it captured may be this capture's own."""
    client, server = addresses.client, addresses.server
    for capture in np.flatnonzero(~(score > 0).any(axis=1)).tolist():
        mine = sightings["capture"] == capture
        if judged[mine].any():
            continue
        ends = client[mine], server[mine]
        others = [c for c, v in enumerate(vantages) if v.host != vantages[capture].host]
        taken = np.asarray((score[others] > 0).any(axis=0))
        touched = np.bincount(ends[0], minlength=len(taken))
        touched += np.bincount(ends[1][ends[0] != ends[1]], minlength=len(taken))
        taken = taken | denied[capture]
        for address in np.flatnonzero((touched == mine.sum()) & ~taken & (touched > 0)).tolist():
            (ip,) = addresses.pairs(np.array([address]))
            rest = distinct(np.concatenate([end[end != address] for end in ends]))
            if not taken[rest].all() or _astray(segments, capture, *ip):
                continue
            homes = ([c for c in others if score[c, end] > 0] for end in rest.tolist())
            ends_at = zip(addresses.pairs(rest), homes, strict=True)
            if not any(_elsewhere(segments, links, capture, *end) for end in ends_at):
                score[capture, address] = _CENTRE


def _denied(vantages: Sequence[Vantage], addresses: Addresses) -> Array:
    """Which addresses each capture's host lists as its neighbors' (captures x addresses)."""
    return np.array([addresses.named_in(v.denied) for v in vantages], bool)


def _routed(segments: Table, sightings: Table, addresses: Addresses, captures: int) -> Array:
    """Addresses whose SYNs and SYN-ACKs have all passed a router before they came to a capture:
    it is not at their host (captures x addresses)."""
    size = len(addresses.high)
    fresh, passed = np.zeros(captures * size), np.zeros(captures * size)
    for row, end in (("syn_row", addresses.client), ("syn_ack_row", addresses.server)):
        known = np.flatnonzero(sightings[row] >= 0)
        first = np.isin(segments["ttl"][sightings[row][known]], FIRST_TTLS)
        cell = sightings["capture"][known].astype(np.int64) * size + end[known]
        fresh += np.bincount(cell[first], minlength=captures * size)
        passed += np.bincount(cell[~first], minlength=captures * size)
    if not fresh.any():  # nobody begins with what hosts usually do
        return np.zeros((captures, size), bool)
    return ((passed > 0) & (fresh == 0)).reshape(captures, size)


def _foreign(
    vantages: Sequence[Vantage],
    segments: Table,
    links: Links,
    sightings: Table,
    addresses: Addresses,
) -> Array:
    """Addresses that speak in a capture of one of its host's interfaces, and only from MACs that
    are none of these, which are all known: they are another machine's, whose frames were
    flooded or bridged here (captures x addresses)."""
    own, others = np.zeros((2, len(vantages), len(addresses.high)), bool)
    for capture, vantage in enumerate(vantages):
        macs, here = [*vantage.interfaces], links.capture == capture
        if not np.isin([links.source[here], links.destination[here]], macs).any():
            continue
        mine = sightings["capture"] == capture
        for row, end in (("syn_row", addresses.client), ("syn_ack_row", addresses.server)):
            known = np.flatnonzero(mine & (sightings[row] >= 0))
            source = segments["src_mac"][sightings[row][known]]
            listed = np.isin(source, macs)
            own[capture, end[known[listed]]] = True
            others[capture, end[known[~listed & (source >= 0)]]] = True
    return others & ~own


def _astray(segments: Table, capture: int, high: int, low: int) -> bool:
    """Whether a capture has no word of an address, and sees it spoken to only at MACs from which
    it does not speak anywhere: what goes astray is seen where it was flooded, or at the
    machine that it went to by mistake."""
    s = segments
    by = (s["src_hi"] == high) & (s["src_lo"] == low) & (s["icmp"] < 0)
    if (by & (s["capture"] == capture)).any():
        return False
    known = s["src_mac"][by & (s["src_mac"] >= 0) & np.isin(s["ttl"], FIRST_TTLS)]
    to = (s["dst_hi"] == high) & (s["dst_lo"] == low) & (s["icmp"] < 0)
    met = s["dst_mac"][to & (s["capture"] == capture)]
    return bool(len(known) and (met >= 0).all() and not np.isin(met, known).any())


def _elsewhere(
    segments: Table, links: Links, capture: int, address: Address, homes: list[int]
) -> bool:
    """Whether an address speaks in a capture from a MAC, not a router's by the TTL, that is none of
    those from which it speaks in ``homes``, the captures at it: another machine has it too,
    or had it, or something between rewrites MACs."""
    own = set().union(*(_own_macs(home, {address}, segments, links) for home in homes))
    s = segments
    mine = (s["capture"] == capture) & (s["src_hi"] == address[0]) & (s["src_lo"] == address[1])
    mine &= (s["src_mac"] >= 0) & (s["icmp"] < 0) & np.isin(s["ttl"], FIRST_TTLS)
    return bool(own) and not np.isin(s["src_mac"][mine], [*own]).all()


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


def _own_macs(capture: int, addresses: set[Address], segments: Table, links: Links) -> set[int]:
    """The MAC that most of the host's own segments leave with. One capture is of one
    interface, so there is one; a second is somebody else's use of the address, or on a network
    that floods another host's: what is sent to the host comes to its own. Of what was received
    alone it is the one that others hear it from."""
    if not addresses:
        return set()
    rows = np.flatnonzero((segments["capture"] == capture) & (segments["src_mac"] >= 0))
    to_host = among(addresses, segments["dst_hi"][rows], segments["dst_lo"][rows])
    reached = distinct(links.destination[links.frames(rows[to_host]) > 0])
    rows = rows[segments["direction"][rows] != INBOUND]
    from_host = among(addresses, segments["src_hi"][rows], segments["src_lo"][rows])
    frames = links.frames(rows[from_host])
    macs, place = np.unique(links.source[frames > 0], return_inverse=True)
    if not len(macs):
        return _spoken_from(reached, addresses, segments)
    count = np.bincount(place, frames[frames > 0])
    own = np.isin(macs, reached)
    return {int(macs[np.argmax(np.where(own, count, 0) if own.any() else count)])}


def _spoken_from(reached: Array, addresses: set[Address], segments: Table) -> set[int]:
    """Of the MACs at which frames ``reached`` a host that recorded nothing of its own the one
    from which other captures have its addresses speak."""
    rows = np.flatnonzero(np.isin(segments["src_mac"], reached[reached >= 0]))
    rows = rows[(segments["icmp"][rows] < 0) & np.isin(segments["ttl"][rows], FIRST_TTLS)]
    rows = rows[among(addresses, segments["src_hi"][rows], segments["src_lo"][rows])]
    known = distinct(segments["src_mac"][rows])
    return {int(known[0])} if len(known) == 1 else set()
