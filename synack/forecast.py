"""What garbage collection will do with the neighbor tables of an incident, with the settings
in force and with others: joins tables (:mod:`synack.neighbors`) and settings
(:mod:`synack.context`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from synack.addresses import format_ip, format_mac
from synack.errors import UsageError
from synack.model import Source
from synack.neighbors.collection import (
    Arrivals,
    Collisions,
    Fate,
    Lifetime,
    Snapshot,
    collisions,
    fates,
    lifetimes,
    worst_outage,
)
from synack.neighbors.kernel import NEVER, Parameters, Thresholds, Version
from synack.pipeline import Diagnosed
from synack.stamps import SECOND
from synack.tables import NO_TIME, SETTINGS, Array, Table

_FAMILIES = {"IPv4": "ipv4", "IPv6": "ipv6"}
_MS = SECOND // 1000
_USER_HZ = SECOND // 100
"""Some times are in hundredths of a second, whatever HZ is (USER_HZ)."""

_TIMES = {
    "base_reachable_time_ms": ("base_reachable", _MS),
    "delay_first_probe_time": ("delay_first_probe", SECOND),
    "retrans_time_ms": ("retrans", _MS),
    "gc_stale_time": ("gc_stale", SECOND),
    "locktime": ("locktime", _USER_HZ),
}
_COUNTS = ("ucast_solicit", "app_solicit", "mcast_solicit", "mcast_resolicit")
_THRESHOLDS = ("gc_thresh1", "gc_thresh2", "gc_thresh3")
_OLD = "base_reachable_time"
"""In seconds; the same setting as base_reachable_time_ms."""
_LINUX = frozenset(
    (
        "ip neigh", "ip -s neigh", "ip -j neigh", "ip -j -s neigh", "ip -br neigh", "arp -n",
        "arp -an", "arp -a", "/proc/net/arp", "ip monitor neigh", "ip -j monitor neigh",
        "ip -t monitor neigh", "ip -ts monitor neigh", "ip monitor all", "ip -ts monitor all",
    )
)  # fmt: skip
"""Formats of a dump whose entries this kernel's rules hold for."""

_KNOWN = (*_TIMES, _OLD, *_COUNTS, *_THRESHOLDS, "gc_interval")
_LARGEST = 2**31 - 1
_NAME = re.compile(r"net\.(ipv4|ipv6)\.neigh\.([^.]{1,40})\.(\w{1,40})")

Proposal = Mapping[str, int]
"""Settings by name that differ from those in force."""


def proposal(text: str) -> dict[str, int]:
    """``NAME=VALUE[,NAME=VALUE...]`` as ``--set`` takes it."""
    wanted = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        found = _NAME.fullmatch(name)
        if found is None or found[3] not in _KNOWN:
            raise UsageError(
                f"--set {name or text!r}: not a setting of the neighbor table; there are"
                f" net.ipv4.neigh.default.gc_thresh1 and, for default or an interface, in ipv4"
                f" or ipv6: {', '.join(_KNOWN)}"
            )
        if found[3] in (*_THRESHOLDS, "gc_interval") and found[2] != "default":
            raise UsageError(f"--set {name}: {found[3]} exists for default only")
        if not equals or not (value.isascii() and value.isdecimal()) or len(value) > 10:
            raise UsageError(f"--set {name}={value}: not a number from 0 to {_LARGEST}")
        if int(value) > _LARGEST:
            raise UsageError(f"--set {name}={value}: not a number from 0 to {_LARGEST}")
        if found[3] == _OLD:
            wanted[f"{name}_ms"] = min(int(value) * 1000, _LARGEST)
        else:
            wanted[name] = int(value)
    return wanted


@dataclass(frozen=True)
class Scenario:
    """What happens to one table with one set of settings. ``runs``: whether the periodic
    collection looks at a table of this size; None: not known for this kernel."""

    title: str
    changes: Proposal
    thresholds: Thresholds
    runs: bool | None
    fates: list[Fate]
    lives: list[Lifetime]
    collisions: Collisions | None

    def deleted(self) -> int:
        """How many entries are deleted for certain."""
        return sum(fate.certain for fate in self.fates)

    def perhaps(self) -> int:
        """How many more may be."""
        return sum(fate.possible and not fate.certain for fate in self.fates)


