"""Whose table and whose counters, when they were taken, and what has nothing in common."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import build
from synack.pipeline import Diagnosed, load, run

FIXTURES = Path(__file__).parents[1] / "fixtures"
STALE = FIXTURES / "stale-arp"
BROKER, PRODUCER = STALE / "broker-1-eth0.pcap", STALE / "producer-7-eth0.pcap"
SECOND = 10**9
T0 = 1_700_000_000 * SECOND


def diagnosed(*paths: Path | str) -> Diagnosed:
    return run(load([str(path) for path in paths]))


def incident(folder: Path, *tables: tuple[str, str]) -> list[tuple[str, str]]:
    """(host, IP) of the entries, with the stale-arp captures beside."""
    for path in (BROKER, PRODUCER, STALE / "producer-71-eth0.pcap"):
        shutil.copy(path, folder)
    for name, text in tables:
        (folder / name).write_text(text)
    entries = diagnosed(folder).entries
    return list(zip(entries["host"].tolist(), entries["ip_lo"].tolist(), strict=True))


def neighbor(ip: str) -> str:
    return f"{ip} dev eth0 lladdr 0a:00:00:00:00:01 REACHABLE\n"


@pytest.mark.parametrize(
    ("name", "ip", "host"),
    [
        ("broker-1.neigh.txt", "10.0.1.77", "broker-1"),  # by name
        ("broker-1.neigh.txt", "192.168.0.1", "broker-1"),
        ("b.neigh.txt", "10.0.1.77", "broker-1"),  # by the beginning of its name
        ("producer.neigh.txt", "10.0.1.10", "producer"),  # of two hosts: left alone
        ("neigh.txt", "10.0.1.99", ""),  # an address that nobody talks to
        ("neigh.txt", "10.0.1.77", "broker-1"),  # only the broker talks to it
        ("neigh.txt", "10.0.1.10", ""),  # both producers do
        ("web-9.neigh.txt", "10.0.1.77", "web-9"),  # a name of its own stays
    ],
)
def test_whose_table(tmp_path: Path, name: str, ip: str, host: str) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    assert [h for h, _ in incident(folder, (name, neighbor(ip)))] == [host]


OWN = "Internet  10.0.1.10  -  0a5a.0000.0010  ARPA  Vlan1\n"
OTHER = "Internet  10.0.1.77  5  0ade.ad00.0001  ARPA  Vlan1\n"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        (OWN + OTHER, "broker-1"),  # its own address speaks against nobody
        (OWN.replace("  -  ", "  3  ") + OTHER, "producer-71"),  # the broker's, in another's
        ("0a:de:ad:00:00:01\t10.0.1.77\t1795420121\n", ""),  # heard by whomever
    ],
)
def test_own_rows_tell_nothing_of_whose(tmp_path: Path, text: str, host: str) -> None:
    folder = tmp_path / "captures"
    folder.mkdir()
    assert {h for h, _ in incident(folder, ("neigh.txt", text))} == {host}


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("? (10.0.1.77) at a:de:ad:0:0:1 on em0 expires in 942 seconds [ethernet]", "confirmed"),
        ("10.0.1.77  00:00:57  0ade.ad00.0001  Vlan11", "confirmed"),
        ("10.0.1.77  - 0ade.ad00.0001  Interface ARPA  Vlan11", "probable"),  # its own
        ("a:de:ad:0:0:1\t10.0.1.77\t1795420121", "probable"),  # heard, in nobody's table
        ("? (10.0.1.77) at a:de:ad:0:0:1 on em0 expired [ethernet]", "probable"),
    ],
)
def test_tables_of_other_systems_agree(tmp_path: Path, text: str, confidence: str) -> None:
    """The stale entry of the fixture, as other systems print it: what a host sends to counts."""
    folder = tmp_path / "captures"
    folder.mkdir()
    for path in (BROKER, PRODUCER, STALE / "producer-71-eth0.pcap"):
        shutil.copy(path, folder)
    (folder / "broker-1.neigh.txt").write_text(text + "\n")
    (found,) = diagnosed(folder).findings
    assert (found.kind, found.confidence) == ("stale-neighbor", confidence)


def test_time_of_a_table(tmp_path: Path) -> None:
    """incident.toml, else the name, else the file's own time, which is weak."""
    folder = tmp_path / "captures"
    folder.mkdir()
    (folder / "incident.toml").write_text(
        '[files."a.neigh.txt"]\nat = 2023-11-14T22:13:20Z\nhost = "a"\n'
    )
    names = ("a.neigh.txt", "b_20231114T221321Z.neigh.txt", "web.neigh.txt")
    for name in names:
        (folder / name).write_text(neighbor("10.0.0.1"))
    entries = diagnosed(folder).entries
    by_host = {row["host"]: row for row in entries.rows()}
    assert (by_host["a"]["at"], by_host["a"]["at_weak"]) == (T0, False)
    assert (by_host["b"]["at"], by_host["b"]["at_weak"]) == (T0 + SECOND, False)
    assert by_host["web"]["at_weak"]


