"""Why a server said nothing: its counters, settings, sockets and log decide, else it is open."""

from __future__ import annotations

import pytest
from scenario import Lan
from stories import beside, diagnose, sockets

KNOWN = (
    "ListenOverflows ListenDrops IPReversePathFilter TCPReqQFullDrop TCPReqQFullDoCookies"
    " SyncookiesSent PAWSTimewait PAWSEstab PAWSActive PAWSPassive TCPACKSkippedTimeWait"
).split()


def nstat(octets, **counts):
    lines = [f"TcpInSegs {octets} 0.0", f"TcpInCsumErrors {counts.pop('InCsumErrors', 0)} 0.0",
             "TcpInErrs 0 0.0", f"IpExtInOctets {octets} 0.0"]  # fmt: skip
    lines += [f"TcpExt{name} {counts.get(name, 0)} 0.0" for name in KNOWN]
    return "#kernel\n" + "\n".join(lines) + "\n"


def cache(fulls):
    head = (
        "entries  allocs destroys hash_grows lookups hits res_failed rcv_probes_mcast"
        " rcv_probes_ucast periodic_gc_runs forced_gc_runs unresolved_discards table_fulls"
    )
    return f"{head}\n" + " ".join([f"{8:08x}"] * 12 + [f"{fulls:08x}"]) + "\n"


def silent(folder, server="ignore"):
    """A server that ignores every SYN of the client; and its alternatives by row."""
    net = Lan()
    net.broker.server = server
    net.every(net.client, net.broker, (1, 13, 25))
    net.connect(net.client, net.metrics, 0.5)
    net.connect(net.client, net.metrics, 58)
    (finding,) = diagnose(net, folder).findings
    return finding, {a.row: a for a in finding.alternatives}


def test_without_more_it_is_open_what_would_tell(tmp_path):
    finding, rows = silent(tmp_path)
    assert finding.kind == "no-reply"
    assert {row for row, a in rows.items() if a.verdict == "open"} == {
        9, 10, 12, 13, 14, 15, 17, 18, 20,
    }  # fmt: skip
    assert {row for row, a in rows.items() if a.verdict == "excluded"} == {2, 7, 16, 19}


@pytest.mark.parametrize(
    ("rose", "row"),
    [
        ("IPReversePathFilter", 9), ("TCPReqQFullDrop", 13), ("SyncookiesSent", 13),
        ("PAWSEstab", 17), ("PAWSTimewait", 17), ("PAWSPassive", 18), ("InCsumErrors", 20),
    ],
)  # fmt: skip
def test_a_counter_that_rose_supports_its_row_and_excludes_the_others(rose, row, tmp_path):
    beside(tmp_path, "broker-1", "nstat-before", nstat(100), 0)
    beside(tmp_path, "broker-1", "nstat-after", nstat(900, **{rose: 12}), 50)
    _, rows = silent(tmp_path)
    assert rows[row].verdict == "supported"
    assert f"{rose} rose by 12 on broker-1" in rows[row].says
    assert len(rows[row].sources) >= 2
    counted = {9, 12, 13, 17, 18, 20}
    assert {r for r in counted if rows[r].verdict == "excluded"} == counted - {row}


@pytest.mark.parametrize(("fulls", "verdict"), [(3, "supported"), (0, "excluded")])
def test_the_neighbor_cache_counts_overflows(fulls, verdict, tmp_path):
    beside(tmp_path, "broker-1", "arp_cache-before", cache(0), 0)
    beside(tmp_path, "broker-1", "arp_cache-after", cache(fulls), 50)
    _, rows = silent(tmp_path)
    assert rows[15].verdict == verdict


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("neighbour: arp_cache: neighbor table overflow!", 15),
        ("TCP: request_sock_TCP: Possible SYN flooding on port 9092. Dropping request.", 13),
        ("IPv4: martian source 10.0.1.10 from 10.0.1.77, on dev eth0", 9),
    ],
)
@pytest.mark.parametrize(("stamp", "verdict"), [("14:13:45", "supported"), ("15:13:45", "open")])
def test_the_kernels_log_of_that_time_tells(line, row, stamp, verdict, tmp_path):
    text = f"2026-09-21T{stamp},000000+00:00 {line}\n" + "".join(
        f"2026-09-21T14:00:0{n},000000+00:00 usb 1-1: new device\n" for n in range(4)
    )
    beside(tmp_path, "broker-1", "dmesg", text)
    _, rows = silent(tmp_path)
    assert rows[row].verdict == verdict
    assert verdict == "open" or line in rows[row].says


