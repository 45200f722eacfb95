"""Whole files: every sample by name, every wrapping, every date spelling, any damage."""

from __future__ import annotations

import json
import re
import time
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.addresses import NO_MAC, format_ip, parse_ip
from synack.neighbors.entry import Entry, NeighborDump
from synack.neighbors.reader import MOST_UNREAD, read_neighbors

SHARED = Path(__file__).parents[2] / "shared"
DOMAIN = SHARED / "domain"

EXPECTED = {
    "lab/d1dup/neigh_b.txt": ("ip -s neigh", 1),
    "lab/d2fwd/neigh_b.txt": ("ip -s neigh", 2),
    "lab/e03flood/monitor_b.txt": ("ip -ts monitor neigh", 4),
    "lab/e03flood/neigh_b_end.txt": ("ip -s neigh", 1),
    "lab/e03flood/poll_b.txt": ("ip -s neigh", 90),
    "lab/e06none/monitor_b.txt": ("ip -ts monitor neigh", 14),
    "lab/e06none/neigh_b_end.txt": ("ip -s neigh", 1),
    "lab/e06none/poll_b.txt": ("ip -s neigh", 90),
    "lab/e07lag/monitor_b.txt": ("ip -ts monitor neigh", 6),
    "lab/e07lag/neigh_b_end.txt": ("ip -s neigh", 1),
    "lab/e07lag/poll_b.txt": ("ip -s neigh", 220),
    "lab/e08track/monitor_b.txt": ("ip -ts monitor neigh", 2),
    "lab/e08track/neigh_b_end.txt": ("ip -s neigh", 1),
    "lab/e08track/poll_b.txt": ("ip -s neigh", 200),
    "lab/gc/log_default128.txt": ("ip -s neigh", 910),
    "lab/gc/log_zero.txt": ("ip -s neigh", 507),
    "lab/gc/mon_default128.txt": ("ip -ts monitor neigh", 9),
    "lab/gc/mon_zero.txt": ("ip -ts monitor neigh", 16),
    "lab/q3stale/monitor_b.txt": ("ip -ts monitor neigh", 4),
    "lab/q3stale/neigh_b_end.txt": ("ip -s neigh", 1),
    "lab/q3stale/poll_b.txt": ("ip -s neigh", 84),
    "samples/arp-a.txt": ("arp -an", 17),
    "samples/arp-an-after4s.txt": ("arp -an", 16),
    "samples/arp-an-i-eth1.txt": ("arp -an", 2),
    "samples/arp-an.txt": ("arp -an", 17),
    "samples/arp-en.txt": ("arp -n", 17),
    "samples/arp-n-noentry.txt": ("arp -n", 0),
    "samples/arp-n-one.txt": ("arp -n", 1),
    "samples/arp-n.txt": ("arp -n", 17),
    "samples/arp-vn.txt": ("arp -n", 17),
    "samples/arp.txt": ("arp -n", 17),
    "samples/ip-4-neigh.txt": ("ip neigh", 16),
    "samples/ip-6-neigh.txt": ("ip neigh", 6),
    "samples/ip-br-neigh.txt": ("ip -br neigh", 22),
    "samples/ip-color-neigh.txt": ("ip neigh", 22),
    "samples/ip-d-neigh.txt": ("ip neigh", 22),
    "samples/ip-j-neigh-dev-eth0.json": ("ip -j neigh", 18),
    "samples/ip-j-neigh-show-proxy.json": ("ip -j neigh", 2),
    "samples/ip-j-neigh.json": ("ip -j neigh", 22),
    "samples/ip-j-p-neigh.json": ("ip -j neigh", 22),
    "samples/ip-j-s-neigh-nud-all.json": ("ip -j -s neigh", 33),
    "samples/ip-j-s-neigh.json": ("ip -j -s neigh", 22),
    "samples/ip-monitor-neigh.txt": ("ip monitor neigh", 58),
    "samples/ip-neigh-dev-eth0.txt": ("ip neigh", 18),
    "samples/ip-neigh-get.txt": ("ip neigh", 1),
    "samples/ip-neigh-nud-all.txt": ("ip neigh", 33),
    "samples/ip-neigh-show-proxy.txt": ("ip neigh", 3),
    "samples/ip-neigh.txt": ("ip neigh", 22),
    "samples/ip-o-neigh.txt": ("ip neigh", 22),
    "samples/ip-r-neigh.txt": ("ip neigh", 22),
    "samples/ip-s-neigh-after4s.txt": ("ip -s neigh", 21),
    "samples/ip-s-neigh-dev-eth0.txt": ("ip -s neigh", 18),
    "samples/ip-s-neigh-nud-all.txt": ("ip -s neigh", 33),
    "samples/ip-s-neigh.txt": ("ip -s neigh", 22),
    "samples/ip-s-s-neigh.txt": ("ip -s neigh", 22),
    "samples/ip-s-ts-monitor-neigh.txt": ("ip -ts monitor neigh", 58),
    "samples/ip-t-monitor-neigh.txt": ("ip -t monitor neigh", 58),
    "samples/ip-ts-j-monitor-neigh.txt": ("ip -ts monitor neigh", 58),
    "samples/ip-ts-monitor-all.txt": ("ip -ts monitor all", 58),
    "samples/ip-ts-monitor-neigh.txt": ("ip -ts monitor neigh", 58),
    "samples/ip-ts-neigh.txt": ("ip neigh", 22),
    "samples/odd-lladdr-tap-types.txt": (
        "ip neigh, ip -j neigh, /proc/net/arp, arp -an, arp -n",
        19,
    ),
    "samples/proc-net-arp-after4s.txt": ("/proc/net/arp", 16),
    "samples/proc-net-arp.txt": ("/proc/net/arp", 17),
}
"""Format and entries of every sample that is a dump; all other samples are none."""

