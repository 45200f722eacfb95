"""Plays random incidents and holds synack's verdicts against the truth.

    python benchmarks/score.py                         1,000 stories
    python benchmarks/score.py --stories 30 --peers 0
    python benchmarks/score.py --only 417 --keep FOLDER     one story, its files kept

Precision and recall of `stale-neighbor`, by confidence; the outcomes against the true ones;
and what tshark, Zeek's states (emulated) and two naive comparisons make of the same files.
Exit code 1 if anybody was wrongly accused.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from fleets import fleet
from peers import PEERS, verdicts

import synack
from synack.model import CONFIDENCES, OUTCOMES
from synack.synth.play import play
from synack.synth.reading import parse

STALE = "stale-neighbor"
KEY = ("client", "client_port", "server", "server_port", "client_isn")


@dataclass
class Result:
    """What one story gave. ``accused``: (confidence, whether rightly); ``wanted``: per true
    stale entry (whether the evidence suffices, confidence found or "")."""

    number: int
    faults: list[str]
    accused: list[tuple[str, bool]] = field(default_factory=list)
    wanted: list[tuple[bool, str]] = field(default_factory=list)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    peers: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    naive: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    error: str = ""


def judge(number: int, with_peers: bool, keep: Path | None = None) -> Result:
    """Play a story, diagnose its files, compare."""
    story, faults = fleet(number)
    result = Result(number, faults)
    with tempfile.TemporaryDirectory() as scratch:
        folder = keep or Path(scratch) / "files"
        truth = play(parse(story, f"fleet {number}"), folder)
        (folder / "truth.json").rename((keep or Path(scratch)).with_suffix(".truth.json"))
        if not any(folder.iterdir()):
            return result
        try:
            diagnosis = synack.diagnose(str(folder))
        except synack.errors.SynackError as error:
            if truth["files"] and any(".pcap" in name for name in truth["files"]):
                result.error = repr(error)
            return result
        _findings(result, truth, diagnosis)
        seen = {_key(row): row["outcome"] for row in diagnosis.attempts.to_dict("records")}
        _outcomes(result.outcomes, truth, seen)
        result.attempts = len(truth["attempts"])
        if with_peers:
            for peer, said in verdicts(folder, truth).items():
                _outcomes(result.peers.setdefault(peer, Counter()), truth, said.outcomes)
                result.naive[f"{peer} right"] += len(said.accused & _true(truth))
                result.naive[f"{peer} wrong"] += len(said.accused - _true(truth))
    return result


def _true(truth: dict[str, Any]) -> set[tuple[str, ...]]:
    return {_name(f) for f in truth["findings"] if f["kind"] == STALE}


def _name(finding: dict[str, Any]) -> tuple[str, ...]:
    return tuple(finding[k] for k in ("ip", "stale_mac", "actual_mac"))


def _findings(result: Result, truth: dict[str, Any], diagnosis: synack.Diagnosis) -> None:
    real = {(f["host"], *_name(f)): f for f in truth["findings"] if f["kind"] == STALE}
    found = {}
    for f in diagnosis.findings:
        if f.kind != STALE:
            continue
        name = (f.host, f.ip, f.stale_mac, f.actual_mac)
        found[name] = f.confidence
        result.accused.append((f.confidence, name in real))
        if name not in real:
            result.notes.append(f"wrong: {f.confidence} {f.summary}")
    for name, f in real.items():
        result.wanted.append((f["suffices"], found.get(name, "")))
        if f["suffices"] and name not in found:
            result.notes.append(f"missed: {f['leg']} {name}, {f['lost']} lost")


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[k] for k in KEY)


def _outcomes(
    into: Counter[tuple[str, str]], truth: dict[str, Any], said: dict[tuple[Any, ...], str]
) -> None:
    for attempt in truth["attempts"]:
        found = said.get(_key(attempt), "not seen")
        # Some have two names that are both right (Attempt.also of synack.synth.truth).
        true = found if found in attempt.get("also", ()) else attempt["outcome"]
        into[true, found] += 1


# ---- the report ---------------------------------------------------------------------------


def share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part} of {whole})" if whole else "none"


def report(results: list[Result], seconds: float) -> str:
    attempts = sum(r.attempts for r in results)
    lines = [f"{len(results)} stories, {attempts} attempts, {seconds:.0f} s"]
    accused = [a for r in results for a in r.accused]
    wanted = [w for r in results for w in r.wanted]
    enough = [found for suffices, found in wanted if suffices]
    lines += ["", "| stale-neighbor | |", "|---|---|"]
    lines.append(f"| precision | {share(sum(good for _, good in accused), len(accused))} |")
    for confidence in reversed(CONFIDENCES):
        mine = [good for level, good in accused if level == confidence]
        lines.append(f"| precision, {confidence} | {share(sum(mine), len(mine))} |")
    lines.append(
        f"| recall where the evidence suffices | {share(sum(map(bool, enough)), len(enough))} |"
    )
    lines.append(f"| recall of all | {share(sum(bool(f) for _, f in wanted), len(wanted))} |")
    lines += ["", *matrix(sum((r.outcomes for r in results), Counter()))]
    lines += _beside(results)
    lines.append("")
    for r in results:
        lines += [f"{r.number} ({', '.join(r.faults)}): {n}" for n in (*r.notes, r.error) if n]
    return "\n".join(lines) + "\n"


def matrix(outcomes: Counter[tuple[str, str]]) -> list[str]:
    """Rows: what happened. Columns: what was said, only those that occur."""
    order = [*OUTCOMES, "not seen"]
    rows = [o for o in order if any(true == o for true, _ in outcomes)]
    columns = [o for o in order if any(said == o for _, said in outcomes)]
    lines = [f"| what happened | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    for row in rows:
        cells = " | ".join(str(outcomes[row, column] or "") for column in columns)
        lines.append(f"| {row} | {cells} |")
    return lines


ONE_SIDED = ("unanswered", "unacknowledged", "inconclusive", "not seen")


def _beside(results: list[Result]) -> list[str]:
    """The same files in other hands."""
    mine = [r for r in results if r.peers]
    if not mine:
        return []
    lines = ["", f"The same files of {len(mine)} stories in other hands:", ""]
    heads = "true outcome | abstains | wrong outcome | stale entries named | wrongly accused"
    lines += [f"| | {heads} |", "|---|---:|---:|---:|---:|---:|"]
    every = {"synack": sum((r.outcomes for r in mine), Counter())}
    every |= {peer: sum((r.peers[peer] for r in mine), Counter()) for peer in PEERS}
    total = sum(len(r.wanted) for r in mine)
    for name, outcomes in every.items():
        whole = sum(outcomes.values())
        right = sum(n for (true, said), n in outcomes.items() if true == said)
        quiet = sum(n for (true, said), n in outcomes.items() if said in ONE_SIDED and true != said)
        if name == "synack":
            named = sum(bool(found) for r in mine for _, found in r.wanted)
            wrong = sum(not good for r in mine for _, good in r.accused)
        else:
            named = sum(r.naive[f"{name} right"] for r in mine)
            wrong = sum(r.naive[f"{name} wrong"] for r in mine)
        parts = (f"{n / whole:.1%}" for n in (right, quiet, whole - right - quiet))
        lines.append(f"| {name} | {' | '.join(parts)} | {named} of {total} | {wrong} |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stories", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1, help="number of the first story")
    parser.add_argument("--peers", type=int, default=100, help="so many also in other hands")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", type=int, help="play one story")
    parser.add_argument("--keep", type=Path, help="with --only: keep its files here")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    options = parser.parse_args()
    if options.only is not None:
        result = judge(options.only, False, options.keep)
        sys.stdout.write(report([result], 0))
        return int(any(not good for _, good in result.accused))
    began = time.monotonic()
    numbers = range(options.first, options.first + options.stories)
    jobs = [(n, n - options.first < options.peers) for n in numbers]
    with Pool(options.processes) as pool:
        results = pool.starmap(judge, jobs, chunksize=5)
    sys.stdout.write(report(results, time.monotonic() - began))
    if options.json:
        options.json.write_text(json.dumps(summary(results)))
    return int(any(not good for r in results for _, good in r.accused))


def summary(results: list[Result]) -> dict[str, Any]:
    """The numbers of a report, for tests."""
    wanted = [w for r in results for w in r.wanted]
    return {
        "stories": len(results),
        "accused": sum(len(r.accused) for r in results),
        "wrong": sum(not good for r in results for _, good in r.accused),
        "sufficient": sum(suffices for suffices, _ in wanted),
        "found": sum(suffices and bool(found) for suffices, found in wanted),
        "errors": [r.error for r in results if r.error],
        "outcomes": {
            f"{true}/{said}": n
            for (true, said), n in sum((r.outcomes for r in results), Counter()).items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
