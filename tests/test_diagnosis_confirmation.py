"""What confirms a wrong entry: a connection, a kernel's bug, datagrams; or it cannot be told."""

from __future__ import annotations

import pytest
from scenario import Lan, X
from stories import beside, diagnose, sockets

from synack.diagnosis import cause

FLOW = "ESTAB 10.0.1.10:9094 10.0.1.77:40001"
OTHER = "ESTAB 10.0.1.10:9092 10.0.1.71:40002"
HALF_OPEN = "SYN-RECV 10.0.1.10:9092 10.0.1.77:40003"
REPEATS = f"{FLOW} timer:(on,12sec,7)"
LISTENS = "LISTEN 10.0.1.10:9092 0.0.0.0:*"


def uname(release):
    return f"Linux broker-1 {release} #31~14.04.1-Ubuntu SMP x86_64 GNU/Linux\n"


@pytest.mark.parametrize(
    ("release", "rows", "at", "name", "words"),
    [
        ("", (), 4, cause.CONFIRMED, "acknowledgments on an established connection"),
        ("", (FLOW,), 4, cause.CONNECTED, "most likely an established connection with it"),
        ("", (FLOW,), None, cause.CONNECTED, "on port 9094 (Kafka over TLS)"),
        ("", (FLOW,), 300, cause.CONFIRMED, ""),
        ("", (REPEATS, OTHER), 4, cause.CONFIRMED, "MSG_CONFIRM, or the bug"),
        ("", (LISTENS,), 4, cause.CONFIRMED, "acknowledgments on an established"),
        ("", (HALF_OPEN,), 4, cause.CONFIRMED, "and no connection with the address"),
        ("6.1.0-25-amd64", (OTHER,), 4, cause.DATAGRAMS, "Linux 6.1.0-25-amd64 has no bug"),
        ("6.1.0-25-amd64", (OTHER,), None, cause.CONFIRMED, ""),
        ("6.1.0-25-amd64", (), 4, cause.CONFIRMED, ""),
        ("6.1.0-25-amd64", (FLOW,), 4, cause.CONNECTED, "most likely"),
        ("3.13.0-74-generic", (OTHER,), 4, cause.SHARED, "3.6 to 4.10, fixed in 4.11"),
        ("3.13.0-74-generic", (), 4, cause.SHARED, "or an established connection that no"),
        ("4.10.17", (OTHER,), 4, cause.SHARED, "fixed in 4.11"),
        ("4.11.0", (OTHER,), 4, cause.DATAGRAMS, ""),
        ("3.5.0", (OTHER,), 4, cause.DATAGRAMS, ""),
        ("3.10.0-1160.el7.x86_64", (OTHER,), 4, cause.SHARED, "unless this RHEL 7 kernel"),
    ],
)
def test_what_confirms_it(release, rows, at, name, words, tmp_path):
    if release:
        beside(tmp_path, "broker-1", "uname", uname(release))
    if rows:
        beside(tmp_path, "broker-1", "ss", sockets(*rows), at)
    net = Lan()
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5, state="REACHABLE", detail="ref 1 used 98/0/98probes 0")
    net.play()
    (finding,) = diagnose(net, tmp_path).findings
    (evidence,) = [e for e in finding.evidence if e.id.startswith("survived-")]
    assert evidence.id == f"survived-{name}"
    assert words in finding.survived_by[0]
    # Every file that was read for it is a source.
    files = {source.file.split(".")[-2] for source in evidence.sources}
    assert "neigh" in files
    assert ("uname" in files) == (name in (cause.SHARED, cause.DATAGRAMS))


def test_a_flow_that_gets_through_is_seen_on_the_wire(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.tracks = lambda packet: 9999 in (packet.sport, packet.dport)
    net.connect(net.client, net.broker, 0.7, port=9999)
    net.dump(net.broker, 5, state="REACHABLE", detail="ref 1 used 98/0/98probes 0")
    net.play()
    (finding,) = [f for f in diagnose(net, tmp_path).findings if f.kind == "stale-neighbor"]
    (evidence,) = [e for e in finding.evidence if e.id == "survived-connected"]
    assert finding.survived_by[0].startswith("an established connection with it on port")
    assert {source.frame is None for source in evidence.sources} == {True, False}
