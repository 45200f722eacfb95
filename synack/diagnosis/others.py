"""Findings for what the stale-entry rule does not explain, one per cause and place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synack.addresses import NO_MAC, Address, format_mac, special_mac
from synack.context.services import named
from synack.diagnosis.evidence import Case, text_of
from synack.diagnosis.link import on_link
from synack.grouping import among, distinct, distinct_rows, grouped
from synack.handshake.outcome import BLIND, HIDDEN
from synack.handshake.states import Event
from synack.model import OUTCOMES, Evidence, Finding, Outcome, Source
from synack.neighbors.timeline import NOT_IN_FORCE
from synack.tables import NO_TIME, Array
from synack.wording import count, first_upper

_SEC = 1_000_000_000
_LATE_NS = 5 * _SEC


def unresolved(case: Case, free: Array) -> Iterator[Finding]:
    """``no-reply`` because the server could not resolve the client: nobody answers its
    who-has, or its table says FAILED or INCOMPLETE. ``free``: attempts not yet explained."""
    a = case.attempts
    mine = np.flatnonzero(free & (a["outcome"] == Outcome.NO_REPLY) & (a["server_host"] >= 0))
    # What the server asks for is the address that it sees, translated or not.
    seen = case.matched.sightings.take(case.matched.far[mine])
    columns = a["server_host"][mine], seen["client_hi"], seen["client_lo"]
    for (host, high, low), rows in grouped(mine, *columns):
        ip = (high, low)
        begin, end = _span(case, rows)
        asked = case.asked_by(host, ip)
        time = case.claim_time[asked]
        asked = asked[(time >= begin - _SEC) & (time <= end + _LATE_NS)]
        table = _unusable(case, host, ip, begin, end)
        if not (len(asked) or len(table)) or _resolved(case, host, ip, begin, end):
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


def _resolved(case: Case, host: int, ip: Address, begin: int, end: int) -> bool:
    """Whether the host learned a MAC meanwhile: from anything that names one, for a request
    of the peer fills the entry like an answer, or by the last table of that time."""
    rows = case.claims_of(ip)
    own = list(case.own_macs.get(host, set()))
    rows = rows[(case.claim_host[rows] == host) & ~np.isin(case.claims["src_mac"][rows], own)]
    time = case.claim_time[rows]
    last = _table_then(case, host, ip, begin, end)[-1:]
    return bool(((time >= begin) & (time <= end)).any() or case.usable[last].any())


def _table_then(case: Case, host: int, ip: Address, begin: int, end: int) -> Array:
    rows = case.table_of(host, ip)
    at = case.entry_time[rows]
    return rows[(at != NO_TIME) & (at >= begin) & (at <= end + _LATE_NS)]


def _unusable(case: Case, host: int, ip: Address, begin: int, end: int) -> Array:
    rows = _table_then(case, host, ip, begin, end)
    states = case.entries["state"][rows]
    return rows[[bool(set(state.split("|")) & NOT_IN_FORCE) for state in states]]


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
        listening = " and ".join(named(port) for port in ports[:5])
        yield _finding(
            case, "listen-overflow", rows, host, None, evidence,
            # Every SYN that meets a full queue counts; fewer do not explain all of them.
            "probable" if grown >= len(rows) else "possible",
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
    mixed = np.flatnonzero(
        (s["leg"] == Event.SYN_ACK) & (s["mac"] != NO_MAC)
        & (s["peer_mac"] != NO_MAC) & (s["mac"] != s["peer_mac"])
        & (s["host"] == case.attempts["server_host"][s["attempt"]])
    )  # fmt: skip
    columns = [s[name][mixed] for name in ("host", "mac", "peer_mac")]
    for (host, out, back), rows in grouped(mixed, *columns):
        failing = rows[lost[s["attempt"][rows]]]
        # A virtual router answers from its own MAC and is addressed by the shared one; and
        # a way back on which other replies arrive is not what loses these.
        if not len(failing) or special_mac(out) or case.came_through[rows].any():
            continue
        ends = zip(s["peer_hi"][failing].tolist(), s["peer_lo"][failing].tolist(), strict=True)
        ips = sorted(set(ends))
        if any(on_link(case, host, ip, out, back) for ip in ips):
            continue
        attempts = distinct(s["attempt"][failing])
        name = case.hosts[host]
        says = (
            f"{name} received the SYNs from {format_mac(back)} and sent the SYN-ACKs to"
            f" {format_mac(out)}"
        )
        evidence = [
            Evidence("two-routers", says, case.frames(s["row"][failing].tolist())),
            *case.vanished(attempts, Event.SYN_ACK),
        ]
        yield _finding(
            case, "asymmetric-path", attempts, host, ips[0] if len(ips) == 1 else None,
            evidence, "possible",
            f"{name} answers {count(len(attempts), 'attempt')} by another router than they came"
            " from, and the answers are lost: a stateful firewall may drop them.",
            [f"ip route get CLIENT   # on {name}: is this the way back that is meant?"],
        )  # fmt: skip


_ADVICE = {
    Outcome.SYN_LOST: "look between the two hosts: security group, route, firewall, load balancer",
    Outcome.ACK_LOST: "the last leg is lost: look for a firewall that drops it, or NAT",
    Outcome.NO_REPLY: "on the server: nstat -az TcpExtListenDrops TcpExtListenOverflows; nft list"
    " ruleset; sysctl net.ipv4.conf.all.rp_filter",
    Outcome.REFUSED: "nothing listens there, or a firewall rejects with a reset: ss -ltn on the"
    " server",
    Outcome.REJECTED: "the client no longer wanted the connection: compare with its own timeout",
    Outcome.UNREACHABLE: "the ICMP error names who could not deliver: look at its sender",
    Outcome.CHALLENGED: "the server still has the old connection of these ports: it ends with the"
    " client's reset, or lower the server's keepalive time",
}

_LOST_LEGS = {
    Outcome.SYN_LOST: (Event.SYN,),
    Outcome.SYN_ACK_LOST: (Event.SYN_ACK,),
    Outcome.ACK_LOST: (Event.ACK,),
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
    a, way_back = case.attempts, _way_back(case)
    for outcome, says in _SAYS.items():
        for server, rows in _by_server(case, np.flatnonzero(free & (a["outcome"] == outcome))):
            both = (a["client_host"][rows] >= 0) & (a["server_host"][rows] >= 0)
            ends = distinct_rows(a["client_hi"][rows], a["client_lo"][rows])
            clients = [(high, low) for high, low in ends]
            text = says.format(n=count(len(rows), "attempt"), server=server)
            yield _finding(
                case, OUTCOMES[outcome], rows, _host_of(case, outcome, rows),
                clients[0] if len(clients) == 1 else None,
                [_frames(case, rows, text), *case.vanished(rows, *_LOST_LEGS.get(outcome, ()))],
                "confirmed" if both.all() else "probable",
                first_upper(text) + ".",
                [_ADVICE.get(outcome) or _MAC_ADVICE[int(way_back[rows].max())]],
            )  # fmt: skip


def _host_of(case: Case, outcome: Outcome, rows: Array) -> int:
    """The row of the host where to look first; -1 when that is several."""
    client = outcome in (Outcome.SYN_LOST, Outcome.REJECTED)
    for end in ("client_host", "server_host") if client else ("server_host", "client_host"):
        hosts = distinct(case.attempts[end][rows]).tolist()
        if len(hosts) == 1 and hosts[0] >= 0:
            return int(hosts[0])
    return -1


_MAC_ADVICE = (
    "no destination MAC was recorded (capture on the interface itself, not on any): compare the"
    " server's ip neigh with the client's MAC, then look at the way back",
    "the MAC was right: look at the way back (network ACL, stateful firewall, one member of a link"
    " bundle)",
    "the answers went to another MAC than the SYNs came from, which may be right (a shared or a"
    " router's MAC): compare the server's ip neigh and ip route get, then look at the way back",
)


def _way_back(case: Case) -> Array:
    """Per attempt, of the SYN-ACK's destination MAC: 0 unknown, 1 that of the SYN, 2 another."""
    s = case.sendings
    known = (s["leg"] == Event.SYN_ACK) & (s["mac"] != NO_MAC) & (s["peer_mac"] != NO_MAC)
    grade = np.where(known, 1 + (s["mac"] != s["peer_mac"]), 0)
    result = np.zeros(len(case.attempts), np.int64)
    np.maximum.at(result, s["attempt"], grade)
    return result


