"""``synack diagnose`` and ``synack demo`` as a user types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from synack.model import FINDING_KINDS

ROOT = Path(__file__).parents[1]
STALE = "fixtures/stale-arp"


def test_demo_shows_the_incident(synack):
    code, out, err = synack("demo")
    assert code == 0
    assert "STALE NEIGHBOR ENTRY on broker-1 (confirmed)" in out
    assert err == ""


def test_demo_works_from_a_wheel(tmp_path):
    """What is installed carries its own incident."""
    wheel = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert wheel.returncode == 0
    (built,) = tmp_path.glob("synack-*.whl")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", built, tmp_path / "site"], check=True)
    done = subprocess.run(
        [sys.executable, "-c", "from synack.cli import main; main()", "demo"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "broker-1-eth0.pcap" in done.stdout
    assert str(tmp_path) in done.stdout


def test_help_names_every_kind_and_exit_code(synack):
    told = synack("diagnose", "--help")[1]
    for kind in FINDING_KINDS:
        assert kind in told
    for command in ("", "diagnose", "check"):
        told = synack(*command.split(), "--help")[1]
        assert "Exit codes:" in told
        assert "4 internal error" in " ".join(told.split())


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ("stale-neighbor", 1),
        ("refused, stale-neighbor", 1),
        ("any", 1),
        ("refused,any", 1),
        ("refused", 0),
    ],
)
def test_fail_on_a_kind(synack, kinds, code):
    found, out, err = synack("diagnose", STALE, "--fail-on", kinds)
    assert (found, err) == (code, "")
    assert "STALE NEIGHBOR ENTRY on broker-1 (confirmed)" in out
    assert synack("diagnose", "fixtures/healthy", "--fail-on", kinds)[0] == 0


def test_fail_on_an_unknown_kind_is_2_and_names_the_known_ones(synack):
    code, out, err = synack("diagnose", STALE, "--fail-on", "refused,lost")
    assert (code, out) == (2, "")
    assert "no kind 'lost'" in err
    assert all(kind in err for kind in (*FINDING_KINDS, "any"))


@pytest.mark.parametrize(
    ("form", "begin"),
    [
        ("markdown", "# Postmortem: "),
        ("html", "<!DOCTYPE html>\n"),
        ("github", "::error file=fixtures/stale-arp/broker-1.neigh.txt,line=2,"),
        ("junit", '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="synack diagnose"'),
    ],
)
def test_diagnose_for_other_readers(synack, tmp_path, form, begin):
    """Twice the same bytes, also into a file."""
    code, out, err = synack("diagnose", STALE, "--format", form)
    assert (code, err) == (0, "")
    assert out.startswith(begin)
    target = tmp_path / "x"
    assert synack("diagnose", STALE, "--format", form, "-o", str(target)) == (0, "", "")
    assert target.read_text("utf-8") == out


@pytest.mark.parametrize(
    ("name", "begin"),
    [("x.html", "<!DOCTYPE html>"), ("x.JSON", "{"), ("x.md", "# Postmortem"), ("x.txt", "1 find")],
)
def test_the_name_of_the_file_says_the_format(synack, tmp_path, name, begin):
    assert synack("diagnose", STALE, "-o", str(tmp_path / name)) == (0, "", "")
    assert (tmp_path / name).read_text("utf-8").startswith(begin)
    assert synack("demo", "-f", "junit", "-o", str(tmp_path / name))[0] == 0
    assert (tmp_path / name).read_text("utf-8").startswith("<?xml")


def test_github_and_junit_fail_only_for_what_should(synack):
    for form, failed in (("github", "::error"), ("junit", "<failure")):
        assert failed in synack("diagnose", STALE, "-f", form, "--fail-on", "stale-neighbor")[1]
        assert failed not in synack("diagnose", STALE, "-f", form, "--fail-on", "refused")[1]


def test_diagnose_json(synack):
    code, out, _ = synack("diagnose", STALE, "--format", "json")
    assert code == 0
    assert json.loads(out)["findings"][0]["kind"] == "stale-neighbor"


def test_captures_with_nothing_in_common_are_told(synack):
    code, out, _ = synack(
        "diagnose", "fixtures/refused/broker-1-eth0.pcap", "fixtures/stale-nd/producer-7-eth0.pcap"
    )
    assert code == 0
    assert "none of its 6 attempts is in any other host's capture" in " ".join(out.split())


def test_a_table_without_a_matching_address_is_told(synack, tmp_path):
    table = tmp_path / "other.neigh.txt"
    table.write_text("192.0.2.9 dev eth0 lladdr 02:00:00:00:00:09 REACHABLE\n")
    code, out, _ = synack("diagnose", "fixtures/refused", str(table))
    assert code == 0
    assert "none of its 1 addresses is in the captures" in " ".join(out.split())
