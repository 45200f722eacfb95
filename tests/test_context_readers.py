"""All readers together: every sample is what it is, and nothing else; whatever is around it."""

from __future__ import annotations

import re
import time
from functools import cache
from pathlib import Path

import pytest
import test_context_cloudtrail
import test_context_interfaces
import test_context_leases
import test_context_routes
import test_context_statistics
from hypothesis import given
from hypothesis import strategies as st

from synack.context.hosts import read_hosts
from synack.context.readers import READERS, read_context
from synack.neighbors.reader import read_neighbors
from synack.text import decode

ROOT = Path(__file__).parents[1]
DOMAIN = ROOT.parent / "shared" / "domain"

KINDS = {
    "ip-addr.txt": ["ip addr"],
    "ip-d-link.txt": ["ip link"],
    "ip-j-d-addr.json": ["ip -j addr"],
    "ip-j-route.json": ["ip -j route"],
    "ip-j-s-s-link-producer-floodbridge.json": ["ip -j -s link", "ip -j link"],
    "ip-ntable-arp_cache.txt": ["ip ntable"],
    "ip-route-get.txt": ["ip route get"],
    "ip-route.txt": ["ip route"],
    "ip-s-link-broker.txt": ["ip -s link", "ip link"],
    "ip-s-link-producer.txt": ["ip -s link", "ip link"],
    "ip-s-ntable-arp_cache.txt": ["ip -s ntable", "ip ntable"],
    "ip-s-s-link-producer-floodbridge.txt": ["ip -s link", "ip link"],
    "netstat-ant-broker.txt": ["netstat -an"],
    "netstat-ant-producer.txt": ["netstat -an"],
    "netstat-anto-producer.txt": ["netstat -an"],
    "netstat-s-broker.txt": ["netstat -s"],
    "netstat-s-producer.txt": ["netstat -s"],
    "nstat-aj-broker.json": ["nstat -j"],
    "nstat-az-broker.txt": ["nstat"],
    "odd-lladdr-tap-types.txt": ["ip link"],
    "proc-net-netstat-broker.txt": ["/proc/net/netstat"],
    "proc-net-snmp-broker.txt": ["/proc/net/netstat"],
    "proc-net-stat-arp_cache.txt": ["/proc/net/stat/arp_cache"],
    "proc-net-stat-ndisc_cache.txt": ["/proc/net/stat/ndisc_cache"],
    "proc-net-tcp-broker.txt": ["/proc/net/tcp"],
    "proc-net-tcp-producer.txt": ["/proc/net/tcp"],
    "ss-Htan-state-syn-recv.txt": ["ss"],
    "ss-ltn-broker.txt": ["ss"],
    "ss-s-broker.txt": ["ss -s"],
    "ss-tan-broker-synrecv.txt": ["ss"],
    "ss-tan-producer-synsent.txt": ["ss"],
    "ss-tanie-broker.txt": ["ss"],
    "ss-tanie-producer.txt": ["ss"],
    "ss-tano-broker-synrecv.txt": ["ss"],
    "ss-tano-producer-synsent.txt": ["ss"],
    "sysctl-net.ipv4.neigh-host.txt": ["sysctl"],
    "sysctl-net.ipv4.neigh-netns.txt": ["sysctl"],
    "sysctl-net.ipv6.neigh-netns.txt": ["sysctl"],
    "sysctl-related-netns.txt": ["sysctl"],
}
"""What every sample of ss, netstat, nstat, /proc, sysctl and ip is; all other samples are
neighbor tables, captures or nothing."""

