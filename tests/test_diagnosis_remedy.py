"""What to do, by what kept the entry alive; and why garbage collection did not remove it."""

from __future__ import annotations

import pytest
from scenario import Lan, X
from stories import answers_with_the_old_mac_keep_it, beside, diagnose, sockets

import synack

CONFIRMED = ("REACHABLE", "ref 1 used 98/0/98probes 0")
GC = "gc_thresh1=0: idle entries then go after 60 to 75 s"


def finding_of(folder, state="STALE", detail="", entries=None):
    net = Lan()
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5, state=state, detail=detail)
    net.play()
    if entries:
        net.dump(net.broker, 6, {f"10.0.1.{100 + n}": f"0a:00:00:00:00:{n:02x}" for n in entries})
    (finding,) = diagnose(net, folder).findings
    return finding


@pytest.mark.parametrize(
    ("state", "detail", "words"),
    [
        ("STALE", "", [GC]),
        ("PERMANENT", "", ["find what set the entry"]),
        (*CONFIRMED, ["find the connection or program that confirms it", GC]),
        ("STALE", "used 10/70/10probes 0", ["let the datapath ask the kernel"]),
        ("REACHABLE", "used 98/98/98probes 0", ["eth0.base_reachable_time_ms=30000", GC]),
    ],
)
def test_the_advice_depends_on_the_cause(state, detail, words, tmp_path):
    now, *later = finding_of(tmp_path, state, detail).remedy
    assert now == "ip neigh del 10.0.1.77 dev eth0   # on broker-1"
    assert len(later) == len(words)
    assert all(word in advice for word, advice in zip(words, later, strict=True))


def test_who_answers_is_looked_for(tmp_path):
    net = Lan()
    answers_with_the_old_mac_keep_it(net)
    (finding,) = diagnose(net, tmp_path).findings
    assert [advice[:24] for advice in finding.remedy[1:]] == ["find who answers with th"]


def test_a_kernel_with_the_bug_is_to_be_replaced(tmp_path):
    beside(tmp_path, "broker-1", "uname", "Linux broker-1 3.13.0-74-generic #118 SMP x86_64\n")
    beside(tmp_path, "broker-1", "ss", sockets("ESTAB 10.0.1.10:9092 10.0.1.71:40002"), 5)
    assert "4.11 or later" in finding_of(tmp_path, *CONFIRMED).remedy[1]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("net.ipv4.neigh.default.gc_thresh1 = 0\n", "gc_thresh1 is 0 already: idle entries go"),
        ("net.ipv4.neigh.default.gc_stale_time = 120\n", "go after 120 to 135 s"),
        ("net.ipv6.neigh.default.gc_thresh1 = 0\n", GC),
    ],
)
def test_the_advice_knows_the_settings(settings, words, tmp_path):
    beside(tmp_path, "broker-1", "sysctl", settings)
    assert words in finding_of(tmp_path).remedy[-1]


@pytest.mark.parametrize(
    ("state", "threshold", "words"),
    [
        ("STALE", None, "has 1 entry; unless gc_thresh1 was changed from 128"),
        ("STALE", 128, "gc_thresh1 is 128, and broker-1's table has 1 entry; below that"),
        ("STALE", 0, "does run here (gc_thresh1 is 0), but it deletes only what"),
        ("STALE", 1, "does run here (gc_thresh1 is 1)"),
        ("REACHABLE", 128, "never removes an entry that is REACHABLE"),
        ("PERMANENT", 128, None),
    ],
)
def test_why_it_was_not_collected(state, threshold, words, tmp_path):
    if threshold is not None:
        setting = f"net.ipv4.neigh.default.gc_thresh1 = {threshold}\n"
        beside(tmp_path, "broker-1", "sysctl", setting)
    found = [e for e in finding_of(tmp_path, state).evidence if e.id == "garbage-collection"]
    assert len(found) == (words is not None)
    for evidence in found:
        assert words in evidence.says
        assert len(evidence.sources) == 1 + (threshold is not None)


def test_what_is_pasted_into_a_shell_is_quoted(tmp_path):
    """An interface's name is from a file."""
    net = Lan()
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    net.write(tmp_path)
    for table in tmp_path.glob("*.txt"):
        table.write_text(table.read_text().replace("dev eth0", "dev x;reboot"))
    (finding,) = synack.diagnose(tmp_path).findings
    assert finding.remedy[0].startswith("ip neigh del 10.0.1.77 dev 'x;reboot'   # on ")
