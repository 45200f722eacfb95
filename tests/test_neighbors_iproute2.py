"""Rows of ip neigh: every trap of the grammar, and rows that only look like it."""

from __future__ import annotations

import json

import pytest

from synack.addresses import NO_MAC, parse_ip, parse_mac
from synack.neighbors.entry import Entry, Named
from synack.neighbors.iproute2 import parse_brief, parse_object, parse_row

MAC = "0a:1b:2c:00:00:02"


def entry(
    ip: str, dev: str, mac: str, state: str, flags: str = "", ages: tuple[int, ...] = ()
) -> Entry:
    """The expected entry; ``ages`` are used, confirmed, updated, probes."""
    address, link = parse_ip(ip), parse_mac(mac)
    assert address is not None
    used, confirmed, updated, probes = ages or (None,) * 4
    return Entry(
        dev, address, NO_MAC if link is None else link, state, flags,
        used, confirmed, updated, probes, 7, 3,
    )  # fmt: skip


ROWS = [
    (f"10.0.0.2 dev eth0 lladdr {MAC} REACHABLE ", ("10.0.0.2", "eth0", MAC, "REACHABLE")),
    ("10.0.0.77 dev eth0 INCOMPLETE ", ("10.0.0.77", "eth0", "", "INCOMPLETE")),
    ("10.50.50.11 dev eth0  FAILED", ("10.50.50.11", "eth0", "", "FAILED")),
    (
        f"10.0.0.54 dev eth0 lladdr {MAC} extern_learn STALE",
        ("10.0.0.54", "eth0", MAC, "STALE", "extern_learn"),
    ),
    (
        f"10.0.0.55 dev eth0 lladdr {MAC} REACHABLE proto static",
        ("10.0.0.55", "eth0", MAC, "REACHABLE", "proto=static"),
    ),
    (
        "10.0.0.57 dev eth0 managed extern_learn  ref 1 used 0/60/0probes 4 INCOMPLETE ",
        ("10.0.0.57", "eth0", "", "INCOMPLETE", "extern_learn managed", (0, 60, 0, 4)),
    ),
    (
        f"fe80::81b:2cff:fe00:2 dev eth0 lladdr {MAC} router REACHABLE",
        ("fe80::81b:2cff:fe00:2", "eth0", MAC, "REACHABLE", "router"),
    ),
    ("10.0.0.200 dev eth0 proxy ", ("10.0.0.200", "eth0", "", "", "proxy")),
    ("10.9.0.2 dev gre1 lladdr 192.0.2.1 PERMANENT", ("10.9.0.2", "gre1", "", "PERMANENT")),
    (
        "10.9.3.2 dev sixlo0 lladdr 02:00:5e:10:00:00:00:01 PERMANENT",
        ("10.9.3.2", "sixlo0", "", "PERMANENT"),
    ),
    ("ff02::16 dev tun6 lladdr ffff:ffff:ffff:: NOARP", ("ff02::16", "tun6", "", "NOARP")),
    (
        "10.9.2.2 dev ib0 lladdr 80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:11:22:33 STALE",
        ("10.9.2.2", "ib0", "", "STALE"),
    ),
    (
        f"10.77.0.20 dev eth0 lladdr {MAC}  ref 1 used 98/0/98probes 0 REACHABLE ",
        ("10.77.0.20", "eth0", MAC, "REACHABLE", "", (98, 0, 98, 0)),
    ),
    (
        f"10.77.0.20 dev eth0 lladdr {MAC} used 6387/6341/6313 probes 1 STALE",
        ("10.77.0.20", "eth0", MAC, "STALE", "", (6387, 6341, 6313, 1)),
    ),
    (
        "10.77.0.20 dev eth0  used 1/78/0probes 3 FAILED ",
        ("10.77.0.20", "eth0", "", "FAILED", "", (1, 78, 0, 3)),
    ),
    (f"10.0.0.2 lladdr {MAC} STALE", ("10.0.0.2", "", MAC, "STALE")),
    ("10.0.0.60  used 0/60/0probes 0 FAILED", ("10.0.0.60", "", "", "FAILED", "", (0, 60, 0, 0))),
    (f"10.0.0.2 dev eth0 lladdr {MAC} nud reachable", ("10.0.0.2", "eth0", MAC, "REACHABLE")),
    (f"10.0.0.2 dev eth0 lladdr {MAC} STALE PROBE", ("10.0.0.2", "eth0", MAC, "STALE|PROBE")),
    (
        f"Deleted 10.0.0.2 dev eth0 lladdr {MAC} STALE",
        ("10.0.0.2", "eth0", MAC, "STALE", "deleted"),
    ),
    (
        "Deleted fe80::1 dev eth0 router  used 6/66/6probes 0 FAILED",
        ("fe80::1", "eth0", "", "FAILED", "deleted router", (6, 66, 6, 0)),
    ),
    ("miss 10.0.0.2 dev eth0 INCOMPLETE", ("10.0.0.2", "eth0", "", "INCOMPLETE", "miss")),
    (
        "0.0.0.0 dev lo lladdr 00:00:00:00:00:00 NOARP",
        ("0.0.0.0", "lo", "00:00:00:00:00:00", "NOARP"),
    ),
]


