"""Tables of other systems (tests/dumps.py): wrapped, cut, mixed, mistaken for each other."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from dumps import SAMPLES, shown, table
from hypothesis import given
from hypothesis import strategies as st
from test_neighbors_reader import EXPECTED
from test_neighbors_reader import sample as linux_sample

from synack.neighbors.entry import Entry, NeighborDump
from synack.neighbors.reader import ELSEWHERE, LINUX, read_neighbors

NAMES = list(SAMPLES)
HEADER_ONLY = {"macos-l", "routeros", "routeros-7", "fortios", "windows-de", "netsh-it",
               "net-neighbor-csv", "net-neighbor-list"}  # fmt: skip
"""Rows that look like those of other tables, or are no lines."""


def read(data: str | bytes) -> NeighborDump:
    """The dump in ``data``, which must be one."""
    dump = read_neighbors("x", data.encode() if isinstance(data, str) else data)
    assert dump is not None
    return dump


@pytest.mark.parametrize("name", NAMES)
def test_own_format(name: str) -> None:
    """Each is recognised as what it is, and as nothing else."""
    dump = read(SAMPLES[name].text)
    assert dump.format == SAMPLES[name].format


def row_lines(name: str) -> list[str]:
    """The lines of a sample that gave entries."""
    lines = [line.strip() for line in SAMPLES[name].text.split("\n")]
    return [lines[entry.line - 1] for entry in read(SAMPLES[name].text).entries]


@pytest.mark.parametrize("name", [n for n in NAMES if n not in HEADER_ONLY])
def test_no_other_reader_takes_a_row(name: str) -> None:
    """Each row, without its header, is one of its own format or of none: whatever was
    read before, it cannot be taken for another's."""
    takers = {
        format_.name
        for line in row_lines(name)
        for format_ in (*LINUX, *ELSEWHERE)
        if format_.alone and isinstance(format_.alone(line, None, 1), Entry)
    }
    assert takers <= {SAMPLES[name].format}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_linux_rows_are_not_taken(name: str) -> None:
    """No reader of another system takes a row of the Linux samples."""
    for line in linux_sample(name).decode().split("\n")[:100]:
        for format_ in ELSEWHERE:
            if format_.alone:
                assert not isinstance(format_.alone(line.strip(), None, 1), Entry), format_.name


def test_headers_are_told_apart() -> None:
    """A line opens at most one table."""
    for name, sample in SAMPLES.items():
        for line in sample.text.split("\n"):
            openers = [f.name for f in ELSEWHERE if f.header and f.header.fullmatch(line.strip())]
            assert openers in ([], [sample.format]), name


GOLDEN = Path(__file__).parent / "golden"


def test_command(synack, tmp_path: Path) -> None:
    """A folder of all of them, by the real command; a hosts file explains a name."""
    files = {f"{name}.txt": sample.text for name, sample in SAMPLES.items()}
    files["named.txt"] = (
        "Address                  HWtype  HWaddress           Flags Mask            Iface\n"
        "broker-1                 ether   0a:e6:f1:c2:6b:31   C                     eth0\n"
        "mydesk                   ether   00:14:5e:7c:a3:11   C                     eth0\n"
        "nobody                   ether   0a:e6:f1:c2:6b:32   C                     eth0\n"
    )
    files["etc-hosts"] = "127.0.0.1 localhost\n10.0.1.10 broker-1\n"
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
        os.utime(tmp_path / name, (1_795_420_121, 1_795_420_121))
    code, out, err = synack("neighbors", str(tmp_path), "--format", "csv")
    assert code == 0
    content = f"{out}{err}".replace(str(tmp_path), "dumps").replace("\r\n", "\n")
    if os.environ.get("SYNACK_GOLDEN") == "write":
        (GOLDEN / "dumps.csv").write_text(content, "utf-8")
    assert content == (GOLDEN / "dumps.csv").read_text("utf-8")


