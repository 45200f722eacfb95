"""ss in all its forms."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
from rows import rows

from synack.context.sockets import expires, read_ss, read_ss_summary
from synack.tables import NO_TIME
from synack.text import decode

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"
FIXTURES = Path(__file__).parents[1] / "fixtures"
BRIEF = ("state", "local_ip", "local_port", "peer_ip", "peer_port", "recv_q", "send_q", "backlog")
TIMER = ("state", "timer", "expires_ns", "retrans", "line")
MS = 1_000_000


def sample(name: str) -> str:
    return decode((SAMPLES / name).read_bytes())


def test_listening() -> None:
    """Of a listening socket the two columns are the accept queue and the backlog."""
    reading = read_ss("x", sample("ss-ltn-broker.txt"))
    assert rows(reading, *BRIEF) == [
        ("LISTEN", "10.77.0.10", 9092, "0.0.0.0", 0, 0, -1, 128),
    ]  # fmt: skip
    overflow = read_ss("x", decode((FIXTURES / "overflow/broker-1.ss.txt").read_bytes()))
    assert rows(overflow, "local_port", "recv_q", "backlog") == [(9093, 0, 128), (9092, 2, 1)]


def test_states() -> None:
    """The names of RFC 9293; the peer's port behind a header that ran into the next."""
    assert rows(read_ss("x", sample("ss-tan-broker-synrecv.txt")), "state", "peer_port") == [
        ("LISTEN", 0), ("SYN-RECEIVED", 33902), ("SYN-RECEIVED", 33890), ("SYN-RECEIVED", 33886),
    ]  # fmt: skip
    sent = read_ss("x", sample("ss-tan-producer-synsent.txt"))
    assert rows(sent, "state", "send_q") == [("SYN-SENT", 1)] * 3


def test_timers() -> None:
    """``1.064ms`` is 1.064 s."""
    assert rows(read_ss("x", sample("ss-tano-broker-synrecv.txt")), *TIMER) == [
        ("LISTEN", "", -1, -1, 2),
        ("SYN-RECEIVED", "on", 1064 * MS, 3, 3),
        ("SYN-RECEIVED", "on", 1036 * MS, 3, 4),
        ("SYN-RECEIVED", "on", 1896 * MS, 4, 5),
    ]


@pytest.mark.parametrize(
    ("text", "ms"),
    [("880ms", 880), ("008ms", 8), ("1sec", 1000), ("1.064ms", 1064), ("10sec", 10_000),
     ("1min30sec", 90_000), ("119min", 7_140_000), ("", None), ("soon", None), ("5", None)],
)  # fmt: skip
def test_expires(text: str, ms: int | None) -> None:
    """All that misc/ss.c, print_ms_timer, can print."""
    assert expires(text) == (-1 if ms is None else ms * MS)


def test_extended() -> None:
    """``-e`` adds words, ``-i`` a line below each socket, empty for a request."""
    broker = read_ss("x", sample("ss-tanie-broker.txt"))
    assert rows(broker, *TIMER) == [
        ("LISTEN", "", -1, -1, 2),
        ("SYN-RECEIVED", "on", 1028 * MS, 3, 4),
        ("SYN-RECEIVED", "on", 1000 * MS, 3, 6),
        ("SYN-RECEIVED", "on", 1860 * MS, 4, 8),
    ]
    producer = read_ss("x", sample("ss-tanie-producer.txt"))
    assert [row[3] for row in rows(producer, *TIMER)] == [3, 3, 2]
    assert producer is not None
    assert producer.lines == 7


def test_filter() -> None:
    """A state that was asked for has no column; a prompt tells it."""
    bare = sample("ss-Htan-state-syn-recv.txt")
    assert rows(read_ss("x", bare), "state", "line") == [("", 1), ("", 2), ("", 3)]
    typed = read_ss("x", "$ ss -Htan state syn-recv\n" + bare)
    assert rows(typed, "state", "line") == [("SYN-RECEIVED", n) for n in (2, 3, 4)]
    head = "$ ss -tan state established\nRecv-Q Send-Q Local Address:Port Peer Address:Port\n"
    assert rows(read_ss("x", head + bare), "state") == [("ESTABLISHED",)] * 3


