"""What a process does with memory that it has freed."""

from __future__ import annotations

import ctypes
import mmap
from contextlib import suppress

import numpy as np

from synack.tables import Array

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Of mallopt(3), from malloc.h of the GNU C library."""
_LARGE = 1 << 28
"""Bytes. What is larger goes back to the kernel when it is freed: tables of a hundred million
rows, of which few are made."""
_NEVER = (1 << 31) - 1


def share() -> None:
    """Let threads that are started from now on use memory that others have freed."""
    _set(_M_ARENA_MAX, 1)


def keep_freed() -> None:
    """Let the C library keep large blocks that are freed for the next ones.

    Otherwise each of them goes back to the kernel, which clears every page of the next one:
    a third of the time of a large diagnosis. While tables grow this must not be so, since
    growing in place is the kernel's.
    """
    _set(_M_TRIM_THRESHOLD, _NEVER)
    _set(_M_MMAP_THRESHOLD, _LARGE)


def sparse_zeros(dtype: str, size: int) -> Array:
    """Zeros of which most are never changed, and those take no memory. They go back to the kernel
    when they are freed: the next table would have to clear all of their pages."""
    length = max(size, 1) * np.dtype(dtype).itemsize
    private = getattr(mmap, "MAP_PRIVATE", 0) | getattr(mmap, "MAP_ANONYMOUS", 0)
    pages = mmap.mmap(-1, length, flags=private) if private else mmap.mmap(-1, length)
    with suppress(OSError, AttributeError):  # large ones, as numpy's
        pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype, size)


def _set(parameter: int, value: int) -> None:
    """For the whole process, which should end soon. Nothing where the C library is another."""
    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).mallopt(parameter, value)
