"""Reading and decompressing in a thread of their own, ahead of whoever looks at the bytes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

import numpy as np

PIECE = 1 << 20
"""Bytes read at once from a plain file: fits the second-level cache, and few calls."""
HEADROOM = 1 << 19
"""Space before them for a record that the last piece ended in."""
_ALIGNED = 4096
SMALL = 1 << 22
"""Plain files below need no thread."""


class ReadAhead:
    """Pieces of a plain file: while one is looked at, the next is read.

    Two buffers take turns, so memory stays flat and no piece is allocated. What is not
    consumed of a piece is moved in front of the next one, so records stay whole.
    """

    def __init__(self, file: BinaryIO, head: bytes) -> None:
        self._file = file
        self._head = head
        self._buffers = [_buffer(), _buffer()]
        self._turn = 0
        self._executor = ThreadPoolExecutor(1, "synack-read")
        self._coming: Future[int] = self._submit()

    def after(self, rest: bytes | memoryview) -> bytes | memoryview:
        """``rest`` joined with the next piece; valid until the next call but one. Not
        longer than ``rest`` at the end. Raises OSError when reading fails."""
        if self._head:
            head, self._head = self._head, b""
            return bytes(rest) + head
        read = self._coming.result()
        if not read:
            return rest
        buffer = self._buffers[self._turn]
        begin = HEADROOM - len(rest)
        if begin < 0:
            joined: bytes | memoryview = bytes(rest) + buffer[HEADROOM : HEADROOM + read]
        else:
            buffer[begin:HEADROOM] = rest
            joined = buffer[begin : HEADROOM + read]
        self._turn = 1 - self._turn
        self._coming = self._submit()
        return joined

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _submit(self) -> Future[int]:
        target = self._buffers[self._turn][HEADROOM:]
        return self._executor.submit(self._file.readinto, target)  # type: ignore[attr-defined]


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
