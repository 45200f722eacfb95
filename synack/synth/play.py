"""From a story to files: play it, write what was captured and dumped, and the truth."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synack.errors import UsageError
from synack.synth.dumps import Written
from synack.synth.expected import Evidence, findings
from synack.synth.network import Network
from synack.synth.recording import ports_of, recorded, write
from synack.synth.story import Story
from synack.synth.tcp import Tcp
from synack.synth.truth import as_table

SCHEMA = "synack.truth/1"


def play(story: Story, folder: Path) -> dict[str, Any]:
    """Write captures, dumps and ``truth.json`` into ``folder``; gives the truth.

    Raises :class:`~synack.errors.UsageError` when the folder cannot be written.
    """
    net = Network(story)
    for record in story.records:
        for port in ports_of(record, net):
            port.tape = []
    tcp = Tcp(net, story)
    dumps = Written(story, net)
    net.run()
    captures = recorded(story, net)
    truth = _truth(story, tcp, Evidence(tcp.attempts, captures, dumps))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        truth["files"] = sorted(write(captures, story, folder) + dumps.write(folder))
        (folder / "truth.json").write_text(_json(truth), "utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror}") from None
    return truth


def _json(truth: dict[str, Any]) -> str:
    """One line per finding and attempt."""
    parts = []
    for key, value in truth.items():
        text = json.dumps(value)
        if key in ("findings", "attempts") and value:
            text = "[\n  " + ",\n  ".join(json.dumps(item) for item in value) + "\n ]"
        parts.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _truth(story: Story, tcp: Tcp, evidence: Evidence) -> dict[str, Any]:
    def moment(at: float) -> str:
        shown = story.start + round(at * 1e9)
        whole = datetime.fromtimestamp(shown // 10**9, UTC)
        return f"{whole:%Y-%m-%dT%H:%M:%S}.{shown % 10**9:09d}Z"

    return {
        "schema": SCHEMA,
        "title": story.title,
        "seed": story.seed,
        "hosts": {
            host.name: {
                "addresses": [a for i in host.interfaces for a in (*i.addresses, *i.virtual)],
                "macs": [i.mac for i in host.interfaces],
                "clock_offset_s": host.offset,
                "clock_drift_ppm": host.drift_ppm,
                **({"clock_set_by_s": host.set_by} if host.set_by else {}),
            }
            for host in story.hosts.values()
        },
        "findings": findings(evidence),
        "attempts": [as_table(a, moment) for a in tcp.attempts],
    }