@dataclass
class Forecast:
    """One table: of one host, IPv4 or IPv6. ``assumed``: what the files do not say, and was
    taken to be. ``notes``: statements with their sources."""

    host: str
    family: str
    file: str
    at: int | None
    release: str
    entries: list[Snapshot]
    scenarios: list[Scenario] = field(default_factory=list)
    outage: int = 0
    settings: list[Source] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def forecasts(
    done: Diagnosed,
    proposals: Sequence[Proposal] = (),
    release: str = "",
    arrivals: Arrivals | None = None,
) -> list[Forecast]:
    """One for the last table of each host and address family, in order of hosts."""
    result = []
    e = done.entries
    for host, family, rows in _last_tables(done):
        entries = _each_once(
            Snapshot(
                format_ip(int(e["ip_hi"][r]), int(e["ip_lo"][r])), e["interface"][r],
                format_mac(int(e["mac"][r])), e["state"][r], e["flags"][r], int(e["used_s"][r]),
                int(e["confirmed_s"][r]), int(e["updated_s"][r]), int(e["line"][r]),
            )
            for r in rows.tolist()
        )  # fmt: skip
        at = int(e["at"][rows[0]])
        forecast = Forecast(
            host, family, e["file"][rows[0]], None if at == NO_TIME else at, "", entries
        )
        _fill(forecast, _settings_of(done, host, at), proposals, release, arrivals)
        result.append(forecast)
    return result


def _each_once(rows: Iterable[Snapshot]) -> list[Snapshot]:
    """A file may show a table twice (ip neigh, then arp -n; a loop without dates): the later
    row of an address counts, unless only the earlier has ages."""
    kept: dict[tuple[str, str], Snapshot] = {}
    for row in rows:
        before = kept.get((row.interface, row.ip))
        if before is None or row.used_s >= 0 or before.used_s < 0:
            kept[row.interface, row.ip] = row
    return list(kept.values())


def _last_tables(done: Diagnosed) -> list[tuple[str, str, Array]]:
    """(host, family, rows): what the last dump of a host holds, without monitor events. Tables
    of other systems than Linux are left out, with a warning."""
    e = done.entries
    found = []
    v4 = (e["ip_hi"] == 0) & (e["ip_lo"] >> np.uint64(32) == 0xFFFF)
    linux = np.array([_LINUX.issuperset(f.split(", ")) for f in e["format"]], bool)
    others = dict.fromkeys(zip(e["file"][~linux], e["format"][~linux], strict=True))
    done.loaded.warnings += [
        f"{file}: {what} is not a table of Linux, or lists another host's: left out"
        for file, what in others
    ]
    for host in sorted(set(e["host"].tolist())):
        for family, of_family in (("IPv4", v4), ("IPv6", ~v4)):
            rows = np.flatnonzero((e["host"] == host) & of_family & linux & ~e["event"])
            if not len(rows):
                continue
            last = e["at"][rows].max()
            rows = rows[e["at"][rows] == last]
            # Two dumps of the same moment: the one that is named last.
            rows = rows[e["file"][rows] == e["file"][rows[-1]]]
            found.append((host, family, rows))
    return found


def _settings_of(done: Diagnosed, host: str, at: int) -> Table:
    """Rows of :data:`SETTINGS` of ``host``, or of nobody where they can only be its. What
    holds for a table of the time ``at`` is last: the last dump at or before then, else the
    first after, else one without a time."""
    settings = done.loaded.context(SETTINGS)
    alone = len({h for h in done.entries["host"].tolist() if h}) <= 1
    mine = [
        name.lower() == host.lower() or (alone and not (name and host))
        for name in settings["host"].tolist()
    ]
    rows = np.flatnonzero(mine)
    time = settings["at"][rows]
    after = (time > at) & (at != NO_TIME)
    rank = np.where(time == NO_TIME, 0, np.where(after, 1, 2))
    return settings.take(rows[np.lexsort((np.where(after, -time, time), rank))])


def _number(text: str) -> int | None:
    """The value as an integer that 64 bits hold, None when it is none."""
    digits = text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
        return None
    return int(text)


