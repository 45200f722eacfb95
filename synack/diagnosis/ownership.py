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

from synack.addresses import NO_IP, NO_MAC
from synack.diagnosis.documents import ANNOUNCED, ANSWERED, FRAMES, KINDS, OWN_FRAMES, spelled
from synack.diagnosis.evidence import Case
from synack.diagnosis.mismatch import PROXY_ADDRESSES, announces
from synack.diagnosis.spells import next_other
from synack.grouping import among, firsts, ids_of
from synack.handshake.vantage import FIRST_TTLS
from synack.tables import NO_TIME, OTHER_HOST, OWNERSHIP, Array, Table

__all__ = ["KINDS", "ownership"]

_ANY4 = (0, 0xFFFF << 32)
_LOCAL = 0xFE80 << 48


def ownership(case: Case) -> Table:
    """All of :data:`~synack.tables.OWNERSHIP`: a row for each spell of one MAC by one source,
    in order of addresses and times."""
    found = Table.concat(OWNERSHIP, [_sent(case), _claimed(case), case.documents])
    line = found["ip_hi"], found["ip_lo"]
    ends = (found["kind"] < ANSWERED) & (found["mac"] != NO_MAC)
    until = next_other(found["first"], found["last"], found["mac"], ends, *line)
    found = Table(OWNERSHIP, {**found.columns, "until": until})
    return found.take(np.lexsort((found["kind"], found["first"], *reversed(line))))


def _sent(case: Case) -> Table:
    """Source MACs of TCP segments that have passed no router."""
    s = case.matched.segments
    good = (s["src_mac"] >= 0) & (s["icmp"] < 0) & (s["time"] != NO_TIME)
    rows = np.flatnonzero(good & np.isin(s["ttl"], FIRST_TTLS))
    high, low, mac = (s[name][rows] for name in ("src_hi", "src_lo", "src_mac"))
    kind = np.where(_at_home(case, rows), OWN_FRAMES, FRAMES)
    host, time = case.hosts_of(rows), case.time(rows)
    columns, first = spelled(kind, host, high, low, mac, time)
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
                                     ~_of_many(host[first], found)))  # fmt: skip


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


def _of_many(host: Array, found: Table) -> Array:
    """By spell whether its host hears so many addresses from its MAC that it must be a
    router's (bool)."""
    high, low = found["ip_hi"], found["ip_lo"]
    v4 = (high == 0) & (low >> np.uint64(32) == 0xFFFF)
    ids = ids_of(host, found["mac"], v4)
    each = firsts(ids, high, low)
    each = each[high[each] != _LOCAL]
    return (np.bincount(ids[each], minlength=int(ids.max(initial=-1)) + 1) > PROXY_ADDRESSES)[ids]


def _claimed(case: Case) -> Table:
    """What ARP and ND say. What a host says of itself in its own capture are its own frames."""
    c, m = case.claims, case.matched
    good = (c["mac"] != NO_MAC) & (c["time"] != NO_TIME)
    rows = np.flatnonzero(good & ~among((NO_IP, _ANY4), c["ip_hi"], c["ip_lo"]))
    mac, high, low = (c[name][rows] for name in ("mac", "ip_hi", "ip_lo"))
    itself = c["src_mac"][rows] == mac
    kind = np.where(itself & announces(case, rows), ANNOUNCED, ANSWERED)
    for capture, vantage in enumerate(m.vantages):
        mine = np.flatnonzero(itself & (c["capture"][rows] == capture))
        own = np.isin(mac[mine], list(vantage.macs))
        own &= among(vantage.addresses, high[mine], low[mine])
        kind[mine[own & (c["direction"][rows[mine]] != OTHER_HOST)]] = OWN_FRAMES
    host = case.claim_host[rows]
    columns, first = spelled(kind, host, high, low, mac, case.claim_time[rows])
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
