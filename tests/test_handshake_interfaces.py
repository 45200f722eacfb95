"""Hosts with several interfaces: what comes in by one and leaves by another."""

from __future__ import annotations

import pytest
from traces import fates, ip, mac, read

from synack.handshake.coverage import CAUSES
from synack.handshake.interfaces import arrivals, machines, spans, track_by_host
from synack.handshake.match import match
from synack.handshake.outcome import judge
from synack.model import OUTCOMES
from synack.tables import NO_TIME

KNOWN = {"client": 0, "server": 0}
ALIVE = "-5.0 alive\n30.0 alive"


def outcomes(text: str) -> list[str]:
    return [OUTCOMES[o] for o in judge(read(text).match(known=KNOWN))["outcome"]]


CLIENT = """at client
    -5.0 alive
    0.000 client > server S 100
    0.020 server > client SA 900/101
    0.021 client > server A 101/901
    30.0 alive"""
IN = "0.010 client > server S 100"
OUT = "0.011 server > client SA 900/101"
BACK = "0.031 client > server A 101/901"


def at_server(*captures: str) -> str:
    return "".join(f"\nat server\n-5.0 alive\n{c}\n30.0 alive" for c in captures)


@pytest.mark.parametrize(
    "captures",
    [
        (f"{IN}\n{BACK}", OUT),  # asymmetric routing
        (OUT, f"{IN}\n{BACK}"),
        (f"{IN}\n{OUT}", BACK),  # the members of a bond
        (IN, OUT, BACK),
        (f"{IN}\n{OUT}\n{BACK}", ""),  # two interfaces, one of them with others' packets
    ],
)
def test_one_attempt(captures: tuple[str, ...]) -> None:
    """Whatever interface a segment went by: counts, fates and outcome are the same."""
    scene = read(CLIENT + at_server(*captures))
    matched = scene.match(known=KNOWN)
    assert matched.attempts == 1
    assert fates(matched) == ["syn delivered", "syn-ack delivered", "ack delivered"]
    table = judge(matched)
    assert OUTCOMES[table["outcome"][0]] == "completed"
    for name in ("syn_sent", "syn_received", "syn_ack_sent", "syn_ack_received", "ack_sent",
                 "ack_received"):  # fmt: skip
        assert table[name].tolist() == [1], name
    rows = matched.sightings["syn_ack_row"][matched.server]
    assert matched.segments["kind"][rows].tolist() == [2]


def test_the_mac_of_each_interface() -> None:
    """What leaves by another interface than the calls come in by is the host's own, too."""
    text = f"at server\n-5 alive\n{IN} to=server\n{BACK}\n30 alive"
    text += f"\nat server\n-5 alive\n{OUT} from=other to=client\n30 alive"
    matched = read(text).match(known=KNOWN)
    assert [vantage.macs for vantage in matched.vantages] == [set(), {mac("other")}]


def test_a_reset_that_leaves_by_the_other() -> None:
    """It is nobody's in a capture without the SYN."""
    client = "at client\n-5 alive\n0.0 client > server S 100\n30 alive"
    assert outcomes(client + at_server(IN, "0.011 server > client RA 0/101")) == ["refused"]
    assert outcomes(client + at_server(IN, "")) == ["no-reply"]


def test_the_reply_was_lost() -> None:
    lost = "at client\n-5 alive\n0.0 client > server S 100\n1.0 client > server S 100\n30 alive"
    more = "1.010 client > server S 100", "1.011 server > client SA 900/101"
    text = lost + at_server(f"{IN}\n{more[0]}", f"{OUT}\n{more[1]}")
    assert outcomes(text) == ["syn-ack-lost"]


def test_passed_on() -> None:
    """A router has each packet in two captures: two places on the way, and not two sent."""
    lines = [IN, OUT, BACK]
    other = [f"{float(line.split()[0]) + 0.0001:.4f} {line.split(maxsplit=1)[1]} ttl=63"
             for line in lines]  # fmt: skip
    scene = read("at tap\n" + "\n".join(lines) + "\nat tap\n" + "\n".join(other))
    found = track_by_host(scene.segments, machines(scene.captures))
    assert found.sightings["capture"].tolist() == [0, 1]
    assert found.legs.counts[:, 1].tolist() == [1, 1]


