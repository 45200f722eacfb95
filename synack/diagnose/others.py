"""Findings for what the stale-entry rule does not explain, one per cause and place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synack.addresses import NO_MAC, format_mac
from synack.diagnose.evidence import Address, Case, text_of
from synack.diagnose.stale import on_link
from synack.handshake.outcome import REASONS
from synack.handshake.track import Event
from synack.model import OUTCOMES, Evidence, Finding, Outcome, Source
from synack.neighbors.timeline import NOT_IN_FORCE, of_address
from synack.tables import ARP_REPLY, ND_ADVERT, NO_TIME, Array
from synack.wording import count, first_upper

_SEC = 1_000_000_000
_LATE_NS = 5 * _SEC


def unresolved(case: Case, free: Array) -> Iterator[Finding]:
    """``no-reply`` because the server could not resolve the client: nobody answers its
    who-has, or its table says FAILED or INCOMPLETE. ``free``: attempts not yet explained."""
    for host, ip, rows in _groups(case, free, Outcome.NO_REPLY):
        begin, end = _span(case, rows)
        asked = case.asked_by(host, ip)
        asked = asked[
            (case.claim_time[asked] >= begin - _SEC) & (case.claim_time[asked] <= end + _LATE_NS)
        ]
        answers = _answers(case, host, ip, begin, end)
        table = _unusable(case, host, ip, begin, end)
        if len(answers) or not (len(asked) or len(table)):
            continue
        name, text = case.hosts[host], text_of(ip)
        evidence = [_frames(case, rows, f"{name} sent nothing in answer to these SYNs of {text}")]
        if len(asked):
            says = f"{name} asks who has {text} ({count(len(asked), 'time')}) and nobody answers"
            evidence.append(
                Evidence("who-has-unanswered", says, tuple(case.claim(r) for r in asked[:5]))
            )
        if len(table):
            says = f"{name}'s table has {text} as {case.entries['state'][table[0]]}"
            evidence.append(
                Evidence("table-unusable", says, tuple(case.entry(r) for r in table[:5]))
            )
        yield _finding(
            case, "unresolved-neighbor", rows, host, ip, evidence,
            "confirmed" if len(asked) and len(table) else "probable",
            f"{name} cannot find the MAC of {text}, so {count(len(rows), 'attempt')} got no reply.",
            [
                f"arping -I INTERFACE {text}   # on {name}: does the address answer at all?",
                f"check that {text} is up, in the same VLAN, and on-link by {name}'s routes",
            ],
        )  # fmt: skip


def _answers(case: Case, host: int, ip: Address, begin: int, end: int) -> Array:
    rows = case.claims_of(ip)
    op, time = case.claims["op"][rows], case.claim_time[rows]
    heard = np.isin(op, (ARP_REPLY, ND_ADVERT)) & (case.claim_host[rows] == host)
    return rows[heard & (time >= begin) & (time <= end)]


def _unusable(case: Case, host: int, ip: Address, begin: int, end: int) -> Array:
    rows = of_address(case.entries, case.hosts[host], ip)
    at = case.entries["at"][rows] - case.clocks[host].offset
    near = (case.entries["at"][rows] != NO_TIME) & (at >= begin) & (at <= end + _LATE_NS)
    state = np.array([bool(set(s.split("|")) & NOT_IN_FORCE) for s in case.entries["state"][rows]])
    return rows[near & state.astype(bool)]


def overflow(case: Case, free: Array) -> Iterator[Finding]:
    """``no-reply`` while the kernel counted full accept queues (ListenOverflows)."""
    for host, name in enumerate(case.hosts):
        rows = np.flatnonzero(
            free
            & (case.attempts["outcome"] == Outcome.NO_REPLY)
            & (case.attempts["server_host"] == host)
        )
        rise = case.rises.get(name)
        grown = rise.rises.get("TcpExtListenOverflows", 0) if rise else 0
        if not len(rows) or rise is None or not grown:
            continue
        evidence = [
            _frames(case, rows, f"{name} sent nothing in answer to these SYNs"),
            Evidence(
                "listen-overflows",
                f"{name}'s TcpExtListenOverflows rose by {grown}: an accept queue was full",
                (Source(rise.earlier), Source(rise.later)),
            ),
        ]
        ports = sorted(set(case.attempts["server_port"][rows].tolist()))
        listening = " and ".join(str(port) for port in ports[:5])
        yield _finding(
            case, "listen-overflow", rows, host, None, evidence, "probable",
            f"{name} ignored {count(len(rows), 'attempt')} to port {listening}: the accept queue"
            " was full, the application accepts too slowly.",
            [
                f"ss -ltn 'sport = :{ports[0]}'   # on {name}: Recv-Q above Send-Q is a full queue",
                "look at why the application does not accept(); raise its backlog and"
                " net.core.somaxconn only after that",
            ],
        )  # fmt: skip


def asymmetric(case: Case, free: Array) -> Iterator[Finding]:
    """Replies that leave towards another router than the SYN came from, and get lost."""
    s = case.sendings
    lost = free & (case.attempts["outcome"] == Outcome.SYN_ACK_LOST)
    mine = lost[s["attempt"]] & (s["leg"] == Event.SYN_ACK) & (s["mac"] != NO_MAC)
    mine &= (s["peer_mac"] != NO_MAC) & (s["mac"] != s["peer_mac"])
    keys = zip(s["host"][mine].tolist(), s["mac"][mine].tolist(), s["peer_mac"][mine].tolist(),
               strict=True)  # fmt: skip
    for host, out, back in sorted(set(keys)):
        rows = mine & (s["host"] == host) & (s["mac"] == out) & (s["peer_mac"] == back)
        ips = set(zip(s["peer_hi"][rows].tolist(), s["peer_lo"][rows].tolist(), strict=True))
        if any(on_link(case, host, ip, back) for ip in ips):
            continue
        attempts = np.unique(s["attempt"][rows])
        name = case.hosts[host]
        says = (
            f"{name} received the SYNs from {format_mac(back)} and sent the SYN-ACKs to"
            f" {format_mac(out)}"
        )
        evidence = [Evidence("two-routers", says, case.frames(s["row"][rows].tolist()))]
        yield _finding(
            case, "asymmetric-path", attempts, host, next(iter(ips)) if len(ips) == 1 else None,
            evidence, "possible",
            f"{name} answers {count(len(attempts), 'attempt')} by another router than they came"
            " from, and the answers are lost: a stateful firewall may drop them.",
            [f"ip route get CLIENT   # on {name}: is this the way back that is meant?"],
        )  # fmt: skip


_ADVICE = {
    Outcome.SYN_LOST: "look between the two hosts: security group, route, firewall, load balancer",
    Outcome.SYN_ACK_LOST: "the MAC was right: look at the way back (network ACL, stateful firewall,"
    " one member of a link bundle)",
    Outcome.ACK_LOST: "the last leg is lost: look for a firewall that drops it, or NAT",
    Outcome.NO_REPLY: "on the server: nstat -az TcpExtListenDrops TcpExtListenOverflows; nft list"
    " ruleset; sysctl net.ipv4.conf.all.rp_filter",
    Outcome.REFUSED: "nothing listens there, or a firewall rejects with a reset: ss -ltn on the server",
    Outcome.REJECTED: "the client no longer wanted the connection: compare with its own timeout",
    Outcome.UNREACHABLE: "the ICMP error names who could not deliver: look at its sender",
    Outcome.CHALLENGED: "the server still has the old connection of these ports: it ends with the"
    " client's reset, or lower the server's keepalive time",
}

_SAYS = {
    Outcome.SYN_LOST: "{n} never reached {server}",
    Outcome.SYN_ACK_LOST: "{n} to {server}: the SYN-ACK left and never reached the client",
    Outcome.ACK_LOST: "{n} to {server}: the client's last ACK never arrived",
    Outcome.NO_REPLY: "{n} reached {server} and got no reply",
    Outcome.REFUSED: "{n} to {server} refused with a reset",
    Outcome.REJECTED: "{n} to {server} rejected by the client itself with a reset",
    Outcome.UNREACHABLE: "{n} to {server} ended with an ICMP error",
    Outcome.CHALLENGED: "{n} to {server} met an old connection of the same ports",
}


def plain(case: Case, free: Array) -> Iterator[Finding]:
    """One finding per outcome and server for what nothing above explains."""
    outcomes = case.attempts["outcome"]
    for outcome, says in _SAYS.items():
        for server, rows in _by_server(case, np.flatnonzero(free & (outcomes == outcome))):
            a = case.attempts
            end = (
                "client_host" if outcome in (Outcome.SYN_LOST, Outcome.REJECTED) else "server_host"
            )
            host = int(a[end][rows[0]])
            both = (a["client_host"][rows] >= 0) & (a["server_host"][rows] >= 0)
            clients = set(
                zip(a["client_hi"][rows].tolist(), a["client_lo"][rows].tolist(), strict=True)
            )
            ip = next(iter(clients)) if len(clients) == 1 else None
            text = says.format(n=count(len(rows), "attempt"), server=server)
            yield _finding(
                case, OUTCOMES[outcome], rows, host, ip,
                [_frames(case, rows, text)],
                "confirmed" if both.all() else "probable",
                first_upper(text) + ".",
                [_ADVICE[outcome]],
            )  # fmt: skip


def gaps(case: Case, free: Array) -> Iterator[Finding]:
    """Failures of which one end's evidence is missing: say what to capture next time."""
    a = case.attempts
    blind = REASONS.index("the peer's capture could not have shown what is missing")
    unclear = np.isin(a["outcome"], (Outcome.UNANSWERED, Outcome.UNACKNOWLEDGED))
    unclear |= (a["outcome"] == Outcome.INCONCLUSIVE) & (a["reason"] == blind)
    for server, rows in _by_server(case, np.flatnonzero(free & unclear)):
        kinds = {OUTCOMES[o] for o in a["outcome"][rows].tolist()}
        seen = _seen_by(case, rows)
        both = ((a["client_host"][rows] >= 0) & (a["server_host"][rows] >= 0)).any()
        why = (
            "the capture of the other end does not cover it"
            if both
            else "only one end was captured"
        )
        text = f"{count(len(rows), 'attempt')} to {server} {' or '.join(sorted(kinds))}: {why}"
        yield _finding(
            case, "capture-gap", rows, -1, None, [_frames(case, rows, text)], "possible",
            first_upper(text) + f"; which leg was lost cannot be told from {seen}.",
            ["capture on both ends at once, and the neighbor table beside:"
             " tcpdump -i eth0 -nn -s 128 -w HOST-eth0.pcap 'arp or icmp or icmp6 or tcp'"],
        )  # fmt: skip


