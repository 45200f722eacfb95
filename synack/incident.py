"""A heap of files to an incident: what each file is, and whose.

Content decides what a file is, never its name. Whose it is follows, in this order,
from ``HOST=PATH``, from an ``incident.toml`` in its folder, from its name
(``broker-1-eth0.pcap3.gz``, ``broker-1.neigh.txt``), from the folder that is named
after a host, and, for a table, from the addresses in it (:func:`whose`).
"""

from __future__ import annotations

import glob
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from synack.addresses import Address, parse_ip
from synack.capture.window import open_window
from synack.errors import Damage, InputError, UsageError
from synack.recognize import is_archive, is_zip
from synack.stamps import stamp_in_name
from synack.tables import NO_TIME


@dataclass
class Source:
    """One file of the incident. ``path`` is shown as the user gave it."""

    path: str
    host: str = ""
    """Empty while nothing names it."""
    interface: str = ""
    at: int | None = None
    """When it was taken (ns since 1970 UTC), if ``incident.toml`` says."""
    explicit: bool = False
    """Named by the user, not found in a folder: it must be readable."""

    @property
    def must_be_read(self) -> bool:
        """Named by the user, or named like a capture."""
        return self.explicit or bool(_CAPTURE_NAME.search(self.path))

    host_given: bool = False
    """The host is the user's word, not read from a name."""
    host_from_folder: bool = False
    """Only the folder's name says so."""
    place: str | None = None
    """Where it lies, if not there: unpacked from an archive."""
    recorded: int | None = None
    """When it was last changed, by its archive (ns since 1970 UTC)."""


_FARTHEST_S = 100 * 365 * 86_400
"""A clock that begins in 1970 is nearer; times in ns (int64) hold it."""


@dataclass
class Incident:
    """Every file, and what the user says about the hosts."""

    sources: list[Source] = field(default_factory=list)
    arguments: tuple[str, ...] = ()
    """The paths that led to them."""
    title: str = ""
    addresses: dict[str, set[Address]] = field(default_factory=dict)
    """Addresses of hosts, from ``incident.toml``."""
    taps: set[str] = field(default_factory=set)
    """Hosts of which the user says that they are neither end of what they captured."""
    clock_offsets: dict[str, int] = field(default_factory=dict)
    """Clock offsets of hosts that the user knows, ns."""
    errors: list[Damage] = field(default_factory=list)
    """Inputs that could not be had at all."""
    warnings: list[str] = field(default_factory=list)
    unpacked: list[TemporaryDirectory[str]] = field(default_factory=list)
    """Contents of archives, until :meth:`close`."""

    def close(self) -> None:
        """Remove what was unpacked."""
        while self.unpacked:
            self.unpacked.pop().cleanup()


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


def taken_at(source: Source) -> tuple[int, bool]:
    """When a dump was taken, and whether that is only its file's time of change."""
    if source.at is not None:
        return source.at, False
    stamp = stamp_in_name(Path(source.path).name)
    if stamp is not None:
        return stamp, False
    if source.recorded is not None:
        return source.recorded, False
    try:
        return Path(source.path).stat().st_mtime_ns, True
    except OSError:
        return NO_TIME, True


def told_best(source: Source) -> tuple[Any, ...]:
    """Sorts the sources of one content: first the one that says most surely whose it is."""
    guessed = not source.host_given
    return (
        guessed,
        guessed and not source.interface,
        guessed and source.host_from_folder,
        source.host,
        source.path,
    )


def one_host_only(kept: Source, other: Source) -> str:
    """What to say when one content came under the names of two hosts, else ""."""
    weaker = other.host_from_folder or (kept.host_given and not other.host_given)
    if weaker or not (kept.host and other.host) or kept.host == other.host:
        return ""
    return f", as {kept.host}'s: {other.host}'s it cannot be as well"


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
    overrides = _Overrides.read(folder, incident)
    files = [e for e in visible if e.is_file() and e.name not in _OUR_OWN]
    named = {host_and_interface(f.name)[0] for f in files if _CAPTURE_NAME.search(f.name)} - {""}
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


