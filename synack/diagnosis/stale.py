"""The stale-entry rule: a mismatch (see :mod:`~synack.diagnosis.mismatch`) that did harm.

What was sent to the wrong MAC was lost, not by chance (:mod:`~synack.diagnosis.chance`), and
its owner neither forwards (:mod:`~synack.diagnosis.held`) nor speaks as the address. The
confidence starts at `confirmed` and falls by a step for each of: nobody witnessed the loss,
the right MAC is not known from its owner's own frames, neither a table nor an inventory
agrees, clocks that could not be compared, a capture that ended at once, and every
contradiction. Below `possible` there is no finding.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synack.addresses import NO_MAC, Address, format_mac, is_group_mac, special_mac
from synack.diagnosis.chance import by_chance
from synack.diagnosis.evidence import Case, alike, text_of
from synack.diagnosis.flow_records import logged
from synack.diagnosis.held import handed_on, held
from synack.diagnosis.history import (
    agreeing,
    another_answers,
    contradictions,
    corrected,
    delivered_regardless,
    healed,
    interface_of,
    resets_vanish,
    table_agrees,
)
from synack.diagnosis.mismatch import (
    FEW,
    Mismatch,
    failed,
    first_sign,
    harmful,
    heard,
    in_doubt,
    is_lost,
    known_elsewhere,
    leg_of,
    moved_on,
    numbers,
    owned,
    recorded_since,
    serves_others,
    since_takeover,
    stands_for_many,
    taken_over,
    told_by_texts,
)
from synack.diagnosis.owners import ages, by_frames, by_others, contradicted, inventoried, old_owner
from synack.diagnosis.remedy import collection, remedies
from synack.diagnosis.survival import survival, told
from synack.grouping import distinct, grouped
from synack.handshake.bounds import spans
from synack.handshake.matched import LOST, MISDELIVERED
from synack.handshake.outcome import INITIAL_RTO_NS
from synack.handshake.states import Event
from synack.handshake.vantage import SURE
from synack.model import CONFIDENCES, ControlGroup, Evidence, Finding, Outcome, Share
from synack.tables import NO_TIME, Array, Table
from synack.wording import clock_time, count


def stale(case: Case, mismatch: Mismatch) -> Finding | None:
    """A finding if the mismatch did harm and not too much speaks against it."""
    if not harmful(case, mismatch.rows):
        return None
    sendings = case.sendings.take(mismatch.rows)
    if another_answers(case, sendings) or serves_others(case, mismatch):
        return None
    if _bystander(case, mismatch) or by_chance(case, mismatch):
        return None
    if handed_on(case, mismatch) or resets_vanish(case, mismatch):
        return None
    blind = bool((sendings["mac"] == NO_MAC).all())
    doubts = _owner_seen_later(case, mismatch, sendings)
    later = any(doubt.id == "owner-seen-later" for doubt in doubts)
    owner = None if later else by_frames(case, mismatch)
    others = by_others(case, mismatch, sendings, owner is not None)
    witnessed = _witness(case, mismatch, sendings)
    table = table_agrees(case, mismatch, sendings)
    agrees = table is not None or inventoried(others)
    affected = _affected(case, sendings)
    against = contradictions(case, mismatch, sendings) + contradicted(case, mismatch, sendings)
    against += _against_by_flows(case, affected, sendings)
    # A table by the same name that has this entry shows whose capture it is, too.
    unplaced = [] if table is not None else _unplaced(case, mismatch)
    flooded = bool((sendings["fate"] == MISDELIVERED).any())
    if unplaced and flooded:
        return None  # any capture has it
    doubts += _shared(case, mismatch) + unplaced + _unwatched(case, sendings)
    doubts += [] if agrees else _by_another(case, mismatch)
    # What came to the peer's wire is told by itself, not by when it would have come.
    by_clock = witnessed is not None and not flooded and _clock_assumed(case, sendings)
    if by_clock and _CLOCK_ASSUMED not in doubts:
        doubts.append(_CLOCK_ASSUMED)
    grade = 2 - [witnessed, owner].count(None) - (not agrees) - len(doubts) - len(against)
    if (
        (witnessed, owner) == (None, None)
        and _CLOCK_ASSUMED in doubts
        and _long_gone(case, mismatch)
    ):
        grade += 1  # What nothing rests on costs nothing.
    if grade < 0 or (blind and (table is None or against)):
        return None
    healed_at, healing = healed(case, mismatch, sendings)
    causes = survival(case, mismatch, sendings, healed_at)
    found = [witnessed, _at_former_owner(case, mismatch), owner, table, mismatch.near]
    control = _control_group(case, mismatch)
    return Finding(
        kind="stale-neighbor",
        confidence=CONFIDENCES[0 if blind else grade],
        host=case.hosts[mismatch.host],
        interface=interface_of(case, mismatch),
        ip=text_of(mismatch.ip),
        stale_mac=format_mac(mismatch.wrong),
        actual_mac=format_mac(mismatch.right),
        next_hop=mismatch.next_hop,
        leg=leg_of(sendings),
        attempts=len(affected),
        **numbers(sendings),
        healed=healed_at,
        survived_by=told(case, mismatch, causes),
        control=control,
        summary=_summary(case, mismatch, sendings, witnessed is not None),
        evidence=[
            _unrecorded(case, mismatch, sendings) if blind else _on_wire(case, mismatch, sendings),
            *(evidence for evidence in found if evidence is not None),
            *others,
            *old_owner(case, mismatch.ip, mismatch.wrong, mismatch.right),
            *ages(case, mismatch),
            *case.vanished(affected, Event.SYN_ACK if leg_of(sendings) == "syn-ack" else Event.SYN),
            *([] if control is None else [_compared(control)]),
            *delivered_regardless(case, mismatch),
            *(cause.evidence for cause in causes),
            *collection(case, mismatch, causes),
            *healing,
            *doubts,
            *against,
        ],
        remedy=remedies(case, mismatch, causes),
        rows=affected.tolist(),
    )


_CLOCK_ASSUMED = Evidence(
    "clock-assumed",
    "the two hosts' clocks could not be compared: they share no packet, and are taken to agree"
    " within 5 s",
)


def _affected(case: Case, sendings: Table) -> Array:
    """Attempts that lost a transmission to it, or failed with all of them unwitnessed."""
    return distinct(sendings["attempt"][is_lost(sendings["fate"]) | failed(case, sendings)])


def _against_by_flows(case: Case, affected: Array, sendings: Table) -> list[Evidence]:
    """Flow logs know no MACs, but whether a filter dropped it or the client's interface got it."""
    if not len(affected) or leg_of(sendings) != "syn-ack":
        return []
    flows = logged(case, affected)
    if flows.rejected:
        says = f"flow logs have REJECT of these connections: {flows.rejected.says}"
        return [Evidence("contradiction-rejected", says, flows.rejected.sources)]
    if flows.delivered:
        says = f"{flows.delivered.says}, the client's among them"
        return [Evidence("contradiction-flow-logs", says, flows.delivered.sources)]
    return []


