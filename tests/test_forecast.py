"""Tables and settings of one host joined: what is read, what is assumed, what is proposed."""

from __future__ import annotations

from pathlib import Path

import pytest

from synack.errors import UsageError
from synack.forecast import Forecast, forecasts, proposal, seconds
from synack.neighbors.collection import Arrivals
from synack.neighbors.kernel import NEVER
from synack.pipeline import load, run
from synack.stamps import SECOND

V4 = "net.ipv4.neigh"
TABLE = """2026-11-23T10:00:00Z
10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01  used 5/65/5probes 0 STALE
10.0.0.2 dev eth0.7 lladdr 02:00:00:00:00:02  used 500/560/500probes 0 STALE
fe80::1 dev eth0 lladdr 02:00:00:00:00:01  used 5/65/5probes 0 STALE
"""


@pytest.fixture
def at(tmp_path: Path):
    def forecast(
        table: str = TABLE,
        settings: str = "",
        *proposals: str,
        release: str = "6.1",
        **more: object,
    ) -> list[Forecast]:
        (tmp_path / "b1.neigh.txt").write_text(table, "utf-8")
        (tmp_path / "b1.sysctl.txt").write_text(settings, "utf-8")
        done = run(load([str(tmp_path)]))
        return forecasts(done, [proposal(p) for p in proposals], release, **more)  # type: ignore[arg-type]

    return forecast


def test_families_are_tables_of_their_own(at) -> None:
    """gc_thresh1 of IPv4 says nothing about IPv6."""
    v4, v6 = at(TABLE, f"{V4}.default.gc_thresh1 = 2\nnet.ipv6.neigh.default.gc_thresh1 = 2\n")
    assert (v4.family, len(v4.entries), v4.scenarios[0].runs) == ("IPv4", 2, True)
    assert (v6.family, len(v6.entries), v6.scenarios[0].runs) == ("IPv6", 1, False)


def test_defaults_are_said(at) -> None:
    v4 = at()[0]
    assert v4.settings == []
    assert any("the kernel's own defaults are assumed" in text for text in v4.assumed)
    assert v4.scenarios[0].thresholds.gc_thresh1 == 128
    assert [s.title for s in v4.scenarios] == ["now", "gc_thresh1=0"]


def test_a_namespace_has_no_thresholds(at) -> None:
    v4 = at(TABLE, f"{V4}.eth0.gc_stale_time = 60\n")[0]
    assert any("initial network namespace" in text for text in v4.assumed)


def test_settings_have_their_lines(at) -> None:
    v4 = at(TABLE, f"kernel.ostype = Linux\n{V4}.default.gc_thresh1 = 0\n")[0]
    (source,) = v4.settings
    assert (Path(source.file).name, source.line) == ("b1.sysctl.txt", 2)
    assert [s.title for s in v4.scenarios] == ["now"]


@pytest.mark.parametrize(
    ("dumps", "thresh1"),
    [
        # The table is of 10:00. Time decides, whatever the files are called.
        ([("a", "2026-11-23T09:00:00Z", 7), ("b", "2026-11-23T09:30:00Z", 8)], 8),
        ([("b", "2026-11-23T09:00:00Z", 7), ("a", "2026-11-23T09:30:00Z", 8)], 8),
        ([("a", "2026-11-23T09:00:00Z", 7), ("b", "2026-11-23T10:30:00Z", 8)], 7),
        ([("a", "2026-11-23T11:00:00Z", 7), ("b", "2026-11-23T10:30:00Z", 8)], 8),
        ([("a", "2026-11-23T11:00:00Z", 7), ("b", "", 8)], 7),
        ([("a", "", 7), ("b", "2026-11-23T11:00:00Z", 8)], 8),
    ],
)
def test_of_several_dumps_the_one_of_the_tables_time_holds(dumps, thresh1, at, tmp_path) -> None:
    for name, date, value in dumps:
        text = f"{date}\n{V4}.default.gc_thresh1 = {value}\n"
        (tmp_path / f"b1.{name}.sysctl.txt").write_text(text, "utf-8")
    files = [f"b1={tmp_path}/b1.{name}.sysctl.txt" for name, _, _ in dumps]
    (tmp_path / "b1.neigh.txt").write_text(TABLE, "utf-8")
    v4 = forecasts(run(load([*files, str(tmp_path / "b1.neigh.txt")])), (), "6.1")[0]
    assert v4.scenarios[0].thresholds.gc_thresh1 == thresh1
    assert not any("no time tells" in text for text in v4.assumed)


def test_two_dumps_without_a_time_are_said(tmp_path) -> None:
    for name, value in (("x", 7), ("y", 8)):
        (tmp_path / f"{name}.txt").write_text(f"{V4}.default.gc_thresh1 = {value}\n", "utf-8")
    (tmp_path / "b1.neigh.txt").write_text(TABLE, "utf-8")
    files = [f"b1={tmp_path}/{name}.txt" for name in "xy"]
    v4 = forecasts(run(load([*files, str(tmp_path / "b1.neigh.txt")])), (), "6.1")[0]
    assert v4.scenarios[0].thresholds.gc_thresh1 == 8
    assert any("gc_thresh1 = 8, but 7 in" in text for text in v4.assumed)


def test_each_interface_has_its_own_idle_time(at) -> None:
    """sysctl spells the VLAN eth0.7 with a slash."""
    given = (
        f"{V4}.default.gc_thresh1=0\n{V4}.eth0.gc_stale_time=10\n{V4}.eth0/7.gc_stale_time=900\n"
    )
    fates = at(TABLE, given)[0].scenarios[0].fates
    assert [f.earliest for f in fates] == [4 * SECOND, 399 * SECOND]


