"""Segments and claims on one clock."""

from __future__ import annotations

from scenario import B, Lan, Y
from stories import BROKER, CLIENT, case_of

from synack.addresses import parse_ip, parse_mac


def test_times_of_segments_and_claims(tmp_path):
    net = Lan()
    net.arp(3, 1, Y, CLIENT, BROKER, heard=[net.broker], to=B)
    net.play()
    case = case_of(net, tmp_path)
    broker, address = case.hosts.index("broker-1"), parse_ip(CLIENT)
    rows, claims = case.spoken(address, parse_mac(Y)), case.claims_of(address)
    times = case.times_for(broker, rows, claims)
    assert len(claims)
    assert times.tolist() == [*case.time(rows), *case.claim_time[claims]]
