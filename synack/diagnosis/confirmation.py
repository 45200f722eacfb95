"""What confirms a wrong entry: traffic that the kernel takes as proof of it (domain facts 1.7, b
to d). Which, the sockets and the kernel's release tell, as far as they are given."""

from __future__ import annotations

import numpy as np

from synack.addresses import is_ipv4
from synack.context.services import named as named_port
from synack.diagnosis.cause import CONFIRMED, CONNECTED, DATAGRAMS, SHARED, Cause
from synack.diagnosis.evidence import Case, text_of
from synack.diagnosis.history import came_regardless, wrong_rows
from synack.diagnosis.mismatch import Mismatch
from synack.grouping import distinct
from synack.model import Source
from synack.tables import NO_TIME, Array, Table
from synack.wording import count

_SEC = 1_000_000_000
_SLACK_NS = 15 * _SEC
"""So long after the last failure a list of sockets still tells of that time."""
_FRESH_S = 5
"""A confirmation that is so much younger than the last change came while nothing changed."""
_SHARED_SINCE, _SHARED_UNTIL = (3, 6, 0), (4, 11, 0)
"""Kernels that confirm one neighbor by the acknowledgments of another: from the removal of the
route cache to the merge "replace-dst_confirm" of February 2017."""


def confirmed(case: Case, mismatch: Mismatch, sendings: Table) -> Cause | None:
    """REACHABLE and confirmed just now, though neither state nor MAC changed for long: no
    probe was answered, so something else confirmed it. What, the sockets and the kernel's
    release tell, as far as they are given."""
    e, rows = case.entries, wrong_rows(case, mismatch)
    confirmed, updated = e["confirmed_s"][rows], e["updated_s"][rows]
    kept = (e["state"][rows] == "REACHABLE") & (confirmed >= 0)
    kept &= updated - confirmed >= _FRESH_S
    if not kept.any():
        return None
    row = int(rows[kept][np.argmax((updated - confirmed)[kept])])
    shown = (
        f"REACHABLE, confirmed {e['confirmed_s'][row]} s before the dump though nothing had"
        f" changed for {e['updated_s'][row]} s, and no handshake got through"
    )
    found = (
        _by_connection(case, mismatch, sendings)
        or _by_shared_route(case, mismatch, sendings)
        or _by_datagrams(case, mismatch, sendings)
    )
    if found is None:
        return Cause(
            CONFIRMED,
            "the entry is REACHABLE and freshly confirmed though no handshake was: other traffic"
            " confirms it (acknowledgments on an established connection, or MSG_CONFIRM)",
            shown,
            (case.entry(row),),
        )
    return found._replace(seen=f"{shown}; {found.seen}", sources=(case.entry(row), *found.sources))


def _by_connection(case: Case, mismatch: Mismatch, sendings: Table) -> Cause | None:
    ports, seen, sources = _connections(case, mismatch, sendings)
    if not ports:
        return None
    named = " and ".join(named_port(port) for port in ports[:3])
    sure = "" if len(came_regardless(case, mismatch)[0]) else "most likely "
    return Cause(
        CONNECTED,
        f"{sure}an established connection with it on port {named} confirms it: the network"
        " delivers that flow whatever the MAC, and the kernel takes its acknowledgments as proof"
        " of the entry (freshly confirmed, REACHABLE)",
        seen,
        sources,
    )


def _connections(
    case: Case, mismatch: Mismatch, sendings: Table
) -> tuple[list[int], str, tuple[Source, ...]]:
    """Local ports on which S has, at that time, a connection with the peer that works: by its
    sockets, and by handshakes that got through to the wrong MAC."""
    s, ip = case.context.sockets, text_of(mismatch.ip)
    rows = _sockets_then(case, mismatch, sendings)
    # One that repeats its data is not acknowledged: it may be left of the old machine.
    rows = rows[(s["state"][rows] == "ESTABLISHED") & (s["retrans"][rows] <= 0)]
    came, through = came_regardless(case, mismatch)
    says, sources = [], [case.context.where(s, row) for row in rows.tolist()[:3]]
    if len(rows):
        says.append(f"{count(len(rows), 'established connection')} with {ip} by its sockets")
    if len(came):
        says.append(f"{count(len(came), 'segment')} to the wrong MAC arrived all the same")
        sources += case.frames(case.sendings["row"][came].tolist(), most=2)
    ports = distinct(np.concatenate([s["local_port"][rows], through])).tolist()
    return ports, " and ".join(says), tuple(sources)


