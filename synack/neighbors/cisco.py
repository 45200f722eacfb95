"""Neighbor tables of Cisco IOS, NX-OS, IOS XR and ASA, and of Arista EOS.

Sources: the vendors' command references (``show ip arp``, ``show arp``, ``show ipv6
neighbors``) and outputs in networktocode/ntc-templates. ARP ages are those of the cache
entry: since it was made or last refreshed by an ARP message, so ``updated_s``; IOS counts
minutes, ASA seconds, EOS says in its header which. IOS defines the age of an IPv6
neighbor as the time since the address was confirmed to be reachable: ``confirmed_s``; the
unit that XR means is not documented, so its IPv6 ages are left out.

An age of ``-`` marks the device's own address (IOS, XR); an IOS row without an interface
as well is a static entry. NX-OS prints ``-`` for static entries and for its own virtual
addresses, ASA for static ones.
"""

from __future__ import annotations

import re

from synack.addresses import special_mac
from synack.neighbors.entry import INVALID, Said, mac_of
from synack.neighbors.format import (
    CLOCK,
    DOTS,
    IPV4,
    IPV6,
    OWN,
    STATIC,
    UNRESOLVED,
    Format,
    Parser,
    columns,
    nud,
    seconds,
)

MINUTE = 60


def _ios(found: re.Match[str]) -> Said:
    if found["mac"] is None:
        return UNRESOLVED
    if found["age"] == "-":
        return OWN if found["dev"] else Said("", ("static",))
    return Said(updated_s=seconds(found["age"], MINUTE))


def _ios_ipv6(found: re.Match[str]) -> Said:
    said = nud(found["state"])
    if found["age"] == "-":
        # Of a static entry REACH says that its interface is up, INCMP that it is down.
        return STATIC if said.state == "REACHABLE" else Said(INVALID, ("static",))
    return said._replace(confirmed_s=seconds(found["age"], MINUTE))


def _xr_ipv6(found: re.Match[str]) -> Said:
    return STATIC if found["age"] == "-" else nud(found["state"])


def _xr(found: re.Match[str]) -> Said:
    word = found["state"].lower()
    if word == "incomplete":
        return UNRESOLVED
    said = {"interface": OWN, "static": STATIC}.get(word, Said("", (word,)))
    return said._replace(updated_s=seconds(found["age"]))


def _nxos(found: re.Match[str]) -> Said:
    if found["mac"] is None:
        return UNRESOLVED._replace(updated_s=seconds(found["age"]))
    if found["age"] == "-":
        return OWN if special_mac(mac_of(found["mac"])) else Said("", ("static",))
    return Said(updated_s=seconds(found["age"]))


_NXOS = (
    rf"(?P<ip>{IPV4})\s+(?P<age>\d\d:\d\d:\d\d|\d{{1,4}}[ywdh]\d{{0,3}}[wdhm]?|-)"
    rf"\s+(?:(?P<mac>{DOTS})|INCOMPLETE)\s+(?P<dev>[A-Za-z][\w/.-]{{0,40}}?\d[\w/.]{{0,30}})"
)


def _nxos_below(header: re.Match[str]) -> Parser:
    """Physical interface and flags follow, and in ``detail`` the VRF."""
    vrf = r"\s+(?P<vrf>[\w.-]{1,64})" if header["vrf"] else ""
    return columns(rf"{_NXOS}(?:\s+[\w/.*+#-]{{1,64}}){{0,3}}?{vrf}", _nxos)


def _nxos_ipv6(found: re.Match[str]) -> Said:
    source = found["source"].lower()
    said = STATIC if source == "static" else Said()
    return said._replace(updated_s=seconds(found["age"]))


def _asa(found: re.Match[str]) -> Said:
    if found["age"] == "-":
        return STATIC
    if found["age"] == "alias":
        return Said("", ("alias", "proxy"))
    return Said(updated_s=seconds(found["age"], 1))


def _eos(hours: str, unit: int | None = None) -> Parser:
    def says(found: re.Match[str]) -> Said:
        flags = ("unlearned",) if found["port"] == "not learned" else ()
        if found["mac"] is None:
            return UNRESOLVED
        return Said("", flags, updated_s=seconds(found["age"], unit))

    return columns(
        rf"(?P<ip>{IPV4})\s+(?P<age>\d{{1,8}}|{hours}:\d\d:\d\d|N/A)"
        rf"\s+(?:(?P<mac>{DOTS})|[Ii]ncomplete)\s+(?P<dev>[^\s,]{{2,64}})"
        r"(?:, ?(?P<port>.{1,64}))?",
        says,
    )


def _eos_ipv6(found: re.Match[str]) -> Said:
    said = nud(found["state"]) if found["state"] else Said()
    return said._replace(updated_s=seconds(found["age"]))


_STATES = r"(?P<state>INCMP|REACH|STALE|DELAY|PROBE|\?{4})"

