"""Numbers for addresses and for pairs of MACs."""

from __future__ import annotations

import numpy as np
from traces import ip, mac, read

from synack.handshake.numbering import Addresses, Links

SCENE = read("""
    at x
    0.0 client > server S 100
    1.0 second > server S 200
    1.1 server > second SA 900/201 to=second""")


def test_addresses() -> None:
    """Each once; each sighting has the numbers of its ends."""
    matched = SCENE.match(named=False)
    addresses = Addresses.of(matched.sightings)
    pairs = addresses.pairs(np.arange(len(addresses.high)))
    assert sorted(pairs) == sorted([ip("client"), ip("second"), ip("server")])
    s = matched.sightings
    for end, number in (("client", addresses.client), ("server", addresses.server)):
        given = zip(s[f"{end}_hi"].tolist(), s[f"{end}_lo"].tolist(), strict=True)
        assert [pairs[n] for n in number] == list(given)
    mine = addresses.named_in([ip("server"), ip("third")])
    assert addresses.named(mine) == {ip("server")}


def test_links() -> None:
    """Each pair of MACs once for each capture, with its frames."""
    links = Links.of(SCENE.segments)
    frames = links.frames(np.ones(len(SCENE.segments), bool))
    ends = zip(links.source.tolist(), links.destination.tolist(), frames.tolist(), strict=True)
    assert set(ends) == {
        (mac("client"), mac("server"), 1),
        (mac("second"), mac("server"), 1),
        (mac("server"), mac("second"), 1),
    }