def test_a_martian_of_another_sender_tells_nothing_of_this_one(tmp_path):
    line = "2026-09-21T14:13:45,000000+00:00 IPv4: martian source 10.0.1.10 from 10.0.1.9, on dev e"
    beside(tmp_path, "broker-1", "dmesg", f"{line}\n" * 3)
    _, rows = silent(tmp_path)
    assert rows[9].verdict == "open"


@pytest.mark.parametrize(
    ("queued", "verdict"), [((129, 128), "supported"), ((128, 128), "open"), ((0, 128), "open")]
)
def test_a_full_queue_is_seen_by_its_sockets(queued, verdict, tmp_path):
    text = (
        "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n"
        f"LISTEN {queued[0]} {queued[1]} 0.0.0.0:9092 0.0.0.0:*\n"
        "ESTAB 0 0 10.0.1.10:9094 10.0.1.71:40001\n"
    )
    beside(tmp_path, "broker-1", "ss", text, 5)
    _, rows = silent(tmp_path)
    assert rows[12].verdict == verdict


def test_a_socket_in_syn_received_has_answered(tmp_path):
    net = Lan()
    net.connect(net.client, net.broker, 1, source=41_000)
    beside(tmp_path, "broker-1", "ss", sockets("SYN-RECV 10.0.1.10:9092 10.0.1.77:41000"), 2)
    net.broker.server = "ignore"
    net.connect(net.client, net.metrics, 0.5)
    net.connect(net.client, net.metrics, 58)
    (finding,) = diagnose(net, tmp_path).findings
    found = next(a for a in finding.alternatives if a.row == 10)
    assert (found.verdict, len(found.sources)) == ("supported", 1)
    assert "it did answer" in found.says


@pytest.mark.parametrize(
    ("settings", "row", "verdict"),
    [
        ("net.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.eth0.rp_filter = 0\n", 9, "excluded"),
        ("net.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.eth0.rp_filter = 1\n", 9, "open"),
        ("net.ipv4.conf.all.rp_filter = 0\n", 9, "open"),
        ("net.ipv4.tcp_tw_recycle = 0\n", 18, "excluded"),
        ("net.ipv4.tcp_tw_recycle = 1\n", 18, "open"),
        ("Linux broker-1 6.1.0-25-amd64 #1 SMP x86_64 GNU/Linux\n", 18, "excluded"),
        ("Linux broker-1 4.9.0-19-amd64 #1 SMP x86_64 GNU/Linux\n", 18, "open"),
    ],
)
def test_settings_exclude(settings, row, verdict, tmp_path):
    beside(tmp_path, "broker-1", "sysctl", settings)
    _, rows = silent(tmp_path)
    assert rows[row].verdict == verdict
    assert verdict == "open" or rows[row].sources


def test_no_timestamps_no_recycling(tmp_path):
    net = Lan()
    net.client.stamps = False
    net.broker.server = "ignore"
    net.every(net.client, net.broker, (1, 13, 25))
    net.connect(net.client, net.metrics, 0.5)
    net.connect(net.client, net.metrics, 58)
    (finding,) = diagnose(net, tmp_path).findings
    assert next(a for a in finding.alternatives if a.row == 18).verdict == "excluded"
