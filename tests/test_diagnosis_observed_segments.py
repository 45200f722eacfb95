"""Who speaks in which capture, and whether by a router."""

from __future__ import annotations

from scenario import R1, B, Lan, Y
from stories import BROKER, CLIENT, HEALTHY, case_of

from synack.addresses import format_ip, format_mac, parse_ip, parse_mac


def test_speakers_without_a_router(tmp_path):
    """Each address from its MAC, first in each host's capture."""
    net = Lan()
    net.play()
    case = case_of(net, tmp_path)
    columns = [column.tolist() for column in case.near_speakers]
    said = {format_ip(*ip): format_mac(mac) for *ip, mac in zip(*columns, strict=True)}
    assert (said[BROKER], said[CLIENT]) == (B, Y)
    assert case.several_near == []
    address = parse_ip(CLIENT)
    rows = case.spoken(address, parse_mac(Y))
    assert rows.tolist() == case.spoken_near(address).tolist()
    first = case.first_spoken(address, parse_mac(Y))
    assert {case.hosts[host]: row for host, row in first.items()} == {
        name: case.heard(case.hosts.index(name), address)[0] for name in case.hosts
    }


def test_what_a_router_passes_on_is_not_near(tmp_path):
    net = Lan()
    net.off_link(net.healthy)
    net.play()
    case = case_of(net, tmp_path)
    address = parse_ip(HEALTHY)
    assert len(case.spoken(address, parse_mac(R1)))
    assert not len(case.spoken_near(address))
