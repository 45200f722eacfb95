"""Files are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from synack.errors import UsageError
from synack.output import write


def test_text_and_pieces_of_bytes(tmp_path):
    write("ä\n", tmp_path / "a.txt")
    write([b"\0", b"\xff"], tmp_path / "b.bin")
    assert (tmp_path / "a.txt").read_bytes() == "ä\n".encode()
    assert (tmp_path / "b.bin").read_bytes() == b"\0\xff"


def test_a_failure_between_the_pieces_leaves_no_file(tmp_path):
    def pieces():
        yield b"first"
        raise RuntimeError

    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(RuntimeError):
        write(pieces(), tmp_path / "a.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_an_old_file_is_replaced_and_nothing_is_left_over(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    write("new", path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "new"


def test_permissions_follow_the_umask(tmp_path):
    (tmp_path / "plain").write_text("")
    write("x", tmp_path / "ours")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("place", ["missing/a.txt", "file/a.txt"])
def test_an_impossible_place_is_a_usage_error(tmp_path, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write"):
        write("x", tmp_path / place)


def test_a_folder_in_the_way_leaves_nothing_behind(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(UsageError, match="cannot write"):
        write("x", tmp_path / "a.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_leaves_no_file():
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(UsageError, match="cannot write"):
        write("x", full / "a")


def test_a_device_stays_a_device(tmp_path):
    write("all of it", Path(os.devnull))
    assert Path(os.devnull).is_char_device()


def test_a_pipe_is_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write("all of it", pipe)
    assert os.read(reader, 100) == b"all of it"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_full_device_is_said():
    with pytest.raises(UsageError, match=r"cannot write .*full"):
        write("all of it" * 10_000, Path("/dev/full"))


def test_a_link_keeps_pointing(tmp_path):
    (tmp_path / "link").symlink_to("file")
    write("all of it", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "all of it"
