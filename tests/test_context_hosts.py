"""A hosts file among the files, and what is none."""

from __future__ import annotations

import pytest

from synack.addresses import parse_ip
from synack.context.hosts import read_hosts

HOSTS = b"""\
# made by cloud-init
127.0.0.1\tlocalhost
127.0.1.1 broker-1.example broker-1
::1     localhost ip6-localhost ip6-loopback
10.0.1.77  Producer-1 p1   # the new one
10.0.1.78  p1

fe80::1%eth0  gateway
"""


def test_names() -> None:
    """Every alias, in lower case; loopback addresses name nobody to others."""
    hosts = read_hosts(HOSTS)
    assert hosts == {
        "producer-1": {parse_ip("10.0.1.77")},
        "p1": {parse_ip("10.0.1.77"), parse_ip("10.0.1.78")},
        "gateway": {parse_ip("fe80::1")},
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"# nothing\n",
        b"10.0.0.5 dev eth0 scope link\n10.0.0.6 dev eth0 scope link\n",
        b"10.0.0.2     eth0\n",
        HOSTS + b"nameserver 10.0.0.1\n",
        HOSTS + b"10.0.0.2\n",
        HOSTS + b"10.0.0.2 dev eth0 lladdr 0a:1b:2c:00:00:02\n",
        HOSTS + b"\xff\xfe\n",
        b"127.0.0.1 localhost\n" * 100_000,
        b"1" * 1_000_000,
    ],
)
def test_others(data: bytes) -> None:
    """Routes, tables, resolv.conf, a list as long as no hosts file is."""
    assert read_hosts(data) is None