_NOUN = {"syn-ack": "SYN-ACK", "syn": "SYN"}


def _on_wire(case: Case, mismatch: Mismatch, sendings: Table) -> Evidence:
    host, ip = case.hosts[mismatch.host], text_of(mismatch.ip)
    what = count(len(sendings), _NOUN[leg_of(sendings)])
    return Evidence(
        "mac-mismatch-on-wire",
        f"{host} sent {what} {'by' if mismatch.next_hop == 'gateway' else 'for'} {ip} to"
        f" {format_mac(mismatch.wrong)} instead of {format_mac(mismatch.right)}",
        case.frames(sendings["row"].tolist()),
    )


def _unrecorded(case: Case, mismatch: Mismatch, sendings: Table) -> Evidence:
    return Evidence(
        "no-destination-mac",
        f"{case.hosts[mismatch.host]}'s capture records no destination MAC (Linux cooked capture):"
        " where these segments went is known from its table alone",
        case.frames(sendings["row"].tolist(), most=3),
    )


def _witness(case: Case, mismatch: Mismatch, sendings: Table) -> Evidence | None:
    ip, behind = _receiver(case, mismatch, sendings)
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
        f"none of {len(lost)} is in {ip}'s own capture, which was recording before and after"
        + behind,
        case.frames(lost.tolist(), most=3),
    )


