"""Names in place of addresses: only what the incident's own files say."""

from __future__ import annotations

from synack.addresses import NO_IP, NO_MAC, Address, format_ip, parse_ip
from synack.neighbors.entry import MOST_UNREAD, Entry, Named, NeighborDump
from synack.neighbors.names import resolve


def ip(text: str) -> Address:
    address = parse_ip(text)
    assert address is not None
    return address


def row(line: int, flags: str = "") -> Entry:
    return Entry("eth0", NO_IP, NO_MAC, "STALE", flags, None, None, None, None, None, line)


def dump(*names: str, **known: str) -> NeighborDump:
    """One row for each name, in lines 1, 2, ...; ``known`` are the names it explains."""
    named = [Named(name, row(line, "router")) for line, name in enumerate(names, 1)]
    made = NeighborDump("ip neigh", [row(9)._replace(ip=ip("10.0.0.9"))])
    made.named = named
    made.names = {name: {ip(address)} for name, address in known.items()}
    return made


def test_resolved() -> None:
    """By a hosts file or by another dump, whatever the case; the name stays visible."""
    first, second = dump("Broker", "gateway"), dump(gateway="10.0.0.1")
    resolve([("a", first), ("b", second)], [{"broker": {ip("10.0.0.2")}}])
    assert [(format_ip(*e.ip), e.flags, e.line) for e in first.entries] == [
        ("10.0.0.2", "name=Broker router", 1),
        ("10.0.0.1", "name=gateway router", 2),
        ("10.0.0.9", "", 9),
    ]
    assert not first.unread
    assert not first.named


def test_not_resolved() -> None:
    """Unknown names and names of two addresses are unread lines that say so."""
    made = dump("nobody", "twice", "agreed", agreed="10.0.0.3")
    known = [{"twice": {ip("10.0.0.1")}, "agreed": {ip("10.0.0.3")}}, {"twice": {ip("10.0.0.2")}}]
    resolve([("a", made)], known)
    assert [str(damage) for damage in made.unread] == [
        "a, line 1: a name in place of the address, and these files give nobody no address",
        "a, line 2: a name in place of the address, and these files give twice several addresses",
    ]
    assert [entry.line for entry in made.entries] == [3, 9]


def test_bounded() -> None:
    """Very many are counted, not listed."""
    made = dump(*(f"n{number}" for number in range(MOST_UNREAD + 5)))
    resolve([("a", made)], [])
    assert len(made.unread) == MOST_UNREAD
    assert str(MOST_UNREAD + 5) in made.warnings[0]
