"""The HTML page of a fleet: how long it takes to make, how big it is, how fast it is in a browser.

    python benchmarks/page.py                        12 hosts, 100,000 attempts
    python benchmarks/page.py --attempts 10000

Ten producers attempt two brokers for ten minutes; the address of one producer is stale at one
broker for six of them. Each host captured on a clock of its own. Needs chromium and playwright.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from subprocess import run

import generate
import numpy as np
import traffic
from playwright.sync_api import Page, sync_playwright
from traffic import ACK, EPOCH, REFUSAL, SECOND, SYN, SYN_ACK, Array, Leg, Story

PRODUCERS, BROKERS = 10, 2
SPAN, STALE = 600, (100, 480)
"""Seconds: of all of it, and from when to when the entry is wrong."""
CLOCK = 137_000_000
"""By which the clock of each host is ahead of the one before it, ns."""
_NET, _DEAD = 0x0A000100, 0xDEAD0001
_STORIES = (
    Story("completed", 94, (Leg(SYN, 0, 0), Leg(SYN_ACK, 0, 0.5), Leg(ACK, 0, 1))),
    Story("syn-resent", 3,
          (Leg(SYN, 0, 0, False), Leg(SYN, 1, 0), Leg(SYN_ACK, 1, 0.5), Leg(ACK, 1, 1))),
    Story("refused", 2, (Leg(SYN, 0, 0), Leg(REFUSAL, 0, 0.5))),
    Story("syn-lost", 1, tuple(Leg(SYN, at, 0, False) for at in (0, 1, 3))),
    Story("stale", 0, tuple(
        Leg(kind, at, kind == SYN_ACK and 0.5, kind == SYN)
        for at in (0, 1, 3, 7) for kind in (SYN, SYN_ACK)
    )),
)  # fmt: skip


def hosts() -> list[tuple[str, int]]:
    """Name and address of each; producers first."""
    producers = [(f"producer-{70 + n}", _NET + 70 + n) for n in range(PRODUCERS)]
    return producers + [(f"broker-{1 + n}", _NET + 10 + n) for n in range(BROKERS)]


def make(folder: Path, attempts: int) -> None:
    """Write the captures of all hosts, and the neighbor table of the broker."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    client, server = rng.integers(0, PRODUCERS, attempts), rng.integers(0, BROKERS, attempts)
    begins = np.sort(rng.integers(0, SPAN * SECOND, attempts))
    weights = np.array([story.percent for story in _STORIES]) / 100
    told = rng.choice(len(_STORIES), attempts, p=weights)
    # What begins while the entry is wrong ends before it is right again.
    since = (client == 7) & (server == 0) & (begins >= STALE[0] * SECOND)
    server[since & (begins >= (STALE[1] - 8) * SECOND) & (begins < STALE[1] * SECOND)] = 1
    stale = since & (server == 0) & (begins < STALE[1] * SECOND)
    told[(client == 7) & (server == 0) & (begins < STALE[0] * SECOND)] = 0
    told[stale] = len(_STORIES) - 1
    ends = _connections(rng, client, server)
    packets = traffic._tell(rng, _STORIES, told, begins, ends).sorted()
    plain = generate._addresses

    def addressed(rows: Array, ends: traffic.Connections, packets: traffic.Packets) -> None:
        plain(rows, ends, packets)
        wrong = stale[packets.connection] & (packets.kind == SYN_ACK)
        rows["dst_nic"] = np.where(wrong, _DEAD, rows["dst_nic"])

    generate._addresses = addressed
    try:
        for number, (name, address) in enumerate(hosts()):
            of_client = number < PRODUCERS
            mine = (ends.client if of_client else ends.server) == address
            part = packets.take(mine[packets.connection])
            seen = traffic.view(traffic.Traffic(ends, part, attempts, 0), of_client, number * CLOCK)
            generate.write(folder / f"{name}-eth0", ("pcap",), ends, seen, [0])
    finally:
        generate._addresses = plain
    (folder / "broker-1.neigh.txt").write_text(_table())