def _at_former_owner(case: Case, mismatch: Mismatch) -> Evidence | None:
    """That they came to the machine that has the wrong MAC, which did not answer them."""
    rows = mismatch.rows[case.at_former_owner[mismatch.rows]]
    if not len(rows):
        return None
    arrived = case.sendings["arrived"][rows]
    hosts = distinct(case.hosts_of(arrived)).tolist()
    says = (
        f"{count(len(rows), 'of them')} came to {' and '.join(case.hosts[h] for h in hosts)}, which"
        f" has {format_mac(mismatch.wrong)} and answered none: {text_of(mismatch.ip)} is at"
        f" {format_mac(mismatch.right)} now"
    )
    return Evidence("at-former-owner", says, case.frames(arrived.tolist(), most=3))


def _shared(case: Case, mismatch: Mismatch) -> list[Evidence]:
    """Whether the address may be one that several machines have on purpose, of which one was
    asked and silent: nothing shows the right one to claim it on the link."""
    silent = case.at_former_owner[mismatch.rows].any()
    if not silent or len(case.claimed(mismatch.ip, mismatch.right)):
        return []
    says = (
        f"{format_mac(mismatch.right)} never claims {text_of(mismatch.ip)} by ARP or ND: servers"
        " behind a balancer share its address without that"
    )
    return [Evidence("maybe-shared", says)]


def _unwatched(case: Case, sendings: Table) -> list[Evidence]:
    """Whether the sender's capture ended at once: a second owner of the address resets what it
    gets, and that would not be on record."""
    s, (_, ends) = case.matched.segments, spans(case.matched)
    left = ends[s["capture"][sendings["row"]]] - s["time"][sendings["row"]]
    if (left >= INITIAL_RTO_NS).any():
        return []
    says = "the sender's capture ends here: whether a second owner of the address would have reset"
    return [Evidence("capture-ended", f"{says} them is not on record")]


def _receiver(case: Case, mismatch: Mismatch, sendings: Table) -> tuple[str, str]:
    """Whose capture shows what arrived; and where it is, if not at the address itself."""
    m, attempts = case.matched, sendings["attempt"]
    ends = np.where(sendings["leg"] == Event.SYN, m.server_host[attempts], m.client_host[attempts])
    hosts = [host for host in distinct(ends).tolist() if host >= 0]
    if mismatch.next_hop == "gateway" or not hosts:
        return "the receiver", ""
    if all(mismatch.ip in case.own_addresses[host] for host in hosts):
        return text_of(mismatch.ip), ""
    names = " or ".join(case.hosts[host] for host in hosts[:_NAMED])
    return names, f"; {text_of(mismatch.ip)} stands for it there (NAT)"


_NAMED = 3
"""So many hosts behind one address are named."""


def _owner_seen_later(case: Case, mismatch: Mismatch, sendings: Table) -> list[Evidence]:
    """Whether nothing shows the right MAC in use until after the last wrong sending. It may
    have taken over only then (a failover), and the wrong one was down, but not wrong."""
    ip, right = mismatch.ip, mismatch.right
    signs = case.times_for(mismatch.host, case.spoken(ip, right), case.claimed(ip, right))
    granted, end = recorded_since(case, ip, right), int(sendings["time"].max())
    first = first_sign(case, None, ip, right)
    if mismatch.next_hop == "gateway" or (first is None and granted is None):
        return []
    if (signs <= end).any() or (granted is not None and granted <= end):
        return []
    # Whatever the clocks say, a SYN was sent before its answer.
    m = case.matched
    client = m.client[sendings["attempt"][sendings["leg"] == Event.SYN_ACK]]
    asked = m.sightings["syn_row"][client[client >= 0]]
    if (m.segments["src_mac"][asked[asked >= 0]] == right).any():
        return []
    if _seen_elsewhere(case, mismatch, sendings):
        return [_CLOCK_ASSUMED]
    since = clock_time(min(time for time in (first, granted) if time is not None))
    says = (
        f"{format_mac(right)} is seen to have {text_of(ip)} only from {since} on: before that the"
        " old owner may have been down, not replaced"
    )
    return [Evidence("owner-seen-later", says)]


