"""Settings of a kernel as ``sysctl -a`` prints them, and its release.

``uname -r`` in its long forms (``uname -a``, ``/proc/version``) is the setting
``kernel.osrelease``, as sysctl calls it. A configuration file (it has comments) says what
someone wished, not what is in force, and is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

_LARGEST = 16 << 20
_SYSCTL = re.compile(r"((?:net|kernel|vm|fs|dev)[./][\w./*@:%+-]{1,200}?) ?= ?(.{0,1000})")
_UNAME = re.compile(r"Linux (?:\S{1,255}|version) (\d{1,3}\.\d{1,5}\S{0,100}) [#(]")
_COMMENT = re.compile(r"[#;](?!#)\s*[A-Za-z]")


class Setting(NamedTuple):
    """``line`` counts from 1."""

    value: str
    line: int

    def number(self) -> int | None:
        """The value as an integer that 64 bits hold, None when it is none."""
        text = self.value.strip()
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
            return None
        return int(text)


@dataclass(slots=True)
class Settings:
    """By name with dots (``net.ipv4.neigh.eth0.gc_stale_time``); the last one counts."""

    values: dict[str, Setting] = field(default_factory=dict)

    @property
    def release(self) -> str:
        """The kernel's release, "" when the file does not say."""
        found = self.values.get("kernel.osrelease")
        return found.value if found else ""


def read_settings(data: bytes) -> Settings | None:
    """The settings in one file, None when it holds none or is a configuration."""
    settings = Settings()
    text = data[:_LARGEST].decode("utf-8", "replace")
    for number, line in enumerate(map(str.strip, text.split("\n")), 1):
        if len(line) > 2000:
            continue
        if (found := _SYSCTL.fullmatch(line)) is not None:
            settings.values[sysctl_name(found[1])] = Setting(found[2].strip(), number)
        elif (found := _UNAME.match(line)) is not None:
            settings.values["kernel.osrelease"] = Setting(found[1], number)
        elif _COMMENT.match(line):
            return None
    return settings if settings.values else None


def sysctl_name(name: str) -> str:
    """The name with dots: ``net/ipv4/neigh/eth0.100/gc_stale_time`` is
    ``net.ipv4.neigh.eth0/100.gc_stale_time``, as sysctl prints it."""
    if "/" not in name or "." in name.partition("/")[0]:
        return name
    return name.strip("/").translate({ord("/"): ".", ord("."): "/"})