NSTAT = "#kernel\nTcpInSegs {0} 0.0\nTcpExtListenOverflows {0} 0.0\nIpExtInOctets {0} 0.0\n"


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("broker-1.nstat-before.txt", "broker-1.nstat-after.txt", True),
        ("nstat_b_before.txt", "nstat_b_after.txt", True),
        ("broker-1.nstat-before.txt", "web-9.nstat-after.txt", False),
        ("producer-7.nstat-1.txt", "producer-7.nstat-2.txt", False),
        ("n1.txt", "n2.txt", False),  # three hosts: nobody's
    ],
)
def test_whose_counters(tmp_path: Path, before: str, after: str, found: bool) -> None:
    """Counters explain only their own host's silence."""
    folder = tmp_path / "captures"
    folder.mkdir()
    for path in ("broker-1-eth0.pcap", "producer-7-eth0.pcap"):
        shutil.copy(FIXTURES / "overflow" / path, folder)
    shutil.copy(STALE / "producer-71-eth0.pcap", folder)
    (folder / before).write_text(NSTAT.format(5))
    (folder / after).write_text(NSTAT.format(9))
    kinds = {finding.kind for finding in diagnosed(folder).findings}
    assert ("listen-overflow" in kinds) is found
    assert ("no-reply" in kinds) is not found


def test_counters_of_the_only_host(tmp_path: Path) -> None:
    """With one captured host, counters that name nobody are its own."""
    folder = tmp_path / "captures"
    folder.mkdir()
    shutil.copy(FIXTURES / "overflow" / "broker-1-eth0.pcap", folder)
    for name, value in (("n1.txt", 5), ("n2.txt", 9)):
        text = NSTAT.format(value) + f"TcpPassiveOpens {value} 0.0\n"
        (folder / name).write_text(text)
    assert "listen-overflow" in {finding.kind for finding in diagnosed(folder).findings}


def test_captures_of_one_host_are_one_host(tmp_path: Path) -> None:
    """Two interfaces of a host are two captures and one row of the hosts."""
    shutil.copy(BROKER, tmp_path / "broker-1-eth0.pcap")
    shutil.copy(FIXTURES / "refused" / "broker-1-eth0.pcap", tmp_path / "broker-1-eth1.pcap")
    found = diagnosed(tmp_path)
    assert len(found.loaded.captures) == 2
    assert found.matched.hosts == ["broker-1"]


def test_given_clock_offset(tmp_path: Path) -> None:
    """What the user is sure of is taken where packets cannot tell."""
    for name, shift in (("a", 0), ("b", 100)):
        segment = build.tcp(1 + shift, 2, seq=7)
        frame = build.ethernet(
            "02:00:00:00:00:01",
            "02:00:00:00:00:02",
            build.ip("10.0.0.1", "10.0.0.2", build.TCP, segment),
        )
        (tmp_path / f"{name}.pcap").write_bytes(build.pcap([(T0 + shift * SECOND, frame)]))
    (tmp_path / "incident.toml").write_text("[hosts.b]\nclock_offset_s = 100\n")
    clocks = {clock.host: clock for clock in diagnosed(tmp_path).matched.clocks}
    assert (clocks[1].offset, clocks[1].grade) == (100 * SECOND, "approximate")


def test_captures_with_nothing_in_common_are_told() -> None:
    """Two incidents in one heap: said with the times of each, and analysed all the same."""
    found = diagnosed(
        FIXTURES / "refused" / "broker-1-eth0.pcap", FIXTURES / "stale-nd" / "producer-7-eth0.pcap"
    )
    (first, second) = found.loaded.warnings
    assert first.startswith("broker-1: none of its 6 attempts is in any other host's capture")
    assert "2026-11-23T14:58:42 to 2026-11-23T14:58:47" in first
    assert second.startswith("producer-7: none of its 8 attempts")


def test_a_table_without_a_matching_address_is_told(tmp_path: Path) -> None:
    table = tmp_path / "other.neigh.txt"
    table.write_text("192.0.2.9 dev eth0 lladdr 02:00:00:00:00:09 REACHABLE\n")
    found = diagnosed(FIXTURES / "refused", table)
    assert found.loaded.warnings == [f"{table}: none of its 1 addresses is in the captures"]


A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"
Frames = list[tuple[int, bytes]]


def handshakes(
    *, offset: int = 0, arrives: int = 1_000_000, replies: int = 0, set_at: int = 0
) -> tuple[Frames, Frames]:
    """Twenty handshakes, one a second, as client and server recorded them; the server's
    clock is ``offset`` ahead, by 2 s more from number ``set_at``; its replies are stamped
    ``replies`` ns later than they are sent."""
    client: Frames = []
    server: Frames = []
    for n in range(20):
        at = T0 + n * SECOND
        own = offset + (2 * SECOND if set_at and n >= set_at else 0)
        there = ("10.0.0.1", "10.0.0.2")
        for late, stamp, ends, ports, numbers in (
            (0, 0, there, (4000 + n, 9092), {"seq": 100, "flags": "S"}),
            (2, replies, there[::-1], (9092, 4000 + n), {"seq": 900, "ack": 101, "flags": "SA"}),
            (4, 0, there, (4000 + n, 9092), {"seq": 101, "ack": 901, "flags": "A"}),
        ):
            macs = (A, B) if ends == there else (B, A)
            segment = build.tcp(*ports, **numbers, timestamps=(n * 10 + late, 1))
            frame = build.ethernet(*macs, build.ip(*ends, build.TCP, segment))
            here, far = (0, arrives) if ends == there else (arrives, 0)
            client.append((at + late * arrives + here, frame))
            server.append((at + late * arrives + far + own + stamp, frame))
    return client, server


