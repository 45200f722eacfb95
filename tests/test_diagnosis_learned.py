"""What the kernel must learn from ARP and ND: case by case."""

from __future__ import annotations

import pytest
from scenario import B, Lan, X, Y
from stories import BROKER, CLIENT, case_of

from synack.addresses import format_mac
from synack.diagnosis.learned import learned

OTHER, W = "10.0.1.20", "0a:20:20:20:20:20"
ALL = "ff:ff:ff:ff:ff:ff"
REQUEST, REPLY = 1, 2

CASES = [
    ("asks the broker", [(1, REQUEST, Y, CLIENT, BROKER, ALL)], [Y]),
    ("asks the broker alone", [(1, REQUEST, Y, CLIENT, BROKER, B)], [Y]),
    ("asks another", [(1, REQUEST, Y, CLIENT, OTHER, ALL)], []),
    ("asks for itself", [(1, REQUEST, Y, CLIENT, CLIENT, ALL)], [Y]),
    ("announces by an answer", [(1, REPLY, Y, CLIENT, CLIENT, ALL)], [Y]),
    ("probes whether it is free", [(1, REQUEST, Y, "0.0.0.0", BROKER, ALL)], []),
    ("answers unasked", [(1, REPLY, Y, CLIENT, BROKER, B)], []),
    ("answers another", [(0.9, REQUEST, B, BROKER, CLIENT, ALL), (1, REPLY, Y, CLIENT, OTHER, W)],
     []),
    ("answers", [(0.9, REQUEST, B, BROKER, CLIENT, ALL), (1, REPLY, Y, CLIENT, BROKER, B)], [Y]),
    ("answers too late", [(1, REQUEST, B, BROKER, CLIENT, ALL), (5, REPLY, Y, CLIENT, BROKER, B)],
     []),
    ("two answer: the second comes within locktime",
     [(1, REQUEST, B, BROKER, CLIENT, ALL), (1.1, REPLY, Y, CLIENT, BROKER, B),
      (1.2, REPLY, X, CLIENT, BROKER, B)], [Y]),
    ("the old one confirms a probe",
     [(1, REQUEST, B, BROKER, CLIENT, X), (1.1, REPLY, X, CLIENT, BROKER, B)], [X]),
    ("the new one answers the first probe: locktime",
     [(1, REQUEST, B, BROKER, CLIENT, X), (1.1, REPLY, Y, CLIENT, BROKER, B)], []),
    ("the new one answers the second probe",
     [(1, REQUEST, B, BROKER, CLIENT, X), (1.1, REPLY, Y, CLIENT, BROKER, B),
      (2.02, REQUEST, B, BROKER, CLIENT, X), (2.1, REPLY, Y, CLIENT, BROKER, B)], []),
    ("the new one answers the second probe alone",
     [(1, REQUEST, B, BROKER, CLIENT, X), (2.02, REQUEST, B, BROKER, CLIENT, X),
      (2.1, REPLY, Y, CLIENT, BROKER, B)], [Y]),
]  # fmt: skip


@pytest.mark.parametrize(("frames", "macs"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_arp(frames, macs, tmp_path):
    net = Lan()
    for at, op, mac, ip, asked, to in frames:
        net.arp(at, op, mac, ip, asked, heard=[net.broker], to=to)
    net.play()
    case = case_of(net, tmp_path)
    assert [format_mac(mac) for mac in case.claims["mac"][learned(case)].tolist()] == macs


V6, BROKER6 = "fd00:10:0:1::77", "fd00:10:0:1::10"


@pytest.mark.parametrize(
    ("frames", "macs"),
    [
        ([(1, 1, Y, V6, BROKER6, B)], [Y]),
        ([(1, 2, Y, V6, BROKER6, B)], []),
        ([(0.9, 1, B, BROKER6, V6, ALL), (1, 2, Y, V6, BROKER6, B)], [Y]),
        ([(0.9, 1, B, BROKER6, V6, X), (1, 2, Y, V6, BROKER6, B)], []),
        ([(0, 1, B, BROKER6, V6, X), (1.02, 1, B, BROKER6, V6, X), (1.1, 2, Y, V6, BROKER6, B)],
         []),
    ],
)  # fmt: skip
def test_neighbor_discovery(frames, macs, tmp_path):
    """As ARP; but whether an advertisement overrides is not recorded, so it counts only where
    the entry had no MAC."""
    net = Lan(v6=True)
    for at, op, mac, ip, asked, to in frames:
        net.arp(at, op, mac, ip, asked, heard=[net.broker], to=to)
    net.play()
    case = case_of(net, tmp_path)
    assert [format_mac(mac) for mac in case.claims["mac"][learned(case)].tolist()] == macs
