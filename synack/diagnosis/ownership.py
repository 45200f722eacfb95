"""Who had an address when, by everything that says so.

Sources, the strongest first, and why it beats the next (:data:`KINDS`):

====================  =============================================================
own-frames            sent with this source MAC in the capture of the host itself: what was
frames                sent with it in a peer's capture, by hosts that share the link: what
                      passed a router (TTL) or a MAC of many addresses is left out
own-addresses         ``ip addr`` and the like of the host: what its kernel was set to
inventory             a cloud's list of interfaces: what should be, and since when at least
event                 an audit log: what was done, and when; not that it is still so
lease                 a DHCP server's: what was granted; a host may not use it
announced             ARP or ND that the MAC itself sends of its own accord
answered              answers to ARP or ND: maybe a proxy's or a cloud network's
table                 another host's neighbor table: maybe stale itself, so it never ends
                      what others say
====================  =============================================================

Where two contradict each other at one time the stronger one holds; of one kind the later.
A MAC that no inventory knows is what is to be expected of a machine that is gone: its
network interface is deleted with it.
"""

from __future__ import annotations

import numpy as np

from synack.addresses import NO_IP, NO_MAC, Address, is_ipv4
from synack.diagnosis.evidence import Case
from synack.diagnosis.mismatch import PROXY_ADDRESSES, announces
from synack.diagnosis.spells import next_other, spells
from synack.grouping import among, ids_of, representatives
from synack.handshake.clock import on_reference
from synack.handshake.vantage import FIRST_TTLS, named_addresses
from synack.tables import NO_TIME, OTHER_HOST, OWNERSHIP, Array, Table

KINDS = ("own-frames", "frames", "own-addresses", "inventory", "event", "lease", "announced",
         "answered", "table")  # fmt: skip
(OWN_FRAMES, FRAMES, OWN_ADDRESSES, INVENTORY, EVENT, LEASE, ANNOUNCED, ANSWERED,
 TABLE) = range(len(KINDS))  # fmt: skip

_ANY4 = (0, 0xFFFF << 32)
_RECORDED = {"inventory": INVENTORY, "event": EVENT, "lease": LEASE}
_LOCAL = 0xFE80 << 48


def ownership(case: Case, ip: Address | None = None) -> Table:
    """All of :data:`~synack.tables.OWNERSHIP`, or what is known of one address: a row for
    each spell of one MAC by one source, in order of addresses and times."""
    parts = [_sent(case, ip), _claimed(case, ip), _own(case, ip), _recorded(case, ip),
             _tables(case, ip)]  # fmt: skip
    found = Table.concat(OWNERSHIP, parts)
    line = found["ip_hi"], found["ip_lo"]
    ends = (found["kind"] < ANSWERED) & (found["mac"] != NO_MAC)
    until = next_other(found["first"], found["last"], found["mac"], ends, *line)
    found = Table(OWNERSHIP, {**found.columns, "until": until})
    return found.take(np.lexsort((found["kind"], found["first"], *reversed(line))))


def _spelled(
    kind: Array, host: Array, high: Array, low: Array, mac: Array, time: Array
) -> tuple[dict[str, Array], Array]:
    """Spells of records, and the row of the first of each."""
    found = spells(time, mac, kind, host, high, low)
    first = found.begin
    columns = {
        "ip_hi": high[first],
        "ip_lo": low[first],
        "mac": mac[first],
        "first": time[first],
        "last": time[found.end],
        "until": np.full(len(first), NO_TIME),
        "kind": kind[first],
        "name": np.full(len(first), "", object),
        "records": found.records,
    }
    return columns, first


# ---- frames -------------------------------------------------------------------------------


def _sent(case: Case, ip: Address | None) -> Table:
    """Source MACs of TCP segments that have passed no router."""
    s = case.matched.segments
    rows = np.arange(len(s)) if ip is None else case.sent_by(ip)
    good = (s["src_mac"][rows] >= 0) & (s["icmp"][rows] < 0) & (s["time"][rows] != NO_TIME)
    rows = rows[good & np.isin(s["ttl"][rows], FIRST_TTLS)]
    high, low, mac = (s[name][rows] for name in ("src_hi", "src_lo", "src_mac"))
    kind = np.where(_at_home(case, rows), OWN_FRAMES, FRAMES)
    host, time = case.hosts_of(rows), case.time(rows)
    columns, first = _spelled(kind, host, high, low, mac, time)
    files = np.array([file.path for file in case.files], object)
    found = Table(
        OWNERSHIP,
        {
            **columns,
            **_seen_by(case, columns["kind"], host[first]),
            "file": files[s["file"][rows[first]]],
            "frame": s["frame"][rows[first]],
            "line": np.full(len(first), -1),
        },
    )
    return found.take(np.flatnonzero((columns["kind"] == OWN_FRAMES) |
                                     ~_of_many(case, host[first], found, ip)))  # fmt: skip


