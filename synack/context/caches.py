"""Counters of the neighbor caches: ``/proc/net/stat/arp_cache``, ``ndisc_cache`` and
``ip -s ntable``.

The files have one line for each processor, in hexadecimal; the lines are summed, but for
``entries``, which is the whole cache's on every line (net/core/neighbour.c,
neigh_stat_seq_show). Which of the two caches a file is of, only its name or ``ip`` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from synack.context.reading import Reading, Rows, command, numbered, whole
from synack.tables import COUNTERS, SETTINGS

CACHES = ("arp_cache", "ndisc_cache")

_HEAD = re.compile(r"entries +allocs +destroys +hash_grows +lookups +hits +res_failed\b.*")
_ROW = re.compile(r"[0-9a-f]{8,16}(?: +[0-9a-f]{8,16}){6,20}")
_TABLE = re.compile(r"inet6? (arp_cache|ndisc_cache)\s*")
_PAIR = re.compile(r"\b([a-z]\w{2,30}) (\d{1,20})\b")
_STATISTICS = frozenset(
    "entries allocs destroys hash_grows res_failed lookups hits rcv_probes_mcast"
    " rcv_probes_ucast periodic_gc_runs forced_gc_runs table_fulls".split()
)
_SETTINGS = {
    "thresh1": ("gc_thresh1", 1),
    "thresh2": ("gc_thresh2", 1),
    "thresh3": ("gc_thresh3", 1),
    "gc_int": ("gc_interval", 1000),
    "base_reachable": ("base_reachable_time_ms", 1),
    "retrans": ("retrans_time_ms", 1),
    "gc_stale": ("gc_stale_time", 1000),
    "delay_probe": ("delay_first_probe_time", 1000),
    "queue": ("unres_qlen", 1),
    "app_probes": ("app_solicit", 1),
    "ucast_probes": ("ucast_solicit", 1),
    "mcast_probes": ("mcast_solicit", 1),
    "locktime": ("locktime", 10),
}
"""Words of ``ip ntable`` (iproute2 ip/ipntable.c; times in ms) to the name in sysctl, and what
one unit of it is there: s, ms, or for locktime the tick of USER_HZ."""
_DEVICE = re.compile(r" +dev (\S{1,64}) *")
_TOP = 1 << 63


def read_cache_statistics(path: str, text: str) -> Reading | None:
    """The sums over all processors, at the line of the head; None when there are none."""
    if "hash_grows" not in text or "res_failed" not in text:
        return None
    rows, scope = Rows(path, COUNTERS), _cache_in(Path(path).name)
    head, names, sums, scopes = 0, list[str](), list[int](), set[str]()
    for number, line in [*numbered(text), (0, "")]:
        stripped = line.strip()
        if names and _ROW.fullmatch(stripped):
            values = [int(word, 16) for word in stripped.split()]
            if len(values) == len(names):
                sums = [a + b for a, b in zip(sums, values, strict=True)] if sums else values
                sums[0] = values[0]
                rows.lines += 1
            else:
                rows.unreadable(number, f"{len(values)} numbers below {len(names)} names")
            continue
        if sums and scope:
            scopes.add(scope)
        for name, value in zip(names, sums, strict=False):
            if value < _TOP:
                rows.add(head, scope, name, value, lines=0)
        head, names, sums = 0, [], []
        if _HEAD.fullmatch(stripped):
            head, names = number, stripped.split()
            rows.lines += 1
        elif line and not rows.date(line):
            scope = _cache_in(command(line)) or _cache_in(stripped) or scope
    named = " and ".join(sorted(scopes)) or "arp_cache or ndisc_cache"
    return rows.reading(f"/proc/net/stat/{named}")


def _cache_in(text: str) -> str:
    """The cache that a path or a command names."""
    return next((cache for cache in CACHES if cache in text[:200]), "")


def read_ntable(path: str, text: str) -> Reading | None:
    """The counters of ``ip -s ntable``, None when there are none."""
    rows = Rows(path, COUNTERS)
    for number, scope, device, name, value in _parameters(rows, text):
        if not device and name in _STATISTICS:
            rows.add(number, scope, name, value, lines=0)
    return rows.reading("ip -s ntable")


def read_ntable_settings(path: str, text: str) -> Reading | None:
    """The thresholds and times of ``ip ntable`` under the names and in the units of sysctl;
    None when there are none."""
    rows = Rows(path, SETTINGS)
    for number, scope, device, name, value in _parameters(rows, text):
        if name in _SETTINGS:
            family = "ipv4" if scope == "arp_cache" else "ipv6"
            known, unit = _SETTINGS[name]
            place = f"net.{family}.neigh.{(device or 'default').replace('.', '/')}.{known}"
            rows.add(number, place, str(value // unit), lines=0)
    return rows.reading("ip ntable")


def _parameters(rows: Rows, text: str) -> Iterator[tuple[int, str, str, str, int]]:
    """(line, cache, device or "", name, value) of everything printed of a cache or device;
    counts the lines and notes the dates in ``rows``."""
    if "inet arp_cache" not in text and "inet6 ndisc_cache" not in text:
        return
    scope = device = ""
    for number, line in numbered(text):
        if (table := _TABLE.fullmatch(line)) is not None:
            scope, device = table[1], ""
            rows.lines += 1
        elif scope and line[0] == " ":
            rows.lines += 1
            if (found := _DEVICE.fullmatch(line)) is not None:
                device = found[1]
            for name, digits in _PAIR.findall(line) if device != "*" else ():
                if (value := whole(digits)) is not None:
                    yield number, scope, device, name, value
        elif rows.date(line):
            scope = ""
