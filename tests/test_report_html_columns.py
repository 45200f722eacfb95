"""What is embedded in the page: exact, whole, and small."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from isal import igzip

from synack.addresses import format_mac
from synack.handshake.rungs import rungs
from synack.model import FATES, OUTCOMES, Outcome
from synack.pipeline import Diagnosed, load, run
from synack.report.html.columns import chosen, document, embedded, packed_columns
from synack.tables import NO_TIME

FIXTURES = Path(__file__).parents[1] / "fixtures"


def diagnosed(name: str) -> Diagnosed:
    return run(load([str(FIXTURES / name)]))


def unpacked(raw: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """As the script does it."""
    end = 4 + int.from_bytes(raw[:4], "little")
    head = json.loads(raw[4:end])
    assert end % 8 == 0
    return head, {
        name: np.frombuffer(raw, f"<{kind}", rows, end + begin)
        for name, (kind, begin, rows) in head["columns"].items()
    }


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], "i1"),
        ([-1, 127], "i1"),
        ([0, 255], "u1"),
        ([-1, 255], "i2"),
        ([0, 65535], "u2"),
        ([-1, 65535], "i4"),
        ([0, 2**32 - 1], "u4"),
        ([-1, 2**32 - 1], "i8"),
        ([NO_TIME, 2**63 - 1], "i8"),
    ],
)
def test_a_column_takes_the_least_room(values, kind):
    raw = packed_columns({"texts": {"x": ["</script>"]}}, {"a": np.array([5]),
                         "b": np.array(values, np.int64)})  # fmt: skip
    head, columns = unpacked(raw)
    assert head["columns"]["b"][0] == kind
    assert head["texts"] == {"x": ["</script>"]}
    assert columns["a"].tolist() == [5]
    assert columns["b"].tolist() == values


def test_what_64_bits_do_not_hold_is_refused():
    with pytest.raises(OverflowError):
        packed_columns({}, {"a": np.array([2**63], np.uint64)})


def test_an_embedded_incident_is_what_was_diagnosed():
    d = diagnosed("stale-arp")
    text, number = embedded(d)
    head, columns = unpacked(igzip.decompress(base64.b64decode(text)))
    assert number == len(d.attempts) == 76
    assert columns["first"].tolist() == d.attempts["first"].tolist()
    assert columns["client_isn"].tolist() == d.attempts["client_isn"].tolist()
    outcomes = [head["texts"]["outcome"][place] for place in columns["outcome"]]
    assert outcomes == [OUTCOMES[outcome] for outcome in d.attempts["outcome"]]
    table, _ = rungs(d.matched, d.paths, np.arange(number))
    assert columns["rungs"].sum() == len(table)
    fates = [head["texts"]["rung_fate"][place] for place in columns["rung_fate"]]
    assert fates == [FATES[fate] for fate in table["fate"]]
    begin = d.attempts["first"][table["attempt"]]
    assert (columns["rung_sent_at"][table["sent"] >= 0] >= -1_000_000_000).all()
    there = table["sent"] >= 0
    assert (begin + columns["rung_sent_at"])[there].tolist() == table["sent_at"][there].tolist()
    assert (columns["rung_sent_frame"][~there] == -1).all()
    macs = [head["texts"]["rung_sent_dst_mac"][place]
            for place in columns["rung_sent_dst_mac"][there]]  # fmt: skip
    sent = d.matched.segments["dst_mac"][table["sent"][there]]
    assert macs == [format_mac(mac) for mac in sent.tolist()]


def test_some_rows_keep_their_numbers_and_their_ladders():
    d = diagnosed("stale-arp")
    _, every = document(d, np.arange(len(d.attempts)))
    rows = np.array([3, 10, 70])
    _, some = document(d, rows)
    assert some["row"].tolist() == rows.tolist()
    assert some["rungs"].tolist() == every["rungs"][rows].tolist()
    begin = np.cumsum(every["rungs"]) - every["rungs"]
    first = every["rung_sent_frame"][begin[3] : begin[3] + every["rungs"][3]]
    assert some["rung_sent_frame"][: some["rungs"][0]].tolist() == first.tolist()


def test_nothing_captured_is_no_column_too_many():
    d = run(load([str(FIXTURES / "stale-arp" / "broker-1.neigh.txt")]))
    texts, columns = document(d, np.arange(0))
    assert {len(column) for column in columns.values()} == {0}
    assert unpacked(packed_columns(texts, columns))[0]["stale_macs"] == []


@pytest.mark.parametrize("most", [0, 1, 5, 30, 49, 50, 51, 99, 100, 1000])
def test_failures_come_before_successes_and_all_times_have_some(most):
    rng = np.random.default_rng(1)
    outcome = np.where(rng.random(100) < 0.5, Outcome.COMPLETED, Outcome.SYN_LOST)
    rows = chosen(outcome, most)
    assert len(rows) == min(most, 100)
    assert (np.diff(rows) > 0).all()
    failed = int((outcome == Outcome.SYN_LOST).sum())
    assert int((outcome[rows] == Outcome.SYN_LOST).sum()) == min(most, failed)
    if most >= 30:
        assert rows[0] < 10 and rows[-1] > 90  # noqa: PT018
