"""The byte source: every compression, whole and in drips, cut, corrupt, hostile."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard

import build
from synack.capture.window import CHUNK, Window, open_window
from synack.errors import InputError

CONTENT = b"".join(i.to_bytes(4, "big") for i in range(3 * CHUNK // 4)) + b"end"


def over(content: bytes) -> Window:
    return open_window("x.pcap", io.BytesIO(content))


def peak_of(action: Callable[[], object]) -> int:
    """Bytes of Python memory an action takes at most."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def stored(name: str | None, content: bytes) -> bytes:
    return content if name is None else build.compress(name, content)


@pytest.mark.parametrize("name", [None, *build.COMPRESSIONS])
class TestEveryCompression:
    def test_whole(self, name: str | None, tmp_path: Path) -> None:
        """A file is told by magic, whatever its name; size is that on disk."""
        path = tmp_path / "misleading.txt.bz2"
        path.write_bytes(stored(name, CONTENT))
        with open_window(path) as window:
            assert window.compression == name
            assert window.size == path.stat().st_size
            assert window.read(10) == CONTENT[:10]
            assert window.offset == 10
            assert window.peek(5) == CONTENT[10:15]
            assert window.skip(100_000) == 100_000
            assert window.read(CHUNK) == CONTENT[100_010 : 100_010 + CHUNK]
            assert window.read(len(CONTENT)) == CONTENT[100_010 + CHUNK :]
            assert window.read(1) == window.peek(1) == b""
            assert window.offset == len(CONTENT)
            assert window.damage is None

    def test_drips(self, name: str | None) -> None:
        """A stream that gives one byte at a time reads the same."""
        content = CONTENT[:2000]
        window = open_window("-", build.Trickle(stored(name, content)))
        assert window.compression == name
        assert window.size is None
        assert window.peek(40) == content[:40]
        assert window.read(3000) == content
        assert window.damage is None

    def test_members(self, name: str | None) -> None:
        """Members that follow each other are one content, in drips too."""
        parts = [b"first", b"", CONTENT[:70_000], b"last"]
        content = b"".join(stored(name, part) for part in parts)
        for stream in (io.BytesIO(content), build.Trickle(content)):
            window = open_window("x", stream)  # type: ignore[arg-type]
            assert window.read(1 << 20) == b"".join(parts)
            assert window.damage is None


