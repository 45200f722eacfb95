"""Ladders as objects, from files."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_taps import TWO, incident

from synack.pipeline import Diagnosed, load, run
from synack.report.rungs import NAMES, NOTHING_TELLS, Ladder, endpoint, ladders, typical

FIXTURES = Path(__file__).parents[1] / "fixtures"


def diagnosed(name: str) -> Diagnosed:
    return run(load([str(FIXTURES / name)]))


def shown(name: str) -> Ladder:
    """A typical attempt of the first finding."""
    d = diagnosed(name)
    attempt = typical(d, d.findings[0])
    assert attempt is not None
    (ladder,) = ladders(d, [attempt])
    return ladder


def test_the_mission() -> None:
    """What was sent, by whom, to which MAC, in which frame, and that it is lost."""
    ladder = shown("stale-arp")
    assert (ladder.client, ladder.client_host) == ("10.0.1.77:59380", "producer-7")
    assert (ladder.server, ladder.server_host) == ("10.0.1.10:9092", "broker-1")
    assert (ladder.outcome, ladder.reason, ladder.clock) == ("syn-ack-lost", "", "broker-1")
    assert [rung.title for rung in ladder.rungs[:2]] == ["SYN 1/5", "SYN-ACK 1/10"]
    syn, answer = ladder.rungs[:2]
    assert (syn.from_client, answer.from_client) == (True, False)
    assert (syn.fate, answer.fate, answer.arrived) == ("delivered", "lost", None)
    assert syn.sent is not None
    assert answer.sent is not None
    assert answer.sent.src_mac == "0a:1f:3c:90:5e:a1"
    assert answer.sent.dst_mac == "0a:de:ad:00:00:01"
    assert (Path(answer.sent.file).name, answer.sent.frame) == ("broker-1-eth0.pcap", 38)
    assert syn.sent.at == ladder.begin
    assert 0 < (syn.doubt_ns or 0) < 2_000_000


def test_rows_are_in_the_order_asked_for() -> None:
    d = diagnosed("stale-arp")
    assert [ladder.attempt for ladder in ladders(d, [7, 3, 5])] == [7, 3, 5]
    assert ladders(d, []) == []


def test_translated_addresses_are_both_there() -> None:
    ladder = shown("behind-nat")
    assert ladder.client.startswith("192.168.7.77:")
    assert ladder.translated.startswith("10.0.1.1:")
    assert shown("stale-arp").translated == ""


def test_errors_have_the_name_of_their_code() -> None:
    assert [rung.title for rung in shown("prohibited").rungs] == ["SYN", "ICMP prohibited"]


def test_one_sided() -> None:
    ladder = shown("server-side-only")
    assert (ladder.client_host, ladder.server_host) == ("", "broker-1")
    assert {rung.reason for rung in ladder.rungs} == {"", "the receiver was not captured"}
    assert ladder.doubt_ns is None


def test_taps_are_on_the_way(tmp_path: Path) -> None:
    """By time, and where it vanished is between two of them."""
    d = incident(tmp_path, "client broker", TWO).diagnosed
    attempt = typical(d, d.findings[0])
    assert attempt is not None
    (ladder,) = ladders(d, [attempt])
    syn = next(rung for rung in ladder.rungs if rung.name == "SYN")
    assert [seen.place for seen in syn.seen] == ["producer-7", "span-1", "span-2", "broker-1"]
    answer = next(rung for rung in ladder.rungs if rung.name == "SYN-ACK")
    assert [seen.place for seen in answer.seen] == ["broker-1", "span-2"]
    assert answer.vanished == "between span-2 and span-1"
    assert not answer.between_ends


@pytest.mark.parametrize(
    ("ip", "text"), [("10.0.0.1", "10.0.0.1:9"), ("2001:db8::1", "[2001:db8::1]:9")]
)
def test_endpoints(ip: str, text: str) -> None:
    assert endpoint(ip, 9) == text


def test_every_event_has_a_name() -> None:
    from synack.handshake.states import Event

    assert len(NAMES) == Event.COPY
    assert all(NAMES[event] for event in range(1, Event.COPY))


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/case.toml")), ids=lambda p: p.parent.name)
def test_every_finding_has_a_ladder(path: Path) -> None:
    """That says of each transmission that is unwitnessed why, and begins with a SYN or SYN-ACK."""
    d = run(load([str(path.parent)]))
    attempts = [a for f in d.findings if (a := typical(d, f)) is not None]
    for ladder in ladders(d, attempts):
        assert ladder.rungs
        for rung in ladder.rungs:
            assert rung.seen
            assert bool(rung.reason) == (rung.fate == "unwitnessed")
            assert 1 <= rung.number <= rung.of
            assert rung.reason != NOTHING_TELLS or rung.name.startswith("ICMP")
