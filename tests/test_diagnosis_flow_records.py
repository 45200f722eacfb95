"""Flow logs joined to attempts: rejected, let out and not come in, or delivered."""

from __future__ import annotations

import numpy as np
import pytest
from scenario import T0, Lan, lose
from test_diagnosis_alternatives import ANSWER, BROKER_ENI, CLIENT_ENI, FLOWS, SYNS, flow

from synack.diagnosis.flow_records import logged
from synack.pipeline import load, run


@pytest.fixture
def flows_of(tmp_path, monkeypatch):
    def logged_by(records):
        (tmp_path / "flows.log").write_text(FLOWS + "".join(records))
        net = Lan()
        net.drops.append(lose("syn-ack"))
        net.play()
        cases = []
        monkeypatch.setattr("synack.pipeline.findings", lambda case: cases.append(case) or [])
        done = run(load([str(net.write(tmp_path))]))
        failed = np.flatnonzero(done.attempts["outcome"] != 0)
        return logged(cases[0], failed)

    return logged_by


CAME = flow(CLIENT_ENI, "10.0.1.10", "10.0.1.77", 9092, 41000, "ACCEPT", 18)


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([*SYNS, ANSWER], "vanished"),
        ([*SYNS, ANSWER, CAME], "delivered"),
        ([*SYNS, ANSWER, CAME.replace("ACCEPT", "REJECT")], "rejected"),
        ([SYNS[0].replace("ACCEPT", "REJECT")], "rejected"),
        # Another port, protocol, hour, or only one interface logged: nothing is said.
        ([r.replace(" 9092 ", " 9093 ") for r in (*SYNS, ANSWER)], ""),
        ([r.replace(" 6 4 ", " 17 4 ") for r in (*SYNS, ANSWER)], ""),
        ([r.replace(f" {T0} {T0 + 60} ", " 1700000000 1700000060 ") for r in (*SYNS, ANSWER)], ""),
        ([SYNS[0], ANSWER], ""),
        (SYNS, ""),
        ([], ""),
    ],
)
def test_what_the_logs_say(records, said, flows_of):
    found = flows_of(records)
    given = {name: getattr(found, name) for name in ("rejected", "vanished", "delivered")}
    assert {name for name, fact in given.items() if fact} == ({said} if said else set())
    if said:
        assert given[said].sources
        assert all(source.line > 1 for source in given[said].sources)


def test_interfaces_are_named(flows_of):
    assert flows_of([*SYNS, ANSWER]).vanished.says == (
        f"flow logs: interface {BROKER_ENI} let the SYN-ACKs pass (1 record ACCEPT), {CLIENT_ENI}"
        " has none of them, and nothing was REJECTed"
    )