def _seen_by(case: Case, rows: Array) -> str:
    m = case.matched
    names = set()
    for sighting in (m.client, m.server, m.elsewhere):
        seen = sighting[rows]
        captures = m.sightings["capture"][seen[seen >= 0]]
        names |= {m.captures[c].host or "the capture" for c in np.unique(captures).tolist()}
    return " and ".join(sorted(names)) + (" alone" if len(names) == 1 else "")


def _groups(case: Case, free: Array, outcome: int) -> Iterator[tuple[int, Address, Array]]:
    """Attempts of one outcome by (server's host, client's address)."""
    a = case.attempts
    rows = np.flatnonzero(free & (a["outcome"] == outcome) & (a["server_host"] >= 0))
    keys = list(
        zip(a["server_host"][rows].tolist(), a["client_hi"][rows].tolist(),
            a["client_lo"][rows].tolist(), strict=True)
    )  # fmt: skip
    for key in sorted(set(keys)):
        mine = rows[[k == key for k in keys]]
        yield key[0], (key[1], key[2]), mine


def _by_server(case: Case, rows: Array) -> Iterator[tuple[str, Array]]:
    """Attempts by server address and port, spelled ``ADDRESS port PORT``."""
    a = case.attempts
    keys = list(
        zip(a["server_hi"][rows].tolist(), a["server_lo"][rows].tolist(),
            a["server_port"][rows].tolist(), strict=True)
    )  # fmt: skip
    for key in sorted(set(keys)):
        yield f"{text_of(key[:2])} port {key[2]}", rows[[k == key for k in keys]]


def _span(case: Case, rows: Array) -> tuple[int, int]:
    return int(case.attempts["first"][rows].min()), int(case.attempts["last"][rows].max())


def _frames(case: Case, rows: Array, says: str) -> Evidence:
    """The first frame of each of the first attempts."""
    m = case.matched
    shown = []
    for attempt in rows[:8].tolist():
        places = (m.server[attempt], m.client[attempt], m.elsewhere[attempt])
        sighting = next(int(p) for p in places if p >= 0)
        shown.append(int(np.flatnonzero(m.sighting == sighting)[0]))
    return Evidence("attempts", says, case.frames(shown))


def _finding(
    case: Case, kind: str, rows: Array, host: int, ip: Address | None, evidence: list[Evidence],
    confidence: str, summary: str, remedy: list[str],
) -> Finding:  # fmt: skip
    first, last = _span(case, rows)
    return Finding(
        kind=kind,
        confidence=confidence,
        host=case.hosts[host] if host >= 0 else "",
        ip=text_of(ip) if ip is not None else "",
        attempts=len(rows),
        first=first,
        last=last,
        summary=summary,
        evidence=evidence,
        remedy=remedy,
        rows=rows.tolist(),
    )
