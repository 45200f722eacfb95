"""Neighbor tables without handshakes: entries that contradict what else is known of the owner.

What should be (own addresses, inventories, audit logs, leases) beats a table; where none
knows an address, two tables that contradict each other are told apart by their ages alone.
No failing handshake was seen: so nothing here is more than `possible`. Innocent, and left
out or said, are entries

- of another time: what a text says of an hour ago, or of a machine that came after the
  table was taken, is not held against it (:data:`NEAR_NS`);
- that came after what contradicts them: a MAC that an entry got after it had the owner's, or
  that is first seen after the owner's own addresses were listed, is no old one: the
  address moved on, or two machines have it. Nor is one that gave way to the MAC of a machine
  that only itself says that it has the address: two that have it announce it in turn;
- with a virtual router's MAC, or one that stands for many addresses (a router, a proxy);
- with another MAC of the owner's own (a bond, a second interface);
- that somebody set for good (PERMANENT): without a handshake nothing tells whether by intent;
- on bridges of containers and of virtual machines, and link-local addresses: every host has
  the same ones, of machines of its own;
- without a usable MAC (FAILED, INCOMPLETE), of the host itself, or of a proxy.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synack.addresses import NO_IP, NO_MAC, Address, format_mac, is_group_mac, is_ipv4, special_mac
from synack.diagnosis.documents import EVENT, INVENTORY, LEASE, OWN_ADDRESSES
from synack.diagnosis.evidence import Case, text_of
from synack.diagnosis.history import FIXED_STATES
from synack.diagnosis.mismatch import CLOUD_SLACK_NS, PROXY_ADDRESSES, recorded_since
from synack.diagnosis.owners import aged, moment, old_owner, says_owner
from synack.grouping import distinct_rows
from synack.model import Evidence, Finding, Source
from synack.tables import NO_TIME, Array, Table

_SEC = 1_000_000_000
NEAR_NS = 600 * _SEC
"""What is said of times farther apart than this is not compared: the address may have moved."""
FRESHER_NS = 60 * _SEC
"""A confirmation is the later one if it is so much later: a new entry that was never confirmed
shows one of 60 s ago (neigh_create(): 2 x base_reachable_time)."""
_CONTAINERS = re.compile(
    r"(?:docker|br-[0-9a-f]{12}|cni|cali|veth|virbr|vnet|lxc|lxd|flannel|podman|cilium|weave|tap)"
)
_NAMED = 5
"""So many contradictions that nothing decides are named."""


@dataclass
class Audit:
    """What came of it: findings, and in words what was compared and what could not be."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Entry:
    """One spell of an entry: what ``host`` had ``ip`` at, and when."""

    host: str
    interface: str
    ip: Address
    mac: int
    state: str
    first: int
    last: int
    until: int
    next_mac: int
    certain: bool
    source: Source
    rows: tuple[int, ...]
    """Rows of entries: of the host about that address with that MAC, at that time."""
    macs: tuple[int, ...]
    """Of all spells of the host about the address, in order of time."""


AGREE, STALE, DUPLICATE, UNKNOWN, APART, NEWER, CORRECTED, MANY, SAME, FIXED = range(10)


def audit(case: Case) -> Audit:
    """Compare all entries with all that is known of owners, and with each other."""
    result, counts = Audit(), Counter[int]()
    unknown = []
    for entry in _spells(case):
        verdict, document = _judge(case, entry)
        counts[verdict] += 1
        if verdict == UNKNOWN:
            unknown.append(entry)
        elif document is not None:
            result.findings.append(_finding(case, entry, verdict, document))
    found, undecided = _against_each_other(case, unknown)
    result.findings += found
    result.findings.sort(key=lambda f: (f.kind, f.host, f.ip, f.first or 0))
    result.notes = [*_compared(counts), *undecided]
    return result


