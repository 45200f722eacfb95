"""Which frames and lines findings refer to, and what for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from synack.errors import UsageError
from synack.tables import Array, Table
from synack.wording import count

if TYPE_CHECKING:
    from synack.api import Diagnosis
    from synack.model import Finding

SHIFT = 40
"""Bits for the number of a frame in its file."""


def chosen(
    diagnosis: Diagnosis, findings: Collection[int], everything: bool = False
) -> dict[int, Finding]:
    """The findings with these numbers, from 1; all without any."""
    there = dict(enumerate(diagnosis.findings, 1))
    for number in findings:
        if number not in there:
            raise UsageError(f"no finding {number}; there {_are(len(there))}")
    if not there and not everything:
        raise UsageError("there is no finding to show; --all is for all handshakes")
    return {n: finding for n, finding in there.items() if not findings or n in findings}


def _are(number: int) -> str:
    return f"is {count(number, 'finding')}" if number == 1 else f"are {count(number, 'finding')}"


class Cited(NamedTuple):
    """A frame that a finding refers to, by the numbers of both from 1."""

    finding: int
    evidence: int
    says: str


def cited(
    diagnosis: Diagnosis, findings: Mapping[int, Finding]
) -> dict[tuple[int, int], list[Cited]]:
    """What findings refer to each frame for, by (row of its file, frame), in order."""
    numbers = {file.path: row for row, file in enumerate(diagnosis.diagnosed.loaded.files)}
    found: dict[tuple[int, int], list[Cited]] = {}
    for number, finding in findings.items():
        for place, evidence in enumerate(finding.evidence, 1):
            for source in evidence.sources:
                if source.frame is not None and source.file in numbers:
                    key = numbers[source.file], source.frame
                    found.setdefault(key, []).append(Cited(number, place, evidence.says))
    return found


def rows_at(table: Table, frames: Collection[tuple[int, int]]) -> Array:
    """Rows of segments or claims that these frames, by (row of file, frame), are."""
    keys = np.array([file << SHIFT | frame for file, frame in frames], np.int64)
    return np.flatnonzero(np.isin(keys_of(table["file"], table["frame"]), keys))


def keys_of(file: Array, frame: Array) -> Array:
    """One number for each frame: its file (row of ``files``) and its number there."""
    return file.astype(np.int64) << SHIFT | frame
