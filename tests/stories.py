"""Stories played into files, and what must hold of every diagnosis of one.

A story takes a network, lets something happen on it, and names every finding that must
come out. Those that several files of tests play are here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from scenario import T0, B, X, Y

import synack
from synack.pipeline import load, run

Z = "0a:77:77:77:77:77"
BROKER, CLIENT, HEALTHY = "10.0.1.10", "10.0.1.77", "10.0.1.71"


class Stories:
    """Stories by the name of their function; each file of tests keeps its own."""

    def __init__(self):
        self.all = []

    def __call__(self, function):
        self.all.append(pytest.param(function, id=function.__name__))
        return function


def stale(confidence, ip=CLIENT, wrong=X, right=Y, host="broker-1", leg="syn-ack", hop="host"):
    return ("stale-neighbor", confidence, host, ip, wrong, right, leg, hop)


def other(kind, confidence="confirmed", host="broker-1", ip=CLIENT):
    return (kind, confidence, host, ip, "", "", "", "")


def findings(diagnosis):
    return [
        (f.kind, f.confidence, f.host, f.ip, f.stale_mac, f.actual_mac, f.leg, f.next_hop)
        for f in diagnosis.findings
    ]


def ids(finding):
    return {evidence.id for evidence in finding.evidence}


def sound(diagnosis):
    """What must hold of every finding: sources that exist, numbers that agree."""
    loaded = diagnosis.diagnosed.loaded
    packets = {file.path: file.packets for file in loaded.files}
    attempts = diagnosis.diagnosed.attempts
    for place, finding in enumerate(diagnosis.findings):
        assert finding.evidence
        assert finding.summary.endswith(".")
        assert finding.remedy
        assert finding.attempts == len(finding.rows) == len(set(finding.rows)) > 0
        assert finding.first <= finding.last
        assert finding.received is None or 0 <= finding.received <= finding.sent
        assert finding.healed is None or finding.healed > finding.last
        for evidence in finding.evidence:
            for source in evidence.sources:
                if source.frame is not None:
                    assert 1 <= source.frame <= packets[source.file]
                if source.line is not None:
                    with open(source.file, encoding="utf-8") as lines:
                        assert 1 <= source.line <= len(lines.readlines())
        assert all(attempts["finding"][row] <= place for row in finding.rows)
    for row, place in enumerate(attempts["finding"].tolist()):
        assert place == -1 or row in diagnosis.findings[place].rows


def diagnose(net, folder):
    diagnosis = synack.diagnose(net.write(folder))
    sound(diagnosis)
    return diagnosis


def beside(folder, host, kind, text, at=None):
    """A dump of ``host`` beside the captures, with a date line if it was taken ``at``."""
    date = "" if at is None else f"{moment(at)}\n"
    (folder / f"{host}.{kind}.txt").write_text(date + text)


def sockets(*rows):
    """What ``ss -tano`` prints of rows ``STATE LOCAL PEER [TIMER]``."""
    lines = ["State Recv-Q Send-Q Local Address:Port Peer Address:Port Process"]
    for row in rows:
        state, local, peer, *timer = row.split()
        lines.append(" ".join([state, "0", "0", local, peer, *timer]))
    return "\n".join(lines) + "\n"


def case_of(net, folder):
    """What the rules see of a network's files."""
    return run(load([str(net.write(folder))])).case


def moment(at):
    """ISO 8601 of ``at`` seconds after the beginning, as AWS writes it."""
    return f"{datetime.fromtimestamp(T0 + at, UTC):%Y-%m-%dT%H:%M:%S}+00:00"


def inventory(*interfaces, asked=None):
    """``aws ec2 describe-network-interfaces`` of (address, MAC, attached at, maybe the subnet),
    below the time when it was asked, if any."""
    listed = [
        {
            "Attachment": {"AttachTime": moment(attached), "InstanceId": f"i-{number:08x}"},
            "MacAddress": mac,
            "NetworkInterfaceId": f"eni-{number:08x}",
            "PrivateIpAddress": ip,
            "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": ip}],
            "Status": "in-use",
            "SubnetId": subnet[0] if subnet else "subnet-b61f49f0",
        }
        for number, (ip, mac, attached, *subnet) in enumerate(interfaces, 1)
    ]
    text = json.dumps({"NetworkInterfaces": listed}, indent=4)
    return text if asked is None else f"{moment(asked)}\n{text}"


def leases(*given):
    """``dhcpd.leases`` of (address, MAC, from, until)."""

    def time(at):
        return f"{datetime.fromtimestamp(T0 + at, UTC):%w %Y/%m/%d %H:%M:%S}"

    return "".join(
        f"lease {ip} {{\n  starts {time(begin)};\n  ends {time(end)};\n"
        f"  binding state active;\n  hardware ethernet {mac};\n}}\n"
        for ip, mac, begin, end in given
    )


def ip_addr(interface, ip, mac, prefix=24, at=None):
    """``ip addr`` of a host with one interface, below the time when it was asked, if any."""
    family = "inet6" if ":" in ip else "inet"
    text = (
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default\n"
        "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n"
        "    inet 127.0.0.1/8 scope host lo\n"
        f"2: {interface}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 qdisc mq state UP\n"
        f"    link/ether {mac} brd ff:ff:ff:ff:ff:ff\n"
        f"    {family} {ip}/{prefix} scope global {interface}\n"
    )
    return text if at is None else f"{moment(at)}\n{text}"


# ---- stories of several files -------------------------------------------------------------


def two_captures_and_a_table(net):
    net.broker.knows(net.client, X)
    net.play()
    net.dump(net.broker, 5)
    return [stale("confirmed")]


def healed_in_mid_capture(net):
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=28)
    net.dump(net.broker, 5)
    net.dump(net.broker, 32)
    net.play((1, 13, 35, 45))
    return [stale("confirmed")]


def a_permanent_entry_though_the_peer_asks(net):
    net.broker.knows(net.client, X)
    net.arp(3, 1, Y, CLIENT, BROKER, heard=[net.broker, net.client])
    net.arp(12, 1, Y, CLIENT, CLIENT, heard=[net.broker, net.client])
    net.dump(net.broker, 5, state="PERMANENT")
    net.play()
    return [stale("confirmed")]


def answers_with_the_old_mac_keep_it(net):
    net.broker.knows(net.client, X)
    for at in (2, 14, 26):
        net.arp(at, 1, B, BROKER, CLIENT, heard=[net.broker], to=X)
        net.arp(at + 0.001, 2, X, CLIENT, BROKER, heard=[net.broker], to=B)
    net.dump(net.broker, 5)
    net.play()
    return [stale("confirmed")]


def an_address_reused_in_mid_capture(net):
    """The old owner did well with the old MAC: only the new owner's attempts count."""
    old = net.host("old-7", CLIENT, X, up=(0, 20))
    net.client.up = (22, 1e9)
    net.client.record(22, 60)
    net.broker.knows(CLIENT, X)
    net.every(old, net.broker, (1, 5, 9))
    net.every(net.client, net.broker, (25, 37))
    net.every(net.healthy, net.broker, range(0, 60, 4))
    net.connect(net.client, net.metrics, 58)
    net.dump(net.broker, 5)
    net.dump(net.broker, 30)
    return [stale("confirmed")]