def test_of_nobody() -> None:
    """Captures that nothing names may be of two hosts."""
    scene = read(CLIENT + at_server(IN, OUT))
    for capture in scene.captures:
        capture.host = ""
    assert machines(scene.captures).tolist() == [0, 1, 2]


def syn_to_server(*captures: str) -> list[str]:
    """Fates of a second client's SYNs, that none of the server's captures has."""
    other = """at second
        -5 alive\n5.0 second > server S 500\n6.0 second > server S 500\n30 alive"""
    text = f"{CLIENT}{''.join(captures)}\n{other}"
    matched = read(text).match(known={**KNOWN, "second": 0})
    t = matched.transmissions
    return [f for f, n in zip(fates(matched), sorted(t["attempt"].tolist()), strict=True)
            if matched.sightings["client_lo"][matched.near[n]] == ip("second")[1]]  # fmt: skip


def capture(lines: str, end: str = "30.0") -> str:
    return f"\nat server\n-5.0 alive\n{lines}\n{end} alive"


def test_every_way_in_must_have_been_watched() -> None:
    """What may come in by either member of a bond is lost only if it is in neither."""
    assert syn_to_server(capture(f"{IN}\n{OUT}"), capture(BACK)) == ["syn lost"] * 2
    ended = syn_to_server(capture(f"{IN}\n{OUT}"), capture(BACK, "3.0"))
    assert ended == ["syn unwitnessed"] * 2
    # An interface by which nothing comes in to this address neither helps nor hinders.
    assert syn_to_server(capture(f"{IN}\n{BACK}"), capture(OUT, "3.0")) == ["syn lost"] * 2
    assert syn_to_server(capture(f"{IN}\n{BACK}", "3.0"), capture(OUT)) == ["syn unwitnessed"] * 2


def test_another_network_is_no_witness() -> None:
    """The host's other interface was on all the time and has nothing to do with the address,
    even if the user gives the host both of its addresses."""
    own = capture(f"{IN}\n{OUT}\n{BACK}", "3.0")
    other = "\nat server\n-5.0 alive\n0.1 third > other S 7\n0.2 other > third SA 8/8\n30.0 alive"
    text = f"""{CLIENT}{own}{other}
        at second\n-5 alive\n5.0 second > server S 500\n30 alive"""
    scene = read(text)
    vantages = scene.vantages(True)
    for number in (1, 2):
        vantages[number].named = frozenset([ip("server"), ip("other")])
    matched = match(scene.captures, vantages, scene.segments, {**KNOWN, "second": 0})
    reached = arrivals(matched.vantages, machines(scene.captures), scene.segments)
    assert reached[1:3] == [{ip("server")}, {ip("other")}]
    t = matched.transmissions
    (cause,) = t["cause"][t["fate"] == 0].tolist()
    assert CAUSES[cause] == "the receiver's capture had ended, or may have"


def test_spans() -> None:
    """A reply may leave by the other interface: it must have been watched as well."""
    text = CLIENT + capture(f"{IN}\n{BACK}") + capture(OUT, "3.0") + "\nat second\n0 alive\n9 alive"
    scene = read(text)
    matched = scene.match(known=KNOWN)
    begin, end = spans(scene.captures, matched.vantages, scene.segments)
    last = [c.last for c in scene.captures]
    assert end.tolist() == [last[0], last[2], last[2], last[3]]
    assert begin.tolist()[0] == begin.tolist()[3] == NO_TIME
    late = "\n4.010 second > server S 500"
    reply = CLIENT + capture(f"{IN}\n{BACK}{late}") + capture(OUT, "3.0")
    assert outcomes(reply)[1] == "inconclusive"
    assert outcomes(CLIENT + capture(f"{IN}\n{BACK}{late}") + capture(OUT))[1] == "no-reply"
