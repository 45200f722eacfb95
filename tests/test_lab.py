"""The runs of a real kernel in ../shared/domain/lab, and what is left of them with less evidence.

What each run must say is in its README. With fewer inputs the confidence falls: `confirmed`
needs the wire, a witness of the loss, the owner's own frames and a table; each one that is
missing takes a step.
"""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

import pytest

from synack.api import Diagnosis, diagnose
from synack.model import CONFIDENCES, Finding

DOMAIN = Path(__file__).parents[2] / "shared" / "domain"
LAB, SAMPLES = DOMAIN / "lab", DOMAIN / "samples"
SECOND = 10**9

PRODUCER, BROKER_MAC = "10.77.0.20", "02:00:00:00:00:10"
WRONG, RIGHT = "02:00:00:00:de:ad", "02:00:00:00:00:20"

STALE = ("q3stale", "e07lag", "e08track", "e03flood", "e06none")

KINDS = {
    "q3stale": {"stale-neighbor"},
    "e07lag": {"stale-neighbor"},
    "e08track": {"stale-neighbor"},
    "e03flood": {"stale-neighbor"},
    "e06none": {"stale-neighbor", "unresolved-neighbor"},
    "d1dup": {"duplicate-address"},
    "d2fwd": set(),
    "d4over": {"listen-overflow"},
    "gc": set(),
}
"""Every finding of each run: what is not here must not be said."""

HEALED = {"q3stale": 10.5, "e07lag": 46.5, "e08track": None, "e03flood": 9.15, "e06none": None}
"""Seconds after the first SYN-ACK to the wrong MAC; e03flood by its ``timeline.txt``."""


def test_lab_is_there() -> None:
    assert LAB.is_dir(), "the lab is missing: ../shared/domain/lab beside the project"
    runs = {path.name for path in LAB.iterdir() if path.is_dir()} - {"scripts"}
    assert runs == set(KINDS)


@functools.cache
def whole(run: str) -> Diagnosis:
    return diagnose(LAB / run)


def finding(diagnosis: Diagnosis, kind: str) -> Finding:
    (found,) = [f for f in diagnosis.findings if f.kind == kind]
    return found


def outcomes(diagnosis: Diagnosis) -> dict[str, int]:
    return diagnosis.attempts["outcome"].value_counts().to_dict()


@pytest.mark.parametrize("run", KINDS)
def test_kinds(run: str) -> None:
    """What the README states, and nothing beside it."""
    assert {f.kind for f in whole(run).findings} == KINDS[run]
    assert len(whole(run).findings) == len(KINDS[run])
    assert whole(run).errors == []


@pytest.mark.parametrize("run", STALE)
def test_stale(run: str) -> None:
    """Who, which address, which MACs, since when, until when."""
    found = finding(whole(run), "stale-neighbor")
    assert found.confidence == "confirmed"
    assert (found.host, found.interface, found.ip) == ("broker", "eth0", PRODUCER)
    assert (found.stale_mac, found.actual_mac) == (WRONG, RIGHT)
    assert (found.leg, found.next_hop) == ("syn-ack", "host")
    assert f"ip neigh del {PRODUCER} dev eth0" in found.remedy[0]
    assert found.first is not None
    healed = HEALED[run]
    if healed is None:
        assert found.healed is None
    else:
        assert found.healed is not None
        assert abs(found.healed - found.first - healed * SECOND) < SECOND
    for evidence in found.evidence:
        assert evidence.sources or evidence.id == "control-group", evidence.id


@pytest.mark.parametrize(
    ("run", "word"),
    [
        ("e07lag", "answers ARP"),
        ("e08track", "confirm"),
        ("q3stale", "dormant"),
        ("e03flood", "dormant"),
        ("e06none", "dormant"),
    ],
)
def test_why_it_survived(run: str, word: str) -> None:
    (reason,) = finding(whole(run), "stale-neighbor").survived_by
    assert word in reason


def test_later_attempts_complete() -> None:
    """By the application's log the first attempt failed, 63 followed."""
    log = (LAB / "q3stale" / "client.log").read_text()
    assert (log.count(" FAIL "), log.count(" OK ")) == (1, 63)
    assert outcomes(whole("q3stale"))["completed"] == 63
    found = finding(whole("q3stale"), "stale-neighbor")
    assert (found.attempts, found.sent, found.received) == (1, 9, 0)


@pytest.mark.parametrize("run", STALE)
def test_attempts_as_the_application_saw_them(run: str) -> None:
    """Completed handshakes are those the client logged, give or take what the capture cuts
    off and the flow of e08track that is not the client's."""
    done = (LAB / run / "client.log").read_text().count(" OK ")
    beside = {"e08track": 1, "e07lag": 1}.get(run, 0)
    assert abs(outcomes(whole(run)).get("completed", 0) - done) <= beside


def test_flooded() -> None:
    """The mis-addressed SYN-ACKs are in the client's capture: not received, and better proof."""
    ids = {e.id for e in finding(whole("e03flood"), "stale-neighbor").evidence}
    assert "seen-addressed-to-another" in ids
    assert "lost-at-peer" not in ids


def test_unresolved_after_stale() -> None:
    """First the wrong MAC, then none: two findings that share no attempt."""
    stale = finding(whole("e06none"), "stale-neighbor")
    unresolved = finding(whole("e06none"), "unresolved-neighbor")
    assert not set(stale.rows) & set(unresolved.rows)
    assert (unresolved.host, unresolved.ip, unresolved.attempts) == ("broker", PRODUCER, 4)
    assert unresolved.confidence == "confirmed"
    assert unresolved.first is not None
    assert stale.last is not None
    assert unresolved.first > stale.last - SECOND


