"""Neighbor tables of Junos, PAN-OS, RouterOS, Huawei VRP, H3C Comware and FortiOS.

Sources: the vendors' command references and outputs in networktocode/ntc-templates.
Junos (``Exp``, ``TTE``), PAN-OS (``ttl``), VRP (``EXPIRE``) and Comware (``Aging``) print
what is left of an entry's life, not its age; FortiOS does not say since when its age counts.
None of these is taken as an age.
"""

from __future__ import annotations

import re

from synack.neighbors.entry import INVALID, Entry, Said, entry_of
from synack.neighbors.format import (
    IP,
    IPV4,
    IPV6,
    OWN,
    PAIRS,
    QUADS,
    STATIC,
    UNRESOLVED,
    Format,
    Row,
    columns,
    in_vrf,
    nud,
    says_nothing,
)


def _junos(found: re.Match[str]) -> Said:
    words = tuple(word for word in found["flags"].split() if word != "none")
    if found["mac"] is None:
        return UNRESOLVED
    return Said("PERMANENT" if "permanent" in words else "", words)


def _junos_ipv6(found: re.Match[str]) -> Said:
    said = nud(found["state"])
    more = tuple(
        word for word, group in (("router", "rtr"), ("secure", "secure")) if found[group] == "yes"
    )
    return said._replace(flags=said.flags + more)


_PANOS = {
    "s": STATIC,
    "c": Said("", ("complete",)),
    "e": Said("", ("expiring",)),
    "i": UNRESOLVED,
}


def _panos(found: re.Match[str]) -> Said:
    return _PANOS[found["status"]]


# ---- RouterOS ------------------------------------------------------------------------------

_LETTERS = {"X": "disabled", "H": "dhcp", "D": "dynamic", "P": "published", "R": "router"}
_KEYS = frozenset(
    "address mac-address interface published status vrf invalid dhcp dynamic complete disabled"
    " comment router".split()
)
"""What ``/ip arp`` has. A lease or an address has others."""
_PAIR = re.compile(r'([a-z-]{2,24})=("[^"]{0,200}"|[^\s"]{0,200})(?:\s+|$)')
_STATUS = "delay|failed|incomplete|permanent|probe|reachable|stale"


def _routeros(letters: str, mac: str | None, status: str | None) -> Said:
    """Flags and ``status`` by the manual (ARP, "Read-only properties"): states are Linux's.
    What is not dynamic was set by the administrator."""
    flags = tuple(word for letter, word in _LETTERS.items() if letter in letters)
    if "P" in letters:
        return Said("", (*flags, "proxy"))
    if not flags or "D" not in letters:
        flags += ("static",)
    if status:
        return Said(nud(status).state, flags)
    if mac is None or mac == "00:00:00:00:00:00" or "I" in letters:
        return Said(INVALID, (*flags, "invalid" if "I" in letters else "incomplete"))
    return Said("" if "D" in letters else "PERMANENT", flags)


_DEVICE = r"(?P<dev>[A-Za-z][^\s:]{0,63})"
_TABLE = columns(
    rf"\d{{1,6}}\s+(?:(?P<flags>[XIHDPCR]{{1,7}})\s+)?(?P<ip>{IP})"
    # With neither, the address itself may be cut.
    rf"(?=\s+\S)(?:\s+(?P<mac>{PAIRS}))?(?:\s+{_DEVICE})?"
    rf"(?:\s+(?!(?:{_STATUS})$)(?P<vrf>\S{{1,64}}))?(?:\s+(?P<status>{_STATUS}))?",
    lambda found: _routeros(found["flags"] or "", found["mac"], found["status"]),
)
_PAIRED = re.compile(r"\d{1,6}\s+(?:([XIHDPCR]{1,7})\s+)?(?:;;; .{0,200}?\s+)?(address=\S.{0,700})")
_WHOLE_MAC = re.compile(PAIRS)


def _pairs(text: str) -> dict[str, str] | None:
    pairs, end = {}, 0
    while (found := _PAIR.match(text, end)) is not None:
        pairs[found[1]] = found[2].strip('"')
        end = found.end()
    return pairs if pairs and end == len(text) and _KEYS.issuperset(pairs) else None


def _parse_pairs(line: str, at: int | None, number: int) -> Row:
    """``print terse`` and ``print detail``: NAME=VALUE, in detail over two lines."""
    found = _PAIRED.fullmatch(line)
    pairs = _pairs(found[2]) if found else None
    if found is None or pairs is None:
        return None
    mac = pairs.get("mac-address")
    if not (mac or pairs.get("interface")) or (mac and not _WHOLE_MAC.fullmatch(mac)):
        return "a cut row"
    letters = (found[1] or "") + ("P" if pairs.get("published") == "yes" else "")
    said = in_vrf(_routeros(letters, mac, pairs.get("status")), pairs.get("vrf"))
    return entry_of(pairs["address"], mac, pairs.get("interface", ""), said, at, number)


def _amend_pairs(entry: Entry, line: str) -> Entry | None:
    pairs = _pairs(line)
    if pairs is None or "address" in pairs:
        return None
    flags = set(entry.flags.split())
    state = entry.state
    if pairs.get("published") == "yes":
        flags |= {"published", "proxy"}
        state = ""
    elif pairs.get("status"):
        state = nud(pairs["status"]).state
    flags |= set(in_vrf(Said(), pairs.get("vrf")).flags)
    interface = entry.interface or pairs.get("interface", "")
    return entry._replace(interface=interface, state=state, flags=" ".join(sorted(flags)))


# ---- Huawei, H3C ---------------------------------------------------------------------------

