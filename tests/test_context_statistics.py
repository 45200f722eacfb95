"""netstat -s of Linux against the kernel's own names."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from rows import rows

from synack.context.counters import as_counters, read_counters
from synack.context.statistics import read_statistics
from synack.text import decode

DOMAIN = Path(__file__).parents[2] / "shared" / "domain"
RECORDED = [("samples/netstat-s-broker.txt", "samples/nstat-az-broker.txt")] + [
    (f"lab/{run}/netstat_s_b_after.txt", f"lab/{run}/nstat_b_after.txt")
    for run in ("e03flood", "e06none", "e07lag", "e08track", "q3stale")
]


def text(name: str) -> str:
    return decode((DOMAIN / name).read_bytes())


@pytest.mark.parametrize(("sentences", "names"), RECORDED)
def test_against_nstat(sentences: str, names: str) -> None:
    """Both tools printed the same counters one after the other: the same names have the same
    values, and what netstat leaves out is zero (or printed by nstat alone)."""
    said, kernel = read_statistics("x", text(sentences)), read_counters("x", text(names))
    assert said is not None
    assert kernel is not None
    assert said.unread == []
    counted, truth = as_counters(said.table), as_counters(kernel.table)
    assert len(counted) > 30
    assert {name: value for name, value in counted.items() if truth.get(name, 0) != value} == {}
    left_out = {
        name for name, value in truth.items() if value and name not in counted
        and name.startswith(("Ip", "Icmp", "Tcp", "Udp")) and not name.startswith(("Ip6", "Icmp6"))
    }  # fmt: skip
    assert left_out <= {"IpForwarding", "IpDefaultTTL", "TcpRtoAlgorithm", "TcpRtoMin",
                        "TcpRtoMax", "TcpMaxConn"}  # fmt: skip


OLD = """Ip:
    12 total packets received
    3 with invalid addresses
    4 dropped because of missing route
Icmp:
    9 ICMP messages received
    ICMP input histogram:
        destination unreachable: 5
        echo requests: 4
    7 ICMP messages sent
    0 ICMP messages failed
    ICMP output histogram:
        destination unreachable: 6
        echo replies: 1
IcmpMsg:
        InType3: 5
Tcp:
    37 active connections openings
    10 segments received
    11 segments send out
    2 segments retransmited
    1 bad segments received.
TcpExt:
    21 SYN cookies sent
    20 SYN cookies received
    782602 invalid SYN cookies received
    572 resets received for embryonic SYN_RECV sockets
    5 packets rejects in established connections because of timestamp
    Quick ack mode was activated 6953799 times
    9107 times the listen queue of a socket overflowed
    9108 SYNs to LISTEN sockets dropped
    Detected reordering 24 times using FACK
    13 other TCP timeouts
    TCPBacklogDrop: 17
    TCPReqQFullDoCookies: 21
    TCPReqQFullDrop: 2
    TCPSynRetrans: 40
    8 passive connections rejected because of time stamp
    4 somethings that nobody knows
"""
"""As net-tools 1.60 spells it; sentences of statistics.c, values made up."""


def test_what_matters() -> None:
    """The counters that tell causes apart, in the spellings of old and new net-tools."""
    reading = read_statistics("f", OLD)
    assert reading is not None
    counted = as_counters(reading.table)
    assert counted == {
        "IpInReceives": 12, "IpInAddrErrors": 3, "IpOutNoRoutes": 4, "IcmpInMsgs": 9,
        "IcmpInDestUnreachs": 5, "IcmpInEchos": 4, "IcmpOutMsgs": 7, "IcmpOutErrors": 0,
        "IcmpOutDestUnreachs": 6, "IcmpOutEchoReps": 1, "IcmpMsgInType3": 5,
        "TcpActiveOpens": 37, "TcpInSegs": 10, "TcpOutSegs": 11, "TcpRetransSegs": 2,
        "TcpInErrs": 1, "TcpExtSyncookiesSent": 21, "TcpExtSyncookiesRecv": 20,
        "TcpExtSyncookiesFailed": 782602, "TcpExtEmbryonicRsts": 572, "TcpExtPAWSEstab": 5,
        "TcpExtDelayedACKLost": 6953799, "TcpExtListenOverflows": 9107,
        "TcpExtListenDrops": 9108, "TcpExtTCPFACKReorder": 24, "TcpExtTCPTimeouts": 13,
        "TcpExtTCPBacklogDrop": 17, "TcpExtTCPReqQFullDoCookies": 21,
        "TcpExtTCPReqQFullDrop": 2, "TcpExtTCPSynRetrans": 40, "TcpExtPAWSPassive": 8,
    }  # fmt: skip
    assert [str(damage) for damage in reading.unread] == [
        "f, line 39: no counter that is known by this sentence"
    ]
    overflows = [row for row in rows(reading, "name", "line") if "Overflows" in row[0]]
    assert overflows == [("TcpExtListenOverflows", 30)]


@pytest.mark.parametrize(
    "other", ["", "Tcp:\n", "Tcp:\n  segments received\n", "tcp:\n\t5 packets sent\n"]
)
def test_others(other: str) -> None:
    """BSD's statistics are others."""
    assert read_statistics("x", other) is None


def test_this_machine() -> None:
    """Every sentence that is printed here is known, and counts what the kernel counts."""
    before = as_counters(_proc().table)
    printed = subprocess.run(["netstat", "-s"], capture_output=True, check=True).stdout
    after = as_counters(_proc().table)
    reading = read_statistics("x", decode(printed))
    assert reading is not None
    assert reading.unread == []
    for name, value in as_counters(reading.table).items():
        if name != "TcpCurrEstab":
            assert before.get(name, 0) <= value <= after.get(name, 0), name


def _proc():  # type: ignore[no-untyped-def]
    text = Path("/proc/net/snmp").read_text() + Path("/proc/net/netstat").read_text()
    reading = read_counters("x", text)
    assert reading is not None
    return reading