FORMATS = (
    Format(
        "show ip arp (IOS)",
        columns(
            rf"Internet\s+(?P<ip>{IPV4})\s+(?P<age>\d{{1,8}}|-)\s+(?:(?P<mac>{DOTS})|Incomplete)"
            r"\s+[A-Z][A-Z0-9-]{2,9}(?:\s+(?P<dev>[A-Za-z]\S{1,63}))?",
            _ios,
        ),
        header=re.compile(r"Protocol\s+Address\s+Age ?\(min\)\s+Hardware Addr\s+Type\s+Interface"),
    ),
    Format(
        "show ipv6 neighbors (IOS)",
        columns(
            rf"(?P<ip>{IPV6})\s+(?P<age>\d{{1,8}}|-)\s+(?:(?P<mac>{DOTS})|-)\s+{_STATES}"
            r"\s+(?P<dev>[A-Za-z]\S{1,63})",
            _ios_ipv6,
        ),
        header=re.compile(r"IPv6 Address\s+Age\s+Link-layer Addr\s+State\s+Interface"),
    ),
    Format(
        "show ipv6 neighbors (IOS XR)",
        columns(
            rf"(?P<ip>{IPV6})\s+(?P<age>\d{{1,8}}|-)\s+(?:(?P<mac>{DOTS})|-)\s+{_STATES}"
            r"\s+(?P<dev>[A-Za-z]\S{1,63})\s+\d{1,3}/\S{1,20}",
            _xr_ipv6,
        ),
        header=re.compile(r"IPv6 Address\s+Age\s+Link-layer Addr\s+State\s+Interface\s+Location"),
        noise=re.compile(r"\[Mcast adjacency\].*"),
    ),
    Format(
        "show arp (IOS XR)",
        columns(
            rf"(?P<ip>{IPV4})\s+(?P<age>{CLOCK}|-)\s+(?P<mac>{DOTS})\s+(?P<state>[A-Z][A-Za-z]{{4,15}})"
            r"\s+[A-Z][A-Z0-9-]{2,9}\s+(?P<dev>[A-Za-z]\S{1,63})",
            _xr,
        ),
        header=re.compile(r"Address\s+Age\s+Hardware Addr\s+State\s+Type\s+Interface"),
        noise=re.compile(r"\d{1,3}/(?:\w{1,5}/)?CPU\d"),
    ),
    Format(
        "show ip arp (NX-OS)",
        columns(_NXOS + r"(?:\s+[\w/.*+#-]{1,64}){0,3}", _nxos),
        header=re.compile(
            r"Address\s+Age\s+MAC Address\s+Interface(?:\s+(?!VRF)[A-Z]\w+)*(?P<vrf>\s+VRF Name)?"
        ),
        below=_nxos_below,
        section=re.compile(r"IP ARP Table for (?:context|VRF) (?P<vrf>\S{1,64})"),
        noise=re.compile(
            r"IP ARP Table(?: for all contexts)?|IP ARP (?:MAC-only )?Table.*"
            r"|Total number of entries: \d+"
        ),
    ),
    Format(
        "show ipv6 neighbor (NX-OS)",
        columns(
            rf"(?P<ip>{IPV6})\s+(?P<age>{CLOCK}|-)\s+(?P<mac>{DOTS})\s+\d{{1,4}}"
            r"\s+(?P<source>[a-z][\w-]{1,15})\s+(?P<dev>[A-Za-z]\S{1,63})(?:\s+\S{1,32}){0,3}",
            _nxos_ipv6,
        ),
        header=re.compile(r"Address\s+Age\s+MAC Address\s+Pref\s+Source\s+Interface\b.*"),
        section=re.compile(r"IPv6 Adjacency Table for VRF (?P<vrf>\S{1,64})"),
        noise=re.compile(r"IPv6 Adjacency Table.*|lity Flags"),
        wraps=True,
    ),
    Format(
        "show arp (ASA)",
        columns(
            rf"(?P<dev>[A-Za-z][\w./-]{{0,47}}) (?P<ip>{IPV4}) (?P<mac>{DOTS}) "
            r"(?P<age>\d{1,8}|-|alias)",
            _asa,
        ),
    ),
    Format(
        "show ip arp (EOS)",
        _eos(r"\d"),  # NX-OS prints two digits of an hour
        header=re.compile(r"Address\s+Age \((?P<unit>min|sec)\)\s+Hardware Addr\s+Interface"),
        below=lambda header: _eos(r"\d{1,4}", MINUTE if header["unit"] == "min" else 1),
        section=re.compile(r"VRF ?: (?P<vrf>\S{1,64})"),
    ),
    Format(
        "show ipv6 neighbors (EOS)",
        columns(
            rf"(?P<ip>{IPV6})\s+(?P<age>\d{{1,4}}:\d\d:\d\d|N/A|-)\s+(?P<mac>{DOTS})"
            r"(?:\s+(?P<state>[A-Z]{5,11}))?\s+(?P<dev>[^\s,]{2,64})(?:, ?.{1,64})?",
            _eos_ipv6,
        ),
        header=re.compile(r"IPv6 Address\s+Age\s+Hardware Addr\s+(?:State\s+)?Interface"),
    ),
)
