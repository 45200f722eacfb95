"""Other addresses and names in place of the real ones, decided by a key.

IP addresses: Crypto-PAn (Xu, Fan, Ammar, Moon, ICNP 2002) through yacryptopan: two addresses
share as many leading bits as before. Ranges with a meaning of their own (private, link-local,
multicast...) are kept as such. MACs: the vendor's 24 bits are kept, of a locally administered
one, which has no vendor, the first octet; the rest is permuted, so that different MACs stay
different. Names and paths become short digests (HMAC-SHA256).
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING

from synack.addresses import (
    BROADCAST_MAC,
    Address,
    format_ip,
    format_mac,
    pack_ip,
    parse_ip,
    parse_mac,
    special_mac,
)

if TYPE_CHECKING:
    from yacryptopan import CryptoPAn

_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

_KEPT = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/96", "ff00::/8")
)
"""Addresses that name no machine: they stay as they are."""
_RANGES = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "fe80::/64", "fe80::/10", "fc00::/7",
    )
)  # fmt: skip
"""Ranges whose addresses stay in them, the narrower first."""
_SOLICITED = int(ipaddress.ip_address("ff02::1:ff00:0")) >> 24
"""Multicast of a solicited node (RFC 4291 2.7.1): its last 24 bits are those of the node."""

_SHORTEST_NAME = 3
"""Shorter names are not looked for inside of sentences, where they would be anything."""
_ADDRESS = (
    r"(?<![0-9A-Za-z:.-])(?:"
    r"(?P<mac>[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5}|[0-9A-Fa-f]{1,2}(?:-[0-9A-Fa-f]{1,2}){5}"
    r"|[0-9A-Fa-f]{4}(?P<sep>[.:-])[0-9A-Fa-f]{4}(?P=sep)[0-9A-Fa-f]{4})(?![:-]?[0-9A-Za-z])"
    r"|(?P<ip6>[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*))"
    r"|(?<![0-9])(?P<ip4>[0-9]{1,3}(?P<dot>[._-])[0-9]{1,3}(?P=dot)[0-9]{1,3}(?P=dot)[0-9]{1,3})"
    r"(?![0-9])"
    r"|(?<![0-9A-Za-z])(?P<id>arn:[^\s,;\"']+|(?:i|eni|vpc|subnet|sg|ami|vol|acl|rtb|igw|nat"
    r"|vpce|tgw|lt|r)-[0-9a-f]{8,17})(?![0-9A-Za-z])"
)
"""What looks like an address, or an identifier of AWS. Host names often have an address in them
with other separators (ip-10-0-1-77)."""


class Pseudonyms:
    """What each address, name and path is called.

    ``names``: host names; ``paths``: files by path, with the host that each is from. Both are
    also found inside of sentences.
    """

    def __init__(self, key: bytes, names: Iterable[str], paths: Mapping[str, str]) -> None:
        self._key = key
        self._hosts = set(names)
        self._files = dict(paths)
        self._named = {PurePath(path).name: path for path in paths}
        self._ips: dict[Address, Address] = {}
        self._macs: dict[int, int] = {}
        self._texts: dict[str, str] = {}

    # ---- addresses ---------------------------------------------------------------------

    @cached_property
    def _cryptopan(self) -> CryptoPAn:
        from yacryptopan import CryptoPAn

        return CryptoPAn(self._digest("ip"))

    def ip(self, address: Address) -> Address:
        """The address that stands for ``address``: of the same family and range."""
        found = self._ips.get(address)
        if found is None:
            found = self._ips[address] = self._ip(address)
        return found

    def _ip(self, address: Address) -> Address:
        real = ipaddress.ip_address(format_ip(*address) or "::")
        if real.version == 6 and int(real) >> 24 == _SOLICITED:
            node = self._permuted("node", int(real) & 0xFFFFFF, 24)
            return pack_ip((_SOLICITED << 24 | node).to_bytes(16, "big"))
        if _is_kept(real):
            return address
        within, other = _range_of(real), self._walked(real)
        if within is not None:
            rest = int(other) & int(within.hostmask)
            return pack_ip(type(real)(int(within.network_address) | rest).packed)
        # What lands in a range with a meaning goes on until it is outside: still one to one.
        while _range_of(other) is not None or _is_kept(other):
            other = self._walked(other)
        return pack_ip(other.packed)

    def _walked(self, real: _Ip) -> _Ip:
        return type(real)(self._cryptopan.anonymize_bin(int(real), real.version))

    def mac(self, mac: int) -> int:
        """The MAC that stands for ``mac``; group addresses and those of virtual routers stay,
        but for the multicast of a solicited node, which has bits of an address."""
        if mac <= 0 or mac == BROADCAST_MAC or special_mac(mac):
            return mac
        found = self._macs.get(mac)
        if found is None:
            found = self._macs[mac] = self._mac(mac)
        return found

    def _mac(self, mac: int) -> int:
        if mac >> 24 == 0x3333FF:
            return 0x3333FF << 24 | self._permuted("node", mac & 0xFFFFFF, 24)
        if mac >> 40 & 1:
            return mac
        bits = 40 if mac >> 40 & 2 else 24
        vendor, rest = mac >> bits, mac & (1 << bits) - 1
        return vendor << bits | self._permuted(f"mac {vendor:x}", rest, bits)

    def _permuted(self, purpose: str, value: int, bits: int) -> int:
        """One to one within ``bits`` (even): a Feistel network of eight rounds."""
        half = bits // 2
        left, right = value >> half, value & (1 << half) - 1
        for turn in range(8):
            mixed = self._digest(f"{purpose} {turn} {right}")
            left, right = right, left ^ int.from_bytes(mixed[:8], "big") & (1 << half) - 1
        return left << half | right

    # ---- names -------------------------------------------------------------------------

    def name(self, name: str) -> str:
        """``host-1a2b3c`` for a host name; an address in its place stays one."""
        if not name:
            return ""
        if (address := parse_ip(name)) is not None:
            return format_ip(*self.ip(address))
        if (mac := parse_mac(name)) is not None:
            return format_mac(self.mac(mac))
        return f"host-{self._digest(f'name {name}').hex()[:6]}"

    def path(self, path: str) -> str:
        """``host-1a2b3c/4d5e6f.pcap.gz`` for a file: its folders are not shown."""
        path = path if path in self._files else self._named.get(path, path)
        host, file = self._files.get(path, ""), PurePath(path).name
        suffixes = [s for s in PurePath(path).suffixes[-2:] if _SUFFIX.fullmatch(s)]
        # By host and name, so that it is the same from wherever the folder lies.
        unique = self._same[host, file] < 2
        tag = self._digest(f"path {host}/{file}" if unique else f"path {path}").hex()[:6]
        return "/".join(filter(None, (self.name(host), tag + "".join(suffixes))))

    @cached_property
    def _same(self) -> Counter[tuple[str, str]]:
        """How many files of a host have the same name."""
        return Counter((host, PurePath(path).name) for path, host in self._files.items())

    def text(self, text: str) -> str:
        """``text`` with every known name and path, and everything that looks like an address,
        replaced."""
        found = self._texts.get(text)
        if found is None:
            found = self._texts[text] = self._replaced(text)
        return found

    def _replaced(self, text: str) -> str:
        if text in self._files or text in self._named:
            return self.path(text)
        if text in self._hosts:
            return self.name(text)
        return self._pattern.sub(self._substitute, text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        paths = "|".join(
            map(re.escape, sorted({*self._files, *self._named}, key=len, reverse=True))
        )
        long = [name for name in self._hosts if len(name) >= _SHORTEST_NAME]
        names = "|".join(map(re.escape, sorted(long, key=len, reverse=True)))
        parts = [f"(?P<path>{paths})"] if paths else []
        if names:
            parts.append(rf"(?<![0-9A-Za-z_])(?P<name>{names})(?![0-9A-Za-z_])")
        return re.compile("|".join([*parts, _ADDRESS]))

    def _substitute(self, found: re.Match[str]) -> str:
        kind, text = found.lastgroup, found[0]
        groups = found.groupdict()
        if groups.get("path"):
            return self.path(text)
        if groups.get("name"):
            return self.name(text)
        if groups["mac"] is not None:
            mac = parse_mac(text)
            return text if mac is None else format_mac(self.mac(mac))
        if groups["id"] is not None:
            return f"{text.partition('-')[0].partition(':')[0]}-{self._digest(text).hex()[:8]}"
        address = parse_ip(text if groups["ip6"] is not None else re.sub("[_-]", ".", text))
        if address is None:
            return self._trimmed(text) if kind == "ip6" else text
        other = self.ip(address)
        if other == address:
            return text
        spelled = format_ip(*other)
        return spelled if groups["ip6"] is not None else spelled.replace(".", groups["dot"])

    def _trimmed(self, text: str) -> str:
        """An IPv6 address with punctuation of the sentence behind it."""
        bare = text.rstrip(":.")
        address = parse_ip(bare) if bare != text else None
        return text if address is None else format_ip(*self.ip(address)) + text[len(bare) :]

    def _digest(self, purpose: str) -> bytes:
        return hmac.digest(self._key, purpose.encode("utf-8", "surrogateescape"), "sha256")


_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{0,7}")


def _is_kept(address: _Ip) -> bool:
    return any(address in n for n in _KEPT if n.version == address.version)


def _range_of(address: _Ip) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    return next((n for n in _RANGES if n.version == address.version and address in n), None)