AT = 1795420121 * 10**9  # 2026-11-23T07:48:41Z
ROW = "10.0.0.2 dev eth0 lladdr 0a:1b:2c:00:00:02 STALE"
OTHER = "10.0.0.3 dev eth0 lladdr 0a:1b:2c:00:00:03 STALE"


@cache
def sample(name: str) -> bytes:
    """One sample; a missing one is an error in the set-up, not a reason to skip."""
    path = DOMAIN / name
    assert path.is_file(), f"{path} is missing: these tests need the shared samples"
    return path.read_bytes()


def all_samples() -> list[str]:
    """Every sample and lab file, relative to the domain notes."""
    found = [*DOMAIN.glob("samples/*"), *DOMAIN.glob("lab/*/*")]
    return sorted(str(path.relative_to(DOMAIN)) for path in found if path.is_file())


def read(data: bytes | str) -> NeighborDump:
    """The dump in ``data``, which must be one."""
    dump = read_neighbors("x", data.encode() if isinstance(data, str) else data)
    assert dump is not None
    return dump


def unplaced(entries: list[Entry]) -> list[Entry]:
    """The entries without their line numbers, to compare differently wrapped files."""
    return [entry._replace(line=0) for entry in entries]


def test_samples_are_there() -> None:
    """The table below is meaningless over an empty folder."""
    assert set(EXPECTED) <= set(all_samples())
    assert len(all_samples()) > 150


@pytest.mark.parametrize("name", all_samples())
def test_sample(name: str) -> None:
    """Neighbor dumps give all their rows; everything else is refused."""
    dump = read_neighbors(name, sample(name))
    found = None if dump is None else (dump.format, len(dump.entries))
    assert found == EXPECTED.get(name)
    if dump is not None and "odd-lladdr" not in name and "lab/gc/log" not in name:
        assert dump.unread == []
        assert dump.warnings == []
        assert dump.local_time == bool(re.search("-ts? monitor", dump.format))


def test_views_agree() -> None:
    """Text, statistics, colours and JSON show the same table."""
    text = read(sample("samples/ip-neigh.txt")).entries
    assert text == read(sample("samples/ip-color-neigh.txt")).entries
    assert unplaced(text) == unplaced(read(sample("samples/ip-j-neigh.json")).entries)
    assert unplaced(text) == unplaced(read(sample("samples/ip-j-p-neigh.json")).entries)
    stats = read(sample("samples/ip-s-neigh.txt")).entries
    assert unplaced(stats) == unplaced(read(sample("samples/ip-j-s-neigh.json")).entries)
    assert [e[:5] for e in stats] == [e[:5] for e in text]
    brief = read(sample("samples/ip-br-neigh.txt")).entries
    assert [e[:3] for e in brief] == [e[:3] for e in text]


