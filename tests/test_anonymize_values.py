"""Whole results under pseudonyms: nothing of the original is left, all else is as it was."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import synack
from synack.addresses import format_ip, format_mac, is_group_mac, special_mac
from synack.anonymize.values import disguised, pseudonyms
from synack.report import edges, github, junit, table
from synack.report.html.columns import document
from synack.tables import APPLICATION_EVENTS, KERNEL_EVENTS, OWN, OWNERS, SOCKETS, Table

ROOT = Path(__file__).parents[1]
CASES = sorted(path.parent.name for path in (ROOT / "fixtures").glob("*/case.toml"))
KEY = bytes(range(32))
MEANT = {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "00:00:00:00:00:00"}


@cache
def diagnosed(name):
    diagnosis = synack.diagnose(ROOT / "fixtures" / name)
    return diagnosis, diagnosis.anonymized(KEY)


def secrets(diagnosis):
    """Every address, MAC, host and file that a diagnosis knows."""
    d, found = diagnosis.diagnosed, set()
    for rows in (d.matched.segments, d.attempts, d.loaded.claims, d.entries, d.loaded.tunnels):
        for column in rows.columns:
            if column.endswith("_hi"):
                low = column.removesuffix("_hi") + "_lo"
                pairs = zip(rows[column].tolist(), rows[low].tolist(), strict=True)
                found |= {format_ip(*pair) for pair in set(pairs)}
            if column == "mac" or column.endswith("_mac"):
                macs = {m for m in set(rows[column].tolist()) if m > 0}
                found |= {format_mac(m) for m in macs if not (is_group_mac(m) or special_mac(m))}
    found |= {capture.host for capture in d.loaded.captures}
    found |= {Path(source.path).name for source in d.loaded.incident.sources}
    found |= {str(ROOT)}
    meant = {ip for ip in found if ip.startswith(("224.", "ff02::"))}
    return {text for text in found - MEANT - meant if len(text) > 2}


def outputs(diagnosis):
    d = diagnosis.diagnosed
    yield diagnosis.to_text()
    yield diagnosis.to_json()
    yield diagnosis.to_markdown()
    yield diagnosis.to_html()
    yield diagnosis._repr_html_()
    yield diagnosis.ownership.to_csv()
    yield diagnosis.history.to_csv()
    # What the page holds packed is looked at unpacked.
    yield re.sub('id="data">[^<]*', "", diagnosis.to_html())
    yield json.dumps(document(d, np.arange(len(d.attempts)))[0])
    yield github.render(diagnosis, ())
    yield junit.render(diagnosis, ())
    for shown in (
        edges.handshakes(d.attempts, d.matched.hosts, d.findings),
        edges.neighbors(d.entries),
        edges.segments(d.matched, d.loaded.files),
        edges.inspection(d.loaded),
    ):
        yield b"".join(table.render(shown, "csv")).decode()
    yield diagnosis.attempts_wide.to_csv()
    yield "\n".join(diagnosis.warnings)


@pytest.mark.parametrize("name", CASES)
def test_nothing_of_the_original_is_left(name):
    diagnosis, shared = diagnosed(name)
    spelled = "|".join(sorted(map(re.escape, secrets(diagnosis)), key=len, reverse=True))
    pattern = re.compile(rf"(?<![0-9A-Za-z.:])(?:{spelled})(?![0-9A-Za-z.:]*[0-9A-Za-z])")
    # what the original shows proves that the search finds it
    assert sum(bool(pattern.search(text)) for text in outputs(diagnosis)) > 5
    for text in outputs(shared):
        assert pattern.findall(text) == []


@pytest.mark.parametrize("name", CASES)
def test_everything_else_is_as_it_was(name):
    diagnosis, shared = diagnosed(name)
    assert [(f.kind, f.confidence, f.attempts, f.first, f.sent) for f in shared.findings] == [
        (f.kind, f.confidence, f.attempts, f.first, f.sent) for f in diagnosis.findings
    ]
    kept = ["client_port", "server_port", "client_isn", "first", "outcome", "syn_sent", "rtt_ns"]
    assert shared.attempts[kept].equals(diagnosis.attempts[kept])
    for column in ("client", "server", "client_host", "syn_src_mac"):
        before, after = diagnosis.attempts[column], shared.attempts[column]
        assert before.isna().equals(after.isna())
        assert before.nunique() == after.nunique()
    for told in ("ownership", "history"):
        before, after = (sorted(map(repr, spells(d, told))) for d in (diagnosis, shared))
        assert before == after
    sources = [[(s.frame, s.line) for e in f.evidence for s in e.sources] for f in shared.findings]
    assert sources == [
        [(s.frame, s.line) for e in f.evidence for s in e.sources] for f in diagnosis.findings
    ]


def spells(diagnosis, told):
    columns = ["first", "last", "until", "kind", "records", "frame", "line"]
    return getattr(diagnosis, told)[columns].itertuples(index=False)


def test_the_original_stays_as_it_is():
    diagnosis = synack.diagnose(ROOT / "fixtures" / "stale-arp")
    before = diagnosis.to_json()
    assert diagnosis.anonymized(KEY).to_json() != before
    assert diagnosis.to_json() == before


def test_two_runs_with_one_key_agree():
    """Also from another folder, and with fewer files: pseudonyms depend on the key alone."""
    folder = ROOT / "fixtures" / "stale-arp"
    whole = synack.diagnose(folder).anonymized(KEY)
    part = synack.diagnose(folder / "broker-1-eth0.pcap").anonymized(KEY)
    assert set(part.attempts["client"]) <= set(whole.attempts["client"])
    assert set(part.captures["file"]) <= set(whole.captures["file"])


CONTEXT = {
    "broker-1.aws.json": """{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-0123456789abcdef0",
      "MacAddress": "0a:e6:f1:c2:6b:30", "Status": "in-use", "PrivateIpAddress": "10.0.1.77",
      "PrivateIpAddresses": [{"Primary": true, "PrivateIpAddress": "10.0.1.77",
      "PrivateDnsName": "ip-10-0-1-77.ec2.internal"}], "Attachment": {"InstanceId":
      "i-0123456789abcdef0", "AttachTime": "2026-11-23T14:00:00.000Z", "Status": "attached"},
      "TagSet": [{"Key": "Name", "Value": "acme-producer"}]}]}""",
    "broker-1.dmesg.txt": "[    5.000000] IPv4: martian source 10.0.1.77 from 10.0.1.78,"
    " on dev eth0\n[    6.000000] neighbour: arp_cache: neighbor table overflow!\n",
    "broker-1.ss.txt": "State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
    "SYN-RECV 0 0 10.0.1.10:9092 10.0.1.77:33902 timer:(on,1.064ms,3)\n",
    "producer.log": "[2026-11-23 14:59:00,123] WARN [Producer clientId=acme] Connection to node 1"
    " (kafka.acme.example/10.0.1.10:9092) could not be established. Node may not be available."
    " (org.apache.kafka.clients.NetworkClient)\n",
}


def test_context_is_disguised_too(tmp_path):
    for name, content in CONTEXT.items():
        (tmp_path / name).write_text(content, "utf-8")
    loaded = synack.diagnose(tmp_path).diagnosed.loaded
    shared = disguised(loaded, pseudonyms(loaded, KEY))
    text = ""
    for schema in (OWN, OWNERS, SOCKETS, KERNEL_EVENTS, APPLICATION_EVENTS):
        rows = shared.context(schema)
        assert len(rows) == len(loaded.context(schema))
        text += "\n".join(map(str, rows.rows()))
        text += spelled(rows)
    assert len(shared.context(OWNERS))
    assert len(shared.context(SOCKETS))
    assert len(shared.context(APPLICATION_EVENTS))
    for secret in ("10.0.1.", "10-0-1-", "acme", "0123456789", "e6:f1", str(tmp_path)):
        assert secret not in text


def spelled(rows: Table) -> str:
    """The addresses of a table as text."""
    pairs = [
        format_ip(high, low)
        for name in rows.columns
        if name.endswith("_hi")
        for high, low in zip(
            rows[name].tolist(), rows[name.removesuffix("_hi") + "_lo"].tolist(), strict=True
        )
    ]
    macs = [format_mac(mac) for n in rows.columns if n.endswith("mac") for mac in rows[n].tolist()]
    return "\n".join(pairs + macs)


def test_what_was_one_object_is_one_again():
    """Captures and the list of all files hold the same ones."""
    loaded = synack.diagnose(ROOT / "fixtures" / "rotated").diagnosed.loaded
    shared = disguised(loaded, pseudonyms(loaded, KEY))
    assert {id(f) for c in shared.captures for f in c.files} == {id(f) for f in shared.files}
