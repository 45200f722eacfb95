"""Rows of FreeBSD, macOS, OpenBSD, NetBSD, AIX, Solaris and arpwatch."""

from __future__ import annotations

import pytest
from dumps import SAMPLES, shown, table

from synack.neighbors.bsd import FORMATS
from synack.neighbors.entry import Entry, Named
from synack.neighbors.reader import read_neighbors

FORMAT = {format_.name: format_ for format_ in FORMATS}
MINE = [name for name, sample in SAMPLES.items() if sample.format in FORMAT]


@pytest.mark.parametrize("name", MINE)
def test_samples(name: str) -> None:
    """Every entry, in full, and every line that is none."""
    sample = SAMPLES[name]
    dump = read_neighbors("x", sample.text.encode())
    assert dump is not None
    assert table(dump.entries) == sample.rows
    assert tuple(damage.line for damage in dump.unread) == sample.unread


def parsed(format_: str, line: str) -> str | None:
    """What one line says, alone."""
    parse = FORMAT[format_].alone
    assert parse is not None
    row = parse(line, None, 1)
    if isinstance(row, Named):
        return f"{row.name} {shown(row.entry).partition(' ')[2]}"
    return shown(row) if isinstance(row, Entry) else row


LIST, OPENBSD, NDP = "arp -a (BSD)", "arp -a (OpenBSD)", "ndp -a"


@pytest.mark.parametrize(
    ("format_", "line", "says"),
    [
        (LIST, "? (10.0.0.1) at 0:c:29:1a:4e:3b on em0 expires in 2 seconds published [vlan]",
         "10.0.0.1 em0 00:0c:29:1a:4e:3b - published"),
        (LIST, "? (10.0.0.1) at 0:c:29:1a:4e:3b permanent(weird)",
         "10.0.0.1 - 00:0c:29:1a:4e:3b PERMANENT permanent"),
        # With nothing behind it the last octet may be cut.
        (LIST, "? (10.0.0.1) at 0:c:29:1a:4e:3b", "10.0.0.1 - 00:0c:29:1a:4e:3b - -"),
        (LIST, "? (10.0.0.1) at 0:c:29:1a:4e:3", None),
        (LIST, "? (10.0.0.1) at 0:c:29:1a:4e:3 on em0", "10.0.0.1 em0 00:0c:29:1a:4e:03 - -"),
        (LIST, "? (10.0.0.1) at 0:c:29:1a:4e:3b on em0:1", "10.0.0.1 em0:1 00:0c:29:1a:4e:3b - -"),
        (LIST, "? (10.0.0.1) at 0a:ff:ee:00:00:50 [ether] on eth0", None),
        (LIST, "? (10.0.0.1) at <incomplete> on eth0", None),
        (LIST, "? (10.0.0.1) at 0:c:29:1a:4e:3b on em0 and more", None),
        (LIST, "we looked (10.0.0.1) at 0:c:29:1a:4e:3b on em0", None),
        (OPENBSD, "gw.example  52:54:00:12:35:02  em0 12m37s",
         "gw.example em0 52:54:00:12:35:02 - -"),
        (OPENBSD, "10.0.0.1  52:54:00:12:35:02  em0 permanent lp",
         "10.0.0.1 em0 52:54:00:12:35:02 PERMANENT own+permanent+published"),
        (OPENBSD, "10.0.0.1  52:54:00:12:35:02  em0 tomorrow", None),
        (NDP, "fe80::2%em0  0:c:29:1a:4e:3b  em0  1s  D Rp 1",
         "fe80::2 em0 00:0c:29:1a:4e:3b DELAY published+router probes=1"),
        (NDP, "fe80::2%em0  0:c:29:1a:4e:3b  em0  expired  W",
         "fe80::2 em0 00:0c:29:1a:4e:3b INVALID waitdelete"),
        (NDP, "fe80::2%em0  0:c:29:1a:4e:3b  em0  permanent  R l",
         "fe80::2 em0 00:0c:29:1a:4e:3b PERMANENT own+permanent"),
        (NDP, "fe80::2%em0  0:c:29:1a:4e:3b  em0  1s  Q", None),
        ("arp -a (Solaris)", "net0  rodent  255.255.255.255  00:50:ba:3f:c2:5e",
         "rodent net0 00:50:ba:3f:c2:5e - -"),
        ("arp -a (Solaris)", "eth0 10.0.0.1 255.255.255.255", None),
        ("arp -a (Solaris)", "eth0 10.0.0.1 255.255.255.0 U 00:50:ba:3f:c2:5e", None),
        ("arpwatch arp.dat", "0:1:2:3:4:5\t10.0.0.1\t86400\tgw", None),
        ("arpwatch arp.dat", "0:1:2:3:4:5\tbroker\t1795420121", None),
    ],
)  # fmt: skip
def test_rows(format_: str, line: str, says: str | None) -> None:
    assert parsed(format_, line) == says


def test_arpwatch_times() -> None:
    """Each pair has its own time; it is what an observer heard, in nobody's table."""
    dump = read_neighbors("x", SAMPLES["arpwatch"].text.encode())
    assert dump is not None
    assert [entry.at for entry in dump.entries] == [
        1795420121 * 10**9, 1795424121 * 10**9, 1795424133 * 10**9,
    ]  # fmt: skip
    assert not dump.local_time


def test_names_beside_addresses() -> None:
    """What the host's resolver said of an address explains other files' names."""
    dump = read_neighbors("x", SAMPLES["aix"].text.encode())
    assert dump is not None
    assert set(dump.names) == {"mydesk", "caju6"}
