"""Routes: ``ip route`` (also ``-6``, ``-j``) and ``netstat -rn`` or ``route -n`` (Linux, BSD).

A route without gateway is on-link: the next hop is the destination itself.
"""

from __future__ import annotations

import re
from itertools import pairwise

from synack.addresses import NO_IP, Address, parse_ip
from synack.context.json_lines import whole_number
from synack.context.reading import Reading, Rows, numbered, objects, whole
from synack.tables import ROUTES

_TYPES = frozenset(
    "unicast local broadcast multicast throw unreachable prohibit blackhole nat anycast".split()
)
_ROUTE = re.compile(
    r"(?:(?P<type>[a-z]{3,11}) )?(?P<to>default|[0-9a-fA-F:.]{2,46}(?:/\d{1,3})?)"
    r"(?P<rest>(?: (?:via|dev|proto|scope|src|metric|table|mtu|onlink|pref|nhid|tos|error)\b.*)?)"
)
_ROUTES_ONLY = frozenset(("via", "proto", "scope", "src", "metric"))
_NEIGHBORS_ONLY = frozenset(
    "lladdr proxy NONE INCOMPLETE REACHABLE STALE DELAY PROBE FAILED NOARP PERMANENT".split()
)
_ANY4 = (0, 0xFFFF << 32)
_LINUX_HEAD = re.compile(r"Destination +Gateway +Genmask +Flags\b.*")
_BSD_HEAD = re.compile(r"Destination +Gateway +Flags\b.*")


def read_routes(path: str, text: str) -> Reading | None:
    """The routes of ``ip route``, None when there are none. The answer of ``ip route get``
    becomes a route to that address alone, of type ``get``."""
    rows, kind = Rows(path, ROUTES), "ip route"
    if not any(word in text for word in (" dev ", " via ", "blackhole ", "prohibit ")):
        return None
    for (number, line), (_, below) in pairwise([*numbered(text), (0, "")]):
        if " lladdr " in line:
            continue  # a neighbor, of which there may be many
        found = _ROUTE.fullmatch(line.strip())
        if found is None or found["type"] not in (None, *_TYPES) or not _is_route(found):
            rows.date(line)
        elif " uid " in line or below.strip().split(" ")[0] == "cache":
            kind = "ip route get"
            rows.lines += 1
            _route(rows, number, found, "get")
        else:
            _route(rows, number, found, found["type"] or "unicast")
    return rows.reading(kind)


def read_routes_json(path: str, text: str) -> Reading | None:
    """Likewise of ``ip -j route``."""
    rows = Rows(path, ROUTES)
    for number, route in objects(rows, text, "dst") if '"dst"' in text and '"dev"' in text else ():
        _object(rows, number, route)
    return rows.reading("ip -j route")


def _is_route(found: re.Match[str]) -> bool:
    """Not a neighbor entry, which begins alike: ``10.0.0.5 dev eth0 FAILED``."""
    words = set(found["rest"].split())
    if not found["rest"]:
        return found["type"] is not None
    named = "/" in found["to"] or found["to"] == "default"
    return (named or not words.isdisjoint(_ROUTES_ONLY)) and words.isdisjoint(_NEIGHBORS_ONLY)


def _route(rows: Rows, number: int, found: re.Match[str], kind: str) -> None:
    words = found["rest"].split()
    values = dict(pairwise(words))
    via = values.get("via", "")
    if via in ("inet", "inet6"):  # RFC 5549: an IPv4 route over an IPv6 gateway
        via = words[words.index(via) + 1] if len(words) > words.index(via) + 1 else ""
    _add(rows, number, found["to"], via, values.get("dev", ""), kind,
         whole(values.get("metric", "")), six=":" in via or "pref" in values)  # fmt: skip


def _object(rows: Rows, number: int, route: dict[str, object]) -> None:
    to, via, dev, kind = (route.get(key, "") for key in ("dst", "gateway", "dev", "type"))
    if "state" in route or "proxy" in route:
        return  # a neighbor entry
    if isinstance(to, str) and isinstance(via, str) and isinstance(dev, str):
        _add(rows, number, to, via, dev, str(kind or "unicast"),
             whole_number(route.get("metric")), six=":" in via or "pref" in route)  # fmt: skip


def _add(rows: Rows, number: int, to: str, via: str, dev: str, kind: str, metric: int | None,
         six: bool) -> None:  # fmt: skip
    parsed = destination(to, six)
    gateway = parse_ip(via) if via else NO_IP
    if parsed is None or gateway is None:
        rows.unreadable(number, "not a route: destination or gateway is no address")
        return
    rows.add(number, *parsed[0], parsed[1], *gateway, dev, kind, -1 if metric is None else metric)


def destination(text: str, six: bool = False) -> tuple[Address, int] | None:
    """Address and prefix length of ``default``, ``10.0.0.0/24``, ``10.0.0.5``, and of BSD's
    ``10.0.1`` and ``10.1/16``; ``six``: a bare ``default`` is that of IPv6."""
    if text == "default":
        return (NO_IP if six else _ANY4), 0
    address, _, length = text.partition("/")
    widest = 128 if ":" in address else 32
    if ":" not in address and address.count(".") < 3:
        octets = address.split(".")
        length = length or str(8 * len(octets))
        address = ".".join((octets + ["0"] * 4)[:4])
    ip = parse_ip(address)
    if ip is None or (length and not (length.isdecimal() and int(length) <= widest)):
        return None
    return ip, int(length) if length else widest


def read_netstat_routes(path: str, text: str) -> Reading | None:
    """The routes of ``netstat -rn`` and ``route -n``, None when there are none."""
    if "Destination" not in text or "Gateway" not in text:
        return None
    rows, shape, six = Rows(path, ROUTES), "", False
    for number, line in numbered(text):
        words = line.split()
        if _LINUX_HEAD.fullmatch(line.strip()):
            shape = "linux"
            rows.lines += 1
        elif _BSD_HEAD.fullmatch(line.strip()):
            shape = "bsd"
            rows.lines += 1
        elif line.startswith(("Kernel IP routing", "Routing tables", "Internet")):
            shape, six = "", line.startswith("Internet6")
            rows.lines += 1
        elif shape == "linux" and len(words) == 8:
            _linux(rows, number, words)
        elif shape == "bsd" and len(words) >= 4 and "U" in words[2]:
            _bsd(rows, number, words, six)
        elif rows.date(line):
            shape = ""
    return rows.reading("netstat -rn")


def _linux(rows: Rows, number: int, words: list[str]) -> None:
    mask = parse_ip(words[2])
    via = "" if "G" not in words[3] else words[1]
    if mask is None:
        rows.unreadable(number, "not a netmask")
        return
    kind = "unreachable" if "!" in words[3] else "unicast"
    length = (mask[1] & 0xFFFF_FFFF).bit_count()
    to = "default" if words[0] == "default" else f"{words[0]}/{length}"
    _add(rows, number, to, via, words[7], kind,
         whole(words[4]), six=False)  # fmt: skip


def _bsd(rows: Rows, number: int, words: list[str], six: bool) -> None:
    """Host routes with a link address are neighbor entries (flag L or W): no routes."""
    if "L" in words[2] or "W" in words[2] or (":" in words[1] and not six):
        rows.lines += 1
        return
    via = "" if words[1].startswith("link#") or "G" not in words[2] else words[1].split("%")[0]
    to = words[0].split("%")[0] + ("/" + words[0].partition("/")[2] if "%" in words[0] else "")
    _add(rows, number, to.rstrip("/"), via, words[3], "unicast", None, six=six)
