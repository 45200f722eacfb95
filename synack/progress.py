"""One line on a terminal while long captures are read; nothing anywhere else."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from synack.report.plain import printable

_PATIENCE_S = 1.0
"""Work that is done sooner needs no progress."""
_EVERY_S = 0.1


class Line:
    """A line on standard error that is rewritten in place, and erased at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begin = self._shown = time.monotonic()
        self._path = ""
        self._file_begin = self._begin
        self._width = 0

    def update(self, path: str, done: int, size: int | None, packets: int) -> None:
        now = time.monotonic()
        if path != self._path:
            self._path, self._file_begin = path, now
        if now - self._begin < _PATIENCE_S or now - self._shown < _EVERY_S:
            return
        self._shown = now
        self._write(describe(path, done, size, packets, now - self._file_begin))

    def close(self) -> None:
        """Leave the line as it was."""
        if self._width:
            self._write("")
            self._stream.write("\r")
            self._stream.flush()

    def _write(self, text: str) -> None:
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)


def describe(path: str, done: int, size: int | None, packets: int, elapsed: float) -> str:
    """``broker.pcap: 45 % of 1.2 GB, 8.1 M packets, 950 MB/s, 1 s left``, within 80 columns."""
    rate = done / elapsed if elapsed > 0 else 0.0
    parts = [f"{done * 100 // size} % of {_bytes(size)}" if size else _bytes(done)]
    parts += [f"{packets / 1e6:.1f} M packets", f"{_bytes(round(rate))}/s"]
    if size and rate > 0:
        parts.append(f"{max(size - done, 0) / rate:.0f} s left")
    text = ", ".join(parts)
    return f"{printable(path)[-(78 - len(text)) :]}: {text}"


def _bytes(number: int) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= scale:
            return f"{number / scale:.1f} {unit}"
    return f"{number} B"


def on_terminal() -> Line | None:
    """A progress line if standard error is a terminal."""
    return Line(sys.stderr) if sys.stderr.isatty() else None
