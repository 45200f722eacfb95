"""Whose a capture is by its packets alone, whatever its file is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from synack.addresses import Address
from synack.grouping import ids_of
from synack.handshake.locate import locate
from synack.handshake.track import track
from synack.handshake.vantage import Vantage
from synack.tables import IDENTITY, Array, Table


class Owner(NamedTuple):
    """Addresses and MACs that are the capturing host's own; none where nothing tells."""

    addresses: frozenset[Address]
    macs: frozenset[int]


def owners(groups: Sequence[Array], segments: Table) -> list[Owner]:
    """The owner of each group of captures (a bool for each capture), from the handshakes in
    them. Names say nothing here: a file is as often called after the peer."""
    found = []
    for group in groups:
        mine = segments.take(np.flatnonzero(group[segments["capture"]]))
        alone = Table(mine.schema, {**mine.columns, "capture": np.zeros(len(mine), np.int32)})
        sightings, sighting, leg, legs = track(alone)
        vantage = Vantage("")
        identity = ids_of(*(sightings[name] for name in IDENTITY))
        if len(sightings):
            locate([vantage], alone, sightings, sighting, leg, legs, identity)
        addresses = frozenset() if vantage.tap else frozenset(vantage.addresses)
        found.append(Owner(addresses, frozenset(vantage.macs)))
    return found
