"""A bounded view of a file's bytes, decompressed while they are read.

Compression is told by magic, never by name: captures get renamed more often than
recompressed. gzip, bzip2, xz and lz4 may hold several members; zstd several frames.
Memory stays flat whatever the input says: no decoder is asked for more than
:data:`CHUNK` bytes at once, and the decoders that size their memory by the file's own
header (xz, zstd) have a limit. What is cut or corrupt is delivered up to there.
"""

from __future__ import annotations

import bz2
import importlib
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

from synack.capture.ahead import Stretch, in_thread
from synack.errors import Damage, InputError

CHUNK = 128 * 1024
"""Bytes of one piece of decompressed content, at most. Of gzip twice as much takes a third
longer: the pieces are new memory each time."""

_RAW_CHUNK = 64 * 1024
"""Bytes read at once from a compressed file. Small, because every member's end copies the
rest of it, and a hostile file may consist of empty members."""

_XZ_MEMORY = 256 * 1024 * 1024
"""Bytes. ``xz -9`` needs 65 MiB; a header may ask for 4 GiB."""

_MAGIC_LENGTH = 6

_SMALL = 1 << 22
"""Bytes. Compressed files below need no thread, plain ones no buffers of their own."""

EMPTY = "empty file"
"""The reason of an :class:`InputError` for an input without a byte."""

Pieces = Iterator[bytes]


class _Broken(Exception):
    """The content ends here, and this is why. Never leaves this module."""


