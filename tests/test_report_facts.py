"""Facts of findings: what is known, and nothing else."""

from __future__ import annotations

import pytest

from synack.model import FINDING_KINDS, Finding
from synack.report.facts import facts, title

STALE = Finding(
    "stale-neighbor", "confirmed", "broker-1", "eth0", "10.0.1.77", "0a:de:ad:00:00:01",
    "0a:e6:f1:c2:6b:30", "host", "syn-ack", 6, 60, 0, 0, 1_000_000_000,
)  # fmt: skip


def test_all_that_is_known_in_order():
    assert [(fact.label, fact.value) for fact in facts(STALE)] == [
        ("Host", "broker-1"),
        ("Interface", "eth0"),
        ("Address", "10.0.1.77"),
        ("Cached MAC", "0a:de:ad:00:00:01"),
        ("Actual MAC", "0a:e6:f1:c2:6b:30"),
        ("Next hop", "host"),
        ("SYN-ACKs sent", "60"),
        ("SYN-ACKs received", "0"),
        ("Attempts affected", "6"),
        ("When", "1970-01-01 00:00:00 to 00:00:01 UTC, not seen to heal"),
    ]
    assert [fact.label for fact in facts(STALE) if fact.is_name] == [
        "Host", "Interface", "Address", "Cached MAC", "Actual MAC",
    ]  # fmt: skip


def test_what_is_not_known_is_left_out_and_what_could_not_be_seen_is_said():
    known = {fact.label: fact.value for fact in facts(Finding("refused", "confirmed", ""))}
    assert known == {"Attempts affected": "none was captured", "When": "unknown"}
    blind = Finding("syn-ack-lost", "possible", "b", leg="syn-ack", sent=3)
    known = {fact.label: fact.value for fact in facts(blind)}
    assert (known["SYN-ACKs sent"], known["SYN-ACKs received"]) == ("3", "not observable")


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("stale-neighbor", "Stale neighbor entry"),
        ("syn-ack-lost", "SYN-ACK lost"),
        ("ack-lost", "ACK lost"),
        ("capture-gap", "Not enough captured"),
    ],
)
def test_titles(kind, says):
    assert title(kind) == says


def test_every_kind_has_a_title():
    assert all(title(kind)[0].isupper() for kind in FINDING_KINDS)
