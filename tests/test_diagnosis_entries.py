"""What entries said when: tables, monitors and ARP on one time line."""

from __future__ import annotations

import pytest
from scenario import T0, B, Lan, X, Y
from stories import BROKER, CLIENT, case_of, moment

from synack.addresses import format_ip, format_mac
from synack.diagnosis.entries import KINDS, history
from synack.pipeline import load, run
from synack.tables import NO_TIME


def seconds(time):
    return None if time == NO_TIME else round(time / 1e9 - T0, 3)


def told(table, ip=CLIENT, host="b1"):
    """(kind, MAC, state, first, last, until), in seconds after the beginning."""
    return [
        (KINDS[row["kind"]], format_mac(row["mac"]), row["state"],
         *map(seconds, (row["first"], row["last"], row["until"])))
        for row in table.rows()
        if format_ip(row["ip_hi"], row["ip_lo"]) == ip and row["host"] == host
    ]  # fmt: skip


def polls(*rows):
    """``ip neigh`` in a loop: (at, MAC or "", state)."""
    return "".join(
        f"{moment(at)}\n{CLIENT} dev eth0 {'lladdr ' + mac if mac else ''} {state}\n"
        for at, mac, state in rows
    )


def monitor(*rows):
    """``ip -ts monitor neigh``: (at, what it prints)."""
    return "".join(f"[{moment(at)[:19]}.000000] {what.format(ip=CLIENT)} \n" for at, what in rows)


def of_files(folder, **files):
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text)
    return run(load([str(folder)])).history


IS = "{ip} dev eth0 lladdr "
CASES = [
    ("nobody knows when between two dumps",
     {"b1_neigh.txt": polls((1, X, "STALE"), (5, X, "PROBE"), (9, Y, "REACHABLE"))},
     [("table", X, "PROBE", 1, 5, 9), ("table", Y, "REACHABLE", 9, 9, None)]),
    ("an entry that fails is none",
     {"b1_neigh.txt": polls((1, X, "STALE"), (5, "", "FAILED"), (9, Y, "REACHABLE"))},
     [("table", X, "STALE", 1, 1, 5), ("table", "", "FAILED", 5, 5, 9),
      ("table", Y, "REACHABLE", 9, 9, None)]),
    ("a monitor tells when to the moment",
     {"b1_monitor.txt": monitor((1, IS + X + " STALE"), (4, IS + X + " PROBE"),
                                (8, "{ip} dev eth0 FAILED"), (9, IS + Y + " REACHABLE"))},
     [("monitor", X, "PROBE", 1, 8, 8), ("monitor", "", "FAILED", 8, 9, 9),
      ("monitor", Y, "REACHABLE", 9, 9, None)]),
    ("what is deleted is none",
     {"b1_monitor.txt": monitor((1, IS + X + " STALE"), (4, "Deleted " + IS + X + " STALE"))},
     [("monitor", X, "STALE", 1, 4, 4), ("monitor", "", "STALE", 4, 4, None)]),
    ("a dump between events of a monitor",
     {"b1_monitor.txt": monitor((1, IS + X + " STALE"), (8, IS + Y + " REACHABLE")),
      "b1_neigh.txt": polls((5, X, "DELAY"))},
     [("monitor", X, "DELAY", 1, 5, 8), ("monitor", Y, "REACHABLE", 8, 8, None)]),
    ("without a time", {"b1_neigh.txt": f"{CLIENT} dev eth0 lladdr {X} STALE\n"}, None),
    ("a proxy's row is no entry", {"b1_neigh.txt": f"{moment(1)}\n{CLIENT} dev eth0 proxy\n"},
     []),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_tables_and_monitors(files, expected, tmp_path):
    table = of_files(tmp_path, **files)
    if expected is None:
        (row,) = table.rows()
        assert not row["certain"]
        assert row["until"] == NO_TIME
        return
    assert told(table) == expected


def test_a_monitor_is_complete_between_its_own_events_alone(tmp_path):
    files = {"b1_monitor.txt": monitor((1, IS + X + " STALE"), (4, IS + X + " PROBE")),
             "b1_neigh.txt": polls((9, Y, "REACHABLE"))}  # fmt: skip
    assert told(of_files(tmp_path, **files)) == [
        ("monitor", X, "PROBE", 1, 4, 9),
        ("table", Y, "REACHABLE", 9, 9, None),
    ]


def test_one_interface_is_that_of_a_dump_that_does_not_say(tmp_path):
    """``ip neigh show dev eth0`` prints none; two interfaces are two entries."""
    dumps = [
        f"{moment(1)}\n{CLIENT} dev eth0 lladdr {X} STALE\n",
        f"{moment(5)}\n{CLIENT} lladdr {X} STALE\n",
        f"{moment(7)}\n{CLIENT} dev eth1 lladdr {Y} STALE\n",
    ]
    for number, text in enumerate(dumps):
        (tmp_path / f"{number}.txt").write_text(text)
    files = [f"b1={tmp_path}/{number}.txt" for number in range(3)]
    (row,) = run(load(files[:2])).history.rows()
    assert (row["interface"], row["records"]) == ("eth0", 2)
    found = [(row["interface"], row["records"]) for row in run(load(files)).history.rows()]
    assert sorted(found) == [("", 1), ("eth0", 1), ("eth1", 1)]


def test_arp_ends_what_a_table_said(tmp_path):
    """The peer's own question corrects the entry: it lasted no longer than until then."""
    net = Lan()
    net.broker.knows(net.client, X)
    net.broker.knows(net.client, Y, at=8)
    net.dump(net.broker, 5)
    net.arp(8, 1, Y, CLIENT, BROKER, heard=[net.broker])
    net.play()
    assert told(history(case_of(net, tmp_path)), host="broker-1") == [
        ("table", X, "STALE", 5.0, 5.0, 8.0),
        ("arp", Y, "", 8.0, 8.0, None),
    ]


def test_arp_does_not_change_a_permanent_entry(tmp_path):
    net = Lan()
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5, state="PERMANENT")
    net.arp(8, 1, Y, CLIENT, BROKER, heard=[net.broker])
    net.play()
    assert told(history(case_of(net, tmp_path)), host="broker-1") == [
        ("table", X, "PERMANENT", 5.0, 5.0, None)
    ]


def test_a_table_of_another_host_is_left_out(tmp_path):
    """It has the broker's own address at somebody's else MAC: it cannot be the broker's."""
    net = Lan()
    net.dump(net.broker, 5, {BROKER: Y, CLIENT: X})
    net.play()
    assert told(history(case_of(net, tmp_path)), host="broker-1") == []
    assert B != Y
