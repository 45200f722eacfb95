"""What tables, ARP and ND tell about a wrong entry over time: agreement, contradiction and
recovery."""

from __future__ import annotations

import numpy as np

from synack.addresses import format_mac
from synack.diagnosis.documents import EVENT, INVENTORY, LEASE
from synack.diagnosis.entries import ARP
from synack.diagnosis.evidence import Case, text_of
from synack.diagnosis.mismatch import Mismatch, announced_itself, failed
from synack.grouping import distinct, ids_of
from synack.handshake.matched import DELIVERED, LOST
from synack.handshake.states import Event
from synack.model import Evidence, Source
from synack.tables import ARP_REPLY, ND_ADVERT, NO_TIME, OTHER_HOST, Array, Table
from synack.wording import clock_time, count

_SEC = 1_000_000_000
REPLY_GRACE_NS = 3 * _SEC
"""A reply may be ignored for `locktime` (1 s after the last change), and the next probe
comes a second later (domain facts: neigh_update, retrans_time)."""
REQUEST_GRACE_NS = _SEC // 10
"""A request or announcement of the peer takes effect at once (arp_process)."""


def table_agrees(case: Case, mismatch: Mismatch, sendings: Table) -> Evidence | None:
    """As-of join: rows inside the time of the sendings, the last before, the first after;
    rows without a certain time count too, and say so."""
    agree = agreeing(case, mismatch, sendings)
    if not len(agree):
        return None
    host, ip = case.hosts[mismatch.host], text_of(mismatch.ip)
    state = case.entries["state"][agree[0]]
    says = f"{host}'s neighbor table says {ip} is at {format_mac(mismatch.wrong)}"
    says += f" ({state})" if state else ""
    if not case.entry_certain[agree].any():
        says += "; when it was taken is known only by the file's own time"
    return Evidence("table-agrees", says, tuple(case.entry(row) for row in agree[:5]))


def agreeing(case: Case, mismatch: Mismatch, sendings: Table) -> Array:
    """Rows of S's table, as of the sendings, that have the wrong MAC."""
    rows = case.table_of(mismatch.host, mismatch.ip)
    at, certain = case.entry_time[rows], case.entry_certain[rows]
    begin, end = int(sendings["time"].min()), int(sendings["time"].max())
    near = ~certain | ((at >= begin) & (at <= end))
    near[np.flatnonzero(certain & (at < begin))[-1:]] = True
    near[np.flatnonzero(certain & (at > end))[:1]] = True
    return rows[near & _wrong(case, mismatch, rows)]


def wrong_rows(case: Case, mismatch: Mismatch) -> Array:
    """Rows of S's table, of whatever time, that have the wrong MAC."""
    rows = case.table_of(mismatch.host, mismatch.ip)
    return rows[_wrong(case, mismatch, rows)]


def _wrong(case: Case, mismatch: Mismatch, rows: Array) -> Array:
    return case.usable[rows] & (case.entries["mac"][rows] == mismatch.wrong)


# ---- contradictions -----------------------------------------------------------------------


def contradictions(case: Case, mismatch: Mismatch, sendings: Table) -> list[Evidence]:
    """What does not fit a stale entry; each lowers the confidence."""
    found = [
        _told_better(case, mismatch, sendings),
        _both_macs(case, mismatch, sendings),
        _table_disagrees(case, mismatch, sendings),
        _some_arrived(case, mismatch),
        _right_in_vain(case, mismatch),
        _reset_by_another(case, sendings),
    ]
    return [evidence for evidence in found if evidence is not None]


def _told_better(case: Case, mismatch: Mismatch, sendings: Table) -> Evidence | None:
    """The peer told S its right MAC, in a frame that S must accept, and S went on: so the entry
    was fixed, or S sends by another router and has no such entry. Not where the wrong MAC
    itself spoke to S as the address before: it was in the entry then."""
    if _fixed(case, mismatch) or mismatch.host in case.first_spoken(mismatch.ip, mismatch.wrong):
        return None
    s, times = case.sendings, sendings["time"]
    obeyed = s["time"][mismatch.scope[s["mac"][mismatch.scope] == mismatch.right]]
    for row in _heard(case, mismatch).tolist():
        reply = case.claims["op"][row] in (ARP_REPLY, ND_ADVERT)
        told = int(case.claim_time[row])
        effective = told + (REPLY_GRACE_NS if reply else REQUEST_GRACE_NS)
        after = times[times > effective]
        # What it sent to the right MAC first shows that the entry was changed later.
        if len(after) and not ((obeyed >= told) & (obeyed < after.min())).any():
            late = sendings["row"][times > effective]
            says = (
                f"{text_of(mismatch.ip)} told {case.hosts[mismatch.host]} its right MAC, yet"
                f" {count(len(late), 'segment')} went to the wrong one afterwards: the kernel"
                " should have corrected the entry"
            )
            return Evidence(
                "contradiction-told-better", says,
                (case.claim(row), *case.frames(late.tolist(), most=1)),
            )  # fmt: skip
    return None


