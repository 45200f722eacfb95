"""How far apart the hosts' clocks are, from packets that both ends recorded.

What two hosts' common packets say about their clocks is :mod:`synack.handshake.skew`;
here the best of these pairs make a tree, over which every host stands to one reference.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush

import numpy as np

from synack.grouping import distinct
from synack.handshake.hulls import MAX_DRIFT
from synack.handshake.skew import Bounds, Skew, Step, given, skew
from synack.tables import NO_TIME, Array

ASSUMED_AGREEMENT_NS = 5_000_000_000
"""Without any common packet the hosts' clocks are taken to agree this well (NTP);
whatever rests on it is marked so."""

SPLIT_SHARE = 0.05
"""Replies that come before their requests in fewer pairs than these are accidents."""

_LATEST = 2**62
"""Times before 1970 and after 2116 (ns) are not of a clock: they bound none."""


@dataclass(frozen=True)
class Clock:
    """Clock of ``host`` minus clock of ``reference`` (both rows of the hosts), ns.

    Hosts that share no packet with the reference, but with each other, have one of their
    own as reference, whose own grade is absent.

    ``offset`` is the difference at ``at`` (on the clock of the host, in the middle of the
    packets in common), ``uncertainty`` what :meth:`to_reference` may be wrong by from the
    first to the last of these; :meth:`doubt` goes with the time.

    ``grade``: accurate (bounded from both sides), approximate (the offset was given,
    or goes over several hosts, or a clock was slewed), one-sided (packets of one direction
    only: the offset is a bound and the delay is counted in), absent (no common packets),
    inconsistent (the bounds exclude each other, or those over other hosts: a clock was
    set, or worse).
    """

    host: int
    reference: int
    offset: int
    uncertainty: int
    grade: str
    drift_ppm: float | None = None
    """What it gains on the reference; None where the packets do not tell it from 0."""
    at: int = field(default=0, compare=False)
    bound: str = ""
    """Of a one-sided offset: ``at most`` or ``at least``."""
    step: Step | None = None
    """When and by how much a clock was set, of an inconsistent one that was set once."""
    path: tuple[Skew, ...] = field(default=(), compare=False, repr=False)
    """From the host to the reference, one skew to the next."""

    def to_reference(self, times: Array) -> Array:
        """``times`` of this clock (int64 ns) on the reference clock; NO_TIME stays."""
        there = self._at_known(times)
        for hop in self.path:
            there = there - hop.value(there)
        return np.where(times == NO_TIME, NO_TIME, there)

    def from_reference(self, times: Array) -> Array:
        """``times`` of the reference clock (int64 ns) on this one; NO_TIME stays."""
        here = times
        for hop in reversed(self.path):
            here = here - hop.turned().value(here)
        return np.where(times == NO_TIME, NO_TIME, here)

    @property
    def root(self) -> int:
        """The host that this clock is really known by."""
        return self.host if self.grade == "absent" else self.reference

    def doubt(self, times: Array) -> Array:
        """What :meth:`to_reference` may be wrong by at ``times`` of this clock (int64 ns).
        Of a missing time it is that of the middle."""
        own = self.own_doubt(times)
        return own + self.uncertainty if self.grade == "absent" else own

    def own_doubt(self, times: Array) -> Array:
        """:meth:`doubt`, but of the way to ``root`` only."""
        here, total = self._at_known(times), np.zeros(len(times))
        for hop in self.path:
            # What is wrong so far also is the time at which the next one is looked up.
            total = total * _amplified(hop) + hop.doubt(here)
            here = here - hop.value(here)
        return np.floor(total).astype(np.int64)

    def _at_known(self, times: Array) -> Array:
        return np.where(times == NO_TIME, self.at, times)


def _amplified(hop: Skew) -> float:
    return 1.0 + abs(hop.rate) + hop.band.growth


def estimate(
    hosts: int,
    sender: Array,
    receiver: Array,
    departure: Array,
    arrival: Array,
    known: Mapping[int, int],
    watching: Array | None = None,
) -> list[Clock]:
    """A clock for every host, from packets that two recorded.

    ``sender`` and ``receiver`` are host rows, ``departure`` and ``arrival`` ns on the
    clock of each. ``known`` gives offsets (ns) that the user is sure of. The reference
    is the host that shares packets with most others, without contradictions if any does;
    times on the reference clock are :meth:`Clock.to_reference`.

    ``watching`` (bool per host): taps, which are neither end of anything. Of a packet that
    passed one, ``sender`` or ``receiver`` is the tap, before or after the other. These
    place taps, and hosts that have no other packets; the rest stands as if there were none.
    """
    watching = np.zeros(hosts, bool) if watching is None else watching
    passing = watching[sender] | watching[receiver]
    columns = sender, receiver, departure, arrival
    edges = _edges(hosts, *(column[~passing] for column in columns))
    leaving = _by_host(hosts, edges)
    passed = np.bincount(np.append(sender[passing], receiver[passing]), minlength=hosts)
    # A clock that was set is no reference for the others, and a tap's only if need be.
    steady = [sum(edge.grade != "inconsistent" for edge in edges) for edges in leaving]
    by_degree = sorted(
        range(hosts),
        key=lambda h: (
            -steady[h],
            -len(leaving[h]),
            bool(watching[h] and passed[h]),
            -passed[h],
            h,
        ),
    )
    alone = np.array([not edges for edges in leaving], bool)
    through = [column[passing] for column in columns]
    if not by_degree:
        return []
    reference = by_degree[0]
    clocks = {reference: Clock(reference, reference, 0, 0, "accurate")}
    for host, offset in known.items():
        if host != reference:
            hop = given(host, reference, offset - known.get(reference, 0))
            clocks[host] = _clock(hop, clocks[reference], reference)
    _span(clocks, leaving, list(clocks), reference)
    _attach(clocks, alone, through, reference)
    for host in by_degree:
        if host not in clocks:
            clocks[host] = Clock(host, reference, 0, ASSUMED_AGREEMENT_NS, "absent")
            _span(clocks, leaving, [host], host)
            _attach(clocks, alone, through, host)
    sure = {reference, *known, *(h for h, c in clocks.items() if c.grade == "absent")}
    for host, (by, step) in _contradicted(clocks, edges).items():
        if host not in sure:
            clocks[host] = _doubted(clocks[host], by, step)
    return [clocks[host] for host in range(hosts)]


def _by_host(hosts: int, edges: Sequence[Skew]) -> list[list[Skew]]:
    """For each host those from it to another."""
    leaving: list[list[Skew]] = [[] for _ in range(hosts)]
    for edge in edges:
        leaving[edge.near].append(edge)
        leaving[edge.host].append(edge.turned())
    return leaving


def _edges(
    hosts: int, sender: Array, receiver: Array, departure: Array, arrival: Array
) -> list[Skew]:
    """How each two hosts with packets in common stand to each other."""
    inward = sender < receiver
    pair = np.where(inward, sender * hosts + receiver, receiver * hosts + sender)
    usable = (departure >= 0) & (departure < _LATEST) & (arrival >= 0) & (arrival < _LATEST)
    usable &= sender != receiver
    sides: dict[int, list[Bounds]] = {}
    for side, way, time, other in (
        (0, inward, arrival, departure),
        (1, ~inward, departure, arrival),
    ):
        rows = np.flatnonzero(way & usable)
        # A narrow type sorts by its digits, in one pass.
        key = pair[rows].astype(np.min_scalar_type(hosts * hosts))
        order = np.argsort(key, kind="stable")
        rows, key = rows[order], key[order]
        for part in np.split(rows, np.flatnonzero(np.diff(key)) + 1):
            if len(part):
                both = sides.setdefault(int(pair[part[0]]), [_NO_BOUNDS, _NO_BOUNDS])
                both[side] = Bounds(time[part], time[part] - other[part])
    return [skew(code % hosts, code // hosts, *sides[code]) for code in sorted(sides)]


_NO_BOUNDS = Bounds(np.empty(0, np.int64), np.empty(0, np.int64))


def _span(
    clocks: dict[int, Clock], leaving: Sequence[Sequence[Skew]], placed: Iterable[int], root: int
) -> None:
    """Prim's tree from the hosts already placed, best edges first."""

    def edges_of(host: int) -> list[tuple[int, float, int, int, Skew]]:
        return [
            (_RANK[e.grade], e.worst(e.begin, e.end), min(e.near, e.host), max(e.near, e.host), e)
            for e in leaving[host]
            if e.host not in clocks
        ]

    edges = [edge for host in placed for edge in edges_of(host)]
    heapify(edges)
    while edges:
        edge = heappop(edges)[-1]
        if edge.host not in clocks:
            clocks[edge.host] = _clock(edge, clocks[edge.near], root)
            for further in edges_of(edge.host):
                heappush(edges, further)