def test_all_protocols() -> None:
    """``ss -an`` begins with the kind of socket; only TCP is read. iproute2 5.10, ss(8)."""
    text = """Netid State      Recv-Q Send-Q      Local Address:Port       Peer Address:Port Process
nl    UNCONN     0      0                        rtnl:kernel            *
u_str ESTAB      0      0    /run/dbus/system_bus_socket 20131         * 20130
udp   UNCONN     0      0             127.0.0.53%lo:53              0.0.0.0:*
tcp   LISTEN     0      4096          127.0.0.53%lo:53              0.0.0.0:*
tcp   ESTAB      0      36                10.0.1.10:22           10.0.9.8:50514 timer:(on,212ms,0)
tcp   LISTEN     0      511                       *:80                    *:*
tcp   CLOSE-WAIT 1      0     [::ffff:10.0.1.10]:9092 [::ffff:10.0.1.77]:40404
"""
    reading = read_ss("x", text)
    assert rows(reading, "interface", *BRIEF) == [
        ("lo", "LISTEN", "127.0.0.53", 53, "0.0.0.0", 0, 0, -1, 4096),
        ("", "ESTABLISHED", "10.0.1.10", 22, "10.0.9.8", 50514, 0, 36, -1),
        ("", "LISTEN", "", 80, "", 0, 0, -1, 511),
        ("", "CLOSE-WAIT", "10.0.1.10", 9092, "10.0.1.77", 40404, 1, 0, -1),
    ]
    assert reading is not None
    assert reading.unread == []


def test_series() -> None:
    """A loop with date lines; nothing that listens is a dump too."""
    text = decode((FIXTURES / "stale-arp/broker-1.ss.txt").read_bytes())
    reading = read_ss("x", text)
    assert reading is not None
    assert NO_TIME not in reading.table["at"].tolist()
    both = read_ss("x", text + text.replace("14:59:04", "14:59:14"))
    assert both is not None
    half = len(both.table) // 2
    assert (both.table["at"][half:] - both.table["at"][:half] == 10**10).all()
    nothing = read_ss("x", decode((FIXTURES / "refused/broker-1.ss.txt").read_bytes()))
    assert nothing is not None
    assert len(nothing.table) == 0


def test_unread() -> None:
    """Names of hosts are named by line; a port's registered name is understood."""
    text = """State Recv-Q Send-Q Local Address:Port Peer Address:Port
ESTAB 0 0 broker-1:9092 producer-7:40000
ESTAB 0 0 10.0.1.10:ssh 10.0.1.77:40000
ESTAB 0 x 10.0.1.10:22 10.0.1.77:40000
"""
    reading = read_ss("f", text)
    assert rows(reading, "local_port", "line") == [(22, 3)]
    assert reading is not None
    assert [str(damage) for damage in reading.unread] == [
        "f, line 2: a name or a cut address instead of address:port"
    ]


@pytest.mark.parametrize(
    "text",
    ["", "ESTAB", "LISTEN 0 128", "0 0 a:b", "We saw 5 sockets in ESTAB 1 2 and 3:4 5:6",
     sample("netstat-ant-broker.txt"), sample("proc-net-tcp-broker.txt"),
     sample("ss-s-broker.txt")],
)  # fmt: skip
def test_others(text: str) -> None:
    assert read_ss("x", text) is None


def test_summary() -> None:
    """``ss -s`` has no sockets, and counts them."""
    reading = read_ss_summary("x", sample("ss-s-broker.txt"))
    assert rows(reading, "scope", "name", "value", "line") == [
        ("ss -s", "tcp", 5, 2), ("ss -s", "estab", 0, 2), ("ss -s", "closed", 4, 2),
        ("ss -s", "orphaned", 0, 2), ("ss -s", "timewait", 0, 2),
    ]  # fmt: skip
    assert read_ss_summary("x", sample("ss-tan-broker-synrecv.txt")) is None


@pytest.mark.parametrize("options", ["-tan", "-tano", "-tane", "-tani", "-Htan", "-an"])
def test_this_machine(options: str) -> None:
    """A socket of this process is found in what ss prints here."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(7)
        port = listening.getsockname()[1]
        printed = subprocess.run(["ss", options], capture_output=True, check=True).stdout
    found = [row for row in rows(read_ss("x", decode(printed)), *BRIEF) if row[2] == port]
    assert found == [("LISTEN", "127.0.0.1", port, "0.0.0.0", 0, 0, -1, 7)]
