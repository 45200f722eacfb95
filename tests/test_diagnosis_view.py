"""What a finding's attempts show: who sent, what was seen of it, and what else completed."""

from __future__ import annotations

import pytest
from scenario import B, Lan, X, Y, lose

import build
from synack.diagnosis.rules import findings
from synack.diagnosis.view import View
from synack.handshake.states import Event
from synack.model import Outcome
from synack.pipeline import load, run


def view_of(net, folder, monkeypatch, kind):
    cases = []

    def kept(case):
        cases.append(case)
        return findings(case)

    monkeypatch.setattr("synack.pipeline.findings", kept)
    done = run(load([str(net.write(folder))]))
    (finding,) = [f for f in done.findings if f.kind == kind]
    return View(cases[0], finding)


def stale(net):
    net.broker.knows(net.client, X)
    net.dump(net.broker, 5)


@pytest.mark.parametrize(
    ("story", "kind", "leg", "names"),
    [
        (stale, "stale-neighbor", Event.SYN_ACK, ("broker-1", "producer-7")),
        (lambda net: net.drops.append(lose("syn-ack")), "syn-ack-lost", Event.SYN_ACK,
         ("broker-1", "producer-7")),
        (lambda net: net.drops.append(lose("syn")), "syn-lost", Event.SYN,
         ("producer-7", "broker-1")),
    ],
)  # fmt: skip
def test_who_sent_what_to_whom(story, kind, leg, names, tmp_path, monkeypatch):
    net = Lan()
    story(net)
    net.play()
    view = view_of(net, tmp_path, monkeypatch, kind)
    assert (view.leg, (view.sender, view.receiver)) == (leg, names)
    assert len(view.rows) == len(view.lost) > 3
    assert len(view.ports) >= 2
    assert view.gone is not None
    assert not len(view.astray)
    assert (view.misaddressed is None) == (kind != "stale-neighbor")
    assert (view.well_addressed is None) == (kind == "stale-neighbor")
    assert view.other_answers == ()


def test_others_completed_meanwhile(tmp_path, monkeypatch):
    net = Lan()
    stale(net)
    net.play()
    view = view_of(net, tmp_path, monkeypatch, "stale-neighbor")
    # The healthy client tries every 4 s, the failing one from 1 to 25 s.
    assert view.control.says == "6 attempts of 1 other client completed meanwhile"
    assert view.completed_alike is None


def test_answers_between_other_addresses_are_seen(tmp_path, monkeypatch):
    """What a translator does that has forgotten the way back: the numbers are the client's."""
    net = Lan()
    net.drops.append(lose("syn-ack"))
    net.play()
    done = run(load([str(net.write(tmp_path))]))
    isn = int(done.attempts["client_isn"][done.attempts["outcome"] == Outcome.SYN_ACK_LOST][0])
    strange = build.tcp(9092, 40000, seq=9, ack=(isn + 1) % 2**32, flags="SA")
    frame = build.ethernet(B, Y, build.ipv4("10.0.9.9", "10.0.1.77", build.TCP, strange))
    net.client.tape.frames.append((2.0, frame, "in"))
    view = view_of(net, tmp_path, monkeypatch, "syn-ack-lost")
    assert len(view.other_answers) == 1
