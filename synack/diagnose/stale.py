"""The stale-entry rule, and its look-alike, the duplicate address.

A host S sent segments for a neighbor N to the MAC X, while N's address belonged to the
MAC Y, and they were lost. Each condition below is there because without it the same
picture has an innocent explanation:

- N is on S's own link (:func:`on_link`), else Y is a router's business;
- X is not a virtual router's MAC, nor one that stands for many addresses (a gateway, a
  proxy), else it is right by intent;
- most of what went to X was lost: an old owner that forwards does no harm;
- X does not itself speak as N's address, else two machines own it: a duplicate;
- N did not tell S better, in an ARP or ND frame that S must have accepted, while S went
  on sending to X: then something else overrides the table, and confidence falls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synack.addresses import NO_MAC, format_mac, is_group_mac, special_mac
from synack.diagnose.evidence import Address, Case, text_of
from synack.handshake.match import DELIVERED, LOST, MISDELIVERED
from synack.handshake.track import Event
from synack.model import CONFIDENCES, Evidence, Finding, Outcome, Source
from synack.neighbors.timeline import in_force, of_address
from synack.tables import ARP_REPLY, ARP_REQUEST, ND_ADVERT, NO_TIME, Array, Table
from synack.wording import clock_time, count, first_upper

_SEC = 1_000_000_000
PROXY_ADDRESSES = 3
"""A MAC that stands for so many other addresses is a router's or a proxy's."""
REPLY_GRACE_NS = 3 * _SEC
"""A reply may be ignored for `locktime` (1 s after the last change), and the next probe
comes a second later (domain facts: neigh_update, retrans_time)."""
REQUEST_GRACE_NS = _SEC // 10
"""A request or announcement of the peer takes effect at once (arp_process)."""


@dataclass
class Mismatch:
    """What host S sent for one address to one wrong MAC."""

    host: int
    ip: Address
    wrong: int
    right: int
    rows: Array
    """Rows of sendings to the wrong MAC."""
    near: Evidence
    evidence: list[Evidence] = field(default_factory=list)


def stale_and_duplicate(case: Case) -> Iterator[Finding]:
    """Findings ``stale-neighbor`` and ``duplicate-address``, with the attempts each explains."""
    usable = in_force(case.entries)
    for mismatch in _mismatches(case):
        sendings = case.sendings.take(mismatch.rows)
        duplicate = _speaks_as(case, mismatch)
        if duplicate is not None:
            if _failed(case, sendings).any():
                yield _duplicate(case, mismatch, sendings, duplicate)
            continue
        bad = np.isin(sendings["fate"], (LOST, MISDELIVERED))
        good = sendings["fate"] == DELIVERED
        if not _harmful(case, sendings, bad, good) or _relayed(case, sendings, mismatch.wrong):
            continue
        yield _stale(case, mismatch, sendings, usable)
    yield from _without_mac(case, usable)


def _mismatches(case: Case) -> Iterator[Mismatch]:
    """Groups of sendings whose destination MAC is not the peer's, on the same link."""
    s = case.sendings
    peers = set(zip(s["host"].tolist(), s["peer_hi"].tolist(), s["peer_lo"].tolist(), strict=True))
    for host, high, low in sorted(peers):
        ip = (high, low)
        mine = (s["host"] == host) & (s["peer_hi"] == high) & (s["peer_lo"] == low)
        mine &= s["mac"] != NO_MAC
        owner = _owner(case, ip, mine)
        for wrong in np.unique(s["mac"][mine]).tolist():
            rows = np.flatnonzero(mine & (s["mac"] == wrong) & (owner != wrong) & (owner != NO_MAC))
            if not len(rows) or special_mac(wrong) or is_group_mac(wrong):
                continue
            if len(case.addresses_of_mac(host, wrong) - {ip}) >= PROXY_ADDRESSES:
                continue
            for right in np.unique(owner[rows]).tolist():
                part = rows[owner[rows] == right]
                near = on_link(case, host, ip, right)
                if near is not None and not special_mac(right):
                    yield Mismatch(host, ip, wrong, right, part, near)


