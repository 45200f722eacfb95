"""New expectations for review: only what differs is written, the rest of a ``case.toml`` stays
as it is, with its comments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synack.check.case import COUNTS, Expected
from synack.check.compare import Found, pair, plain
from synack.check.run import Result, Status
from synack.model import CONFIDENCES, OUTCOMES
from synack.output import write

IDENTITY = ("kind", "host", "ip", "stale_mac", "actual_mac", "confidence")
"""What is written of a new finding, where it has it. Counts and times are for the reviewer
to add where they matter."""


def update(result: Result) -> bool:
    """Write what was found to the case's file, if it differs and could be read in full.

    The file is written whole or not at all. Afterwards the case is as expected.
    """
    case, document = result.case, result.document
    new = case.expect is None and document is not None and not case.problems
    if document is None or not (new or result.status == Status.DIFFERENT):
        return False
    if new and len(result.reasons) > 1:
        return False
    write(updated(result), Path(case.path).resolve())
    result.updated = True
    return True


def updated(result: Result) -> str:
    """The text of the ``case.toml`` with which the diagnosis is as expected."""
    import tomlkit

    case, document = result.case, result.document
    assert document is not None
    toml: Any = tomlkit.parse(case.text)
    found: list[Found] = document["findings"]
    outcomes: dict[str, int] = document["attempts"]["outcomes"]
    if case.expect is None:
        toml["expect"] = expect = tomlkit.table()
        expect["findings"] = tomlkit.array()
        expect["outcomes"] = tomlkit.inline_table()
        expect["exact"] = True
        _findings(expect["findings"], [], found, exact=True)
        _outcomes(expect["outcomes"], outcomes)
        return tomlkit.dumps(toml)
    expect = toml["expect"]
    kinds = {finding["kind"] for finding in found}
    if "absent" in expect:
        for number in reversed(range(len(expect["absent"]))):
            if expect["absent"][number] in kinds:
                del expect["absent"][number]
    if "findings" not in expect and case.expect.exact and found:
        expect["findings"] = tomlkit.array()
    if "findings" in expect:
        _findings(expect["findings"], case.expect.findings or [], found, case.expect.exact)
    if "outcomes" in expect:
        _outcomes(expect["outcomes"], outcomes)
    return tomlkit.dumps(toml)


def _findings(tables: Any, wanted: list[Expected], found: list[Found], exact: bool) -> None:
    import tomlkit
    from tomlkit.items import AoT

    pairs = pair(wanted, found)
    for expected, row, keys in pairs:
        for key in keys:
            if found[row][key] is None and key in COUNTS:
                del tables[expected][key]  # nobody could count, and TOML has no null
            else:
                tables[expected][key] = _value(found[row], key)
    known = {p.expected for p in pairs}
    for number in reversed(range(len(wanted))):
        if number not in known:
            del tables[number]
    explained = {p.found for p in pairs}
    added = [f for row, f in enumerate(found) if row not in explained] if exact else []
    for finding in added:
        table = tomlkit.table() if isinstance(tables, AoT) else tomlkit.inline_table()
        for key in IDENTITY:
            if finding[key]:
                table[key] = _value(finding, key)
        if isinstance(tables, AoT):
            tables.append(table)
        else:
            tables.add_line(table, indent="    ")
    if added and not isinstance(tables, AoT):
        tables.add_line(indent="")


def _value(finding: Found, key: str) -> Any:
    value = plain(finding, key)
    return f">={value}" if key == "confidence" and value != CONFIDENCES[-1] else value


def _outcomes(table: Any, found: dict[str, int]) -> None:
    for name in OUTCOMES:
        if found.get(name, 0) != table.get(name, 0):
            if name in found:
                table[name] = found[name]
            else:
                del table[name]