SESSION = """\
sw1#show clock
*07:48:41.500 UTC Mon Nov 23 2026
sw1#terminal length 0
sw1#show ip arp vlan 1
Protocol  Address          Age (min)  Hardware Addr   Type   Interface
Internet  10.0.1.77               0   0ade.ad00.0001  ARPA   Vlan1
sw1#show mac address-table address 0ade.ad00.0001
          Mac Address Table
-------------------------------------------
Vlan    Mac Address       Type        Ports
----    -----------       --------    -----
   1    0ade.ad00.0001    DYNAMIC     Gi1/0/7
sw1#show clock
*07:49:41.500 UTC Mon Nov 23 2026
sw1#show ipv6 neighbors
IPv6 Address                              Age Link-layer Addr State Interface
FE80::77                                    0 0ade.ad00.0001  REACH Vl1
sw1#
"""


def test_session() -> None:
    """A terminal's log: each table has the time of the clock above it, other commands' output
    is named by line."""
    dump = read(SESSION)
    assert dump.format == "show ip arp (IOS), show ipv6 neighbors (IOS)"
    assert [(entry.line, entry.at) for entry in dump.entries] == [
        (6, 1795420121_500_000_000), (17, 1795420181_500_000_000),
    ]  # fmt: skip
    assert not dump.local_time
    assert [damage.line for damage in dump.unread] == [8, 10, 12]


PROMPTS = {
    "switch# show ip arp": ("ios", "nxos", "eos", "eos-vrf"),
    "switch#sh ip arp vrf all": ("ios", "nxos", "eos"),
    "RP/0/RP0/CPU0:xr1#show arp": ("xr",),
    "switch(config)# do show ipv6 neighbors": ("ios-v6", "nxos-v6", "eos-v6", "xr-v6"),
    "asa/pri/act# show arp": ("asa",),
    "user@ex2200> show arp no-resolve": ("junos", "junos-no-resolve"),
    "root@vqfx-re# run show ipv6 neighbors": ("junos-v6",),
    "admin@PA-220(active)> show arp all": ("panos",),
    "[admin@MikroTik] > /ip arp print": ("routeros", "routeros-7"),
    "[admin@MikroTik] /ip/arp> print detail": ("routeros-detail",),
    "<HUAWEI>display arp all": ("vrp",),
    "[HUAWEI]display arp all": ("vrp",),
    "[SW-CORE-Vlan-interface1234]display arp vlan 1234": ("comware",),
    "FGT60E # get system arp": ("fortios",),
    "C:\\Users\\sre>arp -a": ("windows", "windows-de"),
    "PS C:\\Users\\sre> Get-NetNeighbor": ("net-neighbor", "net-neighbor-csv"),
    "C:\\>netsh interface ip show neighbors": ("netsh", "netsh-it"),
    "root@bsd:~ # arp -an": ("freebsd", "openbsd", "netbsd", "macos", "aix", "solaris"),
    "mac:~ sre$ ndp -an": ("ndp-macos", "ndp-freebsd"),
}


@pytest.mark.parametrize(
    ("prompt", "name"), [(prompt, name) for prompt, names in PROMPTS.items() for name in names]
)
def test_pasted(prompt: str, name: str) -> None:
    """Prompts and commands pasted along are no damage."""
    sample = SAMPLES[name]
    dump = read(f"{prompt}\n{sample.text}\n{prompt.split('>', maxsplit=1)[0]}\n{prompt}\n")
    assert (dump.format, table(dump.entries)) == (sample.format, sample.rows)
    lines = [line + 1 for line in sample.unread]
    assert [damage.line for damage in dump.unread][: len(lines)] == lines
    assert len(dump.unread) <= len(lines) + 1  # the prompt alone, if it is none without a command


