"""A table of shown columns as text, CSV, JSON, NDJSON or Parquet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from synack.errors import UsageError
from synack.report.cells import Cells, Numbers, Texts, Times
from synack.report.edges import Shown
from synack.report.lines import aligned, packed
from synack.report.plain import printable
from synack.report.strings import FILL, SPACE, Strings
from synack.tables import NO_TIME

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("text", "csv", "json", "ndjson", "parquet")

_FEW = 1000
"""Numbers below are looked up as texts."""


def render(columns: Sequence[Shown], form: str) -> Iterator[bytes]:
    """The whole table in one of :data:`FORMATS`, piece by piece."""
    if form == "text":
        return _text(columns)
    if form == "csv":
        return _csv(columns)
    if form == "json":
        return _json(columns)
    if form == "ndjson":
        return _ndjson(columns)
    if form == "parquet":
        from synack.report import parquet

        return parquet.render(columns)
    raise UsageError(f"unknown format {form!r}: one of {', '.join(FORMATS)}")


def frame(columns: Sequence[Shown]) -> pd.DataFrame:
    """A DataFrame: times ``datetime64[ns, UTC]``, integers ``Int64``, text ``str`` or None."""
    import pandas as pd

    data: dict[str, pd.Series] = {}
    for c in columns:
        if c.kind == "time":
            times = np.where(c.null, NO_TIME, c.values).astype("M8[ns]")
            data[c.name] = pd.Series(times).dt.tz_localize("UTC")
        elif c.kind == "int":
            data[c.name] = pd.Series(pd.arrays.IntegerArray(c.values.astype(np.int64), c.null))
        else:
            texts = np.array([*c.strings.tolist(), None], dtype=object)
            data[c.name] = pd.Series(texts[np.where(c.null, -1, c.values)], dtype="str")
    return pd.DataFrame(data)


def _text(columns: Sequence[Shown]) -> Iterator[bytes]:
    """Aligned columns, nothing cut; empty values as ``-``."""
    cells = [_cells(column, _tame, "-", SPACE) for column in columns]
    widths = [max(len(c.name), made.characters) for c, made in zip(columns, cells, strict=True)]
    header = "  ".join(c.name.ljust(width) for c, width in zip(columns, widths, strict=True))
    yield f"{header.rstrip(' ')}\n".encode()
    gaps = [b" " * (w - made.characters + 2) for w, made in zip(widths, cells, strict=True)]
    yield from aligned(cells, [b"", *gaps], _rows(columns))


def _csv(columns: Sequence[Shown]) -> Iterator[bytes]:
    yield f"{','.join(_csv_cell(c.name) for c in columns)}\n".encode()
    cells = [_cells(column, _csv_cells, "", FILL) for column in columns]
    gaps = [b"", *[b","] * (len(cells) - 1), b"\n"]
    yield from _packed(columns, cells, gaps)


def _ndjson(columns: Sequence[Shown]) -> Iterator[bytes]:
    keys = [json.dumps(c.name, ensure_ascii=False) for c in columns]
    gaps = ["{" + f"{keys[0]}: ", *(f", {key}: " for key in keys[1:]), "}\n"]
    yield from _packed(columns, _json_cells(columns), [gap.encode() for gap in gaps])


def _json(columns: Sequence[Shown]) -> Iterator[bytes]:
    """An array of objects, one key per line; every row but the first begins with a comma."""
    keys = [json.dumps(c.name, ensure_ascii=False) for c in columns]
    gaps = [",\n {" + f"\n  {keys[0]}: ", *(f",\n  {key}: " for key in keys[1:]), "\n }"]
    rows = _packed(columns, _json_cells(columns), [gap.encode() for gap in gaps])
    first = next(rows, None)
    if first is None:
        yield b"[]\n"
        return
    yield b"[" + first[1:]
    yield from rows
    yield b"\n]\n"


def _json_cells(columns: Sequence[Shown]) -> list[Cells]:
    return [_cells(column, _quoted, "null", FILL, '"') for column in columns]


def _cells(
    c: Shown, escaped: Callable[[Strings], Strings], missing: str, fill: int, quote: str = ""
) -> Cells:
    if c.kind == "time":
        return Times(c.values, c.null, missing, fill, quote)
    if c.kind == "str":
        return Texts(escaped(c.strings), c.values, c.null, missing, fill)
    values = np.where(c.null, 0, c.values)
    least, most = int(values.min(initial=0)), int(values.max(initial=0))
    if least >= 0 and most >= _FEW:
        return Numbers(c.values, c.null, missing, fill)
    if least >= 0:
        return Texts(Strings.of(map(str, range(most + 1))), values, c.null, missing, fill)
    numbers, places = np.unique(values, return_inverse=True)
    return Texts(Strings.of(map(str, numbers.tolist())), places, c.null, missing, fill)


def _tame(strings: Strings) -> Strings:
    """For a terminal, and nothing empty."""
    if strings.is_plain() and strings.lengths.all():
        return strings
    return strings.map(lambda text: printable(text) or "-")


_FORMULA = "=+-@\t\r"


def _csv_cells(strings: Strings) -> Strings:
    plain = strings.is_plain(but=b'",' + _FORMULA.encode())
    return strings if plain else strings.map(_csv_cell)


def _csv_cell(text: str) -> str:
    """A spreadsheet takes what begins so for a formula, and may run it: an apostrophe before it
    makes it text (OWASP, CSV injection)."""
    if text.startswith(tuple(_FORMULA)):
        text = f"'{text}"
    if any(
        c in text for c in '",\r\n'
    ):  # RFC 4180, and a bare CR, which some take for a line's end
        text = '"' + text.replace('"', '""') + '"'
    return text


def _quoted(strings: Strings) -> Strings:
    return strings.map(lambda text: json.dumps(text, ensure_ascii=False))


def _packed(
    columns: Sequence[Shown], cells: Sequence[Cells], gaps: Sequence[bytes]
) -> Iterator[bytes]:
    """Bytes of file names that are not UTF-8 come out as they are."""
    pieces = packed(cells, gaps, _rows(columns))
    if all(column.strings.is_unicode() for column in columns):
        return pieces
    return (
        raw.decode("utf-8", "surrogatepass").encode("utf-8", "surrogateescape") for raw in pieces
    )


def _rows(columns: Sequence[Shown]) -> int:
    return len(columns[0].values)
