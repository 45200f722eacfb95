"""Settings of kernels, and their release."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from rows import rows

from synack.context.settings import (
    boot_times,
    kernel_version,
    kernel_versions,
    read_settings,
    sysctl_name,
)
from synack.tables import SETTINGS, Table
from synack.text import decode

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"


def sample(name: str) -> str:
    return decode((SAMPLES / name).read_bytes())


@pytest.mark.parametrize("name", sorted(p.name for p in SAMPLES.glob("sysctl-*")))
def test_samples(name: str) -> None:
    """Every line is a setting."""
    text = sample(name)
    reading = read_settings("x", text)
    assert [f"{n} = {v}" for n, v in rows(reading, "name", "value")] == [
        line.rstrip() for line in text.splitlines()
    ]


def test_spellings() -> None:
    """Values with blanks or none, a VLAN's interface, BSD's colon is not read; sysctl(8)."""
    text = """net.ipv4.tcp_rmem = 4096\t131072\t6291456
net.ipv4.ip_local_reserved_ports =
net.ipv4.conf.eth0/100.rp_filter = 2
net/core/somaxconn = 4096
kernel.hostname=broker-1
vm.swappiness = 1
"""
    assert rows(read_settings("x", text), "name", "value", "line") == [
        ("net.ipv4.tcp_rmem", "4096\t131072\t6291456", 1),
        ("net.ipv4.ip_local_reserved_ports", "", 2),
        ("net.ipv4.conf.eth0/100.rp_filter", "2", 3),
        ("net.core.somaxconn", "4096", 4),
        ("kernel.hostname", "broker-1", 5),
        ("vm.swappiness", "1", 6),
    ]


def test_listings_of_proc() -> None:
    """``grep . FILES`` and ``head FILES``."""
    text = """$ grep . /proc/sys/net/ipv4/neigh/default/gc_*
/proc/sys/net/ipv4/neigh/default/gc_interval:30
/proc/sys/net/ipv4/neigh/eth0.100/gc_stale_time:60
==> /proc/sys/net/ipv4/neigh/default/gc_thresh1 <==
128

==> /proc/sys/net/core/somaxconn <==
4096
"""
    assert rows(read_settings("x", text), "name", "value", "line") == [
        ("net.ipv4.neigh.default.gc_interval", "30", 2),
        ("net.ipv4.neigh.eth0/100.gc_stale_time", "60", 3),
        ("net.ipv4.neigh.default.gc_thresh1", "128", 5),
        ("net.core.somaxconn", "4096", 8),
    ]


@pytest.mark.parametrize(
    ("line", "release"),
    [
        ("Linux broker-1 5.10.205-195.807.amzn2.x86_64 #1 SMP Tue Jan 16 18:28:59 UTC 2024 x86_64"
         " x86_64 x86_64 GNU/Linux", "5.10.205-195.807.amzn2.x86_64"),
        ("Linux version 3.13.0-170-generic (buildd@lgw01) (gcc version 4.8.4) #220-Ubuntu SMP",
         "3.13.0-170-generic"),
        ("kernel.osrelease = 6.1.0", "6.1.0"),
    ],
)  # fmt: skip
def test_release(line: str, release: str) -> None:
    """``uname -a``, ``/proc/version``, sysctl: one name."""
    assert rows(read_settings("x", line), "name", "value") == [("kernel.osrelease", release)]


@pytest.mark.parametrize(
    ("release", "version"),
    [("6.18.44-fc-v445", (6, 18, 44)), ("5.10.205-195.807.amzn2.x86_64", (5, 10, 205)),
     ("4.4", (4, 4, 0)), ("4", None), ("", None), ("x.y", None)],
)  # fmt: skip
def test_version(release: str, version: tuple[int, int, int] | None) -> None:
    assert kernel_version(release) == version


def test_versions_by_host() -> None:
    table = Table.from_rows(
        SETTINGS,
        [("a", "kernel.osrelease", "5.4.1", 0, "f", 1), ("a", "net.x", "5.5.5", 0, "f", 2),
         ("b", "kernel.osrelease", "custom", 0, "g", 1)],
    )  # fmt: skip
    assert kernel_versions(table) == {"a": (5, 4, 1)}


def test_configuration() -> None:
    """What someone wished is not what is in force; a prompt of root is no comment."""
    lines = "net.ipv4.neigh.default.gc_thresh1 = 0\n"
    assert read_settings("x", "# Kernel tuning for brokers\n" + lines) is None
    assert read_settings("x", "; off\n" + lines) is None
    for above in ("# sysctl -a", "# sudo sysctl net", "## host b1 ##", "# date"):
        assert read_settings("x", above + "\n" + lines) is not None


def test_boot_time() -> None:
    """Of /proc/stat, or of ``uptime -s``, which is local time."""
    stat = read_settings("x", "cpu  1 2\ncpu0 1 2\nbtime 1795574640\nctxt 5\n")
    assert rows(stat, "name", "value", "line") == [("btime", "1795574640", 3)]
    uptime = read_settings("x", "$ uptime -s\n2026-11-25 02:44:00\n2026-11-25 02:45:00\n")
    assert rows(uptime, "name", "value", "line") == [("btime", "1795574640", 2)]
    assert stat is not None
    assert uptime is not None
    assert (stat.lines, stat.local_time, uptime.local_time) == (4, False, True)
    assert boot_times(stat.table) == {"": 1795574640 * 10**9}
    real = read_settings("x", Path("/proc/stat").read_text())
    assert rows(real, "name") == [("btime",)]


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("net.ipv4.ip_forward", "net.ipv4.ip_forward"), ("net/ipv4/ip_forward", "net.ipv4.ip_forward"),
     ("net/ipv4/conf/eth0.5/x", "net.ipv4.conf.eth0/5.x"),
     ("net.ipv4.conf.eth0/5.x", "net.ipv4.conf.eth0/5.x")],
)  # fmt: skip
def test_names(name: str, spelled: str) -> None:
    assert sysctl_name(name) == spelled


@pytest.mark.parametrize("text", ["", "net.", "a = b", "Linux is nice", "see net.ipv4 = docs"])
def test_others(text: str) -> None:
    assert read_settings("x", text) is None


def test_this_machine() -> None:
    """sysctl, /proc/sys and uname of this kernel."""
    printed = decode(
        subprocess.run(["sysctl", "net.ipv4.neigh"], capture_output=True, check=True).stdout
    )
    found = dict(rows(read_settings("x", printed), "name", "value"))
    for name in ("net.ipv4.neigh.default.gc_thresh1", "net.ipv4.neigh.lo.base_reachable_time_ms"):
        assert found[name] == Path("/proc/sys", *name.split(".")).read_text().strip()
    uname = decode(subprocess.run(["uname", "-a"], capture_output=True, check=True).stdout)
    assert rows(read_settings("x", uname), "value") == [(os.uname().release,)]
    version = Path("/proc/version").read_text()
    assert rows(read_settings("x", version), "value") == [(os.uname().release,)]
