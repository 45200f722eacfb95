"""Independent work side by side."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from synack import together as module
from synack.pipeline import load, run
from synack.together import LONG, together


@pytest.mark.parametrize("rows", [0, LONG - 1, LONG])
@pytest.mark.parametrize("works", [0, 1, 2, 5])
def test_results_are_in_order(rows: int, works: int) -> None:
    assert together(rows, *(lambda n=n: n * n for n in range(works))) == [
        n * n for n in range(works)
    ]


def test_side_by_side_where_there_is_much_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "processors", lambda: 2)
    both = threading.Barrier(2, timeout=60)
    assert together(LONG, both.wait, both.wait) in ([0, 1], [1, 0])


def test_no_threads_for_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "processors", lambda: 2)
    assert together(LONG - 1, threading.get_ident, threading.get_ident) == 2 * [
        threading.get_ident()
    ]


@pytest.mark.parametrize("bad", [0, 1])
def test_what_goes_wrong_is_told(monkeypatch: pytest.MonkeyPatch, bad: int) -> None:
    monkeypatch.setattr(module, "processors", lambda: 2)
    works = [lambda: 1, lambda: 2]
    works[bad] = lambda: 1 // 0
    with pytest.raises(ZeroDivisionError):
        together(LONG, *works)


FIXTURES = sorted(
    path.parent for path in (Path(__file__).parents[1] / "fixtures").glob("*/case.toml")
)


@pytest.mark.parametrize("folder", FIXTURES[::6], ids=lambda folder: folder.name)
def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    alone = run(load([str(folder)]))
    monkeypatch.setattr(module, "LONG", 0)
    monkeypatch.setattr(module, "processors", lambda: 4)
    beside = run(load([str(folder)]))
    assert beside.findings == alone.findings
    for name, column in alone.attempts.columns.items():
        assert beside.attempts[name].tolist() == column.tolist(), name
