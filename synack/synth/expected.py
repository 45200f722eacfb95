"""The generator's own account: what a careful reader of the files alone could conclude.

Written without a look at synack's rules, so that the two can be compared. A wrong neighbor
entry can be told from its look-alikes when four things are on record:

- the harm: segments that went to the wrong MAC and are known to be lost, because the
  receiver's capture would have them, or because sender or peer repeated them;
- where they went: the destination MAC in an Ethernet capture, or a dated table of the sender;
- whose address it is: the right owner spoke, before the harm ended;
- that no router sits between: a table of the sender, ARP, or frames that come with the
  MAC that they left with.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from synack.synth.dumps import Written
from synack.synth.frames import OUT, Arp, Frame, Packet
from synack.synth.recording import Recorded
from synack.synth.truth import DUPLICATE, STALE, UNRESOLVED, Attempt, Sent, Wrong

WITH_MACS = ("EN10MB", "LINUX_SLL", "LINUX_SLL2")
"""Link types that tell who sent a frame."""
CERTAIN = 2.0
"""A dump's stamp may be wrong by so many seconds and still be of use."""
SILENCE = 1.5
"""A capture that has nothing after the loss for this long may have ended before it."""
AGREE = 1.0
"""Clocks apart by no more seconds need no comparison."""
UNCERTAIN = 10.0
"""Around what a cooked capture shows, in seconds."""
REMEMBERED = 900.0
"""So long before the harm a table may have been written, in seconds."""


@dataclass
class Evidence:
    """All that was written of a story. What is asked of every transmission is gathered once, so
    that the account of a story grows with it, not with its square."""

    attempts: list[Attempt]
    captures: list[Recorded]
    dumps: Written

    @cached_property
    def shown(self) -> list[set[Sent]]:
        """Per capture the transmissions that it shows."""
        return [
            {s for _, frame, _ in c.frames if (s := _sent(frame)) is not None}
            for c in self.captures
        ]

    @cached_property
    def on_record(self) -> set[Attempt]:
        """Attempts of which any capture has anything."""
        return {sent.attempt for shown in self.shown for sent in shown}

    def recorded_by(self, host: str) -> set[Sent]:
        """What captures of a host show."""
        pairs = zip(self.captures, self.shown, strict=True)
        return set().union(*(shown for c, shown in pairs if c.record.host == host))

    @cached_property
    def leaving(self) -> dict[tuple[str, bool], set[Sent]]:
        """Per host, and whether with Ethernet headers, what its captures show leaving it."""
        result: dict[tuple[str, bool], set[Sent]] = {}
        for c in self.captures:
            if c.record.link_type in WITH_MACS:
                seen = result.setdefault((c.record.host, c.record.link_type == "EN10MB"), set())
                sent = (_sent(frame) for _, frame, way in c.frames if way == OUT)
                seen.update(s for s in sent if s is not None)
        return result

    @cached_property
    def by_source(self) -> list[dict[str, list[tuple[float, Frame]]]]:
        """Per capture that tells MACs its frames, with their times, by the MAC they came from."""
        result: list[dict[str, list[tuple[float, Frame]]]] = [{} for _ in self.captures]
        for c, of_one in zip(self.captures, result, strict=True):
            for at, frame, _ in c.frames if c.record.link_type in WITH_MACS else ():
                of_one.setdefault(frame.smac, []).append((at, frame))
        return result

    @cached_property
    def spans(self) -> list[tuple[float, float]]:
        """Per capture when its first and its last frame came; one without any was never on."""
        times = [[at for at, _, _ in c.frames] or [math.inf] for c in self.captures]
        return [(min(of_one), max(of_one)) for of_one in times]

    @cached_property
    def linked(self) -> dict[str, str]:
        """By host one of those whose clocks common packets tie to its own, also by way of
        others: the same host for all of them."""
        head = {c.record.host: c.record.host for c in self.captures}

        def find(name: str) -> str:
            while head[name] != name:
                head[name] = name = head[head[name]]
            return name

        where: dict[Sent, str] = {}
        for capture, shown in zip(self.captures, self.shown, strict=True):
            host = capture.record.host
            for other in {where.setdefault(sent, host) for sent in shown}:
                head[find(other)] = find(host)
        return {name: find(name) for name in head}


