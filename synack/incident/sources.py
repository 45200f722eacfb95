"""The files of an incident, and what the user says about its hosts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from synack.addresses import Address
from synack.errors import Damage
from synack.stamps import stamp_in_name
from synack.tables import NO_TIME

CAPTURE_NAME = re.compile(r"\.(pcap|pcapng|cap|dmp)", re.I)


@dataclass
class Source:
    """One file of the incident. ``path`` is shown as the user gave it."""

    path: str
    host: str = ""
    """Empty while nothing names it."""
    interface: str = ""
    at: int | None = None
    """When it was taken (ns since 1970 UTC), if ``incident.toml`` says."""
    explicit: bool = False
    """Named by the user, not found in a folder: it must be readable."""

    @property
    def must_be_read(self) -> bool:
        """Named by the user, or named like a capture."""
        return self.explicit or bool(CAPTURE_NAME.search(self.path))

    host_given: bool = False
    """The host is the user's word, not read from a name."""
    host_from_folder: bool = False
    """Only the folder's name says so."""
    place: str | None = None
    """Where it lies, if not there: unpacked from an archive."""
    recorded: int | None = None
    """When it was last changed, by its archive (ns since 1970 UTC)."""


@dataclass
class Incident:
    """Every file, and what the user says about the hosts."""

    sources: list[Source] = field(default_factory=list)
    arguments: tuple[str, ...] = ()
    """The paths that led to them."""
    title: str = ""
    addresses: dict[str, set[Address]] = field(default_factory=dict)
    """Addresses of hosts, from ``incident.toml``."""
    taps: set[str] = field(default_factory=set)
    """Hosts of which the user says that they are neither end of what they captured."""
    clock_offsets: dict[str, int] = field(default_factory=dict)
    """Clock offsets of hosts that the user knows, ns."""
    errors: list[Damage] = field(default_factory=list)
    """Inputs that could not be had at all."""
    warnings: list[str] = field(default_factory=list)
    unpacked: list[TemporaryDirectory[str]] = field(default_factory=list)
    """Contents of archives, until :meth:`close`."""

    def close(self) -> None:
        """Remove what was unpacked."""
        while self.unpacked:
            self.unpacked.pop().cleanup()


def taken_at(source: Source) -> tuple[int, bool]:
    """When a dump was taken, and whether that is only its file's time of change."""
    if source.at is not None:
        return source.at, False
    stamp = stamp_in_name(Path(source.path).name)
    if stamp is not None:
        return stamp, False
    if source.recorded is not None:
        return source.recorded, False
    try:
        return Path(source.path).stat().st_mtime_ns, True
    except OSError:
        return NO_TIME, True


def told_best(source: Source) -> tuple[Any, ...]:
    """Sorts the sources of one content: first the one that says most surely whose it is."""
    guessed = not source.host_given
    return (
        guessed,
        guessed and not source.interface,
        guessed and source.host_from_folder,
        source.host,
        source.path,
    )


def one_host_only(kept: Source, other: Source) -> str:
    """What to say when one content came under the names of two hosts, else ""."""
    weaker = other.host_from_folder or (kept.host_given and not other.host_given)
    if weaker or not (kept.host and other.host) or kept.host == other.host:
        return ""
    return f", as {kept.host}'s: {other.host}'s it cannot be as well"