@pytest.mark.parametrize(("line", "expected"), ROWS)
def test_rows(line: str, expected: tuple[object, ...]) -> None:
    """The grammar of print_neigh, in the spacing of every version."""
    assert parse_row(line.strip(), 7, 3) == entry(*expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.1",
        "10.0.0.5 dev eth0 scope link",
        "10.0.0.5 dev eth0 proto static scope link",
        "10.0.0.2 dev eth0 src 10.0.0.1 uid 0",
        "10.0.0.2 via 10.0.0.1 dev eth0",
        "33:33:00:00:00:01 dev eth0 self permanent",
        "192.168.0.5 permanent",
        "STALE",
        f"POLL 10.0.0.2 dev eth0 lladdr {MAC} STALE",
        f"1795420313.053 10.0.0.2 dev eth0 lladdr {MAC} STALE",
        f"10.0.0.2 dev eth0 lladdr {MAC} STALEMATE",
        f"10.0.0.2 dev eth0 lladdr {MAC} REACHAB",
        "",
    ],
)
def test_other_lines(line: str) -> None:
    """Routes, bridge entries and prefixed rows are not of this format."""
    assert parse_row(line, None, 1) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("10.0.0.2 dev eth0 lladdr 0a:1b:2c", "no state"),
        ("10.0.0.2 dev eth0", "no state"),
        (f"10.0.0. dev eth0 lladdr {MAC} REACHABLE", "a name or a cut"),
    ],
)
def test_reasons(line: str, reason: str) -> None:
    """A resolved name and a cut row are named as what they are."""
    result = parse_row(line, None, 1)
    assert isinstance(result, str)
    assert result.startswith(reason)


def test_names() -> None:
    """A name waits for an address; a single word before a state is no row."""
    row = parse_row(f"broker-2.local dev eth0 lladdr {MAC} REACHABLE", 7, 3)
    assert row == Named("broker-2.local", entry("::", "eth0", MAC, "REACHABLE"))
    assert parse_object('{"dst":"broker-2","state":["STALE"]}', 7, 3) == Named(
        "broker-2", entry("::", "", "", "STALE")
    )
    assert not isinstance(parse_row("it is STALE", 7, 3), Named)
    assert not isinstance(parse_row("table STALE", 7, 3), Named)


def test_brief() -> None:
    """-br has columns but no words; without them it would be any two-column file."""
    row = f"{'10.0.0.2':<40}{'eth0':<17}"
    assert parse_brief(row + MAC, 7, 3) == entry("10.0.0.2", "eth0", MAC, "")
    assert parse_brief(row.strip(), 7, 3) == entry("10.0.0.2", "eth0", "", "")
    assert parse_brief(f"10.0.0.2 eth0 {MAC}", 7, 3) is None
    assert parse_brief("10.0.0.2\tbroker-1", 7, 3) is None
    assert parse_brief(f"{'broker-1':<40}{'eth0':<17}{MAC}", 7, 3) is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {"dst": "10.0.0.56", "dev": "eth0", "managed": None, "refcnt": 1, "used": 0,
             "confirmed": 60, "updated": 0, "probes": 4, "state": ["INCOMPLETE"]},
            ("10.0.0.56", "eth0", "", "INCOMPLETE", "managed", (0, 60, 0, 4)),
        ),
        (
            {"dst": "10.0.0.55", "dev": "eth0", "lladdr": MAC, "state": ["REACHABLE"],
             "protocol": "static"},
            ("10.0.0.55", "eth0", MAC, "REACHABLE", "proto=static"),
        ),
        ({"dst": "fd00::2", "lladdr": MAC, "state": ["STALE"]}, ("fd00::2", "", MAC, "STALE")),
        (
            {"deleted": True, "dst": "10.0.0.2", "dev": "eth0", "lladdr": MAC, "state": ["STALE"]},
            ("10.0.0.2", "eth0", MAC, "STALE", "deleted"),
        ),
        (
            {"miss": None, "dst": "10.0.0.2", "dev": "eth0", "state": ["INCOMPLETE"]},
            ("10.0.0.2", "eth0", "", "INCOMPLETE", "miss"),
        ),
        (
            {"dst": "10.0.0.200", "dev": "eth0", "proxy": None},
            ("10.0.0.200", "eth0", "", "", "proxy"),
        ),
    ],
)  # fmt: skip
def test_objects(row: dict[str, object], expected: tuple[object, ...]) -> None:
    """Flags are keys with null; device, address and state may be absent."""
    assert parse_object(json.dumps(row), 7, 3) == entry(*expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        '{"dst":"10.0.0.0/24","dev":"eth0","protocol":"kernel","flags":[]}',
        '{"dst":"10.0.0.5","dev":"eth0","scope":"link","flags":[]}',
        '{"dst":7,"state":["STALE"]}',
        '{"dst":"10.0.0.5","state":["ODD"]}',
        '{"ifname":"eth0"}',
    ],
)
def test_other_objects(text: str) -> None:
    """Routes and links are not neighbors."""
    assert parse_object(text, None, 1) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"dst":"10.0.0.5","dev":"e',
        '{"dst":"10.0.0.5","state":"STALE"}',
        '{"dst":"10.0.0.","state":["STALE"]}',
        '{"dst":' + "[" * 100_000 + "}",
        '{"dst":"10.0.0.5","state":["STALE"],"used":' + "9" * 10_000 + "}",
    ],
)
def test_damaged_objects(text: str) -> None:
    """Damage is said, never raised."""
    assert isinstance(parse_object(text, None, 1), str)


def test_absurd_counts() -> None:
    """Ages that no kernel prints are dropped, the entry stays."""
    row = parse_object(
        '{"dst":"10.0.0.5","state":["STALE"],"used":-1,"confirmed":1e3,"updated":true,'
        '"probes":99999999999}',
        None,
        1,
    )
    assert isinstance(row, Entry)
    assert row[5:9] == (None, None, None, None)
