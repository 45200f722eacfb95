"""From integer columns to what people and programs read: canonical text, nulls, times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from synack.addresses import NO_MAC, format_ip
from synack.grouping import ids_of, representatives
from synack.model import FATES, OUTCOMES, CaptureFile, Finding
from synack.report.strings import FILL, Bytes, Strings, distinct
from synack.tables import NO_TIME, Array, Table

if TYPE_CHECKING:
    from synack.handshake.matched import Matched
    from synack.handshake.path import Paths
    from synack.loading import Loaded


@dataclass(frozen=True)
class Shown:
    """One column as it is shown. ``kind`` is int, time (ns since 1970 UTC) or str, whose
    ``values`` are numbers of texts in ``strings``, all distinct and used. ``null`` marks
    the values that do not exist."""

    name: str
    kind: str
    values: Array
    null: Array
    strings: Strings = field(default_factory=lambda: Strings.of([]))


def handshakes(attempts: Table, hosts: Sequence[str], findings: Sequence[Finding]) -> list[Shown]:
    """The columns of ``synack handshakes``."""
    a = attempts
    counts = (
        "syn_sent", "syn_received", "syn_ack_sent", "syn_ack_received", "ack_sent", "ack_received",
    )  # fmt: skip
    return [
        _ips("client", a["client_hi"], a["client_lo"]),
        _numbers("client_port", a["client_port"]),
        _ips("server", a["server_hi"], a["server_lo"]),
        _numbers("server_port", a["server_port"]),
        _numbers("client_isn", a["client_isn"]),
        _times("first", a["first"]),
        _named("outcome", OUTCOMES, a["outcome"]),
        _named("client_host", hosts, a["client_host"]),
        _named("server_host", hosts, a["server_host"]),
        *(_numbers(name, a[name]) for name in counts),
        _macs("syn_src_mac", a["syn_src_mac"]),
        _macs("syn_ack_dst_mac", a["syn_ack_dst_mac"]),
        _numbers("retransmissions", a["retransmissions"]),
        _numbers("rtt_ns", a["rtt_ns"]),
        _named("finding", [f.kind for f in findings], a["finding"]),
    ]


def wide(details: Table, files: Sequence[CaptureFile], paths: Paths) -> list[Shown]:
    """The columns that ``synack handshakes --wide`` adds."""
    from synack.handshake.details import WHY
    from synack.handshake.states import State

    names = [file.path for file in files]
    states = [state.name.lower().replace("_", "-") for state in State]
    texts = {"reason": WHY, "client_state": states, "server_state": states,
             "client_file": names, "server_file": names, "path": paths.names,
             "vanished": paths.losses}  # fmt: skip
    shown = [
        _times(name, column) if name == "last"
        else _named(name, texts[name], column) if name in texts
        else _numbers(name, column)
        for name, column in details.columns.items() if "translated" not in name
    ]  # fmt: skip
    for end in ("translated_client", "translated_server"):
        high, low, port = (details[f"{end}_{part}"] for part in ("hi", "lo", "port"))
        shown += [_ips(end, high, low, ~details["translated"]), _numbers(f"{end}_port", port)]
    return shown


def neighbors(entries: Table) -> list[Shown]:
    """The columns of ``synack neighbors``."""
    e = entries
    return [
        *_entry(e),
        _strings("flags", e["flags"]),
        *(_numbers(n, e[n]) for n in ("used_s", "confirmed_s", "updated_s", "probes")),
        _times("at", e["at"]),
        _strings("format", e["format"]),
        _strings("file", e["file"]),
        _numbers("line", e["line"]),
    ]


def ownership(owners: Table) -> list[Shown]:
    """Who had which address when: the columns of ``Diagnosis.ownership``."""
    from synack.diagnosis.ownership import KINDS

    o = owners
    return [
        _ips("ip", o["ip_hi"], o["ip_lo"]),
        _macs("mac", o["mac"]),
        _strings("name", o["name"]),
        *(_times(name, o[name]) for name in ("first", "last", "until")),
        _named("kind", KINDS, o["kind"]),
        _strings("host", o["host"]),
        _numbers("records", o["records"]),
        *_place(o),
    ]


def history(entries: Table) -> list[Shown]:
    """What each host's entries said when: the columns of ``Diagnosis.history``."""
    from synack.diagnosis.entries import KINDS

    e = entries
    return [
        *_entry(e),
        *(_times(name, e[name]) for name in ("first", "last", "until")),
        _named("certain", ("no", "yes"), e["certain"].astype(np.uint8)),
        _named("kind", KINDS, e["kind"]),
        _numbers("records", e["records"]),
        *_place(e),
    ]


def _entry(table: Table) -> list[Shown]:
    """Whose neighbor entry it is, and what it says."""
    return [
        _strings("host", table["host"]),
        _strings("interface", table["interface"]),
        _ips("ip", table["ip_hi"], table["ip_lo"]),
        _macs("mac", table["mac"]),
        _strings("state", table["state"]),
    ]


def _place(table: Table) -> list[Shown]:
    """Where the first record can be looked up."""
    numbers = [_numbers(name, table[name]) for name in ("frame", "line")]
    return [_strings("file", table["file"]), *numbers]


