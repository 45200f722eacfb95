"""The benchmarks measure what they say: their captures are valid, and all of it runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import synack as synack_api

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SUFFIXES = ("pcap", "pcapng", "pcap.gz", "pcap.zst")


def run(script: str, *arguments: object) -> str:
    command = [sys.executable, str(BENCHMARKS / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with small captures of each kind, and their manifests."""
    folder = tmp_path_factory.mktemp("made")
    for what, packets in (("mixed", 8000), ("synonly", 4000), ("pair", 4000)):
        run("generate.py", what, "--packets", packets, "--folder", folder)
    return folder


def manifest(folder: Path, name: str) -> dict[str, object]:
    return json.loads((folder / f"{name}.json").read_text())


def dissect(path: Path, *fields: str) -> list[list[str]]:
    """Fields of every frame, with checksum validation on."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields"]
    for layer in ("ip", "tcp"):
        command += ["-o", f"{layer}.check_checksum:TRUE"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return [line.split("\t") for line in done.stdout.splitlines()]


def attempts(synack, *paths: Path) -> list[str]:
    code, out, _ = synack("handshakes", *map(str, paths), "--format", "csv")
    assert code == 0
    return out.splitlines()[1:]


@pytest.mark.parametrize(
    "name",
    ["mixed.pcap", "mixed.pcapng", "synonly.pcap", "synonly.pcapng", "pair/server-eth0.pcap"],
)
def test_frames_are_valid_and_their_checksums_right(made, name) -> None:
    fields = ("frame.cap_len", "frame.len", "ip.checksum.status", "tcp.checksum.status")
    rows = dissect(made / name, *fields, "_ws.malformed", "frame.protocols")
    assert len(rows) > 2000
    for captured, original, ip_sum, tcp_sum, malformed, protocols in rows:
        assert int(captured) == min(int(original), 128)
        # tshark does not verify what the snap length cut off.
        assert (ip_sum, tcp_sum) == ("1", "1" if captured == original else "2")
        assert malformed == ""
        assert protocols.removesuffix(":data") == "eth:ethertype:ip:tcp"


def test_mixed_is_mostly_data_in_sequence(made) -> None:
    fields = ("tcp.flags.syn", "tcp.analysis.lost_segment", "tcp.analysis.ack_lost_segment")
    rows = dissect(made / "mixed.pcap", *fields, "tcp.options.timestamp.tsval")
    assert len(rows) == 8000
    assert sum(row[0] == "1" for row in rows) < 200
    assert not any(row[1] or row[2] for row in rows), "sequence numbers have holes"
    assert sum(row[3] != "" for row in rows) > 7900, "resets alone have no timestamps"


@pytest.mark.parametrize("what", ["mixed", "synonly"])
def test_every_format_holds_the_attempts_that_were_generated(made, synack, what) -> None:
    found = {suffix: attempts(synack, made / f"{what}.{suffix}") for suffix in SUFFIXES}
    assert len(found["pcap"]) == manifest(made, what)["attempts"]
    assert all(rows == found["pcap"] for rows in found.values())


def test_a_pair_is_one_traffic_seen_twice(made, synack) -> None:
    facts = manifest(made, "pair")
    assert len(attempts(synack, made / "pair")) == facts["attempts"]
    assert len(attempts(synack, made / "pair/server-eth0.pcap")) == facts["attempts_at_server"]
    joined = "\n".join(attempts(synack, made / "pair"))
    assert "syn-lost" in joined
    assert "syn-ack-lost" in joined


def test_what_arrives_at_the_other_end_is_what_was_sent(made) -> None:
    fields = ("ip.id", "tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.options.timestamp.tsval")
    seen = [
        {tuple(row) for row in dissect(made / f"pair/{host}-eth0.pcap", "ip.src", *fields)}
        for host in ("client", "server")
    ]
    sources = [{row[0] for row in rows} for rows in seen]
    assert sources[0] == sources[1]
    client, server = sorted(sources[0])
    for sender, receiver, source in ((*seen, client), (*reversed(seen), server)):
        arrived = {row for row in receiver if row[0] == source}
        assert arrived
        assert arrived < {row for row in sender if row[0] == source}, "and some is lost"


def test_the_seed_decides_every_byte(made, tmp_path) -> None:
    def again(seed: int) -> list[bytes]:
        run("generate.py", "mixed", "--packets", 8000, "--seed", seed, "--folder", tmp_path)
        return [(tmp_path / f"mixed.{suffix}").read_bytes() for suffix in SUFFIXES]

    assert again(1) == [(made / f"mixed.{suffix}").read_bytes() for suffix in SUFFIXES]
    assert again(2) != again(1)


def test_repeated_packets_come_later(synack, tmp_path) -> None:
    options = ("--packets", 500, "--repeat", 3, "--formats", "pcap", "--folder", tmp_path)
    run("generate.py", "mixed", *options)
    times = [float(row[0]) for row in dissect(tmp_path / "mixed.pcap", "frame.time_epoch")]
    assert len(times) == 1500
    assert times == sorted(times)
    assert len(attempts(synack, tmp_path / "mixed.pcap")) == manifest(tmp_path, "mixed")["attempts"]


def test_files_are_kept_when_they_are_as_asked(tmp_path) -> None:
    def packets(number: int) -> int:
        options = ("--packets", number, "--folder", tmp_path, "--formats", "pcap", "--keep")
        run("generate.py", "synonly", *options)
        return (tmp_path / "synonly.pcap").stat().st_mtime_ns

    first = packets(200)
    assert packets(200) == first
    assert packets(300) > first


def test_all_cases_run_and_the_tables_land_between_their_marks(tmp_path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Before\n\n<!-- results -->\nold\n<!-- end of results -->\n\nAfter\n")
    out = run("run.py", "--scale", 0.0003, "--runs", 1, "--folder", tmp_path, "--write", page)
    assert "NOT FULL SIZE" in out
    assert "FAILED" not in out
    for case in ("mixed", "synonly", "pcapng", "gz", "zst", "slice", "long", "start"):
        assert f"\n{case}: " in out
    text = page.read_text()
    assert text.startswith("# Before\n\n<!-- results -->\n")
    assert text.endswith("<!-- end of results -->\n\nAfter\n")
    assert "old" not in text.split()
    assert "| inspect |" in text
    assert str(tmp_path) not in text


def test_a_missed_target_a_failure_and_a_missing_program_are_said(tmp_path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import run as bench

    case = bench.Case(
        "odd",
        "commands of all kinds",
        {
            "sleep": bench.python("import time; time.sleep(0.1)"),
            "pass": bench.python("pass"),
            "fails": bench.python("import sys; sys.exit('of a reason')"),
            "absent": ["no-such-program"],
        },
        [
            bench.Target("sleep to pass", bench.wall_ratio("sleep", "pass"), 1),
            bench.Target("pass to sleep", bench.wall_ratio("pass", "sleep"), 1),
            bench.Target("fails to pass", bench.wall_ratio("fails", "pass"), 1),
        ],
    )
    results = bench.measure(case, 1)
    text = bench.text_table(case, results)
    assert "MISSED: sleep to pass at most 1x: " in text
    assert "met: pass to sleep at most 1x: " in text
    assert "not measured: fails to pass" in text
    assert "exit 1: of a reason" in text
    assert "not installed" in text
    said = bench.conclusion([(case, results)])
    assert said == "1 of 3 targets missed, 1 not measured. FAILED: odd: fails."


def test_the_page_of_a_fleet_is_made_and_used(tmp_path) -> None:
    """Small, with every action in the browser; the incident is the one that is meant."""
    told = run("page.py", "--attempts", 3000, "--folder", tmp_path).splitlines()
    assert told[0].startswith("3,000 attempts: ")
    assert len(told) == 14
    assert all(line.endswith(" ms") for line in told[1:])
    stale, *_ = synack_api.diagnose(tmp_path / "fleet-3000").findings
    assert (stale.kind, stale.host, stale.ip) == ("stale-neighbor", "broker-1", "10.0.1.77")
    assert stale.confidence != "possible"
