"""The columns that the contract names, with null where nothing could be observed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from synack import pipeline
from synack.handshake.details import details
from synack.report import edges
from synack.report.table import render

FIXTURES = Path(__file__).parents[1] / "fixtures"

HANDSHAKES = (
    "client client_port server server_port client_isn first outcome client_host server_host"
    " syn_sent syn_received syn_ack_sent syn_ack_received ack_sent ack_received syn_src_mac"
    " syn_ack_dst_mac retransmissions rtt_ns finding"
).split()
WIDE = (
    "syn_lost syn_misdelivered syn_unwitnessed syn_ack_lost syn_ack_misdelivered"
    " syn_ack_unwitnessed ack_lost ack_misdelivered ack_unwitnessed reason syn_delay_min_ns"
    " syn_delay_max_ns syn_ack_delay_min_ns syn_ack_delay_max_ns clock_doubt_ns copies last"
    " client_state client_file client_frame server_state server_file server_frame path vanished"
    " translated_client translated_client_port translated_server translated_server_port"
).split()
NEIGHBORS = (
    "host interface ip mac state flags used_s confirmed_s updated_s probes at format file line"
).split()


@pytest.fixture(scope="module")
def stale():
    return pipeline.run(pipeline.load([str(FIXTURES / "stale-arp")]))


def _rows(columns):
    return json.loads(b"".join(render(columns, "json")))


def test_handshakes_has_the_columns_of_the_contract(stale):
    shown = edges.handshakes(stale.attempts, stale.matched.hosts, stale.findings)
    assert [c.name for c in shown] == HANDSHAKES


def _wide(done):
    return edges.wide(
        details(done.matched, done.attempts, done.paths), done.loaded.files, done.paths
    )


def test_wide_names_states_reasons_and_files(stale):
    """Beside a row of ``handshakes``; null where a host has no capture of the attempt."""
    shown = _wide(stale)
    assert [c.name for c in shown] == WIDE
    rows = _rows([*edges.handshakes(stale.attempts, stale.matched.hosts, stale.findings), *shown])
    lost = [row for row in rows if row["outcome"] == "syn-ack-lost"]
    assert all(row["syn_ack_lost"] == row["syn_ack_sent"] for row in lost)
    assert {(row["client_state"], row["server_state"]) for row in lost} == {
        ("syn-sent", "syn-received")
    }
    alone = next(row for row in rows if row["client"] == "10.0.1.72")
    assert alone["reason"] == "the receiver was not captured"
    assert (alone["client_state"], alone["client_file"], alone["client_frame"]) == (None,) * 3
    assert alone["server_file"].endswith("broker-1-eth0.pcap")
    assert (alone["syn_lost"], alone["syn_ack_unwitnessed"]) == (None, 1)


@pytest.mark.parametrize("form", ["text", "json"])
def test_wide_is_as_reviewed(form, monkeypatch):
    """After a wanted change: SYNACK_GOLDEN=write, as in tests/test_fixtures.py."""
    monkeypatch.chdir(FIXTURES.parent)
    done = pipeline.run(pipeline.load(["fixtures/stale-arp"]))
    shown = edges.handshakes(done.attempts, done.matched.hosts, done.findings)
    content = b"".join(render([*shown, *_wide(done)], form))
    path = Path(__file__).parent / "golden" / f"stale-arp.wide.{form}"
    if os.environ.get("SYNACK_GOLDEN") == "write":
        path.write_bytes(content)
    assert content == path.read_bytes()


def test_neighbors_has_the_columns_of_the_contract(stale):
    shown = edges.neighbors(stale.entries)
    assert [c.name for c in shown] == NEIGHBORS
    row = next(row for row in _rows(shown) if row["ip"] == "10.0.1.77")
    assert (row["host"], row["mac"]) == ("broker-1", "0a:de:ad:00:00:01")


def test_a_lost_attempt_shows_zero_where_witnessed(stale):
    rows = _rows(edges.handshakes(stale.attempts, stale.matched.hosts, stale.findings))
    lost = [row for row in rows if row["outcome"] == "syn-ack-lost"]
    assert len(lost) == 6
    assert {row["syn_ack_received"] for row in lost} == {0}
    assert {row["syn_ack_dst_mac"] for row in lost} == {"0a:de:ad:00:00:01"}
    assert {row["finding"] for row in lost} == {"stale-neighbor"}
    assert {row["client_host"] for row in lost} == {"producer-7"}


def test_one_sided_counts_are_null():
    """producer-72 did not capture: what it received is nobody's to say."""
    done = pipeline.run(pipeline.load([str(FIXTURES / "stale-arp")]))
    rows = _rows(edges.handshakes(done.attempts, done.matched.hosts, done.findings))
    row = next(row for row in rows if row["client"] == "10.0.1.72")
    assert row["client_host"] is None
    assert row["syn_sent"] is None
    assert row["syn_received"] == 1
    assert row["syn_ack_sent"] == 1
    assert row["syn_ack_received"] is None