def _seen_elsewhere(case: Case, mismatch: Mismatch, sendings: Table) -> bool:
    """Whether a host whose clock nothing compares with the sender's has heard the right MAC before
    the last wrong sending, each by its own clock: they are taken to agree."""
    ip, right = mismatch.ip, mismatch.right
    heard_then = case.assumed_times(mismatch.host, case.spoken(ip, right), case.claimed(ip, right))
    return bool((heard_then <= sendings["time"].max()).any())


def _bystander(case: Case, mismatch: Mismatch) -> bool:
    """Whether nothing in the capture comes to the sender, while what others exchange goes both
    ways: it is theirs, and what the sender sends is flooded there."""
    m, own = case.matched, case.own_macs.get(mismatch.host, set())
    captures = np.flatnonzero(m.host_of_capture == mismatch.host)
    if not own or any(m.vantages[capture].basis in SURE for capture in captures.tolist()):
        return False
    pairs = case.exchanges.get(mismatch.host, set())
    if any(target in own for _, target in pairs):
        return False
    return any((target, source) in pairs for source, target in pairs if source != target)


def _unplaced(case: Case, mismatch: Mismatch) -> list[Evidence]:
    """Whether nothing but who else captured tells that the capture is the sender's: nothing in it
    is addressed to the sender, or by it to a MAC that anybody else sends from. What a switch
    floods, frames to a MAC that nobody has, is in every capture of the link."""
    if len(passed := _maybe_mirrored(case, mismatch)):
        sender = format_mac(int(case.matched.segments["src_mac"][passed[0]]))
        says = (
            f"that {case.hosts[mismatch.host]} itself sent this is not certain: {sender} did, and"
        )
        says += " the mirror port of a switch shows the same frames"
        return [Evidence("sender-uncertain", says, (case.frame(int(passed[0])),))]
    m, own = case.matched, list(case.own_macs.get(mismatch.host, set()))
    captures = np.flatnonzero(m.host_of_capture == mismatch.host)
    if any(m.vantages[capture].basis for capture in captures.tolist()):
        return []
    if np.isin(case.sendings["row"][mismatch.rows], case.surely_forwarded).all():
        return []
    speaking = set(case.speakers["src_mac"].tolist()) - {mismatch.wrong, NO_MAC}
    for frames in (m.segments, case.claims):
        known = np.isin(frames["src_mac"], own) & np.isin(frames["dst_mac"], list(speaking))
        known |= np.isin(frames["dst_mac"], own)
        if (known & np.isin(frames["capture"], captures)).any():
            return []
    says = f"that {case.hosts[mismatch.host]} itself sent this is not certain: frames to a MAC that"
    return [Evidence("sender-uncertain", f"{says} nobody has are flooded, and seen by all")]


def _maybe_mirrored(case: Case, mismatch: Mismatch) -> Array:
    """Rows of segments that were passed on to the wrong MAC, where nothing tells whose capture it
    is but that their sender is in all frames of it."""
    rows = case.sendings["row"][mismatch.rows]
    return rows[np.isin(rows, case.forwarded) & ~np.isin(rows, case.surely_forwarded)]


def _long_gone(case: Case, mismatch: Mismatch) -> bool:
    """Whether nothing but the sender's own entry shows that the wrong MAC ever had the address: it
    was gone before, and no clock is needed to tell that the right one had taken over."""
    host, ip, wrong = mismatch.host, mismatch.ip, mismatch.wrong
    signs = case.spoken(ip, wrong), case.claimed(ip, wrong), case.other_tables_say(host, ip, wrong)
    return not any(len(rows) for rows in signs)


