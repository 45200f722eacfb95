"""Why a server may say nothing to a SYN that it got: the rows of the differential diagnosis that
its own counters, settings, sockets and log decide."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synack.diagnosis.flow_records import Fact
from synack.diagnosis.view import Judged, View, by, excluded, open_, supported
from synack.grouping import distinct
from synack.model import Source

_TW_RECYCLE_UNTIL = (4, 12, 0)
"""commit 4396e46187ca, "tcp: remove tcp_tw_recycle"."""


def _came(v: View) -> Judged:
    """Rows 2, 7 and 19: the network let the SYNs through."""
    return excluded(f"the SYNs are in {v.server}'s own capture", v.syns())


def _reverse_path(v: View) -> Judged | None:
    """Row 9. With log_martians the kernel names the packets that the filter drops."""
    martian = v.logged("martian-source", of_clients=True)
    if martian:
        return supported(*martian)
    off = _filter_off(v)
    return _counted(v, "TcpExtIPReversePathFilter") or by(off) or open_(
        "nstat TcpExtIPReversePathFilter, before and after, would tell"
    )  # fmt: skip


def _filter_off(v: View) -> Fact | None:
    """rp_filter is the greater of the interface's and that of `all` (ip-sysctl.rst)."""
    context, host = v.case.context, v.server
    every = context.setting(host, "net.ipv4.conf.all.rp_filter")
    interfaces = {c.interface for c in v.captures(v.servers) if c.interface}
    own = [context.setting(host, f"net.ipv4.conf.{name.replace('.', '/')}.rp_filter")
           for name in interfaces]  # fmt: skip
    given = [every, *own]
    if not interfaces or any(setting is None or setting.number != 0 for setting in given):
        return None
    return Fact("rp_filter is 0", tuple(s.source for s in given if s is not None))


def _packet_filter(v: View) -> Judged:
    """Row 10: a socket in SYN-RECEIVED has answered, so the answer was lost inside the host."""
    half = v.sockets("SYN-RECEIVED")
    if half is not None:
        return supported(
            f"{half.says} on {v.server}: it did answer, and the answer was dropped before it"
            " reached the interface (OUTPUT chain, qdisc)",
            half.sources,
        )
    return open_(f"the rules of {v.server} with their counters (nft list ruleset) would tell")


def _queue(v: View) -> Judged | None:
    """Row 12."""
    if v.finding.kind == "listen-overflow":
        return None
    return _full_queue(v) or _counted(v, "TcpExtListenOverflows") or open_(
        "nstat TcpExtListenOverflows, before and after, and ss -ltn would tell"
    )  # fmt: skip


def _full_queue(v: View) -> Judged | None:
    s, ports = v.case.context.sockets, distinct(v.case.attempts["server_port"][v.attempts])
    rows = v.case.context.sockets_in("LISTEN")
    rows = rows[s["host"][rows] == v.server]
    rows = rows[np.isin(s["local_port"][rows], ports) & (s["backlog"][rows] >= 0)]
    rows = rows[s["recv_q"][rows] > s["backlog"][rows]]
    if not len(rows):
        return None
    row = int(rows[0])
    return supported(
        f"{s['recv_q'][row]} connections wait where {s['backlog'][row]} may (port"
        f" {s['local_port'][row]})",
        (v.case.context.where(s, row),),
    )


def _cookies(v: View) -> Judged | None:
    """Row 13: with cookies it would answer; without, a full SYN queue drops."""
    flooded = v.logged("syn-flood")
    if flooded is not None:
        return supported(*flooded)
    return _counted(
        v, "TcpExtTCPReqQFullDrop", "TcpExtTCPReqQFullDoCookies", "TcpExtSyncookiesSent"
    ) or open_("nstat TcpExtTCPReqQFullDrop and dmesg (SYN flooding) would tell")


def _unresolved(v: View) -> Judged | None:
    """Row 14: who has no MAC of the client asks for it."""
    if v.finding.kind == "unresolved-neighbor":
        return None
    if v.arp_frames(v.servers):
        return excluded(f"{v.server} asks for none of these clients in a capture that has ARP",
                        v.files(v.servers))  # fmt: skip
    return open_(f"{v.server}'s capture has no ARP: ip neigh on it would tell")


def _table_full(v: View) -> Judged | None:
    """Row 15."""
    full = v.logged("neighbor-table-overflow")
    if full is not None:
        return supported(*full)
    return _counted(v, "table_fulls") or open_(
        "dmesg (neighbor table overflow) and /proc/net/stat/arp_cache (table_fulls) would tell"
    )


def _old_connection(v: View) -> Judged:
    """Row 16."""
    return excluded(f"{v.server} answered with nothing at all, no ACK of an old connection either",
                    v.files(v.servers))  # fmt: skip


def _time_wait(v: View) -> Judged | None:
    """Row 17."""
    return _counted(
        v, "TcpExtPAWSTimewait", "TcpExtPAWSEstab", "TcpExtPAWSActive",
        "TcpExtTCPACKSkippedTimeWait",
    ) or open_("nstat 'TcpExtPAWS*', before and after, would tell")  # fmt: skip


def _recycled(v: View) -> Judged | None:
    """Row 18: it needs timestamps, an old kernel, and the setting."""
    kernel = v.case.context.kernel(v.server)
    if kernel is not None and kernel[1] >= _TW_RECYCLE_UNTIL:
        return excluded(f"Linux {kernel[0]} has it no more (until 4.11)", (kernel[2],))
    setting = v.case.context.setting(v.server, "net.ipv4.tcp_tw_recycle")
    if setting is not None and setting.number == 0:
        return excluded("tcp_tw_recycle is 0", (setting.source,))
    if v.without_timestamps:
        return excluded("the SYNs carry no timestamps", v.syns())
    return _counted(v, "TcpExtPAWSPassive") or open_(
        "the kernel's release (uname -a; gone in 4.12) would tell"
    )


def _corrupt(v: View) -> Judged | None:
    """Row 20, here of the SYN."""
    return _counted(v, "TcpInCsumErrors", "TcpInErrs") or open_(
        "nstat TcpInCsumErrors, before and after, would tell"
    )


def _counted(v: View, *names: str) -> Judged | None:
    """By counters of the server: supported by one that rose, excluded by all that stayed."""
    risen, sources = [], list[Source]()
    for name in names:
        rose = v.case.context.rose(v.server, name)
        if rose is None:
            return None
        number, where = rose
        if number:
            risen.append(f"{name} rose by {number}")
        sources += where
    shown = tuple(dict.fromkeys(sources))
    if risen:
        return supported(f"{' and '.join(risen)} on {v.server}", shown[:4])
    return excluded(f"{' and '.join(names)} did not rise on {v.server}", shown[:4])


_Rule = Callable[[View], Judged | None]
_RULES: dict[int, _Rule] = {
    2: _came, 7: _came, 9: _reverse_path, 10: _packet_filter, 12: _queue, 13: _cookies,
    14: _unresolved, 15: _table_full, 16: _old_connection, 17: _time_wait, 18: _recycled,
    19: _came, 20: _corrupt,
}  # fmt: skip
RULES = dict.fromkeys(("no-reply", "listen-overflow", "unresolved-neighbor"), _RULES)
"""By kind of finding: the rule of each row that applies."""
