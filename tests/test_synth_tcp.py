"""Retries, resets and challenges of the generator's hosts, at the times Linux has them."""

from __future__ import annotations

import pytest
from tales import KNOWS, STALE, played, tale


def times(attempt, leg):
    return [round(s.time - attempt.start, 1) for s in attempt.sent if s.leg == leg]


@pytest.mark.parametrize(
    ("connect", "syns"),
    [
        ({"timeout": 20}, [0, 1, 3.1, 7.2, 15.4]),
        ({"timeout": 12, "linear": True}, [0, 1, 2, 3.1, 4.1, 5.1, 7.1, 11.3]),
        ({"timeout": 3}, [0, 1]),
    ],
)
def test_syns_without_an_answer(connect, syns):
    drops = [{"segments": ["syn"]}]
    _, (attempt,) = played(tale(connect=connect, losses=drops))
    assert times(attempt, "syn") == syns
    assert attempt.outcome == "syn-lost"


def test_syn_acks_by_timer_and_for_every_repeated_syn():
    """As measured on 6.18: pairs of the timer and the answer, the timer set anew by each."""
    wrong = [{**STALE, "state": "PERMANENT"}, KNOWS]
    _, (attempt,) = played(tale(connect={"timeout": 5}, neighbors=wrong, duration=80))
    assert times(attempt, "syn-ack") == [0, 1.0, 1.0, 3.0, 3.1, 7.1, 15.1, 31.1]


@pytest.mark.parametrize(
    ("service", "connect", "outcome"),
    [
        ("accept", {}, "completed"),
        ("refuse", {}, "refused"),
        ("ignore", {}, "no-reply"),
        ("overflow", {}, "no-reply"),
        ("prohibit", {}, "unreachable"),
        ("accept", {"scan": True}, "rejected"),
        ("accept", {"exchange": False}, "completed"),
    ],
)
@pytest.mark.parametrize("v6", [False, True])
def test_what_a_service_does(service, connect, outcome, v6):
    broker = {"services": {"9092": service}}
    net, (attempt,) = played(tale(broker=broker, connect=connect, v6=v6))
    assert attempt.outcome == outcome
    full = net.hosts["broker-1"].counters.get("TcpExtListenOverflows", 0)
    assert full == (3 if service == "overflow" else 0)


def test_an_old_connection_is_challenged_reset_and_then_replaced():
    _, (attempt,) = played(tale(connect={"forgotten": True}))
    assert attempt.outcome == "completed"
    assert [s.leg for s in attempt.sent][:3] == ["syn", "ack", "rst"]
    assert times(attempt, "syn") == [0, 0]  # 10 ms later


def test_an_old_connection_whose_reset_is_lost_stays():
    drops = [{"segments": ["rst"]}]
    _, (attempt,) = played(tale(connect={"forgotten": True}, losses=drops))
    assert attempt.outcome == "challenged"


def test_a_lost_ack_is_repeated_by_data():
    drops = [{"segments": ["ack"], "first": 1}]
    _, (attempt,) = played(tale(losses=drops))
    assert attempt.outcome == "completed"


def test_without_any_ack_the_server_repeats_and_the_client_believes():
    drops = [{"segments": ["ack", "data", "fin"], "from": "10.0.1.77"}]
    _, (attempt,) = played(tale(losses=drops))
    assert attempt.outcome == "ack-lost"
    assert len(times(attempt, "syn-ack")) > 3


def test_lost_data_and_fins_are_sent_again():
    drops = [{"segments": ["data", "fin"], "probability": 0.5}]
    _, attempts = played(tale(at=range(1, 30), losses=drops))
    assert {a.outcome for a in attempts} == {"completed"}
    assert max(len(times(a, "data")) for a in attempts) > 3


def test_a_client_that_ignores():
    drops = [{"segments": ["syn-ack"], "to": "10.0.1.77", "at_receiver": True}]
    _, (attempt,) = played(tale(losses=drops))
    assert {s.fate for s in attempt.sent if s.leg == "syn-ack"} == {"delivered"}
    assert attempt.outcome == "inconclusive"


def test_a_client_that_is_off_sends_nothing():
    _, attempts = played(tale(at=(1, 20), client={"up": [-5, 10]}))
    assert [a.outcome for a in attempts] == ["completed"]


def test_ports_and_numbers_differ():
    _, attempts = played(tale(at=range(1, 30)))
    assert len({a.client_port for a in attempts}) == len(attempts) == 29
    assert len({a.isn for a in attempts}) == 29
    assert {a.client_address for a in attempts} == {"10.0.1.77"}