def _at_home(case: Case, rows: Array) -> Array:
    """Rows of segments that a capturing host itself sent, from an address and MAC of its own
    (bool)."""
    m, s = case.matched, case.matched.segments
    home = np.zeros(len(rows), bool)
    for capture, vantage in enumerate(m.vantages):
        mine = np.flatnonzero(s["capture"][rows] == capture)
        own = np.isin(s["src_mac"][rows[mine]], list(vantage.macs))
        mine = mine[own]
        own = among(vantage.addresses, s["src_hi"][rows[mine]], s["src_lo"][rows[mine]])
        home[mine[own]] = True
    return home


def _of_many(case: Case, host: Array, found: Table, ip: Address | None) -> Array:
    """By spell whether its host hears so many addresses from its MAC that it must be a
    router's (bool)."""
    if ip is not None:
        pairs = zip(host.tolist(), found["mac"].tolist(), strict=True)
        seen = {pair: case.behind(*pair)[1] - {ip} for pair in dict.fromkeys(pairs)}
        many = {
            pair: sum(other[0] != _LOCAL and is_ipv4(*other) == is_ipv4(*ip) for other in others)
            for pair, others in seen.items()
        }
        pairs = zip(host.tolist(), found["mac"].tolist(), strict=True)
        return np.array([many[pair] >= PROXY_ADDRESSES for pair in pairs], bool)
    high, low = found["ip_hi"], found["ip_lo"]
    v4 = (high == 0) & (low >> np.uint64(32) == 0xFFFF)
    ids = ids_of(host, found["mac"], v4)
    each = representatives(ids_of(ids, high, low))
    each = each[high[each] != _LOCAL]
    return (np.bincount(ids[each], minlength=int(ids.max(initial=-1)) + 1) > PROXY_ADDRESSES)[ids]


def _claimed(case: Case, ip: Address | None) -> Table:
    """What ARP and ND say. What a host says of itself in its own capture are its own frames."""
    c, m = case.claims, case.matched
    rows = np.arange(len(c)) if ip is None else case.claims_of(ip)
    good = (c["mac"][rows] != NO_MAC) & (c["time"][rows] != NO_TIME)
    good &= ~among((NO_IP, _ANY4), c["ip_hi"][rows], c["ip_lo"][rows])
    rows = rows[good]
    mac, high, low = (c[name][rows] for name in ("mac", "ip_hi", "ip_lo"))
    itself = c["src_mac"][rows] == mac
    kind = np.where(itself & announces(case, rows), ANNOUNCED, ANSWERED)
    for capture, vantage in enumerate(m.vantages):
        mine = np.flatnonzero(itself & (c["capture"][rows] == capture))
        own = np.isin(mac[mine], list(vantage.macs))
        own &= among(vantage.addresses, high[mine], low[mine])
        kind[mine[own & (c["direction"][rows[mine]] != OTHER_HOST)]] = OWN_FRAMES
    host = case.claim_host[rows]
    columns, first = _spelled(kind, host, high, low, mac, case.claim_time[rows])
    files = np.array([file.path for file in case.files], object)
    return Table(
        OWNERSHIP,
        {
            **columns,
            **_seen_by(case, columns["kind"], host[first]),
            "file": files[c["file"][rows[first]]],
            "frame": c["frame"][rows[first]],
            "line": np.full(len(first), -1),
        },
    )


def _seen_by(case: Case, kind: Array, host: Array) -> dict[str, Array]:
    """Whose capture says so, and, if that is of the host itself, who has the address."""
    names = np.array(case.hosts, object)[host]
    return {"host": names, "name": np.where(kind == OWN_FRAMES, names, "")}


# ---- what hosts say of themselves ---------------------------------------------------------


