"""Sockets, counters and flow logs beside the captures: for a finding, and against it."""

from __future__ import annotations

import pytest
from scenario import Lan, X, lose
from stories import BROKER, CLIENT, beside, diagnose, ids, sockets
from test_diagnosis_alternatives import ANSWER, CLIENT_ENI, FLOWS, SYNS, flow

PORT = 41_000


def stale(folder, **more):
    net = Lan()
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5)
    for name, value in more.items():
        setattr(net, name, value)
    net.connect(net.client, net.broker, 1, source=PORT)
    net.play((13, 25))
    (finding,) = diagnose(net, folder).findings
    return finding


def said(finding, name):
    (evidence,) = [e for e in finding.evidence if e.id == name]
    assert evidence.sources
    return evidence.says


def test_sockets_of_both_ends(tmp_path):
    beside(tmp_path, "broker-1", "ss", sockets(f"SYN-RECV {BROKER}:9092 {CLIENT}:{PORT}"), 2)
    beside(tmp_path, "producer-7", "ss", sockets(f"SYN-SENT {CLIENT}:{PORT} {BROKER}:9092"), 2)
    finding = stale(tmp_path)
    half = said(finding, "half-open-sockets")
    assert half.startswith("1 socket of these attempts in SYN-RECEIVED on broker-1")
    sent = said(finding, "syn-sent-sockets")
    assert sent.startswith("1 socket of these attempts in SYN-SENT on producer-7")


@pytest.mark.parametrize("row", [f"SYN-RECV {BROKER}:9092 {CLIENT}:1", f"LISTEN {BROKER}:9092 *:*"])
def test_other_sockets_say_nothing(row, tmp_path):
    beside(tmp_path, "broker-1", "ss", sockets(row), 2)
    assert not {"half-open-sockets", "syn-sent-sockets"} & ids(stale(tmp_path))


LINKS = """2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT
    link/ether 0a:e6:f1:c2:6b:30 brd ff:ff:ff:ff:ff:ff
    RX:  bytes packets errors dropped  missed   mcast
         {bytes}       9      0       0       0       0
    RX errors:  length    crc   frame    fifo overrun otherhost
                     0      0       0       0       0  {otherhost}
    TX:  bytes packets errors dropped carrier collsns
          1000      9      0       0       0       0
    TX errors: aborted   fifo  window heartbt transns
                     0      0       0       0       2
"""


def test_frames_for_others_are_counted(tmp_path):
    for name, octets, number in (("before", 1000, 3), ("after", 9000, 17)):
        text = LINKS.format(bytes=octets, otherhost=number)
        beside(tmp_path, "producer-7", f"ip-link-{name}", text, 1 if name == "before" else 50)
    says = said(stale(tmp_path, floods=True), "otherhost-counted")
    assert says == "producer-7's interface ignored 14 frames that were addressed to others"


ADDRESSES = """2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    link/ether {mac} brd ff:ff:ff:ff:ff:ff
    inet 10.0.1.20/24 brd 10.0.1.255 scope global eth0
"""


def nstat(errors, octets):
    return (
        f"#kernel\nIpInReceives {octets} 0.0\nTcpInSegs {octets} 0.0\nIpInAddrErrors {errors} 0.0\n"
    )


def test_who_has_the_old_mac_now_counts_the_strays(tmp_path):
    beside(tmp_path, "batch-3", "ip-addr", ADDRESSES.format(mac=X), 1)
    says = said(stale(tmp_path), "old-mac-alive")
    assert says == f"{X} is alive: it is batch-3's"
    beside(tmp_path, "batch-3", "nstat-before", nstat(1, 100), 0)
    beside(tmp_path, "batch-3", "nstat-after", nstat(10, 900), 50)
    assert "IpInAddrErrors rose by 9" in said(stale(tmp_path), "old-mac-alive")


CAME = flow(CLIENT_ENI, BROKER, CLIENT, 9092, PORT, "ACCEPT", 18)


@pytest.mark.parametrize(
    ("records", "confidence", "evidence"),
    [
        ([], "confirmed", ""),
        ([*SYNS, ANSWER], "confirmed", "flow-logs"),
        ([*SYNS, ANSWER, CAME], "probable", "contradiction-flow-logs"),
        ([*SYNS, CAME.replace("ACCEPT", "REJECT")], "probable", "contradiction-rejected"),
    ],
)
def test_flow_logs_agree_or_contradict(records, confidence, evidence, tmp_path):
    (tmp_path / "flows.log").write_text(FLOWS + "".join(records))
    finding = stale(tmp_path)
    assert finding.confidence == confidence
    assert not evidence or said(finding, evidence)


def test_flow_logs_of_a_lost_syn_ack(tmp_path):
    (tmp_path / "flows.log").write_text(FLOWS + "".join([*SYNS, CAME.replace("ACCEPT", "REJECT")]))
    net = Lan()
    net.drops.append(lose("syn-ack"))
    net.play()
    (finding,) = diagnose(net, tmp_path).findings
    assert finding.kind == "syn-ack-lost"
    assert said(finding, "flow-logs").startswith("flow logs have REJECT: 1 record")
