"""Random incidents, all difficulties mixed: the stories that `score.py` plays.

:func:`fleet` gives the same story for the same number. A fleet is one or two servers, some
clients, maybe routers with clients beyond; up to three things go wrong at once; and what was
recorded of it is as patchy as in life: late windows, losses, one side only, clocks apart,
tables missing or dated wrongly.
"""

from __future__ import annotations

import random
from typing import Any

Table = dict[str, Any]

LINK_TYPES = {"EN10MB": 80, "LINUX_SLL": 8, "LINUX_SLL2": 8, "RAW": 4}
TABLES = {
    "ip -s neigh": 50, "ip neigh": 15, "arp -an": 10, "/proc/net/arp": 8, "arp -n": 7,
    "ip -j -s neigh": 10,
}  # fmt: skip


class Fleet:
    """One story in the making; ``faults`` are their names, for the report."""

    def __init__(self, number: int) -> None:
        self.dice = random.Random(number)
        self.v6 = self.dice.random() < 0.15
        self.duration = self.dice.uniform(45, 90)
        self.hosts: dict[str, Table] = {}
        self.neighbors: list[Table] = []
        self.connections: list[Table] = []
        self.losses: list[Table] = []
        self.announcements: list[Table] = []
        self.captures: list[Table] = []
        self.dumps: list[Table] = []
        self.faults: list[str] = []
        self.kind = self.pick({"cloud": 55, "plain": 35, "flooding": 10})
        self.links: dict[str, Table] = {
            "lan": {"prefix": self.prefix(1), "kind": self.kind, "mute": [], "tracked": []},
            "far": {"prefix": self.prefix(2), "kind": "plain"},
        }
        if self.chance(0.06):
            self.links["lan"]["vlans"] = [self.dice.randrange(1, 4000)]
        self.number = number
        self.busy: set[str] = set()
        """Clients that a fault already has."""

    def chance(self, probability: float) -> bool:
        return self.dice.random() < probability

    def pick(self, weights: dict[str, int]) -> str:
        return self.dice.choices(list(weights), list(weights.values()))[0]

    def prefix(self, net: int) -> str:
        return f"fd00:10:0:{net}::/64" if self.v6 else f"10.0.{net}.0/24"

    def ip(self, host: int, net: int = 1) -> str:
        return f"fd00:10:0:{net}::{host:x}" if self.v6 else f"10.0.{net}.{host}"

    def mac(self) -> str:
        """Of a cloud, a container, a virtual machine, a vendor."""
        head = self.pick({"0a": 60, "02:42": 10, "52:54:00": 15, "00:50:56": 15})
        rest = 6 - len(head.split(":"))
        return head + ":" + bytes(self.dice.randrange(256) for _ in range(rest)).hex(":")

    def moment(self, low: float = 0.1, high: float = 0.9) -> float:
        return round(self.dice.uniform(low, high) * self.duration, 3)

    def host(self, name: str, address: str, link: str = "lan", **more: Any) -> Table:
        self.hosts[name] = {"address": address, "mac": self.mac(), "link": link, **more}
        return self.hosts[name]

    # ---- who there is -------------------------------------------------------------------

    def people(self) -> None:
        self.servers = [f"broker-{n + 1}" for n in range(1 + self.chance(0.25))]
        for n, name in enumerate(self.servers):
            self.host(name, self.ip(10 + n), services={"9092": "accept", "9093": "accept"})
        self.clients = [f"producer-{71 + n}" for n in range(self.dice.randrange(2, 6))]
        for n, name in enumerate(self.clients):
            self.host(name, self.ip(71 + n))
        self.routers: list[str] = []
        self.beyond: list[str] = []
        if self.chance(0.4):
            self.routed()
        for name in (*self.clients, *self.beyond):
            for server in self.servers:
                if server == self.servers[0] or self.chance(0.5):
                    begin = self.dice.uniform(0.5, 6)
                    every = self.dice.uniform(2.5, 9)
                    self.connections.append(
                        {"client": name, "server": server, "port": 9092,
                         "at": {"from": round(begin, 3), "to": self.duration - 2,
                                "every": round(every, 3)},
                         "timeout": round(self.dice.uniform(3, 8), 2),
                         "linear": self.chance(0.4), "hold": round(self.dice.uniform(0.02, 1), 3)}
                    )  # fmt: skip
        if self.kind != "cloud":
            for name in self.clients:  # or their own questions would heal what is to be wrong
                if self.chance(0.7):
                    for server in self.servers:
                        self.knows(name, server, state="PERMANENT")

    def routed(self) -> None:
        """A router and clients beyond it; at times a second router."""
        for n in range(1 + self.chance(0.35)):
            name = f"gw-{n + 1}"
            self.routers.append(name)
            self.hosts[name] = {
                "forwards": True,
                "interfaces": [
                    {"link": "lan", "mac": self.mac(), "address": self.ip(2 + n)},
                    {"link": "far", "mac": self.mac(), "address": self.ip(2 + n, 2)},
                ],
            }
        gateway, far = self.ip(2), self.ip(2, 2)
        if self.chance(0.3):  # VRRP: another MAC answers for the gateway's address
            shared = self.pick({
                "00:00:5e:00:02:07" if self.v6 else "00:00:5e:00:01:07": 50,
                "00:00:0c:07:ac:07": 20,  # HSRP
                "00:1c:73:00:09:99": 30,  # anycast: what an operator chose
            })  # fmt: skip
            gateway = self.ip(1)
            self.hosts["gw-1"]["interfaces"][0]["virtual"] = {gateway: shared}
            self.faults.append("vrrp")
        for server in self.servers:
            self.hosts[server]["gateway"] = gateway
        self.gateway = gateway
        for n in range(self.dice.randrange(1, 3)):
            name = f"remote-{n + 1}"
            self.beyond.append(name)
            self.host(name, self.ip(31 + n, 2), "far", gateway=far)
        if not self.v6 and self.chance(0.12):
            self.hosts["gw-1"]["nat"] = {"far": self.ip(2)}
            self.faults.append("nat")

    def knows(self, host: str, peer: str, mac: str = "", **more: Any) -> None:
        other = self.first(peer)
        self.neighbors.append(
            {"host": host, "address": other["address"], "mac": mac or other["mac"], **more}
        )

    def first(self, name: str) -> Table:
        """The first interface of a host."""
        told = self.hosts[name]
        return told["interfaces"][0] if "interfaces" in told else told

    def address(self, name: str) -> str:
        return str(self.first(name)["address"])

    def victim(self) -> str | None:
        """A client on the link that no other fault has."""
        free = [c for c in self.clients if c not in self.busy]
        if not free:
            return None
        name = self.dice.choice(free)
        self.busy.add(name)
        return name

    # ---- what goes wrong ----------------------------------------------------------------

    def stays(self) -> Table:
        """How a wrong entry stays, and whether somebody removes it."""
        how: Table = {"state": self.pick({"REACHABLE": 40, "PERMANENT": 25, "STALE": 35})}
        if how["state"] != "PERMANENT":
            how["kept"] = self.chance(0.65)
        if self.chance(0.4):
            how["deleted"] = self.moment(0.4, 0.9)
        if how["state"] == "PERMANENT" and self.chance(0.3):
            how["at"] = self.moment(0.1, 0.5)
        if self.chance(0.15):
            how["answered"] = self.moment(0.3, 1)
        return how

    def stale_server(self) -> None:
        client = self.victim()
        if client:
            self.knows(self.dice.choice(self.servers), client, self.mac(), **self.stays())

    def stale_live(self) -> None:
        """The old MAC belongs to a machine that lives with another address."""
        client = self.victim()
        if client:
            other = self.host("batch-3", self.ip(33), forwards=self.chance(0.4))
            self.knows(self.servers[0], client, other["mac"], **self.stays())

    def stale_client(self) -> None:
        client = self.victim()
        if client:
            server = self.dice.choice(self.servers)
            self.neighbors = [
                n for n in self.neighbors
                if (n["host"], n["address"]) != (client, self.address(server))
            ]  # fmt: skip
            self.knows(client, server, self.mac(), **self.stays())

    def stale_gateway(self) -> None:
        if self.beyond:
            self.neighbors.append(
                {"host": self.servers[0], "address": self.gateway, "mac": self.mac(),
                 **self.stays()}
            )  # fmt: skip

    def gateways_stale(self) -> None:
        """The router's own entry is wrong: for a client beyond, or for the server."""
        if self.beyond:
            peer = self.dice.choice([*self.beyond, self.servers[0]])
            self.knows("gw-1", peer, self.mac(), **self.stays())

    def reuse(self) -> None:
        """A machine goes, another gets its address; the server was never told."""
        client = self.victim()
        if client is None:
            return
        at = self.moment(0.2, 0.5)
        before = dict(self.hosts[client])
        old = f"old-{client}"
        self.hosts[old] = {**before, "mac": self.mac(), "up": [-20, at]}
        self.hosts[client]["up"] = [at + round(self.dice.uniform(0.5, 5), 2), 1000]
        for c in [c for c in self.connections if c["client"] == client]:
            self.connections.append({**c, "client": old})
        for server in self.servers:
            if self.chance(0.8):
                self.neighbors.append(
                    {"host": server, "address": before["address"], "mac": self.hosts[old]["mac"],
                     "kept": self.chance(0.7)}
                )  # fmt: skip

    def duplicate(self) -> None:
        client = self.victim()
        if client is None:
            return
        other = self.host("printer-4", self.address(client))
        times = sorted(self.moment(0, 1) for _ in range(self.dice.randrange(1, 6)))
        self.announcements.append({"host": "printer-4", "at": times})
        if self.kind == "cloud" or self.chance(0.5):
            self.knows(self.servers[0], client, other["mac"])
        if self.chance(0.5):
            self.announcements.append({"host": client, "at": [t + 2 for t in times]})

    def relay(self) -> None:
        """The MAC is another machine's, which forwards; and maybe a firewall drops something."""
        client = self.victim()
        if client is None:
            return
        relay = self.host("relay-2", self.ip(20), forwards=True)
        self.knows(self.servers[0], client, relay["mac"], state="PERMANENT")
        if self.chance(0.5):
            # All of them, and nothing would tell it from a stale entry.
            self.lose(client, ["syn-ack"], self.dice.choice([0.1, 0.3, 0.6]), "firewall")

    def proxy(self) -> None:
        """Proxy ARP: a router answers for the clients and forwards."""
        client = self.victim()
        if client is None or self.kind == "cloud":
            return
        proxy = self.host("proxy-1", self.ip(21), forwards=True, proxies=[
            self.address(client)])  # fmt: skip
        self.knows(self.servers[0], client, proxy["mac"], kept=True)
        if self.chance(0.4):
            self.lose(client, ["syn-ack"], self.dice.choice([0.2, 0.6]), "firewall")

    def two_interfaces(self) -> None:
        """A client with two interfaces on the link: it sends by the first, and the second
        answers for its address as well (ARP flux)."""
        client = self.victim()
        if client is None:
            return
        told = self.hosts[client]
        first = {k: told.pop(k) for k in ("address", "mac", "link")}
        second = {"link": "lan", "mac": self.mac(), "address": self.ip(171),
                  "proxies": [first["address"]]}  # fmt: skip
        told["interfaces"] = [first, second]
        self.knows(self.servers[0], client, second["mac"], kept=self.chance(0.5))
        if self.chance(0.4):
            self.losses.append({"segments": ["syn-ack"], "to": [first["address"]],
                                "probability": self.dice.choice([0.2, 0.6]),
                                "cause": "firewall"})  # fmt: skip

    def failover(self) -> None:
        """A service's address goes from one balancer to the other, with an announcement; some
        clients are not told."""
        vip, at = self.ip(110), self.moment(0.3, 0.6)
        serves = {"9092": "accept"}
        self.host("balancer-a", vip, services=serves, up=[-20, at])
        self.host("balancer-b", vip, services=serves, up=[at + 0.5, 1000])
        self.announcements.append({"host": "balancer-b", "at": [at + 0.6, at + 1.6]})
        for client in self.dice.sample(self.clients, 2):
            if client in self.busy:
                continue
            self.connections.append(
                {"client": client, "server": vip, "port": 9092,
                 "at": {"from": 1.9, "to": self.duration - 2, "every": 4.7}}
            )  # fmt: skip
            if self.chance(0.6):
                self.knows(client, "balancer-a", **self.stays())

    def direct_return(self) -> None:
        """A balancer takes the SYNs, the server answers by itself."""
        vip = self.ip(100)
        server = self.servers[0]
        self.host("balancer-1", vip, balances={vip: self.hosts[server]["mac"]})
        self.hosts[server]["silently"] = [vip]
        client = self.dice.choice(self.clients)
        self.connections.append(
            {"client": client, "server": vip, "port": 9092,
             "at": {"from": 2.2, "to": self.duration - 2, "every": 6.1}}
        )  # fmt: skip
        if self.chance(0.3):
            self.losses.append(
                {"segments": ["syn-ack"], "from": [vip], "to": [self.address(client)],
                 "cause": "firewall"}
            )  # fmt: skip

    def lose(self, client: str, legs: list[str], probability: float, cause: str) -> None:
        """Between a client and all servers, in the directions of the legs."""
        ends = [self.address(client)], [self.address(s) for s in self.servers]
        between = [0, 1000] if self.chance(0.6) else sorted([self.moment(0, 1), self.moment(0, 1)])
        for leg in legs:
            src, dst = ends[::-1] if leg == "syn-ack" else ends
            self.losses.append(
                {"segments": [leg] if leg != "ack" else ["ack", "data", "fin"], "from": src,
                 "to": dst, "probability": probability, "cause": cause, "between": between,
                 "answer": probability == 1 and self.chance(0.1)}
            )  # fmt: skip

    def firewall(self) -> None:
        # Behind a machine that forwards, a firewall that drops everything looks exactly like a
        # stale entry: nothing on record could tell.
        client = self.dice.choice(self.beyond) if self.beyond and self.chance(0.4) else None
        client = client or self.victim()
        if client is None:
            return
        leg = self.pick({"syn": 35, "syn-ack": 50, "ack": 15})
        self.lose(client, [leg], 1.0, "firewall")

    def random_loss(self) -> None:
        rate = self.dice.choice([0.01, 0.03, 0.1, 0.3])
        self.losses.append({"probability": rate, "cause": "random loss"})

    def service(self) -> None:
        """One port of one server that does not accept."""
        server = self.dice.choice(self.servers)
        what = self.pick({"refuse": 30, "overflow": 30, "ignore": 25, "prohibit": 15})
        self.hosts[server]["services"]["9093"] = what
        for client in self.dice.sample(self.clients, 2):
            self.connections.append(
                {"client": client, "server": server, "port": 9093, "timeout": 4,
                 "at": {"from": 1.7, "to": self.duration - 5, "every": 7.3}}
            )  # fmt: skip
        if self.chance(0.6):
            self.dumps.append({"host": server, "kind": "nstat", "at": [0.1, self.duration - 0.1]})

    def mute(self) -> None:
        """Nobody answers the server's question."""
        client = self.victim()
        if client is None:
            return
        address = self.address(client)
        if self.kind == "cloud":
            self.links["lan"]["mute"].append(address)
        else:
            self.losses.append({"segments": ["arp"], "to": [address], "cause": "arp lost"})
            self.losses.append({"segments": ["arp"], "from": [address], "cause": "arp lost"})
            for server in self.servers:
                self.knows(client, server, state="PERMANENT")

    def asymmetric(self) -> None:
        """The way back goes by another router; a stateful firewall there may drop."""
        if len(self.routers) < 2 or "vrrp" in self.faults:
            return
        self.hosts[self.servers[0]]["gateway"] = self.ip(3)
        if self.chance(0.7):
            self.losses.append({"segments": ["syn-ack"], "via": "gw-2", "cause": "firewall"})

    def forgotten(self) -> None:
        """Clients that reuse the ports of connections that the server still has."""
        client = self.dice.choice(self.clients)
        self.connections.append(
            {"client": client, "server": self.servers[0], "forgotten": True,
             "at": [self.moment() for _ in range(3)]}
        )  # fmt: skip
        if self.chance(0.5):
            self.lose(client, ["rst"], 1.0, "firewall")

    def scanner(self) -> None:
        self.host("scanner-1", self.ip(66))
        self.connections.append(
            {"client": "scanner-1", "server": self.servers[0], "scan": True,
             "at": [self.moment() for _ in range(4)]}
        )  # fmt: skip

    def goes_off(self) -> None:
        """A client is switched off, or its path breaks, in mid-handshake."""
        client = self.victim()
        if client:
            self.hosts[client]["up"] = [-20, self.moment(0.3, 0.8)]

    def ignored(self) -> None:
        """The client's own firewall drops what its capture still shows."""
        client = self.victim()
        if client is None:
            return
        self.losses.append(
            {"segments": ["syn-ack"], "to": [self.address(client)], "at_receiver": True,
             "cause": "host firewall"}
        )  # fmt: skip

    # ---- what is left of it -------------------------------------------------------------

    def recordings(self) -> None:
        for name in self.hosts:
            if name in self.servers:
                share = 0.92
            elif name.startswith(("old-", "gw-", "relay", "proxy", "balancer", "batch", "printer")):
                share = 0.15
            else:
                share = 0.6
            if self.chance(share):
                self.captures.append(self.window(name))
            self.tables(name)
            if self.chance(0.7):
                self.hosts[name]["clock"] = {
                    "offset": self.dice.choice([
                        0.0, self.dice.uniform(-0.02, 0.02), self.dice.uniform(-3, 3),
                        self.dice.uniform(-90, 90), self.dice.choice([-7200.0, 3600.0]),
                    ]),
                    "drift_ppm": self.dice.choice([0.0, self.dice.uniform(-60, 60)]),
                }  # fmt: skip

    def window(self, name: str) -> Table:
        begin, end = 0.0, self.duration
        if self.chance(0.2):
            begin = self.moment(0.1, 0.6)
        if self.chance(0.2):
            end = max(begin + 5, self.moment(0.5, 0.95))
        link_type = self.pick(LINK_TYPES)
        record: Table = {
            "host": name, "window": [begin, end], "link_type": link_type,
            "format": self.pick({"pcap": 60, "pcapng": 40}),
            "compression": self.pick({"": 80, "gz": 10, "zst": 10}),
            # tcpdump's default was 68 bytes a packet, and 96 with IPv6.
            "snaplen": self.dice.choice([96 if self.v6 else 68, 96, 128, 262144]),
            "nanoseconds": self.chance(0.5),
            "reports": self.chance(0.5),
        }  # fmt: skip
        if self.chance(0.3):
            record["only"] = ["tcp"] if self.chance(0.6) else ["tcp", "icmp"]
        if self.chance(0.2):
            record["ports"] = [9092]
        if self.chance(0.1):
            record["drop"] = self.dice.choice([0.01, 0.1, 0.4])
            if self.chance(0.5):
                record["drop_between"] = sorted([self.moment(0, 1), self.moment(0, 1)])
        if self.chance(0.03):
            record["direction"] = self.dice.choice(["in", "out"])
        if self.chance(0.03):
            record["hide"] = [self.dice.choice(["syn-ack", "syn", "ack"])]
        if self.chance(0.2):
            record["unflushed"] = round(self.dice.uniform(0.1, 1.0), 2)
        if self.chance(0.05):
            record["rotate"] = self.dice.choice([10, 20])
        if self.chance(0.03):
            record["cut"] = self.dice.randrange(1, 40)
        if record["link_type"] == "EN10MB" and self.chance(0.03):
            record["snaplen"] = 262144
            record["mirror"] = self.dice.choice(["vxlan", "geneve", "gre"])
        if link_type == "LINUX_SLL" and "interfaces" in self.hosts[name]:
            record["interface"] = "any"
        return record

    def tables(self, name: str) -> None:
        likely = 0.7 if name in self.servers else 0.25
        if self.chance(likely):
            kind = self.pick(TABLES)
            if self.v6 and not kind.startswith("ip"):
                kind = "ip -s neigh"
            dump: Table = {
                "host": name, "kind": kind,
                "at": sorted(self.moment(0, 1) for _ in range(self.dice.randrange(1, 6))),
            }  # fmt: skip
            if kind.startswith("ip -j"):
                dump["stamp"] = "name"
            elif self.chance(0.1):
                dump["stamp"], dump["at"] = "none", dump["at"][:1]
            if self.chance(0.1):
                dump["off"] = self.dice.choice([-7200.0, 3600.0, -30.0, 400.0])
            self.dumps.append(dump)
        if self.chance(0.25):
            self.dumps.append({"host": name, "kind": "ip addr", "at": [self.moment()]})


