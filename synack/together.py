"""Independent work side by side: numpy and the compiled loops let go of the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

LONG = 1 << 16
"""Rows from which on it is worth while to start threads."""


def processors() -> int:
    """Of this machine, at least 1."""
    return os.cpu_count() or 1


def together(rows: int, *works: Callable[[], Any]) -> list[Any]:
    """What each of ``works`` returns, in order: by as many threads as there are processors when
    there are many ``rows`` to go through. None may change what another one reads."""
    results: list[Any] = [None] * len(works)
    todo = iter(enumerate(works))

    def work_on() -> None:
        for place, work in todo:
            results[place] = work()

    # This thread works as well: memory that another one gives back stays with that one.
    helpers = min(len(works), processors()) - 1 if rows >= LONG else 0
    with ThreadPoolExecutor(max(helpers, 1), "synack-work") as pool:
        others = [pool.submit(work_on) for _ in range(helpers)]
        work_on()
        for other in others:
            other.result()
    return results
