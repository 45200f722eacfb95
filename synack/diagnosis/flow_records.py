"""What VPC flow logs have of attempts: accepted here, rejected there, or never come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from synack.addresses import Address
from synack.context.flow_logs import ACTIONS
from synack.diagnosis.evidence import Case
from synack.grouping import distinct_rows
from synack.model import Source
from synack.tables import NO_TIME, Array
from synack.wording import count

_TCP = 6
_SYN_ACK = 18
_REJECT = ACTIONS.index("REJECT")
_PAIRS = 20
"""So many pairs of addresses are looked up."""
_NAMED = 3


class Fact(NamedTuple):
    """What was seen, and where it can be looked up."""

    says: str
    sources: tuple[Source, ...] = ()


@dataclass
class Flows:
    """``rejected``: a security group or network ACL did. ``vanished``: the server's interface
    let the answers out, and the client's, which is logged too, has none of them."""

    rejected: Fact | None = None
    vanished: Fact | None = None
    delivered: Fact | None = None
    """Both interfaces have the answers."""


def logged(case: Case, attempts: Array) -> Flows:
    """What the logs of the time of ``attempts`` have of them, both ways."""
    f = case.context.flows
    if not len(f):
        return Flows()
    there, back = _records(case, attempts)
    rejects = np.concatenate([there, back])
    rejects = rejects[f["action"][rejects] == _REJECT]
    if len(rejects):
        says = f"{count(len(rejects), 'record')} of interface {_interfaces(case, rejects)}"
        return Flows(rejected=Fact(says, _where(case, rejects)))
    flags = f["tcp_flags"][back]
    answers = back[(flags < 0) | (flags & _SYN_ACK == _SYN_ACK)]
    both = {i for i in f["interface_id"][there].tolist() if i}
    came = {i for i in f["interface_id"][answers].tolist() if i}
    if len(both) < 2 or not len(answers):
        return Flows()
    said = Fact(
        f"flow logs: interface {_interfaces(case, answers)} let the SYN-ACKs pass"
        f" ({count(len(answers), 'record')} ACCEPT)",
        _where(case, answers),
    )
    if both <= came:
        return Flows(delivered=said)
    missing = ", ".join(sorted(both - came)[:_NAMED])
    says = f"{said.says}, {missing} has none of them, and nothing was REJECTed"
    return Flows(vanished=Fact(says, (*said.sources, *_where(case, there)[:1])))


def _records(case: Case, attempts: Array) -> tuple[Array, Array]:
    """Rows of flows from the clients to the servers, and back, of the time of the attempts."""
    a, f = case.attempts, case.context.flows
    columns = [
        a[name][attempts]
        for name in ("client_hi", "client_lo", "server_hi", "server_lo", "server_port")
    ]
    span = int(a["first"][attempts].min()), int(a["last"][attempts].max())
    there, back = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for client_hi, client_lo, server_hi, server_lo, port in distinct_rows(*columns)[:_PAIRS]:
        client, server = (client_hi, client_lo), (server_hi, server_lo)
        rows = _between(case, client, server, span)
        there.append(rows[f["dst_port"][rows] == port])
        rows = _between(case, server, client, span)
        back.append(rows[f["src_port"][rows] == port])
    return np.unique(np.concatenate(there)), np.unique(np.concatenate(back))


def _between(case: Case, src: Address, dst: Address, span: tuple[int, int]) -> Array:
    """TCP of that time, by the packets' own addresses or those that the interface has for them."""
    f, rows = case.context.flows, case.flows_from(src)
    begin, end = span
    keep = (f["start"][rows] == NO_TIME) | ((f["start"][rows] <= end) & (f["end"][rows] >= begin))
    keep &= np.isin(f["protocol"][rows], (_TCP, -1))
    high, low = np.uint64(dst[0]), np.uint64(dst[1])
    own = (f["dst_hi"][rows] == high) & (f["dst_lo"][rows] == low)
    keep &= own | ((f["pkt_dst_hi"][rows] == high) & (f["pkt_dst_lo"][rows] == low))
    return rows[keep]


def _interfaces(case: Case, rows: Array) -> str:
    names = sorted({name for name in case.context.flows["interface_id"][rows].tolist() if name})
    return ", ".join(names[:_NAMED]) or "(not named)"


def _where(case: Case, rows: Array) -> tuple[Source, ...]:
    return tuple(case.context.where(case.context.flows, row) for row in rows[:_NAMED].tolist())