def _compared(counts: Counter[int]) -> list[str]:
    if not counts:
        return []
    words = {
        AGREE: "in agreement with what is known of the owner",
        STALE: "in contradiction to it",
        DUPLICATE: "of an address that two hosts have",
        UNKNOWN: "of an address that nothing else knows",
        APART: "of another time than what is known of the owner, or of none",
        NEWER: "with a MAC that came after the owner's: moved on, or two machines have the address",
        CORRECTED: "that has the owner's MAC since: it was wrong, or two machines have the address",
        MANY: "with a MAC that stands for many addresses, as a router's or a proxy's",
        SAME: "with another MAC of the owner's",
        FIXED: "set to another MAC than the owner's for good, by intent (a relay) or forgotten",
    }
    total = counts.total()
    parts = [f"{counts[verdict]} {text}" for verdict, text in words.items() if counts[verdict]]
    entries = "entry" if total == 1 else "entries"
    return [f"{total} {entries} of neighbor tables compared, without any handshake: "
            + ", ".join(parts)]  # fmt: skip


# ---- entries ------------------------------------------------------------------------------


def _spells(case: Case) -> Iterator[_Entry]:
    """Spells of usable entries that can be compared."""
    h = case.history
    order = np.lexsort((h["first"], h["ip_lo"], h["ip_hi"], h["interface"].astype(str),
                        h["host"].astype(str)))  # fmt: skip
    h = h.take(order)
    own = _own(case)
    rows = list(h.rows())
    macs: dict[tuple[object, ...], list[int]] = {}
    for row in rows:
        macs.setdefault(_line(row), []).append(row["mac"])
    for at, row in enumerate(rows):
        ip = (row["ip_hi"], row["ip_lo"])
        mac, host = row["mac"], row["host"]
        if mac == NO_MAC or special_mac(mac) or is_group_mac(mac) or _local(ip):
            continue
        if _CONTAINERS.match(row["interface"]) or (host, ip) in own:
            continue
        after = rows[at + 1] if at + 1 < len(rows) else None
        same = after is not None and _line(after) == _line(row)
        yield _Entry(
            host, row["interface"], ip, mac, row["state"], row["first"], row["last"], row["until"],
            after["mac"] if same and after is not None else NO_MAC, row["certain"],
            Source(row["file"], line=row["line"] if row["line"] > 0 else None),
            _rows_of(case, row),
            tuple(macs[_line(row)]),
        )  # fmt: skip


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    return tuple(row[name] for name in ("host", "interface", "ip_hi", "ip_lo"))


def _local(ip: Address) -> bool:
    """Link-local, of IPv6 or IPv4 (RFC 3927)."""
    return ip[0] >> 54 == 0xFE80 >> 6 or (is_ipv4(*ip) and ip[1] >> 16 & 0xFFFF == 0xA9FE)


def _own(case: Case) -> set[tuple[str, Address]]:
    """Hosts with their own addresses."""
    d = case.documents
    mine = np.flatnonzero(d["kind"] == OWN_ADDRESSES)
    columns = (d[name][mine].tolist() for name in ("host", "ip_hi", "ip_lo"))
    return {(host, (high, low)) for host, high, low in zip(*columns, strict=True)}


def _rows_of(case: Case, spell: dict[str, Any]) -> tuple[int, ...]:
    rows = case.table_at(spell["host"], (spell["ip_hi"], spell["ip_lo"]))
    e, time = case.entries, case.entry_time[rows]
    mine = case.usable[rows] & (e["mac"][rows] == spell["mac"])
    mine &= case.entry_certain[rows] == spell["certain"]
    if spell["certain"]:
        mine &= (time >= spell["first"]) & (time <= spell["last"])
    return tuple(rows[mine].tolist())


# ---- against what is known of the owner ---------------------------------------------------


