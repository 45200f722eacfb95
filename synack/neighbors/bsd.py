"""Neighbor tables of FreeBSD, macOS, OpenBSD, NetBSD, AIX and Solaris.

Sources: ``usr.sbin/arp/arp.c`` and ``usr.sbin/ndp/ndp.c`` of FreeBSD, OpenBSD and NetBSD
and their manual pages arp(8), ndp(8); arp(8) of Solaris. None prints an age: "expires" is
what is left. ``permanent`` (rmx_expire 0) is an entry that ARP does not change;
the host's own addresses are permanent too, and only OpenBSD marks them (``l``).
"""

from __future__ import annotations

import re

from synack.neighbors.entry import INVALID, Entry, Named, Said
from synack.neighbors.format import (
    CLOCK,
    IPV4,
    NAME,
    OCTETS,
    PAIRS,
    STATIC,
    UNRESOLVED,
    Format,
    Row,
    columns,
)

_PERMANENT = Said("PERMANENT", ("permanent",))
_EXPIRED = Said(INVALID, ("expired",))
"""arpresolve (FreeBSD if_ether.c) sends nothing to an entry after its time: it asks anew."""

_EXPIRE = rf"(?:{CLOCK}|permanent|expired|static|\(none\))"


def _list(found: re.Match[str]) -> Said:
    words = found["words"]
    more = tuple(w for w in ("ifscope", "published") if w in words)
    if "proxy only" in words:
        more += ("proxy",)
    said = Said()
    if found["mac"] is None:
        said = UNRESOLVED
    elif "permanent" in words:
        said = _PERMANENT
    elif "expired" in words:
        said = _EXPIRED
    return said._replace(flags=(*said.flags, *more))


_WORDS = (
    r"(?P<words>(?:\s++(?:ifscope|permanent|expired|expires(?: in \d{1,9}+ seconds)?|private"
    r"|published(?: \(proxy only\))?)|\(we?i?e?rd\)){0,6})"
)
_LIST = columns(
    rf"{NAME} \((?P<ip>{IPV4})\) at (?:\(incomplete\)(?= on )|(?P<mac>{OCTETS}))"
    rf"(?: on (?P<dev>\S{{1,64}}+))?+{_WORDS}(?: \[\w{{2,12}}\])?",
    _list,
)
_CUT = re.compile(r".* at [0-9A-Fa-f:]{6,17}:[0-9A-Fa-f]")


def _parse_list(line: str, at: int | None, number: int) -> Row:
    # Octets have no leading zeros: one digit at the very end may be half of two.
    return None if _CUT.fullmatch(line) else _LIST(line, at, number)


def _aix(found: re.Match[str]) -> Said:
    if found["mac"] is None:
        return UNRESOLVED
    words = (found["words"] or "").split()
    flags = ("published",) if "published" in words else ()
    said = _PERMANENT if "permanent" in words else Said()
    return said._replace(flags=said.flags + flags)


def _columns_of_ndp(found: re.Match[str]) -> Said:
    letters = found["flags"] or ""
    flags = tuple(
        word
        for letter, word in (("R", "router"), ("l", "own"), ("p", "published"), ("P", "published"))
        if letter in letters
    )
    said = _STATES[found["state"]]
    if found["expire"] == "permanent" and said.state != "INCOMPLETE":
        said = _PERMANENT
    if found["expire"] == "static":
        said = STATIC
    probes = found["probes"]
    return said._replace(flags=said.flags + flags, probes=None if probes is None else int(probes))


_STATES = {
    "N": Said("NONE"),
    "W": Said(INVALID, ("waitdelete",)),
    "I": Said("INCOMPLETE"),
    "R": Said("REACHABLE"),
    "S": Said("STALE"),
    "D": Said("DELAY"),
    "P": Said("PROBE"),
    "U": Said(INVALID, ("unreachable",)),
    "?": Said(),
}
"""ndp(8): the states of RFC 4861. N is an entry without a state yet, as NUD NONE."""


def _columns_of_openbsd(found: re.Match[str]) -> Said:
    letters = found["flags"] or ""
    more = (("own",) if "l" in letters else ()) + (("published",) if "p" in letters else ())
    expire = found["expire"]
    if found["mac"] is None:
        said = UNRESOLVED
    else:
        said = {"permanent": _PERMANENT, "expired": _EXPIRED, "static": STATIC}.get(expire, Said())
    return said._replace(flags=said.flags + more)


def _columns_of_macos(found: re.Match[str]) -> Said:
    return UNRESOLVED if found["mac"] is None else Said()


