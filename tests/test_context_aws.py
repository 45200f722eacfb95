"""Who has which address, by the AWS command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rows import rows

from synack.context.aws import moment, read_aws_instances, read_aws_interfaces
from synack.tables import NO_TIME

SECOND = 1_000_000_000
OWNER = ("ip", "mac", "name", "from_ns", "until_ns")
ATTACHED = 1385854602 * SECOND  # 2013-11-30T23:36:42Z

INTERFACES: dict[str, Any] = {
    "NetworkInterfaces": [
        {
            "Status": "in-use",
            "MacAddress": "02:2f:8f:b0:cf:75",
            "SourceDestCheck": True,
            "VpcId": "vpc-a01106c2",
            "Description": "my network interface",
            "NetworkInterfaceId": "eni-e5aa89a3",
            "PrivateIpAddresses": [
                {"Primary": True, "PrivateIpAddress": "10.0.1.17"},
                {"Primary": False, "PrivateIpAddress": "10.0.1.18"},
            ],
            "Ipv6Addresses": [{"Ipv6Address": "2001:db8::17"}],
            "Attachment": {
                "Status": "attached",
                "DeviceIndex": 1,
                "AttachTime": "2013-11-30T23:36:42.000Z",
                "InstanceId": "i-1234567890abcdef0",
            },
            "SubnetId": "subnet-b61f49f0",
            "PrivateIpAddress": "10.0.1.17",
        },
        {
            "Status": "available",
            "MacAddress": "02:58:f5:ef:4b:06",
            "NetworkInterfaceId": "eni-f907257f",
            "Description": "",
            "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": "10.0.1.19"}],
            "PrivateIpAddress": "10.0.1.19",
        },
    ]
}
"""Shaped as the example of ``aws ec2 describe-network-interfaces`` in the AWS CLI's manual."""

INSTANCE: dict[str, Any] = {
    "InstanceId": "i-0598c7d356eba48d7",
    "LaunchTime": "2022-11-15T10:48:59+00:00",
    "State": {"Code": 16, "Name": "running"},
    "PrivateIpAddress": "10.0.1.77",
    "SubnetId": "subnet-b61f49f0",
    "Tags": [{"Key": "x", "Value": "y"}, {"Key": "Name", "Value": "producer-7"}],
    "NetworkInterfaces": [
        {
            "MacAddress": "0a:e6:f1:c2:6b:30",
            "NetworkInterfaceId": "eni-1",
            "Status": "in-use",
            "PrivateIpAddress": "10.0.1.77",
            "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.77"}],
            "Attachment": {"AttachTime": "2022-11-15T10:48:59+00:00"},
        }
    ],
}


def test_interfaces() -> None:
    """Every address of every interface, secondary and IPv6 too, since it was attached."""
    text = json.dumps(INTERFACES, indent=4)
    reading = read_aws_interfaces("f", text)
    assert rows(reading, *OWNER) == [
        ("10.0.1.17", "02:2f:8f:b0:cf:75", "i-1234567890abcdef0", ATTACHED, NO_TIME),
        ("10.0.1.18", "02:2f:8f:b0:cf:75", "i-1234567890abcdef0", ATTACHED, NO_TIME),
        ("2001:db8::17", "02:2f:8f:b0:cf:75", "i-1234567890abcdef0", ATTACHED, NO_TIME),
        ("10.0.1.19", "02:58:f5:ef:4b:06", "eni-f907257f", NO_TIME, NO_TIME),
    ]
    assert rows(reading, "says")[0] == ("eni-e5aa89a3 in-use subnet-b61f49f0 my network interface",)
    begins = [n for n, line in enumerate(text.split("\n"), 1) if line == " " * 8 + "{"]
    assert [row[0] for row in rows(reading, "line")] == [begins[0]] * 3 + [begins[1]]
    assert reading is not None
    assert set(reading.table["kind"]) == {"inventory"}
    assert reading.unread == []


def test_instances() -> None:
    """The interfaces of an instance; without any its address alone, since its launch."""
    bare = {
        **INSTANCE,
        "InstanceId": "i-2",
        "NetworkInterfaces": [],
        "PrivateIpAddress": "10.0.1.78",
    }
    text = json.dumps(
        {"Reservations": [{"Instances": [INSTANCE]}, {"Instances": [bare]}]}, indent=1
    )
    since = 1668509339 * SECOND
    reading = read_aws_instances("f", text)
    assert rows(reading, *OWNER) == [
        ("10.0.1.77", "0a:e6:f1:c2:6b:30", "i-0598c7d356eba48d7", since, NO_TIME),
        ("10.0.1.78", "", "i-2", since, NO_TIME),
    ]
    says = [row[0] for row in rows(reading, "says")]
    assert says[0] == "running subnet-b61f49f0 producer-7 eni-1 in-use"
    assert read_aws_interfaces("f", text) is None


def test_strange_values() -> None:
    """The manual's own example has dashes in an address; nothing is guessed."""
    odd = {**INSTANCE, "NetworkInterfaces": "none", "PrivateIpAddress": "10-0-0-157"}
    reading = read_aws_instances("f", json.dumps({"Instances": [odd, INSTANCE]}))
    assert len(rows(reading, "ip")) == 1
    assert reading is not None
    assert [str(d) for d in reading.unread] == ["f, line 1: '10-0-0-157' is not an address"]
    for broken in ({"MacAddress": 5}, {"Attachment": []}, {"PrivateIpAddresses": [1, None]}):
        interface = {**INTERFACES["NetworkInterfaces"][1], **broken}
        text = json.dumps({"NetworkInterfaces": [interface]})
        assert rows(read_aws_interfaces("f", text), "ip") == [("10.0.1.19",)]


def test_cut() -> None:
    """What is whole before the cut is read."""
    text = json.dumps(INTERFACES)
    whole = rows(read_aws_interfaces("f", text), *OWNER)
    for end in range(0, len(text), 7):
        reading = read_aws_interfaces("f", text[:end])
        part = rows(reading, *OWNER) if reading else []
        assert part in ([], whole[:3], whole)


@pytest.mark.parametrize(
    ("text", "at"),
    [("2013-11-30T23:36:42.000Z", ATTACHED), ("2022-11-15T10:48:59+00:00", 1668509339 * SECOND),
     ("", NO_TIME), ("yesterday", NO_TIME)],
)  # fmt: skip
def test_moment(text: str, at: int) -> None:
    """Both spellings of AWS."""
    assert moment(text) == at


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"NetworkInterfaces": []}', '{"NetworkInterfaces": [{}]}', '{"Instances": 5}'],
)
def test_others(text: str) -> None:
    assert read_aws_interfaces("x", text) is None
    assert read_aws_instances("x", text) is None