def _sockets_then(case: Case, mismatch: Mismatch, sendings: Table) -> Array:
    """Rows of sockets of S to the peer, of dumps of the time of the failures."""
    s = case.context.sockets
    rows = case.context.sockets_to(case.hosts[mismatch.host], mismatch.ip)
    return rows[_then(s["at"][rows], sendings)]


def _then(at: Array, sendings: Table) -> Array:
    """Whether a dump was taken while the entry was wrong, or its time is not known (bool)."""
    begin, end = int(sendings["time"].min()), int(sendings["time"].max())
    return (at == NO_TIME) | ((at >= begin - _SEC) & (at <= end + _SLACK_NS))


def _by_shared_route(case: Case, mismatch: Mismatch, sendings: Table) -> Cause | None:
    """Linux 3.6 to 4.10: acknowledgments of any neighbor on the same route confirm the one that
    is written to next. Needs others that acknowledge, and none of the peer."""
    kernel = case.context.kernel(case.hosts[mismatch.host])
    others = case.rightly_completed.get(mismatch.host, 0)
    if kernel is None or not is_ipv4(*mismatch.ip) or not others:
        return None
    release, version, source = kernel
    if not _SHARED_SINCE <= version < _SHARED_UNTIL:
        return None
    silent = _no_connection(case, mismatch, sendings)
    patched = ".el7" in release
    doubt = ", unless this RHEL 7 kernel has the fix backported" if patched else ""
    also = "" if silent else ", or an established connection that no list of sockets shows"
    return Cause(
        SHARED,
        f"Linux {release} takes acknowledgments of any neighbor on the same route as proof of"
        f" this one (3.6 to 4.10, fixed in 4.11): a busy host confirms the wrong entry for"
        f" ever{doubt}{also}",
        f"{case.hosts[mismatch.host]} runs {release}, and {count(others, 'attempt')} of other"
        f" neighbors completed{'; ' + silent.seen if silent else ''}",
        (source, *(silent.sources if silent else ())),
    )


def _by_datagrams(case: Case, mismatch: Mismatch, sendings: Table) -> Cause | None:
    """No connection, and a kernel without the bug: MSG_CONFIRM is what remains."""
    kernel = case.context.kernel(case.hosts[mismatch.host])
    silent = _no_connection(case, mismatch, sendings)
    if silent is None:
        return None
    if kernel is None:
        return silent._replace(
            says="other traffic confirms it (freshly confirmed, REACHABLE), and no connection with"
            " the address: a program that sends datagrams with MSG_CONFIRM, or the bug of Linux"
            " 3.6 to 4.10 (the kernel's release, uname -a, is not given)"
        )
    release, _, source = kernel
    return Cause(
        DATAGRAMS,
        "a program that sends datagrams with MSG_CONFIRM is what remains to confirm it: there is"
        f" no connection with the address, and Linux {release} has no bug that would",
        f"{silent.seen}; {case.hosts[mismatch.host]} runs {release}",
        (*silent.sources, source),
    )


def _no_connection(case: Case, mismatch: Mismatch, sendings: Table) -> Cause | None:
    """A list of sockets of that time which has established ones, or half-open ones of this very
    peer, and no established one with it."""
    s, host = case.context.sockets, case.hosts[mismatch.host]
    all_then = np.flatnonzero((s["host"] == host) & (s["at"] != NO_TIME))
    all_then = all_then[_then(s["at"][all_then], sendings)]
    whole = all_then[s["state"][all_then] != "LISTEN"]
    ports, _, _ = _connections(case, mismatch, sendings)
    if not len(whole) or ports:
        return None
    return Cause(
        CONFIRMED,
        "",
        f"{host}'s sockets show no established connection with {text_of(mismatch.ip)}",
        (case.context.where(s, int(whole[0])),),
    )
