"""What a process does with memory that it has freed."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Of mallopt(3), from malloc.h of the GNU C library."""
_LARGE = 1 << 28
"""Bytes. What is larger goes back to the kernel when it is freed: tables of a hundred million
rows, of which few are made."""
_NEVER = (1 << 31) - 1


def keep_freed() -> None:
    """Let the C library keep large blocks that are freed for the next ones, in any thread.

    Otherwise each of them goes back to the kernel, which clears every page of the next one:
    a third of the time of a large diagnosis. It is a setting of the whole process, for one
    that ends soon. Nothing happens where the C library is not GNU's.
    """
    with suppress(OSError, TypeError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in (
            (_M_TRIM_THRESHOLD, _NEVER), (_M_MMAP_THRESHOLD, _LARGE), (_M_ARENA_MAX, 1)
        ):  # fmt: skip
            mallopt(parameter, value)
