"""Who had which address when, by texts: what hosts, clouds, DHCP servers and tables say.

What captures show is in :mod:`synack.diagnosis.ownership`, which says how these rank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synack.addresses import NO_MAC
from synack.diagnosis.spells import spells
from synack.handshake.clock import on_reference
from synack.handshake.vantage import named_addresses
from synack.tables import NO_TIME, OWNERSHIP, Array, Table

if TYPE_CHECKING:
    from synack.diagnosis.observed.everything import Observed

KINDS = ("own-frames", "frames", "own-addresses", "inventory", "event", "lease", "announced",
         "answered", "table")  # fmt: skip
"""What says who has an address, the strongest first."""
(OWN_FRAMES, FRAMES, OWN_ADDRESSES, INVENTORY, EVENT, LEASE, ANNOUNCED, ANSWERED,
 TABLE) = range(len(KINDS))  # fmt: skip

_RECORDED = {"inventory": INVENTORY, "event": EVENT, "lease": LEASE}


def documents(case: Observed) -> Table:
    """All of :data:`~synack.tables.OWNERSHIP` that texts say; ``until`` is left open."""
    return Table.concat(OWNERSHIP, [*_own(case), _recorded(case), _tables(case)])


def spelled(
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


def _own(case: Observed) -> list[Table]:
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
    return [_printed(case, OWN_ADDRESSES, *part) for part in parts]


def _tables(case: Observed) -> Table:
    """Other hosts' neighbor tables, and what an observer of ARP (arpwatch) noted."""
    e = case.entries
    heard = np.array(["heard" in flags.split() for flags in e["flags"].tolist()], bool)
    rows = np.flatnonzero((case.usable | (heard & (e["mac"] != NO_MAC))) & ~case.misplaced)
    return _printed(case, TABLE, e["ip_hi"][rows], e["ip_lo"][rows], e, rows)


def _printed(
    case: Observed, kind: int, high: Array, low: Array, table: Table, rows: Array
) -> Table:
    """Spells of ``rows`` of a table with columns host, mac, at, file and line."""
    wanted = (high != 0) | (low != 0)
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
    columns, first = spelled(kinds, number, high, low, table["mac"][rows], time)
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


def _recorded(case: Observed) -> Table:
    """Inventories, audit logs and leases. Their times are those of the world, which the
    reference clock is taken to show. An entry without an end held when it was asked for;
    a lease that has not ended, too. An address of an interface that is attached to nothing
    (``available``) is nobody's."""
    o = case.context.owners
    idle = [
        kind == "inventory" and since == NO_TIME and "available" in says.split()
        for kind, since, says in zip(
            *(o[name].tolist() for name in ("kind", "from_ns", "says")), strict=True
        )
    ]
    o = o.take(~np.array(idle, bool))
    since, until, at = o["from_ns"], o["until_ns"], o["at"]
    asked = np.where((at != NO_TIME) & ((until == NO_TIME) | (at < until)), at, until)
    first = np.where(since != NO_TIME, since, np.where(asked == at, at, NO_TIME))
    last = np.where(asked == NO_TIME, since, np.maximum(asked, since))
    return Table(
        OWNERSHIP,
        {
            **{name: o[name] for name in ("ip_hi", "ip_lo", "mac", "name", "file", "line")},
            "first": first,
            "last": last,
            "until": np.full(len(o), NO_TIME),
            "kind": np.array([_RECORDED[kind] for kind in o["kind"].tolist()], np.uint8),
            "host": np.full(len(o), "", object),
            "records": np.ones(len(o), np.int64),
            "frame": np.full(len(o), -1),
        },
    )
