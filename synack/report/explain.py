"""The frames of the evidence as Wireshark dissects them, beside our own reading of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from synack.capture.write import Interface, pcapng
from synack.capture.write import Packet as Written
from synack.frames import Frames
from synack.report import compare, paint, text
from synack.report.cited import SHIFT, Cited, chosen, cited, keys_of
from synack.report.compare import Compared
from synack.report.dissect import Field, Packet, dissect, find_tshark
from synack.report.remarks import Remarks
from synack.tables import NO_TIME, Array, Table
from synack.wording import count, iso_time

if TYPE_CHECKING:
    from synack.api import Diagnosis
    from synack.model import Finding

SCHEMA = "synack.explanation/1"
MOST = 50
"""Packets of one explanation: tshark's dissection takes some KB and ms for each."""
_LONGEST = 1 << 16
"""Bytes of a frame that are dissected."""
_SHOWN = 400
"""Characters of a field that are shown."""


@dataclass(frozen=True)
class Explained:
    """One frame of the evidence."""

    file: str
    frame: int
    time: int
    """ns since 1970 UTC by the capture's own clock; NO_TIME none."""
    cited: list[Cited]
    """What for."""
    remark: str
    """What happened to it; "" for frames that are no segment and no ARP or ND message."""
    compared: list[Compared]
    packet: Packet

    @property
    def different(self) -> list[Compared]:
        """Fields that Wireshark reads otherwise."""
        return [field for field in self.compared if field.differs]


@dataclass(frozen=True)
class Explanation:
    """Frames of the evidence, in the order of findings and evidence."""

    findings: dict[int, Finding]
    frames: list[Explained]
    left_out: int
    """Frames of the evidence that are not among them."""
    warning: str = ""
    """Why Wireshark's dissection is not whole, else ""."""

    def to_text(self, color: bool = False) -> str:
        """For people: what each frame is evidence for, the comparison, the dissection; ``color``:
        with escape sequences for a terminal."""
        return paint.shown(self._lines(), color)

    def to_json(self) -> str:
        """For programs: ``synack.explanation/1``."""
        document = {
            "schema": SCHEMA,
            "frames": [_document(one) for one in self.frames],
            "left_out": self.left_out,
            "warnings": [self.warning] if self.warning else [],
        }
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"

    def __str__(self) -> str:
        return self.to_text()

    def _lines(self) -> Iterator[str]:
        if not self.frames:
            yield "No frame is among the evidence: there is nothing to dissect."
            return
        different = sum(len(one.different) for one in self.frames)
        agree = f"differ in {count(different, 'field')}" if different else "agree in every field"
        says = f"{count(len(self.frames), 'frame')} of the evidence: Wireshark and synack {agree}"
        yield paint.Line(says, paint.bad if different else paint.bold)
        if self.left_out:
            yield f"{count(self.left_out, 'more frame')} of it: see --most, or synack annotate"
        if self.warning:
            yield f"not all was dissected: {self.warning}"
        told: set[tuple[int, int]] = set()
        for one in self.frames:
            yield ""
            for number, place, says in one.cited:
                if (number, place) not in told:
                    said = text.wrap(f"Finding {number}, evidence {place}: {says}")
                    yield from text.painted(paint.bold, said)
                    told.add((number, place))
            yield from _shown(one)


def _shown(one: Explained) -> Iterator[str]:
    when = "" if one.time == NO_TIME else f", {iso_time(one.time)}"
    yield ""
    yield from text.wrap(f"{one.file} frame {one.frame}{when}", rest="  ")
    yield from text.wrap(one.remark, "  ") if one.remark else ()
    if one.compared:
        yield ""
        widths = [max(len(row[at]) for row in one.compared) for at in (0, 1)]
        widths = [max(width, len(head)) for width, head in zip(widths, _HEAD, strict=False)]
        for row in (_HEAD, *one.compared):
            mark = "   <- differs" if row is not _HEAD and row[1] != row[2] else ""
            cells = row[0].ljust(widths[0]), (row[1] or "-").ljust(widths[1]), row[2] or "-"
            line = f"  {'  '.join(cells)}{mark}".rstrip()
            yield paint.Line(line, paint.bad) if mark else line
    yield ""
    for layer in one.packet:
        yield paint.Line(f"  {layer.name}", paint.bold)
        for field in layer.fields:
            if field.line and _tells(field):
                yield f"    {_cut(field.line)}"


_HEAD = ("", "Wireshark", "synack")
_CARVED = (
    "frame.section_number", "frame.interface_id", "frame.offset_shift", "frame.time_delta",
    "frame.time_delta_displayed", "frame.time_relative", "frame.number", "frame.marked",
    "frame.ignored", "tcp.stream", "tcp.completeness", "tcp.time_relative", "tcp.time_delta",
)  # fmt: skip
"""Fields that say nothing of the packet, only of the few that were dissected with it."""


def _tells(field: Field) -> bool:
    return not field.hidden and field.name not in _CARVED


def _cut(line: str) -> str:
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]} ... ({len(line)} characters)"


