"""Rows of a reading as tuples that a test can spell: addresses and MACs as text."""

from __future__ import annotations

from typing import Any

from synack.addresses import format_ip, format_mac
from synack.context.reading import Reading


def rows(reading: Reading | None, *columns: str) -> list[tuple[Any, ...]]:
    """The columns asked for. ``NAME_ip`` is the address in ``NAME_hi`` and ``NAME_lo``, ``ip``
    that in ``ip_hi`` and ``ip_lo``; a MAC is text."""
    assert reading is not None
    return [tuple(_value(row, column) for column in columns) for row in reading.table.rows()]


def _value(row: dict[str, Any], column: str) -> Any:
    if column == "ip" or column.endswith("_ip"):
        name = "ip" if column == "ip" else column.removesuffix("_ip")
        return format_ip(row[f"{name}_hi"], row[f"{name}_lo"])
    return format_mac(row[column]) if column == "mac" else row[column]
