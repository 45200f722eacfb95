"""Settings of a kernel: ``sysctl -a``, listings of ``/proc/sys``, and its release.

``uname -a`` and ``/proc/version`` become the setting ``kernel.osrelease``, as sysctl calls
it; ``btime`` of ``/proc/stat`` keeps its name. A configuration file (``sysctl.conf``: it has
comments) says what someone wished, not what is in force, and is none.
"""

from __future__ import annotations

import re

from synack.context.reading import Reading, Rows, command, numbered
from synack.tables import SETTINGS, Table

_SYSCTL = re.compile(
    r"((?:net|kernel|vm|fs|dev|user|debug|abi|crypto|sunrpc)[./][\w./*@:%+-]{1,200}?)"
    r" ?= ?(.{0,1000})"
)
_PROC = re.compile(r"(?:==> )?/proc/sys/([\w./*@:%+-]{1,200}?)(?: <==|:(.{0,1000})|)")
_UNAME = re.compile(r"Linux \S{1,255} (\d{1,3}\.\d{1,5}\S{0,100}) #\d")
_VERSION = re.compile(r"Linux version (\d{1,3}\.\d{1,5}\S{0,100}) \(")
_BTIME = re.compile(r"btime (\d{9,10})")
_COMMENT = re.compile(r"[#;](?![#>]| ?\d)\s*\S")
_TYPED = re.compile(
    r"(?:sudo |/sbin/|/usr/sbin/)*(?:sysctl|uname|cat|grep|head|tail|date|ip|ss|for)\b"
)
_RELEASE = re.compile(r"(\d{1,5})\.(\d{1,5})(?:\.(\d{1,5}))?")


def read_settings(path: str, text: str) -> Reading | None:
    """The settings in ``text``, None when there are none or they are a configuration's."""
    if not any(
        word in text for word in ("net.", "/proc/sys/", "Linux ", "btime ", "kernel.", "net/ipv")
    ):
        return None
    rows, pending, comments, typed = Rows(path, SETTINGS), "", False, False
    kind = "sysctl"
    for number, line in numbered(text):
        line = line.strip()  # noqa: PLW2901
        if (found := _SYSCTL.fullmatch(line)) is not None:
            rows.add(number, sysctl_name(found[1]), found[2].strip())
        elif (found := _PROC.fullmatch(line)) is not None:
            name, value = sysctl_name(found[1]), found[2]
            if value is not None:
                rows.add(number, name, value.strip())
            pending = name if value is None else ""
            rows.lines += value is None
            continue
        elif (found := _UNAME.match(line) or _VERSION.match(line)) is not None:
            kind = kind if len(rows) else "kernel release"
            rows.add(number, "kernel.osrelease", found[1])
        elif (found := _BTIME.fullmatch(line)) is not None:
            rows.add(number, "btime", found[1])
        elif not rows.date(line):
            if _TYPED.match(command(line)):
                typed = True
            elif _COMMENT.match(line):
                comments = True
            elif pending:
                rows.add(number, pending, line)
        pending = ""
    if comments and not typed:
        return None
    return rows.reading(kind if len(rows) == 1 else "sysctl")


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


def kernel_versions(settings: Table) -> dict[str, tuple[int, int, int]]:
    """Kernel version by host, of rows of :data:`SETTINGS`."""
    release = settings.take(settings["name"] == "kernel.osrelease")
    versions = zip(release["host"], map(kernel_version, release["value"]), strict=True)
    return {host: version for host, version in versions if version is not None}
