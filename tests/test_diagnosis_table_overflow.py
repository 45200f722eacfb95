"""A full neighbor table: new clients get no reply, and nobody is asked for them."""

from __future__ import annotations

import pytest
from scenario import B, Lan
from stories import BROKER, CLIENT, beside, diagnose
from test_diagnosis_silence import cache

LINE = "2026-09-21T14:13:{second},000000+00:00 neighbour: arp_cache: neighbor table overflow!\n"
OTHER = "2026-09-21T14:00:0{n},000000+00:00 usb 1-1: new device\n"


def log(second):
    return "".join(OTHER.format(n=n) for n in range(4)) + LINE.format(second=second)


def play(folder, *, asks=False, knows="", other_arp=False):
    net = Lan()
    net.broker.server = "ignore"
    if asks:
        net.arp(1.1, 1, B, BROKER, CLIENT, heard=[net.broker])
    if other_arp:
        net.arp(1.1, 1, B, BROKER, "10.0.1.99", heard=[net.broker])
    if knows:
        net.dump(net.broker, 5, {CLIENT: knows})
    net.every(net.client, net.broker, (1, 13, 25))
    net.connect(net.client, net.metrics, 0.5)
    net.connect(net.client, net.metrics, 58)
    (finding,) = diagnose(net, folder).findings
    return finding


@pytest.mark.parametrize(("other_arp", "confidence"), [(True, "probable"), (False, "possible")])
def test_the_kernels_message_explains(other_arp, confidence, tmp_path):
    beside(tmp_path, "broker-1", "dmesg", log(45))
    finding = play(tmp_path, other_arp=other_arp)
    assert (finding.kind, finding.confidence) == ("unresolved-neighbor", confidence)
    assert (finding.host, finding.ip) == ("broker-1", CLIENT)
    assert "neighbor table was full" in finding.summary
    assert "gc_thresh3" in finding.remedy[0]
    (evidence,) = [e for e in finding.evidence if e.id == "table-overflow"]
    assert [s.line for s in evidence.sources] == [5]


def test_so_does_the_counter(tmp_path):
    beside(tmp_path, "broker-1", "arp_cache-before", cache(0), 0)
    beside(tmp_path, "broker-1", "arp_cache-after", cache(7), 50)
    finding = play(tmp_path, other_arp=True)
    assert finding.kind == "unresolved-neighbor"
    assert "table_fulls rose by 7" in finding.evidence[1].says


def test_without_a_sign_of_it_the_silence_stays_unexplained(tmp_path):
    assert play(tmp_path, other_arp=True).kind == "no-reply"


def test_a_known_client_is_not_its_victim(tmp_path):
    beside(tmp_path, "broker-1", "dmesg", log(45))
    assert play(tmp_path, knows="0a:e6:f1:c2:6b:30", other_arp=True).kind == "no-reply"


def test_who_asks_has_room(tmp_path):
    """The plain unresolved neighbor: it asks, and nobody answers."""
    beside(tmp_path, "broker-1", "dmesg", log(45))
    finding = play(tmp_path, asks=True)
    assert "was full" not in finding.summary
