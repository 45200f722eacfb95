"""The look-alike of the stale entry: two living machines with one address."""

from __future__ import annotations

import numpy as np

from synack.addresses import format_mac
from synack.diagnosis.documents import OWN_ADDRESSES
from synack.diagnosis.evidence import Case, text_of
from synack.diagnosis.history import interface_of
from synack.diagnosis.mismatch import FEW, Mismatch, announces, failed, leg_of, numbers
from synack.diagnosis.owners import of_before, owned_by, place
from synack.grouping import distinct
from synack.model import Evidence, Finding, Source
from synack.tables import Array
from synack.wording import count, first_upper


def duplicate(
    case: Case, mismatch: Mismatch, spoken: list[Source], listed: list[Source]
) -> Finding | None:
    """A finding if handshakes failed because the wrong MAC's owner has the address too;
    ``spoken``: where it speaks as it, by :func:`speaks_as`; ``listed``: where it says that
    it has it, by :func:`lists`."""
    sendings = case.sendings.take(mismatch.rows)
    lost = failed(case, sendings)
    # What is sent to one and reaches the other has one receiver: a bond of two interfaces.
    one = int(case.came_through[mismatch.rows].sum()) * FEW > len(mismatch.rows)
    if one or not lost.any():
        return None
    host, ip = case.hosts[mismatch.host], text_of(mismatch.ip)
    wrong, right = format_mac(mismatch.wrong), format_mac(mismatch.right)
    own = case.homes.get(mismatch.ip)
    if spoken:
        says = f"{ip} speaks from two MACs: {right} opened the connections, {wrong} speaks too"
        says += f" ({count(len(spoken), 'time')})"
    else:
        says = f"{ip} is on two machines: {right} opened the connections before and after the other"
        says += f" one, {wrong}, had it on its own interface"
    evidence = [
        Evidence("two-owners", says, (*spoken[:8], *listed[:2])),
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
    attempts = distinct(sendings["attempt"][lost])
    summary = (
        f"{ip} is used by two machines at once, {right} and {wrong}: {host} answers the second,"
        f" and {count(len(attempts), 'attempt')} of the first failed."
    )
    interface = interface_of(case, mismatch)
    return Finding(
        kind="duplicate-address",
        # A list is stamped by a clock that nothing compares.
        confidence="confirmed"
        if spoken and own is not None and own[0] == mismatch.right
        else "probable",
        host=host,
        interface=interface,
        ip=ip,
        stale_mac=wrong,
        actual_mac=right,
        next_hop="host",
        leg=leg_of(sendings),
        attempts=len(attempts),
        **numbers(sendings),
        summary=first_upper(summary),
        evidence=evidence,
        remedy=[
            f"find the machine with MAC {wrong} and take {ip} from it (or from {right})",
            f"arping -D -I {interface or 'INTERFACE'} {ip}   # on {host}: any answer is an owner",
        ],
        rows=attempts.tolist(),
    )


def speaks_as(case: Case, mismatch: Mismatch) -> list[Source]:
    """Frames in which the wrong MAC's owner speaks of its own accord as the address, after
    the right MAC had begun to.

    A reset or any other segment with its source address, not passed on (the TTL is not
    lowered), or an ARP request or announcement. Mere answers to ARP are not enough: a
    proxy or a cloud network may still give the old answer. What the wrong MAC said before
    the right one spoke is no conflict: the address was its own then.
    """
    ip, host = mismatch.ip, mismatch.host
    ttl = case.matched.segments["ttl"]
    ours = _here(case, host, case.spoken(ip, mismatch.right))
    theirs = _here(case, host, case.spoken(ip, mismatch.wrong))
    begun = case.times_for(host, ours, case.claimed(ip, mismatch.right))
    since = int(begun.min()) if len(begun) else int(case.sendings["time"][mismatch.rows].min())
    theirs = theirs[(ttl[theirs] >= ttl[ours].max(initial=0)) & (case.time(theirs) > since)]
    claims = case.claimed(ip, mismatch.wrong)
    claims = claims[announces(case, claims) & (case.claim_time[claims] > since)]
    claims = claims[case.comparable(host, case.claim_host[claims])]
    return [
        *(case.frame(row) for row in theirs),
        *(case.claim(row) for row in claims),
        *_logged(case, mismatch, since),
    ]


def lists(case: Case, mismatch: Mismatch) -> list[Source]:
    """Where the wrong MAC's owner says by its own list of interfaces (``ip addr``) that it has
    the address, while the right MAC spoke as it before and after: no machine that is gone.
    (The list of a machine that has both MACs is no second owner's.)"""
    d, host = case.documents, mismatch.host
    ours = _here(case, host, case.spoken(mismatch.ip, mismatch.right))
    times = case.times_for(host, ours, case.claimed(mismatch.ip, mismatch.right))
    if not len(times):
        return []
    theirs, rights = (
        rows[d["kind"][rows] == OWN_ADDRESSES]
        for rows in (owned_by(case, mismatch.ip, mac) for mac in (mismatch.wrong, mismatch.right))
    )
    theirs = theirs[(d["first"][theirs] > times.min()) & (d["last"][theirs] < times.max())]
    theirs = theirs[~np.isin(d["host"][theirs], d["host"][rights])]
    theirs = theirs[~of_before(case, mismatch, theirs)]
    return [place(case, row) for row in theirs.tolist()]


def _logged(case: Case, mismatch: Mismatch, since: int) -> list[Source]:
    """Where a kernel that notices it (BSD, macOS, IPv6) logged the wrong MAC as a second owner."""
    e, (high, low) = case.context.events, mismatch.ip
    mine = np.isin(e["kind"], ("duplicate-address", "address-moved")) & (e["mac"] == mismatch.wrong)
    mine &= (e["ip_hi"] == np.uint64(high)) & (e["ip_lo"] == np.uint64(low)) & (e["at"] > since)
    return [case.context.where(e, row) for row in np.flatnonzero(mine).tolist()]


def _here(case: Case, host: int, rows: Array) -> Array:
    return rows[case.hosts_of(rows) == host]
