"""Time whole processes, and say what machine they ran on."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

LIMIT = 1800.0
"""A process that runs longer is ended and counts as failed, seconds."""


class Sample(NamedTuple):
    """One process from start to end."""

    wall: float
    """Seconds."""
    cpu: float
    """User and system, seconds, of all its threads and children."""
    peak: float
    """Resident memory at its highest, MB (10^6 bytes)."""
    failure: str = ""
    """Exit code and last words, if it failed."""


def once(argv: list[str]) -> Sample:
    """Run one process, output to nowhere."""
    with tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=errors, env=_usual())
        timer = threading.Timer(LIMIT, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        failure = _failure(process.returncode, errors) if process.returncode else ""
    return Sample(wall, usage.ru_utime + usage.ru_stime, _megabytes(usage.ru_maxrss), failure)


def _usual() -> dict[str, str]:
    """The environment, but with Python's compiled files written and found again."""
    return {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}


def _failure(code: int, errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").splitlines()
    return f"exit {code}: {next((line for line in reversed(lines) if line.strip()), '')}"


def _megabytes(maxrss: int) -> float:
    return maxrss / 1e6 * (1 if sys.platform == "darwin" else 1024)


def floor() -> float:
    """Smaller peaks cannot be seen: a child begins as a copy of this process."""
    return _megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


class Summary(NamedTuple):
    """Several samples of one command."""

    wall: float
    fastest: float
    slowest: float
    cpu: float
    peak: float
    runs: int
    failure: str


def summary(samples: list[Sample]) -> Summary:
    """Medians; the highest peak."""
    walls = [sample.wall for sample in samples]
    return Summary(
        statistics.median(walls),
        min(walls),
        max(walls),
        statistics.median(sample.cpu for sample in samples),
        max(sample.peak for sample in samples),
        len(samples),
        next((sample.failure for sample in samples if sample.failure), ""),
    )


def alternate(
    commands: dict[str, list[str]], runs: int, say: Callable[[str], None]
) -> dict[str, Summary]:
    """Each command once to warm up, then A B A B, so that a disturbance meets all of them.

    A command that fails is not repeated.
    """
    say("warm-up")
    samples = {label: [once(argv)] for label, argv in commands.items()}
    for run in range(runs):
        say(f"run {run + 1} of {runs}")
        for label, argv in commands.items():
            if not any(sample.failure for sample in samples[label]):
                samples[label].append(once(argv))
    return {
        label: summary(taken if any(s.failure for s in taken) else taken[1:])
        for label, taken in samples.items()
    }


# ---- the machine --------------------------------------------------------------------------


def machine() -> dict[str, str]:
    """What the figures depend on, by name."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": f"{os.cpu_count()} x {_cpu()}",
        "memory": _memory(),
        "load before": f"{os.getloadavg()[0]:.1f}",
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "synack": _synack(),
        "tcpdump": _first_line("tcpdump", "--version", "tcpdump version"),
        "libpcap": _first_line("tcpdump", "--version", "libpcap version"),
        "tshark": _first_line("tshark", "--version", "TShark (Wireshark)"),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.0f} GB"


def _synack() -> str:
    """Its version, and whether its scan is compiled: that is the difference of all."""
    code = (
        "import synack, synack.capture.scan as s;"
        "print(synack.__version__, 'compiled' if s.COMPILED else 'NOT COMPILED')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "does not import"


def _first_line(tool: str, option: str, begin: str) -> str:
    """What follows ``begin`` in what a tool says of itself."""
    if not shutil.which(tool):
        return "not installed"
    done = subprocess.run([tool, option], capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    found = [line[len(begin) :].strip() for line in lines if line.startswith(begin)]
    return found[0].split(" (")[0].rstrip(".") if found else "unknown"
