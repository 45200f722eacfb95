"""From paths to what is in them, and to what was found in it."""

from __future__ import annotations

import threading
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from synack.cli.telling import say
from synack.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from synack.api import Diagnosis
    from synack.loading import Loaded

T = TypeVar("T")


def load(paths: list[str], *needed: str, counts_only: bool = False) -> Loaded:
    """Read everything, with a progress line on a terminal. The modules that are ``needed``
    then are imported meanwhile: the scan leaves the interpreter alone."""
    from synack import loading
    from synack.memory import keep_freed, share
    from synack.progress import on_terminal

    share()
    line = on_terminal()
    imports = threading.Thread(target=_import, args=needed)
    imports.start()
    try:
        return loading.load(paths, line, counts_only=counts_only)
    finally:
        imports.join()
        keep_freed()
        if line is not None:
            line.close()


def _import(*names: str) -> None:
    """What is missing, the command says when it imports it itself."""
    with suppress(ImportError):
        for name in names:
            import_module(name)


def diagnosed(paths: list[str], anonymize: Path | None = None, *needed: str) -> Diagnosis:
    key = key_of(anonymize)
    loaded = load(paths, "synack.api", "numpy.ma", *needed)  # np.unique needs that
    from synack.api import Diagnosis
    from synack.pipeline import run

    diagnosis = Diagnosis(run(loaded))
    return diagnosis if key is None else diagnosis.anonymized(key)


def key_of(path: Path | None) -> bytes | None:
    """Of ``--anonymize``; a new one is announced."""
    if path is None:
        return None
    from synack.anonymize.key import read_key

    key, made = read_key(path)
    if made:
        say(f"{path}: a new key; who has it can find out which address is behind a pseudonym")
    return key


def shared(value: T, loaded: Loaded, key: bytes | None) -> T:
    """``value``, under pseudonyms if there is a key."""
    if key is None:
        return value
    from synack.anonymize.values import disguised, pseudonyms

    return disguised(value, pseudonyms(loaded, key))


def readable_twice(paths: list[str]) -> None:
    """Refuse, before it is read, what cannot be read a second time."""
    if any(path.rpartition("=")[2] == "-" for path in paths):
        raise UsageError("its frames are read a second time, which standard input cannot be:"
                         " save it to a file")  # fmt: skip
