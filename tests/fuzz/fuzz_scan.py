"""Fuzz the scan: nothing may crash, hang, raise anything but InputError, or grow.

    python tests/fuzz/fuzz_scan.py --seconds 60 --seed 1 [folder or capture ...]

Mutates captures (bits flipped, bytes set to extremes, length fields set to lies, cut,
spliced with another, parts repeated or moved): the built ones of test_capture_scan.py, the
fixtures, and those of the folders given, of large ones a part. Each is read whole and
sometimes in small pieces, with room for many rows or for two; every fourth is also read
the general way, and some are counted in parts, which has to give the same. Meant for
asan.sh, which runs it with a build that AddressSanitizer watches; works with any build.

Every finding is written to a file of ``--findings``, with what went wrong beside it; the
input at hand is always in ``current`` there (4 bytes of its length, then itself), for when
the process dies. The last line says how much was done; the exit code is 1 when there was
a finding.
"""

from __future__ import annotations

import argparse
import faulthandler
import io
import mmap
import random
import resource
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import test_capture_parts as splitting
import test_capture_scan as tests

from synack.capture import scan
from synack.capture.window import open_window

LARGEST = 48 * 1024
"""Bytes of one input: many small ones find more than few large ones."""

SLOW = 2.0
"""Seconds that one input may take."""

GROWTH = 300 << 20
"""Bytes that the process may grow by."""

EXTREMES = [0, 1, 2, 3, 0x7F, 0x80, 0xFE, 0xFF]
LIES = [
    0, 1, 3, 4, 8, 11, 12, 16, 19, 20, 28, 31, 32, 33, 54, 60, 0xFFFC, 0xFFFF, 1 << 16, 1 << 18,
    (1 << 18) + 1, 1 << 19, 1 << 24, (1 << 27) + 1, (1 << 30) - 1, (1 << 31) - 1, 1 << 31,
    (1 << 32) - 33, (1 << 32) - 32, (1 << 32) - 4, (1 << 32) - 1,
]  # fmt: skip


