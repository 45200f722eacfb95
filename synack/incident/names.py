"""What the names of files and folders spell: host, interface, place in a rotated set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from synack.addresses import Address

_EXTENSION = re.compile(
    r"\.(gz|zst|xz|bz2|lz4|pcapng|pcap|cap|dmp|dump|txt|log|json|out|err|stderr)(?:[\d_]*|\.\d+)$",
    re.I,
)
_INTERFACE = re.compile(
    r"(?:eth|ens|eno|enp|enx|em|en|bond|team|br|docker|wlan|wlp|vlan|tun|tap|vxlan|ib)\d[\w.]*"
    r"|(?:veth|cali|enx)[0-9a-f]+|flannel\.?\d+|cni0|lo|any",
)
_WORDS = frozenset(
    "ip show neigh neighbor neighbors neighbour neighbours arp proc net cache table tables dump"
    " dumps monitor mon poll nstat netstat ss snmp sysctl addr link route ndp nud tcpdump tshark"
    " dumpcap capture captures cap pcap pcaps trace traces packets before after start end begin"
    " log logs output stderr ifconfig uname dmesg journal journalctl leases ntable routes"
    " stat netsh hosts".split()
)
_FLAGS = frozenset(
    "s j ts t d all a n an e 4 6 br o r p c nu aj az i rn ant anto antp ltn lnt tan tano tanie tani"
    " tanp htan".split()
)
"""Options that are part of a name only beside a command: ``ip_-s_neigh``, ``arp-an``."""
_COMMANDS = frozenset(
    "arp neigh neighbor neighbors neighbour neighbours ndp nstat netstat ss sysctl ifconfig dmesg"
    " journalctl tcpdump tshark dumpcap".split()
)
"""What follows one of these in a name tells which of several it is, not whose."""
_STAMP = re.compile(r"\d{5,}[tT]?\d*[zZ]?$")
_COUNT = re.compile(r"[a-z]?\d{1,4}[a-z]?", re.I)
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?:[-_tT ]\d\d[-:_]?\d\d(?:[-:_]?\d\d)?(?:\.\d+)?[zZ]?)?(?!\d)"
)
"""``2026-09-16``, ``2026-09-16T14:05:00Z``, ``2026-09-16_14-05-00``."""
_SUBINTERFACE = re.compile(r"(?:eth|en|em|bond|team|br|vlan)\w*\d\.\d{1,4}")
"""``eth0.100``, the VLAN 100 of ``eth0``."""


def host_and_interface(name: str) -> tuple[str, str]:
    """Host and interface that a file name spells; "" for what it does not.

    ``broker-1-eth0.pcap12.gz`` is (``broker-1``, ``eth0``), ``HOST.neigh.txt`` and
    ``HOST_arp.txt`` name the host, ``arp.txt`` and ``capture.pcap`` nobody.
    """
    stem = name if name != "-" else ""
    while _EXTENSION.search(stem):
        stem = _EXTENSION.sub("", stem)
    tokens = re.split(r"([-_.@]+)", _DATE.sub("", stem))
    words = {token.lower() for token in tokens}
    noise = _WORDS | _FLAGS if words & {"ip", "arp", "neigh", "netstat", "nstat", "ss"} else _WORDS
    interface = ""
    while tokens:
        word = tokens[-1]
        if _SUBINTERFACE.fullmatch("".join(tokens[-3:])):
            tokens[-3:] = [word := "".join(tokens[-3:])]
        if not interface and _INTERFACE.fullmatch(word) and len(tokens) > 1:
            interface = word
        elif not (word.lower() in noise or not word or _is_remark(tokens)):
            break
        tokens = tokens[:-2]
    amazon = re.match(r"ip-\d+-\d+-\d+-\d+", stem)
    while len(tokens) > 2 and (tokens[0].lower() in noise or not tokens[0]) and not amazon:
        tokens = tokens[2:]
    host = "".join(tokens)
    if not interface and _INTERFACE.fullmatch(host):
        host, interface = "", host
    return ("" if host.lower() in noise else host), interface


def _is_remark(tokens: list[str]) -> bool:
    """Whether the last token says when, or which of several: ``20260916T1405``, ``neigh2``, and
    the ``2`` or ``t30`` after a command (``HOST_ip_neigh_2``)."""
    word, before = tokens[-1], {token.lower() for token in tokens[2:-1]}
    if _STAMP.fullmatch(word):
        return True
    if len(tokens) < 3 or tokens[0].lower() in _WORDS:
        return False  # the command comes first, then the host
    numbered = word.lower().rstrip("0123456789") in _COMMANDS
    return numbered or (_COUNT.fullmatch(word) is not None and bool(before & _COMMANDS))


def _before_command(name: str) -> str:
    """What a name has before the first command in it, "" without one: ``broker-1`` of
    ``broker-1_ip_neigh_healed``."""
    tokens = re.split(r"([-_.@]+)", name)
    for place in range(2, len(tokens), 2):
        if tokens[place].lower() in _COMMANDS:
            return host_and_interface("".join(tokens[: place - 1]))[0]
    return ""


_GENERIC_FOLDER = frozenset(
    "captures capture pcaps pcap dumps dump tables data logs net network files incident input"
    " inputs tmp case fixtures".split()
)


def folder_host(name: str) -> str:
    """The host that a folder is named after, "" for folders with everyday names."""
    return "" if name.lower() in _GENERIC_FOLDER or not name else name


def rotation(name: str) -> tuple[str, int | None]:
    """(name of the set, number in it) of a rotated capture file.

    tcpdump ``-C`` appends a number to the name, ``-G`` expands a date in it; dumpcap
    writes ``NAME_00001_20260101120000.pcap``. Dates do not count up, so their number
    is None.
    """
    stem = name
    while (found := re.search(r"\.(gz|zst|xz|bz2|lz4)$", stem, re.I)) is not None:
        stem = stem[: found.start()]
    ring = re.search(r"_(\d{5,})_(\d{14})(?=\.\w+$|$)", stem)
    if ring:
        return stem[: ring.start()] + stem[ring.end() :], int(ring[1])
    numbered = re.search(r"(\.(?:pcap|pcapng|cap|dmp))\.?(\d+)$", stem, re.I)
    if numbered:
        return stem[: numbered.end(1)], int(numbered[2])
    if re.search(r"\.(?:pcap|pcapng|cap|dmp)$", stem, re.I):
        dateless = re.sub(r"[-_.]?\d{4}-?\d\d-?\d\d[-_T]?\d\d[-:_]?\d\d[-:_]?\d\d", "", stem)
        return dateless, 0 if dateless == stem else None
    return stem, None


def whose(
    hint: str,
    from_folder: bool,
    addresses: AbstractSet[Address],
    own: Mapping[str, AbstractSet[Address]],
    peers: Mapping[str, AbstractSet[Address]],
) -> str:
    """The host that a dump is of: a name in ``own``, else ``hint``, else "".

    ``addresses`` are those in the dump. A host's table never lists the host's own
    addresses, and lists some that it talks to. So a hint that is a captured host's name
    decides, then one that has it before a command (``broker.arp.healed``), then one that
    abbreviates a single fitting name (``b`` for ``broker``), then, without a name of its
    own, the addresses if only one host fits.
    """
    for host in own:
        if hint.lower() == host.lower():
            return host
    stem = _before_command(hint).lower()
    for host in own:
        if stem == host.lower() and not addresses & own[host]:
            return host
    fitting = [
        host
        for host in own
        if not addresses & own[host] and (not addresses or addresses & peers.get(host, set()))
    ]
    short = [host for host in fitting if hint and host.lower().startswith(hint.lower())]
    if len(short) == 1 and not from_folder:
        return short[0]
    if (not hint or from_folder) and addresses and len(fitting) == 1:
        return fitting[0]
    return hint