_SOSREPORT = re.compile(r"sosreport-(.+?)(?:-\d{4}-\d\d-\d\d|-\d{6,})")
"""``sosreport-HOST-DATE-ID``, the folder in what sos makes."""
_ARCHIVE_NAME = re.compile(r"\.(tar(\.\w+)?|t[gbx]z\d?|zip)$", re.I)
_DEEPEST = 4
"""So many archives inside of each other are opened: there are some that hold themselves."""
_OUR_OWN = ("incident.toml", "case.toml", "story.toml", "truth.json")
_CAPTURE_NAME = re.compile(r"\.(pcap|pcapng|cap|dmp)", re.I)


class _Overrides:
    """What an ``incident.toml`` says about the files below its folder."""

    def __init__(self, hosts: dict[str, list[str]], files: dict[str, dict[str, Any]]) -> None:
        self.hosts = hosts
        self.files = files
        self._matched: set[str] = set()

    def unmatched(self, folder: Path) -> list[str]:
        """Names and patterns in it that fit no file: typing errors, most likely."""
        names = [pattern for patterns in self.hosts.values() for pattern in patterns]
        lost = [name for name in (*names, *self.files) if name not in self._matched]
        return [f"{folder / 'incident.toml'}: {name!r} fits no file" for name in lost]

    @classmethod
    def read(cls, folder: Path, incident: Incident) -> _Overrides:
        path = folder / "incident.toml"
        if not path.is_file():
            return cls({}, {})
        import tomllib

        try:
            data = tomllib.loads(path.read_text("utf-8"))
            return cls._checked(data, incident, str(path))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(str(path), f"not valid TOML: {error}") from None

    @classmethod
    def _checked(cls, data: dict[str, Any], incident: Incident, path: str) -> _Overrides:
        _known(data, {"title", "hosts", "files"}, path, "the file")
        incident.title = _string(data, "title", path, "title") or incident.title
        hosts = _tables(data, "hosts", path)
        files = _tables(data, "files", path)
        for name, host in hosts.items():
            where = f"hosts.{name}"
            _known(host, {"paths", "addresses", "tap", "clock_offset_s"}, path, where)
            given = incident.addresses.setdefault(name, set())
            for text in _strings(host, "addresses", path, where):
                address = parse_ip(text)
                if address is None:
                    raise InputError(path, f"{where}.addresses: {text!r} is no IP address")
                given.add(address)
            if not isinstance(host.get("tap", False), bool):
                raise InputError(path, f"{where}.tap: not true or false")
            if host.get("tap"):
                incident.taps.add(name)
            if "clock_offset_s" in host:
                offset = host["clock_offset_s"]
                number = isinstance(offset, int | float) and not isinstance(offset, bool)
                if not number or not math.isfinite(offset):
                    raise InputError(path, f"{where}.clock_offset_s: not a number")
                if abs(offset) > _FARTHEST_S:
                    raise InputError(path, f"{where}.clock_offset_s: more than a century")
                incident.clock_offsets[name] = round(offset * 1_000_000_000)
        for name, file in files.items():
            _known(file, {"at", "interface", "host"}, path, f"files.{name!r}")
            if not isinstance(file.get("at", datetime.now(UTC)), datetime):
                raise InputError(path, f"files.{name!r}.at: not a date and time")
            for key in ("interface", "host"):
                _string(file, key, path, f"files.{name!r}.{key}")
        paths = {n: _strings(h, "paths", path, f"hosts.{n}") for n, h in hosts.items()}
        return cls(paths, files)

    def apply(self, source: Source, relative: Path) -> None:
        name = relative.as_posix()
        for host, patterns in self.hosts.items():
            fitting = [p for p in patterns if fnmatch(name, p) or fnmatch(relative.name, p)]
            if fitting:
                source.host, source.host_given = host, True
                self._matched.update(fitting)
        entry = self.files.get(name, {})
        self._matched.add(name)
        source.interface = entry.get("interface", source.interface)
        if "host" in entry:
            source.host, source.host_given = entry["host"], True
        if "at" in entry:
            moment: datetime = entry["at"]
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            since = moment - datetime(1970, 1, 1, tzinfo=UTC)
            source.at = ((since.days * 86_400 + since.seconds) * 10**6 + since.microseconds) * 1000


