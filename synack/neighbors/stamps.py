"""Points in time as people and tools write them around a table dump.

A polling loop prints a date line before each table, ``ip -t monitor`` a line
before each event, ``ip -ts monitor`` a bracket in front of it, and a collection
script often only names its file after the moment. All become integer nanoseconds
since 1970 UTC; no floating point is involved. A spelling without a zone is read as
if it were UTC and reported as such, because only the caller can know the offset.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

SECOND = 1_000_000_000
DAY = 86_400 * SECOND

_LONGEST = 200
"""Characters: a longer line is no date line, whatever it contains."""

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH = r"(?P<mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? +)?"
_CLOCK = r"(?P<h>\d\d?):(?P<m>\d\d):(?P<s>\d\d)(?:[.,](?P<frac>\d{1,18}))?"
_HALF = r"(?: *(?P<half>[AP]M))?"
_ZONE = r"(?: *(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)|(?: +[A-Z]{2,5}))?(?![\w:])"

_ISO = re.compile(
    r"(?<!\d)(?P<y>\d{4})-(?P<mo>\d\d)-(?P<d>\d\d)[T _]"
    r"(?P<h>\d\d):(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,](?P<frac>\d{1,18}))?)?" + _ZONE
)
_COMPACT = re.compile(
    r"(?<!\d)(?P<y>\d{4})(?P<mo>\d\d)(?P<d>\d\d)T(?P<h>\d\d)(?P<m>\d\d)(?P<s>\d\d)"
    r"(?:[.,](?P<frac>\d{1,18}))?" + _ZONE
)
_ASCTIME = re.compile(
    rf"\b{_WEEKDAY}{_MONTH} +(?P<d>\d\d?) +{_CLOCK}{_HALF}"
    r"(?: +(?P<zone>UTC|GMT|[+-]\d{4})| +[A-Z]{2,5})? +(?P<y>\d{4})(?: +(?P<usec>\d{1,6}) usec)?\b"
)
_DAY_FIRST = re.compile(
    rf"\b{_WEEKDAY}(?P<d>\d\d?) +{_MONTH} +(?P<y>\d{{4}}),? +{_CLOCK}{_HALF}{_ZONE}"
)
_MONTH_FIRST = re.compile(
    rf"\b{_WEEKDAY}{_MONTH} +(?P<d>\d\d?), +(?P<y>\d{{4}}),? +{_CLOCK}{_HALF}{_ZONE}"
)
_CLOCK_FIRST = re.compile(
    rf"(?<![\d:]){_CLOCK}{_HALF}(?: +(?P<zone>UTC|GMT|[+-]\d{{4}})| +[A-Z]{{2,5}})? +{_WEEKDAY}"
    rf"{_MONTH} +(?P<d>\d\d?) +(?P<y>\d{{4}})\b"
)
_SPELLINGS = (_ISO, _ASCTIME, _DAY_FIRST, _MONTH_FIRST, _CLOCK_FIRST, _COMPACT)

_CLUE = re.compile(r"\d\d-\d\d[T _]\d|\d\dT\d\d|" + _MONTH.replace("?P<mon>", "?:"))
"""Every spelling contains this, hardly any other line does: one search instead of many."""

_EPOCH = re.compile(r"(1\d{9})(?:[.,](\d{1,18}))?(?:\s*s(?:ec)?)?")
_EPOCH_FINE = re.compile(r"1\d{12}|1\d{15}|1\d{18}")
_TIME_OF_DAY = re.compile(_CLOCK)

_DECORATION = " \t=#*-<>~|[](){}:\"'"
_LABEL = re.compile(r"(?:date|time|timestamp|epoch|now|at|t0)\s*[:=]?\s+", re.IGNORECASE)

_NAME = re.compile(
    r"(?<!\d)(?P<y>\d{4})(?P<sep>[-_.]?)(?P<mo>\d\d)(?P=sep)(?P<d>\d\d)[T _.-]?"
    r"(?P<h>\d\d)(?P<sep2>[-:_.h]?)(?P<m>\d\d)(?P=sep2)(?P<s>\d\d)"
    r"(?:[.,](?P<frac>\d{1,9})(?![0-9A-Ya-z]))?(?P<zone>Z|UTC|[+-]\d{4}(?!\d))?(?!\d)"
)
_NAME_EPOCH = re.compile(
    r"(?<!\d)(?:(1\d{9})(?:\.(\d{1,9})(?![0-9A-Za-z]))?|(1\d{12}|1\d{15}|1\d{18}))(?!\d)"
)


def parse_stamp(text: str) -> tuple[int, bool] | None:
    """The moment that ``text`` consists of: (ns since 1970 UTC, whether it names a zone).

    Rulers around it (``== ... ==``, ``### ...``, brackets) and one label such as
    ``Timestamp:`` are dropped. Reads ISO 8601, the outputs of date(1), of PowerShell's
    ``Get-Date`` and of Cisco's ``show clock``, RFC 5322, the line of ``ip -t monitor``, and
    seconds since 1970 with a fraction or in whole
    milli-, micro- or nanoseconds. Only UTC, GMT, Z and numeric offsets are zones:
    a name such as CST means several. None when anything else is left over.
    """
    if len(text) > _LONGEST:
        return None
    text = text.strip(_DECORATION)
    label = _LABEL.match(text)
    if label:
        text = text[label.end() :].strip(_DECORATION)
    if text.startswith("1"):
        epoch = _parse_epoch(text)
        if epoch is not None:
            return epoch, True
    if _CLUE.search(text) is None:
        return None
    for spelling in _SPELLINGS:
        found = spelling.fullmatch(text)
        if found:
            return _moment(found)
    return None


def find_stamp(text: str) -> tuple[int, bool] | None:
    """Like :func:`parse_stamp`, for a full date and time anywhere in a heading.

    ``Every 2.0s: ip neigh   host: Mon Nov 23 07:48:41 2026`` is one (watch(1)).
    A bare number is not: in running text it may be anything.
    """
    if len(text) > _LONGEST or _CLUE.search(text) is None:
        return None
    for spelling in _SPELLINGS:
        found = spelling.search(text)
        if found:
            return _moment(found)
    return None


def parse_clock(text: str) -> int | None:
    """Nanoseconds since midnight for a line that holds a time of day alone."""
    if len(text) > _LONGEST:
        return None
    found = _TIME_OF_DAY.fullmatch(text.strip(_DECORATION))
    return _clock_ns(found.groupdict()) if found else None


def stamp_in_name(name: str) -> int | None:
    """The moment a file is named after, in ns since 1970; UTC unless it has an offset.

    ``neigh-20261123T074841Z.txt``, ``arp.2026-11-23_07-48-41.txt``,
    ``x-1795420313.txt``. A date without a time is too coarse to be one.
    """
    name = re.split(r"[/\\]", name)[-1][-_LONGEST:]
    for found in _NAME.finditer(name):
        moment = _moment(found)
        if moment is not None:
            return moment[0]
    epoch = _NAME_EPOCH.search(name)
    if epoch is None:
        return None
    if epoch[3]:
        return _scaled(epoch[3])
    return int(epoch[1]) * SECOND + _fraction(epoch[2])


def _parse_epoch(text: str) -> int | None:
    # Ten digits must begin with 1 (until 2033): 2026112307 is a date without separators.
    found = _EPOCH.fullmatch(text)
    if found:
        return int(found[1]) * SECOND + _fraction(found[2])
    return _scaled(text) if _EPOCH_FINE.fullmatch(text) else None


def _scaled(digits: str) -> int:
    """13, 16 or 19 digits: milli-, micro- or nanoseconds."""
    return int(digits.ljust(19, "0"))


def _fraction(digits: str | None) -> int:
    """Nanoseconds of the digits behind a decimal point; what is finer is cut."""
    return int(digits[:9].ljust(9, "0")) if digits else 0


def _moment(found: re.Match[str]) -> tuple[int, bool] | None:
    part = found.groupdict()
    clock = _clock_ns(part)
    days = _days(part["y"], part.get("mo") or part["mon"], part["d"])
    if clock is None or days is None:
        return None
    zone = part.get("zone")
    return days * DAY + clock - _offset_ns(zone), zone is not None


@lru_cache(maxsize=256)
def _days(year: str, month: str, day: str) -> int | None:
    """Days since 1970; None for a day that does not exist or whose ns exceed 64 bits."""
    number = _MONTHS.get(month.lower()) or int(month)
    try:
        days = date(int(year), number, int(day)).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return None
    return days if 0 < days < 106_000 else None


def _clock_ns(part: dict[str, str]) -> int | None:
    hour, minute, second = int(part["h"]), int(part["m"]), int(part["s"] or 0)
    half = part.get("half")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "PM" else 0)
    # 60 is a leap second: it becomes the first moment of the next minute.
    if hour > 23 or minute > 59 or second > 60:
        return None
    usec = int(part.get("usec") or 0) * 1000
    return (hour * 3600 + minute * 60 + second) * SECOND + _fraction(part.get("frac")) + usec


def _offset_ns(zone: str | None) -> int:
    if not zone or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    east = (int(digits[:2]) * 60 + int(digits[2:])) * 60 * SECOND
    return -east if zone[0] == "-" else east
