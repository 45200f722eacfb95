"""Counters of interfaces in text, JSON and /proc."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from rows import rows

from synack.context.links import read_links, read_links_json, read_proc_dev
from synack.context.reading import Reading
from synack.text import decode

SAMPLES = Path(__file__).parents[2] / "shared" / "domain" / "samples"


def sample(name: str) -> str:
    return decode((SAMPLES / name).read_bytes())


def counted(reading: Reading | None) -> dict[tuple[str, str], int]:
    return {(scope, name): value for scope, name, value in rows(reading, "scope", "name", "value")}


def test_text_and_json_agree() -> None:
    """One interface, printed twice: the same names and values. Five frames were for others."""
    text = counted(read_links("x", sample("ip-s-s-link-producer-floodbridge.txt")))
    as_json = counted(read_links_json("x", sample("ip-j-s-s-link-producer-floodbridge.json")))
    assert text == as_json
    assert text["eth0", "rx_otherhost"] == 5
    assert text["eth0", "tx_carrier_changes"] == 2
    assert len(text) == 23


def test_plain() -> None:
    found = read_links("x", sample("ip-s-link-broker.txt"))
    some = [row for row in rows(found, "name", "value", "line") if row[1]]
    assert some == [("rx_bytes", 888, 4), ("rx_packets", 12, 4), ("tx_bytes", 1110, 6),
                    ("tx_packets", 15, 6)]  # fmt: skip


def test_old_heads() -> None:
    """iproute2 before 4.20: other words in the heads (ip/ipaddress.c of 4.9)."""
    text = """2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 qdisc mq state UP mode DEFAULT
    link/ether 0a:1f:3c:90:5e:a1 brd ff:ff:ff:ff:ff:ff
    RX: bytes  packets  errors  dropped overrun mcast
    8123       97       1       2       3       0
    TX: bytes  packets  errors  dropped carrier collsns
    9041       81       0       0       0       0
"""
    found = counted(read_links("x", text))
    assert found["eth0", "rx_dropped"] == 2
    assert found["eth0", "rx_over_errors"] == 3


def test_unread() -> None:
    """A row with too few numbers is named, and the next interface is read."""
    text = sample("ip-s-link-broker.txt")
    cut = text.replace("888      12      0", "888      12") + text.replace("eth0", "eth1")
    reading = read_links("f", cut)
    assert reading is not None
    assert [str(damage) for damage in reading.unread] == ["f, line 4: not the 6 counters of eth0"]
    assert {row[0] for row in rows(reading, "scope")} == {"eth0", "eth1"}


@pytest.mark.parametrize(
    "text", ["", "RX:", '[{"stats64":1,"ifname":"x"}]', '[{"ifname":{},"stats64":{"rx":[]}}]']
)
def test_others(text: str) -> None:
    assert read_links("x", text) is None
    assert read_links_json("x", text) is None
    assert read_proc_dev("x", text) is None


def test_strange_numbers() -> None:
    """NaN, negative and huge values are passed over."""
    values = '{"b":NaN,"c":-1,"d":1e400,"e":99999999999999999999,"f":7}'
    text = f'[{{"ifname":"a","stats64":{{"rx":{values}}}}}]'
    assert counted(read_links_json("x", text)) == {("a", "rx_f"): 7}


def test_this_machine() -> None:
    """The text, the JSON and /proc of this kernel: the same counters of the same interfaces."""
    run = [["ip", "-s", "-s", "link"], ["ip", "-j", "-s", "-s", "link"]]
    printed = [subprocess.run(c, capture_output=True, check=True).stdout for c in run]
    text = counted(read_links("x", decode(printed[0])))
    as_json = counted(read_links_json("x", decode(printed[1])))
    assert ("lo", "rx_bytes") in text
    assert text.keys() == as_json.keys()
    proc = counted(read_proc_dev("x", Path("/proc/net/dev").read_text()))
    assert {scope for scope, _ in proc} == {scope for scope, _ in text}
    assert {("lo", name) for _, name in proc} <= {(scope, name) for scope, name in proc}
    assert proc["lo", "rx_packets"] >= text["lo", "rx_packets"]


def test_proc_dev() -> None:
    """Numbers may touch the colon (kernels before 2.6.38)."""
    head = sample_head()
    text = head + "  eth0:8123 97 1 2 0 0 0 0 9041 81 0 0 0 0 0 0\n  eth1: 1 2 3 4 5 6 7\n"
    reading = read_proc_dev("f", text)
    found = counted(reading)
    some = [found["eth0", name] for name in ("rx_bytes", "rx_dropped", "tx_packets")]
    assert some == [8123, 2, 81]
    assert reading is not None
    assert [str(damage) for damage in reading.unread] == ["f, line 4: cut, or not an interface"]


def sample_head() -> str:
    return "".join(Path("/proc/net/dev").read_text().splitlines(keepends=True)[:2])
