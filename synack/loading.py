"""From paths to tables: every file recognised and read, captures side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from synack.aliases import one_name_each
from synack.capture.reader import open_capture
from synack.capture.scan import COMPILED
from synack.capture.segments import Collector
from synack.capture.window import EMPTY
from synack.context.counters import Counters, as_counters
from synack.context.hosts import Hosts
from synack.context.kernel_log import dated
from synack.context.reading import Reading
from synack.context.settings import boot_times
from synack.context.tcpdump import TcpdumpLog
from synack.copies import without_copies
from synack.errors import Damage, InputError, UnknownInput
from synack.handshake.vantage import named_addresses
from synack.incident.collect import collect
from synack.incident.names import rotation
from synack.incident.sources import Incident, Source, taken_at
from synack.model import Capture, CaptureFile, Progress
from synack.neighbors.entry import NeighborDump
from synack.neighbors.names import resolve
from synack.overlap import unite
from synack.recognize import Dump, FoundCapture, Several, recognize
from synack.tables import (
    CLAIMS,
    COUNTERS,
    KERNEL_EVENTS,
    NO_TIME,
    SEGMENTS,
    SETTINGS,
    TUNNELS,
    Schema,
    Table,
    end_to_end,
)
from synack.together import processors

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
    readings: list[tuple[Source, Reading]] = field(default_factory=list)
    """What hosts say of themselves, as read; :meth:`context` joins those of one kind."""
    counters: list[tuple[Source, Counters]] = field(default_factory=list)
    """The counters of whole hosts among them."""
    logs: list[tuple[Source, TcpdumpLog]] = field(default_factory=list)
    hosts_files: list[tuple[Source, Hosts]] = field(default_factory=list)
    errors: list[Damage] = field(default_factory=list)
    """Inputs of which nothing could be read."""
    unknown: list[Damage] = field(default_factory=list)
    """Files of a folder that are nothing synack knows."""
    warnings: list[str] = field(default_factory=list)

    def context(
        self,
        schema: Schema,
        host_of: Callable[[Source, Table], str] = lambda source, _: source.host,
    ) -> Table:
        """The rows of one kind from all files: SOCKETS, COUNTERS, KERNEL_EVENTS, SETTINGS, OWN,
        ROUTES, OWNERS, FLOWS or APPLICATION_EVENTS. The host is the file's, by its name or by
        ``host_of``; the time is what the file says, else when it was taken, if anything but
        its time of change tells; of the kernel's log, since boot, if any file tells when that
        was."""
        table = Table.concat(
            schema,
            [
                _placed(source, host_of(source, r.table), r.table)
                for source, r in self.readings
                if r.table.schema is schema
            ],
        )
        if schema is KERNEL_EVENTS:
            table = dated(table, boot_times(self.context(SETTINGS, host_of)))
        return table

    @property
    def not_understood(self) -> list[str]:
        """Captures that hold packets, and none of a link type that is read."""
        return [
            f"{file.path}: {', '.join(file.link_types)} is not understood"
            for capture in self.captures
            if capture.packets and not any(f.understood for f in capture.files)
            for file in capture.files
        ]


def _placed(source: Source, host: str, table: Table) -> Table:
    columns = dict(table.columns)
    if "host" in columns:
        columns["host"] = np.where(columns["host"] == "", host, columns["host"])
    at, weak = taken_at(source)
    if "at" in columns and not weak and "since_boot_ns" not in columns and "zoned" not in columns:
        columns["at"] = np.where(columns["at"] == NO_TIME, at, columns["at"])
    return Table(table.schema, columns)


def load(
    paths: Sequence[str], progress: Progress | None = None, *, counts_only: bool = False
) -> Loaded:
    """Read every file behind ``paths``, telling ``progress`` how far it is. What cannot be
    read is in ``errors``, never raised, except a wrong ``incident.toml``
    (:class:`InputError`) and no path at all. ``counts_only``: leave the tables of segments,
    claims and tunnels empty, which takes less time and no memory."""
    loaded = Loaded(collect(paths))
    loaded.errors = list(loaded.incident.errors)
    loaded.warnings = list(loaded.incident.warnings)
    try:
        _read_all(loaded, progress, counts_only)
    finally:
        loaded.incident.close()
    return loaded


def _read_all(loaded: Loaded, progress: Progress | None, counts_only: bool) -> None:
    found: list[tuple[Source, FoundCapture]] = []
    # By path, so that the order of the arguments decides nothing.
    for source in sorted(loaded.incident.sources, key=lambda source: source.path):
        try:
            content = recognize(source.path, source.place)
        except UnknownInput as error:
            (loaded.errors if source.must_be_read else loaded.unknown).append(error.damage)
            continue
        except InputError as error:
            # An empty log in a folder is no failure; an empty capture is.
            harmless = error.damage.reason == EMPTY and not source.must_be_read
            (loaded.unknown if harmless else loaded.errors).append(error.damage)
            continue
        if isinstance(content, FoundCapture):
            if content.annotated and not source.explicit:
                reason = "written by synack annotate: its frames are those of other captures"
                loaded.unknown.append(Damage(source.path, reason))
            else:
                found.append((source, content))
            continue
        for part in content.parts if isinstance(content, Several) else [content]:
            _keep(loaded, source, part)
    resolve(
        [(source.path, dump) for source, dump in loaded.dumps],
        [hosts for _, hosts in loaded.hosts_files],
    )
    found, copies = without_copies(found)
    loaded.warnings += copies
    _read_captures(loaded, found, progress, counts_only)
    _name_once(loaded)
    _note_drops(loaded)
    loaded.captures, loaded.segments, loaded.claims, loaded.tunnels = unite(
        loaded.captures, loaded.segments, loaded.claims, loaded.tunnels
    )
    for capture in loaded.captures:
        capture.warnings += _warnings(capture)


def _keep(loaded: Loaded, source: Source, part: Dump) -> None:
    if isinstance(part, NeighborDump):
        loaded.dumps.append((source, part))
    elif isinstance(part, TcpdumpLog):
        loaded.logs.append((source, part))
    elif isinstance(part, Hosts):
        loaded.hosts_files.append((source, part))
    else:
        loaded.readings.append((source, part))
        loaded.warnings += part.warnings + [str(damage) for damage in part.unread[:_NAMED]]
        if len(part.unread) > _NAMED:
            loaded.warnings.append(f"{source.path}: {len(part.unread) - _NAMED} more unread lines")
        if part.local_time:
            loaded.warnings.append(
                f"{source.path}: its times are local without a zone, and were read as UTC"
            )
        if part.table.schema is COUNTERS and (counters := as_counters(part.table)):
            loaded.counters.append((source, counters))


_NAMED = 5
"""So many unread lines of a file are named."""


def _read_captures(
    loaded: Loaded,
    found: list[tuple[Source, FoundCapture]],
    progress: Progress | None,
    counts_only: bool,
) -> None:
    """Read all sets, side by side where the scan is compiled and releases the interpreter;
    where there are fewer of them than processors, their files in parts."""
    plans: list[_Plan] = []
    files = 0
    for members in _rotated_sets(found):
        plans.append(_Plan(len(plans), files, members))
        files += len(members)
    threads = processors() if COMPILED else 1
    workers = max(min(len(plans), threads), 1)

    def read(plan: _Plan) -> _Read:
        collector = Collector(
            plan.capture,
            counts_only=counts_only,
            parts=threads // workers,
            progress=progress,
        )
        return _read_set(plan, collector)

    with ThreadPoolExecutor(workers, "synack-capture") as executor:
        done = list(executor.map(read, plans))
    for result in done:
        loaded.captures.append(result.capture)
        loaded.files += result.capture.files
        loaded.errors += result.errors
    loaded.segments = _joined(SEGMENTS, [r.segments for r in done])
    loaded.claims = _joined(CLAIMS, [r.claims for r in done])
    loaded.tunnels = _joined(TUNNELS, [r.tunnels for r in done])


def _joined(schema: Schema, tables: list[Table]) -> Table:
    """The rows of all. The tables are used up: only one column at a time is there twice."""
    if len(tables) < 2:
        return Table.concat(schema, tables)
    columns = {
        name: end_to_end([table.columns.pop(name) for table in tables]) for name in schema.dtypes
    }
    return Table(schema, columns)


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


def _read_set(plan: _Plan, collector: Collector) -> _Read:
    source = plan.members[0][0]
    capture = Capture(source.host, source.interface, [])
    errors = []
    for number, (member, content) in enumerate(plan.members, plan.file):
        try:
            with content.reader or open_capture(
                member.place or member.path, name=member.path
            ) as reader:
                capture.files.append(collector.read(number, reader))
        except InputError as error:  # It was there a moment ago.
            errors.append(error.damage)
            capture.files.append(CaptureFile(member.path, damage=error.damage))
    capture.gaps = _missing_files(plan.members, capture)
    for begin, end in capture.gaps:
        long = f"{(end - begin) / 1e9:.3f} s long"
        capture.warnings.append(f"{capture.host}: a rotated file is missing, {long}")
    return _Read(capture, *collector.tables(), collector.tunnels(), errors)


def _name_once(loaded: Loaded) -> None:
    """Names that turn out to be one host's are one from here on, also of its dumps."""
    incident = loaded.incident
    given = {source.host for source in incident.sources if source.host_given}
    given |= {*incident.addresses, *incident.clock_offsets}
    renamed = one_name_each(loaded.captures, loaded.segments, given)
    loaded.warnings += renamed.says
    for old, name in renamed.names.items():
        incident.addresses.setdefault(name, set()).update(named_addresses(old))
    for capture in loaded.captures:
        capture.host = renamed.names.get(capture.host, capture.host)
    for source in incident.sources:
        source.host = renamed.names.get(source.host, source.host)


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
    return says
