"""Archives: the same diagnosis as the folder, nothing outside, and what is damaged is named."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

import build
import synack
from synack import archive
from synack.archive import unpack
from synack.incident.collect import collect
from synack.recognize import is_archive

STORY = Path(__file__).parents[1] / "fixtures" / "stale-client"


def tar(files: dict[str, bytes], *, mtime: int = 1_700_000_000) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as target:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), mtime
            target.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return out.getvalue()


def story(prefix: str = "") -> dict[str, bytes]:
    return {f"{prefix}{path.name}": path.read_bytes() for path in sorted(STORY.iterdir())}


@pytest.mark.parametrize("prefix", ["", "incident/", "./"])
@pytest.mark.parametrize("kind", ["tar", "zip", *build.COMPRESSIONS])
def test_an_archive_gets_the_diagnosis_of_its_folder(kind, prefix, tmp_path):
    content = zipped(story(prefix)) if kind == "zip" else tar(story(prefix))
    path = tmp_path / "misleading.name"
    path.write_bytes(build.compress(kind, content) if kind in build.COMPRESSIONS else content)
    diagnosis, whole = synack.diagnose(path), synack.diagnose(STORY)
    (finding,), (same,) = diagnosis.findings, whole.findings
    assert (finding.kind, finding.confidence, finding.host, finding.ip) == (
        same.kind, same.confidence, same.host, same.ip,
    )  # fmt: skip
    shown = {s.file for e in finding.evidence for s in e.sources}
    assert all(name.startswith(f"{path}/") for name in shown)
    assert any(name.endswith("producer-7-eth0.pcap") for name in shown)
    assert diagnosis.warnings == []


def test_an_archive_in_a_folder_is_like_a_folder_of_its_name(tmp_path):
    """``broker-1.tar.gz`` holds what was saved on broker-1, whatever the files are called."""
    capture = (STORY / "broker-1-eth0.pcap").read_bytes()
    (tmp_path / "broker-1.tar.gz").write_bytes(build.compress("gzip", tar({"mine.pcap": capture})))
    incident = collect([str(tmp_path)])
    incident.close()
    (source,) = incident.sources
    assert source.host == "broker-1"
    assert source.path == f"{tmp_path}/broker-1.tar.gz/mine.pcap"


def packed(kind: str, files: dict[str, bytes]) -> bytes:
    return zipped(files) if kind == "zip" else build.compress("gzip", tar(files))


@pytest.mark.parametrize("inner", ["tgz", "zip"])
@pytest.mark.parametrize("outer", ["tgz", "zip"])
def test_an_archive_inside_of_another_is_read_like_its_folder(inner, outer, tmp_path):
    of_host: dict[str, dict[str, bytes]] = {}
    for name, content in story().items():
        host = name.removesuffix(".txt").split("-eth0")[0].split(".")[0]
        of_host.setdefault(host, {})[name] = content
    inside = {f"incident/{host}.{inner}": packed(inner, files) for host, files in of_host.items()}
    path = tmp_path / f"all.{outer}"
    path.write_bytes(packed(outer, inside))
    diagnosis, whole = synack.diagnose(path), synack.diagnose(STORY)
    assert [(f.kind, f.confidence, f.host) for f in diagnosis.findings] == [
        (f.kind, f.confidence, f.host) for f in whole.findings
    ]
    shown = {s.file for f in diagnosis.findings for e in f.evidence for s in e.sources}
    assert f"{path}/incident/producer-7.{inner}/producer-7-eth0.pcap" in shown
    assert diagnosis.warnings == []


def test_times_of_members_are_those_of_the_innermost_archive(tmp_path):
    row = {"a.neigh.txt": b"10.0.1.77 dev eth0 lladdr 0a:de:ad:00:00:01 STALE\n"}
    inside = {"a.tar": tar(row, mtime=1_600_000_000), "a.zip": zipped(row)}
    (tmp_path / "x.tar").write_bytes(tar(inside, mtime=1_700_000_000))
    incident = collect([str(tmp_path / "x.tar")])
    incident.close()
    assert [s.recorded for s in incident.sources] == [1_600_000_000 * 10**9, None]


def test_archives_without_end_are_left_alone_and_named(tmp_path):
    content = tar({"a.pcap": (STORY / "broker-1-eth0.pcap").read_bytes()})
    for _ in range(9):
        content = tar({"x.tar": content})
    (tmp_path / "x.tar").write_bytes(content)
    incident = collect([str(tmp_path / "x.tar")])
    incident.close()
    assert incident.sources == []
    (error,) = incident.errors
    assert (
        str(error)
        == f"{tmp_path}/{'/'.join(['x.tar'] * 5)}: not opened: it is inside of 4 other archives"
    )


def test_a_sosreport_is_of_the_host_in_its_name(tmp_path):
    top = "sosreport-kafka-3-2026-09-16-abcdefg/"
    row = b"10.0.1.77 dev eth0 lladdr 0a:de:ad:00:00:01 STALE\n"
    files = {f"{top}sos_commands/networking/ip_-s_-s_neigh_show": row, f"{top}version.txt": b"x"}
    path = tmp_path / "report.tar.xz"
    path.write_bytes(build.compress("xz", tar(files)))
    shown = synack.diagnose(path).neighbors
    assert shown["host"].tolist() == ["kafka-3"]
    assert str(shown["at"][0]) == "2023-11-14 22:13:20+00:00"


def test_the_time_of_a_tar_member_counts_and_that_of_a_zip_does_not(tmp_path):
    row = {"a.neigh.txt": b"10.0.1.77 dev eth0 lladdr 0a:de:ad:00:00:01 STALE\n"}
    (tmp_path / "a.tar").write_bytes(tar(row))
    (tmp_path / "a.zip").write_bytes(zipped(row))
    incident = collect([str(tmp_path / "a.tar"), str(tmp_path / "a.zip")])
    incident.close()
    assert [s.recorded for s in incident.sources] == [1_700_000_000 * 10**9, None]


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a\\..\\..\\evil"])
@pytest.mark.parametrize("pack", [tar, zipped])
def test_nothing_is_written_outside(pack, name, tmp_path):
    (tmp_path / "x").write_bytes(pack({name: b"bad", "good": b"ok"}))
    inside = tmp_path / "in" / "side"
    inside.mkdir(parents=True)
    damages = unpack(str(tmp_path / "x"), inside)
    written = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert written - {"x", "in/side/etc/evil"} == {"in/side/good"}
    assert name.startswith("/") or any("points outside" in str(d) for d in damages)


def test_links_and_devices_are_left_out(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as target:
        for name, kind in (("link", tarfile.SYMTYPE), ("pipe", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            target.addfile(info)
    (tmp_path / "x.tar").write_bytes(out.getvalue())
    (tmp_path / "in").mkdir()
    assert unpack(str(tmp_path / "x.tar"), tmp_path / "in") == []
    assert list((tmp_path / "in").iterdir()) == []


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["tar", "gzip", "zip"])
def test_a_cut_archive_keeps_what_came_before(kind, share, tmp_path):
    files = {f"f{n}": bytes([n]) * 30_000 for n in range(10)}
    content = zipped(files) if kind == "zip" else tar(files)
    content = build.compress(kind, content) if kind == "gzip" else content
    path = tmp_path / "x"
    path.write_bytes(content[: int(len(content) * share)])
    (tmp_path / "in").mkdir()
    damages = unpack(str(path), tmp_path / "in")
    assert len(damages) == 1
    assert "archive is damaged" in str(damages[0])
    whole = [p for p in (tmp_path / "in").iterdir() if p.stat().st_size == 30_000]
    assert kind != "tar" or len(whole) in (int(10 * share), int(10 * share) - 1)


def test_a_bomb_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST", 1 << 20)
    (tmp_path / "x").write_bytes(zipped({f"f{n}": bytes(1 << 19) for n in range(8)}))
    (tmp_path / "in").mkdir()
    (damage,) = unpack(str(tmp_path / "x"), tmp_path / "in")
    assert "unpacks to more than" in damage.reason
    assert sum(p.stat().st_size for p in (tmp_path / "in").iterdir()) <= 1 << 20


@pytest.mark.parametrize("content", [b"", b"PK", b"hello", b"\x1f\x8b\x08\0bad", build.pcap([])])
def test_other_files_are_no_archives(content, tmp_path):
    (tmp_path / "x").write_bytes(content)
    assert not is_archive(str(tmp_path / "x"))


def test_a_damaged_archive_is_an_unreadable_input(synack, tmp_path):
    content = tar(story())
    (tmp_path / "cut.tar").write_bytes(content[: len(content) // 2])
    code, out, err = synack("inspect", str(tmp_path / "cut.tar"))
    assert code == 3
    assert "cut.tar: archive is damaged" in err
    assert "broker-1-eth0.pcap" in out


def test_what_was_unpacked_goes_with_the_incident(tmp_path):
    (tmp_path / "x.tar").write_bytes(tar(story()))
    incident = collect([str(tmp_path / "x.tar")])
    place = Path(str(incident.sources[0].place))
    assert place.is_file()
    assert stat.S_IMODE(place.parent.parent.stat().st_mode) == 0o700
    incident.close()
    assert not place.exists()