def _own(case: Case, ip: Address | None) -> Table:
    """``ip addr``, ``ifconfig``; ``ip link`` of a host with one MAC whose name is its address;
    addresses that tables mark as the device's own."""
    own = case.context.own
    rows = np.flatnonzero(own["mac"] != NO_MAC)
    parts = [(own["ip_hi"][rows], own["ip_lo"][rows], own, rows)]
    blank = rows[(own["ip_hi"][rows] == 0) & (own["ip_lo"][rows] == 0)]
    for host in dict.fromkeys(own["host"][blank].tolist()):
        mine = rows[own["host"][rows] == host]
        spelled = sorted(named_addresses(host))
        if len(set(own["mac"][mine].tolist())) == 1 and len(spelled) == 1:
            high, low = (np.full(1, half, np.uint64) for half in spelled[0])
            parts.append((high, low, own, mine[:1]))
    e = case.entries
    marked = np.array(["own" in flags.split() for flags in e["flags"].tolist()], bool)
    rows = np.flatnonzero(marked & (e["mac"] != NO_MAC))
    parts.append((e["ip_hi"][rows], e["ip_lo"][rows], e, rows))
    return Table.concat(OWNERSHIP, [_printed(case, OWN_ADDRESSES, ip, *part) for part in parts])


def _tables(case: Case, ip: Address | None) -> Table:
    """Other hosts' neighbor tables, and what an observer of ARP (arpwatch) noted."""
    e = case.entries
    heard = np.array(["heard" in flags.split() for flags in e["flags"].tolist()], bool)
    rows = np.flatnonzero((case.usable | (heard & (e["mac"] != NO_MAC))) & ~case.misplaced)
    return _printed(case, TABLE, ip, e["ip_hi"][rows], e["ip_lo"][rows], e, rows)


def _printed(
    case: Case, kind: int, ip: Address | None, high: Array, low: Array, table: Table, rows: Array
) -> Table:
    """Spells of ``rows`` of a table with columns host, mac, at, file and line."""
    wanted = (high != 0) | (low != 0)
    if ip is not None:
        wanted = (high == ip[0]) & (low == ip[1])
    high, low, rows = high[wanted], low[wanted], rows[wanted]
    hosts = table["host"][rows]
    names = {name: number for number, name in enumerate(dict.fromkeys(hosts.tolist()))}
    number = np.array([names[name] for name in hosts.tolist()], np.int64)
    at = table["at"][rows]
    if "at_weak" in table.columns:
        at = np.where(table["at_weak"][rows], NO_TIME, at)
    captured = {name: row for row, name in enumerate(case.hosts)}
    host = np.array([captured.get(name, -1) for name in hosts.tolist()], np.int64)
    time = on_reference(case.clocks, host, at)
    kinds = np.full(len(rows), kind)
    columns, first = _spelled(kinds, number, high, low, table["mac"][rows], time)
    return Table(
        OWNERSHIP,
        {
            **columns,
            "host": hosts[first],
            "name": hosts[first] if kind == OWN_ADDRESSES else columns["name"],
            "file": table["file"][rows[first]],
            "frame": np.full(len(first), -1),
            "line": table["line"][rows[first]],
        },
    )


# ---- inventories --------------------------------------------------------------------------


def _recorded(case: Case, ip: Address | None) -> Table:
    """Inventories, audit logs and leases. Their times are those of the world, which the
    reference clock is taken to show. An entry without an end held when it was asked for;
    a lease that has not ended, too."""
    o = case.context.owners
    rows = np.arange(len(o))
    if ip is not None:
        rows = np.flatnonzero((o["ip_hi"] == ip[0]) & (o["ip_lo"] == ip[1]))
    o = o.take(rows)
    since, until, at = o["from_ns"], o["until_ns"], o["at"]
    last = np.where(until == NO_TIME, at, until)
    both = (until != NO_TIME) & (at != NO_TIME)
    last = np.where(both, np.minimum(until, at), last)
    last = np.where(last == NO_TIME, since, np.maximum(last, since))
    return Table(
        OWNERSHIP,
        {
            **{name: o[name] for name in ("ip_hi", "ip_lo", "mac", "name", "file", "line")},
            "first": np.where(since == NO_TIME, last, since),
            "last": last,
            "until": np.full(len(o), NO_TIME),
            "kind": np.array([_RECORDED[kind] for kind in o["kind"].tolist()], np.uint8),
            "host": np.full(len(o), "", object),
            "records": np.ones(len(o), np.int64),
            "frame": np.full(len(o), -1),
        },
    )
