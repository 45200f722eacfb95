"""What is said of each packet: in incidents whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scenario import Lan, X, lose

import synack
from synack.report.remarks import Remarks, rows_of

FIXTURES = Path(__file__).parents[1] / "fixtures"


def remarks(diagnosis) -> dict[tuple[str, int], str]:
    """By file name and frame, of all segments and claims."""
    d = diagnosis.diagnosed
    findings = {row: f for f in diagnosis.findings for row in f.rows}
    say = Remarks(d, np.arange(len(d.attempts)), findings)
    found = {}
    for table, tell in ((d.matched.segments, say.segment), (d.loaded.claims, say.claim)):
        for row, file, frame in zip(
            range(len(table)), table["file"].tolist(), table["frame"].tolist(), strict=True
        ):
            found[Path(d.loaded.files[file].path).name, frame] = tell(row)
    return found


@pytest.fixture(scope="module")
def stale():
    return remarks(synack.diagnose(FIXTURES / "stale-arp"))


BROKER, PRODUCER = "broker-1-eth0.pcap", "producer-7-eth0.pcap"


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ((PRODUCER, 1), "SYN 1 of 5, sent to 0a:1f:3c:90:5e:a1, arrived at broker-1"
         " (broker-1's frame 37)"),
        ((BROKER, 37), "SYN 1 of 5, received (producer-7's frame 1)"),
        ((BROKER, 71), "SYN-ACK 3 of 10, sent to 0a:de:ad:00:00:01 (stale: 10.0.1.77 is at"
         " 0a:e6:f1:c2:6b:30), never seen at producer-7"),
        ((BROKER, 667), "ARP request: who has 10.0.1.77? (10.0.1.10 is at 0a:1f:3c:90:5e:a1)"),
        ((BROKER, 668), "ARP reply: 10.0.1.77 is at 0a:e6:f1:c2:6b:30, the actual MAC"),
    ],
)  # fmt: skip
def test_the_incident(stale, place, says):
    assert stale[place] == says


def test_only_the_lost_were_never_seen(stale):
    assert sum("never" in says for says in stale.values()) == 60


@pytest.mark.parametrize(
    ("story", "says"),
    [
        ("flooded", "another's MAC"),
        ("flooded", "which is another's MAC: the kernel ignores it"),
        ("server-side-only", "the receiver was not captured"),
        ("late-capture", "the receiver's capture began later, or may have"),
        ("challenged", "challenge ACK 1 of 3, received"),
        ("refused", "RST 1 of 1, sent to"),
        ("prohibited", "ICMP 1 of "),
        ("cooked-v2", "sent (its destination MAC is not recorded)"),
        ("stale-nd", "neighbor solicitation: who has"),
        ("stale-nd", "neighbor advertisement: "),
        ("vrrp", "ARP"),
        ("flooding-both", "SYN-ACK 1 of "),
    ],
)
def test_other_fates(story, says):
    """Said of some packet of it."""
    found = remarks(synack.diagnose(FIXTURES / story))
    assert any(says in remark for remark in found.values()), sorted(set(found.values()))


def test_taps_say_where_it_vanished(tmp_path):
    net = Lan()
    net.tap("span-1", 0.5, lambda _: False, clock=0.0)
    net.drops.append(lose("syn-ack"))
    net.play()
    found = remarks(synack.diagnose(net.write(tmp_path)))
    assert any(says.endswith("passing by, never seen at producer-7") for says in found.values())


def test_every_segment_has_a_remark(tmp_path):
    """Also what belongs to no attempt."""
    net = Lan()
    net.broker.knows(net.client, X)
    net.play()
    found = remarks(synack.diagnose(net.write(tmp_path)))
    assert all(found.values())


def test_rows_of_attempts():
    d = synack.diagnose(FIXTURES / "stale-arp").diagnosed
    m = d.matched
    for attempt in range(3):
        rows = rows_of(d, np.array([attempt]))
        assert set(m.identity[m.sighting[rows]].tolist()) == {attempt}
    everything = rows_of(d, np.arange(m.attempts))
    assert len(everything) == (m.sighting >= 0).sum()
    assert not len(rows_of(d, np.empty(0, np.int64)))
