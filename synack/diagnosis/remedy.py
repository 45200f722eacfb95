"""What helps against a wrong entry, by what kept it alive and the settings in force; and why the
kernel's garbage collection did not."""

from __future__ import annotations

from shlex import quote

from synack.addresses import is_ipv4
from synack.diagnosis.cause import (
    ANSWERED,
    BYPASSED,
    CONFIRMED,
    CONNECTED,
    DATAGRAMS,
    FIXED,
    OVERDUE,
    SHARED,
    TRUSTED,
    Cause,
)
from synack.diagnosis.context import Setting
from synack.diagnosis.evidence import Case, text_of
from synack.diagnosis.history import interface_of, wrong_rows
from synack.diagnosis.mismatch import Mismatch
from synack.model import Evidence

_THRESH1 = 128
"""The kernel's own gc_thresh1 (net/ipv4/arp.c: arp_tbl)."""


def collection(case: Case, mismatch: Mismatch, causes: list[Cause]) -> list[Evidence]:
    """Why the kernel's garbage collection did not remove the entry, as far as it can be told."""
    e, rows = case.entries, wrong_rows(case, mismatch)
    rows = rows[~e["event"][rows]]
    if not len(rows) or FIXED in {cause.name for cause in causes}:
        return []
    family = _family(mismatch)
    host, row = case.hosts[mismatch.host], int(rows[0])
    size, threshold = case.dump_size(row), _threshold(case, host, family)
    states = {state for state in e["state"][rows].tolist() if state}
    sources = [case.entry(row), *([threshold.source] if threshold else [])]
    value = threshold.number if threshold else None
    if states and "STALE" not in states:
        says = (
            f"garbage collection never removes an entry that is {' or '.join(sorted(states))}, as"
            " this one was, whatever gc_thresh1 is"
        )
    elif value is None:
        if size >= _THRESH1:
            return []
        says = (
            f"garbage collection: {host}'s table has {_entries(size)}; unless gc_thresh1 was"
            f" changed from {_THRESH1} (sysctl net.{family}.neigh.default would tell), the kernel"
            " deletes nothing from a table that small, however stale"
        )
    elif size < value:
        says = (
            f"garbage collection did not look: gc_thresh1 is {value}, and {host}'s table has"
            f" {_entries(size)}; below that the kernel deletes nothing, however stale"
        )
    else:
        says = (
            f"garbage collection does run here (gc_thresh1 is {value}), but it deletes only what"
            " was neither used nor confirmed for gc_stale_time (60 s by default)"
        )
    return [Evidence("garbage-collection", says, tuple(sources))]


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def _threshold(case: Case, host: str, family: str) -> Setting | None:
    return case.context.setting(host, f"net.{family}.neigh.default.gc_thresh1")


# ---- remedies -----------------------------------------------------------------------------


def remedies(case: Case, mismatch: Mismatch, causes: list[Cause]) -> list[str]:
    """What to type now, and what would keep it from coming back, by what kept it alive."""
    host, ip = case.hosts[mismatch.host], text_of(mismatch.ip)
    names, interface = {cause.name for cause in causes}, interface_of(case, mismatch)
    # It is pasted into a shell, and the name is from a file.
    interface = interface and quote(interface)
    now = f"ip neigh del {ip} dev {interface}" if interface else f"ip neigh flush to {ip}"
    if FIXED in names and not interface:
        now += " nud permanent"
    device = interface or "INTERFACE"
    again = (
        "as long as it runs, the entry comes back, and no GC setting removes it; delete the entry"
        " whenever a machine with a reused address starts"
    )
    later = {
        FIXED: "find what set the entry (ip neigh show nud permanent; ip monitor neigh): the kernel"
        " neither ages nor corrects it, whatever the settings",
        ANSWERED: f"find who answers with the old MAC (arping -I {device} {ip}): as long as it"
        " does, the entry comes back",
        CONNECTED: f"find the connection that confirms it (ss -tnoi dst {ip}): {again}",
        CONFIRMED: f"find the connection or program that confirms it (ss -tnoi dst {ip}): {again}",
        DATAGRAMS: f"find the program that confirms it (ss -uanp dst {ip}): {again}",
        SHARED: "run a kernel of 4.11 or later (or one with the fix backported): until then delete"
        " the entry whenever a machine with a reused address starts; no GC setting removes it",
        BYPASSED: "let the datapath ask the kernel for neighbors, or refresh its own (Cilium: see"
        " issue 34503): a probe from user space (arping) does not change what it uses",
        TRUSTED: f"sysctl -w net.{_family(mismatch)}.neigh.{device.replace('.', '/')}"
        ".base_reachable_time_ms=30000: the default makes the kernel ask after 15 to 45 s",
        OVERDUE: "run a kernel with commit c1d2ecdf5e38 (February 2023)",
    }
    advice = [text for name, text in later.items() if name in names]
    # GC deletes idle entries: it helps unless the entry is fixed or given anew.
    if not {FIXED, ANSWERED, BYPASSED} & names:
        advice.append(_gc_advice(case, mismatch))
    return [f"{now}   # on {host}", *advice]


def _family(mismatch: Mismatch) -> str:
    return "ipv4" if is_ipv4(*mismatch.ip) else "ipv6"


def _gc_advice(case: Case, mismatch: Mismatch) -> str:
    family = _family(mismatch)
    setting = _threshold(case, case.hosts[mismatch.host], family)
    stale = case.context.neighbor_setting(
        case.hosts[mismatch.host], family, interface_of(case, mismatch), "gc_stale_time"
    )
    idle = stale.number if stale is not None and stale.number is not None else 60
    if setting is not None and setting.number == 0:
        return (
            f"gc_thresh1 is 0 already: idle entries go after {idle} to {idle + 15} s, which does"
            " not help where an address is reused sooner, or the entry is in use or confirmed"
        )
    return (
        f"sysctl -w net.{family}.neigh.default.gc_thresh1=0: idle entries then go after {idle} to"
        f" {idle + 15} s; it does not remove one that is in use, confirmed or PERMANENT, nor help"
        " if the address is reused sooner"
    )
