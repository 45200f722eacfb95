"""Archives of an incident (tar in any compression, zip): unpacked into a folder of their own.

What is in an archive comes from anywhere: only plain files are taken, under names that
stay inside, and never more than :data:`LARGEST` bytes.
"""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from synack.capture.window import Window, open_window
from synack.errors import Damage
from synack.recognize import is_zip

LARGEST = 64 << 30
"""Bytes that one archive may unpack to; what is beyond is named and left out."""
_COPIED = 1 << 20
_BLOCK = 512


class _Member(NamedTuple):
    name: str
    content: IO[bytes]
    size: int
    modified: float | None
    """Seconds since 1970; None where the archive has no zone (zip)."""


def unpack(path: str, folder: Path) -> list[Damage]:
    """Unpack ``path`` into ``folder``; what could not be had, by name.

    Files of a tar keep their time of change, which the archive recorded.
    """
    damages: list[Damage] = []
    left = LARGEST
    try:
        for member in _members(path):
            place = _inside(folder, member.name)
            if place is None:
                damages.append(Damage(path, f"member {member.name!r} points outside"))
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            copied = _copy(member.content, place, left)
            left -= copied
            if left > 0 and copied < member.size:
                raise tarfile.ReadError(f"{member.name} is cut")
            if left <= 0:
                damages.append(Damage(path, f"unpacks to more than {LARGEST >> 30} GiB"))
                break
            if member.modified is not None:
                os.utime(place, (member.modified, member.modified))
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError,
            NotImplementedError, OverflowError) as error:  # fmt: skip
        damages.append(Damage(path, f"archive is damaged: {error}"))
    return damages


def _members(path: str) -> Iterator[_Member]:
    with open_window(path) as window:
        if is_zip(window):
            yield from _zip_members(path)
        else:
            yield from _tar_members(window)


def _tar_members(window: Window) -> Iterator[_Member]:
    """As a stream, through our own decompression: every kind, and bounded memory."""
    source = _Source(window)
    with tarfile.open(fileobj=source, mode="r|") as archive:  # type: ignore[call-overload]
        for info in archive:
            content = archive.extractfile(info) if info.isreg() else None
            if content is not None:
                yield _Member(info.name, content, info.size, float(info.mtime))
    if window.damage is not None:
        raise tarfile.ReadError(window.damage.reason)
    if source.last.strip(b"\0"):
        raise tarfile.ReadError("its end is missing")


class _Source:
    """The window for tarfile, which takes the end of the bytes for the end of the archive:
    ``last`` block tells, since every tar ends in zeros."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.last = b""

    def read(self, size: int) -> bytes:
        data = self._window.read(size)
        self.last = data[-_BLOCK:] or self.last
        return data


def _zip_members(path: str) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                with closing(archive.open(info)) as content:
                    yield _Member(info.filename, content, info.file_size, None)


def _inside(folder: Path, name: str) -> Path | None:
    pure = PurePosixPath(name.replace("\\", "/"))
    parts = [part for part in pure.parts if part not in ("/", ".")]
    bad = not parts or ".." in parts or "\0" in name or any(len(p) > 255 for p in parts)
    place = folder.joinpath(*parts) if not bad else folder
    return None if bad or place.is_dir() else place


def _copy(content: IO[bytes], place: Path, most: int) -> int:
    """Copy at most ``most`` bytes; how many."""
    copied = 0
    with place.open("wb") as file:
        while copied < most and (piece := content.read(min(_COPIED, most - copied))):
            file.write(piece)
            copied += len(piece)
    return copied
