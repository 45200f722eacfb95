"""Reading and decompressing ahead: the same bytes, whatever the sizes, and an orderly end."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import pytest

from synack.capture import ahead
from synack.capture.ahead import HEADROOM, PIECE, ReadAhead, in_thread


def content(size: int) -> bytes:
    return bytes(range(256)) * (size // 256) + b"x" * (size % 256)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 77])
@pytest.mark.parametrize("kept", [0, 1, 1000])
def test_pieces_join_what_is_left(size: int, kept: int) -> None:
    """``kept`` bytes of each piece stay unconsumed, as the beginning of a record does."""
    whole = b"HEAD" + content(size)
    reading = ReadAhead(io.BytesIO(whole[4:]), whole[:4])
    seen, rest = b"", b""
    while True:
        joined = bytes(reading.after(rest))
        if len(joined) == len(rest):
            break
        seen += joined[: len(joined) - kept] if len(joined) > kept else b""
        rest = joined[-kept:] if kept and len(joined) > kept else joined if kept else b""
    reading.close()
    assert seen + rest == whole


def test_a_record_larger_than_the_headroom_stays_whole() -> None:
    whole = content(4 * PIECE)
    reading = ReadAhead(io.BytesIO(whole[4:]), whole[:4])
    rest: bytes | memoryview = b""
    for _ in range(5):
        rest = reading.after(bytes(rest))
    reading.close()
    assert len(rest) > HEADROOM
    assert bytes(rest) == whole


def test_an_error_while_reading_is_raised_to_the_reader() -> None:
    class Broken(io.BytesIO):
        def readinto(self, buffer: object) -> int:
            raise OSError(5, "Input/output error")

    reading = ReadAhead(Broken(), b"head")
    assert bytes(reading.after(b"")) == b"head"
    with pytest.raises(OSError, match="Input/output error"):
        reading.after(b"")
    reading.close()


def test_the_bytes_land_where_copying_is_fast() -> None:
    """256 bytes into a page, see the module."""
    import numpy as np

    buffer = ahead._buffer()
    assert (np.frombuffer(buffer, np.uint8).ctypes.data + HEADROOM) % 4096 == 256


def test_in_thread_gives_the_same_pieces() -> None:
    pieces, stop = in_thread(iter([b"a", b"b", b"c"] * 50))
    assert b"".join(pieces) == b"abc" * 50
    stop()


def test_in_thread_raises_what_the_making_raised() -> None:
    def failing() -> Iterator[bytes]:
        yield b"a"
        raise ValueError("broken")

    pieces, stop = in_thread(failing())
    assert next(pieces) == b"a"
    with pytest.raises(ValueError, match="broken"):
        next(pieces)
    stop()


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_stopping_early_leaves_no_thread(taken: int) -> None:
    """A reader that gives up in the middle of an endless stream."""
    endless = iter(lambda: b"x", b"")
    before = threading.active_count()
    pieces, stop = in_thread(endless)
    for _ in range(taken):
        next(pieces)
    stop()
    assert threading.active_count() == before
