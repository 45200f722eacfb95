"""What happens in a network by the story: announcements, deletions, losses."""

from __future__ import annotations

import pytest
from tales import KNOWS, OLD, STALE, B, P, entry, played, tale


@pytest.mark.parametrize(("v6", "state"), [(False, "STALE"), (True, "STALE")])
def test_an_announcement_replaces_it_at_once(v6, state):
    ip = "fd00:10:0:1::77" if v6 else "10.0.1.77"
    own = {"host": "producer-7", "address": ip.replace("77", "10"), "mac": B, "state": "PERMANENT"}
    wrong = {**STALE, "address": ip, "kept": True}
    said = [{"host": "producer-7", "at": 8}]
    story = tale(at=(1, 10), v6=v6, neighbors=[wrong, own], announcements=said)
    net, attempts = played(story)
    assert [a.outcome for a in attempts][1] == "completed"
    assert entry(net, ip).mac == P


def test_a_permanent_entry_hears_no_announcement():
    wrong = [{**STALE, "state": "PERMANENT"}, KNOWS]
    net, attempts = played(
        tale(at=(1, 10), neighbors=wrong, announcements=[{"host": "producer-7", "at": 8}])
    )
    assert entry(net).mac == OLD
    assert attempts[1].outcome == "syn-ack-lost"


def test_an_entry_that_is_deleted_is_asked_for_again():
    wrong = {**STALE, "kept": True, "deleted": 10}
    net, attempts = played(tale(at=(1, 12), neighbors=[wrong, KNOWS]))
    # By then the first client has given up: what comes at last is reset.
    assert [a.outcome for a in attempts] == ["rejected", "completed"]
    assert entry(net).mac == P


@pytest.mark.parametrize(
    ("rule", "lost"),
    [
        ({"segments": "syn", "first": 2}, ["syn", "syn"]),
        ({"segments": "syn-ack", "between": [0, 1.5]}, ["syn-ack"]),
        ({"segments": "syn", "port": 22}, []),
        ({"segments": "syn", "from": "10.0.1.10"}, []),
    ],
)
def test_what_a_loss_takes(rule, lost):
    _, (attempt,) = played(tale(losses=[rule]))
    assert [s.leg for s in attempt.sent if s.fate == "lost"] == lost
    assert attempt.outcome == "completed"
