"""Where a host sent to a MAC that is not its neighbor's, with innocent reasons excluded.

A host S sent segments for a neighbor N to the MAC X, while N's address belonged to the
MAC Y. Each condition below is there because without it the same picture is innocent:

- N is on S's own link (:func:`on_link`), else Y is a router's business;
- X is neither what N's frames carry at S nor what they carry at home: where something
  between rewrites MACs (NAT, a load balancer in front, a virtual switch) both are right;
- X is not a virtual router's MAC, nor one that stands for many addresses (a gateway, a
  proxy), nor one that Y itself names as N's, else it is right by intent;
- Y is N's own: not a router's that N's frames came through, nor another address's;
- Y had already taken over: what went to X while X had the address was right.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np

from synack.addresses import NO_MAC, Address, is_group_mac, special_mac
from synack.diagnosis.documents import EVENT, INVENTORY, LEASE, OWN_ADDRESSES, TABLE
from synack.diagnosis.evidence import Case, alike
from synack.diagnosis.link import on_link
from synack.grouping import among, distinct, distinct_rows, grouped, ids_of, representatives
from synack.handshake.clock import ASSUMED_AGREEMENT_NS
from synack.handshake.matched import DELIVERED, LOST, MISDELIVERED
from synack.handshake.states import Event
from synack.handshake.vantage import FIRST_TTLS
from synack.model import Evidence, Outcome
from synack.tables import ARP_REQUEST, ND_SOLICIT, NO_TIME, Array, Table

PROXY_ADDRESSES = 3
"""A MAC that stands for so many other addresses is a router's or a proxy's."""
FEW = 10
"""One in so many may have arrived all the same: pairing is not perfect around the moment
an entry heals, and a cloud network delivers flows that it tracks whatever the MAC says."""
_ALWAYS = np.iinfo(np.int64).min


@dataclass
class Mismatch:
    """What host S sent for one next hop to one wrong MAC."""

    host: int
    ip: Address
    """Of the next hop: the peer itself, or the gateway to it."""
    wrong: int
    right: int
    rows: Array
    """Rows of sendings to the wrong MAC."""
    scope: Array
    """Rows of all sendings of S by that next hop, to whatever MAC."""
    near: Evidence
    next_hop: str = "host"


def mismatches(case: Case) -> Iterator[Mismatch]:
    """Groups of sendings whose destination MAC is not the peer's, on the same link."""
    s, owner = case.sendings, owners(case)
    rows = np.flatnonzero((s["mac"] != NO_MAC) & (owner != NO_MAC) & (s["mac"] != owner))
    rows = rows[(s["mac"][rows] != s["home_mac"][rows]) | (owner != heard(case))[rows]]
    rows = rows[~case.asker_answered[rows]]
    rows = rows[_ordinary(s["mac"][rows]) & _ordinary(owner[rows])]
    lost = _lost_by(case, rows)
    columns = [s[name][rows] for name in ("host", "peer_hi", "peer_lo", "mac")]
    for (host, high, low, wrong, right), part in grouped(rows, *columns, owner[rows]):
        ip = (high, low)
        mine = since_takeover(case, host, ip, wrong, right, part)
        if not len(mine) or stands_for_many(case, host, wrong, ip, lost.get((host, wrong), set())):
            continue
        near = on_link(case, host, ip, wrong, right)
        if near is None or not owned(case, host, ip, wrong, right):
            continue
        if in_doubt(case, host, ip, wrong, right):
            continue
        if moved_on(case, host, ip, wrong, right, mine):
            continue
        yield Mismatch(host, ip, wrong, right, mine, case.sent_to(host, ip), near)


def _ordinary(macs: Array) -> Array:
    """Not a group address nor a virtual router's (bool)."""
    ids = ids_of(macs)
    kinds = macs[representatives(ids)].tolist()
    return np.array([not (special_mac(m) or is_group_mac(m)) for m in kinds], bool)[ids]


