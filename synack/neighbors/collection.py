"""What the garbage collection of a Linux kernel will do with a table, in bounds.

A dump does not say when the next run of neigh_periodic_work() is due, which reachable_time
an interface has drawn, nor fractions of a second: what holds whatever they are is certain,
what depends on them is possible. All under one condition: from the dump on nobody sends to
the entry, and nothing confirms it. Times are ns after the dump. The rules are those of
:mod:`synack.neighbors.kernel`, which the tests let run against these bounds.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from synack.neighbors.entry import INVALID
from synack.neighbors.kernel import NEVER, Parameters, Thresholds, Version, timer_slack
from synack.stamps import SECOND

DAY_S = 86_400

IDLE, FAILED, PERMANENT, LEARNED, MANAGED, OFFLOADED, RENEWED, PROBED, UNTOLD, PROXY = (
    "idle", "failed", "permanent", "externally-learned", "managed", "offloaded", "renewed",
    "probed", "state-unknown", "proxy",
)  # fmt: skip
BELOW = "below-threshold"


class Snapshot(NamedTuple):
    """One row of a dump. Ages are whole seconds, rounded down; -1 where it has none."""

    ip: str
    interface: str
    mac: str
    state: str
    flags: str
    used_s: int
    confirmed_s: int
    updated_s: int
    line: int


class Fate(NamedTuple):
    """When the periodic collection deletes an entry, in ns after the dump, at the earliest
    and at the latest; NEVER if there is no such time.

    ``certain``: it does, if the condition holds. ``possible``: it may. ``reason``: what
    decides, one of the words above.
    """

    earliest: int
    latest: int
    certain: bool
    possible: bool
    reason: str


class _Window(NamedTuple):
    """When an entry becomes collectable, were the table large enough."""

    earliest: int
    latest: int
    reason: str


def fates(
    entries: Sequence[Snapshot],
    thresholds: Thresholds,
    parameters: Callable[[str], Parameters],
    version: Version,
) -> list[Fate]:
    """The fate of each entry of one table; ``parameters`` gives those of an interface.

    A run takes all that is collectable, if the table holds gc_thresh1 entries when it
    begins. So an entry is deleted for certain only if the table is still large enough when
    all that may go before it have gone; it may be deleted unless it is too small when only
    those have gone that must.
    """
    windows = [_window(entry, parameters(entry.interface), version) for entry in entries]
    gap = longest_gap(thresholds)
    first = sorted(w.earliest for w in windows)
    last = sorted(min(w.latest + gap, NEVER) for w in windows)
    size = sum(w.reason != PROXY for w in windows)
    result = []
    for window in windows:
        earliest, latest, reason = window
        possible = earliest < NEVER
        certain = latest < NEVER
        if possible and version.gated is not False:
            # Itself is among those that may go before.
            before = bisect_right(first, latest) - 1
            certain = certain and size - before >= thresholds.gc_thresh1
            if version.gated and size - bisect_right(last, earliest) < thresholds.gc_thresh1:
                possible, certain, reason = False, False, BELOW
        result.append(
            Fate(
                earliest if possible else NEVER,
                min(latest + gap, NEVER) if possible else NEVER,
                certain,
                possible,
                reason,
            )
        )
    return result


def longest_gap(thresholds: Thresholds) -> int:
    """The most between two runs on a busy processor, at 250 Hz."""
    return thresholds.period() + timer_slack(thresholds.period())


def _window(entry: Snapshot, p: Parameters, version: Version) -> _Window:
    flags, state = set(entry.flags.split()), entry.state
    if "proxy" in flags:
        return _Window(NEVER, NEVER, PROXY)
    if "PERMANENT" in state:
        return _Window(NEVER, NEVER, PERMANENT)
    if flags & {"extern_learn", "extern_valid"} and version.learned_exempt:
        return _Window(NEVER, NEVER, LEARNED)
    if "managed" in flags:
        return _Window(NEVER, NEVER, MANAGED)
    if state == "FAILED":
        return _Window(0, 0, FAILED)
    if state in ("", INVALID):
        return _Window(0, NEVER, UNTOLD)
    if state in ("INCOMPLETE", "DELAY", "PROBE"):
        # Without answer FAILED within seconds, with one REACHABLE for long.
        return _Window(0, NEVER, PROBED)
    begin, end = _last(min(_known(entry.used_s), _known(entry.confirmed_s)), entry)
    begin, end = begin + p.gc_stale, end + p.gc_stale
    if state == "REACHABLE":
        return _reachable(entry, p, begin, end)
    if "offload" in flags:
        return _Window(max(begin, 0), NEVER, OFFLOADED)
    return _Window(max(begin, 0), max(end, 0), IDLE)


def _reachable(entry: Snapshot, p: Parameters, begin: int, end: int) -> _Window:
    """First its timer must find it not confirmed: neigh_timer_handler()."""
    shortest, longest = p.reachable_times()
    confirmed = _last(_known(entry.confirmed_s), entry)
    expiry = max(confirmed[0] + shortest, 0)
    late = max(confirmed[1] + longest + timer_slack(longest), 0)
    # Who used it just before finds it in DELAY, then in PROBE: fails, or is confirmed.
    used = _last(_known(entry.used_s), entry)
    if used[1] + p.delay_first_probe >= expiry:
        failing = expiry + p.delay_first_probe + p.failing_time()
        return _Window(min(max(expiry, begin), failing), NEVER, PROBED)
    earliest, latest = max(expiry, begin), max(late, end)
    return _Window(
        earliest, NEVER if renewed(entry) else latest, RENEWED if renewed(entry) else IDLE
    )


def renewed(entry: Snapshot) -> bool:
    """Whether something confirmed this entry after its last change and its last slow packet:
    ACKs of a peer, MSG_CONFIRM or repeated ARP replies keep it REACHABLE while they come."""
    return (
        entry.state == "REACHABLE"
        and 0 <= entry.confirmed_s < entry.used_s - 1
        and entry.confirmed_s < entry.updated_s - 1
    )


def _known(age: int) -> int:
    return age if age >= 0 else _UNKNOWN


_UNKNOWN = 1 << 32


def _last(age: int, entry: Snapshot) -> tuple[int, int]:
    """When that was: ages are rounded down to seconds. Without ages: any time before."""
    if entry.used_s < 0 or entry.confirmed_s < 0:
        return -_UNKNOWN * SECOND, 0
    return -(age + 1) * SECOND, -age * SECOND


class Arrivals(NamedTuple):
    """How addresses come to new machines: ``per_day`` machines are replaced, each new one
    takes any of ``addresses`` with the same probability, none that was free for less than
    ``rest_s`` seconds."""

    addresses: int
    per_day: float
    rest_s: int = 0


class Collisions(NamedTuple):
    """New machines that meet a stale entry of their address at a host that knew the old one:
    the probability for one machine, and the expected number a day; least and most."""

    least: float
    most: float
    least_per_day: float
    most_per_day: float


class Lifetime(NamedTuple):
    """How long (ns) the entry of a machine that went away stays after its last use or
    confirmation: between ``least`` and ``most``, and first until the table is large enough
    for a run, which takes ``filling`` from one run to the next; NEVER if it never is."""

    least: int
    most: int
    filling: int


def lifetimes(
    live: int, thresholds: Thresholds, p: Parameters, version: Version, arrivals: Arrivals
) -> list[Lifetime]:
    """One, or two where nobody knows whether this kernel looks at gc_thresh1. ``live``:
    entries in the table now.

    Below gc_thresh1 the entries of dead machines pile up until the table is large enough;
    the more of the addresses have one already, the slower (on average).
    """
    shortest, longest = p.reachable_times()
    failing = shortest + p.delay_first_probe + p.failing_time()
    least = min(max(p.gc_stale, shortest), failing)
    most = max(p.gc_stale, longest + timer_slack(longest)) + longest_gap(thresholds)
    filling = _filling(thresholds.gc_thresh1 - live, arrivals)
    choices = {True: [filling], False: [0], None: [0, filling]}[version.gated]
    return [Lifetime(least, most, time) for time in dict.fromkeys(choices)]


def _filling(missing: int, arrivals: Arrivals) -> int:
    """Until ``missing`` addresses more have an entry."""
    if missing <= 0:
        return 0
    if missing >= arrivals.addresses or arrivals.per_day <= 0:
        return NEVER
    days = -math.log1p(-missing / arrivals.addresses) * arrivals.addresses / arrivals.per_day
    return min(int(days * DAY_S * SECOND), NEVER)


def collisions(lives: Sequence[Lifetime], arrivals: Arrivals) -> Collisions:
    """Machines arrive as a Poisson process; a given address is taken at ``per_day /
    addresses`` a day, from ``rest_s`` after it became free."""
    least = min(_taken(life.least, life.filling, arrivals) for life in lives)
    most = max(_taken(life.most, life.filling, arrivals) for life in lives)
    return Collisions(least, most, least * arrivals.per_day, most * arrivals.per_day)


def _taken(stays: int, filling: int, arrivals: Arrivals) -> float:
    """The probability that an address is taken while its entry stays: ``stays``, and before
    it what is left of ``filling``, of which any part is as likely."""
    rate = arrivals.per_day / arrivals.addresses / DAY_S
    if rate <= 0:
        return 0.0
    if filling >= NEVER:
        return 1.0
    open_s = stays / SECOND - arrivals.rest_s
    whole = filling / SECOND
    if whole <= 0:
        return -math.expm1(-max(open_s, 0.0) * rate)
    begin = min(max(-open_s, 0.0), whole)
    # The mean of 1 - exp(-rate * (left + open_s)) over `left` from `begin` to `whole`.
    missed = math.exp(-rate * (begin + open_s)) * -math.expm1(-rate * (whole - begin)) / rate
    return min(max((whole - begin - missed) / whole, 0.0), 1.0)


def worst_outage(p: Parameters) -> int:
    """How long (ns) packets go to the wrong MAC of a STALE entry once the first is sent, if
    nobody answers for it and nothing confirms it: DELAY, then unicast probes."""
    return p.delay_first_probe + p.failing_time()
