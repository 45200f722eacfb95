"""tshark through pyshark: wherever it is called from, and whatever is in its way."""

from __future__ import annotations

import asyncio
import gc
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import build
from synack.errors import InputError, UsageError
from synack.report import dissect as module
from synack.report.dissect import dissect

FIXTURES = Path(__file__).parents[1] / "fixtures"
SYN = build.ethernet(
    "02:00:00:00:00:01", "02:00:00:00:00:02",
    build.ip("10.0.0.1", "10.0.0.2", build.TCP, build.tcp(40000, 9092, seq=7, flags="S")),
)  # fmt: skip
T = 1_700_000_000_000_000_000


@pytest.fixture
def capture(tmp_path):
    path = tmp_path / "x.pcap"
    path.write_bytes(build.pcap([(T, SYN), (T + 1000, SYN)]))
    return path


def test_all_of_it(capture):
    packets, ended = dissect(capture)
    assert ended == ""
    assert [[layer.name for layer in packet] for packet in packets] == [
        ["frame", "eth", "ip", "tcp"]
    ] * 2
    tcp = packets[0][3]
    assert tcp.get("tcp.seq_raw") == "7"
    assert tcp.get("no.such", "tcp.dstport") == "9092"
    assert tcp.get("no.such") is None
    lines = [field.line for field in packets[0][2].fields if not field.hidden]
    assert lines.index("Source Address: 10.0.0.1") < lines.index("Destination Address: 10.0.0.2")


def test_inside_of_asyncio(capture):
    """Where pyshark alone fails: a loop runs already. Twice, and before and after."""

    async def notebook():
        first = dissect(capture)
        await asyncio.sleep(0)
        return first, dissect(capture)

    assert asyncio.run(notebook()) == (dissect(capture), dissect(capture))


def test_in_a_notebook(capture):
    """A real kernel, whose cells run in a loop."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        code = (
            "from pathlib import Path; from synack.report.dissect import dissect\n"
            f"packets, ended = dissect(Path({str(capture)!r})); print(len(packets), repr(ended))"
        )
        said = []
        client.execute_interactive(code, output_hook=said.append, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    told = "".join(message["content"].get("text", "") for message in said)
    assert told == "2 ''\n"


@pytest.mark.parametrize("path", ["", "/nowhere"])
def test_without_tshark(capture, monkeypatch, path):
    monkeypatch.setenv("PATH", path)
    with pytest.raises(UsageError, match=r"tshark .* is not installed: apt install tshark"):
        dissect(capture)


def other_tshark(folder: Path, script: str) -> Path:
    path = folder / "bin" / "tshark"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


def test_the_current_folder_names_no_program(capture, monkeypatch):
    """pyshark runs what a config.ini there says; it may be part of what was sent to us."""
    other = other_tshark(capture.parent, "touch $0.ran")
    (capture.parent / "config.ini").write_text(f"[tshark]\ntshark_path = {other}\n")
    monkeypatch.chdir(capture.parent)
    assert len(dissect(capture)[0]) == 2
    (capture.parent / "config.ini").write_text("\0 not a config")
    assert len(dissect(capture)[0]) == 2
    assert not Path(f"{other}.ran").exists()


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo no such option >&2; exit 2", "ended with exit code 2: no such option"),
        ('exec /usr/bin/tshark -c 1 "$@"; ', ""),
        ('/usr/bin/tshark -c 1 "$@"; echo broken >&2; exit 3', "ended with exit code 3: broken"),
        ("kill -9 $$", "ended with exit code -9"),
    ],
    ids=["refuses", "fewer", "fails-later", "crashes"],
)
def test_a_tshark_that_fails(capture, monkeypatch, script, says):
    """What was read before counts."""
    other = other_tshark(capture.parent, script)
    monkeypatch.setenv("PATH", f"{other.parent}:{os.environ['PATH']}")
    if "tshark -c" in script:
        packets, ended = dissect(capture)
        assert len(packets) == 1
        assert says in ended
    else:
        with pytest.raises(InputError, match=says):
            dissect(capture)
    gc.collect()  # pyshark closes what it forgot, on a loop that is closed


def test_a_tshark_that_hangs(capture, monkeypatch):
    other = other_tshark(capture.parent, "exec sleep 60")
    monkeypatch.setenv("PATH", f"{other.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(module, "TIMEOUT_S", 0.3)
    monkeypatch.setattr(module, "_ENDING_S", 0.1)
    with pytest.raises(InputError, match="did not end within"):
        dissect(capture)
    gc.collect()


@pytest.mark.parametrize("length", [0, 1, 14, 33, 53])
def test_packets_that_are_cut(tmp_path, length):
    path = tmp_path / "x.pcap"
    path.write_bytes(build.pcap([(T, SYN[:length], len(SYN))]))
    (packet,), ended = dissect(path)
    assert packet[0].get("frame.cap_len") == str(length)
    assert ended == ""


def test_names_that_are_no_xml(tmp_path):
    """Control characters and markup in what a packet says."""
    query = b"\0\1\1\0\0\1\0\0\0\0\0\0" + b"\x0e<&\x01\x1b]]>\xff\xfe\"'--" + b"\0\0\1\0\1"
    dns = build.ip("10.0.0.1", "10.0.0.2", build.UDP, build.udp(4000, 53, query))
    path = tmp_path / "x.pcap"
    path.write_bytes(
        build.pcap([(T, build.ethernet("02:00:00:00:00:01", "02:00:00:00:00:02", dns))])
    )
    (packet,), ended = dissect(path)
    assert "dns" in [layer.name for layer in packet]
    assert ended == ""


def test_nothing_else_imports_pyshark():
    """It takes half a second."""
    code = "import sys, synack.report.explain; print('pyshark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    root = Path(module.__file__).parents[1]
    others = [
        p.name
        for p in root.rglob("*.py")
        if "import pyshark" in p.read_text() or "from pyshark" in p.read_text()
    ]
    assert others == ["dissect.py"]
