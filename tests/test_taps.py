"""Incidents with mirror ports between the ends, through files: where the report says that the
SYN-ACKs vanished, and what taps must not do to the rest of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario import B, Drop, Lan, X, lose

from synack.addresses import parse_ip
from synack.api import Diagnosis, diagnose
from synack.model import Evidence

HIT = lose("syn-ack")


def nothing(_: object) -> bool:
    return False


def incident(
    folder: Path, ends: str, taps: dict[str, tuple[float, Drop]], *, stale: bool = False
) -> Diagnosis:
    """``taps``: how far from the client, and what is lost before them; clocks hours off."""
    net = Lan()
    for host, name in ((net.client, "client"), (net.broker, "broker")):
        if name not in ends:
            host.tape = None
    for number, (name, (at, loses)) in enumerate(taps.items()):
        net.tap(name, at, loses, clock=7200.0 - 9000.0 * number)
    if stale:
        net.broker.knows(net.client, X)
        net.dump(net.broker, 50.0)
    else:
        net.drops.append(HIT)
    net.play()
    return diagnose(net.write(folder))


def where(diagnosis: Diagnosis) -> list[Evidence]:
    (finding,) = diagnosis.findings
    return [e for e in finding.evidence if e.id == "vanished-between"]


BEFORE, AFTER = {"span-1": (0.5, HIT)}, {"span-1": (0.5, nothing)}
TWO = {"span-1": (0.3, HIT), "span-2": (0.7, nothing)}


@pytest.mark.parametrize("stale", [False, True], ids=["dropped", "stale"])
@pytest.mark.parametrize(
    ("ends", "taps", "says"),
    [
        ("client broker", BEFORE, "between broker-1 and span-1"),
        ("client broker", AFTER, "between span-1 and producer-7"),
        ("client broker", TWO, "between span-2 and span-1"),
        ("broker", BEFORE, "between broker-1 and span-1"),
        ("broker", TWO, "between span-2 and span-1"),
    ],
)
def test_where_they_vanished(
    tmp_path: Path, ends: str, taps: dict[str, tuple[float, Drop]], says: str, stale: bool
) -> None:
    """With the frames of the last place that has them; the finding itself is as without taps."""
    found = incident(tmp_path, ends, taps, stale=stale)
    (evidence,) = where(found)
    assert evidence.says == f"18 SYN-ACKs vanished {says}"
    last = says.split()[1]
    assert {Path(source.file).name for source in evidence.sources} == {f"{last}-eth0.pcap"}
    assert len(evidence.sources) == 18
    (finding,) = found.findings
    assert finding.kind == ("stale-neighbor" if stale else "syn-ack-lost")
    assert finding.confidence == ("confirmed" if ends == "client broker" else "probable")
    assert "vanished" in found.to_text()
    lost = found.attempts_wide[found.attempts_wide["outcome"] == "syn-ack-lost"]
    assert lost["vanished"].tolist() == [f"syn-ack: 6 {says}"] * 3
    assert (lost["syn_ack_lost"] == 6).all()
    assert (lost["syn_ack_misdelivered"] == 0).all()


def test_without_taps_it_says_no_more_than_before(tmp_path: Path) -> None:
    found = incident(tmp_path, "client broker", {})
    assert where(found) == []
    lost = found.attempts_wide[found.attempts_wide["outcome"] == "syn-ack-lost"]
    assert set(lost["vanished"]) == {"syn-ack: 6 between broker-1 and producer-7"}


def test_paths_and_clocks(tmp_path: Path) -> None:
    """Attempts of a client that was not captured pass the same taps."""
    found = incident(tmp_path, "client broker", TWO)
    paths = found.attempts_wide.groupby("client")["path"].unique()
    assert set(paths["10.0.1.77"]) == {
        "producer-7 > span-1 > span-2 > broker-1", "producer-7 > span-1 > span-2",
    }  # fmt: skip
    assert set(paths["10.0.1.71"]) == {"span-1 > span-2 > broker-1"}
    clocks = found.clocks.set_index("host")
    assert abs(clocks.loc["span-1", "offset_s"] - 7200) < 0.001
    assert abs(clocks.loc["span-2", "offset_s"] + 1800) < 0.001
    first = found.attempts["first"]
    assert (first.max() - first.min()).total_seconds() < 61


def test_taps_alone_with_one_end(tmp_path: Path) -> None:
    """Only the client was captured: a SYN-ACK that passed both taps is lost after them."""
    found = incident(tmp_path, "client", {"span-1": (0.3, nothing), "span-2": (0.7, nothing)})
    (evidence,) = where(found)
    assert evidence.says == "18 SYN-ACKs vanished between span-1 and producer-7"
    assert found.findings[0].kind == "syn-ack-lost"


def test_beyond_the_last_place_nothing_is_known(tmp_path: Path) -> None:
    """The SYN-ACKs pass the tap, and the client was not captured."""
    found = incident(tmp_path, "broker", {"span-1": (0.5, nothing), "span-2": (0.7, nothing)})
    assert where(found) == []
    assert found.findings[0].kind == "capture-gap"


def test_a_tap_has_no_address(tmp_path: Path) -> None:
    """Frames for another MAC at a tap are not misdelivered: it is nobody's receiver."""
    found = incident(tmp_path, "broker", AFTER, stale=True)
    matched = found.diagnosed.matched
    tap = [v for v in matched.vantages if v.host == "span-1"]
    assert [(v.tap, v.addresses) for v in tap] == [(True, set())]
    assert not matched.foreign.any()


LINKS = """2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default
    link/ether {mac} brd ff:ff:ff:ff:ff:ff
    inet {address}/24 brd 10.0.9.255 scope global eth0
"""


@pytest.mark.parametrize(
    ("mac", "address", "tap"),
    [("0a:09:09:09:09:09", "10.0.9.9", True), (B, "10.0.9.9", True),
     ("0a:09:09:09:09:09", "10.0.1.10", False)],
    ids=["neither", "the MAC of an end", "the address of an end"],
)  # fmt: skip
def test_told_by_its_own_interfaces(tmp_path: Path, mac: str, address: str, tap: bool) -> None:
    """A host none of whose MACs and addresses is in its capture was given copies; one whose MAC is
    there does not have the addresses that speak from others."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "span-1.ip-addr.txt").write_text(LINKS.format(mac=mac, address=address))
    found = incident(folder, "client", BEFORE)
    place = next(v for v in found.diagnosed.matched.vantages if v.host == "span-1")
    assert place.tap == tap
    assert parse_ip("10.0.1.10") not in place.addresses or address == "10.0.1.10"


def test_declared(tmp_path: Path) -> None:
    """A tap with the attempts of one server alone looks like that server's capture."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "incident.toml").write_text("[hosts.span-1]\ntap = true\n")
    found = incident(folder, "client", BEFORE)
    tap = next(v for v in found.diagnosed.matched.vantages if v.host == "span-1")
    assert (tap.tap, tap.addresses) == (True, set())
    assert not any("taken for" in said for said in found.warnings)
    outcomes = set(found.attempts["outcome"])
    assert outcomes == {"completed", "unanswered"}
