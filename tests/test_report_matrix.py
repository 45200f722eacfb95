"""Clients by servers: every attempt counted once, the worst first, few of many."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from test_report_rungs import FIXTURES, diagnosed
from test_svg import HOSTILE, parsed

from synack.model import OUTCOMES, Outcome
from synack.pipeline import load, run
from synack.report import matrix
from synack.report.svg import Box, Drawing, Text
from synack.tables import ATTEMPTS, Table

V4 = 0xFFFF << 32
LOST, DONE = Outcome.SYN_ACK_LOST, Outcome.COMPLETED


def table(*rows: tuple[int, int, int], host: int = -1) -> Any:
    """Attempts as (client, server, outcome); addresses 10.0.0.N."""
    base = V4 | 10 << 24
    columns = {name: np.zeros(len(rows), kind) for name, kind in ATTEMPTS.dtypes.items()}
    columns["client_lo"] = np.array([base | r[0] for r in rows], np.uint64)
    columns["server_lo"] = np.array([base | r[1] for r in rows], np.uint64)
    columns["server_port"] = np.full(len(rows), 9092)
    columns["outcome"] = np.array([r[2] for r in rows])
    columns["client_host"] = columns["server_host"] = np.full(len(rows), host)
    return SimpleNamespace(
        attempts=Table(ATTEMPTS, columns), matched=SimpleNamespace(hosts=[HOSTILE])
    )


def texts(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Text)]


def test_the_mission() -> None:
    m = matrix.matrix(diagnosed("stale-arp"))
    assert next((p.address, p.host) for p in m.clients) == ("10.0.1.77", "producer-7")
    assert [p.address for p in m.servers] == ["10.0.1.10:9092"]
    assert m.counts.sum() == 76
    assert m.counts[0, 0, LOST] == 6
    drawing = matrix.draw(m)
    assert drawing.title == "76 attempts by client and server"
    assert {"4 of 10", "22 of 22", "syn-ack-lost", "completed"} <= set(texts(drawing))
    assert len(drawing.svg()) < 26_000


def test_the_worst_first() -> None:
    m = matrix.matrix(table((1, 9, DONE), (2, 9, LOST), (3, 8, LOST), (3, 9, LOST), (1, 9, DONE)))
    assert [p.address for p in m.clients] == ["10.0.0.3", "10.0.0.2", "10.0.0.1"]
    assert [p.address for p in m.servers] == ["10.0.0.9:9092", "10.0.0.8:9092"]


def test_shares_of_a_cell() -> None:
    """As wide as their numbers; nothing where there was no attempt."""
    drawing = matrix.draw(matrix.matrix(table(*[(1, 9, DONE)] * 3, (1, 9, LOST), (2, 8, DONE))))
    cells = [s for s in drawing.shapes if isinstance(s, Box) and s.hint.startswith("10.0.0.1 to")]
    assert [round(c.width / cells[0].width) for c in cells] == [1, 3]
    assert cells[0].hint.endswith("1 syn-ack-lost, 3 completed")
    assert sum(text.endswith((" of 4", " of 1")) for text in texts(drawing)) == 2


def test_of_many_the_worst() -> None:
    """The others are counted below."""
    rows = [(n, 200 + n % 20, DONE) for n in range(100)] + [(99, 219, LOST)]
    m = matrix.matrix(table(*rows))
    assert (len(m.clients), len(m.servers)) == (matrix.ROWS, matrix.COLUMNS)
    assert (m.more_clients, m.more_servers) == (60, 8)
    assert m.clients[0].address == "10.0.0.99"
    assert m.counts.sum() + sum(m.left_out.values()) == 101
    assert any("60 more clients and 8 more servers" in text for text in texts(matrix.draw(m)))


def test_nothing() -> None:
    assert matrix.draw(matrix.matrix(table())).title == "0 attempts by client and server"


def test_hostile_names_are_text() -> None:
    svg = matrix.draw(matrix.matrix(table((1, 9, LOST), host=0)))
    assert {e.tag.rpartition("}")[2] for e in parsed(svg).iter()} <= {
        "svg", "title", "rect", "text"}  # fmt: skip


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        ("10.0.1.10:9092", 1),
        ("[fd00:10:0:1::10]:9092", 1),
        ("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535", 2),
    ],
)
def test_no_address_is_cut(address: str, lines: int) -> None:
    """The column grows, and a very long one goes over two lines, clear of what stands above."""
    one = matrix.Matrix([matrix.Place("10.0.0.1", "")], [matrix.Place(address, "broker")],
                        np.ones((1, 1, len(OUTCOMES)), np.int64), 0, 0, {})  # fmt: skip
    drawing = matrix.draw(one)
    parts = [s for s in drawing.shapes if isinstance(s, Text) and s.mono and s.anchor == "middle"]
    assert "".join(part.text for part in parts) == address
    assert len(parts) == lines
    (name,) = [s for s in drawing.shapes if isinstance(s, Text) and s.text == "broker"]
    assert 46 + 8 < name.y < min(part.y for part in parts)
    assert max(len(part.text) for part in parts) * 6.02 < 200


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/case.toml")), ids=lambda p: p.parent.name)
def test_every_attempt_is_counted_once(path: Path) -> None:
    d = run(load([str(path.parent)]))
    m = matrix.matrix(d)
    total = m.counts.sum(axis=(0, 1)) + [m.left_out.get(name, 0) for name in OUTCOMES]
    assert total.tolist() == np.bincount(d.attempts["outcome"], minlength=len(OUTCOMES)).tolist()
    assert parsed(matrix.draw(m)) is not None
