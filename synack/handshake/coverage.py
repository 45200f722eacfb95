"""Whether the capture of a receiver is a witness of what it does not have, and what it lacks."""

from __future__ import annotations

import numpy as np

from synack.grouping import among
from synack.handshake.clock import across
from synack.handshake.interfaces import arrivals, machines
from synack.handshake.matched import SENDER, Matched, count_of, ends_of
from synack.handshake.states import Event
from synack.handshake.vantage import CLIENT
from synack.handshake.witness import SETTLE_NS
from synack.tables import NO_TIME, Array

CAUSES = (
    "",
    "the receiver was not captured",
    "sender and receiver are one host",
    "when it was sent is not recorded",
    "the receiver's capture has nothing of what the receiver itself sent",
    "the receiver's capture began later, or may have",
    "the receiver's capture had ended, or may have",
    "the receiver's capture ended too soon afterwards",
    "a file of the receiver's capture is missing, or it was stopped and started again",
    "the receiver's capture leaves such packets out, or may: it shows one port alone, another",
    "the receiver's capture dropped as many packets as are missing",
    "the receiver's capture proved to miss packets",
    "one arrived unrecorded: the receiver went on",
    "it may have arrived under other addresses: another attempt there has the same ISN",
    "something between answers in the server's place",
)
"""Why a transmission is unwitnessed: the further down, the nearer its receiver's capture is
to a witness. Of several captures that it may have arrived in the furthest from it counts."""
(
    _, UNCAPTURED, ONE_HOST, UNTIMED, ELSEWHERE, BEGAN, ENDED, ENDS, GAP, FILTERED,
    DROPPED, MISSED, UNRECORDED, AMBIGUOUS,
    BETWEEN,
) = range(len(CAUSES))  # fmt: skip
ON = FILTERED
"""A capture that was on: of what may still hide a packet from it, its filter comes first."""
ABLE = len(CAUSES)
"""A capture whose filter hides nothing either."""


def coverage_of(m: Matched, sent: Array, attempt: Array, leg: Array) -> Array:
    """coverage[capture, transmission]: ``ON`` if that capture is of the receiver and was on
    when the transmission would have arrived, else the place in :data:`CAUSES` of what it lacks.

    It must have recorded something before and after the moment, mapped to its clock and
    give or take the uncertainty, with no missing file between. What the segment answers
    came before it whatever the clocks say. A client's capture that was on and does not
    have the client's own SYN looks elsewhere, as does a server's that has nothing of an
    attempt that the server answered (it may be there under other addresses). And what follows
    a handshake's first two segments is known by these: without them it cannot be missed.
    """
    from_client = SENDER[leg] == CLIENT
    ends = m.client_host[attempt], m.server_host[attempt]
    sender, receiver = np.where(from_client, *ends), np.where(from_client, *ends[::-1])
    moment, doubt = across(m.clocks, sender, receiver, m.segments["time"][sent])
    timed = m.segments["time"][sent] != NO_TIME
    sighting = np.where(from_client, m.server[attempt], m.client[attempt])
    client, server = ends_of(m, "client"), ends_of(m, "server")
    begun = count_of(m, m.client, Event.SYN)[attempt] > 0
    begun = np.where(from_client, count_of(m, m.server, Event.SYN_ACK)[attempt] > 0, begun)
    begun &= leg != Event.SYN
    spoke = np.where(
        from_client & (leg != Event.SYN),
        count_of(m, m.client, Event.SYN_ACK)[attempt],
        np.where(from_client, 0, count_of(m, m.server, Event.SYN)[attempt]),
    )
    late = np.flatnonzero((sighting < 0) & (spoke > 0))
    ahead = from_client[late], attempt[late]
    first = np.where(
        ahead[0],
        m.legs.first[m.client[ahead[1]], Event.SYN_ACK],
        m.legs.first[m.server[ahead[1]], Event.SYN],
    )
    called = across(m.clocks, sender[late], receiver[late], first)[0] - doubt[late]
    follows = (sighting < 0) & (leg != Event.SYN) & (leg != Event.SYN_ACK)
    soonest, latest = moment - doubt, moment + doubt
    result = np.full((len(m.captures), len(sent)), UNCAPTURED, np.uint8)
    reached = arrivals(m.vantages, machines(m.captures), m.segments)
    for number, capture in enumerate(m.captures):
        if capture.first is None or capture.last is None:
            continue
        own = among(reached[number], *client), among(reached[number], *server)
        mine = np.where(from_client, own[1][attempt], own[0][attempt])
        seen_here = (sighting >= 0) & (m.sightings["capture"][sighting] == number)
        coverage = np.full(len(sent), ON, np.uint8)
        for begin, until in capture.gaps:
            missing = (latest + SETTLE_NS >= begin) & (soonest <= until)
            coverage[missing] = GAP
        coverage[latest + SETTLE_NS > capture.last] = ENDS
        coverage[latest > capture.last] = ENDED
        coverage[((soonest < capture.first) & ~(seen_here & begun)) | follows] = BEGAN
        coverage[late[called - SETTLE_NS >= capture.first]] = ELSEWHERE
        coverage[~timed] = UNTIMED
        coverage[(receiver != m.host_of_capture[number]) | ~(mine | seen_here)] = UNCAPTURED
        result[number] = coverage
    return result


def excluded(m: Matched, number: int) -> Array:
    """By leg whether a capture never shows it arriving though it did: its filter leaves it out."""
    mine = m.sightings["capture"] == number
    result = np.zeros(len(Event), bool)
    for leg in np.flatnonzero(m.missed[number]).tolist():
        here = mine & (m.side == -SENDER[leg])
        result[leg] = not m.legs.has(Event(leg))[here].any()
    return result
