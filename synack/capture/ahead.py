"""Where the bytes come from: pieces of a plain file, or of a thread that decompresses ahead
of whoever looks at them."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

PIECE = 1 << 20
"""Bytes read at once from a plain file: fits the second-level cache, and few calls."""
HEADROOM = 1 << 19
"""Space before them for a record that the last piece ended in."""
_ALIGNED = 4096


class Stretch:
    """Pieces of a plain file from an offset on.

    Two buffers take turns, so memory stays flat and no piece is allocated. What is not
    consumed of a piece is copied in front of the next one, so records stay whole. Only the
    descriptor is shared with others who read the same file.
    """

    def __init__(self, descriptor: int, offset: int) -> None:
        self.descriptor = descriptor
        self._offset = offset
        self._buffers = [_buffer(), _buffer()]
        self._executor: ThreadPoolExecutor | None = None
        self._coming: Future[int] | None = None

    def read_ahead(self) -> Callable[[], None]:
        """From now on a thread reads the next piece meanwhile; returns what ends it."""
        executor = self._executor = ThreadPoolExecutor(1, "synack-read")
        self._coming = executor.submit(self._read)
        return executor.shutdown

    def after(self, rest: bytes | memoryview) -> bytes | memoryview:
        """``rest`` joined with the next piece; valid until the next call. Not longer
        than ``rest`` at the end. Raises OSError when reading fails."""
        read = self._coming.result() if self._coming else self._read()
        if not read:
            return rest
        buffer = self._buffers[0]
        self._offset += read
        self._buffers.reverse()
        begin = HEADROOM - len(rest)
        if begin < 0:
            joined: bytes | memoryview = bytes(rest) + buffer[HEADROOM : HEADROOM + read]
        else:
            buffer[begin:HEADROOM] = rest
            joined = buffer[begin : HEADROOM + read]
        if self._executor is not None:
            # Into the buffer that ``rest`` was in: its copy is taken.
            self._coming = self._executor.submit(self._read)
        return joined

    def _read(self) -> int:
        return os.preadv(self.descriptor, [self._buffers[0][HEADROOM:]], self._offset)


def _buffer() -> memoryview:
    """A buffer in which the file's bytes land 256 bytes into a page: on processors with fast
    short ``rep movsb`` other offsets make the copy out of the page cache four times slower."""
    raw = np.zeros(HEADROOM + PIECE + 2 * _ALIGNED, np.uint8)
    start = (256 - raw.ctypes.data - HEADROOM) % _ALIGNED
    return raw.data[start : start + HEADROOM + PIECE]


_AHEAD = 8
_PATIENCE_S = 0.1


def in_thread(pieces: Iterator[bytes]) -> tuple[Iterator[bytes], Callable[[], None]]:
    """(``pieces``, made in a thread a few ahead; a function that stops the thread).

    What the making raises is raised to whoever asks for the next piece.
    """
    ready: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def offer(item: bytes | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=_PATIENCE_S)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for piece in pieces:
                if not offer(piece):
                    return
            offer(None)
        except BaseException as error:
            offer(error)

    def taken() -> Iterator[bytes]:
        thread.start()
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=work, name="synack-decompress", daemon=True)

    def stop() -> None:
        stopped.set()
        if thread.is_alive():
            thread.join()

    return taken(), stop
