"""Differential diagnosis: every other cause that gives the same picture, excluded by what was
seen, or left open with what would have shown it.

The rows are those of the differential diagnosis of domain facts 6, by number. A row is
judged by a function of the :class:`~synack.diagnosis.view.View` of a finding; where it has
none the row says nothing of that kind of finding, or is the finding itself.
"""

from __future__ import annotations

from collections.abc import Callable

from synack.addresses import NO_MAC, format_mac, special_mac
from synack.diagnosis import silence
from synack.diagnosis.cause import (
    ANSWERED,
    BYPASSED,
    CONFIRMED,
    CONNECTED,
    DATAGRAMS,
    DORMANT,
    SHARED,
)
from synack.diagnosis.flow_records import Fact
from synack.diagnosis.view import Judged, View, by, excluded, open_, supported
from synack.grouping import distinct
from synack.handshake.states import Event
from synack.model import Alternative

CAUSES = {
    1: "stale entry at the server",
    2: "stale entry at the client",
    3: "stale entry on the gateway",
    4: "wrong entry for the gateway",
    5: "duplicate address",
    6: "old owner that forwards",
    7: "security group or network ACL",
    8: "asymmetric route with a stateful firewall",
    9: "reverse-path filter",
    10: "packet filter on a host",
    11: "NAT or connection tracking",
    12: "full accept queue",
    13: "SYN cookies",
    14: "unresolved neighbor",
    15: "neighbor table overflow",
    16: "old connection of the same ports",
    17: "TIME-WAIT or old timestamps (PAWS)",
    18: "tcp_tw_recycle",
    19: "loss of the SYN",
    20: "corrupt segment",
    21: "rejected by the client",
    22: "one bad path of a bundle (ECMP, LAG)",
    23: "stale switch table",
    24: "VLAN or overlay mismatch",
    25: "loss in the capture itself",
    26: "end of a capture, or clocks",
    27: "no destination MAC recorded",
    28: "a network that floods",
    29: "ARP left out of the capture",
    30: "MTU",
    31: "segmentation offload",
    32: "XDP or eBPF",
    33: "legal second MAC (VRRP, DSR, proxy ARP)",
}

Rule = Callable[[View], Judged | None]


def considered(view: View) -> list[Alternative]:
    """All rows that apply to this kind of finding, judged; [] for other kinds, and where no
    attempt failed for it (all of them got through in the end)."""
    rules = _BY_KIND.get(view.finding.kind)
    if rules is None or not view.finding.rows:
        return []
    found = []
    for row, rule in sorted(rules.items()):
        judged = rule(view)
        if judged is not None:
            verdict, fact = judged
            found.append(Alternative(row, CAUSES[row], verdict, *fact))
    return found


# ---- wrong entries elsewhere --------------------------------------------------------------


def _entry_at_server(v: View) -> Judged | None:
    """Row 1."""
    if v.finding.kind == "stale-neighbor" and v.leg == Event.SYN_ACK:
        return None
    if v.leg == Event.SYN:
        says = "the SYNs themselves did not arrive: there was nothing to answer"
        if len(v.former):
            says = f"the SYNs came to {v.receiver}, which has nothing to answer"
        return excluded(says, v.frames(v.rows))
    if v.well_addressed:
        return by(v.well_addressed)
    if not v.addressed:
        return open_("no destination MAC was recorded: ip neigh on the server would tell")
    return open_(
        f"the SYN-ACKs went to another MAC than the SYNs came from, as by a router or a shared"
        f" MAC: ip neigh and ip route get on {v.server} would tell",
        v.frames(v.rows),
    )


def _entry_at_client(v: View) -> Judged | None:
    """Row 2."""
    if v.leg == Event.SYN_ACK:
        return by(v.arrived)
    if v.finding.kind == "stale-neighbor":
        return None
    if v.well_addressed:
        return by(v.well_addressed)
    return open_(f"which MAC the server has is not known: ip neigh on {v.sender} would tell")


def _gateways_entry(v: View) -> Judged | None:
    """Row 3: the entry that is wrong is the gateway's, and nobody on the hosts can see it."""
    if v.finding.next_hop == "gateway":
        return by(v.misaddressed)
    return by(v.near) or open_(
        f"by its MACs {v.sender} may reach them through a gateway: only the gateway's own table"
        " (show ip arp) would tell"
    )


def _entry_for_gateway(v: View) -> Judged | None:
    """Row 4."""
    if v.finding.next_hop == "gateway":
        return None
    return by(v.near) or by(v.well_addressed) or open_(
        f"ip neigh on {v.sender} for its gateway would tell, beside the gateway's own MAC"
    )  # fmt: skip


def _duplicate(v: View) -> Judged | None:
    """Row 5; what speaks as the address is a finding of its own."""
    if v.misaddressed and v.senders:
        says = f"{v.finding.stale_mac} never speaks as {v.finding.ip} in {v.sender}'s capture after"
        return excluded(f"{says} {v.finding.actual_mac} began to", v.files(v.senders))
    return by(v.well_addressed) or open_(
        f"arping -D for the address on {v.sender}'s link would tell of a second owner"
    )


