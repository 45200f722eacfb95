"""What several commands take: their arguments, options and formats."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synack.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="Captures, table dumps, folders and archives of them, globs, - for standard input;"
        " HOST=PATH names the host a file is from.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to FILE, whole or not at all."),
]


class Color(StrEnum):
    """When to use colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


Colored = Annotated[
    Color,
    typer.Option("--color", help="Colour; auto: on a terminal, unless NO_COLOR is set."),
]
Findings = Annotated[
    list[int] | None,
    typer.Option(
        "--finding", "-n", min=1, metavar="N", help="Only the finding of this number; repeatable."
    ),
]
Anonymize = Annotated[
    Path | None,
    typer.Option(
        metavar="KEYFILE",
        help="Other addresses and names in place of the real ones, to share the result; one key"
        " gives the same in every output. A file that is not there is made, with a new key.",
    ),
]


class DocumentFormat(StrEnum):
    """Formats of a report that is no table."""

    TEXT = "text"
    JSON = "json"


DocumentForm = Annotated[
    DocumentFormat, typer.Option("--format", "-f", help="Report for people or programs.")
]


class TableFormat(StrEnum):
    """Formats of a table."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"
    NDJSON = "ndjson"
    PARQUET = "parquet"


TableForm = Annotated[
    TableFormat, typer.Option("--format", "-f", help="Format of the table; -o x.csv says it too.")
]


def table_format(form: TableFormat, output: Path | None) -> str:
    """``-o x.csv`` needs no ``--format csv``."""
    suffix = output.suffix.lstrip(".").lower() if output else ""
    if form == TableFormat.TEXT and suffix in [f.value for f in TableFormat]:
        return suffix
    return form.value


def colored(color: Color, output: Path | None) -> bool:
    if color == Color.AUTO:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return output is None and sys.stdout.isatty() and not plain
    return color == Color.ALWAYS


def completed(names: Sequence[str], incomplete: str) -> list[str]:
    """The last of the words that are separated by commas, completed."""
    before, comma, word = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in names if name.startswith(word)]


def named(option: str, noun: str, text: str, known: Sequence[str]) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            raise UsageError(f"{option}: no {noun} {name!r}; there are {', '.join(known)}")
    return names