def findings(found: Evidence) -> list[dict[str, Any]]:
    """Causes of lost transmissions, then the outcomes of attempts that no entry explains."""
    result = []
    lost = [s for a in found.attempts for s in a.sent if s.fate in ("lost", "misdelivered")]
    harm: dict[Wrong, list[Sent]] = {}
    for sent in lost:
        if sent.cause == STALE and sent.wrong is not None and sent.wire is not None:
            harm.setdefault(sent.wrong, []).append(sent)
    explained: set[int] = set()
    for wrong, every in sorted(harm.items()):
        # Of an entry that did harm beside all captures a table may tell: it is as true.
        sendings = [s for s in every if s.attempt in found.on_record]
        missing = _missing(found, wrong, sendings) if sendings else ["any capture of it"]
        sendings = sendings or every
        result.append(
            {"kind": STALE, "host": wrong.host, "ip": wrong.address, "stale_mac": wrong.mac,
             "actual_mac": wrong.right, "leg": _leg(sendings), "lost": len(sendings),
             "attempts": len({s.attempt.number for s in sendings}),
             "suffices": not missing, "missing": missing}
        )  # fmt: skip
        explained |= {s.attempt.number for s in sendings}
    for cause in (DUPLICATE, UNRESOLVED):
        theirs = [s for s in lost if s.cause == cause]
        numbers = {s.attempt.number for s in theirs if s.attempt.outcome != "completed"}
        if numbers - explained:
            ips = sorted({s.attempt.client_address for s in theirs})
            result.append({"kind": cause, "attempts": len(numbers), "ips": ips})
            explained |= numbers
    rest = Counter(
        a.outcome for a in found.attempts
        if a.number not in explained and a.outcome not in ("completed", "inconclusive")
    )  # fmt: skip
    result += [{"kind": outcome, "attempts": n} for outcome, n in sorted(rest.items())]
    return result


def _leg(sendings: list[Sent]) -> str:
    return Counter(s.leg for s in sendings).most_common(1)[0][0]


def _sent(frame: Frame) -> Sent | None:
    """The transmission of the truth that a frame is."""
    segment = frame.content.segment if isinstance(frame.content, Packet) else None
    return segment.tag if segment is not None else None


def _missing(found: Evidence, wrong: Wrong, sendings: list[Sent]) -> list[str]:
    """What a reader would lack; empty if the files suffice."""
    handshake = [s for s in sendings if s.leg in ("syn", "syn-ack")]
    if not handshake:
        return ["no SYN or SYN-ACK was lost"]
    begin, end = min(s.time for s in handshake), max(s.time for s in handshake)
    table = _in_table(found, wrong, begin, end)
    on_wire = _seen_leaving(found, wrong, handshake, ethernet=True)
    cooked = _seen_leaving(found, wrong, handshake, ethernet=False)
    seen = [s.time for s in cooked] or [begin]
    then = _in_table(found, wrong, min(seen), max(seen), before=0.0)
    then = then and not _denied(found, wrong, min(seen), max(seen))
    vain = any(n > 1 for n in Counter(s.attempt.number for s in (*on_wire, *cooked)).values())
    witnessed = [s for s in (*on_wire, *cooked) if _witnessed(found, s)]
    missing = []
    if not table and not any(
        _its_own(found, wrong, c) for c in found.captures if c.record.host == wrong.host
    ):
        missing.append("that the capture is the sender's")
    if not on_wire and not (cooked and then):
        missing.append("where the segments went")
    if not witnessed and not (vain and table):
        missing.append("that they were lost")
    if not _owner_spoke(found, wrong, handshake):
        missing.append("who owns the address")
    gateway = not any(_end_of(s, wrong) for s in handshake)
    if not table and (gateway or not _no_router(found, wrong)):
        missing.append("that no router sits between")
    if gateway and not _told(found, wrong):
        missing.append("that both MACs claim to be one gateway")
    if _resets_vanish(found, wrong):
        missing.append("that nobody else resets them")
    return missing