def test_translated_addresses_are_shown_beside_their_own():
    done = pipeline.run(pipeline.load([str(FIXTURES / "behind-nat")]))
    attempts = _rows(edges.handshakes(done.attempts, done.matched.hosts, done.findings))
    ends = [
        (row["client"], wide["translated_client"], wide["translated_server"])
        for row, wide in zip(attempts, _rows(_wide(done)), strict=True)
    ]
    assert ends.count(("192.168.7.77", "10.0.1.1", "10.0.1.10")) == 8
    assert ends.count(("10.0.1.71", None, None)) == 9


def test_ownership_and_history_name_kinds_and_places(stale):
    owners = edges.ownership(stale.ownership)
    assert [column.name for column in owners] == [
        "ip", "mac", "name", "first", "last", "until", "kind", "host", "records", "file", "frame",
        "line",
    ]  # fmt: skip
    entries = edges.history(stale.history)
    assert [column.name for column in entries] == [
        "host", "interface", "ip", "mac", "state", "first", "last", "until", "certain", "kind",
        "records", "file", "frame", "line",
    ]  # fmt: skip
    assert {row["kind"] for row in _rows(entries)} == {"table", "arp"}
    assert {row["kind"] for row in _rows(owners)} >= {"own-frames", "own-addresses", "table"}


def test_segments_name_frame_and_leg(stale):
    rows = _rows(edges.segments(stale.matched, stale.loaded.files))
    first = rows[0]
    assert first["kind"] == "SYN"
    assert first["leg"] == "syn"
    assert first["frame"] >= 1
    assert first["file"].endswith(".pcap")


def test_inspection_lists_every_file(stale):
    rows = _rows(edges.inspection(stale.loaded))
    kinds = {Path(row["file"]).name: row["kind"] for row in rows}
    assert kinds["broker-1-eth0.pcap"] == "pcap"
    assert kinds["broker-1.neigh.txt"] == "table: ip -s neigh"
    assert kinds["broker-1.ss.txt"] == "sockets: ss"
    assert kinds["broker-1.ip-addr.txt"] == "own: ip addr"
    assert kinds["README.md"] == "not used"
    (sockets,) = [row for row in rows if row["kind"] == "sockets: ss"]
    assert sockets["records"] == 6
    assert sockets["first"] == sockets["last"]


def test_inspection_of_a_flow_log(tmp_path):
    """Its span is that of the intervals; unread lines are counted."""
    path = tmp_path / "flows.log"
    path.write_text("srcaddr dstaddr start end\n10.0.0.1 10.0.0.2 5 9\nbad\n10.0.0.1 - 3 7\n")
    (row,) = _rows(edges.inspection(pipeline.load([str(path)])))
    assert (row["kind"], row["records"]) == ("flows: VPC flow log", 2)
    assert (row["first"], row["last"]) == ("1970-01-01T00:00:03.000000000Z",
                                           "1970-01-01T00:00:09.000000000Z")  # fmt: skip
    assert row["note"] == "1 lines not read"


def test_inspection_of_a_hosts_file(tmp_path):
    (tmp_path / "b1-hosts").write_text("127.0.0.1 localhost\n10.0.0.1 gateway\n")
    (row,) = _rows(edges.inspection(pipeline.load([str(tmp_path)])))
    assert (row["kind"], row["records"], row["host"]) == ("hosts file", 1, "b1")


def test_an_empty_incident_keeps_the_columns(tmp_path):
    done = pipeline.run(pipeline.load([str(tmp_path)]))
    assert [c.name for c in edges.handshakes(done.attempts, [], [])] == HANDSHAKES
    assert [c.name for c in _wide(done)] == WIDE
    assert [c.name for c in edges.neighbors(done.entries)] == NEIGHBORS
    assert _rows(edges.segments(done.matched, [])) == []
    assert _rows(edges.inspection(done.loaded)) == []
