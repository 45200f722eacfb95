"""``synack handshakes`` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
STALE = "fixtures/stale-arp"


def test_wide_adds_columns(synack):
    """Those of the contract stay in front, and the others are explained by --help and README."""
    narrow = synack("handshakes", STALE, "-f", "csv")[1].splitlines()
    code, out, err = synack("handshakes", STALE, "--wide", "-f", "csv")
    assert (code, err) == (0, "")
    wide = out.splitlines()
    assert all(long.startswith(short) for long, short in zip(wide, narrow, strict=True))
    added = wide[0].removeprefix(narrow[0] + ",").split(",")
    assert len(added) == 29
    told = synack("handshakes", "--help")[1]
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in added:
        general = name
        for leg in ("syn_ack", "syn", "ack"):
            if name.endswith(("_lost", "_misdelivered", "_unwitnessed")):
                general = general.replace(f"{leg}_", "LEG_")
        assert general in told
        assert f"`{general}`" in readme


def test_only_some_outcomes(synack):
    code, out, _ = synack("handshakes", STALE, "-w", "--only", "syn-ack-lost", "-f", "json")
    rows = json.loads(out)
    assert code == 0
    assert {row["outcome"] for row in rows} == {"syn-ack-lost"}
    assert all(row["syn_ack_lost"] > 0 for row in rows)
    assert len(rows) == 6
    both = json.loads(
        synack("handshakes", STALE, "--only", "syn-ack-lost, completed", "-f", "json")[1]
    )
    assert len(both) == 76


def test_no_attempt_of_an_outcome_is_no_failure(synack):
    """The captures were conclusive all the same."""
    assert synack("handshakes", STALE, "--only", "refused", "-f", "json") == (0, "[]\n", "")


def test_an_unknown_outcome_is_2_and_names_the_known_ones(synack):
    code, out, err = synack("handshakes", STALE, "--only", "completed,lost")
    assert (code, out) == (2, "")
    assert "no outcome 'lost'" in err
    assert "syn-lost, no-reply, syn-ack-lost" in err
