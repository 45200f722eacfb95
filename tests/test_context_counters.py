"""Kernel counters in the spellings of nstat and /proc, and how they rose."""

from __future__ import annotations

from pathlib import Path

import pytest

from synack.context import counters as module
from synack.context.counters import Counters, Rise, as_counters, rise, rises
from synack.tables import COUNTERS, NO_TIME, Table
from synack.text import decode

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"


def read_counters(data: bytes) -> Counters | None:
    """By name, as the diagnosis takes them."""
    reading = module.read_counters("x", decode(data))
    return None if reading is None else as_counters(reading.table)


NSTAT = b"""#kernel
TcpActiveOpens                  3                  0.0
TcpInSegs                       12                 0.0
TcpExtListenOverflows           0                  0.0
"""


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("nstat-az-broker.txt", {"IpInReceives": 12, "TcpInSegs": 12, "TcpExtTCPSynRetrans": 12}),
        ("nstat-aj-broker.json", {"TcpInSegs": 12, "TcpExtTCPTimeouts": 3, "IpExtInOctets": 720}),
        ("proc-net-netstat-broker.txt", {"TcpExtTCPTimeouts": 3, "IpExtInOctets": 720}),
        ("proc-net-snmp-broker.txt", {"TcpInSegs": 12, "TcpMaxConn": -1, "IpDefaultTTL": 64}),
    ],
)
def test_samples(name: str, some: Counters) -> None:
    """One host, four spellings, the same numbers under the same names."""
    counters = read_counters((SAMPLES / name).read_bytes())
    assert counters is not None
    assert {key: counters[key] for key in some} == some


def test_proc_files_together() -> None:
    """``cat /proc/net/snmp /proc/net/netstat > FILE`` is one dump, equal to nstat's."""
    both = b"".join(
        (SAMPLES / f"proc-net-{name}-broker.txt").read_bytes() for name in ("snmp", "netstat")
    )
    proc, nstat = read_counters(both), read_counters((SAMPLES / "nstat-az-broker.txt").read_bytes())
    assert proc is not None
    assert nstat is not None
    common = set(proc) & set(nstat)
    assert len(common) > 200
    assert {name for name in common if proc[name] != nstat[name]} == set()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"TcpInSegs 12 0.0\nTcpOutSegs 15 0.0\nTcpActiveOpens 1 0.0\n",  # without nstat's head
        b"#kernel\nTcpInSegs 12 0.0\n",  # too little to be sure
        b"#kernel\nsome words\nand more words\n",
        b'{"kernel": 3}',
        b'{"kernel": {"TcpInSegs": "many", "A": 1, "B": 2}}',
        b'{"other": {"TcpInSegs": 1}}',
        b'{"kernel": {"TcpInSegs": 1',
        b'{"kernel":' * 5000,
        b"Tcp: InSegs OutSegs\nUdp: 1 2\n",
        b"\xff\xfe\0#\0",
        (SAMPLES / "netstat-s-broker.txt").read_bytes(),
    ],
)
def test_no_counters(data: bytes) -> None:
    """Text, half a dump, deep JSON, ``netstat -s``: None, nothing raised."""
    assert read_counters(data) is None


def test_head_decides() -> None:
    """nstat marks its output; a value that is no number is passed over."""
    assert read_counters(NSTAT) == {
        "TcpActiveOpens": 3, "TcpInSegs": 12, "TcpExtListenOverflows": 0,
    }  # fmt: skip
    assert read_counters(NSTAT + b"TcpOutSegs            x        0.0\n") == read_counters(NSTAT)


def dump(segments: int, **others: int) -> Counters:
    return {"TcpInSegs": segments, "IpExtInOctets": segments * 60} | others


def test_rise() -> None:
    """From the first to the last, what did not rise left out."""
    dumps = [
        ("a", dump(10, TcpExtListenDrops=1, TcpActiveOpens=4)),
        ("b", dump(20, TcpExtListenDrops=3, TcpActiveOpens=4)),
    ]
    rises = {"TcpInSegs": 10, "IpExtInOctets": 600, "TcpExtListenDrops": 2}
    assert rise(dumps) == rise(dumps[::-1]) == Rise(rises, "a", "b")


def test_rise_of_several() -> None:
    """The names may say before and after as they like: traffic tells the order."""
    dumps = [("after", dump(5)), ("middle", dump(9)), ("before", dump(30, TcpPassiveOpens=2))]
    found = rise(dumps)
    assert found is not None
    assert (found.earlier, found.later) == ("after", "before")
    assert found.rises["TcpPassiveOpens"] == 2


def test_no_rise() -> None:
    """One dump, or dumps that hold different counters, say nothing."""
    assert rise([]) is None
    assert rise([("a", dump(5))]) is None
    assert rise([("snmp", {"TcpInSegs": 5}), ("netstat", {"IpExtInOctets": 9})]) is None
    idle = rise([("a", dump(5)), ("b", dump(5))])
    assert idle is not None
    assert (idle.rises, idle.role) == ({}, 0)


def test_zeros_left_out() -> None:
    """nstat without -z: what is absent before was 0, the mark too."""
    found = rise([("a", dump(5, TcpExtListenDrops=2)), ("b", {"IpForwDatagrams": 1})])
    assert found is not None
    assert (found.earlier, found.later) == ("b", "a")
    assert found.rises["TcpInSegs"] == 5


