"""Counters of interfaces: ``ip -s link`` (also ``-s -s`` and ``-j``) and ``/proc/net/dev``.

Names are the direction and the kernel's word of ``ip -j``: ``rx_dropped``,
``rx_otherhost`` (frames for a foreign MAC, iproute2 5.18 and newer with ``-s -s``).
"""

from __future__ import annotations

import re

from synack.context.json_lines import whole_number
from synack.context.reading import Reading, Rows, numbered, objects, whole
from synack.tables import COUNTERS

_LINK = re.compile(r"\d{1,9}: ([^\s:@]{1,64})(?:@\S{1,64})?: <")
_HEAD = re.compile(r"\s+(RX|TX)(?: errors)?:? +([a-z ]{4,120}?)\s*")
_WORDS = {
    "errors": "errors", "mcast": "multicast", "missed": "missed_errors",
    "overrun": "over_errors", "overrsn": "over_errors", "carrier": "carrier_errors",
    "collsns": "collisions", "length": "length_errors", "crc": "crc_errors",
    "frame": "frame_errors", "fifo": "fifo_errors", "otherhost": "otherhost",
    "nohandler": "nohandler", "aborted": "aborted_errors", "window": "window_errors",
    "heartbt": "heartbeat_errors", "heartbeat": "heartbeat_errors", "transns": "carrier_changes",
    "compressed": "compressed",
}  # fmt: skip
"""Column heads (iproute2 ip/ipaddress.c, __print_link_stats) to the words of its JSON."""

_DEV = re.compile(r"\s*([^\s:|]{1,64}):((?:\s*\d{1,20}){16})\s*")
_DEV_HEAD = "face |bytes    packets errs drop fifo frame compressed multicast|"
_RECEIVED = "bytes packets errors dropped fifo_errors frame_errors compressed multicast".split()
_SENT = "bytes packets errors dropped fifo_errors collisions carrier_errors compressed".split()
_DEV_NAMES = [f"rx_{name}" for name in _RECEIVED] + [f"tx_{name}" for name in _SENT]


def read_links(path: str, text: str) -> Reading | None:
    """The counters of ``ip -s link``, None when there are none."""
    rows, interface, heads = Rows(path, COUNTERS), "", list[str]()
    if "RX:" not in text:
        return None
    for number, line in numbered(text):
        if (link_line := _LINK.match(line)) is not None:
            interface, heads = link_line[1], []
            rows.lines += 1
        elif interface and (head := _HEAD.fullmatch(line)) is not None:
            words = head[2].split()
            heads = [f"{head[1].lower()}_{_WORDS.get(word, word)}" for word in words]
            rows.lines += 1
        elif heads:
            values = [whole(word) for word in line.split()]
            if len(values) == len(heads) and None not in values:
                for name, value in zip(heads, values, strict=True):
                    rows.add(number, interface, name, value, lines=0)
                rows.lines += 1
            else:
                rows.unreadable(number, f"not the {len(heads)} counters of {interface}")
            heads = []
        elif interface and line.lstrip().startswith(("link/", "altname ", "alias ")):
            rows.lines += 1
        elif rows.date(line):
            interface = ""
    return rows.reading("ip -s link")


def read_links_json(path: str, text: str) -> Reading | None:
    """Likewise of ``ip -j -s link``."""
    rows = Rows(path, COUNTERS)
    for number, link in objects(rows, text, "ifname") if '"stats' in text else ():
        _object(rows, number, link)
    return rows.reading("ip -j -s link")


def _object(rows: Rows, number: int, link: dict[str, object]) -> None:
    interface, statistics = link.get("ifname"), link.get("stats64") or link.get("stats")
    if not isinstance(interface, str) or not isinstance(statistics, dict):
        return
    rows.lines += 1
    for direction in ("rx", "tx"):
        counters = statistics.get(direction)
        for name, value in counters.items() if isinstance(counters, dict) else ():
            if (number_of := whole_number(value)) is not None:
                rows.add(number, interface, f"{direction}_{name}", number_of, lines=0)


def read_proc_dev(path: str, text: str) -> Reading | None:
    """The counters of ``/proc/net/dev``, None when there are none."""
    if _DEV_HEAD not in text:
        return None
    rows, inside = Rows(path, COUNTERS), False
    for number, line in numbered(text):
        if (found := _DEV.fullmatch(line)) is not None and inside:
            values = [whole(word) for word in found[2].split()]
            for name, value in zip(_DEV_NAMES, values, strict=True):
                if value is not None:
                    rows.add(number, found[1], name, value, lines=0)
            rows.lines += 1
        elif _DEV_HEAD in line or line.startswith("Inter-|"):
            rows.lines, inside = rows.lines + 1, True
        elif inside and ":" in line and len(line.split()) > _FEWEST:
            rows.unreadable(number, "cut, or not an interface")
        else:
            rows.date(line)
    return rows.reading("/proc/net/dev")


_FEWEST = 6
"""Words of a line that may be an interface cut short."""
