"""What ARP claims and asks."""

from __future__ import annotations

from scenario import B, Lan, Y
from stories import BROKER, CLIENT, case_of

from synack.addresses import parse_ip, parse_mac


def test_questions_about_ones_own_address_ask_nobody(tmp_path):
    net = Lan()
    net.arp(1, 1, B, BROKER, CLIENT, heard=[net.broker])
    net.arp(2, 1, B, CLIENT, CLIENT, heard=[net.broker])
    net.arp(3, 1, Y, CLIENT, BROKER, heard=[net.broker])
    net.play()
    case = case_of(net, tmp_path)
    assert len(case.asked_by(0, parse_ip(CLIENT))) == 1
    assert len(case.claimed(parse_ip(CLIENT), parse_mac(Y))) == 1
