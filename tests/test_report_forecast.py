"""``synack gc`` as text and JSON: a golden of each, from a table of a real kernel."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
LAB = "../shared/domain"
ARGUMENTS = [
    f"b1={LAB}/lab/gc/log_default128.txt",
    f"b1={LAB}/samples/sysctl-net.ipv4.neigh-host.txt",
    "--kernel", "6.18", "--subnet-hosts", "251", "--rolled-per-day", "40",
    "--set", "net.ipv4.neigh.default.gc_thresh1=128",
    "--set", "net.ipv4.neigh.default.gc_stale_time=20,net.ipv4.neigh.default.gc_interval=5",
]  # fmt: skip


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("gc-lab", ARGUMENTS), ("gc-stale-arp", ["fixtures/stale-arp", "--kernel", "6.1"])],
)
def test_golden(synack, form: str, name: str, arguments: list[str]) -> None:
    code, out, _ = synack("gc", *arguments, "--format", form)
    assert code == 0
    path = GOLDEN / f"{name}.{'txt' if form == 'text' else form}"
    if os.environ.get("SYNACK_GOLDEN") == "write":
        path.write_text(out, "utf-8")
    assert out == path.read_text("utf-8")


def test_text_and_json_say_the_same(synack) -> None:
    _, text, _ = synack("gc", *ARGUMENTS)
    document = json.loads(synack("gc", *ARGUMENTS, "-f", "json")[1])
    assert document["schema"] == "synack.gc/1"
    (table,) = document["tables"]
    for scenario in table["scenarios"]:
        counts = [f["verdict"] for e in table["entries"] for f in e["fates"]
                  if f["scenario"] == scenario["name"]]  # fmt: skip
        assert counts.count("deleted") == scenario["deleted"]
        assert counts.count("may-be-deleted") == scenario["may_be_deleted"]
    row = re.search(r"will be deleted +(.*)", text)
    assert row is not None
    assert [int(n) for n in row[1].split()] == [s["deleted"] for s in table["scenarios"]]
    for entry in table["entries"]:
        assert entry["ip"] in text


def test_measured_deletions_are_within_the_bounds(synack, tmp_path: Path) -> None:
    """The table of the lab 1 s after its entries were made, gc_thresh1 = 0: what the real
    kernel deleted, when."""
    lab = Path(__file__).parents[1] / LAB / "lab" / "gc"
    log = (lab / "log_zero.txt").read_text("utf-8").splitlines()
    start = next(n for n, line in enumerate(log) if line.startswith("== "))
    (tmp_path / "b1.neigh.txt").write_text("\n".join(log[start + 1 : start + 8]) + "\n", "utf-8")
    (tmp_path / "b1.sysctl.txt").write_text("net.ipv4.neigh.default.gc_thresh1 = 0\n", "utf-8")
    (table,) = json.loads(synack("gc", str(tmp_path), "-f", "json")[1])["tables"]
    fates = {entry["ip"]: entry["fates"][0] for entry in table["entries"]}
    at = 47 * 60 + 19.16
    measured = {}
    for line in (lab / "mon_zero.txt").read_text("utf-8").splitlines():
        if found := re.match(r"\[\S+T07:(\d+):([\d.]+)\] Deleted (\S+) dev eth0", line):
            measured[found[3]] = int(found[1]) * 60 + float(found[2]) - at
    seen = 0
    for ip, fate in fates.items():
        if fate["verdict"] == "deleted":
            assert fate["earliest_s"] <= measured[ip] <= fate["latest_s"]
            seen += 1
        elif fate["verdict"] == "stays":
            assert ip not in measured
    assert seen >= 4


def test_many_entries_are_cut_in_text_only(synack, tmp_path: Path) -> None:
    rows = (f"10.0.{n >> 8}.{n & 255} dev eth0 lladdr 02:00:00:00:00:01 STALE\n"
            for n in range(1, 200))  # fmt: skip
    (tmp_path / "b1.neigh.txt").write_text("".join(rows), "utf-8")
    _, text, _ = synack("gc", str(tmp_path))
    assert "and 179 more" in text
    document = json.loads(synack("gc", str(tmp_path), "-f", "json")[1])
    assert len(document["tables"][0]["entries"]) == 199


def test_nothing_steers_a_terminal(synack, tmp_path: Path) -> None:
    (tmp_path / "b1.neigh.txt").write_text(
        "10.0.0.1 dev e\u202eth0 lladdr 02:00:00:00:00:01 STALE\n", "utf-8"
    )
    _, text, _ = synack("gc", str(tmp_path))
    assert "\u202e" not in text
