"""A server that has no room in its neighbor table: it neither knows a client nor asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synack.addresses import Address
from synack.diagnosis.evidence import Case, text_of
from synack.diagnosis.flow_records import Fact
from synack.diagnosis.view import View
from synack.grouping import grouped
from synack.model import Evidence, Finding, Outcome
from synack.tables import Array
from synack.wording import count

_SEC = 1_000_000_000


def table_overflow(case: Case, free: Array) -> Iterator[Finding]:
    """``no-reply`` while the kernel said that its table was full (neigh_alloc fails, and no ARP
    is sent), of clients for which there is neither an entry nor a request in the capture."""
    a = case.attempts
    mine = np.flatnonzero(free & (a["outcome"] == Outcome.NO_REPLY) & (a["server_host"] >= 0))
    for (host,), rows in grouped(mine, a["server_host"][mine]):
        view = View(case, Finding("no-reply", "possible", case.hosts[host], rows=rows.tolist()))
        full = _full(view)
        if full is None:
            continue
        seen = case.matched.sightings.take(case.matched.far[rows])
        clients = grouped(rows, seen["client_hi"], seen["client_lo"])
        unknown = {(high, low): mine for (high, low), mine in clients
                   if _unknown(case, host, (high, low), mine)}  # fmt: skip
        if unknown:
            yield _finding(case, host, unknown, full, bool(view.arp_frames([host])))


def _unknown(case: Case, host: int, ip: Address, attempts: Array) -> bool:
    """Whether the server has no usable entry for the client then, and nobody asks for it: of a
    server that sends nothing else its own MAC is not known."""
    begin = int(case.attempts["first"][attempts].min()) - _SEC
    end = int(case.attempts["last"][attempts].max()) + _SEC
    asked, table = case.claim_time[case.asked_at(host, ip)], case.table_of(host, ip)
    at = case.entry_time[table]
    known = case.usable[table] & (at >= begin) & (at <= end)
    return not (((asked >= begin) & (asked <= end)).any() or known.any())


def _full(view: View) -> Fact | None:
    """The kernel's message, or its counter."""
    logged = view.logged("neighbor-table-overflow")
    rose = view.case.context.rose(view.server, "table_fulls")
    if logged is None and rose is not None and rose[0]:
        return Fact(f"{view.server}'s table_fulls rose by {rose[0]}", rose[1])
    return logged


def _finding(
    case: Case, host: int, unknown: dict[Address, Array], full: Fact, has_arp: bool
) -> Finding:
    name, a, m = case.hosts[host], case.attempts, case.matched
    rows = np.sort(np.concatenate(list(unknown.values())))
    first = m.sightings["row"][m.server[rows[:8]]].tolist()
    silent = f"{name} sent nothing in answer to these SYNs, and did not ask who has their senders"
    return Finding(
        kind="unresolved-neighbor",
        # Without ARP in the capture nobody knows whether it asked.
        confidence="probable" if has_arp else "possible",
        host=name,
        ip=text_of(next(iter(unknown))) if len(unknown) == 1 else "",
        attempts=len(rows),
        first=int(a["first"][rows].min()),
        last=int(a["last"][rows].max()),
        summary=(
            f"{name}'s neighbor table was full: it had no room for"
            f" {count(len(unknown), 'client')}, so {count(len(rows), 'attempt')} got no reply."
        ),
        evidence=[
            Evidence("attempts", silent, case.frames(first)),
            Evidence("table-overflow", full.says, full.sources),
        ],
        remedy=[
            f"sysctl -w net.ipv4.neigh.default.gc_thresh3=8192   # on {name}, and gc_thresh2 below"
            " it: more than there are peers on its links",
            "find what fills the table (ip neigh show nud all): a scan, or a link too large",
        ],
        rows=rows.tolist(),
    )
