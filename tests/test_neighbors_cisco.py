"""Rows of IOS, NX-OS, IOS XR, ASA and EOS; what each means by its age."""

from __future__ import annotations

import pytest
from dumps import SAMPLES, shown, table

from synack.neighbors.cisco import FORMATS
from synack.neighbors.reader import read_neighbors

NAMES = {format_.name for format_ in FORMATS}
MAC = "0a12.3456.789a"
SHOWN = "0a:12:34:56:78:9a"


@pytest.mark.parametrize("name", [n for n, sample in SAMPLES.items() if sample.format in NAMES])
def test_samples(name: str) -> None:
    """Every entry, in full, and every line that is none."""
    sample = SAMPLES[name]
    dump = read_neighbors("x", sample.text.encode())
    assert dump is not None
    assert table(dump.entries) == sample.rows
    assert tuple(damage.line for damage in dump.unread) == sample.unread


EOS = "Address  Age ({})  Hardware Addr  Interface\n10.0.0.1  {}  " + MAC + "  Vlan1\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"Internet 10.0.0.1 7 {MAC} ARPA Vlan1", f"10.0.0.1 Vlan1 {SHOWN} - - updated_s=420"),
        (f"Internet 10.0.0.1 - {MAC} ARPA", f"10.0.0.1 - {SHOWN} - static"),
        (f"10.0.0.1 00:00:07 {MAC} Vlan1", f"10.0.0.1 Vlan1 {SHOWN} - - updated_s=7"),
        (f"10.0.0.1 0:00:07 {MAC} Vlan1", f"10.0.0.1 Vlan1 {SHOWN} - - updated_s=7"),
        (f"10.0.0.1 00:00:07 {MAC} Dynamic ARPA Gi0/0",
         f"10.0.0.1 Gi0/0 {SHOWN} - dynamic updated_s=7"),
        (f"10.0.0.1 - {MAC} Standby ARPA Gi0/0", f"10.0.0.1 Gi0/0 {SHOWN} - standby"),
        # Without the header nothing says whether EOS counts minutes or seconds.
        (f"10.0.0.1 7 {MAC} Vlan1, Po2", f"10.0.0.1 Vlan1 {SHOWN} - -"),
        (EOS.format("min", 7), f"10.0.0.1 Vlan1 {SHOWN} - - updated_s=420"),
        (EOS.format("sec", 7), f"10.0.0.1 Vlan1 {SHOWN} - - updated_s=7"),
        (EOS.format("sec", "10:16:51"), f"10.0.0.1 Vlan1 {SHOWN} - - updated_s=37011"),
        (f"fe80::1 7 {MAC} DELAY Vl6", f"fe80::1 Vl6 {SHOWN} DELAY - confirmed_s=420"),
        (f"fe80::1 - {MAC} INCMP Vl6", f"fe80::1 Vl6 {SHOWN} INVALID static"),
        (f"fe80::1 7 {MAC} REACH Gi0/0 0/0/CPU0", f"fe80::1 Gi0/0 {SHOWN} REACHABLE -"),
        (f"fe80::1 0:16:51 {MAC} REACH Et1", f"fe80::1 Et1 {SHOWN} REACHABLE - updated_s=1011"),
        (f"fe80::1 - {MAC} 1 static Eth1/1", f"fe80::1 Eth1/1 {SHOWN} PERMANENT static"),
    ],
)  # fmt: skip
def test_rows(text: str, says: str) -> None:
    """Ages as the manuals define them; own and static rows have none."""
    dump = read_neighbors("x", text.encode())
    assert dump is not None
    assert [shown(entry) for entry in dump.entries] == [says]


@pytest.mark.parametrize(
    "line",
    [
        f"arp 10.0.0.1 {MAC} ARPA",
        f"Internet 10.0.0.1 7 {MAC} ARPA Vlan1 Vlan2",
        "Internet 10.0.0.1 7 0a12.3456 ARPA Vlan1",
        f"arp inside 10.0.0.1 {MAC}",
        f"outside 10.0.0.1 {MAC}",
        f"10.0.0.1 7 {MAC} 4",
        f"fe80::1 7 {MAC} FINE Vl6",
    ],
)
def test_other_lines(line: str) -> None:
    """Configuration and cut rows."""
    assert read_neighbors("x", line.encode()) is None


def test_wrapped_addresses() -> None:
    """A long address stands alone above its row; one without a row is said."""
    text = (
        "Address  Age  MAC Address  Pref Source  Interface\n"
        "2001:db8::1\n"
        f"   1d01h {MAC} 50 icmpv6 Vlan3\n"
        "2001:db8::2\n"
        "2001:db8::3\n"
        f"   - {MAC} 50 icmpv6 Vlan3\n"
        "2001:db8::4\n"
        "<sw1>display version\n"
        "2001:db8::5\n"
    )
    dump = read_neighbors("x", text.encode())
    assert dump is not None
    assert [shown(entry).split()[0] for entry in dump.entries] == ["2001:db8::1", "2001:db8::3"]
    assert [entry.line for entry in dump.entries] == [2, 5]
    assert [damage.line for damage in dump.unread] == [4, 7, 9]


def test_vrf() -> None:
    """The VRF of a heading holds for its rows alone."""
    row = f"10.0.0.1 00:00:07 {MAC} Vlan1"
    text = f"IP ARP Table for context red\n{row}\nIP ARP Table for context default\n{row}\n"
    dump = read_neighbors("x", text.encode())
    assert dump is not None
    assert [entry.flags for entry in dump.entries] == ["vrf=red", ""]