def owners(case: Case) -> Array:
    """The MAC that answers for the peer, per sending: what its frames carried at the sender
    just then; where none were seen, what its own capture shows, what texts say (see
    :func:`told_by_texts`), or what was last claimed by ARP or ND and is not itself what was
    sent to; then what others heard it speak from (see :func:`known_elsewhere`), at last what
    their tables have."""
    s = case.sendings
    owner = taken_over(case, heard(case))
    if (owner != NO_MAC).all():
        return owner
    owner = np.where(owner == NO_MAC, told_by_texts(case), owner)
    blank = np.flatnonzero(owner == NO_MAC)
    columns = [s[name][blank] for name in ("peer_hi", "peer_lo")]
    for (high, low), rows in grouped(blank, *columns) if len(case.claims) else ():
        claims = case.claims["mac"][case.claims_of((high, low))]
        claims = claims[~np.isin(claims, s["mac"][rows])]
        if len(claims):
            owner[rows] = claims[-1]
    owner = np.where(owner == NO_MAC, known_elsewhere(case, owner), owner)
    return np.where(owner == NO_MAC, told_by_texts(case, (TABLE,)), owner)


def heard(case: Case) -> Array:
    """By sending what the peer's frames carry at the sender; without any there, at home."""
    s = case.sendings
    return np.where(s["peer_mac"] != NO_MAC, s["peer_mac"], s["home_mac"])


def taken_over(case: Case, owner: Array) -> Array:
    """``owner`` by sending, but where that MAC had fallen silent, and another one has the address
    since: by its own capture, by what it announced on the link, or by what it says to others."""
    s = case.sendings
    speakers: dict[Address, set[int]] = {}
    for high, low, mac in (*distinct_rows(*_announced(case)), *case.several_near):
        speakers.setdefault((high, low), set()).add(mac)
    rows = np.flatnonzero(owner != NO_MAC)
    away = (s["home_mac"][rows] != NO_MAC) & (s["home_mac"][rows] != owner[rows])
    if speakers:
        away |= among(speakers, s["peer_hi"][rows], s["peer_lo"][rows])
    rows = rows[away]
    columns = [s[name][rows] for name in ("host", "peer_hi", "peer_lo", "home_mac")]
    for (host, high, low, home, mac), mine in grouped(rows, *columns, owner[rows]):
        ip = (high, low)
        spoken, words = case.spoken(ip, mac), _spoke(case, host, ip, mac)
        if not len(words) and len(spoken):
            continue  # when it did cannot be told
        for other in sorted({home, *speakers.get(ip, ())} - {mac, NO_MAC}):
            signs, slack = signs_of(case, host, case.spoken(ip, other), case.claimed(ip, other))
            others = case.assumed_times(host, spoken, spoken[:0]) if slack else words
            silent = max(int(last.max(initial=_ALWAYS)) for last in (words, others))
            if len(signs) and signs.min() > silent - slack and signs.max() > silent + slack:
                owner[mine[s["time"][mine] > max(int(signs.min()), silent) + slack]] = other
    return owner


def signs_of(case: Case, host: int, rows: Array, claims: Array) -> tuple[Array, int]:
    """Times of rows of segments and of claims on the reference clock (ns), and what they may be
    wrong by beside those of ``host``: nothing for those that can be held against them; without
    any of these the others, of clocks that are taken to agree."""
    times = case.times_for(host, rows, claims)
    if len(times):
        return times, 0
    return case.assumed_times(host, rows, claims), ASSUMED_AGREEMENT_NS


def _announced(case: Case) -> tuple[Array, Array, Array]:
    """(upper half, lower half, MAC): what MACs announced of themselves on a link."""
    c, rows = case.claims, _announcements(case)
    return c["ip_hi"][rows], c["ip_lo"][rows], c["mac"][rows]


def _announcements(case: Case) -> Array:
    c = case.claims
    rows = np.flatnonzero((c["mac"] == c["src_mac"]) & (c["mac"] != NO_MAC))
    return rows[announces(case, rows)]


