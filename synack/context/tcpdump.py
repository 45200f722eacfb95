"""What tcpdump itself says on standard error: what it listened on, and what it lost."""

from __future__ import annotations

import re
from typing import NamedTuple

_LISTENING = re.compile(r"listening on ([\w.@-]{1,64}), link-type (\w{1,32})")
_COUNT = re.compile(
    r"^(\d{1,18}) packets? (captured|received by filter|dropped by kernel|dropped by interface)",
    re.M,
)
_LARGEST = 1 << 20


class TcpdumpLog(NamedTuple):
    """``dropped``: packets lost by the kernel's buffer and by the interface; None when the
    log ends before the counts (tcpdump was killed)."""

    interface: str
    dropped: int | None


def read_tcpdump_log(data: bytes) -> TcpdumpLog | None:
    """The facts of one log, None when it is none."""
    text = data[:_LARGEST].decode("utf-8", "replace")
    listening = _LISTENING.search(text)
    counts = {what: int(number) for number, what in _COUNT.findall(text)}
    if listening is None and "captured" not in counts:
        return None
    drops = [n for what, n in counts.items() if what.startswith("dropped")]
    return TcpdumpLog(listening[1] if listening else "", sum(drops) if drops else None)
