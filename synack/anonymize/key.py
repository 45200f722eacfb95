"""The secret that decides all pseudonyms, in a file of its own."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from synack.errors import UsageError

BYTES = 32
_LINE = re.compile(rf"\s*([0-9a-fA-F]{{{2 * BYTES}}})\s*")


def read_key(path: Path) -> tuple[bytes, bool]:
    """The 32 bytes that ``path`` holds as 64 hexadecimal digits, and whether the file was made
    now, which happens when there is none: readable by its owner only.

    Raises :class:`UsageError` when it holds something else, or cannot be read or made.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _existing(path), False
    except OSError as error:
        raise UsageError(f"cannot make the key {path}: {error.strerror}") from None
    key = secrets.token_bytes(BYTES)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{key.hex()}\n")
    return key, True


def _existing(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(1024)
    except OSError as error:
        raise UsageError(f"cannot read the key {path}: {error.strerror}") from None
    found = _LINE.fullmatch(text.decode("ascii", "replace"))
    if found is None:
        raise UsageError(
            f"{path} is no key: it must hold {2 * BYTES} hexadecimal digits; a file that does not"
            " exist is made with a new key"
        )
    return bytes.fromhex(found[1])