def test_arp_views_agree() -> None:
    """/proc/net/arp and the three arp layouts say the same, but for traces of old MACs."""
    proc = read(sample("samples/proc-net-arp.txt")).entries
    table = read(sample("samples/arp-n.txt")).entries
    assert [e[:5] for e in proc] == [e[:5] for e in table]
    listed = read(sample("samples/arp-an.txt")).entries
    assert [e[:5] for e in listed] == [e[:5] for e in table]
    failed = read(sample("samples/proc-net-arp-after4s.txt")).entries
    kept = {format_ip(*e.ip) for e in failed if e.state == "INVALID" and e.mac != NO_MAC}
    assert kept == {"10.0.0.58", "10.0.0.59"}


def test_odd_addresses() -> None:
    """A pasted session with five commands: no row has a six-byte address."""
    dump = read(sample("samples/odd-lladdr-tap-types.txt"))
    assert {entry.mac for entry in dump.entries} == {NO_MAC}
    assert [entry.line for entry in dump.entries[-3:]] == [44, 45, 46]
    assert 22 in {damage.line for damage in dump.unread}


def test_poll() -> None:
    """Each table of a polling loop has the time of the line before it, in exact ns."""
    dump = read(sample("lab/q3stale/poll_b.txt"))
    assert dump.entries[0].at == 1795420313_053_000_000
    assert dump.entries[0].line == 2
    assert dump.entries[2].state == "DELAY"
    assert dump.entries[2][5:9] == (0, 61, 0, 0)
    assert all(entry.at is not None for entry in dump.entries)


def test_clock_lines() -> None:
    """A time of day takes its day from the date before it, over midnight too."""
    entries = read(sample("lab/gc/log_default128.txt")).entries
    assert entries[0].at == (AT - 215 * 10**9) + 52_000_000
    late = read(f"2026-11-22T23:59:59Z\n{ROW}\n== 00:00:01\n{ROW}\n").entries
    assert [entry.at for entry in late] == [AT - 28_122 * 10**9, AT - 28_120 * 10**9]
    assert read(f"== 07:45:06\n{ROW}\n").entries[0].at is None


@pytest.mark.parametrize(
    ("stamp", "at", "local"),
    [
        ("== 1795420121.053", AT + 53_000_000, False),
        ("Mon Nov 23 07:48:41 UTC 2026", AT, False),
        ("2026-11-23T08:48:41+01:00", AT, False),
        ("### 2026-11-23 07:48:41", AT, True),
        ("root@b1:~# date -u\nMon Nov 23 07:48:41 UTC 2026", AT, False),
        ("Every 1.0s: ip neigh   b1: Mon Nov 23 07:48:41 2026", AT, True),
        ("# collected 2026-11-23T07:48:41Z by kit", AT, False),
    ],
)
@pytest.mark.parametrize("rows", [ROW, '[{"dst":"10.0.0.2","dev":"eth0","state":["STALE"]}]'])
def test_date_lines(stamp: str, at: int, local: bool, rows: str) -> None:
    """Entries after a date line carry it, those before do not."""
    dump = read(f"{rows}\n{stamp}\n{rows}\n")
    assert [entry.at for entry in dump.entries] == [None, at]
    assert dump.local_time is local
    assert dump.unread == []


def test_monitor() -> None:
    """Stamps of the monitor are local; deletions are events, not states."""
    dump = read(sample("samples/ip-ts-monitor-all.txt"))
    assert dump.entries[0].at == AT + 354_488_000
    deleted = [entry for entry in dump.entries if entry.flags == "deleted"]
    assert {entry.state for entry in deleted} == {"STALE", "REACHABLE", "NOARP", "FAILED"}
    lines = read(sample("samples/ip-t-monitor-neigh.txt"))
    assert lines.entries[0].at == AT + 353_879_000
    plain = read("[nsid 3][NEIGH]" + ROW)
    assert (plain.format, plain.entries[0].at) == ("ip monitor all", None)


def test_mixed_zones() -> None:
    """A monitor's local stamps beside date -u cannot both be right: said, not guessed."""
    dump = read(f"2026-11-23T07:48:41Z\n{ROW}\n[2026-11-23T08:48:41.5] {ROW}\n")
    assert dump.local_time
    assert len(dump.warnings) == 1


