"""The order of the work, from paths to a diagnosis: the only module that knows it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from synack.capture.reader import open_capture
from synack.capture.scan import COMPILED
from synack.capture.segments import Collector
from synack.capture.window import EMPTY
from synack.context.counters import Counters, Rise, rise
from synack.context.tcpdump import TcpdumpLog
from synack.diagnosis.evidence import Case
from synack.diagnosis.rules import findings
from synack.errors import Damage, InputError, UnknownInput
from synack.handshake.match import Matched, match
from synack.handshake.outcome import judge
from synack.handshake.vantage import Vantage, named_addresses
from synack.incident import Incident, Source, collect, rotation, whose
from synack.model import Capture, CaptureFile, Finding, Progress
from synack.neighbors.entry import NeighborDump
from synack.neighbors.stamps import stamp_in_name
from synack.neighbors.timeline import entries_of
from synack.recognize import FoundCapture, recognize
from synack.tables import CLAIMS, ENTRIES, NO_TIME, SEGMENTS, TUNNELS, Table
from synack.wording import iso_time

DISORDER_NS = 1_000_000
"""Smaller steps back in time are normal: the kernel stamps on several processors."""


@dataclass
class Loaded:
    """What the files held."""

    incident: Incident
    captures: list[Capture] = field(default_factory=list)
    files: list[CaptureFile] = field(default_factory=list)
    """All capture files; segments and claims refer to them by row."""
    segments: Table = field(default_factory=lambda: Table.empty(SEGMENTS))
    claims: Table = field(default_factory=lambda: Table.empty(CLAIMS))
    tunnels: Table = field(default_factory=lambda: Table.empty(TUNNELS))
    """The outer of those segments that came through a tunnel."""
    dumps: list[tuple[Source, NeighborDump]] = field(default_factory=list)
    counters: list[tuple[Source, Counters]] = field(default_factory=list)
    logs: list[tuple[Source, TcpdumpLog]] = field(default_factory=list)
    errors: list[Damage] = field(default_factory=list)
    """Inputs of which nothing could be read."""
    unknown: list[Damage] = field(default_factory=list)
    """Files of a folder that are nothing synack knows."""
    warnings: list[str] = field(default_factory=list)


@dataclass
class Diagnosed:
    """A diagnosis in tables of integers; :class:`synack.api.Diagnosis` shows it."""

    loaded: Loaded
    matched: Matched
    attempts: Table
    entries: Table
    findings: list[Finding]


def load(paths: Sequence[str], progress: Progress | None = None) -> Loaded:
    """Read every file behind ``paths``, telling ``progress`` how far it is. What cannot be
    read is in ``errors``, never raised, except a wrong ``incident.toml``
    (:class:`InputError`) and no path at all."""
    loaded = Loaded(collect(paths))
    loaded.errors = list(loaded.incident.errors)
    loaded.warnings = list(loaded.incident.warnings)
    found: list[tuple[Source, FoundCapture]] = []
    for source in loaded.incident.sources:
        try:
            content = recognize(source.path)
        except UnknownInput as error:
            (loaded.errors if source.must_be_read else loaded.unknown).append(error.damage)
            continue
        except InputError as error:
            # An empty log in a folder is no failure; an empty capture is.
            harmless = error.damage.reason == EMPTY and not source.must_be_read
            (loaded.unknown if harmless else loaded.errors).append(error.damage)
            continue
        if isinstance(content, FoundCapture):
            found.append((source, content))
        elif isinstance(content, NeighborDump):
            loaded.dumps.append((source, content))
        elif isinstance(content, TcpdumpLog):
            loaded.logs.append((source, content))
        else:
            loaded.counters.append((source, content))
    _read_captures(loaded, found, progress)
    _note_drops(loaded)
    for capture in loaded.captures:
        capture.warnings += _warnings(capture)
    return loaded


def run(loaded: Loaded) -> Diagnosed:
    """Match, judge and diagnose what was loaded."""
    rises = _rises(loaded)
    vantages = [_vantage(loaded, capture, rises) for capture in loaded.captures]
    matched = match(loaded.captures, vantages, loaded.segments, loaded.incident.clock_offsets)
    attempts = judge(matched)
    entries = _entries(loaded, matched)
    by_host = {host: r for host, r in rises.items() if r is not None}
    loaded.warnings += _strangers(matched, entries)
    case = Case(matched, attempts, loaded.claims, entries, loaded.files, by_host)
    return Diagnosed(loaded, matched, attempts, entries, findings(case))


# ---- captures -----------------------------------------------------------------------------


def _read_captures(
    loaded: Loaded, found: list[tuple[Source, FoundCapture]], progress: Progress | None
) -> None:
    """Read all sets, side by side where the scan is compiled and releases the interpreter."""
    plans: list[_Plan] = []
    files = 0
    for members in _rotated_sets(found):
        plans.append(_Plan(len(plans), files, members))
        files += len(members)
    workers = min(len(plans), os.cpu_count() or 1) if COMPILED else 1
    with ThreadPoolExecutor(max(workers, 1), "synack-capture") as executor:
        done = list(executor.map(lambda plan: _read_set(plan, progress), plans))
    for result in done:
        loaded.captures.append(result.capture)
        loaded.files += result.capture.files
        loaded.errors += result.errors
    loaded.segments = Table.concat(SEGMENTS, [r.segments for r in done])
    loaded.claims = Table.concat(CLAIMS, [r.claims for r in done])
    loaded.tunnels = Table.concat(TUNNELS, [r.tunnels for r in done])


class _Plan(NamedTuple):
    """A set to read: its number, the number of its first file, its members in order."""

    capture: int
    file: int
    members: list[tuple[Source, FoundCapture]]


class _Read(NamedTuple):
    capture: Capture
    segments: Table
    claims: Table
    tunnels: Table
    errors: list[Damage]


def _read_set(plan: _Plan, progress: Progress | None) -> _Read:
    source = plan.members[0][0]
    collector = Collector(plan.capture, progress=progress)
    capture = Capture(source.host, source.interface, [])
    errors = []
    for number, (member, content) in enumerate(plan.members, plan.file):
        try:
            with content.reader or open_capture(member.path) as reader:
                capture.files.append(collector.read(number, reader))
        except InputError as error:  # It was there a moment ago.
            errors.append(error.damage)
            capture.files.append(CaptureFile(member.path, damage=error.damage))
    capture.gaps = _missing_files(plan.members, capture)
    return _Read(capture, *collector.tables(), collector.tunnels(), errors)


def _note_drops(loaded: Loaded) -> None:
    """tcpdump's own counts belong to the capture of the same host and interface, unless
    the file has counters of its own."""
    for source, log in loaded.logs:
        interface = source.interface or log.interface
        for capture in loaded.captures:
            same = capture.host == source.host and capture.interface in ("", interface)
            if same and log.dropped is not None and capture.dropped is None:
                capture.files[0].dropped = log.dropped


def _rotated_sets(
    found: list[tuple[Source, FoundCapture]],
) -> list[list[tuple[Source, FoundCapture]]]:
    """Captures that are one, cut into files: same folder, host and name but for the number.
    Each in order of time, whatever the order of the numbers (a ring starts anywhere)."""
    sets: dict[tuple[str, ...], list[tuple[Source, FoundCapture]]] = {}
    for source, content in found:
        path = Path(source.path)
        name, number = rotation(path.name)
        single = "" if number is not None or name != path.name else source.path
        key = (str(path.parent), source.host, source.interface, name, single)
        sets.setdefault(key, []).append((source, content))
    for members in sets.values():
        members.sort(key=lambda m: (m[1].first, rotation(Path(m[0].path).name)[1] or 0))
    return list(sets.values())


def _missing_files(
    members: list[tuple[Source, FoundCapture]], capture: Capture
) -> list[tuple[int, int]]:
    """Times not covered because a number of the set is missing between two files."""
    gaps = []
    numbers = [rotation(Path(source.path).name)[1] for source, _ in members]
    for place in range(1, len(members)):
        before, after = numbers[place - 1], numbers[place]
        end, begin = capture.files[place - 1].last, capture.files[place].first
        if before is None or after is None or end is None or begin is None:
            continue
        between = sum(number is not None and before < number < after for number in numbers)
        if after > before + 1 + between:  # a file without packets is in no order
            gaps.append((end, begin))
    return gaps


def _warnings(capture: Capture) -> list[str]:
    says = []
    for file in capture.files:
        if file.damage is not None:
            says.append(str(file.damage))
        if file.counts["damaged"]:
            first = file.bad[0].reason if file.bad else ""
            says.append(f"{file.path}: {file.counts['damaged']} damaged frames; first: {first}")
        strange = [t for t in file.link_types if t.startswith("link type")]
        if strange:
            says.append(
                f"{file.path}: {', '.join(strange)} is not understood:"
                f" {file.counts['not-understood']} of {file.packets} packets were not read"
            )
        if file.backwards_by > DISORDER_NS:
            says.append(
                f"{file.path}: time goes backwards {file.backwards} times,"
                f" by up to {file.backwards_by / 1e9:.3f} s"
            )
        if file.dropped:
            says.append(f"{file.path}: {file.dropped} packets were dropped while capturing")
        if not file.packets and file.damage is None:
            says.append(f"{file.path}: holds no packet")
    for begin, end in capture.gaps:
        says.append(f"{capture.host}: a rotated file is missing, {(end - begin) / 1e9:.3f} s long")
    return says


def _vantage(loaded: Loaded, capture: Capture, rises: dict[str, Rise | None]) -> Vantage:
    named = named_addresses(capture.host) | loaded.incident.addresses.get(capture.host, set())
    found = rises.get(capture.host)
    return Vantage(capture.host, frozenset(named), role=found.role if found else 0)


# ---- dumps --------------------------------------------------------------------------------


def _entries(loaded: Loaded, matched: Matched) -> Table:
    own, peers = _own_and_peers(matched)
    tables = []
    for source, dump in loaded.dumps:
        addresses = {entry.ip for entry in dump.entries}
        host = (
            source.host
            if source.host_given
            else whose(source.host, source.host_from_folder, addresses, own, peers)
        )
        at, weak = _taken_at(source)
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


def _strangers(matched: Matched, entries: Table) -> list[str]:
    """Captures and tables that have nothing to do with the others."""
    says = []
    own, peers = _own_and_peers(matched)
    host_of = matched.host_of_capture[matched.sightings["capture"]]
    seen = {h: set(matched.identity[host_of == h].tolist()) for h in range(len(matched.hosts))}
    for host, attempts in seen.items():
        others = set().union(*(a for h, a in seen.items() if h != host))
        if others and attempts and not attempts & others:
            says.append(
                f"{matched.hosts[host]}: none of its {len(attempts)} attempts is in any other"
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


def _covers(matched: Matched, host: int) -> str:
    captures = [
        c for c, h in zip(matched.captures, matched.host_of_capture, strict=True) if h == host
    ]
    first = min((c.first for c in captures if c.first is not None), default=None)
    last = max((c.last for c in captures if c.last is not None), default=None)
    if first is None or last is None:
        return "no packets"
    return f"{iso_time(first)[:19]} to {iso_time(last)[:19]}"


def _own_and_peers(
    matched: Matched,
) -> tuple[dict[str, set[tuple[int, int]]], dict[str, set[tuple[int, int]]]]:
    """Per host its own addresses, and the others in its captures."""
    own: dict[str, set[tuple[int, int]]] = {host: set() for host in matched.hosts}
    peers: dict[str, set[tuple[int, int]]] = {host: set() for host in matched.hosts}
    for vantage in matched.vantages:
        own[vantage.host] |= vantage.addresses
    s = matched.sightings
    for capture, vantage in enumerate(matched.vantages):
        mine = s["capture"] == capture
        for end in ("client", "server"):
            pairs = np.unique(
                np.stack([s[f"{end}_hi"][mine], s[f"{end}_lo"][mine]], axis=1), axis=0
            )
            peers[vantage.host] |= {(high, low) for high, low in pairs.tolist()}
    for host in matched.hosts:
        peers[host] -= own[host]
    return own, peers


def _taken_at(source: Source) -> tuple[int, bool]:
    """When a dump was taken, and whether that is only its file's time of change."""
    if source.at is not None:
        return source.at, False
    stamp = stamp_in_name(Path(source.path).name)
    if stamp is not None:
        return stamp, False
    try:
        return Path(source.path).stat().st_mtime_ns, True
    except OSError:
        return NO_TIME, True


def _rises(loaded: Loaded) -> dict[str, Rise | None]:
    """Counter rises by host. A dump whose name fits no captured host is the only captured
    host's, if there is but one."""
    hosts = {capture.host for capture in loaded.captures}
    by_host: dict[str, list[tuple[str, Counters]]] = {}
    for source, counters in loaded.counters:
        host = (
            source.host
            if source.host_given
            else whose(
                source.host, source.host_from_folder, set(), {name: set() for name in hosts}, {}
            )
        )
        if host not in hosts and len(hosts) == 1:
            host = next(iter(hosts))
        by_host.setdefault(host, []).append((source.path, counters))
    return {host: rise(dumps) for host, dumps in by_host.items()}