def known_elsewhere(case: Case, owner: Array) -> Array:
    """Per sending without an ``owner`` the MAC that last spoke or announced itself as the peer,
    on whatever link with a clock that can be compared, else the first that did later; where
    no clock can be, the only one that ever did, if it still does; NO_MAC none."""
    s, told, claims = case.sendings, np.full(len(owner), NO_MAC), _announcements(case)
    blank = np.flatnonzero(owner == NO_MAC)
    if not len(blank):
        return told
    near, size = case.near_speakers, len(blank)
    ids = ids_of(
        *(
            np.concatenate(
                [s[f"peer_{part}"][blank], near[half], case.claims[f"ip_{part}"][claims]]
            )
            for half, part in enumerate(("hi", "lo"))
        )
    )
    blank = blank[np.isin(ids[:size], ids[size:])]
    columns = [s[name][blank] for name in ("host", "peer_hi", "peer_lo")]
    for (host, high, low), rows in grouped(blank, *columns):
        said = claims[np.isin(claims, case.claims_of((high, low)))]
        spoken = case.spoken_near((high, low))
        macs = np.concatenate([case.claims["mac"][said], case.matched.segments["src_mac"][spoken]])
        hosts = np.concatenate([case.claim_host[said], case.hosts_of(spoken)])
        timed = np.flatnonzero(case.comparable(host, hosts))
        if not len(timed):
            until = int(case.assumed_times(host, spoken, said).max(initial=NO_TIME))
            if (macs == macs[:1]).all() and until > s["time"][rows].min() + ASSUMED_AGREEMENT_NS:
                told[rows] = macs[0]
            continue
        when = np.concatenate([case.claim_time[said], case.time(spoken)])[timed]
        order = np.argsort(when, kind="stable")
        last = np.searchsorted(when[order], s["time"][rows], "right") - 1
        told[rows] = macs[timed][order[np.maximum(last, 0)]]
    return told


KINDS_OF_OWNERS = (OWN_ADDRESSES, INVENTORY, EVENT, LEASE)
"""Texts of those that set or give addresses, the strongest first."""


def told_by_texts(case: Case, kinds: tuple[int, ...] = KINDS_OF_OWNERS) -> Array:
    """Per sending to a peer whose frames nobody recorded the MAC that texts give it, NO_MAC
    none: those of the first of ``kinds`` that knows any as of then."""
    s, d = case.sendings, case.documents
    told = np.full(len(s), NO_MAC, np.int64)
    blank = np.flatnonzero((s["peer_mac"] == NO_MAC) & (s["home_mac"] == NO_MAC))
    known = np.isin(d["kind"], kinds)
    if not len(blank) or not known.any():
        return told
    addresses = distinct_rows(d["ip_hi"][known], d["ip_lo"][known])
    blank = blank[among(addresses, *(s[name][blank] for name in ("peer_hi", "peer_lo")))]
    columns = [s[name][blank] for name in ("host", "peer_hi", "peer_lo")]
    for (host, high, low), rows in grouped(blank, *columns):
        told[rows] = _documented(case, host, (high, low), rows, kinds)
    return told


def _documented(case: Case, host: int, ip: Address, rows: Array, kinds: tuple[int, ...]) -> Array:
    """Of one peer of one host, as of each of ``rows`` of sendings: the last text at or before,
    else the first after, which only dumps can be. The sender's own table does not count."""
    d, at = case.documents, case.sendings["time"][rows]
    known = case.documented(ip)
    known = known[(d["mac"][known] != NO_MAC) & (d["host"][known] != case.hosts[host])]
    macs = np.full(len(rows), NO_MAC)
    for kind in kinds:
        mine = known[d["kind"][known] == kind]
        mine = mine[np.argsort(d["first"][mine], kind="stable")]
        if not len(mine):
            continue
        place = np.searchsorted(d["first"][mine], at, "right") - 1
        later = d["mac"][mine[0]] if kind in (OWN_ADDRESSES, TABLE) else NO_MAC
        found = np.where(place < 0, later, d["mac"][mine[np.maximum(place, 0)]])
        macs = np.where(macs == NO_MAC, found, macs)
    return macs