def _owner(case: Case, ip: Address, mine: Array) -> Array:
    """The MAC that answers for ``ip``, per sending: what the peer's frames carried at the
    sender just then; where none were seen, what the peer's own capture shows, else what
    was last claimed by ARP or ND and is not itself what was sent to."""
    seen = case.sendings["peer_mac"]
    home = case.mac_at_home(ip)
    fallback = NO_MAC
    if home is not None:
        fallback = home[0]
    else:
        claimed = case.claims["mac"][case.claims_of(ip)]
        claimed = claimed[~np.isin(claimed, case.sendings["mac"][mine])]
        fallback = int(claimed[-1]) if len(claimed) else NO_MAC
    return np.where(seen != NO_MAC, seen, fallback)


def on_link(case: Case, host: int, ip: Address, right: int) -> Evidence | None:
    """Why ``ip`` is a neighbor of ``host`` itself and not behind a router."""
    name, address = case.hosts[host], text_of(ip)
    rows = of_address(case.entries, name, ip)
    if len(rows):
        says = f"{name}'s neighbor table has an entry for {address}: it is on its own link"
        return Evidence("on-link", says, (case.entry(rows[0]),))
    asked = case.asked_by(host, ip)
    if len(asked):
        says = f"{name} itself asks who has {address}: it is on its own link"
        return Evidence("on-link", says, (case.claim(asked[0]),))
    here = case.claims_of(ip)
    here = here[(case.claim_host[here] == host) & (case.claims["mac"][here] == right)]
    if len(here):
        says = f"{address} announces {format_mac(right)} on {name}'s own link"
        return Evidence("on-link", says, (case.claim(here[0]),))
    home = case.mac_at_home(ip)
    seen = case.sendings
    mine = (seen["host"] == host) & (seen["peer_hi"] == ip[0]) & (seen["peer_lo"] == ip[1])
    if home is not None and (seen["peer_mac"][mine] == home[0]).any():
        says = f"frames of {address} reach {name} with the MAC they left with: no router between"
        return Evidence("on-link", says, (case.frame(home[1]),))
    return None


def _failed(case: Case, sendings: Table) -> Array:
    """Per sending whether its attempt did not complete."""
    return case.attempts["outcome"][sendings["attempt"]] != Outcome.COMPLETED


def _harmful(case: Case, sendings: Table, bad: Array, good: Array) -> bool:
    """Witnessed: more was lost than came through. Unwitnessed: nothing came through, and the
    attempts failed in a way that fits."""
    if bad.any():
        return int(bad.sum()) > int(good.sum())
    fits = (Outcome.SYN_ACK_LOST, Outcome.UNACKNOWLEDGED, Outcome.UNANSWERED, Outcome.INCONCLUSIVE)
    outcome = case.attempts["outcome"][sendings["attempt"]]
    return not good.any() and bool(np.isin(outcome, fits).all()) and len(sendings) > 1


def _relayed(case: Case, sendings: Table, wrong: int) -> bool:
    """What was sent to the wrong MAC arrived, from that MAC: its owner forwards."""
    arrived = sendings["arrived"][sendings["arrived"] >= 0]
    return bool((case.matched.segments["src_mac"][arrived] == wrong).any())


# ---- duplicate address --------------------------------------------------------------------


def _speaks_as(case: Case, mismatch: Mismatch) -> list[Source] | None:
    """Frames in which the wrong MAC's owner speaks of its own accord as the address.

    A reset or any other segment with its source address, not passed on (the TTL is not
    lowered), or an ARP request or announcement. Mere answers to ARP are not enough: a
    proxy or a cloud network may still give the old answer.
    """
    m, s = case.matched, case.matched.segments
    ip, wrong = mismatch.ip, mismatch.wrong
    from_ip = (s["src_hi"] == ip[0]) & (s["src_lo"] == ip[1]) & (s["icmp"] < 0)
    ours = from_ip & (s["src_mac"] == mismatch.right)
    usual = int(s["ttl"][ours].max(initial=0))
    times = m.aligned(np.arange(len(s)))
    window = case.sendings["time"][mismatch.rows]
    spoken = from_ip & (s["src_mac"] == wrong) & (s["ttl"] >= usual)
    spoken &= times >= int(window.min()) - _SEC
    sources = [case.frame(row) for row in np.flatnonzero(spoken).tolist()]
    claims = case.claims_of(ip)
    active = case.claims["mac"][claims] == wrong
    active &= case.claims["op"][claims] == ARP_REQUEST
    active &= case.claim_time[claims] >= int(window.min())
    sources += [case.claim(row) for row in claims[active]]
    return sources or None