@pytest.mark.parametrize("name", NAMES)
def test_wrappings(name: str) -> None:
    """CRLF, marks, UTF-16, colours and NULs change nothing."""
    text = SAMPLES[name].text
    plain = read(text)
    coloured = "".join(f"\x1b[0;32m{c}\x1b[0m" if c in ".:-" else c for c in text)
    for variant in (
        text.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + text.encode(),
        text.encode("utf-16"),
        text.encode("utf-16-le"),
        coloured.encode(),
        text.encode() + b"\0" * 300,
    ):
        dump = read(variant)
        assert (dump.format, dump.entries, dump.unread) == (
            plain.format,
            plain.entries,
            plain.unread,
        )


PAGERS = (
    "--More--",
    " --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\b",
    "<--- More --->\r              \r",
    "---(more 45%)---\r                                        \r",
    "  ---- More ----\x1b[42D                                          \x1b[42D",
    "-- [Q quit|D dump|down]\r\r",
)


@pytest.mark.parametrize("pager", PAGERS, ids=[p[:16].strip() for p in PAGERS])
@pytest.mark.parametrize("name", ["ios", "asa", "junos", "vrp", "routeros", "fortios"])
def test_pagers(name: str, pager: str) -> None:
    """What a pager asks stands before a row, or on a line of its own."""
    sample = SAMPLES[name]
    lines = sample.text.split("\n")
    for middle in (len(lines) // 2, len(lines) // 2 + 1):
        text = "\n".join([*lines[:middle], pager + lines[middle], *lines[middle + 1 :]])
        dump = read(text)
        assert (table(dump.entries), dump.unread) == (sample.rows, [])


@pytest.mark.parametrize("name", NAMES)
def test_series(name: str) -> None:
    """A polling loop: each table has the time of the date line above it."""
    sample = SAMPLES[name]
    dump = read(f"2026-11-23T07:48:41Z\n{sample.text}2026-11-23T07:48:46Z\n{sample.text}")
    assert table(dump.entries) == sample.rows * 2
    if name not in ("arpwatch", "routeros-detail"):  # they say themselves when
        rows = sample.rows.count("\n")
        times = [entry.at for entry in dump.entries]
        assert times == [1795420121 * 10**9] * rows + [1795420126 * 10**9] * rows


def test_mixed() -> None:
    """All in one file, and each keeps its own reading."""
    names = [name for name in NAMES if name not in ("net-neighbor-list",)]
    for seed in range(20):
        random.Random(seed).shuffle(names)
        text, rows, lines = "", "", []
        for name in names:
            text += "router# show clock\n"
            lines += [text.count("\n") + entry.line for entry in read(SAMPLES[name].text).entries]
            text += SAMPLES[name].text
            rows += SAMPLES[name].rows
        dump = read(text)
        assert table(dump.entries).split("\n") == rows.split("\n")
        assert [entry.line for entry in dump.entries] == lines


@pytest.mark.parametrize("name", NAMES)
def test_cut_anywhere(name: str) -> None:
    """The rows above the cut stay; the cut one is whole, strange or gone, never another."""
    sample = SAMPLES[name]
    whole = read(sample.text).entries
    for cut in range(len(sample.text)):
        dump = read_neighbors("x", sample.text[:cut].encode())
        if dump is None:
            continue
        above = sample.text[:cut].count("\n")
        kept = [entry for entry in dump.entries if entry.line <= above]
        expected = [entry for entry in whole if entry.line <= above]
        # The second line of the last may be missing.
        assert kept[:-1] == expected[: len(kept)][:-1]
        if name != "net-neighbor-list":
            assert len(kept) in (len(expected), len(expected) - 1)
        for entry in dump.entries[len(kept) :]:
            like = next(e for e in whole if e.line >= entry.line)
            assert (entry.ip, entry.mac) in ((like.ip, like.mac), (like.ip, -1))


@given(st.data())
def test_damaged(data: st.DataObject) -> None:
    """Bytes flipped and lines swapped anywhere: no exception, no row from nowhere."""
    name = data.draw(st.sampled_from(NAMES))
    raw = bytearray(SAMPLES[name].text.encode())
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=8)):
        raw[place] = data.draw(st.integers(0, 255))
    dump = read_neighbors("x", bytes(raw))
    rows = SAMPLES[name].rows.count("\n")
    assert dump is None or len(dump.entries) <= rows + 9