def _document(one: Explained) -> dict[str, Any]:
    return {
        "file": one.file,
        "frame": one.frame,
        "time": None if one.time == NO_TIME else iso_time(one.time),
        "evidence": [
            {"finding": c.finding, "evidence": c.evidence, "says": c.says} for c in one.cited
        ],
        "remark": one.remark,
        "compared": [{**field._asdict(), "differs": field.differs} for field in one.compared],
        "layers": [
            {
                "name": layer.name,
                "fields": [
                    {"name": field.name, "value": field.value, "line": field.line}
                    for field in layer.fields
                    if _tells(field)
                ],
            }
            for layer in one.packet
        ],
    }


# ---- making one -----------------------------------------------------------------------------


def explain(diagnosis: Diagnosis, findings: Collection[int] = (), most: int = MOST) -> Explanation:
    """The evidence of these ``findings`` (by number from 1; none: of all), ``most`` frames of it:
    of each statement as many as of the others. Raises :class:`UsageError` without tshark or such
    a finding, :class:`InputError` where a capture cannot be read again."""
    find_tshark()  # before anything takes long
    looked_at = chosen(diagnosis, findings)
    every = cited(diagnosis, looked_at)
    some = _chosen_frames(every, most)
    d = diagnosis.diagnosed
    file, frame = (np.array(column, np.int64) for column in zip(*some, strict=True)) if some else (
        np.empty(0, np.int64), np.empty(0, np.int64)
    )  # fmt: skip
    paths = [one.path for one in d.loaded.files]
    with diagnosis.recorded.frames(file, frame) as frames:
        packets, warning = _dissected(frames) if some else ([], "")
        read = _Reading(diagnosis, looked_at, keys_of(file, frame))
        explained = []
        for at, (packet, (number, place)) in enumerate(zip(packets, some, strict=False)):
            size = len(frames[at])
            length, time = int(frames.original_length[at]), int(frames.time[at])
            compared = compare.record(packet, time, length, min(size, _LONGEST))
            remark, ours = read.of(number, place, packet)
            explained.append(
                Explained(
                    paths[number], place, time, every[number, place], remark, [*compared, *ours],
                    packet,
                )
            )  # fmt: skip
    return Explanation(looked_at, explained, len(every) - len(explained), warning)


def _chosen_frames(
    every: Mapping[tuple[int, int], list[Cited]], most: int
) -> list[tuple[int, int]]:
    """Of each statement the first frame, then of each the second, ... up to ``most``; in the order
    of the statements."""
    by_statement: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for frame, uses in every.items():
        by_statement.setdefault((uses[0].finding, uses[0].evidence), []).append(frame)
    turns = zip_longest(*by_statement.values())
    picked = [frame for turn in turns for frame in turn if frame is not None][:most]
    return sorted(picked, key=[*every].index)


def _dissected(frames: Frames) -> tuple[list[Packet], str]:
    """Carved into a capture of their own: tshark reads nothing else."""
    with TemporaryDirectory(prefix="synack-") as folder:
        path = Path(folder) / "evidence.pcapng"
        interfaces = [
            Interface(i.name, i.link_type, "", "", i.fcs_length) for i in frames.interfaces
        ]
        path.write_bytes(b"".join(pcapng(interfaces, _written(frames))))
        return dissect(path)


def _written(frames: Frames) -> Iterator[Written]:
    for at in range(len(frames)):
        time = int(frames.time[at])
        yield Written(
            int(frames.interface[at]), 0 if time == NO_TIME else time, frames[at][:_LONGEST],
            int(frames.original_length[at]), int(frames.direction[at]),
        )  # fmt: skip


class _Reading:
    """What synack itself reads in some frames (by their ``keys``)."""

    def __init__(self, diagnosis: Diagnosis, findings: Mapping[int, Finding], keys: Array) -> None:
        d = diagnosis.diagnosed
        m = d.matched
        self._tables = m.segments, d.loaded.claims
        self._rows = [_rows_by_key(table, keys) for table in self._tables]
        rows = np.array([*self._rows[0].values()], np.int64)
        attempts = np.unique(m.identity[m.sighting[rows[m.sighting[rows] >= 0]]])
        by_attempt = {row: f for f in reversed([*findings.values()]) for row in f.rows}
        self._remarks = Remarks(d, attempts, by_attempt)

    def of(self, file: int, frame: int, packet: Packet) -> tuple[str, Iterator[Compared]]:
        key = file << SHIFT | frame
        segments, claims = self._rows
        if (row := segments.get(key)) is not None:
            ours = _as_dict(self._tables[0], row)
            return self._remarks.segment(row), compare.segment(packet, ours)
        if (row := claims.get(key)) is not None:
            ours = _as_dict(self._tables[1], row)
            return self._remarks.claim(row), compare.claim(packet, ours)
        return "", iter(())


def _rows_by_key(table: Table, keys: Array) -> dict[int, int]:
    there = keys_of(table["file"], table["frame"])
    rows = np.flatnonzero(np.isin(there, keys))
    return dict(zip(there[rows].tolist(), rows.tolist(), strict=True))


def _as_dict(table: Table, row: int) -> dict[str, int]:
    return {name: int(column[row]) for name, column in table.columns.items()}
