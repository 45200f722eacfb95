"""What the page's script shows: the attempts and their ladders as columns of integers.

They are laid one after the other, each in the least type that holds it, behind a head in JSON that
names them; the whole is compressed. A browser reads that without parsing a number, and times stay
exact (64 bits), which they would not as numbers of JSON.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from synack.addresses import format_mac
from synack.grouping import ids_of, representatives
from synack.model import FATES, Outcome
from synack.report import edges
from synack.report.edges import Shown
from synack.report.plain import printable
from synack.report.rungs import segment_name
from synack.tables import NO_TIME, Array, Table

if TYPE_CHECKING:
    from synack.pipeline import Diagnosed

MOST = 200_000
"""Attempts that are embedded; of more, those that completed are thinned out first."""

WIDE = ("reason", "path", "vanished", "clock_doubt_ns", "translated_client", "translated_server",
        "translated_client_port", "translated_server_port")  # fmt: skip
"""Columns of ``handshakes --wide`` that a ladder does not tell."""

_TYPES = ("i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8")
_ALIGNED = 8


def embedded(d: Diagnosed) -> tuple[str, int]:
    """The attempts of a diagnosis for the script, as base64 of gzip (no character of it means
    anything in HTML), and how many they are."""
    from isal import igzip

    rows = chosen(d.attempts["outcome"], MOST)
    packed = igzip.compress(packed_columns(*document(d, rows)), mtime=0)
    return base64.b64encode(packed).decode(), len(rows)


def chosen(outcome: Array, most: int) -> Array:
    """Rows of attempts to embed, at most so many, ascending: those that did not complete, evenly
    thinned out if even they are too many; then of the completed ones as many as there is room
    for, likewise."""
    failed = _thinned(np.flatnonzero(outcome != Outcome.COMPLETED), most)
    completed = _thinned(np.flatnonzero(outcome == Outcome.COMPLETED), most - len(failed))
    return np.sort(np.concatenate([failed, completed]))


def _thinned(rows: Array, most: int) -> Array:
    return rows if len(rows) <= most else rows[np.arange(most) * len(rows) // max(most, 1)]


def packed_columns(texts: dict[str, Any], columns: dict[str, Array]) -> bytes:
    """The length of the head in 4 bytes (little endian), the head, and the columns, each
    at a multiple of 8. Of each the head says ``[type, begin, rows]``; ``texts`` stand in it as
    they are."""
    places, parts, at = {}, [], 0
    for name, values in columns.items():
        raw = _least(values)
        places[name] = [raw.dtype.str.lstrip("<|"), at, len(raw)]
        parts.append(raw.tobytes().ljust(-(-raw.nbytes // _ALIGNED) * _ALIGNED, b"\0"))
        at += len(parts[-1])
    head = json.dumps({"columns": places, **texts}, ensure_ascii=True).encode()
    head = head.ljust(-(-(len(head) + 4) // _ALIGNED) * _ALIGNED - 4)
    return b"".join([len(head).to_bytes(4, "little"), head, *parts])


def _least(values: Array) -> Array:
    """In the smallest integers that hold them."""
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    for name in _TYPES:
        limits = np.iinfo(name)
        if limits.min <= low and high <= limits.max:
            return values.astype(name)
    raise OverflowError(f"{high} is more than 64 bits hold")


def document(d: Diagnosed, rows: Array) -> tuple[dict[str, Any], dict[str, Array]]:
    """Of these rows of attempts (ascending): texts, and columns of integers.

    A column of names holds places in the texts of its name, -1 for none; so are numbers that
    nobody knows -1, and times NO_TIME (:mod:`synack.tables`). Times of ladders count from
    ``first`` of their attempt.
    """
    from synack.handshake.details import details

    attempts = d.attempts.take(rows)
    shown = edges.handshakes(attempts, d.matched.hosts, d.findings)
    more = edges.wide(details(d.matched, d.attempts, d.paths).take(rows), d.loaded.files, d.paths)
    shown += [column for column in more if column.name in WIDE]
    texts = {s.name: [printable(t) for t in s.strings.tolist()] for s in shown if s.kind == "str"}
    columns = {s.name: _numbers(s) for s in shown}
    columns |= {"finding": attempts["finding"], "row": rows}
    words, ladders = _ladders(d, rows)
    return {"texts": texts, **words}, columns | ladders


def _numbers(shown: Shown) -> Array:
    return shown.values if shown.kind == "time" else np.where(shown.null, -1, shown.values)


# ---- ladders ------------------------------------------------------------------------------


def _ladders(d: Diagnosed, rows: Array) -> tuple[dict[str, Any], dict[str, Array]]:
    """The rungs of all attempts one after the other, how many of each attempt, what taps saw of
    them, and the words for it."""
    from synack.handshake.match import CAUSES
    from synack.handshake.rungs import rungs
    from synack.handshake.stations import labels
    from synack.handshake.vantage import CLIENT

    table, passed = rungs(d.matched, d.paths, rows)
    names, name = _names(d, table)
    seen = _Seen(d)
    of_attempt = np.searchsorted(rows, table["attempt"])
    begin = d.attempts["first"][table["attempt"]]
    columns = {
        "rungs": np.bincount(of_attempt, minlength=len(rows)),
        "rung_name": name,
        "rung_from_client": (table["side"] == CLIENT).astype(np.int8),
        **{f"rung_{name}": table[name] for name in ("fate", "cause", "doubt_ns", "after", "before")},
        **seen.columns("sent", table["sent"], table["sent_at"], begin),
        **seen.columns("arrived", table["arrived"], table["arrived_at"], begin),
        "passed_rung": passed["rung"],
        "passed_capture": d.matched.segments["capture"][passed["row"]],
        **seen.columns("passed", passed["row"], passed["at"], begin[passed["rung"]]),
    }
    words = {
        "names": names,
        "macs": seen.macs,
        "files": [printable(file.path) for file in d.loaded.files],
        "captures": [printable(label) for label in labels(d.matched.captures)],
        "places": [printable(place) for place in d.paths.places],
        "fates": FATES,
        "causes": CAUSES,
        "stale_macs": [finding.stale_mac for finding in d.findings],
    }
    return words, columns


def _names(d: Diagnosed, table: Table) -> tuple[list[str], Array]:
    """What the rungs are called, and for each its place there."""
    row = np.maximum(table["sent"], table["arrived"])
    icmp = np.where(row >= 0, d.matched.segments["icmp"][row], -1)
    ids = ids_of(table["leg"], icmp)
    some = representatives(ids)
    kinds = zip(table["leg"][some].tolist(), icmp[some].tolist(), strict=True)
    return [segment_name(leg, code) for leg, code in kinds], ids


class _Seen:
    """Segments as columns: when, in which frame of which file, between which MACs."""

    def __init__(self, d: Diagnosed) -> None:
        self._segments = s = d.matched.segments
        known = np.unique(np.concatenate([s["src_mac"], s["dst_mac"]]))
        self._known = known[known >= 0]
        self.macs = [format_mac(mac) for mac in self._known.tolist()]

    def columns(self, prefix: str, rows: Array, at: Array, begin: Array) -> dict[str, Array]:
        """Of rows of segments (-1: none), at these times of attempts that began then."""
        s, none = self._segments, rows < 0
        columns = {name: np.where(none, -1, s[name][rows]) for name in ("file", "frame")}
        for name in ("src_mac", "dst_mac"):
            macs = np.where(none, -1, s[name][rows])
            columns[name] = np.where(macs < 0, -1, np.searchsorted(self._known, macs))
        columns["at"] = np.where((at == NO_TIME) | (begin == NO_TIME), NO_TIME, at - begin)
        return {f"{prefix}_{name}": values for name, values in columns.items()}
