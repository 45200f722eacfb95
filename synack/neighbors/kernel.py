"""What a Linux kernel does with its neighbor entries, event by event.

A simulation of net/core/neighbour.c and of arp_process() in net/ipv4/arp.c, as of 6.18
where nothing else is said; what older kernels did differently is in :class:`Version`. Times
are integer ns. Nothing is random: the caller chooses the ``reachable_time`` of each
interface and the first tick of the periodic collection, from the ranges that
:meth:`Parameters.reachable_times` and :meth:`Thresholds.period` give. Timers are exact here;
those of a kernel come late by up to :func:`timer_slack`.

:mod:`synack.neighbors.collection` says the same of a table in bounds, without simulation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntFlag
from typing import NamedTuple

from synack.stamps import SECOND

MILLISECOND = SECOND // 1000
NEVER = 1 << 62
"""A time that does not come."""

FORCED_GAP = 5 * SECOND
"""Least time between two forced collections below gc_thresh3, and least age (``updated``)
of their victims: neigh_alloc() and neigh_forced_gc()."""

SOONEST = 10 * MILLISECOND
"""No timer of an entry is set nearer, and no probe follows sooner: HZ / 100."""

_RELEASE = re.compile(r"(\d{1,4})\.(\d{1,5})")


class Nud(IntFlag):
    """States of include/uapi/linux/neighbour.h."""

    NONE = 0x00
    INCOMPLETE = 0x01
    REACHABLE = 0x02
    STALE = 0x04
    DELAY = 0x08
    PROBE = 0x10
    FAILED = 0x20
    NOARP = 0x40
    PERMANENT = 0x80


# The masks of include/net/neighbour.h.
IN_TIMER = Nud.INCOMPLETE | Nud.REACHABLE | Nud.DELAY | Nud.PROBE
CONNECTED = Nud.PERMANENT | Nud.NOARP | Nud.REACHABLE
VALID = CONNECTED | Nud.PROBE | Nud.STALE | Nud.DELAY


@dataclass(frozen=True)
class Version:
    """What depends on the kernel's version; (major, minor), the newest when not known.

    Distributions backport: RHEL 6 (2.6.32) got the gate of gc_thresh1 in 2015, RHEL 7
    (3.10) the confirmation by socket. Their releases carry ``el6``, ``el7``.
    """

    number: tuple[int, int] = (6, 18)
    release: str = ""

    @classmethod
    def parse(cls, release: str) -> Version | None:
        """``6.1``, ``6.18.44-fc``; None when it does not begin with two numbers."""
        found = _RELEASE.match(release.strip())
        return cls((int(found[1]), int(found[2])), release.strip()) if found else None

    @property
    def gated(self) -> bool | None:
        """Whether neigh_periodic_work() leaves tables alone that are smaller than gc_thresh1
        (commit 2724680bceee). None: a version whose source was not at hand, or backports."""
        if self.number >= (3, 10):
            return True
        return None if self.number >= (3, 0) or "el6" in self.release else False

    @property
    def ages_spared(self) -> bool:
        """Whether a forced collection spares what changed in the last 5 s, and does not
        count entries that are exempt (commit 58956317c8de, 5.0)."""
        return self.number >= (5, 0)

    @property
    def learned_exempt(self) -> bool:
        """Whether extern_learn entries are never collected (commit 9ce33e46531d, 4.18)."""
        return self.number >= (4, 18)

    @property
    def shared_confirmation(self) -> bool:
        """Whether an ACK of one host confirms whichever neighbor the next packet over the
        same route goes to: dst_neigh_output() with dst->pending_confirm, 3.6 to 4.10."""
        return (3, 6) <= self.number < (4, 11)

    @property
    def gratuitous_overrides(self) -> bool:
        """Whether gratuitous ARP is free of locktime, and ``updated`` moves only with a
        change (series of May 2017, about 4.12)."""
        return self.number >= (4, 12)

    @property
    def evicts_without_carrier(self) -> bool:
        """Whether entries go with the carrier: neigh_carrier_down(), 5.0."""
        return self.number >= (5, 0)


class Parameters(NamedTuple):
    """Settings of one interface, times in ns; the defaults are those of arp_tbl."""

    base_reachable: int = 30 * SECOND
    delay_first_probe: int = 5 * SECOND
    retrans: int = SECOND
    ucast_solicit: int = 3
    app_solicit: int = 0
    mcast_solicit: int = 3
    mcast_resolicit: int = 0
    gc_stale: int = 60 * SECOND
    locktime: int = SECOND
    arp_accept: int = 0
    drop_gratuitous_arp: bool = False
    arp_evict_nocarrier: bool = True

    def reachable_times(self) -> tuple[int, int]:
        """The range of reachable_time: neigh_rand_reach_time() draws it evenly in
        [base / 2, 3 * base / 2), again every 300 s."""
        return self.base_reachable // 2, self.base_reachable // 2 + self.base_reachable

    def failing_time(self) -> int:
        """From the first unicast probe without answer to FAILED."""
        probes = self.ucast_solicit + self.app_solicit + self.mcast_resolicit
        return probes * self.probe_gap()

    def resolving_time(self) -> int:
        """From the first broadcast without answer to FAILED."""
        return (self.app_solicit + self.mcast_solicit) * self.probe_gap()

    def probe_gap(self) -> int:
        """neigh_timer_handler(): max(retrans_time, HZ / 100)."""
        return max(self.retrans, SOONEST)


class Thresholds(NamedTuple):
    """Settings of one table (IPv4 or IPv6), shared by all namespaces of the machine."""

    gc_thresh1: int = 128
    gc_thresh2: int = 512
    gc_thresh3: int = 1024
    base_reachable: int = 30 * SECOND
    """Of ``neigh.default``: it alone sets the pace."""

    def period(self) -> int:
        """Between two runs of neigh_periodic_work(): base_reachable_time / 2. gc_interval
        has no say in it. The work is deferrable: an idle processor runs it late."""
        return max(self.base_reachable // 2, SOONEST)


@dataclass
class Neighbor:
    """struct neighbour. ``references`` beside those of the table and of its timer."""

    ip: str
    interface: str
    used: int
    confirmed: int
    updated: int
    state: Nud = Nud.NONE
    mac: str = ""
    flags: frozenset[str] = frozenset()
    probes: int = 0
    references: int = 0
    header_cached: bool = False
    """Packets then take the fast path while it is connected, which leaves ``used`` alone."""
    queued: int = 0
    timer: int = NEVER

    def exempt(self, version: Version) -> bool:
        """Whether no collection ever takes it, nor counts it for a forced one."""
        if version.learned_exempt and self.flags & {"extern_learn", "extern_valid"}:
            return True
        return bool(self.state & Nud.PERMANENT)

    def held(self) -> bool:
        """Whether refcnt is more than 1: an armed timer holds a reference."""
        return bool(self.state & IN_TIMER) or self.references > 0


class Event(NamedTuple):
    """``what``: a state as netlink reports it, ``deleted``, or what goes onto the wire:
    ``unicast`` and ``broadcast`` (an ARP request), ``sent`` (a packet, to ``mac``)."""

    time: int
    ip: str
    what: str
    mac: str = ""


def timer_slack(delay: int, hz: int = 250) -> int:
    """The most (ns) that a timer comes late: the granularity of the level of the timer
    wheel it falls into, 8 times coarser each (kernel/time/timer.c since 4.8), and a jiffy."""
    jiffies, granularity = delay * hz // SECOND, 1
    while jiffies >= 63 * granularity:
        granularity *= 8
    return (granularity + 1) * SECOND // hz


def collectable(entry: Neighbor, now: int, gc_stale: int, version: Version) -> bool:
    """Whether neigh_periodic_work() would delete ``entry`` now. As the kernel does, it takes
    a later ``confirmed`` over into ``used``."""
    if entry.exempt(version) or entry.state & IN_TIMER:
        return False
    if entry.used < entry.confirmed <= now:
        entry.used = entry.confirmed
    idle = not entry.used <= now < entry.used + gc_stale
    return not entry.held() and (bool(entry.state & Nud.FAILED) or idle)


@dataclass
class Kernel:
    """One neighbor table with its timers, its log, and a clock that only goes forward.

    ``reachable``: the reachable_time of every interface; None: base_reachable.
    """

    parameters: Parameters = field(default_factory=Parameters)
    thresholds: Thresholds = field(default_factory=Thresholds)
    version: Version = field(default_factory=Version)
    reachable: int | None = None
    first_tick: int = NEVER
    now: int = 0
    entries: dict[str, Neighbor] = field(default_factory=dict)
    log: list[Event] = field(default_factory=list)
    overflows: int = 0
    last_flush: int = 0
    others: int = 0
    """Entries of other namespaces; they count for the thresholds."""
    answering: dict[str, str] = field(default_factory=dict)
    """Who answers ARP requests at once, and with which MAC."""
    _confirmation: bool = False
    """dst->pending_confirm of the shared route."""

    def __post_init__(self) -> None:
        self._tick = self.first_tick
        if self.reachable is None:
            self.reachable = self.parameters.base_reachable

    # What happens by itself.

    def advance(self, until: int) -> None:
        """Run timers and ticks up to and including ``until``."""
        while True:
            entry = min(self.entries.values(), key=lambda e: e.timer, default=None)
            due = NEVER if entry is None else entry.timer
            if min(due, self._tick) > until:
                break
            if due <= self._tick and entry is not None:
                self.now = max(self.now, due)
                self._expire(entry)
            else:
                self.now = max(self.now, self._tick)
                self._tick += self.thresholds.period()
                self.collect()
        self.now = max(self.now, until)

    def collect(self) -> None:
        """neigh_periodic_work(). Where nobody knows about the gate it is taken as there."""
        gated = self.version.gated is not False
        if gated and len(self.entries) + self.others < self.thresholds.gc_thresh1:
            return
        for entry in list(self.entries.values()):
            if collectable(entry, self.now, self.parameters.gc_stale, self.version):
                self._remove(entry)

    def _expire(self, entry: Neighbor) -> None:
        """neigh_timer_handler()."""
        now, p = self.now, self.parameters
        assert self.reachable is not None
        entry.timer = NEVER
        following = now + p.probe_gap()
        notify = False
        if entry.state & Nud.REACHABLE:
            if now <= entry.confirmed + self.reachable:
                following = entry.confirmed + self.reachable
            elif now <= entry.used + p.delay_first_probe:
                self._become(entry, Nud.DELAY)
                following = now + p.delay_first_probe
            else:
                self._become(entry, Nud.STALE)
                notify = True
        elif entry.state & Nud.DELAY:
            notify = True
            if now <= entry.confirmed + p.delay_first_probe:
                self._become(entry, Nud.REACHABLE)
                following = entry.confirmed + self.reachable
            else:
                self._become(entry, Nud.PROBE)
                entry.probes = 0
        if entry.state & (Nud.INCOMPLETE | Nud.PROBE) and entry.probes >= self._most(entry):
            self._fail(entry)
            return
        if entry.state & IN_TIMER:
            entry.timer = max(following, now + SOONEST)
        if notify:
            self._tell(entry)
        if entry.state & (Nud.INCOMPLETE | Nud.PROBE):
            self._probe(entry)

    def _most(self, entry: Neighbor) -> int:
        """neigh_max_probes()."""
        p = self.parameters
        more = p.mcast_resolicit if entry.state & Nud.PROBE else p.mcast_solicit
        return p.ucast_solicit + p.app_solicit + more

    def _probe(self, entry: Neighbor) -> None:
        """neigh_probe() and arp_solicit(): unicast, then the application, then broadcast."""
        p = self.parameters
        unicast = entry.probes < p.ucast_solicit
        application = not unicast and entry.probes < p.ucast_solicit + p.app_solicit
        entry.probes += 1
        if application:
            return
        target = entry.mac if unicast else ""
        self.log.append(Event(self.now, entry.ip, "unicast" if unicast else "broadcast", target))
        answer = self.answering.get(entry.ip)
        if answer is not None and (not unicast or answer == entry.mac):
            self.hear_reply(entry.ip, answer)

    def _fail(self, entry: Neighbor) -> None:
        """neigh_invalidate()."""
        self._become(entry, Nud.FAILED)
        entry.queued = 0
        entry.timer = NEVER
        self._tell(entry)

    # What others do.

    def send(self, ip: str, interface: str = "eth0", confirming: bool = False) -> bool:
        """A packet for ``ip``: neigh_output(). Whether it went out now. ``confirming``:
        MSG_CONFIRM, or an ACK of its peer made its socket confirm."""
        entry = self.entries.get(ip) or self._create(ip, interface)
        if entry is None:
            return False
        if confirming or self._confirmation:
            self._confirmation = False
            entry.confirmed = self.now
        if entry.state & CONNECTED and entry.header_cached:
            self.log.append(Event(self.now, ip, "sent", entry.mac))
            return True
        self._use(entry)
        if not entry.state & VALID:
            entry.queued += 1
            return False
        entry.header_cached = True
        self.log.append(Event(self.now, ip, "sent", entry.mac))
        return True

    def acknowledge(self, ip: str) -> None:
        """An ACK of ``ip`` made progress, and a packet goes back to it: tcp_ack(). Between
        3.6 and 4.10 the next packet to anyone on the same network is confirmed instead."""
        if self.version.shared_confirmation:
            self._confirmation = True
        elif ip in self.entries:
            self.entries[ip].confirmed = self.now

    def _use(self, entry: Neighbor) -> None:
        """neigh_event_send()."""
        entry.used = self.now
        p = self.parameters
        if entry.state & (CONNECTED | Nud.DELAY | Nud.PROBE | Nud.INCOMPLETE):
            return
        if entry.state & Nud.STALE:
            self._become(entry, Nud.DELAY)
            entry.timer = self.now + p.delay_first_probe
        elif p.mcast_solicit + p.app_solicit:
            entry.probes = p.ucast_solicit
            self._become(entry, Nud.INCOMPLETE)
            entry.timer = self.now + p.probe_gap()
            self._probe(entry)
        else:
            self._become(entry, Nud.FAILED)

    def hear_request(self, ip: str, mac: str, interface: str = "eth0") -> None:
        """An ARP request of ``ip`` for an address of this host: neigh_event_ns()."""
        entry = self.entries.get(ip) or self._create(ip, interface)
        if entry is not None:
            self._update(entry, mac, Nud.STALE, override=True)

    def hear_reply(self, ip: str, mac: str, *, unicast: bool = True) -> None:
        """An ARP reply (or, not ``unicast``, a request that asks for another): arp_process()."""
        self._hear(ip, mac, Nud.REACHABLE if unicast else Nud.STALE, gratuitous=False)

    def hear_gratuitous(self, ip: str, mac: str) -> None:
        """A gratuitous ARP: sender and target are the same address."""
        if not self.parameters.drop_gratuitous_arp:
            self._hear(ip, mac, Nud.STALE, gratuitous=True)

    def _hear(self, ip: str, mac: str, state: Nud, gratuitous: bool) -> None:
        entry = self.entries.get(ip)
        if entry is None and self.parameters.arp_accept and (gratuitous or state & Nud.REACHABLE):
            entry = self._create(ip, "eth0")
        if entry is None:
            return
        override = self.now > entry.updated + self.parameters.locktime
        if not self.version.gratuitous_overrides:
            # Every frame renewed the lock, even one that changed nothing.
            self._update(entry, mac, state, override)
            entry.updated = self.now
            return
        self._update(entry, mac, state, override or gratuitous)

    def set(self, ip: str, mac: str, state: Nud, flags: frozenset[str] = frozenset()) -> None:
        """``ip neigh replace``."""
        entry = self.entries.get(ip) or self._create(ip, "eth0", flags)
        if entry is None:
            return
        entry.flags = flags
        if not state & VALID:
            entry.timer = NEVER
            self._become(entry, state)
            return
        self._update(entry, mac, state, override=True, administrator=True)

    def delete(self, ip: str) -> None:
        """``ip neigh del``: FAILED, then gone."""
        entry = self.entries.get(ip)
        if entry is not None:
            self._fail(entry)
            self._remove(entry)

    def lose_carrier(self) -> None:
        """neigh_carrier_down(): all but PERMANENT."""
        if self.version.evicts_without_carrier and self.parameters.arp_evict_nocarrier:
            for entry in list(self.entries.values()):
                if not entry.state & Nud.PERMANENT:
                    self._remove(entry)

    def change_own_mac(self) -> None:
        """neigh_changeaddr(): all."""
        for entry in list(self.entries.values()):
            self._remove(entry)

    def _update(
        self, entry: Neighbor, mac: str, state: Nud, override: bool, administrator: bool = False
    ) -> None:
        """__neigh_update() with a valid state."""
        old = entry.state
        if not administrator and old & (Nud.NOARP | Nud.PERMANENT):
            return
        same = bool(old & VALID) and mac == entry.mac
        if state & CONNECTED:
            # Even if the MAC is then refused.
            entry.confirmed = self.now
        if old & VALID:
            if not same and not override:
                return
            if same and state == Nud.STALE and not administrator:
                state = old
        if state != old:
            self._enter(entry, state)
        if not same:
            entry.mac = mac
            entry.updated = self.now
            if not state & CONNECTED:
                entry.confirmed = self.now - 2 * self.parameters.base_reachable
        if state != old or not same:
            self._tell(entry)
        if not old & VALID:
            waiting, entry.queued = entry.queued, 0
            for _ in range(waiting):
                self.send(entry.ip, entry.interface)

    def _enter(self, entry: Neighbor, state: Nud) -> None:
        """A new valid state, with the timer that __neigh_update() gives it."""
        assert self.reachable is not None
        self._become(entry, state)
        entry.timer = NEVER
        if state & Nud.PROBE:
            entry.probes = 0
        if state & IN_TIMER:
            entry.timer = self.now + (self.reachable if state & Nud.REACHABLE else 0)

    # Making and removing.

    def _create(
        self, ip: str, interface: str, flags: frozenset[str] = frozenset()
    ) -> Neighbor | None:
        """neigh_alloc() and ___neigh_create()."""
        now = self.now
        old = now - 2 * self.parameters.base_reachable
        entry = Neighbor(ip, interface, now, old, now, flags=flags)
        if not entry.exempt(self.version):
            count, t = self._counted(), self.thresholds
            late = now > self.last_flush + FORCED_GAP
            full = count >= t.gc_thresh3
            if (full or (count >= t.gc_thresh2 and late)) and not self._force() and full:
                self.overflows += 1
                return None
        self.entries[ip] = entry
        return entry

    def _counted(self) -> int:
        if not self.version.ages_spared:
            return len(self.entries) + self.others
        return self.others + sum(not e.exempt(self.version) for e in self.entries.values())

    def _force(self) -> int:
        """neigh_forced_gc(): how many it removed. The new entry counts already."""
        most = self._counted() + 1 - self.thresholds.gc_thresh2
        removed = 0
        for entry in list(self.entries.values()):
            if entry.held() or entry.exempt(self.version):
                continue
            young = entry.updated >= self.now - FORCED_GAP
            spared = young and not entry.state & (Nud.FAILED | Nud.NOARP)
            if self.version.ages_spared and spared:
                continue
            self._remove(entry)
            removed += 1
            if self.version.ages_spared and removed >= most:
                break
        self.last_flush = self.now
        return removed

    def _remove(self, entry: Neighbor) -> None:
        del self.entries[entry.ip]
        mac = entry.mac if entry.state & VALID else ""
        self.log.append(Event(self.now, entry.ip, "deleted", mac))

    def _become(self, entry: Neighbor, state: Nud) -> None:
        entry.state = state
        entry.updated = self.now

    def _tell(self, entry: Neighbor) -> None:
        name = entry.state.name or "NONE"
        mac = entry.mac if entry.state & VALID else ""
        self.log.append(Event(self.now, entry.ip, name, mac))
