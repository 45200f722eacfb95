"""What is expected beside what is found: rules in a table, pairs against a slow oracle."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synack.check.case import Case, Expectation
from synack.check.compare import differences, differing, pair

FOUND = {
    "kind": "stale-neighbor",
    "confidence": "probable",
    "host": "broker-1",
    "interface": "eth0",
    "ip": "10.0.1.77",
    "stale_mac": "0a:de:ad:00:00:01",
    "actual_mac": None,
    "next_hop": "host",
    "leg": "syn-ack",
    "attempts": 6,
    "sent": 60,
    "received": None,
    "first": "2026-11-23T14:58:48.123456789Z",
    "last": "2026-11-23T14:59:51.000000000Z",
    "healed": None,
    "survived_by": ["a", "b"],
    "summary": "it is so",
    "evidence": [
        {"id": "mac-mismatch-on-wire", "says": "", "sources": []},
        {"id": "loss", "says": "", "sources": []},
    ],
    "remedy": ["do"],
}


def found(**keys):
    return FOUND | keys


@pytest.mark.parametrize(
    ("expected", "agrees"),
    [
        ({}, True),
        ({"kind": "stale-neighbor"}, True),
        ({"kind": "refused"}, False),
        ({"confidence": "probable"}, True),
        ({"confidence": "possible"}, False),
        ({"confidence": "confirmed"}, False),
        ({"confidence": ">=possible"}, True),
        ({"confidence": ">=probable"}, True),
        ({"confidence": ">=confirmed"}, False),
        ({"confidence": "<=possible"}, False),
        ({"confidence": "<=probable"}, True),
        ({"confidence": "<=confirmed"}, True),
        ({"actual_mac": ""}, True),
        ({"actual_mac": "0a:de:ad:00:00:01"}, False),
        ({"sent": 60, "attempts": 6}, True),
        ({"sent": 6}, False),
        ({"received": 0}, False),
        ({"first": "2026-11-23T14:58"}, True),
        ({"first": "2026-11-23T14:58:48.123456789"}, True),
        ({"first": "2026-11-23T14:58:49"}, False),
        ({"first": ""}, False),
        ({"healed": ""}, True),
        ({"healed": "2026-11-23T14:58"}, False),
        ({"survived_by": ["b"]}, True),
        ({"survived_by": []}, True),
        ({"survived_by": ["a", "c"]}, False),
        ({"evidence": ["loss", "mac-mismatch-on-wire"]}, True),
        ({"evidence": ["los"]}, False),
        ({"remedy": ["do"], "summary": "it is so"}, True),
        ({"summary": "it is"}, False),
    ],
)
def test_one_key(expected, agrees):
    assert differing(expected, FOUND) == (() if agrees else tuple(expected))


def judged(expectation: Expectation, *findings, outcomes=None):
    case = Case("case.toml", expect=expectation)
    document = {"findings": list(findings), "attempts": {"outcomes": outcomes or {}}}
    return [tuple(d) for d in differences(case, document)]


STALE = {"kind": "stale-neighbor"}
SAID = "stale-neighbor on broker-1 (probable): it is so"


@pytest.mark.parametrize(
    ("expectation", "findings", "says"),
    [
        (Expectation(), [FOUND], []),
        (Expectation([]), [FOUND], []),
        (Expectation([], exact=True), [], []),
        (
            Expectation([], exact=True),
            [FOUND],
            [(("expect", "exact"), "no other finding", SAID)],
        ),
        (
            Expectation(exact=True),
            [FOUND],
            [(("expect", "exact"), "no other finding", SAID)],
        ),
        (Expectation([STALE], exact=True), [FOUND], []),
        (
            Expectation([STALE], exact=True),
            [FOUND, found(host="b")],
            [
                (
                    ("expect", "exact"),
                    "no other finding",
                    "stale-neighbor on b (probable): it is so",
                )
            ],
        ),
        # One found finding never answers two expectations.
        (
            Expectation([STALE, STALE]),
            [FOUND],
            [(("expect", "findings", 1), "stale-neighbor", "no such finding")],
        ),
        # The likest of the same kind is shown key by key, and is then no other finding.
        (
            Expectation([STALE | {"ip": "10.0.1.78", "sent": 1, "host": "broker-1"}], exact=True),
            [FOUND],
            [
                (("expect", "findings", 0, "ip"), "ip 10.0.1.78", "ip 10.0.1.77"),
                (("expect", "findings", 0, "sent"), "sent 1", "sent 60"),
            ],
        ),
        (
            Expectation([STALE | {"healed": "2026-11-23T14:58", "evidence": ["x"]}]),
            [FOUND],
            [
                (
                    ("expect", "findings", 0, "healed"),
                    "healed 2026-11-23T14:58",
                    "healed none",
                ),
                (
                    ("expect", "findings", 0, "evidence"),
                    "evidence x",
                    "evidence mac-mismatch-on-wire; loss",
                ),
            ],
        ),
        (
            Expectation([{"kind": "refused", "host": "b", "ip": ""}]),
            [FOUND],
            [(("expect", "findings", 0), "refused, host b, ip none", "no such finding")],
        ),
        (
            Expectation(absent=["refused", "stale-neighbor"], exact=True),
            [FOUND],
            [(("expect", "absent", 1), "no stale-neighbor", SAID)],
        ),
    ],
)
def test_findings(expectation, findings, says):
    assert judged(expectation, *findings) == says


def test_an_outcome_that_is_not_named_must_not_occur():
    outcomes = {"completed": 20, "refused": 1, "no-reply": 2}
    assert judged(Expectation(), outcomes=outcomes) == []
    assert judged(Expectation(outcomes=outcomes), outcomes=outcomes) == []
    assert judged(
        Expectation(outcomes={"completed": 20, "refused": 2, "rejected": 1, "syn-lost": 0}),
        outcomes=outcomes,
    ) == [
        (("expect", "outcomes"), "0 no-reply", "2 no-reply"),
        (("expect", "outcomes", "refused"), "2 refused", "1 refused"),
        (("expect", "outcomes", "rejected"), "1 rejected", "0 rejected"),
    ]


def test_a_loose_expectation_leaves_the_finding_that_a_strict_one_needs():
    one, other = found(ip="10.0.0.1"), found(ip="10.0.0.2")
    strict = STALE | {"ip": "10.0.0.1"}
    for wanted in ([STALE, strict], [strict, STALE]):
        for findings in ([one, other], [other, one]):
            assert all(p.differing == () for p in pair(wanted, findings))
            assert len(pair(wanted, findings)) == 2


KEYS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["stale-neighbor", "refused"])},
    optional={"host": st.sampled_from("ab"), "sent": st.integers(0, 1)},
)


@given(st.lists(KEYS, max_size=4), st.lists(KEYS, max_size=4))
def test_as_many_as_can_agree_do(wanted, given_findings):
    """The oracle tries every order."""
    findings = [found(host="a", sent=0) | keys for keys in given_findings]
    pairs = pair(wanted, findings)
    assert len({p.expected for p in pairs}) == len({p.found for p in pairs}) == len(pairs)
    for p in pairs:
        assert p.differing == differing(wanted[p.expected], findings[p.found])
    rows = [*range(len(findings)), *[None] * len(wanted)]
    best = max(
        sum(
            row is not None and not differing(expected, findings[row])
            for expected, row in zip(wanted, order, strict=False)
        )
        for order in permutations(rows, len(wanted))
    )
    assert sum(not p.differing for p in pairs) == best
    # What is left over on both sides has no kind in common.
    left = {w["kind"] for n, w in enumerate(wanted) if n not in {p.expected for p in pairs}}
    other = {f["kind"] for n, f in enumerate(findings) if n not in {p.found for p in pairs}}
    assert not left & other
