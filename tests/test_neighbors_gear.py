"""Rows of Junos, PAN-OS, RouterOS, VRP, Comware and FortiOS."""

from __future__ import annotations

import pytest
from dumps import SAMPLES, shown, table

from synack.neighbors.gear import FORMATS
from synack.neighbors.reader import read_neighbors

NAMES = {format_.name for format_ in FORMATS}
MAC = "0A:12:34:56:78:9A"
SHOWN = MAC.lower()


@pytest.mark.parametrize("name", [n for n, sample in SAMPLES.items() if sample.format in NAMES])
def test_samples(name: str) -> None:
    """Every entry, in full, and every line that is none."""
    sample = SAMPLES[name]
    dump = read_neighbors("x", sample.text.encode())
    assert dump is not None
    assert table(dump.entries) == sample.rows
    assert tuple(damage.line for damage in dump.unread) == sample.unread


ARP = "#  ADDRESS  MAC-ADDRESS  INTERFACE\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{MAC} 10.0.0.1 gw.example ae0.1 permanent published 77",
         f"10.0.0.1 ae0.1 {SHOWN} PERMANENT permanent+published"),
        ("incomplete 10.0.0.1 ae0.1 none", "10.0.0.1 ae0.1 - INVALID incomplete"),
        (f"fe80::1 {MAC} probe 3 yes yes ae0.1 [xe-0/0/1]",
         f"fe80::1 ae0.1 {SHOWN} PROBE router+secure"),
        (f"{ARP}0 DI 10.0.0.1 {MAC} ether1", f"10.0.0.1 ether1 {SHOWN} INVALID dynamic+invalid"),
        (f"{ARP}0 DH 10.0.0.1 {MAC} ether1", f"10.0.0.1 ether1 {SHOWN} - dhcp+dynamic"),
        (f"{ARP}0 DR fe80::1 {MAC} ether1", f"fe80::1 ether1 {SHOWN} - dynamic+router"),
        (f'0 D address=10.0.0.1 mac-address={MAC} interface=ether1 comment="a b"',
         f"10.0.0.1 ether1 {SHOWN} - dynamic"),
        (f"0 D ;;; the printer address=10.0.0.1 mac-address={MAC} interface=ether1",
         f"10.0.0.1 ether1 {SHOWN} - dynamic"),
        (f"0 address=10.0.0.1 mac-address={MAC} interface=e1\n  published=yes status=\"permanent\"",
         f"10.0.0.1 e1 {SHOWN} - proxy+published+static"),
        ("10.0.0.1 0a12-3456-789a 20 DF4 GigabitEthernet 0/0/1 red",
         f"10.0.0.1 GigabitEthernet 0/0/1 {SHOWN} - dynamic+vrf=red"),
        ("10.0.0.1 0a12-3456-789a 20 D-0/12 GE0/0/1", f"10.0.0.1 GE0/0/1 {SHOWN} - dynamic"),
        ("10.0.0.1 0a12-3456-789a 1 GE1/0/1 -- M", f"10.0.0.1 GE1/0/1 {SHOWN} - multiport"),
    ],
)  # fmt: skip
def test_rows(text: str, says: str) -> None:
    """States only where the vendor's word means the same; its other words are flags."""
    dump = read_neighbors("x", text.encode())
    assert dump is not None
    assert [shown(entry) for entry in dump.entries] == [says]
    assert dump.unread == []


@pytest.mark.parametrize(
    "line",
    [
        f"0 DC 10.0.0.1 {MAC} ether1",
        f"0 D address=10.0.0.1 mac-address={MAC} server=dhcp1",
        f"0 D address=10.0.0.1/24 mac-address={MAC} interface=ether1",
        f"10.0.0.1 0 {MAC} lan",
        f"{MAC} 10.0.0.1 86400 dhcp-snooping 10 Gi1/0/1",
        f"{MAC} 10.0.0.1",
        "10.0.0.1 0a12-3456-789a GE0/0/1",
        f"vlan.1 10.0.0.1 {MAC} ethernet1/2 x 10",
    ],
)
def test_other_lines(line: str) -> None:
    """Rows that need their header, leases, lists of other things."""
    assert read_neighbors("x", line.encode()) is None


def test_second_lines() -> None:
    """The second line of a row amends the row before it, and nothing else."""
    text = (
        f"0 D address=10.0.0.1 mac-address={MAC}\n   interface=e1 status=failed vrf=red\nstray=1\n"
    )
    dump = read_neighbors("x", text.encode())
    assert dump is not None
    assert [shown(entry) for entry in dump.entries] == [
        f"10.0.0.1 e1 {SHOWN} FAILED dynamic+vrf=red"
    ]
    assert [damage.line for damage in dump.unread] == [3]
