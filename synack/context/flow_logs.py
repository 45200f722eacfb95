"""VPC Flow Logs of AWS, versions 2 to 5: text with or without a head, and Parquet.

Fields and their meaning: Amazon VPC User Guide, "Flow log records". A custom format has a
head that names its fields; without a head it is the default format of version 2, maybe
behind the time that CloudWatch puts before each record. Read in columns: such logs are large.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from synack.addresses import NO_IP, Address, parse_ip
from synack.context.reading import MOST_UNREAD, Reading
from synack.errors import Damage
from synack.stamps import SECOND
from synack.tables import FLOWS, NO_TIME, Array, Table

ACTIONS = ("", "ACCEPT", "REJECT")
STATUSES = ("", "OK", "NODATA", "SKIPDATA")
DIRECTIONS = ("", "ingress", "egress")

MOST_FLOWS = 20_000_000
"""Records that are kept of one file: 4 GB. What is beyond is said."""

DEFAULT = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes"
    " start end action log-status"
).split()
_FIELDS = frozenset(
    DEFAULT
    + "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id"
    " sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction"
    " traffic-path".split()
)
_TOLD_BY = frozenset(("srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"))
_RECORD = re.compile(
    rb"(\d{4}-\d\d-\d\dT[\d:.]{8,15}Z )?2 (?:\d{12}|unknown) eni-[0-9a-f]{8,17} (?:\S{1,45} ){9}"
    rb"(?:ACCEPT|REJECT|-) (?:OK|NODATA|SKIPDATA)\r?$"
)
_BLOCK = 1 << 22
"""Bytes that are read at once; a line longer than this ends the reading."""
_MAGIC = b"PAR1"

Read = Callable[[int], bytes]


def is_flow_log(head: bytes) -> bool:
    """Whether a file that begins so is a flow log in text."""
    return _layout(head) is not None


def is_parquet(head: bytes) -> bool:
    return head.startswith(_MAGIC)


def _layout(head: bytes) -> tuple[list[str], int] | None:
    """(fields, lines before the first record)."""
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    record = _RECORD.match(lines[0])
    if record is not None:
        return (["time"] if record[1] else []) + DEFAULT, 0
    if len(lines) < 2 or len(lines[0]) > 2000:
        return None
    words = lines[0].decode("latin-1").replace("_", "-").split()
    if len(words) > 1 and _TOLD_BY & set(words) and _FIELDS.issuperset(words):
        return words, 1
    return None


def read_flow_log(path: str, read: Read, head: bytes) -> Reading | None:
    """The records of a flow log in text; ``read`` gives the content, ``head`` its beginning.
    None when it is none."""
    from pyarrow import ArrowException, binary, csv

    layout = _layout(head)
    if layout is None:
        return None
    fields, skipped = layout
    bad: list[tuple[int, str]] = []

    def named(row: Any) -> str:
        bad.append((row.number, f"{row.actual_columns} fields instead of {row.expected_columns}"))
        return "skip"

    kept, warnings, rows = _Kept(path), [], 0
    names = [f"{name} {place}" for place, name in enumerate(fields)]  # a field may come twice
    try:
        batches = csv.open_csv(
            _Content(read),
            csv.ReadOptions(
                use_threads=False, block_size=_BLOCK, column_names=names, skip_rows=skipped
            ),
            csv.ParseOptions(
                delimiter=" ",
                quote_char=False,
                double_quote=False,
                ignore_empty_lines=False,
                invalid_row_handler=named,
            ),
            csv.ConvertOptions(
                column_types=dict.fromkeys(names, binary()), strings_can_be_null=False
            ),
        )
        for batch in batches:
            columns = dict(zip(fields, batch.columns, strict=True))
            rows += batch.num_rows
            if not kept.add(columns, batch.num_rows):
                break
    except (ArrowException, ValueError, MemoryError) as error:
        warnings.append(f"{path}: reading stopped at record {rows + 1}: {_first_line(error)}")
    table = kept.table(_line_numbers(kept.seen, skipped, [number for number, _ in bad]))
    unread = [Damage(path, reason, line=line) for line, reason in bad[:MOST_UNREAD]]
    if len(bad) > MOST_UNREAD:
        warnings.append(
            f"{path}: {len(bad)} lines could not be read, the first {MOST_UNREAD} are listed"
        )
    return Reading("VPC flow log", table, unread, lines=rows + skipped,
                   warnings=warnings + kept.warnings)  # fmt: skip


def read_flow_parquet(path: str, place: str) -> Reading | None:
    """The records of a flow log in the Parquet file at ``place``; None when it is of something
    else or cannot be read at all. ``line`` is the number of the row."""
    from pyarrow import ArrowException, parquet

    kept, warnings = _Kept(path), list[str]()
    try:
        with parquet.ParquetFile(place) as file:
            names = {name: name.replace("_", "-") for name in file.schema_arrow.names}
            wanted = [name for name, field in names.items() if field in _FIELDS]
            if not _TOLD_BY & set(names.values()):
                return None
            for batch in file.iter_batches(columns=wanted):
                columns = {
                    names[name]: batch.column(at) for at, name in enumerate(batch.schema.names)
                }
                if not kept.add(columns, batch.num_rows):
                    break
    except (ArrowException, OSError, ValueError, KeyError, MemoryError, OverflowError) as error:
        if not kept.seen:
            return None
        warnings.append(f"{path}: reading stopped at row {kept.seen + 1}: {_first_line(error)}")
    table = kept.table(np.arange(1, kept.seen + 1))
    return Reading("VPC flow log, Parquet", table, lines=len(table),
                   warnings=warnings + kept.warnings)  # fmt: skip


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


_ASCII = bytes(byte if byte < 0x80 else ord("?") for byte in range(256))
"""pyarrow hands on bad lines as text, and fails where they are not UTF-8."""


class _Content(io.RawIOBase):
    """What ``read`` gives, as pyarrow wants it."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._read(_BLOCK if size < 0 else size).translate(_ASCII)


