"""One host under several names: ``broker-1.pcap`` beside ``10.0.1.10.pcap``.

Two names are one host's when their captures have the same packets, stamped by one clock: between
two machines a packet travels, and is stamped later where it arrives. Or when the captures, one
after the other, are of the same addresses and MACs. An address alone shows nothing: two hosts
may claim it at once, or one after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from synack.addresses import special_mac
from synack.grouping import distinct_rows, ids_of
from synack.handshake.vantage import named_addresses
from synack.model import Capture
from synack.owner import Owner, owners
from synack.tables import NO_TIME, SYN, SYN_ACK, Array, Table
from synack.wording import count

_SOON_NS = 100_000_000
"""More than a packet travels inside a network, less than it takes to be repeated."""
_STAMPED_ALIKE = 8
"""So many packets at least must be stamped alike: between neighbors a few may be, by chance."""
_SAMPLE = 1 << 18
"""About so many packets are compared, the same ones in all captures."""
_PACKET = (
    "kind", "src_hi", "src_lo", "dst_hi", "dst_lo", "src_port", "dst_port", "seq", "ack",
    "flags", "ttl", "tsval", "tsecr", "src_mac", "dst_mac",
)  # fmt: skip


class Renamed(NamedTuple):
    """``names``: the name of its host for each other name of it; ``says`` why."""

    names: dict[str, str]
    says: list[str]


def one_name_each(
    captures: Sequence[Capture], segments: Table, given: Collection[str] = ()
) -> Renamed:
    """Names that are one host's, by its captures. ``given`` are names by the user, who knows
    better: two of these stay two hosts."""
    names = sorted({capture.host for capture in captures if capture.host})
    renamed = Renamed({}, [])
    if len(names) < 2:
        return renamed
    of_capture = np.array([names.index(c.host) if c.host else -1 for c in captures], np.int64)
    common, alike = _common(of_capture, len(names), segments)
    spans, macs = _spans(captures, of_capture), _macs(of_capture, segments)

    @cache
    def owner(name: int) -> Owner:
        return owners([of_capture == name], segments)[0]

    joined = list(range(len(names)))
    for one, other in combinations(range(len(names)), 2):
        why = ""
        if common[one, other]:
            why = _stamped_alike(common, alike, one, other)
        elif _in_turn(spans, one, other) and macs.get(one, set()) & macs.get(other, set()):
            why = _same_owner(owner(one), owner(other))
        if not why:
            continue
        files = " and ".join(
            next(c.files[0].path for c in captures if c.host == names[n]) for n in (one, other)
        )
        if names[one] in given and names[other] in given:
            says = "you name them as two hosts, and two they stay"
        else:
            says = f"taken as one host, {_best([names[one], names[other]], given)}"
            low, high = sorted((joined[one], joined[other]))
            joined = [low if number == high else number for number in joined]
        renamed.says.append(f"{files}: {why}: {says}")
    for head in set(joined):
        group = [name for name, number in zip(names, joined, strict=True) if number == head]
        best = _best(group, given)
        renamed.names.update({name: best for name in group if name != best})
    return renamed


def _best(names: Sequence[str], given: Collection[str]) -> str:
    """The one that tells most: what the user says, then what is no address."""
    return min(names, key=lambda name: (name not in given, bool(named_addresses(name)), name))


def _common(of_capture: Array, names: int, segments: Table) -> tuple[Array, Array]:
    """(common, alike): of the packets under one name how many are under another at nearly one
    time (int64, names x names), and how many of them with the same stamp, by direction (names x
    names x 2)."""
    s = segments
    rows = np.flatnonzero((s["kind"] == SYN) | (s["kind"] == SYN_ACK))
    step = max(len(rows) // _SAMPLE, 1)
    rows = rows[(s["time"][rows] != NO_TIME) & (of_capture[s["capture"][rows]] >= 0)]
    if step > 1:
        # By the content, so that both captures have it or neither has.
        mixed = (s["seq"][rows] ^ s["ack"][rows] ^ s["src_port"][rows]) * np.uint32(2654435761)
        rows = rows[mixed % np.uint32(step) == 0]
    packet, time = ids_of(*(s[name][rows] for name in _PACKET)), s["time"][rows]
    name = of_capture[s["capture"][rows]]
    order = np.lexsort((time, packet))
    near, same = (np.zeros((len(rows), names), bool) for _ in range(2))
    for apart in range(1, _NEAR + 1):
        one, other = order[:-apart], order[apart:]
        kept = (packet[one] == packet[other]) & (time[other] - time[one] <= _SOON_NS)
        one, other = one[kept], other[kept]
        # One file may have nanoseconds and the other not.
        cut = (time[one] % 1000 == 0) | (time[other] % 1000 == 0)
        equal = time[one] == time[other]
        equal |= cut & (time[one] // 1000 == time[other] // 1000)
        for mine, theirs in ((one, other), (other, one)):
            near[mine, name[theirs]] = True
            same[mine[equal], name[theirs[equal]]] = True
    high, low = s["src_hi"][rows], s["src_lo"][rows]
    way = (high < s["dst_hi"][rows]) | ((high == s["dst_hi"][rows]) & (low < s["dst_lo"][rows]))
    common = np.zeros((names, names), np.int64)
    alike = np.zeros((names, names, 2), np.int64)
    for number in range(names):
        mine = name == number
        common[number] = near[mine].sum(axis=0)
        for side in (0, 1):
            alike[number, :, side] = same[mine & (way == side)].sum(axis=0)
    return common, alike


_NEAR = 4
"""A packet is compared with so many of its like: in more captures it is seldom."""


def _stamped_alike(common: Array, alike: Array, one: int, other: int) -> str:
    for mine, theirs in ((one, other), (other, one)):
        stamped = alike[mine, theirs]
        if stamped.sum() < max(common[mine, theirs], _STAMPED_ALIKE) or not stamped.all():
            return ""
    return (
        f"the same {count(int(alike[one, other].sum()), 'packet')} in both, in both directions,"
        " stamped by one clock without any travel time (sure)"
    )


def _spans(captures: Sequence[Capture], of_capture: Array) -> dict[int, tuple[int, int]]:
    """By name from when to when its captures were on."""
    found: dict[int, tuple[int, int]] = {}
    for capture, name in zip(captures, of_capture.tolist(), strict=True):
        if capture.first is not None and capture.last is not None:
            first, last = found.get(name, (capture.first, capture.last))
            found[name] = min(first, capture.first), max(last, capture.last)
    return found


def _in_turn(spans: Mapping[int, tuple[int, int]], one: int, other: int) -> bool:
    if one not in spans or other not in spans:
        return False
    return spans[one][1] < spans[other][0] or spans[other][1] < spans[one][0]


def _macs(of_capture: Array, segments: Table) -> dict[int, set[int]]:
    """By name the MACs that anything in its captures came from."""
    found: dict[int, set[int]] = {}
    for name, mac in distinct_rows(of_capture[segments["capture"]], segments["src_mac"]):
        if mac >= 0:
            found.setdefault(name, set()).add(mac)
    return found


def _same_owner(mine: Owner, theirs: Owner) -> str:
    if not mine.addresses or not mine.macs or mine != theirs:
        return ""
    if any(special_mac(mac) or _of_address(mac, mine) for mac in mine.macs):
        return ""
    return "the same own addresses and MACs, one after the other (probable)"


def _of_address(mac: int, owner: Owner) -> bool:
    """Docker makes a MAC of the address: whoever gets the one gets the other."""
    return mac >> 32 == 0x0242 and any(low & 0xFFFFFFFF == mac & 0xFFFFFFFF
                                       for _, low in owner.addresses)  # fmt: skip
