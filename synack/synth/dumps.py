"""Neighbor tables, addresses and counters of a story's hosts, in the words of the tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from synack.synth.link import Entry, Port
from synack.synth.machine import Machine
from synack.synth.network import Network
from synack.synth.recording import stamp
from synack.synth.story import Dump, Story

_FILES = {
    "ip -s neigh": "neigh.txt",
    "ip neigh": "neigh.txt",
    "ip -j -s neigh": "neigh.json",
    "arp -an": "arp.txt",
    "arp -n": "arp.txt",
    "/proc/net/arp": "proc-net-arp.txt",
    "ip addr": "ip-addr.txt",
    "nstat": "nstat.txt",
}


class Written:
    """The dumps as they are taken while the story is played."""

    def __init__(self, story: Story, net: Network) -> None:
        self.story = story
        self.net = net
        self.texts: dict[str, str] = {}
        self.taken: list[tuple[Dump, float, dict[str, tuple[str, str]]]] = []
        """Per dump of a table: address to (MAC, state) as shown."""
        for dump in story.dumps:
            for at in dump.at:
                net.at(at, self._take, dump)

    def _take(self, dump: Dump) -> None:
        host, now = self.net.hosts[dump.host], self.net.now
        if not host.is_up():
            return
        shown = stamp(self.story, host.told, now, dump.off)
        name = dump.name or f"{dump.host}.{_FILES[dump.kind]}"
        if dump.stamp == "name":
            stem, _, ending = name.rpartition(".")
            name = f"{stem}.{datetime.fromtimestamp(shown // 10**9, UTC):%Y%m%dT%H%M%SZ}.{ending}"
        head = _iso(shown) + "\n" if dump.stamp == "line" and not name.endswith(".json") else ""
        self.texts[name] = self.texts.get(name, "") + head + _PRINT[dump.kind](host, now)
        if dump.kind not in ("ip addr", "nstat"):
            entries = {ip: (e.mac, e.state) for _, ip, e in _entries(host, dump.kind)}
            self.taken.append((dump, now, entries))

    def write(self, folder: Path) -> list[str]:
        for name, text in self.texts.items():
            (folder / name).write_text(text, "utf-8")
        return list(self.texts)


def _iso(at: int) -> str:
    whole = datetime.fromtimestamp(at // 10**9, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{at % 10**9:09d}Z"


def _entries(host: Machine, kind: str) -> list[tuple[Port, str, Entry]]:
    """What a tool lists: those for ARP know no IPv6."""
    found = [(p, ip, e) for p in host.ports for ip, e in sorted(p.table.items())]
    return [x for x in found if kind.startswith("ip") or ":" not in x[1]]


def _has_mac(entry: Entry) -> bool:
    return entry.state not in ("FAILED", "INCOMPLETE") and bool(entry.mac)


def _ages(entry: Entry, now: float) -> tuple[int, int, int]:
    confirmed = now - entry.confirmed
    if entry.kept:
        confirmed %= 3.0
    return max(0, int(now - entry.used)), max(0, int(confirmed)), max(0, int(now - entry.updated))


_TIMED = ("REACHABLE", "INCOMPLETE", "DELAY", "PROBE")


def _ip_neigh(host: Machine, now: float, detailed: bool = False) -> str:
    """iproute2 ipneigh.c:print_neigh, with its odd blanks."""
    lines = ""
    for port, ip, entry in _entries(host, "ip"):
        lines += f"{ip} dev {port.name} "
        lines += f"lladdr {entry.mac} " if _has_mac(entry) else ""
        if detailed:
            used, confirmed, updated = _ages(entry, now)
            lines += " ref 1" if entry.state in _TIMED else ""
            lines += f" used {used}/{confirmed}/{updated}probes {entry.probes} "
        lines += f"{entry.state} \n"
    return lines


def _ip_s_neigh(host: Machine, now: float) -> str:
    return _ip_neigh(host, now, detailed=True)


def _ip_json(host: Machine, now: float) -> str:
    rows = []
    for port, ip, entry in _entries(host, "ip"):
        used, confirmed, updated = _ages(entry, now)
        rows.append(
            {"dst": ip, "dev": port.name}
            | ({"lladdr": entry.mac} if _has_mac(entry) else {})
            | ({"refcnt": 1} if entry.state in _TIMED else {})
            | {"used": used, "confirmed": confirmed, "updated": updated, "probes": entry.probes}
            | {"state": [entry.state]}
        )
    return json.dumps(rows, separators=(",", ":")) + "\n"


def _arp_an(host: Machine, _: float) -> str:
    lines = ""
    for port, ip, entry in _entries(host, "arp"):
        at = f"{entry.mac} [ether]" if _has_mac(entry) else "<incomplete>"
        fixed = " PERM" if entry.state == "PERMANENT" else ""
        lines += f"? ({ip}) at {at}{fixed} on {port.name}\n"
    return lines


def _arp_n(host: Machine, _: float) -> str:
    lines = "Address                  HWtype  HWaddress           Flags Mask            Iface\n"
    for port, ip, entry in _entries(host, "arp"):
        if _has_mac(entry):
            flags = "CM" if entry.state == "PERMANENT" else "C"
            lines += f"{ip:<25}ether   {entry.mac:<20}{flags:<22}{port.name}\n"
        else:
            lines += f"{ip:<33}{'(incomplete)':<42}{port.name}\n"
    return lines


def _proc(host: Machine, _: float) -> str:
    lines = "IP address       HW type     Flags       HW address            Mask     Device\n"
    for port, ip, entry in _entries(host, "arp"):
        flags = "0x6" if entry.state == "PERMANENT" else "0x2" if _has_mac(entry) else "0x0"
        mac = entry.mac or "00:00:00:00:00:00"
        lines += f"{ip:<17}0x1         {flags:<12}{mac}     *        {port.name}\n"
    return lines


def _ip_addr(host: Machine, _: float) -> str:
    lines = (
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen"
        " 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
        "    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n"
    )
    links = [(port.name, port, port.mac, port.addresses) for port in host.ports]
    for port in host.ports:  # keepalived's use_vmac: an interface of its own for each
        for number, (ip, mac) in enumerate(port.virtual.items(), 1):
            links.append((f"vrrp.{number}@{port.name}", port, mac, [ip]))
    for number, (name, port, mac, addresses) in enumerate(links, 2):
        lines += (
            f"{number}: {name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP"
            f" group default qlen 1000\n    link/ether {mac} brd ff:ff:ff:ff:ff:ff\n"
        )
        for ip in addresses:
            prefix = next((p for p in port.link.prefixes if (":" in ip) == (p.version == 6)), None)
            length = prefix.prefixlen if prefix else 32
            family = "inet6" if ":" in ip else "inet"
            lines += f"    {family} {ip}/{length} scope global {name.partition('@')[0]}\n"
            lines += "       valid_lft forever preferred_lft forever\n"
    return lines


_COUNTERS = (
    "IpInReceives", "IpInAddrErrors", "TcpActiveOpens", "TcpPassiveOpens", "TcpInSegs",
    "TcpExtListenOverflows", "TcpExtListenDrops", "TcpExtTCPReqQFullDoCookies", "IpExtInOctets",
)  # fmt: skip
_TRAFFIC = ("IpInReceives", "TcpInSegs", "IpExtInOctets")


def _nstat(host: Machine, now: float) -> str:
    """Counters that rise with time as on any busy host, and those that the story moved."""
    lines = "#kernel\n"
    for name in _COUNTERS:
        value = host.counters.get(name, 0)
        value += int(1000 + now * 50) if name in _TRAFFIC else 0
        lines += f"{name:<32}{value:<19}0.0\n"
    return lines


_PRINT: dict[str, Callable[[Machine, float], str]] = {
    "ip -s neigh": _ip_s_neigh,
    "ip neigh": _ip_neigh,
    "ip -j -s neigh": _ip_json,
    "arp -an": _arp_an,
    "arp -n": _arp_n,
    "/proc/net/arp": _proc,
    "ip addr": _ip_addr,
    "nstat": _nstat,
}