def _duplicate(case: Case, mismatch: Mismatch, sendings: Table, spoken: list[Source]) -> Finding:
    host, ip = case.hosts[mismatch.host], text_of(mismatch.ip)
    wrong, right = format_mac(mismatch.wrong), format_mac(mismatch.right)
    own = case.mac_at_home(mismatch.ip)
    evidence = [
        Evidence(
            "two-owners",
            f"{ip} speaks from two MACs: {right} opened the connections, {wrong} speaks too"
            f" ({count(len(spoken), 'frame')})",
            tuple(spoken[:8]),
        ),
        Evidence(
            "mac-mismatch-on-wire",
            f"{host} answered {ip} at {wrong}",
            case.frames(sendings["row"].tolist()),
        ),
        mismatch.near,
    ]
    if own is not None:
        says = f"{ip}'s own capture shows that it sends with {format_mac(own[0])}"
        evidence.append(Evidence("owner-by-own-capture", says, (case.frame(own[1]),)))
    failed = np.unique(sendings["attempt"][_failed(case, sendings)])
    summary = (
        f"{ip} is used by two machines at once, {right} and {wrong}: {host} answers the second,"
        f" and {count(len(failed), 'attempt')} of the first failed."
    )
    return Finding(
        kind="duplicate-address",
        confidence="confirmed" if own is not None else "probable",
        host=host,
        interface=_interface(case, mismatch),
        ip=ip,
        stale_mac=wrong,
        actual_mac=right,
        next_hop="host",
        leg=_leg(sendings),
        attempts=len(failed),
        **_numbers(sendings),
        summary=first_upper(summary),
        evidence=evidence,
        remedy=[
            f"find the machine with MAC {wrong} and take {ip} from it (or from {right})",
            f"arping -D -I {_interface(case, mismatch) or 'INTERFACE'} {ip}"
            f"   # on {host}: any answer is an owner",
        ],
        rows=failed.tolist(),
    )


# ---- stale entry --------------------------------------------------------------------------


def _stale(case: Case, mismatch: Mismatch, sendings: Table, usable: Array) -> Finding:
    evidence = mismatch.evidence
    evidence.append(_on_wire(case, mismatch, sendings))
    witnessed = _witness(case, mismatch, sendings)
    owner = _owner_known(case, mismatch)
    table = _table_agrees(case, mismatch, sendings, usable)
    evidence += [e for e in (witnessed, owner, table, mismatch.near) if e is not None]
    evidence += _control_group(case, mismatch)
    healed, healing = _healed(case, mismatch, sendings, usable)
    evidence += healing
    missing = [witnessed, owner, table].count(None)
    if witnessed is not None and _clock_assumed(case, sendings):
        missing += 1
        evidence.append(
            Evidence("clock-assumed", "the two hosts' clocks could not be compared: they share no"
                     " packet, and are taken to agree within 5 s")
        )  # fmt: skip
    against = _contradictions(case, mismatch, sendings, usable)
    evidence += against
    confidence = CONFIDENCES[max(0, 2 - missing - len(against))]
    affected = _affected(case, sendings)
    return Finding(
        kind="stale-neighbor",
        confidence=confidence,
        host=case.hosts[mismatch.host],
        interface=_interface(case, mismatch),
        ip=text_of(mismatch.ip),
        stale_mac=format_mac(mismatch.wrong),
        actual_mac=format_mac(mismatch.right),
        next_hop="host",
        leg=_leg(sendings),
        attempts=len(affected),
        **_numbers(sendings),
        healed=healed,
        survived_by=_survival(case, mismatch, sendings, usable, healed),
        summary=_summary(case, mismatch, sendings, witnessed is not None),
        evidence=evidence,
        remedy=_remedy(case, mismatch),
        rows=affected.tolist(),
    )


def _affected(case: Case, sendings: Table) -> Array:
    """Attempts that lost a transmission to it, or failed with all of them unwitnessed."""
    lost = np.isin(sendings["fate"], (LOST, MISDELIVERED))
    return np.unique(sendings["attempt"][lost | _failed(case, sendings)])