def _resets_vanish(found: Evidence, wrong: Wrong) -> bool:
    """Whether resets from the address to the sender are on record, and none of them came: a second
    machine with that address resets what it gets, which alone tells it from one that is gone,
    and its resets would have been lost as well. Not if the machine with the wrong MAC
    captured: that tells. (That removes 2 of 1,206 wanted findings of 6,000 stories, and 1 of 448
    of another 2,000.)"""
    for c in found.captures:
        own = c.record.link_type in WITH_MACS
        if own and any(way == OUT and frame.smac == wrong.mac for _, frame, way in c.frames):
            return False
    resets = [
        s
        for a in found.attempts
        if a.client_address == wrong.address and any(s.host == wrong.host for s in a.sent)
        for s in a.sent
        if s.leg == "rst" and s.host == a.client
    ]
    if any(s.fate == "delivered" for s in resets):
        return False
    return any(s in found.recorded_by(s.host) and _witnessed(found, s) for s in resets)


def _its_own(found: Evidence, wrong: Wrong, capture: Recorded) -> bool:
    """Whether a capture cannot be one of the machine that segments went astray to, nor of any
    other on a link that floods. An Ethernet frame does not say whether it came or went; what
    goes to all is in every capture, and so is what goes to MACs that nobody has, of whatever
    wrong entries. (That removes 1 of 587 wanted findings of 3,000
    stories, and of the flooded 1 of 612 of another 3,000.)"""
    if capture.record.link_type != "EN10MB":
        return any(way == OUT for _, _, way in capture.frames)
    spoke = {mac for frames in found.by_source for mac in frames} - {wrong.mac}
    return any(frame.dmac in spoke for _, frame, _ in capture.frames)


def _end_of(sent: Sent, wrong: Wrong) -> bool:
    return wrong.address in (sent.attempt.client_address, sent.attempt.server)


def _in_table(
    found: Evidence, wrong: Wrong, begin: float, end: float, before: float = REMEMBERED
) -> bool:
    """A dated table of the sender has the wrong entry, as of the harm."""
    for dump, at, entries in found.dumps.taken:
        mac, state = entries.get(wrong.address, ("", ""))
        usable = mac == wrong.mac and state not in ("FAILED", "INCOMPLETE")
        dated = dump.stamp != "none" and abs(dump.off) <= CERTAIN
        if (
            dump.host == wrong.host
            and usable
            and dated
            and begin - before <= at <= end + min(before, 60)
        ):
            return True
    return False


def _denied(found: Evidence, wrong: Wrong, begin: float, end: float) -> bool:
    """Whether a dated table of the sender has another MAC meanwhile, or shortly around: which
    segments went where cannot be told then without a destination MAC."""
    return any(
        dump.host == wrong.host and begin - UNCERTAIN <= at <= end + UNCERTAIN
        and entries.get(wrong.address, ("", ""))[0] != wrong.mac
        for dump, at, entries in found.dumps.taken
    )  # fmt: skip


def _seen_leaving(
    found: Evidence, wrong: Wrong, sendings: list[Sent], ethernet: bool
) -> list[Sent]:
    seen = found.leaving.get((wrong.host, ethernet), set())
    return [s for s in sendings if s in seen]


def _witnessed(found: Evidence, sent: Sent) -> bool:
    """The receiver's capture was on before and after, wanted such a segment and lost none."""
    attempt = sent.attempt
    for c, shown, (first, last) in zip(found.captures, found.shown, found.spans, strict=True):
        receivers = {attempt.client} if sent.leg == "syn-ack" else set()
        if sent.leg in ("syn", "rst"):
            receivers = {c.record.host} if attempt.server in c.addresses else set()
        record = c.record
        if record.host not in receivers or record.direction == "out" or sent.leg in record.hide:
            continue
        lossy = record.drop > 0 and record.reports
        lossy &= record.drop_between[0] <= sent.time < record.drop_between[1]
        filtered = record.only and "tcp" not in record.only
        filtered = filtered or (
            bool(record.ports)
            and not {attempt.server_port, attempt.client_port} & set(record.ports)
        )
        if sent in shown and record.link_type not in WITH_MACS:
            continue  # it came by, and who was meant cannot be seen
        if lossy or filtered or not _comparable(found, sent.host, record.host):
            continue
        if first <= sent.time and last >= sent.time + SILENCE:
            return True
    return False