def _heard(case: Case, mismatch: Mismatch) -> Array:
    """Rows of claims of the right MAC that reached S: to all, or to S itself."""
    c, claims = case.claims, case.claimed(mismatch.ip, mismatch.right)
    own = list(case.own_macs.get(mismatch.host, set()))
    heard = (case.claim_host[claims] == mismatch.host) & ~np.isin(c["src_mac"][claims], own)
    heard &= (c["direction"][claims] != OTHER_HOST) & (case.claim_time[claims] != NO_TIME)
    to = c["dst_mac"][claims]
    return claims[heard & (case.to_all(claims) | (to < 0) | np.isin(to, own))]


def corrected(case: Case, mismatch: Mismatch, since: int, until: int) -> bool:
    """Whether the right MAC announced itself after ``since`` and before ``until`` (ns) on the link,
    as others there heard: that overrides every entry that is there (arp_process), unless it
    is fixed, and what S's is afterwards only a later dump would tell."""
    claims = announced_itself(case, mismatch.ip, mismatch.right)
    homes = case.hosts_with(mismatch.right)
    heard = claims[case.to_all(claims) & ~np.isin(case.claim_host[claims], homes)]
    times = case.times_for(mismatch.host, heard[:0], heard)
    return bool(((times > since) & (times < until)).any()) and not _fixed(case, mismatch)


def _fixed(case: Case, mismatch: Mismatch) -> bool:
    """An entry that ARP never changes: PERMANENT, NOARP, or from a control plane."""
    rows = wrong_rows(case, mismatch)
    states, flags = (case.entries[name][rows] for name in ("state", "flags"))
    return any(
        not FIXED_STATES.isdisjoint([*state.split("|"), *flag.split()])
        for state, flag in zip(states, flags, strict=True)
    )


FIXED_STATES = frozenset(("PERMANENT", "NOARP", "extern_learn", "extern_valid"))
"""States and flags of entries that ARP never changes (domain facts 1.7, mechanism g)."""


def _both_macs(case: Case, mismatch: Mismatch, sendings: Table) -> Evidence | None:
    """While sending to the wrong MAC, S also sent to the right one: no single entry does that."""
    s, scope = case.sendings, mismatch.scope
    begin, end = int(sendings["time"].min()), int(sendings["time"].max())
    right = scope[s["mac"][scope] == mismatch.right]
    right = right[(s["time"][right] > begin) & (s["time"][right] < end)]
    if not len(right):
        return None
    says = f"in between, {count(len(right), 'segment')} went to the right MAC"
    return Evidence("contradiction-both-macs", says, case.frames(s["row"][right].tolist(), most=3))


def _table_disagrees(case: Case, mismatch: Mismatch, sendings: Table) -> Evidence | None:
    """A dump says that the entry was right, or between two sendings that it was not the
    wrong one, while the wrong MAC was in use after it and no later dump has it again."""
    rows = case.table_of(mismatch.host, mismatch.ip)
    at, certain, wrong = (
        case.entry_time[rows],
        case.entry_certain[rows],
        _wrong(case, mismatch, rows),
    )
    right = case.usable[rows] & (case.entries["mac"][rows] == mismatch.right)
    times = sendings["time"]
    begin = times.min(initial=np.iinfo(np.int64).max)
    if _fixed(case, mismatch):
        right &= at > begin  # who fixed the entry may have replaced a right one
    between = (at > begin) & ~wrong
    for place in np.flatnonzero(certain & (right | between)).tolist():
        until = at[place + 1 :][wrong[place + 1 :]]
        end = int(until[0]) if len(until) else np.iinfo(np.int64).max
        after = (times > at[place] + _SEC) & (times < end)
        if after.any():
            says = f"{case.hosts[mismatch.host]}'s table did not have the wrong MAC then"
            return Evidence(
                "contradiction-table", says,
                (case.entry(int(rows[place])), *case.frames(sendings["row"][after].tolist(), 1)),
            )  # fmt: skip
    return None