def _numbers(sendings: Table) -> dict[str, Any]:
    witnessed = np.isin(sendings["fate"], (LOST, MISDELIVERED, DELIVERED))
    received = int((sendings["fate"] == DELIVERED).sum())
    return {
        "sent": len(sendings),
        "received": received if witnessed.any() else None,
        "first": int(sendings["time"].min()),
        "last": int(sendings["time"].max()),
    }


def _leg(sendings: Table) -> str:
    answers = int((sendings["leg"] == Event.SYN_ACK).sum())
    return "syn-ack" if answers * 2 >= len(sendings) else "syn"


_NOUN = {"syn-ack": "SYN-ACK", "syn": "SYN"}


def _on_wire(case: Case, mismatch: Mismatch, sendings: Table) -> Evidence:
    host, ip = case.hosts[mismatch.host], text_of(mismatch.ip)
    what = count(len(sendings), _NOUN[_leg(sendings)])
    return Evidence(
        "mac-mismatch-on-wire",
        f"{host} sent {what} for {ip} to {format_mac(mismatch.wrong)}"
        f" instead of {format_mac(mismatch.right)}",
        case.frames(sendings["row"].tolist()),
    )


def _witness(case: Case, mismatch: Mismatch, sendings: Table) -> Evidence | None:
    ip = text_of(mismatch.ip)
    astray = sendings["arrived"][sendings["fate"] == MISDELIVERED]
    if len(astray):
        return Evidence(
            "seen-addressed-to-another",
            f"{count(len(astray), 'of them')} reached {ip}'s wire, addressed to"
            f" {format_mac(mismatch.wrong)}: its kernel ignores such frames",
            case.frames(astray.tolist()),
        )
    lost = sendings["row"][sendings["fate"] == LOST]
    if not len(lost):
        return None
    return Evidence(
        "lost-at-peer",
        f"none of {len(lost)} is in {ip}'s own capture, which was recording before and after",
        case.frames(lost.tolist(), most=3),
    )


def _owner_known(case: Case, mismatch: Mismatch) -> Evidence | None:
    ip, right = text_of(mismatch.ip), format_mac(mismatch.right)
    home = case.mac_at_home(mismatch.ip)
    if home is not None and home[0] == mismatch.right:
        says = f"{ip} sends with {right}, by its own capture"
        return Evidence("owner-by-own-capture", says, (case.frame(home[1]),))
    s, m = case.matched.segments, case.matched
    here = (m.host_of_capture[s["capture"]] == mismatch.host) & (s["src_mac"] == mismatch.right)
    here &= (s["src_hi"] == mismatch.ip[0]) & (s["src_lo"] == mismatch.ip[1])
    rows = np.flatnonzero(here)
    if not len(rows):
        return None
    says = f"frames of {ip} reach {case.hosts[mismatch.host]} from {right}"
    return Evidence("owner-by-source-mac", says, (case.frame(int(rows[0])),))


def _table_rows(case: Case, mismatch: Mismatch) -> tuple[Array, Array]:
    """Rows of S's own table for the address, and their times on the reference clock."""
    rows = of_address(case.entries, case.hosts[mismatch.host], mismatch.ip)
    at = case.entries["at"][rows]
    offset = case.clocks[mismatch.host].offset
    return rows, np.where(at == NO_TIME, NO_TIME, at - offset)


def _table_agrees(
    case: Case, mismatch: Mismatch, sendings: Table, usable: Array
) -> Evidence | None:
    """As-of join: rows inside the time of the sendings, the last before, the first after;
    rows without a certain time count too, and say so."""
    rows, at = _table_rows(case, mismatch)
    begin, end = int(sendings["time"].min()), int(sendings["time"].max())
    weak = (at == NO_TIME) | case.entries["at_weak"][rows]
    inside = (at >= begin) & (at <= end)
    near = inside | weak
    before, after = np.flatnonzero(at < begin), np.flatnonzero(at > end)
    near[before[-1:]] = True
    near[after[:1]] = True
    says_wrong = usable[rows] & (case.entries["mac"][rows] == mismatch.wrong)
    agree = rows[near & says_wrong]
    if not len(agree):
        return None
    host, ip = case.hosts[mismatch.host], text_of(mismatch.ip)
    state = case.entries["state"][agree[0]]
    says = f"{host}'s neighbor table says {ip} is at {format_mac(mismatch.wrong)}"
    says += f" ({state})" if state else ""
    if weak[near & says_wrong].all():
        says += "; when it was taken is known only by the file's own time"
    return Evidence("table-agrees", says, tuple(case.entry(row) for row in agree[:5]))


