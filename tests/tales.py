"""Small stories for the tests of the generator: a broker and a client that attempts."""

from __future__ import annotations

from synack.synth.network import Network
from synack.synth.play import play
from synack.synth.reading import parse
from synack.synth.tcp import Tcp

B, P = "0a:1f:3c:90:5e:a1", "0a:e6:f1:c2:6b:30"
OLD = "0a:de:ad:00:00:01"

GOOD = """\
title = "A tale"
[links.lan]
prefix = "10.0.1.0/24"
[hosts.a]
address = "10.0.1.1"
mac = "0a:00:00:00:00:01"
services = {9092 = "accept"}
[hosts.b]
address = "10.0.1.2"
mac = "0A-00-00-00-00-02"
clock = {offset = 3, drift_ppm = 5}
[[connections]]
client = "b"
server = "a"
at = {from = 1, to = 9, every = 4}
[[captures]]
host = "a"
[[captures]]
host = "b"
link_type = "LINUX_SLL"
"""


def tale(at=(1,), kind="plain", v6=False, **more):
    """A story as its TOML would say it; ``more`` are further top-level keys, and ``broker``,
    ``client``, ``lan``, ``connect`` further keys of those tables."""
    net = "fd00:10:0:1::" if v6 else "10.0.1."
    special = {k: more.pop(k, {}) for k in ("broker", "client", "lan", "connect")}
    prefix = "fd00:10:0:1::/64" if v6 else "10.0.1.0/24"
    hosts = more.pop("hosts", {})
    return {
        "duration": 40,
        "links": {"lan": {"prefix": prefix, "kind": kind, **special["lan"]}},
        "hosts": {
            "broker-1": {
                "address": f"{net}10",
                "mac": B,
                "services": {"9092": "accept"},
                **special["broker"],
            },
            "producer-7": {"address": f"{net}77", "mac": P, **special["client"]},
            **hosts,
        },
        "connections": [
            {"client": "producer-7", "server": "broker-1", "at": list(at), **special["connect"]}
        ],
        "captures": [{"host": "broker-1"}, {"host": "producer-7"}],
        **more,
    }


STALE = {"host": "broker-1", "address": "10.0.1.77", "mac": OLD}
"""The broker's wrong entry. The client has its own right one, or its question would heal it."""
KNOWS = {"host": "producer-7", "address": "10.0.1.10", "mac": B, "state": "PERMANENT"}


def played(story):
    """(network after the play, attempts)."""
    read = parse(story, "a tale")
    net = Network(read)
    for host in net.hosts.values():
        for port in host.ports:
            port.tape = []
    tcp = Tcp(net, read)
    net.run()
    return net, tcp.attempts


def written(story, folder):
    """Play it into files; gives the truth."""
    return play(parse(story, "a tale"), folder)


def entry(net, ip="10.0.1.77", host="broker-1"):
    return net.hosts[host].ports[0].table.get(ip)