@pytest.mark.parametrize("name", build.COMPRESSIONS)
class TestDamage:
    def test_cut(self, name: str) -> None:
        """A cut stream delivers its beginning and says that it is cut."""
        content = stored(name, CONTENT)
        window = over(content[: len(content) * 2 // 3])
        got = window.read(len(CONTENT))
        assert CONTENT.startswith(got)
        assert len(got) > 0 or name == "bzip2"  # whose blocks cannot be delivered in parts
        assert window.damage is not None
        assert window.damage.reason == f"{name} data is cut"
        assert window.damage.offset == len(got)

    def test_cut_anywhere(self, name: str) -> None:
        """At no length does a cut escape notice."""
        content = stored(name, b"some content " * 9)
        for end in range(6, len(content)):
            window = over(content[:end])
            window.skip(1000)
            assert window.damage is not None, end

    def test_corrupt(self, name: str) -> None:
        """Flipped bytes end in a reason or a harmless difference, never an exception."""
        content = stored(name, CONTENT)
        noticed = 0
        for at in range(8, len(content), len(content) // 23):
            broken = bytearray(content)
            broken[at] ^= 0x55
            window = over(bytes(broken))
            window.skip(2 * len(CONTENT))
            noticed += window.damage is not None
        assert noticed > 15

    def test_garbage_behind(self, name: str) -> None:
        """What follows the last member and is none is damage, after all content."""
        window = over(stored(name, b"good") + b"\x99garbage" * 10)
        assert window.read(100) == b"good"
        assert window.damage is not None

    def test_bomb(self, name: str) -> None:
        """Content is never held as a whole: 32 MiB of zeros pass through little memory."""
        length = 32 << 20
        content = stored(name, bytes(length))
        assert len(content) < length // 100

        def read() -> None:
            window = over(content)
            assert window.peek(4) == bytes(4)
            assert window.skip(length) == length

        dictionary = 8 << 20  # of xz, which Python's memory tracing sees
        assert peak_of(read) < 4 * CHUNK + len(content) + dictionary


def test_hostile_length() -> None:
    """A length of 4 GB costs no more than what is there."""
    window = over(b"0123456789")
    assert peak_of(lambda: window.read(0xFFFF_FFFF)) < 10_000
    assert window.offset == 10


def test_zero_padding() -> None:
    """Zeros behind a member are padding, as on tapes and in xz files."""
    for name in ("gzip", "xz"):
        window = over(stored(name, b"a") + bytes(512) + stored(name, b"b") + bytes(70_000))
        assert window.read(10) == b"ab"
        assert window.damage is None


def test_zstd_skippable_frame() -> None:
    """Skippable frames, which pzstd writes first, hold no content."""
    skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"skip"
    window = over(skippable + stored("zstd", b"a") + skippable)
    assert window.compression == "zstd"
    assert window.read(10) == b"a"
    assert window.damage is None


@pytest.mark.parametrize(
    "parameters",
    [
        {"write_content_size": False},
        {"write_checksum": False},
        {"level": 19, "write_content_size": False},
    ],
)
def test_zstd_frame_headers(parameters: dict[str, int]) -> None:
    """Every layout of the frame header is walked."""
    for length in (0, 100, 1000, 100_000, 700_000):
        packer = zstandard.ZstdCompressor(**parameters)
        window = over(packer.compress(CONTENT[:length]))
        assert window.read(1 << 20) == CONTENT[:length]
        assert window.damage is None


def test_xz_memory_limit() -> None:
    """A dictionary that would need gigabytes is refused."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    content = bytearray(lzma.compress(b"abc", filters=filters))
    at = content.index(b"\x21\x01", 12) + 2  # filter id, size of properties, dictionary size
    content[at] = 40  # 4 GiB - 1
    header_length = (content[12] + 1) * 4
    crc = zlib.crc32(content[12 : 12 + header_length - 4])
    content[12 + header_length - 4 : 12 + header_length] = crc.to_bytes(4, "little")
    window = over(bytes(content))
    assert window.read(3) == b""
    assert window.damage is not None
    assert "emory" in window.damage.reason


def test_gzip_without_isal(monkeypatch: pytest.MonkeyPatch) -> None:
    """zlib does the same, cut, members, drips and bombs included."""
    monkeypatch.setitem(sys.modules, "isal.igzip_lib", None)
    content = gzip.compress(CONTENT) + gzip.compress(bytes(8 << 20))
    assert over(content).read(len(CONTENT)) == CONTENT
    assert peak_of(lambda: over(content).skip(1 << 24)) < 4 * CHUNK + len(content)
    cut = over(content[:-1])
    assert cut.skip(1 << 24) == len(CONTENT) + (8 << 20)
    assert cut.damage is not None
    drips = open_window("-", build.Trickle(gzip.compress(b"slow")))  # type: ignore[arg-type]
    assert drips.read(9) == b"slow"


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [
        ("zstd", "zstandard", "zstandard"),
        ("lz4", "lz4.frame", "lz4"),
    ],
)
def test_missing_library(
    name: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is the command that helps."""
    content = stored(name, b"x")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=f"{name} compressed.*pip install {package}$"):
        over(content)


def refuse(*_: object) -> None:
    raise PermissionError


def test_unusable_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each says what is wrong, beginning with the path."""
    empty = tmp_path / "empty.pcap"
    empty.touch()
    cases = [
        (tmp_path / "none.pcap", "no such file"),
        (tmp_path, "is a directory"),
        (empty, "empty file"),
        ("a\0b", "cannot be opened: embedded null byte"),
        (empty / "below", "cannot be opened: Not a directory"),
    ]
    for path, reason in cases:
        with pytest.raises(InputError) as caught:
            open_window(path)
        assert caught.value.damage.reason == reason
        assert str(caught.value).startswith(str(path))
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match="permission denied"):
        open_window(empty)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` is standard input, and closing the window leaves it open."""
    stream = io.BytesIO(b"content")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
    with open_window("-") as window:
        assert window.path == "-"
        assert window.read(9) == b"content"
    assert not stream.closed


@pytest.fixture
def pipe() -> Iterator[tuple[io.BufferedReader, int]]:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream:
        yield stream, writer


def test_growing_pipe(pipe: tuple[io.BufferedReader, int]) -> None:
    """What a pipe holds is delivered without waiting for more."""
    stream, writer = pipe
    os.write(writer, b"0123456789")
    window = open_window("-", stream)
    assert window.read(4) == b"0123"
    assert window.read(6) == b"456789"
    os.write(writer, b"more")
    assert window.read(4) == b"more"
    os.close(writer)
    assert window.read(1) == b""


class Failing(io.RawIOBase):
    """A disk that gives some bytes, then an I/O error."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, size: int = -1) -> bytes:
        if not self.content:
            raise OSError(5, "Input/output error")
        content, self.content = self.content, b""
        return content


@pytest.mark.parametrize("name", [None, *build.COMPRESSIONS])
def test_read_error(name: str | None) -> None:
    """An error amid reading keeps what came before."""
    window = open_window("x", Failing(stored(name, b"0123456789")[:-1]))  # type: ignore[arg-type]
    assert b"0123456789".startswith(window.read(100))
    assert window.damage is not None
    assert window.damage.reason == "reading failed: Input/output error"


def test_read_error_at_once() -> None:
    """An error before the first byte is an unusable input."""
    with pytest.raises(InputError, match="Input/output error"):
        open_window("x", Failing(b""))  # type: ignore[arg-type]
