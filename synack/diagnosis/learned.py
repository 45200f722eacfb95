"""What a host must have learned from ARP and ND frames that it received.

Rules of the kernel's arp_process() and ndisc (net/ipv4/arp.c, net/ipv6/ndisc.c), of the
cases that leave it no choice:

- a request or solicitation for one of its own addresses: the sender's MAC is entered, over
  whatever was there (neigh_event_ns(), NEIGH_UPDATE_F_OVERRIDE);
- an announcement (ARP that asks for its own sender): it overrides an entry that is there;
- the first answer to a question that it sent to all: the entry had no MAC then (INCOMPLETE);
- an answer to a probe that it sent to one MAC: with that MAC it confirms the entry; with
  another it overrides it only if the entry did not change for `locktime` (1 s), that is
  not on the first probe, whose sending was such a change. ND overrides only with the
  override flag, which is not recorded: such an answer counts for nothing here.

Answers that nobody asked for are left out, and so are entries that ARP never changes
(PERMANENT, NOARP, externally learned).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synack.addresses import NO_IP, NO_MAC
from synack.grouping import among, ids_of
from synack.tables import (
    ARP_REPLY,
    ARP_REQUEST,
    ND_ADVERT,
    ND_SOLICIT,
    NO_TIME,
    OTHER_HOST,
    Array,
)

if TYPE_CHECKING:
    from synack.diagnosis.observed.everything import Observed

_SEC = 1_000_000_000
ANSWER_NS = 3 * _SEC
"""An answer that comes later was to something else: the kernel asks again after 1 s and gives
up after three questions (mcast_solicit, retrans_time)."""
PROBES_NS = 2 * _SEC
"""Probes of one series are 1.02 s apart (retrans_time and the slack of timers)."""
_ANY4 = (0, 0xFFFF << 32)


def learned(case: Observed) -> Array:
    """Rows of claims after which the capturing host's entry for the sender must have its MAC."""
    parts = [_of_capture(case, capture) for capture in range(len(case.matched.captures))]
    rows = np.concatenate(parts) if parts else np.empty(0, np.int64)
    return rows[~_fixed(case, rows)]


def _of_capture(case: Observed, capture: int) -> Array:
    c, vantage = case.claims, case.matched.vantages[capture]
    mine = np.flatnonzero((c["capture"] == capture) & (case.claim_time != NO_TIME))
    own = np.isin(c["src_mac"][mine], list(vantage.macs))
    if not vantage.macs:
        return mine[:0]
    heard = mine[~own & (c["mac"][mine] != NO_MAC) & (c["direction"][mine] != OTHER_HOST)]
    heard = heard[~np.isin(c["mac"][heard], list(vantage.macs))]
    # 0.0.0.0 probes whether an address is free (RFC 5227): it claims none.
    heard = heard[~among((NO_IP, _ANY4), c["ip_hi"][heard], c["ip_lo"][heard])]
    to = c["dst_mac"][heard]
    to_me = np.isin(to, list(vantage.macs))
    heard, to_me = (x[to_me | (to < 0) | case.to_all(heard)] for x in (heard, to_me))
    op = c["op"][heard]
    asks = np.isin(op, (ARP_REQUEST, ND_SOLICIT))
    me = among(vantage.addresses, c["asked_hi"][heard], c["asked_lo"][heard])
    itself = (c["asked_hi"][heard] == c["ip_hi"][heard]) & (
        c["asked_lo"][heard] == c["ip_lo"][heard]
    )
    announces = np.isin(op, (ARP_REQUEST, ARP_REPLY)) & itself
    answers = heard[np.isin(op, (ARP_REPLY, ND_ADVERT)) & to_me & ~itself]
    questions = mine[own & np.isin(c["op"][mine], (ARP_REQUEST, ND_SOLICIT))]
    taught = [heard[(asks & me) | announces], _answered(case, questions, answers)]
    return np.sort(np.concatenate(taught))


def _answered(case: Observed, questions: Array, answers: Array) -> Array:
    """Of ``answers`` those that the kernel must have accepted, by the question before each."""
    c, time = case.claims, case.claim_time
    if not len(questions) or not len(answers):
        return answers[:0]
    ids = ids_of(
        np.concatenate([c["asked_hi"][questions], c["ip_hi"][answers]]),
        np.concatenate([c["asked_lo"][questions], c["ip_lo"][answers]]),
    )
    rows = np.concatenate([questions, answers])
    answer = np.arange(len(rows)) >= len(questions)
    order = np.lexsort((answer, time[rows], ids))
    ids, rows, answer = ids[order], rows[order], answer[order]
    before = np.concatenate([[-1], np.arange(len(rows) - 1)])
    same = (before >= 0) & (ids == ids[before])
    # The first answer after a question: what comes right before it is the question.
    first = answer & same & ~answer[before]
    asked = rows[before]
    gap = time[rows] - time[asked]
    to_all = case.to_all(asked)
    same_mac = c["mac"][rows] == c["dst_mac"][asked]
    earlier = np.concatenate([[-1, -1], np.arange(len(rows) - 2)])[: len(rows)]
    again = (earlier >= 0) & (ids == ids[earlier]) & ~answer[earlier]
    again &= ~case.to_all(rows[earlier]) & (time[asked] - time[rows[earlier]] <= PROBES_NS)
    again &= time[rows] - time[rows[earlier]] > _SEC
    override = again & (c["op"][rows] == ARP_REPLY)
    good = first & (gap <= ANSWER_NS) & (to_all | same_mac | override)
    return rows[good]


def _fixed(case: Observed, claims: Array) -> Array:
    """Whether the entry that these rows of claims are about is one that ARP never changes."""
    e = case.entries
    fixed = {
        (host, high, low)
        for host, high, low, state, flags, used in zip(
            *(e[name].tolist() for name in ("host", "ip_hi", "ip_lo", "state", "flags")),
            case.usable.tolist(),
            strict=True,
        )
        if used and (not {"PERMANENT", "NOARP"}.isdisjoint(state.split("|"))
                     or "extern_learn" in flags)
    }  # fmt: skip
    keys = zip(
        [case.hosts[host] for host in case.claim_host[claims].tolist()],
        case.claims["ip_hi"][claims].tolist(),
        case.claims["ip_lo"][claims].tolist(),
        strict=True,
    )
    return np.array([key in fixed for key in keys], bool)
