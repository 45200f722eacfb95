"""Whose an address is where captures of several hosts may have it, or none seems to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synack.addresses import Address
from synack.grouping import among, distinct, grouped
from synack.handshake.numbering import Addresses, Links
from synack.handshake.own_macs import own_macs
from synack.handshake.vantage import FIRST_TTLS, Vantage
from synack.tables import Array, Table

_LEFT = 1.0
"""Score of the end that is left."""


def settle_contests(
    score: Array,
    vantages: Sequence[Vantage],
    segments: Table,
    links: Links,
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
    before which everything is lost is as near to the silent server as can be. So does one by what
    is flooded to all before one by what is not. What is ``certain`` (bool, captures x
    addresses) stands before that; and one to which the address itself speaks before those that
    have only what a router ``passed`` on (likewise), and that a router's kernel notes to go
    out."""
    client, server = addresses.client, addresses.server
    contested = np.flatnonzero((score > 0).sum(axis=0) > 1)
    if not len(contested):
        return
    stray = _stray(segments, links, addresses, contested, score > 0)
    for address in contested:
        of_address = (client == address) | (server == address)
        claimants = np.flatnonzero(score[:, address] > 0)
        ranks = (score, ~stray, speaks, certain, ~passed)
        rank = np.lexsort([which[claimants, address] for which in ranks])
        best = int(claimants[rank[-1]])
        attempts = identity[of_address & (sightings["capture"] == best)]
        for other in claimants.tolist():
            mine = identity[of_address & (sightings["capture"] == other)]
            rival = vantages[other].host != vantages[best].host
            weaker = score[other, address] < score[best, address]
            mute = speaks[best, address] and not speaks[other, address]
            mute = mute and not certain[other, address]
            for worse in (passed, stray):
                weaker |= worse[other, address] and not worse[best, address]
            if rival and (mute or (weaker and len(np.intersect1d(mine, attempts)))):
                score[other, address] = 0


def _stray(
    segments: Table, links: Links, addresses: Addresses, contested: Array, claimed: Array
) -> Array:
    """Which claims to ``contested`` addresses (numbers) rest on what is flooded to all, while one
    of the ``claimed`` (bool, captures x addresses) does not: all that the address sends there
    goes to MACs that speak nowhere (likewise)."""
    s, met, lost = segments, np.zeros_like(claimed), np.zeros_like(claimed)
    number = dict(zip(addresses.pairs(contested), contested.tolist(), strict=True))
    rows = np.flatnonzero((s["dst_mac"] >= 0) & (s["icmp"] < 0))
    rows = rows[among(number, s["src_hi"][rows], s["src_lo"][rows])]
    known = np.isin(links.destination, links.source)[links.of_row[rows]]
    columns = (s[name][rows] for name in ("capture", "src_hi", "src_lo"))
    for (capture, high, low), some in grouped(known, *columns):
        address = number[high, low]
        met[capture, address], lost[capture, address] = some.any(), not some.any()
    return lost & (met & claimed).any(axis=0)


def eliminate(
    score: Array,
    vantages: Sequence[Vantage],
    segments: Table,
    links: Links,
    sightings: Table,
    identity: Array,
    judged: Array,
    addresses: Addresses,
    denied: Array,
) -> None:
    """A capture without any evidence of its own (``judged``: sightings that have some) is at
    the one address of all its sightings whose other ends are other hosts' own, if that is
    not one that it is ``denied`` (bool, captures x addresses), nor another host's own, unless
    it moved from one to the other. An end that is at another machine here than where it captured
    may be this capture's own."""
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
        wanted = (touched == mine.sum()) & ~denied[capture] & (touched > 0)
        taken = taken | denied[capture]
        for address in np.flatnonzero(wanted).tolist():
            (ip,) = addresses.pairs(np.array([address]))
            rest = distinct(np.concatenate([end[end != address] for end in ends]))
            if not taken[rest].all() or _astray(segments, capture, *ip):
                continue
            if taken[address]:
                former = [c for c in others if score[c, address] > 0]
                shared = np.isin(identity[mine], identity[np.isin(sightings["capture"], former)])
                if shared.any() or not _moved(segments, links, capture, ip, former):
                    continue
            homes = ([c for c in others if score[c, end] > 0] for end in rest.tolist())
            ends_at = zip(addresses.pairs(rest), homes, strict=True)
            if not any(_elsewhere(segments, links, capture, *end) for end in ends_at):
                score[capture, address] = _LEFT


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


def _moved(
    segments: Table, links: Links, capture: int, address: Address, former: list[int]
) -> bool:
    """Whether an address speaks in a capture from one MAC, not a router's by the TTL, that is none
    of those of the ``former`` captures at it."""
    s = segments
    mine = (s["capture"] == capture) & (s["src_hi"] == address[0]) & (s["src_lo"] == address[1])
    macs = distinct(s["src_mac"][mine & (s["icmp"] < 0)])
    near = np.isin(s["ttl"][mine & (s["icmp"] < 0)], FIRST_TTLS).all()
    own = [own_macs(home, {address}, segments, links) for home in former]
    return bool(
        len(macs) == 1 and macs[0] >= 0 and near and all(own) and macs[0] not in set().union(*own)
    )


def _elsewhere(
    segments: Table, links: Links, capture: int, address: Address, homes: list[int]
) -> bool:
    """Whether an address speaks in a capture from a MAC, not a router's by the TTL, that is none of
    those from which it speaks in ``homes``, the captures at it: another machine has it too,
    or had it, or something between rewrites MACs."""
    own = set().union(*(own_macs(home, {address}, segments, links) for home in homes))
    s = segments
    mine = (s["capture"] == capture) & (s["src_hi"] == address[0]) & (s["src_lo"] == address[1])
    mine &= (s["src_mac"] >= 0) & (s["icmp"] < 0) & np.isin(s["ttl"], FIRST_TTLS)
    return bool(own) and not np.isin(s["src_mac"][mine], [*own]).all()