def _attach(clocks: dict[int, Clock], alone: Array, through: Sequence[Array], root: int) -> None:
    """Place hosts that share packets with nobody but as taps, or but with taps (``alone``: hosts
    without an edge, bool), by what passed these (``through``: columns as of :func:`estimate`).

    All their partners count at once, with times on the clock of ``root``, so that what
    comes from one end and goes on to the other bounds a clock from both sides.
    """
    sender, receiver, departure, arrival = through
    placed = np.zeros(len(alone), bool)
    while True:
        placed[[host for host, clock in clocks.items() if clock.root == root]] = True
        free = alone & ~placed
        free[list(clocks)] = False
        out = np.flatnonzero(placed[sender] & free[receiver])
        back = np.flatnonzero(free[sender] & placed[receiver])
        if not len(out) and not len(back):
            return
        left, unsure = _on_clock_of(clocks, sender[out], departure[out])
        came, doubt = _on_clock_of(clocks, receiver[back], arrival[back])
        edges = _edges(
            len(alone),
            np.concatenate([np.full(len(out), root), sender[back]]),
            np.concatenate([receiver[out], np.full(len(back), root)]),
            np.concatenate([left - unsure, departure[back]]),
            np.concatenate([arrival[out], came + doubt]),
        )
        if not edges:
            return
        for edge in edges:
            hop = edge if edge.near == root else edge.turned()
            clocks[hop.host] = _clock(hop, clocks[root], root)


