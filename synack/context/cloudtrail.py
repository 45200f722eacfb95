"""Who got and lost which address, by AWS CloudTrail: log files, ``lookup-events``, and single
events, one per line or not.

Only events that succeeded count. An event says what began (from_ns) or ended (until_ns) then:
RunInstances, CreateNetworkInterface and AssignPrivateIpAddresses name addresses;
TerminateInstances and DeleteNetworkInterface only name what had them, so they end the
claims of earlier events of the same file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from synack.addresses import NO_MAC, parse_mac
from synack.context.aws import Fields, claim, fields, moment, string
from synack.context.json_lines import elements
from synack.context.reading import Reading, Rows
from synack.tables import NO_TIME, OWNERS


@dataclass
class _Claim:
    line: int
    address: str
    mac: int
    owners: frozenset[str]
    """Ids of the instance and the interface: whichever ends, ends it."""
    name: str
    since: int
    says: str
    until: int = NO_TIME


def read_cloudtrail(path: str, text: str) -> Reading | None:
    """The claims of CloudTrail events, None when there are no such events."""
    if "eventName" not in text:
        return None
    claims: list[_Claim] = []
    rows, events = Rows(path, OWNERS), 0
    found = [(moment(string(event, "eventTime")), line, event) for line, event in _events(text)]
    for at, line, event in sorted(found, key=lambda entry: entry[0]):
        events += 1
        if "errorCode" in event or string(event, "eventSource") != "ec2.amazonaws.com":
            continue
        name = string(event, "eventName")
        if name in _ENDING:
            _end(claims, at, set(_ids(event)))
        elif name == "UnassignPrivateIpAddresses":
            given_back = set(_addresses(fields(event, "requestParameters")))
            _end(claims, at, set(_ids(event)), given_back)
        else:
            claims += _claims(name, at, line, event)
    for one in claims:
        claim(rows, "event", one.line, one.address, one.mac, one.name, one.since, one.until,
              one.says)  # fmt: skip
    rows.lines += events
    return rows.reading("aws cloudtrail", sure=events > 0)


_ENDING = frozenset(("TerminateInstances", "DeleteNetworkInterface"))


def _events(text: str) -> Iterator[tuple[int, Fields]]:
    """Events of a log file, of ``lookup-events`` (each a JSON text in itself), or plain ones."""
    yield from elements(text, "eventName", "Records")
    for line, entry in elements(text, "CloudTrailEvent", "Events"):
        try:
            event = json.loads(string(entry, "CloudTrailEvent"))
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and "eventName" in event:
            yield line, event
    if '"Records"' not in text and '"Events"' not in text:
        yield from elements(text, "eventName", alone=True)


def _claims(name: str, at: int, line: int, event: Fields) -> Iterator[_Claim]:
    asked, answer = fields(event, "requestParameters"), fields(event, "responseElements")
    if name == "RunInstances":
        for instance in _items(answer, "instancesSet"):
            owner = string(instance, "instanceId")
            interfaces = list(_items(instance, "networkInterfaceSet")) or [instance]
            for interface in interfaces:
                owners = frozenset((owner, string(interface, "networkInterfaceId"))) - {""}
                for address in _addresses(interface) or _addresses(instance):
                    yield _Claim(line, address, _mac(interface), owners, owner, at, name)
    elif name == "CreateNetworkInterface":
        interface = fields(answer, "networkInterface")
        owner = string(interface, "networkInterfaceId")
        says = " ".join(filter(None, [name, string(interface, "description")]))
        for address in _addresses(interface):
            yield _Claim(line, address, _mac(interface), frozenset((owner,)), owner, at, says)
    elif name in ("AssignPrivateIpAddresses", "AssignIpv6Addresses"):
        owner = string(asked, "networkInterfaceId") or string(answer, "networkInterfaceId")
        for address in _addresses(answer) or _addresses(asked):
            yield _Claim(line, address, NO_MAC, frozenset((owner,)), owner, at, name)


def _end(claims: list[_Claim], at: int, ids: set[str], only: set[str] | None = None) -> None:
    for one in claims:
        if one.until == NO_TIME and ids & one.owners and (only is None or one.address in only):
            one.until = at


def _ids(event: Fields) -> Iterator[str]:
    asked = fields(event, "requestParameters")
    yield string(asked, "networkInterfaceId")
    for instance in _items(asked, "instancesSet"):
        yield string(instance, "instanceId")


def _addresses(value: Fields) -> list[str]:
    found = [string(value, "privateIpAddress")]
    for key in ("privateIpAddressesSet", "privateIpAddressSet", "assignedPrivateIpAddressesSet"):
        # A request for several has the items one level deeper than an answer.
        for item in [*_items(value, key), *_items(value, key, "assignedPrivateIpAddressSetType")]:
            found.append(string(item, "privateIpAddress"))  # noqa: PERF401
    for item in _items(value, "ipv6AddressesSet"):
        found.append(string(item, "ipv6Address"))  # noqa: PERF401
    return list(dict.fromkeys(filter(None, found)))


def _mac(interface: Fields) -> int:
    mac = parse_mac(string(interface, "macAddress"))
    return NO_MAC if mac is None else mac


def _items(value: Fields, key: str, inner: str = "items") -> Iterator[Fields]:
    """``{"key": {"items": [...]}}`` (or ``item``, or the list itself)."""
    found = value.get(key)
    if isinstance(found, dict):
        found = found.get(inner, found.get("item") if inner == "items" else None)
    yield from (o for o in found if isinstance(o, dict)) if isinstance(found, list) else ()