OTHERS = {
    "macos routes": (test_context_routes.MACOS, ["netstat -rn"]),
    "linux routes": (test_context_routes.NET_TOOLS, ["netstat -rn"]),
    "ifconfig": (test_context_interfaces.IFCONFIG, ["ifconfig"]),
    "old ifconfig": (test_context_interfaces.OLD_IFCONFIG, ["ifconfig"]),
    "macos ifconfig": (test_context_interfaces.MACOS, ["ifconfig"]),
    "ip -br addr": (test_context_interfaces.BRIEF, ["ip -br addr"]),
    "ip -o addr": (test_context_interfaces.ONE_LINE, ["ip addr"]),
    "dhcpd": (test_context_leases.DHCPD, ["dhcpd.leases"]),
    "dnsmasq": (test_context_leases.DNSMASQ, ["dnsmasq.leases"]),
    "old netstat -s": (test_context_statistics.OLD, ["netstat -s"]),
    "cloudtrail": (
        "".join(f"{record}\n" for record in map(test_context_cloudtrail.json.dumps,
                                                test_context_cloudtrail.REUSE)),
        ["aws cloudtrail"],
    ),
    "uname": ("Linux b1 5.10.0 #1 SMP x86_64 GNU/Linux\n", ["kernel release"]),
    "dmesg": ("[    0.000000] a\n[    0.000000] b\n[    1.000000] c\n", ["kernel log"]),
}  # fmt: skip


@cache
def sample(name: str) -> str:
    return decode((DOMAIN / "samples" / name).read_bytes())


def kinds(text: str, path: str = "x") -> list[str]:
    return [reading.kind for reading in read_context(path, text)]


def every_text() -> dict[str, str]:
    return {name: sample(name) for name in KINDS} | {name: OTHERS[name][0] for name in OTHERS}


@pytest.mark.parametrize(
    "name", sorted(path.name for path in (DOMAIN / "samples").glob("*") if path.suffix != ".pcap")
)
def test_sample(name: str) -> None:
    """Recognised as what it is, with every row read."""
    found = read_context(name, sample(name))
    assert [reading.kind for reading in found] == KINDS.get(name, [])
    assert [damage for reading in found for damage in reading.unread] == []


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_other_formats(name: str) -> None:
    text, expected = OTHERS[name]
    assert kinds(text) == expected


def test_samples_are_there() -> None:
    assert len(KINDS) == 39
    assert {path.name for path in (DOMAIN / "samples").glob("*")} >= set(KINDS)


@pytest.mark.parametrize("path", sorted([*ROOT.glob("**/*.md"), *ROOT.glob("synack/**/*.py")]))
def test_prose_and_programs(path: Path) -> None:
    """What quotes a row or a setting is no dump."""
    if ".venv" not in path.parts:
        assert kinds(decode(path.read_bytes())) == []


def test_one_file_of_everything() -> None:
    """A script's whole output: each command's is found, with its own lines and times."""
    text, begins = "", {}
    for name, content in every_text().items():
        if name.endswith(".json") or name == "cloudtrail":
            continue
        text += f"2026-11-25T02:44:00Z\n$ {name}\n"
        begins[name] = text.count("\n")
        text += content.rstrip("\n") + "\n"
    found = read_context("everything.txt", text)
    truth = KINDS | {name: expected for name, (_, expected) in OTHERS.items()}
    # The wholes of one reader have one name.
    joined = {
        "nstat": "nstat, /proc/net/netstat", "/proc/net/netstat": "nstat, /proc/net/netstat",
        "/proc/net/stat/arp_cache": "/proc/net/stat/arp_cache and ndisc_cache",
        "/proc/net/stat/ndisc_cache": "/proc/net/stat/arp_cache and ndisc_cache",
        "ip link": "ip addr", "ip route": "ip route get",
        "kernel release": "sysctl",
    }  # fmt: skip
    expected = {joined.get(kind, kind) for name in begins for kind in truth[name]}
    assert {reading.kind for reading in found} == expected
    (listed,) = [reading for reading in found if reading.kind == "/proc/net/tcp"]
    begin = begins["proc-net-tcp-broker.txt"]
    assert listed.table["line"].tolist()[:4] == [begin + n for n in (2, 3, 4, 5)]


