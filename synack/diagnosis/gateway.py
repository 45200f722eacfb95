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
    while the host's table has an address of that router at another MAC, or its one gateway at
    another than the virtual one that others reach it by."""
    s = case.sendings
    rows = np.flatnonzero((s["mac"] == NO_MAC) & (s["peer_mac"] != NO_MAC))
    columns = [s[name][rows] for name in ("host", "peer_mac")]
    for (host, heard), part in grouped(rows, *columns):
        if special_mac(heard):
            continue
        mine = _off_link(case, host, NO_MAC, heard, _unlisted(case, host, part))
        failing = mine[failed(case, s.take(mine)) & ~case.came_through[mine]]
        if not len(failing):
            continue
        reached = case.reached[mine]
        bad = before_recovery(case, failing, reached)
        ways = *_elsewhere(case, host, heard), *_at_a_virtual(case, host, failing)
        for ip, wrong, right in ways:
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


def _elsewhere(case: Case, host: int, heard: int) -> Iterator[tuple[Address, int, int]]:
    """Addresses that others know at ``heard``, with the other MACs that the host has them at."""
    told = {
        (int(high), int(low))
        for high, low, mac in zip(
            *(case.claims[name].tolist() for name in ("ip_hi", "ip_lo", "mac")), strict=True
        )
        if mac == heard
    }
    e = case.entries
    rows = np.flatnonzero(case.usable & (e["mac"] == heard) & (e["host"] != case.hosts[host]))
    told |= set(zip(e["ip_hi"][rows].tolist(), e["ip_lo"][rows].tolist(), strict=True))
    for ip in sorted(told):
        rows = case.table_of(host, ip)
        for wrong in distinct(e["mac"][rows[case.usable[rows]]]).tolist():
            if wrong != heard and not special_mac(wrong) and not is_group_mac(wrong):
                yield ip, wrong, heard


def _at_a_virtual(case: Case, host: int, rows: Array) -> Iterator[tuple[Address, int, int]]:
    """The one gateway that the host can have sent ``rows`` by, with its MAC there, from which
    nothing comes, and its virtual one."""
    for ip, wrong in sorted(_only_ways(case, host, rows)):
        virtual = _virtual(case, host, ip, wrong)
        if virtual is not None and not case.behind(host, wrong)[1]:
            yield ip, wrong, virtual


def _only_ways(case: Case, host: int, rows: Array) -> set[tuple[Address, int]]:
    """The one entry (address, MAC) by which the host can have sent ``rows`` of sendings to peers
    beyond, of each of its dumps meanwhile that leaves but one: the others are of machines that
    it hears themselves, or were not in use while it sent."""
    e, at, sent = case.entries, case.entry_time, np.sort(case.sendings["time"][rows])
    mine = case.usable & ~case.misplaced & case.entry_certain & (e["host"] == case.hosts[host])
    dumped = np.flatnonzero(mine & (at >= sent[0]) & (at <= sent[-1]))
    # Who sends by an entry in STALE takes it out of that state at once.
    idle_ns = np.where(e["state"][dumped] == "STALE", e["updated_s"][dumped], 0) * _SEC
    since = np.searchsorted(sent, at[dumped] - np.maximum(idle_ns - _SEC, 0))
    idle = since < np.searchsorted(sent, at[dumped])
    ways: dict[int, set[tuple[Address, int]]] = {}
    columns = [e[name][dumped] for name in ("ip_hi", "ip_lo", "mac")]
    for (high, low, mac), part in grouped(np.flatnonzero(~idle), *(c[~idle] for c in columns)):
        if host not in case.first_spoken((high, low), mac):
            for moment in at[dumped[part]].tolist():
                ways.setdefault(moment, set()).add(((high, low), mac))
    return set().union(*(found for found in ways.values() if len(found) == 1))


_SEC = 1_000_000_000


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
        if heard in _known_at(case, host, ip):
            found.append((ip, heard))
            continue
        virtual = _virtual(case, host, ip, wrong)
        if virtual is not None:
            found.append((ip, virtual))
    return found


def _known_at(case: Case, host: int, ip: Address) -> set[int]:
    """MACs at which ARP, ND or the tables of other hosts have an address."""
    e = case.entries
    mine = (e["ip_hi"] == np.uint64(ip[0])) & (e["ip_lo"] == np.uint64(ip[1])) & case.usable
    known = set(case.claims["mac"][case.claims_of(ip)].tolist())
    return known | set(e["mac"][mine & (e["host"] != case.hosts[host])].tolist())


def _virtual(case: Case, host: int, ip: Address, wrong: int) -> int | None:
    """The one virtual MAC of a gateway that ``host`` has at ``wrong``, if others know one."""
    if special_mac(wrong) or is_group_mac(wrong):
        return None
    known = _known_at(case, host, ip) - {wrong, NO_MAC}
    virtual = [mac for mac in known if _stands_in(case, ip, mac)]
    return virtual[0] if len(virtual) == 1 else None


def _stands_in(case: Case, ip: Address, mac: int) -> bool:
    """Whether a gateway's MAC may be a virtual one: such by its number, or one that never speaks
    but as the gateway, and by which a host reached peers from beyond."""
    if special_mac(mac):
        return True
    s = case.sendings
    rows = np.flatnonzero((s["mac"] == mac) & case.came_through & (s["peer_mac"] != mac))
    behind = [case.behind(host, mac) for host in distinct(s["host"][rows]).tolist()]
    return any(told == {ip} and not seen for told, seen in behind)


def _still_claimed(case: Case, ip: Address, wrong: int, rows: Array) -> bool:
    """Two gateways that both speak as the address: not a stale entry."""
    claims = case.claimed(ip, wrong)
    claims = claims[announces(case, claims)]
    return bool((case.claim_time[claims] > case.sendings["time"][rows].min()).any())
