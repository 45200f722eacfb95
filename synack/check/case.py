"""``case.toml``: which files to diagnose, and what must come out.

Read by tomlkit, so that a wrong key is named with its line, and comments survive
:mod:`synack.check.update`.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from synack.addresses import NO_MAC, format_ip, format_mac, parse_ip, parse_mac
from synack.errors import Damage
from synack.model import CONFIDENCES, FINDING_KINDS, OUTCOMES

NAME = "case.toml"
LARGEST = 1 << 20
"""Bytes. A larger file is no expectation that a person wrote."""

Key = tuple[str | int, ...]
"""Where in the file: ``("expect", "findings", 0, "kind")``."""
Expected = dict[str, Any]
"""Keys of a finding as in ``diagnose --format json``, each with the value it must have."""


@dataclass
class Expectation:
    """What a diagnosis must say. None: not asked for."""

    findings: list[Expected] | None = None
    absent: list[str] = field(default_factory=list)
    outcomes: dict[str, int] | None = None
    exact: bool = False
    """No other findings."""


@dataclass
class Case:
    """One ``case.toml``. With ``problems`` it must not be judged."""

    path: str
    text: str = ""
    title: str = ""
    inputs: list[str] = field(default_factory=list)
    """As ``synack diagnose`` takes them, from the current folder."""
    expect: Expectation | None = None
    problems: list[Damage] = field(default_factory=list)

    @property
    def folder(self) -> str:
        return os.path.dirname(self.path) or "."

    @property
    def name(self) -> str:
        """Its folder, as the user gave it."""
        return Path(self.path).parent.as_posix()

    def line(self, key: Key) -> int | None:
        return line_of(self.text, key)


def read(path: str) -> Case:
    """The case at ``path``. Whatever is wrong with it is in ``problems``, all of it, with
    the line."""
    case = Case(path)
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            case.problems.append(Damage(path, f"larger than {LARGEST} bytes"))
            return case
        case.text = content.decode("utf-8")
    except OSError as error:
        case.problems.append(Damage(path, error.strerror or str(error)))
        return case
    except UnicodeDecodeError as error:
        case.problems.append(Damage(path, "not UTF-8", offset=error.start))
        return case
    document = _parsed(case)
    if document is not None:
        _Reader(case).read(document)
    return case


def _parsed(case: Case) -> dict[str, Any] | None:
    import tomlkit
    from tomlkit.exceptions import ParseError, TOMLKitError

    try:
        return tomlkit.parse(case.text)
    except ParseError as error:
        reason = str(error).partition(" at line ")[0]
        case.problems.append(Damage(case.path, f"not valid TOML: {reason}", line=error.line))
    except (TOMLKitError, RecursionError, ValueError) as error:
        case.problems.append(Damage(case.path, f"not valid TOML: {error}"))
    return None


def line_of(text: str, key: Key) -> int | None:
    """The line (from 1) of a value. A mark that is nowhere else takes its place in a copy;
    all that stands before stays as it was. None where that cannot be done."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import AoT, Table

    mark = "mark"
    while mark in text:
        mark += "0"
    try:
        document: Any = tomlkit.parse(text)
        holder = document
        for part in key[:-1]:
            holder = holder[part]
        item = holder[key[-1]]
        if isinstance(item, AoT):
            item = item[0]
        if isinstance(item, Table):  # its header
            item.comment(mark)
        else:
            holder[key[-1]] = mark
        before, found, _ = tomlkit.dumps(document).partition(mark)
    except (TOMLKitError, LookupError, TypeError, ValueError, RecursionError):
        return None
    return before.count("\n") + 1 if found else None


class _Reader:
    """Checks every key, and collects what is wrong."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def read(self, document: dict[str, Any]) -> None:
        case = self.case
        self._known(document, ("title", "inputs", "expect"), ())
        case.title = self._get(document, "title", (), _string) or ""
        inputs = self._list(document, "inputs", (), lambda value: _located(case.folder, value))
        case.inputs = [_located(case.folder, ".")] if inputs is None else inputs
        if document.get("inputs") == []:
            self._wrong(("inputs",), "names nothing")
        if "expect" not in document:
            return
        expect = document["expect"]
        if not isinstance(expect, dict):
            self._wrong(("expect",), "not a table")
            return
        self._known(expect, ("findings", "absent", "outcomes", "exact"), ("expect",))
        at: Key = ("expect",)
        case.expect = Expectation(
            self._findings(expect),
            self._list(expect, "absent", at, _one_of(FINDING_KINDS)) or [],
            self._outcomes(expect),
            bool(self._get(expect, "exact", at, _boolean)),
        )

    def _findings(self, expect: dict[str, Any]) -> list[Expected] | None:
        if "findings" not in expect:
            return None
        at: Key = ("expect", "findings")
        tables = expect["findings"]
        if not isinstance(tables, list):
            self._wrong(at, "not a list of tables")
            return None
        findings = []
        for number, table in enumerate(tables):
            if not isinstance(table, dict):
                self._wrong((*at, number), "not a table")
                continue
            self._known(table, tuple(READERS), (*at, number))
            finding = {
                key: self._get(table, key, (*at, number), reader)
                for key, reader in READERS.items()
                if key in table
            }
            if "kind" not in table:
                self._wrong((*at, number), "without a kind")
            findings.append(finding)
        return findings

    def _outcomes(self, expect: dict[str, Any]) -> dict[str, int] | None:
        if "outcomes" not in expect:
            return None
        at: Key = ("expect", "outcomes")
        table = expect["outcomes"]
        if not isinstance(table, dict):
            self._wrong(at, "not a table")
            return None
        self._known(table, OUTCOMES, at, "outcome")
        return {name: self._get(table, name, at, _count) or 0 for name in OUTCOMES if name in table}

    def _get(self, table: dict[str, Any], key: str, at: Key, reader: Callable[[Any], Any]) -> Any:
        if key not in table:
            return None
        try:
            return reader(table[key])
        except _Wrong as error:
            self._wrong((*at, key), str(error))
            return None

    def _list(
        self, table: dict[str, Any], key: str, at: Key, reader: Callable[[Any], Any]
    ) -> list[Any] | None:
        if key not in table:
            return None
        if not isinstance(table[key], list):
            self._wrong((*at, key), "not a list")
            return None
        found = []
        for number, value in enumerate(table[key]):
            try:
                found.append(reader(value))
            except _Wrong as error:
                self._wrong((*at, key, number), str(error))
        return found

    def _known(
        self, table: dict[str, Any], names: tuple[str, ...], at: Key, what: str = "key"
    ) -> None:
        for key in table:
            if key not in names:
                self._wrong((*at, key), f"unknown {what}; there are {', '.join(names)}")

    def _wrong(self, key: Key, reason: str) -> None:
        case = self.case
        case.problems.append(
            Damage(case.path, f"{spelled(key)}: {reason}", line=line_of(case.text, key))
        )


def spelled(key: Key) -> str:
    """``expect.findings[0].kind``."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = re.fullmatch(r"[\w-]+", part)
            text += f"{'.' if text else ''}{part if plain else repr(part)}"
    return text