_VRP = {"D": Said("", ("dynamic",)), "S": STATIC, "I": OWN, "O": OWN, "R": Said("", ("remote",))}
_COMWARE = {
    "S": STATIC,
    "D": Said("", ("dynamic",)),
    "O": Said("", ("openflow",)),
    "R": Said("", ("rule",)),
    "M": Said("", ("multiport",)),
    "I": Said(INVALID, ("invalid",)),
}


def _vrp(found: re.Match[str]) -> Said:
    if found["mac"] is None:
        return UNRESOLVED
    return _VRP.get(found["type"], Said())


def _comware(found: re.Match[str]) -> Said:
    return _COMWARE[found["type"]]


_SLOT = re.compile(r"\d{1,4}/(?:\d{1,4}|-)(?:\s+\S{1,64})?")


def _amend_vrp(entry: Entry, line: str) -> Entry | None:
    """The VLANs of the entry, in the second line."""
    return entry if _SLOT.fullmatch(line) else None


FORMATS = (
    Format(
        "show arp (Junos)",
        columns(
            rf"(?:(?P<mac>{PAIRS})|\(?[Ii]ncomplete\)?)\s+(?P<ip>{IPV4})(?:\s+(?P<name>\S{{1,255}}))?"
            r"\s+(?P<dev>[A-Za-z][\w/.:-]{1,31})(?:\s+\[\S{1,48}\])?"
            r"\s+(?P<flags>(?:none|permanent|published|remote|static)"
            r"(?:\s+(?:permanent|published|remote|static)){0,3})(?:\s+\d{1,9})?",
            _junos,
        ),
        header=re.compile(r"MAC Address\s+Address\s+(?:Name\s+)?Interface\s+Flags(?:\s+TTE)?"),
        noise=re.compile(r"Total entries: \d+|\{(?:\w+:)?\w+\}(?:\[edit[^\]]*\])?"),
    ),
    Format(
        "show ipv6 neighbors (Junos)",
        columns(
            rf"(?P<ip>{IPV6})\s+(?:(?P<mac>{PAIRS})|none|\(?incomplete\)?)\s+(?P<state>[a-z]{{4,16}})"
            r"\s+(?:\d{1,9}|-)\s+(?P<rtr>yes|no)\s+(?P<secure>yes|no)"
            r"\s+(?P<dev>[A-Za-z][\w/.:-]{1,31})(?:\s+\[\S{1,48}\])?",
            _junos_ipv6,
        ),
        header=re.compile(
            r"IPv6 Address\s+Linklayer Address\s+State\s+Exp\s+Rtr\s+Secure\s+Interface"
        ),
        wraps=True,
    ),
    Format(
        "show arp all (PAN-OS)",
        columns(
            rf"(?P<dev>[A-Za-z]\S{{1,47}})\s+(?P<ip>{IPV4})\s+(?:(?P<mac>{PAIRS})|\(?incomplete\)?)"
            r"(?:\s+[A-Za-z]\S{1,47})?\s+(?P<status>[scei])\s+\d{1,9}",
            _panos,
        ),
        header=re.compile(r"interface\s+ip address\s+hw address\s+port\s+status\s+ttl"),
        noise=re.compile(
            r"maximum of entries supported :\s+\d+|default timeout:\s+\d+ seconds"
            r"|total ARP entries (?:in table|shown) :\s+\d+|status: s - static, .*"
        ),
    ),
    Format(
        "/ip arp print",
        _parse_pairs,
        header=re.compile(r"#\s+ADDRESS\s+MAC-ADDRESS\s+INTERFACE(?:\s+VRF)?(?:\s+STATUS)?"),
        below=lambda _header: _TABLE,
        noise=re.compile(r"Flags: [A-Z](?: -|,) .*|Columns: ADDRESS, MAC-ADDRESS, .*|;;; .*"),
        amend=_amend_pairs,
    ),
    Format(
        "display arp (VRP)",
        columns(
            rf"(?P<ip>{IPV4})\s+(?:(?P<mac>{QUADS})|Incomplete)(?:\s+\d{{1,6}})?"
            r"\s+(?P<type>[A-Z])(?: -|[F-][-\d/]{0,6})"
            r"(?:\s{1,14}(?P<dev>[A-Za-z-]+ \d\S{0,40}|\S{1,64}))?(?:\s+(?P<vrf>\S{1,64}))?",
            _vrp,
        ),
        header=re.compile(r"IP ADDRESS\s+MAC ADDRESS\s+EXPIRE ?\(M\)\s+TYPE\b.*"),
        noise=re.compile(
            r"VLAN/CEVLAN\b.*|TYPE ?: D ?- ?Dynamic.*|Total: ?\d+\s+Dynamic: ?\d+\b.*"
        ),
        amend=_amend_vrp,
    ),
    Format(
        "display arp (Comware)",
        columns(
            rf"(?P<ip>{IPV4})\s+(?P<mac>{QUADS})\s+\S{{1,32}}\s+(?:N/A|(?P<dev>\S{{1,64}}))"
            r"\s+(?:\d{1,6}|N/A|--)\s+(?P<type>[SDORMI])(?:\s+\S{1,64})?",
            _comware,
        ),
        header=re.compile(r"(?i:IP address\s+MAC address\s+(?:S?VLAN|VID)\b.*\bAging\s+Type\b.*)"),
        noise=re.compile(r"Type: S-Static\s+D-Dynamic\b.*"),
    ),
    Format(
        "get system arp",
        header=re.compile(r"Address\s+Age\(min\)\s+Hardware Addr\s+Interface"),
        below=lambda _header: columns(
            rf"(?P<ip>{IPV4})\s+\d{{1,8}}\s+(?P<mac>{PAIRS})\s+(?P<dev>\S{{1,64}})", says_nothing
        ),
    ),
)
