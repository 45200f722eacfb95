"""What the kernel logs, in all time formats."""

from __future__ import annotations

import time

import pytest
from rows import rows

from synack.context.kernel_log import KINDS, read_kernel_log
from synack.tables import NO_TIME

SECOND = 1_000_000_000
BOOT = 1_795_574_000 * SECOND
EVENT = ("kind", "interface", "ip", "mac", "port")

MESSAGES = [
    ("neighbour: arp_cache: neighbor table overflow!", ("neighbor-table-overflow", "", "", "", -1)),
    ("neighbour: ndisc_cache: neighbor table overflow!",
     ("neighbor-table-overflow", "", "", "", -1)),
    ("Neighbour table overflow.", ("neighbor-table-overflow", "", "", "", -1)),
    ("TCP: request_sock_TCP: Possible SYN flooding on port 9092. Sending cookies.  Check SNMP"
     " counters.", ("syn-flood", "", "", "", 9092)),
    ("TCP: request_sock_TCP: Possible SYN flooding on port 10.0.1.10:9092. Sending cookies.",
     ("syn-flood", "", "10.0.1.10", "", 9092)),
    ("TCP: request_sock_TCPv6: Possible SYN flooding on port [::]:9092. Dropping request.",
     ("syn-flood", "", "", "", 9092)),
    ("possible SYN flooding on port 80. Sending cookies.", ("syn-flood", "", "", "", 80)),
    ("nf_conntrack: nf_conntrack: table full, dropping packet", ("conntrack-full", "", "", "", -1)),
    ("ip_conntrack: table full, dropping packet.", ("conntrack-full", "", "", "", -1)),
    ("IPv6: eth0: IPv6 duplicate address fe80::1 used by 0a:1f:3c:90:5e:a1 detected!",
     ("duplicate-address", "eth0", "fe80::1", "0a:1f:3c:90:5e:a1", -1)),
    ("eth0: IPv6 duplicate address fd00::7 detected!",
     ("duplicate-address", "eth0", "fd00::7", "", -1)),
    ("arp: 0a:1f:3c:90:5e:a1 is using my IP address 10.0.1.77 on em0!",
     ("duplicate-address", "em0", "10.0.1.77", "0a:1f:3c:90:5e:a1", -1)),
    ("duplicate IP address 10.0.1.77 sent from address a:1f:3c:90:5e:a1",
     ("duplicate-address", "", "10.0.1.77", "0a:1f:3c:90:5e:a1", -1)),
    ("arp: 10.0.1.77 moved from 0a:de:ad:00:00:01 to 0a:e6:f1:c2:6b:30 on em0",
     ("address-moved", "em0", "10.0.1.77", "0a:e6:f1:c2:6b:30", -1)),
    ("e1000: eth0 NIC Link is Down", ("link-down", "eth0", "", "", -1)),
    ("igb 0000:01:00.0 eth0: igb: eth0 NIC Link is Up 1000 Mbps Full Duplex",
     ("link-up", "eth0", "", "", -1)),
    ("mlx5_core 0000:81:00.0 ens1f0: Link down", ("link-down", "ens1f0", "", "", -1)),
    ("IPv6: ADDRCONF(NETDEV_CHANGE): eth0: link becomes ready", ("link-up", "eth0", "", "", -1)),
    ("bond0: (slave eth1): link status definitely down, disabling slave", None),
    ("bond0: link status definitely down for interface eth1, disabling it",
     ("link-down", "eth1", "", "", -1)),
    ("IPv4: martian source 10.0.1.10 from 10.0.9.9, on dev eth0",
     ("martian-source", "eth0", "10.0.9.9", "", -1)),
    ("usb 1-1: new high-speed USB device", None),
]  # fmt: skip
"""As the kernel's and the drivers' source has them; the ids of devices made up."""


