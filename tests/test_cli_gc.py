"""``synack gc`` as a user types it."""

from __future__ import annotations

import json

import pytest

STALE = "fixtures/stale-arp"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "gc_thresh1=0"], "not a setting of the neighbor table"),
        (["--kernel", "newest"], "not a release"),
        (["--subnet-hosts", "250"], "go together"),
        (["--idle", "5"], "needs --subnet-hosts"),
    ],
)
def test_gc_wrong_usage(synack, arguments, says):
    code, out, err = synack("gc", STALE, *arguments)
    assert (code, out) == (2, "")
    assert says in err


def test_gc_without_a_table_concludes_nothing(synack, tmp_path):
    (tmp_path / "b1.sysctl.txt").write_text("net.ipv4.neigh.default.gc_thresh1 = 0\n")
    code, _, err = synack("gc", str(tmp_path))
    assert code == 3
    assert "nothing could be concluded" in err


def test_gc_writes_a_file(synack, tmp_path):
    out = tmp_path / "gc.json"
    code, shown, _ = synack("gc", STALE, "--format", "json", "-o", str(out))
    assert (code, shown) == (0, "")
    assert json.loads(out.read_text())["schema"] == "synack.gc/1"
