"""Who got and lost which address, by CloudTrail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rows import rows

from synack.context.cloudtrail import read_cloudtrail
from synack.tables import NO_TIME

SECOND = 1_000_000_000
T0 = 1_790_000_000 * SECOND
OWNER = ("ip", "mac", "name", "from_ns", "until_ns", "says")


def event(name: str, minute: int, **more: Any) -> dict[str, Any]:
    """One record, with the fields that CloudTrail's reference demands."""
    return {
        "eventVersion": "1.08",
        "eventTime": f"2026-09-21T14:{13 + minute:02}:20Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        **more,
    }


def run(minute: int, instance: str, ip: str, mac: str, eni: str) -> dict[str, Any]:
    interface = {
        "networkInterfaceId": eni,
        "macAddress": mac,
        "privateIpAddress": ip,
        "privateIpAddressesSet": {"item": [{"privateIpAddress": ip, "primary": True}]},
    }
    item = {"instanceId": instance, "networkInterfaceSet": {"items": [interface]}}
    return event("RunInstances", minute, responseElements={"instancesSet": {"items": [item]}})


def terminate(minute: int, instance: str) -> dict[str, Any]:
    asked = {"instancesSet": {"items": [{"instanceId": instance}]}}
    return event("TerminateInstances", minute, requestParameters=asked)


OLD, NEW = "0a:de:ad:00:00:01", "0a:e6:f1:c2:6b:30"
REUSE = [run(0, "i-old", "10.0.1.77", OLD, "eni-1"), terminate(5, "i-old"),
         run(9, "i-new", "10.0.1.77", NEW, "eni-2")]  # fmt: skip
CLAIMS = [
    ("10.0.1.77", OLD, "i-old", T0, T0 + 300 * SECOND, "RunInstances"),
    ("10.0.1.77", NEW, "i-new", T0 + 540 * SECOND, NO_TIME, "RunInstances"),
]


def test_address_used_again() -> None:
    """The story of a stale entry: one address, two machines one after the other."""
    assert rows(read_cloudtrail("f", json.dumps({"Records": REUSE})), *OWNER) == CLAIMS
    backwards = json.dumps({"Records": REUSE[::-1]}, indent=2)
    assert rows(read_cloudtrail("f", backwards), *OWNER) == CLAIMS
    assert rows(read_cloudtrail("f", backwards), "kind") == [("event",)] * 2


def test_forms() -> None:
    """``lookup-events`` has each event as a text; exports have one per line."""
    wrapped = [{"EventName": e["eventName"], "CloudTrailEvent": json.dumps(e)} for e in REUSE]
    assert rows(read_cloudtrail("f", json.dumps({"Events": wrapped})), *OWNER) == CLAIMS
    lines = "\n".join(json.dumps(e) for e in REUSE)
    reading = read_cloudtrail("f", lines)
    assert rows(reading, *OWNER) == CLAIMS
    assert rows(reading, "line") == [(1,), (3,)]


def test_secondary_addresses() -> None:
    """Assigned, taken back; an interface of its own, deleted."""
    asked = {"networkInterfaceId": "eni-2"}
    assigned = {"assignedPrivateIpAddressesSet": {
        "assignedPrivateIpAddressSetType": [{"privateIpAddress": "10.0.1.90"}]}}  # fmt: skip
    back = {"privateIpAddressesSet": {"item": [{"privateIpAddress": "10.0.1.90"}]}, **asked}
    interface = {"networkInterfaceId": "eni-3", "macAddress": NEW, "description": "eks pod",
                 "privateIpAddress": "10.0.1.91"}  # fmt: skip
    records = [
        *REUSE,
        event("AssignPrivateIpAddresses", 10, requestParameters=asked, responseElements=assigned),
        event("UnassignPrivateIpAddresses", 12, requestParameters=back),
        event("CreateNetworkInterface", 11, responseElements={"networkInterface": interface}),
        event("DeleteNetworkInterface", 20, requestParameters={"networkInterfaceId": "eni-3"}),
    ]
    found = rows(read_cloudtrail("f", json.dumps({"Records": records})), *OWNER)
    assert sorted(found) == sorted([
        *CLAIMS,
        ("10.0.1.90", "", "eni-2", T0 + 600 * SECOND, T0 + 720 * SECOND,
         "AssignPrivateIpAddresses"),
        ("10.0.1.91", NEW, "eni-3", T0 + 660 * SECOND, T0 + 1200 * SECOND,
         "CreateNetworkInterface eks pod"),
    ])  # fmt: skip


def test_what_failed_did_not_happen() -> None:
    failed = {**REUSE[0], "errorCode": "Client.UnauthorizedOperation"}
    elsewhere = {**REUSE[0], "eventSource": "autoscaling.amazonaws.com"}
    reading = read_cloudtrail("f", json.dumps({"Records": [failed, elsewhere]}))
    assert reading is not None
    assert len(reading.table) == 0


NAMES = ("RunInstances", "CreateNetworkInterface", "TerminateInstances", "X",
         "AssignPrivateIpAddresses", "UnassignPrivateIpAddresses")  # fmt: skip
STRANGE = (
    None, 5, "x", [], {}, {"instancesSet": 3}, {"networkInterface": {"privateIpAddress": 7}},
    {"instancesSet": {"items": [None, {"networkInterfaceSet": 1}]}},
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", STRANGE)
def test_strange_values(name: str, value: object) -> None:
    """Whatever the fields hold."""
    one = event(name, 0, requestParameters=value, responseElements=value, eventTime=value)
    reading = read_cloudtrail("f", json.dumps({"Records": [one]}))
    assert reading is not None
    assert len(reading.table) == 0


@pytest.mark.parametrize("text", ["", "eventName", '{"Records": [{"eventName"', '{"Events": []}'])
def test_others(text: str) -> None:
    assert read_cloudtrail("x", text) is None
