"""Who captured: which addresses and MACs are the capturing host's own.

A capture file does not say where it was taken. What tells, in order of weight:

1. addresses that the user names, or that the host's name spells;
2. the direction that the kernel noted (SLL, SLL2, pcapng ``epb_flags``);
3. another capture of the same handshakes: the nearer to the server, the sooner the
   answer follows the SYN, and a segment lost on the way is missing on the far side;
4. the host's own counters, if it only opened or only accepted connections;
5. in one capture alone: at the client the SYN-ACK takes a round trip and the ACK
   follows at once, at the server it is the other way round;
6. a host without promiscuous mode sees only frames from and to itself, so one MAC,
   and one address, takes part in everything;
7. the end that is left when every other end is another capture's.

Each gives a score per sighting, positive towards the client. The scores are averaged
per address, because roles belong to attempts and addresses to hosts. A capture nearer
to neither end than another one is a tap. Without any evidence the side stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from synack.addresses import Address, is_group_mac, parse_ip
from synack.handshake.legs import Legs
from synack.handshake.track import Event
from synack.tables import INBOUND, OTHER_HOST, OUTBOUND, Array, Table, group_ids

CLIENT, SERVER, NEITHER = 1, -1, 0

_NAMED, _DIRECTION, _NEARER, _COUNTERS, _REPLY_GAP, _CENTRE = 10_000.0, 1_000.0, 10.0, 5.0, 3.0, 1.0


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
    """The capturing host is neither end of what it saw."""
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
    evidence = {
        "named addresses": _NAMED * _by_name(vantages, sightings),
        "direction noted by the kernel": _DIRECTION * _by_direction(segments, sighting, leg, legs),
        "comparison of captures": _NEARER * _by_comparison(sightings, legs, identity),
        "counters of the host": _COUNTERS * _by_role(vantages, sightings),
        "reply times": _REPLY_GAP * _by_reply_gap(legs),
        "one address in everything": _CENTRE * _by_address_centre(sightings),
        "one MAC in everything": _CENTRE * _by_mac_centre(segments, len(sightings), sighting, leg),
    }
    addresses, client, server = _addresses(sightings)
    passing = _forwarded(segments, sighting, leg, len(sightings))
    votes = np.where(passing, 0.0, sum(evidence.values()))
    score = _address_scores(votes, sightings, client, server, len(vantages), len(addresses))
    _settle_contests(score, vantages, sightings, identity, client, server)
    _eliminate(score, vantages, sightings, passing | (votes != 0), client, server)
    local = score[sightings["capture"], client], score[sightings["capture"], server]
    side = np.zeros(len(sightings), np.int8)
    side[(local[0] > 0) & (local[0] > local[1])] = CLIENT
    side[(local[1] > 0) & (local[1] > local[0])] = SERVER
    side[passing] = NEITHER
    for capture, vantage in enumerate(vantages):
        vantage.addresses = {addresses[a] for a in np.flatnonzero(score[capture] > 0)}
        vantage.addresses |= vantage.named
        mine = sightings["capture"] == capture
        vantage.tap = bool(passing[mine].any()) or (
            bool(mine.any())
            and not side[mine].any()
            and _is_tap(capture, segments, sightings, identity, mine)
        )
        vantage.basis = _basis(evidence, mine)
        vantage.macs = _own_macs(capture, vantage, segments)
    return side


def _addresses(sightings: Table) -> tuple[list[Address], Array, Array]:
    """All end addresses, and for each sighting the number of its client's and server's."""
    s = sightings
    high = np.concatenate([s["client_hi"], s["server_hi"]])
    low = np.concatenate([s["client_lo"], s["server_lo"]])
    ids = group_ids(high, low)
    _, where = np.unique(ids, return_index=True)
    names = list(zip(high[where].tolist(), low[where].tolist(), strict=True))
    return names, ids[: len(s)], ids[len(s) :]


def _by_name(vantages: Sequence[Vantage], sightings: Table) -> Array:
    result = np.zeros(len(sightings))
    for capture, vantage in enumerate(vantages):
        mine = sightings["capture"] == capture
        for high, low in vantage.named:
            for end, sign in (("client", 1), ("server", -1)):
                hit = (sightings[f"{end}_hi"] == high) & (sightings[f"{end}_lo"] == low)
                result[mine & hit] += sign
    return np.sign(result)


def _by_role(vantages: Sequence[Vantage], sightings: Table) -> Array:
    roles = np.array([vantage.role for vantage in vantages], float)
    return roles[sightings["capture"]] if len(sightings) else np.zeros(0)


_FROM_CLIENT = (Event.SYN, Event.ACK, Event.RST_CLIENT)
_FROM_SERVER = (Event.SYN_ACK, Event.PROGRESS, Event.RST_SERVER, Event.CHALLENGE)


def _by_direction(segments: Table, sighting: Array, leg: Array, legs: Legs) -> Array:
    """A forwarding host notes each segment coming in and going out: the two cancel."""
    sent = np.select(
        [segments["direction"] == OUTBOUND, segments["direction"] == INBOUND], [1, -1], 0
    )
    towards = np.select([np.isin(leg, _FROM_CLIENT), np.isin(leg, _FROM_SERVER)], [1, -1], 0)
    mine = sighting >= 0
    votes = np.bincount(sighting[mine], weights=(sent * towards)[mine], minlength=len(legs.counts))
    return np.sign(votes)


def _by_comparison(sightings: Table, legs: Legs, identity: Array) -> Array:
    """Compare every two captures on the attempts that both saw."""
    result = np.zeros(len(sightings))
    answers = (Event.SYN_ACK, Event.RST_SERVER, Event.CHALLENGE)
    gap = legs.gap(Event.SYN, *answers)
    has_syn = legs.counts[:, Event.SYN]
    has_syn_ack = legs.counts[:, Event.SYN_ACK]
    rows_of = [np.flatnonzero(sightings["capture"] == c) for c in np.unique(sightings["capture"])]
    for one, mine in enumerate(rows_of):
        for theirs in rows_of[one + 1 :]:
            _, a, b = np.intersect1d(
                identity[mine], identity[theirs], assume_unique=True, return_indices=True
            )
            i, j = mine[a], theirs[b]
            # Without an answer in both: SYNs get lost towards the server, SYN-ACKs towards
            # the client.
            missing = np.sign(has_syn[i] - has_syn[j]) + np.sign(has_syn_ack[j] - has_syn_ack[i])
            both = (gap[i] >= 0) & (gap[j] >= 0)
            apart = np.where(np.abs(gap[i] - gap[j]) > _SAME_PLACE_NS, gap[i] - gap[j], 0)
            vote = np.where(both, apart, missing)
            np.add.at(result, i, np.sign(vote))
            np.add.at(result, j, -np.sign(vote))
    return result


_SAME_PLACE_NS = 2_000


def _forwarded(segments: Table, sighting: Array, leg: Array, sightings: int) -> Array:
    """Sightings that hold one segment twice, the second time with a lower TTL and from a
    MAC that is more than any other in this capture: its host passes it on (bool)."""
    rows = np.flatnonzero((sighting >= 0) & (segments["src_mac"] >= 0))
    same = group_ids(sighting[rows], leg[rows], segments["seq"][rows], segments["tsval"][rows])
    order = np.lexsort((segments["ttl"][rows], same))
    rows, same = rows[order], same[order]
    again = np.flatnonzero(
        (same[1:] == same[:-1])
        & (segments["ttl"][rows[1:]] > segments["ttl"][rows[:-1]])
        & (segments["src_mac"][rows[1:]] != segments["src_mac"][rows[:-1]])
    )
    passed = rows[again]
    result = np.zeros(sightings, bool)
    for capture in np.unique(segments["capture"][passed]).tolist():
        own = (segments["capture"] == capture) & (segments["src_mac"] >= 0)
        macs = np.concatenate([segments["src_mac"][own], segments["dst_mac"][own]])
        values, counts = np.unique(macs, return_counts=True)
        mine = passed[segments["capture"][passed] == capture]
        by_host = segments["src_mac"][mine] == values[np.argmax(counts)]
        result[sighting[mine[by_host]]] = True
    return result


def _by_reply_gap(legs: Legs) -> Array:
    answer, acknowledgment = legs.gap(Event.SYN, Event.SYN_ACK), legs.gap(Event.SYN_ACK, Event.ACK)
    known = (answer >= 0) & (acknowledgment >= 0)
    clear = np.abs(answer - acknowledgment) > 20_000
    at_client = known & clear & (answer > 2 * acknowledgment)
    at_server = known & clear & (acknowledgment > 2 * answer)
    return at_client * 1.0 - at_server * 1.0


def _by_address_centre(sightings: Table) -> Array:
    """The one address that is an end of every sighting of a capture, if others vary."""
    result = np.zeros(len(sightings))
    _, client, server = _addresses(sightings)
    for capture in np.unique(sightings["capture"]):
        mine = np.flatnonzero(sightings["capture"] == capture)
        if len(np.unique(np.concatenate([client[mine], server[mine]]))) < 3:
            continue
        for centre in (client[mine[0]], server[mine[0]]):
            if ((client[mine] == centre) | (server[mine] == centre)).all():
                result[mine] += np.where(client[mine] == centre, 1.0, -1.0)
    return result


def _by_mac_centre(segments: Table, sightings: int, sighting: Array, leg: Array) -> Array:
    """The one MAC that is in every unicast frame of a capture, if others vary."""
    votes = np.zeros(sightings)
    for capture in np.unique(segments["capture"]):
        mine = (segments["capture"] == capture) & (sighting >= 0) & (segments["dst_mac"] >= 0)
        centre = _mac_centre(segments["src_mac"][mine], segments["dst_mac"][mine])
        if centre is None:
            continue
        out = np.where(segments["src_mac"][mine] == centre, 1.0, -1.0)
        towards = np.select(
            [np.isin(leg[mine], _FROM_CLIENT), np.isin(leg[mine], _FROM_SERVER)], [1.0, -1.0], 0.0
        )
        votes += np.bincount(sighting[mine], weights=out * towards, minlength=len(votes))
    return np.sign(votes)


def _mac_centre(source: Array, destination: Array) -> int | None:
    pairs = np.unique(np.stack([source, destination]), axis=1) if len(source) else source
    macs = [m for m in np.unique(pairs).tolist() if not is_group_mac(m)]
    if len(macs) < 3 or len(macs) > 10_000:
        return None
    touched = sorted((int(((source == m) | (destination == m)).sum()), m) for m in macs[:64])
    (second, _), (most, centre) = touched[-2:]
    return centre if most >= 0.95 * len(source) and most > second else None


def _address_scores(
    votes: Array, sightings: Table, client: Array, server: Array, captures: int, addresses: int
) -> Array:
    """Mean score of each address in each capture (captures x addresses); positive: local."""
    total = np.zeros((captures, addresses))
    count = np.zeros((captures, addresses))
    for end, sign in ((client, 1.0), (server, -1.0)):
        np.add.at(total, (sightings["capture"], end), sign * votes)
        np.add.at(count, (sightings["capture"], end), 1.0)
    return total / np.maximum(count, 1.0)


def _settle_contests(
    score: Array,
    vantages: Sequence[Vantage],
    sightings: Table,
    identity: Array,
    client: Array,
    server: Array,
) -> None:
    """Where captures of two hosts claim one address, and saw the same attempts of it, the
    better claim stands; equal ones stand both (the same host under two names)."""
    for address in np.flatnonzero((score > 0).sum(axis=0) > 1):
        of_address = (client == address) | (server == address)
        claimants = np.flatnonzero(score[:, address] > 0)
        best = int(claimants[np.argmax(score[claimants, address])])
        attempts = identity[of_address & (sightings["capture"] == best)]
        for other in claimants.tolist():
            mine = identity[of_address & (sightings["capture"] == other)]
            rival = vantages[other].host != vantages[best].host
            weaker = score[other, address] < score[best, address]
            if rival and weaker and len(np.intersect1d(mine, attempts)):
                score[other, address] = 0


def _eliminate(
    score: Array,
    vantages: Sequence[Vantage],
    sightings: Table,
    judged: Array,
    client: Array,
    server: Array,
) -> None:
    """A capture without any evidence of its own (``judged``: sightings that have some) is at
    the one address of all its sightings whose other ends are other hosts' own."""
    for capture in np.flatnonzero(~(score > 0).any(axis=1)).tolist():
        mine = sightings["capture"] == capture
        if judged[mine].any():
            continue
        ends = np.stack([client[mine], server[mine]])
        others = [c for c, v in enumerate(vantages) if v.host != vantages[capture].host]
        taken = np.asarray((score[others] > 0).any(axis=0))
        for address in np.unique(ends).tolist() if not taken.all() else ():
            here = ends == address
            if here.any(axis=0).all() and not taken[address] and taken[ends[~here]].all():
                score[capture, address] = _CENTRE


