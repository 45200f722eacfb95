"""pcapng out: read back by our own reader and by Wireshark's and tcpdump's tools."""

from __future__ import annotations

import io
import subprocess

import pytest

import build
from synack.addresses import parse_ip
from synack.capture.reader import open_capture
from synack.capture.write import LONGEST, Interface, Packet, is_annotated, pcapng

FRAME = build.ethernet(
    "02:00:00:00:00:01", "02:00:00:00:00:02",
    build.ip("10.0.0.1", "10.0.0.2", build.TCP, build.tcp(40000, 9092, seq=1, flags="S")),
)  # fmt: skip
T = 1_795_445_928_649_377_108
ONE = [Interface("b1:eth0", build.ETHERNET)]


def written(interfaces=ONE, packets=(), **more) -> bytes:
    return b"".join(pcapng(interfaces, packets, **more))


def read(content: bytes):
    reader = open_capture("x", io.BytesIO(content))
    return reader, list(reader)


@pytest.mark.parametrize(
    "packet",
    [
        Packet(0, T, FRAME, len(FRAME)),
        Packet(0, T, FRAME[:51], 1514, 1),
        Packet(0, 0, FRAME, len(FRAME), 2, ["one", "two"]),
        Packet(0, (1 << 63) - 1, b"", 0),
    ],
)
def test_what_is_written_is_read(packet):
    """Time to the ns, bytes, original length and direction, whatever padding they need."""
    reader, (record,) = read(written(packets=[packet]))
    assert reader.damage is None
    assert reader.bad == []
    assert (record.time, record.data, record.original_length, record.direction) == packet[1:5]


def test_a_time_before_1970_has_no_sign_to_say_so():
    _, (record,) = read(written(packets=[Packet(0, -5, FRAME, len(FRAME))]))
    assert record.time == 0


def test_interfaces_and_names():
    names = {parse_ip("10.0.1.10"): ["broker-1", "b1"], parse_ip("fd00::1"): ["broker-1"]}
    interfaces = [
        Interface("b1:eth0", build.ETHERNET, "b1.pcap", "its clock", 4),
        Interface("p7:any", build.SLL2),
    ]
    packets = [Packet(1, T, b"x", 1), Packet(0, T, b"y", 1)]
    reader, records = read(written(interfaces, packets, comments=["verdict"], names=names))
    first, second = reader.interfaces
    assert (first.name, first.description, first.fcs_length) == ("b1:eth0", "b1.pcap", 4)
    assert (second.name, second.link_type, second.tsresol) == ("p7:any", build.SLL2, 1)
    assert [record.interface for record in records] == [1, 0]
    assert reader.names == [
        ("10.0.1.10", ("broker-1",)), ("10.0.1.10", ("b1",)), ("fd00::1", ("broker-1",)),
    ]  # fmt: skip
    assert ("comment", "verdict") in reader.comments
    assert is_annotated(reader.comments)


@pytest.mark.parametrize(
    "text", ["x" * LONGEST, "x" * (LONGEST + 1), "é" * LONGEST, "\U0001f40c" * LONGEST]
)
def test_no_text_is_longer_than_an_option(text, tmp_path):
    """Cut between characters; whoever reads it finds the packet behind it."""
    content = written(
        [Interface(text, build.ETHERNET, text, text)],
        [Packet(0, T, FRAME, len(FRAME), 0, [text] * 3)],
        comments=[text], names={parse_ip("10.0.0.1"): [text]},
    )  # fmt: skip
    reader, (record,) = read(content)
    assert (record.data, reader.bad) == (FRAME, [])
    (kept,) = (says for kind, says in reader.comments if kind == "comment")
    assert text.startswith(kept.removesuffix(" [cut]"))
    assert len(kept.encode()) <= LONGEST
    assert tshark(content, tmp_path, "frame.number") == "1"


def test_a_nul_in_a_name_ends_no_name():
    reader, _ = read(written(names={parse_ip("10.0.0.1"): ["a\0b"]}))
    assert reader.names == [("10.0.0.1", ("ab",))]


def test_surrogates_of_file_names_are_no_utf_8(tmp_path):
    content = written(packets=[Packet(0, T, FRAME, len(FRAME), 0, ["x\udcff"])])
    assert tshark(content, tmp_path, "frame.comment") == "x?"


def test_tcpdump_and_capinfos_read_it(tmp_path):
    """Several interfaces of one link type: what libpcap takes."""
    path = tmp_path / "x.pcapng"
    interfaces = [Interface("a:eth0", build.ETHERNET), Interface("b:eth0", build.ETHERNET)]
    packets = [Packet(place, T + place, FRAME, 1514) for place in (0, 1)]
    path.write_bytes(written(interfaces, packets, comments=["said"]))
    shown = subprocess.run(["tcpdump", "-nr", path], capture_output=True, text=True, check=True)
    assert shown.stdout.count("Flags [S]") == 2
    told = subprocess.run(["capinfos", path], capture_output=True, text=True, check=True).stdout
    assert "Capture comment:     said" in told
    assert "Name = b:eth0" in told


def tshark(content: bytes, folder, field: str) -> str:
    path = folder / "x.pcapng"
    path.write_bytes(content)
    done = subprocess.run(
        ["tshark", "-r", path, "-T", "fields", "-e", field],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout.strip()
