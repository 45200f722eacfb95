"""A heap of files to hosts: names, folders, HOST=PATH, globs and incident.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from synack.addresses import parse_ip
from synack.errors import InputError, UsageError
from synack.incident import (
    Address,
    Incident,
    Source,
    collect,
    folder_host,
    host_and_interface,
    rotation,
    whose,
)

NAMES = {
    # name: host, interface, name of the rotated set, number in it
    "broker-1.pcap": ("broker-1", "", "broker-1.pcap", 0),
    "broker-1-eth0.pcap": ("broker-1", "eth0", "broker-1-eth0.pcap", 0),
    "broker-1-eth0.pcap12.gz": ("broker-1", "eth0", "broker-1-eth0.pcap", 12),
    "broker-1-eth0.pcap.3": ("broker-1", "eth0", "broker-1-eth0.pcap", 3),
    "broker-1-eth0.pcap003.zst": ("broker-1", "eth0", "broker-1-eth0.pcap", 3),
    "broker-1-eth0.pcapng": ("broker-1", "eth0", "broker-1-eth0.pcapng", 0),
    "broker-1-eth0_00007_20260916140500.pcapng": ("broker-1", "eth0", "broker-1-eth0.pcapng", 7),
    "broker-1-eth0_20260916140500.pcap": ("broker-1", "eth0", "broker-1-eth0.pcap", None),
    "broker-1-eth0-2026-09-16_14-05-00.pcap.gz": ("broker-1", "eth0", "broker-1-eth0.pcap", None),
    "broker-1-20260916-140500.pcap": ("broker-1", "", "broker-1.pcap", None),
    "broker-1-eth0.100.pcap": ("broker-1", "eth0.100", "broker-1-eth0.100.pcap", 0),
    "kafka-3_bond0.100.cap": ("kafka-3", "bond0.100", "kafka-3_bond0.100.cap", 0),
    "web-1-enp0s31f6.pcap": ("web-1", "enp0s31f6", "web-1-enp0s31f6.pcap", 0),
    "node-7-cali1234abcd.pcap": ("node-7", "cali1234abcd", "node-7-cali1234abcd.pcap", 0),
    "broker-1-any.pcap": ("broker-1", "any", "broker-1-any.pcap", 0),
    "eth0.pcap": ("", "eth0", "eth0.pcap", 0),
    "eth0.100.pcap": ("", "eth0.100", "eth0.100.pcap", 0),
    "capture.pcap": ("", "", "capture.pcap", 0),
    "tcpdump-broker-1-eth0.pcap": ("broker-1", "eth0", "tcpdump-broker-1-eth0.pcap", 0),
    "ip-10-0-1-7-eth0.pcap": ("ip-10-0-1-7", "eth0", "ip-10-0-1-7-eth0.pcap", 0),
    "ip-10-0-1-7.ec2.internal.pcap": (
        "ip-10-0-1-7.ec2.internal", "", "ip-10-0-1-7.ec2.internal.pcap", 0,
    ),
    "10.0.1.7.pcap": ("10.0.1.7", "", "10.0.1.7.pcap", 0),
    "10.0.1.7-eth0.pcap": ("10.0.1.7", "eth0", "10.0.1.7-eth0.pcap", 0),
    "db.example.com.pcap": ("db.example.com", "", "db.example.com.pcap", 0),
    "-": ("", "", "-", None),
    ".pcap": ("", "", ".pcap", 0),
}  # fmt: skip

TABLE_NAMES = {
    "broker-1.neigh.txt": "broker-1",
    "broker-1_arp.txt": "broker-1",
    "arp-broker-1.txt": "broker-1",
    "ip-s-neigh-broker-1.txt": "broker-1",
    "broker-1.neigh.txt.1": "broker-1",
    "broker-1.neigh.2026-09-16T14:05:00Z.txt": "broker-1",
    "broker-1_2026-09-16.neigh.txt": "broker-1",
    "ip-10-0-1-7_arp.txt": "ip-10-0-1-7",
    "10.0.1.7_arp.txt": "10.0.1.7",
    "broker-1.nstat-before.txt": "broker-1",
    "broker-1.ip-addr.txt": "broker-1",
    "nstat_b_after.txt": "b",
    "poll_b.txt": "b",
    "broker-1_ip_neigh_2.txt": "broker-1",
    "broker-1.arp.30.txt": "broker-1",
    "broker-1-neigh-t30s.txt": "broker-1",
    "broker-1.neigh2.json": "broker-1",
    "broker-1.tcpdump3.log": "broker-1",
    "broker-1-cache2.txt": "broker-1-cache2",
    "arp-2.txt": "2",
    "web-2-30.txt": "web-2-30",
    "show-arp-switch1.txt": "switch1",
    "arp.txt": "",
    "arp-an.txt": "",
    "ip-s-neigh.txt": "",
    "ip_neigh_show.txt": "",
    "neigh.txt": "",
    "dump.txt": "",
    "monitor.log": "",
}


@pytest.mark.parametrize("name", NAMES)
def test_capture_names(name: str) -> None:
    """Host, interface, rotated set and number in it."""
    host, interface, together, number = NAMES[name]
    assert host_and_interface(name) == (host, interface)
    assert rotation(name) == (together, number)


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_table_names(name: str) -> None:
    assert host_and_interface(name) == (TABLE_NAMES[name], "")


def test_everyday_folders_name_nobody() -> None:
    assert [folder_host(n) for n in ("captures", "Logs", "tmp", "", "broker-1")] == [
        "", "", "", "", "broker-1",
    ]  # fmt: skip


def files(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def hosts(incident: Incident, root: Path) -> dict[str, str]:
    return {Path(s.path).relative_to(root).as_posix(): s.host for s in incident.sources}


def test_folder_of_everything(tmp_path: Path) -> None:
    """Names say whose; hidden files and our own are left out; folders are hosts below it."""
    root = tmp_path / "captures"
    files(root, "broker-1-eth0.pcap", "web.neigh.txt", "arp.txt", ".hidden", "case.toml")
    files(root, "db-1/eth0.pcap", "db-1/arp.txt", "logs/x.neigh.txt", ".git/config")
    found = collect([str(root)])
    assert hosts(found, root) == {
        "broker-1-eth0.pcap": "broker-1", "web.neigh.txt": "web", "arp.txt": "",
        "db-1/eth0.pcap": "db-1", "db-1/arp.txt": "db-1", "logs/x.neigh.txt": "x",
    }  # fmt: skip
    by_name = {Path(s.path).relative_to(root).as_posix(): s for s in found.sources}
    assert by_name["db-1/eth0.pcap"].interface == "eth0"
    assert by_name["db-1/arp.txt"].host_from_folder
    assert not by_name["web.neigh.txt"].host_from_folder
    assert not any(s.explicit or s.host_given for s in found.sources)
    assert found.errors == []


def test_host_folders_own_their_files(tmp_path: Path) -> None:
    """One of several folders is a host, also for files with another word in their name."""
    files(tmp_path, "broker-1/trace.pcap", "broker-1/client.neigh.txt", "web-1/eth1.pcap")
    found = collect([str(tmp_path / "broker-1"), str(tmp_path / "web-1")])
    assert hosts(found, tmp_path) == {
        "broker-1/trace.pcap": "broker-1", "broker-1/client.neigh.txt": "broker-1",
        "web-1/eth1.pcap": "web-1",
    }  # fmt: skip


def test_folder_with_several_hosts_is_no_host(tmp_path: Path) -> None:
    """Two capture names in one folder speak for themselves."""
    files(tmp_path, "run-3/a-eth0.pcap", "run-3/b-eth0.pcap", "run-4/arp.txt")
    found = collect([str(tmp_path / "run-3"), str(tmp_path / "run-4")])
    assert hosts(found, tmp_path) == {
        "run-3/a-eth0.pcap": "a", "run-3/b-eth0.pcap": "b", "run-4/arp.txt": "run-4",
    }  # fmt: skip


def test_file_without_a_name_of_its_own(tmp_path: Path) -> None:
    """Named by the user: the folder it lies in is a hint, and it must be readable."""
    files(tmp_path, "broker-1/eth0.pcap", "captures/eth1.pcap")
    found = collect([str(tmp_path / "broker-1/eth0.pcap"), str(tmp_path / "captures/eth1.pcap")])
    one, other = found.sources
    assert one == Source(
        str(tmp_path / "broker-1/eth0.pcap"), "broker-1", "eth0", explicit=True,
        host_from_folder=True,
    )  # fmt: skip
    assert (other.host, other.interface, other.explicit) == ("", "eth1", True)


def test_host_given(tmp_path: Path) -> None:
    """HOST=PATH for a file, a folder, a glob and standard input; the user's word counts."""
    files(tmp_path, "x-eth0.pcap", "d/y.pcap", "d/z.neigh.txt")
    found = collect([
        f"web={tmp_path}/x-eth0.pcap", f"db={tmp_path}/d", "10.0.1.7=-", f"web={tmp_path}/x*",
    ])  # fmt: skip
    assert [(s.host, s.host_given, s.interface) for s in found.sources] == [
        ("web", True, "eth0"), ("db", True, ""), ("db", True, ""), ("10.0.1.7", True, ""),
    ]  # fmt: skip
    assert found.sources[3].path == "-"