def _judge(case: Case, entry: _Entry) -> tuple[int, int | None]:
    """What becomes of an entry, and the document that contradicts it, if it does."""
    d, rows = case.documents, case.documented(entry.ip)
    rows = rows[(d["kind"][rows] <= LEASE) & (d["mac"][rows] != NO_MAC)]
    if not len(rows):
        return UNKNOWN, None
    if entry.last == NO_TIME or not len(rows := rows[_comparable(d, rows, entry)]):
        return APART, None
    rows = rows[d["kind"][rows] == d["kind"][rows].min()]
    if d["kind"][rows[0]] != OWN_ADDRESSES:  # what was given last holds
        rows = rows[d["first"][rows] == d["first"][rows].max()]
    right = rows[d["mac"][rows] != entry.mac]
    if not len(right):
        return AGREE, None
    row = int(right[0])
    if entry.mac in _macs_of(case, row):
        return SAME, None
    if len(right) < len(rows):
        # Two hosts have the address themselves; two rows of an inventory are of two networks.
        return (DUPLICATE, row) if d["kind"][row] == OWN_ADDRESSES else (AGREE, None)
    if special_mac(int(d["mac"][row])):
        return AGREE, None
    if len(_at(case, entry.host, entry.mac) - {entry.ip}) >= PROXY_ADDRESSES:
        return MANY, None
    if _newer(case, entry, row):
        return NEWER, None
    if d["kind"][row] == OWN_ADDRESSES and entry.next_mac == d["mac"][row]:
        return CORRECTED, None
    return (FIXED, None) if _fixed(case, entry) else (STALE, row)


def _fixed(case: Case, entry: _Entry) -> bool:
    """Whether somebody set the entry, and ARP never changes it: who did so may have meant it. Not
    if its MAC is gone, as far as an inventory or audit log tells."""
    d = case.documents
    listed = d["mac"][np.isin(d["kind"], (INVENTORY, EVENT))]
    if len(listed) and not (listed == entry.mac).any():
        return False
    states, flags = (case.entries[name][[*entry.rows]] for name in ("state", "flags"))
    words = [word for text in (*states, *flags) for word in text.replace("|", " ").split()]
    return not FIXED_STATES.isdisjoint([entry.state, *words])


def _newer(case: Case, entry: _Entry, row: int) -> bool:
    """Whether the entry got its MAC after it had the owner's, or nothing shows it before the
    owner's own addresses were listed: neither a dump nor its age."""
    d, right = case.documents, int(case.documents["mac"][row])
    last = len(entry.macs) - 1 - entry.macs[::-1].index(entry.mac)
    if right in entry.macs[:last]:
        return True
    e, rows = case.entries, np.array(entry.rows, np.int64)
    rows = rows[e["updated_s"][rows] >= 0]
    changed = case.entry_time[rows] - e["updated_s"][rows] * _SEC
    known = int(changed.min(initial=entry.first))
    told = int(d["first"][row])
    listed = d["kind"][row] == OWN_ADDRESSES and told != NO_TIME
    return bool(listed and known > told + CLOUD_SLACK_NS)


def _comparable(d: Table, rows: Array, entry: _Entry) -> Array:
    """Whether each document may be held against the entry (bool): it was given before the
    entry was last seen, and had not ended long before; dumps were taken near it. What has no
    time is taken to be of the incident."""
    kind, first, last = (d[name][rows] for name in ("kind", "first", "last"))
    dumped = kind == OWN_ADDRESSES
    given = dumped | (first == NO_TIME) | (first <= entry.last - CLOUD_SLACK_NS)
    # An inventory that does not say when it was asked tells since when alone.
    open_end = (last == NO_TIME) | ((kind == INVENTORY) & (first == last))
    held = open_end | (last >= entry.first - NEAR_NS)
    near = ~dumped | (first == NO_TIME) | (first <= entry.last + NEAR_NS)
    # An entry that had changed before the dump may have been right until then.
    if entry.until != NO_TIME:
        near &= ~dumped | (first < entry.until)
    return given & held & near


