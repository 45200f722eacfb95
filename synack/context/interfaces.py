"""A host's own addresses and MACs: ``ip addr``, ``ip link`` (text, ``-j``, ``-br``, ``-o``)
and ``ifconfig`` (Linux, BSD, macOS)."""

from __future__ import annotations

import re

from synack.addresses import NO_IP, NO_MAC, Address, parse_ip, parse_mac
from synack.context.reading import Reading, Rows, numbered, objects
from synack.tables import NO_TIME, OWN

_LINK = re.compile(r"\d{1,9}: ([^\s:@]{1,64})(?:@\S{1,64})?: <([A-Z0-9,_-]{0,400})>")
_ADDRESS = re.compile(
    r"(?:\d{1,9}: (\S{1,64}) +)?inet6? ([0-9a-fA-F:.]{2,46})(?: peer ([0-9a-fA-F:.]{2,46}))?"
    r"(?:/(\d{1,3}))? .*"
)
_LINK_ADDRESS = re.compile(r"(?:.*\s)?link/\S{1,40} (\S{11,60})(?: .*)?")
_BRIEF = re.compile(r"(\S{1,64}) +(UP|DOWN|UNKNOWN|LOWERLAYERDOWN|DORMANT)\b *(.*)")
_IFCONFIG = re.compile(
    r"([a-z][\w.@-]{1,63}?):? +(?:flags=[0-9a-f]{1,8}<([A-Z0-9,_]{0,400})>|Link encap:).*"
)
_INET = re.compile(r"\s+inet6? (?:addr: ?)?([0-9a-fA-F:.]{2,46})(?:%\S{1,32})?(?:/(\d{1,3}))?(.*)")
_NETMASK = re.compile(r"(?:netmask |Mask:)(0x[0-9a-f]{8}|[\d.]{7,15})|prefixlen (\d{1,3})")
_ETHER = re.compile(r"(?:.*\s)?(?:ether|HWaddr|lladdr|address:) ([0-9a-fA-F:]{11,17})(?: .*)?")


def read_interfaces(path: str, text: str) -> Reading | None:
    """The interfaces of ``ip addr`` and ``ip link`` with their addresses, one row for each;
    None without any."""
    return _Own(path).of_ip(text) if ": <" in text or " inet" in text else None


def read_interfaces_json(path: str, text: str) -> Reading | None:
    """Likewise of ``ip -j addr`` and ``ip -j link``."""
    own = _Own(path)
    for number, link in objects(own.rows, text, "ifname") if '"ifname"' in text else ():
        own.object(number, link)
    return own.finish("ip -j addr" if '"addr_info"' in text else "ip -j link")


def read_interfaces_brief(path: str, text: str) -> Reading | None:
    """Likewise of ``ip -br addr`` and ``ip -br link``."""
    return _Own(path).of_brief(text) if " UP" in text or " DOWN" in text else None


def read_ifconfig(path: str, text: str) -> Reading | None:
    """Likewise of ``ifconfig``."""
    if "flags=" not in text and "Link encap:" not in text:
        return None
    return _Own(path).of_ifconfig(text)