def _on_clock_of(clocks: Mapping[int, Clock], host: Array, times: Array) -> tuple[Array, Array]:
    """``times`` of each ``host`` on the clock of its root, and what they may be wrong by (ns)."""
    there, doubt = np.array(times), np.zeros(len(times), np.int64)
    for number in distinct(host).tolist():
        mine = np.flatnonzero(host == number)
        there[mine] = clocks[number].to_reference(times[mine])
        doubt[mine] = clocks[number].own_doubt(times[mine])
    return there, doubt


_RANK = {"accurate": 0, "approximate": 1, "one-sided": 2, "inconsistent": 3}


def _clock(hop: Skew, near: Clock, root: int) -> Clock:
    """The clock at the far end of ``hop``, whose near end is placed."""
    direct = near.host == root
    path = (hop,) if direct else (hop, *near.path)
    here, worst, kept = np.array([hop.begin, hop.at, hop.end], np.int64), 0.0, 1.0
    for step in path:
        worst = worst * _amplified(step) + step.worst(int(here.min()), int(here.max()))
        here = here - step.value(here)
        kept *= 1.0 - step.rate
    drifts = any(step.rate for step in path)
    grade = hop.grade
    if not direct:
        grade = max(hop.grade, near.grade, "approximate", key=lambda g: _RANK[g])
    return Clock(
        host=hop.host,
        reference=root,
        offset=hop.at - int(here[1]),
        uncertainty=math.floor(worst),
        grade=grade,
        drift_ppm=(1.0 - kept) * 1e6 if drifts else None,
        at=hop.at,
        bound=hop.bound if direct else "",
        step=hop.step,
        path=path,
    )


def _contradicted(
    clocks: Mapping[int, Clock], edges: Sequence[Skew]
) -> dict[int, tuple[int, Step | None]]:
    """Hosts whose clocks over others do not agree with packets that they share: by how much
    that may be (ns), and the step if the packets show one. Of the two hosts it is the one that
    no third clock went along with meanwhile; else nobody can tell, unless one is by what is in
    the tree."""
    tree = {frozenset((hop.host, hop.near)) for c in clocks.values() for hop in c.path[:1]}
    every, edges = edges, [e for e in edges if frozenset((e.host, e.near)) not in tree]
    if not edges:
        return {}
    here = np.array([[edge.begin, edge.at, edge.end] for edge in edges], np.int64)
    there = here - np.array([edge.value(h) for edge, h in zip(edges, here, strict=True)])
    landed, unsure = _referred(clocks, [edge.near for edge in edges], there)
    straight, doubt = _referred(clocks, [edge.host for edge in edges], here)
    result: dict[int, tuple[int, Step | None]] = {}
    for edge, moments, apart, most in zip(
        edges, here, landed - straight, unsure + doubt, strict=True
    ):
        grades = {clocks[host].grade for host in (edge.host, edge.near)}
        wrong = edge.grade == "inconsistent" and "inconsistent" not in grades
        bounded = grades <= {"accurate", "approximate"}
        if wrong or (bounded and _excluded(edge, moments, apart, most)):
            by = int(np.abs(apart).max() + edge.worst(edge.begin, edge.end))
            ends = (edge.host, edge.step), (edge.near, edge.step and edge.step.negated())
            steady = [_went_along(clocks, every, edge, host) for host, _ in ends]
            for (host, step), kept in zip(ends, steady, strict=True):
                if kept and not all(steady):
                    continue
                most_so_far, known = result.get(host, (0, None))
                result[host] = max(most_so_far, by), known or step
    return result