def _lost_by(case: Case, rows: Array) -> dict[tuple[int, int], set[Address]]:
    """Per (host, wrong MAC) the peers that lost something there."""
    s = case.sendings
    rows = rows[is_lost(s["fate"][rows])]
    found: dict[tuple[int, int], set[Address]] = {}
    columns = [s[name][rows] for name in ("host", "mac", "peer_hi", "peer_lo")]
    for (host, mac, high, low), _ in grouped(rows, *columns):
        found.setdefault((host, mac), set()).add((high, low))
    return found


def is_lost(fate: Array) -> Array:
    return (fate == LOST) | (fate == MISDELIVERED)


def since_takeover(
    case: Case, host: int, ip: Address, wrong: int, right: int, rows: Array
) -> Array:
    """Of ``rows`` of sendings of ``host`` those when the right MAC had the address and the
    wrong one no more.

    A first sign of the new owner that is an announcement tells when it took over; before
    that the old owner was merely down. And as long as the old one itself spoke, it was
    the owner.
    """
    first, granted = first_sign(case, host, ip, right), recorded_since(case, ip, right)
    if first is None and granted is None:
        return rows
    before = _spoke(case, host, ip, wrong)
    if first is not None:
        before = before[before < first]
    since = int(before.max(initial=_ALWAYS))
    announced = announced_itself(case, ip, right)
    times, _ = signs_of(case, host, announced[:0], announced)
    if first is not None and (times == first).any():
        since = max(since, first)
    # A machine that spoke before was attached anew, or its lease renewed.
    if granted is not None and (first is None or first >= granted - CLOUD_SLACK_NS):
        since = max(since, granted)
    return rows[case.sendings["time"][rows] > since]


def moved_on(case: Case, host: int, ip: Address, wrong: int, right: int, rows: Array) -> bool:
    """Whether the host's entry had ``right`` before ``rows`` of sendings to ``wrong``, and nothing
    but other tables, which may be old, shows ``right`` to have the address since: then that one
    is the new owner, which does not answer. A stale entry is older than what it should be; or
    somebody set it (PERMANENT), and who moves is not learned so."""
    mine = case.table_of(host, ip)
    mine = mine[case.entries["mac"][mine] == wrong]
    if any("PERMANENT" in state.split("|") for state in case.entries["state"][mine].tolist()):
        return False
    s, scope, first = case.sendings, case.sent_to(host, ip), int(case.sendings["time"][rows].min())
    to_it = (s["mac"][scope] == right) | ((s["mac"][scope] == NO_MAC) & case.came_through[scope])
    before = to_it & (s["time"][scope] < first)
    table = case.table_of(host, ip)
    had = case.usable[table] & (case.entries["mac"][table] == right) & case.entry_certain[table]
    if not before.any() and not (had & (case.entry_time[table] < first)).any():
        return False
    signs = case.times_for(host, case.spoken(ip, right), case.claimed(ip, right))
    assumed = case.assumed_times(host, case.spoken(ip, right), case.claimed(ip, right))
    told = case.documented(ip)
    told = told[case.documents["mac"][told] == right]
    told = told[case.documents["kind"][told] != TABLE]
    last = case.documents["last"][told]
    undated = (last == NO_TIME) | np.isin(case.documents["kind"][told], (INVENTORY, EVENT, LEASE))
    later = undated.any() or (last >= first).any()
    later |= (signs >= first).any() or (assumed >= first + ASSUMED_AGREEMENT_NS).any()
    return not later


