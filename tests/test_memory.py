"""Freed memory: kept for the next large table, where the C library can be told so."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from synack.memory import keep_freed, share, sparse_zeros

FAULTS = """
import resource
from concurrent.futures import ThreadPoolExecutor
from synack.memory import keep_freed, share
if {kept}:
    share()
    keep_freed()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def use():
    b"x" * (64 << 20)
use()
before = faults()
for _ in range(4):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(use).result()
print(faults() - before)
"""


def faults(kept: bool) -> int:
    command = [sys.executable, "-c", FAULTS.format(kept=kept)]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


def test_large_blocks_are_used_again() -> None:
    """The kernel clears the pages of each new block of 64 MB, and of the first alone if what
    is freed is kept, in whatever thread."""
    if platform.libc_ver()[0] == "glibc":
        assert faults(kept=True) * 10 < faults(kept=False)
    else:
        share()
        keep_freed()


@pytest.mark.parametrize("size", [0, 1, 1 << 20])
def test_sparse_zeros(size: int) -> None:
    zeros = sparse_zeros("i", size)
    assert (zeros.dtype, len(zeros), int(abs(zeros).sum())) == ("int32", size, 0)
    zeros[:] = 7
    assert (zeros == 7).all()


GROWTH = """
import resource
from synack.memory import sparse_zeros
sparse_zeros("q", 1)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
zeros = sparse_zeros("q", 1 << 30)
zeros[1 << 29] = 1
print(peak() - before)
"""


def test_zeros_that_are_not_changed_take_no_memory() -> None:
    """8 GB of them, one of which is changed, take less than 8 MB."""
    command = [sys.executable, "-c", GROWTH]
    grown = int(subprocess.run(command, check=True, capture_output=True).stdout)
    assert grown * 1024 < 8 << 20
