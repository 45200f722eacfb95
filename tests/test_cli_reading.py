"""From what is typed to what is read; the rest is analysed whatever cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import build

ROOT = Path(__file__).parents[1]
STALE = "fixtures/stale-arp"
BROKER = ROOT / STALE / "broker-1-eth0.pcap"


WIFI = build.pcap([(0, b"\0" * 30)], link_type=127)


def test_standard_input_can_be_a_capture(synack):
    code, out, _ = synack("inspect", "-", stdin=BROKER.read_bytes())
    assert code == 0
    assert "798" in out


def test_host_equals_path_names_the_host(synack):
    code, out, _ = synack("inspect", f"kafka={BROKER}", "-f", "json")
    assert code == 0
    assert json.loads(out)[0]["host"] == "kafka"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.pcap", None, "no such file or folder"),
        ("empty.pcap", b"", "empty file"),
        ("note.txt", b"hello\n", "neither a capture nor a known dump"),
        ("cut.pcap", BROKER.read_bytes()[:20], "cut"),
        ("wifi.pcap", WIFI, "link type 127 is not understood"),
        ("odd.pcap.gz", b"\x1f\x8b\x08\0garbage", "gzip"),
    ],
)
def test_bad_input_is_named_and_the_rest_is_analysed(synack, tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    code, out, err = synack("diagnose", STALE, str(path))
    assert code == 3
    assert "STALE NEIGHBOR ENTRY on broker-1 (confirmed)" in out
    said = " ".join((out + err).split())
    assert name in said
    assert reason in said
    assert "Traceback" not in err


def test_a_cut_capture_is_read_to_the_cut(synack, tmp_path):
    (tmp_path / "broker-1-eth0.pcap").write_bytes(BROKER.read_bytes()[:5000])
    code, out, _ = synack("diagnose", str(tmp_path))
    assert code == 0
    assert "cut in record" in out


def test_a_wrong_incident_toml_is_named(synack, tmp_path):
    (tmp_path / "incident.toml").write_text("[hosts.a]\nadresses = []\n")
    code, _, err = synack("diagnose", str(tmp_path))
    assert code == 3
    assert "hosts.a: unknown key 'adresses'" in err