def _macs_of(case: Case, row: int) -> set[int]:
    """All MACs of the machine that a document names as the owner."""
    d, own = case.documents, case.context.own
    name = d["name"][row]
    mine = set(own["mac"][own["host"] == name].tolist()) if name else set()
    if name:
        mine |= set(d["mac"][(d["name"] == name) & (d["kind"] <= LEASE)].tolist())
    return mine - {NO_MAC}


def _at(case: Case, host: str, mac: int) -> set[Address]:
    """Addresses that a host's tables have at ``mac``."""
    e = case.entries
    rows = np.flatnonzero((e["mac"] == mac) & (e["host"] == host) & case.usable)
    return {ip for ip in distinct_rows(e["ip_hi"][rows], e["ip_lo"][rows]) if ip != NO_IP}  # type: ignore[misc]


# ---- findings -----------------------------------------------------------------------------


def _finding(case: Case, entry: _Entry, verdict: int, row: int) -> Finding:
    d = case.documents
    right = int(d["mac"][row])
    evidence = [_shown(entry), says_owner(case, row)]
    if verdict == DUPLICATE:
        rows = case.documented(entry.ip)
        other = rows[(d["kind"][rows] == OWN_ADDRESSES) & (d["mac"][rows] == entry.mac)]
        evidence.append(says_owner(case, int(other[0])))
        return _of(case, entry, "duplicate-address", right, evidence)
    evidence += old_owner(case, entry.ip, entry.mac, right)
    born = recorded_since(case, entry.ip, right)
    if born is not None and entry.certain:
        table = np.array(entry.rows, np.int64)
        evidence += aged(case, entry.host, right, born, table, CLOUD_SLACK_NS)
    return _of(case, entry, "stale-neighbor", right, evidence)


def _shown(entry: _Entry) -> Evidence:
    says = f"{entry.host or 'a'}{chr(39) + 's' if entry.host else ''} neighbor table has"
    says += f" {text_of(entry.ip)} at {format_mac(entry.mac)}"
    says += f" ({entry.state})" if entry.state else ""
    if not entry.certain:
        says += "; when it was taken is known only by the file's own time"
    return Evidence("table-entry", says, (entry.source,))


def _of(case: Case, entry: _Entry, kind: str, right: int, evidence: list[Evidence]) -> Finding:
    ip, wrong, mac = text_of(entry.ip), format_mac(entry.mac), format_mac(right)
    where = " ".join(filter(None, [entry.host, entry.interface]))
    what = f"the gateway {ip}" if (gateway := _is_gateway(case, entry)) else ip
    summaries = {
        "stale-neighbor": f"{where}: {what} is cached as {wrong}, but it should be {mac}."
        " Whether anything fails because of it was not captured.",
        "duplicate-address": f"{ip} is an address of two machines at once, {mac} and {wrong}:"
        f" {where} has the second.",
    }
    unseen = "no handshake is among the files: nothing shows that something was sent there, or lost"
    now = {
        "stale-neighbor": f"ip neigh del {ip}"
        + _dev(entry)
        + f"   # on {entry.host or 'the host'}:"
        " harmless, the next packet asks anew",
        "duplicate-address": f"find the machines with {wrong} and {mac}, and take {ip} from one",
    }
    healed = entry.until if entry.until != NO_TIME and entry.next_mac == right else None
    return Finding(
        kind=kind,
        confidence="possible",
        host=entry.host,
        interface=entry.interface,
        ip=ip,
        stale_mac=wrong,
        actual_mac=mac,
        next_hop="gateway" if gateway else "host",
        first=None if entry.first == NO_TIME else entry.first,
        last=None if entry.last == NO_TIME else entry.last,
        healed=healed,
        summary=summaries[kind],
        evidence=[*evidence, Evidence("no-handshake-seen", unseen)],
        remedy=[
            now[kind],
            f"arping -c 3 -I {entry.interface or 'INTERFACE'} {ip}   # who answers?",
        ],
    )


