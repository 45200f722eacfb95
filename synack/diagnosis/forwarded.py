"""What a host that is neither end passes on to a neighbor: a router, or a node with its pods.

Its own table decides where that goes, as an end's does. Such a segment has passed a router by
its TTL, and frames of its destination on that link have passed none. That it is this host that
sends it must be told by the host's table, by its own addresses, or by a second capture of it on the
other side: the mirror port of a switch shows the same frames. Where the sender's MAC is in all that
was recorded it is at least the sender's own port: the finding says what is not certain then.
A capture on all interfaces (``-i any``) has each segment coming and going, by the direction that
the kernel noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synack.addresses import NO_MAC, special_mac
from synack.grouping import distinct, distinct_rows, grouped, ids_of
from synack.handshake.matched import LOST, UNWITNESSED
from synack.handshake.pairing import ranked
from synack.handshake.states import Event
from synack.handshake.vantage import FIRST_TTLS
from synack.tables import OUTBOUND, SYN, SYN_ACK, UNKNOWN, Array

if TYPE_CHECKING:
    from synack.diagnosis.observed.everything import Observed


def forwarded(case: Observed) -> tuple[Array, Array]:
    """Rows of segments: the SYNs and SYN-ACKs that hosts at neither end pass on to neighbors; and
    whether each is surely of the host that captured it (bool)."""
    m, s = case.matched, case.matched.segments
    taps = np.array([vantage.tap for vantage in m.vantages], bool)
    if not taps.any():
        return np.empty(0, np.int64), np.empty(0, bool)
    rows = np.flatnonzero(taps[s["capture"]] & np.isin(m.leg, (Event.SYN, Event.SYN_ACK)))
    identity = m.identity[m.sighting[rows]]
    both = varied(s["src_mac"][rows], case.hosts_of(rows), identity, m.leg[rows])
    far = ~np.isin(np.arange(256), FIRST_TTLS)[s["ttl"][rows]]
    far &= (s["src_mac"][rows] != NO_MAC) & (s["dst_mac"][rows] != NO_MAC)
    rows, both = rows[far], both[far]
    columns = [s[name][rows] for name in ("capture", "src_mac", "dst_hi", "dst_lo")]
    keep, sure = np.zeros((2, len(rows)), bool)
    for _, at in grouped(np.arange(len(rows)), *columns):
        one = int(rows[at[0]])
        sure[at] = both[at].all() or _its_own(case, one)
        listed = _listed(case, one, s["dst_mac"][rows[at]])
        keep[at] = (sure[at[0]] or _in_everything(case, one)) and (listed or _near(case, one))
    rows, sure = rows[keep], sure[keep]
    passed = _came_and_went(case, taps)
    return np.concatenate([rows, passed]), np.concatenate([sure, np.ones(len(passed), bool)])


def _came_and_went(case: Observed, taps: Array) -> Array:
    """Rows of segments that came to the host of a capture in ``taps`` (bool by capture), and by the
    direction that the kernel noted left it a hop further for a neighbor, of captures without
    destination MACs. What leaves by a bridge and by its port is one."""
    m, s = case.matched, case.matched.segments
    noted = taps[s["capture"]] & (m.sighting >= 0) & np.isin(s["kind"], (SYN, SYN_ACK))
    rows = np.flatnonzero(noted & (s["dst_mac"] == NO_MAC) & (s["direction"] != UNKNOWN))
    rows = rows[np.lexsort((rows, s["kind"][rows], m.sighting[rows]))]
    came = np.isin(m.leg[rows], (Event.SYN, Event.SYN_ACK))
    before = np.maximum.accumulate(np.where(came, np.arange(len(rows)), -1))
    far = ~np.isin(np.arange(256), FIRST_TTLS)[s["ttl"][rows]]
    went = np.flatnonzero(~came & far & (s["direction"][rows] == OUTBOUND) & (before >= 0))
    one, other = rows[before[went]], rows[went]
    kept = (m.sighting[one] == m.sighting[other]) & (s["kind"][one] == s["kind"][other])
    passed = distinct(one[kept & (s["direction"][one] != OUTBOUND)])
    columns = [s[name][passed] for name in ("capture", "dst_hi", "dst_lo")]
    groups = [at for _, at in grouped(passed, *columns)]
    near = [at for at in groups if _near(case, int(at[0])) or _listed(case, int(at[0]))]
    return np.sort(np.concatenate([passed[:0], *near]))


def _its_own(case: Observed, row: int) -> bool:
    """Whether texts of the host that captured a row of segments show that it sent it."""
    s, host = case.matched.segments, int(case.hosts_of(np.array([row]))[0])
    own = case.context.own
    mine = (own["host"] == case.hosts[host]) & (own["mac"] == s["src_mac"][row])
    return bool(mine.any()) or _listed(case, row)


def _listed(case: Observed, row: int, macs: Array | None = None) -> bool:
    """Whether the host that captured a row of segments has its destination in its own table; with
    ``macs`` at one of these, which it sends by then."""
    s, host = case.matched.segments, int(case.hosts_of(np.array([row]))[0])
    table = case.table_of(host, (int(s["dst_hi"][row]), int(s["dst_lo"][row])))
    return bool(len(table) if macs is None else np.isin(case.entries["mac"][table], macs).any())


def _in_everything(case: Observed, row: int) -> bool:
    """Whether the MAC that sent a row of segments sends to several in that capture, and is in all
    frames of it, as their source or their destination. What comes to a virtual router comes
    to one of its routers: to a MAC known as such, or to one that is silent and that only those
    send to who get frames from the sender."""
    s = case.matched.segments
    here = np.flatnonzero((s["capture"] == s["capture"][row]) & (s["dst_mac"] != NO_MAC))
    pairs, sender = distinct_rows(s["src_mac"][here], s["dst_mac"][here]), int(s["src_mac"][row])
    sent = [target for source, target in pairs if source == sender]
    silent = {target for _, target in pairs} - {source for source, _ in pairs} - {*sent}
    received = [target for source, target in pairs if target == sender or special_mac(target)
                or (target in silent and source in sent)]  # fmt: skip
    return len(sent) > 1 and bool(received) and len(sent) + len(received) == len(pairs)


def _near(case: Observed, row: int) -> bool:
    """Whether the destination of a row of segments is on the link of that capture: what it
    sends there has passed no router."""
    s, to = case.matched.segments, case.speakers
    mine = to["near"] & (to["capture"] == s["capture"][row]) & (to["src_mac"] != NO_MAC)
    mine &= (to["src_hi"] == s["dst_hi"][row]) & (to["src_lo"] == s["dst_lo"][row])
    return bool(mine.any())


def fates_of(case: Observed, rows: Array) -> tuple[Array, Array]:
    """Fate of each of ``rows`` of segments that were passed on, and the row that it arrived as,
    -1 none: those of what its sender sent, where all of that came by; else what taps tell
    to have vanished after it, where the receiver captured."""
    m, gone = case.matched, case.paths.vanished
    t = m.transmissions
    size = len(m.segments)
    lost = np.zeros(size, bool)
    to_server = gone["leg"] == Event.SYN
    receiver = np.where(to_server, m.server_host[gone["attempt"]], m.client_host[gone["attempt"]])
    lost[gone["row"][receiver >= 0]] = True
    fate = np.where(lost[rows], LOST, UNWITNESSED).astype(np.uint8)
    arrived = np.full(len(rows), -1, np.int32)
    ours = m.identity[m.sighting[rows]] * len(Event) + m.leg[rows]
    theirs = t["attempt"].astype(np.int64) * len(Event) + t["leg"]
    by_capture = ids_of(ours, m.segments["capture"][rows])
    order = np.lexsort((m.segments["time"][t["sent"]], theirs))
    begin, end = (np.searchsorted(theirs[order], ours, side) for side in ("left", "right"))
    same = np.bincount(by_capture)[by_capture] == end - begin
    at = order[(begin + ranked(by_capture, m.segments["time"][rows]))[same]]
    fate[same], arrived[same] = t["fate"][at], t["arrived"][at]
    return fate, arrived


def varied(values: Array, *columns: Array) -> Array:
    """Whether rows that agree in ``columns`` have more than one value (bool by row)."""
    ids = ids_of(*columns)
    low = np.full(int(ids.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    high = np.full(len(low), np.iinfo(np.int64).min)
    np.minimum.at(low, ids, values)
    np.maximum.at(high, ids, values)
    return np.asarray((low != high)[ids])
