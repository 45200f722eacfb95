"""Clients by servers: what became of the attempts between each two, as a drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synack.addresses import format_ip
from synack.grouping import ids_of, representatives
from synack.model import OUTCOMES, Outcome
from synack.report.palette import COLOURS, FAILED_FIRST
from synack.report.rungs import endpoint
from synack.report.svg import (
    GREY,
    INK,
    MONO_COLUMN,
    Box,
    Drawing,
    Shape,
    Text,
    fitted,
    legend,
    width_of,
)
from synack.tables import Array
from synack.wording import count

if TYPE_CHECKING:
    from synack.pipeline import Diagnosed

_CELL, _WIDEST, _HIGH, _GAP = 104, 200, 30, 3
_ADDRESS, _SMALL = 11, 10
ROWS, COLUMNS = 40, 12
"""Clients and servers that are drawn at most: those with most failures."""


@dataclass(frozen=True)
class Place:
    """One client or server. ``host`` is the name of its capture, "" without one."""

    address: str
    host: str


@dataclass(frozen=True)
class Matrix:
    """``counts[client, server, outcome]`` of attempts (int64), the places with most failures
    first; what lies beyond :data:`ROWS` and :data:`COLUMNS` is only counted."""

    clients: list[Place]
    servers: list[Place]
    counts: Array
    more_clients: int
    more_servers: int
    """How many further clients and servers there are."""
    left_out: Mapping[str, int]
    """Attempts between these, by outcome."""


def matrix(d: Diagnosed) -> Matrix:
    """Clients by address, servers by address and port, as at the client's side."""
    a = d.attempts
    client = ids_of(a["client_hi"], a["client_lo"])
    server = ids_of(a["server_hi"], a["server_lo"], a["server_port"])
    failed = (a["outcome"] != Outcome.COMPLETED).astype(np.int64)
    rows, clients = _worst(client, failed, ROWS)
    columns, servers = _worst(server, failed, COLUMNS)
    outcomes = len(OUTCOMES)
    inside = (rows[client] >= 0) & (columns[server] >= 0)
    cell = (rows[client] * len(servers) + columns[server]) * outcomes + a["outcome"]
    counts = np.bincount(cell[inside], minlength=len(clients) * len(servers) * outcomes)
    beyond = np.bincount(a["outcome"][~inside], minlength=outcomes)
    return Matrix(
        clients=[_place(d, "client", row) for row in representatives(client)[clients].tolist()],
        servers=[_place(d, "server", row) for row in representatives(server)[servers].tolist()],
        counts=counts.reshape(len(clients), len(servers), outcomes),
        more_clients=len(rows) - len(clients),
        more_servers=len(columns) - len(servers),
        left_out={name: n for name, n in zip(OUTCOMES, beyond.tolist(), strict=True) if n},
    )


def draw(m: Matrix) -> Drawing:
    """A cell's height is shared by outcome; its number is of attempts, those completed first."""
    label = max((_wide(place) for place in m.clients), default=0) + 32
    cell = _column(m.servers)
    room = cell - _GAP
    width = max(label + len(m.servers) * cell + 20, 480)
    top = 84.0 + 12 * max((len(_lines(place.address, room)) for place in m.servers), default=1)
    total = int(m.counts.sum()) + sum(m.left_out.values())
    drawing = Drawing(width, 0, f"{count(total, 'attempt')} by client and server")
    drawing.add(
        Text(20, 28, f"{count(total, 'attempt')}, client by server", size=14, bold=True),
        Text(20, 46, "completed of all; a share of each cell for every outcome", GREY, 11),
    )
    for column, place in enumerate(m.servers):
        drawing.add(*_heading(place, label + column * cell + room / 2, top, room))
    for row, place in enumerate(m.clients):
        y = top + row * _HIGH
        drawing.add(*_row_label(place, y))
        for column in range(len(m.servers)):
            outcomes = {n: int(c) for n, c in zip(OUTCOMES, m.counts[row, column], strict=True)}
            hint = f"{place.address} to {m.servers[column].address}"
            drawing.add(*_cell(label + column * cell, y, room, outcomes, hint))
    y = top + len(m.clients) * _HIGH + 16
    beyond = _beyond(m)
    if beyond:
        drawing.add(Text(20, y, fitted(beyond, width - 40, 11), GREY, 11, hint=beyond))
        y += 18
    present = m.counts.sum(axis=(0, 1)) if m.counts.size else np.zeros(len(OUTCOMES), np.int64)
    used = [(n, COLOURS[n]) for n in FAILED_FIRST if present[OUTCOMES.index(n)]]
    shapes, y = legend(used, 20, y + 4, width - 40)
    drawing.add(*shapes)
    drawing.height = y + 16
    return drawing


