"""Two names of one host, and two hosts that look like one."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario import B, Lan, X, Y
from test_overlap import Frames, frames_of

import build
from synack.pipeline import Diagnosed, load, run

SECOND = 10**9
PARTED = 30
"""Seconds after which the second of two captures, one after the other, begins."""


def broker(folder: Path) -> Frames:
    """An incident in ``folder``; the broker's frames, whose file is taken away."""
    net = Lan()
    net.broker.knows(net.client, X)
    net.play()
    folder.mkdir()
    net.write(folder)
    frames = frames_of(folder / "broker-1-eth0.pcap")
    (folder / "broker-1-eth0.pcap").unlink()
    return frames


def halves(frames: Frames) -> tuple[Frames, Frames]:
    begin = frames[0][0]
    one = [f for f in frames if f[0] < begin + (PARTED - 2) * SECOND]
    return one, [f for f in frames if f[0] >= begin + PARTED * SECOND]


def sent_from(frames: Frames, old: str, new: str, *ips: tuple[str, str]) -> Frames:
    """``frames`` with another MAC, and addresses swapped for others."""
    changes = [(bytes.fromhex(a.replace(":", "")), bytes.fromhex(b.replace(":", "")))
               for a, b in [(old, new)]]  # fmt: skip
    changes += [(bytes(map(int, a.split("."))), bytes(map(int, b.split(".")))) for a, b in ips]
    for before, after in changes:
        frames = [(at, data.replace(before, after)) for at, data in frames]
    return frames


def diagnosed(folder: Path, *args: str, **captures: Frames) -> Diagnosed:
    for name, frames in captures.items():
        (folder / f"{name}.pcap").write_bytes(build.pcap(frames))
    return run(load([*args, str(folder)]))


def hosts(found: Diagnosed) -> list[str]:
    return sorted({c.host for c in found.loaded.captures} - {"producer-7"})


def told(found: Diagnosed) -> list[str]:
    return [w for w in found.loaded.warnings if "one host" in w or "two hosts" in w]


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (("broker-1", "10.0.1.10"), "broker-1"),
        (("10.0.1.10", "ip-10-0-1-10_eth0"), "10.0.1.10"),
        (("kafka-x", "broker-1"), "broker-1"),
        (("ip-10-0-1-10_eth0", "zeta"), "zeta"),
    ],
)
@pytest.mark.parametrize("apart", [False, True], ids=["at one time", "one after the other"])
def test_one_host(tmp_path: Path, names: tuple[str, str], best: str, apart: bool) -> None:
    folder = tmp_path / "captures"
    frames = broker(folder)
    one, two = halves(frames) if apart else (frames, frames[4:])
    (folder / f"{names[0].split('_')[0]}.neigh.txt").write_text(
        f"2026-09-21T14:14:20Z\n10.0.1.77 dev eth0 lladdr {X} STALE\n"
    )
    found = diagnosed(folder, **{names[0]: one, names[1]: two})
    assert hosts(found) == [best]
    (says,) = told(found)
    assert f"{folder}/{names[0]}.pcap" in says
    assert f"{folder}/{names[1]}.pcap" in says
    assert says.endswith(f"taken as one host, {best}")
    assert ("(probable)" if apart else "(sure)") in says
    assert set(found.entries["host"].tolist()) == {best}
    assert [f.kind for f in found.findings] == ["stale-neighbor"]
    assert found.findings[0].host == best
    assert len([c for c in found.loaded.captures if c.host == best]) == 1


def test_the_users_word(tmp_path: Path) -> None:
    """A name that the user gave stays, and two that he gave stay two hosts."""
    folder = tmp_path / "captures"
    frames = broker(folder)
    for name, part in (("zeta", frames), ("eta", frames[4:])):
        (tmp_path / f"{name}.pcap").write_bytes(build.pcap(part))
    zeta, eta = (f"{name}={tmp_path}/{name}.pcap" for name in ("zeta", "eta"))
    assert hosts(run(load([str(folder), zeta, str(tmp_path / "eta.pcap")]))) == ["zeta"]
    found = run(load([str(folder), zeta, eta]))
    assert hosts(found) == ["eta", "zeta"]
    assert told(found)[0].endswith("you name them as two hosts, and two they stay")


OTHER = "0a:55:55:55:55:55"
DOCKER = "02:42:0a:00:01:0a"
VIRTUAL = "00:00:5e:00:01:07"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (B, OTHER),  # the address came to another machine
        (DOCKER, DOCKER),  # a container with the address of another has its MAC too
        (VIRTUAL, VIRTUAL),  # a virtual router's MAC went to the standby
    ],
)
def test_the_address_went_on(tmp_path: Path, first: str, second: str) -> None:
    folder = tmp_path / "captures"
    one, two = halves(broker(folder))
    found = diagnosed(folder, web=sent_from(one, B, first), db=sent_from(two, B, second))
    assert hosts(found) == ["db", "web"]
    assert told(found) == []


