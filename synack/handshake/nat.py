"""One attempt under several addresses: what a translator on its way makes of it.

NAT, port forwarding and load balancers that pass packets on write other addresses and ports
into them and leave the numbers as they are (RFC 3022). Two attempts that hosts or taps saw
are one connection, translated in between, when two numbers of 32 bits agree that nobody
chooses alike twice: the client's ISN, and the TSval of a SYN (RFC 7323; the SYN-ACK has it as
TSecr) or the server's ISN. Other options are the same for all machines of a kind.
The ISN alone does if the same translation is shown by others. A full proxy opens a connection
of its own, with an ISN of its own: that stays two.

What could be paired in more than one way is not paired, and counted. Two ISNs of a million
are alike by chance in a hundred cases: what nothing but the ISN connects is
:class:`Connections.alike`, of which :mod:`~synack.handshake.coincidence` leaves out what can
be no translation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synack.grouping import firsts, ids_of
from synack.handshake.states import Event
from synack.handshake.vantage import CLIENT, NEITHER, SERVER
from synack.tables import Array, Table

_NO_CLOCK = (-1, 0, 0xFFFFFFFF)
"""A TSval that is not there; one of a sender without a clock; one of a scanner's fixed SYNs
(nmap's probes). Those are no numbers that agree by nothing but being the same segment."""

_NO_STAMP = 1 << 32
_REPEATED_TICKS = 131_072
"""A SYN is repeated for 127 s (Linux, tcp_syn_retries), and a TSval clock has at most 1,000 ticks
a second (RFC 7323 section 5.4)."""

_SURELY = 100
"""So many times as many as by chance are none."""

MOST = 8
"""More attempts than this with one ISN have it from a program that always takes the same."""


class Alike(NamedTuple):
    """Attempts that may be one connection by their ISN alone, two by two. ``strange``: the
    TSvals of their SYNs are farther apart than those of repetitions (bool)."""

    one: Array
    other: Array
    strange: Array


class Connections(NamedTuple):
    """``of_attempt``: for each attempt the number of the first that is the same connection,
    maybe its own (int64). ``ambiguous``: whether it is one with another, and nothing tells
    with which (bool)."""

    of_attempt: Array
    ambiguous: Array
    alike: Alike

    @property
    def translated(self) -> bool:
        """Whether any attempt is the same connection as another."""
        return bool((self.of_attempt != np.arange(len(self.of_attempt))).any())


def connections(
    segments: Table,
    sightings: Table,
    sighting: Array,
    leg: Array,
    side: Array,
    identity: Array,
) -> Connections:
    """Find the attempts that are one connection.

    ``sighting`` and ``leg`` are per row of ``segments``; ``side`` and ``identity`` (number of
    the attempt by its addresses) per row of ``sightings``.
    """
    attempts = int(identity.max(initial=-1)) + 1
    alone = np.arange(attempts)
    isn = np.empty(attempts, np.uint32)
    isn[identity] = sightings["client_isn"]
    shared = _repeated(isn)
    ambiguous = np.zeros(attempts, bool)
    if not shared.any():
        return Connections(alone, ambiguous, Alike(alone[:0], alone[:0], ambiguous[:0]))
    members = np.flatnonzero(shared)
    number = np.full(attempts, -1, np.int64)
    number[members] = np.arange(len(members))
    c = _Candidates(
        segments, sightings, sighting, leg, side, number[identity], ids_of(isn[members])
    )
    first, second, ambiguous[members], alike = c.pairs()
    # The pairs of a connection are all there are of it, so the least member is known to all.
    np.minimum.at(alone, members[second], members[first])
    one, other, strange = alike
    return Connections(alone, ambiguous, Alike(members[one], members[other], strange))


def _repeated(values: Array) -> Array:
    """Whether each value is there more than once (bool)."""
    ordered = np.sort(values)
    several = ordered[1:][ordered[1:] == ordered[:-1]]
    # Of many numbers few are alike: their lower halves leave few to look at.
    some = np.zeros(1 << 16, bool)
    some[several & 0xFFFF] = True
    rows = np.flatnonzero(some[values & 0xFFFF])
    result = np.zeros(len(values), bool)
    result[rows] = np.isin(values[rows], several)
    return result


class _Candidates:
    """Attempts that share their ISN with others; ``group`` numbers the ISNs. A pair of them
    is one number, so that sets of pairs can be compared."""

    def __init__(
        self, segments: Table, sightings: Table, sighting: Array, leg: Array, side: Array,
        number: Array, group: Array,
    ) -> None:  # fmt: skip
        self.group = group
        self.size = len(group)
        self.seen = np.flatnonzero(number >= 0)
        self.sightings, self.segments, self.side = sightings, segments, side
        self.member = number[self.seen]
        mine = np.append(number, -1)[sighting]
        rows = np.flatnonzero((mine >= 0) & ((leg == Event.SYN) | (leg == Event.SYN_ACK)))
        self.syn = rows[leg[rows] == Event.SYN]
        self.syn_ack = rows[leg[rows] == Event.SYN_ACK]
        self.of_syn, self.of_syn_ack = mine[self.syn], mine[self.syn_ack]
        # A SYN-ACK gives the TSval of the SYN back as its TSecr.
        stamp = np.concatenate([segments["tsval"][self.syn], segments["tsecr"][self.syn_ack]])
        known = ~np.isin(stamp, _NO_CLOCK)
        self.stamp = stamp[known]
        self.of_stamp = np.concatenate([self.of_syn, self.of_syn_ack])[known]

    def pairs(self) -> tuple[Array, Array, Array, Alike]:
        """(first, second, ambiguous, alike): the members of each pair that is one connection;
        of each member whether it is one with another, whichever; and the members of pairs that
        may be one by the ISN alone."""
        many = np.bincount(self.group)[self.group] > MOST
        pairs = self._together(np.flatnonzero(~many), self.group[~many])
        first, second = pairs // self.size, pairs % self.size
        by_stamp, by_reply = self._agree_in_stamp(pairs), self._agree_in_reply(pairs)
        stamped, replied = self._both_have(first, second)
        sure = by_reply | (by_stamp & ~replied)
        weak = ~by_stamp & ~by_reply & ~stamped & ~replied
        here, same_end = self._in_one_capture(pairs), self._at_one_end(first, second)
        falls = self._passes_a_router(first, second)
        sure &= falls | ~(here | same_end)
        weak &= ~here & ~same_end
        weak &= ~self._has(first, second, sure)
        shown = weak & self._shown_by_others(first, second, sure, weak)
        # Two SYNs of one attempt, maybe, each end having the one that the other lacks.
        apart = stamped & ~by_stamp & ~by_reply & ~replied & ~here & ~same_end
        apart &= ~self._has(first, second, sure)
        kept, clear = sure | shown, self._clear(first, second, sure | shown)
        tied = kept & ~clear
        doubted = self._one_of_many(many)
        doubted[first[tied]] = doubted[second[tied]] = True
        strange = apart & ~self._of_one_clock(first, second)
        maybe = (weak & ~shown) | apart
        alike = Alike(first[maybe], second[maybe], strange[maybe])
        return first[clear], second[clear], doubted, alike

    # ---- sets of pairs ------------------------------------------------------------------

    def _together(self, members: Array, *key: Array) -> Array:
        """Each two members that share a ``key``, sorted."""
        ids = ids_of(*key)
        some = firsts(ids, members)
        ids, members = ids[some], members[some]
        order = np.lexsort((members, ids))
        ids, members = ids[order], members[order]
        found = [np.empty(0, np.int64)]
        for step in range(1, MOST):
            same = ids[step:] == ids[:-step]
            found.append(members[:-step][same] * self.size + members[step:][same])
        return np.unique(np.concatenate(found))

    def _agree_in_stamp(self, pairs: Array) -> Array:
        member = self.of_stamp
        return np.isin(pairs, self._together(member, self.group[member], self.stamp))

    def _agree_in_reply(self, pairs: Array) -> Array:
        seq, member = self.segments["seq"][self.syn_ack], self.of_syn_ack
        return np.isin(pairs, self._together(member, self.group[member], seq))

    def _in_one_capture(self, pairs: Array) -> Array:
        capture = self.sightings["capture"][self.seen]
        return np.isin(pairs, self._together(self.member, self.group[self.member], capture))

    def _at_one_end(self, first: Array, second: Array) -> Array:
        """Pairs of which both have a capture of their client, or both of their server."""
        found = np.zeros(len(first), bool)
        for end in (CLIENT, SERVER):
            there = np.zeros(self.size, bool)
            there[self.member[self.side[self.seen] == end]] = True
            found |= there[first] & there[second]
        return found

    # ---- conditions ---------------------------------------------------------------------

    def _both_have(self, first: Array, second: Array) -> tuple[Array, Array]:
        """Whether both of each pair have a TSval of a SYN, and a SYN-ACK."""
        stamps, replies = np.zeros(self.size, bool), np.zeros(self.size, bool)
        stamps[self.of_stamp] = True
        replies[self.of_syn_ack] = True
        return stamps[first] & stamps[second], replies[first] & replies[second]

    def _of_one_clock(self, first: Array, second: Array) -> Array:
        """Whether any TSvals of both are as near as those of repetitions of one SYN."""
        low, high = np.full(self.size, _NO_STAMP), np.full(self.size, -1, np.int64)
        np.minimum.at(low, self.of_stamp, self.stamp)
        np.maximum.at(high, self.of_stamp, self.stamp)
        apart = np.maximum(low[second] - high[first], low[first] - high[second])
        return np.minimum(apart, _NO_STAMP - apart) <= _REPEATED_TICKS

    def _passes_a_router(self, first: Array, second: Array) -> Array:
        """Whether every SYN of one has a lower TTL than all of the other: a machine passed it
        on, and did not send two alike."""
        ttl = self.segments["ttl"][self.syn]
        low, high = np.full(self.size, 256), np.full(self.size, -1)
        np.minimum.at(low, self.of_syn, ttl)
        np.maximum.at(high, self.of_syn, ttl)
        seen = (high[first] >= 0) & (high[second] >= 0)
        return seen & ((low[first] > high[second]) | (low[second] > high[first]))

    def _has(self, first: Array, second: Array, chosen: Array) -> Array:
        """Whether either member of each pair is in a ``chosen`` pair."""
        taken = np.zeros(self.size, bool)
        taken[first[chosen]] = taken[second[chosen]] = True
        return taken[first] | taken[second]

    def _shown_by_others(self, first: Array, second: Array, sure: Array, weak: Array) -> Array:
        """Whether a pair that is sure translates the same addresses and port the same way, or
        weak ones with more other ISNs than are alike by chance."""
        s, some = self.sightings, np.empty(self.size, np.int64)
        some[self.member] = self.seen
        names = ("client_hi", "client_lo", "server_hi", "server_lo", "server_port")
        ends = ids_of(*(s[name] for name in names))
        among = np.bincount(ends).astype(float)
        low, high = np.sort([ends[some[first]], ends[some[second]]], axis=0)
        way = ids_of(low, high)
        size = int(way.max(initial=-1)) + 1
        proven = np.bincount(way[sure], minlength=size) > 0
        isns = self.group[first[weak]]
        distinct = firsts(way[weak], isns)
        found = np.bincount(way[weak][distinct], minlength=size)
        by_chance = np.zeros(size)
        by_chance[way] = among[low] * among[high] / 2**32
        proven |= found > 1 + _SURELY * by_chance
        return proven[way]

    def _clear(self, first: Array, second: Array, kept: Array) -> Array:
        """Of ``kept`` those whose ISN leaves no choice: all its paired members are paired
        with each other."""
        one, other = first[kept], second[kept]
        degree = np.bincount(one, minlength=self.size) + np.bincount(other, minlength=self.size)
        least = np.arange(self.size)
        np.minimum.at(least, other, one)
        paired = degree > 0
        together = np.bincount(least[paired], minlength=self.size)[least]
        open_ended = paired & (degree + 1 != together)
        bad = np.zeros(int(self.group.max(initial=-1)) + 1, bool)
        bad[self.group[open_ended]] = True
        bad[self.group[one[least[one] != least[other]]]] = True
        return kept & ~bad[self.group[first]]

    def _one_of_many(self, many: Array) -> Array:
        """Of members with too common an ISN those that not every capture of it has (bool)."""
        capture = self.sightings["capture"][self.seen]
        where = firsts(self.member, capture)
        of_member = np.bincount(self.member[where], minlength=self.size)
        group = self.group[self.member]
        where = firsts(group, capture)
        of_group = np.bincount(group[where], minlength=int(self.group.max(initial=-1)) + 1)
        return many & (of_member < of_group[self.group])


class Ends(NamedTuple):
    """``side`` of each sighting; and for each connection a sighting with the addresses of the
    client's side (``near``) and one with those of the server's (``far``), as rows."""

    side: Array
    near: Array
    far: Array


def ends(
    side: Array, sightings: Table, segments: Table, identity: Array, by_address: Array
) -> Ends:
    """Which of its addresses a connection has at which end, and one client and server for each.

    The client is where the SYN has its highest TTL, the server where it has its lowest. A
    translator speaks for them: from its own capture it looks like one of them, and is neither.
    ``identity`` is the number of the connection of each sighting, ``by_address`` of the attempt.
    """
    side = side.copy()
    some = np.empty(int(identity.max(initial=-1)) + 1, np.int64)
    some[identity] = np.arange(len(identity))
    several = np.zeros(len(some), bool)
    several[identity[by_address[some[identity]] != by_address]] = True
    rows = np.flatnonzero(several[identity])
    syn = sightings["syn_row"][rows]
    ttl = np.where(syn < 0, -1, segments["ttl"][syn].astype(np.int64))
    views = []
    for end, height in ((CLIENT, ttl), (SERVER, np.where(syn < 0, -256, -ttl))):
        view = some.copy()
        order = np.lexsort((height, side[rows] == end))
        view[identity[rows[order]]] = rows[order]
        spoken_for = (side[rows] == end) & (by_address[view[identity[rows]]] != by_address[rows])
        side[rows[spoken_for]] = NEITHER
        views.append(view)
    return Ends(side, *views)
