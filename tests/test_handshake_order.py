"""What puts captures in order, each kind of evidence alone, and contradictions."""

from __future__ import annotations

import numpy as np
import pytest
from line import Place, Try, found, healthy, text
from traces import Scene, read

from synack.handshake.order import JITTER_NS, Order, closed
from synack.handshake.states import Event
from synack.handshake.stations import Stations


def order(scene: Scene) -> tuple[set[str], list[str]]:
    """``a > b`` for captures whose order is known as a whole, and the doubts."""
    matched, _ = found(scene)
    stations = Stations.of(matched)
    made = Order.of(matched, stations)
    names = [capture.host for capture in matched.captures]
    _, a, b = np.nonzero(made.both)
    return {
        f"{names[stations.capture[0, i]]} > {names[stations.capture[0, j]]}"
        for i, j in zip(a.tolist(), b.tolist(), strict=True)
    }, made.doubts


def two(one: str, other: str) -> Scene:
    return read(f"at tap-1\n{one}\nat tap-2 clock=-7200\n{other}")


SYN, SYN_ACK = "client > server S 100", "server > client SA 900/101"


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        (f"0 {SYN} ttl=63", f"0 {SYN} ttl=62", "tap-1 > tap-2"),
        (f"0 {SYN} ttl=61", f"0 {SYN} ttl=62", "tap-2 > tap-1"),
        (f"0 {SYN_ACK} ttl=61", f"0 {SYN_ACK} ttl=62", "tap-1 > tap-2"),
        (f"0 {SYN} ttl=64", f"0 {SYN} ttl=64", ""),
        (f"0 {SYN} ttl=64\n1 {SYN} ttl=63", f"0 {SYN} ttl=62\n1 {SYN} ttl=61", ""),
        (f"0 {SYN} to=router", f"0 {SYN} from=router", "tap-1 > tap-2"),
        (f"0 {SYN_ACK} to=router", f"0 {SYN_ACK} from=router", "tap-2 > tap-1"),
        (f"0 {SYN} to=router nomac", f"0 {SYN} from=router", ""),
        (f"0 {SYN}\n0.02 {SYN_ACK}", f"0 {SYN}\n0.01 {SYN_ACK}", "tap-1 > tap-2"),
        (f"0 {SYN}\n0.02 {SYN_ACK}", f"0 {SYN}\n0.019995 {SYN_ACK}", ""),
        (f"0 {SYN}\n1 {SYN}\n3 {SYN_ACK}", f"0 {SYN}\n2 {SYN_ACK}", ""),
        (f"-2 alive\n0 {SYN}\n1 {SYN}\n9 alive", f"-2 alive\n1 {SYN}\n9 alive", ""),
    ],
    ids=["TTL", "TTL, the other way round", "TTL of answers", "same TTL", "TTLs that change",
         "MACs around a router", "MACs of answers", "no MACs", "reply times", "nearly equal",
         "not the same segments", "missing, clocks unknown"],
)  # fmt: skip
def test_one_kind(one: str, other: str, says: str) -> None:
    assert order(two(one, other))[0] == ({says} if says else set())


def test_jitter_is_below_the_times_of_the_table() -> None:
    assert JITTER_NS == 10_000


@pytest.mark.parametrize(("leg", "place"), [("syn", 1), ("syn-ack", 3)])
def test_missing(leg: str, place: int) -> None:
    """With nothing else: SYNs get fewer towards the server, SYN-ACKs towards the client."""
    places = [Place("tap-1", 1), Place("tap-2", 3), Place("client", 0), Place("server", 4)]
    lost = [Try(n * 8.0, 42000 + n, {leg: (place,)}, client="client") for n in range(3)]
    trace = text(places, lost, routed=False)
    known = order(read(trace))[0]
    assert "tap-1 > tap-2" in known


def test_ends_are_known() -> None:
    """By their side alone, and what is between two is between them."""
    known, doubts = order(read(text([Place("server", 4), Place("client", 0)], healthy(1))))
    assert (known, doubts) == ({"client > server"}, [])


def test_one_way_back_is_another() -> None:
    """The answers pass the two in the same order as the SYNs: by TTL, each way on its own."""
    known, doubts = order(
        two(f"0 {SYN} ttl=63\n1 {SYN_ACK} ttl=63", f"0 {SYN} ttl=62\n1 {SYN_ACK} ttl=62")
    )
    assert known == set()
    assert doubts == [
        "tap-1 and tap-2 are passed in one order by what clients send, and in another by the"
        " answers, on 1 path"
    ]
    scene = two(f"0 {SYN} ttl=63\n1 {SYN_ACK} ttl=63", f"0 {SYN} ttl=62\n1 {SYN_ACK} ttl=62")
    matched, _ = found(scene)
    stations = Stations.of(matched)
    made = Order.of(matched, stations)
    path = np.zeros(2, np.int64)
    ahead = made.ahead(path, np.array([Event.SYN, Event.SYN_ACK]))
    assert ahead[:, 0, 1].tolist() == [True, True]


@pytest.mark.parametrize(
    ("one", "other", "kinds"),
    [
        (f"0 {SYN} ttl=63\n5 client:41000 > server S 7 ttl=60",
         f"0 {SYN} ttl=62\n5 client:41000 > server S 7 ttl=61", "TTLs contradict"),
        (f"0 {SYN} ttl=63 from=router", f"0 {SYN} ttl=62 to=router", "TTLs and MACs contradict"),
        (f"0 {SYN} ttl=63\n0.01 {SYN_ACK}", f"0 {SYN} ttl=62\n0.02 {SYN_ACK}",
         "reply times and TTLs or MACs contradict"),
    ],
    ids=["one kind", "two kinds", "reply times"],
)  # fmt: skip
def test_contradictions_are_said(one: str, other: str, kinds: str) -> None:
    """The order is unknown then, not a mean."""
    known, (doubt,) = order(two(one, other))
    assert known == set()
    assert doubt.startswith(f"{kinds} each other about the order of tap-1 and tap-2 on 1 path")


def test_few_that_differ_are_outvoted() -> None:
    """One in twenty attempts took another route meanwhile."""

    def lines(odd: int) -> str:
        return "\n".join(
            f"{n} client:{41000 + n} > server S 7 ttl={61 if n == odd else 62}" for n in range(20)
        )

    other = "\n".join(
        f"{n} client:{41000 + n} > server S 7 ttl={62 if n == 3 else 61}" for n in range(20)
    )
    assert order(two(lines(3), other)) == ({"tap-1 > tap-2"}, [])


def test_of_the_network_where_the_path_says_nothing() -> None:
    """One client has no evidence of its own: others of its network have."""
    one = f"0 {SYN} ttl=63\n1 second > server S 7 ttl=64"
    other = f"0 {SYN} ttl=62\n1 second > server S 7 ttl=64"
    matched, _ = found(two(one, other))
    made = Order.of(matched, Stations.of(matched))
    assert made.both.sum(axis=(1, 2)).tolist() == [1, 1]


def test_closed() -> None:
    """Against reachability, step by step."""
    rng = np.random.default_rng(1)
    relation = rng.random((50, 6, 6)) < 0.2
    slow = relation.copy()
    for _ in range(6):
        for a in range(6):
            for b in range(6):
                slow[:, a, b] |= (slow[:, a, :] & slow[:, :, b]).any(axis=1)
    assert (closed(relation) == slow).all()