def _connections(rng: np.random.Generator, client: Array, server: Array) -> traffic.Connections:
    order = np.zeros(len(client), np.int64)
    for one in range(PRODUCERS):
        mine = np.flatnonzero(client == one)
        order[mine] = np.arange(len(mine))
    return traffic.Connections(
        (_NET + 70 + client).astype(np.uint32),
        (_NET + 10 + server).astype(np.uint32),
        (traffic.FIRST_PORT + order % traffic.CLIENT_PORTS).astype(np.uint16),
        np.full(len(client), 9092, np.uint16),
        *rng.integers(0, 1 << 32, (2, len(client)), dtype=np.uint32),
        (client * 7919 + 100_000).astype(np.uint32),
    )


def _table() -> str:
    """What a loop of ``date; ip -s neigh`` wrote on the first broker."""
    lines = []
    ahead = PRODUCERS * CLOCK
    for at in range(50, SPAN, 50):
        lines.append(f"{datetime.fromtimestamp((EPOCH + ahead) / SECOND + at, UTC):%FT%TZ}")
        for name, address in hosts()[:PRODUCERS]:
            wrong = name == "producer-77" and STALE[0] < at < STALE[1]
            nic = _DEAD if wrong else address
            mac = ":".join(f"{nic >> shift & 0xFF:02x}" for shift in (24, 16, 8, 0))
            ip = f"10.0.1.{address & 0xFF}"
            lines.append(f"{ip} dev eth0 lladdr 02:00:{mac} used 3/1/3 REACHABLE")
    return "\n".join(lines) + "\n"


CLICK = "document.querySelector('{}').click()"
SEARCH = (
    "const i = document.querySelector('input[type=search]'); i.value = '{}';"
    " i.dispatchEvent(new Event('input'))"
)
ACTIONS = {
    **{f"sort by {name}": CLICK.format(f"th[data-sort={name}] button")
       for name in ("client", "outcome", "first", "rtt_ns", "row")},
    **{f"search for {words}": SEARCH.format(words)
       for words in ("10.0.1.77", "client:producer-77 server:broker-1", "9092", "producer")},
    "choose an outcome": CLICK.format("[data-outcome=refused]"),
    "open a ladder": CLICK.format("#attempts tbody button"),
    "the next ladder": CLICK.format("[data-next]"),
}  # fmt: skip


def until_drawn(page: Page, action: str) -> float:
    """Milliseconds from an action until the browser has drawn what it changed."""
    took: float = page.evaluate(
        """(action) => new Promise((done) => {
          const begin = performance.now();
          new Function(action)();
          requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
        })""",
        action,
    )
    return took


def browse(path: Path) -> None:
    """Open the page, do each thing three times, and say the slowest."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        begin = time.perf_counter()
        page.goto(path.resolve().as_uri())
        page.wait_for_selector("html[data-ready]", state="attached", timeout=120_000)
        print(f"{'opened':45} {(time.perf_counter() - begin) * 1000:6.0f} ms")
        slowest = dict.fromkeys(ACTIONS, 0.0)
        for _ in range(3):
            for name, action in ACTIONS.items():
                slowest[name] = max(slowest[name], until_drawn(page, action))
            page.keyboard.press("Escape")
        for name, took in slowest.items():
            print(f"{name:45} {took:6.0f} ms")
        browser.close()


def main() -> None:
    """Make the captures if they are not there, then the page, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--attempts", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    asked = parser.parse_args()
    incident = asked.folder / f"fleet-{asked.attempts}"
    if not incident.exists():
        make(incident, asked.attempts)
    page = asked.folder / "fleet.html"
    command = [sys.executable, "-m", "synack.cli", "diagnose", str(incident), "-o", str(page)]
    for _ in range(2):  # the first fills the page cache
        begin = time.perf_counter()
        run(command, check=True)
        took = time.perf_counter() - begin
    print(f"{asked.attempts:,} attempts: {took:.1f} s, {page.stat().st_size / 1e6:.1f} MB")
    browse(page)


if __name__ == "__main__":
    main()
