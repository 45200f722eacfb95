"""Who the owner of an address is, for a mismatch: from whom it is known, and who says otherwise.

What the owner itself sends is best (:func:`by_frames`). Else, or beside it, texts say it, the
stronger first: the host's own addresses, an inventory or audit log, a lease, ARP, other
hosts' tables (:func:`by_others`); :mod:`synack.diagnosis.ownership` says why.
"""

from __future__ import annotations

import numpy as np

from synack.addresses import Address, format_mac
from synack.diagnosis.documents import EVENT, INVENTORY, LEASE, OWN_ADDRESSES, TABLE
from synack.diagnosis.evidence import Case, text_of
from synack.diagnosis.mismatch import CLOUD_SLACK_NS, Mismatch, announces, recorded_since
from synack.model import Evidence, Source
from synack.tables import NO_TIME, Array, Table
from synack.wording import count, iso_time

_SAYS = {
    OWN_ADDRESSES: ("owner-by-own-addresses", "{name}'s own interface has {ip} and {mac}{when}"),
    INVENTORY: ("owner-by-inventory", "the inventory has {ip} at {mac}{whose}{since}"),
    EVENT: ("owner-by-event", "the audit log gave {ip} to {mac}{whose}{since}"),
    LEASE: ("owner-by-lease", "{ip} was leased to {mac}{whose}{since}"),
    TABLE: ("owner-by-other-table", "{host}'s neighbor table has {ip} at {mac}{when}"),
}
_NAMED = 3
"""So many other tables, or addresses of a MAC, are named."""


def by_frames(case: Case, mismatch: Mismatch) -> Evidence | None:
    """The owner's own frames, in its own capture or as they reach the sender, be it as a question
    or announcement of its own (ARP, ND); of a gateway any ARP or ND of its own."""
    ip, right = text_of(mismatch.ip), format_mac(mismatch.right)
    if mismatch.next_hop == "gateway":
        claims = case.claimed(mismatch.ip, mismatch.right)
        claims = claims[case.claims["src_mac"][claims] == mismatch.right]
        says = f"{ip} itself says that it is at {right}"
        return Evidence("owner-by-arp", says, (case.claim(claims[0]),)) if len(claims) else None
    homes = case.homes_of(mismatch.ip)
    if homes:
        # With another MAC at home something between rewrites it: whose is the right one?
        says, row = f"{ip} sends with {right}, by its own capture", homes.get(mismatch.right)
        if row is None:
            return None
        return Evidence("owner-by-own-capture", says, (case.frame(row),))
    rows = case.spoken(mismatch.ip, mismatch.right)
    rows = rows[case.hosts_of(rows) == mismatch.host]
    if len(rows):
        says = f"frames of {ip} reach {case.hosts[mismatch.host]} from {right}"
        return Evidence("owner-by-source-mac", says, (case.frame(int(rows[0])),))
    claims = case.claimed(mismatch.ip, mismatch.right)
    own = case.claims["src_mac"][claims] == mismatch.right
    claims = claims[own & (case.claim_host[claims] == mismatch.host)]
    # Answers may be a proxy's.
    claims = claims[announces(case, claims)]
    if not len(claims):
        return None
    says = f"{ip} itself asks or announces from {right}, on {case.hosts[mismatch.host]}'s own link"
    return Evidence("owner-by-arp", says, (case.claim(int(claims[0])),))


def by_others(case: Case, mismatch: Mismatch, sendings: Table, spoke: bool) -> list[Evidence]:
    """What else says that the right MAC has the address then, the strongest first. ``spoke``:
    its own frames do, so that ARP and other hosts' tables add nothing."""
    rows = owned_by(case, mismatch.ip, mismatch.right)
    rows = rows[_at_last(case, rows, sendings)]
    kinds = case.documents["kind"][rows]
    found = []
    for kind in (OWN_ADDRESSES, INVENTORY, EVENT, LEASE):
        mine = rows[kinds == kind]
        if len(mine):
            found.append(says_owner(case, int(mine[-1])))
    if spoke:
        return found
    claims = case.claimed(mismatch.ip, mismatch.right)
    if len(claims):
        says = f"ARP or ND says that {text_of(mismatch.ip)} is at {format_mac(mismatch.right)}"
        found.append(Evidence("owner-by-claim", says, (case.claim(claims[0]),)))
    mine = rows[kinds == TABLE]
    mine = mine[case.documents["host"][mine] != case.hosts[mismatch.host]]
    return [*found, says_owner(case, *mine.tolist())] if len(mine) else found