def gaps(case: Case, free: Array) -> Iterator[Finding]:
    """Failures of which one end's evidence is missing: say what to capture next time."""
    a = case.attempts
    unclear = np.isin(a["outcome"], (Outcome.UNANSWERED, Outcome.UNACKNOWLEDGED))
    unclear |= (a["outcome"] == Outcome.INCONCLUSIVE) & np.isin(a["reason"], (BLIND, HIDDEN))
    for server, rows in _by_server(case, np.flatnonzero(free & unclear)):
        kinds = {OUTCOMES[o] for o in distinct(a["outcome"][rows]).tolist()}
        seen = _seen_by(case, rows)
        both = ((a["client_host"][rows] >= 0) & (a["server_host"][rows] >= 0)).any()
        why = (
            "the capture of the other end does not cover it"
            if both
            else "only one end was captured"
        )
        if (a["reason"][rows] == HIDDEN).all():
            why = "the server's capture leaves its answers out, as its filter may"
        text = f"{count(len(rows), 'attempt')} to {server} {' or '.join(sorted(kinds))}: {why}"
        yield _finding(
            case, "capture-gap", rows, -1, None,
            [_frames(case, rows, text), *_other_macs(case, rows), *_listed_wrongly(case, rows),
             *case.vanished(rows, Event.SYN, Event.SYN_ACK, Event.ACK)], "possible",
            first_upper(text) + f"; which leg was lost cannot be told from {seen}.",
            ["capture on both ends at once, and the neighbor table beside:"
             " tcpdump -i eth0 -nn -s 128 -w HOST-eth0.pcap 'arp or icmp or icmp6 or tcp'"],
        )  # fmt: skip


