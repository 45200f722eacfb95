"""``synack neighbors`` as a user types it."""

from __future__ import annotations

STALE = "fixtures/stale-arp"


def test_a_table_on_standard_input(synack):
    row = b"10.0.1.77 dev eth0 lladdr 0a:de:ad:00:00:01 STALE\n"
    code, out, err = synack("neighbors", "-", "-f", "csv", stdin=row)
    assert (code, err) == (0, "")
    assert "10.0.1.77,0a:de:ad:00:00:01,STALE" in out


def test_captures_alone_have_no_entries(synack):
    code, _, err = synack("neighbors", f"{STALE}/broker-1-eth0.pcap")
    assert code == 3
    assert "nothing could be concluded" in err