def serves_others(case: Case, mismatch: Mismatch) -> bool:
    """Whether other hosts hear the address itself speak from the wrong MAC since the first of its
    sendings: it is the owner, or one of two. Clocks that nothing compares are taken to agree;
    but a host that hears it from the right MAC ever since it was last heard from the wrong one
    tells by its own clock that it moved."""
    host, wrong, rows = mismatch.host, mismatch.wrong, mismatch.rows
    spoken = case.spoken(mismatch.ip, wrong)
    spoken = spoken[np.isin(case.matched.segments["ttl"][spoken], FIRST_TTLS)]
    spoken = spoken[~np.isin(case.hosts_of(spoken), [host, *case.hosts_with(wrong)])]
    spoken = spoken[case.time(spoken) >= case.sendings["time"][rows].min()]
    time, since = case.matched.segments["time"], case.spoken(mismatch.ip, mismatch.right)
    for other in distinct(case.hosts_of(spoken)).tolist():
        words, later = (time[said[case.hosts_of(said) == other]] for said in (spoken, since))
        if not len(later) or words.max() > later.min():
            return True
    return False


CLOUD_SLACK_NS = 5_000_000_000
"""What the clocks of a host and of a cloud may differ by, where nothing compares them."""


def recorded_since(case: Case, ip: Address, mac: int) -> int | None:
    """Since when an inventory, audit log or lease has ``ip`` at ``mac``."""
    if not len(case.documented(ip)):
        return None
    o = case.context.owners
    mine = (o["ip_hi"] == np.uint64(ip[0])) & (o["ip_lo"] == np.uint64(ip[1])) & (o["mac"] == mac)
    since = o["from_ns"][mine & (o["from_ns"] != NO_TIME)]
    return int(since.min()) if len(since) else None


def first_sign(case: Case, host: int | None, ip: Address, mac: int) -> int | None:
    """When anything first showed that ``mac`` has the address, on the reference clock; with a
    ``host`` by :func:`signs_of`."""
    rows, claims = case.spoken(ip, mac), case.claimed(ip, mac)
    if host is not None:
        times, _ = signs_of(case, host, rows, claims)
    else:
        times = np.concatenate([case.time(rows), case.claim_time[claims]])
        times = times[times != NO_TIME]
    return int(times.min()) if len(times) else None


def _spoke(case: Case, host: int, ip: Address, mac: int) -> Array:
    """When ``mac`` itself spoke as ``ip``; what others say of it does not count."""
    claims = case.claimed(ip, mac)
    claims = claims[case.claims["src_mac"][claims] == mac]
    return case.times_for(host, case.spoken(ip, mac), claims)


def announced_itself(case: Case, ip: Address, mac: int) -> Array:
    """Rows of claims in which ``mac`` says that it has ``ip`` by asking for that (RFC 5227)."""
    c, claims = case.claims, case.claimed(ip, mac)
    return claims[(c["asked_hi"][claims] == ip[0]) & (c["asked_lo"][claims] == ip[1])]


def announces(case: Case, claims: Array) -> Array:
    """Of rows of claims those that a machine sends of its own accord: requests, and what
    goes to all. Mere answers may be a proxy's or a cloud network's (bool)."""
    asks = np.isin(case.claims["op"][claims], (ARP_REQUEST, ND_SOLICIT))
    return asks | case.to_all(claims)


def stands_for_many(
    case: Case, host: int, mac: int, ip: Address, lost: AbstractSet[Address] = frozenset()
) -> bool:
    """Whether ``host`` finds so many other addresses at ``mac`` that it must be a router's
    or a proxy's. ``lost``: those of which it is known that they are not there."""
    told, seen = case.behind(host, mac)
    others = {other for other in (told | seen) - lost - {ip} if alike(other, ip)}
    return len(others) >= PROXY_ADDRESSES


def owned(case: Case, host: int, ip: Address, wrong: int, right: int) -> bool:
    """Whether ``right`` is the address's own MAC, and ``wrong`` is not its by intent."""
    claims = case.claimed(ip, wrong)
    if (case.claims["src_mac"][claims] == right).any():
        return False  # Y itself says that the address is at X: a cluster's shared MAC.
    if one_machine(case, wrong, right):
        return False
    if _hands_on(case, host, ip, wrong, right) and not case.serves_at(ip, right):
        return False
    homes = case.homes_of(ip)
    if homes:
        return right in homes and not _at_home_since(case, host, ip, wrong, right)
    if len(case.claimed(ip, right)) or _tables_say(case, host, ip, right):
        return True
    given = case.documented(ip)
    given = given[case.documents["mac"][given] == right]
    if np.isin(case.documents["kind"][given], KINDS_OF_OWNERS).any():
        return True
    if not len(case.spoken(ip, right)):
        return False  # One table against another.
    if _stands_for_others(case, host, ip, right):
        return False  # Y is another address's: a load balancer or router in front.
    return not _routed(case, host, ip, right)