def _worst(ids: Array, failed: Array, most: int) -> tuple[Array, Array]:
    """For each id its place among the ``most`` with most failures, then most attempts, -1 for
    others; and these ids in their order."""
    bad, every = np.bincount(ids, failed), np.bincount(ids)
    chosen = np.lexsort((np.arange(len(bad)), -every, -bad))[:most]
    place = np.full(len(bad), -1, np.int64)
    place[chosen] = np.arange(len(chosen))
    return place, chosen


def _place(d: Diagnosed, end: str, attempt: int) -> Place:
    a = d.attempts
    ip = format_ip(int(a[f"{end}_hi"][attempt]), int(a[f"{end}_lo"][attempt]))
    address = ip if end == "client" else endpoint(ip, int(a["server_port"][attempt]))
    host = int(a[f"{end}_host"][attempt])
    return Place(address, d.matched.hosts[host] if host >= 0 else "")


def _wide(place: Place) -> float:
    return len(place.address) * _ADDRESS * MONO_COLUMN + 8 + min(width_of(place.host, 11), 150)


def _row_label(place: Place, y: float) -> list[Shape]:
    at = 20 + len(place.address) * _ADDRESS * MONO_COLUMN + 8
    middle = y + _HIGH / 2 + 3
    return [
        Text(20, middle, place.address, INK, _ADDRESS, mono=True),
        Text(at, middle, fitted(place.host, 150, 11), GREY, 11, hint=place.host),
    ]


def _column(servers: Sequence[Place]) -> float:
    """How wide columns are: an address fits, unless it is very long."""
    widest = max((len(place.address) for place in servers), default=0)
    return min(max(_CELL, widest * _SMALL * MONO_COLUMN + _GAP + 8), _WIDEST)


def _lines(address: str, room: float) -> list[str]:
    """``address`` on one line, or on two, parted behind a colon near its middle."""
    if len(address) * _SMALL * MONO_COLUMN <= room:
        return [address]
    middle = address.rfind(":", 0, len(address) // 2 + 2) + 1
    return [address[:middle], address[middle:]]


def _heading(place: Place, x: float, top: float, room: float) -> list[Shape]:
    lines = _lines(place.address, room)
    y = top - 10 - 12 * (len(lines) - 1)
    name = Text(x, y - 13, fitted(place.host, room, 11), GREY, 11, "middle", hint=place.host)
    return [name, *(Text(x, y + 12 * n, line, INK, _SMALL, "middle", mono=True)
                    for n, line in enumerate(lines))]  # fmt: skip


def _cell(x: float, y: float, width: float, outcomes: Mapping[str, int], hint: str) -> list[Shape]:
    total = sum(outcomes.values())
    height = _HIGH - _GAP
    if not total:
        return [Box(x, y, width, height, "#f6f8fa")]
    told = ", ".join(f"{outcomes[n]} {n}" for n in FAILED_FIRST if outcomes[n])
    shapes: list[Shape] = []
    left = x
    for name in FAILED_FIRST:
        share = width * outcomes[name] / total
        if outcomes[name]:
            shapes.append(Box(left, y, share, height, COLOURS[name], hint=f"{hint}: {told}"))
        left += share
    says = f"{outcomes['completed']} of {total}"
    pad = width_of(says, 11) / 2 + 5
    middle = x + width / 2
    return [
        *shapes,
        Box(middle - pad, y + 6, 2 * pad, height - 12, "#ffffff", radius=3),
        Text(middle, y + height / 2 + 4, says, INK, 11, "middle"),
    ]


def _beyond(m: Matrix) -> str:
    parts = [count(number, f"more {noun}") for number, noun in
             ((m.more_clients, "client"), (m.more_servers, "server")) if number]  # fmt: skip
    told = ", ".join(f"{number:,} {name}" for name, number in m.left_out.items())
    return f"{' and '.join(parts)}: {told}" if parts else ""
