"""Who had which address by texts alone: what each kind of them says, and its times."""

from __future__ import annotations

import pytest
from scenario import T0, X, Y
from stories import CLIENT, inventory, ip_addr, leases, moment

from synack.addresses import format_mac
from synack.diagnosis.documents import KINDS, documents
from synack.pipeline import load, run
from synack.tables import NO_TIME

S = 1_000_000_000


def told(folder, **files):
    """(kind, MAC, who, first, last) of each row, in seconds after the beginning."""
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text)
    table = documents(run(load([str(folder)])).case)
    return [
        (KINDS[row["kind"]], format_mac(row["mac"]), row["name"],
         *(None if t == NO_TIME else t // S - T0 for t in (row["first"], row["last"])))
        for row in table.rows()
    ]  # fmt: skip


DNSMASQ = f"{T0 + 500} {Y} {CLIENT} producer-7 *\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"p7_ip-addr.txt": ip_addr("eth0", CLIENT, Y, at=5)}, ("own-addresses", Y, "p7", 5, 5)),
        ({"enis_json": inventory((CLIENT, Y, -100), asked=50)},
         ("inventory", Y, "i-00000001", -100, 50)),
        ({"enis_json": inventory((CLIENT, Y, -100))}, ("inventory", Y, "i-00000001", -100, -100)),
        ({"dhcpd_leases": leases((CLIENT, Y, -100, 500))}, ("lease", Y, "", -100, 500)),
        # dnsmasq notes when a lease ends, not since when it runs.
        ({"dnsmasq_leases": DNSMASQ}, ("lease", Y, "producer-7", None, 500)),
        ({"dnsmasq-20260921T141330Z_leases": DNSMASQ}, ("lease", Y, "producer-7", 10, 10)),
        ({"b1_neigh.txt": f"{moment(5)}\n{CLIENT} dev eth0 lladdr {X} STALE\n"},
         ("table", X, "", 5, 5)),
    ],
)  # fmt: skip
def test_what_each_says(files, expected, tmp_path):
    assert told(tmp_path, **files) == [expected]


def test_a_table_seen_again_and_again_is_one_spell(tmp_path):
    polls = "".join(
        f"{moment(at)}\n{CLIENT} dev eth0 lladdr {mac} STALE\n"
        for at, mac in ((1, X), (6, X), (11, Y), (16, X))
    )
    assert told(tmp_path, b1_neigh=polls) == [
        ("table", X, "", 1, 6), ("table", Y, "", 11, 11), ("table", X, "", 16, 16)
    ]  # fmt: skip


def test_loopback_is_nobodys(tmp_path):
    assert {row[1] for row in told(tmp_path, p7_txt=ip_addr("eth0", CLIENT, Y))} == {Y}