def _by_another(case: Case, mismatch: Mismatch) -> list[Evidence]:
    """Whether the wrong MAC is the right one of another address for the sender: without a table
    its route to the peer may as well go by that one."""
    told, _ = case.behind(mismatch.host, mismatch.wrong)
    others = sorted(other for other in told - {mismatch.ip} if alike(other, mismatch.ip))
    if mismatch.next_hop == "gateway" or not others:
        return []
    host, ip = case.hosts[mismatch.host], text_of(mismatch.ip)
    route = case.context.route(host, mismatch.ip)
    if route is not None and route[0] is None:
        return []
    says = f"{host} has {text_of(others[0])} at {format_mac(mismatch.wrong)}: its route to {ip} may"
    claims = case.claimed(others[0], mismatch.wrong)
    claims = claims[case.claim_host[claims] == mismatch.host]
    sources = tuple(case.claim(row) for row in claims[:1].tolist())
    return [Evidence("route-by-another", f"{says} go there (ip route get {ip})", sources)]


def _control_group(case: Case, mismatch: Mismatch) -> ControlGroup | None:
    """All attempts with this host by "MAC right or wrong": the most convincing table there is."""
    s, outcome = case.sendings, case.attempts["outcome"]
    wrong = distinct(s["attempt"][mismatch.rows])
    rightly = case.rightly_sent.get(mismatch.host, wrong[:0])
    begin, end = (np.searchsorted(rightly, wrong, side) for side in ("left", "right"))
    both = wrong[begin < end]
    others = len(rightly) - len(both)
    if not others:
        return None
    also, shared = (int((outcome[part] == Outcome.COMPLETED).sum()) for part in (wrong, both))
    done = case.rightly_completed[mismatch.host] - shared
    return ControlGroup(Share(done, others), Share(also, len(wrong)))


def _compared(group: ControlGroup) -> Evidence:
    right, wrong = group
    return Evidence(
        "control-group",
        f"with the right MAC {right.completed} of {right.attempts} attempts completed, with the"
        f" wrong one {wrong.completed} of {wrong.attempts}",
    )


def _clock_assumed(case: Case, sendings: Table) -> bool:
    m, attempt = case.matched, int(sendings["attempt"][0])
    ends = int(m.client_host[attempt]), int(m.server_host[attempt])
    return any(end >= 0 and case.clocks[end].grade == "absent" for end in ends)


def _summary(case: Case, mismatch: Mismatch, sendings: Table, witnessed: bool) -> str:
    host, ip = case.hosts[mismatch.host], text_of(mismatch.ip)
    interface = interface_of(case, mismatch)
    lost = int(is_lost(sendings["fate"]).sum())
    noun, begin = _NOUN[leg_of(sendings)], clock_time(int(sendings["time"].min()))
    fate = (
        f"{lost} of {len(sendings)} {noun}s since {begin} were lost"
        if witnessed
        else (f"{len(sendings)} {noun}s since {begin} went there and no handshake completed")
    )
    what = f"the gateway {ip}" if mismatch.next_hop == "gateway" else ip
    return (
        f"{host}{' ' + interface if interface else ''}: {what} is cached as"
        f" {format_mac(mismatch.wrong)}, but it is {format_mac(mismatch.right)}. {fate}."
    )


# ---- without a destination MAC on the wire -------------------------------------------------


def unrecorded(case: Case) -> Iterator[Mismatch]:
    """Cooked captures (SLL) record no destination MAC: where the table and the failures agree,
    the table says where the segments went."""
    s = case.sendings
    owner = _owner(case)
    rows = np.flatnonzero((s["mac"] == NO_MAC) & (owner != NO_MAC))
    columns = [s[name][rows] for name in ("host", "peer_hi", "peer_lo")]
    for (host, high, low), mine in grouped(rows, *columns):
        table = case.table_of(host, (high, low))
        table = table[case.usable[table]]
        for wrong in distinct(case.entries["mac"][table]).tolist():
            mismatch = _by_table(case, host, (high, low), wrong, mine, owner, int(table[0]))
            if mismatch is not None:
                yield mismatch