class Pieces(io.RawIOBase):
    """A stream that hands out pieces of given sizes, in turn."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        self._content = io.BytesIO(content)
        self._sizes = sizes

    def read(self, size: int = -1) -> bytes:
        self._sizes.append(self._sizes.pop(0))
        return self._content.read(self._sizes[0])


def seeds(folders: list[str]) -> list[bytes]:
    """Captures to mutate, whole or their beginning."""
    found = list(tests.BUILT.values())
    for folder in [str(tests.FIXTURES), *folders]:
        top = Path(folder)
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and path.stat().st_size:
                with open_window(path) as window:  # the scan is tested, not the compressions
                    found.append(window.read(LARGEST))
    return [content[:LARGEST] for content in found if content]


def headers(content: bytes) -> list[int]:
    """Where records or blocks begin, as far as the lengths can be followed."""
    ends, at = [], 24
    blocks = content[:4] == b"\x0a\x0d\x0d\x0a"
    big = content[8:9] == b"\x1a" if blocks else content[:1] == b"\xa1"
    order = "big" if big else "little"
    at = 0 if blocks else 24
    while at + 16 <= len(content) and len(ends) < 300:
        ends.append(at)
        length = int.from_bytes(content[at + (4 if blocks else 8) :][:4], order)
        at += max(length, 12) if blocks else 16 + length
    return ends or [0]


def shorten(content: bytearray, at: int, by: int) -> None:
    """Take bytes off the end of one packet, as a smaller snaplen would have."""
    blocks = content[:4] == b"\x0a\x0d\x0d\x0a"
    order = ">" if content[8 if blocks else 0] in (0x1A, 0xA1) else "<"
    field = at + (20 if blocks else 8)
    if field + 4 > len(content):
        return
    (captured,) = struct.unpack_from(order + "I", content, field)
    data = field + 8
    if not by <= captured <= len(content) - data:
        return
    struct.pack_into(order + "I", content, field, captured - by)
    if not blocks:
        del content[data + captured - by : data + captured]
        return
    padded, less = captured + -captured % 4, captured - by
    (length,) = struct.unpack_from(order + "I", content, at + 4)
    if length != padded + 32 or at + length > len(content):
        return
    content[data + less : data + padded] = bytes(-less % 4)
    length -= padded - less - -less % 4
    struct.pack_into(order + "I", content, at + 4, length)
    struct.pack_into(order + "I", content, at + length - 4, length)


def mutate(rng: random.Random, seeds: list[bytes]) -> bytes:
    content = bytearray(rng.choice(seeds))
    if rng.random() < 0.6:  # a part from a record on: more of what is changed is reached
        starts = headers(content)
        first = rng.randrange(len(starts))
        head = 24 if content[:4] != b"\x0a\x0d\x0d\x0a" else starts[min(2, len(starts) - 1)]
        content = content[:head] + content[max(starts[first], head) :][: rng.choice([500, 8000])]
    starts = headers(content)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        if len(content) < 40:
            break
        at = rng.choice(starts) + rng.choice([0, 8, 16, 28, 28, 42, 48, 62])
        near = min(at + rng.randrange(48), len(content) - 5)
        kind = rng.randrange(10)
        if kind == 0:
            content[near] ^= 1 << rng.randrange(8)
        elif kind == 1:
            content[rng.randrange(len(content))] = rng.choice(EXTREMES)
        elif kind == 2:
            content[near] = rng.choice(EXTREMES)
        elif kind == 3:  # a length of a record, block, packet or option
            field = min(rng.choice(starts) + rng.choice([0, 4, 8, 12, 20, 24]), len(content) - 4)
            order = rng.choice(["little", "big"])
            content[field : field + 4] = rng.choice(LIES).to_bytes(4, order)
        elif kind == 4:
            content[near : near + 2] = (rng.choice(LIES) & 0xFFFF).to_bytes(2, "big")
        elif kind == 5:
            del content[rng.randrange(len(content)) :]
        elif kind == 6:
            other = rng.choice(seeds)
            content = content[: rng.choice(starts)] + other[rng.choice(headers(other)) :]
            content = content[:LARGEST]
        elif kind >= 8:
            shorten(content, rng.choice(starts), rng.choice([1, 2, 4, 10, 20, 30, 50]))
        else:
            part = content[near : near + rng.randrange(1, 200)]
            if rng.random() < 0.5:
                content[near:near] = part
            else:
                del content[near : near + len(part)]
    return bytes(content)


def small(content: bytes, **options: Any) -> tests.Result:
    """With little room: a full-sized scanner would cost more than the reading."""
    return tests.read(content, scanner=scan.Scanner(0, rows=64, slots=1024), **options)


def check(rng: random.Random, content: bytes, done: Counter[str]) -> None:
    """Read it once more; AssertionError where two ways to read it differ."""
    began = time.perf_counter()
    whole = small(content)
    took = time.perf_counter() - began
    assert took < SLOW, f"took {took:.1f} s"
    done["unreadable"] += "error" in whole
    if rng.random() < 0.3:
        sizes = [rng.choice([1, 2, 7, 16, 60, 1000, 4096]) for _ in range(rng.randrange(1, 6))]
        if len(content) / max(sizes) < 3000:
            done["in pieces"] += 1
            parts = small(content, stream=lambda c: Pieces(c, list(sizes)))
            assert parts == whole, f"in pieces of {sizes} it differs"
    if rng.random() < 0.25:
        done["compared"] += 1
        assert small(content, fast=False) == whole, "the general path differs"
    if rng.random() < 0.3:
        done["in parts"] += 1
        offsets = splitting.records_of(content) or [0]
        begins = sorted({rng.choice(offsets) for _ in range(rng.choice([1, 2, 4]))})
        if rng.random() < 0.2:
            begins.append(rng.randrange(len(content) + 1))
        assert splitting.read(content, begins) == splitting.read(content), f"in parts from {begins}"
    if rng.random() < 0.1:
        done["with few slots"] += 1
        fast, slow = (
            tests.read(content, fast=fast, scanner=scan.Scanner(0, rows=2, slots=8))
            for fast in (True, False)
        )
        assert fast == slow, "the general path differs with few slots"


def inputs(seconds: float, rng: random.Random, found: list[bytes]) -> Iterator[bytes]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield mutate(rng, found)


def largest() -> int:
    """Bytes this process has had in memory at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--findings", type=Path, default=None, help="folder; default: a new one")
    parser.add_argument("captures", nargs="*", help="more captures to mutate, or folders of them")
    arguments = parser.parse_args()
    folder = arguments.findings or Path(tempfile.mkdtemp(prefix="fuzz_scan."))
    folder.mkdir(parents=True, exist_ok=True)
    found = seeds(arguments.captures)
    print(f"{scan.__file__}: {len(found)} captures; findings in {folder}", flush=True)  # noqa: T201
    rng = random.Random(arguments.seed)
    done: Counter[str] = Counter()
    before = largest()
    start = time.monotonic()
    (folder / "current").write_bytes(bytes(4 * LARGEST))
    with (folder / "current").open("r+b") as file:
        current = mmap.mmap(file.fileno(), 0)
    for content in inputs(arguments.seconds, rng, found):
        current[: len(content) + 4] = len(content).to_bytes(4, "little") + content
        if done["files"] % 100 == 0:
            faulthandler.dump_traceback_later(120, exit=True)
        problem = ""
        try:
            check(rng, content, done)
        except Exception:
            problem = traceback.format_exc()
        if done["files"] % 20 == 0 and (grown := largest() - before) > GROWTH:
            before += grown
            problem += f"grew by {grown >> 20} MiB, by this or one of 20 before\n"
        done["files"] += 1
        done["bytes"] += len(content)
        if problem:
            done["findings"] += 1
            if done["findings"] <= 50:
                name = f"finding-{arguments.seed}-{done['findings']}"
                (folder / name).write_bytes(content)
                (folder / f"{name}.txt").write_text(problem)
                print(name, problem.strip().split("\n")[-1][:300], flush=True)  # noqa: T201
    faulthandler.cancel_dump_traceback_later()
    seconds = time.monotonic() - start
    grown = largest() - before
    counts = ", ".join(f"{count} {name}" for name, count in done.items())
    print(  # noqa: T201
        f"{counts}; {done['files'] / seconds:.0f} files/s, grown by {grown >> 20} MiB"
    )
    return 1 if done["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
