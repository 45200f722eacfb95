"""What kept a wrong entry alive, by the signature that was seen: "unknown" rather than a guess.

A kernel asks the MAC of an entry that it uses and that nothing confirms, and drops it when
nobody answers: after some 8 s, or 53 s if it was REACHABLE (net/core/neighbour.c). A wrong
entry that lasts longer needs a cause, and which one decides what helps.
"""

from __future__ import annotations

import numpy as np

from synack.addresses import format_mac, is_ipv4
from synack.diagnosis.cause import (
    ANSWERED,
    BYPASSED,
    DORMANT,
    FIXED,
    OVERDUE,
    TRUSTED,
    Cause,
)
from synack.diagnosis.confirmation import confirmed
from synack.diagnosis.context import Setting
from synack.diagnosis.evidence import Case, text_of
from synack.diagnosis.history import FIXED_STATES, interface_of, wrong_rows
from synack.diagnosis.mismatch import Mismatch
from synack.grouping import distinct
from synack.tables import ARP_REPLY, ND_ADVERT, Array, Table
from synack.wording import clock_time, count

_SEC = 1_000_000_000

UNKNOWN = "unknown"

REACHABLE_S = 45
"""The longest that an entry is REACHABLE without confirmation: 1.5 x base_reachable_time."""
_PROBED_S = 20
"""Within so many seconds the kernel gets rid of an entry that nobody answers for: 5 s of DELAY,
three probes a second apart, and the next SYN."""
_SLACK_S = 15
_WRAP_UNTIL = (6, 3, 0)
"""commit c1d2ecdf5e38, "neigh: make sure used and confirmed times are valid"."""


def survival(case: Case, mismatch: Mismatch, sendings: Table, healed_at: int | None) -> list[Cause]:
    """All causes whose signature was seen; none: unknown."""
    begin = int(sendings["time"].min())
    end = healed_at or int(sendings["time"].max())
    found = [_fixed(case, mismatch), _answered(case, mismatch, begin)]
    causes = [cause for cause in found if cause is not None]
    if causes:
        return causes
    cause = (
        confirmed(case, mismatch, sendings)
        or _bypassed(case, mismatch, sendings)
        or _overdue(case, mismatch)
        or _trusted(case, mismatch)
        or _dormant(case, mismatch, begin, end)
    )
    return [cause] if cause is not None else []


def told(case: Case, mismatch: Mismatch, causes: list[Cause]) -> list[str]:
    """The causes as sentences; without one, what would have told it."""
    if causes:
        return [cause.says for cause in causes]
    e, rows = case.entries, wrong_rows(case, mismatch)
    host = case.hosts[mismatch.host]
    if (e["updated_s"][rows] >= 0).any():
        return [UNKNOWN]
    return [f"{UNKNOWN}: no table with ages (ip -s neigh) of {host} shows it while it was wrong"]


# ---- fixed, answered ----------------------------------------------------------------------


def _fixed(case: Case, mismatch: Mismatch) -> Cause | None:
    e, rows = case.entries, wrong_rows(case, mismatch)
    words = [
        sorted(FIXED_STATES & {*state.split("|"), *flags.split()})
        for state, flags in zip(e["state"][rows], e["flags"][rows], strict=True)
    ]
    fixed = [row for row, found in zip(rows.tolist(), words, strict=True) if found]
    if not fixed:
        return None
    what = ", ".join(dict.fromkeys(word for found in words for word in found))
    seen = f"{case.hosts[mismatch.host]}'s table has the wrong MAC as {what}"
    return Cause(
        FIXED,
        f"the entry is fixed ({what}): an administrator or a control plane set it, and ARP never"
        " changes it",
        seen,
        tuple(case.entry(row) for row in fixed[:5]),
    )


