"""Dumps on one time line: rows, what is in force, and as of when."""

from __future__ import annotations

import numpy as np
import pytest

from synack.addresses import NO_MAC, parse_ip, parse_mac
from synack.neighbors.entry import INVALID, Entry, NeighborDump
from synack.neighbors.timeline import (
    NOT_IN_FORCE,
    entries_of,
    in_force,
    of_address,
    peers_in,
)
from synack.tables import ENTRIES, NO_TIME, Table

IP, OTHER = parse_ip("10.0.0.1"), parse_ip("10.0.0.2")
MAC = parse_mac("02:00:00:00:00:01")
assert IP is not None
assert OTHER is not None
assert MAC is not None


def entry(**changes: object) -> Entry:
    assert IP is not None
    assert MAC is not None
    plain = Entry("", IP, MAC, "REACHABLE", "", None, None, None, None, None, 1)
    return plain._replace(**changes)  # type: ignore[arg-type]


def rows(*entries: Entry, at: int = 1000, weak: bool = False, kind: str = "ip neigh") -> Table:
    return entries_of(NeighborDump(kind, list(entries)), "h", "eth0", "f.txt", at, weak)


def test_row() -> None:
    """Every column; an unprinted age is -1, a printed 0 is 0."""
    table = rows(entry(used_s=0, probes=3, flags="router", line=9))
    assert IP is not None
    (row,) = table.rows()
    assert row == {
        "host": "h", "interface": "eth0", "ip_hi": IP[0], "ip_lo": IP[1], "mac": MAC,
        "state": "REACHABLE", "flags": "router", "used_s": 0, "confirmed_s": -1, "updated_s": -1,
        "probes": 3, "at": 1000, "at_weak": False, "format": "ip neigh", "event": False,
        "file": "f.txt", "line": 9,
    }  # fmt: skip


def test_empty() -> None:
    table = rows()
    assert len(table) == 0
    assert table.schema is ENTRIES
    assert len(in_force(table)) == 0


def test_interface_of_the_row_wins() -> None:
    """The file's name is only a guess where the dump does not say."""
    assert rows(entry(interface="eth1"), entry())["interface"].tolist() == ["eth1", "eth0"]


def test_times() -> None:
    """A stamp in the dump is certain, even where the file's own time is not."""
    table = rows(entry(at=7), entry(), at=1000, weak=True)
    assert table["at"].tolist() == [7, 1000]
    assert table["at_weak"].tolist() == [False, True]


def test_monitor_rows_are_events() -> None:
    """What a monitor prints is a change, not a state of the table."""
    assert rows(entry(), kind="ip monitor neigh")["event"].all()
    assert not rows(entry(), kind="arp -n")["event"].any()


@pytest.mark.parametrize(
    ("changes", "usable"),
    [
        ({}, True),
        *[({"state": s}, True) for s in ("STALE", "DELAY", "PROBE", "NOARP", "PERMANENT", "")],
        *[({"state": s}, False) for s in NOT_IN_FORCE],
        ({"state": "PROBE|PERMANENT"}, True),
        ({"state": "INCOMPLETE|PERMANENT"}, False),
        ({"state": INVALID}, False),
        ({"mac": NO_MAC}, False),
        ({"flags": "proxy", "state": ""}, False),
        ({"flags": "deleted"}, False),
        ({"flags": "extern_learn router"}, True),
        ({"flags": "own"}, False),
        ({"flags": "heard"}, False),
        ({"flags": "published", "state": "PERMANENT"}, False),
        ({"flags": "disabled static", "state": "PERMANENT"}, False),
        ({"flags": "dynamic vrf=own"}, True),
        ({"flags": "proxyarp"}, True),
    ],
)
def test_in_force(changes: dict[str, object], usable: bool) -> None:
    """States in which the kernel sends to the MAC, and no others."""
    assert in_force(rows(entry(**changes))).tolist() == [usable]


def test_of_address() -> None:
    """One host's rows of one address, by time, those without a time last, ties as read."""
    assert IP is not None
    dumps = [
        rows(entry(line=1), entry(line=2, ip=OTHER), at=30),
        rows(entry(line=3), at=NO_TIME),
        rows(entry(line=4), entry(line=5), at=10),
    ]
    foreign = rows(entry(line=6), at=20)
    foreign.columns["host"] = np.array(["other"], object)
    table = Table.concat(ENTRIES, [*dumps, foreign])
    found = table.take(of_address(table, "h", IP))
    assert found["line"].tolist() == [4, 5, 1, 3]
    assert len(of_address(table, "nobody", IP)) == 0


def test_peers_in() -> None:
    """Routers and BSD list their own addresses, an observer lists everybody's."""
    assert IP is not None
    assert OTHER is not None
    rows = [entry(), *(entry(ip=OTHER, flags=f) for f in ("own", "permanent", "heard router"))]
    assert peers_in(NeighborDump("x", rows)) == {IP}
