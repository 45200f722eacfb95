"""What each host's neighbor entries said when: tables, monitor events and ARP on one time line.

A line of a table says what was so at its moment; an event of a monitor that it changed then;
an ARP or ND frame what the host must have learned from it (:mod:`synack.diagnosis.learned`).
Between two records that differ nobody knows when it changed, but between two events of one
monitor: the kernel reports every change of a MAC (neigh_update_notify()), so the entry
stayed as it was until the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synack.addresses import NO_MAC
from synack.diagnosis.learned import learned
from synack.diagnosis.spells import next_other, spells
from synack.grouping import ids_of
from synack.neighbors.timeline import NOT_USED
from synack.tables import HISTORY, NO_TIME, Array, Schema, Table

if TYPE_CHECKING:
    from synack.diagnosis.observed.everything import Observed

KINDS = ("table", "monitor", "arp")
TABLE, MONITOR, ARP = range(3)

_NO_ENTRY = (NOT_USED - {"deleted"}) | {"miss"}
"""Flags of rows that say nothing of an entry of this host."""

_RECORDS = Schema("records", *(tuple(c) for c in HISTORY.columns if c.name not in
                               ("last", "until", "records")))  # fmt: skip


def history(case: Observed) -> Table:
    """Spells of one MAC, by host, interface and address, in order of time: all of
    :data:`~synack.tables.HISTORY`. A spell without a certain time is one of its own."""
    records = Table.concat(_RECORDS, [_printed(case), _taught(case)])
    host, interface = _number(records["host"]), _interfaces(records)
    line = (host, interface, records["ip_hi"], records["ip_lo"])
    found = spells(records["first"], records["mac"], *line, records["certain"])
    begin, end = found.begin, found.end
    columns = {name: records[name][begin] for name in records.columns}
    last, certain = records["first"][end], columns["certain"]
    until = next_other(columns["first"], last, columns["mac"], certain, *(c[begin] for c in line))
    until = np.where(certain, until, NO_TIME)
    held = _monitored(records, end, until)
    names = np.array(["", *_names(records["interface"])], object)
    return Table(
        HISTORY,
        {
            **columns,
            "interface": names[interface[begin] + 1],
            "state": records["state"][end],
            "last": np.where(held, until, last),
            "until": until,
            "records": found.records,
        },
    )


def _printed(case: Observed) -> Table:
    """Rows of tables and events of monitors."""
    e = case.entries
    told = [_NO_ENTRY.isdisjoint(flags.split()) for flags in e["flags"].tolist()]
    rows = np.flatnonzero(np.array(told, bool) & ~case.misplaced)
    return Table(
        _RECORDS,
        {
            **{name: e[name][rows] for name in
               ("host", "interface", "ip_hi", "ip_lo", "state", "file", "line")},
            "mac": np.where(case.usable[rows], e["mac"][rows], NO_MAC),
            "first": case.entry_time[rows],
            "certain": case.entry_certain[rows],
            "kind": np.where(e["event"][rows], MONITOR, TABLE),
            "frame": np.full(len(rows), -1),
        },
    )  # fmt: skip


def _taught(case: Observed) -> Table:
    """What ARP and ND taught."""
    c, rows = case.claims, learned(case)
    captures, names = case.matched.captures, np.array(case.hosts, object)
    interfaces = np.array([capture.interface for capture in captures], object)
    files = np.array([file.path for file in case.files], object)
    return Table(
        _RECORDS,
        {
            **{name: c[name][rows] for name in ("ip_hi", "ip_lo", "mac", "frame")},
            "host": names[case.claim_host[rows]],
            "interface": interfaces[c["capture"][rows]],
            "state": np.full(len(rows), "", object),
            "first": case.claim_time[rows],
            "certain": np.ones(len(rows), bool),
            "kind": np.full(len(rows), ARP),
            "file": files[c["file"][rows]],
            "line": np.full(len(rows), -1),
        },
    )


def _interfaces(records: Table) -> Array:
    """By record the number of its interface; of one that does not say it that of all others
    of the host and address, if they agree, else -1."""
    number = _number(records["interface"], _names(records["interface"]))
    ids = ids_of(_number(records["host"]), records["ip_hi"], records["ip_lo"])
    low = np.full(int(ids.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    high = np.full(len(low), -1)
    np.minimum.at(low, ids[number >= 0], number[number >= 0])
    np.maximum.at(high, ids, number)
    return np.where((number < 0) & (low == high)[ids], high[ids], number)


def _names(texts: Array) -> list[str]:
    return sorted({text for text in texts.tolist() if text})


def _number(texts: Array, names: list[str] | None = None) -> Array:
    """Texts as their numbers in ``names``, -1 for the empty one (int64)."""
    places = {name: at for at, name in enumerate(_names(texts) if names is None else names)}
    return np.array([places.get(text, -1) for text in texts.tolist()], np.int64)


def _monitored(records: Table, end: Array, until: Array) -> Array:
    """By spell whether its last record and the one that ended it are events of one monitor."""
    watched = records["kind"][end] == MONITOR
    ended: set[tuple[str, int]] = set()
    events = np.flatnonzero((records["kind"] == MONITOR) & (records["first"] != NO_TIME))
    ended.update(
        zip(records["file"][events].tolist(), records["first"][events].tolist(), strict=True)
    )
    pairs = zip(records["file"][end].tolist(), until.tolist(), strict=True)
    return watched & np.array([pair in ended for pair in pairs], bool)
