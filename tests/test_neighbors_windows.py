"""Rows of Windows: arp, netsh and PowerShell, in several languages and layouts."""

from __future__ import annotations

import pytest
from dumps import SAMPLES, shown, table

from synack.neighbors.entry import Entry
from synack.neighbors.reader import read_neighbors
from synack.neighbors.windows import FORMATS, parse_list

NAMES = {format_.name for format_ in FORMATS}


@pytest.mark.parametrize("name", [n for n, sample in SAMPLES.items() if sample.format in NAMES])
def test_samples(name: str) -> None:
    """Every entry, in full, and every line that is none."""
    sample = SAMPLES[name]
    dump = read_neighbors("x", sample.text.encode())
    assert dump is not None
    assert table(dump.entries) == sample.rows
    assert tuple(damage.line for damage in dump.unread) == sample.unread


def rows(text: str) -> list[str]:
    dump = read_neighbors("x", text.encode())
    return [shown(entry) for entry in dump.entries] if dump else []


ROW = "  10.0.0.1              90-6c-ac-4b-60-56     {}\n"


@pytest.mark.parametrize(
    ("title", "word", "says"),
    [
        ("Interface : 10.0.0.5 --- 0x1a", "dynamique", "10.0.0.1 26 90:6c:ac:4b:60:56 - dynamic"),
        ("Interfaz: 10.0.0.5 --- 0x3", "est\u00e1tico",
         "10.0.0.1 3 90:6c:ac:4b:60:56 PERMANENT static"),
        ("\u63a5\u53e3: 10.0.0.5 --- 0x3", "\u52a8\u6001",
         "10.0.0.1 3 90:6c:ac:4b:60:56 - dynamic"),
        ("Interface: 10.0.0.5 on Interface 0x2", "dynamic",
         "10.0.0.1 2 90:6c:ac:4b:60:56 - dynamic"),
        ("Interface: 10.0.0.5 --- 0x3", "\ufffdxx", "10.0.0.1 3 90:6c:ac:4b:60:56 - -"),
    ],
)  # fmt: skip
def test_languages(title: str, word: str, says: str) -> None:
    """The line of the interface tells the table, whatever its words."""
    assert rows(f"{title}\n{ROW.format(word)}") == [says]


def test_rows_alone() -> None:
    """findstr leaves rows without a header: English ones are known."""
    assert rows(ROW.format("dynamic")) == ["10.0.0.1 - 90:6c:ac:4b:60:56 - dynamic"]
    assert rows(ROW.format("dynamique")) == []
    assert rows("10.0.0.7    90-6c-ac-4b-60-56  Stale\n") == [
        "10.0.0.7 - 90:6c:ac:4b:60:56 STALE -"
    ]


def test_no_entries() -> None:
    """A table that was asked for, and empty."""
    dump = read_neighbors("x", b"C:\\>arp -a\r\nNo ARP Entries Found.\r\n")
    assert dump is not None
    assert (dump.format, dump.entries, dump.unread) == ("arp -a (Windows)", [], [])


def test_power_shell_columns() -> None:
    """Select-Object leaves other columns, aliases have blanks."""
    text = (
        "InterfaceAlias         IPAddress    LinkLayerAddress  State\n"
        "--------------         ---------    ----------------  -----\n"
        "vEthernet (WSL switch) 172.29.0.9   00-15-5D-AF-E2-A3 Reachable\n"
        "Ethernet 2             10.0.0.2     00-15-5D-AF-E2-A4 Stale\n"
    )
    assert rows(text) == [
        "172.29.0.9 vEthernet (WSL switch) 00:15:5d:af:e2:a3 REACHABLE -",
        "10.0.0.2 Ethernet 2 00:15:5d:af:e2:a4 STALE -",
    ]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv(mark: str) -> None:
    """Any columns in any order, quoted or not; damaged rows are named."""
    lines = (
        "State,InterfaceAlias,LinkLayerAddress,IPAddress,ifIndex",
        '"Stale","Ethernet 2","0A-DE-AD-00-00-01","10.0.0.1","7"',
        "4,,0A-DE-AD-00-00-02,10.0.0.2,7",
        '"Stale","Ethernet 2","0A-DE-AD-00-00-01","10.0.',
        "Stale,x,,,7",
        "Stale,x,0A-DE-AD-00-00-01",
        "Probe,x,0A-DE-AD-00-00-03,10.0.0.3,7",
    )
    dump = read_neighbors("x", "\n".join(lines).replace(",", mark).encode())
    assert dump is not None
    assert [shown(entry) for entry in dump.entries] == [
        "10.0.0.1 Ethernet 2 0a:de:ad:00:00:01 STALE -",
        "10.0.0.2 7 0a:de:ad:00:00:02 STALE -",
        "10.0.0.3 x 0a:de:ad:00:00:03 PROBE -",
    ]
    assert [damage.line for damage in dump.unread] == [4, 5, 6]


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("IPAddress : 10.0.0.1\nLinkLayerAddress : 0A-DE-AD-00-00-01\nState : 3\nifIndex : 4",
         "10.0.0.1 4 0a:de:ad:00:00:01 DELAY -"),
        ("IPAddress : fe80::1%4\nLinkLayerAddress : \nState : Unreachable",
         "fe80::1 - - INVALID unreachable"),
        ("IPAddress : 10.0.0.1\nLinkLayerAddress : 0A-DE", "a cut record: no state"),
        ("InterfaceAlias : x\nIPAddress : 10.0.0.1", "a cut record: no address"),
        ("Name : x\nMacAddress : y", "a cut record: no address"),
    ],
)  # fmt: skip
def test_list(record: str, says: str) -> None:
    row = parse_list(record, None, 1)
    assert (shown(row) if isinstance(row, Entry) else row) == says


def test_list_lines() -> None:
    """A record counts as its first line; a date between two dates what follows."""
    record = "IPAddress : 10.0.0.1\nLinkLayerAddress : 0A-DE-AD-00-00-01\nState : Stale\n"
    dump = read_neighbors("x", f"{record}\n2026-11-23T07:48:41Z\n\n{record}".encode())
    assert dump is not None
    assert [(entry.line, entry.at) for entry in dump.entries] == [
        (1, None), (7, 1795420121 * 10**9),
    ]  # fmt: skip
