"""What compiled modules need of the ``cython`` module where neither it nor a compiler is there."""

from __future__ import annotations

from contextlib import nullcontext

compiled = False
nogil = nullcontext()