def segments(matched: Matched, files: Sequence[CaptureFile]) -> list[Shown]:
    """Every kept segment, with what it was to its attempt."""
    s = matched.segments
    kinds = ["", "SYN", "SYN-ACK", "ACK", "RST", "ICMP"]
    attempt = np.where(matched.sighting >= 0, _attempt_of(matched), -1)
    numbers = ("seq", "ack", "flags", "window", "payload", "ttl", "tsval", "tsecr", "vlan")
    return [
        _named("host", matched.hosts, matched.host_of_capture[s["capture"]]),
        _named("file", [file.path for file in files], s["file"]),
        _numbers("frame", s["frame"]),
        _times("time", s["time"]),
        _named("kind", kinds, s["kind"]),
        _ips("src", s["src_hi"], s["src_lo"]),
        _numbers("src_port", s["src_port"]),
        _ips("dst", s["dst_hi"], s["dst_lo"]),
        _numbers("dst_port", s["dst_port"]),
        *(_numbers(name, s[name]) for name in numbers),
        _macs("src_mac", s["src_mac"]),
        _macs("dst_mac", s["dst_mac"]),
        _numbers("attempt", attempt),
        _named("leg", legs(), matched.leg),
    ]


def transmissions(
    rungs: Table, matched: Matched, files: Sequence[CaptureFile], paths: Paths
) -> list[Shown]:
    """What was sent in attempts, one row per transmission, as both ends saw it."""
    from synack.handshake.coverage import CAUSES
    from synack.handshake.vantage import CLIENT

    r = rungs
    columns = [
        _numbers("attempt", r["attempt"]),
        _named("leg", legs(), r["leg"]),
        _numbers("number", r["number"]),
        _numbers("of", r["of"]),
        _named("sender", ("server", "client"), (r["side"] == CLIENT).astype(np.int64)),
        _times("sent_at", r["sent_at"]),
        _times("arrived_at", r["arrived_at"]),
        _named("fate", FATES, r["fate"]),
        _named("reason", CAUSES, r["cause"]),
        _numbers("clock_doubt_ns", r["doubt_ns"]),
    ]
    for end in ("sent", "arrived"):
        columns += _places(f"{end}_", r[end], matched, files)
    gone = (_named(f"vanished_{end}", paths.places, r[end]) for end in ("after", "before"))
    return [*columns, *gone]


def passed(passages: Table, matched: Matched, files: Sequence[CaptureFile]) -> list[Shown]:
    """What taps saw of transmissions: in which capture, and where in it."""
    from synack.handshake.stations import labels

    capture = matched.segments["capture"][passages["row"]]
    return [
        _numbers("rung", passages["rung"]),
        _named("capture", labels(matched.captures), capture),
        _times("at", passages["at"]),
        *_places("", passages["row"], matched, files),
    ]


def _places(
    prefix: str, rows: Array, matched: Matched, files: Sequence[CaptureFile]
) -> list[Shown]:
    """Where rows of segments are, and between which MACs; nothing where -1."""
    s, none = matched.segments, rows < 0
    names = [file.path for file in files]
    return [
        *(_macs(f"{prefix}{name}", np.where(none, NO_MAC, s[name][rows]))
          for name in ("src_mac", "dst_mac")),
        _named(f"{prefix}file", names, np.where(none, -1, s["file"][rows])),
        _numbers(f"{prefix}frame", np.where(none, -1, s["frame"][rows])),
    ]  # fmt: skip


def legs() -> list[str]:
    """The names of what segments are to their attempts, by states.Event."""
    from synack.handshake.states import Event

    return ["", *(event.name.lower().replace("_", "-") for event in list(Event)[1:])]


def _attempt_of(matched: Matched) -> Array:
    if not len(matched.identity):
        return np.full(len(matched.sighting), -1)
    return matched.identity[matched.sighting]