def played(folder: Path, client: Frames, server: Frames) -> Diagnosed:
    for name, frames in (("10.0.0.1", client), ("10.0.0.2", server)):
        (folder / f"{name}.pcap").write_bytes(build.pcap(frames, nanoseconds=True))
    return diagnosed(folder)


def warnings(found: Diagnosed) -> list[str]:
    return [*(w for c in found.loaded.captures for w in c.warnings), *found.loaded.warnings]


def test_nothing_to_warn_of(tmp_path: Path) -> None:
    """A steady clock, however far off, and every packet once."""
    found = played(tmp_path, *handshakes(offset=7 * SECOND))
    assert warnings(found) == []
    assert [clock.grade for clock in found.matched.clocks] == ["accurate", "accurate"]
    assert abs(found.matched.clocks[1].offset - 7 * SECOND) < 1_000_000


def test_a_clock_that_was_set_is_told(tmp_path: Path) -> None:
    """When and by how much, and never averaged away: nothing is lost by it."""
    found = played(tmp_path, *handshakes(set_at=9))
    (told,) = warnings(found)
    assert told.startswith("10.0.0.2: no steady clock explains its times beside those of 10.0.0.1")
    assert "one was set between 2023-11-14T22:13:28" in told
    assert "at least +199" in told
    assert set(found.attempts["outcome"].tolist()) == {0}


def test_copies_are_told(tmp_path: Path) -> None:
    """A mirror of both directions shows every packet twice; the counts are those of once. (Of
    the plain ACKs only the first is looked at.)"""
    client, server = handshakes()
    twice = [(at + extra, frame) for at, frame in client for extra in (0, 4_000)]
    found = played(tmp_path, twice, server)
    assert warnings(found) == ["10.0.0.1: 40 packets recorded twice, and counted once"]
    assert found.attempts["syn_sent"].tolist() == [1] * 20
    assert found.attempts["retransmissions"].tolist() == [0] * 20


def test_two_clocks_in_one_file_are_told(tmp_path: Path) -> None:
    """Replies before their requests."""
    client, server = handshakes(replies=-5_000_000)
    found = played(tmp_path, client, sorted(server))
    assert any(
        w.startswith("10.0.0.2: replies are stamped up to 4.000 ms before their requests")
        for w in warnings(found)
    )


def test_several_oddities_at_once(tmp_path: Path) -> None:
    """A capture of another incident, one whose time runs backwards, and one given twice:
    each is told, and none hides another or changes what the sound ones show."""
    client, server = handshakes()
    back = [(at - 3 * SECOND if n >= 30 else at, frame) for n, (at, frame) in enumerate(server)]
    alone = played(tmp_path, client, back)
    for name in ("10.0.1.10-eth0.pcap", "10.0.1.10-eth0 (1).pcap"):
        shutil.copy(FIXTURES / "refused" / "broker-1-eth0.pcap", tmp_path / name)
    shutil.copy(tmp_path / "10.0.0.1.pcap", tmp_path / "10.0.0.1.pcap.gz")
    for order in (1, -1):
        found = diagnosed(*sorted(tmp_path.iterdir())[::order])
        told = "\n".join(warnings(found))
        assert "10.0.0.2.pcap: time goes backwards 1 times, by up to 2." in told
        assert "10.0.1.10: none of its 6 attempts is in any other host's capture" in told
        assert "10.0.1.10-eth0 (1).pcap: the same capture as" in told
        assert "10.0.0.1.pcap.gz: the same capture as" in told
        of_both = [h.startswith("10.0.0.") for h in found.matched.hosts]
        assert of_both == [True, True, False]
        mine = found.attempts["server_port"] == 9092
        mine &= found.attempts["client_port"] < 4020
        for column in ("outcome", "syn_sent", "syn_received", "syn_ack_sent", "ack_received"):
            assert found.attempts[column][mine].tolist() == alone.attempts[column].tolist()


def test_what_was_loaded_stays(tmp_path: Path) -> None:
    """Two runs on it say the same, each once."""
    folder = tmp_path / "captures"
    folder.mkdir()
    incident(folder, ("web-9.neigh.txt", neighbor("192.168.0.1")))
    loaded = load([str(folder)])
    before = list(loaded.warnings), [list(c.warnings) for c in loaded.captures]
    one, two = run(loaded), run(loaded)
    assert (loaded.warnings, [c.warnings for c in loaded.captures]) == before
    assert one.loaded.warnings == two.loaded.warnings
    assert [c.warnings for c in one.loaded.captures] == [c.warnings for c in two.loaded.captures]
    assert any("none of its" in says for says in one.loaded.warnings)
