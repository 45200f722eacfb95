"""The kernel's own list of sockets, and the order of its bytes."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from rows import rows

from synack.addresses import format_ip
from synack.context.proc_tcp import address, read_proc_tcp
from synack.text import decode

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"
BRIEF = ("state", "local_ip", "local_port", "peer_ip", "peer_port", "recv_q", "send_q")
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"


def sample(name: str) -> str:
    return decode((SAMPLES / name).read_bytes())


def test_broker() -> None:
    """What ss and netstat show of the same moment."""
    reading = read_proc_tcp("x", sample("proc-net-tcp-broker.txt"))
    assert rows(reading, *BRIEF, "timer", "expires_ns", "retrans", "line") == [
        ("LISTEN", "10.77.0.10", 9092, "0.0.0.0", 0, 0, -1, "off", -1, 0, 2),
        ("SYN-RECEIVED", "10.77.0.10", 9092, "10.77.0.20", 33902, 0, 0, "on", 1_820_000_000, 1, 3),
        ("SYN-RECEIVED", "10.77.0.10", 9092, "10.77.0.20", 33890, 0, 0, "on", 1_790_000_000, 1, 4),
        ("SYN-RECEIVED", "10.77.0.10", 9092, "10.77.0.20", 33886, 0, 0, "on", 1_630_000_000, 1, 5),
    ]


@pytest.mark.parametrize(
    ("digits", "order", "ip"),
    [
        ("0A004D0A", "little", "10.77.0.10"),
        ("0A4D000A", "big", "10.77.0.10"),
        ("0100007F", "little", "127.0.0.1"),
        ("00000000000000000000000001000000", "little", "::1"),
        ("000080FE00000000FF28FD02010000FE", "little", "fe80::2fd:28ff:fe00:1"),
        ("0000000000000000FFFF00000A004D0A", "little", "10.77.0.10"),
        ("00000000000000000000000000000001", "big", "::1"),
        ("00000000000000000000FFFF0A4D000A", "big", "10.77.0.10"),
    ],
)
def test_address(digits: str, order: str, ip: str) -> None:
    """Words of 32 bits in the machine's order; the port is none of it."""
    assert format_ip(*address(digits, order)) == ip


def test_big_endian() -> None:
    """A loopback address tells the order for the whole file."""
    row = "   {}: {}:0016 00000000:0000 0A 00000000:00000003 00:00000000 00000000 0 0 1\n"
    text = HEAD + row.format(0, "7F000001") + row.format(1, "0A4D000A")
    assert rows(read_proc_tcp("x", text), "local_ip", "recv_q") == [
        ("127.0.0.1", 3), ("10.77.0.10", 3),
    ]  # fmt: skip


def test_ipv6() -> None:
    """/proc/net/tcp6, wider columns."""
    text = (
        "  sl  local_address                         remote_address                        st"
        " tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 00000000000000000000000000000000:2384 00000000000000000000000000000000:0000 0A"
        " 00000000:00000002 00:00000000 00000000  1000        0 55555 1 0000000000000000 100 0 0\n"
        "   1: 0000000000000000FFFF00000A01000A:2384 0000000000000000FFFF00004D01000A:9DD4 01"
        " 00000024:00000000 02:000A8D5B 00000000  1000        0 55556 1 0000000000000000\n"
    )
    assert rows(read_proc_tcp("x", text), *BRIEF, "timer") == [
        ("LISTEN", "", 9092, "", 0, 2, -1, "off"),
        ("ESTABLISHED", "10.0.1.10", 9092, "10.0.1.77", 40404, 0, 36, "keepalive"),
    ]


def test_unread() -> None:
    """Cut rows and impossible states are named by line."""
    row = "   0: 0A004D0A:2384 00000000:0000 {} 00000000:00000000 00:00000000 00000000     0\n"
    text = HEAD + row.format("0A") + row.format("FF") + row.format("01")[:40]
    reading = read_proc_tcp("f", text)
    assert reading is not None
    assert len(reading.table) == 1
    assert [str(damage) for damage in reading.unread] == [
        "f, line 3: no such state or timer", "f, line 4: cut, or not a socket",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "local_address", sample("ss-tan-broker-synrecv.txt")])
def test_others(text: str) -> None:
    assert read_proc_tcp("x", text) is None


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_this_machine() -> None:
    """Sockets of this process, IPv4 and IPv6, as the kernel lists them now."""
    four, six = (socket.AF_INET, "127.0.0.1", "tcp"), (socket.AF_INET6, "::1", "tcp6")
    for family, loopback, name in (four, six):
        with socket.socket(family) as listening:
            listening.bind((loopback, 0))
            listening.listen(7)
            port = listening.getsockname()[1]
            text = Path(f"/proc/net/{name}").read_text()
        found = [row for row in rows(read_proc_tcp("x", text), *BRIEF) if row[2] == port]
        assert [row[:3] for row in found] == [("LISTEN", loopback, port)]
