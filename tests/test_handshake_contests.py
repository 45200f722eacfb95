"""Whose an address is, where several captures may have it, or none."""

from __future__ import annotations

import pytest
from traces import ip, read, sides

from synack.handshake.vantage import CLIENT, NEITHER, SERVER

C, S, N = CLIENT, SERVER, NEITHER


def test_elimination() -> None:
    """Every other end is another host's own: this one is what is left."""
    scene = read("""
        at broker role=server
        0.0 client > server S 100 nomac
        at x
        0.0 client > server S 100 nomac""")
    found, vantages = sides(scene)
    assert found == [S, C]
    assert vantages[1].addresses == {ip("client")}


@pytest.mark.parametrize(
    ("sender", "side"),
    [("client", S), ("stale", N), ("stale ttl=63", S)],
    ids=["the machine that captured", "another one with its address", "a router"],
)
def test_no_elimination_where_the_address_moved(sender: str, side: int) -> None:
    """What is left is the server only if the client is the machine that captured as it; its
    successor's capture has the same ends, and what is flooded beside."""
    scene = read(f"""
        at old role=client
        0.0 client > server S 100
        at x
        50.0 client > server S 200 from={sender}
        50.1 server > client SA 900/201""")
    assert sides(scene)[0] == [C, side]


@pytest.mark.parametrize(
    ("sent", "side"),
    [
        ("S 200 from=stale", C),
        ("S 200 from=client", N),
        ("S 200 from=stale ttl=63", N),
        ("S 200 nomac", N),
        ("S 100 from=stale", N),
        ("S 200 from=stale\n51.0 client > server S 200 from=other", N),
    ],
    ids=[
        "another machine", "the same one", "a router hands on", "unknown", "the same attempt",
        "one of two that hand on",
    ],
)  # fmt: skip
def test_the_machine_that_an_address_went_to(sent: str, side: int) -> None:
    """All that is left is at another host's address, which speaks from a MAC of its own here, in
    other attempts. Nothing of the server's came to this capture."""
    scene = read(f"""
        at old role=client
        0.0 client > server S 100
        at broker role=server
        0.1 client > server S 100
        50.1 server > client SA 900/201
        at x
        50.0 client > server {sent}""")
    found = sides(scene)[0]
    assert [found[0], found[-1]] == [C, side]


def test_no_elimination_with_two_ends_left() -> None:
    """Another client of the same server makes it a tap as well as either."""
    scene = read("""
        at broker role=server
        0.0 client > server S 100 nomac
        at x
        0.0 client > server S 100 nomac
        1.0 second > server S 100 nomac""")
    assert sides(scene)[0][1:] == [N, N]


@pytest.mark.parametrize(
    ("met", "own"),
    [("9.0 client > server S 400", True), ("9.0 client > server S 400 to=stale", False)],
    ids=["something that is not flooded", "more of the same"],
)
def test_what_is_flooded_to_all_places_nobody(met: str, own: bool) -> None:
    """The bystander has all SYNs to a MAC that nobody has; the server's capture and the client's,
    which lose some, have fewer: by that alone it is the nearest to the client. What goes to
    the server's MAC, which speaks, is in the client's only."""
    flooded = [f"{isn / 100} client > server S {isn} to=stale" for isn in (100, 200, 300)]
    again = [f"{isn / 100 + 0.5} client > server S {isn} to=stale" for isn in (100, 200, 300)]
    around = [
        f"{at} third:7 > second:7 S {isn} from=other to=stale" for isn, at in ((5, -9), (6, 25))
    ]
    lines = [*around, *flooded]
    scene = read("\n".join([
        "at broker role=server", *lines, "10.0 second > server S 7", "10.1 server > second SA 8/8",
        "at bystander", *lines, *again, "at producer", *lines, *again[1:], met,
    ]))  # fmt: skip
    _, vantages = sides(scene)
    found = {vantage.host for vantage in vantages if ip("client") in vantage.addresses}
    assert ("producer" in found, "bystander" in found) == (own, not own)


def test_two_claim_one_address() -> None:
    """The better claim to an address stands when both saw the same attempt of it."""
    scene = read("""
        at server
        0.010 client > server S 100 nomac
        at x role=server
        0.005 client > server S 100 nomac""")
    matched = scene.match()
    assert matched.side.tolist() == [S, N]
    assert matched.vantages[1].addresses == set()