def inspection(loaded: Loaded) -> list[Shown]:
    """One row per file: what it is, whose, its span, drops and damage."""
    rows: list[tuple[str, str, str, str, str, int, int, int, int, str]] = []
    for capture in loaded.captures:
        for f in capture.files:
            kind = " ".join(filter(None, (f.container, f.compression)))
            first = NO_TIME if f.first is None else f.first
            last = NO_TIME if f.last is None else f.last
            dropped = -1 if f.dropped is None else f.dropped
            note = "; ".join(w.removeprefix(f"{f.path}: ") for w in capture.warnings if f.path in w)
            links = ", ".join(f.link_types)
            rows.append((f.path, capture.host, capture.interface, kind, links, f.packets,
                         first, last, dropped, note))  # fmt: skip
    for source, dump in loaded.dumps:
        times = [e.at for e in dump.entries if e.at is not None]
        first, last = min(times, default=NO_TIME), max(times, default=NO_TIME)
        note = f"{len(dump.unread)} lines not read" if dump.unread else ""
        rows.append((source.path, source.host, source.interface, f"table: {dump.format}", "",
                     len(dump.entries), first, last, -1, note))  # fmt: skip
    for source, reading in loaded.readings:
        first, last = _span(reading.table)
        note = f"{len(reading.unread)} lines not read" if reading.unread else ""
        rows.append((source.path, source.host, "", f"{reading.table.schema.name}: {reading.kind}",
                     "", len(reading.table), first, last, -1, note))  # fmt: skip
    for source, hosts in loaded.hosts_files:
        rows.append((source.path, source.host, "", "hosts file", "", len(hosts), NO_TIME,
                     NO_TIME, -1, ""))  # fmt: skip
    for source, log in loaded.logs:
        dropped = -1 if log.dropped is None else log.dropped
        rows.append((source.path, source.host, source.interface or log.interface, "tcpdump log",
                     "", -1, NO_TIME, NO_TIME, dropped, ""))  # fmt: skip
    for kind, damages in (("unreadable", loaded.errors), ("not used", loaded.unknown)):
        rows += [
            (d.path, "", "", kind, "", -1, NO_TIME, NO_TIME, -1,
             str(d).removeprefix(d.path).lstrip(",: "))
            for d in damages
        ]  # fmt: skip
    names = ("file", "host", "interface", "kind", "link_type", "records", "first", "last",
             "dropped", "note")  # fmt: skip
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    shown = []
    for name, values in zip(names, columns, strict=True):
        if name in ("first", "last"):
            shown.append(_times(name, np.array(values, np.int64)))
        elif name in ("records", "dropped"):
            shown.append(_numbers(name, np.array(values, np.int64)))
        else:
            shown.append(_strings(name, np.array(values, dtype=object)))
    return shown


def _span(table: Table) -> tuple[int, int]:
    """First and last time that the rows themselves say."""
    ends = [table["start"], table["end"]] if "start" in table.columns else [table["at"]] * 2
    known = [column[column != NO_TIME] for column in ends]
    return (int(known[0].min(initial=NO_TIME if not len(known[0]) else 2**63 - 1)),
            int(known[1].max(initial=NO_TIME)))  # fmt: skip


def _strings(name: str, values: Array) -> Shown:
    """``values`` are str objects."""
    names, numbers = distinct(values.tolist())
    return _named(name, names, numbers)


def _named(name: str, names: Sequence[str], numbers: Array) -> Shown:
    """The text that each number has in ``names``; none for -1 or an empty text."""
    texts, places = distinct([*names, ""])
    values = places[numbers]
    used = np.bincount(values, minlength=len(texts)) > 0
    values = (np.cumsum(used) - 1).astype(np.int32)[values]
    strings = Strings.of(compress(texts, used.tolist()))
    return Shown(name, "str", values, (strings.lengths == 0)[values], strings)


def _numbers(name: str, values: Array) -> Shown:
    return Shown(name, "int", values, values < 0)


def _times(name: str, values: Array) -> Shown:
    return Shown(name, "time", values, values == NO_TIME)


def _macs(name: str, values: Array) -> Shown:
    places = ids_of(np.maximum(values, NO_MAC))
    return Shown(name, "str", places, values < 0, _mac_texts(values[representatives(places)]))


_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


def _mac_texts(macs: Array) -> Strings:
    """:func:`format_mac` of each."""
    matrix = np.full((len(macs), 17), ord(":"), np.uint8)
    for octet in range(6):
        value = macs >> (40 - 8 * octet) & 0xFF
        matrix[:, 3 * octet] = _HEX[value >> 4]
        matrix[:, 3 * octet + 1] = _HEX[value & 0xF]
    matrix[macs < 0] = FILL
    return Strings.squeezed(matrix)


def _ips(name: str, high: Array, low: Array, null: Array | None = None) -> Shown:
    """``null``: rows without an address."""
    null = np.zeros(len(high), bool) if null is None else null
    places = ids_of(np.where(null, 0, high), np.where(null, 0, low), null)
    some = representatives(places)
    texts = _ip_texts(high[some], low[some])
    if null.any():
        order = np.where(null[some], len(some), np.arange(len(some)))
        texts = texts.concat(Strings.of([""])).take(order)
    return Shown(name, "str", places, null, texts)


def _ip_texts(high: Array, low: Array) -> Strings:
    """:func:`format_ip` of each; of a million IPv4 addresses too."""
    v4 = (high == 0) & (low >> 32 == 0xFFFF)
    short = Strings.squeezed(_dotted(low[v4]))
    if v4.all():
        return short
    pairs = zip(high[~v4].tolist(), low[~v4].tolist(), strict=True)
    long = Strings.of(format_ip(*pair) for pair in pairs)
    order = np.empty(len(v4), np.int64)
    order[v4], order[~v4] = np.arange(len(short)), len(short) + np.arange(len(long))
    return short.concat(long).take(order)


def _dotted(addresses: Array) -> Bytes:
    """Dotted quads, one per row, filled where an octet has fewer than three digits."""
    octets = Strings.of(map(str, range(256))).padded(3)
    matrix = np.full((len(addresses), 15), ord("."), np.uint8)
    for place, shift in enumerate((24, 16, 8, 0)):
        matrix[:, 4 * place : 4 * place + 3] = octets[addresses >> np.uint64(shift) & 0xFF]
    return matrix
