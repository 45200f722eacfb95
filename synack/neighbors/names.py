"""Rows with a name where others have an address, resolved by what the incident itself says.

A resolver of today may know another address than that of then, so none is asked: a name
counts only if a hosts file among the files, or a dump that prints names beside addresses,
has it, and all that have it agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from synack.addresses import Address
from synack.errors import Damage
from synack.neighbors.entry import MOST_UNREAD, NeighborDump

Names = Mapping[str, AbstractSet[Address]]


def resolve(dumps: Iterable[tuple[str, NeighborDump]], known: Iterable[Names]) -> None:
    """Turn the named rows of all ``dumps`` (path, dump) into entries, or into unread lines
    that say why not. ``known``: names in lower case to addresses, beside the dumps' own."""
    dumps = list(dumps)
    names: dict[str, set[Address]] = {}
    for source in (*known, *(dump.names for _, dump in dumps)):
        for name, addresses in source.items():
            names.setdefault(name, set()).update(addresses)
    for path, dump in dumps:
        _resolve(path, dump, names)


def _resolve(path: str, dump: NeighborDump, names: Names) -> None:
    if not dump.named:
        return
    for name, entry in dump.named:
        addresses = names.get(name.lower(), frozenset())
        if len(addresses) == 1:
            flags = sorted([*entry.flags.split(), f"name={name}"])
            dump.entries.append(entry._replace(ip=next(iter(addresses)), flags=" ".join(flags)))
        else:
            why = "several addresses" if addresses else "no address"
            reason = f"a name in place of the address, and these files give {name} {why}"
            dump.unread.append(Damage(path, reason, line=entry.line))
    dump.named.clear()
    dump.entries.sort(key=lambda entry: entry.line)
    dump.unread.sort(key=lambda damage: damage.line or 0)
    if len(dump.unread) > MOST_UNREAD:
        dump.warnings.append(
            f"{path}: {len(dump.unread)} rows could not be read, the first {MOST_UNREAD} are listed"
        )
        del dump.unread[MOST_UNREAD:]