@pytest.mark.parametrize(("message", "event"), MESSAGES)
def test_messages(message: str, event: tuple[object, ...] | None) -> None:
    text = f"[    1.000000] Linux version\n[   12.345678] {message}\n[   13.000000] end\n"
    reading = read_kernel_log("x", text)
    assert rows(reading, *EVENT) == ([event] if event else [])
    assert event is None or event[0] in KINDS


TIMES = [
    ("[  640.500000] ", NO_TIME, 640_500_000_000, False),
    ("<4>[  640.500000] ", NO_TIME, 640_500_000_000, False),
    ("[Wed Nov 25 02:44:00 2026] ", BOOT + 640 * SECOND, -1, True),
    ("2026-11-25T02:44:00,500000+00:00 ", BOOT + 640 * SECOND + SECOND // 2, -1, False),
    ("2026-11-25T02:44:00+0000 broker-1 kernel: ", BOOT + 640 * SECOND, -1, False),
    ("2026-11-25T02:44:00.5+00:00 broker-1 kernel: [  640.500000] ",
     BOOT + 640 * SECOND + SECOND // 2, 640_500_000_000, False),
    ("Nov 25 02:44:00 broker-1 kernel: ", NO_TIME, -1, False),
    ("Nov 25 02:44:00 broker-1 kernel: [  640.500000] ", NO_TIME, 640_500_000_000, False),
]  # fmt: skip


@pytest.mark.parametrize(("before", "at", "since_boot", "local"), TIMES)
def test_times(before: str, at: int, since_boot: int, local: bool) -> None:
    """dmesg, -T, --time-format iso, journalctl, syslog. A time without year or boot is none."""
    reading = read_kernel_log("x", f"{before}neighbour: arp_cache: neighbor table overflow!\n")
    assert rows(reading, "at", "since_boot_ns") == [(at, since_boot)]
    assert reading is not None
    assert reading.local_time == local


def test_boot_time() -> None:
    """Given, or in the text as ``/proc/stat`` has it."""
    line = "[  640.500000] neighbour: arp_cache: neighbor table overflow!\n"
    then = BOOT + 640 * SECOND + SECOND // 2
    assert rows(read_kernel_log("x", line, BOOT), "at") == [(then,)]
    assert rows(read_kernel_log("x", "btime 1795574000\n" + line), "at", "line") == [(then, 2)]


def test_martian_header() -> None:
    """The sender's MAC is in the line below."""
    text = (
        "[ 1.000000] IPv4: martian source 10.0.1.10 from 10.0.9.9, on dev eth0\n"
        "[ 1.000001] ll header: 00000000: 0a 1f 3c 90 5e a1 0a e6 f1 c2 6b 30 08 00  ..<.^.\n"
    )
    assert rows(read_kernel_log("x", text), "ip", "mac") == [("10.0.9.9", "0a:e6:f1:c2:6b:30")]


def test_quiet_log() -> None:
    """A log without any event is one all the same: nothing happened."""
    reading = read_kernel_log("x", "[    0.000000] a\n[    0.100000] b\n[    0.200000] c\n")
    assert reading is not None
    assert (len(reading.table), reading.lines, reading.kind) == (0, 3, "kernel log")


@pytest.mark.parametrize(
    "text",
    ["", "neighbor table overflow!", "We saw: neighbour: arp_cache: neighbor table overflow!\n",
     "[1] a footnote\n[2] another\n"],
)  # fmt: skip
def test_others(text: str) -> None:
    """Who only speaks of it is no kernel."""
    assert read_kernel_log("x", text) is None


def test_large() -> None:
    """Linear in the log; events at their lines, once each."""
    noise = "[    1.000000] something else entirely happened in the machine\n" * 50_000
    event = "[    2.000000] eth0: link is down, link is down, link is down\n"
    text = noise + event + noise + event * 1000 + "x" * 1_000_000 + " link is down\n"
    begin = time.process_time()
    reading = read_kernel_log("x", text)
    assert time.process_time() - begin < 5
    lines = [row[0] for row in rows(reading, "line")]
    assert lines == [50_001, *range(100_002, 101_002)]