_SOLARIS = {
    "d": "unverified",
    "o": "old",
    "y": "delayed",
    "A": "authority",
    "L": "own",
    "M": "mapping",
    "P": "published",
    "S": "static",
    "U": "incomplete",
}
"""arp(8). ``S``: not changed by what is learned. ``P`` is on own addresses, too."""


def _columns_of_solaris(found: re.Match[str]) -> Said:
    letters = found["flags"] or ""
    flags = tuple(word for letter, word in _SOLARIS.items() if letter in letters)
    if found["mac"] is None or "U" in letters:
        return Said(INVALID, (*(flag for flag in flags if flag != "incomplete"), "incomplete"))
    return Said("PERMANENT" if "S" in letters else "", flags)


_HEARD = columns(
    rf"(?P<mac>{OCTETS})\s+(?P<ip>{IPV4})\s+(?P<at>1\d{{9}})"
    r"(?:\s+[A-Za-z0-9][\w.-]{0,252}+)?(?:\s+[\w.:-]{1,32})?",
    lambda _found: Said("", ("heard",)),
)


def _parse_heard(line: str, at: int | None, number: int) -> Row:
    """arpwatch(8): MAC, address, when that pair was last seen, name, interface."""
    row = _HEARD(line, at, number)
    if isinstance(row, Entry):
        return row._replace(at=int(line.split(None, 3)[2]) * 1_000_000_000)
    return None if isinstance(row, Named) else row


FORMATS = (
    Format("arp -a (BSD)", _parse_list),
    Format(
        "arp -a (AIX)",
        columns(
            rf"{NAME} \((?P<ip>{IPV4})\) at (?:\(incomplete\)|(?P<mac>{OCTETS}) \[\w{{2,12}}\])"
            r"(?P<words>(?: (?:permanent|published)){0,2})(?: stored in bucket \d{1,6})?",
            _aix,
        ),
        noise=re.compile(
            r"bucket: +\d+ +contains: +\d+ entr\w+|There (?:is|are) \d+ entr\w+ in the arp table\."
        ),
    ),
    Format(
        "arp -a (OpenBSD)",
        columns(
            rf"(?P<ip>\S{{1,255}}+)\s+(?:(?P<mac>{OCTETS})|\(incomplete\))\s+(?P<dev>[a-z]\w{{1,15}})"
            rf"\s+(?P<expire>{_EXPIRE})(?:\s+(?P<flags>[lps]{{1,3}}))?",
            _columns_of_openbsd,
        ),
        header=re.compile(r"Host\s+Ethernet Address\s+Netif\s+Expire\s+Flags"),
    ),
    Format(
        "arp -al (macOS)",
        header=re.compile(r"Neighbor\s+Linklayer Address\s+Expire\(O\)\s+Expire\(I\)\s+Netif.*"),
        below=lambda _header: columns(
            rf"(?P<ip>\S{{1,255}}+)\s+(?:(?P<mac>{OCTETS})|\(incomplete\))\s+{_EXPIRE}\s+{_EXPIRE}"
            r"\s+(?P<dev>[a-z]\w{1,15})(?:\s+\d{1,9}){0,2}",
            _columns_of_macos,
        ),
    ),
    Format(
        "ndp -a",
        columns(
            rf"(?P<ip>\S{{1,255}}+)\s+(?:(?P<mac>{OCTETS})|\(incomplete\))\s+(?P<dev>[a-z]\w{{1,31}})"
            rf"\s+(?P<expire>{_EXPIRE})\s+(?P<state>[NWIRSDPU?])"
            r"(?:\s+(?P<flags>[RlpP]{1,4}))?(?:\s+(?P<probes>\d{1,4}))?",
            _columns_of_ndp,
        ),
        header=re.compile(r"Neighbor\s+Linklayer Address\s+Netif\s+Expire\b.*"),
    ),
    Format(
        "arp -a (Solaris)",
        columns(
            r"(?P<dev>[a-z]\w{1,31})\s+(?P<ip>\S{1,255}+)\s+(?:255\.255\.255\.255|240\.0\.0\.0)"
            rf"(?:\s+(?P<flags>[doyALMPSU]{{1,8}}+))?(?:\s+(?P<mac>{PAIRS})|(?<=U))",
            _columns_of_solaris,
        ),
        header=re.compile(r"Device\s+IP Address\s+Mask\s+Flags\s+Phys Addr"),
        noise=re.compile(r"Net to Media Table: IPv[46]"),
    ),
    Format("arpwatch arp.dat", _parse_heard),
)