def test_file_with_an_equals_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that exists under the whole text is that file."""
    files(tmp_path, "a=b.pcap")
    monkeypatch.chdir(tmp_path)
    (source,) = collect(["a=b.pcap"]).sources
    assert (source.path, source.host_given) == ("a=b.pcap", False)


def test_globs_and_repetition(tmp_path: Path) -> None:
    """Globs in order of name, ``**`` deep; a file behind two arguments comes once."""
    files(tmp_path, "b.pcap", "a.pcap", "d/e/c.pcap", "x.txt")
    found = collect([f"{tmp_path}/*.pcap", f"{tmp_path}/a.pcap", f"{tmp_path}/**/*.pcap"])
    assert [Path(s.path).name for s in found.sources] == ["a.pcap", "b.pcap", "c.pcap"]


def test_missing(tmp_path: Path) -> None:
    """What is not there is an error beside the rest; no path at all is wrong usage."""
    files(tmp_path, "a.pcap")
    found = collect([f"{tmp_path}/a.pcap", f"{tmp_path}/no.pcap", f"h={tmp_path}/no*"])
    assert len(found.sources) == 1
    assert [str(e) for e in found.errors] == [
        f"{tmp_path}/no.pcap: no such file or folder", f"{tmp_path}/no*: no such file or folder",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="name at least one"):
        collect([])


def test_links_are_not_followed_in_circles(tmp_path: Path) -> None:
    files(tmp_path, "d/a.pcap")
    (tmp_path / "d" / "again").symlink_to(tmp_path / "d")
    assert len(collect([str(tmp_path)]).sources) == 1


# ---- incident.toml ----------------------------------------------------------------------

TOML = """
title = "Producers cannot reach broker-1"
[hosts.broker-1]
paths = ["b1*.pcap*", "arp-b1.txt", "deep/*"]
addresses = ["10.0.1.10", "fd00::10"]
clock_offset_s = -1.5
[hosts.web]
clock_offset_s = 2
tap = false
[hosts.span]
tap = true
[files."arp-b1.txt"]
at = 2026-09-16T14:05:00.25Z
interface = "eth7"
[files."deep/x.txt"]
at = 2026-09-16T14:05:00
host = "web"
[files."b1-z.pcap"]
at = 2026-09-16T16:05:00+02:00
"""
MOMENT = 1_789_567_500 * 10**9


def test_incident_toml(tmp_path: Path) -> None:
    """Every key; what it says overrides what names say."""
    files(
        tmp_path, "b1-eth0.pcap3", "b1-z.pcap", "arp-b1.txt", "deep/x.txt", "deep/y.txt", "q.pcap"
    )
    (tmp_path / "incident.toml").write_text(TOML)
    found = collect([str(tmp_path)])
    assert found.title == "Producers cannot reach broker-1"
    assert found.addresses == {
        "broker-1": {parse_ip("10.0.1.10"), parse_ip("fd00::10")},
        "web": set(),
        "span": set(),
    }
    assert found.taps == {"span"}
    assert found.clock_offsets == {"broker-1": -1_500_000_000, "web": 2_000_000_000}
    rows = {Path(s.path).name: (s.host, s.host_given, s.interface, s.at) for s in found.sources}
    assert rows == {
        "b1-eth0.pcap3": ("broker-1", True, "eth0", None),
        "b1-z.pcap": ("broker-1", True, "", MOMENT),
        "arp-b1.txt": ("broker-1", True, "eth7", MOMENT + 250_000_000),
        "x.txt": ("web", True, "", MOMENT),
        "y.txt": ("broker-1", True, "", None),
        "q.pcap": ("q", False, "", None),
    }


def test_argument_over_toml(tmp_path: Path) -> None:
    """HOST=PATH is the last word."""
    files(tmp_path, "b1.pcap")
    (tmp_path / "incident.toml").write_text('[hosts.other]\npaths = ["b1.pcap"]\n')
    (source,) = collect([f"mine={tmp_path}"]).sources
    assert source.host == "mine"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = ", "not valid TOML"),
        ('title = "\xff"', "not valid TOML"),
        ("hosts = 3", "hosts: not a table of tables"),
        ("[hosts]\nb = 3", "hosts: not a table of tables"),
        ("files = []", "files: not a table of tables"),
        ("title = 3", "title: not a string"),
        ("host = 3", "the file: unknown key 'host'"),
        ("[hosts.b]\npath = []", "hosts.b: unknown key 'path'"),
        ('[hosts.b]\npaths = "x"', "hosts.b.paths: not a list of strings"),
        ("[hosts.b]\npaths = [3]", "hosts.b.paths: not a list of strings"),
        ('[hosts.b]\naddresses = "10.0.0.1"', "hosts.b.addresses: not a list of strings"),
        ('[hosts.b]\naddresses = ["10.0.0"]', "hosts.b.addresses: '10.0.0' is no IP address"),
        ('[hosts.b]\nclock_offset_s = "1"', "hosts.b.clock_offset_s: not a number"),
        ("[hosts.b]\nclock_offset_s = true", "hosts.b.clock_offset_s: not a number"),
        ("[hosts.b]\nclock_offset_s = nan", "hosts.b.clock_offset_s: not a number"),
        ("[hosts.b]\nclock_offset_s = inf", "hosts.b.clock_offset_s: not a number"),
        ("[hosts.b]\nclock_offset_s = 1e10", "hosts.b.clock_offset_s: more than a century"),
        ('[hosts.b]\ntap = "yes"', "hosts.b.tap: not true or false"),
        ('[files."a"]\nwhen = 3', "files.'a': unknown key 'when'"),
        ('[files."a"]\nat = "2026-09-16"', "files.'a'.at: not a date and time"),
        ('[files."a"]\nat = 2026-09-16', "files.'a'.at: not a date and time"),
        ('[files."a"]\nat = 14:05:00', "files.'a'.at: not a date and time"),
        ('[files."a"]\nhost = 3', "files.'a'.host: not a string"),
        ('[files."a"]\ninterface = ["eth0"]', "files.'a'.interface: not a string"),
    ],
)
def test_wrong_toml(tmp_path: Path, text: str, says: str) -> None:
    """The file and the key are named."""
    path = tmp_path / "incident.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError) as caught:
        collect([str(tmp_path)])
    assert caught.value.damage.path == str(path)
    assert says in caught.value.damage.reason


# ---- whose table ------------------------------------------------------------------------


def ips(*texts: str) -> set[Address]:
    return {packed for text in texts if (packed := parse_ip(text)) is not None}


OWN = {"broker": ips("10.0.0.10"), "producer": ips("10.0.0.20")}
PEERS = {"broker": ips("10.0.0.20", "10.0.0.30"), "producer": ips("10.0.0.10")}


@pytest.mark.parametrize(
    ("hint", "from_folder", "addresses", "host"),
    [
        ("broker", False, ips("10.0.0.10"), "broker"),  # the name decides
        ("BROKER", False, set(), "broker"),
        ("broker_ip_neigh_healed", False, ips("10.0.0.20"), "broker"),
        ("broker.arp.healed", False, ips("10.0.0.10"), "broker.arp.healed"),  # its own address
        ("broker-old", False, ips("10.0.0.20"), "broker-old"),  # another machine's name
        ("b", False, ips("10.0.0.20"), "broker"),
        ("b", False, set(), "broker"),
        ("b", False, ips("10.0.0.10"), "b"),  # lists broker's own address: not broker's
        ("p", False, ips("10.0.0.10"), "producer"),
        ("web", False, ips("10.0.0.20"), "web"),  # a name of its own stays
        ("run-3", True, ips("10.0.0.20"), "broker"),  # a folder's name gives way
        ("run-3", True, ips("192.168.0.1"), "run-3"),
        ("b", True, set(), "b"),  # a folder is no abbreviation
        ("", False, ips("10.0.0.20"), "broker"),
        ("", False, ips("10.0.0.10"), "producer"),
        ("", False, ips("10.0.0.30"), "broker"),
        ("", False, ips("10.0.0.10", "10.0.0.20"), ""),  # both hosts' own: nobody's
        ("", False, ips("192.168.0.1"), ""),
        ("", False, set(), ""),
    ],
)
def test_whose(hint: str, from_folder: bool, addresses: set[Address], host: str) -> None:
    """By name, by an abbreviation that fits, by addresses, else left alone."""
    assert whose(hint, from_folder, addresses, OWN, PEERS) == host


def test_whose_is_not_guessed() -> None:
    """Two hosts that fit are none."""
    twins = {"broker-1": ips("10.0.0.10"), "broker-2": ips("10.0.0.11")}
    peers = {"broker-1": ips("10.0.0.20"), "broker-2": ips("10.0.0.20")}
    assert whose("b", False, ips("10.0.0.20"), twins, peers) == "b"
    assert whose("", False, ips("10.0.0.20"), twins, peers) == ""
    assert whose("broker", False, ips("10.0.0.10"), twins, peers) == "broker"
    assert whose("broker", False, ips("10.0.0.10", "10.0.0.20"), twins, peers) == "broker-2"


def test_names_in_incident_toml_that_fit_no_file_are_told(tmp_path: Path) -> None:
    """A typing error in a name would otherwise silently change whose a file is."""
    (tmp_path / "arp-b1.txt").write_text("x")
    (tmp_path / "incident.toml").write_text(
        '[hosts.broker-1]\npaths = ["arp-b1.txt", "b1*.pcap"]\n'
        '[files."arp-b2.txt"]\ninterface = "eth0"\n'
    )
    warnings = collect([str(tmp_path)]).warnings
    assert [text.split(": ")[1] for text in warnings] == [
        "'b1*.pcap' fits no file",
        "'arp-b2.txt' fits no file",
    ]


def test_many_given_twice_are_summed_up(tmp_path: Path) -> None:
    """Also tables; one warning, with the first names."""
    for name in "abcdefg":
        (tmp_path / f"{name}.neigh.txt").touch()
    found = collect([str(tmp_path), f"{tmp_path}/*.txt"])
    assert len(found.sources) == 7
    assert all(source.explicit for source in found.sources)
    (told,) = found.warnings
    assert told.startswith(f"given twice, read once: {tmp_path}/a.neigh.txt, ")
    assert told.endswith("e.neigh.txt and 2 more")


def test_links_to_one_file(tmp_path: Path) -> None:
    """The name that says the host is kept, with what an incident.toml says of the other."""
    (tmp_path / "web-eth0.pcap").touch()
    (tmp_path / "z.pcap").symlink_to(tmp_path / "web-eth0.pcap")
    (tmp_path / "incident.toml").write_text('[files."z.pcap"]\nat = 1970-01-01T00:00:01Z\n')
    found = collect([str(tmp_path)])
    (source,) = found.sources
    assert (source.host, source.interface, source.at) == ("web", "eth0", 10**9)
    (told,) = found.warnings
    assert told == (
        f"{tmp_path}/z.pcap: the same file as {tmp_path}/web-eth0.pcap, read once,"
        " as web's: z's it cannot be as well"
    )
