"""Settings as sysctl prints them, and what is no such listing."""

from __future__ import annotations

from pathlib import Path

import pytest

from synack.context.settings import Setting, read_settings, sysctl_name

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"


def test_real_dump() -> None:
    settings = read_settings((SAMPLES / "sysctl-net.ipv4.neigh-host.txt").read_bytes())
    assert settings is not None
    assert settings.values["net.ipv4.neigh.default.gc_thresh1"] == Setting("0", 7)
    assert settings.values["net.ipv4.neigh.eth0.gc_stale_time"].number() == 60
    assert settings.release == ""


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("net.ipv4.neigh.eth0.gc_stale_time = 60", "net.ipv4.neigh.eth0.gc_stale_time", "60"),
        ("net.ipv4.ip_forward=1", "net.ipv4.ip_forward", "1"),
        ("net/ipv4/neigh/eth0.7/locktime = 5", "net.ipv4.neigh.eth0/7.locktime", "5"),
        ("net.ipv4.tcp_rmem = 4096\t131072", "net.ipv4.tcp_rmem", "4096\t131072"),
        ("Linux b1 6.1.0-18-amd64 #1 SMP Debian x86_64", "kernel.osrelease", "6.1.0-18-amd64"),
        ("Linux version 3.13.0-24 (buildd@x) (gcc)", "kernel.osrelease", "3.13.0-24"),
    ],
)
def test_line(line: str, name: str, value: str) -> None:
    settings = read_settings(f"2026-11-23T07:48:41Z\n{line}\n".encode())
    assert settings is not None
    assert settings.values == {name: Setting(value, 2)}


def test_last_one_counts() -> None:
    settings = read_settings(b"net.ipv4.a = 1\nnet.ipv4.a = 2\n")
    assert settings is not None
    assert settings.values["net.ipv4.a"] == Setting("2", 2)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello\n",
        b"# let the table be\nnet.ipv4.neigh.default.gc_thresh1 = 0\n",
        b"10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 STALE\n",
        bytes(range(256)) * 8,
    ],
)
def test_nothing(text: bytes) -> None:
    assert read_settings(text) is None


@pytest.mark.parametrize(
    ("text", "number"), [("60", 60), ("-1", -1), ("", None), ("1 2", None), ("٣", None),
                         ("9" * 30, None)]
)  # fmt: skip
def test_number(text: str, number: int | None) -> None:
    assert Setting(text, 1).number() == number


def test_names_with_dots_stay() -> None:
    assert sysctl_name("net.ipv4.neigh.eth0/7.locktime") == "net.ipv4.neigh.eth0/7.locktime"
