"""What an ``incident.toml`` says about the files below its folder, and about hosts."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from synack.addresses import parse_ip
from synack.errors import InputError
from synack.incident.sources import Incident, Source

_FARTHEST_S = 100 * 365 * 86_400
"""A clock that begins in 1970 is nearer; times in ns (int64) hold it."""


class Overrides:
    """What an ``incident.toml`` says about the files below its folder."""

    def __init__(self, hosts: dict[str, list[str]], files: dict[str, dict[str, Any]]) -> None:
        self.hosts = hosts
        self.files = files
        self._matched: set[str] = set()

    def unmatched(self, folder: Path) -> list[str]:
        """Names and patterns in it that fit no file: typing errors, most likely."""
        names = [pattern for patterns in self.hosts.values() for pattern in patterns]
        lost = [name for name in (*names, *self.files) if name not in self._matched]
        return [f"{folder / 'incident.toml'}: {name!r} fits no file" for name in lost]

    @classmethod
    def read(cls, folder: Path, incident: Incident) -> Overrides:
        path = folder / "incident.toml"
        if not path.is_file():
            return cls({}, {})
        import tomllib

        try:
            data = tomllib.loads(path.read_text("utf-8"))
            return cls._checked(data, incident, str(path))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(str(path), f"not valid TOML: {error}") from None

    @classmethod
    def _checked(cls, data: dict[str, Any], incident: Incident, path: str) -> Overrides:
        _known(data, {"title", "hosts", "files"}, path, "the file")
        incident.title = _string(data, "title", path, "title") or incident.title
        hosts = _tables(data, "hosts", path)
        files = _tables(data, "files", path)
        for name, host in hosts.items():
            where = f"hosts.{name}"
            _known(host, {"paths", "addresses", "tap", "clock_offset_s"}, path, where)
            given = incident.addresses.setdefault(name, set())
            for text in _strings(host, "addresses", path, where):
                address = parse_ip(text)
                if address is None:
                    raise InputError(path, f"{where}.addresses: {text!r} is no IP address")
                given.add(address)
            if not isinstance(host.get("tap", False), bool):
                raise InputError(path, f"{where}.tap: not true or false")
            if host.get("tap"):
                incident.taps.add(name)
            if "clock_offset_s" in host:
                offset = host["clock_offset_s"]
                number = isinstance(offset, int | float) and not isinstance(offset, bool)
                if not number or not math.isfinite(offset):
                    raise InputError(path, f"{where}.clock_offset_s: not a number")
                if abs(offset) > _FARTHEST_S:
                    raise InputError(path, f"{where}.clock_offset_s: more than a century")
                incident.clock_offsets[name] = round(offset * 1_000_000_000)
        for name, file in files.items():
            _known(file, {"at", "interface", "host"}, path, f"files.{name!r}")
            if not isinstance(file.get("at", datetime.now(UTC)), datetime):
                raise InputError(path, f"files.{name!r}.at: not a date and time")
            for key in ("interface", "host"):
                _string(file, key, path, f"files.{name!r}.{key}")
        paths = {n: _strings(h, "paths", path, f"hosts.{n}") for n, h in hosts.items()}
        return cls(paths, files)

    def apply(self, source: Source, relative: Path) -> None:
        name = relative.as_posix()
        for host, patterns in self.hosts.items():
            fitting = [p for p in patterns if fnmatch(name, p) or fnmatch(relative.name, p)]
            if fitting:
                source.host, source.host_given = host, True
                self._matched.update(fitting)
        entry = self.files.get(name, {})
        self._matched.add(name)
        source.interface = entry.get("interface", source.interface)
        if "host" in entry:
            source.host, source.host_given = entry["host"], True
        if "at" in entry:
            moment: datetime = entry["at"]
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            since = moment - datetime(1970, 1, 1, tzinfo=UTC)
            source.at = ((since.days * 86_400 + since.seconds) * 10**6 + since.microseconds) * 1000


def _known(table: dict[str, Any], keys: set[str], path: str, where: str) -> None:
    strange = sorted(set(table) - keys)
    if strange:
        raise InputError(path, f"{where}: unknown key {strange[0]!r}")


def _tables(data: dict[str, Any], key: str, path: str) -> dict[str, dict[str, Any]]:
    tables = data.get(key, {})
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise InputError(path, f"{key}: not a table of tables")
    return tables


def _string(table: dict[str, Any], key: str, path: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise InputError(path, f"{where}: not a string")
    return value


def _strings(table: dict[str, Any], key: str, path: str, where: str) -> list[str]:
    values = table.get(key, [])
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise InputError(path, f"{where}.{key}: not a list of strings")
    return values
