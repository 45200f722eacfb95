"""One host under several names: ``broker-1.pcap`` beside ``10.0.1.10.pcap``.

Two names are one host's when their captures have the same packets, stamped by one clock: between
two machines a packet travels, and is stamped later where it arrives. Or when the captures, one
after the other, are of the same addresses and MACs; clocks that are apart may make captures of
one time look so, but then these have the same packets. An address alone shows nothing: two hosts
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
from synack.tables import NO_TIME, SYN_ACK, Array, Table
from synack.wording import count

_SOON_NS = 100_000_000
"""More than a packet travels inside a network, less than it takes to be repeated."""
_ALIKE_NS = 2_000
"""Each tcpdump has the kernel stamp what is sent anew: on one host within 1 us, as measured, and
the files may have microseconds."""
_NO_TRAVEL_NS = 1_000
"""Between two machines, or containers, a packet and its answer travel for longer."""
_STAMPED_ALIKE, _EACH_WAY, _MOST = 8, 2, 0.9
"""So many packets must be stamped alike, in each direction, and of those in common: one may be
held up between two stamps."""
_SAMPLE = 1 << 16
"""About so many packets are compared, the same ones in all captures."""
_PACKET = (
    "kind", "src_hi", "src_lo", "dst_hi", "dst_lo", "src_port", "dst_port", "seq", "ack",
    "flags", "ttl", "tsval", "tsecr", "src_mac", "dst_mac",
)  # fmt: skip


_LASTING = _PACKET[: _PACKET.index("flags")]


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
    common = _common(of_capture, len(names), segments)
    spans = _spans(captures, of_capture)

    @cache
    def macs() -> dict[int, set[int]]:
        return _macs(of_capture, segments)

    @cache
    def owner(name: int) -> Owner:
        return owners([of_capture == name], segments)[0]

    joined = list(range(len(names)))
    for one, other in combinations(range(len(names)), 2):
        why = ""
        if common.near[one, other]:
            why = _stamped_alike(common, one, other)
        elif (
            _in_turn(spans, one, other)
            and not _side_by_side(common, one, other)
            and macs().get(one, set()) & macs().get(other, set())
        ):
            why = _same_owner(owner(one), owner(other))
            # A router's capture may hold one server's packets alone, and some that go astray.
            if not all(_in_all(owner(n).macs, of_capture == n, segments) for n in (one, other)):
                why = ""
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


class _Common(NamedTuple):
    """How many different packets are under one name and another, at whatever time (names x names;
    the diagonal: under that name); of those under one how many are under the other at nearly one
    time (int64); how many of them are stamped alike, and by how much later in all (ns), both by
    direction (names x names x 2)."""

    same: Array
    near: Array
    alike: Array
    later: Array


def _common(of_capture: Array, names: int, segments: Table) -> _Common:
    s = segments
    kept = s["kind"] <= SYN_ACK
    if (step := len(s) // _SAMPLE) > 1:
        # By the content, so that both captures have it or neither has.
        kept &= s["seq"] * np.uint32(2654435761) < np.uint32(2**32 // step)
    rows = np.flatnonzero(kept)
    rows = rows[(s["time"][rows] != NO_TIME) & (of_capture[s["capture"][rows]] >= 0)]
    packet, time = ids_of(*(s[name][rows] for name in _PACKET)), s["time"][rows]
    name = of_capture[s["capture"][rows]]
    order = np.lexsort((time, packet))
    near, same = (np.zeros((len(rows), names), bool) for _ in range(2))
    later = np.zeros((len(rows), names), np.int64)
    for further in range(1, _NEAR + 1):
        one, other = order[:-further], order[further:]
        kept = (packet[one] == packet[other]) & (time[other] - time[one] <= _SOON_NS)
        one, other = one[kept], other[kept]
        for mine, theirs in ((one, other), (other, one)):
            near[mine, name[theirs]] = True
            apart_by = time[mine] - time[theirs]
            close = np.abs(apart_by) <= _ALIKE_NS
            pair = mine[close], name[theirs[close]]
            same[pair] = True
            later[pair] = apart_by[close]
    way = np.zeros(len(rows), np.int64)
    for part in ("port", "lo", "hi"):
        source, target = s[f"src_{part}"][rows], s[f"dst_{part}"][rows]
        way = np.where(source == target, way, source < target)
    # What a snaplen cuts off (timestamps) or a router changes does not tell them apart.
    lasting = ids_of(*(s[name][rows] for name in _LASTING))
    there = np.zeros((int(lasting.max(initial=-1)) + 1, names), np.float32)
    there[lasting, name] = 1
    common = np.zeros((names, names), np.int64)
    alike, total = (np.zeros((names, names, 2), np.int64) for _ in range(2))
    for number in range(names):
        mine = name == number
        common[number] = near[mine].sum(axis=0)
        for side in (0, 1):
            alike[number, :, side] = same[mine & (way == side)].sum(axis=0)
            total[number, :, side] = later[mine & (way == side)].sum(axis=0)
    return _Common(there.T @ there, common, alike, total)


def _side_by_side(common: _Common, one: int, other: int) -> bool:
    """Whether what is under two names was recorded at one time, whatever the stamps say: most
    packets of one are the other's too. One after the other they share repetitions at most."""
    least = min(common.same[one, one], common.same[other, other])
    return bool(2 * common.same[one, other] > least)


_NEAR = 4
"""A packet is compared with so many of its like: in more captures it is seldom."""


def _stamped_alike(common: _Common, one: int, other: int) -> str:
    for mine, theirs in ((one, other), (other, one)):
        stamped = common.alike[mine, theirs]
        most = max(_MOST * common.near[mine, theirs], _STAMPED_ALIKE)
        if stamped.sum() < most or stamped.min() < _EACH_WAY:
            return ""
        # What travels is later there in one direction, and earlier in the other.
        mean = common.later[mine, theirs] / stamped
        if abs(mean[0] - mean[1]) > _NO_TRAVEL_NS:
            return ""
    packets = count(int(common.alike[one, other].sum()), "packet")
    return (
        f"the same {packets} in both, in both directions, stamped by one clock without any"
        " travel time (sure)"
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


def _in_all(macs: frozenset[int], captures: Array, segments: Table) -> bool:
    """Whether all frames of ``captures`` (bool) that have MACs are from or to one of ``macs``."""
    source, target = segments["src_mac"], segments["dst_mac"]
    rows = np.flatnonzero(captures[segments["capture"]] & (source >= 0) & (target >= 0))
    ends = np.isin(source[rows], list(macs)) | np.isin(target[rows], list(macs))
    return bool(ends.all())


def _of_address(mac: int, owner: Owner) -> bool:
    """Docker makes a MAC of the address: whoever gets the one gets the other."""
    return mac >> 32 == 0x0242 and any(low & 0xFFFFFFFF == mac & 0xFFFFFFFF
                                       for _, low in owner.addresses)  # fmt: skip
