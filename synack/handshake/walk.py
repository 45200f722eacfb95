# cython: language_level=3, annotation_typing=False, boundscheck=True, wraparound=False, initializedcheck=False, cdivision=True
"""The state machine of the tracker over columns: rows in, attempts out, one row at a time.

One source: plain Python, compiled by the package's build with the C types of walk.pxd
when a compiler is there, importable as it is without. :mod:`synack.handshake.track` says
what it does and owns the words; here is how.

Connections are found by hash. A connection knows the latest attempt of each of its two
directions, which nearly every segment belongs to; older ones, of a reused port, are found
by hash of their ISN. The hashes are keyed at random, because a capture may have been made
to collide. Memory grows with the attempts.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from synack.memory import sparse_zeros
from synack.tables import Array, Table
from synack.together import together

try:
    import cython
except ImportError:
    from synack import uncompiled as cython

COMPILED: bool = cython.compiled

# `kind` of a segment, as in tables.py.
_SYN, _SYN_ACK, _ACK, _RST, _QUOTE = 1, 2, 3, 4, 5
# `direction` of a segment.
_OUTBOUND = 2
# states.Event.
_E_SYN, _E_SYN_ACK, _E_ACK, _E_PROGRESS = 1, 2, 3, 4
_E_RST_SERVER, _E_RST_CLIENT, _E_CHALLENGE, _E_ICMP, _E_COPY = 5, 6, 7, 8, 9
_EVENTS = 10

_NO_TIME = -(2**63)
_SOON = 100_000_000
"""ns. The same segment again so soon is no repetition of a timer: none runs out before 200 ms
(TCP_RTO_MIN of Linux), and none of a handshake before 1 s (RFC 6298)."""
_AT_ONCE = 10_000
"""ns. Nothing sends the same segment twice so fast: it was recorded twice."""
_TWIN, _ELSEWHERE = 0x80, 0x40
TWIN, ELSEWHERE = _TWIN, _ELSEWHERE
"""Bits of an event: the same segment as the one before of its kind; recorded at another
place, or at the same moment."""

_FIRST_FLIGHT = 0xFFFF
"""The most a client can send before it has more than the SYN-ACK, whose window is never
scaled (RFC 7323 section 2.2)."""
_LARGEST = 1 << 30
"""The largest window that scaling allows (RFC 7323 section 2.3)."""
_LOW, _HALF = (1 << 32) - 1, 1 << 31
_ALL_ONES = (1 << 64) - 1
_BATCH = 1 << 11
"""Rows of which the connections are looked up at once: they fit the second-level cache."""

_COLUMNS = (
    "capture", "kind", "src_hi", "src_lo", "dst_hi", "dst_lo", "src_port", "dst_port",
    "seq", "ack", "payload", "time", "src_mac", "flags", "window", "tsval", "tsecr",
    "ttl", "ip_id", "interface", "direction", "vlan", "dst_mac",
)  # fmt: skip
_KEY = 3
"""Words that tell a connection: the lower halves of both ends, capture and ports. The upper
halves are apart: those of IPv4 are 0 and take no memory."""
_OF_ATTEMPTS = {
    "capture": "i", "client_hi": "Q", "client_lo": "Q", "server_hi": "Q", "server_lo": "Q",
    "client_port": "H", "server_port": "H", "connection": "i", "from_high": "B", "isn": "I", "state": "B", "seen": "H", "first": "q",
    "last": "q", "syn_payload": "q", "answer": "q", "challenge": "q",
    "row": "q", "syn_row": "q", "syn_ack_row": "q", "several_macs": "B",
}  # fmt: skip

_BY_EVENT = {"counts": ("i", _EVENTS), "firsts": ("q", _EVENTS), "rows": ("i", _EVENTS)}
_WIDTHS = {name: (code, 1) for name, code in _OF_ATTEMPTS.items()} | _BY_EVENT | {
    "keys": ("Q", _KEY), "upper": ("Q", 2), "has_older": ("B", 1), "latest": ("i", 2),
    "speaks": ("i", 2),
}  # fmt: skip
"""Type and number of what there is of each attempt or connection."""
_SELDOM = {*_BY_EVENT, "upper", "client_hi", "server_hi", "syn_payload", "challenge"}
"""What stays 0 in most captures: of most events, of IPv4."""


class Walk:
    """All attempts of ``segments``, and what happened to each."""

    def __init__(
        self,
        transitions: bytes,
        segments: Table,
        rows: range | None = None,
        room: int = 0,
        into: tuple[Array, Array] | None = None,
    ) -> None:
        """``transitions`` holds the next state for each state and event, events fastest.
        Rows of one capture are in the order in which it recorded them. Of ``rows`` alone, if
        given: other walks may go on meanwhile in other threads, and be joined by
        :meth:`append` if there is ``room`` for all their attempts. ``into``: where the attempt
        (int64) and the event (uint8) of each row go, if there is a place for them."""
        keys = array("Q", os.urandom(48))
        self._key_a, self._key_b, self._key_c = keys[0] | 1, keys[1] | 1, keys[2] | 1
        self._key_d, self._key_e, self._key_f = keys[3] | 1, keys[4] | 1, keys[5] | 1
        self.transitions = transitions
        self.connections = self.attempts = self.older = 0
        self.b_hash, self.b_place = _zeros("Q", _BATCH), _zeros("Q", _BATCH)
        self.b_slot, self.b_end = _zeros("Q", _BATCH), _zeros("B", _BATCH)
        self.touched = 0
        self.by_ends = _zeros("Q", 2)
        self.by_isn = _zeros("Q", 2)
        begin, end = (0, len(segments)) if rows is None else (rows.start, rows.stop)
        self._room = 0
        self._held: dict[str, Any] = {}
        self._make_room(max(room, attempts_likely(segments, range(begin, end))))
        self.begin = begin
        self.attempt, self.event = into or (
            np.empty(end - begin, np.int64), np.empty(end - begin, np.uint8)
        )  # fmt: skip
        self._bind({name: _plain(segments[name]) for name in _COLUMNS})
        for row in range(begin, end, _BATCH):
            until = min(row + _BATCH, end)
            if self.attempts + _BATCH > self._room:
                self._make_room(2 * self._room)
            self._make_slots(until - row)
            self._walk(row, until)

    def append(self, other: Walk) -> None:
        """The attempts of ``other``, whose rows come after those of this one. The attempt and
        event of a row stay where they are."""
        begin, end = self.attempts, self.attempts + other.attempts
        if end > self._room:
            self._make_room(end)
        np.add(other.attempt, begin, out=other.attempt, where=other.attempt >= 0)
        names = list(_OF_ATTEMPTS)
        half = len(names) // 2
        # Partials, for closures of compiled code keep what they are of alive.
        together(
            end,
            partial(other._put_into, self._held, begin, ["firsts"]),
            partial(other._put_into, self._held, begin, ["counts", *names[:half]]),
            partial(other._put_into, self._held, begin, names[half:]),
        )
        np.asarray(self._held["connection"])[begin:end] += self.connections
        self.connections += other.connections
        self.attempts = end

    def _put_into(self, held: dict[str, Any], begin: int, names: Sequence[str]) -> None:
        """What there is of these ``names``, into that of another walk."""
        for name in names:
            if name in _BY_EVENT:
                _copy(self._held[name], held[name], self.attempts, begin)
            else:
                np.asarray(held[name])[begin : begin + self.attempts] = self.column(name)

    def column(self, name: str) -> Array:
        """A value per attempt."""
        return np.asarray(self._held[name])[: self.attempts]

    def counts(self) -> Array:
        """Segments by attempt and event (int32)."""
        return np.asarray(self._held["counts"]).reshape(_EVENTS, -1).T[: self.attempts]

    def firsts(self) -> Array:
        """Time of the first segment by attempt and event (int64, ns); 0 where there is none."""
        return np.asarray(self._held["firsts"]).reshape(_EVENTS, -1).T[: self.attempts]

    def _make_slots(self, rows: int) -> None:
        """For as many connections and older attempts more."""
        if 2 * (self.connections + rows) > len(self.by_ends):
            self.by_ends = _slots(_power_of_two(2 * (self.connections + rows)))
            with cython.nogil:
                self._enter_all_connections()
        if 2 * (self.older + rows) > len(self.by_isn):
            entered = self.by_isn
            self.by_isn = _slots(_power_of_two(2 * (self.older + rows)))
            self._enter_all_older(entered)

    def _make_room(self, room: int) -> None:
        """For so many attempts, and connections."""
        held = {
            name: (_seldom if name in _SELDOM else _zeros)(code, width * room)
            for name, (code, width) in _WIDTHS.items()
        }
        for name, before in self._held.items():
            if name in _BY_EVENT:
                _copy(before, held[name], self.attempts, 0)
            else:
                np.asarray(held[name])[: len(before)] = before
        self._held, self._room, h = held, room, held
        self.keys, self.upper, self.has_older = h["keys"], h["upper"], h["has_older"]
        self.capture = h["capture"]
        self.client_hi, self.client_lo = h["client_hi"], h["client_lo"]
        self.server_hi, self.server_lo = h["server_hi"], h["server_lo"]
        self.client_port, self.server_port = h["client_port"], h["server_port"]
        self.latest, self.connection, self.from_high = h["latest"], h["connection"], h["from_high"]
        self.isn, self.state, self.seen = h["isn"], h["state"], h["seen"]
        self.first, self.last, self.syn_payload = h["first"], h["last"], h["syn_payload"]
        self.answer, self.challenge = h["answer"], h["challenge"]
        self.row, self.syn_row, self.syn_ack_row = h["row"], h["syn_row"], h["syn_ack_row"]
        self.speaks, self.several_macs = h["speaks"], h["several_macs"]
        self.in_counts, self.in_firsts, self.in_rows = h["counts"], h["firsts"], h["rows"]

    def _bind(self, segments: dict[str, Any]) -> None:
        """Name the columns, so that compiled code reaches them without a dictionary."""
        s = segments
        self.s_capture, self.s_kind, self.s_time = s["capture"], s["kind"], s["time"]
        self.s_src_hi, self.s_src_lo, self.s_src_port = s["src_hi"], s["src_lo"], s["src_port"]
        self.s_dst_hi, self.s_dst_lo, self.s_dst_port = s["dst_hi"], s["dst_lo"], s["dst_port"]
        self.s_seq, self.s_ack, self.s_payload = s["seq"], s["ack"], s["payload"]
        self.s_flags, self.s_window, self.s_src_mac = s["flags"], s["window"], s["src_mac"]
        self.s_tsval, self.s_tsecr, self.s_ttl = s["tsval"], s["tsecr"], s["ttl"]
        self.s_dst_mac, self.s_ip_id = s["dst_mac"], s["ip_id"]
        self.s_interface, self.s_direction, self.s_vlan = s["interface"], s["direction"], s["vlan"]
        self.o_attempt, self.o_event = self.attempt, self.event

    # ---- tables -----------------------------------------------------------------------------

    def _enter_all_connections(self) -> int:
        for c in range(self.connections):
            at = c * _KEY
            mixed = self._hash_ends(
                self.upper[2 * c], self.keys[at], self.upper[2 * c + 1], self.keys[at + 1],
                self.keys[at + 2],
            )  # fmt: skip
            self._enter(mixed, c)
        return 0

    def _enter_all_older(self, entered: Any) -> int:
        for at in range(len(entered)):
            if entered[at]:
                self._enter_older(entered[at] - 1)
        return 0

    def _enter(self, mixed: int, c: int) -> int:
        mask = len(self.by_ends) - 1
        at = mixed & mask
        while self.by_ends[at]:
            at = (at + 1) & mask
        self.by_ends[at] = (mixed >> 32) << 32 | (c + 1)
        return 0

    def _hash_ends(self, low_hi: int, low_lo: int, high_hi: int, high_lo: int, place: int) -> int:
        mixed = (
            low_hi * self._key_a
            ^ low_lo * self._key_b
            ^ high_hi * self._key_c
            ^ high_lo * self._key_d
            ^ place * self._key_e
        ) & _ALL_ONES
        mixed = (mixed ^ mixed >> 32) * self._key_f & _ALL_ONES
        return mixed ^ mixed >> 29

    def _find(
        self, mixed: int, low_hi: int, low_lo: int, high_hi: int, high_lo: int, place: int
    ) -> int:
        """The connection, -1 without one. ``place``: capture and ports."""
        mask = len(self.by_ends) - 1
        at = mixed & mask
        while self.by_ends[at]:
            slot = self.by_ends[at]
            if slot >> 32 == mixed >> 32:
                c = (slot & _LOW) - 1
                key = c * _KEY
                if (
                    self.keys[key] == low_lo
                    and self.keys[key + 1] == high_lo
                    and self.keys[key + 2] == place
                    and self.upper[2 * c] == low_hi
                    and self.upper[2 * c + 1] == high_hi
                ):
                    return c
            at = (at + 1) & mask
        return -1

    def _hash_isn(self, place: int, isn: int) -> int:
        mixed = (place * self._key_a ^ isn * self._key_b) & _ALL_ONES
        mixed = (mixed ^ mixed >> 32) * self._key_f & _ALL_ONES
        return mixed ^ mixed >> 29

    def _of_isn(self, c: int, high: int, isn: int) -> int:
        """The attempt that the lower (``high`` 0) or higher (1) end made with this ISN."""
        attempt = self.latest[2 * c + high]
        if attempt >= 0 and self.isn[attempt] == isn:
            return attempt
        if not self.has_older[c]:
            return -1
        mixed = self._hash_isn(2 * c + high, isn)
        mask = len(self.by_isn) - 1
        at = mixed & mask
        while self.by_isn[at]:
            attempt = self.by_isn[at] - 1
            if (
                self.isn[attempt] == isn
                and self.connection[attempt] == c
                and self.from_high[attempt] == high
            ):
                return attempt
            at = (at + 1) & mask
        return -1

    def _enter_older(self, attempt: int) -> int:
        """Whether it was not there yet."""
        c = self.connection[attempt]
        high = self.from_high[attempt]
        mixed = self._hash_isn(2 * c + high, self.isn[attempt])
        mask = len(self.by_isn) - 1
        at = mixed & mask
        while self.by_isn[at]:
            if self.by_isn[at] - 1 == attempt:
                return 0
            at = (at + 1) & mask
        self.by_isn[at] = attempt + 1
        return 1

    def _make_latest(self, c: int, high: int, attempt: int) -> int:
        before = self.latest[2 * c + high]
        if before != attempt:
            if before >= 0:
                self.older += self._enter_older(before)
                self.has_older[c] = 1
            self.latest[2 * c + high] = attempt
        return 0

    def _connect(
        self, mixed: int, low_hi: int, low_lo: int, high_hi: int, high_lo: int, place: int
    ) -> int:
        c = self.connections
        self.keys[c * _KEY] = low_lo
        self.keys[c * _KEY + 1] = high_lo
        self.keys[c * _KEY + 2] = place
        if low_hi | high_hi:
            self.upper[2 * c] = low_hi
            self.upper[2 * c + 1] = high_hi
        self.latest[2 * c] = self.latest[2 * c + 1] = -1
        self._enter(mixed, c)
        self.connections = c + 1
        return c

    def _open(self, c: int, high: int, isn: int) -> int:
        """What is not set here is 0 from the start."""
        new = self.attempts
        key = c * _KEY
        ports = self.keys[key + 2]
        self.capture[new] = ports >> 32
        self.client_lo[new], self.server_lo[new] = self.keys[key + high], self.keys[key + 1 - high]
        if self.upper[2 * c] | self.upper[2 * c + 1]:
            self.client_hi[new] = self.upper[2 * c + high]
            self.server_hi[new] = self.upper[2 * c + 1 - high]
        self.client_port[new] = ports >> (0 if high else 16) & 0xFFFF
        self.server_port[new] = ports >> (16 if high else 0) & 0xFFFF
        self.connection[new] = c
        self.from_high[new] = high
        self.isn[new] = isn
        self.answer[new] = -1
        self.row[new] = self.syn_row[new] = self.syn_ack_row[new] = -1
        self.attempts = new + 1
        self._make_latest(c, high, new)
        return new

    # ---- segments ---------------------------------------------------------------------------

    def _look_up(self, begin: int, end: int) -> int:
        """Find out for each row which connection it is of, and by which end: 0 the lower, 1
        the higher. Reads what the walk is going to need in loops of nothing else, because
        then many reads from memory are under way at a time."""
        mask = len(self.by_ends) - 1
        for row in range(begin, end):
            at = row - begin
            place = self.s_capture[row]
            src_hi, src_lo, src_port = self.s_src_hi[row], self.s_src_lo[row], self.s_src_port[row]
            dst_hi, dst_lo, dst_port = self.s_dst_hi[row], self.s_dst_lo[row], self.s_dst_port[row]
            if src_hi < dst_hi or (
                src_hi == dst_hi
                and (src_lo < dst_lo or (src_lo == dst_lo and src_port <= dst_port))
            ):
                self.b_end[at] = 0
                place = place << 32 | src_port << 16 | dst_port
                self.b_hash[at] = self._hash_ends(src_hi, src_lo, dst_hi, dst_lo, place)
            else:
                self.b_end[at] = 1
                place = place << 32 | dst_port << 16 | src_port
                self.b_hash[at] = self._hash_ends(dst_hi, dst_lo, src_hi, src_lo, place)
            self.b_place[at] = place
        for at in range(end - begin):
            self.b_slot[at] = self.by_ends[self.b_hash[at] & mask]
        touched = 0
        for at in range(end - begin):
            if self.b_slot[at]:
                c = (self.b_slot[at] & _LOW) - 1
                touched ^= self.keys[c * _KEY] ^ self.latest[2 * c]
        self.touched = touched
        return 0

    def _walk(self, begin: int, end: int) -> None:
        with cython.nogil:
            self._look_up(begin, end)
            self._step(begin, end)

    def _step(self, begin: int, end: int) -> int:
        for row in range(begin, end):
            kind = self.s_kind[row]
            seq = self.s_seq[row]
            ack = self.s_ack[row]
            place = self.b_place[row - begin]
            mixed = self.b_hash[row - begin]
            mine = self.b_end[row - begin]
            if mine:
                other = 0
                low_hi, low_lo = self.s_dst_hi[row], self.s_dst_lo[row]
                high_hi, high_lo = self.s_src_hi[row], self.s_src_lo[row]
            else:
                other = 1
                low_hi, low_lo = self.s_src_hi[row], self.s_src_lo[row]
                high_hi, high_lo = self.s_dst_hi[row], self.s_dst_lo[row]
                if (
                    low_hi == high_hi
                    and low_lo == high_lo
                    and place >> 16 & 0xFFFF == place & 0xFFFF
                ):
                    other = 0
            c = self._find(mixed, low_hi, low_lo, high_hi, high_lo, place)
            if c < 0 and (kind == _SYN or kind == _SYN_ACK):
                c = self._connect(mixed, low_hi, low_lo, high_hi, high_lo, place)
            self.found = -1
            event = 0
            if c < 0:
                event = 0
            elif kind == _SYN:
                event = self._syn(c, mine, seq, self.s_payload[row])
            elif kind == _SYN_ACK:
                event = self._syn_ack(c, mine, other, seq, ack, self.s_time[row])
            elif kind == _ACK:
                event = self._plain(c, mine, other, seq, ack)
            elif kind == _RST:
                event = self._reset(c, mine, other, seq, ack)
            elif kind == _QUOTE:
                event = self._quoted(c, mine, other, seq)
            attempt = self.found
            self.o_attempt[row - self.begin] = attempt
            if attempt < 0:
                self.o_event[row - self.begin] = 0
                continue
            cell = event * self._room + attempt
            before = self.in_rows[cell] - 1
            self.in_rows[cell] = row + 1
            time = self.s_time[row]
            self.o_event[row - self.begin] = event
            if before >= 0 and self._same(before, row):
                self.o_event[row - self.begin] |= (
                    _ELSEWHERE | _TWIN if self._apart(before, row) else _TWIN
                )
                self.in_counts[_E_COPY * self._room + attempt] += 1
            self._happen(attempt, event, time)
            self._note(attempt, event, row, mine, self.s_src_mac[row])
            if not self.in_counts[cell] or time < self.in_firsts[cell]:
                self.in_firsts[cell] = time
            self.in_counts[cell] += 1
        return 0

    def _same(self, one: int, other: int) -> bool:
        """Whether two segments of one end and attempt may be one packet."""
        if self.s_time[one] == _NO_TIME or self.s_time[other] == _NO_TIME:
            return False
        # What left with a lower TTL does not come in with a higher one: the next one does.
        if (
            self.s_direction[one] == _OUTBOUND
            and self.s_direction[other] != _OUTBOUND
            and self.s_ttl[one] < self.s_ttl[other]
        ):
            return False
        return (
            _distance(self.s_time[one], self.s_time[other]) <= _SOON
            and self.s_seq[one] == self.s_seq[other]
            and self.s_ip_id[one] == self.s_ip_id[other]
            and self.s_ack[one] == self.s_ack[other]
            and self.s_tsval[one] == self.s_tsval[other]
            and self.s_tsecr[one] == self.s_tsecr[other]
            and self.s_flags[one] == self.s_flags[other]
            and self.s_window[one] == self.s_window[other]
            and self.s_payload[one] == self.s_payload[other]
            # To another MAC it is on its way to another machine, whoever sent it there.
            and self.s_dst_mac[one] == self.s_dst_mac[other]
        )

    def _apart(self, one: int, other: int) -> bool:
        """Whether they were recorded at two places, or at one moment."""
        return (
            _distance(self.s_time[one], self.s_time[other]) <= _AT_ONCE
            or self.s_interface[one] != self.s_interface[other]
            or self.s_direction[one] != self.s_direction[other]
            or self.s_ttl[one] != self.s_ttl[other]
            or self.s_vlan[one] != self.s_vlan[other]
            or self.s_src_mac[one] != self.s_src_mac[other]
        )

    def _happen(self, attempt: int, event: int, time: int) -> int:
        self.state[attempt] = self.transitions[self.state[attempt] * _EVENTS + event]
        if not self.seen[attempt]:
            self.first[attempt] = self.last[attempt] = time
        self.seen[attempt] |= 1 << event
        self.first[attempt] = min(self.first[attempt], time)
        self.last[attempt] = max(self.last[attempt], time)
        return 0

    def _note(self, attempt: int, event: int, row: int, end: int, mac: int) -> int:
        """Where the first segments of each kind are, and who sent what from which MAC."""
        if self.row[attempt] < 0:
            self.row[attempt] = row
        if event == _E_SYN:
            if self.syn_row[attempt] < 0:
                self.syn_row[attempt] = row
        elif event == _E_SYN_ACK and self.syn_ack_row[attempt] < 0:
            self.syn_ack_row[attempt] = row
        if mac >= 0:
            spoke = self.speaks[2 * attempt + end] - 1
            if spoke < 0:
                self.speaks[2 * attempt + end] = row + 1
            elif self.s_src_mac[spoke] != mac:
                self.several_macs[attempt] = 1
        return 0

    def _covers(self, attempt: int, ack: int) -> bool:
        """Whether ``ack`` covers the SYN, and no more than the SYN and its data (RFC 7413)."""
        beyond = (ack - self.isn[attempt]) & _LOW
        return 1 <= beyond <= 1 + self.syn_payload[attempt]

    # Each sets ``found`` to the attempt that a segment belongs to and returns its event.

    def _syn(self, c: int, mine: int, isn: int, payload: int) -> int:
        found = self._of_isn(c, mine, isn)
        if found < 0:
            found = self._open(c, mine, isn)
        # What is seldom written takes no memory where it is not.
        if payload:
            self.syn_payload[found] = max(self.syn_payload[found], payload)
        self._make_latest(c, mine, found)
        self.found = found
        return _E_SYN

    def _syn_ack(self, c: int, mine: int, other: int, seq: int, ack: int, time: int) -> int:
        isn = (ack - 1) & _LOW
        found = self._of_isn(c, other, isn)
        if found < 0:
            found = self.latest[2 * c + other]
            if found < 0 or not self._covers(found, ack):
                found = self._open(c, other, isn)
        self.answer[found] = seq
        # One whose sequence number is its sender's own SYN is its ACK of the peer's.
        own = self._of_isn(c, mine, seq)
        if own >= 0:
            peer = self.latest[2 * c + other]
            if peer >= 0 and self._covers(peer, ack):
                self._happen(own, _E_ACK, time)
        self.found = found
        return _E_SYN_ACK

    def _plain(self, c: int, mine: int, other: int, seq: int, ack: int) -> int:
        own = self.latest[2 * c + mine]
        if own >= 0 and self._completes(own, seq, ack):
            self.found = own
            return _E_ACK
        peers = self.latest[2 * c + other]
        if peers < 0:
            return 0
        beyond = _ahead(ack, self.isn[peers])
        if not self._continues(peers, seq, beyond):
            challenged = ack
            self.challenge[peers] = challenged + 1
            if self.answer[peers] < 0 and not self.seen[peers] & 1 << _E_PROGRESS:
                self.found = peers
                return _E_CHALLENGE
            return 0
        # With TCP Fast Open a server may send before the handshake is over.
        if not self.syn_payload[peers] or beyond > 1 + self.syn_payload[peers]:
            self.found = peers
            return _E_PROGRESS
        return 0

    def _continues(self, peers: int, seq: int, beyond: int) -> bool:
        """A plain segment of the server goes on from its SYN-ACK, or, if this capture has
        none, acknowledges no more than a client can have sent by then. Otherwise it is of
        an older connection, whose numbers are anywhere."""
        if self.answer[peers] < 0:
            return 1 <= beyond <= 1 + self.syn_payload[peers] + _FIRST_FLIGHT
        further = _ahead(seq, self.answer[peers])
        return 1 <= beyond <= _LARGEST and 1 <= further <= _LARGEST

    def _completes(self, own: int, seq: int, ack: int) -> bool:
        """A plain segment of the client continues its SYN and acknowledges the SYN-ACK,
        which this capture may not have seen."""
        beyond = _ahead(seq, self.isn[own])
        if self.answer[own] < 0:
            # Numbers of an older connection on the same ports answer a challenge.
            flight = 0 if self.challenge[own] else _FIRST_FLIGHT
            return 1 <= beyond <= 1 + self.syn_payload[own] + flight
        further = _ahead(ack, self.answer[own])
        return 1 <= beyond <= _LARGEST and 1 <= further <= _LARGEST

    def _reset(self, c: int, mine: int, other: int, seq: int, ack: int) -> int:
        peers = self.latest[2 * c + other]
        if peers >= 0:
            self.found = peers
            # In SYN-SENT only a reset that acknowledges the SYN counts (RFC 9293 3.10.7.3).
            if self._covers(peers, ack):
                return _E_RST_SERVER
            if self.answer[peers] >= 0 and 0 <= _ahead(seq, self.answer[peers]) <= 1:
                return _E_RST_SERVER
        own = self.latest[2 * c + mine]
        self.found = own
        if own >= 0:
            if self.answer[own] >= 0:
                beyond = _ahead(seq, self.isn[own])
                if 1 <= beyond <= 1 + self.syn_payload[own]:
                    return _E_RST_CLIENT
            if self.challenge[own] - 1 == seq:
                return _E_RST_CLIENT
        self.found = -1
        return 0

    def _quoted(self, c: int, mine: int, other: int, seq: int) -> int:
        self.found = self._of_isn(c, mine, seq)
        if self.found < 0:
            peers = self.latest[2 * c + other]
            if peers >= 0 and self.answer[peers] == seq:
                self.found = peers
        return _E_ICMP


def attempts_likely(segments: Table, rows: range) -> int:
    """Of ``rows`` of segments: most have a SYN and a SYN-ACK, or several."""
    opening = int(np.count_nonzero(segments["kind"][rows.start : rows.stop] <= _SYN_ACK))
    return opening * 9 // 16 + _BATCH


def _copy(source: Any, target: Any, attempts: int, begin: int) -> None:
    """What is held by event, of the first ``attempts``. An event that is nowhere takes no memory."""
    source, target = (np.asarray(part).reshape(_EVENTS, -1) for part in (source, target))
    for event in range(_EVENTS):
        if source[event, :attempts].any():
            target[event, begin : begin + attempts] = source[event, :attempts]


def _ahead(later: int, earlier: int) -> int:
    """How far ``later`` is after ``earlier``, from -2^31 to 2^31 - 1 (RFC 9293 section 3.4)."""
    return ((later - earlier + _HALF) & _LOW) - _HALF


def _distance(one: int, other: int) -> int:
    """Of two times; more than fits is more than anyone asks for."""
    return _SOON + 1 if one >> 62 != other >> 62 else abs(one - other)


def _zeros(code: str, size: int) -> Any:
    """An array whose items are plain integers when not compiled: numpy's would overflow."""
    return np.zeros(size, code) if COMPILED else array(code, bytes(array(code).itemsize * size))


def _seldom(code: str, size: int) -> Any:
    """Likewise of which few are changed."""
    return sparse_zeros(code, size) if COMPILED else _zeros(code, size)


def _slots(size: int) -> Any:
    """An empty hash table: in large pages, which np.zeros does not ask for."""
    if not COMPILED:
        return _zeros("Q", size)
    slots = np.empty(size, np.uint64)
    slots.fill(0)
    return slots


def _plain(column: Array) -> Any:
    return column if COMPILED else column.tolist()


def _power_of_two(size: int) -> int:
    return 1 << max(size - 1, 1).bit_length()