class _Values:
    """Settings of one host and family: given, changed by a proposal, or the kernel's own."""

    def __init__(self, family: str, given: Table, changes: Proposal) -> None:
        self.prefix = f"net.{_FAMILIES[family]}.neigh"
        self.family = family
        self.changes = changes
        self.given: dict[str, tuple[int, Source]] = {}
        self.bad: list[str] = []
        undated: dict[str, tuple[int, str]] = {}
        doubts: dict[str, str] = {}
        columns = (given[name].tolist() for name in ("name", "value", "at", "file", "line"))
        for name, text, at, file, line in zip(*columns, strict=True):
            if not name.startswith(f"{self.prefix}.") or name.rpartition(".")[2] not in _KNOWN:
                continue
            value, source = _number(text), Source(file, line=line)
            if value is None or not 0 <= value <= _LARGEST:
                self.bad.append(f"{file}, line {line}: {name} has no usable value")
            elif name.endswith(f".{_OLD}"):
                self.given.setdefault(f"{name}_ms", (value * 1000, source))
            else:
                self.given[name] = value, source
                before = undated.setdefault(name, (value, file))
                doubts.pop(name, None)  # what has a time comes after what has none
                if at == NO_TIME and before[0] != value:
                    doubts[name] = (
                        f"{file}, line {line}: {name} = {value}, but {before[0]} in {before[1]},"
                        " and no time tells which holds: the former is taken"
                    )
        self.bad += doubts.values()
        self.used: dict[str, Source] = {}
        self.missing: set[str] = set()

    def threshold(self, key: str) -> int:
        own: int = getattr(Thresholds(), key)
        return self._default(key, own, 1)

    def thresholds(self) -> Thresholds:
        base = Parameters().base_reachable
        return Thresholds(
            self.threshold("gc_thresh1"),
            self.threshold("gc_thresh2"),
            self.threshold("gc_thresh3"),
            self._default("base_reachable_time_ms", base, _MS),
        )

    def _default(self, key: str, own: int, unit: int) -> int:
        name = f"{self.prefix}.default.{key}"
        if name in self.changes:
            return self.changes[name] * unit
        if name in self.given:
            self.used[name] = self.given[name][1]
            return self.given[name][0] * unit
        self.missing.add(name)
        return own

    def parameters(self, interface: str) -> Parameters:
        values = {}
        for key in (*_TIMES, *_COUNTS):
            value = self._of_interface(interface.replace(".", "/"), key)
            field_name, unit = _TIMES.get(key, (key, 1))
            if value is not None and field_name not in values:
                values[field_name] = value * unit
        return Parameters()._replace(**values)  # type: ignore[arg-type]

    def _of_interface(self, interface: str, key: str) -> int | None:
        """neigh_copy_dflt_parms(): a new default goes to the interfaces that had the old one
        (those that were never set themselves)."""
        name, default = f"{self.prefix}.{interface}.{key}", f"{self.prefix}.default.{key}"
        own, common = self.given.get(name), self.given.get(default)
        if name in self.changes:
            return self.changes[name]
        inherits = own is None or common is None or own[0] == common[0]
        if default in self.changes and inherits:
            return self.changes[default]
        found = own or common
        if found is None:
            return None
        self.used[name if own else default] = found[1]
        return found[0]


def _fill(
    forecast: Forecast,
    given: Table,
    proposals: Sequence[Proposal],
    release: str,
    arrivals: Arrivals | None,
) -> None:
    releases = given["value"][given["name"] == "kernel.osrelease"].tolist()
    release = release or next(reversed(releases), "")
    version = Version.parse(release) if release else None
    if release and version is None:
        forecast.assumed.append(f"{release!r} is no kernel release: taken as the newest")
    elif version is None:
        forecast.assumed.append("the kernel's release is not in the files (uname -a) nor given by"
                                " --kernel: taken as the newest, 6.18")  # fmt: skip
    version = version or Version()
    forecast.release = release
    family = forecast.family
    zero = {f"net.{_FAMILIES[family]}.neigh.default.gc_thresh1": 0}
    values = _Values(family, given, {})
    wanted: list[tuple[str, Proposal]] = [("now", {})]
    if values.threshold("gc_thresh1"):
        wanted.append(("gc_thresh1=0", zero))
    for changes in proposals:
        mine = {n: v for n, v in changes.items() if n.startswith(f"{values.prefix}.")}
        if mine and mine not in [w for _, w in wanted]:
            wanted.append((_title(mine, values.prefix), mine))
    for title, changes in wanted:
        forecast.scenarios.append(
            _scenario(forecast.entries, title, _Values(family, given, changes), version, arrivals)
        )
    values.thresholds()
    interfaces = sorted({e.interface for e in forecast.entries})
    forecast.outage = max(worst_outage(values.parameters(i)) for i in interfaces)
    forecast.settings = list(values.used.values())
    forecast.assumed += values.bad
    forecast.assumed += _assumed(values)
    forecast.notes += _limits(forecast, version)
    forecast.notes += _manual(values, [name for changes in proposals for name in changes], forecast)


def _title(changes: Proposal, prefix: str) -> str:
    words = [f"{n.removeprefix(prefix + '.').removeprefix('default.')}={v}"
             for n, v in changes.items()]  # fmt: skip
    return ",".join(words)


def _scenario(
    entries: list[Snapshot],
    title: str,
    values: _Values,
    version: Version,
    arrivals: Arrivals | None,
) -> Scenario:
    thresholds = values.thresholds()
    parameters = {i: values.parameters(i) for i in {e.interface for e in entries}}
    found = fates(entries, thresholds, parameters.__getitem__, version)
    size = sum("proxy" not in e.flags.split() for e in entries)
    large = size >= thresholds.gc_thresh1
    runs = True if large or version.gated is False else (False if version.gated else None)
    lives: list[Lifetime] = []
    if arrivals is not None:
        for p in parameters.values():
            lives += lifetimes(size, thresholds, p, version, arrivals)
    met = collisions(lives, arrivals) if arrivals is not None else None
    return Scenario(title, values.changes, thresholds, runs, found, lives, met)


