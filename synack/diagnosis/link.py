"""Whether a peer is a neighbor of a host itself, or behind a router.

What the host does is best: an entry for the peer in its table, a question of its own who has
the address, an announcement that it hears. Then what it is set to do: its routes (the
longest prefix, as the kernel chooses), the prefixes of its own addresses, the subnets of an
inventory; these may also say that a router is between. At last the MACs of frames: those that
arrive with the MAC that they left with have passed none.
"""

from __future__ import annotations

import re

import numpy as np

from synack.addresses import NO_IP, NO_MAC, Address, format_mac, is_ipv4
from synack.diagnosis.evidence import Case, text_of
from synack.model import Evidence
from synack.tables import Array, Table

_SUBNET = re.compile(r"\bsubnet-[0-9a-z]{1,40}\b")
_SET = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


def on_link(case: Case, host: int, ip: Address, wrong: int, right: int) -> Evidence | None:
    """Why ``ip`` is a neighbor of ``host`` itself and not behind a router."""
    name, address = case.hosts[host], text_of(ip)
    route = case.context.route(name, ip)
    if route is not None and route[0] is not None:
        return None  # Whatever its table has: it sends by a gateway.
    rows = case.table_of(host, ip)
    # An entry with a third MAC is of another place: a dump under the wrong name, say.
    rows = rows[np.isin(case.entries["mac"][rows], (wrong, right, NO_MAC))]
    if len(rows):
        says = f"{name}'s neighbor table has an entry for {address}: it is on its own link"
        return Evidence("on-link", says, (case.entry(rows[0]),))
    asked = case.asked_by(host, ip)
    if len(asked):
        says = f"{name} itself asks who has {address}: it is on its own link"
        return Evidence("on-link", says, (case.claim(asked[0]),))
    here = case.claimed(ip, right)
    here = here[case.claim_host[here] == host]
    if len(here):
        says = f"{address} announces {format_mac(right)} on {name}'s own link"
        return Evidence("on-link", says, (case.claim(here[0]),))
    for told in (_by_route(case, host, ip), _by_prefix(case, host, ip), _by_subnet(case, host, ip)):
        if told is not None:
            direct, says, table, row = told
            return Evidence("on-link", says, (case.context.where(table, row),)) if direct else None
    return _no_router_between(case, host, ip)


_Told = tuple[bool, str, Table, int]
"""Whether the peer is on the link, in words if so, and the row that says it."""


def _by_route(case: Case, host: int, ip: Address) -> _Told | None:
    """By the route with the longest prefix; the kernel's own answer (``ip route get``) before."""
    r, name = case.context.routes, case.hosts[host]
    rows = np.flatnonzero(r["host"] == name)
    if not len(rows):
        return None
    rows = rows[np.isin(r["type"][rows], ("unicast", "get"))]
    rows = rows[_covers(r["to_hi"][rows], r["to_lo"][rows], r["prefix"][rows], ip)]
    if not len(rows):
        return None
    known = [(r["type"][row] != "get", -int(r["prefix"][row]), int(r["metric"][row]), row)
             for row in rows.tolist()]  # fmt: skip
    row = int(min(known)[-1])
    direct = (int(r["via_hi"][row]), int(r["via_lo"][row])) == NO_IP
    says = f"{name} has a route to {text_of(ip)} without a gateway: it is on its own link"
    return direct, says, r, row


def _by_prefix(case: Case, host: int, ip: Address) -> _Told | None:
    """By the prefix of one of its own addresses; that none covers the peer tells nothing."""
    o, name = case.context.own, case.hosts[host]
    rows = np.flatnonzero((o["host"] == name) & (o["prefix"] >= 0))
    if not len(rows):
        return None
    rows = rows[_covers(o["ip_hi"][rows], o["ip_lo"][rows], o["prefix"][rows], ip)]
    if not len(rows):
        return None
    row = int(rows[0])
    own = text_of((int(o["ip_hi"][row]), int(o["ip_lo"][row])))
    says = f"{text_of(ip)} is in the network of {name}'s {own}/{int(o['prefix'][row])}"
    return True, says, o, row


def _by_subnet(case: Case, host: int, ip: Address) -> _Told | None:
    """By the subnets that an inventory has both in."""
    theirs = _subnets(case, [ip])
    ours = _subnets(case, sorted(case.own_addresses.get(host, set())))
    if not theirs or not ours:
        return None
    both = sorted(theirs.keys() & ours.keys())
    says = f"the inventory has {case.hosts[host]} and {text_of(ip)} in one subnet"
    row = theirs[both[0]] if both else next(iter(theirs.values()))
    return bool(both), says + (f", {both[0]}" if both else ""), case.context.owners, row


def _subnets(case: Case, addresses: list[Address]) -> dict[str, int]:
    """Subnets that these addresses are in, with a row of owners each."""
    o = case.context.owners
    found: dict[str, int] = {}
    for high, low in addresses if len(o) else ():
        mine = np.flatnonzero((o["ip_hi"] == np.uint64(high)) & (o["ip_lo"] == np.uint64(low)))
        for row in mine.tolist():
            for subnet in _SUBNET.findall(o["says"][row]):
                found.setdefault(subnet, row)
    return found


def _covers(high: Array, low: Array, prefix: Array, ip: Address) -> Array:
    """Whether each network holds ``ip`` (bool)."""
    four = (high == 0) & (low >> np.uint64(32) == 0xFFFF)
    bits = np.where(four, prefix + 96, prefix)
    masks = [_mask(np.clip(bits - begin, 0, 64)) for begin in (0, 64)]
    same = (high ^ np.uint64(ip[0])) & masks[0] | (low ^ np.uint64(ip[1])) & masks[1]
    return (same == 0) & (four == is_ipv4(*ip))


def _mask(bits: Array) -> Array:
    """The upper ``bits`` (0 to 64) of 64."""
    shift = (64 - np.maximum(bits, 1)).astype(np.uint64)
    return np.where(bits == 0, np.uint64(0), _SET << shift)


def _no_router_between(case: Case, host: int, ip: Address) -> Evidence | None:
    """Frames of one reach the other's capture with the MAC that they left with."""
    name, address, home = case.hosts[host], text_of(ip), case.homes.get(ip)
    if home is not None and host in case.first_spoken(ip, home[0]):
        says = f"frames of {address} reach {name} with the MAC they left with: no router between"
        return Evidence("on-link", says, (case.frame(home[1]),))
    there = [other for other, own in case.own_addresses.items() if ip in own and other != host]
    for own in sorted(case.own_addresses.get(host, set())):
        for mac in sorted(case.own_macs.get(host, set())):
            rows = [row for at, row in case.first_spoken(own, mac).items() if at in there]
            claims = case.claimed(own, mac)
            claims = claims[np.isin(case.claim_host[claims], there)]
            if rows or len(claims):
                source = case.frame(min(rows)) if rows else case.claim(claims[0])
                says = f"frames of {name} reach {address} with the MAC they left with: no router"
                return Evidence("on-link", f"{says} between", (source,))
    return None