def test_a_new_default_reaches_those_that_had_the_old(at) -> None:
    given = (
        f"{V4}.default.gc_thresh1=0\n{V4}.default.gc_stale_time=60\n"
        f"{V4}.eth0.gc_stale_time=60\n{V4}.eth0/7.gc_stale_time=900\n"
    )
    now, then = at(TABLE, given, f"{V4}.default.gc_stale_time=30")[0].scenarios
    assert [f.earliest for f in now.fates] == [54 * SECOND, 399 * SECOND]
    assert [f.earliest for f in then.fates] == [24 * SECOND, 399 * SECOND]


def test_base_reachable_time_sets_the_pace(at) -> None:
    """The older name in seconds is the same setting."""
    given = f"{V4}.default.gc_thresh1=0\n{V4}.default.base_reachable_time=10\n"
    now, then = at(TABLE, given, f"{V4}.default.base_reachable_time=4")[0].scenarios
    assert (now.thresholds.period(), then.thresholds.period()) == (5 * SECOND, 2 * SECOND)


def test_kernel(at) -> None:
    """uname among the settings; what is given overrides; neither is said."""
    linux = "Linux b1 4.4.0-21-generic #37-Ubuntu SMP\n"
    assert at(TABLE, linux, release="")[0].release == "4.4.0-21-generic"
    assert any("pending_confirm" in note for note in at(TABLE, linux, release="")[0].notes)
    assert at(TABLE, linux, release="6.1")[0].release == "6.1"


def test_unknown_kernel_is_said(at) -> None:
    v4 = at(release="")[0]
    assert any("taken as the newest" in text for text in v4.assumed)


def test_table_without_ages(at) -> None:
    v4 = at("10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 STALE\n")[0]
    assert any("1 of 1 entries have no ages" in note for note in v4.notes)


def test_only_the_last_table_counts(at) -> None:
    later = TABLE.replace("10:00:00Z", "10:00:09Z").replace("10.0.0.2", "10.0.0.3")
    v4 = at(TABLE + later)[0]
    assert [e.ip for e in v4.entries] == ["10.0.0.1", "10.0.0.3"]


def test_each_address_counts_once(at) -> None:
    """ip -s neigh and arp -n in one file are one table."""
    arp = (
        "Address                  HWtype  HWaddress           Flags Mask            Iface\n"
        "10.0.0.1                 ether   02:00:00:00:00:01   C                     eth0\n"
    )
    v4 = at(TABLE + arp)[0]
    assert [(e.ip, e.used_s) for e in v4.entries] == [("10.0.0.1", 5), ("10.0.0.2", 500)]


def test_tables_of_other_systems_are_left_out(at) -> None:
    """They have other rules."""
    assert at("? (10.0.0.1) at 2:0:0:0:0:1 on en0 ifscope [ethernet]\n") == []


def test_monitor_is_no_table(at) -> None:
    event = "[2026-11-23T10:00:00.1] 10.0.0.1 dev eth0 lladdr 02:00:00:00:00:01 STALE\n"
    assert at(event) == []


@pytest.mark.parametrize("value", ["-1", "x", "99999999999"])
def test_unusable_value(at, value: str) -> None:
    v4 = at(TABLE, f"{V4}.default.gc_thresh1 = {value}\n")[0]
    assert any("has no usable value" in text for text in v4.assumed)
    assert v4.scenarios[0].thresholds.gc_thresh1 == 128


def test_manual_is_corrected_where_it_matters(at) -> None:
    notes = at(TABLE, f"{V4}.default.gc_thresh1 = 0\n")[0].notes
    assert not any("man 7 arp" in note for note in notes)
    notes = at(TABLE, "", f"{V4}.default.gc_interval=5")[0].notes
    assert sum("man 7 arp calls gc_interval" in note for note in notes) == 1
    assert sum("man 7 arp says that the collector" in note for note in notes) == 1


@pytest.mark.parametrize(("thresh2", "said"), [(2, 1), (3, 0)])
def test_forced_collection_is_said(at, thresh2: int, said: int) -> None:
    v4 = at(TABLE, f"{V4}.default.gc_thresh2 = {thresh2}\n")[0]
    assert sum("starts a forced collection" in note for note in v4.notes) == said
    assert sum("gc_thresh2 be exceeded" in note for note in v4.notes) == said


def test_gc_interval_changes_nothing(at) -> None:
    given = f"{V4}.default.gc_thresh1 = 0\n"
    now, then = at(TABLE, given, f"{V4}.default.gc_interval=1")[0].scenarios
    assert now.fates == then.fates


def test_arrivals(at) -> None:
    now, zero = at(arrivals=Arrivals(251, 40))[0].scenarios
    assert now.collisions is not None
    assert zero.collisions is not None
    assert zero.collisions.most_per_day < now.collisions.least_per_day / 100


@pytest.mark.parametrize(
    "text",
    [
        "gc_thresh1=0", "", "net.ipv4.neigh.default.gc_thresh1", f"{V4}.default.gc_thresh1=",
        f"{V4}.default.gc_thresh1=-1", f"{V4}.default.gc_thresh1=2147483648",
        f"{V4}.eth0.gc_thresh1=0", f"{V4}.default.gc_thresh9=0", "net.ipv4.ip_forward=1",
        f"{V4}.default.gc_thresh1=0,", f"{V4}.default.gc_thresh1=٣",
    ],
)  # fmt: skip
def test_wrong_proposal(text: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        proposal(text)


def test_proposal() -> None:
    assert proposal(f"{V4}.default.gc_thresh1=0, {V4}.eth0.gc_stale_time = 20") == {
        f"{V4}.default.gc_thresh1": 0,
        f"{V4}.eth0.gc_stale_time": 20,
    }


def test_seconds() -> None:
    assert (seconds(1_500_000_000), seconds(NEVER)) == (1.5, None)
