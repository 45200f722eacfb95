"""Everything of a result under pseudonyms: tables by the names of their columns, texts by what
is in them. What is added to a result later is so disguised too."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, cast

import numpy as np

from synack.anonymize.pseudonyms import Pseudonyms
from synack.diagnosis.context import Context
from synack.grouping import ids_of, representatives
from synack.incident.sources import Incident
from synack.loading import Loaded
from synack.tables import Array, Table

T = TypeVar("T")

_ADDRESSES = {"addresses", "named", "ip"}
"""Fields in which two integers are the halves of an IP address, alone or in a collection."""
_MACS = {"macs", "mac"}
_MESSAGES = "text"
"""The column of log messages: nothing tells which of their words are names."""


def pseudonyms(loaded: Loaded, key: bytes) -> Pseudonyms:
    """Of every host and file that ``loaded`` knows. ``key``: 32 bytes."""
    sources = loaded.incident.sources
    paths = {source.path: source.host for source in sources}
    for damage in [*loaded.errors, *loaded.unknown]:
        paths.setdefault(damage.path, "")
    names = {source.host for source in sources} | {capture.host for capture in loaded.captures}
    names |= {*loaded.incident.addresses, *loaded.incident.clock_offsets, *loaded.incident.taps}
    for _, dump in loaded.dumps:
        names |= dump.names.keys() | {named.name for named in dump.named}
        for entry in dump.entries:
            flags = (flag.partition("=") for flag in entry.flags.split())
            names |= {value for _, equals, value in flags if equals}
    for _, hosts in loaded.hosts_files:
        names |= hosts.keys()
    for _, reading in loaded.readings:
        names |= _names_in(reading.table)
    return Pseudonyms(key, names - {""}, paths)


_NAMING = {"owners", "application events"}
"""Tables whose column `name` is that of a machine; in others it is the kernel's word."""


def _names_in(table: Table) -> set[str]:
    columns = {"host", "name"} if table.schema.name in _NAMING else {"host"}
    return {name for column in columns & table.columns.keys() for name in set(table[column])}


def disguised(value: T, by: Pseudonyms) -> T:
    """``value`` (a result: tables, dataclasses, collections, texts) with all addresses and
    names replaced. The original stays as it is; what was one object in it is one again."""
    return cast("T", _Walk(by).value(value, ""))


class _Walk:
    def __init__(self, by: Pseudonyms) -> None:
        self.by = by
        self.done: dict[int, Any] = {}

    def value(self, value: Any, field: str) -> Any:
        by = self.by
        match value:
            case str():
                return "" if field == _MESSAGES else by.text(value)
            case bool():
                return value
            case int():
                return by.mac(value) if field in _MACS else value
            case (int(), int()) if field in _ADDRESSES:
                return by.ip(value)
            case tuple() if hasattr(value, "_asdict"):
                named = cast("Any", value)
                return named._replace(**self.fields(named._asdict()))
            case list() | tuple() | set() | frozenset():
                return type(value)(self.value(item, field) for item in value)
            case dict():
                items = {by.text(k) if isinstance(k, str) else k: v for k, v in value.items()}
                return type(value)((k, self.value(v, field)) for k, v in items.items())
        if isinstance(value, Table | Context) or dataclasses.is_dataclass(value):
            if id(value) not in self.done:
                self.done[id(value)] = self.object(value)
            return self.done[id(value)]
        return value

    def object(self, value: Any) -> Any:
        if isinstance(value, Table):
            return _table(value, self.by)
        if isinstance(value, Context):
            tables = [table for table in vars(value).values() if isinstance(table, Table)]
            return Context(self.value(table, "") for table in tables)
        own = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
        if isinstance(value, Incident):
            own["title"] = ""  # like messages
            own["arguments"] = ()  # names of folders
        return dataclasses.replace(value, **self.fields(own))

    def fields(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: self.value(value, name) for name, value in values.items()}


# ---- columns ----------------------------------------------------------------------------


def _table(table: Table, by: Pseudonyms) -> Table:
    columns = dict(table.columns)
    for name, column in table.columns.items():
        if name.endswith("_hi") and (low := f"{name.removesuffix('_hi')}_lo") in columns:
            columns[name], columns[low] = _ips(column, columns[low], by)
        elif name == "mac" or name.endswith("_mac"):
            columns[name] = _each(column, by.mac)
        elif column.dtype == object:
            columns[name] = _texts(column, by, name)
    return Table(table.schema, columns)


def _ips(high: Array, low: Array, by: Pseudonyms) -> tuple[Array, Array]:
    places = ids_of(high, low)
    some = representatives(places)
    pairs = [by.ip(pair) for pair in zip(high[some].tolist(), low[some].tolist(), strict=True)]
    halves = np.array(pairs, np.uint64).reshape(-1, 2)
    return halves[places, 0], halves[places, 1]


def _each(column: Array, replaced: Any) -> Array:
    distinct, places = np.unique(column, return_inverse=True)
    return np.array([replaced(int(value)) for value in distinct], column.dtype)[places]


def _texts(column: Array, by: Pseudonyms, name: str) -> Array:
    found = {text: "" if name == _MESSAGES else by.text(text) for text in set(column.tolist())}
    return np.array([found[text] for text in column.tolist()] + [None], object)[:-1]