def _answered(case: Case, mismatch: Mismatch, begin: int) -> Cause | None:
    """Somebody gives the old MAC although the new owner has spoken."""
    c, wrong = case.claims, format_mac(mismatch.wrong)
    spoke = case.time(case.spoken(mismatch.ip, mismatch.right))
    since = min(begin, int(spoke.min(initial=begin)))
    claims = case.claimed(mismatch.ip, mismatch.wrong)
    answers = np.isin(c["op"][claims], (ARP_REPLY, ND_ADVERT))
    answers &= (case.claim_host[claims] == mismatch.host) & (case.claim_time[claims] > since)
    claims = claims[answers]
    if not len(claims):
        return None
    from_itself = bool((c["src_mac"][claims] == mismatch.wrong).all())
    who = (
        f"{wrong} itself, so its machine still lives or the network answers in its name"
        if from_itself
        else ", ".join(format_mac(mac) for mac in distinct(c["src_mac"][claims]).tolist())
    )
    seen = (
        f"{count(len(claims), 'ARP answer')} at {case.hosts[mismatch.host]} gave"
        f" {text_of(mismatch.ip)} as {wrong}, from {who}"
    )
    return Cause(
        ANSWERED,
        "somebody still answers ARP for the address with the old MAC",
        seen,
        tuple(case.claim(row) for row in claims[:5].tolist()),
    )


# ---- the kernel does not ask --------------------------------------------------------------


def _bypassed(case: Case, mismatch: Mismatch, sendings: Table) -> Cause | None:
    """STALE since long before, and still after S sent to it: the kernel's own output would have
    made it DELAY at once (neigh_event_send)."""
    e, rows = case.entries, wrong_rows(case, mismatch)
    rows = rows[(e["state"][rows] == "STALE") & case.entry_certain[rows]]
    ages = np.minimum(e["used_s"][rows], e["updated_s"][rows])
    rows, ages = rows[ages >= 0], ages[ages >= 0]
    times = np.sort(sendings["time"])
    # Ages are cut to seconds, and the date of a dump is a moment older than the dump.
    begin = case.entry_time[rows] - ages * _SEC + _SEC
    end = case.entry_time[rows] - _SEC
    between = np.searchsorted(times, end) - np.searchsorted(times, begin)
    if not (between > 0).any():
        return None
    row = int(rows[np.argmax(between)])
    sent = sendings["row"][np.argsort(sendings["time"], kind="stable")]
    at = np.argmax(between)
    first = int(np.searchsorted(times, begin[at]))
    return Cause(
        BYPASSED,
        "the segments do not pass the kernel's neighbor code (eBPF or hardware forwarding, or"
        " another network namespace's table): the entry stays STALE and is never probed",
        f"STALE, unused for {e['used_s'][row]} s and unchanged for {e['updated_s'][row]} s, though"
        f" {count(int(between.max()), 'segment')} left meanwhile",
        (case.entry(row), *case.frames(sent[first : first + 2].tolist())),
    )


def _overdue(case: Case, mismatch: Mismatch) -> Cause | None:
    """REACHABLE although the last confirmation is older than the setting allows."""
    rows, age = _unconfirmed(case, mismatch)
    base = _reachable(case, mismatch)
    if not len(rows) or base is None or base.number is None:
        return None
    limit = base.number * 3 // 2000
    row = int(rows[np.argmax(age)])
    if age.max() <= limit + _SLACK_S:
        return None
    kernel = case.context.kernel(case.hosts[mismatch.host])
    old = f" ({kernel[0]} is older than the fix)" if kernel and kernel[1] < _WRAP_UNTIL else ""
    return Cause(
        OVERDUE,
        "the kernel's timer of the entry is wrong: REACHABLE long after its time, as by the bug"
        f" that was fixed in February 2023 (jiffies that wrap, mostly of 32 bits){old}",
        f"REACHABLE, confirmed {age.max()} s before the dump, where {limit} s is the longest by"
        f" base_reachable_time_ms = {base.number}",
        (case.entry(row), base.source, *([kernel[2]] if kernel else [])),
    )


