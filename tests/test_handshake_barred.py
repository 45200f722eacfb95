"""Addresses that cannot be the capturing host's."""

from __future__ import annotations

import numpy as np
from traces import ip, mac, read

from synack.handshake.barred import denied_by, foreign_to, routed_to, silent
from synack.handshake.numbering import Addresses, Links
from synack.handshake.vantage import Vantage

SCENE = read("""
    at x
    0.0 client > server S 100 ttl=63
    0.1 server > client SA 900/101""")
MATCHED = SCENE.match(named=False)
ADDRESSES = Addresses.of(MATCHED.sightings)


def barred(mask: np.ndarray) -> set[tuple[int, int]]:
    assert mask.shape == (1, 2)
    return ADDRESSES.named(mask[0])


def test_what_its_own_tables_list() -> None:
    """Those of others."""
    denied = frozenset([ip("server"), ip("third")])
    assert barred(denied_by([Vantage("x", denied=denied)], ADDRESSES)) == {ip("server")}


def test_what_comes_by_a_router() -> None:
    """The TTL of its SYNs is none that a host begins with."""
    mask = routed_to(SCENE.segments, MATCHED.sightings, ADDRESSES, 1)
    assert barred(mask) == {ip("client")}


def test_where_nobody_begins_as_hosts_do_nothing_is_known() -> None:
    scene = read("at x\n0.0 client > server S 100 ttl=63\n0.1 server > client SA 900/101 ttl=77")
    assert not routed_to(scene.segments, scene.match().sightings, ADDRESSES, 1).any()


def test_what_never_speaks_where_interfaces_are_listed() -> None:
    """Of a host that does not list them nothing is known."""
    vantages = [Vantage("x", interfaces=frozenset([mac("client")])), Vantage("y")]
    speaks = np.array([[True, False], [True, False]])
    assert silent(vantages, speaks).tolist() == [[False, True], [False, False]]


def test_what_speaks_from_none_of_its_interfaces() -> None:
    """Only of a host that lists them, and one of them is in the capture."""
    links = Links.of(SCENE.segments)
    for macs, expected in (
        ({mac("client")}, {ip("server")}),
        ({mac("client"), mac("server")}, set()),
        ({mac("router")}, set()),
        (set(), set()),
    ):
        vantage = Vantage("x", interfaces=frozenset(macs))
        mask = foreign_to([vantage], SCENE.segments, links, MATCHED.sightings, ADDRESSES)
        assert barred(mask) == expected
