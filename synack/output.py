"""Where results go: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from synack.errors import UsageError


def write(content: str | Iterable[bytes], path: Path | None) -> None:
    """``content``, whole or in pieces, to ``path``, or to standard output without one.

    A file appears under its name only when it is complete: it is written beside, then
    renamed; a device or pipe is written to as it is. Raises :class:`UsageError` when that
    cannot be done.
    """
    pieces = [content.encode("utf-8", "surrogateescape")] if isinstance(content, str) else content
    if path is None:
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()
        return
    path = Path(os.path.realpath(path))
    if path.exists() and not (path.is_file() or path.is_dir()):
        _stream(pieces, path)
        return
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _stream(pieces: Iterable[bytes], path: Path) -> None:
    """To a device or pipe, which renaming would put a file in the place of."""
    try:
        with path.open("wb") as file:
            file.writelines(pieces)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