def inventoried(evidence: list[Evidence]) -> bool:
    """Whether an inventory or audit log is among them: it agrees, as a table would."""
    return any(one.id in ("owner-by-inventory", "owner-by-event") for one in evidence)


def owned_by(case: Case, ip: Address, mac: int) -> Array:
    """Rows of documents that have ``ip`` at ``mac``, in order of time."""
    rows = case.documented(ip)
    rows = rows[case.documents["mac"][rows] == mac]
    return rows[np.argsort(case.documents["first"][rows], kind="stable")]


def _at_last(case: Case, rows: Array, sendings: Table) -> Array:
    """Whether each of ``rows`` of documents may speak of the time of the last of these
    sendings (bool): what was given only later does not; a dump that was taken later may."""
    d = case.documents
    taken = np.isin(d["kind"][rows], (OWN_ADDRESSES, TABLE))
    return taken | (d["first"][rows] <= int(sendings["time"].max()))


def says_owner(case: Case, *rows: int) -> Evidence:
    """What documents of one kind say of an owner: the first in words, all as sources."""
    d, row = case.documents, rows[0]
    name, since = str(d["name"][row]), int(d["first"][row])
    evidence, text = _SAYS[int(d["kind"][row])]
    hosts = list(dict.fromkeys(d["host"][list(rows)].tolist()))
    says = text.format(
        ip=text_of((int(d["ip_hi"][row]), int(d["ip_lo"][row]))),
        mac=format_mac(int(d["mac"][row])),
        name=name or "the host",
        whose=f" ({name})" if name else "",
        since="" if since == NO_TIME else f", since {moment(since)}",
        when="" if since == NO_TIME else f" ({moment(since)})",
        host=", ".join(host or "another host" for host in hosts[:_NAMED]),
    )
    return Evidence(evidence, says, tuple(place(case, row) for row in rows[:_NAMED]))


def moment(time: int) -> str:
    """``2026-09-21 14:13:20``: an owner may be years older than the incident."""
    return iso_time(time)[:19].replace("T", " ")


def place(case: Case, row: int) -> Source:
    """Where a row of documents can be looked up."""
    return Source(case.documents["file"][row], line=int(case.documents["line"][row]))


# ---- who says otherwise -------------------------------------------------------------------


def contradicted(case: Case, mismatch: Mismatch, sendings: Table) -> list[Evidence]:
    """What gives the address to the wrong MAC at the time of the sendings, and nothing of its
    kind gives it to the right one later."""
    d, rows = case.documents, owned_by(case, mismatch.ip, mismatch.wrong)
    rights = owned_by(case, mismatch.ip, mismatch.right)
    begin, end = int(sendings["time"].min()), int(sendings["time"].max())
    for kind in (OWN_ADDRESSES, INVENTORY, EVENT, LEASE):
        mine = rows[d["kind"][rows] == kind]
        if kind == OWN_ADDRESSES:
            mine = mine[~of_before(case, mismatch, mine)]
        first, last = d["first"][mine], d["last"][mine]
        # An inventory without a date tells only since when.
        undated = (kind == INVENTORY) & (first == last)
        mine = mine[(first <= end) & ((last >= begin) | undated) & (last != NO_TIME)]
        later = d["first"][rights[d["kind"][rights] == kind]]
        if len(mine) and not (later >= d["first"][mine].max()).any():
            evidence = says_owner(case, int(mine[-1]))
            says = f"{evidence.says}, the MAC that was sent to"
            return [Evidence("contradiction-owner", says, evidence.sources)]
    return []


def of_before(case: Case, mismatch: Mismatch, rows: Array) -> Array:
    """Of dumps (``rows`` of documents) that give the address to the wrong MAC those that may be of
    the time when it did have it: the sender heard it speak as the address, and the clock of
    the host that was dumped cannot be held against the sender's (bool)."""
    if mismatch.host not in case.first_spoken(mismatch.ip, mismatch.wrong):
        return np.zeros(len(rows), bool)
    timed = [
        name in case.hosts
        and bool(case.comparable(mismatch.host, np.array([case.hosts.index(name)]))[0])
        for name in case.documents["host"][rows].tolist()
    ]
    return ~np.array(timed, bool)