class _Own:
    """The interface at hand, and the addresses found of it."""

    def __init__(self, path: str) -> None:
        self.rows = Rows(path, OWN)
        self._begin(0, "", -1)

    def _begin(self, number: int, name: str, up: int) -> None:
        self.number, self.name, self.up, self.mac, self.at = number, name, up, NO_MAC, NO_TIME
        self.addresses: list[tuple[int, Address, int]] = []

    def _end(self) -> None:
        if self.name:
            for number, ip, prefix in self.addresses or [(self.number, NO_IP, -1)]:
                self.rows.add(number, self.name, *ip, prefix, self.mac, self.up, lines=0)
        self._begin(0, "", -1)

    def _next(self, number: int, name: str, up: int) -> None:
        if name != self.name:
            self._end()
            self._begin(number, name, up)
        self.rows.lines += 1

    def _address(self, number: int, text: str, prefix: str | None) -> None:
        ip = parse_ip(text)
        if ip is None or (prefix and int(prefix) > 128):
            self.rows.unreadable(number, "not an address")
            return
        self.addresses.append((number, ip, int(prefix) if prefix else -1))

    def finish(self, kind: str) -> Reading | None:
        self._end()
        return self.rows.reading(kind)

    def object(self, number: int, link: dict[str, object]) -> None:
        """One of ``ip -j addr`` or ``ip -j link``."""
        name, flags, address = link.get("ifname"), link.get("flags"), link.get("address")
        if not isinstance(name, str) or not isinstance(flags, list):
            return
        self._next(number, name, int("UP" in flags))
        self.mac = _mac(address) if isinstance(address, str) else NO_MAC
        found = link.get("addr_info")
        for info in found if isinstance(found, list) else ():
            if isinstance(info, dict) and isinstance(info.get("local"), str):
                length = info.get("prefixlen")
                prefix = str(length) if type(length) is int and 0 <= length <= 128 else None
                self._address(number, info["local"], prefix)
        self._end()

    def of_ip(self, text: str) -> Reading | None:
        links = 0
        for number, line in numbered(text):
            stripped = line.strip()
            if (link := _LINK.match(line)) is not None:
                self._end()
                self._next(number, link[1], int("UP" in link[2].split(",")))
                links += 1
            elif (found := _ADDRESS.fullmatch(stripped + " ")) is not None and (
                self.name or found[1]
            ):
                if found[1]:  # ip -o has a line for each address
                    self._next(number, found[1], -1)
                    links += 1
                else:
                    self.rows.lines += 1
                address, prefix = found[2], found[4]
                if not prefix and found[3] is None:
                    prefix = "128" if ":" in address else "32"
                self._address(number, address, prefix)
            elif self.name and line[0] in " \t":
                self.rows.lines += 1
            elif self.rows.date(line):
                self._end()
            if self.name and (mac := _LINK_ADDRESS.fullmatch(stripped)) is not None:
                self.mac = _mac(mac[1])
        return self.finish("ip addr" if " inet" in text else "ip link") if links else None

    def of_brief(self, text: str) -> Reading | None:
        found_any = False
        for number, line in numbered(text):
            if (found := _BRIEF.fullmatch(line.rstrip())) is None:
                self.rows.date(line)
                continue
            words = found[3].split()
            addresses = [word.partition("/") for word in words if "/" in word]
            macs = [word for word in words if word.count(":") == 5 and "/" not in word]
            if words and not macs and not any(parse_ip(a) for a, _, _ in addresses):
                continue
            found_any |= bool(words)
            self._next(number, found[1].partition("@")[0], int(found[2] == "UP"))
            self.mac = _mac(macs[0]) if macs else NO_MAC
            for address, _, prefix in addresses:
                self._address(number, address, prefix if prefix.isdecimal() else None)
            self._end()
        return self.finish("ip -br addr") if found_any else None

    def of_ifconfig(self, text: str) -> Reading | None:
        links = 0
        for number, line in numbered(text):
            if (head := _IFCONFIG.fullmatch(line)) is not None:
                self._end()
                up = int("UP" in head[2].split(",")) if head[2] is not None else -1
                self._next(number, head[1], up)
                links += 1
            elif self.name and (found := _INET.fullmatch(line)) is not None:
                self.rows.lines += 1
                self._address(number, found[1], found[2] or _prefix(found[3]))
            elif self.name and line[0] in " \t":
                self.rows.lines += 1
                if " UP " in line[:20]:
                    self.up = 1
            elif self.rows.date(line):
                self._end()
            if self.name and (mac := _ETHER.fullmatch(line.rstrip())) is not None:
                self.mac = _mac(mac[1])
        return self.finish("ifconfig") if links else None


def _mac(text: str) -> int:
    """Loopback's zeros are no MAC."""
    return parse_mac(text) or NO_MAC


def _prefix(text: str) -> str | None:
    """Of ``netmask 255.255.255.0``, ``netmask 0xffffff00``, ``Mask:...`` or ``prefixlen 64``."""
    found = _NETMASK.search(text)
    if found is None or found[2]:
        return found[2] if found else None
    if found[1].startswith("0x"):
        mask = int(found[1], 16)
    else:
        parsed = parse_ip(found[1])
        mask = parsed[1] & 0xFFFF_FFFF if parsed else 1
    length = mask.bit_count()
    return str(length) if mask == (0xFFFF_FFFF << (32 - length)) & 0xFFFF_FFFF else None
