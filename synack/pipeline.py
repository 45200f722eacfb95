"""The order of the work, from paths to a diagnosis: the only module that knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from synack.addresses import NO_MAC, Address
from synack.context.counters import Counters, Rise, rise
from synack.diagnosis.application import explain
from synack.diagnosis.audit import Audit, audit
from synack.diagnosis.context import KINDS, Context
from synack.diagnosis.evidence import Case
from synack.diagnosis.ownership import ownership
from synack.diagnosis.rules import findings
from synack.grouping import among, distinct_rows
from synack.handshake.assumed import assumed
from synack.handshake.clock import split
from synack.handshake.match import match
from synack.handshake.matched import Matched
from synack.handshake.outcome import judge
from synack.handshake.path import Paths, paths
from synack.handshake.states import Event
from synack.handshake.vantage import Vantage, named_addresses
from synack.incident.names import whose
from synack.incident.sources import Source, taken_at
from synack.loading import Loaded, load
from synack.model import Capture, Finding
from synack.neighbors.timeline import entries_of, peers_in
from synack.tables import ENTRIES, OWN, SOCKETS, Table
from synack.wording import count, iso_time

__all__ = ["Diagnosed", "Loaded", "load", "run"]

_ByHost = dict[str, set[Address]]


@dataclass
class Diagnosed:
    """A diagnosis in tables of integers; :class:`synack.api.Diagnosis` shows it."""

    loaded: Loaded
    matched: Matched
    paths: Paths
    attempts: Table
    entries: Table
    findings: list[Finding]
    case: Case
    """What the rules saw."""
    audit: list[str]
    """What neighbor tables were compared with, and what could not be decided; [] where there
    are handshakes, which tell more."""

    @cached_property
    def ownership(self) -> Table:
        """Who had which address when, and who says so: :data:`~synack.tables.OWNERSHIP`."""
        return ownership(self.case)

    @cached_property
    def history(self) -> Table:
        """What each host's entries said when: :data:`~synack.tables.HISTORY`."""
        return self.case.history

    @property
    def concluded(self) -> bool:
        """Whether there was anything to judge."""
        return len(self.attempts) > 0 or len(self.entries) > 0


def run(loaded: Loaded) -> Diagnosed:
    """Match, judge and diagnose what was loaded, which stays as it is: what there is to warn
    of is in the result's own ``loaded``."""
    captures = [replace(c, warnings=list(c.warnings)) for c in loaded.captures]
    loaded = replace(loaded, captures=captures, warnings=list(loaded.warnings))
    rises = _rises(loaded)
    own, listed = _own_by_name(loaded), _listed_by_name(loaded)
    watching = loaded.incident.taps | _watching(loaded)
    macs = _interfaces_by_name(loaded)
    vantages = [_vantage(loaded, c, rises, own, listed, watching, macs) for c in loaded.captures]
    matched = match(loaded.captures, vantages, loaded.segments, loaded.incident.clock_offsets)
    found = paths(matched)
    attempts = judge(matched, found.told_by_taps)
    own, peers = _own_and_peers(matched)
    entries = _entries(loaded, own, peers)
    by_host = {host: r for host, r in rises.items() if r is not None}
    loaded.warnings += _strangers(matched, entries, own, peers)
    loaded.warnings += _ambiguous(matched) + _clocks(matched)
    loaded.warnings += found.doubts
    for number, capture in enumerate(matched.captures):
        capture.warnings += _oddities(matched, number) + assumed(matched, number)
    case = Case(
        matched, found, attempts, loaded.claims, entries, loaded.files, by_host,
        _context(loaded, own, peers, _own_macs(matched)),
    )  # fmt: skip
    causes, audited = findings(case), Audit()
    loaded.warnings += explain(case, causes)
    if not len(attempts):
        audited = audit(case)
        causes += audited.findings
    return Diagnosed(loaded, matched, found, attempts, entries, causes, case, audited.notes)


def _vantage(
    loaded: Loaded,
    capture: Capture,
    rises: dict[str, Rise | None],
    own: _ByHost,
    listed: _ByHost,
    watching: set[str],
    interfaces: dict[str, frozenset[int]],
) -> Vantage:
    host = capture.host
    named = named_addresses(host) | loaded.incident.addresses.get(host, set())
    named |= own.get(host, set())
    found = rises.get(host)
    role = found.role if found else 0
    denied = frozenset(listed.get(host, set()) - named)
    return Vantage(
        host, frozenset(named), role, tap=host in watching, denied=denied,
        interfaces=interfaces.get(host, frozenset()),
    )  # fmt: skip


def _interfaces_by_name(loaded: Loaded) -> dict[str, frozenset[int]]:
    """MACs of the interfaces of hosts that list them together with their addresses (``ip addr``),
    by the name of the file."""
    table = loaded.context(OWN)
    known = table["mac"] > 0
    whole = known & (table["prefix"] >= 0)
    return {
        host: frozenset(table["mac"][known & (table["host"] == host)].tolist())
        for host in dict.fromkeys(table["host"][whole].tolist()) if host
    }  # fmt: skip


