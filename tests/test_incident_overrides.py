"""What an incident.toml says: every key, and every mistake by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from synack.addresses import parse_ip
from synack.errors import InputError
from synack.incident.collect import collect

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
    (tmp_path / "deep").mkdir()
    for name in ("b1-eth0.pcap3", "b1-z.pcap", "arp-b1.txt", "deep/x.txt", "deep/y.txt", "q.pcap"):
        (tmp_path / name).touch()
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
    (tmp_path / "b1.pcap").touch()
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