def _control_group(case: Case, mismatch: Mismatch) -> list[Evidence]:
    """All attempts with this host by "MAC right or wrong": the most convincing table there is."""
    s = case.sendings
    mine = (s["host"] == mismatch.host) & (s["mac"] != NO_MAC) & (s["peer_mac"] != NO_MAC)
    wrong_attempts = np.unique(s["attempt"][mismatch.rows])
    others = np.setdiff1d(
        np.unique(s["attempt"][mine & (s["mac"] == s["peer_mac"])]), wrong_attempts
    )
    if not len(others):
        return []
    outcome = case.attempts["outcome"]
    done = int((outcome[others] == Outcome.COMPLETED).sum())
    also = int((outcome[wrong_attempts] == Outcome.COMPLETED).sum())
    return [
        Evidence(
            "control-group",
            f"with the right MAC {done} of {len(others)} attempts completed, with the wrong one"
            f" {also} of {len(wrong_attempts)}",
        )
    ]


def _healed(
    case: Case, mismatch: Mismatch, sendings: Table, usable: Array
) -> tuple[int | None, list[Evidence]]:
    """The first sign after the last wrong sending that the entry is right."""
    s, last = case.sendings, int(sendings["time"].max())
    good = (s["host"] == mismatch.host) & (s["peer_hi"] == mismatch.ip[0])
    good &= (s["peer_lo"] == mismatch.ip[1]) & (s["mac"] == mismatch.right) & (s["time"] > last)
    signs: list[tuple[int, Source, str]] = []
    for row in np.flatnonzero(good)[np.argsort(s["time"][good], kind="stable")][:1].tolist():
        what = "a segment to the right MAC"
        signs.append((int(s["time"][row]), case.frame(int(s["row"][row])), what))
    rows, at = _table_rows(case, mismatch)
    right = usable[rows] & (case.entries["mac"][rows] == mismatch.right) & (at > last)
    right &= ~case.entries["at_weak"][rows]
    for place in np.flatnonzero(right)[:1].tolist():
        signs.append((int(at[place]), case.entry(int(rows[place])), "the table has the right MAC"))
    if not signs:
        return None, []
    when, source, what = min(signs)
    says = f"healed by {clock_time(when)}: {what}"
    return when, [Evidence("healed", says, (source,))]


def _clock_assumed(case: Case, sendings: Table) -> bool:
    m, attempt = case.matched, int(sendings["attempt"][0])
    ends = int(m.client_host[attempt]), int(m.server_host[attempt])
    return any(end >= 0 and case.clocks[end].grade == "absent" for end in ends)


def _contradictions(
    case: Case, mismatch: Mismatch, sendings: Table, usable: Array
) -> list[Evidence]:
    found = [
        _told_better(case, mismatch, sendings, usable),
        _both_macs(case, mismatch, sendings),
        _table_disagrees(case, mismatch, sendings, usable),
    ]
    return [evidence for evidence in found if evidence is not None]


def _told_better(case: Case, mismatch: Mismatch, sendings: Table, usable: Array) -> Evidence | None:
    """The peer told S its right MAC, in a frame that S must accept, and S went on."""
    if _fixed(case, mismatch, usable):
        return None
    claims = case.claims_of(mismatch.ip)
    own = case.own_macs.get(mismatch.host, set())
    heard = (case.claim_host[claims] == mismatch.host) & (
        case.claims["mac"][claims] == mismatch.right
    )
    heard &= ~np.isin(case.claims["src_mac"][claims], list(own))
    for row in claims[heard].tolist():
        reply = case.claims["op"][row] in (ARP_REPLY, ND_ADVERT)
        grace = REPLY_GRACE_NS if reply else REQUEST_GRACE_NS
        late = sendings["row"][sendings["time"] > case.claim_time[row] + grace]
        if len(late):
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