def _some_arrived(case: Case, mismatch: Mismatch) -> Evidence | None:
    """Of the ports that also lost something: a network may well track single flows and
    deliver those whatever the MAC says (domain facts 1.7, mechanism c)."""
    came, ports = came_regardless(case, mismatch)
    lost = case.attempts["server_port"][case.sendings["attempt"][mismatch.rows]]
    lost = lost[~case.came_through[mismatch.rows]]
    came = came[np.isin(ports, lost)]
    if not len(came):
        return None
    says = f"{count(len(came), 'segment')} arrived although sent to the wrong MAC"
    rows = case.sendings["row"][came].tolist()
    return Evidence("contradiction-some-arrived", says, case.frames(rows, most=3))


def _right_in_vain(case: Case, mismatch: Mismatch) -> Evidence | None:
    """What went to the right MAC fared no better, in several attempts: something else loses it."""
    s, scope = case.sendings, mismatch.scope
    right = scope[s["mac"][scope] == mismatch.right]
    right = right[~np.isin(s["attempt"][right], s["attempt"][mismatch.rows])]
    attempts = len(distinct(s["attempt"][right]))
    if attempts < 2 or not failed(case, s.take(right)).all() or case.came_through[right].any():
        return None
    says = f"none of {attempts} attempts that went to the right MAC completed either"
    return Evidence("contradiction-right-in-vain", says, case.frames(s["row"][right].tolist(), 3))


def _reset_by_another(case: Case, sendings: Table) -> Evidence | None:
    rows = _after_a_reset(case, sendings)
    if not len(rows):
        return None
    attempts = count(len(distinct(case.matched.sighting[rows])), "attempt")
    says = f"{attempts} went on after a reset in the client's name: another machine got the answer"
    return Evidence("contradiction-reset-by-another", says, case.frames(rows.tolist(), most=3))


def another_answers(case: Case, sendings: Table) -> bool:
    """Whether another machine resets what it gets in most of the attempts that would show it,
    those that were answered more than once: then its owner takes the address for its own."""
    m = case.matched
    sighting = distinct(m.sighting[_after_a_reset(case, sendings)])
    times = np.bincount(ids_of(m.sighting[sendings["row"]]))
    return bool(len(sighting)) and 2 * len(sighting) >= int((times > 1).sum())


def resets_vanish(case: Case, mismatch: Mismatch) -> bool:
    """Whether resets from the peer's address never come to the host, though some were sent: those
    of a second owner, which alone tell it from a machine that is gone, would be lost as well.
    Not where the owner of the wrong MAC captured, or who gives addresses has this one at the
    right one."""
    s, d, ip = case.sendings, case.documents, mismatch.ip
    answers = mismatch.scope[s["leg"][mismatch.scope] == Event.SYN_ACK]
    fates = case.fates_of_resets(distinct(s["attempt"][answers]))
    if not (fates == LOST).any() or (fates == DELIVERED).any():
        return False
    given = case.documented(ip)
    given = given[np.isin(d["kind"][given], (INVENTORY, EVENT, LEASE))]
    return not case.hosts_with(mismatch.wrong) and not (d["mac"][given] == mismatch.right).any()


def _after_a_reset(case: Case, sendings: Table) -> Array:
    """Rows of segments that go on with an attempt after a reset in the client's name. A client
    that resets an answer is done with the attempt. Where its SYN comes again after that, or the
    server answers it with another ISN at once, its first request gone, another machine got the
    answer and reset it: the address has two owners. (An answer to an old connection of the same
    ports is reset, and the SYN repeated: that is no such case.)"""
    m = case.matched
    sighting = distinct(m.sighting[sendings["row"]])
    counts = m.legs.counts[sighting]
    sighting = sighting[(counts[:, Event.RST_CLIENT] > 0) & (counts[:, Event.CHALLENGE] == 0)]
    if not len(sighting):
        return _answered_anew(case, sendings)
    reset = m.legs.first[:, Event.RST_CLIENT]
    wanted = np.zeros(len(m.sightings) + 1, bool)  # the last: of no sighting
    wanted[sighting] = True
    rows = np.flatnonzero((m.leg == Event.SYN) & wanted[m.sighting])
    rows = rows[m.segments["time"][rows] > reset[m.sighting[rows]]]
    return np.sort(np.concatenate([rows, _answered_anew(case, sendings)]))