def _watching(loaded: Loaded) -> set[str]:
    """Hosts that list their interfaces (``ip addr``), of which no MAC and no address is in a frame
    of their captures: what came in there was a mirror's copy."""
    own, segments = loaded.context(OWN), loaded.segments
    found = set()
    for host in {c.host for c in loaded.captures} & set(own["host"].tolist()) - {""}:
        captures = [n for n, c in enumerate(loaded.captures) if c.host == host]
        listed, mine = own["host"] == host, np.isin(segments["capture"], captures)
        macs = own["mac"][listed & (own["mac"] > 0)]
        addresses = set(zip(*(own[name][listed].tolist() for name in ("ip_hi", "ip_lo")),
                            strict=True))  # fmt: skip
        own_frame = np.zeros(len(segments), bool)
        for end in ("src", "dst"):
            own_frame |= np.isin(segments[f"{end}_mac"], macs)
            own_frame |= among(addresses, segments[f"{end}_hi"], segments[f"{end}_lo"])
        if len(macs) and (mine & (segments["dst_mac"] >= 0)).any() and not (mine & own_frame).any():
            found.add(host)
    return found


def _own_by_name(loaded: Loaded) -> _ByHost:
    """The addresses that hosts list as their own (``ip addr``), by the name of the file. Those
    of the loopback may be anybody's."""
    found: _ByHost = {}
    table = loaded.context(OWN)
    columns = (table[name].tolist() for name in ("host", "interface", "ip_hi", "ip_lo", "prefix"))
    for host, interface, high, low, prefix in zip(*columns, strict=True):
        if host and prefix >= 0 and not interface.startswith("lo"):
            found.setdefault(host, set()).add((high, low))
    return found


def _listed_by_name(loaded: Loaded) -> _ByHost:
    """The addresses in neighbor tables of Linux, by the name of the file: a host is not its own
    neighbor there, while BSD and network gear list their own as well."""
    found: _ByHost = {}
    for source, dump in loaded.dumps:
        if source.host and all(name.startswith(_LINUX) for name in dump.format.split(", ")):
            found.setdefault(source.host, set()).update(peers_in(dump))
    return found


_LINUX = ("ip ", "/proc/net/arp", "arp -n", "arp -an")


# ---- dumps --------------------------------------------------------------------------------


def _entries(loaded: Loaded, own: _ByHost, peers: _ByHost) -> Table:
    tables = []
    for source, dump in loaded.dumps:
        host = _host_of(source, peers_in(dump), own, peers)
        at, weak = taken_at(source)
        interface = source.interface
        tables.append(entries_of(dump, host, interface, source.path, at, weak))
        loaded.warnings += dump.warnings
        loaded.warnings += [str(line) for line in dump.unread[:5]]
        if len(dump.unread) > 5:
            loaded.warnings.append(f"{source.path}: {len(dump.unread) - 5} more unread lines")
        if dump.local_time:
            loaded.warnings.append(
                f"{source.path}: its times are local without a zone, and were read as UTC"
            )
    return Table.concat(ENTRIES, tables)


def _strangers(matched: Matched, entries: Table, own: _ByHost, peers: _ByHost) -> list[str]:
    """Captures and tables that have nothing to do with the others."""
    says = []
    host_of = matched.host_of_capture[matched.sightings["capture"]]
    seen = np.zeros((len(matched.hosts), matched.attempts), bool)
    seen[host_of, matched.identity] = True
    shared = seen.sum(axis=0) > 1
    for host, mine in enumerate(seen):
        if mine.any() and not mine.all() and not shared[mine].any():
            says.append(
                f"{matched.hosts[host]}: none of its {mine.sum()} attempts is in any other"
                f" host's capture ({_covers(matched, host)}): other hosts, ports or times"
            )
    known = set().union(*own.values(), *peers.values())
    for file in dict.fromkeys(entries["file"].tolist()):
        rows = entries["file"] == file
        ips = set(
            zip(entries["ip_hi"][rows].tolist(), entries["ip_lo"][rows].tolist(), strict=True)
        )
        if known and not ips & known:
            says.append(f"{file}: none of its {len(ips)} addresses is in the captures")
    return says


def _ambiguous(matched: Matched) -> list[str]:
    """Attempts that could be paired through a translation in more than one way."""
    if not matched.ambiguous.any():
        return []
    attempts = count(int(matched.ambiguous.sum()), "attempt")
    return [
        f"{attempts} with the ISN of another attempt at another place: maybe one connection with"
        " translated addresses (NAT), but nothing tells which, so each counts for itself"
    ]


def _clocks(matched: Matched) -> list[str]:
    """Hosts whose clocks contradict what others recorded."""
    says = []
    for clock in matched.clocks:
        if clock.grade != "inconsistent":
            continue
        host, reference = matched.hosts[clock.host], matched.hosts[clock.reference]
        text = f"{host}: no steady clock explains its times beside those of {reference}"
        step = clock.step
        if step is not None:
            by = ", ".join(
                f"{word} {bound / 1e6:+.3f} ms"
                for word, bound in (("at least", step.least), ("at most", step.most))
                if bound is not None
            )
            text += (
                f"; one was set between {iso_time(step.begin)} and {iso_time(step.end)}"
                f" on the clock of {matched.hosts[step.clock]}, by {by}"
            )
        says.append(text)
    return says


