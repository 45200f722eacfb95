"""Addresses that cannot be those of the host that captured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synack.handshake.numbering import Addresses, Links
from synack.handshake.vantage import FIRST_TTLS, Vantage
from synack.tables import Array, Table


def denied_by(vantages: Sequence[Vantage], addresses: Addresses) -> Array:
    """Which addresses each capture's host lists as its neighbors' (captures x addresses)."""
    return np.array([addresses.named_in(v.denied) for v in vantages], bool)


def silent(vantages: Sequence[Vantage], speaks: Array) -> Array:
    """Addresses that never speak (``speaks``: captures x addresses, bool) in a capture of a host
    that lists its interfaces: if it does not list these either, they are others' (likewise)."""
    lists = np.array([bool(vantage.interfaces) for vantage in vantages], bool)
    return lists[:, None] & ~speaks


def routed_to(segments: Table, sightings: Table, addresses: Addresses, captures: int) -> Array:
    """Addresses whose SYNs and SYN-ACKs have all passed a router before they came to a capture:
    it is not at their host (captures x addresses)."""
    size = len(addresses.high)
    fresh, passed = np.zeros(captures * size), np.zeros(captures * size)
    for row, end in (("syn_row", addresses.client), ("syn_ack_row", addresses.server)):
        known = np.flatnonzero(sightings[row] >= 0)
        first = np.isin(segments["ttl"][sightings[row][known]], FIRST_TTLS)
        cell = sightings["capture"][known].astype(np.int64) * size + end[known]
        fresh += np.bincount(cell[first], minlength=captures * size)
        passed += np.bincount(cell[~first], minlength=captures * size)
    if not fresh.any():  # nobody begins with what hosts usually do
        return np.zeros((captures, size), bool)
    return ((passed > 0) & (fresh == 0)).reshape(captures, size)


def foreign_to(
    vantages: Sequence[Vantage],
    segments: Table,
    links: Links,
    sightings: Table,
    addresses: Addresses,
) -> Array:
    """Addresses that speak in a capture of one of its host's interfaces, and only from MACs that
    are none of these, which are all known: they are another machine's, whose frames were
    flooded or bridged here (captures x addresses)."""
    own, others = np.zeros((2, len(vantages), len(addresses.high)), bool)
    for capture, vantage in enumerate(vantages):
        macs, here = [*vantage.interfaces], links.capture == capture
        if not np.isin([links.source[here], links.destination[here]], macs).any():
            continue
        mine = sightings["capture"] == capture
        for row, end in (("syn_row", addresses.client), ("syn_ack_row", addresses.server)):
            known = np.flatnonzero(mine & (sightings[row] >= 0))
            source = segments["src_mac"][sightings[row][known]]
            listed = np.isin(source, macs)
            own[capture, end[known[listed]]] = True
            others[capture, end[known[~listed & (source >= 0)]]] = True
    return others & ~own