def _assumed(values: _Values) -> list[str]:
    """What is not in the files, in one sentence a kind."""
    says = []
    thresholds = [f"{values.prefix}.default.{key}" for key in _THRESHOLDS]
    absent = [name for name in thresholds if name in values.missing]
    if not values.given:
        says.append(f"no settings of {values.prefix} in the files (sysctl -a): the kernel's own"
                    " defaults are assumed, though distributions change them (Amazon Linux 2:"
                    " gc_thresh1 = 0)")  # fmt: skip
    elif absent:
        says.append(f"{', '.join(absent)}: not among the settings, the kernel's own default is"
                    " assumed; these exist in the initial network namespace only, a container"
                    " does not show them")  # fmt: skip
    return says


def _limits(forecast: Forecast, version: Version) -> list[str]:
    """What this table and this kernel do not let anyone say."""
    says = []
    stale = [e for e in forecast.entries if e.state in ("STALE", "REACHABLE", "NOARP")]
    blind = sum(e.used_s < 0 for e in stale)
    if blind:
        says.append(f"{blind} of {len(stale)} entries have no ages (ip -s neigh prints them):"
                    " they may have been idle for days or used a moment ago, so the first time"
                    " is the earliest possible and the last the latest")  # fmt: skip
    if any(s.runs is not True for s in forecast.scenarios):
        says.append("the kernel counts the entries of all network namespaces, and NOARP and"
                    " NONE ones that ip neigh hides (nud all shows the NOARP ones); this table"
                    " may be only a part of what gc_thresh1 is compared with")  # fmt: skip
    now = forecast.scenarios[0]
    exempt = ("permanent", "externally-learned", "proxy")
    counted = sum(f.reason not in exempt for f in now.fates)
    if counted >= now.thresholds.gc_thresh2:
        says.append(f"{counted} entries count for gc_thresh2 = {now.thresholds.gc_thresh2}: the"
                    " next new one starts a forced collection (neigh_forced_gc()), which takes"
                    " idle entries whatever their age, since 5.0 the oldest and none that"
                    " changed in the last 5 s; with gc_thresh3 ="
                    f" {now.thresholds.gc_thresh3} of them and nothing to take, new ones are"
                    " refused (neighbor table overflow)")  # fmt: skip
    if version.gated is None:
        says.append(f"whether kernel {version.release} compares with gc_thresh1 at all is not"
                    " known here: 2.6.37 did not, 3.10 does, RHEL 6 was changed in 2015"
                    )  # fmt: skip
    if version.shared_confirmation:
        says.append("kernels 3.6 to 4.10 let the ACKs of any host of the same network confirm a"
                    " wrong entry (dst->pending_confirm; fixed in 4.11): on a busy host it may"
                    " stay REACHABLE for ever, whatever gc_thresh1 is")  # fmt: skip
    if any(s.runs for s in forecast.scenarios):
        says.append("the work is deferrable: on an idle processor a run comes late")
    return says


_MANUAL = {
    "gc_interval": "man 7 arp calls gc_interval the pace of the collector. Nothing reads it:"
    " neigh_periodic_work() runs every default.base_reachable_time / 2 (net/core/neighbour.c)",
    "gc_stale_time": "man 7 arp says that a stale entry is resolved again before data is sent."
    " It is not: data goes to the old MAC for delay_first_probe_time and all unicast probes"
    " (__neigh_event_send()); gc_stale_time is the idle age for deletion",
    "gc_thresh1": "man 7 arp says that the collector does not run below gc_thresh1. Only the"
    " periodic deletion does not; the timers of entries run, and gc_thresh1 has nothing to do"
    " with checking an entry again (neigh_periodic_work(), neigh_timer_handler())",
    "gc_thresh2": "man 7 arp lets gc_thresh2 be exceeded for 5 s. It is looked at only when an"
    " entry is created; 5 s is the least time between two forced collections and, since 5.0,"
    " the least age of what they take (neigh_alloc(), neigh_forced_gc())",
}


def _manual(values: _Values, proposed: list[str], forecast: Forecast) -> list[str]:
    """Where the manual misleads about what was set, proposed, or is at work here."""
    keys = {name.rpartition(".")[2] for name in proposed}
    interval = values.given.get(f"{values.prefix}.default.gc_interval")
    if interval is not None and interval[0] != 30:
        keys.add("gc_interval")
    if any(scenario.runs is False for scenario in forecast.scenarios):
        keys.add("gc_thresh1")
    if any("neigh_forced_gc()" in note for note in forecast.notes):
        keys.add("gc_thresh2")
    return [text for key, text in _MANUAL.items() if key in keys]


def seconds(time: int) -> float | None:
    """For JSON; None is never."""
    return None if time >= NEVER else round(time / SECOND, 3)