def _fixed(case: Case, mismatch: Mismatch, usable: Array) -> bool:
    """An entry that ARP never changes: PERMANENT, NOARP, or from a control plane."""
    rows = of_address(case.entries, case.hosts[mismatch.host], mismatch.ip)
    rows = rows[usable[rows] & (case.entries["mac"][rows] == mismatch.wrong)]
    return any(
        {"PERMANENT", "NOARP"} & set(state.split("|")) or "extern_learn" in flags
        for state, flags in zip(
            case.entries["state"][rows], case.entries["flags"][rows], strict=True
        )
    )


def _both_macs(case: Case, mismatch: Mismatch, sendings: Table) -> Evidence | None:
    """While sending to the wrong MAC, S also sent to the right one: no single entry does that."""
    s = case.sendings
    begin, end = int(sendings["time"].min()), int(sendings["time"].max())
    right = (s["host"] == mismatch.host) & (s["peer_hi"] == mismatch.ip[0])
    right &= (s["peer_lo"] == mismatch.ip[1]) & (s["mac"] == mismatch.right)
    right &= (s["time"] > begin) & (s["time"] < end)
    if not right.any():
        return None
    says = f"in between, {count(int(right.sum()), 'segment')} went to the right MAC"
    return Evidence("contradiction-both-macs", says, case.frames(s["row"][right].tolist(), most=3))


def _table_disagrees(
    case: Case, mismatch: Mismatch, sendings: Table, usable: Array
) -> Evidence | None:
    """A dump says the entry was right, or unusable, while the wrong MAC was in use after it."""
    rows, at = _table_rows(case, mismatch)
    certain = (at != NO_TIME) & ~case.entries["at_weak"][rows]
    wrong = usable[rows] & (case.entries["mac"][rows] == mismatch.wrong)
    for place in np.flatnonzero(certain & ~wrong).tolist():
        until = at[place + 1 :][wrong[place + 1 :]]
        end = int(until[0]) if len(until) else np.iinfo(np.int64).max
        after = (sendings["time"] > at[place] + _SEC) & (sendings["time"] < end)
        if after.any() and (sendings["time"] < at[place]).any():
            says = f"{case.hosts[mismatch.host]}'s table did not have the wrong MAC then"
            return Evidence(
                "contradiction-table", says,
                (case.entry(int(rows[place])), *case.frames(sendings["row"][after].tolist(), 1)),
            )  # fmt: skip
    return None


def _survival(
    case: Case, mismatch: Mismatch, sendings: Table, usable: Array, healed: int | None
) -> list[str]:
    """Signs of what kept the entry alive; "unknown" rather than a guess."""
    reasons = []
    if _fixed(case, mismatch, usable):
        reasons.append(
            "the entry is fixed (PERMANENT, NOARP or extern_learn): ARP never changes it"
        )
    claims = case.claims_of(mismatch.ip)
    answered = (case.claims["mac"][claims] == mismatch.wrong) & np.isin(
        case.claims["op"][claims], (ARP_REPLY, ND_ADVERT)
    )
    answered &= case.claim_host[claims] == mismatch.host
    if answered.any():
        reasons.append("somebody still answers ARP for the address with the old MAC")
    if not reasons and _kept_reachable(case, mismatch, usable):
        reasons.append(
            "the entry is REACHABLE and freshly confirmed though no handshake was: other traffic"
            " confirms it (acknowledgments on an established connection, or MSG_CONFIRM)"
        )
    probes = case.asked_by(mismatch.host, mismatch.ip)
    probes = probes[case.claims["dst_mac"][probes] == mismatch.wrong]
    lasted = (healed or int(sendings["time"].max())) - int(sendings["time"].min())
    if not reasons and len(probes) and lasted < 20 * _SEC:
        reasons.append(
            "nothing: it lay dormant until this host sent to it, and the kernel's probes"
            " removed it within seconds"
        )
    return reasons or ["unknown"]


def _kept_reachable(case: Case, mismatch: Mismatch, usable: Array) -> bool:
    rows = of_address(case.entries, case.hosts[mismatch.host], mismatch.ip)
    e = case.entries
    rows = rows[
        usable[rows] & (e["mac"][rows] == mismatch.wrong) & (e["state"][rows] == "REACHABLE")
    ]
    confirmed, updated = e["confirmed_s"][rows], e["updated_s"][rows]
    return bool(((confirmed >= 0) & (updated - confirmed >= 5)).any())