# ---- values -------------------------------------------------------------------------------


class _Wrong(ValueError):
    """A value of the wrong type, or none of those that are known."""


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong("not a string")
    return str(value)


def _located(folder: str, value: Any) -> str:
    """An input as ``synack diagnose`` takes it from the current folder."""
    text = _string(value)
    if text in ("", "-") or "\0" in text:
        raise _Wrong(f"no file or folder: {text!r}")
    host, path = "", text
    if not os.path.lexists(os.path.join(folder, text)):
        named = re.fullmatch(r"([\w.:-]+=)(.+)", text, re.DOTALL)
        if named is not None:
            host, path = named.groups()
    place = os.path.normpath(os.path.join(folder, path))
    if not os.path.exists(place):
        place = os.path.normpath(os.path.join(glob.escape(folder), path))
        if not glob.glob(place, recursive=True):
            raise _Wrong(f"no such file or folder: {text!r}")
    if not host and ("=" in place.partition("/")[0] or place.startswith("-")):
        place = os.path.join(".", place)
    return f"{host}{place}"


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("neither true nor false")
    return bool(value)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _Wrong("not a number of 0 or more")
    return int(value)


def _one_of(names: tuple[str, ...]) -> Callable[[Any], str]:
    def reader(value: Any) -> str:
        text = _string(value)
        if text not in names:
            raise _Wrong(f"no {text!r}; there are {', '.join(names)}")
        return text

    return reader


def _confidence(value: Any) -> str:
    text = _string(value).replace(" ", "")
    if re.sub("^[<>]=", "", text) not in CONFIDENCES:
        raise _Wrong(f"{text!r} is none of {', '.join(CONFIDENCES)}, nor one after >= or <=")
    return text


def _ip(value: Any) -> str:
    text = _string(value)
    address = parse_ip(text)
    if text and address is None:
        raise _Wrong(f"{text!r} is no IP address")
    return "" if address is None else format_ip(*address)


def _mac(value: Any) -> str:
    text = _string(value)
    mac = parse_mac(text)
    if text and mac is None:
        raise _Wrong(f"{text!r} is no MAC")
    return format_mac(NO_MAC if mac is None else mac)


_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?:[Zz]|[+-]00:00)?")


def _time(value: Any) -> str:
    """To the precision that is given: ``2026-09-16T14:02`` is any time in that minute. From
    the text, because a datetime ends at microseconds."""
    if not isinstance(value, str | datetime):
        raise _Wrong("not a time")
    text = value if isinstance(value, str) else value.as_string()  # type: ignore[attr-defined]
    if text == "":
        return ""
    found = _TIME.fullmatch(text)
    if found is None:
        raise _Wrong(f"{text!r} is no time in UTC such as 2026-09-16T14:02:11Z")
    return "T".join(found.groups())


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise _Wrong("not a list")
    return [_string(item) for item in value]


READERS: dict[str, Callable[[Any], Any]] = {
    "kind": _one_of(FINDING_KINDS),
    "confidence": _confidence,
    "host": _string,
    "interface": _string,
    "ip": _ip,
    "stale_mac": _mac,
    "actual_mac": _mac,
    "next_hop": _one_of(("host", "gateway", "")),
    "leg": _one_of(("syn", "syn-ack", "")),
    "attempts": _count,
    "sent": _count,
    "received": _count,
    "first": _time,
    "last": _time,
    "healed": _time,
    "survived_by": _texts,
    "summary": _string,
    "evidence": _texts,
    "remedy": _texts,
}
"""The keys of an expected finding."""

COUNTS = ("attempts", "sent", "received")
TIMES = ("first", "last", "healed")
LISTS = ("survived_by", "evidence", "remedy")