def old_owner(case: Case, address: Address, old: int, right: int) -> list[Evidence]:
    """What inventories and audit logs know of the ``old`` MAC of an address. That they do not
    know it is to be expected of a machine that is gone; it tells something only if they know
    the right one."""
    d = case.documents
    listed = np.flatnonzero(np.isin(d["kind"], (INVENTORY, EVENT)))
    if not (d["mac"][listed] == right).any():
        return []
    wrong, ip = format_mac(old), text_of(address)
    rows = listed[d["mac"][listed] == old]
    if not len(rows):
        known = len(set(d["mac"][listed].tolist()))
        files = dict.fromkeys(d["file"][listed].tolist())
        says = (
            f"{wrong} is none of the {count(known, 'MAC')} that the inventory knows, as is to be"
            " expected of a machine that is gone"
        )
        sources = tuple(Source(file) for file in [*files][:_NAMED])
        return [Evidence("old-mac-unknown", says, sources)]
    here = (d["ip_hi"][rows] == address[0]) & (d["ip_lo"][rows] == address[1])
    ended = rows[here & (d["kind"][rows] == EVENT) & (d["last"][rows] > d["first"][rows])]
    if len(ended):
        row = int(ended[-1])
        whose = f" ({d['name'][row]})" if d["name"][row] else ""
        until = moment(int(d["last"][row]))
        says = f"{wrong}{whose} had {ip} until {until}, by the audit log"
        return [Evidence("old-owner-gone", says, (place(case, row),))]
    elsewhere = rows[~here]
    if not len(elsewhere):
        return []
    pairs = zip(d["ip_hi"][elsewhere].tolist(), d["ip_lo"][elsewhere].tolist(), strict=True)
    others = ", ".join(text_of(pair) for pair in [*dict.fromkeys(pairs)][:_NAMED])
    name = d["name"][elsewhere[0]]
    says = f"{wrong} is alive and has {others}{f' ({name})' if name else ''} now: not {ip}"
    places = tuple(place(case, row) for row in elsewhere[:_NAMED].tolist())
    return [Evidence("old-mac-elsewhere", says, places)]


# ---- the ages of the entry ----------------------------------------------------------------

_SEC = 1_000_000_000


def ages(case: Case, mismatch: Mismatch) -> list[Evidence]:
    """:func:`aged` of the sender's table, if it is known when the new owner came. One that
    spoke before was attached anew: that time tells nothing."""
    born = recorded_since(case, mismatch.ip, mismatch.right)
    frames = case.spoken(mismatch.ip, mismatch.right)
    spoke = case.times_for(mismatch.host, frames, frames[:0])
    if born is None or (len(spoke) and spoke.min() < born - CLOUD_SLACK_NS):
        return []
    e, rows = case.entries, case.table_of(mismatch.host, mismatch.ip)
    rows = rows[case.usable[rows] & (e["mac"][rows] == mismatch.wrong) & case.entry_certain[rows]]
    slack = CLOUD_SLACK_NS + abs(case.clocks[mismatch.host].offset)
    return aged(case, case.hosts[mismatch.host], mismatch.right, born, rows, slack)


def aged(case: Case, host: str, right: int, born: int, rows: Array, slack: int) -> list[Evidence]:
    """What the ages of an entry (``rows`` of its host's table) say beside the time when the
    new owner came, ``born`` (domain facts 1.4): an entry that did not change since before
    then cannot describe it, one that was not confirmed since has never been verified. One
    that changed later tells nothing, because every change of its state counts. ``slack``:
    what the clocks may differ by (ns)."""
    e, rows = case.entries, rows[case.entries["updated_s"][rows] >= 0]
    if not len(rows):
        return []
    changed = case.entry_time[rows] - e["updated_s"][rows] * _SEC
    confirmed = case.entry_time[rows] - e["confirmed_s"][rows] * _SEC
    name, since = format_mac(right), moment(born)
    old, unseen = changed < born - slack, confirmed < born - slack
    found = []
    if old.any():
        says = (
            f"{host}'s entry has not changed since {moment(int(changed[old][0]))}, but {name} has"
            f" the address only since {since}: the entry cannot be of it"
        )
        found.append(_aged(case, "entry-older-than-owner", says, rows[old]))
    elif not unseen.any():
        says = (
            f"{host}'s entry changed after {since}, when {name} got the address: that tells"
            " nothing, because every change of its state counts"
        )
        found.append(_aged(case, "entry-age-tells-nothing", says, rows))
    if unseen.any():
        says = (
            f"{host}'s entry was last confirmed at {moment(int(confirmed[unseen][0]))}, before"
            f" {name} got the address: nothing has verified it since"
        )
        found.append(_aged(case, "entry-unconfirmed-since-owner", says, rows[unseen]))
    return found


def _aged(case: Case, name: str, says: str, rows: Array) -> Evidence:
    return Evidence(name, says, tuple(case.entry(row) for row in rows[:_NAMED].tolist()))
