"""Tables of segments that make no sense, through the tracker and the numbering of rows.

    python tests/fuzz/fuzz_walk.py --seconds 60 --seed 1

Bounds checks and no overflow are what it looks for, so it is worth most under sanitizers
(asan.sh). What the results must be, the tests say.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from synack.grouping import ids_of
from synack.handshake.track import track
from synack.handshake.walk import COMPILED
from synack.tables import SEGMENTS, Table

SIZES = [0, 1, 5, 60, 2049, 9000]


def segments(rng: np.random.Generator) -> Table:
    """Values of the whole range, or so few that everything meets."""
    rows, most = int(rng.choice(SIZES)), int(rng.choice([2, 4, 200]))
    wild = rng.random() < 0.3
    columns = {}
    for name, dtype in SEGMENTS.dtypes.items():
        info = np.iinfo(dtype)
        low, high = (info.min, info.max) if wild else (0, min(info.max, most))
        columns[name] = rng.integers(low, high, rows, dtype=dtype, endpoint=True)
    columns["capture"] = rng.integers(0, 3, rows, dtype="i4")
    columns["kind"] = rng.integers(1, 7, rows, dtype="u1")
    return Table(SEGMENTS, columns)


def main() -> None:
    """Until the time is over."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng, end, done = np.random.default_rng(asked.seed), time.time() + asked.seconds, 0
    while time.time() < end:
        table = segments(rng)
        track(table)
        ids_of(table["seq"], table["time"], table["src_lo"])
        done += 1
    print(f"{done} tables, {'compiled' if COMPILED else 'uncompiled'}")  # noqa: T201


if __name__ == "__main__":
    main()
