"""A heap of files to hosts: folders, HOST=PATH, globs, and what is there twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from synack.errors import UsageError
from synack.incident.collect import collect
from synack.incident.sources import Incident, Source


def files(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def hosts(incident: Incident, root: Path) -> dict[str, str]:
    return {Path(s.path).relative_to(root).as_posix(): s.host for s in incident.sources}


def test_folder_of_everything(tmp_path: Path) -> None:
    """Names say whose; hidden files and our own are left out; folders are hosts below it."""
    root = tmp_path / "captures"
    files(root, "broker-1-eth0.pcap", "web.neigh.txt", "arp.txt", ".hidden", "case.toml")
    files(root, "db-1/eth0.pcap", "db-1/arp.txt", "logs/x.neigh.txt", ".git/config")
    found = collect([str(root)])
    assert hosts(found, root) == {
        "broker-1-eth0.pcap": "broker-1", "web.neigh.txt": "web", "arp.txt": "",
        "db-1/eth0.pcap": "db-1", "db-1/arp.txt": "db-1", "logs/x.neigh.txt": "x",
    }  # fmt: skip
    by_name = {Path(s.path).relative_to(root).as_posix(): s for s in found.sources}
    assert by_name["db-1/eth0.pcap"].interface == "eth0"
    assert by_name["db-1/arp.txt"].host_from_folder
    assert not by_name["web.neigh.txt"].host_from_folder
    assert not any(s.explicit or s.host_given for s in found.sources)
    assert found.errors == []


def test_host_folders_own_their_files(tmp_path: Path) -> None:
    """One of several folders is a host, also for files with another word in their name."""
    files(tmp_path, "broker-1/trace.pcap", "broker-1/client.neigh.txt", "web-1/eth1.pcap")
    found = collect([str(tmp_path / "broker-1"), str(tmp_path / "web-1")])
    assert hosts(found, tmp_path) == {
        "broker-1/trace.pcap": "broker-1", "broker-1/client.neigh.txt": "broker-1",
        "web-1/eth1.pcap": "web-1",
    }  # fmt: skip


def test_folder_with_several_hosts_is_no_host(tmp_path: Path) -> None:
    """Two capture names in one folder speak for themselves."""
    files(tmp_path, "run-3/a-eth0.pcap", "run-3/b-eth0.pcap", "run-4/arp.txt")
    found = collect([str(tmp_path / "run-3"), str(tmp_path / "run-4")])
    assert hosts(found, tmp_path) == {
        "run-3/a-eth0.pcap": "a", "run-3/b-eth0.pcap": "b", "run-4/arp.txt": "run-4",
    }  # fmt: skip


def test_file_without_a_name_of_its_own(tmp_path: Path) -> None:
    """Named by the user: the folder it lies in is a hint, and it must be readable."""
    files(tmp_path, "broker-1/eth0.pcap", "captures/eth1.pcap")
    found = collect([str(tmp_path / "broker-1/eth0.pcap"), str(tmp_path / "captures/eth1.pcap")])
    one, other = found.sources
    assert one == Source(
        str(tmp_path / "broker-1/eth0.pcap"), "broker-1", "eth0", explicit=True,
        host_from_folder=True,
    )  # fmt: skip
    assert (other.host, other.interface, other.explicit) == ("", "eth1", True)


def test_host_given(tmp_path: Path) -> None:
    """HOST=PATH for a file, a folder, a glob and standard input; the user's word counts."""
    files(tmp_path, "x-eth0.pcap", "d/y.pcap", "d/z.neigh.txt")
    found = collect([
        f"web={tmp_path}/x-eth0.pcap", f"db={tmp_path}/d", "10.0.1.7=-", f"web={tmp_path}/x*",
    ])  # fmt: skip
    assert [(s.host, s.host_given, s.interface) for s in found.sources] == [
        ("web", True, "eth0"), ("db", True, ""), ("db", True, ""), ("10.0.1.7", True, ""),
    ]  # fmt: skip
    assert found.sources[3].path == "-"


def test_file_with_an_equals_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that exists under the whole text is that file."""
    files(tmp_path, "a=b.pcap")
    monkeypatch.chdir(tmp_path)
    (source,) = collect(["a=b.pcap"]).sources
    assert (source.path, source.host_given) == ("a=b.pcap", False)


def test_globs_and_repetition(tmp_path: Path) -> None:
    """Globs in order of name, ``**`` deep; a file behind two arguments comes once."""
    files(tmp_path, "b.pcap", "a.pcap", "d/e/c.pcap", "x.txt")
    found = collect([f"{tmp_path}/*.pcap", f"{tmp_path}/a.pcap", f"{tmp_path}/**/*.pcap"])
    assert [Path(s.path).name for s in found.sources] == ["a.pcap", "b.pcap", "c.pcap"]


def test_missing(tmp_path: Path) -> None:
    """What is not there is an error beside the rest; no path at all is wrong usage."""
    files(tmp_path, "a.pcap")
    found = collect([f"{tmp_path}/a.pcap", f"{tmp_path}/no.pcap", f"h={tmp_path}/no*"])
    assert len(found.sources) == 1
    assert [str(e) for e in found.errors] == [
        f"{tmp_path}/no.pcap: no such file or folder", f"{tmp_path}/no*: no such file or folder",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="name at least one"):
        collect([])


def test_links_are_not_followed_in_circles(tmp_path: Path) -> None:
    files(tmp_path, "d/a.pcap")
    (tmp_path / "d" / "again").symlink_to(tmp_path / "d")
    assert len(collect([str(tmp_path)]).sources) == 1


def test_many_given_twice_are_summed_up(tmp_path: Path) -> None:
    """Also tables; one warning, with the first names."""
    for name in "abcdefg":
        (tmp_path / f"{name}.neigh.txt").touch()
    found = collect([str(tmp_path), f"{tmp_path}/*.txt"])
    assert len(found.sources) == 7
    assert all(source.explicit for source in found.sources)
    (told,) = found.warnings
    assert told.startswith(f"given twice, read once: {tmp_path}/a.neigh.txt, ")
    assert told.endswith("e.neigh.txt and 2 more")


def test_links_to_one_file(tmp_path: Path) -> None:
    """The name that says the host is kept, with what an incident.toml says of the other."""
    (tmp_path / "web-eth0.pcap").touch()
    (tmp_path / "z.pcap").symlink_to(tmp_path / "web-eth0.pcap")
    (tmp_path / "incident.toml").write_text('[files."z.pcap"]\nat = 1970-01-01T00:00:01Z\n')
    found = collect([str(tmp_path)])
    (source,) = found.sources
    assert (source.host, source.interface, source.at) == ("web", "eth0", 10**9)
    (told,) = found.warnings
    assert told == (
        f"{tmp_path}/z.pcap: the same file as {tmp_path}/web-eth0.pcap, read once,"
        " as web's: z's it cannot be as well"
    )