def _trusted(case: Case, mismatch: Mismatch) -> Cause | None:
    """An administrator made the kernel trust entries for longer than the default."""
    e, rows = case.entries, wrong_rows(case, mismatch)
    for key, unit, default, state in (
        ("base_reachable_time_ms", 1000, 30, "REACHABLE"),
        ("delay_first_probe_time", 1, 5, "DELAY"),
    ):
        setting = _setting(case, mismatch, key)
        seen = rows[e["state"][rows] == state]
        if setting is None or setting.number is None or not len(seen):
            continue
        if setting.number > 2 * default * unit:
            return Cause(
                TRUSTED,
                f"{key} is {setting.number // unit} s here instead of {default} s: the kernel"
                f" keeps the entry {state} for so long without asking",
                f"{key} = {setting.number}, and the entry was {state}",
                (setting.source, case.entry(int(seen[0]))),
            )
    old, age = _unconfirmed(case, mismatch)
    if not len(old) or _reachable(case, mismatch) is not None or age.max() <= 2 * REACHABLE_S:
        return None
    return Cause(
        TRUSTED,
        f"the kernel kept the entry REACHABLE for {age.max()} s without confirmation, where"
        f" {REACHABLE_S} s is the longest by default: a long base_reachable_time_ms, or the timer"
        " bug of before February 2023 (sysctl -a and uname -a would tell)",
        f"REACHABLE, confirmed {age.max()} s before the dump",
        (case.entry(int(old[np.argmax(age)])),),
    )


def _unconfirmed(case: Case, mismatch: Mismatch) -> tuple[Array, Array]:
    """Rows that are REACHABLE, and the ages of their last confirmation."""
    e, rows = case.entries, wrong_rows(case, mismatch)
    rows = rows[(e["state"][rows] == "REACHABLE") & (e["confirmed_s"][rows] >= 0)]
    return rows, e["confirmed_s"][rows]


def _setting(case: Case, mismatch: Mismatch, key: str) -> Setting | None:
    family = "ipv4" if is_ipv4(*mismatch.ip) else "ipv6"
    host, interface = case.hosts[mismatch.host], interface_of(case, mismatch)
    return case.context.neighbor_setting(host, family, interface, key)


def _reachable(case: Case, mismatch: Mismatch) -> Setting | None:
    return _setting(case, mismatch, "base_reachable_time_ms")


def _dormant(case: Case, mismatch: Mismatch, begin: int, end: int) -> Cause | None:
    """The kernel did ask, and was rid of it as soon as it can be."""
    e, c = case.entries, case.claims
    probes = case.asked_by(mismatch.host, mismatch.ip)
    probes = probes[c["dst_mac"][probes] == mismatch.wrong]
    rows = wrong_rows(case, mismatch)
    rows = rows[(case.entry_time[rows] <= end) & case.entry_certain[rows]]
    first = rows[e["state"][rows] == "REACHABLE"]
    lasted = end - begin
    young = bool(len(first)) and lasted < (_PROBED_S + REACHABLE_S) * _SEC
    if not len(probes) or not (lasted < _PROBED_S * _SEC or young):
        return None
    host, wrong = case.hosts[mismatch.host], format_mac(mismatch.wrong)
    seen = f"{host} asked {wrong} {count(len(probes), 'time')} from"
    seen += f" {clock_time(int(case.claim_time[probes].min()))} on, without an answer"
    sources = [case.claim(row) for row in probes[:5].tolist()]
    idle = rows[(e["used_s"][rows] >= 0) & (case.entry_time[rows] <= begin)][-1:]
    if len(idle) and e["used_s"][idle[0]] > 0:
        seen += f"; before, it had been unused for {e['used_s'][idle[0]]} s"
        sources.append(case.entry(int(idle[0])))
    if lasted >= _PROBED_S * _SEC:
        says = "nothing: it was still REACHABLE from the old owner's own traffic, which ends"
        says += f" after {REACHABLE_S} s at most, and then the kernel's probes removed it"
        return Cause(DORMANT, says, seen, (case.entry(int(first[0])), *sources))
    says = "nothing: it lay dormant until this host sent to it, and the kernel's probes removed"
    return Cause(DORMANT, says + " it within seconds", seen, tuple(sources))
