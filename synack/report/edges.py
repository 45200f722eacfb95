"""From integer columns to what people and programs read: canonical text, nulls, times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synack.addresses import format_ip, format_mac
from synack.grouping import group_ids
from synack.model import OUTCOMES, CaptureFile, Finding
from synack.tables import NO_TIME, Array, Table

if TYPE_CHECKING:
    from synack.handshake.match import Matched
    from synack.loading import Loaded


@dataclass(frozen=True)
class Shown:
    """One column as it is shown: ``kind`` is str, int or time (ns); ``null`` marks the
    values that do not exist."""

    name: str
    kind: str
    values: Array
    null: Array

    def texts(self) -> list[str]:
        """Each value as text, "" for null; times ISO 8601 UTC with nanoseconds."""
        if self.kind == "time":
            text = np.datetime_as_string(self.values.astype("M8[ns]"), unit="ns")
            return [
                "" if missing else f"{value}Z"
                for value, missing in zip(text.tolist(), self.null.tolist(), strict=True)
            ]
        return [
            "" if missing else str(value)
            for value, missing in zip(self.values.tolist(), self.null.tolist(), strict=True)
        ]

    def objects(self) -> list[str | int | None]:
        """Each value for JSON: text, integer or None."""
        plain = self.texts() if self.kind == "time" else self.values.tolist()
        return [
            None if missing else value
            for value, missing in zip(plain, self.null.tolist(), strict=True)
        ]


def handshakes(attempts: Table, hosts: Sequence[str], findings: Sequence[Finding]) -> list[Shown]:
    """The columns of ``synack handshakes``."""
    a = attempts
    outcomes, kinds = np.array(OUTCOMES), np.array([*(f.kind for f in findings), ""])
    names = np.array([*hosts, ""], dtype=object)
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
        _strings("outcome", outcomes[a["outcome"]]),
        _strings("client_host", names[a["client_host"]]),
        _strings("server_host", names[a["server_host"]]),
        *(_numbers(name, a[name]) for name in counts),
        _macs("syn_src_mac", a["syn_src_mac"]),
        _macs("syn_ack_dst_mac", a["syn_ack_dst_mac"]),
        _numbers("retransmissions", a["retransmissions"]),
        _numbers("rtt_ns", a["rtt_ns"]),
        _strings("finding", kinds[a["finding"]]),
    ]


def neighbors(entries: Table) -> list[Shown]:
    """The columns of ``synack neighbors``."""
    e = entries
    return [
        _strings("host", e["host"]),
        _strings("interface", e["interface"]),
        _ips("ip", e["ip_hi"], e["ip_lo"]),
        _macs("mac", e["mac"]),
        _strings("state", e["state"]),
        _strings("flags", e["flags"]),
        *(_numbers(n, e[n]) for n in ("used_s", "confirmed_s", "updated_s", "probes")),
        _times("at", e["at"]),
        _strings("format", e["format"]),
        _strings("file", e["file"]),
        _numbers("line", e["line"]),
    ]


def segments(matched: Matched, files: Sequence[CaptureFile]) -> list[Shown]:
    """Every kept segment, with what it was to its attempt."""
    from synack.handshake.states import Event

    s = matched.segments
    paths = np.array([*(file.path for file in files), ""], dtype=object)
    hosts = np.array([*matched.hosts, ""], dtype=object)
    kinds = np.array(["", "SYN", "SYN-ACK", "ACK", "RST", "ICMP"], dtype=object)
    legs = np.array([e.name.lower().replace("_", "-") for e in Event], dtype=object)
    legs[0] = ""
    attempt = np.where(matched.sighting >= 0, _attempt_of(matched), -1)
    numbers = ("seq", "ack", "flags", "window", "payload", "ttl", "tsval", "tsecr", "vlan")
    return [
        _strings("host", hosts[matched.host_of_capture[s["capture"]]]),
        _strings("file", paths[s["file"]]),
        _numbers("frame", s["frame"]),
        _times("time", s["time"]),
        _strings("kind", kinds[s["kind"]]),
        _ips("src", s["src_hi"], s["src_lo"]),
        _numbers("src_port", s["src_port"]),
        _ips("dst", s["dst_hi"], s["dst_lo"]),
        _numbers("dst_port", s["dst_port"]),
        *(_numbers(name, s[name]) for name in numbers),
        _macs("src_mac", s["src_mac"]),
        _macs("dst_mac", s["dst_mac"]),
        _numbers("attempt", attempt),
        _strings("leg", legs[matched.leg]),
    ]


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
    for source, counters in loaded.counters:
        rows.append((source.path, source.host, "", "counters", "", len(counters), NO_TIME,
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


def _strings(name: str, values: Array) -> Shown:
    values = values.astype(object)
    return Shown(name, "str", values, values == "")


def _numbers(name: str, values: Array) -> Shown:
    return Shown(name, "int", values, values.astype(np.int64) < 0)


def _times(name: str, values: Array) -> Shown:
    return Shown(name, "time", values, values == NO_TIME)


def _macs(name: str, values: Array) -> Shown:
    distinct, place = np.unique(values, return_inverse=True)
    texts = np.array([format_mac(mac) for mac in distinct.tolist()] or [""], dtype=object)
    return Shown(name, "str", texts[place], values < 0)


def _ips(name: str, high: Array, low: Array) -> Shown:
    ids = group_ids(high, low)
    _, first = np.unique(ids, return_index=True)
    pairs = zip(high[first].tolist(), low[first].tolist(), strict=True)
    texts = np.array([format_ip(*pair) for pair in pairs] or [""], dtype=object)
    return Shown(name, "str", texts[ids], np.zeros(len(ids), bool))
