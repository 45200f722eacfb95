"""Findings that are no matter of wrong MACs: each names its cause, or says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario import R2, B, Lan, X, Y, lose
from stories import BROKER, CLIENT, HEALTHY, diagnose, findings, ids, other, sound

import build
import synack

COUNTERS = """#kernel
TcpInSegs {segs} 0.0
TcpPassiveOpens {opens} 0.0
IpExtInOctets {segs}00 0.0
TcpExtListenOverflows {over} 0.0
TcpExtListenDrops {over} 0.0
"""


def ask(net, at, to="ff:ff:ff:ff:ff:ff"):
    net.arp(at, 1, B, BROKER, CLIENT, heard=[net.broker], to=to)


@pytest.fixture
def net():
    return Lan()


@pytest.fixture
def mute(net):
    """A broker that answers the healthy clients and not this one."""
    serve = net._serve
    deaf = {CLIENT, BROKER}
    net._serve = lambda host, p: None if {p.src, p.dst} == deaf else serve(host, p)
    net.play()
    return net


# ---- unresolved ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "state", "confidence"),
    [(True, True, "confirmed"), (True, False, "probable"), (False, True, "probable")],
)
def test_unresolved(mute, tmp_path, asked, state, confidence):
    for at in (1.01, 2.02, 3.03) if asked else ():
        ask(mute, at)
    if state:
        mute.dump(mute.broker, 8, {CLIENT: ""})
    diagnosis = diagnose(mute, tmp_path)
    assert findings(diagnosis) == [other("unresolved-neighbor", confidence)]
    (finding,) = diagnosis.findings
    assert finding.attempts == 3
    assert ids(finding) - {"attempts"} == ({"who-has-unanswered"} if asked else set()) | (
        {"table-unusable"} if state else set()
    )


@pytest.mark.parametrize("op", [1, 2])
def test_whatever_names_the_mac_resolves_it(mute, tmp_path, op):
    """An answer, but a request of the client itself as well."""
    for at in (1.01, 2.02, 3.03):
        ask(mute, at)
    mute.arp(
        3.04, op, Y, CLIENT, BROKER, heard=[mute.broker], to=B if op == 2 else "ff:" * 5 + "ff"
    )
    assert findings(diagnose(mute, tmp_path)) == [other("no-reply")]


def test_a_table_that_recovers_is_not_unresolved(mute, tmp_path):
    mute.dump(mute.broker, 2, {CLIENT: ""})
    mute.dump(mute.broker, 8, {CLIENT: Y})
    assert findings(diagnose(mute, tmp_path)) == [other("no-reply")]


def test_questions_and_tables_of_another_time_say_nothing(mute, tmp_path):
    ask(mute, 55)
    mute.dump(mute.broker, -900, {CLIENT: ""})
    assert findings(diagnose(mute, tmp_path)) == [other("no-reply")]


def test_no_reply_is_not_unresolved_by_a_probe_for_its_own_address(mute, tmp_path):
    mute.arp(1.5, 1, B, CLIENT, CLIENT, heard=[mute.broker])
    assert [f.kind for f in diagnose(mute, tmp_path).findings] == ["no-reply"]


# ---- overflow -----------------------------------------------------------------------------


def counters(folder, over):
    for name, segs, opens, grown in (("before", 10, 5, 0), ("after", 900, 20, over)):
        text = COUNTERS.format(segs=segs, opens=opens, over=grown)
        (folder / f"broker-1.nstat-{name}.txt").write_text(text)


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        (9, other("listen-overflow", "probable", ip="")),
        (1, other("listen-overflow", "possible", ip="")),
        (0, other("no-reply")),
    ],
)
def test_overflow(mute, tmp_path, over, expected):
    counters(tmp_path, over)
    assert findings(diagnose(mute, tmp_path)) == [expected]


# ---- asymmetric ---------------------------------------------------------------------------


def test_asymmetric_names_both_routers(net, tmp_path):
    net.off_link(net.client, gateway=R2)
    net.drops.append(lose("syn-ack"))
    net.play()
    diagnosis = diagnose(net, tmp_path)
    assert findings(diagnosis) == [other("asymmetric-path", "possible")]
    assert ids(diagnosis.findings[0]) == {"two-routers"}


def test_another_way_back_on_which_others_arrive_is_not_the_cause(net, tmp_path):
    net.off_link(net.client, gateway=R2)
    net.drops.append(lose("syn-ack", after=20))
    net.play()
    (finding,) = diagnose(net, tmp_path).findings
    assert finding.kind == "syn-ack-lost"
    assert "another MAC than the SYNs came from" in finding.remedy[0]


# ---- one cause each -----------------------------------------------------------------------


def refuse(net):
    net.broker.server = "refuse"


def answer_with_an_old_connection(net):
    net.broker.server = "ignore"
    for at, isn in ((9, 1), (21, 2)):
        net.connect(net.client, net.broker, at, source=50_000 + isn)
    net._serve = lambda host, p: net._send(
        host, net._packet("ack", p.dst, p.src, p.dport, p.sport, 77, p.seq - 500_000)
    )


def lose_acks(net):
    net.drops.append(lose("ack"))


@pytest.mark.parametrize(
    ("spoil", "kind", "confidence", "host"),
    [
        (lambda net: net.drops.append(lose("syn", after=5)), "syn-lost", "confirmed", "producer-7"),
        (lambda net: net.drops.append(lose("syn-ack")), "syn-ack-lost", "confirmed", "broker-1"),
        (lose_acks, "ack-lost", "confirmed", "broker-1"),
    ],
)
def test_a_lost_leg(net, tmp_path, spoil, kind, confidence, host):
    spoil(net)
    net.play((9, 21, 33))
    net.connect(net.client, net.broker, 2)
    (finding,) = [f for f in diagnose(net, tmp_path).findings if f.kind != "capture-gap"]
    assert (finding.kind, finding.confidence, finding.host) == (kind, confidence, host)
    assert finding.attempts >= 3


def test_refused(net, tmp_path):
    refuse(net)
    net.play()
    assert findings(diagnose(net, tmp_path)) == [other("refused", "probable", ip="")]


def test_challenged(net, tmp_path):
    answer_with_an_old_connection(net)
    net.connect(net.client, net.metrics, 58)
    kinds = [f.kind for f in diagnose(net, tmp_path).findings]
    assert "challenged" in kinds
    assert "stale-neighbor" not in kinds


def test_unreachable(net, tmp_path):
    """A router says that it cannot deliver the SYN."""
    net.drops.append(lose("syn"))
    net.play((9,))
    net.run()
    tape = net.client.tape
    syn = next(f for at, f, way in tape.frames if way == "out" and 8.9 < at < 9.1)
    error = build.ipv4("10.0.1.1", CLIENT, build.ICMP, build.icmp_error(syn[14:]))
    tape.frames.append((9.5, build.ethernet(R2, Y, error), "in"))
    diagnosis = diagnose(net, tmp_path)
    assert [f.kind for f in diagnosis.findings] == ["unreachable"]


def test_one_finding_per_server_and_port(net, tmp_path):
    net.drops.append(lose("syn-ack"))
    for port in (9092, 9093, 9092):
        net.connect(net.client, net.broker, port % 50 + 1, port=port, give_up=4)
    net.every(net.client, net.broker, (20, 30))
    net.play(())
    diagnosis = diagnose(net, tmp_path)
    assert sorted((f.kind, f.attempts) for f in diagnosis.findings) == [
        ("syn-ack-lost", 1), ("syn-ack-lost", 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("link", "advice"), [("ethernet", "the MAC was right"), ("sll", "no destination MAC")]
)
def test_the_advice_claims_no_more_than_was_recorded(net, tmp_path, link, advice):
    net.broker.record(end=60, link=link)
    net.drops.append(lose("syn-ack"))
    net.play()
    (finding,) = diagnose(net, tmp_path).findings
    assert finding.kind == "syn-ack-lost"
    assert finding.remedy[0].startswith(advice)


def test_syns_of_several_hosts_lost_name_the_server(net, tmp_path):
    net.healthy.record(end=60)
    net.drops.append(lambda p: p.kind == "syn" and p.dst == BROKER and 8 < p.sent < 40)
    for client in (net.client, net.healthy):
        net.every(client, net.broker, (2, 9, 21, 33, 50))
    diagnosis = diagnose(net, tmp_path)
    assert findings(diagnosis) == [other("syn-lost", host="broker-1", ip="")]


# ---- gaps ---------------------------------------------------------------------------------


def gap(diagnosis):
    (finding,) = diagnosis.findings
    assert (finding.kind, finding.confidence) == ("capture-gap", "possible")
    return finding.summary


def test_only_the_server_was_captured(net, tmp_path):
    net.client.tape = None
    net.drops.append(lose("syn-ack"))
    net.play()
    says = gap(diagnose(net, tmp_path))
    assert says.startswith(
        "3 attempts to 10.0.1.10 port 9092 (Kafka) unacknowledged: only one end was"
    )
    assert says.endswith("from broker-1 alone.")


def test_only_the_client_was_captured(net, tmp_path):
    net.broker.tape = None
    net.drops.append(lose("syn-ack"))
    net.play()
    assert "unanswered: only one end was captured" in gap(diagnose(net, tmp_path))


def test_the_other_capture_does_not_cover_it(net, tmp_path):
    net.client.record(40, 60)
    net.drops.append(lose("syn-ack"))
    net.play()
    says = gap(diagnose(net, tmp_path))
    assert "the capture of the other end does not cover it" in says


def test_captures_without_any_mac(net, tmp_path):
    """Raw IP has no link layer at all: no rule about MACs has anything to say."""
    net.broker.knows(net.client, X)
    net.play()
    net.run()
    frames = [
        (round((1_790_000_000 + at) * 1e6) * 1000, f[14:]) for at, f, _ in net.broker.tape.frames
    ]
    (tmp_path / "broker-1.pcap").write_bytes(build.pcap(frames, link_type=build.RAW))
    diagnosis = synack.diagnose(tmp_path)
    sound(diagnosis)
    assert [f.kind for f in diagnosis.findings] == ["capture-gap"]


def test_nothing_at_all_is_no_finding(net, tmp_path):
    net.every(net.healthy, net.broker, range(0, 20, 4))
    net.dump(net.broker, 5, {HEALTHY: net.healthy.mac})
    assert diagnose(net, tmp_path).findings == []


def test_one_sided_failures_name_answers_to_another_mac() -> None:
    """One capture, no table: not enough to accuse, and still the first thing to look at."""
    samples = Path(__file__).parents[2] / "shared" / "domain" / "samples"
    (finding,) = synack.diagnose(samples / "broker-eth0.pcap").findings
    assert finding.kind == "capture-gap"
    (evidence,) = [e for e in finding.evidence if e.id == "answered-at-another-mac"]
    assert "answered 10.77.0.20 at 02:00:00:00:de:ad" in evidence.says
    assert "came from 02:00:00:00:00:20" in evidence.says
    assert "ip neigh show 10.77.0.20" in evidence.says
    assert evidence.sources[0].frame == 2