def _forwarding(v: View) -> Judged | None:
    """Row 6: a living machine at the old MAC loses nothing if it forwards."""
    if v.finding.kind != "stale-neighbor":
        return None
    if len(v.former):
        return excluded(f"{v.receiver} did not pass them on to anybody", v.files(v.receivers))
    if v.gone:
        return excluded(f"nothing sent to {v.finding.stale_mac} arrived", v.gone.sources)
    return excluded("nothing came of what was sent there", v.frames(v.rows))


# ---- the way between ----------------------------------------------------------------------


def _network_filter(v: View) -> Judged | None:
    """Row 7."""
    logged = v.flows
    if logged.rejected:
        return supported(f"flow logs have REJECT: {logged.rejected.says}", logged.rejected.sources)
    if logged.vanished:
        return by(logged.vanished)
    if v.misaddressed and v.control:
        return excluded(f"{v.control.says}, and a filter knows no MACs", v.control.sources)
    beside = f"; {v.control.says}" if v.control else ""
    return open_(
        f"the rules of both ends, or their flow logs (REJECT), would tell{beside}",
        v.control.sources if v.control else (),
    )


def _asymmetric(v: View) -> Judged | None:
    """Row 8."""
    if v.same_way:
        return by(v.same_way)
    if v.by_route:
        return supported(*v.by_route)
    if v.near:
        return by(v.near)
    return open_(
        "firewalls and routes on the way back: capture at both sides of each would tell"
    )  # fmt: skip


def _on_either_host(v: View) -> Judged | None:
    """Rows 9, 10, 20 and 21: what a host drops itself, its capture still shows."""
    return by(v.gone) or open_(
        f"a capture at {v.receiver} of that time would show whether they came: {_WHAT[v.leg]}"
    )  # fmt: skip


_WHAT = {
    Event.SYN: "nstat and its packet filter the rest",
    Event.SYN_ACK: "if so, its own filters and counters (nstat) the rest",
}


def _translated(v: View) -> Judged | None:
    """Row 11: the SYN-ACK would come from another address, with the same numbers."""
    full = v.logged("conntrack-full")
    if full is not None:
        return supported(*full)
    if v.leg == Event.SYN:
        return by(v.gone) or open_(f"{v.receiver}'s capture under any address would tell")
    if not v.gone:
        return open_(f"a capture at {v.receiver} would show answers from another address")
    if v.other_answers:
        says = f"{v.receiver} got a SYN-ACK of these numbers between other addresses"
        return supported(says, v.other_answers)
    says = f"no SYN-ACK of these numbers came to {v.receiver} from any other address"
    return excluded(says, v.files(v.receivers))


def _rejected(v: View) -> Judged | None:
    """Row 21."""
    return None if v.leg == Event.SYN else _on_either_host(v)


def _bundle(v: View) -> Judged | None:
    """Row 22: each client port takes its own way."""
    if v.misaddressed:
        return by(v.misaddressed)
    done = v.completed_alike
    if done:
        return open_(
            f"{len(v.ports)} client ports failed, and {done.says}: what depends on the port fits",
            done.sources,
        )
    if len(v.ports) >= _MANY_PORTS:
        return excluded(f"all {len(v.ports)} client ports failed, whatever way they hash to")
    return open_("too few client ports tried to tell one bad way from all")


_MANY_PORTS = 8
"""Of two ways all so many go the bad one in one of 256 cases."""


def _switch(v: View) -> Judged | None:
    """Row 23."""
    return by(v.misaddressed) or open_(
        "the forwarding table of the switches (bridge fdb, show mac address-table) would tell"
    )


def _tags(v: View) -> Judged | None:
    """Row 24."""
    out, back = v.tags
    if not out or not back:
        return None
    if out == back:
        what = "no VLAN tag" if out == {-1} else "the same VLAN tag"
        return excluded(f"both directions carry {what} at {v.sender}", v.frames(v.rows))
    return supported(
        f"at {v.sender} they left in VLAN {_vlans(out)}, and the peer's came in VLAN"
        f" {_vlans(back)}",
        v.frames(v.rows),
    )


def _vlans(tags: set[int]) -> str:
    return " and ".join("none" if tag < 0 else str(tag) for tag in sorted(tags))


# ---- the captures -------------------------------------------------------------------------


def _capture_loss(v: View) -> Judged | None:
    """Row 25."""
    if len(v.astray) or len(v.former):
        return excluded(
            "they are in the capture of the other end", v.gone.sources if v.gone else ()
        )
    if v.gone is None:
        return open_(f"{v.receiver} was not captured, or not well enough")
    dropped = v.dropped
    known = f"reports {dropped} dropped" if dropped is not None else "shows no gap of its own"
    return excluded(
        f"{v.receiver}'s capture was on before and after, {known}, and nobody went on as if they"
        " had come",
        v.files(v.receivers),
    )