@pytest.mark.parametrize(
    ("prompt", "command"),
    [
        ("root@b1:~# ", "ip neigh"),
        ("[root@b1 ~]# ", "ip -s neigh show"),
        ("user@b1:/var/log$ ", "sudo ip n"),
        ("$ ", "arp -an"),
        ("/ # ", "arp"),
        ("+ ", "cat /proc/net/arp"),
        ("== ", "ip neigh show =="),
        ("### ", "arp -n"),
        ("--- ", "arp ---"),
    ],
)
@pytest.mark.parametrize("name", ["ip-neigh.txt", "arp-n.txt", "arp-an.txt", "proc-net-arp.txt"])
def test_pasted_session(prompt: str, command: str, name: str) -> None:
    """Prompts and commands around the rows are no damage."""
    text = sample(f"samples/{name}").decode()
    dump = read(f"{prompt}{command}\n{text}\n\n{prompt}{command}\n")
    plain = read(text)
    assert unplaced(dump.entries) == unplaced(plain.entries)
    assert dump.entries[0].line == plain.entries[0].line + 1
    assert dump.format == plain.format
    assert dump.unread == []


@pytest.mark.parametrize("name", [n for n in EXPECTED if n.startswith("samples/")])
def test_wrappings(name: str) -> None:
    """CRLF, byte order marks, UTF-16, NULs and indentation change nothing."""
    data = sample(name)
    plain = read(data)
    text = data.decode()
    crlf = text.replace("\n", "\r\n").encode()
    indented = re.sub("(?m)^(?=[^ \n])", "  ", text).encode()
    coloured = re.sub(rb"(\w+)", b"\x1b[1;36m\\1\x1b[0m", re.sub(rb"\x1b\S*?m", b"", data))
    utf16 = text.encode("utf-16")
    for variant in (crlf, indented, coloured, utf16, b"\xef\xbb\xbf" + data, data + b"\0" * 512):
        dump = read(variant)
        assert dump.entries == plain.entries
        assert dump.format == plain.format


def test_reasons() -> None:
    """A date that cannot be used is not passed over."""
    dump = read(f"Wed Jan  1 22:02:56.878 UTC\n{ROW}\nbla\n")
    assert [str(damage) for damage in dump.unread] == [
        "x, line 1: a date without a year",
        "x, line 3: not a neighbor row",
    ]


def test_partly_read() -> None:
    """What can be read is read, the rest is named by line."""
    dump = read(f"{ROW}\nsome garbage\nbroker-2 dev eth0 lladdr 0a:00:00:00:00:01 STALE\n"
                f"{OTHER}\n10.0.0.4 dev eth0 lladdr 0a:1b")  # fmt: skip
    assert [entry.line for entry in dump.entries] == [1, 4]
    assert [(damage.line, damage.path) for damage in dump.unread] == [(2, "x"), (5, "x")]
    assert "cut" in dump.unread[1].reason
    assert [(name, entry.line) for name, entry in dump.named] == [("broker-2", 3)]


def test_cut_json() -> None:
    """A cut document gives its whole objects; documents may follow each other."""
    data = sample("samples/ip-j-s-neigh.json").decode()
    cut = read(data[: len(data) // 2])
    assert 8 < len(cut.entries) < 22
    assert len(cut.unread) == 1
    twice = read(f"1795420121\n{data}1795420122\n{json.dumps(json.loads(data), indent=2)}")
    assert len(twice.entries) == 44
    assert [entry.at for entry in twice.entries[::22]] == [AT, AT + 10**9]


def test_quoted_rows_are_no_dump() -> None:
    """Notes that quote a row are not evidence; a pasted command makes them so."""
    notes = "We saw this:\n" + "bla bla\n" * 20 + ROW
    assert read_neighbors("x", notes.encode()) is None
    assert len(read(notes.replace("We saw this:", "$ ip neigh")).entries) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "[]",
        "hello",
        "Nothing to flush.",
        "1795420121",
        "10.0.0.2                                broker-1\n",
        '{"dst":"10.0.0.0/24","dev":"eth0"}',
    ],
)
def test_others(text: str) -> None:
    """Empty files, hosts files and routes are no dumps."""
    assert read_neighbors("x", text.encode()) is None


