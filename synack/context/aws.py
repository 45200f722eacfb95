"""Who has which address, by the AWS command line: ``describe-network-interfaces`` and
``describe-instances`` (also ``run-instances``, which prints the same).

Each address of an interface is a claim from its AttachTime on, until now: ``until_ns`` is
NO_TIME. Of instances without interfaces (older output) the private address alone is one,
from LaunchTime on. The line is where the interface, or the instance around it, begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synack.addresses import NO_MAC, parse_ip, parse_mac
from synack.context.reading import Reading, Rows, objects
from synack.stamps import parse_stamp
from synack.tables import NO_TIME, OWNERS

Fields = dict[str, Any]


def read_aws_interfaces(path: str, text: str) -> Reading | None:
    """The claims of ``describe-network-interfaces``, None when there are none."""
    if '"NetworkInterfaces"' not in text or '"Reservations"' in text or '"Instances"' in text:
        return None
    rows = Rows(path, OWNERS)
    for number, interface in objects(rows, text, "NetworkInterfaceId", "NetworkInterfaces"):
        attachment = fields(interface, "Attachment")
        name = string(attachment, "InstanceId") or string(interface, "NetworkInterfaceId")
        _claims(rows, number, interface, name, "")
    return rows.reading("aws ec2 describe-network-interfaces")


def read_aws_instances(path: str, text: str) -> Reading | None:
    """The claims of ``describe-instances``, None when there are none."""
    if '"Instances"' not in text:
        return None
    rows = Rows(path, OWNERS)
    for number, instance in objects(rows, text, "InstanceId", "Instances"):
        name = string(instance, "InstanceId")
        words = [
            string(fields(instance, "State"), "Name"),
            string(instance, "SubnetId"),
            _tag(instance),
        ]
        says = " ".join(filter(None, words))
        interfaces = list(_objects(instance, "NetworkInterfaces"))
        for interface in interfaces:
            _claims(rows, number, interface, name, says)
        if not interfaces:
            address = string(instance, "PrivateIpAddress")
            since = moment(string(instance, "LaunchTime"))
            claim(rows, "inventory", number, address, NO_MAC, name, since, NO_TIME, says)
    return rows.reading("aws ec2 describe-instances")


def _claims(rows: Rows, number: int, interface: Fields, name: str, says: str) -> None:
    """One row for each address of an interface, secondary and IPv6 ones too."""
    mac = parse_mac(string(interface, "MacAddress"))
    attachment = fields(interface, "Attachment")
    since = moment(string(attachment, "AttachTime"))
    words = [says, string(interface, "NetworkInterfaceId"), string(interface, "Status"),
             string(interface, "SubnetId"), string(interface, "Description")]  # fmt: skip
    addresses = [string(interface, "PrivateIpAddress")]
    addresses += [string(o, "PrivateIpAddress") for o in _objects(interface, "PrivateIpAddresses")]
    addresses += [string(o, "Ipv6Address") for o in _objects(interface, "Ipv6Addresses")]
    for address in dict.fromkeys(filter(None, addresses)):
        claim(rows, "inventory", number, address, NO_MAC if mac is None else mac, name, since,
              NO_TIME, " ".join(dict.fromkeys(" ".join(filter(None, words)).split())))  # fmt: skip


def claim(rows: Rows, kind: str, number: int, address: str, mac: int, name: str, since: int,
          until: int, says: str) -> None:  # fmt: skip
    """Add one claim; an address that is none is named as unread, no address is no claim."""
    ip = parse_ip(address)
    if ip is not None:
        rows.add(number, kind, *ip, mac, name[:200], since, until, says[:200])
    elif address:
        rows.unreadable(number, f"{address[:40]!r} is not an address")


def _tag(instance: Fields) -> str:
    """The name that someone gave it."""
    tags = _objects(instance, "Tags")
    return next((string(tag, "Value") for tag in tags if tag.get("Key") == "Name"), "")


def _objects(value: Fields, key: str) -> Iterator[Fields]:
    found = value.get(key)
    yield from (o for o in found if isinstance(o, dict)) if isinstance(found, list) else ()


def fields(value: Fields, key: str) -> Fields:
    """The object under ``key``, empty when there is none."""
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def string(value: Fields, key: str) -> str:
    """The text under ``key``, "" when there is none."""
    found = value.get(key)
    return found if isinstance(found, str) else ""


def moment(text: str) -> int:
    """ns since 1970 UTC of an ISO 8601 time, NO_TIME when it is none. AWS always has a zone."""
    stamp = parse_stamp(text) if text else None
    return NO_TIME if stamp is None else stamp[0]