LINES = ("\n2001:db8::1\n", "\n<sw1>show arp\n", "[2026-11-23T07:48:41Z]", "{",
         "\nAddress  Age  MAC Address  Pref Source  Interface\n")  # fmt: skip
WORDS = st.sampled_from(LINES) | st.sampled_from(
    "10.0.0.1 fe80::1%en0 0a12.3456.789a 0a-12-34-56-78-9a 0a:12:34:56:78:9a 0a12-3456-789a - 5"
    " 00:00:05 Internet ARPA Vlan1 dynamic static on at (incomplete) Incomplete em0 permanent R"
    " Interface: --- 0xb VRF: default show arp # switch# Address Age MAC status=stale"
    " address=1.2.3.4"
    " ifIndex,IPAddress,LinkLayerAddress,State LinkLayerAddress : State --More-- \n".split(" ")
)


@given(st.lists(WORDS, max_size=60))
def test_salad(words: list[str]) -> None:
    """The words of all tables in any order: never an exception, rows only with addresses."""
    dump = read_neighbors("x", " ".join(words).encode())
    assert dump is None or all(shown(entry) for entry in dump.entries)


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_anything(data: str | bytes) -> None:
    """Any text, any bytes: no exception."""
    read_neighbors("x", data if isinstance(data, bytes) else data.encode("utf-8", "replace"))


