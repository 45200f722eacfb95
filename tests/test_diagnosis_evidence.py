"""The joins under the rules, against slow and obvious ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario import BROADCAST, B, Lan, X, Y

from synack.addresses import NO_MAC, parse_ip, parse_mac
from synack.diagnosis.evidence import ByAddress, Case, alike, grouped
from synack.handshake.match import UNWITNESSED
from synack.handshake.states import Event
from synack.pipeline import load, run
from synack.tables import NO_TIME

BROKER, CLIENT, HEALTHY = "10.0.1.10", "10.0.1.77", "10.0.1.71"
HALF = st.sampled_from([0, 1, 5, 2**63, 2**64 - 1])


def case_of(net, folder):
    loaded = load([str(net.write(folder))])
    d = run(loaded)
    return Case(d.matched, d.paths, d.attempts, loaded.claims, d.entries, loaded.files, {})


@pytest.fixture
def net():
    net = Lan()
    net.broker.knows(net.client, X)
    return net


@pytest.fixture
def case(net, tmp_path):
    net.dump(net.broker, 5)
    net.play()
    return case_of(net, tmp_path)


# ---- indexes ------------------------------------------------------------------------------


@given(st.lists(st.tuples(HALF, HALF)), st.tuples(HALF, HALF))
def test_rows_by_address(pairs, wanted):
    high = np.array([a for a, _ in pairs], np.uint64)
    low = np.array([b for _, b in pairs], np.uint64)
    expected = [row for row, pair in enumerate(pairs) if pair == wanted]
    assert ByAddress(high, low).rows(wanted).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 1))))
def test_grouped(keys):
    rows = np.arange(len(keys)) + 100
    columns = [np.array([key[i] for key in keys], np.int64) for i in (0, 1)]
    found = {key: part.tolist() for key, part in grouped(rows, *columns)}
    assert found == {
        key: [100 + i for i, k in enumerate(keys) if k == key] for key in sorted(set(keys))
    }
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", True),
        ("10.0.0.1", "fd00::1", False),
        ("fd00::1", "fd00::2", True),
        ("fd00::1", "fe80::2", False),
        ("fe80::1", "fd00::2", False),
    ],
)
def test_alike(one, other, same):
    assert alike(parse_ip(one), parse_ip(other)) == same


# ---- sendings -----------------------------------------------------------------------------


def test_sendings_are_what_each_host_sent(case):
    s = case.sendings
    hosts = [case.hosts[host] for host in s["host"]]
    legs = set(zip(hosts, s["leg"].tolist(), strict=True))
    assert legs == {("broker-1", Event.SYN_ACK), ("producer-7", Event.SYN)}
    to_client = case.sent_to(case.hosts.index("broker-1"), parse_ip(CLIENT))
    assert set(s["mac"][to_client].tolist()) == {parse_mac(X)}
    assert set(s["peer_mac"][to_client].tolist()) == {parse_mac(Y)}
    assert set(s["home_mac"][to_client].tolist()) == {parse_mac(Y)}
    assert not case.came_through[to_client].any()


def test_unwitnessed_sendings_of_completed_attempts_came_through(case):
    rows = case.sent_to(case.hosts.index("broker-1"), parse_ip(HEALTHY))
    assert (case.sendings["fate"][rows] == UNWITNESSED).all()
    assert case.came_through[rows].all()
    assert (case.sendings["home_mac"][rows] == NO_MAC).all()


def test_the_peers_mac_is_that_of_its_last_frame_before(net, tmp_path):
    changes = lambda at: "0a:00:00:00:00:02" if at > 20 else Y  # noqa: E731
    net.client.sends_as = changes
    net.client.tape = None
    net.play((1, 30))
    case = case_of(net, tmp_path)
    rows = case.sent_to(0, parse_ip(CLIENT))
    late = case.time(case.sendings["row"][rows]) > (1_790_000_000 + 20) * 10**9
    expected = np.where(late, parse_mac("0a:00:00:00:00:02"), parse_mac(Y))
    assert case.sendings["peer_mac"][rows].tolist() == expected.tolist()


FIXTURES = sorted((Path(__file__).parents[1] / "fixtures").iterdir())


@pytest.mark.parametrize("folder", [f for f in FIXTURES if f.is_dir()], ids=lambda f: f.name)
def test_the_only_macs_are_those_of_the_join(folder):
    """Where every end has one MAC all the time, looking it up says what the join says."""
    loaded = load([str(folder)])
    d = run(loaded)
    case = Case(d.matched, d.paths, d.attempts, loaded.claims, d.entries, loaded.files, {})
    joined = case._mac_as_of(case.sendings["row"])
    assert case.sendings["peer_mac"].tolist() == joined.tolist()


def test_the_mac_in_one_capture_says_nothing_of_another(case):
    """What goes out by another interface of the host goes to another MAC, and rightly so."""
    m = case.matched
    assert case._only_macs is not None
    assert len(m.captures) > 1
    one_host = replace(m, host_of_capture=np.zeros_like(m.host_of_capture))
    assert replace(case, matched=one_host)._only_macs is None


# ---- tables and claims --------------------------------------------------------------------


def test_a_table_with_the_hosts_own_address_elsewhere_is_not_its_own(net, tmp_path):
    net.dump(net.broker, 5, {CLIENT: X, BROKER: Y})
    net.play()
    case = case_of(net, tmp_path)
    assert len(case.table_of(0, parse_ip(CLIENT))) == 0


def test_a_table_with_the_hosts_own_address_at_its_own_mac_is(net, tmp_path):
    """BSD lists the host itself."""
    net.dump(net.broker, 5, {CLIENT: X, BROKER: B})
    net.play()
    case = case_of(net, tmp_path)
    assert len(case.table_of(0, parse_ip(CLIENT))) == 1


def test_entries_are_on_the_reference_clock(net, tmp_path):
    net.client.clock, net.broker.clock = 100.0, -50.0
    net.broker.knows(net.client, Y, at=20)
    net.play((1, 30))
    net.dump(net.broker, 5)
    case = case_of(net, tmp_path)
    (row,) = case.table_of(0, parse_ip(CLIENT)).tolist()
    first = case.time(case.spoken(parse_ip(CLIENT), parse_mac(Y))).min()
    assert abs(case.entry_time[row] - first - 4_500_000_000) < 10**6
    assert case.entry_certain.all()
    assert (case.entry_time != NO_TIME).all()


def test_questions_about_ones_own_address_ask_nobody(net, tmp_path):
    net.arp(1, 1, B, BROKER, CLIENT, heard=[net.broker])
    net.arp(2, 1, B, CLIENT, CLIENT, heard=[net.broker])
    net.arp(3, 1, Y, CLIENT, BROKER, heard=[net.broker])
    net.play()
    case = case_of(net, tmp_path)
    assert len(case.asked_by(0, parse_ip(CLIENT))) == 1
    assert len(case.claimed(parse_ip(CLIENT), parse_mac(Y))) == 1


def test_what_a_mac_stands_for(net, tmp_path):
    net.arp(1, 2, X, "10.0.1.99", BROKER, heard=[net.broker], to=B)
    net.dump(net.broker, 5, {CLIENT: X, "10.0.1.98": X, "10.0.1.97": ""})
    net.dump(net.client, 5, {"10.0.1.96": X})
    net.play()
    case = case_of(net, tmp_path)
    told, seen = case.behind(case.hosts.index("broker-1"), parse_mac(X))
    assert told == {parse_ip(ip) for ip in (CLIENT, "10.0.1.98", "10.0.1.99")}
    assert seen == set()
    assert case.behind(case.hosts.index("broker-1"), parse_mac(Y))[1] == {parse_ip(CLIENT)}
    assert case.behind(case.hosts.index("broker-1"), parse_mac(BROADCAST)) == (set(), set())
