"""Parts of a large plain file whose packets are counted side by side, with the result of
counting in order.

Which segments are kept depends on all before them, so that is read in order. Keeping all
that could matter, and deciding where the parts meet, was tried: on two processors it
took as long, twice the memory, and half as much again of the processors' time.

Where a record begins can only be guessed without reading all before. So each part begins
at a guess, and assumes that its reader knows by then what it knows now. Whoever reads in
order looks whether both were true when he comes there: then he takes what the part has
read and goes on behind it, and else he reads on as if there were no part. A part ends early in
front of all that is more than a packet, so that nothing has to be undone.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import pairwise
from typing import TYPE_CHECKING

from synack.capture.reader import CaptureReader, Record

if TYPE_CHECKING:
    from synack.capture.segments import Collector

_SAMPLE = 1 << 18
"""Bytes in which a record must show: four of the largest that are common."""


class Part:
    """The records from ``begin`` to ``limit``, or to wherever its reading ends."""

    def __init__(
        self,
        executor: ThreadPoolExecutor,
        collector: Collector,
        reader: CaptureReader,
        begin: int,
        limit: int | None,
    ) -> None:
        self.begin = self.end = begin
        self.revision = reader.revision
        self.collector = collector.elsewhere()
        self.reader = reader.elsewhere(reader.window.at(begin))
        self._limit = limit
        self._done: Future[None] = executor.submit(self._read)

    def next(self) -> Record | None:
        """The next record, if the reader learns nothing else on the way to it; else the part
        ends before what lies there."""
        reader = self.reader
        self.end, frames, records = reader.window.offset, reader.frames, reader.records
        record = next(reader, None)
        if record is None or reader.revision != self.revision:
            reader.frames, reader.records = frames, records
            return None
        return record

    def wait(self, seconds: float) -> bool:
        """Whether all of it is read, by then at most. Raises what the reading raised."""
        wait([self._done], seconds)
        if not self._done.done():
            return False
        self._done.result()
        return True

    def give_up(self) -> None:
        """Nobody needs it any more: end its reading, and wait for that."""
        self.collector.halted = True
        wait([self._done])

    def _read(self) -> None:
        if self.collector.read_to(self._limit, self.reader, self):
            self.end = self.reader.window.offset


def begin_parts(
    collector: Collector, reader: CaptureReader, parts: int, smallest: int
) -> list[Part]:
    """Begin to read all parts but the first, which is the caller's, of what is left of a
    large plain file; as many as ``parts`` and their ``smallest`` size allow."""
    window = reader.window
    if not window.plain or window.size is None:
        return []
    left = window.size - window.offset
    parts = min(parts, left // smallest)
    begins: set[int] = set()
    for number in range(1, parts):
        guess = window.offset + left * number // parts
        begin = reader.find_record(window.at(guess).peek(_SAMPLE), guess)
        if begin is not None:
            begins.add(begin)
    if not begins:
        return []
    executor = ThreadPoolExecutor(len(begins), "synack-part")
    found = [
        Part(executor, collector, reader, begin, limit)
        for begin, limit in pairwise([*sorted(begins), None])
        if begin is not None
    ]
    executor.shutdown(wait=False)
    return found