class _Kept:
    """Batches turned into columns of :data:`FLOWS`. ``seen``: rows so far, empty ones too."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.seen = 0
        self.warnings: list[str] = []
        self._parts: list[dict[str, Array]] = []
        self._rows: list[Array] = []

    def add(self, columns: dict[str, Any], rows: int) -> bool:
        """Keep a batch; False when it is enough."""
        if self.seen + rows > MOST_FLOWS:
            self.warnings.append(f"{self.path}: only the first {self.seen} records were read")
            return False
        part = _converted(columns, rows)
        # An empty line is a row without anything.
        some = np.flatnonzero((part["start"] != NO_TIME) | (part["interface_id"] != "")
                              | (part["src_lo"] != 0))  # fmt: skip
        self._parts.append({name: column[some] for name, column in part.items()})
        self._rows.append(some + self.seen)
        self.seen += rows
        return True

    def table(self, lines: Array) -> Table:
        """All that was kept; ``lines`` has the line of each row seen."""
        if not self._parts:
            return Table.empty(FLOWS)
        columns = {
            name: np.concatenate([part.pop(name) for part in self._parts])
            for name in list(self._parts[0])
        }
        columns["line"] = lines[np.concatenate(self._rows)]
        columns["file"] = np.full(len(columns["line"]), self.path, object)
        return Table(FLOWS, columns)


def _converted(columns: dict[str, Any], rows: int) -> dict[str, Array]:
    """The columns of :data:`FLOWS` but for file and line."""
    converted: dict[str, Array] = {}

    def addresses(column: str, field: str) -> None:
        high, low = np.zeros(rows, np.uint64), np.zeros(rows, np.uint64)
        if field in columns:
            values, numbers = _distinct(columns[field])
            pairs = np.array([_address(value) for value in values] or [NO_IP], np.uint64)
            high, low = pairs[numbers, 0], pairs[numbers, 1]
        converted[f"{column}_hi"], converted[f"{column}_lo"] = high, low

    def numbers(column: str, field: str, most: int, missing: int = -1) -> None:
        values = _integers(columns[field]) if field in columns else np.full(rows, -1, np.int64)
        values[(values < 0) | (values > most)] = missing
        converted[column] = values

    def words(column: str, field: str, known: tuple[str, ...]) -> None:
        places = np.zeros(rows, np.uint8)
        if field in columns:
            values, at = _distinct(columns[field])
            index = [known.index(value) if value in known else 0 for value in values]
            places = np.array(index or [0], np.uint8)[at]
        converted[column] = places

    names, at = _distinct(columns["interface-id"]) if "interface-id" in columns else (["-"], None)
    texts = np.array(["" if name == "-" else name[:64] for name in names] or [""], object)
    converted["interface_id"] = texts[np.zeros(rows, np.int64) if at is None else at]
    addresses("src", "srcaddr")
    addresses("dst", "dstaddr")
    numbers("src_port", "srcport", 0xFFFF)
    numbers("dst_port", "dstport", 0xFFFF)
    numbers("protocol", "protocol", 0xFF)
    numbers("packets", "packets", 2**62)
    numbers("bytes", "bytes", 2**62)
    for name in ("start", "end"):
        numbers(name, name, 2**62 // SECOND, missing=-1)
        seconds = converted[name]
        converted[name] = np.where(seconds < 0, NO_TIME, seconds * SECOND)
    words("action", "action", ACTIONS)
    words("status", "log-status", STATUSES)
    words("direction", "flow-direction", DIRECTIONS)
    numbers("tcp_flags", "tcp-flags", 0xFFFF)
    addresses("pkt_src", "pkt-srcaddr")
    addresses("pkt_dst", "pkt-dstaddr")
    return converted


def _distinct(column: Any) -> tuple[list[str], Array]:
    """(distinct texts, their number in each row); null and what is no text are ``-``."""
    import pyarrow as pa
    from pyarrow import compute

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_integer(kind):
        column, kind = column.cast(pa.string()), pa.string()
    if not (pa.types.is_binary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        column = pa.nulls(len(column), pa.string())
    encoded = compute.fill_null(column, "-").dictionary_encode()
    values = [
        value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for value in encoded.dictionary.to_pylist()
    ]
    return values, np.asarray(encoded.indices, np.int64)


def _integers(column: Any) -> Array:
    """Integers of each row, -1 for what is none, such as ``-``."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_signed_integer(column.type):
        return np.array(compute.fill_null(column, -1), np.int64)
    values, numbers = _distinct(column)
    parsed = [int(value) if _DIGITS.fullmatch(value) else -1 for value in values]
    return np.array(parsed or [-1], np.int64)[numbers]


_DIGITS = re.compile(r"[0-9]{1,18}")


@lru_cache(maxsize=1 << 16)
def _address(text: str) -> Address:
    return (parse_ip(text) if len(text) <= 45 else None) or NO_IP


def _line_numbers(rows: int, before: int, bad: list[int]) -> Array:
    """The line of each row, when the first ``before`` lines and the ``bad`` ones (from 1) are
    none."""
    lines = np.arange(before + 1, before + 1 + rows + len(bad))
    return lines[~np.isin(lines, bad)][:rows]