def _interface(case: Case, mismatch: Mismatch) -> str:
    rows = of_address(case.entries, case.hosts[mismatch.host], mismatch.ip)
    named = [name for name in case.entries["interface"][rows] if name]
    if named:
        return str(named[0])
    for capture, host in zip(case.matched.captures, case.matched.host_of_capture, strict=True):
        if host == mismatch.host and capture.interface:
            return capture.interface
    return ""


def _summary(case: Case, mismatch: Mismatch, sendings: Table, witnessed: bool) -> str:
    host, ip = case.hosts[mismatch.host], text_of(mismatch.ip)
    interface = _interface(case, mismatch)
    lost = int(np.isin(sendings["fate"], (LOST, MISDELIVERED)).sum())
    noun, begin = _NOUN[_leg(sendings)], clock_time(int(sendings["time"].min()))
    fate = (
        f"{lost} of {len(sendings)} {noun}s since {begin} were lost"
        if witnessed
        else (f"{len(sendings)} {noun}s since {begin} went there and no handshake completed")
    )
    return (
        f"{host}{' ' + interface if interface else ''}: {ip} is cached as"
        f" {format_mac(mismatch.wrong)}, but it is {format_mac(mismatch.right)}. {fate}."
    )


def _remedy(case: Case, mismatch: Mismatch) -> list[str]:
    host, ip = case.hosts[mismatch.host], text_of(mismatch.ip)
    interface = _interface(case, mismatch)
    if not interface:
        return [f"ip neigh flush to {ip}   # on {host}", _FOR_GOOD.format(host=host)]
    return [f"ip neigh del {ip} dev {interface}   # on {host}", _FOR_GOOD.format(host=host)]


_FOR_GOOD = (
    "sysctl -w net.ipv4.neigh.default.gc_thresh1=0   # on {host}, for good: idle entries then go"
    " after 60 to 75 s; it does not remove one that is in use, confirmed, or PERMANENT"
)


# ---- without a destination MAC on the wire -------------------------------------------------


def _without_mac(case: Case, usable: Array) -> Iterator[Finding]:
    """SLL captures record no destination MAC: the table and the failures must agree alone."""
    s = case.sendings
    blind = (s["mac"] == NO_MAC) & (s["peer_mac"] != NO_MAC)
    peers = set(
        zip(s["host"][blind].tolist(), s["peer_hi"][blind].tolist(),
            s["peer_lo"][blind].tolist(), strict=True)
    )  # fmt: skip
    for host, high, low in sorted(peers):
        ip = (high, low)
        mine = blind & (s["host"] == host) & (s["peer_hi"] == high) & (s["peer_lo"] == low)
        rows = of_address(case.entries, case.hosts[host], ip)
        rows = rows[usable[rows]]
        for wrong in np.unique(case.entries["mac"][rows]).tolist():
            part = np.flatnonzero(mine & (s["peer_mac"] != wrong) & _failed(case, s))
            macs = np.unique(s["peer_mac"][part])
            if len(macs) != 1 or special_mac(wrong) or (s["fate"][part] == DELIVERED).any():
                continue
            sayings = Evidence("on-link", f"{case.hosts[host]}'s table has an entry for"
                               f" {text_of(ip)}", (case.entry(int(rows[0])),))  # fmt: skip
            mismatch = Mismatch(host, ip, wrong, int(macs[0]), part, sayings)
            sendings = s.take(part)
            table = _table_agrees(case, mismatch, sendings, usable)
            fate = np.isin(sendings["fate"], (LOST, MISDELIVERED)).any()
            if table is None or not (
                fate or _harmful(case, sendings, np.zeros(1, bool), np.zeros(1, bool))
            ):
                continue
            finding = _stale(case, mismatch, sendings, usable)
            finding.confidence = "possible"
            finding.evidence[0] = Evidence(
                "no-destination-mac",
                f"{case.hosts[host]}'s capture records no destination MAC (Linux cooked capture):"
                " where these segments went is known from its table alone",
                case.frames(sendings["row"].tolist(), most=3),
            )
            yield finding