def _window(v: View) -> Judged | None:
    """Row 26."""
    clocks = [v.case.clocks[h] for h in (*v.clients, *v.servers)]
    if v.gone is None:
        return open_("no capture of the other end covers them")
    if any(clock.grade in ("absent", "inconsistent") for clock in clocks):
        return open_("the clocks of the two ends could not be compared")
    return excluded(
        f"{v.receiver}'s capture covers every one of them on a common clock", v.files(v.receivers)
    )


def _cooked(v: View) -> Judged | None:
    """Row 27."""
    if v.addressed:
        return excluded("the capture has Ethernet headers", v.frames(v.rows, 1))
    return open_(
        "no destination MAC is in this capture (made with -i any, or without Ethernet): capture on"
        " the interface itself",
        v.frames(v.rows, 1),
    )


def _floods(v: View) -> Judged | None:
    """Row 28."""
    if v.gone is not None and len(v.astray):
        says = "they were seen at the peer, addressed to another MAC: all the better proof"
        return supported(says, v.gone.sources)
    return by(v.gone)


def _hidden_arp(v: View) -> Judged | None:
    """Row 29: without ARP in the capture its absence proves nothing."""
    if v.finding.kind != "stale-neighbor":
        return None
    frames = v.arp_frames(v.senders)
    if frames:
        return excluded(f"{v.sender}'s capture has ARP or ND ({frames} frames)", v.files(v.senders))
    return open_(
        f"{v.sender}'s capture has no ARP or ND at all, maybe by its filter: whether the new owner"
        " announced itself cannot be told",
        v.files(v.senders),
    )


def _small(v: View) -> Judged | None:
    """Rows 30 and 31."""
    return excluded(f"{v.noun}s carry no data and have less than 100 bytes", v.frames(v.rows, 1))


def _bypass(v: View) -> Judged | None:
    """Row 32: what the kernel probes or confirms is the entry that its own output uses."""
    for evidence in v.finding.evidence:
        name = evidence.id.removeprefix("survived-")
        if name == BYPASSED:
            return supported(evidence.says, evidence.sources)
        if name in (DORMANT, ANSWERED):
            return excluded("the kernel itself probes the entry", evidence.sources)
        if name in (CONNECTED, CONFIRMED, SHARED, DATAGRAMS):
            return excluded("the kernel's own output confirms the entry", evidence.sources)
    return open_("whether eBPF programs forward on these hosts: bpftool net, tc filter would tell")


def _legal(v: View) -> Judged | None:
    """Row 33."""
    if v.well_addressed:
        return by(v.well_addressed)
    if v.finding.kind == "stale-neighbor":
        lost = v.gone or Fact("nothing came of them", v.frames(v.rows))
        return excluded(
            f"{v.finding.stale_mac} is no virtual router's MAC, and what went there was lost",
            lost.sources,
        )
    if not v.addressed:
        return None
    macs = distinct(v.case.sendings["mac"][v.rows]).tolist()
    named = [special_mac(mac) for mac in macs if mac != NO_MAC]
    if named and all(named):
        return supported(
            f"they went to {format_mac(macs[-1])}, a MAC of {named[-1]}", v.frames(v.rows)
        )
    return open_("ip neigh on both ends would tell whose MAC that is")


# ---- by kind of finding -------------------------------------------------------------------


def _answered(v: View) -> Judged | None:
    """Rows 12 to 18: the server did answer."""
    return by(v.arrived)


def _never_there(v: View) -> Judged | None:
    """Rows 12 to 18 of a SYN that was lost."""
    return by(v.gone) or open_(f"a capture at {v.receiver} would show whether the SYNs came")


def _syn_lost(v: View) -> Judged | None:
    """Row 19."""
    return by(v.arrived) if v.leg == Event.SYN_ACK else None


_LOST: dict[int, Rule] = {
    1: _entry_at_server, 2: _entry_at_client, 3: _gateways_entry, 4: _entry_for_gateway,
    5: _duplicate, 6: _forwarding, 7: _network_filter, 8: _asymmetric, 9: _on_either_host,
    10: _on_either_host, 11: _translated, 19: _syn_lost, 20: _on_either_host,
    21: _rejected, 22: _bundle, 23: _switch, 24: _tags, 25: _capture_loss, 26: _window,
    27: _cooked, 28: _floods, 29: _hidden_arp, 30: _small, 31: _small, 32: _bypass, 33: _legal,
}  # fmt: skip
_AT_SERVER = range(12, 19)


def _with(rules: dict[int, Rule], rule: Rule) -> dict[int, Rule]:
    return rules | dict.fromkeys(_AT_SERVER, rule)


def _stale_rule(v: View) -> Judged | None:
    return _answered(v) if v.leg == Event.SYN_ACK else _never_there(v)


_BY_KIND: dict[str, dict[int, Rule]] = {
    "stale-neighbor": _with(_LOST, _stale_rule),
    "syn-ack-lost": _with(_LOST, _answered),
    "syn-lost": _with(_LOST, _never_there),
    **silence.RULES,
}
