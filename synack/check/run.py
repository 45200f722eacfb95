"""Cases found below folders and judged side by side, each in a process that can be ended."""

from __future__ import annotations

import fnmatch
import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from synack.check import TIMEOUT_S
from synack.check.case import NAME, Case, read
from synack.check.compare import Difference, differences
from synack.errors import Damage, UsageError


class Status(StrEnum):
    """What became of a case."""

    AS_EXPECTED = "as-expected"
    DIFFERENT = "different"
    UNREADABLE = "unreadable"
    TIMED_OUT = "timed-out"
    CRASHED = "crashed"


@dataclass
class Result:
    """A case, judged."""

    case: Case
    status: Status
    differences: list[Difference] = field(default_factory=list)
    reasons: list[Damage] = field(default_factory=list)
    """Why it could not be judged, or not in full."""
    document: dict[str, Any] | None = None
    """The diagnosis, as in ``diagnose --format json``."""
    updated: bool = False
    """Its expectations were written anew."""

    @property
    def command(self) -> str:
        """How to look at it."""
        return shlex.join(["synack", "diagnose", *(self.case.inputs or [self.case.folder])])

    @property
    def accept(self) -> str:
        """How to take what was found as what is expected."""
        return shlex.join(["synack", "check", "--update", self.case.folder])


def find(places: Iterable[str], pattern: str | None = None) -> list[Case]:
    """Every ``case.toml`` in or below ``places``, each once, in order of path.

    ``pattern``: only those whose folder's path contains it, or fits it with ``*?[]``. Raises
    :class:`UsageError` for a place that is not there or holds no case, and when nothing fits
    the pattern. Hidden folders and linked ones are left out.
    """
    paths: dict[str, str] = {}
    for place in places:
        below = _below(place)
        if not below:
            raise UsageError(f"{place}: no {NAME} in it")
        for path in below:
            paths.setdefault(os.path.realpath(path), path)
    cases = [read(path) for path in sorted(paths.values())]
    if pattern is not None:
        cases = [case for case in cases if _fits(case.name, pattern)]
        if not cases:
            raise UsageError(f"-k: no case fits {pattern!r}")
    return cases


def _below(place: str) -> list[str]:
    if Path(place).is_file():
        if Path(place).name != NAME:
            raise UsageError(f"{place}: neither a folder nor a {NAME}")
        return [_shown(place)]
    if not Path(place).is_dir():
        raise UsageError(f"{place}: no such folder")
    found = []
    for folder, folders, files in os.walk(place):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if NAME in files:
            found.append(_shown(os.path.join(folder, NAME)))
    return found


def _shown(path: str) -> str:
    """As a command can take it: never like an option."""
    path = os.path.normpath(path)
    return os.path.join(".", path) if path.startswith("-") else path


def _fits(name: str, pattern: str) -> bool:
    if any(c in pattern for c in "*?["):
        return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(
            name.rpartition("/")[2], pattern
        )
    return pattern in name


def check(
    cases: Sequence[Case], jobs: int | None = None, timeout: float = TIMEOUT_S
) -> list[Result]:
    """Judge the cases, ``jobs`` at a time (default: as many as processors may be used), in
    their order. A case that takes longer than ``timeout`` (s) is ended; the others go on."""
    workers = [Worker() for _ in range(max(1, min(jobs or processors(), len(cases))))]
    idle: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def one(case: Case) -> Result:
        worker = idle.get()
        try:
            return judge(case, worker, timeout)
        finally:
            idle.put(worker)

    executor = ThreadPoolExecutor(len(workers), "synack-check")
    try:
        return list(executor.map(one, cases))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.close()
        executor.shutdown()


def processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def judge(case: Case, worker: Worker, timeout: float = TIMEOUT_S) -> Result:
    """One case, diagnosed by ``worker``."""
    if case.problems:
        return Result(case, Status.UNREADABLE, reasons=list(case.problems))
    try:
        answer = worker.diagnose(case.inputs, timeout)
    except TimeoutError as error:
        return Result(case, Status.TIMED_OUT, reasons=[Damage(case.path, str(error))])
    except ChildProcessError as error:
        return Result(case, Status.CRASHED, reasons=[Damage(case.path, str(error))])
    if "internal" in answer:
        reason = Damage(case.path, f"internal error: {answer['internal']}")
        return Result(case, Status.CRASHED, reasons=[reason])
    result = Result(case, Status.AS_EXPECTED, document=answer["document"])
    result.reasons = [Damage(case.path, reason) for reason in answer["unreadable"]]
    if case.expect is None:
        result.reasons.append(Damage(case.path, "no [expect]; synack check --update writes it"))
    elif result.document is not None:
        result.differences = differences(case, result.document)
    if result.reasons:
        result.status = Status.UNREADABLE
    elif result.differences:
        result.status = Status.DIFFERENT
    return result


class Worker:
    """A process that diagnoses one case after another, started when it is needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """None while there is no process."""
        return None if self._process is None else self._process.pid

    def diagnose(self, inputs: list[str], timeout: float) -> dict[str, Any]:
        """What :func:`synack.check.worker.answer` says. Raises :class:`TimeoutError` after
        ``timeout`` seconds and :class:`ChildProcessError` when the process died."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(timeout, end)
        timer.start()
        try:
            process.stdin.write(json.dumps(inputs).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = b""
        finally:
            timer.cancel()
            timer.join()
        if line.endswith(b"\n"):
            if late.is_set():  # just in time, but the process is gone
                self.close()
            answer: dict[str, Any] = json.loads(line)
            return answer
        if late.is_set():
            self.close()
            raise TimeoutError(f"not done within {timeout:g} s, and ended")
        with suppress(subprocess.TimeoutExpired):
            process.wait(1)  # what is dying says how, if it is not killed meanwhile
        code = self.close()
        raise ChildProcessError(f"the process that diagnosed it died ({_died(code)})")

    def close(self) -> int | None:
        """End the process, whatever it does; how it ended."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.kill()
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # something for the dead is left in it
                    pipe.close()
        return code

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            home = str(Path(__file__).parents[2])
            path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
            # -P: a file in the folder that is checked is no module of ours. A session of its
            # own: Ctrl-C is for us, who end it.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "synack.check.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,
            )
        return self._process


def _died(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
