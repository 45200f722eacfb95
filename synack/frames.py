"""The bytes of chosen frames, read from their files once more.

Segments are kept as numbers; what shows them as packets needs the bytes. One pass over
each file, to the last frame that is wanted; what was read waits on disk, so that memory
holds some numbers per frame and not the frames.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

import numpy as np

from synack.capture.pcap import Interface
from synack.capture.reader import open_capture
from synack.errors import InputError
from synack.grouping import grouped
from synack.incident.collect import collect
from synack.incident.sources import Incident
from synack.tables import Array

if TYPE_CHECKING:
    from synack.loading import Loaded

_IN_MEMORY = 1 << 26
"""Bytes of frames; what is more goes to disk."""


class Frames:
    """Chosen frames of several files, row for row as they were asked for.

    ``time`` (int64 ns by the capture's own clock, NO_TIME where none was recorded),
    ``original_length`` (bytes on the wire), ``direction`` (0 unknown, 1 inbound, 2 outbound)
    and ``interface``, a row of ``interfaces`` and ``file_of``, are columns; ``frames[row]``
    are the bytes. To be closed, or used in a ``with``.
    """

    def __init__(
        self,
        incident: Incident,
        paths: Sequence[str],
        file: Array,
        frame: Array,
        change: Callable[[bytes, int], bytes] | None = None,
    ) -> None:
        """Read them: row for row the place of its file in ``paths``, and its frame, each pair
        once. ``change``: what is kept of a frame of a link type. Raises :class:`InputError`
        where a file cannot be read again, or has changed."""
        self._change = change
        self.interfaces: list[Interface] = []
        self.file_of: list[int] = []
        """The file of each interface."""
        self._bytes: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        columns = [array("q") for _ in range(6)]
        order = np.lexsort((frame, file))
        try:
            with _places(incident) as places:
                for (number,), rows in grouped(order, file[order]):
                    path = paths[number]
                    self._read(number, path, places.get(path, path), frame[rows], columns)
        except BaseException:
            self._bytes.close()
            raise
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        (
            self.time, self.original_length, self.direction, self.interface, self._begin,
            self._length,
        ) = (np.array(column, np.int64)[back] for column in columns)  # fmt: skip

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, row: int) -> bytes:
        self._bytes.seek(int(self._begin[row]))
        return self._bytes.read(int(self._length[row]))

    def close(self) -> None:
        """Give the disk's space back."""
        self._bytes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read(
        self, number: int, path: str, place: str, wanted: Array, columns: list[array[int]]
    ) -> None:
        _check(path, place)
        first = len(self.interfaces)
        with open_capture(place, name=path) as reader:
            for frame in wanted.tolist():
                record = next((r for r in reader if r.frame >= frame), None)
                if record is None or record.frame != frame:
                    raise InputError(path, f"has changed: frame {frame} is not there any more")
                data = record.data
                if self._change is not None:
                    data = self._change(data, record.link_type)
                values = (
                    record.time, record.original_length, record.direction,
                    first + record.interface, self._bytes.tell(), len(data),
                )  # fmt: skip
                for column, value in zip(columns, values, strict=True):
                    column.append(value)
                self._bytes.write(data)
            self.interfaces += reader.interfaces
            self.file_of += [number] * len(reader.interfaces)


def _check(path: str, place: str) -> None:
    if path == "-":
        reason = "standard input cannot be read a second time: save it to a file"
        raise InputError(path, reason)
    if Path(place).exists() and not Path(place).is_file():
        raise InputError(path, "a pipe cannot be read a second time: save it to a file")


class Recorded:
    """The frames of all captures that were loaded, to be read again."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded

    @property
    def inputs(self) -> list[Path]:
        """The files that were read."""
        return [Path(source.path) for source in self._loaded.incident.sources]

    def frames(self, file: Array, frame: Array) -> Frames:
        """Row for row the frame of a file (row of ``loaded.files``); see :class:`Frames`."""
        return self._read(file, frame)

    def _read(
        self, file: Array, frame: Array, change: Callable[[bytes, int], bytes] | None = None
    ) -> Frames:
        paths = [file.path for file in self._loaded.files]
        return Frames(self._loaded.incident, paths, file, frame, change)


@contextmanager
def _places(incident: Incident) -> Iterator[dict[str, str]]:
    """Where the files lie that are not at their path: archives are unpacked again."""
    with ExitStack() as stack:
        sources = []
        if any(source.place for source in incident.sources):
            again = collect(incident.arguments)
            stack.callback(again.close)
            sources = again.sources
        yield {source.path: source.place for source in sources if source.place}
