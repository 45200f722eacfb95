"""/proc/net/arp and the arp command, with the columns they cut, glue and leave empty."""

from __future__ import annotations

import pytest

from synack.addresses import NO_MAC, format_ip, format_mac
from synack.neighbors.entry import INVALID, Entry, Named
from synack.neighbors.format import Row
from synack.neighbors.nettools import (
    NOISE,
    PROC_HEADER,
    TABLE_HEADER,
    parse_list,
    parse_proc,
    parse_table,
)

MAC = "0a:ff:ee:00:00:50"
GONE = "a name or a cut address instead of an IP address"


def short(result: Row) -> object:
    """(ip, interface, mac, state, flags) of an entry, its name in place of the ip if it has
    one; anything else as it is."""
    if isinstance(result, Named):
        return (result.name, *short(result.entry)[1:])  # type: ignore[index]
    if not isinstance(result, Entry):
        return result
    assert result[5:] == (None, None, None, None, 7, 3)
    return (
        format_ip(*result.ip), result.interface, format_mac(result.mac), result.state, result.flags
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "10.0.0.56        0x1         0x0         00:00:00:00:00:00     *        eth0",
            ("10.0.0.56", "eth0", "", INVALID, ""),
        ),
        (
            "10.0.0.50        0x1         0x6         0a:ff:ee:00:00:50     *        eth0",
            ("10.0.0.50", "eth0", MAC, "PERMANENT", ""),
        ),
        (
            "10.0.0.2         0x1         0x2         0a:ff:ee:00:00:50     *        eth0",
            ("10.0.0.2", "eth0", MAC, "", ""),
        ),
        (
            "10.0.0.200       0x1         0xc         00:00:00:00:00:00     *        eth0",
            ("10.0.0.200", "eth0", "", "", "proxy"),
        ),
        (
            "10.0.0.58        0x1         0x0         0a:ff:ee:00:00:50     *        eth0",
            ("10.0.0.58", "eth0", MAC, INVALID, ""),
        ),
        (
            "10.9.0.2         0x30a       0x6         c0:00:02:01           *        gre1",
            ("10.9.0.2", "gre1", "", "PERMANENT", ""),
        ),
        (
            "10.9.2.2         0x20        0x6                               *        ib0",
            ("10.9.2.2", "ib0", "", "PERMANENT", ""),
        ),
        (
            "10.9.3.2         0x339       0x6         02:00:5e:10:00:00:00:01     *        sixlo0",
            ("10.9.3.2", "sixlo0", "", "PERMANENT", ""),
        ),
        (
            "10.9.3.3         0x20        0x2         80:00:02:08:fe:80:00:00:00     *        ib0",
            ("10.9.3.3", "ib0", "", "", ""),
        ),
        ("x 0x1 0x2 0a:ff:ee:00:00:50 * eth0", ("x", "eth0", MAC, "", "")),
        ("10.0. 0x1 0x2 0a:ff:ee:00:00:50 * eth0", GONE),
        ("10.0.0.2 0x1 0x2 0a:ff:ee:00:00:50", None),
        ("sl  local_address rem_address   st", None),
    ],
)
def test_proc(line: str, expected: object) -> None:
    """Flags give what little state there is; a FAILED row keeps its old MAC, marked."""
    assert short(parse_proc(line, 7, 3)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "10.0.0.50                ether   0a:ff:ee:00:00:50   CM                    eth0",
            ("10.0.0.50", "eth0", MAC, "PERMANENT", ""),
        ),
        (
            "10.0.0.55                ether   0A:FF:EE:00:00:50   C                     eth0",
            ("10.0.0.55", "eth0", MAC, "", ""),
        ),
        (
            "10.0.0.77                        (incomplete)                              eth0",
            ("10.0.0.77", "eth0", "", INVALID, ""),
        ),
        (
            "10.0.0.200               *       <from_interface>    MP                    eth0",
            ("10.0.0.200", "eth0", "", "", "proxy"),
        ),
        (
            "10.9.3.2                 ether   02:00:5e:10:00:00:00CM                    sixlo0",
            ("10.9.3.2", "sixlo0", "", "PERMANENT", ""),
        ),
        (
            "10.9.2.2                 ether                       CM                    ib0",
            ("10.9.2.2", "ib0", "", "PERMANENT", ""),
        ),
        (
            "10.9.0.2                 ether   c0:00:02:01         CM                    gre1",
            ("10.9.0.2", "gre1", "", "PERMANENT", ""),
        ),
        (
            "10.0.0.3  ether  0a:ff:ee:00:00:50  C  255.255.255.0  eth0",
            ("10.0.0.3", "eth0", MAC, "", ""),
        ),
        ("ip-10-130-105-12.ap-sou ether 06:cf:a2:b2:c6:9e C eth2", GONE),
        (
            "gateway                          (incomplete)            eth0",
            ("gateway", "eth0", "", INVALID, ""),
        ),
        ("broker-2  ether  0a:ff:ee:00:00:50  C  eth2", ("broker-2", "eth2", MAC, "", "")),
        ("dnet0  rodent  255.255.255.255  00:50:ba:3f:c2:5e", None),
        ("10.0.0.5 dev eth0 scope link", None),
        ("this is A test", None),
        ("  10.0.0.1            0a-ff-ee-00-00-50     dynamic", None),
    ],
)
def test_table(line: str, expected: object) -> None:
    """Column one may be a cut name, column three empty or glued to the flags."""
    assert short(parse_table(line.strip(), 7, 3)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("? (10.0.0.2) at 0a:ff:ee:00:00:50 [ether] on eth0", ("10.0.0.2", "eth0", MAC, "", "")),
        (
            "? (10.0.0.50) at 0a:ff:ee:00:00:50 [ether] PERM on eth0",
            ("10.0.0.50", "eth0", MAC, "PERMANENT", ""),
        ),
        ("? (10.0.0.77) at <incomplete> on eth0", ("10.0.0.77", "eth0", "", INVALID, "")),
        ("? (10.0.0.77) at <incomplete> [ether] on cali1", ("10.0.0.77", "cali1", "", INVALID, "")),
        (
            "? (10.0.0.200) at <from_interface> PERM PUB on eth0",
            ("10.0.0.200", "eth0", "", "", "proxy"),
        ),
        (
            "gateway (10.0.0.1) at 0a:ff:ee:00:00:50 [ether]  on ens33",
            ("10.0.0.1", "ens33", MAC, "", ""),
        ),
        ("? (10.9.2.2) at  [ether] PERM on ib0", ("10.9.2.2", "ib0", "", "PERMANENT", "")),
        (
            "? (10.9.3.2) at 02:00:5e:10:00:00:00:01 [ether] PERM on sixlo0",
            ("10.9.3.2", "sixlo0", "", "PERMANENT", ""),
        ),
        ("? (broker-1) at 0a:ff:ee:00:00:50 [ether] on eth0", ("broker-1", "eth0", MAC, "", "")),
        ("? (10.0.0.1) at 00:1c:42:00:00:08 on wm0", None),
        ("? (10.0.0.1) at 0:1c:42:0:0:8 on en0 ifscope [ethernet]", None),
        ("? (10.0.0.1) at (incomplete) on en0 ifscope [ethernet]", None),
        ("? (10.0.0.1) at 00:1c:42:00:00:08 on em0 expires in 1190 seconds [ethernet]", None),
    ],
)
def test_list(line: str, expected: object) -> None:
    """BSD style as Linux prints it, and not as BSD does."""
    assert short(parse_list(line, 7, 3)) == expected


def test_valid_zero_address() -> None:
    """Zeros of a complete entry are an address, those of an incomplete one are none."""
    row = "10.0.0.1 0x1 {} 00:00:00:00:00:00 * lo"
    complete, incomplete = (parse_proc(row.format(bits), 7, 3) for bits in ("0x2", "0x0"))
    assert isinstance(complete, Entry)
    assert isinstance(incomplete, Entry)
    assert (complete.mac, incomplete.mac) == (0, NO_MAC)


def test_other_lines() -> None:
    """Headers and trailers are known."""
    assert PROC_HEADER.fullmatch(
        "IP address       HW type     Flags       HW address            Mask     Device"
    )
    assert TABLE_HEADER.fullmatch(
        "Address                  HWtype  HWaddress           Flags Mask            Iface"
    )
    assert NOISE.fullmatch("10.0.0.123 (10.0.0.123) -- no entry")
    assert NOISE.fullmatch("Entries: 17\tSkipped: 0\tFound: 17")
    assert NOISE.fullmatch("arp: in 17 entries no match found.")