def _hands_on(case: Case, host: int, ip: Address, wrong: int, right: int) -> bool:
    """Whether ``right`` speaks for other addresses too, and the host has these at MACs of their
    own: a balancer in front hands on what they send."""
    s, e = case.sendings, case.entries
    for other in case.behind(host, right)[1] - {ip}:
        table = case.table_of(host, other)
        macs = {
            *s["mac"][case.sent_to(host, other)].tolist(),
            *e["mac"][table[case.usable[table]]].tolist(),
        }
        if alike(other, ip) and macs - {wrong, right, NO_MAC}:
            return True
    return False


def _at_home_since(case: Case, host: int, ip: Address, wrong: int, right: int) -> bool:
    """Whether ``wrong`` is at home at ``ip`` by its own capture too, and speaks as it after
    ``right`` began to: it is still its own, and the other one a balancer's that hands on."""
    if wrong not in case.homes_of(ip):
        return False
    mine, other = (case.spoken(ip, mac) for mac in (wrong, right))
    times = [case.times_for(host, rows, rows[:0]) for rows in (mine, other)]
    return bool(len(times[0]) and len(times[1]) and times[0].max() > times[1].min())


def _tables_say(case: Case, host: int, ip: Address, mac: int) -> bool:
    """Whether other hosts' tables have ``ip`` at ``mac``, and not all that they are known to have
    sent there was in vain: else it is one wrong table against another."""
    if not len(case.other_tables_say(host, ip, mac)):
        return False
    m, s = case.matched, case.matched.segments
    there = (s["dst_mac"] == mac) & (s["dst_lo"] == np.uint64(ip[1])) & (m.sighting >= 0)
    rows = np.flatnonzero(there & (s["dst_hi"] == np.uint64(ip[0])))
    outcomes = case.attempts["outcome"][m.identity[m.sighting[rows]]]
    return not len(rows) or bool((outcomes == Outcome.COMPLETED).any())


def one_machine(case: Case, wrong: int, right: int) -> bool:
    """Whether a host lists both MACs as those of its interfaces, ``wrong`` of one that is not
    down: Linux takes what is for any of its addresses by any of them, and answers ARP for all
    by all (arp_ignore 0), so that both are right."""
    o = case.context.own
    rights, wrongs = (np.flatnonzero(o["mac"] == mac) for mac in (right, wrong))
    wrongs = wrongs[o["up"][wrongs] != 0]
    listed = {(o["host"][row], o["file"][row], o["at"][row]) for row in rights.tolist()}
    return any((o["host"][row], o["file"][row], o["at"][row]) in listed for row in wrongs.tolist())


def in_doubt(case: Case, host: int, ip: Address, wrong: int, right: int) -> bool:
    """Whether a third MAC speaks as the address too, in turn with ``right``, and nothing but
    that tells which of them is its own: one is a balancer's that hands on what clients send.
    It is the one that is known for others as well, if ``right`` is for this address alone; or
    that spoke beside ``wrong`` already, if ``right`` came after it."""
    if case.homes_of(ip) or len(case.claimed(ip, right)):
        return False
    given = case.documented(ip)
    given = given[np.isin(case.documents["kind"][given], KINDS_OF_OWNERS)]
    if set(case.documents["mac"][given].tolist()) - {wrong} == {right}:
        return False
    if len(case.other_tables_say(host, ip, right)):
        return False
    s = case.matched.segments
    rows = case.heard(host, ip)
    before = rows[rows <= rows[s["src_mac"][rows] == wrong].max(initial=-1)]
    rows = rows[~np.isin(s["src_mac"][rows], (wrong, NO_MAC))]
    macs = distinct(s["src_mac"][rows]).tolist()
    handing = [mac for mac in macs if _stands_for_others(case, host, ip, mac)]
    beside = s["src_mac"][before]
    for known in (handing, beside):
        if not np.isin(right, known):
            rows = rows[~np.isin(s["src_mac"][rows], known)]
    other = rows[s["src_mac"][rows] != right]
    mine = rows[s["src_mac"][rows] == right]
    return bool(len(other) and len(mine) and other.min() < mine.max() and mine.min() < other.max())


