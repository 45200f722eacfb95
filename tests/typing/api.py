"""The Python interface as a user's script has it: type-checked strictly (``make check``) and
run (``tests/test_api.py``)."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import synack
from synack import Attempt, Diagnosis, Drawing, Evidence, Finding


def stale(diagnosis: Diagnosis) -> list[Finding]:
    return [finding for finding in diagnosis.findings if finding.kind == "stale-neighbor"]


def frames(finding: Finding) -> dict[str, list[int]]:
    """By file, to be looked at in Wireshark."""
    found: dict[str, list[int]] = {}
    evidence: Evidence
    for evidence in finding.evidence:
        for source in evidence.sources:
            if source.frame is not None:
                found.setdefault(source.file, []).append(source.frame)
    return found


def slowest(diagnosis: Diagnosis) -> pd.Timedelta | None:
    """The longest handshake, as its client saw it."""
    rtt: pd.Series[int] = diagnosis.attempts["rtt_ns"].dropna()
    return None if rtt.empty else pd.Timedelta(int(rtt.max()), "ns")


def lost(attempt: Attempt) -> list[str]:
    """Destination MACs of what was sent and never arrived."""
    return [
        rung.sent.dst_mac
        for rung in attempt.ladder.rungs
        if rung.fate == "lost" and rung.sent is not None
    ]


def pictures(diagnosis: Diagnosis, folder: Path) -> list[Path]:
    drawings: dict[str, Drawing] = {
        "ladder": diagnosis.plot_ladder(),
        "matrix": diagnosis.plot_matrix(),
        "timeline": diagnosis.plot_timeline(),
        "ownership": diagnosis.plot_ownership("10.0.1.77"),
    }
    paths = []
    for name, drawing in drawings.items():
        path = folder / f"{name}.svg"
        drawing.save(path)
        paths.append(path)
    return paths


def main(incident: str, folder: str) -> list[str]:
    try:
        diagnosis: Diagnosis = synack.diagnose(incident, Path(incident))
    except synack.InputError as error:
        return [str(error.damage.path)]
    says: list[str] = [finding.summary for finding in stale(diagnosis)]
    for finding in stale(diagnosis):
        says += [f"{file}: {numbers[0]}" for file, numbers in frames(finding).items()]
        says += lost(diagnosis.attempt(finding.rows[0]))
    begin: pd.Timestamp = diagnosis.attempts["first"].min()
    by_leg: pd.Series[int] = diagnosis.transmissions.groupby("leg").size()
    says += [begin.isoformat(), str(by_leg.sum()), str(slowest(diagnosis))]
    says += [str(path) for path in pictures(diagnosis, Path(folder))]
    return [*says, diagnosis.to_text(), diagnosis.attempt(0).to_text()]


if __name__ == "__main__":
    print("\n".join(main(sys.argv[1], sys.argv[2])))  # noqa: T201
