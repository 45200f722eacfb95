"""ISNs that are alike by chance: no translation, and no verdict that is another for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import pytest
from fleet import EPOCH, SECOND, Host, fleets, simulate
from hypothesis import given
from hypothesis import strategies as st
from test_handshake_match import SEARCH, judged
from test_handshake_nat import CLIENT, HOUR, LOST_C, LOST_S, SERVER, translated
from traces import read

from synack.handshake.outcome import judge
from synack.model import OUTCOMES

STAMPED_C = "0.000 client > server S 100 ts=5\n1.000 client > server S 100 ts=1005\n"
STAMPED_S = """
0.010 nat > server S 100 ts=3000000000
0.011 server > nat SA 900/101
1.010 nat > server S 100 ts=3000001000
1.011 server > nat SA 900/101
"""
DIRECT_C = """
3.00 client:41000 > server S 700
3.02 server > client:41000 SA 1/701
3.03 client:41000 > server A 701/2
"""
DIRECT_S = """
3.01 client:41000 > server S 700
3.01 server > client:41000 SA 1/701
3.04 client:41000 > server A 701/2
"""


def later(trace: str, by: float) -> str:
    """The same, ``by`` seconds later."""
    words = (line.split(maxsplit=1) for line in trace.splitlines() if line)
    return "\n".join(f"{float(at) + by} {rest}" for at, rest in words) + "\n"


class Case(NamedTuple):
    """Captures; how many attempts nothing tells from a translation; the outcomes."""

    shows: str
    ambiguous: int
    outcomes: str
    trace: str
    known: bool = True


BOTH = "inconclusive unacknowledged"
TWO = "syn-lost unacknowledged"
CASES = [
    Case("at one time", 2, BOTH, CLIENT + LOST_C + SERVER + LOST_S),
    Case("at other times", 0, TWO, CLIENT + LOST_C + SERVER + later(LOST_S, 5)),
    Case("each once when the other was not", 0, TWO,
         CLIENT + LOST_C + SERVER + later(LOST_S, 1)),
    Case("one of them twice", 2, "inconclusive inconclusive", CLIENT + LOST_C + SERVER + "".join(
        line + "\n" for line in LOST_S.splitlines() if not line.startswith("1.0"))),
    Case("at other times, by clocks that nothing compares", 2, BOTH,
         CLIENT + LOST_C + SERVER + later(LOST_S, 5), known=False),
    Case("at other times, while a capture was off", 2, BOTH,
         CLIENT.replace("20 alive", "") + LOST_C + "2 alive\n" + SERVER + later(LOST_S, 5)),
    Case("at other times, and a capture that dropped", 2, BOTH,
         CLIENT.replace("clock", "drops=3 clock") + LOST_C + SERVER + later(LOST_S, 5)),
    Case("another got through as it was", 0, TWO + " completed",
         CLIENT + LOST_C + DIRECT_C + SERVER + LOST_S + DIRECT_S),
    Case("another got through to another port", 2, BOTH + " completed",
         CLIENT + LOST_C + DIRECT_C.replace("server", "server:80")
         + SERVER + LOST_S + DIRECT_S.replace("server", "server:80")),
    Case("TSvals of two clocks at one time", 2, BOTH, CLIENT + STAMPED_C + SERVER + STAMPED_S),
    Case("TSvals of two clocks, a minute apart", 0, "unanswered unacknowledged",
         CLIENT + STAMPED_C.replace("server", "vip") + SERVER
         + later(STAMPED_S, 60) + "90 alive\n", known=False),
    Case("TSvals of one clock, a minute apart", 2, "unanswered unacknowledged",
         CLIENT + STAMPED_C.replace("server", "vip") + SERVER
         + later(STAMPED_S, 60).replace("300000", "6") + "90 alive\n", known=False),
    Case("four hosts", 0, "inconclusive inconclusive",
         CLIENT.replace("20 alive", "") + LOST_C + SERVER.replace("-9 alive", "15 alive")
         + "at second\n15 alive\n20 alive\nat other\n0 alive\n"
         + LOST_S.replace("nat", "second").replace("server", "other")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.shows)
def test_cases(case: Case) -> None:
    known = {"client": -7 * SECOND, "server": HOUR, "second": 0, "other": 0} if case.known else {}
    m = read(case.trace).match(known=known)
    said = Counter(OUTCOMES[outcome] for outcome in judge(m)["outcome"])
    assert (int(m.ambiguous.sum()), translated(m)) == (case.ambiguous, 0)
    assert said == Counter(case.outcomes.split())


def test_many_more_than_by_chance() -> None:
    """Two ISNs of a few attempts under the same addresses are a translation, of very many none."""
    few = [f"{n} client:{4000 + n} > server S {n}\n" for n in range(2)]
    there = [line.replace("client:4", "nat:5") for line in few]
    others = [f"3 {{}}:{n} > server S {{}}{n}\n" for n in range(10_000, 18_000)]
    for more, shown in (([], 2), (others, 0)):
        here = [line.format("client", 1) for line in more]
        beyond = [line.format("nat", 2) for line in more]
        m = read(
            CLIENT + "".join(few + here) + SERVER + "".join(there + beyond)
        ).match(known={"client": -7 * SECOND, "server": HOUR})  # fmt: skip
        assert translated(m) == shown


# ---- two incidents that have nothing to do with each other --------------------------------

DAY = 24 * HOUR
_LONG = 200 * SECOND
_ASIDE = SECOND // 8
"""Half of the raster: nothing of one is sent when anything of the other is."""


@st.composite
def unrelated(draw: st.DrawFn) -> tuple[list[Host], list[Host], bool]:
    """Two fleets with ISNs in common, and whether their clocks are known; if they are not, the
    segments have TSvals and the second one is of a day later."""
    known = draw(st.booleans())
    result = []
    for name in "hg":
        hosts, plans = draw(fleets())
        hosts = [
            replace(h, name=h.name.replace("h", name), begin=EPOCH - _LONG, end=EPOCH + _LONG,
                    address=h.address.replace("10.0.0", "10.0.0" if name == "h" else "10.9.9"))
            for h in hosts
        ]  # fmt: skip
        result.append((hosts, plans))
    (hosts, plans), (others, theirs) = result
    taken: set[tuple[int, ...]] = set()
    for number, plan in enumerate(theirs):
        plan.start += _ASIDE
        like = plans[number] if number < len(plans) else plan
        ends = plan.client, plan.server, like.client, like.server
        # Two of the same addresses would be a translation.
        plan.isn = 77_000 + number if like is plan or ends in taken else like.isn
        taken.add(ends)
        plan.server_isn = 123_456_789 + number
    for plan in plans + theirs:
        plan.stamps |= not known
    simulate(hosts, plans)
    simulate(others, theirs)
    return hosts, others if known else [aside(h) for h in others], known


def aside(host: Host) -> Host:
    """The same a day later, with another TSval clock."""
    moved = [
        p._replace(time=p.time + DAY, tsval=(p.tsval + 2**31) % 2**32 if p.tsval >= 0 else -1)
        for p in host.packets
    ]
    return replace(host, begin=host.begin + DAY, end=host.end + DAY, packets=moved)


@SEARCH
@given(unrelated())
def test_chance_changes_nothing(fleet: tuple[list[Host], list[Host], bool]) -> None:
    """Whatever ISNs two incidents have in common: of each is said what is said of it alone."""
    hosts, others, known = fleet
    both = judged(hosts + others, known=known)
    alone = [judged(part, known=known) for part in (hosts, others)]
    assert both.outcomes == alone[0].outcomes | alone[1].outcomes
    assert both.fates == alone[0].fates | alone[1].fates
    assert not both.matched.ambiguous.any()
