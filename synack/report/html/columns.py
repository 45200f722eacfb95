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

from synack.grouping import ids_of, representatives
from synack.model import Outcome
from synack.report import edges
from synack.report.edges import Shown
from synack.report.plain import printable
from synack.report.rungs import segment_name
from synack.tables import NO_TIME, Array, Table

if TYPE_CHECKING:
    from synack.handshake.matched import Matched
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
    from synack.handshake.rungs import rungs

    m, files = d.matched, d.loaded.files
    attempts = d.attempts.take(rows)
    table, passed = rungs(m, d.paths, rows)
    more = edges.wide(details(m, d.attempts, d.paths).take(rows), files, d.paths)
    shown = {
        **_named("", edges.handshakes(attempts, m.hosts, d.findings)),
        **_named("", [column for column in more if column.name in WIDE]),
        **_named("rung_", edges.transmissions(table, m, files, d.paths)),
        **_named("passed_", edges.passed(passed, m, files)),
    }
    texts = {name: [printable(text) for text in column.strings.tolist()]
             for name, column in shown.items() if column.kind == "str"}  # fmt: skip
    columns = {name: _numbers(column) for name, column in shown.items()}
    texts["rung_name"], columns["rung_name"] = _names(d, table)
    texts["clock"], columns["clock"] = [printable(host) for host in m.hosts], _clock(m, rows)
    columns["row"], columns["finding"] = rows, attempts["finding"]
    of_attempt = np.searchsorted(rows, columns.pop("rung_attempt"))
    columns["rungs"] = np.bincount(of_attempt, minlength=len(rows))
    begin = attempts["first"][of_attempt]
    for name in ("rung_sent_at", "rung_arrived_at"):
        columns[name] = _since(begin, columns[name])
    columns["passed_at"] = _since(begin[passed["rung"]], columns["passed_at"])
    return {"texts": texts, "stale_macs": [f.stale_mac for f in d.findings]}, columns


def _named(prefix: str, columns: list[Shown]) -> dict[str, Shown]:
    return {prefix + column.name: column for column in columns}


def _numbers(column: Shown) -> Array:
    return column.values if column.kind == "time" else np.where(column.null, -1, column.values)


def _clock(m: Matched, rows: Array) -> Array:
    """Whose clock the times of attempts are by, as a place in the hosts."""
    host = m.host_of_capture[m.sightings["capture"][m.near[rows]]]
    return np.array([clock.reference for clock in m.clocks], np.int64)[host]


def _names(d: Diagnosed, table: Table) -> tuple[list[str], Array]:
    """What the rungs are called, and for each its place there."""
    row = np.maximum(table["sent"], table["arrived"])
    icmp = np.where(row >= 0, d.matched.segments["icmp"][row], -1)
    ids = ids_of(table["leg"], icmp)
    some = representatives(ids)
    kinds = zip(table["leg"][some].tolist(), icmp[some].tolist(), strict=True)
    return [segment_name(leg, code) for leg, code in kinds], ids


def _since(begin: Array, at: Array) -> Array:
    return np.where((at == NO_TIME) | (begin == NO_TIME), NO_TIME, at - begin)
