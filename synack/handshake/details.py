"""What more there is to say of each attempt: the fates of what was sent, how long it was on its
way, how sure that is, and where to look it up."""

from __future__ import annotations

import numpy as np

from synack.handshake.clock import ASSUMED_AGREEMENT_NS, across
from synack.handshake.coverage import CAUSES, ONE_HOST, UNCAPTURED
from synack.handshake.matched import (
    DELIVERED,
    LOST,
    MISDELIVERED,
    UNWITNESSED,
    Matched,
    fate_counts,
)
from synack.handshake.outcome import BLIND, REASONS
from synack.handshake.path import Paths
from synack.handshake.states import Event
from synack.tables import DETAILS, IDENTITY, NO_TIME, Array, Table

WHY = (*REASONS, *CAUSES)
"""Why an attempt is inconclusive, or else why something of it is unwitnessed."""

_LEGS = {"syn": Event.SYN, "syn_ack": Event.SYN_ACK, "ack": Event.ACK}


def details(m: Matched, attempts: Table, paths: Paths) -> Table:
    """One row of :data:`~synack.tables.DETAILS` per attempt, in the order of ``attempts``,
    which are what :func:`~synack.handshake.outcome.judge` says of all."""
    fates = fate_counts(m)
    gone = paths.vanished["attempt"] * np.int64(len(Event)) + paths.vanished["leg"]
    vanished = np.bincount(gone, minlength=m.attempts * len(Event)).reshape(-1, len(Event))
    columns: dict[str, Array] = {"last": attempts["last"]}
    blind = np.zeros(m.attempts, np.int64)
    for leg, event in _LEGS.items():
        sent = attempts[f"{leg}_sent"]
        seen = sent >= 0
        # A tap may be the witness of more than the receiver's own capture.
        lost = np.maximum(fates[event, LOST], vanished[:, event])
        known = fates[event][[DELIVERED, MISDELIVERED]].sum(axis=0) + lost
        unwitnessed = np.where(seen, sent - known, -1)
        columns[f"{leg}_lost"] = np.where(seen, lost, -1)
        columns[f"{leg}_misdelivered"] = np.where(seen, fates[event, MISDELIVERED], -1)
        columns[f"{leg}_unwitnessed"] = unwitnessed
        blind += np.maximum(unwitnessed, 0)
    columns["reason"] = _reason(attempts["reason"], _cause(m, blind))
    for leg in ("syn", "syn_ack"):
        delay = _delay(m, _LEGS[leg], fates)
        columns[f"{leg}_delay_min_ns"], columns[f"{leg}_delay_max_ns"] = delay
    columns["clock_doubt_ns"] = _clock_doubt(m)
    copies = m.legs.counts[:, Event.COPY]
    columns["copies"] = np.bincount(m.identity, copies, minlength=m.attempts)
    for end, sighting in (("client", m.client), ("server", m.server)):
        seen = sighting >= 0
        rows = m.sightings["row"][sighting]
        columns[f"{end}_state"] = np.where(seen, m.sightings["state"][sighting], -1)
        columns[f"{end}_file"] = np.where(seen, m.segments["file"][rows], -1)
        columns[f"{end}_frame"] = np.where(seen, m.segments["frame"][rows], -1)
    columns |= _translated(m)
    columns["path"], columns["vanished"] = paths.path, paths.loss
    return Table(DETAILS, columns)


def _translated(m: Matched) -> dict[str, Array]:
    """What the server's side sees, and whether that is anything else than the client's."""
    s, columns = m.sightings, {}
    translated = np.zeros(m.attempts, bool)
    for name in IDENTITY[:-1]:
        columns[f"translated_{name}"] = s[name][m.far]
        translated |= s[name][m.far] != s[name][m.near]
    for name in ("translated_client_port", "translated_server_port"):
        columns[name] = np.where(translated, columns[name].astype(np.int32), -1)
    return {"translated": translated, **columns}


def _cause(m: Matched, blind: Array) -> Array:
    """Why something of each attempt is unwitnessed (``blind``: how much)."""
    t = m.transmissions
    rows = np.flatnonzero((t["fate"] == UNWITNESSED) & np.isin(t["leg"], list(_LEGS.values())))
    cause = np.zeros(m.attempts, np.uint8)
    np.maximum.at(cause, t["attempt"][rows], t["cause"][rows])
    cause[blind == 0] = 0
    alone = (blind > 0) & (cause == 0)
    same = (m.client_host >= 0) & (m.client_host == m.server_host)
    return np.where(alone, np.where(same, ONE_HOST, UNCAPTURED), cause)


def _reason(reason: Array, cause: Array) -> Array:
    """A cause says better than the outcome's own reason what a capture could not show."""
    told = (cause > 0) & ((reason == 0) | (reason == BLIND))
    return np.where(told, len(REASONS) + cause, reason)


def _delay(m: Matched, event: Event, fates: Array) -> tuple[Array, Array]:
    """The least and the most that the one transmission of ``event`` was on its way, ns. -1 where
    there were several (Karn's rule), or the clocks have nothing in common."""
    t, time = m.transmissions, m.segments["time"]
    least, most = np.full(m.attempts, -1, np.int64), np.full(m.attempts, -1, np.int64)
    once = fates[event].sum(axis=0) == 1
    rows = np.flatnonzero((t["leg"] == event) & (t["fate"] == DELIVERED))
    rows = rows[once[t["attempt"][rows]]]
    sent, arrived, attempt = time[t["sent"][rows]], time[t["arrived"][rows]], t["attempt"][rows]
    ends = m.client_host[attempt], m.server_host[attempt]
    sender, receiver = ends if event == Event.SYN else ends[::-1]
    departed, doubt = across(m.clocks, sender, receiver, sent)
    known = (sent != NO_TIME) & (arrived != NO_TIME) & (doubt < ASSUMED_AGREEMENT_NS)
    known &= arrived - departed + doubt >= 0
    gap, doubt, attempt = (arrived - departed)[known], doubt[known], attempt[known]
    least[attempt], most[attempt] = np.maximum(gap - doubt, 0), gap + doubt
    return least, most


def _clock_doubt(m: Matched) -> Array:
    """What the clocks of the two hosts may be apart by, beyond what is known, when the attempt
    began (ns); -1 without two hosts."""
    at_client = m.client >= 0
    sighting = np.where(at_client, m.client, m.server)
    rows = np.flatnonzero(
        (sighting >= 0) & (m.client_host >= 0) & (m.server_host >= 0)
        & (m.client_host != m.server_host)
    )  # fmt: skip
    ends = m.client_host[rows], m.server_host[rows]
    host, peer = np.where(at_client[rows], ends, ends[::-1])
    doubt = np.full(m.attempts, -1, np.int64)
    doubt[rows] = across(m.clocks, host, peer, m.sightings["first"][sighting[rows]])[1]
    return doubt
