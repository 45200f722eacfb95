"""Pieces of plain files and of decompression: the same bytes whatever the sizes, and an
orderly end."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from synack.capture import ahead
from synack.capture.ahead import HEADROOM, PIECE, Stretch, in_thread


def content(size: int) -> bytes:
    return bytes(range(256)) * (size // 256) + b"x" * (size % 256)


@contextmanager
def stretch(whole: bytes, offset: int = 0) -> Iterator[Stretch]:
    with tempfile.TemporaryFile() as file:
        file.write(whole)
        file.flush()
        yield Stretch(file.fileno(), offset)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 77])
@pytest.mark.parametrize("kept", [0, 1, 1000])
@pytest.mark.parametrize("offset", [0, 4, PIECE])
def test_pieces_join_what_is_left(size: int, kept: int, offset: int) -> None:
    """``kept`` bytes of each piece stay unconsumed, as the beginning of a record does."""
    whole = content(size)
    seen, rest = b"", b""
    with stretch(whole, offset) as reading:
        while True:
            joined = bytes(reading.after(rest))
            if len(joined) == len(rest):
                break
            seen += joined[: len(joined) - kept] if len(joined) > kept else b""
            rest = joined[-kept:] if kept and len(joined) > kept else joined if kept else b""
    assert seen + rest == whole[offset:]


def test_a_record_larger_than_the_headroom_stays_whole() -> None:
    whole = content(HEADROOM + 4 * PIECE)
    rest: bytes | memoryview = b""
    with stretch(whole) as reading:
        while len(joined := reading.after(rest)) > len(rest):
            rest = joined
    assert len(rest) > HEADROOM
    assert bytes(rest) == whole


def test_several_read_one_file() -> None:
    """Each has its place: only the descriptor is shared."""
    whole = content(3 * PIECE)
    with stretch(whole) as one:
        other = Stretch(one.descriptor, PIECE)
        assert bytes(one.after(b"")) == whole[:PIECE]
        assert bytes(other.after(b"")) == whole[PIECE : 2 * PIECE]
        assert bytes(one.after(b"")) == whole[PIECE : 2 * PIECE]


def test_an_error_while_reading_is_raised_to_the_reader() -> None:
    """And what was there stays as it is."""
    with stretch(content(PIECE + 100)) as reading:
        rest = reading.after(b"")[-100:]
        descriptor, reading.descriptor = reading.descriptor, -1
        with pytest.raises(OSError, match="Bad file descriptor"):
            reading.after(rest)
        assert bytes(rest) == content(PIECE)[-100:]
        reading.descriptor = descriptor
        assert bytes(reading.after(rest)) == content(PIECE + 100)[-200:]


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
