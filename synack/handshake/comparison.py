"""Which of two captures of the same attempts is nearer to the client."""

from __future__ import annotations

import numpy as np

from synack.grouping import present
from synack.handshake.legs import Legs
from synack.handshake.states import Event
from synack.tables import NO_TIME, Array, Table

_EDGE_NS = 3_000_000_000
_SAME_PLACE_NS = 2_000
_NEARLY = 0.8


def by_comparison(
    segments: Table, sightings: Table, legs: Legs, identity: Array, hosts: Array
) -> tuple[Array, Array]:
    """Compare every two captures on the attempts that both saw: votes for each sighting, and
    whether each capture (of row ``hosts``) is nearly always between those of other hosts."""
    result, captures = np.zeros(len(sightings)), present(sightings["capture"])
    if len(captures) < 2:
        return result, np.zeros(len(hosts), bool)
    above, below = np.zeros((2, len(sightings)), np.int32)
    answers = (Event.SYN_ACK, Event.RST_SERVER, Event.CHALLENGE)
    gap = legs.gap(Event.SYN, *answers)
    once = legs.counts[:, Event.SYN_ACK] == 1
    acked = np.where(once, legs.gap(Event.SYN_ACK, Event.ACK), -1)
    has_syn = legs.counts[:, Event.SYN]
    has_syn_ack = legs.counts[:, Event.SYN_ACK]
    later = legs.has(Event.ACK, Event.PROGRESS)
    unseen = (has_syn == 0) | ((has_syn_ack == 0) & later)
    # A filter that leaves one leg out does so all the time.
    for has in (has_syn, has_syn_ack):
        for capture in set(captures) - set(present(sightings["capture"][has > 0])):
            mine = sightings["capture"] == capture
            unseen |= mine & later[mine].any()
    cut = _at_an_edge(segments, sightings)
    ttl = [
        np.where(sightings[row] >= 0, segments["ttl"][sightings[row]].astype(np.int16), -1)
        for row in ("syn_row", "syn_ack_row")
    ]
    rows_of = [np.flatnonzero(sightings["capture"] == capture) for capture in captures]
    for one, mine in enumerate(rows_of):
        place = np.full(int(identity.max(initial=-1)) + 1, -1, np.int64)
        place[identity[mine]] = mine
        for theirs in rows_of[one + 1 :]:
            shared = place[identity[theirs]] >= 0
            j = theirs[shared]
            i = place[identity[j]]
            # Without an answer in both: SYNs get lost towards the server, SYN-ACKs towards
            # the client. Who has a SYN-ACK and not its SYN, or an ACK and not the SYN-ACK,
            # was not recording it all: that is no loss on the way.
            syns = np.where((has_syn[i] > 0) & (has_syn[j] > 0), has_syn[i] - has_syn[j], 0)
            replies = has_syn_ack[j] - has_syn_ack[i]
            replies = np.where(unseen[i] | unseen[j], 0, np.sign(replies))
            missing = np.sign(syns) + replies
            missing[(replies == 0) & (cut[i] | cut[j])] = 0
            apart = gap[i] - gap[j]
            both = (gap[i] >= 0) & (gap[j] >= 0)
            # Without the SYN the way to the client and back tells the same.
            back = ~both & (acked[i] >= 0) & (acked[j] >= 0)
            apart, both = np.where(back, acked[j] - acked[i], apart), both | back
            apart = np.where(np.abs(apart) > _SAME_PLACE_NS, apart, 0)
            vote = np.where(both, apart, missing)
            # A router between the two lowers the TTL, whatever was lost.
            routed = _nearer(ttl[0], i, j) - _nearer(ttl[1], i, j)
            vote = np.where(routed != 0, routed, vote)
            sign, told = np.sign(vote), both | (routed != 0)
            result[i] += sign
            result[j] -= sign
            if len(i) and hosts[sightings["capture"][i[0]]] != hosts[sightings["capture"][j[0]]]:
                # What is missing may be of a capture that has one direction only.
                above[i] += told & (sign < 0)
                below[i] += told & (sign > 0)
                above[j] += told & (sign > 0)
                below[j] += told & (sign < 0)
    compared = np.bincount(sightings["capture"], above + below > 1, len(hosts))
    within = np.bincount(sightings["capture"], (above > 0) & (below > 0), len(hosts))
    return result, (within > 0) & (within >= _NEARLY * compared)


def _at_an_edge(segments: Table, sightings: Table) -> Array:
    """Sightings so near to the begin or the end of their capture that it may have missed some of
    their segments by that alone: the next repetition comes after at most as long as the
    attempt has taken (RFC 6298: the time doubles) (bool)."""
    captures = int(sightings["capture"].max(initial=-1)) + 1
    begin, end = np.full(captures, np.iinfo(np.int64).max), np.full(captures, NO_TIME)
    for number in range(captures):
        times = segments["time"][segments["capture"] == number]
        begin[number] = times.min(initial=begin[number], where=times != NO_TIME)
        end[number] = times.max(initial=NO_TIME)
    first, last, capture = (sightings[name] for name in ("first", "last", "capture"))
    margin = np.maximum(last - first, _EDGE_NS)
    return np.asarray((first - begin[capture] < margin) | (end[capture] - last < margin))


def _nearer(ttl: Array, i: Array, j: Array) -> Array:
    """1 where the segment had passed fewer routers at ``i``, -1 where more, 0 unknown."""
    known = (ttl[i] >= 0) & (ttl[j] >= 0)
    return np.where(known, np.sign(ttl[i] - ttl[j]), 0)
