"""What a link carries, and to whom."""

from __future__ import annotations

from tales import KNOWS, STALE, played, tale


def test_a_cloud_carries_no_arp_and_a_hub_carries_everything():
    third = {"other": {"address": "10.0.1.5", "mac": "0a:05:05:05:05:05"}}
    seen = {}
    for kind in ("cloud", "plain", "flooding"):
        story = tale(kind=kind, hosts=third, neighbors=[{**STALE, "kept": True}, KNOWS])
        net, (attempt,) = played(story)
        tape = net.hosts["other"].ports[0].tape
        seen[kind] = {way for _, _, way in tape}
        fates = {s.fate for s in attempt.sent if s.leg == "syn-ack"}
        assert fates == {"misdelivered" if kind == "flooding" else "lost"}
    assert seen == {"cloud": set(), "plain": set(), "flooding": {"other"}}


def test_a_tracked_flow_arrives_whatever_the_mac():
    story = tale(kind="cloud", lan={"tracked": [9092]}, neighbors=[{**STALE, "kept": True}])
    _, (attempt,) = played(story)
    assert attempt.outcome == "completed"


def test_two_owners_of_one_address():
    other = {"batch-3": {"address": "10.0.1.77", "mac": "0a:5c:0e:77:d1:42"}}
    wrong = {**STALE, "mac": "0a:5c:0e:77:d1:42", "kept": True}
    _, (attempt,) = played(tale(hosts=other, neighbors=[wrong, KNOWS]))
    assert {s.cause for s in attempt.sent if s.leg == "syn-ack"} == {"duplicate-address"}
    assert any(s.leg == "rst" and s.host == "batch-3" for s in attempt.sent)