def _other_macs(case: Case, attempts: Array) -> list[Evidence]:
    """Answers that went to another MAC than the SYNs came from: no proof of anything, since a
    router or a virtual MAC does that too, but the first thing to look at."""
    s = case.sendings
    rows = np.flatnonzero(np.isin(s["attempt"], attempts) & (s["leg"] == Event.SYN_ACK))
    rows = rows[(s["mac"][rows] != NO_MAC) & (s["peer_mac"][rows] != NO_MAC)]
    rows = rows[s["mac"][rows] != s["peer_mac"][rows]]
    columns = [s[name][rows] for name in ("host", "peer_hi", "peer_lo", "mac", "peer_mac")]
    found = []
    for (host, high, low, out, back), part in grouped(rows, *columns):
        name, ip = case.hosts[host], text_of((high, low))
        says = (
            f"{name} answered {ip} at {format_mac(out)}, while its SYNs came from"
            f" {format_mac(back)}: if {ip} is on {name}'s own link, look at ip neigh show {ip}"
        )
        found.append(
            Evidence("answered-at-another-mac", says, case.frames(s["row"][part].tolist()))
        )
    return found[:_NAMED]


def _listed_wrongly(case: Case, attempts: Array) -> list[Evidence]:
    """Tables, of whatever host, that have a client of unanswered attempts at another MAC than its
    own capture shows: if that is the host that was asked, its answers went there."""
    a, e = case.attempts, case.entries
    asked = attempts[a["outcome"][attempts] == Outcome.UNANSWERED]
    clients = distinct_rows(a["client_hi"][asked], a["client_lo"][asked])
    homes = {ip: case.homes_of(ip) for ip in clients if ip in case.homes}
    found = []
    rows = np.flatnonzero(
        case.usable & ~case.misplaced & among(list(homes), e["ip_hi"], e["ip_lo"])
    )
    host = np.unique(e["host"][rows].astype(str), return_inverse=True)[1]
    columns = [e[name][rows] for name in ("ip_hi", "ip_lo", "mac")]
    for (high, low, mac, _), part in grouped(rows, *columns, host):
        own = homes[high, low]
        if not own or mac in own or special_mac(mac) or mac == NO_MAC:
            continue
        name, ip = e["host"][part[0]] or "a host", text_of((high, low))
        says = (
            f"{name}'s neighbor table has {ip} at {format_mac(mac)}, while its own frames carry"
            f" {format_mac(min(own))}: if {name} was asked, its answers went astray"
        )
        found.append(Evidence("listed-at-another-mac", says, (case.entry(part[0]),)))
    return found[:_NAMED]


_NAMED = 5
"""So many of a kind are named; the table of handshakes has them all."""


def _seen_by(case: Case, rows: Array) -> str:
    m = case.matched
    names = set()
    for sighting in (m.client, m.server, m.elsewhere):
        seen = sighting[rows]
        captures = m.sightings["capture"][seen[seen >= 0]]
        names |= {m.captures[c].host or "the capture" for c in distinct(captures).tolist()}
    return " and ".join(sorted(names)) + (" alone" if len(names) == 1 else "")


def _by_server(case: Case, rows: Array) -> Iterator[tuple[str, Array]]:
    """Attempts by server address and port, spelled ``ADDRESS port PORT (SERVICE)``."""
    columns = [case.attempts[name][rows] for name in ("server_hi", "server_lo", "server_port")]
    for (high, low, port), mine in grouped(rows, *columns):
        yield f"{text_of((high, low))} port {named(port)}", mine


def _span(case: Case, rows: Array) -> tuple[int, int]:
    return int(case.attempts["first"][rows].min()), int(case.attempts["last"][rows].max())


def _frames(case: Case, rows: Array, says: str) -> Evidence:
    """The first frame of each of the first attempts."""
    m = case.matched
    shown = []
    for attempt in rows[:8].tolist():
        places = (m.server[attempt], m.client[attempt], m.elsewhere[attempt])
        sighting = next(int(p) for p in places if p >= 0)
        shown.append(int(m.sightings["row"][sighting]))
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