@pytest.mark.parametrize("snaplen", [262144, 68], ids=["whole", "cut"])
def test_clocks_apart_are_not_one_after_the_other(tmp_path: Path, snaplen: int) -> None:
    """A router's capture of what it hands to the broker holds but the broker's packets: it is no
    second name of it, though by its clock it was taken an hour later. Its snaplen may cut the
    timestamps off."""
    folder = tmp_path / "captures"
    frames = broker(folder)
    late = [(at + 3600 * SECOND, data[:snaplen], len(data)) for at, data in frames]
    (folder / "gw-1.pcap").write_bytes(build.pcap(late, snaplen=snaplen))
    found = diagnosed(folder, **{"broker-1": frames})
    assert hosts(found) == ["broker-1", "gw-1"]
    assert told(found) == []


def test_what_goes_astray_beside_the_broker_is_not_the_brokers(tmp_path: Path) -> None:
    """A router's capture, later, of the broker's packets, and of some from it to another MAC."""
    folder = tmp_path / "captures"
    one, two = halves(broker(folder))
    ends = bytes.fromhex((X + OTHER).replace(":", ""))
    stray = [(at, ends + frame[12:]) for at, frame in two[:3]]
    found = diagnosed(folder, **{"broker-1": one, "gw-1": sorted(two + stray)})
    assert hosts(found) == ["broker-1", "gw-1"]
    assert told(found) == []


def test_an_address_that_two_claim(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    frames = broker(folder)
    found = diagnosed(folder, web=frames[::2], db=sent_from(frames[1::2], B, OTHER))
    assert hosts(found) == ["db", "web"]


@pytest.mark.parametrize("travel", [1_000, 2_000, 20_000])
def test_two_on_one_machine(tmp_path: Path, travel: int) -> None:
    """Containers have one clock and next to no travel time, but some."""
    folder = tmp_path / "captures"
    frames = broker(folder)
    own = bytes.fromhex(B.replace(":", ""))
    peer = [(at + (travel if f[6:12] == own else -travel), f) for at, f in frames]
    assert hosts(diagnosed(folder, web=frames, db=peer)) == ["db", "web"]


def test_two_stamps_of_one_kernel(tmp_path: Path) -> None:
    """Each of two tcpdumps on one host has what is sent stamped anew, up to 0.7 us apart (as
    measured), and once an interrupt came between."""
    folder = tmp_path / "captures"
    frames = broker(folder)
    jitter = (-710, -313, 47, 208, 512, 717)
    other = [(at + jitter[n % 6] + 20_000 * (n == 9), f) for n, (at, f) in enumerate(frames)]
    (folder / "db.pcap").write_bytes(build.pcap(other, nanoseconds=True))
    assert hosts(diagnosed(folder, web=frames)) == ["db"]


def test_one_direction(tmp_path: Path) -> None:
    """A clock that lags by the travel time makes one direction alike, and never both."""
    folder = tmp_path / "captures"
    frames = broker(folder)
    own = bytes.fromhex(B.replace(":", ""))
    peer = [(at + (50_000 if f[6:12] == own else 0), f) for at, f in frames]
    assert hosts(diagnosed(folder, web=frames, db=peer)) == ["db", "web"]
    outgoing = [f for f in frames if f[1][6:12] == own]
    assert hosts(diagnosed(folder, web=frames, db=outgoing)) == ["db", "web"]


def test_the_peer_gave_the_name(tmp_path: Path) -> None:
    """``10.0.1.10.pcap`` of a client: what it recorded of the broker, at another time."""
    folder = tmp_path / "captures"
    one, two = halves(broker(folder))
    client = frames_of(folder / "producer-7-eth0.pcap")
    (folder / "producer-7-eth0.pcap").unlink()
    late = [f for f in client if f[0] >= two[0][0]]
    (folder / "10.0.1.10.pcap").write_bytes(build.pcap(late))
    found = diagnosed(folder, **{"broker-1": one})
    assert {c.host for c in found.loaded.captures} == {"10.0.1.10", "broker-1"}


def test_a_table_named_after_the_address(tmp_path: Path) -> None:
    folder = tmp_path / "captures"
    frames = broker(folder)
    for name in ("10.0.1.10.neigh", "ip-10-0-1-10_arp"):
        (folder / f"{name}.txt").write_text(f"10.0.1.77 dev eth0 lladdr {X} STALE\n")
    (folder / "10.0.1.99.neigh.txt").write_text(f"10.0.1.77 dev eth0 lladdr {Y} STALE\n")
    found = diagnosed(folder, **{"broker-1": frames})
    assert sorted(found.entries["host"].tolist()) == ["10.0.1.99", "broker-1", "broker-1"]