class _Decoder(Protocol):
    """What bz2, lzma, lz4 and isal agree on."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class Window:
    """Content of one input, read once from front to end.

    ``path`` is for messages, ``compression`` a name or None, ``size`` the bytes of the
    file as it lies on disk (None for a stream), ``damage`` is set once the content turned
    out to end before it should.
    """

    def __init__(
        self,
        path: str,
        pieces: Pieces,
        compression: str | None,
        size: int | None,
        raw: _Raw | None = None,
        stretch: Stretch | None = None,
        offset: int = 0,
    ) -> None:
        self.path = path
        self.compression = compression
        self.size = size
        self.damage: Damage | None = None
        self._raw = raw
        self._pieces = pieces
        self._stretch = stretch
        self._piece: bytes | memoryview = b""
        self._base = offset  # content offset of self._piece
        self._at = 0  # consumed bytes of self._piece
        self._on_close: list[Callable[[], None]] = []

    @property
    def offset(self) -> int:
        """Bytes of decompressed content consumed so far."""
        return self._base + self._at

    @property
    def done(self) -> int:
        """Bytes of the file that were read so far, as it lies on disk."""
        return self.offset if self.compression is None or not self._raw else self._raw.count

    @property
    def share(self) -> float:
        """What part of the file was read so far; 0 where nobody knows."""
        return self.done / self.size if self.size else 0.0

    def read(self, n: int) -> bytes:
        """The next ``n`` bytes; fewer only when the content ends."""
        end = self._at + n
        if end <= len(self._piece):
            data = self._piece[self._at : end]
            self._at = end
            return bytes(data)
        return b"".join(self._take(n))

    def skip(self, n: int) -> int:
        """Pass over ``n`` bytes without keeping them; how many there were."""
        return sum(map(len, self._take(n)))

    def peek(self, n: int) -> bytes:
        """The next ``n`` bytes, not consumed; fewer only when the content ends. For small n."""
        while len(self._piece) - self._at < n and self.more():
            pass
        return bytes(self._piece[self._at : self._at + n])

    def ahead(self) -> tuple[bytes | memoryview, int, int]:
        """What is there of the content and not consumed: ``data[begin:end]``."""
        return self._piece, self._at, len(self._piece)

    def advance(self, n: int) -> None:
        """Consume ``n`` bytes of what :meth:`ahead` gave."""
        self._at += n

    def more(self) -> bool:
        """Join the next piece to what is not consumed yet; False at the end."""
        rest = self._piece[self._at :]
        joined = self._after(rest)
        self._base += self._at
        self._piece, self._at = joined, 0
        return len(joined) > len(rest)

    @property
    def plain(self) -> bool:
        """Whether any offset can be gone to: a large plain file."""
        return self._stretch is not None

    def at(self, offset: int) -> Window:
        """Another view of the same plain file, which this one keeps open, from there on."""
        assert self._stretch is not None
        stretch = Stretch(self._stretch.descriptor, offset)
        return Window(self.path, iter(()), None, self.size, stretch=stretch, offset=offset)

    def go_to(self, offset: int) -> None:
        """Go on at that offset of a plain file."""
        assert self._stretch is not None
        self._stretch = Stretch(self._stretch.descriptor, offset)
        self._piece, self._base, self._at = b"", offset, 0

    def read_ahead(self) -> None:
        """From now on a thread reads the next piece of a plain file meanwhile."""
        if self._stretch is not None:
            self._on_close.append(self._stretch.read_ahead())

    def close(self) -> None:
        """Close what :func:`open_window` opened; a stream that was given stays open."""
        while self._on_close:
            self._on_close.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self, n: int) -> Iterator[bytes]:
        """Consume up to ``n`` bytes piece by piece: n may be a lie of the file."""
        while n > 0:
            part = bytes(self._piece[self._at : self._at + n])
            if not part:
                if not self.more():
                    return
                continue
            self._at += len(part)
            n -= len(part)
            yield part

    def _after(self, rest: bytes | memoryview) -> bytes | memoryview:
        """``rest`` and the next piece, if there is one."""
        try:
            if self._stretch is not None:
                return self._stretch.after(rest)
            piece = next(self._pieces, b"")
            return bytes(rest) + piece if rest else piece
        except (_Broken, OSError) as broken:
            end = self._base + len(self._piece)
            reason = str(broken) if isinstance(broken, _Broken) else _failed(broken)
            self.damage = Damage(self.path, reason, offset=end)
            return rest


def open_window(
    path: str | Path, stream: BinaryIO | None = None, *, name: str | None = None
) -> Window:
    """Open ``path``; ``-`` is standard input; with ``stream``, path only names it. ``name``:
    how messages call it.

    A stream may still be growing: what is there is delivered without waiting for more
    than was asked. Raises :class:`InputError` when the input is missing, a directory,
    unreadable or empty, or when the library for its compression is not installed.
    """
    name = name or str(path)
    opened: BinaryIO | None = None
    size = None
    if stream is None and str(path) == "-":
        stream = sys.stdin.buffer
    if stream is None:
        stream = opened = _open_file(str(path), name)
        status = os.fstat(opened.fileno())
        size = status.st_size if stat.S_ISREG(status.st_mode) else None
    try:
        window = _window_over(name, stream, size)
    except InputError:
        if opened is not None:
            opened.close()
        raise
    if opened is not None:
        window._on_close.append(opened.close)
    return window


def _open_file(path: str, name: str) -> BinaryIO:
    try:
        return open(path, "rb")
    except FileNotFoundError:
        raise InputError(name, "no such file") from None
    except IsADirectoryError:
        raise InputError(name, "is a directory") from None
    except PermissionError:
        raise InputError(name, "permission denied") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise InputError(name, f"cannot be opened: {_why(error)}") from None


def _window_over(name: str, stream: BinaryIO, size: int | None) -> Window:
    raw = _Raw(stream)
    head = b""
    try:
        while len(head) < _MAGIC_LENGTH and (piece := next(raw, b"")):
            head += piece
    except _Broken as broken:
        if not head:
            raise InputError(name, str(broken)) from None
    if not head:
        raise InputError(name, EMPTY)
    pieces = _chain(head, raw)
    compression = _compression_of(head)
    if compression is not None:
        try:
            pieces = _DECODERS[compression](pieces)
        except ImportError:
            package = _PACKAGES[compression]
            reason = f"{compression} compressed, which needs {package}: pip install {package}"
            raise InputError(name, reason) from None
    large = size is not None and size >= _SMALL
    if large and compression is None:
        window = Window(name, pieces, None, size, stretch=Stretch(stream.fileno(), 0))
    elif large:
        pieces, stop = in_thread(pieces)
        window = Window(name, pieces, compression, size, raw)
        window._on_close.append(stop)
    else:
        window = Window(name, pieces, compression, size, raw)
    return window


class _Raw:
    """The pieces of a stream as they lie on disk; ``count`` bytes so far."""

    def __init__(self, stream: BinaryIO) -> None:
        # read1 returns what a pipe holds by now; read would wait for a full chunk.
        self._read: Callable[[int], bytes | None] = getattr(stream, "read1", stream.read)
        self.count = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        try:
            piece = self._read(_RAW_CHUNK)
        except (OSError, ValueError) as error:  # ValueError: closed meanwhile
            raise _Broken(_failed(error)) from None
        if not piece:
            raise StopIteration
        self.count += len(piece)
        return piece


def _chain(head: bytes, raw: Pieces) -> Pieces:
    yield head
    yield from raw


def _failed(error: Exception) -> str:
    return f"reading failed: {_why(error)}"


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _compression_of(head: bytes) -> str | None:
    for magic, name in _MAGICS:
        if head.startswith(magic):
            return name
    # Skippable zstd frame: what pzstd writes first.
    if 0x50 <= head[0] <= 0x5F and head[1:4] == b"\x2a\x4d\x18":
        return "zstd"
    return None


def _members(
    name: str, raw: Pieces, new: Callable[[], _Decoder], corrupt: type[Exception]
) -> Pieces:
    """Content of all members of a stream whose members simply follow each other.

    ``new`` makes the decoder of one member, ``corrupt`` is what it raises on bad data.
    """
    decoder, data = new(), next(raw, b"")
    while True:
        try:
            out = decoder.decompress(data, CHUNK)
        except MemoryError:
            raise _Broken(f"{name} data needs too much memory") from None
        except (corrupt, EOFError, ValueError) as error:
            raise _Broken(f"{name} data is corrupt: {error}") from None
        if out:
            yield out
        stuck = not out and not data
        data = b""
        if decoder.eof:
            # Zeros between and behind members are padding (tapes, xz).
            data = (decoder.unused_data or b"").lstrip(b"\0")
            while not data:
                piece = next(raw, None)
                if piece is None:
                    return
                data = piece.lstrip(b"\0")
            decoder = new()
        elif decoder.needs_input or stuck:
            data = next(raw, b"")
            if not data:
                raise _Broken(f"{name} data is cut")


class _ZlibMember:
    """zlib with the interface of the others, for when isal is not installed."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._full and not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self._full = len(out) == max_length  # zlib may hold output without any input left
        return out