def _known(table: dict[str, Any], keys: set[str], path: str, where: str) -> None:
    strange = sorted(set(table) - keys)
    if strange:
        raise InputError(path, f"{where}: unknown key {strange[0]!r}")


def _tables(data: dict[str, Any], key: str, path: str) -> dict[str, dict[str, Any]]:
    tables = data.get(key, {})
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise InputError(path, f"{key}: not a table of tables")
    return tables


def _string(table: dict[str, Any], key: str, path: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise InputError(path, f"{where}: not a string")
    return value


def _strings(table: dict[str, Any], key: str, path: str, where: str) -> list[str]:
    values = table.get(key, [])
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise InputError(path, f"{where}.{key}: not a list of strings")
    return values


# ---- names -----------------------------------------------------------------------------

_EXTENSION = re.compile(
    r"\.(gz|zst|xz|bz2|lz4|pcapng|pcap|cap|dmp|dump|txt|log|json|out|err|stderr)(?:[\d_]*|\.\d+)$",
    re.I,
)
_INTERFACE = re.compile(
    r"(?:eth|ens|eno|enp|enx|em|en|bond|team|br|docker|wlan|wlp|vlan|tun|tap|vxlan|ib)\d[\w.]*"
    r"|(?:veth|cali|enx)[0-9a-f]+|flannel\.?\d+|cni0|lo|any",
)
_WORDS = frozenset(
    "ip show neigh neighbor neighbors neighbour neighbours arp proc net cache table tables dump"
    " dumps monitor mon poll nstat netstat ss snmp sysctl addr link route ndp nud tcpdump tshark"
    " dumpcap capture captures cap pcap pcaps trace traces packets before after start end begin"
    " log logs output stderr ifconfig uname dmesg journal journalctl leases ntable routes"
    " stat netsh hosts".split()
)
_FLAGS = frozenset(
    "s j ts t d all a n an e 4 6 br o r p c nu aj az i rn ant anto antp ltn lnt tan tano tanie tani"
    " tanp htan".split()
)
"""Options that are part of a name only beside a command: ``ip_-s_neigh``, ``arp-an``."""
_COMMANDS = frozenset(
    "arp neigh neighbor neighbors neighbour neighbours ndp nstat netstat ss sysctl ifconfig dmesg"
    " journalctl tcpdump tshark dumpcap".split()
)
"""What follows one of these in a name tells which of several it is, not whose."""
_STAMP = re.compile(r"\d{5,}[tT]?\d*[zZ]?$")
_COUNT = re.compile(r"[a-z]?\d{1,4}[a-z]?", re.I)
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?:[-_tT ]\d\d[-:_]?\d\d(?:[-:_]?\d\d)?(?:\.\d+)?[zZ]?)?(?!\d)"
)
"""``2026-09-16``, ``2026-09-16T14:05:00Z``, ``2026-09-16_14-05-00``."""
_SUBINTERFACE = re.compile(r"(?:eth|en|em|bond|team|br|vlan)\w*\d\.\d{1,4}")
"""``eth0.100``, the VLAN 100 of ``eth0``."""


def host_and_interface(name: str) -> tuple[str, str]:
    """Host and interface that a file name spells; "" for what it does not.

    ``broker-1-eth0.pcap12.gz`` is (``broker-1``, ``eth0``), ``HOST.neigh.txt`` and
    ``HOST_arp.txt`` name the host, ``arp.txt`` and ``capture.pcap`` nobody.
    """
    stem = name if name != "-" else ""
    while _EXTENSION.search(stem):
        stem = _EXTENSION.sub("", stem)
    tokens = re.split(r"([-_.@]+)", _DATE.sub("", stem))
    words = {token.lower() for token in tokens}
    noise = _WORDS | _FLAGS if words & {"ip", "arp", "neigh", "netstat", "nstat", "ss"} else _WORDS
    interface = ""
    while tokens:
        word = tokens[-1]
        if _SUBINTERFACE.fullmatch("".join(tokens[-3:])):
            tokens[-3:] = [word := "".join(tokens[-3:])]
        if not interface and _INTERFACE.fullmatch(word) and len(tokens) > 1:
            interface = word
        elif not (word.lower() in noise or not word or _is_remark(tokens)):
            break
        tokens = tokens[:-2]
    amazon = re.match(r"ip-\d+-\d+-\d+-\d+", stem)
    while len(tokens) > 2 and (tokens[0].lower() in noise or not tokens[0]) and not amazon:
        tokens = tokens[2:]
    host = "".join(tokens)
    if not interface and _INTERFACE.fullmatch(host):
        host, interface = "", host
    return ("" if host.lower() in noise else host), interface


