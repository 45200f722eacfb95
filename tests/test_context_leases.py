"""Who was given which address, by DHCP servers."""

from __future__ import annotations

import pytest
from rows import rows

from synack.context.leases import lease_time, read_dhcpd, read_dnsmasq
from synack.tables import NO_TIME

SECOND = 1_000_000_000
OWNER = ("ip", "mac", "name", "from_ns", "until_ns", "says", "line")

DHCPD = """# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;

lease 10.0.1.77 {
  starts 3 2026/11/25 02:44:00;
  ends 3 2026/11/25 14:44:00;
  tstp 3 2026/11/25 14:44:00;
  cltt 3 2026/11/25 02:44:00;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 0a:e6:f1:c2:6b:30;
  uid "\\001\\012\\346\\361\\302k0";
  client-hostname "producer-7";
}
lease 10.0.1.78 {
  starts epoch 1795574640; # Wed Nov 25 02:44:00 2026
  ends never;
  hardware ethernet 0a:de:ad:00:00:01;
  binding state free;
}
"""
DNSMASQ = """1795617840 0a:e6:f1:c2:6b:30 10.0.1.77 producer-7 01:0a:e6:f1:c2:6b:30
0 06-0a:de:ad:00:00:01 10.0.1.78 * *
duid 00:01:00:01:2c:0f:4c:1b:0a:e6:f1:c2:6b:30
"""


def test_dhcpd() -> None:
    """dhcpd.leases(5): UTC, or seconds since 1970."""
    begin, end = 1795574640 * SECOND, 1795617840 * SECOND
    reading = read_dhcpd("x", DHCPD)
    assert rows(reading, *OWNER) == [
        ("10.0.1.77", "0a:e6:f1:c2:6b:30", "producer-7", begin, end, "lease active", 4),
        ("10.0.1.78", "0a:de:ad:00:00:01", "", begin, NO_TIME, "lease free", 16),
    ]
    assert reading is not None
    assert set(reading.table["kind"]) == {"lease"}
    assert not reading.local_time


def test_dnsmasq() -> None:
    """src/lease.c: when it ends, 0 for never, the kind of hardware before the MAC."""
    assert rows(read_dnsmasq("x", DNSMASQ), *OWNER) == [
        ("10.0.1.77", "0a:e6:f1:c2:6b:30", "producer-7", NO_TIME, 1795617840 * SECOND, "lease", 1),
        ("10.0.1.78", "0a:de:ad:00:00:01", "", NO_TIME, NO_TIME, "lease", 2),
    ]


@pytest.mark.parametrize(
    ("text", "at"),
    [("4 2026/11/19 14:05:00", 1795097100), ("epoch 1795574640; # x", None),
     ("epoch 1795574640", 1795574640), ("never", None), ("", None), ("epoch x", None),
     ("4 2026/13/41 25:61:00", None), ("epoch " + "9" * 30, None)],
)  # fmt: skip
def test_times(text: str, at: int | None) -> None:
    assert lease_time(text) == (NO_TIME if at is None else at * SECOND)


def test_unread() -> None:
    """A lease that is cut, at the end or by the next, is named."""
    text = "lease 10.0.1.70 {\n  starts 3 2026/11/25 02:44:00;\n" + DHCPD + "lease 10.0.1.79 {\n"
    reading = read_dhcpd("f", text)
    assert len(rows(reading, "ip")) == 2
    assert reading is not None
    assert [d.line for d in reading.unread] == [1, 24]
    for end in range(len(DHCPD)):
        reading = read_dhcpd("f", DHCPD[:end])
        assert reading is None or len(reading.table) + len(reading.unread) <= 3


@pytest.mark.parametrize("text", ["", "lease ", "a new lease of life {\n}\n", "1 2 3 4 5\n"])
def test_others(text: str) -> None:
    assert read_dhcpd("x", text) is None
    assert read_dnsmasq("x", text) is None