def _went_along(
    clocks: Mapping[int, Clock], edges: Sequence[Skew], stepped: Skew, host: int
) -> bool:
    """Whether the clock of ``host``, an end of ``stepped``, and that of a third host show the
    same time, give or take their drift, from before to after the step."""
    step = stepped.step
    if step is None:
        return False
    moments = np.array([step.begin, step.end], np.int64)
    begin, end = clocks[step.clock].to_reference(moments)
    doubt = int(clocks[step.clock].doubt(moments).max())
    for edge in edges:
        ends = {edge.host, edge.near}
        if host not in ends or ends == {stepped.host, stepped.near}:
            continue
        if edge.grade in {"accurate", "approximate"}:
            first, last = clocks[edge.host].to_reference(np.array([edge.begin, edge.end], np.int64))
            if first + doubt < begin and end + doubt < last:
                return True
    return False


def _excluded(edge: Skew, moments: Array, apart: Array, doubt: Array) -> bool:
    """Whether clocks that are ``apart`` from where ``edge`` has them, give or take ``doubt``,
    are out of its bounds at any of ``moments``."""
    if edge.bound:
        # It holds at one moment, the others may have drifted away from it.
        drifted = MAX_DRIFT * (edge.end - edge.begin)
        over = apart if edge.bound == "at most" else -apart
        return bool((over > doubt + drifted).any())
    return bool((np.abs(apart) > doubt + edge.doubt(moments)).any())


def _referred(
    clocks: Mapping[int, Clock], hosts: Sequence[int], times: Array
) -> tuple[Array, Array]:
    """Rows of ``times``, each on the clock of one of ``hosts``, on the reference clock, and
    what that may be wrong by (ns)."""
    result, doubt = np.empty_like(times), np.empty_like(times)
    of = np.array(hosts)
    for host in set(hosts):
        rows = times[of == host].ravel()
        result[of == host] = clocks[host].to_reference(rows).reshape(-1, times.shape[1])
        doubt[of == host] = clocks[host].doubt(rows).reshape(-1, times.shape[1])
    return result, doubt


def _doubted(clock: Clock, by: int, step: Step | None) -> Clock:
    """``clock`` with a contradiction of ``by`` ns, maybe because of ``step``."""
    hop = given(clock.reference, clock.reference, 0, by)
    return replace(
        clock,
        uncertainty=clock.uncertainty + by,
        grade="inconsistent",
        step=step,
        path=(*clock.path, hop),
    )


def on_reference(clocks: Sequence[Clock], host: Array, times: Array) -> Array:
    """``times`` (int64 ns), each on the clock of its ``host`` (row), on the reference clock;
    NO_TIME stays."""
    result = np.array(times)
    for clock in clocks:
        if clock.path:
            mine = np.flatnonzero(host == clock.host)
            result[mine] = clock.to_reference(times[mine])
    return result


def across(clocks: Sequence[Clock], host: Array, other: Array, times: Array) -> tuple[Array, Array]:
    """``times`` (int64 ns) of each ``host`` on the clock of the ``other`` (rows), and what that
    may be wrong by (ns). NO_TIME stays."""
    moment, doubt = np.array(times), np.zeros(len(times), np.int64)
    pair = host * len(clocks) + other
    for code in distinct(pair).tolist():
        one, two = clocks[code // len(clocks)], clocks[code % len(clocks)]
        if one is two:
            continue
        mine = np.flatnonzero(pair == code)
        there = two.from_reference(one.to_reference(times[mine]))
        moment[mine] = there
        doubt[mine] = one.own_doubt(times[mine]) + two.own_doubt(there)
        if one.root != two.root:
            doubt[mine] += ASSUMED_AGREEMENT_NS
    return moment, doubt


def split(request_time: Array, reply_time: Array) -> int | None:
    """What to add to the times of replies so that none comes before its request, all in
    one capture (ns); None where they do not, or in so few pairs that these are accidents.

    ``request_time`` and ``reply_time`` (int64 ns, one row per pair) are SYNs and the
    SYN-ACKs to them. An interface that stamps what it receives while the kernel stamps
    what it sends, or a file merged from two, has two clocks, one for each direction. The
    result is the least that they differ by: the delay between request and reply hides as
    much of it, a difference below the shortest delay all of it, and replies that are
    stamped too late look like slow ones.
    """
    timed = (request_time != NO_TIME) & (reply_time != NO_TIME)
    delay = (reply_time - request_time)[timed]
    if not len(delay) or (delay < 0).mean() < SPLIT_SHARE:
        return None
    return -int(delay.min())
