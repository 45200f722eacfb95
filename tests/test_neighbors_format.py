"""Ages, states and columns in the words of many tools."""

from __future__ import annotations

import re

import pytest

from synack.addresses import NO_MAC, parse_ip
from synack.neighbors.entry import INVALID, Entry, Named, Said
from synack.neighbors.format import (
    DASHES,
    DOTS,
    IP,
    IPV6,
    OCTETS,
    PAIRS,
    QUADS,
    columns,
    nud,
    on,
    says_nothing,
    seconds,
)


@pytest.mark.parametrize(
    ("text", "unit", "age"),
    [
        ("5", 60, 300),
        ("5", 1, 5),
        ("5", None, None),
        ("0", 60, 0),
        ("00:18:21", None, 1101),
        ("0:00:07", 60, 7),
        ("100:00:00", None, 360_000),
        ("3w0d", None, 21 * 86_400),
        ("1d01h", None, 90_000),
        ("23h59m58s", None, 86_398),
        ("1y2w", None, 379 * 86_400),
        ("-", 60, None),
        ("N/A", 60, None),
        ("", 60, None),
        (None, 60, None),
        ("1:2", None, None),
        ("a:b:c", None, None),
        ("5x", None, None),
        ("h5", None, None),
        ("\u0665", 60, None),
        ("9" * 20, 60, None),
        ("99999999:00:00", None, None),
    ],
)
def test_seconds(text: str | None, unit: int | None, age: int | None) -> None:
    """What no clock of 32 bits holds is no age."""
    assert seconds(text, unit) == age


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Reachable", Said("REACHABLE")),
        ("REACH", Said("REACHABLE")),
        ("INCMP", Said("INCOMPLETE")),
        ("stale", Said("STALE")),
        ("Permanent", Said("PERMANENT")),
        ("Unreachable", Said(INVALID, ("unreachable",))),
        ("odd", Said("", ("odd",))),
        ("????", Said()),
    ],
)
def test_nud(word: str, said: Said) -> None:
    """Only words of equal meaning become states."""
    assert nud(word) == said


@pytest.mark.parametrize(
    ("pattern", "right", "wrong"),
    [
        (PAIRS, "0a:12:34:56:78:9A", "0a:12:34:56:78:9"),
        (OCTETS, "0:1:2:3:4:a", "0:1:2:3:4"),
        (DASHES, "0a-12-34-56-78-9a", "0a-12-34-56-78-9a-bc"),
        (DOTS, "0a12.3456.789a", "0a12.3456.789"),
        (QUADS, "0a12-3456-789a", "0a12-3456-789a-bcde"),
        (IPV6, "fe80::1%en0", "10.0.0.1"),
        (IPV6, "::ffff:10.0.0.1", "broker"),
        (IP, "10.0.0.1", "10.0.0"),
    ],
)
def test_patterns(pattern: str, right: str, wrong: str) -> None:
    assert re.fullmatch(pattern, right)
    assert not re.fullmatch(pattern, wrong)


def test_columns() -> None:
    """Address, MAC, interface and VRF are common; the rest is the format's own."""
    parse = columns(rf"(?P<ip>\S+) (?P<mac>{DOTS}) (?P<dev>\w+)(?: (?P<vrf>\w+))?", says_nothing)
    row = parse("10.0.0.1 0a12.3456.789a Vlan1 red", 7, 3)
    ip = parse_ip("10.0.0.1")
    assert ip is not None
    mac = 0x0A123456789A
    assert row == Entry("Vlan1", ip, mac, "", "vrf=red", None, None, None, None, 7, 3)
    usual = parse("10.0.0.1 0a12.3456.789a Vlan1 default", 7, 3)
    assert isinstance(usual, Entry)
    assert usual.flags == ""
    zero = parse("10.0.0.1 0000.0000.0000 Vlan1", 7, 3)
    assert isinstance(zero, Entry)
    assert zero.mac == NO_MAC
    assert isinstance(parse("broker-1 0a12.3456.789a Vlan1", 7, 3), Named)
    assert parse("10.0.0 0a12.3456.789a Vlan1", 7, 3) == "a cut address"
    assert parse("10.0.0.1 Vlan1", 7, 3) is None


def test_on() -> None:
    """The interface of the line above, unless the row has its own."""
    parse = on("eth7", columns(rf"(?P<ip>{IP})(?: (?P<dev>\w+))?", says_nothing))
    rows = [parse(line, None, 1) for line in ("10.0.0.1", "10.0.0.1 eth1")]
    assert [row.interface for row in rows if isinstance(row, Entry)] == ["eth7", "eth1"]
    assert parse("x", None, 1) is None
