"""One attempt under several addresses, as a table of traces."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from fleet import Host, Key, Packet, fleets, simulate
from hypothesis import assume, given
from hypothesis import strategies as st
from test_handshake_match import SEARCH, Fleet, contradictions, judged
from traces import SECOND, fates, ip, read

from synack.handshake.coverage import CAUSES
from synack.handshake.details import details
from synack.handshake.matched import Matched
from synack.handshake.nat import MOST
from synack.handshake.outcome import judge
from synack.handshake.path import paths
from synack.model import FATES, OUTCOMES
from synack.tables import IDENTITY

HOUR = 3600 * SECOND
SERVER_PORT = 9092
CLIENT = "at client clock=-7\n-9 alive\n20 alive\n"
SERVER = "at server clock=+3600\n-9 alive\n20 alive\n"
ROUTER = "at router clock=+1\n-9 alive\n20 alive\n"


class Case(NamedTuple):
    """Captures; the outcomes in order of attempts; attempts under two addresses, and those
    that nobody could tell apart."""

    shows: str
    outcomes: str
    translated: int
    ambiguous: int
    trace: str


S_NAT = """
0.010 nat > server S 100 ts=5 ttl=63
0.011 server > nat SA 900/101
0.031 nat > server A 101/901 ttl=63
"""
C_DIRECT = """
0.000 client > server S 100 ts=5
0.020 server > client SA 900/101
0.021 client > server A 101/901
"""
C_VIP = C_DIRECT.replace("server", "vip")
S_DIRECT = S_NAT.replace("nat", "client")
LOST_AT_SERVER = """
0.010 nat > server S 100 ts=5 ttl=63
0.011 server > nat SA 900/101
1.010 nat > server S 100 ts=1005 ttl=63
1.011 server > nat SA 900/101
"""
LOST_AT_CLIENT = """
0.000 client > server S 100 ts=5
1.000 client > server S 100 ts=1005
"""
WITHOUT_STAMPS = [LOST_AT_CLIENT, LOST_AT_SERVER]
LOST_C, LOST_S = (text.replace(" ts=1005", "").replace(" ts=5", "") for text in WITHOUT_STAMPS)
ANOTHER_C, ANOTHER_S = (
    text.replace("S 100", "S 7000").replace("/101", "/7001")
    .replace("client ", "client:41000 ").replace("nat ", "nat:51000 ")
    for text in (LOST_C, LOST_S)
)  # fmt: skip
GONE_WELL_C = """
5.00 client:40001 > server S 300 ts=9
5.10 server > client:40001 SA 3/301
5.11 client:40001 > server A 301/4
"""
GONE_WELL_S = """
5.01 nat:50001 > server S 300 ts=9
5.09 server > nat:50001 SA 3/301
5.12 nat:50001 > server A 301/4
"""
FORWARDED = """
0.004 client > server S 100 ts=5
0.005 nat > server S 100 ts=5 ttl=63
0.015 server > nat SA 900/101 ttl=64
0.016 server > client SA 900/101 ttl=63
0.025 client > server A 101/901
0.026 nat > server A 101/901 ttl=63
"""
OUTSIDE = """
0.005 nat > server S 100 ts=5 ttl=63
0.015 server > nat SA 900/101 ttl=64
0.026 nat > server A 101/901 ttl=63
"""
CASES = [
    Case("source address", "completed", 1, 0, CLIENT + C_DIRECT + SERVER + S_NAT),
    Case("destination address", "completed", 1, 0, CLIENT + C_VIP + SERVER + S_DIRECT),
    Case("both", "completed", 1, 0, CLIENT + C_VIP + SERVER + S_NAT),
    Case("only a port", "completed", 1, 0,
         CLIENT + C_DIRECT.replace("server", "server:80") + SERVER + S_DIRECT),
    Case("none", "completed", 0, 0, CLIENT + C_DIRECT + SERVER + S_DIRECT),
    Case("SYN-ACKs lost behind it", "syn-ack-lost", 1, 0,
         CLIENT + LOST_AT_CLIENT + SERVER + LOST_AT_SERVER),
    Case("no reply behind it", "no-reply", 1, 0,
         CLIENT + LOST_AT_CLIENT + SERVER + "0.010 nat > server S 100 ts=5\n"),
    Case("no timestamps, but the server's ISN", "completed", 1, 0,
         CLIENT + C_DIRECT.replace(" ts=5", "") + SERVER + S_NAT.replace(" ts=5", "")),
    Case("timestamps cut off at one end", "completed", 1, 0,
         CLIENT + C_DIRECT.replace(" ts=5", "") + SERVER + S_NAT),
    Case("a SYN-ACK that has the SYN's TSval", "syn-ack-lost", 1, 0,
         CLIENT + LOST_AT_CLIENT + SERVER + "1.011 server > nat SA 900/101 ts=8 tsecr=1005\n"),
    Case("each end has the SYN that the other lacks", "inconclusive completed", 0, 2,
         "at client clock=-7\n-9 alive\n0 client > server S 100 ts=5\n0.5 alive\n" + SERVER
         + S_NAT.replace("ts=5", "ts=1005")),
    Case("the ISN alone", "inconclusive unacknowledged", 0, 2, CLIENT + LOST_C + SERVER + LOST_S),
    Case("the ISN alone, and another that is sure", "syn-ack-lost completed", 2, 0,
         CLIENT + LOST_C + GONE_WELL_C + SERVER + LOST_S + GONE_WELL_S),
    Case("two ISNs alone, translated alike", "syn-ack-lost syn-ack-lost", 2, 0,
         CLIENT + LOST_C + ANOTHER_C + SERVER + LOST_S + ANOTHER_S),
    Case("the ISN alone, and a sure one to another port",
         "inconclusive unacknowledged completed", 1, 2,
         CLIENT + LOST_C + GONE_WELL_C.replace("server", "server:80")
         + SERVER + LOST_S + GONE_WELL_S.replace("server", "server:80")),
    Case("a sender without a clock", "inconclusive no-reply", 0, 2,
         CLIENT + "0 client > server S 100 ts=0\n" + SERVER + "0.010 nat > server S 100 ts=0\n"),
    Case("a proxy with a connection of its own", "completed completed", 0, 0,
         CLIENT + C_VIP + SERVER + S_NAT.replace("S 100", "S 555").replace("101", "556")),
    Case("something that answers by itself", "completed completed", 0, 0,
         CLIENT + C_DIRECT.replace("900/", "333/").replace("/901", "/334") + SERVER + S_NAT),
    Case("one of two alike", "inconclusive unacknowledged unacknowledged", 0, 3,
         CLIENT + LOST_AT_CLIENT + SERVER + LOST_AT_SERVER
         + LOST_AT_SERVER.replace("nat >", "nat:7 >").replace("> nat", "> nat:7")),
    Case("the router between", "completed", 1, 0,
         CLIENT + C_DIRECT + ROUTER + FORWARDED + SERVER + S_NAT),
    Case("the router's own capture alone", "completed", 1, 0, ROUTER + FORWARDED),
    Case("the router's outside", "completed", 1, 0, CLIENT + C_DIRECT
         + ROUTER.replace("router", "nat") + OUTSIDE + SERVER + S_NAT),
    Case("a SYN sent to two servers", "no-reply no-reply", 0, 0,
         "at server\n-9 alive\n0 client > server S 100\n20 alive\n"
         "at other\n-9 alive\n0 client > other S 100\n20 alive\n"),
    Case("a SYN with a timestamp sent to two servers", "no-reply no-reply", 0, 0,
         "at server\n-9 alive\n0 client > server S 100 ts=5\n20 alive\n"
         "at other\n-9 alive\n0 client > other S 100 ts=5\n20 alive\n"),
    Case("a scan with one ISN, seen at its source", "unanswered " * 3, 0, 0,
         CLIENT + "".join(f"{n} client > server:{n} S 100 ts=5\n" for n in (1, 2, 3))),
    Case("a scan with one ISN, seen at both ends", "no-reply " * 3, 0, 0,
         CLIENT + "".join(f"{n} client > server:{n} S 100 ts=5\n" for n in (1, 2, 3))
         + SERVER + "".join(f"{n}.01 client > server:{n} S 100 ts=5\n" for n in (1, 2, 3))),
    Case("always the same ISN", "inconclusive no-reply " * (MOST + 1), 0, 2 * (MOST + 1),
         CLIENT + "".join(f"{n} client > server:{n} S 100\n" for n in range(1, MOST + 2))
         + SERVER + "".join(f"{n}.01 nat > server:{n} S 100\n" for n in range(1, MOST + 2))),
]  # fmt: skip


def matched(trace: str, **known: int) -> Matched:
    return read(trace).match(known=known)


def translated(m: Matched) -> int:
    names = ("client_hi", "client_lo", "client_port", "server_hi", "server_lo", "server_port")
    s = m.sightings
    return int(np.logical_or.reduce([s[n][m.near] != s[n][m.far] for n in names]).sum())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.shows)
def test_cases(case: Case) -> None:
    m = matched(case.trace, client=-7 * SECOND, server=HOUR)
    outcomes = [OUTCOMES[o] for o in judge(m)["outcome"]]
    assert Counter(outcomes) == Counter(case.outcomes.split())
    assert (translated(m), m.ambiguous.sum()) == (case.translated, case.ambiguous)


def test_addresses_at_both_sides() -> None:
    m = matched(CLIENT + C_VIP + SERVER + S_NAT)
    (row,) = details(m, judge(m), paths(m)).rows()
    near, far = (
        {n: m.sightings[n][view].item() for n in IDENTITY if n != "client_isn"}
        for view in (m.near, m.far)
    )
    assert near == {
        "client_hi": 0, "client_lo": ip("client")[1], "client_port": 40000,
        "server_hi": 0, "server_lo": ip("vip")[1], "server_port": 9092,
    }  # fmt: skip
    assert far == {
        "client_hi": 0, "client_lo": ip("nat")[1], "client_port": 50000,
        "server_hi": 0, "server_lo": ip("server")[1], "server_port": 9092,
    }  # fmt: skip
    assert row["translated"]
    assert {name: row[f"translated_{name}"] for name in far} == far


def test_addresses_that_stay() -> None:
    m = matched(CLIENT + C_DIRECT + SERVER + S_DIRECT)
    (row,) = details(m, judge(m), paths(m)).rows()
    assert not row["translated"]
    assert row["translated_client_port"] == row["translated_server_port"] == -1


def test_the_ends_behind_a_router_that_translates() -> None:
    """The router speaks as `nat` and is neither client nor server."""
    m = matched(CLIENT + C_DIRECT + ROUTER.replace("router", "nat") + OUTSIDE + SERVER + S_NAT)
    hosts = [m.hosts[host[0]] for host in (m.client_host, m.server_host)]
    assert hosts == ["client", "server"]
    assert m.hosts[m.host_of_capture[m.sightings["capture"][m.elsewhere[0]]]] == "nat"


def test_fates_behind_it() -> None:
    m = matched(CLIENT + LOST_AT_CLIENT + SERVER + LOST_AT_SERVER, client=-7 * SECOND, server=HOUR)
    assert fates(m) == ["syn delivered"] * 2 + ["syn-ack lost"] * 2


def test_clocks_compared_through_it() -> None:
    """Its packets are the only ones that two hosts share."""
    m = matched(CLIENT + C_VIP + SERVER + S_NAT)
    (clock,) = (c for c in m.clocks if c.host != c.reference)
    assert clock.grade == "accurate"
    assert abs(abs(clock.offset) - (HOUR + 7 * SECOND)) <= clock.uncertainty


def test_an_isn_alone_loses_nothing() -> None:
    """What may have arrived under other addresses is not lost."""
    m = matched(CLIENT + LOST_C + SERVER + LOST_S, client=-7 * SECOND, server=HOUR)
    t = m.transmissions
    assert {FATES[fate] for fate in t["fate"]} == {"unwitnessed"}
    assert all("same ISN" in CAUSES[cause] for cause in t["cause"])


# ---- fleets: addresses that are translated on the way must not change a verdict -------------


def behind(host: Host) -> str:
    """What others see of a host behind a translator."""
    return host.address.replace("10.0.0.", "198.51.100.")


def translating(hosts: list[Host], sources: set[str], targets: set[str]) -> list[Host]:
    """The same fleet, but others see the clients of ``sources`` and the servers of
    ``targets`` (addresses) under other addresses and ports."""
    new = {h.address: behind(h) for h in hosts}

    def seen(p: Packet, own: str) -> Packet:
        for far, port in (("src", "sport"), ("dst", "dport")):
            address = getattr(p, far)
            server = getattr(p, port) == SERVER_PORT
            if address != own and address in (targets if server else sources):
                shift = -9000 if server else 7
                p = p._replace(**{far: new[address], port: getattr(p, port) + shift})
        return p

    return [replace(h, packets=[seen(p, h.address) for p in h.packets]) for h in hosts]


def as_shown(key: Key, hosts: list[Host], sources: set[str], targets: set[str]) -> Key:
    """The addresses of an attempt at its client, or at its server if only that captured."""
    client, cport, server, sport, isn = key
    of = {h.address: h for h in hosts}
    if of[client].captures:
        if server in targets:
            server, sport = behind(of[server]), sport - 9000
    elif client in sources:
        client, cport = behind(of[client]), cport + 7
    return client, cport, server, sport, isn


@st.composite
def translated_fleets(draw: st.DrawFn) -> tuple[Fleet, set[str], set[str]]:
    """Fleets whose segments have timestamps and ISNs of their own, some hosts behind NAT."""
    hosts, plans = draw(fleets())
    for number, plan in enumerate(plans):
        plan.stamps, plan.isn = True, (plan.isn & ~0xF) + number
    addresses = st.sets(st.sampled_from([h.address for h in hosts]))
    return (hosts, simulate(hosts, plans)), draw(addresses), draw(addresses)


def in_common(hosts: list[Host], key: Key) -> bool:
    """Whether the captures of both ends, if there are two, share a SYN or SYN-ACK."""
    of = {h.address: h for h in hosts}
    ends = {key[:2], key[2:4]}
    seen = [
        {(p.flags, p.seq, p.tsval if p.flags == "S" else 0) for p in of[address].packets
         if "S" in p.flags and {(p.src, p.sport), (p.dst, p.dport)} == ends}
        for address in (key[0], key[2]) if of[address].captures
    ]  # fmt: skip
    return len(seen) < 2 or bool(seen[0] & seen[1])


@SEARCH
@given(translated_fleets(), st.booleans())
def test_translation_does_not_matter(fleet: tuple[Fleet, set[str], set[str]], known: bool) -> None:
    """Where the ends have a segment in common of every attempt, all is as without."""
    (hosts, truths), sources, targets = fleet
    plain = judged(hosts, known=known)
    assume(all(in_common(hosts, key) for key in plain.outcomes))
    said = judged(translating(hosts, sources, targets), known=known)
    shown = {key: as_shown(key, hosts, sources, targets) for key in truths}
    assert said.outcomes == {shown[k]: outcome for k, outcome in plain.outcomes.items()}
    assert said.fates == {shown[k]: fates for k, fates in plain.fates.items()}
    assert said.counts == {shown[k]: counts for k, counts in plain.counts.items()}


@SEARCH
@given(translated_fleets())
def test_never_false_when_translated(fleet: tuple[Fleet, set[str], set[str]]) -> None:
    """Whatever the captures lack, nothing that is said contradicts what happened."""
    (hosts, truths), sources, targets = fleet
    said = judged(translating(hosts, sources, targets), known=True)
    back = {as_shown(key, hosts, sources, targets): key for key in truths}
    # Of one attempt that nobody saw at both ends, each end may be told under its own name.
    own = {key: back[key] for key in said.outcomes if key in back}
    assert contradictions(
        hosts, truths,
        replace(said, outcomes={own[k]: said.outcomes[k] for k in own},
                fates={own[k]: said.fates[k] for k in own}),
        known=True,
    ) == []  # fmt: skip


@SEARCH
@given(translated_fleets(), st.permutations(range(4)), st.permutations("wxyz"))
def test_order_and_names_do_not_matter(
    fleet: tuple[Fleet, set[str], set[str]], order: list[int], names: list[str]
) -> None:
    (hosts, _), sources, targets = fleet
    there = translating(hosts, sources, targets)
    named = [replace(h, name=name) for h, name in zip(there, names, strict=False)]
    before = judged(there, known=True)
    after = judged([named[n] for n in order if n < len(named)], known=True)
    assert (after.outcomes, after.counts) == (before.outcomes, before.counts)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.shows)
def test_captures_in_another_order(case: Case) -> None:
    _, *captures = re.split("^at ", case.trace, flags=re.MULTILINE)
    m = matched(
        "".join(f"at {capture}" for capture in reversed(captures)), client=-7 * SECOND, server=HOUR
    )
    assert Counter(OUTCOMES[o] for o in judge(m)["outcome"]) == Counter(case.outcomes.split())
    assert (translated(m), m.ambiguous.sum()) == (case.translated, case.ambiguous)
