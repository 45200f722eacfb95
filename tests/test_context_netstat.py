"""netstat -an of Linux, BSD, macOS and Windows."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
from rows import rows

from synack.context.netstat import read_netstat
from synack.text import decode

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"
BRIEF = ("state", "local_ip", "local_port", "peer_ip", "peer_port", "recv_q", "send_q")
MS = 1_000_000


def sample(name: str) -> str:
    return decode((SAMPLES / name).read_bytes())


def test_linux() -> None:
    """The same sockets as ss shows."""
    assert rows(read_netstat("x", sample("netstat-ant-broker.txt")), *BRIEF, "line") == [
        ("LISTEN", "10.77.0.10", 9092, "0.0.0.0", 0, 0, -1, 3),
        ("SYN-RECEIVED", "10.77.0.10", 9092, "10.77.0.20", 33902, 0, 0, 4),
        ("SYN-RECEIVED", "10.77.0.10", 9092, "10.77.0.20", 33890, 0, 0, 5),
        ("SYN-RECEIVED", "10.77.0.10", 9092, "10.77.0.20", 33886, 0, 0, 6),
    ]


def test_timers() -> None:
    """``-o``: time, retransmissions, probes."""
    reading = read_netstat("x", sample("netstat-anto-producer.txt"))
    assert rows(reading, "state", "timer", "expires_ns", "retrans") == [
        ("SYN-SENT", "on", 670 * MS, 3), ("SYN-SENT", "on", 830 * MS, 3),
        ("SYN-SENT", "on", 860 * MS, 3),
    ]  # fmt: skip


def test_linux_with_everything() -> None:
    """``netstat -anpeo``: owners and programs stand before the timer. netstat(8)."""
    text = """Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address   Foreign Address  State  User Inode PID/Program name Timer
tcp   0 0 0.0.0.0:22      0.0.0.0:*        LISTEN      0    12345  812/sshd   off (0.00/0/0)
tcp   0 0 10.0.1.10:22    10.0.9.8:50514   ESTABLISHED 0  98765  913/sshd: x keepalive (7119.62/0/0)
tcp6  0 0 :::9092         :::*             LISTEN      1000 55555  1444/java  off (0.00/0/0)
tcp6  0 0 10.0.1.10:9092  10.0.1.77:40404  TIME_WAIT   0    0      -          timewait (35.18/0/0)
udp   0 0 0.0.0.0:68      0.0.0.0:*                    0    11111  700/dhclient off (0.00/0/0)
Active UNIX domain sockets (servers and established)
Proto RefCnt Flags       Type       State         I-Node   PID/Program name     Path
unix  2      [ ACC ]     STREAM     LISTENING     20131    1/init  /run/dbus/system_bus_socket
"""
    reading = read_netstat("x", text)
    assert rows(reading, "local_ip", "local_port", "state", "timer", "expires_ns") == [
        ("0.0.0.0", 22, "LISTEN", "off", 0),
        ("10.0.1.10", 22, "ESTABLISHED", "keepalive", 7_119_620 * MS),
        ("", 9092, "LISTEN", "off", 0),
        ("10.0.1.10", 9092, "TIME-WAIT", "timewait", 35_180 * MS),
    ]
    assert reading is not None
    assert reading.unread == []
    assert reading.lines == 10


def test_macos() -> None:
    """Dots before ports; names cut at the column's width are said. macOS netstat(1)."""
    text = """Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
tcp4       0      0  10.0.1.77.50514        10.0.1.10.9092         SYN_SENT
tcp6       0      0  fe80::1%lo0.123        fe80::2%lo0.124        ESTABLISHED
tcp46      0      0  *.8080                 *.*                    LISTEN
tcp4       0      0  127.0.0.1.631          *.*                    LISTEN
tcp6       0      0  2600:1700:abcd:1.5123  2a00:1450:4001:8.443   ESTABLISHED
udp4       0      0  *.68                   *.*
Active LOCAL (UNIX) domain sockets
"""
    reading = read_netstat("x", text)
    assert rows(reading, *BRIEF, "interface") == [
        ("SYN-SENT", "10.0.1.77", 50514, "10.0.1.10", 9092, 0, 0, ""),
        ("ESTABLISHED", "fe80::1", 123, "fe80::2", 124, 0, 0, "lo0"),
        ("LISTEN", "", 8080, "", 0, 0, -1, ""),
        ("LISTEN", "127.0.0.1", 631, "", 0, 0, -1, ""),
    ]
    assert reading is not None
    assert [damage.line for damage in reading.unread] == [7]


def test_windows() -> None:
    """No queues, other words. Microsoft Learn, netstat; with CRLF and UTF-16 of PowerShell."""
    text = """
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1052
  TCP    10.0.1.77:50514        10.0.1.10:9092         SYN_SENT        4711
  TCP    [::1]:49670            [::]:0                 SYN_RECEIVED
  UDP    0.0.0.0:123            *:*                                    1234
"""
    data = ("\ufeff" + text.replace("\n", "\r\n")).encode("utf-16-le")
    reading = read_netstat("x", decode(data))
    assert rows(reading, *BRIEF, "line") == [
        ("LISTEN", "0.0.0.0", 135, "0.0.0.0", 0, -1, -1, 5),
        ("SYN-SENT", "10.0.1.77", 50514, "10.0.1.10", 9092, -1, -1, 6),
        ("SYN-RECEIVED", "::1", 49670, "", 0, -1, -1, 7),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "tcp ", "tcp 0 0 a b", "tcp LISTEN 0 128 *:22 *:*", sample("netstat-s-broker.txt"),
     sample("ss-tan-broker-synrecv.txt"), "TCP a b c"],
)  # fmt: skip
def test_others(text: str) -> None:
    reading = read_netstat("x", text)
    assert reading is None or len(reading.table) == 0


def test_this_machine() -> None:
    """A socket of this process is found in what netstat prints here."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(7)
        port = listening.getsockname()[1]
        printed = subprocess.run(["netstat", "-anto"], capture_output=True, check=True).stdout
    found = [row for row in rows(read_netstat("x", decode(printed)), *BRIEF) if row[2] == port]
    assert found == [("LISTEN", "127.0.0.1", port, "0.0.0.0", 0, 0, -1)]