def _is_tap(capture: int, segments: Table, sightings: Table, identity: Array, mine: Array) -> bool:
    """A capture on no side is a tap if another capture is nearer to an end of what it
    saw, if the kernel called its frames somebody else's, or if its frames share no MAC."""
    others = np.isin(identity[~mine], identity[mine])
    if others.any() and len(np.unique(sightings["capture"][~mine][others])) > 1:
        return True
    own = segments["capture"] == capture
    if (segments["direction"][own] == OTHER_HOST).any():
        return True
    ethernet = own & (segments["dst_mac"] >= 0)
    source, destination = segments["src_mac"][ethernet], segments["dst_mac"][ethernet]
    return (
        len(np.unique(np.concatenate([source, destination]))) > 3
        and _mac_centre(source, destination) is None
    )


def _basis(evidence: dict[str, Array], mine: Array) -> str:
    for name, votes in evidence.items():
        if votes[mine].any():
            return name
    return ""


def _own_macs(capture: int, vantage: Vantage, segments: Table) -> set[int]:
    """The MAC that most of the host's own segments leave with. One capture is of one
    interface, so there is one; a second is somebody else's use of the address."""
    own = (segments["capture"] == capture) & (segments["src_mac"] >= 0)
    own &= segments["direction"] != INBOUND
    from_host = np.zeros(len(segments), bool)
    for high, low in vantage.addresses:
        from_host |= (segments["src_hi"] == high) & (segments["src_lo"] == low)
    macs, counts = np.unique(segments["src_mac"][own & from_host], return_counts=True)
    return {int(macs[np.argmax(counts)])} if len(macs) else set()