FAULTS = {
    "stale_server": 30, "stale_live": 8, "stale_client": 10, "stale_gateway": 8,
    "gateways_stale": 6, "reuse": 10, "duplicate": 10, "relay": 9, "proxy": 5,
    "two_interfaces": 6, "failover": 6, "direct_return": 6, "firewall": 14, "random_loss": 14,
    "service": 12, "mute": 8,
    "asymmetric": 7, "forgotten": 5, "scanner": 4, "goes_off": 5, "ignored": 4,
}  # fmt: skip


def fleet(number: int) -> tuple[Table, list[str]]:
    """The story of a number, and the names of its faults."""
    f = Fleet(number)
    f.people()
    count = f.dice.choices([0, 1, 2, 3], [8, 45, 32, 15])[0]
    for _ in range(count):
        fault = f.pick({k: v for k, v in FAULTS.items() if k not in f.faults})
        f.faults.append(fault)
        getattr(f, fault)()
    f.recordings()
    story = {
        "title": f"Fleet {number}: {', '.join(f.faults) or 'nothing wrong'}",
        "seed": number, "duration": f.duration, "links": f.links, "hosts": f.hosts,
        "neighbors": f.neighbors, "connections": f.connections, "losses": f.losses,
        "announcements": f.announcements, "captures": f.captures, "dumps": f.dumps,
    }  # fmt: skip
    return story, f.faults
