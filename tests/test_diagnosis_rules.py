"""The order of the rules, and that their cost does not grow with the square of anything."""

from __future__ import annotations

import time

import pytest
from scenario import T0, B, Lan, X, lose
from stories import diagnose

import build
from synack.diagnosis import rules
from synack.pipeline import load, run


def test_the_gravest_comes_first_and_explains(tmp_path):
    """One peer with a stale entry, another whose SYN-ACKs a firewall drops."""
    net = Lan()
    net.broker.knows(net.client, X)
    net.healthy.record(end=90)
    ends = (net.broker.ip, net.healthy.ip)
    net.drops.append(lambda p: (p.src, p.dst) == ends and p.sent > 10)
    net.connect(net.healthy, net.metrics, 80)
    net.play()
    net.dump(net.broker, 5)
    diagnosis = diagnose(net, tmp_path)
    assert [f.kind for f in diagnosis.findings] == ["stale-neighbor", "syn-ack-lost"]
    stale, lost = diagnosis.findings
    assert not set(stale.rows) & set(lost.rows)
    finding = diagnosis.diagnosed.attempts["finding"].tolist()
    assert [i for i, place in enumerate(finding) if place == 0] == sorted(stale.rows)
    assert [i for i, place in enumerate(finding) if place == 1] == sorted(lost.rows)


def test_completed_attempts_need_no_finding(tmp_path):
    net = Lan()
    net.play()
    diagnosis = diagnose(net, tmp_path)
    assert diagnosis.findings == []
    assert (diagnosis.diagnosed.attempts["finding"] == -1).all()


def test_every_failed_attempt_is_explained_or_cut(tmp_path):
    net = Lan()
    net.drops.append(lose("syn-ack", after=10))
    net.play((1, 13, 25))
    diagnosis = diagnose(net, tmp_path)
    attempts = diagnosis.attempts
    open_ = attempts[attempts["outcome"] != "completed"]
    assert len(open_) == 2
    assert open_["finding"].notna().all()


def crowd(peers, tries, stale):
    """A broker's capture of many peers, one in ``stale`` of which it has at a wrong MAC."""
    wire = [
        build.ipv4(f"10.1.{peer >> 8}.{peer & 255}", "10.0.0.1", build.TCP, b"", checksums=False)
        for peer in range(peers)
    ]
    records = []
    for turn in range(tries):
        for peer in range(peers):
            wrong = stale and peer % stale == 0
            mac = f"0a:00:00:00:{peer >> 8:02x}:{peer & 255:02x}"
            records += shake(wire[peer], mac, mac.replace("0a", "0e", 1) if wrong else mac, turn)
    return sorted(records)


def shake(head, mac, to, turn):
    """SYN, SYN-ACK twice when it goes astray, ACK when not; checksums left out for speed."""
    client, broker = head[12:16], head[16:20]
    at = (T0 * 10**9) + turn * 10**9 * 20 + int.from_bytes(client, "big") % 65536 * 100_000
    port, isn = 10_000 + turn, 1000 * turn + 1

    def frame(src, dst, ends, segment):
        body = head[:2] + (20 + len(segment)).to_bytes(2, "big") + head[4:12] + b"".join(ends)
        return build.ethernet(src, dst, body + segment)

    syn = frame(mac, B, (client, broker), build.tcp(port, 9092, seq=isn))
    reply = build.tcp(9092, port, seq=7, ack=isn + 1, flags="SA")
    syn_ack = frame(B, to, (broker, client), reply)
    records = [(at, syn), (at + 50_000, syn_ack)]
    if to != mac:
        return [*records, (at + 10**9, syn_ack)]
    ack = frame(mac, B, (client, broker), build.tcp(port, 9092, seq=isn + 1, ack=8, flags="A"))
    return [*records, (at + 90_000, ack)]


@pytest.mark.parametrize("stale", [0, 20, 1])
def test_a_thousand_peers_take_a_moment(tmp_path, monkeypatch, stale):
    peers = 1000
    (tmp_path / "broker-1-eth0.pcap").write_bytes(build.pcap(crowd(peers, 3, stale)))
    entries = (
        [
            f"10.1.{peer >> 8}.{peer & 255} dev eth0 lladdr 0e:00:00:00:{peer >> 8:02x}"
            f":{peer & 255:02x} STALE "
            for peer in range(0, peers, stale)
        ]
        if stale
        else []
    )
    (tmp_path / "broker-1.neigh.txt").write_text("\n".join(["2026-09-21T14:13:30Z", *entries, ""]))
    took = []

    def timed(case):
        begin = time.process_time()
        found = rules.findings(case)
        took.append(time.process_time() - begin)
        return found

    monkeypatch.setattr("synack.pipeline.findings", timed)
    found = run(load([str(tmp_path)])).findings
    assert len(found) == (peers // stale if stale else 0)
    assert {(f.kind, f.confidence) for f in found} <= {("stale-neighbor", "probable")}
    assert took[0] < 10  # about 1 s
