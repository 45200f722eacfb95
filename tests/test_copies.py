"""One capture in several files: read once, said aloud, and never two witnesses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import build
import synack
from synack import copies
from synack.loading import Loaded, load

FIXTURES = Path(__file__).parents[1] / "fixtures"
CASES = sorted(path.parent.name for path in FIXTURES.glob("*/case.toml"))
STALE = FIXTURES / "stale-arp"
BROKER, PRODUCER = STALE / "broker-1-eth0.pcap", STALE / "producer-7-eth0.pcap"


def again(path: Path) -> list[str]:
    return [str(path)]


def copied(path: Path) -> list[str]:
    copy = path.with_name(f"{path.stem} (1){path.suffix}")
    shutil.copy(path, copy)
    return [str(copy)]


def zipped(path: Path) -> list[str]:
    """``x.pcap.gz`` beside ``x.pcap`` would be of one rotated set by its name."""
    copy = path.with_name(f"{path.name}.gz")
    copy.write_bytes(build.compress("gzip", path.read_bytes()))
    return [str(copy)]


def linked(path: Path) -> list[str]:
    link = path.with_name("latest.pcap")
    link.symlink_to(path)
    return [str(link)]


def said(diagnosis: synack.Diagnosis) -> tuple[object, ...]:
    """All that is concluded, whichever of two equal files it is read from."""
    found = diagnosis.diagnosed
    transmissions = found.matched.transmissions
    return (
        [list(row.values()) for row in found.attempts.rows()],
        [list(row.values()) for row in transmissions.rows()],
        found.matched.hosts,
        [clock.offset for clock in found.matched.clocks],
        repr(found.findings).replace(".pcap.gz", ".pcap"),
    )


@pytest.mark.parametrize("name", [n for n in CASES if list((FIXTURES / n).glob("*.pcap*"))])
def test_a_file_given_twice_changes_nothing(tmp_path: Path, name: str) -> None:
    """Every capture of every fixture, in every way, before and after the others."""
    folder = tmp_path / name
    shutil.copytree(FIXTURES / name, folder)
    captures = sorted(folder.glob("*.pcap*"))
    once = said(synack.diagnose(str(folder)))
    ways: tuple[Callable[[Path], list[str]], ...] = (again, copied, zipped, linked)
    for number, way in enumerate(ways):
        capture = captures[number % len(captures)]
        extra = way(capture)
        for paths in ([str(folder), *extra], [*extra, str(folder)]):
            twice = synack.diagnose(*paths)
            assert said(twice) == once
            warned = [w for w in twice.warnings if str(capture) in w and extra[0] in w]
            assert warned, "both names are said"
        if extra != [str(capture)]:
            Path(extra[0]).unlink()


@pytest.mark.parametrize("name", CASES)
def test_order_of_arguments_changes_nothing(name: str) -> None:
    told = ("README.md", "case.toml", "story.toml")
    files = [str(p) for p in sorted((FIXTURES / name).iterdir()) if p.name not in told]
    forward, backward = synack.diagnose(*files), synack.diagnose(*files[::-1])
    assert backward.to_json() == forward.to_json()
    assert backward.warnings == forward.warnings


def hosts(loaded: Loaded) -> list[str]:
    return [capture.host for capture in loaded.captures]


def test_one_capture_of_two_hosts(tmp_path: Path) -> None:
    """It is the first's by order of names, whatever the order of the arguments."""
    copy = tmp_path / "other.pcap.gz"
    copy.write_bytes(build.compress("gzip", BROKER.read_bytes()))
    arguments = [f"web={BROKER}", f"db={copy}"]
    for order in (arguments, arguments[::-1]):
        loaded = load(order)
        assert hosts(loaded) == ["db"]
        assert loaded.warnings == [
            f"{BROKER}: the same capture as {copy}, read once, as db's: web's it cannot be as well"
        ]
        loaded = load([argument.replace(str(copy), str(BROKER)) for argument in order])
        assert hosts(loaded) == ["db"]
        assert loaded.warnings == [
            f"{BROKER}: given twice, read once, as db's: web's it cannot be as well"
        ]


def test_the_word_of_the_user_is_kept(tmp_path: Path) -> None:
    """A name that is given stands over names that are read, also for a copy."""
    shutil.copy(BROKER, tmp_path / "a-eth0.pcap")
    shutil.copy(BROKER, tmp_path / "x.pcap")
    loaded = load([str(tmp_path), f"web={tmp_path}/x.pcap"])
    assert hosts(loaded) == ["web"]
    assert [file.path for file in loaded.files] == [f"{tmp_path}/x.pcap"]


def test_what_is_no_copy(tmp_path: Path) -> None:
    """Not what begins alike, has the size of another, or holds no packet: each is read, though
    one clock stamped them and they turn out to be one host's."""
    content = BROKER.read_bytes()
    other = bytearray(content)
    other[-1] ^= 1
    for name, data in (
        ("a-eth0.pcap", content),
        ("b-eth0.pcap", bytes(other)),
        ("c-eth0.pcap", content[: len(content) // 2]),
        ("d-eth0.pcap", build.compress("gzip", content[:-400])),
        ("e-eth0.pcap", build.pcap()),
        ("f-eth0.pcap", build.pcap()),
    ):
        (tmp_path / name).write_bytes(data)
    loaded = load([str(tmp_path)])
    assert [Path(file.path).name[0] for file in loaded.files] == ["a", "b", "c", "d", "e", "f"]
    assert not [w for w in loaded.warnings if "read once" in w]


def test_copies_in_a_rotated_set(tmp_path: Path) -> None:
    """A set of which one file is there packed as well is the set."""
    shutil.copy(BROKER, tmp_path / "broker-1-eth0.pcap")
    shutil.copy(PRODUCER, tmp_path / "broker-1-eth0.pcap1")
    zipped(tmp_path / "broker-1-eth0.pcap1")
    (capture,) = load([str(tmp_path)]).captures
    assert sorted(Path(file.path).name for file in capture.files) == [
        "broker-1-eth0.pcap",
        "broker-1-eth0.pcap1",
    ]


def test_many_that_begin_alike_are_compared_with_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linear in the number of files."""
    content = bytearray(build.pcap([(10**18 + n, bytes(100)) for n in range(300)]))
    for number in range(40):
        content[-1] = number
        (tmp_path / f"h{number}-eth0.pcap").write_bytes(bytes(content))
    calls = []
    equal = copies._equal
    monkeypatch.setattr(copies, "_equal", lambda *a: calls.append(a) or equal(*a))
    assert len(load([str(tmp_path)]).captures) == 40
    assert len(calls) <= 40 * copies._DIFFERENT


def test_counting_leaves_copies_out_as_well(tmp_path: Path) -> None:
    shutil.copy(BROKER, tmp_path / "broker-1-eth0.pcap")
    copied(tmp_path / "broker-1-eth0.pcap")
    assert len(load([str(tmp_path)], counts_only=True).files) == 1
