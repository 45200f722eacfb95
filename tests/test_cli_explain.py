"""``synack explain`` as a user types it."""

from __future__ import annotations

import json

STALE = "fixtures/stale-arp"


def test_explain(synack):
    code, out, err = synack("explain", STALE, "--most", "2")
    assert (code, err) == (0, "")
    assert out.startswith("2 frames of the evidence: Wireshark and synack agree in every field\n")
    document = json.loads(synack("explain", STALE, "--most", "2", "-f", "json")[1])
    assert len(document["frames"]) == 2


def test_explain_without_tshark_says_how_to_get_it(synack):
    """Before anything is read."""
    code, out, err = synack("explain", "no-such-file", PATH="")
    assert (code, out) == (2, "")
    assert "apt install tshark" in err
