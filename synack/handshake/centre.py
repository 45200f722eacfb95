"""The one address, or the one MAC, that takes part in everything a capture holds."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from synack.addresses import NO_MAC, special_mac
from synack.grouping import distinct, grouped, ids_of, present
from synack.handshake.legs import Legs
from synack.handshake.numbering import Addresses, Links
from synack.handshake.states import CLIENT_LEGS, SERVER_LEGS, Event
from synack.handshake.votes import TOWARDS
from synack.tables import Array, Table

_AT_ONCE_NS = 60_000
_SHOWS = {
    "client": (("syn_ack_row", "dst_mac"), ("syn_row", "src_mac")),
    "server": (("syn_row", "dst_mac"), ("syn_ack_row", "src_mac")),
}
"""Where the MAC of an end is seen; the last one is its own word."""


def by_address_centre(segments: Table, sightings: Table, legs: Legs, addresses: Addresses) -> Array:
    """The one address that is an end of all that goes both ways in a capture, if others vary;
    where nothing does, of all that clients sent, else of all that they were sent. Where all
    others are behind one MAC the capture may be that router's: then only an answer as prompt
    as a kernel's tells."""
    result = np.zeros(len(sightings))
    asked, told = legs.has(*CLIENT_LEGS), legs.has(*SERVER_LEGS)
    macs = [_mac_of(segments, sightings, end) for end in ("client", "server")]
    gaps = legs.gap(Event.SYN_ACK, Event.ACK), legs.gap(Event.SYN, Event.SYN_ACK)
    for capture in present(sightings["capture"]):
        mine = sightings["capture"] == capture
        # Answers without their questions may be what a server's wrong entries flood.
        first = next(part for part in (mine & asked & told, mine & asked, mine) if part.any())
        some = np.flatnonzero(first)
        client, server = addresses.client[some], addresses.server[some]
        if how_many(client, server) < 3:
            continue
        for centre in distinct(np.array([client[0], server[0]])).tolist():
            at_server = mine & (addresses.server == centre)
            if at_server.any() and not (at_server & asked).any():
                continue
            if not ((client == centre) | (server == centre)).all():
                continue
            serves = int((server == centre).all())
            peers = distinct(macs[1 - serves][some])
            alone = len(peers) == 1 and peers[0] != NO_MAC
            if alone and not _at_once(gaps[serves][some]):
                continue
            result[at_server] -= 1.0
            result[mine & (addresses.client == centre)] += 1.0
    return result


def _mac_of(segments: Table, sightings: Table, end: str) -> Array:
    """By sighting the MAC of an end as the capture shows it; NO_MAC where it does not."""
    mac = np.full(len(sightings), NO_MAC)
    for row, column in _SHOWS[end]:
        known = np.flatnonzero(sightings[row] >= 0)
        found = segments[column][sightings[row][known]]
        mac[known[found >= 0]] = found[found >= 0]
    return mac


def _at_once(gaps: Array) -> bool:
    """Whether what took so long (ns, -1 unknown) was answered within what a kernel takes for
    it: it does so at once, and between two machines question and answer travel for longer."""
    gaps = gaps[gaps >= 0]
    return bool(len(gaps)) and float(np.median(gaps)) <= _AT_ONCE_NS


def how_many(*values: Array) -> int:
    return len(distinct(np.concatenate(values)))


def by_mac_centre(links: Links, sightings: Table, sighting: Array, leg: Array, legs: Legs) -> Array:
    """The one MAC that is in every exchange of unicast frames in a capture, if others vary."""
    votes = np.zeros(len(sightings))
    ethernet = (sighting >= 0) & (links.destination >= 0)[links.of_row]
    frames = links.frames(ethernet)
    went_on = links.frames(ethernet & np.isin(leg, (Event.ACK, Event.PROGRESS)))
    alone = _sent_alone(links, frames, went_on)
    centre = _mac_centres(links, frames, _prompt(sightings, legs), alone)
    if (centre == NO_MAC).all():
        return votes
    out = (links.source == centre) * 1 - (links.destination == centre)
    out[centre == NO_MAC] = 0
    rows = np.flatnonzero(ethernet)
    towards = TOWARDS[leg[rows]] * out[links.of_row[rows]]
    return np.sign(np.bincount(sighting[rows], towards, len(votes)))


def _mac_centres(
    links: Links, frames: Array, prompt: Collection[int], sent_alone: Collection[int]
) -> Array:
    """By pair of MACs the capturing host's own, by ``frames`` of the capture (their number per
    pair), NO_MAC where none is: the one in (nearly) all of what goes both ways between two
    MACs, of at least three. Where nothing does, the one to which all goes, unless it answers
    to other MACs: a switch floods to the client what goes astray, and in its capture that
    looks the same. Virtual routers are no others; and in ``prompt`` captures it answers sooner
    than anything comes from another machine. In those of ``sent_alone`` it is the one from
    which all comes."""
    centre = np.full(len(links.capture), NO_MAC)
    for capture in distinct(links.capture).tolist():
        mine = np.flatnonzero((links.capture == capture) & (frames > 0))
        source, destination = links.source[mine], links.destination[mine]
        ids = ids_of(np.concatenate([source, destination]), np.concatenate([destination, source]))
        both = np.isin(ids[: len(mine)], ids[len(mine) :])
        some = both if both.any() else np.ones(len(mine), bool)
        found = mac_centre(source[some], destination[some], frames[mine[some]])
        if found is None or (found not in destination and capture not in sent_alone):
            continue
        others = [mac for mac in destination[source == found].tolist() if not special_mac(mac)]
        if both.any() or not others or capture in prompt or capture in sent_alone:
            centre[links.capture == capture] = found
    return centre


def _sent_alone(links: Links, frames: Array, went_on: Array) -> set[int]:
    """Captures of what one MAC sends, and nothing else, that show handshakes with several MACs to
    have gone on (``went_on``: frames of such, by pair): a switch has heard from these, and does
    not flood what is for them, so that it is taken where it leaves."""
    mine = np.flatnonzero(frames > 0)
    found = set()
    for (capture,), pairs in grouped(mine, links.capture[mine]):
        if len(distinct(links.source[pairs])) == 1 and (went_on[pairs] > 0).sum() > 1:
            found.add(capture)
    return found


def _prompt(sightings: Table, legs: Legs) -> set[int]:
    """Captures in which SYNs are answered at once."""
    gap = legs.gap(Event.SYN, Event.SYN_ACK)
    known = np.flatnonzero(gap >= 0)
    mine = grouped(known, sightings["capture"][known])
    return {capture for (capture,), rows in mine if _at_once(gap[rows])}


def mac_centre(source: Array, destination: Array, frames: Array) -> int | None:
    """The MAC that is in (nearly) all of ``frames`` (their number per pair of MACs), if there
    are at least three."""
    macs, place = np.unique(np.concatenate([source, destination]), return_inverse=True)
    own = source == destination
    touched = np.bincount(place, np.concatenate([frames, np.where(own, 0, frames)]))
    unicast = (macs >= 0) & (macs >> 40 & 1 == 0)
    macs, touched = macs[unicast], touched[unicast]
    if len(macs) < 3:
        return None
    second, first = np.argsort(touched, kind="stable")[-2:]
    alone = touched[first] >= 0.95 * frames.sum() and touched[first] > touched[second]
    return int(macs[first]) if alone else None