def _answered_anew(case: Case, sendings: Table) -> Array:
    """Rows of SYN-ACKs with another ISN than the one shortly before, where that is the rule:
    SYN cookies change theirs as well, but once a minute (tcp_cookie_time), so that of the
    answers to most attempts no two differ."""
    m = case.matched
    rows = sendings["row"][sendings["leg"] == Event.SYN_ACK]
    rows = rows[np.lexsort((m.segments["time"][rows], m.sighting[rows]))]
    one, other = rows[:-1], rows[1:]
    soon = m.sighting[one] == m.sighting[other]
    soon &= m.segments["time"][other] - m.segments["time"][one] < ANEW_NS
    anew = m.segments["seq"][one] != m.segments["seq"][other]
    return other[soon & anew] if (soon & anew).sum() > (soon & ~anew).sum() else other[:0]


ANEW_NS = 10 * _SEC
"""Unanswered, a request is kept for a minute (tcp_synack_retries) and has one ISN."""


def delivered_regardless(case: Case, mismatch: Mismatch) -> list[Evidence]:
    """Services whose segments all arrive in spite of the wrong MAC."""
    came, ports = came_regardless(case, mismatch)
    if not len(came) or _some_arrived(case, mismatch) is not None:
        return []
    named = ", ".join(str(port) for port in distinct(ports).tolist()[:5])
    says = (
        f"{count(len(came), 'segment')} of port {named} arrived in spite of the wrong MAC: the"
        " network delivers that flow by other means, and its acknowledgments confirm the entry"
    )
    rows = case.sendings["row"][came].tolist()
    return [Evidence("delivered-regardless", says, case.frames(rows, most=3))]


def came_regardless(case: Case, mismatch: Mismatch) -> tuple[Array, Array]:
    """Rows of sendings to the wrong MAC that arrived, and their server ports."""
    came = mismatch.rows[case.came_through[mismatch.rows]]
    return came, case.attempts["server_port"][case.sendings["attempt"][came]]


# ---- recovery -----------------------------------------------------------------------------


def healed(case: Case, mismatch: Mismatch, sendings: Table) -> tuple[int | None, list[Evidence]]:
    """The first sign after the last wrong sending that the entry is right."""
    s, scope, last = case.sendings, mismatch.scope, int(sendings["time"].max())
    good = scope[(s["mac"][scope] == mismatch.right) & (s["time"][scope] > last)]
    signs: list[tuple[int, Source, str]] = []
    for row in good[np.argsort(s["time"][good], kind="stable")][:1].tolist():
        what = "a segment to the right MAC"
        signs.append((int(s["time"][row]), case.frame(int(s["row"][row])), what))
    rows = case.table_of(mismatch.host, mismatch.ip)
    right = case.usable[rows] & (case.entries["mac"][rows] == mismatch.right)
    rows = rows[right & case.entry_certain[rows] & (case.entry_time[rows] > last)]
    for row in rows[:1].tolist():
        what = "the table has the right MAC"
        signs.append((int(case.entry_time[row]), case.entry(row), what))
    for spell in case.spells(mismatch.host, mismatch.ip).rows():
        if spell["kind"] == ARP and spell["mac"] == mismatch.right and spell["first"] > last:
            what = "it got the right MAC by ARP or ND, in a frame that the kernel accepts"
            signs.append((spell["first"], Source(spell["file"], frame=spell["frame"]), what))
    if not signs:
        return None, []
    when, source, what = min(signs)
    says = f"healed by {clock_time(when)}: {what}"
    return when, [Evidence("healed", says, (source,))]


def interface_of(case: Case, mismatch: Mismatch) -> str:
    """By S's table, else that of its capture; empty when neither says."""
    rows = case.table_of(mismatch.host, mismatch.ip)
    named = [name for name in case.entries["interface"][rows] if name]
    if named:
        return str(named[0])
    for capture, host in zip(case.matched.captures, case.matched.host_of_capture, strict=True):
        if host == mismatch.host and capture.interface:
            return capture.interface
    return ""