def _owner(case: Case) -> Array:
    """By sending what the peer's frames carry at the sender; without any there, at home;
    without any at all what texts say, or who spoke elsewhere. What others say by ARP is no more
    than the table has."""
    owner = taken_over(case, heard(case))
    owner = np.where(owner != NO_MAC, owner, told_by_texts(case))
    return np.where(owner != NO_MAC, owner, known_elsewhere(case, owner))


def _by_table(
    case: Case, host: int, ip: Address, wrong: int, rows: Array, owner: Array, entry: int
) -> Mismatch | None:
    s = case.sendings
    fresh = (s["peer_mac"][rows] != wrong) & (s["home_mac"][rows] != wrong)
    other = rows[(owner[rows] != wrong) & (fresh | (owner[rows] != heard(case)[rows]))]
    # What came through once the entry was right, or before it was wrong, did not go there.
    bad = other[failed(case, s.take(other)) & ~case.came_through[other]]
    reached = case.reached[other]
    bad = before_recovery(case, bad, reached)
    rights = [
        right
        for right in distinct(owner[bad]).tolist()
        if owned(case, host, ip, wrong, right) and not in_doubt(case, host, ip, wrong, right)
    ]
    if len(rights) != 1 or special_mac(wrong) or is_group_mac(wrong) or special_mac(rights[0]):
        return None
    (right,) = rights
    bad = since_takeover(case, host, ip, wrong, right, bad)
    if not len(bad) or stands_for_many(case, host, wrong, ip):
        return None
    if moved_on(case, host, ip, wrong, right, bad):
        return None
    says = f"{case.hosts[host]}'s table has an entry for {text_of(ip)}"
    near = Evidence("on-link", says, (case.entry(entry),))
    mismatch = Mismatch(host, ip, wrong, right, bad, rows, near)
    return None if while_entry_held(case, mismatch, reached) else mismatch


def before_recovery(case: Case, rows: Array, reached: Array) -> Array:
    """``rows`` of sendings of attempts that failed, without those that may well have come: of the
    last one of an attempt nothing tells, and that the peer was ``reached`` (ns) since the last
    that is known to have gone in vain tells of an entry that was right again. So does it if
    few went in vain since, beside those before: they may be lost for any other reason."""
    s = case.sendings
    known = is_lost(s["fate"][rows]) | case.in_vain[rows]
    vain, reached = np.sort(s["time"][rows[known]]), np.sort(reached[reached != NO_TIME])
    before = np.searchsorted(vain, reached)
    since = reached[(len(vain) - before) * FEW <= before]
    recovery = since.min(initial=np.iinfo(np.int64).max)
    return rows[s["time"][rows] < recovery]


def while_entry_held(case: Case, mismatch: Mismatch, reached: Array) -> bool:
    """Whether the same peer was ``reached`` (ns) between the failures and the dumps that are
    to explain them, or while the entry is known to have been the wrong one: then it was
    another one meanwhile, or did no harm. Or whether it must have been corrected between
    these dumps and the failures."""
    sendings = case.sendings.take(mismatch.rows)
    dumps = agreeing(case, mismatch, sendings)
    certain = case.entry_time[dumps[case.entry_certain[dumps]]]
    if not len(certain):
        return bool((reached != NO_TIME).any())
    begin = min(int(sendings["time"].min()), int(certain.min()))
    end = max(int(sendings["time"].max()), int(certain.max()))
    begins, ends = held(case, mismatch)
    begins, ends = np.concatenate([[begin], begins]), np.concatenate([[end], ends])
    reached = np.sort(reached[reached != NO_TIME])
    if (np.searchsorted(reached, begins) < np.searchsorted(reached, ends, "right")).any():
        return True
    return corrected(case, mismatch, int(certain.max()), int(sendings["time"].max()))