WRAPPINGS = {
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without mark": lambda text: text.encode("utf-16-be"),
    "colours": lambda text: text.replace("\n", "\x1b[0m\n").encode(),
    "no end": lambda text: text.rstrip("\n").encode(),
    "NULs": lambda text: (text + "\0" * 50).encode(),
    "mark": lambda text: ("\ufeff" + text).encode(),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("name", sorted(every_text()))
def test_wrapped(name: str, wrapping: str) -> None:
    """Terminals, editors and shells change nothing in what is read."""
    text = every_text()[name]
    wrapped = decode(WRAPPINGS[wrapping](text))
    plain = read_context(name, text)
    again = read_context(name, wrapped)
    assert [r.kind for r in again] == [r.kind for r in plain]
    for one, other in zip(plain, again, strict=True):
        for column in one.table.columns:
            assert one.table[column].tolist() == other.table[column].tolist(), column


@pytest.mark.parametrize("name", sorted(every_text()))
def test_cut(name: str) -> None:
    """Cut anywhere: nothing raised, and of the rows above the line of the cut none is lost
    once the file is still recognised."""
    text = every_text()[name]
    step = max(len(text) // 150, 1)
    whole = {reading.kind: reading.table["line"].tolist() for reading in read_context(name, text)}
    for end in range(0, len(text), step):
        line = text.count("\n", 0, end) + 1
        for reading in read_context(name, text[:end]):
            if reading.kind in whole and name.endswith("txt"):
                before = [n for n in whole[reading.kind] if n < line]
                kept = [n for n in reading.table["line"].tolist() if n < line]
                assert len(kept) >= len(before) - _LATE.get(reading.kind, 0), end


_LATE = {"/proc/net/stat/arp_cache": 13, "/proc/net/stat/ndisc_cache": 13, "ip -s link": 12,
         "ip addr": 4, "/proc/net/tcp": 0}  # fmt: skip
"""Rows that stand at a line above the one that completes them."""


def test_notes() -> None:
    """Rows that notes quote are left alone; below a prompt they are read."""
    prose = "The table said, as far as anybody remembers that night:\n" * 60
    rows = sample("ss-tan-broker-synrecv.txt")
    assert kinds(prose + rows) == []
    assert kinds(prose + "$ ss -tan\n" + rows) == ["ss"]
    assert kinds(prose + "root@b1:~# sudo /usr/sbin/ss -tan\n" + rows) == ["ss"]


def test_long_lines() -> None:
    """A line without end of everything that readers look for: soon done."""
    pieces = [re.sub(r"\n", " ", text)[:3000] for text in every_text().values()]
    pieces += [
        "0 ", "a:", "1: eth0: <", " inet 10.0.0.1/24", "tcp ", "net.a.", "{", "[", '"dst":',
        "lease 10.0.0.1 {", "[    1.000000] link is up ", "default via 10.0.0.1 dev e ",
        "RX: bytes ", "Tcp: segments received ", "table overflow", "\t \t", "::", "a/",
    ]  # fmt: skip
    for piece in pieces:
        text = piece * (300_000 // len(piece))
        for hostile in (sample("ip-addr.txt") + text, text + "\n" + text):
            begin = time.process_time()
            read_context("x", hostile)
            assert time.process_time() - begin < 15, piece[:60]


def test_many_lines() -> None:
    """Linear in the lines, whatever they are: each sample many times over."""
    for name, text in every_text().items():
        if name.endswith(".json"):
            continue
        many = text * (200_000 // len(text) + 1)
        begin = time.process_time()
        read_context(name, many)
        assert time.process_time() - begin < 15, name


FRAGMENTS = sorted({line for text in every_text().values() for line in text.split("\n")[:6]})


@given(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=40), max_size=12), st.data())
def test_anything(lines: list[str], data: st.DataObject) -> None:
    """Lines of all formats in any order, cut and mixed with text: rows that keep to their
    schema, or none."""
    text = "\n".join(lines)
    if text and data.draw(st.booleans()):
        text = text[: data.draw(st.integers(0, len(text)))]
    for reader in READERS:
        reading = reader("x", decode(text.encode("utf-8", "surrogatepass")))
        if reading is not None:
            assert all(1 <= line <= text.count("\n") + text.count("\r") + 1
                       for line in reading.table["line"].tolist())  # fmt: skip


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    for reader in READERS:
        reader("x", decode(data))


@pytest.mark.parametrize("name", sorted(set(every_text()) - {"odd-lladdr-tap-types.txt"}))
def test_no_neighbor_tables(name: str) -> None:
    """None of these is taken for a neighbor table or a hosts file."""
    data = every_text()[name].encode()
    assert read_neighbors(name, data) is None
    assert read_hosts(data) is None