def test_empty_tables() -> None:
    """A header without rows is a dump: the table was asked for, and empty."""
    for name in ("arp-n.txt", "proc-net-arp.txt"):
        header = sample(f"samples/{name}").splitlines()[0]
        assert read(header).entries == []


def test_resolved_names() -> None:
    """arp -a with names has the address in parentheses; arp without -n has none."""
    dump = read("gateway (10.0.0.1) at 0a:1b:2c:00:00:02 [ether] on eth0\n")
    assert (dump.format, len(dump.entries)) == ("arp -a", 1)
    assert dump.names == {"gateway": {parse_ip("10.0.0.1")}}
    table = sample("samples/arp-n.txt")
    lost = read(table + b"ip-10-0-0-9.ap-sou ether 0a:00:00:00:00:09 C eth0\n")
    assert [(name, entry.line) for name, entry in lost.named] == [("ip-10-0-0-9.ap-sou", 19)]
    cut = read(table + b"ip-10-130-105-12.ap-sou ether 06:cf:a2:b2:c6:9e C eth2\n")
    assert [damage.line for damage in cut.unread] == [19]
    only = read("\n".join(f"broker-{n} dev eth0 lladdr 0a:00:00:00:00:0{n} STALE" for n in "123"))
    assert (only.format, len(only.named)) == ("ip neigh", 3)


def test_json_monitor() -> None:
    """A monitor in JSON: stamps and labels stand before the objects."""
    one = '{"dst":"10.0.0.2","dev":"eth0","lladdr":"0a:1b:2c:00:00:02","state":["STALE"]}'
    gone = one.replace("{", '{"deleted":true,', 1)
    dump = read(f"[2026-11-23T07:48:41.5][NEIGH]{one}\n[2026-11-23T07:48:42.5] [NEIGH]{gone}\n")
    assert dump.format == "ip -j monitor neigh"
    assert [(e.at, e.flags) for e in dump.entries] == [
        (AT + 500_000_000, ""),
        (AT + 1_500_000_000, "deleted"),
    ]
    assert dump.unread == []


def test_bounded_report() -> None:
    """Very many unread lines are counted instead of listed."""
    dump = read("$ ip neigh\n" + ROW + "\nx" * (MOST_UNREAD + 5))
    assert len(dump.unread) == MOST_UNREAD
    assert str(MOST_UNREAD + 5) in dump.warnings[0]


M = 300_000
HOSTILE = [
    b" " * M,
    b"10.0.0.1" + b" " * M,
    b"10.0.0.1 dev " + b"a" * M,
    b"10.0.0.1 dev e" + b" router" * (M // 7) + b"x",
    b"10.0.0.1 " * (M // 9),
    b"1" * M,
    b"[" * M,
    b"[NEIGH]" * (M // 7),
    b'"dst"' + b"{" * M,
    b'{"dst":' + b"[" * M + b"}",
    b"\x1b[" * (M // 2),
    b"\x1b[" + b"1" * M,
    b"\x1b]" * (M // 2),
    b"? (1.1.1.1) at" + b" PERM" * (M // 5),
    b"10.0.0.1 ether " + b"a:" * M,
    b"#" * M,
    b"Mon Nov 23 " * (M // 11),
    b"\n".join([b"Mon Nov 23 " * 18] * 1000),
    b"\n".join([b"2026-11-23 " * 18] * 1000),
    b"=\n" * (M // 2),
]


@pytest.mark.parametrize("data", HOSTILE, ids=lambda data: repr(data[:16]))
def test_hostile_lines(data: bytes) -> None:
    """Linear in the length of a line, and in the number of lines."""
    start = time.process_time()
    read_neighbors("x", data)
    assert time.process_time() - start < 2


SMALL = [name for name in EXPECTED if len(sample(name)) < 4000]


@given(st.data())
def test_damaged_samples(data: st.DataObject) -> None:
    """Cut anywhere, flipped anywhere: never an exception, never a row from nowhere."""
    raw = bytearray(sample(data.draw(st.sampled_from(SMALL))))
    rows = len(read(bytes(raw)).entries)
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=5)):
        raw[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    dump = read_neighbors("x", bytes(raw[:cut]))
    assert dump is None or len(dump.entries) <= rows + 5