def _is_remark(tokens: list[str]) -> bool:
    """Whether the last token says when, or which of several: ``20260916T1405``, ``neigh2``, and
    the ``2`` or ``t30`` after a command (``HOST_ip_neigh_2``)."""
    word, before = tokens[-1], {token.lower() for token in tokens[2:-1]}
    if _STAMP.fullmatch(word):
        return True
    if len(tokens) < 3 or tokens[0].lower() in _WORDS:
        return False  # the command comes first, then the host
    numbered = word.lower().rstrip("0123456789") in _COMMANDS
    return numbered or (_COUNT.fullmatch(word) is not None and bool(before & _COMMANDS))


def _before_command(name: str) -> str:
    """What a name has before the first command in it, "" without one: ``broker-1`` of
    ``broker-1_ip_neigh_healed``."""
    tokens = re.split(r"([-_.@]+)", name)
    for place in range(2, len(tokens), 2):
        if tokens[place].lower() in _COMMANDS:
            return host_and_interface("".join(tokens[: place - 1]))[0]
    return ""


_GENERIC_FOLDER = frozenset(
    "captures capture pcaps pcap dumps dump tables data logs net network files incident input"
    " inputs tmp case fixtures".split()
)


def folder_host(name: str) -> str:
    """The host that a folder is named after, "" for folders with everyday names."""
    return "" if name.lower() in _GENERIC_FOLDER or not name else name


def rotation(name: str) -> tuple[str, int | None]:
    """(name of the set, number in it) of a rotated capture file.

    tcpdump ``-C`` appends a number to the name, ``-G`` expands a date in it; dumpcap
    writes ``NAME_00001_20260101120000.pcap``. Dates do not count up, so their number
    is None.
    """
    stem = name
    while (found := re.search(r"\.(gz|zst|xz|bz2|lz4)$", stem, re.I)) is not None:
        stem = stem[: found.start()]
    ring = re.search(r"_(\d{5,})_(\d{14})(?=\.\w+$|$)", stem)
    if ring:
        return stem[: ring.start()] + stem[ring.end() :], int(ring[1])
    numbered = re.search(r"(\.(?:pcap|pcapng|cap|dmp))\.?(\d+)$", stem, re.I)
    if numbered:
        return stem[: numbered.end(1)], int(numbered[2])
    if re.search(r"\.(?:pcap|pcapng|cap|dmp)$", stem, re.I):
        dateless = re.sub(r"[-_.]?\d{4}-?\d\d-?\d\d[-_T]?\d\d[-:_]?\d\d[-:_]?\d\d", "", stem)
        return dateless, 0 if dateless == stem else None
    return stem, None


def whose(
    hint: str,
    from_folder: bool,
    addresses: AbstractSet[Address],
    own: Mapping[str, AbstractSet[Address]],
    peers: Mapping[str, AbstractSet[Address]],
) -> str:
    """The host that a dump is of: a name in ``own``, else ``hint``, else "".

    ``addresses`` are those in the dump. A host's table never lists the host's own
    addresses, and lists some that it talks to. So a hint that is a captured host's name
    decides, then one that has it before a command (``broker.arp.healed``), then one that
    abbreviates a single fitting name (``b`` for ``broker``), then, without a name of its
    own, the addresses if only one host fits.
    """
    for host in own:
        if hint.lower() == host.lower():
            return host
    stem = _before_command(hint).lower()
    for host in own:
        if stem == host.lower() and not addresses & own[host]:
            return host
    fitting = [
        host
        for host in own
        if not addresses & own[host] and (not addresses or addresses & peers.get(host, set()))
    ]
    short = [host for host in fitting if hint and host.lower().startswith(hint.lower())]
    if len(short) == 1 and not from_folder:
        return short[0]
    if (not hint or from_folder) and addresses and len(fitting) == 1:
        return fitting[0]
    return hint
