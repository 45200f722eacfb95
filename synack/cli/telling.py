"""What a command leaves: its result, notes on standard error, an exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from synack.errors import UsageError
from synack.wording import NOTHING_CONCLUDED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from synack.loading import Loaded

DONE, DIFFERENT, USAGE, UNREADABLE, INTERNAL = range(5)
"""Exit codes, as the package says."""


def show(content: str | Iterable[bytes], output: Path | None, binary: bool) -> None:
    from synack.output import write

    if binary:
        not_to_terminal("parquet", output)
    write(content, output)


def not_to_terminal(form: str, output: Path | None) -> None:
    """Refuse to write what is binary to a terminal."""
    if output is None and sys.stdout.isatty():
        raise UsageError(f"{form} is binary: give -o FILE or redirect")


def finish(loaded: Loaded, concluded: bool, warn: bool = True) -> None:
    """Name on standard error what could not be read, and exit accordingly. ``warn``: the
    result itself does not carry the warnings."""
    from synack.capture.scan import COMPILED

    if loaded.captures and not COMPILED:
        say("not compiled, so captures are read and matched slowly: install a C compiler,"
             " then synack again")  # fmt: skip
    for damage in loaded.errors:
        say(str(damage))
    for capture in loaded.captures if warn else ():
        for warning in capture.warnings:
            say(warning)
    for warning in loaded.warnings if warn else ():
        say(warning)
    if not concluded and not loaded.errors:
        say(NOTHING_CONCLUDED)
    if loaded.errors or loaded.not_understood or not concluded:
        raise typer.Exit(UNREADABLE)


def say(text: str) -> None:
    from synack.report.plain import printable

    print(f"synack: {printable(text)}", file=sys.stderr)  # noqa: T201