def test_proc_files_apart() -> None:
    """snmp and netstat saved to files of their own: each compared with its like."""
    dumps = [
        ("after.netstat", {"IpExtInOctets": 900, "TcpExtListenOverflows": 7}),
        ("after.snmp", {"TcpInSegs": 90, "TcpPassiveOpens": 53}),
        ("before.netstat", {"IpExtInOctets": 100, "TcpExtListenOverflows": 2}),
        ("before.snmp", {"TcpInSegs": 10, "TcpPassiveOpens": 50}),
    ]
    found = rise(dumps)
    assert found is not None
    assert found.rises == {
        "TcpInSegs": 80, "TcpPassiveOpens": 3, "IpExtInOctets": 800, "TcpExtListenOverflows": 5,
    }  # fmt: skip
    assert (found.earlier, found.later) == ("before.netstat", "after.netstat")


@pytest.mark.parametrize(
    ("opened", "accepted", "role"), [(0, 0, 0), (3, 0, 1), (0, 3, -1), (2, 2, 0)]
)
def test_role(opened: int, accepted: int, role: int) -> None:
    """A host that only opened connections is a client, one that only accepted a server."""
    rises = {"TcpActiveOpens": opened, "TcpPassiveOpens": accepted}
    assert Rise(rises, "a", "b").role == role


def test_lines_and_times() -> None:
    """Each counter with the line it stands at, under the date above it."""
    text = "2026-11-25T02:44:00Z\n" + NSTAT.decode() + "2026-11-25T02:44:05Z\n" + NSTAT.decode()
    reading = module.read_counters("f", text)
    assert reading is not None
    assert reading.table["line"].tolist() == [3, 4, 5, 8, 9, 10]
    assert len(set(reading.table["at"].tolist())) == 2
    pretty = '{\n "kernel": {\n  "TcpInSegs": 12,\n  "A": 2,\n\n  "TcpOutSegs": 13\n }\n}\n'
    reading = module.read_counters("f", pretty)
    assert reading is not None
    assert list(zip(reading.table["name"], reading.table["line"].tolist(), strict=True)) == [
        ("TcpInSegs", 3), ("A", 4), ("TcpOutSegs", 6),
    ]  # fmt: skip


def table(*rows: tuple[str, str, str, int, int, str, int]) -> Table:
    return Table.from_rows(COUNTERS, rows)


def test_rises() -> None:
    """By host and scope, with both places; zeros that were left out, gauges and falls."""
    before = [("b", "", "TcpInSegs", 10, 5, "f1", 1), ("b", "", "TcpCurrEstab", 1, 5, "f1", 2),
              ("b", "", "TcpOutRsts", 4, 5, "f1", 3), ("b", "eth0", "rx_bytes", 100, 5, "f1", 9),
              ("b", "eth0", "rx_otherhost", 1, 5, "f1", 9)]  # fmt: skip
    after = [("b", "", "TcpInSegs", 30, 9, "f2", 1), ("b", "", "TcpCurrEstab", 7, 9, "f2", 2),
             ("b", "", "TcpOutRsts", 4, 9, "f2", 3), ("b", "", "TcpExtListenDrops", 2, 9, "f2", 4),
             ("b", "", "TcpAttemptFails", 3, 9, "f2", 5),
             ("b", "eth0", "rx_bytes", 200, 9, "f2", 9),
             ("b", "eth0", "rx_otherhost", 6, 9, "f2", 9)]  # fmt: skip
    rows = [*map(tuple, zip(*rises(table(*after, *before)).columns.values(), strict=True))]
    assert sorted(rows) == [
        ("b", "", "TcpAttemptFails", 3, 5, "f1", -1, 9, "f2", 5),
        ("b", "", "TcpInSegs", 20, 5, "f1", 1, 9, "f2", 1),
        ("b", "eth0", "rx_bytes", 100, 5, "f1", 9, 9, "f2", 9),
        ("b", "eth0", "rx_otherhost", 5, 5, "f1", 9, 9, "f2", 9),
    ]


def test_rises_of_one_dump() -> None:
    """Alone it says nothing; neither do dumps of two hosts."""
    one = [("b", "", "TcpInSegs", 10, 5, "f1", 1)]
    assert len(rises(table(*one))) == 0
    assert len(rises(table(*one, ("c", "", "TcpInSegs", 90, 9, "f2", 1)))) == 0
    assert len(rises(table())) == 0


def test_reboot_between() -> None:
    """The later dump counts less: nobody knows what was in between."""
    rows = [("b", "", "TcpInSegs", 90, 5, "f1", 1), ("b", "", "TcpInSegs", 10, 9, "f2", 1)]
    assert len(rises(table(*rows))) == 0
    without_times = [(*row[:4], NO_TIME, *row[5:]) for row in rows]
    (found,) = rises(table(*without_times)).rows()
    assert (found["rise"], found["earlier_file"], found["later_file"]) == (80, "f2", "f1")


def test_rises_of_a_real_incident() -> None:
    """The accept queue of the fixture overflowed: the same as the rise of whole files."""
    folder = Path(__file__).parents[1] / "fixtures" / "overflow"
    tables, dumps = [], []
    for path in sorted(folder.glob("*.nstat-*.txt")):
        reading = module.read_counters(path.name, decode(path.read_bytes()))
        assert reading is not None
        tables.append(reading.table)
        dumps.append((path.name, as_counters(reading.table)))
    found = {row["name"]: row["rise"] for row in rises(Table.concat(COUNTERS, tables)).rows()}
    whole = rise(dumps)
    assert whole is not None
    assert found["TcpExtListenOverflows"] > 0
    gauges = {"TcpCurrEstab", "IpForwarding", "IpDefaultTTL"}
    assert found == {name: value for name, value in whole.rises.items() if name not in gauges}
