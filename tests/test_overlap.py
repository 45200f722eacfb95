"""Several captures of one host: every packet once, and together they are one witness."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from scenario import B, Lan, X, Y, lose

import build
from synack.model import Capture, CaptureFile
from synack.overlap import _holes
from synack.pipeline import Diagnosed, Loaded, load, run
from synack.tables import RST, SYN, SYN_ACK

SECOND = 10**9
Frames = list[tuple[int, bytes]]
COUNTS = (
    "outcome", "syn_sent", "syn_received", "syn_ack_sent", "syn_ack_received", "ack_sent",
    "ack_received", "retransmissions", "syn_ack_dst_mac",
)  # fmt: skip


def said(found: Diagnosed) -> list[list[object]]:
    return [
        *(found.attempts[name].tolist() for name in COUNTS),
        found.matched.transmissions["fate"].tolist(),
        [(f.kind, f.confidence, f.attempts, f.interface) for f in found.findings],
    ]


def frames_of(path: Path) -> Frames:
    data, frames, at = path.read_bytes(), [], 24
    while at < len(data):
        s, us, n, _ = (int.from_bytes(data[at + k : at + k + 4], "little") for k in (0, 4, 8, 12))
        frames.append((s * SECOND + us * 1000, data[at + 16 : at + 16 + n]))
        at += 16 + n
    return frames


def cooked(frames: Frames, own: str) -> bytes:
    """As ``-i any`` shows them, 3 us later."""
    mac = bytes.fromhex(own.replace(":", ""))
    return build.pcap(
        [
            (
                t + 3_000,
                build.sll(
                    f[6:12].hex(":"), f[14:], packet_type=4 if f[6:12] == mac else 0,
                    ethertype=int.from_bytes(f[12:14], "big"),
                ),
            )
            for t, f in frames
        ],
        link_type=build.SLL,
    )  # fmt: skip


def any_beside(frames: Frames, own: str) -> list[tuple[str, bytes]]:
    return [("eth0", build.pcap(frames)), ("any", cooked(frames, own))]


def halves(frames: Frames, own: str) -> list[tuple[str, bytes]]:
    """The second is begun 3 s before the first is ended, in the middle of attempts."""
    begin = frames[0][0]
    one = [f for f in frames if f[0] < begin + 27 * SECOND]
    two = [f for f in frames if f[0] >= begin + 24 * SECOND]
    return [("eth0", build.pcap(one)), ("eth0-after", build.pcap(two))]


def played(folder: Path, kind: str) -> Path:
    net = Lan()
    if kind == "stale":
        net.broker.knows(net.client, X)
    elif kind:
        net.drops.append(lose(kind))
    net.play()
    folder.mkdir()
    return net.write(folder)


@pytest.mark.parametrize("kind", ["", "syn", "syn-ack", "ack", "stale"])
@pytest.mark.parametrize("cut", [any_beside, halves])
@pytest.mark.parametrize("side", ["broker-1", "producer-7"])
def test_together_they_are_the_whole(
    tmp_path: Path, kind: str, cut: Callable[..., list[tuple[str, bytes]]], side: str
) -> None:
    """Counts, fates, outcomes and findings are those of one capture."""
    folder = played(tmp_path / "captures", kind)
    whole = said(run(load([str(folder)])))
    path = folder / f"{side}-eth0.pcap"
    frames = frames_of(path)
    path.unlink()
    for name, content in cut(frames, B if side == "broker-1" else Y):
        (folder / f"{side}-{name}.pcap").write_bytes(content)
    found = run(load([str(folder)]))
    assert len(found.loaded.captures) == 2
    (capture,) = [c for c in found.loaded.captures if c.host == side]
    (told,) = capture.warnings
    assert "in both" in told
    assert capture.gaps == []
    assert said(found) == whole


A1, A2, GONE = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"
T0 = 1_700_000_000 * SECOND


def syn_ack(
    at: float, to: str = A1, ttl: int = 64, seq: int = 900, tsval: int | None = None
) -> tuple[int, bytes]:
    stamps = None if tsval is None else (tsval, 7)
    segment = build.tcp(9092, 4000, seq=seq, ack=101, flags="SA", timestamps=stamps)
    pack = build.ipv4("10.0.0.2", "10.0.0.1", build.TCP, segment, ttl=ttl)
    return T0 + round(at * SECOND), build.ethernet(A2, to, pack)


def loaded(folder: Path, **captures: Frames) -> Loaded:
    for name, frames in captures.items():
        path = folder / f"{name.replace('_', '-')}.pcap"
        path.write_bytes(build.pcap(frames, nanoseconds=True))
    return load([str(folder)])


def test_every_packet_once(tmp_path: Path) -> None:
    """The k-th of one capture is the k-th of the other: real repetitions stay."""
    one = [syn_ack(0), syn_ack(0.05), syn_ack(1), syn_ack(3)]
    two = [(at + 2_000, frame) for at, frame in [*one[1:], syn_ack(7)]]
    found = loaded(tmp_path, web_eth0=one, web_eth1=two)
    assert len(found.segments) == 5
    assert found.segments["time"].tolist() == [
        *(at for at, _ in one),
        two[-1][0],
    ]
    assert found.segments["frame"].tolist() == [1, 2, 3, 4, 4]
    assert [found.files[n].path[-8:-5] for n in found.segments["file"].tolist()] == [
        *["th0"] * 4,
        "th1",
    ]
    (capture,) = found.captures
    assert (capture.first, capture.last) == (one[0][0], two[-1][0])
    (told,) = capture.warnings
    assert told == (
        f"3 packets in both {tmp_path}/web-eth0.pcap and {tmp_path}/web-eth1.pcap:"
        " taken as one capture"
    )


@pytest.mark.parametrize(
    "other",
    [
        syn_ack(0, to=GONE),  # on its way to another machine
        syn_ack(0, ttl=63),  # passed on
        syn_ack(0.2),  # sent again
        syn_ack(0, seq=901),
    ],
)
def test_other_packets(tmp_path: Path, other: tuple[int, bytes]) -> None:
    found = loaded(tmp_path, web_eth0=[syn_ack(0), syn_ack(9)], web_eth1=[other, syn_ack(5)])
    assert len(found.captures) == 2
    assert len(found.segments) == 4


def test_tsvals_tell_them_apart(tmp_path: Path) -> None:
    """Two SYN-ACKs nearly at once, of which each capture missed one; but what one capture has
    without options is what the other has with them."""
    shared = [syn_ack(3, tsval=3000), syn_ack(9, tsval=9000)]
    one, two = [syn_ack(0, tsval=10), *shared], [syn_ack(0.005, tsval=15), *shared]
    found = loaded(tmp_path, web_eth0=one, web_any=two)
    assert len(found.captures) == 1
    assert found.segments["tsval"].tolist() == [10, 15, 3000, 9000]
    cut = [(at, frame[:54]) for at, frame in one]
    found = loaded(tmp_path, web_eth0=one, web_any=cut)
    assert found.segments["tsval"].tolist() == [10, 3000, 9000]


def test_other_hosts(tmp_path: Path) -> None:
    """What two hosts have in common is what everything rests on. Captures that nothing
    names may be of two."""
    frames, later = [syn_ack(0), syn_ack(5)], [syn_ack(0.001), syn_ack(5.001)]
    folder = tmp_path / "captures"
    folder.mkdir()
    assert len(loaded(folder, web=frames, db=later).captures) == 2
    other = tmp_path / "net"
    other.mkdir()
    found = loaded(other, capture=frames, trace=later)
    assert [c.host for c in found.captures] == ["", ""]


def test_holes_are_those_of_all() -> None:
    """A file that is missing in one capture is none where another was on."""

    def capture(first: int, last: int, *gaps: tuple[int, int]) -> Capture:
        return Capture("web", "", [CaptureFile("x", first=first, last=last)], list(gaps))

    assert _holes([capture(0, 50, (10, 20)), capture(5, 15)]) == [(15, 20)]
    assert _holes([capture(0, 50, (10, 20)), capture(5, 25)]) == []
    assert _holes([capture(0, 50, (10, 20)), capture(12, 60, (15, 18))]) == [(10, 12), (15, 18)]


def test_three_and_a_clock_that_is_set_back(tmp_path: Path) -> None:
    """A bond and what it is made of, in the order in which each was recorded."""
    one = [syn_ack(0), syn_ack(5, seq=7), syn_ack(3, seq=8)]
    two = [syn_ack(1, seq=9), syn_ack(6, seq=10)]
    found = loaded(tmp_path, web_bond0=sorted(one[:2] + two), web_eth0=one, web_eth1=two)
    (capture,) = found.captures
    assert capture.interface == "bond0"
    assert found.segments["seq"].tolist() == [900, 9, 7, 8, 10]
    assert "4 packets in both" in capture.warnings[0]


# ---- one after the other ------------------------------------------------------------------

FIRST_ENDS, SECOND_BEGINS = 26.5, 29.5


def restarted(frames: Frames) -> tuple[Frames, Frames]:
    """Stopped and started again in the middle of an attempt."""
    begin = frames[0][0]
    one = [f for f in frames if f[0] < begin + FIRST_ENDS * SECOND]
    two = [f for f in frames if f[0] >= begin + SECOND_BEGINS * SECOND]
    return one, two


@pytest.mark.parametrize("kind", ["", "syn", "syn-ack", "stale"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("broker-1-eth0", "broker-1-eth0-after"),
        ("broker-1", "broker-1-after"),
        ("broker-1-eth0", "broker-1"),
    ],
)
def test_started_again(tmp_path: Path, kind: str, first: str, second: str) -> None:
    """As if a rotated file were missing between."""
    folder = played(tmp_path / "captures", kind)
    path = folder / "broker-1-eth0.pcap"
    one, two = restarted(frames_of(path))
    path.unlink()
    for number, part in ((0, one), (2, two)):
        (folder / f"broker-1-eth0.pcap{number}").write_bytes(build.pcap(part))
    rotated = run(load([str(folder)]))
    for number, name, part in ((0, first, one), (2, second, two)):
        (folder / f"broker-1-eth0.pcap{number}").unlink()
        (folder / f"{name}.pcap").write_bytes(build.pcap(part))
    found = run(load([str(folder)]))
    (capture,) = [c for c in found.loaded.captures if c.host == "broker-1"]
    assert capture.gaps == [(one[-1][0], two[0][0])]
    (told,) = capture.warnings
    assert "taken as one capture that was stopped for" in told
    whole, parts = said(rotated), said(found)
    assert parts[:-1] == whole[:-1]
    assert [f[:3] for f in parts[-1]] == [f[:3] for f in whole[-1]]  # type: ignore[index]


@pytest.mark.parametrize(
    ("names", "macs"),
    [
        (("broker-1-eth0", "broker-1-eth1"), (B, B)),  # two interfaces
        (("broker-1-eth0", "broker-1-eth0-after"), (B, X)),  # a machine that replaced it
        (("broker-1", "broker-1-after"), (B, X)),
    ],
)
def test_not_started_again(tmp_path: Path, names: tuple[str, str], macs: tuple[str, str]) -> None:
    folder = played(tmp_path / "captures", "")
    path = folder / "broker-1-eth0.pcap"
    parts = restarted(frames_of(path))
    path.unlink()
    old = bytes.fromhex(B.replace(":", ""))
    for name, part, mac in zip(names, parts, macs, strict=True):
        new = bytes.fromhex(mac.replace(":", ""))
        frames = [(at, f[:12].replace(old, new) + f[12:]) for at, f in part]
        (folder / f"{name}.pcap").write_bytes(build.pcap(frames))
    found = load([str(folder)])
    assert len([c for c in found.captures if c.host == "broker-1"]) == 2
    assert all(capture.gaps == [] for capture in found.captures)


def test_stamped_alike(tmp_path: Path) -> None:
    """The SYN-ACK that only the second one has comes before the RST that answers it."""
    syn, reset = (
        (T0, build.ethernet(A1, A2, build.ipv4("10.0.0.1", "10.0.0.2", build.TCP, segment)))
        for segment in (
            build.tcp(4000, 9092, seq=100, flags="S"),
            build.tcp(4000, 9092, seq=101, flags="R"),
        )
    )
    found = loaded(tmp_path, web_eth0=[syn, reset], web_any=[syn, syn_ack(0), reset])
    assert found.segments["kind"].tolist() == [SYN, SYN_ACK, RST]


def test_the_ack_that_one_missed(tmp_path: Path) -> None:
    """The capture that missed the ACK kept the next segment in its place: no second ACK."""

    def client(at: float, flags: str, seq: int, ack: int) -> tuple[int, bytes]:
        segment = build.tcp(4000, 9092, seq=seq, ack=ack, flags=flags)
        pack = build.ipv4("10.0.0.1", "10.0.0.2", build.TCP, segment)
        return T0 + round(at * SECOND), build.ethernet(A1, A2, pack)

    syn, ack, data = client(0, "S", 100, 0), client(0.3, "A", 101, 901), client(0.5, "A", 131, 931)
    one = [syn, syn_ack(0.1), ack, data, client(9, "A", 200, 931)]
    two = [syn, syn_ack(0.1), data, client(9, "A", 200, 931)]
    alone = run(loaded(tmp_path, web_eth0=one))
    for frames in ((one, two), (two, one)):
        found = run(loaded(tmp_path, web_eth0=frames[0], web_any=frames[1]))
        assert len(found.loaded.captures) == 1
        for name in ("ack_sent", "ack_received"):
            assert found.attempts[name].tolist() == alone.attempts[name].tolist()
        assert found.loaded.segments["time"].tolist() == alone.loaded.segments["time"].tolist()
