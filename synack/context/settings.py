"""Settings of a kernel: ``sysctl -a``, listings of ``/proc/sys``, and its release.

``uname -a`` and ``/proc/version`` become the setting ``kernel.osrelease``, as sysctl calls
it; ``btime`` of ``/proc/stat``, seconds since 1970, keeps its name, and what ``uptime -s``
prints below a prompt gets it. A configuration file (``sysctl.conf``: it has
comments) says what someone wished, not what is in force, and is none.
"""

from __future__ import annotations

import re

from synack.context.reading import Reading, Rows, command, numbered
from synack.stamps import SECOND, parse_stamp
from synack.tables import SETTINGS, Table

_SYSCTL = re.compile(
    r"((?:net|kernel|vm|fs|dev|user|debug|abi|crypto|sunrpc)[./][\w./*@:%+-]{1,200}?)"
    r" ?= ?(.{0,1000})"
)
_PROC = re.compile(r"(?:==> )?/proc/sys/([\w./*@:%+-]{1,200}?)(?: <==|:(.{0,1000})|)")
_UNAME = re.compile(r"Linux \S{1,255} (\d{1,3}\.\d{1,5}\S{0,100}) #\d")
_VERSION = re.compile(r"Linux version (\d{1,3}\.\d{1,5}\S{0,100}) \(")
_BTIME = re.compile(r"btime (\d{9,10})")
_STAT = re.compile(r"(?:cpu\d* |intr |ctxt |processes |procs_\w+ |softirq ) *\d")
_COMMENT = re.compile(r"[#;](?![#>]| ?\d)\s*\S")
_TYPED = re.compile(
    r"(?:sudo |/sbin/|/usr/sbin/)*(?:sysctl|uname|cat|grep|head|tail|date|ip|ss|for)\b"
)
_RELEASE = re.compile(r"(\d{1,5})\.(\d{1,5})(?:\.(\d{1,5}))?")


def read_settings(path: str, text: str) -> Reading | None:
    """The settings in ``text``, None when there are none or they are a configuration's."""
    words = "net.", "/proc/sys/", "Linux ", "btime ", "kernel.", "net/ipv", "uptime -s"
    if not any(word in text for word in words):
        return None
    rows, pending, comments, typed, booting = Rows(path, SETTINGS), "", False, False, False
    release = False
    for number, line in numbered(text):
        line = line.strip()  # noqa: PLW2901
        found = _setting(line)
        if found is None and pending and not (rows.date(line) or command(line)):
            found = pending, line
        pending = ""
        if found is not None and found[1] is None:
            pending = found[0]
            rows.lines += 1
        elif found is not None:
            rows.add(number, *found)
            release = found[0] == "kernel.osrelease"
        elif booting and (stamp := parse_stamp(line)) is not None:
            rows.add(number, "btime", str(stamp[0] // SECOND))
            booting = False
            if not stamp[1]:
                rows.local()
        elif _STAT.match(line):
            rows.lines += 1
        elif not rows.date(line):
            booting = command(line).endswith("uptime -s")
            announced = booting or bool(_TYPED.match(command(line)))
            typed |= announced
            comments |= not announced and bool(_COMMENT.match(line))
    if comments and not typed:
        return None
    return rows.reading("kernel release" if release and len(rows) == 1 else "sysctl")


def _setting(line: str) -> tuple[str, str | None] | None:
    """Name and value on a line; a value that is on the next is None."""
    if (found := _SYSCTL.fullmatch(line)) is not None:
        return sysctl_name(found[1]), found[2].strip()
    if (found := _PROC.fullmatch(line)) is not None:
        return sysctl_name(found[1]), found[2] if found[2] is None else found[2].strip()
    if (found := _UNAME.match(line) or _VERSION.match(line)) is not None:
        return "kernel.osrelease", found[1]
    if (found := _BTIME.fullmatch(line)) is not None:
        return "btime", found[1]
    return None


def sysctl_name(name: str) -> str:
    """The name with dots: ``net/ipv4/neigh/eth0.100/gc_stale_time`` is
    ``net.ipv4.neigh.eth0/100.gc_stale_time``, as sysctl prints it."""
    if "/" not in name or "." in name.partition("/")[0]:
        return name
    return name.strip("/").translate({ord("/"): ".", ord("."): "/"})


def kernel_version(release: str) -> tuple[int, int, int] | None:
    """``6.18.44-fc-v445`` is (6, 18, 44); None without two numbers at the beginning."""
    found = _RELEASE.match(release)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def boot_times(settings: Table) -> dict[str, int]:
    """When each host was started, ns since 1970 UTC, of rows of :data:`SETTINGS`."""
    booted = settings.take(settings["name"] == "btime")
    return {
        host: int(value) * SECOND
        for host, value in zip(booted["host"], booted["value"], strict=True)
    }


def kernel_versions(settings: Table) -> dict[str, tuple[int, int, int]]:
    """Kernel version by host, of rows of :data:`SETTINGS`."""
    release = settings.take(settings["name"] == "kernel.osrelease")
    versions = zip(release["host"], map(kernel_version, release["value"]), strict=True)
    return {host: version for host, version in versions if version is not None}
