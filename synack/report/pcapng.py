"""The evidence as one capture: the frames of findings from all hosts, on one clock, each with a
comment that says what happened to it.

Times are those of the reference clock; an interface per capture, ``host:interface``. The frames
are as they were recorded, read from their files once more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synack.addresses import Address, parse_ip
from synack.capture.links import LINK_TYPES
from synack.capture.write import Interface, Packet, pcapng
from synack.errors import InputError, UsageError
from synack.handshake.clock import on_reference
from synack.output import write
from synack.report import text
from synack.report.cited import SHIFT, chosen, cited, keys_of, rows_at
from synack.report.plain import printable
from synack.report.remarks import Remarks, rows_of
from synack.tables import NO_TIME, Array, Table
from synack.wording import count

if TYPE_CHECKING:
    from synack.api import Diagnosis
    from synack.model import Finding

_SEGMENT, _CLAIM, _OTHER = range(3)
_NAMED = 5
"""So many files of one capture are named."""


def save(
    diagnosis: Diagnosis,
    path: Path | None,
    findings: Collection[int] = (),
    *,
    everything: bool = False,
    split: bool = False,
) -> list[str]:
    """Write the frames of these ``findings`` (by number from 1; none: of all) to ``path``, or
    standard output; with ``everything`` all handshakes. What there is to say of it.

    ``split``: where the captures have different link types, a file for each,
    ``OUT-LINUX_SLL2.pcapng`` beside ``OUT.pcapng``. Raises :class:`UsageError` without such a
    finding or any frame of it, or where ``path`` is a file that was read, and
    :class:`InputError` where one cannot be read again.
    """
    _check(diagnosis, path)
    with Annotated(diagnosis, chosen(diagnosis, findings, everything), everything) as made:
        types = made.link_types
        if not types:
            raise UsageError("no capture shows a frame of it: there is nothing to write")
        if split and len(types) > 1:
            return _save_parts(diagnosis, path, made)
        write(made.content(), path)
        says = [f"{path or 'standard output'}: {made}"]
        if len(types) > 1:
            differ = ", ".join(map(_name, types))
            says.append(f"link types differ ({differ}): {_MIXED}")
        return says


_MIXED = "Wireshark reads such a file, tcpdump does not; --split writes one for each"


def _save_parts(diagnosis: Diagnosis, path: Path | None, made: Annotated) -> list[str]:
    if path is None:
        raise UsageError("--split needs -o FILE")
    says = []
    for place, link_type in enumerate(made.link_types):
        part = path if not place else path.with_stem(f"{path.stem}-{_name(link_type)}")
        _check(diagnosis, part)
        write(made.content(link_type), part)
        says.append(f"{part}: {made}, those that are {_name(link_type)}")
    return says


def _check(diagnosis: Diagnosis, path: Path | None) -> None:
    if path is not None and any(_same(path, one) for one in diagnosis.recorded.inputs):
        raise UsageError(f"{path} is one of the files to read: choose another name")


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and one.samefile(other)


def _name(link_type: int) -> str:
    return LINK_TYPES.get(link_type, f"link-type-{link_type}")


class Annotated:
    """The frames, ready to be written. To be closed, or used in a ``with``."""

    def __init__(
        self, diagnosis: Diagnosis, findings: Mapping[int, Finding], everything: bool
    ) -> None:
        self._diagnosis, self._findings = diagnosis, findings
        d = diagnosis.diagnosed
        self._cited = cited(diagnosis, findings)
        self._file_names = [Path(file.path).name for file in d.loaded.files]
        self._number = np.zeros(len(d.attempts), np.int64)  # of the finding of each attempt
        for number in reversed(list(findings)):
            self._number[findings[number].rows] = number
        attempts = np.arange(len(d.attempts)) if everything else np.flatnonzero(self._number)
        segments, claims = d.matched.segments, d.loaded.claims
        rows = np.union1d(rows_of(d, attempts), rows_at(segments, self._cited))
        known = d.matched.sighting[rows] >= 0
        about = np.union1d(attempts, d.matched.identity[d.matched.sighting[rows[known]]])
        by_attempt = {row: f for f in reversed([*findings.values()]) for row in f.rows}
        self._remarks = Remarks(d, about, by_attempt)
        self._attempts = len(attempts)
        self._take(rows, np.union1d(_claims_about(claims, findings), rows_at(claims, self._cited)))
        self._frames = diagnosis.recorded.frames(self._file, self._frame)
        try:
            self._place()
        except BaseException:
            self.close()
            raise

    def _take(self, segments: Array, claims: Array) -> None:
        """Each frame with the row that it is, of either table, or of none."""
        d = self._diagnosis.diagnosed
        tables = (d.matched.segments, segments), (d.loaded.claims, claims)
        keys = [keys_of(table["file"][rows], table["frame"][rows]) for table, rows in tables]
        others = np.array([file << SHIFT | frame for file, frame in self._cited], np.int64)
        others = np.setdiff1d(others, np.concatenate(keys))
        self._kind = np.repeat(
            [_SEGMENT, _CLAIM, _OTHER], [len(segments), len(claims), len(others)]
        )
        self._row = np.concatenate([segments, claims, np.zeros(len(others), np.int64)])
        key = np.concatenate([*keys, others])
        self._file, self._frame = key >> SHIFT, key & ((1 << SHIFT) - 1)

    def _place(self) -> None:
        """Align the times, and describe the interfaces."""
        d, frames = self._diagnosis.diagnosed, self._frames
        mine = self._kind == _SEGMENT
        changed = frames.time[mine] != d.matched.segments["time"][self._row[mine]]
        if changed.any():
            file = d.loaded.files[self._file[mine][np.flatnonzero(changed)[0]]]
            raise InputError(file.path, "has changed since it was read")
        captures = {id(f): number for number, c in enumerate(d.loaded.captures) for f in c.files}
        capture_of = np.array([captures[id(file)] for file in d.loaded.files], np.int64)
        host = d.matched.host_of_capture[capture_of[self._file]]
        time = on_reference(d.matched.clocks, host, frames.time)
        self._timed = frames.time != NO_TIME
        self._time = np.where(self._timed, time, 0)
        self._order = np.lexsort((self._frame, self._file, self._time))
        self.interfaces: list[Interface] = []
        known: dict[Interface, int] = {}
        places = []
        for interface, number in zip(frames.interfaces, frames.file_of, strict=True):
            place = self._interface(int(capture_of[number]), interface.name, interface.link_type)
            place = place._replace(fcs_length=interface.fcs_length)
            places.append(known.setdefault(place, len(known)))
        used = np.bincount(np.array(places, np.int64)[frames.interface], minlength=len(known)) > 0
        self.interfaces = [one for one, some in zip(known, used.tolist(), strict=True) if some]
        self._interface_of = (np.cumsum(used) - 1)[np.array(places, np.int64)[frames.interface]]

    def _interface(self, number: int, name: str, link_type: int) -> Interface:
        d = self._diagnosis.diagnosed
        capture = d.loaded.captures[number]
        clock = d.matched.clocks[d.matched.host_of_capture[number]]
        names = [Path(file.path).name for file in capture.files]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        said = text.clock(clock, d.matched.hosts) or "the reference clock"
        return Interface(
            printable(
                ":".join(filter(None, (capture.host or "unnamed", name or capture.interface)))
            ),
            link_type,
            printable(f"{', '.join(names[:_NAMED])}{more}"),
            printable(f"clock: {said}"),
        )

    def __str__(self) -> str:
        return (
            f"{count(len(self._frames), 'frame')} of {count(self._attempts, 'attempt')},"
            f" {count(len(self.interfaces), 'interface')}"
        )

    @property
    def link_types(self) -> list[int]:
        """The one with most frames first."""
        types = np.array([interface.link_type for interface in self.interfaces], np.int64)
        numbers = np.bincount(types[self._interface_of], minlength=1)
        return sorted({*types.tolist()}, key=lambda link_type: -int(numbers[link_type]))

    def content(self, link_type: int | None = None) -> Iterator[bytes]:
        """The file: all frames, or those of a link type."""
        kept = [
            place
            for place, interface in enumerate(self.interfaces)
            if link_type in (None, interface.link_type)
        ]
        order = self._order[np.isin(self._interface_of[self._order], kept)]
        return pcapng(
            [self.interfaces[place] for place in kept],
            self._packets(order, {place: number for number, place in enumerate(kept)}),
            comments=["\n".join(self._about())],
            names=self._names(),
        )

    def _packets(self, order: Array, numbers: Mapping[int, int]) -> Iterator[Packet]:
        frames = self._frames
        for at in order.tolist():
            yield Packet(
                numbers[int(self._interface_of[at])],
                int(self._time[at]),
                frames[at],
                int(frames.original_length[at]),
                int(frames.direction[at]),
                [printable(comment) for comment in self._comments(at)],
            )

    def _comments(self, at: int) -> Iterator[str]:
        """What happened to it; and where it is from."""
        d = self._diagnosis.diagnosed
        row, file, frame = int(self._row[at]), int(self._file[at]), int(self._frame[at])
        cited_by = self._cited.get((file, frame), [])
        about = {
            c.finding: [e.evidence for e in cited_by if e.finding == c.finding] for c in cited_by
        }
        if self._kind[at] == _SEGMENT:
            sighting = int(d.matched.sighting[row])
            number = int(self._number[d.matched.identity[sighting]]) if sighting >= 0 else 0
            if number:
                about.setdefault(number, [])
            remark = self._remarks.segment(row)
        else:
            remark = self._remarks.claim(row) if self._kind[at] == _CLAIM else ""
            if not remark:
                remark = cited_by[0].says
        for number, places in about.items():
            evidence = ", ".join(map(str, places))
            yield f"finding {number}{evidence and f', evidence {evidence}'}: {remark}"
        if not about:
            yield remark
        yield f"frame {frame} of {self._file_names[file]}"
        if not self._timed[at]:
            yield "its time was not recorded"

    def _about(self) -> Iterator[str]:
        """The verdict, and how to read the file."""
        yield printable(text.verdict(self._diagnosis))
        for number, finding in self._findings.items():
            yield printable(f"finding {number}: {text.headline(finding)}: {finding.summary}")
        yield "Times are on one clock; how sure that is says the comment of each interface."
        yield 'Segments that are known to be lost: frame.comment contains "never seen"'

    def _names(self) -> dict[Address, list[str]]:
        found: dict[Address, list[str]] = {}
        for vantage in self._diagnosis.diagnosed.matched.vantages:
            for address in sorted(vantage.addresses) if vantage.host and not vantage.tap else ():
                names = found.setdefault(address, [])
                if (name := printable(vantage.host)) not in names:
                    names.append(name)
        return found

    def close(self) -> None:
        """Give up what was read."""
        self._frames.close()

    def __enter__(self) -> Annotated:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _claims_about(claims: Table, findings: Mapping[int, Finding]) -> Array:
    """Rows of the claims that name the address of a finding."""
    wanted = np.zeros(len(claims), bool)
    addresses = {parse_ip(finding.ip) for finding in findings.values()}
    for high, low in filter(None, addresses):
        for name in ("ip", "asked"):
            wanted |= (claims[f"{name}_hi"] == high) & (claims[f"{name}_lo"] == low)
    return np.flatnonzero(wanted)
