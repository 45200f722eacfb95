"""Small words of reports: counts, times."""

from __future__ import annotations

from datetime import UTC, datetime

NOTHING_CONCLUDED = "nothing could be concluded: no handshake and no neighbor entry in these files"


def count(number: int, noun: str) -> str:
    """``1 SYN``, ``2 SYNs``; ``of them`` stays."""
    plural = "" if number == 1 or noun.endswith("them") else "s"
    return f"{number} {noun}{plural}"


def first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def iso_time(time: int) -> str:
    """ISO 8601 UTC with nanoseconds."""
    seconds, nanos = divmod(time, 1_000_000_000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{seconds}.{nanos:09d}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z"


def clock_time(time: int) -> str:
    """``14:02:11`` UTC."""
    return iso_time(time)[11:19]
