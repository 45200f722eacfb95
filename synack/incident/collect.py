"""Every file behind the paths that the user gives, each once."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from synack.capture.window import open_window
from synack.errors import Damage, UsageError
from synack.incident.names import folder_host, host_and_interface
from synack.incident.overrides import Overrides
from synack.incident.sources import CAPTURE_NAME, Incident, Source, one_host_only, told_best
from synack.recognize import is_archive, is_zip

_SOSREPORT = re.compile(r"sosreport-(.+?)(?:-\d{4}-\d\d-\d\d|-\d{6,})")
"""``sosreport-HOST-DATE-ID``, the folder in what sos makes."""
_ARCHIVE_NAME = re.compile(r"\.(tar(\.\w+)?|t[gbx]z\d?|zip)$", re.I)
_DEEPEST = 4
"""So many archives inside of each other are opened: there are some that hold themselves."""
_OUR_OWN = ("incident.toml", "case.toml", "story.toml", "truth.json")


def collect(paths: Sequence[str]) -> Incident:
    """Every file behind ``paths``: files, folders, globs, archives, ``-`` and ``HOST=PATH``.

    Each file is there once. A path that does not exist is an error in the result; the others
    still count. Raises :class:`UsageError` without any path.
    """
    if not paths:
        raise UsageError("name at least one capture, table dump or folder")
    incident = Incident(arguments=tuple(paths))
    for argument in paths:
        host, path = _split_host(argument)
        found = list(_expand(path))
        if not found:
            incident.errors.append(Damage(path, "no such file or folder"))
        for place in found:
            for source in _sources_at(place, incident, owned=len(paths) > 1):
                if host:
                    source.host, source.host_given = host, True
                incident.sources.append(source)
    _keep_each_once(incident)
    return incident


def _keep_each_once(incident: Incident) -> None:
    """One source for each file, however many arguments, links and names lead to it."""
    places: dict[str, list[Source]] = {}
    for source in incident.sources:
        place = source.path if source.path == "-" else os.path.realpath(source.path)
        places.setdefault(place, []).append(source)
    incident.sources = []
    again = []
    for of_file in places.values():
        kept, *others = sorted(of_file, key=told_best)
        incident.sources.append(kept)
        for other in others:
            kept.explicit |= other.explicit
            kept.interface = kept.interface or other.interface
            kept.at = other.at if kept.at is None else kept.at
            whose = one_host_only(kept, other)
            if other.path != kept.path:
                incident.warnings.append(f"{other.path}: the same file as {kept.path}, read once"
                                         + whose)  # fmt: skip
            elif whose:
                incident.warnings.append(f"{kept.path}: given twice, read once{whose}")
            elif kept.path not in again:
                again.append(kept.path)
    if again:
        more = f" and {len(again) - _NAMED} more" if len(again) > _NAMED else ""
        names = ", ".join(sorted(again)[:_NAMED])
        incident.warnings.append(f"given twice, read once: {names}{more}")


_NAMED = 5
"""So many files are named that were given twice."""


def _split_host(argument: str) -> tuple[str, str]:
    host, equals, path = argument.partition("=")
    if equals and path and not Path(argument).exists() and re.fullmatch(r"[\w.:-]+", host):
        return host, path
    return "", argument


def _expand(path: str) -> Iterator[str]:
    if path == "-" or Path(path).exists():
        yield path
    else:
        yield from sorted(glob.glob(path, recursive=True))


def _sources_at(place: str, incident: Incident, owned: bool) -> Iterator[Source]:
    """``owned``: a folder here is one of several, so its name may be a host's."""
    if place != "-" and Path(place).is_file() and is_archive(place):
        yield from _archive(place, incident, owned)
    elif place == "-" or not Path(place).is_dir():
        source = Source(place, explicit=True)
        source.host, source.interface = host_and_interface(Path(place).name)
        if place == "-":
            source.host = "stdin"
        elif not source.host:
            source.host = folder_host(Path(place).resolve().parent.name)
            source.host_from_folder = True
        yield source
    else:
        yield from _folder(Path(place), incident, owned)


def _archive(path: str, incident: Incident, owned: bool, depth: int = 1) -> Iterator[Source]:
    """The files in an archive, shown as if it were a folder. ``depth``: 1 at the top, more
    inside of others."""
    from synack.archive import unpack  # with tarfile and zipfile, which few need

    scratch = TemporaryDirectory(prefix="synack-")
    incident.unpacked.append(scratch)
    # Named like the archive, as a folder would be.
    root = top = Path(scratch.name) / _ARCHIVE_NAME.sub("", Path(path).name)
    root.mkdir()
    incident.errors += unpack(path, root)
    with open_window(path) as window:
        zipped = is_zip(window)
    inside = sorted(root.iterdir())
    if len(inside) == 1 and inside[0].is_dir():
        top = inside[0]
    before = len(incident.errors), len(incident.warnings)
    for source in _folder(top, incident, owned, depth=depth):
        within = Path(source.path).relative_to(root).as_posix()
        if source.place is None:  # else from an archive inside of this one
            source.place = source.path
            # A zip has no zone: its times say nothing.
            source.recorded = None if zipped else Path(source.place).stat().st_mtime_ns
        source.path = f"{path}/{within}"
        yield source
    shown = f"{path}/"
    hidden = f"{root}/"
    incident.errors[before[0] :] = [
        d._replace(path=d.path.replace(hidden, shown)) for d in incident.errors[before[0] :]
    ]
    incident.warnings[before[1] :] = [
        w.replace(hidden, shown) for w in incident.warnings[before[1] :]
    ]


def _folder(
    folder: Path, incident: Incident, owned: bool, report_of: str = "", depth: int = 0
) -> Iterator[Source]:
    """The files below a folder, in order of name. ``report_of``: the host whose sosreport
    it is part of; ``depth``: how many archives it is in."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        incident.errors.append(Damage(str(folder), error.strerror or str(error)))
        return
    visible = [e for e in entries if not e.name.startswith(".")]
    overrides = Overrides.read(folder, incident)
    files = [e for e in visible if e.is_file() and e.name not in _OUR_OWN]
    named = {host_and_interface(f.name)[0] for f in files if CAPTURE_NAME.search(f.name)} - {""}
    owner = folder_host(folder.resolve().name)
    if (sos := _SOSREPORT.match(folder.resolve().name)) is not None:
        report_of = sos[1]
    for file in files:
        if _ARCHIVE_NAME.search(file.name) and is_archive(str(file)):
            if depth < _DEEPEST:
                yield from _archive(str(file), incident, owned=True, depth=depth + 1)
            else:
                reason = f"not opened: it is inside of {depth} other archives"
                incident.errors.append(Damage(str(file), reason))
            continue
        source = Source(str(file))
        source.host, source.interface = host_and_interface(file.name)
        if not source.host or (owned and owner and len(named) < 2):
            source.host, source.host_from_folder = owner, True
        if report_of:
            source.host, source.host_from_folder = report_of, False
        overrides.apply(source, file.relative_to(folder))
        yield source
    for entry in visible:
        if entry.is_dir() and not entry.is_symlink():
            for source in _folder(entry, incident, True, report_of, depth):
                overrides.apply(source, Path(source.path).relative_to(folder))
                yield source
    incident.warnings += overrides.unmatched(folder)
