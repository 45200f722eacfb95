"""Every reader of text of this wing, and how a file is told to be worth reading.

A file may hold the output of several commands: each reader takes what is its own. A text
that merely quotes rows (notes, a manual) is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from synack.context.aws import read_aws_instances, read_aws_interfaces
from synack.context.caches import read_cache_statistics, read_ntable, read_ntable_settings
from synack.context.cloudtrail import read_cloudtrail
from synack.context.counters import read_counters
from synack.context.interfaces import (
    read_ifconfig,
    read_interfaces,
    read_interfaces_brief,
    read_interfaces_json,
)
from synack.context.kernel_log import read_kernel_log
from synack.context.leases import read_dhcpd, read_dnsmasq
from synack.context.links import read_links, read_links_json, read_proc_dev
from synack.context.netstat import read_netstat
from synack.context.proc_tcp import read_proc_tcp
from synack.context.reading import Reading, command, numbered
from synack.context.routes import read_netstat_routes, read_routes, read_routes_json
from synack.context.settings import read_settings
from synack.context.sockets import read_ss, read_ss_summary
from synack.context.statistics import read_statistics
from synack.stamps import parse_stamp

READERS: tuple[Callable[[str, str], Reading | None], ...] = (
    read_ss,
    read_ss_summary,
    read_netstat,
    read_proc_tcp,
    read_counters,
    read_statistics,
    read_links,
    read_links_json,
    read_proc_dev,
    read_cache_statistics,
    read_ntable,
    read_ntable_settings,
    read_interfaces,
    read_interfaces_json,
    read_interfaces_brief,
    read_ifconfig,
    read_routes,
    read_routes_json,
    read_netstat_routes,
    read_settings,
    read_aws_interfaces,
    read_aws_instances,
    read_cloudtrail,
    read_dhcpd,
    read_dnsmasq,
    read_kernel_log,
)

_TYPED = re.compile(
    r"(?:(?:sudo|cat|watch|head|tail|grep)\b[^|;]{0,40}? )?(?:\S{0,40}/)?"
    r"(?:ss|netstat|nstat|ip|ifconfig|route|sysctl|uname|dmesg|journalctl|aws|proc)\b"
)
_NOISE_PER_LINE = 4
"""Unless a command at a prompt announces rows, at most so many lines of a text may be strange
for each that a reader knows."""


def read_context(path: str, text: str, known: int = 0) -> list[Reading]:
    """Everything that the readers find in ``text``; nothing when it only quotes some.
    ``known``: lines that are something else that is known."""
    return not_quoted(candidates(path, text), text, known)


def candidates(path: str, text: str) -> list[Reading]:
    """What each reader finds in ``text``, which may only quote it."""
    return [reading for read in READERS if (reading := read(path, text)) is not None]


def not_quoted(found: list[Reading], text: str, known: int) -> list[Reading]:
    """``found`` in ``text``, if that and ``known`` lines more are enough of it; else nothing."""
    known += sum(reading.lines for reading in found)
    if not found or _is_json(text) or _announced(text):
        return found
    lines = sum(1 for _ in numbered(text))
    return found if lines - known <= _NOISE_PER_LINE * known else []


def _is_json(text: str) -> bool:
    """Maybe below the date when it was asked for."""
    first = next((line for _, line in numbered(text) if parse_stamp(line) is None), "")
    return first.lstrip()[:1] in ("{", "[")


def _announced(text: str) -> bool:
    """Whether a command was typed at a prompt, or a ruler names it."""
    return any(_TYPED.match(command(line)) for _, line in numbered(text))