def _dev(entry: _Entry) -> str:
    return f" dev {entry.interface}" if entry.interface else ""


def _is_gateway(case: Case, entry: _Entry) -> bool:
    """Whether a route of the host goes over the address."""
    r = case.context.routes
    via = (r["via_hi"] == np.uint64(entry.ip[0])) & (r["via_lo"] == np.uint64(entry.ip[1]))
    return bool((via & (r["host"] == entry.host)).any())


# ---- tables against each other ------------------------------------------------------------


def _against_each_other(case: Case, entries: list[_Entry]) -> tuple[list[Finding], list[str]]:
    """Entries of one address with different MACs in tables of different hosts at one time. Only
    a confirmation that is clearly the later one tells which of them holds."""
    by_ip: dict[Address, list[_Entry]] = {}
    for entry in entries:
        if entry.until == NO_TIME:  # the last that its host is known to have had
            by_ip.setdefault(entry.ip, []).append(entry)
    found, undecided = [], []
    for ip, mine in sorted(by_ip.items()):
        for entry in mine:
            others = [o for o in mine if o.host != entry.host and o.mac != entry.mac
                      and _near(o, entry) and not _alike(o, entry)]  # fmt: skip
            if not others or len(_at(case, entry.host, entry.mac) - {ip}) >= PROXY_ADDRESSES:
                continue
            better = [o for o in others if _fresher(case, o, entry)]
            if better:
                found.append(_by_ages(case, entry, better[0]))
            elif entry.host < others[0].host and not _fresher(case, entry, others[0]):
                undecided.append(_undecided(entry, others[0]))
    if len(undecided) > _NAMED:
        undecided[_NAMED:] = [f"{len(undecided) - _NAMED} more addresses with two MACs"]
    return found, undecided


def _near(one: _Entry, other: _Entry) -> bool:
    return one.first <= other.last + NEAR_NS and other.first <= one.last + NEAR_NS


def _alike(one: _Entry, other: _Entry) -> bool:
    """MACs with one beginning are often of one machine: a bond may answer each host with
    another of them (balance-alb)."""
    return one.mac >> 8 == other.mac >> 8


def _confirmed(case: Case, entry: _Entry) -> int | None:
    """When the entry was last confirmed, by its last row that says so (ns)."""
    e = case.entries
    told = [row for row in entry.rows if e["confirmed_s"][row] >= 0]
    if not told:
        return None
    return int(case.entry_time[told[-1]]) - int(e["confirmed_s"][told[-1]]) * _SEC


def _fresher(case: Case, one: _Entry, other: _Entry) -> bool:
    """Whether ``one`` was confirmed while REACHABLE, and ``other`` clearly before that."""
    mine, theirs = _confirmed(case, one), _confirmed(case, other)
    if mine is None or theirs is None or not (one.certain and other.certain):
        return False
    return one.state == "REACHABLE" and theirs + FRESHER_NS + CLOUD_SLACK_NS < mine


def _by_ages(case: Case, entry: _Entry, better: _Entry) -> Finding:
    mine, theirs = _confirmed(case, entry), _confirmed(case, better)
    says = (
        f"{better.host} has it at {format_mac(better.mac)}, confirmed at {moment(theirs or 0)};"
        f" {entry.host}'s entry was last confirmed at {moment(mine or 0)}. Ages tell only who was"
        " answered last: a wrong entry may be confirmed, too"
    )
    evidence = [_shown(entry), _shown(better), Evidence("confirmed-later", says, (better.source,))]
    return _of(case, entry, "stale-neighbor", better.mac, evidence)


def _undecided(one: _Entry, other: _Entry) -> str:
    return (
        f"{text_of(one.ip)} is at {format_mac(one.mac)} for {one.host} ({one.source}), at"
        f" {format_mac(other.mac)} for {other.host} ({other.source}): one entry is wrong, or two"
        " machines have the address, or one answers with two MACs; nothing here tells which"
    )
