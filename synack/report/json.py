"""A diagnosis as JSON, by the schema ``synack.diagnosis/1`` (``diagnosis.schema.json``)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from synack.model import OUTCOMES, Capture, Finding, Source
from synack.wording import iso_time

if TYPE_CHECKING:
    from synack.api import Diagnosis

SCHEMA = "synack.diagnosis/1"


def render(diagnosis: Diagnosis) -> str:
    """One JSON document, keys in the order of the schema, the same for the same input."""
    return json.dumps(document(diagnosis), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def document(diagnosis: Diagnosis) -> dict[str, Any]:
    d = diagnosis.diagnosed
    numbers = np.bincount(d.attempts["outcome"], minlength=len(OUTCOMES)).tolist()
    hosts = d.matched.hosts
    return {
        "schema": SCHEMA,
        "captures": [_capture(capture) for capture in d.loaded.captures],
        "clocks": [
            {
                "host": hosts[clock.host],
                "reference": hosts[clock.reference],
                "offset_s": clock.offset / 1e9,
                "drift_ppm": clock.drift_ppm,
                "uncertainty_s": clock.uncertainty / 1e9,
                "grade": clock.grade,
            }
            for clock in d.matched.clocks
        ],
        "attempts": {
            "total": len(d.attempts),
            "outcomes": {n: number for n, number in zip(OUTCOMES, numbers, strict=True) if number},
        },
        "findings": [_finding(finding) for finding in d.findings],
        **({"audit": d.audit} if d.audit else {}),
        "warnings": diagnosis.warnings,
    }


def _capture(capture: Capture) -> dict[str, Any]:
    types = dict.fromkeys(t for file in capture.files for t in file.link_types)
    return {
        "host": capture.host,
        "files": [file.path for file in capture.files],
        "link_type": ", ".join(types),
        "packets": capture.packets,
        "first": _time(capture.first),
        "last": _time(capture.last),
        "dropped": capture.dropped,
        "complete": capture.complete,
        "warnings": capture.warnings,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "confidence": finding.confidence,
        "host": finding.host,
        "interface": finding.interface or None,
        "ip": finding.ip or None,
        "stale_mac": finding.stale_mac or None,
        "actual_mac": finding.actual_mac or None,
        "next_hop": finding.next_hop or None,
        "leg": finding.leg or None,
        "attempts": finding.attempts,
        "sent": finding.sent,
        "received": finding.received,
        "first": _time(finding.first),
        "last": _time(finding.last),
        "healed": _time(finding.healed),
        "survived_by": finding.survived_by,
        "control_group": finding.control
        and {name: share._asdict() for name, share in finding.control._asdict().items()},
        "summary": finding.summary,
        "evidence": [
            {"id": evidence.id, "says": evidence.says, "sources": _sources(evidence.sources)}
            for evidence in finding.evidence
        ],
        "remedy": finding.remedy,
        "alternatives": [
            {
                "row": alternative.row,
                "cause": alternative.cause,
                "verdict": alternative.verdict,
                "says": alternative.says,
                "sources": _sources(alternative.sources),
            }
            for alternative in finding.alternatives
        ],
    }


def _sources(sources: tuple[Source, ...]) -> list[dict[str, Any]]:
    return [{"file": s.file, "frame": s.frame, "line": s.line} for s in sources]


def _time(time: int | None) -> str | None:
    return None if time is None else iso_time(time)
