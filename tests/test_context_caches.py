"""Counters of the neighbor caches, summed over processors, and their settings."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from rows import rows

from synack.context.caches import read_cache_statistics, read_ntable, read_ntable_settings
from synack.context.settings import read_settings
from synack.text import decode

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"
LAB = SAMPLES.parent / "lab"


def sample(name: str) -> str:
    return decode((SAMPLES / name).read_bytes())


def test_sums() -> None:
    """Two processors; ``entries`` is the cache's, on both lines."""
    reading = read_cache_statistics(
        "proc-net-stat-arp_cache.txt", sample("proc-net-stat-arp_cache.txt")
    )
    assert rows(reading, "scope", "name", "value", "line") == [
        ("arp_cache", name, value, 1)
        for name, value in (
            ("entries", 22), ("allocs", 83), ("destroys", 61), ("hash_grows", 3),
            ("lookups", 338), ("hits", 46), ("res_failed", 18), ("rcv_probes_mcast", 0),
            ("rcv_probes_ucast", 0), ("periodic_gc_runs", 111), ("forced_gc_runs", 0),
            ("unresolved_discards", 0), ("table_fulls", 0),
        )
    ]  # fmt: skip


def test_same_as_ntable() -> None:
    """``ip -s ntable`` printed the same moment's sums."""
    sums = read_cache_statistics("arp_cache", sample("proc-net-stat-arp_cache.txt"))
    listed = dict(rows(sums, "name", "value"))
    printed = dict(rows(read_ntable("x", sample("ip-s-ntable-arp_cache.txt")), "name", "value"))
    assert printed
    assert printed == {name: listed[name] for name in printed}


def test_which_cache() -> None:
    """The name of the file, a prompt or a ruler tells; else nobody knows."""
    text = sample("proc-net-stat-ndisc_cache.txt")
    named = read_cache_statistics("b1.ndisc_cache.txt", text)
    assert {row[0] for row in rows(named, "scope")} == {"ndisc_cache"}
    both = "$ cat /proc/net/stat/arp_cache\n" + text + "== /proc/net/stat/ndisc_cache\n" + text
    typed = read_cache_statistics("x", both)
    assert [scope for scope, name in rows(typed, "scope", "name") if name == "hits"] == [
        "arp_cache", "ndisc_cache",
    ]  # fmt: skip
    nobody = read_cache_statistics("x", text)
    assert nobody is not None
    assert {row[0] for row in rows(nobody, "scope")} == {""}
    assert nobody.kind == "/proc/net/stat/arp_cache or ndisc_cache"


def test_forced_collections() -> None:
    """Lines of a recording among others."""
    reading = read_cache_statistics("x", decode((LAB / "gc/log_zero.txt").read_bytes()))
    assert reading is not None
    assert len(reading.table) == 26


def test_settings_are_sysctls() -> None:
    """Names, values and units are those that sysctl prints of the same device."""
    printed = dict(
        rows(read_ntable_settings("x", sample("ip-ntable-arp_cache.txt")), "name", "value")
    )
    truth = dict(
        rows(read_settings("x", sample("sysctl-net.ipv4.neigh-host.txt")), "name", "value")
    )
    common = set(printed) & set(truth)
    assert len(common) > 30
    assert {name for name in common if printed[name] != truth[name]} == set()
    assert printed["net.ipv4.neigh.default.gc_thresh1"] == "0"
    assert printed["net.ipv4.neigh.default.gc_interval"] == "30"
    assert printed["net.ipv4.neigh.eth0.gc_stale_time"] == "60"


def test_unread() -> None:
    text = sample("proc-net-stat-arp_cache.txt").replace("00000016 0000000c", "00000016", 1)
    reading = read_cache_statistics("f", text)
    assert reading is not None
    assert [damage.line for damage in reading.unread] == [2]


@pytest.mark.parametrize(
    "text", ["", "hash_grows res_failed", "inet arp_cache", "inet arp_cache\n"]
)
def test_others(text: str) -> None:
    assert read_cache_statistics("x", text) is None
    assert read_ntable("x", text) is None
    assert read_ntable_settings("x", text) is None


def test_this_machine() -> None:
    """What ip prints here has the values that sysctl prints here."""
    commands = ["ip", "ntable"], ["sysctl", "net.ipv4.neigh", "net.ipv6.neigh"]
    ntable, sysctl = (
        decode(subprocess.run(c, capture_output=True, check=True).stdout) for c in commands
    )
    printed = dict(rows(read_ntable_settings("x", ntable), "name", "value"))
    truth = dict(rows(read_settings("x", sysctl), "name", "value"))
    common = set(printed) & set(truth)
    assert "net.ipv4.neigh.default.gc_thresh3" in common
    assert {name: printed[name] for name in common} == {name: truth[name] for name in common}
