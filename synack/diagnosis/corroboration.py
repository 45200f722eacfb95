"""What sockets, counters and flow logs say of the attempts of a finding, beside the captures."""

from __future__ import annotations

import numpy as np

from synack.addresses import parse_mac
from synack.diagnosis.evidence import Case
from synack.diagnosis.view import View
from synack.model import Evidence, Source
from synack.wording import count


def corroboration(view: View) -> list[Evidence]:
    """Statements that agree with a finding or sharpen it; none without such dumps."""
    rules = _BY_KIND.get(view.finding.kind, ()) if view.finding.rows else ()
    return [evidence for rule in rules if (evidence := rule(view)) is not None]


def _half_open(v: View) -> Evidence | None:
    """The server answered, and still waits for the ACK."""
    half = v.sockets("SYN-RECEIVED")
    if half is None:
        return None
    return Evidence("half-open-sockets", f"{half.says} on {v.server}: it waits for the last ACK",
                    half.sources)  # fmt: skip


def _syn_sent(v: View) -> Evidence | None:
    """The client still waits for an answer, whatever its capture has."""
    sent = v.sockets("SYN-SENT", "client")
    if sent is None:
        return None
    client = v.named(v.clients, "the client")
    return Evidence("syn-sent-sockets", f"{sent.says} on {client}: it got no answer", sent.sources)


def _other_frames(v: View) -> Evidence | None:
    """On a network that floods the peer's kernel counts what it ignores (dev rx_otherhost)."""
    for host in v.receivers:
        rose = v.case.context.rose(v.case.hosts[host], "rx_otherhost")
        if rose is not None and rose[0]:
            says = f"{v.case.hosts[host]}'s interface ignored {count(rose[0], 'frame')} that were"
            return Evidence("otherhost-counted", f"{says} addressed to others", rose[1])
    return None


def _strays(v: View) -> Evidence | None:
    """The machine that has the old MAC now drops what is for another address (IpInAddrErrors)."""
    mac = parse_mac(v.finding.stale_mac)
    home = None if mac is None else _home(v.case, mac)
    if home is None:
        return None
    name, sources = home
    says = f"{v.finding.stale_mac} is alive: it is {name}'s"
    rose = v.case.context.rose(name, "IpInAddrErrors")
    if rose is not None and rose[0]:
        says += f", whose IpInAddrErrors rose by {rose[0]}: packets for addresses that it has not"
        sources = (*sources, *rose[1])
    return Evidence("old-mac-alive", says, sources)


def _home(case: Case, mac: int) -> tuple[str, tuple[Source, ...]] | None:
    """Which other host has a MAC, by its own capture or its own list of interfaces."""
    own = case.context.own
    for row in np.flatnonzero((own["mac"] == mac) & (own["host"] != ""))[:1].tolist():
        return own["host"][row], (case.context.where(own, row),)
    for host, macs in case.own_macs.items():
        if mac in macs and case.hosts[host]:
            files = [
                Source(capture.files[0].path)
                for capture, number in zip(
                    case.matched.captures, case.matched.host_of_capture, strict=True
                )
                if number == host and capture.files
            ]
            return case.hosts[host], tuple(files[:1])
    return None


def _flow_logs(v: View) -> Evidence | None:
    fact = v.flows.rejected or v.flows.vanished
    if fact is None:
        return None
    rejected = "flow logs have REJECT: " if v.flows.rejected else ""
    return Evidence("flow-logs", rejected + fact.says, fact.sources)


def _by_gateway(v: View) -> Evidence | None:
    """The routing table itself says that the answers go by another host."""
    return Evidence("route-by-gateway", *v.by_route) if v.by_route else None


def _resets(v: View) -> Evidence | None:
    """Each reset from the second owner ends a half-open connection (EmbryonicRsts)."""
    rose = v.case.context.rose(v.server, "TcpExtEmbryonicRsts")
    if rose is None or not rose[0]:
        return None
    says = f"{v.server}'s TcpExtEmbryonicRsts rose by {rose[0]}: resets of half-open connections"
    return Evidence("resets-counted", says, rose[1])


_BY_KIND = {
    "stale-neighbor": (_half_open, _syn_sent, _other_frames, _strays, _flow_logs),
    "syn-ack-lost": (_half_open, _syn_sent, _other_frames, _flow_logs, _by_gateway),
    "asymmetric-path": (_half_open, _by_gateway),
    "syn-lost": (_syn_sent, _flow_logs),
    "no-reply": (_half_open, _syn_sent),
    "unresolved-neighbor": (_half_open, _syn_sent),
    "listen-overflow": (_syn_sent,),
    "duplicate-address": (_resets,),
}