def _oddities(matched: Matched, capture: int) -> list[str]:
    """What makes a capture show more or something else than was on the wire."""
    says = []
    mine = matched.sightings["capture"] == capture
    host = matched.captures[capture].host or "one capture"
    copies = int(matched.legs.counts[:, Event.COPY].sum(where=mine))
    if copies:
        says.append(f"{host}: {count(copies, 'packet')} recorded twice, and counted once")
    both = mine & matched.legs.has(Event.SYN) & matched.legs.has(Event.SYN_ACK)
    # Where the SYN came second, the answer may be to one that was not recorded.
    shift = split(
        matched.segments["time"][matched.sightings["syn_row"][both]],
        matched.segments["time"][matched.sightings["syn_ack_row"][both]],
    )
    if shift is not None:
        says.append(
            f"{host}: replies are stamped up to {shift / 1e6:.3f} ms before their requests:"
            " the two directions have different clocks"
        )
    return says


def _covers(matched: Matched, host: int) -> str:
    captures = [
        c for c, h in zip(matched.captures, matched.host_of_capture, strict=True) if h == host
    ]
    first = min((c.first for c in captures if c.first is not None), default=None)
    last = max((c.last for c in captures if c.last is not None), default=None)
    if first is None or last is None:
        return "no packets"
    return f"{iso_time(first)[:19]} to {iso_time(last)[:19]}"


def _own_and_peers(matched: Matched) -> tuple[_ByHost, _ByHost]:
    """Per host its own addresses, and the others in its captures."""
    own: _ByHost = {host: set() for host in matched.hosts}
    peers: _ByHost = {host: set() for host in matched.hosts}
    for vantage in matched.vantages:
        own[vantage.host] |= vantage.addresses
    s = matched.sightings
    for capture, vantage in enumerate(matched.vantages):
        mine = s["capture"] == capture
        for end in ("client", "server"):
            ends = distinct_rows(s[f"{end}_hi"][mine], s[f"{end}_lo"][mine])
            peers[vantage.host] |= {(high, low) for high, low in ends}
    for host in matched.hosts:
        peers[host] -= own[host]
    return own, peers


def _host_of(source: Source, addresses: set[Address], own: _ByHost, peers: _ByHost) -> str:
    """The host that was given for a file, else the one its name and contents fit."""
    if source.host_given:
        return source.host
    if source.host not in own and (spelled := named_addresses(source.host)):
        holders = [host for host, mine in own.items() if host and spelled & mine]
        if len(holders) == 1:
            return holders[0]
    return whose(source.host, source.host_from_folder, addresses, own, peers)


def _own_macs(matched: Matched) -> dict[str, set[int]]:
    """Per host the MACs that are its own, as far as they are known."""
    macs: dict[str, set[int]] = {host: set() for host in matched.hosts}
    for vantage in matched.vantages:
        macs[vantage.host] |= vantage.macs
    return macs


def _context(loaded: Loaded, own: _ByHost, peers: _ByHost, macs: Mapping[str, set[int]]) -> Context:
    def host_of(source: Source, table: Table) -> str:
        if table.schema is SOCKETS:
            local, peer = (
                {(high, low) for high, low in distinct_rows(table[f"{end}_hi"], table[f"{end}_lo"])}
                for end in ("local", "peer")
            )
            home = [host for host, mine in own.items() if host and local & mine]
            if len(home) == 1 and not source.host_given:
                return home[0]
            return _host_of(source, peer - local, own, peers)
        if table.schema is OWN and source.host not in own and not source.host_given:
            mine = {(high, low) for high, low in distinct_rows(table["ip_hi"], table["ip_lo"])}
            home = [host for host, addresses in own.items() if host and mine & addresses]
            shown = set(table["mac"].tolist()) - {NO_MAC}
            # With its address at other MACs it is of another machine that has the same one.
            if len(home) == 1 and (shown & macs[home[0]] or not (shown and macs[home[0]])):
                return home[0]
        # HOST.client.log: the words of application logs are not known.
        before = source.host.partition(".")[0]
        if source.host not in own and before in own and not source.host_given:
            return before
        return _host_of(source, set(), own, {})

    return Context(loaded.context(schema, host_of) for schema in KINDS)


def _rises(loaded: Loaded) -> dict[str, Rise | None]:
    """Counter rises by host. A dump whose name fits no captured host is the only captured
    host's, if there is but one."""
    hosts = {capture.host for capture in loaded.captures}
    by_host: dict[str, list[tuple[str, Counters]]] = {}
    for source, counters in loaded.counters:
        host = _host_of(source, set(), {name: set() for name in hosts}, {})
        if host not in hosts and len(hosts) == 1:
            host = next(iter(hosts))
        by_host.setdefault(host, []).append((source.path, counters))
    return {host: rise(dumps) for host, dumps in by_host.items()}
