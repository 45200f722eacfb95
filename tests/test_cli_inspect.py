"""``synack inspect`` as a user types it."""

from __future__ import annotations


def test_inspect_names_settings(synack, tmp_path):
    (tmp_path / "b1.sysctl.txt").write_text("net.ipv4.neigh.default.gc_thresh1 = 0\n")
    code, out, _ = synack("inspect", str(tmp_path))
    assert code == 0
    assert "settings" in out