def _gzip(raw: Pieces) -> Pieces:
    try:
        igzip = importlib.import_module("isal.igzip_lib")
    except ImportError:
        return _members("gzip", raw, _ZlibMember, zlib.error)

    def new() -> Any:
        return igzip.IgzipDecompressor(flag=igzip.DECOMP_GZIP)

    return _members("gzip", raw, new, igzip.IsalError)


def _xz(raw: Pieces) -> Pieces:
    def new() -> _Decoder:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    return _members("xz", raw, new, lzma.LZMAError)


def _bzip2(raw: Pieces) -> Pieces:
    return _members("bzip2", raw, bz2.BZ2Decompressor, OSError)


def _lz4(raw: Pieces) -> Pieces:
    lz4 = importlib.import_module("lz4.frame")
    return _members("lz4", raw, lz4.LZ4FrameDecompressor, RuntimeError)


def _zstd(raw: Pieces) -> Pieces:
    zstandard = importlib.import_module("zstandard")
    return _zstd_frames(_Steps(raw), zstandard)


class _Steps:
    """Exact reads from raw pieces, for walking the blocks of a zstd frame."""

    def __init__(self, raw: Pieces) -> None:
        self._window = Window("", raw, None, None)

    def take(self, n: int) -> bytes:
        data = self._window.read(n)
        if len(data) < n:
            damage = self._window.damage
            raise _Broken(damage.reason if damage else "zstd data is cut")
        return data

    def skip(self, n: int) -> None:
        if self._window.skip(n) < n:
            raise _Broken("zstd data is cut")

    def at_end(self) -> bool:
        return not self._window.peek(1)


def _zstd_frames(steps: _Steps, zstandard: Any) -> Pieces:
    """Content of all frames (RFC 8878), one block at a time.

    The library's incremental decoder has no limit on its output, and its reader does
    not tell a cut frame from a whole one. A block holds at most 128 KiB of content, so
    feeding it block by block bounds the memory, and a missing last block is a cut.
    """
    while not steps.at_end():
        magic = steps.take(4)
        if 0x50 <= magic[0] <= 0x5F and magic[1:] == b"\x2a\x4d\x18":
            steps.skip(int.from_bytes(steps.take(4), "little"))
            continue
        if magic != b"\x28\xb5\x2f\xfd":
            raise _Broken("zstd data is corrupt: no frame where one should begin")
        decoder = zstandard.ZstdDecompressor().decompressobj()
        for part in _zstd_parts(magic, steps):
            try:
                out = decoder.decompress(part)
            except (zstandard.ZstdError, MemoryError) as error:
                raise _Broken(f"zstd data is corrupt: {error}") from None
            if out:
                yield out


def _zstd_parts(magic: bytes, steps: _Steps) -> Pieces:
    """Header, blocks and checksum of one zstd frame (RFC 8878 section 3.1.1)."""
    flags = steps.take(1)
    single, checksum = flags[0] & 0x20, flags[0] & 0x04
    content_size = (1 if single else 0, 2, 4, 8)[flags[0] >> 6]
    dictionary_id = (0, 1, 2, 4)[flags[0] & 3]
    yield magic + flags + steps.take(content_size + dictionary_id + (0 if single else 1))
    last = False
    while not last:
        head = steps.take(3)
        word = int.from_bytes(head, "little")
        last, run_length = bool(word & 1), (word >> 1) & 3 == 1
        block = steps.take(1 if run_length else word >> 3)
        yield head + block + (steps.take(4) if last and checksum else b"")


_MAGICS = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x04\x22\x4d\x18", "lz4"),
)
_DECODERS: dict[str, Callable[[Pieces], Pieces]] = {
    "gzip": _gzip,
    "zstd": _zstd,
    "xz": _xz,
    "bzip2": _bzip2,
    "lz4": _lz4,
}
_PACKAGES = {"zstd": "zstandard", "lz4": "lz4"}
