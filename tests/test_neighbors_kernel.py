"""The simulated kernel against what a real one did: ../shared/domain/lab, and live runs."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from synack.neighbors.kernel import (
    NEVER,
    Kernel,
    Nud,
    Parameters,
    Thresholds,
    Version,
    collectable,
    timer_slack,
)
from synack.stamps import SECOND

LAB = Path(__file__).parents[2] / "shared" / "domain" / "lab"
IP, WRONG, RIGHT = "10.77.0.20", "02:00:00:00:de:ad", "02:00:00:00:00:20"

ROUNDED = 2_000_000
"""The runs were written down in ms."""


def test_slack_is_that_of_the_timer_wheel() -> None:
    """kernel/time/timer.c: granularity 1 up to 63 jiffies, then 8, 64, 512."""
    assert timer_slack(62 * SECOND // 250) == 2 * SECOND // 250
    assert timer_slack(SECOND) == 9 * SECOND // 250
    assert timer_slack(5 * SECOND) == 65 * SECOND // 250
    assert timer_slack(30 * SECOND) == 513 * SECOND // 250


_DELAYS = {Nud.REACHABLE: 30 * SECOND, Nud.DELAY: 5 * SECOND}
"""What the timer of an entry was set to; a second for probes."""


class Replay(NamedTuple):
    """``measured`` and ``simulated``: states by name, as the monitor prints them. ``late``:
    by how much the real timer was later than the simulated one, and how late it may be."""

    measured: list[str]
    simulated: list[str]
    late: list[tuple[int, int]]


def replay(run: str, reachable: int) -> Replay:
    """Give the simulation the packets and ARP frames of a run at their times. Whenever the
    real kernel shows that a timer ran (a state, a probe), it runs here as well."""
    kernel = Kernel(reachable=reachable)
    measured: list[str] = []
    late: list[tuple[int, int]] = []
    for line in (LAB / run / "timeline.txt").read_text("utf-8").splitlines():
        found = re.match(r" *(-?)(\d+)\.(\d{3})  (\S+) +(.*)", line)
        if found is None:
            continue
        now = (int(found[2]) * 1000 + int(found[3])) * 1_000_000 * (-1 if found[1] else 1)
        what, rest = found[4], found[5].strip()
        if not measured:
            if what == "MONITOR":
                kernel.now = now
                kernel.set(IP, WRONG, Nud[rest.split()[-1]])
                measured.append(rest.split()[-1])
            continue
        asks = what == "B-arp" and rest.startswith("02:00:00:00:00:10 >") and "who-has" in rest
        entry = kernel.entries[IP]
        most = timer_slack(_DELAYS.get(entry.state, SECOND))
        if (what == "MONITOR" or asks) and entry.timer <= now + ROUNDED:
            late.append((now - entry.timer, most))
            kernel.now = max(now, entry.timer)
            kernel.advance(kernel.now)
        elif entry.timer + most < now:
            kernel.advance(now)
        kernel.now = max(kernel.now, now)
        if what == "MONITOR":
            measured.append(rest.split()[-1])
            if RIGHT in rest:
                break
        elif (what == "B-tcp" and "SYN" in rest) or (asks and "> ff:ff:ff:ff:ff:ff" in rest):
            kernel.send(IP)
        elif what == "B-arp" and (reply := re.search(rf"Reply {IP} is-at (\S+),", rest)):
            kernel.hear_reply(IP, reply[1])
    simulated = [e.what for e in kernel.log if e.what in Nud.__members__]
    return Replay(measured, simulated, late)


@pytest.mark.parametrize(
    ("run", "reachable", "timers"),
    [
        ("q3stale", 30, 4),
        ("e03flood", 30, 4),
        # 34.3 s passed: the time drawn, and what a timer of that length may be late.
        ("e07lag", 33, 4),
        ("e06none", 30, 30),
    ],
)
def test_measured_run(run: str, reachable: int, timers: int) -> None:
    """Every state in the same order, and every timer as late as the timer wheel allows."""
    done = replay(run, reachable * SECOND)
    assert done.simulated == done.measured
    assert len(done.late) >= timers
    assert all(-ROUNDED <= late <= most + ROUNDED for late, most in done.late), done.late


def stamp(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    whole, _, fraction = seconds.partition(".")
    return (int(hours) * 3600 + int(minutes) * 60 + int(whole)) * SECOND + int(
        fraction.ljust(9, "0")
    )


def monitor(name: str) -> list[tuple[int, str, str]]:
    """(time of day, address, last state word or ``deleted``)."""
    events = []
    for line in (LAB / "gc" / name).read_text("utf-8").splitlines():
        found = re.match(r"\[\S+T(\S+)\] (Deleted )?(\S+) .*?(\w+) $", line)
        assert found, line
        events.append((stamp(found[1]), found[3], "deleted" if found[2] else found[4]))
    return events


@pytest.mark.parametrize(("name", "thresh1"), [("mon_default128.txt", 128), ("mon_zero.txt", 0)])
def test_measured_collection(name: str, thresh1: int) -> None:
    """Entries made at the measured times, ticks at the measured phase: the same deletions at
    the same ticks, and none with 128."""
    events = monitor(name)
    ticks = sorted({t for t, _, what in events if what == "deleted"})
    first = ticks[0] if ticks else events[0][0] + 7 * SECOND
    kernel = Kernel(
        thresholds=Thresholds(gc_thresh1=thresh1),
        reachable=16 * SECOND if ticks else 33 * SECOND,
        first_tick=first,
    )
    made = {ip: (t, what) for t, ip, what in reversed(events) if what != "deleted"}
    kernel.now = events[0][0]
    for ip, (when, what) in sorted(made.items(), key=lambda item: item[1]):
        if ip == "10.78.0.99":
            continue
        kernel.advance(when)
        learned = frozenset({"extern_learn"}) if ip.endswith(".14") else frozenset()
        kernel.set(ip, "02:aa:00:00:00:00", Nud[what], learned)
    kernel.set("10.78.0.16", "", Nud.FAILED)
    kernel.send("10.78.0.99")
    kernel.advance(events[0][0] + 130 * SECOND)
    ours = {e.ip: e.time for e in kernel.log if e.what == "deleted"}
    real = {ip: t for t, ip, what in events if what == "deleted" and ip != "0.0.0.0"}
    assert ours.keys() == real.keys()
    for ip, when in real.items():
        # Four periods of 15 s, each of them late by a timer's slack at most.
        assert 0 <= when - ours[ip] <= 4 * timer_slack(15 * SECOND), ip
    assert set(kernel.entries) >= {"10.78.0.13", "10.78.0.14"}
    assert bool(real) == (thresh1 == 0)


def test_confirmation_keeps_a_wrong_entry() -> None:
    """e08track: ACKs over a path that ignores the MAC. REACHABLE for ever, no ARP."""
    kernel = Kernel()
    kernel.set(IP, WRONG, Nud.STALE)
    for second in range(100):
        kernel.advance(second * SECOND)
        kernel.acknowledge(IP)
        kernel.send(IP)
    assert kernel.entries[IP].state == Nud.REACHABLE
    assert not [e for e in kernel.log if e.what in ("unicast", "broadcast")]
    assert kernel.now - kernel.entries[IP].used > 90 * SECOND


@pytest.mark.parametrize(("release", "ends"), [("4.4", Nud.REACHABLE), ("4.11", Nud.FAILED)])
def test_shared_confirmation(release: str, ends: Nud) -> None:
    """Until 4.10 the ACKs of a busy neighbor kept a wrong entry of another alive."""
    version = Version.parse(release)
    assert version is not None
    kernel = Kernel(version=version)
    kernel.set("10.77.0.99", RIGHT, Nud.STALE)
    kernel.set(IP, WRONG, Nud.STALE)
    for step in range(80):
        kernel.advance(step * SECOND // 10)
        kernel.acknowledge("10.77.0.99")
        kernel.send(IP)
    kernel.advance(9 * SECOND)
    assert kernel.entries[IP].state == ends


@pytest.mark.parametrize(("release", "renewed"), [("4.4", False), ("6.1", True)])
def test_gratuitous_within_locktime(release: str, renewed: bool) -> None:
    version = Version.parse(release)
    assert version is not None
    kernel = Kernel(version=version)
    kernel.set(IP, WRONG, Nud.STALE)
    for tenth in range(1, 30):
        kernel.advance(tenth * SECOND // 10)
        kernel.hear_gratuitous(IP, RIGHT)
    assert (kernel.entries[IP].mac == RIGHT) == renewed


def test_arp() -> None:
    kernel = Kernel()
    kernel.set(IP, WRONG, Nud.STALE)
    kernel.hear_reply(IP, RIGHT)
    assert (kernel.entries[IP].mac, kernel.entries[IP].confirmed) == (WRONG, 0)
    kernel.hear_request(IP, RIGHT)
    assert (kernel.entries[IP].mac, kernel.entries[IP].state) == (RIGHT, Nud.STALE)
    kernel.hear_gratuitous("10.77.0.1", WRONG)
    assert "10.77.0.1" not in kernel.entries
    kernel.parameters = Parameters(arp_accept=1)
    kernel.hear_gratuitous("10.77.0.1", WRONG)
    assert kernel.entries["10.77.0.1"].state == Nud.STALE
    kernel.parameters = Parameters(drop_gratuitous_arp=True)
    kernel.hear_gratuitous("10.77.0.1", RIGHT)
    assert kernel.entries["10.77.0.1"].mac == WRONG
    kernel.set(IP, WRONG, Nud.PERMANENT)
    kernel.hear_request(IP, RIGHT)
    assert kernel.entries[IP].mac == WRONG
    kernel.lose_carrier()
    assert list(kernel.entries) == [IP]
    kernel.delete(IP)
    assert [e.what for e in kernel.log[-2:]] == ["FAILED", "deleted"]


def test_reachable_that_is_used_goes_through_delay() -> None:
    """Without a cached header packets take the slow path; its timer then finds it used."""
    kernel = Kernel(reachable=20 * SECOND)
    kernel.set(IP, RIGHT, Nud.REACHABLE)
    kernel.advance(18 * SECOND)
    kernel.send(IP)
    kernel.advance(21 * SECOND)
    assert kernel.entries[IP].state == Nud.DELAY
    kernel.answering[IP] = RIGHT
    kernel.advance(26 * SECOND)
    assert kernel.entries[IP].state == Nud.REACHABLE
    kernel.change_own_mac()
    assert not kernel.entries


def test_multicast_resolicit_heals_without_a_packet() -> None:
    """e11resol: the fourth probe is broadcast."""
    kernel = Kernel(parameters=Parameters(mcast_resolicit=3), answering={IP: RIGHT})
    kernel.set(IP, WRONG, Nud.STALE)
    kernel.send(IP)
    kernel.advance(9 * SECOND)
    assert (kernel.entries[IP].mac, kernel.entries[IP].state) == (RIGHT, Nud.REACHABLE)
    (healed,) = [e.time for e in kernel.log if e.what == "broadcast"]
    assert healed == 8 * SECOND


@pytest.mark.parametrize(("release", "left"), [("4.19", 1), ("6.1", 4)])
def test_forced_collection(release: str, left: int) -> None:
    """Over gc_thresh2: since 5.0 the oldest, as many as are too many; before, all."""
    version = Version.parse(release)
    assert version is not None
    small = Thresholds(gc_thresh1=0, gc_thresh2=4, gc_thresh3=8)
    kernel = Kernel(version=version, thresholds=small, now=0)
    for host in range(4):
        kernel.set(f"10.0.0.{host}", RIGHT, Nud.STALE)
    kernel.advance(6 * SECOND)
    kernel.send("10.0.0.9")
    assert len(kernel.entries) == left
    assert "10.0.0.0" not in kernel.entries


def test_overflow() -> None:
    """What changed within 5 s is spared; a full table then refuses new entries."""
    kernel = Kernel(thresholds=Thresholds(0, 2, 4), others=0)
    for host in range(6):
        kernel.set(f"10.0.0.{host}", RIGHT, Nud.STALE)
    assert (len(kernel.entries), kernel.overflows) == (4, 2)
    assert not kernel.send("10.0.0.5")


@pytest.mark.parametrize(
    ("release", "gated"),
    [("2.6.18-8.el5", False), ("2.6.32-573.el6.x86_64", None), ("3.5.0", None),
     ("3.10.0-1160.el7", True), ("6.18.44-fc", True)],
)  # fmt: skip
def test_gate_by_version(release: str, gated: bool | None) -> None:
    version = Version.parse(release)
    assert version is not None
    assert version.gated is gated


def test_version_needs_numbers() -> None:
    assert Version.parse("unknown") is None


def test_collectable_counts_from_the_later_of_used_and_confirmed() -> None:
    kernel = Kernel()
    kernel.set(IP, RIGHT, Nud.STALE)
    entry = kernel.entries[IP]
    entry.confirmed = 30 * SECOND
    assert not collectable(entry, 60 * SECOND, 60 * SECOND, kernel.version)
    assert collectable(entry, 90 * SECOND, 60 * SECOND, kernel.version)
    entry.references = 1
    assert not collectable(entry, 90 * SECOND, 60 * SECOND, kernel.version)
    assert entry.timer == NEVER


needs_root = pytest.mark.skipif(
    os.geteuid() != 0 and not os.environ.get("CI"), reason="namespaces need root"
)


@needs_root
def test_this_kernel() -> None:
    """The states of one entry with short timers, on this machine's kernel and simulated."""
    space = f"synackgc{os.getpid()}"
    timers = {
        "base_reachable_time_ms": 3000, "delay_first_probe_time": 1, "retrans_time_ms": 200,
    }  # fmt: skip

    def run(*command: str) -> str:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=20)
        return done.stdout

    def inside(*command: str) -> str:
        return run("ip", "netns", "exec", space, *command)

    run("ip", "netns", "add", space)
    try:
        run("ip", "-n", space, "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
        for link in ("eth0", "eth1"):
            run("ip", "-n", space, "link", "set", link, "up")
        run("ip", "-n", space, "addr", "add", "10.77.0.10/24", "dev", "eth0")
        inside("sysctl", "-qw", *(f"net.ipv4.neigh.eth0.{k}={v}" for k, v in timers.items()))
        neigh = ("ip", "-n", space, "neigh")
        run(*neigh, "replace", IP, "lladdr", WRONG, "dev", "eth0", "nud", "reachable")
        made = time.monotonic()
        seen: list[tuple[float, str]] = []
        sent = False
        while time.monotonic() < made + 12:
            state = run(*neigh, "show", IP).split()[-1]
            if not seen or seen[-1][1] != state:
                seen.append((time.monotonic() - made, state))
            if state == "STALE" and not sent:
                inside("bash", "-c", f"echo x >/dev/udp/{IP}/9")
                sent = True
            if state == "FAILED":
                break
            time.sleep(0.01)
    finally:
        run("ip", "netns", "del", space)
    stale = next(t for t, name in seen if name == "STALE")
    parameters = Parameters(
        base_reachable=3 * SECOND, delay_first_probe=SECOND, retrans=SECOND // 5
    )
    shortest, longest = parameters.reachable_times()
    assert shortest <= stale * SECOND <= longest + timer_slack(longest) + SECOND // 2
    kernel = Kernel(parameters=parameters, reachable=int(stale * SECOND) - 30_000_000)
    kernel.set(IP, WRONG, Nud.REACHABLE)
    kernel.advance(int(stale * SECOND))
    kernel.send(IP)
    kernel.advance(20 * SECOND)
    assert [name for _, name in seen] == ["REACHABLE", "STALE", "DELAY", "PROBE", "FAILED"]
    ours = {e.what: e.time / SECOND for e in kernel.log}
    for when, name in seen:
        if name in ("PROBE", "FAILED"):
            assert -0.05 <= when - ours[name] <= 0.8, (name, when, ours[name])
