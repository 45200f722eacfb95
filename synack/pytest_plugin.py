"""pytest: every ``case.toml`` is a test. Loaded by pytest itself, so nothing heavy is imported
here; cases are diagnosed in a process of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synack.check import TIMEOUT_S

if TYPE_CHECKING:
    from synack.check.run import Result, Worker


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("synack", "synack: every case.toml is a test of a diagnosis")
    group.addoption(
        "--synack-update",
        action="store_true",
        help="write what was found to the case.toml as what is expected, for review",
    )
    group.addoption(
        "--synack-timeout",
        type=float,
        default=TIMEOUT_S,
        metavar="SECONDS",
        help="a case that takes longer fails (default: %(default)s)",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    if file_path.name == "case.toml":
        return CaseFile.from_parent(parent, path=file_path)
    return None


class CaseFile(pytest.File):
    """A ``case.toml``; what is wrong with it fails its test, not the collection."""

    def collect(self) -> Iterator[CaseItem]:
        yield CaseItem.from_parent(self, name=self.path.parent.name)


class CaseFailure(Exception):
    """A case that is not as expected."""

    def __init__(self, result: Result) -> None:
        super().__init__(result)
        self.result = result


class CaseItem(pytest.Item):
    """One case."""

    def runtest(self) -> None:
        from synack.check.case import read
        from synack.check.run import Status, judge
        from synack.check.update import update

        result = judge(
            read(_shown(self.path)), _worker(self.config), self.config.getoption("synack_timeout")
        )
        if self.config.getoption("synack_update") and update(result):
            self.user_properties.append(("synack updated", result.case.path))
        elif result.status != Status.AS_EXPECTED:
            raise CaseFailure(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any) -> Any:
        if not isinstance(excinfo.value, CaseFailure):
            return super().repr_failure(excinfo)
        from synack.report import checks

        return checks.told(excinfo.value.result)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"synack case {self.name}"


def _shown(path: Path) -> str:
    """From the current folder where that is shorter to read, so that commands can be pasted."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


_WORKER = pytest.StashKey["Worker"]()


def _worker(config: pytest.Config) -> Worker:
    from synack.check.run import Worker

    if _WORKER not in config.stash:
        config.stash[_WORKER] = Worker()
    return config.stash[_WORKER]


def pytest_unconfigure(config: pytest.Config) -> None:
    if _WORKER in config.stash:
        config.stash[_WORKER].close()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    written = sorted(
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "synack updated"
    )
    if written:
        terminalreporter.section("synack: written for review")
        for path in written:
            terminalreporter.line(path)