def _stands_for_others(case: Case, host: int, ip: Address, mac: int) -> bool:
    """Whether ``mac`` is known for other addresses than ``ip``: frames of these come to ``host``
    from it, or ARP, tables or texts have them there."""
    _, seen = case.behind(host, mac)
    return any(alike(other, ip) for other in (case.known_at(mac) | seen) - {ip})


def _routed(case: Case, host: int, ip: Address, mac: int) -> bool:
    """Whether frames of ``ip`` from ``mac`` have passed a router before they came to ``host``."""
    rows = case.spoken(ip, mac)
    ttl = case.matched.segments["ttl"][rows[case.hosts_of(rows) == host]]
    return bool(len(ttl)) and not np.isin(ttl, FIRST_TTLS).any()


# ---- numbers and harm -------------------------------------------------------------------


def leg_of(sendings: Table) -> str:
    answers = int((sendings["leg"] == Event.SYN_ACK).sum())
    return "syn-ack" if answers * 2 >= len(sendings) else "syn"


def numbers(sendings: Table) -> dict[str, Any]:
    witnessed = is_lost(sendings["fate"]) | (sendings["fate"] == DELIVERED)
    received = int((sendings["fate"] == DELIVERED).sum())
    return {
        "sent": len(sendings),
        "received": received if witnessed.any() else None,
        "first": int(sendings["time"].min()),
        "last": int(sendings["time"].max()),
    }


def failed(case: Case, sendings: Table) -> Array:
    """Per sending whether its attempt did not complete."""
    return case.attempts["outcome"][sendings["attempt"]] != Outcome.COMPLETED


def harmful(case: Case, rows: Array) -> bool:
    """What was lost is by far the most. Without a witness a sending counts as lost when it
    was in vain: repeated by its sender, or answered by a repetition of the SYN. Of an attempt
    that completed and went to no other MAC one did arrive, whichever."""
    s = case.sendings
    bad, good = int(is_lost(s["fate"][rows]).sum()), int(case.came_through[rows].sum())
    if relayed(case, rows):
        return False
    if not bad:
        one_of_them_came = ~failed(case, s.take(rows)) & case.one_mac[rows]
        bad = int((case.in_vain[rows] & ~one_of_them_came).sum())
        good = max(good, len(distinct(s["attempt"][rows[one_of_them_came]])))
        return bad > 0 and len(rows) > 1 and good * FEW <= bad
    return good * FEW <= bad


def relayed(case: Case, rows: Array) -> bool:
    """Whether the owner of the wrong MAC forwards: what was sent there arrived from there, or
    leaves it again for the same peer, in whatever capture."""
    s, m = case.sendings, case.matched
    landed = rows[s["arrived"][rows] >= 0]
    if (m.segments["src_mac"][s["arrived"][landed]] == s["mac"][landed]).any():
        return True
    columns = [s[name][rows] for name in ("host", "peer_hi", "peer_lo", "mac")]
    for (host, high, low, wrong), _ in grouped(rows, *columns):
        if wrong == NO_MAC or wrong in case.own_macs.get(host, set()):
            continue
        for own in case.own_addresses.get(host, set()):
            passed = case.spoken(own, wrong)
            to = m.segments["dst_hi"][passed] == high, m.segments["dst_lo"][passed] == low
            if (to[0] & to[1]).any():
                return True
    return False
