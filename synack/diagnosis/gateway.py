"""A stale entry for a gateway: replies to peers behind it go to a MAC that is not its own.

The same picture, replies to another router than the requests came from, is what every
asymmetric route gives, and most are innocent. So it takes more than for a host: S's own
table has a gateway's address at the MAC that was used, another MAC claims that very
address by ARP or ND (or other hosts' tables have it there) and hands on the frames of
peers from beyond, and nothing that was sent to the used MAC is known to have arrived. A
router with a virtual MAC (VRRP, RFC 9568 8.1.2) hands on frames with its own, and is
asked at the virtual one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synack.addresses import NO_MAC, Address, is_group_mac, special_mac
from synack.diagnosis.evidence import Case, text_of
from synack.diagnosis.link import on_link
from synack.diagnosis.mismatch import Mismatch, announces, failed, harmful, since_takeover
from synack.diagnosis.stale import before_recovery, while_entry_held
from synack.grouping import distinct, grouped
from synack.model import Evidence
from synack.tables import Array


def gateway_mismatches(case: Case) -> Iterator[Mismatch]:
    s = case.sendings
    rows = np.flatnonzero(
        (s["mac"] != NO_MAC) & (s["peer_mac"] != NO_MAC) & (s["mac"] != s["peer_mac"])
    )
    rows = rows[s["mac"][rows] != s["home_mac"][rows]]
    columns = [s[name][rows] for name in ("host", "mac", "peer_mac")]
    for (host, wrong, heard), part in grouped(rows, *columns):
        if any(special_mac(mac) or is_group_mac(mac) for mac in (wrong, heard)):
            continue
        mine = _off_link(case, host, wrong, heard, part)
        # What is sent again after it came may have been taken for the repetition.
        arrived = case.came_through[mine] & ~case.in_vain[mine]
        if not harmful(case, mine) or arrived.any():
            continue
        for ip, right in _gateways(case, host, wrong, heard):
            late = since_takeover(case, host, ip, wrong, right, mine)
            if len(late) and not _still_claimed(case, ip, wrong, late):
                scope = _off_link(case, host, wrong, heard, np.flatnonzero(s["host"] == host))
                near = _a_gateway(case, host, ip)
                yield Mismatch(host, ip, wrong, right, late, scope, near, "gateway")
                break


def _a_gateway(case: Case, host: int, ip: Address) -> Evidence:
    says = f"{case.hosts[host]}'s neighbor table has an entry for {text_of(ip)}, a gateway"
    return Evidence("on-link", says, (case.entry(case.table_of(host, ip)[0]),))


def unrecorded_gateways(case: Case) -> Iterator[Mismatch]:
    """Of captures without destination MACs: what went to peers that come from beyond a router,
    while the host's table has an address of that router at another MAC."""
    s = case.sendings
    rows = np.flatnonzero((s["mac"] == NO_MAC) & (s["peer_mac"] != NO_MAC))
    columns = [s[name][rows] for name in ("host", "peer_mac")]
    for (host, right), part in grouped(rows, *columns):
        if special_mac(right):
            continue
        mine = _off_link(case, host, NO_MAC, right, _unlisted(case, host, part))
        for ip, wrong in _elsewhere(case, host, right) if len(mine) else ():
            bad = mine[failed(case, s.take(mine)) & ~case.came_through[mine]]
            reached = case.reached[mine]
            bad = before_recovery(case, bad, reached)
            late = since_takeover(case, host, ip, wrong, right, bad)
            if not len(late) or not harmful(case, late) or _still_claimed(case, ip, wrong, late):
                continue
            near = _a_gateway(case, host, ip)
            mismatch = Mismatch(host, ip, wrong, right, late, mine, near, "gateway")
            if not while_entry_held(case, mismatch, reached):
                yield mismatch
                break


def _unlisted(case: Case, host: int, rows: Array) -> Array:
    """Of ``rows`` of sendings those to peers that the host's own tables never list."""
    s = case.sendings
    peers = grouped(rows, s["peer_hi"][rows], s["peer_lo"][rows])
    keep = [part for ip, part in peers if not len(case.table_of(host, (ip[0], ip[1])))]
    return np.sort(np.concatenate(keep)) if keep else rows[:0]


def _elsewhere(case: Case, host: int, right: int) -> Iterator[tuple[Address, int]]:
    """Addresses that others know at ``right``, and the other MACs that the host has them at."""
    told = {
        (int(high), int(low))
        for high, low, mac in zip(
            *(case.claims[name].tolist() for name in ("ip_hi", "ip_lo", "mac")), strict=True
        )
        if mac == right
    }
    e = case.entries
    rows = np.flatnonzero(case.usable & (e["mac"] == right) & (e["host"] != case.hosts[host]))
    told |= set(zip(e["ip_hi"][rows].tolist(), e["ip_lo"][rows].tolist(), strict=True))
    for ip in sorted(told):
        rows = case.table_of(host, ip)
        for wrong in distinct(e["mac"][rows[case.usable[rows]]]).tolist():
            if wrong != right and not special_mac(wrong) and not is_group_mac(wrong):
                yield ip, wrong


def _off_link(case: Case, host: int, wrong: int, right: int, rows: Array) -> Array:
    """Of ``rows`` of sendings those to peers that are not on the host's own link."""
    s, keep = case.sendings, []
    columns = [s[name][rows] for name in ("peer_hi", "peer_lo")]
    for (high, low), part in grouped(rows, *columns):
        if on_link(case, host, (high, low), wrong, right) is None:
            keep.append(part)
    return np.sort(np.concatenate(keep)) if keep else rows[:0]


def _gateways(case: Case, host: int, wrong: int, heard: int) -> list[tuple[Address, int]]:
    """Addresses that the host has at ``wrong``, while others know them at another MAC, with that
    one: where the frames of peers from beyond come from, ``heard``; or a virtual MAC of the
    router's (VRRP, HSRP, anycast), which sends with its own."""
    told, _ = case.behind(host, wrong)
    found = []
    for ip in sorted(told):
        rows = case.table_of(host, ip)
        if not (case.usable[rows] & (case.entries["mac"][rows] == wrong)).any():
            continue
        known = set(case.claims["mac"][case.claims_of(ip)].tolist())
        e = case.entries
        mine = (e["ip_hi"] == np.uint64(ip[0])) & (e["ip_lo"] == np.uint64(ip[1])) & case.usable
        known |= set(e["mac"][mine & (e["host"] != case.hosts[host])].tolist())
        if heard in known:
            found.append((ip, heard))
            continue
        virtual = [mac for mac in known - {wrong, NO_MAC} if _stands_in(case, host, ip, mac)]
        if len(virtual) == 1:
            found.append((ip, virtual[0]))
    return found


def _stands_in(case: Case, host: int, ip: Address, mac: int) -> bool:
    """Whether a gateway's MAC may be a virtual one: such by its number, or one that never speaks
    but as the gateway, and by which the host reached peers from beyond."""
    if special_mac(mac):
        return True
    s = case.sendings
    rows = np.flatnonzero((s["host"] == host) & (s["mac"] == mac) & case.came_through)
    rows = rows[s["peer_mac"][rows] != mac]
    told, seen = case.behind(host, mac)
    return bool(len(rows)) and not seen and told == {ip}


def _still_claimed(case: Case, ip: Address, wrong: int, rows: Array) -> bool:
    """Two gateways that both speak as the address: not a stale entry."""
    claims = case.claimed(ip, wrong)
    claims = claims[announces(case, claims)]
    return bool((case.claim_time[claims] > case.sendings["time"][rows].min()).any())