def test_duplicate() -> None:
    """The old MAC is alive and answers RST."""
    found = finding(whole("d1dup"), "duplicate-address")
    assert (found.host, found.ip, found.confidence) == ("B", PRODUCER, "confirmed")
    assert {found.stale_mac, found.actual_mac} == {WRONG, RIGHT}


def test_forwarding_owner() -> None:
    """The MACs differ on every SYN-ACK, and every connection completes: no fault."""
    assert set(outcomes(whole("d2fwd"))) == {"completed"}
    attempts = whole("d2fwd").attempts
    assert (attempts["syn_ack_dst_mac"] == WRONG).all()
    assert (attempts["syn_src_mac"] == RIGHT).all()


def test_overflow() -> None:
    """Innocent neighbor table; the kernel's own counter says why."""
    found = finding(whole("d4over"), "listen-overflow")
    assert (found.host, found.attempts) == ("B", 2)
    assert outcomes(whole("d4over")) == {"completed": 2, "no-reply": 2}


# ---- fewer inputs -----------------------------------------------------------------------

CAPTURES = {"broker": "broker.pcap", "producer": "producer.pcap"}
TABLES = ("monitor_b.txt", "poll_b.txt", "neigh_b_end.txt")


def with_only(run: str, folder: Path, *names: str) -> Diagnosis:
    """A diagnosis of some files of a run, copied out of reach of the others."""
    for name in names:
        shutil.copy2(LAB / run / name, folder / name)
    return diagnose(folder)


def at_most(diagnosis: Diagnosis, confidence: str) -> list[Finding]:
    """The stale findings, none of them surer than ``confidence``."""
    found = [f for f in diagnosis.findings if f.kind == "stale-neighbor"]
    for one in found:
        assert CONFIDENCES.index(one.confidence) <= CONFIDENCES.index(confidence), one.summary
        assert (one.stale_mac, one.actual_mac, one.ip) == (WRONG, RIGHT, PRODUCER)
    return found


@pytest.mark.parametrize("run", STALE)
def test_without_tables(run: str, tmp_path: Path) -> None:
    """Wire, witness and owner: one is missing."""
    (found,) = at_most(with_only(run, tmp_path, *CAPTURES.values()), "probable")
    assert found.confidence == "probable"
    assert "table-agrees" not in {e.id for e in found.evidence}


@pytest.mark.parametrize("run", STALE)
def test_without_the_client(run: str, tmp_path: Path) -> None:
    """Wire, owner (by the source of its SYNs) and table: nobody witnessed the loss."""
    for found in at_most(with_only(run, tmp_path, "broker.pcap", *TABLES), "probable"):
        assert not {"lost-at-peer", "seen-addressed-to-another"} & {e.id for e in found.evidence}
        assert found.received is None


@pytest.mark.parametrize("run", ["e06none", "q3stale", "e07lag", "e08track"])
def test_server_capture_and_table_find_it(run: str, tmp_path: Path) -> None:
    """The commonest evidence after an incident: SYN-ACKs to the wrong MAC again and again,
    SYNs repeated, and a table that has that MAC."""
    assert at_most(with_only(run, tmp_path, "broker.pcap", *TABLES), "probable")


@pytest.mark.parametrize("run", STALE)
def test_server_capture_alone(run: str, tmp_path: Path) -> None:
    """Neither witness nor table: two are missing."""
    at_most(with_only(run, tmp_path, "broker.pcap"), "possible")


@pytest.mark.parametrize("run", STALE)
def test_client_capture_alone(run: str, tmp_path: Path) -> None:
    """It shows SYNs without an answer, or answers to another MAC; never a stale entry."""
    diagnosis = with_only(run, tmp_path, "producer.pcap")
    assert at_most(diagnosis, "possible") == []
    assert outcomes(diagnosis).keys() <= {
        "completed", "unanswered", "syn-ack-lost", "rejected", "inconclusive",
    }  # fmt: skip


@pytest.mark.parametrize("run", STALE)
def test_tables_alone(run: str, tmp_path: Path) -> None:
    """Without a packet nothing failed."""
    assert with_only(run, tmp_path, *TABLES).findings == []


@pytest.mark.parametrize("run", STALE)
def test_without_the_wrong_host(run: str, tmp_path: Path) -> None:
    """The client's capture and the server's table, and no server capture: nobody saw where
    the answers went."""
    at_most(with_only(run, tmp_path, "producer.pcap", *TABLES), "possible")


def test_table_of_the_client_only(tmp_path: Path) -> None:
    """The client's own table says nothing of the server's entry."""
    (tmp_path / "producer.neigh.txt").write_text(
        f"10.77.0.10 dev eth0 lladdr {BROKER_MAC} PERMANENT \n"
    )
    (found,) = at_most(with_only("q3stale", tmp_path, *CAPTURES.values()), "probable")
    assert found.host == "broker"


@pytest.mark.parametrize("capture", ["broker-any.pcap", "broker-any-sll1.pcap"])
def test_cooked_capture_of_the_server(capture: str, tmp_path: Path) -> None:
    """SLL and SLL2 record no destination MAC: the table alone knows where the answers went."""
    shutil.copy2(SAMPLES / capture, tmp_path / "broker-any.pcap")
    shutil.copy2(SAMPLES / "producer-nopromisc-floodbridge.pcap", tmp_path / "producer-eth0.pcap")
    without = diagnose(tmp_path)
    assert not any(f.kind == "stale-neighbor" for f in without.findings)
    shutil.copy2(SAMPLES / "ip-s-neigh.txt", tmp_path / "broker.neigh.txt")
    for found in diagnose(tmp_path).findings:
        assert found.kind != "stale-neighbor" or found.confidence == "possible"