def _comparable(found: Evidence, one: str, other: str) -> bool:
    """Whether the clocks of two captures can be compared: common packets, also by way of
    third captures; or clocks that agree to begin with. Not one that is set meanwhile."""
    clocks = found.dumps.story.hosts
    if any(clocks[name].set_by for name in (one, other)):
        return False
    # A host that captured nothing is tied to none.
    if found.linked.get(one, one) == found.linked[other]:
        return True
    return abs(clocks[one].offset - clocks[other].offset) <= AGREE


def _owner_spoke(found: Evidence, wrong: Wrong, sendings: list[Sent]) -> bool:
    """The right MAC with the address as its source, or in front of what is behind a gateway.
    Where the wrong one speaks as it too, in whatever capture, it takes clocks that can be
    compared to tell who was the owner last. (That removes 3 of the 587.) And one that is
    stamped after the harm, by a clock that nothing compares with the sender's, may be one that
    took over only then: the same files. (That removes 1 of 625 of another 3,000 stories.)"""
    old = set(_hosts_that_hear(found, wrong, wrong.mac, math.inf))
    end = max(s.time for s in sendings)
    asked = {s.attempt for s in sendings if s.leg == "syn-ack"}
    for c, frames, shown in zip(found.captures, found.by_source, found.shown, strict=True):
        host, late = c.record.host, 0.0
        # A SYN was sent before its answer, whatever the clocks say.
        if not any(s.leg == "syn" and s.attempt in asked for s in shown):
            late = _seems_later(found, wrong.host, host)
        if _speaks(c, wrong, frames.get(wrong.right, ()), end - late) and all(
            _comparable(found, host, other) for other in old
        ):
            return True
    return False


def _seems_later(found: Evidence, sender: str, other: str) -> float:
    """By how much what ``other`` recorded seems to be later than it was beside what ``sender`` did,
    in seconds: nothing where their clocks can be compared."""
    if _comparable(found, sender, other):
        return 0.0
    clocks = found.dumps.story.hosts
    return max(clocks[other].offset - clocks[sender].offset, 0.0)


def _hosts_that_hear(found: Evidence, wrong: Wrong, mac: str, end: float) -> list[str]:
    """The hosts in whose captures a MAC does so until ``end``."""
    pairs = zip(found.captures, found.by_source, strict=True)
    return [c.record.host for c, frames in pairs if _speaks(c, wrong, frames.get(mac, ()), end)]


def _speaks(
    capture: Recorded, wrong: Wrong, frames: Iterable[tuple[float, Frame]], end: float
) -> bool:
    """Whether one of the ``frames`` of a MAC does so until ``end``."""
    for at, frame in frames:
        if at > end:
            continue
        content = frame.content
        if isinstance(content, Arp):
            if content.sender == wrong.address:
                return True
        elif content.src == wrong.address or not capture.on_link(content.src):
            return True
    return False


def _no_router(found: Evidence, wrong: Wrong) -> bool:
    """ARP of the owner at the sender, or frames of either with one MAC at both ends. What is
    flooded for the wrong MAC is in every capture of the link: only the owner's own frames, or
    what is addressed to it, are of its end. (That removes none of the 625, but 1 of 425 of yet
    another 2,000.)"""
    sides: dict[str, set[bool]] = {}
    for c in [c for c in found.captures if c.record.link_type in WITH_MACS]:
        for _, frame, _ in c.frames:
            content = frame.content
            if isinstance(content, Arp):
                if c.record.host == wrong.host and content.sender == wrong.address:
                    return True
            elif wrong.address in (content.src, content.dst):
                here = c.record.host == wrong.host
                there = wrong.address in c.addresses and wrong.right in (frame.smac, frame.dmac)
                if here or there:
                    sides.setdefault(f"{content.src} {frame.smac}", set()).add(here)
    return any(len(seen) > 1 for seen in sides.values())


def _told(found: Evidence, wrong: Wrong) -> bool:
    """ARP, or the table of another host, has the gateway's address at the right MAC."""
    for c in found.captures:
        for _, frame, _ in c.frames:
            arp = frame.content
            if isinstance(arp, Arp) and (arp.sender, arp.sender_mac) == (
                wrong.address, wrong.right
            ):  # fmt: skip
                return True
    return any(
        dump.host != wrong.host and entries.get(wrong.address, ("", ""))[0] == wrong.right
        for dump, _, entries in found.dumps.taken
    )
