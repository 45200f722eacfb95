"""What kept a wrong entry alive: each mechanism by its signature, and unknown without one."""

from __future__ import annotations

import pytest
from scenario import B, Lan, X, Y
from stories import (
    BROKER,
    CLIENT,
    a_permanent_entry_though_the_peer_asks,
    an_address_reused_in_mid_capture,
    answers_with_the_old_mac_keep_it,
    beside,
    diagnose,
    two_captures_and_a_table,
)

from synack.diagnosis import cause


def survived(diagnosis):
    """The one stale entry: what is said of its survival, and (name, sources) of the signature."""
    (finding,) = [f for f in diagnosis.findings if f.kind == "stale-neighbor"]
    seen = [e for e in finding.evidence if e.id.startswith("survived-")]
    return finding, [(e.id.removeprefix("survived-"), e.sources) for e in seen]


@pytest.mark.parametrize(
    ("story", "name", "says"),
    [
        (a_permanent_entry_though_the_peer_asks, cause.FIXED, "the entry is fixed (PERMANENT)"),
        (answers_with_the_old_mac_keep_it, cause.ANSWERED, "somebody still answers"),
        (two_captures_and_a_table, None, "unknown: no table with ages"),
        (an_address_reused_in_mid_capture, None, "unknown"),
    ],
)
def test_why_it_survived(story, name, says, tmp_path):
    net = Lan()
    story(net)
    finding, seen = survived(diagnose(net, tmp_path))
    assert [text[: len(says)] for text in finding.survived_by] == [says]
    assert [found for found, _ in seen] == ([name] if name else [])
    assert all(sources for _, sources in seen)


def stale_for_ever(folder, state, detail, at=5):
    net = Lan()
    net.broker.knows(net.client, X)
    net.dump(net.broker, at, state=state, detail=detail)
    net.play((1, 13, 25))
    return survived(diagnose(net, folder))


@pytest.mark.parametrize(
    ("state", "detail", "name"),
    [
        ("PERMANENT", "", cause.FIXED),
        ("NOARP", "", cause.FIXED),
        ("REACHABLE", "extern_learn", cause.FIXED),
        ("STALE", "extern_valid", cause.FIXED),
        ("REACHABLE", "ref 1 used 98/0/98probes 0", cause.CONFIRMED),
        # STALE before the dump by 10 s, and SYN-ACKs left 4 and 2 s before it.
        ("STALE", "used 10/70/10probes 0", cause.BYPASSED),
        ("STALE", "used 10/70/2probes 0", None),
        ("STALE", "used 2/70/10probes 0", None),
        # Its state changed when a SYN-ACK was sent, as it should.
        ("REACHABLE", "ref 1 used 98/98/98probes 0", cause.TRUSTED),
        ("REACHABLE", "ref 1 used 30/30/30probes 0", None),
        ("REACHABLE", "", None),
        ("", "", None),
    ],
)
def test_what_the_table_says_of_it(state, detail, name, tmp_path):
    finding, seen = stale_for_ever(tmp_path, state, detail)
    assert [found for found, _ in seen] == ([name] if name else [])
    if name is None:
        assert finding.survived_by[0].startswith("unknown")


def test_a_dump_before_the_first_segment_shows_no_bypass(tmp_path):
    finding, seen = stale_for_ever(tmp_path, "STALE", "used 600/660/600probes 0", at=0.5)
    assert (finding.survived_by[0][:7], seen) == ("unknown", [])


@pytest.mark.parametrize(
    ("setting", "detail", "name", "word"),
    [
        ("eth0.base_reachable_time_ms = 600000", "used 98/98/98probes 0", cause.TRUSTED, "600 s"),
        ("default.base_reachable_time_ms = 600000", "used 9/9/9probes 0", cause.TRUSTED, "600 s"),
        ("eth0.base_reachable_time_ms = 30000", "used 98/98/98probes 0", cause.OVERDUE, "45 s"),
        ("eth0.base_reachable_time_ms = 30000", "used 30/30/30probes 0", None, ""),
        ("eth1.base_reachable_time_ms = 600000", "used 30/30/30probes 0", None, ""),
        ("eth0.base_reachable_time_ms = many", "used 30/30/30probes 0", None, ""),
    ],
)
def test_settings_decide_how_long_an_entry_is_trusted(setting, detail, name, word, tmp_path):
    beside(tmp_path, "broker-1", "sysctl", f"net.ipv4.neigh.{setting}\n")
    finding, seen = stale_for_ever(tmp_path, "REACHABLE", detail)
    assert [found for found, _ in seen] == ([name] if name else [])
    if name:
        (evidence,) = [e for e in finding.evidence if e.id == f"survived-{name}"]
        assert word in evidence.says + finding.survived_by[0]
        assert {s.file.rpartition(".")[0].rpartition(".")[2] for s in evidence.sources} == {
            "neigh", "sysctl",
        }  # fmt: skip


def test_a_long_delay_is_named(tmp_path):
    beside(tmp_path, "broker-1", "sysctl", "net.ipv4.neigh.eth0.delay_first_probe_time = 120\n")
    finding, seen = stale_for_ever(tmp_path, "DELAY", "ref 1 used 4/64/4probes 0")
    assert [found for found, _ in seen] == [cause.TRUSTED]
    assert "delay_first_probe_time is 120 s" in finding.survived_by[0]


def probed(net):
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=10)
    net.arp(6, 1, B, BROKER, CLIENT, heard=[net.broker], to=X)
    net.play((1, 13))


def test_probes_that_remove_it_are_named(tmp_path):
    net = Lan()
    net.dump(net.broker, 0.5, {CLIENT: X}, detail="used 600/660/600probes 0")
    probed(net)
    finding, [(name, sources)] = survived(diagnose(net, tmp_path))
    assert name == cause.DORMANT
    assert finding.survived_by[0].startswith("nothing: it lay dormant")
    assert [s.frame is None for s in sources] == [False, True]
    (evidence,) = [e for e in finding.evidence if e.id == "survived-dormant"]
    assert "unused for 600 s" in evidence.says


def test_an_entry_that_was_still_reachable_takes_longer(tmp_path):
    """45 s at most, by the old owner's last acknowledgment; the probes come after that."""
    net = Lan()
    net.broker.record(end=90)
    net.client.record(end=90)
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=45)
    net.dump(net.broker, 2, {CLIENT: X}, "REACHABLE", "ref 1 used 9/9/9probes 0")
    net.arp(41, 1, B, BROKER, CLIENT, heard=[net.broker], to=X)
    net.play((1, 13, 25, 37, 50))
    net.connect(net.client, net.metrics, 88)
    finding, seen = survived(diagnose(net, tmp_path))
    assert [name for name, _ in seen] == [cause.DORMANT]
    assert "still REACHABLE from the old owner" in finding.survived_by[0]
