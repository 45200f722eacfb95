"""What hosts say beside captures and tables: settings, counters and sockets, each with a line."""

from __future__ import annotations

import pytest

from synack.addresses import parse_ip
from synack.diagnosis.context import KINDS, Context
from synack.loading import load
from synack.model import Source
from synack.pipeline import run


def context_of(folder, **files):
    for name, text in files.items():
        host, _, kind = name.partition("__")
        (folder / f"{host}.{kind}.txt").write_text(text)
    loaded = load([str(folder)])
    return Context(loaded.context(schema) for schema in KINDS)


SYSCTL = """net.ipv4.neigh.default.gc_thresh1 = 128
net.ipv4.neigh.eth0.base_reachable_time_ms = 600000
net.ipv4.neigh.default.base_reachable_time_ms = 30000
net.ipv4.neigh.eth0/100.delay_first_probe_time = 7
net.ipv4.conf.all.rp_filter = many
Linux broker 4.4.0-116-generic #140-Ubuntu SMP Mon Feb 12 21:23:04 UTC 2018 x86_64
"""


@pytest.mark.parametrize(
    ("interface", "key", "value"),
    [
        ("eth0", "base_reachable_time_ms", 600000),
        ("eth1", "base_reachable_time_ms", 30000),
        ("", "gc_thresh1", 128),
        ("eth0.100", "delay_first_probe_time", 7),
    ],
)
def test_a_setting_is_the_interfaces_else_the_default(tmp_path, interface, key, value):
    context = context_of(tmp_path, b__sysctl=SYSCTL)
    found = context.neighbor_setting("b", "ipv4", interface, key)
    assert found.number == value
    line = SYSCTL[: SYSCTL.index(f"= {value}")].count("\n") + 1
    assert found.source == Source(str(tmp_path / "b.sysctl.txt"), line=line)


def test_what_is_not_given_is_unknown(tmp_path):
    context = context_of(tmp_path, b__sysctl=SYSCTL)
    assert context.neighbor_setting("b", "ipv4", "eth0", "gc_stale_time") is None
    assert context.neighbor_setting("other", "ipv4", "", "gc_thresh1") is None
    assert context.setting("b", "net.ipv4.conf.all.rp_filter").number is None
    assert context.kernel("other") is None
    assert context.kernel("b")[:2] == ("4.4.0-116-generic", (4, 4, 0))


BEFORE = """2026-09-21T14:13:00Z
#kernel
TcpInSegs 100 0.0
TcpExtListenOverflows 2 0.0
TcpExtListenDrops 2 0.0
IpExtInOctets 5000 0.0
"""
AFTER = """2026-09-21T14:14:00Z
#kernel
TcpInSegs 300 0.0
TcpExtListenOverflows 9 0.0
TcpExtListenDrops 2 0.0
IpExtInOctets 9000 0.0
"""


def test_counters_rise_or_stay_with_both_lines(tmp_path):
    context = context_of(tmp_path, **{"b__nstat-before": BEFORE, "b__nstat-after": AFTER})
    names = [str(tmp_path / f"b.nstat{n}.txt") for n in ("-before", "-after")]
    rise, sources = context.rose("b", "TcpExtListenOverflows")
    assert (rise, sources) == (7, tuple(Source(name, line=4) for name in names))
    assert context.rose("b", "TcpExtListenDrops")[0] == 0
    assert {s.line for s in context.rose("b", "TcpExtListenDrops")[1]} == {5}
    assert context.rose("b", "TcpExtPAWSEstab") is None  # four lines may be a choice
    assert context.rose("b", "table_fulls") is None


def test_what_whole_dumps_leave_out_is_zero(tmp_path):
    """As nstat without -z does."""
    many = "".join(f"TcpExtOther{n} 1 0.0\n" for n in range(60))
    dumps = {"b__nstat-before": BEFORE + many, "b__nstat-after": AFTER + many}
    rise, sources = context_of(tmp_path, **dumps).rose("b", "TcpExtPAWSEstab")
    assert (rise, {s.line for s in sources}) == (0, {None})


@pytest.mark.parametrize("files", [{}, {"b__nstat-before": BEFORE}, {"c__nstat-before": BEFORE}])
def test_one_dump_tells_no_rise(tmp_path, files):
    assert context_of(tmp_path, **files).rose("b", "TcpExtListenOverflows") is None


def test_sockets_by_host_and_peer(tmp_path):
    text = (
        "State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
        "LISTEN 0 128 10.0.1.10:9092 0.0.0.0:*\n"
        "SYN-RECV 0 0 10.0.1.10:9092 10.0.1.77:40000\n"
        "ESTAB 0 0 10.0.1.10:9094 10.0.1.71:40001\n"
    )
    context = context_of(tmp_path, b__ss=text)
    (row,) = context.sockets_to("b", parse_ip("10.0.1.77")).tolist()
    assert context.sockets["state"][row] == "SYN-RECEIVED"
    assert context.where(context.sockets, row).line == 3
    assert not len(context.sockets_to("c", parse_ip("10.0.1.77")))


def test_sockets_belong_to_the_host_whose_addresses_they_have(tmp_path, monkeypatch):
    """Whatever the name of the file: here none."""
    cases = []
    monkeypatch.setattr("synack.pipeline.findings", lambda case: cases.append(case) or [])
    fixture = "fixtures/stale-arp"
    (tmp_path / "afterwards.txt").write_text(
        "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n"
        "ESTAB 0 0 10.0.1.10:9094 10.0.1.77:40001\n"
        "ESTAB 0 0 10.0.1.10:9094 10.0.1.78:40001\n"
        "ESTAB 0 0 10.0.1.10:9094 10.0.1.79:40001\n"
    )
    run(load([fixture, str(tmp_path / "afterwards.txt")]))
    sockets = cases[0].context.sockets
    assert set(sockets["host"]) == {"broker-1"}


ROUTES = """default via 10.0.1.1 dev eth0
10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10
10.0.1.77 via 10.0.1.20 dev eth0
10.0.2.0/23 via 10.0.1.2 dev eth0
fd00::/64 dev eth0 proto kernel metric 256 pref medium
fd00:0:0:0:8000::/65 via fe80::1 dev eth0 metric 1024 pref medium
"""


@pytest.mark.parametrize(
    ("ip", "via", "line"),
    [
        ("10.0.1.71", None, 2),
        ("10.0.1.77", "10.0.1.20", 3),
        ("10.0.3.255", "10.0.1.2", 4),
        ("10.0.4.0", "10.0.1.1", 1),
        ("fd00::1", None, 5),
        ("fd00::8000:0:0:1", "fe80::1", 6),
        ("fd00:0:0:1::1", False, 0),
    ],
)
def test_the_longest_prefix_decides_the_route(tmp_path, ip, via, line):
    context = context_of(tmp_path, **{"b__ip-route": ROUTES})
    found = context.route("b", parse_ip(ip))
    if via is False:
        assert found is None
    else:
        assert (found[0], found[1].line) == (via and parse_ip(via), line)
    assert context.route("other", parse_ip(ip)) is None
