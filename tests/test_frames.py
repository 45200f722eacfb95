"""Frames read once more: from every kind of file, in any order, and what cannot be."""

from __future__ import annotations

import os
import tarfile
import threading
import zipfile

import numpy as np
import pytest

import build
from synack.errors import InputError
from synack.frames import Frames
from synack.incident.collect import collect
from synack.tables import NO_TIME

T = 1_700_000_000_000_000_000
DATA = [bytes([n]) * (20 + n) for n in range(9)]
PCAP = build.pcap([(T + n, data, 1500) for n, data in enumerate(DATA)], nanoseconds=True)


def fetched(path, wanted, inner: str = "") -> Frames:
    incident = collect([str(path)])
    incident.close()  # as after loading
    file = np.zeros(len(wanted), np.int64)
    return Frames(incident, [f"{path}{inner}"], file, np.array(wanted, np.int64))


@pytest.mark.parametrize("compression", [None, *build.COMPRESSIONS])
def test_row_for_row(tmp_path, compression):
    """As they were asked for, not as the file has them."""
    path = tmp_path / "a.pcap"
    path.write_bytes(build.compress(compression, PCAP) if compression else PCAP)
    with fetched(path, [9, 1, 4]) as frames:
        assert [frames[row] for row in range(len(frames))] == [DATA[8], DATA[0], DATA[3]]
        assert frames.time.tolist() == [T + 8, T, T + 3]
        assert frames.original_length.tolist() == [1500] * 3


def test_none_at_all(tmp_path):
    (tmp_path / "a.pcap").write_bytes(PCAP)
    with fetched(tmp_path / "a.pcap", []) as frames:
        assert len(frames) == 0


def test_several_files_and_interfaces(tmp_path):
    """Each frame's interface is its own file's; what has no time says so."""
    one = build.shb() + build.idb(name="eth0") + build.idb(build.RAW, name="tun0")
    (tmp_path / "a.pcapng").write_bytes(one + build.epb(T, b"aa", interface=1) + build.spb(b"bb"))
    (tmp_path / "b.pcap").write_bytes(PCAP)
    paths = [str(tmp_path / name) for name in ("b.pcap", "a.pcapng")]
    file, frame = np.array([1, 0, 1]), np.array([2, 3, 1])
    with Frames(collect(paths), paths, file, frame) as frames:
        assert [frames[row] for row in range(3)] == [b"bb", DATA[2], b"aa"]
        assert [frames.interfaces[i].name for i in frames.interface] == ["eth0", "", "tun0"]
        assert [frames.file_of[i] for i in frames.interface] == [1, 0, 1]
        assert frames.time[0] == NO_TIME


@pytest.mark.parametrize("kind", ["tar.xz", "zip"])
def test_archives_are_unpacked_again(tmp_path, kind):
    (tmp_path / "b1.pcap").write_bytes(PCAP)
    archive = tmp_path / f"x.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as made:
            made.write(tmp_path / "b1.pcap", "in/b1.pcap")
    else:
        with tarfile.open(archive, "w:xz") as made:
            made.add(tmp_path / "b1.pcap", "in/b1.pcap")
    with fetched(archive, [2], "/in/b1.pcap") as frames:
        assert frames[0] == DATA[1]


def test_a_file_that_became_shorter(tmp_path):
    (tmp_path / "a.pcap").write_bytes(PCAP)
    with pytest.raises(InputError, match=r"a.pcap: has changed: frame 10 is not there any more"):
        fetched(tmp_path / "a.pcap", [1, 10])


def test_a_file_that_is_gone(tmp_path):
    (tmp_path / "a.pcap").write_bytes(PCAP)
    incident = collect([str(tmp_path)])
    (tmp_path / "a.pcap").unlink()
    with pytest.raises(InputError, match="no such file"):
        Frames(incident, [str(tmp_path / "a.pcap")], np.array([0]), np.array([1]))


def test_pipes_are_read_once(tmp_path):
    """Without waiting for somebody who writes into it once more."""
    path = tmp_path / "pipe.pcap"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(PCAP,))
    writer.start()
    path.read_bytes()
    writer.join()
    with pytest.raises(InputError, match="a pipe cannot be read a second time"):
        fetched(path, [1])
    with pytest.raises(InputError, match="standard input cannot be read a second time"):
        fetched("-", [1])