M = 1_000_000
LONG = [
    b"Internet " + b"1" * M,
    b"Internet " * (M // 9),
    b"? (1.2.3.4) at " + b"0:" * (M // 2),
    b"a" * M + b" (1.2.3.4) at 0:1:2:3:4:5 on em0",
    b"10.0.0.1 " + b" " * M + b"0a12.3456.789a",
    b"fe80::1 " * (M // 8),
    b":" * M,
    b"0:1:2:3:4:5 " * (M // 12),
    b"switch# " * (M // 8),
    b"<" * M,
    b"x " * (M // 2) + b"> show arp",
    b"a : b\n" * (M // 6) + b"LinkLayerAddress : x",
    b"LinkLayerAddress : " + b"a" * M,
    b"LinkLayerAddress :" * (M // 18),
    b"--More--" * (M // 8),
    b"-" * M,
    b"--" + b" " * M,
    b"lines 1" * (M // 7),
    b"\b" * M,
    b"ifIndex,IPAddress,LinkLayerAddress,State" + b",x" * (M // 2),
    b"ifIndex,IPAddress,LinkLayerAddress,State\n" + b'"' * M,
    b"0 D address=" + b"a=b " * (M // 4),
    b"address=1.2.3.4 " * (M // 16),
    b"\n".join([b"0a:12:34:56:78:9a " * 50] * (M // 900)),
    b"\n".join([b"x 1: y " * 100] * (M // 700)),
    b"\n".join([b"10.0.0.1 00:00:05 0a12.3456.789a " * 30] * (M // 990)),
]


@pytest.mark.parametrize("data", LONG, ids=lambda data: repr(data[:24]))
def test_long_lines(data: bytes) -> None:
    """A million bytes of whatever comes near a row are read in linear time."""
    start = time.process_time()
    read_neighbors("x", data)
    assert time.process_time() - start < 3


@pytest.mark.parametrize("name", NAMES)
def test_notes_that_quote_rows(name: str) -> None:
    """A text that quotes a few rows is no dump."""
    for line in row_lines(name):
        notes = "We saw this on the switch this morning:\n" + "and more prose\n" * 20 + line
        assert read_neighbors("x", notes.encode()) is None


@pytest.mark.parametrize(
    "said",
    ["please run show ip arp", "then show arp", "arp -a says", "(do) show arp", "get arp -a"],
)
def test_prose_announces_nothing(said: str) -> None:
    """Only a command at a prompt announces rows."""
    row = row_lines("ios")[1]
    prose = "more prose\n" * 9
    assert read_neighbors("x", f"{said}\n{prose}{row}".encode()) is None
    assert read(f"sw1#show ip arp\n{prose}{row}").entries


OTHERS = {
    "running-config": "interface Vlan10\n ip address 10.0.0.1 255.255.255.0\n arp timeout 300\n!\n"
    "arp 10.0.0.9 0a12.3456.789a ARPA\narp inside 10.1.1.1 0009.7cbe.2100 alias\n",
    "leases of dnsmasq": "1788160701 42:c5:38:e1:54:c7 10.10.10.141 host-1 *\n" * 3,
    "leases of RouterOS": " 0 D address=10.8.2.50 mac-address=AA:BB:CC:DD:EE:FF status=bound"
    ' host-name="iphone" server=dhcp1\n' * 3,
    "lease table of RouterOS": "Columns: ADDRESS, MAC-ADDRESS, HOST-NAME, SERVER\n"
    "#   ADDRESS    MAC-ADDRESS        HOST-NAME  SERVER\n"
    "0 D 10.0.0.9  AA:BB:CC:DD:EE:FF  phone  dhcp\n",
    "snooping": "00:11:22:33:44:55   10.0.0.5   86400   dhcp-snooping   10   Gi1/0/1\n" * 3,
    "MAC table": "  10    0a12.3456.789a    DYNAMIC     Gi1/0/1\n" * 3,
    "MAC table of Huawei": "0a12-3456-789a 10/-                  GE0/0/1             dynamic\n" * 3,
    "ethers": "00:11:22:33:44:55 10.0.0.5\n" * 3,
    "arp-scan": "10.0.0.5\t00:11:22:33:44:55\tVMware, Inc.\n" * 3,
    "ipconfig": "   Physical Address. . . . . . . . . : 00-15-5D-AF-E2-A3\n"
    "   IPv4 Address. . . . . . . . . . . : 172.29.0.1(Preferred)\n" * 3,
    "routes of BSD": "default            10.0.0.1           UGS         em0\n"
    "10.0.0.0/24        link#1             U           em0\n10.0.0.5           link#1  UHS  lo0\n",
    "routes": "10.0.0.0        0.0.0.0         255.255.255.0   U     0      0        0 eth0\n" * 3,
    "addresses of Windows": "ifIndex IPAddress         PrefixLength AddressState PolicyStore\n"
    "------- ---------         ------------ ------------ -----------\n"
    "3       10.0.2.15                   24 Preferred    ActiveStore\n",
    "log": "Nov 25 02:11:09 sw1 %IP-4-DUPADDR: Duplicate address 10.0.0.9 on Vlan1, sourced by"
    " 0a12.3456.789a\n" * 3,
    "syslog of arpwatch": "Nov 25 02:11:09 h arpwatch: new station 10.0.0.9 0:11:22:33:44:55\n" * 3,
    "tcpdump": "12:00:00.000000 ARP, Reply 10.0.0.9 is-at 0a:12:34:56:78:9a, length 28\n" * 3,
    "hosts": "127.0.0.1 localhost\n10.0.0.9 broker-1 broker-1.example\n",
    "titles": "Chapter 1: x\nError code 7: something\nstep number 3: done\n",
    "toml": 'title = "Interface 8: Ethernet"\n[hosts.broker-1]\naddresses = ["10.0.1.10"]\n',
    "cisco LLDP": "Address         Age    Hold\n10.0.0.1   5   0a12.3456.789a\n",
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_files(name: str) -> None:
    """Configurations, leases, logs, other tables: not neighbor tables."""
    assert read_neighbors("x", OTHERS[name].encode()) is None
